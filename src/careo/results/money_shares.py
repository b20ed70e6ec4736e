"""What "a share for prevention" comes to under every declared definition, and what moving money would change in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from careo.base.citations import Source, load_sources
from careo.base.dates import parse_period
from careo.base.errors import CareoError
from careo.base.fields import worded
from careo.base.texts import say
from careo.record.money import (
    CENT,
    Money,
    ShareDefinition,
    SharePromise,
    ShareValue,
    Total,
    share,
    total,
    unknown_line,
    years_in,
)
from careo.record.money_moves import Move, carried, holders, reallocate
from careo.results.finding import Finding
from careo.results.money_words import (
    amount_words,
    cited,
    exact,
    line_name,
    reason_words,
    share_words,
    stage_words,
    total_words,
    when_words,
    years_words,
)

_NEAR = Decimal("0.02")
"""How far a share may be from the promised one and still be it; promised shares are round figures."""


def share_finding(
    money: Money,
    purpose: str = "prevention",
    *,
    strategy: str = "",
    line: str = "",
    stage: str = "",
    period: str = "",
    sources: Mapping[str, Source] | None = None,
    country: str = "mexico",
    language: str = "en",
) -> Finding:
    """The share for a purpose by every declared definition, side by side, and the range across them.

    Args:
        strategy: whose promise it is held against; "": anybody's. line: only definitions that have this line; "": all.
        stage, period: narrow the values; "": all. Only years that lie wholly in the period count.
    """
    definitions = [d for d in money.shares.values() if d.purpose == purpose and line in ("", *d.share, *d.of)]
    values = [
        (definition, share(money, definition, at, year))
        for definition in definitions
        for at in definition.stages
        for year in years_in(definition.years)
        if stage in ("", at) and parse_period(period or "undated").contains(parse_period(year))
    ]
    promises = [p for p in money.promises if p.purpose == purpose and strategy in ("", p.strategy)]
    verdict, because = _judged(values, promises, language)
    known = sources if sources is not None else load_sources(country)
    keys = [key for p in promises for value in p.values for key in value.sources]
    keys += [key for _, value in values for t in value.rests_on for key in t.sources]
    return Finding(
        id=":".join(part for part in (strategy, "money", "share", purpose) if part),
        kind="money",
        claim=_claim(purpose, promises, language),
        verdict=verdict,
        because=because,
        statement=None,
        table=tuple(_row(money, definition, value, language) for definition, value in values),
        caveats=tuple(_caveats(promises, list({d.id: d for d, *_ in _told(values)}.values()), language)),
        sources=cited(keys, known),
        language=language,
        extra={
            "strategy": strategy,
            "purpose": purpose,
            "pledge": " ".join(dict.fromkeys(p.pledge for p in promises if p.pledge)),
        },
    )


def _claim(purpose: str, promises: Sequence[SharePromise], language: str) -> str:
    words = "; ".join(dict.fromkeys(worded(promise.words, language) for promise in promises))
    named = say(language, f"money.purpose.{purpose}")
    key = "promised" if words else "asked"
    return say(language, f"money.share.{key}", words=words, purpose=named)


Values = Sequence[tuple[ShareDefinition, ShareValue]]


def _judged(values: Values, promises: Sequence[SharePromise], language: str) -> tuple[str, str]:
    """A promise that names its definition is judged by it; one that does not cannot be measured, and the range says how little it says."""
    span = _span(values, language)
    if any(promise.of is None for promise in promises):
        return "not measurable as stated", f"{say(language, 'money.share.of_what')} {span}"
    if not promises:
        return ("raised" if _told(values) else "unverifiable"), span
    judged = [_kept(promise, values) for promise in promises]
    verdict = "inconsistent" if False in judged else "consistent" if True in judged else "unverifiable"
    return verdict, f"{say(language, 'money.share.by_its_words', near=share_words(_NEAR, _NEAR))} {span}"


def _kept(promise: SharePromise, values: Values) -> bool | None:
    """Whether every year of the promised share's own definition is near one of its values; None when none can be told."""
    years = set(years_in(promise.years)) if promise.years else set[str]()
    own = [
        value
        for definition, value in values
        if definition.id == promise.of
        and value.stage == promise.stage
        and (not years or value.period in years)
    ]
    told = [(value.low, value.high) for value in own if value.low is not None and value.high is not None]
    if not told:
        return None
    wanted = [Decimal(str(value.share)) for value in promise.values]
    return all(any(low - _NEAR <= one <= high + _NEAR for one in wanted) for low, high in told)


def _told(values: Values) -> list[tuple[ShareDefinition, ShareValue, Decimal, Decimal]]:
    return [(d, v, v.low, v.high) for d, v in values if v.low is not None and v.high is not None]


def _span(values: Values, language: str) -> str:
    """The lowest and the highest value of all definitions and years, and how many cannot be told."""
    told = _told(values)
    if not told:
        return say(language, "money.share.nothing")
    lowest = min(told, key=lambda one: one[2])
    highest = max(told, key=lambda one: one[3])
    words = say(
        language, "money.share.span",
        definitions=len({d.id for d, *_ in told}), values=len(told),
        years=years_words((v.period for _, v, *_ in told), language),
        low=share_words(lowest[2], lowest[2]), low_what=_what(lowest[0], lowest[1], language),
        high=share_words(highest[3], highest[3]), high_what=_what(highest[0], highest[1], language),
    )  # fmt: skip
    untold = len(values) - len(told)
    return f"{words} {say(language, 'money.share.untold', count=untold)}" if untold else words


def _what(definition: ShareDefinition, value: ShareValue, language: str) -> str:
    return f"{worded(definition.name, language)}, {stage_words(value.stage, language)}, {value.period}"


def _row(money: Money, definition: ShareDefinition, value: ShareValue, language: str) -> dict[str, str]:
    told = value.low is not None and value.high is not None
    return {
        "definition": definition.id,
        "name": worded(definition.name, language),
        "meaning": worded(definition.meaning, language).strip(),
        "stage": stage_words(value.stage, language),
        "period": value.period,
        "share": share_words(value.low, value.high)
        if value.low is not None and value.high is not None
        else "–",
        "why": "" if told else _why(money, value, language),
        "verified": say(language, f"money.verified.{value.verified}") if value.verified else "",
        "source": " ".join(dict.fromkeys(key for t in value.rests_on for key in t.sources)),
    }


def _why(money: Money, value: ShareValue, language: str) -> str:
    if not value.missing:
        return say(language, "money.share.no_line")
    return "; ".join(
        f"{line_name(money, t.line, language)}: {reason_words(t, language)}" for t in value.missing
    )


def _caveats(
    promises: Sequence[SharePromise], definitions: Sequence[ShareDefinition], language: str
) -> Iterable[str]:
    reports = [
        say(
            language, "money.share.report", share=share_words(Decimal(str(v.share)), Decimal(str(v.share))),
            words=worded(v.words, language), source=" ".join(v.sources), verified=say(language, f"money.verified.{v.verified}"),
        )
        for promise in promises
        for v in promise.values
    ]  # fmt: skip
    if len({value.share for promise in promises for value in promise.values}) > 1:
        yield say(language, "money.share.reports", reports="; ".join(reports))
    for definition in definitions:
        yield f"{worded(definition.name, language)}: {worded(definition.meaning, language).strip()}"
    yield say(language, "money.share.ours")


# ── moving money ─────────────────────────────────────────────────────────────────────────────────────────────────


def reallocation_finding(
    money: Money,
    moves: Sequence[Move],
    stage: str,
    period: str,
    *,
    purpose: str = "prevention",
    currency: str = "MXN",
    country: str = "mexico",
    language: str = "en",
) -> Finding:
    """What moving money between lines of one stage, period and currency changes: the lines, those that hold them, the shares.

    It is arithmetic on the record, not what a law would allow. The total stays the same to the cent.

    Raises:
        CareoError: an unknown line, one without an amount there, an earmarked source, a line and one that holds it, or more
            than there is.
    """
    totals = _movable(money, moves, stage, period, currency, language)
    before = {line: t.amount for line, t in totals.items() if t.amount is not None}
    after = reallocate(before, moves)
    changes, untold = carried(money, before, after, period)
    holding = {line: total(money, line, stage, period, currency) for line in changes if line not in before}
    changed: dict[str, Decimal] = {}
    for line, change in changes.items():
        amount = before[line] if line in before else holding[line].amount
        if amount is not None:
            changed[line] = amount + change
            if changed[line] < 0:
                raise CareoError(
                    "money_holder_short", line=line, found=exact(changed[line]), expected=f"≤ {exact(amount)}"
                )
    rows = [
        _moved(line_name(money, line, language), exact(amount), exact(changed[line]), exact(changed[line] - amount), "line", language)
        for line, t in {**totals, **holding}.items()
        if (amount := t.amount) is not None and line in changed
    ]  # fmt: skip
    sums = [sum(amounts.values(), Decimal(0)) for amounts in (before, after)]
    rows.append(
        _moved(say(language, "money.move.total"), exact(sums[0]), exact(sums[1]), exact(sums[1] - sums[0]), "sum", language)
    )  # fmt: skip
    shares, applying = _shares_moved(money, purpose, stage, period, changed, untold, language)
    keys = [key for t in (*totals.values(), *holding.values()) for key in t.sources]
    keys += [key for value in applying for t in value.rests_on for key in t.sources]
    verified = {t.verified for t in totals.values()}
    return Finding(
        id="money:reallocation",
        kind="money",
        claim="; ".join(_move_words(money, move, currency, language) for move in moves),
        verdict="not a test",
        because=say(
            language, "money.move.because", stage=stage_words(stage, language), period=when_words(period, language),
            total=f"{currency} {exact(sums[0])}", count=len(shares), purpose=say(language, f"money.purpose.{purpose}"),
        ),
        statement=None,
        table=(*rows, *shares),
        caveats=(
            say(language, "money.move.arithmetic"),
            *((say(language, "money.caveat.memory"),) if "memory" in verified else ()),
            *((say(language, "money.move.untold", lines="; ".join(line_name(money, line, language) for line in sorted(untold))),)
              if untold else ()),
        ),
        sources=cited(keys, load_sources(country)),
        language=language,
        extra={"stage": stage, "period": period, "currency": currency, "purpose": purpose},
    )  # fmt: skip


def _movable(
    money: Money, moves: Sequence[Move], stage: str, period: str, currency: str, language: str
) -> dict[str, Total]:
    """The lines that money is moved between, each with its amount; refuses what cannot be moved."""
    if not stage or not period:
        raise CareoError("money_cell", fix="money_cell")
    totals: dict[str, Total] = {}
    for line in dict.fromkeys(line for move in moves for line in (move.source, move.target)):
        if line not in money.lines:
            raise unknown_line(line, money.lines)
        found = total(money, line, stage, period, currency)
        if found.amount is None:
            cell = f"{stage_words(stage, language)}, {when_words(period, language)}, {currency}"
            reason = total_words(found, language)
            known = money.lines[line].currency
            if known != currency:
                reason = say(language, "money.move.other_currency", currency=known)
            raise CareoError("money_no_amount", line=line, cell=cell, reason=reason)
        totals[line] = found
    for move in moves:
        earmark = money.lines[move.source].earmark
        if earmark:
            seen = ", ".join((*earmark.sources, say(language, f"money.verified.{earmark.verified}")))
            reason = f"{worded(earmark.reason, language)} ({seen})"
            raise CareoError("money_earmarked", line=move.source, reason=reason)
        for inner, outer in ((move.source, move.target), (move.target, move.source)):
            if outer in holders(money.lines, inner, period):
                raise CareoError("money_nested", line=inner, other=outer)
    return totals


def _shares_moved(
    money: Money, purpose: str, stage: str, period: str, changed: Mapping[str, Decimal], untold: frozenset[str], language: str
) -> tuple[list[dict[str, str]], list[ShareValue]]:  # fmt: skip
    """Each definition that has one of the changed lines: the share before and after."""
    rows: list[dict[str, str]] = []
    values: list[ShareValue] = []
    for definition in money.shares.values():
        lines = {*definition.share, *definition.of}
        fits = (
            definition.purpose == purpose
            and stage in definition.stages
            and period in years_in(definition.years)
        )
        if not fits or not lines & {*changed, *untold}:
            continue
        before = share(money, definition, stage, period)
        after = None if lines & untold else share(money, definition, stage, period, changed)
        words = [
            share_words(value.low, value.high)
            if value and value.low is not None and value.high is not None
            else "–"
            for value in (before, after)
        ]
        difference = ""
        if after and before.low is not None and before.low == before.high and after.low is not None:
            points = (after.low - before.low) * 100
            difference = say(language, "words.points", value=f"{points:+.2f}".replace("-", "−"))
        rows.append(
            _moved(worded(definition.name, language), words[0], words[1], difference, "share", language)
        )
        values.append(before)
    return rows, values


def _moved(name: str, before: str, after: str, change: str, kind: str, language: str) -> dict[str, str]:
    return {
        "what": say(language, f"money.move.{kind}"),
        "name": name,
        "before": before,
        "after": after,
        "change": change,
    }


def _move_words(money: Money, move: Move, currency: str, language: str) -> str:
    if move.amount is not None:
        size = amount_words(move.amount, currency, language)
    else:
        part = (move.share or Decimal(0)).quantize(CENT / 100)
        size = share_words(part, part)
    return say(
        language, "money.move.claim", amount=size, source=line_name(money, move.source, language),
        target=line_name(money, move.target, language),
    )  # fmt: skip
