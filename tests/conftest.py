"""Nothing a test does may touch the data a person has imported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A shell, or pytest-xdist, may export it; what careo prints would be as wide as that.
os.environ.pop("COLUMNS", None)
# Wall clocks of shared machines say nothing about a property.
settings.register_profile("careo", deadline=None)
settings.load_profile("careo")


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of its own for every test; made only when something is imported."""
    folder = tmp_path_factory.mktemp("careo-home") / "data"
    monkeypatch.setenv("CAREO_HOME", str(folder))
    return folder


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a slow test come first: a worker that began one last would work on while the others have nothing left."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
