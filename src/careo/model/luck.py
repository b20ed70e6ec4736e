"""Luck is addressed, not consumed: the same address has the same uniform number for ever.

An address is (seed, process, month, place, draw), and, where single events have luck of their own, the event's number. Draw 17 of place 3 in month 8 is therefore the same world under every strategy,
in an ensemble of any size, on any number of threads; and a block of draws is a slice of the whole. Behind it stands the counter-based
generator Philox4x32-10: the seed is its key and the rest of the address its counter, so that two addresses never share a number.

    counter word 0   draw                 32 bits
    counter word 1   place                32 bits
    counter word 2   month                32 bits
    counter word 3   process // 2         15 bits
                     event                the upper 17 bits; 0 for all that is not about single events
    key words 0, 1   seed                 64 bits, lower half first

One block of Philox gives 128 bits, that is two uniforms of 52 bits: an even process and the odd one after it share a block, so a kernel
that needs both at one address asks `uniform_pair` and pays once.

Sources:
    Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, SC '11, doi:10.1145/2063384.2063405
    (the generator; its published known answers, Random123 1.14 `kat_vectors`, stand in the tests).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

_compiled = njit(cache=True, nogil=True, error_model="numpy")
_inlined = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
"""So that loops over draws side by side become vector instructions (`lanes.py`)."""

Word = int | np.integer

PROCESS_LIMIT = 2**16
WORD_LIMIT = 2**32
SEED_LIMIT = 2**64


class Process(IntEnum):
    """What a number is drawn for: one name and one number each, which are never used again for anything else.

    Even and odd neighbours share a block of the generator, so what a kernel needs together stands together. `MEMBERS` and
    `PARAMETERS` are the first numbers of ranges: add the index of the member or parameter.
    """

    LEVEL_SHOCK = 0
    OBSERVATION = 1
    NATIONAL_FACTOR = 2
    NATIONAL_NOISE = 3
    LEVEL_SCALE = 4
    OVERDISPERSION = 5
    FORECAST_MEMBER = 6
    LEVEL_NOISE = 7
    MUNICIPAL_SHOCK = 8
    MUNICIPAL_SHARE = 9
    MUNICIPAL_ORIGIN = 10
    MUNICIPAL_PLACE = 11
    MUNICIPAL_STAY = 12
    MUNICIPAL_MOVE = 13
    RESAMPLING = 14
    FORECAST_CONSTANT = 15
    LOCAL_SHOCK = 16
    LOCAL_OBSERVATION = 17
    LOCAL_SCALE = 18
    LOCAL_LEVEL = 19
    LOCAL_STATE = 20
    LOCAL_NATION = 21
    RANDOMISATION = 22
    PLACEBO = 23

    DISAPPEARANCES = 256
    EXTORTION = 257
    KIDNAPPING = 258
    RIGHTS_COMPLAINTS = 259
    CLEARANCE = 260
    TRUCE_COLLAPSE = 261

    MEMBERS = 4096
    """The first of 4,096 for the members of a combined forecast."""
    PARAMETERS = 32768
    """The first of 32,768 for uncertain parameters, drawn once a draw: month 0, place 0 unless they differ by place."""


@dataclass(frozen=True)
class Luck:
    """All the luck of a run.

    Args:
        seed: An integer from 0 to 2**64 − 1.

    Errors:
        ValueError from `uniform`: a seed or an address outside its range.
    """

    seed: int

    def uniform(self, process: int, month: int, places: ArrayLike, draws: ArrayLike) -> NDArray[np.float64]:
        """Uniform numbers, strictly between 0 and 1.

        Args:
            process: 0 to 65,535; see `Process`.
            month: 0 to 2**32 − 1, in whatever count of months the caller keeps to.
            places: Numbers of places, 0 to 2**32 − 1 `[place]`; a place's number is its own, not its position in a run.
            draws: Numbers of draws, 0 to 2**32 − 1 `[draw]`.

        Returns:
            `[place, draw]`.
        """
        _within("seed", self.seed, SEED_LIMIT)
        _within("process", process, PROCESS_LIMIT)
        _within("month", month, WORD_LIMIT)
        out = _uniforms(
            np.uint64(self.seed),
            np.uint64(process),
            np.uint64(month),
            _numbers("places", places),
            _numbers("draws", draws),
        )
        return np.asarray(out)


@_compiled
def uniform(seed: Word, process: Word, month: Word, place: Word, draw: Word) -> float:
    """The uniform number of an address, for kernels: no range is checked here.

    Returns:
        (k + ½) / 2**52 for an integer k from 0 to 2**52 − 1: never 0, never 1, and `1 − u` is exact.
    """
    first, second = uniform_pair(seed, process, month, place, draw)
    return second if np.uint64(process) & np.uint64(1) else first


@_inlined
def uniform_pair(seed: Word, process: Word, month: Word, place: Word, draw: Word) -> tuple[float, float]:
    """The uniform numbers of an even process and of the odd one after it, from one block."""
    return event_pair(seed, process, month, place, draw, 0)


@_compiled
def event_pair(
    seed: Word, process: Word, month: Word, place: Word, draw: Word, event: Word
) -> tuple[float, float]:
    """The same for one of the events, numbered from 0 to 2**17 − 1, of a month, place and draw."""
    key = np.uint64(seed)
    w0, w1, w2, w3 = philox4x32(
        np.uint64(draw),
        np.uint64(place),
        np.uint64(month),
        (np.uint64(process) >> np.uint64(1)) | (np.uint64(event) << np.uint64(15)),
        key & _WORD,
        key >> np.uint64(32),
    )
    return _open_unit(w0, w1), _open_unit(w2, w3)


@_inlined
def philox4x32(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Ten rounds of Philox on a counter of four words and a key of two; words of 32 bits held in uint64."""
    for _ in range(10):
        left, right = c0 * _MULTIPLIER_0, c2 * _MULTIPLIER_1
        c0 = (right >> np.uint64(32)) ^ c1 ^ k0
        c2 = (left >> np.uint64(32)) ^ c3 ^ k1
        c1, c3 = right & _WORD, left & _WORD
        k0, k1 = (k0 + _WEYL_0) & _WORD, (k1 + _WEYL_1) & _WORD
    return c0, c1, c2, c3


_WORD = np.uint64(0xFFFFFFFF)
_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)


@_inlined
def _open_unit(high: np.uint64, low: np.uint64) -> float:
    """52 of 64 bits, not 53: (k + ½) / 2**53 would round to 1 at its upper end."""
    return (float(((high << np.uint64(32)) | low) >> np.uint64(12)) + 0.5) * 2.0**-52


@_compiled
def _uniforms(
    seed: np.uint64,
    process: np.uint64,
    month: np.uint64,
    places: NDArray[np.uint64],
    draws: NDArray[np.uint64],
) -> NDArray[np.float64]:
    out = np.empty((places.size, draws.size))
    for i in range(places.size):
        for d in range(draws.size):
            out[i, d] = uniform(seed, process, month, places[i], draws[d])
    return out


def _numbers(name: str, given: ArrayLike) -> NDArray[np.uint64]:
    numbers = np.atleast_1d(np.asarray(given))
    if numbers.size and not np.issubdtype(numbers.dtype, np.integer):
        raise ValueError(f"{name} must be integers, not {numbers.dtype}")
    if numbers.ndim != 1:
        raise ValueError(f"{name} must have one axis, not {numbers.ndim}")
    if numbers.size:
        _within(name, int(numbers.min()), WORD_LIMIT)
        _within(name, int(numbers.max()), WORD_LIMIT)
    return numbers.astype(np.uint64)


def _within(name: str, number: int, limit: int) -> None:
    if not 0 <= number < limit:
        raise ValueError(f"{name} must be from 0 to {limit - 1:,}, not {number:,}")
