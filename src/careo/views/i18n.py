"""Spanish and English: which language to speak, and how values, periods and verdicts are written in it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from careo.base.dates import Period
from careo.base.errors import DataError
from careo.base.texts import LANGUAGES, say, sentences
from careo.base.units import unit_long

# What a terminal would obey, or what turns the order of letters around: never shown as it stands.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACE = re.compile(r"\s+")


def choose_language(asked: str, environment: Mapping[str, str]) -> str:
    """The language to speak: `--lang`, else `CAREO_LANG`, else Spanish where the locale is Spanish, else English."""
    for name in (asked, environment.get("CAREO_LANG", "")):
        if name.lower()[:2] in LANGUAGES:
            return name.lower()[:2]
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(variable):
            return "es" if environment[variable].lower().startswith("es") else "en"
    return "en"


def clean(text: str) -> str:
    """Text of others made safe to show: no control characters, no change of writing direction."""
    return _UNSAFE.sub("", text)


def one_line(text: str, width: int = 0) -> str:
    """Text of others on one line, cut to `width` characters (0: not cut)."""
    line = _SPACE.sub(" ", clean(text)).strip()
    return line if not width or len(line) <= width else line[: width - 1].rstrip() + "…"


def number(value: float) -> str:
    """A number with thousands separators and no more decimals than it needs (both languages, as Mexico writes them)."""
    if value != value or value in (float("inf"), float("-inf")):
        return "–"
    size = abs(value)
    decimals = 0 if value == int(value) or size >= 1000 else 1 if size >= 10 else 2 if size >= 0.1 else 4
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−", 1) if text.startswith("-") else text


def value_words(value: float, unit: str, language: str, change: str = "") -> str:
    """A value with its unit, as a reader would write it: "33,341 victims", "15%", "US$9.2 billion"."""
    sign = "+" if change == "up" and value > 0 else "−" if change == "down" and value > 0 else ""
    if unit == "share":
        return f"{sign}{number(round(value * 100, 4))}%"
    if unit in ("percentage_points", "percentage points"):
        return say(language, "dossier.value.points", value=sign + number(round(value * 100, 4)))
    currency, _, year = unit.partition(" of ")
    if currency == "money" or re.fullmatch(r"[A-Z]{3}", currency):
        words = sign + _money(value, currency, language)
        return say(language, "units.prices", money=words, year=year) if year else words
    if unit.startswith("interval") or unit == "factor":
        return (
            say(language, f"dossier.value.{unit}", value=number(value)) if unit in _WORDED else number(value)
        )
    return f"{sign}{number(value)} {unit_word(unit, language)}".rstrip()


_WORDED = ("factor", "interval_minutes")


def _money(value: float, unit: str, language: str) -> str:
    currency = "" if unit == "money" else unit
    size = abs(value)
    scale, divisor = next(((n, d) for n, d in _SCALES[language] if size >= d), ("", 1.0))
    amount = number(round(value / divisor, 1 if value / divisor < 1000 else 0))
    words = say(language, f"dossier.value.scale.{scale}", value=amount) if scale else amount
    known = f"dossier.value.currency.{currency}"
    if known in sentences(language):
        return say(language, known, value=words)
    return f"{currency} {words}".strip()


# Spanish counts thousands of millions where English says billion: "9,200 millones".
_SCALES = {"en": (("billion", 1e9), ("million", 1e6)), "es": (("million", 1e6),)}


def unit_word(name: str, language: str) -> str:
    """A published unit name in the reader's language."""
    try:
        return unit_long(name, language)
    except (DataError, KeyError):  # a country's own unit ("boats") is its own word
        return name.replace("_", " ")


def period_words(period: Period | str | None, language: str) -> str:
    """A period for a reader: "2018", "May 2018", "2006 to 2012", "since 2006"."""
    iso = "undated" if period is None else str(period)
    if iso in ("", "undated"):
        return say(language, "dossier.period.undated")
    if "/" not in iso:
        return _point(iso, language)
    first, _, last = iso.partition("/")
    if first == "..":
        return say(language, "dossier.period.until", last=_point(last, language))
    if last == "..":
        return say(language, "dossier.period.since", first=_point(first, language))
    return say(language, "dossier.period.between", first=_point(first, language), last=_point(last, language))


def _point(iso: str, language: str) -> str:
    parts = iso.split("-")
    if len(parts) == 1 or not all(part.isdigit() for part in parts) or not 1 <= int(parts[1]) <= 12:
        return iso
    month = say(language, "dossier.months").split()[int(parts[1]) - 1]
    if len(parts) == 2:
        return say(language, "dossier.period.month", month=month, year=parts[0])
    return say(language, "dossier.period.day", day=int(parts[2]), month=month, year=parts[0])


def verdict_words(verdict: str, language: str) -> str:
    """A verdict in the reader's language."""
    key = f"dossier.verdict.{verdict_slug(verdict)}.name"
    return say(language, key) if key in sentences(language) else verdict


def verdict_slug(verdict: str) -> str:
    """A verdict as a name for keys, links and style classes."""
    return re.sub(r"\W+", "_", verdict.strip().lower())
