"""The one door to the network."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from careo.base.errors import InputError, NetworkError, OutputError
from careo.sources import network
from careo.sources.documents import read

PAGE = "<html><body><p>The ministry said that caf\xe9s will close at ten before the end of the year, in every town.</p></body></html>"


class Handler(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        kind, body, status = "text/html; charset=latin-1", PAGE.encode("latin-1"), 200
        if self.path.startswith("/loop"):
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
            return
        if self.path == "/moved":
            self.send_response(301)
            self.send_header("Location", "/page")
            self.end_headers()
            return
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
            return
        if self.path == "/inside":
            self.send_response(302)
            self.send_header("Location", "http://10.0.0.1/data.csv")
            self.end_headers()
            return
        if self.path.startswith("/data/"):
            self.send_data(self.path.removeprefix("/data/"))
            return
        if self.path == "/video":
            kind = "video/mp4"
        if self.path == "/gone":
            status = 404
        if self.path == "/big":
            body = b"a" * 3000
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def send_data(self, what: str) -> None:
        self.asked.append((self.command, dict(self.headers)))
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if what.startswith("page") else "text/csv")
        if what == "whole":
            self.send_header("ETag", '"2020-10"')
            self.send_header("Last-Modified", "Fri, 23 Oct 2020 17:00:00 GMT")
        if what in ("whole", "huge", "cut"):
            self.send_header("Content-Length", {"whole": "8", "huge": "99999999999", "cut": "5000"}[what])
        if what == "odd":
            self.send_header("Last-Modified", "Fri, 99 Oct 99999999999 17:00:00 GMT")
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        with suppress(OSError):  # the client has heard enough
            if what == "endless":
                while True:
                    self.wfile.write(b"1,2\n" * 1000)
            if what == "dripping":
                for _ in range(30):
                    self.wfile.write(b"1")
                    time.sleep(0.05)
            if what == "stalled":
                self.wfile.write(b"1,2\n")
                time.sleep(1)
                return
            body = {
                "page": b"\n<!DOCTYPE html><p>Log in</p>",
                "odd": gzip.compress(b"a,b\n1,2\n"),
                "empty": b"",
            }
            self.wfile.write(body.get(what, b"a,b\n1,2\n"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: ARG002 - the name is the base class's
        return


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_a_page_is_fetched_decoded_and_kept(site: str, cache: Path) -> None:
    with network.local_addresses_allowed():
        document = read(f"{site}/moved")
    assert "cafés" in document.text and document.source.url == f"{site}/moved"
    (kept,) = (path for path in cache.rglob("*") if path.is_file())
    assert kept.name == document.source.sha256 == sha256(kept.read_bytes()).hexdigest()
    assert kept.read_bytes() == PAGE.encode("latin-1")


def test_a_damaged_snapshot_is_replaced(cache: Path) -> None:
    path = network.keep(b"a page")
    assert path is not None and path.read_bytes() == b"a page"
    path.write_bytes(b"another")
    assert network.keep(b"a page") == path and path.read_bytes() == b"a page"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/loop", "network_redirects"),
        ("/away", "network_scheme"),
        ("/video", "network_type"),
        ("/gone", "network_status"),
    ],
)
def test_what_is_no_page_is_refused(site: str, path: str, key: str) -> None:
    with network.local_addresses_allowed(), pytest.raises(NetworkError) as caught:
        read(site + path)
    assert caught.value.key == key and "{" not in caught.value.render("es")


def test_a_page_larger_than_the_limit_is_cut_off(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "LARGEST", 1000)
    with network.local_addresses_allowed(), pytest.raises(InputError) as caught:
        read(f"{site}/big")
    assert caught.value.key == "input_too_large"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",  # noqa: S104 - refused, not bound
        "192.168.1.1",
    ],
)
def test_private_addresses_are_not_entered(host: str) -> None:
    with pytest.raises(NetworkError) as caught:
        read(f"http://{host}:9/page")
    assert caught.value.key in ("network_private", "network_unknown")


def test_offline_opens_no_socket(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", None)
    with network.local_addresses_allowed(), pytest.raises(NetworkError) as caught:
        read(f"{site}/page", offline=True)
    assert caught.value.key == "network_offline"


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(
    site: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    with network.local_addresses_allowed():
        assert "ministry" in read(f"{site}/page").text


def test_a_data_file_is_fetched_whole_with_the_edition_the_server_names(site: str, tmp_path: Path) -> None:
    target = tmp_path / "data.csv"
    Handler.asked.clear()
    with network.local_addresses_allowed():
        fetched = network.fetch_file(f"{site}/data/whole", target)
    assert target.read_bytes() == b"a,b\n1,2\n"
    assert fetched == network.FetchedFile(
        target, 8, sha256(b"a,b\n1,2\n").hexdigest(), f"{site}/data/whole", '"2020-10"', "2020-10-23",
        "Fri, 23 Oct 2020 17:00:00 GMT",
    )  # fmt: skip
    ((command, headers),) = Handler.asked
    assert command == "GET" and set(headers) <= {
        "Host",
        "User-Agent",
        "Accept",
        "Accept-Encoding",
        "Connection",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_a_file_that_a_server_packs_on_the_way_or_calls_a_page_is_still_the_file(
    site: str, tmp_path: Path
) -> None:
    with network.local_addresses_allowed():
        odd = network.fetch_file(f"{site}/data/odd", tmp_path / "odd.csv")
        page = network.fetch_file(f"{site}/data/page_by_name_only", tmp_path / "page.csv")
    assert (tmp_path / "odd.csv").read_bytes() == (tmp_path / "page.csv").read_bytes() == b"a,b\n1,2\n"
    assert (odd.modified, odd.etag, page.size) == ("", "", 8)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/loop", "network_redirects"),
        ("/away", "network_scheme"),
        ("/inside", "network_private"),
        ("/gone", "network_status"),
        ("/data/cut", "network_failed"),
        ("/data/endless", "network_large"),
        ("/data/huge", "network_large"),
        ("/data/page", "network_page"),
        ("/data/empty", "network_cut"),
        ("/data/dripping", "network_slow"),
        ("/data/stalled", "network_slow"),
    ],
)
def test_what_is_no_whole_file_leaves_the_target_as_it_was(
    site: str, path: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "MOST_SECONDS", 0.3)
    target = tmp_path / "data.csv"
    target.write_text("before")
    with network.local_addresses_allowed(), pytest.raises(NetworkError) as caught:
        network.fetch_file(site + path, target, largest=1 << 20)
    assert caught.value.key == key and "{" not in caught.value.render("es")
    assert [entry.name for entry in tmp_path.iterdir()] == ["data.csv"] and target.read_text() == "before"


def test_a_file_may_take_longer_than_a_page_as_long_as_it_comes(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "MOST_SECONDS", 0.3)
    monkeypatch.setattr(network, "LEAST_BYTES", 2)
    with network.local_addresses_allowed():
        assert network.fetch_file(f"{site}/data/dripping", tmp_path / "x").size == 38


def test_a_file_that_cannot_be_written_is_one_sentence(site: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with network.local_addresses_allowed():
        for target in (tmp_path / "missing" / "x.csv", tmp_path / "folder"):
            with pytest.raises(OutputError):
                network.fetch_file(f"{site}/data/whole", target)
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_a_file_is_not_fetched_offline_or_from_a_private_address(tmp_path: Path) -> None:
    with pytest.raises(NetworkError) as caught:
        network.fetch_file("http://example.org/x.csv", tmp_path / "x", offline=True)
    assert caught.value.key == "network_offline"
    with pytest.raises(NetworkError) as caught:
        network.fetch_file("http://127.0.0.1:9/x.csv", tmp_path / "x")
    assert caught.value.key == "network_private" and not list(tmp_path.iterdir())
