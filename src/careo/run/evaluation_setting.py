"""An evaluation and the record → `Setting`: outcomes, populations, first treated months and who may be compared, every mistake a sentence.

What enters: events whose day and place somebody looked up; the month of an event is month 0, and a place counts from its first event on. What
rests on memory enters a sensitivity run only, and its places are no comparison in the main one. A place with a missing month is left out of the
comparison; a treated place with one in the months that matter is a mistake. Outcomes are never filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from careo.base.dates import parse_period
from careo.base.errors import CareoError
from careo.base.fields import first_day
from careo.evidence.events import (
    Contrast,
    Evaluation,
    Event,
    Outcome,
    events_of,
    load_events,
    load_outcomes,
)
from careo.panel import Country, country_of
from careo.panel.monthly import POPULATION, monthly_population, monthly_values
from careo.run.history import homicide_history, known_on
from careo.run.setting import NEVER, Flags, Floats, Integers, Setting
from careo.run.size_classes import size_classes
from careo.sources.catalog import datasets

if TYPE_CHECKING:
    import xarray as xr

LEAST_BEFORE = 12
"""Months before a first treated month without which there is nothing to compare with."""
_HELD = 12  # months that a population may be carried beyond its first or last mid-year


@dataclass(frozen=True, eq=False)
class Posed:
    """An evaluation as arrays.

    Attributes:
        evaluation, outcome: what was asked. country: whose. setting: the main run.
        events: that it rests on. recalled: in a sensitivity run alone, for resting on memory or being of a wider kind. only_recalled: all are from memory.
        variants: name → setting, where it is another one: "memory" or "wider" (with what is recalled, or of a wider kind), "placebo" (what never happened), "later" (each place
            from its last event on).
        dropped: codes that are no comparison because a month of theirs is missing. sources: keys of the series.
        newcomers: code of a treated place → places that began within the period beside it, with their first month: it may have lost them.
        bordered: whether "beside" is a border; where nobody knows borders it is the same state.
    """

    evaluation: Evaluation
    outcome: Outcome
    country: Country
    setting: Setting
    events: tuple[Event, ...]
    recalled: tuple[Event, ...] = ()
    only_recalled: bool = False
    variants: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    dropped: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    newcomers: Mapping[str, tuple[tuple[str, str], ...]] = field(
        default_factory=dict[str, tuple[tuple[str, str], ...]]
    )
    bordered: bool = False


@dataclass(frozen=True, eq=False)
class Counted:
    """An outcome by place and month: codes, months (datetime64[M]), counts [events/month; place, month], keys of sources."""

    places: tuple[str, ...]
    months: np.ndarray
    counts: Floats
    sources: tuple[str, ...]


def pose(
    evaluation: Evaluation,
    panel: Country | xr.Dataset | None = None,
    *,
    outcome: str | None = None,
    boundaries: Path | None = None,
    seed: int = 7,
) -> Posed:
    """An evaluation as arrays.

    Args:
        evaluation: by places or interrupted; a dated history has no setting.
        panel: as for `homicide_history`. outcome: another one than the file's. seed: of all luck.
        boundaries: GeoJSON or TopoJSON of the places, from which borders are taken; None is the country's own, which are of states.

    Raises:
        InputError: the boundaries cannot be read.
        CareoError: no place is treated, all are, an event lies before the record or has no month, outcomes are missing, a place began
            within the period, a population is unknown, or there is no such outcome.
    """
    country, as_of = country_of(panel), known_on(panel)
    events = load_events(country.key)
    told = find_outcome(country, outcome or evaluation.outcome)
    months = _months(evaluation)
    counted = counted_outcome(country, told, evaluation.level, months, as_of, panel)
    main = events_of(evaluation, events)
    sure = tuple(event for event in main if event.sureness != "memory")
    named = [event.id for event in main] + list(evaluation.wider)
    wide = events_of(evaluation, events, ids=named)
    used = sure or main
    recalled = tuple(event for event in wide if event not in used)
    for event in wide:
        _check_places(country, event, evaluation.level)
    pick = _Picker(country, evaluation, counted, seed, _drawn(country, boundaries))
    setting, dropped = pick.setting(used, shut=recalled)
    if evaluation.design == "by_places":
        _check_treated(setting, used)
    variants: dict[str, Setting | None] = {}
    if evaluation.design == "by_places":
        if sure and recalled:
            name = "memory" if any(event.sureness == "memory" for event in recalled) else "wider"
            variants[name] = pick.variant(wide)
        false = events_of(evaluation, events, ids=evaluation.placebos)
        if false:
            variants["placebo"] = pick.variant(false, shut=used)
        if _repeated(used) and not evaluation.contrast:
            variants["later"] = pick.variant(used, shut=recalled, last=True)
    earlier = (
        {}
        if evaluation.level == "nation"
        else _other_definitions(country, told, setting, months, as_of, evaluation)
    )
    drawn = pick.borders or country.neighbours
    return Posed(
        newcomers=_newcomers(country, counted, setting, drawn),
        bordered=any(code in drawn for code in setting.places),
        evaluation=evaluation,
        outcome=told,
        country=country,
        setting=replace(setting, earlier=earlier),
        events=used,
        recalled=recalled,
        only_recalled=not sure,
        variants={name: one for name, one in variants.items() if one and _another(one, setting)},
        dropped=dropped,
        sources=counted.sources,
    )


def find_outcome(country: Country, name: str) -> Outcome:
    """An outcome of a country by its id.

    Raises:
        CareoError: there is none of this name.
    """
    known = load_outcomes(country.key)
    if name in known:
        return known[name]
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    raise CareoError(
        "usage_evaluated_outcome", found=repr(name[:60]), expected=" | ".join(known) or "–",
        fix="did_you_mean" if near else "", guess=near[0] if near else "",
    )  # fmt: skip


# ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────────


def counted_outcome(
    country: Country,
    outcome: Outcome,
    level: str,
    months: np.ndarray,
    as_of: date | None = None,
    panel: Country | xr.Dataset | None = None,
) -> Counted:
    """An outcome of a level in so many months, NaN where not observed.

    Raises:
        CareoError: nothing monthly is known of it at that level, or nothing in these months.
    """
    _check_imported(country, outcome, level)
    wanted = "state" if level == "nation" else level
    if outcome.history and wanted != "state":
        raise CareoError("setting_history_level", where=outcome.id, found=level, expected="state | nation")
    if outcome.history:
        history = homicide_history(
            panel if panel is not None else country, last=months[-1].astype("datetime64[D]").item()
        )
        seen = np.arange(history.counts.shape[1]).astype("timedelta64[M]") + np.datetime64(history.first, "M")
        found = Counted(history.places, seen, history.counts, history.sources)
    else:
        values = monthly_values(country, places=[wanted], indicators=outcome.sum_of, as_of=as_of)
        total = np.sum([values.values[name] for name in outcome.sum_of], axis=0)
        keys = tuple(dict.fromkeys(key for name in outcome.sum_of for key in values.sources[name]))
        found = Counted(values.places, values.months.astype("datetime64[M]"), total, keys)
    counts = np.full((len(found.places), len(months)), np.nan)
    both, ours, theirs = np.intersect1d(months, found.months, return_indices=True)
    counts[:, ours] = found.counts[:, theirs]
    if not len(both) or not np.isfinite(counts).any():
        known = f"{found.months[0]} – {found.months[-1]}" if len(found.months) else "–"
        raise CareoError(
            "setting_no_outcome", where=outcome.id, expected=known, found=f"{months[0]} – {months[-1]}"
        )
    if level == "nation":
        return Counted((country.places.nation,), months, counts.sum(axis=0, keepdims=True), found.sources)
    return Counted(found.places, months, counts, found.sources)


def _check_imported(country: Country, outcome: Outcome, level: str) -> None:
    """Municipal months are nobody's but who imported them: says which files hold them."""
    if level != "municipality" or outcome.history:
        return
    lacking = [name for name in outcome.sum_of if not _by_municipality(country, name)]
    people = _by_municipality(country, POPULATION)
    if not lacking and people:
        return
    known = datasets(country.key).values()
    fitting = [card for card in known if card.places == level]
    counts = [one.id for one in fitting if one.time == "month" and set(lacking) <= set(one.series)]
    populations = [one.id for one in fitting if one.time == "year" and POPULATION in one.series]
    both = [
        " | ".join(names) for names in (counts if lacking else [], [] if people else populations) if names
    ]
    raise CareoError(
        "setting_not_imported" if lacking else "setting_no_people",
        where=outcome.id,
        expected=" + ".join(both) or "–",
        fix="setting_not_imported",
    )


def _by_municipality(country: Country, indicator: str) -> bool:
    """Whether anything is known of it by municipality, a population by year and all else by month."""
    yearly = indicator == POPULATION
    if any(
        indicator in edition.indicators
        and edition.level == "municipality"
        and (yearly or len(edition.first) == 7)
        for edition in country.editions
    ):
        return True
    if yearly:
        by_code = country.places.by_code
        return any(
            by_code[seen.place].kind == "municipality"
            for seen in country.series(indicator).observations
            if seen.place in by_code
        )
    if indicator not in country.monthly_tables:
        return False
    return bool(monthly_values(country, places=["municipality"], indicators=(indicator,)).places)


def _other_definitions(
    country: Country,
    outcome: Outcome,
    setting: Setting,
    months: np.ndarray,
    as_of: date | None,
    evaluation: Evaluation,
) -> dict[str, Floats]:
    """The same outcome under other definitions, by the places of the setting; those that this record has, whole."""
    found: dict[str, Floats] = {}
    for name in outcome.also:
        try:
            other = counted_outcome(
                country, find_outcome(country, name), evaluation.level, months, as_of, country
            )
        except CareoError as error:
            if error.key not in ("panel_no_months", "setting_no_outcome", "setting_history_level"):
                raise
            continue
        rows = {code: row for row, code in enumerate(other.places)}
        if all(code in rows for code in setting.places):
            counts = other.counts[[rows[code] for code in setting.places]]
            if np.isfinite(counts).all() and not np.array_equal(counts, setting.counts):
                found[name] = counts
    return found


# ── treatment ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Picker:
    """What the settings of one evaluation have in common."""

    country: Country
    evaluation: Evaluation
    counted: Counted
    seed: int
    borders: Mapping[str, tuple[str, ...]] | None = None

    def setting(
        self, events: Iterable[Event], *, shut: Iterable[Event] = (), last: bool = False
    ) -> tuple[Setting, tuple[str, ...]]:
        """The setting of these events, and the places that are no comparison for want of a month; places of `shut` are none either."""
        evaluation, counted, country = self.evaluation, self.counted, self.country
        events = tuple(events)
        codes = counted.places
        start = self._starts(events, last=last)
        dose = (start >= 0).astype(float)
        whole = np.asarray(np.isfinite(counted.counts).all(axis=1))
        if evaluation.contrast:
            start, dose = _by_dose(country, evaluation.contrast, codes, counted.months, start, whole)
        closed = {
            *evaluation.not_compared,
            *(code for event in shut for code in _where(event, evaluation.level)),
        }
        self._check_observed(start)
        people = _people(country, codes, counted.months, start)
        known = np.asarray(np.isfinite(people).all(axis=1))
        kept = (whole & known) | (start >= 0)
        if evaluation.level == "nation":
            kept[:] = True
        places = tuple(code for code, there in zip(codes, kept.tolist(), strict=True) if there)
        by_size = evaluation.level == "municipality" and not evaluation.contrast
        open_ = np.array([code not in closed for code in codes], dtype=bool)
        setting = Setting(
            counts=counted.counts[kept],
            population=people[kept],
            places=places,
            first=counted.months[0].astype("datetime64[D]").item(),
            start=start[kept],
            dose=dose[kept],
            donors=((start < 0) & open_)[kept],
            neighbours=_borders(self.borders or country.neighbours, places),
            windows=evaluation.windows,
            seed=self.seed,
            strata=size_classes(people[kept][:, 0], start[kept] >= 0) if by_size else None,
        )
        return setting, tuple(code for code in codes if code not in places)

    def variant(
        self, events: Iterable[Event], *, shut: Iterable[Event] = (), last: bool = False
    ) -> Setting | None:
        """As `setting`; None where an event cannot be placed in this record, which is no matter of the main run."""
        try:
            return self.setting(events, shut=shut, last=last)[0]
        except CareoError as error:
            if not error.key.startswith("setting_"):
                raise
            return None

    def _starts(self, events: Sequence[Event], *, last: bool) -> Integers:
        counted, evaluation = self.counted, self.evaluation
        start = np.full(len(counted.places), NEVER, dtype=np.int64)
        rows = {code: row for row, code in enumerate(counted.places)}
        for event in events:
            at = self._month(event)
            everywhere = event.reach == "nation" or evaluation.level == "nation"
            for code in counted.places if everywhere else _where(event, evaluation.level):
                if code not in rows:
                    raise CareoError(
                        "setting_missing_place",
                        where=event.id,
                        found=_named(self.country, code),
                        fix="setting_place",
                    )
                now = start[rows[code]]
                start[rows[code]] = at if now < 0 else max(now, at) if last else min(now, at)
        return start

    def _month(self, event: Event) -> int:
        """The index of an event's month in the record that is looked at."""
        months = self.counted.months
        if len(event.date) < len("2018-11"):
            raise CareoError(
                "setting_dated", where=event.id, found=event.date, expected="2018-11 | 2018-11-14"
            )
        month = np.datetime64(first_day(event.date), "M")
        at = int((month - months[0]).astype(int))
        words = {"where": event.id, "found": str(month), "expected": f"{months[0]} – {months[-1]}"}
        if at >= len(months):
            raise CareoError("setting_after", fix="setting_period", **words)
        if at < LEAST_BEFORE:
            raise CareoError("setting_before", fix="setting_period", count=LEAST_BEFORE, **words)
        return at

    def _check_observed(self, start: Integers) -> None:
        """Refuses treated places whose outcome is missing where it matters, and those that are no place from the start."""
        counts, months = self.counted.counts, self.counted.months
        end = max(window[1] for window in self.evaluation.windows)
        for row in np.flatnonzero(start >= 0) if self.evaluation.level != "nation" else ():
            seen = np.isfinite(counts[row])
            code = _named(self.country, self.counted.places[row])
            began = int(np.argmax(seen)) if seen.any() else len(seen)
            others = np.isfinite(np.delete(counts, row, axis=0))
            if 0 < began < len(seen) and seen[began:].all() and others[:, :began].any(axis=0).all():
                raise CareoError("setting_split", place=code, month=str(months[began]), fix="setting_split")
            if not seen[: start[row] + end + 1].all():
                missing = months[: start[row] + end + 1][~seen[: start[row] + end + 1]]
                raise CareoError(
                    "setting_missing",
                    where=self.counted_name,
                    found=f"{code}: {_listed(missing)}",
                    fix="setting_missing",
                )

    @property
    def counted_name(self) -> str:
        """For messages."""
        return self.evaluation.outcome


def _by_dose(
    country: Country,
    contrast: Contrast,
    codes: Sequence[str],
    months: np.ndarray,
    start: Integers,
    whole: Flags,
) -> tuple[Integers, Floats]:
    """Of places without a missing month the upper half by dose per inhabitant is treated, each with its dose beside the highest."""
    first = months[int(start.max())]
    inside = {str(month) for month in np.arange(first, first + np.timedelta64(contrast.months, "M"))}
    told: dict[str, list[float]] = {code: [] for code in codes}
    for seen in country.series(contrast.indicator).observations:
        if seen.place in told and str(seen.period) in inside:
            told[seen.place].append(seen.value)
    lacking = [code for code, values in told.items() if not values]
    if lacking:
        raise CareoError(
            "setting_no_dose", where=contrast.indicator, found=", ".join(lacking[:8]), expected=f"{first} …"
        )
    held = np.array([np.mean(told[code]) for code in codes])
    people = _people(country, codes, months, start)[:, int(start.max())]
    each = held / people
    order = np.argsort(np.where(whole, -each, np.inf), kind="stable")
    high = np.zeros(len(codes), dtype=bool)
    high[order[: int(whole.sum()) // 2]] = True
    return np.where(high, start, NEVER), np.where(high, each / each[order[0]], 0.0)


def _check_treated(setting: Setting, events: Sequence[Event]) -> None:
    treated = setting.treated
    if not treated.any():
        raise CareoError(
            "setting_no_treated",
            found=", ".join(event.id for event in events) or "–",
            fix="setting_no_treated",
        )
    if treated.all():
        raise CareoError("setting_all_treated", count=len(setting.places), fix="setting_all_treated")
    if setting.compared.sum() < 2:
        raise CareoError(
            "setting_no_donors",
            found=str(int(setting.compared.sum())),
            expected="≥ 2",
            fix="setting_all_treated",
        )


def _check_places(country: Country, event: Event, level: str) -> None:
    for code in event.places + event.municipalities:
        if code not in country.places.by_code:
            raise CareoError("panel_place", where=event.id, found=repr(code))
    if level == "municipality" and event.reach == "places":
        for code in _where(event, level):
            if country.places.by_code[code].kind != level:
                raise CareoError(
                    "setting_wider_place",
                    where=event.id,
                    found=_named(country, code),
                    fix="setting_wider_place",
                )


def _newcomers(
    country: Country, counted: Counted, setting: Setting, borders: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Places that began within the period, by the treated place that they may have been part of: of its state, and beside it where borders are known."""
    seen = np.isfinite(counted.counts)
    began = seen.argmax(axis=1)
    whole = seen.sum(axis=1) == seen.shape[1] - began  # no gap after the first month
    new = {
        code: str(counted.months[at])
        for code, at, new in zip(
            counted.places, began.tolist(), whole & (began > 0) & seen.any(axis=1), strict=True
        )
        if new and seen[:, :at].any(axis=0).all()
    }
    by_code, found = country.places.by_code, dict[str, tuple[tuple[str, str], ...]]()
    for code, treated in zip(setting.places, setting.treated.tolist(), strict=True):
        beside = [
            (other, month)
            for other, month in new.items()
            if other != code and by_code[other].parent == by_code[code].parent
            and (code not in borders or other in borders[code])
        ]  # fmt: skip
        if treated and beside:
            found[code] = tuple(beside)
    return found


def _where(event: Event, level: str) -> tuple[str, ...]:
    """Codes of an event at a level; a municipality stands for itself only where municipalities are looked at."""
    return event.municipalities or event.places if level == "municipality" else event.places


def _another(one: Setting, main: Setting) -> bool:
    """Whether a variant can be run and treats other places, or at other dates, than the main run."""
    same = one.places == main.places and np.array_equal(one.start, main.start)
    return bool(one.treated.any()) and not one.treated.all() and not same


def _repeated(events: Sequence[Event]) -> bool:
    codes = [code for event in events for code in event.places]
    return len(codes) > len(set(codes))


# ── what stands around it ────────────────────────────────────────────────────────────────────────────────────────


def _people(country: Country, codes: Sequence[str], months: np.ndarray, start: Integers) -> Floats:
    """Inhabitants by place and month [persons; place, month], carried half a year beyond the first and last mid-year."""
    wider = np.arange(months[0] - np.timedelta64(_HELD, "M"), months[-1] + np.timedelta64(_HELD + 1, "M"))
    people = np.array(monthly_population(country, codes, wider))
    steps = np.arange(len(wider))
    for row in people:
        seen = np.flatnonzero(np.isfinite(row))
        if len(seen):
            held = np.clip(steps, seen[0], seen[-1])
            near = np.abs(steps - held) <= _HELD
            row[near] = row[held[near]]
    people = people[:, _HELD:-_HELD]
    lacking = [
        code
        for code, row, at in zip(codes, people, start, strict=True)
        if at >= 0 and not np.isfinite(row).all()
    ]
    if lacking:
        raise CareoError(
            "setting_population",
            places=", ".join(_named(country, code) for code in lacking[:8]),
            fix="setting_population",
        )
    return people


def _borders(known: Mapping[str, tuple[str, ...]], codes: Sequence[str]) -> Floats | None:
    """Row-normalised borders; None where nobody knows them."""
    rows = {code: row for row, code in enumerate(codes)}
    found = np.zeros((len(codes), len(codes)))
    for code, row in rows.items():
        for other in known.get(code, ()):
            if other in rows:
                found[row, rows[other]] = 1.0
    if not found.any():
        return None
    return found / np.maximum(found.sum(axis=1, keepdims=True), 1.0)


def _drawn(country: Country, boundaries: Path | None) -> Mapping[str, tuple[str, ...]] | None:
    """Who borders whom in a file of boundaries."""
    if boundaries is None:
        return None
    from careo.sources.boundaries import neighbours, read_boundaries

    key = ("neighbours", str(boundaries.resolve()))
    if key not in country.derived:
        country.derived[key] = neighbours(read_boundaries(boundaries, country.places.by_code.values()))
    return country.derived[key]


def _months(evaluation: Evaluation) -> np.ndarray:
    period = parse_period(evaluation.period)
    assert period.first is not None  # noqa: S101 - a file with an open period is refused
    assert period.last is not None  # noqa: S101
    return np.arange(
        np.datetime64(period.first, "M"), np.datetime64(period.last, "M") + np.timedelta64(1, "M")
    )


def _named(country: Country, code: str) -> str:
    place = country.places.by_code.get(code)
    return f"{code} ({place.name})" if place else code


def _listed(months: np.ndarray) -> str:
    names = [str(month) for month in months]
    return ", ".join(names[:4]) + (f" … ({len(names)})" if len(names) > 4 else "")
