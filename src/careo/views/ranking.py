"""`careo compare RUN --sensitivity`: which parameters turn the order of the strategies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from careo.base.texts import say
from careo.results.ranking import LUCK, Order, Pair, Ranking, Third
from careo.results.wording import number
from careo.run.ensemble import STATUS_QUO
from careo.run.parameter_table import ParameterRow, parameter_rows
from careo.run.parameters import RECRUITS
from careo.views.cli import Asked
from careo.views.parameters_verb import written
from careo.views.runs_verbs import view
from careo.views.terminal import Screen

_MOST_PAIRS = 3
"""In a table; of more strategies than three only neighbours in the order stand there."""


def ranking_data(found: Ranking, country: str, language: str) -> dict[str, Any]:
    """A ranking as the JSON contract has it."""
    rows = _table_rows(country, language)
    return {
        "outcome": "homicides",
        "draws": found.draws,
        "whole": _third_data(found.whole, bound=False),
        "parameters": [
            {
                "id": name,
                "name": _name(name, rows, language),
                "identified": _identified(name, rows),
                "reordered": found.reordered(name),
                "telling": turn.telling,
                "lower": _third_data(turn.lower),
                "upper": _third_data(turn.upper),
                "gaps": [_pair_data(pair) | {"standard_errors": gap} for pair, gap in turn.gaps.items()],
            }
            for name, turn in found.turns.items()
        ],
    }


def _third_data(third: Third, *, bound: bool = True) -> dict[str, Any]:
    turned = [_pair_data(pair) | {"share": share} for pair, share in third.turned.items()]
    return {
        **({"bound": third.bound} if bound else {}),
        "order": [list(tied) for tied in third.order],
        "differences": dict(third.differences),
        "turned": turned,
    }


def _pair_data(pair: Pair) -> dict[str, str]:
    return {"first": pair[0], "second": pair[1]}


def show_ranking(screen: Screen, asked: Asked, found: Ranking, country: str) -> None:
    """The order in all draws, what turns it, and a row a parameter."""
    rows, letters = _table_rows(country, asked.language), _letters(found)
    told = [name for name in found.turns if found.reordered(name)]
    screen.line(_summary(asked, found, told, rows, letters), style="bold")
    screen.line()
    for name, letter in letters.items():
        if name == STATUS_QUO:
            screen.line(f"{letter}  {view(asked, 'status_quo')}", indent=2)
        else:
            words = {"letter": letter, "strategy": name, "difference": _signed(found.whole.differences[name])}
            screen.line(_words(asked, "strategy", **words), indent=2)
    pairs = _pairs(found)
    for one, other in pairs:
        share = _percent(found.whole.turned[one, other])
        screen.line(
            _words(asked, "pair", one=letters[one], other=letters[other], share=share), indent=2, style="dim"
        )
    screen.line()
    heads = [_words(asked, f"head.{key}") for key in ("parameter", "told", "lower", "upper")]
    heads += [f"{letters[one]}, {letters[other]}" for one, other in pairs]
    table = [_row(asked, found, name, pairs, rows, letters) for name in found.turns]
    every = range(1, len(heads))
    left = screen.table(heads, table, indent=2, whole=every, spare=range(len(heads) - 1, 4, -1))
    screen.no_room(left, asked.language, between="; ")
    screen.line()
    screen.line(_words(asked, "legend", luck=f"{LUCK:g}", draws=number(found.draws)), style="dim")
    if len(pairs) < len(found.whole.turned):
        screen.line(_words(asked, "neighbours"), style="dim")
    screen.line()
    for key in ("untold", "own_part"):
        screen.line("· " + _words(asked, key), indent=2, style="dim")
    screen.line("· " + view(asked, "caveat.never_netted"), indent=2, style="dim")


def _summary(
    asked: Asked,
    found: Ranking,
    told: Sequence[str],
    rows: Mapping[str, ParameterRow],
    letters: Mapping[str, str],
) -> str:
    order = _ordered(found.whole.order, letters)
    if not told:
        return _words(asked, "stands", order=order)
    sure = [_name(name, rows, asked.language) for name in told if found.turns[name].telling]
    weak = [_name(name, rows, asked.language) for name in told if not found.turns[name].telling]
    sentences = [_words(asked, "turns", order=order, names="; ".join(sure))] if sure else []
    if weak:
        sentences.append(_words(asked, "turns_weakly", order=order, names="; ".join(weak)))
    return " ".join(sentences)


def _row(
    asked: Asked,
    found: Ranking,
    name: str,
    pairs: Sequence[Pair],
    rows: Mapping[str, ParameterRow],
    letters: Mapping[str, str],
) -> list[str]:
    turn = found.turns[name]
    shares = [
        f"{_percent(turn.lower.turned[pair])} → {_percent(turn.upper.turned[pair])}"
        + (" *" if abs(turn.gaps[pair]) > LUCK else "")
        for pair in pairs
    ]
    told = say(asked.language, "parameters.told" if _identified(name, rows) else "parameters.untold_mark")
    lower = f"{_ordered(turn.lower.order, letters)} (≤ {written(turn.lower.bound)})"
    upper = f"{_ordered(turn.upper.order, letters)} (≥ {written(turn.upper.bound)})"
    return [_name(name, rows, asked.language), told, lower, upper, *shares]


def _ordered(order: Order, letters: Mapping[str, str]) -> str:
    """ "A B=C": fewest first, those with the same median joined."""
    return " ".join("=".join(sorted(letters[name] for name in tied)) for tied in order)


def _letters(found: Ranking) -> Mapping[str, str]:
    """Strategies by their place in the order of all draws: A, B, C …, beyond Z S27, S28 …"""
    names = [name for tied in found.whole.order for name in tied]
    return {name: chr(ord("A") + k) if k < 26 else f"S{k + 1}" for k, name in enumerate(names)}


def _pairs(found: Ranking) -> list[Pair]:
    """Those that a table has room for."""
    every = list(found.whole.turned)
    if len(every) <= _MOST_PAIRS:
        return every
    names = [name for tied in found.whole.order for name in tied]
    return list(pairwise(names))


def _table_rows(country: str, language: str) -> Mapping[str, ParameterRow]:
    return {row.id: row for row in parameter_rows(language, country)}


def _name(name: str, rows: Mapping[str, ParameterRow], language: str) -> str:
    if name == RECRUITS:
        return say(language, "simulate.ranking.recruits")
    return f"{rows[name].name} ({rows[name].symbol})"


def _identified(name: str, rows: Mapping[str, ParameterRow]) -> bool:
    return name != RECRUITS and rows[name].identified


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + number(value)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _words(asked: Asked, key: str, **words: object) -> str:
    return view(asked, f"ranking.{key}", **words)
