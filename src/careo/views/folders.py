"""Several files in a folder that `-o` names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from careo.base.errors import OutputError
from careo.base.files import writing


def output_folder(text: str) -> Path | None:
    """The folder that a reader named, or nothing.

    Raises:
        OutputError: something else stands there.
    """
    if not text:
        return None
    folder = Path(text)
    if folder.exists() and not folder.is_dir():
        raise OutputError("output_not_folder", where=text)
    return folder


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Writes texts by their names, each whole or not at all.

    Raises:
        OutputError: the folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError("output_unwritable", where=str(folder), found=error.strerror or "") from error
    for name, text in files.items():
        with writing(folder / name) as draft:
            draft.write_text(text, encoding="utf-8", newline="\n")
