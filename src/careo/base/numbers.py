"""Reading numbers as people write them, in English and Spanish."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from careo.base.amounts import Token, read_amount, tokens
from careo.base.number_phrases import (
    Found,
    factor_word,
    fraction_of,
    half,
    half_word,
    ordinal_word,
    part_alone,
    several,
    share,
    vague,
)
from careo.base.number_roles import classified, opaque
from careo.base.number_words import NumberWords, number_words, word_after, word_before
from careo.base.shipped import readable
from careo.base.words import fold


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


def read_numbers(
    text: str, language: str, *, dollar: str = "USD", peso: str = "MXN", at: int = 0
) -> tuple[Number, ...]:
    """Every number of `text`, in order, with what it is (`Number.role`).

    Args:
        text: any text.
        language: "en" or "es"; others read as English.
        dollar, peso: the currencies that "$" and "pesos" stand for where nothing more is said.
        at: where `text` begins in a longer one that offsets shall count in.
    """
    names = {"DOLLAR": dollar, "PESO": peso}
    return tuple(
        [
            Number(
                f.start + at,
                f.end + at,
                f.value,
                f.low,
                f.high,
                names.get(f.unit, f.unit),
                f.digits,
                f.step,
                f.role,
            )
            for f in find_numbers(text, language)
        ]
    )


def find_numbers(text: str, language: str) -> tuple[Found, ...]:
    """The numbers of a text as they were found, for whoever only asks where one stands and what it is."""
    return _found(text, readable(language))


@lru_cache(maxsize=16)
def _found(text: str, language: str) -> tuple[Found, ...]:
    """Remembered for a moment: flags, figures and dates are read from the same paragraphs of a page."""
    lexicon = number_words(language)
    low = fold(text)
    toks = tokens(low, lexicon.words)
    if not toks:
        return ()
    found = [f for f in _linked(low, _scan(text, low, toks, lexicon), lexicon) if not f.weak]
    _pages(low, found)
    return tuple(found)


def _pages(low: str, found: list[Found]) -> None:
    """ "1 2 3 4 5" at the foot of a page are marks, not quantities."""
    begin = 0
    for k in range(1, len(found) + 1):
        a = found[k - 1]
        b = found[k] if k < len(found) else None
        if (
            b is not None
            and _counted(a)
            and _counted(b)
            and b.value == a.value + 1
            and not low[a.end : b.start].strip(" |\n\u00a0")
        ):
            continue
        if k - begin >= 3:
            for f in found[begin:k]:
                f.role = "enumerator"
        begin = k


def _scan(text: str, low: str, toks: list[Token], lex: NumberWords) -> list[Found]:
    found: list[Found] = []
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
        if item is not None and found and found[-1].weak and item.start < found[-1].end:
            found.pop()  # "one" was no number after all
        if item is not None and item.start >= (found[-1].end if found else 0):
            found.append(item)
            done = item.end
    return found


def _one(
    text: str, low: str, toks: list[Token], i: int, lex: NumberWords, found: list[Found]
) -> tuple[int, Found | None] | None:
    """The number that begins at token i and the index after it; None when none begins there."""
    tok = toks[i]
    kind = tok.kind
    if kind == "plural":
        return vague(low, toks, i, i, lex)
    if kind == "several":
        return several(low, toks, i, lex)
    if kind in ("factor", "factor?"):
        return factor_word(low, tok, i, lex)
    if kind == "halfword":
        return half_word(low, tok, i, lex)
    if kind in ("ordinal", "denominator"):
        return i + 1, part_alone(low, tok, lex) or ordinal_word(tok)
    if kind in ("suffix", "minus"):
        return None
    prev = word_before(low, tok.start)
    prefix = None
    if kind == "digits":
        other = opaque(text, low, tok, lex)
        if other is not None:
            return i + 1, other
        if (
            low[tok.start - 1 : tok.start] in "$€£"
            or prev in lex.sign_words
            or low[max(0, tok.start - 2) : tok.start] in ("$ ", "€ ", "£ ")
        ):
            prefix = lex.prefix.search(low, max(0, tok.start - 8), tok.start)
    between = (
        prev in lex.between_last and lex.between.search(low, max(0, tok.start - 12), tok.start) is not None
    )
    amount = read_amount(text, low, toks, i, lex.words, prefix is not None, not between)
    if amount is None:
        if kind == "half":
            return i + 1, half(low, tok, lex)
        if (
            kind == "scale"
            and prev in lex.per_last
            and lex.per.search(low, max(0, tok.start - 12), tok.start)
        ):
            value = float(tok.value)  # "por millón"
            return i + 1, Found(
                tok.start, tok.end, value, value, value, "count", 1, value, "quantity", int(value)
            )
        return fraction_of(low, toks, i, i + 1, 1, lex, article=True) if kind == "article" else None
    if amount.scale == 1 and prefix is None and not amount.currency:
        part = fraction_of(low, toks, i, amount.after, amount.value, lex, article=False)
        if part is not None:
            return part
    return amount.after, classified(text, low, amount, prefix, prev, lex, found)


def _linked(low: str, found: list[Found], lex: NumberWords) -> list[Found]:
    """Numbers that belong together: one in three, 29 per 100,000, ranges, dates in a row."""
    out: list[Found] = []
    base: Found | None = None  # "the rate per 100,000 inhabitants was 29.3": the denominator that came first
    for b in found:
        a = out[-1] if out else None
        gap = low[a.end : b.start] if a is not None and b.start - a.end <= 90 else " "
        if (
            b.unit == "count"
            and b.value in _DENOMINATORS
            and b.role == "quantity"
            and _is_denominator(low, b, lex)
        ):
            if a is not None and _counted(a) and not gap.isspace() and not _SENTENCE_ENDS.search(gap):
                out[-1] = _as_rate(low, a, b, lex)
                if len(out) > 1:
                    _rate_too(low, out[-2], out[-1], b, lex)
            else:
                b.role, base = "identifier", b
                out.append(b)
            continue
        if base is not None and _counted(b) and b.value < 1000 and b.scale == 1:
            if b.start - base.end < 120 and not _SENTENCE_ENDS.search(low, base.end, b.start):
                _take(b, _as_rate(low, b, base, lex))
            else:
                base = None
        if a is None or gap.isspace():
            out.append(b)
            continue
        if a.unit == "rate_per_100k" and _counted(b) and b.value < 1000 and b.scale == 1 and b.tail == b.end:
            following = word_after(low, b.end)
            if word_before(low, b.start) in lex.against_last and (
                not following or following in lex.year_before
            ):
                b.unit = a.unit  # "27 per 100,000, up from 8.1 in 2007"
        merged = (
            _ratio(low, a, b, gap, lex) or _ratio_turned(low, a, b, gap, lex) or _range(low, a, b, gap, lex)
        )
        if merged is None:
            _same_kind(a, b, gap, lex)
            out.append(b)
        else:
            out[-1] = merged
    return out


def _counted(a: Found) -> bool:
    return a.role == "quantity" and a.unit == "count"


def _ratio(low: str, a: Found, b: Found, gap: str, lex: NumberWords) -> Found | None:
    """One in three, nine out of ten, uno de cada tres."""
    if len(gap) > 60 or not _counted(a) or b.role != "quantity":
        return None
    if len(gap) > 18 or not lex.ratio.fullmatch(gap):  # "nine murders out of a hundred"
        whole = b.value in (10, 100, 1000) and 0 < a.value < b.value and _counted(b)
        return share(a.start, b.end, a.value, b.value) if whole and lex.ratio_noun.fullmatch(gap) else None
    if b.unit != "count" and (
        b.scale > 1 or b.unit in (*_LENT, "rate_per_100k", "interval_minutes") or b.start != b.core
    ):
        return None
    if b.value < 2 or not 0 < a.value < b.value:
        return None
    usual = b.value in (2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 100, 1000, 10000, 100000)
    if not lex.ratio_sure.fullmatch(gap) and a.value != 1 and not usual:
        return None  # "killed 40 in 50 attacks"
    if a.value != int(a.value) and a.low == a.high and b.value < 100:
        return None
    if b.value >= 10000:
        return _as_rate(low, a, b, lex)
    item = share(a.start, b.tail or b.end, a.value, b.value)  # three of every four | pesos
    item.low, item.high = a.low / b.value, a.high / b.value
    return item


def _ratio_turned(low: str, a: Found, b: Found, gap: str, lex: NumberWords) -> Found | None:
    """De cada diez delitos, nueve quedan impunes; of every ten crimes, nine go unpunished."""
    if (
        not _counted(a)
        or not _counted(b)
        or a.value not in (2, 3, 4, 5, 10, 100, 1000)
        or not 0 < b.value < a.value
    ):
        return None
    lead = lex.ratio_first.search(low, max(0, a.start - 16), a.start)
    if lead is None or _SENTENCE_ENDS.search(gap) or gap.count(",") > 1:
        return None
    return share(lead.start(), b.end, b.value, a.value)


_DENOMINATORS = (1e3, 1e4, 1e5, 1e6)
_SENTENCE_ENDS = re.compile(r"[.;:!?\n](?:\s|\Z)|\n\n")


def _is_denominator(low: str, b: Found, lex: NumberWords) -> bool:
    """Whether a round number is what a rate is out of: "per 100,000", "por cada 100 mil habitantes"."""
    begin = max(0, b.start - 16)
    if lex.per_sure.search(low, begin, b.start):
        return True
    return lex.per.search(low, begin, b.start) is not None and (
        b.value == 1e5 or lex.population.match(low, b.end) is not None
    )


def _as_rate(low: str, a: Found, b: Found, lex: NumberWords) -> Found:
    """`a` per `b`, as a rate per 100,000 that spans both (and the population named after them)."""
    population = lex.population.match(low, b.end)
    by = 100000 / b.value
    step = 1.0 if a.scale == 1 and a.step >= 1 and a.value < 1000 else a.step
    end = population.end() if population else b.end
    rate = Found(
        a.start, end, a.value * by, a.low * by, a.high * by, "rate_per_100k", a.digits, step * by, "quantity"
    )
    rate.core, rate.tail = a.core, end
    return rate


def _rate_too(low: str, a: Found, rate: Found, b: Found, lex: NumberWords) -> None:
    """The first of "from 29 to 27 per 100,000" is a rate as well."""
    gap = low[a.end : rate.start]
    if _counted(a) and len(gap) <= 8 and a.value < 1000 and a.end == a.tail and lex.range_gap.fullmatch(gap):
        by = 100000 / b.value
        a.value, a.low, a.high, a.step, a.unit = (
            a.value * by,
            a.low * by,
            a.high * by,
            min(a.step, 1.0) * by,
            rate.unit,
        )


_LENT = ("share", "percentage_points", "factor")


def _range(low: str, a: Found, b: Found, gap: str, lex: NumberWords) -> Found | None:
    """Between 20 and 30, 20-30%, de 20 a 30 mil as one number; "from 20 to 30" stays two, the first lent the scale of the second."""
    if (
        len(gap) > 14
        or a.role not in ("quantity", "duration")
        or (b.role != a.role and not (b.role in ("duration", "age") and a.role == "quantity"))
    ):
        return None
    between = (
        lex.between.search(low, max(0, a.start - 12), a.start) if lex.between_gap.fullmatch(gap) else None
    )
    plain = lex.range_gap.fullmatch(gap)
    if between is None and plain is None:
        return None
    if (
        a.end != a.tail
        and a.unit not in (b.unit, "DOLLAR", "USD", "PESO", "MXN", "EUR", "GBP", "money")
        and a.unit != "count"
    ):
        return None
    came = lex.came_from.search(low, max(0, a.start - 20), a.start)
    opened = lex.range_from.search(low, max(0, a.start - 14), a.start) or came
    change = bool(came) and not lex.range_verbs.search(low, max(0, a.start - 40), a.start)
    if opened and not came:
        clause = low[max(0, a.start - 80) : a.start]
        cut = max(clause.rfind(". "), clause.rfind(";"), clause.rfind("\n"))
        change = lex.change_verbs.search(clause[cut + 1 :]) is not None
    x, y = _lend(a, b, not change)
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
            _take(b, y)
        return None
    if plain and not between and gap.strip() in ("o", "u", "or") and y.value > 4 * x.value:
        return None
    if (
        a.role == "quantity"
        and plain
        and not opened
        and gap.strip() in ("a", "to")
        and a.unit == "count"
        and b.unit == "count"
        and a.end == a.tail
        and y.value > 20 * x.value
    ):
        return None
    start = between.start() if between else a.start
    return Found(
        start,
        b.end,
        (x.low + y.high) / 2,
        x.low,
        y.high,
        y.unit,
        max(x.digits, y.digits),
        min(x.step, y.step),
        b.role,
        raw=b.raw,
        core=a.core,
        tail=b.tail,
    )


def _lend(a: Found, b: Found, grouped: bool) -> tuple[Found, Found]:
    """`a` with the scale and unit that it shares with `b` ("20 to 30 million", "15 a 20%")."""
    if a.unit == b.unit and (a.scale > 1 or b.scale < 1000) and not (grouped and a.value * 1000 < b.value):
        return a, b
    x = replace(a)
    if a.unit == "count" and b.unit in (*_LENT, "rate_per_100k") and a.end == a.tail and a.scale == 1:
        by = 100.0 if b.unit in ("share", "percentage_points") else 1.0
        x.value, x.low, x.high, x.step = a.value / by, a.low / by, a.high / by, min(a.step, 1.0) / by
        x.unit = b.unit
        return x, b
    if a.unit == "count" and b.unit not in ("count", *_LENT, "rate_per_100k", "interval_minutes"):
        x.unit = b.unit
    mantissa = b.value / b.scale
    if (
        a.scale < b.scale
        and b.scale >= 1000
        and a.end == a.tail
        and a.value < 10 * mantissa
        and a.scale <= 1000
    ):
        x.value, x.low, x.high, x.step, x.scale = (
            a.value * b.scale,
            a.low * b.scale,
            a.high * b.scale,
            a.step * b.scale,
            b.scale,
        )
    elif (
        grouped
        and a.scale == b.scale == 1
        and a.value < b.value / 1000 <= 10 * a.value
        and not b.value % 1000
    ):
        x.value, x.low, x.high, x.step = (
            a.value * 1000,
            a.low * 1000,
            a.high * 1000,
            a.step * 1000,
        )  # 60-70,000
    if b.unit == "DOLLAR" and x.unit == "USD":
        y = replace(b)
        y.unit = x.unit
        return x, y
    if b.unit == "count" and a.unit not in ("count", *_LENT, "rate_per_100k", "interval_minutes", "factor"):
        y = replace(b)  # $20 to 30 million
        y.unit = a.unit
        return x, y
    return x, b


def _take(a: Found, x: Found) -> None:
    a.value, a.low, a.high, a.step, a.unit, a.scale = x.value, x.low, x.high, x.step, x.unit, x.scale


def _same_kind(a: Found, b: Found, gap: str, lex: NumberWords) -> None:
    """Days before a date are dates too ("5 and 6 May", "del 5 al 10 de mayo")."""
    if _counted(a) and a.end == a.tail and b.role in ("age", "duration") and lex.list_gap.fullmatch(gap):
        a.role = b.role  # "18 and 25 years old"
    days = _counted(a) and a.value <= 31 and a.value == int(a.value) and a.end == a.tail
    if days and b.role == "date" and lex.list_gap.fullmatch(gap):
        a.role = "date"
