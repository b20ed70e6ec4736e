"""The patterns of dates and periods of a language, built once from its lexicon."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from careo.base.shipped import language_data
from careo.base.words import alternation, fold

YEAR = r"(?:19|20)[0-9]{2}(?![0-9%]|[.,][0-9])"


@dataclass(frozen=True, slots=True)
class DateWords:
    """Patterns and words of one language; every pattern is matched at a word, never searched through the text.

    Attributes:
        cores: kind of date → its pattern. triggers: first word, or shape of a number → the kinds that may begin with it.
        telling: word → the kinds that a text with this word may hold; free: the kinds that need no such word.
    """

    language: str
    months: Mapping[str, int]
    months_need_capital: bool
    weekdays: Mapping[str, int]
    counts: Mapping[str, int]
    units: Mapping[str, str]
    cores: Mapping[str, re.Pattern[str]]
    triggers: Mapping[str, tuple[str, ...]]
    telling: Mapping[str, frozenset[str]]
    free: frozenset[str]
    relative: Mapping[str, tuple[str, int]]
    year_of: Mapping[str, int]
    portions: Mapping[str, tuple[int, int]]
    every: Mapping[str, str]
    before: re.Pattern[str]
    opener: re.Pattern[str]
    between: re.Pattern[str]
    join: re.Pattern[str]
    join_between: re.Pattern[str]
    join_loose: re.Pattern[str]
    onwards: re.Pattern[str]
    month: re.Pattern[str]
    month_before: re.Pattern[str]
    month_rel_before: Mapping[str, int]
    month_rel_after: Mapping[str, int]
    future: re.Pattern[str]
    short_not_before: frozenset[str]
    part_end: frozenset[str]
    day_first: bool
    term: Mapping[str, Any]


@cache
def date_words(language: str) -> DateWords:
    """The patterns of "en" or "es"."""
    data, numbers = language_data(language, "dates"), language_data(language, "numbers")
    a = alternation
    months = {fold(k): int(v) for k, v in data["months"].items()}
    weekdays = {fold(k): int(v) for k, v in data["weekdays"].items()}
    counts = {fold(k): int(v) for k, v in numbers["words"].items()} | {
        fold(w): 1 for w in (*numbers["one"], *numbers["article"])
    }
    units = {fold(w): unit for unit, names in numbers["times"].items() for w in names}
    n = rf"(?P<n>[0-9]{{1,4}}(?![0-9.,][0-9])|{a(counts)})"
    unit = rf"(?P<unit>{a(units)})"
    year = rf"(?P<year>{YEAR})"
    year_of = {fold(k): int(v) for k, v in data["relative"]["year_of"].items()}
    relative = {
        fold(k): (kind, int(v))
        for kind in ("year", "month", "week", "day")
        for k, v in data["relative"][kind].items()
    }
    portions = {fold(k): (int(v[0]), int(v[1])) for k, v in data["portions"].items()}
    of = rf"(?:\s?{a(data['portion_of'])}|\s(?:de|del|of|in))"
    some_year = rf"(?:{year}|(?P<rel>{a(year_of)}))"
    month = a(months)
    monthly_year = rf"(?:(?:,?\s|\s(?:de|del|of)\s(?:(?:ano|the)\s)?|[-/]){year}|(?:\s(?:de|del|of))?\s(?P<rel>{a(year_of)}))"
    stop = r"(?:\.(?=,?\s(?:de\s|del\s)?[0-9]{4}))?"  # of an abbreviation, not of the sentence
    th = r"(?:(?:st|nd|rd|th|o|º|°|er|ro)\.?)?"
    every = {fold(p): kind for kind, phrases in data["every"].items() for p in phrases}
    short = {fold(p): kind for kind, phrases in data["every_short"].items() for p in phrases}
    term = data["term"]
    after_short = a(data["every_short_not_after"])
    first_months = "|".join(_slots(p, n=n) for p in data["first_months"])
    some_year_here = rf"(?:{YEAR}|{a(year_of)})"
    first_days = "|".join(
        _slots(p, n=n, unit=unit) for p in sorted(term["first_days"], key=len, reverse=True)
    )
    cores = {
        "numeric": r"(?:(?P<y>[0-9]{4})[-/.](?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})(?:t[0-9:.]+(?:z|[+-][0-9:]+)?)?|(?P<a>[0-9]{1,2})(?P<sep>[/.-])(?P<b>[0-9]{1,2})(?P=sep)(?P<c>[0-9]{4}))(?![0-9])",
        "isomonth": r"(?P<y>(?:19|20)[0-9]{2})-(?P<m>0[1-9]|1[0-2])(?![0-9-])",
        "years": r"(?P<year>(?:19|20)[0-9]{2})\s?[-–—/]\s?(?P<short>[0-9]{2})(?![0-9-])",
        "decade": rf"(?P<year>(?:19|20)[0-9]0)['’]?{a(data['decades'])}"
        if language == "en"
        else r"(?:(?:la\s)?decada\sde(?:\slos)?|los(?:\sanos)?|anos)\s(?P<year>(?:19|20)?[0-9]0)(?![0-9%.,])",
        "days": rf"(?P<d1>[0-9]{{1,2}}){th}(?:\s(?:al?|to|and|y|through)\s(?:el\s)?|\s?[-–]\s?)(?P<d2>[0-9]{{1,2}}){th}\s(?:de\s|of\s)?(?P<month>{month}){stop}{monthly_year}?",
        "day": rf"(?P<d>[0-9]{{1,2}}){th}(?:\s(?:de\s|of\s(?:the\s)?)?|[-.])(?P<month>{month}){stop}{monthly_year}?",
        "monthdays": rf"(?P<month>{month})\.?\s(?P<d1>[0-9]{{1,2}}){th}(?:\s?[-–]\s?|\s(?:to|and|through|a|al|y)\s)(?P<d2>[0-9]{{1,2}}){th}(?![0-9:%]|[.,][0-9]|\s?{month}){monthly_year}?",
        "monthday": rf"(?P<month>{month})\.?\s(?:the\s)?(?P<d>[0-9]{{1,2}}){th}(?![0-9:%]|[.,][0-9]){monthly_year}?",
        "month": rf"(?P<month>{month})(?:\.(?=\s[0-9]))?{monthly_year}?",
        "weekday": rf"(?:(?P<lead>{a(data['weekday_lead'])}|(?P<next>{a(data['weekday_next'])}))\s){'?' if data['weekday_lead_optional'] else ''}(?P<weekday>{a(weekdays)})(?:\s(?P<after>{a(data['weekday_last_after'])}))?",
        "year": year,
        "relative": rf"(?P<phrase>{a(relative)})",
        "portion": rf"(?:(?:the|los|las|el|la)\s)?(?:(?P<portion>{a(portions)})|{first_months})(?:{of}(?:\s(?:the|el|este)(?=\s[0-9]))?\s?|\s|-){some_year}",
        "portion_alone": rf"(?P<portion>{a(p for p in portions if p.split()[-1] in data['portion_alone'])})",
        "rolling": rf"(?:{a(data['rolling_since'])}\s)?(?:(?:{a(data['rolling'])}\s{n}\s(?:(?:full|calendar|fiscal|consecutive)\s)?|{n}\s{a(data['rolling'])}\s){unit}|{a(data['rolling_single'])}\s(?P<single>{a(units)}))",
        "next": rf"(?:{a(data['next_lead'])}\s)?(?:{a(data['next'])}\s{n}\s{unit}|{n}\s{a(data['next'])}\s{unit})",
        "ending": rf"(?:{a(data['next_lead'])}\s)?{n}\s{unit}\s{a(data['ending'])}\s(?P<month>{month}){monthly_year}",
        "within": rf"{a(data['within'])}\s{n}[\s-]{unit}",
        "over": rf"{a(data['over'])}\s{n}\s{unit}",
        "ago": rf"{a(data['ago_before'])}\s{n}\s{unit}"
        if data["ago_before"]
        else rf"{n}\s{unit}\s{a(data['ago_after'])}",
        "so_far": "|".join(_slots(p, year=year) for p in sorted(data["so_far"], key=len, reverse=True)),
        "every": rf"(?P<phrase>{a(every)})",
        "short": rf"(?P<phrase>{a(short)})(?!\s(?:{after_short}|[0-9]))" if short else r"(?!)",
        "first_days": rf"(?:{a(term['first_lead'])}\s)?(?:{first_days})(?!{of}\s?{some_year_here})",
        "term_so_far": a(term["so_far"]),
        "term_current": rf"(?:{a(term['lead'])}\s)?{a(term['current'])}",
        "term_previous": rf"(?:{a(term['lead'])}\s)?{a(term['previous'])}",
        "term_end": rf"{a(term['end'])}",
    }
    digits_first = (
        ("numeric", "isomonth", "years", "decade", "days", "day", "year", "rolling", "next", "ago", "ending")
        if language == "en"
        else ("numeric", "isomonth", "years", "days", "day", "year", "rolling", "next", "ending")
    )
    triggers: dict[str, list[str]] = {"0": [*digits_first, "portion"]}

    def trigger(core: str, *phrase_lists: Iterable[str]) -> None:
        for phrases in phrase_lists:
            for phrase in phrases:
                head = re.split(r"[\s.\d{-]", fold(phrase))[0]
                names = triggers.setdefault(head or "0", [])
                if core not in names:
                    names.append(core)

    for core in ("monthdays", "monthday", "month"):
        trigger(core, months)
    trigger("weekday", data["weekday_lead"], data["weekday_next"])
    if data["weekday_lead_optional"]:
        trigger("weekday", weekdays)
    trigger("relative", relative)
    trigger("portion", portions, data["first_months"], ["the", "los", "las", "el", "la"])
    trigger("portion_alone", (p for p in portions if p.split()[-1] in data["portion_alone"]))
    trigger("rolling", data["rolling_since"], data["rolling"], data["rolling_single"])
    trigger("next", data["next_lead"], data["next"])
    trigger("ending", data["next_lead"], counts)
    trigger("within", data["within"])
    trigger("over", data["over"])
    trigger("ago", data["ago_before"] or counts)
    trigger("so_far", data["so_far"])
    trigger("every", every)
    trigger("short", short)
    trigger("first_days", term["first_days"], term["first_lead"])
    trigger("term_so_far", term["so_far"])
    trigger("term_current", term["lead"], term["current"])
    trigger("term_previous", term["lead"], term["previous"])
    trigger("term_end", term["end"])
    if language == "es":
        trigger("decade", ["la", "decada", "los", "anos"])
        trigger("portion", counts)
        trigger("rolling", counts)
        trigger("next", counts)
    by_shape = {shape: [k for k in triggers["0"] if k not in _NEVER[shape]] for shape in _NEVER}
    triggers |= by_shape
    needed: dict[str, Iterable[str]] = {
        **dict.fromkeys(("within", "over"), units),
        **dict.fromkeys(("days", "day", "ending"), months),
        "rolling": (*data["rolling"], *data["rolling_single"]),
        "next": data["next"],
        "ago": data["ago_before"] or data["ago_after"],
        "first_days": term["first_days"],
        "portion": (*portions, *data["first_months"]),
        "portion_alone": portions,
        "weekday": weekdays,
        "relative": relative,
        "so_far": data["so_far"],
        "every": every,
        "short": short,
        "term_so_far": term["so_far"],
        "term_current": term["current"],
        "term_previous": term["previous"],
        "term_end": term["end"],
    }
    telling: dict[str, set[str]] = {}
    for core, phrases in needed.items():
        for word in telling_words(phrases):
            telling.setdefault(word, set()).add(core)
    forms = data["before"]
    part = a(data["parts"])
    lead = "|".join(
        f"(?P<{form}>{a(forms[form])})"
        for form in ("before", "by", "since", "until", "after", "at")
        if forms[form]
    )
    return DateWords(
        language=language,
        months=months,
        months_need_capital=bool(data["months_need_capital"]),
        weekdays=weekdays,
        counts=counts,
        units=units,
        cores={name: _compiled(pattern) for name, pattern in cores.items()},
        triggers={head: tuple(names) for head, names in triggers.items()},
        telling={word: frozenset(kinds) for word, kinds in telling.items()},
        free=frozenset(cores.keys() - needed.keys()),
        relative=relative,
        year_of=year_of,
        portions=portions,
        every=every | short,
        before=re.compile(
            rf"(?<!\w)(?:(?:{lead})(?:\s(?P<part>{part}))?|(?:{a(data['at_before_part'])}\s)?(?P<only>{part}))\s?\Z"
        ),
        opener=re.compile(rf"(?<!\w)(?:{a(forms['from'])})(?:\s{part})?\s\Z"),
        between=re.compile(rf"(?<!\w)(?:{a(forms['between'])})(?:\s{part})?\s\Z"),
        join=re.compile(rf"\s?{a(data['join'])}\s?(?:{part}\s)?"),
        join_between=re.compile(rf"\s{a(data['join_between'])}\s(?:{part}\s)?"),
        join_loose=re.compile(rf"\s{a(data['join_loose'])}\s(?:{part}\s)?|,\s"),
        onwards=re.compile(rf",?\s{a(data['after']['since'])}"),
        month=re.compile(month),
        month_before=re.compile(rf"(?:(?<!\w){a(data['month_before'])}|[-–(])\s?(?:{part}\s)?\Z"),
        month_rel_before={fold(k): int(v) for k, v in data["month_rel_before"].items()},
        month_rel_after={fold(k): int(v) for k, v in data["month_rel_after"].items()},
        future=re.compile(rf"(?<!\w){a(data['future_before'])}"),
        short_not_before=frozenset(fold(w) for w in data["every_short_not_before"]),
        part_end=frozenset(fold(w) for w in data["part_end"]),
        day_first=bool(data["day_first"]),
        term=term,
    )


_YEARS = ("isomonth", "years", "decade", "year")
_NEVER = {
    "0": _YEARS,
    "00": _YEARS,
    "000": (*_YEARS, "days", "day"),
    "0000": (*_YEARS, "days", "day"),
    "2000": ("days", "day"),
}
"""Shape of a number → kinds of dates that begin with a number, but not with such a one."""


def shape_of(number: str) -> str:
    """The shape of up to four digits, as a key of `DateWords.triggers`: as many noughts, or "2000" for a year."""
    return "2000" if len(number) == 4 and number[:2] in ("19", "20") else "0" * len(number)


def telling_words(phrases: Iterable[str]) -> frozenset[str]:
    """The longest word of every phrase, folded: a text that has none of these words has none of the phrases."""
    bare = (re.sub(r"\{\w+\}", " ", fold(phrase)) for phrase in phrases)
    return frozenset(max(reversed(re.findall(r"[^\W\d_]+", phrase)), key=len) for phrase in bare)


def _slots(phrase: str, **patterns: str) -> str:
    """A phrase with `{slots}` as a pattern."""
    pieces = re.split(r"(\{\w+\})", phrase)
    return "".join(
        patterns[p[1:-1]]
        if p.startswith("{")
        else r"\s{1,3}".join(re.escape(w) for w in re.split(r" ", fold(p)))
        for p in pieces
    )


def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile `pattern`; a group named twice becomes `name`, `name_2`, …, which `group()` reads as one."""
    seen: dict[str, int] = {}

    def rename(match: re.Match[str]) -> str:
        name = match[1]
        seen[name] = seen.get(name, 0) + 1
        return f"(?P<{name}>" if seen[name] == 1 else f"(?P<{name}_{seen[name]}>"

    return re.compile(re.sub(r"\(\?P<(\w+)>", rename, pattern))


def group(match: re.Match[str], name: str) -> str:
    """What the group `name` holds, under any of its numbers; "" for nothing."""
    groups = match.groupdict()
    if groups.get(name):
        return groups[name] or ""
    k = 2
    while f"{name}_{k}" in groups:
        if groups[f"{name}_{k}"]:
            return groups[f"{name}_{k}"] or ""
        k += 1
    return ""


def name_patterns(
    language: str, names: Iterable[str]
) -> tuple[re.Pattern[str], re.Pattern[str], frozenset[str]]:
    """Patterns for the time in office of anyone of `names`, the one for "since X took office", and the words that may open them."""
    term = date_words(language).term
    name = rf"(?P<name>{alternation(names)})"
    title = rf"(?:{alternation(term['titles'])}\s)?"
    office = alternation(term["office"])

    def build(phrases: list[str]) -> re.Pattern[str]:
        ordered = sorted(phrases, key=len, reverse=True)
        return _compiled("|".join(_slots(p, name=name, title=title, office=office) for p in ordered))

    heads = {fold(w).split()[0] for p in (*term["of"], *term["since"]) for w in [p] if not p.startswith("{")}
    heads |= {fold(w).split()[0] for w in (*names, *term["titles"], *term["office"])}
    heads |= {re.split(r"[\s'’.-]", fold(w))[0] for w in (*names, *term["titles"])}
    return build(term["of"]), build(term["since"]), frozenset(heads)
