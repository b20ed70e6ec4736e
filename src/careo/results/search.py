"""Robust search over mixes of measures: which mixes no other one beats, where each of them fails, and what would turn their order.

Never a single winner. Mixes are found in some worlds and judged in others that the search never saw, because the best of many is partly
the luckiest. The status quo is among what is compared, and so is the 70/30 question: money spread evenly over the levers of either side.

    regret      in a world, the homicides of a mix beyond those of the best of what is compared there: the status quo and the mixes that
                nothing beats
    failing     a world in which a mix has no fewer homicides than the status quo, or does not keep a limit
    dominated   by another that keeps the limits, is as good in every aim and better in one (`careo.run.mix_search.aims`); a mix that
                changes nothing is dominated by the status quo, which costs nothing
    on grade D  1 − median difference without effects of grade D / median difference
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import CareoError
from careo.evidence.levers import load_levers
from careo.model.luck import Luck
from careo.model.mechanisms import OUTCOMES
from careo.panel import Country, country_of
from careo.results.compare import WEAK_SHARE
from careo.results.differences import QUANTILES, grade_d_share, verdict_of
from careo.results.finding import Finding
from careo.results.flips import STATUS_QUO, Flip, find_flips
from careo.results.prim import Box, find_box
from careo.results.sensitivity import Sensitivity, sensitivity
from careo.run.mix_search import (
    Limit,
    aims,
    keeps_all,
    need_extra,
    read_limits,
    search_mixes,
    shares_kept,
    singles,
    spread_out,
    undominated,
)
from careo.run.mix_worlds import Held, MixWorlds, mix_worlds, other_worlds
from careo.run.mixes import Mix, MixQuestion, even_mix, fill, mix_question, no_money, prevention_share

if TYPE_CHECKING:
    import xarray as xr

PROMISED = 0.7
"""The share of prevention that was promised, without saying of what (amlo-2018-plan, pln-13)."""
SHOWN = 6
DUMMIES = 20
_DUMMY_PROCESS = 65_535  # the last of the parameters' processes; no parameter has it
_RARELY = 0.05
_HOMICIDES = OUTCOMES.index("homicides")


@dataclass(frozen=True)
class Candidate:
    """One of the things compared.

    Attributes:
        name: "status-quo", "A" …, "70/30", "70/30 all" or "prevention-30". kind: "status-quo", "mix" or "reference".
        mix: its money. prevention: share of the planned cost, None where nothing is planned.
        spent: mean share of the budget that is spent. kept: share of worlds in which each limit holds [limit]. sound: all hold often enough.
        beaten_by: name of what dominates it, "" where nothing does. rank: by the median of homicides among all compared, 1 the lowest.
        grade_d: share of the difference in homicides resting on grade D, None where there is none to share.
        verdict: on homicides, as of `careo.compare`. reason: of "inconclusive": "interval", "grade_d", "members" or "".
        failing: share of worlds in which it fails. box: where; None where no part of the worlds stands out.
        depends: what its result depends on; None for what was not looked at.
    """

    name: str
    kind: str
    mix: Mix
    prevention: float | None
    spent: float
    kept: tuple[float, ...]
    sound: bool
    beaten_by: str
    rank: int
    grade_d: float | None
    verdict: str
    reason: str
    failing: float
    box: Box | None
    depends: Sensitivity | None


@dataclass(frozen=True, eq=False)
class Search:
    """What a search found.

    Attributes:
        question, limits: what was asked. candidates: the status quo, then the mixes that nothing beats, then references.
        numbers: over mix, outcome, quantile, lever and limit: `difference` [events over the horizon], `percent`, `fewer` (probability, ties
            by half), `regret_most` and `regret_90` [events] in worlds, `share` of the budget, `kept`; NaN: not known.
        flips: where the order turns; looked_at: how many things were tried for it.
        breaking: levers that by themselves do not keep the limits, and the share of worlds in which they do.
        dropped: mixes found that did not hold in new worlds. tried: mixes tried. draws: worlds of the search. worlds: of the judgement;
            failures: those that broke down. seed: of both. country: whose.
        findings: of the mixes and 70/30. summary, question_words, promise, turns, rests: the rest in sentences.
    """

    question: MixQuestion
    limits: tuple[Limit, ...]
    candidates: tuple[Candidate, ...]
    numbers: xr.Dataset
    flips: tuple[Flip, ...]
    looked_at: int
    breaking: Mapping[str, float]
    dropped: int
    tried: int
    draws: int
    worlds: int
    failures: int
    seed: int
    country: Country
    findings: tuple[Finding, ...] = ()
    summary: str = ""
    question_words: str = ""
    promise: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()
    rests: tuple[str, ...] = ()

    @property
    def mixes(self) -> tuple[Candidate, ...]:
        """Those that keep the limits and that nothing beats."""
        return tuple(each for each in self.candidates if each.kind == "mix")

    def candidate(self, name: str) -> Candidate:
        """By name."""
        return next(each for each in self.candidates if each.name == name)


def search(
    country: Country | None = None,
    *,
    budget: float,
    currency: str = "",
    per: str = "year",
    levers: Sequence[str] = (),
    prevention: str = "0..1",
    keep: Sequence[str] = (),
    months: int = 72,
    draws: int = 100,
    worlds: int = 300,
    seed: int = 7,
    language: str = "en",
    threads: int | None = None,
    estimated: Callable[[float], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Search:
    """Searches mixes of measures that one budget pays for.

    Args:
        country: Mexico by default. budget, currency, per, levers, prevention, months: as of `careo.run.mixes.mix_question`.
        keep: limits, as of `careo.run.mix_search.read_limits`; complaints of rights violations are always limited.
        draws: worlds of the search. worlds: further ones of the judgement. seed: of all luck. language: of the sentences.
        estimated: told how long it will take [seconds], before it begins. progress: the share done so far.

    Raises:
        CareoError: money, a lever, a share or a limit that cannot be searched with, or an extra package that is missing; or every
            world broke down.
    """
    from careo.results.search_words import with_words

    home = country_of(country)
    limits = read_limits(keep)
    question = mix_question(
        home, budget=budget, currency=currency, per=per, levers=levers, prevention=prevention, months=months
    )
    need_extra()
    done = [0.0]
    size = _size(question, draws, worlds)

    def told(ran: int) -> None:
        done[0] += ran
        if progress:
            progress(min(done[0] / size, 0.99))

    trying = mix_worlds(question, home, draws=draws, seed=seed, threads=threads, progress=told)
    judging = other_worlds(trying, first_draw=draws, draws=worlds)
    if estimated:
        estimated(trying.trial(size))
    alone = singles(question)
    breaking = _breaking(trying, limits, alone)
    references = _references(question, breaking)
    found, tried = search_mixes(trying, limits, first=[*alone, *references])
    promised, more = _promised(trying, limits, references)
    references, tried = (*references, *promised), tried + more
    result = _judged(judging, limits, found, references)
    result = replace(result, breaking=breaking, tried=tried, draws=draws)
    turning = other_worlds(judging, first_draw=draws, draws=min(draws, worlds))
    flips, looked_at = find_flips(turning, {each.name: each.mix for each in result.mixes[:SHOWN]})
    result = _sized(replace(result, flips=flips, looked_at=looked_at))
    return with_words(result, language)


def _size(question: MixQuestion, draws: int, worlds: int) -> int:
    """About how many mixes × worlds a search will run."""
    levers = len(question.prices)
    searched = (24 * 8 + 12 * 5 if levers > 1 else 0) + levers + 13
    turned = SHOWN * (4 + 2 * min(levers, 8)) + 4 * 5 * SHOWN // 2
    return draws * (searched + turned) + worlds * (26 + SHOWN)


def _breaking(worlds: MixWorlds, limits: Sequence[Limit], alone: Sequence[Mix]) -> dict[str, float]:
    """Levers that by themselves do not keep a limit: the smallest share of worlds in which they keep one."""
    base = worlds.totals([no_money(worlds.question)])[0]
    _refuse_broken(base)
    shares = shares_kept(limits, worlds.totals(alone), base)
    fine = keeps_all(limits, shares)
    names = worlds.question.levers
    return {name: float(shares[row].min()) for row, name in enumerate(names) if not fine[row]}


def _refuse_broken(base: np.ndarray) -> None:
    """Where no world is left, nothing can be told, and a table of no numbers would not say why.

    Args:
        base: counts under the status quo [events; outcome draw]; negative where the world broke down.
    """
    if (base[_HOMICIDES] < 0).all():
        raise CareoError("search_broken", found=str(base.shape[-1]), fix="search_broken")


def _references(question: MixQuestion, breaking: Mapping[str, float]) -> tuple[Mix, ...]:
    """The 70/30 question: prevention shares in steps of ten, money even on either side, without levers that alone break a limit."""
    preventive = np.array([price.preventive for price in question.prices])
    keeping = np.array([name not in breaking for name in question.levers])
    found: dict[tuple[int, ...], Mix] = {}
    for tenth in range(11):
        share = tenth / 10
        if not question.least <= share <= question.most:
            continue
        if (share > 0 and not (keeping & preventive).any()) or (
            share < 1 and not (keeping & ~preventive).any()
        ):
            continue
        name = "70/30" if share == PROMISED else f"prevention-{10 * tenth}"
        mix = fill(question, keeping.astype(np.float64), share, name)
        if any(mix.parts):
            found.setdefault(mix.parts, mix)
    inside = question.least <= PROMISED <= question.most
    if inside and preventive.any() and not preventive.all():
        everything = even_mix(question, PROMISED, "70/30 all")
        if "70/30" not in [mix.name for mix in found.values()] and not breaking:
            everything = replace(everything, name="70/30")
        found.setdefault(everything.parts, everything)
    return tuple(found.values())


def _promised(
    worlds: MixWorlds, limits: Sequence[Limit], references: Sequence[Mix]
) -> tuple[tuple[Mix, ...], int]:
    """70/30 at its best: of the mixes of that share that a search of its own finds, the one with the lowest median of homicides."""
    question = worlds.question
    preventive = [price.preventive for price in question.prices]
    if not any(preventive) or all(preventive) or not question.least <= PROMISED <= question.most:
        return (), 0
    only = replace(worlds, question=replace(question, least=PROMISED, most=PROMISED))
    found, tried = search_mixes(only, limits, population=12, generations=5)
    known = {mix.parts for mix in references}
    base = worlds.totals([no_money(question)])[0]
    best = min(found, key=lambda mix: float(aims(worlds, worlds.totals([mix]), base)[0, 0]), default=None)
    return ((replace(best, name="70/30 best"),) if best and best.parts not in known else ()), tried


# ── judging ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _judged(
    worlds: MixWorlds, limits: tuple[Limit, ...], found: Sequence[Mix], references: Sequence[Mix]
) -> Search:
    """What was found, in worlds that the search did not see."""
    question = worlds.question
    nothing = no_money(question)
    named = {mix.parts: mix for mix in references}
    everything = [nothing, *(named.get(mix.parts, mix) for mix in found)]
    everything += [mix for mix in references if mix.parts not in {one.parts for one in everything}]
    totals = worlds.totals(everything)
    _refuse_broken(totals[0])
    base, values = totals[0], aims(worlds, totals, totals[0])
    shares = shares_kept(limits, totals, base)
    sound = keeps_all(limits, shares)
    rows = np.flatnonzero(sound)
    idle = (values == 0).all(axis=1) & (np.arange(len(everything)) > 0)
    rows = rows[~idle[rows]]
    free = set(rows[undominated(values[rows])].tolist())
    beaten = [0 if idle[row] else _beaten(values, rows, row) for row in range(len(everything))]
    searched = {mix.parts for mix in found}
    dropped = sum(not fine for mix, fine in zip(everything, sound, strict=True) if mix.parts in searched)
    best = [row for row in sorted(free) if row]
    shown = [best[k] for k in spread_out(values[best], SHOWN)] if best else []
    medians = values[:, 0]
    order = [
        *sorted(shown, key=lambda row: medians[row]),
        *sorted(set(best) - set(shown), key=lambda row: medians[row]),
    ]
    labels = {0: STATUS_QUO}
    letters = iter("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    labels |= {row: everything[row].name or next(letters) for row in order}
    labels |= {row: mix.name for row, mix in enumerate(everything) if mix.name and row not in labels}
    kept_rows = [
        0,
        *order,
        *(row for row, mix in enumerate(everything) if row and row not in order and mix.name),
    ]
    regret = _regrets(totals, [0, *best])
    rank = {row: k for k, row in enumerate(sorted(kept_rows, key=lambda row: (medians[row], row)), 1)}
    less = worlds.totals([everything[row] for row in kept_rows], Held(without=frozenset("D")))
    without_d = dict(zip(kept_rows, less, strict=True))
    inputs = worlds.coordinates()
    candidates: list[Candidate] = []
    for row in kept_rows:
        mix = everything[row]
        kind = "status-quo" if row == 0 else "mix" if row in order else "reference"
        fails = _failing(limits, totals[row], base)
        whole = (base[_HOMICIDES] >= 0) & (totals[row][_HOMICIDES] >= 0)
        mine = {name: each[whole] for name, each in _felt(inputs, question, mix).items()}
        looked = kind == "mix" or mix.name.startswith("70/30")
        difference = (totals[row] - base)[_HOMICIDES]
        weak = grade_d_share(
            float(np.median(difference[whole])),
            float(np.median((without_d[row] - without_d[kept_rows[0]])[_HOMICIDES][whole])),
        )
        verdict, reason = _verdict(difference[whole], base[_HOMICIDES][whole], weak)
        candidates.append(
            Candidate(
                name=labels[row], kind=kind, mix=mix, prevention=prevention_share(question, mix),
                spent=float(worlds.spent(mix).mean()), kept=tuple(shares[row].tolist()), sound=bool(sound[row]),
                beaten_by=labels.get(beaten[row], ""), rank=rank[row], grade_d=weak, verdict=verdict, reason=reason,
                failing=float(fails[whole].mean()) if row else 0.0,
                box=find_box(mine, fails[whole]) if looked and fails[whole].mean() >= _RARELY else None,
                depends=sensitivity(mine, difference[whole].astype(np.float64), _dummies(worlds)[:, whole]) if looked else None,
            )
        )  # fmt: skip
    names = [candidate.name for candidate in candidates]
    numbers = _numbers(worlds, limits, names, totals[kept_rows], regret[kept_rows], candidates)
    broken = int((base[_HOMICIDES] < 0).sum())
    return Search(
        question, limits, tuple(candidates), numbers, (), 0, {}, dropped, 0, 0, worlds.draws, broken, worlds.seed, worlds.job.country
    )  # fmt: skip


def _beaten(values: np.ndarray, rows: np.ndarray, row: int) -> int:
    """The row that dominates this one by most in its median of homicides; −1 where none does."""
    better = [
        other
        for other in rows.tolist()
        if (values[other] <= values[row]).all() and (values[other] < values[row]).any()
    ]
    better = [other for other in better if not any(_beats(values, third, other) for third in better)]
    return min(better, key=lambda other: values[other, 0], default=-1)


def _beats(values: np.ndarray, one: int, other: int) -> bool:
    return bool((values[one] <= values[other]).all() and (values[one] < values[other]).any())


def _regrets(totals: np.ndarray, compared: Sequence[int]) -> np.ndarray:
    """Events beyond those of the best of what is compared, by world [events; mix outcome draw]; NaN where a draw broke down."""
    counts = np.where(totals >= 0, totals, np.nan)
    return counts - counts[list(compared)].min(axis=0)


def _failing(limits: Sequence[Limit], totals: np.ndarray, base: np.ndarray) -> np.ndarray:
    fails = totals[_HOMICIDES] >= base[_HOMICIDES]
    for limit in limits:
        fails = fails | ~limit.kept(totals, base)
    return fails


def _felt(inputs: Mapping[str, np.ndarray], question: MixQuestion, mix: Mix) -> dict[str, np.ndarray]:
    """The inputs that a mix can feel: costs and effects of the levers it pays for, and everything else."""
    paid = {lever for lever, part in zip(question.levers, mix.parts, strict=True) if part}
    return {
        name: values
        for name, values in inputs.items()
        if not name.startswith(("cost:", "effect:")) or name.split(":")[1] in paid
    }


def _dummies(worlds: MixWorlds) -> np.ndarray:
    draws = np.arange(worlds.first_draw, worlds.first_draw + worlds.draws)
    return Luck(worlds.seed).uniform(_DUMMY_PROCESS, 0, range(DUMMIES), draws)


def _verdict(difference: np.ndarray, base: np.ndarray, weak: float | None) -> tuple[str, str]:
    """As of `careo.compare`: what rests on grade D for more than half decides nothing."""
    shares = 100.0 * difference / base if (base > 0).all() else np.full(len(base), np.nan)
    verdict = verdict_of(
        np.quantile(difference, QUANTILES), np.quantile(shares, QUANTILES), float(np.median(base))
    )
    if weak is not None and weak > WEAK_SHARE:
        return "inconclusive", "grade_d"
    return verdict, "interval" if verdict == "inconclusive" else ""


def _sized(result: Search) -> Search:
    """A verdict that turns with the number of members, which no count tells, is none."""
    turning = {flip.about for flip in result.flips if flip.kind == "members"}
    candidates = tuple(
        replace(each, verdict="inconclusive", reason="members")
        if each.name in turning and not each.reason
        else each
        for each in result.candidates
    )
    return replace(result, candidates=candidates)


def _numbers(
    worlds: MixWorlds,
    limits: Sequence[Limit],
    names: Sequence[str],
    totals: np.ndarray,
    regret: np.ndarray,
    candidates: Sequence[Candidate],
) -> xr.Dataset:
    import xarray as xr

    known = worlds.known
    shape = (len(names), len(OUTCOMES))
    difference, percent = np.full((*shape, len(QUANTILES)), np.nan), np.full((*shape, len(QUANTILES)), np.nan)
    fewer, most, ninety = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    for o in np.flatnonzero(known):
        whole = (totals[:, o] >= 0).all(axis=0)
        change = (totals[:, o] - totals[0, o])[:, whole]
        base = totals[0, o, whole]
        difference[:, o] = np.quantile(change, QUANTILES, axis=1).T
        if (base > 0).all():
            percent[:, o] = np.quantile(100.0 * change / base, QUANTILES, axis=1).T
        fewer[:, o] = (change < 0).mean(axis=1) + 0.5 * (change == 0).mean(axis=1)
        most[:, o] = regret[:, o][:, whole].max(axis=1)
        ninety[:, o] = np.quantile(regret[:, o][:, whole], 0.9, axis=1)
    axes = ("mix", "outcome")
    return xr.Dataset(
        {
            "difference": ((*axes, "quantile"), difference),
            "percent": ((*axes, "quantile"), percent),
            "fewer": (axes, fewer),
            "regret_most": (axes, most),
            "regret_90": (axes, ninety),
            "share": (("mix", "lever"), np.array([each.mix.shares for each in candidates])),
            "kept": (("mix", "limit"), np.array([each.kept for each in candidates])),
        },
        coords={
            "mix": list(names), "outcome": list(OUTCOMES), "quantile": list(QUANTILES),
            "lever": list(worlds.question.levers), "limit": [limit.written for limit in limits],
        },
    )  # fmt: skip


def graded(result: Search) -> dict[str, list[str]]:
    """The levers of the mixes by the grade of their evidence."""
    levers = load_levers(result.country.key)
    used = {
        lever
        for each in result.candidates
        for lever, part in zip(result.question.levers, each.mix.parts, strict=True)
        if part
    }
    found: dict[str, list[str]] = {}
    for name in result.question.levers:
        if name in used:
            found.setdefault(levers[name].grade, []).append(name)
    return dict(sorted(found.items()))
