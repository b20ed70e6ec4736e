"""A long document page by page: nothing is lost, doubled or cut through, every address restores what it names, data stay whole."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the web application is an extra: careo[web]")
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

import careo
from careo.base.errors import CareoError
from careo.views import parts
from careo.views.web import checking, paging
from careo.views.web.application import create_application
from careo.views.web.paging import Paged, near
from careo.views.web.settings import Settings

SENTENCES = (
    "In 2018 there were {n} homicides in the country.",
    "Homicides fell by {m}% in 2019.",
    "We will cut extortion by {m}% by 2030.",
    "We promise to build {m} schools if the budget allows it.",
    "The square was full and people waited for the rain to stop.",
)


def text(sentences: list[tuple[int, int, str]]) -> str:
    return "".join(SENTENCES[which].format(n=f"{20_000 + n:,}", m=n % 60 + 3) + end for which, n, end in sentences)  # fmt: skip


LONG = text([(n % 5, n, "\n\n" if n % 3 else " ") for n in range(60)])


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A server whose pages are short."""
    monkeypatch.setattr(paging, "MOST_BYTES", 40_000)
    with TestClient(create_application(Settings(home=tmp_path)), base_url="http://127.0.0.1:8000", follow_redirects=False) as found:  # fmt: skip
        yield found


def give(client: TestClient) -> str:
    answer = client.post("/en/check", data={"text": LONG, "date": ""})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def arrived(client: TestClient, address: str) -> Any:
    """The answer, once it is there."""
    for _ in range(600):
        answer = client.get(address)
        if answer.status_code != 202:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{address} did not come")


def paper(page: str) -> str:
    """The words of the document that a page shows, without the names of verdicts."""
    inside = page.partition('<div class="paper"')[2].partition("</article>")[0].partition(">")[2]
    inside = re.sub(r'<span class="tag".*?</span></span>|<span class="tag".*?</span>(?=</a>)|<summary.*?</summary>', "", inside, flags=re.S)  # fmt: skip
    return "".join(html.unescape(re.sub(r"<[^>]+>", "", inside)).replace("\u2060", "").split())


def all_pages(client: TestClient, address: str) -> list[str]:
    first = client.get(address).text
    count = int(re.findall(r"Page 1 of (\d+)", first)[0])
    return [first, *(client.get(f"{address}?page={number}").text for number in range(2, count + 1))]


def test_pages_together_are_the_document(small: TestClient) -> None:
    address = give(small)
    pages = all_pages(small, address)
    assert len(pages) > 3
    assert "".join(map(paper, pages)) == "".join(LONG.split())
    found = small.get(f"{address}.json").json()
    shown = [
        each for page in pages for each in re.findall(r'<article class="finding[^"]*" id="(f\d+)"', page)
    ]
    assert sorted(shown, key=lambda name: int(name[1:])) == [f"f{n}" for n in range(1, len(shown) + 1)]
    assert len(shown) == sum(each["kind"] != "quality" for each in found["findings"])
    said = [each for page in pages for each in re.findall(r'<tr id="(l-s\d+)"', page)]
    assert len(set(said)) == len(said) > 5
    for number, page in enumerate(pages, 1):
        anchors = set(re.findall(r'\bid="([^"]+)"', page))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors, number
        links = set(re.findall(r'href="(/en/check/[^"]*)"', page))
        assert (f"{address}?page={number + 1}" in links) == (number < len(pages))
        assert all(small.get(html.unescape(link)).status_code == 200 for link in links if "page=" in link)


def test_data_to_take_away_are_never_cut(small: TestClient) -> None:
    address = give(small)
    for form in ("json", "csv"):
        whole = small.get(f"{address}.{form}")
        assert whole.status_code == 200
        assert small.get(f"{address}.{form}?page=2").content == whole.content


def test_an_address_restores_the_page_and_the_statement(small: TestClient) -> None:
    address = give(small)
    for number, page in enumerate(all_pages(small, address), 1):
        names = re.findall(rf'href="{address}/((?:figure|pledge|prediction)-[^"?]*)"', page)
        for name in names[:1]:
            restored = small.get(f"{address}?at={name}").text
            assert f"Page {number} of" in restored
            marked = re.findall(r'<span id="(s\d+)"></span><mark[^>]* aria-current="true">', restored)
            assert len(marked) == 1
            back = re.findall(rf'href="({address}\?at={name}#s\d+)"', small.get(f"{address}/{name}").text)
            assert back == [f"{address}?at={name}#{marked[0]}"]


@pytest.mark.parametrize(("asked", "code"), [("page=99", 400), ("page=-1", 400), ("page=x", 422), ("at=figure-none", 404), ("at=%3Cb%3E", 404)])  # fmt: skip
def test_a_page_that_is_none_is_said(small: TestClient, asked: str, code: int) -> None:
    answer = small.get(f"{give(small)}?{asked}")
    assert answer.status_code == code
    assert "<b>" not in answer.text


def test_a_verdict_leads_from_page_to_page(small: TestClient) -> None:
    address = give(small)
    pages = all_pages(small, address)
    slug, count = re.findall(
        r'<li class="tile v-(\w+)">\s*<a .*?<span class="count">(\d+)</span>', pages[0], re.S
    )[0]
    at, seen = 1, 0
    first = re.findall(rf'<li class="tile v-{slug}">\s*<a href="[^"]*?(?:page=(\d+))?#g-{slug}">', pages[0])
    at = int(first[0] or 1)
    for _ in pages:
        group = pages[at - 1].partition(f'id="g-{slug}"')[2].partition("</section>")[0]
        seen += group.count("<article")
        onward = re.findall(rf"page=(\d+)#g-{slug}", group)
        if not onward:
            break
        at = int(onward[0])
    assert seen == int(count)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9_000), st.sampled_from(["\n\n", " ", "\n"])), min_size=1, max_size=30),
    st.sampled_from([1, 500, 5_000, 40_000]),
)  # fmt: skip
def test_no_page_cuts_through_a_statement(
    monkeypatch: pytest.MonkeyPatch, sentences: list[tuple[int, int, str]], most: int
) -> None:
    monkeypatch.setattr(paging, "MOST_BYTES", most)
    country = careo.load_country()
    found = careo.audit([careo.read(text(sentences).encode(), name="x.txt")], country, today=date(2026, 1, 1), language="en")  # fmt: skip
    rows = parts.of_pages(found, country, "en")
    paged = Paged(found, rows)
    assert list(paged.begins) == sorted(set(paged.begins))
    for statement in found.statements:
        assert paged.at(statement.start) == paged.at(max(statement.start, statement.end - 1))
    pages = [paged.page(number) for number in range(1, paged.count + 1)]
    assert sorted(f["anchor"] for page in pages for f in page["findings"]) == sorted(f["anchor"] for f in rows["findings"])  # fmt: skip
    words = [p["text"] for page in pages for run in page["documents"][0]["runs"] for block in run["blocks"] for p in block["pieces"]]  # fmt: skip
    assert "".join(words) == "".join(p["text"] for run in rows["documents"][0]["runs"] for block in run["blocks"] for p in block["pieces"])  # fmt: skip


@pytest.mark.parametrize("body", ["a" * 600_000, "palabra corriente. " * 20_000, "Sí.\n" * 4_000, "En 2019 hubo " + ", ".join(f"{n} homicidios en 20{n % 20 + 10}" for n in range(100, 250))])  # fmt: skip
@pytest.mark.slow
def test_no_page_is_large(tmp_path: Path, body: str) -> None:
    with TestClient(create_application(Settings(home=tmp_path)), base_url="http://127.0.0.1:8000", follow_redirects=False) as client:  # fmt: skip
        address = client.post("/en/check", data={"text": body}).headers["location"]
        first = arrived(client, address)
        assert len(first.content) < 400_000
        count = re.findall(r"Page 1 of (\d+)", first.text)
        assert all(len(client.get(f"{address}?page={n}").content) < 400_000 for n in range(2, int((count or ["1"])[0]) + 1))  # fmt: skip


@pytest.mark.parametrize(
    ("number", "count", "shown"),
    [
        (1, 1, (1,)),
        (1, 3, (1, 2, 3)),
        (5, 9, (1, 2, 3, 4, 5, 6, 7, 8, 9)),
        (10, 40, (1, 0, 8, 9, 10, 11, 12, 0, 40)),
    ],
)
def test_links_to_pages(number: int, count: int, shown: tuple[int, ...]) -> None:
    assert near(number, count) == shown


def test_a_long_document_is_audited_beside_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers are told how far it is, and other pages do not wait; who asks twice does not make it be done twice."""
    begun, go_on, times = threading.Event(), threading.Event(), []
    audit = careo.audit

    def slow(*given: Any, **named: Any) -> Any:
        times.append(1)
        begun.set()
        assert go_on.wait(60)
        return audit(*given, **named)

    monkeypatch.setattr(careo, "audit", slow)
    monkeypatch.setattr(checking, "_PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(checking, "_SHORT_BYTES", 1_000)
    with TestClient(create_application(Settings(home=tmp_path)), base_url="http://127.0.0.1:8000", follow_redirects=False) as client:  # fmt: skip
        address = give(client)
        waiting = client.get(address)
        assert waiting.status_code == 202 and waiting.headers["refresh"]
        assert begun.wait(60)
        again = client.get(f"{address}.json")
        assert again.status_code == 202
        job = again.json()["job"]
        assert (job["state"], job["done"], job["whole"]) == ("running", 1, 3)
        assert "held against the record" in client.get(address).text
        assert client.get(f"/en/runs/{job['id']}").status_code == 200
        client.post(f"/en/runs/{job['id']}/cancel")  # it cannot be stopped, and is not broken by trying
        client.post(f"/en/runs/{job['id']}/remove")
        assert client.get("/en/check").status_code == 200
        go_on.set()
        shown = arrived(client, address)
        assert shown.status_code == 200 and "<article" in shown.text
        assert len(times) == 1
        assert client.get(f"/en/runs/{job['id']}").status_code == 404  # there is nothing to follow any more
        names = re.findall(rf'href="{address}/(figure-[^"?]*)"', shown.text)
        decided = client.post(f"{address}/{names[0]}", data={"decision": "accept"})
        assert decided.status_code == 303  # what somebody decides never waits on another page


def test_a_mistake_beside_the_server_is_told_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise CareoError("input_too_costly", where="x.txt")

    monkeypatch.setattr(careo, "audit", fails)
    monkeypatch.setattr(checking, "_SHORT_BYTES", 10)
    with TestClient(create_application(Settings(home=tmp_path)), base_url="http://127.0.0.1:8000", follow_redirects=False) as client:  # fmt: skip
        address = give(client)
        for _ in range(2):
            answer = arrived(client, address)
            assert answer.status_code == 400 and "x.txt" in answer.text
