"""A run before a number is drawn: its question, its ensembles, all that its numbers depend on, and what it will cost.

A run holds several ensembles under the same luck: `main`, `without-D` (effects of that grade left out, where there are any), and
`members-<n>` for the numbers of members that are always shown side by side.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from careo.evidence.levers import Lever, load_levers
from careo.model.kernel import run_draws
from careo.model.lanes import LANES
from careo.panel import Country
from careo.record.strategy import Strategy
from careo.run.calibrate import constants_key
from careo.run.ensemble import BLOCK, Job, Question, prepare
from careo.run.history import CompanionLevels
from careo.run.parameters import MEMBERSHIP_SWEEP, neighbours, parameters_key
from careo.run.run_files import digest_of
from careo.run.scenario import scenario_key

if TYPE_CHECKING:
    import xarray as xr

SCHEMA = "careo.run/1"
MAIN, WITHOUT_D = "main", "without-D"
MOST_DRAWS, MOST_MONTHS, MOST_SEED = 1_000_000, 600, 2**64 - 1
"""More of draws or months is a mistake of typing, or somebody's attempt to fill the disk."""
EXACT_DRAWS = 10_000
"""Up to so many draws, what is looked at is held draw by draw and quantiles are exact; beyond, in bins with a stated error."""
SWEEP_DRAWS = 2 * BLOCK
"""Draws of each number of members: the first ones, which are the same worlds as those of the main ensemble."""

_PROCESS_BYTES = 250_000_000
"""What careo takes with compiled kernels and a country's record in memory, measured with Mexico's."""
_MUNICIPAL_BYTES = 6
"""Of a municipality, year, draw and strategy: two as they are kept, and a share of what a comparison unfolds at a time."""
_BINS_BYTES = 14_000
"""What the bins of one quantity of one place and year take beyond the exact draws, measured with Mexico's states."""
_CODE = (
    "model/luck.py", "model/quantiles.py", "model/laws.py", "model/lanes.py", "model/kernel.py", "model/counts.py", "model/forecast.py",
    "model/mechanisms.py",
    "model/municipal.py", "run/effects.py", "run/ensemble.py", "run/parameters.py", "run/parameter_table.py", "run/history.py",
    "run/municipal.py", "run/municipal_record.py",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variant:
    """One ensemble of a run.

    Attributes:
        name: "main", "without-D" or "members-30000". draws: how many, from the first on.
        members_nation: members in month 0 [persons]; None: drawn. without: grades of evidence left out.
    """

    name: str
    draws: int
    members_nation: float | None = None
    without: tuple[str, ...] = ()

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """First draw and number of draws of each block."""
        return tuple((first, min(BLOCK, self.draws - first)) for first in range(0, self.draws, BLOCK))


@dataclass(frozen=True, eq=False)
class Plan:
    """A run before a number is drawn, with every mistake found.

    Attributes:
        job: of the main ensemble. variants: see `Variant`. depends: what the numbers rest on → its digest.
    """

    job: Job
    variants: tuple[Variant, ...]
    depends: Mapping[str, str]

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits of the digest of all that the numbers depend on."""
        return _id_of(self.question, self.variants, self.depends)

    @property
    def question(self) -> dict[str, Any]:
        """What was asked, as the manifest has it."""
        job = self.job
        return {
            "country": job.country.key,
            "strategies": [scenario.name for scenario in job.scenarios],
            "months": job.months,
            "draws": self.variants[0].draws,
            "seed": job.seed,
            "start": job.start.isoformat()[:7],
            "members_nation": job.members_nation,
            "without": sorted(job.without),
            "outcomes": list(job.outcomes),
            "places": "municipality" if job.municipal else "state",
        }


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will cost: cells are places × months × strategies × draws, over all its ensembles."""

    cells: int
    seconds: float
    memory_bytes: int
    disk_bytes: int


def plan_run(
    strategies: Sequence[Strategy],
    panel: Country | xr.Dataset | None = None,
    *,
    draws: int = 1000,
    sweep: bool = True,
    **question: Unpack[Question],
) -> Plan:
    """A run with every mistake found, before a number is drawn or a byte written. Arguments as of `simulate`.

    Args:
        sweep: whether the numbers of members that no count can tell apart are run, too.

    Raises:
        DataError: a mistake in a strategy; two strategies of one name; a start before the record ends.
    """
    job = prepare(strategies, panel, **question)
    return plan_of(job, draws=draws, sweep=sweep)


def plan_of(job: Job, *, draws: int, sweep: bool = True) -> Plan:
    """The plan of a job: its ensembles, and digests of all that the numbers depend on."""
    variants = [Variant(MAIN, draws, job.members_nation, tuple(sorted(job.without)))]
    if "D" not in job.without and _rests_on(job, "D"):
        variants.append(Variant(WITHOUT_D, draws, job.members_nation, tuple(sorted({*job.without, "D"}))))
    if sweep:
        variants += [
            Variant(f"members-{members}", min(draws, SWEEP_DRAWS), float(members), tuple(sorted(job.without)))
            for members in MEMBERSHIP_SWEEP
        ]
    depends = {
        **{f"strategy:{scenario.name}": scenario_key(scenario) for scenario in job.scenarios},
        "history": digest_of([job.history.places, job.history.first, job.history.counts, job.history.exposure_days]),
        "forecast": constants_key(job.constants),
        "companions": digest_of([sorted(job.companions.missing), *_rates(job.companions)]),
        **outside(job),
    }  # fmt: skip
    if job.municipal:
        depends["municipalities"] = digest_of([job.municipal])
    return Plan(job, tuple(variants), depends)


def engine_compiled() -> bool:
    """Whether the engine was compiled on this computer before; the first run after an installation takes some 20 s longer."""
    return any(Path(run_draws.stats.cache_path or ".").glob("kernel.run_draws-*.nbi"))


def estimate_run(plan: Plan, *, threads: int | None = None) -> Estimate:
    """What a run will cost, from a short trial: two blocks of few draws, whose difference is what a draw takes."""
    job, few, more = plan.job, LANES, 2 * LANES  # whole groups: the kernel takes as long for a part of one
    job.run((0, few))  # kernels are compiled, or read from their cache
    clock = [time.perf_counter()]
    for draws in (few, more):
        job.run((0, draws))
        clock.append(time.perf_counter())
    short, long = clock[1] - clock[0], clock[2] - clock[1]
    by_draw = max(long - short, 0.0) / (more - few)
    by_block = max(short - few * by_draw, 0.0)
    draws = sum(variant.draws for variant in plan.variants)
    blocks = sum(len(variant.blocks) for variant in plan.variants)
    workers = min(threads or os.cpu_count() or 1, blocks)
    strategies, places = len(job.scenarios), len(job.history.places)
    years, counted = -(-job.months // 12), len(job.outcomes)
    numbers = strategies * (places * years * counted + job.months * counted)
    members = strategies * places * years
    municipal, seconds = 0, by_block * blocks + by_draw * draws / workers
    if job.municipal:  # counted in the main ensemble alone
        municipal = strategies * len(job.municipal.record.codes) * years * plan.variants[0].draws
        seconds -= _splitting(job, by_draw, few, more) * (draws - plan.variants[0].draws) / workers
    return Estimate(
        cells=strategies * places * job.months * draws + municipal // years * job.months,
        seconds=max(seconds, 0.0),  # what a block begins with holds the interpreter
        memory_bytes=_PROCESS_BYTES
        + 24 * (numbers + members) * BLOCK * workers
        + _held_bytes(plan)
        + _MUNICIPAL_BYTES * municipal,
        disk_bytes=(4 * numbers + 8 * members) * draws + 2 * municipal,
    )


def _splitting(job: Job, by_draw: float, few: int, more: int) -> float:
    """What counting municipalities adds to a draw [s]."""
    plain = replace(job, split=False)
    clock = [time.perf_counter()]
    for draws in (few, more):
        plain.run((0, draws))
        clock.append(time.perf_counter())
    return max(by_draw - max(clock[2] - 2 * clock[1] + clock[0], 0.0) / (more - few), 0.0)


def _held_bytes(plan: Plan) -> int:
    """What comparing holds in memory: all counts by year of the main ensemble, or bins; whatever the number of draws, no more."""
    job, draws = plan.job, plan.variants[0].draws
    strategies, places, years, counted = (
        len(job.scenarios),
        len(job.history.places),
        -(-job.months // 12),
        len(job.outcomes),
    )
    if draws <= EXACT_DRAWS:
        at_once = (
            6 * 8 * (places + 1) * (years + 1) * draws
        )  # of one outcome and strategy, while quantiles are taken
        return 4 * strategies * counted * places * years * draws + at_once
    quantities = counted * (2 * strategies - 1) + strategies
    return _BINS_BYTES * quantities * (places + 1) * (years + 1)


def _id_of(question: Mapping[str, Any], variants: Sequence[Variant], depends: Mapping[str, str]) -> str:
    asked = {key: value for key, value in question.items() if key != "country"}  # its data are digested
    whole = [SCHEMA, BLOCK, asked, [asdict(variant) for variant in variants], dict(depends)]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:12]


def outside(job: Job) -> dict[str, str]:
    """What a folder does not hold: the numbers of levers in use, the parameters, and the code that computes."""
    levers = load_levers(job.country.key)
    used = [levers[name] for name in sorted(_used(job)) if name in levers]
    matrix = digest_of([neighbours(job.country, job.history.places)])
    return {
        "levers": digest_of([_numbers(lever) for lever in used]),
        "parameters": f"{parameters_key(job.country)[:32]}{matrix[:32]}",
        "model": code_digest(),
    }


def _numbers(lever: Lever) -> str:
    """All of a lever that a simulated number can depend on; notes are words about it."""
    effects = [repr(replace(effect, note=None)) for effect in lever.effects]
    links = [repr(replace(link, note=None)) for link in lever.links]
    return repr((lever.code, lever.dose_kind, lever.grade, repr(lever.lag), effects, links))


def _used(job: Job) -> set[str]:
    return {lever for scenario in job.scenarios for lever in scenario.levers}


def _rests_on(job: Job, grade: str) -> bool:
    """Whether an effect in use has this grade."""
    levers = load_levers(job.country.key)
    used = [levers[name] for name in _used(job) if name in levers]
    return any((part.grade or one.grade) == grade for one in used for part in (*one.effects, *one.links))


def _rates(companions: CompanionLevels) -> list[object]:
    return [item for name in sorted(companions.levels) for item in (name, companions.levels[name].monthly)]


@cache
def code_digest() -> str:
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for name in _CODE:
        digest.update((root / name).read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@cache
def computer() -> dict[str, str]:
    """What can move the last bits of a number; a run is finished on the kind of machine it was begun on."""
    return {"numpy": version("numpy"), "numba": version("numba"), "machine": platform.machine()}
