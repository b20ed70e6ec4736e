"""How far a long command is: a line that rewrites itself on a terminal; numbers, one line each, for a server that runs it."""

from __future__ import annotations

import os
import re
import sys

ASKED = "CAREO_PROGRESS"
"""In the environment of a command that a program watches."""
_NUMBERS = re.compile(r"careo-progress (\d+) (\d+)")


def watched() -> bool:
    """Whether anybody sees progress: a terminal, or a program that asked for it."""
    return sys.stderr.isatty() or ASKED in os.environ


def tell_progress(sentence: str, done: float, whole: float) -> None:
    """One step, on stderr."""
    if ASKED in os.environ:
        print(f"careo-progress {done:.0f} {whole:.0f}", file=sys.stderr, flush=True)
    else:
        print("\r" + sentence, end="", file=sys.stderr, flush=True)


def end_progress() -> None:
    """The end of the line on a terminal."""
    if sys.stderr.isatty() and ASKED not in os.environ:
        print(file=sys.stderr)


def read_progress(line: str) -> tuple[int, int] | None:
    """What a line of `tell_progress` says to a program: done, and the whole."""
    found = _NUMBERS.fullmatch(line)
    return (int(found[1]), int(found[2])) if found else None
