"""Strategies: the five questions of each, and each pledge with the ladder that decides it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from careo.base.errors import CareoError
from careo.base.fields import last_day, worded
from careo.base.texts import say
from careo.evidence.events import load_evaluations
from careo.record.ladder import load_ladders
from careo.record.money import known_on, load_money, money_of
from careo.record.strategy import Strategy, load_strategy, strategies
from careo.record.topic import load_topics
from careo.results.finding import PLEDGE_VERDICTS, Finding
from careo.results.strategy_audit import StrategyAudit
from careo.results.watched import pledges_watched
from careo.results.wording import period_words
from careo.views import contract, parts
from careo.views.i18n import cleaned, verdict_slug, verdict_words
from careo.views.ladder_verbs import ladder_data, stand
from careo.views.money_chart import stages_chart
from careo.views.strategy_page import page_rows, pledge_rows, watched_row
from careo.views.strategy_verbs import strategies_data
from careo.views.terminal import ICONS
from careo.views.verbs import day
from careo.views.web.page import Asking, Page, Table, address, page, shipped


@page("/strategies", part="strategies")
def all_strategies(asking: Asking) -> Page:
    """Every strategy of the country's record, each with how its pledges stand."""
    import careo

    language, country = asking.language, asking.record
    found = [load_strategy(slug, country.key) for slug in strategies(country.key)]
    rows = [
        {
            "slug": one.slug,
            "title": worded(one.title, language),
            "actor": worded(one.actor, language),
            "start": one.period.start[:4],
            "end": (one.period.end or "")[:4],
            "summary": worded(one.summary, language),
            "tally": tally(careo.judge_pledges(one, country, language=language), language),
            "pledges": len(one.pledges),
            "measures": len(one.measures),
        }
        for one in found
    ]
    topics = [
        {"id": topic.id, "title": worded(topic.title, language)}
        for topic in load_topics(country.key).values()
    ]
    columns = ("slug", "title", "actor", "start", "end", "pledges", "measures")
    return Page(
        template="strategies.html",
        title=say(language, "web_strategies.title"),
        data=strategies_data(found, language),
        rows={"strategies": rows, "topics": topics, "lines": len(load_money(country.key).lines)},
        command=("strategies", "list"),
        python=f"import careo\n\nfor slug in careo.strategies({country.key!r}):\n    print(slug)",
        tables={"strategies": Table(columns, [[row[name] for name in columns] for row in rows])},
    )


@page("/strategies/{slug}", part="strategies")
def strategy(asking: Asking, slug: str, on: str = "", verdict: str = "", whole: bool = False) -> Page:
    """The five questions for one strategy: words, money, delivery, outcomes, alternatives; `whole` with every table in place."""
    language, country = asking.language, asking.record
    asked, when = _asked(asking, slug), day(on, "on")
    result = _audit(asked, asking, when)
    rows = page_rows(result, country, language)
    wanted = _wanted(verdict, rows["counts"])
    rows["groups"] = _only(rows["groups"], wanted)
    there = {pledge["anchor"] for group in rows["groups"] for pledge in group["pledges"]}
    for row in rows["shares"]:  # these point at pledges, which may not be shown
        row["pledges"] = [pledge for pledge in row["pledges"] if pledge["anchor"] in there]
    purse = known_on(money_of(asked, country.key), result.day)
    for row in rows["lines"]:
        row["chart"] = stages_chart(purse, row["id"], language)
    bearing = {measure.lever for measure in asked.measures}
    path = f"/strategies/{asked.slug}"
    told = _told(when)
    every = partial(address, language, path, on=told, verdict=wanted, whole="true")
    rows |= {
        "web": {
            "brief": not whole,
            "pledge": lambda name: address(language, f"{path}/pledges/{name}", on=told),
            "lever": lambda name: address(language, f"/evidence/{name}"),
            # the pages of money and of indicators tell what is known today
            "money": lambda row: (
                f"{every()}#{row['anchor']}" if when else address(language, f"/money/{row['id']}")
            ),
            "series": lambda row: _of_series(row, every(), language, now=not when),
            "every": every(),
        },
        "all_sources": len(rows["sources"]),
        "sources": rows["sources"] if whole else _cited(rows),
        "on": told,
        "verdict_shown": wanted,
        "shown": sum(len(group["pledges"]) for group in rows["groups"]),
        "shown_name": next((row["name"] for row in rows["counts"] if row["slug"] == wanted), ""),
        "latest": period_words(asked.compiled, language),
        "latest_day": last_day(asked.compiled).isoformat(),
        "evaluations": [
            {"id": one.id, "name": worded(one.name, language)}
            for one in load_evaluations(country.key).values()
            if one.lever in bearing
        ],
    }
    return Page(
        template="strategy_show.html",
        title=rows["title"],
        data=contract.strategy_audit_data(result, "strategies show", language),
        rows=rows,
        command=("strategies", "show", asked.slug, *_on(when)),
        python=_python(asked, when, country.key),
        pictures={f"money-{row['id']}": row["chart"] for row in rows["lines"] if row["chart"]},
        tables=_tables(result),
        cites=(asked.slug,),
        stable=not pledges_watched(asked, country.key),  # another program may watch meanwhile
    )


@page("/strategies/{slug}/pledges/{pledge}", part="strategies")
def one_pledge(asking: Asking, slug: str, pledge: str, on: str = "") -> Page:
    """One pledge: its verdict, the ladder it rests on step by step, the deadlines set and moved."""
    language, country = asking.language, asking.record
    asked, when = _asked(asking, slug), day(on, "on")
    known = {one.id: one for one in asked.pledges}
    wanted = shipped(pledge, known, "pledge_unknown").id
    result = _audit(asked, asking, when)
    ((verdict, ladder),) = stand([f"{asked.slug}:{wanted}"], country, when, language)
    assert verdict is not None  # noqa: S101 - a pledge was asked for
    rows = pledge_rows(result, wanted, country, language)
    steps = _steps(ladder, language) if ladder else []
    sources = [*rows.pop("cited"), *(ladder.sources if ladder else ())]
    place = list(known).index(wanted)
    names = list(known)
    rows |= {
        "slug": asked.slug,
        "strategy": worded(asked.title, language),
        "meaning": say(language, f"dossier.verdict.{verdict_slug(verdict.verdict)}.meaning"),
        "order": verdict.extra["order"],
        "ladder": worded(load_ladders(country.key)[ladder.extra["ladder"]].title, language) if ladder else "",
        "standing": ladder.because if ladder else "",
        "steps": steps,
        "tracks": any(step["track"] for step in steps),
        "caveats_of_ladder": ladder.caveats if ladder else (),
        "before": names[place - 1] if place else "",
        "after": names[place + 1] if place + 1 < len(names) else "",
        "on": _told(when),
        "watched": cleaned([watched_row(f) for f in result.watched])
        if wanted in pledges_watched(asked, country.key)
        else [],
        "day": period_words(result.day.isoformat(), language),
        "latest": period_words(asked.compiled, language),
        "sources": parts.source_rows(sources, language),
    }
    told = f", on=date({when.year}, {when.month}, {when.day})" if when else ""
    columns = ("step", "date", "stage", "track", "what", "verified", "sources")
    table = [[row[name] for name in columns] for row in ladder.table] if ladder else []
    return Page(
        template="pledge.html",
        title=verdict.claim,
        data=ladder_data([(verdict, ladder)]),
        rows=rows,
        command=("ladder", f"{asked.slug}:{wanted}", *_on(when)),
        python=_imports(when)
        + f"strategy = careo.load_strategy({asked.slug!r}, {country.key!r})\n"
        + f"country = careo.load_country({country.key!r})\n"
        + f"found = careo.judge_pledges(strategy, country{told})\n"
        + f"print(*(one.because for one in found if one.extra['pledge'] == {wanted!r}))",
        pictures={"timeline": rows["p"]["timeline"]} if rows["p"]["timeline"] else {},
        tables={"steps": Table(columns, table)} if table else {},
        cites=(verdict.id,),
        stable=wanted not in pledges_watched(asked, country.key),
    )


def tally(found: Sequence[Finding], language: str) -> list[dict[str, Any]]:
    """How often each verdict occurs, in the order of the rules."""
    counts = Counter(finding.verdict for finding in found)
    return [
        {
            "slug": verdict_slug(verdict),
            "icon": ICONS[verdict_slug(verdict)],
            "name": verdict_words(verdict, language),
            "count": counts[verdict],
        }
        for verdict in PLEDGE_VERDICTS
        if counts[verdict]
    ]


def _asked(asking: Asking, slug: str) -> Strategy:
    country = asking.record.key
    known = {name: partial(load_strategy, name, country) for name in strategies(country)}
    return shipped(slug, known, "strategy_unknown")()


def _audit(asked: Strategy, asking: Asking, when: date | None) -> StrategyAudit:
    import careo

    return careo.audit_strategy(asked, asking.record, on=when, language=asking.language)


def _wanted(verdict: str, counts: Sequence[Mapping[str, Any]]) -> str:
    """The slug of the verdict whose pledges alone are shown; "" for all."""
    known = [row["slug"] for row in counts]
    if verdict and verdict not in known:
        raise CareoError("web_value", where="verdict", expected=" | ".join(known), found=repr(verdict[:60]))
    return verdict


_IN_PLACE = ("lines", "pairs", "shares", "measures", "rights", "outcomes")
"""Whose sources a page names where it does not hold everything; those of a pledge stand on its own page."""


def _cited(rows: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The sources to which something in place points, in the order of the list."""
    named: set[str] = set()

    def walk(data: Any) -> None:
        if isinstance(data, Mapping):
            if "listed" in data:
                named.add(str(data["key"]))  # pyright: ignore[reportUnknownArgumentType]
            for value in data.values():  # pyright: ignore[reportUnknownVariableType]
                walk(value)
        elif isinstance(data, list):
            for value in data:  # pyright: ignore[reportUnknownVariableType]
                walk(value)

    for name in _IN_PLACE:
        walk(rows[name])
    return [row for row in rows["sources"] if row["key"] in named]


def _of_series(row: Mapping[str, Any], every: str, language: str, *, now: bool) -> str:
    """Where the values of a series stand: on the page of its indicator, or here in place when an earlier day counts."""
    if now and row["indicator"]:
        return address(language, f"/data/indicator/{row['indicator']}")
    return f"{every}#{row['anchor']}"


def _only(groups: Sequence[Mapping[str, Any]], wanted: str) -> list[Mapping[str, Any]]:
    if not wanted:
        return list(groups)
    kept = [
        {**group, "pledges": [p for p in group["pledges"] if p["slug"] == wanted]}
        for group in groups
    ]  # fmt: skip
    return [group for group in kept if group["pledges"]]


def _steps(ladder: Finding, language: str) -> list[dict[str, Any]]:
    return [
        {
            "date": period_words(row["date"], language) if row["date"] else say(language, "ladder.undated"),
            "stage": row["stage_words"],
            "track": row["track"],
            "what": row["what"],
            "dissent": row["dissent"],
            "seen": {
                "word": say(language, f"dossier.verified.{row['verified']}"),
                "unverified": row["verified"] == "memory",
            },
            "sources": [{"key": key, "listed": True} for key in row["sources"].split(", ") if key],
        }
        for row in ladder.table
    ]


def _tables(result: StrategyAudit) -> dict[str, Table]:
    pledges = ("pledge", "component", "verdict", "claim", "because")
    measures = ("measure", "lever", "name", "dose", "because")
    found = {
        "pledges": Table(
            pledges,
            [
                [f.extra["pledge"], f.extra["component"], f.verdict, f.claim, f.because]
                for f in result.pledges
            ],
        ),
        "measures": Table(
            measures,
            [
                [f.extra["measure"], f.extra["lever"], f.claim, f.extra["dose"], f.because]
                for f in result.measures
            ],
        ),
    }
    return {name: table for name, table in found.items() if table.rows}


def _told(when: date | None) -> str:
    return when.isoformat() if when else ""


def _on(when: date | None) -> tuple[str, ...]:
    return ("--on", when.isoformat()) if when else ()


def _imports(when: date | None) -> str:
    return ("from datetime import date\n\n" if when else "") + "import careo\n\n"


def _python(asked: Strategy, when: date | None, country: str) -> str:
    told = f", on=date({when.year}, {when.month}, {when.day})" if when else ""
    return (
        _imports(when)
        + f"strategy = careo.load_strategy({asked.slug!r}, {country!r})\n"
        + f"found = careo.audit_strategy(strategy, careo.load_country({country!r}){told})\n"
        + "for pledge in found.pledges:\n    print(pledge.verdict, pledge.claim)"
    )
