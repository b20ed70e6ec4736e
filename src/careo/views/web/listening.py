"""How a server listens: with patience, but not for ever, and to so many at once."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0
"""Within which the head of a request must be whole; whoever sends it a letter at a time keeps a line no longer than that."""
MOST_LINES = 500
"""Open at once; beyond, the answer is 503. Most systems let a process have 1,024."""


def listen(app: ASGIApp, host: str, port: int) -> None:
    """Serves until it is stopped. HTTP by h11 always, which bounds the size of heads (64 kB); other parsers do not."""
    uvicorn.run(
        app, host=host, port=port, http=Patient, ws="none", limit_concurrency=MOST_LINES, log_level="warning", access_log=False,
        server_header=False, proxy_headers=False, timeout_graceful_shutdown=5,
    )  # fmt: skip


class Patient(H11Protocol):
    """HTTP/1.1 that hangs up on whoever begins a request and does not go on with it; uvicorn itself waits for ever."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._seen: object = None
        self._looks: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A line is open."""
        super().connection_made(transport)
        self._looks = self.loop.call_later(HEAD_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        if self._looks is not None:
            self._looks.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Closes the line when no request began since the last look, and none is being answered."""
        if self.transport.is_closing():
            return
        if self.cycle is self._seen and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()
            return
        self._seen = self.cycle
        self._looks = self.loop.call_later(HEAD_SECONDS, self._look)
