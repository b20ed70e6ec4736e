"""Ladders: what had happened by a day, deadlines computed, moved and removed, tracks apart; broken files say what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import careo
from careo.base.citations import load_sources
from careo.base.errors import CareoError, DataError
from careo.base.fields import last_day
from careo.base.shipped import country_folder
from careo.record.ladder import (
    CLIMB,
    ENDS,
    STAGES,
    Ladder,
    LegalTerm,
    Step,
    add,
    deadlines_on,
    load_ladders,
    reached,
    read_ladder,
    status_on,
    steps_on,
)

GUARD = load_ladders("toyland")["harbour-guard"]
NIGHT = load_ladders("toyland")["night-laws"]
FIRST, LAST = date(1990, 1, 1), date(2090, 12, 31)


def step(name: str, when: str | None, stage: str = "passed", **more: object) -> Step:
    return Step(id=name, date=when, stage=stage, what={"en": name}, sources=("s",), verified="read", **more)  # pyright: ignore


def ladder(*steps: Step) -> Ladder:
    tracks = {s.track: {"en": s.track} for s in steps if s.track}
    return Ladder(id="l", title={"en": "L"}, compiled="2030", steps=steps, tracks=tracks)


def ids(steps: Sequence[Step]) -> list[str]:
    return [s.id for s in steps]


# ── as it stood on a day ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("when", "not_yet", "taken"),
    [
        ("2021-02-10", date(2021, 2, 9), date(2021, 2, 10)),
        ("2021-02", date(2021, 2, 27), date(2021, 2, 28)),
        ("2020-02", date(2020, 2, 28), date(2020, 2, 29)),
        ("2021", date(2021, 12, 30), date(2021, 12, 31)),
    ],
)
def test_a_step_counts_from_the_last_day_its_date_can_mean(when: str, not_yet: date, taken: date) -> None:
    one = ladder(step("a", when))
    assert steps_on(one, not_yet) == () and ids(steps_on(one, taken)) == ["a"]


def test_an_undated_step_is_never_taken() -> None:
    assert any(s.date is None for s in GUARD.steps)
    assert "first-shires" not in ids(steps_on(GUARD, LAST))
    assert status_on(ladder(step("a", None, "in_force")), LAST) is None


def test_words_alone_are_no_status() -> None:
    spoken = ladder(step("a", "2020", "announced"), step("b", "2021", "context"))
    assert len(steps_on(spoken, LAST)) == 2 and status_on(spoken, LAST) is None


def test_the_status_is_the_last_act_and_later_words_do_not_hide_it() -> None:
    matter = ladder(step("law", "2020-01-01", "in_force"), step("speech", "2021-01-01", "announced"))
    assert status_on(matter, LAST) == matter.steps[0]


def test_a_month_is_read_after_its_days_whatever_the_order_of_the_file() -> None:
    matter = ladder(step("month", "2020-05"), step("day", "2020-05-10"))
    assert ids(steps_on(matter, LAST)) == ["day", "month"]


_days = st.dates(FIRST, LAST)
_dated = st.one_of(
    _days.map(str), _days.map(lambda d: str(d)[:7]), _days.map(lambda d: str(d)[:4]), st.none()
)
_limits = st.one_of(
    st.none(),
    st.just("none"),
    _days.map(str),
    st.builds(LegalTerm, st.just(""), st.integers(0, 9), st.integers(0, 30)),
)


@st.composite
def ladders(draw: st.DrawFn, tracks: Sequence[str] = ("", "a", "b")) -> Ladder:
    """Ladders of up to eight steps; terms count from the step that sets them."""
    steps: list[Step] = []
    for index in range(draw(st.integers(1, 8))):
        when, limit = draw(_dated), draw(_limits)
        if isinstance(limit, LegalTerm):
            more = {"term": replace(limit, start=f"s{index}")} if when else {}
        else:
            more = {"deadline": limit}
        stage, track = draw(st.sampled_from(STAGES)), draw(st.sampled_from(tracks))
        steps.append(step(f"s{index}", when, stage, track=track, **more))
    return ladder(*sorted(steps, key=lambda s: last_day(s.date or "2100")))


def _reads(matter: Ladder, day: date, track: str | None) -> tuple[object, ...]:
    return steps_on(matter, day, track), status_on(matter, day, track), deadlines_on(matter, day, track)


@given(ladders(), _days, _days)
def test_what_was_known_on_a_day_stays_known_and_in_its_place(matter: Ladder, one: date, other: date) -> None:
    early, late = steps_on(matter, min(one, other)), steps_on(matter, max(one, other))
    assert late[: len(early)] == early
    before, after = (deadlines_on(matter, day, "a") for day in sorted((one, other)))
    assert after[: len(before)] == before


@given(ladders(), _days, st.sampled_from([*STAGES]), st.integers(0, 5))
def test_one_more_step_changes_only_days_from_its_date_on(
    matter: Ladder, day: date, stage: str, years: int
) -> None:
    more = step("more", str(day), stage, track="a", term=LegalTerm("more", years, 1))
    other = ladder(*sorted([*matter.steps, more], key=lambda s: last_day(s.date or "2100")))
    for earlier in (day - timedelta(days=n) for n in (1, 2, 40, 4000)):
        for track in (None, "", "a", "b"):
            assert _reads(matter, earlier, track) == _reads(other, earlier, track)
    assert len(steps_on(other, day, "a")) == len(steps_on(matter, day, "a")) + 1
    assert deadlines_on(other, day, "a") != deadlines_on(matter, day, "a")


def test_a_term_is_not_counted_from_a_step_that_was_not_taken_yet() -> None:
    act, start = (
        step("act", "2020-01-01", term=LegalTerm("start", 5)),
        step("start", "2021-01-01", "in_force"),
    )
    then = deadlines_on(ladder(act, start), date(2020, 6, 1))
    assert then == deadlines_on(ladder(act, replace(start, date="2022-01-01")), date(2020, 6, 1))


# ── tracks ───────────────────────────────────────────────────────────────────────────────────────────────────────


@given(ladders(("a",)), ladders(("", "b")), _days)
def test_what_happens_on_one_track_decides_nothing_on_another(one: Ladder, other: Ladder, day: date) -> None:
    other_steps = tuple(
        replace(s, id=f"o{s.id}", term=replace(s.term, start=f"o{s.term.start}") if s.term else None)
        for s in other.steps
    )
    both = ladder(*sorted([*one.steps, *other_steps], key=lambda s: last_day(s.date or "2100")))
    assert _reads(both, day, "a") == _reads(one, day, "a")
    for track in ("", "b"):
        assert steps_on(both, day, track) == steps_on(replace(other, steps=other_steps), day, track)


def test_toylands_four_night_laws_stand_apart_on_one_day() -> None:
    stood = {track: status_on(NIGHT, date(2021, 12, 31), track) for track in NIGHT.tracks}
    assert {track: s and s.stage for track, s in stood.items()} == {
        "lighting": "in_force",
        "wages": "lapsed",
        "lantern-right": "struck_down",
        "accord": "in_force",
    }


def test_a_deadline_is_moved_only_by_a_step_of_its_own_track() -> None:
    matter = ladder(
        step("a", "2020", track="a", deadline="2022"), step("b", "2021", track="b", deadline="2023")
    )
    assert [d.moved for d in deadlines_on(matter, LAST)] == [False, False]


# ── deadlines ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("start", "term", "end"),
    [
        (date(2020, 2, 29), LegalTerm("", years=1), date(2021, 2, 28)),
        (date(2020, 2, 29), LegalTerm("", years=4), date(2024, 2, 29)),
        (date(2020, 2, 29), LegalTerm("", months=12, days=1), date(2021, 3, 1)),
        (date(2021, 1, 31), LegalTerm("", months=1), date(2021, 2, 28)),
        (date(2020, 1, 31), LegalTerm("", months=1), date(2020, 2, 29)),
        (date(2021, 8, 31), LegalTerm("", months=18), date(2023, 2, 28)),
        (date(2021, 12, 31), LegalTerm("", months=2, days=1), date(2022, 3, 1)),
        (date(2021, 12, 1), LegalTerm("", days=180), date(2022, 5, 30)),
        (date(2019, 3, 27), LegalTerm("", years=5), date(2024, 3, 27)),
        (date(2019, 12, 15), LegalTerm("", months=1), date(2020, 1, 15)),
    ],
)
def test_terms_end_on_the_same_day_of_the_month_or_its_last(start: date, term: LegalTerm, end: date) -> None:
    assert add(start, term) == end


@given(_days, st.integers(0, 40), st.integers(0, 50), st.integers(0, 400))
def test_years_are_twelve_months_and_days_come_last(day: date, years: int, months: int, days: int) -> None:
    end = add(day, LegalTerm("", years, months, days))
    assert end == add(day, LegalTerm("", 0, 12 * years + months)) + timedelta(days=days)
    assert end >= day
    whole = add(day, LegalTerm("", years, months))
    assert (whole.year - day.year) * 12 + whole.month - day.month == 12 * years + months
    assert whole.day == day.day or (whole.day < day.day and (whole + timedelta(days=1)).day == 1)


def test_a_term_from_a_month_counts_from_its_last_day() -> None:
    matter = ladder(step("a", "2020-01", term=LegalTerm("a", months=1)))
    assert [d.day for d in deadlines_on(matter, LAST)] == [date(2020, 2, 29)]


@pytest.mark.parametrize(
    ("day", "deadlines"),
    [
        ("2019-03-31", []),
        ("2019-04-01", [("act-in-force", "2023-04-01", False)]),
        ("2022-11-08", [("act-in-force", "2023-04-01", False)]),
        ("2022-11-09", [("act-in-force", "2023-04-01", False), ("extension", "2026-04-01", True)]),
        (
            "2025-10-01",
            [
                ("act-in-force", "2023-04-01", False),
                ("extension", "2026-04-01", True),
                ("no-end", "None", True),
            ],
        ),
    ],
)
def test_deadlines_that_were_moved_or_removed_are_all_kept_in_order(
    day: str, deadlines: list[tuple[str, str, bool]]
) -> None:
    found = deadlines_on(GUARD, date.fromisoformat(day))
    assert [(d.step.id, str(d.day), d.moved) for d in found] == deadlines


def test_a_deadline_written_as_a_month_is_its_last_day() -> None:
    assert deadlines_on(ladder(step("a", "2020", deadline="2024-02")), LAST)[0].day == date(2024, 2, 29)


# ── reached and ended ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("stages", "goal", "hit", "end"),
    [
        (["announced", "bill"], "in_force", None, None),
        (["bill", "passed", "in_force"], "in_force", 2, None),
        (["in_force", "implemented"], "in_force", 0, None),  # the first step that reached it, not the last
        (["implemented"], "passed", 0, None),  # whoever is further has passed it
        (["bill", "lapsed"], "in_force", None, None),  # what never held does not end
        (["in_force", "struck_down"], "in_force", 0, 1),
        (["in_force", "struck_down", "repealed"], "in_force", 0, 2),
        (["in_force", "struck_down", "bill"], "in_force", 0, 1),  # a new bill does not bring it back
        (["in_force", "struck_down", "in_force"], "in_force", 2, None),
        (["in_force", "lapsed", "in_force", "repealed"], "in_force", 2, 3),
        (["in_force", "amended", "ruled", "context"], "in_force", 0, None),
        (["in_force", "lapsed"], "lapsed", 1, None),  # an end that was the goal
        (["in_force", "lapsed", "repealed"], "lapsed", 1, 2),
        (["passed", "ruled"], "ruled", 1, None),
    ],
)
def test_what_reached_a_goal_and_what_ended_it(
    stages: list[str], goal: str, hit: int | None, end: int | None
) -> None:
    steps = [step(str(index), None, stage) for index, stage in enumerate(stages)]
    expected = tuple(None if place is None else steps[place] for place in (hit, end))
    assert reached(steps, goal) == expected


@given(st.lists(st.sampled_from(STAGES), max_size=12), st.sampled_from(STAGES))
def test_an_end_follows_what_it_ended_and_nothing_reached_follows_an_end(
    stages: list[str], goal: str
) -> None:
    steps = [step(str(index), None, stage) for index, stage in enumerate(stages)]
    reaching = {goal} if goal not in CLIMB else set(CLIMB[CLIMB.index(goal) :])
    hit, end = reached(steps, goal)
    assert (hit is None) == (not reaching & set(stages))
    if hit and end:
        assert hit.stage in reaching and end.stage in ENDS and steps.index(end) > steps.index(hit)
        assert not reaching & {s.stage for s in steps[steps.index(end) :]}
    elif hit:
        assert not (ENDS - reaching) & {s.stage for s in steps[steps.index(hit) :]}


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────

SMALL = """\
id: small
title: {en: A small law, es: Una ley pequeña}
compiled: '2024-06-30'
tracks:
  north: {en: North, es: Norte}
steps:
- id: bill
  date: '2020-01-15'
  stage: bill
  track: north
  what: {en: A bill., es: Una iniciativa.}
  sources: [gazette]
  verified: read
- id: act
  date: '2020-03'
  stage: in_force
  term: {from: act, years: 2}
  what: {en: An act., es: Una ley.}
  sources: [gazette]
  verified: read
- id: half
  date: '2021-03'
  stage: implemented
  done: 5
  of: 10
  unit: {en: lamps, es: lámparas}
  what: {en: Half., es: La mitad.}
  sources: [gazette]
  verified: excerpt
"""


def mistakes(folder: Path, text: str, name: str = "small") -> tuple[CareoError, ...]:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        return read_ladder(path, load_sources("toyland"))[1]
    except CareoError as error:
        return (error,)


def said(error: CareoError) -> str:
    return error.render("en")


def line_of(error: CareoError, text: str) -> str:
    return text.splitlines()[int(error.where.rpartition(":")[2]) - 1]


def test_the_small_file_that_is_broken_below_is_whole(tmp_path: Path) -> None:
    assert mistakes(tmp_path, SMALL) == ()


BROKEN = {
    "an unknown key": ("  date: '2020-03'", "  dates: '2020-03'", "dates:", ("no such key", "did you mean 'date'?")),
    "an unknown stage": ("stage: in_force", "stage: inforce", "inforce", ("stage", "did you mean 'in_force'?")),
    "no source": ("  sources: [gazette]\n  verified: excerpt", "  verified: excerpt", "id: half", ("sources is missing",)),
    "an unknown source": ("[gazette]\n  verified: excerpt", "[gazete]\n  verified: excerpt", "[gazete]",
                          ("no such source", "did you mean 'gazette'?")),
    "a date that is none": ("date: '2020-03'", "date: '2020-02-30'", "2020-02-30", ("is not a date", "2018-11-14")),
    "steps out of order": ("date: '2021-03'", "date: '2019-12'", "2019-12", ("dated before the one above",)),
    "an unknown track": ("track: north", "track: nort", "track: nort", ("no such track", "did you mean 'north'?")),
    "a term from nowhere": ("from: act", "from: acts", "from: acts", ("no such step", "did you mean 'act'?")),
    "a term without its start": ("{from: act, years: 2}", "{years: 2}", "term:", ("term.from is missing",)),
    "a term below zero": ("years: 2", "years: -2", "years: -2", ("term.years must be a number", "ge 0")),
    "a term and a deadline": ("term: {from: act, years: 2}", "term: {from: act, years: 2}\n  deadline: '2022'",
                              "deadline: '2022'", ("a term or a deadline, not both",)),
    "a term from an undated step": ("date: '2020-03'", "date: null", "term:", ("counted from a step without a date",)),
    "one id twice": ("id: half", "id: act", "id: act", ("this id stands twice",)),
    "a number without unit": ("  unit: {en: lamps, es: lámparas}\n", "", "done: 5", ("a number needs its `unit`",)),
    "a whole without its part": ("  done: 5\n", "", "of: 10", ("`of` needs `done`",)),
    "a number that is none": ("done: 5", "done: five", "done: five", ("must be a number", "'five'")),
    "another name than its file": ("id: small", "id: smell", "id: smell", ("the id must be the name of the file", "small")),
    "a key twice": ("stage: in_force", "stage: in_force\n  stage: passed", "stage: passed", ("stands twice",)),
    "an anchor": ("title: {en: A small", "title: &t {en: A small", "&t", ("anchors and aliases",)),
    "a text in no language we read": ("{en: Half., es: La mitad.}", "{fr: Moitié}", "Moitié", ("text by language",)),
    "a text without language": ("{en: Half., es: La mitad.}", "Half", "what: Half", ("must be keys and values",)),
    "no steps": (SMALL[SMALL.index("steps:"):], "", "id: small", ("steps is missing",)),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_one_mistake_in_a_ladder_is_one_message_at_its_line(name: str, tmp_path: Path) -> None:
    old, new, line, words = BROKEN[name]
    assert SMALL.count(old) == 1, "the change must be one"
    text = SMALL.replace(old, new)
    found = mistakes(tmp_path, text)
    assert len(found) == 1, [said(error) for error in found]
    assert line in line_of(found[0], text)
    for word in words:
        assert word in said(found[0])
    assert found[0].render("es") != said(found[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "keys and values"),
        ("- a\n- b\n", "keys and values"),
        ("id: [small\ntitle: x\n", "not valid YAML"),
        ("id: small\n---\nid: other\n", "not valid YAML"),
        ("\tid: small\n", "not valid YAML"),
        ("id: \x07\n", "not valid YAML"),
        ("id: small\ntitle: " + "[" * 40 + "]" * 40, "nested too deeply"),
    ],
)
def test_what_is_no_ladder_at_all_is_said_plainly(text: str, words: str, tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, text)
    assert words in said(found) and "small.yaml" in found.where


@pytest.mark.parametrize("when", ["2020-03-31", "2020", "2020-03-01"])
def test_steps_of_one_day_or_of_dates_that_overlap_may_stand_in_either_order(
    when: str, tmp_path: Path
) -> None:
    assert mistakes(tmp_path, SMALL.replace("date: '2021-03'", f"date: '{when}'")) == ()


def test_one_mistake_does_not_hide_another(tmp_path: Path) -> None:
    text = (
        SMALL.replace("track: north", "track: south")
        .replace("  done: 5\n", "")
        .replace("from: act", "from: x")
    )
    assert [line_of(error, text).strip() for error in mistakes(tmp_path, text)] == [
        "track: south", "term: {from: x, years: 2}", "of: 10",
    ]  # fmt: skip


def test_mistakes_of_one_step_stand_in_the_order_of_its_lines(tmp_path: Path) -> None:
    text = SMALL.replace("from: act", "from: x").replace(
        "[gazette]\n  verified: excerpt", "[x]\n  verified: excerpt"
    )
    text = text.replace("[gazette]\n  verified: read\n- id: half", "[y]\n  verified: read\n- id: half")
    lines = [int(error.where.rpartition(":")[2]) for error in mistakes(tmp_path, text)]
    assert len(lines) == 3 and lines == sorted(lines)


def test_a_deadline_that_is_no_date_is_one_message(tmp_path: Path) -> None:
    found = mistakes(tmp_path, SMALL.replace("term: {from: act, years: 2}", "deadline: soon"))
    assert len(found) == 1 and "steps[1].deadline is not a date" in said(found[0])


def test_a_mistake_in_the_only_step_does_not_say_that_there_is_no_step(tmp_path: Path) -> None:
    text = SMALL[: SMALL.index("- id: act")].replace("stage: bill", "stage: bil")
    assert len(mistakes(tmp_path, text)) == 1


def test_a_term_past_the_calendar_is_refused(tmp_path: Path) -> None:
    assert mistakes(tmp_path, SMALL.replace("years: 2", "years: 99999"))


def test_a_term_says_how_long(tmp_path: Path) -> None:
    assert mistakes(tmp_path, SMALL.replace(", years: 2", ""))


@pytest.mark.parametrize(
    ("old", "new"),
    [("done: 5", "done: -5"), ("of: 10", "of: 0"), ("done: 5", "done: 1e999"), ("stage: implemented", "stage: announced")],
)  # fmt: skip
def test_numbers_that_cannot_be_are_refused(old: str, new: str, tmp_path: Path) -> None:
    assert mistakes(tmp_path, SMALL.replace(old, new))


@given(st.integers(0, len(SMALL)))
def test_a_ladder_cut_short_is_whole_or_says_why_not(
    tmp_path_factory: pytest.TempPathFactory, end: int
) -> None:
    found = mistakes(tmp_path_factory.mktemp("cut"), SMALL[:end])
    assert found or end > SMALL.index("steps:")
    assert all(error.where.startswith("/") and said(error) for error in found)


def test_every_ladder_of_toyland_speaks_both_languages_and_cites_what_exists() -> None:
    sources = load_sources("toyland")
    for matter in load_ladders("toyland").values():
        texts = [matter.title, matter.note, *matter.tracks.values()]
        for one in matter.steps:
            texts += [one.what, one.dissent, one.unit]
            assert set(one.sources) <= sources.keys()
            assert one.date is None or last_day(one.date) <= last_day(matter.compiled)
        assert all(set(text) == {"en", "es"} for text in texts if text)


def test_toyland_has_every_kind_of_step() -> None:
    steps = [one for matter in load_ladders("toyland").values() for one in matter.steps]
    assert set(STAGES) - {"repealed"} == {one.stage for one in steps}
    assert any(one.date is None for one in steps) and any(len(one.date or "") == 7 for one in steps)
    assert any(one.dissent for one in steps) and any(one.term for one in steps)
    assert any(one.deadline == "none" for one in steps) and any(one.of for one in steps)


def test_a_broken_ladder_stops_nobody_who_does_not_name_it(tmp_path: Path) -> None:
    folder = tmp_path / "toyland"
    shutil.copytree(country_folder("toyland"), folder)
    (folder / "ladders" / "broken.yaml").write_text("id: broken\n", encoding="utf-8")
    for slug in careo.strategies("toyland"):
        assert careo.load_strategy(slug, str(folder)).slug == slug
    with pytest.raises(DataError, match="broken"):
        load_ladders(str(folder))
