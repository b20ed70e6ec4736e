"""Money by stage, and one matter from speech to deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from careo.base.fields import worded
from careo.base.texts import say
from careo.record.money import STAGES, Money, load_money, money_of, total, years_told
from careo.record.strategy import Strategy, load_strategy, strategies
from careo.results.finding import Finding
from careo.results.money_words import exact, line_name, reason_words, stage_words
from careo.views import parts
from careo.views.i18n import verdict_slug, verdict_words
from careo.views.money_chart import stages_chart
from careo.views.money_verb import money_data, money_told
from careo.views.terminal import ICONS
from careo.views.web.page import Asking, Page, Table, page, shipped


@page("/money", part="strategies")
def all_money(asking: Asking) -> Page:
    """Every line of money of the country's record."""
    language, country = asking.language, asking.record.key
    told = money_told("", country, language)
    lines = [
        line
        | {
            "purpose_words": say(language, f"money.purpose.{line['purpose']}"),
            "span": _spans([int(year) for year in line["years"]]),
        }
        for line in told[1]["lines"]
    ]
    columns = ("line", "name", "purpose", "currency", "rows")
    return Page(
        template="money_lines.html",
        title=say(language, "web_strategies.money.title"),
        data=money_data(told),
        rows={"lines": lines},
        command=("money",),
        python=f"import careo\n\nprint(*careo.load_money({country!r}).lines)",
        tables={"lines": Table(columns, [[line[name] for name in columns] for line in lines])},
    )


def _spans(years: list[int]) -> str:
    """Years as stretches: 2008–2010, 2012."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and runs[-1][-1] == year - 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


@page("/money/{name}", part="strategies")
def money(asking: Asking, name: str) -> Page:
    """What was announced, voted and paid on one line, or on every line of a strategy."""
    language, country = asking.language, asking.record.key
    known: Mapping[str, Strategy | str] = {
        **{line: line for line in load_money(country).lines},
        **{slug: slug for slug in strategies(country)},
    }
    wanted = str(shipped(name, known, "money_unknown"))
    strategy = load_strategy(wanted, country) if wanted in strategies(country) else None
    told = money_told(strategy or wanted, country, language)
    purse = money_of(strategy, country) if strategy else load_money(country)
    found = [finding for finding in told[0] if "line" in finding.extra and "other" not in finding.extra]
    rows = [_line(finding, purse, language) for finding in found]
    pairs = [_judged(f, language) | {"because": f.because} for f in told[0] if f not in found]
    sources = [source for finding in told[0] for source in finding.sources]
    cells = [
        [t["line"], t["stage"], t["period"], t["currency"], t["amount"], t["reason"]]
        for t in told[1]["totals"]
    ]
    return Page(
        template="money.html",
        title=worded(strategy.title, language) if strategy else line_name(purse, wanted, language),
        data=money_data(told),
        rows={
            "lines": rows,
            "pairs": pairs,
            "slug": wanted if strategy else "",
            "what": "" if strategy else told[1]["lines"][0]["what"],
            "sources": parts.source_rows(sources, language),
        },
        command=("money", wanted),
        python=_python(wanted, country, strategy is not None),
        pictures={row["id"]: row["chart"] for row in rows if row["chart"]},
        tables={"totals": Table(("line", "stage", "period", "currency", "amount", "reason"), cells)},
        cites=(wanted,),
    )


def _line(finding: Finding, purse: Money, language: str) -> dict[str, Any]:
    line = finding.extra["line"]
    stages = [stage for stage in STAGES if years_told(purse, line, stage)]
    years = sorted({year for stage in stages for year in years_told(purse, line, stage)})
    name = line_name(purse, line, language)
    return _judged(finding, language) | {
        "id": line,
        "name": name,
        "role": finding.extra.get("role", ""),
        "claim": finding.claim.removeprefix(f"{name}: "),
        "because": finding.because,
        "judged": finding.verdict != "raised",
        "currency": purse.lines[line].currency,
        "chart": stages_chart(purse, line, language),
        "stages": [stage_words(stage, language) for stage in stages],
        "years": [
            {"year": year, "cells": [_cell(purse, line, stage, year, language) for stage in stages]}
            for year in years
        ],
        "reports": [
            {key: row[key] for key in ("period", "stage", "amount", "currency", "basis", "account", "note")}
            | {
                "sources": [{"key": key, "listed": True} for key in row["source"].replace(",", " ").split()],
                "unverified": row["verified"] == say(language, "money.verified.memory"),
            }
            for row in finding.table
        ],
        "caveats": finding.caveats,
    }


def _cell(purse: Money, line: str, stage: str, year: str, language: str) -> dict[str, str]:
    told = total(purse, line, stage, year)
    if told.amount is None:
        return {"amount": "", "why": reason_words(told, language), "stage": stage_words(stage, language)}
    return {"amount": exact(told.amount), "why": "", "stage": stage_words(stage, language)}


def _judged(finding: Finding, language: str) -> dict[str, Any]:
    slug = verdict_slug(finding.verdict)
    verdict = {"slug": slug, "icon": ICONS.get(slug, "•"), "name": verdict_words(finding.verdict, language)}
    return {"verdict": verdict, "claim": finding.claim}


def _python(name: str, country: str, strategy: bool) -> str:
    if strategy:
        return f"import careo\n\nprint(*careo.load_strategy({name!r}, {country!r}).budget, sep='\\n')"
    return f"import careo\n\nmoney = careo.load_money({country!r})\nprint(*(flow for flow in money.flows if flow.line == {name!r}), sep='\\n')"
