"""The documentation is true: its commands run and print what it shows, its code runs, its links lead somewhere.

A ```console block shows commands after `$` and, below each, exactly what it prints; they run in a folder that holds the files
of docs/pages. After a change of careo's words, `python tests/test_docs.py` writes what is printed now into the pages.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from unittest import mock

import pytest

import careo
from careo.base.numbers import read_numbers
from careo.base.texts import sentences
from careo.evidence.effects import KAPPA
from careo.record.ladder import STAGES as STEPS
from careo.record.ledger import CORRECTABLE, DECISIONS
from careo.record.money import STAGES
from careo.record.statements import HEDGES, KINDS, Quantity
from careo.record.strategy import Pledge
from careo.results.agreement import bounds
from careo.results.finding import PLEDGE_VERDICTS, VERDICTS
from careo.results.pledges import RULES
from careo.sources.documents import LABELS
from careo.views import cli
from careo.views.commands import VERBS, all_commands, home
from careo.views.i18n import verdict_words

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
SCREEN = [*PAGES, ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]
_FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def is_spanish(path: Path) -> bool:
    """Pages of docs/es speak Spanish."""
    return (DOCS / "es") in path.parents


WRITTEN_BY_HOOKS = re.compile(r"(^|/)(datasets/|reference/|assumptions\.md$|notebook\.md$)")
"""Pages that stand nowhere until the site is built; `mkdocs build --strict` follows these links."""


@dataclass(frozen=True)
class Fence:
    """A fenced block: its language, title, text, and where the text stands in the file."""

    path: Path
    language: str
    title: str
    text: str
    start: int


def fences(path: Path, *languages: str) -> list[Fence]:
    text = path.read_text(encoding="utf-8")
    found = [Fence(path, m[1], m[2] or "", m[3], m.start(3)) for m in _FENCE.finditer(text)]
    return [f for f in found if f.language in languages]


def commands() -> Iterator[tuple[str, str]]:
    """(file, command) of every `careo …` that a reader may copy: out of blocks and out of running text."""
    for path in SCREEN:
        for fence in fences(path, "sh", "console"):
            for line in fence.text.splitlines():
                line = line.removeprefix("$ ").partition("  #")[0].strip()
                if re.match(
                    r"careo [a-z-]", line
                ):  # a row of a table has two spaces behind the forecaster's name
                    yield path.name, line
        bare = _FENCE.sub("", path.read_text(encoding="utf-8"))
        for spoken in re.findall(r"`(careo [a-z][^`\n]*)`", bare):
            if spoken.split()[1:] != [spoken.split()[-1]] and not re.search(r"[…\[\]]|\bPAGE\b", spoken):
                yield path.name, spoken


def run(command: str, language: str) -> str:
    """What a command prints, output and talk together; `| head -N`, `| tail -N` and `| tail -n +N` are understood."""
    line, *cuts = command.split(" | ")
    screen = io.StringIO()
    with (
        mock.patch.dict(os.environ, {"CAREO_LANG": language}),
        contextlib.redirect_stdout(screen),
        contextlib.redirect_stderr(screen),
    ):
        cli.run(shlex.split(line)[1:])
    lines = [shown.rstrip() for shown in screen.getvalue().strip("\n").split("\n")]
    for cut in cuts:
        verb, *options = cut.split()
        size = int(options[-1].lstrip("-+"))
        if options[-1].startswith("+"):
            lines = lines[size - 1 :]
        else:
            lines = lines[:size] if verb == "head" else lines[-size:]
    return "\n".join(lines)


@contextlib.contextmanager
def desk(folder: Path) -> Iterator[None]:
    """A folder with the files of docs/pages, to run commands in."""
    shutil.copytree(DOCS / "pages", folder, dirs_exist_ok=True)
    home = {"CAREO_HOME": str(folder / "home")}
    with contextlib.chdir(folder), mock.patch.dict(os.environ, home):
        yield


def replayed(fence: Fence) -> str:
    """The block as it ought to be: its commands with what they print now."""
    language = "es" if is_spanish(fence.path) else "en"
    asked = [line[2:] for line in fence.text.splitlines() if line.startswith("$ ")]
    return "\n\n".join(f"$ {command}\n{run(command, language)}".rstrip() for command in asked) + "\n"


@pytest.mark.parametrize(
    "path", [p for p in PAGES if fences(p, "console")], ids=lambda p: str(p.relative_to(DOCS))
)
def test_every_command_prints_what_the_page_shows(path: Path, tmp_path: Path) -> None:
    with desk(tmp_path):
        for fence in fences(path, "console"):
            assert fence.text == replayed(fence), "renew the pages: python tests/test_docs.py"


@pytest.mark.parametrize(("where", "command"), sorted(set(commands())))
def test_every_command_that_is_shown_is_one_that_careo_knows(
    where: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in all_commands():
        function = f"{home(words)}.{words.replace(' ', '_')}_verb"
        monkeypatch.setattr(function, lambda *_, **__: 0)
    with contextlib.redirect_stdout(io.StringIO()):
        assert cli.run(shlex.split(command.partition(" | ")[0])[1:]) == 0, f"{where}: {command}"


def test_there_are_commands_to_try() -> None:
    assert len({command for _, command in commands()}) > 25


def test_every_verb_and_every_option_is_documented() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    spanish = (DOCS / "es" / "index.md").read_text(encoding="utf-8")
    for verb in VERBS:
        assert f"careo {verb}" in text
        assert f"careo {verb}" in spanish
        for option in re.findall(r"--[a-z]+", run(f"careo {verb} --help", "en")):
            assert f"`{option}" in text or f" {option}" in text, f"{verb} {option}"


def test_the_words_of_the_contract_are_explained() -> None:
    dossier = (DOCS / "dossier.md").read_text(encoding="utf-8")
    spanish = (DOCS / "es" / "dossier.md").read_text(encoding="utf-8")
    pages = (DOCS / "pages.md").read_text(encoding="utf-8")
    ledger = (DOCS / "ledger.md").read_text(encoding="utf-8")
    for verdict in VERDICTS:
        assert f"| {verdict} |" in dossier
        assert f"| {sentences('es')['dossier.verdict.' + verdict.replace(' ', '_') + '.name']} |" in spanish
    for word in (*LABELS, *KINDS):
        assert f"| `{word}` |" in pages
    for hedge in HEDGES:
        assert f"`{hedge}`" in dossier
    for word in (*DECISIONS, *CORRECTABLE):
        assert f"`{word}`" in ledger
    for key in sentences("en"):
        if key.startswith("flags."):
            assert f"| `{key.removeprefix('flags.')}` |" in pages


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_verdicts_on_pledges_and_their_rules_are_explained(language: str) -> None:
    page = (DOCS / ("es" if language == "es" else "") / "strategies.md").read_text(encoding="utf-8")
    for verdict in PLEDGE_VERDICTS:
        assert f"| {verdict_words(verdict, language)} |" in page, verdict
    assert re.findall(r"^\| (\d+) \|", page, re.MULTILINE) == [str(n) for n in range(1, len(RULES) + 1)]


def test_every_field_of_a_pledge_is_explained() -> None:
    for page in (DOCS / "strategies.md", DOCS / "es" / "strategies.md"):
        text = page.read_text(encoding="utf-8")
        assert {field.name for field in fields(Pledge) if f"`{field.name}`" not in text} <= {
            "sources",
            "verified",
        }


def test_the_grades_shown_are_those_of_the_code() -> None:
    for page in (DOCS / "levers.md", DOCS / "es" / "levers.md"):
        rows = re.findall(
            r"^\| ([A-D]) [●○]+ \| [^|]+ \| ([\d.]+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE
        )
        assert {grade: float(kappa) for grade, kappa in rows} == KAPPA


def test_the_strategy_of_the_docs_has_no_mistake_and_every_kind_of_test() -> None:
    assert careo.check_strategy(DOCS / "pages" / "guard-plan.yaml") == ()
    plan = careo.load_strategy(DOCS / "pages" / "guard-plan.yaml")
    assert {pledge.test.kind for pledge in plan.pledges if pledge.test} == {"ladder", "indicator", "money"}


def test_every_stage_of_a_ladder_and_of_money_is_explained() -> None:
    for language, folder in (("en", DOCS), ("es", DOCS / "es")):
        page = (folder / "ladders.md").read_text(encoding="utf-8")
        assert {stage for stage in STEPS if sentences(language)[f"ladder.stage.{stage}"] not in page} == set()
        page = (folder / "money.md").read_text(encoding="utf-8")
        assert {stage for stage in STAGES if f"| `{stage}` |" not in page} == set()


def test_every_reason_a_block_can_have_is_listed() -> None:
    pages = (DOCS / "pages.md").read_text(encoding="utf-8")
    reasons = {text for key, text in sentences("en").items() if key.startswith("blocks.reason.")}
    assert {reason for reason in reasons if reason not in pages} == set()


def test_the_tolerances_shown_are_those_of_the_code() -> None:
    rows = re.findall(
        r"^\| ([$\d][^|]*) \| `([a-z ]+)` \| ([^|]+) \| ([^|]+) \|$",
        (DOCS / "dossier.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert len(rows) >= 8
    for written, hedge, low, high in rows:
        number = read_numbers(written if written[0] == "$" or "%" in written else f"{written} people", "en")[
            0
        ]
        claim = Quantity(
            number.value, number.low, number.high, number.unit, digits=number.digits, step=number.step
        )
        ends = [read_numbers(end, "en")[0].value for end in (low, high)]
        assert bounds(claim, hedge) == pytest.approx(tuple(ends), rel=1e-4), (written, hedge)


@pytest.mark.parametrize("path", SCREEN, ids=lambda p: p.name)
def test_every_link_to_a_file_leads_to_one(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            generated = WRITTEN_BY_HOOKS.search(target)
            assert generated or (path.parent / target).exists(), target


@pytest.mark.parametrize(
    "fence", [f for path in SCREEN for f in fences(path, "python")], ids=lambda f: f"{f.path.name}:{f.start}"
)
def test_python_shown_to_a_reader_runs(fence: Fence, tmp_path: Path) -> None:
    with desk(tmp_path):
        shutil.copy("bulletin.txt", "speech.html")
        screen = io.StringIO()
        with contextlib.redirect_stdout(screen):
            exec(compile(fence.text, fence.path.name, "exec"), {})  # noqa: S102 - our own documentation
        if "print(" in fence.text:
            assert screen.getvalue().strip()


def test_files_shown_are_the_files_that_lie_there() -> None:
    shown = [f for path in PAGES for f in fences(path, "yaml", "text", "csv") if f.title]
    assert shown
    for fence in shown:
        assert (DOCS / "pages" / fence.title).read_text(encoding="utf-8") == fence.text, fence.title


def test_the_ledger_of_the_docs_decides_what_the_page_says(tmp_path: Path) -> None:
    with desk(tmp_path):
        result = careo.audit([careo.read("bulletin.txt")], ledger=careo.read_ledger("decisions.yaml"))
    assert [s.quote for s in result.rejected] == ["120 new barracks"]
    decided = [f for f in result.findings if f.decided == "correct"]
    assert [(f.verdict, f.considered[0].indicator) for f in decided] == [
        ("consistent", "homicide_sesnsp_case_files")
    ]


def test_the_architecture_file_agrees_with_the_tree() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "check_architecture.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def renew(folder: Path) -> None:
    """Write what every command prints now into the pages."""
    with desk(folder):
        for path in PAGES:
            text = path.read_text(encoding="utf-8")
            blocks = [(f, replayed(f)) for f in fences(path, "console")]
            for fence, now in reversed(blocks):
                text = text[: fence.start] + now + text[fence.start + len(fence.text) :]
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        renew(Path(scratch))
