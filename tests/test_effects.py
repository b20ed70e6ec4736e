"""What follows from a prior: chances, intervals and quantiles; and numbers of studies on its scale."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.evidence.effects import Effect, chance_below_zero, interval, quantile
from careo.evidence.studies import Estimate, log_points

_NORMAL = st.builds(
    lambda mean, sd: Effect(("homicide",), mean=mean, sd=sd), st.floats(-2, 2), st.floats(0.02, 2)
)


@given(_NORMAL)
def test_the_chance_of_being_negative_is_the_normal_distribution_function(effect: Effect) -> None:
    assert effect.mean is not None and effect.sd is not None
    closed = (1 + math.erf(-effect.mean / (effect.sd * math.sqrt(2)))) / 2
    mirrored = chance_below_zero(replace(effect, mean=-effect.mean))
    chance = chance_below_zero(effect)
    assert chance == pytest.approx(closed, abs=1e-12)
    assert chance is not None and mirrored == pytest.approx(1 - chance, abs=1e-12)


@given(_NORMAL, st.floats(0.01, 0.99))
def test_an_interval_holds_the_mass_it_is_asked_for(effect: Effect, mass: float) -> None:
    ends = interval(effect, mass)
    assert ends is not None and effect.mean is not None and effect.sd is not None
    law = NormalDist(effect.mean, effect.sd)
    assert law.cdf(ends[1]) - law.cdf(ends[0]) == pytest.approx(mass, abs=1e-9)


@given(st.integers(1, 60), st.floats(0.001, 0.999))
def test_a_share_that_is_one_of_n_has_the_closed_quantile(n: int, p: float) -> None:
    effect = Effect(("rent",), law="beta_log_share", a=1, b=n)  # P(s ≤ x) = 1 − (1 − x)^n
    assert quantile(effect, p) == pytest.approx(math.log(p) / n, rel=1e-9, abs=1e-12)


@given(st.integers(1, 12), st.integers(1, 40), st.floats(0.01, 0.99))
def test_quantiles_of_shares_agree_with_sums_of_the_binomial(a: int, b: int, p: float) -> None:
    found = quantile(Effect(("rent",), law="beta_log_share", a=a, b=b), 1 - p)
    assert found is not None
    x, n = -math.expm1(found), a + b - 1
    cdf = sum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert cdf == pytest.approx(p, abs=1e-9)


def test_a_fixed_effect_has_neither_interval_nor_chance() -> None:
    fixed = Effect(("incapacitation",), law="structural", mean=0.69)
    assert (quantile(fixed, 0.5), interval(fixed, 0.9), chance_below_zero(fixed)) == (0.69, None, None)


def _estimate(**given: Any) -> Estimate:
    base: dict[str, Any] = {
        "outcome": {"en": "x"},
        "metric": "relative_change",
        "speaks_to": "conflict",
        "verified": "read",
    }
    return Estimate(**(base | given))


def test_numbers_of_studies_become_log_points_at_a_full_dose() -> None:
    assert log_points(_estimate(value=0.8)) == (pytest.approx(math.log(1.8)), None, None)
    ratio = log_points(_estimate(metric="rate_ratio", value=0.55, low=0.49, high=0.63))
    assert ratio == pytest.approx((math.log(0.55), math.log(0.49), math.log(0.63)))
    turned = log_points(_estimate(value=0.36, low=0.1, high=0.5, to_dose=-1))
    assert turned == pytest.approx((-math.log(1.36), -math.log(1.5), -math.log(1.1)))
    assert log_points(_estimate(metric="rate_ratio", value=0.997, to_dose=50)) == (
        pytest.approx(50 * math.log(0.997)),
        None,
        None,
    )
    assert log_points(_estimate(metric="per_100k", value=11)) is None
