"""`careo watch` of a table that comes again: what was edited in place, cut short, shrunk, set back, copied, or came late."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sqlite3
from contextlib import closing
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

import careo
from careo.views import cli
from purchase_feeds import contracts_table
from watch_worlds import folder_of, processes_into

pytestmark = pytest.mark.usefixtures("english")


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
    careo.watch(folder, state=tmp_path / "state", rules=["W10"], tell=processes_into(seen))
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


def test_an_edit_opens_the_row_before_and_the_row_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Edited on the 10th and again on the 12th, when a row came in above it: each edit has its own two rows."""
    folder = _editions(tmp_path / "in")
    head, *rows = (folder / "contratos_2026-03-10.csv").read_text(encoding="utf-8").splitlines()
    again = [rows[0].replace("-N-1-2026", "-N-99-2026"), *rows]
    again[7] = again[7].replace("3555952.71", "10.00")
    (folder / "contratos_2026-03-12.csv").write_text("\n".join([head, *again, ""]), encoding="utf-8")
    state = str(tmp_path / "state")
    careo.watch(folder, state=state)
    assert cli.run(["watch", "export", "--jsonl", "--state", state]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    edit = [one for one in told if one["rule"] == "W10"][-1]
    rows_of = [
        tuple((each["file"], each["line"]) for each in (one["before_place"], one)) for one in edit["evidence"]
    ]
    first, second, third = (
        (f"contratos_2026-03-{day}.csv", line) for day, line in (("08", 8), ("10", 8), ("12", 9))
    )
    assert rows_of == [(first, second), (second, third)]
    for one in edit["evidence"]:
        for place, cents in ((one["before_place"], one["before"]), (one, one["value"])):
            data = (folder / place["file"]).read_bytes()
            assert place["sha256"] == sha256(data).hexdigest()
            assert f"{cents / 100:.2f}" in data.decode().splitlines()[place["line"] - 1]
    assert not any("before_place" in fact for one in told if one["rule"] != "W10" for fact in one["evidence"])
    id = edit["id"]
    for language, before in (("en", "before: "), ("es", "antes: ")):
        for words in (["findings", id], ["export", "--csv"], ["export", "--atom"]):
            assert cli.run(["watch", *words, "--state", state, "--lang", language]) == 0
            text = " ".join(capsys.readouterr().out.split())
            assert f"{before}contratos_2026-03-08.csv, l" in text
            assert "contratos_2026-03-10.csv, l" in text and "contratos_2026-03-12.csv, l" in text
    assert cli.run(["cite", id, "--state", state]) == 0
    text = capsys.readouterr().out
    assert all(f"[contratos_2026-03-{day}.csv:" in text for day in ("08", "10", "12"))


def test_the_days_before_an_old_copy_came_are_no_delay_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Copies of the 10th are here; today come the one of the 8th and that of the 12th: what follows is told today."""
    made = _editions(tmp_path / "made")
    first, second = (made / f"contratos_2026-03-{day}.csv" for day in ("08", "10"))
    third = made / "contratos_2026-03-12.csv"
    third.write_text(second.read_text(encoding="utf-8").replace("90000.00", "-5.00"), encoding="utf-8")
    folder, state = tmp_path / "in", tmp_path / "state"
    folder.mkdir()
    for copy, day in ((second, date(2026, 3, 10)), (first, date(2026, 9, 1)), (third, date(2026, 9, 1))):
        (folder / copy.name).write_bytes(copy.read_bytes())
        careo.watch(folder, state=state, seen=day)
    found = careo.watch_findings(state=state, rules=["W10", "W13"])
    came = 20_697 * 86_400
    assert found.signals
    for one in found.signals:
        assert (one.told, one.taken) == (came, came)
        assert one.first_seen is not None and one.first_seen < came - 170 * 86_400
    for language, said in (
        ("en", "to this signal 0 days. Copies"),
        ("es", "a esta señal, 0 días. Las copias"),
    ):
        cli.run(["watch", "findings", "--rule", "W10", "--state", str(state), "--lang", language])
        assert said in " ".join(capsys.readouterr().out.split())
    cli.run(["watch", "export", "--jsonl", "--state", str(state)])
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {one["days"]["seen_to_told"] for one in told if one["taken"]} <= {0, None}


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


def _amounts(state: Path) -> list[list[tuple[object, object]]]:
    """What every standing signal of an edit tells: (before, after) in cents."""
    return [
        [(fact.before, fact.value) for fact in one.evidence]
        for one in careo.watch_findings(state=state, rules=["W10"]).signals
    ]


def _sums(state: Path) -> dict[tuple[str, str], tuple[int, ...]]:
    with closing(sqlite3.connect(state / "state.sqlite")) as kept:
        return {
            row[:2]: row[2:]
            for row in kept.execute("SELECT * FROM tally WHERE kind='spent' OR kind='contracts'")
        }


@pytest.mark.parametrize("way", ["folder", "files", "replay"])
@pytest.mark.parametrize(
    ("first", "later"),
    [
        ("contratos.csv", "contratos (1).csv"),
        ("contratos (2).csv", "contratos (10).csv"),
        ("contratos - copia.csv", "contratos.csv"),
        ("contratos copia.csv", "contratos (1).csv"),
        ("contratos_2026-03-08.csv", "contratos_2026-03-08 (1).csv"),
    ],
)
def test_a_copy_is_an_edition_of_the_same_table(tmp_path: Path, way: str, first: str, later: str) -> None:
    of_two = _editions(tmp_path / "two")
    folder = tmp_path / "in"
    folder.mkdir()
    for name, edition in ((first, "08"), (later, "10")):
        (folder / name).write_bytes((of_two / f"contratos_2026-03-{edition}.csv").read_bytes())
        os.utime(folder / name, (1_773_000_000, 1_773_000_000))
    plain, state = tmp_path / "plain", tmp_path / "state"
    careo.watch(of_two, state=plain)
    if way == "replay":
        careo.watch_replay(folder, state=state)
    for source in (
        (folder,) if way == "folder" else (folder / first, folder / later) if way == "files" else ()
    ):
        careo.watch(source, state=state)
    assert _amounts(state) == _amounts(plain) == [[(63_000_000, 355_595_271)]]
    assert _sums(state) == _sums(plain)


def test_a_copy_of_an_older_edition_takes_nothing_back(tmp_path: Path) -> None:
    of_two = _editions(tmp_path / "two")
    first, later = (of_two / f"contratos_2026-03-{day}.csv" for day in ("08", "10"))
    folder = folder_of(tmp_path / "in", contratos__csv=first.read_bytes())
    for name, edition in (
        ("contratos.csv", first),
        ("contratos.csv", later),
        ("contratos - copia.csv", first),
    ):
        (folder / name).write_bytes(edition.read_bytes())
        careo.watch(folder, state=tmp_path / "state")
    assert _amounts(tmp_path / "state") == [[(63_000_000, 355_595_271)]]


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
