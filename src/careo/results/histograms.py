"""Counting whole numbers in bins that are fixed beforehand, so that what is counted depends neither on the order nor on how many come.

A number below 256 in size has a bin of its own; above, every doubling of size is divided into 128 bins of equal width:

    size        0 … 255    256 … 511    512 … 1023    1024 … 2047    …
    bin width         1            2             4              8    …

A quantile is read from the middle of its bin and is therefore within 1/256 of its size of the exact one (0.4%); below 256 it is the
exact one, so signs are exact. Memory depends on how far apart the numbers lie, never on how many there are.
"""

from __future__ import annotations

from functools import cache

import numpy as np

_BITS = 7
_STEP = 1 << _BITS
_CELLS = 256  # whose cumulative counts are in memory together
_SMALL = 1 << 16  # below, bins are looked up
_ONE = np.uint32(1)  # of the bins' own type: `np.add.at` is sixteen times as fast


class Histograms:
    """Histograms of whole numbers, one a cell."""

    def __init__(self, cells: int) -> None:
        self.counts = np.zeros((cells, 0), dtype=np.uint32)
        self.first = 0  # bin of the first column

    @property
    def held_bytes(self) -> int:
        """Memory that the bins take."""
        return self.counts.nbytes

    def add(self, values: np.ndarray, where: np.ndarray | None = None) -> None:
        """Counts numbers [cell draw], or only those `where` says."""
        if not values.size:
            return
        bins = bin_of(values)
        self._reach(int(bins.min()), int(bins.max()))
        flat = bins - self.first + np.arange(len(bins))[:, None] * self.counts.shape[1]
        np.add.at(self.counts.reshape(-1), (flat if where is None else flat[where]).reshape(-1), _ONE)

    def quantiles(self, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Quantiles by linear interpolation between order statistics, as `numpy.quantile`, and how far off they can be.

        Args:
            levels: in [0, 1] [level].

        Returns:
            Quantiles and their greatest error [cell level]; NaN in a cell where nothing was counted.
        """
        cells = len(self.counts)
        value, error = (np.full((cells, len(levels)), np.nan) for _ in range(2))
        if not self.counts.shape[1]:
            return value, error
        low, high = bounds_of(np.arange(self.first, self.first + self.counts.shape[1]))
        middle, half = (low + high) / 2.0, (high - low) / 2.0
        for begin in range(0, cells, _CELLS):
            total = np.cumsum(self.counts[begin : begin + _CELLS], axis=1, dtype=np.int64)
            some = total[:, -1] > 0
            for k, level in enumerate(levels):
                position = level * (total[:, -1] - 1)
                lower = np.floor(position)
                below, above = (
                    np.minimum((total <= rank[:, None]).sum(axis=1), len(low) - 1)
                    for rank in (lower, np.ceil(position))
                )
                at = middle[below] + (middle[above] - middle[below]) * (position - lower)
                off = np.maximum(half[below], half[above])
                value[begin : begin + _CELLS, k] = np.where(some, at, np.nan)
                error[begin : begin + _CELLS, k] = np.where(some, off, np.nan)
        return value, error

    def _reach(self, low: int, high: int) -> None:
        """Widens the columns to a range of bins, in steps that do not depend on what came first."""
        width = self.counts.shape[1]
        first = low // _STEP * _STEP
        last = (high // _STEP + 1) * _STEP
        if width:
            first, last = min(first, self.first), max(last, self.first + width)
        if (first, last) != (self.first, self.first + width):
            wider = np.zeros((len(self.counts), last - first), dtype=np.uint32)
            wider[:, self.first - first : self.first - first + width] = self.counts
            self.counts, self.first = wider, first


def bin_of(values: np.ndarray) -> np.ndarray:
    """The number of the bin of each whole number; that of −v is minus that of v."""
    found = _table().take(values + _SMALL, mode="clip")
    large = np.abs(values) >= _SMALL
    if large.any():
        found[large] = _bin_of(values[large])
    return found


@cache
def _table() -> np.ndarray:
    return _bin_of(np.arange(-_SMALL, _SMALL))


def _bin_of(values: np.ndarray) -> np.ndarray:
    size = np.abs(values).astype(np.int64)
    octave = np.maximum(np.frexp(size)[1].astype(np.int64) - 1 - _BITS, 0)
    return np.sign(values).astype(np.int64) * (octave * _STEP + (size >> octave))


def bounds_of(bins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest whole number of each bin."""
    size = np.abs(bins).astype(np.int64)
    octave = np.maximum(size // _STEP - 1, 0)
    near = (size - octave * _STEP) << octave
    far = near + (np.int64(1) << octave) - 1
    negative = bins < 0
    return np.where(negative, -far, near), np.where(negative, -near, far)
