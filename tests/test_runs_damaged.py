"""Runs on disk that are damaged, made by others, or met a full disk: named, refused or mended, never a crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from careo.base.errors import CareoError, OutputError
from careo.base.texts import LANGUAGES
from careo.run import runs
from careo.run.run_blocks import write_block
from careo.run.run_files import array_bytes, arrays_in
from careo.run.run_manifest import checksum
from careo.run.run_plan import MAIN, WITHOUT_D
from careo.run.runs import find_run, list_runs, open_run, read_run, remove_run, resume_run, start_run
from careo.run.shards import export_run
from careo.views import cli
from careo.views.simulate_verbs import simulate_verb
from run_cases import (
    MONTHS,
    PROGRAM,
    SIMULATED,
    STRATEGY,
    asked,
    blocks,
    copied_run,  # noqa: F401 - a fixture
    files,
    plan,
    whole_run,  # noqa: F401 - a fixture
)

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
