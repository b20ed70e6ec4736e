"""What somebody who only reads the pages meets: a state of another country, names nobody has, lists of a spreadsheet, rows and sums in words."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

import careo
from careo.base.errors import CareoError
from careo.views import cli
from purchase_feeds import contracts_table
from watch_worlds import alone, folder_of, lines, release

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def lamps(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "lamps", lamps_2024_03_05__jsonl=lines(release(1), alone(3)))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.run(["watch", *words])
    seen = capsys.readouterr()
    return code, seen.out, seen.err


# ── another country ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("language", "words"), [("en", "another country"), ("es", "compras de otro país")])
def test_rules_of_another_country_withdraw_nothing(
    tmp_path: Path, lamps: Path, capsys: pytest.CaptureFixture[str], language: str, words: str
) -> None:
    state = tmp_path / "state"
    careo.watch(lamps, country="toyland", state=state)
    before = list(careo.watch_told(country="toyland", state=state))
    assert before
    for asked in (["--dir", str(lamps)], ["status"], ["findings"], ["export"]):
        code, out, err = run(capsys, *asked, "--state", str(state), "--country", "mexico", "--lang", language)
        assert (code, out) == (2, ""), asked
        assert words in err and "toyland" in err and "--country" in err
    assert list(careo.watch_told(country="toyland", state=state)) == before


def test_a_state_of_before_is_taken_for_the_country_that_writes_first(tmp_path: Path, lamps: Path) -> None:
    import sqlite3
    from contextlib import closing

    state = tmp_path / "state"
    careo.watch(lamps, country="toyland", state=state)
    with closing(sqlite3.connect(state / "state.sqlite")) as database, database:
        database.execute("DELETE FROM meta WHERE name='country'")
    assert careo.watch_status(country="toyland", state=state).files == 1
    assert careo.watch(lamps, country="toyland", state=state).files == 0
    with pytest.raises(CareoError, match="another country"):
        careo.watch_status(country="mexico", state=state)


# ── names nobody has, nothing new, lists of a spreadsheet ────────────────────────────────────────────────────────


def test_a_mistyped_buyer_is_not_a_buyer_without_signals(
    lamps: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "--dir", str(lamps), "--country", "toyland", "--buyers", "TY-WATHC")
    assert (code, out) == (0, "")
    assert "No buyer seen so far has these codes: TY-WATHC" in err
    for asked in (["status", "--buyers"], ["findings", "--buyer"]):
        code, _, err = run(capsys, *asked, "wathc", "--country", "toyland")
        assert code == 2
        assert "No buyer that was seen" in err and "careo watch status" in err


def test_several_parts_of_names_choose_several_buyers(tmp_path: Path) -> None:
    other = alone(2) | {"buyer": {"id": "TY-B", "name": "Harbour, office of"}}
    folder = folder_of(tmp_path / "in", a_2024_03_05__jsonl=lines(alone(1), other))
    careo.watch(folder, country="toyland")

    def found(buyers: str) -> int:
        return len(careo.watch_findings(country="toyland", buyers=buyers).signals)

    names = list(careo.watch_status(country="toyland").buyers.values())
    assert len(names) == 2
    assert found("harbour, office") == found("TY-B") > 0  # a name may have a comma itself
    assert found(f"{names[0][:4].lower()},{names[1][:4].upper()}") == found("all") > found("TY-B")


def test_nothing_new_is_said_as_such(lamps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "--dir", str(lamps), "--country", "toyland")
    code, _, err = run(capsys, "--dir", str(lamps), "--country", "toyland")
    assert code == 0
    assert "nothing new to take in" in err and "No signal was told" not in err


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("supplier,list,since,until\nABC010101AAA,inhabilitación,2024-01-01,\n".encode("cp1252"), "UTF-8"),
        (b"supplier;list;since;until\n", "supplier;list;since;until"),
        (b"rfc,lista\n", "rfc,lista"),
        (b"", "supplier,list,since,until"),
        (b"supplier,list,since,until\nA,B\n", "list.csv:2"),
        (None, "no such file"),
    ],
)
def test_a_list_that_cannot_be_read_is_one_mistake_with_what_to_do(
    own_data_folder: Path,
    tmp_path: Path,
    lamps: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
    expected: str,
) -> None:
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content)
    code, out, err = run(capsys, "--dir", str(lamps), "--country", "toyland", "--list", str(path))
    assert (code, out) == (2, "")
    assert expected in err and "fix:" in err and "Traceback" not in err
    assert not (own_data_folder / "watch" / "toyland").exists()


def test_a_list_may_be_a_folder_by_mistake_and_may_begin_with_a_mark(
    tmp_path: Path, lamps: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "--dir", str(lamps), "--country", "toyland", "--list", str(tmp_path))
    assert code == 2 and "list of suppliers" in err
    path = tmp_path / "list.csv"
    path.write_bytes(b"\xef\xbb\xbfsupplier,list,since,until\r\nABC010101AAA,barred,2024-01-01,\r\n\r\n")
    assert run(capsys, "--dir", str(lamps), "--country", "toyland", "--list", str(path))[0] == 0


def test_a_workbook_is_called_so_and_its_place_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(folder / "contratos.xlsx", "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
    _, _, err = run(capsys, "--dir", str(folder), "--country", "toyland")
    assert "a workbook; save its table as CSV" in err
    assert "(first in contratos.xlsx" in run(capsys, "status", "--country", "toyland")[1]


# ── what a reader sees ───────────────────────────────────────────────────────────────────────────────────────────


def _contracts(folder: Path) -> Path:
    """Two direct awards to one supplier for one item that exceed the ceiling together; one row twice; a start edited in place."""
    folder.mkdir()
    rows = [
        {
            "Número de procedimiento": f"AA-50-XYZ-050XYZ001-N-{number}-2026",
            "rfc": "AAA010101AA1" if number < 3 else f"AAA0101{number:02d}AA1",
            "Importe DRC": f"{number + (800_000 if number < 3 else 1_000)}.00",
        }
        for number in range(1, 13)
    ]
    rows.append(dict(rows[8]))
    (folder / "contratos_2026-03-08.csv").write_text(contracts_table(rows), encoding="utf-8")
    rows[6] = {**rows[6], "Fecha de inicio del contrato": "27/02/2026"}
    (folder / "contratos_2026-03-10.csv").write_text(contracts_table(rows), encoding="utf-8")
    return folder


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    careo.watch(_contracts(tmp_path / "in"), state=tmp_path / "state")
    return tmp_path / "state"


@pytest.mark.parametrize(
    ("language", "rule", "said"),
    [
        ("en", "W10", "Changed without a new release: start of the contract, "),
        ("es", "W10", "Cambiado sin nueva publicación: inicio del contrato, "),
        ("en", "W13", "Data that cannot be right: a row stands more than once"),
        ("es", "W13", "Datos que no pueden ser correctos: un renglón está más de una vez"),
        ("en", "W03", "item "),
        ("es", "W03", ", partida "),
    ],
)
def test_edits_rows_and_sums_are_told_in_words(
    contracts: Path, capsys: pytest.CaptureFixture[str], language: str, rule: str, said: str
) -> None:
    code, out, _ = run(capsys, "findings", "--rule", rule, "--state", str(contracts), "--lang", language)
    assert code == 0
    text = " ".join(out.split())
    assert said in text
    assert "local-" not in text and "|" not in text


def test_coverage_counts_the_signals_that_stand(contracts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule that compares is met by no single process; the table once said 0 beside signals that stood."""
    standing = careo.watch_status(state=contracts).standing
    assert standing["W03"] == 1
    out = run(capsys, "status", "--state", str(contracts))[1]
    cells = {words[0]: words for line in out.splitlines() if len(words := line.split()) > 3}
    assert cells["W03"][:3] == ["W03", "yes", "1"]
    assert "–" in cells["W12-R018"]  # where nothing could be told there is no zero


@pytest.mark.parametrize(("language", "said"), [("en", "(1 of 12 contracts)"), ("es", "(1 de 12 contratos)")])
def test_shares_say_of_how_much_and_a_row_that_stands_twice_counts_once(
    contracts: Path, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    out = " ".join(run(capsys, "status", "--state", str(contracts), "--lang", language)[1].split())
    assert said in out
    of, pesos = ("of", "Mexican pesos") if language == "en" else ("de", "pesos mexicanos")
    assert f"100% (1,610,078 {of} 1,610,078 {pesos})" in out


def test_money_of_a_table_is_in_its_currency(contracts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "export", "--csv", "--state", str(contracts))[1]
    (row,) = (row for row in csv.DictReader(io.StringIO(out)) if row["rule"] == "W03")
    assert (row["value"], row["measured_in"]) == ("1600003.00", "MXN")
    out = run(capsys, "export", "--jsonl", "--state", str(contracts))[1]
    (told,) = (one for one in map(json.loads, out.splitlines()) if one["rule"] == "W03")
    assert (told["value"], told["measured_in"]) == (160_000_300, "money")  # cents, as the contract has it
