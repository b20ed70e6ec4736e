"""Drift: the links of one matter in order, each cited, and its contradictions side by side."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import careo
from careo.base.errors import DataError
from careo.base.fields import first_day
from careo.panel import load_country
from careo.record.topic import load_topics
from careo.results.drift import CHANNELS, check_topics, drift
from worlds import SOURCES, World, new_world, pledge, step, words


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


STEPS = [
    step("speech", "2020-02-01", "announced"),
    step("act", "2021-03-01", "in_force", term={"from": "act", "years": 4}),
    step("court", "2022-05-01", "ruled", dissent=words("two papers give two days")),
    step("move", "2023-03-01", "amended", term={"from": "act", "years": 7}),
    step("count", "2024-06-01", "implemented", done=3, of=9, unit=words("posts")),
    step("someday", None, "implemented"),
]


def _topic(world: World, **more: object) -> None:
    world.write(
        "topics/matter-of-posts.yaml",
        {"id": "matter-of-posts", "title": words("posts"), "ladders": ["matter"], **more},
    )


@pytest.mark.parametrize("country", ["mexico", "toyland"])
def test_every_topic_names_only_what_exists_and_shows(country: str) -> None:
    assert load_topics(country)
    assert check_topics(country) == ()


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_topic_and_every_ladder_can_be_followed_with_sources_for_each_link(language: str) -> None:
    country = load_country("mexico")
    for name in [
        *load_topics("mexico"),
        "military-policing-deadline",
        "pln-12",
        "amlo-2018-plan:pln-26",
        "pln-19",
    ]:
        found = drift(name, country, language=language)
        assert found.links
        assert all(link.sources and link.channel in CHANNELS for link in found.links), name
        words = ("speech", "plan", "request")  # dated by year, they stand at its beginning
        days = [
            first_day(link.date) if link.channel in words else link.day for link in found.links if link.day
        ]
        assert days == sorted(day for day in days if day)
        assert {key for link in found.links for key in link.sources} == {
            source.key for source in found.finding.sources
        }


def test_demilitarisation_shows_speech_plan_law_court_budget_and_deployment_and_its_contradictions() -> None:
    found = drift("demilitarisation", load_country("mexico"))
    assert {link.channel for link in found.links} >= {
        "speech",
        "plan",
        "request",
        "law",
        "court",
        "budget",
        "deployment",
    }
    assert len([clash for clash in found.clashes if clash.other]) == 6
    assert [link.deadline for link in found.links if link.deadline and link.channel == "law"] == [
        "deadline set to 27 March 2024",
        "deadline moved to 27 March 2028",
    ]


def test_nothing_after_the_day_is_shown() -> None:
    whole = drift("demilitarisation", load_country("mexico"))
    part = drift("demilitarisation", load_country("mexico"), on=date(2020, 1, 1))
    assert part.links == tuple(link for link in whole.links if link.day and link.day <= date(2020, 1, 1))


def test_a_ladder_s_steps_go_where_they_belong_and_dissent_is_a_contradiction(world: World) -> None:
    world.ladder(STEPS).strategy([pledge(deadline="2024-12-31")])
    _topic(world, pledges=["plan:p-1"], contradictions=[{"one": "pledge:plan:p-1", "other": "step:matter:move", "why": words("four became seven")}])  # fmt: skip
    found = drift("matter-of-posts", load_country(str(world.folder)))
    assert [(link.reference.rpartition(":")[2], link.channel) for link in found.links] == [
        ("p-1", "plan"), ("speech", "speech"), ("act", "law"), ("court", "court"), ("move", "law"), ("count", "deployment"),
        ("someday", "deployment"),
    ]  # fmt: skip
    assert found.links[-1].day is None
    assert "3 of 9 posts" in found.links[-2].text
    assert [clash.why for clash in found.clashes] == ["four became seven", "two papers give two days"]
    assert check_topics(str(world.folder)) == ()


@pytest.mark.parametrize(
    ("more", "line", "said"),
    [
        ({"ladders": ["mater"]}, "ladders[0]", "did you mean 'matter'?"),
        ({"pledges": ["plan:p-9"]}, "pledges[0]", "plan:p-1"),
        ({"series": ["lantern_thefts"]}, "series[0]", "did you mean 'lantern_thefts_"),
        ({"contradictions": [{"one": "step:matter:act", "other": "step:matter:acts", "why": words("x")}]}, "contradictions[0].other", "step:matter:act"),
    ],
)  # fmt: skip
def test_a_topic_that_names_what_nobody_has_is_a_mistake(
    world: World, more: dict[str, object], line: str, said: str
) -> None:
    world.ladder(STEPS).strategy([pledge()])
    _topic(world, **more)
    (mistake,) = check_topics(str(world.folder))
    assert line in mistake.render("en")
    assert said in mistake.render("en")


def test_a_pledge_opens_the_topic_of_everything_its_ladder_decides(world: World) -> None:
    world.ladder(STEPS).strategy([pledge(), pledge(id="p-2", said="2022-01-01")])
    found = drift("p-2", load_country(str(world.folder)))
    assert {"pledge:plan:p-1", "pledge:plan:p-2", "step:matter:act"} <= {
        link.reference for link in found.links
    }


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(DataError, match="did you mean 'demilitarisation'"):
        careo.drift("demilitarization")


def test_money_of_a_line_is_one_link_a_year_and_rivals_are_contradictions() -> None:
    found = drift("prevention-money", load_country("mexico"))
    years = [
        link.date
        for link in found.links
        if link.reference == "line:pronapred" and len(link.date) == 4 and "paid" in link.text
    ]
    assert years == sorted(set(years)) == ["2013", "2014", "2015", "2016", "2018"]
    assert any(clash.other is None and clash.one.reference.startswith("line:") for clash in found.clashes)


def test_sources_of_the_test_world_exist(world: World) -> None:
    assert set(SOURCES) <= set(load_country(str(world.folder)).sources)
