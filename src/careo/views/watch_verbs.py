"""The verbs `careo watch …`: purchases taken in as they are published, and the signals that follow.

A signal says where to look; no verb here says that anybody did wrong. stdout holds signals, stderr what else is to be known.
"""

from __future__ import annotations

import signal as system
import sys
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError
from careo.base.files import writing
from careo.base.texts import say, sayable
from careo.results.wording import number
from careo.views import contract
from careo.views.arguments import one_of, whole
from careo.views.cli import Asked
from careo.views.commands import WATCH_VERBS
from careo.views.i18n import one_line
from careo.views.terminal import Screen

if TYPE_CHECKING:
    from careo.record.purchases.naming import Names
    from careo.record.purchases.rules import Rule
    from careo.record.purchases.signals import Signal
    from careo.results.finding import Finding
    from careo.results.watch_findings import Found
    from careo.results.watch_status import Status
    from careo.run.watch import Watched

_MARKS = {"raised": "+", "updated": "~", "withdrawn": "−"}
_LONGEST_WAIT = 86_400 * 7
_NOTHING_READ = 2  # exit code: who asked can act, as on any input that cannot be read


# ── watching ─────────────────────────────────────────────────────────────────────────────────────────────────────


def watch_verb(
    asked: Asked,
    *,
    where: str,
    dir: str,
    url: str,
    follow: bool,
    every: str,
    buyers: str,
    rules: str,
    state: str,
    list: str,
    require_fresh: str,
    accept_shrunk: bool,
) -> int:
    """`careo watch --dir FOLDER | --url URL | -`: takes in what is new and prints each signal as soon as it is told."""
    import careo

    source = _source(where, dir, url)
    fresh = whole("--require-fresh", require_fresh, -1, 36_500, least=0)
    seconds = whole("--every", every, 60 if url else 5, _LONGEST_WAIT)
    printed = _Printed(asked)
    with _stopped_by_signals() as stop:
        watched = careo.watch(
            source,
            state=state or None,
            country=asked.country,
            buyers=buyers or "all",
            rules=_names(rules),
            follow=follow,
            every=seconds,
            accept_shrunk=accept_shrunk,
            listed=list or None,
            offline=asked.offline,
            tell=printed.tell,
            note=printed.note,
            stop=stop,
        )
    _sum_up(asked, watched)
    _unknown_buyers(asked, buyers, state)
    if stop.is_set() and not follow and source != "-":
        raise KeyboardInterrupt
    if watched.nothing_read and not follow:
        return _NOTHING_READ
    return _freshness(asked, watched.age_days(), fresh)


def _source(where: str, folder: str, url: str) -> str | Path:
    given = [one for one in (where, folder, url) if one]
    if where and where != "-":
        from difflib import get_close_matches

        guess = get_close_matches(where, WATCH_VERBS, n=1)
        raise CareoError(
            "usage_verb", expected=" | ".join(["-", *WATCH_VERBS]), found=repr(where), fix="did_you_mean" if guess else "help",
            guess=guess[0] if guess else "", command="careo watch",
        )  # fmt: skip
    if len(given) != 1:
        raise CareoError("watch_source", fix="watch_source")
    if url and not url.lower().startswith(("http://", "https://")):
        raise CareoError("usage_value", expected="https://…", found=repr(url[:80]), option="--url")
    return Path(folder) if folder else url or "-"


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


class _Printed:
    """Prints signals and notes as they come."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._rules: Mapping[str, Rule] | None = None

    def rules(self) -> Mapping[str, Rule]:
        """By id."""
        if self._rules is None:
            from careo.run.watch_state import rules_of

            self._rules = rules_of(self._asked.country).by_id
        return self._rules

    def tell(self, seq: int, signal: Signal, names: Names) -> None:
        """A signal on a line."""
        if self._asked.json:
            from careo.views.watch_feed import json_lines

            text = "".join(json_lines([(seq, signal)], self.rules(), names, self._asked.language))
        else:
            text = _line(signal, self.rules(), names, self._asked.language) + "\n"
        sys.stdout.write(text)
        sys.stdout.flush()

    def note(self, key: str, words: dict[str, Any]) -> None:
        """What else is to be known, on stderr."""
        error = words.get("error")
        text = (
            error.render(self._asked.language)
            if isinstance(error, CareoError)
            else say(self._asked.language, f"watch.note.{key}", **words)
        )
        print("\n".join(one_line(line) for line in text.splitlines()), file=sys.stderr, flush=True)


def _line(signal: Signal, rules: Mapping[str, Rule], names: Names, language: str) -> str:
    from careo.results.watch_words import moment_words, sentence, severity_words, state_words

    rule = rules.get(signal.rule)
    head = f"{_MARKS.get(signal.state, '·')} {signal.rule} {severity_words(signal, language)}"
    words = f"{head}, {state_words(signal, language)} {moment_words(signal.told)}: {sentence(signal, rule, names, language)}"
    return one_line(f"{words} [{signal.id[:8]}]")


@contextmanager
def _stopped_by_signals() -> Generator[threading.Event]:
    """An event that is set at the first SIGINT or SIGTERM; the second one ends the program at once."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before: dict[int, Any] = {}

    def asked(which: int, _frame: object) -> None:
        stop.set()
        system.signal(which, before[which])

    for which in (system.SIGINT, system.SIGTERM):
        before[which] = system.signal(which, asked)
    try:
        yield stop
    finally:
        for which, handler in before.items():
            system.signal(which, handler)


def _sum_up(asked: Asked, watched: Watched) -> None:
    """On stderr: what was taken in, what was not, and where it is kept."""
    talk = [
        _view(
            asked, "taken", files=number(watched.files), releases=number(watched.releases), new=number(watched.new),
            signals=number(watched.signals), refused=number(watched.refused.total()),
        )
    ]  # fmt: skip
    talk += [
        _view(asked, "refused", count=number(count), reason=_reason(reason, asked.language))
        for reason, count in watched.refused.most_common(5)
    ]
    if watched.nothing_read:
        talk.append(_view(asked, "nothing_read"))
    elif not watched.files and not watched.signals:
        talk.append(_view(asked, "nothing_new"))
    elif not watched.signals:
        talk.append(_view(asked, "no_signal"))
    for line in talk:
        print(one_line(line), file=sys.stderr)


def _unknown_buyers(asked: Asked, buyers: str, state: str) -> None:
    """On stderr: codes that were asked for and that nobody has so far; a mistyped one would silence every signal."""
    if buyers in ("", "all", "security"):
        return
    from careo.results.watch_findings import watch_names
    from careo.run.watch import buyer_codes

    _, names = watch_names(state=state or None, country=asked.country)
    unknown = [code for code in buyer_codes(buyers) if code not in names]
    if unknown:
        print(one_line(_view(asked, "no_buyer", codes=", ".join(unknown[:5]))), file=sys.stderr)


def _reason(reason: str, language: str) -> str:
    key = f"watch.refused.{reason}"
    return say(language, key, detail="…") if sayable(language, key) else reason


def _freshness(asked: Asked, age: int | None, most: int) -> int:
    if most < 0 or (age is not None and age <= most):
        return 0
    key = "not_fresh" if age is not None else "no_date"
    print(_view(asked, key, days=age, most=most), file=sys.stderr)
    return 1


# ── status and rules ─────────────────────────────────────────────────────────────────────────────────────────────


def watch_status_verb(asked: Asked, *, state: str, stale_after: str, require_fresh: str, buyers: str) -> int:
    """`careo watch status`: when it last looked, how old its sources are, how late things became known, what could be told."""
    from careo.results.watch_findings import watch_counts
    from careo.results.watch_status import STALE_DAYS, watch_status
    from careo.views.watch_tables import show_figures, show_status

    fresh = whole("--require-fresh", require_fresh, -1, 36_500, least=0)
    stale = whole("--stale-after", stale_after, STALE_DAYS, 36_500, least=0)
    status = watch_status(state=state or None, country=asked.country, stale_days=stale)
    screen = Screen(asked.out)
    if asked.json:
        screen.write(contract.to_json(status_contract(status, asked.country, asked.language)))
    else:
        counts = watch_counts(state=state or None, country=asked.country)
        show_status(screen, status, counts, asked.language, _shown_buyers(asked, buyers, status.buyers))
        show_figures(screen, figures_of(status, asked.country, asked.language), asked.language)
    screen.close()
    return _freshness(asked, status.age_days, fresh)


def status_contract(status: Status, country: str, language: str) -> dict[str, Any]:
    """What `careo watch status --json` prints; its findings are the figures of how purchases are published."""
    from careo.results.watch_data import status_data

    found = [contract.finding_data(one, {}) for one in figures_of(status, country, language)]
    return contract.envelope("watch status", found, watch=status_data(status))


def figures_of(status: Status, country: str, language: str) -> tuple[Finding, ...]:
    """The country's figures of how purchases are published, counted from a state."""
    from careo.results.watched import watched_figures

    return watched_figures(status.folder / "state.sqlite", country, language)


def _shown_buyers(asked: Asked, buyers: str, names: Mapping[str, str]) -> frozenset[str] | None:
    """Codes of the buyers to show, None for all."""
    if buyers in ("", "all"):
        return None
    from careo.record.purchases.rule_files import load_buyers
    from careo.results.watch_findings import buyers_named

    if buyers == "security":
        register = load_buyers(asked.country)
        if register is None:
            raise CareoError("watch_no_buyers", where=asked.country, fix="watch_buyers")
        return frozenset(code for code, name in names.items() if register.watched(code, "", name))
    found = buyers_named(buyers, names)
    if not found:
        raise CareoError("watch_no_buyer", found=repr(buyers[:80]), fix="watch_no_buyer")
    return found


def watch_rules_verb(asked: Asked, *, rules: str, state: str) -> int:
    """`careo watch rules`: each rule with its definition, legal ground, needed fields and limitation."""
    from careo.run.watch import chosen_rules
    from careo.run.watch_state import rules_of, rules_with_lists, state_folder
    from careo.views.watch_tables import show_rule

    only = chosen_rules(rules_of(asked.country), _names(rules))
    known = rules_with_lists(state_folder(asked.country, state or None), asked.country)
    chosen = [rule for rule in known if not only or rule.id in only]
    screen = Screen(asked.out)
    if asked.json:
        screen.write(contract.to_json(rules_contract(chosen, asked.language)))
    else:
        for rule in chosen:
            show_rule(screen, rule, asked.language)
    screen.close()
    return 0


def rules_contract(rules: Sequence[Rule], language: str) -> dict[str, Any]:
    """What `careo watch rules --json` prints."""
    from careo.results.watch_data import rule_data

    return contract.envelope("watch rules", rules=[rule_data(rule, language) for rule in rules])


# ── findings ─────────────────────────────────────────────────────────────────────────────────────────────────────


def watch_findings_verb(
    asked: Asked, *, id: str | None, rule: str, buyer: str, show: str, since: str, state: str
) -> int:
    """`careo watch findings [ID]`: signals with what each rests on."""
    from careo.results.watch_findings import SHOWN, watch_findings
    from careo.views.watch_tables import show_finding

    found = watch_findings(
        state=state or None,
        country=asked.country,
        rules=_names(rule),
        buyers=buyer or "all",
        show=one_of("--show", show, SHOWN) or SHOWN[0],
        since=_day(since),
        id=id or "",
    )
    if not found.signals:
        _shown_buyers(asked, buyer, found.buyers)  # a mistyped name is told from a buyer without signals
    screen = Screen(asked.out)
    if asked.json:
        screen.write(contract.to_json(findings_contract(found, asked.language)))
    else:
        screen.line(say(asked.language, "watch.findings.head"), style="dim")
        screen.line()
        if not found.signals:
            screen.line(_view(asked, "none_found"))
        names = found.names_of(found.signals)
        for one in found.signals:
            show_finding(screen, one, found, names, asked.language, whole=bool(id))
    screen.close()
    return 0


def findings_contract(found: Found, language: str) -> dict[str, Any]:
    """What `careo watch findings --json` prints."""
    from careo.results.watch_data import findings_data

    return contract.envelope("watch findings", **findings_data(found, language))


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CareoError(
            "usage_date", where="--since", expected="2027-01-31", found=repr(text[:20])
        ) from error


# ── replay and export ────────────────────────────────────────────────────────────────────────────────────────────


def watch_replay_verb(asked: Asked, *, folder: str, buyers: str, rules: str) -> int:
    """`careo watch replay FOLDER`: as if the folder had been watched then, each file seen at its own date."""
    from careo.results.watch_data import moment_data, signal_data
    from careo.run.watch import watch_replay

    printed = _Printed(asked)
    told: list[dict[str, Any]] = []

    def keep(seq: int, signal: Signal, names: Names) -> None:
        told.append(signal_data(signal, printed.rules().get(signal.rule), names, asked.language, seq=seq))

    with _stopped_by_signals() as stop:
        watched = watch_replay(
            folder,
            state=asked.out or None,
            country=asked.country,
            buyers=buyers or "all",
            rules=_names(rules),
            tell=keep if asked.json else printed.tell,
            note=printed.note,
            stop=stop,
        )
    if asked.json:
        block = {
            "files": watched.files, "releases": watched.releases, "new": watched.new, "refused": dict(watched.refused),
            "until": moment_data(watched.clock), "signals": told,
        }  # fmt: skip
        Screen().write(contract.to_json(contract.envelope("watch replay", **block)))
    _sum_up(asked, watched)
    if stop.is_set():
        raise KeyboardInterrupt
    return _NOTHING_READ if watched.nothing_read else 0


def watch_export_verb(asked: Asked, *, jsonl: bool, csv: bool, atom: bool, after: str, state: str) -> int:
    """`careo watch export`: every revision once, by its number, as JSON Lines, a table or an Atom feed."""
    from careo.record.purchases.naming import Names
    from careo.results.watch_findings import watch_names, watch_told
    from careo.run.watch_state import clock_of
    from careo.views import watch_feed

    if jsonl + csv + atom > 1:
        raise CareoError("watch_form", fix="help", command="careo watch export")
    rules, _ = watch_names(state=state or None, country=asked.country)
    names = Names()
    told = watch_told(
        state=state or None,
        country=asked.country,
        after=whole("--after", after, 0, 2**62, least=0),
        names=names,
    )
    lines: Iterator[str]
    if csv:
        lines = watch_feed.table(told, rules, names, asked.language)
    elif atom:
        zone = clock_of(asked.country).zone
        lines = iter([watch_feed.atom(told, rules, names, zone, Path(asked.country).name, asked.language)])
    else:
        lines = watch_feed.json_lines(told, rules, names, asked.language)
    if not asked.out:
        sys.stdout.writelines(lines)
        return 0
    with writing(Path(asked.out)) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)
    return 0


def _view(asked: Asked, key: str, **words: object) -> str:
    return say(asked.language, f"watch.view.{key}", **words)
