"""Money: what is added and what never is, what cannot be told, other prices and currencies, shares, and moving money."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from careo.base.citations import load_sources
from careo.base.errors import CareoError, DataError
from careo.base.texts import LANGUAGES
from careo.record.money import (
    CENT,
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
from careo.record.money_moves import Move, read_move, reallocate
from careo.results.budgets import Budgeted, line_findings
from careo.results.money_shares import reallocation_finding, share_finding
from careo.views import cli

SHARED = Path(__file__).resolve().parents[2] / "shared"
ACCOUNT = SHARED / "data/money/cuenta_publica"
FACTS = SHARED / "facts/money.yaml"
realdata = pytest.mark.skipif(not ACCOUNT.is_dir(), reason="../shared is not beside the project")


@pytest.fixture(scope="module")
def money() -> Money:
    return load_money("mexico")


# ── a small country ──────────────────────────────────────────────────────────────────────────────────────────────

LINES = """\
schema: careo.money/1
lines:
- {id: ministry, name: {en: Ministry, es: Ministerio}, what: {en: All., es: Todo.}, purpose: coercion, currency: LND}
- {id: harbour, name: {en: Harbour, es: Puerto}, what: {en: All., es: Todo.}, purpose: mixed, currency: LND}
- id: lamps
  name: {en: Lamps, es: Lámparas}
  what: {en: Lamps., es: Lámparas.}
  purpose: prevention
  currency: LND
  exists: 2019/..
  inside: {ministry: ../2020, harbour: 2020/..}
- id: gift
  name: {en: Gift, es: Donativo}
  what: {en: Oil., es: Aceite.}
  purpose: aid
  currency: FRN
  year_begins: 10
  earmark:
    reason: {en: The giver says what for., es: Quien lo da dice para qué.}
    sources: [ledger]
    verified: memory
- id: envelope
  name: {en: Envelope, es: Paquete}
  what: {en: Everything., es: Todo.}
  purpose: mixed
  currency: LND
  not_comparable_with:
    lamps: {en: It holds the fireworks too., es: Incluye también los fuegos artificiales.}
"""
HEAD = (
    "line,account,stage,amount,low,hedge,currency,period,as_of,basis,part_of,source,verified,note_en,note_es"
)
FLOWS = f"""\
{HEAD}
ministry,,appropriated,1000,,,LND,2019,,whole,,ledger,read,,
ministry,,spent,900.10,,,LND,2019,,whole,,ledger,read,,
ministry,,spent,950,,,LND,2021,,whole,,ledger,read,,
harbour,,spent,700,,,LND,2019,,whole,,ledger,read,,
harbour,,spent,500,,,LND,2021,,whole,,ledger,read,,
lamps,,announced,400,,,LND,2019,,whole,,paper,excerpt,,
lamps,,appropriated,200,,,LND,2019,,whole,,ledger,read,,
lamps,North,spent,60.25,,,LND,2019,,addend,,ledger,read,,
lamps,South,spent,39.75,,,LND,2019,,addend,,ledger,read,,
lamps,wicks,spent,10,,,LND,2019,,part,North,ledger,read,,
lamps,,spent,0,,,LND,2020,,whole,,ledger,read,,
lamps,,spent,,,,LND,2021,,whole,,ledger,read,not found: no such row,no encontrado: no hay tal renglón
lamps,,spent,150,,about,LND,2019/2022,2022-06-01,cumulative,,paper,excerpt,,
lamps,,announced,50,40,,LND,2020,,rival,,paper,excerpt,,
lamps,,announced,90,,,LND,2020,,rival,,ledger,memory,,
gift,,spent,10,,,FRN,2019,,whole,,ledger,memory,,
envelope,,announced,5000,,more than,LND,2019,,whole,,paper,excerpt,,
"""
SHARES = """\
schema: careo.money/1
definitions:
- id: lamps-of-all
  name: {en: Lamps of all, es: Lámparas del total}
  meaning: {en: Of both ministries., es: De los dos ministerios.}
  purpose: prevention
  share: [lamps]
  of: [ministry, harbour]
  years: 2019/2021
  stages: [spent]
- id: lamps-announced
  name: {en: Lamps announced, es: Lámparas anunciadas}
  meaning: {en: As announced., es: Según lo anunciado.}
  purpose: prevention
  share: [lamps]
  of: [lamps, envelope]
  years: 2019/2020
  stages: [announced]
promises:
- strategy: light
  purpose: prevention
  words: {en: '"70% for light"', es: '«70% para luz»'}
  values:
  - {share: 0.7, words: {en: one paper, es: un periódico}, sources: [paper], verified: excerpt}
"""
RATES = """\
period,pair,rate,basis,source,verified,note_en,note_es
2019,LND/FRN,4,mean,ledger,memory,,
"""
PRICES = """\
year,currency,index,source,verified
2019,LND,100,ledger,read
2021,LND,125,ledger,read
"""
FILES = {
    "lines.yaml": LINES,
    "flows.csv": FLOWS,
    "shares.yaml": SHARES,
    "exchange_rates.csv": RATES,
    "prices.csv": PRICES,
}


def country(folder: Path, **files: str) -> str:
    """A country of a few lines of money; `files` replace those of `FILES` (`lines_yaml=…`)."""
    (folder / "money").mkdir(parents=True)
    (folder / "country.yaml").write_text(
        "code: LL\nnames: {en: [Lampland], es: [Lampalandia]}\ndemonyms: {en: [], es: []}\ndefault_place: LL\nlanguages: [en, es]\n"
    )
    (folder / "references.yaml").write_text(
        "ledger: {producer: Office, title: Ledger, tier: 1}\npaper: {producer: Press, title: Paper, tier: 3}\n"
    )
    for name, text in FILES.items():
        (folder / "money" / name).write_text(files.get(name.replace(".", "_"), text), encoding="utf-8")
    return str(folder)


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


# ── moving money ─────────────────────────────────────────────────────────────────────────────────────────────────

AMOUNTS = st.integers(0, 10**14).map(lambda cents: Decimal(cents) * CENT)
NAMES = ("a", "b", "c", "d")


@st.composite
def moves(draw: st.DrawFn) -> Move:
    source, target = draw(st.permutations(NAMES))[:2]
    if draw(st.booleans()):
        return Move(source, target, amount=draw(AMOUNTS))
    return Move(source, target, share=draw(st.decimals(0, 1, places=5)))


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, AMOUNTS)), st.lists(moves(), max_size=12))
def test_any_moves_keep_the_sum_to_the_cent_and_nothing_below_zero(
    amounts: dict[str, Decimal], many: list[Move]
) -> None:
    before, now = sum(amounts.values()), dict(amounts)
    for move in many:
        try:
            now = reallocate(now, [move])
        except CareoError as error:
            assert error.key == "money_short"
    assert sum(now.values()) == before
    assert all(amount >= 0 and amount == amount.quantize(CENT) for amount in now.values())


def test_a_part_is_of_what_the_line_has_at_that_moment() -> None:
    after = reallocate({"a": Decimal(100), "b": Decimal(0)}, [read_move("a>b=50%"), read_move("a>b=10%")])
    assert after == {"a": Decimal(45), "b": Decimal(55)}


@pytest.mark.parametrize(
    ("text", "amount", "part"),
    [("a>b=5e9", "5000000000.00", None), ("a > b = 0.25", "0.25", None), ("a>b=12.5%", None, "0.125")],
)
def test_moves_read_as_they_are_typed(text: str, amount: str | None, part: str | None) -> None:
    move = read_move(text)
    assert (move.source, move.target) == ("a", "b")
    assert (move.amount, move.share) == (amount and Decimal(amount), part and Decimal(part))


@pytest.mark.parametrize(
    "text", ["a>b", "a=5", "a>b=five", "a>b=-5", "a>b=0", "a>b=0.001", "a>b=101%", "a>b=NaN", "a>b=1e99"]
)
def test_what_is_no_move_is_refused(text: str) -> None:
    with pytest.raises(CareoError, match="not a move of money"):
        read_move(text)


@pytest.mark.parametrize(
    ("typed", "stage", "period", "words"),
    [
        ("gift>lamps=1", "spent", "2019", "o money may be moved from gift: The giver says what for"),
        ("lamps>gift=1", "spent", "2019", "amounts are in FRN"),
        ("lamps>ministry=1", "spent", "2019", "is a part of ministry"),
        ("lamps>harbour=1", "spent", "2021", "not found: no such row"),
        ("lamps>harbour=101", "spent", "2019", "has less than"),
        ("lmaps>harbour=1", "spent", "2019", "did you mean 'lamps'"),
        ("ministry>harbour=1", "", "2019", "one stage and one period"),
        ("lamps>lamps=1", "spent", "2019", "where it is"),
    ],
)
def test_what_cannot_be_moved_says_why(
    tmp_path: Path, typed: str, stage: str, period: str, words: str
) -> None:
    land = country(tmp_path / "land")
    currency = "FRN" if typed.startswith("gift") else "LND"
    money = load_money(land)
    if currency == "FRN":
        money = with_flows(money, [Flow("lamps", "spent", Decimal(1), "FRN", "2019", ("ledger",), "read")])
    with pytest.raises(CareoError) as caught:
        reallocation_finding(money, [read_move(typed)], stage, period, currency=currency, country=land)
    assert re.search(words, caught.value.render("en"))


def test_what_holds_a_moved_line_moves_with_it_and_so_do_the_shares(tmp_path: Path) -> None:
    land = country(tmp_path / "land")
    found = reallocation_finding(
        load_money(land), [read_move("lamps>harbour=40")], "spent", "2019", currency="LND", country=land
    )
    rows = {row["name"]: (row["before"], row["after"]) for row in found.table}
    assert rows["Lamps"] == ("100", "60")
    assert rows["Ministry"] == ("900.10", "860.10")  # the lamps of 2019 were the ministry's
    assert rows["Harbour"] == ("700", "740")
    assert rows["the lines named together"] == ("800", "800")
    assert rows["Lamps of all"] == ("6.25%", "3.75%")


def test_in_a_year_of_two_holders_their_change_cannot_be_told(tmp_path: Path) -> None:
    more = (
        FLOWS
        + "lamps,,appropriated,80,,,LND,2020,,whole,,ledger,read,,\ngift,,spent,3,,,LND,2020,,whole,,ledger,read,,\n"
    )
    more = more.replace("lamps,,spent,0,", "lamps,,spent,30,")
    more += "ministry,,spent,300,,,LND,2020,,whole,,ledger,read,,\nharbour,,spent,200,,,LND,2020,,whole,,ledger,read,,\n"
    more += "envelope,,spent,10,,,LND,2020,,whole,,ledger,read,,\n"
    land = country(tmp_path / "land", flows_csv=more)
    found = reallocation_finding(
        load_money(land), [read_move("lamps>envelope=20")], "spent", "2020", currency="LND", country=land
    )
    rows = {row["name"]: (row["before"], row["after"]) for row in found.table}
    assert rows["Lamps of all"] == ("6%", "–")
    assert any("Harbour; Ministry" in caveat for caveat in found.caveats)


def test_money_moved_within_a_branch_leaves_the_branch_as_it_was(money: Money) -> None:
    found = reallocation_finding(
        money, [read_move("federal-prisons>national-guard-operation=1e9"), read_move("national-guard-operation>jcf=3e8")],
        "spent", "2020",
    )  # fmt: skip
    rows = {row["name"]: (row["before"], row["after"]) for row in found.table}
    assert rows["Security and civil protection (branch 36)"] == ("62,770,399,082", "62,470,399,082")


# ── broken files ─────────────────────────────────────────────────────────────────────────────────────────────────

BROKEN = [
    ("flows.csv", "lamps,,spent,0,,,LND,2020", "lmaps,,spent,0,,,LND,2020", r"flows.csv:12: .*no such line.*did you mean 'lamps'"),
    ("flows.csv", "spent,0,", "payed,0,", r"flows.csv:12: stage cannot be this.*accrued"),
    ("flows.csv", "spent,0,", 'spent,"1,000",', r"flows.csv:12: amount: .*at most two decimals.*'1,000'"),
    ("flows.csv", "spent,0,", "spent,0.001,", r"flows.csv:12: .*two decimals"),
    ("flows.csv", "LND,2020,,whole", "LND,2020-13,,whole", r"flows.csv:12: period is not a period.*2020-13"),
    ("flows.csv", "LND,2020,,whole", "LND,2019,,whole", r"flows.csv:12: .*stands in line 9 already.*counted twice"),
    ("flows.csv", "LND,2020,,whole", "LND,2020/2021,,whole", r"flows.csv:13: this period and 2020/2021.*twice.*rival"),
    ("flows.csv", "lamps,South,", "lamps,North,", r"flows.csv:10: .*line 9 already"),
    ("flows.csv", "lamps,South,", "lamps,,", r"flows.csv:10: account: .*needs the name"),
    ("flows.csv", "part,North", "part,East", r"flows.csv:11: part_of: no other row"),
    ("flows.csv", "wicks,spent,10,", "wicks,spent,61.5,", r"flows.csv:11: .*add up to more.*60\.25.*61\.5"),
    ("flows.csv", "not found: no such row,no encontrado: no hay tal renglón", ",", r"flows.csv:13: .*needs a note"),
    ("flows.csv", ",no encontrado: no hay tal renglón", ",", r"flows.csv:13: .*both languages"),
    ("flows.csv", "50,40,", "50,60,", r"flows.csv:15: low: .*must not be above"),
    ("flows.csv", "lamps,,spent,0,,,LND,2020", "lamps,,spent,0,,,LND,2018", r"flows.csv:12: .*did not exist.*2019/\.\."),
    ("flows.csv", "ledger,memory", "ledgre,memory", r"flows.csv:16: .*no such source.*did you mean 'ledger'"),
    ("flows.csv", "ledger,memory", "ledger,guessed", r"flows.csv:16: verified cannot be this.*memory"),
    ("flows.csv", "FRN,2019", "dollars,2019", r"flows.csv:17: currency cannot be this"),
    ("flows.csv", "basis,part_of", "part_of,basis", r"flows.csv:1: the columns"),
    ("lines.yaml", "purpose: aid", "purpose: help", r"lines.yaml:15: .*purpose.*cannot be this"),
    ("lines.yaml", "id: gift", "id: lamps", r"lines.yaml:12: .*stands twice"),
    ("lines.yaml", "currency: FRN", "currency: FRN\n  curency: FRN", r"lines.yaml:17: .*no such key.*did you mean 'currency'"),
    ("lines.yaml", "harbour: 2020/..", "harbor: 2020/..", r"lines.yaml:11: .*no such line.*did you mean 'harbour'"),
    ("lines.yaml", "harbour: 2020/..", "harbour: soon", r"lines.yaml:11: .*not a period"),
    ("lines.yaml", "purpose: mixed, currency: LND}", "purpose: mixed, currency: LND, inside: {lamps: 2019/..}}", r"lines.yaml:4: .*inside itself"),
    ("lines.yaml", "sources: [ledger]", "sources: [ledgers]", r"lines.yaml:20: .*no such source"),
    ("lines.yaml", "    lamps: {en: It", "    lapms: {en: It", r"lines.yaml:28: .*no such line"),
    ("shares.yaml", "share: [lamps]\n  of: [ministry", "share: [lapms]\n  of: [ministry", r"shares.yaml:7: .*no such line.*did you mean 'lamps'"),
    ("shares.yaml", "of: [ministry, harbour]", "of: [ministry, harbour, lamps]", r"shares.yaml:8: .*counted twice"),
    ("shares.yaml", "of: [ministry, harbour]", "of: [envelope]", r"shares.yaml:7: .*could pass 100%"),
    ("shares.yaml", "of: [ministry, harbour]", "of: [ministry, gift]", r"shares.yaml:8: .*different currencies"),
    ("shares.yaml", "  words: {en: '\"70%", "  of: lamps\n  words: {en: '\"70%", r"shares.yaml:22: .*no such definition.*lamps-of-all"),
    ("shares.yaml", "share: 0.7", "share: 70", r"shares.yaml:24: .*number in its bounds"),
    ("exchange_rates.csv", "LND/FRN", "LND/LND", r"exchange_rates.csv:2: pair: .*two different"),
    ("exchange_rates.csv", ",4,mean", ",0,mean", r"exchange_rates.csv:2: rate must be a number"),
    ("exchange_rates.csv", "2019,LND", "2019,FRN/LND,4,mean,ledger,read,,\n2019,LND", r"exchange_rates.csv:3: this stands twice"),
    ("prices.csv", "2021,LND", "2019,LND", r"prices.csv:3: this stands twice"),
    ("prices.csv", "LND,125", "LND,about 125", r"prices.csv:3: index must be a number"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "words"), BROKEN, ids=range(len(BROKEN)))
def test_a_mistake_in_a_file_is_named_with_its_line(
    tmp_path: Path, name: str, old: str, new: str, words: str
) -> None:
    assert old in FILES[name]
    land = country(tmp_path / "land", **{name.replace(".", "_"): FILES[name].replace(old, new, 1)})
    with pytest.raises(DataError) as caught:
        load_money(land)
    message = " ".join(caught.value.render("en").split())
    assert re.search(words, message), message
    assert caught.value.render("es") != caught.value.render("en")


def test_a_country_without_money_has_none(tmp_path: Path) -> None:
    land = Path(country(tmp_path / "land"))
    for path in (land / "money").iterdir():
        path.unlink()
    assert load_money(str(land)).lines == {}


# ── what is shipped ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["mexico", "toyland"])
def test_shipped_money_speaks_both_languages(name: str) -> None:
    money = load_money(name)
    worded = [
        words
        for line in money.lines.values()
        for words in (line.name, line.what, *line.not_comparable_with.values())
    ]
    worded += [line.earmark.reason for line in money.lines.values() if line.earmark]
    worded += [words for d in money.shares.values() for words in (d.name, d.meaning)]
    worded += [flow.note for flow in money.flows if flow.note]
    assert worded
    for words in worded:
        assert set(words) == set(LANGUAGES)
        assert all(text.strip() for text in words.values())


def test_parts_of_the_youth_programme_make_up_its_whole(money: Money) -> None:
    for stage in ("appropriated", "modified", "accrued", "spent"):
        rows = flows_of(money, "jcf", stage, "2019")
        parts = [flow.amount or 0 for flow in rows if flow.basis == "part"]
        assert len(parts) == 2
        assert sum(parts) == total(money, "jcf", stage, "2019").amount


def test_accounts_of_the_merida_initiative_add_up_to_what_other_sources_say(money: Money) -> None:
    for year in ("2008", "2009"):
        table = total(money, "merida-mexico-account-table", "appropriated", year)
        assert table.amount == total(money, "merida-mexico", "appropriated", year).amount
        assert table.verified == "memory"
    running = [
        f
        for f in flows_of(money, "merida-mexico", "appropriated")
        if f.basis == "cumulative" and f.period.startswith("2008")
    ]
    running.sort(key=lambda flow: (flow.period, flow.as_of))
    amounts = [flow.amount or 0 for flow in running]
    assert amounts == sorted(amounts)
    assert total(money, "merida-mexico", "appropriated", "2008/2009").amount == Decimal(1_120_000_000)


def test_nothing_was_paid_beyond_what_accrued_and_nothing_accrued_beyond_the_modified_budget(
    money: Money,
) -> None:
    cells = {
        (f.line, f.account, f.period, f.stage): f.amount or 0
        for f in money.flows
        if f.sources == ("cuenta-publica",)
    }
    compared = 0
    for (line, account, period, stage), amount in cells.items():
        for lower, upper in (("spent", "accrued"), ("accrued", "modified")):
            other = cells.get((line, account, period, upper))
            if stage == lower and other is not None:
                compared += 1
                assert amount <= other + 1, (line, period, stage)
    assert compared > 250


def test_not_found_amounts_carry_a_note_and_are_never_zero(money: Money) -> None:
    missing = [flow for flow in money.flows if flow.amount is None]
    assert {(flow.line, flow.period) for flow in missing} >= {
        ("pronapred", "2017"),
        ("gendarmerie", "2014/2017"),
    }
    assert all(flow.note for flow in missing)
    assert total(money, "search-subsidies-states", "spent", "2018").amount == 0


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


# ── against the official files and the compiled facts ────────────────────────────────────────────────────────────

BRANCHES = {
    "04": "Gobernación", "06": "Hacienda y Crédito Público", "07": "Defensa Nacional", "11": "Educación Pública",
    "12": "Salud", "13": "Marina", "14": "Trabajo y Previsión Social", "17": "Procuraduría General de la República",
    "36": "Seguridad y Protección Ciudadana", "47": "Entidades no Sectorizadas", "49": "Fiscalía General de la República",
}  # fmt: skip
OFFICIAL = {"appropriated": "approved", "modified": "modified", "accrued": "accrued", "spent": "spent"}


def recipes(account: str) -> Iterator[tuple[str, str]]:
    """Branch and programme of an account as flows.csv names it: "Ramo 04, E904 + Ramo 36, E004"; programme "" for the branch."""
    branch = ""
    for piece in account.split(" + "):
        match = re.fullmatch(r"(?:Ramo (\d\d)(?:, )?)?(.*)", piece)
        assert match is not None
        branch = match[1] or branch
        yield BRANCHES[branch], match[2]


@pytest.mark.realdata
@realdata
def test_every_amount_of_the_public_account_is_what_the_official_file_says(money: Money) -> None:
    import polars as pl

    from readings import reading

    years: dict[str, pl.DataFrame] = {}
    compared: Counter[str] = Counter()
    for flow in money.flows:
        if flow.sources != ("cuenta-publica",) or flow.basis == "cumulative":
            continue
        rows = years.get(flow.period)
        if rows is None:
            rows = years[flow.period] = reading(ACCOUNT / f"{flow.period}.csv")[2]
        amount = 0
        for branch, programme in recipes(flow.account):
            at = rows.filter(pl.col("stage") == OFFICIAL[flow.stage])
            # the prosecution service's name carries its new one in the last years
            if programme:
                at = at.filter((pl.col("branch") == branch) & (pl.col("programme_code") == programme))
            else:
                at = at.filter((pl.col("level") == "branch") & pl.col("branch").str.starts_with(branch))
            assert at.height == 1, flow
            amount += round(at["total"].item())  # pesos, each programme rounded
        assert flow.amount == amount, flow
        compared[flow.stage] += 1
    assert compared["appropriated"] > 130
    assert compared["modified"] > 130


@pytest.mark.realdata
@realdata
def test_prices_are_yearly_means_of_the_official_index_and_give_published_constant_pesos(
    money: Money,
) -> None:
    import polars as pl

    from readings import reading

    rows = reading(ACCOUNT / "IPC.csv")[2]
    means = dict(rows.group_by(pl.col("month").dt.year()).agg(pl.col("index").mean()).rows())
    assert len(money.prices) >= 18
    assert all(float(price.index) == pytest.approx(means[price.year], abs=1e-6) for price in money.prices)
    paid = total(money, "ramo-07-defence", "spent", "2018").amount
    assert paid is not None
    made = constant_prices(money, paid, "MXN", "2018", 2023)
    assert made is not None
    assert float(made.amount) == pytest.approx(104_367_419_871, rel=1e-8)


@pytest.mark.realdata
@realdata
def test_every_compiled_fact_is_carried_with_its_amount_source_and_tag(money: Money) -> None:
    def key(
        line: str, amount: object, currency: str, sources: tuple[str, ...], verified: str
    ) -> tuple[object, ...]:
        return line, None if amount is None else Decimal(str(amount)), currency, sources[0], verified

    facts = yaml.safe_load(FACTS.read_text(encoding="utf-8"))["rows"]
    here = Counter(key(f.line, f.amount, f.currency, f.sources, f.verified) for f in money.flows)
    wanted = Counter(key(r["line"], r["amount"], r["currency"], (r["source"],), r["verified"]) for r in facts)
    assert len(facts) == 344
    assert wanted - here == Counter()
    stages = {(f.line, f.stage, f.amount) for f in money.flows}
    moved = [
        r
        for r in facts
        if (r["line"], r["stage"], None if r["amount"] is None else Decimal(r["amount"])) not in stages
    ]
    # the lower house's vote of December 2012 is a vote, whatever the compilation called it
    assert [(r["line"], r["stage"], r["source"]) for r in moved] == [("pronapred", "announced", "siglo-2013")]


def test_every_source_of_money_is_known(money: Money) -> None:
    known = load_sources("mexico")
    keys = {key for thing in (*money.flows, *money.rates, *money.prices) for key in thing.sources}
    assert keys <= known.keys()
    assert known["mem"].tier == 4
