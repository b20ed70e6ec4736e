"""Whatever stands in an address: no 5xx, no work begun for it, an error that is a sentence in the page's language, and nothing of it unescaped."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from test_pages import SHOWN

from careo.base.texts import LANGUAGES
from careo.views.web.application import all_routes, create_application
from careo.views.web.forms import FORMS
from careo.views.web.job import Job
from careo.views.web.jobs import Jobs
from careo.views.web.page import Route
from careo.views.web.settings import Settings

pytestmark = pytest.mark.served

MARK = "zqx7"
HOSTILE = (
    f"\"'><script>{MARK}</script><img src=x onerror={MARK}>", f"'{{{{ {MARK}.__class__ }}}}", f"javascript:{MARK}", f"</title></style><svg onload={MARK}>",
    "../../../../etc/passwd", "/etc/passwd", "C:\\windows", "file:///etc/passwd", "http://127.0.0.1:22/", "-o/tmp/x", "--help", "\x00", "%00", "%2e%2e%2f",
    "a" * 9_000, "\u202e\u2066", "\ud7ff\uffff", "٣", "𝟙𝟚", "1e309", "-1", "0", "NaN", "inf", "9" * 400, "2024-13-45", "0000-00-00", "2024-02-30", "-2024-01",
    "1999-01/2030-12", ",", ",,,", ";", ":", "[]", "{}", "null", "true", "'; DROP TABLE runs; --", " ", "\n", "a\r\nSet-Cookie: b=c",
)  # fmt: skip
KNOWN = sorted({word for path in SHOWN for word in re.split(r"[/?&=]", path) if word})
words = st.one_of(
    st.sampled_from(HOSTILE), st.sampled_from(KNOWN or ["x"]), st.text(max_size=30), st.integers().map(str), st.floats().map(str),
    st.dates().map(str), st.lists(st.sampled_from((*KNOWN, *HOSTILE[:8])), max_size=4).map(",".join),
)  # fmt: skip


class Elements(HTMLParser):
    """What a browser would make of a page: its elements, its attributes, its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def asked_for() -> list[str]:
    """Commands that a page wanted computed beside the server."""
    return []


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, asked_for: list[str]) -> Iterator[TestClient]:
    """A server whose jobs never begin."""

    def ask(_: Jobs, command: Any, language: str, person: str = "") -> Job:
        asked_for.append(" ".join(command))
        return Job("0" * 16, tuple(command), language)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Jobs, "ask", ask)
        home = tmp_path_factory.mktemp("hostile")
        with TestClient(
            create_application(Settings(home=home, country="toyland")), base_url="http://127.0.0.1"
        ) as client:
            yield client


def parameters(route: Route) -> tuple[list[str], list[str]]:
    """What an address of a route holds: in its path, and after the question mark."""
    inside = re.findall(r"{(\w+)(?::\w+)?}", route.path)
    names = list(inspect.signature(route.function).parameters)[1:]
    return inside, [*(name for name in names if name not in inside), *route.query]


def address(route: Route, language: str, form: str, inside: dict[str, str], query: dict[str, str]) -> str:
    """A route's address with these words in it; under the API when there is no language."""
    path = re.sub(
        r"{(\w+)(?::\w+)?}", lambda found: quote(inside[found[1]], safe="", errors="replace"), route.path
    )
    if form and path == "/":
        path = "/overview"
    told = urlencode(query, errors="replace")
    start = f"/{language}{path}" if language else f"/api/v1{path if path != '/' else '/overview'}"
    return start + (f".{form}" if form and language else "") + (f"?{told}" if told else "")


def sound(client: TestClient, where: str, language: str) -> None:
    """No 5xx; an error is a sentence in this language; what the address says is text and nothing else."""
    answer = client.get(where, follow_redirects=False)
    assert answer.status_code < 500, where
    assert "set-cookie" not in answer.headers
    kind = answer.headers.get("content-type", "")
    if kind.startswith("text/html"):
        page = Elements(answer.text)
        lang = next(attributes["lang"] for tag, attributes in page.found if tag == "html")
        assert lang == language
        for tag, attributes in page.found:
            assert tag != "script" or (attributes.get("src") or "").startswith("/static/"), where
            assert not any(name.startswith("on") or name == "style" for name in attributes), (
                where,
                tag,
                attributes,
            )
            for name in ("href", "src", "action"):
                value = (attributes.get(name) or "").strip().lower()
                assert not value or value.startswith(("/", "#", "?", "https://", "http://", "data:image/")), (
                    where,
                    value,
                )
                assert not value.startswith("//"), (where, value)
        if answer.status_code >= 400:
            sentence = re.search(r'<pre class="sentence">([^<]+)</pre>', answer.text)
            assert sentence is not None
            assert sentence[1].strip()
    elif answer.status_code >= 400 and kind.startswith("application/json"):
        assert answer.json()["error"]["sentence"].strip(), where
        assert "traceback" not in answer.text.lower()


@pytest.mark.parametrize("route", all_routes(), ids=lambda route: route.path)
def test_whatever_stands_in_an_address(quiet: TestClient, route: Route) -> None:
    inside, query = parameters(route)
    many = dict.fromkeys(inside, words)

    @settings(
        max_examples=60, derandomize=True, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )  # fmt: skip
    @given(
        language=st.sampled_from(LANGUAGES),
        form=st.sampled_from(("", *FORMS, "exe")),
        held=st.fixed_dictionaries(many),
        given_=st.fixed_dictionaries({}, optional=dict.fromkeys([*query, "of", "lang", "zz"], words)),
    )
    @example(
        language="es",
        form="",
        held=dict.fromkeys(inside, HOSTILE[0]),
        given_=dict.fromkeys([*query, "of", "zz"], HOSTILE[0]),
    )
    def asked(language: str, form: str, held: dict[str, str], given_: dict[str, str]) -> None:
        sound(quiet, address(route, language, form, held, given_), language)

    asked()


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_every_parameter_of_every_page_takes_what_is_hostile(quiet: TestClient, hostile: str) -> None:
    """Alone in each place, while the others hold what they should; as a page, as data, and under the API."""
    for shown in SHOWN:
        plain, _, told = shown.partition("?")
        route = next(
            each for each in all_routes() if re.fullmatch(re.sub(r"{[^}]+}", "[^/]+", each.path), plain)
        )
        inside, query = parameters(route)
        good = re.fullmatch(re.sub(r"{(\w+)[^}]*}", r"(?P<\1>[^/]+)", route.path), plain)
        assert good is not None
        for name in inside:
            for language, form in (("es", ""), ("en", "json"), ("", "")):
                sound(
                    quiet,
                    address(route, language, form, {**good.groupdict(), name: hostile}, {}),
                    language or "en",
                )
        kept = dict(pair.partition("=")[::2] for pair in told.split("&") if pair)
        for name in [*query, "of", "zz"]:
            for language, form in (("en", ""), ("es", "svg")):
                sound(
                    quiet, address(route, language, form, good.groupdict(), {**kept, name: hostile}), language
                )


def test_no_work_is_begun_for_what_nobody_knows(quiet: TestClient, asked_for: list[str]) -> None:
    """A word that names nothing is refused at once; as a job it would take a place in the queue and a folder of its own."""
    for shown in SHOWN:
        plain, _, _ = shown.partition("?")
        route = next(
            each for each in all_routes() if re.fullmatch(re.sub(r"{[^}]+}", "[^/]+", each.path), plain)
        )
        inside, query = parameters(route)
        for name in (*inside, *query):
            held = {each: MARK if each == name else "x" for each in inside}
            sound(quiet, address(route, "es", "json", held, {name: MARK} if name in query else {}), "es")
    assert [command for command in asked_for if MARK in command] == []


@pytest.mark.parametrize(
    "language", [*HOSTILE, "en-US,en;q=0.9", "de, en;q=0.1", "es;q=nan"], ids=lambda told: repr(told[:12])
)
def test_the_first_page_is_in_a_language_we_have(quiet: TestClient, language: str) -> None:
    answer = quiet.get("/", headers={"accept-language": language.encode("latin-1", "replace").replace(b"\n", b" ").replace(b"\r", b" ")}, follow_redirects=False)  # fmt: skip
    assert answer.status_code == 307
    assert answer.headers["location"] in ("/es/", "/en/")
