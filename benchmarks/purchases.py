"""How fast `careo watch` takes purchases in, how soon it tells, how much memory it needs, and what one more package costs.

Memory is that of both programs, what they share counted once (Linux; elsewhere the sum of their peaks).

Each measurement is a process of its own on a file of `made_up_purchases`, without what the command prints. `CAREO_NIGHTLY=1` adds the
file of 2,000,000 releases (5 GB); `OCDSCARDINAL` may name OCP's Cardinal, which is then held beside it: both read the same compiled
releases, in turn, three times.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.made_up_purchases import more, releases, write
from benchmarks.processes import ENVIRONMENT

SIZES = (20_000, 200_000)
NIGHTLY = 2_000_000
PACKAGE = 1_000  # releases
ARRIVING = 25  # packages of as many that come one by one afterwards
TURNS = 3  # of which the best counts
_CARDINAL = "currency = MXN\n" + "".join(
    f"[R{code:03d}]\n" for code in (3, 18, 24, 25, 28, 30, 35, 36, 38, 48, 58)
)


def rows(*, quick: bool = False) -> Iterator[tuple[str, float | str]]:
    """Figures of each size; then one more package on the largest, and beside Cardinal where it is."""
    sizes = (2_000,) if quick else (*SIZES, NIGHTLY) if os.environ.get("CAREO_NIGHTLY") else SIZES
    arriving = 3 if quick else ARRIVING
    with tempfile.TemporaryDirectory(prefix="careo-purchases-") as name:
        folder = Path(name)
        took: dict[str, Any] = {}
        peaks: list[float] = []
        state = folder / "state.sqlite"
        for size in sizes:
            for old in folder.glob("*"):
                old.unlink()
            file = folder / f"{size}.jsonl"
            feed = releases(size + arriving * PACKAGE)
            write(file, islice(feed, size))
            for number in range(arriving):
                write(folder / f"arriving-{number}.jsonl", islice(feed, PACKAGE))
            took = _replayed(state, file)
            peaks.append(took["together_mb"])
            yield f"purchases, {size:,} releases [releases/s]", took["releases"] / took["seconds"]
            yield (
                f"purchases, {size:,} releases, of processor time [releases/s]",
                took["releases"] / (took["processor"] + took["ahead"]),
            )
            yield (
                f"purchases, {size:,} releases, of processor time of the busier of two programs [releases/s]",
                took["releases"] / max(took["processor"], took["ahead"]),
            )
            yield (
                f"purchases, {size:,}: the largest packages of the file, begun to told, p99 [s]",
                took["p99"],
            )
            yield f"purchases, {size:,}: fences and shares [s]", took["settled"]
            yield f"purchases, {size:,}: peak of both programs together [MB]", took["together_mb"]
            arrived = sorted(
                _replayed(state, folder / f"arriving-{number}.jsonl")["told"] for number in range(arriving)
            )
            yield (
                f"purchases, after {size:,}: a package of 1,000, first seen to told, p50 [s]",
                arrived[arriving // 2],
            )
            yield (
                f"purchases, after {size:,}: a package of 1,000, first seen to told, longest of {arriving} [s]",
                arrived[-1],
            )
        following = folder / "more.jsonl"
        write(following, more(PACKAGE, sizes[-1]))
        again = _replayed(state, following)
        yield f"purchases, one more package after {sizes[-1]:,}, whole [s]", again["seconds"]
        yield "everything again / one more package", took["seconds"] / again["seconds"]
        if len(peaks) > 1:
            yield "purchases, memory at the largest / at a tenth of it", peaks[-1] / peaks[-2]
    yield from _cardinal([size for size in sizes if size < NIGHTLY])


def _replayed(state: Path, file: Path) -> dict[str, Any]:
    began = time.time()
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.purchases", str(state), str(file)],
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
        text=True,
    )
    figures = json.loads(told.stdout)
    return {**figures, "whole": time.time() - began, "first": figures["first"] - began}


def replay(path: Path, file: Path) -> dict[str, float]:
    """Take a file in and settle; seconds by the clock and of processor time, and the peak of memory [MB].

    first: the moment at which the first signals were told (seconds since 1970).
    """
    from careo.record.purchases.rule_files import load_rules
    from careo.record.purchases.state import State
    from careo.record.purchases.watch import Taken, Watch
    from careo.run.watch_ahead import Asked, packages_ahead
    from careo.sources.civil import Clock
    from careo.sources.packages import Terms, series_of
    from careo.sources.persons import Door

    rules = load_rules("mexico")
    assert rules is not None  # noqa: S101 - it is shipped
    key = b"k" * 32
    terms = Terms(Clock("America/Mexico_City"), Door(key, "mexico"), "MXN")
    asked = Asked(
        path=str(file),
        name=file.name,
        series=series_of(str(file)),
        seen=None,
        published=None,
        start=(1, 0),
        part=0,
        country="mexico",
        key=key,
        folder=str(path.parent),
        clock=0,
    )
    peak = Peak()
    with closing(State(path)) as state, peak.watched():
        began, processor = time.perf_counter(), time.process_time()
        watch = Watch(state, tuple(rules.by_id.values()), rules.currency)
        seen = time.perf_counter()
        taken: list[Taken] = []
        first = 0.0
        for package in packages_ahead(asked, terms):
            taken.append(watch.take(package))
            if not first and taken[-1].signals:
                first = time.time()
        before = time.perf_counter()
        watch.settle()
        ended = time.perf_counter()
    seconds = sorted(one.seconds for one in taken)
    ahead = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "releases": sum(one.releases for one in taken),
        "seconds": ended - began,
        "processor": time.process_time() - processor,
        "ahead": ahead.ru_utime + ahead.ru_stime,
        "told": before - seen,
        "first": first or time.time(),
        "p99": seconds[int(len(seconds) * 0.99)],
        "settled": ended - before,
        "together_mb": peak.megabytes or _peaks_mb(),
    }


class Peak:
    """The most memory that this program and those that it started had at one moment [MB]; 0 where the system does not say."""

    def __init__(self) -> None:
        self.megabytes = 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look every quarter of a second."""
        ended = threading.Event()

        def look() -> None:
            while True:
                self.megabytes = max(self.megabytes, _together_mb())
                if ended.wait(0.25):
                    return

        looking = threading.Thread(target=look, daemon=True)
        looking.start()
        try:
            yield
        finally:
            ended.set()
            looking.join()


def _together_mb() -> float:
    own = os.getpid()
    try:
        started = Path(f"/proc/{own}/task/{own}/children").read_text().split()
    except OSError:
        return 0.0
    kilobytes = 0
    for program in (str(own), *started):
        with suppress(OSError):  # it has ended since
            about = Path(f"/proc/{program}/smaps_rollup").read_text()
            kilobytes += next(int(line.split()[1]) for line in about.splitlines() if line.startswith("Pss:"))
    return kilobytes / 1024


def _peaks_mb() -> float:
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return (
        sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        / unit
    )


def _cardinal(sizes: Sequence[int]) -> Iterator[tuple[str, float | str]]:
    """Both programs from their start to their end, on compiled releases: all, then a package of 1,000 more."""
    binary = os.environ.get("OCDSCARDINAL")
    if not binary:
        yield "OCP Cardinal", "not asked for: OCDSCARDINAL names no binary"
        return
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="careo-cardinal-") as name:
            folder = Path(name)
            file, both, package, settings = (
                folder / one for one in ("all.jsonl", "more.jsonl", "package.jsonl", "settings.ini")
            )
            feed = releases(size + PACKAGE, compiled=True)
            write(file, islice(feed, size))
            write(package, feed)
            both.write_bytes(file.read_bytes() + package.read_bytes())
            settings.write_text(_CARDINAL, encoding="utf-8")
            turns: list[tuple[float, ...]] = []
            for turn in range(TURNS):
                state = folder / f"{turn}" / "state.sqlite"
                state.parent.mkdir()
                own = _replayed(state, file)
                theirs = _ran(binary, settings, file)
                more = _replayed(state, package)
                again = _ran(binary, settings, both)
                turns.append((own["whole"], theirs, own["first"], more["whole"], more["told"], again))
            own_whole, whole, first, own_more, told, again = map(min, zip(*turns, strict=True))
            yield f"purchases, {size:,} compiled releases, whole [s]", own_whole
            yield f"OCP Cardinal, {size:,} compiled releases, whole [s]", whole
            yield f"purchases, {size:,} compiled releases, begun to first signals [s]", first
            yield f"purchases, after {size:,} compiled releases: a package of 1,000, whole [s]", own_more
            yield (
                f"purchases, after {size:,} compiled releases: a package of 1,000, first seen to told [s]",
                told,
            )
            yield f"OCP Cardinal, {size + PACKAGE:,} compiled releases, everything again [s]", again


def _ran(binary: str, settings: Path, file: Path) -> float:
    """Seconds that Cardinal takes from its start to its end; what is found is said at the end."""
    began = time.perf_counter()
    subprocess.run(
        [binary, "indicators", "--settings", str(settings), str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.stdout.write(json.dumps(replay(Path(sys.argv[1]), Path(sys.argv[2]))))
