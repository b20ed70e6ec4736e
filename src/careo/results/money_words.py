"""Money in words of a language: amounts, years, stages, and why an amount cannot be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from careo.base.citations import Source
from careo.base.fields import worded
from careo.base.texts import say, sayable
from careo.record.money import Money, Total
from careo.results.wording import number, period_words

# Spanish counts thousands of millions where English says billion.
_SCALES = {"en": (("billion", 9), ("million", 6)), "es": (("million", 6),)}


def amount_words(amount: Decimal, currency: str, language: str) -> str:
    """An amount for a sentence, to about three figures: "MXN 2.42 billion", "MXN 2,417 millones", "US$182 million"."""
    name, power = next(
        ((n, p) for n, p in _SCALES.get(language, _SCALES["en"]) if abs(amount) >= Decimal(10) ** p), ("", 0)
    )
    text = number(float(amount.scaleb(-power)))
    text = say(language, f"words.scale.{name}", value=text) if name else text
    key = f"words.currency.{currency}"
    return say(language, key, value=text) if sayable(language, key) else f"{currency} {text}"


def exact(amount: Decimal) -> str:
    """An amount for a table, to the cent: "24,856,520,727", "5,000,000,000.25"."""
    text = f"{amount:,.2f}".removesuffix(".00")
    return text.replace("-", "−", 1)


def total_words(total: Total, language: str) -> str:
    """An amount, a range of reports, or why there is none."""
    if total.amount is not None:
        return amount_words(total.amount, total.currency, language)
    if total.low is not None and total.high is not None:
        ends = [amount_words(end, total.currency, language) for end in (total.low, total.high)]
        return ends[0] if total.low == total.high else say(language, "money.range", low=ends[0], high=ends[1])
    return reason_words(total, language)


def reason_words(total: Total, language: str) -> str:
    """Why an amount cannot be told, as a clause; "" where it can."""
    if not total.reason:
        return ""
    note = next((worded(f.note, language) for f in total.flows if f.amount is None and f.note), "")
    if total.reason == "not_found" and note:
        return note
    return say(language, f"money.reason.{total.reason}", years=years_words(total.missing, language))


def years_words(years: Iterable[str], language: str) -> str:
    """Years in as few words as they need: "2013–2016, 2018"."""
    runs: list[list[int]] = []
    for year in sorted({int(year) for year in years}):
        if runs and runs[-1][-1] == year - 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    pieces = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    if len(pieces) < 2:
        return "".join(pieces)
    return say(language, "money.list", first=", ".join(pieces[:-1]), last=pieces[-1])


def when_words(period: str, language: str) -> str:
    """A period of money; years without months as a range of figures."""
    first, slash, last = period.partition("/")
    return f"{first}–{last}" if slash and len(first) == len(last) == 4 else period_words(period, language)


def share_words(low: Decimal, high: Decimal) -> str:
    """A share or a range of shares: "11.2%", "83.3–90.9%"."""
    ends = [number(float(round(end * 100, 2))) for end in (low, high)]
    return f"{ends[0]}%" if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}%"


def stage_words(stage: str, language: str) -> str:
    """A stage as a past participle: "voted", "pagado"."""
    return say(language, f"money.stage.{stage}")


def line_name(money: Money, line: str, language: str) -> str:
    """What a line is called."""
    return worded(money.lines[line].name, language) if line in money.lines else line


def cited(keys: Iterable[str], sources: Mapping[str, Source]) -> tuple[Source, ...]:
    """The sources of these keys, each once."""
    return tuple(sources[key] for key in dict.fromkeys(keys) if key in sources)


def sentence(clauses: Sequence[str]) -> str:
    """Clauses as one sentence."""
    text = "; ".join(clause for clause in clauses if clause)
    return f"{text[:1].upper()}{text[1:]}." if text else ""
