"""The panel beside every future: how well such forecasts did before, in three lines."""

from __future__ import annotations

from html import escape

from careo.base.texts import say
from careo.results.skill_record import skill_sentences
from careo.views.terminal import Screen


def show_skill(screen: Screen, country: str, language: str, *, constants: str = "") -> None:
    """The panel on a terminal; arguments as of `skill_sentences`."""
    screen.line(say(language, "forecast.skill.title"), style="bold")
    for sentence in skill_sentences(country, language, constants=constants):
        screen.line("· " + sentence, indent=2, style="dim")


def skill_html(country: str, language: str, *, constants: str = "") -> str:
    """The panel as a part of a page."""
    told = "".join(
        f"<li>{escape(each)}</li>" for each in skill_sentences(country, language, constants=constants)
    )
    return f'<aside class="skill"><h3>{escape(say(language, "forecast.skill.title"))}</h3><ul>{told}</ul></aside>'
