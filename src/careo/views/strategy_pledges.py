"""The pledges of a strategy as rows of its page: verdict, deadlines, the ladder on a line, other readings, what was tied to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from careo.base.fields import last_day, worded
from careo.base.texts import say
from careo.record.ladder import ENDS, WORDS_ONLY, deadlines_on, steps_on
from careo.record.strategy import Pledge
from careo.results.finding import PLEDGE_VERDICTS, Finding
from careo.results.pledge_record import Limit, limit_on, said_on
from careo.results.pledges import clause, judge_test
from careo.results.tying import Tie
from careo.views.i18n import one_line
from careo.views.parts import Row
from careo.views.strategy_view import View, coverage_words, opening, verdict_row
from careo.views.timeline import Mark, draw_timeline

_STATES = ("reached", "short", "ended", "work")


def pledge_groups(it: View) -> list[Row]:
    """The pledges by chapter of the plan, in the plan's order; those of none come last."""
    strategy = it.result.strategy
    ties: dict[str, list[Row]] = {}
    for tie in it.result.ties:
        ties.setdefault(tie.pledge, []).append(tie_row(it, tie))
    groups: list[Row] = []
    for index, name in enumerate((*strategy.components, ""), 1):
        found = [f for f in it.result.pledges if f.extra["component"] == name]
        if found:
            title = worded(strategy.components.get(name), it.language) or it.say(
                "no_component" if strategy.components else "all_pledges"
            )
            rows = [pledge_row(it, f, ties.get(f.extra["pledge"], [])) for f in found]
            tally = Counter(f.verdict for f in found)
            counts = [verdict_row(v, it.language) | {"count": tally[v]} for v in PLEDGE_VERDICTS if tally[v]]
            groups.append({"anchor": f"q-part-{index}", "name": title, "pledges": rows, "counts": counts})
    return groups


def pledge_row(it: View, finding: Finding, ties: Sequence[Row]) -> Row:
    """A pledge with its verdict and all that it rests on."""
    strategy, language = it.result.strategy, it.language
    pledge = strategy.pledge(finding.extra["pledge"])
    assert pledge is not None  # noqa: S101 - findings are made from the strategy's pledges
    limit = limit_on(pledge, strategy, it.result.day, it.country.key)
    others, caveats = _readings(it, pledge, finding)
    return verdict_row(finding.verdict, language) | {
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
        "coverage": coverage_words(it, pledge.coverage, pledge.coverage_note),
        "ties": ties,
    }


def _pledge_facts(it: View, pledge: Pledge, limit: Limit) -> Iterator[tuple[str, str]]:
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


def _deadlines(it: View, pledge: Pledge, limit: Limit) -> Iterator[str]:
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


def _timeline(it: View, pledge: Pledge, finding: Finding, limit: Limit) -> str:
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


def _undated(it: View, pledge: Pledge) -> str:
    """The steps that cannot stand on a time axis, in words."""
    ladder = it.ladders.get(pledge.test.ladder) if pledge.test else None
    if ladder is None or pledge.test is None:
        return ""
    steps = [step for step in ladder.steps if step.date is None and step.track == pledge.test.track]
    words = "; ".join(clause(step.what, it.language) for step in steps)
    return it.say("timeline.undated", steps=words) if words else ""


def _readings(it: View, pledge: Pledge, finding: Finding) -> tuple[list[Row], list[str]]:
    """The other readings of the same words, side by side; and the caveats without the sentences that say the same."""
    rows: list[Row] = []
    openings: list[str] = []
    for other in pledge.alternatives:
        name = worded(other.name, it.language)
        key = "alternative" if other.test else "alternative_none"
        openings.append(opening(it, f"pledges.caveat.{key}", name=name))
        if other.test is None:
            rows.append({"name": name, "verdict": None, "because": worded(other.no_series, it.language)})
            continue
        judged = judge_test(other.test, pledge, it.result.strategy, it.country, it.result.day, it.language)
        verdict = verdict_row(judged.verdict, it.language)
        rows.append({"name": name, "verdict": verdict, "because": judged.because})
    return rows, [caveat for caveat in finding.caveats if not caveat.startswith(tuple(openings))]


def tie_row(it: View, tie: Tie) -> Row:
    """A statement of a page that was tied to a pledge."""
    statement = tie.statement
    verdicts = {f.extra["pledge"]: f.verdict for f in it.result.pledges}
    return {
        "pledge": tie.pledge,
        "anchor": it.anchors[tie.pledge],
        "verdict": verdict_row(verdicts[tie.pledge], it.language),
        "quote": one_line(statement.quote, 400),
        "lang": statement.language,
        "place": it.places.get((statement.source, statement.start, statement.end, statement.kind), ""),
        "actor": one_line(statement.actor, 80),
        "kind": say(it.language, f"dossier.kind.{statement.kind}"),
        "likeness": f"{tie.likeness:.2f}",
        "exact": tie.likeness,
    }
