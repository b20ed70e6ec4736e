"""What a run's folder holds, as bytes: arrays in NumPy's own format one after another, and the nouns of a run as JSON.

The same things give the same bytes, floats come back bit for bit, and nothing that is read can run.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from tokenize import TokenError
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from careo.base.dates import Period
from careo.model.forecast import Constants
from careo.run.effects import LeftOut
from careo.run.history import CompanionLevel, CompanionLevels, History
from careo.run.municipal import MunicipalPart
from careo.run.municipal_record import MunicipalRecord
from careo.run.scenario import Dosed, NotSimulated, Scenario
from careo.run.scenario_costs import MeasureCost


def narrow(counts: np.ndarray) -> np.ndarray:
    """The same counts in half the room, where they fit."""
    fits = counts.size == 0 or max(abs(int(counts.min())), abs(int(counts.max()))) < 2**31
    return counts.astype("<i4") if fits else counts.astype("<i8")


def array_bytes(arrays: Sequence[np.ndarray]) -> bytes:
    """Arrays in NumPy's own format, one after another; the same arrays are the same bytes."""
    stream = io.BytesIO()
    for array in arrays:
        np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
    return stream.getvalue()


def arrays_in(data: bytes, most: int | None = None) -> list[np.ndarray]:
    """What `array_bytes` wrote; read-only, for it is the bytes themselves.

    Args:
        most: how many are wanted, from the first on; all of them when not given.

    Raises:
        ValueError: the bytes are not arrays of numbers, or fewer than they say.
    """
    stream, found = io.BytesIO(data), list[np.ndarray]()
    while stream.tell() < len(data) and len(found) != most:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError("another version of the format")
        try:
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        except (TokenError, SyntaxError, RecursionError, MemoryError) as error:
            raise ValueError("no header of an array") from error
        begin, size = stream.tell(), math.prod(shape)
        if fortran or dtype.kind not in "biuf" or begin + size * dtype.itemsize > len(data):
            raise ValueError(f"no array of numbers: {dtype} {shape}")
        found.append(np.frombuffer(data, dtype, size, begin).reshape(shape))
        stream.seek(begin + size * dtype.itemsize)
    return found


_NOUNS = {
    noun.__name__: noun
    for noun in (
        Scenario, Dosed, NotSimulated, MeasureCost, LeftOut, History, CompanionLevels, CompanionLevel, Period,
        MunicipalPart, MunicipalRecord, Constants,
    )
}  # fmt: skip


def encoded(item: Any, arrays: list[np.ndarray]) -> Any:
    """An item as JSON; its arrays are put aside and numbered, for floats must come back bit for bit, NaN among them."""
    if isinstance(item, np.ndarray):
        arrays.append(item)
        return {"$array": len(arrays) - 1}
    if isinstance(item, date):
        return {"$date": item.isoformat()}
    if isinstance(item, np.generic):
        return item.item()
    if isinstance(item, Mapping):
        return {str(key): encoded(value, arrays) for key, value in item.items()}
    if isinstance(item, (tuple, list)):
        return [encoded(value, arrays) for value in item]
    if is_dataclass(item):
        named = {field.name: encoded(getattr(item, field.name), arrays) for field in fields(item)}
        return {f"${type(item).__name__}": named}
    return item


def decoded(item: Any, arrays: Sequence[np.ndarray]) -> Any:
    """What `encoded` was given; sequences come back as tuples."""
    if isinstance(item, list):
        return tuple(decoded(value, arrays) for value in item)
    if not isinstance(item, dict):
        return item
    if len(item) == 1:
        ((key, value),) = item.items()
        if key == "$array":
            return arrays[value]
        if key == "$date":
            return date.fromisoformat(value)
        if key[:1] == "$" and key[1:] in _NOUNS:
            noun = _NOUNS[key[1:]]
            parts = {name: decoded(part, arrays) for name, part in value.items()}
            hints = _hints(noun)
            for name, part in parts.items():
                if not _fits(part, hints[name]):
                    raise ValueError(f"{noun.__name__}.{name}: {type(part)}")
            return noun(**parts)
    return {key: decoded(value, arrays) for key, value in item.items()}


def decoded_as(hint: Any, item: Any, arrays: Sequence[np.ndarray]) -> Any:
    """As `decoded`, of what has to be a `hint`.

    Raises:
        ValueError, TypeError, LookupError: it is something else.
    """
    found = decoded(item, arrays)
    if not _fits(found, hint):
        raise ValueError(f"{hint}: {type(found)}")
    return found


@cache
def _hints(noun: type) -> Mapping[str, Any]:
    return get_type_hints(noun)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is what an annotation of a noun says; anybody may have written it."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin is np.ndarray:
        return isinstance(value, np.ndarray)
    if origin in (Union, UnionType):
        return any(_fits(value, choice) for choice in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(part, inner[0]) for part in cast(Any, value))
    if origin is Mapping:
        return isinstance(value, dict) and all(_fits(part, inner[1]) for part in cast(Any, value).values())
    if hint in (int, float):
        return isinstance(value, (int, hint)) and not isinstance(value, bool)
    return isinstance(value, hint)


def digest_of(parts: Sequence[object]) -> str:
    """The sha256 of things that `encoded` knows, their arrays bit for bit."""
    arrays: list[np.ndarray] = []
    words = json.dumps(encoded(tuple(parts), arrays), sort_keys=True)
    return hashlib.sha256(words.encode() + array_bytes(arrays)).hexdigest()
