"""How well forecasts by municipality did before, on the municipal record that a person has imported.

Scores, tables and differences are those of `results/validate.py`; places are forecast and scored a block at a time, so that no more than a
few million samples are ever held. In the bootstrap municipalities stand together by state, for neighbours share their upheavals; where the
record has one state, each municipality stands by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import CareoError, DataError
from careo.panel.country import Country, country_of
from careo.results.municipal_words import with_municipal_words
from careo.results.scores import PIT_BINS, SCORES, interval, pit_histogram, score
from careo.results.skill import LOW_COVERAGE, Difference, LowCoverage, difference
from careo.results.validate import MOST_DRAWS, Validation

if TYPE_CHECKING:
    import xarray as xr

    from careo.run.municipal_hindcast import MunicipalHindcast, Prepared
    from careo.run.municipal_record import MunicipalTable

BLOCK = 48
"""Municipalities forecast and scored at a time: with 1,000 samples some 40 MB."""
_WINDOWS = ("tuning", "test")


def validate_municipalities(
    panel: Country | xr.Dataset | None = None,
    *,
    origins: str = "",
    models: Sequence[str] | None = None,
    against: str = "",
    draws: int = 1000,
    seed: int = 7,
    language: str = "en",
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Validation:
    """Forecasts the past of municipalities again and scores it; arguments as of `validate`.

    Of several imported records the one that serves all origins asked for, the preferred first; without origins the one of most
    municipalities, at all the origins it serves.

    Raises:
        CareoError: no monthly municipal record has been imported, origins or a model that there is none of.
        DataError: no record serves the origins.
    """
    from careo.run import municipal_hindcast as past
    from careo.run.history import known_on

    country = country_of(panel)
    if not 20 <= draws <= MOST_DRAWS:
        raise CareoError("usage_value", expected=f"20 … {MOST_DRAWS}", found=repr(draws), option="--draws")
    base = _named(against) if against else past.MUNICIPAL_AGAINST
    wanted = {*(map(_named, models) if models else past.MUNICIPAL_RIVALS), base}
    chosen = tuple(name for name in past.MUNICIPAL_RIVALS if name in wanted)
    table, days = _record(country, past.municipal_records(country, known_on(panel)), origins)
    casts = [past.municipal_hindcast(country, table, day, draws=draws, seed=seed) for day in days]
    cells = _run(casts, chosen, threads=threads, progress=progress)
    found = _gathered(country, table, casts, chosen, cells)
    found = replace(found, against=base, draws=draws, seed=seed)
    found = replace(found, differences=tuple(_differences(found, casts)))
    left_out = max(cast.places.left_out for cast in casts)
    return with_municipal_words(found, table, len(casts[-1].places.codes), left_out, language)


def _named(name: str) -> str:
    from careo.run.municipal_hindcast import MUNICIPAL_RIVALS

    def plain(text: str) -> str:
        return "".join(letter for letter in text.casefold() if letter.isalnum())

    known = {plain(each): each for each in MUNICIPAL_RIVALS}
    if plain(name) not in known:
        raise CareoError("municipal_model", expected=" | ".join(MUNICIPAL_RIVALS), found=repr(name[:40]))
    return known[plain(name)]


def _record(
    country: Country, tables: Sequence[MunicipalTable], asked: str
) -> tuple[MunicipalTable, tuple[date, ...]]:
    """The record to judge on and its origins."""
    from careo.run.municipal_hindcast import municipal_origins, servable_origins

    if not asked:
        table = max(tables, key=lambda one: int((~np.isnan(one.counts)).any(axis=1).sum()))
        days = municipal_origins(country, table)
        if not days:
            raise DataError("municipal_no_origin", where=table.name, found=_span(table))
        return table, days
    wanted = _octobers(asked)
    for table in tables:
        if set(wanted) <= set(servable_origins(table)):
            return table, wanted
    known = "; ".join(f"{one.name} {_servable(servable_origins(one))}" for one in tables)
    raise DataError("municipal_origins", found=asked[:40], expected=known)


def _span(table: MunicipalTable) -> str:
    return f"{table.months[0]} … {table.months[-1]}"


def _servable(days: Sequence[date]) -> str:
    return f"{days[0]:%Y-%m} … {days[-1]:%Y-%m}" if days else "–"


def _octobers(text: str) -> tuple[date, ...]:
    from careo.run.hindcast import FIRST_LEAD, ORIGIN_MONTH

    first, _, last = text.partition("/")
    try:
        days = [date.fromisoformat(f"{part}-01") for part in (first, last or first)]
    except ValueError:
        days = []
    sound = len(days) == 2 and days[0] <= days[1] and all(day.month == ORIGIN_MONTH for day in days)
    if not sound:
        raise CareoError(
            "municipal_octobers", found=repr(text[:40]), lead=FIRST_LEAD, fix="municipal_octobers"
        )
    return tuple(date(year, ORIGIN_MONTH, 1) for year in range(days[0].year, days[1].year + 1))


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Cell:
    """One model at one origin.

    Attributes:
        scores: by name [place, month]. nation: of the sum over places [month]. pit, of all places together [bin].
        drawn_inside: months in which each draw lies inside the 90% interval, were it what happened [months; place, draw].
    """

    scores: dict[str, np.ndarray]
    nation: dict[str, np.ndarray]
    pit: np.ndarray
    drawn_inside: np.ndarray


def _run(
    casts: Sequence[MunicipalHindcast],
    models: Sequence[str],
    *,
    threads: int | None,
    progress: Callable[[float], None] | None,
) -> dict[tuple[str, int], _Cell]:
    from careo.run.municipal_hindcast import MUNICIPAL_RIVALS

    pairs = [(model, at) for at in range(len(casts)) for model in models]
    found: dict[tuple[str, int], _Cell] = {}
    with ThreadPoolExecutor(threads or min(os.cpu_count() or 1, 8)) as pool:
        for done, (model, at) in enumerate(pairs):
            prepared = MUNICIPAL_RIVALS[model](casts[at].places.given)
            found[model, at] = _cell(casts[at], prepared, pool)
            if progress:
                progress((done + 1) / len(pairs))
    return found


def _cell(cast: MunicipalHindcast, prepared: Prepared, pool: ThreadPoolExecutor) -> _Cell:
    from careo.run.municipal_hindcast import blocks

    seen = ~np.isnan(cast.observed)

    def block(rows: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, np.ndarray]:
        samples = prepared(rows)[:, cast.leads - 1]
        total = (samples * seen[rows][..., None]).sum(axis=0, dtype=np.int64)
        observed = cast.observed[rows]
        low, high = (ends[..., None] for ends in interval(samples.astype(np.float64), 0.9))
        inside = ((low <= samples) & (samples <= high)).sum(axis=1).astype(np.int8)
        return score(samples, observed), total, pit_histogram(samples, observed), inside

    done = list(pool.map(block, blocks(len(cast.observed), BLOCK)))
    total = np.sum([each[1] for each in done], axis=0)
    happened = np.where(seen.any(axis=0), np.nansum(cast.observed, axis=0), np.nan)
    return _Cell(
        {name: np.concatenate([each[0][name] for each in done]) for name in SCORES},
        score(total, happened),
        np.sum([each[2] for each in done], axis=0),
        np.concatenate([each[3] for each in done]),
    )


# ── gathering ────────────────────────────────────────────────────────────────────────────────────────────────────


def _gathered(
    country: Country,
    table: MunicipalTable,
    casts: Sequence[MunicipalHindcast],
    models: Sequence[str],
    cells: dict[tuple[str, int], _Cell],
) -> Validation:
    import xarray as xr

    from careo.run.municipal_hindcast import municipal_window

    codes = tuple(sorted({code for cast in casts for code in cast.places.codes}))
    row_of = {code: row for row, code in enumerate(codes)}
    rows = [np.array([row_of[code] for code in cast.places.codes]) for cast in casts]
    years = [cast.year for cast in casts]

    def stacked(name: str) -> np.ndarray:
        out = np.full((len(models), len(casts), len(codes), 12), np.nan)
        for m, model in enumerate(models):
            for at, cast in enumerate(casts):
                out[m, at, rows[at], : len(cast.leads)] = cells[model, at].scores[name]
        return out

    def national(name: str) -> np.ndarray:
        out = np.full((len(models), len(casts), 12), np.nan)
        for m, model in enumerate(models):
            for at, cast in enumerate(casts):
                out[m, at, : len(cast.leads)] = cells[model, at].nation[name]
        return out

    by = {"model": list(models), "year": years}
    scores = xr.Dataset(
        {name: (("model", "year", "place", "month"), stacked(name)) for name in SCORES},
        coords={**by, "place": list(codes), "month": np.arange(1, 13)},
    )
    nation = xr.Dataset(
        {name: (("model", "year", "month"), national(name)) for name in SCORES},
        coords={**by, "month": np.arange(1, 13)},
    )
    window_by_year = {year: municipal_window(country, table.name, year) for year in years}
    windows = [window for window in _WINDOWS if window in window_by_year.values()]
    of = {
        window: [at for at, year in enumerate(years) if window_by_year[year] == window] for window in windows
    }
    pit = [[sum((cells[m, at].pit for at in of[w]), np.zeros(PIT_BINS)) for w in windows] for m in models]
    means = {
        name: (("model", "window"), [[float(values[m, of[w]].mean()) for w in windows] for m in range(len(models))])
        for name, values in ((name, np.ma.masked_invalid(scores[name].values)) for name in SCORES)
    }  # fmt: skip
    totals = np.ma.masked_invalid(nation["crps"].values)
    nation_crps = [[float(totals[m, of[w]].mean()) for w in windows] for m in range(len(models))]
    low = {
        (model, w): _low(codes, scores["inside_90"].values[m, of[w]], [(rows[at], cells[model, at], len(casts[at].leads)) for at in of[w]])
        for m, model in enumerate(models)
        for w in windows
    }  # fmt: skip
    axes = {"model": list(models), "window": windows}
    return Validation(
        country=country, level="municipality", origins=tuple(cast.origin for cast in casts), models=tuple(models),
        against="", draws=0, seed=0, scores=scores, nation=nation,
        table=xr.Dataset({**means, "nation_crps": (("model", "window"), nation_crps)}, coords=axes),
        pit=xr.DataArray(np.array(pit), dims=("model", "window", "bin"), coords=axes),
        low=low, differences=(), not_run={}, window_by_year=window_by_year,
    )  # fmt: skip


def _low(
    codes: Sequence[str], inside: np.ndarray, cells: Iterable[tuple[np.ndarray, _Cell, int]]
) -> LowCoverage:
    """Municipalities that fell outside too often, each judged by the months that it was scored in."""
    known = ~np.isnan(inside)
    months = known.sum(axis=(0, 2))
    shares = np.where(known, inside, 0.0).sum(axis=(0, 2)) / np.maximum(months, 1)
    drawn = None
    offered = np.zeros(len(codes))
    for rows, cell, length in cells:
        if drawn is None:
            drawn = np.zeros((len(codes), cell.drawn_inside.shape[1]), dtype=np.int16)
        drawn[rows] += cell.drawn_inside
        offered[rows] += length
    assert drawn is not None  # noqa: S101 - a window has at least one origin
    chance = ((drawn < LOW_COVERAGE * offered[:, None]) & (months > 0)[:, None]).sum(axis=0)
    below = sorted(
        (float(share), code)
        for share, scored, code in zip(shares, months, codes, strict=True)
        if scored and share < LOW_COVERAGE
    )
    return LowCoverage(
        tuple((code, share) for share, code in below), float(chance.mean()), float(np.quantile(chance, 0.95))
    )


def _differences(found: Validation, casts: Sequence[MunicipalHindcast]) -> Iterable[Difference]:
    crps = found.scores["crps"]
    state_of = {
        code: cast.places.states[state]
        for cast in casts
        for code, state in zip(cast.places.codes, cast.places.state, strict=True)
    }
    states = np.array([state_of[str(code)] for code in crps["place"].values])
    clusters = states if len(set(states.tolist())) > 1 else np.asarray(crps["place"].values)
    names, cluster = np.unique(clusters, return_inverse=True)
    for window in found.windows:
        mine = [at for at, year in enumerate(found.years) if found.window_by_year[year] == window]
        others = crps.sel(model=found.against).values[mine]
        for model in found.models:
            if model == found.against:
                continue
            ours = crps.sel(model=model).values[mine]
            both = ~np.isnan(ours) & ~np.isnan(others)
            sums = [_by_cluster(np.where(both, each, 0.0), cluster, len(names)) for each in (ours, others)]
            yield difference(model, found.against, window, *sums, seed=found.seed)


def _by_cluster(values: np.ndarray, cluster: np.ndarray, count: int) -> np.ndarray:
    """Sums over the places of each cluster [year, cluster, month]."""
    return np.stack([values[:, cluster == k].sum(axis=1) for k in range(count)], axis=1)
