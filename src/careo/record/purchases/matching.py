"""Which row of a table became which, where its publisher gives rows no id: by the fields that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice, permutations
from typing import Any

from careo.sources.civil import DAY
from careo.sources.formats.purchase_table import folded

_TIMES = frozenset({"filed", "published", "opening", "decided", "signed", "start"})
_MINUTE = 60
_ONE_FIELD = 2  # the distance of two rows that say something else in one field
_ANY_DISTANCE = 1 << 30
_MOST_COMPARED = 40_000  # pairs of rows: of more rows of one supplier it is not asked which became which
_MOST_ASSIGNED = 5  # rows: their 120 assignments are compared


def plain_pairs(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> list[tuple[int, int]]:
    """Rows told to each other as long as a pair is plain: they are the only ones, or each differs least from the other, in fewer fields
    than from any third; as many rows as before may change in the one way of all that changes the fewest fields. Between rows that say
    the same it makes no difference which is taken. A row more or less is no edit but where a single field differs."""
    pairs: list[tuple[int, int]] = []
    if len(before) * len(after) > _MOST_COMPARED:
        return pairs
    distances = [[_distance(row, other) for other in after] for row in before]
    most = _ONE_FIELD if len(before) != len(after) else _ANY_DISTANCE
    rows, columns = list(range(len(before))), list(range(len(after)))
    while rows and columns:
        if len(rows) == len(columns) == 1 and len(before) == len(after):
            found = [(rows[0], columns[0])]
        else:
            found = (
                _nearest(before, after, distances, rows, columns, most)
                or _fewest(distances, rows, columns)
                or _unedited(distances, rows, columns)
            )
        if not found:
            break
        for row, column in found:
            pairs.append((row, column))
            rows.remove(row)
            columns.remove(column)
    return pairs


def _nearest(
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    distances: Sequence[Sequence[int]],
    rows: Sequence[int],
    columns: Sequence[int],
    most: int,
) -> list[tuple[int, int]]:
    """Pairs of which each is nearer to the other than to any third that says something else; taking one leaves the others so."""
    best_of: dict[int, list[int]] = {}
    for column in columns:
        least = min(distances[row][column] for row in rows)
        best_of[column] = [row for row in rows if distances[row][column] == least]
    found: list[tuple[int, int]] = []
    taken: set[int] = set()
    for row in rows:
        least = min(distances[row][column] for column in columns)
        if least > most:
            continue
        near = [column for column in columns if distances[row][column] == least]
        if any(after[column] != after[near[0]] for column in near[1:]):
            continue
        rivals = best_of[near[0]]
        if row not in rivals or any(before[other] != before[row] for other in rivals):
            continue
        free = next((column for column in near if column not in taken), None)
        if free is not None:
            taken.add(free)
            found.append((row, free))
    return found


def _fewest(
    distances: Sequence[Sequence[int]], rows: Sequence[int], columns: Sequence[int]
) -> list[tuple[int, int]]:
    """All rows told to as many in the one way that changes the fewest fields; none if there are several such ways. (Taking the way that
    changes amounts least was tried: of the edits that it told on altered real tables every third was a wrong one.)"""
    if len(rows) != len(columns) or len(rows) > _MOST_ASSIGNED:
        return []
    ways = [tuple(zip(rows, way, strict=True)) for way in permutations(columns)]
    fields = [sum(distances[row][column] for row, column in way) for way in ways]
    least = min(fields)
    return list(ways[fields.index(least)]) if fields.count(least) == 1 else []


def _unedited(
    distances: Sequence[Sequence[int]], rows: Sequence[int], columns: Sequence[int]
) -> list[tuple[int, int]]:
    """A row and one that says nothing else: whichever is taken, nothing was edited."""
    free = ((row, column) for row in rows for column in columns if not distances[row][column])
    return list(islice(free, 1))


def _distance(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    """How many fields differ; one that was empty and is filled counts a little less than one that says something else."""
    return sum(
        1 if (was in _EMPTY) != (became in _EMPTY) else 2
        for name, was in one.items()
        if name in other and was != (became := other[name]) and not same(name, was, became)
    )


_EMPTY = (None, "")


def same(field: str, one: object, other: object) -> bool:
    """Whether a field says the same: one of two times may tell no seconds or no time of day; words and codes may stand in other
    capitals, with other points and accents."""
    if one == other:
        return True
    if isinstance(one, str) and isinstance(other, str):
        return bool(words := _words(one)) and words == _words(other)
    if field.rpartition("/")[2] not in _TIMES or type(one) is not int or type(other) is not int:
        return False
    return any(
        one // unit == other // unit and (one % unit == 0 or other % unit == 0) for unit in (DAY, _MINUTE)
    )


def fuller(one: Any, later: Any) -> Any:
    """Of two that say the same the one that tells more: the later of two times only if it is the more exact one."""
    if type(one) is int and (one % DAY == 0 or (one % _MINUTE == 0 and later % DAY)):
        return later
    return one


_words = lru_cache(maxsize=4096)(folded)
