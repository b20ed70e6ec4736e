"""The page of a strategy's dossier: its words, money, delivery, rights and outcomes, each with what it rests on.

Everything shown is in the findings (and so in `findings.json`) or in the strategy's own file; here it is only put in order and
formatted. An anchor of a pledge, measure or right is its id, so that a link to one stays good; whatever else has an
anchor begins with one of `_OWN`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from careo.base.citations import Source
from careo.base.dates import parse_period
from careo.base.fields import first_day, last_day, worded
from careo.base.texts import say
from careo.evidence.levers import Lever, load_levers
from careo.panel import Country
from careo.record.ladder import ENDS, WORDS_ONLY, Ladder, deadlines_on, load_ladders, steps_on
from careo.record.money import STAGES, Money, known_on, money_of, total
from careo.record.strategy import Measure, Pledge, sources_of
from careo.results.finding import PLEDGE_VERDICTS, Finding
from careo.results.money_words import line_name, reason_words, stage_words, when_words
from careo.results.pledge_record import Limit, limit_on, said_on
from careo.results.pledges import clause, judge_test
from careo.results.skill_record import skill_sentences
from careo.results.strategy_audit import StrategyAudit
from careo.results.tying import Tie
from careo.results.wording import number, period_words, value_words
from careo.views import parts
from careo.views.charts import series_chart
from careo.views.i18n import clean, one_line, verdict_slug, verdict_words
from careo.views.imprint import imprint_of
from careo.views.parts import Row
from careo.views.terminal import ICONS
from careo.views.timeline import Mark, draw_timeline

_OWN = ("q-", "src-", "d-", "page-", "l-page-")  # how anchors begin that no element of a strategy has
_STATES = ("reached", "short", "ended", "work")


def page(result: StrategyAudit, country: Country, language: str) -> str:
    """The page as HTML text: one file, no network, the same bytes for the same input."""
    rows = page_rows(result, country, language)
    style = imprint_of(result, language).style(language, rows["title"])
    return parts.render("strategy.html", language, imprint=style, **rows)


def page_rows(result: StrategyAudit, country: Country, language: str) -> Row:
    """What the templates of a strategy show, by the names that they know; nothing in it turns the direction of writing."""
    it = _Page(result, country, language)
    strategy = result.strategy
    read = (
        parts.of_pages(result.pages, country, language, at="page-") if result.pages else {"definitions": []}
    )
    read_findings = [f for f in result.pages.findings if f.kind != "quality"] if result.pages else []
    shown = [*result.findings, *read_findings]
    rows: Row = {
        "title": worded(strategy.title, language),
        "summary_words": worded(strategy.summary, language),
        "notes": [worded(note, language) for note in strategy.notes],
        "head": list(_head(it)),
        "counts": _counts(it),
        "total": len(result.pledges),
        "order": result.pledges[0].extra["order"] if result.pledges else "",
        "groups": _groups(it),
        "lines": _unlike(
            [_line(it, f) for f in result.money if "line" in f.extra and "other" not in f.extra]
        ),
        "pairs": [_pair(it, f) for f in result.money if "other" in f.extra],
        "shares": [_share(it, f) for f in result.money if "line" not in f.extra],
        "measures": [_measure(it, f) for f in result.measures],
        "rights": [_right(it, f) for f in result.constraints],
        "outcomes": [_outcome(it, f) for f in result.outcomes],
        "skill": skill_sentences(country.key, language),
        "ties": [_tie(it, tie) for tie in result.ties],
        "with_pages": result.pages is not None,
        "slug": strategy.slug,
        **read,
        "definitions": parts.definition_rows(shown, country, language),
        "sources": parts.source_rows(it.listed.values(), language),
    }
    rows["questions"] = list(_questions(it, rows))
    return _cleaned(rows)


def pledge_rows(result: StrategyAudit, pledge: str, country: Country, language: str) -> Row:
    """One pledge as `page_rows` has it, under `p`; under `cited` the sources it rests on."""
    it = _Page(result, country, language)
    found = next(finding for finding in result.pledges if finding.extra["pledge"] == pledge)
    told = _pledge(it, found, ())
    cited = [*told["sources"], *(span["source"] for span in told["quoted"])]
    cited += [row for step in told["table"] for row in step["sources"]]
    sources = [it.listed[row["key"]] for row in cited if row["listed"]]
    return _cleaned({"p": told}) | {"cited": sources}


@dataclass(frozen=True)
class _Page:
    """What the parts of the page are made from."""

    result: StrategyAudit
    country: Country
    language: str

    def say(self, key: str, **words: object) -> str:
        return say(self.language, f"strategy_page.{key}", **words)

    @cached_property
    def ladders(self) -> Mapping[str, Ladder]:
        return load_ladders(self.country.key)

    @cached_property
    def levers(self) -> Mapping[str, Lever]:
        return load_levers(self.country.key)

    @cached_property
    def money(self) -> Money:
        return known_on(money_of(self.result.strategy, self.country.key), self.result.day)

    @cached_property
    def listed(self) -> Mapping[str, Source]:
        """The sources at the end of the page: of every finding, and of every place where something was said."""
        result = self.result
        read = result.pages.findings if result.pages else ()
        pages = {document.source.key for document in result.pages.documents} if result.pages else set[str]()
        known = sources_of(result.strategy, self.country.key)
        quoted = [known[s.source] for p in result.strategy.pledges for s in p.quoted if s.source in known]
        found = [s for f in (*result.findings, *read) if f.kind != "quality" for s in f.sources]
        return {s.key: s for s in (*quoted, *found) if s.key not in pages}

    @cached_property
    def anchors(self) -> Mapping[str, str]:
        """The anchor of each pledge, measure and right, by its id."""
        strategy = self.result.strategy
        taken: dict[str, str] = {}
        for element in (*strategy.pledges, *strategy.measures, *strategy.constraints):
            name = re.sub(r"[^\w.-]+", "-", clean(element.id)) or "-"
            name = f"q-{name}" if name.startswith(_OWN) else name
            while name in taken.values():
                name += "-"
            taken[element.id] = name
        return taken

    @cached_property
    def places(self) -> Mapping[tuple[str, int, int, str], str]:
        """Where a statement stands on the read pages."""
        statements = self.result.pages.statements if self.result.pages else ()
        return {(s.source, s.start, s.end, s.kind): f"page-s{index}" for index, s in enumerate(statements, 1)}

    def cited(self, keys: str | Iterable[str]) -> list[Row]:
        """Keys of sources, those on the list to be linked; also as rows of tables hold them, in one text."""
        names = re.split(r"[,\s]+", keys) if isinstance(keys, str) else keys
        return [{"key": key, "listed": key in self.listed} for key in dict.fromkeys(names) if key]

    def seen(self, word: str) -> Row:
        """How a thing is known, and whether that is a warning."""
        return {"word": say(self.language, f"dossier.verified.{word}"), "unverified": word == "memory"}

    def day(self, day: object) -> str:
        return period_words(str(day), self.language) if day else ""


def _verdict(verdict: str, language: str) -> Row:
    slug = verdict_slug(verdict)
    return {"slug": slug, "icon": ICONS.get(slug, "•"), "name": verdict_words(verdict, language)}


# ── the head ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _head(it: _Page) -> Iterator[tuple[str, str]]:
    strategy = it.result.strategy
    end = it.day(strategy.period.end) if strategy.period.end else it.say("open")
    yield it.say("actor"), worded(strategy.actor, it.language)
    yield it.say("period"), f"{it.day(strategy.period.start)} – {end}"
    if strategy.announced:
        yield it.say("announced"), it.day(strategy.announced)
    yield it.say("day"), it.day(it.result.day)
    yield it.say("compiled"), it.day(strategy.compiled)


def _counts(it: _Page) -> list[Row]:
    """The verdicts that occur, how often, what they mean and on which pledges."""
    counts = Counter(finding.verdict for finding in it.result.pledges)
    return [
        _verdict(verdict, it.language)
        | {
            "count": counts[verdict],
            "meaning": say(it.language, f"dossier.verdict.{verdict_slug(verdict)}.meaning"),
            "pledges": [
                {"anchor": it.anchors[f.extra["pledge"]], "id": f.extra["pledge"]}
                for f in it.result.pledges
                if f.verdict == verdict
            ],
        }
        for verdict in PLEDGE_VERDICTS
        if counts[verdict]
    ]


def _questions(it: _Page, rows: Row) -> Iterator[Row]:
    answers = {
        "words": it.say("answer.words", count=rows["total"]),
        "money": it.say("answer.money", count=len(rows["lines"])),
        "delivery": it.say("answer.delivery", count=len(rows["measures"])),
        "outcomes": it.say("answer.outcomes", count=len(rows["outcomes"])),
        "alternatives": it.say("answer.alternatives"),
    }
    for index, (name, answer) in enumerate(answers.items(), 1):
        yield {
            "number": index,
            "anchor": f"q-{name}",
            "name": it.say(f"question.{name}.name"),
            "asked": it.say(f"question.{name}.asked"),
            "answer": answer,
        }


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _groups(it: _Page) -> list[Row]:
    """The pledges by chapter of the plan, in the plan's order; those of none come last."""
    strategy = it.result.strategy
    ties: dict[str, list[Row]] = {}
    for tie in it.result.ties:
        ties.setdefault(tie.pledge, []).append(_tie(it, tie))
    groups: list[Row] = []
    for index, name in enumerate((*strategy.components, ""), 1):
        found = [f for f in it.result.pledges if f.extra["component"] == name]
        if found:
            title = worded(strategy.components.get(name), it.language) or it.say(
                "no_component" if strategy.components else "all_pledges"
            )
            rows = [_pledge(it, f, ties.get(f.extra["pledge"], [])) for f in found]
            tally = Counter(f.verdict for f in found)
            counts = [_verdict(v, it.language) | {"count": tally[v]} for v in PLEDGE_VERDICTS if tally[v]]
            groups.append({"anchor": f"q-part-{index}", "name": title, "pledges": rows, "counts": counts})
    return groups


def _pledge(it: _Page, finding: Finding, ties: Sequence[Row]) -> Row:
    strategy, language = it.result.strategy, it.language
    pledge = strategy.pledge(finding.extra["pledge"])
    assert pledge is not None  # noqa: S101 - findings are made from the strategy's pledges
    limit = limit_on(pledge, strategy, it.result.day, it.country.key)
    others, caveats = _readings(it, pledge, finding)
    return _verdict(finding.verdict, language) | {
        "anchor": it.anchors[pledge.id],
        "id": pledge.id,
        "cite": f"careo cite {finding.id}",
        "claim": finding.claim,
        "because": finding.because,
        "rule": finding.extra["rule"],
        "facts": list(_pledge_facts(it, pledge, limit)),
        "deadlines": list(_deadlines(it, pledge, limit)),
        "quoted": [
            {
                "source": it.cited([span.source])[0],
                "words": it.say("characters", start=f"{span.start:,}", end=f"{span.end:,}"),
            }
            for span in pledge.quoted
        ],
        "sources": it.cited(source.key for source in finding.sources),
        "unverified": finding.extra["verified"] == "memory",
        "timeline": _timeline(it, pledge, finding, limit),
        "undated": _undated(it, pledge),
        "table": [
            {
                "date": it.day(row["date"]),
                "what": row["what"],
                "state": row["state"],
                "seen": it.seen(row["verified"]),
                "sources": it.cited(row["sources"]),
            }
            for row in finding.table
        ],
        "others": others,
        "caveats": caveats,
        "coverage": _coverage(it, pledge.coverage, pledge.coverage_note),
        "ties": ties,
    }


def _pledge_facts(it: _Page, pledge: Pledge, limit: Limit) -> Iterator[tuple[str, str]]:
    strategy, language = it.result.strategy, it.language
    yield it.say("fact.act"), it.say(f"act.{pledge.act}")
    yield it.say("fact.kind"), it.say(f"kind.{pledge.kind}")
    who = pledge.addressee or (strategy.actor if pledge.act == "pledge" else None)
    if who:
        yield it.say("fact.addressee"), worded(who, language)
    if pledge.said:
        yield it.say("fact.said"), it.day(pledge.said)
    if pledge.hedge != "none":
        yield it.say("fact.hedge"), it.say(f"hedge.{pledge.hedge}")
    if limit.horizon and pledge.test:
        yield it.say("fact.deadline"), it.say("deadline.none")


def _deadlines(it: _Page, pledge: Pledge, limit: Limit) -> Iterator[str]:
    """The deadline as first promised, or as the law first set it, and each amendment."""
    if limit.horizon or (limit.first is None and not limit.moves):
        return
    ladder = it.ladders.get(pledge.test.ladder) if pledge.test else None
    set_by = deadlines_on(ladder, it.result.day, pledge.test.track) if ladder and pledge.test else ()
    if pledge.deadline:
        exact = it.day(limit.first) if len(pledge.deadline) < len("2019-12-31") else ""
        key = "deadline.promised_read" if exact else "deadline.promised"
        yield it.say(key, day=it.day(pledge.deadline), exact=exact)
    elif limit.first:
        computed = any(d.step.term and d.day == limit.first for d in set_by)
        yield it.say("deadline.set_computed" if computed else "deadline.set", day=it.day(limit.first))
    for move in limit.moves:
        key = "removed" if move.day is None else "moved_computed" if move.step.term else "moved"
        yield it.say(f"deadline.{key}", day=it.day(move.day), on=it.day(move.step.date))


def _timeline(it: _Page, pledge: Pledge, finding: Finding, limit: Limit) -> str:
    """The ladder that decides a pledge, up to the day; "" where none does or it has no dated step."""
    test = pledge.test
    if test is None or not test.ladder:
        return ""
    ladder, since = it.ladders[test.ladder], said_on(pledge, it.result.strategy)
    steps = steps_on(ladder, it.result.day, test.track)
    if not steps:
        return ""
    by_word = {say(it.language, f"pledges.state.{state}"): state for state in _STATES}
    states = [by_word[row["state"]] for row in finding.table]
    telling = [s for s in steps if s.stage not in WORDS_ONLY and last_day(s.date or "") >= since]
    known = dict(zip((s.id for s in telling), states, strict=False)) if len(states) == len(telling) else {}
    marks: list[Mark] = []
    for step in steps:
        state = known.get(step.id, "")
        if step not in telling:
            kind = "words"
        elif state in ("reached", "ended"):
            kind = state
        else:
            kind = "ended" if not state and step.stage in ENDS else "work"
        word = say(it.language, f"ladder.stage.{step.stage}")
        title = f"{it.day(step.date)}: {worded(step.what, it.language)}"
        marks.append(Mark(last_day(step.date or ""), word, kind, title))
    below = [Mark(since, it.say("timeline.said"), "said", it.day(since))]
    in_force = [limit.first, *(move.day for move in limit.moves)]
    for index, due in enumerate(in_force):
        if due:
            kind = "deadline" if index == len(in_force) - 1 else "moved"
            word = it.say("timeline.horizon" if limit.horizon else "timeline.deadline", day=due.isoformat())
            below.append(Mark(due, word, kind, it.day(due)))
    on = it.result.day
    below.append(Mark(on, it.say("timeline.day", day=on.isoformat()), "day", it.day(on)))
    read = "; ".join(f"{one_line(mark.title)} ({mark.word})" for mark in marks)
    title = it.say("timeline.title", ladder=worded(ladder.title, it.language), steps=read)
    return draw_timeline(marks, below, title)


def _undated(it: _Page, pledge: Pledge) -> str:
    """The steps that cannot stand on a time axis, in words."""
    ladder = it.ladders.get(pledge.test.ladder) if pledge.test else None
    if ladder is None or pledge.test is None:
        return ""
    steps = [step for step in ladder.steps if step.date is None and step.track == pledge.test.track]
    words = "; ".join(clause(step.what, it.language) for step in steps)
    return it.say("timeline.undated", steps=words) if words else ""


def _readings(it: _Page, pledge: Pledge, finding: Finding) -> tuple[list[Row], list[str]]:
    """The other readings of the same words, side by side; and the caveats without the sentences that say the same."""
    rows: list[Row] = []
    openings: list[str] = []
    for other in pledge.alternatives:
        name = worded(other.name, it.language)
        key = "alternative" if other.test else "alternative_none"
        openings.append(_opening(it, f"pledges.caveat.{key}", name=name))
        if other.test is None:
            rows.append({"name": name, "verdict": None, "because": worded(other.no_series, it.language)})
            continue
        judged = judge_test(other.test, pledge, it.result.strategy, it.country, it.result.day, it.language)
        verdict = _verdict(judged.verdict, it.language)
        rows.append({"name": name, "verdict": verdict, "because": judged.because})
    return rows, [caveat for caveat in finding.caveats if not caveat.startswith(tuple(openings))]


def _opening(it: _Page, key: str, **words: object) -> str:
    """How a sentence begins, up to its first word that is not known: caveats that begin so are shown in a better form."""
    return say(it.language, key, **words).partition("{")[0]


def _coverage(it: _Page, label: str, note: Mapping[str, str] | None) -> str:
    if label == "answered":
        return ""
    return it.say(
        "coverage", label=say(it.language, f"strategies.coverage.{label}"), note=worded(note, it.language)
    )


def _tie(it: _Page, tie: Tie) -> Row:
    statement = tie.statement
    verdicts = {f.extra["pledge"]: f.verdict for f in it.result.pledges}
    return {
        "pledge": tie.pledge,
        "anchor": it.anchors[tie.pledge],
        "verdict": _verdict(verdicts[tie.pledge], it.language),
        "quote": one_line(statement.quote, 400),
        "lang": statement.language,
        "place": it.places.get((statement.source, statement.start, statement.end, statement.kind), ""),
        "actor": one_line(statement.actor, 80),
        "kind": say(it.language, f"dossier.kind.{statement.kind}"),
        "likeness": f"{tie.likeness:.2f}",
        "exact": tie.likeness,
    }


# ── money ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _line(it: _Page, finding: Finding) -> Row:
    name = line_name(it.money, finding.extra["line"], it.language)
    stages, rows = _amounts(it, finding)
    return _verdict(finding.verdict, it.language) | {
        "anchor": f"q-money-{finding.extra['line']}",
        "id": finding.extra["line"],
        "cite": f"careo money {finding.extra['line']}",
        "judged": finding.verdict != "raised",
        "title": name,
        "role": finding.extra["role"],
        "claim": finding.claim.removeprefix(f"{name}: "),
        "because": finding.because,
        "currency": finding.extra["currency"],
        "unverified": finding.extra["verified"] == "memory",
        "stages": stages,
        "table": rows,
        "caveats": finding.caveats,
        "sources": it.cited(source.key for source in finding.sources),
    }


def _unlike(rows: list[Row]) -> list[Row]:
    """The same rows; a line that a strategy names more than once (for other years) has further anchors of its own."""
    seen: Counter[str] = Counter()
    for row in rows:
        seen[row["anchor"]] += 1
        if seen[row["anchor"]] > 1:
            row["anchor"] += f":{seen[row['anchor']]}"
    return rows


def _amounts(it: _Page, finding: Finding) -> tuple[list[str], list[Row]]:
    """Amounts with a column for each stage and a row for each period; an empty cell says why it is empty."""
    line, words = finding.extra["line"], {stage_words(stage, it.language): stage for stage in STAGES}
    used = {words[row["stage"]] for row in finding.table} | {"appropriated", "spent"}
    stages = [stage for stage in STAGES if stage in used]
    memory = say(it.language, "money.verified.memory")
    whole = say(it.language, "money.basis.whole")
    periods = dict.fromkeys(row["period"] for row in finding.table)
    rows: list[Row] = []
    for period in sorted(periods, key=lambda text: ("/" in text, str(parse_period(text).first or ""), text)):
        cells: list[Row] = []
        for stage in stages:
            found = [r for r in finding.table if r["period"] == period and words[r["stage"]] == stage]
            entries = [
                {
                    "amount": row["amount"],
                    "currency": "" if row["currency"] == finding.extra["currency"] else row["currency"],
                    "basis": "" if row["basis"] == whole else row["basis"],
                    "account": row["account"],
                    "note": row["note"],
                    "unverified": row["verified"] == memory,
                    "sources": it.cited(row["source"]),
                }
                for row in found
            ]
            yearly = "/" not in period
            why = reason_words(total(it.money, line, stage, period), it.language) if yearly else ""
            cells.append({"entries": entries, "why": "" if entries else why})
        rows.append({"period": when_words(period, it.language), "cells": cells})
    return [stage_words(stage, it.language) for stage in stages], rows


def _pair(it: _Page, finding: Finding) -> Row:
    return _verdict(finding.verdict, it.language) | {
        "anchor": f"q-money-{finding.extra['line']}:{finding.extra['other']}",
        "cite": f"careo money {finding.extra['line']}",
        "claim": finding.claim,
        "because": finding.because,
        "sources": it.cited(source.key for source in finding.sources),
        "lines": [
            {"anchor": f"q-money-{name}", "name": line_name(it.money, name, it.language)}
            for name in (finding.extra["line"], finding.extra["other"])
        ],
    }


def _share(it: _Page, finding: Finding) -> Row:
    """A promised share under every definition: a row for each definition and stage, a column for each year."""
    years = sorted({row["period"] for row in finding.table})
    memory = say(it.language, "money.verified.memory")
    groups: list[Row] = []
    for name in dict.fromkeys(row["definition"] for row in finding.table):
        own = [row for row in finding.table if row["definition"] == name]
        stages: list[Row] = []
        for stage in dict.fromkeys(row["stage"] for row in own):
            by_year = {row["period"]: row for row in own if row["stage"] == stage}
            cells = [_share_cell(it, by_year.get(year), memory) for year in years]
            whys: dict[str, list[str]] = {}
            for year, row in sorted(by_year.items()):
                if row["why"]:
                    whys.setdefault(row["why"], []).append(year)
            stages.append(
                {
                    "stage": stage,
                    "cells": cells,
                    "whys": [{"years": ", ".join(y), "why": why} for why, y in whys.items()],
                    "sources": it.cited(" ".join(row["source"] for row in by_year.values())),
                }
            )
        groups.append({"id": name, "name": own[0]["name"], "meaning": own[0]["meaning"], "stages": stages})
    meanings = {f"{group['name']}: {group['meaning']}" for group in groups}
    pledges = finding.extra["pledge"].split()
    return _verdict(finding.verdict, it.language) | {
        "anchor": f"q-share-{finding.extra['purpose']}",
        "cite": f"careo money {it.result.strategy.slug} --share {finding.extra['purpose']}",
        "claim": finding.claim,
        "because": finding.because,
        "years": years,
        "groups": groups,
        "pledges": [{"id": p, "anchor": it.anchors[p]} for p in pledges if p in it.anchors],
        "caveats": [caveat for caveat in finding.caveats if caveat not in meanings],
        "sources": it.cited(source.key for source in finding.sources),
    }


def _share_cell(it: _Page, row: Mapping[str, str] | None, memory: str) -> Row:
    if row is None:
        return {"text": "–", "told": False, "unverified": False}
    told = not row["why"]
    return {
        "text": row["share"] if told else it.say("untold"),
        "told": told,
        "unverified": row["verified"] == memory,
    }


# ── delivery ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _measure(it: _Page, finding: Finding) -> Row:
    measure = next(m for m in it.result.strategy.measures if m.id == finding.extra["measure"])
    language = it.language
    lever = it.levers[measure.lever]
    own = tuple(_opening(it, f"strategies.measure.{key}") for key in ("turned", "not_simulated", "how"))
    return {
        "anchor": it.anchors[measure.id],
        "id": measure.id,
        "cite": f"careo cite {finding.id}",
        "name": finding.claim,
        "lever": worded(lever.name, language),
        "lever_id": lever.id,
        "code": lever.code,
        "turned": worded(measure.direction_note, language) if measure.direction == -1 else "",
        "not_simulated": worded(measure.not_simulated, language),
        "because": finding.because,
        "dose": finding.extra["dose"],
        "how": worded(measure.dose.how, language) if measure.dose else "",
        "grade": finding.grade,
        "schedule": [
            {"date": it.day(step.start), "value": number(step.value)}
            for step in (measure.dose.schedule if measure.dose else ())
            if first_day(step.start) <= it.result.day
        ],
        "unit": worded(lever.dose_unit.name, language),
        "facts": list(_measure_facts(it, measure, finding)),
        "cost": _cost(it, measure, finding),
        "table": [
            {
                "date": it.day(row["date"]),
                "amount": row["amount"],
                "note": row["note"],
                "seen": it.seen(row["verified"]) if row["verified"] else None,
                "sources": it.cited(row["sources"]),
            }
            for row in finding.table
        ],
        "unverified": finding.extra["verified"] == "memory",
        "caveats": [caveat for caveat in finding.caveats if not caveat.startswith(own)],
        "coverage": _coverage(it, measure.coverage, measure.coverage_note),
        "sources": it.cited(source.key for source in finding.sources),
    }


def _measure_facts(it: _Page, measure: Measure, finding: Finding) -> Iterator[tuple[str, str]]:
    yield it.say("fact.where"), finding.extra["where"]
    if measure.start or measure.end:
        start, end = (it.day(day) if day else it.say("open") for day in (measure.start, measure.end))
        yield it.say("fact.time"), f"{start} – {end}"
    else:
        yield it.say("fact.time"), it.say("unknown_time")


def _cost(it: _Page, measure: Measure, finding: Finding) -> Row:
    """What it costs in words, or the line of money that says so."""
    line = measure.cost.money if measure.cost else ""
    if not line:
        return {"words": finding.extra["cost"], "anchor": ""}
    here = any(f.extra.get("line") == line and "other" not in f.extra for f in it.result.money)
    words = line_name(it.money, line, it.language)
    if measure.cost and measure.cost.stage:
        words = f"{words} ({stage_words(measure.cost.stage, it.language)})"
    return {"words": words, "anchor": f"q-money-{line}" if here else "", "command": finding.extra["cost"]}


# ── rights and outcomes ──────────────────────────────────────────────────────────────────────────────────────────


def _right(it: _Page, finding: Finding) -> Row:
    return _series(it, finding) | {
        "anchor": it.anchors[finding.extra["constraint"]],
        "id": finding.extra["constraint"],
        "cite": f"careo cite {finding.id}",
    }


def _outcome(it: _Page, finding: Finding) -> Row:
    return _series(it, finding) | {
        "anchor": f"q-outcome-{finding.extra['indicator']}",
        "id": finding.extra["indicator"],
        "cite": f"careo cite {finding.extra['indicator']}",
    }


def _series(it: _Page, finding: Finding) -> Row:
    """What a series says of the strategy's time: its definition, its values, and a chart with that time shaded."""
    period = it.result.strategy.period
    start = first_day(period.start)
    end = min(last_day(period.end), it.result.day) if period.end else it.result.day
    chart = series_chart(
        finding, it.country, it.language, span=(start, end), spanned=it.say("spanned"), on=it.result.day
    )
    item = it.country.indicators.get(finding.extra["indicator"])
    return _verdict(finding.verdict, it.language) | {
        "title": finding.claim,
        "indicator": finding.extra["indicator"] if finding.considered else "",
        "definition": item.definition.get(it.language, "") if item else "",
        "because": finding.because,
        "chart": chart.svg if chart else "",
        "table": [
            {
                "period": it.day(row.period),
                "value": value_words(row.value, row.unit, it.language),
                "exact": repr(row.value),
                "vintage": row.vintage,
                "seen": it.seen(row.verified),
                "sources": it.cited([row.source]),
            }
            for row in finding.considered
        ],
        "caveats": finding.caveats,
        "sources": it.cited(source.key for source in finding.sources),
    }


def _cleaned(data: Any) -> Any:
    """The same rows without what would turn the direction of writing around, or act in a terminal."""
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, Mapping):
        return {key: _cleaned(value) for key, value in data.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(data, (list, tuple)):
        return [_cleaned(value) for value in data]  # pyright: ignore[reportUnknownVariableType]
    return data
