"""Our own evaluations as evidence: files that `careo evaluate --to-registry` wrote into `levers/own/`, held against the priors of their levers.

A prior is believed before our record is asked; an evaluation is what the record then said. Where their 90% intervals do not meet, one of them
is wrong of this country, or they speak of different things: another dose, another stretch of time. Nothing is changed by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from careo.base.citations import load_sources
from careo.base.shipped import country_folder
from careo.evidence.effects import Effect, interval
from careo.evidence.levers import Lever
from careo.evidence.studies import Estimate, Study, log_points, read_studies

MASS = 0.90


@dataclass(frozen=True, slots=True)
class Held:
    """An estimate of our own beside a prior [log points at full dose].

    Attributes:
        study, estimate: ours. effect: whose prior. prior, ours: central 90% intervals. meet: whether these overlap.
    """

    study: Study
    estimate: Estimate
    effect: Effect
    prior: tuple[float, float]
    ours: tuple[float, float]

    @property
    def meet(self) -> bool:
        """Whether the two intervals overlap."""
        return self.prior[0] <= self.ours[1] and self.ours[0] <= self.prior[1]


def load_own_studies(country: str = "mexico") -> Mapping[str, tuple[Study, ...]]:
    """Our own evaluations by the lever they bear on; none for a country without that folder.

    Raises:
        DataError: a file is broken; says file and line.
    """
    return _load(country)


@cache
def _load(country: str) -> Mapping[str, tuple[Study, ...]]:
    found: dict[str, tuple[Study, ...]] = {}
    for path in sorted((country_folder(country) / "levers" / "own").glob("*.yaml")):
        studies, mistakes = read_studies(path, load_sources(country))
        if mistakes:
            raise mistakes[0]
        for study in studies:
            if study.lever:
                found[study.lever] = (*found.get(study.lever, ()), study)
    return MappingProxyType(found)


def held_against(lever: Lever, studies: tuple[Study, ...]) -> tuple[Held, ...]:
    """Every own estimate with an interval on the scale of priors, beside each prior of its mechanism at its level."""
    found: list[Held] = []
    for study in studies:
        for estimate in study.estimates:
            _, low, high = log_points(estimate) or (None, None, None)
            for effect in lever.effects:
                at = effect.level is None or estimate.level is None or estimate.level == effect.level
                prior = interval(effect, MASS) if effect.law == "normal" else None
                if (
                    low is None
                    or high is None
                    or prior is None
                    or not at
                    or estimate.speaks_to not in effect.mechanisms
                ):
                    continue
                found.append(Held(study, estimate, effect, prior, (low, high)))
    return tuple(found)
