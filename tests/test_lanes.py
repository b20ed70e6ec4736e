"""Draws side by side: the same numbers as one by one, whatever stands in the other lanes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from careo.model import lanes
from careo.model.lanes import ALPHA, COUNT, LANES, MEAN, SCORE, UNIFORM
from careo.model.quantiles import negative_binomial_quantile, normal_quantile


@njit
def _mapped(x: np.ndarray, which: int) -> np.ndarray:
    out = np.empty_like(x)
    for i in range(x.size):
        if which == 0:
            out[i] = lanes.exp_of(x[i])
        elif which == 1:
            out[i] = lanes.log_of(x[i])
        else:
            out[i] = lanes.log1p_of(x[i])
    return out


def distance(ours: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """In units of the last place."""
    return np.abs(ours - exact) / np.spacing(np.abs(exact))


def test_exp_and_log_are_those_of_numpy_to_a_unit_in_the_last_place() -> None:
    x = np.concatenate([np.linspace(-700, 700, 40_001), np.linspace(-1, 1, 40_001), [0.0, 1e-300, -1e-300]])
    assert distance(_mapped(x, 0), np.exp(x)).max() <= 1.0
    y = np.concatenate([np.geomspace(1e-300, 1e300, 40_001), np.linspace(0.3, 3, 40_000)])
    assert distance(_mapped(y, 1), np.log(y)).max() <= 1.0
    z = np.concatenate([np.geomspace(1e-300, 1e10, 40_001), [0.0]])
    assert distance(_mapped(z, 2), np.log1p(z)).max() <= 4.0
    assert _mapped(np.zeros(1), 0)[0] == 1.0
    assert _mapped(np.ones(1), 1)[0] == 0.0
    assert math.isnan(_mapped(np.array([math.nan]), 0)[0])
    assert _mapped(np.array([-1e9, 1e9]), 0).tolist() == pytest.approx([math.exp(-700), math.exp(700)])


def workspace(uniforms: np.ndarray, means: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    w = np.zeros(lanes.FIRST_FREE_ROW * LANES)
    w[UNIFORM : UNIFORM + LANES], w[MEAN : MEAN + LANES], w[ALPHA : ALPHA + LANES] = uniforms, means, alphas
    return w


def one_by_one(uniforms: np.ndarray, means: np.ndarray, alphas: np.ndarray) -> list[int]:
    return [negative_binomial_quantile(u, m, a) for u, m, a in zip(uniforms, means, alphas, strict=True)]


def counts(kind: str, *numbers: np.ndarray) -> list[int]:
    w = workspace(*numbers)
    lanes.score(w)
    getattr(lanes, f"count_{kind}")(w)
    return w[COUNT : COUNT + LANES].astype(int).tolist()


TAILS = np.array([1e-15, 1e-12, 1e-9, 1e-4, 0.5, 1 - 1e-4, 1 - 1e-9, 1 - 1e-12, 1 - 2**-53])


@pytest.mark.parametrize("alpha", [0.0, 1e-19, 1e-12, 1e-5, 0.006, 0.02, 0.08, 0.3, 2.0])
def test_counts_are_those_of_the_quantile_function(alpha: float) -> None:
    rng = np.random.default_rng(3)
    kinds = ["small", "dispersed"] + (["poisson"] if alpha == 0.0 else [])
    for mean in (0.0, 1e-12, 0.003, 0.4, 2.0, 5.9, 6.1, 14.0, 60.0, 900.0, 1e6):
        for kind in kinds if mean < 100 else [k for k in kinds if k != "small"]:
            for _ in range(6):
                uniforms = rng.random(LANES)
                uniforms[: len(TAILS)] = TAILS
                means, alphas = mean * np.exp(rng.normal(0, 0.3, LANES)), np.full(LANES, alpha)
                assert counts(kind, uniforms, means, alphas) == one_by_one(uniforms, means, alphas), (
                    kind,
                    mean,
                )


def test_uniform_numbers_that_stand_on_a_step_are_not_rounded_across_it() -> None:
    """Where P(Y ≤ k) = u to the last bit, only the exact function may decide."""
    for mean in (0.7, 3.0, 5.5):
        term, reached, steps = math.exp(-mean), math.exp(-mean), list[float]()
        for k in range(1, 12):
            steps += [np.nextafter(reached, 0), reached, np.nextafter(reached, 1)]
            term *= mean / k
            reached += term
        uniforms = np.array((steps * 2)[:LANES])
        means, alphas = np.full(LANES, mean), np.zeros(LANES)
        assert counts("small", uniforms, means, alphas) == one_by_one(uniforms, means, alphas)


@given(
    st.integers(0, 2**32), st.integers(0, LANES - 1), st.floats(1e-6, 1e4), st.floats(0, 1), st.floats(1e-12, 1 - 1e-12)
)  # fmt: skip
def test_a_lane_does_not_know_its_neighbours(
    seed: int, lane: int, mean: float, alpha: float, u: float
) -> None:
    rng = np.random.default_rng(seed)
    uniforms, means, alphas = rng.random(LANES), 10 ** rng.uniform(-3, 3, LANES), rng.uniform(0, 0.5, LANES)
    uniforms[lane], means[lane], alphas[lane] = u, mean, alpha
    for kind in ("dispersed",) if mean > 50 else ("small", "dispersed"):
        assert counts(kind, uniforms, means, alphas)[lane] == negative_binomial_quantile(u, mean, alpha)


def test_scores_are_normal_quantiles_but_in_the_farthest_tails() -> None:
    uniforms = np.concatenate([np.linspace(1e-9, 1 - 1e-9, LANES - 4), [1e-14, 1e-11, 1 - 1e-14, 0.5]])
    w = workspace(uniforms, np.ones(LANES), np.zeros(LANES))
    lanes.score(w)
    found = w[SCORE : SCORE + LANES]
    for u, z in zip(uniforms, found, strict=True):
        if min(u, 1 - u) > 1e-9:
            assert z == pytest.approx(normal_quantile(u), abs=1e-14, rel=1e-14)
        elif not math.isnan(z):
            assert z == pytest.approx(normal_quantile(u), rel=1e-12)


def test_normals_of_consecutive_draws_are_those_of_their_addresses() -> None:
    from careo.model.luck import Luck, Process

    for process in (int(Process.LEVEL_SHOCK), int(Process.OBSERVATION)):
        found = np.empty(301)
        lanes.normals(np.uint64(7), process, 3, 11, 40, found)
        uniforms = Luck(7).uniform(process, 3, [11], np.arange(40, 341))[0]
        assert found == pytest.approx([normal_quantile(u) for u in uniforms], rel=1e-13, abs=1e-15)
