"""All tests, as `make test` runs them: those that measure time (marked `timed`) alone, after all others on every core.

A test that takes the time of something fails when another process has the core it needs. Both sets always run; the last line adds them up
in pytest's own words, and the exit code is 1 when either failed. What asks servers of its own with a browser is `make browser`,
what takes more than a few seconds `make slow`; continuous integration runs all of them.

Compiled files are kept whatever the environment says of them: without, every worker rewrites every test, and every careo that a test
starts is compiled from its source, each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

SETS = (
    (
        "-m",
        "not timed and not served and not slow",
        "-n",
        "auto",
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
    ),
    ("-m", "timed"),
)
TESTS = Path(__file__).parents[1] / "tests"


def main() -> int:
    total: Counter[str] = Counter()
    broken = False
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        for number, (arguments, files) in enumerate(zip(SETS, ([], with_clocks()), strict=True)):
            report = Path(folder) / f"{number}.xml"
            command = [sys.executable, "-m", "pytest", *arguments, f"--junitxml={report}", *files]
            done = subprocess.run(command, check=False, env=environment)  # noqa: S603 - pytest, with arguments of ours
            broken |= done.returncode != 0
            total += counted(report) if report.is_file() else Counter(errors=1)
    print(closing(total))
    return int(broken)


def with_clocks() -> list[str]:
    """The files in which a test is marked `timed`: the others need not be read a second time."""
    return [
        str(file)
        for file in sorted(TESTS.glob("test_*.py"))
        if "mark.timed" in file.read_text(encoding="utf-8")
    ]


def counted(report: Path) -> Counter[str]:
    """Tests by how they ended, and the seconds they took, as a JUnit report of pytest says."""
    found: Counter[str] = Counter()
    for suite in ElementTree.parse(report).iter("testsuite"):  # noqa: S314 - pytest wrote it a moment ago
        parts = {name: int(suite.get(name, "0")) for name in ("failures", "errors", "skipped")}
        found += Counter(parts)
        found["passed"] += int(suite.get("tests", "0")) - sum(parts.values())
        found["seconds"] += round(float(suite.get("time", "0")))
    return found


def closing(total: Counter[str]) -> str:
    """The line that pytest would have closed with, had it been one run."""
    names = {"failures": "failed", "passed": "passed", "skipped": "skipped", "errors": "errors"}
    said = ", ".join(f"{total[key]} {word}" for key, word in names.items() if total[key])
    return f" {said or 'no tests ran'} in {total['seconds']}s, both sets together ".center(80, "=")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
