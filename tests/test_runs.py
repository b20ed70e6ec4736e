"""Runs on disk: what is read is what was drawn, and what stops a run costs a block at most."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import careo
from careo.base.errors import CareoError, OutputError
from careo.run import run_plan, runs
from careo.run.ensemble import Ensemble, simulate
from careo.run.run_blocks import write_block
from careo.run.run_files import array_bytes
from careo.run.run_plan import MAIN, WITHOUT_D, estimate_run, plan_run
from careo.run.runs import find_run, list_runs, open_run, read_run, remove_run, resume_run, start_run
from run_cases import (
    DRAWS,
    MONTHS,
    PROGRAM,
    STRATEGY,
    blocks,
    copied_run,  # noqa: F401 - a fixture
    files,
    plan,
    whole_run,  # noqa: F401 - a fixture
)


def same(one: Ensemble, other: Ensemble) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("yearly", "monthly", "members", "baseline_year")
    )


# ── round trips ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_read_is_what_simulate_gives(whole: Path) -> None:
    strategy, country = careo.load_strategy(STRATEGY, "toyland"), careo.load_country("toyland")
    read = read_run(whole)
    direct = simulate([strategy], country, months=MONTHS, draws=DRAWS)
    assert same(read, direct)
    assert read.yearly.dtype == np.int64
    assert (read.strategies, read.seed, read.start, read.failures) == (
        direct.strategies, direct.seed, direct.start, direct.failures
    )  # fmt: skip
    assert read.scenarios[1].measures == direct.scenarios[1].measures
    assert read.scenarios[1].notes == direct.scenarios[1].notes
    assert np.array_equal(read.scenarios[1].doses, direct.scenarios[1].doses)
    assert np.array_equal(
        read.scenarios[1].costs[0].value, direct.scenarios[1].costs[0].value, equal_nan=True
    )
    assert read.left_out == direct.left_out
    assert read.companions.levels.keys() == direct.companions.levels.keys()


def test_the_ensembles_of_a_run_are_those_of_simulate_with_their_arguments(whole: Path) -> None:
    strategy, country = careo.load_strategy(STRATEGY, "toyland"), careo.load_country("toyland")
    names = [variant.name for variant in find_run(whole).variants]
    assert names == [
        MAIN, WITHOUT_D, "members-30000", "members-60000", "members-115000", "members-230000"
    ]  # fmt: skip
    direct = simulate([strategy], country, months=MONTHS, draws=DRAWS, without=frozenset("D"))
    assert same(read_run(whole, variant=WITHOUT_D), direct)
    few = read_run(whole, variant="members-30000")
    direct = simulate([strategy], country, months=MONTHS, draws=250, members_nation=30_000.0)
    assert same(few, direct)
    assert few.members_nation == 30_000.0
    assert not same(read_run(whole), read_run(whole, variant=WITHOUT_D))


def test_a_run_gone_through_block_by_block_says_what_one_in_memory_says(whole: Path) -> None:
    futures = open_run(whole)
    country = careo.load_country("toyland")
    names = [name for name in futures if name.startswith("members-")]
    ways = [
        careo.compare(
            of(MAIN), without_d=of(WITHOUT_D), scales=[of(name) for name in names], country=country
        )
        for of in (lambda name: read_run(whole, variant=name), lambda name: futures[name])
    ]  # fmt: skip
    assert ways[0] == ways[1] and len(ways[0]) == 5
    assert futures[MAIN].draws == DRAWS and futures[MAIN].years == 6 and futures["members-30000"].draws == 250


def test_a_run_that_is_not_complete_is_not_gone_through(copied: Path) -> None:
    last = sorted(copied.glob(f"{MAIN}.*"))[-1]
    data = last.read_bytes()
    last.unlink()
    with pytest.raises(CareoError, match="1 of 3 blocks are missing"):
        next(open_run(copied)[MAIN].blocks())
    last.write_bytes(data[:-8])
    with pytest.raises(CareoError, match="this block is damaged"):
        list(open_run(copied)[MAIN].blocks())
    last.unlink()
    other = np.zeros((1, 5, 9, 6, 50), dtype=np.int32)
    write_block(copied, MAIN, 250, array_bytes([other, other[:, :, 0], other[:, 0]]))
    with pytest.raises(CareoError, match="this block is damaged"):
        list(open_run(copied)[MAIN].blocks())


def test_a_run_is_found_by_its_id_its_first_digits_or_its_path(whole: Path) -> None:
    ways = [
        find_run(whole.name, whole.parent),
        find_run(whole.name[:5], whole.parent),
        find_run(str(whole)),
        find_run(whole),
    ]
    assert {run.path for run in ways} == {whole}
    assert ways[0].complete and ways[0].blocks == len(blocks(whole)) == 3 + 3 + 4 * 2


@pytest.mark.parametrize(
    "asked",
    [{"seed": 8}, {"draws": 301}, {"months": 67}, {"members_nation": 5000.0}, {"without": frozenset("D")}, {"sweep": False}],
)  # fmt: skip
def test_another_question_is_another_run(asked: dict[str, object], whole: Path) -> None:
    assert plan(**asked).id != whole.name
    assert plan().id == whole.name


def test_the_id_depends_on_numbers_and_not_on_words(monkeypatch: pytest.MonkeyPatch, whole: Path) -> None:
    from dataclasses import replace

    levers = dict(run_plan.load_levers("toyland"))
    reworded = {name: replace(lever, grade_note={"en": "x", "es": "x"}) for name, lever in levers.items()}
    monkeypatch.setattr(run_plan, "load_levers", lambda country: reworded)
    assert plan().id == whole.name
    lamps = levers["street-lighting"]
    stronger = tuple(replace(e, mean=(e.mean or 0) - 0.01) for e in lamps.effects)
    monkeypatch.setattr(
        run_plan,
        "load_levers",
        lambda country: {**levers, "street-lighting": replace(lamps, effects=stronger)},
    )
    assert plan().id != whole.name


def test_the_same_question_again_computes_nothing(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(copied)
    monkeypatch.setattr(runs, "_compute_block", lambda *_: pytest.fail("computed anew"))
    assert start_run(plan(), copied.parent).complete
    assert files(copied) == before


def test_one_thread_and_many_write_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    assert files(start_run(plan(), tmp_path, threads=4).path) == files(whole)


def test_the_estimate_of_the_disk_is_what_the_blocks_take(whole: Path) -> None:
    estimate = estimate_run(plan())
    taken = sum(file.stat().st_size for file in blocks(whole))
    assert taken == pytest.approx(estimate.disk_bytes, rel=0.05)
    assert estimate.cells == 2 * 9 * MONTHS * (DRAWS + DRAWS + 4 * 250)
    assert estimate.seconds > 0


# ── stopping and resuming ────────────────────────────────────────────────────────────────────────────────────────


def started(folder: Path, seconds: float) -> subprocess.Popen[str]:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), str(seconds)], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stdout.readline() == "begun\n"
    return program


def test_a_run_killed_at_any_moment_resumes_to_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / whole.name
    for target in (1, 4, 9):
        program = started(tmp_path, 0.05)
        deadline = time.monotonic() + 60
        while len(blocks(path) if path.exists() else []) < target and time.monotonic() < deadline:
            time.sleep(0.005)
        program.send_signal(signal.SIGKILL)
        program.communicate()
        kept = set(files(path))
        assert target <= len(blocks(path)) < 14
        assert not find_run(path).complete
        with pytest.raises(CareoError, match="careo runs resume"):
            read_run(path, variant="members-230000")
        assert {name for name in kept if not name.startswith(".")} <= set(files(whole))
    (path / f".{blocks(whole)[0].name}.abc123").write_bytes(b"half")  # a draft that a killed run left
    done: list[tuple[int, int]] = []
    assert resume_run(path, progress=lambda now, of: done.append((now, of))).complete
    assert files(path) == files(whole)
    assert done[0][0] >= 9 and done[-1] == (14, 14)
    assert same(read_run(path), read_run(whole))


def test_a_run_killed_before_its_question_was_written_begins_anew(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / whole.name
    path.mkdir()
    (path / ".manifest.json.xyz").write_text("{")
    assert [error.key for error in list_runs(tmp_path)[1]] == ["run_begun"]
    start_run(plan(), tmp_path)
    assert files(path) == files(whole)


def test_only_what_is_missing_or_damaged_is_computed(copied: Path, whole: Path) -> None:
    first, second, third, *_ = blocks(copied)
    first.unlink()
    second.write_bytes(second.read_bytes()[:-9])
    (copied / third.name.replace(third.name[-20:-4], "0" * 16)).write_bytes(third.read_bytes())  # twice
    times = {file.name: file.stat().st_mtime_ns for file in blocks(copied)}
    done: list[int] = []
    resume_run(copied, progress=lambda now, _: done.append(now))
    assert done == [11, 12, 13, 14]
    assert files(copied) == files(whole)
    kept = [file for file in blocks(copied) if times.get(file.name) == file.stat().st_mtime_ns]
    assert len(kept) == 11


def test_two_at_once_do_not_disturb_each_other(whole: Path, tmp_path: Path) -> None:
    program = started(tmp_path, 0.15)
    path = tmp_path / whole.name
    deadline = time.monotonic() + 60
    while not (path.exists() and blocks(path)) and time.monotonic() < deadline:
        time.sleep(0.01)
    for attempt in (lambda: start_run(plan(), tmp_path), lambda: resume_run(path), lambda: remove_run(path)):
        with pytest.raises(CareoError, match="another careo is at work on this run"):
            attempt()
    assert find_run(path).done < 14  # looking is allowed
    program.communicate(timeout=120)
    assert program.returncode == 0
    assert files(path) == files(whole)


# ── removing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_removing_leaves_what_careo_did_not_write(copied: Path) -> None:
    (copied / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        remove_run(copied)
    assert [file.name for file in copied.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("name", ["..", "../..", "", "zzz", "/", "."])
def test_what_is_no_run_is_not_removed(name: str, copied: Path) -> None:
    with pytest.raises(CareoError, match="no such run"):
        remove_run(name, copied.parent)
    assert copied.exists()


def test_two_runs_that_begin_alike_are_not_guessed_at(copied: Path) -> None:
    shutil.copytree(copied, copied.with_name(copied.name[:6] + "000000"))
    with pytest.raises(CareoError, match="several runs begin like this"):
        find_run(copied.name[:6], copied.parent)


def test_two_strategies_of_one_name_are_refused() -> None:
    strategy = careo.load_strategy(STRATEGY, "toyland")
    with pytest.raises(CareoError, match="strategies have this name"):
        plan_run([strategy, strategy], careo.load_country("toyland"), months=MONTHS, draws=2)
