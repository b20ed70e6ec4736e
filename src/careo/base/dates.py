"""Reading dates and periods as people write them, in English and Spanish."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from careo.base.date_patterns import DateWords, date_words, group
from careo.base.shipped import readable
from careo.base.words import fold


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time. `None` means open at that end; both `None` means undated.

    `str(period)` is ISO 8601: "2018" (that whole year), "2018-05", "2018-05-17", "2019-01/2019-06", "2006/2012",
    "2006/.." (since 2006), "../2012", "undated". Reading such a string back gives the same period.
    """

    first: date | None
    last: date | None

    def __str__(self) -> str:
        first, last = self.first, self.last
        if first is None and last is None:
            return "undated"
        if first is not None and last is not None:
            if first.month == 1 and first.day == 1 and last == date(first.year, 12, 31):
                return f"{first.year:04d}"
            if first == last:
                return first.isoformat()
            if first.day == 1 and last == month_end(first.year, first.month):
                return first.isoformat()[:7]
        starts_year = first is None or (first.month == 1 and first.day == 1)
        ends_year = last is None or (last.month == 12 and last.day == 31)
        starts_month = first is None or first.day == 1
        ends_month = last is None or last == month_end(last.year, last.month)
        size = 4 if starts_year and ends_year else 7 if starts_month and ends_month else 10
        return "/".join(".." if day is None else day.isoformat()[:size] for day in (first, last))

    def contains(self, other: Period) -> bool:
        """Whether every day of `other` is one of this period; an open end is longer than any day."""
        if (other.first is None and self.first is not None) or (other.last is None and self.last is not None):
            return False
        early = self.first is None or other.first is None or self.first <= other.first
        late = self.last is None or other.last is None or other.last <= self.last
        return early and late

    def overlaps(self, other: Period) -> bool:
        """Whether the two have a day in common."""
        apart = (self.last is not None and other.first is not None and self.last < other.first) or (
            other.last is not None and self.first is not None and other.last < self.first
        )
        return not apart

    def years(self) -> tuple[int | None, int | None]:
        """First and last year; None where open."""
        return (self.first.year if self.first else None, self.last.year if self.last else None)


@dataclass(frozen=True, slots=True)
class Term:
    """The time in office of somebody, for "en lo que va del sexenio", "under Calderón".

    Attributes:
        names: how people call the holder ("Calderón", "Felipe Calderón"), each a whole phrase.
        office: "president" and the like.
        first, last: last is None while in office.
    """

    names: tuple[str, ...]
    office: str
    first: date
    last: date | None


@dataclass(frozen=True, slots=True)
class DateMention:
    """One date or period in a text.

    Attributes:
        start, end: characters, with the preposition that gives it its meaning ("since 2006", "by 2024", "en el primer semestre de 2019").
        period: resolved against the day it was said; None when that day is needed and unknown.
        form: "at" (in 2018, on 17 May, last year, in February), "since" (since 2006; desde), "until", "between" (2006-2012,
            from 2006 to 2012, de 2007 a 2011), "by" (deadline: by 2024, before the end of the year, a más tardar en), "within"
            (horizon: within three years, en tres años, in the next six months), "over" (length without anchor: in five years,
            during the past decade when unresolved), "every" (every year, a year, al año, per month, monthly), "rolling" (in the last
            12 months), "term" (en lo que va del sexenio, this term, under Calderón).
        every: "year", "month", "week", "day" for form "every", else "".
        exact: False when part of the date was inferred from the day it was said (a bare month, "last year").
    """

    start: int
    end: int
    period: Period | None
    form: str
    every: str = ""
    exact: bool = True


def period_of_year(year: int) -> Period:
    """That whole calendar year."""
    return Period(date(year, 1, 1), date(year, 12, 31))


def years_on(day: date, years: int) -> date:
    """The same day so many years later (earlier when negative); in February never after the 28th."""
    return date(day.year + years, day.month, min(day.day, 28) if day.month == 2 else day.day)


@lru_cache(maxsize=4096)  # tables repeat their periods row by row
def parse_period(text: str) -> Period:
    """The period that `str(period)` wrote.

    Raises:
        ValueError: not of that form, or the end comes before the beginning.
    """
    if text == "undated":
        return Period(None, None)
    ends = text.split("/")
    if len(ends) > 2 or ends == ["..", ".."]:
        raise ValueError(
            f"a period is a day, month or year, or two of them with a slash between; {text!r} is not"
        )
    spans = [None if end == ".." and len(ends) == 2 else _iso_span(end, text) for end in ends]
    left, right = spans[0], spans[-1]
    first, last = (left[0] if left else None), (right[1] if right else None)
    if first is not None and last is not None and last < first:
        raise ValueError(f"the period {text!r} ends before it begins")
    return Period(first, last)


_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


def _iso_span(text: str, whole: str) -> tuple[date, date]:
    match = _ISO.fullmatch(text)
    try:
        if match and match[3]:
            day = date(int(match[1]), int(match[2]), int(match[3]))
            return day, day
        if match and match[2]:
            return date(int(match[1]), int(match[2]), 1), month_end(int(match[1]), int(match[2]))
        if match:
            return date(int(match[1]), 1, 1), date(int(match[1]), 12, 31)
    except ValueError:
        raise ValueError(f"there is no day {text!r}, in the period {whole!r}") from None
    raise ValueError(
        f"a period is written 2018, 2018-05, 2018-05-17, 2019-01/2019-06, 2006/.. or undated; {whole!r} is not"
    )


def read_day(text: str, language: str) -> date | None:
    """The first full date of a page's date line; None when there is none.

    Args:
        text: such as "Updated: 02 June 2014 09:41" or "martes 3 de marzo de 2020, 10:15".
        language: decides 05/02/2025 (day first in Spanish, month first in English); month names of both are known.
    """
    low = fold(text[:2000])
    order = ("es", "en") if language == "es" else ("en", "es")
    best: tuple[int, date] | None = None
    for name in order:
        words = date_words(name)
        for match in re.finditer(r"(?<!\w)[0-9]{1,4}|[^\W\d_]+", low):
            if best is not None and match.start() >= best[0]:
                break
            head = match[0]
            cores = ("numeric", "day") if head[0].isdigit() else ("monthday",) if head in words.months else ()
            for core in cores:
                got = words.cores[core].match(low, match.start())
                day = _full_day(got, core, words, order[0] == "es") if got else None
                if day is not None and (best is None or match.start() < best[0]):
                    best = (match.start(), day)
    return best[1] if best else None


def _full_day(match: re.Match[str], core: str, words: DateWords, day_first: bool) -> date | None:
    if core == "numeric":
        return numeric_day(match, day_first)
    year = group(match, "year")
    return calendar_day(int(year), words.months[match["month"]], int(match["d"])) if year else None


def numeric_day(match: re.Match[str], day_first: bool) -> date | None:
    if match["y"]:
        return calendar_day(int(match["y"]), int(match["m"]), int(match["d"]))
    a, b, year = int(match["a"]), int(match["b"]), int(match["c"])
    first, second = ((year, b, a), (year, a, b)) if day_first else ((year, a, b), (year, b, a))
    return calendar_day(*first) or calendar_day(*second)


def calendar_day(year: int, month: int, day: int) -> date | None:
    """That day, or None when the calendar (or 1900–2100) has none."""
    if not 1900 <= year <= 2100 or not 1 <= month <= 12 or not 1 <= day <= month_end(year, month).day:
        return None
    return date(year, month, day)


def month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def read_dates(
    text: str, language: str, said: date | None, terms: tuple[Term, ...] = ()
) -> tuple[DateMention, ...]:
    """Every date and period of `text`, in order, resolved against the day it was said.

    Args:
        text: any text. language: "en" or "es"; others read as English.
        said: the day on which it was said or published; None when unknown.
        terms: times in office, for "under Calderón" and "en lo que va del sexenio".
    """
    from careo.base.date_reading import mentions

    out: list[DateMention] = []
    for mention in mentions(text, readable(language), said, terms):
        if not out or mention.start >= out[-1].end:
            out.append(mention)
    return tuple(out)
