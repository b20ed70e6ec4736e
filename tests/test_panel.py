"""The embedded Mexican figures: totals everybody can look up, vintages, sums and holes."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from careo.base.dates import parse_period
from careo.base.errors import DataError
from careo.panel import load_country
from careo.panel.country import Country
from careo.panel.series import Observation, known, make_series, newest, periods, read_wide, total
from careo.panel.validation import validate_country

SHARED = Path(__file__).parents[1] / ".." / "shared"


@pytest.fixture(scope="module")
def mexico() -> Country:
    return load_country("mexico")


def _value(panel: Country, indicator: str, period: str, place: str = "MX") -> float | None:
    found = panel.newest(indicator, place, parse_period(period))
    return found.value if found else None


def test_the_whole_country_passes_the_full_check() -> None:
    size = validate_country("mexico")
    assert size.indicators >= 46 and size.variants >= 80
    assert size.observations > 9_000 and size.months > 20_000


@pytest.mark.parametrize(
    ("indicator", "year", "value"),
    [
        ("homicide_inegi_registered", "2007", 8_867),
        ("homicide_inegi_registered", "2011", 27_213),
        ("homicide_inegi_registered", "2018", 36_687),
        ("homicide_inegi_registered", "2021", 35_700),
        ("homicide_sesnsp_victims", "2018", 33_742),
        ("homicide_sesnsp_victims", "2019", 34_723),
        ("homicide_sesnsp_victims", "2023", 29_721),
        ("population", "2010", 114_756_059),
        ("population", "2020", 128_209_170),
    ],
)
def test_known_totals_hold(mexico: Country, indicator: str, year: str, value: int) -> None:
    assert _value(mexico, indicator, year) == value


def test_a_preliminary_value_is_kept_beside_the_final_one(mexico: Country) -> None:
    vintages = mexico.at("homicide_inegi_registered", "MX", parse_period("2021"))
    assert [(o.value, o.vintage) for o in vintages] == [(35_625, "2022-07"), (35_700, "2022-11")]


def test_what_was_known_when_a_claim_was_made_is_the_vintage_of_that_day(mexico: Country) -> None:
    year = parse_period("2018")
    then = mexico.known("homicide_sesnsp_victims", "MX", year, date(2019, 3, 1))
    assert then is not None and then.value == 33_341
    assert mexico.known("homicide_sesnsp_victims", "MX", year, date(2019, 1, 30)) is None
    assert mexico.known("homicide_sesnsp_victims", "MX", year, date(2019, 1, 31)) == then


def test_months_of_all_states_add_up_to_the_published_year(mexico: Country) -> None:
    months = [
        mexico.newest("homicide_sesnsp_victims", "MX", parse_period(f"2018-{m:02d}")) for m in range(1, 13)
    ]
    assert sum(m.value for m in months if m) == 33_742
    assert all(m and m.verified == "computed" for m in months)


def test_twelve_months_across_two_years_are_summed_from_months(mexico: Country) -> None:
    found = mexico.newest("homicide_sesnsp_victims", "MX", parse_period("2018-12/2019-11"))
    by_hand = sum(
        _value(mexico, "homicide_sesnsp_victims", month) or 0
        for month in ["2018-12", *(f"2019-{m:02d}" for m in range(1, 12))]
    )
    assert found is not None and found.value == by_hand and found.verified == "computed"


def test_years_are_summed_over_a_term_in_whole_years(mexico: Country) -> None:
    yearly = sum(_value(mexico, "homicide_inegi_registered", str(year)) or 0 for year in range(2007, 2013))
    assert _value(mexico, "homicide_inegi_registered", "2007/2012") == yearly == 121_613


def test_a_year_is_never_spread_over_months(mexico: Country) -> None:
    assert _value(mexico, "homicide_inegi_registered", "2018-05") is None
    assert _value(mexico, "homicide_inegi_registered", "2018-01/2018-06") is None


def test_stocks_shares_and_rates_are_never_summed(mexico: Country) -> None:
    assert _value(mexico, "unreported_share", "2015/2017") is None
    assert _value(mexico, "population", "2015/2017") is None
    assert _value(mexico, "homicide_inegi_rate.computed", "2015/2017") is None


def test_months_that_oaxaca_did_not_report_are_missing_and_not_zero(mexico: Country) -> None:
    assert _value(mexico, "homicide_sesnsp_victims", "2016-10", "20") is None
    assert _value(mexico, "homicide_sesnsp_victims", "2016-10") is None, (
        "no national month without all states"
    )
    assert _value(mexico, "homicide_sesnsp_victims", "2015", "20") is None
    assert _value(mexico, "homicide_sesnsp_victims", "2016", "20") is None
    assert _value(mexico, "homicide_sesnsp_victims", "2015-02", "20") == 54
    assert _value(mexico, "homicide_sesnsp_victims", "2015") == 17_884, "the published year stands"


def test_the_published_repair_of_oaxaca_counts_both_crimes(mexico: Country) -> None:
    both = "homicide_sesnsp_victims.plus_feminicide"
    assert _value(mexico, both, "2016-10", "20") == 76
    assert _value(mexico, both, "2015-01/2015-12", "20") == sum(
        (56, 67, 57, 49, 86, 73, 93, 69, 74, 63, 89, 73)
    )
    assert _value(mexico, both, "2018") == 33_742 + 920


def test_shares_stand_between_zero_and_one(mexico: Country) -> None:
    shares = [i for i in mexico.indicators.values() if i.kind == "share"]
    values = [o.value for i in shares for o in mexico.series(i.id).observations]
    assert len(values) > 400 and all(0 <= v <= 1 for v in values)
    assert _value(mexico, "unreported_share", "2018") == pytest.approx(0.932375)


def test_what_comes_from_memory_says_so(mexico: Country) -> None:
    found = mexico.newest("unidentified_bodies", "MX", parse_period("2021-08-31"))
    assert found is not None and found.verified == "memory" and mexico.sources[found.source].tier == 4


def test_every_variant_says_itself_what_it_counts(mexico: Country) -> None:
    for variant in (i for i in mexico.indicators.values() if i.parent):
        parent = mexico.indicators[variant.parent]
        assert variant.definition != parent.definition, variant.id
        assert variant.name != parent.name, variant.id


@pytest.mark.parametrize(
    ("indicator", "kind", "unit", "cumulative"),
    [
        ("homicide_sesnsp_case_files", "flow", "case files", False),
        ("feminicide_victims.case_files", "flow", "case files", False),
        ("rivalry_deaths_presidency.cumulative", "stock", "deaths", True),
        ("disappearance_reports_by_year.cumulative_all_records", "stock", "records", True),
        ("defenders_killed.segob", "stock", "persons", True),
        ("prevention_budget_announced.usd", "money", "USD", False),
        ("clandestine_graves.bodies", "stock", "bodies", True),
        ("unreported_share.extortion", "share", "share", False),
        ("merida_cumulative.delivered", "money", "USD", True),
    ],
)
def test_units_and_kinds_are_the_variants_own(
    mexico: Country, indicator: str, kind: str, unit: str, cumulative: bool
) -> None:
    found = mexico.indicators[indicator]
    assert (found.kind, found.unit, found.cumulative) == (kind, unit, cumulative)


def test_arithmetic_on_a_plan_never_decides(mexico: Country) -> None:
    assert not mexico.indicators["federal_deployment.plan_arithmetic_not_evidence"].usable
    assert mexico.indicators["guard_strength.planned"].measure == "persons_planned"


def test_terms_are_those_of_the_countrys_own_presidents(mexico: Country) -> None:
    assert [term.names[0] for term in mexico.terms][1] == "Felipe Calderón"
    assert all(a.last is None or a.last < b.first for a, b in pairwise(mexico.terms))
    assert any(h.country == "US" for h in mexico.office_holders)


def test_a_bare_dollar_sign_depends_on_the_language(mexico: Country) -> None:
    assert mexico.dollar_sign == {"en": "USD", "es": "MXN"}


def _observation(period: str, value: float, vintage: str) -> Observation:
    last = parse_period(vintage).last
    assert last is not None
    return Observation("T1", parse_period(period), value, vintage, last, "s", "read")


def test_a_vintage_given_as_a_month_or_a_year_is_known_from_its_last_day() -> None:
    series = make_series("x", [_observation("2018", 2, "2020"), _observation("2018", 1, "2019-02")])
    year = parse_period("2018")
    first = known(series, "T1", year, date(2020, 12, 30))
    assert first is not None and first.value == 1
    last = newest(series, "T1", year)
    assert last is not None and last.known == date(2020, 12, 31)
    assert known(series, "T1", year, date(2019, 2, 27)) is None


def test_a_sum_needs_every_part_and_no_overlap() -> None:
    series = make_series(
        "x", [_observation(p, v, "2021") for p, v in (("2018", 5), ("2020", 7), ("2019-06", 1))]
    )
    assert total([series], "T1", parse_period("2018/2020")) is None
    whole = make_series("x", [*series.observations, _observation("2019", 6, "2022")])
    found = total([whole], "T1", parse_period("2018/2020"))
    assert found is not None and found.value == 18 and found.vintage == "2022"
    assert total([whole], "T1", parse_period("2018/2020"), date(2021, 12, 31)) is None
    assert total([whole], "T1", parse_period("2018/..")) is None
    assert periods(whole, "T1")[0] == parse_period("2018")


@pytest.mark.realdata
@pytest.mark.skipif(not (SHARED / "facts").is_dir(), reason="../shared is not beside the project")
def test_nothing_of_the_compiled_national_series_was_lost(mexico: Country) -> None:
    import csv

    with (SHARED / "facts" / "series.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["place"] in ("MX", "US")]
    for row in rows:
        indicator = mexico.indicators[row["indicator"]]
        expected = float(row["value"]) / (100 if indicator.kind == "share" else 1)
        vintages = mexico.at(indicator.id, row["place"], parse_period(row["period"]))
        assert any(o.vintage == row["vintage"] and o.value == pytest.approx(expected) for o in vintages), row


@pytest.mark.realdata
@pytest.mark.skipif(not (SHARED / "facts").is_dir(), reason="../shared is not beside the project")
def test_the_newest_national_homicides_agree_with_the_compiled_table(mexico: Country) -> None:
    import csv

    columns = {
        "inegi_registered": "homicide_inegi_registered",
        "sesnsp_victims_intentional": "homicide_sesnsp_victims",
        "sesnsp_victims_feminicide": "feminicide_victims",
    }
    with (SHARED / "facts" / "national_homicides.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for column, indicator in columns.items():
                if row[column]:
                    assert _value(mexico, indicator, row["year"]) == float(row[column]), (row["year"], column)


def test_no_source_of_a_value_is_without_producer_and_title(mexico: Country) -> None:
    files = [mexico.folder / name for name in ("sources.yaml", "references.yaml")]
    raw = [key for file in files for key in yaml.safe_load(file.read_text(encoding="utf-8"))]
    assert sorted(raw) == sorted(mexico.sources)
    assert all(s.producer and s.title and 1 <= s.tier <= 4 for s in mexico.sources.values())


def test_a_table_of_months_is_read_with_its_gaps(tmp_path: Path) -> None:
    table = tmp_path / "homicides.csv"
    table.write_text("month,01,02\n2019-01,3,\n2019-02,0,4\n")
    places, rows = read_wide(table)
    assert places == ("01", "02")
    assert [(str(month), values) for month, values in rows] == [("2019-01", [3, None]), ("2019-02", [0, 4])]


@pytest.mark.parametrize(
    ("row", "words"),
    [("2019-13,3,4", "2019-13"), ("2019-02,3", "month, 01, 02"), ("2019-02,3,four", "four"), ("2019-02,3,-4", "-4")],
)  # fmt: skip
def test_a_broken_row_of_a_table_of_months_is_named(tmp_path: Path, row: str, words: str) -> None:
    table = tmp_path / "homicides.csv"
    table.write_text(f"month,01,02\n2019-01,3,4\n{row}\n")
    with pytest.raises(DataError) as mistake:
        read_wide(table)
    assert mistake.value.where == f"{table}:3"
    assert words in mistake.value.render("en")
