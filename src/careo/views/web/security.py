"""What every request passes before a page sees it: the name it was asked under, who asks, how often and how much, and where a change comes from.

This is the one place that decides who may change anything: whatever is not asked by GET or HEAD changes something, and is for editors.

A page on the web may make a browser ask 127.0.0.1 under a name of its own (DNS rebinding), or send a form there (CSRF). So the Host header
must be a name this server goes by, and whatever changes something must come from a page of ours (Origin, Sec-Fetch-Site; the cookie is
`SameSite=Strict`). A server that others can reach answers only to tokens.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careo.base.texts import say
from careo.views.web.settings import LOOPBACK, Settings
from careo.views.web.tokens import Token, hashed, tokens

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing is loaded from elsewhere, nothing inline is run, nobody may frame a page."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none at all browsers send forms of our own pages with `Origin: null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
COOKIE = "careo"
MOST_BYTES = 20 * 2**20
"""Of one request's body: a plan of a thousand pages as PDF stays below."""
BODY_SECONDS = 120.0
"""Within which it must have come."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?")
_OPEN = re.compile(r"/(es|en)/(enter|leave)|/static/.*|/")
"""What may be asked without a token: where one is given, and how that page looks."""
_A_MINUTE = {
    "read": 600,
    "change": 60,
    "wrong": 10,
}  # requests of one who asks; wrong: tokens that are none, of one address
_KEPT = 10_000  # who asked lately


class Gate:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.names = {settings.host.lower(), *LOOPBACK, *(name.lower() for name in settings.hosts)}
        self.rates = Rates(_A_MINUTE)
        self._tokens: tuple[float, Mapping[str, Token]] = (-1.0, {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        refused = self._refusal(scope)
        if refused is not None:
            await refused(scope, receive, headed)
            return
        declared = int(Headers(scope=scope).get("content-length", "0")[:20])
        taken, coming = 0, True
        until = time.monotonic() + BODY_SECONDS

        async def bounded() -> Message:
            nonlocal taken, coming
            if declared > MOST_BYTES:
                raise HTTPException(413)
            try:  # once the body is there, whoever listens waits for the client to leave
                message = await asyncio.wait_for(
                    receive(), max(0, until - time.monotonic()) if coming else None
                )
            except TimeoutError:
                raise HTTPException(408) from None
            coming = message.get("more_body", False)
            taken += len(message.get("body", b""))
            if taken > MOST_BYTES:
                raise HTTPException(413)
            return message

        await self.app(scope, bounded, headed)

    def _refusal(self, scope: Scope) -> Response | None:
        """Why this request goes no further; else whoever asks stands in the request's state."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not _HOST.fullmatch(host) or _name(host) not in self.names:
            return _said(scope, 400, "web_host")
        changes = scope["method"] not in _READING
        if changes and not _from_here(headers, host):
            return _said(scope, 403, "web_origin")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            return _said(scope, 400, "web_refused")
        if (
            "content-length" in headers and "transfer-encoding" in headers
        ):  # two servers could read two requests in it
            return _said(scope, 400, "web_refused")
        state = scope.setdefault("state", {})
        state["person"], state["editor"] = "", True
        if self.settings.private:
            return None
        return self._identify(scope, headers, state, changes)

    def _identify(
        self, scope: Scope, headers: Headers, state: dict[str, object], changes: bool
    ) -> Response | None:
        given = _token(headers)
        address = str((scope.get("client") or ("",))[0])
        known = self.known().get(hashed(given)) if given else None
        if known is None:
            if given and not self.rates.allows("wrong", address):
                return _said(scope, 429, "web_too_often", {"Retry-After": "60"})
            state["editor"] = False
            if _OPEN.fullmatch(scope["path"]):
                often = not self.rates.allows(
                    "wrong" if changes else "read", address
                )  # a token given in a form counts as a guess
                return _said(scope, 429, "web_too_often", {"Retry-After": "60"}) if often else None
            wants_page = "text/html" in headers.get("accept", "") and not changes
            language = "en" if scope["path"].startswith("/en") else "es"
            if wants_page and not scope["path"].startswith("/api"):
                return RedirectResponse(f"/{language}/enter?to={quote(scope['path'], safe='')}", 303)
            return _said(scope, 401, "web_token", {"WWW-Authenticate": "Bearer"})
        state["person"], state["editor"] = known.person, known.role == "editor"
        if not self.rates.allows("change" if changes else "read", known.person):
            return _said(scope, 429, "web_too_often", {"Retry-After": "60"})
        if changes and known.role != "editor" and not _OPEN.fullmatch(scope["path"]):
            return _said(scope, 403, "web_reader")
        return None

    def known(self) -> Mapping[str, Token]:
        """The tokens; read again when their file changed, so that one that was removed stops working at once."""
        path = self.settings.home / "tokens.json"
        changed = path.stat().st_mtime_ns if path.exists() else 0.0
        if self._tokens[0] != changed:
            self._tokens = (changed, tokens(self.settings.home))
        return self._tokens[1]


class Rates:
    """How often somebody asked in the last minute: buckets that fill evenly."""

    def __init__(self, a_minute: Mapping[str, int]) -> None:
        self.a_minute = a_minute
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def allows(self, kind: str, who: str) -> bool:
        """Whether they may ask once more; counts it."""
        most, now = float(self.a_minute[kind]), time.monotonic()
        with self._lock:
            left, at = self._buckets.pop((kind, who), (most, now))
            left = min(most, left + (now - at) * most / 60)
            self._buckets[kind, who] = (left - 1 if left >= 1 else left, now)
            while len(self._buckets) > _KEPT:
                self._buckets.popitem(last=False)
        return left >= 1


def _from_here(headers: Headers, host: str) -> bool:
    """Whether a change was sent by a page of ours, or by a program that is no browser."""
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return False
    return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _token(headers: Headers) -> str:
    """The token of a request: of a program's header, or of a browser's cookie."""
    bearer = headers.get("authorization", "")
    if bearer[:7].lower() == "bearer ":
        return bearer[7:].strip()
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")


def _said(scope: Scope, code: int, key: str, headers: Mapping[str, str] | None = None) -> Response:
    language = "es" if scope["path"].startswith("/es") else "en"
    sentence = say(language, f"errors.{key}")
    if scope["path"].startswith("/api"):
        return JSONResponse({"error": {"key": key, "sentence": sentence}}, code, headers=headers)
    return PlainTextResponse(sentence, code, headers=headers)


def _name(host: str) -> str:
    """The name of a Host header without its port."""
    return re.sub(r":\d{1,5}$", "", host).strip("[]").lower()
