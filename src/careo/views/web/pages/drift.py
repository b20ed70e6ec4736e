"""One matter from speech to plan, law, budget and deployment, with what contradicts what."""

from __future__ import annotations

from typing import Any

from careo.base.texts import say
from careo.record.ladder import load_ladders
from careo.record.strategy import load_strategy, strategies
from careo.record.topic import load_topics
from careo.results.drift import CHANNELS, Clash, Drift, Link
from careo.results.wording import period_words
from careo.views import parts
from careo.views.drift_lanes import Dot, draw_lanes
from careo.views.ladder_verbs import drift_data
from careo.views.verbs import day
from careo.views.web.page import Asking, Page, Table, page, shipped


@page("/drift/{name}", part="strategies")
def drift(asking: Asking, name: str, on: str = "") -> Page:
    """One topic, pledge or ladder through speech, plan, law, budget and deployment, contradictions side by side."""
    import careo

    language, country = asking.language, asking.record
    known = _known(country.key)
    # Whoever errs is told the topics; with every pledge the sentence would fill a page.
    shipped(name, known if name in known else load_topics(country.key), "drift_unknown")
    wanted, when = known[name], day(on, "on")
    found = careo.drift(wanted, country, on=when, language=language)
    columns = ("date", "channel", "what", "deadline", "dissent", "verified", "sources", "reference")
    chart = _chart(found, language)
    told = f", on=date({when.year}, {when.month}, {when.day})" if when else ""
    return Page(
        template="drift.html",
        title=found.title,
        data=drift_data(found),
        rows={
            "name": wanted,
            "because": found.finding.because,
            "links": [_link(link, language) for link in found.links],
            "clashes": [_clash(clash, language) for clash in found.clashes],
            "chart": chart,
            "caveats_told": found.finding.caveats,
            "on": when.isoformat() if when else "",
            "topics": [
                {"id": topic.id, "title": topic.title.get(language, topic.id)}
                for topic in load_topics(country.key).values()
            ],
            "sources": parts.source_rows(found.finding.sources, language),
        },
        command=("drift", wanted, *(("--on", when.isoformat()) if when else ())),
        python=("from datetime import date\n\n" if when else "")
        + f"import careo\n\nfound = careo.drift({wanted!r}, careo.load_country({country.key!r}){told})\n"
        + "for link in found.links:\n    print(link.date, link.channel, link.text)",
        pictures={"drift": chart} if chart else {},
        tables={"links": Table(columns, [[row[key] for key in columns] for row in found.finding.table])},
    )


def _known(country: str) -> dict[str, str]:
    names = [*load_topics(country), *load_ladders(country)]
    names += [f"{slug}:{pledge.id}" for slug in strategies(country) for pledge in load_strategy(slug, country).pledges]  # fmt: skip
    return {name: name for name in names}


def _link(link: Link, language: str) -> dict[str, Any]:
    kind, _, rest = link.reference.partition(":")
    slug, _, pledge = rest.partition(":")
    return {
        "date": period_words(link.date, language) if link.date else say(language, "ladder.undated"),
        "channel": link.channel,
        "channel_words": say(language, f"drift.channel.{link.channel}"),
        "what": link.text,
        "deadline": link.deadline,
        "dissent": link.dissent,
        "seen": {
            "word": say(language, f"dossier.verified.{link.verified}"),
            "unverified": link.verified == "memory",
        },
        "sources": [{"key": key, "listed": True} for key in link.sources],
        "to": f"/strategies/{slug}/pledges/{pledge}" if kind == "pledge" else f"/money/{rest}" if kind == "line" else "",
    }  # fmt: skip


def _clash(clash: Clash, language: str) -> dict[str, Any]:
    return {
        "one": _link(clash.one, language),
        "other": _link(clash.other, language) if clash.other else None,
        "why": clash.why,
    }


def _chart(found: Drift, language: str) -> str:
    """The links that have a day, each in the lane of its channel."""
    dated = [link for link in found.links if link.day]
    used = [channel for channel in CHANNELS if any(link.channel == channel for link in dated)]
    pairs = [
        (dated.index(clash.one), dated.index(clash.other))
        for clash in found.clashes
        if clash.other and clash.one in dated and clash.other in dated
    ]
    struck = {place for pair in pairs for place in pair}
    dots = [
        Dot(link.day, used.index(link.channel), f"{period_words(link.date, language)}: {link.text}", place in struck)
        for place, link in enumerate(dated)
        if link.day
    ]  # fmt: skip
    lanes = [say(language, f"drift.channel.{channel}") for channel in used]
    title = say(language, "web_strategies.drift.chart", title=found.title, count=len(dots), pairs=len(pairs))
    return draw_lanes(lanes, dots, pairs, title)
