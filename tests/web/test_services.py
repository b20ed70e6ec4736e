"""What a server shares: the record as it is now, computations noted with who asked, and what it says when one fails."""

from __future__ import annotations

import contextlib
import html
import io
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from test_pages import asked

import careo
from careo.base.texts import LANGUAGES
from careo.views.web.application import create_application
from careo.views.web.job import Job, JobFolders
from careo.views.web.page import Asking
from careo.views.web.services import Services
from careo.views.web.settings import Settings
from careo.views.web.team.store import Team
from careo.views.web.tokens import add_token
from official_files import case_file

HOST = "careo.example"
HOMICIDES = "homicide_sesnsp_case_files"


@pytest.fixture
def mexico(tmp_path: Path) -> Iterator[TestClient]:
    """A server of its own."""
    with TestClient(create_application(Settings(home=tmp_path)), base_url="http://127.0.0.1:8000") as found:
        yield found


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Callable[..., TestClient]]:
    """A server of Toyland that others can reach, asked by whoever is named."""
    settings = Settings(host="0.0.0.0", hosts=frozenset({HOST}), home=tmp_path, country="toyland")  # noqa: S104 - nothing listens
    with TestClient(create_application(settings), base_url=f"https://{HOST}", follow_redirects=False) as found:  # fmt: skip

        def of(person: str, role: str = "editor") -> TestClient:
            found.headers["Authorization"] = f"Bearer {add_token(tmp_path, person, role)}"
            return found

        yield of


def services_of(client: TestClient) -> Services:
    app: Any = client.app
    return app.state.services


# ── data that come while a server runs ───────────────────────────────────────────────────────────────────────────


def test_what_is_imported_while_a_server_runs_is_seen_at_once(mexico: TestClient, tmp_path: Path) -> None:
    services = services_of(mexico)
    address = f"/en/data/indicator/{HOMICIDES}.json"
    before = mexico.get(address).json()
    assert mexico.get(address).json() == before  # kept now
    under_way = Asking("en", services)
    known, job = under_way.record, services.jobs.id_of(("validate",), "en")
    assert services.country is known
    done = careo.import_data(str(case_file(tmp_path / "x.csv", years=[2031])))
    after = mexico.get(address).json()
    assert len(after["indicators"][0]["values"]) > len(before["indicators"][0]["values"])
    assert done.snapshot.sha256[:12] in mexico.get("/en/data").text
    assert services.country is not known
    assert under_way.record is known  # an answer that is being made stays of one piece
    assert services.country is services.country
    assert services.jobs.id_of(("validate",), "en") != job  # of other data it is another question
    careo.remove_edition(done.snapshot)
    assert mexico.get(address).json() == before


def test_while_nothing_is_imported_the_record_is_read_once(
    mexico: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The minimally different world: many questions, one reading, one desk."""
    services, read = services_of(mexico), list[str]()
    load = careo.load_country
    monkeypatch.setattr(careo, "load_country", lambda name: read.append(name) or load(name))
    desks = {id(services.known.desk) for _ in range(5)}
    assert (len(desks), read) == (1, ["mexico"])


# ── who asked for what ───────────────────────────────────────────────────────────────────────────────────────────


def words_of(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def over(services: Services, name: str) -> Job:
    job = services.jobs.known(name)
    for _ in range(1200):
        job = services.jobs.known(name)
        if job.over:
            break
        time.sleep(0.05)
    assert job.over
    return job


def test_a_team_sees_who_asked_for_what_and_still_after_a_restart(
    team: Callable[..., TestClient], tmp_path: Path
) -> None:
    client = team("ana")
    job = client.post("/en/runs", data={"kind": "evaluate"}).headers["location"].rpartition("/")[2]
    told = client.post("/api/v1/runs", json={"kind": "evaluate"})
    assert (told.status_code, told.json()["job"]["id"]) == (201, job)
    assert over(services_of(client), job).person == "ana"
    page = words_of(team("luis").get("/en/runs").text)
    assert "careo evaluate list" in page and "ana" in page and "done" in page
    assert client.get("/en/runs.csv?of=asked").text.splitlines()[1].split(",")[1:4] == ["ana", "careo evaluate list --country toyland", "done"]  # fmt: skip
    assert "By ana." in client.get(f"/en/runs/{job}").text
    assert client.post(f"/en/runs/{job}/remove").status_code == 303
    page = words_of(client.get("/en/runs").text)
    assert "ana" in page and "its answer was removed" in page
    services_of(client).close()
    again = Team("", tmp_path)
    assert [(each.person, each.command, each.state) for each in again.asked()] == [("ana", ("evaluate", "list"), "done")]  # fmt: skip
    again.close()


def test_what_was_not_noted_is_noted_at_the_next_start(tmp_path: Path) -> None:
    """Jobs of a server whose database could not be reached, or of one that noted none."""
    told = Job("0123456789abcdef", ("simulate", "x"), "en", state="done", asked="2026-03-01T10:00:00.000+00:00", person="ana", run="abc")  # fmt: skip
    JobFolders(tmp_path / "jobs").keep(told)
    services = Services(Settings(home=tmp_path, country="toyland"))
    try:
        assert services.jobs.all() == (told,)
        assert [(each.job, each.person, each.run) for each in services.team.asked()] == [(told.id, "ana", "abc")]  # fmt: skip
        assert services.team.runs()["abc"].person == "ana"
    finally:
        services.close()


def test_a_database_that_is_gone_stops_no_computation(mexico: TestClient, tmp_path: Path) -> None:
    services = services_of(mexico)
    assert services.team.asked() == ()
    (tmp_path / "careo.sqlite").rename(tmp_path / "away")
    job = services.jobs.ask(("evaluate", "list"), "en", "ana")
    assert over(services, job.id).state == "done"
    page = mexico.get("/en/runs")
    assert page.status_code == 200
    assert "careo evaluate list" in page.text and "cannot be reached" in page.text
    (tmp_path / "away").rename(tmp_path / "careo.sqlite")
    assert "cannot be reached" not in mexico.get("/en/runs").text


# ── what fails ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_what_could_not_be_computed_says_why_and_what_to_do(
    team: Callable[..., TestClient], tmp_path: Path, language: str, state: str
) -> None:
    client = team("ana")
    services = services_of(client)
    name = services.jobs.id_of(("evaluate", "ten-lamps", "-o", "{out}"), language)
    told = "The <file> has no months." if state == "failed" else ""
    services.jobs.folders.keep(
        Job(name, ("evaluate", "ten-lamps", "-o", "{out}"), language, state=state, told=told)
    )
    answer = client.get(f"/{language}/evaluate/ten-lamps")
    assert answer.status_code == 400
    sentence = re.search(r'<pre class="sentence">([^<]+)</pre>', answer.text)
    assert sentence is not None
    assert html.unescape(sentence[1]) == told or state == "cancelled"
    assert "<code>careo evaluate ten-lamps --country toyland</code>" in answer.text
    assert f'action="/{language}/runs/{name}/again"' in answer.text
    assert f'hreflang="{"en" if language == "es" else "es"}"' in answer.text
    assert f'/{"en" if language == "es" else "es"}/evaluate/ten-lamps"' in answer.text
    data = client.get(f"/{language}/evaluate/ten-lamps.json")
    assert data.json()["error"]["key"] == ("web_job_failed" if state == "failed" else "web_job_cancelled")
    page = client.get(f"/{language}/runs/{name}").text
    assert html.escape(told) in page and "{out}" not in page
    reader = team("eva", "reader").get(f"/{language}/evaluate/ten-lamps").text
    assert "/again" not in reader


# ── what is printed names the country ────────────────────────────────────────────────────────────────────────────

TOYLAND = (
    "/", "/overview?rate=no", "/evaluate", "/evidence", "/evidence/{lever}", "/data", "/data/indicators", "/data/indicator/{indicator}", "/method",
    "/laboratory?base=ten-lamps-2018&months=24&draws=20", "/strategies", "/strategies/ten-lamps-2018", "/money", "/evaluate/ten-lamps",
)  # fmt: skip


@pytest.mark.parametrize("path", TOYLAND)
def test_the_printed_lines_are_of_the_country_that_is_shown(toyland: TestClient, path: str) -> None:
    path = path.format(lever=next(iter(careo.load_levers("toyland"))), indicator=next(iter(careo.load_country("toyland").indicators)))  # fmt: skip
    text = asked(toyland, f"/en{path}").text
    shown = text.partition("<dt>In Python</dt>")[2].partition("<code>")[2].partition("</code>")[0]
    lines = html.unescape(shown)
    assert "'toyland'" in lines
    read: set[str] = set()
    load = careo.load_country
    with pytest.MonkeyPatch.context() as patched, contextlib.redirect_stdout(io.StringIO()) as out:
        patched.setattr(careo, "load_country", lambda name="mexico": read.add(name) or load(name))
        exec(compile(lines, path, "exec"), {})  # noqa: S102 - our own lines, as a reader would run them
    assert out.getvalue().strip() or path == "/data"  # it has no official datasets
    assert "mexico" not in read
    typed = html.unescape(text.partition("<dt>On a command line</dt>")[2].partition("<code>")[2].partition("</code>")[0])  # fmt: skip
    assert typed.endswith("--country toyland")
    cite = text.partition("<dt>Cite</dt>")[2].partition("</dd>")[0]
    assert not cite or "--country toyland" in cite
