"""Numbers that are phrases: two-thirds, half of, doubled, tens of thousands, several million."""

from __future__ import annotations

import re
from dataclasses import dataclass

from careo.base.amounts import Amount, Token
from careo.base.number_words import NumberWords, word_after, word_before


@dataclass(slots=True)
class Found:
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


def found_of(a: Amount, unit: str, role: str = "quantity", end: int = 0, start: int = -1) -> Found:
    begin = a.start if start < 0 else start
    return Found(
        begin,
        max(end, a.end),
        a.value,
        a.value,
        a.value,
        unit,
        a.digits,
        a.step,
        role,
        a.scale,
        False,
        a.raw,
        a.start,
        a.end,
    )


def share_step(top: float, bottom: float) -> float:
    """How precise "top in bottom" is: one in three is told from one in four, two thirds from three quarters."""
    if top == 1:
        return 1 / bottom - 1 / (bottom + 1)
    return min(1 / bottom, 0.1)


def share(start: int, end: int, top: float, bottom: float) -> Found:
    value = top / bottom
    digits = max(1, len(str(int(top))))
    return Found(start, end, value, value, value, "share", digits, share_step(top, bottom), "quantity")


def fraction_of(
    low: str, toks: list[Token], i: int, j: int, top: float, lex: NumberWords, article: bool
) -> tuple[int, Found] | None:
    """Two-thirds, dos terceras partes, a third of, un tercio."""
    if j >= len(toks) or not 0 < top < 100:
        return None
    tok = toks[j]
    gap = low[toks[j - 1].end : tok.start]
    if tok.kind not in ("ordinal", "denominator") or gap not in (" ", "-", "\u00a0", "\n"):
        return None
    bottom = lex.denominators.get(tok.word, 0)
    if bottom == 0 or top > bottom:
        return None
    part = lex.part.match(low, tok.end)
    end = part.end() if part else tok.end
    plural = tok.word.endswith("s")
    if top == 1 and not part:
        if plural or not _one_part(low, toks[i].start, tok, end, gap, lex, article):
            return None
    elif top > 1 and not plural and not part:
        return None
    if not part and lex.language == "es" and tok.word.endswith("as"):
        return None  # "dos terceras" of what is not said
    return j + 1, share(toks[i].start, end, top, bottom)


def _one_part(low: str, start: int, tok: Token, end: int, gap: str, lex: NumberWords, article: bool) -> bool:
    """Whether "a third", "un cuarto" is a share and not the third of a row, a room, a quarter of an hour."""
    followed = lex.of.match(low, end) is not None
    if lex.no_part_after.match(low, end):
        return False
    if lex.language == "es":
        return not tok.word.endswith("a") and (followed or lex.denominators[tok.word] == 3)
    if followed or gap == "-":
        return True
    if word_after(low, end) in lex.fraction_verbs:
        return True
    compared = word_after(low, end) in lex.comparatives or low[end : end + 1] in ("", ".", ",", ";")
    return compared and (not article or word_before(low, start) in lex.fraction_before)


def part_alone(low: str, tok: Token, lex: NumberWords) -> Found | None:
    """La tercera parte de: a share without a number before it."""
    part = lex.part.match(low, tok.end)
    bottom = lex.denominators.get(tok.word, 0)
    if part is None or bottom == 0 or tok.word.endswith("s"):
        return None
    begin = tok.start - 3 if low[max(0, tok.start - 3) : tok.start] == "la " else tok.start
    alone = begin < tok.start and low[part.end() : part.end() + 1] in ("", ".", ",", ";", ")")
    if not alone and not lex.of.match(low, part.end()):
        return None
    return share(begin, part.end(), 1, bottom)


def ordinal_word(tok: Token) -> Found | None:
    if tok.kind != "ordinal":
        return None
    return Found(tok.start, tok.end, tok.value, tok.value, tok.value, "count", 1, 1.0, "ordinal")


def half(low: str, tok: Token, lex: NumberWords) -> Found | None:
    """English "half" as a share ("half of", "more than half") or as a factor ("cut in half")."""
    before, after = word_before(low, tok.start), word_after(low, tok.end)
    if before in lex.half_factor:
        return Found(tok.start, tok.end, 0.5, 0.5, 0.5, "factor", 1, 0.1, "quantity")
    if after in lex.half_after or (
        before in lex.half_before and after not in ("year", "hour", "century", "decade", "dozen")
    ):
        return share(tok.start, tok.end, 1, 2)
    return None


def half_word(low: str, tok: Token, i: int, lex: NumberWords) -> tuple[int, Found | None]:
    """La mitad (de): a share; "a la mitad": a factor; la mitad del año: neither."""
    lead = lex.half_word_before
    begin = tok.start - len(lead) - 1
    if begin < 0 or low[begin : tok.start] != lead + " ":
        return i + 1, None
    rest = low[tok.end : tok.end + 24]
    if re.match(r"\s(?:del?)\s(?:ano|mes|siglo|sexenio|semestre|camino|[0-9]{4})\b", rest):
        return i + 1, None
    if low[max(0, begin - 2) : begin] == "a " and not lex.of.match(low, tok.end):
        return i + 1, Found(begin, tok.end, 0.5, 0.5, 0.5, "factor", 1, 0.1, "quantity")
    return i + 1, share(begin, tok.end, 1, 2)


def factor_word(low: str, tok: Token, i: int, lex: NumberWords) -> tuple[int, Found | None]:
    """Doubled, se duplicó, el doble, twice as many."""
    start = tok.start
    if tok.kind == "factor?":
        after, before = lex.pairs[tok.word]
        word = word_before(low, start)
        if word_after(low, tok.end) not in after and word not in before:
            return i + 1, None
        if lex.language == "es":
            start = low.rfind(word, max(0, start - 4), start)
    value = float(tok.value)
    return i + 1, Found(
        start, tok.end, value, value, value, "factor", 1, 1.0 if value >= 2 else 0.1, "quantity"
    )


def vague(
    low: str, toks: list[Token], first: int, i: int, lex: NumberWords, start: int = -1
) -> tuple[int, Found]:
    """Tens of thousands, miles de millones: a chain of plural scales; no number stands in it."""
    value, end = float(toks[i].value), toks[i].end
    j = i + 1
    while j < len(toks) and toks[j].kind in ("plural", "scale"):
        gap = lex.of.fullmatch(low, end, toks[j].start)
        if gap is None and not (toks[j].kind == "scale" and low[end : toks[j].start] == " "):
            break
        value, end, j = min(value * toks[j].value, 1e30), toks[j].end, j + 1
    begin = toks[first].start if start < 0 else start
    return j, Found(begin, end, value, value, value, "count", 1, value, "vague")


def several(low: str, toks: list[Token], i: int, lex: NumberWords) -> tuple[int, Found | None]:
    """Several million, a few hundred, un par de miles; "several" alone is vague too."""
    tok = toks[i]
    lead = lex.several_before.search(low, max(0, tok.start - 14), tok.start)
    start = lead.start() if lead else tok.start
    j = i + 1
    if (
        j < len(toks)
        and toks[j].kind in ("scale", "plural")
        and low[tok.end : toks[j].start] in (" ", " of ", " de ", " of a ")
    ):
        return vague(low, toks, i, j, lex, start)
    span = re.sub(r"\s+", " ", low[start : tok.end])
    if span in lex.several_alone or tok.word in lex.several_alone:
        return i + 1, Found(start, tok.end, 3.0, 3.0, 3.0, "count", 1, 1.0, "vague")
    return i + 1, None
