"""`careo watch --follow`: a file that looks as it did is not read again, and no change hides behind the same look."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import careo
from careo.base.errors import InputError
from careo.run import watch_look
from test_watch_verbs import Looks, told
from watch_worlds import alone, folder_of, lines, package, release


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def later(self, seconds: float, *steps: Callable[[], object]) -> Callable[[], None]:
        """A step between two looks: so much later this was done."""

        def step() -> None:
            self.now += seconds
            for one in steps:
                one()

        return step


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(watch_look, "time", SimpleNamespace(monotonic=lambda: made.now, time=time.time))
    return made


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files of the folder `in`, once for each time that one was opened."""
    names: list[str] = []
    really = Path.open

    def counted(path: Path, *how: Any, **more: Any) -> Any:
        if path.is_relative_to(tmp_path / "in"):
            names.append(path.name)
        return really(path, *how, **more)

    monkeypatch.setattr(Path, "open", counted)
    return names


def follow(folder: Path, *steps: Callable[[], object], **how: Any) -> careo.Watched:
    return careo.watch(folder, country="toyland", follow=True, stop=Looks(*steps), **how)


def test_a_file_that_looks_as_it_did_is_not_opened_again(
    tmp_path: Path, clock: Clock, opened: list[str]
) -> None:
    folder = folder_of(tmp_path / "in", calls__jsonl=lines(alone(1)), more__json=package(alone(2)))
    at_looks: list[set[str]] = []
    opened.clear()

    def count() -> None:
        at_looks.append(set(opened))
        opened.clear()

    follow(folder, *[clock.later(5, count)] * 5)
    both = {"calls.jsonl", "more.json"}
    assert at_looks == [{"calls.jsonl"}, both, set(), set(), set()]
    assert len(told()) == 2


def test_a_file_that_nobody_touched_for_long_is_read_once(
    tmp_path: Path, clock: Clock, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path / "in", calls__jsonl=lines(alone(1)))
    monkeypatch.setattr(watch_look, "_mark", lambda path: (path.stat().st_ino, 1, 10**18, 10**18))
    once: list[int] = []
    follow(folder, clock.later(0, lambda: once.append(len(opened))), clock.later(0), clock.later(0))
    assert once == [len(opened)]


def test_a_change_that_leaves_the_same_times_and_size_is_noticed(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path / "in", calls__jsonl=lines(alone(1)), more__json=package(alone(3)))
    calls, more = folder / "calls.jsonl", folder / "more.json"
    monkeypatch.setattr(watch_look, "_mark", cache(watch_look._mark))  # pyright: ignore[reportPrivateUsage] - every file keeps its first look

    def rewrite() -> None:
        for path, data in ((calls, lines(alone(2))), (more, package(alone(4)))):
            assert path.stat().st_size == len(data)
            path.write_bytes(data)

    follow(folder, clock.later(1), clock.later(0.9, rewrite), clock.later(5), clock.later(5))
    assert sorted(subject for _, _, subject in told()) == ["00001", "00002", "00003", "00004"]


def test_a_change_whose_date_was_set_back_is_noticed(tmp_path: Path, clock: Clock) -> None:
    folder = folder_of(tmp_path / "in", calls__jsonl=lines(alone(1)))
    calls = folder / "calls.jsonl"

    def rewrite_as_old() -> None:
        before = calls.stat()
        calls.write_bytes(lines(alone(2)))
        while calls.stat().st_ctime_ns == before.st_ctime_ns:
            os.utime(calls, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.utime(calls, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert (calls.stat().st_size, calls.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)

    follow(folder, clock.later(5), clock.later(5), clock.later(5, rewrite_as_old), clock.later(5))
    assert sorted(subject for _, _, subject in told()) == ["00001", "00002"]


def test_a_file_that_cannot_be_read_is_tried_again_and_told_once(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path / "in", calls__jsonl=lines(alone(1)))
    notes: list[str] = []
    with monkeypatch.context() as broken:

        def refuse(*_: object, **_how: object) -> None:
            raise InputError("input_unreadable", where="calls.jsonl", found="Permission denied")

        broken.setattr(watch_look, "take_file", refuse)
        steps = [clock.later(5), clock.later(5), clock.later(5, broken.undo), clock.later(5)]
        follow(folder, *steps, note=lambda key, _: notes.append(key))
    assert notes == ["trouble"]
    assert len(told()) == 1


def test_a_file_that_grew_is_read_on_and_one_that_begins_otherwise_from_its_first_line(
    tmp_path: Path, clock: Clock
) -> None:
    first, second = lines(release(1), alone(2)), lines(alone(3))
    folder = folder_of(tmp_path / "in", calls__jsonl=first)
    calls = folder / "calls.jsonl"

    def grow() -> None:
        with calls.open("ab") as file:
            file.write(second)

    assert follow(folder, clock.later(5, grow), clock.later(5), clock.later(5)).releases == 3
    calls.write_bytes(first.replace(b"\n", b" ", 1) + second + lines(alone(4)))
    again = careo.watch(folder, country="toyland")
    assert (again.releases, again.new, again.refused.total()) == (2, 1, 1)


@given(st.binary(max_size=40), st.integers(0, 45), st.integers(1, 9))
def test_one_reading_gives_the_checksum_of_a_file_and_of_its_beginning(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: int, chunk: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "some"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(watch_look, "_CHUNK", chunk)
        whole, begin = watch_look._sha256(path, head)  # pyright: ignore[reportPrivateUsage]
    assert whole == sha256(data).hexdigest()
    assert begin == (sha256(data[:head]).hexdigest() if 0 < head < len(data) else "")
