"""What an amount is: a quantity in a unit, or a year, a date, an age, the number of an article.

Each test first asks whether the neighbouring word can matter at all, so that a long run of bare numbers stays cheap.
"""

from __future__ import annotations

import re

from careo.base.amounts import Amount, Token
from careo.base.number_phrases import Found, found_of, share_step
from careo.base.number_words import NumberWords, word_after, word_before
from careo.base.words import single_spaced

_NUMERIC_DATE = re.compile(
    r"(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:t[0-9:.]{4,15}(?:z|[+-][0-9:]{4,5})?)?|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}"
    r"|[0-9]{1,2}([/.-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2}))(?![0-9/])"
)
_PHONE = re.compile(r"(?:[0-9]{1,4}[ .-]){1,3}[0-9]{2,4}[ .-][0-9]{4}(?![0-9])|[0-9]{10,13}(?![0-9])")
_AREA = re.compile(r"[0-9]{2,3}\)[ -]?[0-9]{3,4}[ -]?[0-9]{4}(?![0-9])")
_ABROAD = re.compile(r"[0-9]{1,3}[ -]?\([0-9]{2,3}\)[ -]?[0-9]{3,4}[ -]?[0-9]{4}(?![0-9])")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-5][0-9](?::[0-5][0-9])?(?:[.,][0-9]{1,6})?(?![0-9:])")
_DOT_CLOCK = re.compile(
    r"0[0-9]\.[0-5][0-9](?![0-9.,%])|[0-2]?[0-9]\.[0-5][0-9]\s?(?:[ap]\.?\s?m(?!\w)\.?|hrs?(?!\w)|horas(?!\w))"
)
_LIST_MARK = re.compile(r"[.)\]]\)?-?(?=\s|\Z)")
_FOLIO = re.compile(r"[0-9]{1,6}/(?:19|20)[0-9]{2}(?![0-9/])")
_SLASH = re.compile(r"([0-9]{1,2})/([0-9]{1,3})(?![0-9/])")
_NO_DIGIT = re.compile(r"[^0-9]")
_LETTER = re.compile(r"[^\W\d_]")
_NEXT = re.compile(r"[\s.-]{0,2}([^\W\d_]+|%)")
_MONTH_NEXT = re.compile(r"(?:st|nd|rd|th|o|º|°|er|ro)?[\s.-]{0,2}(?:(?:de|of)\s(?:the\s)?)?([^\W\d_]+)")
_YEAR_NEXT = re.compile(r",?\s(?:de\s|del\s)?[0-9]{4}(?![0-9])")
_STOPS = str.maketrans('()[]“”"«»,;<>|\n\t\r\u00a0', " " * 18)


def opaque(text: str, low: str, tok: Token, lex: NumberWords) -> Found | None:
    """Digits that are part of something else: a date, a time, an address, a phone number, a name."""
    s, e = tok.start, tok.end
    before, after = low[s - 1 : s], low[e : e + 1]
    if after in "/-." or "." in tok.word:
        match = _NUMERIC_DATE.match(low, s)
        if match and before not in ("/", ".", "-", ","):
            return _named(tok, "date", s, match.end())
    if "." in tok.word and len(tok.word) <= 5 and (match := _DOT_CLOCK.match(low, s)):
        return _named(tok, "time", s, match.end())
    if after in (":", "h"):
        match = _CLOCK.match(low, s)
        if match:
            clock = lex.clock.match(low, match.end())
            return _named(tok, "time", s, clock.end() if clock else match.end())
    if before and before not in " $(\n":
        found = _glued(low, tok, before, lex)
        if found is not None:
            return found
    if (
        (after in (" ", "-", ".") and low[e + 1 : e + 2].isdigit())
        or 10 <= len(tok.word) <= 13
        or before == "+"
    ):
        match = _PHONE.match(low, s) or (_ABROAD.match(low, s) if before == "+" else None)
        if match and before not in ("$", "/", "€", "£", "-", ",") and (before == "+" or _dialled(match[0])):
            return _named(tok, "identifier", s - (before == "+"), match.end())
    if after == ")" and before == "(" and (match := _AREA.match(low, s)):
        return _named(tok, "identifier", s - 1, match.end())
    if after == "/":
        found = _slashed(low, tok, lex)
        if found is not None:
            return found
    if after == "-" and e + 1 < len(low) and low[e + 1].isalpha():
        stop = _letters_end(low, e + 1)
        if stop == e + 2 and text[e + 1].isupper():  # 11-S
            return _named(tok, "identifier", s, stop)
        if (
            low[e + 1 : stop] in lex.compound_names
            and low[stop : stop + 1] not in ("-",)
            and low[e + 1 : stop] != "day"
        ):
            return _named(tok, "identifier", s, stop)
    if len(tok.word) > 32:
        return _named(tok, "identifier", s, e) if len(tok.word) <= 60 else None
    return None


def _named(tok: Token, role: str, start: int, end: int) -> Found:
    digits = _NO_DIGIT.sub("", tok.word)[:15]
    value = float(digits)
    return Found(start, end, value, value, value, "count", len(digits), 1.0, role, raw=tok.word)


def _glued(low: str, tok: Token, before: str, lex: NumberWords) -> Found | None:
    """Digits with something right before them: part of a word, an address, a handle, a name with a hyphen."""
    s, e = tok.start, tok.end
    if before.isalpha() or before in "_#@&=~":
        if lex.prefix.search(low, max(0, s - 8), s) is None:
            return _named(tok, "identifier", run_back(low, s), run_on(low, e))
        return None
    if before not in "/.:-–‑?" or s < 2:
        return None
    begin = run_back(low, s)
    run = low[begin:s]
    lettered = _LETTER.search(run) is not None
    if "://" in run or "@" in run or "#" in run or (lettered and before in "/.?" and "$" not in run):
        return _named(tok, "identifier", begin, run_on(low, e))
    if before in "-–‑" and low[s - 2].isalpha() and tok.word.isdigit() and low[e : e + 1] != "%":
        if len(tok.word) == 4 and 1900 <= int(tok.word) <= 2100:
            return None  # mid-2018
        return _named(tok, "identifier", begin, e)
    return None


def _dialled(text: str) -> bool:
    """Whether groups of digits are a phone number rather than years in a row or a large round number."""
    parts = re.split(r"[ .-]", text)
    if len(parts) == 1:
        return not text.endswith("000")
    return not all(len(part) == 4 and part[0] in "12" for part in parts)


def _slashed(low: str, tok: Token, lex: NumberWords) -> Found | None:
    """3/4 of (a share), 17/5 (a day), 9/11 (a name)."""
    folio = _FOLIO.match(low, tok.start)
    if folio:
        month = len(tok.word) <= 2 and 1 <= int(tok.word) <= 12
        return _named(tok, "date" if month else "identifier", tok.start, folio.end())
    match = _SLASH.match(low, tok.start)
    if match is None or low[match.end() : match.end() + 1] == "%":
        return None
    top, bottom = int(match[1]), int(match[2])
    if 0 < top < bottom and (lex.of.match(low, match.end()) or lex.part.match(low, match.end())):
        share = _named(tok, "quantity", tok.start, match.end())
        share.value = share.low = share.high = top / bottom
        share.unit, share.digits, share.step = "share", 1, share_step(top, bottom)
        return share
    if match[0] in lex.slash_names or not (1 <= top <= 31 and 1 <= bottom <= 31):
        return _named(tok, "identifier", tok.start, match.end())
    return _named(tok, "date", tok.start, match.end())


def run_back(low: str, at: int) -> int:
    """Where the run of characters without white space, brackets or quotes that ends at `at` begins (at most 80 back)."""
    chunk = low[max(0, at - 80) : at].translate(_STOPS)
    return at - (len(chunk) - 1 - chunk.rfind(" "))


def run_on(low: str, at: int) -> int:
    """Where the run of letters, digits and address signs that begins at `at` ends (at most 200 on)."""
    end = at
    while end < len(low) and end - at < 200 and (low[end].isalnum() or low[end] in "_-/.?=&%#@:~+"):
        end += 1
    while end > at and low[end - 1] in ".?:-":
        end -= 1
    return end


def _letters_end(low: str, at: int) -> int:
    end = at
    while end < len(low) and end - at < 30 and low[end].isalpha():
        end += 1
    return end


def classified(
    text: str,
    low: str,
    a: Amount,
    prefix: re.Match[str] | None,
    prev: str,
    lex: NumberWords,
    found: list[Found],
) -> Found | None:
    """An amount with its unit and role, from the words around it; `prev` is the word before it."""
    s, e = a.start, a.end
    following = _NEXT.match(low, e)
    after = following[1] if following else ""
    if prefix is not None or a.currency:
        return _money(low, a, prefix, after, lex)
    if a.shape == "broken":
        return found_of(a, "count", "identifier")
    if a.scale == 1 and 1 <= a.value <= 31 and a.value == int(a.value):
        day = _day(text, low, a, prev, lex)
        if day is not None:
            return day
    if a.raw and a.scale == 1 and a.shape == "plain" and a.value <= 24:
        clock = lex.clock.match(low, e) if after in lex.clock_heads or low[e : e + 1] == ":" else None
        if clock and (after not in lex.times or prev in ("las", "la")):
            return found_of(a, "count", "time", clock.end())
        if (
            prev in ("las", "la")
            and lex.clock_before.search(low, max(0, s - 8), s)
            and after in ("", "de", "del", "y", "en", "horas")
        ):
            return found_of(a, "count", "time")
    unit = lex.units.match(low, e) if after in lex.unit_heads else None
    if unit is not None:
        item = _in_unit(low, a, unit, lex)
        if item is not None:
            return item
    if after in lex.not_counted_after:
        return found_of(a, "count", "identifier")
    if prev in lex.factor_last and lex.factor_before.search(low, max(0, s - 28), s):
        return found_of(a, "factor")
    if a.scale == 1 and a.raw:
        role = _name_or_year(text, low, a, prev, lex, found)
        if role is not None:
            return role
        if (
            e < len(low)
            and low[e].isalpha()
            and (low[e : _letters_end(low, e)] not in lex.measures or text[e].isupper())
        ):
            return found_of(a, "count", "identifier", run_on(low, e))
    elif low[e : e + 1] == "-" and low[e + 1 : _letters_end(low, e + 1)] in lex.compound_names:
        return found_of(a, "count", "identifier", _letters_end(low, e + 1))
    if low[s:e] in lex.not_alone or (low[s:e] in lex.names_with_capital and text[s].isupper() and prev):
        return None
    item = _signed(low, found_of(a, "count"), sure=False)
    item.weak = a.weak
    return item


def _day(text: str, low: str, a: Amount, prev: str, lex: NumberWords) -> Found | None:
    """A day of a month: "17 May 2018", "5 de mayo", "May 17, 2018"."""
    s, e = a.start, a.end
    nearby = _MONTH_NEXT.match(low, e)
    if nearby and nearby[1] in lex.months:
        date = lex.date.match(low, e)
        if date and (lex.language != "en" or text[nearby.start(1)].isupper() or len(nearby[1]) > 5):
            return found_of(a, "count", "date", date.end())
    if a.raw and a.shape == "plain" and (prev in lex.months or prev in ("the", "el", "de", "del")):
        month = lex.month_before.search(low, max(0, s - 20), s)
        if month and (lex.language != "en" or text[month.start()].isupper()) and not lex.units.match(low, e):
            year = _YEAR_NEXT.match(low, e) if lex.language == "en" else None
            return found_of(a, "count", "date", year.end() if year else e, month.start())
    return None


def _money(low: str, a: Amount, prefix: re.Match[str] | None, after: str, lex: NumberWords) -> Found:
    """A currency sign before the amount, or an acronym such as "mdp" in it; a currency word behind says more than "$"."""
    code = a.currency or (lex.signs.get(re.sub(r"\s", "", prefix[0]), "money") if prefix else "money")
    end = a.end
    unit = lex.units.match(low, a.end) if after in lex.unit_heads else None
    if unit and unit["money"]:
        said = lex.currencies[single_spaced(unit["currency"])]
        if said != "DOLLAR" or code == "DOLLAR":
            code = said
        end = unit.end()
    return _signed(low, found_of(a, code, end=end, start=prefix.start() if prefix else a.start))


def _in_unit(low: str, a: Amount, unit: re.Match[str], lex: NumberWords) -> Found | None:
    """An amount with a unit word behind it."""
    if unit["points"]:
        return _signed(low, _shared(found_of(a, "percentage_points", end=unit.end())))
    if unit["percent"]:
        return _signed(low, _shared(found_of(a, "share", end=unit.end())))
    if unit["factor"]:
        item = found_of(a, "factor", end=unit.end())
        if lex.half_times.match(low, a.end):
            item.value = item.low = item.high = a.value + 0.5  # dos veces y media
        return item
    if unit["age"]:
        return found_of(a, "count", "age", unit.end())
    if unit["time"]:
        return _time(low, a, unit, lex)
    if a.weak:
        return None  # "un peso" may be a weight
    return _signed(low, found_of(a, lex.currencies[single_spaced(unit["currency"])], end=unit.end()))


def _name_or_year(
    text: str, low: str, a: Amount, word: str, lex: NumberWords, found: list[Found]
) -> Found | None:
    """Digits with no unit of their own: a year, an ordinal, a list marker, an age, the number of an article."""
    s, e, value, plain = a.start, a.end, a.value, a.shape == "plain"
    glued = low[e : e + 1]
    if plain:
        ordinal = lex.ordinal.match(low, e) if glued.isalpha() or glued in ("º", "ª", "°", ".") else None
        if ordinal and not (ordinal[0] in ("a.", "o.", "o", "a") and low[e : e + 1].isspace()):
            return found_of(a, "count", "ordinal", ordinal.end())
        if len(a.raw) in (2, 4) and value % 10 == 0:
            decade = lex.decade_after.match(low, e) if glued and glued in "s'’" else None
            if decade or (word in lex.decade_before and len(a.raw) == 2 and word not in ("los",)):
                return found_of(a, "count", "year", decade.end() if decade else e)
        if a.value < 1000 and (mark := _enumerator(low, s, e, lex)) is not None:
            return found_of(a, "count", "enumerator", mark, s)
    if word == lex.alias and _alias(text, low, s, e, lex):
        return found_of(a, "count", "identifier")
    if word in lex.identifier_before and not _spoken(low, word, s, e, lex):
        item = found_of(a, "count", "identifier")
        item.cue = word in lex.plural_identifiers
        return item
    if found and found[-1].cue and lex.list_gap.fullmatch(low, found[-1].end, s):
        item = found_of(a, "count", "identifier")
        item.cue = True
        return item
    if plain and _is_year(text, low, a, word, lex, found):
        return found_of(a, "count", "year")
    if plain and 1 <= value <= 120:
        if word in lex.age_before:
            return found_of(a, "count", "age")
        if low[s - 2 : s] == ", " and low[e : e + 2] in (", ", ",\n") and _named_before(text, low, s):
            return found_of(a, "count", "age")
    if (
        plain
        and glued in ("", ",", "\n")
        and len(a.raw) <= 4
        and lex.street_before.search(low, max(0, s - 60), s)
    ):
        return found_of(a, "count", "identifier")
    if plain and text[e + 1 : e + 2].isupper() and lex.street_after.match(low, e):
        return found_of(a, "count", "identifier")
    if plain and len(a.raw) == 5 and len(word) == 2 and text[s - 3 : s - 1].isupper():
        return found_of(a, "count", "identifier")  # a postal code: DC 20515
    if plain and len(a.raw) > 1 and a.raw[0] == "0":
        return found_of(a, "count", "identifier")
    return None


def _spoken(low: str, word: str, s: int, e: int, lex: NumberWords) -> bool:
    """Whether an identifier cue right before a number does not name it: "top 5 states", "no 20 personas", "caso 3 personas"."""
    if word in ("no", "sub", "p", "art"):
        gap = low[max(0, s - 3) : s]
        if word == "no" and "." not in gap and "º" not in gap:
            return True
    if low[e : e + 1] == "%":
        return True
    gap = low[max(0, s - 2) : s]
    if "," in gap:
        return True
    if word in lex.identifier_unless_of:
        following = word_after(low, e)
        return following.endswith("s") and following not in lex.stops
    return False


def _alias(text: str, low: str, s: int, e: int, lex: NumberWords) -> bool:
    """Whether "El 85" is what somebody is called: a capital inside the sentence and nothing counted behind it."""
    if text[s - 3 : s] != "El ":
        return False
    if lex.language == "en":
        return True
    inside = low[max(0, s - 5) : s - 3].strip(" ") not in ("", ".", "\n", ":", "?", "!", ";", "-")
    return inside and (e >= len(low) or low[e] in ",.;)”\"»'")


def _enumerator(low: str, s: int, e: int, lex: NumberWords) -> int | None:
    """End of a list marker: "1." or "8)" where a line begins, "(2)" anywhere; None when it is none."""
    mark = _LIST_MARK.match(low, e)
    if mark is None:
        return None
    begin = s - 1
    while begin >= 0 and low[begin] in " \t\u00a0([" and s - begin < 40:
        begin -= 1
    opened = low[s - 1 : s] in ("(", "[")
    closed = low[e] in ")]"
    if opened and closed and e - s <= 2:
        named = begin >= 0 and low[begin].isalpha() and low[s:e].isdigit() and int(low[s:e]) > 12
        return None if named else e + 1  # "Jalisco (79)" gives a figure, "(2)" marks an item
    if e - s > 2 and (opened or closed or low[e + 1 : e + 2] != " "):
        return None
    if begin < 0 or low[begin] == "\n":
        if (
            low[e] == "."
            and begin > 0
            and low[begin - 1].isalpha()
            and word_before(low, begin) in lex.line_words
        ):
            return None  # a line broken inside a sentence
        return mark.end()
    if closed and low[max(0, s - 2) : s].endswith(" "):
        opening = low.rfind("(", max(0, s - 200), s)
        if opening < 0 or ")" in low[opening:s]:
            return e + 1
    return None


def _is_year(text: str, low: str, a: Amount, word: str, lex: NumberWords, found: list[Found]) -> bool:
    """Whether four bare digits are a year, from the words around them."""
    s, e, value = a.start, a.end, int(a.value)
    if (
        found
        and found[-1].role == "year"
        and len(a.raw) in (2, 4)
        and lex.hyphen_gap.fullmatch(low, found[-1].end, s)
    ):
        return len(a.raw) == 4 or low[s - 1] in "-–/"
    if low[s - 1 : s] in ("'", "’", "‘") and len(a.raw) == 2 and not low[s - 2 : s - 1].isalnum():
        return True
    if len(a.raw) != 4 or not 1500 <= value <= 2100:
        return False
    after = word_after(low, e)
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
    word = word_before(low, s)
    at = text.rfind(" ", 0, s - 2) + 1
    return bool(word) and text[at : at + 1].isupper()


def _time(low: str, a: Amount, unit: re.Match[str], lex: NumberWords) -> Found | None:
    """A length of time: a rhythm ("every 15 minutes"), an age or a duration."""
    name = lex.times[unit["unit"]]
    every = lex.every.search(low, max(0, a.start - 14), a.start)
    minutes = {"second": 1 / 60, "minute": 1.0, "hour": 60.0, "day": 1440.0, "week": 10080.0}.get(name)
    if every and minutes is not None:
        item = found_of(a, "interval_minutes", end=unit.end(), start=every.start())
        for key in ("value", "low", "high", "step"):
            setattr(item, key, getattr(item, key) * minutes)
        return item
    if lex.reading.match(low, unit.end()):
        return found_of(a, "count", "identifier", unit.end())
    if name == "year" and a.value <= 120:
        word = word_before(low, a.start)
        if word in lex.age_noun_before or word in lex.age_before:
            return found_of(a, "count", "age", unit.end())
        if lex.language == "es" and word == "de" and a.raw:
            noun = word_before(low, low.rfind("de", max(0, a.start - 4), a.start))
            if noun and (
                noun in lex.age_noun_before
                or (noun not in lex.not_age_before and low[unit.end() : unit.end() + 1] in ",.")
            ):
                return found_of(a, "count", "age", unit.end())
    return found_of(a, "count", "duration", unit.end())


def _shared(item: Found) -> Found:
    """Percent to shares; whole percents are exact to the percent."""
    step = 1.0 if item.scale == 1 and item.step >= 1 and item.value <= 100 else item.step
    item.value = item.low = item.high = item.value / 100
    item.step = step / 100
    return item


def _signed(low: str, item: Found, sure: bool = True) -> Found:
    """A minus sign right before the number, where it cannot be a dash."""
    s = item.start
    sign = low[s - 1 : s]
    alone = sign in ("-", "−") and (s < 2 or low[s - 2] in " \u00a0(\t\n:;")
    if alone and (sure or sign == "−" or item.value != int(item.value)):
        return _negated(item, s - 1)
    return item


def _negated(item: Found, start: int) -> Found:
    item.start = start
    item.value = item.low = item.high = -item.value
    return item
