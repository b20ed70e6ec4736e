"""A page of the documentation for each dataset card, in both languages, written while MkDocs builds (`hooks` in mkdocs.yml).

What is counted, who publishes it, where to download it, under which terms, what careo forms from it, and where it bites. A card changed is a
page changed; nothing is written twice.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from careo.base.texts import LANGUAGES, say
from careo.panel import load_country
from careo.sources.catalog import Dataset, datasets

COUNTRY = "mexico"
INDEX = "datasets/index.md"
REFERENCE = "Reference | Referencia"
_WORDS = {
    "en": {
        "title": "Data cards",
        "lead": "careo reads these files as their publishers offer them, told by their header and never by their name. A card says what a "
        "file counts, under which terms it may be used, and where it bites. These pages are made from the cards of the country "
        "when the site is built.",
        "columns": "| dataset | publisher | what |",
    },
    "es": {
        "title": "Fichas de datos",
        "lead": "careo lee estos archivos tal como los ofrece quien los publica: los reconoce por su encabezado, nunca por su nombre. Una "
        "ficha dice qué cuenta un archivo, en qué términos puede usarse y dónde engaña. Estas páginas se hacen de las fichas del "
        "país al construir el sitio.",
        "columns": "| conjunto | quién publica | qué |",
    },
}


def on_config(config: Any) -> Any:
    """The pages stand in the navigation under one heading."""
    cards = datasets(COUNTRY).values()
    pages = [
        {"All cards | Todas las fichas": INDEX},
        *({f"{card.title['en']} | {card.title['es']}": _path(card)} for card in cards),
    ]
    reference = next(part[REFERENCE] for part in config["nav"] if REFERENCE in part)
    reference.append({"Data cards | Fichas de datos": pages})
    return config


def on_files(files: Files, config: Any) -> Files:
    """The pages themselves."""
    cards = datasets(COUNTRY)
    for language in LANGUAGES:
        folder = "es/" if language == "es" else ""
        files.append(File.generated(config, folder + INDEX, content=_index(list(cards.values()), language)))
        for card in cards.values():
            files.append(File.generated(config, folder + _path(card), content=page(card, language)))
    return files


def page(card: Dataset, language: str) -> str:
    """The page of a dataset in Markdown."""
    lines = [f"# {plain(card.title[language])}", "", f"`{card.id}`", "", plain(card.definition[language]), ""]
    lines += ["| | |", "|---|---|"]
    for key, value in _facts(card, language):
        lines.append(f"| {say(language, f'cli.data.facts.{key}')} | {value} |")
    lines.append("")
    if card.traps:
        lines += [f"## {say(language, 'cli.data.traps')}", ""]
        lines += [f"* {plain(trap[language])}" for trap in card.traps]
        lines.append("")
    lines += [f"```\ncareo --lang {language} data show {card.id}\n```", ""]
    return "\n".join(lines)


def plain(text: str) -> str:
    """Words of a data file that mean nothing to Markdown's tables and tags."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _facts(card: Dataset, language: str) -> list[tuple[str, str]]:
    indicators = load_country(COUNTRY).indicators
    measures = "<br>".join(
        f"`{name}`: {plain(indicators[name].name[language])}" for name in card.series if name in indicators
    )
    address = card.url or card.page
    facts = [
        ("publisher", plain(card.publisher)),
        ("unit", plain(card.unit)),
        ("time", say(language, f"cli.data.time.{card.time}")),
        ("level", say(language, f"cli.data.level.{card.places}")),
        ("page", f"<{address}>" if address else ""),
        ("licence", plain(card.licence[language])),
        ("measures", measures),
    ]
    return [(key, value) for key, value in facts if value]


def _index(cards: list[Dataset], language: str) -> str:
    words = _WORDS[language]
    lines = [f"# {words['title']}", "", words["lead"], "", words["columns"], "|---|---|---|"]
    lines += [
        f"| [{card.id}]({card.id}.md) | {plain(card.publisher)} | {plain(card.title[language])} |"
        for card in cards
    ]
    return "\n".join([*lines, ""])


def _path(card: Dataset) -> str:
    return f"datasets/{card.id}.md"
