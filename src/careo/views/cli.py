"""The command line: parsing, languages, exit codes.

What can be typed stands in `commands.py`; the verbs themselves in the modules that it names, loaded when one runs.

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
from careo.views.commands import DOING, GLOBAL, GROUPS, PARAMETERS, global_parameters, home
from careo.views.i18n import choose_language, one_line

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # what is left of a disk, not of our doing


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
            params=[*PARAMETERS[words](language), *global_parameters(language)],
            help=say(language, f"cli.verb.{words.replace(' ', '_')}.help"),
            callback=self._call,
            options_metavar=say(language, "cli.help.metavar"),
        )

    def _call(self, **values: Any) -> int:
        before = _given_before(click.get_current_context())
        merged = {name: values.pop(name) or before.get(name) for name in GLOBAL}
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
            (name, say(self.language, f"cli.verb.{self.words}_{name}.short")) for name in GROUPS[self.words]
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
            return word in GROUPS[words]
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
        found = {name: found.get(name) or context.params.get(name) for name in GLOBAL}
    return found


class _Group(_Speaking, click.Group):
    def __init__(self, language: str, words: str = "") -> None:
        self.language, self.words, self.verbs = language, words, GROUPS[words]
        click.Group.__init__(
            self,
            words or "careo",
            params=global_parameters(language),
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
        if words in DOING:
            return _DoingVerb(words, self.language)
        return _Group(self.language, words) if words in GROUPS else _Verb(words, self.language)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.verbs:
            guess = get_close_matches(args[0], self.verbs, n=1)
            raise CareoError(
                "usage_verb", expected=" | ".join(self.verbs), found=repr(args[0]), fix="did_you_mean" if guess else "help",
                guess=guess[0] if guess else "", command=ctx.command_path,
            )  # fmt: skip
        if args and args[0] in DOING and _names_a_verb(args[0], args[1:]):
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
