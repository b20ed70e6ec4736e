"""What is kept of an ensemble's draws while it is gone through block by block.

Up to 10,000 draws every count is kept, and quantiles are exact. Beyond, only whole numbers in bins are (`histograms.py`): paired
differences, their per cents in hundredths, and levels, by outcome, place and year. Either way the blocks may come in any order: what is
kept, and every number that follows, is the same bit for bit; and what is kept does not grow with the draws beyond 10,000.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from careo.results.histograms import Histograms
from careo.run.futures import Futures
from careo.run.run_plan import EXACT_DRAWS

HUNDREDTHS = 100.0
"""Per cents are counted in bins as whole hundredths: what is read from them is half a hundredth off by itself."""


class Accumulated:
    """Draws of an ensemble, kept so that strategies can be compared with one of them.

    Args:
        futures: what is gone through. against: the strategy that others will be compared with.
        nation_only: whether places and single years are left out, when only the nation's whole horizon is asked for.
        exact_draws: the most draws of which every count is kept.
    """

    def __init__(
        self, futures: Futures, against: str, *, nation_only: bool = False, exact_draws: int = EXACT_DRAWS
    ) -> None:
        self.futures, self.against, self.nation_only = futures, against, nation_only
        self.failures, self.seen = 0, 0
        self.exact = futures.draws <= exact_draws
        self.kept: Counts | Bins = (Counts if self.exact else Bins)(futures, against, nation_only)

    @property
    def held_bytes(self) -> int:
        """Memory that is held between blocks."""
        return self.kept.held_bytes

    def add(self, first: int, yearly: np.ndarray) -> None:
        """Takes in one block: its first draw and its counts [events/year; strategy outcome place year draw]."""
        self.failures += int((yearly[0, 0, 0, 0] < 0).sum())
        self.seen += yearly.shape[-1]
        if self.nation_only:
            yearly = _total(_total(yearly, 3), 2)
        self.kept.add(first, yearly)


def accumulate(
    futures: Futures, against: str, *, nation_only: bool = False, exact_draws: int = EXACT_DRAWS
) -> Accumulated:
    """All blocks of an ensemble, gone through once. Arguments as of `Accumulated`."""
    found = Accumulated(futures, against, nation_only=nation_only, exact_draws=exact_draws)
    for first, yearly in futures.blocks():
        found.add(first, yearly)
    return found


class Counts:
    """Every count."""

    def __init__(self, futures: Futures, against: str, nation_only: bool) -> None:
        self.names, self.row = futures.strategies, futures.strategies.index(against)
        self.drawn = np.zeros((*_shape(futures, nation_only), futures.draws), dtype=np.int32)
        self.totals = not nation_only

    @property
    def held_bytes(self) -> int:
        return self.drawn.nbytes

    def add(self, first: int, yearly: np.ndarray) -> None:
        """Each draw has its column, so the order of blocks is nothing."""
        if yearly.size and int(yearly.max()) >= 2**31 and self.drawn.dtype != np.int64:
            self.drawn = self.drawn.astype(np.int64)
        self.drawn[..., first : first + yearly.shape[-1]] = yearly

    def whole(self, outcome: int) -> np.ndarray:
        """Draws that did not break down under any strategy [draw]."""
        return np.min(self.drawn[:, outcome], axis=(0, 1, 2)) >= 0

    def pair(self, strategy: str, outcome: int) -> tuple[np.ndarray, np.ndarray]:
        """Whole draws of a strategy and of what it is compared with, totals first [events; place year draw]."""
        whole = self.whole(outcome)
        both = (self.drawn[row, outcome][..., whole] for row in (self.names.index(strategy), self.row))
        ours, theirs = (with_totals(part.astype(np.int64), (0, 1)) if self.totals else part.astype(np.int64) for part in both)  # fmt: skip
        return ours, theirs

    def moved(self, strategy: str, outcome: int) -> bool:
        """Whether any draw has another count than under the other strategy."""
        return bool((self.drawn[self.names.index(strategy), outcome] != self.drawn[self.row, outcome]).any())


class Bins:
    """Whole numbers in bins, and what is counted exactly beside them.

    Attributes:
        difference, percent: of each strategy against the other; percent in hundredths [outcome·place·year]. level: of the other one.
        homicides: levels of each strategy [place·year]. fewer, same: draws with fewer events than under the other strategy, and with as
            many. below_start, as_start: homicides against the last twelve observed months. zero: whether some draw has no event
            under the other strategy. draws: whole ones [outcome].
    """

    def __init__(self, futures: Futures, against: str, nation_only: bool) -> None:
        self.names, self.row = futures.strategies, futures.strategies.index(against)
        strategies, outcomes, places, years = _shape(futures, nation_only)
        self.totals = not nation_only
        places, years = places + self.totals, years + self.totals
        self.shape = (outcomes, places, years)
        cells = outcomes * places * years
        others = [name for name in self.names if name != against]
        self.difference = {name: Histograms(cells) for name in others}
        self.percent = {name: Histograms(cells) for name in others}
        self.level = Histograms(cells)
        self.homicides = {name: Histograms(places * years) for name in self.names}
        self.fewer, self.same = (np.zeros((strategies, *self.shape), dtype=np.int64) for _ in range(2))
        self.below_start, self.as_start = (
            np.zeros((strategies, places, years), dtype=np.int64) for _ in range(2)
        )
        self.zero = np.zeros(self.shape, dtype=bool)
        self.draws = np.zeros(outcomes, dtype=np.int64)
        self.start = start_of(futures, nation_only)[:, None, None]

    @property
    def held_bytes(self) -> int:
        several = (self.level, *self.difference.values(), *self.percent.values(), *self.homicides.values())
        exact = (self.fewer, self.same, self.below_start, self.as_start, self.zero, self.draws)
        return sum(one.held_bytes for one in several) + sum(one.nbytes for one in exact)

    def add(self, first: int, yearly: np.ndarray) -> None:  # noqa: ARG002 - which draws they are does not matter
        """Counts that only ever grow by addition, so the order of blocks is nothing."""
        counts = with_totals(yearly.astype(np.int64), (2, 3)) if self.totals else yearly.astype(np.int64)
        whole = np.min(yearly, axis=(0, 2, 3)) >= 0
        self.draws += whole.sum(axis=1)
        theirs = counts[self.row]
        mask = np.broadcast_to(whole[:, None, None], theirs.shape)
        every, cells = bool(whole.all()), (-1, theirs.shape[-1])
        where = None if every else mask.reshape(cells)
        self.level.add(theirs.reshape(cells), where)
        self.zero |= ((theirs <= 0) & mask).any(axis=-1)
        base = np.maximum(theirs, 1)
        for s, name in enumerate(self.names):
            places = counts[s, 0]
            there = None if every else mask[0].reshape((-1, cells[1]))
            self.homicides[name].add(places.reshape((-1, cells[1])), there)
            self.below_start[s] += ((places < self.start) & mask[0]).sum(axis=-1)
            self.as_start[s] += ((places == self.start) & mask[0]).sum(axis=-1)
            if name in self.difference:
                difference = counts[s] - theirs
                self.fewer[s] += ((difference < 0) & mask).sum(axis=-1)
                self.same[s] += ((difference == 0) & mask).sum(axis=-1)
                self.difference[name].add(difference.reshape(cells), where)
                percent = np.rint(100.0 * HUNDREDTHS * difference / base).astype(np.int64)
                self.percent[name].add(percent.reshape(cells), where)

    def moved(self, strategy: str, outcome: int) -> bool:
        """Whether any whole draw has another count than under the other strategy."""
        return bool((self.same[self.names.index(strategy), outcome] < self.draws[outcome]).any())


def start_of(futures: Futures, nation_only: bool) -> np.ndarray:
    """Homicides of the last twelve observed months, the nation's first [events; place]."""
    nation = [float(futures.baseline_year.sum())]
    return np.array(nation if nation_only else [*nation, *futures.baseline_year])


def with_totals(counts: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """Counts with the total before its parts along each axis; −1 where a part is."""
    for axis in axes:
        counts = np.concatenate([_total(counts, axis), counts], axis=axis)
    return counts


def _total(counts: np.ndarray, axis: int) -> np.ndarray:
    total = counts.sum(axis=axis, keepdims=True, dtype=np.int64)
    return np.where((counts < 0).any(axis=axis, keepdims=True), -1, total)


def _shape(futures: Futures, nation_only: bool) -> tuple[int, int, int, int]:
    places, years = (1, 1) if nation_only else (len(futures.places), futures.years)
    return len(futures.strategies), len(futures.outcomes), places, years
