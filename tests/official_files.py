"""Small files in official layouts, values invented, for the tests of importing: the same world, or one that differs a little."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from careo.base.shipped import country_folder
from careo.panel.places import load_places

MONTHS = ("Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio", "Julio", "Agosto", "Septiembre", "Octubre", "Noviembre", "Diciembre")  # fmt: skip
STATE_HEAD = ("Año", "Clave_Ent", "Entidad", "Bien jurídico afectado", "Tipo de delito", "Subtipo de delito", "Modalidad", *MONTHS)  # fmt: skip


def categories() -> list[tuple[str, ...]]:
    """The categories of the publisher's catalogue."""
    path = country_folder("mexico") / "catalogues" / "sesnsp_2015.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return [tuple(row) for row in csv.reader(stream)][1:]


def states() -> list[tuple[str, str]]:
    """Codes and names of the states."""
    places = load_places().by_code
    return [(code, places[code].name) for code in load_places().states]


def case_file(
    path: Path,
    *,
    years: Iterable[int] = (2030, 2031),
    value: Callable[[int, str, tuple[str, ...], int], str] = lambda year, state, category, month: str(
        1 + (int(state) * 7 + year + month + len(category[3])) % 9
    ),
    named: Sequence[tuple[str, ...]] | None = None,
    head: Sequence[str] = STATE_HEAD,
    encoding: str = "cp1252",
    delimiter: str = ",",
) -> Path:
    """State case files in SESNSP's layout: `value(year, state code, category, month 0–11)` gives a cell as written."""
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(head)
        for year in years:
            for code, name in states():
                for category in named or categories():
                    cells = [value(year, code, category, month) for month in range(12)]
                    writer.writerow((year, int(code), name, *category, *cells))
    return path
