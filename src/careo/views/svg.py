"""Words and coordinates of the pictures that careo draws itself."""

from __future__ import annotations

import re
from html import escape
from textwrap import wrap

from careo.views.i18n import one_line

CHARACTER = (
    0.58  # mean width of a letter in parts of its size: fonts are never measured, this errs on the wide side
)
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")  # what XML cannot hold, besides what `clean` takes away
GREY = "#444444"


def coordinate(value: float) -> str:
    """A coordinate with one decimal at most: the same bytes on every machine."""
    return f"{value:.1f}".removesuffix(".0")


def plain(text: str) -> str:
    """Text of anybody as text of the picture: nothing in it is markup, and nothing breaks the XML."""
    return escape(_NO_XML.sub("\ufffd", one_line(text)), quote=True)


def words(
    x: float, y: float, text: str, *, size: float, fill: str = GREY, bold: bool = False, anchor: str = ""
) -> str:
    """One line of words."""
    weight = ' font-weight="bold"' if bold else ""
    anchored = f' text-anchor="{anchor}"' if anchor else ""
    at = f'x="{coordinate(x)}" y="{coordinate(y)}" font-size="{coordinate(size)}"'
    return f'<text {at} fill="{fill}"{weight}{anchored}>{plain(text)}</text>'


def wrapped(text: str, size: float, width: float, *, longest: int = 1200) -> list[str]:
    """Lines of words that fit, by an estimate that errs on the wide side; a word longer than a line is cut."""
    room = max(4, int(width / (size * CHARACTER)))
    return wrap(one_line(text, longest), room, break_on_hyphens=False)
