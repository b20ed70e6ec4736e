"""The watch as a whole: whatever the order, whenever it is killed, whatever comes twice, it ends with the same signals."""

from __future__ import annotations

import csv
import io
import os
import re
import sqlite3
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from benchmarks.made_up_purchases import Luck, releases

from careo.record.purchases.process import process
from careo.record.purchases.rules import Hit
from careo.record.purchases.signals import Dated, next_revision
from careo.record.purchases.state import State
from careo.record.purchases.watch import Watch
from careo.sources import packages
from careo.sources.packages import read_packages
from purchase_feeds import TERMS, contracts_table, dumped, fed, feed, killed, rules, standing

SNAPSHOTS = Path(__file__).parents[2] / "shared/data/procurement/comprasmx_contract_snapshots"
TENDERS = SNAPSHOTS.parent / "comprasmx_tenders_2026-01_02.csv"


@pytest.fixture
def small_packages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(packages, "PACKAGE", 25)
    yield


def _lines(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _stream(folder: Path, count: int = 150) -> list[Path]:
    lines = list(releases(count))
    half = count // 2
    return [
        _lines(folder / "2027-01-01.jsonl", lines[:half]),
        _lines(folder / "2027-01-02.jsonl", lines[half:]),
    ]


def _tables(folder: Path) -> list[Path]:
    def row(number: int, **more: str) -> dict[str, str]:
        return {
            "Número de procedimiento": f"AA-50-XYZ-050XYZ001-N-{number}-2026",
            "rfc": f"AAA0101{number:02d}AA1",
            **more,
        }

    first = [row(number, **{"Importe DRC": f"{number * 90_000}.00"}) for number in range(1, 13)]
    later = [*first[:6], {**first[6], "Importe DRC": "3555952.71"}, *first[7:11], row(13)]
    paths = [
        folder / "contratos_2026-03-08.csv",
        folder / "contratos_2026-03-10.csv",
        folder / "contratos_2026-03-11.csv",
    ]
    for path, rows in zip(paths, (first, later, [*later, row(14)]), strict=True):
        path.write_text(contracts_table(rows), encoding="utf-8")
    return paths


# ── order ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("small_packages")
@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_doubled_and_late_releases_give_the_same_signals(tmp_path: Path, seed: int) -> None:
    luck = Luck(f"order/{seed}")
    lines = list(releases(200))
    plain = _lines(tmp_path / "2027-01-01.jsonl", lines)
    mixed = [*lines, *(lines[luck.below(200)] for _ in range(40))]
    mixed.sort(key=lambda _: luck.below(1 << 60))
    cut = luck.below(len(mixed))
    first, second = _lines(tmp_path / "a.jsonl", mixed[:cut]), _lines(tmp_path / "b.jsonl", mixed[cut:])
    fed(tmp_path / "plain.sqlite", [plain], seen=1_800_000_000)
    fed(tmp_path / "mixed.sqlite", [first, second], seen=1_800_000_000)
    assert standing(tmp_path / "mixed.sqlite") == standing(tmp_path / "plain.sqlite")
    assert len(standing(tmp_path / "plain.sqlite")) > 20
    one, other = dumped(tmp_path / "plain.sqlite"), dumped(tmp_path / "mixed.sqlite")
    for table in ("purchase", "measure", "timer", "name"):
        assert one[table] == other[table]
    assert [row for row in one["tally"] if any(row[2:])] == [row for row in other["tally"] if any(row[2:])]


@pytest.mark.usefixtures("small_packages")
def test_what_is_fed_again_says_nothing(tmp_path: Path) -> None:
    files = [*_stream(tmp_path), *_tables(tmp_path)]
    path = tmp_path / "state.sqlite"
    fed(path, files)
    before = dumped(path)
    assert fed(path, files) == []
    again = [tmp_path / f"again-{file.name}" for file in files[:2]]
    for old, new in zip(files, again, strict=False):
        new.write_bytes(old.read_bytes())
    assert sum(taken.new + taken.signals for taken in fed(path, again)) == 0
    after = dumped(path)
    assert after["outbox"] == before["outbox"]
    assert after["process"] == before["process"]


def test_the_editions_of_a_table_may_come_in_any_order(tmp_path: Path) -> None:
    files = _tables(tmp_path)
    fed(tmp_path / "plain.sqlite", files)
    for order in ((2, 0, 1), (1, 2, 0), (2, 1, 0)):
        path = tmp_path / f"{order}.sqlite"
        fed(path, [files[place] for place in order])
        assert standing(path) == standing(tmp_path / "plain.sqlite")


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _changes(path: Path) -> Counter[tuple[str, str, bool]]:
    found: Counter[tuple[str, str, bool]] = Counter()
    with closing(State(path, writable=False)) as state:
        baselines = dict(state.rows("SELECT series, MIN(seen) FROM file WHERE is_table GROUP BY series"))
        for name, versions, _ in state.every_process():
            for change in process(name, versions, baselines).changes:
                found[change.kind, change.field, change.filled] += 1
    return found


def test_an_amount_edited_in_place_is_one_edit_in_cents(tmp_path: Path) -> None:
    rows = [{"Importe DRC": "965509.00"}, {"Importe DRC": "100.10", "rfc": "BBB010101BB1"}]
    first, second = tmp_path / "contratos_2026-03-08.csv", tmp_path / "contratos_2026-03-10.csv"
    first.write_text(contracts_table(rows), encoding="utf-8")
    second.write_text(contracts_table([{"Importe DRC": "3555952.71"}, rows[1]]), encoding="utf-8")
    path = tmp_path / "state.sqlite"
    fed(path, [first, second])
    assert _changes(path) == {("edited", "amount", False): 1}
    (edited,) = [one for one in standing(path) if one.rule == "W10"]
    assert {fact.value for fact in edited.evidence} >= {3_555_952_71}
    assert "(" not in edited.subject


def test_a_truncated_table_is_refused_and_nothing_vanishes(tmp_path: Path) -> None:
    files = _tables(tmp_path)
    path = tmp_path / "state.sqlite"
    fed(path, files)
    before = dumped(path)
    short = tmp_path / "contratos_2026-03-12.csv"
    short.write_text(
        "".join(files[2].read_text(encoding="utf-8").splitlines(keepends=True)[:6]), encoding="utf-8"
    )
    (taken,) = fed(path, [short])
    assert [one.reason for one in taken.refused] == ["shrunk"]
    assert (taken.new, taken.signals) == (0, 0)
    assert dumped(path)["process"] == before["process"]
    (taken,) = fed(path, [short], accept_shrunk=True)
    assert taken.new > 0
    assert {kind for kind, _, _ in _changes(path)} >= {"vanished"}
    assert fed(path, [short]) == []


@pytest.mark.realdata
def test_the_contract_snapshots_hold_exactly_these_changes(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    files = sorted(SNAPSHOTS.glob("2026-03-*.csv"))[:4]
    taken = fed(path, files)
    assert (taken[0].releases, taken[-1].releases) == (3756, 3883)
    assert _changes(path) == {
        ("edited", "signed", True): 55,
        ("edited", "supplier_name", False): 1,
        ("edited", "start", False): 1,
        ("ambiguous", "", False): 1,
    }
    before = dumped(path)
    assert fed(path, files) == []
    assert dumped(path) == before
    mixed = tmp_path / "mixed.sqlite"
    fed(mixed, [files[2], files[0], files[3], files[1]])
    assert standing(mixed) == standing(path)
    assert _changes(mixed) == _changes(path)


_STAMP = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)")


def _rewritten(text: str, way: str) -> bytes:
    """A table that says the same in another way of writing."""
    head, *rows = csv.reader(io.StringIO(text))
    if way == "shifted":
        return _STAMP.sub(r"\1T\2Z", text).encode()
    if way == "utc":
        return _STAMP.sub(
            lambda found: f"{datetime.fromisoformat(found[0]) + timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}", text
        ).encode()
    if way == "columns":
        head, rows = head[::-1], [row[::-1] for row in rows[::-1]]
    if way == "small":
        rows = [[cell if cell.startswith(("http", "P-")) else cell.lower() for cell in row] for row in rows]
    if way == "plain":
        rows = [
            [unicodedata.normalize("NFKD", cell).encode("ascii", "ignore").decode() for cell in row]
            for row in rows
        ]
    if way == "minutes":
        rows = [[_STAMP.sub(lambda found: found[0][:-3], cell) for cell in row] for row in rows]
    if way == "money":
        at = head.index("Importe DRC")
        rows = [[*row[:at], f"$ {float(row[at]):,.2f}", *row[at + 1 :]] for row in rows]
    if way == "again":
        rows = [head, *rows, head, [""] * len(head), []]
    written = io.StringIO()
    csv.writer(written, delimiter=";" if way == "columns" else ",", quoting=csv.QUOTE_ALL).writerows(
        [head, *rows]
    )
    return written.getvalue().encode("utf-16" if way == "columns" else "utf-8-sig")


_WAYS = ("shifted", "utc", "columns", "small", "plain", "minutes", "money", "again")


@pytest.mark.parametrize("way", _WAYS)
def test_a_table_written_in_another_way_says_nothing_new(tmp_path: Path, way: str) -> None:
    first, _, _ = _tables(tmp_path)
    again = first.with_name("contratos_2026-03-09.csv")
    again.write_bytes(_rewritten(first.read_text(encoding="utf-8"), way))
    path = tmp_path / "state.sqlite"
    taken = fed(path, [first, again])
    assert _changes(path) == {}
    assert (taken[1].releases, taken[1].signals, taken[1].refused) == (taken[0].releases, 0, ())


def test_one_time_that_moved_by_six_hours_is_an_edit(tmp_path: Path) -> None:
    first, _, _ = _tables(tmp_path)
    text = first.read_text(encoding="utf-8")
    for number, (table, moved) in enumerate(((text, "16:00:00"), (_STAMP.sub(r"\1T\2Z", text), "16:00:00Z"))):
        again = first.with_name(f"contratos_2026-03-09 {number}.csv")
        again.write_text(re.sub("10:00:00Z?", moved, table, count=1), encoding="utf-8")
        fed(tmp_path / f"{number}.sqlite", [first, again.rename(first.with_name("contratos_2026-03-09.csv"))])
        assert _changes(tmp_path / f"{number}.sqlite") == {("edited", "published", False): 1}


@pytest.mark.realdata
@pytest.mark.parametrize("table", [SNAPSHOTS / "2026-03-10.csv", TENDERS])
def test_a_real_table_written_in_another_way_says_nothing_new(tmp_path: Path, table: Path) -> None:
    text = table.read_bytes().decode("cp1252" if table == TENDERS else "utf-8-sig")
    for way in _WAYS:
        if way == "money" and table == TENDERS:
            continue
        files = [tmp_path / f"{way}_2026-03-10.csv", tmp_path / f"{way}_2026-03-11.csv"]
        files[0].write_bytes(table.read_bytes())
        files[1].write_bytes(_rewritten(text, way))
        path = tmp_path / f"{way}.sqlite"
        taken = fed(path, files)
        assert (_changes(path), taken[1].releases) == ({}, taken[0].releases), way


# ── crashes and full disks ───────────────────────────────────────────────────────────────────────────────────────


def _killed_at_random(folder: Path, times: int, seed: int) -> None:
    files = [*_stream(folder), *_tables(folder)]
    plain = folder / "plain.sqlite"
    steps = killed(plain, files, 0)
    assert steps > 50
    expected = dumped(plain)
    luck = Luck(f"killed/{seed}")
    died = 0
    for time in range(times):
        path = folder / f"killed-{time}.sqlite"
        while (
            killed(path, files, 1 + luck.below(steps - 1)) < 0
        ):  # killed again and again until it comes through
            died += 1
        assert dumped(path) == expected
        for part in folder.glob(f"{path.name}*"):
            part.unlink()
    assert died >= times // 2


@pytest.mark.usefixtures("small_packages")
def test_killed_at_any_point_it_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    _killed_at_random(tmp_path, 4, seed=int.from_bytes(os.urandom(4)))


@pytest.mark.slow
@pytest.mark.usefixtures("small_packages")
def test_killed_at_fifty_points_it_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    _killed_at_random(tmp_path, 50, seed=9)


def test_a_file_that_could_not_be_taken_in_leaves_no_name_behind(tmp_path: Path) -> None:
    first, second = (
        _call("1", "2026-01-05T15:00:00Z", "2026-01-09T15:00:00Z"),
        _call("2", "2026-01-06T15:00:00Z", "2026-01-10T15:00:00Z"),
    )
    lost, kept = _lines(tmp_path / "lost.jsonl", [first]), _lines(tmp_path / "kept.jsonl", [second])
    with closing(State(tmp_path / "state.sqlite")) as state:
        watch = Watch(state, rules(), "MXN")
        (package,) = read_packages(lost, terms=TERMS)
        state.rows("CREATE TEMP TRIGGER fails BEFORE INSERT ON latency BEGIN SELECT RAISE(ABORT, 'no'); END")
        with pytest.raises(sqlite3.IntegrityError, match="no"):
            watch.take(package)
        state.rows("DROP TRIGGER fails")
        (package,) = read_packages(kept, terms=TERMS)
        watch.take(package)
        names = {fact.name for _, one in state.told() for fact in one.evidence}
    assert names == {"kept.jsonl"}


@pytest.mark.usefixtures("small_packages")
def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    files = _stream(tmp_path)
    fed(tmp_path / "plain.sqlite", files)
    path = tmp_path / "state.sqlite"
    with closing(State(path)) as state:
        pages = state.rows("PRAGMA page_count").fetchone()[0]
        state.rows(f"PRAGMA max_page_count={pages + 12}")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            feed(state, files)
        before = state.rows("SELECT COUNT(*) FROM process").fetchone()[0]
        state.rows("PRAGMA max_page_count=1000000")
        feed(state, files)
        assert state.rows("SELECT COUNT(*) FROM process").fetchone()[0] > before
    assert dumped(path)["outbox"] == dumped(tmp_path / "plain.sqlite")["outbox"]


# ── withdrawal, other rules, timers ──────────────────────────────────────────────────────────────────────────────


def _told(path: Path, rule: str) -> list[tuple[str, int]]:
    with closing(State(path, writable=False)) as state:
        return [(one.state, one.revision) for _, one in state.told() if one.rule == rule]


CALL = (
    '{"ocid":"ocds-x-1","id":"ID","date":"DATE","tag":["tender"],"buyer":{"id":"1"},"tender":{"status":"active","procurementMethod":"open",'
    '"procurementMethodDetails":"Licitación Pública Nacional","tenderPeriod":{"startDate":"2026-01-05T15:00:00Z","endDate":"ENDZ"}}}'
)


def _call(id: str, date: str, end: str) -> str:
    return CALL.replace("ID", id, 1).replace("DATE", date).replace("ENDZ", end)


def test_a_later_release_withdraws_within_the_same_package_and_in_the_next(tmp_path: Path) -> None:
    short = _call("1", "2026-01-05T15:00:00Z", "2026-01-09T15:00:00Z")
    longer = _call("2", "2026-01-06T15:00:00Z", "2026-02-09T15:00:00Z")
    together, path = tmp_path / "together.sqlite", tmp_path / "state.sqlite"
    fed(together, [_lines(tmp_path / "both.jsonl", [short, longer])])
    assert _told(together, "W01") == []
    first = _lines(tmp_path / "2026-01-05.jsonl", [short])
    second = _lines(tmp_path / "2026-01-06.jsonl", [longer, longer])
    fed(path, [first])
    assert _told(path, "W01") == [("raised", 1)]
    fed(path, [second])
    assert _told(path, "W01") == [("raised", 1), ("withdrawn", 2)]
    assert standing(path) == standing(together)


@pytest.mark.usefixtures("small_packages")
def test_other_rules_judge_everything_again(tmp_path: Path) -> None:
    files = _stream(tmp_path)
    path, fresh = tmp_path / "state.sqlite", tmp_path / "fresh.sqlite"
    fed(path, files)
    others = [
        replace(rule, version=rule.version + 1, settings={**rule.settings, "strong_days": 12})
        if rule.id == "W01"
        else rule
        for rule in rules()
        if rule.id != "W12-R018"
    ]
    fed(fresh, files, by=others)
    with closing(State(path)) as state:
        Watch(state, others, "MXN").settle()
    bare = [(one.id, one.value, one.severity) for one in standing(path)]
    assert bare == [(one.id, one.value, one.severity) for one in standing(fresh)]
    assert {one.version for one in standing(path) if one.rule == "W01"} == {2}
    assert not [one for one in standing(path) if one.rule == "W12-R018"]


def test_an_absence_is_told_when_its_time_comes_and_withdrawn_when_it_ends(tmp_path: Path) -> None:
    first, second = tmp_path / "contratos_2026-02-11.csv", tmp_path / "contratos_2026-06-02.csv"
    third = tmp_path / "contratos_2026-06-03.csv"
    first.write_text(contracts_table([{}]), encoding="utf-8")
    second.write_text(contracts_table([{}]), encoding="utf-8")
    third.write_text(
        contracts_table([{"Fecha de firma del contrato": "2026-05-30 00:00:00"}]), encoding="utf-8"
    )
    path = tmp_path / "state.sqlite"
    fed(path, [first])
    assert _told(path, "W08") == []
    fed(path, [second])
    assert _told(path, "W08") == [("raised", 1)]
    fed(path, [third])
    assert _told(path, "W08") == [("raised", 1), ("withdrawn", 2)]


# ── the same whatever the interpreter ────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("small_packages")
def test_the_order_of_hashes_does_not_matter(tmp_path: Path) -> None:
    files = [*_stream(tmp_path, 60), *_tables(tmp_path)]
    code = "import sys; sys.path[:0] = [sys.argv[1], sys.argv[2]]; from purchase_feeds import fed; from pathlib import Path\n"
    code += "fed(Path(sys.argv[3]), [Path(name) for name in sys.argv[4:]])"
    for seed in ("1", "2"):
        here = Path(__file__).parent
        subprocess.run(
            [
                sys.executable,
                "-c",
                code,
                str(here),
                str(here.parent),
                str(tmp_path / f"{seed}.sqlite"),
                *map(str, files),
            ],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        )
    assert dumped(tmp_path / "1.sqlite") == dumped(tmp_path / "2.sqlite")


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of its memory from /proc")
@pytest.mark.slow
def test_memory_does_not_grow_with_what_was_seen(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    lines = releases(7_500)
    peaks: list[int] = []
    for part in range(3):
        file = _lines(
            tmp_path / f"2027-01-0{part + 1}.jsonl",
            [line for line, _ in zip(lines, range(2_500), strict=False)],
        )
        code = "import sys; sys.path[:0] = [sys.argv[1]]; from purchase_feeds import fed; from pathlib import Path\n"
        code += "fed(Path(sys.argv[2]), [Path(sys.argv[3])]); print(next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')))"
        here = Path(__file__).parent
        told = subprocess.run(
            [sys.executable, "-c", code, str(here), str(path), str(file)],
            check=True,
            capture_output=True,
            text=True,
        )
        peaks.append(int(told.stdout))
    assert peaks[2] < 1.25 * peaks[1]
    assert peaks[2] / 1024 < 150


def test_a_fence_that_moves_under_a_signal_is_no_news() -> None:
    rule = rules()[0]
    nothing = Dated((), None, None, None)
    hit = Hit("unit", "buyer", "unit", "", "signal", 0.9, 0.7, ())
    raised = next_revision(None, rule, hit, 10, lambda _: nothing)
    assert raised is not None and (raised.state, raised.revision) == ("raised", 1)
    assert next_revision(raised, rule, hit, 20, lambda _: nothing) is None
    moved = next_revision(raised, rule, msgspec.structs.replace(hit, threshold=0.6), 20, lambda _: nothing)
    assert moved is not None and (moved.state, moved.revision, moved.told, moved.threshold) == (
        "raised",
        1,
        10,
        0.6,
    )
    changed = next_revision(raised, rule, msgspec.structs.replace(hit, value=0.8), 20, lambda _: nothing)
    assert changed is not None and (changed.state, changed.revision, changed.told) == ("updated", 2, 20)
