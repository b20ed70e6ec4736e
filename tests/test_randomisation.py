"""Randomisation: p against all assignments, intervals against every effect tried, size on worlds where the truth is known."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy import stats

from careo.model.imputation import effects
from careo.model.luck import Luck
from careo.model.randomisation import (
    alike,
    assignments,
    draw_places,
    lower_bound,
    mde,
    profiles,
    randomise,
    simulate_null,
    two_sided,
)

WINDOWS = [(0, 11), (12, 23)]


def walks(seed: int, places: int = 20, months: int = 96, keep: float = 0.9) -> np.ndarray:
    """Levels that wander and return, with noise `[place, month]`."""
    luck = np.random.default_rng(seed)
    level, out = luck.normal(size=places), np.empty((places, months))
    for t in range(months):
        level = keep * level + luck.normal(0, np.sqrt(1 - keep**2), places)
        out[:, t] = level
    return out + luck.normal(0, 0.3, out.shape)


def treated_at(places: list[int], start: int, count: int = 20) -> np.ndarray:
    return np.where(np.isin(np.arange(count), places), start, -1)


EVERYONE = np.ones(20, dtype=bool)


# ── p, intervals, detectable effects ─────────────────────────────────────────────────────────────────────────────


def test_few_places_are_gone_through_completely() -> None:
    outcome, everyone = walks(1, places=7), np.ones(7, dtype=bool)
    start = treated_at([2, 5], 50, 7)
    found = randomise(outcome, start, WINDOWS, risk=everyone)
    every = [
        effects(outcome, treated_at(list(pair), 50, 7), WINDOWS)[0, 0] for pair in combinations(range(7), 2)
    ]
    real = effects(outcome, start, WINDOWS)[0, 0]
    wanted = np.mean([abs(one) >= abs(real) - 1e-9 for one in every])
    assert found.exact
    assert (found.draws, found.smallest_p) == (20, pytest.approx(1 / 21))
    assert found.p[0, 0] == pytest.approx(wanted)


def test_the_interval_holds_exactly_the_effects_that_are_not_refused() -> None:
    outcome, start = walks(2), treated_at([1, 4, 9], 60)
    found = randomise(outcome, start, WINDOWS[:1], risk=EVERYONE, draws=399, level=0.90)
    since = np.arange(96) - start[:, None]
    being_treated = (start[:, None] >= 0) & (since >= 0)

    def p_of(effect: float) -> float:
        return randomise(outcome - effect * being_treated, start, WINDOWS[:1], risk=EVERYONE, draws=399).p[
            0, 0
        ]

    low, high = found.low[0, 0], found.high[0, 0]
    assert low < found.effect[0, 0] < high
    assert p_of(low + 1e-6) > 0.10
    assert p_of(high - 1e-6) > 0.10
    assert p_of(low - 1e-6) <= 0.10
    assert p_of(high + 1e-6) <= 0.10


def test_intervals_cover_a_planted_effect_about_as_often_as_they_say() -> None:
    """300 worlds, treated drawn at random: a standard error of 1.7 points about 90%."""
    luck = np.random.default_rng(5)
    held = 0
    for world in range(300):
        outcome = walks(100 + world)
        start = treated_at(luck.choice(20, 4, replace=False).tolist(), 60)
        since = np.arange(96) - start[:, None]
        outcome += 0.7 * ((start[:, None] >= 0) & (since >= 0))
        found = randomise(outcome, start, WINDOWS[:1], risk=EVERYONE, draws=199, seed=world)
        held += int(found.low[0, 0] <= 0.7 <= found.high[0, 0])
    assert 0.85 < held / 300 < 0.95


def test_an_effect_of_the_detectable_size_is_found_four_times_in_five() -> None:
    luck = np.random.default_rng(6)
    sizes, found = [], 0
    for world in range(200):
        outcome = walks(1000 + world)
        start = treated_at(luck.choice(20, 4, replace=False).tolist(), 60)
        least = randomise(outcome, start, WINDOWS[:1], risk=EVERYONE, draws=199, seed=world).mde[0, 0]
        sizes.append(least)
        outcome += least * ((start[:, None] >= 0) & (np.arange(96) >= start[:, None]))
        found += int(
            randomise(outcome, start, WINDOWS[:1], risk=EVERYONE, draws=199, seed=world).p[0, 0] <= 0.05
        )
    assert (
        0.68 < found / 200 < 0.90
    )  # planted effects widen the placebos they fall into, which costs a few points
    assert mde(np.random.default_rng(1).normal(size=(200_000, 1)))[0] == pytest.approx(1.96 + 0.84, abs=0.02)


def test_p_counts_the_real_assignment_and_ties() -> None:
    placebos = np.array([[3.0], [-3.0], [1.0], [np.nan]])
    assert two_sided(np.array([3.0]), placebos)[0] == pytest.approx(3 / 4)
    assert np.isnan(two_sided(np.array([np.nan]), placebos)[0])


def test_the_lower_bound_is_that_of_clopper_and_pearson() -> None:
    for hits, trials in ((1, 20), (40, 300), (77, 500), (20, 20)):
        wanted = stats.beta.ppf(0.05, hits, trials - hits + 1)
        assert lower_bound(hits, trials) == pytest.approx(wanted, abs=1e-9)
    assert lower_bound(0, 30) == 0.0


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_draws_are_different_places_of_their_own_sets_and_a_block_is_a_slice() -> None:
    sets = np.zeros((3, 20), dtype=bool)
    sets[0, :5], sets[1, 3:9], sets[2, 10:] = True, True, True
    drawn = draw_places(sets, 500, Luck(3), 40)
    assert all(len(set(row)) == 3 for row in drawn.tolist())
    assert all(sets[k, drawn[:, k]].all() for k in range(3))
    assert set(np.unique(drawn[:, 0])) == set(range(5))
    together = draw_places(np.broadcast_to(EVERYONE, (3, 20)), 500, Luck(3), 40)
    assert np.array_equal(draw_places(np.broadcast_to(EVERYONE, (3, 20)), 100, Luck(3), 40), together[:100])
    often = np.bincount(together.ravel(), minlength=20) / together.size
    assert np.abs(often - 1 / 20).max() < 4 * np.sqrt(0.05 * 0.95 / together.size)
    assert len(draw_places(np.broadcast_to(np.arange(20) < 2, (3, 20)), 10, Luck(3), 40)) == 0


def test_ways_to_draw_are_counted() -> None:
    _, one_start, exact = assignments(EVERYONE, np.array([50, 50, 50]), 99, 7)
    assert (one_start, exact) == (comb(20, 3), False)
    _, two_starts, _ = assignments(EVERYONE, np.array([50, 50, 60]), 99, 7)
    assert two_starts == comb(20, 3) * 3
    who, single, exact = assignments(EVERYONE, np.array([50]), 99, 7)
    assert (single, exact, who.shape) == (20, True, (20, 1))


# ── the size of the whole procedure ──────────────────────────────────────────────────────────────────────────────


def test_profiles_are_ranks_of_the_year_before_and_of_its_rise() -> None:
    outcome = np.arange(4.0)[:, None] + np.zeros((4, 40))
    outcome[0, 24:] = 10.0
    level, rise = profiles(outcome)
    assert np.isnan(level[:, 11]).all()
    assert level[:, 12].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert level[:, 36].tolist() == pytest.approx([1, 0, 1 / 3, 2 / 3])
    assert np.isnan(rise[:, 23]).all()
    assert rise[:, 30].tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3])
    three, there = np.array([3]), np.array([True, True, True, False])
    same = alike(profiles(outcome), three, np.array([30]), np.array([36]), there, 2)
    assert same.tolist() == [[False, True, True, False]]
    assert not alike(profiles(outcome), three, np.array([30]), np.array([20]), there, 2).any()


def test_random_invented_treatments_are_found_five_times_in_a_hundred() -> None:
    null = simulate_null(
        walks(8, months=240, keep=0.95), treated_at([1, 4, 9], 200), WINDOWS, risk=EVERYONE, fakes=600
    )
    assert null.fakes >= 600
    assert np.abs(null.size - 0.05).max() < 0.03
    assert null.bound.max() < 0.10


def test_a_choice_at_a_peak_is_found_out_where_levels_return_and_not_where_it_was_none() -> None:
    outcome = walks(9, months=240, keep=0.9)
    worst = np.argsort(outcome[:, 188:200].mean(axis=1))[-3:].tolist()
    middle = np.argsort(outcome[:, 188:200].mean(axis=1))[9:12].tolist()
    found = [
        simulate_null(
            outcome, treated_at(places, 200), WINDOWS, risk=EVERYONE, base=12, profile=profiles(outcome)
        )
        for places in (worst, middle)
    ]
    assert found[0].bound.max() > 0.10
    assert found[1].bound.max() < 0.10


def test_really_treated_months_are_no_part_of_invented_worlds() -> None:
    outcome, start = walks(10, months=200), treated_at([1, 4, 9], 150)
    changed = outcome.copy()
    changed[[1, 4, 9], 150:] += 1e3
    plain, other = (
        simulate_null(values, start, WINDOWS, risk=EVERYONE, fakes=100) for values in (outcome, changed)
    )
    assert np.array_equal(plain.size, other.size)


def test_a_panel_too_short_for_invented_treatments_has_none() -> None:
    null = simulate_null(walks(11, months=40), treated_at([1, 4, 9], 30), WINDOWS, risk=EVERYONE)
    assert null.fakes == 0
    assert np.isnan(null.size).all()
