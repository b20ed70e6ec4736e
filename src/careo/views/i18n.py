"""Spanish and English: which language to speak, and how values, periods and verdicts are written in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from careo.base.texts import LANGUAGES, say, sayable

# What a terminal would obey, or what turns the order of letters around: never shown as it stands.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACE = re.compile(r"\s+")


def choose_language(asked: str, environment: Mapping[str, str]) -> str:
    """The language to speak: `--lang`, else `CAREO_LANG`, else Spanish where the locale is Spanish, else English."""
    for name in (asked, environment.get("CAREO_LANG", "")):
        if name.lower()[:2] in LANGUAGES:
            return name.lower()[:2]
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(variable):
            return "es" if environment[variable].lower().startswith("es") else "en"
    return "en"


def clean(text: str) -> str:
    """Text of others made safe to show: no control characters, no change of writing direction."""
    return _UNSAFE.sub("", text)


def cleaned(data: Any) -> Any:
    """Rows with all their texts `clean`."""
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, Mapping):
        return {key: cleaned(value) for key, value in data.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(data, (list, tuple)):
        return [cleaned(value) for value in data]  # pyright: ignore[reportUnknownVariableType]
    return data


def one_line(text: str, width: int = 0) -> str:
    """Text of others on one line, cut to `width` characters (0: not cut)."""
    line = _SPACE.sub(" ", clean(text)).strip()
    return line if not width or len(line) <= width else line[: width - 1].rstrip() + "…"


def shortened(text: str, room: int) -> str:
    """A text on one line, cut between two words: never within a number."""
    line = one_line(text)
    if len(line) <= room:
        return line
    return line[: room - 1].rpartition(" ")[0].rstrip(" ,;:.(") + "\u00a0…"


def verdict_words(verdict: str, language: str) -> str:
    """A verdict in the reader's language."""
    key = f"dossier.verdict.{verdict_slug(verdict)}.name"
    return say(language, key) if sayable(language, key) else verdict


def verdict_slug(verdict: str) -> str:
    """A verdict as a name for keys, links and style classes."""
    return re.sub(r"\W+", "_", verdict.strip().lower())
