"""Luck: addresses never collide, a block of draws is a slice, and quantile functions agree with SciPy."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import get_num_threads, njit, prange, set_num_threads
from scipy import stats

from careo.model import quantiles
from careo.model.luck import Luck, Process, philox4x32, uniform, uniform_pair
from careo.model.quantiles import (
    binomial_quantile,
    gamma_quantile,
    negative_binomial_quantile,
    normal_quantile,
    poisson_quantile,
)
from careo.model.student_t import student_t_quantile

TAILS = [1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.249, 0.251, 0.4, 0.499]
CHANCES = [*TAILS, 0.5, *(1 - u for u in TAILS), *np.random.default_rng(1).random(30)]
open_unit = st.floats(1e-15, 1 - 1e-15, exclude_min=True, exclude_max=True)
words = st.integers(0, 2**32 - 1)
addresses = st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**16 - 1), words, words, words)


# Addresses


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_gives_the_published_known_answers(
    counter: tuple[int, ...], key: tuple[int, ...], answer: str
) -> None:
    words = philox4x32(*(np.uint64(word) for word in (*counter, *key)))
    assert " ".join(f"{int(word):08x}" for word in words) == answer


def test_an_address_keeps_its_number_for_ever() -> None:
    assert Luck(7).uniform(Process.OBSERVATION, 24_000, [3], [17]).item().hex() == PINNED


PINNED = "0x1.40fc5d7a30f3ap-2"


@settings(max_examples=300)
@given(addresses, addresses)
def test_two_addresses_never_share_a_number(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    # The counter is a bijection of the address; what can still coincide is 52 bits of two different blocks, once in 2**52 pairs.
    assert (_number(a) == _number(b)) == (a == b)


@given(addresses, st.integers(0, 4), st.integers(0, 63))
def test_one_bit_of_an_address_changes_the_number(address: tuple[int, ...], part: int, bit: int) -> None:
    width = (64, 16, 32, 32, 32)[part]
    other = list(address)
    other[part] ^= 1 << (bit % width)
    assert _number(tuple(other)) != _number(address)


def test_an_even_process_and_its_neighbour_come_from_one_block() -> None:
    assert uniform_pair(5, 2, 3, 4, 6) == (uniform(5, 2, 3, 4, 6), uniform(5, 3, 3, 4, 6))
    assert uniform_pair(5, 3, 3, 4, 6) == uniform_pair(5, 2, 3, 4, 6)


def test_a_block_of_draws_is_a_slice_and_places_keep_their_own_numbers() -> None:
    whole = Luck(11).uniform(0, 5, np.arange(32), np.arange(1000))
    assert np.array_equal(Luck(11).uniform(0, 5, np.arange(32), np.arange(300, 457)), whole[:, 300:457])
    order = np.random.default_rng(2).permutation(32)
    assert np.array_equal(Luck(11).uniform(0, 5, order, np.arange(1000)), whole[order])


def test_the_largest_and_smallest_blocks_give_numbers_strictly_inside() -> None:
    from careo.model.luck import _open_unit

    top, zero = np.uint64(0xFFFFFFFF), np.uint64(0)
    assert _open_unit(zero, zero) == 2.0**-53
    assert _open_unit(top, top) == 1 - 2.0**-53


@pytest.mark.parametrize(
    ("seed", "process", "month", "places", "draws", "named"),
    [
        (-1, 0, 0, [0], [0], "seed"),
        (2**64, 0, 0, [0], [0], "seed"),
        (1, 2**16, 0, [0], [0], "process"),
        (1, 0, -1, [0], [0], "month"),
        (1, 0, 0, [2**32], [0], "places"),
        (1, 0, 0, [0], [-3], "draws"),
        (1, 0, 0, [0.5], [0], "places must be integers"),
        (1, 0, 0, [[0]], [0], "places must have one axis"),
    ],
)
def test_an_address_outside_its_range_is_refused_by_name(
    seed: int, process: int, month: int, places: Any, draws: Any, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        Luck(seed).uniform(process, month, places, draws)


def test_processes_have_one_number_each_within_range() -> None:
    numbers = [process.value for process in Process]
    assert len(set(numbers)) == len(Process.__members__)
    assert max(numbers) + 32_768 == 2**16


def _number(address: tuple[int, ...]) -> float:
    seed, process, month, place, draw = address
    return Luck(seed).uniform(process, month, [place], [draw]).item()


# Uniformity: every tolerance is in standard errors of what is measured.

AXES = ("seed", "process", "month", "place", "draw")


def _along(axis: str, n: int = 40_000) -> np.ndarray:
    """Numbers whose addresses differ along one axis only `[n]`."""
    address: dict[str, Any] = {"seed": 3, "process": 5, "month": 7, "place": 9, "draw": 11}
    return np.array([uniform(*(i if name == axis else address[name] for name in AXES)) for i in range(n)])


@pytest.mark.parametrize("axis", AXES)
def test_numbers_along_every_axis_look_uniform_and_independent(axis: str) -> None:
    u = _along(axis)
    n = u.size
    assert abs(u.mean() - 0.5) < 4 * math.sqrt(1 / 12 / n)
    assert abs(u.var() - 1 / 12) < 4 * math.sqrt(1 / 180 / n)
    for lag in (1, 2, 3, 16):
        assert abs(np.corrcoef(u[lag:], u[:-lag])[0, 1]) < 4 / math.sqrt(n)
    cells = np.bincount((u * 100).astype(int), minlength=100)
    chi_square = ((cells - n / 100) ** 2 / (n / 100)).sum()
    assert abs(chi_square - 99) < 4 * math.sqrt(2 * 99)
    pairs = np.bincount((u[::2] * 10).astype(int) * 10 + (u[1::2] * 10).astype(int), minlength=100)
    chi_square = ((pairs - n / 200) ** 2 / (n / 200)).sum()
    assert abs(chi_square - 99) < 4 * math.sqrt(2 * 99)


def test_the_two_numbers_of_a_block_are_independent() -> None:
    both = np.array([uniform_pair(1, 0, 2, 3, draw) for draw in range(40_000)])
    assert abs(np.corrcoef(both.T)[0, 1]) < 4 / math.sqrt(len(both))


# Continuous quantiles


@pytest.mark.parametrize(
    "u", [*CHANCES, 1e-300, 5e-324, 2.0**-53, 1 - 2.0**-53, 0.075, 0.925, math.exp(-25), 1e-20]
)
def test_the_normal_quantile_is_scipys(u: float) -> None:
    assert normal_quantile(u) == pytest.approx(stats.norm.ppf(u), rel=3e-15, abs=1e-17)


@pytest.mark.parametrize(
    "df", [1.0, 1.3, 2.0, 2.5, 3.0, 3.7, 4.0, 4.2, 5.0, 5.5, 7.0, 10.0, 17.3, 30.0, 200.0, 1e4, 1e8]
)
def test_the_t_quantile_is_scipys(df: float) -> None:
    for u in CHANCES:
        assert student_t_quantile(u, df) == pytest.approx(stats.t.ppf(u, df), rel=2e-11, abs=1e-16), u


@pytest.mark.parametrize("df", [1.0, 2.0, 3.0, 3.7, 4.0, 5.0, 30.0, 1e13])
def test_near_the_middle_the_t_quantile_keeps_its_relative_accuracy(df: float) -> None:
    density = stats.t.pdf(0, df) if df < 1e13 else stats.norm.pdf(0)
    for step in (2.0**-30, 2.0**-45):  # t = step / density up to a relative step²
        assert student_t_quantile(0.5 + step, df) == pytest.approx(step / density, rel=1e-13)
        assert student_t_quantile(0.5 - step, df) == pytest.approx(-step / density, rel=1e-13)


@pytest.mark.parametrize(
    "shape", [0.05, 0.1, 0.3, 0.5, 0.9, 1.0, 1.5, 2.0, 5.0, 10.0, 30.0, 60.0, 100.0, 1e3, 5e3, 1e4, 1e5]
)
def test_the_gamma_quantile_is_scipys(shape: float) -> None:
    for u in CHANCES:
        assert gamma_quantile(u, shape) == pytest.approx(stats.gamma.ppf(u, shape), rel=1e-12), u


def test_the_gamma_quantile_of_a_million_is_scipys_as_far_as_scipy_goes() -> None:
    for u in CHANCES:
        if abs(stats.norm.ppf(u)) < 4.4:  # beyond, SciPy's incomplete gamma is off by some per cent (below)
            assert gamma_quantile(u, 1e6) == pytest.approx(stats.gamma.ppf(u, 1e6), rel=1e-13)


# Counts


def _is_quantile(k: int, u: float, law: Any) -> bool:
    """Whether k is the quantile by SciPy's own tails, up to their rounding.

    k is right when F(k − 1) < u ≤ F(k); in the upper half the same is asked of the upper tail and 1 − u, which is exact. SciPy's tails
    round in their last digits, so both comparisons leave a relative 1e-12 of the tail.
    """
    if k < 0:
        return False
    if u <= 0.5:
        return bool(law.cdf(k) >= u * (1 - 1e-12) and law.cdf(k - 1) < u * (1 + 1e-12))
    return bool(law.sf(k) <= (1 - u) * (1 + 1e-12) and law.sf(k - 1) > (1 - u) * (1 - 1e-12))


def _check(found: list[int], chances: list[float], law: Any, unequal: int = 0) -> None:
    expected = law.ppf(np.array(chances)).astype(np.int64)
    for k, u in zip(found, chances, strict=True):
        assert _is_quantile(k, u, law), (k, u)
    assert (np.array(found) != expected).sum() <= unequal


@pytest.mark.parametrize(
    "mean", [1e-6, 0.01, 0.3, 1.0, 3.0, 3.9, 4.0, 4.1, 9.0, 15.5, 60.0, 200.0, 999.9, 5e3, 123456.7, 1e6]
)
def test_poisson_quantiles_are_scipys(mean: float) -> None:
    _check([poisson_quantile(u, mean) for u in CHANCES], CHANCES, stats.poisson(mean))


def test_poisson_quantiles_of_ten_million_are_scipys_and_beyond_its_reach_the_sums() -> None:
    mean = 1e7
    near = [u for u in CHANCES if abs(stats.norm.ppf(u)) < 4.4]
    _check([poisson_quantile(u, mean) for u in near], near, stats.poisson(mean))
    for u in (1e-6, 1e-9, 1e-12, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12):
        k = poisson_quantile(u, mean)
        if u < 0.5:
            assert _poisson_sum(k - 1, mean, -1) < u <= _poisson_sum(k, mean, -1)
        else:
            assert _poisson_sum(k + 1, mean, 1) <= 1 - u < _poisson_sum(k, mean, 1)


def test_scipys_poisson_tail_at_ten_million_is_why_sums_are_asked() -> None:
    exact = _poisson_sum(10_015_035, 1e7, 1)
    assert abs(stats.poisson(1e7).sf(10_015_034) / exact - 1) > 0.01
    assert quantiles._tails(10_015_034, 1e7, 0.0)[2] == pytest.approx(exact, rel=1e-8)


def _poisson_sum(k: int, mean: float, step: int) -> float:
    """Probability of k and all beyond it upwards (1) or downwards (−1), term by term; the first is good to about 1e-8."""
    first = math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))
    terms = [first]
    while terms[-1] > first * 1e-17:
        terms.append(terms[-1] * (mean / (k + 1) if step > 0 else k / mean))
        k += step
    return math.fsum(terms)


@pytest.mark.parametrize("alpha", [1e-4, 1e-3, 0.01, 0.05, 0.1, 0.21, 0.5, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("mean", [0.01, 0.3, 3.0, 4.1, 15.0, 63.9, 64.1, 300.0, 5e3, 123456.7, 1e7])
def test_negative_binomial_quantiles_are_scipys(mean: float, alpha: float) -> None:
    law = stats.nbinom(1 / alpha, 1 / (1 + alpha * mean))
    chances = CHANCES if alpha * mean > 1e-3 else [u for u in CHANCES if u < 0.999]  # SciPy's 1 − p rounds
    found = [negative_binomial_quantile(u, mean, alpha) for u in chances]
    # SciPy's ppf itself misses its own cdf in far tails of very skewed laws by up to ten thousand counts of 1e9.
    _check(found, chances, law, unequal=8 if alpha * mean > 1e5 else 1)


@pytest.mark.parametrize("mean", [1e-6, 0.3, 3.9, 4.0, 60.0, 5e3, 1e6])
def test_without_overdispersion_the_negative_binomial_is_poisson(mean: float) -> None:
    for u in CHANCES:
        for alpha in (0.0, 1e-300, 1e-25, 1e-17 / mean):
            assert negative_binomial_quantile(u, mean, alpha) == poisson_quantile(u, mean)


@pytest.mark.parametrize("n", [1, 2, 5, 10, 20, 50, 100, 1000, 10**5, 10**7, 10**9])
@pytest.mark.parametrize("p", [1e-9, 1e-6, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.6, 0.75, 0.9, 0.99, 0.999999])
def test_binomial_quantiles_are_scipys(n: int, p: float) -> None:
    _check([binomial_quantile(u, n, p) for u in CHANCES], CHANCES, stats.binom(n, p), unequal=1)


@pytest.mark.parametrize("n", range(1, 41))
def test_every_small_binomial_is_scipys(n: int) -> None:
    for p in (*np.arange(0.02, 1, 0.06), 0.456955, 0.4999, 0.5, 0.5001):
        _check([binomial_quantile(u, n, p) for u in CHANCES], CHANCES, stats.binom(n, p), unequal=2)


def test_a_chance_that_is_exactly_reached_gives_the_smaller_count() -> None:
    assert [binomial_quantile(u, 2, 0.5) for u in (0.25, 0.75, np.nextafter(0.75, 1))] == [0, 1, 2]
    assert [binomial_quantile(u, 1, 0.75) for u in (0.25, 0.25 + 2.0**-52)] == [0, 1]


@settings(max_examples=400)
@given(open_unit, open_unit, st.floats(1e-3, 1e6), st.floats(0, 5), st.floats(0, 1))
def test_quantiles_are_monotone_in_the_chance(
    a: float, b: float, mean: float, alpha: float, p: float
) -> None:
    low, high = sorted((a, b))
    n = math.ceil(mean)
    for low_draw, high_draw in (
        (poisson_quantile(low, mean), poisson_quantile(high, mean)),
        (negative_binomial_quantile(low, mean, alpha), negative_binomial_quantile(high, mean, alpha)),
        (binomial_quantile(low, n, p), binomial_quantile(high, n, p)),
        (normal_quantile(low), normal_quantile(high)),
    ):
        assert low_draw <= high_draw
    for low_draw, high_draw in (
        (gamma_quantile(low, mean), gamma_quantile(high, mean)),
        (student_t_quantile(low, 1 + alpha), student_t_quantile(high, 1 + alpha)),
    ):
        assert low_draw <= high_draw + 1e-12 * abs(high_draw)


@settings(max_examples=400)
@given(open_unit, st.floats(1e-3, 1e6), st.floats(0, 2), st.floats(0, 5))
def test_counts_are_monotone_in_the_mean(u: float, mean: float, more: float, alpha: float) -> None:
    higher = mean * (1 + more)
    assert 0 <= poisson_quantile(u, mean) <= poisson_quantile(u, higher)
    assert 0 <= negative_binomial_quantile(u, mean, alpha) <= negative_binomial_quantile(u, higher, alpha)


@settings(max_examples=300)
@given(open_unit, st.floats(0, 1e12), st.floats(0, 1e3), st.integers(0, 2**40), st.floats(0, 1))
def test_far_corners_end_with_a_valid_count(u: float, mean: float, alpha: float, n: int, p: float) -> None:
    assert poisson_quantile(u, mean) >= 0
    assert negative_binomial_quantile(u, mean, alpha) >= 0
    assert 0 <= binomial_quantile(u, n, p) <= n
    if mean > 1e-6:
        assert 0 <= gamma_quantile(u, mean) < math.inf


@pytest.mark.parametrize("u", [0.0, 1.0, -0.1, 1.1, math.nan])
def test_a_chance_outside_the_open_interval_is_answered_not_raised(u: float) -> None:
    assert math.isnan(normal_quantile(u))
    assert math.isnan(student_t_quantile(u, 4.0))
    assert math.isnan(gamma_quantile(u, 2.0))
    assert (
        poisson_quantile(u, 2.0)
        == negative_binomial_quantile(u, 2.0, 0.1)
        == binomial_quantile(u, 9, 0.1)
        == -1
    )


def test_invalid_parameters_are_answered_not_raised() -> None:
    for bad in (-1.0, math.nan, math.inf):
        assert poisson_quantile(0.3, bad) == -1
        assert negative_binomial_quantile(0.3, bad, 0.1) == -1
        assert negative_binomial_quantile(0.3, 2.0, bad) == -1
        assert binomial_quantile(0.3, 5, bad) == -1
        assert math.isnan(gamma_quantile(0.3, bad))
    assert binomial_quantile(0.3, -1, 0.5) == -1
    assert math.isnan(student_t_quantile(0.3, 0.9))
    assert math.isnan(student_t_quantile(0.3, math.nan))
    assert math.isnan(gamma_quantile(0.3, 0.0))


def test_certain_laws_draw_their_only_value() -> None:
    for u in CHANCES:
        assert poisson_quantile(u, 0.0) == negative_binomial_quantile(u, 0.0, 0.5) == 0
        assert (binomial_quantile(u, 7, 0.0), binomial_quantile(u, 7, 1.0), binomial_quantile(u, 0, 0.4)) == (
            0,
            7,
            0,
        )


# The expansion behind the counts

Polynomial = dict[tuple[int, int, int], Fraction]
ORDER = 6


def _plus(a: Polynomial, b: Polynomial, times: Fraction | int = 1) -> Polynomial:
    total = {key: a.get(key, Fraction(0)) + times * b.get(key, Fraction(0)) for key in a.keys() | b.keys()}
    return {key: value for key, value in total.items() if value}


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    total: Polynomial = {}
    for (i, j, k), v in a.items():
        for (p, q, r), w in b.items():
            if j + k + q + r <= ORDER:
                key = (i + p, j + q, k + r)
                total[key] = total.get(key, Fraction(0)) + v * w
    return total


def _hermite(n: int) -> Polynomial:
    before, now = {}, {(0, 0, 0): Fraction(1)}
    for m in range(n):
        before, now = now, _plus({(i + 1, j, k): v for (i, j, k), v in now.items()}, before, -m)
    return now


def _cornish_fisher() -> Polynomial:
    """What is added to z, by powers of (z, c, h), from the cumulants of V = m + a m² and Sheppard's corrections, in fractions."""
    legs: dict[int, list[Fraction]] = {
        2: [Fraction(1)]
    }  # cumulant j = V · P_j(V′); P_{j+1} = s P_j + (s² − 1) P_j′ / 2
    for j in range(2, ORDER + 2):
        following = [Fraction(0), *legs[j], Fraction(0)][: len(legs[j]) + 1]
        for i, value in enumerate(legs[j][1:]):
            following[i + 2] += value * (i + 1) / 2
            following[i] -= value * (i + 1) / 2
        legs[j + 1] = following
    lattice = {2: Fraction(1, 12), 4: Fraction(-1, 120), 6: Fraction(1, 252)}
    logarithm: dict[int, Polynomial] = {}
    for j in range(2, ORDER + 3):
        cumulant = {(0, i, j - 2 - i): v for i, v in enumerate(legs[j]) if v and j > 2}
        cumulant = _plus(cumulant, {(0, 0, j): lattice.get(j, Fraction(0))}, -1)
        logarithm[j] = _times(cumulant, {(0, 0, 0): Fraction(1, math.factorial(j))})
    operator: dict[int, Polynomial] = {0: {(0, 0, 0): Fraction(1)}}
    power = dict(operator)
    for m in range(1, ORDER + 1):
        following_power: dict[int, Polynomial] = {}
        for i, a in power.items():
            for j, b in logarithm.items():
                following_power[i + j] = _plus(following_power.get(i + j, {}), _times(a, b), Fraction(1, m))
        power = following_power
        for i, a in power.items():
            operator[i] = _plus(operator.get(i, {}), a)
    edgeworth: Polynomial = {}
    for i, a in operator.items():
        if i:
            edgeworth = _plus(edgeworth, _times(a, _hermite(i - 1)))
    derivatives = [edgeworth]  # of B φ, over φ
    for _ in range(ORDER):
        b = derivatives[-1]
        slope = {(i - 1, j, k): v * i for (i, j, k), v in b.items() if i}
        derivatives.append(_plus(slope, {(i + 1, j, k): v for (i, j, k), v in b.items()}, -1))
    added: Polynomial = {}
    for _ in range(ORDER):  # Φ(z + added) − Φ(z) = (B φ)(z + added), order by order
        total, power_of = {}, {(0, 0, 0): Fraction(1)}
        for m in range(ORDER + 1):
            total = _plus(total, _times(power_of, derivatives[m]), Fraction(1, math.factorial(m)))
            if m >= 2:
                total = _plus(
                    total, _times(power_of, _hermite(m - 1)), Fraction((-1) ** m, math.factorial(m))
                )
            power_of = _times(power_of, added)
        added = total
    return added


def test_the_expansions_coefficients_are_those_of_the_cumulants() -> None:
    terms = _cornish_fisher()
    for z, c, h in ((0.3, 0.2, 0.1), (-2.5, 0.4, 0.7), (1.7, -0.3, 0.5), (6.0, 0.05, 0.05), (-1.0, 0.6, 0.0)):
        expected = z + sum(float(v) * z**i * c**j * h**k for (i, j, k), v in terms.items())
        assert quantiles.expansion(z, c, h) == pytest.approx(expected, rel=1e-13)
        expected = z + sum(float(v) * z**i * h ** (j + k) for (i, j, k), v in terms.items())
        assert quantiles.poisson_expansion(z, h) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("mean", [4.0, 5.0, 7.0, 10.0, 25.0, 60.0, 200.0, 5e3, 1e5])
def test_the_expansions_error_stays_below_half_of_its_bound(mean: float) -> None:
    """Where F(k) = u exactly, the expansion must give k itself."""
    for times in (-0.5, -0.1, -0.01, 0.0, 0.01, 0.1, 0.4, 1.0, 4.0, 30.0):
        alpha = times / mean
        deviation = math.sqrt(mean * (1 + alpha * mean))
        skewness = (1 + 2 * alpha * mean) / deviation
        for z in np.linspace(-7.2, 7.2, 145):
            k = max(0, int(mean + deviation * (z + skewness * (z * z - 1) / 6)))
            if alpha < 0 and k >= -1 / alpha - 1:
                continue
            _, reached, left = quantiles._tails(k, mean, alpha)
            if min(reached, left) < 1e-15:
                continue
            score = quantiles.score_of_tails(reached, left)
            bound = deviation * quantiles.expansion_error(score, max(abs(skewness), 1 / deviation))
            if bound < 0.5:
                place = mean - 0.5 + deviation * quantiles.expansion(score, skewness, 1 / deviation)
                assert abs(place - k) < 0.5 * bound + 4e-15 * mean, (alpha, z)


@settings(max_examples=500)
@given(open_unit, st.floats(4, 1e5), st.sampled_from([0.0, 1e-6, 1e-3, 0.01, 0.05, 0.2]), st.floats(0.2, 5))
def test_rounding_the_expansion_and_searching_from_afar_find_the_same_count(
    u: float, mean: float, alpha: float, off: float
) -> None:
    found = negative_binomial_quantile(u, mean, alpha)
    assert quantiles._searched(u, 1 - u, mean * off, mean, alpha, quantiles.LARGEST_COUNT) == found


# Threads


@njit(parallel=True)
def _many_threads(n: int) -> np.ndarray:
    out = np.empty((n, 2))
    for draw in prange(n):
        first, second = uniform_pair(7, 0, 3, 2, draw)
        out[draw, 0] = negative_binomial_quantile(first, 60.0, 0.1)
        out[draw, 1] = student_t_quantile(second, 3.0)
    return out


def test_one_thread_and_many_give_the_same_bits() -> None:
    alone = np.array(
        [
            (
                negative_binomial_quantile(uniform(7, 0, 3, 2, draw), 60.0, 0.1),
                student_t_quantile(uniform(7, 1, 3, 2, draw), 3.0),
            )
            for draw in range(5000)
        ]
    )
    threads = get_num_threads()
    try:
        for count in {1, threads}:
            set_num_threads(count)
            assert np.array_equal(_many_threads(5000), alone)
    finally:
        set_num_threads(threads)
