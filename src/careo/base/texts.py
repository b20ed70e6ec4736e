"""Every sentence a user reads, in Spanish and in English, by key.

The sentences are data (`data/texts/<language>/<part>.yaml`), nested; a key is the dotted path, the name of the file
first: `errors.not_yaml`. Placeholders are `{name}` and are filled by plain replacement, never by `str.format`, so that a hostile value stays a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from careo.base.shipped import read_yaml, shipped

LANGUAGES = ("en", "es")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def say(language: str, key: str, **words: object) -> str:
    """The sentence `key` in `language`, with `words` put into its placeholders.

    Raises:
        KeyError: the key is in neither language file (a mistake of ours, not of the user).
    """
    sentence = sentences(language, key.partition(".")[0])[key]
    return _PLACEHOLDER.sub(lambda m: str(words[m[1]]) if m[1] in words else m[0], sentence)


def sayable(language: str, key: str) -> bool:
    """Whether there is a sentence of this key."""
    return key in sentences(language, key.partition(".")[0])


@cache
def sentences(language: str, part: str = "") -> Mapping[str, str]:
    """All sentences of a language, or those of one file, `dotted.key` → text. Unknown languages read English.

    A command needs a few of some twenty files, and reading them all takes longer than many a command.
    """
    name = language if language in LANGUAGES else "en"
    files = sorted(file for file in shipped("texts", name).glob("*.yaml") if part in ("", file.stem))
    return {key: text for file in files for key, text in _flat(file.stem, read_yaml(file))}


def _flat(prefix: str, tree: object) -> list[tuple[str, str]]:
    if isinstance(tree, dict):
        branches: dict[str, object] = {str(k): v for k, v in tree.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return [
            pair
            for name, branch in branches.items()
            for pair in _flat(f"{prefix}.{name}" if prefix else name, branch)
        ]
    return [(prefix, str(tree))]
