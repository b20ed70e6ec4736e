"""How fast careo is: `make bench` or `python -m benchmarks.bench [reading] [data] [laboratory] [evaluation] [purchases] [web]`,
all by default.

Cold starts are whole processes, as a user starts them; warm rates are one process. Medians of a few runs; ratios only between
numbers of one run. `--quick` does less of everything, and no official data.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import (
    laboratory,
    official_data,
    purchases,
    reading,
    synthetic_controls,
    web_laboratory,
    web_load,
)
from benchmarks.evaluate import ROOT, versions

ASKED = {
    "careo --help, cold [s]": ("<", 0.3),
    "careo audit of five pages, cold [s]": ("<", 3.0),
    "read + statements, warm [pages/s]": (">", 100.0),
    "memory at 10,000 pages / at 1,000": ("<", 1.1),
    "import of the municipal file, cold [s]": ("<", 10.0),
    "import of the municipal file, peak [MB]": ("<", 2000.0),
    "the pandas way / import": (">", 5.0),
    "municipal panel, warm [s]": ("<", 0.5),
    "careo, two threads [ns/cell]": ("<", 60.0),
    "careo simulate from nothing to its first draws on disk [s]": ("<", 1.0),
    "six strategies, 1,000 draws, a whole process [s]": ("<", 2.0),
    "two strategies, 200 draws, warm [ms]": ("<", 100.0),
    "slider on two levers, page to page, median [ms]": ("<", 150.0),
    "slider on two levers, 95% [ms]": ("<", 150.0),
    "slider on a whole strategy, 95% [ms]": ("<", 150.0),
    "reading pages, 50 users, p95 [ms]": ("<", 150.0),
    "reading pages, answers other than 200": ("<", 1.0),
    "memory of the server, growth a 1,000 requests [MB]": ("<", 1.0),
    "network model, 1,000 draws, two threads, warm [s]": ("<", 10.0),
    "placebo loop, synthetic control, 500 units × 96 months [s]": ("<", 2.0),
    "placebo loop, synthetic control, 2,000 units × 96 months [s]": ("<", 30.0),
    "placebo loop, synthetic difference, 500 units × 96 months [s]": ("<", 2.0),
    "placebo loop, synthetic difference, 2,000 units × 96 months [s]": ("<", 30.0),
    "purchases, 20,000 releases [releases/s]": (">", 20_000.0),
    "purchases, 200,000 releases [releases/s]": (">", 20_000.0),
    "purchases, 200,000: a package of 1,000, first seen to told, p99 [s]": ("<", 1.0),
    "purchases, 200,000: peak [MB]": ("<", 150.0),
    "purchases, memory at the largest / at a tenth of it": ("<", 1.1),
    "everything again / one more package": (">", 10.0),
}
Row = tuple[str, float | str]

LIBRARIES = {
    "reading": (),
    "data": ("polars", "pandas"),
    "laboratory": ("numpy", "numba", "scipy", "mesa", "pysd", "ema-workbench"),
    "evaluation": ("numpy", "numba", "pysyncon"),
    "purchases": ("msgspec",),
    "web": ("fastapi", "uvicorn", "jinja2"),
}
"""What else the numbers of a part depend on."""

WIDTH = 74


def parts(*, quick: bool) -> dict[str, Callable[[], Iterable[Row]]]:
    """The rows of each part, in the order they are printed."""
    return {
        "reading": lambda: reading.rows(quick=quick),
        "data": lambda: [] if quick else official_data.rows(),
        "laboratory": lambda: laboratory.rows(quick=quick),
        "evaluation": lambda: synthetic_controls.rows(quick=quick),
        "purchases": lambda: purchases.rows(quick=quick),
        "web": lambda: chain(web_laboratory.rows(quick=quick), web_load.rows(quick=quick)),
    }


def line(row: Row) -> str:
    """A row, asked beside measured."""
    name, value = row
    sign, asked = ASKED.get(name, ("", 0.0))
    wanted = f"{sign} {asked:g}" if sign else ""
    if isinstance(value, str):
        return f"{name.ljust(WIDTH)}  {wanted:>8}  {value}"
    missed = (sign == "<" and value >= asked) or (sign == ">" and value <= asked)
    digits = f"{value:.3g}" if abs(value) < 1000 or not math.isfinite(value) else f"{value:.0f}"
    return f"{name.ljust(WIDTH)}  {wanted:>8}  {digits}{'  missed' if missed else ''}"


def show(rows: Iterable[Row]) -> str:
    """The rows as a table."""
    return "\n".join([f"{'measure'.ljust(WIDTH)}  {'asked':>8}  measured", *map(line, rows)])


def processor() -> str:
    """What computes: the processor, how many cores of it, and how many programs want one now; with more than cores, clocks say little."""
    told = Path("/proc/cpuinfo")
    names = [
        row.split(":", 1)[1].strip()
        for row in (told.read_text(encoding="utf-8").splitlines() if told.is_file() else ())
        if row.startswith("model name")
    ]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{names[0] if names else 'processor unknown'}, {os.cpu_count()} cores{load}"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print, each row when it is known."""
    parser = argparse.ArgumentParser(prog="benchmarks.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(LIBRARIES)}; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer runs, pages and draws; no official data")
    options = parser.parse_args(argv)
    chosen = options.parts or list(LIBRARIES)
    if wrong := [name for name in chosen if name not in LIBRARIES]:
        parser.error(f"no such part: {', '.join(wrong)}; there are {', '.join(LIBRARIES)}")
    sys.path.insert(0, str(ROOT / "src"))
    for name in chosen:
        sys.stdout.write(f"── {name}: {versions(LIBRARIES[name])}; {processor()}\n\n{show(())}\n")
        sys.stdout.flush()
        for row in parts(quick=options.quick)[name]():
            sys.stdout.write(f"{line(row)}\n")
            sys.stdout.flush()
        sys.stdout.write(f"\n({processor()} at the end)\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
