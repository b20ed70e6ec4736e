"""Files of official layouts as their tests read them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from careo.base.texts import say
from careo.panel.derivation import derive
from careo.sources.catalog import datasets
from careo.sources.formats import read, recognise
from careo.sources.formats.layout import Oddity, Reading
from careo.sources.tables import open_data


def reading(path: Path) -> tuple[str, Reading, pl.DataFrame]:
    """The layout a file is told to have, what it says, and its rows."""
    with open_data(path) as file:
        layout, table = recognise(file)
        found = read(layout, table)
        return layout.key, found, found.rows.collect()


def codes(found: Reading) -> dict[str, bool]:
    """The oddities of a reading and whether they are grave."""
    return {oddity.code: oddity.grave for oddity in found.oddities}


def lines_written(path: Path, lines: list[str], encoding: str = "utf-8") -> Path:
    """A file of these lines."""
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def cells_written(
    path: Path, rows: Sequence[Sequence[str]], *, delimiter: str = ",", encoding: str = "latin-1"
) -> Path:
    """A file of these cells."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


class Told(NamedTuple):
    """A file's reading, collected."""

    dataset: str
    rows: pl.DataFrame
    keys: tuple[str, ...]
    oddities: tuple[Oddity, ...]

    def state(self, code: str, **where: object) -> float:
        """The deaths of a state and its municipalities."""
        return self._replace(rows=self.rows.filter(pl.col("place").str.starts_with(code))).total(**where)  # pyright: ignore[reportArgumentType]

    def codes(self, *, grave: bool = False) -> set[str]:
        return {oddity.code for oddity in self.oddities if oddity.grave or not grave}

    def total(self, value: str = "deaths", **where: object) -> float:
        chosen = self.rows.filter(*(pl.col(name) == wanted for name, wanted in where.items()))
        return sum(chosen[value].drop_nulls().to_list())

    def series(self) -> pl.DataFrame:
        """What the dataset's card makes of it."""
        values = [name for name in self.rows.columns if name in ("deaths", "homicides", "rivalry_deaths")]
        card = datasets()[self.dataset]
        rows = self.rows.with_columns(pl.col("place").replace("00", "MX"))  # as the import places them
        return derive(rows.lazy(), card, keys=self.keys, values=values, country="mexico").series


def told(path: Path) -> Told:
    with open_data(path) as file:
        reading = read(*recognise(file))
        for oddity in reading.oddities:  # every sentence can be said, in both languages
            assert all(
                say(language, f"data.oddity.{oddity.code}", **oddity.words) for language in ("en", "es")
            )
        return Told(reading.dataset, reading.rows.collect(), reading.keys, reading.oddities)
