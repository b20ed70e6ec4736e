"""“The worst N were chosen”: the same rule applied at every earlier date, and what became of those places without the programme.

Equation. At a date y let S(y) be the N places with the highest rate over the years up to y, R their pooled rate, R' that of all other places:

    change(y, k) = R(y + k) / R(y) − 1,        net(y, k) = [R(y + k) / R(y)] / [R'(y + k) / R'(y)] − 1

Chance puts places at the top that were not there before and will not be afterwards, so both are negative without any programme; the whole
distribution over earlier dates is what a real change of chosen places has to be seen beside. Nothing is compared across two series.

Assumption: regression to the mean was then what it is at the date of the choice; dates overlap, so they are fewer than they look.

Sources:
    Galton (1886), Regression towards mediocrity in hereditary stature, J. Anthropological Institute 15:246.
    Barnett, van der Pols & Dobson (2005), Regression to the mean: what it is and how to deal with it, Int. J. Epidemiology 34:215.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from careo.results.designs.setting import LOG, Check, Estimate
from careo.run.yearly import Yearly

METHOD = "dated_history"
LEAST_DATES = 8
"""Earlier dates below which a distribution says little."""
_TENTHS = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Fall:
    """What became of the places with the highest rates at one date.

    Attributes:
        series: name. year: the last year of the choice. after: years later. chosen: how many places.
        before_rate, after_rate: pooled [events per 100,000 and year]. change: of it, a part of one. others: that of all other places.
        net: of the chosen beside the others. naive: log points of the chosen less those of the next as many, which a difference in
            differences would report.
    """

    series: str
    year: int
    after: int
    chosen: int
    before_rate: float
    after_rate: float
    change: float
    others: float
    net: float
    naive: float


def falls(
    record: Sequence[Yearly], count: int, *, over: int = 1, after: Sequence[int] = (1, 2)
) -> tuple[Fall, ...]:
    """The rule at every date at which it can be applied, in the order of dates.

    Args:
        record: series by place and year. count: how many places. over: years of the rate. after: years after the choice.
    """
    found: list[Fall] = []
    for series in record:
        for year in series.years:
            for later in after:
                one = fall(series, year, later, chosen(series, year, count, over), over=over)
                if one is not None:
                    found.append(one)
    return tuple(sorted(found, key=lambda each: (each.year, each.after, each.series)))


def chosen(series: Yearly, year: int, count: int, over: int = 1) -> np.ndarray:
    """Rows of the places in the order of their rates, the first `count` of them and as many after; empty where the rule cannot be applied.

    Returns:
        rows [place], the chosen first, then the next ones.
    """
    columns = _columns(series, range(year - over + 1, year + 1))
    if columns is None:
        return np.empty(0, dtype=np.int64)
    people = series.people[:, columns].sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = series.counts[:, columns].sum(axis=1) / people
    rows = np.flatnonzero(np.isfinite(rates))
    if len(rows) < 2 * count + 1:
        return np.empty(0, dtype=np.int64)
    order = np.lexsort((rows, -rates[rows]))
    return rows[order][: 2 * count]


def fall(series: Yearly, year: int, after: int, rows: np.ndarray, *, over: int = 1) -> Fall | None:
    """What became of the first half of these rows beside the second half and all others; None where a year is missing."""
    columns, later = _columns(series, range(year - over + 1, year + 1)), _columns(series, [year + after])
    if columns is None or later is None or not len(rows):
        return None
    both = [*columns, *later]
    known = np.asarray(np.isfinite(series.counts[:, both] + series.people[:, both]).all(axis=1))
    half = len(rows) // 2
    top, following = (part[known[part]] for part in (rows[:half], rows[half:]))
    rest = np.setdiff1d(np.flatnonzero(known), top)
    pair = [(_pooled(series, part, columns), _pooled(series, part, later)) for part in (top, following, rest)]
    if any(before <= 0 or now <= 0 for before, now in pair):
        return None
    ratio, beside, others = (now / before for before, now in pair)
    return Fall(
        series=series.name,
        year=year,
        after=after,
        chosen=len(top),
        before_rate=pair[0][0],
        after_rate=pair[0][1],
        change=ratio - 1,
        others=others - 1,
        net=ratio / others - 1,
        naive=float(np.log(ratio / beside)),
    )


def listed_fall(series: Yearly, year: int, after: int, codes: Sequence[str], *, over: int = 1) -> Fall | None:
    """What became of places that somebody lists, beside all others; `naive` is then NaN."""
    rows = np.array([row for row, code in enumerate(series.places) if code in set(codes)], dtype=np.int64)
    found = fall(
        series,
        year,
        after,
        np.concatenate([rows, np.setdiff1d(np.arange(len(series.places)), rows)[: len(rows)]]),
        over=over,
    )
    if found is None:
        return None
    return Fall(
        **{**{name: getattr(found, name) for name in Fall.__dataclass_fields__}, "naive": float("nan")}
    )


def estimates(history: Sequence[Fall], *, year: int, after: Sequence[int]) -> tuple[Estimate, ...]:
    """How much the chosen fall beside all others without any programme, in log points: the middle of earlier dates, and nine tenths of them."""
    found: list[Estimate] = []
    for later in after:
        nets = np.log1p([one.net for one in history if one.after == later and one.year + later <= year])
        if len(nets):
            low, high = np.quantile(nets, _TENTHS)
            window = (12 * (later - 1), 12 * later - 1)
            found.append(
                Estimate(
                    METHOD, window, LOG, float(np.median(nets)), float(low), float(high),
                    smallest_p=1 / (len(nets) + 1), draws=len(nets), default=later == after[0],
                )
            )  # fmt: skip
    return tuple(found)


def checks(
    history: Sequence[Fall], record: Sequence[Yearly], *, year: int, after: Sequence[int]
) -> tuple[Check, ...]:
    """What the distribution has to stand up to: enough dates, the same sign in every series, years that are copies."""
    earlier = [one for one in history if one.after == after[0] and one.year + after[0] <= year]
    enough = len(earlier) >= LEAST_DATES
    words = {"count": len(earlier), "least": LEAST_DATES}
    found = [
        Check(
            "dates", enough or None, "evaluate.check.dates" if enough else "evaluate.check.dates_few", words
        )
    ]
    medians = {
        name: float(np.median([one.net for one in earlier if one.series == name]))
        for name in dict.fromkeys(one.series for one in earlier)
    }
    same = len({median > 0 for median in medians.values()}) < 2
    if len(medians) > 1:
        key = "evaluate.check.series" if same else "evaluate.check.series_differ"
        found.append(Check("series", same, key, {"count": len(medians)}, medians))
    for one in record:
        for copy, other in one.copies:
            found.append(
                Check(
                    "copy",
                    None,
                    "evaluate.check.copy",
                    {"series": one.name, "copy": copy, "other": other},
                    gate=False,
                )
            )
    return tuple(found)


def _columns(series: Yearly, years: Sequence[int]) -> list[int] | None:
    at = {year: column for column, year in enumerate(series.years)}
    return [at[year] for year in years] if all(year in at for year in years) else None


def _pooled(series: Yearly, rows: np.ndarray, columns: Sequence[int]) -> float:
    """[events per 100,000 and year]"""
    people = series.people[rows][:, list(columns)].sum()
    return float(series.counts[rows][:, list(columns)].sum() / people * 100_000) if people else 0.0
