"""Places of official tables: codes and names as written → official codes. What is ambiguous is listed, never guessed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

from careo.base.errors import DataError
from careo.base.shipped import country_data, country_folder, read_table
from careo.panel.places import Places, load_places
from careo.panel.words import words
from careo.sources.formats.layout import Oddity, repaired

_SHOWN = 8  # names listed in a sentence
_NAMED = 3  # places that a refusal names
_CONTRADICTING = 0.1  # of the places of a table: columns are shifted, or codes mixed up
_UNKNOWN = 0.5  # of the places of a table: its codes are others, or it is no table of these places
_GRAVE = {
    "total_rows": False,
    "places_unspecified": False,
    "places_renumbered": False,
    "places_unknown": False,
    "names_unknown": True,
    "names_ambiguous": True,
    "places_contradicting": True,
}
"""Oddities of places, in the order in which they are told, and whether numbers are wrong without a person's look."""


@dataclass(frozen=True, slots=True)
class Located:
    """The places of a table.

    Attributes:
        codes: (code as written, name as written) → official code; "" where the table's place is no single known place.
        oddities: what could not be placed, and codes that contradict their names.
        totals: the pairs that are totals of other rows: they count for nothing, neither for a state nor for the nation.
        unsure: official codes that what has no single place may mean: a listing without them does not say that there was none.
    """

    codes: Mapping[tuple[str, str], str]
    oddities: tuple[Oddity, ...]
    totals: frozenset[tuple[str, str]] = frozenset()
    unsure: frozenset[str] = frozenset()


class _Told(NamedTuple):
    """What a code and a name tell: the official code, and how ("" from the code, "names_matched", or a key of `_GRAVE`).

    Where they tell no single place, `may` holds those they could mean.
    """

    how: str
    place: str = ""
    may: tuple[str, ...] = ()


def locate_places(
    written: Iterable[tuple[str | None, str | None]],
    *,
    level: str,
    country: str = "mexico",
    where: str = "",
) -> Located:
    """The official codes of the places of a table.

    A code and a name that contradict each other are both not believed; a code outside the list is tried by its name.

    Args:
        written: distinct pairs of code and name, either of which may be missing.
        level: finest level of the dataset ("state", "municipality" …): "México" is the state in a table of states.
        country: whose places. where: the file, for messages.

    Raises:
        DataError: many codes contradict their names, or most places are unknown.
    """
    gazetteer = _gazetteer(country, level)
    pairs = [(code or "", name or "") for code, name in written]
    told = _with_one_code_each({pair: gazetteer.told(*pair) for pair in pairs})
    listed: dict[str, list[str]] = defaultdict(list)
    for (code, name), (how, place, _) in told.items():
        both = f"{code} {name}".strip()
        shown = {"places_unspecified": code or name, "places_renumbered": f"{both} → {place}"}
        listed[how].append(shown.get(how, both))
    _refuse(told, listed, level=level, where=where)
    oddities: list[Oddity] = []
    if listed["names_matched"]:
        oddities.append(Oddity("names_matched", {"count": str(len(listed["names_matched"]))}))
    for how, grave in _GRAVE.items():
        if listed[how]:
            places = {"count": str(len(listed[how])), "places": shortened(listed[how])}
            oddities.append(Oddity(how, places, grave=grave))
    return Located(
        {pair: each.place for pair, each in told.items()},
        tuple(oddities),
        totals=frozenset(pair for pair, each in told.items() if each.how == "total_rows"),
        unsure=frozenset(code for each in told.values() for code in each.may),
    )


def _with_one_code_each(told: Mapping[tuple[str, str], _Told]) -> dict[tuple[str, str], _Told]:
    """A code that only its name tells stays unknown where the place stands in the table under another code as well."""
    codes: dict[str, set[str]] = defaultdict(set)
    for (code, _), each in told.items():
        codes[each.place if each.how == "places_renumbered" else code].add(code)

    def sure(each: _Told) -> bool:
        return each.how != "places_renumbered" or len(codes[each.place]) == 1

    return {p: each if sure(each) else _Told("places_unknown", may=(each.place,)) for p, each in told.items()}


def _refuse(
    told: Mapping[tuple[str, str], _Told], listed: Mapping[str, list[str]], *, level: str, where: str
) -> None:
    """Raises DataError for a table whose places, as a whole, are not those of the country."""
    mixed = listed.get("places_contradicting", [])
    if len(mixed) >= _NAMED and len(mixed) > _CONTRADICTING * len(told):
        first = ", ".join(mixed[:_NAMED])
        raise DataError(
            "places_mismatch",
            where=where,
            found=first,
            fix="places_mismatch",
            count=len(mixed),
            all=len(told),
        )
    unknown, known = set[str](), set[str]()
    for (code, name), (how, _, _) in told.items():
        if (code or name) and how not in ("total_rows", "places_unspecified"):
            (unknown if how in ("places_unknown", "names_unknown") else known).add(code or _plain(name))
    everything = unknown | known
    unknown -= known  # a code with two names, of which one tells the place
    if level in ("state", "municipality") and len(unknown) > _UNKNOWN * len(everything):
        first = ", ".join([*listed["places_unknown"], *listed["names_unknown"]][:_NAMED])
        raise DataError(
            "places_none",
            where=where,
            found=first,
            fix="places_none",
            count=len(unknown),
            all=len(everything),
        )


def shortened(names: Iterable[str]) -> str:
    """The first few of a list of names, and how many more there are."""
    listed = list(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" … (+{more})" if more > 0 else "")


@dataclass(frozen=True)
class _Gazetteer:
    """The places that a table of a level can name.

    Attributes:
        places: of the country. level: of the table. names: folded name → codes that bear it; "" for abroad.
        unspecified: codes for "not specified", as a regular expression.
    """

    places: Places
    level: str
    names: Mapping[str, tuple[str, ...]]
    unspecified: re.Pattern[str]

    def told(self, code: str, name: str) -> _Told:
        """What a code and a name tell, either of which may be empty."""
        named = self.names.get(_plain(name), ()) if name else ()
        if self._is_total(code, named):
            return _Told("total_rows")
        if not code:
            return self._by_name(name, named)
        if self.unspecified.fullmatch(code):
            return _Told("places_unspecified", code if code in self.places.by_code else "")
        place = self.places.nation if _is_zero(code) else code
        if place in self.places.by_code:
            rivals = self._rivals(place, name, named)
            return _Told("places_contradicting", may=(place, *rivals)) if rivals else _Told("", place)
        if named and not self._real(named):  # "abroad", "not specified": known to be no place of the country
            return _Told("places_unspecified", named[0])
        state = next((s for s in self.places.states if self._municipal and code.startswith(s)), "")
        found = tuple(n for n in self._real(named) if not state or self.places.by_code[n].parent == state)
        return _Told("places_renumbered", found[0]) if len(found) == 1 else _Told("places_unknown", may=found)

    def _by_name(self, name: str, named: tuple[str, ...]) -> _Told:
        if len(named) > 1:
            return _Told("names_ambiguous", may=named)
        if named:
            return _Told("names_matched" if named[0] else "places_unspecified", named[0])
        return _Told("names_unknown" if name else "")

    @property
    def _municipal(self) -> bool:
        return self.level == "municipality"

    def _is_total(self, code: str, named: tuple[str, ...]) -> bool:
        """A row of a total beside its parts: "11000", or named as the nation; the nation's own row of a table of states is none."""
        whole = code.removesuffix("000")
        if self._municipal and whole != code and (whole in self.places.states or not whole.strip("0")):
            return True
        own = _is_zero(code) or code == self.places.nation or not (code or self._municipal)
        return not own and bool(named) and named[0] == self.places.nation != ""

    def _rivals(self, place: str, name: str, named: tuple[str, ...]) -> list[str]:
        """The places beside a place, and the whole it is a part of, that bear the name beside its code when it does not itself.

        A name that only other states have is an older or longer name of the same place.
        """
        if place == self.places.nation:
            return [] if _plain(name) in self._nation_names else self._real(named)
        parent = self.places.by_code[place].parent
        beside = [n for n in named if n == parent or (n and self.places.by_code[n].parent == parent)]
        return [] if place in beside else beside

    def _real(self, named: Iterable[str]) -> list[str]:
        """Of codes, those of states and municipalities."""
        return [n for n in named if n and self.places.by_code[n].kind in ("state", "municipality")]

    @cached_property
    def _nation_names(self) -> frozenset[str]:
        nation = self.places.by_code[self.places.nation]
        return frozenset(_plain(name) for name in (nation.name, *nation.aliases))


def _is_zero(code: str) -> bool:
    return bool(code) and code.strip("0") == ""


@cache
def _gazetteer(country: str, level: str) -> _Gazetteer:
    unspecified = country_data(country, "country.yaml").get("unspecified_codes") or r"(?!)"
    return _Gazetteer(load_places(country), level, _names(country, level), re.compile(unspecified))


@cache
def _names(country: str, level: str) -> Mapping[str, tuple[str, ...]]:
    """Folded name → codes that bear it, at a level of the table or above."""
    wanted = {"municipality": ("nation", "state", "municipality")}.get(level, ("nation", "state", "unstated"))
    by_name: dict[str, tuple[str, ...]] = {}
    for place in load_places(country).by_code.values():
        if place.kind not in wanted:
            continue
        for name in (place.name, *place.aliases):
            plain = _plain(name)
            if place.code not in by_name.get(plain, ()):
                by_name[plain] = (*by_name.get(plain, ()), place.code)
    path = country_folder(country) / "places" / "table_names.csv"
    if path.is_file():
        # In tables "México" is the state and "Total" the nation, whatever they are in a sentence.
        for _, (name, code) in read_table(path, ("name", "code")):
            by_name[_plain(name)] = (code,)
    return by_name


def _plain(name: str) -> str:
    """A name for comparison: letters repaired, case, accents and punctuation gone."""
    return " ".join(words(repaired(name)).folded)
