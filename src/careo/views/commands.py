"""The verbs of the command line as data: their names, their groups, the module of each, and what each can be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from careo.base.texts import say

VERBS = (
    "read", "statements", "check", "audit", "overview", "indicators", "data", "panel", "strategies", "levers", "money", "ladder",
    "drift", "coverage", "parameters", "simulate", "runs", "compare", "search", "calibrate", "forecast", "validate",
    "evaluate", "replicate", "watch", "dossier", "cite", "schema", "serve", "tokens",
)  # fmt: skip
"""In the order of the work."""

DATA_VERBS = ("import", "list", "show", "check", "diff", "remove", "export", "fetch", "map")
"""The verbs of `careo data`."""

STRATEGY_VERBS = ("list", "show", "check", "new", "draft")
"""The verbs of `careo strategies`."""

RUN_VERBS = ("list", "show", "resume", "export", "remove")
"""The verbs of `careo runs`."""

TOKEN_VERBS = ("add", "list", "remove")
"""The verbs of `careo tokens`."""

WATCH_VERBS = ("status", "rules", "findings", "replay", "export")
"""The verbs of `careo watch`, which also does something without one."""

GROUPS: dict[str, tuple[str, ...]] = {
    "": VERBS,
    "watch": WATCH_VERBS,
    "tokens": TOKEN_VERBS,
    "data": DATA_VERBS,
    "strategies": STRATEGY_VERBS,
    "runs": RUN_VERBS,
}
"""Verbs that have verbs of their own; "" for `careo` itself."""

DOING = ("watch",)
"""Groups that are commands themselves."""


def all_commands() -> tuple[str, ...]:
    """Every command as it is typed after `careo`: "read", "data import" …"""
    words = (f"{group} {verb}".strip() for group, verbs in GROUPS.items() for verb in verbs)
    return (*(word for word in words if word not in GROUPS), *DOING)


def home(command: str) -> str:
    """The module that holds a command's function, which is named like it: `data_import_verb`."""
    return f"careo.views.{_HOMES.get(command.split()[0], 'verbs')}"


_HOMES = {
    "overview": "overview_verb",
    "data": "data_verbs",
    "panel": "data_verbs",
    "strategies": "strategy_verbs",
    "coverage": "strategy_verbs",
    "levers": "lever_verb",
    "money": "money_verb",
    "ladder": "ladder_verbs",
    "drift": "ladder_verbs",
    "parameters": "parameters_verb",
    "simulate": "simulate_verbs",
    "runs": "runs_verbs",
    "compare": "simulate_verbs",
    "search": "search_verbs",
    "forecast": "forecast_verb",
    "validate": "validate_verb",
    "calibrate": "calibrate_verb",
    "evaluate": "evaluate_verb",
    "replicate": "replicate_verb",
    "watch": "watch_verbs",
    "dossier": "dossier_verb",
    "cite": "cite_verb",
    "serve": "serve_verb",
    "tokens": "serve_verb",
}


def _option(
    language: str,
    name: str,
    metavar: str = "",
    *,
    flag: bool = False,
    short: str = "",
    multiple: bool = False,
    says: str = "",
) -> click.Option:
    names = [f"--{name}", *([short] if short else [])]
    text = say(
        language, f"cli.option.{says or name}"
    )  # `says`: where an option means something else elsewhere
    if flag:
        return click.Option(names, is_flag=True, default=False, help=text)
    if multiple:
        return click.Option(names, metavar=metavar, multiple=True, help=text)
    return click.Option(names, metavar=metavar, default="", show_default=False, help=text)


GLOBAL = ("json", "lang", "offline", "strict", "country", "out")
"""Names of the options that every verb has, wherever on the line they stand."""


def global_parameters(language: str) -> list[click.Parameter]:
    """The options that every verb has."""
    return [
        _option(language, "json", flag=True),
        _option(language, "lang", "es|en"),
        _option(language, "offline", flag=True),
        _option(language, "strict", flag=True),
        _option(language, "country", "NAME"),
        _option(language, "out", "PATH", short="-o"),
    ]


_PAGES: dict[str, Any] = {"nargs": -1, "metavar": "PAGE…"}
_PERHAPS: dict[str, Any] = {"nargs": -1, "metavar": "[PAGE…]"}
PARAMETERS: dict[str, Callable[[str], list[click.Parameter]]] = {
    "read": lambda _: [click.Argument(["pages"], required=True, **_PAGES)],
    "statements": lambda _: [click.Argument(["pages"], required=True, **_PAGES)],
    "check": lambda lang: [
        click.Argument(["pages"], required=True, nargs=-1, metavar=say(lang, "cli.help.sentence")),
        _option(lang, "date", "YYYY-MM-DD"),
    ],
    "audit": lambda lang: [
        click.Argument(["pages"], **_PERHAPS),
        _option(lang, "ledger", "FILE"),
        _option(lang, "date", "YYYY-MM-DD"),
        _option(lang, "strategy", "SLUG|FILE"),
        _option(lang, "on", "YYYY-MM-DD"),
    ],
    "indicators": lambda lang: [
        click.Argument(["indicator"], required=False, metavar="[ID]"),
        _option(lang, "place", "PLACE"),
    ],
    "overview": lambda lang: [
        click.Argument(["indicator"], required=False, metavar="[ID]"),
        _option(lang, "month", "YYYY-MM"),
        _option(lang, "counts", flag=True),
        _option(lang, "states", "STATE,…", says="overview.states"),
    ],
    "schema": lambda _: [click.Argument(["name"], required=False, metavar="[findings|strategy]")],
    "strategies list": lambda _: [],
    "strategies show": lambda lang: [
        click.Argument(["name"], metavar="SLUG|FILE"),
        _option(lang, "on", "YYYY-MM-DD"),
    ],
    "strategies check": lambda _: [click.Argument(["names"], nargs=-1, metavar="[SLUG|FILE…]")],
    "strategies new": lambda _: [click.Argument(["slug"], metavar="SLUG")],
    "strategies draft": lambda lang: [
        click.Argument(["page"], metavar="PAGE"),
        _option(lang, "slug", "SLUG"),
    ],
    "levers": lambda _: [click.Argument(["lever"], required=False, metavar="[ID]")],
    "money": lambda lang: [
        click.Argument(["name"], required=False, metavar="[SLUG|LINE]"),
        _option(lang, "stage", "STAGE"),
        _option(lang, "period", "YYYY|YYYY/YYYY"),
        _option(lang, "currency", "MXN|USD"),
        _option(lang, "prices", "YYYY"),
        _option(lang, "share", "PURPOSE"),
        _option(lang, "reallocate", "FROM>TO=AMOUNT", multiple=True),
    ],
    "ladder": lambda lang: [
        click.Argument(["names"], nargs=-1, metavar="[PLEDGE|LADDER…]"),
        _option(lang, "on", "YYYY-MM-DD"),
    ],
    "drift": lambda lang: [
        click.Argument(["name"], metavar="PLEDGE|TOPIC"),
        _option(lang, "on", "YYYY-MM-DD"),
    ],
    "coverage": lambda _: [],
    "parameters": lambda _: [click.Argument(["name"], required=False, metavar="[NAME]")],
    "simulate": lambda lang: [
        click.Argument(["strategies"], required=True, nargs=-1, metavar="SLUG|FILE…"),
        _option(lang, "months", "N"),
        _option(lang, "draws", "N"),
        _option(lang, "seed", "N"),
        _option(lang, "start", "YYYY-MM"),
        _option(lang, "members", "N"),
        _option(lang, "places", "state|municipality", says="run_places"),
        _option(lang, "where", "MEASURE=PLACES", multiple=True),
        _option(lang, "outcomes", "NAME,…"),
        _option(lang, "calibration", say(lang, "cli.help.file")),
        _option(lang, "cluster", "tcp://HOST:PORT"),
    ],
    "runs list": lambda _: [],
    "runs show": lambda _: [click.Argument(["name"], metavar="RUN")],
    "runs resume": lambda lang: [
        click.Argument(["name"], metavar="RUN"),
        _option(lang, "cluster", "tcp://HOST:PORT"),
    ],
    "runs export": lambda _: [click.Argument(["name"], metavar="RUN")],
    "runs remove": lambda _: [click.Argument(["names"], required=True, nargs=-1, metavar="RUN…")],
    "compare": lambda lang: [
        click.Argument(["run"], metavar="RUN"),
        _option(lang, "quantity", "OUTCOME"),
        _option(lang, "against", "STRATEGY"),
        _option(lang, "places", "municipality", says="compare_places"),
        _option(lang, "sensitivity", flag=True),
    ],
    "search": lambda lang: [
        _option(lang, "budget", "N"),
        _option(lang, "currency", "MXN|USD", says="search.currency"),
        _option(lang, "per", "year|horizon"),
        _option(lang, "prevention-share", "0..1"),
        _option(lang, "levers", "ID,…"),
        _option(lang, "keep", "LIMIT", multiple=True),
        _option(lang, "months", "N"),
        _option(lang, "draws", "N", says="search.draws"),
        _option(lang, "worlds", "N"),
        _option(lang, "seed", "N"),
    ],
    "forecast": lambda lang: [
        _option(lang, "origin", "YYYY-MM", says="forecast.origin"),
        _option(lang, "months", "N", says="forecast.months"),
        _option(lang, "places", "state|national|municipality|CODE,…", says="forecast.places"),
        _option(lang, "draws", "N", says="forecast.draws"),
        _option(lang, "seed", "N"),
        _option(lang, "calibration", say(lang, "cli.help.file"), says="forecast.calibration"),
        _option(lang, "provisional", "N", says="forecast.provisional"),
    ],
    "validate": lambda lang: [
        _option(lang, "origins", "YYYY-MM/YYYY-MM", says="validate.origins"),
        _option(lang, "origin", "YYYY-MM", says="validate.origin"),
        _option(lang, "places", "state|national|municipality", says="validate.places"),
        _option(lang, "against", "MODEL", says="validate.against"),
        _option(lang, "models", "NAME,…", says="validate.models"),
        _option(lang, "draws", "N", says="validate.draws"),
        _option(lang, "seed", "N"),
        _option(lang, "data", say(lang, "cli.help.file"), says="validate.data"),
        _option(lang, "by-state", flag=True, says="validate.by-state"),
        _option(lang, "replay", "NAME|FILE", says="validate.replay"),
    ],
    "calibrate": lambda lang: [
        _option(lang, "until", "YYYY-MM", says="calibrate.until"),
        _option(lang, "states", flag=True, says="calibrate.states"),
    ],
    "evaluate": lambda lang: [
        click.Argument(["name"], metavar="list|NAME|FILE"),
        _option(lang, "outcome", "ID", says="evaluate.outcome"),
        _option(lang, "draws", "N", says="evaluate.draws"),
        _option(lang, "seed", "N"),
        _option(lang, "boundaries", say(lang, "cli.help.file"), says="evaluate.boundaries"),
        _option(lang, "to-registry", say(lang, "cli.help.file"), says="evaluate.to-registry"),
    ],
    "replicate": lambda lang: [click.Argument(["name"], metavar="STUDY"), _option(lang, "network", "DIR")],
    "watch": lambda lang: [
        click.Argument(["where"], required=False, default="", metavar="[-]"),
        _option(lang, "dir", "FOLDER", says="watch.dir"),
        _option(lang, "url", "URL", says="watch.url"),
        _option(lang, "follow", flag=True, says="watch.follow"),
        _option(lang, "every", "N", says="watch.every"),
        _option(lang, "buyers", "security|all|FILE|CODE,…", says="watch.buyers"),
        _option(lang, "rules", "ID,…", says="watch.rules"),
        _option(lang, "list", say(lang, "cli.help.file"), says="watch.list"),
        _option(lang, "state", "FOLDER", says="watch.state"),
        _option(lang, "require-fresh", "N", says="watch.require-fresh"),
        _option(lang, "accept-shrunk", flag=True, says="watch.accept-shrunk"),
    ],
    "watch status": lambda lang: [
        _option(lang, "buyers", "security|all|NAME,…", says="watch.buyers_shown"),
        _option(lang, "stale-after", "N", says="watch.stale-after"),
        _option(lang, "require-fresh", "N", says="watch.require-fresh"),
        _option(lang, "state", "FOLDER", says="watch.state"),
    ],
    "watch rules": lambda lang: [
        _option(lang, "rules", "ID,…", says="watch.rules_shown"),
        _option(lang, "state", "FOLDER", says="watch.state"),
    ],
    "watch findings": lambda lang: [
        click.Argument(["id"], required=False, metavar="[ID]"),
        _option(lang, "rule", "ID,…", says="watch.rules_shown"),
        _option(lang, "buyer", "security|NAME,…", says="watch.buyers_shown"),
        _option(lang, "show", "standing|withdrawn|all", says="watch.show"),
        _option(lang, "since", "YYYY-MM-DD", says="watch.since"),
        _option(lang, "state", "FOLDER", says="watch.state"),
    ],
    "watch replay": lambda lang: [
        click.Argument(["folder"], metavar="FOLDER"),
        _option(lang, "buyers", "security|all|FILE|CODE,…", says="watch.buyers"),
        _option(lang, "rules", "ID,…", says="watch.rules"),
    ],
    "watch export": lambda lang: [
        _option(lang, "jsonl", flag=True, says="watch.jsonl"),
        _option(lang, "csv", flag=True, says="watch.csv"),
        _option(lang, "atom", flag=True, says="watch.atom"),
        _option(lang, "after", "SEQ", says="watch.after"),
        _option(lang, "state", "FOLDER", says="watch.state"),
    ],
    "dossier": lambda lang: [
        click.Argument(["pages"], **_PERHAPS),
        _option(lang, "form", "page|brief|letter", says="dossier.form"),
        _option(lang, "strategy", "SLUG|FILE"),
        _option(lang, "on", "YYYY-MM-DD"),
        _option(lang, "ledger", "FILE"),
        _option(lang, "date", "YYYY-MM-DD"),
        _option(lang, "paper", "letter|a4", says="dossier.paper"),
        _option(lang, "addressee", say(lang, "cli.help.office"), says="dossier.addressee"),
        _option(lang, "signatory", say(lang, "cli.help.name"), says="dossier.signatory"),
    ],
    "cite": lambda lang: [
        click.Argument(["names"], required=True, nargs=-1, metavar="THING…"),
        _option(lang, "format", "text|bibtex|csl-json"),
        _option(lang, "state", "FOLDER", says="watch.state"),
    ],
    "serve": lambda lang: [
        _option(lang, "host", "ADDRESS"),
        _option(lang, "port", "N"),
        _option(lang, "name", "NAME", multiple=True),
    ],
    "tokens add": lambda lang: [
        click.Argument(["person"], metavar="NAME"),
        _option(lang, "role", "reader|editor"),
    ],
    "tokens list": lambda _: [],
    "tokens remove": lambda _: [click.Argument(["person"], metavar="NAME")],
    "panel": lambda lang: [
        _option(lang, "places", "state|municipality|nation|CODE,…"),
        _option(lang, "indicator", "ID,…"),
        _option(lang, "as-of", "YYYY-MM-DD"),
        _option(lang, "rate", flag=True),
    ],
    "data import": lambda lang: [
        click.Argument(["files"], required=True, nargs=-1, metavar=say(lang, "cli.help.files")),
        _option(lang, "vintage", "YYYY-MM"),
    ],
    "data list": lambda lang: [_option(lang, "layouts", flag=True)],
    "data show": lambda lang: [click.Argument(["name"], metavar=say(lang, "cli.help.edition"))],
    "data check": lambda lang: [
        click.Argument(["names"], nargs=-1, metavar=f"[{say(lang, 'cli.help.country_or_edition')}…]")
    ],
    "data diff": lambda lang: [
        click.Argument(["old"], metavar=say(lang, "cli.help.edition")),
        click.Argument(["new"], metavar=say(lang, "cli.help.edition")),
    ],
    "data remove": lambda lang: [
        click.Argument(["names"], required=True, nargs=-1, metavar=f"{say(lang, 'cli.help.edition')}…")
    ],
    "data export": lambda lang: [click.Argument(["name"], metavar=say(lang, "cli.help.edition"))],
    "data fetch": lambda lang: [
        click.Argument(["name"], metavar=say(lang, "cli.help.dataset")),
        _option(lang, "url", "URL"),
        _option(lang, "vintage", "YYYY-MM"),
    ],
    "data map": lambda lang: [
        click.Argument(["indicator"], metavar="ID"),
        _option(lang, "month", "YYYY-MM"),
        _option(lang, "boundaries", say(lang, "cli.help.file")),
        _option(lang, "as-of", "YYYY-MM-DD"),
        _option(lang, "rate", flag=True),
    ],
}
"""Of a command and a language: its arguments and its own options; the global ones come on top."""
