"""The published model of armed groups that recruit, are locked up, fight and crowd each other out (150 groups, weekly).

    dC_i/dt = ρ C_i − η C_i/ΣC − θ C_i Σ_j S_ij C_j − ω k_i C_i²        [persons/week]
    S_ij = (R_ij + 1) / (a_i + 1),  S_ii = 0                             [-]

C_i are the members of group i [persons], R the weights of rivalries and a_i the sum of the weights of i's alliances, both ties
made symmetric by the larger weight of either side. S itself is not symmetric: each row is scaled by its own alliances. k_i is
1. In a year there are 52 weeks.

The right side needs no matrix: Σ_j S_ij C_j = (ΣC − C_i + Σ_{rivals j} R_ij C_j) / (a_i + 1), so its cost grows with groups and ties.
Integrated by classical Runge-Kutta, four steps a week unless told otherwise; the four flows are integrated by the same rule, so
members balance to rounding. Draws stand side by side in lanes and in threads; neither their number nor their neighbours
change a bit of a draw.

The closure puts one compartment in place of all groups, for which Σ_{i≠j} C_i C_j = M²(1−H) and ΣC_i² = M²H, exactly:

    dM/dt = ρ M − η − θ s M²(1−H) − ω H M²                               [persons/week]

It is exact when S_ij is the same for all pairs and H stays; otherwise an approximation with constant s and H.

Assumptions:
    1. Nobody can be incapacitated who is not a member: η is at most ΣC a week (the article has no such bound and does not come near it).
    2. First sizes follow the inverse of the rank by total strength (rivalries + alliances), ties in the order of the groups.
       The article draws them from Poisson laws with these means for its figures; its fit, and this module, take the means.

Sources: Prieto-Curiel, Campedelli, Hope, Science 381(6664):1312-1316 (2023); github.com/rafaelprietocuriel/Recruitment, commit a1db30c
(equations and parameters re-implemented, nothing copied).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WEEKS_A_YEAR = 52
STEPS_A_WEEK = 4
LANES = 64  # draws that one call advances together: 8 take 2.5 times as long a draw, 128 hardly less, and threads want several blocks


@dataclass(frozen=True, slots=True)
class Parameters:
    """Rates of the model; each a number, or one for every draw [draw].

    Attributes:
        recruitment_hazard_per_week: ρ [1/week].
        incapacitations_per_week: η [persons/week].
        conflict_hazard_per_week: θ, for each member and each one met [1/(person week)].
        saturation_hazard_per_week: ω, for each member and each other of the group [1/(person week)].
    """

    recruitment_hazard_per_week: ArrayLike
    incapacitations_per_week: ArrayLike
    conflict_hazard_per_week: ArrayLike
    saturation_hazard_per_week: ArrayLike


PUBLISHED = Parameters(2.527474e-3, 110.0, 1.549231e-8, 4e-8)
"""The fixed block of the authors' script."""

PUBLISHED_MEMBERS = 115_000.0
"""Members at the start [persons]."""


@dataclass(frozen=True, slots=True)
class Network:
    """Groups and their rivalries.

    Attributes:
        openness: 1 / (a_i + 1) [-; group]. crowding: k_i [-; group].
        starts: where each group's rivalries begin [group + 1]. rivals, weights: whom, and how strong [-; rivalry].
        strength: sum of all weights of ties [-; group], from which first sizes follow.
    """

    openness: Floats
    crowding: Floats
    starts: Integers
    rivals: Integers
    weights: Floats
    strength: Floats

    @property
    def groups(self) -> int:
        """How many."""
        return len(self.openness)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A run, at the start of every week from 0 to the last.

    Attributes:
        members: active members [persons; week draw]. deaths_per_week: killed in conflict [persons/week; week draw].
        recruited, incapacitated, killed, saturated: since the start [persons; week draw].
        groups: members of every group at the end [persons; group draw].
    """

    members: Floats
    deaths_per_week: Floats
    recruited: Floats
    incapacitated: Floats
    killed: Floats
    saturated: Floats
    groups: Floats


@dataclass(frozen=True, slots=True)
class Refit:
    """Parameters that come nearest to a series of deaths.

    Attributes:
        parameters: one of each for every draw. squared_error: sum over the years [(persons/week)²; draw].
        settled: whether a further step would have changed nothing [draw].
    """

    parameters: Parameters
    squared_error: Floats
    settled: NDArray[np.bool_]


Tie = tuple[int, int, float]


def network(groups: int, rivalries: Iterable[Tie], alliances: Iterable[Tie]) -> Network:
    """A network from its ties (group, other group, weight), which may be told from one side, from both or twice.

    Raises:
        IndexError: a tie with a group beyond `groups`. ValueError: no group, a tie with oneself, or a weight below zero or not finite.
    """
    if groups < 1:
        raise ValueError("a network needs a group")
    rows = [sorted(_symmetric(groups, ties).items()) for ties in (rivalries, alliances)]
    sums = [np.zeros(groups), np.zeros(groups)]
    for total, row in zip(sums, rows, strict=True):
        for (one, _), weight in row:
            total[one] += weight
    counts = np.zeros(groups + 1, np.int64)
    for (one, _), _weight in rows[0]:
        counts[one + 1] += 1
    return Network(
        openness=1.0 / (sums[1] + 1.0),
        crowding=np.ones(groups),
        starts=np.cumsum(counts),
        rivals=np.array([other for (_, other), _ in rows[0]], np.int64),
        weights=np.array([weight for _, weight in rows[0]], np.float64),
        strength=sums[0] + sums[1],
    )


def closure(concentration: float, exposure: float) -> Network:
    """One compartment in place of all groups.

    Args:
        concentration: H = ΣC²/M², one over the effective number of groups [-]. exposure: s, the mean of S over meetings [-].
    """
    one = np.ones(1)
    meetings = np.array([exposure * (1.0 - concentration)])
    return Network(one, one * concentration, np.array([0, 1]), np.zeros(1, np.int64), meetings, one)


def concentration(groups: Floats) -> Floats:
    """H of members by group [persons; group draw] → [-; draw]."""
    return (groups**2).sum(axis=0) / groups.sum(axis=0) ** 2


def exposure(network: Network, groups: Floats) -> Floats:
    """s, the mean of S over meetings of members by group [persons; group draw] → [-; draw]."""
    total = groups.sum(axis=0)
    met = total - groups
    for group in range(network.groups):
        ties = slice(network.starts[group], network.starts[group + 1])
        met[group] += network.weights[ties] @ groups[network.rivals[ties]]
    meetings = (groups * met * network.openness[:, None]).sum(axis=0)
    return meetings / (total**2 * (1.0 - concentration(groups)))


def first_groups(network: Network, members: ArrayLike) -> Floats:
    """Members by group at the start [persons; group draw], from their sum [persons; draw] and the rank of each group's strength."""
    order = np.argsort(-network.strength, kind="stable")
    share = np.empty(network.groups)
    share[order] = 1.0 / np.arange(1, network.groups + 1)
    return (share / share.sum())[:, None] * np.atleast_1d(np.asarray(members, np.float64))


def with_levers(
    parameters: Parameters, *, recruitment: ArrayLike = 1.0, incapacitation: ArrayLike = 1.0
) -> Parameters:
    """The parameters with recruitment and incapacitation multiplied, by one factor or by one for every draw [-; draw]."""
    return replace(
        parameters,
        recruitment_hazard_per_week=np.asarray(parameters.recruitment_hazard_per_week)
        * np.asarray(recruitment),
        incapacitations_per_week=np.asarray(parameters.incapacitations_per_week) * np.asarray(incapacitation),
    )


def simulate(
    network: Network,
    groups: Floats,
    parameters: Parameters,
    weeks: int,
    *,
    steps_a_week: int = STEPS_A_WEEK,
    threads: int | None = None,
) -> Trajectory:
    """Run the model.

    Args:
        groups: members at the start [persons; group draw]. parameters: a number or [draw] each. weeks: how long.
        threads: None takes all cores; the result is the same whatever the number.

    Raises:
        ValueError: the groups are not those of the network, or something is below zero or not finite.
    """
    rates = _rates(parameters)
    draws = max(groups.shape[1], rates.shape[1])
    if groups.shape[0] != network.groups:
        raise ValueError(f"{groups.shape[0]} groups for a network of {network.groups}")
    for given in (groups, rates):
        if not np.all(np.isfinite(given) & (given >= 0.0)):
            raise ValueError("members and rates must be finite and not negative")
    state = np.array(np.broadcast_to(groups, (network.groups, draws)), np.float64, order="C")
    rates = np.array(np.broadcast_to(rates, (4, draws)), np.float64, order="C")
    record = np.empty((6, weeks + 1, draws))

    def advance(first: int) -> None:
        lanes = slice(first, min(first + LANES, draws))
        block = np.ascontiguousarray(state[:, lanes])
        part = np.empty((6, weeks + 1, block.shape[1]))
        _advance(
            block,
            np.ascontiguousarray(rates[:, lanes]),
            *(network.openness, network.crowding, network.starts, network.rivals, network.weights),
            steps_a_week,
            part,
        )
        block[(block < 0.0) & (block > -1e-6)] = 0.0  # what rounding leaves of a group that died out
        state[:, lanes], record[:, :, lanes] = block, part

    blocks = range(0, draws, LANES)
    workers = min(threads or os.cpu_count() or 1, len(blocks))
    if workers < 2:
        for first in blocks:
            advance(first)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(advance, blocks))
    return Trajectory(*record, groups=state)


def refit(
    network: Network,
    groups: Floats,
    parameters: Parameters,
    deaths_per_week: Sequence[float],
    *,
    rounds: int = 60,
) -> Refit:
    """Fit recruitment and conflict to yearly deaths, every draw for itself; everything else stays as given.

    Levenberg-Marquardt on the logarithms of ρ and θ, slopes by forward differences. A round runs all draws and both slopes at once.

    Args:
        groups: members at the start [persons; group draw]. parameters: where to begin.
        deaths_per_week: mean of each year [persons/week; year], the first from the start of the run.
    """
    target = np.asarray(deaths_per_week, np.float64)
    draws = groups.shape[1]
    rates = np.array(np.broadcast_to(_rates(parameters), (4, draws)))
    spread = np.tile(groups, (1, 3))
    nudge = 1e-6

    def residuals(logs: Floats) -> tuple[Floats, Floats]:
        """[year draw], and its slopes [parameter year draw], at the logarithms of ρ and θ [parameter draw]."""
        points = np.tile(np.vstack([np.exp(logs[0]), rates[1], np.exp(logs[1]), rates[3]]), (1, 3))
        points[0, draws : 2 * draws] *= np.exp(nudge)
        points[2, 2 * draws :] *= np.exp(nudge)
        run = simulate(network, spread, Parameters(*points), WEEKS_A_YEAR * len(target))
        with np.errstate(invalid="ignore"):  # a step too far may end in infinity; it is not taken then
            off = np.diff(run.killed[::WEEKS_A_YEAR], axis=0) / WEEKS_A_YEAR - target[:, None]
        here, *moved = np.split(off, 3, axis=1)
        return here, (np.array(moved) - here) / nudge

    logs = np.log(rates[[0, 2]])
    here, slopes = residuals(logs)
    error = (here**2).sum(axis=0)
    damping = np.full(draws, 1e-3)
    settled = np.zeros(draws, np.bool_)
    for _ in range(rounds):
        matrix = np.einsum("pyd,qyd->dpq", slopes, slopes)
        matrix[:, [0, 1], [0, 1]] = (
            matrix[:, [0, 1], [0, 1]] * (1.0 + damping[:, None]) + 1e-12
        )  # never singular
        pull = np.einsum("pyd,yd->dp", slopes, here)
        step = np.clip(-np.linalg.solve(matrix, pull[:, :, None])[:, :, 0].T, -0.5, 0.5)
        settled = np.abs(step).max(axis=0) < 1e-7
        if settled.all():
            break
        moved, moved_slopes = residuals(logs + step)
        moved_error = (moved**2).sum(axis=0)
        better = moved_error <= error
        logs = np.where(better, logs + step, logs)
        here, slopes = np.where(better, moved, here), np.where(better, moved_slopes, slopes)
        error = np.where(better, moved_error, error)
        damping = np.where(better, damping / 3.0, damping * 4.0)
    fitted = Parameters(np.exp(logs[0]), rates[1], np.exp(logs[1]), rates[3])
    return Refit(fitted, error, settled)


def _symmetric(groups: int, ties: Iterable[Tie]) -> dict[tuple[int, int], float]:
    """Every tie from both of its sides, with the largest weight that is told."""
    found: dict[tuple[int, int], float] = {}
    for one, other, weight in ties:
        if not (0 <= one < groups and 0 <= other < groups):
            raise IndexError(f"a tie between {one} and {other} in a network of {groups}")
        if one == other or not (weight >= 0.0 and np.isfinite(weight)):
            raise ValueError(f"a tie between {one} and {other} of weight {weight}")
        largest = max(weight, found.get((one, other), 0.0))
        found[one, other] = found[other, one] = largest
    return found


def _rates(parameters: Parameters) -> Floats:
    """[rate; parameter draw]"""
    rates = (
        parameters.recruitment_hazard_per_week,
        parameters.incapacitations_per_week,
        parameters.conflict_hazard_per_week,
        parameters.saturation_hazard_per_week,
    )
    return np.array(np.broadcast_arrays(*(np.atleast_1d(np.asarray(rate, np.float64)) for rate in rates)))


# ── the hot loops ────────────────────────────────────────────────────────────────────────────────────────────────


@njit(cache=True, nogil=True)
def _advance(state, rates, openness, crowding, starts, rivals, weights, steps, record):  # pyright: ignore
    """Advance `state` [persons; group lane] by the weeks that `record` [quantity week lane] has room for."""
    groups, lanes = state.shape
    length = 1.0 / steps  # [week]
    stage, slope, change = np.empty_like(state), np.empty_like(state), np.empty_like(state)
    flows, sums, gone = np.empty((4, lanes)), np.empty((4, lanes)), np.zeros((4, lanes))
    total, met, hazard = np.empty(lanes), np.empty(lanes), np.empty(lanes)
    for week in range(record.shape[1]):
        _slopes(state, rates, openness, crowding, starts, rivals, weights, slope, flows, total, met, hazard)
        for lane in range(lanes):
            record[0, week, lane] = total[lane]
            record[1, week, lane] = flows[2, lane]
            for flow in range(4):
                record[2 + flow, week, lane] = gone[flow, lane]
        if week == record.shape[1] - 1:
            break
        for _ in range(steps):
            for part in range(4):
                if part == 0:
                    stage[:] = state
                else:
                    reach = length if part == 3 else 0.5 * length
                    for group in range(groups):
                        for lane in range(lanes):
                            stage[group, lane] = state[group, lane] + reach * slope[group, lane]
                _slopes(
                    stage,
                    rates,
                    openness,
                    crowding,
                    starts,
                    rivals,
                    weights,
                    slope,
                    flows,
                    total,
                    met,
                    hazard,
                )
                share = length / 6.0 if part in (0, 3) else length / 3.0
                if part == 0:
                    change[:] = 0.0
                    sums[:] = 0.0
                for group in range(groups):
                    for lane in range(lanes):
                        change[group, lane] += share * slope[group, lane]
                for flow in range(4):
                    for lane in range(lanes):
                        sums[flow, lane] += share * flows[flow, lane]
            for group in range(groups):
                for lane in range(lanes):
                    state[group, lane] += change[group, lane]
            for flow in range(4):
                for lane in range(lanes):
                    gone[flow, lane] += sums[flow, lane]


@njit(cache=True, nogil=True)
def _slopes(state, rates, openness, crowding, starts, rivals, weights, slope, flows, total, met, hazard):  # pyright: ignore
    """The right side: `slope` [persons/week; group lane], and `flows` recruited, incapacitated, killed, saturated [persons/week; flow lane]."""
    groups, lanes = state.shape
    total[:] = 0.0
    for group in range(groups):
        for lane in range(lanes):
            total[lane] += state[group, lane]
    for lane in range(lanes):
        taken = rates[1, lane]
        hazard[lane] = 0.0 if taken == 0.0 else taken / max(total[lane], taken)
        flows[0, lane] = rates[0, lane] * total[lane]
        flows[1, lane] = hazard[lane] * total[lane]
        flows[2, lane] = 0.0
        flows[3, lane] = 0.0
    for group in range(groups):
        for lane in range(lanes):
            met[lane] = total[lane] - state[group, lane]
        for tie in range(starts[group], starts[group + 1]):
            weight = weights[tie]
            rival = rivals[tie]
            for lane in range(lanes):
                met[lane] += weight * state[rival, lane]
        for lane in range(lanes):
            members = state[group, lane]
            killed = rates[2, lane] * openness[group] * members * met[lane]
            saturated = rates[3, lane] * crowding[group] * members * members
            slope[group, lane] = (rates[0, lane] - hazard[lane]) * members - killed - saturated
            flows[2, lane] += killed
            flows[3, lane] += saturated
