"""The command line: parsing, languages, exit codes. The verbs themselves stand in `verbs.py`, loaded when one runs.

stdout is data, stderr is talk. Exit codes: 0 done; 1 a check did not pass under --strict; 2 an error the user can mend,
printed as a sentence; 130 interrupted. Anything else keeps its traceback.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import click

from careo.base.errors import CareoError, OutputError
from careo.base.texts import LANGUAGES, say
from careo.views.i18n import choose_language, one_line

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

_GROUPS = {
    "": VERBS,
    "watch": WATCH_VERBS,
    "tokens": TOKEN_VERBS,
    "data": DATA_VERBS,
    "strategies": STRATEGY_VERBS,
    "runs": RUN_VERBS,
}


_DOING = ("watch",)
"""Groups that are commands themselves."""


def commands() -> tuple[str, ...]:
    """Every command as it is typed after `careo`: "read", "data import" …"""
    words = (f"{group} {verb}".strip() for group, verbs in _GROUPS.items() for verb in verbs)
    return (*(word for word in words if word not in _GROUPS), *_DOING)


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


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # what is left of a disk, not of our doing

# Verb → its arguments and its own options, as click parameters; the global options come on top.
_PAGES: dict[str, Any] = {"nargs": -1, "metavar": "PAGE…"}
_PERHAPS: dict[str, Any] = {"nargs": -1, "metavar": "[PAGE…]"}
_PARAMETERS: dict[str, Callable[[str], list[click.Parameter]]] = {
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line, whatever the verb."""

    language: str
    json: bool
    offline: bool
    strict: bool
    country: str
    out: str


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code."""
    language = choose_language(_spoken(arguments), os.environ)
    _speak_utf8()
    try:
        code = _run(list(arguments), language)
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except CareoError as error:
        return _talk(error.render(language), 2)
    except click.UsageError as error:
        return _talk(_mistake(error).render(language), 2)
    except (KeyboardInterrupt, click.Abort):
        return _talk(say(language, "cli.interrupted"), 130)
    except BrokenPipeError:
        _hush()  # whoever read our output has heard enough
        return 0
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _hush()
        full = OutputError("output_unwritable", where="stdout", found=error.strerror or "")
        return _talk(full.render(language), 2)
    return code


def _hush() -> None:
    """Nothing may complain of standard output while Python shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: list[str], language: str) -> int:
    group = _Group(language)
    if not arguments:
        arguments = ["--help"]
    with group.make_context("careo", arguments) as context:
        return int(group.invoke(context) or 0)


def _talk(text: str, code: int) -> int:
    # What is indented belongs to the sentence above it: expected, found, fix.
    lines = (("  " if line.startswith("  ") else "") + one_line(line) for line in text.splitlines())
    click.echo("\n".join(lines), err=True)
    return code


def _spoken(arguments: Sequence[str]) -> str:
    """What `--lang` says, before anything is parsed: help texts and messages need it."""
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
        if argument == "--lang" and index + 1 < len(arguments):
            return arguments[index + 1]
    return ""


def _speak_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="replace")


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


_GLOBAL = ("json", "lang", "offline", "strict", "country", "out")


def _globals(language: str) -> list[click.Parameter]:
    return [
        _option(language, "json", flag=True),
        _option(language, "lang", "es|en"),
        _option(language, "offline", flag=True),
        _option(language, "strict", flag=True),
        _option(language, "country", "NAME"),
        _option(language, "out", "PATH", short="-o"),
    ]


class _Speaking(click.Command):
    """A command whose help speaks the reader's language."""

    language: str = "en"

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, say(self.language, "cli.help.usage") + " ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = (p for p in self.get_params(ctx) if isinstance(p, click.Option))
        rows = [row for option in options if (row := option.get_help_record(ctx))]
        with formatter.section(say(self.language, "cli.help.options")):
            formatter.write_dl(rows)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option:
            option.help = say(self.language, "cli.help.help")
        return option


class _Verb(_Speaking):
    def __init__(self, words: str, language: str) -> None:
        self.language, self.words = language, words
        super().__init__(
            words.rpartition(" ")[2],
            params=[*_PARAMETERS[words](language), *_globals(language)],
            help=say(language, f"cli.verb.{words.replace(' ', '_')}.help"),
            callback=self._call,
            options_metavar=say(language, "cli.help.metavar"),
        )

    def _call(self, **values: Any) -> int:
        before = _given_before(click.get_current_context())
        merged = {name: values.pop(name) or before.get(name) for name in _GLOBAL}
        lang = merged["lang"] or ""
        if lang and lang.lower() not in LANGUAGES:
            raise CareoError("usage_value", where="", expected="es | en", found=repr(lang), option="--lang")
        asked = Asked(
            language=self.language,
            json=bool(merged["json"]),
            offline=bool(merged["offline"]),
            strict=bool(merged["strict"]),
            country=merged["country"] or "mexico",
            out=merged["out"] or "",
        )
        from importlib import import_module

        verb: Callable[..., int] = getattr(
            import_module(home(self.words)), f"{self.words.replace(' ', '_')}_verb"
        )
        return verb(asked, **values)


class _DoingVerb(_Verb):
    """A verb that has verbs of its own: they stand in its help."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [
            (name, say(self.language, f"cli.verb.{self.words}_{name}.short")) for name in _GROUPS[self.words]
        ]
        with formatter.section(say(self.language, "cli.help.verbs")):
            formatter.write_dl(rows)
        super().format_options(ctx, formatter)


def _names_a_verb(words: str, arguments: Sequence[str]) -> bool:
    """Whether one of the verbs of a group is the first word that is no global option."""
    rest = iter(arguments)
    for word in rest:
        if word in ("--lang", "--country", "--out", "-o"):
            next(rest, "")
        elif not word.startswith("-") or word == "-":
            return word in _GROUPS[words]
        elif word.partition("=")[0] not in (
            "--json",
            "--offline",
            "--strict",
            "--lang",
            "--country",
            "--out",
        ):
            return False
    return False


def _given_before(context: click.Context) -> dict[str, Any]:
    """Global options given before the verb, the nearest group first."""
    found: dict[str, Any] = {}
    while context.parent is not None:
        context = context.parent
        found = {name: found.get(name) or context.params.get(name) for name in _GLOBAL}
    return found


class _Group(_Speaking, click.Group):
    def __init__(self, language: str, words: str = "") -> None:
        self.language, self.words, self.verbs = language, words, _GROUPS[words]
        click.Group.__init__(
            self,
            words or "careo",
            params=_globals(language),
            help=say(language, f"cli.verb.{words}.help" if words else "cli.help.careo"),
            epilog="" if words else say(language, "cli.help.epilog"),
            options_metavar=say(language, "cli.help.metavar"),
            subcommand_metavar=say(language, "cli.help.verb"),
        )
        if words:
            return
        self.params.append(
            click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version,
                         help=say(language, "cli.option.version"))
        )  # fmt: skip

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click calls it so
        if cmd_name not in self.verbs:
            return None
        words = f"{self.words} {cmd_name}".strip()
        if words in _DOING:
            return _DoingVerb(words, self.language)
        return _Group(self.language, words) if words in _GROUPS else _Verb(words, self.language)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.verbs:
            guess = get_close_matches(args[0], self.verbs, n=1)
            raise CareoError(
                "usage_verb", expected=" | ".join(self.verbs), found=repr(args[0]), fix="did_you_mean" if guess else "help",
                guess=guess[0] if guess else "", command=ctx.command_path,
            )  # fmt: skip
        if args and args[0] in _DOING and _names_a_verb(args[0], args[1:]):
            return args[0], _Group(self.language, args[0]), args[1:]
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # The short help comes from the texts: no verb is loaded to list them.
        rows = [(name, say(self.language, f"cli.verb.{self._key(name)}.short")) for name in self.verbs]
        with formatter.section(say(self.language, "cli.help.verbs")):
            formatter.write_dl(rows)
        super().format_options(ctx, formatter)

    def _key(self, name: str) -> str:
        return f"{self.words}_{name}" if self.words else name


def _version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked:
        from careo import __version__

        click.echo(f"careo {__version__}")
        ctx.exit()


def _mistake(error: click.UsageError) -> CareoError:
    """A mistake in the command line as one of our own errors, so that it speaks both languages."""
    command = error.ctx.command_path if error.ctx else "careo"
    words = {"command": command, "option": "", "guess": ""}
    if isinstance(error, click.NoSuchOption):
        guess = get_close_matches(error.option_name, list(error.possibilities or ()), n=1, cutoff=0.0)
        words |= {"option": error.option_name, "guess": guess[0] if guess else ""}
        return CareoError("usage_option", fix="did_you_mean" if guess else "help", **words)
    if isinstance(error, click.BadOptionUsage):
        return CareoError("usage_needs_value", fix="help", **(words | {"option": error.option_name}))
    if isinstance(error, click.MissingParameter):
        name = error.param.human_readable_name.strip("[…]") if error.param else ""
        return CareoError("usage_missing", fix="help", **(words | {"option": name}))
    return CareoError("usage_extra", found=one_line(error.format_message(), 200), fix="help", **words)
