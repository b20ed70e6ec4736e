"""Uploaded pages are read in a child process with limits of memory and time: a parser that a hostile file breaks takes nothing with it.

Run as a module it is that child: bytes on standard input, a `Document` as JSON on standard output, checked again on this side.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from careo.base.errors import CareoError, DataError, InputError
from careo.sources.documents import Document, read
from careo.views.i18n import clean

MOST_SECONDS = 90
"""Of the clock; of the processor a little less."""
MOST_MEMORY_BYTES = 2 * 2**30
MOST_ANSWER_BYTES = 256 * 2**20
SUFFIX = {"html": ".html", "pdf": ".pdf", "text": ".txt", "markdown": ".md"}
"""Of the format that the bytes have, whatever the name said."""
_COMMAND = ["-m", "careo.views.web.reading"]


def read_bytes(data: bytes, name: str, *, country: str = "mexico") -> Document:
    """A page from its bytes, under a name of its own.

    Raises:
        InputError: empty, binary, too large, encrypted, broken; or reading it took too much memory or time.
    """
    typed = [sys.executable, *_COMMAND, argument(name), country]
    try:
        done = subprocess.run(typed, input=data, capture_output=True, timeout=MOST_SECONDS, check=False)  # noqa: S603 - our own program, no shell
    except subprocess.TimeoutExpired as error:
        raise InputError("input_too_costly", where=name) from error
    if done.returncode != 0 or len(done.stdout) > MOST_ANSWER_BYTES:
        raise InputError("input_too_costly", where=name)
    told: dict[str, Any] = json.loads(done.stdout)
    if "error" in told:
        raise error_of(told["error"], name)
    return _adapter().validate_python(told["document"], strict=False)


def told_error(error: CareoError) -> dict[str, Any]:
    """An error as the child tells it."""
    words = {key: str(value) for key, value in error.words.items()}
    return {
        "key": error.key,
        "kind": type(error).__name__,
        "expected": error.expected,
        "found": error.found,
        "fix": error.fix,
        "words": words,
    }


def error_of(told: Mapping[str, Any], name: str, path: Path | None = None) -> CareoError:
    """The same error on this side: of a file by the name it was handed in with, never by the `path` it had."""
    words = {**{each: told[each] for each in ("expected", "found", "fix")}, **told["words"]}
    if path is not None:
        words = {key: str(value).replace(str(path), name) for key, value in words.items()}
    kind = (
        InputError
        if told["kind"] == "InputError"
        else DataError
        if told["kind"] == "DataError"
        else CareoError
    )
    return kind(told["key"], where=name, **words)


def safe_name(name: str, format: str) -> str:
    """A name for a file of `format` that is safe in every folder, header and command line: letters, digits, points and dashes."""
    stem = PurePath(clean(unicodedata.normalize("NFC", name)).replace("\\", "/")).name
    stem = stem.rpartition(".")[0] or stem
    plain = re.sub(r"[^\w.-]+|_+", "-", stem)
    plain = re.sub(r"\.{2,}", ".", plain).strip(".-")[:80].strip(".-")
    return (plain or "document") + SUFFIX[format]


def argument(name: str) -> str:
    """A name as an argument of a program may be: without what none can hold."""
    return "".join(each for each in name if each.isprintable())[:200]


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Document)


def main() -> None:
    """The child: arguments are the name and the country."""
    name, country = sys.argv[1:3]
    limit(MOST_MEMORY_BYTES, MOST_SECONDS - 10, 0)
    try:
        answer: dict[str, Any] = {
            "document": asdict(read(sys.stdin.buffer.read(), name=name, country=country))
        }
    except CareoError as error:
        answer = {"error": told_error(error)}
    sys.stdout.buffer.write(json.dumps(answer, default=date.isoformat).encode())


def limit(memory_bytes: int, seconds: int, file_bytes: int) -> None:
    """Limits of this process: memory, processor time, the size of any file it writes; where the system knows such limits."""
    try:
        import resource
    except ImportError:  # Windows: the clock alone
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    main()
