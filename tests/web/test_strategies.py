"""The pages of strategies, pledges, money and drift: what they show of the JSON, and what a name may not do."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from typing import Any

import pytest
from starlette.testclient import TestClient

from careo.record.money import load_money
from careo.record.strategy import load_strategy, strategies
from careo.views.drift_lanes import Dot, draw_lanes
from careo.views.money_chart import stages_chart
from careo.views.stage_bars import Stage, draw_stages

PLAN = "amlo-2018-plan"


def told(client: TestClient, address: str) -> Any:
    """The JSON of a page."""
    return json.loads(
        client.get(f"{address}.json" if "?" not in address else address.replace("?", ".json?")).text
    )


def found_links(text: str) -> set[str]:
    """Where the links of a page lead, as a browser reads them."""
    return {html.unescape(link) for link in re.findall(r'<a\b[^>]*?\shref="([^"]+)"', text)}


def words_of(text: str) -> str:
    """What a reader sees, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.mark.parametrize("slug", strategies("mexico"))
@pytest.mark.parametrize("language", ["es", "en"])
def test_the_strip_counts_what_the_findings_say(client: TestClient, slug: str, language: str) -> None:
    data = told(client, f"/{language}/strategies/{slug}")
    text = client.get(f"/{language}/strategies/{slug}").text
    counts = Counter(f["verdict"] for f in data["findings"] if f["kind"] == "pledge")
    shown = re.findall(r'<li class="tile v-(\w+)">.*?</span> (\d+)</span>', text, re.S)
    assert {name: int(count) for name, count in shown} == {k.replace(" ", "_"): v for k, v in counts.items()}
    for name in ("words", "money", "delivery", "outcomes", "alternatives"):
        assert f'id="q-{name}"' in text
    for finding in data["findings"]:
        if finding["kind"] == "pledge":
            assert html.escape(finding["claim"], quote=False) in text.replace("&#39;", "'").replace(
                "&#34;", '"'
            )


def test_a_verdict_shows_its_pledges_alone_and_all_the_data(client: TestClient) -> None:
    whole = told(client, f"/en/strategies/{PLAN}")
    page = client.get(f"/en/strategies/{PLAN}?verdict=broken").text
    broken = [
        f["extra"]["pledge"] for f in whole["findings"] if f["verdict"] == "broken" and f["kind"] == "pledge"
    ]
    shown = re.findall(r'<article class="finding v-\w+" id="(pln-\d+)"', page)
    assert sorted(shown) == sorted(broken)
    assert told(client, f"/en/strategies/{PLAN}?verdict=broken") == whole
    assert client.get(f"/en/strategies/{PLAN}?verdict=nonsense").status_code == 400


def test_a_day_changes_verdicts_and_is_kept_in_links(client: TestClient) -> None:
    then = told(client, f"/en/strategies/{PLAN}?on=2019-06-30")
    now = told(client, f"/en/strategies/{PLAN}")
    assert then["day"] == "2019-06-30"
    assert [f["verdict"] for f in then["findings"]] != [f["verdict"] for f in now["findings"]]
    page = client.get(f"/en/strategies/{PLAN}?on=2019-06-30").text
    assert f"/en/strategies/{PLAN}/pledges/pln-1?on=2019-06-30" in page
    assert f"careo strategies show {PLAN} --on 2019-06-30" in page


@pytest.mark.parametrize("day", ["yesterday", "2019-13-01", "<b>"])
def test_a_day_that_is_none_is_refused(client: TestClient, day: str) -> None:
    answer = client.get(f"/en/strategies/{PLAN}", params={"on": day})
    assert answer.status_code == 400
    assert "2019-03-01" in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    "path", ["strategies/nobody", f"strategies/{PLAN}/pledges/pln-999", "money/nothing", "drift/nothing"]
)
def test_what_there_is_not_is_said(client: TestClient, path: str) -> None:
    answer = client.get(f"/en/{path}")
    assert answer.status_code == 404
    assert len(answer.text) < 4000


def test_a_name_is_never_a_file(client: TestClient, tmp_path: Any) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("slug: mine\n", encoding="utf-8")
    for part in ("strategies", "money", "drift"):
        for name in (str(mine), "..%2F..%2Fmine.yaml", "mine.yaml"):
            assert client.get(f"/en/{part}/{name}").status_code == 404


def test_every_pledge_has_its_page_with_its_ladder(client: TestClient) -> None:
    plan = load_strategy(PLAN, "mexico")
    for pledge in plan.pledges[::4]:
        answer = client.get(f"/en/strategies/{PLAN}/pledges/{pledge.id}")
        assert answer.status_code == 200
        if pledge.test and pledge.test.ladder:
            findings = told(client, f"/en/strategies/{PLAN}/pledges/{pledge.id}")["findings"]
            assert [f["kind"] for f in findings] == ["pledge", "ladder"]
            seen = words_of(answer.text)
            assert all(" ".join(row["what"].split()) in seen for row in findings[1]["table"])


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_link_leads_nowhere(toyland: TestClient, language: str) -> None:
    unseen, seen = {f"/{language}/strategies"}, set[str]()
    while unseen:
        page = unseen.pop()
        seen.add(page)
        answer = toyland.get(page)
        assert answer.status_code == 200, page
        if answer.headers["content-type"].startswith("text/html"):
            links = found_links(answer.text)
            anchors = set(re.findall(r'\bid="([^"]+)"', answer.text))
            assert {link[1:] for link in links if link.startswith("#")} <= anchors, page
            ours = {
                link.partition("#")[0]
                for link in links
                if re.match(rf"/{language}/(strategies|money|drift)", link)
            }
            unseen |= {link for link in ours if "." not in link.partition("?")[0]} - seen
    assert len(seen) > 30


@pytest.mark.parametrize("path", [f"strategies/{PLAN}", f"strategies/{PLAN}/pledges/pln-3", f"money/{PLAN}", "drift/amnesty"])  # fmt: skip
def test_what_a_page_points_to_on_itself_is_there_once(client: TestClient, path: str) -> None:
    text = client.get(f"/es/{path}").text
    anchors = re.findall(r'\bid="([^"]+)"', text)
    assert len(anchors) == len(set(anchors))
    assert {link[1:] for link in found_links(text) if link.startswith("#")} <= set(anchors)
    labels = {
        name
        for names in re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', text)
        for name in names.split()
    }
    assert labels <= set(anchors)


def test_pages_carry_no_style_and_no_script_of_their_own(client: TestClient) -> None:
    for path in ("strategies", f"strategies/{PLAN}", f"strategies/{PLAN}/pledges/pln-3", f"money/{PLAN}", "drift/amnesty", "evaluate"):  # fmt: skip
        text = client.get(f"/es/{path}").text
        assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=", text), path


def test_bars_stand_for_amounts_and_for_nothing_else() -> None:
    stages = [Stage("said", "#8a6d00", [10.0, None], hollow=True), Stage("paid", "#0072b2", [5.0, 2.5])]
    drawn = draw_stages(["2019", "2020"], stages, "millions", "a <title>")
    heights = [float(height) for height in re.findall(r'<rect [^>]*height="([^"]+)"', drawn)]
    bars = heights[2:]  # the first two are the legend
    assert len(bars) == 3
    assert bars[0] == pytest.approx(2 * bars[1], abs=0.2)
    assert bars[1] == pytest.approx(2 * bars[2], abs=0.2)
    assert "&lt;title&gt;" in drawn
    assert draw_stages(["2019"], [Stage("said", "#000", [None])], "", "") == ""


def test_a_picture_of_money_never_adds_stages() -> None:
    money = load_money("mexico")
    drawn = stages_chart(money, "jcf", "en")
    said = re.findall(r"<title>([^<]+): ([\d,.]+)</title>", drawn)
    assert ("announced, 2019", "100,000.0") in said
    assert stages_chart(money, "no-such-line", "en") == ""


def test_lanes_join_contradictions_alone() -> None:
    from datetime import date

    dots = [
        Dot(date(2018, 1, 1), 0, "said", True),
        Dot(date(2019, 1, 1), 1, "done & <b>", True),
        Dot(date(2019, 1, 1), 1, "same day"),
    ]
    drawn = draw_lanes(["speech", "law"], dots, [(0, 1)], "title")
    assert drawn.count("stroke-dasharray") == 1
    assert drawn.count('r="4.2"') == 3
    assert drawn.count('r="7.5"') == 2
    assert "&lt;b&gt;" in drawn
    places = re.findall(r'cx="([\d.]+)" cy="([\d.]+)" r="4.2"', drawn)
    assert len(set(places)) == 3  # none covers another
    assert draw_lanes(["speech"], [], [], "t") == ""


def test_a_topic_on_an_early_day_shows_nothing_later(client: TestClient) -> None:
    early = told(client, "/en/drift/amnesty?on=2019-12-31")["findings"][0]["table"]
    assert early
    assert all(row["date"] <= "2019-12-31" for row in early)
    assert "careo drift amnesty --on 2019-12-31" in client.get("/en/drift/amnesty?on=2019-12-31").text


@pytest.mark.parametrize("path", [
    "strategies", f"strategies/{PLAN}", f"strategies/{PLAN}?on=2019-06-30", f"strategies/{PLAN}/pledges/pln-3",
    f"strategies/{PLAN}/pledges/pln-3?on=2021-01-01", "money", "money/jcf", f"money/{PLAN}", "drift/amnesty", "drift/amnesty?on=2020-01-01",
])  # fmt: skip
def test_the_python_lines_run(client: TestClient, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = client.get(f"/en/{path}").text
    shown = re.findall(r'<pre class="typed" tabindex="0"><code>(.*?)</code>', text, re.S)[1]
    exec(compile(html.unescape(shown), path, "exec"), {})  # noqa: S102 - our own lines, as a reader would run them
    assert capsys.readouterr().out.strip()


def test_the_short_page_points_at_everything_that_the_whole_one_holds(client: TestClient) -> None:
    short = client.get(f"/en/strategies/{PLAN}").text
    whole = client.get(f"/en/strategies/{PLAN}?whole=true").text
    assert len(short.encode()) < 200_000 < len(whole.encode())
    plan = load_strategy(PLAN, "mexico")
    links = found_links(short)
    assert {f"/en/strategies/{PLAN}/pledges/{one.id}" for one in plan.pledges} <= links
    assert f"/en/strategies/{PLAN}?whole=true" in links
    moneys = {line.line for line in plan.budget}
    assert {f"/money/{line}" for line in moneys} <= {link.removeprefix("/en") for link in links}
    for link in sorted(link for link in links if link.startswith(("/en/money/", "/en/data/indicator/"))):
        assert client.get(link).status_code == 200, link
    for text in (short, whole):
        anchors = set(re.findall(r'\bid="([^"]+)"', text))
        assert {link[1:] for link in found_links(text) if link.startswith("#")} <= anchors
    assert told(client, f"/en/strategies/{PLAN}?whole=true") == told(client, f"/en/strategies/{PLAN}")


def test_what_the_short_page_leaves_out_stands_on_the_page_of_the_pledge(client: TestClient) -> None:
    whole = client.get(f"/en/strategies/{PLAN}?whole=true").text
    articles = re.findall(r'<article class="finding v-\w+" id="(pln-\d+)".*?</article>', whole, re.S)
    assert articles
    for name in articles[::5]:
        article = re.search(rf'<article class="finding v-\w+" id="{name}".*?</article>', whole, re.S)
        assert article
        page = words_of(client.get(f"/en/strategies/{PLAN}/pledges/{name}").text)
        for cell in re.findall(r"<(?:td|th|dd)\b[^>]*>(.*?)</(?:td|th|dd)>", article[0], re.S):
            assert words_of(cell) in page, (name, words_of(cell))


def test_on_an_earlier_day_nothing_links_to_what_is_known_today(client: TestClient) -> None:
    links = found_links(client.get(f"/en/strategies/{PLAN}?on=2019-06-30").text)
    assert not [link for link in links if link.startswith(("/en/money/jcf", "/en/data/indicator/"))]
    assert [link for link in links if "whole=true#q-money-" in link]
