"""An address that is watched: only what changed, patiently, never in a circle, nothing lost and nothing twice."""

from __future__ import annotations

import gzip
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import careo
from careo.base.errors import CareoError, NetworkError
from careo.run.watch import Watched
from careo.sources import network, polling
from watch_worlds import alone, lines, package, release

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Publisher:
    """A server whose answers a test sets; asked: path → headers of each request."""

    answers: dict[str, Callable[[dict[str, str]], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    address: str = ""

    def says(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        """The same answer each time; 304 to whoever names the etag."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        def answer(asked: dict[str, str]) -> Answer:
            same = named.get("ETag") and asked.get("If-None-Match") == named["ETag"]
            return (304, {}, b"") if same else (status, named, body)

        self.answers[path] = answer

    def counted(self) -> Counter[str]:
        return Counter(path for path, _ in self.asked)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    one = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = dict(self.headers)
            one.asked.append((self.path, asked))
            status, headers, body = one.answers[self.path](asked)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    one.address = f"http://127.0.0.1:{server.server_port}"
    with network.local_addresses_allowed():
        yield one
    server.shutdown()
    server.server_close()
    thread.join()


class Waits(threading.Event):
    """Counts how long one would have waited; a watch that follows is stopped after so many looks."""

    def __init__(self, looks: int = 10**9) -> None:
        super().__init__()
        self.waited: list[float] = []
        self.looks = looks

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0.0)
        self.looks -= 1
        if not self.looks:
            self.set()
        return self.is_set()


def look(
    publisher: Publisher, state: Path, path: str = "/data", waits: Waits | None = None, **how: object
) -> Watched:
    return careo.watch(
        publisher.address + path,
        state=state,
        country="toyland",
        stop=waits or Waits(),
        **how,  # pyright: ignore[reportArgumentType]
    )


def told(state: Path) -> list[tuple[str, str, str]]:
    return [(one.state, one.rule, one.subject) for _, one in careo.watch_told(state=state, country="toyland")]


def test_what_did_not_change_is_not_sent_again(publisher: Publisher, tmp_path: Path) -> None:
    publisher.says(
        "/data",
        lines(release(1), alone(2)),
        ETag='"one"',
        Last_Modified=formatdate(1_710_000_000, usegmt=True),
    )
    first = look(publisher, tmp_path)
    assert (first.files, first.releases, first.signals) == (1, 2, 1)
    second = look(publisher, tmp_path)
    assert (second.files, second.releases, second.signals) == (0, 0, 0)
    headers = [asked for _, asked in publisher.asked]
    assert "If-None-Match" not in headers[0]
    assert headers[1]["If-None-Match"] == '"one"'
    assert headers[1]["If-Modified-Since"] == formatdate(1_710_000_000, usegmt=True)
    assert second.newest == first.newest == 1_710_000_000  # Toyland keeps Greenwich's hours


def test_another_etag_with_the_same_body_is_nothing_new(publisher: Publisher, tmp_path: Path) -> None:
    publisher.says("/data", lines(alone(1)), ETag='"one"')
    look(publisher, tmp_path)
    publisher.says("/data", lines(alone(1)), ETag='"two"')
    again = look(publisher, tmp_path)
    assert (again.files, again.signals) == (0, 0)
    look(publisher, tmp_path)
    assert publisher.asked[-1][1]["If-None-Match"] == '"two"'
    assert told(tmp_path) == [("raised", "W12-R018", "ocds-toy-00001")]


def test_pages_are_followed_and_each_is_asked_for_only_if_it_changed(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.says("/data", package(alone(1), following="/data?page=2"), ETag='"1"')
    publisher.says("/data?page=2", package(alone(2)), ETag='"2"')
    assert look(publisher, tmp_path).signals == 2
    publisher.says("/data?page=2", package(alone(2), alone(3)), ETag='"2b"')
    again = look(publisher, tmp_path)  # the first page did not change, the second one did
    assert (again.new, again.signals) == (1, 1)
    assert len(told(tmp_path)) == 3


def test_pages_that_lead_in_a_circle_are_read_once(publisher: Publisher, tmp_path: Path) -> None:
    publisher.says("/data", package(alone(1), following="/data?page=2"))
    publisher.says("/data?page=2", package(alone(2), following="/data"))
    watched = look(publisher, tmp_path)
    assert watched.signals == 2
    assert [key for key, _ in watched.notes] == ["loop"]
    assert publisher.counted() == {"/data": 1, "/data?page=2": 1}


def test_pages_that_say_the_same_for_ever_end(publisher: Publisher, tmp_path: Path) -> None:
    class Endless(dict):  # type: ignore[type-arg]
        def __missing__(self, _path: str) -> Callable[[dict[str, str]], Answer]:
            body = package(alone(1), following="?page=9")
            return lambda _: (200, {}, body)

    publisher.answers = Endless()
    assert [key for key, _ in look(publisher, tmp_path).notes] == ["loop"]
    assert len(publisher.asked) <= 3


def test_a_look_has_a_most_of_pages(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for page in range(5):
        publisher.says(f"/{page}", package(release(page), following=f"/{page + 1}"))
    asked = list(
        polling.pages(
            publisher.address + "/0", tmp_path, lambda _: polling.Remembered(), wait=Waits().wait, most=3
        )
    )
    assert [page.trouble for page in asked] == ["", "", "pages"]
    assert asked[-1].next.endswith("/3")


def test_a_busy_server_is_asked_again_not_before_it_says(publisher: Publisher, tmp_path: Path) -> None:
    busy = iter([(429, {"Retry-After": "17"}, b""), (503, {}, b""), (502, {}, b"")])

    def answer(_: dict[str, str]) -> Answer:
        return next(busy, (200, {}, lines(alone(1))))

    publisher.answers["/data"] = answer
    waits = Waits()
    assert look(publisher, tmp_path, waits=waits).signals == 1
    assert waits.waited == [17.0, 4.0, 8.0]


def test_a_server_that_asks_for_hours_is_left_alone(publisher: Publisher, tmp_path: Path) -> None:
    publisher.says("/data", b"", 429, Retry_After="7200")
    with pytest.raises(NetworkError, match="left alone for 120 minutes"):
        look(publisher, tmp_path)
    assert len(publisher.asked) == 1


def test_one_who_follows_outlives_an_answer_that_is_none(publisher: Publisher, tmp_path: Path) -> None:
    answers = iter([(404, {}, b""), (200, {}, lines(alone(1)))])
    publisher.answers["/data"] = lambda _: next(answers)
    waits = Waits(looks=2)
    watched = look(publisher, tmp_path, waits=waits, follow=True, every=60.0)
    assert watched.signals == 1
    assert [key for key, _ in watched.notes] == ["trouble"]
    assert waits.waited == [60.0, 60.0]


def test_a_body_that_is_cut_is_asked_for_again(publisher: Publisher, tmp_path: Path) -> None:
    whole = lines(*map(alone, range(50)))
    answers = iter([(200, {"Content-Length": str(len(whole))}, whole[:100]), (200, {}, whole)])
    publisher.answers["/data"] = lambda _: next(answers)

    assert look(publisher, tmp_path).signals == 50


@pytest.mark.parametrize("told_length", [True, False])
def test_a_body_packed_for_the_way_and_cut_is_asked_for_again(
    publisher: Publisher, tmp_path: Path, told_length: bool
) -> None:
    packed = gzip.compress(lines(*map(alone, range(50))))
    coding = {"Content-Encoding": "gzip"}
    answers = iter([(200, coding, packed[: len(packed) // 2]), (200, coding, packed)])
    publisher.answers["/data"] = lambda _: next(answers)
    assert look(publisher, tmp_path).signals == 50


def test_a_packed_file_that_is_cut_is_said_and_made_good_by_the_whole_one(
    publisher: Publisher, tmp_path: Path
) -> None:
    packed = gzip.compress(lines(*map(alone, range(2000))))
    publisher.says("/data.jsonl.gz", packed[: len(packed) // 2], ETag='"half"')
    half = look(publisher, tmp_path, "/data.jsonl.gz")
    assert half.refused["cut"] == 1
    publisher.says("/data.jsonl.gz", packed, ETag='"whole"')
    look(publisher, tmp_path, "/data.jsonl.gz")
    assert len(told(tmp_path)) == 2000


def test_a_package_that_shrinks_loses_nothing(publisher: Publisher, tmp_path: Path) -> None:
    publisher.says("/data", package(*map(alone, range(20))))
    look(publisher, tmp_path)
    publisher.says("/data", package(alone(0)))
    again = look(publisher, tmp_path)
    assert again.new == 0
    assert len(told(tmp_path)) == 20


def test_nobody_is_sent_to_a_private_address(publisher: Publisher, tmp_path: Path) -> None:
    publisher.says("/data", b"", 302, Location="http://10.0.0.1/data")
    with pytest.raises(NetworkError, match="private"):
        look(publisher, tmp_path)
    publisher.says("/data", package(alone(1), following="http://192.168.0.1/next"))
    with pytest.raises(NetworkError, match="private"):
        look(publisher, tmp_path)
    assert len(told(tmp_path)) == 1  # the page before it was taken in


def test_a_huge_answer_is_refused_before_it_is_read(publisher: Publisher, tmp_path: Path) -> None:
    publisher.says("/data", b"{}", Content_Length=str(1 << 40))
    with pytest.raises(NetworkError, match="larger"):
        look(publisher, tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "https://comprasmx.buengobierno.gob.mx/whitney/sitiopublico/expedientes",
        "https://ComprasMX.buengobierno.gob.mx./sitiopublico/",
    ],
)
def test_a_portal_that_wants_a_person_is_not_asked(address: str, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="proof that a person is at the screen"):
        careo.watch(address, state=tmp_path, country="mexico")


def test_a_portal_is_not_asked_by_way_of_another(publisher: Publisher, tmp_path: Path) -> None:
    publisher.says("/data", b"", 302, Location="https://comprasmx.buengobierno.gob.mx/whitney/x")
    with pytest.raises(NetworkError, match="proof that a person"):
        look(publisher, tmp_path)


def test_whole_files_of_that_portal_may_be_asked_for() -> None:
    polling.refuse_portal("https://comprasmx.buengobierno.gob.mx/cnetassets/data/Contracts2026.csv")


def test_offline_is_offline(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(CareoError, match="--offline"):
        look(publisher, tmp_path, offline=True)
    assert not publisher.asked
