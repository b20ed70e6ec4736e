"""`careo money`: a line, a strategy's lines, every definition of a share, and what moving money would change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from careo.base.dates import parse_period
from careo.base.errors import CareoError
from careo.base.fields import first_day, last_day, worded
from careo.base.files import is_file
from careo.base.texts import LANGUAGES, say
from careo.record.money import (
    COUNTED,
    PURPOSES,
    STAGES,
    Flow,
    Money,
    MoneyLine,
    Total,
    constant_prices,
    convert,
    flows_of,
    load_money,
    money_of,
    total,
    unknown_line,
    weakest,
    years_told,
)
from careo.record.money_moves import read_move
from careo.record.strategy import Strategy, load_strategy, strategies
from careo.results.budgets import Budgeted, line_findings, strategy_findings
from careo.results.finding import Finding
from careo.results.money_shares import reallocation_finding, share_finding
from careo.results.money_words import exact, share_words, stage_words, years_words
from careo.views import contract
from careo.views.cli import Asked
from careo.views.i18n import verdict_slug, verdict_words
from careo.views.terminal import Screen
from careo.views.verbs import strict_code

Told = tuple[Sequence[Finding], Mapping[str, Any]]
"""Findings about money, and the blocks of the JSON contract beside them."""

ALL = Budgeted("")
_SOURCE_WIDTH = 16  # what a column of source keys needs at least


def money_verb(
    asked: Asked,
    *,
    name: str | None,
    stage: str,
    period: str,
    currency: str,
    prices: str,
    share: str,
    reallocate: Sequence[str],
) -> int:
    """`careo money [LINE|STRATEGY]`: what was announced, voted and paid; shares; moves.

    Raises:
        CareoError: an unknown name, or an option that makes no sense.
    """
    looked = Budgeted(
        "",
        _period(period),
        _choice("--stage", _stage(stage), STAGES),
        currency=_currency(currency),
        prices=_year(prices),
    )
    purpose = _choice("--share", share, PURPOSES)
    money = load_money(asked.country)
    strategy = _strategy(asked, name, money)
    if strategy:
        money = money_of(strategy, asked.country)
    line = name if name and not strategy else ""
    screen = Screen(asked.out)
    told: Told = ((), {})
    if reallocate:
        found = (_reallocation(asked, money, looked, purpose or "prevention", reallocate),)
    elif purpose:
        found = (_share(asked, money, looked, purpose, strategy, line),)
    else:
        told = money_told(strategy or line, asked.country, asked.language, looked)
        found = told[0]
    if asked.json:
        screen.write(contract.to_json(money_data((found, told[1]))))
    elif found:
        _show(screen, money, found, looked, asked.language)
    else:
        _show_lines(screen, money, asked.language)
    screen.close()
    return strict_code(asked, found)


def money_told(name: Strategy | str, country: str, language: str, looked: Budgeted = ALL) -> Told:
    """The findings about a line of money or a strategy's lines, and the JSON block beside them; without a name, every line.

    Args:
        name: a line's id, a strategy, or "". looked: what of it is looked at; all of it by default.
    """
    if isinstance(name, Strategy):
        money = money_of(name, country)
        lines = [one.line for one in name.budget if one.line in money.lines]
        found = strategy_findings(name, country, asked=looked, language=language)
        return found, _lines_data(money, lines, looked, language)
    money = load_money(country)
    if not name:
        return (), {"lines": [_line_data(money, one, language) for one in money.lines.values()]}
    asked = replace(looked, line=name)
    found = line_findings(money, asked, country=country, language=language)
    return found, _lines_data(money, [name], looked, language)


def money_data(told: Told) -> dict[str, Any]:
    """Findings about money as the JSON contract has them."""
    found, block = told
    return contract.envelope("money", [contract.finding_data(finding, {}) for finding in found], **block)


# ── what was asked ───────────────────────────────────────────────────────────────────────────────────────────────


def _strategy(asked: Asked, name: str | None, money: Money) -> Strategy | None:
    """The strategy of that name; None where the name is a line, or none was given."""
    if not name or name in money.lines:
        return None
    if name in strategies(asked.country) or is_file(name):
        return load_strategy(name, asked.country)
    raise unknown_line(name, (*money.lines, *strategies(asked.country)))


def _share(
    asked: Asked, money: Money, looked: Budgeted, purpose: str, strategy: Strategy | None, line: str
) -> Finding:
    period = looked.period
    if strategy and not period:
        end = last_day(strategy.period.end).isoformat() if strategy.period.end else ".."
        period = f"{first_day(strategy.period.start).isoformat()}/{end}"
    return share_finding(
        money, purpose, strategy=strategy.slug if strategy else "", line=line, stage=looked.stage, period=period,
        country=asked.country, language=asked.language,
    )  # fmt: skip


def _reallocation(
    asked: Asked, money: Money, looked: Budgeted, purpose: str, texts: Sequence[str]
) -> Finding:
    moves = [read_move(text) for text in texts]
    first = money.lines.get(moves[0].source)
    return reallocation_finding(
        money, moves, looked.stage, looked.period, purpose=purpose,
        currency=looked.currency or (first.currency if first else ""), country=asked.country, language=asked.language,
    )  # fmt: skip


def _stage(given: str) -> str:
    """A stage by its name, or by the word that the screen has for it."""
    shown = {stage_words(stage, lang).lower(): stage for lang in LANGUAGES for stage in STAGES}
    return shown.get(given.lower(), given)


def _choice(option: str, given: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    if given and given not in known:
        guess = get_close_matches(given.lower(), known, n=1)
        raise CareoError(
            "usage_value", option=option, expected=" | ".join(known), found=repr(given[:60]),
            fix="did_you_mean" if guess else "", guess=guess[0] if guess else "",
        )  # fmt: skip
    return given


def _period(given: str) -> str:
    try:
        period = parse_period(given) if given else None
    except ValueError:
        period = None
    if given and (period is None or period.first is None or period.last is None):
        raise CareoError(
            "usage_value", option="--period", expected="2019 | 2019/2023", found=repr(given[:60])
        )
    return str(period) if period else ""


def _currency(given: str) -> str:
    if given and not re.fullmatch(r"[A-Za-z]{3}", given):
        raise CareoError("usage_value", option="--currency", expected="MXN | USD", found=repr(given[:60]))
    return given.upper()


def _year(given: str) -> int:
    if given and not re.fullmatch(r"[12][0-9]{3}", given):
        raise CareoError("usage_value", option="--prices", expected="2018", found=repr(given[:60]))
    return int(given or 0)


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _lines_data(money: Money, lines: Sequence[str], looked: Budgeted, language: str) -> dict[str, Any]:
    return {
        "lines": [_line_data(money, money.lines[line], language) for line in lines],
        "flows": [
            _flow_data(flow, language) | _turned(money, flow, looked)
            for line in lines
            for flow in flows_of(money, line, looked.stage, looked.period)
        ],
        "totals": [_total_data(t) for line in lines for t in _totals(money, line, looked)],
    }


def _totals(money: Money, line: str, looked: Budgeted) -> list[Total]:
    """Every stage of every year that has a row."""
    span = parse_period(looked.period or "undated")
    return [
        total(money, line, stage, year)
        for stage in STAGES
        if looked.stage in ("", stage)
        for year in years_told(money, line, stage)
        if span.overlaps(parse_period(year))
    ]


def _line_data(money: Money, line: MoneyLine, language: str) -> dict[str, Any]:
    flows = flows_of(money, line.id)
    return {
        "line": line.id,
        "name": worded(line.name, language),
        "what": worded(line.what, language).strip(),
        "purpose": line.purpose,
        "currency": line.currency,
        "exists": line.exists,
        "inside": dict(line.inside),
        "not_comparable_with": {
            key: worded(why, language).strip() for key, why in line.not_comparable_with.items()
        },
        "earmark": worded(line.earmark.reason, language) if line.earmark else None,
        "stages": [stage for stage in STAGES if any(flow.stage == stage for flow in flows)],
        "years": _told_years(money, line),
        "rows": len(flows),
    }


def _flow_data(flow: Flow, language: str) -> dict[str, Any]:
    return {
        "line": flow.line, "stage": flow.stage, "amount": _number(flow.amount), "low": _number(flow.low),
        "hedge": flow.hedge, "currency": flow.currency, "period": flow.period, "as_of": flow.as_of, "basis": flow.basis,
        "account": flow.account, "part_of": flow.part_of, "sources": list(flow.sources), "verified": flow.verified,
        "note": worded(flow.note, language),
    }  # fmt: skip


def _turned(money: Money, flow: Flow, looked: Budgeted) -> dict[str, Any]:
    """A row in the other currency and at the other prices that were asked for, each with what made it; null where nothing can."""
    row: dict[str, Any] = {}
    if looked.currency:
        made = convert(money, flow.amount or Decimal(0), flow.currency, looked.currency, flow.period)
        row["converted"] = None if made is None or flow.amount is None else {
            "amount": _number(made.amount), "currency": made.currency, "rate": float(made.rate.rate),
            "pair": f"{made.rate.quoted}/{made.rate.base}", "period": made.rate.period, "basis": made.rate.basis,
            "verified": weakest((flow.verified, made.rate.verified)), "sources": list(made.rate.sources),
        }  # fmt: skip
    if looked.prices:
        constant = constant_prices(
            money, flow.amount or Decimal(0), flow.currency, flow.period, looked.prices
        )
        row["constant"] = None if constant is None or flow.amount is None else {
            "amount": _number(constant.amount), "year": looked.prices, "index": float(constant.given.index),
            "index_of_year": float(constant.wanted.index), "sources": list(constant.given.sources),
        }  # fmt: skip
    return row


def _total_data(told: Total) -> dict[str, Any]:
    return {
        "line": told.line, "stage": told.stage, "period": told.period, "currency": told.currency,
        "amount": _number(told.amount), "reason": told.reason, "verified": told.verified, "sources": list(told.sources),
    }  # fmt: skip


def _number(amount: Decimal | None) -> int | float | None:
    if amount is None:
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _told_years(money: Money, line: MoneyLine) -> list[str]:
    return sorted({year for stage in STAGES for year in years_told(money, line.id, stage)})


# ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _show_lines(screen: Screen, money: Money, language: str) -> None:
    if not money.lines:
        screen.line(_view("none", language))
        return
    heads = [_view(key, language) for key in ("line", "name", "purpose", "currency", "years")]
    rows = [
        [
            line.id,
            worded(line.name, language),
            say(language, f"money.purpose.{line.purpose}"),
            line.currency,
            years_words(_told_years(money, line), language) or "–",
        ]
        for line in money.lines.values()
    ]
    screen.table(heads, rows, whole=(0, 3))
    screen.line()
    screen.line(_view("classified", language), style="dim")


def _show(screen: Screen, money: Money, findings: Sequence[Finding], looked: Budgeted, language: str) -> None:
    for finding in findings:
        screen.verdict(verdict_slug(finding.verdict), verdict_words(finding.verdict, language), finding.claim)
        if finding.extra.get("role"):
            screen.line(_view("role", language).format(role=finding.extra["role"]), indent=2)
        screen.line(finding.because, indent=2)
        screen.line()
        if "other" in finding.extra:
            pass  # its amounts stand in the sentence; every row is in the JSON
        elif "line" in finding.extra:
            _show_amounts(screen, money, finding, looked, language)
        elif finding.table and "definition" in finding.table[0]:
            _show_shares(screen, finding, language)
        else:
            _table(screen, finding.table, language, right=("before", "after", "change"))
        for caveat in finding.caveats:
            screen.line(f"· {caveat}", indent=2, style="dim")
        if finding.sources:
            keys = ", ".join(source.key for source in finding.sources)
            screen.line(say(language, "money.view.sources", sources=keys), indent=2, style="dim")
        screen.line()


def _show_amounts(screen: Screen, money: Money, finding: Finding, looked: Budgeted, language: str) -> None:
    """Years by stage, and below what else is reported; or, in another currency or at other prices, row by row."""
    line = money.lines[finding.extra["line"]]
    if looked.currency not in ("", line.currency) or looked.prices:
        keys = ["period", "stage", "basis", "amount", "currency"]
        keys += ["converted"] * bool(looked.currency) + ["constant"] * bool(looked.prices)
        _table(
            screen, [{key: row[key] for key in keys} for row in finding.table], language,
            right=("amount", "converted", "constant"), currency=looked.currency, year=looked.prices,
        )  # fmt: skip
        screen.line()
        made = {(row["period"], row.get(key, "")): None for key in ("rate", "index") for row in finding.table}
        for period, how in made:
            if how:
                screen.line(f"– {period}: {how}", indent=2)
        return
    narrowed = Budgeted(line.id, finding.extra.get("period", ""), looked.stage)
    cells = {(t.period, t.stage): t for t in _totals(money, line.id, narrowed)}
    stages = [stage for stage in STAGES if any(key[1] == stage for key in cells)]
    same = "accrued" in stages and all(
        t.amount == _amount(cells.get((year, "spent")))
        for (year, stage), t in cells.items()
        if stage == "accrued"
    )
    if same and "spent" in stages:
        stages.remove("accrued")  # room for the others; the JSON has it
    ratio = {"appropriated", "spent"} <= set(stages)
    heads = [_view("period", language), *(stage_words(stage, language) for stage in stages)]
    heads += [_view("paid_of_voted", language)] * ratio + [_view("source", language)]
    years = sorted({period for period, _ in cells})
    for millions in (False, True):  # an amount is never cut: where it does not fit, it is shown in millions
        rows = [_year_row(cells, year, stages, ratio, millions, language) for year in years]
        widths = [max(len(row[column]) for row in (heads, *rows)) + 2 for column in range(len(heads) - 1)]
        if sum(widths) + _SOURCE_WIDTH <= screen.width:
            break
    if rows:
        if millions:
            screen.line(_view("millions", language).format(currency=line.currency), indent=2)
        screen.table(heads, rows, indent=2, right=tuple(range(1, len(heads) - 1)), whole=(0,))
    beside = [
        flow
        for flow in flows_of(money, line.id, looked.stage, narrowed.period)
        if flow.basis not in COUNTED
        or flow.currency != line.currency
        or (flow.period, flow.stage) not in cells
    ]
    if beside:
        screen.line()
        screen.line(_view("beside", language), indent=2)
        chosen = [
            finding.table[index] for index, flow in enumerate(_all(money, finding, looked)) if flow in beside
        ]
        keys = ["period", "stage", "amount", "currency", "basis", "account", "source", "note"]
        if all(row["currency"] == line.currency for row in chosen):
            keys.remove("currency")
        _table(screen, [{key: row[key] for key in keys} for row in chosen], language, right=("amount",))
    screen.line()


def _year_row(
    cells: Mapping[tuple[str, str], Total], year: str, stages: Sequence[str], ratio: bool, millions: bool, language: str
) -> list[str]:  # fmt: skip
    told = [cells.get((year, stage)) for stage in stages]
    row = [year, *("" if t is None else _cell(t, millions, language) for t in told)]
    if ratio:
        row.append(_ratio(cells.get((year, "appropriated")), cells.get((year, "spent"))))
    return [*row, _seen([t for t in told if t], language)]


def _all(money: Money, finding: Finding, looked: Budgeted) -> tuple[Flow, ...]:
    """The rows that a finding's table shows, in its order."""
    return flows_of(money, finding.extra["line"], looked.stage, finding.extra.get("period", ""))


def _amount(told: Total | None) -> Decimal | None:
    return told.amount if told else None


def _cell(told: Total, millions: bool, language: str) -> str:
    if told.amount is None:
        return say(language, "money.not_found")
    return f"{told.amount.scaleb(-6):,.1f}" if millions else exact(told.amount)


def _ratio(voted: Total | None, paid: Total | None) -> str:
    if voted is None or paid is None or paid.amount is None or not voted.amount:
        return "–"
    return share_words(paid.amount / voted.amount, paid.amount / voted.amount)


def _seen(totals: Sequence[Total], language: str) -> str:
    keys = " ".join(dict.fromkeys(key for t in totals for key in t.sources))
    unverified = any(t.verified == "memory" for t in totals)
    return f"{keys} ({say(language, 'money.verified.memory')})" if unverified else keys


def _show_shares(screen: Screen, finding: Finding, language: str) -> None:
    """Definitions by year; below, why some cannot be told."""
    years = sorted({row["period"] for row in finding.table})
    heads = [_view("definition", language), _view("stage", language), *years]
    grid: dict[tuple[str, str], dict[str, str]] = {}
    whys: Counter[tuple[str, str, str]] = Counter()
    for row in finding.table:
        grid.setdefault((row["name"], row["stage"]), {})[row["period"]] = row["share"]
        if row["why"]:
            whys[row["period"], row["stage"], row["why"]] += 1
    rows: list[list[str]] = []
    shown = ""
    for (name, stage), shares in grid.items():
        rows.append(["" if name == shown else name, stage, *(shares.get(year, "") for year in years)])
        shown = name
    screen.table(heads, rows, indent=2, right=tuple(range(2, len(heads))))
    screen.line()
    for (period, stage, why), count in whys.items():
        told = say(language, "money.view.whys", period=period, stage=stage, why=why, count=count)
        screen.line(f"– {told}", indent=2)


def _table(
    screen: Screen,
    rows: Sequence[Mapping[str, str]],
    language: str,
    *,
    right: Sequence[str] = (),
    **words: object,
) -> None:
    if not rows:
        return
    keys = [key for key in rows[0] if any(row[key] for row in rows)]
    heads = [say(language, f"money.view.{key}", **words) for key in keys]
    screen.table(
        heads,
        [[row[key] for key in keys] for row in rows],
        indent=2,
        right=[keys.index(key) for key in right if key in keys],
        whole=[keys.index(key) for key in ("period",) if key in keys],
    )


def _view(key: str, language: str) -> str:
    return say(language, f"money.view.{key}")
