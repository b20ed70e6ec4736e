"""Answers that are kept: the same bytes, each person's their own, forgotten when there are too many."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from careo.views.web.application import create_application
from careo.views.web.files import static
from careo.views.web.keeping import Keeping
from careo.views.web.services import Services
from careo.views.web.settings import Settings
from careo.views.web.tokens import add_token

HOST = "careo.example"


def test_what_is_kept_is_what_was_made(client: TestClient) -> None:
    first = client.get("/es/evidence?kept=1")
    again = client.get("/es/evidence?kept=1")
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
    for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}'):
        still = client.get("/es/evidence?kept=1", headers={"if-none-match": known})
        assert (still.status_code, still.content) == (304, b"")
    assert client.get("/es/evidence?kept=1", headers={"if-none-match": '"other"'}).status_code == 200
    head = client.head("/es/evidence?kept=1")
    assert (head.status_code, head.content, head.headers["content-length"]) == (
        200,
        b"",
        str(len(first.content)),
    )
    assert client.head("/es/nowhere").status_code == 404


def test_two_people_never_share_an_answer(tmp_path: Path) -> None:
    """A page names whoever asks; a server that keeps answers must not give one's to another."""
    settings = Settings(host="0.0.0.0", hosts=frozenset({HOST}), home=tmp_path, country="toyland")  # noqa: S104 - nothing listens
    tokens = {name: add_token(tmp_path, name) for name in ("ana-of-the-north", "eva-of-the-south")}
    with TestClient(create_application(settings), base_url=f"https://{HOST}") as team:
        for _ in range(2):
            for name, token in tokens.items():
                page = team.get("/en/evidence", headers={"Authorization": f"Bearer {token}"}).text
                assert name in page
                assert not any(other in page for other in tokens if other != name)
        headers = {"Authorization": f"Bearer {tokens['eva-of-the-south']}"}
        packed = team.get("/en/evidence", headers={**headers, "accept-encoding": "gzip"})
        plain = team.get("/en/evidence", headers={**headers, "accept-encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert packed.content == plain.content
        assert (
            int(packed.headers["content-length"])
            == len(gzip.compress(plain.content, 6, mtime=0))
            < len(plain.content)
        )


def test_a_file_asked_for_by_its_hash_is_for_good(client: TestClient) -> None:
    page = client.get("/es/").text
    linked = re.findall(r'"(/static/[^"]+)"', page)
    assert static("web.css") in linked
    assert all("v=" in each for each in linked if "dossier.css" in each or "web.css" in each)
    for part in ("check", "laboratory", "strategies", "data", "runs"):  # what a part brings along, too
        linked = re.findall(r'"(/static/[^"]+)"', client.get(f"/es/{part}").text)
        assert all(re.search(r"\?v=[0-9a-f]{12}$", each) for each in linked), linked
    assert "immutable" in client.get(static("dossier.css")).headers["cache-control"]
    assert "immutable" not in client.get("/static/dossier.css?v=0123").headers["cache-control"]
    assert client.get("/static/dossier.html").status_code == 404


@given(
    asked=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 5_000)), max_size=40),
    most=st.integers(8, 20_000),
)
def test_what_is_kept_stays_below_its_limit(asked: list[tuple[str, int]], most: int) -> None:
    """Whatever is asked in whatever order: never more bytes than the limit, always the right answer, and what is not stable never kept."""
    import asyncio

    made: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        made.append(scope["path"])
        scope["state"]["stable"] = scope["path"] != "/a"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode() * sizes[scope["path"]]})

    sizes: dict[str, int] = {}
    keeping = Keeping(app, Services(Settings(home=Path("nowhere"))), most_bytes=most)

    async def ask(path: str) -> bytes:
        bodies: list[bytes] = []

        async def send(message: Any) -> None:
            bodies.append(message.get("body", b""))

        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [],
            "state": {},
        }
        await keeping(scope, None, send)  # pyright: ignore[reportArgumentType]
        return b"".join(bodies)

    async def all_of_it() -> None:
        for name, size in asked:
            path = f"/{name}"
            sizes.setdefault(path, size)
            assert await ask(path) == path.encode() * sizes[path]
            assert sum(each.size for each in keeping._answers.values()) == keeping._bytes <= most  # pyright: ignore[reportPrivateUsage]
        assert made.count("/a") == sum(name == "a" for name, _ in asked)
        together = await asyncio.gather(*(ask("/z") for _ in range(5)))
        assert set(together) == {b"/z"}

    sizes["/z"] = 1
    asyncio.run(all_of_it())
    if most >= 16:
        assert made.count("/z") == 1


@pytest.mark.parametrize("path", ["/es/evidence", "/en/evidence.json"])
def test_the_day_is_part_of_the_question(
    client: TestClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(path)
    monkeypatch.setattr(Services, "stamp", property(lambda _: "other data"))
    made: list[int] = []
    monkeypatch.setattr("careo.views.web.routing.answer", lambda *_: made.append(1) or first)
    client.get(path)
    client.get(path + "?")
    assert made
