"""A server's application, asked without a socket, and a server that runs beside the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("fastapi", reason="the web application is an extra: careo[web]")
from serving import Served, serving
from starlette.testclient import TestClient

from careo.views.web.application import create_application
from careo.views.web.settings import Settings


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Of a private server with Mexico's record and an empty home."""
    settings = Settings(home=tmp_path_factory.mktemp("web"))
    with TestClient(create_application(settings), base_url="http://127.0.0.1:8000") as found:
        yield found


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`careo serve` as a program of its own, with Mexico's record and an empty home."""
    with serving(tmp_path_factory.mktemp("served") / "home") as found:
        yield found


@pytest.fixture(scope="session")
def toyland(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Of a private server with the record of Toyland, where everything is quick."""
    settings = Settings(home=tmp_path_factory.mktemp("toyland"), country="toyland")
    with TestClient(create_application(settings), base_url="http://127.0.0.1:8000") as found:
        yield found
