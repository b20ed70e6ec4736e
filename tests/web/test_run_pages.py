"""Long work beside the server: progress, stopping, what fails, what survives, who may run what."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from careo.base.errors import CareoError
from careo.views import cli
from careo.views.web.application import create_application
from careo.views.web.job import Pending
from careo.views.web.jobs import Jobs
from careo.views.web.settings import Settings

pytestmark = pytest.mark.served

PATIENCE = 120.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def toyland(home: Path) -> Iterator[TestClient]:
    settings = Settings(home=home, country="toyland")
    with TestClient(create_application(settings), base_url="http://127.0.0.1:8000") as found:
        yield found


def until(what: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come about")


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if not path.name.startswith(".")
    }


def test_a_full_run_is_sent_told_of_and_compared(
    toyland: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = toyland.post(
        "/en/laboratory/run",
        data={"base": "ten-lamps-2018", "months": "36", "full": "1"},
        follow_redirects=False,
    )
    assert sent.status_code == 303
    job = sent.headers["location"].rpartition("/")[2]
    with toyland.stream("GET", f"/en/jobs/{job}/events") as stream:
        told = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
    assert told[-1]["state"] == "done", told[-1]
    assert (told[-1]["done"], told[-1]["whole"]) == (24, 24) or told[-1]["done"] == told[-1]["whole"] > 0
    run = json.loads(toyland.get("/en/runs.json").text)["runs"][0]
    assert run["complete"]
    assert run["path"] == f"runs/{run['id']}"
    monkeypatch.chdir(home)
    for path in (
        f"/runs/{run['id']}",
        f"/compare/{run['id']}",
        f"/compare/{run['id']}?quantity=homicides",
        f"/compare/{run['id']}?sensitivity=1",
    ):
        name, _, query = path.partition("?")
        until(lambda path=path: toyland.get(f"/en{path}").status_code == 200)
        page, twin = toyland.get(f"/en{path}").text, toyland.get(f"/en{name}.json?{query}").text
        typed = (
            page.partition("<dt>On a command line</dt>")[2]
            .partition("<code>careo ")[2]
            .partition("</code>")[0]
        )
        capsys.readouterr()
        assert cli.run([*typed.split(), "--json", "--lang", "en", "--country", "toyland"]) == 0
        assert capsys.readouterr().out == twin
    assert toyland.post(f"/en/runs/{run['id']}/remove", follow_redirects=False).status_code == 303
    assert not (home / "runs" / run["id"]).exists()


def test_a_search_page_says_what_the_command_says(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pymoo", reason="the search is an extra")
    query = "budget=3e9&levers=targeted-therapy&months=12&draws=20&worlds=20"
    until(lambda: client.get(f"/en/search?{query}").status_code == 200)
    page = client.get(f"/en/search?{query}").text
    typed = (
        page.partition("<dt>On a command line</dt>")[2].partition("<code>careo ")[2].partition("</code>")[0]
    )
    assert cli.run([*typed.split(), "--json", "--lang", "en"]) == 0
    assert capsys.readouterr().out == client.get(f"/en/search.json?{query}").text
    assert page.count("<svg") == 2


@pytest.mark.parametrize(
    "query",
    [
        "budget=abc",
        "budget=3e9&keep=--json",
        "budget=3e9&levers=--out",
        "budget=3e9&prevention=-o",
        "budget=3e9&per=--x",
    ],
)
def test_a_search_takes_no_options_from_the_address(client: TestClient, query: str) -> None:
    answer = client.get(f"/en/search?{query}")
    assert answer.status_code in (400, 404)


def test_a_failure_is_a_sentence_and_can_be_asked_again(home: Path) -> None:
    jobs = Jobs(home / "jobs", country="toyland")
    try:
        job = jobs.ask(("simulate", "no-such-strategy"), "en")
        found = until(lambda: (now := jobs.find(job.id)) and now.over and now)
        assert found.state == "failed"
        assert "no-such-strategy" in found.told
        assert "Traceback" not in found.told
        assert jobs.again(job.id).state == "waiting"
        until(lambda: (now := jobs.find(job.id)) and now.state == "failed")
    finally:
        jobs.close()


def test_a_job_is_stopped_and_removed(home: Path) -> None:
    jobs = Jobs(home / "jobs", country="toyland")
    try:
        job = jobs.ask(("simulate", "ten-lamps-2018", "--draws", "400000"), "en")
        until(lambda: (now := jobs.find(job.id)) and now.state == "running")
        assert jobs.cancel(job.id).state == "cancelled"
        until(lambda: not jobs._children)  # pyright: ignore[reportPrivateUsage]
        time.sleep(0.3)
        assert jobs.known(job.id).state == "cancelled"
        jobs.remove(job.id)
        assert jobs.find(job.id) is None
        assert jobs.all() == ()
    finally:
        jobs.close()


def test_a_full_disk_fails_the_job_and_not_the_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs(home / "jobs", country="toyland")
    try:
        whole = jobs._run  # pyright: ignore[reportPrivateUsage]

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(jobs, "_run", full)
        job = jobs.ask(("evaluate", "list"), "en")
        found = until(lambda: (now := jobs.find(job.id)) and now.over and now)
        assert (found.state, "No space left" in found.told) == ("failed", True)
        monkeypatch.setattr(jobs, "_run", whole)
        jobs.again(job.id)
        until(lambda: (now := jobs.find(job.id)) and now.state == "done")
    finally:
        jobs.close()


def test_a_queue_that_is_full_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("careo.views.web.jobs.MOST_WAITING", 0)
    jobs = Jobs(home / "jobs", country="toyland")
    try:
        with pytest.raises(CareoError, match="too much to do"):
            jobs.ask(("evaluate", "list"), "en")
        assert jobs.all() == ()
    finally:
        jobs.close()


def test_a_change_from_another_page_is_refused(toyland: TestClient) -> None:
    for path in ("/en/laboratory/run", "/en/runs", "/en/runs/0123456789abcdef/cancel"):
        answer = toyland.post(
            path, data={"base": "ten-lamps-2018"}, headers={"origin": "https://evil.example"}
        )
        assert answer.status_code == 403, path


def test_answers_do_not_fill_the_disk(home: Path) -> None:
    jobs = Jobs(home / "jobs", country="toyland", most_bytes=1)
    try:
        job = jobs.ask(("evaluate", "list"), "en")
        until(lambda: jobs.find(job.id) is None)
        with pytest.raises(Pending):
            jobs.result(("evaluate", "list"), "en")
    finally:
        jobs.close()


def test_two_servers_on_one_home_run_a_job_once(home: Path) -> None:
    both = [Jobs(home / "jobs", country="toyland") for _ in range(2)]
    ran: list[str] = []
    try:
        for jobs in both:
            whole = jobs._run  # pyright: ignore[reportPrivateUsage]

            def noted(job: Any, held: int, whole: Any = whole) -> None:
                ran.append(job.id)
                whole(job, held)

            jobs._run = noted  # pyright: ignore[reportPrivateUsage]
        job = both[0].ask(("simulate", "ten-lamps-2018", "--months", "36", "--draws", "100"), "en")
        both[1].again(job.id)
        both[1]._queue.put(job.id)  # pyright: ignore[reportPrivateUsage]
        until(lambda: (now := both[1].find(job.id)) and now.over)
        time.sleep(1.2)
        assert ran == [job.id]
    finally:
        for jobs in both:
            jobs.close()


def _port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


def _serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    typed = [sys.executable, "-m", "careo", "serve", "--port", str(port), "--country", "toyland"]
    server = subprocess.Popen(typed, env={**os.environ, "CAREO_HOME": str(folder)}, stderr=subprocess.DEVNULL)
    until(lambda: _status(port, "/en/runs") == 200)
    return server


def _status(port: int, path: str, method: str = "GET", body: str = "") -> int:
    try:
        line = HTTPConnection("127.0.0.1", port, timeout=20)
        line.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = line.getresponse()
        answer.read()
        line.close()
    except OSError:
        return 0
    return answer.status


def test_a_run_survives_the_death_of_its_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("simulate", "ten-lamps-2018", "--months", "60", "--draws", "4000")
    folder = tmp_path / "killed"
    jobs = folder / "web" / "jobs"
    asked = Jobs(jobs, country="toyland")
    name = asked.id_of(command, "en")
    asked.close()
    (jobs / name).mkdir(parents=True)
    told = {"id": name, "command": list(command), "language": "en", "state": "waiting"}
    (jobs / name / "job.json").write_text(json.dumps(told), encoding="utf-8")
    port = _port()
    server = _serve(folder, port)
    runs = folder / "web" / "runs"
    try:
        _status(port, f"/en/runs/{name}")
        until(lambda: len(list(runs.glob("*/main.*.npy"))) >= 2)
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()
    half = len(list(runs.glob("*/*.npy")))
    server = _serve(folder, port)
    try:
        until(lambda: json.loads((jobs / name / "job.json").read_bytes())["state"] == "done")
    finally:
        server.terminate()
        server.wait()
    monkeypatch.chdir(tmp_path)
    assert cli.run([*command, "--json", "--country", "toyland", "-o", str(tmp_path / "whole")]) == 0
    (one,), (other,) = list(runs.iterdir()), list((tmp_path / "whole").iterdir())
    assert one.name == other.name
    assert bytes_of(one) == bytes_of(other)
    assert half < len(list(one.glob("*.npy"))), (
        "the run was over before the server died: the test shows nothing"
    )
