"""How fast pages are read: cold starts as whole processes, warm rates in one process on one core, on the pages of the second labelled set."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.evaluate import SECOND
from benchmarks.processes import cold


def rows(*, quick: bool) -> list[tuple[str, float]]:
    """What is measured, in the order it is printed."""
    import careo as api

    pages = sorted((SECOND / "pages").glob("*.txt"))
    panel, least, runs = api.load_country(), 0.5 if quick else 3.0, 3 if quick else 7
    with tempfile.TemporaryDirectory() as folder:
        names = [str(page) for page in pages[:5]]
        found: list[tuple[str, float]] = [
            ("careo --help, cold [s]", cold(["--help"], runs)),
            ("careo audit of five pages, cold [s]", cold(["audit", *names, "-o", f"{folder}/dossier"], 3)),
        ]
    read = per_second(api.read, pages, least)
    words = per_second(lambda page: api.statements(api.read(page), panel), pages, least)
    full = per_second(
        lambda page: api.check_figures(api.statements(api.read(page), panel), panel), pages, least
    )
    found += [
        ("read, warm [pages/s]", read),
        ("read + statements, warm [pages/s]", words),
        ("read + statements + check, warm [pages/s]", full),
        ("time of all three / time of reading", read / full),
        ("number reader [MB/s]", megabytes_per_second(pages, least)),
    ]
    first, last = memory(api, panel, pages, (100, 1000) if quick else (1000, 10_000))
    at = ("100", "1,000") if quick else ("1,000", "10,000")
    found += [(f"memory at {at[0]} pages [MB]", first), (f"memory at {at[1]} pages [MB]", last)]
    found.append((f"memory at {at[1]} pages / at {at[0]}", last / first))
    return found


def per_second(work: Callable[[Path], object], pages: Sequence[Path], least: float) -> float:
    """Pages a second over at least `least` seconds, after one round to warm up."""
    for page in pages:
        work(page)
    begin, done = time.perf_counter(), 0
    while time.perf_counter() - begin < least:
        for page in pages:
            work(page)
        done += len(pages)
    return done / (time.perf_counter() - begin)


def resident() -> float:
    """Resident memory now, in MB; the peak where the system tells no more."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(
            line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS")
        )
        return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def memory(api: Any, panel: Any, pages: Sequence[Path], marks: tuple[int, int]) -> tuple[float, float]:
    """Resident memory after reading as many pages as the marks say, every page under a name and with words of its own."""
    seen: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, marks[1] + 1):
            page = pages[number % len(pages)]
            # a text of its own each time: a cache keyed by text must not hide, nor a growing one look innocent
            path = Path(folder) / f"page{number}.txt"
            path.write_text(
                f"{page.read_text(encoding='utf-8')}\nPage {number} of this run.\n", encoding="utf-8"
            )
            api.check_figures(api.statements(api.read(path), panel), panel)
            path.unlink()
            if number in marks:
                seen.append(resident())
    return seen[0], seen[-1]


def megabytes_per_second(pages: Sequence[Path], least: float) -> float:
    """Speed of the number reader on the text of the pages."""
    from careo.base.numbers import read_numbers

    texts = [(page.read_text(encoding="utf-8"), "es" if "_es_" in page.name else "en") for page in pages]
    size = sum(len(text.encode()) for text, _ in texts) / 1e6
    for text, language in texts:
        read_numbers(text, language)
    begin, rounds = time.perf_counter(), 0
    while time.perf_counter() - begin < least:
        for text, language in texts:
            read_numbers(text, language)
        rounds += 1
    return size * rounds / (time.perf_counter() - begin)
