"""Imported data survives what happens to it: kills, full disks, two imports at once, hands that edit its files."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careo.base.errors import DataError, InputError, OutputError
from careo.sources import store
from careo.sources.snapshot import card_text, read_card
from careo.sources.store import Snapshot
from store_runs import LANTERNS, imported

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills by POSIX signals")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory where there is such a disk: hundreds of imports wait for the disk to hold them."""
    memory = "/dev/shm"  # noqa: S108 - a folder of its own in it
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAREO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


# what a user sees


def test_what_was_imported_is_there_with_its_tables_and_its_original(home: Path) -> None:
    snapshot = imported("one")
    assert store.snapshots() == (snapshot,) and store.verify(snapshot)
    assert store.table(snapshot, "rows").read_text() == "rows one 0.1.0"
    assert store.table(snapshot, "series.parquet").read_text() == "series one 0.1.0"
    assert store.original(snapshot).read_bytes() == b"one"
    assert snapshot.oddities[0].words == {"columns": "Ñandú, \udcff"}
    assert list((home / "drafts").iterdir()) == []


def test_nothing_imported_is_an_empty_list_and_no_folder(home: Path) -> None:
    assert store.snapshots() == () and not home.exists()
    with pytest.raises(DataError) as caught:
        store.find("lantern_thefts")
    assert caught.value.key == "store_empty" and not home.exists()
    store.remove(LANTERNS)
    assert not home.exists()


def test_the_data_folder_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREO_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert store.data_folder() == Path("/somewhere/careo")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/ana")
    assert store.data_folder() == Path("/home/ana/.local/share/careo")


def test_snapshots_come_by_dataset_then_day_known_then_time_of_import() -> None:
    later = imported("later", vintage="2021", known=date(2021, 12, 31))
    other = imported("other", dataset="boats", country="sealand")
    first = imported("first")
    second = imported("second", imported="2020-11-03T10:00:00+00:00")
    assert store.snapshots() == (other, first, second, later)
    assert store.snapshots(dataset="boats") == (other,)
    assert store.snapshots(country="toyland") == (first, second, later)
    assert store.snapshots(dataset="boats", country="toyland") == ()


def test_the_same_file_again_is_the_snapshot_that_is_there() -> None:
    there = imported("one")
    assert imported("one", imported="2021-01-01T00:00:00+00:00", name="copy.csv") == there
    assert store.snapshots() == (there,)


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (("2020-10", "stated"), ("2020-11", "given"), "2020-11"),
        (("2020-10", "given"), ("2020-11", "given"), "2020-11"),
        (("2020-10", "given"), ("2020-09", "inferred"), "2020-10"),
        (("2020-10", "given"), ("2020-09", "stated"), "2020-10"),
        (("2020-10", "inferred"), ("2020-09", "stated"), "2020-09"),
        (("2020-10", "inferred"), ("2020-09", "inferred"), "2020-09"),
        (("2020-10", "inferred"), ("2020-11", "inferred"), "2020-10"),
        (("2020-10", "imported"), ("2020-11", "inferred"), "2020-11"),
        (("2020-10", "inferred"), ("2020-09", "imported"), "2020-10"),
        (("2020-10", "imported"), ("2020-11", "imported"), "2020-10"),
    ],
)
def test_the_vintage_that_is_told_best_stands(
    before: tuple[str, str], after: tuple[str, str], kept: str
) -> None:
    days = {"2020-09": date(2020, 9, 30), "2020-10": date(2020, 10, 31), "2020-11": date(2020, 11, 30)}
    for vintage, basis in (before, after):
        given = imported("one", vintage=vintage, vintage_basis=basis, known=days[vintage])
    assert (given.vintage, given.known) == (kept, days[kept])
    assert store.snapshots() == (given,) and store.verify(given)
    assert store.table(given, "rows").read_text() == "rows one 0.1.0"


def test_a_file_read_otherwise_by_a_later_careo_is_replaced() -> None:
    imported("one", vintage_basis="given")
    again = imported("one", version="0.2.0", rows=622, vintage="2020-09", vintage_basis="stated")
    assert (again.rows, again.vintage, again.vintage_basis) == (622, "2020-10", "given")
    assert store.snapshots() == (again,) and store.verify(again)
    assert store.table(again, "rows").read_text() == "rows one 0.2.0"


def test_a_snapshot_is_found_by_dataset_vintage_or_checksum() -> None:
    old = imported("old", vintage="2020-09-15", known=date(2020, 9, 15))
    new = imported("new")
    assert store.find("lantern_thefts") == store.find("lantern_thefts@2020-10") == new
    assert store.find("lantern_thefts@2020-09") == store.find(old.sha256[:7].upper()) == old


@pytest.mark.parametrize(
    ("name", "key", "words"),
    [
        ("lantern_theft", "store_unknown", "did you mean 'lantern_thefts'"),
        ("lantern_thefts@2020-11", "store_unknown", "did you mean 'lantern_thefts@2020-1"),
        ("lantern_thefts@", "store_unknown", "did you mean"),
        ("lantern_thefts@2020", "store_several", "lantern_thefts@2020-09 ("),
        ("boats", "store_several", "boats@2020-10 ("),
        ("", "store_unknown", "careo data list"),
        ("0" * 64, "store_unknown", "careo data list"),
        ("../../etc\x00" * 50, "store_unknown", "careo data list"),
    ],
)
def test_a_name_that_is_not_one_snapshot_is_told_what_there_is(name: str, key: str, words: str) -> None:
    imported("old", vintage="2020-09", known=date(2020, 9, 30))
    imported("new")
    imported("boat", dataset="boats")
    imported("ship", dataset="boats", country="sealand")
    with pytest.raises(DataError) as caught:
        store.find(name)
    assert caught.value.key == key and words in str(caught.value)
    assert "{" not in caught.value.render("es")


def test_what_is_removed_is_gone_and_can_come_again(home: Path) -> None:
    one, two = imported("one"), imported("two")
    store.remove(one)
    store.remove(one)
    assert store.snapshots() == (two,) and not (home / "snapshots" / one.sha256).exists()
    with pytest.raises(DataError) as caught:
        store.table(one, "rows")
    assert caught.value.key == "store_missing" and "import one.csv again" in str(caught.value)
    assert imported("one") == one and len(store.snapshots()) == 2


def test_an_export_is_the_original_the_card_and_the_tables(tmp_path: Path) -> None:
    snapshot = imported("one")
    assert store.export(snapshot, tmp_path / "new" / "out") == tmp_path / "new" / "out"
    names = {path.name for path in (tmp_path / "new" / "out").iterdir()}
    assert names == {"one.csv", "card.json", "rows.parquet", "series.parquet"}
    assert read_card((tmp_path / "new" / "out" / "card.json").read_text())[0] == snapshot
    (tmp_path / "empty").mkdir()
    store.export(snapshot, tmp_path / "empty")
    zipped = store.export(snapshot, tmp_path / "out.zip")
    with zipfile.ZipFile(zipped) as archive:
        assert set(archive.namelist()) == names and archive.read("one.csv") == b"one"
    assert store.export(snapshot, tmp_path / "again.ZIP").read_bytes() == zipped.read_bytes()
    assert not [path.name for path in tmp_path.rglob(".careo-*")]


def test_an_export_touches_nothing_else_and_is_never_half(tmp_path: Path, home: Path) -> None:
    snapshot = imported("one")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    for target in (tmp_path / "full", tmp_path / "one.csv"):
        with pytest.raises(OutputError) as caught:
            store.export(snapshot, target)
        assert caught.value.key == "store_export"
    (home / "snapshots" / snapshot.sha256 / "series.parquet").write_text("edited")
    with pytest.raises(DataError) as broken:
        store.export(snapshot, tmp_path / "out")
    assert broken.value.key == "store_damaged" and "import one.csv again" in str(broken.value)
    with pytest.raises(OutputError):
        store.export(snapshot, tmp_path / "one.csv" / "below")
    assert not (tmp_path / "out").exists() and not [path.name for path in tmp_path.rglob(".careo-*")]


# names and cards that nobody would write


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300))
def test_any_name_is_kept_and_exports_as_one_plain_file(name: str) -> None:
    snapshot = replace(LANTERNS, name=name)
    assert read_card(card_text(snapshot, {})) == (snapshot, {})
    safe = store._safe_name(name, {"card.json", "rows.parquet"})
    assert Path(safe).name == safe and 0 < len(safe.encode()) < 255 and safe.isprintable() >= ("\x00" in safe)
    assert safe.lower() not in ("card.json", "rows.parquet", "con", "nul") and not safe.endswith((" ", "."))


@pytest.mark.parametrize(
    "name", ["../../x", "card.json", "ROWS.PARQUET", "original", "con.csv", "...", "a\nb\x1b[1m"]
)
def test_a_hostile_name_stays_inside_the_export(name: str, tmp_path: Path) -> None:
    snapshot = imported("one", name=name)
    store.export(snapshot, tmp_path / "out")
    exported = list((tmp_path / "out").iterdir())
    assert len(exported) == 4 and sum(path.read_bytes() == b"one" for path in exported) == 1
    assert read_card((tmp_path / "out" / "card.json").read_text())[0].name == name


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(json.loads(card_text(LANTERNS, {})))), _json)
def test_a_card_that_makes_no_sense_is_a_value_error(field: str, value: object) -> None:
    card = json.loads(card_text(LANTERNS, {"original": "0"})) | {field: value}
    try:
        snapshot, _ = read_card(json.dumps(card))
    except ValueError:
        return
    assert read_card(card_text(snapshot, {})) == (snapshot, {})


NONSENSE = [
    b"",
    b"\xff\x00",
    b"[]",
    b"[" * 100_000,
    b"{}",
    b'{"format": 99}',
    b"null",
    b'"' + b"1" * 5000 + b'"',
]


@pytest.mark.parametrize("card", NONSENSE)
def test_a_card_edited_into_nonsense_breaks_only_its_snapshot(
    card: bytes, home: Path, tmp_path: Path
) -> None:
    one, two = imported("one"), imported("two")
    (home / "snapshots" / one.sha256 / "card.json").write_bytes(card)
    assert (
        {s.name for s in store.snapshots()} == {"one.csv", "two.csv"}
        and not store.verify(one)
        and store.verify(two)
    )
    with pytest.raises(DataError):
        store.export(one, tmp_path / "out")
    (home / "catalogue.sqlite").unlink()
    with pytest.warns(store.MendedWarning, match=f"(?s)from 1 cards.*{one.sha256[:12]}"):
        assert store.snapshots() == (two,)
    assert imported("one") == one and store.verify(one) and len(store.snapshots()) == 2


def test_a_card_of_another_file_is_not_believed(home: Path) -> None:
    one, two = imported("one"), imported("two")
    for file in ("card.json", "rows.parquet", "series.parquet"):
        shutil.copy(home / "snapshots" / one.sha256 / file, home / "snapshots" / two.sha256 / file)
    assert not store.verify(two)
    (home / "catalogue.sqlite").unlink()
    with pytest.warns(store.MendedWarning):
        assert store.snapshots() == (one,)


@pytest.mark.parametrize("file", ["original", "rows.parquet", "card.json"])
def test_a_file_that_is_gone_or_edited_is_told_and_mended_by_importing_again(file: str, home: Path) -> None:
    one = imported("one")
    path = home / "snapshots" / one.sha256 / file
    path.write_text("edited")
    assert not store.verify(one) and imported("one") == one and store.verify(one)
    path.unlink()
    path.mkdir()
    assert not store.verify(one) and imported("one") == one and store.verify(one)
    shutil.rmtree(path.parent)
    assert not store.verify(one)
    with pytest.raises(DataError) as caught:
        store.original(one)
    assert caught.value.key == "store_missing"
    assert imported("one") == one and store.verify(one)


def _not_sqlite(path: Path) -> None:
    path.write_text("this is no catalogue")


def _cut(path: Path) -> None:
    os.truncate(path, 5000)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _older(path: Path) -> None:
    _query(path, "PRAGMA user_version = 0")


def _other_tables(path: Path) -> None:
    _query(path, "DROP TABLE snapshots")


def _other_types(path: Path) -> None:
    _query(path, "UPDATE snapshots SET card = 7")


def _nonsense_card(path: Path) -> None:
    _query(path, "UPDATE snapshots SET card = '{}'")


def _not_text(path: Path) -> None:
    _query(path, "UPDATE snapshots SET dataset = CAST(X'ff' AS TEXT)")


def _with_foreign_journal(path: Path) -> None:
    path.unlink()
    path.with_name(path.name + "-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 600)


def _query(path: Path, text: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(text)
    connection.commit()
    connection.close()


@pytest.mark.filterwarnings("ignore::careo.sources.store.MendedWarning")
@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        _not_sqlite,
        _cut,
        _empty,
        _older,
        _other_tables,
        _other_types,
        _nonsense_card,
        _not_text,
        _with_foreign_journal,
    ],
)
def test_a_catalogue_that_is_lost_or_damaged_is_made_anew(damage: Callable[[Path], None], home: Path) -> None:
    both = (imported("one"), imported("two", vintage="2021", known=date(2021, 12, 31)))
    damage(home / "catalogue.sqlite")
    assert store.snapshots() == both
    damage(home / "catalogue.sqlite")
    third = imported("three", dataset="boats")
    assert store.snapshots() == (third, *both)
    store.remove(third)
    assert store.snapshots() == both


def test_making_the_catalogue_anew_is_said_in_both_languages(home: Path) -> None:
    imported("one")
    (home / "catalogue.sqlite").unlink()
    with pytest.warns(store.MendedWarning) as told:
        store.snapshots()
    warning = told[0].message
    assert isinstance(warning, store.MendedWarning)
    assert "made anew from 1 cards" in warning.render("en") and "con 1 fichas" in warning.render("es")


def test_a_catalogue_of_a_later_careo_is_left_alone(home: Path) -> None:
    imported("one")
    _query(home / "catalogue.sqlite", "PRAGMA user_version = 2")
    before = (home / "catalogue.sqlite").read_bytes()
    for action in (store.snapshots, lambda: imported("two")):
        with pytest.raises(DataError) as caught:
            action()
        assert caught.value.key == "store_newer"
    assert (home / "catalogue.sqlite").read_bytes() == before


def test_a_folder_put_there_by_hand_is_taken_into_the_catalogue(home: Path, tmp_path: Path) -> None:
    one, two = imported("one"), imported("two")
    shutil.move(home / "snapshots" / two.sha256, tmp_path / "kept")
    store.remove(two)
    (home / "snapshots" / ".DS_Store").touch()
    assert store.snapshots() == (one,)
    shutil.move(tmp_path / "kept", home / "snapshots" / two.sha256)
    with store.draft():
        assert {s.sha256 for s in store.snapshots()} == {one.sha256, two.sha256}


# what disks do


def test_a_data_folder_that_is_a_file_is_one_sentence(home: Path) -> None:
    home.write_text("a file")
    for action in (store.snapshots, lambda: imported("one"), lambda: store.find("x")):
        with pytest.raises(OutputError) as caught:
            action()
        assert caught.value.key == "store_unusable" and "CAREO_HOME" in str(caught.value)
        assert "{" not in caught.value.render("es")
    store.remove(LANTERNS)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("parquet: underlying IO error: No space left on device (os error 28)"),
        DataError("table_nested", found="No space left on device (os error 28)"),
    ],
)
def test_a_disk_that_fills_up_while_tables_are_written_is_one_sentence(error: Exception, home: Path) -> None:
    with pytest.raises(OutputError) as caught, store.draft():
        raise error
    assert caught.value.key == "store_unusable" and "No space left" in str(caught.value)
    assert list((home / "drafts").iterdir()) == []


def test_an_error_of_the_caller_stays_what_it_is_and_leaves_no_draft(home: Path) -> None:
    with pytest.raises(FileNotFoundError), store.draft() as folder:
        (folder / "rows.parquet").write_text("rows")
        Path("missing").read_text()
    assert list((home / "drafts").iterdir()) == [] and store.snapshots() == ()


def test_an_original_that_changes_or_goes_while_it_is_imported_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("other")
    for name, key in (("x.csv", "store_changed"), ("gone.csv", "input_unreadable")):
        with pytest.raises(InputError) as caught, store.draft() as folder:
            store.keep(folder, tmp_path / name, replace(LANTERNS, sha256=sha256(b"one").hexdigest()))
        assert caught.value.key == key
    assert store.snapshots() == ()


def test_a_catalogue_in_use_is_not_mistaken_for_a_broken_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from careo.sources import store_catalogue

    imported("one")
    monkeypatch.setattr(store_catalogue, "_PATIENCE", 0.01)
    connection = sqlite3.connect(home / "catalogue.sqlite")
    connection.execute("BEGIN EXCLUSIVE")
    with pytest.raises(OutputError):
        store.snapshots()
    with pytest.raises(OutputError):
        imported("two")
    connection.rollback()
    connection.close()
    assert len(store.snapshots()) == 1


def test_another_careo_that_writes_is_waited_for_and_then_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = imported("one")
    monkeypatch.setattr(store, "_PATIENCE", 0.05)
    with store._locked(home / "store.lock", 0):
        assert store.snapshots() == (one,)
        with pytest.raises(DataError) as caught:
            imported("two")
    assert caught.value.key == "store_busy"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize(
    "changes", [{}, {"vintage": "2020-11", "known": date(2020, 11, 30)}, {"version": "0.2.0"}]
)
def test_an_import_whose_row_cannot_be_written_never_was(
    error: BaseException, changes: dict[str, object], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from careo.sources import store_catalogue

    def refuse(path: Path, rows: list[object]) -> None:
        if rows:
            raise error

    before = (imported("one"),) if changes else (imported("other"),)
    with monkeypatch.context() as patched:
        patched.setattr(store_catalogue, "put", refuse)
        with pytest.raises(OutputError if isinstance(error, OSError) else KeyboardInterrupt):
            imported("one", **changes)
        assert store.snapshots() == before and list((home / "drafts").iterdir()) == []
    with store.draft():
        assert store.snapshots() == before and all(map(store.verify, before))


# two at once


def test_a_draft_is_left_alone_while_its_import_lives(home: Path) -> None:
    (home.parent / "slow.csv").write_text("slow")
    with store.draft() as slow:
        (slow / "rows.parquet").write_text("rows")
        quick = imported("quick")
        store.remove(quick)
        assert (slow / "rows.parquet").is_file()
        kept = store.keep(
            slow, home.parent / "slow.csv", replace(LANTERNS, sha256=sha256(b"slow").hexdigest())
        )
        assert store.snapshots() == (kept,)


def test_threads_import_at_once(tmp_path: Path) -> None:
    def work(number: int) -> Snapshot:
        folder = tmp_path / str(number)
        folder.mkdir()
        return imported(f"file {number % 3}", folder)

    with ThreadPoolExecutor(4) as pool:
        found = {s.sha256 for s in pool.map(work, range(12))}
    assert {s.sha256 for s in store.snapshots()} == found and len(found) == 3
    assert all(map(store.verify, store.snapshots()))


# runs that are killed: see store_runs.py


@posix
@pytest.mark.slow
def test_a_kill_or_a_full_disk_at_any_step_leaves_all_or_nothing(tmp_path: Path) -> None:
    assert int(_program("steps", tmp_path)) > 50


@posix
def test_kills_at_any_moment_lose_nothing_that_was_imported() -> None:
    with TemporaryDirectory() as disk:  # a real one: a kill there stops between writes
        assert int(_program("moments", Path(disk))) > 2


def test_a_catalogue_whose_writer_was_killed_half_way_is_as_it_was_before(home: Path) -> None:
    one = imported("one")
    path = home / "catalogue.sqlite"
    code = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA cache_size = 1")
connection.execute("UPDATE snapshots SET card = printf('%.*c', 200000, 'x')")
connection.execute("INSERT INTO snapshots SELECT 'y', country, dataset, known, card, 0 FROM snapshots")
os._exit(0)
"""
    before = path.read_bytes()
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert path.read_bytes() != before and path.with_name("catalogue.sqlite-journal").stat().st_size
    assert store.snapshots() == (one,) and path.read_bytes() == before


@posix
def test_processes_import_and_remove_at_once(tmp_path: Path) -> None:
    assert _program("crowd", tmp_path) == "3"


@posix
def test_a_folder_that_is_read_only_can_be_read(tmp_path: Path) -> None:
    assert _program("read_only", tmp_path) == "1"


def test_asking_what_was_imported_costs_nothing_when_nothing_was(tmp_path: Path) -> None:
    code = "import sys; from careo.sources import store; assert store.snapshots() == (); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "filelock", "polars", "numpy", "sqlite3", "httpx"}
    assert heavy & set(done.stdout.split()) == set()


def _program(what: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", Path(__file__).with_name("store_runs.py"), what, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()[-1]
