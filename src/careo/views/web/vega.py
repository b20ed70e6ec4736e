"""The same `Plot` as a Vega-Lite specification, for reading values off it: what `draw` sets on paper, made with Altair to be pointed at.

The drawing stands in the page; `static/charts.js` puts this in its place when somebody points at it. Only our own words and numbers enter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from careo.base.texts import say
from careo.views.drawing import Plot

WIDTH, HEIGHT = 500, 190
"""Of the plot itself [pixels]; as those of `draw`."""


def vega(plot: Plot, title: str, language: str) -> dict[str, Any]:
    """A plot as a Vega-Lite specification with its data inside; `title` for whoever cannot see it."""
    import altair as alt

    time = alt.X(
        "time:Q", title=None, scale=alt.Scale(zero=False, nice=False),
        axis=alt.Axis(format="d", tickMinStep=1, grid=False),
    )  # fmt: skip
    written = ".1%" if plot.share else ",.4~g"
    value = alt.Axis(format="%" if plot.share else ",~g", tickCount=5, domain=False, ticks=False)

    def of(field: str) -> Any:
        return alt.Y(f"{field}:Q", title=plot.unit or None, axis=value)

    layers: list[Any] = []
    if plot.span:
        span = alt.Data(values=[{"from": _round(plot.span[0]), "to": _round(plot.span[1])}])
        layers.append(alt.Chart(span).mark_rect(color="#f1eadb").encode(x="from:Q", x2="to:Q"))
    for colour, band in plot.bands:
        rows = [{"time": _round(at), "low": _round(low), "high": _round(high)} for at, low, high in band]
        told = alt.Chart(alt.Data(values=rows)).mark_area(color=colour)
        layers.append(told.encode(x=time, y=of("low"), y2="high:Q"))
    rows = [
        {"time": _round(at), "value": _round(value), "line": letter, "when": _when(at)}
        for letter, line in plot.lines.items()
        for at, value in line
    ]
    near = alt.selection_point(name="near", nearest=True, on="pointerover", fields=["time", "line"], empty=False, clear="pointerout")
    colours = alt.Scale(domain=list(plot.colours), range=list(plot.colours.values()))
    lined = alt.Chart(alt.Data(values=rows)).encode(
        x=time, y=of("value"), color=alt.Color("line:N", scale=colours, legend=None), detail="line:N"
    )
    layers.append(lined.mark_line(strokeWidth=2, strokeJoin="round"))
    tooltip = [
        alt.Tooltip("when:N", title=say(language, "web.chart.when")),
        alt.Tooltip("value:Q", title=plot.unit or say(language, "web.chart.value"), format=written),
    ]
    if len(plot.lines) > 1:
        tooltip.insert(0, alt.Tooltip("line:N", title=say(language, "web.chart.line")))
    shown = alt.condition(near, alt.value(1.0), alt.value(1.0 if plot.dots else 0.0))
    layers.append(
        lined.mark_circle(size=28 if plot.dots else 50).encode(opacity=shown, tooltip=tooltip).add_params(near)
    )
    if plot.claims:
        rows = [{"time": _round(at), "value": _round(value), "when": _when(at)} for at, value in plot.claims]
        marks = alt.Chart(alt.Data(values=rows)).mark_point(shape="diamond", filled=True, color="#111111", size=90, opacity=1)
        layers.append(marks.encode(x=time, y=of("value"), tooltip=tooltip[-2:]))
    chart = alt.layer(*layers).properties(
        width="container", height=HEIGHT, background="transparent", description=title, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    )  # fmt: skip
    spec: dict[str, Any] = chart.configure_view(stroke=None).to_dict(validate=False)
    spec.pop("$schema", None)  # an address elsewhere; nothing is ever asked there
    return spec


def twins(plots: Mapping[str, tuple[Plot, str]], language: str) -> dict[str, str]:
    """Specifications by the name of the picture, as JSON that may stand in a data block of a page: no `<` can end the block."""
    return {
        name: json.dumps(vega(plot, title, language), ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
        for name, (plot, title) in plots.items()
    }


def _round(value: float) -> float:
    return float(f"{value:.7g}")


def _when(time: float) -> str:
    """A time in years as people say it: a year where it is whole, else its month."""
    if time == int(time):
        return str(int(time))
    month = int(time * 12 + 1e-6)
    return f"{month // 12}-{month % 12 + 1:02}"
