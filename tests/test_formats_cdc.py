"""CDC's provisional overdose counts: running totals of twelve months, two measures, blanks that are not zero."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from careo.base.errors import DataError
from careo.sources.formats import read, recognise
from careo.sources.formats.layout import Reading
from careo.sources.tables import open_data
from readings import codes

REAL = Path(__file__).resolve().parents[2] / "shared/data/money/us_overdose_vsrr_vintage_2020.csv"
HEADER = (
    "State", "Year", "Month", "Period", "Indicator", "Data Value", "Percent Complete", "Percent Pending Investigation",
    "State Name", "Footnote", "Footnote Symbol", "Predicted Value",
)  # fmt: skip
FINAL = "Numbers may differ from published reports using final data. See Technical Notes."
ALL = "Number of Drug Overdose Deaths"


def row(
    state: str,
    month: str,
    value: str,
    predicted: str = "",
    *,
    cause: str = ALL,
    note: str = FINAL,
    **other: str,
) -> dict[str, str]:
    told = {
        "State": state,
        "Year": "2021",
        "Month": month,
        "Period": "12 month-ending",
        "Indicator": cause,
        "Data Value": value,
    }
    told |= {
        "Percent Complete": "100",
        "Percent Pending Investigation": "0.25",
        "State Name": state,
        "Footnote": note,
    }
    return told | {"Footnote Symbol": "**", "Predicted Value": predicted} | other


def write(path: Path, rows: list[dict[str, str]], header: tuple[str, ...] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def reading(path: Path) -> tuple[Reading, pl.DataFrame]:
    with open_data(path) as file:
        found = read(*recognise(file))
        return found, found.rows.collect()


def test_a_value_stands_at_the_last_of_its_twelve_months_with_both_measures(tmp_path: Path) -> None:
    found, rows = reading(
        write(tmp_path / "a.csv", [row("US", "December", "1,200", "1250"), row("ny", "Mar", "90", "95")])
    )
    assert rows.select("month", "place", "reported", "predicted").rows() == [
        (date(2021, 12, 1), "US", 1200.0, 1250.0),
        (date(2021, 3, 1), "US-NY", 90.0, 95.0),
    ]
    assert rows["complete_share"].to_list() == [1, 1] and rows["pending_share"].to_list() == [0.0025, 0.0025]
    assert codes(found) == {"thousands_separators": False}


def test_percentages_are_no_counts(tmp_path: Path) -> None:
    rows = [
        row("US", "May", "96.4", cause="Percent with drugs specified"),
        row("US", "May", "800", **{"Percent Complete": "99.5+"}),
    ]
    found, told = reading(write(tmp_path / "a.csv", rows))
    assert told["reported"].to_list() == [None, 800] and told["share"].to_list() == [
        pytest.approx(0.964),
        None,
    ]
    assert told["complete_share"].to_list() == [1, pytest.approx(0.995)]
    assert codes(found) == {}


def test_blank_and_marked_counts_are_named(tmp_path: Path) -> None:
    rows = [row("AK", "May", ""), row("AL", "June", "7", note="Underreported due to incomplete data.")]
    found, told = reading(write(tmp_path / "a.csv", rows))
    assert told["reported"].to_list() == [None, 7]
    assert codes(found) == {"underreported_rows": False, "suppressed_counts": False}
    assert dict(found.oddities[0].words) == {"count": "1", "first": "2021-06"}


def test_a_row_of_another_period_or_without_a_month_is_grave(tmp_path: Path) -> None:
    rows = [row("AK", "May", "5", Period="Month"), row("AL", "Mayo?", "7"), row("AZ", "Never", "7")]
    found, told = reading(write(tmp_path / "a.csv", rows))
    assert codes(found) == {"other_period": True, "undated_rows": True}
    assert told["month"].null_count() == 1


def test_the_publishers_interface_writes_other_headers_and_says_the_same(tmp_path: Path) -> None:
    rows = [row("US", "May", "800", "810")]
    lower = {name: name.lower().replace(" ", "_") for name in HEADER}
    told = [{lower[name]: cell for name, cell in rows[0].items()}]
    _, plain = reading(write(tmp_path / "a.csv", rows))
    _, other = reading(write(tmp_path / "b.csv", told, tuple(reversed(list(lower.values())))))
    assert plain.equals(other)


@pytest.mark.parametrize(("lost", "grave"), [(0, False), (500, True)])
def test_the_nation_must_be_the_sum_of_its_jurisdictions(tmp_path: Path, lost: int, grave: bool) -> None:
    rows = [row(f"S{number:02d}", "May", "1000") for number in range(52)]
    found, _ = reading(write(tmp_path / "a.csv", [*rows, row("US", "May", str(52_000 - lost))]))
    assert codes(found) == ({"nation_not_its_states": True} if grave else {})


def test_a_file_without_its_values_is_told_what_it_lacks(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", [row("US", "May", "8")], tuple(name for name in HEADER if name != "Data Value")
    )
    with open_data(path) as file, pytest.raises(DataError, match=r"cdc_overdose.*lacks: data_value"):
        recognise(file)


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_file(), reason="../shared is not beside the project")
def test_the_real_vintage_gives_the_published_decembers() -> None:
    found, rows = reading(REAL)
    assert rows.height == 13_320 and rows["place"].n_unique() == 53
    decembers = rows.filter(
        pl.col("place") == "US", pl.col("cause") == ALL, pl.col("month").dt.month() == 12
    ).sort("month")
    assert decembers["reported"].to_list() == [52_623, 63_938, 70_699]
    assert decembers["predicted"].to_list() == [53_835, 65_530, 72_224]
    assert codes(found) == {"underreported_rows": False}
