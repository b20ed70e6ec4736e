"""Of when a figure is: the date that belongs to it, told beside it, before it, or by the page as a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from careo.base.dates import DateMention, Period, period_of_year
from careo.base.numbers import Number
from careo.base.words import uncased
from careo.record.passages import POINTED, Passage, choices, pattern, phrases, spaced
from careo.record.sentences import Span, statement_rules
from careo.record.statements import Statement

RELATIVE = ("share", "percentage_points")
_TOO_FAR = 85  # a date behind another figure, or behind "than", is not this figure's
_LEVEL_FORMS = ("at", "since", "between", "until", "rolling", "term")


@dataclass(frozen=True, slots=True)
class When:
    """Of when a figure is.

    Attributes:
        period: what it is about; None when nothing tells. form: DateMention.form that gave it, or "page".
        every: "year", "month"… for a rhythm, else "". against: what a change is measured against, else None.
    """

    period: Period | None
    form: str
    every: str
    against: Period | None


def when(
    passage: Passage,
    number: Number,
    span: Span,
    *,
    change: bool,
    noun: str,
    told: Statement | None,
    pair: str,
) -> When:
    """Of when the figure at `span` is.

    Args:
        change: whether it is a change ("up 15%", "doubled"). noun: what it counts, its own or carried over.
        told: the last figure with a year of its own. pair: "from" or "to" for an end of "from A to B".
    """
    every = _every(passage, *span)
    period, form = _period(passage, number, span, change, bool(every))
    if form in ("page", "every"):
        spoken = _spoken_year(passage, noun, number.unit, told)
        period, form = (spoken, "at" if form == "page" else "every") if spoken else (period, form)
    if form == "between" and period and _several_years(period) and _yearly(passage):
        every, form = (
            "year",
            "every",
        )  # "between 2018 and 2022 annual homicides never fell below …": in each of them
    against = _against(passage, span[1], form, period)
    if pair and not any(d.form == "at" and d.period == period for d in passage.dates):
        whole = next((d for d in passage.dates if d.form == "between" and d.period), None)
        period, form = (whole.period, "between") if whole else (period, form)
    if pair and period and period.first and period.last and form == "between":
        period, form = period_of_year((period.first if pair == "from" else period.last).year), "at"
    if change and form == "since" and period and period.first:
        return When(passage.page_period, "page", every, against or period_of_year(period.first.year))
    if change and form == "between" and period and period.first and period.last and not against:
        first, last = _ends(period.first, period.last)
        return When(last, "at", every, first)
    return When(period, form, every, against)


def _spoken_year(passage: Passage, noun: str, unit: str, told: Statement | None) -> Period | None:
    """The year the page is speaking of, for a bare figure of events in a sentence about the past."""
    if passage.topic is None:
        return None
    relative = unit in ("rate_per_100k", "factor", *RELATIVE)
    if not relative and noun and not phrases(passage.language, "events").search(noun.lower()):
        return None
    future = any(d.form in ("by", "within") for d in passage.dates)
    near = told is not None and told.period is not None and told.block == passage.index
    return None if future else told.period if near and told else passage.topic


def _every(passage: Passage, start: int, end: int) -> str:
    """The rhythm said right behind the figure, or right before it ("35,000 a year", "every day 100")."""
    for mention in passage.dates:
        if mention.form == "every":
            between = (
                passage.text[end : mention.start]
                if mention.start >= end
                else passage.text[mention.end : start]
            )
            one_word = " " not in passage.text[mention.start : mention.end]  # "its annual report had 128,233"
            if (
                len(between) < (40 if mention.start >= end else 5 if one_word else 12)
                and "," not in between
                and ":" not in between
            ):
                return mention.every
    return ""


def _several_years(period: Period) -> bool:
    return period.first is not None and period.last is not None and period.last.year - period.first.year >= 1


def _yearly(passage: Passage) -> bool:
    cue = phrases(passage.language, "each_year").search(passage.lower, *passage.span)
    return cue is not None or any(d.form == "every" and d.every == "year" for d in passage.dates)


def _period(
    passage: Passage, number: Number, span: Span, change: bool, every: bool
) -> tuple[Period | None, str]:
    """The period a figure is of: the nearest mention in its clause, then in its sentence, then carried over."""
    mentions = [
        d for d in passage.dates if d.period is not None and (d.form in _LEVEL_FORMS or _reached(passage, d))
    ]
    record = _superlative(passage.language)
    mentions = [d for d in mentions if not _compares(passage, d, record) and not _when_said(passage, d)]
    if mentions:
        mentions = [d for d in mentions if not _is_baseline(passage, d, span, change)]
    chosen = _nearest(passage, mentions, passage.clause(number.start), span) or _nearest(
        passage, mentions, passage.span, span
    )
    if every and not (chosen and abs(chosen.start - span[1]) < 30):
        return None, "every"
    if chosen and chosen.form == "by" and chosen.period and chosen.period.last:
        last = chosen.period.last
        return Period(chosen.period.first or date(last.year, 1, 1), last), "until"
    if chosen and chosen.form == "at" and chosen.period and _since_that(passage, chosen):
        return Period(chosen.period.first, None), "since"
    if chosen:
        return chosen.period, "page" if not chosen.exact and passage.said is None else chosen.form
    over = next(
        (d.form for d in passage.dates if d.form == "over" and span[0] - 40 <= d.start <= span[1] + 40), ""
    )
    if over:
        return None, over
    if not any(d.form in ("within", "by") for d in passage.dates):
        told = _told_of(passage, span)
        if told:
            return told.period, told.form
    return passage.page_period, "page" if passage.page_period else ""


@cache
def _superlative(language: str) -> re.Pattern[str]:
    """Words of a record ("the lowest"), in lower case."""
    return re.compile(spaced(str(statement_rules(language)["superlative"])))


def _reached(passage: Passage, mention: DateMention) -> bool:
    """Whether "by mid-2020" lies in the past of the page, and so dates a figure instead of setting a deadline."""
    last = mention.period.last if mention.period else None
    told = passage.reckoned
    return mention.form == "by" and last is not None and told is not None and last <= told


def _compares(passage: Passage, mention: DateMention, record: re.Pattern[str]) -> bool:
    """Whether a date only serves a comparison: "the lowest since 2015", "the worst since the register began in 2015"."""
    if mention.form not in ("since", "at"):
        return False
    best = record.search(passage.lower, passage.span[0], mention.start)
    since = statement_rules(passage.language)["since_words"]
    return best is not None and (
        mention.form == "since" or any(f" {w} " in passage.text[best.start() : mention.start] for w in since)
    )


def _when_said(passage: Passage, mention: DateMention) -> bool:
    """Whether a date says when it was said, not of when it is: "announced today that …", "dijo el martes que …"."""
    period, said = mention.period, passage.reckoned
    if period is None or said is None or mention.exact or period.first != period.last or period.first is None:
        return False
    verb = pattern(passage.language, "said_when", r"(?<!\w){}\s*$")
    return abs((said - period.first).days) <= 7 and bool(
        verb.search(passage.lower, max(passage.span[0], mention.start - 30), mention.start)
    )


def _since_that(passage: Passage, mention: DateMention) -> bool:
    cue = pattern(passage.language, "since_that", r"(?<!\w){}")
    return bool(cue.search(passage.lower, max(passage.span[0], mention.start - 60), mention.start))


def _told_of(passage: Passage, span: Span) -> DateMention | None:
    """The date of a neighbouring sentence that is about the same thing: the year just spoken of, or the start of the
    plan or programme that the next sentence takes up ("… a US$2.9 billion plan. The plan has run since 2008").
    """
    earlier, steps, pointed = passage.before, 0, None
    while earlier and steps < 3:
        record = _superlative(passage.language)
        years = [
            d
            for d in earlier.dates
            if d.form == "at" and d.period is not None and not _compares(earlier, d, record)
        ]
        ends, begins = _baseline(passage.language)
        main = [
            d
            for d in years
            if d.every != POINTED
            and not _of_compared_figure(earlier, d.start)
            and not ends.search(earlier.lower, max(earlier.span[0], d.start - 30), d.start)
            and not begins.match(earlier.lower, d.start)
        ]
        pointed = pointed or (years[-1] if years else None)
        years = main
        if years:
            return years[-1]
        earlier, steps = earlier.before, steps + 1
    if pointed:
        return pointed
    taken_up = pattern(passage.language, "taken_up", "{}")
    if taken_up.match(passage.lower[slice(*passage.after)]) and taken_up.search(
        passage.lower, span[1], passage.span[1]
    ):
        return next((d for d in passage.after_dates if d.form == "since" and d.period is not None), None)
    return None


def _of_compared_figure(passage: Passage, at: int) -> bool:
    """Whether a date is that of a figure another one is compared with: "…, compared with 34,554 in 2020"."""
    return (
        _compared_figure(passage.language).search(passage.lower, max(passage.span[0], at - 60), at)
        is not None
    )


@cache
def _compared_figure(language: str) -> re.Pattern[str]:
    figure = r"(?:the\s+|los\s+|las\s+)?\d[\d.,]*(?:\s+(?!y\b|and\b|to\b|a\b)[\w%]+){0,4}?"
    return uncased(rf"{choices(language, 'against_words')}\s+{figure}\s+(?:in|en|of|de|del)?\s*$")


def compared_with(passage: Passage, figure: Statement) -> bool:
    """Whether a figure is only what another one is compared with: the page goes on about the other's year."""
    before = passage.lower[max(passage.span[0], figure.start - 30) : figure.start]
    return _against_cue(passage.language).search(before) is not None


def _is_baseline(passage: Passage, mention: DateMention, span: Span, change: bool) -> bool:
    if change and mention.every == POINTED and mention.start >= span[1]:
        return True  # "up 15% from a year earlier"
    if not change or mention.form == "since" or mention.start < span[1] or mention.start - span[1] >= 40:
        return False
    low, (ends, begins) = passage.lower, _baseline(passage.language)
    return bool(
        ends.search(low, max(passage.span[0], mention.start - 30), mention.start)
        or begins.match(low, mention.start)
    )


@cache
def _baseline(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What stands before the period a change is measured against: right before the date, or as its first word."""
    words = spaced(str(statement_rules(language)["baseline"]))
    return uncased(rf"{words}\s*$"), uncased(rf"{words}\s")


def _nearest(passage: Passage, mentions: list[DateMention], within: Span, span: Span) -> DateMention | None:
    """The mention that costs least to reach: characters between, more when another figure stands between or owns it."""
    inside = [d for d in mentions if within[0] <= d.start < within[1]]
    reached = [(_cost(passage, d, span), d.start, d) for d in inside]
    reached = [r for r in reached if r[0] < _TOO_FAR or r[2].start < span[0]]
    return min(reached, key=lambda r: r[:2])[2] if reached else None


def _cost(passage: Passage, mention: DateMention, span: Span) -> int:
    if mention.start < span[1] and mention.end > span[0]:
        return 0
    ahead = mention.start >= span[1]
    low, high = (span[1], mention.start) if ahead else (mention.end, span[0])
    others = [
        n for n in passage.numbers if n.role == "quantity" and not (n.start >= span[0] and n.end <= span[1])
    ]
    between = any(low <= n.start and n.end <= high for n in others)
    owned = (
        _owned_behind(passage, mention, others)
        if ahead
        else any(0 <= mention.start - n.end <= 30 for n in others)
        and not _owned_behind(passage, mention, list(passage.numbers))
    )
    apart = (high - low) > 6 and _set_apart(passage, mention.start)  # "… 4.6% more than in the year before"
    pointed = 25 if mention.every == POINTED and high - low > 3 else 0
    return (high - low) + pointed + 90 * apart + 80 * between + 60 * owned + (8 if ahead else 0)


def _set_apart(passage: Passage, at: int) -> bool:
    """Whether a word of comparison leads to a date. "Que en" does so behind "más" or "menos" only: "sostiene que en 2018"."""
    begin = passage.span[0]
    cue = _against_cue(passage.language).search(passage.lower, max(begin, at - 24), at)
    if cue is None or not cue[0].startswith(tuple(statement_rules(passage.language)["that_words"])):
        return cue is not None
    more = pattern(passage.language, "more_or_less", r"(?<!\w){}(?!\w)")
    return more.search(passage.lower, max(begin, cue.start() - 60), cue.start()) is not None


def _owned_behind(passage: Passage, mention: DateMention, others: list[Number]) -> bool:
    """Whether a date leads to the figure behind it: "it closed 2022 with 32,223", "2019: 29"."""
    leads = pattern(passage.language, "leads_to_figure", r"\s*{}\s*")
    return any(
        0 < n.start - mention.end <= 16 and leads.fullmatch(passage.lower, mention.end, n.start)
        for n in others
    )


@cache
def _against_cue(language: str) -> re.Pattern[str]:
    return uncased(rf"{choices(language, 'against_words')}\s+(?:the\s+|el\s+|la\s+|al?\s+)?$")


def _against(passage: Passage, end: int, form: str, period: Period | None) -> Period | None:
    """The period a change is measured against: the first date behind it that a word of comparison leads."""
    if form == "since":
        return None
    just_before = pattern(passage.language, "stretch_before", r"[^.;:]{{0,30}}?(?<!\w){}").match(
        passage.lower, end, passage.span[1]
    )
    if just_before:
        return _stretch_before(period)
    ends, begins = _baseline(passage.language)
    for mention in passage.dates:
        near = (
            mention.period is not None and mention.form in ("at", "since") and 0 <= mention.start - end < 45
        )
        if near and (
            ends.search(passage.lower, end, mention.start) or begins.match(passage.lower, mention.start)
        ):
            return mention.period
    return None


def _stretch_before(period: Period | None) -> Period | None:
    """The month, quarter or half year right before one of the same length; None for any other stretch."""
    if period is None or period.first is None or period.last is None or period.first.day != 1:
        return None
    months = (period.last.year - period.first.year) * 12 + period.last.month - period.first.month + 1
    if months not in (1, 2, 3, 6) or (period.last + timedelta(days=1)).day != 1:
        return None
    index = period.first.year * 12 + period.first.month - 1 - months
    return Period(date(index // 12, index % 12 + 1, 1), period.first - timedelta(days=1))


def _ends(first: date, last: date) -> tuple[Period, Period]:
    """The two ends of a stretch a change is told over: years, or months when it is told in months."""
    if (first.month, first.day) == (1, 1) and (last.month, last.day) == (12, 31):
        return period_of_year(first.year), period_of_year(last.year)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return Period(first, after - timedelta(days=1)), Period(date(last.year, last.month, 1), last)
