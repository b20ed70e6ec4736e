"""`Futures`: an ensemble that is gone through block by block, so that memory does not depend on the number of draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from careo.run.effects import LeftOut
from careo.run.ensemble import BLOCK, Ensemble
from careo.run.history import CompanionLevels
from careo.run.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Futures:
    """All of an ensemble but its draws, which are read when they are gone through. Attributes as of `Ensemble`, and:

    Attributes:
        outcomes: that were counted. places: their codes. months: of the run. years: the same in years, the last one perhaps in part. draws: how many.
        blocks: from the beginning, each block's first draw and its counts [events/year; strategy outcome place year draw], −1 where
            a draw failed; the blocks may come in any order.
    """

    scenarios: tuple[Scenario, ...]
    outcomes: tuple[str, ...]
    places: tuple[str, ...]
    months: int
    years: int
    draws: int
    baseline_year: np.ndarray
    seed: int
    start: date
    members_nation: float | None
    left_out: tuple[LeftOut, ...]
    companions: CompanionLevels
    without: frozenset[str]
    blocks: Callable[[], Iterator[tuple[int, np.ndarray]]]

    @property
    def strategies(self) -> tuple[str, ...]:
        """Their names, the status quo first."""
        return tuple(scenario.name for scenario in self.scenarios)


def futures_of(ensemble: Ensemble) -> Futures:
    """An ensemble in memory, to be gone through like one on disk."""
    counts = ensemble.by_year
    draws = counts.shape[-1]

    def blocks() -> Iterator[tuple[int, np.ndarray]]:
        for first in range(0, draws, BLOCK):
            yield first, counts[..., first : first + BLOCK]

    return Futures(
        scenarios=ensemble.scenarios, outcomes=ensemble.outcomes, places=ensemble.places,
        months=ensemble.by_month.shape[2], years=counts.shape[3], draws=draws, baseline_year=ensemble.baseline_year, seed=ensemble.seed,
        start=ensemble.start, members_nation=ensemble.members_nation, left_out=ensemble.left_out,
        companions=ensemble.companions, without=ensemble.without, blocks=blocks,
    )  # fmt: skip
