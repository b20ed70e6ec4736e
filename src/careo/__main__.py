"""`python -m careo` and the `careo` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    try:
        from careo.views.cli import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the command line could say so itself
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
