"""What a hostile or careless user hands to the laboratory: a sentence and exit code 2, whatever it is."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from careo.base.errors import DataError
from careo.base.files import is_file, is_folder
from careo.base.texts import LANGUAGES
from careo.base.yaml_files import parse_written, read_written
from careo.panel import load_country
from careo.record.strategy import load_strategy
from careo.run import run_manifest
from careo.run.effects import LeftOut
from careo.run.measure_places import chosen_places
from careo.run.place_selection import mask_places
from careo.run.run_blocks import read_block, write_block
from careo.run.run_files import array_bytes, arrays_in, decoded_as
from careo.run.run_manifest import job_bytes, job_in, variants_of
from careo.run.run_plan import plan_run
from careo.run.runs import find_run, read_run, start_run
from careo.run.scenario import compile_scenario
from careo.run.shards import export_run
from careo.views.cli import run
from test_strategy_mistakes import measure, written

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
    if Path("/dev/zero").exists():
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


def test_a_noun_of_a_run_holds_what_its_annotations_say() -> None:
    left = {"$LeftOut": {"lever": "x", "mechanisms": ["y"], "level": "state"}}
    assert decoded_as(tuple[LeftOut, ...], [left], ()) == (LeftOut("x", ("y",), "state"),)
    for part, value in (
        ("lever", 5),
        ("mechanisms", "y"),
        ("mechanisms", [None]),
        ("level", {"$LeftOut": 1}),
    ):
        wrong = {"$LeftOut": {**left["$LeftOut"], part: value}}
        with pytest.raises((ValueError, TypeError, AttributeError)):
            decoded_as(tuple[LeftOut, ...], [wrong], ())
    with pytest.raises(ValueError, match="LeftOut"):
        decoded_as(tuple[LeftOut, ...], {"a": 1}, ())


def test_a_header_that_is_no_header_is_not_an_array() -> None:
    for words in (b"(" * 300, b"{'descr': [", b"'''"):
        head = words + b" " * (310 - len(words)) + b"\n"
        with pytest.raises(ValueError, match=r"header|Header|array"):
            arrays_in(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head)


def test_variants_of_a_run_are_checked() -> None:
    good = {"name": "main", "draws": 2, "members_nation": None, "without": []}
    assert len(variants_of({"variants": [good]})) == 1
    for change in (
        {"name": "other"},
        {"members_nation": {}},
        {"members_nation": float("inf")},
        {"without": [5]},
    ):
        with pytest.raises((ValueError, TypeError)):
            variants_of({"variants": [{**good, **change}]})
    with pytest.raises(ValueError, match="main"):
        variants_of({"variants": [good, good]})


def test_a_folder_or_a_dead_link_in_the_place_of_a_block_is_a_damaged_block(tmp_path: Path) -> None:
    block = tmp_path / "main.000000.0123456789abcdef.npy"
    block.symlink_to(tmp_path / "nowhere")
    assert read_block(block, 2) is None
    block.unlink()
    block.mkdir()
    assert read_block(block, 2) is None


def test_a_measure_may_end_with_the_last_day_there_is(tmp_path: Path) -> None:
    path = written(tmp_path, measure("m-1", end="9999-12-31"))
    strategy = load_strategy(path, "toyland")
    assert compile_scenario(strategy, TOYLAND, months=24, price_year=2022, path=path).doses.any()


@pytest.mark.parametrize("name", ["manifest.json", "inputs.npy"])
@pytest.mark.parametrize("how", ["large", "endless", "pipe", "deep"])
def test_files_of_a_run_are_read_only_as_far_as_they_can_be_meant(
    name: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = start_run(plan_run([], TOYLAND, months=2, draws=1, seed=1, outcomes=()), tmp_path / "runs").path
    file = path / name
    if how == "large":
        for bound in ("MOST_MANIFEST_BYTES", "MOST_INPUTS_BYTES"):
            monkeypatch.setattr(run_manifest, bound, file.stat().st_size - 1)
    elif how == "deep":
        file.write_text("[" * 100_000)
    else:
        file.unlink()
        file.symlink_to("/dev/zero") if how == "endless" else os.mkfifo(file)
    with pytest.raises(DataError) as told:
        read_run(path)
    assert told.value.key == "run_manifest" and name in told.value.where


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_block_of_other_numbers_is_damaged(tmp_path: Path, cut: int) -> None:
    # Counts as fractions, members as whole numbers: shapes and checksum fit, and a kernel's reader would take them.
    run_ = start_run(plan_run([], TOYLAND, months=2, draws=1, seed=1, outcomes=()), tmp_path / "runs")
    block = next(run_.path.glob("main.*.npy"))
    arrays = arrays_in(block.read_bytes())
    arrays[cut] = arrays[cut].astype(np.float64 if cut < 2 else np.int64)
    block.unlink()
    write_block(run_.path, "main", 0, array_bytes(arrays))
    with pytest.raises(DataError, match="block"):
        read_run(run_.path)


def test_a_block_larger_than_it_can_be_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_ = start_run(plan_run([], TOYLAND, months=2, draws=1, seed=1, outcomes=()), tmp_path / "runs")
    block = next(run_.path.glob("main.*.npy"))
    data = block.read_bytes() + array_bytes([np.zeros((2_000_000, 1))])
    block.unlink()
    write_block(run_.path, "main", 0, data)
    with pytest.raises(DataError, match="block"):
        read_run(run_.path)


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_block_of_another_size_is_damaged_not_exported(tmp_path: Path, cut: int) -> None:
    plan = plan_run([], TOYLAND, months=2, draws=1, seed=1, outcomes=())
    run_ = start_run(plan, tmp_path / "runs")
    block = next(run_.path.glob("main.*.npy"))
    arrays = arrays_in(block.read_bytes())
    arrays[cut] = np.concatenate([arrays[cut], arrays[cut]], axis=0)
    block.unlink()
    write_block(run_.path, "main", 0, array_bytes(arrays))
    with pytest.raises(DataError, match="block"):
        export_run(run_.path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("wrong", ["size", "endless"])
def test_arrays_that_do_not_fit_are_a_damaged_run(wrong: str) -> None:
    job = plan_run([], TOYLAND, months=2, draws=1, seed=1).job
    if wrong == "size":
        levels = {
            name: replace(level, monthly=level.monthly[:1]) for name, level in job.companions.levels.items()
        }
        job = replace(job, companions=replace(job.companions, levels=levels))
    else:
        job = replace(job, history=replace(job.history, counts=np.full_like(job.history.counts, np.inf)))
    with pytest.raises(ValueError, match=r"without end|companions"):
        job_in(job_bytes(job))
