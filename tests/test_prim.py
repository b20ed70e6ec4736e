"""PRIM against boxes that are known, against every box there is, and against chance."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from careo.model.luck import Luck
from careo.results.prim import LEAST_INSIDE, PEELED, find_box, trajectory, upper_tail


def cube(inputs: int, worlds: int, seed: int = 3) -> np.ndarray:
    return Luck(seed).uniform(60_000, 0, range(inputs), range(worlds))


def named(values: np.ndarray) -> dict[str, np.ndarray]:
    return {f"x{number}": row for number, row in enumerate(values)}


def test_a_known_box_is_found_within_what_one_peel_takes_and_nothing_else_is_closed() -> None:
    values = cube(12, 500)
    box = find_box(named(values), (values[0] > 0.6) & (values[1] < 0.4))
    assert box is not None
    assert set(box.sides) == {"x0", "x1"}
    assert box.sides["x0"] == (pytest.approx(0.6, abs=0.03), np.inf)
    assert box.sides["x1"] == (-np.inf, pytest.approx(0.4, abs=0.03))
    assert box.coverage > 0.95
    assert box.density > 0.95


def test_a_box_with_both_sides_closed_is_found() -> None:
    values = cube(4, 1000)
    box = find_box(named(values), (values[2] > 0.3) & (values[2] < 0.7))
    assert box is not None
    assert set(box.sides) == {"x2"}
    assert box.sides["x2"] == (pytest.approx(0.3, abs=0.03), pytest.approx(0.7, abs=0.03))


def test_without_failures_with_nothing_but_failures_and_by_chance_there_is_no_box() -> None:
    values = cube(10, 400)
    assert find_box(named(values), np.zeros(400, dtype=bool)) is None
    assert find_box(named(values), np.ones(400, dtype=bool)) is None
    elsewhere = Luck(3).uniform(60_001, 0, [0], range(400))[0] < 0.3
    assert find_box(named(values), elsewhere) is None


def test_coverage_density_and_size_are_those_of_the_box() -> None:
    values = cube(3, 300)
    failed = (values[0] > 0.5) | (values[1] < 0.1)
    box = find_box(named(values), failed)
    assert box is not None
    inside = np.ones(300, dtype=bool)
    for name, (low, high) in box.sides.items():
        row = values[int(name[1:])]
        inside &= (row >= low) & (row <= high)
    assert box.coverage == pytest.approx((failed & inside).sum() / failed.sum())
    assert box.density == pytest.approx(failed[inside].mean())
    assert box.inside == pytest.approx(inside.mean())


def test_on_one_input_no_interval_there_is_tells_failures_better_by_more_than_a_peel() -> None:
    """Brute force over every interval, by the harmonic mean of coverage and density."""
    values = cube(1, 120)
    failed = (values[0] > 0.35) & (values[0] < 0.8)
    box = find_box(named(values), failed)
    assert box is not None
    ordered = np.sort(values[0])

    def worth(low: float, high: float) -> float:
        inside = (values[0] >= low) & (values[0] <= high)
        return 2 * (failed & inside).sum() / (failed.sum() + inside.sum())

    best = max(worth(low, high) for low, high in itertools.combinations(ordered, 2))
    assert best == 1.0
    assert worth(*box.sides["x0"]) >= best - PEELED


def test_ties_are_peeled_whole() -> None:
    steps = np.repeat(np.arange(5.0), 40)
    box = find_box({"step": steps}, steps >= 3)
    assert box is not None
    assert box.sides["step"] == (3.0, np.inf)
    assert (box.coverage, box.density) == (1.0, 1.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.05, 0.9))
def test_on_the_way_boxes_only_shrink_and_never_below_the_least_size(seed: int, rate: float) -> None:
    values = cube(3, 80, seed)
    failed = Luck(seed).uniform(60_001, 0, [0], range(80))[0] < rate
    before = np.ones(80, dtype=bool)
    for sides in trajectory(values, failed):
        inside = ((values >= sides[:, :1]) & (values <= sides[:, 1:])).all(axis=0)
        assert not (inside & ~before).any()
        assert inside.mean() >= LEAST_INSIDE
        before = inside


def test_the_order_of_worlds_changes_nothing() -> None:
    values = cube(4, 200)
    failed = (values[1] > 0.5) & (values[3] < 0.7)
    turned = np.argsort(values[0])
    assert find_box(named(values), failed) == find_box(named(values[:, turned]), failed[turned])


@pytest.mark.parametrize(
    ("trials", "probability", "hits"), [(10, 0.3, 5), (300, 0.2, 80), (7, 0.5, 0), (40, 0.9, 40)]
)
def test_the_upper_tail_is_scipys(trials: int, probability: float, hits: int) -> None:
    assert upper_tail(trials, probability, hits) == pytest.approx(
        float(binom.sf(hits - 1, trials, probability)), rel=1e-9
    )
