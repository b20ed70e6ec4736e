"""What a publisher's address gives since the last look: its pages one after another, patiently and never in a circle.

The Open Contracting guidance asks publishers for a correct Last-Modified, and for pages that name the next one in `links.next`.
A server that is busy is asked again, later each time and never before the moment that it names itself. Portals that ask for
proof of a person at the screen are not asked at all (`purchases/publishers.yaml` of the countries).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urldefrag, urljoin, urlsplit

import msgspec

from careo.base.errors import NetworkError
from careo.base.shipped import read_yaml, shipped
from careo.sources.byte_stream import Stream
from careo.sources.formats.ocds_shapes import Unreadable, plain
from careo.sources.network import FetchedFile, NetworkBusyError, fetch_changed

MOST_PAGES = 1000
LARGEST_PAGE = 1 << 30
"""Bytes of one answer; the guidance asks for packages of a gigabyte at most."""
TRIES = 5
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # seconds
_PASSING = frozenset({"network_slow", "network_failed", "network_cut"})
_LARGEST_WITH_LINKS = 256 << 20
_CHUNK = 1 << 20
Asked = TypeVar("Asked")


@dataclass(frozen=True)
class Remembered:
    """What is known of a page from the last look: etag and changed as `FetchedFile` told them; next: the page after it."""

    etag: str = ""
    changed: str = ""
    next: str = ""


@dataclass(frozen=True)
class Page:
    """One page of a look.

    Attributes:
        address: as asked for. file: what arrived, None where the server says that it is the same as last time.
        next: the address of the page after it, "" for the last one.
        published: the package's own publication date as written, "" where it states none.
        trouble: "loop", "pages", or "": why `next` is not followed; "unnamed": there are more pages, and none is named.
    """

    address: str
    file: FetchedFile | None
    next: str = ""
    published: str = ""
    trouble: str = ""


def pages(
    address: str,
    folder: Path,
    remembered: Callable[[str], Remembered],
    *,
    offline: bool = False,
    wait: Callable[[float], bool],
    largest: int = LARGEST_PAGE,
    most: int = MOST_PAGES,
) -> Iterator[Page]:
    """The pages behind an address; each file is there until the next page is asked for.

    Args:
        folder: where files are put for the while.
        remembered: what is known of a page's address from the last look.
        wait: waits for so many seconds; True if it was asked to stop, which ends the look.
        largest: bytes [B] beyond which a page is refused. most: pages of one look.

    Raises:
        NetworkError: as of `fetch_changed`; a portal that is not asked; a server that stays busy.
    """
    asked: set[str] = set()
    bodies: set[str] = set()
    now = urldefrag(address).url
    while now:
        asked.add(now)
        known = remembered(now)
        target = folder / f"page-{len(asked)}{_ending(now)}"
        try:
            file, stopped = _patiently(now, target, known, offline=offline, wait=wait, largest=largest)
            if stopped:
                return
            trouble = ""
            if file is None:
                following, published = known.next, ""
            else:
                following, published, more = _links(file.path, file.url)
                trouble = "unnamed" if more and not following else ""
            if (following and following in asked) or (file and following and file.sha256 in bodies):
                trouble = "loop"
            elif following and len(asked) >= most:
                trouble = "pages"
            if file:
                bodies.add(file.sha256)
            yield Page(now, file, following, published, trouble)
        finally:
            target.unlink(missing_ok=True)
        now = "" if trouble else following


def refuse_portal(address: str) -> None:
    """Raise if an address belongs to a portal that machines are not meant to ask.

    Raises:
        NetworkError: it does.
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".").lower()
    for portal in _portals():
        for name in portal["hosts"]:
            if (host == name or host.endswith(f".{name}")) and not any(
                parts.path.startswith(path) for path in portal.get("plain_files", ())
            ):
                raise NetworkError("watch_portal", where=address, fix="watch_portal", host=host)


@cache
def _portals() -> tuple[dict[str, Any], ...]:
    files = sorted(shipped().glob("*/purchases/publishers.yaml"))
    return tuple(portal for file in files for portal in read_yaml(file).get("portals") or ())


def _patiently(
    address: str,
    target: Path,
    known: Remembered,
    *,
    offline: bool,
    wait: Callable[[float], bool],
    largest: int,
) -> tuple[FetchedFile | None, bool]:
    """(the file or None for the same as last time, whether it was asked to stop)."""
    for attempt in range(1, TRIES + 1):
        try:
            return (
                fetch_changed(
                    address,
                    target,
                    etag=known.etag,
                    changed=known.changed,
                    offline=offline,
                    largest=largest,
                    allowed=refuse_portal,
                ),
                False,
            )
        except NetworkError as error:
            busy = isinstance(error, NetworkBusyError)
            if not busy and error.key not in _PASSING:
                raise
            after = error.after if busy else None
            if after is not None and after > LONGEST_PAUSE:
                raise NetworkError(
                    "watch_busy", where=address, fix="watch_busy", minutes=-(-int(after) // 60)
                ) from error
            if attempt == TRIES:
                raise
            if wait(max(FIRST_PAUSE * 2 ** (attempt - 1), after or 0.0)):
                return None, True
    raise AssertionError  # the last try returns or raises


class _Package(msgspec.Struct):
    links: Any = None
    publishedDate: Any = None  # noqa: N815 - name of the standard
    pagination: Any = None


def _links(path: Path, address: str) -> tuple[str, str, bool]:
    """(address of the next page, publication date) as a package states them, "" for what it does not; whether it counts more pages."""
    with closing(Stream(path.open("rb"))) as stream:
        data = stream.read(_CHUNK)
        if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return "", "", False
        while len(data) < _LARGEST_WITH_LINKS and (more := stream.read(_CHUNK)):
            data += more
    try:
        package: Any = msgspec.to_builtins(
            msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Package)
        )
    except (ValueError, RecursionError, msgspec.MsgspecError):
        try:
            package = plain(data)
        except Unreadable:
            return "", "", False  # what is wrong with it is said where it is read
    if not isinstance(package, dict):
        return "", "", False
    links, published = package.get("links"), package.get("publishedDate")
    following = links.get("next") if isinstance(links, dict) else None
    try:
        following = (
            urldefrag(urljoin(address, following)).url if isinstance(following, str) and following else ""
        )
    except ValueError:
        following = ""
    return following, published if isinstance(published, str) else "", _has_more(package.get("pagination"))


def _has_more(pagination: object) -> bool:
    """Whether an interface that counts its pages, as those of datos.gob.mx and the Plataforma Digital Nacional do, has one after this."""
    if not isinstance(pagination, dict):
        return False
    if isinstance(pagination.get("hasNextPage"), bool):
        return pagination["hasNextPage"]
    page, size, total = (pagination.get(name) for name in ("page", "pageSize", "total"))
    return isinstance(page, int) and isinstance(size, int) and isinstance(total, int) and page * size < total


def _ending(address: str) -> str:
    """What the file's name ends in, as far as a reader may look at it."""
    name = Path(urlsplit(address).path).name
    endings = [part for part in Path(name).suffixes[-2:] if part[1:].isalnum() and len(part) <= 8]
    return "".join(endings).lower()
