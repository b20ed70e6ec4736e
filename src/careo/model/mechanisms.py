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
def _run(  # pyright: ignore
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
):
    count, months, draws = log_intensity.shape
    strategies = effects.dose.shape[0]
    # The last state is the core with every lever at its baseline; the others are the strategies'.
    states = np.empty((strategies + 1, 3, count))
    kills = np.empty((strategies + 1, count))
    moved = np.empty(count)
    log_m = np.zeros((strategies + 1, len(MECHANISMS), count))
    collapsed = np.zeros((strategies, effects.beta.shape[0], count), dtype=np.bool_)
    rates = np.empty(len(OUTCOMES))
    plain_rates = np.empty(len(OUTCOMES))
    plain = np.empty(len(OUTCOMES), dtype=np.int64)
    luck = np.empty(len(OUTCOMES))
    # Of one draw, near each other in memory; the results have the draws side by side.
    by_year = np.empty((strategies, count, yearly.shape[3], len(OUTCOMES)), dtype=np.int64)
    by_month = np.empty((strategies, months, len(OUTCOMES)), dtype=np.int64)
    spread = np.empty(len(OUTCOMES))
    share = np.empty(count)
    for d in range(draws):
        spread[:] = core.companion_overdispersion[d]
        spread[0] = core.overdispersion[d]
        share[:] = core.organised_share[:, d]
        exponent = core.extortion_exponent[d]
        by_year[:] = 0
        by_month[:] = 0
        draw = first_draw + d
        for s in range(strategies + 1):
            _begin(core, d, states[s])
        collapsed[:] = False
        fine = True
        for t in range(months):
            year = t // months_per_year
            for s in range(strategies):
                _moved(seed, places, draw, first_month, effects, s, t, d, collapsed, log_m)
                for p in range(count):
                    clear = log_m[s, _CL, p]
                    if clear != 0.0:
                        log_m[s, _H, p] += core.clearance_elasticity[d] * clear
                        log_m[s, _THETA, p] += core.clearance_elasticity[d] * clear
            for s in range(strategies + 1):
                _advance(core, d, s, log_m, states, kills, moved)
            for p in range(count):
                intensity = np.exp(log_intensity[p, t, d])
                first = np.exp(log_intensity[p, 0, d])
                luck[0] = uniform(seed, _OBSERVATION, first_month + t, places[p], draw)
                for o in range(1, len(OUTCOMES)):
                    luck[o] = uniform(seed, _COMPANION[o - 1], first_month + t, places[p], draw)
                trend = intensity / first if first > 0.0 else 1.0
                plain_rates[0] = intensity
                plain_rates[1] = companions[0, p] * trend
                plain_rates[2:] = companions[1:, p]
                for o in range(len(OUTCOMES)):
                    plain[o] = _counted(luck[o], plain_rates[o], spread[o])
                for s in range(strategies):
                    _rates(p, s, share[p], exponent, log_m, states, kills, plain_rates, rates)
                    if not np.isfinite(rates[0]) or not np.isfinite(states[s, 0, p]):
                        fine = False
                        break
                    for o in range(len(OUTCOMES)):
                        # The same world: where nothing moved the rate, the count is the status quo's.
                        y = plain[o] if rates[o] == plain_rates[o] else _counted(luck[o], rates[o], spread[o])
                        by_year[s, p, year, o] += y
                        by_month[s, t, o] += y
                    members[s, p, year, d] = states[s, 0, p]
                if not fine:
                    break
            if not fine:
                break
        for s in range(strategies):
            for o in range(len(OUTCOMES)):
                for p in range(count):
                    for year in range(yearly.shape[3]):
                        yearly[s, o, p, year, d] = by_year[s, p, year, o] if fine else -1
                for t in range(months):
                    monthly[s, o, t, d] = by_month[s, t, o] if fine else -1


@njit(cache=True, nogil=True)
def _counted(u, rate, overdispersion):  # pyright: ignore
    """A count of a given rate; 0 where nothing is known of the outcome."""
    if np.isnan(rate) or rate <= 0.0:
        return 0
    return negative_binomial_quantile(u, rate, overdispersion)


@njit(cache=True, nogil=True)
def _rates(p, s, organised, exponent, log_m, states, kills, plain, rates):  # pyright: ignore
    """What each outcome's rate becomes under a strategy [events/month; outcome]: the baseline's, times what moved it."""
    base = states.shape[0] - 1
    ratio = kills[s, p] / kills[base, p] if kills[base, p] > 0.0 else 1.0
    local = _lift(log_m[s, _H, p])
    rates[0] = plain[0] * max(local + organised * (ratio - local), 0.0)
    crowd = states[s, 0, p] / states[base, 0, p] if states[base, 0, p] > 0.0 else 1.0
    crowd *= _power(states[s, 2, p] / states[base, 2, p], exponent)
    rates[1] = plain[1] * ratio * _lift(log_m[s, _DIS, p] + log_m[s, _REC, p])
    rates[2] = plain[2] * crowd * _lift(log_m[s, _X, p])
    rates[3] = plain[3] * crowd * _lift(log_m[s, _KN, p])
    rates[4] = plain[4] * _lift(log_m[s, _C, p])


@njit(cache=True, nogil=True)
def _lift(x):  # pyright: ignore
    """exp(x); most mechanisms are not moved, and 1 costs nothing."""
    return 1.0 if x == 0.0 else np.exp(x)


@njit(cache=True, nogil=True)
def _power(x, exponent):  # pyright: ignore
    if x == 1.0 or exponent == 0.0:
        return 1.0
    return x if exponent == 1.0 else x**exponent


@njit(cache=True, nogil=True)
def _begin(core, d, state):  # pyright: ignore
    for p in range(state.shape[1]):
        state[0, p] = core.members[p, d]
        state[1, p] = core.prisoners[p, d]
        state[2, p] = core.groups[p]


@njit(cache=True, nogil=True)
def _moved(seed, places, draw, first_month, effects, s, t, d, collapsed, log_m):  # pyright: ignore
    """The logarithm of every mechanism's multiplier in a month [log points; mechanism place]."""
    log_m[s] = 0.0
    tilted = effects.tilt.shape[0]
    for k in range(effects.pair_effect.shape[0]):
        e = effects.pair_effect[k]
        first = k == 0 or effects.pair_effect[k - 1] != e  # pairs of one effect stand together
        tilt = effects.tilt[e, d] if e < tilted else 0.0
        for p in range(log_m.shape[2]):
            dose = effects.dose[s, e, p, t]
            if dose == 0.0 and effects.above[s, e, p, t] == 0.0 and effects.below[s, e, p, t] == 0.0:
                continue
            dose += tilt * (effects.above[s, e, p, t] if tilt > 0.0 else effects.below[s, e, p, t])
            if effects.hazard_per_month[e] > 0.0 and first and not collapsed[s, e, p] and dose > 0.0:
                u = uniform(seed, _COLLAPSE, first_month + t, places[p], draw)
                collapsed[s, e, p] = u < effects.hazard_per_month[e]
            strength = effects.rebound[e, d] if collapsed[s, e, p] else effects.beta[e, d]
            log_m[s, effects.pair_mechanism[k], p] += strength * dose
    for k in range(effects.link_from.shape[0]):
        for p in range(log_m.shape[2]):
            log_m[s, effects.link_to[k], p] += effects.elasticity[k, d] * log_m[s, effects.link_from[k], p]


@njit(cache=True, nogil=True)
def _advance(core, d, s, log_m, states, kills, moved):  # pyright: ignore
    """One month of the core: the state after it, and the expected killings in it [deaths/month; place]."""
    count = states.shape[2]
    moved[:] = 0.0
    if core.migration[d] > 0.0:
        for i in range(count):
            for j in range(count):
                if core.neighbours[i, j] > 0.0:
                    flow = core.migration[d] * core.neighbours[i, j] * states[s, 0, i]
                    moved[i] -= flow
                    moved[j] += flow
    for p in range(count):
        m, prisoners, groups = states[s, 0, p], states[s, 1, p], states[s, 2, p]
        rent = _lift(log_m[s, _RENT, p])
        share = core.recruitment_exponent[d]
        concentration = 1.0 / groups
        recruits = (
            _lift(log_m[s, _RHO, p]) * core.recruitment[d] * _power(rent, core.recruitment_rent_exponent[d])
        )
        recruits *= m if share == 1.0 else m**share * core.young_men[p] ** (1.0 - share)
        taken = min(m, _lift(log_m[s, _ETA, p]) * core.capture_share[d] * core.arrests[p])
        kill = (
            _lift(log_m[s, _THETA, p])
            * core.conflict_rate[p, d]
            * _power(rent, core.conflict_rent_exponent[d])
        )
        kill *= m * m * (1.0 - concentration)
        worn = core.saturation[d] * m * m * concentration
        left = core.exit[d] * _lift(log_m[s, _EXIT, p]) * m
        freed = prisoners / core.prison_months[d]
        back = min(1.0, _lift(log_m[s, _R, p]) * core.recidivism[d]) * freed
        kills[s, p] = kill
        states[s, 0, p] = max(0.0, m + recruits + back - taken - kill - worn - left + moved[p])
        states[s, 1, p] = max(0.0, prisoners + taken * _lift(log_m[s, _INFLOW, p]) - freed)
        captured = core.captures[p] * _lift(log_m[s, _CAP, p])
        grown = groups * (1.0 + _lift(log_m[s, _PHI, p]) * core.fragmentation[d] * captured)
        states[s, 2, p] = max(
            1.0 + 1e-9, grown - (groups - core.groups_rest[p]) / core.groups_return_months[d]
        )
