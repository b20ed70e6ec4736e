"""The laboratory's kernel compiled beside the server: questions are told so meanwhile, nothing waits, and it is done once."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the web application is an extra: careo[web]")
from starlette.testclient import TestClient

from careo.views.web import warming
from careo.views.web.application import create_application
from careo.views.web.services import Services
from careo.views.web.settings import Settings


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of compiled kernels; the child waits until the file `go` is there, and leaves a kernel."""
    folder = tmp_path / "numba"
    folder.mkdir()
    monkeypatch.setattr(warming, "_shelf", lambda: folder)
    child = (
        "import pathlib, time\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        "(folder / 'begun').open('a').write('x')\n"
        "while not (folder / 'go').exists(): time.sleep(0.02)\n"
        "(folder / 'kernel.run_draws-1.py311.nbi').write_text('')"
    )
    monkeypatch.setattr(warming, "_COMMAND", ["-c", child])
    yield folder
    (folder / "go").write_text("")


def ended(services: Services) -> None:
    for _ in range(1500):
        if services.warming.done:
            return
        time.sleep(0.02)
    raise AssertionError("it did not end")


def test_questions_are_told_that_the_kernel_is_compiled(tmp_path: Path, cache: Path) -> None:
    app = create_application(Settings(home=tmp_path / "home", country="toyland"))
    services: Services = app.state.services
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        base = "ten-lamps-2018"
        question = f"base={base}&months=72&draws=20"
        services.warming.begin()
        said = "compiled, once for this installation"
        assert said in client.get("/en/laboratory").text
        asked = client.get(f"/en/laboratory?{question}")
        assert asked.status_code == 202, asked.text
        assert said in asked.text and asked.headers["refresh"]
        assert client.get(f"/en/laboratory.json?{question}").json()["job"]["state"] == "running"
        fans = client.get(f"/en/laboratory/fans?{question}")
        assert (fans.status_code, fans.headers["retry-after"]) == (503, "2") and said in fans.text
        assert client.get("/en/laboratory?base=nobody").status_code in (400, 404)  # mistakes do not wait
        (cache / "go").write_text("")
        ended(services)
        assert said not in client.get("/en/laboratory").text  # what was said meanwhile was not kept
        assert client.get(f"/en/laboratory/fans?{question}").status_code == 200


def test_it_is_compiled_once_for_an_installation(tmp_path: Path, cache: Path) -> None:
    (cache / "go").write_text("")
    home = tmp_path / "home"
    for _ in range(2):
        services = Services(Settings(home=home))
        services.warming.begin()
        ended(services)
    assert (cache / "begun").read_text() == "x"
    (cache / "kernel.run_draws-1.py311.nbi").unlink()  # somebody emptied the cache
    services = Services(Settings(home=home))
    services.warming.begin()
    ended(services)
    assert (cache / "begun").read_text() == "xx"


@pytest.mark.parametrize("command", [["-c", "import sys; sys.exit(3)"], ["-m", "careo.nowhere"]])
def test_a_child_that_fails_keeps_nobody_waiting(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:  # fmt: skip
    assert cache.is_dir()
    monkeypatch.setattr(warming, "_COMMAND", command)
    services = Services(Settings(home=tmp_path / "home"))
    services.warming.begin()
    ended(services)
    services.warming.wait("en")
    assert not (tmp_path / "home" / "compiled").exists()


def test_the_child_asks_what_sliders_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["warming", "toyland"])
    monkeypatch.setattr(warming.os, "nice", lambda _: 0)
    warming.main()
