"""The page of a strategy's dossier: its words, money, delivery, rights and outcomes, each with what it rests on.

Everything shown is in the findings (and so in `findings.json`) or in the strategy's own file; here it is only put in order and
formatted. An anchor of a pledge, measure or right is its id, so that a link to one stays good; whatever else has an
anchor begins with one of `_OWN` (`strategy_view`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from careo.base.fields import first_day, last_day, worded
from careo.base.texts import say
from careo.panel import Country
from careo.record.strategy import Measure
from careo.results.finding import PLEDGE_VERDICTS, Finding
from careo.results.money_words import line_name, stage_words
from careo.results.skill_record import skill_sentences
from careo.results.strategy_audit import StrategyAudit
from careo.results.wording import number, value_words
from careo.views import parts
from careo.views.charts import series_chart
from careo.views.i18n import cleaned, verdict_slug
from careo.views.imprint import imprint_of
from careo.views.parts import Row
from careo.views.strategy_money import line_row, pair_row, share_row, unlike
from careo.views.strategy_pledges import pledge_groups, pledge_row, tie_row
from careo.views.strategy_view import View, coverage_words, opening, verdict_row


def page(result: StrategyAudit, country: Country, language: str) -> str:
    """The page as HTML text: one file, no network, the same bytes for the same input."""
    rows = page_rows(result, country, language)
    style = imprint_of(result, language).style(language, rows["title"])
    return parts.render("strategy.html", language, imprint=style, **rows)


def page_rows(result: StrategyAudit, country: Country, language: str) -> Row:
    """What the templates of a strategy show, by the names that they know; nothing in it turns the direction of writing."""
    it = View(result, country, language)
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
        "groups": pledge_groups(it),
        "lines": unlike(
            [line_row(it, f) for f in result.money if "line" in f.extra and "other" not in f.extra]
        ),
        "pairs": [pair_row(it, f) for f in result.money if "other" in f.extra],
        "shares": [share_row(it, f) for f in result.money if "line" not in f.extra],
        "measures": [_measure(it, f) for f in result.measures],
        "watched": [watched_row(f) for f in result.watched],
        "rights": [_right(it, f) for f in result.constraints],
        "outcomes": [_outcome(it, f) for f in result.outcomes],
        "skill": skill_sentences(country.key, language),
        "ties": [tie_row(it, tie) for tie in result.ties],
        "with_pages": result.pages is not None,
        "slug": strategy.slug,
        **read,
        "definitions": parts.definition_rows(shown, country, language),
        "sources": parts.source_rows(it.listed.values(), language),
    }
    rows["questions"] = list(_questions(it, rows))
    return cleaned(rows)


def pledge_rows(result: StrategyAudit, pledge: str, country: Country, language: str) -> Row:
    """One pledge as `page_rows` has it, under `p`; under `cited` the sources it rests on."""
    it = View(result, country, language)
    found = next(finding for finding in result.pledges if finding.extra["pledge"] == pledge)
    told = pledge_row(it, found, ())
    cited = [*told["sources"], *(span["source"] for span in told["quoted"])]
    cited += [row for step in told["table"] for row in step["sources"]]
    sources = [it.listed[row["key"]] for row in cited if row["listed"]]
    return cleaned({"p": told}) | {"cited": sources}


# ── the head ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _head(it: View) -> Iterator[tuple[str, str]]:
    strategy = it.result.strategy
    end = it.day(strategy.period.end) if strategy.period.end else it.say("open")
    yield it.say("actor"), worded(strategy.actor, it.language)
    yield it.say("period"), f"{it.day(strategy.period.start)} – {end}"
    if strategy.announced:
        yield it.say("announced"), it.day(strategy.announced)
    yield it.say("day"), it.day(it.result.day)
    yield it.say("compiled"), it.day(strategy.compiled)


def _counts(it: View) -> list[Row]:
    """The verdicts that occur, how often, what they mean and on which pledges."""
    counts = Counter(finding.verdict for finding in it.result.pledges)
    return [
        verdict_row(verdict, it.language)
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


def _questions(it: View, rows: Row) -> Iterator[Row]:
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


# ── delivery ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _measure(it: View, finding: Finding) -> Row:
    measure = next(m for m in it.result.strategy.measures if m.id == finding.extra["measure"])
    language = it.language
    lever = it.levers[measure.lever]
    own = tuple(opening(it, f"strategies.measure.{key}") for key in ("turned", "not_simulated", "how"))
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
        "coverage": coverage_words(it, measure.coverage, measure.coverage_note),
        "sources": it.cited(source.key for source in finding.sources),
    }


def watched_row(finding: Finding) -> Row:
    """A figure of how purchases are published."""
    return {
        "id": finding.extra["figure"],
        "claim": finding.claim,
        "because": finding.because.removeprefix(f"{finding.claim}: "),
        "definition": finding.extra["definition"],
        "columns": list(finding.table[0]) if finding.table else [],
        "table": [list(row.values()) for row in finding.table],
        "caveats": list(finding.caveats),
    }


def _measure_facts(it: View, measure: Measure, finding: Finding) -> Iterator[tuple[str, str]]:
    yield it.say("fact.where"), finding.extra["where"]
    if measure.start or measure.end:
        start, end = (it.day(day) if day else it.say("open") for day in (measure.start, measure.end))
        yield it.say("fact.time"), f"{start} – {end}"
    else:
        yield it.say("fact.time"), it.say("unknown_time")


def _cost(it: View, measure: Measure, finding: Finding) -> Row:
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


def _right(it: View, finding: Finding) -> Row:
    return _series(it, finding) | {
        "anchor": it.anchors[finding.extra["constraint"]],
        "id": finding.extra["constraint"],
        "cite": f"careo cite {finding.id}",
    }


def _outcome(it: View, finding: Finding) -> Row:
    return _series(it, finding) | {
        "anchor": f"q-outcome-{finding.extra['indicator']}",
        "id": finding.extra["indicator"],
        "cite": f"careo cite {finding.extra['indicator']}",
    }


def _series(it: View, finding: Finding) -> Row:
    """What a series says of the strategy's time: its definition, its values, and a chart with that time shaded."""
    period = it.result.strategy.period
    start = first_day(period.start)
    end = min(last_day(period.end), it.result.day) if period.end else it.result.day
    chart = series_chart(
        finding, it.country, it.language, span=(start, end), spanned=it.say("spanned"), on=it.result.day
    )
    item = it.country.indicators.get(finding.extra["indicator"])
    return verdict_row(finding.verdict, it.language) | {
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
