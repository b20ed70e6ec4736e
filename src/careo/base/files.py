"""Files written whole or not at all; small ones read, whatever stands at their path."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from careo.base.errors import DataError, OutputError

LARGEST = 4_000_000
"""Of a file that somebody wrote [bytes]; a strategy of a whole government has fewer than 100,000."""


@contextmanager
def writing(path: Path) -> Generator[Path]:
    """A draft beside `path` to write to; it takes the place of the file when the block ends well, and else is gone.

    A device or a pipe is written to, never replaced.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            yield path
            return
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.")
        os.close(handle)
        draft = Path(name)
        try:
            yield draft
            mask = os.umask(0o077)
            os.umask(mask)
            draft.chmod(0o666 & ~mask)  # as any new file; a temporary one is for its owner only
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            "output_unwritable", where=str(path), found=error.strerror or str(error), fix="output"
        ) from error


def is_file(path: str | Path) -> bool:
    """Whether there is a file; words that can be no path, because they are too long or hold a null, name none."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: str | Path) -> bool:
    """As `is_file`, of a folder."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def read_bounded(path: str | Path, largest: int) -> bytes:
    """The bytes of a file of careo's own, which is no larger than one can be.

    Args:
        largest: [bytes].

    Raises:
        OSError: it cannot be read. ValueError: it is larger, or no file but a device or a pipe.
    """
    about = Path(path).stat()  # to open a pipe would be to wait for who writes
    if not stat.S_ISREG(about.st_mode) or about.st_size > largest:
        raise ValueError(f"{path}: no file of up to {largest} bytes")
    with Path(path).open("rb") as file:
        return file.read(about.st_size)


def read_text(path: str | Path) -> str:
    """The text of a small file that somebody wrote, in UTF-8 with or without its mark.

    Raises:
        DataError: it cannot be read, is larger than any that is meant, or is not UTF-8.
    """
    name = str(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(LARGEST + 1)  # its size says nothing of a device or a pipe
        if len(data) > LARGEST:
            raise DataError("file_large", where=name)
        return data.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise DataError("input_missing", where=name) from error
    except UnicodeDecodeError as error:
        raise DataError("file_encoding", where=name) from error
    except (OSError, ValueError) as error:
        raise DataError("file_unreadable", where=name) from error
