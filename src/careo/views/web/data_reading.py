"""Handed-in data files are read in a child process with limits of memory, time and disk, by the importer of `careo data import`.

To look at a file is to import it into a store of its own, which is thrown away: what is shown is what an import would say. Run as a module
this is that child: its arguments name the file, its answer is the JSON of `careo data import` on standard output.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePath
from threading import BoundedSemaphore
from typing import Any

from careo.base.errors import CareoError, InputError
from careo.views import contract
from careo.views.i18n import clean
from careo.views.web.reading import error_of, limit, told_error

MOST_SECONDS = 120
"""Of the clock; of the processor a little less."""
MOST_MEMORY_BYTES = 4 * 2**30
"""Of addresses, which readers of tables reserve generously."""
MOST_FILE_BYTES = 2 * 2**30
"""Of any one file that is written: what was packed, or what is kept."""
_PATIENCE_SECONDS = 30.0
_COMMAND = ["-m", "careo.views.web.data_reading"]
_free = BoundedSemaphore(1)  # one at a time: each may take all that memory


def read_data(
    data: bytes, name: str, *, country: str, language: str, vintage: str = "", keep: bool = False
) -> Mapping[str, Any]:
    """What `careo data import` says of a file, as its JSON has it.

    Args:
        data: of the file. name: as it was handed in. vintage: as of `import_file`. keep: puts it into the store; else nothing is kept.

    Raises:
        CareoError: as of `import_file`; reading it took too much memory or time, or another file is still being read.
    """
    if not _free.acquire(timeout=_PATIENCE_SECONDS):
        raise CareoError("web_busy", found="1", fix="web_busy")
    try:
        with tempfile.TemporaryDirectory(prefix="careo-data-") as folder:
            return _read(Path(folder), data, plain_name(name), country, language, vintage, keep=keep)
    finally:
        _free.release()


def _read(
    folder: Path, data: bytes, name: str, country: str, language: str, vintage: str, *, keep: bool
) -> Mapping[str, Any]:
    path = folder / name
    path.write_bytes(data)
    around = {**os.environ, "TMPDIR": str(folder), "POLARS_MAX_THREADS": "2"}
    if not keep:
        around["CAREO_HOME"] = str(folder / "thrown-away")
    typed = [sys.executable, *_COMMAND, str(path), country, language, vintage[:40]]
    try:
        done = subprocess.run(typed, capture_output=True, timeout=MOST_SECONDS, check=False, env=around)  # noqa: S603 - our own program, no shell
    except (subprocess.TimeoutExpired, ValueError) as error:  # ValueError: no such argument can be given
        raise InputError("input_too_costly", where=name) from error
    if done.returncode != 0:
        raise InputError("input_too_costly", where=name)
    told: dict[str, Any] = json.loads(done.stdout)
    if "error" in told:
        raise error_of(told["error"], name, path)
    return told


def plain_name(name: str) -> str:
    """A name for the file that is safe in every folder and command line; its ending stays, for what cannot be told from the bytes."""
    last = PurePath(clean(unicodedata.normalize("NFC", name)).replace("\\", "/")).name
    plain = re.sub(r"[^\w.-]+|_+", "-", last)
    plain = re.sub(r"\.{2,}", ".", plain).strip(".-")
    return plain[-100:].strip(".-") or "data"


def main() -> None:
    """The child."""
    path, country, language, vintage = sys.argv[1:5]
    limit(MOST_MEMORY_BYTES, MOST_SECONDS - 10, MOST_FILE_BYTES)
    import careo

    try:
        imported = careo.import_data(path, country=country, vintage=vintage)
        found = careo.import_findings(imported, language)
        answer: Mapping[str, Any] = contract.import_data([imported.snapshot], found)
    except CareoError as error:
        answer = {"error": told_error(error)}
    sys.stdout.buffer.write(contract.to_json(answer).encode())


if __name__ == "__main__":
    main()
