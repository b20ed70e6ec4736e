"""The page “Check”: what it says is what `careo audit` says, nothing of a document is executed, no word of a person is lost."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the web application is an extra: careo[web]")
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from careo.views import cli
from careo.views.web.actions import ACTIONS
from careo.views.web.application import create_application
from careo.views.web.reading import safe_name
from careo.views.web.security import MOST_BYTES
from careo.views.web.settings import Settings
from careo.views.web.tokens import add_token

TEXT = "In 2018 there were 33,341 homicides. Homicides fell by 15% in 2019. We will cut extortion by half by 2030."


def pdf() -> bytes:
    """A page of a PDF."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, invariant=True)
    canvas.drawString(50, 700, "In 2018 there were 33,341 homicides in the country.")
    canvas.save()
    return out.getvalue()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[TestClient]:
    """A server of its own with an empty database."""
    with TestClient(
        create_application(Settings(home=tmp_path)), base_url="http://127.0.0.1:8000", follow_redirects=False
    ) as found:
        yield found


def give(
    client: TestClient, text: str = TEXT, date: str = "2020-02-01", lang: str = "en", **files: Any
) -> str:
    """The address of a document that was handed in."""
    answer = client.post(
        f"/{lang}/check", data={"text": "" if files else text, "date": date}, files=files or None
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def part(address: str, more: str = "", form: str = "") -> str:
    path, _, query = address.partition("?")
    return path + more + form + (f"?{query}" if query else "")


def statements(client: TestClient, address: str) -> list[str]:
    """The addresses of its statements, in the order of the page."""
    found = re.findall(
        r'href="(/[a-z]{2}/check/[0-9a-f]{16}/(?:figure|pledge)-[^"]*)"', client.get(address).text
    )
    return [each.replace("&amp;", "&") for each in dict.fromkeys(found)]


# ── the same as the command line ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("date", ["", "2020-02-01"])
def test_a_page_says_what_an_audit_says(
    home: TestClient, language: str, date: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    address = give(home, date=date, lang=language)
    first, second = statements(home, address)[:2]
    assert home.post(first.partition("?")[0], data={"decision": "reject", "note": "otra cosa", "date": date}).status_code == 303  # fmt: skip
    told = {"decision": "correct", "value": "0.16", "place": "Guerrero", "note": "p. 3", "date": date}
    assert home.post(second.partition("?")[0], data=told).status_code == 303

    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    saved = home.get(part(address, "/download/document"))
    name = re.search(r'filename="([^"]+)"', saved.headers["content-disposition"])
    assert name is not None
    Path(name[1]).write_bytes(saved.content)
    Path("ledger.yaml").write_bytes(home.get(part(address, "/download/ledger.yaml")).content)
    page = home.get(address).text
    typed = page.partition("<code>careo ")[2].partition("</code>")[0].split()
    assert cli.run([*typed, "--json", "--lang", language, "-o", "dossier"]) == 0
    printed = capsys.readouterr().out
    assert home.get(part(address, form=".json")).text == printed
    separator = "&" if "?" in address else "?"
    under_api = f"/api/v1{part(address).removeprefix('/' + language)}{separator}lang={language}"
    assert home.get(under_api).text == printed
    found = json.loads(printed)
    assert [each["quote"] for each in found["rejected"]] == ["33,341 homicides"]
    assert [each["decided"] for each in found["findings"] if each["decided"]] == ["correct"]

    zipped = zipfile.ZipFile(io.BytesIO(home.get(part(address, "/download/dossier.zip")).content))
    assert {each: zipped.read(each) for each in zipped.namelist()} == {
        f"dossier/{path.name}": path.read_bytes() for path in Path("dossier").iterdir()
    }
    lines = page.split('<pre class="typed"')[2].partition("<code>")[2].partition("</code>")[0]
    lines = lines.replace("&#34;", '"').replace("&quot;", '"')
    ran = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, text=True, timeout=60, check=True
    )
    assert len(ran.stdout.splitlines()) == len(found["findings"])


@pytest.mark.parametrize(
    ("file", "kept"),
    [
        (("Mi página.pdf.exe", pdf()), "Mi-página.pdf.pdf"),
        (("../../etc/passwd", TEXT.encode()), "passwd.txt"),
        (("x.pdf", b"<!doctype html><title>A page</title><p>" + TEXT.encode()), "x.html"),
        (("-rf.txt", TEXT.encode()), "rf.txt"),
        (("C:\\Users\\ana\\plan.html", TEXT.encode()), "plan.txt"),
    ],
)
def test_a_file_is_what_its_bytes_say(home: TestClient, file: tuple[str, bytes], kept: str) -> None:
    address = give(home, file=file)
    assert home.get(address).status_code == 200
    assert home.get("/en/check.json").json()["documents"][0]["name"] == kept
    assert "33,341" in home.get(part(address, form=".json")).text


@given(st.text(max_size=200))
def test_any_name_is_made_safe(name: str) -> None:
    found = safe_name(name, "text")
    assert re.fullmatch(r"[^\W_][\w.-]*\.txt", found) and ".." not in found
    assert len(found) < 90
    assert safe_name(found, "text") == found


def test_the_stream_tells_the_text_first_and_then_what_is_found(home: TestClient) -> None:
    address = give(home)
    events = home.get(part(address, "/stream/statements")).text.strip().split("\n\n")
    names = [each.partition("\n")[0].removeprefix("event: ") for each in events]
    assert names == ["text", "found", "judged", "done"]
    blocks = json.loads(events[0].partition("data: ")[2])["blocks"]
    marks = json.loads(events[1].partition("data: ")[2])
    assert [blocks[m["block"]]["text"][m["from"] : m["from"] + m["length"]] for m in marks if m["kind"] == "figure"] == [
        "33,341 homicides", "fell by 15%", "half",
    ]  # fmt: skip


# ── decisions ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_everybody_sees_who_decided_when_and_why(home: TestClient) -> None:
    where = statements(home, give(home))[0]
    path = where.partition("?")[0]
    for number, (decision, note) in enumerate([("reject", "a <b>bold</b> reason"), ("accept", "read again")]):
        answer = home.post(path, data={"decision": decision, "note": note, "seen": str(number)})
        assert answer.status_code == 303 and answer.headers["location"].endswith("#decisions")
    page = home.get(where).text
    assert page.index("read again") < page.index("a &lt;b&gt;bold&lt;/b&gt; reason")
    assert page.count("this machine") >= 2 and re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC", page)
    told = home.get(part(where, form=".json")).json()["statement"]
    assert [(each["decision"], each["version"]) for each in told["decisions"]] == [
        ("reject", 1),
        ("accept", 2),
    ]
    assert home.get(f"/api/v1{part(where).removeprefix('/en')}").json()["statement"] == told


@pytest.mark.parametrize("form", ["", ".json"])
def test_whoever_comes_second_sees_both_and_chooses(home: TestClient, form: str) -> None:
    where = statements(home, give(home))[0].partition("?")[0]
    assert (
        home.post(where, data={"decision": "reject", "note": "first words", "seen": "0"}).status_code == 303
    )
    answer = home.post(where + form, data={"decision": "correct", "value": "33342", "note": "second words", "seen": "0"})  # fmt: skip
    assert answer.status_code == 409
    assert "first words" in answer.text and "second words" in answer.text
    if form:
        conflict = answer.json()["conflict"]
        assert conflict["standing"]["note"] == "first words"
        waiting = str(conflict["waiting"][0]["id"])
        assert conflict["waiting"][0]["correct"] == {"value": "33342"}
    else:
        assert 'role="alert"' in answer.text and "Your words are kept" in answer.text
        found = re.search(r'name="waiting" value="(\d+)"', answer.text)
        assert found is not None
        waiting = found[1]
    settled = home.post(f"{where}/settle{form}", data={"keep": "both", "waiting": waiting, "seen": "1"})
    assert settled.status_code == (201 if form else 303)
    told = home.get(f"{where}.json").json()["statement"]
    assert (told["decisions"][-1]["decision"], told["decisions"][-1]["settles"]) == (
        "undecided",
        int(waiting),
    )
    assert "first words" in told["decisions"][-1]["note"] and "second words" in told["decisions"][-1]["note"]
    assert 'id="conflict"' not in home.get(where).text


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"decision": "maybe"}, "a decision is one of these"),
        ({"decision": "correct"}, "nothing"),
        ({"decision": "correct", "value": "many"}, "33341 | 0.15"),
        ({"decision": "correct", "period": "last year"}, "2018-05"),
        ({"decision": "correct", "indicator": "homicide_inegi_occurence"}, "homicide_inegi_occurrence"),
        ({"decision": "accept", "value": "3"}, "there are corrections"),
        ({"decision": "accept", "note": "x" * 4001}, "4000 characters at most"),
        ({"decision": "accept", "seen": "-1"}, "does not fit"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    home: TestClient, told: dict[str, str], words: str
) -> None:
    where = statements(home, give(home))[0].partition("?")[0]
    answer = home.post(where, data=told)
    assert answer.status_code == 400
    assert words.lower() in answer.text.lower()
    assert "form:" not in answer.text
    assert home.get(f"{where}.json").json()["statement"]["version"] == 0


def test_who_may_only_read_changes_nothing(tmp_path: Path) -> None:
    """Refused by the gate, under every address of a change; and no form is shown that could be sent."""
    settings = Settings(host="0.0.0.0", hosts=frozenset({"careo.example"}), home=tmp_path)  # noqa: S104 - nothing listens
    told = {name: {"Authorization": f"Bearer {add_token(tmp_path, name, name)}"} for name in ("editor", "reader")}  # fmt: skip
    with TestClient(
        create_application(settings), base_url="https://careo.example", follow_redirects=False
    ) as client:
        client.headers.update(told["editor"])
        address = give(client)
        where = statements(client, address)[0].partition("?")[0]
        client.headers.update(told["reader"])
        for each in ACTIONS:
            if each.method == "POST":
                path = re.sub(r"{\w+}", "x", each.path)
                for start in ("/en", "/api/v1"):
                    answer = client.post(start + path, data={"text": "x"})
                    assert answer.status_code == 403 and "may read" in answer.text, path
        assert len(client.get("/en/check.json").json()["documents"]) == 1
        for path in (where, address, "/en/check", "/en/runs"):
            page = client.get(path).text
            assert set(re.findall(r'<form method="post" action="([^"]+)"', page)) == {"/en/leave"}, path


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("told", "file", "code", "words"),
    [
        ({"text": " "}, None, 400, "nothing to check"),
        ({"text": "x"}, ("a.txt", b"y"), 400, "one after the other"),
        ({}, ("a.txt", b""), 400, "nothing to check"),
        ({}, ("a.bin", b"\x00\x01\x02" * 500), 400, ""),
        ({}, ("a.pdf", b"%PDF-1.7 broken"), 400, ""),
        ({"text": "x", "date": "yesterday"}, None, 400, "2019-03-01"),
        ({}, ("a.txt", b"x" * (MOST_BYTES + 1)), 413, "20 MB are the most"),
        ({"text": "x " * 3_000_000}, None, 413, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_checked_is_a_sentence(
    home: TestClient, told: dict[str, str], file: Any, code: int, words: str
) -> None:
    answer = home.post("/en/check", data=told, files={"file": file} if file else None)
    assert answer.status_code in (code, 400) if not words else answer.status_code == code
    assert words in answer.text and '<pre class="sentence">' in answer.text
    assert home.get("/en/check.json").json()["documents"] == []


def test_a_form_without_a_length_is_counted_as_it_comes(home: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        for _ in range(22):
            yield b"x" * 2**20
        yield b"\r\n--b--\r\n"

    answer = home.post(
        "/en/check", content=chunks(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == 413 and "20 MB" in answer.text


def test_what_is_not_there_is_said(home: TestClient) -> None:
    address = give(home).partition("?")[0]
    for path in ("/en/check/0123456789abcdef", "/en/check/..%2Fx", f"{address}/figure-none", f"{address}/download/x",
                 "/en/check/none/download/ledger.yaml", "/en/check/none/stream/statements", "/en/check/a%00b"):  # fmt: skip
        assert home.get(path).status_code == 404, path
    assert home.post(f"{address}/figure-none", data={"decision": "accept"}).status_code == 404
    assert (
        home.post("/en/check", content=b"nonsense", headers={"content-type": "application/json"}).status_code
        == 400
    )
    assert (
        home.post("/en/check", content=b"[1]", headers={"content-type": "application/json"}).status_code
        == 400
    )
    told = home.post("/api/v1/check", json={"text": TEXT, "date": "2020-02-01"})
    assert told.status_code == 201 and told.json()["address"].startswith("/en/check/")


def test_a_form_of_our_own_page_is_taken_without_javascript(home: TestClient) -> None:
    """Browsers send `Origin: null` with a form when the page says `no-referrer`, and that is refused."""
    assert home.get("/en/check").headers["referrer-policy"] == "same-origin"
    assert home.post("/en/check", data={"text": TEXT}, headers={"origin": "null"}).status_code == 403
    assert (
        home.post("/en/check", data={"text": TEXT}, headers={"origin": "http://127.0.0.1:8000"}).status_code
        == 303
    )


def test_a_change_from_elsewhere_is_refused(home: TestClient) -> None:
    answer = home.post("/en/check", data={"text": TEXT}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert home.get("/en/check.json").json()["documents"] == []


# ── hostile documents ────────────────────────────────────────────────────────────────────────────────────────────


class _Seen(HTMLParser):
    """What a browser would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in ("iframe", "object", "embed", "base", "style") or (tag == "script" and not (told.get("src") or "").startswith("/static/")):  # fmt: skip
            self.wrong.append(tag)
        for name, value in attrs:
            if (
                name.startswith("on")
                or name == "style"
                or re.match(r"\s*(javascript|data|vbscript):", value or "")
            ):
                self.wrong.append(f"{tag} {name}={value}")


HOSTILE = [
    "<script>alert(1)</script> In 2018 there were 33,341 homicides.",
    "</textarea><svg onload=alert(1)></svg> In 2018 there were 33,341 homicides. <img src=x onerror=alert(1)>",
    "{{ 7*7 }} {% for x in y %} ${7*7} In 2018 there were 33,341 homicides.",
    "=HYPERLINK(\"http://evil\",\"x\") In 2018 there were 33,341 homicides. =cmd|' /C calc'!A0",
    "\u202eevil\u202c In 2018 there were 33,341\u200f homicides \ufeff. \u2066x\u2069",
    "In 2018 there were 33,341 homicides " + "a" * 200_000,
    "In 2018 there were 33,341 homicides. ]]> --> <!-- \u2028 \x0b \x1b[31m",
    "javascript:alert(1) https://x\"onmouseover=alert(1) In 2018 there were 33,341 homicides.",
]  # fmt: skip


@pytest.mark.parametrize("wrap", [False, True], ids=["text", "html"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_of_a_document_is_executed_and_nothing_is_lost(
    home: TestClient, text: str, wrap: bool
) -> None:
    data = (f"<!doctype html><title>{text[:300]}</title><body onload=alert(1)><article><p>{text}</p></article>" if wrap else text).encode()  # fmt: skip
    address = give(home, file=("x.html' onerror='alert(1)", data))
    assert home.get(part(address, "/download/document")).content == data
    where = statements(home, address)
    pages = [home.get("/en/check"), home.get(address), *(home.get(each) for each in where[:2])]
    if where:
        said = {"decision": "reject", "note": text[:3000], "place": "", "seen": "0"}
        assert home.post(where[0].partition("?")[0], data=said).status_code == 303
        pages += [home.get(address), home.get(where[0])]
    for each in pages:
        assert each.status_code == 200
        seen = _Seen()
        seen.feed(each.text)
        assert seen.wrong == []
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b]", each.text)
        assert "script-src 'self'" in each.headers["content-security-policy"]
    assert home.get(part(address, form=".json")).status_code == 200
    assert home.get(part(address, form=".csv")).status_code == 200
    assert not re.search(r"(?m)(^|,)[=+@]", home.get(part(address, form=".csv")).text)
    taken = home.get(part(address, "/download/document")).headers
    assert (
        taken["content-type"] == "application/octet-stream" and "attachment" in taken["content-disposition"]
    )
    assert "\n" not in taken["content-disposition"] and "'alert" not in taken["content-disposition"]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=120), note=st.text(max_size=40))
def test_any_text_can_be_handed_in(home: TestClient, text: str, note: str) -> None:
    answer = home.post("/api/v1/check", json={"text": f"{text} In 2018 there were 33,341 homicides. {note}"})
    assert answer.status_code in (201, 400)
    if answer.status_code == 201:
        address = answer.json()["address"]
        assert home.get(address).status_code == 200
        for where in statements(home, address)[:1]:
            assert home.post(f"/api/v1{where.removeprefix('/en')}", json={"decision": "accept", "note": note}).status_code == 201  # fmt: skip


# ── failures ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_database_that_is_gone_is_a_sentence_and_comes_back(home: TestClient, tmp_path: Path) -> None:
    address = give(home)
    where = statements(home, address)[0]
    file, away = tmp_path / "careo.sqlite", tmp_path / "away"
    raw = sqlite3.connect(file)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    file.rename(away)
    for path in (address, "/es/check", where):
        answer = home.get(path)
        assert answer.status_code == 503 and '<pre class="sentence">' in answer.text
    answer = home.post(where.partition("?")[0] + ".json", data={"decision": "reject"})
    assert answer.status_code == 503 and answer.json()["error"]["key"] == "team_gone"
    assert home.get(part(address, "/stream/statements")).status_code == 503
    away.rename(file)
    assert home.get(address).status_code == 200
    assert home.post(where.partition("?")[0], data={"decision": "reject"}).status_code == 303


def test_a_server_whose_database_cannot_be_opened_recovers(tmp_path: Path) -> None:
    blocked = tmp_path / "home"
    blocked.write_text("a file where a folder must be")
    with TestClient(create_application(Settings(home=blocked)), base_url="http://127.0.0.1:8000") as client:
        assert client.get("/en/check").status_code == 503
        assert client.get("/en/").status_code == 200
        blocked.unlink()
        assert client.get("/en/check").status_code == 200
