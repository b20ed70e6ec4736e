"""Fan charts: what was observed, then the median of what comes between bands of 50% and 90%."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from careo.base.texts import say
from careo.results.wording import number, place_name
from careo.views.drawing import Plot, draw

if TYPE_CHECKING:
    from careo.run.forecasts import Forecast

_LINE, _HALF, _MOST = "#0072b2", "#9fc4e0", "#d7e6f2"


def draw_fan(found: Forecast, code: str, language: str, *, recent: int) -> str:
    """A place's last `recent` observed months and all that is drawn of it, as an SVG with its own title."""
    _, quantiles, kinds, record = found.of(code)
    first = kinds["month"].values[0]
    seen = [
        (_time(at), float(count))
        for at, count in zip(record["month"].values, record.values, strict=True)
        if at < first and not math.isnan(count)
    ][-recent:]
    drawn = [
        (_time(at), *(float(q) for q in row))
        for at, row in zip(kinds["month"].values, quantiles.values, strict=True)
    ]
    # Bands begin at the last observed month, where all quantiles are the count.
    start = [(*seen[-1], *[seen[-1][1]] * 4)] if seen else []
    fan = [*start, *drawn]
    late = [
        _time(at) for at, kind in zip(kinds["month"].values, kinds.values, strict=True) if kind == "nowcast"
    ]
    title = say(language, "forecast.picture.title", place=place_name(found.country, code, language))
    note = say(language, "forecast.picture.note", draws=number(found.draws))
    plot = Plot(
        lines={"": [*seen, *((time, median) for time, _, _, median, _, _ in drawn)]},
        colours={"": _LINE},
        unit=title,
        span=(late[0] - 0.5 / 12, late[-1] + 0.5 / 12) if late else None,
        spanned=say(language, "forecast.picture.nowcast") if late else "",
        bands=(
            (_MOST, [(row[0], row[1], row[5]) for row in fan]),
            (_HALF, [(row[0], row[2], row[4]) for row in fan]),
        ),
        dots=False,
    )
    return draw(plot, f"{title}. {note}") + "\n"


def _time(month: object) -> float:
    """The middle of a month in years."""
    year, number_ = str(month)[:7].split("-")
    return int(year) + (int(number_) - 0.5) / 12
