"""A forecast in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from careo.base.fields import worded
from careo.base.texts import say
from careo.results.wording import number, place_name

if TYPE_CHECKING:
    from datetime import date

    from careo.panel import Country
    from careo.run.forecasts import Forecast

_MOST = 40
"""Places that a sentence names."""
_KEY = 12


def forecast_summary(found: Forecast, language: str) -> str:
    """The nation's next twelve months, from which origin and by what constants."""
    ahead = _months_ahead(found)
    nation = found.country.default_place
    low90, low50, median, high50, high90 = (number(round(q)) for q in found.outlook(nation).quantiles)
    return say(
        language, "forecast.summary", months=len(ahead), first=ahead[0], last=ahead[-1], nation=place_name(found.country, nation, language),
        median=median, low50=low50, high50=high50, low90=low90, high90=high90, origin=f"{found.origin:%Y-%m}",
        constants=constants_words(found, language),
    )  # fmt: skip


def constants_words(found: Forecast, language: str) -> str:
    """Which constants, and what they were learnt from."""
    used = found.calibration
    kind = "learnt" if used.origins else "prior"
    return say(
        language, f"forecast.constants.{kind}", origins=used.origins, until=used.until, sha=used.key[:_KEY]
    )


def homicide_words(country: Country, month: date, language: str) -> str:
    """Which official counts are the homicides of a forecast, or of futures that start from one.

    Args:
        month: the last that it has seen.
    """
    from careo.run.history import homicide_series

    names = [worded(country.indicators[one].name, language) for one in homicide_series(country, month)]
    return say(language, f"forecast.counted.{'sum' if len(names) > 1 else 'one'}", series=" + ".join(names))


def forecast_caveats(found: Forecast, language: str) -> tuple[str, ...]:
    """What must be said of it: what was not known, not observed, not filled."""
    return tuple(_caveats(found, language))


def _caveats(found: Forecast, language: str) -> Iterable[str]:
    from careo.run.calibrate import load_calibration
    from careo.run.hindcast import LAST_LEAD

    yield homicide_words(found.country, found.origin, language)
    if found.pseudo:
        yield say(language, "forecast.caveat.pseudo", last=f"{found.record_end:%Y-%m}")
    if found.unobserved:
        yield say(language, "forecast.caveat.unobserved", months=_by_place(found, found.unobserved, language))
    if found.provisional:
        months = [str(month)[:7] for month in found.observed["month"].values[-found.provisional :]]
        yield say(
            language, "forecast.caveat.provisional", count=found.provisional, first=months[0], last=months[-1]
        )
    if found.gaps:
        yield say(language, "forecast.caveat.gaps", months=_by_place(found, found.gaps, language))
    if found.months > LAST_LEAD:
        yield say(language, "forecast.caveat.far", months=LAST_LEAD)
    if (
        not found.pseudo
        and not found.provisional
        and found.calibration.key == load_calibration(found.country.key).key
    ):
        yield say(language, "forecast.caveat.same", seed=found.seed)
    yield say(language, "forecast.caveat.sums")


def _by_place(found: Forecast, cells: Sequence[tuple[str, str]], language: str) -> str:
    """ "Colima 2023-11, 2023-12; Nayarit 2023-12"."""
    told = [
        f"{place_name(found.country, code, language)} {', '.join(month for _, month in months)}"
        for code, months in groupby(cells, key=lambda cell: cell[0])
    ]
    more = [say(language, "forecast.caveat.more", count=len(told) - _MOST)] if len(told) > _MOST else []
    return "; ".join([*told[:_MOST], *more])


def _months_ahead(found: Forecast) -> list[str]:
    """The months that the summary is about: the next twelve, or all where they are fewer."""
    return [str(month)[:7] for month in found.total["month"].values[-found.months :][:12]]
