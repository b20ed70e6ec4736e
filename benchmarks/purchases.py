"""How fast `careo watch` takes purchases in, how soon it tells, how much memory it needs, and what one more package costs.

Each measurement is a process of its own on a file of `made_up_purchases`, without what the command prints. `CAREO_NIGHTLY=1` adds the
file of 2,000,000 releases (5 GB); `OCDSCARDINAL` may name OCP's Cardinal, which is then given the same processes as it reads them.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.made_up_purchases import more, releases, write
from benchmarks.processes import ENVIRONMENT

SIZES = (20_000, 200_000)
NIGHTLY = 2_000_000
_CARDINAL = "currency = MXN\n[R003]\n[R018]\n[R024]\n[R028]\n[R030]\n[R035]\n[R036]\n[R038]\n[R048]\n[R058]\n"


def rows(*, quick: bool = False) -> Iterator[tuple[str, float | str]]:
    """Figures of each size; then one more package on the largest, and Cardinal where it is."""
    sizes = (2_000,) if quick else (*SIZES, NIGHTLY) if os.environ.get("CAREO_NIGHTLY") else SIZES
    with tempfile.TemporaryDirectory(prefix="careo-purchases-") as name:
        folder = Path(name)
        took: dict[str, Any] = {}
        peaks: list[float] = []
        state = folder / "state.sqlite"
        for size in sizes:
            for old in folder.glob("*"):
                old.unlink()
            file = folder / f"{size}.jsonl"
            write(file, releases(size))
            took = _replayed(state, file)
            peaks.append(took["peak_mb"] + took["ahead_mb"])
            yield f"purchases, {size:,} releases [releases/s]", took["releases"] / took["seconds"]
            yield (
                f"purchases, {size:,} releases, of processor time [releases/s]",
                took["releases"] / (took["processor"] + took["ahead"]),
            )
            yield (
                f"purchases, {size:,} releases, of processor time of the busier of two programs [releases/s]",
                took["releases"] / max(took["processor"], took["ahead"]),
            )
            yield f"purchases, {size:,}: a package of 1,000, first seen to told, p50 [s]", took["p50"]
            yield f"purchases, {size:,}: a package of 1,000, first seen to told, p99 [s]", took["p99"]
            yield f"purchases, {size:,}: fences and shares [s]", took["settled"]
            yield f"purchases, {size:,}: peak of both programs [MB]", took["peak_mb"] + took["ahead_mb"]
        following = folder / "more.jsonl"
        write(following, more(1_000, sizes[-1]))
        again = _replayed(state, following)
        yield f"purchases, one more package after {sizes[-1]:,}, whole [s]", again["seconds"]
        yield "everything again / one more package", took["seconds"] / again["seconds"]
        if len(peaks) > 1:
            yield "purchases, memory at the largest / at a tenth of it", peaks[-1] / peaks[-2]
        yield from _cardinal(folder, sizes[-1])


def _replayed(state: Path, file: Path) -> dict[str, Any]:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.purchases", str(state), str(file)],
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(told.stdout)


def replay(path: Path, file: Path) -> dict[str, float]:
    """Take a file in and settle; seconds by the clock and of processor time, and the peak of memory [MB]."""
    from careo.record.purchases.rule_files import load_rules
    from careo.record.purchases.state import State
    from careo.record.purchases.watch import Watch
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
    with closing(State(path)) as state:
        began, processor = time.perf_counter(), time.process_time()
        watch = Watch(state, tuple(rules.by_id.values()), rules.currency)
        taken = [watch.take(package) for package in packages_ahead(asked, terms)]
        before = time.perf_counter()
        watch.settle()
        ended = time.perf_counter()
    seconds = sorted(one.seconds for one in taken if one.releases >= 1_000) or [0.0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ahead = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return {
        "releases": sum(one.releases for one in taken),
        "seconds": ended - began,
        "processor": time.process_time() - processor,
        "ahead": ahead.ru_utime + ahead.ru_stime,
        "p50": statistics.median(seconds),
        "p99": seconds[int(len(seconds) * 0.99)],
        "settled": ended - before,
        "peak_mb": peak / unit,
        "ahead_mb": ahead.ru_maxrss / unit,
    }


def _cardinal(folder: Path, size: int) -> Iterator[tuple[str, float | str]]:
    binary = os.environ.get("OCDSCARDINAL")
    if not binary:
        yield "OCP Cardinal", "not asked for: OCDSCARDINAL names no binary"
        return
    file, settings = folder / "compiled.jsonl", folder / "settings.ini"
    write(file, releases(size, compiled=True))
    settings.write_text(_CARDINAL, encoding="utf-8")
    began = time.perf_counter()
    ended = subprocess.run(
        [binary, "indicators", "--settings", str(settings), str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seconds = time.perf_counter() - began
    yield (
        f"OCP Cardinal, {size:,} compiled releases, whole [s]",
        seconds if not ended.returncode else f"left with {ended.returncode}",
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(replay(Path(sys.argv[1]), Path(sys.argv[2]))))
