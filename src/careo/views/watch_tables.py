"""The status, the rules and the signals of a watch on a screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from careo.base.fields import worded
from careo.base.texts import say, sayable
from careo.record.purchases.naming import Names
from careo.record.purchases.rules import Rule
from careo.record.purchases.signals import Signal
from careo.results.finding import Finding
from careo.results.watch_findings import Found
from careo.results.watch_status import DELAYS, NOT_MEANT, UNKNOWN, WAITING, Coverage, Status
from careo.results.watch_words import (
    buyer_words,
    days_words,
    delay_words,
    fact_words,
    measured,
    moment_words,
    named_words,
    place_words,
    process_words,
    severity_words,
    state_words,
    subject_words,
    supplier_words,
    taken_words,
    unit_words,
)
from careo.results.wording import number
from careo.views.terminal import Screen

_MOST_BUYERS = 40
_MOST_FACTS = 6


def show_status(
    screen: Screen,
    status: Status,
    counts: Mapping[tuple[str, str], int],
    language: str,
    only: Collection[str] | None,
) -> None:
    """How a watch stands. counts: signals that stand, by (code of the buyer, rule); only: codes of the buyers to show, None for all."""

    def view(key: str, **words: object) -> str:
        return say(language, f"watch.view.{key}", **words)

    screen.line(
        view("status.looked", looked=moment_words(status.looked), found=moment_words(status.found)),
        style="bold",
    )
    screen.line(
        view(
            "status.holds", files=number(status.files), releases=number(status.releases), processes=number(status.processes),
            standing=number(sum(status.standing.values())), withdrawn=number(status.withdrawn), told=number(status.told),
            waiting=number(status.waiting), folder=status.folder,
        )
    )  # fmt: skip
    screen.line()
    _title(screen, view("status.sources"))
    heads = [
        view(f"head.{key}")
        for key in ("source", "files", "releases", "refused", "last_seen", "newest", "age", "state")
    ]
    rows = [
        [
            one.series, number(one.files), number(one.releases), number(one.refused), moment_words(one.last_seen),
            moment_words(one.newest), "–" if one.age_days is None else days_words(one.age_days, language),
            view(f"status.{one.state}"),
        ]
        for one in status.sources
    ]  # fmt: skip
    screen.table(heads, rows, indent=2, right=(1, 2, 3), whole=(0, 4, 5, 6), spare=(4,))
    if any(one.state == UNKNOWN for one in status.sources):
        screen.line(view("status.unknown_note"), indent=2, style="dim")
    screen.line()
    if status.refused:
        _title(screen, view("status.refused"))
        for reason, count in status.refused.items():
            key = f"watch.refused.{reason}"
            name, line, detail = status.refused_first.get(reason, ("", 0, ""))
            words = say(language, key, detail=detail or "…") if sayable(language, key) else reason
            place = f"{name}, {say(language, 'watch.words.line', line=line)}" if line else name
            first = say(language, "watch.view.status.refused_first", place=place) if place else ""
            screen.line(f"{number(count)} · {words}{first}", indent=2)
        screen.line()
    _show_delays(screen, status, language, only)
    _show_coverage(screen, status, counts, language, only)


def _show_delays(screen: Screen, status: Status, language: str, only: Collection[str] | None) -> None:
    _title(screen, say(language, "watch.view.status.delays"))
    heads = [say(language, f"watch.view.head.{key}") for key in ("buyer", *DELAYS)]
    shown = [code for code in status.delays if only is None or code in only]
    rows = [
        [
            _buyer(status, code, language),
            *(
                say(
                    language,
                    "watch.view.status.delay",
                    median=one.median,
                    ninth=one.ninth,
                    count=number(one.count),
                )
                if (one := status.delays[code].get(which))
                else "–"
                for which in DELAYS
            ),
        ]
        for code in shown[:_MOST_BUYERS]
    ]
    if rows:
        screen.table(heads, rows, indent=2)
    else:
        screen.line(say(language, "watch.view.status.no_delays"), indent=2)
    if status.latency:
        one = status.latency
        words = {"median": number(one.median), "ninth": number(one.ninth), "count": number(one.count)}
        screen.line(say(language, "watch.view.status.latency", **words), indent=2)
    screen.line(say(language, "watch.view.status.delay_note"), indent=2, style="dim")
    _more(screen, len(shown), language)
    screen.line()


def _show_coverage(
    screen: Screen,
    status: Status,
    counts: Mapping[tuple[str, str], int],
    language: str,
    only: Collection[str] | None,
) -> None:
    _title(screen, say(language, "watch.view.status.coverage"))
    screen.line(say(language, "watch.view.status.coverage_note"), indent=2, style="dim")
    shown = [code for code in status.coverage if only is None or code in only]
    for code in shown[:_MOST_BUYERS]:
        screen.line()
        screen.line(_buyer(status, code, language), indent=2, style="bold")
        heads = [
            say(language, f"watch.view.head.{key}")
            for key in ("rule", "told", "signals", "judged", WAITING, NOT_MEANT, "lacking")
        ]
        rows = [
            _covered(rule, status.coverage[code][rule.id], counts.get((code, rule.id), 0), language)
            for rule in status.rules
        ]
        screen.table(heads, rows, indent=4, right=(2, 3, 4, 5), whole=(0,))
    _more(screen, len(shown), language)


def _covered(rule: Rule, one: Coverage, signals: int, language: str) -> list[str]:
    told = {True: "yes", False: "no", None: "not_meant"}[one.computable]
    waiting, not_meant = (number(one.counts.get(key, 0)) for key in (WAITING, NOT_MEANT))
    known = signals or one.judged
    counts = [number(signals) if known else "–", number(one.judged), waiting, not_meant]
    return [rule.id, say(language, f"watch.view.status.{told}"), *counts, _lacking(one.missing, language)]


def _lacking(missing: Mapping[tuple[str, ...], int], language: str) -> str:
    fields: Counter[str] = Counter()
    for names, count in missing.items():
        for name in names:
            fields[name] += count
    return ", ".join(f"{_field(name, language)} ({number(count)})" for name, count in fields.most_common(4))


def _field(name: str, language: str) -> str:
    key = f"watch.field.{name}"
    return say(language, key) if sayable(language, key) else name


def _buyer(status: Status, code: str, language: str) -> str:
    name = status.buyers.get(code)
    return named_words(code, name or "") or say(language, "watch.words.nobody")


def _more(screen: Screen, count: int, language: str) -> None:
    if count > _MOST_BUYERS:
        screen.line(
            say(language, "watch.view.status.more", shown=_MOST_BUYERS, count=number(count)),
            indent=2,
            style="dim",
        )


def show_figures(screen: Screen, figures: Sequence[Finding], language: str) -> None:
    """How purchases are published: each figure with its definition and what it cannot show."""
    if not figures:
        return
    screen.line()
    _title(screen, say(language, "watch.view.status.figures"))
    for one in figures:
        screen.point(one.because, indent=2)
        screen.line(one.extra["definition"], indent=4, style="dim")
        screen.line(one.caveats[0], indent=4, style="dim")


def _title(screen: Screen, text: str) -> None:
    screen.line(text, style="bold")


def show_rule(screen: Screen, rule: Rule, language: str) -> None:
    """A rule whole."""
    codes = f" ({', '.join(rule.codes)})" if rule.codes else ""
    severity = say(language, f"watch.severity.{rule.severity}")
    screen.line(f"{rule.id}{codes}  {worded(rule.title, language)}", style="bold")
    screen.line(worded(rule.definition, language), indent=2)
    screen.line(
        say(language, "watch.view.rule.about", version=rule.version, severity=severity), indent=2, style="dim"
    )
    for ground in rule.grounds:
        key = "ground" if ground.until else "ground_open"
        words = say(
            language,
            f"watch.rule.{key}",
            since=ground.since,
            until=ground.until,
            words=worded(ground.words, language),
        )
        verified = (
            say(language, f"watch.rule.verified.{ground.verified}")
            if sayable(language, f"watch.rule.verified.{ground.verified}")
            else ground.verified
        )
        screen.point(
            f"{words} [{verified}; {', '.join(source.key for source in ground.sources) or '–'}]", indent=2
        )
    if not rule.grounds:
        screen.point(say(language, "watch.rule.no_ground"), indent=2)
    fields = ", ".join(_field(name, language) for name in rule.needs)
    screen.point(
        say(language, "watch.rule.needs", fields=fields) if fields else say(language, "watch.rule.no_needs"),
        indent=2,
    )
    settings = ", ".join(
        f"{name} = {_setting(value)}"
        for name, value in rule.settings.items()
        if name not in ("ceilings", "listed")
    )
    screen.point(say(language, "watch.view.rule.settings", settings=settings), indent=2, style="dim")
    screen.point(
        say(language, "watch.rule.limitation", limitation=worded(rule.limitation, language)), indent=2
    )
    screen.line()


def _setting(value: object) -> str:
    if isinstance(value, tuple | list):
        return "/".join(map(str, value)) or "–"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return str(value)


def show_finding(
    screen: Screen, signal: Signal, found: Found, names: Names, language: str, *, whole: bool
) -> None:
    """A signal with what it rests on. names: of whom it speaks. whole: every fact, not only the first ones."""
    rule = found.rules.get(signal.rule)
    title = worded(rule.title, language) if rule else signal.rule
    value = measured(signal, rule, language)
    screen.line(
        f"{signal.rule} {severity_words(signal, language)} · {title}{f': {value}' if value else ''}",
        style="bold",
    )
    buyer, supplier = buyer_words(signal, names, language), supplier_words(signal, names, language)
    about = [
        say(language, "watch.view.finding.buyer", buyer=buyer, unit=unit_words(signal, names) or "–"),
        *([supplier] if supplier else []),
        say(language, "watch.view.finding.subject", subject=subject_words(signal, rule, language)),
    ]
    screen.line("; ".join(about), indent=2)
    words = {
        "state": state_words(signal, language),
        "told": moment_words(signal.told),
        "revision": signal.revision,
    }
    screen.line(say(language, "watch.view.finding.told", id=signal.id, **words), indent=2)
    if signal.window:
        first, last = map(moment_words, signal.window)
        screen.line(say(language, "watch.view.finding.window", first=first, last=last), indent=2)
    facts = signal.evidence if whole else signal.evidence[:_MOST_FACTS]
    for one in facts:
        name, value = fact_words(one, rule, language)
        process = (
            f"{process_words(one.process)}: " if one.process and one.process not in signal.subject else ""
        )
        screen.point(f"{process}{name}: {value} ({place_words(one, language)})", indent=2)
    if len(facts) < len(signal.evidence):
        left = number(len(signal.evidence) - len(facts))
        screen.point(
            say(language, "watch.view.finding.more", count=left, id=signal.id[:8]), indent=2, style="dim"
        )
    screen.line(delay_words(signal, language), indent=2, style="dim")
    if came := taken_words(signal, language):
        screen.line(came, indent=2, style="dim")
    if whole:
        steps = {name: moment_words(getattr(signal, name)) for name in ("event", "published", "first_seen")}
        screen.line(say(language, "watch.view.finding.times", **steps), indent=2, style="dim")
    for seq, one in found.history if len(found.history) > 1 else ():
        words = {"state": state_words(one, language), "told": moment_words(one.told), "number": seq}
        screen.point(say(language, "watch.view.finding.revision", revision=one.revision, **words), indent=2)
    if rule:
        if whole:
            screen.line(worded(rule.definition, language), indent=2)
        screen.line(
            say(language, "watch.rule.limitation", limitation=worded(rule.limitation, language)), indent=2
        )
    screen.line()
