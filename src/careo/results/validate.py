"""How well forecasts did before: rolling-origin hindcasts of every way to forecast, scored, set against one of them, and told.

Each October is an origin and the next calendar year is what is scored (`run/hindcast.py`). Years belong to windows: "tuning", on which
forecasters may be fitted; "test", on which they may not; "later", which did not exist when they were made.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import CareoError, DataError
from careo.panel.country import Country, country_of
from careo.results.finding import Finding
from careo.results.scores import PIT_BINS, SCORES, interval, pit_histogram, score
from careo.results.skill import Difference, LowCoverage, difference, low_coverage

if TYPE_CHECKING:
    import xarray as xr

    from careo.run.forecast_file import Protocol
    from careo.run.hindcast import Hindcast
    from careo.run.later_data import LaterData

WINDOWS = ("tuning", "test", "later")
LEVELS = ("state", "national", "municipality")
MOST_DRAWS = 20_000


@dataclass(frozen=True, eq=False)
class Validation:
    """Hindcasts, scored.

    Attributes:
        country: whose. level: "state" or "national": whose scores `table`, `differences` and `findings` are about.
        origins: the last month that forecasters saw, by its first day. models: in the order asked for. against: one of them.
        draws, seed: of the samples.
        scores: dims (model, year, place, month); variables are those of `careo.results.scores.SCORES`; NaN where the record ends.
        nation: the same of the sum of the states' samples, draw by draw; dims (model, year, month).
        table: means by dims (model, window), of the level asked for; besides `SCORES`, `nation_crps`.
        pit: how much of all observations fell into each stretch of probability; dims (model, window, bin).
        low: by (model, window), the states that fell outside too often.
        differences: of every model against one, by window. not_run: models and why, as keys of texts.
        sources: keys of the sources.
        gaps: months that a state did not report before the last origin, as (state, month). data: what a reader supplied.
        window_by_year: the window of each target year where the country's protocol for states does not say it (municipalities).
        summary, findings, caveats: in the language asked for.
    """

    country: Country
    level: str
    origins: tuple[date, ...]
    models: tuple[str, ...]
    against: str
    draws: int
    seed: int
    scores: xr.Dataset
    nation: xr.Dataset
    table: xr.Dataset
    pit: xr.DataArray
    low: Mapping[tuple[str, str], LowCoverage]
    differences: tuple[Difference, ...]
    not_run: Mapping[str, str]
    sources: tuple[str, ...] = ()
    gaps: tuple[tuple[str, str], ...] = ()
    data: LaterData | None = None
    window_by_year: Mapping[int, str] = field(default_factory=dict)
    summary: str = ""
    findings: tuple[Finding, ...] = ()
    caveats: tuple[str, ...] = ()

    @property
    def windows(self) -> tuple[str, ...]:
        """Windows that the target years belong to."""
        return tuple(str(window) for window in self.table["window"].values)

    @property
    def years(self) -> tuple[int, ...]:
        """Target years."""
        return tuple(int(year) for year in self.scores["year"].values)

    @property
    def level_scores(self) -> xr.Dataset:
        """Scores of the level asked for; those of the nation have one place."""
        if self.level != "national":
            return self.scores
        return self.nation.expand_dims(place=[self.country.default_place]).transpose(
            "model", "year", "place", "month"
        )


def validate(
    panel: Country | xr.Dataset | None = None,
    *,
    origins: str = "",
    places: str = "state",
    models: Sequence[str] | None = None,
    against: str = "",
    draws: int = 1000,
    seed: int = 7,
    data: Path | str | None = None,
    today: date | None = None,
    language: str = "en",
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Validation:
    """Forecasts the past again and scores it.

    Args:
        panel: A country, or a panel of it with its `as_of`; None is Mexico.
        origins: "2017-10/2022-10", every year between; or one month. Without it those of the country's protocol, and with `data`
            every origin whose target year the data reach into.
        places: "state", or "national" for the sum of the states.
        models: names as in `careo.run.hindcast.RIVALS`; None is all of them, less those whose libraries are not installed.
        against: the model that the others are set against; it is always run.
        draws: samples of each place and month. seed: of all luck.
        data: a file of later months (`careo.run.later_data`); forecasters are as released and are not fitted again.
        today: months of the file that are not over on this day are refused; None does not ask.
        language: of the sentences. threads: how many; as many as there are processors. progress: told the share done.

    Raises:
        CareoError: origins, places or a model that there is none of, an extra package that is missing.
        DataError: a history too short, without an event or with a gap where it is scored; a file that cannot be scored on.
    """
    from careo.results.validate_words import with_words
    from careo.run import hindcast as past
    from careo.run.history import hindcast_protocol
    from careo.run.later_data import read_later

    country = country_of(panel)
    if places == "municipality":
        from careo.results.municipal_validation import validate_municipalities

        if data:
            raise CareoError("municipal_later_data", fix="municipal_data")
        return validate_municipalities(
            panel, origins=origins, models=models, against=against, draws=draws, seed=seed, language=language,
            threads=threads, progress=progress,
        )  # fmt: skip
    if places not in LEVELS:
        raise CareoError(
            "usage_value", expected=" | ".join(LEVELS[:2]), found=repr(places), option="--places"
        )
    if not 20 <= draws <= MOST_DRAWS:
        raise CareoError("usage_value", expected=f"20 … {MOST_DRAWS}", found=repr(draws), option="--draws")
    base = model_named(against) if against else past.AGAINST
    chosen, not_run = _models(models, base)
    protocol = hindcast_protocol(country)
    later = read_later(Path(data), panel, today=today) if data else None
    days = _origins(origins, protocol, later)
    casts = [past.hindcast(panel, day, draws=draws, seed=seed, later=later) for day in days]
    cells = _run(casts, chosen, threads=threads, progress=progress)
    holes = past.gaps(panel, min(days[-1], later.record_end) if later else days[-1])
    found = _gathered(country, places, casts, chosen, cells, protocol)
    sources = past.origin_sources(panel, days[0])
    found = replace(
        found, sources=sources, against=base, draws=draws, seed=seed, not_run=not_run, gaps=holes, data=later
    )
    return with_words(replace(found, differences=tuple(_differences(found))), language)


def model_named(name: str) -> str:
    """The model of this name, however it is capitalised and joined ("log-random-walk").

    Raises:
        CareoError: there is none.
    """
    from careo.run.hindcast import RIVALS

    known = {_plain(each): each for each in RIVALS}
    if _plain(name) not in known:
        raise CareoError("validate_model", expected=" | ".join(RIVALS), found=repr(name[:40]))
    return known[_plain(name)]


def window_of(year: int, protocol: Protocol) -> str:
    """The window that a target year belongs to."""
    return "tuning" if year <= protocol.tuned_until else "test" if year <= protocol.tested_until else "later"


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _models(asked: Sequence[str] | None, against: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """The models to run, in the order of the table, and those that cannot be."""
    from careo.run import classics
    from careo.run.hindcast import RIVALS

    wanted = {model_named(name) for name in asked} if asked else set(RIVALS)
    absent = () if classics.installed() else classics.NAMES
    needed = ({*wanted, against} if asked else {against}) & set(absent)
    if needed:
        raise CareoError("validate_extra", found=", ".join(sorted(needed)), fix="validate_extra")
    chosen = tuple(name for name in RIVALS if name in wanted | {against} and name not in absent)
    return chosen, {name: "validate_extra" for name in RIVALS if name in wanted and name in absent}


def _origins(text: str, protocol: Protocol, later: LaterData | None) -> tuple[date, ...]:
    """Every October between the two of a text; all must be one month."""
    from careo.run.hindcast import ORIGIN_MONTH

    if not text and later is not None:
        if not later.counts.shape[1]:
            raise DataError("later_no_month", where=later.name, last=f"{later.record_end:%Y-%m}")
        years = range(later.first.year - 1, later.last.year)
        return tuple(date(year, ORIGIN_MONTH, 1) for year in years)
    first, last = (_origin(part) for part in _pair(text or protocol.origins))
    if first > last or (first.month, last.month) != (ORIGIN_MONTH, ORIGIN_MONTH):
        raise CareoError(
            "validate_origins",
            found=repr(text[:40]),
            expected=protocol.origins,
            fix="validate_origins",
        )
    return tuple(date(year, ORIGIN_MONTH, 1) for year in range(first.year, last.year + 1))


def _pair(text: str) -> tuple[str, str]:
    first, slash, last = text.partition("/")
    return first, last if slash else first


def _origin(text: str) -> date:
    try:
        if len(text) != 7:
            raise ValueError
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise CareoError(
            "validate_origins", found=repr(text[:40]), expected="2017-10/2022-10", fix="validate_origins"
        ) from None


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Cell:
    """One model at one origin: scores [place, month] and [month], PIT [bin], months each draw lay inside [place, draw]."""

    scores: dict[str, np.ndarray]
    nation: dict[str, np.ndarray]
    pit: np.ndarray
    nation_pit: np.ndarray
    drawn_inside: np.ndarray


def _run(
    casts: Sequence[Hindcast],
    models: Sequence[str],
    *,
    threads: int | None,
    progress: Callable[[float], None] | None,
) -> dict[tuple[str, int], _Cell]:
    from careo.run.hindcast import RIVALS

    pairs = [(model, at) for at in range(len(casts)) for model in models]
    with warnings.catch_warnings(), ThreadPoolExecutor(threads or min(os.cpu_count() or 1, 8)) as pool:
        warnings.simplefilter("ignore")  # statsforecast warns of numbers that it tries and drops
        done: dict[tuple[str, int], _Cell] = {}
        for pair, cell in zip(
            pairs, pool.map(lambda p: _cell(casts[p[1]], RIVALS[p[0]]), pairs), strict=True
        ):
            done[pair] = cell
            if progress:
                progress(len(done) / len(pairs))
    return done


def _cell(cast: Hindcast, rival: Callable[..., np.ndarray]) -> _Cell:
    samples = cast.samples(rival)
    total, happened = samples.sum(axis=0), cast.observed.sum(axis=0)
    return _Cell(
        score(samples, cast.observed), score(total, happened),
        pit_histogram(samples, cast.observed), pit_histogram(total, happened),
        _drawn_inside(samples),
    )  # fmt: skip


def _drawn_inside(samples: np.ndarray) -> np.ndarray:
    """In how many months each draw lies inside the 90% interval of all draws [months; place, draw]."""
    low, high = (ends[..., None] for ends in interval(samples.astype(np.float64), 0.9))
    return ((low <= samples) & (samples <= high)).sum(axis=1).astype(np.int16)


# ── gathering ────────────────────────────────────────────────────────────────────────────────────────────────────


def _gathered(
    country: Country, level: str, casts: Sequence[Hindcast], models: Sequence[str],
    cells: Mapping[tuple[str, int], _Cell], protocol: Protocol,
) -> Validation:  # fmt: skip
    import xarray as xr

    places, years = casts[0].places, [cast.year for cast in casts]
    for cast in casts:
        if cast.places != places:
            gone = sorted(set(places) ^ set(cast.places))
            raise DataError(
                "hindcast_places",
                found=", ".join(country.places.by_code[c].name for c in gone),
                month=f"{cast.origin:%Y-%m}",
            )

    def stacked(part: Callable[[_Cell], np.ndarray]) -> np.ndarray:
        """Of every model and origin, the last axis filled up to 12 months."""
        return np.stack(
            [np.stack([_whole_year(part(cells[m, at])) for at in range(len(casts))]) for m in models]
        )

    by = {"model": list(models), "year": years}
    scores = xr.Dataset(
        {
            name: (("model", "year", "place", "month"), stacked(lambda c, n=name: c.scores[n]))
            for name in SCORES
        },
        coords={**by, "place": list(places), "month": np.arange(1, 13)},
    )
    nation = xr.Dataset(
        {name: (("model", "year", "month"), stacked(lambda c, n=name: c.nation[n])) for name in SCORES},
        coords={**by, "month": np.arange(1, 13)},
    )
    told = [window_of(year, protocol) for year in years]
    windows = [window for window in WINDOWS if window in told]
    of = {window: [at for at, each in enumerate(told) if each == window] for window in windows}
    national = level == "national"
    pit = np.array(
        [
            [
                sum(
                    (cells[m, at].nation_pit if national else cells[m, at].pit for at in of[w]),
                    np.zeros(PIT_BINS),
                )
                for w in windows
            ]
            for m in models
        ]
    )
    low = {
        (m, w): low_coverage(
            places,
            scores["inside_90"].sel(model=m).values[of[w]],
            np.stack([cells[m, at].drawn_inside for at in of[w]]),
            sum(len(casts[at].leads) for at in of[w]),
        )
        for m in models
        for w in windows
    }
    main = nation if national else scores
    table = xr.Dataset(
        {
            **{name: (("model", "window"), _means(main[name].values, of.values())) for name in SCORES},
            "nation_crps": (("model", "window"), _means(nation["crps"].values, of.values())),
        },
        coords={"model": list(models), "window": windows},
    )
    return Validation(
        country, level, tuple(cast.origin for cast in casts), tuple(models), "", 0, 0, scores, nation, table,
        xr.DataArray(pit, dims=("model", "window", "bin"), coords={"model": list(models), "window": windows}), low, (), {},
    )  # fmt: skip


def _whole_year(values: np.ndarray) -> np.ndarray:
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, 12 - values.shape[-1])], constant_values=np.nan)


def _means(values: np.ndarray, windows: Iterable[Sequence[int]]) -> np.ndarray:
    """Means over everything but the model, by window [model, window]."""
    return np.array([[np.nanmean(model[years]) for years in windows] for model in values])


def _differences(found: Validation) -> Iterable[Difference]:
    from careo.run.history import hindcast_protocol

    protocol = hindcast_protocol(found.country)
    crps = found.level_scores["crps"]
    for window in found.windows:
        mine = [at for at, year in enumerate(found.years) if window_of(year, protocol) == window]
        others = crps.sel(model=found.against).values[mine]
        for model in found.models:
            if model != found.against:
                yield difference(
                    model, found.against, window, crps.sel(model=model).values[mine], others, seed=found.seed
                )
