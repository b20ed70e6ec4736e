"""Quality flags."""

from __future__ import annotations

from datetime import date

from careo.sources.documents import Document, Flag


def flags_of(document: Document, country: str) -> tuple[Flag, ...]:
    return ()


def written_between(document: Document, country: str) -> tuple[date, date] | None:
    return None
