"""What a lever is believed to do to a mechanism: a prior in log points at full dose, never surer than its evidence.

A prior of grade g must keep its standard deviation at κ_g · max(|mean|, 0.05) or above, so that nobody can make a weakly
supported lever look certain by writing a small number into a file.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, Protocol, TypeVar

from pydantic import AfterValidator, ConfigDict, Field

from careo.base.fields import CLOSED, Words
from careo.base.yaml_files import refuse

Grade = Literal["A", "B", "C", "D"]
"""A randomised, B quasi-experimental, C observational, D simulation or judgement."""

KAPPA: Mapping[str, float] = MappingProxyType({"A": 0.5, "B": 0.8, "C": 1.2, "D": 2.0})
"""Grade → smallest ratio of standard deviation to mean. Source: EVIDENCE E4; at 2.0 a mean lies half a deviation from zero."""

SMALLEST_MEAN = 0.05
"""Means nearer to zero count as this much [log points]: a prior of no effect is not certainty of no effect."""

MECHANISMS: Mapping[str, str] = MappingProxyType(
    {
        "recruitment": "ρ",
        "incapacitation": "η",
        "exit": "e",
        "conflict": "θ",
        "fragmentation": "φ",
        "homicide": "h",
        "recidivism": "r",
        "extortion": "X",
        "kidnapping": "Kn",
        "disappearance": "Dis",
        "recording": "Rec",
        "rights_complaints": "C",
        "corruption": "c",
        "rent": "R",
        "clearance": "Cl",
        "captures": "Cap",
        "prison_inflow": "In",
    }
)
"""Mechanism → symbol. What each is stands in texts/{en,es}/levers.yaml under `mechanism`."""

Mechanism = Literal[
    "recruitment", "incapacitation", "exit", "conflict", "fragmentation", "homicide", "recidivism", "extortion", "kidnapping",
    "disappearance", "recording", "rights_complaints", "corruption", "rent", "clearance", "captures", "prison_inflow",
]  # fmt: skip
Law = Literal["normal", "beta_log_share", "structural"]
Level = Literal["nation", "state", "municipality", "region"]
Months = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

_C = TypeVar("_C", bound=Collection[object])


def _some(value: _C) -> _C:
    if not value:
        raise refuse("file_missing")
    return value


SOME = AfterValidator(_some)
"""At least one. Not pydantic's `min_length`, which counts a broken item as absent and reports it a second time."""

_ROUNDING = 1e-9  # 0.8 × 0.05 is a little more than 0.04 in a computer


@dataclass(frozen=True, slots=True)
class Lag:
    """How long a dose takes to work.

    Attributes:
        kernel: "gamma" (shape 2) or "flat". months: mean of the gamma kernel, or length of the flat one from the start; 0 is
            the same month.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    kernel: Literal["gamma", "flat"]
    months: Months


@dataclass(frozen=True, slots=True)
class Rebound:
    """What follows when a regime of the effect has collapsed: a normal prior [log points]."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    mean: Finite
    sd: Positive


@dataclass(frozen=True, slots=True)
class Effect:
    """One uncertain number that moves one or more mechanisms together.

    Attributes:
        mechanisms: what it multiplies, by exp(b · dose). One draw serves all of them: independent draws would average out
            and make the sum surer than the floor allows.
        law: "normal" (mean, sd); "beta_log_share": ln(1 − s), s ~ Beta(a, b); "structural": fixed by the accounts of the
            model, `mean` where it is a number, not estimated and not uncertain itself.
        mean, sd: [log points at full dose]. a, b: of the Beta.
        grade: where it differs from the lever's. lag: likewise.
        level: where the prior holds; None: everywhere. Effects of different levels on one mechanism exclude each other.
        calibrates: the prior is of homicides as observed and sets the mechanism's strength, instead of multiplying it.
        from_month, to_month: it works from then to then after the start; None: no such bound.
        half_life_months: after the dose ends. hazard_per_month: of collapsing while it works. rebound: what comes then.
        note: what a reader must know.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    mechanisms: Annotated[tuple[Mechanism, ...], SOME]
    law: Law = "normal"
    mean: Finite | None = None
    sd: Positive | None = None
    a: Positive | None = None
    b: Positive | None = None
    grade: Grade | None = None
    lag: Lag | None = None
    level: Level | None = None
    calibrates: bool = False
    from_month: Months | None = None
    to_month: Months | None = None
    half_life_months: Positive | None = None
    hazard_per_month: Annotated[float, Field(ge=0, le=1)] | None = None
    rebound: Rebound | None = None
    note: Words | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """An elasticity through which one mechanism moves others: m_to × (m_from)^(sign · e), e ~ N(mean, sd²).

    Attributes:
        name: of the elasticity. source: the mechanism that moves. to: mechanism → 1 or -1. grade: where it differs.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    name: str
    source: Annotated[Mechanism, Field(alias="from")]
    to: Annotated[Mapping[Mechanism, Literal[1, -1]], SOME]
    mean: Finite
    sd: Positive
    grade: Grade | None = None
    note: Words | None = None


class Prior(Protocol):
    """What has a mean and a standard deviation: an effect, a rebound, a link."""

    @property
    def mean(self) -> float | None: ...
    @property
    def sd(self) -> float | None: ...


def least_sd(grade: str, mean: float) -> float:
    """The smallest standard deviation that a prior of a grade may have [units of the mean]."""
    return KAPPA[grade] * max(abs(mean), SMALLEST_MEAN)


def too_sure(prior: Prior, grade: str) -> bool:
    """Whether a normal prior is surer than its grade allows."""
    if prior.mean is None or prior.sd is None:
        return False
    return prior.sd < least_sd(grade, prior.mean) * (1 - _ROUNDING)


def chance_below_zero(effect: Effect | Link | Rebound) -> float | None:
    """The probability that the effect is negative, from its prior alone; None for what is not uncertain."""
    law = effect.law if isinstance(effect, Effect) else "normal"
    if law == "beta_log_share":
        return 1.0  # a share taken away leaves less
    if law == "structural" or effect.mean is None or effect.sd is None:
        return None
    return 0.5 * math.erfc(effect.mean / (effect.sd * math.sqrt(2)))


def quantile(effect: Effect | Link | Rebound, p: float) -> float | None:
    """The p-quantile of the prior [log points]; the number itself where it is structural; None where there is none."""
    if isinstance(effect, Effect) and effect.law == "beta_log_share":
        return math.log1p(-_beta_quantile(effect.a or 1.0, effect.b or 1.0, 1 - p))
    if effect.mean is None or effect.sd is None:
        return effect.mean
    return NormalDist(effect.mean, effect.sd).inv_cdf(p)


def interval(effect: Effect | Link | Rebound, mass: float) -> tuple[float, float] | None:
    """The central interval that holds `mass` of the prior [log points]; None for what is not uncertain."""
    if isinstance(effect, Effect) and effect.law == "structural":
        return None
    low, high = quantile(effect, (1 - mass) / 2), quantile(effect, (1 + mass) / 2)
    return None if low is None or high is None else (low, high)


def _beta_quantile(a: float, b: float, p: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):  # bisection to 1e-18
        middle = (low + high) / 2
        low, high = (middle, high) if _beta_cdf(a, b, middle) < p else (low, middle)
    return (low + high) / 2


def _beta_cdf(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Lentz's method; DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_cdf(b, a, 1 - x)
    log_front = (
        math.lgamma(a + b)
        - math.lgamma(a)
        - math.lgamma(b)
        + a * math.log(x)
        + b * math.log1p(-x)
        - math.log(a)
    )
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, 400):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d, c = 1 / (1 + step * d), 1 + step / c
            fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return math.exp(log_front) * fraction
