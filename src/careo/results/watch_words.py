"""A signal in words: what was measured against what, whom it is about, what it rests on, how late it was known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from careo.base.fields import worded
from careo.base.texts import say, sayable
from careo.record.purchases.naming import Names
from careo.record.purchases.rules import Rule
from careo.record.purchases.signals import Evidence, Place, Signal
from careo.results.wording import number
from careo.sources.civil import DAY

_LOCAL = re.compile(r"^local-[^-]+-")  # before the number that a publisher without OCDS gives a process
TIMES = frozenset({"filed", "published", "opening", "decided", "signed", "start", "date"})
"""Fields whose values are civil seconds."""
_UNITS: Mapping[str, str] = {
    "short_term": "days",
    "split": "money",
    "near_ceiling": "money",
    "without_competition": "share",
    "supplier_share": "share",
    "hasty_decision": "days",
    "slow_decision": "days",
    "unsigned": "days",
    "item_variety": "count",
    "single_tenderer": "count",
    "close_bids": "share",
    "unsuccessful_tenderer": "share",
    "same_price": "money",
    "late_winner": "time",
    "others_disqualified": "count",
    "lowest_disqualified": "money",
    "many_disqualified": "share",
    "heavy_discount": "share",
}
"""What the value and the threshold of each check are."""


def moment_words(civil: int | None) -> str:
    """Civil seconds as people of the country write them on papers: "2024-03-05", with the hour where it is not midnight."""
    if civil is None:
        return "–"
    try:
        moment = datetime(1970, 1, 1) + timedelta(seconds=civil)  # noqa: DTZ001 - the clock of the country, whichever
    except OverflowError:
        return "–"
    return f"{moment:%Y-%m-%d}" if civil % DAY == 0 else f"{moment:%Y-%m-%d %H:%M}"


def money_words(cents: float, currency: str) -> str:
    """An amount in whole units of its currency, cents where there are any."""
    amount = in_units(cents)
    sign = "−" if amount < 0 else ""
    return f"{sign}{f'{abs(amount):,f}'.removesuffix('.00')} {currency}".rstrip()


def in_units(cents: float) -> Decimal:
    """Cents in units of their currency, exactly, with two places."""
    return Decimal(round(cents)).scaleb(-2)


def days_words(days: float, language: str) -> str:
    """A number of days."""
    return say(language, "watch.words.day" if days == 1 else "watch.words.days", count=number(days))


def measured(signal: Signal, rule: Rule | None, language: str) -> str:
    """What was measured, and against what: "4 days (threshold: 6 days)"; "" where a rule measures nothing."""
    unit = unit_of(signal, rule)
    currency = currency_of(rule)
    if signal.subject.endswith("/twice"):  # the value is careo's own name for the row
        return say(language, "watch.words.twice")
    value, threshold = (_in(unit, one, currency, language) for one in (signal.value, signal.threshold))
    if unit.startswith("changed"):
        return _changed(signal, rule, language)
    if not threshold or threshold == value:
        return value
    return say(language, "watch.words.measured", value=value, threshold=threshold)


def _changed(signal: Signal, rule: Rule | None, language: str) -> str:
    """What an edit in place made of what; a row that is gone made nothing of it."""
    if signal.value in ("vanished", "ambiguous"):
        return say(language, f"watch.words.{signal.value}")
    name = signal.evidence[-1].field.rpartition("/")[2] if signal.evidence else ""
    before, after = (_fact(name, one, rule, language) for one in (signal.threshold, signal.value))
    change = say(language, "watch.words.changed", before=before, after=after)
    field = f"watch.field.{name}"
    return say(language, "watch.words.edited", field=say(language, field), change=change) if sayable(language, field) else change  # fmt: skip


def unit_of(signal: Signal, rule: Rule | None) -> str:
    """What value and threshold are: "days", "money" (cents), "share" (in [0, 1]), "count", "time" (civil seconds), ""; after and before of an
    edit "changed", "changed money", "changed time"."""
    check = rule.check if rule else ""
    if check == "edited_in_place":
        field = signal.evidence[-1].field.rpartition("/")[2] if signal.evidence else ""
        return "changed time" if field in TIMES else "changed money" if "amount" in field else "changed"
    if check == "quality":
        end = signal.subject.rpartition("/")[2]
        return "days" if end == "order" else "money" if end in ("currency", "amount") else ""
    return _UNITS.get(check, "")


def _in(unit: str, value: float | str, currency: str, language: str) -> str:
    if isinstance(value, str):
        return value
    if unit == "days":
        return days_words(value, language)
    if unit == "money":
        return money_words(value, currency)
    if unit == "share":
        return f"{number(round(100 * value, 1))}%"
    if unit == "time":
        return moment_words(int(value))
    return number(value)


def currency_of(rule: Rule | None) -> str:
    """Code of the money that the amounts of a rule are in, "" where it is not known."""
    return str(rule.settings.get("currency", "")) if rule else ""


def fact_words(evidence: Evidence, rule: Rule | None, language: str) -> tuple[str, str]:
    """(field, value) of what a signal rests on, in words."""
    head, _, rest = evidence.field.partition("/")
    name = evidence.field.rpartition("/")[2]
    key = f"watch.field.{name}" if sayable(language, f"watch.field.{name}") else f"watch.field.{head}"
    words = say(language, key) if sayable(language, key) else evidence.field
    if rest == name and head == "contracts":  # the row itself, under careo's own name for it
        words = f"{say(language, 'watch.words.row')} ({name})"
        if evidence.value in (None, name):
            twice = evidence.value is not None
            return words, say(language, "watch.words.twice" if twice else "watch.words.gone")
    elif rest:
        words = f"{words} ({evidence.field.rpartition('/')[0] or evidence.field})"
    value = _fact(name, evidence.value, rule, language)
    if evidence.before is not None:
        value = say(
            language, "watch.words.changed", before=_fact(name, evidence.before, rule, language), after=value
        )
    return words, value


def _fact(name: str, value: float | str | bool | None, rule: Rule | None, language: str) -> str:
    if value is None or value == "":
        return say(language, "watch.words.empty")
    if isinstance(value, bool):
        return say(language, "watch.words.yes" if value else "watch.words.no")
    if isinstance(value, str):
        key = f"watch.method.{value}"
        return say(language, key) if name == "method" and sayable(language, key) else value
    if name in TIMES:
        return moment_words(int(value))
    return money_words(value, currency_of(rule)) if "amount" in name else number(value)


def place_words(evidence: Evidence, language: str) -> str:
    """Where it stands: file, line or pointer, and the beginning of the file's checksum; of an edit, where what was there before stands, too."""
    if not evidence.name:
        return say(language, "watch.words.counted")
    if evidence.former:
        before, after = (_place(place, language) for place in (evidence.former, evidence))
        return say(language, "watch.words.places", before=before, after=after)
    return _place(evidence, language)


def _place(place: Place, language: str) -> str:
    sha = f"sha256 {place.sha256[:12]}" if place.sha256 else ""
    return ", ".join(part for part in (place.name, line_words(place, language), sha) if part)


def line_words(place: Place, language: str) -> str:
    """Where in its file something stands: line, pointer, "" for neither."""
    line = say(language, "watch.words.line", line=place.line) if place.line else ""
    return " ".join(part for part in (line, place.pointer) if part)


def state_words(signal: Signal, language: str) -> str:
    """Raised, updated, withdrawn."""
    return say(language, f"watch.state.{signal.state}")


def severity_words(signal: Signal, language: str) -> str:
    """Notice, signal, strong signal."""
    key = f"watch.severity.{signal.severity}"
    return say(language, key) if sayable(language, key) else signal.severity


def named_words(code: str, name: str) -> str:
    """A code with the name beside it, where one is known."""
    return f"{name} ({code})" if name and code else name or code


def buyer_words(signal: Signal, names: Names, language: str) -> str:
    """The name of the buyer, else its code."""
    return names.buyer(signal) or signal.buyer or say(language, "watch.words.nobody")


def unit_words(signal: Signal, names: Names) -> str:
    """The code of the buying unit with its name; "" if there is none."""
    return named_words(signal.unit, names.unit(signal))


def supplier_words(signal: Signal, names: Names, language: str) -> str:
    """Who supplies: the name of a company with its code, the reference of a natural person; "" where a signal is of no supplier."""
    if not signal.supplier:
        return ""
    return say(
        language, "watch.words.supplier", supplier=named_words(signal.supplier, names.supplier(signal))
    )


def sentence(signal: Signal, rule: Rule | None, names: Names, language: str) -> str:
    """A signal on one line: rule, what was measured, who bought, which process."""
    title = worded(rule.title, language) if rule else signal.rule
    found = measured(signal, rule, language)
    parts = [f"{title}: {found}" if found else title, buyer_words(signal, names, language)]
    if supplier := supplier_words(signal, names, language):
        parts.append(supplier)
    return "; ".join([*parts, subject_words(signal, rule, language)])


def subject_words(signal: Signal, rule: Rule | None, language: str) -> str:
    """What a signal is about, as a reader can look it up at the publisher's: the process, or the unit with what was summed."""
    if "|" not in signal.subject:
        process = next((one.process for one in signal.evidence if one.process), "") or signal.subject
        bare = process if signal.subject.startswith(process) else signal.subject
        return process_words(bare)
    kept = [
        part for part in signal.subject.split("|") if part not in (signal.buyer, signal.unit, signal.supplier)
    ]
    if not signal.unit or not kept:
        return signal.subject
    key = "split" if rule and rule.check == "split" else "of_unit"
    return say(language, f"watch.words.{key}", unit=signal.unit, rest=", ".join(kept))


def process_words(process: str) -> str:
    """A process by the number that its publisher knows it by."""
    return _LOCAL.sub("", process)


def delay_words(signal: Signal, language: str) -> str:
    """The three delays of a signal, in days; a dash where one is not known."""
    words = [_between(early, late, language) for early, late in signal.delays]
    return say(language, "watch.words.delays", published=words[0], seen=words[1], told=words[2])


def taken_words(signal: Signal, language: str) -> str:
    """That what it rests on came later than on the day on which it is seen; "" where it did not."""
    if signal.taken is None or signal.first_seen is None or signal.taken // DAY <= signal.first_seen // DAY:
        return ""
    return say(language, "watch.view.finding.taken", taken=moment_words(signal.taken))


def _between(early: int | None, late: int | None, language: str) -> str:
    return (
        "–" if early is None or late is None or late < early else days_words((late - early) // DAY, language)
    )
