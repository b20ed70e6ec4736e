"""Anomalies and near misses put before the whole engine, as publishers write them: for every rule at least twenty of each; all found, none false."""

from __future__ import annotations

from pathlib import Path

import pytest

from careo.record.purchases.checks_process import with_lists
from careo.record.purchases.rule_files import load_rules
from purchase_cases import LISTS
from purchase_fences import INJECTIONS
from purchase_injections import distinct, signals_of

_FOUND = load_rules("mexico")
RULES = _FOUND.by_id if _FOUND else {}


@pytest.mark.parametrize("name", RULES)
def test_all_found_none_false(name: str, tmp_path: Path) -> None:
    assert name in INJECTIONS, "a rule without anomalies and near misses: see purchase_fences.py"
    given = INJECTIONS[name]()
    assert distinct(given, given.bad) >= 20
    assert distinct(given, given.fine) >= 20
    rule = with_lists(RULES[name], LISTS) if name == "W09" else RULES[name]
    found, by_file = signals_of(tmp_path / "run", given, rule)
    # A rule on one process tells what in it a signal is about, after a stroke.
    told = {subject.partition("/")[0] for subject in found}
    assert told == given.expected()
    assert by_file >= 30, "most must come in as a publisher writes them"


def test_nothing_is_tried_of_a_rule_that_is_none() -> None:
    assert set(INJECTIONS) == set(RULES)
