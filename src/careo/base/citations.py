"""Sources, and values that carry them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where something comes from.

    Attributes:
        key: short name, unique within a country's `sources.yaml` (or the path of a document).
        producer: who made the figures or wrote the page; empty when not stated.
        title, url, published, accessed, licence: as stated; empty when not stated.
        sha256: checksum of the bytes that were read; empty for compiled tables.
        tier: 1 official table read, 2 research service or study, 3 press excerpt, 4 memory (shown as unverified); 0 unknown.
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
