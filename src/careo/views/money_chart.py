"""Which amounts of a line of money a picture shows: what was announced, voted and paid, year by year."""

from __future__ import annotations

from careo.base.texts import say
from careo.record.money import Money, total, years_told
from careo.results.money_words import line_name, stage_words
from careo.results.wording import unit_word
from careo.views.stage_bars import Stage, draw_stages

_COLOURS = {"announced": "#8a6d00", "appropriated": "#0072b2", "spent": "#00785a"}
"""The stages that are drawn, in the order of the money's way; tables have every stage."""
_MILLION = 1e6


def stages_chart(money: Money, line: str, language: str) -> str:
    """Bars by year and stage as SVG [millions of the line's currency]; "" where there is no more than one amount to draw."""
    if line not in money.lines:
        return ""
    years = sorted({year for stage in _COLOURS for year in years_told(money, line, stage)})
    stages: list[Stage] = []
    for stage, colour in _COLOURS.items():
        sums = [total(money, line, stage, year).amount for year in years]
        amounts = [None if amount is None else float(amount) / _MILLION for amount in sums]
        if any(amount is not None for amount in amounts):
            stages.append(Stage(stage_words(stage, language), colour, amounts, stage == "announced"))
    if sum(amount is not None for stage in stages for amount in stage.amounts) < 2:
        return ""  # one bar says no more than its number
    unit = say(language, "dossier.chart.millions", unit=unit_word(money.lines[line].currency, language))
    title = say(language, "web_strategies.money.chart", line=line_name(money, line, language))
    return draw_stages(years, stages, unit, title)
