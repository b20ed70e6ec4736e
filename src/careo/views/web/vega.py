"""The same `Plot` as a Vega-Lite specification, for reading values off it: what `draw` sets on paper, made with Altair to be pointed at.

The drawing stands in the page; `static/charts.js` puts this in its place when somebody points at it. Only our own words and numbers enter.
"""

from __future__ import annotations

from typing import Any

from careo.base.texts import say
from careo.views.drawing import Plot

_HEIGHT, _WIDE = 190, 700  # of the plot [pixels]; it is as wide as the page lets it, about so wide
_SHADE, _CLAIM = "#f1eadb", "#111111"


def vega(plot: Plot, title: str, language: str) -> dict[str, Any]:
    """A plot as a Vega-Lite specification with its data inside; `title` for whoever cannot see it.

    Pointing anywhere shows the values of the nearest time, those of all lines together: strips as wide as a step carry the bubble.
    """
    import altair as alt

    years = alt.Axis(format="d", tickMinStep=1, grid=False)
    time = alt.X("time:Q", title=None, scale=alt.Scale(zero=False, nice=False), axis=years)
    axis = alt.Axis(format="%" if plot.share else ",~g", tickCount=5, domain=False, ticks=False)
    written = ".1%" if plot.share else ",.4~g"

    def of(field: str) -> Any:
        return alt.Y(f"{field}:Q", title=plot.unit or None, axis=axis)

    layers: list[Any] = []
    if plot.span:
        span = alt.Data(values=[{"from": _short(plot.span[0]), "to": _short(plot.span[1])}])
        layers.append(alt.Chart(span).mark_rect(color=_SHADE).encode(x="from:Q", x2="to:Q"))
    for colour, band in plot.bands:
        rows = [{"time": _short(at), "low": _short(low), "high": _short(high)} for at, low, high in band]
        area = alt.Chart(alt.Data(values=rows)).mark_area(color=colour)
        layers.append(area.encode(x=time, y=of("low"), y2="high:Q"))
    near = alt.selection_point(
        name="near", on="pointerover", fields=["time"], empty=False, clear="pointerout"
    )
    rows = [
        {"time": _short(at), "value": _short(value), "line": letter, **({"part": part} if plot.gap else {})}
        for letter in plot.lines
        for part, line in enumerate(plot.stretches(letter))
        for at, value in line
    ]
    scale = alt.Scale(domain=list(plot.colours), range=list(plot.colours.values()))
    lined = alt.Chart(alt.Data(values=rows)).encode(
        x=time,
        y=of("value"),
        color=alt.Color("line:N", scale=scale, legend=None),
        detail=["line:N", "part:N"] if plot.gap else "line:N",
    )
    shown = alt.condition(near, alt.value(1.0), alt.value(0.55 if plot.dots else 0.0))
    layers += [
        lined.mark_line(strokeWidth=2, strokeJoin="round"),
        lined.mark_circle(size=42).encode(opacity=shown),
    ]
    if plot.claims:
        marks = [{"time": _short(at), "value": _short(value)} for at, value in plot.claims]
        claim = alt.Chart(alt.Data(values=marks)).mark_point(
            shape="diamond", filled=True, color=_CLAIM, size=90, opacity=1
        )
        layers.append(claim.encode(x=time, y=of("value")))
    strips = _strips(plot)
    one = plot.unit or say(language, "web.chart.value")
    bubble = [alt.Tooltip("when:N", title=say(language, "web.chart.when"))]
    bubble += [
        alt.Tooltip(f"v{at}:Q", title=letter or one, format=written) for at, letter in enumerate(plot.lines)
    ]
    if plot.bands:
        bubble += [alt.Tooltip("from:Q", title=say(language, "web.chart.from"), format=written)]
        bubble += [alt.Tooltip("to:Q", title=say(language, "web.chart.to"), format=written)]
    pointed = alt.Chart(alt.Data(values=strips)).mark_rule(
        strokeWidth=max(3.0, _short(_WIDE / max(len(strips), 1))), opacity=0.001
    )
    layers.append(pointed.encode(x=time, tooltip=bubble).add_params(near))
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    whole = alt.layer(*layers).properties(
        width="container", height=_HEIGHT, background="transparent", description=title, autosize=fit
    )
    # unchecked: the check against the schema takes longer than all the rest; a test does it
    spec: dict[str, Any] = whole.configure_view(stroke=None).to_dict(validate=False)
    spec.pop("$schema", None)  # an address elsewhere; nothing is ever asked there
    return spec


def _strips(plot: Plot) -> list[dict[str, float | str]]:
    """One row a time: when, the value of each line, the ends of the widest band."""
    rows: dict[float, dict[str, float | str]] = {}
    for index, line in enumerate(plot.lines.values()):
        for at, value in line:
            rows.setdefault(_short(at), {})[f"v{index}"] = _short(value)
    for at, low, high in plot.bands[0][1] if plot.bands else ():
        rows.setdefault(_short(at), {}).update({"from": _short(low), "to": _short(high)})
    return [{"time": at, "when": _when(at), **rows[at]} for at in sorted(rows)]


def _short(value: float) -> float:
    return float(f"{value:.7g}")


def _when(time: float) -> str:
    """A time in years as people say it: a year where it is whole, else its month."""
    if time == int(time):
        return str(int(time))
    month = int(time * 12 + 1e-6)
    return f"{month // 12}-{month % 12 + 1:02}"
