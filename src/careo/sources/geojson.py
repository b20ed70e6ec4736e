"""GeoJSON and TopoJSON as users hand them over: layers of features with properties, and areas made of plain points.

Nothing in a file is believed before it was looked at: sizes, depth, numbers, and which arcs there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from careo.base.errors import InputError

LARGEST = 128 << 20  # bytes of one file
MOST_POINTS = 5_000_000  # some 1 GB in memory
_FARTHEST = 1e8  # no coordinate on Earth is farther out, in degrees or in metres

Point = tuple[float, float]
Ring = tuple[Point, ...]
Area = tuple[tuple[Ring, ...], ...]
"""Polygons, each of rings: its outline, then its holes. A ring ends where it began."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing on a map.

    Attributes:
        properties: name → value as text; what holds no plain value is left out.
        geometry: as the file has it, not looked at yet.
    """

    properties: Mapping[str, str]
    geometry: Any


def open_map(path: Path) -> tuple[list[list[Feature]], Callable[[Any, str], Area]]:
    """The features of every layer of a map, and how the geometry of one becomes an area (its name is for messages).

    Raises:
        InputError: no such file, too large, too deep, or neither GeoJSON nor TopoJSON; and from the second, broken coordinates.
    """
    return _layers(_document(path), path)


def _document(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError("input_missing" if not path.exists() else "table_folder", where=str(path))
    if path.stat().st_size > LARGEST:
        raise too_large(path, f"{LARGEST >> 20} MB")
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


def too_large(path: Path, limit: str) -> InputError:
    """What is said of a map beyond a limit."""
    return InputError("boundary_too_large", where=str(path), limit=limit, fix="boundary_convert")


def _no_number(word: str) -> float:
    raise ValueError(word)


def _layers(
    document: Mapping[str, Any], path: Path
) -> tuple[list[list[Feature]], Callable[[Any, str], Area]]:
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


def _features(raw: Iterable[Any], geometry: str) -> list[Feature]:
    features: list[Feature] = []
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
        features.append(Feature(plain, thing.get(geometry) if geometry else thing))
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
                raise too_large(self.path, f"{MOST_POINTS:,}")
        return tuple(points)
