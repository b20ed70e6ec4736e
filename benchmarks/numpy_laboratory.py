"""The equations of `careo.model.mechanisms` once more, in vectorised NumPy: the yardstick of the kernel's speed and the oracle of its numbers.

Arrays are places × draws. Python loops run over months, strategies and mechanisms only, and run over blocks of draws that fit a core's
cache (`BLOCK`, the best of several sizes). What a good programmer would do is done: the baseline runs once for all strategies, a strategy
is the baseline until its first dose, effects are summed by a matrix product, mechanisms that nothing moves cost nothing, powers are
exponentials of sums, and an outcome whose rate nothing moved is counted once for all strategies.

Its luck is NumPy's own Philox generator, which consumes it: strategies share the gamma part of their luck and not the Poisson part, so the difference
of two strategies is noisier than careo's, and blocks are no slices of a whole. `path` is the part without luck: the tests hold it against the kernel.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from benchmarks.synthetic import World
from careo.model.mechanisms import MECHANISMS, OUTCOMES, Core, Effects

Floats = np.ndarray
BLOCK = 250
"""Draws that run together: 32 places × 250 draws are 64 kB an array."""

Logs = dict[str, Floats]
"""Logarithms of the multipliers of the mechanisms that are moved [log points; place draw]."""


class State(NamedTuple):
    """Members, prisoners and effective groups after a month, and the expected killings in it [persons, persons, groups, deaths/month; place draw]."""

    members: Floats
    prisoners: Floats
    groups: Floats
    kills: Floats


class Month(NamedTuple):
    """A month of a strategy: the rate of every outcome [events/month; place draw] and the state at its end; rates that nothing moved are the baseline's arrays."""

    month: int
    strategy: int
    rates: Sequence[Floats]
    plain: Sequence[Floats]
    state: State


class Chances(Protocol):
    """Where luck comes from."""

    def month(self, month: int, shape: tuple[int, int], overdispersion: Sequence[Floats]) -> None:
        """A month begins: arrays have this shape, the law of each outcome this overdispersion [outcome → draw]."""
        ...

    def counts(self, outcome: int, rate: Floats) -> np.ndarray:
        """Integers with a mean [events/month; place draw]."""
        ...

    def collapse(self) -> Floats:
        """Uniform numbers that decide whether a truce breaks [place draw], the same however often asked for in a month."""
        ...


class Consumed:
    """NumPy's generator; counts the seconds of processor time it takes."""

    def __init__(self, seed: int) -> None:
        self.generator = np.random.Generator(np.random.Philox(seed))
        self.seconds = 0.0

    def month(self, month: int, shape: tuple[int, int], overdispersion: Sequence[Floats]) -> None:  # noqa: ARG002 - consumed luck has no address
        begin = time.process_time()
        self._shape = shape
        self._uniforms: Floats | None = None
        self._gammas: list[Floats | None] = []
        for spread in overdispersion:
            if not (spread > 0.0).any():
                self._gammas.append(None)
                continue
            known = np.where(spread > 0.0, spread, 1.0)
            gammas = self.generator.standard_gamma(1.0 / known, size=shape) * known
            self._gammas.append(gammas if (spread > 0.0).all() else np.where(spread > 0.0, gammas, 1.0))
        self.seconds += time.process_time() - begin

    def counts(self, outcome: int, rate: Floats) -> np.ndarray:
        begin = time.process_time()
        gammas = self._gammas[outcome]
        drawn = self.generator.poisson(rate if gammas is None else rate * gammas)
        self.seconds += time.process_time() - begin
        return drawn

    def collapse(self) -> Floats:
        begin = time.process_time()
        if self._uniforms is None:
            self._uniforms = self.generator.random(self._shape)
        self.seconds += time.process_time() - begin
        return self._uniforms


def run(
    world: World, chances: Chances, *, months_per_year: int = 12
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `careo.model.mechanisms.run_block` returns: counts by place and year, of the whole by month, members at the end of each year."""
    strategies, places, months, draws = world.size
    years = -(-months // months_per_year)
    yearly = np.zeros((strategies, len(OUTCOMES), places, years, draws), dtype=np.int64)
    monthly = np.zeros((strategies, len(OUTCOMES), months, draws), dtype=np.int64)
    members = np.zeros((strategies, places, years, draws))
    fine = np.ones(draws, dtype=np.bool_)
    plain_counts: list[np.ndarray] = []
    counted_month = -1
    for at in path(world, chances):
        if at.month != counted_month:
            counted_month = at.month
            plain_counts = [chances.counts(o, _countable(rate)) for o, rate in enumerate(at.plain)]
        if at.rates[0] is not at.plain[0] or at.strategy == 0:
            fine &= np.isfinite(at.rates[0]).all(axis=0) & np.isfinite(at.state.members).all(axis=0)
        year = at.month // months_per_year
        for o, rate in enumerate(at.rates):
            same = rate is at.plain[o]
            counts = plain_counts[o] if same else chances.counts(o, _countable(rate))
            yearly[at.strategy, o, :, year] += counts
            np.sum(counts, axis=0, out=monthly[at.strategy, o, at.month])
        members[at.strategy, :, year] = at.state.members
    if not fine.all():
        yearly[..., ~fine], monthly[..., ~fine] = -1, -1
    return yearly, monthly, members


def in_blocks(world: World, seed: int, *, draws: int = BLOCK) -> tuple[int, float]:
    """Runs a world block by block, as it fits the cache. Returns the homicides of all, and the seconds of processor time in the generator."""
    total, seconds = 0, 0.0
    for number, first in enumerate(range(0, world.size[3], draws)):
        chances = Consumed(seed + number)
        yearly, _, _ = run(world.block(first, draws), chances)
        total += int(yearly[:, 0].sum())
        seconds += chances.seconds
    return total, seconds


def path(world: World, chances: Chances | None = None) -> Iterator[Month]:
    """Every month of every strategy; luck is asked only whether truces break."""
    strategies, places, months, draws = world.size
    core = _Rates(world.core)
    doses = [_Doses(world.effects, s) for s in range(strategies)]
    base = State(world.core.members, world.core.prisoners, np.repeat(world.core.groups[:, None], draws, axis=1), np.zeros((places, draws)))  # fmt: skip
    states = [base] * strategies
    first = np.exp(world.log_intensity[:, 0])
    steady = [np.repeat(rate[:, None], draws, axis=1) for rate in world.companions[1:]]
    spread = [world.core.overdispersion, *[world.core.companion_overdispersion] * (len(OUTCOMES) - 1)]
    for t in range(months):
        if chances is not None:
            chances.month(t, (places, draws), spread)
        intensity = np.exp(world.log_intensity[:, t])
        trend = np.divide(intensity, first, out=np.ones_like(first), where=first > 0.0)
        plain = [intensity, world.companions[0][:, None] * trend, *steady]
        base = core.month(base, {})
        for s in range(strategies):
            if t < doses[s].begins:
                states[s] = base
                yield Month(t, s, plain, plain, base)
                continue
            logs = doses[s].logs(t, (places, draws), chances, core.clearance_elasticity)
            states[s] = core.month(states[s], logs)
            yield Month(t, s, core.outcomes(plain, states[s], base, logs), plain, states[s])


class _Rates:
    """The core's parameters, each as an array that meets [place draw]."""

    def __init__(self, core: Core) -> None:
        self.given = core
        self.recruits = core.recruitment * core.young_men[:, None] ** (1.0 - core.recruitment_exponent)
        self.taken = core.capture_share * core.arrests[:, None]
        self.returning = 1.0 / core.groups_return_months
        self.resting = core.groups_rest[:, None] * self.returning
        self.splitting = core.fragmentation * core.captures[:, None]
        self.clearance_elasticity = core.clearance_elasticity
        self.migration = np.maximum(core.migration, 0.0)
        self.towards = core.neighbours.T - np.diag(core.neighbours.sum(axis=1))  # W_ji, less who leaves

    def month(self, before: State, logs: Logs) -> State:
        """One month on."""
        core, members, prisoners, groups = self.given, before.members, before.prisoners, before.groups
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            recruits = np.log(members)
            recruits *= core.recruitment_exponent
            for log, elasticity in (("recruitment", None), ("rent", core.recruitment_rent_exponent)):
                if log in logs:
                    recruits += logs[log] if elasticity is None else logs[log] * elasticity
            np.exp(recruits, out=recruits)
            recruits *= self.recruits

            met = members * members
            concentration = 1.0 / groups
            worn = met * concentration
            kills = met - worn
            kills *= core.conflict_rate
            worn *= core.saturation
            if "rent" in logs or "conflict" in logs:
                lifted = logs.get("conflict", 0.0) + logs.get("rent", 0.0) * core.conflict_rent_exponent
                kills *= np.exp(lifted)

            taken = np.minimum(members, _times(self.taken, logs, "incapacitation"))
            left = members * _times(core.exit, logs, "exit")
            freed = prisoners / core.prison_months
            back = np.minimum(1.0, _times(core.recidivism, logs, "recidivism")) * freed

            after = self.towards @ members
            after *= self.migration
            for flow in (members, recruits, back):
                after += flow
            for flow in (taken, kills, worn, left):
                after -= flow
            np.maximum(after, 0.0, out=after)

            locked = prisoners + _times(taken, logs, "prison_inflow") - freed
            np.maximum(locked, 0.0, out=locked)

            split = _times(_times(self.splitting, logs, "captures"), logs, "fragmentation")
            grown = groups * (1.0 + split)
            grown -= groups * self.returning
            grown += self.resting
            np.maximum(grown, 1.0 + 1e-9, out=grown)
        return State(after, locked, grown, kills)

    def outcomes(self, plain: Sequence[Floats], state: State, base: State, logs: Logs) -> list[Floats]:
        """The rates of all outcomes; the plain arrays themselves where nothing moved them."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratio = np.divide(state.kills, base.kills, out=np.ones_like(state.kills), where=base.kills > 0.0)
            crowd = np.divide(state.members, base.members, out=np.ones_like(ratio), where=base.members > 0.0)
            more = np.log(state.groups / base.groups)
            more *= self.given.extortion_exponent
            crowd *= np.exp(more, out=more)
            local = np.exp(logs["homicide"]) if "homicide" in logs else 1.0
            organised = ratio - local
            organised *= self.given.organised_share
            organised += local
            organised *= plain[0]
            np.maximum(organised, 0.0, out=organised)
            ratio *= plain[1]
            vanished = _times(_times(ratio, logs, "disappearance"), logs, "recording")
            return [
                organised,
                vanished,
                plain[2] * _times(crowd, logs, "extortion"),
                plain[3] * _times(crowd, logs, "kidnapping"),
                _times(plain[4], logs, "rights_complaints"),
            ]


class _Doses:
    """The effects of one strategy, by mechanism: doses of a month times what each draw believes of them, as a matrix product."""

    def __init__(self, effects: Effects, strategy: int) -> None:
        self.given = effects
        parts = np.stack([effects.dose[strategy], effects.above[strategy], effects.below[strategy]])
        moves = (parts != 0.0).any(axis=(0, 2, 3)) if parts.size else np.zeros(parts.shape[1], dtype=np.bool_)
        months = (parts != 0.0).any(axis=(0, 1, 2))
        self.begins = int(np.argmax(months)) if months.any() else len(months)
        tilt = effects.tilt if len(effects.tilt) else np.zeros_like(effects.beta)
        self.strengths = np.stack(
            [effects.beta, effects.beta * np.maximum(tilt, 0.0), effects.beta * np.minimum(tilt, 0.0)]
        )
        self.tilt, self.parts = tilt, parts
        self.sure: dict[str, tuple[Floats, Floats]] = {}  # [month place 3·effect], [3·effect draw]
        self.breaking: dict[int, list[str]] = {}
        self.collapsed: dict[int, Floats] = {}
        for mechanism in range(len(MECHANISMS)):
            rows = [
                int(e)
                for e, m in zip(effects.pair_effect, effects.pair_mechanism, strict=True)
                if m == mechanism and moves[e]
            ]
            for e in rows:
                if effects.hazard_per_month[e] > 0.0:
                    self.breaking.setdefault(e, []).append(MECHANISMS[mechanism])
            rows = [e for e in rows if not effects.hazard_per_month[e] > 0.0]
            if rows:
                given = parts[:, rows].reshape(3 * len(rows), *parts.shape[2:])
                self.sure[MECHANISMS[mechanism]] = (
                    np.ascontiguousarray(given.transpose(2, 1, 0)),
                    np.ascontiguousarray(self.strengths[:, rows].reshape(3 * len(rows), -1)),
                )

    def logs(self, month: int, shape: tuple[int, int], chances: Chances | None, clearance: Floats) -> Logs:
        """What a month's doses do to the mechanisms; truces that break stay broken."""
        logs = {name: doses[month] @ strengths for name, (doses, strengths) in self.sure.items()}
        for e, names in self.breaking.items():
            log = self._broken(e, month, shape, chances)
            for name in names:
                logs[name] = logs[name] + log if name in logs else log
        for source, to, elasticity in zip(
            self.given.link_from, self.given.link_to, self.given.elasticity, strict=True
        ):
            _add(logs, MECHANISMS[to], MECHANISMS[source], elasticity)
        for name in ("homicide", "conflict"):
            _add(logs, name, "clearance", clearance)
        return logs

    def _broken(self, e: int, month: int, shape: tuple[int, int], chances: Chances | None) -> Floats:
        """An effect that may collapse: its log points, with the doses of that month."""
        dose, above, below = (part[e, :, month, None] for part in self.parts)
        tilt = self.tilt[e]
        given = dose + tilt * np.where(tilt > 0.0, above, below)
        gone = self.collapsed.setdefault(e, np.zeros(shape, dtype=np.bool_))
        if chances is not None:
            gone |= (given > 0.0) & (chances.collapse() < self.given.hazard_per_month[e])
        return np.where(gone, self.given.rebound[e], self.given.beta[e]) * given


def _add(logs: Logs, to: str, source: str, elasticity: Floats) -> None:
    if source in logs:
        moved = elasticity * logs[source]
        logs[to] = logs[to] + moved if to in logs else moved


def _times(value: Floats, logs: Logs, mechanism: str) -> Floats:
    """A number times a mechanism's multiplier; itself where nothing moves it."""
    return value * np.exp(logs[mechanism]) if mechanism in logs else value


def _countable(rate: Floats) -> Floats:
    """Rates with 0 where nothing is known or can be counted."""
    known = (rate > 0.0) & (rate < np.inf)
    return rate if known.all() else np.where(known, rate, 0.0)
