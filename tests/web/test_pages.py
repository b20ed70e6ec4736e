"""Every page: in both languages, with its twins, equal to the command line that it prints."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from careo.views import cli
from careo.views.web.page import ROUTES

SHOWN = (
    "/", "/evaluate", "/evaluate/social-programme-2019", "/evidence", "/evidence/hot-spot-patrol", "/data", "/data/indicators",
    "/data/indicator/homicide_sesnsp_victims", "/data/sesnsp_state_cases", "/method",
    "/laboratory?base=amlo-2018-plan&months=24&draws=20",
    "/runs",
    "/compare",
    "/strategies", "/strategies/amlo-2018-plan", "/strategies/amlo-2018-plan/pledges/pln-3",
    "/money", "/money/amlo-2018-plan", "/money/jcf", "/drift/amnesty", "/drift/amlo-2018-plan:pln-3",
    "/purchases/rules",
)  # fmt: skip
"""An address of every route; those of a run and of a search, which take long, are in test_run_pages.py, those of documents in test_check.py, those of purchases watched in test_watch_pages.py."""


_ELSEWHERE = (
    "/runs/x", "/compare/x", "/search", "/check", "/check/x", "/check/x/y", "/purchases", "/purchases/signals", "/purchases/delays", "/purchases/x",
)  # fmt: skip


TYPED = '<pre class="typed" tabindex="0"><code>careo '


def asked(client: TestClient, address: str) -> Any:
    """The answer, once it is there."""
    for _ in range(600):
        answer = client.get(address)
        if answer.status_code != 202:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{address} did not come")


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("path", SHOWN)
def test_a_page_says_what_the_command_line_says(
    client: TestClient,
    path: str,
    language: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    name, _, query = path.partition("?")
    twin = asked(client, f"/{language}{name if name != '/' else '/overview'}.json?{query}")
    assert twin.status_code == 200
    page = client.get(f"/{language}{path}").text
    typed = page.partition(TYPED)[2].partition("</code>")[0]
    assert cli.run([*typed.split(), "--json", "--lang", language]) == 0
    printed = capsys.readouterr().out
    assert json.loads(twin.text) == json.loads(printed)
    assert twin.text == printed
    of = f"{query}&lang={language}"
    assert client.get(f"/api/v1{name if name != '/' else '/overview'}?{of}").text == printed


def test_every_route_is_shown_here() -> None:
    def fits(route: str, path: str) -> bool:
        ours, theirs = route.split("/"), path.partition("?")[0].split("/")
        return len(ours) == len(theirs) and all(
            a == b or a.startswith("{") for a, b in zip(ours, theirs, strict=True)
        )

    assert [
        route.path for route in ROUTES if not any(fits(route.path, path) for path in (*SHOWN, *_ELSEWHERE))
    ] == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example"])
def test_a_name_that_is_not_ours_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/es/", headers={"host": host})
    assert answer.status_code == 400
    assert "no responde al nombre" in answer.text


def test_a_name_is_never_a_path(client: TestClient, tmp_path: Any) -> None:
    (tmp_path / "mine.yaml").write_text("id: mine\n", encoding="utf-8")
    for name in (f"{tmp_path}/mine.yaml", "..%2Fmine.yaml", "mine.yaml"):
        answer = client.get(f"/en/evaluate/{name}")
        assert answer.status_code == 404
