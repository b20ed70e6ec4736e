"""`careo watch`: a folder, a stream, what is told once, what cannot be read, who may write, and the verbs that show it."""

from __future__ import annotations

import csv
import io
import json
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from benchmarks.made_up_purchases import releases

import careo
import purchase_files
from careo.base.errors import CareoError, DataError, OutputError
from careo.run.watch import Watched
from careo.run.watch_state import writing_state
from careo.views import cli
from careo.views.watch_feed import ATOM, COLUMNS
from watch_worlds import alone, folder_of, lines, package, processes_into, release

SHORT: Any = {"tenderPeriod": {"startDate": "2024-03-01T09:00:00Z", "endDate": "2024-03-05T09:00:00Z"}}


pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def lamps(tmp_path: Path) -> Path:
    """Two files of one series: in the second, a process of the first has found a second bidder."""
    return folder_of(
        tmp_path / "lamps",
        lamps_2024_03_05__jsonl=lines(release(1), release(2, **SHORT), alone(3)),
        lamps_2024_03_08__jsonl=lines(release(3, version=2, numberOfTenderers=2)),
    )


def look(source: Path | io.BytesIO, **how: Any) -> Watched:
    return careo.watch(source, country="toyland", **how)


def told(**how: Any) -> list[tuple[str, str, str]]:
    return [(one.state, one.rule, one.subject[-5:]) for _, one in careo.watch_told(country="toyland", **how)]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.run([*words, "--country", "toyland"])
    seen = capsys.readouterr()
    return code, seen.out, seen.err


# ── a folder ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_is_told_once_in_the_order_of_its_dates(lamps: Path) -> None:
    seen: list[tuple[str, str, str]] = []
    watched = look(lamps, tell=lambda _, one, names: seen.append((one.state, one.rule, names.buyer(one))))
    assert seen == [
        ("raised", "W01", "Night watch"),
        ("raised", "W12-R018", "Night watch"),
        ("withdrawn", "W12-R018", "Night watch"),
    ]
    assert (watched.files, watched.releases, watched.new, watched.signals) == (2, 4, 4, 3)
    again = look(lamps)
    assert (again.files, again.releases, again.signals) == (0, 0, 0)
    assert again.newest == watched.newest is not None
    assert len(told()) == 3


def test_a_file_that_grew_is_read_on_from_its_last_line(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", calls__jsonl=lines(alone(1), alone(2)))
    look(folder)
    with (folder / "calls.jsonl").open("ab") as file:
        file.write(lines(alone(3)))
    grown = look(folder)
    assert (grown.releases, grown.signals) == (1, 1)
    (found,) = careo.watch_findings(country="toyland", id=_last_id()).signals
    assert found.evidence[0].line == 3


def _last_id() -> str:
    return list(careo.watch_told(country="toyland"))[-1][1].id


def test_a_file_that_was_cut_in_a_line_is_made_good_when_the_line_ends(tmp_path: Path) -> None:
    whole = lines(alone(1), alone(2))
    folder = folder_of(tmp_path / "in", calls__jsonl=whole[:-40])
    cut = look(folder)
    assert (cut.releases, cut.refused.total()) == (1, 1)
    (folder / "calls.jsonl").write_bytes(whole)
    assert look(folder).new == 1
    assert len(told()) == 2


def test_files_of_one_name_in_two_folders_are_two_files(tmp_path: Path) -> None:
    folder_of(tmp_path / "in" / "a", calls__jsonl=lines(alone(1)))
    folder_of(tmp_path / "in" / "b", calls__jsonl=lines(alone(2)))
    assert look(tmp_path / "in").signals == 2
    assert look(tmp_path / "in").files == 0


def test_a_table_that_goes_on_under_another_path_is_the_same_table(tmp_path: Path) -> None:
    first, edited = (
        purchase_files.table(
            purchase_files.CONTRACT_COLUMNS, [{**purchase_files.CONTRACT, "Importe DRC": amount}]
        )
        for amount in ("100.00", "900.00")
    )
    at_home = folder_of(tmp_path / "home", **{"contracts-2026-03-12.csv": first})
    moved = folder_of(tmp_path / "moved", **{"copies-2026-03-12.csv": first})
    mexican = {"country": "mexico", "state": tmp_path / "mx"}
    careo.watch(at_home, **mexican)
    assert careo.watch(moved, **mexican).signals == 0
    folder_of(moved, **{"copies-2026-03-16.csv": edited})
    careo.watch(moved, **mexican)
    (signal,) = careo.watch_findings(rules=["W10"], **mexican).signals
    assert (signal.threshold, signal.value) == (100_00, 900_00)


def test_what_cannot_be_read_is_said_and_the_rest_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(
        tmp_path / "in", a__jsonl=lines(alone(1)) + b'{"half\n', b__pdf=b"%PDF-1.7 nothing", c__csv=b"no,table\n1,2\n", d__part=b"{"
    )  # fmt: skip
    (folder / ".hidden").write_text("{")
    code, out, err = run(capsys, "watch", "--dir", str(folder))
    assert code == 0
    assert out.count("\n") == 1
    assert "Not readable: 3" in err and "neither JSON nor a table" in err
    code, out, _ = run(capsys, "watch", "status")
    assert "this is no JSON" in out


def test_no_folder_no_file_no_source(
    own_data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "watch", "--dir", str(tmp_path / "nowhere"))[0] == 2
    code, _, err = run(capsys, "watch")
    assert code == 2 and "Name one thing to watch" in err
    code, _, err = run(capsys, "watch", "stauts")
    assert code == 2 and "did you mean" in err and "status" in err
    code, _, err = run(capsys, "watch", "--dir", str(tmp_path), "--rules", "W99")
    assert code == 2 and "no such rule" in err.lower()
    code, _, err = run(capsys, "watch", "--url", "ftp://example.org/x")
    assert code == 2 and "https://" in err
    assert not own_data_folder.exists()  # a mistake is told before anything is made


def test_whose_signals_are_told_and_of_which_rules(lamps: Path, tmp_path: Path) -> None:
    harbour = release(9, **SHORT) | {"buyer": {"id": "TY-HARBOUR", "name": "Harbour office"}}
    (lamps / "harbour.jsonl").write_bytes(lines(harbour))
    codes = tmp_path / "codes.txt"
    codes.write_text("# whom\nTY-HARBOUR  # the harbour\n")
    for number, (how, subjects) in enumerate(
        [
            ({}, ["00009", "00002", "00003", "00003"]),
            ({"buyers": "security"}, ["00002", "00003", "00003"]),
            ({"buyers": codes}, ["00009"]),
            ({"buyers": "TY-HARBOUR"}, ["00009"]),
            ({"rules": ["W01"]}, ["00009", "00002"]),
            ({"rules": ["w12"], "buyers": "security"}, ["00003", "00003"]),
        ]
    ):
        seen: list[str] = []
        look(lamps, state=tmp_path / str(number), tell=processes_into(seen), **how)
        assert seen == subjects, how
        assert len(told(state=tmp_path / str(number))) == 4  # all of it is kept, whatever was asked for


# ── following ────────────────────────────────────────────────────────────────────────────────────────────────────


class Looks(threading.Event):
    """Does something between two looks, instead of waiting; the watch stops when there is nothing left to do."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        super().__init__()
        self.steps = iter(steps)

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - as an event has it
        step = next(self.steps, None)
        if step is None:
            self.set()
        else:
            step()
        return self.is_set()


def test_one_who_follows_takes_in_what_grows_and_what_comes_once(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", calls__jsonl=lines(alone(1)) + lines(alone(2))[:50])
    calls, late, draft = folder / "calls.jsonl", folder / "late.json", folder / ".late"

    def grow() -> None:
        with calls.open("ab") as file:
            file.write(lines(alone(2))[50:])

    def half() -> None:
        late.write_bytes(package(alone(3), alone(4))[:300])

    def rename() -> None:
        draft.write_bytes(package(alone(3), alone(4)))
        draft.rename(late)

    watched = look(
        folder, follow=True, stop=Looks(grow, half, rename, lambda: None, lambda: None, lambda: None)
    )
    assert sorted(subject for _, _, subject in told()) == ["00001", "00002", "00003", "00004"]
    assert not watched.refused  # the half line and the half document were waited for
    assert look(folder).files == 0


def test_a_stop_ends_the_watch_after_the_package_and_the_next_one_goes_on(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", calls__jsonl=lines(*map(alone, range(3500))))
    stop = threading.Event()
    first = look(folder, stop=stop, tell=lambda *_: stop.set())
    assert first.releases == 1000
    assert look(folder).releases == 2500
    assert [number for number, _ in careo.watch_told(country="toyland")] == list(range(1, 3501))


# ── a stream ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stream_is_taken_in_and_its_second_time_says_nothing_new() -> None:
    assert look(io.BytesIO(lines(alone(1), alone(2)))).signals == 2
    again = look(io.BytesIO(lines(alone(1), alone(2), alone(3))))
    assert (again.releases, again.new, again.signals) == (3, 1, 1)


@pytest.fixture
def piped() -> Iterator[subprocess.Popen[str]]:
    """A careo of its own that reads standard input."""
    command = [sys.executable, "-m", "careo", "watch", "-", "--json", "--country", "toyland"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_a_signal_is_printed_while_the_stream_goes_on_and_sigterm_loses_nothing(
    piped: subprocess.Popen[str],
) -> None:
    assert piped.stdin and piped.stdout and piped.stderr
    piped.stdin.write(lines(alone(1)).decode())
    piped.stdin.flush()
    one = json.loads(piped.stdout.readline())  # before the stream ends
    assert (one["seq"], one["rule"], one["state"], one["evidence"][0]["line"]) == (1, "W12-R018", "raised", 1)
    piped.stdin.write(lines(alone(2)).decode())
    piped.stdin.flush()
    assert json.loads(piped.stdout.readline())["seq"] == 2
    piped.send_signal(signal.SIGTERM)
    assert piped.wait(20) == 0
    assert "Signals told: 2" in piped.stderr.read()
    assert len(told()) == 2


def test_one_who_follows_a_folder_stops_cleanly_at_sigterm(lamps: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "careo",
        "watch",
        "--dir",
        str(lamps),
        "--follow",
        "--every",
        "1",
        "--country",
        "toyland",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert "W01" in process.stdout.readline()
            assert "W12-R018" in process.stdout.readline()
            assert "withdrawn" in process.stdout.readline()
            with pytest.raises(CareoError, match="another careo"):
                look(lamps)
            status = careo.watch_status(country="toyland")  # reading is not forbidden
            assert status.releases == 4
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
    assert look(lamps).files == 0


# ── who may write, and what is broken ────────────────────────────────────────────────────────────────────────────


def test_a_state_has_one_writer(
    own_data_folder: Path, lamps: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing_state(own_data_folder / "watch" / "toyland", "toyland"):
        code, _, err = run(capsys, "watch", "--dir", str(lamps))
    assert code == 2
    assert "another careo is writing" in err and "--state" in err


def test_a_state_that_is_none_or_of_another_time(tmp_path: Path, lamps: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "state.sqlite").write_bytes(b"this is no database, whatever it is called" * 40)
    with pytest.raises(DataError, match="no state of a watch"):
        look(lamps, state=state)
    with pytest.raises(DataError, match="no state of a watch"):
        careo.watch_status(state=state, country="toyland")
    (state / "state.sqlite").unlink()
    look(lamps, state=state)
    with closing(sqlite3.connect(state / "state.sqlite")) as database, database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(DataError, match="another version of careo"):
        look(lamps, state=state)
    with pytest.raises(DataError, match="nothing was watched here"):
        careo.watch_findings(state=tmp_path / "other", country="toyland")


def test_a_kill_before_anything_stood_in_the_state_leaves_one_that_can_be_used(
    tmp_path: Path, lamps: Path
) -> None:
    for name, begun in (("empty", False), ("begun", True)):
        state = tmp_path / name
        state.mkdir()
        (state / "state.sqlite").touch()
        if begun:
            with closing(sqlite3.connect(state / "state.sqlite")) as database, database:
                database.execute("PRAGMA journal_mode=WAL")
        assert look(lamps, state=state).releases == 4


def test_a_full_disk_is_a_sentence_and_nothing_is_half_written(
    tmp_path: Path, lamps: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from careo.record.purchases.state import State

    look(lamps / "lamps-2024-03-05.jsonl")
    (lamps / "many.jsonl").write_bytes(lines(*map(alone, range(100, 3000))))
    original = State.__init__

    def small(self: State, *values: Any, **named: Any) -> None:
        original(self, *values, **named)
        (pages,) = self.rows("PRAGMA page_count").fetchone()
        self.rows(f"PRAGMA max_page_count={pages + 25}")

    with monkeypatch.context() as patched:
        patched.setattr(State, "__init__", small)
        code, _, err = run(capsys, "watch", "--dir", str(lamps))
    assert code == 2
    assert "disk is full" in err and "nothing is half-written" in err
    look(lamps)
    look(lamps, state=tmp_path / "straight")
    assert sorted(told()) == sorted(told(state=tmp_path / "straight"))


def test_a_folder_that_cannot_be_made(tmp_path: Path, lamps: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        look(lamps, state=tmp_path / "file" / "state")


# ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_signal_and_no_data_do_not_look_alike(lamps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    look(lamps)
    status = careo.watch_status(country="toyland")
    one = status.coverage["TY-WATCH"]
    assert (one["W01"].computable, one["W01"].counts) == (True, {"hit": 1, "clear": 2})
    assert (one["W07"].computable, one["W07"].missing) == (False, {("decided",): 3})
    assert one["W03"].computable is None
    assert status.refused == {}
    assert status.delays["TY-WATCH"]["seen"].count == 3
    _, out, _ = run(capsys, "watch", "status")
    rows = {line.split()[0]: line for line in out.splitlines() if line.strip().startswith("W")}
    assert "yes" in rows["W01"]
    assert "no: no data" in rows["W07"] and "date of decision (3)" in rows["W07"]
    _, out, _ = run(capsys, "watch", "status", "--json")
    data = json.loads(out)
    assert data["command"] == "watch status"
    assert data["watch"]["coverage"][0]["rule"] == "W01"


def test_age_is_told_and_can_be_asked_for(lamps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fresh = look(lamps, seen=date(2024, 3, 10))
    assert fresh.age_days() == 3
    status = careo.watch_status(country="toyland", now=fresh.clock + 9 * 86400)
    assert [one.state for one in status.sources] == ["stale"]
    status = careo.watch_status(country="toyland", now=fresh.clock + 86400)
    assert [one.state for one in status.sources] == ["fresh"]
    code, _, err = run(capsys, "watch", "--dir", str(lamps), "--require-fresh", "30")
    assert code == 1
    assert "days old, more than the 30" in err
    assert run(capsys, "watch", "status", "--require-fresh", "30")[0] == 1
    assert run(capsys, "watch", "status", "--require-fresh", "36000")[0] == 0


def test_findings_open_what_they_rest_on(lamps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    look(lamps, seen=date(2024, 3, 10))
    code, out, _ = run(capsys, "watch", "findings")
    assert code == 0
    assert "innocent" in out and "4 days (threshold: 6 days)" in out and "W12" not in out
    assert "lamps-2024-03-05.jsonl, line 2, sha256" in out
    assert "A lamp may be needed before dark" in out
    assert "W12-R018" in run(capsys, "watch", "findings", "--show", "withdrawn")[1]
    assert "No signal as asked for" in run(capsys, "watch", "findings", "--rule", "W03")[1]
    assert "W01" in run(capsys, "watch", "findings", "--buyer", "night")[1]
    assert "No signal as asked for" in run(capsys, "watch", "findings", "--since", "2024-03-11")[1]
    assert run(capsys, "watch", "findings", "--since", "yesterday")[0] == 2
    (found,) = careo.watch_findings(country="toyland").signals
    _, out, _ = run(capsys, "watch", "findings", found.id[:6])
    assert "Happened 2024-03-05 09:00; published 2024-03-05 10:00; first seen here 2024-03-10" in out
    code, _, err = run(capsys, "watch", "findings", "ffff")
    assert code == 2 and "no such signal" in err
    data = json.loads(run(capsys, "watch", "findings", "--json")[1])
    assert data["signals"][0]["days"] == {"event_to_published": 0, "published_to_seen": 4, "seen_to_told": 0}
    assert data["signals"][0]["evidence"][0]["value"] == "2024-03-01T09:00:00"


def test_findings_and_rules_speak_spanish(lamps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    look(lamps)
    _, out, _ = run(capsys, "watch", "findings", "--lang", "es")
    assert "inocente" in out and "Poco tiempo para ofertar: 4 días (umbral: 6 días)" in out
    assert "corrup" not in out.lower()
    _, out, _ = run(capsys, "watch", "rules", "--lang", "es")
    assert "Ley de Faroles, artículo 4" in out


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_rule_of_mexico_can_be_shown(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["watch", "rules", "--lang", language]) == 0
    out = capsys.readouterr().out
    for name in ("W01", "W13", "W12-R018"):
        assert f"\n{name}" in f"\n{out}"
    assert "corrup" not in out.lower()


def test_a_replay_sees_each_file_on_its_own_day(
    own_data_folder: Path, lamps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "watch", "replay", str(lamps))
    assert code == 0
    assert [line.split(": ")[0] for line in out.splitlines()] == [
        "+ W01 strong signal, raised 2024-03-05",
        "+ W12-R018 signal, raised 2024-03-05",
        "− W12-R018 signal, withdrawn 2024-03-08",
    ]
    assert "Signals told: 3" in err
    assert not own_data_folder.exists()
    data = json.loads(run(capsys, "watch", "replay", str(lamps), "--json", "-o", str(tmp_path / "kept"))[1])
    assert [one["seq"] for one in data["signals"]] == [1, 2, 3]
    assert data["until"] == "2024-03-08T00:00:00"
    assert len(told(state=tmp_path / "kept")) == 3


def test_an_export_is_exactly_once_by_number(
    lamps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    look(lamps)
    everything = [json.loads(line) for line in run(capsys, "watch", "export")[1].splitlines()]
    assert [one["seq"] for one in everything] == [1, 2, 3]
    rest = [json.loads(line) for line in run(capsys, "watch", "export", "--after", "2")[1].splitlines()]
    assert rest == everything[2:]
    assert run(capsys, "watch", "export", "--after", "3")[1] == ""
    assert run(capsys, "watch", "export", "--csv", "--atom")[0] == 2
    target = tmp_path / "signals.csv"
    assert run(capsys, "watch", "export", "--csv", "-o", str(target))[0] == 0
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 4


def test_a_feed_is_well_formed_whatever_stands_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = release(1, **SHORT) | {
        "buyer": {"id": "=cmd()|<b>&\u202e", "name": '=HYPERLINK("x") <script>&amp; ]]>\u0007'}
    }
    look(folder_of(tmp_path / "in", calls__jsonl=lines(evil)))
    _, out, _ = run(capsys, "watch", "export", "--atom")
    feed = ElementTree.fromstring(out)  # noqa: S314 - our own
    entries = feed.findall(f"{{{ATOM}}}entry")
    ids = [one.findtext(f"{{{ATOM}}}id") for one in entries]
    assert len(set(ids)) == len(ids) == 1
    assert "<script>" in (entries[0].findtext(f"{{{ATOM}}}title") or "")
    assert "<script>" not in out and "\u0007" not in out and "\u202e" not in out
    again = ElementTree.fromstring(run(capsys, "watch", "export", "--atom")[1])  # noqa: S314 - our own
    assert [one.findtext(f"{{{ATOM}}}id") for one in again.findall(f"{{{ATOM}}}entry")] == ids
    rows = list(csv.DictReader(io.StringIO(run(capsys, "watch", "export", "--csv")[1])))
    assert all(not cell.startswith(("=", "+", "-", "@")) for cell in rows[0].values())


def test_a_list_of_suppliers_is_kept_with_the_state(
    own_data_folder: Path, tmp_path: Path, lamps: Path
) -> None:
    listed = tmp_path / "listed.csv"
    listed.write_text("supplier,list,since,until\nC123456789,Sanctioned,2024-01-01,\n")
    look(lamps, listed=listed)
    assert (own_data_folder / "watch/toyland/suppliers.csv").read_text() == listed.read_text()
    (tmp_path / "wrong.csv").write_text("a,b\n")
    with pytest.raises(CareoError):
        look(lamps, listed=tmp_path / "wrong.csv")


def test_help_of_the_group_names_its_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["watch", "--help"], ["watch", "--json", "--help"]):
        assert cli.run(words) == 0
        out = capsys.readouterr().out
        assert "--follow" in out and "findings" in out
    assert cli.run(["watch", "--lang", "es", "status", "--help"]) == 0
    assert "--stale-after" in capsys.readouterr().out


def test_a_signal_on_sums_opens_the_rows_behind_them(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "2027-01-01.jsonl").write_text(
        "".join(f"{line}\n" for line in releases(1_500)), encoding="utf-8"
    )
    state = tmp_path / "state"
    careo.watch(folder, state=state)
    on_sums = [
        one
        for one in careo.watch_findings(state=state).signals
        if not any(each.name for each in one.evidence)
    ]
    assert on_sums
    opened = careo.watch_findings(state=state, id=on_sums[0].id).signals[0]
    rows = [one for one in opened.evidence if one.name]
    assert rows and all(one.name == "2027-01-01.jsonl" and one.line and one.sha256 for one in rows)
    assert opened.evidence[: len(on_sums[0].evidence)] == on_sums[0].evidence
    if on_sums[0].supplier:
        text = (folder / "2027-01-01.jsonl").read_text(encoding="utf-8").splitlines()
        assert all(on_sums[0].supplier in text[one.line - 1] for one in rows)
