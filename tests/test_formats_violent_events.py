"""OCVED and UCDP events: what is not known of an event's day, month or place is not made up."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.errors import DataError
from careo.sources.formats import read, recognise
from careo.sources.formats.layout import Reading
from careo.sources.tables import open_data
from readings import codes

REAL = Path(__file__).resolve().parents[2] / "shared/data/cartels"
realdata = pytest.mark.skipif(not REAL.is_dir(), reason="../shared is not beside the project")
OCVED = "date,date_elapsed,year,month,day,state,mun,counter,actor_main,actor_sub,longitude,latitude\n"
EVENT = {
    "id": "7", "year": "2021", "type_of_violence": "2", "side_a": "Grupo A", "side_b": "Grupo B", "where_prec": "1",
    "adm_1": "Sinaloa state", "adm_2": "Mazatlán municipality", "latitude": "23.2", "longitude": "-106.4", "date_prec": "1",
    "date_start": "2021-03-04", "date_end": "2021-03-04", "best": "3", "high": "5", "low": "2",
}  # fmt: skip


def write(path: Path, events: list[dict[str, str]]) -> Path:
    events = [event | {"id": str(number)} for number, event in enumerate(events)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(events[0]))
        writer.writeheader()
        writer.writerows(events)
    return path


def reading(path: Path) -> tuple[Reading, pl.DataFrame]:
    with open_data(path) as file:
        found = read(*recognise(file))
        return found, found.rows.collect()


def test_ocved_events_keep_their_day_and_municipality_and_name_no_person(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text(
        OCVED + "20100501,2010-05-01,2010,5,1,7,7024,3,Other,El Fulano,-92,16\n", encoding="utf-8"
    )
    found, rows = reading(path)
    assert rows.rows() == [(date(2010, 5, 1), "07024", "Other", 3.0)]
    assert found.keys == ("actor",) and codes(found) == {}


def test_a_date_that_no_calendar_has_is_counted_and_not_moved(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text(
        OCVED + "20100230,,2010,2,30,7,7024,3,Other,X,,\n20100003,,2010,0,3,7,7024,1,Other,X,,\n",
        encoding="utf-8",
    )
    found, rows = reading(path)
    assert rows["day"].to_list() == [None, None] and rows["events"].sum() == 4
    assert [(o.code, o.words["count"], o.words["first"]) for o in found.oddities] == [
        ("impossible_dates", "2", "20100230")
    ]


def test_a_municipality_outside_the_state_beside_it_is_grave(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text(OCVED + "20100501,2010-05-01,2010,5,1,8,7024,3,Other,X,,\n", encoding="utf-8")
    found, _ = reading(path)
    assert codes(found) == {"codes_disagree": True}


def test_a_ucdp_event_is_placed_as_finely_as_it_is_known(tmp_path: Path) -> None:
    events = [
        EVENT,
        EVENT | {"where_prec": "4", "adm_1": "Guerrero state"},
        EVENT | {"where_prec": "5"},
        EVENT | {"where_prec": "6", "adm_1": "", "adm_2": ""},
        EVENT | {"adm_1": "Ciudad de México", "adm_2": "Benito Juárez municpality"},
    ]
    found, rows = reading(write(tmp_path / "u.csv", events))
    assert rows["place_name"].to_list() == ["Sinaloa", "Guerrero", None, None, "Ciudad de México"]
    assert rows["municipality"].to_list() == ["Mazatlán", None, None, None, "Benito Juárez"]
    odd = next(o for o in found.oddities if o.code == "event_state_unknown")
    assert dict(odd.words) == {"count": "2", "deaths": "6"}


def test_a_ucdp_event_known_to_the_year_or_over_two_months_has_no_month(tmp_path: Path) -> None:
    events = [
        EVENT,
        EVENT
        | {
            "date_prec": "5",
            "date_start": "2021-01-01",
            "date_end": "2021-12-31",
            "best": "40",
            "high": "50",
        },
        EVENT | {"date_prec": "2", "date_start": "2021-03-30", "date_end": "2021-04-02"},
        EVENT | {"date_prec": "4", "date_start": "2021-04-01", "date_end": "2021-04-30"},
    ]
    found, rows = reading(write(tmp_path / "u.csv", events))
    assert rows["month"].to_list() == [date(2021, 3, 1), None, None, date(2021, 4, 1)]
    assert set(rows["event_year"]) == {"2021"}
    odd = next(o for o in found.oddities if o.code == "event_month_unknown")
    assert dict(odd.words) == {"count": "2", "deaths": "43"} and odd.refused


def test_the_complete_file_leaves_other_countries_out_and_reads_floats_and_times(tmp_path: Path) -> None:
    full = {
        "country": "Mexico",
        "country_id": "70",
        "source_headline": "x",
        "region": "Americas",
        "code_status": "Clear",
    }
    stamps = {"date_start": "2021-03-04 00:00:00.000", "date_end": "2021-03-04 00:00:00.000", "best": "3.0"}
    events = [
        EVENT | full | stamps,
        EVENT | full | {"country": "Peru"},
        EVENT | full | {"country": "New Mexico"},
    ]
    found, rows = reading(write(tmp_path / "u.csv", events))
    assert (
        rows.height == 1
        and rows["starts"].to_list() == ["2021-03-04"]
        and "source_headline" not in rows.columns
    )
    odd = next(o for o in found.oddities if o.code == "other_countries")
    assert odd.words["count"] == "2" and odd.refused and not any(o.grave for o in found.oddities)


def test_unknown_kinds_unreadable_days_and_repeated_numbers_are_grave(tmp_path: Path) -> None:
    path = write(tmp_path / "u.csv", [EVENT | {"type_of_violence": "9"}, EVENT | {"date_start": "4 March"}])
    path.write_text(path.read_text(encoding="utf-8").replace("\n1,", "\n0,"), encoding="utf-8")
    found, _ = reading(path)
    graves = {code for code, grave in codes(found).items() if grave}
    assert graves == {"undated_rows", "unknown_violence", "events_repeated"}


def test_a_file_without_precision_of_dates_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "u.csv", [{name: cell for name, cell in EVENT.items() if name != "date_prec"}])
    with open_data(path) as file, pytest.raises(DataError, match=r"ucdp_events.*lacks: date_prec"):
        recognise(file)


@given(
    start=st.dates(date(1990, 1, 1), date(2030, 1, 1)), span=st.integers(0, 400), precision=st.integers(1, 5)
)
def test_no_event_is_put_in_a_month_it_leaves(
    tmp_path_factory: pytest.TempPathFactory, start: date, span: int, precision: int
) -> None:
    end = start + timedelta(days=span)
    event = EVENT | {"date_start": str(start), "date_end": str(end), "date_prec": f"{precision}.0"}
    _, rows = reading(write(tmp_path_factory.mktemp("ucdp") / "u.csv", [event]))
    whole = precision < 5 and (start.year, start.month) == (end.year, end.month)
    assert rows["month"].to_list() == [start.replace(day=1) if whole else None]


@pytest.mark.realdata
@realdata
def test_the_real_events_are_all_there_and_the_undated_ones_are_told() -> None:
    found, rows = reading(REAL / "ucdp_ged_mexico_1989-2023.parquet")
    assert rows.height == 18_957 and rows["best"].sum() == 140_695
    assert rows["place_name"].n_unique() == 33, "31 states, the capital under two names, and nothing"
    words = {oddity.code: dict(oddity.words) for oddity in found.oddities}
    assert words["event_month_unknown"] == {"count": "501", "deaths": "78,122"}
    assert words["event_state_unknown"] == {"count": "159", "deaths": "634"}
    found, rows = reading(REAL / "OCVED_2.0.csv")
    assert rows.height == 64_895 and rows["events"].sum() == 219_828 and rows["actor"].n_unique() == 12
    assert {o.code: o.words["count"] for o in found.oddities} == {"impossible_dates": "18"}
