"""All tests, as `make test` runs them: those that measure time (marked `timed`) alone, after all others on every core.

A test that takes the time of something fails when another process has the core it needs. Both sets always run; the last line adds them up
in pytest's own words, and the exit code is 1 when either failed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

SETS = (("-m", "not timed", "-n", "auto", "--dist", "loadfile"), ("-m", "timed"))


def main() -> int:
    total: Counter[str] = Counter()
    broken = False
    with tempfile.TemporaryDirectory() as folder:
        for number, arguments in enumerate(SETS):
            report = Path(folder) / f"{number}.xml"
            command = [sys.executable, "-m", "pytest", *arguments, f"--junitxml={report}"]
            broken |= subprocess.run(command, check=False).returncode != 0  # noqa: S603 - pytest, with arguments of ours
            total += counted(report) if report.is_file() else Counter(errors=1)
    print(closing(total))
    return int(broken)


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
