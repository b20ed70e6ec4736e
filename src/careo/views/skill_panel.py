"""The panel beside every future: how well such forecasts did before, in three lines."""

from __future__ import annotations

from careo.base.texts import say
from careo.results.skill_record import skill_sentences
from careo.views.terminal import Screen


def show_skill(screen: Screen, country: str, language: str, *, constants: str = "") -> None:
    """The panel on a terminal; arguments as of `skill_sentences`."""
    screen.line(say(language, "forecast.skill.title"), style="bold")
    for sentence in skill_sentences(country, language, constants=constants):
        screen.line("· " + sentence, indent=2, style="dim")
