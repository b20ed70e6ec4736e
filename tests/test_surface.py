"""What careo offers to others: the names, the verbs, and that the two agree."""

from __future__ import annotations

import ast
import importlib
import re
import types
from pathlib import Path
from typing import Any

import pytest

import careo
from careo.base.texts import sentences
from careo.results.finding import CHECKS, DIFFERENCES, PLEDGE_VERDICTS, SKILL, VERDICTS
from careo.views.commands import all_commands, home

ROOT = Path(__file__).parents[1]

NAMES = [
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
    "Snapshot",
    "Source",
    "Statement",
    "Strategy",
    "StrategyAudit",
    "Validation",
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
    "overview",
    "parameter_rows",
    "open_run",
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
    "write_calibration",
    "Signal",
    "Watched",
    "watch",
    "watch_findings",
    "watch_replay",
    "watch_status",
    "watch_told",
]

VERBS = {  # command → the public function it calls
    "read": "read_all",  # careo.read for each page, folders too
    "statements": "careo.statements",
    "check": "careo.check",
    "audit": "careo.audit",
    "overview": "careo.overview",
    "indicators": "careo.load_country",
    "panel": "careo.load_panel",
    "levers": "load_levers",
    "money": "load_money",
    "ladder": "careo.ladder",
    "drift": "careo.drift",
    "coverage": "careo.coverage",
    "parameters": "parameter_rows",
    "simulate": "start_run",
    "compare": "find_run",
    "search": "search",
    "calibrate": "careo.calibrate",
    "forecast": "forecast",
    "validate": "validate",
    "evaluate": "evaluate",
    "replicate": "replicate",
    "dossier": "print_dossier",
    "cite": "cite",
    "schema": "careo.schema",
    "serve": "create_application",
    "watch status": "watch_status",
    "watch rules": "rules_of",
    "watch findings": "watch_findings",
    "watch replay": "watch_replay",
    "watch export": "watch_told",
    "tokens add": "add_token",
    "tokens list": "tokens",
    "tokens remove": "remove_token",
    "data import": "careo.import_data",
    "data list": "careo.snapshots",
    "data show": "careo.datasets",
    "data check": "careo.check_data",
    "data diff": "careo.compare_editions",
    "data remove": "careo.remove_edition",
    "data export": "careo.export_edition",
    "data fetch": "careo.fetch_data",
    "data map": "careo.draw_map",
    "strategies list": "careo.strategies",
    "strategies show": "careo.audit_strategy",
    "strategies check": "careo.check_strategy",
    "strategies new": "careo.new_strategy",
    "strategies draft": "careo.draft_strategy",
    "runs list": "list_runs",
    "runs show": "find_run",
    "runs resume": "resume_run",
    "runs export": "export_run",
    "runs remove": "remove_run",
    "watch": "careo.watch",
}


def test_the_exported_names_are_these_and_sorted() -> None:
    assert careo.__all__ == sorted(NAMES, key=lambda n: (n[0].islower(), n))


@pytest.mark.parametrize("name", NAMES)
def test_every_exported_name_is_there_and_documented(name: str) -> None:
    value = getattr(careo, name)
    assert value.__doc__
    assert not isinstance(value, types.ModuleType)


def test_type_checkers_see_the_names_that_python_sees() -> None:
    tree = ast.parse(Path(careo.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        (a.asname, node.module) for node in block.body if isinstance(node, ast.ImportFrom) for a in node.names
    }
    assert typed == set(careo._HOMES.items())  # pyright: ignore[reportPrivateUsage]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = careo.nothing  # pyright: ignore


def test_the_version_is_the_one_of_the_package() -> None:
    declared = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert declared
    assert careo.__version__ == declared[1]


SHARED = {"read": "documents_of", "audit": "audited", "ladder": "stand"}
"""The part of a verb that calls its function, where others call that part too."""


def test_every_verb_has_one_function_a_help_text_in_both_languages_and_a_line_in_the_docs() -> None:
    assert tuple(VERBS) == all_commands()
    bodies: dict[str, str] = {}
    for module in {home(words) for words in VERBS}:
        source = Path(importlib.import_module(module).__file__ or "").read_text(encoding="utf-8")
        bodies |= {n.name: ast.unparse(n) for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for words, function in VERBS.items():
        verb = words.replace(" ", "_")
        calls = bodies[f"{verb}_verb"] + bodies.get(SHARED.get(verb, ""), "")
        assert f"{function}(" in calls
        assert f"careo {words}" in readme
        for language in ("en", "es"):
            assert sentences(language)[f"cli.verb.{verb}.help"]
            assert sentences(language)[f"cli.verb.{verb}.short"]


def test_every_text_stands_in_both_languages_with_the_same_placeholders() -> None:
    english, spanish = sentences("en"), sentences("es")
    assert english.keys() == spanish.keys()
    for key, text in english.items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", spanish[key])), key


def test_every_text_key_in_the_code_exists() -> None:
    known = sentences("en")
    for path in sorted((ROOT / "src" / "careo").rglob("*.py")):
        for key in re.findall(r'say\(\s*[\w.]+,\s*"([\w.]+)"', path.read_text(encoding="utf-8")):
            assert key in known, f"{path.name}: {key}"


def test_every_error_key_in_the_code_has_its_words() -> None:
    known = sentences("en")
    for path in sorted((ROOT / "src" / "careo").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for key in re.findall(r'(?:Input|Data|Ledger|Network|Output|Careo)Error\(\s*"(\w+)"', text):
            assert f"errors.{key}" in known, f"{path.name}: {key}"
        for key in re.findall(r'\bfix="(\w+)"', text):
            assert f"errors.fix.{key}" in known, f"{path.name}: fix {key}"


def test_every_module_says_what_it_is_for() -> None:
    for path in sorted((ROOT / "src" / "careo").rglob("*.py")):
        name = "careo." + ".".join(path.relative_to(ROOT / "src" / "careo").with_suffix("").parts)
        module = importlib.import_module(name.removesuffix(".__init__"))
        assert module.__doc__, name


def test_the_schema_lists_the_verdicts_that_the_code_gives() -> None:
    schema = careo.schema()
    enums = [set(node["enum"]) for node in _nodes(schema) if "no detectable effect" in node.get("enum", ())]
    listed = {*VERDICTS, *PLEDGE_VERDICTS, *CHECKS, *DIFFERENCES, *SKILL}
    assert enums and all(enum == listed for enum in enums), [enum ^ listed for enum in enums]


def _nodes(node: object) -> list[dict[str, Any]]:
    inner = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    found = [deeper for item in inner for deeper in _nodes(item)]
    return [node, *found] if isinstance(node, dict) else found
