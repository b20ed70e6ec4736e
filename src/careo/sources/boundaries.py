"""Boundaries a user hands over (GeoJSON, TopoJSON) → areas by official code; and which of them share a border.

The property that holds the codes is found by what is in it, not by where it stands: of all properties, pairs and names that could
tell the place, the one that tells most different places apart. Codes are believed only while the names beside them
do not say otherwise: a running number from 1 to 32 looks just like the codes of 32 states.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from math import hypot
from pathlib import Path
from typing import Any, Protocol

from careo.base.errors import InputError
from careo.sources.formats.layout import Oddity, key
from careo.sources.geojson import MOST_POINTS, Area, Feature, Point, open_map, too_large

_SHOWN = 8  # places named in a sentence
_MOST_CELLS = 4_000_000
_ROW = 1 << 40  # cells of a grid from one column to the next
# Where three or four areas meet, the lines to the corner share up to five cells. On INEGI's municipalities six agree best with
# the length of border within 200 m, measured by a geometry library: 7,010 against 7,004 pairs, 56 of them different.
_CELLS_OF_A_BORDER = 6


class KnownPlace(Protocol):
    """What must be known of a place to find it among boundaries (`careo.panel.places.Place` is one)."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def parent(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Boundaries:
    """Areas of places.

    Attributes:
        areas: official code → its area, in the order of codes.
        names, parents: of the same codes, as the record has them.
        unit: "degrees" of longitude and latitude, or "metres" of a projection.
        told_by: the properties that held the codes or names ("CVEGEO", "CVE_ENT + CVE_MUN", "NOM_ENT").
        oddities: what was left out, and why.
    """

    areas: Mapping[str, Area]
    names: Mapping[str, str]
    parents: Mapping[str, str]
    unit: str
    told_by: str
    oddities: tuple[Oddity, ...] = ()

    def within(self, *parents: str) -> Boundaries:
        """Only what lies directly inside some places: the municipalities of a state."""
        kept = {code: area for code, area in self.areas.items() if self.parents.get(code) in parents}
        return replace(self, areas=kept)


@dataclass(frozen=True, slots=True)
class _Telling:
    """One way of telling which place a feature is: the codes it gives, "" where it gives none."""

    told_by: str
    codes: tuple[str, ...]
    trust: str  # "official": only names of other places speak against it; "plain": the names must agree where there
    # are any; "guess": there must be names, and they must agree; "names": these are the names

    @property
    def score(self) -> int:
        return len({*self.codes} - {""})


# How publishers head their codes and names, folded (`layout.key`).
_OFFICIAL = re.compile(r"cve|clave|inegi")
_PLAIN = re.compile(r"(^|_)(geo)?(code|codigo|cod)($|_)")
_OF_STATE = re.compile(r"(^|_|cve|cod)_?(ent|entidad|edo|estado|state)($|_)")
_OF_MUNICIPALITY = re.compile(r"(^|_|cve|cod)_?(mun|mpio|municip\w*)($|_)")
_NAME = re.compile(
    r"(^|_)(nom|name|nombre|nomgeo)|^(entidad|estado|municipio|state|municipality|province)($|_)"
)


def read_boundaries(
    path: Path, places: Iterable[KnownPlace], *, also: Mapping[str, str] | None = None
) -> Boundaries:
    """The boundaries in a file, by official code. What bears no known code or name is reported, never forced.

    Args:
        path: a GeoJSON FeatureCollection or a TopoJSON topology (of several objects, the one that tells most places).
        places: the places of the country, of every level.
        also: further names as tables write them → code.

    Raises:
        InputError: not such a file, too large, broken coordinates, no areas, or nothing in it tells its places.
    """
    record = _Record(places, also or {})
    layers, area_of = open_map(path)
    told = [(telling, features) for features in layers for telling in record.tellings(features)]
    told.sort(key=lambda pair: -pair[0].score)  # stable: of equals, the first
    objection: InputError | None = None
    for telling, features in told:
        against = record.objection(telling, features, path)
        if against is None:
            try:
                return _assembled(telling, features, record, area_of, path)
            except RecursionError as error:  # collections of collections of collections …
                raise InputError("boundary_deep", where=str(path), fix="boundary_convert") from error
        if telling.trust != "guess":  # why some other column is no code need not be said
            objection = objection or against
    if objection is not None:
        raise objection
    properties = sorted({name for features in layers for f in features[:50] for name in f.properties})
    raise InputError(
        "boundary_no_codes",
        where=str(path),
        found=", ".join(properties[:20])[:200] or "–",
        fix="boundary_codes",
    )


def _assembled(
    telling: _Telling,
    features: Sequence[Feature],
    record: _Record,
    area_of: Callable[[Any, str], Area],
    path: Path,
) -> Boundaries:
    areas: dict[str, Area] = {}
    unknown: list[str] = []
    empty: list[str] = []
    several: set[str] = set()
    points = 0
    named = [n for n in dict.fromkeys(n for f in features for n in f.properties) if _NAME.search(key(n))]
    for index, (feature, code) in enumerate(zip(features, telling.codes, strict=True), 1):
        said = " ".join(
            dict.fromkeys(
                feature.properties[n] for n in telling.told_by.split(" + ") if n in feature.properties
            )
        )
        if not code:
            name = " ".join(feature.properties[n] for n in named if n in feature.properties)
            unknown.append(" ".join(dict.fromkeys(f"{said} {name}".split()))[:60] or f"#{index}")
            continue
        area = area_of(feature.geometry, f"{path}: {said or index}")
        points += sum(len(ring) for polygon in area for ring in polygon)
        if points > MOST_POINTS:
            raise too_large(path, f"{MOST_POINTS:,}")
        if not area:
            empty.append(said or f"#{index}")
            continue
        several.update({code} & areas.keys())
        areas[code] = areas.get(code, ()) + area
    if not areas:
        raise InputError("boundary_no_areas", where=str(path), fix="boundary_convert")
    oddities = [
        Oddity(f"boundary_{name}", {"count": str(len(listed)), "places": shortened(listed)}, refused=refused)
        for name, listed, refused in (
            ("unknown", unknown, True),
            ("empty", empty, True),
            ("several", sorted(several), False),
        )
        if listed
    ]
    codes = sorted(areas)
    return Boundaries(
        {code: areas[code] for code in codes},
        {code: record.by_code[code].name for code in codes},
        {code: record.by_code[code].parent for code in codes},
        _unit(areas.values(), path),
        telling.told_by,
        tuple(oddities),
    )


def _unit(areas: Iterable[Area], path: Path) -> str:
    far_x = far_y = 0.0
    for area in areas:
        for polygon in area:
            far_x = max(far_x, *(abs(x) for x, _ in polygon[0]))
            far_y = max(far_y, *(abs(y) for _, y in polygon[0]))
    if far_x <= 360 and far_y <= 90:
        return "degrees"
    if far_x <= 90 and far_y <= 180:  # no projection gives numbers this small: latitude stands first
        raise InputError("boundary_swapped", where=str(path), fix="boundary_convert")
    return "metres"


def shortened(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" … (+{more})" if more > 0 else "")


# ── which property tells the place ───────────────────────────────────────────────────────────────────────────────


class _Record:
    """The places of a country, by code and by folded name."""

    def __init__(self, places: Iterable[KnownPlace], also: Mapping[str, str]) -> None:
        self.by_code = {place.code: place for place in places if place.kind != "unstated"}
        self.lengths = sorted({len(code) for code in self.by_code if code.isdigit()})
        self.by_name: dict[str, set[str]] = defaultdict(set)
        self._codes: dict[str, str] = {}
        for place in self.by_code.values():
            if place.kind != "nation":  # "México" on a map of states is the state
                for name in (place.name, *place.aliases):
                    self.by_name[key(name)].add(place.code)
        for name, code in also.items():
            if code in self.by_code:
                self.by_name[key(name)].add(code)

    def tellings(self, features: Sequence[Feature]) -> Iterator[_Telling]:
        """Every way in which these features could say which places they are; those that say nothing left out."""
        names = dict.fromkeys(name for feature in features for name in feature.properties)
        keys = {name: key(name) for name in names}
        of_state = [name for name in names if _OF_STATE.search(keys[name])]
        named = [name for name in names if _NAME.search(keys[name])]
        found: list[_Telling] = []
        for state in of_state:
            for part in (name for name in names if name != state and _OF_MUNICIPALITY.search(keys[name])):
                trust = "names" if part in named else "official"
                codes = [self._in_state(f.properties, state, part) for f in features]
                found.append(self._one_kind(f"{state} + {part}", codes, trust))
        for name in names:
            said = [feature.properties.get(name, "") for feature in features]
            trust = (
                "official"
                if _OFFICIAL.search(keys[name])
                else "plain"
                if _PLAIN.search(keys[name])
                else "guess"
            )
            codes = [self.code(text) for text in said]
            if _OF_MUNICIPALITY.search(keys[name]):  # a municipality's number in its state is no state
                codes = [code if self._parented(code) else "" for code in codes]
            found.append(self._one_kind(name, codes, trust))
            if name in named:
                found.append(self._one_kind(name, [self._named(text) for text in said], "names"))
        return (telling for telling in found if telling.score)

    def code(self, text: str) -> str:
        """A code as the record writes it ("1", "1.0", "01" → "01"); "" when there is none."""
        if text not in self._codes:
            plain = re.sub(r"\.0+$", "", text.strip())
            tries = (plain, *(plain.zfill(length) for length in self.lengths if plain.isdigit()))
            self._codes[text] = next((code for code in tries if code in self.by_code), "")
        return self._codes[text]

    def _in_state(self, properties: Mapping[str, str], state: str, part: str) -> str:
        """The code of a municipality said in two properties, either of which may be a code or a name."""
        within = self.code(properties.get(state, "")) or self._named(properties.get(state, ""))
        said = re.sub(r"\.0+$", "", properties.get(part, "").strip())
        if not within or not said:
            return ""
        tries = (said, *(within + said.zfill(n - len(within)) for n in self.lengths if n > len(within)))
        inside = [c for c in tries if c in self.by_code and self.by_code[c].parent == within]
        inside = inside or [c for c in self.by_name.get(key(said), ()) if self.by_code[c].parent == within]
        return inside[0] if len(inside) == 1 else ""

    def _named(self, text: str) -> str:
        """The code of the only place, of the largest kind, that bears a name."""
        codes = self.by_name.get(key(text), set()) if text else set[str]()
        largest = {code for code in codes if not self._parented(code)} or codes
        return next(iter(largest)) if len(largest) == 1 else ""

    def _parented(self, code: str) -> bool:
        """True for what lies inside a state."""
        parent = self.by_code.get(self.by_code[code].parent) if code in self.by_code else None
        return parent is not None and parent.kind != "nation"

    def _one_kind(self, told_by: str, codes: Sequence[str], trust: str) -> _Telling:
        """Places of one kind only, the one most of them are of: a map shows states or municipalities."""
        kinds = Counter(self.by_code[code].kind for code in {*codes} if code)
        kind = max(kinds, key=lambda name: kinds[name]) if kinds else ""
        kept = tuple(code if code and self.by_code[code].kind == kind else "" for code in codes)
        return _Telling(told_by, kept, trust)

    def objection(self, telling: _Telling, features: Sequence[Feature], path: Path) -> InputError | None:
        """Why the codes cannot be believed: the names beside them are those of other places."""
        told = sum(1 for code in telling.codes if code)
        if telling.trust == "names":
            if told * 2 >= len(features):
                return None  # a county of Texas that is called Hidalgo makes no map of Mexico
            found = f"{telling.told_by} ({told} / {len(features)})"
            return InputError("boundary_no_codes", where=str(path), found=found, fix="boundary_codes")
        named = [n for n in {n for f in features for n in f.properties} if _NAME.search(key(n))]
        agree = differ = elsewhere = 0
        example: tuple[str, str] = "", ""
        for feature, code in zip(features, telling.codes, strict=True):
            texts = [feature.properties[name] for name in sorted(named) if feature.properties.get(name)]
            texts = [text for text in texts if not self.code(text)]
            if not code or not texts:
                continue
            known = [self.by_name.get(key(text), set[str]()) for text in texts]
            parent = self.by_code[code].parent
            if any(code in codes for codes in known):
                agree += 1
            else:
                differ += 1
                # a name of the place around it does not say which place it is
                kind = self.by_code[code].kind
                elsewhere += any(
                    codes and parent not in codes and any(self.by_code[c].kind == kind for c in codes)
                    for codes in known
                )
                example = example if example[0] else (code, texts[-1][:60])
        refused = {
            "official": elsewhere > agree,
            "plain": differ > agree,
            "guess": not agree or differ > agree,
        }
        if not refused[telling.trust]:
            return None
        if telling.trust == "guess":
            return InputError(
                "boundary_no_codes", where=str(path), found=telling.told_by, fix="boundary_codes"
            )
        return InputError(
            "boundary_names_differ",
            where=str(path),
            property=telling.told_by,
            code=example[0],
            name=example[1],
            known=self.by_code[example[0]].name,
            fix="boundary_codes",
        )


# ── neighbours ───────────────────────────────────────────────────────────────────────────────────────────────────


def neighbours(boundaries: Boundaries, *, tolerance: float | None = None) -> dict[str, tuple[str, ...]]:
    """Which places share a border: more than a corner, in the order of codes.

    Borders drawn point by point alike are found as such. What is then left of the outlines may still run side by side,
    since many published files simplify every area by itself: it counts where two outlines pass through the same or
    adjoining cells of a grid, in more cells than meet at a corner.

    Args:
        tolerance: width of such a cell, in the unit of the boundaries; by default some 150 m.
    """
    owners: dict[tuple[Point, Point], list[str]] = defaultdict(list)
    for code, area in boundaries.areas.items():
        for segment in _segments(area, 6 if boundaries.unit == "degrees" else 1):
            owners[segment].append(code)
    pairs = {pair for codes in owners.values() for pair in combinations(sorted({*codes}), 2)}
    single = {segment: codes[0] for segment, codes in owners.items() if len({*codes}) == 1}
    length = sum(hypot(end[0] - start[0], end[1] - start[1]) for start, end in single)
    step = tolerance or (0.0015 if boundaries.unit == "degrees" else 150.0)
    step = max(step, length / _MOST_CELLS)  # what is drawn absurdly long takes no longer
    cells: dict[int, list[str]] = {}
    for (start, end), code in single.items():
        for cell in _passed(start, end, step):
            if code not in (here := cells.setdefault(cell, [])):
                here.append(code)
    contact: dict[tuple[str, str], set[int]] = defaultdict(set)
    for cell, here in cells.items():
        for beside in (0, 1, _ROW - 1, _ROW, _ROW + 1):  # with those that look back here, all eight around
            there = cells.get(cell + beside)
            if there is not None and not (len(there) == len(here) == 1 and there[0] == here[0]):
                for one in here:
                    for other in there:
                        if one != other:
                            contact[min(one, other), max(one, other)].add(cell)
    pairs.update(pair for pair, met in contact.items() if len(met) >= _CELLS_OF_A_BORDER)
    found: dict[str, set[str]] = {code: set() for code in boundaries.areas}
    for one, other in pairs:
        found[one].add(other)
        found[other].add(one)
    return {code: tuple(sorted(others)) for code, others in found.items()}


def _segments(area: Area, decimals: int) -> Iterator[tuple[Point, Point]]:
    """Every piece of an outline, in one direction, whichever way round it was drawn."""
    for polygon in area:
        for ring in polygon:
            rounded = [(round(x, decimals), round(y, decimals)) for x, y in ring]
            for a, b in pairwise(rounded):
                if a != b:
                    yield (a, b) if a < b else (b, a)


def _passed(start: Point, end: Point, step: float) -> Iterator[int]:
    """The cells of a grid that a line passes through, each as one number."""
    count = int(hypot(end[0] - start[0], end[1] - start[1]) / step) + 1
    across, up = (end[0] - start[0]) / count, (end[1] - start[1]) / count
    for index in range(count + 1):
        yield int((start[0] + across * index) // step) * _ROW + int((start[1] + up * index) // step)
