"""The speed benchmark: what it prints, and the sample pages it and `careo audit` stand on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import bench, evaluate, reading  # noqa: E402 - found beside the tests, not installed


def test_the_table_marks_what_was_asked_and_not_reached() -> None:
    text = bench.show(
        [
            ("careo --help, cold [s]", 0.31),
            ("read + statements, warm [pages/s]", 220.0),
            ("number reader [MB/s]", 2.0),
        ]
    )
    lines = text.splitlines()
    assert lines[1].split()[-4:] == ["<", "0.3", "0.31", "missed"]
    assert lines[2].split()[-3:] == [">", "100", "220"]
    assert lines[3].split()[-1] == "2"


def test_pages_are_counted_without_the_round_that_warms_up(tmp_path: Path) -> None:
    seen: list[Path] = []
    rate = reading.per_second(seen.append, [tmp_path / "a", tmp_path / "b"], least=0.01)
    assert rate > 100
    assert len(seen) % 2 == 0
    assert len(seen) >= 4


def test_memory_is_read_in_megabytes() -> None:
    assert 5 < reading.resident() < 10_000


def test_versions_name_the_interpreter_and_the_libraries() -> None:
    said = evaluate.versions()
    assert f"Python {sys.version_info.major}.{sys.version_info.minor}" in said
    assert "pypdf" in said


@pytest.mark.parametrize("country", ["mexico", "toyland"])
def test_each_country_has_sample_pages_in_both_languages(country: str) -> None:
    pages = sorted((ROOT / "src" / "careo" / "data" / country / "pages").glob("*.txt"))
    assert {page.name[:2] for page in pages} == {"en", "es"}
    for page in pages:
        assert 100 <= len(page.read_text(encoding="utf-8").split()) <= 700
