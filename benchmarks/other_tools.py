"""The laboratory's equations as users of other tools would write them: agents in Mesa, stocks and flows in PySD, experiments in the EMA Workbench.

Each is optional (`uv sync --group benchmarks`), slow enough that a few draws tell the cost of many, and told as processor time a cell
(strategy × place × month × draw). What each leaves out of the equations stands in its docstring and in the table that is printed.
"""

from __future__ import annotations

import math
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.numpy_laboratory import Consumed, run
from benchmarks.synthetic import OF_PLACES, World
from careo.model.mechanisms import MECHANISMS, OUTCOMES

CORE = Path(__file__).with_name("core.mdl")
INSTALL = "uv sync --group benchmarks"


def cost(work: Callable[[], object], cells: int) -> float:
    """Nanoseconds of processor time a cell."""
    begin = time.process_time()
    work()
    return (time.process_time() - begin) / cells * 1e9


def by_mesa(world: World, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Places as Mesa's agents, one model a draw: everything but truces and links between mechanisms.

    Returns:
        Counts of the whole [events; strategy outcome month draw], and members at the end of each month [persons; strategy place month draw].
    """
    strategies, places, months, draws = world.size
    counts = np.zeros((strategies, len(OUTCOMES), months, draws), dtype=np.int64)
    members = np.zeros((strategies, places, months, draws))
    laboratory = _mesa_laboratory()
    for draw in range(draws):
        model = laboratory(world, draw, seed + draw)
        for month in range(months):
            model.step()
            for agent in model.agents:
                members[:, agent.index, month, draw] = [side.members for side in agent.sides]
                counts[:, :, month, draw] += agent.counts
    return counts, members


class _Side:
    """The state of a place under one strategy."""

    __slots__ = ("groups", "kills", "logs", "members", "moved", "prisoners")

    def __init__(self, members: float, prisoners: float, groups: float) -> None:
        self.members, self.prisoners, self.groups = members, prisoners, groups
        self.moved = self.kills = 0.0
        self.logs = [0.0] * len(MECHANISMS)


def _lists(given: Any, whole: tuple[str, ...] = ()) -> SimpleNamespace:
    """The arrays of a core or of effects of one draw as lists, without the axis of draws."""
    keep = {*OF_PLACES, *whole, "pair_effect", "pair_mechanism", "hazard_per_month", "link_from", "link_to"}
    return SimpleNamespace(
        **{name: (a if name in keep else a[..., 0]).tolist() for name, a in given._asdict().items()}
    )


def _mesa_laboratory() -> Any:
    """The model class; made here because Mesa may not be installed."""
    import mesa

    at = {name: number for number, name in enumerate(MECHANISMS)}

    class Place(mesa.Agent):
        def __init__(self, model: Any, index: int) -> None:
            super().__init__(model)
            core = model.core
            self.index = index
            first = core.members[index], core.prisoners[index], core.groups[index]
            self.sides = [_Side(*first) for _ in model.effects.dose]
            self.base = _Side(*first)
            self.neighbours = [j for j, weight in enumerate(core.neighbours[index]) if weight > 0.0]
            self.counts = [[0] * len(OUTCOMES) for _ in self.sides]

        def move(self) -> None:
            """Members go to neighbours."""
            model, core = self.model, self.model.core
            for number, side in enumerate([*self.sides, self.base]):
                for j in self.neighbours:
                    flow = core.migration * core.neighbours[self.index][j] * side.members
                    side.moved -= flow
                    other = model.by_index[j]
                    (other.base if number == len(self.sides) else other.sides[number]).moved += flow

        def live(self) -> None:
            """A month of the core, under every strategy."""
            for number, side in enumerate(self.sides):
                self._moved_mechanisms(number, side)
            for side in (*self.sides, self.base):
                self._advance(side)

        def _moved_mechanisms(self, number: int, side: _Side) -> None:
            month, effects = self.model.month, self.model.effects
            side.logs = [0.0] * len(MECHANISMS)
            for e, mechanism in zip(effects.pair_effect, effects.pair_mechanism, strict=True):
                tilt = effects.tilt[e]
                side_of_range = effects.above if tilt > 0.0 else effects.below
                dose = effects.dose[number][e][self.index][month]
                dose += tilt * side_of_range[number][e][self.index][month]
                side.logs[mechanism] += effects.beta[e] * dose

        def _advance(self, side: _Side) -> None:
            core, p, logs = self.model.core, self.index, side.logs
            members, prisoners, groups = side.members, side.prisoners, side.groups
            rent, share = math.exp(logs[at["rent"]]), core.recruitment_exponent
            recruits = (
                math.exp(logs[at["recruitment"]])
                * core.recruitment
                * rent**core.recruitment_rent_exponent
                * members**share
                * core.young_men[p] ** (1.0 - share)
            )
            taken = min(members, math.exp(logs[at["incapacitation"]]) * core.capture_share * core.arrests[p])
            side.kills = (
                math.exp(logs[at["conflict"]])
                * core.conflict_rate[p]
                * rent**core.conflict_rent_exponent
                * members**2
                * (1.0 - 1.0 / groups)
            )
            worn = core.saturation * members**2 / groups
            left = core.exit * math.exp(logs[at["exit"]]) * members
            freed = prisoners / core.prison_months
            back = min(1.0, math.exp(logs[at["recidivism"]]) * core.recidivism) * freed
            side.members = max(0.0, members + recruits + back - taken - side.kills - worn - left + side.moved)
            side.prisoners = max(0.0, prisoners + taken * math.exp(logs[at["prison_inflow"]]) - freed)
            split = (
                math.exp(logs[at["fragmentation"]] + logs[at["captures"]])
                * core.fragmentation
                * core.captures[p]
            )
            side.groups = max(
                1.0 + 1e-9,
                groups * (1.0 + split) - (groups - core.groups_rest[p]) / core.groups_return_months,
            )
            side.moved = 0.0

        def happen(self) -> None:
            """Outcomes are counted."""
            model, core, p = self.model, self.model.core, self.index
            intensity = math.exp(model.lines[p][model.month])
            trend = intensity / math.exp(model.lines[p][0])
            now = model.companions[p]
            for number, side in enumerate(self.sides):
                lift = [math.exp(log) for log in side.logs]
                ratio = side.kills / self.base.kills
                crowd = (side.members / self.base.members) * (
                    side.groups / self.base.groups
                ) ** core.extortion_exponent
                local = lift[at["homicide"]]
                rates = (
                    intensity * max(local + core.organised_share[p] * (ratio - local), 0.0),
                    now[0] * trend * ratio * lift[at["disappearance"]] * lift[at["recording"]],
                    now[1] * crowd * lift[at["extortion"]],
                    now[2] * crowd * lift[at["kidnapping"]],
                    now[3] * lift[at["rights_complaints"]],
                )
                self.counts[number] = [
                    self._count(rate, core.companion_overdispersion if o else core.overdispersion)
                    for o, rate in enumerate(rates)
                ]

        def _count(self, rate: float, spread: float) -> int:
            generator = self.model.rng
            if spread > 0.0:
                return int(generator.negative_binomial(1.0 / spread, 1.0 / (1.0 + spread * rate)))
            return int(generator.poisson(rate))

    class Laboratory(mesa.Model):
        def __init__(self, world: World, draw: int, seed: int) -> None:
            super().__init__(seed=seed)
            # plain lists of one draw: an element of an array costs ten times one of a list
            one = world.block(draw, 1)
            self.core, self.effects = _lists(one.core), _lists(one.effects, whole=("dose", "above", "below"))
            self.lines, self.companions = one.log_intensity[..., 0].tolist(), one.companions.T.tolist()
            self.month = -1
            self.by_index = [Place(self, index) for index in range(world.size[1])]

        def step(self) -> None:
            self.month += 1
            for stage in ("move", "live", "happen"):
                self.agents.do(stage)

    return Laboratory


def mesa_cost(world: World) -> float:
    """ns a cell by Mesa."""
    by_mesa(world.block(0, 1))
    return cost(lambda: by_mesa(world), world.cells)


def load_pysd() -> Any:
    """The core of one place as PySD reads it from `core.mdl`, in a folder of its own since PySD writes beside the file."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        import pysd

        copy = Path(folder) / CORE.name
        shutil.copyfile(CORE, copy)
        return pysd.read_vensim(copy)


def pysd_cost(runs: int) -> float:
    """ns a cell by PySD: one place and one strategy a run, the core only, no counts, no neighbours."""
    model = load_pysd()
    months = 72

    def work() -> None:
        for number in range(runs):
            model.run(params={"first members": 3000.0 + number}, return_columns=["members", "kills"])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PySD has not followed pandas yet
        model.run(return_columns=["members", "kills"])
        return cost(work, months * runs)


def ema_cost(world: World, experiments: int) -> float:
    """ns a cell by the EMA Workbench around `numpy_laboratory.run`: an experiment is one draw of all strategies, one after another."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ema_workbench import (
            Model,
            RealParameter,
            ScalarOutcome,
            SequentialEvaluator,
            perform_experiments,
        )

        one = world.block(0, 1)
        names = ("recruitment", "capture_share", "recidivism", "prison_months")

        def laboratory(**given: float) -> dict[str, float]:
            core = one.core._replace(**{name: np.array([value]) for name, value in given.items()})
            drawn = World(one.places, one.log_intensity, core, one.effects, one.companions)
            yearly, _, _ = run(drawn, Consumed(1))
            return {"homicides": float(yearly[-1, 0].sum())}

        model = Model("laboratory", function=laboratory)
        model.uncertainties = [
            RealParameter(name, 0.8 * value, 1.2 * value)
            for name in names
            for value in [float(getattr(one.core, name)[0])]
        ]
        model.outcomes = [ScalarOutcome("homicides")]

        def work() -> None:
            with SequentialEvaluator(model) as evaluator:
                perform_experiments(model, scenarios=experiments, evaluator=evaluator, log_progress=True)

        return cost(work, one.cells * experiments)
