"""The documentation as a site: it builds, loads nothing, stands in both languages, and what is generated in it is complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import careo
from careo.sources.catalog import datasets
from careo.views.commands import all_commands

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "tools"))

from docs_site import title_of  # noqa: E402 # pyright: ignore[reportMissingImports]
from reference_pages import GROUPS, group_of, method_modules, stated_by  # noqa: E402 # pyright: ignore[reportMissingImports]

METHOD = sorted(path.relative_to(DOCS) for path in (DOCS / "method").glob("*.md"))
_EQUATION = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "mkdocs",
        "build",
        "--strict",  # without --quiet, which would keep warnings from being counted
        "--site-dir",
        folder,
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return folder


def pages(site: Path) -> dict[str, str]:
    return {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")
    }


@pytest.mark.slow
def test_no_page_and_no_style_loads_anything_from_a_network(site: Path) -> None:
    loading = re.compile(
        r"<(?:script|link|img|iframe|source|video|audio|embed|object)\b[^>]*?(?:src|href|data)=[\"']?(?:https?:)?//"
    )
    for name, text in pages(site).items():
        assert loading.findall(text) == [], name
        assert 'class="mermaid"' not in text, f"{name}: the theme would fetch Mermaid"
    for path in site.rglob("*.css"):
        assert re.findall(r"url\([\"']?(?:https?:)?//|@import", path.read_text(encoding="utf-8")) == [], (
            path.name
        )


def test_every_page_stands_in_both_languages_and_leads_to_the_other(site: Path) -> None:
    built = pages(site)
    english = {name for name in built if not name.startswith("es/") and name != "404.html"}
    assert {name.removeprefix("es/") for name in built if name.startswith("es/")} == english
    for name, text in built.items():
        if name == "404.html":
            continue
        language, other = ("es", "en") if name.startswith("es/") else ("en", "es")
        assert f'<html lang="{language}"' in text, name
        twin = (site / f"es/{name}") if other == "es" else site / name.removeprefix("es/")
        links = re.findall(rf'href="?([^" >]+)"? hreflang="?{other}\b', text)
        assert {(site / name).parent.joinpath(link).resolve() for link in links} == {twin.resolve()}, name


def test_every_equation_is_mathml_and_the_same_in_both_languages(site: Path) -> None:
    worded = re.compile(r"\\text\{[^{}]*\}")
    for page in METHOD:
        english, spanish = (
            [worded.sub("", tex) for tex in _EQUATION.findall((folder / page).read_text(encoding="utf-8"))]
            for folder in (DOCS, DOCS / "es")
        )
        assert english == spanish, page
        for folder in ("", "es/"):
            text = (site / folder / page.with_suffix(".html")).read_text(encoding="utf-8")
            assert text.count('class="equation"') == len(english), page
            assert "arithmatex" not in text, page
            left = [found for found in re.findall(r"<math.*?</math>", text, re.DOTALL) if "\\" in found]
            assert left == [], page


def test_every_module_of_the_method_stands_on_a_method_page() -> None:
    for folder in (DOCS, DOCS / "es"):
        text = "\n".join((folder / page).read_text(encoding="utf-8") for page in METHOD)
        assert [module for module in method_modules() if f"`{module}`" not in text] == []


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    assert {group_of(name) for name in careo.__all__} == set(GROUPS)
    for folder in ("", "es/"):
        listed = (site / folder / "reference/index.html").read_text(encoding="utf-8")
        for name in careo.__all__:
            assert f"<code>{name}</code>" in listed, name
            page = (site / folder / f"reference/{group_of(name)}.html").read_text(encoding="utf-8")
            assert f'id="{careo._HOMES[name]}.{careo._RENAMED.get(name, name)}"' in page, name  # pyright: ignore[reportPrivateUsage]


def test_every_command_and_every_card_has_its_place(site: Path) -> None:
    for folder in ("", "es/"):
        commands = (site / folder / "reference/commands.html").read_text(encoding="utf-8")
        assert [
            verb for verb in all_commands() if f'id="careo-{verb.replace(" ", "-")}"' not in commands
        ] == []
        assert [
            card for card in datasets("mexico") if not (site / folder / f"datasets/{card}.html").exists()
        ] == []


def test_titles_stand_once_for_both_languages() -> None:
    assert (title_of("Limits | Límites", "en"), title_of("Limits | Límites", "es")) == ("Limits", "Límites")
    assert title_of("careo", "es") == "careo"


def test_assumptions_are_cut_out_of_a_docstring_as_they_stand() -> None:
    several = "What it is.\n\nAssumptions:\n    1. One thing,\n       told in two lines.\n    2. Another.\n\nSources: none."
    assert stated_by(several) == "1. One thing,\n   told in two lines.\n2. Another."
    assert stated_by("What it is.\n\nAssumption: dates overlap.\n\nSources: none.") == "dates overlap."
    assert stated_by("What it is.") == ""
