"""Blocks of a run on disk: counts by year, counts by month and members, then whatever else a run has; one file a block.

    <variant>.<first draw>.<sha256>.npy

A block carries its checksum in its name: one that was cut short or changed is noticed. Arrays after the third belong to those who ask
for them; who does not know them reads past them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from careo.base.files import read_bounded, writing
from careo.run.run_files import array_bytes, arrays_in, narrow

BLOCK_FILE = re.compile(r"(?P<variant>[\w-]+)\.(?P<first>\d{6})\.(?P<sha>[0-9a-f]{16})\.npy")


KINDS = "iifi"
"""Of the numbers of a block's arrays: counts by year and by month are whole, members are not, counts by municipality are."""
MOST_BYTES = 8_000_000_000


def block_bytes(arrays: Sequence[np.ndarray]) -> bytes:
    """A block as the bytes of its file: whole numbers of 64 bits in half the room where they fit."""
    return array_bytes([narrow(array) if array.dtype == np.int64 else array for array in arrays])


def write_block(path: Path, variant: str, first: int, data: bytes) -> None:
    """Writes a block, whole or not at all.

    Args:
        path: folder of the run. first: its first draw.
    """
    name = f"{variant}.{first:06d}.{hashlib.sha256(data).hexdigest()[:16]}.npy"
    with writing(path / name) as draft:
        draft.write_bytes(data)


def block_files(path: Path) -> dict[tuple[str, int], tuple[Path, ...]]:
    """Files of blocks by variant and first draw; one each in a sound run."""
    found: dict[tuple[str, int], tuple[Path, ...]] = {}
    for file in sorted(path.iterdir()):
        match = BLOCK_FILE.fullmatch(file.name)
        if match:
            key = match["variant"], int(match["first"])
            found[key] = (*found.get(key, ()), file)
    return found


def read_block(
    path: Path, draws: int, *, most: int | None = None, largest: int = MOST_BYTES
) -> list[np.ndarray] | None:
    """The arrays of a block, or the first ones; None when the file is not what its name says.

    Args:
        draws: that it has to hold. largest: more than it can have [bytes].
    """
    try:
        data = read_bounded(path, largest) if path.is_file() else b""
    except (OSError, ValueError):
        return None
    match = BLOCK_FILE.fullmatch(path.name)
    if match is None or hashlib.sha256(data).hexdigest()[:16] != match["sha"]:
        return None
    return checked_block(data, draws, most=most)


def checked_block(data: bytes, draws: int, *, most: int | None = None) -> list[np.ndarray] | None:
    """The arrays of bytes that are a block of so many draws, else None."""
    try:
        arrays = arrays_in(data, most)
    except ValueError:
        return None
    dimensions, kinds = [array.ndim for array in arrays[:3]], [array.dtype.kind for array in arrays[:3]]
    if dimensions != [5, 4, 4][:most] or kinds != list(KINDS[:3])[:most]:
        return None
    if any(array.ndim == 0 or array.shape[-1] != draws for array in arrays):
        return None
    return arrays
