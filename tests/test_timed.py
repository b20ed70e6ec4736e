"""Tests that measure time are marked, so that `make test` can run them alone, and its last line counts both sets."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
sys.path.insert(0, str(TESTS.parent))

from tools import run_tests  # noqa: E402 - found beside the tests, not installed

CLOCKS = ("process_time", "perf_counter", "perf_counter_ns", "process_time_ns")


@pytest.mark.parametrize("file", sorted(TESTS.glob("test_*.py")), ids=lambda file: file.stem)
def test_who_reads_a_clock_is_marked(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    marked = {
        test.name: any("mark.timed" in ast.unparse(decorator) for decorator in test.decorator_list)
        for test in tree.body
        if isinstance(test, ast.FunctionDef)
        and any(isinstance(node, ast.Attribute) and node.attr in CLOCKS for node in ast.walk(test))
    }
    assert all(marked.values()), (
        f"not marked as timed: {[name for name, is_so in marked.items() if not is_so]}"
    )


def test_the_last_line_counts_both_sets(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite errors="1" failures="2" skipped="3" tests="16" time="4.6"/></testsuites>', encoding="utf-8"
    )  # fmt: skip
    total = run_tests.counted(report) + Counter(passed=5, seconds=2)
    assert (
        run_tests.closing(total).strip("= ")
        == "2 failed, 15 passed, 3 skipped, 1 errors in 7s, both sets together"
    )


def test_the_two_sets_leave_nothing_out() -> None:
    chosen = [arguments[arguments.index("-m") + 1] for arguments in run_tests.SETS]
    assert chosen == ["not timed and not served and not slow", "timed"]
    make = (TESTS.parent / "Makefile").read_text(encoding="utf-8")
    assert "-m served " in make and '-m "slow and not timed and not served"' in make
    assert " browser slow test;" in (TESTS.parent / ".ci" / "run").read_text(encoding="utf-8")
    marked = [
        file
        for file in TESTS.glob("test_*.py")
        if re.search(r"^ *@pytest\.mark\.timed", file.read_text(encoding="utf-8"), re.M)
    ]
    assert len(marked) > 3
    assert {str(file) for file in marked} <= set(run_tests.with_clocks())
