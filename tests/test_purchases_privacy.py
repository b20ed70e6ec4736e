"""No tax id of a natural person, no e-mail, telephone or official's name comes into the state, whatever field it stands in."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from benchmarks.made_up_purchases import release
from benchmarks.made_up_purchases import releases as made_up

from careo.record.purchases.state import State
from purchase_feeds import feed
from purchase_files import CONTRACT, CONTRACT_COLUMNS, NET_2010, NET_2018, TENDER, TENDER_COLUMNS, table

ANYWHERE = ("GOMA800101AB1", "ana.gomez@example.org")
IN_TEXT = ("MARIA ANASTASIA GOMEZ", "55 1234 5678")
PRIVATE = (*ANYWHERE, *IN_TEXT)
"""An id and an address are told wherever they stand; a name or a telephone only from where it stands: in a code, or as the name of
an office or a company, they cannot be told from one."""

TEXT_COLUMNS = (
    "Descripción anuncio",
    "Descripción del contrato",
    "Dirección anuncio",
    "Dirección del anuncio",
    "Importe DRC",
    "Fecha de fallo",
    *("RESPONSABLE", "TITULO_EXPEDIENTE", "ANUNCIO", "IMPORTE_CONTRATO", "EXP_F_FALLO"),
    *("Responsable de la UC", "Importe del contrato"),
)


def _leaks(folder: Path, files: list[Path]) -> set[str]:
    """What of `PRIVATE` stands in any byte of a state that took these files in: also before it is closed, in its log."""
    path = folder / "state.sqlite"
    with closing(State(path)) as state:
        feed(state, files)
        data = b"".join(part.read_bytes() for part in folder.glob("state.sqlite*"))
        told = "".join(repr(row) for row in state.rows("SELECT * FROM refused"))
        told += "".join(repr(one) for _, one in state.told())
    data += path.read_bytes()
    return {
        word
        for word in PRIVATE
        if word.encode() in data or word.upper().encode() in data.upper() or word in told
    }


LAYOUTS = [
    *((TENDER_COLUMNS, TENDER, name) for name in TENDER_COLUMNS),
    *((CONTRACT_COLUMNS, CONTRACT, name) for name in CONTRACT_COLUMNS),
    *((tuple(NET_2010), NET_2010, name) for name in NET_2010),
    *((tuple(NET_2018), NET_2018, name) for name in NET_2018),
]


@pytest.mark.parametrize(
    ("columns", "row", "name"), LAYOUTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_in_every_column_of_a_table(
    tmp_path: Path, columns: tuple[str, ...], row: dict[str, str], name: str
) -> None:
    rows = [
        {**row, name: cell}
        for word in (PRIVATE if name in TEXT_COLUMNS else ANYWHERE)
        for cell in (word, f"informes {word}", f"{word}/x", f"22104,{word}")
    ]
    file = tmp_path / "t_2026-03-01.csv"
    file.write_bytes(table(columns, rows))
    assert _leaks(tmp_path, [file]) == set()


def injected(value: Any, word: str, path: str = "") -> list[tuple[str, Any]]:
    """The document with the word in each of its texts in turn."""
    if isinstance(value, dict):
        return [
            (where, {**value, name: other})
            for name, one in value.items()
            for where, other in injected(one, word, f"{path}/{name}")
        ]
    if isinstance(value, list):
        return [
            (where, [*value[:place], other, *value[place + 1 :]])
            for place, one in enumerate(value[:1])
            for where, other in injected(one, word, f"{path}/{place}")
        ]
    return [(path, word), (path, f"{value} {word}")] if isinstance(value, str) else [(path, word)]


TEXTS = ("title", "description", "procurementMethodRationale", "date", "startDate", "amount")


def test_in_every_field_of_a_release(tmp_path: Path) -> None:
    document = json.loads(next(iter(made_up(1))))
    files: list[Path] = []
    for word in PRIVATE:
        lines: list[str] = []
        for where, other in injected(document, word):
            if word in ANYWHERE or where.rpartition("/")[2] in TEXTS:
                lines.append(json.dumps(other, ensure_ascii=False))
        assert len(lines) > 5
        file = tmp_path / f"{PRIVATE.index(word)}.jsonl"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        files.append(file)
    assert _leaks(tmp_path, files) == set()


def test_suppliers_that_are_persons_leave_as_references(tmp_path: Path) -> None:
    document = json.loads(release(0, 0, datetime(2026, 1, 1, tzinfo=UTC)))
    person = {
        "id": PRIVATE[0],
        "name": PRIVATE[3],
        "contactPoint": {"email": PRIVATE[1], "telephone": PRIVATE[2]},
    }
    document["awards"][0]["suppliers"] = [person]
    document["parties"] = [{**person, "roles": ["supplier"]}]
    for bid in document["bids"]["details"]:
        bid["tenderers"] = [person]
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(document) + "\n", encoding="utf-8")
    assert _leaks(tmp_path, [file]) == set()
