"""Money: what is added and what never is, what cannot be told, other prices and currencies, shares, and how it is shown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from careo.base.dates import parse_period
from careo.base.texts import LANGUAGES
from careo.record.money import (
    COUNTED,
    STAGES,
    Flow,
    Money,
    constant_prices,
    convert,
    flows_of,
    known_on,
    load_money,
    share,
    total,
    with_flows,
    years_in,
)
from careo.results.budgets import Budgeted, line_findings
from careo.results.money_shares import share_finding
from careo.views import cli
from money_cases import (
    FLOWS,
    SHARES,
    country,
    money_of_mexico,  # noqa: F401 - a fixture
)


@pytest.fixture
def small(tmp_path: Path) -> Money:
    return load_money(country(tmp_path / "land"))


# ── totals: what is added ────────────────────────────────────────────────────────────────────────────────────────


def test_addends_make_a_whole_and_their_parts_are_left_out(small: Money) -> None:
    found = total(small, "lamps", "spent", "2019")
    assert found.amount == Decimal("100.00")
    assert [flow.account for flow in found.flows] == ["North", "South"]


def test_none_paid_is_an_amount_and_not_found_is_none(small: Money) -> None:
    assert total(small, "lamps", "spent", "2020").amount == 0
    found = total(small, "lamps", "spent", "2021")
    assert (found.amount, found.reason) == (None, "not_found")


def test_years_are_summed_only_where_each_can_be_told(small: Money) -> None:
    assert total(small, "lamps", "spent", "2019/2020").amount == Decimal(100)
    found = total(small, "lamps", "spent", "2019/2021")
    assert (found.amount, found.reason, found.missing) == (None, "missing_years", ("2021",))


def test_a_year_in_which_there_was_no_such_line_is_no_gap(small: Money) -> None:
    assert total(small, "lamps", "spent", "2017/2020").amount == Decimal(100)
    assert total(small, "lamps", "spent", "2018").reason == "did_not_exist"
    assert total(small, "ministry", "spent", "2018/2019").reason == "missing_years"


def test_a_running_total_never_stands_in_for_years(small: Money) -> None:
    without = replace(
        small, flows=tuple(f for f in small.flows if f.basis == "cumulative" or f.line != "lamps")
    )
    found = total(without, "lamps", "spent", "2019/2022")
    assert (found.amount, found.reason) == (None, "only_cumulative")
    assert [flow.amount for flow in found.flows] == [Decimal(150)]


def test_rival_reports_give_a_range_and_no_amount(small: Money) -> None:
    found = total(small, "lamps", "announced", "2020")
    assert (found.amount, found.reason, found.low, found.high) == (None, "rivals", Decimal(40), Decimal(90))
    assert found.verified == "memory"


def test_stages_and_currencies_are_kept_apart(small: Money) -> None:
    assert total(small, "lamps", "accrued", "2019").reason == "no_flows"
    assert total(small, "lamps", "spent", "2019", "FRN").amount is None


@pytest.mark.parametrize("name", ["mexico", "toyland"])
def test_no_total_rests_on_a_row_that_must_not_be_added(name: str) -> None:
    money = load_money(name)
    for line in money.lines:
        for stage in STAGES:
            for period in {f.period for f in flows_of(money, line, stage)} | {"2013/2023"}:
                found = total(money, line, stage, period)
                if found.amount is not None:
                    assert {flow.basis for flow in found.flows} <= COUNTED
                    assert len({flow.stage for flow in found.flows}) <= 1
                    assert found.amount == sum(flow.amount or 0 for flow in found.flows)


# ── a file of one's own ──────────────────────────────────────────────────────────────────────────────────────────


def own(amount: str, period: str = "2019", stage: str = "spent", line: str = "lamps") -> Flow:
    return Flow(line, stage, Decimal(amount), "LND", period, ("ledger",), "read")


def test_an_own_amount_of_a_cell_that_is_told_is_a_rival_report(small: Money) -> None:
    both = with_flows(small, [own("5000")])
    assert total(both, "lamps", "spent", "2019").amount == Decimal(100)
    assert both.flows[-1].basis == "rival"


def test_an_own_amount_of_an_empty_cell_counts_and_two_are_rivals(small: Money) -> None:
    assert total(with_flows(small, [own("7", "2022")]), "lamps", "spent", "2022").amount == 7
    both = total(with_flows(small, [own("7", "2022"), own("9", "2022")]), "lamps", "spent", "2022")
    assert (both.amount, both.low, both.high) == (None, 7, 9)


def test_an_own_running_total_beside_years_is_not_added(small: Money) -> None:
    found = total(with_flows(small, [own("99", "2019/2020")]), "lamps", "spent", "2019/2020")
    assert found.amount == Decimal(100)


def test_only_what_can_have_been_known_on_a_day_counts(small: Money) -> None:
    early = known_on(small, date(2019, 6, 1))
    assert total(early, "lamps", "appropriated", "2019").amount == 200
    assert total(early, "lamps", "spent", "2019").reason == "no_flows"
    assert not [flow for flow in early.flows if flow.basis == "cumulative"]


# ── other currencies and prices ──────────────────────────────────────────────────────────────────────────────────


def test_a_conversion_names_its_rate_and_there_is_none_without_one(small: Money) -> None:
    made = convert(small, Decimal(100), "LND", "FRN", "2019")
    assert made is not None
    assert (made.amount, made.rate.period, made.rate.verified) == (Decimal("25.00"), "2019", "memory")
    back = convert(small, Decimal(25), "FRN", "LND", "2019")
    assert back is not None
    assert back.amount == 100
    assert convert(small, Decimal(100), "LND", "FRN", "2020") is None
    assert convert(small, Decimal(100), "LND", "FRN", "2019/2020") is None


def test_constant_prices_need_both_years_and_the_currency(small: Money) -> None:
    made = constant_prices(small, Decimal(100), "LND", "2019", 2021)
    assert made is not None
    assert made.amount == Decimal("125.00")
    assert constant_prices(small, Decimal(100), "LND", "2020", 2021) is None
    assert constant_prices(small, Decimal(100), "FRN", "2019", 2021) is None
    assert constant_prices(small, Decimal(100), "LND", "2019/2020", 2021) is None


def test_a_table_says_in_words_why_a_row_is_not_converted(tmp_path: Path) -> None:
    land = country(tmp_path / "land")
    asked = Budgeted("gift", currency="LND", prices=2021)
    row = line_findings(load_money(land), asked, country=land)[0].table[0]
    assert row["converted"] == "40"
    assert "unverified, from memory" in row["rate"]
    assert (row["constant"], row["index"]) == ("–", "there is no price index for FRN")
    lamps = line_findings(load_money(land), Budgeted("lamps", currency="FRN"), country=land)[0].table
    assert {row["rate"] for row in lamps if row["period"] == "2020"} == {"no rate for 2020, not converted"}


# ── shares ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_share_counts_a_line_once_and_gives_a_range_where_reports_differ(small: Money) -> None:
    of_all = share(small, small.shares["lamps-of-all"], "spent", "2019")
    assert of_all.low == of_all.high == Decimal(100) / Decimal("1600.10")
    small = with_flows(
        small, [Flow("envelope", "announced", Decimal(60), "LND", "2020", ("paper",), "excerpt")]
    )
    announced = share(small, small.shares["lamps-announced"], "announced", "2020")
    assert (announced.low, announced.high) == (Decimal("0.4"), Decimal("0.6"))
    assert announced.verified == "memory"


def test_a_definition_whose_line_misses_a_year_gives_no_value_and_says_which(small: Money) -> None:
    found = share(small, small.shares["lamps-of-all"], "spent", "2021")
    assert found.low is None
    assert [(t.line, t.reason) for t in found.missing] == [("lamps", "not_found")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_promise_that_does_not_say_of_what_is_not_measurable(tmp_path: Path, language: str) -> None:
    land = country(tmp_path / "land")
    found = share_finding(load_money(land), strategy="light", country=land, language=language)
    assert found.verdict == "not measurable as stated"
    assert {"en": "does not say of what", "es": "no dice de qué"}[language] in found.because
    assert {"en": "Lamps: not found", "es": "Lámparas: no encontrado"}[language] in next(
        row["why"] for row in found.table if row["period"] == "2021"
    )


@pytest.mark.parametrize(("promised", "verdict"), [("0.06", "consistent"), ("0.7", "inconsistent")])
def test_a_promise_that_names_its_definition_is_judged_by_it(
    tmp_path: Path, promised: str, verdict: str
) -> None:
    shares = SHARES.replace("share: 0.7", f"share: {promised}").replace(
        "  purpose: prevention\n  words",
        "  of: lamps-of-all\n  years: '2019'\n  purpose: prevention\n  words",
    )
    land = country(tmp_path / "land", shares_yaml=shares)
    assert share_finding(load_money(land), strategy="light", country=land).verdict == verdict


def test_shares_of_the_record_lie_between_none_and_all(money: Money) -> None:
    values = [
        share(money, definition, stage, year)
        for definition in money.shares.values()
        for stage in definition.stages
        for year in years_in(definition.years)
    ]
    told = [(value.low, value.high) for value in values if value.low is not None and value.high is not None]
    assert len(told) > 100
    assert all(0 <= low <= high <= 1 for low, high in told)


def test_the_plan_of_2018_promised_a_share_that_can_be_almost_anything(money: Money) -> None:
    found = share_finding(money, strategy="amlo-2018-plan", period="2018-12-01/2024-09-30")
    assert found.verdict == "not measurable as stated"
    by_definition = {row["definition"] for row in found.table if row["share"] != "–"}
    assert len(by_definition) >= 5
    values = {(row["definition"], row["stage"], row["period"]): row["share"] for row in found.table}
    assert values["youth-of-branches", "paid", "2019"] == "11.2%"
    assert values["youth-of-youth-and-guard", "paid", "2019"] == "97.2%"
    assert values["announced-with-the-plan", "announced", "2019"] == "83.3–90.9%"
    assert {"usecim-2018", "mer-tij", "seed-S1"} <= {source.key for source in found.sources}
    assert "80%" in found.caveats[0]


# ── findings on lines ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_announcement_is_held_against_what_was_voted(tmp_path: Path) -> None:
    land = country(tmp_path / "land")
    found = line_findings(load_money(land), Budgeted("lamps", "2019"), country=land)[0]
    assert found.verdict == "inconsistent"
    assert "50%" in found.because
    more = FLOWS.replace("lamps,,appropriated,200", "lamps,,appropriated,380")
    land = country(tmp_path / "other", flows_csv=more)
    assert line_findings(load_money(land), Budgeted("lamps", "2019"), country=land)[0].verdict == "consistent"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_must_not_be_compared_says_so_with_both_amounts(money: Money, language: str) -> None:
    found = {f.id: f for f in line_findings(money, Budgeted("prevention-envelope-2013"), language=language)}
    pair = found["money:prevention-envelope-2013:pronapred"]
    assert pair.verdict == "not comparable"
    amounts = {
        "en": ("MXN 118.8 billion", "US$9.2 billion", "MXN 2.42 billion paid"),
        "es": ("MXN 118,800 millones", "US$9,200 millones", "MXN 2,417 millones pagados"),
    }[language]
    assert all(amount in pair.because for amount in amounts)
    assert found["money:prevention-envelope-2013"].verdict == "not comparable"


def test_the_youth_programme_was_paid_a_third_of_what_was_announced_for_2019(money: Money) -> None:
    found = line_findings(money, Budgeted("jcf"))[0]
    assert found.verdict == "inconsistent"
    assert "44.3%" in found.because
    assert "MXN 30.1 billion paid" in found.because
    assert any("115 billion" in caveat and "119.2 billion" in caveat for caveat in found.caveats)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_period_lacks_is_not_said_of_the_whole_record(money: Money, language: str) -> None:
    (later,) = line_findings(money, Budgeted("jcf", period="2050"), language=language)[:1]
    assert later.verdict == "unverifiable" and "2050" in later.because and "2019" in later.because
    (unannounced,) = line_findings(money, Budgeted("jcf", period="2021"), language=language)[:1]
    assert "2021" in unannounced.because and "2019" in unannounced.because
    (whole,) = line_findings(money, Budgeted("jcf", period="2019"), language=language)[:1]
    assert whole.verdict == "inconsistent"


def test_a_gap_between_years_is_told_and_not_filled(money: Money) -> None:
    claim = line_findings(money, Budgeted("pronapred"))[0].claim
    assert "in 2013–2016 and 2018" in claim
    assert "2017 cannot be told" in claim


def test_rows_from_memory_look_unverified(money: Money) -> None:
    found = line_findings(money, Budgeted("merida-mexico-account-table"))[0]
    assert "unverified" in found.claim
    assert {row["verified"] for row in found.table} == {"unverified, from memory"}


def test_american_fiscal_years_say_when_they_run(money: Money) -> None:
    caveats = line_findings(money, Budgeted("merida-mexico"))[0].caveats
    assert any("October" in caveat and "September" in caveat for caveat in caveats)


def test_every_row_shown_has_its_sources_among_those_of_the_finding(money: Money) -> None:
    for line in money.lines:
        found = line_findings(money, Budgeted(line, currency="USD", prices=2018))[0]
        keys = {source.key for source in found.sources}
        assert {key for row in found.table for key in row["source"].split()} <= keys
        assert len(found.table) == len(flows_of(money, line))


# ── on the command line ──────────────────────────────────────────────────────────────────────────────────────────


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(["money", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_without_a_name_every_line_is_listed(capsys: pytest.CaptureFixture[str], money: Money) -> None:
    code, out, _ = told(capsys, "--lang", "es")
    assert code == 0
    assert all(re.search(rf"^{line}\b", out, re.M) for line in money.lines)
    assert "clasificación de careo" in out


def test_a_line_shows_its_years_by_stage_and_the_rest_apart(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "jcf", "--lang", "es")
    assert code == 0
    assert re.search(r"2023\s+23,090,451,801\s+22,275,624,573\s+22,275,624,573\s+96.5%\s+cuenta-publica", out)
    assert out.index("sin sumarse") < out.index("115,000,000,000")


def test_an_amount_that_does_not_fit_is_shown_in_millions_and_never_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = told(capsys, "jcf", "--lang", "en")
    assert re.search(r"2023\s+23,090\.5\s+22,275\.6\s+22,275\.6\s+96\.5%", out)
    assert "MXN, millions" in out


def test_json_has_amounts_as_numbers_with_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "pronapred", "--json", "--currency", "usd", "--prices", "2018")
    data: dict[str, Any] = json.loads(out)
    assert code == 0
    assert {finding["kind"] for finding in data["findings"]} == {"money"}
    missing = [flow for flow in data["flows"] if flow["period"] == "2017"]
    assert [flow["amount"] for flow in missing] == [None]
    paid = next(flow for flow in data["flows"] if (flow["period"], flow["stage"]) == ("2013", "spent"))
    assert paid["amount"] == 2_416_678_870
    assert paid["converted"]["verified"] == "memory"
    assert paid["constant"]["amount"] == pytest.approx(2_416_678_870 * 100.255419 / 82.036243, abs=1)


@pytest.mark.parametrize("name", ["amlo-2018-plan", "pena-nieto-2013", "calderon-2006"])
def test_a_strategy_shows_each_of_its_lines(capsys: pytest.CaptureFixture[str], name: str) -> None:
    from careo.record.strategy import load_strategy

    code, out, _ = told(capsys, name, "--json")
    assert code == 0
    lines = [finding["extra"].get("line") for finding in json.loads(out)["findings"]]
    assert [line for line in lines if line][: len(load_strategy(name).budget)] == [
        line.line for line in load_strategy(name).budget
    ]


def test_a_share_is_shown_under_every_definition(capsys: pytest.CaptureFixture[str], money: Money) -> None:
    code, out, _ = told(capsys, "amlo-2018-plan", "--share", "prevention", "--strict")
    assert code == 1
    assert "not measurable as stated" in out
    assert "83.3–90.9%" in out
    of_prevention = [one for one in money.shares.values() if one.purpose == "prevention"]
    in_its_years = [
        one for one in of_prevention if parse_period(one.years).overlaps(parse_period("2019-01/2023-12"))
    ]
    assert 0 < len(in_its_years) < len(of_prevention)
    printed = " ".join(out.split())
    told_of = [one for one in of_prevention if " ".join(one.meaning["en"].split()) in printed]
    assert told_of == in_its_years


def test_moved_money_is_shown_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    moves = [
        "--reallocate",
        "ramo-07-defence>jcf=10%",
        "--reallocate",
        "federal-prisons>addictions-prevention-treatment=5e9",
    ]
    code, out, _ = told(capsys, *moves, "--stage", "spent", "--period", "2020")
    assert code == 0
    assert re.search(r"24,856,520,727\s+37,261,657,927.80\s+12,405,137,200.80", out)
    assert re.search(r"62,770,399,082\s+57,770,399,082", out)  # the branch that holds the prisons


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["jfc"], "did you mean 'jcf'"),
        (["pronapred", "--stage", "apropriated"], "appropriated"),
        (["pronapred", "--period", "2019-2020"], "2019/2023"),
        (["pronapred", "--currency", "pesos"], "MXN"),
        (["pronapred", "--prices", "18"], "2018"),
        (["--share", "prevetion"], "did you mean 'prevention'"),
        (["--reallocate", "merida-mexico>merida-region=5", "--stage", "appropriated", "--period", "2009"], "merida-region"),
        (["--reallocate", "municipal-police-subsidy>jcf=5", "--stage", "spent", "--period", "2020"], "unverified"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_answered_with_a_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, _, err = told(capsys, *arguments, "--lang", "en")
    assert code == 2
    assert words in err
