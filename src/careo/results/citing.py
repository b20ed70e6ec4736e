"""Cite: every source behind anything that careo shows, and what of it rests on which.

What can be cited, and how it is called, is one table (`citable_kinds.KINDS`); here a name is found in it, or a
noun recognised.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path
from typing import cast

from careo.base.citations import Source
from careo.base.dates import Period, parse_period
from careo.base.errors import CareoError
from careo.base.texts import say
from careo.panel import load_country
from careo.record.money import STAGES
from careo.results import citable_figures as figures
from careo.results.citable import Named, Narrowed, Record
from careo.results.citable_kinds import KINDS
from careo.results.wording import period_words, place_name


@dataclass(frozen=True, slots=True)
class Support:
    """One source, and what rests on it.

    Attributes:
        source: where it comes from. of: the name of what it supports ("amnesty-law:law-published"), which can be
            cited itself. what: that, in words. verified: "read", "computed", "excerpt", "memory", or
            "unverified" of a law that nobody has seen say so; "" where nobody said.
    """

    source: Source
    of: str
    what: str
    verified: str

    @property
    def unverified(self) -> bool:
        """Whether the fact or the source itself is only remembered, or not even that."""
        return (
            self.verified in ("memory", "unverified")
            or self.source.seen == "memory"
            or self.source.tier == _MEMORY
        )


_MEMORY = 4  # the tier of sources that are only remembered


@dataclass(frozen=True, slots=True)
class Cited:
    """A thing and everything it rests on.

    Attributes:
        name, kind: how it is asked for, and of which kind it is. title: in words.
        rows: see `Support`; in the order of the thing, a part with several sources once for each.
        language: of the words.
    """

    name: str
    kind: str
    title: str
    rows: tuple[Support, ...]
    language: str = "en"

    @property
    def sources(self) -> tuple[Source, ...]:
        """Its sources, each once, in order of first use."""
        return tuple({row.source.key: row.source for row in self.rows}.values())

    def __str__(self) -> str:
        def named(source: Source) -> str:
            return ": ".join(filter(None, (source.producer, source.title)))

        lines = (
            f"{'! ' if row.unverified else ''}{row.of}: {row.what} [{named(row.source)}]" for row in self.rows
        )
        return "\n".join([self.title, *lines])


def cite(
    thing: object, country: str = "mexico", *, language: str = "en", state: str | Path | None = None
) -> Cited:
    """Every source behind a thing, and what of it rests on which.

    Args:
        thing: a name: "homicide_inegi_registered", "homicide_inegi_registered@2010:08", "amnesty-law",
            "amnesty-law:law-published", "pln-14", "L7", "jcf@2019", a rule of purchases ("W01"), the beginning of a
            signal's id, a source's key … (`kind:name` where a name stands for several things); the path of a
            strategy's file or of a dossier's findings.json (`path#id` for one part of it); a noun: Strategy, Ladder,
            Lever, Study, Topic, MoneyLine, Indicator, Series, Dataset, Snapshot, Finding, Audit, StrategyAudit, Drift,
            Document, Source, Rule, Signal, a panel; or a sequence of any of these.
        country: whose record the names are of; a panel says so itself.
        language: of the words, "en" or "es".
        state: folder of the watch that signals are asked of, as of `watch`.

    Raises:
        CareoError: nothing is called so (suggests what is, by kind), or several things are; nothing is recorded
            for that period or place; a file is broken.
    """
    if isinstance(thing, (list, tuple)):
        return _together(
            [cite(one, country, language=language, state=state) for one in cast(Sequence[object], thing)],
            language,
        )
    attributes = getattr(thing, "attrs", None)
    if isinstance(attributes, dict):
        country = str(cast(dict[str, object], attributes).get("country", country))
    record = Record(load_country(country), language, state)
    named, narrowed = (
        _asked(record, str(thing)) if isinstance(thing, (str, Path)) else (_noun(thing), Narrowed())
    )
    rows = tuple(_rows(record, named, narrowed))
    if not rows and narrowed:
        there = KINDS[named.kind].parts(record, named, replace(narrowed, period=None))
        known = " | ".join(part.what for part in islice(there, 3))
        raise CareoError("cite_nothing", found=f"{named.name}: {_within(record, narrowed)}", expected=known)
    return Cited(named.name, named.kind, _title(record, named, narrowed), rows, language)


def _together(parts: Sequence[Cited], language: str) -> Cited:
    rows = dict.fromkeys(row for part in parts for row in part.rows)
    title = say(language, "cite.things", count=len(parts)) if len(parts) != 1 else parts[0].title
    return Cited(", ".join(part.name for part in parts), "things", title, tuple(rows), language)


def _title(record: Record, named: Named, narrowed: Narrowed) -> str:
    words = KINDS[named.kind].title(record, named.thing)
    if narrowed:
        words = say(record.language, "cite.narrowed", words=words, within=_within(record, narrowed))
    kind = say(record.language, f"cite.kind.{named.kind}")
    return say(record.language, "cite.title", words=words, kind=kind, name=named.name)


def _within(record: Record, narrowed: Narrowed) -> str:
    period = period_words(narrowed.period, record.language) if narrowed.period else ""
    place = place_name(record.country, narrowed.place, record.language) if narrowed.place else ""
    stage = say(record.language, f"money.stage.{narrowed.stage}") if narrowed.stage else ""
    return ", ".join(word for word in (place, stage, period) if word)


def _rows(record: Record, named: Named, narrowed: Narrowed) -> Iterator[Support]:
    kind = KINDS[named.kind]
    seen: set[tuple[str, str, str, str]] = set()
    for part in (*kind.parts(record, named, narrowed), *kind.beyond(record, named)):
        for source in part.sources:
            found = record.source(source)
            mark = (found.key, part.of, part.what, part.verified)
            if mark not in seen:
                seen.add(mark)
                yield Support(found, part.of, part.what, part.verified)


# ── finding what was asked for ───────────────────────────────────────────────────────────────────────────────────


def _noun(thing: object) -> Named:
    """A noun by its class, which is not imported for the sake of asking."""
    for cls in type(thing).__mro__:
        for name, kind in KINDS.items():
            if f"{cls.__module__}.{cls.__qualname__}" in kind.nouns:
                return Named(name, kind.called(thing), thing)
    raise CareoError("cite_noun", found=repr(type(thing).__qualname__), expected=", ".join(_noun_names()))


def _noun_names() -> list[str]:
    return sorted(noun.rpartition(".")[2] for kind in KINDS.values() for noun in kind.nouns)


def _asked(record: Record, text: str) -> tuple[Named, Narrowed]:
    asked = text.strip()
    known = [named for name, kind in KINDS.items() if kind.named for named in kind.named(record)]
    for candidate, narrowed in _readings(asked):
        found = [named for named in _called(candidate, known) if _may_be(named, narrowed)]
        if len(found) == 1 and narrowed:
            return found[0], _placed(record, found[0], narrowed)
        if len(found) == 1:
            return found[0], Narrowed()
        if found:
            several = " | ".join(f"{named.kind}:{named.name}" for named in found)
            raise CareoError("cite_several", found=repr(candidate), expected=several, fix="cite_several")
    opened = _found(record, asked) or _opened(record, asked)
    if opened:
        return opened, Narrowed()
    raise _unknown(asked, known)


def _found(record: Record, asked: str) -> Named | None:
    """One of the things that are too many to be listed."""
    prefix, _, rest = asked.partition(":")
    for name, kind in KINDS.items():
        surely = prefix == name and bool(rest)
        if kind.found and (found := kind.found(record, rest if surely else asked, surely=surely)):
            return found
    return None


def _readings(asked: str) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """What a name can mean: itself whole; else a name, and what it is narrowed to (@ a period, : a place or stage)."""
    yield asked, ()
    prefix, _, rest = asked.partition(":")
    kind, body = (f"{prefix}:", rest) if prefix in KINDS and rest else ("", asked)
    name = re.split("[@:]", body, maxsplit=1)[0]
    if name and name != body:
        yield kind + name, tuple(re.findall(r"([@:])([^@:]*)", body[len(name) :]))


def _may_be(named: Named, narrowed: Sequence[tuple[str, str]]) -> bool:
    """Whether a thing can be narrowed; a colon after any other begins the name of a part that is not there."""
    return bool(KINDS[named.kind].narrows) or not narrowed


def _called(asked: str, known: Sequence[Named]) -> list[Named]:
    """The things of that name: by their whole name, with the kind before it or not; else by the end of it."""
    prefix, _, rest = asked.partition(":")
    low = asked.casefold()
    within = [named for named in known if named.kind == prefix]
    for pool, name in ((known, low), (within, rest.casefold())):
        exact = [named for named in pool if named.is_called(name)]
        found = exact or [named for named in pool if name == named.tail]
        if found:  # a study or a dataset rests on the source of the same key, so it goes before it
            other = [named for named in found if named.kind != "source"] or found
            return list({(named.kind, named.name): named for named in other}.values())
    return []


def _placed(record: Record, named: Named, given: Sequence[tuple[str, str]]) -> Narrowed:
    """A period and a place or stage as typed after a name."""
    kind = KINDS[named.kind]
    period: Period | None = None
    place = stage = ""
    for mark, text in given:
        if mark == "@":
            try:
                period = parse_period(text)
            except ValueError as error:
                raise CareoError(
                    "cite_period", found=repr(text), expected="2018 | 2018-05 | 2006/2012"
                ) from error
        elif "place" in kind.narrows:
            place = text if text in record.country.places.by_code else record.country.places.code_of(text)
            if not place:
                raise CareoError("usage_place", found=repr(text))
        else:
            if text not in STAGES:
                raise CareoError("cite_stage", found=repr(text), expected=" | ".join(STAGES))
            stage = text
    return Narrowed(period, place, stage)


def _opened(record: Record, asked: str) -> Named | None:
    """A file that a person has: a strategy, or the findings of a dossier; `#` names one part of it."""
    path, _, part = (asked, "", "") if os.path.exists(asked) else asked.partition("#")  # noqa: PTH110 - never raises
    looks = Path(path).suffix.lower() in (".yaml", ".yml", ".json")
    if not looks and not os.path.isfile(os.path.join(path, "findings.json")):  # noqa: PTH113, PTH118 - the same
        return None
    if Path(path).suffix.lower() == ".json" or not looks:
        file = Path(path) if looks else Path(path) / "findings.json"
        findings = figures.findings_in(file)
        if not part:
            return Named("findings", asked, findings)
        found = [finding for finding in findings if finding.id == part]
        if not found:
            raise _unknown(part, [Named("finding", finding.id, finding) for finding in findings])
        return Named("finding", part, found[0])
    from careo.record.strategy import load_strategy

    strategy = load_strategy(Path(path), record.country.key)
    if not part:
        return Named("strategy", strategy.slug, strategy)
    within = [named for kind in KINDS.values() if kind.within for named in kind.within(strategy)]
    found = _called(part, within)
    if len(found) != 1:
        raise _unknown(part, within)
    return found[0]


def _unknown(asked: str, known: Sequence[Named]) -> CareoError:
    """Nothing is called so: what is called nearly so, kind by kind, the nearest of all first."""
    near: list[tuple[_Rank, int, str, list[str]]] = []
    for kind in dict.fromkeys(named.kind for named in known):
        spelt = {
            spelling: named.name
            for named in known
            if named.kind == kind
            for spelling in (named.tail, *named.names)
        }
        ranked = sorted(
            (rank, name) for spelling, name in spelt.items() if (rank := _rank(asked.casefold(), spelling))
        )
        if ranked:
            names = list(dict.fromkeys(name for _, name in ranked))[:3]
            near.append((ranked[0][0], len(names[0]), kind, names))
    near.sort()
    return CareoError(
        "cite_unknown",
        found=repr(asked[:80]),
        expected=" | ".join(f"{kind}: {', '.join(names)}" for _, _, kind, names in near[:4]),
        fix="did_you_mean" if near else "cite",
        guess=near[0][3][0] if near else "",
    )


_Rank = tuple[int, float, int]


def _rank(asked: str, name: str) -> _Rank | None:
    """How near a name is, the lowest first: it begins as typed, holds that as a word, or is spelt nearly so."""
    if len(asked) > 2 and name.startswith(asked):
        return 0, 0.0, len(name)
    if len(asked) > 2 and asked in re.split(r"[\W_]+", name):
        return 1, 0.0, len(name)
    matcher = SequenceMatcher(None, name, asked)
    if matcher.real_quick_ratio() < _NEAR or matcher.quick_ratio() < _NEAR or matcher.ratio() < _NEAR:
        return None
    return 2, -matcher.ratio(), len(name)


_NEAR = 0.6  # of two spellings, as difflib counts it
