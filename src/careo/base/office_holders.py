"""Office-holders: who held which public office when (a small dated table; public officials only)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from careo.base import dates
from careo.base.errors import DataError
from careo.base.shipped import read_table

COLUMNS = ("office", "country", "name", "aliases", "first", "last", "words", "head")


@dataclass(frozen=True, slots=True)
class OfficeHolder:
    """One person's time in one public office.

    Attributes:
        office: "president", "secretary of state"… country: code of the country of the office.
        name: full name. aliases: other ways people write it, each a whole phrase.
        first, last: days in office; last is None while in office.
        words: role words in both languages that, beside the name, say that the person holds the office.
        head: True for the head of government.
    """

    office: str
    country: str
    name: str
    aliases: tuple[str, ...]
    first: date
    last: date | None
    words: tuple[str, ...] = ()
    head: bool = False

    def held(self, day: date) -> bool:
        """Whether the person was in office on a day."""
        return self.first <= day and (self.last is None or day <= self.last)


def read_holders(path: Path) -> tuple[OfficeHolder, ...]:
    """The table of office-holders; empty when a country has none.

    Raises:
        DataError: a date cannot be read or a column is missing; says file and line.
    """
    if not path.is_file():
        return ()
    holders: list[OfficeHolder] = []
    for where, row in read_table(path, COLUMNS):
        office, country, name, aliases, first, last, words, head = row
        holders.append(
            OfficeHolder(
                office,
                country,
                name,
                _split(aliases),
                _day(first, where),
                _day(last, where) if last else None,
                _split(words),
                head == "yes",
            )
        )
    return tuple(holders)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


def _day(text: str, where: str) -> date:
    try:
        day = dates.parse_period(text).first
    except ValueError:
        day = None
    if day is None:
        raise DataError("panel_period", where=where, found=repr(text), fix="panel_period")
    return day
