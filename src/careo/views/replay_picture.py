"""The fan of a replay: what was counted, before and after the origin, against what the laboratory would have said."""

from __future__ import annotations

import re

from careo.base.fields import worded
from careo.base.texts import say
from careo.results.replay import GroupReplay, Replay
from careo.results.replay_words import group_words
from careo.views.drawing import Plot, draw
from careo.views.images import FONTS
from careo.views.svg import GREY, coordinate, plain, words, wrapped

_COUNTED, _WITHOUT, _WITH = "#111111", "#3f6f8f", "#a04020"
# Translucent: where both intervals lie, both colours show.
_BANDS = {
    "without": ("rgba(63,111,143,.20)", "rgba(63,111,143,.30)"),
    "with_measure": ("rgba(200,110,50,.22)",),
}
_TOP, _LINE, _SIZE = 24.0, 15.0, 11.0
_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


def draw_fan(result: Replay, group: GroupReplay, language: str) -> str:
    """Homicides of a group by month, and the forecasts without and with the measure, as an SVG with its legend.

    A is the median without the measure, with its 50% and 90% intervals; B that with it, with its 90% interval; C what was counted.
    """
    start = result.case.start
    first = start.year + (start.month - 1) / 12
    times = [first + (month - group.before) / 12 for month in range(len(group.counted))]
    ahead = times[group.before :]
    medians = {
        letter: group.fans[name][2].tolist() for letter, name in (("A", "without"), ("B", "with_measure"))
    }
    counted = [
        (time, value) for time, value in zip(times, group.counted.tolist(), strict=True) if value == value
    ]
    bands = [
        (
            colour,
            list(
                zip(ahead, group.fans[name][end].tolist(), group.fans[name][-1 - end].tolist(), strict=True)
            ),
        )
        for name, colours in reversed(_BANDS.items())
        for end, colour in enumerate(colours)
    ]
    picture = Plot(
        {**{letter: list(zip(ahead, line, strict=True)) for letter, line in medians.items()}, "C": counted},
        {"A": _WITHOUT, "B": _WITH, "C": _COUNTED},
        unit=say(language, "replay.picture.unit"),
        bands=bands,
        dots=False,
    )
    named = group_words(result, group, language)
    finding = next(each for each in result.findings if each.extra["group"] == group.name)
    title = say(language, "replay.picture.title", title=worded(result.case.title, language), group=named)
    return _framed(draw(picture, title), title, finding.because, say(language, "replay.picture.note"))


def _framed(plot: str, title: str, told: str, note: str) -> str:
    """A plot with its title above and its legend below; what was found is for whoever cannot see it."""
    box = _BOX.search(plot)
    assert box is not None  # noqa: S101 - every plot has one
    width, height = float(box[1]), float(box[2])
    heads, notes = wrapped(title, 13, width), wrapped(note, _SIZE, width)
    top = _TOP + _LINE * (len(heads) - 1)
    out = [words(4, 16 + _LINE * at, line, size=13, bold=True) for at, line in enumerate(heads)]
    inner = plot.replace("<svg ", f'<svg y="{coordinate(top)}" width="{box[1]}" height="{box[2]}" ', 1)
    out.append(inner.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1))
    floor = top + height + 12
    out += [words(4, floor + _LINE * at, line, size=_SIZE, fill=GREY) for at, line in enumerate(notes)]
    size = f"0 0 {coordinate(width)} {coordinate(floor + _LINE * (len(notes) - 1) + 6)}"
    label = plain(f"{title}. {told}")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img" aria-label="{label}"><title>{plain(title)}</title>'
    return f'{head}<g font-family="{FONTS}">{"".join(out)}</g></svg>\n'
