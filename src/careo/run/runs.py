"""Runs on disk: what was asked and all it rests on in one folder, and the drawn futures in blocks, each written whole or not at all.

    runs/<id>/manifest.json     the question, what the numbers depend on by digest, the scenarios in words and numbers
    runs/<id>/inputs.npy        its arrays, one after another
    runs/<id>/<variant>.<first draw>.<sha256>.npy      a block: counts by year, counts by month, members

The id is a digest of everything that the numbers depend on, so the same question has the same folder, and asking it again finds what
is there. A block carries its checksum in its name: one that was cut short or changed is noticed and computed anew. Nothing in a folder
tells the time, so a run that was killed and resumed has the bytes of one that was not.

A run holds several ensembles under the same luck: `main`, `without-D` (effects of that grade left out, where there are any), and
`members-<n>` for the numbers of members that are always shown side by side.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from careo.base.dates import Period
from careo.base.errors import CareoError, DataError, OutputError
from careo.base.files import writing
from careo.evidence.levers import Lever, load_levers
from careo.model.forecast import fit
from careo.panel import Country, country_of, load_country
from careo.record.strategy import Strategy
from careo.run.effects import LeftOut, plan_effects
from careo.run.ensemble import (
    BLOCK,
    STATUS_QUO,
    Ensemble,
    _gathered,  # pyright: ignore[reportPrivateUsage]
    _Job,  # pyright: ignore[reportPrivateUsage]
    _next_month,  # pyright: ignore[reportPrivateUsage]
    quiet_scenario,
)
from careo.run.history import CompanionLevel, CompanionLevels, History, companion_levels, homicide_history
from careo.run.parameters import MEMBERSHIP_SWEEP, neighbours, parameters_key, place_numbers
from careo.run.scenario import Dosed, NotSimulated, Scenario, compile_scenario, scenario_key
from careo.run.scenario_costs import MeasureCost

if TYPE_CHECKING:
    import xarray as xr

SCHEMA = "careo.run/1"
MAIN, WITHOUT_D = "main", "without-D"
SWEEP_DRAWS = 2 * BLOCK
"""Draws of each number of members: the first ones, which are the same worlds as those of the main ensemble."""

_MANIFEST, _INPUTS, _LOCK = "manifest.json", "inputs.npy", ".lock"
_ID = re.compile(r"[0-9a-f]{12}")
_BLOCK_FILE = re.compile(r"(?P<variant>[\w-]+)\.(?P<first>\d{6})\.(?P<sha>[0-9a-f]{16})\.npy")
_DRAFT = re.compile(r"\.(manifest\.json|inputs\.npy|[\w-]+\.\d{6}\.[0-9a-f]{16}\.npy)\..+")
_CODE = (
    "model/luck.py", "model/quantiles.py", "model/forecast.py", "model/mechanisms.py",
    "run/effects.py", "run/ensemble.py", "run/parameters.py", "run/history.py",
)  # fmt: skip
_PATIENCE_SECONDS = 0.5


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
        country: as given to `load_country`.
    """

    job: _Job
    variants: tuple[Variant, ...]
    depends: Mapping[str, str]
    country: str

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits of the digest of all that the numbers depend on."""
        return _id_of(self.question, self.variants, self.depends)

    @property
    def question(self) -> dict[str, Any]:
        """What was asked, as the manifest has it."""
        job = self.job
        return {
            "country": self.country,
            "strategies": [scenario.name for scenario in job.scenarios],
            "months": job.months,
            "draws": self.variants[0].draws,
            "seed": job.seed,
            "start": job.start.isoformat()[:7],
            "members_nation": job.members_nation,
            "without": sorted(job.without),
        }


@dataclass(frozen=True, eq=False)
class Run:
    """A run on disk.

    Attributes:
        id; path: its folder. question: what was asked. variants: its ensembles. computed_by: version of careo and of what computes.
        done, blocks: written so far, and all of them.
    """

    id: str
    path: Path
    question: Mapping[str, Any]
    variants: tuple[Variant, ...]
    computed_by: Mapping[str, str]
    done: int
    blocks: int

    @property
    def complete(self) -> bool:
        """Whether every block is there."""
        return self.done == self.blocks


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
    months: int = 72,
    draws: int = 1000,
    seed: int = 7,
    start: date | None = None,
    members_nation: float | None = None,
    without: frozenset[str] = frozenset(),
    sweep: bool = True,
) -> Plan:
    """A run with every mistake found, before a number is drawn or a byte written. Arguments as of `simulate`.

    Args:
        sweep: whether the numbers of members that no count can tell apart are run, too.

    Raises:
        DataError: a mistake in a strategy; two strategies of one name; a start before the record ends.
    """
    country = country_of(panel)
    names = [STATUS_QUO, *(strategy.slug for strategy in strategies)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError("run_twice", found=", ".join(twice))
    history = homicide_history(panel)
    after = _next_month(history.last)
    first = (start or after).replace(day=1)
    if first < after:
        raise DataError("simulate_start", where="--start", found=str(first), expected=str(after))
    compiled = (compile_scenario(s, country, months=months, start=first, level="state") for s in strategies)
    scenarios = (quiet_scenario(history.places, first, months), *compiled)
    companions = companion_levels(panel, places=history.places)
    job = _job(country, history, scenarios, companions, months, seed, first, members_nation, without)
    return plan_of(job, country.key, draws=draws, sweep=sweep)


def plan_of(job: _Job, country: str, *, draws: int, sweep: bool = True) -> Plan:
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
        "history": _digest([job.history.places, job.history.first, job.history.counts, job.history.exposure_days]),
        "companions": _digest([sorted(job.companions.missing), *_rates(job.companions)]),
        **_outside(job),
    }  # fmt: skip
    return Plan(job, tuple(variants), depends, country)


def estimate_run(plan: Plan, *, threads: int | None = None) -> Estimate:
    """What a run will cost, from a short trial: two blocks of few draws, whose difference is what a draw takes."""
    job, few, more = plan.job, 2, 18
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
    years, counted = -(-job.months // 12), 5
    numbers = strategies * (places * years * counted + job.months * counted)
    members = strategies * places * years
    return Estimate(
        cells=strategies * places * job.months * draws,
        seconds=by_block * blocks
        + by_draw * draws / workers,  # what a block begins with holds the interpreter
        memory_bytes=8 * (numbers + members) * (draws + plan.variants[0].draws),
        disk_bytes=(4 * numbers + 8 * members) * draws,
    )


def start_run(
    plan: Plan,
    folder: str | Path = "runs",
    *,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Computes a run into its folder; blocks that are there already are kept.

    Args:
        folder: of all runs. threads: as many as there are cores when not given. progress: called with blocks done and all blocks.

    Raises:
        OutputError: the folder cannot be written, or the disk is full; what was written stays sound.
        CareoError: another careo is at work on this run.
    """
    path = Path(folder) / plan.id
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "output_unwritable", where=str(path), found=error.strerror or str(error), fix="output"
        ) from error
    with _alone(path):
        if not (path / _MANIFEST).exists():
            _write_manifest(plan, path)
        _compute(plan, path, threads, progress)
        return _run_of(path)


def resume_run(
    name: str | Path,
    folder: str | Path = "runs",
    *,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Computes the blocks that a run lacks, and those that were damaged. The bytes are those of a run never stopped.

    Raises:
        DataError: no such run; one of another version; what its numbers depend on has changed since it began.
    """
    path = _find(name, folder)
    manifest = _manifest(path)
    with _alone(path):
        plan = _plan_from(path, manifest)
        now = {**_outside(plan.job), **_computer()}
        before = {**manifest["depends"], **manifest["computed_by"]}
        for part, digest in now.items():
            if before.get(part) != digest:
                raise DataError(
                    f"run_changed_{'computer' if part in _computer() else part}",
                    where=str(path),
                    expected=before.get(part, "")[:40],
                    found=digest[:40],
                    fix="run_anew",
                    id=path.name,
                )
        _compute(plan, path, threads, progress)
        return _run_of(path)


def read_run(name: str | Path, folder: str | Path = "runs", *, variant: str = MAIN) -> Ensemble:
    """An ensemble of a run.

    Args:
        name: id of the run, its first digits, or the path of its folder.

    Raises:
        DataError: no such run or variant; one that is not complete, of another version, or damaged.
    """
    path = _find(name, folder)
    manifest = _manifest(path)
    wanted = next((v for v in _variants(manifest) if v.name == variant), None)
    if wanted is None:
        names = " | ".join(v.name for v in _variants(manifest))
        raise DataError("run_variant", where=str(path), expected=names, found=repr(variant))
    files = _block_files(path)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for first, size in wanted.blocks:
        found = files.get((variant, first), ())
        if not found:
            missing = sum((wanted.name, begin) not in files for begin, _ in wanted.blocks)
            raise DataError(
                "run_incomplete", where=str(path), missing=missing, blocks=len(wanted.blocks), fix="run_resume",
                id=path.name,
            )  # fmt: skip
        part = _read_block(found[0], size) if len(found) == 1 else None
        if part is None:
            raise DataError("run_block", where=str(found[0]), fix="run_resume", id=path.name)
        parts.append(part)
    job = _plan_from(path, manifest).job
    job = replace(job, members_nation=wanted.members_nation, without=frozenset(wanted.without))
    left: tuple[LeftOut, ...] = _decoded(manifest["left_out"], ())
    return replace(_gathered(job, parts), left_out=left)


def find_run(name: str | Path, folder: str | Path = "runs") -> Run:
    """A run by its id, the first digits of it, or the path of its folder.

    Raises:
        DataError: no such run, several of them, or one of another version or damaged.
    """
    return _run_of(_find(name, folder))


def list_runs(folder: str | Path = "runs") -> tuple[tuple[Run, ...], tuple[CareoError, ...]]:
    """All runs of a folder by id, and what is wrong with folders that look like one."""
    found: list[Run] = []
    wrong: list[CareoError] = []
    for path in _folders(Path(folder)):
        try:
            found.append(_run_of(path))
        except CareoError as error:
            wrong.append(error)
    return tuple(found), tuple(wrong)


def remove_run(name: str | Path, folder: str | Path = "runs") -> str:
    """Removes a run and gives its id; files that careo did not write stay, and are named.

    Raises:
        DataError: no such run. OutputError: its folder holds other files. CareoError: another careo is at work on it.
    """
    path = _find(name, folder)
    with _alone(path):
        ours = sorted(p for p in path.iterdir() if _BLOCK_FILE.fullmatch(p.name) or _DRAFT.fullmatch(p.name))
        try:
            for file in (*ours, path / _INPUTS, path / _MANIFEST, path / _LOCK):
                file.unlink(missing_ok=True)
            others = sorted(file.name for file in path.iterdir())
            if not others:
                path.rmdir()
        except OSError as error:
            raise OutputError(
                "output_unwritable", where=str(path), found=error.strerror or str(error)
            ) from error
    if others:
        raise OutputError("run_others", where=str(path), found=", ".join(others[:6]))
    return path.name


def same_model(run: Run) -> bool:
    """Whether this careo computes as the one that began the run did, as far as its code tells."""
    return _manifest(run.path)["depends"]["model"] == _code_digest()


# ── computing ────────────────────────────────────────────────────────────────────────────────────────────────────


def _job(
    country: Country, history: History, scenarios: tuple[Scenario, ...], companions: CompanionLevels, months: int,
    seed: int, start: date, members_nation: float | None, without: frozenset[str],
) -> _Job:  # fmt: skip
    baseline = fit(history.counts, history.exposure, places=place_numbers(country, history.places))
    effects = plan_effects(scenarios, load_levers(country.key), without=without)
    return _Job(
        country,
        history,
        baseline,
        scenarios,
        companions,
        months,
        seed,
        start,
        members_nation,
        without,
        effects,
    )


def _varied(job: _Job, variant: Variant) -> _Job:
    """The job of an ensemble of the run."""
    without = frozenset(variant.without)
    effects = job.plan
    if without != job.without:
        effects = plan_effects(job.scenarios, load_levers(job.country.key), without=without)
    return replace(job, members_nation=variant.members_nation, without=without, plan=effects)


def _compute(
    plan: Plan, path: Path, threads: int | None, progress: Callable[[int, int], None] | None
) -> None:
    """Writes every block that is not there and sound."""
    for draft in path.iterdir():
        if _DRAFT.fullmatch(draft.name):
            draft.unlink(missing_ok=True)  # of a run that was killed; we hold the lock
    files = _block_files(path)
    wanted: list[tuple[Variant, tuple[int, int]]] = []
    for variant in plan.variants:
        for block in variant.blocks:
            found = files.get((variant.name, block[0]), ())
            if len(found) == 1 and _read_block(found[0], block[1]) is not None:
                continue
            for damaged in found:
                damaged.unlink(missing_ok=True)
            wanted.append((variant, block))
    total = sum(len(variant.blocks) for variant in plan.variants)
    done = total - len(wanted)
    if progress:
        progress(done, total)
    jobs = {variant.name: _varied(plan.job, variant) for variant in plan.variants}
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        futures = [
            pool.submit(_compute_block, jobs[variant.name], path, variant.name, block)
            for variant, block in wanted
        ]
        try:
            for future in as_completed(futures):
                future.result()
                done += 1
                if progress:
                    progress(done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _compute_block(job: _Job, path: Path, variant: str, block: tuple[int, int]) -> None:
    yearly, monthly, members = job.run(block)
    data = _bytes([_narrow(yearly), _narrow(monthly), members])
    name = f"{variant}.{block[0]:06d}.{hashlib.sha256(data).hexdigest()[:16]}.npy"
    with writing(path / name) as draft:
        draft.write_bytes(data)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else writes in this run's folder; a lock that a killed careo held is free."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(path / _LOCK, timeout=_PATIENCE_SECONDS, poll_interval=0.05):
            yield
    except Timeout as error:
        raise CareoError("run_busy", where=str(path), fix="run_busy") from error
    except OSError as error:
        raise OutputError(
            "output_unwritable", where=str(path), found=error.strerror or str(error), fix="output"
        ) from error


# ── blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _block_files(path: Path) -> dict[tuple[str, int], tuple[Path, ...]]:
    """Files of blocks by variant and first draw; one each in a sound run."""
    found: dict[tuple[str, int], tuple[Path, ...]] = {}
    for file in sorted(path.iterdir()):
        match = _BLOCK_FILE.fullmatch(file.name)
        if match:
            key = match["variant"], int(match["first"])
            found[key] = (*found.get(key, ()), file)
    return found


def _read_block(path: Path, draws: int) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Counts by year and by month, and members; None when the file is not what its name says."""
    data = path.read_bytes()
    match = _BLOCK_FILE.fullmatch(path.name)
    if match is None or hashlib.sha256(data).hexdigest()[:16] != match["sha"]:
        return None
    yearly, monthly, members = _arrays(data)
    if not draws == yearly.shape[-1] == monthly.shape[-1] == members.shape[-1]:
        return None
    return yearly.astype(np.int64), monthly.astype(np.int64), members


def _narrow(counts: np.ndarray) -> np.ndarray:
    """The same counts in half the room, where they fit."""
    fits = counts.size == 0 or max(abs(int(counts.min())), abs(int(counts.max()))) < 2**31
    return counts.astype("<i4") if fits else counts.astype("<i8")


def _bytes(arrays: Sequence[np.ndarray]) -> bytes:
    """Arrays in NumPy's own format, one after another; the same arrays are the same bytes."""
    stream = io.BytesIO()
    for array in arrays:
        np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
    return stream.getvalue()


def _arrays(data: bytes) -> list[np.ndarray]:
    stream, found = io.BytesIO(data), list[np.ndarray]()
    while stream.tell() < len(data):
        found.append(np.lib.format.read_array(stream, allow_pickle=False))
    return found


# ── manifests ────────────────────────────────────────────────────────────────────────────────────────────────────


def _write_manifest(plan: Plan, path: Path) -> None:
    job, arrays = plan.job, list[np.ndarray]()
    manifest: dict[str, Any] = {
        "schema": SCHEMA,
        "id": plan.id,
        "question": plan.question,
        "variants": [asdict(variant) for variant in plan.variants],
        "depends": dict(plan.depends),
        "computed_by": {"careo": version("careo"), **_computer()},
        "left_out": _encoded(job.plan.left_out, arrays),
        "scenarios": _encoded(job.scenarios, arrays),
        "history": _encoded(job.history, arrays),
        "companions": _encoded(job.companions, arrays),
    }
    inputs = _bytes(arrays)
    manifest["inputs"] = hashlib.sha256(inputs).hexdigest()
    manifest["checksum"] = _checksum(manifest)
    with writing(path / _INPUTS) as draft:
        draft.write_bytes(inputs)
    with writing(path / _MANIFEST) as draft:  # last: a folder with a manifest is a run
        text = json.dumps(manifest, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        draft.write_text(text, encoding="utf-8", newline="\n")


def _manifest(path: Path) -> dict[str, Any]:
    """The manifest of a run.

    Raises:
        DataError: it is damaged, or of another version.
    """
    file = path / _MANIFEST
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError("run_begun", where=str(path), fix="run_again") from error
    except (OSError, ValueError) as error:
        raise DataError("run_manifest", where=str(file), fix="run_anew", id=path.name) from error
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise DataError(
            "run_version", where=str(file), expected=SCHEMA, found=repr(schema), fix="run_anew", id=path.name
        )
    if found.get("checksum") != _checksum(found) or found.get("id") != path.name:
        raise DataError("run_manifest", where=str(file), fix="run_anew", id=path.name)
    return found


def _plan_from(path: Path, manifest: Mapping[str, Any]) -> Plan:
    """The plan that a folder was begun with."""
    file = path / _INPUTS
    try:
        data = file.read_bytes()
    except OSError:
        data = b""
    if hashlib.sha256(data).hexdigest() != manifest["inputs"]:
        raise DataError("run_manifest", where=str(file), fix="run_anew", id=path.name)
    arrays, asked = _arrays(data), manifest["question"]
    year, month = (int(part) for part in asked["start"].split("-"))
    job = _job(
        load_country(asked["country"]), _decoded(manifest["history"], arrays), _decoded(manifest["scenarios"], arrays),
        _decoded(manifest["companions"], arrays), asked["months"], asked["seed"], date(year, month, 1),
        asked["members_nation"], frozenset(asked["without"]),
    )  # fmt: skip
    return Plan(job, _variants(manifest), manifest["depends"], asked["country"])


def _run_of(path: Path) -> Run:
    manifest = _manifest(path)
    variants, files = _variants(manifest), _block_files(path)
    wanted = [(variant.name, first) for variant in variants for first, _ in variant.blocks]
    return Run(
        path.name, path, manifest["question"], variants, manifest["computed_by"], sum(k in files for k in wanted), len(wanted)
    )  # fmt: skip


def _variants(manifest: Mapping[str, Any]) -> tuple[Variant, ...]:
    return tuple(
        Variant(v["name"], v["draws"], v["members_nation"], tuple(v["without"])) for v in manifest["variants"]
    )


def _checksum(manifest: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in manifest.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if _ID.fullmatch(path.name) and path.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError("run_folder", where=str(folder), found=error.strerror or str(error)) from error


def _find(name: str | Path, folder: str | Path) -> Path:
    """The folder of a run by id, by the first digits of it, or by path."""
    text = str(name)
    by_path = Path(text)
    if os.sep in text and _ID.fullmatch(by_path.name) and by_path.is_dir():
        return by_path
    hits = [path for path in _folders(Path(folder)) if text and path.name.startswith(text)]
    if len(hits) != 1:
        key = "run_several" if hits else "run_none"
        raise DataError(
            key, where=str(folder), found=repr(text), expected=", ".join(p.name for p in hits), fix="run_list"
        )
    return hits[0]


# ── what the numbers depend on ───────────────────────────────────────────────────────────────────────────────────


def _id_of(question: Mapping[str, Any], variants: Sequence[Variant], depends: Mapping[str, str]) -> str:
    asked = {key: value for key, value in question.items() if key != "country"}  # its data are digested
    whole = [SCHEMA, BLOCK, asked, [asdict(variant) for variant in variants], dict(depends)]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:12]


def _outside(job: _Job) -> dict[str, str]:
    """What a folder does not hold: the numbers of levers in use, the parameters, and the code that computes."""
    levers = load_levers(job.country.key)
    used = [levers[name] for name in sorted(_used(job)) if name in levers]
    matrix = _digest([neighbours(job.country, job.history.places)])
    return {
        "levers": _digest([_numbers(lever) for lever in used]),
        "parameters": f"{parameters_key(job.country)[:32]}{matrix[:32]}",
        "model": _code_digest(),
    }


def _numbers(lever: Lever) -> str:
    """All of a lever that a simulated number can depend on; notes are words about it."""
    effects = [repr(replace(effect, note=None)) for effect in lever.effects]
    links = [repr(replace(link, note=None)) for link in lever.links]
    return repr((lever.code, lever.dose_kind, lever.grade, repr(lever.lag), effects, links))


def _used(job: _Job) -> set[str]:
    return {lever for scenario in job.scenarios for lever in scenario.levers}


def _rests_on(job: _Job, grade: str) -> bool:
    """Whether an effect in use has this grade."""
    levers = load_levers(job.country.key)
    used = [levers[name] for name in _used(job) if name in levers]
    return any((part.grade or one.grade) == grade for one in used for part in (*one.effects, *one.links))


def _rates(companions: CompanionLevels) -> list[object]:
    return [item for name in sorted(companions.levels) for item in (name, companions.levels[name].monthly)]


@cache
def _code_digest() -> str:
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for name in _CODE:
        digest.update((root / name).read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@cache
def _computer() -> dict[str, str]:
    """What can move the last bits of a number; a run is finished on the kind of machine it was begun on."""
    return {"numpy": version("numpy"), "numba": version("numba"), "machine": platform.machine()}


def _digest(parts: Sequence[object]) -> str:
    arrays: list[np.ndarray] = []
    words = json.dumps(_encoded(tuple(parts), arrays), sort_keys=True)
    return hashlib.sha256(words.encode() + _bytes(arrays)).hexdigest()


# ── nouns as JSON ────────────────────────────────────────────────────────────────────────────────────────────────

_NOUNS = {
    noun.__name__: noun
    for noun in (
        Scenario, Dosed, NotSimulated, MeasureCost, LeftOut, History, CompanionLevels, CompanionLevel, Period
    )
}  # fmt: skip


def _encoded(item: Any, arrays: list[np.ndarray]) -> Any:
    """An item as JSON; its arrays are put aside and numbered, for floats must come back bit for bit, NaN among them."""
    if isinstance(item, np.ndarray):
        arrays.append(item)
        return {"$array": len(arrays) - 1}
    if isinstance(item, date):
        return {"$date": item.isoformat()}
    if isinstance(item, np.generic):
        return item.item()
    if isinstance(item, Mapping):
        return {str(key): _encoded(value, arrays) for key, value in item.items()}
    if isinstance(item, (tuple, list)):
        return [_encoded(value, arrays) for value in item]
    if is_dataclass(item):
        named = {field.name: _encoded(getattr(item, field.name), arrays) for field in fields(item)}
        return {f"${type(item).__name__}": named}
    return item


def _decoded(item: Any, arrays: Sequence[np.ndarray]) -> Any:
    if isinstance(item, list):
        return tuple(_decoded(value, arrays) for value in item)
    if not isinstance(item, dict):
        return item
    if len(item) == 1:
        ((key, value),) = item.items()
        if key == "$array":
            return arrays[value]
        if key == "$date":
            return date.fromisoformat(value)
        if key[:1] == "$" and key[1:] in _NOUNS:
            return _NOUNS[key[1:]](**{name: _decoded(part, arrays) for name, part in value.items()})
    return {key: _decoded(value, arrays) for key, value in item.items()}


def free_bytes(folder: str | Path) -> int:
    """Room on the disk of a folder that may not exist yet [bytes]."""
    path = Path(folder).absolute()
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
