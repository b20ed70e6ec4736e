"""A publisher's file → a snapshot: what is odd is found, what cannot be true is held back, nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import careo
from careo.base.dates import parse_period
from careo.base.errors import CareoError
from careo.panel.imports import import_file
from careo.sources import store
from careo.sources.snapshot import Snapshot
from official_files import STATE_HEAD, case_file, categories, states

HOMICIDES, KIDNAPPINGS = "homicide_sesnsp_case_files", "kidnapping_case_files"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared stands on development machines only")


def oddities(snapshot: Snapshot) -> dict[str, str]:
    return {o.code: " ".join(o.words.values()) for o in snapshot.oddities}


def series(snapshot: Snapshot, indicator: str, place: str = "MX") -> dict[str, float | None]:
    table = pl.read_parquet(store.table(snapshot, "series"))
    rows = table.filter((pl.col("indicator") == indicator) & (pl.col("place") == place)).sort("start")
    return {f"{start:%Y-%m}": value for start, value in rows.select("start", "value").rows()}


def constant(text: str) -> Callable[[int, str, tuple[str, ...], int], str]:
    return lambda year, state, category, month: text


def test_a_file_as_downloaded_becomes_a_snapshot(tmp_path: Path) -> None:
    done = import_file(case_file(tmp_path / "any name.dat", years=[2030], value=constant("2")))
    found = done.snapshot
    assert (found.dataset, found.layout) == ("sesnsp_state_cases", "sesnsp_state_cases")
    assert (found.first, found.last, found.places) == ("2030-01", "2030-12", 32)
    assert found.rows == 32 * len(categories())
    assert (found.vintage, found.vintage_basis, found.known) == ("2031-01", "inferred", date(2031, 1, 31))
    weapons = sum(category[2] == "Homicidio doloso" for category in categories())
    assert set(series(found, HOMICIDES).values()) == {32.0 * 2 * weapons}, (
        "the nation is the sum of its states"
    )
    assert set(series(found, HOMICIDES, "08").values()) == {2.0 * weapons}
    assert not found.oddities


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("cp1252", ","), ("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t")]
)
def test_encoding_and_delimiter_do_not_change_a_number(tmp_path: Path, encoding: str, delimiter: str) -> None:
    plain = import_file(case_file(tmp_path / "a.csv")).snapshot
    other = import_file(case_file(tmp_path / "b.csv", encoding=encoding, delimiter=delimiter)).snapshot
    assert series(plain, HOMICIDES) == series(other, HOMICIDES)


def test_the_order_of_the_columns_does_not_change_a_number(tmp_path: Path) -> None:
    path = case_file(tmp_path / "a.csv", years=[2030])
    rows = [line.split(",") for line in path.read_text("cp1252").splitlines()]
    turned = tmp_path / "b.csv"
    turned.write_text("\n".join(",".join(reversed(row)) for row in rows if len(row) == 19), "cp1252")
    one, other = import_file(path).snapshot, import_file(turned).snapshot
    known = series(one, KIDNAPPINGS)
    assert known and known == series(other, KIDNAPPINGS)


def test_months_to_come_are_not_zero_whether_blank_or_printed_as_zero(tmp_path: Path) -> None:
    for name, cell, code in (("blank", "", "future_blank"), ("zero", "0", "future_zero")):
        path = case_file(
            tmp_path / f"{name}.csv", value=lambda y, s, c, m, cell=cell: cell if (y, m) > (2031, 8) else "3"
        )
        found = import_file(path).snapshot
        assert found.last == "2031-09" and found.vintage == "2031-10"
        assert code in oddities(found) and "2031-09" in oddities(found)[code]
        assert series(found, HOMICIDES).get("2031-10") is None, "not observed is not zero"
        assert series(found, HOMICIDES)["2031-09"]


def test_a_state_that_did_not_report_is_missing_and_so_is_the_nation(tmp_path: Path) -> None:
    silent = lambda y, s, c, m: "0" if (s, y, m) == ("20", 2030, 3) else str(y - 2028)
    found = import_file(case_file(tmp_path / "a.csv", value=silent)).snapshot
    assert "Oaxaca (2030-04)" in oddities(found)["not_reported"]
    assert series(found, HOMICIDES, "20")["2030-04"] is None, "not observed is not zero"
    assert series(found, HOMICIDES).get("2030-04") is None
    assert series(found, HOMICIDES, "19")["2030-04"]


def test_a_zero_in_one_crime_is_a_zero(tmp_path: Path) -> None:
    none = lambda y, s, c, m: "0" if s == "20" and c[1] == "Secuestro" and m == 3 else str(y - 2028)
    found = import_file(case_file(tmp_path / "a.csv", value=none)).snapshot
    assert "not_reported" not in oddities(found)
    assert series(found, KIDNAPPINGS, "20")["2030-04"] == 0


def test_a_year_that_copies_another_is_left_out(tmp_path: Path) -> None:
    def copied(year: int, state: str, category: tuple[str, ...], month: int) -> str:
        year = 2031 if year == 2032 else year
        return str(1 + (int(state) * 7 + year * 3 + month + len(category[3])) % 11)

    found = import_file(case_file(tmp_path / "a.csv", years=(2030, 2031, 2032), value=copied)).snapshot
    assert "2031, 2032" in oddities(found)["years_alike"], "no total tells which is the copy"
    years = {month[:4] for month in series(found, HOMICIDES)}
    assert years == {"2030"}


@pytest.mark.parametrize(("apart", "copy"), [(1, True), (6, False)])
def test_a_copy_with_a_cell_mended_is_a_copy_and_a_year_of_its_own_is_not(
    tmp_path: Path, apart: int, copy: bool
) -> None:
    def nearly(year: int, state: str, category: tuple[str, ...], month: int) -> str:
        changed = year == 2031 and month < apart and (state == "08" or apart > 1)
        return str(1 + (int(state) * 7 + month + len(category[3])) % 11 + 3 * changed)

    found = import_file(case_file(tmp_path / "a.csv", value=nearly)).snapshot
    assert ("years_alike" in oddities(found)) is copy


def test_rows_of_totals_are_not_counted_with_their_parts(tmp_path: Path) -> None:
    totals = [
        (a, b, c, "Total") for a, b, c, d in categories() if d in ("Con arma de fuego", "Secuestro exprés")
    ]
    plain = import_file(case_file(tmp_path / "a.csv", years=[2030], value=constant("3"))).snapshot
    found = import_file(
        case_file(tmp_path / "b.csv", years=[2030], value=constant("3"), named=[*categories(), *totals])
    ).snapshot
    assert "modality: Total" in oddities(found)["totals_left_out"]
    for indicator in (HOMICIDES, KIDNAPPINGS):
        assert series(found, indicator) == series(plain, indicator)


def changed(path: Path, lines: Callable[[list[str]], list[str]]) -> Path:
    """The file with other lines."""
    head, *rest = path.read_text("cp1252").splitlines()
    path.write_text("\n".join([head, *lines(rest)]) + "\n", "cp1252")
    return path


def test_a_row_twice_holds_its_place_and_year_back_however_it_is_written(tmp_path: Path) -> None:
    def again(lines: list[str]) -> list[str]:
        twice = [line for line in lines if line.startswith("2030,11,") and "Homicidio doloso" in line]
        return lines + [line.replace("Con arma de fuego", "CON ARMA DE FUEGO") for line in twice]

    path = changed(case_file(tmp_path / "a.csv", years=[2030, 2031]), again)
    found = import_file(path).snapshot
    assert "Guanajuato (2030)" in oddities(found)["rows_repeated"]
    assert series(found, HOMICIDES, "11")["2030-05"] is None and series(found, HOMICIDES, "11")["2031-05"]
    assert series(found, HOMICIDES).get("2030-05") is None, "and so is the nation"
    assert series(found, KIDNAPPINGS, "11")["2030-05"], "what is not touched stands"


def test_two_editions_one_behind_the_other_are_found_and_not_added_up(tmp_path: Path) -> None:
    path = changed(case_file(tmp_path / "a.csv"), lambda lines: [*lines, *lines])
    found = import_file(path).snapshot
    assert "rows_repeated" in oddities(found) and "repeated_rows" in oddities(found)
    assert not any(series(found, HOMICIDES).values())


def test_a_row_twice_of_what_no_indicator_counts_is_said(tmp_path: Path) -> None:
    again = lambda lines: [*lines, next(line for line in lines if "Amenazas" in line)]
    found = import_file(changed(case_file(tmp_path / "a.csv"), again)).snapshot
    assert "Aguascalientes (2030)" in oddities(found)["repeated_rows"]
    assert "rows_repeated" not in oddities(found)


def test_rows_that_a_state_lacks_in_a_year_hold_it_back(tmp_path: Path) -> None:
    def without(lines: list[str]) -> list[str]:
        gone = lambda line: line.startswith("2031,32,") and "Homicidio doloso,Con arma de fuego" in line
        return [line for line in lines if not gone(line)]

    found = import_file(changed(case_file(tmp_path / "a.csv"), without)).snapshot
    assert "Zacatecas (2031)" in oddities(found)["rows_missing"]
    assert series(found, HOMICIDES, "32")["2031-01"] is None
    assert series(found, HOMICIDES, "32")["2030-01"]


def test_a_file_cut_at_the_end_of_a_line_says_which_states_are_gone(tmp_path: Path) -> None:
    found = import_file(changed(case_file(tmp_path / "a.csv"), lambda lines: lines[:-150])).snapshot
    words = oddities(found)["periods_incomplete"]
    assert "Zacatecas (2031)" in words and "Aguascalientes" not in words
    assert any(o.grave for o in found.oddities)
    assert series(found, HOMICIDES).get("2031-01") is None


def test_a_national_row_that_is_not_the_sum_of_its_states_is_left_out(tmp_path: Path) -> None:
    def with_nation(factor: float) -> Callable[[list[str]], list[str]]:
        def added(lines: list[str]) -> list[str]:
            sums: dict[tuple[str, ...], list[int]] = {}
            for line in lines:
                cells = line.split(",")
                key = (cells[0], *cells[3:-12])
                sums[key] = [a + int(b) for a, b in zip(sums.get(key, [0] * 12), cells[-12:], strict=True)]
            rows = [
                ",".join([key[0], "0", "Nacional", *key[1:], *(str(round(factor * n)) for n in row)])
                for key, row in sums.items()
            ]
            return lines + rows

        return added

    plain = [c for c in categories() if "," not in "".join(c)]  # no quoted cells: lines can be cut at commas
    for factor, right in ((1.0, True), (1.3, False)):
        path = case_file(tmp_path / f"{factor}.csv", years=[2030], named=plain)
        found = import_file(changed(path, with_nation(factor))).snapshot
        assert ("nation_differs" in oddities(found)) is not right
        assert ("2030-01" in series(found, HOMICIDES)) is right


def test_a_zero_amid_many_is_taken_as_not_reported(tmp_path: Path) -> None:
    def cell(year: int, state: str, category: tuple[str, ...], month: int) -> str:
        silent = (year, state, month) == (2030, "11", 10) and category[2] == "Homicidio doloso"
        return "0" if silent else str(30 + month + year % 7)

    found = import_file(case_file(tmp_path / "a.csv", value=cell)).snapshot
    assert "Guanajuato (2030-11)" in oddities(found)["zero_unlikely"]
    assert series(found, HOMICIDES, "11")["2030-11"] is None and "2030-11" not in series(found, HOMICIDES)


def test_a_blank_amid_values_is_named(tmp_path: Path) -> None:
    one = lambda y, s, c, m: (
        "" if (y, s, m) == (2030, "09", 2) and c[3] == "Con arma blanca" else str(y - 2026)
    )
    found = import_file(case_file(tmp_path / "a.csv", value=one)).snapshot
    assert "Ciudad de México (2030-03)" in oddities(found)["values_blank"]
    assert series(found, HOMICIDES, "09")["2030-03"] is None


def test_values_of_another_size_than_the_nearest_published_year_are_held_back(tmp_path: Path) -> None:
    found = import_file(case_file(tmp_path / "a.csv", years=[2030], value=constant("5000"))).snapshot
    assert HOMICIDES not in found.indicators and "2030" in oddities(found)["scale_off"]


def test_a_category_renamed_holds_its_series_back(tmp_path: Path) -> None:
    renamed = [
        (a, b, "Homicidio intencional" if c == "Homicidio doloso" else c, d) for a, b, c, d in categories()
    ]
    found = import_file(case_file(tmp_path / "a.csv", named=renamed)).snapshot
    assert HOMICIDES not in found.indicators and KIDNAPPINGS in found.indicators
    assert "Homicidio doloso" in oddities(found)["series_refused"]
    assert "Homicidio intencional" in oddities(found)["categories_new"]
    assert any(o.grave for o in found.oddities)


def test_a_category_split_off_holds_its_series_back(tmp_path: Path) -> None:
    more = [
        *categories(),
        ("La vida y la Integridad corporal", "Homicidio", "Homicidio doloso calificado", "Con veneno"),
    ]
    found = import_file(case_file(tmp_path / "a.csv", named=more)).snapshot
    assert HOMICIDES not in found.indicators, "the new category could belong to it"
    assert "unmapped_held" in oddities(found)
    assert KIDNAPPINGS in found.indicators


def test_a_new_category_elsewhere_is_listed_and_changes_nothing(tmp_path: Path) -> None:
    more = [*categories(), ("La sociedad", "Delitos espaciales", "Delitos espaciales", "Delitos espaciales")]
    plain = import_file(case_file(tmp_path / "a.csv")).snapshot
    found = import_file(case_file(tmp_path / "b.csv", named=more)).snapshot
    assert "Delitos espaciales" in oddities(found)["categories_new"]
    assert series(found, HOMICIDES) == series(plain, HOMICIDES)


def test_a_category_in_other_letters_is_the_same(tmp_path: Path) -> None:
    shouted = [tuple(word.upper().replace("Ó", "O") for word in category) for category in categories()]
    plain = import_file(case_file(tmp_path / "a.csv", years=[2030], value=constant("4"))).snapshot
    found = import_file(
        case_file(tmp_path / "b.csv", years=[2030], value=constant("4"), named=shouted)
    ).snapshot
    assert "categories_new" not in oddities(found)
    assert series(found, HOMICIDES) == series(plain, HOMICIDES)


def test_a_sum_far_from_the_published_total_is_held_back(tmp_path: Path) -> None:
    found = import_file(case_file(tmp_path / "a.csv", years=[2018], value=constant("1"))).snapshot
    assert HOMICIDES not in found.indicators
    assert "published" not in oddities(found)["total_off"]
    assert "2018" in oddities(found)["total_off"]


def test_an_unknown_layout_says_what_differs(tmp_path: Path) -> None:
    head = ["Modo" if name == "Modalidad" else name for name in STATE_HEAD]
    with pytest.raises(CareoError) as error:
        import_file(case_file(tmp_path / "a.csv", head=head))
    message = str(error.value)
    assert "sesnsp_state_cases" in message and "modalidad" in message and "Modo" in message
    assert not store.snapshots(), "nothing was imported"


def test_states_that_are_missing_are_named(tmp_path: Path) -> None:
    path = case_file(tmp_path / "a.csv", years=[2030])
    text = path.read_text("cp1252").splitlines()
    path.write_text("\n".join(line for line in text if ",Sonora," not in line), "cp1252")
    found = import_file(path).snapshot
    assert "Sonora" in oddities(found)["states_missing"]
    assert not series(found, HOMICIDES), "there is no nation without all its states"


def test_a_later_edition_stands_beside_the_earlier_one_and_as_of_tells_them_apart(tmp_path: Path) -> None:
    old = case_file(tmp_path / "old.csv", value=lambda y, s, c, m: "" if (y, m) > (2031, 5) else "2")
    new = case_file(tmp_path / "new.csv", value=lambda y, s, c, m: "" if (y, m) > (2031, 8) else "3")
    import_file(old), import_file(new)
    assert [s.vintage for s in store.snapshots()] == ["2031-07", "2031-10"]
    period = parse_period("2030")
    country = careo.load_country()
    values = {o.vintage: o.value for o in country.at(HOMICIDES, "MX", period)}
    assert values["2031-10"] == values["2031-07"] * 1.5
    then = country.known(HOMICIDES, "MX", period, date(2031, 8, 15))
    assert then is not None and then.vintage == "2031-07"
    assert then.source in country.sources and country.sources[then.source].producer == "SESNSP"
    month = {"place": "MX", "month": "2030-03-01"}
    now = careo.load_panel(indicators=[HOMICIDES])[HOMICIDES].sel(month)
    before = careo.load_panel(indicators=[HOMICIDES], as_of=date(2031, 8, 15))[HOMICIDES].sel(month)
    assert float(now) == 1.5 * float(before)


def test_the_figure_check_uses_what_was_imported(tmp_path: Path) -> None:
    import_file(case_file(tmp_path / "a.csv", years=[2031], value=constant("5")))
    total = 12 * 5 * 32 * sum(category[2] == "Homicidio doloso" for category in categories())
    said = date(2032, 6, 1)
    (right,) = careo.check(
        f"En 2031 se abrieron {total:,} carpetas de investigación por homicidio doloso.", said=said
    )
    assert right.verdict == "consistent"
    (wrong,) = careo.check(
        f"En 2031 se abrieron {2 * total:,} carpetas de investigación por homicidio doloso.", said=said
    )
    assert wrong.verdict == "inconsistent"


def test_importing_twice_is_importing_once(tmp_path: Path) -> None:
    path = case_file(tmp_path / "a.csv", years=[2030])
    one, other = import_file(path).snapshot, import_file(path).snapshot
    assert one == other and len(store.snapshots()) == 1


def test_a_vintage_given_counts_and_nonsense_is_refused(tmp_path: Path) -> None:
    path = case_file(tmp_path / "a.csv", years=[2030])
    with pytest.raises(CareoError, match="soon"):
        import_file(path, vintage="soon")
    found = import_file(path, vintage="2031-02-20").snapshot
    assert (found.vintage, found.vintage_basis, found.known) == ("2031-02-20", "given", date(2031, 2, 20))


REGISTER = "cve_entidad,entidad,periodo,categoria,sexo,cve_municipio,municipio,conteo,consultado_en"


def register(path: Path, *extra: tuple[str, str, str, str, int]) -> Path:
    """The register of disappeared persons: three women of each state's first municipality, and rows of the test's own."""
    rows = [(code, name.upper(), f"{code}001", "X", 3) for code, name in states()]
    lines = [
        f"{state},{name},2031-02,DESAPARECIDA_O_NO_LOCALIZADA,MUJER,{code},{town},{count},2031-05-01"
        for state, name, code, town, count in [*rows, *extra]
    ]
    path.write_text("\n".join([REGISTER, *lines]) + "\n", "utf-8")
    return path


def missing(snapshot: Snapshot) -> dict[str, float]:
    table = pl.read_parquet(store.table(snapshot, "series"))
    wanted = table.filter(pl.col("indicator") == "disappeared_still_missing_by_year")
    return dict(wanted.select("place", "value").rows())


def test_totals_in_a_register_are_no_places(tmp_path: Path) -> None:
    totals = (("11", "GUANAJUATO", "11000", "GUANAJUATO", 3), ("00", "NACIONAL", "00000", "TOTAL", 96))
    found = import_file(register(tmp_path / "a.csv", *totals)).snapshot
    values = missing(found)
    assert (values["MX"], values["11"], values["11001"], values["11002"]) == (96, 3, 3, 0)
    assert "total_rows" in oddities(found)


def test_a_contradicting_code_counts_for_its_state_and_no_municipality(tmp_path: Path) -> None:
    found = import_file(
        register(tmp_path / "a.csv", ("02", "BAJA CALIFORNIA", "02007", "SAN QUINTIN", 5))
    ).snapshot
    values = missing(found)
    assert (values["02"], values["MX"], values["02005"]) == (8, 101, 0)
    assert not {"02006", "02007"} & set(values), "either could be meant: not observed, not zero"


def test_a_row_twice_in_a_register_holds_back_its_town_its_state_and_the_nation(tmp_path: Path) -> None:
    again = ("11", "GUANAJUATO", "11001", "X", 3)
    values = missing(import_file(register(tmp_path / "a.csv", again)).snapshot)
    assert [values.get(place) for place in ("11001", "11", "MX")] == [None, None, None]
    assert values["12"] == 3


def test_a_register_of_one_state_is_not_the_nation(tmp_path: Path) -> None:
    path = register(tmp_path / "a.csv")
    head, *lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([head, *(line for line in lines if line.startswith("11,"))]) + "\n", "utf-8")
    values = missing(import_file(path).snapshot)
    assert values["11"] == 3 and "MX" not in values


def test_a_table_without_categories_is_imported_too(tmp_path: Path) -> None:
    lines = ["Entidad,Año,Ene,Feb,Mar,Abr,May,Jun,Jul,Ago,Sep,Oct,Nov,Dic"]
    lines += [
        f"{name},2031,{','.join(str(2000 + 30 * month + int(code)) for month in range(12))}"
        for code, name in states()
    ]
    path = tmp_path / "guard.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    found = import_file(path).snapshot
    assert found.indicators == ("guard_deployed",)
    assert series(found, "guard_deployed", "09")["2031-02"] == 2039


REAL = [
    path
    for path in sorted(SHARED.glob("*/**/*"))
    if path.is_file() and "procurement" not in path.parts and not path.stem.endswith(("LICENSE", "dictionary"))
    and path.suffix in (".csv", ".bz2", ".xlsx", ".parquet")
    and not (path.parent.name in ("rnpdno", "cuenta_publica") and path.stem not in ("2013", "2018", "IPC", "data_total"))
]  # fmt: skip
NOT_READ = {"survey", "graves_municipal_counts", "graves_national_per_year", "us_foreign_assistance_fad_2013", "ocved_municipal_periods"}  # fmt: skip


@pytest.mark.realdata
@needs_shared
@pytest.mark.parametrize("path", REAL, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_real_file_is_imported_or_answered_by_its_name(path: Path) -> None:
    if {path.stem, path.parent.name} & NOT_READ:
        with pytest.raises(CareoError, match="knows and does not read yet"):
            import_file(path)
        return
    done = import_file(path)
    assert done.snapshot.rows
    assert all(careo.import_findings(done, language) for language in ("en", "es"))


@pytest.mark.realdata
@needs_shared
def test_real_editions_agree_with_published_totals() -> None:
    done = import_file(SHARED / "sesnsp" / "IDEFC_state_cases_2015-2023.csv")
    assert (
        "Oaxaca" in oddities(done.snapshot)["not_reported"]
        and "2016-10" in oddities(done.snapshot)["not_reported"]
    )
    assert len(done.reconciliations) >= 20
    assert all(r.fits for r in done.reconciliations)
    earlier = import_file(SHARED / "sesnsp" / "IDEFC_state_cases_vintage_2020-10.csv").snapshot
    assert oddities(earlier)["thousands_separators"].startswith("135")
    revisions = careo.compare_editions(earlier, done.snapshot)
    assert revisions.old == earlier and revisions.values.height > 100
