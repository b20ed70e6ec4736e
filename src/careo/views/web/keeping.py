"""Answers that stay the same are made once: kept as bytes and sent from the event loop, without a thread and without a page being built.

A page says of itself whether it is stable (`Page.stable`). Whoever asks for one while it is being made waits for it. Browsers hold on to what
they have and ask whether it is still so (ETag).
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careo.views.web.services import Services

KEPT_BYTES = 64 * 2**20  # an overview with its map is some 0.2 MB
_LEAST_PACKED_BYTES = 1_000  # less fits into one packet anyway
Key = tuple[object, ...]
_PURCHASES = "/purchases"  # answers under it follow the watch, which may tell something new at any time


@dataclass(frozen=True, slots=True)
class _Answer:
    """Attributes: headers: as ASGI has them, with the ETag. body: as it is; packed: with gzip, empty where that does not pay."""

    headers: list[tuple[bytes, bytes]]
    tag: str
    body: bytes
    packed: bytes

    @property
    def size(self) -> int:
        return len(self.body) + len(self.packed)


class Keeping:
    """The layer of the application that keeps answers, the least used forgotten first. `HEAD` is `GET` without a body."""

    def __init__(self, app: ASGIApp, services: Services, most_bytes: int = KEPT_BYTES) -> None:
        self.app, self.services, self.most_bytes = app, services, most_bytes
        self.packs = (
            not services.settings.private
        )  # on one machine packing costs more than the bytes it saves
        self._answers: OrderedDict[Key, _Answer] = OrderedDict()
        self._making: dict[Key, asyncio.Event] = {}
        self._bytes = 0
        self._world: object = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        key = self._key(scope)
        if key not in self._answers and key in self._making:
            await self._making[key].wait()
        if key in self._answers:
            self._answers.move_to_end(key)
            await _tell(self._answers[key], scope, send)
            return
        made = self._making.setdefault(key, asyncio.Event())
        try:
            await self._make(key, {**scope, "method": "GET"}, receive, send, made.set)
        finally:
            made.set()
            self._making.pop(key, None)

    async def _make(
        self, key: Key, scope: Scope, receive: Receive, send: Send, unstable: Callable[[], None]
    ) -> None:
        """Lets the application answer; keeps what it says when that is stable, and passes everything else on as it comes."""
        begun: list[Message] = []

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                state = scope.get("state", {})
                if state.get("stable") and message["status"] == 200:
                    begun.append(message)
                    return
                unstable()
            elif begun and message["type"] == "http.response.body":
                answer = _answer(begun[0], message.get("body", b""), packs=self.packs)
                self._keep(key, answer)
                await _tell(answer, scope, send)
                return
            await send(message)

        await self.app(scope, receive, heard)

    def _keep(self, key: Key, answer: _Answer) -> None:
        if answer.size > self.most_bytes // 8 or key in self._answers or key[0] != self._world:
            return
        self._answers[key] = answer
        self._bytes += answer.size
        while self._bytes > self.most_bytes:
            self._bytes -= self._answers.popitem(last=False)[1].size

    def _key(self, scope: Scope) -> Key:
        """What an answer depends on: the day and the imported data (of purchases, what was watched), the question, and who asks (a page
        names them).

        When the day or the data change, everything kept is forgotten.
        """
        world = (datetime.now(UTC).date(), self.services.stamp)
        if world != self._world:
            self._world, self._bytes = world, 0
            self._answers.clear()
        state: dict[str, Any] = scope.get("state", {})
        asked = (scope["path"], state.get("form", ""), scope["query_string"])
        watched = self.services.watched if _PURCHASES in scope["path"] else ""
        return (world, watched, *asked, state.get("person", ""), state.get("editor"))


def _answer(start: Message, body: bytes, *, packs: bool) -> _Answer:
    packed = gzip.compress(body, 6, mtime=0) if packs and len(body) >= _LEAST_PACKED_BYTES else b""
    if len(packed) > 0.9 * len(body):
        packed = b""
    headers = [pair for pair in start.get("headers", ()) if pair[0] != b"content-length"]
    if packs:
        headers.append((b"vary", b"Accept-Encoding"))
    return _Answer(headers, f'"{sha256(body).hexdigest()[:24]}"', body, packed)


async def _tell(answer: _Answer, scope: Scope, send: Send) -> None:
    """Sends an answer, or only that it is still the one the browser has."""
    asked = Headers(scope=scope)
    packed = bool(answer.packed) and "gzip" in asked.get("accept-encoding", "")
    tag = f"W/{answer.tag}" if answer.packed else answer.tag  # two encodings of one answer
    known = {each.strip().removeprefix("W/") for each in asked.get("if-none-match", "").split(",")}
    headers = [*answer.headers, (b"etag", tag.encode())]
    if answer.tag in known:
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    body = answer.packed if packed else answer.body
    headers.append((b"content-length", str(len(body)).encode()))
    if packed:
        headers.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})
