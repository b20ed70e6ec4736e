"""Rules of `careo watch` on one process: twenty anomalies and twenty near misses each; all found, none false."""

from __future__ import annotations

from typing import Any

import pytest

from careo.record.purchases.checks import CHECKS, ProcessRule
from careo.record.purchases.checks_process import with_lists
from careo.record.purchases.process import Process
from careo.record.purchases.rule_files import FIELDS, Rules, load_rules
from careo.record.purchases.rules import Clear, Hit, Missing, NotMeant, Outcome, Rule, Waiting
from careo.sources.releases import Award
from purchase_cases import LISTS, SETS
from purchase_worlds import CLOCK, DAY, at, bid, call, contest, dice, direct, edit


def rules() -> Rules:
    found = load_rules("mexico")
    assert found
    return found


def rule(name: str) -> Rule:
    found = rules().by_id[name]
    return with_lists(found, LISTS) if name == "W09" else found


def outcome(name: str, of: Process, clock: int = CLOCK) -> Outcome:
    found = rule(name)
    check = CHECKS[found.check]
    assert isinstance(check, ProcessRule)
    return check.check(of, found, clock)


def hits(name: str, of: Process, clock: int = CLOCK) -> tuple[Hit, ...]:
    found = outcome(name, of, clock)
    return found if isinstance(found, tuple) else ()


# ── twenty of each ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", SETS)
def test_all_found_none_false(name: str) -> None:
    bad, fine = SETS[name]()
    assert min(len(bad), len(fine)) >= 20
    assert [n for n, one in enumerate(bad) if not hits(name, one)] == []
    assert [n for n, one in enumerate(fine) if hits(name, one)] == []


def test_every_rule_of_one_process_has_its_sets() -> None:
    of_process = {key for key, one in rules().by_id.items() if isinstance(CHECKS[one.check], ProcessRule)}
    assert of_process == set(SETS)


# ── what an outcome says ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "of", "fields"),
    [
        ("W01", call(opening=...), ("opening",)),
        ("W01", call(published=..., opening=...), ("published", "opening")),
        ("W01", call(method=...), ("method",)),
        ("W01", call(scope=..., opening=at("2026-01-22")), ("scope",)),
        ("W02", direct(ground=...), ("ground",)),
        ("W04", direct(amount=...), ("amount",)),
        ("W04", direct(currency="USD"), ("amount",)),
        ("W04", direct(day="2019-03-01"), ("ceiling",)),
        ("W04", direct(law=...), ("law",)),
        ("W04", call(method="direct"), ("contracts",)),
        ("W07", call(status="complete"), ("decided",)),
        ("W07", call(status=...), ("status",)),
        ("W08", call(decided=at("2026-02-01")), ("contracts",)),
        ("W12-R018", contest(tenderers=...), ("tenderers",)),
        ("W12-R028", call(), ("bids",)),
        ("W12-R030", call(), ("bids", "awards")),
        ("W12-R030", contest(opening=...), ("opening",)),
        ("W12-R035", contest(awards=...), ("awards",)),
        ("W12-R036", contest(bids=(bid("a", "T0", 5, currency="USD"),)), ("bids/amount",)),
        (
            "W12-R036",
            contest(bids=(bid("d", "T9", 5, "disqualified"), bid("a", "T0", 6, currency=...))),
            ("bids/amount",),
        ),
    ],
)
def test_no_data_is_not_no_signal(name: str, of: Process, fields: tuple[str, ...]) -> None:
    found = outcome(name, of)
    assert found == Missing(fields)
    assert set(fields) <= set(FIELDS)


def test_the_lowest_bid_was_passed_over_only_if_a_dearer_one_was_valid() -> None:
    out = bid("d", "T9", 99, "disqualified")
    assert hits("W12-R036", contest(bids=(out, bid("p", "T8", 101, "disqualified"), bid("a", "T0", 100))))
    for other in ("disqualified", "pending", "invited", "withdrawn"):
        assert isinstance(outcome("W12-R036", contest(bids=(out, bid("a", "T0", 100, other)))), Clear)


def test_an_award_whose_status_nobody_knows_is_not_final() -> None:
    bids = (bid("a", "T0", 100), bid("b", "T1", 110, "disqualified"))
    awards = contest(bids=bids).now.awards or ()
    assert hits("W12-R035", contest(bids=bids, awards=(*awards, Award(id="x", status="cancelled"))))
    assert not hits("W12-R035", contest(bids=bids, awards=(*awards, Award(id="x", status="other"))))


def test_the_process_is_not_meant_and_computed_and_clear() -> None:
    assert isinstance(outcome("W01", call(method="direct")), NotMeant)
    assert isinstance(outcome("W01", call()), Clear)
    assert isinstance(outcome("W04", call()), NotMeant)
    assert isinstance(outcome("W08", call()), NotMeant)
    assert isinstance(outcome("W08", direct()), Clear)


def test_w09_without_a_list_is_no_data() -> None:
    found = rules().by_id["W09"]
    check = CHECKS[found.check]
    assert isinstance(check, ProcessRule)
    assert check.check(direct(supplier="BAD990101BB1"), found, CLOCK) == Missing(("supplier_list",))


@pytest.mark.parametrize(
    ("days", "scope", "severity", "threshold"),
    [(9, "national", "strong", 10), (0, "treaties", "strong", 10), (10, "national", "signal", 15), (14, ..., "signal", 15),
     (19, "international", "signal", 20)],
)  # fmt: skip
def test_w01_tells_days_and_threshold(days: int, scope: Any, severity: str, threshold: int) -> None:
    start = at("2026-02-03T23:00")
    (hit,) = hits("W01", call(published=start, opening=start + days * DAY, scope=scope))
    assert (hit.subject, hit.value, hit.threshold, hit.severity) == ("p", days, threshold, severity)
    assert [fact.field for fact in hit.facts] == ["published", "opening"]


def test_calendar_days_are_those_of_the_wall_whatever_the_zone() -> None:
    """23:59 at −06:00 is 05:59 of the next day in UTC; civil seconds keep the day that the publisher wrote."""
    (hit,) = hits("W01", call(published=at("2026-02-01T23:59"), opening=at("2026-02-15T00:01")))
    assert hit.value == 14
    assert not hits("W01", call(published=at("2026-02-01T00:01"), opening=at("2026-02-16T00:00")))


def test_w02_a_military_ground_is_a_notice() -> None:
    assert [hit.severity for hit in hits("W02", direct(ground="Art. 54, fr. IV"))] == ["notice"]
    assert [hit.severity for hit in hits("W02", direct(ground=""))] == ["signal"]


def test_w08_waits_until_the_day_is_over_and_stays_the_same_afterwards() -> None:
    of = direct(day="2026-03-02T18:00", signed=None)
    due = at("2026-04-02")
    assert outcome("W08", of, due - 1) == Waiting(due)
    first = hits("W08", of, due)
    assert first
    assert first == hits("W08", of, due + 400 * DAY)
    assert first[0].subject == "p"


def test_w07_waits_for_a_decision_that_is_still_to_come() -> None:
    of = call(status="complete", opening=CLOCK, decided=CLOCK + 5)
    assert outcome("W07", of) == Waiting(CLOCK + 5)
    assert hits("W07", of, CLOCK + 5)


def test_w10_one_field_is_one_signal_and_an_amount_that_grew_is_strong() -> None:
    twice = direct(changes=[edit("amount", 100, 110), edit("amount", 110, 120), edit("start", 1, 2)])
    found = {hit.subject: hit for hit in hits("W10", twice)}
    assert set(found) == {"p/c1/amount", "p/c1/start"}
    assert len(found["p/c1/amount"].facts) == 2
    assert (found["p/c1/amount"].threshold, found["p/c1/amount"].value) == (110, 120)
    assert found["p/c1/amount"].severity == "signal"
    assert hits("W10", direct(changes=[edit("supplier_name", "A", "A, S.A.")]))[0].severity == "notice"
    assert hits("W10", direct(changes=[edit("amount", 100_00, 120_00)]))[0].severity == "strong"
    assert hits("W10", direct(changes=[edit("amount", 100_00, 119_99)]))[0].severity == "signal"


def test_the_order_of_contracts_and_bids_does_not_matter() -> None:
    bids = tuple(
        bid(f"b{n}", f"T{n % 4}", 100 - n // 2, "disqualified" if n > 5 else "valid") for n in range(8)
    )
    for name in ("W12-R028", "W12-R030", "W12-R035", "W12-R036"):
        luck = dice(name)
        said = {str(outcome(name, contest(bids=tuple(luck.shuffled(bids))))) for _ in range(10)}
        assert len(said) == 1
