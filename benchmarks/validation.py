"""How well forecasts did before, in a table: `python -m benchmarks.validation`, the first part of `make evaluate`.

Every forecaster over all origins of the protocol, less the classics that take longer than a few seconds; `careo validate` runs those, too.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Prints what `careo validate` prints."""
    from careo.run.classics import SLOW
    from careo.run.hindcast import RIVALS
    from careo.views.cli import run

    return run(["validate", "--models", ",".join(name for name in RIVALS if name not in SLOW)])


if __name__ == "__main__":
    sys.exit(main())
