"""What the official figures are: datasets with their traps, imported editions, indicators with definition, values and vintages."""

from __future__ import annotations

from collections import Counter
from typing import Any

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.panel.country import Country
from careo.panel.indicators import Indicator
from careo.panel.series import Observation
from careo.results.wording import number, period_words, place_name, unit_word, value_words
from careo.sources.catalog import Dataset
from careo.sources.catalog import datasets as careo_datasets
from careo.sources.snapshot import Snapshot
from careo.views import contract
from careo.views.charts import indicator_plot
from careo.views.data_verbs import dataset_show_data, datasets_data
from careo.views.drawing import draw
from careo.views.i18n import one_line, verdict_slug, verdict_words
from careo.views.parts import link, source_rows
from careo.views.terminal import ICONS
from careo.views.web.actions import Filled, action
from careo.views.web.data_reading import read_data
from careo.views.web.page import Asking, Page, Table, page, shipped
from careo.views.web.security import MOST_BYTES

_EDITIONS = (
    "dataset",
    "vintage",
    "known",
    "first",
    "last",
    "level",
    "places",
    "rows",
    "layout",
    "file",
    "sha256",
    "imported",
)
_VALUES = ("place", "name", "period", "value", "unit", "vintage", "known", "source", "verified")


@page("/data", part="data")
def data(asking: Asking) -> Page:
    """The datasets that careo reads, and the editions that were imported."""
    import careo

    language = asking.language
    cards = careo.datasets(asking.country)
    editions = careo.snapshots(country=asking.country)
    held = Counter(edition.dataset for edition in editions)
    rows = [
        {
            "card": card, "title": card.title.get(language, card.id), "definition": card.definition.get(language, ""),
            "traps": len(card.traps), "editions": held[card.id],
            "time": say(language, f"cli.data.time.{card.time}"), "level": say(language, f"cli.data.level.{card.places}"),
        }
        for card in cards.values()
    ]  # fmt: skip
    columns = ("id", "title", "publisher", "time", "places", "unit", "page")
    table = [
        (c.id, c.title.get(language, ""), c.publisher, c.time, c.places, c.unit, c.page)
        for c in cards.values()
    ]
    return Page(
        template="data.html",
        title=say(language, "web_data.title"),
        data=datasets_data(asking.country),
        rows={
            "publishers": _by_publisher(rows),
            "count": len(rows),
            "editions": [_edition(each, language) for each in editions],
            "indicators": len(asking.record.indicators),
            "limit": MOST_BYTES >> 20,
        },
        command=("data", "list", "--layouts"),
        python=f"import careo\n\nfor card in careo.datasets({asking.named()}).values():\n    print(card.id, card.publisher)",
        tables={"datasets": Table(columns, table), "editions": _editions_table(editions)},
    )


@page("/data/indicators", part="data")
def indicators(asking: Asking) -> Page:
    """Every indicator with its definition and how many values of it are known."""
    country, language = asking.record, asking.language
    names = sorted(country.indicators)
    found = contract.indicators_data(country, names, "", language, values=False)
    rows = found["indicators"]
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(row["concept"], []).append(row | {"unit_word": unit_word(row["unit"], language)})
    columns = ("id", "name", "kind", "unit", "concept", "publisher", "timing", "observations")
    return Page(
        template="indicators.html",
        title=say(language, "web_data.indicators"),
        data=found,
        rows={"groups": list(groups.values()), "count": len(rows)},
        command=("indicators",),
        python=f"import careo\n\nfor name, indicator in careo.load_country({asking.named()}).indicators.items():\n    print(name, indicator.definition)",
        tables={"indicators": Table(columns, [[row[name] for name in columns] for row in rows])},
    )


@page("/data/indicator/{name}", part="data")
def indicator(asking: Asking, name: str, place: str = "") -> Page:
    """What an indicator counts, what it may not be compared with, and every value of every edition."""
    country, language = asking.record, asking.language
    item = shipped(name, country.indicators, "usage_indicator")
    observations = country.series(item.id).observations
    counts = Counter(each.place for each in observations)
    known = {code: place_name(country, code, language) for code in counts}
    if place:
        shipped(place, known, "usage_place")
    usual = (
        country.default_place
        if country.default_place in counts
        else next(iter(counts), country.default_place)
    )
    at = place or usual
    plotted = indicator_plot(country, item.id, at, language)
    rows = [_observation(each, item, language) for each in observations if each.place == at]
    sources = {each.source for each in observations}
    lines = [
        "import careo",
        "",
        f"country = careo.load_country({asking.named()})",
        f"for value in country.series({item.id!r}).observations:",
    ]
    lines += [f"    if value.place == {place!r}:", "        print(value)"] if place else ["    print(value)"]
    return Page(
        template="indicator.html",
        title=item.name.get(language, item.id),
        data=contract.indicators_data(country, [item.id], place, language, values=True),
        rows={
            "item": item,
            "definition": item.definition.get(language, ""),
            "facts": _facts(item, language),
            "apart": _apart(item, country, language),
            "kin": _kin(item, country, language),
            "values": rows,
            "at": at,
            "at_name": place_name(country, at, language),
            "places": sorted((called, code) for code, called in known.items()),
            "sources": source_rows(
                [country.sources[key] for key in sources if key in country.sources], language
            ),
            "monthly": item.id in country.monthly_tables,
        },
        command=("indicators", item.id, *(("--place", place) if place else ())),
        python="\n".join(lines),
        pictures={"series": draw(*plotted) + "\n"} if plotted else {},
        plots={"series": plotted} if plotted else {},
        tables={"values": _values_table(observations, item, country, place, language)},
        cites=(item.id,),
    )


@page("/data/{name}", part="data")
def dataset(asking: Asking, name: str) -> Page:
    """The card of a dataset: what it counts, where it bites, which editions were imported."""
    import careo

    language = asking.language
    card = shipped(name, careo.datasets(asking.country), "usage_dataset")
    held = [each for each in careo.snapshots(country=asking.country) if each.dataset == card.id]
    country = asking.record
    return Page(
        template="dataset.html",
        title=card.title.get(language, card.id),
        data=dataset_show_data(card, held),
        rows={
            "card": card,
            "definition": card.definition.get(language, ""),
            "facts": _card_facts(card, language),
            "address": link(card.page),
            "traps": [trap.get(language, "") for trap in card.traps],
            "feeds": [(key, country.indicators[key].name.get(language, key)) for key in card.series if key in country.indicators],
            "editions": [_edition(each, language) for each in held],
        },
        command=("data", "show", card.id),
        python=f"import careo\n\ncard = careo.datasets({asking.named()})[{card.id!r}]\nprint(card.definition, card.traps)",
        tables={"editions": _editions_table(held)},
        cites=(card.id,),
    )  # fmt: skip


@action("/data/import", part="data", fields=("file", "vintage", "keep"))
def hand_in(asking: Asking, form: Filled) -> Page:
    """What an official file (CSV, XLSX, Parquet; packed or not) is and what is odd in it; imported where `keep` is "yes"."""
    if not form.file:
        raise CareoError("data_nothing")
    keep = form.word("keep") == "yes"
    vintage = form.word("vintage").strip()
    told = read_data(
        form.file,
        form.file_name or "data",
        country=asking.country,
        language=asking.language,
        vintage=vintage,
        keep=keep,
    )
    language = asking.language
    (edition,) = told["editions"]
    card = careo_datasets(asking.country)[edition["dataset"]]
    rows = [
        {"claim": f["claim"], "because": f["because"], "caveats": f["caveats"], "slug": verdict_slug(f["verdict"]),
         "name": verdict_words(f["verdict"], language), "icon": ICONS.get(verdict_slug(f["verdict"]), "•")}
        for f in told["findings"]
    ]  # fmt: skip
    known = asking.record.indicators
    return Page(
        template="data_import.html",
        title=edition["file"],
        data=told,
        rows={
            "edition": edition,
            "kept": keep,
            "dataset_title": card.title.get(language, card.id),
            "definition": card.definition.get(language, ""),
            "basis": say(language, f"web_data.basis.{edition['vintage_basis']}"),
            "known": period_words(edition["known"], language),
            "level": say(language, f"cli.data.level.{edition['level']}"),
            "feeds": [(key, known[key].name.get(language, key)) for key in edition["indicators"] if key in known],
            "found": rows,
        },
        command=("data", "import", edition["file"], *(("--vintage", vintage) if vintage else ())),
        stable=False,
    )  # fmt: skip


def _by_publisher(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["card"].publisher, []).append(row)
    return sorted(groups.items())


def _edition(found: Snapshot, language: str) -> dict[str, Any]:
    odd = [one_line(say(language, f"data.oddity.{each.code}", **each.words), 400) for each in found.oddities]
    return {"edition": found, "known": period_words(found.known.isoformat(), language), "odd": odd}


def _editions_table(found: tuple[Snapshot, ...] | list[Snapshot]) -> Table:
    rows = [contract.edition_data(each) for each in found]
    return Table(_EDITIONS, [[row[name] for name in _EDITIONS] for row in rows])


def _facts(item: Indicator, language: str) -> list[tuple[str, str]]:
    facts = [
        ("kind", say(language, f"dossier.indicator_kind.{item.kind}")),
        ("unit", unit_word(item.unit, language)),
        ("publisher", item.publisher),
        ("timing", contract.worded(language, "timing", item.timing)),
        ("breaks", item.breaks.get(language, "")),
        ("revisions", item.revisions.get(language, "")),
    ]
    return [(say(language, f"cli.indicators.{key}"), value) for key, value in facts if value]


def _card_facts(card: Dataset, language: str) -> list[tuple[str, str]]:
    facts = [
        ("publisher", card.publisher),
        ("unit", unit_word(card.unit, language) if card.unit else ""),
        ("time", say(language, f"cli.data.time.{card.time}")),
        ("level", say(language, f"cli.data.level.{card.places}")),
        ("licence", card.licence.get(language, "")),
    ]
    return [(say(language, f"cli.data.facts.{key}"), value) for key, value in facts if value]


def _apart(item: Indicator, country: Country, language: str) -> list[tuple[str, str, str]]:
    """What it may not be compared with: id, name, and why."""
    return [
        (key, country.indicators[key].name.get(language, key) if key in country.indicators else key, why.get(language, ""))
        for key, why in sorted(item.not_comparable_with.items())
    ]  # fmt: skip


def _kin(item: Indicator, country: Country, language: str) -> list[tuple[str, str]]:
    """Its variants, those it is a variant of, and what else counts the same thing: one is easily taken for the other."""
    return [
        (other.id, other.name.get(language, other.id))
        for other in country.by_concept.get(item.concept, ())
        if other.id != item.id
    ]


def _observation(found: Observation, item: Indicator, language: str) -> dict[str, str]:
    worded = item.unit in ("share", "MXN", "USD")
    return {
        "period": period_words(found.period, language),
        "value": value_words(found.value, item.unit, language) if worded else number(found.value),
        "vintage": found.vintage,
        "known": found.known.isoformat(),
        "source": found.source,
        "verified": say(language, f"dossier.verified.{found.verified}"),
        "doubt": "yes" if found.verified == "memory" else "",
    }


def _values_table(
    observations: tuple[Observation, ...], item: Indicator, country: Country, place: str, language: str
) -> Table:
    rows = [
        (o.place, place_name(country, o.place, language), str(o.period), o.value, item.unit, o.vintage, o.known.isoformat(), o.source, o.verified)
        for o in observations
        if not place or o.place == place
    ]  # fmt: skip
    return Table(_VALUES, rows)
