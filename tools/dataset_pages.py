"""A page of the documentation for each dataset card, written while mkdocs builds (`hooks` in mkdocs.yml).

Every page says the same in both languages: what is counted, who publishes it, where to download it, under which terms, what careo
forms from it, and where it bites. A card changed is a page changed; nothing is written twice.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from careo.base.texts import say
from careo.panel.indicators import load_indicators
from careo.sources.catalog import Dataset, datasets

COUNTRY = "mexico"
INDEX = "datasets/index.md"


def on_config(config: Any) -> Any:
    """The pages stand in the navigation under one heading."""
    pages = [
        {"All datasets": INDEX},
        *({card.title["en"]: _path(card)} for card in datasets(COUNTRY).values()),
    ]
    config["nav"].insert(-1, {"Datasets": pages})
    return config


def on_files(files: Files, config: Any) -> Files:
    """The pages themselves."""
    cards = datasets(COUNTRY)
    files.append(File.generated(config, INDEX, content=_index(list(cards.values()))))
    for card in cards.values():
        files.append(File.generated(config, _path(card), content=page(card)))
    return files


def page(card: Dataset) -> str:
    """The page of a dataset in Markdown."""
    lines = [f"# {_plain(card.title['en'])}", "", f"`{card.id}`", ""]
    for language, heading in (("en", "English"), ("es", "Español")):
        lines += [
            f"## {heading}",
            "",
            f"**{_plain(card.title[language])}**",
            "",
            _plain(card.definition[language]),
            "",
        ]
        lines += ["| | |", "|---|---|"]
        for key, value in _facts(card, language):
            lines.append(f"| {say(language, f'cli.data.facts.{key}')} | {value} |")
        lines.append("")
        if card.traps:
            lines += [f"### {say(language, 'cli.data.traps')}", ""]
            lines += [f"* {_plain(trap[language])}" for trap in card.traps]
            lines.append("")
        lines += [f"```\ncareo --lang {language} data show {card.id}\n```", ""]
    return "\n".join(lines)


def _facts(card: Dataset, language: str) -> list[tuple[str, str]]:
    indicators = load_indicators(COUNTRY)
    measures = "<br>".join(
        f"`{name}`: {_plain(indicators[name].name[language])}" for name in card.series if name in indicators
    )
    address = card.url or card.page
    facts = [
        ("publisher", _plain(card.publisher)),
        ("unit", _plain(card.unit)),
        ("time", say(language, f"cli.data.time.{card.time}")),
        ("level", say(language, f"cli.data.level.{card.places}")),
        ("page", f"<{address}>" if address else ""),
        ("licence", _plain(card.licence[language])),
        ("measures", measures),
    ]
    return [(key, value) for key, value in facts if value]


def _index(cards: list[Dataset]) -> str:
    lines = [
        "# Official data",
        "",
        "careo reads these files as their publishers offer them, told by their header and never by their name:",
        "",
        "```",
        "careo data import FILE…",
        "```",
        "",
        "| dataset | publisher | what |",
        "|---|---|---|",
    ]
    for card in cards:
        name = card.id
        lines.append(f"| [{name}]({name}.md) | {_plain(card.publisher)} | {_plain(card.title['en'])} |")
    return "\n".join([*lines, ""])


def _path(card: Dataset) -> str:
    return f"datasets/{card.id}.md"


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
