"""Rules of `careo watch` on purchases together: splits, shares, fences; twenty anomalies and twenty near misses each."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careo.record.purchases.checks import CHECKS
from careo.record.purchases.checks_group import GroupRule, ShareRule, split, split_key
from careo.record.purchases.checks_population import (
    PopulationCheck,
    beyond,
    fence_of_values,
    judged,
    quartiles,
)
from careo.record.purchases.contributions import (
    SUPPLIER_CHAPTER,
    SUPPLIER_ITEMS,
    UNIT_YEAR,
    bid_gap,
    measures_of,
    measures_of_tally,
    purchases_of,
    tallies_of,
)
from careo.record.purchases.fences import least_counts
from careo.record.purchases.process import Process
from careo.record.purchases.rule_files import Rules, load_rules
from careo.record.purchases.rules import (
    Clear,
    Hit,
    Measure,
    Missing,
    NotMeant,
    Outcome,
    Purchase,
    Rule,
    Waiting,
)
from careo.sources.releases import Award, Contract
from purchase_cases import TOP, pieces, split_worlds
from purchase_worlds import CLOCK, DAY, at, bid, call, contest, direct, process


def rules() -> Rules:
    found = load_rules("mexico")
    assert found
    return found


def rule(name: str) -> Rule:
    return rules().by_id[name]


def all_purchases(worlds: Iterable[Process]) -> list[Purchase]:
    return [each for one in worlds for each in purchases_of(one, "MXN")]


# ── W03: splits ──────────────────────────────────────────────────────────────────────────────────────────────────


def splits(worlds: Iterable[Process]) -> list[Hit]:
    """As an engine does it: purchases by key, each key checked."""
    groups: defaultdict[str, list[Purchase]] = defaultdict(list)
    for each in all_purchases(worlds):
        key = split_key(each)
        if key is not None:
            groups[key].append(each)
    return [hit for _, group in sorted(groups.items()) for hit in split(group, rule("W03"))]


def test_splits_all_found_none_false() -> None:
    bad, fine = split_worlds()
    assert min(len(bad), len(fine)) >= 20
    assert [n for n, worlds in enumerate(bad) if len(splits(worlds)) != 1] == []
    assert [n for n, worlds in enumerate(fine) if splits(worlds)] == []


def test_the_earliest_window_is_told_with_all_that_stands_in_it() -> None:
    worlds = pieces([TOP, 5, 7, TOP], ["2025-12-31", "2026-01-10", "2026-01-10", "2026-06-01"])
    (hit,) = splits(worlds)
    assert hit.subject == "007000999|AAA010101AA1|22104"
    assert hit.window == (at("2026-01-10"), at("2026-06-02") - 1)
    assert (hit.value, hit.threshold) == (TOP + 12, TOP)
    assert [fact.process for fact in hit.facts] == ["p1", "p2", "p3"]


_purchase = st.tuples(st.integers(0, 900), st.integers(1, 130_000_000), st.integers(0, 40))


@settings(max_examples=60)
@given(st.lists(_purchase, max_size=12), st.randoms())
def test_splits_do_not_depend_on_order_and_grow_with_what_is_bought(
    drawn: list[tuple[int, int, int]], luck: Any
) -> None:
    first = at("2024-06-01") // DAY
    rows = [
        Purchase(
            f"p{n}", str(place), "b", "u", "s", "i", True, False, first + day, amount, 1, "LAASSP", "goods"
        )
        for place, (day, amount, n) in enumerate(drawn)
    ]
    found = tuple(split(rows, rule("W03")))
    mixed = list(rows)
    luck.shuffle(mixed)
    assert tuple(split(mixed, rule("W03"))) == found
    if found:  # one of them in two parts of the same day is still found, in the same window
        parts = [part for one in rows for part in _halves(one)]
        assert [hit.window for hit in split(parts, rule("W03"))] == [hit.window for hit in found]
        assert list(split([*rows, rows[0]._replace(contract="more", amount=1)], rule("W03")))


def _halves(one: Purchase) -> tuple[Purchase, ...]:
    amount = one.amount or 0
    ceiling_top = 1_145_000_00
    if amount < 2 or amount > 1_050_000_00 or amount > ceiling_top:
        return (one,)
    return one._replace(amount=amount // 2), one._replace(
        contract=f"{one.contract}b", amount=amount - amount // 2
    )


# ── purchases ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_award_counts_until_its_contract_is_there() -> None:
    award = Award(
        id="w",
        status="active",
        date=at("2026-02-05"),
        amount=700,
        currency="MXN",
        suppliers=("A",),
        items=("22104",),
    )
    (alone,) = purchases_of(process(method="direct", unit="u", awards=(award,)), "MXN")
    assert (alone.contract, alone.supplier, alone.amount, alone.part, alone.day) == (
        "w",
        "A",
        700,
        "22104",
        at("2026-02-05") // DAY,
    )
    contract = Contract(id="k", award="w", signed=at("2026-03-01"))
    (signed,) = purchases_of(
        process(method="direct", unit="u", awards=(award,), contracts=(contract,)), "MXN"
    )
    assert (signed.contract, signed.supplier, signed.amount, signed.direct) == ("k", "A", 700, True)


def test_a_joint_contract_is_one_purchase_of_the_unit_and_no_suppliers_alone() -> None:
    contract = Contract(
        id="k", decided=at("2026-02-05"), amount=900, currency="MXN", suppliers=("A", "B"), parts=("22104",)
    )
    one = process(method="direct", buyer="b", unit="u", contracts=(contract,))
    purchases = purchases_of(one, "MXN")
    assert [(each.supplier, each.shared) for each in purchases] == [("A", 2), ("B", 2)]
    assert [split_key(each) for each in purchases] == [None, None]
    assert [(t.kind, t.key, tuple(map(int, t.numbers))) for t in tallies_of(one, purchases)] == [
        (UNIT_YEAR, "b|u|2026", (1, 1, 1, 900))
    ]


def test_amounts_in_another_currency_are_unknown() -> None:
    assert [each.amount for each in purchases_of(direct(currency="USD"), "MXN")] == [None]
    assert [each.amount for each in purchases_of(direct(currency=...), "MXN")] == [None]


@pytest.mark.parametrize("status", ["cancelled", "withdrawn", "unsuccessful"])
def test_what_came_to_nothing_buys_nothing(status: str) -> None:
    one = direct(status=status)
    assert purchases_of(one, "MXN") == ()
    assert tallies_of(one, ()) == ()


# ── sums ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def sums(worlds: Iterable[Process]) -> dict[str, dict[str, tuple[int, ...]]]:
    found: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for one in worlds:
        for tally in tallies_of(one, purchases_of(one, "MXN")):
            old = found[tally.kind].get(tally.key, (0,) * len(tally.numbers))
            found[tally.kind][tally.key] = tuple(a + b for a, b in zip(old, tally.numbers, strict=True))
    return found


def measures(worlds: Sequence[Process], name: str, clock: int = CLOCK) -> list[Measure]:
    by_kind = sums(worlds)
    least = least_counts(rule(name))
    found = [each for one in worlds for each in measures_of(one, clock, "MXN")]
    for kind, of_kind in by_kind.items():
        for key, numbers in of_kind.items():
            chapters = ()
            if kind == SUPPLIER_ITEMS:
                chapters = tuple(
                    name.rpartition("|")[2]
                    for name in by_kind[SUPPLIER_CHAPTER]
                    if name.startswith(f"{key}|")
                )
            found += measures_of_tally(kind, key, numbers, least, chapters)
    return found


def beyond_fences(name: str, worlds: Sequence[Process]) -> set[str]:
    check = CHECKS[rule(name).check]
    assert isinstance(check, PopulationCheck)
    return {hit.subject for hit in judged(check, rule(name), measures(worlds, name))}


def shares(worlds: Sequence[Process]) -> dict[str, Hit]:
    check = CHECKS["supplier_share"]
    assert isinstance(check, ShareRule)
    by_kind = sums(worlds)
    found: list[Hit] = []
    for key, whole in by_kind[check.whole].items():
        parts = [
            (name, numbers) for name, numbers in by_kind[check.part].items() if name.startswith(f"{key}|")
        ]
        found += check.check(key, whole, parts, rule("W06"))
    return {hit.subject: hit for hit in found}


def unit(name: str, of_one: int, of_others: int, count: int = 10, **fields: Any) -> list[Process]:
    """A unit with `count` purchases of 2026: one supplier gets `of_one`, nine others share the rest."""
    rest, extra = divmod(of_others, count - 1)
    amounts = [of_one, *(rest + (place < extra) for place in range(count - 1))]
    return [
        direct(f"{name}{n}", amount, unit=name, supplier=f"S{n}", **fields)
        for n, amount in enumerate(amounts)
    ]


def test_shares_all_found_none_false() -> None:
    bad = [w for n in range(16) for w in unit(f"U{n}", 300 + n * 40, 700 - n * 40)]
    bad += [w for n in range(4) for w in unit(f"V{n}", 300_000_00, 700_000_00 - n, count=10 + n)]
    found = shares(bad)
    assert {subject.rpartition("|")[2] for subject in found} == {"S0"}
    assert len(found) == 20
    assert found["007000|U0|2026|S0"].severity == "signal"
    assert found["007000|U5|2026|S0"].severity == "strong"  # exactly 50%
    fine = [w for n in range(10) for w in unit(f"U{n}", 299 - n * 20, 701 + n * 20)]
    fine += [w for n in range(4) for w in unit(f"V{n}", 900, 100, count=9 - n)]  # too few purchases
    fine += (
        unit("C", 900, 100, status="cancelled")
        + unit("D", 900, 100, currency="USD")
        + unit("E", 900, 100, draft=True)
    )
    fine += unit("F", 0, 0) + unit("G", 29_999_99, 70_000_01) + unit("H", 900, 100, currency=...)
    assert shares(fine) == {}


def methods(name: str, alone: int, count: int, year: int = 2026) -> list[Process]:
    worlds = [
        direct(f"{name}{n}", unit=name, day=f"{year}-03-02", supplier=f"{name}-{n}") for n in range(alone)
    ]
    for n in range(alone, count):
        contract = Contract(
            id="k", decided=at(f"{year}-03-02"), amount=5, currency="MXN", suppliers=(f"{name}-{n}",)
        )
        worlds.append(call(f"{name}{n}", unit=name, contracts=(contract,)))
    return worlds


def test_units_that_seldom_hold_open_calls() -> None:
    peers = [w for n in range(60) for w in methods(f"U{n:02d}", 2 + n % 3, 20)]
    odd = [w for n in range(20) for w in methods(f"X{n:02d}", 16 + n % 5, 20)]
    near = [w for n in range(10) for w in methods(f"Y{n:02d}", 5, 20)]
    few = [w for n in range(10) for w in methods(f"Z{n:02d}", 19, 19)]
    found = beyond_fences("W05", peers + odd[: 20 * 20] + near + few)
    # Twenty of ninety odd ones lie within the upper quartile: the fence itself is theirs, so they are tried four at a time.
    assert found <= {f"007000|X{n:02d}|2026" for n in range(20)}
    for start in range(0, 20, 4):
        some = odd[start * 20 : (start + 4) * 20]
        found = beyond_fences("W05", peers + some + near + few)
        assert found == {f"007000|X{n:02d}|2026" for n in range(start, start + 4)}
    assert beyond_fences("W05", peers + near + few) == set()
    assert (
        beyond_fences("W05", [w for n in range(30) for w in methods(f"U{n}", 20, 20)]) == set()
    )  # all alike


def days_to_decide(counts: Sequence[int], **fields: Any) -> list[Process]:
    opening = at("2026-01-25T12:00")
    return [
        call(f"d{n}", **{"status": "complete", "opening": opening, "decided": opening + days * DAY, **fields})
        for n, days in enumerate(counts)
    ]


def test_decisions_far_beyond_those_of_their_method() -> None:
    usual = [
        call(
            f"u{n}",
            status="complete",
            opening=at("2026-01-25"),
            decided=at("2026-01-25") + (10 + n % 11) * DAY,
        )
        for n in range(200)
    ]
    late = days_to_decide(range(60, 80))
    assert beyond_fences("W07-R062", usual + late) == {f"d{n}" for n in range(20)}
    near = days_to_decide([24 + n % 3 for n in range(20)])
    assert beyond_fences("W07-R062", usual + near) == set()
    for changed in (
        {"status": "active"},
        {"status": "cancelled"},
        {"draft": True},
        {"method": "direct"},
        {"decided": ...},
        {"opening": ...},
    ):
        assert beyond_fences("W07-R062", usual + days_to_decide(range(60, 80), **changed)) == set()
    plans = days_to_decide(range(60, 80), opening=CLOCK)
    assert (
        beyond_fences("W07-R062", usual + [one for one in plans if (one.now.decided or 0) > CLOCK]) == set()
    )


def sales(supplier: str, chapters: int, count: int = 20) -> list[Process]:
    return [direct(f"{supplier}{n}", supplier=supplier, part=f"{10 + n % chapters}104") for n in range(count)]


def test_suppliers_of_everything() -> None:
    usual = [w for n in range(80) for w in sales(f"S{n:02d}", 2 + n % 3)]
    odd = [w for n in range(20) for w in sales(f"X{n:02d}", 12 + n % 8)]
    near = [w for n in range(10) for w in sales(f"Y{n:02d}", 5)]
    few = [w for n in range(10) for w in sales(f"Z{n:02d}", 19, count=19)]
    for start in (0, 10):
        some = odd[start * 20 : (start + 10) * 20]
        assert beyond_fences("W11", usual + some + near + few) == {
            f"X{n:02d}" for n in range(start, start + 10)
        }
    alike = [w for n in range(80) for w in sales(f"S{n:02d}", 7)]
    assert (
        beyond_fences("W11", alike + sales("X", 8)) == set()
    )  # IQR = 0: Cardinal would flag nearly all of them


# ── bids ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def gap(name: str, percent: float, **fields: Any) -> Process:
    low = 10_000_00
    return contest(name, (bid("a", "T0", low), bid("b", "T1", round(low * (1 + percent / 100)))), **fields)


def test_close_bids_and_heavy_discounts() -> None:
    usual = [gap(f"u{n:03d}", 20 + (n % 9) / 2) for n in range(200)]
    close = [gap(f"c{n:02d}", n / 10) for n in range(20)]
    heavy = [gap(f"h{n:02d}", 60 + n) for n in range(20)]
    near = [gap(f"n{n:02d}", 18.5 + n / 4) for n in range(20)]
    assert beyond_fences("W12-R024", usual + near + close) == {f"c{n:02d}" for n in range(20)}
    assert beyond_fences("W12-R058", usual + near + heavy) == {f"h{n:02d}" for n in range(20)}
    assert beyond_fences("W12-R024", usual + near) == set()
    assert beyond_fences("W12-R058", usual + near) == set()
    assert (
        beyond_fences("W12-R024", [gap(f"g{n}", 10) for n in range(99)] + [gap("z", 0)]) == set()
    )  # IQR = 0
    assert beyond_fences("W12-R058", [gap(f"g{n}", 0) for n in range(99)] + [gap("z", 50)]) == set()


def test_a_fence_below_nothing_cannot_fire_and_says_so() -> None:
    check = CHECKS["close_bids"]
    assert isinstance(check, PopulationCheck)
    fence = fence_of_values(check, rule("W12-R024"), [n / 100 for n in range(100)])
    assert (fence.value, fence.why) == (None, "unreachable")
    assert not beyond(check, 0.0, fence)
    assert fence_of_values(check, rule("W12-R024"), [0.1, 0.2]).why == "few"
    assert fence_of_values(check, rule("W12-R024"), [0.1] * 50).why == "flat"
    above = CHECKS["without_competition"]
    assert isinstance(above, PopulationCheck)
    assert fence_of_values(above, rule("W05"), [n / 30 for n in range(30)]).why == "unreachable"


@pytest.mark.parametrize("changed", [
    {"winner": "T1"}, {"winner": "T9"}, {"status": "cancelled"}, {"draft": True}, {"awards": ...},
    {"awards": (Award(id="w", status="pending", suppliers=("T0",)),)},
    {"awards": (Award(id="w", status="active", suppliers=("T0", "T1")),)},
    {"awards": (Award(id="w", status="active", suppliers=("T0",)), Award(id="v", status="active", suppliers=("T0",)))},
    {"bids": (bid("a", "T0", 0), bid("b", "T1", 5))}, {"bids": (bid("a", "T0", 5),)},
    {"bids": (bid("a", "T0", 5), bid("b", "T1", 7, currency="USD"))}, {"bids": (bid("a", "T0", 5), bid("b", "T1", 7, "disqualified"))},
    {"bids": (bid("a", "T0", 5), bid("b", "T1", 7, tenderers=("T1", "T2")))},
])  # fmt: skip
def test_a_gap_is_measured_only_where_it_means_something(changed: dict[str, Any]) -> None:
    assert not [
        each for each in measures_of(contest(**changed), CLOCK, "MXN") if each.population == "bid_gap"
    ]


def test_a_gap_is_of_the_winners_lowest_bid_and_the_lowest_of_the_others() -> None:
    one = contest(bids=(bid("a", "T0", 100), bid("a2", "T0", 80), bid("b", "T1", 120), bid("c", "T2", 100)))
    found = bid_gap(one, "MXN")
    assert found
    assert found.value == 0.25
    assert [fact.field for fact in found.facts] == ["bids/a2/amount", "bids/c/amount"]


def tries(tenderer: str, won: int, count: int) -> list[Process]:
    return [
        contest(
            f"{tenderer}{n}",
            (bid("a", tenderer, 10), bid("b", f"R-{tenderer}{n}", 20)),
            winner=tenderer if n < won else f"R-{tenderer}{n}",
        )
        for n in range(count)
    ]


def test_wins_and_tries_are_counted_by_process() -> None:
    found = {
        m.subject: (m.population, m.value)
        for m in measures(tries("X", 3, 30), "W12-R025")
        if m.subject == "X"
    }
    assert found == {"X": ("bids_of_tenderer", 30)}
    assert [
        m.value for m in measures(tries("X", 3, 30), "W12-R025") if (m.subject, m.population) == ("X", "wins")
    ] == [0.1]
    twice = contest(bids=(bid("a", "T0", 5), bid("b", "T0", 6), bid("c", "T1", 7, "disqualified")))
    assert [
        (m.subject, m.value) for m in measures([twice], "W12-R025") if m.population == "bids_of_tenderer"
    ] == [("T0", 1)]


def test_r025_by_its_definition() -> None:
    check = CHECKS["unsuccessful_tenderer"]
    assert isinstance(check, PopulationCheck)
    given = [Measure("wins", f"t{n}", 0.5 + n % 5 / 100) for n in range(60)] + [
        Measure("bids_of_tenderer", f"t{n}", 5 + n % 3) for n in range(60)
    ]
    odd = [Measure("wins", f"x{n:02d}", 0.01 * n) for n in range(20)]
    often = [Measure("bids_of_tenderer", f"x{n:02d}", 40) for n in range(20)]
    rarely = [Measure("bids_of_tenderer", f"x{n:02d}", 4) for n in range(20)]
    assert {hit.subject for hit in judged(check, rule("W12-R025"), given + odd[:10] + often[:10])} == {
        f"x{n:02d}" for n in range(10)
    }
    assert {hit.subject for hit in judged(check, rule("W12-R025"), given + odd[10:] + often[10:])} == {
        f"x{n:02d}" for n in range(10, 20)
    }
    assert judged(check, rule("W12-R025"), given + odd[:10] + rarely[:10]) == ()
    assert judged(check, rule("W12-R025"), given) == ()


def handed_in(unit_: str, out: int, count: int, processes: int = 2) -> list[Process]:
    """Bids by tenderers of their own, spread over processes of one unit and buyer."""
    bids = [
        bid(f"b{n}", f"{unit_}-{n % 2}", 10 + n, "disqualified" if n < out else "valid") for n in range(count)
    ]
    return [
        contest(f"{unit_}{part}", tuple(bids[part::processes]), unit=unit_, buyer=f"B-{unit_}")
        for part in range(processes)
    ]


def test_many_disqualified_by_buyer_unit_and_tenderer() -> None:
    usual = [w for n in range(60) for w in handed_in(f"U{n:02d}", 2 + n % 3, 20)]
    odd = [w for n in range(10) for w in handed_in(f"X{n:02d}", 14 + n % 6, 20)]
    once = [w for n in range(10) for w in handed_in(f"Z{n:02d}", 20, 20, processes=1)]
    near = [w for n in range(10) for w in handed_in(f"Y{n:02d}", 5, 20)]
    found = beyond_fences("W12-R038", usual + odd + near + once)
    whose = Counter(subject.partition("|")[0] for subject in found)
    assert whose["buyer"] == whose["unit"] == 10
    assert {f"buyer|B-X{n:02d}" for n in range(10)} | {f"unit|B-X{n:02d}|X{n:02d}" for n in range(10)} == {
        subject for subject in found if not subject.startswith("tenderer")
    }
    assert whose["tenderer"] >= 20
    assert not [subject for subject in beyond_fences("W12-R038", usual + near) if "tenderer" not in subject]


# ── quartiles ────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=100)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_quartiles_are_of_type_eight(values: list[float]) -> None:
    """Against the definition in floating point: h = (n + 1/3)p + 1/3."""
    ordered = sorted(values)

    def at_share(p: float) -> float:
        h = (len(ordered) + 1 / 3) * p + 1 / 3
        low = int(h)
        if low < 1 or low >= len(ordered):
            return ordered[0] if low < 1 else ordered[-1]
        return ordered[low - 1] + (h - low) * (ordered[low] - ordered[low - 1])

    found = quartiles(ordered.__getitem__, len(ordered))
    assert found == pytest.approx((at_share(0.25), at_share(0.75)), rel=1e-9, abs=1e-6)
    assert ordered[0] <= found[0] <= statistics.median(ordered) <= found[1] <= ordered[-1]


@settings(max_examples=60)
@given(st.lists(st.integers(0, 50), min_size=4, max_size=60), st.randoms())
def test_a_fence_does_not_depend_on_order(values: list[int], luck: Any) -> None:
    check = CHECKS["heavy_discount"]
    assert isinstance(check, PopulationCheck)
    mixed = list(values)
    luck.shuffle(mixed)
    fence = fence_of_values(check, rule("W12-R058"), values)
    assert fence == fence_of_values(check, rule("W12-R058"), mixed)
    assert sum(beyond(check, value, fence) for value in values) <= len(values) // 4 + 1


# ── coverage ─────────────────────────────────────────────────────────────────────────────────────────────────────


def covers(name: str, of: Process) -> Outcome:
    check = CHECKS[rule(name).check]
    assert isinstance(check, (GroupRule, ShareRule, PopulationCheck))
    return check.covers(of, rule(name), CLOCK)


@pytest.mark.parametrize(
    ("name", "of", "expected"),
    [
        ("W03", direct(), Clear()),
        ("W03", call(), NotMeant()),
        ("W03", direct(amount=...), Missing(("amount",))),
        ("W03", direct(part=""), Missing(("parts",))),
        ("W05", direct(), Clear()),
        ("W05", call(), Missing(("contracts",))),
        ("W05", direct(draft=True), NotMeant()),
        ("W06", direct(), Clear()),
        ("W06", direct(currency="USD"), Missing(("amount",))),
        ("W07-R062", call(status="complete", decided=CLOCK + 9), Waiting(CLOCK + 9)),
        ("W07-R062", call(status="complete"), Missing(("decided",))),
        ("W11", direct(), Clear()),
        ("W11", call(), Missing(("items", "suppliers"))),
        ("W12-R024", contest(), Clear()),
        ("W12-R024", call(), Missing(("bids", "awards"))),
        ("W12-R038", contest(), Clear()),
        ("W12-R038", call(), Missing(("bids",))),
    ],
)
def test_what_rules_on_many_can_say_of_one(name: str, of: Process, expected: Outcome) -> None:
    assert covers(name, of) == expected
