"""`careo watch` of a table that comes again: what was edited in place, cut short, shrunk, or set back."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

import careo
from careo.views import cli
from purchase_feeds import contracts_table
from test_watch_verbs import _into
from watch_worlds import folder_of


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setenv("CAREO_LANG", "en")


def _editions(folder: Path, *, field: str = "Importe DRC", value: str = "3555952.71") -> Path:
    folder.mkdir(parents=True)
    rows = [
        {
            "Número de procedimiento": f"AA-50-XYZ-050XYZ001-N-{number}-2026",
            "rfc": f"AAA0101{number:02d}AA1",
            "Importe DRC": f"{number * 90_000}.00",
        }
        for number in range(1, 13)
    ]
    (folder / "contratos_2026-03-08.csv").write_text(contracts_table(rows), encoding="utf-8")
    rows[6] = {**rows[6], field: value}
    (folder / "contratos_2026-03-10.csv").write_text(contracts_table(rows), encoding="utf-8")
    return folder


def test_an_amount_edited_in_place_is_a_signal_with_both_amounts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _editions(tmp_path / "in")
    seen: list[str] = []
    careo.watch(folder, state=tmp_path / "state", rules=["W10"], tell=_into(seen))
    assert len(seen) == 1
    assert cli.run(["watch", "findings", "--rule", "W10", "--state", str(tmp_path / "state")]) == 0
    out = capsys.readouterr().out
    assert "630,000 MXN → 3,555,952.71 MXN" in out
    assert "contratos_2026-03-10.csv, line 8" in out
    assert cli.run(["watch", "export", "--jsonl", "--state", str(tmp_path / "state")]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (edit,) = (one for one in told if one["rule"] == "W10")
    assert (edit["threshold"], edit["value"], edit["measured_in"]) == (
        63_000_000,
        355_595_271,
        "changed money",
    )
    assert edit["supplier"]


def test_times_leave_as_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _editions(tmp_path / "in", field="Fecha de fallo", value="2026-02-05")
    careo.watch(folder, state=tmp_path / "state", rules=["W10"])
    assert cli.run(["watch", "export", "--csv", "--state", str(tmp_path / "state")]) == 0
    (edit,) = (row for row in csv.DictReader(io.StringIO(capsys.readouterr().out)) if row["rule"] == "W10")
    assert (edit["value"], edit["measured_in"]) == ("2026-02-05T00:00:00", "changed time")


def test_a_table_that_shrank_is_left_aside_until_told_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _editions(tmp_path / "in")
    whole = (folder / "contratos_2026-03-10.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "contratos_2026-03-12.csv").write_text("".join(whole[:6]), encoding="utf-8")
    words = ["watch", "--dir", str(folder), "--state", str(tmp_path / "state")]
    assert cli.run(words) == 0
    seen = capsys.readouterr()
    assert "taken for a truncated file" in seen.err and "--accept-shrunk" in seen.err
    before = len(list(careo.watch_told(state=tmp_path / "state")))
    assert cli.run(words) == 0
    assert len(list(careo.watch_told(state=tmp_path / "state"))) == before
    assert cli.run([*words, "--accept-shrunk"]) == 0
    assert len(list(careo.watch_told(state=tmp_path / "state"))) > before
    after = len(list(careo.watch_told(state=tmp_path / "state")))
    assert cli.run([*words, "--accept-shrunk"]) == 0
    assert len(list(careo.watch_told(state=tmp_path / "state"))) == after


def test_what_a_packed_table_lacks_that_was_cut_is_not_gone(tmp_path: Path) -> None:
    folder = _editions(tmp_path / "in")
    whole = "".join(
        f"{line}\n" for line in (folder / "contratos_2026-03-10.csv").read_text(encoding="utf-8").splitlines()
    )
    (folder / "contratos_2026-03-12.csv.gz").write_bytes(gzip.compress(whole.encode())[:-9])
    notes: list[str] = []
    watched = careo.watch(folder, state=tmp_path / "state", note=lambda key, _: notes.append(key))
    assert notes == ["cut_table"]
    assert watched.refused["cut"] == 1
    (one,) = careo.watch_findings(state=tmp_path / "state", rules=["W10"]).signals
    assert one.subject.endswith("/amount")


def test_a_table_that_comes_to_say_what_it_said_before_is_an_edition_of_its_own(tmp_path: Path) -> None:
    folder = _editions(tmp_path / "in")
    first = (folder / "contratos_2026-03-08.csv").read_bytes()
    later = (folder / "contratos_2026-03-10.csv").read_bytes()
    now = folder_of(tmp_path / "now", contratos__csv=first)
    for edition in (later, first):
        careo.watch(now, state=tmp_path / "state", rules=["W10"])
        (now / "contratos.csv").write_bytes(edition)
    careo.watch(now, state=tmp_path / "state", rules=["W10"])
    (one,) = careo.watch_findings(state=tmp_path / "state", rules=["W10"]).signals
    assert len(one.evidence) == 2  # there and back
