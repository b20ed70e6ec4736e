"""Figure check: a claimed figure against every official definition that fits, with the vintage known when it was claimed.

claim ─► concept ─► definitions (named / possible) ─► values (known then, newest) ─► verdict, one sentence, a table
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from careo.base.dates import parse_period
from careo.base.texts import say
from careo.base.units import is_money
from careo.panel import Country, country_of
from careo.record.sentences import statement_rules
from careo.record.statements import Quantity, Statement
from careo.results.agreement import agrees
from careo.results.candidates import candidates
from careo.results.comparisons import compare_change, compare_levels
from careo.results.considered import considered, in_words, make_finding, row_value, row_words
from careo.results.finding import Considered, Finding
from careo.results.wording import amount, period_words, place_name

if TYPE_CHECKING:
    import xarray as xr

_REVISED = 0.03  # by so much official counts are often revised: a later edition alone does not refute what was said before it
_FAR = 3.0  # a figure three times smaller or larger than every series counts something else when only far words link it


def check_figures(
    statements: Iterable[Statement],
    panel: Country | xr.Dataset | None = None,
    *,
    said: date | None = None,
    language: str = "en",
) -> tuple[Finding, ...]:
    """Verdicts on the figures among statements, and on the comparisons they make, in the order of the text.

    Args:
        statements: of one page or several; what is no figure is passed over.
        panel: what the figures are held against: a panel or a country; Mexico by default.
        said: the day the claims were made; without it the date of each page, else the newest vintages count as known.
        language: of the findings' sentences, "en" or "es".
    """
    country = country_of(panel)
    figures = [s for s in statements if s.kind == "figure" and s.quantity is not None]
    found: list[Finding] = []
    for order, statement in enumerate(figures):
        on = said or _day(statement)
        finding = check_figure(statement, country, on, language)
        found.append(finding)
        if (
            order
            and figures[order - 1].sentence == statement.sentence
            and figures[order - 1].source == statement.source
        ):
            pair = compare_levels(figures[order - 1], statement, country, on, language)
            if pair:
                found.append(pair)
    return tuple(found)


def check_figure(statement: Statement, country: Country, on: date | None, language: str = "en") -> Finding:
    """The verdict on one figure."""
    quantity = statement.quantity
    assert quantity is not None  # noqa: S101 - callers pass figures only
    if quantity.change:
        return compare_change(statement, country, on, language)
    rows = considered(statement, country, on, language)
    verdict, because, caveats = _judge(statement, quantity, rows, country, on, language)
    return make_finding(statement, "figure", verdict, because, rows, caveats, country, language)


# --- the verdict ----------------------------------------------------------------------------------------------------------


def _judge(
    statement: Statement,
    quantity: Quantity,
    rows: tuple[Considered, ...],
    country: Country,
    on: date | None,
    language: str,
) -> tuple[str, str, tuple[str, ...]]:
    claimed = amount(quantity, language, statement.hedge)
    if statement.promised and not any(r.fits for r in rows):
        return "unverifiable", say(language, "findings.because.promised", claim=claimed), ()
    if not rows:
        return (*_without_rows(statement, quantity, country, language), ())
    fitting = sorted(
        (r for r in rows if r.fits),
        key=lambda r: (
            not r.named,
            bool(r.note),
            r.verified == "memory",
            not r.known,
            abs((r.ratio or 9) - 1),
        ),
    )
    named = [r for r in rows if r.named]
    best_named = next((r for r in fitting if r.named and r.known), None) or next(
        (r for r in fitting if r.named), None
    )
    if best_named and not best_named.note:
        return (
            "consistent",
            _sentence("consistent", claimed, best_named, language),
            _caveats(statement, best_named, rows, on, language),
        )
    other = (
        best_named
        or next((r for r in fitting if r.known and not r.note), None)
        or next((r for r in fitting if not r.note), None)
    )
    if other is None and statement.period_form not in ("at", "between"):
        other = next((r for r in fitting if r.known), None)
    if other:
        if other.named:
            return (
                "consistent",
                _sentence("consistent", claimed, other, language),
                (other.note, *_caveats(statement, other, rows, on, language)),
            )
        first = named[0] if named else other
        key = "superseded" if first.indicator == other.indicator else "other"
        key = key if named else "other_only"
        because = say(
            language,
            f"findings.because.{key}",
            claim=claimed,
            named=first.name,
            named_value=row_value(first, language),
            **row_words(other, language),
        )
        return "consistent under another definition", because, _caveats(statement, other, rows, on, language)
    if not _comparable_rows(rows):
        return (
            "unverifiable",
            say(language, "findings.because.no_period", claim=claimed, name=rows[0].name),
            (),
        )
    narrower = statement.weak or _subgroup(statement, quantity, rows)
    if narrower and all(r.ratio is None or r.ratio > _FAR or r.ratio < 1 / _FAR for r in rows):
        return (
            "unverifiable",
            say(language, "findings.because.something_else", claim=claimed, name=rows[0].name),
            (),
        )
    if statement.weak and is_money(quantity.unit):
        # sums are of too many things for one told sentences ago to refute this one
        because = say(language, "findings.because.something_else", claim=claimed, name=rows[0].name)
        return "unverifiable", because, ()
    pool = [r for r in rows if not r.note] or list(rows)
    near = min([r for r in pool if r.named] or pool, key=lambda r: abs((r.ratio or 9e9) - 1))
    if not named and _local(statement, country):
        # files of a town do not refute its victims: the definition meant has no value there
        because = say(language, "findings.because.not_meant", claim=claimed, **row_words(near, language))
        return "unverifiable", because, ()
    if _outgrown(statement, near, on):
        because = say(language, "findings.because.outgrown", claim=claimed, **row_words(near, language))
        return "unverifiable", because, ()
    if named and not any(r.known for r in named) and near.ratio and abs(near.ratio - 1) <= _REVISED:
        because = say(language, "findings.because.later_edition", claim=claimed, **row_words(near, language))
        return "unverifiable", because, ()
    swap = _swapped(statement, quantity, country, on, near, language)
    caveats = (*((swap,) if swap else ()), *_caveats(statement, near, rows, on, language))
    return "inconsistent", _sentence("inconsistent", claimed, near, language), caveats


def _outgrown(statement: Statement, near: Considered, on: date | None) -> bool:
    """Whether a running total may have come so far since its last reading: 19,278 by 2009 does not refute 28,000 in 2010."""
    first = statement.period.first if statement.period else None
    end = parse_period(near.period).last
    if statement.period_form != "since" or not (first and end and on and near.ratio) or end <= first:
        return False
    grown = (on - first).days / (end - first).days
    return on > end and 1 < near.ratio <= 1 + _FASTER * (grown - 1)


_FASTER = 2.5  # the pace of what is counted may have grown so much since the last reading


def _local(statement: Statement, country: Country) -> bool:
    """Whether a claim is about a place below the states, of which few definitions have values."""
    place = country.places.by_code.get(statement.place)
    return place is not None and place.kind == "municipality"


def _comparable_rows(rows: tuple[Considered, ...]) -> bool:
    """Whether some value covers the period claimed."""
    return any(not r.note for r in rows)


def _without_rows(
    statement: Statement, quantity: Quantity, country: Country, language: str
) -> tuple[str, str]:
    claimed = amount(quantity, language, statement.hedge)
    if (
        quantity.unit in ("share", "percentage_points")
        and not statement.concept
        and _base_unsaid(statement, quantity)
    ):
        return "not measurable as stated", say(language, "findings.because.share_of_what", claim=claimed)
    if not statement.concept:
        return "unverifiable", say(language, "findings.because.no_series", claim=claimed)
    names = [c.indicator for c in candidates(statement, country)]
    if names and statement.place != country.default_place:
        return "unverifiable", say(
            language,
            "findings.because.no_place",
            claim=claimed,
            place=place_name(country, statement.place, language),
        )
    if names:
        return "unverifiable", say(
            language, "findings.because.no_period", claim=claimed, name=in_words(names[0].name, language)
        )
    return "unverifiable", say(language, "findings.because.no_unit", claim=claimed)


def _subgroup(statement: Statement, quantity: Quantity, rows: tuple[Considered, ...]) -> bool:
    """Whether the figure counts a part of the population ("3,700 women") that none of the definitions is about."""
    words = set(re.findall(r"[^\W\d_]+", quantity.noun.lower()))
    parts = words & set(statement_rules(statement.language)["subgroups"])
    return bool(parts) and not any(part in row.name.lower() for row in rows if row.named for part in parts)


def _base_unsaid(statement: Statement, quantity: Quantity) -> bool:
    """Whether nobody says of what a share is, or says it of a thing that has no size ("of the strategy")."""
    vague = statement_rules(statement.language)["sizeless"]
    words = re.findall(r"[^\W\d_]+", (quantity.of or quantity.noun).lower())
    return not words or any(word.startswith(v) if len(v) > 4 else word == v for v in vague for word in words)


def _swapped(
    statement: Statement,
    quantity: Quantity,
    country: Country,
    on: date | None,
    near: Considered,
    language: str,
) -> str:
    """A sentence when the claim is the right value of the wrong thing: another place or another year."""
    if statement.place != country.default_place:
        nation = replace(statement, place=country.default_place)
        row = next(
            (r for r in considered(nation, country, on, language) if r.fits and r.named and not r.note), None
        )
        if row:
            return say(language, "findings.caveat.nation", **row_words(row, language))
    series = country.series(near.indicator).observations
    for observation in series:
        other = observation.place == near.place and str(observation.period) != near.period
        yearly = len(str(observation.period)) == 4 and quantity.digits >= 3
        if other and yearly and agrees(quantity, "none", observation.value):
            return say(
                language,
                "findings.caveat.other_year",
                name=near.name,
                period=period_words(observation.period, language),
            )
    return ""


def _caveats(
    statement: Statement, row: Considered, rows: tuple[Considered, ...], on: date | None, language: str
) -> tuple[str, ...]:
    found: list[str] = []
    if not row.known:
        found.append(say(language, "findings.caveat.not_public", vintage=row.vintage))
    same = [
        r for r in rows if r.indicator == row.indicator and r.period == row.period and r.place == row.place
    ]
    newest = max(same, key=lambda r: r.vintage)
    if newest.value != row.value and newest.vintage > row.vintage:
        found.append(
            say(
                language, "findings.caveat.revised", value=row_value(newest, language), vintage=newest.vintage
            )
        )
    if (
        on
        and len(row.vintage) < 10
        and row.known is False
        and row.vintage[:7] == on.isoformat()[: len(row.vintage[:7])]
    ):
        found.append(say(language, "findings.caveat.last_day", vintage=row.vintage))
    if row.verified == "memory":
        found.append(say(language, "findings.caveat.memory"))
    if row.fits and statement.hedge == "at least" and row.ratio and row.ratio < 0.85:
        found.append(say(language, "findings.caveat.understates", value=row_value(row, language)))
    differing = sorted(
        {r.name for r in rows if r.named and not r.fits and not r.note and r.indicator != row.indicator}
    )
    if row.fits and differing:
        found.append(say(language, "findings.caveat.others_differ", names="; ".join(differing[:3])))
    if statement.period_form == "page":
        found.append(say(language, "findings.caveat.no_period_said"))
    return tuple(found)


def _sentence(key: str, claimed: str, row: Considered, language: str) -> str:
    return say(language, f"findings.because.{key}", claim=claimed, **row_words(row, language))


def _day(statement: Statement) -> date | None:
    return date.fromisoformat(statement.said) if statement.said else None
