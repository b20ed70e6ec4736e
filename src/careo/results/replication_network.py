"""The network of a published model in a folder of the reader's: three public files, and the yearly trends where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from careo.base.errors import CareoError, DataError, InputError
from careo.results.replication_study import PublishedModel
from careo.sources.formats import read, recognise
from careo.sources.tables import open_data, readable

_NETWORK = ("network_groups", "network_alliances", "network_rivalries")
_LAYOUTS = ("network_groups", "network_ties", "network_trends")
_MOST_FILES, _MOST_BYTES, _MOST_GROUPS = 200, 4 << 20, 2_000
_MOST_WEIGHT = 100  # far beyond it, four steps a week would be too few; the published weights end at 13


@dataclass(frozen=True, slots=True)
class NetworkFolder:
    """A network as its files tell it; ties as (group, other group, weight). deaths: by year [persons/week], None without trends."""

    groups: int
    rivalries: list[tuple[int, int, float]]
    alliances: list[tuple[int, int, float]]
    deaths: tuple[float, ...] | None


def network_folder(folder: Path, study: PublishedModel) -> NetworkFolder:
    """The network in a folder, its files known by their headers, whatever they are called.

    Raises:
        CareoError: the folder's files are not the network's.
    """
    tables = _tables(folder)
    missing = [name for name in _NETWORK if name not in tables]
    if missing:
        raise DataError(
            "replicate_incomplete",
            where=str(folder),
            expected=", ".join(_NETWORK),
            found=", ".join(tables) or "–",
            fix="replicate_files",
        )
    path, rows = tables["network_groups"]
    nodes: list[str | None] = [row["node"] for row in rows]
    if None in nodes or len(set(nodes)) < len(nodes) or not 2 <= len(nodes) <= _MOST_GROUPS:
        raise DataError(
            "replicate_groups",
            where=str(path),
            found=str(len(nodes)),
            fix="replicate_files",
            most=_MOST_GROUPS,
        )
    places = {node: place for place, node in enumerate(nodes) if node is not None}
    rivalries, alliances = (
        _ties(*tables[name], places) for name in ("network_rivalries", "network_alliances")
    )
    deaths = _deaths(*tables["network_trends"], study) if "network_trends" in tables else None
    return NetworkFolder(len(nodes), rivalries, alliances, deaths)


_Rows = list[dict[str, Any]]


def _tables(folder: Path) -> dict[str, tuple[Path, _Rows]]:
    """Dataset → its file and rows, for the files of the model in a folder; other files are passed over."""
    if not folder.is_dir():
        raise InputError("replicate_folder", where=str(folder), fix="replicate_files")
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        files = [path for path in files if 0 < path.stat().st_size <= _MOST_BYTES]
    except OSError as error:
        raise InputError(
            "input_unreadable", where=str(folder), problem=error.strerror or str(error)
        ) from error
    if len(files) > _MOST_FILES:
        raise InputError("replicate_many", where=str(folder), found=str(len(files)), most=_MOST_FILES)
    tables: dict[str, tuple[Path, _Rows]] = {}
    broken: CareoError | None = None
    for path in files:
        meant = False
        try:
            with open_data(path) as file:
                layout, table = recognise(file)
                meant = layout.key in _LAYOUTS
                if not meant:
                    continue
                reading = read(layout, table)
                with readable(file):
                    rows = reading.rows.collect().to_dicts()
        except CareoError as error:
            if meant:
                raise
            if error.words.get("layout") in _LAYOUTS:  # nearly: it matters only if the file is needed
                broken = broken or error
            continue
        if reading.dataset in tables:
            both = f"{tables[reading.dataset][0].name}, {path.name}"
            raise DataError(
                "replicate_twice",
                where=str(folder),
                found=both,
                fix="replicate_files",
                dataset=reading.dataset,
            )
        tables[reading.dataset] = path, rows
    if broken and any(name not in tables for name in _NETWORK):
        raise broken
    return tables


def _ties(path: Path, rows: _Rows, places: Mapping[str, int]) -> list[tuple[int, int, float]]:
    found: list[tuple[int, int, float]] = []
    for row in rows:
        one, other, weight = places.get(row["node"]), places.get(row["other_node"]), row["weight"]
        if one is None or other is None or one == other or weight is None or not 0 <= weight <= _MOST_WEIGHT:
            told = f"{row['node']}, {row['other_node']}, {row['weight']}"
            raise DataError(
                "replicate_tie", where=str(path), found=told[:200], fix="replicate_files", most=_MOST_WEIGHT
            )
        found.append((one, other, weight))
    return found


def _deaths(path: Path, rows: _Rows, study: PublishedModel) -> tuple[float, ...]:
    """What the model is fitted to, from the authors' file."""
    first, now = study.years.first, study.years.now
    years = {row["year"]: row for row in rows}
    wanted = [years.get(year) for year in range(first, now)]
    sums = [
        row["homicides"] + row["missing_persons"]
        for row in wanted
        if row and row["homicides"] is not None and row["missing_persons"] is not None
    ]
    if len(sums) < len(wanted) or len(years) < len(rows) or min(sums) < 0:
        told = f"{first}–{now - 1}"
        raise DataError("replicate_trends", where=str(path), expected=told, fix="replicate_files")
    return tuple(study.trends.deaths_share * value / 52 for value in sums)
