"""Scores of samples: against closed forms, against scoringrules, and in the cases that a count brings."""

from __future__ import annotations

import itertools
import sys
from functools import cache
from importlib import import_module
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from careo.results.scores import (
    BINS,
    SCORES,
    crps,
    ignorance,
    interval,
    interval_score,
    pit_histogram,
    score,
)

MANY = 20_000


@cache
def scoringrules() -> ModuleType:
    """The other tool, by its NumPy formulas: where it sees numba it compiles 4 s of functions while it is imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "numba", None)
        return import_module("scoringrules")


def even(law: object, count: int = MANY) -> np.ndarray:
    """Samples in order that stand for a law: its quantiles at the middle of equal stretches."""
    return law.ppf((np.arange(count) + 0.5) / count)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("observed", [0.0, 7.0, 12.0, 40.0])
def test_crps_of_a_poisson_law_is_the_closed_form(observed: float) -> None:
    found = crps(even(stats.poisson(10.0))[None], np.array([observed]))[0]
    assert found == pytest.approx(float(scoringrules().crps_poisson(observed, 10.0)), abs=0.005)


@pytest.mark.parametrize("observed", [-1.0, 0.3, 4.0])
def test_crps_of_a_normal_law_is_the_closed_form(observed: float) -> None:
    z, law = observed, stats.norm()
    closed = z * (2 * law.cdf(z) - 1) + 2 * law.pdf(z) - 1 / np.sqrt(np.pi)
    assert crps(even(law)[None], np.array([observed]))[0] == pytest.approx(closed, abs=1e-3)


def test_crps_of_one_certain_sample_is_the_distance() -> None:
    assert crps(np.full((1, 9), 4.0), np.array([11.0]))[0] == pytest.approx(7.0)


@given(
    arrays(np.int64, (3, 17), elements=st.integers(0, 1200)),
    arrays(np.float64, 3, elements=st.integers(0, 1200).map(float)),
)
def test_crps_and_interval_score_are_those_of_scoringrules(samples: np.ndarray, observed: np.ndarray) -> None:
    ordered = np.sort(samples.astype(float), axis=-1)
    theirs = scoringrules().crps_ensemble(observed, ordered, estimator="nrg", backend="numpy")
    assert crps(ordered, observed) == pytest.approx(np.asarray(theirs), abs=1e-9)
    low, high = interval(ordered, 0.9)
    theirs = scoringrules().interval_score(observed, low, high, 0.1)
    assert interval_score(ordered, observed) == pytest.approx(np.asarray(theirs), abs=1e-9)
    found = score(samples, observed)
    logged = scoringrules().crps_ensemble(
        np.log1p(observed), np.log1p(ordered), estimator="nrg", backend="numpy"
    )
    assert found["log_crps"] == pytest.approx(np.asarray(logged), abs=1e-9)


def test_the_interval_score_is_its_width_and_twenty_times_what_lies_outside() -> None:
    samples = np.arange(101.0)[None]  # 5% and 95% quantiles are 5 and 95
    assert interval_score(samples, np.array([50.0]))[0] == pytest.approx(90)
    assert interval_score(samples, np.array([98.0]))[0] == pytest.approx(90 + 20 * 3)
    assert interval_score(samples, np.array([1.0]))[0] == pytest.approx(90 + 20 * 4)


def test_ignorance_counts_samples_in_the_bin_of_what_was_observed_and_one_more() -> None:
    samples = np.array([[0.0] * 6 + [3.0] * 3 + [2000.0]])
    by_hand = {0.0: 7, 1.0: 1, 4.0: 4, 2000.0: 2, 700.0: 1}
    for observed, hits in by_hand.items():
        assert ignorance(samples, np.array([observed]))[0] == pytest.approx(-np.log2(hits / 21)), observed
    assert len(BINS) == 12, "eleven bins"


def test_the_bins_partition_what_can_be_counted() -> None:
    samples = np.zeros((1, 5))
    shares = [
        2.0 ** -ignorance(samples, np.array([(a + min(b, 2000)) / 2]))[0] for a, b in itertools.pairwise(BINS)
    ]
    assert sum(shares) == pytest.approx(1.0)


def test_what_was_not_observed_is_not_scored() -> None:
    found = score(np.ones((2, 30), dtype=np.int64), np.array([1.0, np.nan]))
    assert set(found) == set(SCORES)
    assert all(not np.isnan(values[0]) and np.isnan(values[1]) for values in found.values())


def test_coverage_holds_the_ends_of_the_interval() -> None:
    samples = np.tile(np.arange(101), (4, 1))
    assert score(samples, np.array([5.0, 95.0, 4.0, 96.0]))["inside_90"].tolist() == [1, 1, 0, 0]
    assert score(samples, np.array([25.0, 75.0, 24.0, 76.0]))["inside_50"].tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("mean", [0.4, 3.0, 60.0])
def test_the_pit_of_counts_is_even_when_the_forecast_is_the_law(mean: float) -> None:
    rng = np.random.default_rng(3)
    observed = rng.poisson(mean, 4000).astype(float)
    samples = np.tile(even(stats.poisson(mean), 500).astype(np.int64), (4000, 1))
    found = pit_histogram(samples, observed)
    assert found.sum() == pytest.approx(4000)
    assert found == pytest.approx(400, abs=4 * np.sqrt(400)), "no luck is needed to make it even"


def test_the_pit_shows_forecasts_that_are_too_narrow_too_wide_and_too_low() -> None:
    rng = np.random.default_rng(4)
    observed = rng.negative_binomial(5, 5 / 105, 3000).astype(float)

    def shape(law: object) -> np.ndarray:
        return pit_histogram(np.tile(even(law, 400).astype(np.int64), (3000, 1)), observed) / 3000

    narrow, wide = shape(stats.poisson(100)), shape(stats.nbinom(1, 1 / 101))
    assert narrow[[0, -1]].min() > 0.25 and wide[[0, -1]].max() < 0.08
    low = shape(stats.nbinom(5, 5 / 55))
    assert low[-1] > 2 * low[0]


def test_an_observation_beyond_every_sample_lies_in_the_last_stretch() -> None:
    samples = np.tile(np.arange(5, 15), (3, 1))
    found = pit_histogram(samples, np.array([90.0, 0.0, np.nan]))
    assert found.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    between = pit_histogram(np.array([[0, 0, 10, 10]]), np.array([4.0]))
    assert between.sum() == 1 and between[5] == 1, "no sample hit it: the point P(X < y) = ½"
