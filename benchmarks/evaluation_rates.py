"""How often whole verdicts of `careo evaluate` refuse what was never treated: `python -m benchmarks.evaluation_rates`.

On registered homicides of Mexico's 32 states, 1990 to 2015, treatments are invented where nothing was done, as many places as asked at one
date, six years before it and two after it; each is put through the design, its checks and the verdict as `careo evaluate` would.

    random   any places                                  asked: at least 70% pass (are not inconclusive)
    worst    those with the highest rate of the last year  asked: at least 95% are refused
    risen    those whose rate rose most in the last year   no figure is asked; told beside

Draws with even numbers are for choosing rules, odd ones for reporting (`--half`). Places of random draws are independent, dates are not: 200
draws fall on some 19 separate years, and the worst at neighbouring dates are mostly the same places; Wilson's intervals know nothing of it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from careo.panel import load_country
from careo.panel.monthly import monthly_population, monthly_values
from careo.panel.places import shipped_neighbours
from careo.results.evaluate import judge, run_design
from careo.run.setting import Setting

BEFORE, AFTER = 72, 24
FIRST, LAST = "1990-01", "2015-12"
KINDS = ("random", "worst", "risen")
HALVES = ("choose", "report", "all")
DRAWS = 499


@dataclass(frozen=True)
class Cell:
    """One row of the table: kind of invented treatment, treated places, scale of the setting."""

    kind: str
    treated: int
    scale: str


@dataclass(frozen=True, eq=False)
class States:
    """The record: codes, months, counts and people `[place, month]`, row-normalised borders."""

    places: tuple[str, ...]
    months: np.ndarray
    counts: np.ndarray
    people: np.ndarray
    borders: np.ndarray


@cache
def states() -> States:
    """Registered homicides by state and month."""
    country = load_country("mexico")
    name = "homicide_inegi_registered"
    values = monthly_values(country, places=["state"], indicators=[name])
    months = np.arange(np.datetime64(FIRST), np.datetime64(LAST) + 1)
    seen = values.months.astype("datetime64[M]")
    _, ours, theirs = np.intersect1d(months, seen, return_indices=True)
    counts = np.full((len(values.places), len(months)), np.nan)
    counts[:, ours] = values.values[name][:, theirs]
    wider = np.arange(months[0], months[-1] + 1 + 12)
    people = np.array(monthly_population(country, values.places, wider))[:, : len(months)]
    known = np.argmax(np.isfinite(people), axis=1)  # the first mid-year is carried back, as a setting does
    for row, first in zip(people, known, strict=True):
        row[:first] = row[first]
    beside = shipped_neighbours()
    borders = np.array([[float(b in beside.get(a, ())) for b in values.places] for a in values.places])
    borders /= np.maximum(borders.sum(axis=1, keepdims=True), 1)
    return States(values.places, months, counts, people, borders)


def invent(cell: Cell, draw: int) -> Setting:
    """The setting of one invented treatment; the same draw is the same date and places on both scales."""
    record = states()
    dates = np.arange(BEFORE, len(record.months) - AFTER)
    luck = np.random.default_rng((cell.treated, draw))
    if cell.kind == "random":
        at = int(luck.choice(dates))
        who = luck.choice(len(record.places), cell.treated, replace=False)
    else:
        at = int(np.random.default_rng(0).permutation(dates)[draw % len(dates)])
        last = record.counts[:, at - 12 : at].sum(axis=1) / record.people[:, at - 12 : at].mean(axis=1)
        year = record.counts[:, at - 24 : at - 12].sum(axis=1) / record.people[:, at - 24 : at - 12].mean(
            axis=1
        )
        score = last if cell.kind == "worst" else last - year
        who = np.argsort(-score, kind="stable")[: cell.treated]
    start = np.full(len(record.places), -1)
    start[who] = BEFORE
    seen = slice(at - BEFORE, at + AFTER)
    first: date = record.months[at - BEFORE].astype("datetime64[D]").item()
    return Setting(
        record.counts[:, seen], record.people[:, seen], record.places, first, start, (start >= 0).astype(np.float64), start < 0,
        record.borders, scale=cell.scale, seed=draw,
    )  # fmt: skip


def verdict_of(cell: Cell, draw: int, fakes: int = 500) -> dict[str, Any]:
    """One whole verdict, with the checks that failed and what each measured."""
    setting = invent(cell, draw)
    _, estimates, checks = run_design(setting, DRAWS, fakes=fakes)
    verdict = judge(estimates, checks)
    return {
        "kind": cell.kind, "treated": cell.treated, "scale": cell.scale, "draw": draw, "first": str(setting.first),
        "verdict": verdict.word, "reason": verdict.reason,
        "failed": [check.name for check in checks if check.gate and check.passed is False],
        "checks": {check.name: {key: float(value) for key, value in check.figures.items()} for check in checks},
        "p": [(one.method, one.scale, one.window[0], one.base, one.p, one.effect) for one in estimates],
    }  # fmt: skip


def wilson(hits: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927)."""
    if not trials:
        return 0.0, 1.0
    share, wide = hits / trials, z * z / trials
    middle = (share + wide / 2) / (1 + wide)
    half = z * math.sqrt(share * (1 - share) / trials + wide / trials / 4) / (1 + wide)
    return middle - half, middle + half


def draws_of(half: str, count: int) -> list[int]:
    """Numbers of so many draws of a half."""
    step, offset = (1, 0) if half == "all" else (2, HALVES.index(half))
    return [offset + step * k for k in range(count)]


def table(rows: Iterable[dict[str, Any]]) -> str:
    """Markdown: one line a cell, with the gates that failed most."""
    cells: dict[Cell, list[dict[str, Any]]] = {}
    for row in rows:
        cells.setdefault(Cell(row["kind"], row["treated"], row["scale"]), []).append(row)
    told = [
        "| treatment | states | scale | n | claimed | pass, % (95%) | refused by |",
        "|---|---|---|---|---|---|---|",
    ]
    for cell, found in sorted(cells.items(), key=lambda item: (item[0].kind, item[0].treated, item[0].scale)):
        passed = sum(row["verdict"] != "inconclusive" for row in found)
        claimed = sum(row["verdict"] in ("increased", "decreased") for row in found)
        low, high = wilson(passed, len(found))
        failed = Counter(name for row in found for name in row["failed"])
        why = ", ".join(f"{name} {count}" for name, count in failed.most_common(7))
        told.append(
            f"| {cell.kind} | {cell.treated} | {cell.scale} | {len(found)} | {claimed} "
            f"| {100 * passed / len(found):.0f} ({100 * low:.0f}–{100 * high:.0f}) | {why} |"
        )
    return "\n".join(told)


def _one(task: tuple[Cell, int, int]) -> dict[str, Any]:
    return verdict_of(*task)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the cells and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--treated", nargs="+", type=int, default=[1, 3, 6, 10])
    parser.add_argument("--scales", nargs="+", choices=("rate", "log"), default=["rate", "log"])
    parser.add_argument("--fakes", type=int, default=200, help="a cell")
    parser.add_argument("--nested", type=int, default=500, help="invented treatments behind each size check")
    parser.add_argument("--half", choices=HALVES, default="report")
    parser.add_argument("--rows", type=Path, help="where each verdict is written, one JSON line each")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(arguments)
    tasks = [
        (Cell(kind, treated, scale), draw, asked.nested)
        for treated in asked.treated
        for kind in asked.kinds
        for scale in asked.scales
        for draw in draws_of(asked.half, asked.fakes)
    ]
    with ProcessPoolExecutor(asked.processes) as pool:
        rows = list(pool.map(_one, tasks, chunksize=4))
    if asked.rows:
        asked.rows.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
