"""The speed benchmark: what it prints, and the sample pages it and `careo audit` stand on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import bench, evaluate, laboratory, processes, reading, synthetic_controls  # noqa: E402 - found beside the tests, not installed


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


def test_a_part_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        bench.main(["speed"])
    assert left.value.code == 2
    assert "no such part: speed; there are reading, data, laboratory, evaluation" in capsys.readouterr().err


def test_what_was_not_measured_says_why() -> None:
    assert bench.line(("Mesa", "skipped: mesa is not installed")).endswith("skipped: mesa is not installed")


def test_every_asked_row_of_the_laboratory_is_one_that_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    names = "careo", "numpy", "careo_two", "numpy_two", "careo_wall", "careo_uncounted", "numpy_sampling", "peak_mb", "ms", "processor_ms", "seconds", "ns", "draws"  # fmt: skip
    numbers = dict.fromkeys(names, 1.0)
    monkeypatch.setattr(
        laboratory, "measured", lambda name, given: {"uniform": (4.0, 8.0)} if name == "luck" else numbers
    )
    monkeypatch.setattr(laboratory, "whole_process", lambda arguments: processes.Took(1.0, 1.0, 1.0))
    monkeypatch.setattr(laboratory, "seconds_until", lambda arguments, seen: 1.0)
    printed = [name for name, _ in laboratory.rows()]
    assert len(printed) == len(set(printed))
    asked = [name for name in bench.ASKED if any(word in name for word in ("draw", "ns/cell"))]
    assert len(asked) == 5
    assert set(asked) <= set(printed)


def test_a_comparison_runs_in_a_process_of_its_own() -> None:
    found = laboratory.measured("duel", {"months": 3, "draws": 6, "strategies": 2, "places": 3, "rounds": 1})
    assert set(found) == {
        "careo", "careo_uncounted", "numpy", "careo_wall", "careo_two", "numpy_two", "numpy_sampling",
    }  # fmt: skip
    assert all(value > 0 for value in found.values())


def test_a_tool_that_is_not_installed_is_skipped_with_the_reason() -> None:
    def missing(tools: object) -> float:
        raise ModuleNotFoundError("No module named 'mesa'", name="mesa")

    assert laboratory._optional(1, missing) == {"absent": "mesa is not installed; uv sync --group benchmarks"}


def test_every_placebo_loop_that_is_printed_is_asked() -> None:
    printed = {
        synthetic_controls.loop_name(*size, which)
        for size in synthetic_controls.SIZES
        for which in ("control", "difference")
    }
    assert printed == {name for name in bench.ASKED if name.startswith("placebo loop")}
