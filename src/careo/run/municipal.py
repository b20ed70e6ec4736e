"""Runs by municipality: what states' homicides are shared by, and what a strategy does within states.

The record is what a person has imported: of each state the series that reaches furthest (`forecast.yaml`, `municipalities`). From it:

- Shares. With Y_j the counts of the last 36 months, E_j what the state's total would give by population, and 1/a the variance of
  rates among municipalities beyond chance (method of moments, all states together): π_j ∝ E_j (Y_j + a) / (E_j + a), the mean of a
  gamma-Poisson law. A small place is near its state's rate, a large one keeps its own.
- Concentration ψ of the Dirichlet-multinomial law: of each state the one that gives the squared deviations of months from their
  year's shares; the median of states, and the spread of their logarithms, are its prior, drawn for each state.
- Drift: the slope by years of squared changes of logarithmic shares, which chance within a year does not change.

Where nothing can be estimated, `CONCENTRATION`, `CONCENTRATION_LOG_SD` and `DRIFT` stand: the values of Mexico's record 2004–2010.

Doses. A municipality gets the dose of its measure itself. What acts through a state's groups and prisons (recruitment, captures,
clearance …) gets the mean of its municipalities' doses by population; where no population is known, by shares. An event is not spread:
what all municipalities of a state have alike is one event somewhere in it, with the prior for states; what one has beyond that is its
own, with the prior for municipalities.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import CareoError
from careo.evidence.levers import Lever
from careo.model.luck import Luck, Process
from careo.model.mechanisms import MECHANISMS, Core, Effects, run_block
from careo.model.municipal import CONFLICT, HOMICIDE, LocalEffects, Map, share_paths, split_counts, state_logs
from careo.model.quantiles import normal_quantile
from careo.panel import Country, country_of
from careo.panel.monthly import load_panel, monthly_population
from careo.run.history import known_on, municipal_series
from careo.run.scenario import Scenario

if TYPE_CHECKING:
    import xarray as xr

Floats = np.ndarray

CONCENTRATION, CONCENTRATION_LOG_SD, DRIFT = 75.0, 0.9, 0.25
"""Median over states of ψ, spread of its logarithm, and a year's step of log shares: Mexico 2004–2010, by the functions below."""
WINDOW_MONTHS = 36
"""Of counts that shares are taken from: fewer are chance, more are history."""

_LEAST_COUNT = (
    50.0  # a year of a municipality that says something of drift; a tenth more or less is then chance
)
_LEAST_PAIRS = 20
_LEAST_STATE_YEAR = 100.0  # homicides of a state and year that say something of concentration
_BOUNDS_SHAPE = (0.5, 50.0)
_BOUNDS_CONCENTRATION = (5.0, 2000.0)
_DOSES = ("doses", "doses_low", "doses_high")
_CORE_FIXED = frozenset({"groups", "groups_rest", "young_men", "arrests", "captures", "neighbours"})


@dataclass(frozen=True, eq=False)
class MunicipalRecord:
    """What states' homicides are shared by.

    Attributes:
        codes: of municipalities, those of a state together, in the order of codes [municipality].
        state: index of each one's state [municipality]. numbers: in addresses of luck [municipality].
        shares: of its state's homicides, as recorded [share; municipality]. people: shares of its state's inhabitants, by recorded
            shares where they are not known [share; municipality].
        years_before: from each state's record to month 0 [years; state].
        last: last month of each state's record, "" where only inhabitants tell [state]. series, sources: used.
        concentration: median of ψ. concentration_log_sd. drift: a year's step [log points].
    """

    codes: tuple[str, ...]
    state: np.ndarray
    numbers: np.ndarray
    shares: np.ndarray
    people: np.ndarray
    years_before: np.ndarray
    last: tuple[str, ...]
    series: tuple[str, ...]
    sources: tuple[str, ...]
    concentration: float
    concentration_log_sd: float
    drift: float


@dataclass(frozen=True, eq=False)
class MunicipalPart:
    """What a run by municipality knows beside what a run by state does.

    Attributes:
        record: shares. class_of: municipalities of a state with the same doses share a class, strategy by strategy
            [strategy municipality]. class_begin: where each state's classes begin, and the end [strategy state + 1].
        scenarios: the strategies', over their classes instead of places; those with fewer classes than others end with empty ones.
    """

    record: MunicipalRecord
    class_of: np.ndarray
    class_begin: np.ndarray
    scenarios: tuple[Scenario, ...]

    @property
    def map(self) -> Map:
        """As the kernel has it."""
        states = len(self.record.last)
        return Map(
            np.searchsorted(self.record.state, np.arange(states + 1)),
            self.record.numbers,
            self.class_of,
            self.class_begin,
        )

    def refuse_unfit(self, states: int, strategies: int, months: int) -> None:
        """Of what was read from a file: kernels look nothing up twice.

        Raises:
            ValueError, TypeError or AttributeError: it is no part of a run of so many states, strategies and months.
        """
        record, where = self.record, self.map
        count, classes = len(record.codes), len(self.scenarios[0].places)
        steps = np.arange(states + 1)
        whole = (record.state, record.numbers, self.class_of, self.class_begin)
        real = (record.shares, record.people, record.years_before)
        fit = all(array.dtype == np.int64 for array in whole) and all(
            array.dtype == np.float64 for array in real
        )
        fit &= all(
            array.shape == (count,) for array in (record.state, record.numbers, record.shares, record.people)
        )
        fit &= record.years_before.shape == (states,) and len(record.last) == states
        fit &= bool(
            (np.diff(record.state) >= 0).all()
            and (np.diff(where.begin) > 0).all()
            and where.begin[-1] == count
        )
        fit &= bool(
            (record.numbers >= 0).all() and (record.shares > 0).all() and np.isfinite(record.shares).all()
        )
        fit &= bool((record.years_before >= 0).all()) and 0 <= record.drift < 10
        fit &= 0 < record.concentration < 1e9 and 0 <= record.concentration_log_sd < 10
        fit &= len(self.scenarios) == strategies and self.class_of.shape == (strategies, count)
        fit &= self.class_begin.shape == (strategies, len(steps))
        if not fit or not bool((self.class_begin[:, 0] == 0).all() and (self.class_begin <= classes).all()):
            raise ValueError("municipal part")
        for of, begin, scenario in zip(self.class_of, self.class_begin, self.scenarios, strict=True):
            inside = (of >= begin[record.state]) & (of < begin[record.state + 1])
            shape = (len(scenario.levers), classes, months)
            if not inside.all() or (np.diff(begin) < 1).any() or len(scenario.events) != shape[0]:
                raise ValueError("classes")
            if any(
                doses.shape != shape for doses in (scenario.doses, scenario.doses_low, scenario.doses_high)
            ):
                raise ValueError("doses")

    def apart(self, strategy: str) -> dict[str, np.ndarray]:
        """Lever → the municipalities where a strategy has, at any time, another dose than all municipalities have alike.

        Levers that stand everywhere alike are not among them.
        """
        row_of = [one.name for one in self.scenarios].index(strategy)
        scenario, class_of = self.scenarios[row_of], self.class_of[row_of]
        used = int(self.class_begin[row_of, -1])
        found: dict[str, np.ndarray] = {}
        for row, lever in enumerate(scenario.levers):
            ends = (scenario.doses[row], scenario.doses_low[row], scenario.doses_high[row])
            moved = np.any([(d[:used] != _alike(d[:used])).any(axis=1) for d in ends], axis=0)
            if moved.any():
                found[lever] = moved[class_of]
        return found


def municipal_record(
    panel: Country | xr.Dataset | None, states: Sequence[str], start: date
) -> MunicipalRecord:
    """What states' homicides are shared by, from what was imported.

    Args:
        panel: as for `homicide_history`. states: codes. start: month 0.

    Raises:
        CareoError: the country has no municipalities, or none in one of the states; nothing monthly is known of them; or one state
            has neither a record nor inhabitants by municipality.
    """
    country, day = country_of(panel), known_on(panel)
    codes, state = _municipalities(country, states)
    tables = _tables(country, codes, day)
    if not tables:
        series = ", ".join(municipal_series(country)) or "–"
        raise CareoError("municipal_none", where=country.key, expected=series, fix="municipal_data")
    counts, last, used = _of_states(tables, codes, state, len(states))
    people = _people(country, codes, last, start, state)
    unknown = [states[i] for i in range(len(states)) if not last[i] and np.isnan(people[state == i]).any()]
    if unknown:
        raise CareoError("municipal_unknown", found=", ".join(unknown), fix="municipal_data")
    shares, by_people = _shares(counts, people, state, len(states))
    seen = ~np.isnan(counts).all(axis=1)
    median, log_sd = _concentration(counts[seen], state[seen])
    origin = np.datetime64(start, "M")
    before = [(origin - np.datetime64(one, "M")).astype(int) / 12 - 1 / 12 if one else 0.0 for one in last]
    oldest = max(before, default=0.0)
    positions = {code: position for position, code in enumerate(sorted(country.places.by_code))}
    return MunicipalRecord(
        codes=codes,
        state=state,
        numbers=np.array([int(c) if c.isdigit() else positions[c] for c in codes], dtype=np.int64),
        shares=shares,
        people=by_people,
        years_before=np.array([years if one else oldest for years, one in zip(before, last, strict=True)]),
        last=last,
        series=tuple(dict.fromkeys(table.name for table in used)),
        sources=tuple(dict.fromkeys(source for table in used for source in table.sources)),
        concentration=median,
        concentration_log_sd=log_sd,
        drift=_drift(counts[seen], state[seen]),
    )


def within_states(
    record: MunicipalRecord, states: Sequence[str], scenarios: Sequence[Scenario], levers: Mapping[str, Lever]
) -> tuple[tuple[Scenario, ...], MunicipalPart]:
    """Scenarios by municipality as scenarios by state, and what they do within states.

    Args:
        scenarios: over all municipalities of the country, the status quo first.
    """
    rows = {code: row for row, code in enumerate(scenarios[-1].places)}
    at = np.array([rows[code] for code in record.codes], dtype=np.int64)
    within: list[list[np.ndarray]] = []
    whole: list[Scenario] = []
    for scenario in scenarios:
        arrays = [array[:, at] for array in (scenario.doses, scenario.doses_low, scenario.doses_high)]
        common = [np.zeros((len(scenario.levers), len(states), scenario.months)) for _ in arrays]
        for row, name in enumerate(scenario.levers):
            apart = scenario.events[row] and any(e.level == "municipality" for e in levers[name].effects)
            for array, by_state in zip(arrays, common, strict=True):
                for i in range(len(states)):
                    mine = record.state == i
                    if apart:
                        by_state[row, i] = _alike(array[row, mine])
                        array[row, mine] -= by_state[row, i]
                    else:
                        by_state[row, i] = _mean(array[row, mine], record.people[mine])
        within.append(arrays)
        whole.append(
            replace(
                scenario, doses=common[0], doses_low=common[1], doses_high=common[2], places=tuple(states), level="state"
            )
        )  # fmt: skip
    classes = [_classes(record.state, arrays) for arrays in within]
    most = max(len(first) for _, first in classes)
    inside = tuple(
        replace(scenario, **dict(zip(_DOSES, (_padded(array[:, first], most) for array in arrays), strict=True)),
                places=tuple(f"class-{c}" for c in range(most)))
        for scenario, arrays, (_, first) in zip(scenarios, within, classes, strict=True)
    )  # fmt: skip
    steps = np.arange(len(states) + 1)
    return tuple(whole), MunicipalPart(
        record,
        np.stack([class_of for class_of, _ in classes]),
        np.stack([np.searchsorted(record.state[first], steps) for _, first in classes]),
        inside,
    )


def run_municipal(
    part: MunicipalPart,
    seed: int,
    places: np.ndarray,
    first_draw: int,
    log_intensity: Floats,
    core: Core,
    effects: Effects,
    companions: Floats,
    *,
    local: Effects,
    first_month: int,
    split: bool = True,
) -> tuple[np.ndarray, ...]:
    """`run_block` with local measures, and its homicides split among municipalities.

    Args:
        effects: of whole states. local: within states, by class. split: whether municipalities are counted; what becomes of states
            does not depend on it.

    Returns:
        What `run_block` returns and, when they are split, homicides [events/year; strategy municipality year draw].
    """
    _, months, draws = log_intensity.shape
    years, where = -(-months // 12), part.map
    paths = share_paths(
        seed, where, part.record.shares, first_draw=first_draw, draws=draws, years=years, first_month=first_month,
        drift=part.record.drift, years_before=part.record.years_before,
    )  # fmt: skip
    inner = _local(local)
    logs = state_logs(where, inner, paths)
    parts = [
        run_block(
            seed, places, first_draw + d, np.ascontiguousarray(log_intensity[:, :, d : d + 1]), _core_of(core, d),
            given, companions, first_month=first_month, months_per_year=1,
        )
        for d, given in _by_draw(effects, logs)
    ]  # fmt: skip
    counts, members = (np.concatenate([one[k] for one in parts], axis=-1) for k in (0, 2))
    ends = np.minimum(np.arange(1, years + 1) * 12, months)
    begins = np.arange(years) * 12
    yearly, monthly = np.add.reduceat(counts, begins, axis=3), counts.sum(axis=2)
    failed = (counts < 0).any(axis=(0, 1, 2, 3))
    yearly[..., failed], monthly[..., failed] = -1, -1
    result = yearly, monthly, np.ascontiguousarray(members[:, :, ends - 1])
    if not split:
        return result
    homicides = np.ascontiguousarray(counts[:, 0], dtype=np.int64)
    homicides[..., failed] = -1
    uniforms = Luck(seed).uniform(
        Process.MUNICIPAL_SHARE, 0, places, np.arange(first_draw, first_draw + draws)
    )
    scores = np.array([[normal_quantile(u) for u in row] for row in uniforms])
    psi = part.record.concentration * np.exp(part.record.concentration_log_sd * scores)
    municipal = split_counts(
        seed,
        places,
        first_draw,
        homicides,
        where,
        inner,
        paths,
        core.organised_share,
        psi,
        first_month=first_month,
    )
    return (*result, narrowest(municipal))


def narrowest(counts: np.ndarray) -> np.ndarray:
    """The same counts in as little room as they fit in: most municipalities have few."""
    most = max(abs(int(counts.min())), abs(int(counts.max()))) if counts.size else 0
    return counts.astype("<i2" if most < 2**15 else "<i4" if most < 2**31 else "<i8")


# ── the record ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Table:
    """A municipal series: counts [events/month; municipality month], NaN where not observed; months; keys of sources."""

    name: str
    counts: np.ndarray
    months: np.ndarray
    sources: tuple[str, ...]


def _municipalities(country: Country, states: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    rows = {code: row for row, code in enumerate(states)}
    found = sorted(
        (rows[place.parent], place.code)
        for place in country.places.by_code.values()
        if place.kind == "municipality" and place.parent in rows
    )
    if not found:
        raise CareoError("scenario_level", where=country.key, found="municipality")
    state = np.array([row for row, _ in found], dtype=np.int64)
    empty = [code for code, row in rows.items() if row not in set(state.tolist())]
    if empty:
        raise CareoError("municipal_states", where=country.key, found=", ".join(empty))
    return tuple(code for _, code in found), state


def _tables(country: Country, codes: Sequence[str], day: date | None) -> list[_Table]:
    """The series of which any municipal month is known, the preferred one first."""
    found: list[_Table] = []
    for name in municipal_series(country):
        try:
            panel = load_panel(country, places=codes, indicators=[name], as_of=day)
        except CareoError as error:
            if error.key != "panel_no_months":
                raise
            continue
        sources = tuple(str(panel[name].attrs["sources"]).split(", "))
        panel = panel.reindex(place=list(codes))
        months = panel["month"].to_numpy().astype("datetime64[M]")
        found.append(_Table(name, panel[name].to_numpy(), months, sources))
    return found


def _of_states(
    tables: Sequence[_Table], codes: Sequence[str], state: np.ndarray, states: int
) -> tuple[np.ndarray, tuple[str, ...], list[_Table]]:
    """Each state's longest-reaching series by year back from its last month: [events/month; municipality month], the last month last."""
    length = max(len(table.months) for table in tables)
    counts = np.full((len(codes), length), np.nan)
    last: list[str] = []
    used: list[_Table] = []
    for i in range(states):
        mine = state == i
        ends: list[tuple[str, int, int]] = []
        for k, table in enumerate(tables):
            seen = np.flatnonzero(~np.isnan(table.counts[mine]).all(axis=0))
            if len(seen):
                ends.append((str(table.months[seen[-1]]), -k, int(seen[-1])))
        if not ends:
            last.append("")
            continue
        month, k, at = max(ends)
        table = tables[-k]
        counts[mine, length - at - 1 :] = table.counts[mine, : at + 1]
        last.append(month)
        used.append(table)
    return counts, tuple(last), used


def _people(
    country: Country, codes: tuple[str, ...], last: Sequence[str], start: date, state: np.ndarray
) -> np.ndarray:
    """Inhabitants in each state's last month of record [persons; municipality]; NaN for a whole state where one is not known."""
    found = np.full(len(codes), np.nan)
    months = np.array([one or f"{start:%Y-%m}" for one in last], dtype="datetime64[M]")
    for month in np.unique(months):
        window = month - np.arange(61)[::-1]
        known = monthly_population(country, codes, window)
        latest = np.where(np.isnan(known), -1, np.arange(61)).max(axis=1)
        value = np.where(latest < 0, np.nan, known[np.arange(len(codes)), latest])
        mine = months[state] == month
        found[mine] = value[mine]
    return found


def _shares(
    counts: np.ndarray, people: np.ndarray, state: np.ndarray, states: int
) -> tuple[np.ndarray, np.ndarray]:
    """Shares of homicides and of people by municipality, each summing to 1 within a state."""
    recent = np.nansum(counts[:, -WINDOW_MONTHS:], axis=1)
    by_people = np.empty(len(recent))
    for i in range(states):
        mine = state == i
        size = people[mine]
        known = ~np.isnan(size)
        if not known.any():  # all that is known of their size is what happened there
            size = np.nansum(counts[mine], axis=1) + 1.0
        elif not known.all():  # a municipality that is younger than the list of inhabitants
            size = np.where(known, size, np.nanmin(size))
        by_people[mine] = size / size.sum()
    totals = np.bincount(state, recent, states)
    expected = by_people * totals[state]
    seen = ~np.isnan(counts).all(axis=1)  # one that is younger than the record is at its state's rate
    shape = _shape(recent[seen], expected[seen])
    weight = np.where(seen, by_people * (recent + shape) / (expected + shape), by_people)
    return weight / np.bincount(state, weight, states)[state], by_people


def _shape(counts: np.ndarray, expected: np.ndarray) -> float:
    """Of the gamma law of rates, relative to their state's, by moments."""
    beyond = float(((counts - expected) ** 2 - expected).sum())
    low, high = _BOUNDS_SHAPE
    return float(np.clip((expected**2).sum() / beyond, low, high)) if beyond > 0 else high


def _by_year(counts: np.ndarray) -> np.ndarray:
    """Whole years back from the last month [events/month; municipality year month]; a year with a month unknown stays NaN."""
    years = counts.shape[1] // 12
    return counts[:, counts.shape[1] - 12 * years :].reshape(len(counts), years, 12)


def _concentration(counts: np.ndarray, state: np.ndarray) -> tuple[float, float]:
    """Median of ψ over states, and the spread of its logarithm."""
    found: list[float] = []
    years = _by_year(counts)
    for i in np.unique(state):
        cells: list[tuple[np.ndarray, float, float, float]] = []
        for year in range(years.shape[1]):
            months = years[state == i, year]
            if np.isnan(months).any() or months.sum() < _LEAST_STATE_YEAR or len(months) < 2:
                continue
            n, shares = months.sum(axis=0), months.sum(axis=1) / months.sum()
            deviation = float(((months - shares[:, None] * n) ** 2).sum())
            cells.append((n, 1.0 - float((shares**2).sum()), float(n.sum()), deviation))
        if cells:
            found.append(_solved(cells))
    if len(found) < 3:
        return CONCENTRATION, CONCENTRATION_LOG_SD
    logs = np.log(found)
    middle = float(np.median(logs))
    spread = float(np.subtract(*np.quantile(logs, [0.75, 0.25])) / 1.349)
    return float(np.exp(middle)), max(spread, 0.1)


def _solved(cells: Sequence[tuple[np.ndarray, float, float, float]]) -> float:
    """ψ that gives the squared deviations; what a year's own shares take of them is allowed for."""
    low, high = np.log(_BOUNDS_CONCENTRATION)
    observed = sum(deviation for *_, deviation in cells)
    for _ in range(60):
        psi = np.exp((low + high) / 2)
        wanted = sum(
            float((n * spread * (n + psi) / (1 + psi) * (1 - n / total)).sum())
            for n, spread, total, _ in cells
        )
        if wanted > observed:  # too lumpy: more concentrated
            low = (low + high) / 2
        else:
            high = (low + high) / 2
    return float(np.exp((low + high) / 2))


def _drift(counts: np.ndarray, state: np.ndarray) -> float:
    """A year's step of log shares: the rise of their mean squared change from one year's distance to the farthest that is well seen."""
    totals = _by_year(counts).sum(axis=2)
    of_state = np.empty_like(totals)
    for i in np.unique(state):
        of_state[state == i] = totals[state == i].sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log((totals + 0.5) / of_state)
    squares: list[float] = []
    for lag in range(1, totals.shape[1]):
        early, late = totals[:, :-lag], totals[:, lag:]
        with np.errstate(invalid="ignore"):
            well = (early + late) / 2 >= _LEAST_COUNT
        change = (logs[:, lag:] - logs[:, :-lag])[well]
        change = change[np.isfinite(change)]
        if len(change) < _LEAST_PAIRS:
            break
        squares.append(float((change**2).mean()))
    if len(squares) < 3:
        return DRIFT
    return float(np.sqrt(max(squares[-1] - squares[0], 0.0) / (len(squares) - 1)))


# ── doses ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _alike(doses: np.ndarray) -> np.ndarray:
    """What all places have alike, nearest to zero [dose units; month]."""
    low, high = doses.min(axis=0), doses.max(axis=0)
    return np.where(low > 0, low, np.where(high < 0, high, 0.0))


def _mean(doses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean by weight; exact where all are alike [dose units; month]."""
    return doses[0] + weights @ (doses - doses[0])


def _classes(state: np.ndarray, arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Municipalities of one state with the same doses: the class of each, and the first of each class."""
    known: dict[tuple[int, bytes], int] = {}
    class_of, first = np.empty(len(state), dtype=np.int64), list[int]()
    rows = (
        np.concatenate([np.moveaxis(array, 1, 0).reshape(len(state), -1) for array in arrays], axis=1) + 0.0
    )
    for j in range(len(state)):
        key = int(state[j]), rows[j].tobytes()
        if key not in known:
            known[key] = len(first)
            first.append(j)
        class_of[j] = known[key]
    return class_of, np.array(first, dtype=np.int64)


def _padded(doses: np.ndarray, classes: int) -> np.ndarray:
    return np.pad(doses, [(0, 0), (0, classes - doses.shape[1]), (0, 0)])


# ── the kernel's arrays ──────────────────────────────────────────────────────────────────────────────────────────


def _local(effects: Effects) -> LocalEffects:
    mechanisms = {MECHANISMS.index("homicide"): HOMICIDE, MECHANISMS.index("conflict"): CONFLICT}
    return LocalEffects(
        effects.dose, effects.above, effects.below, effects.tilt, effects.beta, effects.pair_effect,
        np.array([mechanisms[int(m)] for m in effects.pair_mechanism], dtype=np.int64),
    )  # fmt: skip


def _core_of(core: Core, d: int) -> Core:
    """The core of one draw."""
    return Core(
        **{
            name: value if name in _CORE_FIXED else np.ascontiguousarray(value[..., d : d + 1])
            for name, value in core._asdict().items()
        }
    )


def _by_draw(effects: Effects, logs: np.ndarray) -> Iterator[tuple[int, Effects]]:
    """Effects of one draw after the other; two more, of strength 1, whose doses are what local measures do to the state.

    A state's logarithm is no sum over effects times doses, so each draw has doses of its own.
    """
    count, draws = effects.dose.shape[1], logs.shape[-1]
    more = [(0, 0), (0, 2), (0, 0), (0, 0)]
    dose, above, below = (np.pad(a, more) for a in (effects.dose, effects.above, effects.below))
    pair_effect = np.append(effects.pair_effect, [count, count + 1])
    names = [MECHANISMS.index("homicide"), MECHANISMS.index("conflict")]
    pair_mechanism = np.append(effects.pair_mechanism, names)
    hazard = np.append(effects.hazard_per_month, [0.0, 0.0])
    for d in range(draws):
        dose[:, count] = logs[0, ..., d]
        dose[:, count + 1] = logs[1, ..., d]
        column = slice(d, d + 1)
        yield (
            d,
            Effects(
                dose=dose, above=above, below=below, tilt=_with(effects.tilt[:, column], 0.0), beta=_with(effects.beta[:, column], 1.0),
                pair_effect=pair_effect, pair_mechanism=pair_mechanism, hazard_per_month=hazard,
                rebound=_with(effects.rebound[:, column], 0.0), link_from=effects.link_from, link_to=effects.link_to,
                elasticity=np.ascontiguousarray(effects.elasticity[:, column]),
            ),
        )  # fmt: skip


def _with(column: np.ndarray, value: float) -> np.ndarray:
    return np.ascontiguousarray(np.concatenate([column, np.full((2, 1), value)]))
