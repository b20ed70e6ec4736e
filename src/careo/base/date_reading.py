"""Finding dates and periods in a text and resolving them against the day it was said.

First come the cores ("2019", "enero", "the last five years"), each found by the pattern that reaches farthest at its first word; then
the prepositions before them and the pairs of them ("from 2006 to 2012") give the form and the period.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from careo.base.date_patterns import (
    DateWords,
    date_words,
    group,
    name_patterns,
    shape_of,
    telling_words,
)
from careo.base.dates import DateMention, Period, Term, calendar_day, month_end, numeric_day, period_of_year
from careo.base.numbers import find_numbers
from careo.base.words import fold, lexemes, single_spaced


def mentions(text: str, language: str, said: date | None, terms: tuple[Term, ...]) -> list[DateMention]:
    """The dates of a text in order, as `careo.base.dates.read_dates`."""
    reader = _Reader(text, fold(text), date_words(language), said, terms)
    return reader.mentions(reader.cores())


@dataclass(slots=True)
class _Core:
    """A date on its way: what its words say, before its preposition and its neighbour are known."""

    start: int
    end: int
    kind: str  # year, month, day, portion, span (resolved), or a form of its own
    year: int | None = None
    offset: int | None = None  # years from the year of speaking
    month: int = 0
    day: int = 0
    last_day: int = 0
    portion: tuple[int, int] = (0, 0)
    period: Period | None = None
    form: str = ""
    every: str = ""
    exact: bool = True
    weekday: bool = False  # the name of a weekday only


_NUMBER = re.compile(r"(?<![\w.,$€£/])[0-9]{1,4}(?![0-9])")
_DIGITS = frozenset("0123456789")
_CALENDAR = ("year", "month", "day", "portion", "span", "decade")


class _Reader:
    """One reading of one text."""

    def __init__(
        self, text: str, low: str, words: DateWords, said: date | None, terms: tuple[Term, ...]
    ) -> None:
        self.text, self.low, self.words, self.said, self.terms = text, low, words, said, terms
        self.numbers: dict[int, str] | None = None

    def quantity_at(self, at: int) -> bool:
        """Whether the digits at `at` belong to a quantity or an identifier (2000 soldiers, Law 2018), so that they are no year."""
        if self.numbers is None:
            self.numbers = {}
            for number in find_numbers(self.text, self.words.language):
                if number.role in ("quantity", "identifier", "age", "time"):
                    for k in range(number.start, min(number.end, number.start + 60)):
                        self.numbers[k] = number.role
        return at in self.numbers

    def cores(self) -> list[_Core]:
        found: list[_Core] = []
        words, low = self.words, self.low
        triggers, done = words.triggers, 0
        pieces, starts, ends = lexemes(low)
        present = set(pieces)
        possible = words.free.union(*[words.telling[word] for word in words.telling.keys() & present])
        names = _names(words.language, self.terms) if self.terms else None
        named = names.heads if names and not names.telling.isdisjoint(present) else frozenset[str]()
        heads: list[tuple[int, str]] = []
        # most words begin no date
        for i in [i for i, w in enumerate(pieces) if w in triggers or w[0] in _DIGITS or w in named]:
            if pieces[i][0] in _DIGITS:
                heads += [(m.start(), m[0]) for m in _NUMBER.finditer(low, starts[i], ends[i])]
            else:
                heads.append((starts[i], pieces[i]))
        for at, head in heads:
            if at < done:
                continue
            best: _Core | None = None
            for kind in triggers.get(shape_of(head) if head[0] in _DIGITS else head, ()):
                got = words.cores[kind].match(low, at) if kind in possible else None
                if got and (best is None or got.end() > best.end):
                    core = self.core(kind, got)
                    if core is not None:
                        best = core
            if names is not None and head in named:
                core = self.named(names, at)
                if core is not None and (best is None or core.end >= best.end):
                    best = core
            if best is not None:
                last = found[-1] if found else None
                if (
                    last is not None
                    and last.weekday
                    and not best.weekday
                    and best.kind in ("day", "span")
                    and low[last.end : best.start].strip(" ,") in ("", "the", "el")
                ):
                    best.start = last.start  # "martes 3 de marzo"
                    found.pop()
                found.append(best)
                done = best.end
        return found

    def core(self, kind: str, m: re.Match[str]) -> _Core | None:
        """What a match of the pattern `kind` says; None when it is no date after all."""
        words, start, end = self.words, m.start(), m.end()
        if kind in (
            "numeric",
            "isomonth",
            "years",
            "days",
            "day",
            "monthday",
            "monthdays",
            "month",
            "year",
            "decade",
        ):
            return self.calendar(kind, m)
        if kind in ("portion", "portion_alone"):
            return self.portion(m)
        said = self.said
        if kind == "relative":
            what, by = words.relative[single_spaced(m["phrase"])]
            return _Core(start, end, "span", period=_relative(said, what, by), form="at", exact=False)
        if kind == "weekday":
            return self.weekday(m)
        n, unit = group(m, "n"), words.units.get(group(m, "unit"), "")
        count = int(n) if n.isdigit() else words.counts.get(n, 1)
        if kind == "rolling":
            unit = unit or words.units.get(group(m, "single"), "")
            period = (
                Period(_shift(said, unit, -count, 1), said) if said and _shift(said, unit, -count) else None
            )
            return _Core(start, end, "rolling", period=period, form="rolling", exact=False)
        if kind in ("next", "within"):
            return _within(start, end, said, _shift(said, unit, count))
        if kind == "ending":
            return self.ending(m, count, unit)
        if kind == "over":
            if unit in ("second", "minute", "hour"):
                return None
            if words.future.search(self.low, self.sentence_start(start), start):
                return _within(start, end, said, _shift(said, unit, count))
            return _Core(start, end, "over", form="over", exact=False)
        if kind == "ago":
            then = _shift(said, unit, -count)
            period = None
            if then is not None:
                period = (
                    period_of_year(then.year)
                    if unit in ("year", "decade", "century", "term")
                    else _month(then.year, then.month)
                    if unit in ("month", "quarter", "half", "bimester")
                    else Period(then, then)
                )
            return _Core(start, end, "span", period=period, form="at", exact=False)
        if kind == "so_far":
            year = group(m, "year")
            first = date(int(year), 1, 1) if year else date(said.year, 1, 1) if said else None
            last = said
            if first and said and first.year < said.year:
                last = date(first.year, 12, 31)
            usable = first and last and first <= last
            return _Core(
                start,
                end,
                "so_far",
                period=Period(first, last) if usable else None,
                form="at",
                exact=False,
            )
        if kind in ("every", "short"):
            if kind == "short" and not self.rhythm(start):
                return None
            return _Core(start, end, "every", form="every", every=words.every[single_spaced(m["phrase"])])
        if kind == "first_days":
            term = self.current()
            if not unit or unit in ("second", "minute"):
                return None
            first = term.first if term else None
            return _within(start, end, first, _shift(first, unit, count))
        return self.term(kind, start, end)

    def ending(self, m: re.Match[str], count: int, unit: str) -> _Core | None:
        """The 12 months to June 2019."""
        core = _Core(
            m.start(), m.end(), "month", month=self.words.months[m["month"]], exact=bool(group(m, "year"))
        )
        core.year = int(group(m, "year")) if group(m, "year") else None
        core.offset = self.words.year_of.get(single_spaced(group(m, "rel")))
        end = self.resolve(core, False)
        first = _shift(end.first, unit, -count) if end and unit in _MONTHS else None
        if end is None or first is None or end.last is None:
            return None
        start = _shift(first, "month", 1)
        period = Period(start, end.last)
        return _Core(m.start(), m.end(), "rolling", period=period, form="rolling", exact=core.exact)

    def rhythm(self, start: int) -> bool:
        """Whether "a year" is a rhythm ("35,000 a year") and not a length ("in a year")."""
        before = _LAST_WORD.search(self.low, max(0, start - 24), start)
        return before is not None and before[1] not in self.words.short_not_before

    def sentence_start(self, at: int) -> int:
        begin = max(0, at - 120)
        for stop in (". ", "\n", "; ", "? ", "! "):
            cut = self.low.rfind(stop, begin, at)
            begin = max(begin, cut + 1)
        return begin

    def calendar(self, kind: str, m: re.Match[str]) -> _Core | None:
        words, start, end = self.words, m.start(), m.end()
        if kind == "numeric":
            day = numeric_day(m, words.day_first)
            return _Core(start, end, "span", period=Period(day, day)) if day else None
        if kind == "isomonth":
            return (
                _Core(start, end, "span", period=_month(int(m["y"]), int(m["m"])))
                if not self.quantity_at(start)
                else None
            )
        if kind == "years":
            first, last = int(m["year"]), int(m["year"][:2] + m["short"])
            if last <= first or last - first > 60 or self.quantity_at(start):
                return None
            return _Core(
                start, end, "between", period=Period(date(first, 1, 1), date(last, 12, 31)), form="between"
            )
        if kind == "decade":
            raw = m["year"]
            year = int(raw) if len(raw) == 4 else 1900 + int(raw) if int(raw) >= 30 else 2000 + int(raw)
            if self.quantity_at(start) and len(raw) == 4:
                return None
            return _Core(start, end, "decade", period=Period(date(year, 1, 1), date(year + 9, 12, 31)))
        if kind == "year":
            if self.quantity_at(start):
                return None
            return _Core(start, end, "year", year=int(m["year"]))
        year, rel = group(m, "year"), group(m, "rel")
        month = words.months[m["month"]]
        core = _Core(
            start,
            end,
            "month",
            year=int(year) if year else None,
            offset=words.year_of[single_spaced(rel)] if rel else None,
            month=month,
        )
        core.exact = bool(year)
        if words.months_need_capital and not self.text[m.start("month")].isupper():
            return None
        if kind in ("day", "monthday"):
            core.kind, core.day = "day", int(m["d"])
            return core if 1 <= core.day <= 31 else None
        if kind in ("days", "monthdays"):
            core.kind, core.day, core.last_day = "day", int(m["d1"]), int(m["d2"])
            return core if 1 <= core.day < core.last_day <= 31 else None
        if not year and not rel:
            return self.bare_month(core)
        return core

    def bare_month(self, core: _Core) -> _Core | None:
        """A month without a year counts only after a word that leads to dates."""
        words, low = self.words, self.low
        after = _NEXT_WORD.match(low, core.end)
        related = after is not None and after[1] in words.month_rel_after
        if not related and not words.month_before.search(low, max(0, core.start - 24), core.start):
            join = words.join.match(low, core.end)
            if join is None or not words.month.match(low, join.end()):
                return None
        before = _LAST_WORD.search(low, max(0, core.start - 14), core.start)
        if before and before[1] in words.month_rel_before:
            core.start = before.start(1)
            core.last_day = 0
            core.portion = (words.month_rel_before[before[1]] + 2, 0)
        if related and after is not None:
            core.end = after.end()
        return core

    def portion(self, m: re.Match[str]) -> _Core | None:
        words = self.words
        name = group(m, "portion")
        n = group(m, "n")
        months = int(n) if n.isdigit() else words.counts.get(n, 0)
        length, which = words.portions[single_spaced(name)] if name else (months, 1)
        if not 1 <= length * which <= 12:
            return None
        year, rel = group(m, "year"), group(m, "rel")
        core = _Core(m.start(), m.end(), "portion", portion=(length, which))
        core.year = int(year) if year else None
        core.offset = words.year_of[single_spaced(rel)] if rel else None
        core.exact = bool(year)
        return core

    def weekday(self, m: re.Match[str]) -> _Core | None:
        words = self.words
        if words.months_need_capital and not self.text[m.start("weekday")].isupper():
            return None
        if not m["lead"] and self.low[m.end() : m.end() + 1] in ("'", "’"):
            return None
        period = None
        if self.said:
            ahead = (words.weekdays[m["weekday"]] - self.said.weekday()) % 7
            day = self.said + timedelta(days=(ahead or 7) if m["next"] else ahead - 7 if ahead else 0)
            period = Period(day, day)
        return _Core(m.start(), m.end(), "span", period=period, form="at", exact=False, weekday=True)

    def current(self) -> Term | None:
        """The term in which it was said; the presidency before other offices."""
        if self.said is None:
            return None
        running = [t for t in self.terms if t.first <= self.said and (t.last is None or self.said <= t.last)]
        running.sort(key=lambda t: (t.office != "president", t.first))
        return running[0] if running else None

    def term(self, kind: str, start: int, end: int) -> _Core | None:
        term, period = self.current(), None
        if kind == "term_previous":
            if term:
                earlier = [t for t in self.terms if t.office == term.office and t.first < term.first]
                term = max(earlier, key=lambda t: t.first) if earlier else None
            period = Period(term.first, term.last) if term else None
            return _Core(start, end, "term", period=period, form="term", exact=False)
        if term and kind == "term_so_far":
            period = Period(term.first, self.said)
        elif term and kind == "term_current":
            period = Period(term.first, term.last)
        elif kind == "term_end":
            if term and term.last:
                period = Period(term.last, term.last)
            return _Core(start, end, "span", period=period, exact=False, form="end")
        return _Core(start, end, "term", period=period, form="term", exact=False)

    def named(self, names: _Names, at: int) -> _Core | None:
        since = names.since.match(self.low, at)
        match = since or names.of.match(self.low, at)
        if match is None or self.in_company(match):
            return None
        holders = names.terms.get(single_spaced(group(match, "name")), [])
        if self.said:
            holders = [t for t in holders if t.first <= self.said] or holders
        if not holders:
            return None
        term = max(holders, key=lambda t: (t.office == "president", t.first))
        if since:
            return _Core(at, match.end(), "term", period=Period(term.first, None), form="since")
        return _Core(at, match.end(), "term", period=Period(term.first, term.last), form="term")

    def in_company(self, match: re.Match[str]) -> bool:
        """Whether "con Calderón" says with whom ("se reunió con Calderón"), not in whose time."""
        if not match[0].startswith("con "):
            return False
        before = re.findall(r"\w+", self.low[max(0, match.start() - 40) : match.start()])[-3:]
        return any(word.startswith(tuple(self.words.term["company"])) for word in before)

    def mentions(self, cores: list[_Core]) -> list[DateMention]:
        out: list[DateMention] = []
        i = 0
        while i < len(cores):
            core = cores[i]
            if core.kind not in _CALENDAR:
                out.append(DateMention(core.start, core.end, core.period, core.form, core.every, core.exact))
                i += 1
                continue
            nxt = cores[i + 1] if i + 1 < len(cores) else None
            linked = (
                self.link(core, nxt)
                if nxt is not None and nxt.kind in _CALENDAR and nxt.start - core.end <= 24
                else None
            )
            if linked is not None:
                out.append(linked)
                i += 2
                continue
            out.append(self.single(core))
            i += 1
        return out

    def link(self, a: _Core, b: _Core) -> DateMention | None:
        """From 2006 to 2012, enero-junio de 2020: two dates as one period."""
        words, low = self.words, self.low
        gap = low[a.end : b.start]
        lent = (
            a.kind in ("month", "day", "portion")
            and b.kind in ("month", "day", "portion")
            and a.year is None
            and a.offset is None
        )
        joined = words.join.fullmatch(gap) or words.join_loose.fullmatch(gap)
        if lent and joined and b.month and (b.year is not None or b.offset is not None):
            a.year, a.offset, a.exact = b.year, b.offset, b.exact
            if a.year is not None and (a.month, a.day) > (b.month, b.day or 31):
                a.year -= 1  # from November to February 2020
        elif lent and joined and b.month and b.year is None and b.offset is None:
            end = self.resolve(b, False)
            if end is not None and end.last is not None:
                b.year = end.last.year  # "de enero a septiembre": the latest whole run
                a.year = b.year - ((a.month, a.day) > (b.month, b.day or 31))
                a.exact = b.exact = False
        between = words.between.search(low, max(0, a.start - 32), a.start)
        opener = words.opener.search(low, max(0, a.start - 32), a.start)
        if between and words.join_between.fullmatch(gap):
            lead = between
        elif words.join.fullmatch(gap) and not words.join_loose.fullmatch(gap):
            lead = opener
        else:
            return None
        if (
            a.kind == "year"
            and b.kind == "year"
            and a.year is not None
            and b.year is not None
            and a.year >= b.year
        ):
            return None
        first, last = self.resolve(a, False), self.resolve(b, False)
        start = lead.start() if lead else a.start
        if first is None or last is None:
            return DateMention(start, b.end, None, "between", "", a.exact and b.exact)
        if first.first is None or last.last is None or first.first > last.last:
            return None
        return DateMention(start, b.end, Period(first.first, last.last), "between", "", a.exact and b.exact)

    def single(self, core: _Core) -> DateMention:
        """One date with the preposition before it."""
        words, low = self.words, self.low
        form, start, end, part = "at", core.start, core.end, ""
        lead = words.before.search(low, max(0, core.start - 44), core.start)
        if lead:
            start = lead.start()
            part = single_spaced(lead["part"] or lead["only"] or "")
            form = next((name for name in ("before", "by", "since", "until", "after") if lead[name]), "at")
        deadline = form in ("by", "until", "before")
        period = self.resolve(core, deadline)
        exact = core.exact and part not in words.part_end
        onwards = words.onwards.match(low, core.end)
        if onwards and form in ("at", "since"):
            form, end = "since", onwards.end()
            origin = words.opener.search(low, max(0, start - 32), start)
            start = origin.start() if origin else start
        elif core.last_day and form == "at":
            form = "between"
            origin = words.opener.search(low, max(0, start - 32), start) or words.between.search(
                low, max(0, start - 32), start
            )
            start = origin.start() if origin else start
        if period is None:
            return DateMention(
                start, end, None, {"before": "by", "after": "since"}.get(form, form), "", exact
            )
        if form == "since":
            period = Period(period.first, None)
        elif form == "until" or form == "by":
            period = Period(None, period.last)
        elif form == "before":
            last = period.first - timedelta(days=1) if period.first else None
            if core.form == "end" or part in words.part_end:
                last = period.last
            form = "until" if last and self.said and last < self.said else "by"
            period = Period(None, last)
        elif form == "after":
            period, form = Period(period.last + timedelta(days=1) if period.last else None, None), "since"
        return DateMention(start, end, period, form, "", exact)

    def resolve(self, core: _Core, deadline: bool) -> Period | None:
        """The period of one date; a missing year is the latest that is not after the day of speaking (the next, for a deadline)."""
        said = self.said
        if core.kind in ("span", "decade"):
            return core.period
        year = core.year
        if year is None and core.offset is not None:
            year = said.year + core.offset if said else None
        if year is not None:
            return self.in_year(core, year)
        if said is None:
            return None
        if core.kind == "month" and core.portion[0] == 3:  # "next January"
            return self.in_year(core, said.year if core.month > said.month else said.year + 1)
        here = self.in_year(core, said.year)
        if here is None:
            return None
        if deadline:
            return here if here.last is not None and here.last >= said else self.in_year(core, said.year + 1)
        return here if here.first is not None and here.first <= said else self.in_year(core, said.year - 1)

    def in_year(self, core: _Core, year: int) -> Period | None:
        if not 1900 <= year <= 2100:
            return None
        if core.kind == "year":
            return period_of_year(year)
        if core.kind == "month":
            return _month(year, core.month)
        if core.kind == "day":
            first = calendar_day(year, core.month, core.day)
            last = calendar_day(year, core.month, core.last_day) if core.last_day else first
            return Period(first, last) if first and last else None
        length, which = core.portion
        return Period(date(year, length * (which - 1) + 1, 1), month_end(year, length * which))


_NEXT_WORD = re.compile(r"\s([^\W\d_]+)")
_LAST_WORD = re.compile(r"([^\W\d_]+)[\s,]{1,2}\Z|(?<=[0-9%])\s\Z")


def _within(start: int, end: int, first: date | None, last: date | None) -> _Core:
    """A horizon, from the day it is counted from."""
    period = Period(first, last) if last else None
    return _Core(start, end, "within", period=period, form="within", exact=False)


def _month(year: int, month: int) -> Period:
    return Period(date(year, month, 1), month_end(year, month))


_MONTHS = {
    "month": 1,
    "year": 12,
    "decade": 120,
    "century": 1200,
    "quarter": 3,
    "half": 6,
    "term": 72,
    "bimester": 2,
}
_DAYS = {"day": 1, "week": 7, "fortnight": 15}


def _shift(day: date | None, unit: str, n: int, extra: int = 0) -> date | None:
    """`day` moved by n units and `extra` days; None when it leaves 1900–2100 or the unit is shorter than a day."""
    if day is None:
        return None
    if unit in _MONTHS:
        months = day.year * 12 + day.month - 1 + n * _MONTHS[unit]
        year, month = divmod(months, 12)
        if not 1900 <= year <= 2100:
            return None
        moved = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    elif unit in _DAYS and abs(n) <= 40000:
        moved = day + timedelta(days=n * _DAYS[unit])
    else:
        return None
    return moved + timedelta(days=extra) if 1900 <= moved.year <= 2100 else None


def _relative(said: date | None, what: str, by: int) -> Period | None:
    if said is None:
        return None
    if what == "year":
        return period_of_year(said.year + by)
    if what == "month":
        year, month = divmod(said.year * 12 + said.month - 1 + by, 12)
        return _month(year, month + 1)
    if what == "week":
        monday = said - timedelta(days=said.weekday()) + timedelta(days=7 * by)
        return Period(monday, monday + timedelta(days=6))
    day = said + timedelta(days=by)
    return Period(day, day)


class _Names(NamedTuple):
    """Patterns for the holders of offices ("under X", "since X took office"), the words that may open them, a word of
    each name, and each holder's terms by folded name."""

    of: re.Pattern[str]
    since: re.Pattern[str]
    heads: frozenset[str]
    telling: frozenset[str]
    terms: dict[str, list[Term]]


@lru_cache(maxsize=16)
def _names(language: str, terms: tuple[Term, ...]) -> _Names:
    by_name: dict[str, list[Term]] = {}
    for term in terms:
        for name in term.names:
            by_name.setdefault(single_spaced(fold(name)), []).append(term)
    of, since, heads = name_patterns(language, tuple(by_name))
    return _Names(of, since, heads, telling_words(by_name), by_name)
