"""How the order of strategies turns with the parameters that no count can tell.

Strategies are ordered by the median of their paired difference in homicides from the status quo (nation, whole horizon), fewest first: under
the same luck it is known far better than the median of a level. For each parameter the draws are cut into thirds by
its value, and the order is looked up again in the lower and in the upper third; and for each two strategies, in which share of a third's
draws their order is the other one (as many homicides count half). Draws are those of the run itself, so what is seen is the parameter's
own part in the spread of the result, not what would be if all others stood still.

A gap between the thirds is more than luck when it exceeds 3.5 standard errors: by chance, one of 2,000 does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from careo.base.errors import CareoError
from careo.model.mechanisms import OUTCOMES
from careo.results.accumulated import Accumulated
from careo.run.ensemble import Ensemble
from careo.run.futures import Futures, futures_of

FEWEST_DRAWS = 90
"""With fewer, a third is too small to be ordered."""
LUCK = 3.5
"""Standard errors."""

Order = tuple[tuple[str, ...], ...]
"""Strategies by median difference in homicides, fewest first; those with the same one together."""
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Third:
    """Of the draws, by one parameter.

    Attributes:
        bound: its largest value of a lower third, its smallest of an upper one [unit of the parameter].
        order: of the strategies. differences: medians of their homicides less the status quo's. turned: pair → share of draws in which its order is the other one.
    """

    bound: float
    order: Order
    differences: Mapping[str, float]
    turned: Mapping[Pair, float]


@dataclass(frozen=True, slots=True)
class Turn:
    """What the order of strategies has to do with one parameter.

    Attributes:
        lower, upper: thirds. gaps: pair → upper less lower share, in standard errors.
    """

    lower: Third
    upper: Third
    gaps: Mapping[Pair, float]

    @property
    def largest(self) -> float:
        """The largest gap [standard errors]."""
        return max((abs(gap) for gap in self.gaps.values()), default=0.0)

    @property
    def telling(self) -> bool:
        """Whether a gap is more than luck."""
        return self.largest > LUCK


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of strategies by median difference in homicides, and what turns it.

    Attributes:
        whole: all draws; `bound` is nan. turns: by parameter, the one with the largest gap first. draws: that did not break down.
    """

    whole: Third
    turns: Mapping[str, Turn]
    draws: int

    def reordered(self, name: str) -> bool:
        """Whether a third of this parameter has another order than all draws together."""
        turn = self.turns[name]
        return any(third.order != self.whole.order for third in (turn.lower, turn.upper))


def ranking(ensemble: Ensemble | Futures | Accumulated, parameters: Mapping[str, np.ndarray]) -> Ranking:
    """How the order of an ensemble's strategies, the status quo among them, turns with its parameters.

    Args:
        ensemble: of `simulate`, `read_run` or `open_run`; the last is gone through block by block.
        parameters: of its draws, as of `run_parameters` [its unit; draw].

    Raises:
        CareoError: fewer than two strategies, or fewer than 90 draws.
        ValueError: parameters of another number of draws.
    """
    futures = ensemble.futures if isinstance(ensemble, Accumulated) else ensemble
    futures = futures_of(futures) if isinstance(futures, Ensemble) else futures
    if any(values.shape != (futures.draws,) for values in parameters.values()):
        raise ValueError(f"each parameter needs one value for each of {futures.draws} draws")
    homicides = _homicides(futures)
    sound = (homicides >= 0).all(axis=0)
    counts, names = homicides[:, sound], futures.strategies
    draws = counts.shape[1]
    if len(names) < 2 or draws < FEWEST_DRAWS:
        raise CareoError(
            "ranking_few",
            expected=f"≥ 2 × {FEWEST_DRAWS}",
            found=f"{len(names)} × {draws}",
            fix="ranking_few",
        )
    order, medians = _order(names, counts)
    flat = [name for tied in order for name in tied]
    pairs = [(one, other) for k, one in enumerate(flat) for other in flat[k + 1 :]]
    rows = [(names.index(one), names.index(other)) for one, other in pairs]
    # 1 where the pair's order is the other one, 0 for as many homicides, else −1 [pair draw]
    signs = np.array([np.sign(counts[a] - counts[b]) for a, b in rows], dtype=np.int8)
    whole = Third(float("nan"), order, medians, dict(zip(pairs, _turned(signs).tolist(), strict=True)))
    turns: dict[str, Turn] = {}
    for name, values in parameters.items():
        value = values[sound]
        if not np.ptp(value):
            continue
        ranks = np.argsort(value, kind="stable")
        low, high = ranks[: draws // 3], ranks[-(draws // 3) :]
        lower, upper = (
            Third(float(value[at[edge]]), *_order(names, counts[:, at]),
                  dict(zip(pairs, _turned(signs[:, at]).tolist(), strict=True)))
            for at, edge in ((low, -1), (high, 0))
        )  # fmt: skip
        gaps = _gaps(signs[:, low], signs[:, high])
        turns[name] = Turn(lower, upper, dict(zip(pairs, gaps.tolist(), strict=True)))
    by_gap = sorted(turns, key=lambda name: -turns[name].largest)
    return Ranking(whole, {name: turns[name] for name in by_gap}, draws)


def _homicides(futures: Futures) -> np.ndarray:
    """Of the nation over the whole horizon; −1 where a draw broke down [strategy draw]."""
    outcome = futures.outcomes.index(OUTCOMES[0])
    found = np.empty((len(futures.strategies), futures.draws), dtype=np.int64)
    for first, yearly in futures.blocks():
        counts = yearly[:, outcome]
        total = np.where((counts < 0).any(axis=(1, 2)), -1, counts.sum(axis=(1, 2), dtype=np.int64))
        found[:, first : first + yearly.shape[-1]] = total
    return found


def _order(names: tuple[str, ...], counts: np.ndarray) -> tuple[Order, Mapping[str, float]]:
    against = np.median(counts - counts[0], axis=1)  # the status quo is first
    medians = dict(zip(names, against.tolist(), strict=True))
    levels = sorted(set(medians.values()))
    return tuple(tuple(name for name in names if medians[name] == level) for level in levels), medians


def _turned(signs: np.ndarray) -> np.ndarray:
    """Share of draws in which the order is the other one [pair]."""
    return 0.5 * (signs.mean(axis=1) + 1.0)


def _variance(signs: np.ndarray) -> np.ndarray:
    return np.abs(signs).mean(axis=1) - signs.mean(axis=1) ** 2


def _gaps(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Upper less lower share, in standard errors of independent draws; 0 where both are the same in every draw [pair]."""
    gap = _turned(high) - _turned(low)
    error = 0.5 * np.sqrt(_variance(low) / low.shape[1] + _variance(high) / high.shape[1])
    # two shares without spread that differ, 0 and 1, differ as surely as can be
    return np.where(
        error > 0, gap / np.where(error > 0, error, 1.0), np.where(gap != 0, np.copysign(np.inf, gap), 0.0)
    )
