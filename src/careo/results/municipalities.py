"""Runs by municipality compared: the places where a strategy does more against the rest, and the largest differences.

The numbers are paired differences by draw, as in `careo.results.compare`, summed over the horizon. A verdict about places is never
surer than that about homicides as a whole: where that cannot be told for what it rests on, neither can this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import CareoError
from careo.base.fields import worded
from careo.base.texts import say
from careo.evidence.levers import load_levers
from careo.panel import Country, country_of
from careo.results.caveats import Caveat
from careo.results.compare_words import versus
from careo.results.differences import QUANTILES, verdict_of
from careo.results.finding import Finding
from careo.results.wording import chance_words, number, period_words, signed
from careo.run.ensemble import STATUS_QUO, Ensemble

if TYPE_CHECKING:
    import xarray as xr

    from careo.run.municipal_record import MunicipalRecord

REACHED, OTHERS = "reached", "others"
LARGEST = 10
"""Municipalities shown of those with the largest differences."""
AGED_YEARS = 2.0
"""A record that ends so long before the run is old, and the first sentence says so."""
_CAPS = ("grade_d", "grade_d_unknown", "members", "draws", "not_simulated")


def paired_municipalities(ensemble: Ensemble, strategy: str, against: str = STATUS_QUO) -> xr.Dataset:
    """Differences by draw in homicides over the horizon, in numbers.

    Returns:
        Over place ("reached": the municipalities where the strategies do not the same as everywhere, together; "others": the rest;
        then those that a single lever reaches, by its id; then codes) and quantile (5, 25, 50, 75, 95%): `expected`, the median under `against`, and `difference` [events over the
        horizon]; `percent`, of what the same draw has under `against`, NaN where that is 0 in some draw; `fewer`, the probability of
        fewer events, ties by half; `municipalities`: how many.

    Raises:
        CareoError: the run is by state.
    """
    import xarray as xr

    counts = ensemble.by_municipality
    if counts is None or ensemble.part is None:
        raise CareoError("run_places", fix="run_places")
    ours, theirs = (counts[ensemble.strategies.index(name)] for name in (strategy, against))
    whole = np.all(ours >= 0, axis=(0, 1)) & np.all(theirs >= 0, axis=(0, 1))
    ours, theirs = (side.sum(axis=1, dtype=np.int64)[:, whole] for side in (ours, theirs))
    by_lever = _apart(ensemble, strategy, against)
    apart = np.any([np.zeros(len(ours), dtype=bool), *by_lever.values()], axis=0)
    groups = {REACHED: apart, OTHERS: ~apart, **by_lever}
    ours, theirs = (
        np.concatenate([np.stack([side[mask].sum(axis=0) for mask in groups.values()]), side])
        for side in (ours, theirs)
    )
    difference = ours - theirs
    sound = (theirs > 0).all(axis=1)
    percent = np.full((len(ours), len(QUANTILES)), np.nan)
    if sound.any() and whole.any():
        share = 100.0 * difference[sound] / theirs[sound]
        percent[sound] = np.quantile(share, QUANTILES, axis=1).T
    nothing = np.full((len(ours), len(QUANTILES)), np.nan)
    return xr.Dataset(
        {
            "expected": ("place", np.median(theirs, axis=1) if whole.any() else nothing[:, 0]),
            "difference": (
                ("place", "quantile"), np.quantile(difference, QUANTILES, axis=1).T if whole.any() else nothing
            ),
            "percent": (("place", "quantile"), percent),
            "fewer": ("place", (difference < 0).mean(axis=1) + 0.5 * (difference == 0).mean(axis=1)),
            "municipalities": (
                "place", np.concatenate([[mask.sum() for mask in groups.values()], np.ones(len(apart), dtype=np.int64)])
            ),
        },
        coords={"place": [*groups, *ensemble.part.record.codes], "quantile": list(QUANTILES)},
        attrs={"strategy": strategy, "against": against, "draws": int(whole.sum())},
    )  # fmt: skip


def compare_municipalities(
    ensemble: Ensemble,
    homicides: Sequence[Finding],
    *,
    language: str = "en",
    country: Country | None = None,
    largest: int = LARGEST,
) -> tuple[Finding, ...]:
    """What strategies change where, one finding for each.

    Args:
        ensemble: of a run by municipality. homicides: what `careo.compare` finds of them, strategy by strategy.
        largest: how many municipalities to name.

    Returns:
        Findings of kind "comparison" about the places reached; their table: the places reached together, the others together, then
        the largest differences.

    Raises:
        CareoError: the run is by state.
    """
    return tuple(_finding(ensemble, told, language, country_of(country), largest) for told in homicides)


def _apart(ensemble: Ensemble, strategy: str, against: str) -> dict[str, np.ndarray]:
    """Lever → the municipalities where it does not the same as everywhere, under one strategy or the other."""
    assert ensemble.part is not None  # noqa: S101 - of a run by municipality
    found: dict[str, np.ndarray] = {}
    for name in (strategy, against):
        for lever, mask in ensemble.part.apart(name).items():
            found[lever] = found.get(lever, False) | mask
    return found


def _finding(ensemble: Ensemble, told: Finding, language: str, country: Country, largest: int) -> Finding:
    strategy, against, reason = (told.extra[key] for key in ("strategy", "against", "reason"))
    numbers = paired_municipalities(ensemble, strategy, against)
    difference, percent = numbers["difference"].to_numpy(), numbers["percent"].to_numpy()
    expected, fewer = numbers["expected"].to_numpy(), numbers["fewer"].to_numpy()
    sizes = numbers["municipalities"].to_numpy()
    levers = list(_apart(ensemble, strategy, against))
    first, reached = 2 + len(levers), int(sizes[0])
    capped = reason in _CAPS
    verdict = "inconclusive"
    if reached and not capped and numbers.attrs["draws"]:
        verdict = verdict_of(difference[0], percent[0], float(expected[0]))

    def said(key: str, **words: object) -> str:
        return say(language, f"simulate.municipal.{key}", **words)

    def interval(p: int) -> str:
        size, unit, decimals = (
            (percent[p], "%", 1) if not np.isnan(percent[p]).any() else (difference[p], "", 0)
        )
        low, high = (signed(size[q], decimals) + unit for q in (0, -1))
        around = say(language, "simulate.range", low=low, high=high)
        return say(language, "simulate.interval", median=signed(size[2], decimals) + unit, range=around)

    def row(p: int, name: str) -> Mapping[str, str]:
        d, share = difference[p], percent[p]
        mine = verdict_of(d, share, float(expected[p]))
        if not d.any() and fewer[p] == 0.5:
            mine = "same"
        elif capped:
            mine = "inconclusive"
        return {
            "place": name,
            "expected": number(round(float(expected[p]))),
            "difference": signed(d[2], 0),
            "most": say(language, "simulate.range", low=signed(d[0], 0), high=signed(d[-1], 0)),
            "change": f"{signed(share[2], 1)}%" if not np.isnan(share).any() else "–",
            "fewer": f"{100 * fewer[p]:.0f}%",
            "verdict": say(language, f"simulate.verdict.{mine.replace(' ', '_')}"),
        }

    codes = [str(code) for code in numbers["place"].to_numpy()]
    single = difference[first:]
    order = np.lexsort((-np.abs(single).max(axis=1), -np.abs(single[:, 2]))) + first
    moved = [int(p) for p in order[:largest] if difference[p].any()]
    groups = [(0, said("reached", count=number(reached))), (1, said("others", count=number(int(sizes[1]))))]
    registry = load_levers(country.key)
    for p in range(2, first) if len(levers) > 1 else ():
        name = worded(registry[codes[p]].name, language)
        groups.append((p, said("by_lever", lever=name, count=number(int(sizes[p])))))
    rows = [row(p, name) for p, name in groups if reached] + [row(p, _name(country, codes[p])) for p in moved]
    words = {"strategy": strategy, "against": _other(against, language), "count": number(reached)}
    if not numbers.attrs["draws"]:
        because, rows = told.because, []
    elif not reached:
        because = said("alike", **words)
    else:
        chance = chance_words(float(fewer[0]), language)
        end = said("end.capped") if capped else said(f"end.{verdict.replace(' ', '_')}")
        because = said("because", change=interval(0), other=interval(1), fewer=chance, end=end, **words)
        if aged := record_age(ensemble.part.record, language) if ensemble.part else "":
            because = f"{aged[:1].upper()}{aged[1:]}: {because[:1].lower()}{because[1:]}"
    return Finding(
        id=hashlib.sha256(f"{told.id}|municipality".encode()).hexdigest()[:16],
        kind="comparison",
        claim=said("claim", strategy=strategy, versus=versus(against, language)),
        verdict=verdict,
        because=because,
        statement=None,
        table=tuple(rows),
        grade=told.grade,
        caveats=(*_caveats(ensemble, country, language, bool(moved)), *told.caveats),
        sources=told.sources,
        language=language,
        extra={
            "strategy": strategy, "against": against, "outcome": "homicides", "level": "municipality", "reason": reason,
            "reached": str(reached),
        },
    )  # fmt: skip


def record_age(record: MunicipalRecord, language: str) -> str:
    """When the record ends that shares begin with, and how long before the run; "" where that is not long ago."""
    years = float(record.years_before.max())
    known = sorted(month for month in record.last if month)
    if years < AGED_YEARS or not known:
        return ""
    first, last = (period_words(known[place], language) for place in (0, -1))
    key = "aged" if known[0] == known[-1] else "aged_between"
    return say(language, f"simulate.municipal.{key}", first=first, last=last, years=number(round(years)))


def _caveats(ensemble: Ensemble, country: Country, language: str, moved: bool) -> list[Caveat]:
    assert ensemble.part is not None  # noqa: S101 - of a run by municipality
    record = ensemble.part.record

    def said(key: str, **words: object) -> Caveat:
        return Caveat(say(language, f"simulate.municipal.{key}", **words), "municipal")

    known = sorted(month for month in record.last if month)
    series = ", ".join(country.indicators[name].name.get(language, name) for name in record.series)
    spans = {"first": period_words(known[0], language), "last": period_words(known[-1], language)}
    found = [said("record" if known[0] == known[-1] else "records", series=series, **spans)]
    found.append(said("drift", drift=f"{100 * record.drift:.0f}", years=f"{record.years_before.max():.0f}"))
    lacking = [i for i, month in enumerate(record.last) if not month]
    if lacking:
        states = list(ensemble.places)
        found.append(said("people", places=", ".join(_name(country, states[i]) for i in lacking)))
    if moved:
        found.append(said("largest", count=number(len(record.codes))))
    return [*found, said("split"), said("homicides_only")]


def _name(country: Country, code: str) -> str:
    place = country.places.by_code.get(code)
    if place is None:
        return code
    above = country.places.by_code.get(place.parent)
    return f"{place.name}, {above.name}" if place.kind == "municipality" and above else place.name


def _other(against: str, language: str) -> str:
    return say(language, "simulate.status_quo") if against == STATUS_QUO else against
