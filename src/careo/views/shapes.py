"""Areas on the grid of a picture: projected, drawn no finer than can be seen, and without a gap between neighbours."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from careo.sources.boundaries import Boundaries
from careo.sources.geojson import Point

GRID = 4  # points stand on quarters of a pixel: finer cannot be seen, and neighbours stay together
Step = tuple[int, int]
"""A point on the grid, from the left upper corner of the map."""


def on_grid(
    boundaries: Boundaries, width: float, tallest: float
) -> tuple[dict[str, list[list[Step]]], float]:
    """The rings of every area on the grid of the picture, its left upper corner at zero, and its height in pixels."""
    project = _projection(boundaries)
    flat = {
        code: [[project(point) for point in ring] for polygon in area for ring in polygon]
        for code, area in boundaries.areas.items()
    }
    corners = [point for rings in flat.values() for ring in rings for point in ring]
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    low, high = min(y for _, y in corners), max(y for _, y in corners)
    wide, tall = max(right - left, 1e-9), max(high - low, 1e-9)
    pixels = min(width / wide, tallest / tall)
    scale, shift = pixels * GRID, (width - wide * pixels) / 2 * GRID
    return {
        code: [
            _without_repeats(
                [(round((x - left) * scale + shift), round((high - y) * scale)) for x, y in ring]
            )
            for ring in rings
        ]
        for code, rings in flat.items()
    }, tall * pixels


def _projection(boundaries: Boundaries) -> Callable[[Point], Point]:
    """Degrees → Albers' equal-area conic, true at a sixth of the height from the bottom and the top; metres stay as they are.

    n = (sin a + sin b) / 2; r(y) = sqrt(cos² a + 2 n (sin a - sin y)) / n; the angle is n times the longitude from the middle.

    Sources: Snyder 1987, Map projections: a working manual, USGS Professional Paper 1395, p. 100.
    """
    if boundaries.unit == "metres":
        return lambda point: point
    points = [point for area in boundaries.areas.values() for polygon in area for point in polygon[0]]
    across = sorted({x for x, _ in points})
    turn = 360.0 if across[-1] - across[0] > 180 else 0.0  # a country on both sides of the date line
    west, east = min(x % 360 if turn else x for x in across), max(x % 360 if turn else x for x in across)
    low, high = min(y for _, y in points), max(y for _, y in points)
    one, two = (math.radians(low + (high - low) * part) for part in (1 / 6, 5 / 6))
    cone = (math.sin(one) + math.sin(two)) / 2
    cone = cone if abs(cone) > 1e-4 else 1e-4  # astride the equator the cone is a cylinder, or nearly
    square = math.cos(one) ** 2 + 2 * cone * math.sin(one)
    middle = (west + east) / 2

    def project(point: Point) -> Point:
        x = point[0] % 360 if turn else point[0]
        radius = math.sqrt(max(0.0, square - 2 * cone * math.sin(math.radians(point[1])))) / cone
        angle = cone * math.radians(x - middle)
        return radius * math.sin(angle), -radius * math.cos(angle)

    return project


def path(rings: Sequence[Sequence[Step]]) -> str:
    """Rings on the grid as path data. A point moves to the grid alike in every area that has it, so neighbours part nowhere."""
    kept = [ring for ring in rings if len(ring) > 2]
    if not kept:  # smaller than the grid, and there all the same
        x, y = rings[0][0]
        kept = [[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]]
    return "".join(_line(ring) + "z" for ring in kept)


def lines_between_parents(shapes: Mapping[str, Sequence[Sequence[Step]]], parents: Mapping[str, str]) -> str:
    """The lines between states, when the areas are municipalities: where outlines of two states run together.

    Told by the grid and not by shared points: many files simplify every area by itself.
    """
    if len({parents.get(code, "") for code in shapes}) < 2:
        return ""
    cells: dict[Step, set[str]] = defaultdict(set)
    for code, rings in shapes.items():
        for ring in rings:
            for a, b in pairwise([*ring, ring[0]]):
                for cell in _passed(a, b):
                    cells[cell].add(parents.get(code, ""))
    mixed = {cell for cell in cells if len(_around(cells, cell)) > 1}
    lines: list[list[Step]] = []
    for code, rings in shapes.items():
        own = parents.get(code, "")
        for ring in rings:
            line: list[Step] = []
            for a, b in pairwise([*ring, ring[0]]):
                passed = _passed(a, b)
                # of the two outlines one is enough: that of the state whose code comes first
                border = all(c in mixed for c in passed) and any(o > own for o in _around(cells, passed[0]))
                if border:
                    line = line or [a]
                    line.append(b)
                elif line:
                    lines.append(line)
                    line = []
            lines += [line] if line else []
    return "".join(_line(line) for line in lines)


def _around(cells: Mapping[Step, set[str]], cell: Step) -> set[str]:
    x, y = cell
    near = (cells.get((x + right, y + down)) for right in (-1, 0, 1) for down in (-1, 0, 1))
    return {parent for found in near if found for parent in found}


def _passed(a: Step, b: Step) -> list[Step]:
    """The half-pixel cells a line passes through."""
    count = max(abs(b[0] - a[0]), abs(b[1] - a[1])) // 2 + 1
    return [
        ((a[0] + (b[0] - a[0]) * i // count) // 2, (a[1] + (b[1] - a[1]) * i // count) // 2)
        for i in range(count + 1)
    ]


def _line(points: Sequence[Step]) -> str:
    steps = " ".join(f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in pairwise(points))
    return f"M{points[0][0]} {points[0][1]}l{steps.replace(' -', '-')}"


def _without_repeats(ring: Sequence[Step]) -> list[Step]:
    """A ring without its end (which is its start), points that fell together, and points halfway on a straight line."""
    kept: list[Step] = []
    for point in ring:
        while len(kept) > 1 and point != kept[-1] and _straight(kept[-2], kept[-1], point):
            kept.pop()
        if not kept or point != kept[-1]:
            kept.append(point)
    while len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    return kept


def _straight(a: Step, b: Step, c: Step) -> bool:
    """True for a point on the way, and for one at the end of a spike that has no width."""
    return (b[0] - a[0]) * (c[1] - b[1]) == (b[1] - a[1]) * (c[0] - b[0])
