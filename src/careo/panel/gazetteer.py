"""Places of official tables: codes and names as written → official codes. What is ambiguous is listed, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from careo.base.shipped import country_data, country_folder, read_table
from careo.panel.places import load_places
from careo.panel.words import words
from careo.sources.formats.layout import Oddity, repaired

_SHOWN = 8  # names listed in a sentence


@dataclass(frozen=True, slots=True)
class Located:
    """The places of a table.

    Attributes:
        codes: (code as written, name as written) → official code; "" where the table's place is no single known place.
        oddities: what could not be placed, and codes that contradict their names.
    """

    codes: Mapping[tuple[str, str], str]
    oddities: tuple[Oddity, ...]


def locate_places(
    written: Iterable[tuple[str | None, str | None]], *, level: str, country: str = "mexico"
) -> Located:
    """The official codes of the places of a table.

    Args:
        written: distinct pairs of code and name, either of which may be missing.
        level: finest level of the dataset ("state", "municipality" …): "México" is the state in a table of states.
        country: whose places.
    """
    places = load_places(country)
    by_name = _names(country, level)
    codes: dict[tuple[str, str], str] = {}
    unspecified = re.compile(country_data(country, "country.yaml").get("unspecified_codes") or r"(?!)")
    unstated: list[str] = []
    renumbered: list[str] = []
    unknown: list[str] = []
    unnamed: list[str] = []
    ambiguous: list[str] = []
    contradicting: list[str] = []
    matched = 0
    for code, name in written:
        code, name = code or "", name or ""
        named = by_name.get(_plain(name), ()) if name else ()
        if code:
            whole = code.strip("0") == ""  # the nation's row of a table
            found = places.nation if whole else code if code in places.by_code else ""
            beside = [n for n in named if len(n) == len(code) and (len(n) == 2 or n[:2] == code[:2])]
            if unspecified.fullmatch(code):
                unstated.append(code)
            elif not found and len(beside) == 1:
                found = beside[0]
                renumbered.append(f"{code} {name} → {found}")
            elif not found:
                unknown.append(f"{code} {name}".strip())
            elif beside and found not in beside:
                # a name that only other states have is an older or longer name of the same place
                contradicting.append(f"{code} {name}")
        else:
            found = named[0] if len(named) == 1 else ""
            if len(named) > 1:
                ambiguous.append(name)
            elif not found and named:
                unstated.append(name)  # "abroad", "not specified": known to be no place of the country
            elif not found and name:
                unnamed.append(name)
            matched += bool(found)
        codes[code, name] = found
    oddities: list[Oddity] = []
    if matched:
        oddities.append(Oddity("names_matched", {"count": str(matched)}))
    for name, listed, grave in (
        ("places_unspecified", unstated, False),
        ("places_renumbered", renumbered, False),
        ("places_unknown", unknown, False),
        ("names_unknown", unnamed, True),
        ("names_ambiguous", ambiguous, True),
        ("places_contradicting", contradicting, True),
    ):
        if listed:
            oddities.append(
                Oddity(name, {"count": str(len(listed)), "places": shortened(listed)}, grave=grave)
            )
    return Located(codes, tuple(oddities))


def shortened(names: Iterable[str]) -> str:
    """The first few of a list of names, and how many more there are."""
    listed = list(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" … (+{more})" if more > 0 else "")


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
    return " ".join(word.folded for word in words(repaired(name)))
