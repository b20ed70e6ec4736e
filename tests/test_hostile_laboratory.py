"""What a hostile or careless user hands to the laboratory: a sentence and exit code 2, whatever it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from careo.base.errors import DataError
from careo.base.files import is_file, is_folder
from careo.base.texts import LANGUAGES
from careo.base.yaml_files import parse_written, read_written
from careo.panel import load_country
from careo.record.strategy import load_strategy
from careo.run.measure_places import chosen_places
from careo.run.place_selection import mask_places
from careo.run.runs import find_run
from careo.views.cli import run

TOYLAND = load_country("toyland")
LONG = "x" * 5000


def test_words_that_can_be_no_path_name_nothing() -> None:
    for words in (LONG, "a\0b", f"{LONG}/y", "."):
        assert not is_file(words)
    assert not is_folder(LONG)
    assert not is_folder("a\0b")
    assert is_folder(".")


@pytest.mark.parametrize(
    "command",
    [
        ["simulate", LONG],
        ["simulate", "status-quo", "--country", LONG],
        ["strategies", "check", LONG],
        ["money", LONG],
        ["runs", "show", f"{LONG}/0123456789ab"],
    ],
)
def test_a_name_too_long_for_a_path_is_a_name_nobody_knows(
    command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for language in LANGUAGES:
        assert run(["--lang", language, *command]) == 2
        assert "xxxxx" in capsys.readouterr().err


def test_a_run_is_not_found_at_a_path_too_long() -> None:
    with pytest.raises(DataError, match="0123456789ab"):
        find_run(f"{LONG}/0123456789ab")


def test_many_codes_after_where_are_codes_not_a_path() -> None:
    """More codes than a path may have letters: one line for every municipality of a state."""
    many = ",".join(["T3", "T6"] * 100)
    chosen = chosen_places([f"tl-m1={many}"], [load_strategy("ten-lamps-2018", "toyland")], TOYLAND)
    assert chosen == {"ten-lamps-2018": {"tl-m1": ("T3", "T6")}}


def test_a_mask_without_end_or_too_large_is_refused(tmp_path: Path) -> None:
    if os.path.exists("/dev/zero"):
        with pytest.raises(DataError, match="4 MB"):
            mask_places("/dev/zero", TOYLAND)
        with pytest.raises(DataError, match="4 MB"):
            read_written("/dev/zero")
    large = tmp_path / "mask.csv"
    large.write_bytes(b"T3\n" * 1_400_000)
    with pytest.raises(DataError, match="4 MB"):
        mask_places(large, TOYLAND)
    with pytest.raises(DataError, match="cannot be read"):
        mask_places("a\0/b", TOYLAND)


def test_a_file_of_values_without_end_is_refused_before_it_is_built() -> None:
    for text in ("[" + "1," * 60_000 + "]", "- 1\n" * 60_000, "".join(f"k{n}: 1\n" for n in range(30_000))):
        with pytest.raises(DataError, match="more than 50,000 values"):
            parse_written(text, "file.yaml")
    assert len(parse_written("[" + "1," * 40_000 + "]", "file.yaml").value) == 40_000


def test_digits_of_other_scripts_stay_text() -> None:
    """YAML 1.2 knows decimal numbers of the digits 0 to 9 alone."""
    assert parse_written("[1٣, ٣.٣, １２, 12]", "file.yaml").value == ["1٣", "٣.٣", "１２", 12]
