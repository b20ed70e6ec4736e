"""How a server was started: what it may do, where it keeps things."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server is told at its start; nothing of it changes while it runs.

    Attributes:
        host, port: where it listens. hosts: further names under which it may be asked for (reverse proxies).
        country: whose record counts. offline: no page is fetched.
        home: folder of everything that people leave here (documents, runs, the database).
        database: SQLAlchemy URL; empty: an SQLite file in `home`.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    hosts: frozenset[str] = field(default_factory=frozenset)
    country: str = "mexico"
    offline: bool = False
    home: Path = Path()
    database: str = ""

    @property
    def private(self) -> bool:
        """Whether only this machine can ask."""
        return self.host in LOOPBACK
