"""Purchases watched: the signals that stand, what each rests on, what could be told of whom, how late and how stale the sources are.

Every page reads the state as it is at that moment and holds nothing: the watch that writes it is another program and is never kept waiting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Literal, TypeAlias

from starlette.responses import Response, StreamingResponse

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.record.purchases.naming import Names
from careo.results.watch_findings import (
    SHOWN,
    STANDING,
    watch_counts,
    watch_findings,
    watch_names,
    watch_newest,
    watch_told,
)
from careo.results.watch_status import DELAYS, Status, watch_status
from careo.results.wording import number, period_words
from careo.run.watch import chosen_rules
from careo.run.watch_state import clock_of, rules_of, rules_with_lists, state_folder
from careo.views import contract, watch_feed
from careo.views.i18n import cleaned
from careo.views.strategy_page import watched_row
from careo.views.verbs import day
from careo.views.watch_verbs import figures_of, findings_contract, rules_contract, status_contract
from careo.views.web.actions import action
from careo.views.web.page import Asking, Late, Page, Table, address, page
from careo.views.web.paging import near
from careo.views.web.watch_rows import (
    coverage_cells,
    delay_rows,
    delay_table,
    evidence_table,
    matrix,
    rule_row,
    signal_row,
    signal_rows,
    sum_up,
    watched_codes,
)

_BUYERS, _SIGNALS = 40, 30  # of a page
_LINES = 1_000  # revisions read at once
_SIGNAL_COLUMNS = (
    "id", "state", "revision", "rule", "severity", "buyer", "buyer_name", "unit", "unit_name", "supplier", "supplier_name",
    "subject", "value", "threshold", "measured_in", "event", "published", "first_seen", "told",
)  # fmt: skip
Group = Literal["", "security", "all"]
Show = Literal["standing", "withdrawn", "all"]


@page("/purchases", part="watch")
def purchases(asking: Asking, group: Group = "", page: int = 1) -> Page:
    """How the watch of purchases stands: signals by buyer and rule, and what could be told of whom."""

    def told(of: _Buyers) -> _Told:
        counts = watch_counts(country=asking.country)
        rows = {
            **sum_up(of.status, counts, of.security, asking.language),
            **matrix(of.status, counts, of.shown, of.codes, asking.language),
        }
        return rows, Late(lambda: {"coverage": coverage_cells(of.status, counts)}, ("coverage",))

    return _by_buyer(
        asking, "/purchases", "watch.html", "title", group, page,
        which=lambda status: status.coverage, told=told, prints="found.standing, found.age_days",
    )  # fmt: skip


@page("/purchases/signals", part="watch")
def signals(
    asking: Asking, rule: str = "", buyer: str = "", show: Show = "standing", since: str = "", page: int = 1
) -> Page:
    """Signals of some rules or buyers, newest first."""
    if not _begun(asking):
        return _nothing(asking, "signals.title")
    language, country = asking.language, asking.country
    rule, buyer, when = rule.strip(), buyer.strip(), day(since.strip(), "since")
    known = rules_of(country)
    chosen_rules(known, [rule] if rule else [])
    _, names = watch_names(country=country)
    if buyer not in ("", "security", *names):  # a name or a code, never a file
        raise CareoError("web_value", where="buyer", expected="security | 007000 | …", found=repr(buyer[:60]))
    found = watch_findings(
        country=country, rules=[rule] if rule else [], buyers=buyer or "all", show=show, since=when
    )
    shown, pages = _cut(found.signals, page, _SIGNALS)
    of_page = found.names_of(shown)
    rows = [signal_row(one, found, of_page, language) for one in shown]
    query = {"rule": rule, "buyer": buyer, "show": "" if show == STANDING else show, "since": since.strip()}
    told = [f"{key}={value!r}" for key, value in (("rules", [rule]), ("buyers", buyer), ("show", query["show"])) if value and value != [""]]  # fmt: skip
    told += [f"since=date({when.year}, {when.month}, {when.day})"] if when else []
    told += [asking.named("country=")] if asking.named() else []
    return Page(
        template="watch_signals.html",
        title=say(language, "web_watch.signals.title"),
        data=Late(lambda: findings_contract(found, language)),
        rows=cleaned(
            {
                "signals": rows,
                "count": len(found.signals),
                "rules": [(one.id, rule_row(one, language)["title"]) for one in found.rules.values()],
                "buyers": sorted(((name or code, code) for code, name in names.items()), key=lambda pair: pair[0].casefold()),
                "with_security": bool(watched_codes(country, names)),
                "shows": SHOWN,
                "pages": pages,
                "asked_for": {"rule": rule, "buyer": buyer, "show": show, "since": since.strip()},
                "filtered": any(query.values()),
            }
        )
        | {"there": partial(address, language, "/purchases/signals", **query)},
        command=("watch", "findings", *(f"--{key}={value}" for key, value in query.items() if value)),
        python=("from datetime import date\n\n" if when else "")
        + f"import careo\n\nfound = careo.watch_findings({', '.join(told)})\n"
        + "for signal in found.signals:\n    print(signal.id, signal.rule, signal.buyer, signal.subject)",
        tables=Late(
            lambda: {"signals": Table(_SIGNAL_COLUMNS, signal_rows(found, language, _SIGNAL_COLUMNS))}, ("signals",)
        ),
    )  # fmt: skip


@page("/purchases/rules", part="watch")
def rules(asking: Asking) -> Page:
    """The rules by which purchases are watched, with their definitions, legal grounds and limitations."""
    language, country = asking.language, asking.country
    found = rules_with_lists(state_folder(country), country)
    rows = [rule_row(one, language) for one in found]
    columns = ("id", "version", "codes", "title", "severity", "definition", "limitation", "needs", "settings")
    return Page(
        template="watch_rules.html",
        title=say(language, "web_watch.rules.title"),
        data=rules_contract(found, language),
        rows={"rules": rows, "begun": _begun(asking)},
        command=("watch", "rules"),
        python="from careo.record.purchases.rule_files import load_rules\n\n"
        + f"for rule in load_rules({country!r}).by_id.values():\n    print(rule.id, rule.version, rule.settings)",
        tables={"rules": Table(columns, [[row[name] for name in columns] for row in rows])},
    )


@page("/purchases/delays", part="watch")
def delays(asking: Asking, group: Group = "", page: int = 1) -> Page:
    """How old the sources are, how late things became known, and figures of how purchases are published."""

    def told(of: _Buyers) -> _Told:
        rows = {
            **sum_up(of.status, Counter(), of.security, asking.language),
            **delay_rows(of.status, of.shown, asking.language),
            "steps": DELAYS,
            "watched": [watched_row(one) for one in figures_of(of.status, asking.country, asking.language)],
        }
        return rows, delay_table(of.status)

    return _by_buyer(
        asking, "/purchases/delays", "watch_delays.html", "delays.title", group, page,
        which=lambda status: status.delays, told=told, prints="found.delays, found.latency",
    )  # fmt: skip


@page("/purchases/{id}", part="watch")
def one_signal(asking: Asking, id: str) -> Page:
    """One signal: the rows and fields behind it, its rule, how late it was known, and what was told of it."""
    language, country = asking.language, asking.country
    found = watch_findings(country=country, id=id)
    (signal,) = found.signals
    row = signal_row(signal, found, found.names_of([signal]), language, whole=True)
    data = findings_contract(found, language)
    rule = found.rules.get(signal.rule)
    return Page(
        template="watch_signal.html",
        title=row["title"],
        data=data,
        rows=cleaned(
            {
                "s": row,
                "head": say(language, "watch.findings.head"),
                "rule": rule_row(rule, language) if rule else None,
                "until": period_words(row["clock"], language),
            }
        ),
        command=("watch", "findings", signal.id),
        cites=(signal.id,),
        python="import careo\n\nfound = careo.watch_findings("
        + ", ".join([f"id={signal.id!r}", *([asking.named("country=")] if asking.named() else [])])
        + ")\nfor fact in found.signals[0].evidence:\n    print(fact.process, fact.field, fact.value, fact.name, fact.line)",
        tables={
            "evidence": evidence_table(data["signals"][0]["evidence"])
        },
    )  # fmt: skip


@action("/purchases/feed.atom", part="watch", method="GET")
def feed(asking: Asking) -> Response:
    """The newest revisions of signals as an Atom feed."""
    language, country = asking.language, asking.country
    known, _ = watch_names(country=country)
    names = Names()
    told = watch_newest(watch_feed.MOST_ENTRIES, country=country, names=names)
    text = watch_feed.atom(
        told, known, names, clock_of(country).zone, country, language,
        page=lambda signal: address(language, f"/purchases/{signal.id}"),
    )  # fmt: skip
    return Response(text.encode("utf-8", "replace"), media_type="application/atom+xml; charset=utf-8")


@action("/purchases/told.jsonl", part="watch", method="GET")
def lines(asking: Asking, after: int = 0) -> Response:
    """Every revision of a signal, a line each, from the number `after` on; the same as `careo watch export --jsonl`."""
    known, _ = watch_names(country=asking.country)
    body = _told_lines(asking, known, max(0, after))
    named = {"Content-Disposition": 'attachment; filename="careo-purchases-told.jsonl"'}
    return StreamingResponse(body, media_type="application/x-ndjson; charset=utf-8", headers=named)


def _told_lines(asking: Asking, known: Mapping[str, Any], after: int) -> Iterator[bytes]:
    """In pieces, each read from a connection of its own: pieces are asked for by different threads, and nobody is kept waiting between them."""
    names = Names()
    while told := list(islice(watch_told(country=asking.country, after=after, names=names), _LINES)):
        yield "".join(watch_feed.json_lines(told, known, names, asking.language)).encode("utf-8", "replace")
        after = told[-1][0]


# ── what pages share ─────────────────────────────────────────────────────────────────────────────────────────────


_Told: TypeAlias = tuple[dict[str, Any], Mapping[str, Table]]
"""(rows, tables) of a page."""


@dataclass(frozen=True)
class _Buyers:
    """The status of a watch and the buyers of a page.

    security: codes of the buyers of public security. codes: of all buyers chosen; shown: of those on this page.
    """

    status: Status
    security: frozenset[str]
    codes: Sequence[str]
    shown: Sequence[str]


def _by_buyer(
    asking: Asking, path: str, template: str, title: str, group: Group, at: int, *,
    which: Callable[[Status], Iterable[str]], told: Callable[[_Buyers], _Told], prints: str,
) -> Page:  # fmt: skip
    """A page of the status, buyer after buyer, or how to begin. which: of which buyers there is something to tell. prints: what of `found` the Python shows."""
    if not _begun(asking):
        return _nothing(asking, title)
    language, country = asking.language, asking.country
    status = watch_status(country=country)
    if not status.files:
        return _nothing(asking, title)
    security, known = watched_codes(country, status.buyers), list(which(status))
    chosen = group or ("security" if security.intersection(known) else "all")
    codes = [code for code in known if chosen == "all" or code in security]
    shown, pages = _cut(codes, at, _BUYERS)
    rows, tables = told(_Buyers(status, security, codes, shown))
    about = {"group": chosen, "groups": _groups(status, security), "count_of_buyers": len(codes), "pages": pages}  # fmt: skip
    return Page(
        template=template,
        title=say(language, f"web_watch.{title}"),
        data=Late(lambda: status_contract(status, country, language)),
        rows=cleaned({**rows, **about}) | {"there": partial(address, language, path, group=group)},
        command=("watch", "status", *(("--buyers=security",) if chosen == "security" else ())),
        python=f"import careo\n\nfound = careo.watch_status({asking.named('country=')})\nprint({prints})",
        tables=tables,
    )


def _begun(asking: Asking) -> bool:
    """Whether anything was ever taken in here.

    Raises:
        DataError: the country has no rules of purchases.
    """
    rules_of(asking.country)
    return (state_folder(asking.country) / "state.sqlite").is_file()


def _nothing(asking: Asking, title: str) -> Page:
    """How to begin."""
    begin = [
        ("folder", "careo watch --dir " + say(asking.language, "web_watch.empty.folder_name") + " --follow"),
        ("address", "careo watch --url https://… --follow"),
        ("replay", "careo watch replay " + say(asking.language, "web_watch.empty.folder_name")),
    ]
    if asking.country != "mexico":
        begin = [(key, f"{command} --country {asking.country}") for key, command in begin]
    return Page(
        template="watch_empty.html",
        title=say(asking.language, f"web_watch.{title}"),
        data=contract.envelope("watch status", watch={}),
        rows={"begin": begin, "head": say(asking.language, "watch.findings.head"), "where": str(state_folder(asking.country)) if asking.services.settings.private else ""},
    )  # fmt: skip


def _groups(status: Status, security: frozenset[str]) -> list[str]:
    return ["security", "all"] if security & set(status.buyers) else []


def _cut(things: Any, at: int, most: int) -> tuple[Any, dict[str, Any]]:
    """(things of a page, its number and its neighbours).

    Raises:
        CareoError: there is no such page.
    """
    count = max(1, -(-len(things) // most))
    if not 1 <= at <= count:
        raise CareoError("web_value", where="page", expected=f"1 – {count}", found=str(at)[:20])
    first = (at - 1) * most
    return things[first : first + most], {
        "at": at,
        "count": count,
        "near": near(at, count),
        "first": number(first + 1),
        "last": number(min(first + most, len(things))),
    }
