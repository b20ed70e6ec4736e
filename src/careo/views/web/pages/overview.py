"""Where violence stands: every outcome beside the year before, a map by month, the states side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from fastapi import Query

from careo.base.texts import say
from careo.panel.monthly import monthly_indicators
from careo.results.overview import Overview, Standing, change_words, map_sentence, standing_sentence
from careo.results.overview import overview as look
from careo.results.wording import number, period_words, place_name, unit_word, value_words
from careo.sources.store import data_folder
from careo.views.drawing import Plot, draw
from careo.views.maps import month_map
from careo.views.overview_verb import overview_data
from careo.views.small_multiples import draw_states
from careo.views.web.page import Asking, Page, Table, page

_LINE = "#0072b2"


@page("/", part="overview")
def overview(
    asking: Asking,
    indicator: str = "",
    month: str = "",
    rate: Literal["yes", "no"] = "yes",
    states: tuple[str, ...] = Query(()),
    map: Literal["tiles", "shapes"] = "tiles",
) -> Page:
    """Where violence stands: every outcome beside the year before, and one indicator by state and month."""
    country, language = asking.record, asking.language
    named = tuple(part for each in states for part in each.split(",") if part)
    found = look(country, indicator=indicator, month=month, rate=rate == "yes", states=named)
    shapes = boundaries_at_hand(asking.country)
    drawn = month_map(
        found.indicator, month=found.month, rate=found.rate, country=asking.country, language=language,
        boundaries=shapes if map == "shapes" else None,
    )  # fmt: skip
    nation = _nation(found, language)
    plots = {"nation": (nation, _nation_title(found, language))} if nation else {}
    command = ["overview", *([found.indicator] if indicator else []), *(["--month", month] if month else [])]
    command += [*(["--counts"] if rate == "no" else []), *(["--states", ",".join(named)] if named else [])]
    given = [told] if (told := asking.named(loaded=True)) else []
    given += [f"indicator={found.indicator!r}"] if indicator else []
    given += [*([f"month={month!r}"] if month else []), *(["rate=False"] if rate == "no" else [])]
    given += [f"states={list(named)!r}"] if named else []
    return Page(
        template="overview.html",
        title=say(language, "web_overview.title"),
        data=overview_data(found, language),
        rows={
            "found": found,
            "standings": [_card(each, language) for each in found.standings],
            "headline": _headline(found, language),
            "map_sentence": map_sentence(found, language),
            "definition": country.indicators[found.indicator],
            "shown": [_option(asking, name) for name in sorted(monthly_indicators(country))],
            "years": _years(found, language),
            "places": sorted((place_name(country, code, language), code) for code in found.values),
            "chosen": named,
            "kind": map,
            "shapes": shapes is not None,
            "values": _values(found, language),
            "until": _until(found, language),
        },
        command=tuple(command),
        python=f"import careo\n\nfound = careo.overview({', '.join(given)})\nprint(found.month, found.values)",
        pictures={
            "map": drawn,
            **{name: draw(*plotted) + "\n" for name, plotted in plots.items()},
            "states": draw_states(found, language),
        },
        plots=plots,
        tables={
            "map": _table(found, language),
            "standings": _standings(found, language),
            "months": _months(found),
        },
        cites=tuple(found.country.outcomes),
    )


def boundaries_at_hand(country: str) -> Path | None:
    """The file of state boundaries that somebody put into the data folder: `boundaries/<country>.geojson` or `.topojson`."""
    names = (
        data_folder() / "boundaries" / f"{Path(country).name}{suffix}" for suffix in (".geojson", ".topojson")
    )
    return next((path for path in names if path.is_file()), None)


def _until(found: Overview, language: str) -> str:
    """The last month known by state, where the country's own years go further; else nothing."""
    shown = next((each.last for each in found.standings if each.indicator.id == found.indicator), None)
    last = found.months[-1]
    return period_words(last, language) if shown and str(shown.period)[:4] > last[:4] else ""


def _card(found: Standing, language: str) -> dict[str, object]:
    item, last, before = found.indicator, found.last, found.before
    unit = "" if item.unit == "share" else unit_word(item.unit, language)
    return {
        "item": item,
        "name": item.name.get(language, item.id),
        "definition": item.definition.get(language, ""),
        "value": value_words(last.value, item.unit, language).removesuffix(unit).strip() if last else "",
        "unit": unit,
        "period": period_words(last.period, language) if last else "",
        "before": value_words(before.value, item.unit, language) if before else "",
        "before_period": period_words(before.period, language) if before else "",
        "change": change_words(found, language),
        "last": last,
        "known": period_words(last.known.isoformat(), language) if last else "",
        "apart": [(key, why.get(language, "")) for key, why in sorted(item.not_comparable_with.items())],
    }


def _headline(found: Overview, language: str) -> str:
    """The sentence that comes first: of the outcome on the map, else of the first one."""
    shown = next((each for each in found.standings if each.indicator.id == found.indicator), None)
    first = shown or next(iter(found.standings), None)
    return standing_sentence(first, language) if first else ""


def _nation_title(found: Overview, language: str) -> str:
    name = found.country.indicators[found.indicator].name.get(language, found.indicator)
    country = place_name(found.country, found.country.default_place, language)
    return say(
        language,
        "web_overview.country_picture",
        name=name,
        country=country,
        unit=unit_word(found.unit, language),
    )


def _nation(found: Overview, language: str) -> Plot | None:
    """The country's months as a line, the month looked at shaded; None where only states were reported."""
    line = [
        (_time(month), value)
        for month, value in zip(found.months, found.nation, strict=True)
        if value is not None
    ]
    if not line:
        return None
    at = _time(found.month)
    return Plot(
        lines={"": line},
        colours={"": _LINE},
        unit=unit_word(found.unit, language),
        span=(at - 0.5 / 12, at + 0.5 / 12),
        spanned=period_words(found.month, language),
        dots=False,
        gap=1.5 / 12,
    )


def _time(month: str) -> float:
    """The middle of a month in years."""
    year, part = month.split("-")
    return int(year) + (int(part) - 0.5) / 12


def _option(asking: Asking, name: str) -> tuple[str, str]:
    return name, asking.record.indicators[name].name.get(asking.language, name)


def _years(found: Overview, language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Months by year for a list of choices, the newest first."""
    years: dict[str, list[tuple[str, str]]] = {}
    for month in reversed(found.months):
        years.setdefault(month[:4], []).append((month, period_words(month, language)))
    return list(years.items())


def _values(found: Overview, language: str) -> list[tuple[str, str, str]]:
    there = sorted(found.values.items(), key=lambda pair: (pair[1] is None, -(pair[1] or 0.0), pair[0]))
    return [
        (code, place_name(found.country, code, language), "–" if value is None else f"{value:,.1f}" if found.rate else number(value))
        for code, value in there
    ]  # fmt: skip


def _table(found: Overview, language: str) -> Table:
    rows = [
        (code, place_name(found.country, code, language), found.indicator, found.month, value, found.unit, found.vintages)
        for code, value in found.values.items()
    ]  # fmt: skip
    return Table(("place", "name", "indicator", "month", "value", "unit", "vintages"), rows)


def _standings(found: Overview, language: str) -> Table:
    rows: list[tuple[str | float | None, ...]] = []
    for each in found.standings:
        item, last, before = each.indicator, each.last, each.before
        told = (
            (str(last.period), last.value, last.vintage, last.known.isoformat())
            if last
            else ("", None, "", "")
        )
        earlier = (str(before.period), before.value, before.vintage) if before else ("", None, "")
        rows.append((item.id, item.name.get(language, item.id), item.publisher, item.unit, *told, *earlier))
    return Table(
        ("indicator", "name", "publisher", "unit", "period", "value", "vintage", "known", "period_before", "value_before", "vintage_before"),
        rows,
    )  # fmt: skip


def _months(found: Overview) -> Table:
    """The country's months and the twelve months of each state, one row a month."""
    columns = ("month", found.country.default_place, *(f"{code}_12_months" for code in found.states))
    rows = [
        (month, found.nation[at], *(row[at] for row in found.states.values()))
        for at, month in enumerate(found.months)
    ]
    return Table(columns, rows)
