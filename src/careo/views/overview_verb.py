"""`careo overview [ID]`: where violence stands, in words, as JSON, or the states side by side as a picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from careo.base.texts import say
from careo.panel.series import Observation
from careo.results.overview import (
    Overview,
    Standing,
    change_words,
    map_sentence,
    standing_sentence,
)
from careo.results.wording import period_words, place_name, unit_word, value_words
from careo.views import contract
from careo.views.cli import Asked
from careo.views.images import write_image
from careo.views.small_multiples import draw_states
from careo.views.terminal import Screen

_PICTURES = (".svg", ".png")


def overview_verb(asked: Asked, *, indicator: str | None, month: str, counts: bool, states: str) -> int:
    """`careo overview [ID]`: every outcome beside the year before; one indicator by state and month."""
    import careo

    country = careo.load_country(asked.country)
    named = tuple(part.strip() for part in states.split(",") if part.strip())
    found = careo.overview(country, indicator=indicator or "", month=month, rate=not counts, states=named)
    if Path(asked.out).suffix.lower() in _PICTURES:
        write_image(draw_states(found, asked.language), Path(asked.out))
        print(say(asked.language, "cli.data.drawn", path=asked.out), file=sys.stderr)
        if asked.json:
            sys.stdout.write(contract.to_json(overview_data(found, asked.language)))
        return 0
    screen = Screen(asked.out)
    if asked.json:
        screen.write(contract.to_json(overview_data(found, asked.language)))
    else:
        _show(screen, found, asked.language)
    screen.close()
    return 0


def overview_data(found: Overview, language: str) -> dict[str, Any]:
    """An overview as the JSON contract has it."""
    names = {code: place_name(found.country, code, language) for code in found.values}
    return contract.envelope(
        "overview",
        standings=[standing_data(each, language) for each in found.standings],
        map={
            "indicator": found.indicator, "month": found.month, "rate": found.rate, "unit": found.unit,
            "values": [{"place": code, "name": names[code], "value": value} for code, value in found.values.items()],
            "vintages": found.vintages, "sources": list(found.sources), "sentence": map_sentence(found, language),
        },
        nation={"place": found.country.default_place, "months": list(found.months), "values": list(found.nation)},
        twelve_months={"months": list(found.months), "values": {code: list(row) for code, row in found.states.items()}},
    )  # fmt: skip


def standing_data(found: Standing, language: str) -> dict[str, Any]:
    """A standing as the JSON contract has it."""
    item = found.indicator
    return {
        "id": item.id,
        "name": item.name.get(language, item.id),
        "definition": item.definition.get(language, ""),
        "publisher": item.publisher,
        "kind": item.kind,
        "unit": item.unit,
        "last": _value(found.last),
        "before": _value(found.before),
        "change": found.change,
        "sentence": standing_sentence(found, language),
        "not_comparable_with": {
            key: why.get(language, "") for key, why in sorted(item.not_comparable_with.items())
        },
    }


def _value(found: Observation | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"period": str(found.period), "value": found.value, "vintage": found.vintage, "known": found.known.isoformat(),
            "source": found.source, "verified": found.verified}  # fmt: skip


def _show(screen: Screen, found: Overview, language: str) -> None:
    def words(key: str, **told: object) -> str:
        return say(language, f"overview.{key}", **told)

    screen.line(
        words("title", country=place_name(found.country, found.country.default_place, language)), style="bold"
    )
    screen.line()
    heads = [words(f"head.{key}") for key in ("name", "period", "value", "before", "change", "edition")]
    rows: list[list[str]] = []
    for each in found.standings:
        item, last, before = each.indicator, each.last, each.before
        rows.append(
            [
                item.name.get(language, item.id),
                period_words(last.period, language) if last else "–",
                value_words(last.value, item.unit, language) if last else "–",
                value_words(before.value, item.unit, language) if before else "–",
                change_words(each, language),
                last.vintage + (f" ({words('unverified')})" if last.verified == "memory" else "")
                if last
                else "",
            ]
        )
    screen.table(heads, rows, right=(2, 3))
    screen.line(words("not_added"), style="dim")
    screen.line()
    name = found.country.indicators[found.indicator].name.get(language, found.indicator)
    period, unit = period_words(found.month, language), unit_word(found.unit, language)
    screen.line(words("by_state", name=name, period=period, unit=unit), style="bold")
    screen.line(map_sentence(found, language))
    there = sorted(((value, code) for code, value in found.values.items() if value is not None), reverse=True)
    table = [
        [place_name(found.country, code, language), f"{value:,.1f}" if found.rate else f"{value:,.0f}"]
        for value, code in there
    ]
    half = -(-len(table) // 2)
    pairs = [[*table[at], *(table[at + half] if at + half < len(table) else ["", ""])] for at in range(half)]
    screen.table(["", "", "", ""], pairs, indent=2, right=(1, 3))
    screen.line()
    screen.line(words("series"), style="dim")
