"""The data files shipped inside the package: where they are and how they are opened.

Countries are folders (`data/mexico`, `data/toyland`, or any folder of the same layout); languages are files.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

if TYPE_CHECKING:
    from careo.base.errors import DataError

_DATA = Path(__file__).resolve().parent.parent / "data"
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is some ten times faster


class _Loader(_Base):
    """YAML 1.2 booleans: only true and false, so that the words "no", "yes" and "on" of a lexicon stay words."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [
            (tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"
        ]
        for first, resolvers in _Base.yaml_implicit_resolvers.items()
    }


def shipped(*parts: str) -> Path:
    """Path of a shipped data file or folder."""
    return _DATA.joinpath(*parts)


def country_folder(country: str) -> Path:
    """Folder of a country: a name shipped with careo (`mexico`, `toyland`) or the path of a folder of the same layout.

    A shipped name stays what it is, whatever folder of that name stands where careo is started.

    Raises:
        DataError: there is no such country.
    """
    folder = shipped(country) if country.isidentifier() else Path(country)
    from careo.base.files import is_file

    if not is_file(folder / "country.yaml") and is_file(Path(country) / "country.yaml"):
        folder = Path(country)
    if not is_file(folder / "country.yaml"):
        from careo.base.errors import DataError

        raise DataError("no_country", where=country, found=str(folder), fix="country")
    return folder


def laboratory_file(country: str, name: str) -> Path:
    """A file of a country without which its laboratory runs nothing.

    Raises:
        DataError: the country has none; says what it is for.
    """
    path = country_folder(country) / name
    if not path.exists():
        from careo.base.errors import DataError

        raise DataError("laboratory_file", where=str(path), fix="laboratory_file", name=name)
    return path


def read_yaml(path: Path) -> Any:
    """A YAML file as plain Python values (safe loader).

    Raises:
        DataError: no such file, or not YAML; says file, line and column.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - _Loader is the safe loader
    except FileNotFoundError as error:
        raise _missing(path) from error
    except yaml.MarkedYAMLError as error:
        from careo.base.errors import DataError

        mark = error.problem_mark
        line = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise DataError("not_yaml", where=f"{path}{line}", problem=error.problem or "") from error


def readable(language: str) -> str:
    """The language whose lexicons read a text: its own where there are any, else English."""
    return language if language in ("en", "es") else "en"


@cache
def language_data(language: str, part: str) -> dict[str, Any]:
    """One lexicon of a language (`data/languages/<language>/<part>.yaml`), read once."""
    return read_yaml(shipped("languages", language, f"{part}.yaml"))


@cache
def country_data(country: str, *parts: str) -> Any:
    """One YAML file of a country, read once."""
    return read_yaml(country_folder(country).joinpath(*parts))


def read_table(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """The rows of a CSV table with exactly these columns, each with `file:line` for messages.

    Raises:
        DataError: no such file, other columns, or a row with more or fewer cells; says file and line.
    """
    from careo.base.errors import DataError

    expected = ", ".join(columns)
    try:
        opened = path.open(encoding="utf-8", newline="")
    except FileNotFoundError as error:
        raise _missing(path) from error
    with opened as file:
        reader = csv.reader(file)
        if tuple(next(reader, ())) != columns:
            raise DataError("panel_columns", where=f"{path}:1", expected=expected)
        for row in reader:
            where = f"{path}:{reader.line_num}"
            if len(row) != len(columns):
                raise DataError("panel_columns", where=where, expected=expected, found=", ".join(row))
            yield where, row


def _missing(path: Path) -> DataError:
    """A folder of a country that lacks a file is a mistake that its author can mend."""
    from careo.base.errors import DataError

    return DataError("country_file_missing", where=str(path), fix="country_file")
