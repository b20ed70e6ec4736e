"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from careo.base.errors import OutputError


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
