"""`python -m careo` and the `careo` command."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    # What a command reads it keeps to its end, some 140,000 objects: looking through them for cycles was a tenth of its start.
    gc.set_threshold(300_000, 10, 10)
    try:
        from careo.views.cli import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the command line could say so itself
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
