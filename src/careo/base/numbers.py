"""Reading numbers as people write them, in English and Spanish."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from careo.base.amounts import Amount, AmountWords, Token, amount_words, read_amount, tokens
from careo.base.shipped import language_data
from careo.base.words import alternation, fold


@dataclass(frozen=True, slots=True)
class Number:
    """One number in a text, with the sign or word that makes its unit.

    Attributes:
        start, end: characters of the text; the expression with its own unit sign or word ("US$2.9 billion", "15%",
            "15 puntos porcentuales", "33 mil", "one in three", "every 15 minutes", "between 20 and 30"), without hedge or noun.
        value: in `unit`. Money in whole currency units; percentages and "one in three" as shares in [0, 1] (0.15);
            percentage points as shares too (15 points = 0.15); "doubled" = 2.0, "halved" = 0.5, "tripled" = 3.0.
        low, high: the ends of a range ("between 20 and 30", "20-30 mil"), else both equal `value` (a range has its middle as value).
        unit: "count", "share", "percentage_points", "rate_per_100k", "factor", "interval_minutes" (every 15 minutes = 15.0),
            "money" (currency not said) or an ISO currency code ("USD", "MXN").
        digits: significant digits as written ("33,000" has 2, "33,341" has 5, "9.2bn" 2); how precise the writer was.
        step: value of one unit in the last significant digit written (33,000 → 1000; 33,341 → 1; $9.2bn → 1e8; 15% → 0.01).
        role: "quantity"; or why it is none: "year", "date", "time", "age", "duration", "ordinal", "enumerator" (list
            marker), "identifier" (Article 19, Resolution 2240, El 85, phone, version, address), "vague" (tens of thousands).
    """

    start: int
    end: int
    value: float
    low: float
    high: float
    unit: str
    digits: int
    step: float
    role: str = "quantity"


def read_numbers(text: str, language: str, *, dollar: str = "USD", peso: str = "MXN") -> tuple[Number, ...]:
    """Every number of `text`, in order, with what it is (`Number.role`).

    Args:
        text: any text.
        language: "en" or "es"; others read as English.
        dollar, peso: the currencies that "$" and "pesos" stand for where nothing more is said.
    """
    lexicon = _lexicon(language if language in ("en", "es") else "en")
    low = fold(text)
    toks = tokens(low, lexicon.words)
    if not toks:
        return ()
    found = _scan(text, low, toks, lexicon)
    found = _linked(low, found, lexicon)
    names = {"DOLLAR": dollar, "PESO": peso}
    return tuple(
        Number(f.start, f.end, f.value, f.low, f.high, names.get(f.unit, f.unit), f.digits, f.step, f.role)
        for f in found
        if f.role and not f.weak
    )


@dataclass(slots=True)
class _Found:
    """A number on its way: what the scan knows, before neighbours are looked at."""

    start: int
    end: int
    value: float
    low: float
    high: float
    unit: str
    digits: int
    step: float
    role: str
    scale: int = 1  # of the amount, to be lent to the first half of a range
    weak: bool = False
    raw: str = ""
    core: int = 0  # where the amount itself begins, behind the currency sign
    tail: int = 0  # where the amount itself ends, before the unit
    cue: bool = False  # an identifier in a list of identifiers


def _found(a: Amount, unit: str, role: str = "quantity", end: int = 0, start: int = -1) -> _Found:
    begin = a.start if start < 0 else start
    return _Found(
        begin, max(end, a.end), a.value, a.value, a.value, unit, a.digits, a.step, role, a.scale, False, a.raw, a.start, a.end
    )


@dataclass(frozen=True, slots=True)
class _Lexicon:
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


@cache
def _lexicon(language: str) -> _Lexicon:
    data, dates = language_data(language, "numbers"), language_data(language, "dates")
    a = alternation

    def words(key: str) -> frozenset[str]:
        return frozenset(fold(word) for word in data[key])

    def here(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern)

    months = a(dates["months"])
    link = a(data["currency_links"])
    currencies = {_spaced(fold(word)): code for code, names in data["currencies"].items() for word in names}
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
        (r"(?<!\w)" if s[0].isalpha() else "") + r"\s?".join(re.escape(c) for c in re.split(r"(?=\$)", s) if c) for s in sign_words
    )
    pairs = {
        fold(word): (frozenset(entry["after"]), frozenset(entry["before"]))
        for entry in data["factor_pairs"].values()
        for word in entry["words"]
    }
    endings = "|".join(sorted((re.escape(e) for e in data["ordinal_endings"]), key=len, reverse=True))
    of_words = a([*data["of"], "de", "of"])
    hyphens = "[" + re.escape("".join(data["range_hyphens"])).replace("/", "") + "]"
    return _Lexicon(
        language=language,
        words=amount_words(language),
        units=here(units),
        prefix=here(rf"(?:{prefix})\s?\Z"),
        currencies=currencies,
        signs=signs,
        times=times,
        ordinal=here(rf"\.?(?:{endings})(?!\w)"),
        date=here(
            rf"(?:st|nd|rd|th|o|º|°)?(?:[\s.-]{{1,2}}|\s(?:de|of)\s(?:the\s)?){months}\.?(?:(?:,?\s|[\s-]|\s(?:de|del|of)\s(?:ano\s)?)[0-9]{{4}}(?![0-9%]|[.,][0-9]))?"
        ),
        month_before=here(rf"(?<!\w){months}\.?[\s-](?:(?:the|el|de|del|of)\s)?(?:ano\s)?\Z"),
        clock=here(rf"(?::[0-5][0-9]){{0,2}}\s?{a(data['clock'])}|(?::[0-5][0-9]){{1,2}}(?![0-9:])|h[0-5][0-9](?!\w)"),
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
        street_after=here(rf"(?:st|nd|rd|th)?\s{a(data['street_after'])}"),
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
        of=here(rf"\s{of_words}\s"),
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
        list_gap=here(r",\s|\s(?:y|e|and|or|o|to|a|al|&)\s|,\s(?:and|or|y)\s|\s?[-–—]\s?|/"),
    )


def _spaced(word: str) -> str:
    return re.sub(r"\s+", " ", word)


_WORD_BEFORE = re.compile(r"([^\W\d_]+)(?:[.,]?[\s(“\"«¿¡]{0,3}|\.?\s?(?:n[oº°]|num|nos)?[.º°]{1,2}\s?|-)\Z")
_WORD_AFTER = re.compile(r"\s([^\W\d_]+)")
_NUMERIC_DATE = re.compile(
    r"(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:t[0-9:.]{4,15}(?:z|[+-][0-9:]{4,5})?)?|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}"
    r"|[0-9]{1,2}([/.-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2}))(?![0-9/])"
)
_PHONE = re.compile(r"(?:[0-9]{1,4}[\s.-]){1,3}[0-9]{2,4}[\s.-][0-9]{4}(?![0-9])|[0-9]{3}[-.][0-9]{4}(?![0-9,.]\d)|[0-9]{10,13}(?![0-9])")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-5][0-9](?::[0-5][0-9])?(?:[.,][0-9]{1,6})?(?![0-9:])")
_LIST_MARK = re.compile(r"[.)\]]\)?-?(?=\s|\Z)")
_SHARE_OF_SLASH = re.compile(r"([0-9]{1,2})/([0-9]{1,3})(?![0-9/])")


def _word_before(low: str, at: int) -> str:
    match = _WORD_BEFORE.search(low, max(0, at - 26), at)
    return match[1] if match else ""


def _word_after(low: str, at: int) -> str:
    match = _WORD_AFTER.match(low, at)
    return match[1] if match else ""


def _scan(text: str, low: str, toks: list[Token], lex: _Lexicon) -> list[_Found]:
    found: list[_Found] = []
    i, done, n = 0, 0, len(toks)
    while i < n:
        tok = toks[i]
        if tok.start < done:
            i += 1
            continue
        got = _one(text, low, toks, i, lex, found)
        if got is None:
            i += 1
            continue
        i, item = got
        if item is not None and item.start >= (found[-1].end if found else 0):
            found.append(item)
            done = item.end
    return found


def _one(text: str, low: str, toks: list[Token], i: int, lex: _Lexicon, found: list[_Found]) -> tuple[int, _Found | None] | None:
    """The number that begins at token i and the index after it."""
    tok = toks[i]
    kind = tok.kind
    if kind == "digits":
        opaque = _opaque(text, low, tok, lex)
        if opaque is not None:
            return i + 1, opaque
    elif kind == "plural":
        return _vague(low, toks, i, i, lex)
    elif kind == "several":
        return _several(low, toks, i, lex)
    elif kind in ("factor", "factor?"):
        return _factor_word(low, tok, i, lex)
    elif kind == "halfword":
        return _half_word(low, tok, i, lex)
    elif kind == "ordinal" or kind == "denominator":
        return i + 1, _part_alone(low, tok, lex) or _ordinal_word(tok)
    elif kind not in ("word", "one", "article", "half", "sign", "scale"):
        return None
    prefix = lex.prefix.search(low, max(0, tok.start - 8), tok.start) if kind in ("digits", "sign") else None
    between = lex.between.search(low, max(0, tok.start - 12), tok.start) is not None
    amount = read_amount(text, low, toks, i, lex.words, prefix is not None, not between)
    if amount is None:
        if kind == "half":
            return i + 1, _half(low, tok, lex)
        if kind == "scale" and lex.per.search(low, max(0, tok.start - 12), tok.start):  # "por millón"
            value = float(tok.value)
            return i + 1, _Found(tok.start, tok.end, value, value, value, "count", 1, value, "quantity", int(value))
        if kind == "article":
            part = _fraction_of(low, toks, i, i + 1, 1, lex, article=True)
            if part is not None:
                return part
        return None
    if kind != "digits" or not amount.currency:
        part = _fraction_of(low, toks, i, amount.after, amount.value, lex, article=False)
        if part is not None and amount.scale == 1 and prefix is None:
            return part
    return amount.after, _classified(text, low, amount, prefix, lex, found)


def _opaque(text: str, low: str, tok: Token, lex: _Lexicon) -> _Found | None:
    """Digits that are part of something else: a date, a time, an address, a phone number, a name."""
    s, e = tok.start, tok.end
    before, after = low[s - 1 : s], low[e : e + 1]

    def role(name: str, start: int, end: int) -> _Found:
        digits = re.sub(r"[^0-9]", "", tok.word)[:15]
        value = float(digits or 0)
        return _Found(start, end, value, value, value, "count", max(1, len(digits)), 1.0, name, raw=tok.word)

    match = _NUMERIC_DATE.match(low, s)
    if match and before not in ("/", ".", "-", ","):
        return role("date", s, match.end())
    if after == ":" or after == "h":
        match = _CLOCK.match(low, s)
        if match:
            clock = lex.clock.match(low, match.end())
            return role("time", s, clock.end() if clock else match.end())
    if before and (before.isalpha() or before in "_#@&=~"):
        if lex.prefix.search(low, max(0, s - 8), s) is None:
            begin = _run_back(low, s)
            return role("identifier", begin, _run_on(low, e))
    if before in ("/", ".", ":", "-", "–", "‑", "'", "’", "?") and s >= 2:
        begin = _run_back(low, s)
        run = low[begin:s]
        if "://" in run or run.startswith("www.") or "@" in run or "#" in run or (before in "/." and any(c.isalpha() for c in run[:-1]) and "$" not in run):
            return role("identifier", begin, _run_on(low, e))
        if before in "-–‑" and low[s - 2].isalpha():
            year = tok.word.isdigit() and len(tok.word) == 4 and 1900 <= int(tok.word) <= 2100
            if year:
                return None
            if tok.word.isdigit():
                return role("identifier", begin, e)
    if before == "+" or low[max(0, s - 2) : s] == "+(":
        match = _PHONE.match(low, s)
        if match:
            return role("identifier", s - 1, match.end())
    if len(tok.word) <= 13 and tok.word[0].isdigit():
        match = _PHONE.match(low, s)
        if match and before not in ("$", "/", "€", "£") and not _looks_like_years(match[0]) and (before != "-"):
            return role("identifier", s, match.end())
    if after == "/" or after == "-":
        match = _SHARE_OF_SLASH.match(low, s)
        if match and low[match.end() : match.end() + 1] != "%":
            top, bottom = int(match[1]), int(match[2])
            tail = lex.of.match(low, match.end()) or lex.part.match(low, match.end())
            if tail and 0 < top < bottom:
                found = role("quantity", s, match.end())
                found.value = found.low = found.high = top / bottom
                found.unit, found.digits, found.step = "share", 1, _share_step(top, bottom)
                return found
            if len(match[2]) <= 2 and not (bottom > top and bottom - top < 3 and False):
                return role("date" if top <= 31 and 1 <= bottom <= 12 and (top, bottom) != (9, 11) else "identifier", s, match.end())
        if after == "-" and len(low) > e + 1 and low[e + 1].isalpha():
            stop = _run_on(low, e)
            word = low[e + 1 : stop]
            if len(word) == 1 and text[e + 1].isupper():  # 11-S
                return role("identifier", s, e + 2)
    if len(tok.word) > 32:
        return role("identifier", s, e) if len(tok.word) <= 60 else None
    return None


def _looks_like_years(text: str) -> bool:
    parts = re.split(r"[\s.-]", text)
    return all(len(part) == 4 and part[0] in "12" for part in parts) or (len(parts) > 1 and any(len(p) == 3 for p in parts[1:]) and all(len(p) == 3 for p in parts[1:]))


def _run_back(low: str, at: int) -> int:
    """Where the run of characters without white space or quotes that ends at `at` begins (at most 80 back)."""
    begin = at
    while begin > 0 and at - begin < 80 and not low[begin - 1].isspace() and low[begin - 1] not in "()[]“”\"«»,;<>|":
        begin -= 1
    return begin


def _run_on(low: str, at: int) -> int:
    """Where the run of letters, digits and address signs that begins at `at` ends (at most 80 on)."""
    end = at
    while end < len(low) and end - at < 80 and (low[end].isalnum() or low[end] in "_-/.?=&%#@:~+"):
        end += 1
    while end > at and low[end - 1] in ".?:-":
        end -= 1
    return end


def _classified(text: str, low: str, a: Amount, prefix: re.Match[str] | None, lex: _Lexicon, found: list[_Found]) -> _Found | None:
    """An amount with its unit and role, from the words around it."""
    s, e = a.start, a.end
    whole = a.value == int(a.value)
    bare = a.scale == 1 and a.raw != "" and a.shape == "plain"
    if prefix is None and not a.currency:
        if a.shape == "broken":
            return _found(a, "count", "identifier")
        if whole and a.scale == 1 and a.value <= 31:
            date = lex.date.match(low, e) if a.value >= 1 else None
            if date and _month_is_meant(text, e, date, lex):
                return _found(a, "count", "date", date.end())
            if bare and a.value >= 1:
                month = lex.month_before.search(low, max(0, s - 20), s)
                if month and _capital(text, month.start(), lex):
                    year = re.compile(r",?\s(?:de\s|del\s)?[0-9]{4}(?![0-9])").match(low, e) if lex.language == "en" else None
                    return _found(a, "count", "date", year.end() if year else e, month.start())
        if a.raw and bare:
            clock = lex.clock.match(low, e) if a.value <= 24 else None
            if clock:
                return _found(a, "count", "time", clock.end())
            if a.value <= 24 and lex.clock_before.search(low, max(0, s - 8), s) and not lex.units.match(low, e):
                if not _word_after(low, e) or _word_after(low, e) in ("de", "del", "horas", "y", "en"):
                    return _found(a, "count", "time")
    unit = lex.units.match(low, e)
    kind = unit.lastgroup if unit else None
    if kind in ("unit", "time") and unit:
        kind = "time"
    elif kind == "currency":
        kind = "money"
    if prefix is not None or a.currency:
        sign = re.sub(r"\s", "", prefix[0]) if prefix else ""
        code = a.currency or lex.signs.get(sign, "money")
        end = e
        if unit and kind == "money":
            said = lex.currencies[_spaced(unit["currency"])]
            if said != "DOLLAR" or code == "DOLLAR":
                code = said
            end = unit.end()
        begin = prefix.start() if prefix else s
        return _signed(low, _found(a, code, end=end, start=begin))
    if unit and kind == "points":
        return _signed(low, _shared(_found(a, "percentage_points", end=unit.end()), 100))
    if unit and kind == "percent":
        return _signed(low, _shared(_found(a, "share", end=unit.end()), 100))
    if unit and kind == "money" and not a.weak:
        return _signed(low, _found(a, lex.currencies[_spaced(unit["currency"])], end=unit.end()))
    if unit and kind == "money":
        return _found(a, lex.currencies[_spaced(unit["currency"])], end=unit.end()) if unit["currency"] not in ("mn",) else None
    if unit and kind == "factor":
        return _found(a, "factor", end=unit.end())
    if unit and kind == "age":
        return _found(a, "count", "age", unit.end())
    if unit and kind == "time":
        return _time(text, low, a, unit, lex)
    if lex.factor_before.search(low, max(0, s - 24), s):
        return _found(a, "factor")
    if a.scale == 1 and a.raw:
        role = _name_or_year(text, low, a, lex, found)
        if role is not None:
            return role
    if a.scale == 1 and a.raw and e < len(low) and low[e].isalpha():
        stop = _run_on(low, e)
        if low[e:stop] not in lex.measures:
            return _found(a, "count", "identifier", stop)
    item = _signed(low, _found(a, "count"), sure=False)
    item.weak = a.weak
    return item


def _name_or_year(text: str, low: str, a: Amount, lex: _Lexicon, found: list[_Found]) -> _Found | None:
    """Digits with no unit of their own: a year, an ordinal, a list marker, an age, the number of an article."""
    s, e, value, plain = a.start, a.end, a.value, a.shape == "plain"
    word = _word_before(low, s)
    if plain:
        ordinal = lex.ordinal.match(low, e)
        if ordinal and not (ordinal[0] in ("a.", "o.", "o", "a") and low[e : e + 1].isspace()):
            return _found(a, "count", "ordinal", ordinal.end())
        if len(a.raw) in (2, 4) and value % 10 == 0:
            decade = lex.decade_after.match(low, e)
            if decade or (word in lex.decade_before and len(a.raw) == 2 and word not in ("los",)):
                return _found(a, "count", "year", decade.end() if decade else e)
        if a.value < 100 and (mark := _enumerator(low, s, e)) is not None:
            return _found(a, "count", "enumerator", mark, s)
    if word in lex.identifier_before and not _spoken(low, word, s, e, lex):
        item = _found(a, "count", "identifier")
        item.cue = word in lex.plural_identifiers
        return item
    if found and found[-1].cue and lex.list_gap.fullmatch(low, found[-1].end, s):
        item = _found(a, "count", "identifier")
        item.cue = True
        return item
    if plain and _is_year(text, low, a, word, lex, found):
        return _found(a, "count", "year")
    if plain and 1 <= value <= 120:
        if word in lex.age_before:
            return _found(a, "count", "age")
        if low[s - 2 : s] == ", " and low[e : e + 2] in (", ", ",\n") and _named_before(text, low, s):
            return _found(a, "count", "age")
    if plain and lex.street_after.match(low, e):
        return _found(a, "count", "identifier")
    if plain and len(a.raw) > 1 and a.raw[0] == "0":
        return _found(a, "count", "identifier")
    return None


def _spoken(low: str, word: str, s: int, e: int, lex: _Lexicon) -> bool:
    """Whether an identifier cue right before a number does not name it: "top 5 states", "no 20 personas", "caso 3 personas"."""
    if word in ("no", "el", "sub", "p", "art"):
        gap = low[max(0, s - 3) : s]
        if word == "el":
            return not (low[e : e + 1] in ",.;)”\"»'" or e >= len(low)) if lex.language == "es" else False
        if word == "no" and "." not in gap and "º" not in gap:
            return True
    if low[e : e + 1] == "%":
        return True
    gap = low[max(0, s - 2) : s]
    if "," in gap:
        return True
    if word in lex.identifier_unless_of:
        following = _word_after(low, e)
        return following.endswith("s") and following not in lex.stops
    return False


def _enumerator(low: str, s: int, e: int) -> int | None:
    """End of a list marker: "1." or "8)" where a line begins, "(2)" anywhere; None when it is none."""
    mark = _LIST_MARK.match(low, e)
    if mark is None:
        return None
    begin = s - 1
    while begin >= 0 and low[begin] in " \t\u00a0([" and s - begin < 40:
        begin -= 1
    opened = low[s - 1 : s] in ("(", "[")
    closed = low[e] in ")]"
    if opened and closed:
        return e + 1
    if begin < 0 or low[begin] == "\n":
        return mark.end() if not (low[e] == "." and begin < 0 and len(low.strip()) <= e - s + 1) else mark.end()
    if closed and low[max(0, s - 2) : s].endswith(" "):
        opening = low.rfind("(", max(0, s - 200), s)
        if opening < 0 or ")" in low[opening:s]:
            return e + 1
    return None


def _is_year(text: str, low: str, a: Amount, word: str, lex: _Lexicon, found: list[_Found]) -> bool:
    """Whether four bare digits are a year, from the words around them."""
    s, e, value = a.start, a.end, int(a.value)
    if found and found[-1].role == "year" and len(a.raw) in (2, 4) and lex.hyphen_gap.fullmatch(low, found[-1].end, s):
        return len(a.raw) == 4 or low[s - 1] in "-–/"
    if low[s - 1 : s] in ("'", "’", "‘") and len(a.raw) == 2 and not low[s - 2 : s - 1].isalnum():
        return True
    if len(a.raw) != 4 or not 1500 <= value <= 2100:
        return False
    after = _word_after(low, e)
    counted = (
        bool(after)
        and after not in lex.stops
        and (after.endswith("s") or after in lex.uncounted)
        and not text[e + 1 : e + 2].isupper()
    )
    near = 1950 <= value <= 2040
    if word in lex.year_strong:
        return near or not counted
    if word in lex.year_before:
        return near and not (counted and value % 100 == 0) if counted else True
    if counted and value % 100 == 0:
        return False
    return near or (1800 <= value <= 2100 and not after)


def _named_before(text: str, low: str, s: int) -> bool:
    match = _WORD_BEFORE.search(text, max(0, s - 30), s)
    return bool(match) and match is not None and match[1][0].isupper()


def _month_is_meant(text: str, e: int, date: re.Match[str], lex: _Lexicon) -> bool:
    """English "may" and "march" are months only with a capital."""
    if lex.language != "en":
        return True
    letters = re.search(r"[^\W\d_]+\.?(?=[^A-Za-z]*\Z)", text[e : date.end()])
    return bool(letters) and letters is not None and (letters[0][0].isupper() or len(letters[0]) > 5)


def _capital(text: str, at: int, lex: _Lexicon) -> bool:
    return lex.language != "en" or text[at].isupper()


def _time(text: str, low: str, a: Amount, unit: re.Match[str], lex: _Lexicon) -> _Found | None:
    """A length of time: a rhythm ("every 15 minutes"), an age or a duration."""
    name = lex.times[unit["unit"]]
    every = lex.every.search(low, max(0, a.start - 14), a.start)
    minutes = {"second": 1 / 60, "minute": 1.0, "hour": 60.0, "day": 1440.0, "week": 10080.0}.get(name)
    if every and minutes is not None:
        item = _found(a, "interval_minutes", end=unit.end(), start=every.start())
        for key in ("value", "low", "high", "step"):
            setattr(item, key, getattr(item, key) * minutes)
        return item
    if lex.reading.match(low, unit.end()):
        return _found(a, "count", "identifier", unit.end())
    if name == "year" and a.value <= 120:
        word = _word_before(low, a.start)
        if word in lex.age_noun_before or word in lex.age_before:
            return _found(a, "count", "age", unit.end())
        if lex.language == "es" and word == "de" and a.raw:
            noun = _word_before(low, low.rfind("de", max(0, a.start - 4), a.start))
            if noun and (noun in lex.age_noun_before or (noun not in lex.not_age_before and low[unit.end() : unit.end() + 1] in ",.")):
                return _found(a, "count", "age", unit.end())
    return _found(a, "count", "duration", unit.end())


def _shared(item: _Found, by: int) -> _Found:
    """Percent to shares; whole percents are exact to the percent."""
    step = 1.0 if item.scale == 1 and item.step >= 1 and item.value <= 100 else item.step
    item.value = item.low = item.high = item.value / by
    item.step = step / by
    return item


def _signed(low: str, item: _Found, sure: bool = True) -> _Found:
    """A minus sign right before the number, where it cannot be a dash."""
    s = item.start
    sign = low[s - 1 : s]
    if sign in ("-", "−") and (s < 2 or low[s - 2] in " \u00a0(\t\n:;"):
        if sure or sign == "−" or item.value != int(item.value):
            return _negated(item, s - 1)
    return item


def _negated(item: _Found, start: int) -> _Found:
    item.start = start
    item.value = item.low = item.high = -item.value
    return item


def _share_step(top: float, bottom: float) -> float:
    """How precise "top in bottom" is: one in three is told from one in four, two thirds from three quarters."""
    if top == 1:
        return 1 / bottom - 1 / (bottom + 1)
    return min(1 / bottom, 0.1)


def _share(start: int, end: int, top: float, bottom: float) -> _Found:
    value = top / bottom
    digits = max(1, len(str(int(top))))
    return _Found(start, end, value, value, value, "share", digits, _share_step(top, bottom), "quantity")


def _fraction_of(low: str, toks: list[Token], i: int, j: int, top: float, lex: _Lexicon, article: bool) -> tuple[int, _Found] | None:
    """Two-thirds, dos terceras partes, a third of, un tercio."""
    if j >= len(toks) or not 0 < top < 100:
        return None
    tok = toks[j]
    gap = low[toks[j - 1].end : tok.start]
    if tok.kind not in ("ordinal", "denominator") or gap not in (" ", "-", "\u00a0", "\n"):
        return None
    bottom = _denominator(tok.word, lex)
    if bottom == 0 or top > bottom:
        return None
    part = lex.part.match(low, tok.end)
    end = part.end() if part else tok.end
    plural = tok.word.endswith("s")
    thirds = tok.word.startswith(("third", "tercio"))
    after = low[end : end + 1]
    if top == 1 and not part:
        if plural:
            return None
        followed = lex.of.match(low, end) is not None
        if lex.language == "es":
            feminine = tok.word.endswith("a")
            if feminine or (not thirds and not followed) or low[end : end + 8] in (" de hora", " de guer"):
                return None
        elif article or gap == " ":
            before = _word_before(low, toks[i].start)
            comparative = _word_after(low, end) in ("more", "less", "fewer", "higher", "lower", "since", "in", "between", "compared", "last", "from", "over", "as", "were", "are", "have", "had")
            if not followed and not (before in ("by", "than", "about", "nearly", "almost", "only", "over", "under", "roughly", "around", "to") and (comparative or after in ("", ".", ",", ";"))):
                if not (not article and (comparative or after in (",", "."))):
                    return None
    elif top > 1 and not plural and not part:
        return None
    if not part and lex.language == "es" and tok.word.endswith("as"):
        return None
    return j + 1, _share(toks[i].start, end, top, bottom)


@cache
def _denominators(language: str) -> dict[str, int]:
    return {fold(word): int(value) for word, value in language_data(language, "numbers")["denominators"].items()}


def _denominator(word: str, lex: _Lexicon) -> int:
    return _denominators(lex.language).get(word, 0)


def _part_alone(low: str, tok: Token, lex: _Lexicon) -> _Found | None:
    """La tercera parte de: a share without a number before it."""
    part = lex.part.match(low, tok.end)
    bottom = _denominator(tok.word, lex)
    if part is None or bottom == 0 or not lex.of.match(low, part.end()) or tok.word.endswith("s"):
        return None
    begin = tok.start - 3 if low[max(0, tok.start - 3) : tok.start] == "la " else tok.start
    return _share(begin, part.end(), 1, bottom)


def _ordinal_word(tok: Token) -> _Found | None:
    if tok.kind != "ordinal":
        return None
    return _Found(tok.start, tok.end, tok.value, tok.value, tok.value, "count", 1, 1.0, "ordinal")


def _half(low: str, tok: Token, lex: _Lexicon) -> _Found | None:
    """English "half" as a share ("half of", "more than half") or as a factor ("cut in half")."""
    before, after = _word_before(low, tok.start), _word_after(low, tok.end)
    if before in lex.half_factor:
        return _Found(tok.start, tok.end, 0.5, 0.5, 0.5, "factor", 1, 0.1, "quantity")
    if after in lex.half_after or (before in lex.half_before and after not in ("year", "hour", "century", "decade", "dozen")):
        return _share(tok.start, tok.end, 1, 2)
    return None


def _half_word(low: str, tok: Token, i: int, lex: _Lexicon) -> tuple[int, _Found | None]:
    """La mitad (de): a share; "a la mitad": a factor; la mitad del año: neither."""
    lead = lex.half_word_before
    begin = tok.start - len(lead) - 1
    if begin < 0 or low[begin : tok.start] != lead + " ":
        return i + 1, None
    rest = low[tok.end : tok.end + 24]
    if re.match(r"\s(?:del?)\s(?:ano|mes|siglo|sexenio|semestre|camino|[0-9]{4})\b", rest):
        return i + 1, None
    if low[max(0, begin - 2) : begin] == "a " and not lex.of.match(low, tok.end):
        return i + 1, _Found(begin, tok.end, 0.5, 0.5, 0.5, "factor", 1, 0.1, "quantity")
    return i + 1, _share(begin, tok.end, 1, 2)


def _factor_word(low: str, tok: Token, i: int, lex: _Lexicon) -> tuple[int, _Found | None]:
    """Doubled, se duplicó, el doble, twice as many."""
    start = tok.start
    if tok.kind == "factor?":
        after, before = lex.pairs[tok.word]
        word = _word_before(low, start)
        if _word_after(low, tok.end) not in after and word not in before:
            return i + 1, None
        if lex.language == "es":
            start = low.rfind(word, max(0, start - 4), start)
    value = float(tok.value)
    return i + 1, _Found(start, tok.end, value, value, value, "factor", 1, 1.0 if value >= 2 else 0.1, "quantity")


def _vague(low: str, toks: list[Token], first: int, i: int, lex: _Lexicon, start: int = -1) -> tuple[int, _Found]:
    """Tens of thousands, miles de millones: a chain of plural scales; no number stands in it."""
    value, end = float(toks[i].value), toks[i].end
    j = i + 1
    while j < len(toks) and toks[j].kind in ("plural", "scale"):
        gap = lex.of.fullmatch(low, end, toks[j].start)
        if gap is None and not (toks[j].kind == "scale" and low[end : toks[j].start] == " "):
            break
        value, end, j = min(value * toks[j].value, 1e30), toks[j].end, j + 1
    begin = toks[first].start if start < 0 else start
    of = lex.of.match(low, end)
    del of
    return j, _Found(begin, end, value, value, value, "count", 1, value, "vague")


def _several(low: str, toks: list[Token], i: int, lex: _Lexicon) -> tuple[int, _Found | None]:
    """Several million, a few hundred, un par de miles; "several" alone is vague too."""
    tok = toks[i]
    lead = lex.several_before.search(low, max(0, tok.start - 14), tok.start)
    start = lead.start() if lead else tok.start
    j = i + 1
    if j < len(toks) and toks[j].kind in ("scale", "plural") and low[tok.end : toks[j].start] in (" ", " of ", " de ", " of a "):
        return _vague(low, toks, i, j, lex, start)
    span = re.sub(r"\s+", " ", low[start : tok.end])
    if span in lex.several_alone or tok.word in lex.several_alone:
        return i + 1, _Found(start, tok.end, 3.0, 3.0, 3.0, "count", 1, 1.0, "vague")
    return i + 1, None


def _linked(low: str, found: list[_Found], lex: _Lexicon) -> list[_Found]:
    """Numbers that belong together: one in three, 29 per 100,000, ranges, dates in a row."""
    out: list[_Found] = []
    for b in found:
        a = out[-1] if out else None
        if a is None:
            out.append(b)
            continue
        gap = low[a.end : b.start] if b.start - a.end <= 90 else None
        if gap is None:
            out.append(b)
            continue
        merged = _ratio(low, a, b, gap, lex) or _rate(low, out, b, gap, lex)
        if merged is None:
            merged = _range(low, a, b, gap, lex)
        if merged is None:
            _same_kind(a, b, gap, lex)
            out.append(b)
        else:
            out[-1] = merged
    return out


def _ratio(low: str, a: _Found, b: _Found, gap: str, lex: _Lexicon) -> _Found | None:
    """One in three, nine out of ten, uno de cada tres."""
    if a.role != "quantity" or b.role != "quantity" or a.unit != "count" or b.unit != "count" or len(gap) > 18:
        return None
    if not lex.ratio.fullmatch(gap) or b.value < 2 or a.value <= 0 or a.value >= b.value:
        return None
    if not lex.ratio_sure.fullmatch(gap) and a.value != 1 and b.value not in (2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 100, 1000, 10000, 100000):
        return None
    if a.value != int(a.value) and b.value < 100:
        return None
    if b.value >= 1000:
        return _as_rate(low, a, b, lex) if b.value >= 10000 else _ratio_item(a, b)
    return _ratio_item(a, b)


def _ratio_item(a: _Found, b: _Found) -> _Found:
    item = _share(a.start, b.end, a.value, b.value)
    return item


def _as_rate(low: str, a: _Found, b: _Found, lex: _Lexicon) -> _Found:
    population = lex.population.match(low, b.end)
    by = 100000 / b.value
    return _Found(
        a.start,
        population.end() if population else b.end,
        a.value * by,
        a.low * by,
        a.high * by,
        "rate_per_100k",
        a.digits,
        (1.0 if a.scale == 1 and a.step >= 1 and a.value < 1000 else a.step) * by,
        "quantity",
    )


_SENTENCE_ENDS = re.compile(r"[.;:!?\n](?:\s|\Z)|\n\n")


def _rate(low: str, out: list[_Found], b: _Found, gap: str, lex: _Lexicon) -> _Found | None:
    """29 homicides per 100,000 inhabitants, as one number; the denominator alone is no quantity."""
    if b.role != "quantity" or b.unit != "count" or b.value not in (1e2, 1e3, 1e4, 1e5, 1e6):
        return None
    per = lex.per.search(gap) or (lex.per.search(" " + gap) if gap.strip() else None)
    if per is None:
        return None
    population = lex.population.match(low, b.end)
    if not lex.per_sure.search(" " + gap) and not population and b.value != 1e5:
        return None
    a = out[-1]
    fits = a.role == "quantity" and a.unit == "count" and not _SENTENCE_ENDS.search(gap)
    if not fits:
        b.role, b.unit = "identifier", "rate_per_100k"
        return None
    if b.value < 1000 and not population and b.value != 1e3:
        return _ratio_item(a, b) if a.value <= b.value else None
    a.weak = False
    return _as_rate(low, a, b, lex)


_LENT = ("share", "percentage_points", "factor")


def _range(low: str, a: _Found, b: _Found, gap: str, lex: _Lexicon) -> _Found | None:
    """Between 20 and 30, 20-30%, de 20 a 30 mil as one number; "from 20 to 30" stays two, the first lent the scale of the second."""
    if len(gap) > 14 or a.role not in ("quantity", "duration") or b.role != a.role and not (b.role in ("duration", "age") and a.role == "quantity"):
        return None
    between = lex.between.search(low, max(0, a.start - 12), a.start) if lex.between_gap.fullmatch(gap) else None
    plain = lex.range_gap.fullmatch(gap)
    if between is None and plain is None:
        return None
    if a.end != a.tail and a.unit not in (b.unit, "DOLLAR", "USD", "PESO", "MXN", "EUR", "GBP", "money") and a.unit != "count":
        return None
    came = lex.came_from.search(low, max(0, a.start - 20), a.start)
    opened = lex.range_from.search(low, max(0, a.start - 14), a.start) or came
    change = bool(came) and not lex.range_verbs.search(low, max(0, a.start - 40), a.start)
    if opened and not came:
        clause = low[max(0, a.start - 80) : a.start]
        cut = max(clause.rfind(". "), clause.rfind(";"), clause.rfind("\n"))
        change = lex.change_verbs.search(clause[cut + 1 :]) is not None
    structured = bool(between or opened or plain)
    lent = _lend(a, b, structured and not (plain and not opened and not between and a.value > b.value))
    x, y = lent
    if b.role != "quantity":
        if b.role == "duration" and a.role == "quantity" and a.unit == "count" and a.end == a.tail:
            a.role = "duration"
        elif b.role == "age" and a.unit == "count":
            a.role = "age"
        if a.role == "quantity":
            return None
    if change or not x.low < y.high or x.unit != y.unit or x.value >= y.value:
        if opened or between:
            _take(a, x)
        return None
    if plain and not between and gap.strip() in ("o", "u", "or") and y.value > 4 * x.value:
        return None
    if a.role == "quantity" and plain and not opened and gap.strip() in ("a", "to") and a.unit == "count" and b.unit == "count" and a.end == a.tail and y.value > 20 * x.value:
        return None
    start = between.start() if between else a.start
    return _Found(
        start, b.end, (x.low + y.high) / 2, x.low, y.high, y.unit, max(x.digits, y.digits), min(x.step, y.step), b.role, raw=b.raw, core=a.core, tail=b.tail
    )


def _lend(a: _Found, b: _Found, allowed: bool) -> tuple[_Found, _Found]:
    """`a` with the scale and unit that it shares with `b` ("20 to 30 million", "15 a 20%")."""
    x = _copy(a)
    if not allowed:
        return x, b
    if a.unit == "count" and b.unit in (*_LENT, "rate_per_100k") and a.end == a.tail and a.scale == 1:
        by = 100.0 if b.unit in ("share", "percentage_points") else 1.0
        x.value, x.low, x.high, x.step = a.value / by, a.low / by, a.high / by, min(a.step, 1.0) / by
        x.unit = b.unit
        return x, b
    if a.unit == "count" and b.unit not in ("count", *_LENT, "rate_per_100k", "interval_minutes"):
        x.unit = b.unit
    if a.scale == 1 and b.scale >= 1000 and a.value < 1000 and a.end == a.tail:
        x.value, x.low, x.high, x.step, x.scale = a.value * b.scale, a.low * b.scale, a.high * b.scale, a.step * b.scale, b.scale
    if b.unit == "count" and a.unit not in ("count", *_LENT, "rate_per_100k", "interval_minutes", "factor"):
        y = _copy(b)  # $20 to 30 million
        y.unit = a.unit
        return x, y
    return x, b


def _copy(f: _Found) -> _Found:
    return replace(f)


def _take(a: _Found, x: _Found) -> None:
    a.value, a.low, a.high, a.step, a.unit, a.scale = x.value, x.low, x.high, x.step, x.unit, x.scale


def _same_kind(a: _Found, b: _Found, gap: str, lex: _Lexicon) -> None:
    """Days before a date are dates ("5 and 6 May", "del 5 al 10 de mayo"); numbers before an age or a duration in a row are of its kind."""
    if a.role == "quantity" and a.unit == "count" and a.end == a.tail and lex.list_gap.fullmatch(gap):
        if b.role == "date" and a.value <= 31 and a.value == int(a.value):
            a.role = "date"
