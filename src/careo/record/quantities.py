"""Figures of a sentence: the number, what it counts, how firmly it is said, and of when."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, lru_cache

from careo.base.numbers import Number
from careo.base.units import is_money
from careo.base.words import any_of, single_spaced, uncased
from careo.record.passages import Passage, pattern, phrases, spaced
from careo.record.periods import RELATIVE, when
from careo.record.sentences import Span, statement_rules
from careo.record.statements import Quantity, Statement

_LOOK_BACK = 20  # figures of its own sentence that a bare number looks back over
_WORD = re.compile(r"[\s(“\"'‘«]*([^\W_][\w’'-]*)")
_LETTERS = re.compile(r"[^\W\d_]+")
_OPENS = re.compile(r"[(“\"«]")
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


def figures(
    passage: Passage,
    source: str,
    actor: str,
    told: Statement | None = None,
    trail: tuple[Statement, ...] = (),
) -> list[Statement]:
    """The figures of one sentence, in order.

    Args:
        actor: who says the sentence. told: the last figure with a year of its own; bare figures of events belong to that year too.
        trail: the last few figures before this sentence; a bare number takes over what they count.
    """
    found: list[Statement] = []
    for number in passage.numbers:
        if number.role == "quantity":
            statement = _figure(passage, number, source, actor, told, (*trail, *found[-_LOOK_BACK:]))
            if statement:
                found.append(statement)
    return [
        _of_levels(passage, s, [*trail, *found]) if s.quantity and s.quantity.change else s for s in found
    ]


_CLOSE = 0.0075  # three quarters of a point: by so much a change worked out by hand is off


def _of_levels(passage: Passage, change: Statement, figures: list[Statement]) -> Statement:
    """A change with the periods of the two levels that it is worked out from, when the page tells them beside it.

    "33,742 victims in 2018 and 30,057 in 2024, an 11 percent drop": from 2018 to 2024, not since 2023. The page's own
    arithmetic says which two levels are meant; when it does not come out, the two ends of "from A to B" are.
    """
    quantity = change.quantity
    assert quantity is not None  # noqa: S101 - figures only
    if quantity.unit not in ("share", "factor", "percentage_points"):
        return change
    levels = [f for f in figures if f.block == change.block and _dated_level(f)]
    pairs = [
        (a, b)
        for a in levels
        for b in levels
        if a.quantity
        and b.quantity
        and _of_one_kind(a.quantity, b.quantity, passage.language)
        and _earlier(a, b)
    ]
    meant = [pair for pair in pairs if comes_out(quantity, *pair)]
    meant = [p for p in meant if p[1].sentence == change.sentence] or meant
    if len({(str(a.period), str(b.period)) for a, b in meant}) != 1:
        ends = [
            (a, b)
            for a, b in pairs
            if a.sentence == b.sentence == change.sentence and _ends_of_one(passage, a, b)
        ]
        meant = ends if len(ends) == 1 and not meant else []
    if not meant:
        return change
    before, after = meant[-1]
    return replace(
        change, period=after.period, period_form="at", quantity=replace(quantity, against=before.period)
    )


def _dated_level(figure: Statement) -> bool:
    quantity, period = figure.quantity, figure.period
    dated = figure.period_form in ("at", "until") and period is not None and period.last is not None
    return dated and quantity is not None and not quantity.change and quantity.unit != "factor"


def _of_one_kind(a: Quantity, b: Quantity, language: str) -> bool:
    """Whether two levels may count the same: one unit, and nouns that share a word, those as general as "victims" apart."""
    general = statement_rules(language)["generic_nouns"]
    words, others = ({*_LETTERS.findall(q.noun.lower())}.difference(general) for q in (a, b))
    return a.unit == b.unit and (not words or not others or not words.isdisjoint(others))


def _earlier(a: Statement, b: Statement) -> bool:
    first, second = a.period, b.period
    return bool(first and second and first.last and second.last and first.last < second.last)


def comes_out(change: Quantity, a: Statement, b: Statement) -> bool:
    """Whether two levels differ by so much."""
    old, new = a.quantity, b.quantity
    if old is None or new is None or old.value <= 0:
        return False
    claimed = -change.value if change.change == "down" else change.value
    if change.unit == "factor":
        return abs(new.value / old.value / change.value - 1) <= 2 * _NEARLY
    if change.unit == "percentage_points":
        return old.unit == "share" and abs(new.value - old.value - claimed) <= _CLOSE
    return abs(new.value / old.value - 1 - claimed) <= max(_CLOSE, _NEARLY * abs(claimed))


_NEARLY = 0.06


def _ends_of_one(passage: Passage, a: Statement, b: Statement) -> bool:
    """Whether two levels are the ends of one "from A to B"."""
    ends = statement_rules(passage.language)["pair_words"]

    def led(figure: Statement, words: list[str]) -> bool:
        lead = passage.text[max(passage.span[0], figure.start - 14) : figure.start].lower().split()
        return bool(set(lead[-2:]) & set(words))

    return led(a, ends["from"]) and led(b, ends["to"]) and 0 < b.start - a.end < 70


def _pair(passage: Passage, number: Number, trail: tuple[Statement, ...]) -> str:
    """ "from" or "to" when the number is an end of "from A to B" ("pasaron de A a B"); else ""."""
    text = passage.text
    ends = statement_rules(passage.language)["pair_words"]
    lead = text[max(passage.span[0], number.start - 14) : number.start].lower().split()
    word = next((w for w in reversed(lead) if w not in ("los", "las", "the", "el", "la")), "")
    if word in ends["from"] and _to(passage.language).match(text[number.end : number.end + 90]):
        return "from"
    last = trail[-1] if trail and trail[-1].sentence == passage.span else None
    if last and word in ends["to"] and 0 < number.start - last.end < 70:
        opening = text[max(passage.span[0], last.start - 14) : last.start].lower().split()
        if any(w in ends["from"] for w in opening[-2:]):
            return "to"
    return ""


def _noun_of_other_end(passage: Passage, number: Number) -> tuple[str, str]:
    """The noun of B and its unit in "from A to B members": A counts the same."""
    other = next((n for n in passage.numbers if n.start >= number.end and n.role == "quantity"), None)
    noun, unit = _noun(passage, other) if other and other.unit == "count" else (None, "")
    ahead = noun is not None and other is not None and noun[0] >= other.end
    return (passage.text[slice(*noun)], unit) if noun and ahead else ("", "")


@cache
def _to(language: str) -> re.Pattern[str]:
    """The other end of "from A to B", behind A."""
    ends = "|".join(statement_rules(language)["pair_words"]["to"])
    return re.compile(rf"[^.;]{{0,60}}?\s(?:{ends})\s+(?:los\s+|las\s+|the\s+)?[$]?\d")


def _goal(passage: Passage, start: int) -> bool:
    """Whether the words before a figure make it a goal ("the target of 150,000", "planned")."""
    cue = phrases(passage.language, "goal_words")
    return bool(cue.search(passage.lower, max(passage.clause(start)[0], start - 60), start))


def _figure(
    passage: Passage,
    number: Number,
    source: str,
    actor: str,
    told: Statement | None,
    trail: tuple[Statement, ...],
) -> Statement | None:
    text = passage.text
    last = trail[-1] if trail and trail[-1].sentence == passage.span else None
    noun_span, unit = _noun(passage, number)
    hedge, hedge_words, start, tail = _hedge(passage, number, noun_span[1] if noun_span else number.end)
    if hedge in _TURNED and _turned(passage, start):
        hedge = _TURNED[hedge]
    if hedge in _TURNED and number.unit not in RELATIVE and _intransitive(passage, start):
        change, change_end = "", 0
    else:
        change, start, change_end = _change(passage, number, start)
    ahead = noun_span is not None and noun_span[0] >= number.end
    pair = _pair(passage, number, trail)
    if number.unit == "count" and not ahead and pair == "to":
        other = trail[-1].quantity.unit if trail[-1].quantity else ""
        if other in _SELF_EXPLAINED and other != "count":
            number = replace(number, unit=other)  # "from 29.3 per 100,000 to 22.7"
    shared = ""
    if pair == "from" and noun_span is None and number.unit == "count":
        shared, unit = _noun_of_other_end(passage, number)
    if number.unit != "count":
        unit = number.unit
    elif unit == "" or (noun_span and noun_span[1] <= number.start):
        counted = phrases(passage.language, "not_counted").match(passage.lower, _skip_space(text, number.end))
        if counted and counted.end() <= passage.span[1]:
            return None
        unit = unit or ("" if noun_span else _carried(passage, number, trail))
    noun = text[noun_span[0] : noun_span[1]] if noun_span else shared
    if not _is_figure(passage, number, unit, noun):
        return None
    end = max(number.end, noun_span[1] if noun_span else 0, tail, change_end)
    if noun_span and noun_span[0] < number.start and noun_span[0] >= start - 20 and unit == "persons":
        start = min(start, noun_span[0]) if _attached(passage, noun_span, start) else start
    if (
        hedge == "none"
        and not change
        and last
        and last.hedge != "none"
        and last.quantity
        and _listed(text, last.end, start)
    ):
        hedge, hedge_words = last.hedge, last.hedge_words
    if number.unit == "factor" and not change:
        change = "up" if number.value >= 1 else "down"
    counted = noun or next((f.quantity.noun for f in reversed(trail) if f.quantity and f.quantity.noun), "")
    told_of = when(
        passage,
        number,
        (start, end),
        change=bool(change),
        noun=counted,
        told=told,
        pair=pair,
    )
    return Statement(
        source=source,
        kind="figure",
        start=start,
        end=end,
        quote=text[start:end],
        actor=actor,
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
            every=told_of.every,
            of=_share_of(passage, number, trail) if number.unit == "share" and not change else "",
            against=told_of.against,
        ),
        period=told_of.period,
        period_form=told_of.form,
        promised=_goal(passage, start),
        sentence=passage.span,
        claim=passage.claim,
        block=passage.index,
        said=passage.reckoned.isoformat() if passage.reckoned else "",
        language=passage.language,
    )


def _is_figure(passage: Passage, number: Number, unit: str, noun: str) -> bool:
    if number.unit == "factor":
        wish = pattern(
            passage.language, "wish_before", "{}"
        )  # "to double the budget" is asked, it has not happened
        return not wish.search(passage.lower, max(passage.span[0], number.start - 12), number.start + 12)
    if number.unit != "count":
        return True
    written = passage.text[number.start : number.end]
    in_words = not any(c.isdigit() for c in written)
    if number.value < 10 or (in_words and number.value < 20):
        if number.value < 2:
            return False
        return bool(noun) and bool(
            phrases(passage.language, "harm").search(passage.lower, *_around(passage, number))
        )
    return bool(unit) or not in_words


def _around(passage: Passage, number: Number) -> Span:
    return max(passage.span[0], number.start - 25), min(passage.span[1], number.end + 45)


# --- the noun that says what is counted ---------------------------------------------------------------------------


@cache
def _unit_nouns(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern for every noun that is counted, in lower case, and the unit of each."""
    units: dict[str, str] = {}
    for unit, nouns in statement_rules(language)["units"].items():
        for noun in nouns:
            units.setdefault(str(noun).lower(), unit)
    return re.compile(rf"{any_of(units, apart=True)}(?!\w)"), units


@cache
def _words(language: str, key: str) -> frozenset[str]:
    return frozenset(str(w).lower() for w in statement_rules(language)[key])


def _noun(passage: Passage, number: Number) -> tuple[Span | None, str]:
    """Span of the counted noun phrase and its unit: after the number, else before it in the clause."""
    text, low, language = passage.text, passage.lower, passage.language
    pattern, units = _unit_nouns(language)
    stop, through = _words(language, "noun_stop"), _words(language, "noun_through")
    at, reach, first, unit = number.end, number.end, -1, ""
    limit = min((d.start for d in passage.dates if d.start >= number.end), default=passage.span[1])
    for _ in range(9):
        word = _WORD.match(text, at, limit)
        if not word or (at > number.end and _OPENS.search(text, at, word.start(1))):
            break
        spelled = word[1].lower()
        if spelled.endswith(("’s", "'s")):
            spelled = spelled[:-2]
        hit = pattern.match(low, word.start(1), passage.span[1])
        if hit:
            first = word.start(1) if first < 0 else first
            unit = unit or units[single_spaced(hit[0])]
            at = reach = hit.end()
            continue
        if spelled in stop and spelled not in through:
            break
        if (
            first >= 0
            and spelled not in through
            and not _noun_follows(pattern, low, word.end(1), passage.span[1])
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
        for m in pattern.finditer(low, begin, number.start)
        if text[m.start()].islower()
        or m.start() == passage.span[0]  # "States" of "United States" counts nothing
    ]
    if hits and number.unit in ("count", "share", "factor", "percentage_points", "rate_per_100k"):
        best = hits[-1]
        while len(hits) > 1 and _of_what(text[hits[-2].end() : best.start()], passage.language):
            hits.pop()  # "carpetas por homicidio": what is counted are the files
            best = hits[-1]
        return (best.start(), best.end()), units[single_spaced(best[0])]
    return None, ""


def _of_what(between: str, language: str) -> bool:
    words = between.lower().split()
    return 0 < len(words) <= 3 and words[-1] in statement_rules(language)["of_words"]


def _names_something(text: str, start: int, end: int, through: frozenset[str]) -> bool:
    return any(word.lower() not in through for word in _LETTERS.findall(text, start, end))


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
        money = next((q.unit for q in near if is_money(q.unit) and q.unit != "money"), "")
        if money:
            return money  # "… and another 980 million"
    counted = next((q.unit for q in near if q.unit not in _SELF_EXPLAINED), "")
    if counted:
        return counted
    for span in (passage.span, passage.before.span if passage.before else (0, 0)):
        found = _last_noun(passage.text, passage.lower, span, passage.language)
        if found:
            return found
    return ""


@lru_cache(maxsize=8)
def _last_noun(text: str, low: str, span: Span, language: str) -> str:
    """The unit of the last noun of a sentence that is counted; remembered, because every bare number of a list asks."""
    pattern, units = _unit_nouns(language)
    nouns = [units[single_spaced(m[0])] for m in pattern.finditer(low, *span) if text[m.start()].islower()]
    return next((unit for unit in reversed(nouns) if unit != "places"), "")


def _noun_follows(pattern: re.Pattern[str], low: str, at: int, end: int) -> bool:
    word = _WORD.match(low, at, end)
    return bool(word and pattern.match(low, word.start(1), end))


def _attached(passage: Passage, noun: Span, start: int) -> bool:
    between = pattern(passage.language, "before_nouns", r"(?:{})\s*")
    return between.fullmatch(passage.lower[noun[0] : start]) is not None


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


# --- hedges and changes ---------------------------------------------------------------------------------------------


@cache
def _hedges(language: str, side: str) -> re.Pattern[str]:
    """All hedges of one side in lower case, one named group a class: anchored at the end (before) or the start (after)."""
    classes = statement_rules(language)["hedges"]
    groups: list[str] = []
    for order, (_, sides) in enumerate(classes.items()):
        words = sorted((spaced(str(w)) for w in sides[side]), key=len, reverse=True)
        groups.append(f"(?P<h{order}>{'|'.join(words)})")
    body = "|".join(groups)
    if side == "before":
        return re.compile(
            rf"(?<!\w)(?:{body})(?:\s+(?:the|a|los|las|el|la|un|una|otros|otras|another|se))?[\s(“\"]*$"
        )
    return re.compile(rf"[\s,(]*(?:{body})(?!\w)")


def _hedge(passage: Passage, number: Number, noun_end: int) -> tuple[str, str, int, int]:
    """(class, words as written, start of the figure with its hedge, end of a hedge behind it)."""
    text, low, language = passage.text, passage.lower, passage.language
    classes = tuple(statement_rules(language)["hedges"])
    window = max(passage.span[0], number.start - 48)
    best = _hedges(language, "before").search(low[window : number.start])
    if best and not _measured_against(low[window : number.start], best, language):
        order = next(i for i in range(len(classes)) if best[f"h{i}"] is not None)
        start, end = window + best.start(f"h{order}"), window + best.end(f"h{order}")
        # a modal before another hedge ("could be more than") leaves the firmer word in charge of the direction
        return classes[order], text[start:end], start, 0
    rhythms = [d.end for d in passage.dates if d.form == "every" and 0 <= d.start - noun_end < 3]
    for at in (number.end, max(number.end, noun_end), *rhythms):
        after = _hedges(language, "after").match(low, at, min(passage.span[1], at + 32))
        if after:
            order = next(i for i in range(len(classes)) if after[f"h{i}"] is not None)
            start, end = after.span(f"h{order}")
            return classes[order], text[start:end], number.start, after.end()
    return "none", "", number.start, 0


def _measured_against(low: str, hedge: re.Match[str], language: str) -> bool:
    """Whether "over the 9,614 of 2009" only tells what an increase is measured against."""
    if not re.search(r"\s(?:the|los|las)\s*$", hedge[0]):
        return False
    words = statement_rules(language)["change_after"]
    nouns = {word for side in words.values() for word in side}
    before = low[: hedge.start()].split()
    return bool(before) and before[-1] in nouns


_TURNED = {"at least": "at most", "at most": "at least"}


def _turned(passage: Passage, start: int) -> bool:
    """Whether a negation before a hedge turns it round: "never fell below 30,000"."""
    cue = pattern(passage.language, "turned", "{}")
    return bool(cue.search(passage.lower, max(passage.span[0], start - 36), start))


def _intransitive(passage: Passage, start: int) -> bool:
    """Whether a verb of change stands right before a hedge, without "by": "fell below 30,000" tells a level."""
    before = passage.lower[max(passage.span[0], start - 40) : start]
    hits = (_changes(passage.language, d, "before").search(before) for d in ("up", "down"))
    return any(h is not None and h[0].split()[-1] not in ("by", "of", "de", "en", "un") for h in hits)


@cache
def _changes(language: str, direction: str, side: str) -> re.Pattern[str]:
    rules = statement_rules(language)
    words = rules["change" if side == "before" else "change_after"][direction]
    body = "|".join(sorted((spaced(str(w)) for w in words), key=len, reverse=True))
    return uncased(rf"(?<!\w)(?:{body})\s*$" if side == "before" else rf"\s*(?:{body})(?!\w)")


def _change(passage: Passage, number: Number, start: int) -> tuple[str, int, int]:
    """(direction or "", start with the verb of change, end of a word of change behind the number)."""
    low, language = passage.lower, passage.language
    if number.unit in ("interval_minutes", "rate_per_100k", "factor"):
        return "", start, 0
    window = max(passage.span[0], start - 40)
    for direction in ("up", "down"):
        hit = _changes(language, direction, "before").search(low[window:start])
        bare = hit is not None and hit[0].strip() in ("up", "down") and number.unit not in RELATIVE
        if hit and not bare and not _from_to(passage.text, hit[0], number.end):
            return direction, window + hit.start(), 0
    if number.unit in ("share", "percentage_points"):
        for direction in ("up", "down"):
            hit = _changes(language, direction, "after").match(
                low, number.end, min(passage.span[1], number.end + 24)
            )
            if hit:
                return direction, start, hit.end()
    return "", start, 0


def _from_to(text: str, cue: str, at: int) -> bool:
    """Whether the number is where a change begins ("bajó de 36 mil en 2018 a 34 mil"): a level, not a change."""
    return cue.split()[-1] in ("de", "from") and _OTHER_END.match(text, at, at + 80) is not None


_OTHER_END = re.compile(r"[^.;]{0,60}?\s(?:a|to)\s+(?:los\s+|las\s+)?\d")


def _listed(text: str, end: int, start: int) -> bool:
    """Whether a figure follows the last one in the same list, so that its hedge carries over ("more than 5 dead, 4 missing")."""
    return start >= end and _LIST_GAP.fullmatch(text, end, start) is not None


_LIST_GAP = re.compile(r"\s*(?:[\w’'-]+\s*){0,2},\s*")


def _share_of(passage: Passage, number: Number, trail: tuple[Statement, ...]) -> str:
    """What a share is of, as written; for "of them", what the figure before it counts."""
    hit = pattern(passage.language, "share_of", r"\s*{}(?=\S)").match(
        passage.lower, number.end, passage.span[1]
    )
    if not hit:
        return ""
    meant = pattern(passage.language, "meant_before", r"{}(?!\w)").match(passage.lower, hit.end())
    if meant:
        told = (f.quantity.noun for f in reversed(trail) if f.quantity and f.block == passage.index)
        return next((noun for noun in told if noun), "")
    at, stop = hit.end(), _words(passage.language, "noun_stop")
    for _ in range(6):
        word = _WORD.match(passage.text, at, passage.span[1])
        if not word or word[1].lower() in stop or re.search(r"[,.;:(]", passage.text[at : word.start(1)]):
            break
        at = word.end(1)
    return passage.text[hit.end() : at].strip()
