"""The public account: stages in rows, totals among their parts, columns that change; its open database; the price index."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from careo.base.errors import DataError
from careo.sources.catalog import datasets
from careo.sources.formats import read, recognise
from careo.sources.formats.layout import Oddity, Reading
from careo.sources.tables import open_data

ACCOUNT = Path(__file__).resolve().parents[2] / "shared/data/money/cuenta_publica"
realdata = pytest.mark.skipif(not ACCOUNT.is_dir(), reason="../shared is not beside the project")

HEADER = (
    "CICLO", "ENTE", "RAMO", "SUBRAMO", "PROGRAMA", "PRESUPUESTO", "GC_SERVICIOS_PERSONALES", "GC_GASTO_DE_OPERACIÓN",
    "GC_SUBSIDIOS", "GC_OTROS_DE_CORRIENTE", "GC_SUMA", "GI_PENSIONES_Y_JUBILACIONES", "GI_INVERSIÓN_FÍSICA", "GI_SUBSIDIOS",
    "GI_OTROS_DE_INVERSIÓN", "GI_SUMA", "TOTAL", "PORCENTAJE_CORRIENTE", "PORCENTAJE_PENSIONES_Y_JUBILACIONES",
    "PORCENTAJE_INVERSIÓN",
)  # fmt: skip
ITEMS = (
    "CICLO", "ID_RAMO", "DESC_RAMO", "ID_UR", "DESC_UR", "ID_MODALIDAD", "DESC_MODALIDAD", "ID_PP", "DESC_PP",
    "ID_ENTIDAD_FEDERATIVA", "ENTIDAD_FEDERATIVA", "MONTO_APROBADO", "MONTO_MODIFICADO", "MONTO_DEVENGADO", "MONTO_PAGADO",
    "ADEFAS", "EJERCICIO",
)  # fmt: skip
ITEMS_2025 = (
    "Ciclo", "R", "RAMO_DESC", "UR", "UR_DESC", "MOD", "MOD_DESC", "PP", "PP_DESC", "EF", "EF_DESC", "Original_Bruto",
    "Modificado_Bruto", "Devengado", "Pagado", "Adefas", "Ejercido_Bruto",
)  # fmt: skip


def stage(
    path: tuple[str, str, str], programme: str, word: str, current: float, investment: float
) -> dict[str, str]:
    numbers = {
        "GC_GASTO_DE_OPERACIÓN": current,
        "GC_SUMA": current,
        "GI_INVERSIÓN_FÍSICA": investment,
        "GI_SUMA": investment,
    }
    titles = dict(zip(("ENTE", "RAMO", "SUBRAMO"), path, strict=True))
    cells = {
        "CICLO": "2021",
        **titles,
        "PROGRAMA": programme,
        "PRESUPUESTO": word,
        "TOTAL": current + investment,
    }
    return {name: str(cell) for name, cell in (cells | numbers).items()}


DEFENCE = ("Poder Ejecutivo", "Ramos Administrativos", "Defensa Nacional")
NAVY = ("Poder Ejecutivo", "Ramos Administrativos", "Marina")
COURT = ("Poder Judicial", "Suprema Corte", "")


def account() -> list[dict[str, str]]:
    """One branch with two programmes, one with one, and a power with a total of its own."""
    rows: list[dict[str, str]] = []
    for word, factor in (("Aprobado", 1.0), ("Modificado", 1.5), ("Devengado", 1.25), ("Ejercicio", 1.2)):
        rows.append(stage(DEFENCE, "TOTAL", word, 70 * factor, 30 * factor))
        rows.append(stage(NAVY, "TOTAL", word, 40 * factor, 0))
        rows.append(stage(("Poder Judicial", "", ""), "TOTAL", word, 5 * factor, 5 * factor))
        rows.append(stage(COURT, "TOTAL", word, 5 * factor, 5 * factor))
    rows.append(stage(DEFENCE, "TOTAL", "Porcentaje Ejer/Aprob", 120, 120) | {"GC_SUBSIDIOS": "n.s."})
    for path, code, name, current, investment in (
        (DEFENCE, "A001", "Operación del ejército", 50, 30),
        (DEFENCE, "A002", "Fuerza aérea", 20, 0),
        (NAVY, "A001", "Patrullaje", 40, 0),
        (COURT, "R001", "Otras actividades", 5, 5),
    ):
        rows.append(stage(path, code, name, 0, 0))
        for word, factor in (("Aprobado", 1.0), ("Modificado", 1.5), ("Devengado", 1.25), ("Ejercicio", 1.2)):
            rows.append(stage(path, code, word, current * factor, investment * factor))
        rows.append(stage(path, code, "Porcentaje Ejer/Modif", 80, 80))
    return rows


def write(
    path: Path,
    rows: list[dict[str, str]],
    header: tuple[str, ...] = HEADER,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, header, delimiter=delimiter, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def reading(path: Path) -> tuple[Reading, pl.DataFrame]:
    with open_data(path) as file:
        found = read(*recognise(file))
        return found, found.rows.collect()


def oddity(found: Reading, code: str) -> Oddity | None:
    return next((o for o in found.oddities if o.code == code), None)


def total(rows: pl.DataFrame, **where: str) -> float:
    return float(rows.filter(pl.col(name) == cell for name, cell in where.items())["total"].sum())


def test_totals_are_told_from_programmes_and_stages_from_ratios(tmp_path: Path) -> None:
    found, rows = reading(write(tmp_path / "a.csv", account()))
    assert found.dataset == "public_account"
    assert set(rows["stage"]) == {"approved", "modified", "accrued", "spent"}
    assert total(rows, level="branch", branch="Defensa Nacional", stage="spent") == pytest.approx(120)
    assert total(rows, level="programme", branch="Defensa Nacional", stage="spent") == pytest.approx(120)
    assert (
        total(rows, level="branch", stage="approved") == 150
        and total(rows, level="power", stage="approved") == 10
    )
    air = rows.filter(pl.col("programme_code") == "A002")
    assert set(air["programme"]) == {"Fuerza aérea"} and set(air["entity"]) == {"Ramos Administrativos"}
    assert set(rows["place"]) == {"00"} and set(rows["year"]) == {2021}
    ratios = oddity(found, "ratio_rows")
    assert ratios is not None and ratios.words["count"] == "5"
    assert not any(o.grave for o in found.oddities)


def test_the_edition_without_subbranch_and_pensions_says_the_same(tmp_path: Path) -> None:
    flat = [
        row | {"ENTE": row["RAMO"], "RAMO": row["SUBRAMO"]} if row["SUBRAMO"] else row
        for row in account()
        if row["RAMO"]
    ]
    header = tuple(name for name in HEADER if name not in ("SUBRAMO", "GI_PENSIONES_Y_JUBILACIONES"))
    keys = ["entity", "branch", "programme_code", "programme", "level", "stage", "total"]
    _, old = reading(write(tmp_path / "old.csv", flat, header, delimiter=";", encoding="latin-1"))
    _, new = reading(write(tmp_path / "new.csv", [row for row in account() if row["RAMO"]], HEADER))
    assert old.select(keys).sort(keys).equals(new.select(keys).sort(keys))


def test_a_table_of_totals_only_has_no_programme_column(tmp_path: Path) -> None:
    totals = [row for row in account() if row["PROGRAMA"] == "TOTAL"]
    header = tuple(name for name in HEADER if name != "PROGRAMA")
    _, rows = reading(write(tmp_path / "t.csv", totals, header))
    assert set(rows["level"]) == {"branch", "power"}
    assert total(rows, level="branch", stage="approved") == 150


def test_columns_in_another_order_and_lower_case_change_nothing(tmp_path: Path) -> None:
    lower = tuple(name.lower() for name in reversed(HEADER))
    told = [{name.lower(): cell for name, cell in row.items()} for row in account()]
    found, rows = reading(write(tmp_path / "b.csv", told, lower))
    plain, same = reading(write(tmp_path / "a.csv", account()))
    assert rows.equals(same) and found.oddities == plain.oddities


def test_a_total_that_is_not_its_parts_is_grave(tmp_path: Path) -> None:
    rows = account()
    rows[0] = rows[0] | {"TOTAL": "175"}
    found, _ = reading(write(tmp_path / "a.csv", rows))
    odd = oddity(found, "total_not_its_parts")
    assert odd is not None and odd.grave
    assert odd.words == {"count": "1", "largest": "75", "first": "2021 · Defensa Nacional · approved"}


def test_programmes_filed_under_another_branch_are_grave_on_both_sides(tmp_path: Path) -> None:
    rows = [row | {"SUBRAMO": "Marina"} if row["PROGRAMA"] == "A002" else row for row in account()]
    found, told = reading(write(tmp_path / "a.csv", rows))
    odd = oddity(found, "parts_not_the_total")
    assert odd is not None and odd.grave and odd.words["count"] == "8" and odd.words["largest"] == "30"
    assert total(told, level="branch", branch="Defensa Nacional", stage="approved") == 100


def test_the_same_rows_twice_are_a_copy_and_other_amounts_a_missing_name(tmp_path: Path) -> None:
    found, _ = reading(write(tmp_path / "a.csv", [*account(), account()[0]]))
    copied = oddity(found, "rows_copied")
    assert copied is not None and copied.grave and copied.words["count"] == "2"
    found, _ = reading(write(tmp_path / "b.csv", [*account(), stage(COURT, "TOTAL", "Aprobado", 99, 0)]))
    namesake = oddity(found, "names_repeated")
    assert namesake is not None and not namesake.grave
    assert oddity(found, "parts_not_the_total") is not None


def test_a_stage_nobody_knows_is_kept_under_its_name_and_is_grave(tmp_path: Path) -> None:
    found, rows = reading(write(tmp_path / "a.csv", [*account(), stage(NAVY, "TOTAL", "Reservado", 7, 0)]))
    odd = oddity(found, "unknown_stage")
    assert odd is not None and odd.grave and odd.words == {"count": "1", "stages": "Reservado"}
    assert total(rows, stage="Reservado") == 7


def test_a_cell_that_is_no_number_is_grave_and_not_zero(tmp_path: Path) -> None:
    rows = account()
    rows[0] = rows[0] | {"TOTAL": "cien"}
    found, told = reading(write(tmp_path / "a.csv", rows))
    odd = oddity(found, "unreadable_cells")
    assert odd is not None and odd.grave and "cien" in odd.words["first"]
    assert told.filter(level="branch", branch="Defensa Nacional", stage="approved")["total"].to_list() == [
        None
    ]


def test_a_missing_total_column_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", account(), tuple(name for name in HEADER if name != "TOTAL"))
    with open_data(path) as file, pytest.raises(DataError, match=r"public_account.*lacks: total"):
        recognise(file)


@settings(max_examples=25)  # two files are read for each
@given(
    amounts=st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=6),
    shift=st.integers(10, 10**6),
)
@example(
    amounts=[(1, 1)] * 6, shift=10
)  # the least shift beside the most parts: only a tolerance of 1 peso a part finds it
def test_whole_and_parts_agree_exactly_when_they_do(
    tmp_path_factory: pytest.TempPathFactory, amounts: list[tuple[int, int]], shift: int
) -> None:
    path = tmp_path_factory.mktemp("account") / "a.csv"
    rows = [stage(NAVY, f"K{n:03d}", "Aprobado", *pair) for n, pair in enumerate(amounts)]
    whole = stage(NAVY, "TOTAL", "Aprobado", sum(a for a, _ in amounts), sum(b for _, b in amounts))
    found, told = reading(write(path, [whole, *rows]))
    assert oddity(found, "parts_not_the_total") is None
    assert total(told, level="programme") == total(told, level="branch")
    wrong = stage(NAVY, "TOTAL", "Aprobado", sum(a for a, _ in amounts) + shift, sum(b for _, b in amounts))
    found, _ = reading(write(path, [wrong, *rows]))
    odd = oddity(found, "parts_not_the_total")
    assert odd is not None and odd.words["largest"] == f"{shift:,}"


# --- open database -----------------------------------------------------------------------------------------------------


def item(code: str, name: str, pp: str, amounts: tuple[str, ...]) -> tuple[str, ...]:
    return (
        "2022",
        code,
        name,
        "110",
        "Oficina",
        "E",
        "Servicios",
        pp,
        "Programa",
        "9",
        "Ciudad de México",
        *amounts,
    )


def items(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Path:
    return write(path, [dict(zip(header, row, strict=True)) for row in rows], header, encoding="latin-1")


ROWS = [
    item("7", "Defensa Nacional", "1", ("100", "120", "110", "105", "", "110")),
    item("7", "Defensa Nacional", "12", ("50", "", "", "", "", "")),
    item("13", "Marina", "1", ("80", "90", "90", "90", "", "90.5")),
]


@pytest.mark.parametrize("header", [ITEMS, ITEMS_2025])
def test_the_open_database_is_read_under_the_names_of_either_edition(
    tmp_path: Path, header: tuple[str, ...]
) -> None:
    found, rows = reading(items(tmp_path / "a.csv", header, ROWS))
    assert found.dataset == "public_account_items"
    assert found.values == ("approved", "modified", "accrued", "paid", "arrears", "spent")
    defence = rows.filter(pl.col("branch_code") == "07")
    assert defence["approved"].sum() == 150 and defence["spent"].to_list() == [110, 0]
    assert defence["programme_code"].to_list() == ["E001", "E012"] and set(rows["state"]) == {
        "Ciudad de México"
    }
    assert rows["arrears"].null_count() == 3, "a column that nobody filled is unknown, not zero"
    blank = oddity(found, "blank_amounts")
    assert blank is not None and blank.words["count"] == "4"
    assert not any(o.grave for o in found.oddities)


def test_two_columns_of_one_stage_fill_each_other(tmp_path: Path) -> None:
    header = (*ITEMS[:-1], "MONTO_EJERCICIO", "MONTO_EJERCIDO")
    rows = [(*row[:-1], row[-1], "0") for row in ROWS]
    _, told = reading(items(tmp_path / "a.csv", header, rows))
    assert told["spent"].to_list() == [110, 0, 90.5]


def test_rows_of_nothing_are_passed_over_and_counted(tmp_path: Path) -> None:
    found, rows = reading(items(tmp_path / "a.csv", ITEMS, [*ROWS, ("",) * len(ITEMS), ("",) * len(ITEMS)]))
    odd = oddity(found, "empty_rows")
    assert rows.height == 3 and odd is not None and odd.words["count"] == "2"


def test_a_bill_with_proposed_amounts_only_is_not_taken_for_the_account(tmp_path: Path) -> None:
    header = tuple("MONTO_PROYECTO" if name == "MONTO_APROBADO" else name for name in ITEMS)
    with (
        open_data(items(tmp_path / "a.csv", header, ROWS)) as file,
        pytest.raises(DataError, match=r"lacks: monto_aprobado"),
    ):
        recognise(file)


# --- price index -------------------------------------------------------------------------------------------------------


def test_the_index_is_read_by_month_however_the_month_is_written(tmp_path: Path) -> None:
    path = tmp_path / "ipc.csv"
    path.write_text(
        "Fecha,IPC\n2018-07-01,99.9\n2018/08,100.5\nSep 2018,101\n10/2018,102\n", encoding="utf-8"
    )
    found, rows = reading(path)
    assert found.dataset == "price_index" and not found.oddities
    assert rows["month"].to_list() == [date(2018, month, 1) for month in (7, 8, 9, 10)]
    assert rows["index"].to_list() == [99.9, 100.5, 101, 102]


def test_an_index_with_a_month_twice_or_none_is_grave(tmp_path: Path) -> None:
    path = tmp_path / "ipc.csv"
    path.write_text("Fecha,IPC\n2018-07-01,99.9\n2018-07-01,100.5\n2018-13-01,101\n", encoding="utf-8")
    found, rows = reading(path)
    assert rows["month"].null_count() == 1
    assert [(o.code, o.words["count"]) for o in found.oddities if o.grave] == [
        ("undated_rows", "1"),
        ("months_repeated", "2"),
    ]


# --- real files --------------------------------------------------------------------------------------------------------

EMBEDDED = Path(__file__).parents[1] / "src" / "careo" / "data" / "mexico" / "series"


def embedded(indicator: str) -> dict[str, float]:
    with (EMBEDDED / f"{indicator}.csv").open(encoding="utf-8") as stream:
        return {row["period"]: float(row["value"]) for row in csv.DictReader(stream)}


@pytest.mark.realdata
@realdata
@pytest.mark.parametrize(
    ("name", "count"), [("data_total", 120), *((str(y), 10 + 2 * (y > 2018)) for y in range(2013, 2024))]
)
def test_the_card_reproduces_every_embedded_value(name: str, count: int) -> None:
    found, rows = reading(ACCOUNT / f"{name}.csv")
    compared = 0
    for indicator, rule in datasets()[found.dataset].series.items():
        wanted = [
            pl.col(key).str.to_lowercase().is_in([category.lower() for category in categories])
            for key, categories in rule.where.items()
        ]
        sums = rows.filter(*wanted).group_by("year").agg(pl.col(rule.value).sum())
        for year, value in sums.rows():
            assert value == pytest.approx(embedded(indicator)[str(year)], abs=1), (indicator, year)
            compared += 1
    assert compared == count


@pytest.mark.realdata
@realdata
@pytest.mark.parametrize(
    ("year", "rows", "wrong"),
    [
        (2013, 3876, None),
        (2014, 3608, ("16", "58,095,379,799")),  # Defence's programmes stand under Treasury
        (2019, 2908, None),
        (2020, 2848, ("8", "5,336,606,040")),  # the Electoral Tribunal has no total of its own
        (2023, 2744, None),
    ],
)
def test_the_yearly_files_add_up_except_where_the_compilation_slipped(
    year: int, rows: int, wrong: tuple[str, str] | None
) -> None:
    found, told = reading(ACCOUNT / f"{year}.csv")
    assert told.height == rows
    odd = oddity(found, "parts_not_the_total")
    assert (None if odd is None else (odd.words["count"], odd.words["largest"])) == wrong
    assert {o.code for o in found.oddities if o.grave} == ({"parts_not_the_total"} if wrong else set())


@pytest.mark.realdata
@realdata
def test_the_real_index_turns_spending_into_the_embedded_constant_pesos() -> None:
    _, prices = reading(ACCOUNT / "IPC.csv")
    means = dict(prices.group_by(pl.col("month").dt.year()).agg(pl.col("index").mean()).rows())
    _, rows = reading(ACCOUNT / "data_total.csv")
    spent = rows.filter(branch="Defensa Nacional", stage="spent", year=2018)["total"].item()
    assert spent * means[2023] / means[2018] == pytest.approx(104_367_419_871, abs=1)
