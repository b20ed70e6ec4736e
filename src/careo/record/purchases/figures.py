"""`Figure`: what a watch measures of how purchases are published, defined before it is counted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict

from careo.base.errors import CareoError
from careo.base.fields import CLOSED, Words
from careo.base.shipped import country_folder
from careo.base.yaml_files import build, read_written


@dataclass(frozen=True, slots=True)
class Count:
    """What a figure counts: a kind of tally of `publishing.py`; for delays, which; shown as days or as a share."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    kind: Literal["delay", "contracts", "spent"]
    of: Literal["days", "share"]
    which: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its operational definition, and what it cannot show."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: str
    count: Count
    name: Words
    definition: Words
    limitation: Words


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a country. pledges: "slug:id" of those whose delivery they speak of."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    figures: tuple[Figure, ...] = ()
    pledges: tuple[str, ...] = ()


@cache
def load_figures(country: str) -> Figures:
    """The figures of a country; none for a country without any.

    Raises:
        DataError: the file is broken; says file and line.
    """
    path = country_folder(country) / "purchases" / "figures.yaml"
    if not path.is_file():
        return Figures()
    figures, mistakes = read_figures(path)
    if figures is None:
        raise mistakes[0]
    return figures


def read_figures(path: Path) -> tuple[Figures | None, tuple[CareoError, ...]]:
    """A file of figures, and every mistake in it."""
    return build(read_written(path), Figures)
