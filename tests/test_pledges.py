"""Verdicts on pledges: the rules in their order, reproducible for any day, and what a finding says beside them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careo.base.texts import sentences
from careo.panel import load_country
from careo.record.strategy import load_strategy, strategies
from careo.results.finding import PLEDGE_VERDICTS
from careo.results.pledges import RULES, judge_pledges
from worlds import World, new_world, pledge, step, words


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


LAW = [
    step("bill", "2020-06-01", "bill"),
    step("passed", "2021-03-01", "passed"),
    step("force", "2021-04-01", "in_force"),
]


def test_every_class_of_verdict_occurs_in_toyland_and_the_reasons_differ() -> None:
    country = load_country("toyland")
    findings = [
        f for slug in strategies("toyland") for f in judge_pledges(load_strategy(slug, "toyland"), country)
    ]
    assert {finding.verdict for finding in findings} == set(PLEDGE_VERDICTS)
    assert {int(re.findall(r"\d+", f.extra["rule"])[0]) for f in findings} == set(range(1, len(RULES) + 1))
    reasons = [finding.because for finding in findings]
    assert len(set(reasons)) == len(reasons)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_finding_names_its_rule_and_the_order_of_all(language: str) -> None:
    for finding in judge_pledges(
        load_strategy("ten-lamps-2018", "toyland"), load_country("toyland"), language=language
    ):
        assert finding.extra["order"].count(" > ") == len(RULES) - 1
        assert re.match(r"(Rule|Regla) \d (of|de) 9: ", finding.extra["rule"])
        assert "{" not in finding.because + " ".join(finding.caveats)


# ── the rules, one by one ────────────────────────────────────────────────────────────────────────────────────────


def test_a_law_in_force_by_the_deadline_is_kept(world: World) -> None:
    found = world.ladder(LAW).judge(deadline="2021-12-31")
    assert found.verdict == "kept"
    assert "1 April 2021" in found.because
    assert "31 December 2021" in found.because


def test_the_same_law_one_day_after_the_deadline_is_late(world: World) -> None:
    assert world.ladder(LAW).judge(deadline="2021-04-01").verdict == "kept"
    assert world.ladder(LAW).judge(deadline="2021-03-31").verdict == "late"


def test_what_was_done_before_the_promise_does_not_keep_it(world: World) -> None:
    world.ladder(LAW)
    assert world.judge(deadline="2024-12-31", said="2021-04-01").verdict == "kept"
    assert world.judge(deadline="2024-12-31", said="2021-04-02").verdict == "no evidence found"


def test_words_alone_are_no_evidence(world: World) -> None:
    found = world.ladder(
        [step("speech", "2020-02-01", "announced"), step("around", "2020-03-01", "context")]
    ).judge()
    assert found.verdict == "no evidence found"
    assert "No step that decides it was found" in found.because


def test_a_law_that_comes_about_differently_is_changed_with_the_difference(world: World) -> None:
    test = {"ladder": "matter", "goal": "in_force", "differs": words("it covers one shire only")}
    found = world.ladder(LAW).judge(test=test)
    assert found.verdict == "changed"
    assert "It covers one shire only." in found.because


def test_a_deadline_moved_in_time_is_changed_from_that_day_on_and_the_first_one_stays_in_sight(
    world: World,
) -> None:
    steps = [
        step("start", "2020-06-01", "bill"),
        step("move", "2021-05-01", "amended", deadline="2027-06-30"),
    ]
    world.ladder(steps)
    assert world.judge("2021-04-30", deadline="2022-12-31").verdict == "under way"
    moved = world.judge("2021-05-01", deadline="2022-12-31")
    assert moved.verdict == "changed"
    assert "31 December 2022" in moved.because
    assert "30 June 2027" in moved.because


def test_a_deadline_moved_too_late_does_not_save_the_promise(world: World) -> None:
    ended = step("gone", "2022-06-01", "lapsed")
    in_time = [
        step("start", "2020-06-01", "bill"),
        ended,
        step("move", "2022-12-30", "amended", deadline="2027-06-30"),
    ]
    too_late = [
        step("start", "2020-06-01", "bill"),
        ended,
        step("move", "2023-01-02", "amended", deadline="2027-06-30"),
    ]
    assert world.ladder(in_time).judge("2023-02-01", deadline="2022-12-31").verdict == "changed"
    fresh = new_world(world.folder.parent / "other").ladder(too_late)
    assert fresh.judge("2026-02-01", deadline="2022-12-31").verdict == "broken"


def test_a_moved_deadline_that_passes_unmet_is_broken(world: World) -> None:
    steps = [
        step("start", "2020-06-01", "bill"),
        step("move", "2021-05-01", "amended", deadline="2023-06-30"),
        step("end", "2023-05-01", "lapsed"),
    ]
    world.ladder(steps)
    assert world.judge("2023-06-30", deadline="2022-12-31").verdict == "changed"
    assert world.judge("2023-07-01", deadline="2022-12-31").verdict == "broken"


def test_a_removed_deadline_is_changed_for_ever(world: World) -> None:
    steps = [step("start", "2020-06-01", "bill"), step("free", "2021-05-01", "amended", deadline="none")]
    assert world.ladder(steps).judge("2030-01-01", deadline="2022-12-31").verdict == "changed"


def test_kept_only_by_the_moved_deadline_is_changed_and_by_the_first_is_kept(world: World) -> None:
    move = step("move", "2020-07-01", "amended", deadline="2023-06-30")
    world.ladder([step("bill", "2020-06-01", "bill"), move, step("force", "2021-04-01", "in_force")])
    assert world.judge(deadline="2021-03-31").verdict == "changed"
    assert world.judge(deadline="2021-04-01").verdict == "kept"


def test_a_law_struck_down_before_the_end_did_not_last(world: World) -> None:
    world.ladder([*LAW, step("void", "2022-01-01", "struck_down")])
    assert world.judge("2021-12-31").verdict == "kept"
    assert world.judge("2026-01-01").verdict == "broken"


def test_what_ends_after_the_deadline_was_still_kept_by_it(world: World) -> None:
    world.ladder([*LAW, step("void", "2024-01-01", "repealed")])
    assert world.judge("2025-01-01", deadline="2022-12-31").verdict == "kept"


def test_silence_after_a_deadline_is_not_a_breach(world: World) -> None:
    found = world.ladder([step("bill", "2020-06-01", "bill")]).judge("2026-06-01", deadline="2021-12-31")
    assert found.verdict == "no evidence found"
    assert "neither" in found.because


def test_work_after_the_deadline_while_the_term_runs_is_late_and_after_the_term_not(world: World) -> None:
    test = {"ladder": "matter", "goal": "implemented", "at_least": 100}
    world.ladder(
        [
            step("some", "2021-06-01", "implemented", done=40, of=100, unit=words("lamps")),
            step("more", "2022-06-01", "implemented", done=70, of=100, unit=words("lamps")),
        ]
    )
    assert world.judge("2025-06-01", test=test, deadline="2021-12-31").verdict == "late"
    found = world.judge("2026-06-01", test=test, deadline="2021-12-31")
    assert found.verdict == "broken"
    assert "40 of 100 lamps" in found.because


def test_what_was_only_possible_cannot_be_broken(world: World) -> None:
    world.ladder([step("bill", "2020-06-01", "bill"), step("end", "2021-06-01", "lapsed")])
    assert world.judge("2026-06-01").verdict == "broken"
    found = world.judge("2026-06-01", hedge="possible")
    assert found.verdict == "no evidence found"
    assert any("possibility" in caveat for caveat in found.caveats)


def test_without_a_deadline_the_end_of_the_period_is_taken_and_said(world: World) -> None:
    found = world.ladder([step("bill", "2020-06-01", "bill"), step("end", "2021-06-01", "lapsed")]).judge(
        "2025-12-31"
    )
    assert found.verdict == "under way"
    assert any("31 December 2025" in caveat for caveat in found.caveats)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"measurable": "no", "why_not": words("nobody says of what"), "test": None}, "Nobody says of what."),
        (
            {"act": "position", "measurable": "no", "why_not": words("a principle"), "test": None},
            "nothing is promised",
        ),
        (
            {"act": "claim", "measurable": "partly", "why_not": words("a cause"), "test": None},
            "not a promise",
        ),
        (
            {"kind": "outcome", "measurable": "partly", "why_not": words("no level set"), "test": None},
            "No level or date",
        ),
    ],
)
def test_what_cannot_be_measured_is_not_judged(world: World, more: dict[str, object], said: str) -> None:
    found = world.ladder(LAW).judge(**more)
    assert found.verdict == "not measurable as stated"
    assert said in found.because


def test_a_person_overrides_every_rule_from_the_day_it_was_decided(world: World) -> None:
    override = {
        "verdict": "broken",
        "reason": words("we read the gazette"),
        "by": "the desk",
        "on": "2024-05-01",
    }
    world.ladder(LAW)
    assert world.judge("2024-04-30", override=override).verdict == "kept"
    found = world.judge("2024-05-01", override=override)
    assert found.verdict == "broken"
    assert "we read the gazette" in found.because
    assert "the desk" in found.because


def test_a_request_is_judged_for_its_addressee(world: World) -> None:
    found = world.ladder(LAW).judge(act="request", addressee=words("the Harbour Office"))
    assert found.because.startswith("Asked of: the Harbour Office. It came about")


def test_other_readings_stand_beside_and_never_decide(world: World) -> None:
    strict = {"name": words("in practice too"), "test": {"ladder": "matter", "goal": "implemented"}}
    blind = {"name": words("felt by everyone"), "test": None, "no_series": words("nobody asked")}
    found = world.ladder(LAW).judge("2026-06-01", alternatives=[strict, blind])
    assert found.verdict == "kept"
    assert any("in practice too" in caveat and "no evidence found" in caveat for caveat in found.caveats)
    assert any("felt by everyone" in caveat and "Nobody asked." in caveat for caveat in found.caveats)


def test_what_is_recalled_is_marked(world: World) -> None:
    sure = world.ladder(LAW).judge()
    assert not any("unverified" in caveat for caveat in sure.caveats)
    recalled = [{**one, "verified": "memory"} if one["id"] == "force" else one for one in LAW]
    unsure = new_world(world.folder.parent / "other").ladder(recalled).judge()
    assert any("unverified" in caveat for caveat in unsure.caveats)
    assert unsure.extra["verified"] == "memory"


def test_nothing_later_than_the_record_is_known(world: World) -> None:
    found = world.ladder(LAW).judge("2035-01-01")
    assert found.extra["on"] == "2030-12-31"
    assert any("nothing later is known" in caveat for caveat in found.caveats)


# ── series and money ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_series_decides_by_the_value_known_on_the_day(world: World) -> None:
    test = {"indicator": "lantern_thefts_watch", "at_most": 100000, "place": "TY"}
    early = world.ladder(LAW).judge("2020-01-31", test=test, deadline="2021-12-31")
    assert early.verdict == "no evidence found"  # nothing was published yet
    late = world.judge("2023-12-31", test=test, deadline="2021-12-31")
    assert late.verdict == "kept"


def test_a_bound_missed_by_one_unit_breaks_the_promise(world: World) -> None:
    series = load_country("toyland").series("lantern_thefts_watch")
    value = next(o.value for o in series.observations if o.place == "TY" and str(o.period) == "2021")
    newest = [o.value for o in series.observations if o.place == "TY" and str(o.period) == "2021"][-1]
    world.ladder(LAW)
    for bound, verdict in ((newest, "kept"), (newest - 1, "broken")):
        test = {"indicator": "lantern_thefts_watch", "at_most": bound, "place": "TY"}
        found = world.judge("2030-01-01", test=test, deadline="2021-12-31", said="2021-01-01")
        assert found.verdict == verdict, (bound, value)


# ── properties ───────────────────────────────────────────────────────────────────────────────────────────────────

_STAGES = st.sampled_from(
    ["bill", "passed", "in_force", "lapsed", "repealed", "struck_down", "ruled", "announced", "context"]
)
_DAYS = st.integers(0, 3500).map(lambda n: (date(2020, 1, 11) + timedelta(days=n)).isoformat())
_STEPS = st.lists(st.tuples(_DAYS, _STAGES), min_size=1, max_size=6).map(sorted)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS, day=_DAYS, deadline=st.none() | _DAYS)
def test_a_verdict_rests_only_on_what_was_known_and_later_steps_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]], day: str, deadline: str | None
) -> None:
    every = [step(f"s{n}", when, stage) for n, (when, stage) in enumerate(steps)]
    known = [one for one in every if one["date"] <= day]
    whole = new_world(tmp_path_factory.mktemp("whole")).ladder(every).judge(day, deadline=deadline)
    assert whole.verdict in PLEDGE_VERDICTS
    if known:
        part = new_world(tmp_path_factory.mktemp("part")).ladder(known).judge(day, deadline=deadline)
        assert (part.verdict, part.because, part.table) == (whole.verdict, whole.because, whole.table)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_nothing_becomes_kept_by_waiting_past_the_deadline(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    world = new_world(tmp_path_factory.mktemp("wait")).ladder(
        [step(f"s{n}", d, s) for n, (d, s) in enumerate(steps)]
    )
    days = ["2024-01-01", "2025-01-01", "2026-01-01", "2029-01-01"]
    verdicts = [world.judge(day, deadline="2023-12-31").verdict for day in days]
    for before, after in pairwise(verdicts):
        assert (before == "kept") == (after == "kept")


def test_every_text_of_pledges_is_used_in_both_languages_with_the_same_placeholders() -> None:
    english = {key: text for key, text in sentences("en").items() if key.startswith("pledges.")}
    for key, text in english.items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", sentences("es")[key])), key


def test_the_pledge_of_a_test_world_is_valid(world: World) -> None:
    assert world.ladder(LAW).strategy([pledge()]).pledges[0].id == "p-1"


# ── what an adversary found ──────────────────────────────────────────────────────────────────────────────────────


def test_another_reading_has_the_pledge_s_own_deadline_amended_or_not(world: World) -> None:
    world.ladder(
        [step("start", "2020-06-01", "bill"), step("move", "2021-05-01", "amended", deadline="2027-06-30")]
    )
    other = {
        "name": words("by the count"),
        "test": {"indicator": "lantern_thefts_watch", "at_most": 1, "place": "TY"},
    }
    found = world.judge("2023-06-01", deadline="2022-12-31", alternatives=[other])
    assert found.verdict == "changed"
    assert not any("broken" in caveat for caveat in found.caveats)


def test_a_count_of_later_years_does_not_break_a_stock_promised_for_an_earlier_day(world: World) -> None:
    """Boats still missing are a stock: many in 2024 say nothing of the end of 2021."""
    test = {"indicator": "boats_missing", "at_least": 10**6, "place": "TY"}
    found = world.ladder(LAW).judge("2026-06-01", test=test, deadline="1999-12-31", said="1999-01-01")
    assert found.verdict == "no evidence found"


def test_the_bound_a_value_is_held_against_is_printed(world: World) -> None:
    test = {"indicator": "lantern_thefts_watch", "at_most": 100000, "place": "TY"}
    found = world.ladder(LAW).judge("2023-12-31", test=test, deadline="2021-12-31")
    assert "Held against: at most 100,000 reports." in found.caveats


def test_what_sources_disagree_about_stands_beside_the_verdict(world: World) -> None:
    steps = [*LAW[:2], {**LAW[2], "dissent": words("one paper gives another day")}]
    found = world.ladder(steps).judge()
    assert any("one paper gives another day" in caveat for caveat in found.caveats)


def test_an_unmet_deadline_is_late_while_the_term_runs_and_never_better_again(world: World) -> None:
    world.ladder([step("bill", "2020-06-01", "bill"), step("end", "2023-05-01", "lapsed")])
    days = ("2022-06-01", "2023-04-30", "2023-05-01", "2025-12-31", "2026-06-01")
    assert [world.judge(day, deadline="2021-12-31").verdict for day in days] == [
        "late", "late", "broken", "broken", "broken",
    ]  # fmt: skip


def test_a_day_before_it_was_said_has_no_verdict(world: World) -> None:
    found = world.ladder(LAW).judge("2020-12-31", said="2021-01-05")
    assert found.verdict == "no evidence found"
    assert "had not been said yet" in found.because
