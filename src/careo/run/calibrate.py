"""The forecaster's constants of a country: fitted to its record, written to a file, read back.

`forecast.yaml` says what is believed of them before the record speaks, which origins it is asked at, and as how many independent observations
its answers count. What comes of it stands in `calibration.yaml`, the same bytes whenever the same record is asked: numbers are rounded
to six decimals, far beyond what is known of them, so that they do not depend on the machine. Nothing after `until` is looked at.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import ConfigDict, Field

from careo.base.dates import month_end
from careo.base.errors import CareoError
from careo.base.fields import CLOSED, DateText
from careo.base.files import writing
from careo.base.shipped import country_folder
from careo.base.yaml_files import build, read_written
from careo.model.calibration import (
    Cases,
    cases_of,
    correlation_by_lead,
    dependence_of,
    dispersion_of,
    fit_constants,
)
from careo.model.counts import season_of
from careo.model.forecast import CONSTANTS, Constants, Features, features_of
from careo.panel.country import Country, country_of
from careo.run.forecast_file import CalibrationPlan
from careo.run.history import (
    MEAN_MONTH_DAYS,
    History,
    Join,
    calibration_plan,
    exposure_days,
    homicide_history,
    joins,
)

if TYPE_CHECKING:
    import xarray as xr

Floats = np.ndarray

DECIMALS = 6
LEADS = np.arange(3, 15)
"""Months ahead that the constants are learnt from: those that forecasts are scored on."""
FEWEST_MONTHS = 24
"""Of a record before its first origin."""
FAR_LEADS = np.array([3, 6, 9, 12, 14, 24, 36, 48, 60, 72])
"""Months ahead that say how states move together."""
FEWEST_FAR_ORIGINS = 24
"""With fewer of them the dependence of `forecast.yaml` stands."""
_SCHEMA = "careo.calibration/1"


@dataclass(frozen=True, eq=False)
class Calibration:
    """The forecaster's constants of a country, and what they come from.

    Attributes:
        constants: their joint law. prior_mean, prior_sd: before the record spoke [constant].
        learnt: the share of each prior variance that the record removed [constant].
        until: the last month looked at. origins: how many. first_origin, last_origin: of them, by month. effective: as how many independent
            observations what came after them counts.
        key: sha256 of the constants. record: sha256 of the history they were learnt from; both empty where there is only a prior.
    """

    constants: Constants
    prior_mean: Floats
    prior_sd: Floats
    learnt: Floats
    until: str
    origins: int
    first_origin: str
    last_origin: str
    effective: float
    key: str
    record: str


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """How a calibration went.

    Attributes:
        steps: of the search. steepest: the largest slope left, per prior sd. cases: outcomes that were looked at.
        ratios: state → what counts before the join are multiplied by. levels: state → events a month at the end. restless: state →
            standard deviation of a three-month change. correlation: lead → of errors between states; NaN where the record is too short.
    """

    steps: int
    steepest: float
    cases: int
    ratios: Mapping[str, float]
    levels: Mapping[str, float]
    restless: Mapping[str, float]
    correlation: Mapping[int, float]


def calibrate(
    panel: Country | xr.Dataset | None = None,
    *,
    until: date | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Calibration, Diagnostics]:
    """Fits the forecaster's constants to a country's record.

    Args:
        panel: a country, or a panel of it with its `as_of`; Mexico by default.
        until: the last month that may be looked at; by default the end of the years that forecasters may be tuned on.
        progress: called with the origins read so far, and how many there are.

    Raises:
        CareoError: the record is too short for a single origin before that month.
        DataError: a mistake in `forecast.yaml`.
    """
    country = country_of(panel)
    plan = calibration_plan(country)
    counted = homicide_history(panel, matched=False)
    end = min(np.datetime64(until or month_end(plan.until, 12), "M"), np.datetime64(counted.last, "M"))
    origins = _origins(counted, joins(country), plan, end, LEADS)
    if not origins:
        raise CareoError(
            "calibrate_short", where=country.key, last=str(end), months=int(LEADS[-1]), fix="calibrate_later"
        )
    far_origins = _origins(counted, joins(country), plan, end, FAR_LEADS)
    known: dict[np.datetime64, Features] = {}
    for done, origin in enumerate((every := sorted({*origins, *far_origins})), 1):
        known[origin] = _known(homicide_history(panel, last=_day(origin)), counted.places)
        if progress:
            progress(done, len(every))

    def cases(leads: np.ndarray, chosen: Sequence[np.datetime64]) -> Cases:
        lengths = [
            exposure_days(_day(origin + np.timedelta64(1, "M")), int(leads[-1])) / MEAN_MONTH_DAYS
            for origin in chosen
        ]
        came = [_came(counted, origin, leads) for origin in chosen]
        return cases_of([known[origin] for origin in chosen], list(zip(lengths, came, strict=True)), leads)

    last = homicide_history(panel, last=_day(end))
    dispersion = dispersion_of(last.counts, last.exposure)
    near = cases(LEADS, origins)
    prior_mean, prior_sd = _prior(plan.prior)
    found = fit_constants(near, prior_mean, prior_sd, effective=plan.effective, dispersion=dispersion)
    correlation = np.full(len(FAR_LEADS), np.nan)
    if len(far_origins) >= FEWEST_FAR_ORIGINS:
        correlation = correlation_by_lead(cases(FAR_LEADS, far_origins), found.mean)
        dependence, dependence_months = dependence_of(correlation, FAR_LEADS)
    else:
        dependence, dependence_months = plan.dependence, plan.dependence_months
    constants = Constants(
        _rounded(found.mean),
        _rounded(np.linalg.cholesky(found.covariance)),
        float(_rounded(np.array(dispersion))),
        float(_rounded(np.array(dependence))),
        dependence_months,
    )
    features = features_of(last.counts, last.exposure, season_of(last.counts, last.exposure))
    calibration = Calibration(
        constants, prior_mean, prior_sd, _rounded(found.learnt), str(end), len(origins), str(origins[0]), str(origins[-1]),
        plan.effective, constants_key(constants), record_key(last),
    )  # fmt: skip
    by_place = lambda values: dict(zip(last.places, np.asarray(values).tolist(), strict=True))  # noqa: E731
    return calibration, Diagnostics(
        found.steps, found.steepest, int((~np.isnan(near.observed)).sum()), by_place(last.factors[:, 0]),
        by_place(np.exp(features.level)), by_place(np.sqrt(features.volatility)),
        dict(zip(FAR_LEADS.tolist(), correlation.tolist(), strict=True)),
    )  # fmt: skip


@cache
def load_calibration(country: str = "mexico") -> Calibration:
    """The calibration that a country ships; its prior, drawn, where it ships none.

    Raises:
        DataError: a mistake in `calibration.yaml` or `forecast.yaml`; says file and line.
    """
    path = country_folder(country) / "calibration.yaml"
    if path.is_file():
        return read_calibration(path)
    from careo.panel.country import load_country

    plan = calibration_plan(load_country(country))
    mean, sd = _prior(plan.prior)
    constants = Constants(mean, np.diag(sd), plan.dispersion, plan.dependence, plan.dependence_months)
    return Calibration(
        constants, mean, sd, np.zeros(len(mean)), "", 0, "", "", plan.effective, constants_key(constants), ""
    )


def read_calibration(path: str | Path) -> Calibration:
    """A calibration from a file that `write_calibration` wrote.

    Raises:
        DataError: it cannot be read, is of another shape, or was changed since it was written.
    """
    written = read_written(path)
    made, mistakes = build(written, _File)
    if made is None:
        raise mistakes[0]
    for name in sorted(made.constants.keys() - set(CONSTANTS)):
        raise written.error(("constants", name), "file_unknown_key", known=CONSTANTS, found=name)
    for name in sorted(set(CONSTANTS) - made.constants.keys()):
        raise written.error(("constants", name), "file_missing", fix="file_add")
    rows = [made.constants[name] for name in CONSTANTS]
    factor = np.zeros((len(rows), len(rows)))
    for k, row in enumerate(rows):
        if len(row.factor) != k + 1:
            raise written.error(
                ("constants", CONSTANTS[k], "factor"),
                "file_value",
                expected=f"[{k + 1}]",
                found=f"[{len(row.factor)}]",
            )
        factor[k, : k + 1] = row.factor
    column = lambda name: np.array([getattr(row, name) for row in rows])  # noqa: E731
    constants = Constants(column("mean"), factor, made.dispersion, made.dependence, made.dependence_months)
    if not constants.sound():
        raise written.error(("constants",), "calibration_constants", fix="calibrate_again")
    if constants_key(constants) != made.sha256:
        raise written.error(
            ("sha256",), "calibration_changed", expected=made.sha256[:12], found=constants_key(constants)[:12], fix="calibrate_again",
        )  # fmt: skip
    return Calibration(
        constants, column("prior_mean"), column("prior_sd"), column("learnt"), made.until, made.origins.count,
        made.origins.first, made.origins.last, made.effective, made.sha256, made.record_sha256,
    )  # fmt: skip


def write_calibration(calibration: Calibration, path: str | Path) -> None:
    """Writes a calibration, whole or not at all; the same one gives the same bytes.

    Raises:
        OutputError: it cannot be written. CareoError: it is only a prior.
    """
    if not calibration.origins:
        raise CareoError("calibration_prior", where=str(path))
    with writing(Path(path)) as draft:
        draft.write_text(calibration_text(calibration), encoding="utf-8")


def calibration_text(calibration: Calibration) -> str:
    """A calibration as its file has it."""
    c = calibration.constants
    lines = [
        "# The forecaster's constants, as `careo calibrate` wrote them: a mode, and the factor of their covariance (lower triangle, row by row).",
        "# Not for editing: the sum of its numbers is checked when it is read. What is believed before stands in forecast.yaml.",
        f"schema: {_SCHEMA}",
        f"sha256: {calibration.key}",
        f"record_sha256: {calibration.record}",
        f"until: {calibration.until}",
        f"origins: {{first: {calibration.first_origin}, last: {calibration.last_origin}, count: {calibration.origins}}}",
        f"effective: {calibration.effective!r}",
        f"dispersion: {c.dispersion!r}",
        f"dependence: {c.dependence!r}",
        f"dependence_months: {c.dependence_months!r}",
        "constants:",
    ]
    for k, name in enumerate(CONSTANTS):
        lines += [
            f"  {name}:",
            f"    mean: {float(c.mean[k])!r}",
            f"    factor: {[float(x) for x in c.factor[k, : k + 1]]!r}",
            f"    prior_mean: {float(calibration.prior_mean[k])!r}",
            f"    prior_sd: {float(calibration.prior_sd[k])!r}",
            f"    learnt: {float(calibration.learnt[k])!r}",
        ]
    return "\n".join(lines) + "\n"


def constants_key(constants: Constants) -> str:
    """sha256 of what forecasts depend on."""
    shared = [constants.dispersion, constants.dependence, constants.dependence_months]
    content = [list(CONSTANTS), constants.mean.tolist(), constants.factor.tolist(), shared]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def record_key(history: History) -> str:
    """sha256 of a history: places, first month, counts."""
    counts = ["" if math.isnan(x) else repr(round(x, 6)) for x in history.counts.ravel().tolist()]
    content = [list(history.places), history.first.isoformat(), list(history.counts.shape), counts]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Row:
    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    mean: float
    factor: tuple[float, ...]
    prior_mean: float
    prior_sd: Annotated[float, Field(gt=0)]
    learnt: Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class _Origins:
    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    first: DateText
    last: DateText
    count: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, slots=True)
class _File:
    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    schema: Annotated[str, Field(pattern=f"^{_SCHEMA}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    record_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    until: DateText
    origins: _Origins
    effective: Annotated[float, Field(gt=0)]
    dispersion: Annotated[float, Field(ge=0)]
    dependence: Annotated[float, Field(ge=0, le=1)]
    dependence_months: Annotated[float, Field(gt=0)]
    constants: Mapping[str, _Row]


def _prior(prior: Mapping[str, tuple[float, float]]) -> tuple[Floats, Floats]:
    mean, sd = (np.array([prior[name][k] for name in CONSTANTS]) for k in (0, 1))
    return mean, sd


def _origins(
    counted: History, crossed: Sequence[Join], plan: CalibrationPlan, until: np.datetime64, leads: np.ndarray
) -> list[np.datetime64]:
    """Every so many months from the first one on, as long as what came is known and counted by the source that was seen."""
    ahead = leads.astype("timedelta64[M]")
    begin = max(
        np.datetime64(plan.first_origin, "M"),
        np.datetime64(counted.first, "M") + np.timedelta64(FEWEST_MONTHS, "M"),
    )
    crossings = [(np.datetime64(join.seen_from, "M"), np.datetime64(join.until, "M")) for join in crossed]
    return [
        origin
        for origin in np.arange(
            begin, until - np.timedelta64(int(leads[-1]) - 1, "M"), np.timedelta64(plan.every_months, "M")
        )
        if all(
            origin + ahead[0] > last if origin >= seen else origin + ahead[-1] <= last
            for seen, last in crossings
        )
    ]


def _known(history: History, places: Sequence[str]) -> Features:
    """What a history says of each of these places; NaN of one that it does not know yet."""
    found = features_of(history.counts, history.exposure, season_of(history.counts, history.exposure))
    rows = [places.index(code) for code in history.places]
    names = ("level", "distance", "momentum", "volatility")
    spread = {name: np.full(len(places), np.nan) for name in names}
    for name in names:
        spread[name][rows] = getattr(found, name)
    return replace(found, **spread)


def _came(counted: History, origin: np.datetime64, leads: np.ndarray) -> Floats:
    """What was counted after an origin `[events/month; place, lead]`."""
    return counted.counts[
        :, (origin + leads.astype("timedelta64[M]") - np.datetime64(counted.first, "M")).astype(int)
    ]


def _rounded(values: Floats) -> Floats:
    return np.round(values, DECIMALS) + 0.0  # no −0


def _day(month: np.datetime64) -> date:
    return month.astype("datetime64[D]").astype(date)
