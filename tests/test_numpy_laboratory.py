"""The yardstick of the benchmarks computes what the kernel computes: two tellings of the same equations, held against each other.

Through the public interface of the kernel only. With months as years it tells counts by place and month and members month by month;
prisoners and groups show in the members of later months; rates of some 10¹¹ events show in their counts to eleven or twelve digits.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import numpy_laboratory
from benchmarks.numpy_laboratory import Consumed, in_blocks, path, run
from benchmarks.synthetic import SEED, World, world

from careo.model.luck import Luck, Process
from careo.model.mechanisms import MECHANISMS, OUTCOMES
from careo.model.quantiles import negative_binomial_quantile

PROCESSES = (
    Process.OBSERVATION, Process.DISAPPEARANCES, Process.EXTORTION, Process.KIDNAPPING, Process.RIGHTS_COMPLAINTS,
)  # fmt: skip


@njit
def _quantiles(u: np.ndarray, rate: np.ndarray, spread: np.ndarray) -> np.ndarray:
    out = np.zeros(u.shape, dtype=np.int64)
    for p in range(u.shape[0]):
        for d in range(u.shape[1]):
            if rate[p, d] > 0.0:
                out[p, d] = negative_binomial_quantile(u[p, d], rate[p, d], spread[d])
    return out


class Addressed:
    """careo's luck in the other engine: the same uniforms, through the same quantile function."""

    def __init__(self, places: np.ndarray, first_draw: int = 0, first_month: int = 0) -> None:
        self.places, self.first_draw, self.first_month = places, first_draw, first_month

    def month(self, month: int, shape: tuple[int, int], overdispersion: Sequence[np.ndarray]) -> None:
        self.at, self.draws, self.spread = month, np.arange(shape[1]) + self.first_draw, overdispersion

    def _uniform(self, process: int) -> np.ndarray:
        return Luck(SEED).uniform(process, self.first_month + self.at, self.places, self.draws)

    def counts(self, outcome: int, rate: np.ndarray) -> np.ndarray:
        return _quantiles(self._uniform(PROCESSES[outcome]), rate, self.spread[outcome])

    def collapse(self) -> np.ndarray:
        return self._uniform(Process.TRUCE_COLLAPSE)


def crowded(*, seed: int, draws: int = 40, places: int = 5, months: int = 30, strategies: int = 3) -> World:
    """A world in which everything is at work: all mechanisms, ranges of doses, truces, links, both overdispersions."""
    made = world(places, months, draws, strategies, effects=len(MECHANISMS), seed=seed)
    rng = np.random.Generator(np.random.Philox(100 + seed))
    effects = made.effects
    hazard = np.where(np.arange(len(MECHANISMS)) % 5 == 3, 0.05, 0.0)
    both = np.sort(
        np.concatenate([np.arange(len(MECHANISMS)), [3, 5]])
    )  # two effects move two mechanisms each
    links = [("corruption", "recruitment"), ("corruption", "incapacitation"), ("rent", "conflict")]
    source, to = (np.array([MECHANISMS.index(pair[k]) for pair in links], dtype=np.int64) for k in range(2))
    return World(
        made.places * 3,
        made.log_intensity,
        made.core._replace(overdispersion=rng.lognormal(-4, 0.5, draws)),
        effects._replace(
            pair_effect=both.astype(np.int64),
            pair_mechanism=np.concatenate([rng.permutation(len(MECHANISMS)), [1, 2]]).astype(np.int64),
            hazard_per_month=hazard,
            rebound=rng.normal(0.2, 0.1, effects.beta.shape),
            link_from=source,
            link_to=to,
            elasticity=rng.normal(0.3, 0.2, (len(links), draws)),
        ),
        made.companions,
    )


@pytest.mark.parametrize("seed", range(4))
def test_under_the_same_luck_counts_are_equal_and_members_agree_to_rounding(seed: int) -> None:
    given = crowded(seed=seed)
    ours = given.by_careo(first_draw=17, first_month=5, months_per_year=1)
    theirs = run(given, Addressed(given.places, 17, 5), months_per_year=1)
    np.testing.assert_allclose(theirs[2], ours[2], rtol=1e-12)
    assert np.array_equal(theirs[0], ours[0])
    assert np.array_equal(theirs[1], ours[1])
    assert (ours[0][1:] != ours[0][0]).mean() > 0.2, "the strategies move something"


@pytest.mark.parametrize("months", [24, 30])
def test_years_are_summed_as_the_kernel_sums_them(months: int) -> None:
    given = crowded(seed=9, months=months)
    for ours, theirs in zip(given.by_careo(), run(given, Addressed(given.places)), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(theirs, ours, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_rates_agree_to_twelve_digits(seed: int) -> None:
    """So many events that a count tells its rate: with the luck and without overdispersion it differs from it by a known amount."""
    small = crowded(seed=seed)
    nothing = np.zeros(small.size[3])
    given = World(
        small.places, small.log_intensity + np.log(1e10), small.core._replace(overdispersion=nothing, companion_overdispersion=nothing),
        small.effects, small.companions * 1e10,
    )  # fmt: skip
    ours = given.by_careo(months_per_year=1)[0]
    theirs = run(given, Addressed(given.places), months_per_year=1)[0]
    assert np.median(ours) > 1e10
    np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=2)


@pytest.mark.parametrize("part", ["prisoners", "groups"])
def test_a_millionth_more_prisoners_or_groups_would_be_seen(part: str) -> None:
    """The power of the comparison of members, which is all that the kernel tells of the state."""
    given = crowded(seed=2)
    moved = World(
        given.places, given.log_intensity, given.core._replace(**{part: getattr(given.core, part) * (1 + 1e-6)}), given.effects, given.companions
    )  # fmt: skip
    one, other = (run(each, Addressed(given.places), months_per_year=1)[2] for each in (given, moved))
    off = np.abs(other / one - 1.0)
    assert off[:, :, 2:].max(axis=(0, 1, 2)).min() > 1e-11


def test_members_killings_prisoners_and_groups_are_told_month_by_month() -> None:
    given = crowded(seed=1)
    months = list(path(given, Addressed(given.places)))
    assert [(at.month, at.strategy) for at in months[:4]] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    members = given.by_careo(months_per_year=1)[2]
    for at in months:
        np.testing.assert_allclose(at.state.members, members[at.strategy, :, at.month], rtol=1e-12)
        for name, least in (("members", 0), ("prisoners", 0), ("groups", 1), ("kills", 0)):
            assert (getattr(at.state, name) >= least).all(), name


def test_what_is_unknown_or_breaks_is_treated_alike() -> None:
    given = crowded(seed=3)
    unknown = given.companions.copy()
    unknown[1] = np.nan
    lines = given.log_intensity.copy()
    lines[0, 3, 11] = np.nan
    lines[2, :, 5] = -np.inf
    broken = World(given.places, lines, given.core, given.effects, unknown)
    ours, theirs = broken.by_careo(), run(broken, Addressed(given.places))
    assert (theirs[0][..., 11] == -1).all()
    assert np.array_equal(ours[0], theirs[0])
    assert np.array_equal(ours[1], theirs[1])


def test_numpys_own_luck_has_the_same_laws() -> None:
    """Means over draws, places and months by strategy and outcome, within four standard errors of their difference."""
    given = crowded(seed=5, draws=400, places=4, months=12)
    ours = given.by_careo()[0][:, :, :, 0].sum(axis=2).astype(np.float64)
    theirs = run(given, Consumed(3))[0][:, :, :, 0].sum(axis=2).astype(np.float64)
    # both have the same parameters draw by draw, so only the luck of counting differs
    gap = (ours - theirs).mean(axis=-1) / ((ours - theirs).std(axis=-1) / np.sqrt(given.size[3]))
    assert gap.shape == (3, len(OUTCOMES))
    assert np.abs(gap).max() < 4


def test_blocks_cover_every_draw_and_the_generator_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    given = world(4, 6, 70, 2, effects=3)
    seen: list[int] = []
    real = numpy_laboratory.run

    def noting(block: World, chances: Any, **more: Any) -> Any:
        seen.append(block.size[3])
        return real(block, chances, **more)

    monkeypatch.setattr(numpy_laboratory, "run", noting)
    homicides, seconds = in_blocks(given, 1, draws=32)
    assert seen == [32, 32, 6]
    assert homicides > 0 and seconds > 0
