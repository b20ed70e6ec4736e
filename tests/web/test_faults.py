"""What a server meets: requests that are none, clients that dawdle or leave, a disk that is full, a machine that loses its power."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import COMPUTING, Served, serving
from starlette.testclient import TestClient

from careo.views.web import security
from careo.views.web.application import create_application
from careo.views.web.settings import Settings

pytestmark = pytest.mark.served

JOB = "/evaluate/ten-lamps"
"""A page of Toyland that is computed beside the server."""


@pytest.fixture(scope="module")
def toyland(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("faults") / "home", "--country", "toyland") as found:
        yield found


def told(server: Served, request: bytes, *, whole: bool = True) -> bytes:
    """What the server answers to these bytes, until it hangs up; of a request that is not whole, once we hang up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        parts: list[bytes] = []
        try:
            line.sendall(request)
            if not whole:
                line.shutdown(socket.SHUT_WR)
            while part := line.recv(65_536):
                parts.append(part)
        except ConnectionError:  # it hung up on us, having said what it had to say
            pass
    return b"".join(parts)


def alive(server: Served) -> bool:
    """Whether the server still answers, and has said nothing of what surprised it."""
    assert server.process.poll() is None
    assert "Traceback" not in server.said
    return server.get("/es/evaluate").status_code == 200


HOST = b"Host: 127.0.0.1\r\nConnection: close\r\n"
MALFORMED = {
    "no host": b"GET /es/ HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": b"GET /es/ HTTP/1.1\r\nHost: evil.example\r\n" + HOST + b"\r\n",
    "two hosts, ours first": b"GET /es/ HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n",
    "another host in the line": b"GET http://evil.example/es/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP 1.0": b"GET /es/ HTTP/1.0\r\n\r\n",
    "HTTP 9": b"GET /es/ HTTP/9.9\r\n" + HOST + b"\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "nothing": b"",
    "half a line": b"GET /es",
    "huge header": b"GET /es/ HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 2**20 + b"\r\n\r\n",
    "many headers": b"GET /es/ HTTP/1.1\r\n" + HOST + b"".join(b"X-%d: a\r\n" % n for n in range(2_000)) + b"\r\n",
    "header with a line in it": b"GET /es/ HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
    "huge line": b"GET /es/" + b"a" * 2**20 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "null in the path": b"GET /es/evaluate/%00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "null itself": b"GET /es/evaluate/\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "no UTF-8 in the path": b"GET /es/evaluate/%ff%fe%c3%28 HTTP/1.1\r\n" + HOST + b"\r\n",
    "no UTF-8 in the query": b"GET /es/evaluate/x?outcome=%ff%fe&%c3=1 HTTP/1.1\r\n" + HOST + b"\r\n",
    "half an escape": b"GET /es/evaluate/%E0%A4%A?a=% HTTP/1.1\r\n" + HOST + b"\r\n",
    "upwards": b"GET /es/../../../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "upwards, escaped": b"GET /es/evaluate/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\n" + HOST + b"\r\n",
    "upwards among the files": b"GET /static/..%2f..%2fapplication.py HTTP/1.1\r\n" + HOST + b"\r\n",
    "upwards, escaped twice": b"GET /static/%252e%252e/%252e%252e/application.py HTTP/1.1\r\n" + HOST + b"\r\n",
    "null among the files": b"GET /static/web.css%00.js HTTP/1.1\r\n" + HOST + b"\r\n",
    "a name that is too long among the files": b"GET /static/" + b"a" * 5_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a folder among the files": b"GET /static/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "many parameters": b"GET /es/evaluate?" + b"&".join(b"a%d=1" % n for n in range(10_000))[:60_000] + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "deep path": b"GET /es" + b"/a" * 20_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "dots of forms": b"GET /es/evaluate.json.csv.svg.png.html HTTP/1.1\r\n" + HOST + b"\r\n",
    "only a form": b"GET /es/.json HTTP/1.1\r\n" + HOST + b"\r\n",
    "line break in the path": b"GET /es/evaluate/a%0d%0aSet-Cookie:%20x=1 HTTP/1.1\r\n" + HOST + b"\r\n",
    "line break in where to enter": b"GET /es/enter?to=/a%0d%0aSet-Cookie:%20x=1 HTTP/1.1\r\n" + HOST + b"\r\n",
    "unknown method": b"FROBNICATE /es/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "TRACE": b"TRACE /es/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "OPTIONS *": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "HEAD": b"HEAD /es/evaluate HTTP/1.1\r\n" + HOST + b"\r\n",
    "length and chunks": b"POST /es/enter HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    "two lengths": b"POST /es/enter HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "negative length": b"POST /es/enter HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    "endless length": b"POST /es/enter HTTP/1.1\r\n" + HOST + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n",
    "broken chunks": b"POST /es/enter HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "broken form": b"POST /es/enter HTTP/1.1\r\n" + HOST + b"Content-Type: multipart/form-data; boundary=\r\nContent-Length: 4\r\n\r\n--\r\n",
    "form without a boundary": b"POST /es/enter HTTP/1.1\r\n" + HOST + b"Content-Type: multipart/form-data\r\nContent-Length: 4\r\n\r\n--\r\n",
    "form of no UTF-8": b"POST /es/enter HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\ntoken=\xff\xfe\xfd%",
    "upgrade": b"GET /es/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    "ranges": b"GET /static/web.css HTTP/1.1\r\n" + HOST + b"Range: bytes=" + b",".join(b"%d-%d" % (n, n) for n in range(2_000)) + b"\r\n\r\n",
    "language of letters": b"GET / HTTP/1.1\r\n" + HOST + b"Accept-Language: " + b"x" * 9_000 + b"\xff;q=\xfe\r\n\r\n",
    "language that is no header": b"GET / HTTP/1.1\r\n" + HOST + b"Accept-Language: es\tX: 1,en\x7f\r\n\r\n",
    "cookies": b"GET /es/ HTTP/1.1\r\n" + HOST + b"Cookie: careo=\xff\xfe; =; ;;; careo=" + b"a" * 9_000 + b"\r\n\r\n",
    "authorization": b"GET /es/ HTTP/1.1\r\n" + HOST + b"Authorization: Bearer \xff\xfe\xfd \r\n\r\n",
    "dates": b"GET /static/web.css HTTP/1.1\r\n" + HOST + b"If-Modified-Since: Sun, 99 Foo 99999 99:99:99 GMT\r\nIf-None-Match: \xff\"\r\n\r\n",
}  # fmt: skip


NOT_WHOLE = ("nothing", "half a line")
CODES = {
    "no host": 400, "two hosts": 400, "two hosts, ours first": 400, "another host in the line": 404, "HTTP 1.0": 400,
    "upwards among the files": 404, "upwards, escaped": 404, "upwards, escaped twice": 404, "HEAD": 200, "length and chunks": 400,
}  # fmt: skip


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_request_is_refused_and_that_is_all(toyland: Served, kind: str) -> None:
    answer = told(toyland, MALFORMED[kind], whole=kind not in NOT_WHOLE)
    head, _, body = answer.partition(b"\r\n\r\n")
    if kind not in NOT_WHOLE:
        code = int(head.split()[1])
        assert 200 <= code < 500, answer[:300]
        assert code == CODES.get(kind, code)
        assert b"set-cookie" not in head.lower()
    assert not any(word in body for word in (b"Traceback", b'File "', b"root:x", b"def create_application"))
    assert alive(toyland)


def test_headers_are_no_way_past_the_gate(tmp_path: Path) -> None:
    """A server that answers to tokens: whatever stands in a cookie or a header, it is a token or it is none."""
    settings = Settings(host="0.0.0.0", hosts=frozenset({"careo.example"}), home=tmp_path, country="toyland")  # noqa: S104 - nothing listens
    hostile = (
        b"Bearer",
        b"Bearer ",
        b"bearer \xff\xfe",
        b"Basic \x00",
        b"Bearer " + b"a" * 60_000,
        b"Bearer None",
        b"Bearer {}",
    )
    with TestClient(
        create_application(settings), base_url="http://careo.example", follow_redirects=False
    ) as team:
        for number, each in enumerate(hostile):
            told_in = {"authorization": each} if number % 2 else {"cookie": b"careo=" + each}
            assert team.get("/es/evaluate.json", headers=told_in).status_code in (401, 429)
        forwarded = {
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-host": "127.0.0.1",
            "forwarded": "for=127.0.0.1",
            "x-original-url": "/es/",
        }
        assert team.get("/es/evaluate.json", headers=forwarded).status_code in (401, 429)


def test_one_who_dawdles_keeps_nobody_waiting(toyland: Served) -> None:
    """Sixty begin a request and do not end it; others are answered meanwhile."""
    lines = [socket.create_connection(("127.0.0.1", toyland.port), timeout=10) for _ in range(60)]
    try:
        for line in lines:
            line.sendall(b"GET /es/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
        assert alive(toyland)
        for line in lines:
            line.sendall(b"a")
        assert alive(toyland)
    finally:
        for line in lines:
            line.close()
    assert alive(toyland)


def test_one_who_never_ends_a_request_is_hung_up_on(tmp_path: Path) -> None:
    """With a patience of half a second; a line that is used goes on, and one on which an answer is awaited too."""
    patient = "import sys, careo.views.web.listening as it; it.HEAD_SECONDS = 0.5; import careo.__main__ as run; sys.exit(run.main())"
    with (
        serving(tmp_path / "home", "--country", "toyland", command=("-c", patient)) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as used,
    ):
        slow.sendall(b"GET /es/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
        for _ in range(4):
            used.sendall(b"HEAD /es/evaluate HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert used.recv(65_536).startswith(b"HTTP/1.1 200")
            time.sleep(0.3)
        assert slow.recv(10) == b""
        assert alive(server)


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(security, "BODY_SECONDS", 0.05)

    async def asked() -> int:
        codes: list[int] = []

        async def send(message: Any) -> None:
            codes.append(message.get("status", 0))

        async def never() -> Any:
            await asyncio.sleep(3600)

        app = create_application(Settings(home=tmp_path, country="toyland"))
        headers = [
            (b"host", b"127.0.0.1"),
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", b"9"),
        ]
        scope = {"type": "http", "method": "POST", "path": "/es/enter", "query_string": b"", "headers": headers, "root_path": "",
                 "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000)}  # fmt: skip
        await app(scope, never, send)
        return codes[0]

    assert asyncio.run(asked()) == 408


def test_one_who_leaves_in_the_middle_is_let_go(toyland: Served) -> None:
    for sent in (b"GET /es/ HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /api/openapi.json HTTP/1.1\r\n" + HOST + b"\r\n",
                 b"POST /es/enter HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\nhalf"):  # fmt: skip
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", toyland.port), timeout=10) as line:
                line.sendall(sent)
                line.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )  # closes with a reset
    assert alive(toyland)


def test_a_mistake_of_ours_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing of itself to whoever asked, in their language, under the policy of every answer; the terminal has it all."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    app = create_application(Settings(home=tmp_path, country="toyland"))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        monkeypatch.setattr("careo.views.web.pages.evaluate.load_evaluations", broken)
        for address, words in (
            ("/es/evaluate", "algo falló"),
            ("/en/evaluate.json", "is broken"),
            ("/api/v1/evaluate", "is broken"),
        ):
            answer = client.get(address)
            assert answer.status_code == 500
            assert words in answer.text.lower()
            assert "secret" not in answer.text
            assert answer.headers["content-security-policy"] == security.POLICY


# ── a machine that loses its power ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("orphans", [False, True])
def test_a_server_killed_in_mid_job_ends_it_when_it_is_back(tmp_path: Path, orphans: bool) -> None:
    """Whether the command it had begun died with it, or goes on without it."""
    home = tmp_path / "home"
    with serving(home, "--country", "toyland") as server:
        assert server.client.get(f"/en{JOB}").status_code == COMPUTING
        job = _job(home, "running")
        if orphans:
            server.process.kill()
            server.process.wait(timeout=30)
        else:
            server.kill()
        assert job["state"] == "running"
        with serving(home, "--country", "toyland") as again:
            answer = again.get(f"/en{JOB}.json")
            assert answer.status_code == 200
            assert answer.json()["findings"]
            assert again.get(f"/en{JOB}").status_code == 200
            assert _job(home, "done")["id"] == job["id"]
            assert not list(home.rglob("*.part"))
            assert "Traceback" not in again.said


def _job(home: Path, state: str) -> dict[str, Any]:
    """The one job there is, once it is in this state."""
    for _ in range(600):
        found = [json.loads(path.read_bytes()) for path in home.rglob("job.json")]
        if found and found[0]["state"] == state:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"no job is {state}: {found}")


# ── a disk that is full ──────────────────────────────────────────────────────────────────────────────────────────


def test_where_nothing_can_be_kept_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No room for the job of a page: the page says why, and a page that needs none is as ever."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with TestClient(create_application(Settings(home=tmp_path / "home", country="toyland")), base_url="http://127.0.0.1") as client:  # fmt: skip
        with monkeypatch.context() as patched:
            patched.setattr("tempfile.mkstemp", full)
            for form in ("", ".json"):
                answer = client.get(f"/en{JOB}{form}")
                assert 400 <= answer.status_code <= 507
                assert "No space left on device" in answer.text
            patched.setattr(Path, "mkdir", full)
            answer = client.get(f"/es{JOB}")
            assert 400 <= answer.status_code <= 507
            assert "No space left on device" in answer.text
            assert client.get("/es/evaluate").status_code == 200
        assert not list(tmp_path.rglob("job.json"))
        assert (
            client.get(f"/en{JOB}").status_code == COMPUTING
        )  # the minimally different world: there is room again


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("mount"),
    reason="mounts a small disk as root",
)
def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    """A home on a disk without a byte left: what cannot be kept is told, what was kept is whole, and with room all goes on."""
    home = tmp_path / "home"
    home.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "careo-test", str(home)], check=False, capture_output=True
    ).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with serving(home, "--country", "toyland") as server:
            room = os.statvfs(home)
            (home / "filler").write_bytes(b"x" * room.f_bavail * room.f_frsize)
            answer = server.get(f"/en{JOB}")
            assert 400 <= answer.status_code <= 507, answer.text
            assert "Traceback" not in server.said
            assert server.get("/en/evaluate").status_code == 200
            for path in home.rglob("*.json"):
                assert json.loads(path.read_bytes()), path
            (home / "filler").unlink()
            subprocess.run(["mount", "-o", "remount,size=16m", str(home)], check=True)
            assert server.get("/en/evaluate/worst-lots").status_code == 200
    finally:
        subprocess.run(["umount", "-l", str(home)], check=True)
