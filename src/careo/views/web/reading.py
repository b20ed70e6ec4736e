"""Bytes that came over the web → a document, and the safe name it is kept under."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath

from careo.sources.documents import Document, read
from careo.views.i18n import clean

SUFFIX = {"html": ".html", "pdf": ".pdf", "text": ".txt", "markdown": ".md"}
"""Of the format that the bytes have, whatever the name said."""


def read_bytes(data: bytes, name: str, *, country: str = "mexico") -> Document:
    """A document of bytes; their format is told by themselves.

    Raises:
        InputError: empty, binary, too large, encrypted, broken.
    """
    return read(data, name=name, country=country)


def safe_name(name: str, format: str) -> str:
    """A name for a file of `format` that is safe in every folder, header and command line: letters, digits, points and dashes."""
    stem = PurePath(clean(unicodedata.normalize("NFC", name)).replace("\\", "/")).name
    stem = stem.rpartition(".")[0] or stem
    plain = re.sub(r"[^\w.-]+|_+", "-", stem)
    plain = re.sub(r"\.{2,}", ".", plain).strip(".-")[:80].strip(".-")
    return (plain or "document") + SUFFIX[format]
