"""A second program that reads and judges ahead changes nothing but the time it takes, whatever becomes of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from benchmarks.made_up_purchases import releases

from careo.record.purchases.judging import ReadyPackage, Slice
from careo.record.purchases.rules import Rule
from careo.record.purchases.state import State
from careo.record.purchases.watch import Watch
from careo.run import watch_ahead
from careo.run.watch_ahead import Asked, packages_ahead
from careo.sources import packages
from careo.sources.packages import read_packages, series_of
from careo.sources.releases import Package
from purchase_feeds import TERMS, contracts_table, dumped, rules

COUNT = 1400  # two packages
Kept = dict[str, Any]


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The programs that were started; a file of any size is read by one."""
    monkeypatch.setattr(watch_ahead, "LARGE", 1)
    started: list[subprocess.Popen[bytes]] = []
    real: Any = subprocess.Popen

    def start(*words: Any, **how: Any) -> subprocess.Popen[bytes]:
        started.append(real(*words, **how))
        return started[-1]

    monkeypatch.setattr(watch_ahead.subprocess, "Popen", start)
    yield started
    assert all(one.poll() is not None for one in started)


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Releases, two of five of them about a process that another one spoke of."""
    path = tmp_path_factory.mktemp("feed") / "feed-2026-02-01.jsonl"
    path.write_text("".join(f"{line}\n" for line in releases(COUNT)), encoding="utf-8")
    return path


def _asked(file: Path, clock: int = 0) -> Asked:
    return Asked(
        path=str(file), name=file.name, series=series_of(str(file)), seen=None, published=None, start=(1, 0), part=0,
        country="mexico", key=b"k" * 32, folder=str(file.parent), clock=clock,
    )  # fmt: skip


Through = Callable[[Package], Package]


def _kept(
    path: Path,
    files: Sequence[Path],
    *,
    ahead: bool,
    by: Sequence[Rule] | None = None,
    through: Through = lambda package: package,
) -> Kept:
    """What a state holds that took files in. through: what becomes of each package first."""
    with closing(State(path)) as state:
        watch = Watch(state, rules() if by is None else by, "MXN")
        for file in files:
            read = (
                packages_ahead(_asked(file, watch.clock), TERMS)
                if ahead
                else read_packages(file, terms=TERMS)
            )
            with closing(read) as found:
                for package in found:
                    watch.take(through(package))
            watch.settle()
    return dumped(path)


@pytest.fixture(scope="module")
def plain(feed: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """What is kept of the feed when it is read in place."""
    return _kept(tmp_path_factory.mktemp("plain") / "state.sqlite", [feed], ahead=False)


def test_reading_ahead_keeps_the_same(
    feed: Path, plain: Kept, tmp_path: Path, programs: list[subprocess.Popen[bytes]]
) -> None:
    judged: list[int] = []

    def noted(slices: Iterable[Slice]) -> Iterator[Slice]:
        for one in slices:
            judged.append(sum(ready.judged is not None for ready in one.ready))
            yield one

    def seen(package: Package) -> Package:
        assert isinstance(package, ReadyPackage)
        return replace(package, slices=noted(package.slices))

    assert _kept(tmp_path / "state.sqlite", [feed], ahead=True, through=seen) == plain
    assert len(programs) == 1 and len(judged) == 2 and all(judged)
    said = " ".join(map(str, programs[0].args))  # pyright: ignore[reportArgumentType, reportUnknownArgumentType]
    assert "kkkk" not in said  # the key of the installation goes through the pipe


@pytest.mark.usefixtures("programs")
def test_what_was_known_before_is_judged_again(feed: Path, tmp_path: Path) -> None:
    lines = feed.read_text(encoding="utf-8").splitlines(keepends=True)
    first = tmp_path / "first-2026-01-31.jsonl"
    first.write_text("".join(lines[1::2]), encoding="utf-8")
    of_both = [_kept(tmp_path / f"{ahead}.sqlite", [first, feed], ahead=ahead) for ahead in (False, True)]
    assert of_both[0] == of_both[1]


@pytest.mark.usefixtures("programs")
def test_what_was_judged_as_of_something_else_does_not_count(feed: Path, tmp_path: Path) -> None:
    stricter = [replace(rule, version=rule.version + 1, settings={**rule.settings, "strong_days": 12}) for rule in rules()]  # fmt: skip

    def later(package: Package) -> Package:
        return replace(package, seen=package.seen + 40 * 86400)

    for name, how in {"rules": {"by": stricter}, "seen": {"through": later}}.items():
        in_place = _kept(tmp_path / f"{name}.sqlite", [feed], ahead=False, **how)  # pyright: ignore[reportArgumentType]
        assert _kept(tmp_path / f"{name}-ahead.sqlite", [feed], ahead=True, **how) == in_place  # pyright: ignore[reportArgumentType]


def test_a_program_that_is_lost_is_done_without(
    feed: Path, plain: Kept, tmp_path: Path, programs: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(watch_ahead, "_MESSAGES", 1)  # so that the second package is still to come
    kinds: list[type[Package]] = []

    def seen(package: Package) -> Package:
        kinds.append(type(package))
        programs[0].kill()
        return package

    assert _kept(tmp_path / "state.sqlite", [feed], ahead=True, through=seen) == plain
    assert kinds[0] is ReadyPackage and kinds[-1] is Package  # lost in the first package or after it


_HEAD_ALONE = msgspec.msgpack.encode(watch_ahead._Head("ab", 0, 0, True, None, 1, 0, [], "", 3))  # pyright: ignore[reportPrivateUsage]
_NO_SLICE = [len(one).to_bytes(8, "little") + one for one in (_HEAD_ALONE, b"no slice")]


@pytest.mark.parametrize(
    "answer",
    ["", "print('no message at all')", "print(chr(255) * 99)", "import os; os.write(1, b'\\1' + bytes(7) + b'x')",
     f"import os; os.write(1, {_NO_SLICE[0]!r})", f"import os; os.write(1, {b''.join(_NO_SLICE)!r})"],
    ids=["nothing", "words", "no text", "no head", "head alone", "no slice"],
)  # fmt: skip
def test_one_that_cannot_answer_is_done_without(
    feed: Path, plain: Kept, tmp_path: Path, answer: str, monkeypatch: pytest.MonkeyPatch,
    programs: list[subprocess.Popen[bytes]],
) -> None:  # fmt: skip
    silly = tmp_path / "silly"
    silly.write_text(f"#!{sys.executable}\n{answer}\n", encoding="utf-8")
    silly.chmod(0o755)
    monkeypatch.setattr(watch_ahead.sys, "executable", str(silly))
    assert _kept(tmp_path / "state.sqlite", [feed], ahead=True) == plain
    assert len(programs) == 1


def test_no_program_at_all_is_done_without(
    feed: Path, plain: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_ahead, "LARGE", 1)
    monkeypatch.setattr(watch_ahead.sys, "executable", str(tmp_path / "nowhere"))
    assert _kept(tmp_path / "state.sqlite", [feed], ahead=True) == plain


def test_tables_and_small_files_are_read_in_place(
    tmp_path: Path, programs: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"Número de procedimiento": "AA-1"}]
    table = tmp_path / "contracts.csv"
    table.write_text(contracts_table(rows), encoding="utf-8")
    unnamed = tmp_path / "contracts"  # what it is is told by looking
    unnamed.write_bytes(table.read_bytes())
    for file, started in ((table, 0), (unnamed, 1)):
        with closing(packages_ahead(_asked(file), TERMS)) as found:
            (package,) = found
            assert package.table and list(package.sightings)
        assert len(programs) == started
    monkeypatch.setattr(watch_ahead, "LARGE", 1 << 20)
    with closing(packages_ahead(_asked(unnamed), TERMS)) as found:
        (package,) = found
        assert package.table and list(package.sightings) and len(programs) == 1


def test_a_program_ends_with_who_asked(feed: Path, programs: list[subprocess.Popen[bytes]]) -> None:
    found = packages_ahead(_asked(feed), TERMS)
    next(found)
    assert programs[0].poll() is None
    found.close()
    assert programs[0].poll() is not None
    assert packages.PACKAGE == 1000
