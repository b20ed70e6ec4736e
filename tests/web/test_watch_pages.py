"""Purchases in the web application: pages equal to the command line, safe whatever publishers write, new signals without a restart."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import careo
from careo.panel import country_of
from careo.record.strategy import load_strategy
from careo.run.watch_state import state_folder, writing_state
from careo.views import cli
from careo.views.web import watch_rows
from purchase_feeds import contracts_table
from watch_worlds import alone, folder_of, lines, release

HOSTILE = '<script>alert(1)</script> A&B "x" \u202eREYUB'
TYPED = '<pre class="typed" tabindex="0"><code>careo '
_NOW = 1_711_000_000.0


def by(one: dict[str, Any], code: str, name: str) -> dict[str, Any]:
    """A release of another buyer, with an award two days before it was released."""
    award = {
        "id": "a",
        "date": "2024-03-03T10:00:00Z",
        "status": "active",
        "value": {"amount": 10, "currency": "MXN"},
    }
    return {**one, "tag": ["tender", "award"], "buyer": {"id": code, "name": name}, "awards": [award]}  # fmt: skip


@pytest.fixture
def look(tmp_path: Path) -> Callable[[str, date, dict[str, Any]], None]:
    """Takes one more release in, as another program would."""

    def taken(name: str, seen: date, one: dict[str, Any]) -> None:
        folder = folder_of(tmp_path / name, **{f"{name}__jsonl": lines(one)})
        careo.watch(folder, seen=seen)

    return taken


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A state with a signal at a buyer of public security, one at a hostile name, and a buyer without bids. Ids of signals by buyer."""
    monkeypatch.setattr(time, "time", lambda: _NOW)
    given = lines(
        by(alone(1), "007000", "SECRETARIA DE LA DEFENSA NACIONAL"),
        by(release(2), "007000", "SECRETARIA DE LA DEFENSA NACIONAL"),
        by(alone(3), "EVIL<i>", HOSTILE),
        by(release(4, numberOfTenderers=None), "BLANK", "Sin licitantes"),
    )
    careo.watch(folder_of(tmp_path / "in", purchases__jsonl=given), seen=date(2024, 3, 21))
    return {one.buyer: one.id for one in careo.watch_findings(rules=["W12-R018"]).signals}


def the_same(client: TestClient, path: str, language: str, printed: Callable[[list[str]], str]) -> str:
    """The page at an address, once its twins were held against the command that it prints."""
    page = client.get(f"/{language}{path}")
    assert page.status_code == 200
    typed = page.text.partition(TYPED)[2].partition("</code>")[0]
    told = printed([*typed.split(), "--json", "--lang", language])
    name, _, query = path.partition("?")
    assert client.get(f"/{language}{name}.json?{query}").text == told
    assert client.get(f"/api/v1{name}?{query}&lang={language}").text == told
    return page.text


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[list[str]], str]:
    """What a command prints."""

    def told(command: list[str]) -> str:
        capsys.readouterr()
        assert cli.run(command) == 0
        return capsys.readouterr().out

    return told


@pytest.mark.parametrize("language", ["es", "en"])
def test_pages_say_what_the_command_line_says(
    client: TestClient, watched: dict[str, str], printed: Callable[[list[str]], str], language: str
) -> None:
    for path in (
        "/purchases",
        "/purchases?group=all",
        "/purchases/signals",
        "/purchases/signals?rule=W12&buyer=007000&show=all&since=2024-03-20",
        "/purchases/signals?buyer=security",
        "/purchases/rules",
        "/purchases/delays?group=all",
        f"/purchases/{watched['007000']}",
    ):
        the_same(client, path, language, printed)


def test_the_python_lines_run(
    client: TestClient, watched: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    import html

    for path in (
        "/purchases",
        "/purchases/signals?rule=W12-R018&buyer=security&since=2024-03-20",
        "/purchases/rules",
        "/purchases/delays",
        f"/purchases/{watched['007000']}",
    ):
        page = client.get(f"/en{path}").text
        code = html.unescape(page.split('<pre class="typed" tabindex="0"><code>')[-1].partition("</code>")[0])
        exec(code, {})  # noqa: S102 - the lines of the page
        assert capsys.readouterr().out.strip()


def test_nothing_watched_yet_says_how_to_begin(client: TestClient) -> None:
    page = client.get("/en/purchases")
    assert page.status_code == 200
    assert "Nothing was watched here yet" in page.text
    assert "careo watch --dir FOLDER --follow" in page.text
    assert json.loads(client.get("/api/v1/purchases").text)["watch"] == {}
    assert client.get("/es/purchases/signals").status_code == 200
    assert client.get("/es/purchases/rules").status_code == 200
    for path in ("/en/purchases/0123456789abcdef0123", "/en/purchases/feed.atom", "/en/purchases/told.jsonl"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert "careo watch" in answer.text
    assert not state_folder("mexico").exists()  # whoever looks makes nothing


def test_an_empty_folder_watched_is_nothing_yet(client: TestClient, tmp_path: Path) -> None:
    careo.watch(folder_of(tmp_path / "in"))
    for path in ("/purchases", "/purchases/delays", "/purchases/signals"):
        assert client.get(f"/en{path}").status_code == 200
    assert "Nothing was watched here yet" in client.get("/en/purchases").text


def test_toyland_has_pages_too(toyland: TestClient, tmp_path: Path) -> None:
    assert "careo watch --dir FOLDER --follow --country toyland" in toyland.get("/en/purchases").text
    given = folder_of(tmp_path / "in", toy__jsonl=lines(alone(1), release(2)))
    careo.watch(given, seen=date(2024, 3, 21), country="toyland")
    page = toyland.get("/en/purchases").text
    assert "Night watch" in page
    assert "careo watch status --buyers=security --country toyland" in page


def test_no_signal_no_data_and_not_meant_differ(client: TestClient, watched: dict[str, str]) -> None:
    page = client.get("/en/purchases?group=all").text
    names = ("SECRETARIA", "Sin licitantes")
    kinds = {name: {rule: kind for kind, rule in _cells(page, name)} for name in names}
    assert kinds["SECRETARIA"]["W12-R018"] == watch_rows.SIGNALS
    assert kinds["Sin licitantes"]["W12-R018"] == watch_rows.NO_DATA
    assert kinds["SECRETARIA"]["W12-R028"] == watch_rows.NO_DATA
    assert kinds["SECRETARIA"]["W10"] == watch_rows.NONE
    assert kinds["SECRETARIA"]["W03"] == watch_rows.NOT_ASKED
    assert "no data: number of bidders" in page
    assert watch_rows.WAITS in page  # the legend names all five


def _cells(page: str, buyer: str) -> list[tuple[str, str]]:
    table = page.partition('<table class="matrix">')[2].partition("</table>")[0]
    (row,) = [each for each in table.split("<tr>") if buyer in each]
    return re.findall(r'<td class="k-(\w+)" title="([\w-]+):', row)


def test_what_publishers_write_is_text(client: TestClient, watched: dict[str, str]) -> None:
    paths = [
        "/purchases?group=all", "/purchases/signals", "/purchases/signals?buyer=EVIL%3Ci%3E", "/purchases/delays?group=all",
        f"/purchases/{watched['EVIL<i>']}",
    ]  # fmt: skip
    for path in paths:
        page = client.get(f"/en{path}").text
        assert "&lt;script&gt;alert(1)&lt;/script&gt; A&amp;B" in page, path
        assert "<script>alert" not in page
        assert "EVIL<i>" not in page
        assert "\u202e" not in page.partition('<details class="take">')[0]
    feed = client.get("/en/purchases/feed.atom")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert "<script>" not in feed.text
    assert f'href="/en/purchases/{watched["EVIL<i>"]}"' in feed.text


@pytest.mark.parametrize("buyer", ["/etc/passwd", "../x.txt", "a,b", "--json", "all,security"])
def test_a_buyer_is_never_a_file(client: TestClient, watched: dict[str, str], buyer: str) -> None:
    assert client.get("/en/purchases/signals", params={"buyer": buyer}).status_code == 400


def test_a_code_that_looks_like_a_file_or_a_list_is_a_code(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("B\n", encoding="utf-8")
    given = lines(by(alone(1), "A,B", "one"), by(alone(2), "B", "two"), by(alone(3), str(secret), "three"))
    careo.watch(folder_of(tmp_path / "in", purchases__jsonl=given), seen=date(2024, 3, 21))
    for code in {one.buyer for one in careo.watch_findings().signals}:
        assert {one.buyer for one in careo.watch_findings(buyers=code).signals} == {code}


def test_values_that_are_none_are_refused_in_a_sentence(client: TestClient, watched: dict[str, str]) -> None:
    for query, code in (
        ("rule=W99", 404), ("show=x", 422), ("since=yesterday", 400), ("page=2", 400), ("page=0", 400), ("page=x", 422),
    ):  # fmt: skip
        assert client.get(f"/es/purchases/signals?{query}").status_code == code, query
    assert client.get("/es/purchases?group=x").status_code == 422
    for name in ("zzz", "%25", "..%2Fkey", "' OR 1=1"):
        assert client.get(f"/es/purchases/{name}").status_code == 404


def test_new_signals_are_seen_at_once_and_withdrawn_ones_stay(
    client: TestClient, watched: dict[str, str], look: Callable[[str, date, dict[str, Any]], None]
) -> None:
    evil = watched["EVIL<i>"]
    before = client.get("/en/purchases/signals.json?rule=W12-R018").json()["signals"]
    look("later", date(2024, 3, 25), by(release(3, version=2), "EVIL<i>", HOSTILE))
    after = client.get("/en/purchases/signals.json?rule=W12-R018").json()["signals"]
    assert {one["id"] for one in before} - {one["id"] for one in after} == {evil}
    page = client.get(f"/en/purchases/{evil}").text
    assert "Withdrawn: what was published later" in page
    history = client.get(f"/en/purchases/{evil}.json").json()["history"]
    assert [(one["revision"], one["state"]) for one in history] == [(1, "raised"), (2, "withdrawn")]
    shown = client.get("/en/purchases/signals.json?show=withdrawn").json()["signals"]
    assert [one["id"] for one in shown] == [evil]


def test_the_watch_that_writes_is_not_kept_waiting(client: TestClient, watched: dict[str, str]) -> None:
    with writing_state(state_folder("mexico"), "mexico") as state, state.transaction():
        state.remember("looked", "1711065600")
        assert client.get("/en/purchases").status_code == 200
        assert client.get(f"/en/purchases/{watched['007000']}").status_code == 200


def test_a_state_that_is_broken_is_a_sentence(client: TestClient, watched: dict[str, str]) -> None:
    for name in ("state.sqlite-wal", "state.sqlite-shm"):
        (state_folder("mexico") / name).unlink(missing_ok=True)
    (state_folder("mexico") / "state.sqlite").write_bytes(b"no database" * 100)
    answer = client.get("/en/purchases")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


def test_an_edit_shows_both_rows(client: TestClient, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for day, amount in (("08", "965509.00"), ("10", "3555952.71")):
        rows = [{"Importe DRC": amount}, {"rfc": "BBB010101BB1"}]
        (folder / f"contratos_2026-03-{day}.csv").write_text(contracts_table(rows), encoding="utf-8")
    careo.watch(folder)
    (edit,) = careo.watch_findings(rules=["W10"]).signals
    for language, before in (("en", "before: "), ("es", "antes: ")):
        page = client.get(f"/{language}/purchases/{edit.id}").text
        assert re.search(rf"{before}.*contratos_2026-03-08\.csv.*contratos_2026-03-10\.csv", page, re.DOTALL)
    table = client.get(f"/en/purchases/{edit.id}.csv").text.splitlines()
    assert table[0].endswith(",before_file,before_sha256,before_line,before_pointer,before_release")
    assert "contratos_2026-03-08.csv" in table[1] and "contratos_2026-03-10.csv" in table[1]


def test_evidence_names_file_line_field_and_checksum(client: TestClient, watched: dict[str, str]) -> None:
    page = client.get(f"/en/purchases/{watched['007000']}").text
    (fact,) = client.get(f"/en/purchases/{watched['007000']}.json").json()["signals"][0]["evidence"]
    for told in (fact["file"], fact["sha256"], fact["release"], f"line {fact['line']}", "number of bidders"):
        assert told in page
    for told in (
        "What it cannot say:",
        "It is no accusation",
        "Legal ground",
        "How to cite it",
        "revision 1",
    ):
        assert told in page
    table = client.get(f"/en/purchases/{watched['007000']}.csv").text
    assert table.splitlines()[0] == "process,field,value,before,file,sha256,line,pointer,release"


def test_tables_can_be_taken_away(client: TestClient, watched: dict[str, str]) -> None:
    for path in ("/purchases", "/purchases/signals", "/purchases/rules", "/purchases/delays"):
        assert client.get(f"/es{path}.csv").text.count("\n") > 1
        assert client.get(f"/es{path}.parquet").content[:4] == b"PAR1"
    cells = client.get("/en/purchases.csv").text
    assert 'W12-R018,False,0,0,0,0,0,tenderers (1)' in cells  # fmt: skip


def test_lines_are_those_of_the_export(
    client: TestClient, watched: dict[str, str], printed: Callable[[list[str]], str], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    from careo.views.web.pages import watch

    monkeypatch.setattr(watch, "_LINES", 1)  # read in many pieces
    whole = printed(["watch", "export", "--jsonl", "--lang", "en"])
    assert whole.count("\n") > 1
    assert client.get("/en/purchases/told.jsonl").text == whole
    assert client.get("/en/purchases/told.jsonl?after=1").text == "".join(whole.splitlines(keepends=True)[1:])


def test_many_signals_are_shown_page_by_page(client: TestClient, tmp_path: Path) -> None:
    given = lines(*(by(alone(number), "007000", "x") for number in range(1, 65)))
    careo.watch(folder_of(tmp_path / "in", purchases__jsonl=given), seen=date(2024, 3, 21))
    pages = [client.get(f"/en/purchases/signals?rule=W12-R018&page={at}").text for at in (1, 2, 3)]
    ids = [set(re.findall(r'/purchases/([0-9a-f]{20})"', page)) for page in pages]
    assert [len(each) for each in ids] == [30, 30, 4]
    assert len(set.union(*ids)) == 64
    assert 'href="/en/purchases/signals?rule=W12-R018&amp;page=2"' in pages[0]
    assert len(client.get("/en/purchases/signals.json?rule=W12-R018").json()["signals"]) == 64


# ── beside the pledge ────────────────────────────────────────────────────────────────────────────────────────────

PLEDGE = "/en/strategies/amlo-2018-plan/pledges/pln-16"


def test_figures_stand_beside_the_pledge_and_decide_nothing(
    client: TestClient, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    strategy, mexico = load_strategy("amlo-2018-plan"), country_of(None)
    before = careo.audit_strategy(strategy, mexico)
    assert before.watched == ()
    plain = client.get(PLEDGE)
    assert "as they were watched" not in plain.text
    assert "q-watched" not in client.get("/en/strategies/amlo-2018-plan").text

    request.getfixturevalue("watched")
    after = careo.audit_strategy(strategy, mexico)
    assert after.pledges == before.pledges
    assert {one.id for one in after.watched} == {
        "watch:purchases_call_delay", "watch:purchases_award_delay", "watch:purchases_edited_in_place", "watch:purchases_without_competition",
    }  # fmt: skip
    page = client.get(PLEDGE).text
    assert "Purchases, as they were watched" in page
    assert "2 days in the median" in page
    assert "These figures decide nothing about the promise" in page
    assert "no evidence found" in page
    assert "Purchases, as they were watched" not in client.get(PLEDGE.replace("pln-16", "pln-3")).text
    whole = client.get("/en/strategies/amlo-2018-plan")
    assert 'id="q-watched"' in whole.text
    assert "&lt;script&gt;" in whole.text
    assert "<script>alert" not in whole.text
    told = client.get("/en/strategies/amlo-2018-plan.json").json()["findings"]
    assert [one["id"] for one in told if one["kind"] == "purchases"] == [one.id for one in after.watched]
    early = client.get("/en/strategies/amlo-2018-plan.json?on=2019-06-01").json()["findings"]
    assert not any(one["kind"] == "purchases" for one in early)


def test_figures_are_in_the_dossier_and_on_the_command_line(
    watched: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, words in (
        ("en", "Purchases, as they were watched"),
        ("es", "Las compras, como se observaron"),
    ):
        out = tmp_path / language
        assert cli.run(["audit", "--strategy", "amlo-2018-plan", "--lang", language, "-o", str(out)]) == 0
        assert words in capsys.readouterr().out
        assert cli.run(["strategies", "show", "amlo-2018-plan", "--lang", language]) == 0
        assert words in capsys.readouterr().out
        assert words in (out / "index.html").read_text(encoding="utf-8")
        told = json.loads((out / "findings.json").read_text(encoding="utf-8"))["findings"]
        assert sum(one["kind"] == "purchases" for one in told) == 4
        brief = tmp_path / f"{language}.html"
        command = ["dossier", "--strategy", "amlo-2018-plan", "--form", "brief", "--lang", language]
        assert cli.run([*command, "-o", str(brief)]) == 0
        assert (
            "2 d"
            in brief.read_text(encoding="utf-8").partition(
                "(decides no verdict)" if language == "en" else "(no decide veredicto)"
            )[2]
        )
