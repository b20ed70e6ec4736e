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
    from careo.panel.country import Country as Country
    from careo.panel.country import load_country as load_country
    from careo.panel.imports import Imported as Imported
    from careo.panel.indicators import Indicator as Indicator
    from careo.panel.monthly import load_panel as load_panel
    from careo.panel.revisions import Revisions as Revisions
    from careo.panel.revisions import compare_editions as compare_editions
    from careo.panel.series import Series as Series
    from careo.record.ledger import Ledger as Ledger
    from careo.record.ledger import read_ledger as read_ledger
    from careo.record.statements import Statement as Statement
    from careo.results.audit import Audit as Audit
    from careo.results.audit import audit as audit
    from careo.results.audit import check as check
    from careo.results.datasets import check_data as check_data
    from careo.results.datasets import fetch_data as fetch_data
    from careo.results.datasets import import_data as import_data
    from careo.results.datasets import import_findings as import_findings
    from careo.results.datasets import revision_finding as revision_finding
    from careo.results.figures import check_figures as check_figures
    from careo.results.finding import Finding as Finding
    from careo.results.linking import statements as statements
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

__version__ = "0.1.0"

_HOMES = {
    "Audit": "careo.results.audit",
    "CareoError": "careo.base.errors",
    "Country": "careo.panel.country",
    "Dataset": "careo.sources.catalog",
    "Document": "careo.sources.documents",
    "Finding": "careo.results.finding",
    "Imported": "careo.panel.imports",
    "Indicator": "careo.panel.indicators",
    "Ledger": "careo.record.ledger",
    "Revisions": "careo.panel.revisions",
    "Series": "careo.panel.series",
    "Snapshot": "careo.sources.snapshot",
    "Source": "careo.base.citations",
    "Statement": "careo.record.statements",
    "audit": "careo.results.audit",
    "check": "careo.results.audit",
    "check_data": "careo.results.datasets",
    "check_figures": "careo.results.figures",
    "compare_editions": "careo.panel.revisions",
    "datasets": "careo.sources.catalog",
    "dossier": "careo.views.dossier",
    "draw_map": "careo.views.maps",
    "export_edition": "careo.sources.store",
    "fetch_data": "careo.results.datasets",
    "find_edition": "careo.sources.store",
    "import_data": "careo.results.datasets",
    "import_findings": "careo.results.datasets",
    "load_country": "careo.panel.country",
    "load_panel": "careo.panel.monthly",
    "read": "careo.sources.documents",
    "read_ledger": "careo.record.ledger",
    "remove_edition": "careo.sources.store",
    "revision_finding": "careo.results.datasets",
    "schema": "careo.views.contract",
    "snapshots": "careo.sources.store",
    "statements": "careo.results.linking",
}
_RENAMED = {"export_edition": "export", "find_edition": "find", "remove_edition": "remove"}
"""In their own module `store.find` says enough; here it would not."""

__all__ = [
    "Audit",
    "CareoError",
    "Country",
    "Dataset",
    "Document",
    "Finding",
    "Imported",
    "Indicator",
    "Ledger",
    "Revisions",
    "Series",
    "Snapshot",
    "Source",
    "Statement",
    "audit",
    "check",
    "check_data",
    "check_figures",
    "compare_editions",
    "datasets",
    "dossier",
    "draw_map",
    "export_edition",
    "fetch_data",
    "find_edition",
    "import_data",
    "import_findings",
    "load_country",
    "load_panel",
    "read",
    "read_ledger",
    "remove_edition",
    "revision_finding",
    "schema",
    "snapshots",
    "statements",
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
