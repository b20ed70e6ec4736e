"""The pages of evaluations: verdict first, gates before what decides nothing, and a list that tells what is known without computing."""

from __future__ import annotations

import html
import json
import re
import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from careo.evidence import own
from careo.evidence.events import load_evaluations
from careo.evidence.studies import Study


def answered(client: TestClient, address: str) -> Any:
    """The answer, once it is there."""
    for _ in range(900):
        answer = client.get(address)
        if answer.status_code != 202:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{address} did not come")


def words_of(text: str) -> str:
    """What a reader sees, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.mark.parametrize("name", ["snatcher-kitehaven", "worst-lots", "ten-lamps"])
def test_all_that_the_answer_says_stands_on_the_page_in_order(toyland: TestClient, name: str) -> None:
    data = json.loads(answered(toyland, f"/en/evaluate/{name}.json").text)
    page = toyland.get(f"/en/evaluate/{name}").text
    seen, told, found = words_of(page), data["evaluation"], data["findings"][0]
    parts = [found["because"], "Estimates", "What the answer had to stand up to", "What to know"]
    places = [seen.index(part) for part in parts]
    assert places == sorted(places)
    for check in told["checks"]:
        assert " ".join(check["reason"].split()) in seen
    for caveat in found["caveats"]:
        assert " ".join(caveat.split()) in seen
    for row in found["table"]:
        assert row["effect"] in seen
    for source in found["sources"]:
        assert f'id="src-{source["key"]}"' in page
    assert page.count("<svg") == len(re.findall(r"<figcaption>", page))


def test_gates_come_first_and_what_failed_before_what_passed(toyland: TestClient) -> None:
    data = json.loads(answered(toyland, "/en/evaluate/snatcher-kitehaven.json").text)
    page = toyland.get("/en/evaluate/snatcher-kitehaven").text
    order = [
        words_of(each) for each in re.findall(r'<li class="(?:passed|failed|not_a_test)">.*?</li>', page)
    ]
    rank = {True: 1, False: 0, None: 2}
    checks = sorted(data["evaluation"]["checks"], key=lambda c: (not c["gate"], rank[c["passed"]]))
    marks = {True: "✓ passed", False: "✗ failed", None: "○ not a test"}
    assert order == [f"{marks[c['passed']]} {' '.join(c['reason'].split())}" for c in checks]


def test_the_own_outcome_is_the_same_question(toyland: TestClient) -> None:
    own_one = load_evaluations("toyland")["ten-lamps"].outcome
    plain = answered(toyland, "/en/evaluate/ten-lamps.json").text
    assert toyland.get(f"/en/evaluate/ten-lamps.json?outcome={own_one}").text == plain
    page = toyland.get(f"/en/evaluate/ten-lamps?outcome={own_one}").text
    assert f'<option value="{own_one}" selected>' in page


@pytest.mark.parametrize("outcome", ["nothing", "--seed", "../x", "<b>"])
def test_an_outcome_that_is_none_is_refused_before_anything_runs(toyland: TestClient, outcome: str) -> None:
    answer = toyland.get("/en/evaluate/ten-lamps", params={"outcome": outcome})
    assert answer.status_code == 400
    assert "<b>" not in answer.text


def test_the_list_tells_what_is_known_and_asks_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from careo.views.web.pages import evaluate as module

    words = {"en": "x", "es": "x"}
    note = {
        "en": "Computed; verdict: no detectable effect.",
        "es": "Calculada; veredicto: sin efecto detectable.",
    }
    study = Study("careo-national-guard-2019", "careo", words, "differences", words, words, {"en": "No detectable effect, they say.", "es": "Sin efecto, dicen."}, ("homicide",), "computed", note=note, grade="B")  # fmt: skip

    def shipped_ones(_: str = "mexico") -> dict[str, tuple[Study, ...]]:
        return {"national-guard": (study,)}

    monkeypatch.setattr(module, "load_own_studies", shipped_ones)
    before = client.app.state.services.jobs.all()  # pyright: ignore[reportAttributeAccessIssue, reportFunctionMemberAccess, reportUnknownVariableType, reportUnknownMemberType]
    page = client.get("/en/evaluate").text
    card = next(each for each in page.split('<li class="card">') if "national-guard-2019" in each)
    assert "No detectable effect, they say." in card
    assert "v-no_detectable_effect" in card
    assert "Evidence grade B" in card
    other = next(each for each in page.split('<li class="card">') if "/prevention-251-2013" in each)
    assert "Not asked yet" in other
    assert client.app.state.services.jobs.all() == before  # pyright: ignore[reportAttributeAccessIssue, reportFunctionMemberAccess, reportUnknownMemberType]


def test_the_list_tells_what_was_computed_here_in_either_language(toyland: TestClient) -> None:
    answered(toyland, "/en/evaluate/ten-lamps")
    found = json.loads(toyland.get("/en/evaluate/ten-lamps.json").text)["findings"][0]
    english = next(
        each for each in toyland.get("/en/evaluate").text.split('<li class="card">') if "ten-lamps" in each
    )
    spanish = next(
        each for each in toyland.get("/es/evaluate").text.split('<li class="card">') if "ten-lamps" in each
    )
    assert " ".join(found["because"].split()) in words_of(english)
    assert f"v-{found['verdict'].replace(' ', '_')}" in spanish
    assert own.load_own_studies("toyland") == {}
