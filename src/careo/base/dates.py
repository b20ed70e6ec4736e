"""Reading dates and periods as people write them, in English and Spanish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time. `None` means open at that end; both `None` means undated.

    `str(period)` is ISO 8601: "2018" (that whole year), "2018-05", "2018-05-17", "2019-01/2019-06", "2006/2012",
    "2006/.." (since 2006), "../2012", "undated". Reading such a string back gives the same period.
    """

    first: date | None
    last: date | None


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
