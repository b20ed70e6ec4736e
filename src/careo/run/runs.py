"""Runs on disk: what was asked and all it rests on in one folder, and the drawn futures in blocks, each written whole or not at all.

    runs/<id>/manifest.json     the question, what the numbers depend on by digest, the scenarios in words and numbers
    runs/<id>/inputs.npy        its arrays, one after another
    runs/<id>/<variant>.<first draw>.<sha256>.npy      a block: counts by year, by month, members, and of municipalities by year

The id is a digest of everything that the numbers depend on, so the same question has the same folder, and asking it again finds what
is there. A block carries its checksum in its name: one that was cut short or changed is noticed and computed anew. Nothing in a folder
tells the time, so a run that was killed and resumed has the bytes of one that was not.

What a run is before a number is drawn stands in `run_plan.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from careo.base.errors import CareoError, DataError, OutputError
from careo.base.files import writing
from careo.model.mechanisms import OUTCOMES
from careo.panel import load_country
from careo.run.effects import LeftOut
from careo.run.ensemble import Ensemble, Job, gathered
from careo.run.run_files import array_bytes, arrays_in, decoded, encoded, narrow
from careo.run.run_plan import (
    MAIN,
    MOST_DRAWS,
    MOST_MONTHS,
    MOST_SEED,
    SCHEMA,
    Plan,
    Variant,
    code_digest,
    computer,
    outside,
)

_MANIFEST, _INPUTS, _LOCK = "manifest.json", "inputs.npy", ".lock"
_MONTH = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])")
_VARIANT = re.compile(r"[\w-]{1,40}")
_ID = re.compile(r"[0-9a-f]{12}")
_BLOCK_FILE = re.compile(r"(?P<variant>[\w-]+)\.(?P<first>\d{6})\.(?P<sha>[0-9a-f]{16})\.npy")
_DRAFT = re.compile(r"\.(manifest\.json|inputs\.npy|[\w-]+\.\d{6}\.[0-9a-f]{16}\.npy)\..+")
_PATIENCE_SECONDS = 0.5


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
        with _sound(path):
            _ = (
                plan.job.baseline,
                plan.job.plan,
            )  # derived when first asked for; here, what does not fit is still a damaged run
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
    with _sound(path):
        variants = _variants(manifest)
    wanted = next((v for v in variants if v.name == variant), None)
    if wanted is None:
        names = " | ".join(v.name for v in variants)
        raise DataError("run_variant", where=str(path), expected=names, found=repr(variant))
    files = _block_files(path)
    parts: list[tuple[np.ndarray, ...]] = []
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
    with _sound(path):
        job = replace(job, members_nation=wanted.members_nation, without=frozenset(wanted.without))
        left: tuple[LeftOut, ...] = decoded(manifest["left_out"], ())
        return replace(gathered(job, parts), left_out=left)


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
    return _manifest(run.path)["depends"]["model"] == code_digest()


# ── computing ────────────────────────────────────────────────────────────────────────────────────────────────────


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
    jobs = {
        variant.name: replace(
            plan.job,
            members_nation=variant.members_nation,
            without=frozenset(variant.without),
            split=variant.name == MAIN,
        )
        for variant in plan.variants
    }
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


def _compute_block(job: Job, path: Path, variant: str, block: tuple[int, int]) -> None:
    yearly, monthly, *rest = job.run(block)
    data = array_bytes([narrow(yearly), narrow(monthly), *rest])
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


def _read_block(path: Path, draws: int) -> tuple[np.ndarray, ...] | None:
    """Counts by year and by month, members, and where they were counted municipalities; None when the file is not what its name says."""
    data = path.read_bytes()
    match = _BLOCK_FILE.fullmatch(path.name)
    if match is None or hashlib.sha256(data).hexdigest()[:16] != match["sha"]:
        return None
    yearly, monthly, *rest = arrays_in(data)
    if any(array.shape[-1] != draws for array in (yearly, monthly, *rest)):
        return None
    return yearly.astype(np.int64), monthly.astype(np.int64), *rest


# ── manifests ────────────────────────────────────────────────────────────────────────────────────────────────────


def _write_manifest(plan: Plan, path: Path) -> None:
    job, arrays = plan.job, list[np.ndarray]()
    manifest: dict[str, Any] = {
        "schema": SCHEMA,
        "id": plan.id,
        "question": plan.question,
        "variants": [asdict(variant) for variant in plan.variants],
        "depends": dict(plan.depends),
        "computed_by": {"careo": version("careo"), **computer()},
        "left_out": encoded(job.plan.left_out, arrays),
        "scenarios": encoded(job.scenarios, arrays),
        "history": encoded(job.history, arrays),
        "companions": encoded(job.companions, arrays),
    }
    if job.municipal:
        manifest["municipal"] = encoded(job.municipal, arrays)
    inputs = array_bytes(arrays)
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
    if hashlib.sha256(data).hexdigest() != manifest.get("inputs"):
        raise DataError("run_manifest", where=str(file), fix="run_anew", id=path.name)
    with _sound(path):
        arrays, asked = arrays_in(data), _question(manifest)
        year, month = (int(part) for part in asked["start"].split("-"))
        by_place = asked["places"] == "municipality"
        municipal = decoded(manifest["municipal"], arrays) if by_place else None
        job = Job(
            load_country(asked["country"]), decoded(manifest["history"], arrays), decoded(manifest["scenarios"], arrays),
            decoded(manifest["companions"], arrays), asked["months"], asked["seed"], date(year, month, 1),
            asked["members_nation"], frozenset(asked["without"]), tuple(asked["outcomes"]), municipal,
        )  # fmt: skip
        if municipal is not None:
            municipal.refuse_unfit(len(job.history.places), len(job.scenarios), job.months)
        return Plan(job, _variants(manifest), manifest["depends"])


def _run_of(path: Path) -> Run:
    manifest = _manifest(path)
    with _sound(path):
        variants, files = _variants(manifest), _block_files(path)
        wanted = [(variant.name, first) for variant in variants for first, _ in variant.blocks]
        done = sum(key in files for key in wanted)
        return Run(
            path.name, path, _question(manifest), variants, dict(manifest["computed_by"]), done, len(wanted)
        )


@contextmanager
def _sound(path: Path) -> Iterator[None]:
    """A manifest can be written by anybody, checksum included: what does not fit is a damaged run, not a crash."""
    try:
        yield
    except CareoError:
        raise
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise DataError("run_manifest", where=str(path / _MANIFEST), fix="run_anew", id=path.name) from error


def _within(name: str, value: object, most: int) -> int:
    if not isinstance(value, int) or not 1 <= value <= most:
        raise ValueError(f"{name}: {value!r}")
    return value


def _question(manifest: Mapping[str, Any]) -> dict[str, Any]:
    asked = dict(manifest["question"])
    for name, most in (("months", MOST_MONTHS), ("draws", MOST_DRAWS), ("seed", MOST_SEED + 1)):
        _within(name, asked[name] + (name == "seed"), most)
    words = (asked["country"], *asked["strategies"], *asked["without"])
    if asked["outcomes"] != [name for name in OUTCOMES if name in asked["outcomes"]]:
        raise ValueError(asked)
    if not all(isinstance(word, str) for word in words) or not _MONTH.fullmatch(asked["start"]):
        raise ValueError(asked)
    asked.setdefault("places", "state")
    if asked["places"] not in ("state", "municipality"):
        raise ValueError(asked)
    if asked["members_nation"] is not None and not float(asked["members_nation"]) > 0:
        raise ValueError(asked)
    return asked


def _variants(manifest: Mapping[str, Any]) -> tuple[Variant, ...]:
    found = tuple(
        Variant(v["name"], _within("draws", v["draws"], MOST_DRAWS), v["members_nation"], tuple(v["without"]))
        for v in manifest["variants"]
    )
    if not found or not all(_VARIANT.fullmatch(variant.name) for variant in found):
        raise ValueError(manifest["variants"])
    return found


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


def free_bytes(folder: str | Path) -> int:
    """Room on the disk of a folder that may not exist yet [bytes]."""
    path = Path(folder).absolute()
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
