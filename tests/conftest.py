"""Nothing a test does may touch the data a person has imported."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of its own for every test; made only when something is imported."""
    folder = tmp_path_factory.mktemp("careo-home") / "data"
    monkeypatch.setenv("CAREO_HOME", str(folder))
    return folder
