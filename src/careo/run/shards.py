"""Raw draws for others: the blocks of a run as Parquet, one row a count, each file named by its content.

    shards.json                                           what was asked, columns and units, every file with its sha256
    yearly/<ensemble>.<first draw>.<sha256>.parquet       ensemble, strategy, outcome, place, year, draw, count
    monthly/<ensemble>.<first draw>.<sha256>.parquet      ensemble, strategy, outcome, month, draw, count: of the nation
    members/<ensemble>.<first draw>.<sha256>.parquet      ensemble, strategy, place, year, draw, members

One block is in memory at a time. The same run gives the same bytes with the same version of polars; the folder appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from careo.base.errors import OutputError
from careo.run.ensemble import Job
from careo.run.runs import read_blocks

if TYPE_CHECKING:
    import polars as pl

SCHEMA = "careo.shards/1"
_DRAFT, _LOCK = ".careo-export.", ".lock"
_COLUMNS = {
    "yearly": {
        "ensemble": "which ensemble of the run", "strategy": "slug", "outcome": "what is counted", "place": "official code",
        "year": "1 is the first year of the run", "draw": "the same world under every strategy and in every ensemble",
        "count": "events in that year of the run; null: not known, or the draw broke down",
    },
    "monthly": {
        "ensemble": "which ensemble of the run", "strategy": "slug", "outcome": "what is counted", "month": "its first day",
        "draw": "the same world under every strategy and in every ensemble",
        "count": "events in the nation in that month; null: not known, or the draw broke down",
    },
    "members": {
        "ensemble": "which ensemble of the run", "strategy": "slug", "place": "official code",
        "year": "1 is the first year of the run", "draw": "the same world under every strategy and in every ensemble",
        "members": "members of armed groups at the end of that year, persons; null: the draw broke down",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shard:
    """One file: its table ("yearly", "monthly", "members"), path within the folder, and what it holds."""

    table: str
    file: str
    ensemble: str
    first_draw: int
    draws: int
    rows: int
    sha256: str


def export_run(name: str | Path, to: str | Path, folder: str | Path = "runs") -> tuple[Shard, ...]:
    """Writes every draw of a run as Parquet into a new folder, whole or not at all.

    Args:
        name: id of the run, its first digits, or the path of its folder. to: the folder to make; an empty one may be there.

    Raises:
        DataError: no such run, one that is not complete, of another version, or damaged.
        OutputError: the folder holds something already, or cannot be written.
    """
    from filelock import FileLock

    target = Path(to)
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise OutputError("shards_there", where=str(target), fix="shards_there")
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=_DRAFT))
        try:
            with FileLock(draft / _LOCK):
                shards = tuple(_written(name, folder, draft))
            (draft / _LOCK).unlink(missing_ok=True)
            draft.chmod(0o755)
            if target.exists():
                target.rmdir()
            draft.replace(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            "output_unwritable", where=str(target), found=error.strerror or str(error), fix="shards_there"
        ) from error
    return shards


def _sweep(parent: Path) -> None:
    """Removes what exports that were killed have left; the lock of one that is at work is held."""
    from filelock import FileLock, Timeout

    for draft in parent.glob(f"{_DRAFT}*"):
        lock = draft / _LOCK
        if draft.is_symlink() or not lock.is_file():
            continue
        try:
            with FileLock(lock, timeout=0):
                names = {path.name for path in draft.iterdir()}
            if names <= {
                *_COLUMNS,
                _LOCK,
            }:  # the list of shards comes last: one that has it is about to be done
                shutil.rmtree(draft, ignore_errors=True)
        except (Timeout, OSError):
            continue


def _written(name: str | Path, folder: str | Path, draft: Path) -> Iterator[Shard]:
    """Each shard as it is written, then the list of all."""
    run, job, blocks = read_blocks(name, folder)
    ensembles = [variant.name for variant in run.variants]
    shards: list[Shard] = []
    for table in _COLUMNS:
        (draft / table).mkdir()
    for ensemble, first, arrays in blocks:
        for table, frame in _tables(job, ensembles, ensemble, first, arrays).items():
            buffer = io.BytesIO()
            frame.write_parquet(buffer, compression="zstd", statistics=True)
            data = buffer.getvalue()
            digest = hashlib.sha256(data).hexdigest()
            file = f"{table}/{ensemble}.{first:06d}.{digest[:16]}.parquet"
            (draft / file).write_bytes(data)
            draws = arrays[0].shape[-1]
            shards.append(Shard(table, file, ensemble, first, draws, frame.height, digest))
            yield shards[-1]
    words = {
        "schema": SCHEMA, "run": run.id, "question": dict(run.question), "computed_by": dict(run.computed_by),
        "tables": _COLUMNS, "shards": [asdict(shard) for shard in shards],
    }  # fmt: skip
    text = json.dumps(words, ensure_ascii=False, indent=1) + "\n"
    (draft / "shards.json").write_text(text, encoding="utf-8", newline="\n")


def _tables(
    job: Job, ensembles: Sequence[str], ensemble: str, first: int, arrays: Sequence[np.ndarray]
) -> Mapping[str, pl.DataFrame]:
    """A block as rows, by table."""
    yearly, monthly, members = arrays[:3]
    months = np.datetime64(job.start, "M") + np.arange(monthly.shape[2]).astype("timedelta64[M]")
    unknown = [o for o, name in enumerate(job.outcomes) if o and name not in job.companions.levels]
    failed = yearly[:1, 0, :1, :1] < 0  # [1 1 1 draw]
    labels: dict[str, Sequence[Any]] = {
        "strategy": [scenario.name for scenario in job.scenarios], "outcome": job.outcomes, "place": job.history.places,
        "year": range(1, yearly.shape[3] + 1), "month": months, "draw": range(first, first + yearly.shape[-1]),
    }  # fmt: skip
    missing = {
        "yearly": _missing(yearly, unknown),
        "monthly": _missing(monthly, unknown),
        "members": np.broadcast_to(failed, members.shape),
    }
    found: dict[str, pl.DataFrame] = {}
    for table, numbers in (("yearly", yearly), ("monthly", monthly), ("members", members)):
        _, *axes, value = _COLUMNS[table]
        frame = _frame({axis: labels[axis] for axis in axes}, value, numbers, missing[table])
        found[table] = frame.select(_labelled("ensemble", ensembles, ensemble, frame.height), *frame.columns)
    return found


def _missing(counts: np.ndarray, unknown: Sequence[int]) -> np.ndarray:
    """Counts that mean nothing: of failed draws and of outcomes whose level is not known; not 0."""
    missing = counts < 0
    missing[:, list(unknown)] = True
    return missing


def _frame(
    axes: Mapping[str, Sequence[Any]], value: str, numbers: np.ndarray, missing: np.ndarray
) -> pl.DataFrame:
    """An array as rows, the last axis the fastest."""
    import polars as pl

    columns: dict[str, Any] = {}
    sizes = numbers.shape
    for k, (name, labels) in enumerate(axes.items()):
        inner, outer = int(np.prod(sizes[k + 1 :])), int(np.prod(sizes[:k]))
        codes = np.tile(np.repeat(np.arange(sizes[k], dtype=np.uint32), inner), outer)
        if isinstance(labels[0], str):
            words = [str(label) for label in labels]
            columns[name] = pl.Series(words, dtype=pl.Enum(words)).gather(codes)
        elif isinstance(labels[0], np.datetime64):
            columns[name] = pl.Series(np.array(labels).astype("datetime64[D]")[codes])
        else:
            columns[name] = pl.Series(codes.astype(np.int32) + labels[0])
    kind = pl.Float64 if numbers.dtype.kind == "f" else pl.Int64
    counted = pl.Series(np.ascontiguousarray(numbers).reshape(-1)).cast(kind)
    columns[value] = counted.set(pl.Series(np.ascontiguousarray(missing).reshape(-1)), None)
    return pl.DataFrame(columns)


def _labelled(name: str, labels: Sequence[str], label: str, rows: int) -> pl.Series:
    """A column of one word out of several, so that the files of all ensembles fit together."""
    import polars as pl

    codes = np.full(rows, labels.index(label), dtype=np.uint32)
    return pl.Series(name, list(labels), dtype=pl.Enum(list(labels))).gather(codes)
