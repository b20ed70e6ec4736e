"""Replays as findings: what the laboratory would have said before a measure, against what was counted, without refitting.

Each group of places is one finding of kind "validation". Its verdict is always "inconclusive": one event, at whose side other things
happened, decides nothing about a prior, and the priors of levers were written with knowledge of it. What it tells is whether the
laboratory's intervals would have held, and that is said first where they did not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import CareoError
from careo.panel.country import Country, country_of
from careo.record.replay import ReplayCase, load_replay
from careo.results.finding import Finding
from careo.results.scores import crps

if TYPE_CHECKING:
    import xarray as xr

    from careo.run.replay import Rerun

FORECASTS = ("without", "with_measure", "walk")
"""The laboratory without the measure and with it, and the log random walk."""

ENDS = (0.05, 0.25, 0.5, 0.75, 0.95)
FEWEST_DRAWS, MOST_DRAWS = 20, 20_000
SMALL_MISS = 0.05
"""Of the median: of a smaller miss nobody asks what share a prior covers."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one forecast said of a number of homicides.

    Attributes:
        quantiles: at `ENDS` [events]. crps: of what was counted [events]. below: P(X < counted) + ½ P(X = counted).
    """

    quantiles: tuple[float, float, float, float, float]
    crps: float
    below: float

    @property
    def median(self) -> float:
        """[events]."""
        return self.quantiles[2]

    def holds(self, counted: float) -> bool:
        """Whether it lies inside the 90% interval, ends included."""
        return self.quantiles[0] <= counted <= self.quantiles[4]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some months of a group.

    Attributes:
        year: a calendar year; 0 is the whole horizon. months: how many of it. counted: homicides. said: by forecast.
    """

    year: int
    months: int
    counted: int
    said: Mapping[str, Said]


@dataclass(frozen=True, eq=False)
class GroupReplay:
    """A group of places.

    Attributes:
        name: "treated", "rest", "more", "less" or "nation". places: codes.
        stretches: calendar years, then the whole. share: of the distance between what was counted and the median without the measure,
            what the median with it covers; negative where it moves away; NaN where the miss is below `SMALL_MISS`.
        holding: forecast → in how many of its places the total lies inside the 90% interval.
        fans: forecast → quantiles at `ENDS` by month [events/month; end month]. counted: [events/month; month], as long as `before` and the fans together.
        before: months of `counted` up to the origin.
    """

    name: str
    places: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    share: float
    holding: Mapping[str, int]
    fans: Mapping[str, np.ndarray]
    counted: np.ndarray
    before: int

    @property
    def whole(self) -> Stretch:
        """The whole horizon."""
        return self.stretches[-1]


@dataclass(frozen=True, eq=False)
class Replay:
    """A replay.

    Attributes:
        case: its file. country. draws, seed. groups: the nation last. rerun: what was run.
        summary, findings (one a group), doses (of each measure in words), not_dosed, caveats: in the language asked for.
    """

    case: ReplayCase
    country: Country
    draws: int
    seed: int
    groups: tuple[GroupReplay, ...]
    rerun: Rerun
    summary: str = ""
    findings: tuple[Finding, ...] = ()
    doses: tuple[str, ...] = ()
    not_dosed: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()

    def group(self, name: str) -> GroupReplay:
        """The group of a name.

        Raises:
            KeyError: this replay has no such group.
        """
        return {group.name: group for group in self.groups}[name]


def replay(
    name: str | Path | ReplayCase,
    panel: Country | xr.Dataset | None = None,
    *,
    draws: int = 1000,
    seed: int = 7,
    language: str = "en",
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Replay:
    """Forecasts from before a measure, with and without its delivered doses, held against what was counted.

    Args:
        name: one of `careo.replays()`, a file in the same format, or one that was read.
        panel: a country, or a panel of it with its `as_of`; Mexico by default.
        draws: how many worlds. seed: of all luck. language: of the sentences.
        threads: as many as there are cores when not given. progress: told the share done.

    Raises:
        DataError: there is no such replay; a mistake in its file; a record that does not reach, has a gap or changes its source.
        CareoError: draws out of bounds; too short a record before the origin.
    """
    from careo.results.replay_words import with_words
    from careo.run.replay import rerun

    if not FEWEST_DRAWS <= draws <= MOST_DRAWS:
        raise CareoError(
            "usage_value", expected=f"{FEWEST_DRAWS} … {MOST_DRAWS}", found=repr(draws), option="--draws"
        )
    country = country_of(panel)
    case = name if isinstance(name, ReplayCase) else load_replay(name, country.key)
    found = rerun(case, panel, draws=draws, seed=seed, threads=threads, progress=progress)
    groups = tuple(_group(found, group.name, group.places) for group in found.groups)
    return with_words(Replay(case, country, draws, seed, groups, found), language)


_PAST = 36  # months before the origin that pictures show


def _group(found: Rerun, name: str, places: tuple[str, ...]) -> GroupReplay:
    rows = [found.places.index(code) for code in places]
    samples = {forecast: getattr(found, forecast)[rows] for forecast in FORECASTS}
    observed = found.observed[rows]
    start, months = found.case.start, observed.shape[1]
    years = start.year + (start.month - 1 + np.arange(months)) // 12
    parts = [(int(year), years == year) for year in np.unique(years)]
    parts = [*parts, (0, np.ones(months, dtype=bool))] if len(parts) > 1 else [(0, parts[0][1])]
    totals = {forecast: values.sum(axis=0) for forecast, values in samples.items()}
    stretches = tuple(
        Stretch(
            year, int(mine.sum()), int(observed[:, mine].sum()),
            {forecast: _said(total[mine].sum(axis=0), observed[:, mine].sum()) for forecast, total in totals.items()},
        )
        for year, mine in parts
    )  # fmt: skip
    past = found.history.counts[rows][:, -_PAST:]
    return GroupReplay(
        name, places, stretches, _share(stretches[-1]),
        {forecast: _holding(values.sum(axis=1), observed.sum(axis=1)) for forecast, values in samples.items()},
        {forecast: np.quantile(total, ENDS, axis=-1) for forecast, total in totals.items()},
        np.concatenate([past.sum(axis=0), observed.sum(axis=0)]), past.shape[1],
    )  # fmt: skip


def _said(total: np.ndarray, counted: float) -> Said:
    """What samples of a number `[events; draw]` say of what was counted."""
    ordered = np.sort(total.astype(np.float64))
    ends = tuple(float(end) for end in np.quantile(ordered, ENDS))
    below = float((ordered < counted).mean() + (ordered == counted).mean() / 2)
    return Said(ends, float(crps(ordered, np.asarray(counted, dtype=np.float64))), below)  # pyright: ignore[reportArgumentType]


def _share(whole: Stretch) -> float:
    without, mine = whole.said["without"].median, whole.said["with_measure"].median
    miss = whole.counted - without
    return (mine - without) / miss if abs(miss) >= SMALL_MISS * max(without, 1.0) else float("nan")


def _holding(samples: np.ndarray, counted: np.ndarray) -> int:
    low, high = np.quantile(samples, (ENDS[0], ENDS[-1]), axis=-1)
    return int(((low <= counted) & (counted <= high)).sum())
