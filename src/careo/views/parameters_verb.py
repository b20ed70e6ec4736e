"""`careo parameters [NAME]`: the numbers of the laboratory's core, where each comes from, and which of them no count can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from careo.base.citations import Source, load_sources
from careo.base.texts import say
from careo.results.wording import number
from careo.run.parameter_table import OUTCOMES, ParameterRow, find_parameter, parameter_rows
from careo.views import contract
from careo.views.cli import Asked
from careo.views.lever_words import DOTS
from careo.views.references import reference
from careo.views.terminal import Screen

_LETTERS = {
    "homicides": "H",
    "disappearances": "D",
    "extortion": "E",
    "kidnapping": "K",
    "rights_complaints": "R",
}
"""Outcomes in one letter, that of their names on the command line: the same in every language."""


def parameters_verb(asked: Asked, *, name: str | None) -> int:
    """`careo parameters [NAME]`: the table, or everything known of one parameter."""
    language = asked.language
    rows = parameter_rows(language, asked.country)
    one = find_parameter(name, language, asked.country) if name else None
    sources = load_sources(asked.country, language)
    screen = Screen(asked.out)
    if asked.json:
        screen.write(contract.to_json(parameters_data(rows, one, sources)))
    elif one:
        _show_one(screen, one, sources, language)
    else:
        _show_list(screen, rows, asked)
    screen.close()
    return 0


def parameters_data(
    rows: Sequence[ParameterRow], one: ParameterRow | None, sources: Mapping[str, Source]
) -> dict[str, Any]:
    """The table, or one parameter with its sources, as the JSON contract has them."""
    block: dict[str, Any] = {"parameters": [parameter_data(row) for row in ([one] if one else rows)]}
    if one:
        block["sources"] = [asdict(sources[key]) for key in one.sources]
    return contract.envelope("parameters", **block)


def parameter_data(row: ParameterRow) -> dict[str, Any]:
    """A parameter as the JSON contract has it."""
    return {**asdict(row), "assumptions": dict(row.assumptions)}


def _show_list(screen: Screen, rows: Sequence[ParameterRow], asked: Asked) -> None:
    language = asked.language
    screen.line(_words(language, "title", count=len(rows), country=asked.country), style="bold")
    screen.line(_words(language, "how_to_read"), style="dim")
    screen.line()
    heads = [
        _words(language, f"head.{key}") for key in ("symbol", "name", "number", "grade", "told", "moves")
    ]
    table, below = list[list[str]](), list[list[str]]()
    for row in rows:
        told = _words(language, "told" if row.identified else "untold_mark")
        moves = "".join(_LETTERS[outcome] for outcome in row.moves) or "–"
        rests = ", ".join((*row.sources, *(f"assumption:{key}" for key in row.assumptions)))
        number_and_unit = f"{number_words(row, language)} {row.unit}".removesuffix(" –")
        table.append([row.symbol, row.id, number_and_unit, row.grade, told, moves])
        below.append([row.name, _words(language, "rests", keys=rests)])
    screen.entries(heads, table, below)
    screen.line()
    letters = ", ".join(
        _words(language, "letters", letter=_LETTERS[outcome], outcome=_outcome(outcome, language))
        for outcome in OUTCOMES
    )  # fmt: skip
    screen.line(_words(language, "marks", letters=letters), style="dim")
    untold = sum(not row.identified for row in rows)
    screen.line(_words(language, "untold", untold=untold, count=len(rows), sweep=_sweep(language)))
    screen.line(_words(language, "details"), style="dim")


def _show_one(screen: Screen, row: ParameterRow, sources: Mapping[str, Source], language: str) -> None:
    screen.line(f"{row.symbol}  {row.name}  ({row.id})", style="bold")
    word = say(language, f"levers.grade.{row.grade}")
    screen.line(_words(language, "grade", grade=row.grade, dots=DOTS[row.grade], word=word))
    prior = [f"{row.law}  [{row.unit}]"]
    if row.low != row.high:
        prior.append(_words(language, "most", low=written(row.low), high=written(row.high), unit=row.unit))
    if row.per == "week":
        prior.append(_words(language, "per_week"))
    told = [_words(language, "is_told" if row.identified else "is_untold")]
    if row.id == "members":
        told.append(_words(language, "sweep", sweep=_sweep(language)))
    outcomes = ", ".join(_outcome(outcome, language) for outcome in row.moves)
    moves = [
        _words(language, "moves_outcomes", outcomes=outcomes) if row.moves else _words(language, "moves_none")
    ]
    _part(screen, "prior", prior, language)
    _part(screen, "told", told, language)
    _part(screen, "moves", moves, language)
    _part(screen, "assumptions", [f"{key}: {text}" for key, text in row.assumptions.items()], language)
    _part(screen, "sources", [] if row.sources else [_words(language, "no_sources")], language)
    if row.sources:
        screen.line()
        screen.line(_words(language, "section.sources"), style="bold")
    for key in row.sources:
        for place, line in enumerate(reference(sources[key], language)):
            if "://" in line:
                screen.write(f"    {line}\n")  # an address is never folded: people copy it
            else:
                screen.line(line, indent=4 if place else 2)


def _part(screen: Screen, name: str, lines: Sequence[str], language: str) -> None:
    if not lines:
        return
    screen.line()
    screen.line(_words(language, f"section.{name}"), style="bold")
    for line in lines:
        screen.line(line, indent=2)


def number_words(row: ParameterRow, language: str) -> str:
    """A fixed number, or the 90% range of a drawn one."""
    text = written(row.low)
    return text if row.low == row.high else _words(language, "range", low=text, high=written(row.high))


def written(value: float) -> str:
    """Three digits, or all of a number that is whole; small ones as 2.53e-3."""
    if value == 0 or 1e-3 <= abs(value) < 1e3:
        text = f"{value:.3g}"
    elif abs(value) >= 1e3:
        text = f"{float(f'{value:.3g}'):,.0f}"
    else:
        digits, _, power = f"{value:.2e}".partition("e")
        text = f"{digits}e{int(power)}"
    return text.replace("-", "−")


def _sweep(language: str) -> str:
    from careo.run.parameters import MEMBERSHIP_SWEEP

    *most, last = (number(members) for members in MEMBERSHIP_SWEEP)
    return _words(language, "and", most=", ".join(most), last=last)


def _outcome(outcome: str, language: str) -> str:
    return say(language, f"simulate.short_outcome.{outcome}")


def _words(language: str, key: str, **words: object) -> str:
    return say(language, f"parameters.{key}", **words)
