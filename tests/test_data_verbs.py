"""`careo data` and `careo panel` as somebody types them."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import polars as pl
import pytest

import careo
from careo.sources import store
from careo.sources.network import local_addresses_allowed
from careo.views import cli
from official_files import case_file, categories

CASES = "homicide_sesnsp_case_files"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run([*arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def one_year(path: Path, year: int = 2030) -> Path:
    return case_file(path, years=[year])


def test_importing_says_what_the_file_is_and_where_it_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "data", "import", str(one_year(tmp_path / "x.csv")))
    assert code == 0
    for word in ("SESNSP", "sesnsp_state_cases", "2030-01 – 2030-12", "32 places", "2031-01"):
        assert word in out


def test_importing_speaks_spanish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "--lang", "es", "data", "import", str(one_year(tmp_path / "x.csv")))
    assert "lugares" in out and "places" not in out


def test_a_good_file_is_imported_though_another_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.csv").write_text("Dear sir,\nno table here\n")
    code, _, err = run(
        capsys, "data", "import", str(tmp_path / "letter.csv"), str(one_year(tmp_path / "x.csv"))
    )
    assert code == 2 and "letter.csv" in err and "1" in err
    assert len(store.snapshots()) == 1


@pytest.mark.parametrize("verb", ["list", "check"])
def test_nothing_imported_yet_is_no_error(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "data", verb)
    assert code == 0 and out.strip()


def test_layouts_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "data", "list", "--layouts")
    for dataset in ("sesnsp_municipal_cases", "inegi_deaths", "rnpdno_register", "public_account"):
        assert dataset in out


@pytest.mark.parametrize(
    ("verb", "arguments", "told"),
    [
        (
            "panel",
            ["--indicator", CASES, "--places", "state,MX", "-o", "panel.csv"],
            {"path": "panel.csv", "rows": 396, "places": 33, "months": 12, "indicators": [CASES]},
        ),
        (
            "panel",
            ["--indicator", "homicide_sesnsp_victims", "--rate", "-o", "panel.parquet"],
            {"path": "panel.parquet", "indicators": ["homicide_sesnsp_victims_rate_per_100k_year"]},
        ),
        ("data export", ["sesnsp_state_cases", "-o", "kept"], {"folder": "kept"}),
        ("data export", ["sesnsp_state_cases", "-o", "kept.zip"], {"folder": "kept.zip"}),
        ("data map", [CASES, "--month", "2030-05", "-o", "map.svg"], {"path": "map.svg"}),
        ("data remove", ["sesnsp_state_cases"], {}),
    ],
)
def test_a_verb_that_writes_says_what_it_wrote_as_json(
    verb: str,
    arguments: list[str],
    told: dict[str, object],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = careo.import_data(one_year(tmp_path / "x.csv")).snapshot
    monkeypatch.chdir(tmp_path)
    code, silent, err = run(capsys, *verb.split(), *arguments)
    assert code == 0 and not silent, err
    if verb == "data remove":
        careo.import_data(tmp_path / "x.csv")
    if verb == "data export":
        arguments = [*arguments[:-1], "again.zip" if arguments[-1].endswith("zip") else "again"]
        told = {"folder": arguments[-1]}
    code, out, err = run(capsys, *verb.split(), *arguments, "--json")
    assert code == 0, err
    data = json.loads(out)
    jsonschema.Draft202012Validator(careo.schema()).validate(data)
    assert data["command"] == verb and told.items() <= data.items()
    if verb == "data remove":
        assert [edition["sha256"] for edition in data["editions"]] == [kept.sha256] and not store.snapshots()
    elif "folder" not in data:
        assert Path(data["path"]).read_bytes()[:1] != b"{", "the table is written, not the envelope"


@pytest.mark.parametrize("verb", ["import", "list", "show", "check", "diff"])
def test_json_follows_the_schema(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = one_year(tmp_path / "old.csv"), case_file(tmp_path / "new.csv", years=[2030, 2031])
    careo.import_data(old), careo.import_data(new)
    arguments = {
        "import": [str(old)],
        "show": ["sesnsp_state_cases"],
        "diff": ["sesnsp_state_cases@2031-01", "sesnsp_state_cases@2032-01"],
    }
    code, out, _ = run(capsys, "data", verb, *arguments.get(verb, []), "--json")
    data = json.loads(out)
    jsonschema.Draft202012Validator(careo.schema()).validate(data)
    assert code == 0 and data["command"] == f"data {verb}"


def test_a_check_that_fails_leaves_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported = careo.import_data(one_year(tmp_path / "x.csv"))
    code, out, _ = run(capsys, "data", "check")
    assert code == 0 and "0 failed" in out
    with store.original(imported.snapshot).open("ab") as stream:
        stream.write(b"one more line\n")
    code, out, _ = run(capsys, "data", "check")
    assert code == 1 and "sha256" in out


def test_a_diff_says_what_was_revised_where_and_by_how_much(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weapon = categories()[0]

    def later(year: int, state: str, category: tuple[str, ...], month: int) -> str:
        before = 1 + (int(state) * 7 + year + month + len(category[3])) % 9
        return str(before + 5 * ((state, month) == ("08", 4) and category == weapon))

    careo.import_data(one_year(tmp_path / "old.csv"), vintage="2031-01")
    careo.import_data(case_file(tmp_path / "new.csv", years=[2030], value=later), vintage="2031-06")
    _, out, _ = run(capsys, "data", "diff", "sesnsp_state_cases@2031-06", "sesnsp_state_cases@2031-01")
    assert "2031-01 against 2031-06" in out, "the earlier one first, whichever is named first"
    assert "Chihuahua" in out and "May 2030" in out and "+5" in out
    old, new = store.snapshots()
    revisions = careo.compare_editions(new, old)
    assert revisions.values.height == 1
    assert revisions.rows["cells"].to_list() == [1] and revisions.rows["modality"].to_list() == [weapon[3]]


def test_editions_of_different_datasets_are_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    careo.import_data(one_year(tmp_path / "x.csv"))
    table = tmp_path / "trends.csv"
    table.write_text("YEAR,homicide,missings,arrests\n" + "".join(f"{y},1,2,3\n" for y in range(2012, 2022)))
    careo.import_data(table)
    code, _, err = run(capsys, "data", "diff", "sesnsp_state_cases", "network_trends")
    assert code == 2 and "different datasets" in err


def test_removing_and_exporting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    original = one_year(tmp_path / "x.csv")
    careo.import_data(original)
    code, _, err = run(capsys, "data", "export", "sesnsp_state_cases", "-o", str(tmp_path / "out"))
    assert code == 0, err
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert any(path.read_bytes() == original.read_bytes() for path in files)
    assert any(path.suffix == ".parquet" for path in files)
    assert run(capsys, "data", "remove", "sesnsp_state_cases")[0] == 0
    assert not store.snapshots()
    code, _, err = run(capsys, "data", "remove", "sesnsp_state_cases")
    assert code == 2 and "sesnsp_state_cases" in err


def test_the_panel_is_written_as_known_on_a_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    careo.import_data(one_year(tmp_path / "x.csv"))
    path = tmp_path / "panel.csv"
    arguments = ("panel", "--indicator", CASES, "--places", "state,MX", "-o", str(path))
    code, _, err = run(capsys, *arguments)
    assert code == 0 and "396 rows" in err
    assert pl.read_csv(path, infer_schema=False)["place"].n_unique() == 33
    code, _, err = run(capsys, *arguments, "--as-of", "2031-01-30")
    assert code == 2 and "2031-01-30" in err
    code, _, err = run(capsys, *arguments, "--as-of", "next week")
    assert code == 2 and "next week" in err


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """A publisher on this machine."""
    folder = tmp_path / "published"
    folder.mkdir()
    one_year(folder / "cases.csv")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # pyright: ignore[reportArgumentType]

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with local_addresses_allowed():
        yield f"http://127.0.0.1:{server.server_port}/cases.csv"
    server.shutdown()
    server.server_close()


def test_fetching_downloads_and_imports(served: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "data", "fetch", "sesnsp_state_cases", "--url", served)
    assert code == 0, err
    assert "cases.csv" in out and store.snapshots()[0].dataset == "sesnsp_state_cases"


def test_fetching_opens_no_connection_when_offline(served: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "--offline", "data", "fetch", "sesnsp_state_cases", "--url", served)
    assert code == 2 and "--offline" in err and not store.snapshots()


def test_a_dataset_without_an_address_says_where_to_get_it(capsys: pytest.CaptureFixture[str]) -> None:
    name = next(card.id for card in careo.datasets().values() if not card.url and card.page)
    code, _, err = run(capsys, "data", "fetch", name)
    assert code == 2 and careo.datasets()[name].page in err
    code, _, err = run(capsys, "data", "fetch", "sesnsp_state_case")
    assert code == 2 and "sesnsp_state_cases" in err


def test_a_register_in_several_files_counts_undated_rows_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "cve_entidad,entidad,periodo,categoria,sexo,cve_municipio,municipio,conteo,consultado_en\n"
    for year, count in ((2030, 3), (2031, 5)):
        rows = [
            f"{code},{name.upper()},{year}-02,DESAPARECIDA_O_NO_LOCALIZADA,HOMBRE,{code}001,X,{count},2032-01-01"
            for code, name in (("01", "Aguascalientes"), ("02", "Baja California"))
        ]
        rows.append("01,AGUASCALIENTES,SIN_FECHA,DESAPARECIDA_O_NO_LOCALIZADA,,,,100,2032-01-01")
        (tmp_path / f"{year}.csv").write_text(head + "\n".join(rows) + "\n", "utf-8")
        careo.import_data(tmp_path / f"{year}.csv")
    _, out, _ = run(capsys, "data", "check")
    assert "116 in all" in " ".join(out.split()) and "216" in out
