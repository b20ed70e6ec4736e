"""How fast a run by municipality is: `python -m benchmarks.municipal_laboratory`, 2,475 municipalities × 72 months × 1,000 draws.

One strategy and the status quo, with a mask of 251 municipalities; states and levers are Mexico's, the municipal record is invented (gamma
weights within states), so nothing has to be imported. Seconds are of the blocks of draws on two threads with compiled kernels, then
of the whole process; the peak is the process's. On a shared machine compare CPU seconds, and only within one run.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import careo
from benchmarks.evaluate import versions
from careo.evidence.levers import load_levers
from careo.model.luck import Luck
from careo.model.quantiles import gamma_quantile
from careo.run.ensemble import BLOCK, Job, prepare, quiet_scenario
from careo.run.municipal import within_states
from careo.run.municipal_record import CONCENTRATION, CONCENTRATION_LOG_SD, DRIFT, MunicipalRecord
from careo.run.scenario import compile_scenario

ASKED_SECONDS, ASKED_BYTES = 12.0, 2_000_000_000
MASK = 251
STRATEGY, MEASURE = "pena-nieto-2013", "epn-m1"


def invented_job(months: int = 72) -> Job:
    """A job of Mexico by municipality whose record nobody counted."""
    country = careo.load_country()
    plain = prepare([], country, months=months)
    states = plain.history.places
    rows = {code: row for row, code in enumerate(states)}
    places = [p for p in country.places.by_code.values() if p.kind == "municipality" and p.parent in rows]
    places.sort(key=lambda place: (rows[place.parent], place.code))
    state = np.array([rows[place.parent] for place in places])
    codes = tuple(place.code for place in places)
    chances = Luck(1).uniform(0, 0, np.arange(len(codes)), [0, 1])
    weight = np.array([gamma_quantile(u, 0.3) for u in chances[:, 0]]) + 1e-3
    shares = weight / np.bincount(state, weight)[state]
    record = MunicipalRecord(
        codes=codes, state=state, numbers=np.array([int(code) for code in codes]), shares=shares, people=shares,
        years_before=np.zeros(len(states)), last=("2023-12",) * len(states), series=(), sources=(),
        concentration=CONCENTRATION, concentration_log_sd=CONCENTRATION_LOG_SD, drift=DRIFT,
    )  # fmt: skip
    mask = tuple(codes[j] for j in np.argsort(chances[:, 1])[:MASK])
    scenario = compile_scenario(
        careo.load_strategy(STRATEGY), country, months=months, start=plain.start, level="municipality",
        where={MEASURE: mask},
    )  # fmt: skip
    quiet = quiet_scenario(scenario.places, plain.start, months, "municipality")
    scenarios, part = within_states(record, states, (quiet, scenario), load_levers(country.key))
    return replace(plain, scenarios=scenarios, municipal=part)


def measure(draws: int = 1000, threads: int = 2) -> dict[str, float]:
    """Wall and CPU seconds of all blocks with compiled kernels, nanoseconds of CPU a cell (municipality-month-draw-strategy), peak bytes."""
    job = invented_job()
    job.run((0, 2))
    blocks = [(first, min(BLOCK, draws - first)) for first in range(0, draws, BLOCK)]
    wall, spent = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(job.run, blocks))
    wall, spent = time.perf_counter() - wall, time.process_time() - spent
    cells = 2 * parts[0][3].shape[1] * job.months * draws
    kept = sum(array.nbytes for part in parts for array in part)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "seconds": wall, "cpu_seconds": spent, "cpu_ns_per_cell": 1e9 * spent / cells, "kept_bytes": kept, "peak_bytes": peak
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what was measured beside what was asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args(arguments)
    begin = time.perf_counter()
    found = measure(asked.draws, asked.threads)
    print(versions())
    print(f"blocks of draws          {found['seconds']:8.1f} s   (asked: < {ASKED_SECONDS:.0f} on two cores)")
    print(
        f"  CPU                    {found['cpu_seconds']:8.1f} s   {found['cpu_ns_per_cell']:.0f} ns a cell"
    )
    print(f"with reading and checks  {time.perf_counter() - begin:8.1f} s")
    print(f"peak                     {found['peak_bytes'] / 1e6:8.0f} MB  (asked: < {ASKED_BYTES / 1e6:.0f})")
    print(f"kept of the draws        {found['kept_bytes'] / 1e6:8.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
