"""From doses and priors to the arrays of the kernel: lagged doses by effect, and what each draw believes of each effect.

Assumptions:
    A-effects-1: an effect that calibrates a mechanism by homicides as observed multiplies both parts of the intensity, so that the
        homicides of a place move by it; the same draw serves both.
    A-effects-2: doses act in proportion up to the full dose (the saturation of MODEL.md §1 in its limit ξ → 0): no study at hand
        tells a curvature.
    A-effects-3: where in the range of its dose a strategy stands is one draw for each lever and all its places and months,
        triangular about the dose itself.
    A-effects-4: effects whose prior holds for municipalities or for a region only are left out of runs by state, and named. In runs by
        municipality those of municipalities are in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from careo.evidence.effects import Effect, Lag
from careo.evidence.levers import Lever
from careo.model.laws import beta_quantile
from careo.model.luck import Luck, Process
from careo.model.mechanisms import MECHANISMS, Effects
from careo.model.quantiles import normal_quantiles
from careo.run.scenario import Scenario, over_levers

_FIRST = 8192  # of the parameters' processes: those of levers; the core's own come before
_SLOTS = 16  # processes for each lever: effects, then links; the last are cost and dose
_HERE = (None, "nation", "state")
_LOCAL = (None, "nation", "municipality")
_LOCAL_MECHANISMS = ("homicide", "conflict")

Part = Literal["whole", "states", "municipalities"]
"""Which effects are planned: all that a run by state holds; or those that in a run by municipality act on whole states, or within them."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An effect of a lever that a run by state cannot hold."""

    lever: str
    mechanisms: tuple[str, ...]
    level: str


def kernel_weights(effect: Effect, lag: Lag, months: int, *, event: bool) -> np.ndarray:
    """How much of a dose given in month 0 works τ months later [1; τ].

    A level's weights sum to 1 over a long time. An event's flat kernel is 1 in every month of its window: one removal holds its whole
    effect for twelve months. A gamma kernel has shape 2 and the lag as its mean; a lag of 0 is the same month.
    """
    tau = np.arange(months)
    first = int(effect.from_month or 0)
    last = int(effect.to_month) if effect.to_month is not None else None
    if lag.kernel == "flat" or last is not None:
        end = last if last is not None else max(1, round(lag.months))
        inside = ((tau >= first) & (tau < max(end, first + 1))).astype(np.float64)
        return inside if event else inside / max(1, max(end, first + 1) - first)
    if lag.months <= 0:
        weights = (tau == 0).astype(np.float64)
    else:
        edges = 2.0 * np.arange(months + 1) / lag.months
        weights = np.diff(1.0 - np.exp(-edges) * (1.0 + edges))
    return np.concatenate([np.zeros(first), weights])[:months] if first else weights


def lagged(dose: np.ndarray, effect: Effect, lag: Lag, *, event: bool) -> np.ndarray:
    """A dose by place and month as it works [dose units; place month], fading by its half-life once the dose falls."""
    if not dose.any():  # most strategies use few levers
        return np.zeros_like(dose)
    months = dose.shape[1]
    weights = kernel_weights(effect, lag, months, event=event)
    out = np.zeros_like(dose)
    for tau in range(months):
        if weights[tau]:
            out[:, tau:] += weights[tau] * dose[:, : months - tau]
    if effect.half_life_months:
        keep = 0.5 ** (1.0 / effect.half_life_months)
        for month in range(1, months):
            fading = out[:, month - 1] * keep
            ended = np.abs(out[:, month]) < np.abs(fading)
            out[:, month] = np.where(ended, fading, out[:, month])
    return out


@dataclass(frozen=True, eq=False)
class EffectPlan:
    """What doses do, before any draw: the same for every block.

    Attributes:
        dose, above, below: lagged doses and their distance to the upper and lower ends [dose units; strategy effect place month].
        effects: lever, its slot and the effect [effect]. pairs: effect and mechanism. links: lever, slot, from, to and sign.
        left_out: effects that a run by state cannot hold.
    """

    dose: np.ndarray
    above: np.ndarray
    below: np.ndarray
    effects: tuple[tuple[Lever, int, Effect], ...]
    pairs: np.ndarray
    links: tuple[tuple[Lever, int, int, int, int], ...]
    left_out: tuple[LeftOut, ...]


def plan_effects(
    scenarios: Sequence[Scenario],
    levers: Mapping[str, Lever],
    *,
    without: frozenset[str] = frozenset(),
    part: Part = "whole",
) -> EffectPlan:
    """The effects of strategies that are compared under the same luck.

    Args:
        scenarios: over the same places and months. levers: the registry.
        without: grades whose effects are left out, to see what rests on them. part: see `Part`; effects that act within states are
            those on homicide and conflict that hold for any place or for municipalities, but for a regime that can collapse: it is one
            for its state.
    """
    used = [name for name in levers if any(name in scenario.levers for scenario in scenarios)]
    events = [levers[name].dose_kind == "event" for name in used]
    full = [over_levers(scenario, used, events) for scenario in scenarios]
    arrays: list[np.ndarray] = []
    kept: list[tuple[Lever, int, Effect]] = []
    pairs: list[tuple[int, int]] = []
    links: list[tuple[Lever, int, int, int, int]] = []
    left: list[LeftOut] = []
    for row, name in enumerate(used):
        lever = levers[name]
        for slot, effect in enumerate(lever.effects):
            if part == "municipalities" and effect.level not in _LOCAL:
                continue
            if part != "municipalities" and effect.level not in _HERE:
                if (part, effect.level) != ("states", "municipality"):
                    left.append(LeftOut(name, tuple(effect.mechanisms), effect.level or ""))
                continue
            if (effect.grade or lever.grade) in without:
                continue
            if effect.law == "structural" and effect.mean is None:
                continue  # the dose itself acts on the accounts; nothing multiplies
            names = ("homicide", "conflict") if effect.calibrates else effect.mechanisms
            if part != "whole":
                local = effect.level in _LOCAL and not effect.hazard_per_month
                within = part == "municipalities"
                names = [one for one in names if (local and one in _LOCAL_MECHANISMS) == within]
                if not names:
                    continue
            lag, event = effect.lag or lever.lag, events[row]
            now, high, low = (
                np.stack([lagged(doses[row], effect, lag, event=event) for doses in given])
                for given in (
                    [s.doses for s in full],
                    [s.doses_high for s in full],
                    [s.doses_low for s in full],
                )
            )
            pairs += [(len(kept), MECHANISMS.index(mechanism)) for mechanism in names]
            arrays.append(np.stack([now, np.maximum(high - now, 0.0), np.maximum(now - low, 0.0)]))
            kept.append((lever, slot, effect))
        for slot, link in enumerate(lever.links if part != "municipalities" else ()):
            if (link.grade or lever.grade) in without:
                continue
            source = MECHANISMS.index(link.source)
            links += [(lever, slot, source, MECHANISMS.index(to), sign) for to, sign in link.to.items()]
    shape = (3, len(scenarios), 0, len(scenarios[0].places), scenarios[0].months)
    doses = np.stack(arrays, axis=2) if arrays else np.zeros(shape)
    dose, above, below = (np.ascontiguousarray(part) for part in doses)
    numbers = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return EffectPlan(dose, above, below, tuple(kept), numbers, tuple(links), tuple(left))


def draw_effects(plan: EffectPlan, *, seed: int, first_draw: int, draws: int) -> Effects:
    """What a block of draws believes of the planned effects, each number at an address of its lever's own."""
    drawn = _Drawn(Luck(seed), np.arange(first_draw, first_draw + draws))
    none = np.zeros((0, draws))

    def rows(given: list[np.ndarray]) -> np.ndarray:
        return np.ascontiguousarray(np.stack(given)) if given else none

    def rebound(lever: Lever, slot: int, effect: Effect) -> np.ndarray:
        again = effect.rebound
        return again.mean + again.sd * drawn.score(lever, slot) if again else np.zeros(draws)

    elasticity = [
        sign * (lever.links[slot].mean + lever.links[slot].sd * drawn.score(lever, len(lever.effects) + slot))
        for lever, slot, _, _, sign in plan.links
    ]
    return Effects(
        dose=plan.dose, above=plan.above, below=plan.below,
        tilt=rows([drawn.triangular(lever, _SLOTS - 1) for lever, _, _ in plan.effects]),
        beta=rows([drawn.effect(lever, slot, effect) for lever, slot, effect in plan.effects]),
        pair_effect=np.ascontiguousarray(plan.pairs[:, 0]), pair_mechanism=np.ascontiguousarray(plan.pairs[:, 1]),
        hazard_per_month=np.array([effect.hazard_per_month or 0.0 for _, _, effect in plan.effects], dtype=np.float64),
        rebound=rows([rebound(lever, slot, effect) for lever, slot, effect in plan.effects]),
        link_from=np.array([source for _, _, source, _, _ in plan.links], dtype=np.int64),
        link_to=np.array([to for _, _, _, to, _ in plan.links], dtype=np.int64), elasticity=rows(elasticity),
    )  # fmt: skip


def cost_tilts(levers: Sequence[Lever], *, seed: int, first_draw: int, draws: int) -> np.ndarray:
    """Where in the range of its cost each lever stands: −1 its low end, 0 its value, 1 its high end, triangular [lever draw]."""
    drawn = _Drawn(Luck(seed), np.arange(first_draw, first_draw + draws))
    return np.stack([drawn.triangular(lever, _SLOTS - 2) for lever in levers])


@dataclass(frozen=True)
class _Drawn:
    """What the draws of a block believe: each number at an address of its lever's own."""

    luck: Luck
    draws: np.ndarray

    def uniform(self, lever: Lever, slot: int) -> np.ndarray:
        number = int(re.sub(r"\D", "", lever.code))
        process = int(Process.PARAMETERS) + _FIRST + number * _SLOTS + slot
        return self.luck.uniform(process, 0, [0], self.draws)[0]

    def score(self, lever: Lever, slot: int) -> np.ndarray:
        """Standard normal."""
        return normal_quantiles(self.uniform(lever, slot))

    def effect(self, lever: Lever, slot: int, effect: Effect) -> np.ndarray:
        """The effect at a full dose [log points; draw]."""
        if effect.law == "beta_log_share":
            a, b = effect.a or 1.0, effect.b or 1.0
            return np.log1p([-beta_quantile(1.0 - u, a, b) for u in self.uniform(lever, slot)])
        if effect.sd is None:
            return np.full(len(self.draws), effect.mean or 0.0)
        return (effect.mean or 0.0) + effect.sd * self.score(lever, slot)

    def triangular(self, lever: Lever, slot: int) -> np.ndarray:
        """Symmetric triangular on [−1, 1]."""
        u = self.uniform(lever, slot)
        return np.where(u < 0.5, np.sqrt(2 * u) - 1, 1 - np.sqrt(2 * (1 - u)))
