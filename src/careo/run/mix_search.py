"""The search for mixes that no other mix beats, by pymoo; limits are kept in enough worlds or a mix is out.

What is sought, all to be small: the median difference in homicides from the status quo, its 95% end (the bad worlds), and the median
difference in disappearances where their level is known. Nothing is weighed against anything. A limit is no aim: `rights_complaints<=baseline`
holds for a mix when its complaints are no more than the status quo's, draw by draw, in at least so many of the worlds.

pymoo draws its crossings from a generator of its own, begun with the seed of the search: it decides which mixes are tried, never what
happens in a world.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from careo.base.errors import CareoError
from careo.model.luck import Luck
from careo.model.mechanisms import OUTCOMES
from careo.run.mix_worlds import MixWorlds
from careo.run.mixes import GRID, Mix, MixQuestion, genes_of, mix_of_genes, no_money

RIGHTS = "rights_complaints"
ENOUGH = 0.9
"""A limit that says nothing else holds when it is kept in this share of worlds."""
BAD_END = 0.95
_POINTS = 65_534  # the process of luck of the first points; no parameter has it
_AIMED_AT = ("homicides", "disappearances")
_LIMIT = re.compile(
    r"(?P<outcome>[a-z_]+)\s*<=\s*baseline(?:\s*(?P<sign>[+-])\s*(?P<change>\d+(?:\.\d+)?)\s*%)?"
    r"(?:\s+in\s+(?P<share>\d+(?:\.\d+)?)\s*%)?"
)


@dataclass(frozen=True, slots=True)
class Limit:
    """What a mix must keep.

    Attributes:
        outcome: of OUTCOMES. factor: of what the status quo has in the same world. share: of worlds in which it must hold.
        written: as it was asked for.
    """

    outcome: str
    factor: float
    share: float
    written: str

    def kept(self, totals: np.ndarray, status_quo: np.ndarray) -> np.ndarray:
        """In which worlds a mix keeps it [bool; … draw], from totals [events; … outcome draw]; a world that broke down keeps nothing."""
        row = OUTCOMES.index(self.outcome)
        ours, theirs = totals[..., row, :], status_quo[row]
        return (ours >= 0) & (theirs >= 0) & (ours <= theirs * self.factor)


def read_limits(texts: Sequence[str]) -> tuple[Limit, ...]:
    """Limits as written: "rights_complaints<=baseline", "extortion<=baseline+5% in 95%"; complaints are always among them.

    Raises:
        CareoError: one that cannot be read, or two of one outcome.
    """
    found: dict[str, Limit] = {}
    for text in texts:
        match = _LIMIT.fullmatch(text.strip())
        if match is None:
            raise CareoError(
                "search_keep",
                found=repr(text[:60]),
                expected="rights_complaints<=baseline",
                fix="search_keep",
            )
        if match["outcome"] not in OUTCOMES:
            raise CareoError(
                "search_keep_outcome", found=repr(match["outcome"][:40]), expected=" | ".join(OUTCOMES)
            )
        change = float(match["change"] or 0) / 100 * (-1 if match["sign"] == "-" else 1)
        share = float(match["share"]) / 100 if match["share"] else ENOUGH
        if not 0 < share <= 1 or change < -1:
            raise CareoError(
                "search_keep",
                found=repr(text[:60]),
                expected="rights_complaints<=baseline",
                fix="search_keep",
            )
        if match["outcome"] in found:
            raise CareoError("search_keep_twice", found=match["outcome"])
        found[match["outcome"]] = Limit(match["outcome"], 1 + change, share, text.strip())
    if RIGHTS not in found:
        found = {RIGHTS: Limit(RIGHTS, 1.0, ENOUGH, f"{RIGHTS}<=baseline"), **found}
    return tuple(found.values())


def aims(worlds: MixWorlds, totals: np.ndarray, status_quo: np.ndarray) -> np.ndarray:
    """What mixes are compared by, to be small: differences from the status quo [events; mix aim].

    Args:
        totals: [events; mix outcome draw]. status_quo: [events; outcome draw].
    """
    columns: list[np.ndarray] = []
    for name in _AIMED_AT:
        row = OUTCOMES.index(name)
        if not worlds.known[row]:
            continue
        whole = (status_quo[row] >= 0) & (totals[:, row] >= 0).all(axis=0)
        difference = (totals[:, row] - status_quo[row])[:, whole]
        columns.append(np.median(difference, axis=1))
        if name == _AIMED_AT[0]:
            columns.append(np.quantile(difference, BAD_END, axis=1))
    return np.stack(columns, axis=1)


def shares_kept(limits: Sequence[Limit], totals: np.ndarray, status_quo: np.ndarray) -> np.ndarray:
    """In which share of worlds each mix keeps each limit [share; mix limit]."""
    sound = (status_quo[0] >= 0).sum()
    return np.stack([limit.kept(totals, status_quo).sum(axis=-1) / sound for limit in limits], axis=-1)


def keeps_all(limits: Sequence[Limit], shares: np.ndarray) -> np.ndarray:
    """Whether each mix keeps every limit in enough worlds [bool; mix]."""
    wanted = np.array([limit.share for limit in limits])
    return np.all(shares >= wanted - 1e-12, axis=-1)  # pyright: ignore[reportReturnType]


def undominated(values: np.ndarray) -> np.ndarray:
    """Rows that no other row beats: as small everywhere and smaller somewhere [bool; row] of [row aim]."""
    less = (values[:, None] <= values[None]).all(axis=2) & (values[:, None] < values[None]).any(axis=2)
    return ~np.any(less, axis=0)  # pyright: ignore[reportReturnType]


def spread_out(values: np.ndarray, count: int) -> list[int]:
    """At most `count` rows that show how far the rows reach: the smallest of each aim, then always the one farthest from those taken."""
    if len(values) <= count:
        return list(range(len(values)))
    width = np.ptp(values, axis=0)
    scaled = (values - values.min(axis=0)) / np.where(width > 0, width, 1.0)
    taken = list(dict.fromkeys(int(row) for row in values.argmin(axis=0)))[:count]
    while len(taken) < count:
        distance = np.min(((scaled[:, None] - scaled[taken][None]) ** 2).sum(axis=2), axis=1)
        distance[taken] = -1.0
        taken.append(int(distance.argmax()))
    return taken


def search_mixes(
    worlds: MixWorlds,
    limits: Sequence[Limit],
    *,
    first: Sequence[Mix] = (),
    population: int = 24,
    generations: int = 8,
    most: int = 12,
    told: Callable[[], None] | None = None,
) -> tuple[tuple[Mix, ...], int]:
    """Mixes that keep the limits and that none of those tried beats, at most `most` of them; and how many mixes were tried.

    Args:
        worlds: in which mixes are tried. first: mixes that are tried whatever the search finds. population, generations: of NSGA-II.
        told: called after each generation.

    Raises:
        CareoError: pymoo is not installed.
    """
    minimize, nsga2, problem = _pymoo()
    question = worlds.question
    base = worlds.totals([no_money(question)])[0]
    tried: dict[tuple[int, ...], Mix] = {mix.parts: mix for mix in first}
    if len(question.prices) > 1:

        def evaluate(genes: np.ndarray, out: dict[str, Any]) -> None:
            mixes = [mix_of_genes(question, row) for row in genes]
            tried.update({mix.parts: mix for mix in mixes if mix.parts not in tried})
            totals = worlds.totals(mixes)
            out["F"] = aims(worlds, totals, base)
            out["G"] = np.array([limit.share for limit in limits]) - shares_kept(limits, totals, base)
            if told:
                told()

        columns = aims(worlds, base[None], base).shape[1]
        minimize(
            problem(evaluate, len(question.prices) + 1, columns, len(limits)),
            nsga2(pop_size=population, sampling=_first_points(worlds, limits, base, population)),
            ("n_gen", generations),
            seed=worlds.seed % 2**32,
            verbose=False,
        )
    mixes = list(tried.values())
    totals = worlds.totals(mixes)
    sound = keeps_all(limits, shares_kept(limits, totals, base))
    found = [mix for mix, fine in zip(mixes, sound, strict=True) if fine and any(mix.parts)]
    if not found:
        return (), len(mixes)
    values = aims(worlds, worlds.totals(found), base)
    best = np.flatnonzero(undominated(values))
    return tuple(found[best[row]] for row in spread_out(values[best], most)), len(mixes)


def need_extra() -> None:
    """Looks for the libraries of `careo[search]`, before anything is computed.

    Raises:
        CareoError: one of them is not installed.
    """
    _pymoo()
    if find_spec("SALib") is None:
        raise CareoError("search_extra", fix="search_extra")


def _first_points(worlds: MixWorlds, limits: Sequence[Limit], base: np.ndarray, count: int) -> np.ndarray:
    """Where the search begins [point gene]: shares from end to end, money to the levers that alone do most for it first; the rest by luck.

    A search of some hundred mixes over many levers that began by luck alone would hardly come near what these give.
    """
    question = worlds.question
    alone = singles(question)
    totals = worlds.totals(alone)
    fine = keeps_all(limits, shares_kept(limits, totals, base))
    gain = -aims(worlds, totals, base) / np.maximum(question.caps, 1)[:, None] * GRID
    ends = np.linspace(question.least, question.most, 1 + max(1, count // (gain.shape[1] + 1)))
    shares = ends if question.most > question.least else ends[:1]
    points = [
        genes_of(question, float(share), np.where(fine, gain[:, aim], 0.0))
        for share in shares
        for aim in range(gain.shape[1])
    ][:count]
    left = count - len(points)
    chance = Luck(worlds.seed).uniform(_POINTS, 0, range(left or 1), range(len(question.prices) + 1))
    return np.array([*points, *chance[:left]])


def _pymoo() -> tuple[Any, Any, Any]:
    """pymoo's search, its algorithm and a problem that calls one function; they take more than a second to load."""
    try:
        from pymoo.algorithms.moo.nsga2 import NSGA2
        from pymoo.core.problem import Problem
        from pymoo.optimize import minimize
    except ImportError as error:
        raise CareoError("search_extra", fix="search_extra") from error

    class _Mixes(Problem):
        def __init__(
            self, evaluate: Callable[[np.ndarray, dict[str, Any]], None], genes: int, aims: int, limits: int
        ) -> None:
            super().__init__(n_var=genes, n_obj=aims, n_ieq_constr=limits, xl=0.0, xu=1.0)
            self.tried = evaluate

        def _evaluate(self, x: np.ndarray, out: dict[str, Any], *_: Any, **__: Any) -> None:
            self.tried(x, out)

    return minimize, NSGA2, _Mixes


def singles(question: MixQuestion) -> tuple[Mix, ...]:
    """All money on one lever, as far as its largest dose takes it: what each lever does by itself."""
    caps = question.caps
    return tuple(
        Mix(tuple(int(caps[row]) if row == other else 0 for row in range(len(caps))))
        for other in range(len(caps))
    )
