"""Counts of states split among their municipalities: sums exact, luck addressed, local levers where they are.

The law. A state's count of a month, y, is split by a Dirichlet-multinomial law of concentration ψ around shares π. Events are taken one
after the other, by Pólya's urn: event n (from 0) goes where one of the n before it went, each as likely, with probability n / (ψ + n);
else it is a fresh one and goes to j with probability π_j. That is the Dirichlet-multinomial law, without a gamma or a beta variate.

The levers. Let a and b be the logarithms by which local measures move the local part of a municipality's homicides (mechanism
"homicide") and its organised part ("conflict"); q the organised share, K the state's killings by the core relative to the baseline, less
what b does to them; Λ the state's intensity at the baseline. Then

    λ_j = Λ π_j [(1 − q) e^{a_j} + q K e^{b_j}]                 summed over j:      λ = Λ [(1 − q) e^A + q K e^B]
    e^A = Σ_j π_j e^{a_j},  e^B = Σ_j π_j e^{b_j}               (`state_logs`)

so that the kernel of states, given A and B for its own logarithms of these mechanisms, has the sum, and the local measures move the
state once: the split only says where. Shares under a strategy are π_j r_j / Σ_k π_k r_k with r_j = (1 − q) e^{a_j} + q e^{b_j}. They sum to 1,
so the municipal expectations sum to the state's whatever K is; where all a and all b of a state are alike, A = a, B = b and the shares
are the baseline's, bit for bit; where they are 0 the state has the status quo.

The luck. An event's numbers stand at its own address (month, state, draw, event), whatever the strategy. A strategy with more events has
the same ones and some more; one with other shares moves only as many fresh events as it must (the coupling of least total variation: an
event of j stays with probability min(1, π'_j / π_j), and what does not stay goes to those whose share grew), and an event that followed
another still follows it. So a municipality that no measure reaches differs from the status quo by the state's difference and by little
else. Municipalities enter by the order of their codes alone: it decides which uniform number means which of them, never a law.

The drift. Shares do not stay as they were recorded: logarithms of municipal rates walk at random by the year, with steps of one standard
deviation for all, and shares are renormalised in each state; the same walk under every strategy.

Assumptions:
    A-municipal-1: in the shares K = 1. An organised part that the state's own measures have changed by K moves the split between
        reached and other municipalities only to second order: at a = −0.03, q = 0.5 and K = 0.8 by 0.002 of a share's logarithm.
    A-municipal-2: members, groups and prisoners belong to states; where organised killings happen follows the shares of all homicides.
    A-municipal-3: beyond 65,536 events of a state and month the rest is split as these were.

Sources: Blackwell & MacQueen (1973), Ferguson distributions via Pólya urn schemes, doi:10.1214/aos/1176342372; MODEL.md §2.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from careo.model.luck import Process, event_pair, uniform
from careo.model.quantiles import normal_quantile

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_EVENTS = 65_536
"""Of a state and month that are placed one by one."""
HOMICIDE, CONFLICT = 0, 1
"""What a local measure moves, in the order of the kernel's arrays."""

_SHOCK, _ORIGIN, _STAY = (
    int(Process.MUNICIPAL_SHOCK),
    int(Process.MUNICIPAL_ORIGIN),
    int(Process.MUNICIPAL_STAY),
)


class Map(NamedTuple):
    """Municipalities of states, those of a state together and in the order of their codes.

    Attributes:
        begin: where each state's municipalities begin, and the end [state + 1]. numbers: in addresses of luck [municipality].
        class_of: municipalities of a state with the same doses share a class; strategy by strategy, so that none depends on those
            beside it [strategy municipality]. class_begin: where each state's classes begin, and the end [strategy state + 1].
    """

    begin: Integers
    numbers: Integers
    class_of: Integers
    class_begin: Integers


class LocalEffects(NamedTuple):
    """What doses do within a state; names as in `careo.model.mechanisms.Effects`.

    Attributes:
        dose, above, below: by each strategy's own classes [dose units; strategy effect class month]. tilt: −1 to 1; beta: [log points; effect draw].
        pair_effect: which effect moves which pair_mechanism, `HOMICIDE` or `CONFLICT` [pair].
    """

    dose: Floats
    above: Floats
    below: Floats
    tilt: Floats
    beta: Floats
    pair_effect: Integers
    pair_mechanism: Integers


def share_paths(
    seed: int,
    where: Map,
    shares: Floats,
    *,
    first_draw: int,
    draws: int,
    years: int,
    first_month: int = 0,
    months_per_year: int = 12,
    drift: float = 0.0,
    years_before: Floats,
) -> Floats:
    """Shares of their states as they drift [share; draw year municipality].

    Args:
        shares: as recorded [share; municipality]. drift: standard deviation of a year's step [log points].
        years_before: from the record to the first month, in which the walk has gone on [years; state].
    """
    out = np.empty((draws, years, len(shares)))
    begin, numbers, shares, years_before = map(_plain, (where.begin, where.numbers, shares, years_before))
    _walk(
        np.uint64(seed), begin, numbers, shares, first_draw, first_month, months_per_year, float(drift), years_before, out,
    )  # fmt: skip
    return out


def state_logs(where: Map, local: LocalEffects, paths: Floats, *, months_per_year: int = 12) -> Floats:
    """What local measures do to whole states: A and B of the module's docstring [log points; mechanism strategy state month draw]."""
    strategies, _, _, months = local.dose.shape
    out = np.empty((2, strategies, len(where.begin) - 1, months, len(paths)))
    _state_logs(Map(*map(_plain, where)), LocalEffects(*map(_plain, local)), paths, months_per_year, out)
    return out


def split_counts(
    seed: int,
    states: Integers,
    first_draw: int,
    counts: Integers,
    where: Map,
    local: LocalEffects,
    paths: Floats,
    organised_share: Floats,
    concentration: Floats,
    *,
    first_month: int = 0,
    months_per_year: int = 12,
) -> Integers:
    """Counts of municipalities by year.

    Args:
        states: their numbers in addresses of luck [state]. counts: of states [events/month; strategy state month draw]; below 0: failed.
        paths: of `share_paths`. organised_share: q; concentration: ψ > 0 [state draw].

    Returns:
        [events/year; strategy municipality year draw]; −1 throughout in a draw that failed.
    """
    out = np.empty((counts.shape[0], len(where.numbers), paths.shape[1], counts.shape[3]), dtype=np.int64)
    _split(
        np.uint64(seed), states, first_draw, _plain(counts), Map(*map(_plain, where)), LocalEffects(*map(_plain, local)),
        paths, organised_share, concentration, first_month, months_per_year, out,
    )  # fmt: skip
    return out


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """In one layout: kernels are compiled for each layout of an array, and for what may not be written apart."""
    return np.require(array, requirements=("C", "W"))


@njit(cache=True, nogil=True)
def _walk(seed, begin, numbers, shares, first_draw, first_month, months_per_year, drift, years_before, out):  # pyright: ignore
    draws, years, count = out.shape
    level = np.empty(count)
    for d in range(draws):
        level[:] = 0.0
        for year in range(years):
            month = first_month + year * months_per_year
            for i in range(begin.size - 1):
                step = drift * np.sqrt(years_before[i] + 0.5) if year == 0 else drift
                total = 0.0
                for j in range(begin[i], begin[i + 1]):
                    if step > 0.0:
                        level[j] += step * normal_quantile(
                            uniform(seed, _SHOCK, month, numbers[j], first_draw + d)
                        )
                    value = shares[j] if level[j] == 0.0 else shares[j] * np.exp(level[j])
                    out[d, year, j] = value
                    total += value
                for j in range(begin[i], begin[i + 1]):
                    out[d, year, j] /= total


@njit(cache=True, nogil=True)
def _local_logs(local, d, t, s, first, end, logs):  # pyright: ignore
    """Of some classes, added up over effects as the kernel of states adds them up [log points; mechanism class]."""
    for c in range(first, end):
        logs[0, c] = 0.0
        logs[1, c] = 0.0
    for k in range(local.pair_effect.size):
        e, m = local.pair_effect[k], local.pair_mechanism[k]
        tilt = local.tilt[e, d]
        for c in range(first, end):
            dose = local.dose[s, e, c, t]
            above, below = local.above[s, e, c, t], local.below[s, e, c, t]
            if dose == 0.0 and above == 0.0 and below == 0.0:
                continue
            dose += tilt * (above if tilt > 0.0 else below)
            logs[m, c] += local.beta[e, d] * dose


@njit(cache=True, nogil=True)
def _masses(where, shares, mass):  # pyright: ignore
    """Shares of whole classes [share; strategy class]."""
    mass[:] = 0.0
    for s in range(mass.shape[0]):
        for j in range(shares.size):
            mass[s, where.class_of[s, j]] += shares[j]


@njit(cache=True, nogil=True)
def _state_logs(where, local, paths, months_per_year, out):  # pyright: ignore
    _, strategies, states, months, draws = out.shape
    classes = local.dose.shape[2]
    logs, mass = np.empty((2, classes)), np.empty((strategies, classes))
    for d in range(draws):
        for t in range(months):
            if t % months_per_year == 0:
                _masses(where, paths[d, t // months_per_year], mass)
            for s in range(strategies):
                begin = where.class_begin[s]
                _local_logs(local, d, t, s, 0, begin[states], logs)
                for m in range(2):
                    for i in range(states):
                        first = logs[m, begin[i]]
                        # Where all are alike the quotient is exactly 1 and nothing is rounded.
                        total, whole = 0.0, 0.0
                        for c in range(begin[i], begin[i + 1]):
                            total += mass[s, c] * np.exp(logs[m, c] - first)
                            whole += mass[s, c]
                        out[m, s, i, t, d] = first + np.log(total / whole)


@njit(cache=True, nogil=True)
def _split(  # pyright: ignore
    seed,
    states,
    first_draw,
    counts,
    where,
    local,
    paths,
    organised_share,
    concentration,
    first_month,
    months_per_year,
    out,
):
    strategies, count, months, draws = counts.shape
    begin = where.begin
    places, classes = where.numbers.size, local.dose.shape[2]
    logs, mass = np.empty((2, classes)), np.empty((strategies, classes))
    ratio = np.empty(classes)
    member = np.empty((strategies, places), dtype=np.int64)
    member_begin = np.empty((strategies, classes + 1), dtype=np.int64)
    for s in range(strategies):
        _by_class(where.class_of[s], member[s], member_begin[s])
    reached = np.empty(places)  # shares added up, within each state
    in_class = np.empty((strategies, places))  # shares added up, within each class, in the order of `member`
    guide = np.empty(places, dtype=np.int64)
    fresh = np.empty(MOST_EVENTS, dtype=np.int32)  # where the event goes under the status quo
    followed = np.empty(MOST_EVENTS, dtype=np.int32)  # which earlier event it follows, or −1
    other = np.empty(MOST_EVENTS, dtype=np.int32)  # where it goes under another strategy
    last, before = np.empty(classes, dtype=np.int64), np.empty(MOST_EVENTS, dtype=np.int32)
    year_counts = np.empty((strategies, places), dtype=np.int64)
    for d in range(draws):
        draw = first_draw + d
        fine = counts[0, 0, 0, d] >= 0 if months > 0 and count > 0 else True
        if not fine:
            out[:, :, :, d] = -1
            continue
        year_counts[:] = 0
        for t in range(months):
            year = t // months_per_year
            if t % months_per_year == 0:
                shares = paths[d, year]
                _masses(where, shares, mass)
                for i in range(count):
                    _index(shares, begin[i], begin[i + 1], reached, guide)
                for s in range(strategies):
                    for c in range(classes):
                        total = 0.0
                        for k in range(member_begin[s, c], member_begin[s, c + 1]):
                            total += shares[member[s, k]]
                            in_class[s, k] = total
            for i in range(count):
                most = 0
                for s in range(strategies):
                    most = max(most, counts[s, i, t, d])
                most = min(most, MOST_EVENTS)
                psi = concentration[i, d]
                for n in range(most):
                    origin, place = event_pair(seed, _ORIGIN, first_month + t, states[i], draw, n)
                    ball = origin * (psi + n) - psi
                    if ball >= 0.0 and n > 0:
                        k = min(int(ball), n - 1)
                        followed[n] = k
                        fresh[n] = fresh[k]
                    else:
                        followed[n] = -1
                        fresh[n] = _found(place, begin[i], begin[i + 1], reached, guide)
                for s in range(strategies):
                    events = counts[s, i, t, d]
                    here = fresh
                    if local.pair_effect.size > 0 and begin[i + 1] > begin[i]:
                        first, end = where.class_begin[s, i], where.class_begin[s, i + 1]
                        _local_logs(local, d, t, s, first, end, logs)
                        if _tilted(logs, mass[s], organised_share[i, d], first, end, ratio):
                            here = other
                            _retold(
                                seed, first_month + t, states[i], draw, min(events, MOST_EVENTS),
                                min(counts[0, i, t, d], MOST_EVENTS), followed, fresh, where.class_of[s], first, end,
                                mass[s], ratio, member[s], member_begin[s], in_class[s], last, before, other,
                            )  # fmt: skip
                    if begin[i + 1] > begin[i]:
                        whole = events // MOST_EVENTS
                        rest = events - whole * MOST_EVENTS
                        if whole > 0:
                            for n in range(MOST_EVENTS):
                                year_counts[s, here[n]] += whole
                        for n in range(rest):
                            year_counts[s, here[n]] += 1
            if (t + 1) % months_per_year == 0 or t == months - 1:
                for s in range(strategies):
                    for j in range(places):
                        out[s, j, year, d] = year_counts[s, j]
                year_counts[:] = 0


@njit(cache=True, nogil=True)
def _tilted(logs, mass, organised, first, end, ratio):  # pyright: ignore
    """Whether a strategy's shares differ from the baseline's; by what each class's are multiplied [–; class]."""
    alike = True
    for c in range(first + 1, end):
        if logs[0, c] != logs[0, first] or logs[1, c] != logs[1, first]:
            alike = False
            break
    if alike:
        return False
    total, whole = 0.0, 0.0
    for c in range(first, end):
        ratio[c] = (1.0 - organised) * np.exp(logs[0, c]) + organised * np.exp(logs[1, c])
        total += mass[c] * ratio[c]
        whole += mass[c]
    for c in range(first, end):
        ratio[c] *= whole / total
    return True


@njit(cache=True, nogil=True)
def _by_class(class_of, member, begin):  # pyright: ignore
    """Municipalities class after class, in order within each; where each class begins, and the end."""
    begin[:] = 0
    for c in class_of:
        begin[c + 1] += 1
    for c in range(begin.size - 1):
        begin[c + 1] += begin[c]
    at = begin.copy()
    for j in range(class_of.size):
        member[at[class_of[j]]] = j
        at[class_of[j]] += 1


@njit(cache=True, nogil=True)
def _index(shares, first, end, reached, guide):  # pyright: ignore
    """Shares added up, and for each of n equal steps of the way the first municipality that can be meant."""
    total = 0.0
    for j in range(first, end):
        total += shares[j]
        reached[j] = total
    j, n = first, end - first
    for k in range(n):
        while j < end - 1 and reached[j] <= total * k / n:
            j += 1
        guide[first + k] = j


@njit(cache=True, nogil=True)
def _found(u, first, end, reached, guide):  # pyright: ignore
    """The municipality that a uniform number means, −1 where there is none."""
    if end <= first:
        return -1
    j = guide[first + int(u * (end - first))]
    target = u * reached[end - 1]
    while j < end - 1 and reached[j] <= target:
        j += 1
    return j


@njit(cache=True, nogil=True)
def _retold(  # pyright: ignore
    seed,
    month,
    state,
    draw,
    events,
    usual,
    followed,
    fresh,
    class_of,
    first,
    end,
    mass,
    ratio,
    member,
    member_begin,
    in_class,
    last,
    before,
    other,
):
    """Where events go under a strategy: `events` of them, `usual` under the status quo.

    Whoever moves within the month leaves a place or takes one; `last` and `before` hold, class by class, fresh events whose places
    are free: those that the strategy has fewer, for movers to take, and those that movers left, for what it has more. Within a class
    all places are drawn by one law, so a free one serves as well as a new one, and nobody else has to move.
    """
    last[first:end] = -1
    for n in range(events, usual):
        if followed[n] < 0:
            c = class_of[fresh[n]]
            before[n] = last[c]
            last[c] = n
    for n in range(events):
        if followed[n] >= 0:
            other[n] = other[followed[n]]
            continue
        c = class_of[fresh[n]]
        other[n] = fresh[n]
        kept = ratio[c]
        stays, move = True, 0.0
        if kept < 1.0:
            stay, move = event_pair(seed, _STAY, month, state, draw, n)
            stays = stay < kept
        if stays:
            if n >= usual and events > usual and last[c] >= 0:
                other[n] = fresh[last[c]]
                last[c] = before[last[c]]
            continue
        to, within = _grown(move, first, end, mass, ratio)
        if to < 0:
            continue
        if last[to] >= 0:
            other[n] = fresh[last[to]]
            last[to] = before[last[to]]
        else:
            other[n] = _of_class(within, to, member, member_begin, in_class)
        if events > usual and n < usual:
            before[n] = last[c]
            last[c] = n


@njit(cache=True, nogil=True)
def _grown(u, first, end, mass, ratio):  # pyright: ignore
    """A class whose share grew, each as likely as it grew, and what is left of the uniform number; −1 when rounding has left none."""
    gained = 0.0
    for c in range(first, end):
        if ratio[c] > 1.0:
            gained += mass[c] * (ratio[c] - 1.0)
    target = u * gained
    for c in range(first, end):
        if ratio[c] > 1.0:
            size = mass[c] * (ratio[c] - 1.0)
            if target < size:
                return c, target / size
            target -= size
    return -1, 0.0


@njit(cache=True, nogil=True)
def _of_class(u, c, member, member_begin, in_class):  # pyright: ignore
    """The municipality of a class that a uniform number means."""
    low, high = member_begin[c], member_begin[c + 1] - 1
    wanted = u * in_class[high]
    while low < high:
        middle = (low + high) // 2
        if in_class[middle] <= wanted:
            low = middle + 1
        else:
            high = middle
    return member[low]
