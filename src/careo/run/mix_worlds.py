"""Worlds in which mixes are tried: the same luck, beliefs and costs for every mix, and what each mix leaves of the outcomes.

A world is a draw. It has its own forecast, its own sizes of effects, its own parameters of armed groups and its own cost of every lever:
from low to high of the lever's file, triangular about its value, at an address of luck of its own. Mixes are run several at once; which
of them run together, and on how many threads, changes nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from careo.evidence.levers import load_levers
from careo.model.mechanisms import OUTCOMES, Effects
from careo.panel import Country
from careo.run.effects import EffectPlan, cost_tilts, draw_effects, plan_effects
from careo.run.ensemble import BLOCK, Job, QuietBlock, prepare
from careo.run.mixes import Mix, MixQuestion
from careo.run.parameter_table import load_table
from careo.run.parameters import AS_DRAWN
from careo.run.scenario import Scenario

TOGETHER = 4
"""Mixes run at once: they share forecast, baseline and luck; with more, looking up which doses are whose costs what it saves."""
NOMINAL = 1000.0
"""Level at which an outcome of unknown level is counted, only to see whether a mix raises it [events/month and place]."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is the same in all worlds instead of drawn.

    Attributes:
        cost: a lever, and what its largest dose costs [currency/year]. effect: a lever, its slot, and the effect [log points].
        members: of armed groups in month 0 [persons]. without: grades whose effects are left out.
    """

    cost: tuple[str, float] | None = None
    effect: tuple[str, int, float] | None = None
    members: float | None = None
    without: frozenset[str] = frozenset()


DRAWN = Held()


@dataclass(frozen=True, eq=False)
class MixWorlds:
    """A block of worlds for the mixes of a question.

    Attributes:
        question: whose mixes. job: the forecast and the levels of the other outcomes. plan: what one dose of each lever does.
        first_draw, draws: of the worlds. threads: None: all cores.
        kept: totals by mix and what is held: a mix is never run twice. progress: called with the mixes × worlds of every block that was run.
    """

    question: MixQuestion
    job: Job
    plan: EffectPlan
    first_draw: int
    draws: int
    threads: int | None = None
    progress: Callable[[int], None] | None = None
    kept: dict[tuple[Held, tuple[int, ...]], np.ndarray] = field(default_factory=dict)
    quiet_blocks: dict[tuple[float | None, int], QuietBlock] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """Of their luck."""
        return self.job.seed

    @property
    def known(self) -> np.ndarray:
        """Whether the present level of an outcome is known [outcome]."""
        return np.array([name == OUTCOMES[0] or name in self.job.companions.levels for name in OUTCOMES])

    @property
    def blocks(self) -> list[tuple[int, int]]:
        """First draw and size of each block."""
        last = self.first_draw + self.draws
        return [(begin, min(BLOCK, last - begin)) for begin in range(self.first_draw, last, BLOCK)]

    @cached_property
    def costs(self) -> np.ndarray:
        """What the largest dose of each lever costs in each world [currency/year; lever draw]."""
        prices = self.question.prices
        levers = [price.lever for price in prices]
        tilt = cost_tilts(levers, seed=self.seed, first_draw=self.first_draw, draws=self.draws)
        low, value, high = (
            np.array([getattr(price, end) for price in prices])[:, None] for end in ("low", "value", "high")
        )
        return value + tilt * np.where(tilt > 0, high - value, value - low)

    @cached_property
    def beliefs(self) -> Effects:
        """What each world believes of the effects."""
        return draw_effects(self.plan, seed=self.seed, first_draw=self.first_draw, draws=self.draws)

    def totals(self, mixes: Sequence[Mix], held: Held = DRAWN) -> np.ndarray:
        """What happens in the nation over the horizon under each mix [events; mix outcome draw], int64; −1 where a draw broke down.

        Outcomes of unknown level are counted on a nominal one: only whether they rise or fall means anything.
        """
        missing = list(
            {
                mix.parts: mix for mix in mixes if (_apart(self, held, mix), mix.parts) not in self.kept
            }.values()
        )
        groups = [missing[i : i + TOGETHER] for i in range(0, len(missing), TOGETHER)]
        blocks = self.blocks if groups else []
        for block in blocks:
            self._quiet(held.members, block)
        tasks = [(group, block) for group in groups for block in blocks]
        with ThreadPoolExecutor(self.threads or os.cpu_count() or 1) as pool:
            found = list(pool.map(lambda task: self._run(task[0], task[1], held), tasks))
        for number, group in enumerate(groups):
            parts = found[number * len(blocks) : (number + 1) * len(blocks)]
            whole = np.concatenate(parts, axis=-1)
            for mix, total in zip(group, whole, strict=True):
                self.kept[(_apart(self, held, mix), mix.parts)] = total
        return np.stack([self.kept[(_apart(self, held, mix), mix.parts)] for mix in mixes])

    def doses(self, mix: Mix, held: Held = DRAWN) -> np.ndarray:
        """The dose that a mix's money buys in each world [dose units; lever draw]."""
        costs = self._costs(held)
        most = np.array([price.most for price in self.question.prices])[:, None]
        money = mix.shares[:, None] * self.question.budget
        with np.errstate(divide="ignore", invalid="ignore"):
            bought = np.where(costs > 0, money / costs, np.where(money > 0, 1.0, 0.0))
        return most * np.minimum(bought, 1.0)

    def spent(self, mix: Mix) -> np.ndarray:
        """What is spent in each world; the rest of the budget is left over [share of the budget; draw]."""
        money = mix.shares[:, None] * self.question.budget
        return np.minimum(money, self.costs).sum(axis=0) / self.question.budget

    def trial(self, size: int) -> float:
        """How long so many mixes × worlds will take on these threads, by a short run [seconds]."""
        mixes = [Mix(tuple((self.question.caps // 2).tolist()))] * TOGETHER
        small = replace(self, draws=10, kept={}, quiet_blocks={}, progress=None)
        small._run(mixes, small.blocks[0], DRAWN)
        start = time.perf_counter()
        small._run(mixes, small.blocks[0], DRAWN)
        each = (time.perf_counter() - start) / TOGETHER / small.draws
        return each * size / (self.threads or os.cpu_count() or 1)

    def _costs(self, held: Held) -> np.ndarray:
        if held.cost is None:
            return self.costs
        costs = self.costs.copy()
        costs[self.question.levers.index(held.cost[0])] = held.cost[1]
        return costs

    def _quiet(self, members: float | None, block: tuple[int, int]) -> QuietBlock:
        key = (members, block[0])
        if key not in self.quiet_blocks:
            self.quiet_blocks[key] = replace(self.job, members_nation=members).quiet(block)
        return self.quiet_blocks[key]

    def _run(self, mixes: Sequence[Mix], block: tuple[int, int], held: Held) -> np.ndarray:
        """Totals of a block [events; mix outcome draw]."""
        quiet = self._quiet(held.members, block)
        here = slice(block[0] - self.first_draw, block[0] - self.first_draw + block[1])
        effects = self._effects(mixes, here, held)
        yearly, _, _ = quiet.run(effects, self._rates())
        broken = (yearly < 0).any(axis=(2, 3))
        if self.progress:
            self.progress(len(mixes) * block[1])
        return np.where(broken, -1, yearly.sum(axis=(2, 3)))

    def _rates(self) -> np.ndarray:
        rates = self.job.companion_rates()
        rates[~self.known[1:]] = NOMINAL
        return rates

    def _effects(self, mixes: Sequence[Mix], here: slice, held: Held) -> Effects:
        """The kernel's arrays: a row for each effect of each lever that a mix pays for, its dose in the size of the effect."""
        plan, beliefs = self.plan, self.beliefs
        rows: list[tuple[int, int]] = []
        scale: list[np.ndarray] = []
        for number, mix in enumerate(mixes):
            doses = self.doses(mix, held)[:, here]
            for effect, (lever, _, _) in enumerate(plan.effects):
                row = self.question.levers.index(lever.id)
                if mix.parts[row]:
                    rows.append((number, effect))
                    scale.append(doses[row])
        places, months = plan.dose.shape[2:]
        draws = here.stop - here.start
        dose = np.zeros((len(mixes), len(rows), places, months))
        beta, rebound = np.zeros((len(rows), draws)), np.zeros((len(rows), draws))
        pairs: list[tuple[int, int]] = []
        for row, (number, effect) in enumerate(rows):
            lever, slot, given = plan.effects[effect]
            dose[number, row] = plan.dose[0, effect]
            size = beliefs.beta[effect, here]
            if held.effect and held.effect[:2] == (lever.id, slot):
                size = np.full(draws, held.effect[2])
            if (given.grade or lever.grade) not in held.without:
                beta[row], rebound[row] = size * scale[row], beliefs.rebound[effect, here] * scale[row]
            pairs += [(row, mechanism) for known, mechanism in plan.pairs.tolist() if known == effect]
        numbers = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        none = np.zeros_like(dose)
        elasticity = beliefs.elasticity[:, here].copy()
        for row, (lever, slot, _, _, _) in enumerate(plan.links):
            if (lever.links[slot].grade or lever.grade) in held.without:
                elasticity[row] = 0.0
        return beliefs._replace(
            dose=dose, above=none, below=none, tilt=np.zeros((len(rows), draws)), beta=beta, rebound=rebound,
            pair_effect=np.ascontiguousarray(numbers[:, 0]), pair_mechanism=np.ascontiguousarray(numbers[:, 1]),
            hazard_per_month=np.array([plan.effects[e][2].hazard_per_month or 0.0 for _, e in rows], dtype=np.float64),
            elasticity=np.ascontiguousarray(elasticity),
        )  # fmt: skip

    def coordinates(self) -> Mapping[str, np.ndarray]:
        """What tells worlds apart, by name: "cost:LEVER", "effect:LEVER:SLOT", "parameter:NAME", "forecast" [its unit; draw]."""
        found: dict[str, np.ndarray] = {}
        for row, lever in enumerate(self.question.levers):
            found[f"cost:{lever}"] = self.costs[row]
        for row, (lever, slot, effect) in enumerate(self.plan.effects):
            if effect.law != "structural":
                found[f"effect:{lever.id}:{slot}"] = self.beliefs.beta[row]
        blocks = [self._quiet(None, block) for block in self.blocks]
        table = load_table(self.job.country.key).parameters
        members = np.concatenate([block.parameters.members.sum(axis=0) for block in blocks])
        share = np.concatenate([block.parameters.organised_share.mean(axis=0) for block in blocks])
        found["parameter:members"], found["parameter:organised_share"] = members, share
        for name in AS_DRAWN:  # but the noise of counting, which is no property of a world
            if name != "overdispersion" and name in table and table[name].law != "fixed":
                found[f"parameter:{name}"] = np.concatenate([getattr(b.parameters, name) for b in blocks])
        found["forecast"] = np.concatenate([np.exp(block.log_intensity).sum(axis=(0, 1)) for block in blocks])
        return found


def mix_worlds(
    question: MixQuestion,
    country: Country,
    *,
    first_draw: int = 0,
    draws: int = 100,
    seed: int = 7,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> MixWorlds:
    """Worlds of a country for the mixes of a question."""
    job = prepare((), country, months=question.months, seed=seed)
    plan = plan_effects([_one_dose(question, job)], load_levers(country.key))
    return MixWorlds(question, job, plan, first_draw, draws, threads, progress)


def other_worlds(worlds: MixWorlds, *, first_draw: int, draws: int) -> MixWorlds:
    """Other draws of the same question."""
    return replace(worlds, first_draw=first_draw, draws=draws, kept={}, quiet_blocks={})


def _apart(worlds: MixWorlds, held: Held, mix: Mix) -> Held:
    """What of the held things this mix can feel: a mix that does not pay for a lever is not run again for its cost or effect."""
    paid = [lever for lever, part in zip(worlds.question.levers, mix.parts, strict=True) if part]
    cost = held.cost if held.cost and held.cost[0] in paid else None
    effect = held.effect if held.effect and held.effect[0] in paid else None
    grades = {effect.grade or lever.grade for lever, _, effect in worlds.plan.effects if lever.id in paid}
    grades |= {lever.links[slot].grade or lever.grade for lever, slot, _, _, _ in worlds.plan.links if paid}
    return replace(held, cost=cost, effect=effect, without=held.without & grades)


def _one_dose(question: MixQuestion, job: Job) -> Scenario:
    """One dose of every lever in every place from month 0 on; what a mix buys of it scales the effect, draw by draw."""
    levers = load_levers(job.country.key)
    doses = np.ones((len(question.levers), len(job.history.places), job.months))
    events = tuple(levers[name].dose_kind == "event" for name in question.levers)
    return Scenario(
        "one-dose",
        question.levers,
        doses,
        doses,
        doses,
        events,
        tuple(job.history.places),
        "state",
        job.start,
    )
