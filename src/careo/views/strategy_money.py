"""The money of a strategy as rows of its page: lines by stage and period, lines beside each other, promised shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from careo.base.dates import parse_period
from careo.base.texts import say
from careo.record.money import STAGES, total
from careo.results.finding import Finding
from careo.results.money_words import line_name, reason_words, stage_words, when_words
from careo.views.parts import Row
from careo.views.strategy_view import View, verdict_row


def line_row(it: View, finding: Finding) -> Row:
    """A line of money with a table of its amounts."""
    name = line_name(it.money, finding.extra["line"], it.language)
    stages, rows = _amounts(it, finding)
    return verdict_row(finding.verdict, it.language) | {
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


def unlike(rows: list[Row]) -> list[Row]:
    """The same rows; a line that a strategy names more than once (for other years) has further anchors of its own."""
    seen: Counter[str] = Counter()
    for row in rows:
        seen[row["anchor"]] += 1
        if seen[row["anchor"]] > 1:
            row["anchor"] += f":{seen[row['anchor']]}"
    return rows


def _amounts(it: View, finding: Finding) -> tuple[list[str], list[Row]]:
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


def pair_row(it: View, finding: Finding) -> Row:
    """Two lines of money beside each other."""
    return verdict_row(finding.verdict, it.language) | {
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


def share_row(it: View, finding: Finding) -> Row:
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
    return verdict_row(finding.verdict, it.language) | {
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


def _share_cell(it: View, row: Mapping[str, str] | None, memory: str) -> Row:
    if row is None:
        return {"text": "–", "told": False, "unverified": False}
    told = not row["why"]
    return {
        "text": row["share"] if told else it.say("untold"),
        "told": told,
        "unverified": row["verified"] == memory,
    }
