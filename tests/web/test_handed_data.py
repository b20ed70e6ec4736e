"""An official file handed in over the web: what it is, nothing kept unless asked, and no hostile workbook takes the server with it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the web application is an extra: careo[web]")
pytest.importorskip("fastexcel", reason="workbooks are read by an extra: careo[data]")
from starlette.testclient import TestClient

from careo.sources import store
from careo.views import cli
from careo.views.web import data_reading
from careo.views.web.application import create_application
from careo.views.web.settings import Settings
from official_files import STATE_HEAD, case_file, categories
from workbooks import write_workbook


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A server with an empty store of its own."""
    monkeypatch.setenv("CAREO_HOME", str(tmp_path / "store"))
    with TestClient(
        create_application(Settings(home=tmp_path / "web")), base_url="http://127.0.0.1:8000"
    ) as found:
        yield found


def hand(client: TestClient, path: Path, address: str = "/en/data/import", **words: str) -> Any:
    return client.post(address, data=words, files={"file": (path.name, path.read_bytes())})


def workbook(path: Path) -> Path:
    """State cases of a year as a workbook."""
    rows = (
        case_file(path.with_suffix(".csv"), years=(2030,), encoding="utf-8").read_text("utf-8").splitlines()
    )
    cells = [[int(cell) if cell.isdecimal() else cell for cell in line.split(",")] for line in rows[1:400]]
    return write_workbook(path, {"Hoja1": [list(STATE_HEAD), *cells]})


def test_what_a_file_is_is_what_an_import_says(
    desk: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = case_file(tmp_path / "cases.csv", named=categories()[:8])
    answer = hand(desk, path)
    assert answer.status_code == 200, answer.text
    assert "Nothing was kept" in answer.text and "sesnsp_state_cases" in answer.text
    assert store.snapshots() == ()
    told = hand(desk, path, "/api/v1/data/import").json()
    monkeypatch.setenv("CAREO_HOME", str(tmp_path / "other"))
    assert cli.run(["data", "import", str(path), "--json"]) in (0, 1)
    printed = json.loads(capsys.readouterr().out)
    for data in (told, printed):
        del data["editions"][0]["imported"]
    assert told == printed


def test_a_file_that_is_kept_counts_at_once_everywhere(desk: TestClient, tmp_path: Path) -> None:
    before = desk.get("/en/data").text
    path = case_file(tmp_path / "cases.csv", named=categories()[:8])
    answer = hand(desk, path, keep="yes", vintage="2032-03")
    assert answer.status_code == 200, answer.text
    (edition,) = store.snapshots()
    assert (edition.vintage, edition.vintage_basis, edition.name) == ("2032-03", "given", "cases.csv")
    after = desk.get("/en/data").text
    assert edition.sha256[:12] in after and edition.sha256[:12] not in before
    assert [each.sha256 for each in desk.app.state.services.country.editions] == [edition.sha256]  # pyright: ignore


def test_a_workbook_is_read(desk: TestClient, tmp_path: Path) -> None:
    answer = hand(desk, workbook(tmp_path / "cases.xlsx"), "/api/v1/data/import")
    assert answer.status_code == 200, answer.text
    (edition,) = answer.json()["editions"]
    assert (edition["dataset"], edition["first"][:4]) == ("sesnsp_state_cases", "2030")


def packed(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A sound workbook with its parts changed."""
    whole = workbook(path.with_name("sound.xlsx"))
    with zipfile.ZipFile(whole) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


SHEET = "xl/sheet1.xml"
_HEAD = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def bomb(parts: dict[str, bytes]) -> None:
    parts[SHEET] = _HEAD + b"<sheetData>" + b"<row/>" * (30 << 20) + b"</sheetData></worksheet>"


def entities(parts: dict[str, bytes]) -> None:
    lols = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    parts[SHEET] = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">'
        + lols
        + b'<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        b'<c r="A1" t="inlineStr"><is><t>&f;&l9;</t></is></c></row></sheetData></worksheet>'
    )


def corners(parts: dict[str, bytes]) -> None:
    """Two cells in the corners of the largest sheet there can be."""
    parts[SHEET] = _HEAD + (
        b'<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData></worksheet>'
    )


def claim(parts: dict[str, bytes]) -> None:
    """The sound sheet, with the claim that it is the largest there can be."""
    parts[SHEET] = parts[SHEET].replace(b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>')


def formulas(parts: dict[str, bytes]) -> None:
    """The sound sheet, with a formula before every value."""
    parts[SHEET] = parts[SHEET].replace(b"<v>", b'<f>WEBSERVICE("http://127.0.0.1:9/"&amp;A1)</f><v>')


def links(parts: dict[str, bytes]) -> None:
    """A workbook whose sheet lies outside of it."""
    name = "xl/_rels/workbook.xml.rels"
    parts[name] = parts[name].replace(b'Target="sheet1.xml"', b'Target="../../../../etc/passwd"')


@pytest.mark.parametrize("change", [bomb, entities, corners, links])
def test_a_hostile_workbook_ends_in_one_sentence(
    desk: TestClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict[str, bytes]], None],
) -> None:
    monkeypatch.setattr(data_reading, "MOST_SECONDS", 30)
    answer = hand(desk, packed(tmp_path / "bad.xlsx", change))
    assert 400 <= answer.status_code < 500, answer.text
    assert "bad.xlsx" in answer.text and "Traceback" not in answer.text
    assert (
        str(tmp_path) not in answer.text and "careo-data-" not in answer.text and "root:" not in answer.text
    )
    assert store.snapshots() == ()
    assert desk.get("/en/data").status_code == 200


@pytest.mark.parametrize("change", [claim, formulas])
def test_what_a_workbook_claims_or_would_compute_does_not_count(
    desk: TestClient, tmp_path: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    sound = hand(desk, workbook(tmp_path / "cases.xlsx"), "/api/v1/data/import").json()
    answer = hand(desk, packed(tmp_path / "cases.xlsx", change), "/api/v1/data/import")
    assert answer.status_code == 200, answer.text
    for key in ("dataset", "rows", "first", "last", "places", "indicators"):
        assert answer.json()["editions"][0][key] == sound["editions"][0][key]


def test_a_workbook_that_breaks_off_is_said(desk: TestClient, tmp_path: Path) -> None:
    whole = workbook(tmp_path / "cases.xlsx").read_bytes()
    for most in (1, 30, len(whole) // 2, len(whole) - 10):
        (tmp_path / "part.xlsx").write_bytes(whole[:most])
        answer = hand(desk, tmp_path / "part.xlsx")
        assert answer.status_code == 400 and "part.xlsx" in answer.text
    assert store.snapshots() == ()


@pytest.mark.parametrize("name", ["../../x.csv", "C:\\x\\..\\y.csv", "-rf.csv", "\u202etxt.csv", "a" * 400 + ".csv", "<b>.csv", "..", "x\x00.csv"])  # fmt: skip
def test_a_name_is_only_a_name(name: str) -> None:
    plain = data_reading.plain_name(name)
    assert (
        plain
        and "/" not in plain
        and "\\" not in plain
        and not plain.startswith((".", "-"))
        and len(plain) <= 100
    )
    assert plain.isprintable()


def test_nothing_handed_in_and_a_vintage_that_is_none_are_said(desk: TestClient, tmp_path: Path) -> None:
    assert "choose one as it was downloaded" in desk.post("/en/data/import", data={"vintage": ""}).text
    path = case_file(tmp_path / "cases.csv", years=(2030,), named=categories()[:2])
    answer = hand(desk, path, vintage="<b>soon</b>")
    assert answer.status_code == 400 and "<b>" not in answer.text.partition("<main")[2]
    no_table = tmp_path / "x.csv"
    no_table.write_text("just, words\n1,2\n")
    assert hand(desk, no_table).status_code == 400
