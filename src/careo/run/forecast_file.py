"""What a country's `forecast.yaml` holds: the series of the history, how forecasts are judged, what is believed before the record speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from careo.base.errors import DataError
from careo.base.fields import CLOSED, DateText
from careo.base.shipped import laboratory_file
from careo.base.yaml_files import build, read_written
from careo.model.forecast import CONSTANTS
from careo.panel.country import Country
from careo.panel.monthly import monthly_indicators


@dataclass(frozen=True, slots=True)
class _Matching:
    """How a stretch is brought to the level of the next: by their ratio over a year, seen from an origin on."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    over: Annotated[int, Field(ge=1000, le=9999)]
    from_: Annotated[DateText, Field(alias="from")]


@dataclass(frozen=True, slots=True)
class HistoryStretch:
    """Series whose sum is the history up to a month; a value of `repaired_by` stands for the sum."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    sum_of: Annotated[tuple[str, ...], Field(min_length=1)]
    until: DateText | None = None
    matched_to_next: _Matching | None = None
    repaired_by: str | None = None


@dataclass(frozen=True, slots=True)
class Protocol:
    """How the country's forecasts are judged.

    Attributes:
        origins: The first and the last origin, a year apart from one another: "2008-10/2022-10".
        tuned_until, tested_until: The last target year that forecasters may be tuned on, and the last one they are tested on.
        columns: What the series of the history are called in a file of later months; where none is given, by their id.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    origins: Annotated[str, Field(pattern=r"^\d{4}-\d\d/\d{4}-\d\d$")]
    tuned_until: Annotated[int, Field(ge=1000, le=9999)]
    tested_until: Annotated[int, Field(ge=1000, le=9999)]
    columns: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class CalibrationPlan:
    """What is believed of the forecaster's constants before a record speaks, and how it is asked.

    Attributes:
        first_origin: of the origins. every_months: between them. until: the last year that may be looked at.
        effective: as how many independent observations all outcomes count. dispersion, dependence, dependence_months: where no record is asked.
        prior: constant → mean and standard deviation.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    first_origin: DateText
    every_months: Annotated[int, Field(ge=1, le=120)]
    until: Annotated[int, Field(ge=1000, le=9999)]
    effective: Annotated[float, Field(gt=0)]
    dispersion: Annotated[float, Field(ge=0)]
    dependence: Annotated[float, Field(ge=0, le=1)]
    dependence_months: Annotated[float, Field(gt=0)]
    prior: Mapping[str, tuple[float, Annotated[float, Field(gt=0)]]]


@dataclass(frozen=True, slots=True)
class MunicipalProtocol:
    """Which municipal record forecasts were tuned on.

    Attributes:
        series: The indicator.
        origins: The first and the last origin, a year apart from one another: "2007-10/2009-10".
        tuned_until: The last target year of that record that was tuned on; whatever else is imported is a test.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    series: str
    origins: Annotated[str, Field(pattern=r"^\d{4}-\d\d/\d{4}-\d\d$")]
    tuned_until: Annotated[int, Field(ge=1000, le=9999)]


@dataclass(frozen=True, slots=True)
class ForecastFile:
    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    history: Annotated[tuple[HistoryStretch, ...], Field(min_length=1)]
    hindcast: Protocol
    calibration: CalibrationPlan
    companions: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    municipalities: tuple[str, ...] = ()
    municipal_hindcast: MunicipalProtocol | None = None


def forecast_file(country: Country) -> ForecastFile:
    """The country's `forecast.yaml`, read once for all that is asked of this record."""
    key = ("forecast.yaml",)
    if key not in country.derived:
        country.derived[key] = _checked_file(country)
    return country.derived[key]


def _checked_file(country: Country) -> ForecastFile:
    written = read_written(laboratory_file(country.key, "forecast.yaml"))
    made, mistakes = build(written, ForecastFile)
    if made is None:
        raise mistakes[0]
    for k, stretch in enumerate(made.history):
        here = ("history", k)
        if (stretch.until is None) != (k == len(made.history) - 1):
            raise written.error((*here, "until"), "file_value", found=stretch.until)
        if stretch.matched_to_next and stretch.until is None:
            raise written.error((*here, "matched_to_next"), "file_value", found="matched_to_next")
        for i, name in enumerate(stretch.sum_of):
            _refuse_unknown(written.where((*here, "sum_of", i)), name, monthly_indicators(country))
        if stretch.repaired_by:
            _refuse_unknown(written.where((*here, "repaired_by")), stretch.repaired_by, country.indicators)
    for name in sorted(made.calibration.prior.keys() - set(CONSTANTS)):
        raise written.error(("calibration", "prior", name), "file_unknown_key", known=CONSTANTS, found=name)
    for name in sorted(set(CONSTANTS) - made.calibration.prior.keys()):
        raise written.error(("calibration", "prior", name), "file_missing", fix="file_add")
    for outcome, series in made.companions.items():
        for i, name in enumerate(series):
            _refuse_unknown(written.where(("companions", outcome, i)), name, country.indicators)
    for i, name in enumerate(made.municipalities):
        _refuse_unknown(written.where(("municipalities", i)), name, country.indicators)
    return made


def _refuse_unknown(where: str, name: str, known: object) -> None:
    if name not in known:  # pyright: ignore[reportOperatorIssue]
        raise DataError("usage_indicator", where=where, found=repr(name), fix="indicators")
