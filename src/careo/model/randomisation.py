"""What chance alone would have shown: effects of the same design had others been treated, or the same at other times.

* `randomise`: the treated places are drawn again, among places that could have been treated, with the starts kept. p is the share of
  assignments, the real one among them, whose effect is at least as large in size. The interval holds the effects that would not be
  refused: an effect e, the same in every treated month, changes the outcome of the treated and with it every placebo, linearly.
* `mde`: the effect that would be found four times in five at 5%: the critical size plus what 80% of placebos lie above.
* `simulate_null`: the whole procedure on invented treatments, how often it finds something where nothing was done. Invented at random,
  it should be 5 in 100. Invented at places and dates that resemble the treated in level and in recent rise it shows whether a choice
  at a peak is undone by the design; it seldom is, and nothing else shows it.

Cells of really treated places are left out of invented worlds from their start on.

Sources:
    Fisher (1935), The Design of Experiments; Imbens & Rubin (2015), Causal Inference, ch. 5 (p, intervals by inversion);
    Bertrand, Duflo & Mullainathan (2004), QJE 119(1), doi:10.1162/003355304772839588 (invented treatments on a panel);
    Clopper & Pearson (1934), Biometrika 26(4) (the bound of a share).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb, lgamma, log, log1p

import numpy as np
from numpy.typing import ArrayLike

from careo.model.imputation import Flags, Floats, Integers, many_effects, prepare
from careo.model.luck import Luck, Process

ALPHA = 0.05
POWER = 0.80
YEAR = 12
LARGEST_SIZE = 0.10
"""A design that finds something in more than this share of invented treatments cannot tell."""
CONFIDENCE = 0.95
REFERENCES = 199
"""Assignments behind the p of each invented treatment: (199 + 1) · 5% is a whole number."""
MOST_DATES = 100
"""Dates of invented treatments, spread evenly over those that allow one."""
SPARE = 2
"""Places that have to be left when as many as are treated are taken."""
ROUNDING = 1e-9
"""Effects that differ by less than this share are the same one, computed in another order."""


@dataclass(frozen=True, eq=False)
class Randomised:
    """An effect with what randomisation says of it.

    Attributes:
        effect, p, low, high, mde: `[outcome, window]`. placebos: `[draw, outcome, window]`.
        smallest_p: that there could have been. draws: assignments other than the real one. exact: whether these are all there are.
    """

    effect: Floats
    p: Floats
    low: Floats
    high: Floats
    mde: Floats
    placebos: Floats
    smallest_p: float
    draws: int
    exact: bool


def randomise(
    outcomes: ArrayLike,
    start: ArrayLike,
    windows: ArrayLike,
    *,
    risk: ArrayLike,
    comparison: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    base: int = 0,
    draws: int = 1999,
    level: float = 0.90,
    seed: int = 7,
) -> Randomised:
    """The imputed effect and its randomisation distribution.

    Args:
        outcomes: `[outcome, place, month]`. start: `[place]`, −1 never. windows, base, comparison: as for `imputation.effects`.
        strata: `[place]`; a place is drawn for one of its own stratum only, and compared within it. None is all with all.
        risk: who could have been treated, the treated among them: `[place]`, or `[treated, place]` for each treated place, in the order of
            places. draws: assignments; all that there are, if they are fewer. level: of the interval. seed: of the luck.
    """
    begins = np.asarray(start, dtype=np.int64)
    treated = np.flatnonzero(begins >= 0)
    starts, frame = begins[treated], np.asarray(windows, dtype=np.int64).reshape(-1, 2)
    values = np.asarray(outcomes, dtype=np.float64)
    values = values[None] if values.ndim == 2 else values
    count, months = values.shape[0], np.arange(values.shape[2])
    being_treated = ((begins >= 0)[:, None] & (months >= begins[:, None])) * 1.0
    being_treated = np.where(np.isfinite(values).all(axis=0), being_treated, np.nan)
    panel = prepare(np.concatenate([values, being_treated[None]]), comparison, strata=strata)
    found = many_effects(panel, treated[None], starts, frame, base=base)[0, :count]
    who, possible, exact = assignments(within(risk, strata, treated), starts, draws, seed)
    if exact:
        who = who[(np.sort(who, axis=1) != treated).any(axis=1)]
    drawn = many_effects(panel, who, starts, frame, base=base)
    told = np.isfinite(found).all(axis=0)  # windows
    drawn = drawn[np.isfinite(drawn[:, :, told]).all(axis=(1, 2))]
    placebos, moved = drawn[:, :count], drawn[:, count:]
    low, high = _inverted(found, placebos, moved, 1 - level)
    smallest = max(1 / (len(drawn) + 1), 1 / possible)
    return Randomised(
        found, two_sided(found, placebos), low, high, mde(placebos), placebos, smallest, len(drawn), exact
    )


def within(risk: ArrayLike, strata: ArrayLike | None, treated: Integers) -> Flags:
    """Who could have been treated: `risk`, or of it what is of each treated place's stratum `[treated, place]`."""
    everyone = np.asarray(risk, dtype=np.bool_)
    if strata is None:
        return everyone
    of_place = np.asarray(strata)
    return everyone & (of_place == of_place[treated][:, None])


def two_sided(effect: Floats, placebos: Floats) -> Floats:
    """(1 + placebos at least as large) / (1 + placebos); NaN where the effect is, or where no placebo is known."""
    known = np.isfinite(placebos)
    larger = (np.abs(placebos) >= np.abs(effect) * (1 - ROUNDING)) & known
    total = known.sum(axis=0)
    return np.where(np.isfinite(effect) & (total > 0), (1 + larger.sum(axis=0)) / (1 + total), np.nan)


def mde(placebos: Floats, alpha: float = ALPHA, power: float = POWER) -> Floats:
    """The smallest effect found with `power` at level `alpha`, given its randomisation distribution `[draw, …]`."""
    if not len(placebos):
        return np.full(placebos.shape[1:], np.nan)
    critical = np.quantile(np.abs(placebos), 1 - alpha, axis=0)
    centre = np.median(placebos, axis=0)
    above = critical - (np.quantile(placebos, 1 - power, axis=0) - centre)
    below = critical + (np.quantile(placebos, power, axis=0) - centre)
    return np.maximum(above, below)


def assignments(risk: Flags, starts: Integers, draws: int, seed: int) -> tuple[Integers, float, bool]:
    """Who else could have been treated `[draw, treated]`, how many such ways there are at most, and whether these are all of them."""
    sets = np.broadcast_to(risk, (starts.size, risk.shape[-1]))
    size = int(sets[0].sum())
    if (sets == sets[0]).all():
        possible = float(comb(size, starts.size))
        for start in np.unique(starts)[:-1]:
            possible *= comb(int((starts >= start).sum()), int((starts == start).sum()))
        if possible <= draws + 1 and np.unique(starts).size == 1:
            every = np.array(
                list(combinations(np.flatnonzero(sets[0]).tolist(), starts.size)), dtype=np.int64
            )
            return every.reshape(-1, starts.size), possible, True
    else:
        possible = float(np.prod(np.maximum(sets.sum(axis=1) - np.arange(starts.size), 1), dtype=np.float64))
    return draw_places(sets, draws, Luck(seed), int(max(starts.min(), 0))), possible, False


def draw_places(
    sets: Flags, draws: int, luck: Luck, month: int, process: int = Process.RANDOMISATION
) -> Integers:
    """Different places for each draw, one of each set `[draw, treated]`; draws for which a set was exhausted are left out.

    Args:
        sets: `[treated, place]`. month: of the address of the luck.
    """
    treated, places = sets.shape
    if treated == 0 or draws == 0:
        return np.zeros((0, treated), dtype=np.int64)
    numbers, index = np.arange(places), np.arange(draws)
    kinds, kind = np.unique(sets, axis=0, return_inverse=True)
    who, possible = np.empty((draws, treated), dtype=np.int64), np.ones(draws, dtype=np.bool_)
    if (kinds.sum(axis=0) <= 1).all():  # the same set or one apart: a place has one lot whoever it stands for
        for number, one in enumerate(kinds):
            columns, inside = np.flatnonzero(kind.reshape(-1) == number), np.flatnonzero(one)
            if inside.size < columns.size:
                return np.zeros((0, treated), dtype=np.int64)
            lots = luck.uniform(process, month, inside, index).T
            nearest = np.argpartition(lots, columns.size - 1, axis=1)[:, : columns.size]
            order = np.argsort(np.take_along_axis(lots, nearest, axis=1), axis=1)
            who[:, columns] = inside[np.take_along_axis(nearest, order, axis=1)]
        return who
    taken = np.zeros((draws, places), dtype=np.bool_)
    for k in range(treated):
        inside = numbers[sets[k]]
        if not inside.size:
            return np.zeros((0, treated), dtype=np.int64)
        lots = luck.uniform(process, month * 4096 + k, inside, index).T
        lots = np.where(taken[:, inside], 2.0, lots)
        least = lots.argmin(axis=1)
        who[:, k] = inside[least]
        possible &= lots[index, least] < 1
        taken[index, who[:, k]] = True
    return who[possible]


def _inverted(effect: Floats, placebos: Floats, moved: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Ends of the effects that are not refused at `alpha`.

    Under an effect e, a placebo is a − e·b and the real one is x − e: the placebo is at least as large between the two e where both are
    equal in size, (x − a)/(1 − b) and (x + a)/(1 + b).
    """
    if not len(placebos):
        return np.full_like(effect, np.nan), np.full_like(effect, np.nan)
    b = np.clip(moved, -1 + 1e-9, 1 - 1e-9)
    ends = (effect - placebos) / (1 - b), (effect + placebos) / (1 + b)
    same = (
        moved > 1 - 1e-9
    )  # the places that were treated, drawn again: as large as the real one whatever the effect
    least = np.sort(np.where(same, -np.inf, np.minimum(*ends)), axis=0)
    most = np.sort(np.where(same, np.inf, np.maximum(*ends)), axis=0)[::-1]
    rank = (
        min(int(np.floor(alpha * (len(placebos) + 1) + 1e-9)), len(placebos)) - 1
    )  # p > alpha needs so many more
    if rank < 0:
        return np.full_like(effect, -np.inf), np.full_like(effect, np.inf)
    return least[rank], most[rank]


@dataclass(frozen=True, eq=False)
class NullSize:
    """How often a design finds something where nothing was done.

    Attributes:
        size: Share of invented treatments with p ≤ 5% `[outcome, window]`. bound: its one-sided 95% lower bound, for as many independent
            ones as these are worth. worth: that number.
        fakes: invented treatments. dates: at so many dates. different: of them, no two with the same places in the same year.
    """

    size: Floats
    bound: Floats
    worth: Floats
    fakes: int
    dates: int
    different: int


def simulate_null(
    outcomes: ArrayLike,
    start: ArrayLike,
    windows: ArrayLike,
    *,
    profile: ArrayLike | None = None,
    risk: ArrayLike,
    comparison: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    base: int = 0,
    fakes: int = 500,
    before: int = 24,
    nearest: int = 0,
    seed: int = 7,
) -> NullSize:
    """The size of `randomise` on invented treatments of the same number of places and the same distances between starts.

    Args:
        outcomes, start, windows, risk, comparison, strata, base, seed: as for `randomise`; risk is `[place]`.
        profile: what places and dates have to resemble the treated in `[feature, place, month]`, as `profiles` gives it; None is at random.
        fakes: invented treatments, over all dates that allow them. before: months that a date needs before it.
        nearest: for each treated place, one of so many that resemble it most is drawn; 0 is two more than are treated, or a
            fifth more.
    """
    begins = np.asarray(start, dtype=np.int64)
    treated = np.flatnonzero(begins >= 0)
    frame = np.asarray(windows, dtype=np.int64).reshape(-1, 2)
    values = np.asarray(outcomes, dtype=np.float64)
    values = (values[None] if values.ndim == 2 else values).copy()
    months = np.arange(values.shape[2])
    values[:, (begins[:, None] >= 0) & (months >= begins[:, None])] = np.nan
    panel, starts = prepare(values, comparison, strata=strata), begins[treated]
    offsets, risk = starts - starts.min(), np.asarray(risk, dtype=np.bool_)
    last = int(frame[:, 1].max() + offsets.max())
    there = {
        date: risk & panel.seen[:, date - before : date + last + 1].all(axis=1)
        for date in range(max(before, base), values.shape[2] - last)
    }
    own = within(np.ones_like(risk), strata, treated)
    own, kind = np.unique(np.broadcast_to(own, (treated.size, risk.size)), axis=0, return_inverse=True)
    needed = np.bincount(kind.reshape(-1)) + SPARE
    dates = np.array([date for date, places in there.items() if ((places & own).sum(axis=1) >= needed).all()])
    if len(dates):
        dates = dates[np.unique(np.linspace(0, len(dates) - 1, min(len(dates), MOST_DATES)).astype(int))]
    each = -(-fakes // max(len(dates), 1))
    many = nearest or treated.size + max(SPARE, treated.size // 5)
    luck, found, of_date, different = Luck(seed), [], [], set[tuple[int, ...]]()
    for date in dates.tolist():
        possible = there[date]
        everyone = within(possible, strata, treated)
        sets = np.broadcast_to(everyone, (treated.size, risk.size))
        if profile is not None:
            sets = alike(
                np.asarray(profile, dtype=np.float64), treated, starts, date + offsets, everyone, many
            )
        invented = draw_places(sets, each, luck, date, Process.PLACEBO)
        if not len(invented):
            continue
        reference = draw_places(np.broadcast_to(everyone, (treated.size, risk.size)), REFERENCES, luck, date)
        both = many_effects(panel, np.concatenate([invented, reference]), date + offsets, frame, base=base)
        others = both[len(invented) :]
        p = np.stack([two_sided(one, others) for one in both[: len(invented)]])
        found.append(p)
        of_date.append(np.full(len(p), date))
        different |= {(date // YEAR, *sorted(row)) for row in invented.tolist()}
    if not found:
        nothing = np.full((values.shape[0], len(frame)), np.nan)
        return NullSize(nothing, nothing, nothing, 0, 0, 0)
    p, when = np.concatenate(found), np.concatenate(of_date)
    refused = np.where(np.isfinite(p), p <= ALPHA + ROUNDING, np.nan)
    size, worth = np.nanmean(refused, axis=0), _worth(refused, when // (last + 1))
    bound = np.vectorize(lambda share, trials: lower_bound(round(share * trials), round(trials)))(size, worth)
    return NullSize(size, bound, worth, len(p), len(found), len(different))


def profiles(outcome: ArrayLike) -> Floats:
    """Level and recent rise of each place before each month, as ranks among places from 0 to 1 `[2, place, month]`.

    The level is the mean of the twelve months before; the rise is that mean less the one a year earlier. NaN where a month is missing.
    """
    values = np.asarray(outcome, dtype=np.float64)
    level = np.full((values.shape[0], values.shape[1] + 1), np.nan)
    if values.shape[1] >= YEAR:
        level[:, YEAR:] = np.lib.stride_tricks.sliding_window_view(values, YEAR, axis=1).mean(axis=2)
    rise = np.full_like(level, np.nan)
    rise[:, YEAR:] = level[:, YEAR:] - level[:, :-YEAR]
    return np.stack([_ranks(level), _ranks(rise)])


def alike(
    profile: Floats, treated: Integers, starts: Integers, dates: Integers, there: Flags, many: int
) -> Flags:
    """For each treated place, the `many` places at its invented date most like what it was at its start `[treated, place]`, of those
    that are `there` `[place]` or `[treated, place]`."""
    there = np.broadcast_to(there, (treated.size, there.shape[-1]))
    sets = np.zeros(there.shape, dtype=np.bool_)
    for k in range(treated.size):
        gap = profile[:, :, dates[k]] - profile[:, treated[k], starts[k]][:, None]
        far = np.where(there[k], np.nan_to_num(np.square(gap).sum(axis=0), nan=np.inf), np.inf)
        chosen = np.argsort(far, kind="stable")[:many]
        sets[k, chosen[np.isfinite(far[chosen])]] = True
    return sets


def _ranks(values: Floats) -> Floats:
    """From 0 for the smallest of a month to 1 for the largest; ties share the middle of theirs."""
    out = np.full_like(values, np.nan)
    for t in range(values.shape[1]):
        known = np.isfinite(values[:, t])
        row = values[known, t]
        ordered = np.sort(row)
        middle = (np.searchsorted(ordered, row) + np.searchsorted(ordered, row, side="right") - 1) / 2
        out[known, t] = middle / max(row.size - 1, 1)
    return out


def _worth(refused: Floats, block: Integers) -> Floats:
    """How many independent trials these are worth, blocks of time being independent of one another and not what is in them."""
    count = np.isfinite(refused).sum(axis=0).astype(np.float64)
    share = np.nanmean(refused, axis=0)
    blocks = np.unique(block)
    if len(blocks) < 2:
        return np.minimum(count, 1.0)
    excess = np.stack([np.nansum(refused[block == b] - share, axis=0) for b in blocks])
    variance = np.square(excess).sum(axis=0) * len(blocks) / (len(blocks) - 1) / count**2
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = np.where(variance > 0, share * (1 - share) / variance, count)
    return np.clip(worth, 1.0, count)


def lower_bound(successes: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """One-sided lower bound of a share after Clopper and Pearson: the p at which so many or more have the chance 1 − confidence."""
    if successes <= 0 or trials <= 0:
        return 0.0
    if successes >= trials:
        return (1 - confidence) ** (1 / trials)
    hits = np.arange(successes, trials + 1)
    ways = np.array([lgamma(trials + 1) - lgamma(k + 1) - lgamma(trials - k + 1) for k in hits])
    low, high = 0.0, successes / trials
    for _ in range(60):
        middle = (low + high) / 2
        so_many = np.exp(ways + hits * log(middle) + (trials - hits) * log1p(-middle)).sum()
        low, high = (middle, high) if so_many < 1 - confidence else (low, middle)
    return low
