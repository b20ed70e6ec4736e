"""Runs of the store that are killed, refused or crowded, as a program of its own: it forks a child for each and looks at what is left.

python tests/store_runs.py steps|moments|crowd|read_only FOLDER
"""

from __future__ import annotations

import errno
import gc
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from itertools import count
from pathlib import Path

from careo.base.errors import CareoError, OutputError
from careo.sources import store
from careo.sources.formats.layout import Oddity
from careo.sources.store import Snapshot

LANTERNS = Snapshot(
    sha256="0" * 64,
    country="toyland",
    dataset="lantern_thefts",
    layout="toy_watch",
    name="lanterns.csv",
    size=3,
    vintage="2020-10",
    vintage_basis="stated",
    known=date(2020, 10, 31),
    first="2015-01",
    last="2020-09",
    level="state",
    places=9,
    rows=621,
    indicators=("lantern_thefts_watch",),
    oddities=(Oddity("unknown_columns", {"columns": "Ñandú, \udcff"}, grave=True),),
    imported="2020-11-02T10:00:00+00:00",
    version="0.1.0",
)


def imported(content: str = "one", folder: Path | None = None, **changes: object) -> Snapshot:
    """Import a file of this content; its tables hold the content and the version that read it."""
    original = (folder or store.data_folder().parent) / f"{content}.csv"
    if not original.exists():
        original.write_bytes(content.encode())
    digest = sha256(content.encode()).hexdigest()
    snapshot = replace(LANTERNS, sha256=digest, size=len(content), name=original.name)
    snapshot = replace(snapshot, **changes)  # pyright: ignore[reportArgumentType]
    with store.draft() as draft:
        for name in ("rows", "series"):
            (draft / f"{name}.parquet").write_text(f"{name} {content} {snapshot.version}")
        return store.keep(draft, original, snapshot)


_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_EVENTS = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "sqlite3.connect", "test.fsync"}


def _child(work: Callable[[], object], at: int = 0, then: Callable[[], None] | None = None) -> int:
    """Do something in a child; `then` happens at the so-many-eth thing it does to a disk. The exit code, negative for a kill."""
    if not (child := os.fork()):
        numbers = count(1)

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
            inside = (event in _EVENTS or writing) and os.environ["CAREO_HOME"] in str(arguments[0])
            if inside and next(numbers) == at and then:
                then()

        def synchronise(handle: int) -> None:
            sys.audit("test.fsync", os.environ["CAREO_HOME"])

        sys.addaudithook(hook)
        os.fsync = synchronise
        try:
            work()
        except CareoError:
            os._exit(3)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fill() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _looked() -> dict[str, Snapshot]:
    """What stands in the store by name, after making sure that it is sound."""
    found = store.snapshots()
    for snapshot in found:
        content = snapshot.name.removesuffix(".csv")
        assert store.table(snapshot, "rows").read_text() == f"rows {content} {snapshot.version}", snapshot
        assert store.original(snapshot).read_text() == content
        assert store.verify(snapshot)
    return {snapshot.name: snapshot for snapshot in found}


def _settled(home: Path) -> dict[str, Snapshot]:
    """The same after a later run has settled what was left; nothing else may be there."""
    with store.draft():
        pass
    assert not list((home / "drafts").iterdir())
    found = _looked()
    assert {path.name for path in (home / "snapshots").iterdir()} == {s.sha256 for s in found.values()}
    return found


def _steps(folder: Path) -> int:
    """How many steps were cut off."""
    return sum(
        _cut_off(scenario, folder / scenario)
        for scenario in ("first", "new", "vintage", "otherwise", "remove")
    )


def _cut_off(scenario: str, folder: Path) -> int:
    """Kill an action at each thing it does to the disk, and fill the disk there; returns how many there are."""
    folder.mkdir()
    ready, home = folder / "ready", folder / "home"
    os.environ["CAREO_HOME"] = str(ready)
    if scenario != "first":
        imported("old", folder)
    if scenario in ("vintage", "otherwise", "remove"):
        imported("one", folder)
    os.environ["CAREO_HOME"] = str(home)
    action: Callable[[], object] = {
        "vintage": lambda: imported("one", folder, vintage="2020-11", known=date(2020, 11, 30)),
        "otherwise": lambda: imported("one", folder, version="0.2.0", rows=5),
        "remove": lambda: store.remove(store.find(sha256(b"one").hexdigest())),
    }.get(scenario, lambda: imported("one", folder))

    def reset() -> dict[str, Snapshot]:
        shutil.rmtree(home, ignore_errors=True)
        if ready.exists():
            shutil.copytree(ready, home)
        return _looked()

    before = reset()
    action()
    after = _looked()
    for number in count(1):
        reset()
        killed = _child(action, number, _kill)
        left = _looked()
        assert left in (before, after), (number, left)
        settled = _settled(home)
        assert settled in (before, after) and (killed or settled == after), number
        assert left == before or settled == after, number  # nothing that was seen goes away again
        if number % 4 == 0 and settled == before:
            action()
            assert _looked() == after, number
        if number % 2 and killed:  # every other step, for time
            continue
        reset()
        failed = _child(action, number, _fill)
        assert failed in (0, 3), number
        left = _looked()
        if scenario != "remove":
            assert left == (before if failed else after), number
        assert left in (before, after) and _settled(home) == left, number
        if not killed:
            return number
    raise AssertionError


def _moments(folder: Path) -> int:
    """Kill a run of imports after delays of all lengths; returns how many imports had been reported."""
    home = folder / "home"
    os.environ["CAREO_HOME"] = str(home)
    imported("first", folder)
    reported = {"first.csv"}
    for delay in range(1, 16):
        reader, writer = os.pipe()
        if not (child := os.fork()):
            for number in count():
                os.write(writer, f"{imported(f'{delay} {number}', folder).name}\n".encode())
        os.close(writer)
        time.sleep((delay * 37 % 61) / 250)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reader) as stream:
            reported |= set(stream.read().splitlines())
        if delay % 5 == 0:
            assert reported <= set(_looked())
        with store.draft():
            pass
        assert not list((home / "drafts").iterdir())
    assert reported <= set(_settled(home))
    return len(reported)


def _crowd(folder: Path) -> int:
    """Processes that import the same and different files and remove one of them again and again."""
    home = folder / "home"
    os.environ["CAREO_HOME"] = str(home)
    children: list[int] = []
    for number in range(4):
        if not (child := os.fork()):
            try:
                own = folder / str(number)
                own.mkdir()
                for turn in range(4):
                    imported("same", own)
                    if number < 2:
                        imported(f"own {number}", own, version=f"0.{turn}")
                    else:
                        store.remove(imported("passing", own))
                    _ = store.snapshots()
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        children.append(child)
    assert not any(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    found = _settled(home)
    assert set(found) - {"passing.csv"} == {"same.csv", "own 0.csv", "own 1.csv"}
    return len(set(found) - {"passing.csv"})


def _read_only(folder: Path) -> int:
    """The data folder on a disk that takes nothing; with its catalogue, and without."""
    home = folder / "home"
    os.environ["CAREO_HOME"] = str(home)
    snapshot = imported("one", folder)

    def work() -> None:
        def refuse(event: str, arguments: tuple[object, ...]) -> None:
            writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
            if writing or event in _EVENTS - {"sqlite3.connect"}:
                raise OSError(errno.EROFS, "Read-only file system")

        sys.addaudithook(refuse)
        assert store.snapshots() == (snapshot,) and store.find("lantern_thefts") == snapshot
        assert store.verify(snapshot) and store.original(snapshot).read_bytes() == b"one"
        for action in (lambda: store.draft().__enter__(), lambda: store.remove(snapshot)):
            try:
                action()
            except OutputError as error:
                assert error.key == "store_unusable", error
            else:
                raise AssertionError

    assert _child(work) == 0
    (home / "catalogue.sqlite").unlink()
    assert _child(work) == 0
    return len(_looked())


if __name__ == "__main__":
    gc.disable()  # hundreds of forks share its memory
    programs = {"steps": _steps, "moments": _moments, "crowd": _crowd, "read_only": _read_only}
    print(programs[sys.argv[1]](Path(sys.argv[2])))
