"""Flip points: at which cost, size of an effect or number of members another mix comes first, or a mix stops being better than nothing.

One thing is held at the same value in all worlds, everything else stays as drawn, under the same luck; mixes are ranked by the median
difference in homicides from the status quo. A thing is looked at from one end of its range to the other: the range of a lever's cost, the
90% interval of an effect's prior, the members of armed groups that no count tells apart. Where the two ends give different answers, the
range is halved four times. What turns and turns back within a range is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from careo.evidence.effects import quantile
from careo.model.mechanisms import OUTCOMES
from careo.run.mix_worlds import Held, MixWorlds
from careo.run.mixes import Mix, no_money
from careo.run.parameters import MEMBERSHIP_SWEEP

HALVINGS = 4
STATUS_QUO = "status-quo"
_NOT_HOMICIDES = {"extortion", "kidnapping", "disappearance", "recording", "rights_complaints"}


@dataclass(frozen=True, slots=True)
class Flip:
    """Something turns between two values.

    Attributes:
        kind: "cost" [currency/year for a largest dose], "effect" [log points] or "members" [persons].
        lever: "" for members; slot: of the lever's effect, −1 for others. below, above: it turns between these.
        about: "first", or the name of the mix that is better than the status quo on one side only.
        before, after: who is first below and above; of a mix "better" and "not better".
    """

    kind: str
    lever: str
    slot: int
    below: float
    above: float
    about: str
    before: str
    after: str


@dataclass(frozen=True)
class Ranking:
    """Who is first, and which mixes are better than the status quo, with something held."""

    first: str
    better: Mapping[str, bool]
    medians: Mapping[str, float]


def find_flips(worlds: MixWorlds, mixes: Mapping[str, Mix]) -> tuple[tuple[Flip, ...], int]:
    """Every flip between the named mixes, and how many things were looked at; the status quo always takes part."""
    rank = _ranker(worlds, mixes)
    found: list[Flip] = []
    looked = 0
    for kind, lever, slot, low, high, held in _things(worlds, mixes):
        looked += 1
        found += _between(rank, (kind, lever, slot), low, high, held)
    looked += 1
    rankings = [rank(Held(members=float(members))) for members in MEMBERSHIP_SWEEP]
    for index in range(1, len(rankings)):
        ends = float(MEMBERSHIP_SWEEP[index - 1]), float(MEMBERSHIP_SWEEP[index])
        found += _turned(("members", "", -1), *ends, rankings[index - 1], rankings[index])
    return tuple(found), looked


def _ranker(worlds: MixWorlds, mixes: Mapping[str, Mix]) -> Callable[[Held], Ranking]:
    row = OUTCOMES.index("homicides")
    nothing = no_money(worlds.question)

    def rank(held: Held) -> Ranking:
        totals = worlds.totals([nothing, *mixes.values()], held)[:, row]
        whole = (totals >= 0).all(axis=0)
        medians = np.median((totals - totals[0])[:, whole], axis=1)
        by_name = dict(zip((STATUS_QUO, *mixes), medians.tolist(), strict=True))
        first = min(by_name, key=lambda name: by_name[name])
        return Ranking(first, {name: by_name[name] < 0 for name in mixes}, by_name)

    return rank


def _things(
    worlds: MixWorlds, mixes: Mapping[str, Mix]
) -> Sequence[tuple[str, str, int, float, float, Callable[[float], Held]]]:
    """What is held in turn: kind, lever, slot, low and high end, and the value as what is held."""
    question = worlds.question
    paid = [any(mix.parts[row] for mix in mixes.values()) for row in range(len(question.prices))]
    found: list[tuple[str, str, int, float, float, Callable[[float], Held]]] = []
    for price, used in zip(question.prices, paid, strict=True):
        lever = price.lever.id
        if used and price.low < price.high:
            found.append(
                ("cost", lever, -1, price.low, price.high, lambda v, lever=lever: Held(cost=(lever, v)))
            )
    for lever, slot, effect in worlds.plan.effects:
        low, high = quantile(effect, 0.05), quantile(effect, 0.95)
        if not paid[question.levers.index(lever.id)] or set(effect.mechanisms) <= _NOT_HOMICIDES:
            continue
        if low is not None and high is not None and low < high:
            held = lambda v, lever=lever.id, slot=slot: Held(effect=(lever, slot, v))  # noqa: E731
            found.append(("effect", lever.id, slot, low, high, held))
    return found


def _between(
    rank: Callable[[Held], Ranking],
    thing: tuple[str, str, int],
    low: float,
    high: float,
    held: Callable[[float], Held],
) -> list[Flip]:
    ends = rank(held(low)), rank(held(high))
    found: list[Flip] = []
    for flip in _turned(thing, low, high, *ends):
        below, above, under, over = low, high, *ends
        for _ in range(HALVINGS):
            middle = (below + above) / 2
            there = rank(held(middle))
            same = there.first == under.first if flip.about == "first" else (
                there.better[flip.about] == under.better[flip.about]
            )  # fmt: skip
            if same:
                below, under = middle, there
            else:
                above, over = middle, there
        found += [one for one in _turned(thing, below, above, under, over) if one.about == flip.about]
    return found


def _turned(
    thing: tuple[str, str, int], low: float, high: float, under: Ranking, over: Ranking
) -> list[Flip]:
    found: list[Flip] = []
    if under.first != over.first:
        found.append(Flip(*thing, low, high, "first", under.first, over.first))
    words = {True: "better", False: "not better"}
    for name, better in under.better.items():
        if better != over.better[name]:
            found.append(Flip(*thing, low, high, name, words[better], words[over.better[name]]))
    return found
