"""The compiled loops behind `mechanisms.py`, whose equations they are: groups of draws side by side, month after month.

What all strategies share is done once for a place and month: luck, normal scores, the core with every lever at its baseline, its counts.
A strategy that has not dosed anything yet *is* the baseline. Arrays that never change row stand in rows of one flat workspace (see
`lanes.py`); states and sums are small enough to stay in a core's cache.
"""

from __future__ import annotations

import math

import numpy as np

from careo.model.lanes import (
    ALPHA,
    COUNT,
    FIRST_FREE_ROW,
    LANES,
    MEAN,
    SCORE,
    SUMMED_BELOW,
    UNIFORM,
    compiled,
    count_dispersed,
    count_poisson,
    count_small,
    exp_of,
    log_of,
    score,
)
from careo.model.luck import Process, uniform, uniform_pair

MECHANISMS = (
    "recruitment", "incapacitation", "exit", "conflict", "fragmentation", "homicide", "recidivism", "extortion", "kidnapping",
    "disappearance", "recording", "rights_complaints", "corruption", "rent", "clearance", "captures", "prison_inflow",
)  # fmt: skip
"""What a lever can act on, in the order of the kernel's arrays."""

OUTCOMES = ("homicides", "disappearances", "extortion", "kidnapping", "rights_complaints")
"""What is counted, in the order of the kernel's arrays."""

(_RHO, _ETA, _EXIT_LIFT, _THETA, _PHI, _H, _R, _X, _KN, _DIS, _REC, _C, _COR, _RENT, _CL, _CAP, _INFLOW) = (
    range(17)
)
_OBSERVATION = int(Process.OBSERVATION)
_COMPANION = int(Process.DISAPPEARANCES)  # the first of four, in the order of OUTCOMES
_COLLAPSE = int(Process.TRUCE_COLLAPSE)

# Rows of the workspace that the lanes of a group of draws share (see `lanes.py`).

_LIFTS = len(MECHANISMS) + 2
"""Multipliers: one a mechanism, and what rent does to recruits and to killings."""
_LOG = FIRST_FREE_ROW * LANES
"""Their logarithms, a row each."""
_LIFT = _LOG + _LIFTS * LANES
"""The multipliers themselves."""
_RENT_RECRUITS, _RENT_KILLS = (_LIFT + (len(MECHANISMS) + row) * LANES for row in range(2))
(
    _M, _P, _N, _MOVED, _KILLED, _M_BASE, _N_BASE, _KILLED_BASE, _INTENSITY, _BAD, _CONFLICT, _SHARE, _RECRUITMENT, _TAKEN,
    _RECRUITMENT_EXPONENT, _SATURATION, _EXIT, _RECIDIVISM, _RELEASE, _FRAGMENTATION, _RETURN, _RENT_EXPONENT_RECRUITS,
    _RENT_EXPONENT_KILLS, _CROWD_EXPONENT, _CLEARANCE, _MIGRATION, _SPREAD, _SPREAD_COMPANIONS,
    _PLAIN,
) = (_LIFT + (_LIFTS + row) * LANES for row in range(29))  # fmt: skip
"""State and parameters; from `_PLAIN` on, a row for each outcome: rates at baseline and under a strategy [events/month], counts at baseline,
uniform numbers and their normal scores."""
_RATE, _PLAIN_COUNT, _LUCK, _SCORES, _END = (_PLAIN + k * len(OUTCOMES) * LANES for k in range(1, 6))

_MOST = 2.0**62


@compiled
def run_draws(  # pyright: ignore
    seed, places, first_draw, first_month, log_intensity, by_draw, by_place_draw, by_place, source, weight, first_source, doses, moves, local, beliefs, pairs, hazard,
    links, elasticities, companions, slots, months_per_year, draw, yearly, monthly, members, bad,
):  # fmt: skip
    """Every draw of a block; the arrays are those of `mechanisms.run_block`, packed.

    Args:
        by_draw: rows in the order of the workspace's from `_RECRUITMENT_EXPONENT` to `_SPREAD_COMPANIONS` [row draw].
        by_place_draw: members, prisoners, conflict rate, organised share, recruitment with its young men, arrests that are taken
            [row place draw]. by_place: groups, their rest, captures, share that may leave [row place].
        source, weight: places from which members come and their shares, place after place [source]. first_source: where those of a place
            begin [place + 1].
        doses: dose, above, below [month place strategy 3 effect]. moves: whether anything moves [strategy month].
        local: logarithms on homicide and conflict beside it, or nothing [2 strategy place month draw]. beliefs: effect, effect after a collapse, tilt [3 effect draw].
        pairs: effect and mechanism [2 pair]. links: mechanisms from and to [2 link]. elasticities: [link draw].
        slots: row of the results for each outcome, −1 for none [outcome]. draw: which draw stands in a lane, padded to whole groups.
        yearly, monthly, members, bad: the results, and in which draws a number was not finite [draw], written here.
    """
    count, months, draws = log_intensity.shape
    strategies, outcomes = yearly.shape[0], yearly.shape[1]
    base = strategies  # the core with every lever at its baseline stands after the strategies
    now = np.empty((strategies + 1, 3, count, LANES))
    then = np.empty((strategies + 1, 3, count, LANES))
    fixed = np.empty((count, 5, LANES))  # conflict rate, share, recruitment, taken, first intensity
    belief = np.empty((3, hazard.size, LANES))
    elasticity = np.empty((elasticities.shape[0], LANES))
    collapsed = np.empty((strategies, hazard.size, count, LANES), dtype=np.bool_)
    of_year = np.empty((strategies + 1, outcomes, count, LANES))
    of_month = np.empty((strategies + 1, outcomes, LANES))
    lifts = np.empty((strategies + 1, _LIFTS * LANES))
    given = np.empty((strategies, 3, hazard.size))  # the doses that `lifts` are of
    parted = np.empty(strategies, dtype=np.bool_)
    w = np.empty(_END)
    rows = w.reshape((-1, LANES))  # where the row is not known when this is compiled
    for group in range(0, draw.size, LANES):
        d = draw[group : group + LANES]
        own = min(LANES, draws - group)
        _begin(
            by_draw,
            by_place_draw,
            by_place,
            beliefs,
            elasticities,
            log_intensity,
            d,
            w,
            rows,
            now[base],
            fixed,
            belief,
            elasticity,
        )
        collapsed[:] = False
        parted[:] = False
        of_year[:] = 0.0
        lifts[base] = 1.0
        given[:] = math.nan
        for t in range(months):
            of_month[:] = 0.0
            for s in range(strategies):
                if moves[s, t] and not parted[s]:  # until then it is the baseline, bit for bit
                    parted[s] = True
                    now[s] = now[base]
                    of_year[s] = of_year[base]
            for p in range(count):
                _luck_of(seed, places[p], first_month + t, first_draw, d, w)
                for i in range(LANES):
                    w[_CONFLICT + i] = fixed[p, 0, i]
                    w[_SHARE + i] = fixed[p, 1, i]
                    w[_RECRUITMENT + i] = fixed[p, 2, i]
                    w[_TAKEN + i] = fixed[p, 3, i]
                    w[_INTENSITY + i] = math.exp(log_intensity[p, t, d[i]])
                for i in range(_LIFTS * LANES):
                    w[_LIFT + i] = lifts[base, i]
                _stand(now[base], p, source, weight, first_source, by_place[3, p], w)
                _advance(w, by_place[1, p], by_place[2, p])
                _leave(w, then[base], p)
                for i in range(LANES):
                    w[_M_BASE + i] = w[_M + i]
                    w[_N_BASE + i] = w[_N + i]
                    w[_KILLED_BASE + i] = w[_KILLED + i]
                _plain_rates(w, companions, p, fixed[p, 4])
                for o in range(len(OUTCOMES)):
                    k = slots[o]
                    if k >= 0 and (o == 0 or not math.isnan(companions[o - 1, p])):
                        _count(w, rows, o, _PLAIN // LANES + o)
                        for i in range(LANES):
                            y = w[COUNT + i]
                            rows[_PLAIN_COUNT // LANES + o, i] = y
                            of_year[base, k, p, i] += y
                            of_month[base, k, i] += y
                for s in range(strategies):
                    if not parted[s]:
                        continue
                    _lift(
                        seed, places[p], first_month + t, first_draw, d, pairs, hazard, links, doses[t, p, s], belief, elasticity,
                        collapsed[s, :, p], given[s], lifts[s], local, s, p, t, w, rows,
                    )  # fmt: skip
                    _stand(now[s], p, source, weight, first_source, by_place[3, p], w)
                    _advance(w, by_place[1, p], by_place[2, p])
                    _leave(w, then[s], p)
                    _rates(w)
                    for o in range(len(OUTCOMES)):
                        k = slots[o]
                        if k < 0 or (o > 0 and math.isnan(companions[o - 1, p])):
                            continue
                        # The same world: where nothing moved the rate, the count is the status quo's.
                        if _same(rows, o):
                            for i in range(LANES):
                                y = rows[_PLAIN_COUNT // LANES + o, i]
                                of_year[s, k, p, i] += y
                                of_month[s, k, i] += y
                        else:
                            _count(w, rows, o, _RATE // LANES + o)
                            for i in range(LANES):
                                of_year[s, k, p, i] += w[COUNT + i]
                                of_month[s, k, i] += w[COUNT + i]
            now, then = then, now
            for s in range(strategies):
                k = s if parted[s] else base
                for o in range(outcomes):
                    for i in range(own):
                        monthly[s, o, t, group + i] = np.int64(of_month[k, o, i])
            if (t + 1) % months_per_year == 0 or t + 1 == months:
                year = t // months_per_year
                for s in range(strategies):
                    k = s if parted[s] else base
                    for p in range(count):
                        for i in range(own):
                            members[s, p, year, group + i] = now[k, 0, p, i]
                        for o in range(outcomes):
                            for i in range(own):
                                yearly[s, o, p, year, group + i] = np.int64(of_year[k, o, p, i])
                of_year[:] = 0.0
        for i in range(own):
            bad[group + i] = w[_BAD + i] != 0.0


@compiled
def _begin(  # pyright: ignore
    by_draw, by_place_draw, by_place, beliefs, elasticities, log_intensity, d, w, rows, states, fixed, belief, elasticity,
):  # fmt: skip
    """A group of draws: parameters into their rows, the core into its first month."""
    w[:] = 0.0
    for i in range(LANES):
        k = d[i]
        for row in range(by_draw.shape[0]):
            rows[_RECRUITMENT_EXPONENT // LANES + row, i] = by_draw[row, k]
        for p in range(by_place.shape[1]):
            states[0, p, i], states[1, p, i], states[2, p, i] = (
                by_place_draw[0, p, k],
                by_place_draw[1, p, k],
                by_place[0, p],
            )
            for row in range(4):
                fixed[p, row, i] = by_place_draw[2 + row, p, k]
            fixed[p, 4, i] = math.exp(log_intensity[p, 0, k])
        for part in range(3):
            for e in range(belief.shape[1]):
                belief[part, e, i] = beliefs[part, e, k]
        for link in range(elasticity.shape[0]):
            elasticity[link, i] = elasticities[link, k]


@compiled
def _luck_of(seed, place, month, first_draw, d, w):  # pyright: ignore
    """The uniform number of each outcome; their scores when somebody asks."""
    for i in range(LANES):
        even, odd = uniform_pair(seed, _OBSERVATION, month, place, first_draw + d[i])
        w[_LUCK + i] = odd if _OBSERVATION & 1 else even
    for i in range(LANES):
        even, odd = uniform_pair(seed, _COMPANION, month, place, first_draw + d[i])
        w[_LUCK + LANES + i] = even
        w[_LUCK + 2 * LANES + i] = odd
    for i in range(LANES):
        even, odd = uniform_pair(seed, _COMPANION + 2, month, place, first_draw + d[i])
        w[_LUCK + 3 * LANES + i] = even
        w[_LUCK + 4 * LANES + i] = odd
    for o in range(len(OUTCOMES)):
        w[_SCORES + o * LANES] = math.inf  # not computed yet


@compiled
def _stand(states, p, source, weight, first_source, leaving, w):  # pyright: ignore
    """A place's state into the rows, with what moves in and out."""
    for i in range(LANES):
        w[_M + i] = states[0, p, i]
        w[_P + i] = states[1, p, i]
        w[_N + i] = states[2, p, i]
    for i in range(LANES):
        w[_MOVED + i] = -leaving * w[_M + i]
    for k in range(first_source[p], first_source[p + 1]):
        j, share = source[k], weight[k]
        for i in range(LANES):
            w[_MOVED + i] += share * states[0, j, i]


@compiled
def _leave(w, states, p):  # pyright: ignore
    for i in range(LANES):
        states[0, p, i] = w[_M + i]
        states[1, p, i] = w[_P + i]
        states[2, p, i] = w[_N + i]


@compiled
def _lift(  # pyright: ignore
    seed, place, month, first_draw, d, pairs, hazard, links, doses, belief, elasticity, collapsed, given, lifts, local, s, p, t,
    w, rows,
):  # fmt: skip
    """Every mechanism's multiplier in a month into its row, and into `lifts`.

    Where the doses are `given`, those for which `lifts` were computed last, they are still right: most measures are the same in many places
    and months. What can collapse is computed anew each time.
    """
    fragile = local.shape[0] > 0
    fresh = fragile
    for e in range(hazard.size):
        for part in range(3):
            fresh |= given[part, e] != doses[part, e]
        fragile |= hazard[e] > 0.0 and (doses[0, e] != 0.0 or doses[1, e] != 0.0 or doses[2, e] != 0.0)
    if not fresh:
        for i in range(lifts.size):
            w[_LIFT + i] = lifts[i]
        return
    for e in range(hazard.size):
        for part in range(3):
            given[part, e] = math.nan if fragile else doses[part, e]
    for i in range(_LIFT - _LOG):
        w[_LOG + i] = 0.0
    for k in range(pairs.shape[1]):
        e = pairs[0, k]
        middle, up, down = doses[0, e], doses[1, e], doses[2, e]
        if middle == 0.0 and up == 0.0 and down == 0.0:
            continue
        row, lasting, broken, tilt = (
            rows[_LOG // LANES + pairs[1, k]],
            belief[0, e],
            belief[1, e],
            belief[2, e],
        )
        if hazard[e] > 0.0:
            first = k == 0 or pairs[0, k - 1] != e  # pairs of one effect stand together
            for i in range(LANES):
                here = middle + tilt[i] * (up if tilt[i] > 0.0 else down)
                if first and not collapsed[e, i] and here > 0.0:
                    collapsed[e, i] = uniform(seed, _COLLAPSE, month, place, first_draw + d[i]) < hazard[e]
                row[i] += (broken[i] if collapsed[e, i] else lasting[i]) * here
        else:
            for i in range(LANES):
                row[i] += lasting[i] * (middle + tilt[i] * (up if tilt[i] > 0.0 else down))
    if local.shape[0]:
        for i in range(LANES):
            w[_LOG + _H * LANES + i] += local[0, s, p, t, d[i]]
            w[_LOG + _THETA * LANES + i] += local[1, s, p, t, d[i]]
    for link in range(elasticity.shape[0]):
        source, to = rows[_LOG // LANES + links[0, link]], rows[_LOG // LANES + links[1, link]]
        for i in range(LANES):
            to[i] += elasticity[link, i] * source[i]
    for i in range(LANES):
        clear = w[_CLEARANCE + i] * w[_LOG + _CL * LANES + i]
        w[_LOG + _H * LANES + i] += clear
        w[_LOG + _THETA * LANES + i] += clear
        w[_LOG + _DIS * LANES + i] += w[_LOG + _REC * LANES + i]  # what happens, times what is recorded of it
        rent = w[_LOG + _RENT * LANES + i]
        w[_LOG + _RENT_RECRUITS - _LIFT + i] = w[_RENT_EXPONENT_RECRUITS + i] * rent
        w[_LOG + _RENT_KILLS - _LIFT + i] = w[_RENT_EXPONENT_KILLS + i] * rent
    for i in range(_LIFT - _LOG):
        w[_LIFT + i] = exp_of(w[_LOG + i])
    for i in range(lifts.size):
        lifts[i] = w[_LIFT + i]


@compiled
def _advance(w, groups_rest, captures):  # pyright: ignore
    """One month of the core: the state after it, and the expected killings in it [deaths/month]."""
    for i in range(LANES):
        m, prisoners, groups = w[_M + i], w[_P + i], w[_N + i]
        concentration = 1.0 / groups
        power = exp_of(w[_RECRUITMENT_EXPONENT + i] * log_of(m if m > 1e-300 else 1e-300))
        recruits = w[_LIFT + _RHO * LANES + i] * w[_RECRUITMENT + i] * w[_RENT_RECRUITS + i] * power
        wanted = w[_LIFT + _ETA * LANES + i] * w[_TAKEN + i]
        taken = wanted if wanted < m else m
        squared = m * m
        kill = (
            w[_LIFT + _THETA * LANES + i]
            * w[_CONFLICT + i]
            * w[_RENT_KILLS + i]
            * squared
            * (1.0 - concentration)
        )
        worn = w[_SATURATION + i] * squared * concentration
        left = w[_EXIT + i] * w[_LIFT + _EXIT_LIFT * LANES + i] * m
        freed = prisoners * w[_RELEASE + i]
        again = w[_LIFT + _R * LANES + i] * w[_RECIDIVISM + i]
        back = (again if again < 1.0 else 1.0) * freed
        after = m + recruits + back - taken - kill - worn - left + w[_MIGRATION + i] * w[_MOVED + i]
        w[_KILLED + i] = kill
        w[_M + i] = 0.0 if after < 0.0 else after
        inside = prisoners + taken * w[_LIFT + _INFLOW * LANES + i] - freed
        w[_P + i] = 0.0 if inside < 0.0 else inside
        captured = captures * w[_LIFT + _CAP * LANES + i]
        grown = groups * (1.0 + w[_LIFT + _PHI * LANES + i] * w[_FRAGMENTATION + i] * captured)
        many = grown - (groups - groups_rest) * w[_RETURN + i]
        w[_N + i] = 1.0 + 1e-9 if many < 1.0 + 1e-9 else many


@compiled
def _plain_rates(w, companions, p, first):  # pyright: ignore
    """What each outcome is expected to be at baseline: disappearances follow homicides, the others stay."""
    for i in range(LANES):
        intensity = w[_INTENSITY + i]
        trend = intensity / first[i] if first[i] > 0.0 else 1.0
        w[_PLAIN + i] = intensity
        w[_PLAIN + LANES + i] = companions[0, p] * trend
        w[_PLAIN + 2 * LANES + i] = companions[1, p]
        w[_PLAIN + 3 * LANES + i] = companions[2, p]
        w[_PLAIN + 4 * LANES + i] = companions[3, p]
        if not (intensity < _MOST and w[_M + i] < _MOST):
            w[_BAD + i] = 1.0
            for o in range(len(OUTCOMES)):
                w[_PLAIN + o * LANES + i] = 0.0


@compiled
def _rates(w):  # pyright: ignore
    """What each outcome becomes under a strategy [events/month]: the baseline's, times what moved it."""
    for i in range(LANES):
        killed = w[_KILLED_BASE + i]
        ratio = w[_KILLED + i] / killed if killed > 0.0 else 1.0
        local = w[_LIFT + _H * LANES + i]
        multiplier = local + w[_SHARE + i] * (ratio - local)
        many = w[_M_BASE + i]
        crowd = w[_M + i] / many if many > 0.0 else 1.0
        crowd *= exp_of(w[_CROWD_EXPONENT + i] * log_of(w[_N + i] / w[_N_BASE + i]))
        rate = w[_PLAIN + i] * (0.0 if multiplier < 0.0 else multiplier)  # NaN stays NaN
        vanished = w[_PLAIN + LANES + i] * ratio * w[_LIFT + _DIS * LANES + i]
        extorted = w[_PLAIN + 2 * LANES + i] * crowd * w[_LIFT + _X * LANES + i]
        kidnapped = w[_PLAIN + 3 * LANES + i] * crowd * w[_LIFT + _KN * LANES + i]
        complained = w[_PLAIN + 4 * LANES + i] * w[_LIFT + _C * LANES + i]
        sound = (rate < _MOST) & (w[_M + i] < _MOST)
        # of an outcome whose level is not known nothing is counted
        sound &= (vanished < _MOST) | (w[_PLAIN + LANES + i] != w[_PLAIN + LANES + i])
        sound &= (extorted < _MOST) | (w[_PLAIN + 2 * LANES + i] != w[_PLAIN + 2 * LANES + i])
        sound &= (kidnapped < _MOST) | (w[_PLAIN + 3 * LANES + i] != w[_PLAIN + 3 * LANES + i])
        sound &= (complained < _MOST) | (w[_PLAIN + 4 * LANES + i] != w[_PLAIN + 4 * LANES + i])
        w[_BAD + i] = w[_BAD + i] if sound else 1.0
        w[_RATE + i] = rate if sound else 0.0
        w[_RATE + LANES + i] = vanished if sound else 0.0
        w[_RATE + 2 * LANES + i] = extorted if sound else 0.0
        w[_RATE + 3 * LANES + i] = kidnapped if sound else 0.0
        w[_RATE + 4 * LANES + i] = complained if sound else 0.0


@compiled
def _same(rows, o):  # pyright: ignore
    """Whether no lane's rate of an outcome differs from the baseline's."""
    ours, theirs = rows[_RATE // LANES + o], rows[_PLAIN // LANES + o]
    moved = 0
    for i in range(LANES):
        moved += ours[i] != theirs[i]
    return moved == 0


@compiled
def _count(w, rows, o, row):  # pyright: ignore
    """COUNT of an outcome from a row of rates, under that outcome's luck."""
    rate, luck, scores = rows[row], rows[_LUCK // LANES + o], rows[_SCORES // LANES + o]
    spread = rows[(_SPREAD_COMPANIONS if o > 0 else _SPREAD) // LANES]
    large, dispersed = 0, 0
    for i in range(LANES):
        w[MEAN + i] = rate[i]
        w[UNIFORM + i] = luck[i]
        w[ALPHA + i] = spread[i]
        large += rate[i] >= SUMMED_BELOW
        dispersed += spread[i] != 0.0
    if large == 0:
        count_small(w)
        return
    if scores[0] == math.inf:
        score(w)
        for i in range(LANES):
            scores[i] = w[SCORE + i]
    else:
        for i in range(LANES):
            w[SCORE + i] = scores[i]
    if dispersed:
        count_dispersed(w)
    else:
        count_poisson(w)
