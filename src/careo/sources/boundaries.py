"""Boundaries a user hands over (GeoJSON, TopoJSON) → areas by official code; and which of them share a border.

The property that holds the codes is found by what is in it, not by where it stands: of all properties, pairs and names that could
tell the place, the one that tells most different places apart. Codes are believed only while the names beside them
do not say otherwise: a running number from 1 to 32 looks just like the codes of 32 states.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from math import hypot
from pathlib import Path
from typing import Any, Protocol

from careo.base.errors import InputError
from careo.base.shipped import country_folder, read_table
from careo.sources.formats.layout import Oddity, key

LARGEST = 128 << 20  # bytes of one file
MOST_POINTS = 5_000_000  # some 1 GB in memory
_FARTHEST = 1e8  # no coordinate on Earth is farther out, in degrees or in metres
_SHOWN = 8  # places named in a sentence
_MOST_CELLS = 4_000_000
_ROW = 1 << 40  # cells of a grid from one column to the next
# Where three or four areas meet, the lines to the corner share up to five cells. On INEGI's municipalities six agree best with
# the length of border within 200 m, measured by a geometry library: 7,010 against 7,004 pairs, 56 of them different.
_CELLS_OF_A_BORDER = 6

Point = tuple[float, float]
Ring = tuple[Point, ...]
Area = tuple[tuple[Ring, ...], ...]
"""Polygons, each of rings: its outline, then its holes. A ring ends where it began."""


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
class _Feature:
    properties: Mapping[str, str]  # as text; what holds no plain value is left out
    geometry: Any


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
    document = _document(path)
    layers, points_of = _layers(document, path)
    told = [(telling, features) for features in layers for telling in record.tellings(features)]
    told.sort(key=lambda pair: -pair[0].score)  # stable: of equals, the first
    objection: InputError | None = None
    for telling, features in told:
        against = record.objection(telling, features, path)
        if against is None:
            try:
                return _assembled(telling, features, record, points_of, path)
            except RecursionError as error:  # collections of collections of collections …
                raise InputError("boundary_deep", where=str(path), fix="boundary_convert") from error
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
    features: Sequence[_Feature],
    record: _Record,
    points_of: Callable[[Any, str], Area],
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
        area = points_of(feature.geometry, f"{path}: {said or index}")
        points += sum(len(ring) for polygon in area for ring in polygon)
        if points > MOST_POINTS:
            raise _too_large(path, f"{MOST_POINTS:,}")
        if not area:
            empty.append(said or f"#{index}")
            continue
        several.update({code} & areas.keys())
        areas[code] = areas.get(code, ()) + area
    if not areas:
        raise InputError("boundary_no_areas", where=str(path), fix="boundary_convert")
    oddities = [
        Oddity(f"boundary_{name}", {"count": str(len(listed)), "places": _shortened(listed)}, refused=refused)
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


def _shortened(names: Sequence[str]) -> str:
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

    def tellings(self, features: Sequence[_Feature]) -> Iterator[_Telling]:
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

    def objection(self, telling: _Telling, features: Sequence[_Feature], path: Path) -> InputError | None:
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
        if not example[0]:  # a guess without names to confirm it
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


# ── GeoJSON and TopoJSON ─────────────────────────────────────────────────────────────────────────────────────────


def _document(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError("input_missing" if not path.exists() else "table_folder", where=str(path))
    if path.stat().st_size > LARGEST:
        raise _too_large(path, f"{LARGEST >> 20} MB")
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    try:
        document = json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise InputError("boundary_deep", where=str(path), fix="boundary_convert") from error
    except ValueError as error:
        problem = (
            f"line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else str(error)[:80]
        )
        raise InputError("boundary_json", where=str(path), found=problem, fix="boundary_convert") from error
    if not isinstance(document, dict):
        raise InputError("boundary_kind", where=str(path), fix="boundary_convert")
    return document  # pyright: ignore[reportUnknownVariableType] - every value is looked at before use


def _too_large(path: Path, limit: str) -> InputError:
    return InputError("boundary_too_large", where=str(path), limit=limit, fix="boundary_convert")


def _no_number(word: str) -> float:
    raise ValueError(word)


def _layers(
    document: Mapping[str, Any], path: Path
) -> tuple[list[list[_Feature]], Callable[[Any, str], Area]]:
    """The features of every layer, and how the geometry of one becomes an area."""
    kind = document.get("type")
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        return [_features(document["features"], "geometry")], _plain_area
    if kind == "Feature":
        return [_features([document], "geometry")], _plain_area
    objects = document.get("objects")
    if kind == "Topology" and isinstance(objects, dict) and isinstance(document.get("arcs"), list):
        arcs = _Arcs(_arcs(document, path), path)
        layers = [_features(_members(thing), "") for thing in objects.values()]
        return layers, arcs.area
    raise InputError("boundary_kind", where=str(path), found=str(kind)[:40], fix="boundary_convert")


def _members(thing: Any) -> list[Any]:
    if isinstance(thing, dict) and thing.get("type") == "GeometryCollection" and "properties" not in thing:
        return thing["geometries"] if isinstance(thing.get("geometries"), list) else []
    return [thing]


def _features(raw: Iterable[Any], geometry: str) -> list[_Feature]:
    features: list[_Feature] = []
    for thing in raw:
        if not isinstance(thing, dict):
            continue
        properties = thing.get("properties")
        plain = {
            str(name): str(value).strip()
            for name, value in (
                {"id": thing.get("id")} | (properties if isinstance(properties, dict) else {})
            ).items()
            if isinstance(value, str | int | float) and not isinstance(value, bool)
        }
        features.append(_Feature(plain, thing.get(geometry) if geometry else thing))
    return features


def _plain_area(geometry: Any, where: str) -> Area:
    return _area(geometry, "coordinates", lambda ring: _points(ring, where), where)


def _area(geometry: Any, member: str, ring: Callable[[Any], Ring], where: str) -> Area:
    """The polygons of a geometry; points and lines have none."""
    if not isinstance(geometry, dict):
        return ()
    parts = geometry.get(member)
    match geometry.get("type"):
        case "Polygon":
            polygons: list[Any] = [parts]
        case "MultiPolygon":
            polygons = _listed(parts, where)
        case "GeometryCollection":
            inner = _listed(geometry.get("geometries"), where)
            return tuple(polygon for part in inner for polygon in _area(part, member, ring, where))
        case _:
            return ()
    read = (tuple(ring(raw) for raw in _listed(polygon, where)) for polygon in polygons)
    whole = (tuple(r for r in rings if len(r) > 3) for rings in read)
    return tuple(rings for rings in whole if rings)


def _listed(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise InputError("boundary_coordinates", where=where, found=repr(value)[:60], fix="boundary_convert")
    return value  # pyright: ignore[reportUnknownVariableType]


def _points(raw: Any, where: str) -> Ring:
    points: list[Point] = []
    for point in _listed(raw, where):
        if not isinstance(point, list) or len(point) < 2:  # pyright: ignore[reportUnknownArgumentType]
            raise InputError(
                "boundary_coordinates", where=where, found=repr(point)[:60], fix="boundary_convert"
            )
        x, y = point[0], point[1]  # pyright: ignore[reportUnknownVariableType]
        if not (_is_number(x) and _is_number(y)):
            raise InputError(
                "boundary_coordinates", where=where, found=repr(point)[:60], fix="boundary_convert"
            )
        points.append((x, y))
    return tuple(points)


def _is_number(value: Any) -> bool:
    """A number on Earth: no text, no truth value, nothing infinite (which JSON writes as 1e999)."""
    return type(value) in (int, float) and -_FARTHEST < value < _FARTHEST


def _arcs(document: Mapping[str, Any], path: Path) -> list[Ring]:
    where, transform = f"{path}: arcs", document.get("transform")
    if transform is None:
        return [_points(arc, where) for arc in document["arcs"]]
    if not isinstance(transform, dict):
        raise InputError("boundary_coordinates", where=f"{path}: transform", fix="boundary_convert")
    pair = [transform.get("scale"), transform.get("translate")]
    (scale_x, scale_y), (left, bottom) = _points(pair, f"{path}: transform")
    arcs: list[Ring] = []
    for arc in document["arcs"]:
        x = y = 0.0
        points: list[Point] = []
        for step_x, step_y in _points(arc, where):
            x, y = x + step_x, y + step_y
            points.append((x * scale_x + left, y * scale_y + bottom))
        arcs.append(tuple(points))
    return arcs


class _Arcs:
    """The lines of a topology, and the rings that areas put together from them."""

    def __init__(self, lines: Sequence[Ring], path: Path) -> None:
        self.lines, self.path, self.points = lines, path, 0

    def area(self, geometry: Any, where: str) -> Area:
        """The polygons of a geometry of this topology."""
        return _area(geometry, "arcs", lambda raw: self._ring(raw, where), where)

    def _ring(self, raw: Any, where: str) -> Ring:
        points: list[Point] = []
        for index in _listed(raw, where):
            if type(index) is not int or not -len(self.lines) <= index < len(self.lines):
                raise InputError("boundary_arc", where=where, arc=repr(index)[:20], fix="boundary_convert")
            line = self.lines[index] if index >= 0 else self.lines[~index][::-1]
            points += line[1:] if points else line  # where two arcs meet, both have the point
            self.points += len(line)
            if self.points > MOST_POINTS:  # a small file may name a long arc a million times
                raise _too_large(self.path, f"{MOST_POINTS:,}")
        return tuple(points)


# ── neighbours ───────────────────────────────────────────────────────────────────────────────────────────────────


def shipped_neighbours(country: str = "mexico") -> Mapping[str, tuple[str, ...]]:
    """The states that share a land border, from `places/neighbours.csv` of the country; empty when it has none."""
    path = country_folder(country) / "places" / "neighbours.csv"
    if not path.is_file():
        return {}
    return {code: tuple(beside.split("|")) for _, (code, beside) in read_table(path, ("code", "neighbours"))}


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
