"""Fan charts: what was observed, then the median of what comes between bands of 50% and 90%."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from careo.base.texts import say
from careo.results.wording import number, place_name
from careo.views.drawing import Plot, draw

if TYPE_CHECKING:
    import numpy as np

    from careo.run.ensemble import Ensemble
    from careo.run.forecasts import Forecast

_LINE, _HALF, _MOST, _OTHER = "#0072b2", "#9fc4e0", "#d7e6f2", "#555555"
_NARROW = 330.0  # of two pictures side by side


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


def draw_level_fan(found: Ensemble, outcome: str, language: str) -> str:
    """What an outcome of the nation comes to, month by month, under the last strategy; the median of the status quo beside it."""
    counts, times = _of_nation(found, outcome)
    if counts is None:
        return ""
    quiet, ours = _quantiles(counts[0]), _quantiles(counts[-1])
    letters = (say(language, "web_laboratory.letter.ours"), say(language, "web_laboratory.letter.status_quo"))
    name = say(language, f"simulate.outcome.{outcome}")
    title = say(language, "web_laboratory.picture.level", outcome=name)
    plot = Plot(
        lines={
            letters[1]: list(zip(times, quiet[2], strict=True)),
            letters[0]: list(zip(times, ours[2], strict=True)),
        },
        colours={letters[0]: _LINE, letters[1]: _OTHER},
        unit=title,
        bands=tuple(
            (colour, list(zip(times, ours[low], ours[high], strict=True)))
            for colour, low, high in ((_MOST, 0, 4), (_HALF, 1, 3))
        ),
        dots=False,
        width=_NARROW,
    )
    return draw(plot, f"{title}. {say(language, 'web_laboratory.picture.level_note')}")


def draw_change_fan(found: Ensemble, outcome: str, language: str) -> str:
    """How far an outcome is from the status quo in the same draw, by year, in per cent: median, 50% and 90%."""
    import numpy as np

    o = found.outcomes.index(outcome)
    yearly = found.by_year[:, o].sum(axis=1)
    whole = (found.by_year[:, o] >= 0).all(axis=(0, 1, 2))
    if not whole.any():
        return ""
    base = np.maximum(yearly[0][:, whole], 1)
    change = _quantiles(100.0 * (yearly[-1][:, whole] - yearly[0][:, whole]) / base)
    start = found.start.year + (found.start.month - 1) / 12
    times = [start + k + 0.5 for k in range(yearly.shape[1])]
    title = say(
        language, "web_laboratory.picture.change", outcome=say(language, f"simulate.outcome.{outcome}")
    )
    plot = Plot(
        lines={"": list(zip(times, change[2], strict=True))},
        colours={"": _LINE},
        unit=title,
        bands=tuple(
            (colour, list(zip(times, change[low], change[high], strict=True)))
            for colour, low, high in ((_MOST, 0, 4), (_HALF, 1, 3))
        ),
        width=_NARROW,
    )
    return draw(plot, f"{title}. {say(language, 'web_laboratory.picture.change_note')}")


def _of_nation(found: Ensemble, outcome: str) -> tuple[np.ndarray | None, list[float]]:
    """Counts of the draws that did not break down [strategy month draw], and the middles of the months."""
    monthly = found.by_month[:, found.outcomes.index(outcome)]
    whole = (monthly >= 0).all(axis=(0, 1))
    first = found.start.year + (found.start.month - 0.5) / 12
    times = [first + k / 12 for k in range(monthly.shape[1])]
    return (monthly[..., whole] if whole.any() else None), times


def _quantiles(draws: np.ndarray) -> list[list[float]]:
    """5, 25, 50, 75 and 95% over the last axis."""
    import numpy as np

    return np.quantile(draws, (0.05, 0.25, 0.5, 0.75, 0.95), axis=-1).tolist()


def _time(month: object) -> float:
    """The middle of a month in years."""
    year, number_ = str(month)[:7].split("-")
    return int(year) + (int(number_) - 0.5) / 12
