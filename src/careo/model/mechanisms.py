"""The mechanistic core and the outcomes: doses of levers in, counts out, one month at a time.

For each draw the core runs once with every lever at its baseline and once for every strategy, under the same luck:

    Rec = m_ρ ρ M^a V^(1−a) R^eR      Inc = min(M, m_η π A)         Kil = m_θ θ R^ε M² (1 − H)     Sat = ω M² H
    Ext = κ0 m_e M                    Ret = m_r r P / τ_P           H = 1 / N
    M' = M + Rec + Ret − Inc − Kil − Sat − Ext + δ Σ_j (W_ji M_j − W_ij M_i)
    P' = P + Inc − P / τ_P            N' = max(1, N (1 + m_φ φ Cap) − (N − N*) / τ_H)
    multiplier = m_h + q (Kil / Kil⁰ − m_h)                       (the same as (1 − q) m_h + q Kil / Kil⁰, and exactly 1 at baseline)

Flows of persons are expectations; only outcomes are integers, through their quantile functions at addressed uniforms, so a strategy
without doses gives the status quo bit for bit. Companion outcomes move with the ratio to the baseline of what drives them.

Assumptions:
    A-core-1: extortion and kidnapping follow members and groups relative to the baseline path, not to the first month: what the
        baseline does is the forecaster's business.
    A-core-2: disappearances follow the organised part of the intensity, rights complaints only their own mechanism.

Sources: prieto-curiel-2023 (recruitment, incapacitation, conflict, saturation, by week; here by month and state), MODEL.md §2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from careo.model.luck import Process, uniform
from careo.model.quantiles import negative_binomial_quantile

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MECHANISMS = (
    "recruitment", "incapacitation", "exit", "conflict", "fragmentation", "homicide", "recidivism", "extortion", "kidnapping",
    "disappearance", "recording", "rights_complaints", "corruption", "rent", "clearance", "captures", "prison_inflow",
)  # fmt: skip
"""What a lever can act on, in the order of the kernel's arrays."""

OUTCOMES = ("homicides", "disappearances", "extortion", "kidnapping", "rights_complaints")
"""What is counted, in the order of the kernel's arrays; always all of them."""

(_RHO, _ETA, _EXIT, _THETA, _PHI, _H, _R, _X, _KN, _DIS, _REC, _C, _COR, _RENT, _CL, _CAP, _INFLOW) = range(
    17
)
_OBSERVATION = int(Process.OBSERVATION)
_COMPANION = np.array(
    [Process.DISAPPEARANCES, Process.EXTORTION, Process.KIDNAPPING, Process.RIGHTS_COMPLAINTS], dtype=np.int64
)
_COLLAPSE = int(Process.TRUCE_COLLAPSE)


class Core(NamedTuple):
    """Parameters and the first month of the core.

    Attributes:
        members, prisoners, conflict_rate, organised_share: [persons, persons, deaths/(person² month), share; place draw].
        groups, groups_rest, young_men, arrests, captures: [groups, groups, persons, persons/month, captures/month; place].
        neighbours: W, rows sum to 1 or 0 [place place].
        recruitment, recruitment_exponent, recruitment_rent_exponent, conflict_rent_exponent, saturation, capture_share, exit,
        recidivism, prison_months, fragmentation, groups_return_months, migration, extortion_exponent, clearance_elasticity,
        overdispersion, companion_overdispersion: [draw].
    """

    members: Floats
    prisoners: Floats
    conflict_rate: Floats
    organised_share: Floats
    groups: Floats
    groups_rest: Floats
    young_men: Floats
    arrests: Floats
    captures: Floats
    neighbours: Floats
    recruitment: Floats
    recruitment_exponent: Floats
    recruitment_rent_exponent: Floats
    conflict_rent_exponent: Floats
    saturation: Floats
    capture_share: Floats
    exit: Floats
    recidivism: Floats
    prison_months: Floats
    fragmentation: Floats
    groups_return_months: Floats
    migration: Floats
    extortion_exponent: Floats
    clearance_elasticity: Floats
    overdispersion: Floats
    companion_overdispersion: Floats


class Effects(NamedTuple):
    """What doses do to mechanisms.

    Attributes:
        dose: lagged doses [dose units; strategy effect place month]. above, below: to their upper and lower ends, ≥ 0 [same].
        tilt: where in that range a draw stands, −1 to 1 [effect draw].
        beta: effect at a full dose [log points; effect draw]. pair_effect, pair_mechanism: which effect moves which mechanism [pair].
        hazard_per_month: of collapse while the dose is on, 0 for none [effect]. rebound: after it [log points; effect draw].
        link_from, link_to: mechanisms [link]; elasticity: signed [link draw].
    """

    dose: Floats
    above: Floats
    below: Floats
    tilt: Floats
    beta: Floats
    pair_effect: Integers
    pair_mechanism: Integers
    hazard_per_month: Floats
    rebound: Floats
    link_from: Integers
    link_to: Integers
    elasticity: Floats


def run_block(
    seed: int,
    places: Integers,
    first_draw: int,
    log_intensity: Floats,
    core: Core,
    effects: Effects,
    companions: Floats,
    *,
    first_month: int = 0,
    months_per_year: int = 12,
) -> tuple[Integers, Integers, Floats]:
    """Runs a block of draws for every strategy.

    Args:
        seed: of the run. places: numbers of the places in addresses of luck [place]. first_draw: of the block.
        log_intensity: of homicides with every lever at its baseline [ln events/month; place month draw].
        core, effects: of this block's draws. companions: how often the other outcomes happen now [events/month; outcome−1 place].
        first_month: number of month 0 in addresses of luck. months_per_year: months that make a year of the result, counted from the first.

    Returns:
        Counts by place and year [events; strategy outcome place year draw], of the whole by month
        [events; strategy outcome month draw], and members at the end of each year [persons; strategy place year draw].
        A draw in which a number is not finite has −1 everywhere.
    """
    strategies, months, draws = effects.dose.shape[0], log_intensity.shape[1], log_intensity.shape[2]
    years = -(-months // months_per_year)
    yearly = np.zeros((strategies, len(OUTCOMES), len(places), years, draws), dtype=np.int64)
    monthly = np.zeros((strategies, len(OUTCOMES), months, draws), dtype=np.int64)
    members = np.zeros((strategies, len(places), years, draws))
    _run(
        np.uint64(seed), places, first_draw, first_month, log_intensity, core, effects, companions, months_per_year,
        yearly, monthly, members,
    )  # fmt: skip
    return yearly, monthly, members


@njit(cache=True, nogil=True)
def _run(
    seed,
    places,
    first_draw,
    first_month,
    log_intensity,
    core,
    effects,
    companions,
    months_per_year,
    yearly,
    monthly,
    members,
):  # pyright: ignore
    count, months, draws = log_intensity.shape
    strategies = effects.dose.shape[0]
    base_kills = np.empty((months, count))
    base_members = np.empty((months, count))
    base_groups = np.empty((months, count))
    still = np.zeros((len(MECHANISMS), count))
    log_m = np.zeros((len(MECHANISMS), count))
    kills = np.empty(count)
    state = np.empty((3, count))
    collapsed = np.zeros((effects.beta.shape[0], count), dtype=np.bool_)
    for d in range(draws):
        _begin(core, d, state)
        for t in range(months):
            _advance(core, d, still, state, kills)
            base_kills[t] = kills
            base_members[t] = state[0]
            base_groups[t] = state[2]
        for s in range(strategies):
            _begin(core, d, state)
            collapsed[:] = False
            fine = True
            for t in range(months):
                _moved(seed, places, first_draw + d, first_month, effects, s, t, d, collapsed, log_m)
                clearance = core.clearance_elasticity[d]
                for p in range(count):
                    log_m[_H, p] += clearance * log_m[_CL, p]
                    log_m[_THETA, p] += clearance * log_m[_CL, p]
                _advance(core, d, log_m, state, kills)
                year = t // months_per_year
                for p in range(count):
                    ratio = kills[p] / base_kills[t, p] if base_kills[t, p] > 0.0 else 1.0
                    local = np.exp(log_m[_H, p])
                    multiplier = local + core.organised_share[p, d] * (ratio - local)
                    intensity = np.exp(log_intensity[p, t, d])
                    mean = intensity * max(multiplier, 0.0)
                    if not np.isfinite(mean) or not np.isfinite(state[0, p]):
                        fine = False
                        break
                    u = uniform(seed, _OBSERVATION, first_month + t, places[p], first_draw + d)
                    y = negative_binomial_quantile(u, mean, core.overdispersion[d])
                    yearly[s, 0, p, year, d] += y
                    monthly[s, 0, t, d] += y
                    crowd = state[0, p] / base_members[t, p] if base_members[t, p] > 0.0 else 1.0
                    split = (state[2, p] / base_groups[t, p]) ** core.extortion_exponent[d]
                    first = np.exp(log_intensity[p, 0, d])
                    trend = intensity / first if first > 0.0 else 1.0
                    for o in range(4):
                        if o == 0:
                            move = trend * ratio * np.exp(log_m[_DIS, p] + log_m[_REC, p])
                        elif o == 1:
                            move = crowd * split * np.exp(log_m[_X, p])
                        elif o == 2:
                            move = crowd * split * np.exp(log_m[_KN, p])
                        else:
                            move = np.exp(log_m[_C, p])
                        rate = companions[o, p] * move
                        if np.isnan(rate):  # nothing is known of this outcome here
                            continue
                        w = uniform(seed, _COMPANION[o], first_month + t, places[p], first_draw + d)
                        z = negative_binomial_quantile(w, rate, core.companion_overdispersion[d])
                        yearly[s, o + 1, p, year, d] += z
                        monthly[s, o + 1, t, d] += z
                    members[s, p, year, d] = state[0, p]
                if not fine:
                    break
            if not fine:
                yearly[:, :, :, :, d] = -1
                monthly[:, :, :, d] = -1
                break


@njit(cache=True, nogil=True)
def _begin(core, d, state):  # pyright: ignore
    for p in range(state.shape[1]):
        state[0, p] = core.members[p, d]
        state[1, p] = core.prisoners[p, d]
        state[2, p] = core.groups[p]


@njit(cache=True, nogil=True)
def _moved(seed, places, draw, first_month, effects, s, t, d, collapsed, log_m):  # pyright: ignore
    """The logarithm of every mechanism's multiplier in a month [log points; mechanism place]."""
    log_m[:] = 0.0
    tilted = effects.tilt.shape[0]
    for k in range(effects.pair_effect.shape[0]):
        e = effects.pair_effect[k]
        first = k == 0 or effects.pair_effect[k - 1] != e  # pairs of one effect stand together
        tilt = effects.tilt[e, d] if e < tilted else 0.0
        for p in range(log_m.shape[1]):
            dose = effects.dose[s, e, p, t]
            if dose == 0.0 and effects.above[s, e, p, t] == 0.0 and effects.below[s, e, p, t] == 0.0:
                continue
            dose += tilt * (effects.above[s, e, p, t] if tilt > 0.0 else effects.below[s, e, p, t])
            if effects.hazard_per_month[e] > 0.0 and first and not collapsed[e, p] and dose > 0.0:
                u = uniform(seed, _COLLAPSE, first_month + t, places[p], draw)
                collapsed[e, p] = u < effects.hazard_per_month[e]
            strength = effects.rebound[e, d] if collapsed[e, p] else effects.beta[e, d]
            log_m[effects.pair_mechanism[k], p] += strength * dose
    for k in range(effects.link_from.shape[0]):
        for p in range(log_m.shape[1]):
            log_m[effects.link_to[k], p] += effects.elasticity[k, d] * log_m[effects.link_from[k], p]


@njit(cache=True, nogil=True)
def _advance(core, d, log_m, state, kills):  # pyright: ignore
    """One month of the core: the state after it, and the expected killings in it [deaths/month; place]."""
    count = state.shape[1]
    moved = np.zeros(count)
    if core.migration[d] > 0.0:
        for i in range(count):
            for j in range(count):
                if core.neighbours[i, j] > 0.0:
                    flow = core.migration[d] * core.neighbours[i, j] * state[0, i]
                    moved[i] -= flow
                    moved[j] += flow
    for p in range(count):
        m, prisoners, groups = state[0, p], state[1, p], state[2, p]
        rent = np.exp(log_m[_RENT, p])
        share = core.recruitment_exponent[d]
        concentration = 1.0 / groups
        recruits = (
            np.exp(log_m[_RHO, p])
            * core.recruitment[d]
            * m**share
            * core.young_men[p] ** (1.0 - share)
            * rent ** core.recruitment_rent_exponent[d]
        )
        taken = min(m, np.exp(log_m[_ETA, p]) * core.capture_share[d] * core.arrests[p])
        kill = (
            np.exp(log_m[_THETA, p])
            * core.conflict_rate[p, d]
            * rent ** core.conflict_rent_exponent[d]
            * m
            * m
            * (1.0 - concentration)
        )
        worn = core.saturation[d] * m * m * concentration
        left = core.exit[d] * np.exp(log_m[_EXIT, p]) * m
        freed = prisoners / core.prison_months[d]
        back = min(1.0, np.exp(log_m[_R, p]) * core.recidivism[d]) * freed
        kills[p] = kill
        state[0, p] = max(0.0, m + recruits + back - taken - kill - worn - left + moved[p])
        state[1, p] = max(0.0, prisoners + taken * np.exp(log_m[_INFLOW, p]) - freed)
        captured = core.captures[p] * np.exp(log_m[_CAP, p])
        grown = groups * (1.0 + np.exp(log_m[_PHI, p]) * core.fragmentation[d] * captured)
        state[2, p] = max(1.0 + 1e-9, grown - (groups - core.groups_rest[p]) / core.groups_return_months[d])
