"""All that is known of a country: its indicators, series, places, office-holders and words, read when first needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.citations import Source, load_sources
from careo.base.dates import Period, Term
from careo.base.errors import DataError
from careo.base.office_holders import OfficeHolder, read_holders
from careo.base.shipped import country_folder, read_yaml
from careo.panel import series as record
from careo.panel.concepts import Concepts, load_concepts
from careo.panel.indicators import Indicator, load_indicators
from careo.panel.places import Places, load_places, shipped_neighbours
from careo.panel.series import Observation, Series

if TYPE_CHECKING:
    import xarray as xr

    from careo.sources.snapshot import Snapshot

_SUMMED_MONEY = ("money_spent", "money_voted", "money_appropriated")


@dataclass(frozen=True)
class Country:
    """What is known about a country.

    Attributes:
        key: as given to `load_country`: "mexico", "toyland" or a folder. code: "MX".
        names: by language, how the country is called. demonyms: by language, its adjectives.
        default_place: code of the place a figure is about when none is named.
        languages: languages its pages are written in. dollar_sign: language → currency a bare "$" means.
        indicators: id → definition. folder: where its data stand.
        outcomes: ids of the indicators that every strategy is held against.
        editions: imported editions of official files, oldest first.
    """

    key: str
    code: str
    names: Mapping[str, tuple[str, ...]]
    demonyms: Mapping[str, tuple[str, ...]]
    default_place: str
    languages: tuple[str, ...]
    dollar_sign: Mapping[str, str]
    indicators: Mapping[str, Indicator]
    folder: Path
    outcomes: tuple[str, ...] = ()
    editions: tuple[Snapshot, ...] = ()

    @cached_property
    def derived(self) -> dict[tuple[object, ...], Any]:
        """What other modules derived from this record and nothing else, so that they need not do it twice; never changed once there."""
        return {}

    @cached_property
    def places(self) -> Places:
        """Its places, and how they are found in a text."""
        return load_places(self.key)

    @cached_property
    def neighbours(self) -> Mapping[str, tuple[str, ...]]:
        """State → the states it shares a land border with."""
        return shipped_neighbours(self.key)

    @cached_property
    def concepts(self) -> Concepts:
        """What people call the things that are counted."""
        return load_concepts(self.key)

    @cached_property
    def by_concept(self) -> Mapping[str, tuple[Indicator, ...]]:
        """Concept → the definitions that count it."""
        groups: dict[str, list[Indicator]] = {}
        for indicator in self.indicators.values():
            groups.setdefault(indicator.concept, []).append(indicator)
        return {concept: tuple(members) for concept, members in groups.items()}

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """Every source of its series, by key; imported editions among them."""
        embedded = load_sources(self.key)
        return {**embedded, **{source.key: source for source in map(_source_of, self.editions)}}

    @cached_property
    def office_holders(self) -> tuple[OfficeHolder, ...]:
        """Public offices and who held them when."""
        return read_holders(self.folder / "office_holders.csv")

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Terms of its own heads of government, for "so far this term"."""
        return tuple(
            Term((h.name, *h.aliases), h.office, h.first, h.last)
            for h in self.office_holders
            if h.country == self.code and h.head
        )

    @cached_property
    def monthly_tables(self) -> Mapping[str, Mapping[str, str]]:
        """Indicator → vintage and source of its embedded monthly table."""
        return _monthly_cards(self.folder)

    @cached_property
    def _read(self) -> dict[str, Series]:
        return {}  # a series put here stands in for the file's: "what if one published value were another?"

    @cached_property
    def _imported(self) -> dict[tuple[str, tuple[str, ...]], tuple[Series, Series]]:
        return {}

    def series(self, indicator: str) -> Series:
        """The values of an indicator of any period, nation and states; empty when only its variants have values.

        Raises:
            KeyError: there is no such indicator.
        """
        return self._read.get(indicator) or self._whole(indicator)[0]

    def months(self, indicator: str) -> Series:
        """The monthly values of a flow, nation and states, where there are any; else empty."""
        return self._whole(indicator)[1]

    def _whole(self, indicator: str) -> tuple[Series, Series]:
        """Yearly and monthly series of nation and states, embedded and imported."""
        years = _series(self.key, indicator, self.indicators[indicator].kind == "share")
        months = _months(self.key, indicator) if indicator in self.monthly_tables else Series(indicator, ())
        if not any(indicator in edition.indicators for edition in self.editions):
            return years, months
        if (indicator, ()) not in self._imported:
            more = self.local(indicator, self.places.large)
            both = zip((years, months), more, strict=True)
            whole = [record.make_series(indicator, (*a.observations, *b.observations)) for a, b in both]
            self._imported[indicator, ()] = whole[0], whole[1]
        return self._imported[indicator, ()]

    def local(self, indicator: str, places: Sequence[str]) -> tuple[Series, Series]:
        """Yearly and monthly values of an indicator at these places, from imported editions only."""
        key = (indicator, tuple(places))
        if key not in self._imported:
            from careo.panel.editions import observations

            years, months = observations(self.editions, indicator, places, summed=self.sums(indicator))
            self._imported[key] = record.make_series(indicator, years), record.make_series(indicator, months)
        return self._imported[key]

    def _of(self, indicator: str, place: str) -> tuple[Series, Series]:
        """The yearly and the monthly series that speak of a place."""
        if (
            self.editions
            and place in self.places.by_code
            and self.places.by_code[place].kind == "municipality"
        ):
            return self.local(indicator, (place,))  # the embedded series end with the states
        return self.series(indicator), self.months(indicator)

    def at(self, indicator: str, place: str, period: Period) -> tuple[Observation, ...]:
        """Every vintage of a value, oldest first; a sum of months or years when no single value covers the period."""
        years, months = self._of(indicator, place)
        found = record.at(years, place, period)
        if found or not self.sums(indicator):
            return found
        found = record.at(months, place, period)
        if found:
            return found
        summed = self._total(years, months, place, period, None)
        return (summed,) if summed else ()

    def known(self, indicator: str, place: str, period: Period, on: date) -> Observation | None:
        """The value that was public on a day, summed when need be; None when none was."""
        years, months = self._of(indicator, place)
        found = record.known(years, place, period, on)
        if found or not self.sums(indicator):
            return found
        return record.known(months, place, period, on) or self._total(years, months, place, period, on)

    def newest(self, indicator: str, place: str, period: Period) -> Observation | None:
        """The value as last revised, summed when need be."""
        found = self.at(indicator, place, period)
        return found[-1] if found else None

    def sums(self, indicator: str) -> bool:
        """Whether the parts of a period add up to it: events and money spent, not a number at a date."""
        definition = self.indicators[indicator]
        return not definition.cumulative and (
            definition.kind == "flow" or (definition.kind == "money" and definition.measure in _SUMMED_MONEY)
        )

    @staticmethod
    def _total(
        years: Series, months: Series, place: str, period: Period, on: date | None
    ) -> Observation | None:
        whole = record.total([years], place, period, on)
        if whole or not months.observations:
            return whole
        return record.total([months], place, period, on) or record.total([years, months], place, period, on)


def country_of(panel: Country | xr.Dataset | None) -> Country:
    """What is known of the country of a panel; of Mexico when none is given."""
    if panel is None:
        return load_country()
    attributes = getattr(panel, "attrs", None)  # a dataset says which country it is of
    return panel if attributes is None else load_country(attributes["country"])  # pyright: ignore[reportReturnType]


def load_country(country: str = "mexico") -> Country:
    """The embedded figures of a country, or those of a folder of the same layout, and what was imported for it.

    Read once, and anew when an edition was imported or removed.

    Raises:
        DataError: there is no such country, or one of its files is broken.
    """
    from careo.sources import store

    embedded = _load(country)
    editions = store.snapshots(country=country)
    if not editions:
        return embedded
    key = tuple((edition.sha256, edition.vintage) for edition in editions)
    if _latest.get(country, (None, None))[0] != key:
        _latest[country] = key, replace(embedded, editions=editions)
    return _latest[country][1]


_latest: dict[str, tuple[object, Country]] = {}  # country → its editions and the country with them


@cache
def _load(country: str) -> Country:
    folder = country_folder(country)
    card = read_yaml(folder / "country.yaml")
    for needed in ("code", "names", "default_place", "languages"):
        if not card.get(needed):
            raise DataError("panel_field", where=str(folder / "country.yaml"), field=needed)
    return Country(
        key=country,
        code=card["code"],
        names={language: tuple(names) for language, names in card["names"].items()},
        demonyms={language: tuple(names) for language, names in (card.get("demonyms") or {}).items()},
        default_place=card["default_place"],
        languages=tuple(card["languages"]),
        dollar_sign=card.get("dollar_sign") or {},
        indicators=load_indicators(country),
        folder=folder,
        outcomes=tuple(card.get("outcomes") or ()),
    )


def _source_of(edition: Snapshot) -> Source:
    from careo.panel.editions import source_of

    return source_of(edition)


@cache
def _series(country: str, indicator: str, share: bool) -> Series:
    folder = country_folder(country)
    path = folder / "series" / f"{indicator}.csv"
    if not path.is_file():
        return Series(indicator, ())
    sources, places = load_sources(country), load_places(country).codes
    return record.read_series(path, indicator, share=share, sources=sources, places=places)


@cache
def _months(country: str, indicator: str) -> Series:
    folder = country_folder(country)
    path = folder / "series" / "monthly" / f"{indicator}.csv"
    sources, places = load_sources(country), load_places(country).codes
    return record.read_months(
        path, indicator, _monthly_cards(folder)[indicator], sources=sources, places=places
    )


@cache
def _monthly_cards(folder: Path) -> Mapping[str, Mapping[str, str]]:
    path = folder / "series" / "monthly" / "index.yaml"
    return read_yaml(path) if path.is_file() else {}
