"""How fast careo is: `make bench` or `python -m benchmarks.bench`.

Cold starts are whole processes, as a user starts them; warm rates are one process on one core, on the pages of the second
labelled set. Medians of a few runs; ratios only between numbers of one run. `--quick` walks 1,000 pages instead of 10,000.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.evaluate import ROOT, SECOND, versions
from benchmarks.municipal_file import pandas_cost, write_municipal_file

ASKED = {
    "careo --help, cold [s]": ("<", 0.3),
    "careo audit of five pages, cold [s]": ("<", 3.0),
    "read + statements, warm [pages/s]": (">", 100.0),
    "memory at 10,000 pages / at 1,000": ("<", 1.1),
    "import of the municipal file, cold [s]": ("<", 10.0),
    "import of the municipal file, peak [MB]": ("<", 2000.0),
    "the pandas way / import": (">", 5.0),
    "municipal panel, warm [s]": ("<", 0.5),
}
Row = tuple[str, float]


def cold(arguments: Sequence[str], runs: int) -> float:
    """Median seconds of whole careo processes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "careo", *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


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


def official_data(years: int, runs: int) -> list[Row]:
    """Importing the national municipal file and loading the panel of one indicator of it, beside the straightforward pandas way.

    Each import is a whole process with an empty data folder, as somebody types it; medians of the runs.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "municipal.csv"
        rows = write_municipal_file(file, years=years)
        seconds: list[float] = []
        peaks: list[float] = []
        for run in range(runs):
            environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "CAREO_HOME": f"{folder}/home{run}"}
            took, peak = _whole_process(["-m", "careo", "data", "import", str(file)], environment)
            seconds.append(took)
            peaks.append(peak)
        slow, large = pandas_cost(file)
        panel = _panel_seconds(
            {**os.environ, "PYTHONPATH": str(ROOT / "src"), "CAREO_HOME": f"{folder}/home0"}
        )
    mine = statistics.median(seconds)
    return [
        ("rows of the municipal file [million]", rows / 1e6),
        ("import of the municipal file, cold [s]", mine),
        ("import of the municipal file, peak [MB]", max(peaks)),
        ("the pandas way [s]", slow),
        ("the pandas way, peak [MB]", large),
        ("the pandas way / import", slow / mine),
        ("municipal panel, warm [s]", panel),
    ]


def _whole_process(arguments: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds and peak memory [MB] of a Python process."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} left with {process.returncode}")
    return time.perf_counter() - begin, used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _panel_seconds(environment: dict[str, str]) -> float:
    """Seconds to load one indicator of every municipality, libraries already imported; median of five."""
    code = (
        "import statistics, time, careo\n"
        "careo.load_panel(places=['nation'])\n"
        "def once():\n"
        "    begin = time.perf_counter()\n"
        "    panel = careo.load_panel(places=['municipality'], indicators=['homicide_sesnsp_case_files'])\n"
        "    assert panel.sizes['place'] > 2400 and panel.sizes['month'] > 100, dict(panel.sizes)\n"
        "    return time.perf_counter() - begin\n"
        "print(statistics.median(once() for _ in range(5)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def measure(api: Any, *, quick: bool) -> list[Row]:
    """All rows of the benchmark, in the order they are printed."""
    pages = sorted((SECOND / "pages").glob("*.txt"))
    panel, least, runs = api.load_country(), 0.5 if quick else 3.0, 3 if quick else 7
    with tempfile.TemporaryDirectory() as folder:
        names = [str(page) for page in pages[:5]]
        rows: list[Row] = [
            ("careo --help, cold [s]", cold(["--help"], runs)),
            ("careo audit of five pages, cold [s]", cold(["audit", *names, "-o", f"{folder}/dossier"], 3)),
        ]
    read = per_second(api.read, pages, least)
    words = per_second(lambda page: api.statements(api.read(page), panel), pages, least)
    full = per_second(
        lambda page: api.check_figures(api.statements(api.read(page), panel), panel), pages, least
    )
    rows += [
        ("read, warm [pages/s]", read),
        ("read + statements, warm [pages/s]", words),
        ("read + statements + check, warm [pages/s]", full),
        ("time of all three / time of reading", read / full),
        ("number reader [MB/s]", megabytes_per_second(pages, least)),
    ]
    first, last = memory(api, panel, pages, (100, 1000) if quick else (1000, 10_000))
    at = ("100", "1,000") if quick else ("1,000", "10,000")
    rows += [(f"memory at {at[0]} pages [MB]", first), (f"memory at {at[1]} pages [MB]", last)]
    rows.append((f"memory at {at[1]} pages / at {at[0]}", last / first))
    return rows if quick else [*rows, *official_data(years=10, runs=3)]


def show(rows: Sequence[Row]) -> str:
    """The rows as a table, asked beside measured."""
    width = max(len(name) for name, _ in rows)
    lines = [f"{'measure'.ljust(width)}  {'asked':>8}  measured"]
    for name, value in rows:
        sign, asked = ASKED.get(name, ("", 0.0))
        wanted = f"{sign} {asked:g}" if sign else ""
        missed = (sign == "<" and value >= asked) or (sign == ">" and value <= asked)
        lines.append(f"{name.ljust(width)}  {wanted:>8}  {value:.3g}{'  missed' if missed else ''}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer runs, 1,000 pages for the memory, no official data"
    )
    options = parser.parse_args(argv)
    sys.path.insert(0, str(ROOT / "src"))
    import careo

    sys.stdout.write(f"{versions()}; {os.cpu_count()} cores\n\n")
    sys.stdout.write(f"{show(measure(careo, quick=options.quick))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
