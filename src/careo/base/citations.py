"""Sources, and values that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from careo.base.errors import DataError
from careo.base.shipped import country_folder, read_yaml


@dataclass(frozen=True, slots=True)
class Source:
    """Where something comes from.

    Attributes:
        key: short name, unique within a country's `sources.yaml` (or the path of a document).
        producer: who made the figures or wrote the page; empty when not stated.
        title, url, published, accessed, licence: as stated; empty when not stated.
        sha256: checksum of the bytes that were read; empty for compiled tables.
        tier: 1 official table read, 2 research service or study, 3 press excerpt, 4 memory (shown as unverified); 0 unknown.
        seen: how the compiler saw it: "read", "excerpt" or "memory"; "" where that is not said.
        note: what a reader of a figure from here should know.
    """

    key: str
    producer: str = ""
    title: str = ""
    url: str = ""
    published: str = ""
    accessed: str = ""
    licence: str = ""
    sha256: str = ""
    tier: int = 0
    note: str = ""
    seen: str = ""


@cache
def load_sources(country: str = "mexico", language: str = "en") -> Mapping[str, Source]:
    """The sources of a country by key: those of its series (`sources.yaml`) and of its record (`references.yaml`).

    Args:
        language: of the titles and notes that careo itself gave, for its own notes; a work keeps the title it has.

    Raises:
        DataError: a source lacks its producer or title, or one key stands in both files for two things.
    """
    folder = country_folder(country)
    series, record = (_read(folder / name, language) for name in ("sources.yaml", "references.yaml"))
    twice = sorted(series.keys() & record.keys())
    if twice:
        raise DataError("panel_twice", where=str(folder / "references.yaml"), found=", ".join(twice))
    return {**series, **record}


def in_language(source: Source, language: str, country: str = "mexico") -> Source:
    """A source of a country's files with what careo says of it in a language; any other source as it stands."""
    ours = load_sources(country).get(source.key) == source
    return load_sources(country, language)[source.key] if ours else source


_KNOWN = frozenset(
    {"producer", "title", "url", "published", "accessed", "licence", "sha256", "tier", "note", "seen"}
)


def _read(path: Path, language: str) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    cards: dict[str, dict[str, Any]] = (read_yaml(path) if path.is_file() else None) or {}
    for key, given in cards.items():
        told = {name: _told(value, language) for name, value in given.items()}
        fields = {name: value for name, value in told.items() if name in _KNOWN and value is not None}
        if not fields.get("producer") or not fields.get("title"):
            raise DataError("panel_source_card", where=str(path), source=key)
        tier = int(fields.pop("tier", 0))
        sources[key] = Source(key=key, tier=tier, **{name: str(value) for name, value in fields.items()})
    return sources


def _told(value: Any, language: str) -> Any:
    """A text of careo's own in the language asked for; anything else as it stands."""
    if not isinstance(value, dict):
        return value
    words = cast(dict[str, Any], value)
    return words.get(language, words.get("en"))
