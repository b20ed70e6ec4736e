"""Codes in signals have the published name beside them, wherever a signal is shown; a natural person has none anywhere."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

import careo
from careo.record.purchases.naming import Names
from careo.record.purchases.state import State
from careo.views import cli
from careo.views.watch_feed import ATOM
from purchase_feeds import contracts_table
from watch_worlds import alone, folder_of, lines, release

COMPANY, CALLED = "AAA010101AA1", "ACME DE MEXICO SA DE CV"
PERSON, SOMEBODY = "GOMA800101AB1", "ANA MARIA GOMEZ"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Two splits of the same unit: by a company, and by a natural person; and ten purchases of another unit, most of them of the company."""
    rows = [
        {
            "Número de procedimiento": f"AA-50-XYZ-050XYZ001-N-{number}-2026",
            "rfc": COMPANY if number < 3 else PERSON,
            "Proveedor o contratista": CALLED if number < 3 else SOMEBODY,
            "Importe DRC": f"{800_000 + number}.00",
        }
        for number in range(1, 5)
    ]
    rows += [
        {
            "Número de procedimiento": f"LA-50-XYZ-050XYZ002-N-{number}-2026",
            "Clave de la UC": "050XYZ002",
            "Nombre de la UC": "OTRA COORDINACION",
            "Tipo Procedimiento": "LICITACIÓN PÚBLICA",
            "rfc": COMPANY if number < 8 else f"BBB010101BB{number}",
            "Proveedor o contratista": CALLED if number < 8 else f"BETA {number} SA DE CV",
        }
        for number in range(12)
    ]
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "contratos_2026-03-08.csv").write_text(contracts_table(rows), encoding="utf-8")
    careo.watch(folder, state=tmp_path / "state")
    return tmp_path / "state"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.run([*words, "--lang", "en"]) == 0
    return capsys.readouterr().out


def test_the_terminal_exports_feeds_and_citations_name_whom_a_signal_is_about(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--state", str(state))
    for rule, unit in (("W03", "COORDINACION INVENTADA (050XYZ001)"), ("W06", "OTRA COORDINACION (050XYZ002)")):  # fmt: skip
        said = " ".join(run(capsys, "watch", "findings", "--rule", rule, *where).split())
        assert f"supplier {CALLED} ({COMPANY})" in said
        assert f"INSTITUTO INVENTADO, unit {unit}" in said
    told = [json.loads(line) for line in run(capsys, "watch", "export", *where).splitlines()]
    rows = list(csv.DictReader(io.StringIO(run(capsys, "watch", "export", "--csv", *where))))
    found = json.loads(run(capsys, "watch", "findings", "--json", *where))["signals"]
    for one in (*told, *rows, *found):
        if one["rule"] in ("W03", "W06") and one["supplier"] == COMPANY:
            assert (one["supplier_name"], one["buyer_name"]) == (CALLED, "INSTITUTO INVENTADO")
            assert one["unit_name"] in ("COORDINACION INVENTADA", "OTRA COORDINACION")
    assert {one["rule"] for one in told if one["supplier_name"] == CALLED} >= {"W03", "W06"}
    feed = ElementTree.fromstring(run(capsys, "watch", "export", "--atom", *where).encode())  # noqa: S314 - our own
    titles = [each.findtext(f"{{{ATOM}}}title") or "" for each in feed.iter(f"{{{ATOM}}}entry")]
    assert any(f"supplier {CALLED} ({COMPANY})" in title for title in titles)
    (one, *_) = (one for one in told if one["rule"] == "W03" and one["supplier"] == COMPANY)
    assert CALLED in run(capsys, "cite", one["id"], *where)


def test_signals_are_told_with_names_as_they_come(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(capsys, "watch", "--dir", str(state.parent / "in"), "--state", str(tmp_path / "new"))
    assert out.count(f"supplier {CALLED} ({COMPANY})") >= 2
    assert SOMEBODY not in out and "supplier P-" in out


def test_a_natural_person_has_no_name_in_anything_that_is_shown(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for asked in (["findings"], ["findings", "--json"], ["export"], ["export", "--csv"], ["export", "--atom"]):  # fmt: skip
        said = run(capsys, "watch", *asked, "--state", str(state))
        assert SOMEBODY not in said and PERSON not in said and "P-" in said
    found = careo.watch_findings(state=state, rules=["W03"])
    names = found.names_of(found.signals)
    assert sorted((one.supplier[:2], names.supplier(one)) for one in found.signals) == [("AA", CALLED), ("P-", "")]  # fmt: skip


def test_one_code_of_two_buyers_units_has_two_names(tmp_path: Path) -> None:
    def of(number: int, buyer: str, unit: str) -> dict[str, Any]:
        one = release(number, numberOfTenderers=1, procuringEntity={"id": "7", "name": unit})
        return one | {"buyer": {"id": buyer, "name": f"Office {buyer}"}}

    folder = folder_of(tmp_path / "in", a__jsonl=lines(of(1, "TY-A", "Lamps"), of(2, "TY-B", "Boats")))
    careo.watch(folder, country="toyland", state=tmp_path / "state")
    found = careo.watch_findings(country="toyland", state=tmp_path / "state")
    names = found.names_of(found.signals)
    assert {(one.buyer, names.buyer(one), names.unit(one)) for one in found.signals} == {
        ("TY-A", "Office TY-A", "Lamps"),
        ("TY-B", "Office TY-B", "Boats"),
    }


def test_the_last_name_that_was_published_counts(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for day, name in ((8, "ACME SA DE CV"), (10, "ACME INTERNACIONAL SA DE CV")):
        row = {"Proveedor o contratista": name, "Importe DRC": "-5.00"}
        (folder / f"contratos_2026-03-{day:02}.csv").write_text(contracts_table([row]), encoding="utf-8")
    careo.watch(folder, state=tmp_path / "state")
    found = careo.watch_findings(state=tmp_path / "state", rules=["W10"])
    names = found.names_of(found.signals)
    assert {names.supplier(one) for one in found.signals} == {"ACME INTERNACIONAL SA DE CV"}


def test_of_many_signals_few_processes_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals of one unit and supplier ask for their names once; suppliers of whom only sums speak are not looked for without end."""
    folder = folder_of(tmp_path / "in", a__jsonl=lines(*map(alone, range(2_000)), release(9_999)))
    careo.watch(folder, country="toyland", state=tmp_path / "state")
    found = careo.watch_findings(country="toyland", state=tmp_path / "state")
    read: list[str] = []
    sought: list[str] = []
    processes, process_of = State.processes, State.process_of

    def reading(self: State, names: Any) -> Any:
        names = list(names)
        read.extend(names)
        return processes(self, names)

    def seeking(self: State, unit: str, supplier: str) -> str:
        sought.append(supplier)
        return process_of(self, unit, supplier)

    monkeypatch.setattr(State, "processes", reading)
    monkeypatch.setattr(State, "process_of", seeking)
    as_if = [_with(one, unit="7", supplier="S") for one in found.signals]
    assert len(as_if) == 2_000
    assert isinstance(found.names_of(as_if), Names)
    assert len(read) == 1
    everywhere = [_with(one, unit="", supplier=f"S{at}", evidence=()) for at, one in enumerate(as_if)]
    found.names_of(everywhere)
    assert len(sought) == 200


def _with(signal: careo.Signal, **fields: Any) -> careo.Signal:
    return msgspec.structs.replace(signal, **fields)
