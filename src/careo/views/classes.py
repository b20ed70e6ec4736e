"""Classes of values for a map: which belong together, in what colour, and how they are written.

Classes hold about as many places each, equal values never part, and the bounds printed are values that occur: a class says what is in
it. Colours go from light to dark in even steps of lightness, so they can be told apart in grey and by the colour-blind.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

# Our own ramp: nine even steps of OKLab lightness (0.925 to 0.28), hue from yellow over green to violet.
RAMP = ("#f0eb9d", "#b1dc84", "#60cc87", "#00b296", "#019397", "#05758f", "#045886", "#273c68", "#26224c")
DARK, LIGHT = "#111111", "#ffffff"
_MOST_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class ValueClass:
    """Values that are drawn alike.

    Attributes:
        low, high: the least and the greatest value in it. count: how many places.
        colour: of the area; ink: of words on it (contrast at least 4.5 to 1).
    """

    low: float
    high: float
    count: int
    colour: str
    ink: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The classes of a map, lowest first; none where nothing was observed.

    Attributes:
        classes: of values. decimals: with which values and bounds are written. share: values are parts of one.
    """

    classes: tuple[ValueClass, ...]
    decimals: int
    share: bool

    def of(self, value: float) -> ValueClass:
        """The class of one of the values that the scale was made from."""
        return next(c for c in reversed(self.classes) if value >= c.low)

    def write(self, value: float) -> str:
        """A value as the map writes it: "1,234", "12.5", "15%", "−3"."""
        return _written(value, self.decimals, self.share)


def scale_of(values: Collection[float], *, share: bool = False, most: int = 5) -> Scale:
    """Values put into at most `most` classes."""
    groups = [(value, len(list(same))) for value, same in groupby(sorted(values))]
    cut = _cut(groups, most)
    colours = [_colour(index, len(cut)) for index in range(len(cut))]
    classes = tuple(
        ValueClass(part[0][0], part[-1][0], sum(count for _, count in part), colour, ink_on(colour))
        for part, colour in zip(cut, colours, strict=True)
    )
    return Scale(classes, _decimals(classes, [value for value, _ in groups], share), share)


def _cut(groups: Sequence[tuple[float, int]], most: int) -> list[list[tuple[float, int]]]:
    """Groups of equal values → classes of about as many places each, in order."""
    parts: list[list[tuple[float, int]]] = []
    left = sum(count for _, count in groups)
    part: list[tuple[float, int]] = []
    held = 0
    for value, count in groups:
        open_classes = most - len(parts)
        if part and open_classes > 1 and held + count / 2 > left / open_classes:
            parts.append(part)
            left -= held
            part, held = [], 0
        part.append((value, count))
        held += count
    return [*parts, part] if part else parts


def _colour(index: int, count: int) -> str:
    """The colour of a class: the ramp from its light end, all of it where there are several classes."""
    place = (index + 0.5) / count * (len(RAMP) - 1) if count < 3 else index / (count - 1) * (len(RAMP) - 1)
    low = min(int(place), len(RAMP) - 2)
    return "#" + "".join(
        f"{round(a + (b - a) * (place - low)):02x}"
        for a, b in zip(_channels(RAMP[low]), _channels(RAMP[low + 1]), strict=True)
    )


def ink_on(colour: str) -> str:
    """Dark or light words, whichever stand out more on a colour."""
    shine = luminance(colour) + 0.05
    return DARK if shine / (luminance(DARK) + 0.05) >= 1.05 / shine else LIGHT


def luminance(colour: str) -> float:
    """Relative luminance of a colour "#rrggbb", as WCAG 2 defines it [0 to 1]."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _decimals(classes: Sequence[ValueClass], values: Sequence[float], share: bool) -> int:
    """As few decimals as the size of the values asks for, and enough that no two bounds look alike."""
    size = max((abs(value) for value in values), default=0.0) * (100 if share else 1)
    whole = all(value == int(value) for value in values) and not share
    fewest = 0 if whole or size >= 1000 else 1 if size >= 10 else 2
    bounds = sorted({bound for c in classes for bound in (c.low, c.high)})
    for decimals in range(fewest, _MOST_DECIMALS):
        if len({_written(bound, decimals, share) for bound in bounds}) == len(bounds):
            return decimals
    return _MOST_DECIMALS


def _written(value: float, decimals: int, share: bool) -> str:
    if value == 0:  # none at all, which 0.0 would leave open
        decimals, value = 0, 0.0
    text = f"{value * (100 if share else 1):,.{decimals}f}"
    return text.replace("-", "−", 1) + ("%" if share else "")
