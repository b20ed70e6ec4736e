"""How fast luck is: `python -m benchmarks.luck`, nanoseconds a draw, one thread.

Three ways to a draw in one run: careo's quantile function of an addressed uniform, `numpy.random.Generator` (which consumes its luck, so
that a changed mean changes every later draw), and SciPy's `ppf` (the same quantile, the slow way). The uniforms are made outside the
clock for careo's and SciPy's columns; the first rows say what an address costs. Rounds of the three alternate and the best of each
counts; ratios only between numbers of one run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from scipy import stats

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.evaluate import versions
from careo.model import quantiles as q
from careo.model.luck import uniform, uniform_pair

MEANS = (0.3, 60.0, 5_000.0)
DRAWS = 200_000
SCIPY_DRAWS = 2_000
Call = Callable[[], Any]


def cases(draws: int) -> list[tuple[str, Call, Call, Call]]:
    """Name, careo's way and NumPy's for `draws` draws, and SciPy's for `SCIPY_DRAWS`."""
    u = np.random.default_rng(1).random(draws)
    few = u[:SCIPY_DRAWS]
    rng = np.random.Generator(np.random.Philox(2))
    rows: list[tuple[str, Call, Call, Call]] = [
        (
            "normal",
            _over(q.normal_quantile, u),
            lambda: rng.standard_normal(draws),
            lambda: stats.norm.ppf(few),
        )
    ]
    rows += [
        (
            f"Student t, df {df:g}",
            _over(q.student_t_quantile, u, df),
            lambda df=df: rng.standard_t(df, draws),
            lambda df=df: stats.t.ppf(few, df),
        )
        for df in (3.0, 4.0, 5.0, 7.5)
    ]
    rows += [
        (
            f"gamma, shape {m:g}",
            _over(q.gamma_quantile, u, m),
            lambda m=m: rng.gamma(m, size=draws),
            lambda m=m: stats.gamma.ppf(few, m),
        )
        for m in MEANS
    ]
    rows += [
        (
            f"Poisson, mean {m:g}",
            _over(q.poisson_quantile, u, m),
            lambda m=m: rng.poisson(m, draws),
            lambda m=m: stats.poisson.ppf(few, m),
        )
        for m in MEANS
    ]
    for alpha in (0.01, 0.1, 0.5):
        for m in MEANS:
            n, p = 1 / alpha, 1 / (1 + alpha * m)
            rows.append(
                (
                    f"negative binomial, mean {m:g}, alpha {alpha:g}",
                    _over(q.negative_binomial_quantile, u, m, alpha),
                    lambda n=n, p=p: rng.negative_binomial(n, p, draws),
                    lambda n=n, p=p: stats.nbinom.ppf(few, n, p),
                )
            )
    for m in MEANS:
        n = max(3, round(m / 0.1))
        rows.append(
            (
                f"binomial, mean {m:g}, p {m / n:g}",
                _over(q.binomial_quantile, u, n, m / n),
                lambda n=n, m=m: rng.binomial(n, m / n, draws),
                lambda n=n, m=m: stats.binom.ppf(few, n, m / n),
            )
        )
    return rows


def _over(quantile: Any, u: np.ndarray, *parameters: float) -> Call:
    """The quantile function in a compiled loop, its parameters as arguments so that nothing is folded away."""

    @njit
    def loop(chances, parameters):
        total = 0.0
        for chance in chances:
            total += quantile(chance, *parameters)
        return total

    return lambda: loop(u, parameters)


@njit
def _addresses(draws: int) -> float:
    total = 0.0
    for draw in range(draws):
        total += uniform(7, 1, 2, 3, draw)
    return total


@njit
def _pairs(draws: int) -> float:
    total = 0.0
    for draw in range(draws):
        first, second = uniform_pair(7, 0, 2, 3, draw)
        total += first + second
    return total


def _alternating(calls: list[tuple[Call, int]], rounds: int) -> list[float]:
    """Nanoseconds a draw, the best round of each."""
    best = [float("inf")] * len(calls)
    for call, _ in calls:
        call()
    for _ in range(rounds):
        for i, (call, draws) in enumerate(calls):
            start = time.perf_counter_ns()
            call()
            best[i] = min(best[i], (time.perf_counter_ns() - start) / draws)
    return best


COUNTED = (
    "Poisson, mean 60",
    "negative binomial, mean 60, alpha 0.01",
    "negative binomial, mean 60, alpha 0.1",
)
"""The laws that the laboratory counts by, at the mean of a state's month."""


def counting(*, draws: int = DRAWS // 4, rounds: int = 5) -> dict[str, tuple[float, float]]:
    """Nanoseconds a draw of careo and of NumPy, of what the laboratory needs most."""
    rng = np.random.Generator(np.random.Philox(2))
    found = {
        "uniform": _alternating(
            [(lambda: _pairs(draws), 2 * draws), (lambda: rng.random(draws), draws)], rounds
        )
    }
    found |= {
        name: _alternating([(ours, draws), (numpy_way, draws)], rounds)
        for name, ours, numpy_way, _ in cases(draws)
        if name in COUNTED
    }
    return {name: (ours, theirs) for name, (ours, theirs) in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="a tenth of the draws")
    given = parser.parse_args()
    draws = DRAWS // 10 if given.quick else DRAWS
    print(versions())
    print(f"{'ns a draw':44}{'careo':>9}{'NumPy':>9}{'SciPy':>10}{'NumPy/careo':>13}{'SciPy/careo':>13}")
    rng = np.random.Generator(np.random.Philox(2))
    one, two, theirs = _alternating(
        [
            (lambda: _addresses(draws), draws),
            (lambda: _pairs(draws), 2 * draws),
            (lambda: rng.random(draws), draws),
        ],
        given.rounds,
    )
    print(f"{'uniform, one address':44}{one:9.1f}{theirs:9.1f}{'–':>10}{theirs / one:13.2f}")
    print(f"{'uniform, two of a block, each':44}{two:9.1f}{theirs:9.1f}{'–':>10}{theirs / two:13.2f}")
    for name, ours, numpy_way, scipy_way in cases(draws):
        a, b, c = _alternating([(ours, draws), (numpy_way, draws), (scipy_way, SCIPY_DRAWS)], given.rounds)
        print(f"{name:44}{a:9.1f}{b:9.1f}{c:10.1f}{b / a:13.2f}{c / a:13.1f}")


if __name__ == "__main__":
    main()
