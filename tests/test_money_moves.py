"""Money moved between lines: the sum is kept to the cent, and what cannot be moved says why."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.errors import CareoError
from careo.record.money import CENT, Flow, Money, load_money, with_flows
from careo.record.money_moves import Move, read_move, reallocate
from careo.results.money_shares import reallocation_finding
from money_cases import (
    FLOWS,
    country,
    money_of_mexico,  # noqa: F401 - a fixture
)

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
