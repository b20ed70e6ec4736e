"""Quick runs for whoever moves a slider: what does not change between two questions is kept.

Of a question only the doses change from one moment to the next. So the forecast and the parameters of every block are kept, and the strategy,
the same without effects of grade D, and the status quo pass the kernel together, which costs little more than one of them: most of its time is luck
that they share. The numbers are those of `simulate`, bit for bit.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock

import numpy as np

from careo.model.lanes import LANES
from careo.panel import Country
from careo.record.strategy import Strategy
from careo.run.effects import EffectPlan, draw_effects
from careo.run.ensemble import BLOCK, Ensemble, Job, QuietBlock, gathered, prepare
from careo.run.run_plan import MAIN, WITHOUT_D, Plan, Variant, plan_of

_KEPT = 48  # blocks, of some 3 MB each: two of a question, and two for each number of members
_Block = tuple[int, int]


class Superseded(Exception):  # noqa: N818 - no error: nobody waits for the answer any more
    """A newer question came from the same place."""


@dataclass(frozen=True, eq=False)
class Trial:
    """Some draws of a strategy against the status quo.

    Attributes:
        plan: as of `plan_run`. ensembles: of it by name; those of other numbers of members only when they were asked for.
    """

    plan: Plan
    ensembles: Mapping[str, Ensemble]


class Trials:
    """Quick runs of a country, asked from any thread."""

    def __init__(self, country: Country, threads: int | None = None) -> None:
        self.country = country
        self.threads = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="careo-trial")
        self._lock = Lock()
        self._quiet: OrderedDict[tuple[object, ...], QuietBlock] = OrderedDict()

    def ask(
        self,
        strategy: Strategy,
        *,
        draws: int = 200,
        months: int = 72,
        seed: int = 7,
        start: date | None = None,
        members_nation: float | None = None,
        sweep: bool = True,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Trial:
        """A strategy against the status quo. Arguments and errors as of `simulate`.

        Args:
            sweep: whether the numbers of members that no count can tell apart are run, too.
            wanted: asked before every block; whether anybody still waits.

        Raises:
            Superseded: nobody does.
        """
        job = prepare(
            (strategy,), self.country, months=months, seed=seed, start=start, members_nation=members_nation
        )
        plan = plan_of(job, draws=draws)
        variants = {variant.name: variant for variant in plan.variants}
        pairs: list[tuple[Variant, Variant | None]] = [(variants[MAIN], variants.get(WITHOUT_D))]
        if sweep:
            pairs += [(each, None) for name, each in variants.items() if name not in (MAIN, WITHOUT_D)]
        _ = job.baseline, job.plan  # made once, before threads ask for them
        jobs = {variant.name: _of(job, variant) for variant in plan.variants}
        tasks = [(pair, block) for pair in pairs for block in _blocks(pair[0].draws, self.threads)]

        def work(task: tuple[tuple[Variant, Variant | None], _Block]) -> tuple[tuple[np.ndarray, ...], ...]:
            if not wanted():
                raise Superseded
            return self._run(jobs, *task)

        futures = [self._pool.submit(work, task) for task in tasks]
        try:
            done = [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise
        found: dict[str, Ensemble] = {}
        for pair in pairs:
            parts = [part for (asked, _), part in zip(tasks, done, strict=True) if asked is pair]
            for number, variant in enumerate(filter(None, pair)):
                found[variant.name] = gathered(jobs[variant.name], [part[number] for part in parts])
        return Trial(plan, found)

    def close(self) -> None:
        """Ends its threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(
        self, jobs: Mapping[str, Job], pair: tuple[Variant, Variant | None], block: _Block
    ) -> tuple[tuple[np.ndarray, ...], ...]:
        """One block of an ensemble and, where it is asked for, of the same without effects of some grades."""
        first, less = pair
        job = main = jobs[first.name]
        quiet = self._block(job, first.members_nation, block)
        given = {"seed": job.seed, "first_draw": block[0], "draws": block[1]}
        rates = job.companion_rates()
        if less is None:
            return (quiet.run(draw_effects(main.plan, **given), rates, outcomes=job.outcomes),)
        weak = frozenset(less.without)
        if any((lever.links[slot].grade or lever.grade) in weak for lever, slot, _, _, _ in main.plan.links):
            # An elasticity between mechanisms is one for all strategies of a block.
            both = (main, jobs[less.name])
            return tuple(
                quiet.run(draw_effects(each.plan, **given), rates, outcomes=job.outcomes) for each in both
            )
        effects = draw_effects(main.plan, **given)
        keep = np.array(
            [(effect.grade or lever.grade) not in weak for lever, _, effect in main.plan.effects], dtype=float
        )
        dose, above, below = (
            np.concatenate([part, part[1:] * keep[None, :, None, None]])
            for part in (effects.dose, effects.above, effects.below)
        )
        arrays = quiet.run(
            effects._replace(dose=dose, above=above, below=below), rates, outcomes=job.outcomes
        )
        strategies = len(job.scenarios)
        rows = [0, *range(strategies, 2 * strategies - 1)]
        return tuple(part[:strategies] for part in arrays), tuple(part[rows] for part in arrays)

    def _block(self, job: Job, members: float | None, block: _Block) -> QuietBlock:
        key = (id(job.history), id(job.constants), job.start, job.months, job.seed, members, block)
        with self._lock:
            found = self._quiet.get(key)
            if found is not None:
                self._quiet.move_to_end(key)
                return found
        made = replace(job, members_nation=members).quiet(block)
        with self._lock:
            self._quiet[key] = made
            while len(self._quiet) > _KEPT:
                self._quiet.popitem(last=False)
        return made


def _of(job: Job, variant: Variant) -> Job:
    """The job of one ensemble, whose plan of effects is a part of the main one's."""
    weak = frozenset(variant.without) - job.without
    of = replace(job, members_nation=variant.members_nation, without=frozenset(variant.without))
    of.__dict__["plan"] = _lessened(job.plan, weak) if weak else job.plan
    return of


def _lessened(plan: EffectPlan, weak: frozenset[str]) -> EffectPlan:
    """A plan without the effects of some grades."""
    keep = [
        row
        for row, (lever, _, effect) in enumerate(plan.effects)
        if (effect.grade or lever.grade) not in weak
    ]
    rows = {old: new for new, old in enumerate(keep)}
    pairs = [(rows[effect], mechanism) for effect, mechanism in plan.pairs.tolist() if effect in rows]
    dose, above, below = (np.ascontiguousarray(part[:, keep]) for part in (plan.dose, plan.above, plan.below))
    return EffectPlan(
        dose, above, below, tuple(plan.effects[row] for row in keep), np.array(pairs, dtype=np.int64).reshape(-1, 2),
        tuple(link for link in plan.links if (link[0].links[link[1]].grade or link[0].grade) not in weak), plan.left_out,
    )  # fmt: skip


def _blocks(draws: int, threads: int) -> list[_Block]:
    """As many blocks as there are threads, in whole groups of the kernel; numbers do not depend on how draws are cut."""
    size = min(BLOCK, max(LANES, -(-draws // threads // LANES) * LANES))
    return [(first, min(size, draws - first)) for first in range(0, draws, size)]
