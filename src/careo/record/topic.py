"""Topics: which pledges, ladders, lines of money, series and measures speak of one matter, and where they contradict each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar

from pydantic import ConfigDict

from careo.base.fields import CLOSED, Words
from careo.base.shipped import country_folder
from careo.base.yaml_files import build, read_written


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two things that cannot both stand as they were said or done, by reference: `pledge:slug:id`, `step:ladder:id`,
    `measure:slug:id`, `line:id` or `series:id`."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    one: str
    other: str
    why: Words


@dataclass(frozen=True, slots=True)
class Topic:
    """One matter across strategies.

    Attributes:
        pledges, measures: "slug:id". ladders, lines, series: ids. Everything named is shown in order of date.
        tracks: for a ladder, the tracks that belong to the topic; all when it is not named here.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: str
    title: Words
    pledges: tuple[str, ...] = ()
    ladders: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    tracks: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


def load_topics(country: str = "mexico") -> Mapping[str, Topic]:
    """The topics of a country by id; none for a country without any.

    Raises:
        DataError: a file is broken; says file and line.
    """
    return _load(country)


@cache
def _load(country: str) -> Mapping[str, Topic]:
    topics: dict[str, Topic] = {}
    for path in sorted((country_folder(country) / "topics").glob("*.yaml")):
        written = read_written(path)
        topic, mistakes = build(written, Topic)
        if topic is None:
            raise mistakes[0]
        if topic.id != path.stem:
            raise written.error(("id",), "file_id", found=topic.id, expected=path.stem)
        topics[topic.id] = topic
    return topics
