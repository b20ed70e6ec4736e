"""Runs on disk: what is read is what was drawn, and whatever stops a run costs a block at most and damages nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import careo
from careo.base.errors import CareoError, OutputError
from careo.base.texts import LANGUAGES
from careo.run import run_plan, runs
from careo.run.ensemble import Ensemble, simulate
from careo.run.run_blocks import write_block
from careo.run.run_files import array_bytes, arrays_in
from careo.run.run_manifest import checksum
from careo.run.run_plan import MAIN, WITHOUT_D, Plan, estimate_run, plan_run
from careo.run.runs import find_run, list_runs, open_run, read_run, remove_run, resume_run, start_run
from careo.run.shards import export_run
from careo.views import cli
from careo.views.cli import Asked
from careo.views.runs_verbs import runs_list_verb, runs_remove_verb, runs_resume_verb, runs_show_verb
from careo.views.simulate_verbs import compare_verb, simulate_verb

STRATEGY = "ten-lamps-2018"
MONTHS, DRAWS = 66, 300  # three blocks of draws, the last one short; the last year is half one

PROGRAM = f"""
import sys, time
import careo
from careo.run import run_plan, runs
from careo.run.ensemble import Job

once = Job.run
def slowly(job, block):
    time.sleep(float(sys.argv[2]))
    return once(job, block)
Job.run = slowly
plan = run_plan.plan_run([careo.load_strategy({STRATEGY!r}, "toyland")], careo.load_country("toyland"), months={MONTHS}, draws={DRAWS})
print("begun", flush=True)
try:
    runs.start_run(plan, sys.argv[1], threads=1)
except careo.CareoError as error:
    print(error.key, flush=True)
    sys.exit(2)
"""


def plan(**asked: object) -> Plan:
    how = {"months": MONTHS, "draws": DRAWS, **asked}
    return plan_run([careo.load_strategy(STRATEGY, "toyland")], careo.load_country("toyland"), **how)  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing ever stopped."""
    return start_run(plan(), tmp_path_factory.mktemp("runs")).path


@pytest.fixture
def copied(whole: Path, tmp_path: Path) -> Path:
    """A copy of it to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / whole.name))


def files(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(path.iterdir()) if file.name != ".lock"}


def blocks(path: Path) -> list[Path]:
    return sorted(path.glob("*.[0-9]*.npy"))


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


# ── damage ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_damaged_block_is_named_and_not_read(copied: Path) -> None:
    block = next(file for file in blocks(copied) if file.name.startswith(f"{MAIN}.000125"))
    data = bytearray(block.read_bytes())
    data[len(data) // 2] ^= 1
    block.write_bytes(data)
    with pytest.raises(CareoError, match="this block is damaged") as caught:
        read_run(copied)
    assert caught.value.where == str(block)
    assert read_run(copied, variant=WITHOUT_D).seed == 7  # the others are sound


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda text: text.replace("careo.run/1", "careo.run/9"), "run_version"),
        (lambda text: text.replace('"seed": 7', '"seed": 8'), "run_manifest"),
        (lambda text: text[:200], "run_manifest"),
        (lambda text: "[]", "run_version"),
        (lambda text: "", "run_manifest"),
    ],
)
def test_a_manifest_of_another_version_or_with_another_question_is_refused(
    change: object, key: str, copied: Path
) -> None:
    manifest = copied / "manifest.json"
    manifest.write_text(change(manifest.read_text()))  # pyright: ignore[reportCallIssue]
    before = files(copied)
    for attempt in (read_run, find_run, resume_run):
        with pytest.raises(CareoError) as caught:
            attempt(copied)
        assert caught.value.key == key
    assert [error.key for error in list_runs(copied.parent)[1]] == [key]
    with pytest.raises(CareoError) as caught:
        start_run(plan(), copied.parent)
    assert caught.value.key == key
    assert files(copied) == before
    remove_run(copied)
    assert not copied.exists()


def test_damaged_inputs_are_refused(copied: Path) -> None:
    (copied / "inputs.npy").write_bytes(b"")
    with pytest.raises(CareoError, match="damaged"):
        read_run(copied)


@pytest.mark.parametrize("part", ["levers", "parameters", "model"])
def test_a_run_is_not_finished_with_other_numbers_than_it_was_begun_with(
    part: str, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks(copied)[0].unlink()
    outside = runs.outside
    monkeypatch.setattr(runs, "outside", lambda job: {**outside(job), part: "0" * 64})
    before = files(copied)
    with pytest.raises(CareoError, match="changed since this run began") as caught:
        resume_run(copied)
    assert caught.value.key == f"run_changed_{part}"
    assert files(copied) == before


def test_another_kind_of_computer_does_not_finish_a_run(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "computer", lambda: {"numpy": "0.1", "numba": "0.1", "machine": "abacus"})
    with pytest.raises(CareoError, match="another kind of computer"):
        resume_run(copied)


@pytest.mark.parametrize("room", [10_000, 400_000])  # too little for the question, or for a block
def test_a_full_disk_damages_nothing(room: int, whole: Path, tmp_path: Path) -> None:
    program = PROGRAM.replace("import careo\n", "import careo, resource\n", 1) + "\n"
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
    program = program.replace('print("begun"', limit + 'print("begun"', 1)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), "0"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()) == (2, ["begun", "output_unwritable"]), done.stderr
    path = tmp_path / whole.name
    assert (path / "manifest.json").exists() == path.exists() == (room == 400_000)
    assert all(map(len, files(path).values()) if path.exists() else ())
    if room == 10_000:
        start_run(plan(), tmp_path)
    resume_run(path)
    assert files(path) == files(whole)


SIMULATE = """
import sys
from careo.__main__ import main
sys.argv = ["careo", "simulate", sys.argv[2], "--country", "toyland", "--months", "66", "--draws", "300", "-o", sys.argv[1], *sys.argv[3:]]
{limit}
main()
"""


def simulated(folder: Path, *options: str, limit: str = "") -> subprocess.CompletedProcess[str]:
    program = SIMULATE.replace("{limit}", limit)
    return subprocess.run(
        [sys.executable, "-c", program, str(folder), STRATEGY, *options], capture_output=True, text=True, check=False
    )  # fmt: skip


def test_the_command_says_that_the_disk_is_full_in_a_sentence(whole: Path, tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))"
    done = simulated(tmp_path, "--lang", "es", limit=limit)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert "no se puede escribir" in done.stderr
    assert not find_run(tmp_path / whole.name).complete
    assert resume_run(tmp_path / whole.name).complete
    assert files(tmp_path / whole.name) == files(whole)


@pytest.mark.slow
def test_a_disk_that_is_really_full_damages_nothing(whole: Path, tmp_path: Path) -> None:
    mounted = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(tmp_path)]
    if os.geteuid() or subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a disk")
    try:
        with pytest.raises(OutputError, match="No space left"):
            start_run(plan(), tmp_path)
        kept = files(tmp_path / whole.name)
        assert kept and set(kept) < set(files(whole))
        assert all(data == (whole / name).read_bytes() for name, data in kept.items())
        with pytest.raises(OutputError, match="not enough room"):
            simulate_verb(asked(out=str(tmp_path)), strategies=[STRATEGY], **{**SIMULATED, "draws": "3000"})
        subprocess.run(["mount", "-o", "remount,size=64m", str(tmp_path)], check=True)
        assert files(resume_run(tmp_path / whole.name).path) == files(whole)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_of_another_version_is_a_sentence_for_every_verb(
    language: str, copied: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    manifest = copied / "manifest.json"
    manifest.write_text(manifest.read_text().replace("careo.run/1", "careo.run/9"))
    before = files(copied)
    for verb in (
        ["compare"],
        ["runs", "show"],
        ["runs", "resume"],
        ["runs", "export", "-o", str(copied.parent / "out")],
    ):
        assert cli.run([*verb, str(copied), "--lang", language]) == 2
        told = capfd.readouterr().err
        assert {"en": "another version of careo", "es": "otra versión de careo"}[language] in told
        assert "careo.run/9" in told and "Traceback" not in told
    assert files(copied) == before and not (copied.parent / "out").exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        start_run(plan(), tmp_path / "file" / "runs")


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


# ── verbs ────────────────────────────────────────────────────────────────────────────────────────────────────────


def asked(language: str = "en", out: str = "", *, json: bool = False) -> Asked:
    return Asked(language=language, json=json, offline=True, strict=False, country="toyland", out=out)


SIMULATED = {
    "months": str(MONTHS),
    "draws": str(DRAWS),
    "seed": "",
    "start": "",
    "members": "",
    "cluster": "",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_simulate_says_what_it_will_cost_then_what_came_out(
    language: str, tmp_path: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate_verb(asked(language, str(tmp_path)), strategies=[STRATEGY], **SIMULATED) == 0
    out, err = capsys.readouterr()
    assert (" MB of memory" if language == "en" else " MB de memoria") in err
    assert "\r" not in err  # no terminal, no progress
    assert f"careo compare {tmp_path / whole.name}" in out.replace("\n", " ")
    rights, homicides = (
        ("rights complaints", "homicides") if language == "en" else ("quejas de derechos", "homicidios")
    )
    table = out[out.index("P(") :]
    assert table.index(rights) < table.index(f"  {homicides} ")
    assert "Traceback" not in out + err and "{" not in out + err and "simulate." not in out + err
    assert simulate_verb(asked(language, str(tmp_path)), strategies=[STRATEGY], **SIMULATED) == 0
    again = capsys.readouterr()
    assert again.out == out
    assert whole.name in again.err


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_stops_before_anything_was_written_is_not_told_to_resume(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as early:
        early.setattr(runs, "write_manifest", stopped)
        with pytest.raises(KeyboardInterrupt):
            simulate_verb(asked(language, str(tmp_path)), strategies=[STRATEGY], **SIMULATED)
    err = capsys.readouterr().err
    assert "resume" not in err.replace("nothing to resume", "")
    assert ("nothing to resume" if language == "en" else "nada que continuar") in err
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(runs, "_compute", stopped)
    with pytest.raises(KeyboardInterrupt):
        simulate_verb(asked(language, str(tmp_path)), strategies=[STRATEGY], **SIMULATED)
    assert f"careo runs resume {tmp_path}" in capsys.readouterr().err


def test_compare_shows_years_and_places_of_one_outcome(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare_verb(asked(), run=str(whole), quantity="homicides", against="") == 0
    out = capsys.readouterr().out
    assert "Nation, year by year" in out and "Rattleford" in out and "Against the start year" in out


def test_the_json_of_a_comparison_keeps_to_the_contract(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import jsonschema

    compare_verb(asked(json=True), run=str(whole), quantity="", against="")
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, careo.schema())
    assert data["run"]["id"] == whole.name
    (numbers,) = data["comparisons"]
    assert numbers["difference"]["axes"] == ["outcome", "place", "year", "quantile"]
    assert len(numbers["difference"]["values"][0]) == 1 + 9
    assert {f["kind"] for f in data["findings"]} == {"comparison"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_runs_are_listed_shown_resumed_and_removed(
    language: str, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(copied.parent)
    blocks(copied)[0].unlink()
    (copied.parent / "0123456789ab").mkdir()
    assert runs_list_verb(asked(language, folder)) == 0
    out = capsys.readouterr().out
    assert copied.name in out and STRATEGY in out and "13" in out and "0123456789ab" in out
    runs_show_verb(asked(language, folder), name=copied.name)
    assert "members-230000" in capsys.readouterr().out
    runs_resume_verb(asked(language, folder), name=copied.name[:4], cluster="")
    assert "14" in capsys.readouterr().out
    assert find_run(copied).complete
    runs_remove_verb(asked(language, folder), names=[copied.name])
    assert copied.name in capsys.readouterr().out
    assert not copied.exists()
    for verb in (runs_list_verb,):
        assert verb(asked(language, folder, json=True)) == 0
        assert json.loads(capsys.readouterr().out)["runs"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"months": "0"},
        {"draws": "many"},
        {"seed": "-1"},
        {"start": "soon"},
        {"members": "nan"},
        {"draws": "1e9"},
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_before_anything_is_done(
    wrong: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(CareoError) as caught:
        simulate_verb(asked(out=str(tmp_path)), strategies=[STRATEGY], **{**SIMULATED, **wrong})
    assert caught.value.key in ("usage_value", "usage_date")
    assert not list(tmp_path.iterdir())


def test_a_run_that_does_not_fit_on_the_disk_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "free_bytes", lambda folder: 1000)
    with pytest.raises(OutputError, match="not enough room"):
        simulate_verb(asked(out=str(tmp_path)), strategies=[STRATEGY], **SIMULATED)
    assert not list(tmp_path.iterdir())


# ── a manifest made by somebody else ─────────────────────────────────────────────────────────────────────────────


def _inner(item: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    pairs = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    return [path, *(deeper for key, value in pairs for deeper in _inner(value, (*path, key)))]


def test_a_manifest_that_anybody_wrote_is_read_or_refused_and_never_a_crash(copied: Path) -> None:
    sound = json.loads((copied / "manifest.json").read_text(encoding="utf-8"))
    places = [path for path in _inner(sound) if path and path[0] not in ("checksum", "schema")]
    values = [None, -1, 10**30, "", [], {}, "x" * 50, True, {"$array": 99}, {"$date": "no"}, {"$Period": {}}]
    refused = 0
    for turn, path in enumerate(places[:: len(places) // 60]):
        inner = changed = json.loads(json.dumps(sound))
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = values[turn % len(values)]
        changed["checksum"] = checksum(changed)
        (copied / "manifest.json").write_text(json.dumps(changed), encoding="utf-8")
        for verb in (read_run, find_run, resume_run):
            try:
                verb(copied.name, copied.parent)
            except CareoError as error:
                refused += 1
                assert error.render("es") != error.render("en")
    assert refused


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("variants", 0, "members_nation"), "abc"),
        (("variants", 0, "members_nation"), float("inf")),
        (("variants", 0, "members_nation"), -5),
        (("variants", 0, "without"), ["D", 3]),
        (("variants", 0, "without"), "D"),
        (("variants", 0, "draws"), True),
        (("question", "members_nation"), "5"),
        (("question", "months"), 12 * MONTHS),  # further than the doses in the file reach
        (("question", "start"), "1999-01"),
    ],
)
@pytest.mark.parametrize("verb", [read_run, open_run, resume_run])
def test_what_a_kernel_would_take_unseen_is_a_damaged_run(
    copied: Path, path: tuple[object, ...], value: object, verb: Callable[[str, Path], object]
) -> None:
    inner = changed = json.loads((copied / "manifest.json").read_text(encoding="utf-8"))
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    changed["checksum"] = checksum(changed)
    (copied / "manifest.json").write_text(json.dumps(changed), encoding="utf-8")
    for block in copied.glob(f"{MAIN}.*"):
        if verb is resume_run:
            block.unlink()
    with pytest.raises(CareoError, match="this file of a run is damaged"):
        verb(copied.name, copied.parent)


def test_a_block_of_other_shapes_is_named_and_computed_anew(
    copied: Path, whole: Path, tmp_path: Path
) -> None:
    last = sorted(copied.glob(f"{MAIN}.*"))[-1]
    yearly, monthly, members = arrays_in(last.read_bytes())
    last.unlink()
    write_block(copied, MAIN, 250, array_bytes([yearly[:, :2], monthly, members]))
    with pytest.raises(CareoError, match="this block is damaged"):
        read_run(copied.name, copied.parent)
    with pytest.raises(CareoError, match="this block is damaged"):
        export_run(copied, tmp_path / "shards")
    resume_run(copied.name, copied.parent)
    assert files(copied) == files(whole)
