"""Lays the places of a country out on a grid for its tile map, one tile each, and prints tiles.csv.

    python tools/build_tiles.py BOUNDARIES --country mexico [--seed 1] > places.csv

Only two things are asked of a layout: land neighbours touch, and a place lies from its neighbours (and, less so, from all
others) in the direction in which it really lies. Found by simulated annealing from the real positions; the labels of an earlier
tiles.csv are kept.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import numpy as np

from careo.base.shipped import country_folder
from careo.panel.places import load_places
from careo.sources.boundaries import Boundaries, neighbours, read_boundaries

_STEPS = 120_000
_APART = 0.8  # a land neighbour that does not touch, against one that lies 45° off
_CORNER = 0.25  # one that touches at a corner only
_FALSE = 0.15  # two that touch by a side and share no border
_FAR = 0.5  # directions between places that are no neighbours, all together against those of neighbours


def main() -> int:
    """Reads the boundaries, searches, and prints the best layout with what it reaches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("boundaries", type=Path)
    parser.add_argument("--country", default="mexico")
    parser.add_argument("--columns", type=int, default=10)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tries", type=int, default=8)
    asked = parser.parse_args()

    boundaries = read_boundaries(asked.boundaries, load_places(asked.country).by_code.values())
    codes = list(boundaries.areas)
    beside = neighbours(boundaries)
    touching = np.array([[other in beside[code] for other in codes] for code in codes])
    layout = Layout(centres(boundaries), touching, asked.columns, asked.rows)
    tries = [layout.search(np.random.default_rng([asked.seed, number])) for number in range(asked.tries)]
    cost, best = min(tries, key=lambda pair: pair[0])
    labels = dict(_labels(asked.country))
    write = csv.writer(sys.stdout, lineterminator="\n")
    write.writerow(("code", "column", "row", "label"))
    for code, (column, row) in zip(codes, best - best.min(axis=0) + 1, strict=True):
        write.writerow((code, column, row, labels.get(code, code)))
    error, sides, corners = layout.measure(best)
    print(
        f"cost {cost:.4f} (of {', '.join(f'{c:.3f}' for c, _ in tries)}); mean angular error {error:.1f}°; "
        f"neighbours that touch: {sides:.0%} by a side, {corners:.0%} in all",
        file=sys.stderr,
    )
    return 0


def centres(boundaries: Boundaries) -> np.ndarray:
    """Centre of the area of every place, north up, as long one way as the other [place, (x, y)]."""
    found: list[tuple[float, float]] = []
    for area in boundaries.areas.values():
        weight = across = up = 0.0
        for polygon in area:
            x, y = np.array(polygon[0], dtype=float).T
            cross = x[:-1] * y[1:] - x[1:] * y[:-1]
            size = cross.sum() / 2
            sign = 1 if size > 0 else -1
            weight += abs(size)
            across += sign * ((x[:-1] + x[1:]) * cross).sum() / 6
            up += sign * ((y[:-1] + y[1:]) * cross).sum() / 6
        found.append((across / weight, up / weight))
    points = np.array(found)
    if boundaries.unit == "degrees":
        points[:, 0] *= np.cos(np.radians(points[:, 1].mean()))
    return points


class Layout:
    """What a layout is held against, and how a good one is found."""

    def __init__(self, points: np.ndarray, touching: np.ndarray, columns: int, rows: int) -> None:
        self.points, self.touching = points, touching
        self.columns, self.rows, self.count = columns, rows, len(points)
        self.bearing = self._bearings(points * [1, -1])  # rows count downwards
        self.near = touching / touching.sum()
        others = ~touching & ~np.eye(self.count, dtype=bool)
        self.others = others / max(1, others.sum())

    @staticmethod
    def _bearings(points: np.ndarray) -> np.ndarray:
        step = points[None, :, :] - points[:, None, :]
        return np.arctan2(step[..., 1], step[..., 0])

    def _errors(self, tiles: np.ndarray) -> np.ndarray:
        return np.abs((self._bearings(tiles) - self.bearing + np.pi) % (2 * np.pi) - np.pi)

    def cost(self, tiles: np.ndarray) -> float:
        """How far a layout [place, (column, row)] is from what is asked."""
        steps = np.abs(tiles[None, :, :] - tiles[:, None, :])
        far, side = steps.max(axis=-1), steps.sum(axis=-1) == 1
        error = self._errors(tiles) / (np.pi / 4)
        apart = np.where(side, 0, np.where(far == 1, _CORNER, _APART + 0.5 * (far - 2)))
        return float(
            (self.near * (error**1.5 + apart)).sum()
            + _FAR * (self.others * error).sum()
            + _FALSE * (side & ~self.touching).sum() / self.touching.sum()
        )

    def measure(self, tiles: np.ndarray) -> tuple[float, float, float]:
        """Mean angular error of land neighbours [degrees]; share of them that touch by a side, and at all."""
        steps = np.abs(tiles[None, :, :] - tiles[:, None, :])
        error = float(np.degrees((self.near * self._errors(tiles)).sum()))
        return error, float(self.near[steps.sum(-1) == 1].sum()), float(self.near[steps.max(-1) == 1].sum())

    def search(self, luck: np.random.Generator) -> tuple[float, np.ndarray]:
        """The best layout found from one start."""
        tiles = self._start(luck)
        cost = lowest = self.cost(tiles)
        best = tiles.copy()
        for step in range(_STEPS):
            heat = 0.03 * (1 - step / _STEPS) ** 2 + 1e-5
            one = int(luck.integers(self.count))
            if luck.random() < 0.6:
                wanted = tiles[one] + luck.integers(-2, 3, size=2)
            else:
                wanted = luck.integers((0, 0), (self.columns, self.rows))
            if (wanted < 0).any() or (wanted >= (self.columns, self.rows)).any():
                continue
            held = np.flatnonzero((tiles == wanted).all(axis=1))
            changed = tiles.copy()
            if held.size:
                changed[held[0]] = tiles[one]
            changed[one] = wanted
            new = self.cost(changed)
            if new < cost or luck.random() < np.exp((cost - new) / heat):
                tiles, cost = changed, new
                if cost < lowest:
                    lowest, best = cost, tiles.copy()
        return lowest, best

    def _start(self, luck: np.random.Generator) -> np.ndarray:
        """Everybody on the free tile nearest to where it really lies."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        real = (self.points - low) / (high - low)
        real[:, 1] = 1 - real[:, 1]
        real *= (self.columns - 1, self.rows - 1)
        free = {(column, row) for column in range(self.columns) for row in range(self.rows)}
        tiles = np.zeros((self.count, 2), dtype=int)
        for place in luck.permutation(self.count):
            x, y = real[place]
            nearest = min(free, key=lambda tile: ((tile[0] - x) ** 2 + (tile[1] - y) ** 2, tile))
            tiles[place] = nearest
            free.remove(nearest)
        return tiles


def _labels(country: str) -> list[tuple[str, str]]:
    path = country_folder(country) / "places" / "tiles.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["code"], row["label"]) for row in csv.DictReader(file)]


if __name__ == "__main__":
    sys.exit(main())
