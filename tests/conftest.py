"""Nothing a test does may touch the data a person has imported."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

# A shell, or pytest-xdist, may export it; what careo prints would be as wide as that.
os.environ.pop("COLUMNS", None)
# Wall clocks of shared machines say nothing about a property.
settings.register_profile("careo", deadline=None)
settings.load_profile("careo")


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders, each handed out once. Numbered here: for the next number pytest reads all the folders that it made before."""
    within = tmp_path_factory.mktemp("careo-homes")
    return (within / str(number) for number in count())


@pytest.fixture(autouse=True)
def own_data_folder(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of its own for every test; made only when something is imported."""
    home = next(homes)
    home.mkdir(mode=0o700)
    monkeypatch.setenv("CAREO_HOME", str(home / "data"))
    return home / "data"


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """What careo says is English, wherever the tests run."""
    monkeypatch.setenv("CAREO_LANG", "en")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a slow test come first: a worker that began one last would work on while the others have nothing left."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """What is loaded now stays to the end: looking through half a million objects for cycles, again and again, took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
