"""careo brings a public-security strategy face to face with the record.

    import careo

    document = careo.read("speech.html")
    statements = careo.statements(document)
    panel = careo.load_country()
    for finding in careo.check_figures(statements, panel):
        print(finding)

Every name below is loaded when it is first used, so `import careo` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from careo.base.citations import Source as Source
    from careo.base.errors import CareoError as CareoError
    from careo.evidence.events import Evaluation as Evaluation
    from careo.evidence.events import load_evaluations as load_evaluations
    from careo.evidence.events import load_events as load_events
    from careo.evidence.levers import Lever as Lever
    from careo.evidence.levers import find_lever as find_lever
    from careo.evidence.levers import load_levers as load_levers
    from careo.panel.country import Country as Country
    from careo.panel.country import load_country as load_country
    from careo.panel.imports import Imported as Imported
    from careo.panel.indicators import Indicator as Indicator
    from careo.panel.monthly import load_panel as load_panel
    from careo.panel.revisions import Revisions as Revisions
    from careo.panel.revisions import compare_editions as compare_editions
    from careo.panel.series import Series as Series
    from careo.record.ladder import Ladder as Ladder
    from careo.record.ledger import Ledger as Ledger
    from careo.record.ledger import read_ledger as read_ledger
    from careo.record.money import Money as Money
    from careo.record.money import load_money as load_money
    from careo.record.money_moves import reallocate as reallocate
    from careo.record.purchases.signals import Signal as Signal
    from careo.record.replay import replays as replays
    from careo.record.statements import Statement as Statement
    from careo.record.strategy import Strategy as Strategy
    from careo.record.strategy import strategies as strategies
    from careo.results.audit import Audit as Audit
    from careo.results.audit import audit as audit
    from careo.results.audit import check as check
    from careo.results.citing import Cited as Cited
    from careo.results.citing import cite as cite
    from careo.results.compare import compare as compare
    from careo.results.coverage import Coverage as Coverage
    from careo.results.coverage import coverage as coverage
    from careo.results.datasets import check_data as check_data
    from careo.results.datasets import fetch_data as fetch_data
    from careo.results.datasets import import_data as import_data
    from careo.results.datasets import import_findings as import_findings
    from careo.results.datasets import revision_finding as revision_finding
    from careo.results.drafting import draft_strategy as draft_strategy
    from careo.results.drafting import new_strategy as new_strategy
    from careo.results.drift import Drift as Drift
    from careo.results.drift import drift as drift
    from careo.results.evaluate import Evaluated as Evaluated
    from careo.results.evaluate import evaluate as evaluate
    from careo.results.figures import check_figures as check_figures
    from careo.results.finding import Finding as Finding
    from careo.results.ladders import ladder as ladder
    from careo.results.linking import statements as statements
    from careo.results.municipalities import compare_municipalities as compare_municipalities
    from careo.results.overview import Overview as Overview
    from careo.results.overview import overview as overview
    from careo.results.pledges import judge_pledges as judge_pledges
    from careo.results.ranking import Ranking as Ranking
    from careo.results.ranking import ranking as ranking
    from careo.results.replay import Replay as Replay
    from careo.results.replay import replay as replay
    from careo.results.replication import Replication as Replication
    from careo.results.replication import replicate as replicate
    from careo.results.search import Search as Search
    from careo.results.search import search as search
    from careo.results.strategies import check_strategy as check_strategy
    from careo.results.strategies import find_pledge as find_pledge
    from careo.results.strategies import load_strategy as load_strategy
    from careo.results.strategy_audit import StrategyAudit as StrategyAudit
    from careo.results.strategy_audit import audit_strategy as audit_strategy
    from careo.results.validate import Validation as Validation
    from careo.results.validate import validate as validate
    from careo.results.watch_findings import watch_findings as watch_findings
    from careo.results.watch_findings import watch_told as watch_told
    from careo.results.watch_status import watch_status as watch_status
    from careo.run.calibrate import Calibration as Calibration
    from careo.run.calibrate import Diagnostics as Diagnostics
    from careo.run.calibrate import calibrate as calibrate
    from careo.run.calibrate import load_calibration as load_calibration
    from careo.run.calibrate import read_calibration as read_calibration
    from careo.run.calibrate import write_calibration as write_calibration
    from careo.run.ensemble import Ensemble as Ensemble
    from careo.run.ensemble import simulate as simulate
    from careo.run.forecasts import Forecast as Forecast
    from careo.run.forecasts import forecast as forecast
    from careo.run.futures import Futures as Futures
    from careo.run.municipal_forecast import MunicipalForecast as MunicipalForecast
    from careo.run.municipal_forecast import forecast_municipalities as forecast_municipalities
    from careo.run.parameter_table import find_parameter as find_parameter
    from careo.run.parameter_table import parameter_rows as parameter_rows
    from careo.run.run_plan import plan_run as plan_run
    from careo.run.runs import Run as Run
    from careo.run.runs import find_run as find_run
    from careo.run.runs import list_runs as list_runs
    from careo.run.runs import open_run as open_run
    from careo.run.runs import read_run as read_run
    from careo.run.runs import remove_run as remove_run
    from careo.run.runs import resume_run as resume_run
    from careo.run.runs import run_parameters as run_parameters
    from careo.run.runs import start_run as start_run
    from careo.run.shards import Shard as Shard
    from careo.run.shards import export_run as export_run
    from careo.run.watch import Watched as Watched
    from careo.run.watch import watch as watch
    from careo.run.watch import watch_replay as watch_replay
    from careo.sources.catalog import Dataset as Dataset
    from careo.sources.catalog import datasets as datasets
    from careo.sources.documents import Document as Document
    from careo.sources.documents import read as read
    from careo.sources.snapshot import Snapshot as Snapshot
    from careo.sources.store import export as export_edition
    from careo.sources.store import find as find_edition
    from careo.sources.store import remove as remove_edition
    from careo.sources.store import snapshots as snapshots
    from careo.views.contract import schema as schema
    from careo.views.dossier import dossier as dossier
    from careo.views.maps import draw_map as draw_map
    from careo.views.printed import Printed as Printed
    from careo.views.printed import print_dossier as print_dossier

__version__ = "0.1.0"

_HOMES = {
    "Audit": "careo.results.audit",
    "Calibration": "careo.run.calibrate",
    "CareoError": "careo.base.errors",
    "Cited": "careo.results.citing",
    "Country": "careo.panel.country",
    "Coverage": "careo.results.coverage",
    "Dataset": "careo.sources.catalog",
    "Diagnostics": "careo.run.calibrate",
    "Document": "careo.sources.documents",
    "Drift": "careo.results.drift",
    "Ensemble": "careo.run.ensemble",
    "Evaluated": "careo.results.evaluate",
    "Evaluation": "careo.evidence.events",
    "Finding": "careo.results.finding",
    "Forecast": "careo.run.forecasts",
    "Futures": "careo.run.futures",
    "Imported": "careo.panel.imports",
    "Indicator": "careo.panel.indicators",
    "Ladder": "careo.record.ladder",
    "Ledger": "careo.record.ledger",
    "Lever": "careo.evidence.levers",
    "Money": "careo.record.money",
    "MunicipalForecast": "careo.run.municipal_forecast",
    "Overview": "careo.results.overview",
    "Printed": "careo.views.printed",
    "Ranking": "careo.results.ranking",
    "Replay": "careo.results.replay",
    "Replication": "careo.results.replication",
    "Revisions": "careo.panel.revisions",
    "Run": "careo.run.runs",
    "Search": "careo.results.search",
    "Series": "careo.panel.series",
    "Shard": "careo.run.shards",
    "Signal": "careo.record.purchases.signals",
    "Snapshot": "careo.sources.snapshot",
    "Source": "careo.base.citations",
    "Statement": "careo.record.statements",
    "Strategy": "careo.record.strategy",
    "StrategyAudit": "careo.results.strategy_audit",
    "Validation": "careo.results.validate",
    "Watched": "careo.run.watch",
    "audit": "careo.results.audit",
    "audit_strategy": "careo.results.strategy_audit",
    "calibrate": "careo.run.calibrate",
    "check": "careo.results.audit",
    "check_data": "careo.results.datasets",
    "check_figures": "careo.results.figures",
    "check_strategy": "careo.results.strategies",
    "cite": "careo.results.citing",
    "compare": "careo.results.compare",
    "compare_editions": "careo.panel.revisions",
    "compare_municipalities": "careo.results.municipalities",
    "coverage": "careo.results.coverage",
    "datasets": "careo.sources.catalog",
    "dossier": "careo.views.dossier",
    "draft_strategy": "careo.results.drafting",
    "draw_map": "careo.views.maps",
    "drift": "careo.results.drift",
    "evaluate": "careo.results.evaluate",
    "export_edition": "careo.sources.store",
    "export_run": "careo.run.shards",
    "fetch_data": "careo.results.datasets",
    "find_edition": "careo.sources.store",
    "find_lever": "careo.evidence.levers",
    "find_parameter": "careo.run.parameter_table",
    "find_pledge": "careo.results.strategies",
    "find_run": "careo.run.runs",
    "forecast": "careo.run.forecasts",
    "forecast_municipalities": "careo.run.municipal_forecast",
    "import_data": "careo.results.datasets",
    "import_findings": "careo.results.datasets",
    "judge_pledges": "careo.results.pledges",
    "ladder": "careo.results.ladders",
    "list_runs": "careo.run.runs",
    "load_calibration": "careo.run.calibrate",
    "load_country": "careo.panel.country",
    "load_evaluations": "careo.evidence.events",
    "load_events": "careo.evidence.events",
    "load_levers": "careo.evidence.levers",
    "load_money": "careo.record.money",
    "load_panel": "careo.panel.monthly",
    "load_strategy": "careo.results.strategies",
    "new_strategy": "careo.results.drafting",
    "open_run": "careo.run.runs",
    "overview": "careo.results.overview",
    "parameter_rows": "careo.run.parameter_table",
    "plan_run": "careo.run.run_plan",
    "print_dossier": "careo.views.printed",
    "ranking": "careo.results.ranking",
    "read": "careo.sources.documents",
    "read_calibration": "careo.run.calibrate",
    "read_ledger": "careo.record.ledger",
    "read_run": "careo.run.runs",
    "reallocate": "careo.record.money_moves",
    "remove_edition": "careo.sources.store",
    "remove_run": "careo.run.runs",
    "replay": "careo.results.replay",
    "replays": "careo.record.replay",
    "replicate": "careo.results.replication",
    "resume_run": "careo.run.runs",
    "revision_finding": "careo.results.datasets",
    "run_parameters": "careo.run.runs",
    "schema": "careo.views.contract",
    "search": "careo.results.search",
    "simulate": "careo.run.ensemble",
    "snapshots": "careo.sources.store",
    "start_run": "careo.run.runs",
    "statements": "careo.results.linking",
    "strategies": "careo.record.strategy",
    "validate": "careo.results.validate",
    "watch": "careo.run.watch",
    "watch_findings": "careo.results.watch_findings",
    "watch_replay": "careo.run.watch",
    "watch_status": "careo.results.watch_status",
    "watch_told": "careo.results.watch_findings",
    "write_calibration": "careo.run.calibrate",
}
_RENAMED = {"export_edition": "export", "find_edition": "find", "remove_edition": "remove"}
"""In their own module `store.find` says enough; here it would not."""

__all__ = [
    "Audit",
    "Calibration",
    "CareoError",
    "Cited",
    "Country",
    "Coverage",
    "Dataset",
    "Diagnostics",
    "Document",
    "Drift",
    "Ensemble",
    "Evaluated",
    "Evaluation",
    "Finding",
    "Forecast",
    "Futures",
    "Imported",
    "Indicator",
    "Ladder",
    "Ledger",
    "Lever",
    "Money",
    "MunicipalForecast",
    "Overview",
    "Printed",
    "Ranking",
    "Replay",
    "Replication",
    "Revisions",
    "Run",
    "Search",
    "Series",
    "Shard",
    "Signal",
    "Snapshot",
    "Source",
    "Statement",
    "Strategy",
    "StrategyAudit",
    "Validation",
    "Watched",
    "audit",
    "audit_strategy",
    "calibrate",
    "check",
    "check_data",
    "check_figures",
    "check_strategy",
    "cite",
    "compare",
    "compare_editions",
    "compare_municipalities",
    "coverage",
    "datasets",
    "dossier",
    "draft_strategy",
    "draw_map",
    "drift",
    "evaluate",
    "export_edition",
    "export_run",
    "fetch_data",
    "find_edition",
    "find_lever",
    "find_parameter",
    "find_pledge",
    "find_run",
    "forecast",
    "forecast_municipalities",
    "import_data",
    "import_findings",
    "judge_pledges",
    "ladder",
    "list_runs",
    "load_calibration",
    "load_country",
    "load_evaluations",
    "load_events",
    "load_levers",
    "load_money",
    "load_panel",
    "load_strategy",
    "new_strategy",
    "open_run",
    "overview",
    "parameter_rows",
    "plan_run",
    "print_dossier",
    "ranking",
    "read",
    "read_calibration",
    "read_ledger",
    "read_run",
    "reallocate",
    "remove_edition",
    "remove_run",
    "replay",
    "replays",
    "replicate",
    "resume_run",
    "revision_finding",
    "run_parameters",
    "schema",
    "search",
    "simulate",
    "snapshots",
    "start_run",
    "statements",
    "strategies",
    "validate",
    "watch",
    "watch_findings",
    "watch_replay",
    "watch_status",
    "watch_told",
    "write_calibration",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'careo' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), _RENAMED.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
