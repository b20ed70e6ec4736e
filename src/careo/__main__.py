"""`python -m careo` and the `careo` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    from careo.views.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
