"""Least squares on the simplex: at the optimum by its own conditions, never above what another solver finds."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.model.simplex import ACCEPTED, accept, fit_simplex
from careo.model.spread_weights import fit_spread


def panel(donors: int, months: int, seed: int = 1, factors: int = 3) -> np.ndarray:
    """Series around their means that a few random walks explain in part [donor month]."""
    luck = np.random.default_rng(seed)
    walks = np.cumsum(luck.normal(size=(factors, months)), axis=1)
    values = luck.gamma(2, 1, size=(donors, factors)) @ walks + luck.normal(size=(donors, months))
    return values - values.mean(axis=1, keepdims=True)


def others(count: int) -> np.ndarray:
    return ~np.eye(count, dtype=bool)


def objective(weights: np.ndarray, series: np.ndarray, target: np.ndarray, ridge: float = 0.0) -> float:
    return float(0.5 * ((target - weights @ series) ** 2).sum() + 0.5 * ridge * (weights**2).sum())


def distance(
    weights: np.ndarray, series: np.ndarray, target: np.ndarray, allowed: np.ndarray, ridge: float
) -> float:
    """The gap of the conditions of Karush, Kuhn and Tucker, computed from the series, not from the Gram matrix."""
    gradient = series @ (weights @ series - target) + ridge * weights
    return float((weights @ gradient - gradient[allowed].min()) / (np.mean((series**2).sum(axis=1)) + ridge))


@given(
    st.integers(2, 25), st.integers(1, 40), st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 50.0]), st.booleans()
)  # fmt: skip
def test_weights_are_on_the_simplex_and_at_the_optimum(
    donors: int, months: int, seed: int, ridge: float, rounded: bool
) -> None:
    series = panel(donors, months, seed)
    if rounded:  # ties and donors that depend on one another
        series = np.round(series / 3)
    luck = np.random.default_rng(seed)
    allowed = others(donors) & (luck.random((donors, donors)) < 0.8)
    allowed[np.arange(donors), (np.arange(donors) + 1) % donors] = True
    gram = series @ series.T
    fits = fit_simplex(gram, gram, allowed, ridge, threads=1)
    assert (fits.weights >= 0).all()
    assert not fits.weights[~allowed].any()
    np.testing.assert_allclose(fits.weights.sum(axis=1), 1, rtol=1e-12)
    assert fits.gaps.max() <= ACCEPTED
    for target in range(donors):
        if gram.any():
            assert distance(fits.weights[target], series, series[target], allowed[target], ridge) <= ACCEPTED
        # No single donor, and no mean of all, does better.
        rivals = np.concatenate(
            [np.eye(donors)[allowed[target]], allowed[target][None] / allowed[target].sum()]
        )
        best = objective(fits.weights[target], series, series[target], ridge)
        assert all(
            best <= objective(rival, series, series[target], ridge) * (1 + 1e-9) + 1e-9 for rival in rivals
        )


@pytest.mark.parametrize(("donors", "months"), [(31, 96), (60, 24)])
def test_no_objective_is_above_that_of_pysyncon(donors: int, months: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pysyncon.base import VanillaOptimMixin

    series = panel(donors + 1, months)
    gram = series @ series.T
    fits = fit_simplex(gram, gram, others(donors + 1))
    for target in range(4):
        given_to_both = np.delete(series, target, axis=0)
        theirs, _ = VanillaOptimMixin.w_optimize(V_mat=np.eye(months), X0=given_to_both.T, X1=series[target])
        theirs = np.maximum(theirs, 0) / np.maximum(theirs, 0).sum()
        ours = np.delete(fits.weights[target], target)
        assert objective(ours, given_to_both, series[target]) <= objective(theirs, given_to_both, series[target]) * (1 + 1e-6)  # fmt: skip


def test_a_target_that_is_a_mixture_is_found_again() -> None:
    series = panel(12, 40, factors=12)
    truth = np.array([0.5, 0.3, 0.2, *np.zeros(9)])
    fits = fit_simplex(series @ series.T, (truth @ series @ series.T)[None], np.ones((1, 12), dtype=bool))
    np.testing.assert_allclose(fits.weights[0], truth, atol=1e-9)


def test_a_target_far_outside_gets_its_nearest_donor_alone() -> None:
    series = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    fits = fit_simplex(series @ series.T, np.array([[50.0, 1.0]]) @ series.T, np.ones((1, 3), dtype=bool))
    np.testing.assert_allclose(fits.weights[0], [1, 0, 0], atol=1e-12)


def test_a_large_ridge_gives_equal_weights() -> None:
    series = panel(9, 20)
    gram = series @ series.T
    fits = fit_simplex(gram, gram, others(9), 1e12)
    np.testing.assert_allclose(fits.weights[0, 1:], 1 / 8, rtol=1e-6)


def test_what_is_found_does_not_depend_on_threads_or_on_who_else_is_fitted() -> None:
    series = panel(70, 30)
    gram = series @ series.T
    together = fit_simplex(gram, gram, others(70), threads=3)
    alone = fit_simplex(gram, gram[5:6], others(70)[5:6], threads=1)
    assert np.array_equal(together.weights[5], alone.weights[0])


@given(st.integers(0, 1000))
def test_the_order_of_donors_does_not_matter(seed: int) -> None:
    series = panel(15, 40, seed)
    target = panel(1, 40, seed + 1)
    order = np.random.default_rng(seed).permutation(15)
    free = np.ones((1, 15), dtype=bool)
    first = fit_simplex(series @ series.T, target @ series.T, free, threads=1)
    second = fit_simplex(series[order] @ series[order].T, target @ series[order].T, free, threads=1)
    np.testing.assert_allclose(first.weights[0, order], second.weights[0], atol=1e-8)


@pytest.mark.parametrize("same", [np.zeros((6, 9)), np.ones((6, 9)), np.tile(np.arange(9.0), (6, 1))])
def test_donors_that_are_all_the_same_are_no_trouble(same: np.ndarray) -> None:
    fits = fit_simplex(same @ same.T, same @ same.T, others(6))
    assert fits.gaps.max() <= ACCEPTED
    np.testing.assert_allclose(fits.weights.sum(axis=1), 1)


def test_nonsense_is_refused() -> None:
    series = panel(4, 6)
    gram = series @ series.T
    with pytest.raises(ValueError, match="no donor"):
        fit_simplex(gram, gram, np.zeros((4, 4), dtype=bool))
    with pytest.raises(ValueError, match="finite"):
        fit_simplex(gram * np.nan, gram, others(4))
    with pytest.raises(ValueError, match="fit together"):
        fit_simplex(gram, gram[:, :3], others(4)[:, :3])
    with pytest.raises(ValueError, match="above zero"):
        fit_spread(series, series, others(4), np.zeros(4))
    with pytest.raises(ArithmeticError, match="above its optimum"):
        accept(np.array([0.0, 1e-6]))
    with pytest.raises(ArithmeticError):
        accept(np.array([np.nan]))


# ── many donors, few months ──────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(12, 60), st.integers(2, 12), st.integers(0, 10_000), st.floats(-4, 6))
def test_the_dual_finds_what_the_active_set_finds(donors: int, months: int, seed: int, power: float) -> None:
    series = panel(donors, months, seed)
    allowed, ridge = others(donors)[:5], np.full(5, 10.0**power)
    gram = series @ series.T
    one = fit_simplex(gram, gram[:5], allowed, ridge, threads=1)
    other = fit_spread(series[:5], series, allowed, ridge, threads=1)
    assert other.gaps.max() <= ACCEPTED
    assert not other.weights[~allowed].any()
    np.testing.assert_allclose(other.weights.sum(axis=1), 1)
    for target in range(5):
        assert (
            distance(other.weights[target], series, series[target], allowed[target], ridge[target])
            <= ACCEPTED
        )
        assert objective(other.weights[target], series, series[target], ridge[target]) == pytest.approx(
            objective(one.weights[target], series, series[target], ridge[target]), rel=1e-7, abs=1e-9
        )
