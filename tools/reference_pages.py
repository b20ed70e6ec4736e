"""The reference pages, written while MkDocs builds (`hooks` in mkdocs.yml): what the code says of itself, in one place.

* every public name with its docstring (mkdocstrings), grouped by the layer that it lives in;
* every command with its options, as `careo … --help` prints them in the page's language;
* the equations of model and designs as they stand beside the code;
* the assumptions: those of a country's parameters, in the page's language, and those that a module states of itself.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import careo
from careo.base.texts import LANGUAGES
from careo.run.parameter_table import load_table, parameter_rows
from careo.views import cli
from careo.views.commands import all_commands

SOURCE = Path(careo.__file__).parent
COUNTRY = "mexico"
REFERENCE = "Reference | Referencia"
GROUPS = {
    "sources": "Pages and files | Páginas y archivos",
    "panel": "Official figures | Cifras oficiales",
    "record": "Strategies, ladders, money | Estrategias, escaleras, dinero",
    "evidence": "Evidence | Evidencia",
    "run": "The laboratory | El laboratorio",
    "results": "Findings | Hallazgos",
    "views": "What leaves careo | Lo que sale de careo",
    "base": "Sources and errors | Fuentes y errores",
}
"""Package → its heading. Every public name lives in one of them (tests/test_site.py)."""
METHOD = ("model", "results/designs")
"""Folders whose modules begin with their equations."""
_WORDS = {
    "en": {
        "python": "Python",
        "python_lead": "`import careo` costs nothing; every name below is loaded when it is first used. Units, shapes and errors stand with each. "
        "The text is that of the code.",
        "columns": "| name | what it is |",
        "commands": "Commands",
        "commands_lead": "What `careo VERB --help` prints, for every verb. Exit codes: 0 done, 1 a check did not pass under `--strict`, 2 an "
        "error you can mend, 130 interrupted.",
        "equations": "Equations in the code",
        "equations_lead": "Each module of `careo.model` and `careo.results.designs` begins with its equations, assumptions and sources. Here "
        "they stand word for word; the [method pages](../method/index.md) explain them.",
        "assumptions": "Assumptions",
        "assumptions_lead": "What is taken to be so without being counted. The first table is that of Mexico's parameters: `careo parameters ID` "
        "shows the law of a number and which outcomes depend on it; `careo cite parameter:ID` its sources. Below are those "
        "that a module of the code states of itself. Both are read from there when this page is built.",
        "numbers": "Numbers of the laboratory",
        "number_columns": "| | assumption | numbers that rest on it |",
        "modules": "Stated by the code",
    },
    "es": {
        "python": "Python",
        "python_lead": "`import careo` no cuesta nada; cada nombre se carga cuando se usa por primera vez. Con cada uno están sus unidades, formas y "
        "errores. El texto es el del código, en inglés.",
        "columns": "| nombre | qué es |",
        "commands": "Comandos",
        "commands_lead": "Lo que imprime `careo VERBO --help`, para cada verbo. Códigos de salida: 0 hecho, 1 algo no pasó con `--strict`, 2 un "
        "error que usted puede corregir, 130 interrumpido.",
        "equations": "Ecuaciones en el código",
        "equations_lead": "Cada módulo de `careo.model` y `careo.results.designs` empieza con sus ecuaciones, supuestos y fuentes. Aquí están "
        "palabra por palabra, en inglés; las [páginas del método](../method/index.md) las explican.",
        "assumptions": "Supuestos",
        "assumptions_lead": "Lo que se toma por cierto sin que nadie lo haya contado. La primera tabla es la de los parámetros de México: `careo "
        "parameters ID` muestra la ley de un número y qué resultados dependen de él; `careo cite parameter:ID`, sus fuentes. "
        "Después, los que un módulo del código declara de sí mismo (en inglés). Ambos se leen de ahí al construir esta página.",
        "numbers": "Números del laboratorio",
        "number_columns": "| | supuesto | números que descansan en él |",
        "modules": "Los que declara el código",
    },
}


def on_config(config: Any) -> Any:
    """The pages stand first under Reference."""
    reference = next(part[REFERENCE] for part in config["nav"] if REFERENCE in part)
    python = [{title: f"reference/{group}.md"} for group, title in GROUPS.items()]
    reference[:0] = [
        {"Commands | Comandos": "reference/commands.md"},
        {"Python": [{"All names | Todos los nombres": "reference/index.md"}, *python]},
        {"Equations in the code | Ecuaciones en el código": "reference/equations.md"},
    ]
    return config


def on_files(files: Files, config: Any) -> Files:
    """The pages themselves."""
    for language in LANGUAGES:
        pages = {
            "reference/index.md": names(language),
            "reference/commands.md": commands(language),
            "reference/equations.md": equations(language),
            "assumptions.md": assumptions(language),
        }
        pages |= {f"reference/{group}.md": members(group, language) for group in GROUPS}
        for path, content in pages.items():
            files.append(File.generated(config, f"es/{path}" if language == "es" else path, content=content))
    return files


def group_of(name: str) -> str:
    """The package of a public name."""
    return _homes()[name].split(".")[1]


def names(language: str) -> str:
    """Every public name with the first sentence of its docstring."""
    words = _WORDS[language]
    lines = [f"# {words['python']}", "", words["python_lead"], ""]
    for group, both in GROUPS.items():
        lines += [f"## {_title(both, language)}", "", words["columns"], "|---|---|"]
        for name in _names_of(group):
            lines.append(f"| [`{name}`]({group}.md#{_address(name)}) | {_first_line(name)} |")
        lines.append("")
    return "\n".join(lines)


def members(group: str, language: str) -> str:
    """The names of a package with their docstrings, by mkdocstrings."""
    lines = [f"# {_title(GROUPS[group], language)}", ""]
    for name in _names_of(group):
        lines += [f"::: {_address(name)}", ""]
    return "\n".join(lines)


def commands(language: str) -> str:
    """The help of every command."""
    words = _WORDS[language]
    lines = [f"# {words['commands']}", "", words["commands_lead"], ""]
    for command in ("", *all_commands()):
        title = f"careo {command}".strip()
        lines += [f"## {title}", "", "```text", _help(command, language), "```", ""]
    return "\n".join(lines)


def equations(language: str) -> str:
    """The docstrings of the modules that hold equations, word for word."""
    words = _WORDS[language]
    lines = [f"# {words['equations']}", "", words["equations_lead"], ""]
    for module in method_modules():
        text = ast.get_docstring(_tree(module)) or ""
        lines += [f"## {module}", "", "```text", text, "```", ""]
    return "\n".join(lines)


def assumptions(language: str) -> str:
    """What is taken to be so: by the country's parameters and by the code."""
    words = _WORDS[language]
    stated = load_table(COUNTRY).assumptions
    resting: dict[str, list[str]] = {key: [] for key in stated}
    for row in parameter_rows(language, COUNTRY):
        for key in row.assumptions:
            resting[key].append(f"`{row.id}`")
    lines = [f"# {words['assumptions']}", "", words["assumptions_lead"], "", f"## {words['numbers']}", ""]
    lines += [words["number_columns"], "|---|---|---|"]
    for key, text in stated.items():
        said = text[language].replace("|", "\\|")
        lines.append(f"| {key} | {said} | {', '.join(resting[key])} |")
    lines += ["", f"## {words['modules']}", ""]
    for path in sorted(SOURCE.rglob("*.py")):
        module = path.relative_to(SOURCE.parent).with_suffix("").as_posix().replace("/", ".")
        found = stated_by(ast.get_docstring(_tree(module)) or "")
        if found:
            lines += [f"### {module}", "", "```text", found, "```", ""]
    return "\n".join(lines)


def stated_by(docstring: str) -> str:
    """The paragraph "Assumptions:" of a module's docstring, without its heading; nothing where there is none."""
    found = re.search(r"^Assumptions?:[ ]*(\S.*)?\n?((?:[ ]+\S.*\n?)*)", docstring, re.MULTILINE)
    if not found:
        return ""
    below = [line.removeprefix("    ") for line in found[2].splitlines()]
    return "\n".join([*([found[1]] if found[1] else []), *below]).strip()


def method_modules() -> list[str]:
    """Modules that begin with their equations, dotted."""
    return [
        f"careo.{folder.replace('/', '.')}.{path.stem}"
        for folder in METHOD
        for path in sorted((SOURCE / folder).glob("*.py"))
        if path.stem != "__init__"
    ]


def _homes() -> dict[str, str]:
    return careo._HOMES  # pyright: ignore[reportPrivateUsage]


def _names_of(group: str) -> list[str]:
    return [name for name in careo.__all__ if group_of(name) == group]


def _address(name: str) -> str:
    return f"{_homes()[name]}.{careo._RENAMED.get(name, name)}"  # pyright: ignore[reportPrivateUsage]


def _first_line(name: str) -> str:
    module, _, own = _address(name).rpartition(".")
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == own:
            text = (ast.get_docstring(node) or "").partition("\n")[0]
            return text.replace("|", "\\|").replace("<", "&lt;")
    return ""


@cache
def _tree(module: str) -> ast.Module:
    path = SOURCE.parent.joinpath(*module.split(".")).with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"))


def _help(command: str, language: str) -> str:
    screen = io.StringIO()
    with mock.patch.dict(os.environ, {"CAREO_LANG": language}), contextlib.redirect_stdout(screen):
        cli.run([*command.split(), "--help"])
    return screen.getvalue().strip("\n")


def _title(both: str, language: str) -> str:
    english, _, spanish = both.partition(" | ")
    return spanish or english if language == "es" else english
