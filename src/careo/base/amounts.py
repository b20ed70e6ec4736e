"""Amounts: runs of digits, number words and scales ("2 mil 500 millones", "two and a half million") as one value.

The text is cut into tokens that matter (digits and the words of the lexicon) in one pass; an amount is read from a token
onwards with a state of three parts: what is closed by a million or more, what is closed by a thousand, and the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from careo.base.shipped import language_data
from careo.base.words import alternation, fold, lexemes

_SPACES = re.compile(r"[ \u00a0\u2009\u202f]")
_SEPARATOR = re.compile(r"([.,'’])")
_SPACE_GROUPS = re.compile(r"(?:[ \u00a0\u2009\u202f][0-9]{3}(?![0-9]))+(?![0-9]*[.,][0-9])")
_FRACTION_SIGNS = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅛": (1, 8)}
_DIGITS = frozenset("0123456789")
_DECIMAL = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{1,2}")
_LONGEST = 24  # digits; what is longer is no number anybody means


class Token(NamedTuple):
    """A stretch of digits (kind "digits", or "sign" for ½) or a word of the lexicon."""

    start: int
    end: int
    kind: str
    value: float
    word: str


@dataclass(slots=True)
class Amount:
    """A value as written, before its unit is known.

    Attributes:
        token, after: index of the first token and of the one after the last.
        value; top, bottom: value as a fraction of integers, for exact scaling. step, digits: as `Number`.
        scale: what the mantissa was multiplied by (1 when nothing). weak: "one", "un", "a": perhaps no number at all.
        raw: the digits as written; "" for number words. currency: that of an acronym such as "mdp".
    """

    token: int
    after: int
    start: int
    end: int
    value: float
    digits: int
    step: float
    scale: int = 1
    weak: bool = False
    raw: str = ""
    currency: str = ""
    shape: str = (
        ""  # "broken" when digits and separators make no number, "dotted" for 1.234, "plain" for bare digits
    )


@dataclass(frozen=True, slots=True)
class AmountWords:
    """The lexicon of one language, folded."""

    kinds: Mapping[str, tuple[str, float]]
    letters: Mapping[str, int]
    capitals: Mapping[str, int]
    acronyms: Mapping[str, tuple[int, str]]
    scales: Mapping[str, int]
    bare_scales: frozenset[str]
    phrases: Mapping[str, int]
    joins: re.Pattern[str]
    tens_join: re.Pattern[str]
    half_add: re.Pattern[str]
    language: str


@cache
def amount_words(language: str) -> AmountWords:
    """Words of `language` by kind: word, one, article, scale, plural, half, denominator, ordinal, factor."""
    data = language_data(language, "numbers")
    kinds: dict[str, tuple[str, float]] = {}

    def add(kind: str, words: Mapping[str, float] | list[str], value: float = 1) -> None:
        pairs = words.items() if isinstance(words, Mapping) else [(word, value) for word in words]
        for word, number in pairs:
            kinds.setdefault(fold(word), (kind, float(number)))

    add("word", data["words"])
    add("one", data["one"])
    add("article", data["article"])
    add("half", data["half"])
    for value, words in data["factors"].items():
        add("factor", words, value)
    for value, entry in data["factor_pairs"].items():
        add("factor?", entry["words"], value)
    add("plural", data["plurals"])
    add("scale", data["scales"])
    add("ordinal", data["ordinals"])
    add("denominator", data["denominators"])
    add("several", data["several"])
    add("minus", data["minus"])
    if data["half_word"]:
        add("halfword", [data["half_word"]])
    letters = {fold(k): int(v) for k, v in data["letters"].items()}
    capitals = {fold(k): int(v) for k, v in data["capitals"].items()}
    acronyms = {fold(k): (int(v[0]), str(v[1])) for k, v in data["acronyms"].items()}
    for word in (*letters, *capitals, *acronyms):
        kinds.setdefault(word, ("suffix", 1))
    return AmountWords(
        kinds=kinds,
        letters=letters,
        capitals=capitals,
        acronyms=acronyms,
        scales={fold(k): int(v) for k, v in data["scales"].items()},
        bare_scales=frozenset(fold(w) for w in data["bare_scales"]),
        phrases={fold(k): int(v) for k, v in data["scale_phrases"].items()},
        joins=re.compile(rf"\s{{1,2}}{alternation(data['joins'])}\s{{1,2}}"),
        tens_join=re.compile(rf"\s{{1,2}}{alternation(data['tens_join'])}\s{{1,2}}"),
        half_add=re.compile(rf"\s{{1,2}}{alternation(data['half_add'])}"),
        language=language,
    )


def tokens(low: str, words: AmountWords) -> list[Token]:
    """The tokens of a folded text that may take part in a number."""
    found: list[Token] = []
    kinds = words.kinds
    pieces, starts, ends = lexemes(low)
    # few words have to do with numbers
    for at in [
        i for i, word in enumerate(pieces) if word in kinds or word in _FRACTION_SIGNS or word[0] in _DIGITS
    ]:
        word = pieces[at]
        kind, value = kinds.get(word) or (("sign" if word in _FRACTION_SIGNS else "digits"), 0)
        found.append(Token(starts[at], ends[at], kind, value, word))
    return found


class _Digits(NamedTuple):
    top: int
    bottom: int
    shape: str


def _read_digits(raw: str, english_decimal: bool) -> _Digits | None:
    """Digits with separators as top/bottom; None when they make no number.

    Groups of exactly three after one to three digits are thousands, whatever the separator; else the last separator is the decimal one.
    `english_decimal`: a single point is decimal even before three digits ("1.234 million").
    """
    if len(raw) > _LONGEST + 8:
        return None
    if raw.isascii() and raw.isdigit():
        return _Digits(int(raw), 1, "plain") if len(raw) <= _LONGEST else None
    pieces = _SEPARATOR.split(raw)
    parts, marks = pieces[::2], "".join(pieces[1::2]).replace("’", "'")
    bare = "".join(parts)
    if len(bare) > _LONGEST:
        return None
    grouped = 1 <= len(parts[0]) <= 3 and parts[0][0] != "0" and all(len(part) == 3 for part in parts[1:])
    if len(set(marks)) == 1:
        if grouped and not (english_decimal and marks == "."):
            return _Digits(int(bare), 1, "dotted" if len(marks) == 1 and marks != "'" else "grouped")
        if len(marks) == 1 and marks != "'":
            return _Digits(int(bare), 10 ** len(parts[1]), "decimal")
        return None
    if marks in ("',", "'."):  # 1'234,567: the Mexican million
        return _Digits(int(bare), 1, "grouped") if grouped else None
    head, last = parts[:-1], parts[-1]
    one_mark = len(set(marks[:-1])) == 1 and marks[-1] != "'" and marks[-1] != marks[0]
    if one_mark and 1 <= len(head[0]) <= 3 and all(len(part) == 3 for part in head[1:]):
        return _Digits(int(bare), 10 ** len(last), "decimal")
    return None


def read_amount(
    text: str, low: str, toks: list[Token], i: int, words: AmountWords, money: bool, splittable: bool = True
) -> Amount | None:
    """The amount that begins at token `i`, or None when that token begins none.

    Args:
        money: a currency sign stands before it, so that "5m" is five million.
        splittable: whether "hundred and two" may be one number (not after "between").
    """
    tok = toks[i]
    if tok.kind == "digits":
        return _from_digits(text, low, toks, i, words, money)
    if tok.kind == "sign":
        top, bottom = _FRACTION_SIGNS[tok.word]
        return _scaled(low, toks, i, i + 1, tok.end, top, bottom, words, weak=False)
    if tok.kind == "half":
        return _from_half(low, toks, i)
    if tok.kind in ("word", "one", "article") or (tok.kind == "scale" and tok.word in words.bare_scales):
        return _from_words(low, toks, i, words, splittable)
    return None


def _gap(low: str, a: Token, b: Token) -> str:
    return low[a.end : b.start]


def _near(gap: str) -> bool:
    """Whether a gap is white space or one hyphen."""
    return len(gap) <= 3 and gap.strip(" \u00a0\u2009\u202f\n\t\r") in ("", "-") and gap.count("\n") < 2


def _scale_at(
    low: str, toks: list[Token], j: int, end: int, words: AmountWords
) -> tuple[int, int, int] | None:
    """A scale word at token `j` near `end`: (scale, token after, end); "miles de millones" is one scale."""
    if j >= len(toks) or not _near(low[end : toks[j].start]):
        return None
    tok = toks[j]
    scale = words.scales.get(tok.word)
    if scale is None:
        return None
    for phrase, value in words.phrases.items():
        if low.startswith(phrase, tok.start):
            stop = tok.start + len(phrase)
            while j < len(toks) and toks[j].start < stop:
                j += 1
            return value, j, stop
    return scale, j + 1, tok.end


def _from_digits(
    text: str, low: str, toks: list[Token], i: int, words: AmountWords, money: bool
) -> Amount | None:
    tok = toks[i]
    raw = plain = tok.word
    end, j = tok.end, i + 1
    if len(raw) <= 3 and raw[0] != "0" and end < len(low) and low[end] in " \u00a0\u2009\u202f":
        groups = _SPACE_GROUPS.match(low, end)
        if groups and low[tok.start - 1 : tok.start] not in ("-", "/", ":"):
            raw, end = low[tok.start : groups.end()], groups.end()
            plain = _SPACES.sub("", raw)
            while j < len(toks) and toks[j].start < end:
                j += 1
    scale = _scale_at(low, toks, j, end, words)
    after = low[end : end + 2].lstrip()
    english = words.language == "en" and (
        scale is not None or after[:1] == "%" or low[end : end + 5] == " per "
    )
    read = _read_digits(plain, english)
    if read is None:
        if len(raw) > _LONGEST:
            return None
        return Amount(i, j, tok.start, end, 0.0, 1, 1.0, raw=raw, shape="broken")
    top, bottom, shape = read
    if j < len(toks) and toks[j].kind == "sign" and toks[j].start == end and bottom == 1:  # 1½
        a, b = _FRACTION_SIGNS[toks[j].word]
        amount = _scaled(low, toks, i, j + 1, toks[j].end, top * b + a, b, words, weak=False)
        amount.raw = raw
        return amount
    if scale is None:
        return _with_suffix(text, low, toks, i, j, end, top, bottom, shape, raw, words, money)
    if bottom == 1:
        return _from_words(low, toks, i, words, True, first=(top, j, end), raw=raw, shape=shape)
    amount = _scaled(low, toks, i, j, end, top, bottom, words, weak=False)
    amount.raw, amount.shape = raw, shape
    return amount


def _with_suffix(
    text: str,
    low: str,
    toks: list[Token],
    i: int,
    j: int,
    end: int,
    top: int,
    bottom: int,
    shape: str,
    raw: str,
    words: AmountWords,
    money: bool,
) -> Amount:
    """Digits with a letter scale ("9.2bn", "5K") or an acronym ("500 mdp") after them, or with nothing."""
    scale, currency = 1, ""
    if j < len(toks) and _near(low[end : toks[j].start]) and low[end : toks[j].start] != "-":
        tok, attached = toks[j], toks[j].start == end
        spaced = len(tok.word) > 1 or money
        if tok.word in words.acronyms:
            (scale, currency), end, j = words.acronyms[tok.word], tok.end, j + 1
        elif tok.word in words.letters and (attached or spaced):
            scale, end, j = words.letters[tok.word], tok.end, j + 1
        elif tok.word in words.capitals and (
            money or (attached and text[tok.start].isupper() and top * 10 < 10**7)
        ):
            scale, end, j = words.capitals[tok.word], tok.end, j + 1
    value, digits, step = _measure(top, bottom, scale)
    return Amount(
        i, j, toks[i].start, end, value, digits, step, scale, raw=raw, currency=currency, shape=shape
    )


def _scaled(
    low: str,
    toks: list[Token],
    i: int,
    j: int,
    end: int,
    top: int,
    bottom: int,
    words: AmountWords,
    weak: bool,
) -> Amount:
    """top/bottom times every scale word that follows ("2.5 mil millones")."""
    factor, currency, last = 1, "", 10**30
    while (found := _scale_at(low, toks, j, end, words)) is not None:
        scale, after, stop = found
        if scale >= last and not (last == 1000 and scale >= 10**6 and factor == 1000):
            break
        factor, j, end, last = factor * scale, after, stop, scale
    if j < len(toks) and toks[j].word in words.acronyms and _near(low[end : toks[j].start]):
        scale, currency = words.acronyms[toks[j].word]
        factor, end, j = factor * scale, toks[j].end, j + 1
    value, digits, step = _measure(top, bottom, factor)
    return Amount(i, j, toks[i].start, end, value, digits, step, factor, weak=weak, currency=currency)


def _from_half(low: str, toks: list[Token], i: int) -> Amount | None:
    """Half a million, medio millón, half a dozen; a bare "half" is left to whoever knows the sentence."""
    j = i + 1
    if j < len(toks) and toks[j].kind == "article" and _near(_gap(low, toks[i], toks[j])):
        j += 1
    if j < len(toks) and toks[j].kind == "scale" and _near(_gap(low, toks[j - 1], toks[j])):
        scale = int(toks[j].value)
        value, digits, step = _measure(1, 2, scale)
        return Amount(i, j + 1, toks[i].start, toks[j].end, value, digits, step, scale)
    return None


def _from_words(
    low: str,
    toks: list[Token],
    i: int,
    words: AmountWords,
    splittable: bool,
    first: tuple[int, int, int] | None = None,
    raw: str = "",
    shape: str = "",
) -> Amount | None:
    """Number words, or digits with scale words between them, as one whole number."""
    total, thousands, part = 0, 0, 0  # closed by a million or more; closed by a thousand; still open
    last_big, scale, currency = 10**30, 1, ""
    tok = toks[i]
    if first is not None:
        part, j, end = first
        kind = "digits"
    elif tok.kind == "scale":  # "mil" on its own
        part, j, end, kind = 0, i, tok.start, "start"
    else:
        part, j, end, kind = int(tok.value), i + 1, tok.end, tok.kind
    weak = kind in ("one", "article")
    article = kind == "article"
    safe = (
        i,
        end,
        total,
        thousands,
        part,
    )  # where to return to when the last number turns out to begin another amount
    while j < len(toks):
        nxt = toks[j]
        gap = low[end : nxt.start]
        if nxt.kind in ("scale", "plural") or nxt.word in words.acronyms:
            if not (_near(gap) or (kind == "start" and gap == "")):
                break
            if nxt.word in words.acronyms:
                if first is None or not part + thousands:
                    break
                value, currency = words.acronyms[nxt.word]
                total, thousands, part = (total + thousands + part) * value, 0, 0
                scale, end, j = scale * value, nxt.end, j + 1
                break
            found = _scale_at(low, toks, j, end, words)
            if found is None:
                break
            value, after, stop = found
            if value < 1000:  # hundred, dozen
                open_part = part % 1000
                if not 0 < open_part < 100 or (value in (10, 12, 20) and kind == "scale"):
                    if kind in ("word", "one") and safe[0] > i:
                        j, end, total, thousands, part = safe
                    break
                part = open_part * value
            elif value == 1000:
                if thousands or (part >= 1000 and first is None) or (article and part != 1 and not part):
                    if safe[0] > i:
                        j, end, total, thousands, part = safe
                    break
                thousands, part = (part or 1) * 1000, 0
            else:
                if value >= last_big or not (part or thousands):
                    if safe[0] > i:
                        j, end, total, thousands, part = safe
                    break
                total, thousands, part, last_big = total + (thousands + part) * value, 0, 0, value
            scale, kind, weak, j, end = value, "scale", False, after, stop
            safe = (i, end, total, thousands, part)
            continue
        if article and kind != "scale":
            break
        joined = words.joins.fullmatch(gap)
        tens = words.tens_join.fullmatch(gap)
        if (
            nxt.kind in ("word", "one")
            and (_near(gap) or joined or tens)
            and not (gap == "-" and kind == "scale" and nxt.kind == "one")
        ):
            value = int(nxt.value)
            small = part % 100
            fits = (
                (value < 100 and part and part % 100 == 0 and kind != "digits")
                or (part == 0 and kind in ("scale", "start") and (thousands or total))
                or (value < 10 and 20 <= small <= 90 and small % 10 == 0 and kind == "word" and not joined)
            )
            if joined and (not splittable or kind != "scale" or value > 99):
                fits = False
            if tens and not (value < 10 and kind == "word" and 30 <= small <= 90):
                fits = False
            if (
                not tens
                and not joined
                and words.language == "es"
                and value < 10
                and small > 0
                and kind == "word"
            ):
                fits = False  # Spanish joins tens and units by "y"
            if nxt.kind == "one" and not (
                tens or (words.language == "en" and kind == "word" and small >= 20)
            ):
                fits = False
            if not fits or (not _near(gap) and not joined and not tens):
                break
            safe = (j, end, total, thousands, part)
            part, kind, end, j = part + value, "word", nxt.end, j + 1
            continue
        if (
            nxt.kind == "digits"
            and scale == 1000
            and kind == "scale"
            and not total
            and _DECIMAL.fullmatch(nxt.word)
        ):
            decimal = (
                _and_a_decimal(low, toks, i, j, thousands, words, raw) if not gap.strip(" \u00a0") else None
            )
            if decimal is not None:
                return decimal  # 93 mil 379.4 millones
        if nxt.kind == "digits" and kind == "scale" and part == 0 and gap and not gap.strip(" \u00a0"):
            if not (nxt.word.isdigit() and len(nxt.word) <= 3 and nxt.word[0] != "0") or scale < 1000:
                break
            mark = low[nxt.end : nxt.end + 2]
            if mark[:1] == "%" or (mark[:1] in "/:-." and mark[1:].isdigit()):
                break
            safe = (j, end, total, thousands, part)
            part, kind, end, j = int(nxt.word), "digits", nxt.end, j + 1
            continue
        break
    if kind == "start" or (article and scale == 1):
        return None
    value = total + thousands + part
    half = words.half_add.match(low, end)
    if half and kind in ("scale", "word", "one", "digits") and (scale >= 1000 or part):
        return _and_a_half(low, toks, i, j, half.end(), value, scale if kind == "scale" else 1, words, raw)
    number, digits, step = _measure(value, 1, 1)
    return Amount(i, j, toks[i].start, end, number, digits, step, scale, weak, raw, currency, shape)


def _and_a_decimal(
    low: str, toks: list[Token], i: int, j: int, thousands: int, words: AmountWords, raw: str
) -> Amount | None:
    """The thousands before a decimal number that has a scale of its own; None when it has none."""
    whole, _, decimals = toks[j].word.replace(",", ".").partition(".")
    bottom = 10 ** len(decimals)
    amount = _scaled(
        low,
        toks,
        i,
        j + 1,
        toks[j].end,
        (thousands + int(whole)) * bottom + int(decimals),
        bottom,
        words,
        weak=False,
    )
    amount.raw = raw
    return amount if amount.scale >= 10**6 else None


def _and_a_half(
    low: str,
    toks: list[Token],
    i: int,
    j: int,
    end: int,
    value: int,
    scale: int,
    words: AmountWords,
    raw: str,
) -> Amount:
    while j < len(toks) and toks[j].start < end:
        j += 1
    amount = _scaled(low, toks, i, j, end, 2 * value + scale, 2, words, weak=False)
    amount.raw, amount.scale = raw, max(amount.scale, scale)
    amount.step = max(amount.step, scale / 10)
    return amount


def _measure(top: int, bottom: int, scale: int) -> tuple[float, int, float]:
    """(value, significant digits, step) of top/bottom × scale. Numbers under a hundred are taken as exact to the unit."""
    decimals = 0
    while 10**decimals < bottom:
        decimals += 1
    value = top * scale / bottom
    if bottom == 1:
        whole = top * scale
        zeros = 0
        while whole and whole % 10 == 0 and whole >= 100:
            whole //= 10
            zeros += 1
        if zeros and whole >= 10 and whole % 10 == 0:
            whole, zeros = whole // 10, zeros + 1
        return value, max(1, len(str(whole))), float(10**zeros)
    if 10**decimals != bottom:  # halves, thirds, quarters
        return value, 1 if top < bottom else 2, max(1.0, scale / 10) if scale > 1 else 0.1
    return value, max(1, len(str(top))), scale / bottom
