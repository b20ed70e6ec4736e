"""The verbs `careo strategies …`, `careo coverage`, and what `careo audit --strategy` shows."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError, InputError, OutputError
from careo.base.fields import worded
from careo.base.files import is_file
from careo.base.texts import say
from careo.record.strategy import Strategy, find, strategies
from careo.results.finding import PLEDGE_VERDICTS, Finding
from careo.results.strategies import one_language, strategy_warnings
from careo.results.wording import period_words, value_words
from careo.views import contract
from careo.views.cli import Asked
from careo.views.i18n import clean, one_line, verdict_slug, verdict_words
from careo.views.ladder_verbs import show_pledge
from careo.views.skill_panel import show_skill
from careo.views.terminal import ICONS, Screen
from careo.views.verbs import day, documents_of, strict_code

if TYPE_CHECKING:
    from careo.results.strategy_audit import StrategyAudit


def strategies_list_verb(asked: Asked) -> int:
    """`careo strategies list`: the shipped ones."""
    import careo

    language = asked.language
    found = [careo.load_strategy(slug, asked.country) for slug in careo.strategies(asked.country)]
    screen = Screen(asked.out)
    if asked.json:
        screen.write(contract.to_json(strategies_data(found, language)))
    else:
        heads = [
            say(language, f"strategies.list.{key}")
            for key in ("slug", "title", "period", "pledges", "measures")
        ]
        rows = [
            [
                s.slug,
                worded(s.title, language),
                f"{s.period.start[:7]} – {(s.period.end or '…')[:7]}",
                str(len(s.pledges)),
                str(len(s.measures)),
            ]
            for s in found
        ]
        screen.table(heads, rows, right=(3, 4), whole=(0, 2))
    screen.close()
    return 0


def strategies_data(found: Sequence[Strategy], language: str) -> dict[str, Any]:
    """Strategies as the JSON contract has them."""
    rows = [contract.strategy_data(strategy, language) for strategy in found]
    return contract.envelope("strategies list", strategies=rows)


def strategies_show_verb(asked: Asked, *, name: str, on: str) -> int:
    """`careo strategies show SLUG|FILE`: every pledge with its verdict, every measure with its dose, the money."""
    import careo

    strategy = careo.load_strategy(name, asked.country)
    result = careo.audit_strategy(
        strategy, careo.load_country(asked.country), on=day(on, "--on"), language=asked.language
    )
    screen = Screen(asked.out)
    if asked.json:
        screen.write(
            contract.to_json(contract.strategy_audit_data(result, "strategies show", asked.language))
        )
    else:
        show_strategy(
            screen,
            result,
            asked.language,
            country=asked.country,
            file="" if name in strategies(asked.country) else name,
        )
    screen.close()
    return strict_code(asked, result.findings)


def strategies_check_verb(asked: Asked, *, names: Sequence[str]) -> int:
    """`careo strategies check [SLUG|FILE…]`: every mistake, with file and line; leaves with 1 when there is one."""
    import careo

    screen = Screen(asked.out)
    language = asked.language
    wrong = 0
    checked: list[dict[str, object]] = []
    for name in names or strategies(asked.country):
        mistakes = careo.check_strategy(name, asked.country)
        halves = [] if mistakes else list(one_language(careo.load_strategy(name, asked.country)))
        warnings = () if mistakes else strategy_warnings(name, asked.country)
        wrong += len(mistakes) + (len(halves) + len(warnings) if asked.strict else 0)
        checked.append(
            {
                "strategy": str(find(name, asked.country)),
                "mistakes": [error.render(language) for error in mistakes],
                "warnings": [error.render(language) for error in warnings],
                "one_language": halves,
            }
        )
        if asked.json:
            continue
        for error in (*mistakes, *warnings):
            _show_error(screen, error, language)
        for path in halves:
            screen.line(say(language, "strategies.check.half", name=name, path=path), style="dim")
        key = "bad" if mistakes else "good"
        screen.line(say(language, f"strategies.check.{key}", name=name, count=len(mistakes)), style="bold")
    if asked.json:
        screen.write(contract.to_json(contract.envelope("strategies check", checked=checked)))
    screen.close()
    return int(wrong > 0)


def strategies_new_verb(asked: Asked, *, slug: str) -> int:
    """`careo strategies new SLUG`: a file with every part once."""
    import careo

    text = careo.new_strategy(slug, careo.load_country(asked.country), asked.language)
    return _hand_over(asked, text)


def strategies_draft_verb(asked: Asked, *, page: str, slug: str) -> int:
    """`careo strategies draft PAGE`: a file drafted from a page's statements."""
    import careo

    country = careo.load_country(asked.country)
    pages = list(documents_of(asked, [page]))
    if len(pages) != 1:
        raise InputError("draft_one_page", where=page, found=str(len(pages)))
    found = careo.statements(pages[0], country)
    return _hand_over(
        asked, careo.draft_strategy(pages[0], found, country, slug=slug, language=asked.language)
    )


def coverage_verb(asked: Asked) -> int:
    """`careo coverage`: what of the shipped strategies is answered; leaves with 1 when a label or a language is missing."""
    import careo

    found = careo.coverage(asked.country, asked.language)
    screen = Screen(asked.out)
    language = asked.language
    if asked.json:
        rows = [{name: getattr(one, name) for name in one.__dataclass_fields__} for one in found.elements]
        mistakes = [error.render(language) for error in found.mistakes]
        screen.write(
            contract.to_json(
                contract.envelope(
                    "coverage", elements=rows, mistakes=mistakes, one_language=list(found.one_language)
                )
            )
        )
    else:
        heads = [
            say(language, f"strategies.coverage.{key}") for key in ("strategy", "element", "label", "by")
        ]
        rows = [
            [one.strategy, one.id, say(language, f"strategies.coverage.{one.label}"), one.by or one.why]
            for one in found.elements
        ]
        screen.table(heads, rows, whole=(0, 1, 2))
        for error in found.mistakes:
            _show_error(screen, error, language)
        for path in found.one_language:
            screen.line(say(language, "strategies.coverage.half", path=path))
        counts = Counter(one.label for one in found.elements)
        words = {label: counts[label] for label in ("answered", "recorded", "later")}
        number = len({one.strategy for one in found.elements})
        screen.line()
        screen.line(
            say(
                language, "strategies.coverage.summary", count=len(found.elements), strategies=number, **words
            ),
            style="bold",
        )
    screen.close()
    return int(bool(found.mistakes or found.one_language))


# ── what they show ───────────────────────────────────────────────────────────────────────────────────────────────


def show_strategy(
    screen: Screen, result: StrategyAudit, language: str, *, country: str, brief: bool = False, file: str = ""
) -> None:
    """A strategy, question by question; `brief` gives each pledge one line."""
    strategy = result.strategy

    def head(key: str, **words: object) -> None:
        screen.line()
        screen.line(say(language, f"strategies.show.{key}", **words), style="bold")

    screen.line(worded(strategy.title, language), style="bold")
    period = f"{period_words(strategy.period.start, language)} – {period_words(strategy.period.end, language) if strategy.period.end else '…'}"
    screen.line(f"{worded(strategy.actor, language)} · {period} · {strategy.slug}", style="dim")
    screen.line(worded(strategy.summary, language))
    for note in strategy.notes:
        screen.line("· " + worded(note, language), style="dim")
    head("pledges", count=len(result.pledges), day=period_words(result.day.isoformat(), language))
    counts = Counter(finding.verdict for finding in result.pledges)
    rows = [
        [ICONS[verdict_slug(v)], str(counts[v]), verdict_words(v, language)]
        for v in PLEDGE_VERDICTS
        if counts[v]
    ]
    if rows:
        screen.table(["", "", ""], rows, indent=2, right=(1,))
    # Chapter by chapter, in the order of the plan; what belongs to none comes first.
    order = ["", *strategy.components]
    component = ""
    screen.line()
    for finding in sorted(result.pledges, key=lambda one: order.index(one.extra["component"])):
        if finding.extra["component"] != component:
            component = finding.extra["component"]
            screen.line()
            screen.line(worded(strategy.components.get(component), language), style="underline")
        if brief:
            _one_line_pledge(screen, finding, language)
        else:
            show_pledge(screen, finding, language, file=file)
    if result.pledges:
        screen.line()
        screen.line(
            say(language, "strategies.show.order", order=result.pledges[0].extra["order"]), style="dim"
        )
    head("money")
    _show_plain(screen, result.money, language)
    for ceiling in strategy.ceilings:
        period = ceiling.period or "/".join((strategy.period.start[:4], (strategy.period.end or "..")[:4]))
        key = "ceiling_at" if ceiling.prices else "ceiling"
        amount = value_words(float(ceiling.per_year), ceiling.currency, language)
        words = {"amount": amount, "period": period_words(period, language), "prices": ceiling.prices}
        screen.line(f"{say(language, f'strategies.show.{key}', **words)} [{', '.join(ceiling.sources)}]")
        if ceiling.note:
            screen.line("· " + worded(ceiling.note, language), style="dim")
    head("delivery", count=len(result.measures))
    for finding in result.measures:
        screen.line(f"{finding.claim}  ({finding.extra['measure']} → {finding.extra['lever']})")
        screen.line(finding.because, indent=2)
        if finding.extra["dose"]:
            screen.line(
                f"{say(language, 'strategies.show.dose')}: {finding.extra['dose']}", indent=2, style="dim"
            )
        for caveat in finding.caveats:
            screen.line("· " + caveat, indent=2, style="dim")
    if result.watched:
        screen.line(say(language, "strategy_page.watched"), style="bold")
        for finding in result.watched:
            screen.line(finding.because, indent=2)
            for line in (finding.extra["definition"], *finding.caveats[:1]):
                screen.line("· " + line, indent=4, style="dim")
        screen.line("· " + result.watched[0].caveats[-1], indent=2, style="dim")
    if result.constraints:
        head("rights")
        _show_plain(screen, result.constraints, language)
    head("outcomes")
    _show_plain(screen, result.outcomes, language, caveats=False)
    if result.outcomes:
        screen.line(say(language, "strategies.outcome.describes"), style="dim")
    head("alternatives")
    screen.line(say(language, "strategies.show.alternatives_by"))
    show_skill(screen, country, language)
    if result.pages is not None:
        _show_ties(screen, result, language)


def _one_line_pledge(screen: Screen, finding: Finding, language: str) -> None:
    words = verdict_words(finding.verdict, language)
    screen.verdict(verdict_slug(finding.verdict), words, f"{finding.claim}  ({finding.extra['pledge']})")
    screen.line(one_line(finding.because), indent=2)


def _show_plain(screen: Screen, findings: Sequence[Finding], language: str, *, caveats: bool = True) -> None:
    for finding in findings:
        if finding.verdict in ("raised", "inconclusive"):
            screen.line(finding.claim)
            screen.line(finding.because, indent=2)
        else:
            screen.verdict(
                verdict_slug(finding.verdict), verdict_words(finding.verdict, language), finding.claim
            )
            screen.line(finding.because, indent=2)
        for caveat in finding.caveats if caveats else ():
            screen.line("· " + caveat, indent=2, style="dim")


def _show_ties(screen: Screen, result: StrategyAudit, language: str) -> None:
    screen.line()
    if not result.ties:
        screen.line(say(language, "strategies.show.none_tied"), style="bold")
        return
    screen.line(say(language, "strategies.show.ties", count=len(result.ties)), style="bold")
    verdicts = {finding.extra["pledge"]: finding for finding in result.pledges}
    heads = [say(language, f"strategies.show.{key}") for key in ("tied", "verdict", "statement", "likeness")]
    rows = [
        [
            tie.pledge,
            verdict_words(verdicts[tie.pledge].verdict, language),
            f"“{one_line(tie.statement.quote, 120)}”",
            f"{tie.likeness:.2f}",
        ]
        for tie in result.ties
    ]
    screen.table(heads, rows, right=(3,), whole=(0,))


def _show_error(screen: Screen, error: CareoError, language: str) -> None:
    # Not wrapped: editors jump to file:line.
    first, *rest = error.render(language).splitlines()
    screen.write("".join(f"{clean(line)}\n" for line in (first, *(f"  {line.strip()}" for line in rest))))


def _hand_over(asked: Asked, text: str) -> int:
    """Shows a file that a person completes, or writes it, but never over one that perhaps was completed.

    Raises:
        OutputError: there is such a file, and it says something else.
    """
    if asked.out and is_file(asked.out) and Path(asked.out).read_bytes() != text.encode():
        raise OutputError("output_there", where=asked.out, fix="output_there")
    screen = Screen(asked.out)
    screen.write(text)
    screen.close()
    if asked.out:
        print(say(asked.language, "strategies.written", path=Path(asked.out)), file=sys.stderr)
    return 0
