"""The only module that opens a socket: fetches pages, and keeps what it fetched by checksum.

A URL on a page or a command line is somebody else's input: only http and https are followed, only to public addresses,
at every redirect anew; size and time are limited and the answer must be a page.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from careo.base.errors import InputError, NetworkError
from careo.sources.decoding import LARGEST

MOST_REDIRECTS = 5
MOST_SECONDS = 30.0
_FORMATS = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/plain": "text",
    "text/markdown": "markdown",
    "text/x-markdown": "markdown",
    "application/pdf": "pdf",
    "application/x-pdf": "pdf",
    "application/octet-stream": "",
    "": "",
}
_local_allowed: ContextVar[bool] = ContextVar("_local_allowed", default=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: bytes, format and encoding as the server states them ("" when it does not), the address after redirects."""

    data: bytes
    format: str
    charset: str
    url: str


def fetch(url: str, *, offline: bool = False) -> Fetched:
    """Fetch a page and keep a snapshot of it.

    Raises:
        NetworkError: offline, not http, a private address, no answer, too slow, or not a page.
        InputError: larger than a page may be.
    """
    if offline:
        raise NetworkError("network_offline", where=url, fix="network_offline")
    import httpx

    end = time.monotonic() + MOST_SECONDS
    address = url
    try:
        for _ in range(MOST_REDIRECTS + 1):
            answer = _ask(address, url, end)
            if isinstance(answer, Fetched):
                keep(answer.data)
                return answer
            address = urljoin(address, answer)
    except httpx.TimeoutException as error:
        raise NetworkError("network_slow", where=url, fix="network_check", limit=int(MOST_SECONDS)) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        problem = str(error).split("\n")[0].rstrip(".") or type(error).__name__
        raise NetworkError("network_failed", where=url, fix="network_check", problem=problem) from error
    raise NetworkError("network_redirects", where=url, fix="network_check", limit=MOST_REDIRECTS)


def _ask(address: str, url: str, end: float) -> Fetched | str:
    """One request: the page, or where the server sends us instead."""
    import httpx

    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NetworkError("network_scheme", where=url, fix="network_check")
    number = _public_address(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), url)
    # The address that was checked is the one connected to: a name may resolve to another one the second time.
    host = f"[{number}]" if ":" in number else number
    target = parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host, fragment="").geturl()
    name = parts.hostname if not parts.port else f"{parts.hostname}:{parts.port}"
    left = max(0.5, end - time.monotonic())
    headers = {
        "Host": name,
        "User-Agent": "careo (fact checking; reads one page)",
        "Accept": "text/html,text/plain,application/pdf,*/*;q=0.1",
    }
    with (
        httpx.Client(timeout=left, follow_redirects=False, trust_env=False) as client,
        client.stream("GET", target, headers=headers, extensions={"sni_hostname": parts.hostname}) as answer,
    ):
        if answer.is_redirect and answer.headers.get("location"):
            return str(answer.headers["location"])
        if answer.status_code != 200:
            raise NetworkError("network_status", where=url, fix="network_check", status=answer.status_code)
        kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind not in _FORMATS:
            raise NetworkError("network_type", where=url, fix="network_check", type=kind[:60])
        data = bytearray()
        for chunk in answer.iter_bytes():
            data += chunk
            if len(data) > LARGEST:
                raise InputError("input_too_large", where=url, fix="input_too_large", limit=LARGEST >> 20)
            if time.monotonic() > end:
                raise NetworkError("network_slow", where=url, fix="network_check", limit=int(MOST_SECONDS))
        charset = answer.charset_encoding or ""
    return Fetched(bytes(data), _FORMATS[kind], charset, address)


def _public_address(host: str, port: int, url: str) -> str:
    """The address a name resolves to; every address it has must be public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NetworkError("network_unknown", where=url, fix="network_check") from error
    numbers = [str(entry[4][0]).split("%")[0] for entry in found]
    if not numbers:
        raise NetworkError("network_unknown", where=url, fix="network_check")
    for number in numbers:
        address = ipaddress.ip_address(number)
        mapped = getattr(address, "ipv4_mapped", None) or address
        if not mapped.is_global or mapped.is_multicast:
            if _local_allowed.get() and mapped.is_loopback:
                continue
            raise NetworkError("network_private", where=url, fix="network_check")
    return numbers[0]


@contextmanager
def local_addresses_allowed() -> Iterator[None]:
    """For tests that serve pages on this machine; nothing else may switch the guard off."""
    token = _local_allowed.set(True)
    try:
        yield
    finally:
        _local_allowed.reset(token)


def cache_folder() -> Path:
    """Where snapshots are kept: `$XDG_CACHE_HOME/careo`, else `~/.cache/careo`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache") / "careo"


def keep(data: bytes) -> Path | None:
    """Keep a snapshot under its sha256; None when the cache cannot be written, which is no reason to fail."""
    name = sha256(data).hexdigest()
    try:
        path = cache_folder() / "snapshots" / name[:2] / name
        if path.is_file() and path.read_bytes() == data:
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except (OSError, RuntimeError):  # RuntimeError: no home folder
        return None
    return path
