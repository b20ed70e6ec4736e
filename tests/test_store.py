"""The one door to the network."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from careo.base.errors import InputError, NetworkError
from careo.sources import store
from careo.sources.documents import read

PAGE = "<html><body><p>The ministry said that caf\xe9s will close at ten before the end of the year, in every town.</p></body></html>"


class Handler(BaseHTTPRequestHandler):
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
    with store.local_addresses_allowed():
        document = read(f"{site}/moved")
    assert "cafés" in document.text and document.source.url == f"{site}/moved"
    (kept,) = (path for path in cache.rglob("*") if path.is_file())
    assert kept.name == document.source.sha256 == sha256(kept.read_bytes()).hexdigest()
    assert kept.read_bytes() == PAGE.encode("latin-1")


def test_a_damaged_snapshot_is_replaced(cache: Path) -> None:
    path = store.keep(b"a page")
    assert path is not None and path.read_bytes() == b"a page"
    path.write_bytes(b"another")
    assert store.keep(b"a page") == path and path.read_bytes() == b"a page"


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
    with store.local_addresses_allowed(), pytest.raises(NetworkError) as caught:
        read(site + path)
    assert caught.value.key == key and "{" not in caught.value.render("es")


def test_a_page_larger_than_the_limit_is_cut_off(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LARGEST", 1000)
    with store.local_addresses_allowed(), pytest.raises(InputError) as caught:
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
    with store.local_addresses_allowed(), pytest.raises(NetworkError) as caught:
        read(f"{site}/page", offline=True)
    assert caught.value.key == "network_offline"


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(
    site: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    with store.local_addresses_allowed():
        assert "ministry" in read(f"{site}/page").text
