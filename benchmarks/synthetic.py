"""Invented worlds of any size, on which careo's kernel and the other engines run the same equations.

The numbers are of the order of Mexico's (32 places: 3,000 homicides a month, 100,000 members); effects are as many and of the kinds that
strategies in the registry have. Same seed, same world.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from careo.model.mechanisms import MECHANISMS, OUTCOMES, Core, Effects, run_block

SEED = 7
"""Of careo's addressed luck in every benchmark."""

MOVED = (
    "recruitment", "incapacitation", "conflict", "homicide", "recidivism", "extortion", "rights_complaints", "exit", "rent",
    "fragmentation", "disappearance", "kidnapping",
)  # fmt: skip
"""What the effects of an invented strategy act on, in this order and again from the start."""


@dataclass(frozen=True, eq=False)
class World:
    """All that one run takes.

    Attributes:
        places: their numbers [place]. log_intensity: [ln events/month; place month draw]. core, effects: see `careo.model.mechanisms`.
        companions: rates of the other outcomes now [events/month; outcome−1 place].
    """

    places: np.ndarray
    log_intensity: np.ndarray
    core: Core
    effects: Effects
    companions: np.ndarray

    @property
    def size(self) -> tuple[int, int, int, int]:
        """Strategies, places, months, draws."""
        return (self.effects.dose.shape[0], *self.log_intensity.shape)

    @property
    def cells(self) -> int:
        """Strategies × places × months × draws."""
        return int(np.prod(self.size))

    def block(self, first: int, draws: int) -> World:
        """The same world, of some of its draws."""
        chosen = slice(first, first + draws)
        by_draw = {"tilt", "beta", "rebound", "elasticity"}
        return World(
            self.places,
            np.ascontiguousarray(self.log_intensity[..., chosen]),
            Core(*(_of(a, name not in OF_PLACES, chosen) for name, a in self.core._asdict().items())),
            Effects(*(_of(a, name in by_draw, chosen) for name, a in self.effects._asdict().items())),
            self.companions,
        )

    def uncounted(self) -> World:
        """The same world in which nothing ever happens: the core runs, and there is nothing to count."""
        return World(
            self.places,
            np.full_like(self.log_intensity, -np.inf),
            self.core,
            self.effects,
            np.full_like(self.companions, np.nan),
        )

    def by_careo(self, first_draw: int = 0, **more: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What careo's kernel makes of it."""
        return run_block(
            SEED,
            self.places,
            first_draw,
            self.log_intensity,
            self.core,
            self.effects,
            self.companions,
            **more,
        )


OF_PLACES = frozenset({"groups", "groups_rest", "young_men", "arrests", "captures", "neighbours"})
"""Parts of a core that are the same in every draw."""


def _of(array: np.ndarray, by_draw: bool, chosen: slice) -> np.ndarray:
    return np.ascontiguousarray(array[..., chosen]) if by_draw else array


def world(
    places: int = 32,
    months: int = 72,
    draws: int = 1000,
    strategies: int = 7,
    *,
    effects: int = 12,
    seed: int = 1,
) -> World:
    """A world whose first strategy is the status quo; each of the others has `effects` effects, ramped in over a year or two."""
    rng = np.random.Generator(np.random.Philox(seed))
    lines = np.log(rng.lognormal(4.0, 1.0, (places, 1, 1))) + rng.normal(
        0, 0.05, (places, months, draws)
    ).cumsum(axis=1)
    return World(
        np.arange(1, places + 1),
        lines,
        invented_core(rng, np.exp(lines[:, 0]), draws),
        invented_effects(rng, places, months, draws, strategies, effects),
        rng.lognormal(3.0, 1.0, (len(OUTCOMES) - 1, places)),
    )  # fmt: skip


def invented_core(rng: np.random.Generator, intensity: np.ndarray, draws: int) -> Core:
    """A core whose baseline kills the organised share of an intensity [events/month; place draw]."""
    places = intensity.shape[0]
    members = intensity.mean(axis=1, keepdims=True) * rng.lognormal(np.log(33.0), 0.5, (1, draws))
    share = rng.beta(10, 10, (places, draws))
    groups = rng.uniform(2.0, 20.0, places)
    near = np.triu(rng.random((places, places)) < 4.0 / places, 1)
    near = (near | near.T).astype(np.float64)
    return Core(
        members=members, prisoners=0.2 * members, conflict_rate=share * intensity / (members**2 * (1.0 - 1.0 / groups[:, None])),
        organised_share=share, groups=groups, groups_rest=groups * rng.uniform(0.8, 1.2, places), young_men=rng.lognormal(12.5, 0.8, places),
        arrests=rng.lognormal(5.5, 0.8, places), captures=rng.uniform(0.0, 0.1, places),
        neighbours=near / np.maximum(near.sum(axis=1, keepdims=True), 1.0),
        recruitment=rng.normal(0.011, 0.001, draws), recruitment_exponent=rng.uniform(0.8, 1.0, draws),
        recruitment_rent_exponent=rng.normal(0.3, 0.1, draws), conflict_rent_exponent=rng.normal(0.3, 0.1, draws),
        saturation=rng.lognormal(-18.5, 0.3, draws), capture_share=rng.beta(5, 95, draws), exit=rng.lognormal(-7.0, 0.3, draws),
        recidivism=rng.uniform(0.3, 0.7, draws), prison_months=rng.uniform(36.0, 84.0, draws), fragmentation=rng.uniform(0.0, 0.1, draws),
        groups_return_months=rng.uniform(12.0, 36.0, draws), migration=rng.lognormal(-5.0, 0.3, draws),
        extortion_exponent=rng.normal(0.3, 0.1, draws), clearance_elasticity=np.full(draws, -0.2),
        overdispersion=np.zeros(draws), companion_overdispersion=rng.lognormal(-4.0, 0.3, draws),
    )  # fmt: skip


def invented_effects(
    rng: np.random.Generator, places: int, months: int, draws: int, strategies: int, effects: int
) -> Effects:
    """Effects of every strategy but the first, which does nothing."""
    shape = (strategies, effects, places, months)
    ramp = np.clip((np.arange(months) - rng.integers(0, 12, (strategies, effects, 1, 1))) / 18.0, 0.0, 1.0)
    dose = ramp * rng.uniform(0.2, 1.0, (strategies, effects, places, 1)) * np.ones(shape)
    dose[0] = 0.0
    return Effects(
        dose=dose, above=0.2 * dose, below=0.3 * dose, tilt=rng.triangular(-1, 0, 1, (effects, draws)), beta=rng.normal(0.0, 0.1, (effects, draws)),
        pair_effect=np.arange(effects), pair_mechanism=np.array([MECHANISMS.index(MOVED[e % len(MOVED)]) for e in range(effects)], dtype=np.int64),
        hazard_per_month=np.zeros(effects), rebound=np.zeros((effects, draws)),
        link_from=np.zeros(0, dtype=np.int64), link_to=np.zeros(0, dtype=np.int64), elasticity=np.zeros((0, draws)),
    )  # fmt: skip
