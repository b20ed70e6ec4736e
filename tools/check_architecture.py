"""Keeps ARCHITECTURE.md true: its module list against the tree, its verbs against the command line, its verdicts against the code, how long files are.

Run by `make check`. Prints what is wrong and leaves with 1.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "careo"
DOORS = {
    "sources/network.py": {"socket", "ssl", "http", "httpx", "urllib.request", "requests", "aiohttp"},
    "run/cluster.py": {"distributed", "dask"},
}
"""The only modules that may reach the network, and by which libraries."""
LONGEST = 600
"""Lines of a file; a longer one holds more than one thing."""


def main() -> int:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    problems = [*_modules(text), *_verbs(text), *_verdicts(text), *_doors(SOURCE), *_lengths()]
    for problem in problems:
        print(f"ARCHITECTURE.md: {problem}")
    return 1 if problems else 0


def _modules(text: str) -> list[str]:
    listed = set(re.findall(r"^\| `([a-z_/0-9]+\.py)` \|", text, re.MULTILINE))
    real = {p.relative_to(SOURCE).as_posix() for p in SOURCE.rglob("*.py") if p.name != "__init__.py"}
    return [f"module {m} is listed but does not exist" for m in sorted(listed - real)] + [
        f"module {m} exists but is not listed" for m in sorted(real - listed)
    ]


def _verbs(text: str) -> list[str]:
    from careo.views.commands import VERBS

    listed = set(re.findall(r"^\| `careo ([a-z]+)`", text, re.MULTILINE))
    return [f"verb {v} is on one side only" for v in sorted(listed ^ set(VERBS))]


def _verdicts(text: str) -> list[str]:
    from careo.results.finding import VERDICTS

    return [f"verdict “{v}” is not explained" for v in VERDICTS if f"| {v} |" not in text]


def _doors(source: Path) -> list[str]:
    """Imports of libraries that reach the network, outside the one module each that may."""
    found: list[str] = []
    for path in sorted(source.rglob("*.py")):
        module = path.relative_to(source).as_posix()
        closed = {name for door, names in DOORS.items() if door != module for name in names}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            wrong = {door for name in names for door in closed if name == door or name.startswith(f"{door}.")}
            found += [f"module {module} imports {door}, which reaches the network" for door in sorted(wrong)]
    return found


def _lengths() -> list[str]:
    lines = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").count("\n")
        for folder in ("src", "tests", "tools", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }
    return [
        f"{path} has {count} lines, at most {LONGEST}" for path, count in lines.items() if count > LONGEST
    ]


if __name__ == "__main__":
    sys.exit(main())
