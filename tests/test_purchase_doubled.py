"""A row that its publisher wrote twice is told as such, and bought was what it says once: no signal, sum or figure rests on the copy."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from careo.record.purchases.state import State
from careo.results.watched import watched_figures
from purchase_feeds import contracts_table, feed
from purchase_worlds import Dice, dice

_LINE = tuple[tuple[str, Any], ...]


def _rows(luck: Dice) -> list[dict[str, str]]:
    """Direct awards and calls of a few units to a few suppliers, some near a ceiling, some together beyond it."""
    rows: list[dict[str, str]] = []
    for number in range(luck.randint(20, 60)):
        direct = luck.randint(1, 10) <= 7
        unit = f"050XYZ00{luck.randint(1, 3)}"
        rows.append(
            {
                "Número de procedimiento": f"{'AA' if direct else 'LA'}-50-XYZ-{unit}-N-{luck.randint(1, 40)}-2026",
                "Clave de la UC": unit,
                "Tipo Procedimiento": "ADJUDICACIÓN DIRECTA" if direct else "LICITACIÓN PÚBLICA",
                "rfc": f"AAA0101{luck.randint(10, 14)}AA1",
                "Importe DRC": f"{luck.choice((1_000, 300_000, 500_000, 1_100_000)) + number}.00",
            }
        )
    return rows


def _told(path: Path, editions: list[list[dict[str, str]]]) -> tuple[set[_LINE], int, dict[Any, Any], Any]:
    """(signals of all rules but W13, how many of W13 speak of rows, sums, figures) of a state that saw these editions of a table."""
    path.mkdir()
    files: list[Path] = []
    for day, rows in enumerate(editions, start=8):
        files.append(path / f"contratos_2026-03-{day:02}.csv")
        files[-1].write_text(contracts_table(rows), encoding="utf-8")
    with closing(State(path / "state.sqlite")) as state:
        feed(state, files)
        found = [one for _, one in state.told()]
        last = {one.id: one for one in found if one.standing}
        signals = {
            (("rule", one.rule), ("subject", one.subject), ("value", one.value), ("threshold", one.threshold),
             ("severity", one.severity), ("facts", tuple((fact.process, fact.field, fact.value) for fact in one.evidence)))
            for one in last.values()
            if one.rule != "W13"
        }  # fmt: skip
        kinds = [kind for (kind,) in state.rows("SELECT DISTINCT kind FROM tally WHERE kind<>'coverage'")]
        sums = {(kind, key): numbers for kind in kinds for key, numbers in state.tallies(kind)}
        copies = sum(one.rule == "W13" and one.subject.endswith("/twice") for one in last.values())
    figures = [(one.because, one.table) for one in watched_figures(path / "state.sqlite", "mexico", "en")]
    return signals, copies, sums, figures


@pytest.mark.parametrize("seed", range(6))
def test_copies_of_rows_are_told_and_count_nowhere(seed: int, tmp_path: Path) -> None:
    luck = dice(f"doubled {seed}")
    rows = list({repr(row): row for row in _rows(luck)}.values())
    more = [row | {"Importe DRC": f"{n}.50"} for n, row in enumerate(luck.shuffled(rows)[:3])]
    again = [luck.choice(rows) for _ in range(luck.randint(1, 40))]
    once = _told(tmp_path / "once", [rows, rows + more])
    doubled = _told(tmp_path / "doubled", [rows + again, rows + again + more])
    assert doubled[0] == once[0] != set()
    assert doubled[2:] == once[2:]
    assert once[1] == 0
    assert doubled[1] == len(again) + len({repr(row) for row in again})


def test_what_passes_a_threshold_only_if_a_row_counts_twice_passes_none(tmp_path: Path) -> None:
    row = {"Importe DRC": "600000.00"}
    other = {"Número de procedimiento": "AA-50-XYZ-050XYZ001-N-9-2026", "Importe DRC": "500000.00"}
    signals, copies, sums, _ = _told(tmp_path / "in", [[row, row, other]])
    assert not [one for one in signals if dict(one)["rule"] == "W03"]
    assert copies == 2
    assert [numbers[2:] for (kind, _), numbers in sums.items() if kind == "unit_year"] == [(2, 1_100_000_00)]


def test_an_edit_of_a_row_that_stands_twice_is_one_contract_edited(tmp_path: Path) -> None:
    row = {"Importe DRC": "600000.00"}
    edited = {"Importe DRC": "700000.00"}
    *_, sums, _ = _told(tmp_path / "in", [[row, row], [edited, edited]])
    assert [numbers[:2] for (kind, _), numbers in sums.items() if kind == "contracts"] == [(1, 1)]
