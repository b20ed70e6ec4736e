"""Runs on disk: what was asked and all it rests on in one folder, and the drawn futures in blocks, each written whole or not at all.

    runs/<id>/manifest.json     the question, what the numbers depend on by digest, the scenarios in words and numbers
    runs/<id>/inputs.npy        its arrays, one after another
    runs/<id>/<variant>.<first draw>.<sha256>.npy      a block: counts by year, by month, members, and of municipalities by year

The id is a digest of everything that the numbers depend on, so the same question has the same folder, and asking it again finds what
is there. A block that was cut short or changed is noticed and computed anew. Nothing in a folder tells the time, so a run that was
killed and resumed, or computed on a cluster, has the bytes of one that was not.

What a run is before a number is drawn stands in `run_plan.py`; its files in `run_manifest.py` and `run_blocks.py`.
"""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from careo.base.errors import CareoError, DataError, OutputError
from careo.base.files import is_folder
from careo.run.effects import LeftOut
from careo.run.ensemble import Ensemble, Job, gathered
from careo.run.futures import Futures
from careo.run.parameters import parameter_draws
from careo.run.run_blocks import BLOCK_FILE, KINDS, block_bytes, block_files, read_block, write_block
from careo.run.run_files import decoded_as
from careo.run.run_manifest import (
    INPUTS,
    MANIFEST,
    plan_of_folder,
    question_of,
    read_manifest,
    sound,
    variants_of,
    write_manifest,
)
from careo.run.run_plan import MAIN, Plan, Variant, code_digest, computer, outside

_LOCK = ".lock"
_ID = re.compile(r"[0-9a-f]{12}")
_DRAFT = re.compile(r"\.(manifest\.json|inputs\.npy|[\w-]+\.\d{6}\.[0-9a-f]{16}\.npy)\..+")
_ROOM, _ROOM_BYTES = 16, 1_000_000  # for arrays of a later careo, read past by this one
_PATIENCE_SECONDS = 0.5
_AT_ONCE = 10_000
"""Draws whose parameters are drawn at once: those of all states stand in memory."""


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
    constants_key: str
    computed_by: Mapping[str, str]
    done: int
    blocks: int

    @property
    def complete(self) -> bool:
        """Whether every block is there."""
        return self.done == self.blocks


def start_run(
    plan: Plan,
    folder: str | Path = "runs",
    *,
    threads: int | None = None,
    cluster: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Computes a run into its folder; blocks that are there already are kept.

    Args:
        folder: of all runs. threads: as many as there are cores when not given. progress: called with blocks done and all blocks.
        cluster: address of the scheduler of a Dask cluster that computes instead ("tcp://HOST:PORT"); the bytes are the same.

    Raises:
        OutputError: the folder cannot be written, or the disk is full; what was written stays sound.
        CareoError: another careo is at work on this run.
        NetworkError: the cluster cannot be reached, was lost, or computes with another careo.
    """
    path = Path(folder) / plan.id
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "output_unwritable", where=str(path), found=error.strerror or str(error), fix="output"
        ) from error
    with _alone(path):
        if not (path / MANIFEST).exists():
            try:
                write_manifest(plan, path)
            except BaseException:
                _clear(path)  # there is nothing to resume
                raise
        _compute(plan, path, threads, cluster, progress)
        return _run_of(path)


def resume_run(
    name: str | Path,
    folder: str | Path = "runs",
    *,
    threads: int | None = None,
    cluster: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Computes the blocks that a run lacks, and those that were damaged. The bytes are those of a run never stopped.

    Arguments and further errors as of `start_run`.

    Raises:
        DataError: no such run; one of another version; what its numbers depend on has changed since it began.
    """
    path = _find(name, folder)
    manifest = read_manifest(path)
    with _alone(path):
        plan = plan_of_folder(path, manifest)
        with sound(path):
            # Derived when first asked for; here, what does not fit is still a damaged run.
            _ = plan.job.baseline, plan.job.plan, plan.job.municipal and plan.job.local_plan
            now = {**outside(plan.job), **computer()}
            before = {**manifest["depends"], **manifest["computed_by"]}
        for part, digest in now.items():
            if before.get(part) != digest:
                raise DataError(
                    f"run_changed_{'computer' if part in computer() else part}",
                    where=str(path),
                    expected=str(before.get(part, ""))[:40],
                    found=digest[:40],
                    fix="run_anew",
                    id=path.name,
                )
        _compute(plan, path, threads, cluster, progress)
        return _run_of(path)


def read_run(name: str | Path, folder: str | Path = "runs", *, variant: str = MAIN) -> Ensemble:
    """An ensemble of a run.

    Args:
        name: id of the run, its first digits, or the path of its folder.

    Raises:
        DataError: no such run or variant; one that is not complete, of another version, or damaged.
    """
    path = _find(name, folder)
    manifest = read_manifest(path)
    wanted = _variant(path, manifest, variant)
    job = plan_of_folder(path, manifest).job
    parts: list[tuple[np.ndarray, ...]] = []
    for _, (yearly, monthly, *rest) in _blocks(path, wanted, job):
        parts.append((yearly.astype(np.int64), monthly.astype(np.int64), *rest))
    with sound(path):
        job = replace(job, members_nation=wanted.members_nation, without=frozenset(wanted.without))
        left: tuple[LeftOut, ...] = decoded_as(tuple[LeftOut, ...], manifest["left_out"], ())
        return replace(gathered(job, parts), left_out=left)


def open_run(name: str | Path, folder: str | Path = "runs") -> dict[str, Futures]:
    """Every ensemble of a run by name, to be gone through block by block: memory does not depend on the number of draws.

    Raises:
        DataError: no such run, one of another version, or damaged; when it is gone through: one that is not complete, a damaged block.
    """
    path = _find(name, folder)
    manifest = read_manifest(path)
    plan = plan_of_folder(path, manifest)
    job = plan.job
    with sound(path):
        left: tuple[LeftOut, ...] = decoded_as(tuple[LeftOut, ...], manifest["left_out"], ())
        return {
            variant.name: Futures(
                scenarios=job.scenarios, outcomes=job.outcomes, places=tuple(job.history.places), months=job.months, years=-(-job.months // 12), draws=variant.draws,
                baseline_year=np.nansum(job.history.counts[:, -12:], axis=1), seed=job.seed, start=job.start,
                members_nation=variant.members_nation, left_out=left, companions=job.companions,
                without=frozenset(variant.without), blocks=partial(_counts, path, variant, job),
            )
            for variant in plan.variants
        }  # fmt: skip


def run_parameters(name: str | Path, folder: str | Path = "runs") -> Mapping[str, np.ndarray]:
    """The parameters that the draws of a run's main ensemble had, drawn again by their address [its unit; draw].

    Raises:
        DataError: no such run, one of another version, or damaged; the parameters or the record have changed since.
    """
    path = _find(name, folder)
    manifest = read_manifest(path)
    job, wanted = plan_of_folder(path, manifest).job, _variant(path, manifest, MAIN)
    with sound(path):
        before, now = manifest["depends"]["parameters"], outside(job)["parameters"]
        if before != now:
            raise DataError(
                "run_changed_parameters", where=str(path), expected=str(before)[:40], found=now[:40], fix="run_anew", id=path.name
            )  # fmt: skip
        blocks = [
            parameter_draws(
                job.country, seed=job.seed, first_draw=first, draws=min(_AT_ONCE, wanted.draws - first),
                members_nation=wanted.members_nation, last=job.history.last,
            )
            for first in range(0, wanted.draws, _AT_ONCE)
        ]  # fmt: skip
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def read_blocks(
    name: str | Path, folder: str | Path = "runs"
) -> tuple[Run, Job, Iterator[tuple[str, int, list[np.ndarray]]]]:
    """A run, its job, and all its blocks: ensemble, first draw, and arrays as they are kept. Errors as of `open_run`."""
    path = _find(name, folder)
    plan = plan_of_folder(path, read_manifest(path))
    blocks = ((v.name, first, arrays) for v in plan.variants for first, arrays in _blocks(path, v, plan.job))
    return _run_of(path), plan.job, blocks


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
        others = _clear(path)
    if others:
        raise OutputError("run_others", where=str(path), found=", ".join(others[:6]))
    return path.name


def _clear(path: Path) -> list[str]:
    """Removes what careo wrote into the folder of a run, and the folder; the names of other files, which stay."""
    try:
        ours = sorted(p for p in path.iterdir() if BLOCK_FILE.fullmatch(p.name) or _DRAFT.fullmatch(p.name))
        for file in (*ours, path / INPUTS, path / MANIFEST, path / _LOCK):
            file.unlink(missing_ok=True)
        others = sorted(file.name for file in path.iterdir())
        if not others:
            path.rmdir()
    except OSError as error:
        raise OutputError("output_unwritable", where=str(path), found=error.strerror or str(error)) from error
    return others


def same_model(run: Run) -> bool:
    """Whether this careo computes as the one that began the run did, as far as its code tells."""
    return read_manifest(run.path)["depends"]["model"] == code_digest()


# ── computing ────────────────────────────────────────────────────────────────────────────────────────────────────


def _compute(
    plan: Plan, path: Path, threads: int | None, cluster: str, progress: Callable[[int, int], None] | None
) -> None:
    """Writes every block that is not there and sound."""
    for draft in path.iterdir():
        if _DRAFT.fullmatch(draft.name):
            draft.unlink(missing_ok=True)  # of a run that was killed; we hold the lock
    files = block_files(path)
    wanted: list[tuple[Variant, tuple[int, int]]] = []
    for variant in plan.variants:
        for block in variant.blocks:
            found = files.get((variant.name, block[0]), ())
            if _read(found, block[1], plan.job) is not None:
                continue
            for damaged in found:
                _unlink(damaged)
            wanted.append((variant, block))
    total = sum(len(variant.blocks) for variant in plan.variants)
    done = total - len(wanted)
    if progress:
        progress(done, total)
    jobs = {
        variant.name: replace(
            plan.job,
            members_nation=variant.members_nation,
            without=frozenset(variant.without),
            split=variant.name == MAIN,
        )
        for variant in plan.variants
    }
    asked = [(jobs[variant.name], variant.name, block) for variant, block in wanted]
    for _ in _there(asked, path, cluster) if cluster else _here(asked, path, threads):
        done += 1
        if progress:
            progress(done, total)


def _unlink(damaged: Path) -> None:
    try:
        damaged.unlink(missing_ok=True)
    except OSError as error:  # it may be a folder
        raise OutputError(
            "output_unwritable", where=str(damaged), found=error.strerror or str(error)
        ) from error


_Asked = tuple[Job, str, tuple[int, int]]


def _here(asked: Sequence[_Asked], path: Path, threads: int | None) -> Iterator[None]:
    """Blocks computed and written by threads of this process, one after another."""
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        futures = [pool.submit(_compute_block, job, path, variant, block) for job, variant, block in asked]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _there(asked: Sequence[_Asked], path: Path, cluster: str) -> Iterator[None]:
    """Blocks computed on a cluster and written here, as they come."""
    from careo.run.cluster import computed

    if not asked:
        return
    blocks = [(job, block) for job, _, block in asked]
    for number, data in computed(cluster, blocks):
        _, variant, block = asked[number]
        yield write_block(path, variant, block[0], data)


def _compute_block(job: Job, path: Path, variant: str, block: tuple[int, int]) -> None:
    write_block(path, variant, block[0], block_bytes(job.run(block)))


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


# ── folders ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _variant(path: Path, manifest: Mapping[str, Any], name: str) -> Variant:
    with sound(path):
        variants = variants_of(manifest)
    wanted = next((v for v in variants if v.name == name), None)
    if wanted is None:
        names = " | ".join(v.name for v in variants)
        raise DataError("run_variant", where=str(path), expected=names, found=repr(name))
    return wanted


def _counts(path: Path, variant: Variant, job: Job) -> Iterator[tuple[int, np.ndarray]]:
    """The yearly counts of an ensemble, block by block."""
    for first, arrays in _blocks(path, variant, job, most=1):
        yield first, arrays[0]


def _blocks(
    path: Path, variant: Variant, job: Job, *, most: int | None = None
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """First draw and arrays of every block of an ensemble, which must be complete.

    Args:
        most: arrays that are wanted, from the first on; all when not given.
    """
    files = block_files(path)
    missing = sum((variant.name, first) not in files for first, _ in variant.blocks)
    if missing:
        raise DataError(
            "run_incomplete", where=str(path), missing=missing, blocks=len(variant.blocks), fix="run_resume",
            id=path.name,
        )  # fmt: skip
    for first, size in variant.blocks:
        found = files[variant.name, first]
        arrays = _read(found, size, job, most)
        if arrays is None:
            raise DataError("run_block", where=str(found[0]), fix="run_resume", id=path.name)
        yield first, arrays


def _read(files: Sequence[Path], draws: int, job: Job, most: int | None = None) -> list[np.ndarray] | None:
    """The arrays of a block that has one file, which is what its name says and of the job's shapes; else None."""
    shapes = job.shapes(draws)
    largest = _ROOM * 8 * sum(map(math.prod, shapes)) + _ROOM_BYTES
    arrays = read_block(files[0], draws, most=most, largest=largest) if len(files) == 1 else None
    fit = arrays and all(
        array.shape == shape and array.dtype.kind == kind
        for array, shape, kind in zip(arrays, shapes, KINDS, strict=False)
    )  # other ensembles than the main one count no municipalities
    return arrays if fit else None


def _run_of(path: Path) -> Run:
    manifest = read_manifest(path)
    with sound(path):
        variants, files = variants_of(manifest), block_files(path)
        wanted = [(variant.name, first) for variant in variants for first, _ in variant.blocks]
        done = sum(key in files for key in wanted)
        return Run(
            path.name, path, question_of(manifest), variants, str(manifest["depends"]["forecast"]), dict(manifest["computed_by"]),
            done, len(wanted),
        )  # fmt: skip


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
    if os.sep in text and _ID.fullmatch(by_path.name) and is_folder(by_path):
        return by_path
    hits = [path for path in _folders(Path(folder)) if text and path.name.startswith(text)]
    if len(hits) != 1:
        key = "run_several" if hits else "run_none"
        raise DataError(
            key, where=str(folder), found=repr(text), expected=", ".join(p.name for p in hits), fix="run_list"
        )
    return hits[0]


def free_bytes(folder: str | Path) -> int:
    """Room on the disk of a folder that may not exist yet [bytes]."""
    path = Path(folder).absolute()
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
