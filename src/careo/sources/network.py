"""The only module that opens a socket: fetches pages and data files, and keeps the pages by checksum.

A URL on a page, a card or a command line is somebody else's input: only http and https are followed, only to public
addresses, at every redirect anew; size and time are limited, and the answer must be what was asked for. Nothing is sent but a GET.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import IO, TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

from careo.base.errors import InputError, NetworkError, OutputError
from careo.sources.decoding import LARGEST

if TYPE_CHECKING:
    import httpx

MOST_REDIRECTS = 5
MOST_SECONDS = 30.0  # for a whole page; for a data file, the time in which LEAST_BYTES must arrive
LEAST_BYTES = 1 << 15
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
_PAGE = {
    "User-Agent": "careo (fact checking; reads one page)",
    "Accept": "text/html,text/plain,application/pdf,*/*;q=0.1",
}
_FILE = {
    "User-Agent": "careo (fact checking; reads one file)",
    "Accept": "*/*",
    "Accept-Encoding": "identity",  # what is kept is the file as published, and its length can be checked
}
_PIECE = 1 << 18  # bytes unpacked at once
_local_allowed: ContextVar[bool] = ContextVar("_local_allowed", default=False)
Taken = TypeVar("Taken")


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: bytes, format and encoding as the server states them ("" when it does not), the address after redirects."""

    data: bytes
    format: str
    charset: str
    url: str


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A data file that arrived whole.

    Attributes:
        path: where it was written. size: bytes. sha256: of the bytes.
        url: the address after redirects.
        etag, modified: the edition as the server names it; the day it was last changed ("2020-10-23"); "" when not stated.
        changed: when it was last changed, as the server wrote it; "" when not stated.
    """

    path: Path
    size: int
    sha256: str
    url: str
    etag: str
    modified: str
    changed: str = ""


class NetworkBusyError(NetworkError):
    """The server cannot answer now (429, 5xx). after: seconds after which it asks to be asked again, None when it does not say."""

    after: float | None = None


def fetch(url: str, *, offline: bool = False) -> Fetched:
    """Fetch a page and keep a snapshot of it.

    Raises:
        NetworkError: offline, not http, a private address, no answer, too slow, or not a page.
        InputError: larger than a page may be.
    """
    end = time.monotonic() + MOST_SECONDS

    def take(answer: httpx.Response, address: str) -> Fetched:
        kind = _kind(answer)
        if kind not in _FORMATS:
            raise NetworkError("network_type", where=url, fix="network_check", type=kind[:60])
        data = bytearray()
        for chunk in answer.iter_bytes():
            data += chunk
            if len(data) > LARGEST:
                raise InputError("input_too_large", where=url, fix="input_too_large", limit=LARGEST >> 20)
            if time.monotonic() > end:
                raise _slow(url)
        return Fetched(bytes(data), _FORMATS[kind], answer.charset_encoding or "", address)

    fetched = _ask(url, take, _PAGE, end=end, offline=offline)
    keep(fetched.data)
    return fetched


def fetch_file(url: str, target: Path, *, offline: bool = False, largest: int = 4 << 30) -> FetchedFile:
    """Fetch a data file to `target`, which appears when all of it has arrived, or stays as it was.

    A file may take long, so its time is not limited as a whole: `LEAST_BYTES` must arrive every `MOST_SECONDS`.

    Args:
        largest: bytes [B] beyond which the file is refused.

    Raises:
        NetworkError: offline, not http, a private address, no answer, too slow, too large, cut short, or a page instead of a file.
        OutputError: it cannot be written.
    """
    return _ask(url, _file_taker(url, target, largest), _FILE, offline=offline)


def fetch_changed(
    url: str,
    target: Path,
    *,
    etag: str = "",
    changed: str = "",
    offline: bool = False,
    largest: int = 4 << 30,
    allowed: Callable[[str], None] | None = None,
) -> FetchedFile | None:
    """Fetch a data file as `fetch_file` does, unless the server says that it is the one we have (304): then None.

    Args:
        etag, changed: of the edition that we have, as `FetchedFile` told them.
        allowed: is asked before every request, redirects too; raises what forbids the address.

    Raises:
        NetworkBusyError: the server cannot answer now.
        NetworkError, OutputError: as of `fetch_file`.
    """
    since = {"If-None-Match": etag, "If-Modified-Since": changed}
    headers = {**_FILE, **{name: value for name, value in since.items() if value and value.isprintable()}}
    take = _file_taker(url, target, largest)

    def taken(answer: httpx.Response, address: str) -> FetchedFile | None:
        return None if answer.status_code == 304 else take(answer, address)

    return _ask(url, taken, headers, offline=offline, allowed=allowed, good=(200, 304))


def _file_taker(url: str, target: Path, largest: int) -> Callable[[httpx.Response, str], FetchedFile]:
    def take(answer: httpx.Response, address: str) -> FetchedFile:
        length = answer.headers.get("content-length", "")
        stated = int(length) if length.isascii() and length.isdigit() else None
        if stated is not None and stated > largest:
            raise _large(url, largest)
        digest, size = sha256(), 0
        with _written_whole(target) as stream:
            for chunk in _steady(answer, url):
                size += len(chunk)
                if size > largest:
                    raise _large(url, largest)
                if size == len(chunk) and _is_page(chunk, answer):
                    raise NetworkError("network_page", where=url, fix="network_check")
                digest.update(chunk)
                stream.write(chunk)
            if not size or (stated is not None and answer.num_bytes_downloaded != stated):
                raise NetworkError(
                    "network_cut", where=url, fix="network_check", size=size, stated=length or "?"
                )
        edition = answer.headers.get("etag", "")[:200]
        modified = _day(answer.headers.get("last-modified", ""))
        changed = answer.headers.get("last-modified", "")[:100]
        return FetchedFile(target, size, digest.hexdigest(), address, edition, modified, changed)

    return take


def _ask(
    url: str,
    take: Callable[[httpx.Response, str], Taken],
    headers: dict[str, str],
    *,
    offline: bool,
    end: float | None = None,
    allowed: Callable[[str], None] | None = None,
    good: tuple[int, ...] = (200,),
) -> Taken:
    """Ask for a URL, follow where the server sends us, and hand the answer to `take` with the address it came from.

    Args:
        end: the moment of `time.monotonic` by which all must be over; None when only a time without an answer is limited.
        allowed: raises what forbids an address. good: status codes of answers that are taken.
    """
    if offline:
        raise NetworkError("network_offline", where=url, fix="network_offline")
    import httpx

    address = url
    try:
        for _ in range(MOST_REDIRECTS + 1):
            left = MOST_SECONDS if end is None else max(0.5, end - time.monotonic())
            if allowed:
                allowed(address)
            with _answer(address, url, headers, left) as answer:
                if not (answer.is_redirect and answer.headers.get("location")):
                    if answer.status_code not in good:
                        raise _refusal(url, answer)
                    return take(answer, address)
                address = urljoin(address, str(answer.headers["location"]))
    except httpx.TimeoutException as error:
        raise _slow(url) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        problem = str(error).split("\n")[0].rstrip(".") or type(error).__name__
        raise NetworkError("network_failed", where=url, fix="network_check", problem=problem) from error
    raise NetworkError("network_redirects", where=url, fix="network_check", limit=MOST_REDIRECTS)


@contextmanager
def _answer(address: str, url: str, headers: dict[str, str], left: float) -> Iterator[httpx.Response]:
    """The answer to one request, its body still to come."""
    import httpx

    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NetworkError("network_scheme", where=url, fix="network_check")
    number = _public_address(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), url)
    # The address that was checked is the one connected to: a name may resolve to another one the second time.
    host = f"[{number}]" if ":" in number else number
    target = parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host, fragment="").geturl()
    name = parts.hostname if not parts.port else f"{parts.hostname}:{parts.port}"
    with (
        httpx.Client(timeout=left, follow_redirects=False, trust_env=False) as client,
        client.stream(
            "GET", target, headers={"Host": name, **headers}, extensions={"sni_hostname": parts.hostname}
        ) as answer,
    ):
        yield answer


def _refusal(url: str, answer: httpx.Response) -> NetworkError:
    status = answer.status_code
    kind = NetworkBusyError if status == 429 or status >= 500 else NetworkError
    error = kind("network_status", where=url, fix="network_check", status=status)
    if isinstance(error, NetworkBusyError):
        error.after = _seconds_until(answer.headers.get("retry-after", ""))
    return error


def _seconds_until(stated: str) -> float | None:
    """What `Retry-After` asks for: seconds, or a moment."""
    if stated.isascii() and stated.isdigit():
        return float(stated[:9])
    try:
        return max(0.0, parsedate_to_datetime(stated).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _slow(url: str) -> NetworkError:
    return NetworkError("network_slow", where=url, fix="network_check", limit=int(MOST_SECONDS))


def _large(url: str, largest: int) -> NetworkError:
    return NetworkError("network_large", where=url, fix="network_check", limit=largest >> 20)


def _kind(answer: httpx.Response) -> str:
    return answer.headers.get("content-type", "").split(";")[0].strip().lower()


def _is_page(start: bytes, answer: httpx.Response) -> bool:
    """Whether a page came where a file was asked for: a notice, a login, an index. Some servers call a CSV a page, too."""
    return _FORMATS.get(_kind(answer)) == "html" and start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _steady(answer: httpx.Response, url: str) -> Iterator[bytes]:
    """The body, as long as it keeps coming: one byte a while is no progress."""
    since, arrived = time.monotonic(), 0
    for chunk in _unpacked(answer):
        arrived += len(chunk)
        now = time.monotonic()
        if now - since > MOST_SECONDS:
            if arrived < LEAST_BYTES:
                raise _slow(url)
            since, arrived = now, 0
        yield chunk


def _unpacked(answer: httpx.Response) -> Iterator[bytes]:
    """The body as it was meant; one that was packed for the way and ends before its end is an error, which httpx lets pass."""
    import httpx

    if answer.headers.get("content-encoding", "").strip().lower() not in ("gzip", "x-gzip"):
        yield from answer.iter_bytes()
        return
    opened = zlib.decompressobj(31)
    try:
        for chunk in answer.iter_raw():
            while chunk:
                if opened.eof:  # gzip may have several members, one after the other
                    opened = zlib.decompressobj(31)
                if piece := opened.decompress(chunk, _PIECE):
                    yield piece
                chunk = opened.unused_data if opened.eof else opened.unconsumed_tail
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from error
    if not opened.eof:
        raise httpx.DecodingError("the packed answer ends before its end")


@contextmanager
def _written_whole(target: Path) -> Iterator[IO[bytes]]:
    """A stream to write to; `target` is replaced when the block ends without an error. Its OSErrors are of writing: httpx has its own."""
    draft = target.with_name(f".careo-{token_hex(8)}")
    try:
        with draft.open("xb") as stream:
            yield stream
        draft.replace(target)
    except OSError as error:
        raise OutputError("output_unwritable", where=str(target), found=error.strerror or "") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _day(moment: str) -> str:
    """The day of an HTTP date, "" when it is none."""
    try:
        return parsedate_to_datetime(moment).date().isoformat()
    except (ValueError, OverflowError):
        return ""


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
