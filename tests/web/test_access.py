"""Who may ask, from where, how often and how much; what is read is read apart."""

from __future__ import annotations

import io
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

import careo
from careo.base.errors import CareoError, DataError, InputError
from careo.views import cli
from careo.views.web import reading, security
from careo.views.web.application import create_application
from careo.views.web.security import COOKIE, POLICY, Rates
from careo.views.web.settings import Settings
from careo.views.web.tokens import add_token, remove_token, tokens

HOST = "careo.example"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "web"


@pytest.fixture
def team(home: Path) -> Iterator[TestClient]:
    """A server that others can reach, asked from outside."""
    settings = Settings(host="0.0.0.0", hosts=frozenset({HOST}), home=home, country="toyland")  # noqa: S104 - nothing listens
    with TestClient(
        create_application(settings), base_url=f"https://{HOST}", follow_redirects=False
    ) as found:
        yield found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_without_a_token_nothing_is_shown(team: TestClient) -> None:
    page = team.get("/es/evaluate", headers={"accept": "text/html"})
    assert page.status_code == 303
    assert page.headers["location"] == "/es/enter?to=%2Fes%2Fevaluate"
    data = team.get("/api/v1/evaluate")
    assert data.status_code == 401
    assert data.json()["error"]["key"] == "web_token"
    assert team.get("/es/evaluate.json").status_code == 401
    assert team.get("/api/openapi.json").status_code == 401
    assert team.get("/es/enter").status_code == 200
    assert team.get("/static/web.css").status_code == 200


def test_a_token_opens_and_once_removed_no_longer_does(team: TestClient, home: Path) -> None:
    token = add_token(home, "ana")
    assert team.get("/api/v1/evaluate", headers=bearer(token)).status_code == 200
    assert team.get("/api/v1/evaluate", headers=bearer(token + "x")).status_code == 401
    again = add_token(home, "ana", "editor")
    assert team.get("/api/v1/evaluate", headers=bearer(token)).status_code == 401
    assert team.get("/api/v1/evaluate", headers=bearer(again)).status_code == 200
    remove_token(home, "ana")
    assert team.get("/api/v1/evaluate", headers=bearer(again)).status_code == 401


def test_a_browser_enters_and_leaves(team: TestClient, home: Path) -> None:
    token = add_token(home, "ana")
    wrong = team.post("/en/enter", data={"token": "none", "to": "/en/evaluate"})
    assert wrong.status_code == 401
    assert "not known" in wrong.text
    entered = team.post("/en/enter", data={"token": token, "to": "/en/evaluate"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/en/evaluate")
    kept = entered.headers["set-cookie"].lower()
    assert kept.startswith(f"{COOKIE}=")
    assert {"httponly", "samesite=strict", "secure"} <= set(kept.replace(" ", "").split(";"))
    page = team.get("/en/evaluate", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "ana" in page.text
    assert "careo evaluate list --country toyland" in page.text  # the command is one that gives this page
    assert team.post("/en/leave").status_code == 303
    assert team.get("/en/evaluate", headers={"accept": "text/html"}).status_code == 303


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "",
    ],
)
def test_entering_leads_to_no_other_server(team: TestClient, home: Path, to: str) -> None:
    token = add_token(home, "ana")
    assert team.post("/es/enter", data={"token": token, "to": to}).headers["location"] == "/es/"


def test_a_reader_changes_nothing(team: TestClient, home: Path) -> None:
    answer = team.post("/es/evaluate", headers=bearer(add_token(home, "ana", "reader")))
    assert answer.status_code == 403
    assert "permite leer" in answer.text
    assert team.post("/es/evaluate", headers=bearer(add_token(home, "eva", "editor"))).status_code == 405


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
     {"origin": f"https://{HOST}.evil.example"}],
)  # fmt: skip
def test_a_change_from_another_site_is_refused(team: TestClient, home: Path, headers: dict[str, str]) -> None:
    given = {**bearer(add_token(home, "eva", "editor")), **headers}
    assert team.post("/es/enter", headers=given).status_code == 403


@pytest.mark.parametrize("headers", [{"origin": "http://localhost:8000"}, {"sec-fetch-site": "none"}, {}])
def test_a_change_from_here_passes(client: TestClient, headers: dict[str, str]) -> None:
    """The minimally different world: the same request from a page of ours, or from a program."""
    answer = client.post("/es/evaluate", headers={"host": "localhost:8000", **headers})
    assert answer.status_code == 405  # there is nothing to change there, but the gate let it pass


def test_whoever_asks_too_often_waits(team: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(security._A_MINUTE, "read", 5)  # pyright: ignore[reportPrivateUsage]
    headers = bearer(add_token(home, "ana"))
    codes = [team.get("/api/v1/evaluate", headers=headers).status_code for _ in range(8)]
    assert codes[:5] == [200] * 5
    assert 429 in codes[5:]


def test_guessing_tokens_is_slow(team: TestClient) -> None:
    codes = [
        team.get("/api/v1/evaluate", headers=bearer(f"guess-{index}")).status_code for index in range(14)
    ]
    assert codes[:10] == [401] * 10
    assert 429 in codes[10:]
    forms = [team.post("/es/enter", data={"token": f"guess-{index}"}).status_code for index in range(3)]
    assert forms == [429] * 3


def test_buckets_fill_again_and_are_each_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(security.time, "monotonic", lambda: now[0])
    rates = Rates({"read": 60})
    assert [rates.allows("read", "ana") for _ in range(61)] == [True] * 60 + [False]
    assert rates.allows("read", "eva")
    now[0] += 1.0
    assert rates.allows("read", "ana")
    assert not rates.allows("read", "ana")


def test_a_body_that_is_too_large_is_refused(client: TestClient) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    said = client.post("/es/enter", content=b"x", headers={**form, "content-length": str(26 * 2**20)})
    assert said.status_code == 413 and "20 MB" in said.text
    said = client.post("/es/enter.json", content=b"x", headers={**form, "content-length": str(26 * 2**20)})
    assert said.json()["error"]["key"] == "web_too_large"  # a script of ours tells it in its own place

    def endless() -> Iterator[bytes]:
        for _ in range(27):
            yield b"x" * 2**20

    assert client.post("/es/enter", content=endless(), headers=form).status_code == 413


def test_every_answer_carries_the_policy(client: TestClient) -> None:
    for address in ("/es/", "/es/nothing", "/static/web.css", "/api/v1/evaluate", "/es/evaluate.json"):
        headers = client.get(address).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in headers["content-security-policy"]


def test_tokens_are_kept_as_hashes_for_their_owner_alone(home: Path) -> None:
    token = add_token(home, "ana")
    path = home / "tokens.json"
    assert token not in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.person for each in tokens(home).values()] == ["ana"]
    path.write_text('[{"person": "ana"', encoding="utf-8")
    with pytest.raises(DataError, match="file of tokens is broken"):
        tokens(home)


@pytest.mark.parametrize(
    ("person", "role", "key"),
    [("a b", "reader", "token_person"), ("", "reader", "token_person"), ("ana", "owner", "usage_value")],
)
def test_a_token_is_for_a_person_in_a_role(home: Path, person: str, role: str, key: str) -> None:
    with pytest.raises(CareoError) as caught:
        add_token(home, person, role)
    assert caught.value.key == key
    assert not (home / "tokens.json").exists()


def test_the_verbs_make_list_and_remove(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["tokens", "add", "ana", "--role", "editor", "--lang", "en"]) == 0
    said = capsys.readouterr()
    assert len(said.out.strip()) >= 40
    assert "stands nowhere else" in said.err
    assert cli.run(["tokens", "list", "--lang", "en"]) == 0
    listed = capsys.readouterr().out
    assert "editor" in listed
    assert said.out.strip() not in listed
    assert cli.run(["tokens", "remove", "eva", "--lang", "en"]) == 2
    assert "nobody of this name" in capsys.readouterr().err.lower()
    assert cli.run(["tokens", "remove", "ana"]) == 0


def test_a_server_that_others_can_reach_needs_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["serve", "--host", "0.0.0.0", "--lang", "en"]) == 2  # noqa: S104 - it refuses
    said = capsys.readouterr().err
    assert "nobody has a token yet" in said
    assert "careo tokens add" in said


# ── reading apart ────────────────────────────────────────────────────────────────────────────────────────────────


def _pdf() -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(
        72, 700, "In 2018 there were 33,743 homicides in the country, the ministry said on Tuesday."
    )
    canvas.save()
    return out.getvalue()


PAGES: dict[str, Callable[[], bytes]] = {
    "html": lambda: (
        b"<html><head><title>Cifras</title></head><body><p>En 2018 hubo 33 743 homicidios, dijo el gobierno.</p></body></html>"
    ),
    "text": lambda: "Título\n\nEn 2018 hubo 33 743 homicidios, dijo el gobierno.\n".encode("cp1252"),
    "pdf": _pdf,
}


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_read_apart_is_the_same_page(kind: str) -> None:
    data = PAGES[kind]()
    assert reading.read_bytes(data, "page") == careo.read(data, name="page")


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02" * 999, b"%PDF-1.7 broken"])
def test_what_cannot_be_read_is_the_same_sentence(data: bytes) -> None:
    with pytest.raises(InputError) as here:
        careo.read(data, name="page")
    with pytest.raises(InputError) as apart:
        reading.read_bytes(data, "page")
    assert (apart.value.key, apart.value.render("es")) == (here.value.key, here.value.render("es"))


@pytest.mark.parametrize(
    "limit", [{"MOST_SECONDS": 0.01}, {"MOST_MEMORY_BYTES": 2**20}, {"MOST_ANSWER_BYTES": 10}]
)
def test_a_page_that_costs_too_much_is_a_sentence(
    limit: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in limit.items():
        monkeypatch.setattr(reading, name, value)
    if "MOST_MEMORY_BYTES" in limit:  # the child reads its own constant
        monkeypatch.setattr(
            reading,
            "_COMMAND",
            ["-c", "import careo.views.web.reading as r; r.MOST_MEMORY_BYTES = 2**20; r.main()"],
        )
    with pytest.raises(InputError, match="more memory or time"):
        reading.read_bytes(PAGES["text"](), "page")


@given(name=st.text(max_size=40))
def test_a_name_is_a_name_whatever_it_says(name: str) -> None:
    """It is an argument of a program, never a part of a command."""
    assert reading.argument(name) == "".join(each for each in reading.argument(name) if each.isprintable())
