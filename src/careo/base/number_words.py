"""The words and patterns around numbers in one language, built once from its lexicon."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from careo.base.amounts import AmountWords, amount_words
from careo.base.shipped import language_data
from careo.base.words import alternation, fold, single_spaced


@dataclass(frozen=True, slots=True)
class NumberWords:
    """Words and patterns of one language."""

    language: str
    words: AmountWords
    units: re.Pattern[str]
    prefix: re.Pattern[str]
    currencies: dict[str, str]
    signs: dict[str, str]
    times: dict[str, str]
    ordinal: re.Pattern[str]
    date: re.Pattern[str]
    month_before: re.Pattern[str]
    clock: re.Pattern[str]
    clock_before: re.Pattern[str]
    reading: re.Pattern[str]
    age_before: frozenset[str]
    age_noun_before: frozenset[str]
    not_age_before: frozenset[str]
    year_before: frozenset[str]
    year_strong: frozenset[str]
    identifier_before: frozenset[str]
    identifier_unless_of: frozenset[str]
    plural_identifiers: frozenset[str]
    street_after: re.Pattern[str]
    every: re.Pattern[str]
    per: re.Pattern[str]
    per_sure: re.Pattern[str]
    population: re.Pattern[str]
    ratio: re.Pattern[str]
    ratio_sure: re.Pattern[str]
    range_gap: re.Pattern[str]
    hyphen_gap: re.Pattern[str]
    between: re.Pattern[str]
    between_gap: re.Pattern[str]
    came_from: re.Pattern[str]
    range_from: re.Pattern[str]
    range_verbs: re.Pattern[str]
    change_verbs: re.Pattern[str]
    factor_before: re.Pattern[str]
    several_before: re.Pattern[str]
    several_alone: frozenset[str]
    pairs: dict[str, tuple[frozenset[str], frozenset[str]]]
    of: re.Pattern[str]
    half_after: frozenset[str]
    half_before: frozenset[str]
    half_factor: frozenset[str]
    half_word_before: str
    part: re.Pattern[str]
    uncounted: frozenset[str]
    stops: frozenset[str]
    measures: frozenset[str]
    decade_after: re.Pattern[str]
    decade_before: frozenset[str]
    list_gap: re.Pattern[str]
    months: frozenset[str]
    sign_words: frozenset[str]
    between_last: frozenset[str]
    unit_heads: frozenset[str]
    clock_heads: frozenset[str]
    factor_last: frozenset[str]
    per_last: frozenset[str]
    slash_names: frozenset[str]
    compound_names: frozenset[str]
    denominators: Mapping[str, int]
    comparatives: frozenset[str]
    fraction_before: frozenset[str]
    no_part_after: re.Pattern[str]
    alias: str
    not_alone: frozenset[str]
    fraction_verbs: frozenset[str]
    ratio_noun: re.Pattern[str]
    ratio_first: re.Pattern[str]
    names_with_capital: frozenset[str]
    street_before: re.Pattern[str]
    half_times: re.Pattern[str]
    against_last: frozenset[str]
    line_words: frozenset[str]
    not_counted_after: frozenset[str]


@cache
def number_words(language: str) -> NumberWords:
    data, dates = language_data(language, "numbers"), language_data(language, "dates")
    a = alternation

    def words(key: str) -> frozenset[str]:
        return frozenset(fold(word) for word in data[key])

    def here(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern)

    months = a(dates["months"])
    full_stop = r"(?:\.(?=,?\s(?:de\s|del\s)?[0-9]{4}))?"  # of an abbreviation, not of the sentence
    link = a(data["currency_links"])
    currencies = {
        single_spaced(fold(word)): code for code, names in data["currencies"].items() for word in names
    }
    times = {fold(word): unit for unit, names in data["times"].items() for word in names}
    signs = {re.sub(r"\s", "", fold(word)): code for word, code in data["signs"].items()}
    percent = a(w for w in data["percent"])
    units = (
        rf"(?P<points>\s?%?[\s-]{{0,2}}{a(data['points'])})"
        rf"|(?P<percent>[\s-]?{percent})"
        rf"|(?P<factor>[\s-]?{a(data['factor_after'])}|x(?!\w))"
        rf"|(?P<age>[\s]?{a(data['age_after'])})"
        rf"|(?P<time>[\s-]{{0,2}}(?:{a(data['time_links'])}\s)?(?P<unit>{a(times)}))"
        rf"|(?P<money>[\s-]{{0,2}}(?:{link}\s)?(?P<currency>{a(currencies)}))"
    )
    sign_words = sorted(signs, key=len, reverse=True)
    prefix = "|".join(
        (r"(?<!\w)" if s[0].isalpha() else "")
        + r"\s?".join(re.escape(c) for c in re.split(r"(?=\$)", s) if c)
        for s in sign_words
    )
    pairs = {
        fold(word): (frozenset(entry["after"]), frozenset(entry["before"]))
        for entry in data["factor_pairs"].values()
        for word in entry["words"]
    }
    endings = "|".join(sorted((re.escape(e) for e in data["ordinal_endings"]), key=len, reverse=True))
    of_words = a([*data["of"], "de", "of"])
    hyphens = "[" + re.escape("".join(data["range_hyphens"])).replace("/", "") + "]"
    return NumberWords(
        language=language,
        words=amount_words(language),
        units=here(units),
        prefix=here(rf"(?:{prefix})\s?\Z"),
        currencies=currencies,
        signs=signs,
        times=times,
        ordinal=here(rf"\.?(?:{endings})(?!\w)"),
        date=here(
            rf"(?:st|nd|rd|th|o|º|°|er|ro)?\.?(?:[\s.-]{{1,2}}|\s(?:de|of)\s(?:the\s)?){months}{full_stop}(?:(?:,?\s|[\s-]|\s(?:de|del|of)\s(?:ano\s)?)[0-9]{{4}}(?![0-9%]|[.,][0-9]))?"
        ),
        month_before=here(rf"(?<!\w){months}\.?[\s-](?:(?:the|el|de|del|of)\s)?(?:ano\s)?\Z"),
        clock=here(
            rf"(?::[0-5][0-9]){{0,2}}\s?{a(data['clock'])}|(?::[0-5][0-9]){{1,2}}(?![0-9:])|h[0-5][0-9](?!\w)"
        ),
        clock_before=here(rf"(?<!\w){a(data['clock_before'])}\s\Z"),
        reading=here(rf"\s{a(data['reading_after'])}"),
        age_before=words("age_before"),
        age_noun_before=words("age_noun_before"),
        not_age_before=words("not_age_before"),
        year_before=words("year_before"),
        year_strong=words("year_strong"),
        identifier_before=words("identifier_before"),
        identifier_unless_of=words("identifier_unless_of"),
        plural_identifiers=words("plural_identifiers"),
        street_after=here(rf"(?:st|nd|rd|th)?(?:\s\w{{2,20}}){{0,3}}?\s{a(data['street_after'])}"),
        every=here(rf"(?<!\w){a(data['every'])}\s\Z"),
        per=here(rf"\s{a(data['per'])}\s\Z"),
        per_sure=here(rf"\s{a(data['per_sure'])}\s\Z"),
        population=here(rf"\s{a(data['population'])}"),
        ratio=here(rf"\s{a(data['ratio'])}\s"),
        ratio_sure=here(rf"\s{a([*data['ratio_of'], 'out of', 'of every', 'out of every', 'in every'])}\s"),
        range_gap=here(rf"\s{a(data['range_words'])}\s|\s?{hyphens}\s?"),
        hyphen_gap=here(rf"\s?(?:{hyphens}|/)\s?"),
        between=here(rf"(?<!\w){a(data['between'])}\s(?:(?:los|las|el|the)\s)?\Z"),
        between_gap=here(rf"\s{a(data['between_join'])}\s(?:(?:los|las|el|the)\s)?"),
        came_from=here(rf"(?<!\w){a(data['from'])}\s(?:(?:a|some|about|around|just|over)\s){{0,2}}\Z"),
        range_from=here(rf"(?<!\w){a(data['range_from'])}\s(?:(?:los|las|el)\s)?\Z"),
        range_verbs=here(rf"(?<!\w){a(data['range_verbs'])}"),
        change_verbs=here(
            rf"(?<!\w)(?:{'|'.join(sorted((fold(v) for v in data['change_verbs']), key=len, reverse=True)) or '(?!)'})\w{{0,7}}(?!\w)"
        ),
        factor_before=here(rf"(?<!\w){a(data['factor_before'])}\s\Z"),
        several_before=here(rf"(?<!\w){a(data['several_before'])}\s\Z"),
        several_alone=frozenset(fold(w) for w in data["several_alone"]),
        pairs=pairs,
        of=here(rf"\s{of_words}\s?"),
        half_after=words("half_share_after"),
        half_before=words("half_share_before"),
        half_factor=words("half_factor_before"),
        half_word_before=data["half_word_before"],
        part=here(rf"\s{a(data['part'])}"),
        uncounted=words("uncounted"),
        stops=words("stops"),
        measures=words("measures"),
        decade_after=here(rf"{a(data['decade_after'])}"),
        decade_before=words("decade_before"),
        months=frozenset(fold(m) for m in dates["months"]),
        sign_words=frozenset(s for s in signs if s.isalpha()),
        between_last=_lasts([*data["between"], "los", "las", "el", "the"]),
        unit_heads=_heads(
            [
                *data["points"],
                *data["percent"],
                *data["factor_after"],
                *data["age_after"],
                *times,
                *data["time_links"],
                *data["currency_links"],
                *currencies,
                "x",
            ]
        ),
        clock_heads=_heads([*data["clock"], "h"]),
        factor_last=_lasts(data["factor_before"]),
        per_last=_lasts([*data["per"], *data["per_sure"]]),
        slash_names=frozenset(data["slash_names"]),
        compound_names=words("compound_names"),
        denominators={fold(word): int(value) for word, value in data["denominators"].items()},
        comparatives=words("fraction_after"),
        fraction_before=words("fraction_before"),
        no_part_after=here(rf"\s{a(data['no_part_after'])}"),
        alias=data["alias"],
        not_alone=words("not_alone"),
        fraction_verbs=words("fraction_verbs"),
        ratio_noun=here(
            rf"(?:\s\w{{2,20}}){{1,3}}\s{a([*data['ratio_of'], 'out of', 'of every', 'out of every'])}\s"
        ),
        ratio_first=here(rf"(?<!\w){a([*data['ratio_of'], 'of every', 'out of every', 'for every'])}\s\Z"),
        names_with_capital=words("names_with_capital"),
        street_before=here(rf"(?<!\w){a(data['street_before'])}\.?\s(?:[\w.]{{2,20}}\s){{1,5}}\Z"),
        half_times=here(r"\sveces\sy\smedia|\sand\sa\shalf\stimes"),
        against_last=_lasts(data["against"]),
        line_words=words("line_words"),
        not_counted_after=words("not_counted_after"),
        list_gap=here(r",\s|\s(?:y|e|and|or|o|to|a|al|&)\s|,\s(?:and|or|y)\s|\s?[-–—]\s?|/"),
    )


def _heads(phrases: Iterable[str]) -> frozenset[str]:
    """The first words of phrases (or the sign they begin with)."""
    return frozenset(m[0] for p in phrases if (m := re.search(r"[^\W\d_]+|%", fold(p))))


def _lasts(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(p).split()[-1] for p in phrases)


_WORD_BEFORE = re.compile(r"([^\W\d_]+)(?:[.,]?[\s(“\"«¿¡]{0,3}|\.?\s?(n[oº°]|num|nos)?[.º°]{1,2}\s?|-)\Z")
_ENDS_NO_WORD = frozenset("0123456789$€£):;/–—%")  # what the pattern above never ends with
_LETTER = re.compile(r"[^\W\d_]")
_WORD_AFTER = re.compile(r"\s([^\W\d_]+)")


def word_before(low: str, at: int) -> str:
    """The word before a place in a folded text, over one sign of punctuation at most; "" when there is none."""
    if at >= 2 and low[at - 1] == " " and low[at - 2].isalpha() and low[at - 2] not in "ºª":
        begin = at - 2
        while begin > 0 and at - begin < 26 and low[begin - 1].isalpha():
            begin -= 1
        return low[begin : at - 1]
    if low[at - 1 : at] in _ENDS_NO_WORD or not _LETTER.search(low, max(0, at - 6), at):
        return ""
    if at == 0 or (low[at - 1] in " \n" and low[at - 2 : at - 1] in ("", " ", "\n") and at < 3):
        return ""
    match = _WORD_BEFORE.search(low, max(0, at - 26), at)
    if match is None:
        return ""
    return "no" if match[2] else match[1]


def word_after(low: str, at: int) -> str:
    """The word after a place, when only white space stands between; else ""."""
    match = _WORD_AFTER.match(low, at)
    return match[1] if match else ""
