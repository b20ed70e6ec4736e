"""The notebooks of the documentation run from nothing, and print what stands in them. `python tests/test_notebooks.py` renews them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from notebook_pages import printed  # noqa: E402 # pyright: ignore[reportMissingImports]

NOTEBOOKS = sorted((ROOT / "docs").rglob("*.ipynb"))


def executed(path: Path, folder: Path) -> nbformat.NotebookNode:
    """A notebook as it comes out of a new kernel, started in an empty folder."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    asyncio.run(client.async_execute())
    return notebook


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of ipykernel's and its libraries' own making
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.parent.parent.name)
def test_a_notebook_runs_and_prints_what_stands_in_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREO_HOME", str(tmp_path / "home"))
    written = [printed(cell) for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    now = [printed(cell) for cell in executed(path, tmp_path).cells if cell.cell_type == "code"]
    assert now == written, "renew the notebooks: python tests/test_notebooks.py"


def test_the_notebooks_are_the_same_but_for_their_language() -> None:
    english, spanish = (nbformat.read(path, as_version=4).cells for path in NOTEBOOKS[::-1])
    assert [cell.cell_type for cell in english] == [cell.cell_type for cell in spanish]


def renew(path: Path, folder: Path) -> None:
    """Keep what a notebook prints now; nothing of when or where it ran."""
    notebook = executed(path, folder)
    for cell in notebook.cells:
        cell.metadata.clear()
        if cell.cell_type == "code":
            shown = printed(cell)
            cell.execution_count = None
            cell.outputs = (
                [nbformat.v4.new_output("stream", name="stdout", text=f"{shown}\n")] if shown else []
            )
    notebook.metadata.get("language_info", {}).pop("version", None)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    import os
    import tempfile

    for each in NOTEBOOKS:
        with tempfile.TemporaryDirectory() as scratch:
            os.environ["CAREO_HOME"] = str(Path(scratch) / "home")
            renew(each, Path(scratch))
