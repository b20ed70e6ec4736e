"""How one matter drifted: from speech to plan, law, budget and deployment, each link dated and cited, with its contradictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from careo.base.citations import Source
from careo.base.dates import parse_period
from careo.base.errors import CareoError, DataError
from careo.base.fields import first_day, last_day, worded
from careo.base.shipped import country_folder
from careo.base.texts import say
from careo.base.yaml_files import read_written
from careo.panel import Country, country_of, load_country
from careo.record.ladder import deadlines_on, load_ladders
from careo.record.money import flows_of, load_money, total, weakest, years_told
from careo.record.strategy import Pledge, Strategy, load_strategy, sources_of, strategies
from careo.record.topic import Topic, load_topics
from careo.results.finding import Finding
from careo.results.pledge_record import counted
from careo.results.strategies import find_pledge
from careo.results.wording import number, period_words, value_words

CHANNELS = ("speech", "plan", "request", "law", "court", "budget", "deployment", "record")
"""Where a link of the chain stands, in the order of the journey."""

_CHANNEL_OF_STAGE = {"announced": "speech", "context": "speech", "ruled": "court", "struck_down": "court", "implemented": "deployment"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain.

    Attributes:
        reference: what it is, as contradictions name it ("pledge:slug:id", "step:ladder:id" …). day: None when undated.
        date: as written. channel: one of CHANNELS. text: in the reader's language. deadline: what it set or moved, worded.
        dissent: where sources disagree. sources, verified.
    """

    reference: str
    day: date | None
    date: str
    channel: str
    text: str
    sources: tuple[str, ...]
    verified: str
    deadline: str = ""
    dissent: str = ""


@dataclass(frozen=True, slots=True)
class Clash:
    """Two links that contradict each other, or two reports of one: side by side, with the reason."""

    one: Link
    other: Link | None
    why: str


@dataclass(frozen=True, slots=True)
class Drift:
    """A matter followed through time.

    Attributes:
        title; links: oldest first, undated ones at the end. clashes: contradictions. finding: the same as one finding.
    """

    title: str
    links: tuple[Link, ...]
    clashes: tuple[Clash, ...]
    finding: Finding


def drift(name: str, panel: Country | None = None, *, on: date | None = None, language: str = "en") -> Drift:
    """Follows a pledge or a topic through speech, plan, law, budget and deployment.

    Args:
        name: a topic of the country, a pledge ("pln-12", "amlo-2018-plan:pln-12") or a ladder.
        on: nothing later than this day is shown.

    Raises:
        DataError: there is no such topic, pledge or ladder; names the nearest.
    """
    country = country_of(panel)
    topic = _topic(name, country.key)
    known = {slug: load_strategy(slug, country.key) for slug in strategies(country.key)}
    found = [
        link
        for link in _links(topic, country, known, language)
        if on is None or (link.day and link.day <= on)
    ]
    links = sorted(found, key=_order)
    clashes = tuple(_clashes(topic, links, language))
    title = worded(topic.title, language)
    return Drift(
        title, tuple(links), clashes, _finding(topic, title, links, clashes, known, country, language)
    )


def _order(link: Link) -> tuple[bool, date, int]:
    """By time; words dated by a year or a month stand at its beginning: they were said before they could be acted on."""
    words = link.channel in ("speech", "plan", "request")
    day = first_day(link.date) if words and link.date else link.day
    return (link.day is None, day or date.max, CHANNELS.index(link.channel))


def check_topics(country: str = "mexico") -> tuple[CareoError, ...]:
    """What the topics of a country name and nobody has: pledges, measures, ladders, lines, series, sides of a contradiction."""
    found: list[CareoError] = []
    known = {slug: load_strategy(slug, country) for slug in strategies(country)}
    land = load_country(country)
    there = {
        "pledges": {f"{slug}:{pledge.id}" for slug, s in known.items() for pledge in s.pledges},
        "measures": {f"{slug}:{measure.id}" for slug, s in known.items() for measure in s.measures},
        "ladders": set(load_ladders(country)),
        "lines": set(load_money(country).lines),
        "series": set(land.indicators),
    }
    for topic in load_topics(country).values():
        written = read_written(country_folder(country) / "topics" / f"{topic.id}.yaml")
        wrong = [
            ((part, place), name, names)
            for part, names in there.items()
            for place, name in enumerate(getattr(topic, part))
            if name not in names
        ]
        if not wrong:
            shown = {link.reference for link in _links(topic, land, known, "en")}
            sides = [(("contradictions", n, side), getattr(c, side)) for n, c in enumerate(topic.contradictions) for side in ("one", "other")]  # fmt: skip
            wrong = [(loc, name, shown) for loc, name in sides if name not in shown]
        found += [written.error(loc, "topic_unknown", known=names, found=name) for loc, name, names in wrong]
    return tuple(found)


def _topic(name: str, country: str) -> Topic:
    topics, ladders = load_topics(country), load_ladders(country)
    if name in topics:
        return topics[name]
    if name in ladders:
        return _of_ladder(name, country, None)
    try:
        strategy, wanted = find_pledge(name, country)
    except CareoError as error:
        if error.key == "pledge_several":
            raise
        guess = get_close_matches(name, [*topics, *ladders], n=1)
        raise DataError(
            "drift_unknown", expected=" | ".join(topics), found=repr(name), fix="did_you_mean" if guess else "pledge_list",
            guess=guess[0] if guess else "",
        ) from error  # fmt: skip
    pledge = strategy.pledge(wanted)
    assert pledge is not None  # noqa: S101 - find_pledge found it
    return _of_pledge(strategy, pledge, country)


def _of_pledge(strategy: Strategy, pledge: Pledge, country: str) -> Topic:
    """The topic that a pledge opens: its own test, and every pledge that the same record decides."""
    test = pledge.test
    if test and test.ladder:
        topic = _of_ladder(test.ladder, country, test.track)
        own = f"{strategy.slug}:{pledge.id}"
        pledges = topic.pledges if own in topic.pledges else (own, *topic.pledges)
        return Topic(topic.id, pledge.text, pledges, topic.ladders, tracks=topic.tracks)
    lines = (test.money,) if test and test.money else ()
    series = (test.indicator,) if test and test.indicator else ()
    return Topic(pledge.id, pledge.text, (f"{strategy.slug}:{pledge.id}",), lines=lines, series=series)


def _of_ladder(name: str, country: str, track: str | None) -> Topic:
    same = [
        f"{slug}:{pledge.id}"
        for slug in strategies(country)
        for pledge in load_strategy(slug, country).pledges
        if pledge.test and pledge.test.ladder == name and track in (None, pledge.test.track)
    ]
    tracks = {} if track is None else {name: (track,)}
    return Topic(name, load_ladders(country)[name].title, tuple(same), (name,), tracks=tracks)


# ── the links ────────────────────────────────────────────────────────────────────────────────────────────────────


def _links(topic: Topic, country: Country, known: dict[str, Strategy], language: str) -> Iterator[Link]:
    for name in topic.pledges:
        slug, _, wanted = name.partition(":")
        pledge = known[slug].pledge(wanted)
        if pledge:
            yield _pledge(known[slug], pledge, language)
    for name in topic.ladders:
        yield from _steps(name, topic, country, language)
    for name in topic.lines:
        yield from _flows(name, country, language)
    for name in topic.measures:
        yield from _measure(name, known, language)
    for name in topic.series:
        yield from _values(name, country, language)


def _pledge(strategy: Strategy, pledge: Pledge, language: str) -> Link:
    said = pledge.said or strategy.announced or strategy.period.start
    channel = "request" if pledge.act == "request" else "plan"
    due = ""
    if pledge.deadline:
        due = say(language, "drift.due", due=period_words(last_day(pledge.deadline).isoformat(), language))
    text = say(
        language, "drift.pledge", title=worded(strategy.title, language), text=worded(pledge.text, language)
    )
    return Link(
        f"pledge:{strategy.slug}:{pledge.id}",
        last_day(said),
        said,
        channel,
        text,
        pledge.sources,
        pledge.verified,
        due,
    )


def _steps(name: str, topic: Topic, country: Country, language: str) -> Iterator[Link]:
    ladder = load_ladders(country.key)[name]
    wanted = topic.tracks.get(name)
    due: dict[str, str] = {}
    for track in {step.track for step in ladder.steps}:
        for deadline in deadlines_on(ladder, date.max, track):
            key = "removed" if deadline.day is None else "moved" if deadline.moved else "set"
            day = period_words(deadline.day.isoformat(), language) if deadline.day else ""
            due[deadline.step.id] = say(language, f"drift.{key}", due=day)
    for step in ladder.steps:
        if wanted is not None and step.track not in wanted:
            continue
        text = worded(step.what, language)
        if step.done is not None:
            text = f"{text.rstrip('. ')} ({counted(step, language)})"
        verified = "memory" if "memory" in (step.verified, step.date_verified) else step.verified
        yield Link(
            f"step:{name}:{step.id}", last_day(step.date) if step.date else None, step.date or "",
            _CHANNEL_OF_STAGE.get(step.stage, "law"), text, step.sources, verified,
            due.get(step.id, ""), worded(step.dissent, language),
        )  # fmt: skip


_STAGES = ("announced", "appropriated", "spent")
"""Stages of money that the chain shows: what was said, what was voted, what was paid."""


def _flows(name: str, country: Country, language: str) -> Iterator[Link]:
    """The money of a line: a link a year with its stages side by side, and every report beside it that is a rival or a running total."""
    money = load_money(country.key)
    line = worded(money.lines[name].name, language)
    years = sorted({year for stage in _STAGES for year in years_told(money, name, stage)})
    for year in years:
        told = [t for stage in _STAGES if (t := total(money, name, stage, year)).amount is not None]
        if not told:
            continue
        words = "; ".join(_staged(t.stage, float(t.amount or 0), t.currency, language) for t in told)
        sources = tuple(dict.fromkeys(key for t in told for key in t.sources))
        text = say(language, "drift.money", line=line, amounts=words)
        yield Link(
            f"line:{name}",
            parse_period(year).last,
            year,
            "budget",
            text,
            sources,
            weakest(t.verified for t in told),
        )
    for flow in flows_of(money, name):
        if flow.amount is None or flow.basis not in ("rival", "cumulative") or flow.stage not in _STAGES:
            continue
        text = say(
            language,
            "drift.money",
            line=line,
            amounts=_staged(flow.stage, float(flow.amount), flow.currency, language),
        )
        end = last_day(flow.as_of) if flow.as_of else parse_period(flow.period).last
        dissent = _rival(flow.note, language) if flow.basis == "rival" else ""
        yield Link(
            f"line:{name}", end, flow.period, "budget", text, flow.sources, flow.verified, dissent=dissent
        )


def _staged(stage: str, amount: float, currency: str, language: str) -> str:
    return f"{say(language, f'money.stage.{stage}')} {value_words(amount, currency, language)}"


def _rival(note: Mapping[str, str], language: str) -> str:
    return worded(note, language) or say(language, "drift.rival")


def _measure(name: str, known: dict[str, Strategy], language: str) -> Iterator[Link]:
    slug, _, wanted = name.partition(":")
    for measure in known[slug].measures if slug in known else ():
        if measure.id != wanted:
            continue
        for amount in measure.delivered:
            text = f"{worded(measure.name, language)}: {number(amount.value)} {worded(amount.unit, language)}"
            yield Link(
                f"measure:{slug}:{wanted}", last_day(amount.date or ""), amount.date or "", "deployment", text,
                amount.sources or measure.sources, amount.verified or measure.verified,
            )  # fmt: skip


def _values(name: str, country: Country, language: str) -> Iterator[Link]:
    item = country.indicators[name]
    newest = {o.period: o for o in country.series(name).observations if o.place == country.default_place}
    for period, value in newest.items():
        text = f"{item.name.get(language, name)}: {value_words(value.value, item.unit, language)}"
        yield Link(
            f"series:{name}", period.last, str(period), "record", text, (value.source,), value.verified
        )


# ── the contradictions ───────────────────────────────────────────────────────────────────────────────────────────


def _clashes(topic: Topic, links: Sequence[Link], language: str) -> Iterator[Clash]:
    """Those the topic names, whose two sides are both shown; then every link about which sources disagree."""
    first: dict[str, Link] = {}
    for link in links:
        first.setdefault(link.reference, link)
    for clash in topic.contradictions:
        if clash.one in first and clash.other in first:
            yield Clash(first[clash.one], first[clash.other], worded(clash.why, language))
    for link in links:
        if link.dissent:
            yield Clash(link, None, link.dissent)


def _finding(
    topic: Topic,
    title: str,
    links: Sequence[Link],
    clashes: Sequence[Clash],
    known: dict[str, Strategy],
    country: Country,
    language: str,
) -> Finding:
    every: dict[str, Source] = {}
    for strategy in known.values():
        every |= sources_of(strategy, country.key)
    every |= country.sources
    keys = dict.fromkeys(key for link in links for key in link.sources)
    moved = [link for link in links if link.deadline and link.channel in ("law", "court")]
    words = [
        say(
            language,
            "drift.summary",
            count=len(links),
            clashes=sum(clash.other is not None for clash in clashes),
            disagreed=sum(clash.other is None for clash in clashes),
        ),
        *(
            say(language, "drift.deadline", date=period_words(link.date, language), what=link.deadline)
            for link in moved
        ),
    ]
    return Finding(
        id=f"drift:{topic.id}",
        kind="drift",
        claim=title,
        verdict="raised",
        because=" ".join(words),
        statement=None,
        table=tuple(
            {
                "date": link.date, "channel": link.channel, "channel_words": say(language, f"drift.channel.{link.channel}"),
                "what": link.text, "deadline": link.deadline, "dissent": link.dissent, "verified": link.verified,
                "sources": ", ".join(link.sources), "reference": link.reference,
            }
            for link in links
        ),
        caveats=tuple(
            say(language, "drift.clash", one=_short(clash.one, language), other=_short(clash.other, language), why=clash.why)
            if clash.other else say(language, "drift.dissent", one=_short(clash.one, language), why=clash.why)
            for clash in clashes
        ),
        sources=tuple(every[key] for key in keys if key in every),
        language=language,
        extra={"topic": topic.id},
    )  # fmt: skip


def _short(link: Link, language: str) -> str:
    return f"{period_words(link.date, language) if link.date else say(language, 'ladder.undated')}: {link.text.rstrip('. ')}"
