"""Checking a country folder in full: every file read, every reference followed.

A country loads leanly (`load_country` reads what a claim needs); this is the slow and complete check, for tests and
for somebody who writes a second country.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from careo.base.errors import DataError
from careo.base.shipped import read_yaml
from careo.base.units import unit_long
from careo.panel.country import Country, load_country
from careo.panel.indicators import Indicator
from careo.panel.places import shipped_neighbours
from careo.sources.catalog import datasets

_WORDED = ("name", "definition", "breaks", "revisions")


@dataclass(frozen=True, slots=True)
class CountrySize:
    """How much a country holds: indicators with their variants, observations by file kind, places, sources."""

    indicators: int
    variants: int
    observations: int
    months: int
    places: int
    sources: int


def validate_country(country: str) -> CountrySize:
    """Read every file of a country and follow every reference.

    Args:
        country: a shipped country or the path of a folder of the same layout.

    Raises:
        DataError: the first thing that is wrong, with file and, for tables, line.
    """
    loaded = load_country(country)
    for indicator in loaded.indicators.values():
        _check_definition(loaded, indicator)
    _check_files(loaded)
    _check_cards(loaded)
    series = [loaded.series(name) for name in loaded.indicators]
    monthly = [loaded.months(name) for name in loaded.indicators]
    _ = loaded.office_holders, loaded.terms
    return CountrySize(
        indicators=sum(not i.parent for i in loaded.indicators.values()),
        variants=sum(bool(i.parent) for i in loaded.indicators.values()),
        observations=sum(len(s.observations) for s in series),
        months=sum(len(s.observations) for s in monthly),
        places=len(loaded.places.by_code),
        sources=len(loaded.sources),
    )


def _check_definition(country: Country, indicator: Indicator) -> None:
    where = f"{country.folder / 'indicators.yaml'}: {indicator.id}"
    for name in _WORDED:
        words: Mapping[str, str] = getattr(indicator, name)
        if name in ("breaks", "revisions") and not words:
            continue
        for language in country.languages:
            if not words.get(language):
                raise DataError("panel_language", where=where, what=f"{name}.{language}")
    for language in country.languages:
        try:
            unit_long(indicator.unit, language)
        except (KeyError, DataError) as error:
            raise DataError(
                "panel_unit", where=where, found=repr(indicator.unit), fix="panel_unit"
            ) from error
    for other, reason in indicator.not_comparable_with.items():
        if other not in country.indicators:
            raise DataError("panel_other", where=where, indicator=indicator.id, found=repr(other))
        for language in country.languages:
            if not reason.get(language):
                raise DataError("panel_language", where=where, what=f"{other}.{language}")
    if indicator.concept not in country.concepts.by_id:
        raise DataError(
            "panel_concept_unknown", where=where, indicator=indicator.id, found=repr(indicator.concept)
        )


def _check_files(country: Country) -> None:
    folder = country.folder / "series"
    parents = {i.parent for i in country.indicators.values()}
    written = {path.stem for path in folder.glob("*.csv")}
    monthly = {path.stem for path in (folder / "monthly").glob("*.csv")}
    for name in sorted(written | monthly):
        if name not in country.indicators:
            raise DataError("panel_orphan", where=str(folder), indicator=name, fix="panel_indicator")
    for indicator in country.indicators.values():
        if indicator.id not in written | monthly | parents:
            raise DataError("panel_empty", where=str(folder), indicator=indicator.id)
        if indicator.id in monthly and not country.months(indicator.id).observations:
            raise DataError("panel_empty", where=str(folder / "monthly"), indicator=indicator.id)


def _check_cards(country: Country) -> None:
    """Every dataset in every language, with indicators and catalogues that exist; every pair of publishers to compare too."""
    for card in datasets(country.key).values():
        where = f"{country.folder / 'cards' / card.id}.yaml"
        texts = {"title": card.title, "licence": card.licence, "definition": card.definition}
        texts |= {f"traps[{place}]": trap for place, trap in enumerate(card.traps)}
        for name, words in texts.items():
            for language in country.languages:
                if not words.get(language):
                    raise DataError("panel_language", where=where, what=f"{name}.{language}")
        _refuse_unknown_indicators(country, where, card.series)
        catalogue = country.folder / "catalogues" / f"{card.catalogue}.csv"
        if card.catalogue and not catalogue.is_file():
            raise DataError("input_missing", where=str(catalogue))
    checks = country.folder / "checks.yaml"
    given = read_yaml(checks) if checks.is_file() else None
    for entry in (given or {}).get("ratios") or []:
        _refuse_unknown_indicators(country, str(checks), (entry["one"], entry["other"]))
    strangers = set(shipped_neighbours(country.key)) - set(country.places.states)
    if strangers:
        raise DataError("panel_place", where="places/neighbours.csv", found=", ".join(sorted(strangers)))


def _refuse_unknown_indicators(country: Country, where: str, names: Iterable[str]) -> None:
    for name in names:
        if name not in country.indicators:
            raise DataError("panel_other", where=where, indicator=name, found=repr(name))
