"""The verbs `careo ladder` and `careo drift`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from careo.base.texts import say
from careo.panel import Country
from careo.record.ladder import load_ladders
from careo.results.finding import Finding
from careo.results.wording import period_words
from careo.views import contract
from careo.views.cli import Asked
from careo.views.i18n import one_line, verdict_slug, verdict_words
from careo.views.terminal import Screen
from careo.views.verbs import day

if TYPE_CHECKING:
    from careo.results.drift import Drift

Standing = tuple[Finding | None, Finding | None]
"""A pledge's verdict and the ladder it rests on; either may be lacking."""


def ladder_verb(asked: Asked, *, names: Sequence[str], on: str) -> int:
    """`careo ladder [PLEDGE|LADDER…]`: every step by a day, with deadlines; without a name, where all ladders stand."""
    import careo

    country = careo.load_country(asked.country)
    shown = stand(names, country, day(on, "--on"), asked.language)
    screen = Screen(asked.out)
    if asked.json:
        screen.write(contract.to_json(ladder_data(shown)))
    elif not names:
        for _, found in shown:
            if found:
                screen.line(f"{found.claim}  ({found.extra['ladder']})", style="bold")
                screen.line(found.because, indent=2)
    else:
        for verdict, found in shown:
            if verdict:
                show_pledge(screen, verdict, asked.language)
            if found:
                _show_ladder(screen, found, asked.language)
        order = next((verdict.extra["order"] for verdict, _ in shown if verdict), "")
        if order:
            screen.line(say(asked.language, "strategies.show.order", order=order), style="dim")
    screen.close()
    return 0


def stand(names: Sequence[str], country: Country, on: date | None, language: str) -> list[Standing]:
    """Of each pledge or ladder: the pledge's verdict, and the ladder it rests on; of all ladders where none is named.

    Raises:
        DataError: there is no such pledge or ladder.
    """
    import careo

    ladders = load_ladders(country.key)
    shown: list[Standing] = []
    for name in names or ladders:
        if name in ladders:
            shown.append((None, careo.ladder(name, country, on=on, language=language)))
            continue
        strategy, wanted = careo.find_pledge(name, country.key)
        pledge = strategy.pledge(wanted)
        judged = careo.judge_pledges(strategy, country, on=on, language=language)
        verdict = next(finding for finding in judged if finding.extra["pledge"] == wanted)
        ladder = pledge.test.ladder if pledge and pledge.test else ""
        found = careo.ladder(ladder, country, on=on, language=language) if ladder else None
        shown.append((verdict, found))
    return shown


def ladder_data(shown: Sequence[Standing]) -> dict[str, Any]:
    """Pledges and their ladders as the JSON contract has them."""
    findings = [finding for pair in shown for finding in pair if finding]
    return contract.envelope("ladder", [contract.finding_data(finding, {}) for finding in findings])


def drift_verb(asked: Asked, *, name: str, on: str) -> int:
    """`careo drift PLEDGE|TOPIC`: one matter through speech, plan, law, budget and deployment."""
    import careo

    found = careo.drift(name, careo.load_country(asked.country), on=day(on, "--on"), language=asked.language)
    screen = Screen(asked.out)
    language = asked.language
    if asked.json:
        screen.write(contract.to_json(drift_data(found)))
        screen.close()
        return 0
    screen.line(found.title, style="bold")
    screen.line(found.finding.because)
    screen.line()
    heads = [say(language, f"drift.{key}") for key in ("date", "channel_head", "what", "verified", "sources")]
    rows = [
        [
            row["date"] or say(language, "ladder.undated"),
            row["channel_words"],
            f"{row['what']} [{row['deadline']}]" if row["deadline"] else row["what"],
            _seen(row, language),
            row["sources"],
        ]
        for row in found.finding.table
    ]
    screen.table(heads, rows, whole=(0,))
    screen.line()
    screen.line(say(language, "drift.contradictions" if found.clashes else "drift.none"), style="bold")
    for clash in found.clashes:
        screen.line(f"• {_told(clash.one, language)}", indent=2)
        if clash.other:
            screen.line(f"  {say(language, 'drift.against')}", indent=2, style="dim")
            screen.line(f"• {_told(clash.other, language)}", indent=2)
        screen.line(f"→ {one_line(clash.why)}", indent=4)
    screen.close()
    return 0


def drift_data(found: Drift) -> dict[str, Any]:
    """A matter followed through time, as the JSON contract has it."""
    return contract.envelope("drift", [contract.finding_data(found.finding, {})])


def show_pledge(screen: Screen, finding: Finding, language: str, *, file: str = "") -> None:
    """A pledge with its verdict, the rule that gave it, and what it rests on; `file` is set for a strategy of one's own."""
    screen.verdict(
        verdict_slug(finding.verdict),
        verdict_words(finding.verdict, language),
        f"{finding.claim}  ({finding.id})",
    )
    screen.line(finding.because, indent=2)
    screen.line(finding.extra["rule"], indent=2, style="dim")
    for caveat in finding.caveats:
        screen.line("· " + caveat, indent=2, style="dim")
    thing = f"{file}#{finding.extra['pledge']}" if file else finding.id
    screen.line(say(language, "strategies.show.grounds", thing=thing), indent=2, style="dim")
    screen.line()


def _show_ladder(screen: Screen, finding: Finding, language: str) -> None:
    screen.line(
        f"{finding.claim}  ({finding.extra['ladder']}, {period_words(finding.extra['on'], language)})",
        style="bold",
    )
    screen.line(finding.because)
    heads = [say(language, f"drift.{key}") for key in ("date", "channel_head", "what", "verified", "sources")]
    rows = [
        [
            row["date"] or say(language, "ladder.undated"),
            row["stage_words"],
            f"{row['track']}: {row['what']}" if row["track"] else row["what"],
            _seen(row, language),
            row["sources"],
        ]
        for row in finding.table
    ]
    screen.table(heads, rows, whole=(0,))
    for caveat in finding.caveats:
        screen.line("· " + caveat, style="dim")
    screen.line()


def _seen(row: Mapping[str, str], language: str) -> str:
    return say(language, f"dossier.verified.{row['verified']}")


def _told(link: Any, language: str) -> str:
    when = period_words(link.date, language) if link.date else say(language, "ladder.undated")
    return one_line(
        f"{when}, {say(language, f'drift.channel.{link.channel}')}: {link.text} ({', '.join(link.sources)})"
    )
