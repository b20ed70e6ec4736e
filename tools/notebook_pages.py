"""The notebooks of the documentation as pages, written while MkDocs builds (`hooks` in mkdocs.yml).

The notebook is the only source: its words, its cells, and what each cell printed when tests/test_notebooks.py last executed it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from mkdocs.structure.files import File, Files

NOTEBOOK = "tutorials/careo.ipynb"
PAGE = "tutorials/notebook.md"
_DOWNLOAD = {"en": "[Download this notebook](careo.ipynb)", "es": "[Descargar este cuaderno](careo.ipynb)"}


def on_files(files: Files, config: Any) -> Files:
    """The pages themselves."""
    for language, folder in (("en", ""), ("es", "es/")):
        text = page(Path(config["docs_dir"]) / folder / NOTEBOOK, language)
        files.append(File.generated(config, folder + PAGE, content=text))
    return files


def page(path: Path, language: str) -> str:
    """A notebook in Markdown, each cell followed by what it printed."""
    parts: list[str] = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        else:
            parts.append(f"```python\n{cell.source}\n```")
            shown = printed(cell)
            if shown:
                parts.append(f"```text\n{shown}\n```")
        if len(parts) == 1:
            parts.append(_DOWNLOAD[language])
    return "\n\n".join(parts) + "\n"


def printed(cell: Any) -> str:
    """What a cell printed and gave, as text."""
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts if text).rstrip("\n")
