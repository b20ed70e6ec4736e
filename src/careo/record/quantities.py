"""Figures of a sentence: the number, what it counts, how firmly it is said, and of when."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

from careo.base.dates import DateMention, Period
from careo.base.numbers import Number
from careo.record.passages import POINTED, Passage, phrases, spaced
from careo.record.sentences import Span, statement_rules
from careo.record.statements import Quantity, Statement

_WORD = re.compile(r"[\s(“\"'‘«]*([^\W_][\w’'-]*)")
_SELF_EXPLAINED = (
    "share",
    "percentage_points",
    "rate_per_100k",
    "factor",
    "interval_minutes",
    "USD",
    "MXN",
    "EUR",
    "money",
    "count",
)
_RELATIVE = ("share", "percentage_points")
_TOO_FAR = 85  # a date behind another figure, or behind "than", is not this figure's
_LEVEL_FORMS = ("at", "since", "between", "until", "rolling", "term")


def figures(
    passage: Passage, source: str, told: Statement | None = None, trail: tuple[Statement, ...] = ()
) -> list[Statement]:
    """The figures of one sentence, in order.

    Args:
        told: the last figure with a year of its own; bare figures of events belong to that year too.
        trail: the last few figures before this sentence; a bare number takes over what they count.
    """
    found: list[Statement] = []
    for number in passage.numbers:
        if number.role == "quantity":
            statement = _figure(passage, number, source, told, (*trail, *found))
            if statement:
                found.append(statement)
    return found


def _pair(passage: Passage, number: Number, trail: tuple[Statement, ...]) -> str:
    """ "from" or "to" when the number is an end of "from A to B" ("pasaron de A a B"); else ""."""
    text = passage.text
    ends = statement_rules(passage.language)["pair_words"]
    lead = text[max(passage.span[0], number.start - 14) : number.start].lower().split()
    word = next((w for w in reversed(lead) if w not in ("los", "las", "the", "el", "la")), "")
    ahead = re.match(
        rf"[^.;]{{0,60}}?\s(?:{'|'.join(ends['to'])})\s+(?:los\s+|las\s+|the\s+)?[$]?\d",
        text[number.end : number.end + 90],
    )
    if word in ends["from"] and ahead:
        return "from"
    last = trail[-1] if trail and trail[-1].sentence == passage.span else None
    if last and word in ends["to"] and 0 < number.start - last.end < 70:
        opening = text[max(passage.span[0], last.start - 14) : last.start].lower().split()
        if any(w in ends["from"] for w in opening[-2:]):
            return "to"
    return ""


def goal(passage: Passage, figure: Statement) -> bool:
    """Whether the words before a figure make it a goal ("the target of 150,000", "planned")."""
    clause = passage.clause(figure.start)
    cue = phrases(passage.language, "goal_words")
    return bool(cue.search(passage.text, max(clause[0], figure.start - 60), figure.start))


def _figure(
    passage: Passage,
    number: Number,
    source: str,
    told: Statement | None,
    trail: tuple[Statement, ...],
) -> Statement | None:
    text, rules = passage.text, statement_rules(passage.language)
    last = trail[-1] if trail and trail[-1].sentence == passage.span else None
    noun_span, unit = _noun(passage, number)
    hedge, hedge_words, start, tail = _hedge(passage, number, noun_span[1] if noun_span else number.end)
    if hedge in _TURNED and _turned(passage, start):
        hedge = _TURNED[hedge]
    if hedge in _TURNED and number.unit not in _RELATIVE and _intransitive(passage, start):
        change, change_end = "", 0
    else:
        change, start, change_end = _change(passage, number, start)
    ahead = noun_span is not None and noun_span[0] >= number.end
    if number.unit == "count" and not ahead and _pair(passage, number, trail) == "to":
        other = trail[-1].quantity.unit if trail[-1].quantity else ""
        if other in _SELF_EXPLAINED and other != "count":
            number = replace(number, unit=other)  # "from 29.3 per 100,000 to 22.7"
    if number.unit != "count":
        unit = number.unit
    elif unit == "" or (noun_span and noun_span[1] <= number.start):
        counted = phrases(passage.language, "not_counted").match(text, _skip_space(text, number.end))
        if counted and counted.end() <= passage.span[1]:
            return None
        unit = unit or ("" if noun_span else _carried(passage, number, trail))
    noun = text[noun_span[0] : noun_span[1]] if noun_span else ""
    if not _is_figure(passage, number, unit, noun):
        return None
    end = max(number.end, noun_span[1] if noun_span else 0, tail, change_end)
    if noun_span and noun_span[0] < number.start and noun_span[0] >= start - 20 and unit == "persons":
        start = min(start, noun_span[0]) if _attached(text, noun_span, start, rules) else start
    if (
        hedge == "none"
        and not change
        and last
        and last.hedge != "none"
        and last.quantity
        and _listed(text, last.end, start)
    ):
        hedge, hedge_words = last.hedge, last.hedge_words
    every = _every(passage, start, end)
    period, form = _period(
        passage, number, (start, end), bool(change) or number.unit == "factor", bool(every)
    )
    if form in ("page", "every"):
        carried_noun = noun or next(
            (f.quantity.noun for f in reversed(trail) if f.quantity and f.quantity.noun), ""
        )
        spoken = _spoken_year(passage, carried_noun, number.unit, told)
        period, form = (spoken, "at" if form == "page" else "every") if spoken else (period, form)
    if form == "between" and period and _several_years(period) and _yearly(passage):
        every, form = (
            "year",
            "every",
        )  # "between 2018 and 2022 annual homicides never fell below …": so many in each
    against = _against(passage, end, form)
    if number.unit == "factor" and not change:
        change = "up" if number.value >= 1 else "down"
    pair = _pair(passage, number, trail)
    if pair == "from" and form in ("page", ""):
        whole = next((d for d in passage.dates if d.form == "between" and d.period), None)
        period, form = (whole.period, "between") if whole else (period, form)
    if pair and period and period.first and period.last and form == "between":
        period, form = _year((period.first if pair == "from" else period.last).year), "at"
    if change and form == "since" and period and period.first:
        against = against or _year(period.first.year)
        period, form = passage.page_period, "page"
    elif change and form == "between" and period and period.first and period.last and not against:
        against, period, form = (*_ends(period.first, period.last), "at")
    return Statement(
        source=source,
        kind="figure",
        start=start,
        end=end,
        quote=text[start:end],
        hedge=hedge,
        hedge_words=hedge_words,
        quantity=Quantity(
            value=number.value,
            low=number.low,
            high=number.high,
            unit=unit or "count",
            noun=noun,
            digits=number.digits,
            step=number.step,
            change=change,
            every=every,
            of=_share_of(passage, number) if number.unit == "share" and not change else "",
            against=against,
        ),
        period=period,
        period_form=form,
        sentence=passage.span,
        claim=passage.claim,
        block=passage.index,
        said=passage.reckoned.isoformat() if passage.reckoned else "",
        language=passage.language,
    )


def _is_figure(passage: Passage, number: Number, unit: str, noun: str) -> bool:
    if number.unit == "factor":
        wish = _pattern(
            passage.language, "wish_before", "{}"
        )  # "to double the budget" is asked, it has not happened
        return not wish.search(passage.text, max(passage.span[0], number.start - 12), number.start + 12)
    if number.unit != "count":
        return True
    written = passage.text[number.start : number.end]
    in_words = not any(c.isdigit() for c in written)
    if number.value < 10 or (in_words and number.value < 20):
        if number.value < 2:
            return False
        return bool(noun) and bool(
            phrases(passage.language, "harm").search(passage.text, *_around(passage, number))
        )
    return bool(unit) or not in_words


def _around(passage: Passage, number: Number) -> Span:
    return max(passage.span[0], number.start - 25), min(passage.span[1], number.end + 45)


# --- the noun that says what is counted ---------------------------------------------------------------------------


@cache
def _unit_nouns(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    units: dict[str, str] = {}
    for unit, nouns in statement_rules(language)["units"].items():
        for noun in nouns:
            units.setdefault(str(noun).lower(), unit)
    ordered = sorted(units, key=len, reverse=True)
    return re.compile(
        rf"(?<!\w)(?:{'|'.join(spaced(re.escape(n).replace(chr(92) + ' ', ' ')) for n in ordered)})(?!\w)",
        re.IGNORECASE,
    ), units


@cache
def _words(language: str, key: str) -> frozenset[str]:
    return frozenset(str(w).lower() for w in statement_rules(language)[key])


def _noun(passage: Passage, number: Number) -> tuple[Span | None, str]:
    """Span of the counted noun phrase and its unit: after the number, else before it in the clause."""
    text, language = passage.text, passage.language
    pattern, units = _unit_nouns(language)
    stop, through = _words(language, "noun_stop"), _words(language, "noun_through")
    at, reach, first, unit = number.end, number.end, -1, ""
    limit = min((d.start for d in passage.dates if d.start >= number.end), default=passage.span[1])
    for _ in range(9):
        word = _WORD.match(text, at, limit)
        if not word or (at > number.end and re.search(r"[(“\"«]", text[at : word.start(1)])):
            break
        spelled = word[1].lower()
        if spelled.endswith(("’s", "'s")):
            spelled = spelled[:-2]
        hit = pattern.match(text, word.start(1), passage.span[1])
        if hit:
            first = word.start(1) if first < 0 else first
            unit = unit or units[re.sub(r"\s+", " ", hit[0].lower())]
            at = reach = hit.end()
            continue
        if spelled in stop and spelled not in through:
            break
        if (
            first >= 0
            and spelled not in through
            and not _noun_follows(pattern, text, word.end(1), passage.span[1])
        ):
            break
        at = word.end(1)
    if first >= 0:
        return (_skip_space(text, number.end), reach), unit
    if _names_something(text, number.end, at, through):
        return (
            _skip_space(text, number.end),
            at,
        ), ""  # a noun of no unit ("1,400 stolen bicycles") is still what is counted
    clause = passage.clause(number.start)
    begin = max(clause[0], number.start - 90)
    if text[passage.span[0] : number.start].rstrip().endswith(":"):
        begin = passage.span[0]  # "Clandestine graves: 344"
    hits = [
        m
        for m in pattern.finditer(text, begin, number.start)
        if m[0][0].islower() or m.start() == passage.span[0]  # "States" of "United States" counts nothing
    ]
    if hits and number.unit in ("count", "share", "factor", "percentage_points", "rate_per_100k"):
        best = hits[-1]
        while len(hits) > 1 and _of_what(text[hits[-2].end() : best.start()], passage.language):
            hits.pop()  # "carpetas por homicidio": what is counted are the files
            best = hits[-1]
        return (best.start(), best.end()), units[re.sub(r"\s+", " ", best[0].lower())]
    return None, ""


def _of_what(between: str, language: str) -> bool:
    words = between.lower().split()
    return 0 < len(words) <= 3 and words[-1] in statement_rules(language)["of_words"]


def _names_something(text: str, start: int, end: int, through: frozenset[str]) -> bool:
    return any(word.lower() not in through for word in re.findall(r"[^\W\d_]+", text[start:end]))


def _carried(passage: Passage, number: Number, trail: tuple[Statement, ...]) -> str:
    """The unit a bare number takes over ("89,500 by June"): that of the figures before it, else of the last noun spoken of."""
    near = [
        f.quantity
        for f in reversed(trail)
        if f.quantity
        and passage.index - f.block <= 4
        and passage.text[max(0, f.start - 2) : f.start].strip() != "("
    ]
    if number.value >= 1e6:
        money = next((q.unit for q in near if len(q.unit) == 3 and q.unit.isupper()), "")
        if money:
            return money  # "… and another 980 million"
    counted = next((q.unit for q in near if q.unit not in _SELF_EXPLAINED), "")
    if counted:
        return counted
    pattern, units = _unit_nouns(passage.language)
    for start, end in ((passage.span[0], passage.span[1]), passage.before.span if passage.before else (0, 0)):
        hits = [m for m in pattern.finditer(passage.text, start, end) if m[0][0].islower()]
        nouns = [units[re.sub(r"\s+", " ", m[0].lower())] for m in hits]
        found = [unit for unit in nouns if unit != "places"]
        if found:
            return found[-1]
    return ""


def _spoken_year(passage: Passage, noun: str, unit: str, told: Statement | None) -> Period | None:
    """The year the page is speaking of, for a bare figure of events in a sentence about the past."""
    if passage.topic is None:
        return None
    relative = unit in ("rate_per_100k", "factor", *_RELATIVE)
    if not relative and noun and not phrases(passage.language, "events").search(noun):
        return None
    future = any(d.form in ("by", "within") for d in passage.dates)
    near = told is not None and told.period is not None and told.block == passage.index
    return None if future else told.period if near and told else passage.topic


def _noun_follows(pattern: re.Pattern[str], text: str, at: int, end: int) -> bool:
    word = _WORD.match(text, at, end)
    return bool(word and pattern.match(text, word.start(1), end))


def _attached(text: str, noun: Span, start: int, rules: dict[str, object]) -> bool:
    between = text[noun[0] : start]
    return bool(re.fullmatch(spaced(str(rules["before_nouns"])) + r"\s*", between, re.IGNORECASE))


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


# --- hedges and changes ---------------------------------------------------------------------------------------------


@cache
def _hedges(language: str, side: str) -> re.Pattern[str]:
    """All hedges of one side, one named group a class: anchored at the end (before) or the start (after)."""
    classes = statement_rules(language)["hedges"]
    groups: list[str] = []
    for order, (_, sides) in enumerate(classes.items()):
        words = sorted((spaced(str(w)) for w in sides[side]), key=len, reverse=True)
        groups.append(f"(?P<h{order}>{'|'.join(words)})")
    body = "|".join(groups)
    if side == "before":
        return re.compile(
            rf"(?<!\w)(?:{body})(?:\s+(?:the|a|los|las|el|la|un|una|otros|otras|another|se))?[\s(“\"]*$",
            re.IGNORECASE,
        )
    return re.compile(rf"[\s,(]*(?:{body})(?!\w)", re.IGNORECASE)


def _hedge(passage: Passage, number: Number, noun_end: int) -> tuple[str, str, int, int]:
    """(class, words as written, start of the figure with its hedge, end of a hedge behind it)."""
    text, language = passage.text, passage.language
    classes = tuple(statement_rules(language)["hedges"])
    window = max(passage.span[0], number.start - 48)
    before = text[window : number.start]
    best = _hedge_before(before, _hedges(language, "before"))
    if best:
        order = next(i for i in range(len(classes)) if best[f"h{i}"] is not None)
        start = window + best.start(f"h{order}")
        # a modal before another hedge ("could be more than") leaves the firmer word in charge of the direction
        return classes[order], best[f"h{order}"], start, 0
    rhythms = [d.end for d in passage.dates if d.form == "every" and 0 <= d.start - noun_end < 3]
    for at in (number.end, max(number.end, noun_end), *rhythms):
        after = _hedges(language, "after").match(text, at, min(passage.span[1], at + 32))
        if after:
            order = next(i for i in range(len(classes)) if after[f"h{i}"] is not None)
            return classes[order], after[f"h{order}"], number.start, after.end()
    return "none", "", number.start, 0


_TURNED = {"at least": "at most", "at most": "at least"}


def _turned(passage: Passage, start: int) -> bool:
    """Whether a negation before a hedge turns it round: "never fell below 30,000"."""
    cue = _pattern(passage.language, "turned", "{}")
    return bool(cue.search(passage.text, max(passage.span[0], start - 36), start))


def _intransitive(passage: Passage, start: int) -> bool:
    """Whether a verb of change stands right before a hedge, without "by": "fell below 30,000" tells a level."""
    before = passage.text[max(passage.span[0], start - 40) : start]
    hits = (_changes(passage.language, d, "before").search(before) for d in ("up", "down"))
    return any(h is not None and h[0].split()[-1].lower() not in ("by", "of", "de", "en", "un") for h in hits)


def _hedge_before(before: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    return pattern.search(before)


@cache
def _changes(language: str, direction: str, side: str) -> re.Pattern[str]:
    rules = statement_rules(language)
    words = rules["change" if side == "before" else "change_after"][direction]
    body = "|".join(sorted((spaced(str(w)) for w in words), key=len, reverse=True))
    return re.compile(
        rf"(?<!\w)(?:{body})\s*$" if side == "before" else rf"\s*(?:{body})(?!\w)", re.IGNORECASE
    )


def _change(passage: Passage, number: Number, start: int) -> tuple[str, int, int]:
    """(direction or "", start with the verb of change, end of a word of change behind the number)."""
    text, language = passage.text, passage.language
    if number.unit in ("interval_minutes", "rate_per_100k", "factor"):
        return "", start, 0
    window = max(passage.span[0], start - 40)
    for direction in ("up", "down"):
        hit = _changes(language, direction, "before").search(text[window:start])
        bare = hit is not None and hit[0].strip().lower() in ("up", "down") and number.unit not in _RELATIVE
        if hit and not bare and not _from_to(text, hit[0], number.end):
            return direction, window + hit.start(), 0
    if number.unit in ("share", "percentage_points"):
        for direction in ("up", "down"):
            hit = _changes(language, direction, "after").match(
                text, number.end, min(passage.span[1], number.end + 24)
            )
            if hit:
                return direction, start, hit.end()
    return "", start, 0


def _from_to(text: str, cue: str, at: int) -> bool:
    """Whether the number is where a change begins ("bajó de 36 mil en 2018 a 34 mil"): a level, not a change."""
    return cue.split()[-1].lower() in ("de", "from") and bool(
        re.match(r"[^.;]{0,60}?\s(?:a|to)\s+(?:los\s+|las\s+)?\d", text[at : at + 80])
    )


def _listed(text: str, end: int, start: int) -> bool:
    """Whether a figure follows the last one in the same list, so that its hedge carries over ("more than 5 dead, 4 missing")."""
    return bool(re.fullmatch(r"\s*(?:[\w’'-]+\s*){0,2},\s*", text[end:start])) if start >= end else False


# --- of when, against when, of what -----------------------------------------------------------------------------------


def _every(passage: Passage, start: int, end: int) -> str:
    """The rhythm said right behind the figure, or right before it ("35,000 a year", "every day 100")."""
    for mention in passage.dates:
        if mention.form == "every":
            between = (
                passage.text[end : mention.start]
                if mention.start >= end
                else passage.text[mention.end : start]
            )
            if (
                len(between) < (40 if mention.start >= end else 12)
                and "," not in between
                and ":" not in between
            ):
                return mention.every
    return ""


def _several_years(period: Period) -> bool:
    return period.first is not None and period.last is not None and period.last.year - period.first.year >= 1


def _yearly(passage: Passage) -> bool:
    cue = phrases(passage.language, "each_year").search(passage.text, *passage.span)
    return cue is not None or any(d.form == "every" and d.every == "year" for d in passage.dates)


def _period(
    passage: Passage, number: Number, span: Span, change: bool, every: bool
) -> tuple[Period | None, str]:
    """The period a figure is of: the nearest mention in its clause, then in its sentence, then carried over."""
    mentions = [
        d for d in passage.dates if d.period is not None and (d.form in _LEVEL_FORMS or _reached(passage, d))
    ]
    record = _pattern(passage.language, "superlative", "{}")
    mentions = [d for d in mentions if not _compares(passage, d, record)]
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


def _reached(passage: Passage, mention: DateMention) -> bool:
    """Whether "by mid-2020" lies in the past of the page, and so dates a figure instead of setting a deadline."""
    last = mention.period.last if mention.period else None
    return mention.form == "by" and last is not None and passage.said is not None and last <= passage.said


def _compares(passage: Passage, mention: DateMention, record: re.Pattern[str]) -> bool:
    """Whether a date only serves a comparison: "the lowest since 2015", "the worst since the register began in 2015"."""
    if mention.form not in ("since", "at"):
        return False
    best = record.search(passage.text, passage.span[0], mention.start)
    since = statement_rules(passage.language)["since_words"]
    return best is not None and (
        mention.form == "since" or any(f" {w} " in passage.text[best.start() : mention.start] for w in since)
    )


def _since_that(passage: Passage, mention: DateMention) -> bool:
    cue = _pattern(passage.language, "since_that", r"(?<!\w){}")
    return bool(cue.search(passage.text, max(passage.span[0], mention.start - 60), mention.start))


def _told_of(passage: Passage, span: Span) -> DateMention | None:
    """The date of a neighbouring sentence that is about the same thing: the year just spoken of, or the start of the
    plan or programme that the next sentence takes up ("… a US$2.9 billion plan. The plan has run since 2008").
    """
    earlier, steps, pointed = passage.before, 0, None
    while earlier and steps < 3:
        record = _pattern(passage.language, "superlative", "{}")
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
            and not ends.search(earlier.text, max(earlier.span[0], d.start - 30), d.start)
            and not begins.match(earlier.text, d.start)
        ]
        pointed = pointed or (years[-1] if years else None)
        years = main
        if years:
            return years[-1]
        earlier, steps = earlier.before, steps + 1
    if pointed:
        return pointed
    taken_up = _pattern(passage.language, "taken_up", "{}")
    if (
        passage.after_text
        and taken_up.match(passage.after_text)
        and taken_up.search(passage.text, span[1], passage.span[1])
    ):
        return next((d for d in passage.after_dates if d.form == "since" and d.period is not None), None)
    return None


def _is_baseline(passage: Passage, mention: DateMention, span: Span, change: bool) -> bool:
    if change and mention.every == POINTED and mention.start >= span[1]:
        return True  # "up 15% from a year earlier"
    if not change or mention.form == "since" or mention.start < span[1] or mention.start - span[1] >= 40:
        return False
    text, (ends, begins) = passage.text, _baseline(passage.language)
    return bool(
        ends.search(text, max(passage.span[0], mention.start - 30), mention.start)
        or begins.match(text, mention.start)
    )


@cache
def _baseline(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What stands before the period a change is measured against: right before the date, or as its first word."""
    words = spaced(str(statement_rules(language)["baseline"]))
    return re.compile(rf"{words}\s*$", re.IGNORECASE), re.compile(rf"{words}\s", re.IGNORECASE)


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
    owned = not ahead and any(0 <= mention.start - n.end <= 30 for n in others)
    text = passage.text[max(passage.span[0], mention.start - 24) : mention.start]
    apart = (high - low) > 6 and bool(
        _against_cue(passage.language).search(text)
    )  # "… 4.6% more than in the year before"
    pointed = 25 if mention.every == POINTED and high - low > 3 else 0
    return (high - low) + pointed + 90 * apart + 80 * between + 60 * owned + (8 if ahead else 0)


@cache
def _against_cue(language: str) -> re.Pattern[str]:
    words = "|".join(
        spaced(w) for w in sorted(statement_rules(language)["against_words"], key=len, reverse=True)
    )
    return re.compile(rf"(?<!\w)(?:{words})\s+(?:the\s+|el\s+|la\s+|al?\s+)?$", re.IGNORECASE)


def _against(passage: Passage, end: int, form: str) -> Period | None:
    """The period a change is measured against: the first date behind it that a word of comparison leads."""
    if form == "since":
        return None
    ends, begins = _baseline(passage.language)
    for mention in passage.dates:
        near = (
            mention.period is not None and mention.form in ("at", "since") and 0 <= mention.start - end < 45
        )
        if near and (
            ends.search(passage.text, end, mention.start) or begins.match(passage.text, mention.start)
        ):
            return mention.period
    return None


def _share_of(passage: Passage, number: Number) -> str:
    hit = _pattern(passage.language, "share_of", r"\s*{}(?=\S)").match(
        passage.text, number.end, passage.span[1]
    )
    if not hit:
        return ""
    at, stop = hit.end(), _words(passage.language, "noun_stop")
    for _ in range(6):
        word = _WORD.match(passage.text, at, passage.span[1])
        if not word or word[1].lower() in stop or re.search(r"[,.;:(]", passage.text[at : word.start(1)]):
            break
        at = word.end(1)
    return passage.text[hit.end() : at].strip()


@cache
def _pattern(language: str, key: str, template: str) -> re.Pattern[str]:
    return re.compile(template.format(spaced(str(statement_rules(language)[key]))), re.IGNORECASE)


def _ends(first: date, last: date) -> tuple[Period, Period]:
    """The two ends of a stretch a change is told over: years, or months when it is told in months."""
    if (first.month, first.day) == (1, 1) and (last.month, last.day) == (12, 31):
        return _year(first.year), _year(last.year)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return Period(first, after - timedelta(days=1)), Period(date(last.year, last.month, 1), last)


def _year(year: int) -> Period:
    return Period(date(year, 1, 1), date(year, 12, 31))
