"""Raw draws as Parquet: every count of a run, in files named by their content, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import careo
from careo.base.errors import CareoError, OutputError
from careo.base.texts import LANGUAGES
from careo.run import shards
from careo.run.run_blocks import block_bytes, block_files, read_block
from careo.run.run_plan import plan_run
from careo.run.runs import open_run, read_run, start_run
from careo.views import cli

STRATEGY, DRAWS = "ten-lamps-2018", 150


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    country = careo.load_country("toyland")
    plan = plan_run([careo.load_strategy(STRATEGY, "toyland")], country, months=18, draws=DRAWS)
    return start_run(plan, tmp_path_factory.mktemp("runs")).path


@pytest.fixture(scope="module")
def exported(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("out") / "draws"
    shards.export_run(run, to)
    return to


def test_every_count_comes_back_by_its_names(run: Path, exported: Path) -> None:
    ensemble = read_run(run)
    rows = pl.read_parquet(exported / "yearly" / "main.*.parquet").sort(
        "strategy", "outcome", "place", "year", "draw"
    )
    counts = rows["count"].to_numpy().reshape(ensemble.yearly.shape)
    assert np.array_equal(counts, ensemble.yearly.where(ensemble.yearly >= 0), equal_nan=True)
    one = rows.filter(
        (pl.col("strategy") == STRATEGY) & (pl.col("outcome") == "homicides") & (pl.col("place") == "T3")
        & (pl.col("year") == 2) & (pl.col("draw") == 137)
    )  # fmt: skip
    at = ensemble.yearly.sel(strategy=STRATEGY, outcome="homicides", place="T3", year=2).to_numpy()[137]
    assert one["count"].to_list() == [at]
    months = pl.read_parquet(exported / "monthly" / "main.*.parquet")
    nation = months.filter((pl.col("strategy") == "status-quo") & (pl.col("outcome") == "homicides"))
    assert nation["month"].unique().sort().to_list()[0] == ensemble.start
    assert nation["count"].sum() == int(ensemble.monthly[0, 0].sum())
    members = pl.read_parquet(exported / "members" / "main.*.parquet")
    assert members["members"].to_numpy() == pytest.approx(
        np.concatenate([ensemble.members.to_numpy()[..., a:b].reshape(-1) for a, b in ((0, 125), (125, 150))])
    )


def test_the_files_of_all_ensembles_fit_together(exported: Path) -> None:
    rows = (
        pl.scan_parquet(exported / "yearly" / "*.parquet")
        .group_by("ensemble")
        .agg(pl.col("draw").n_unique())
        .collect()
    )
    assert dict(rows.iter_rows())["main"] == DRAWS
    assert {"main", "without-D", "members-30000"} <= {str(name) for name in rows["ensemble"]}


def test_the_list_names_every_file_by_its_content(run: Path, exported: Path) -> None:
    listed = json.loads((exported / "shards.json").read_text(encoding="utf-8"))
    assert listed["schema"] == "careo.shards/1" and listed["run"] == run.name
    found = {path.relative_to(exported).as_posix() for path in exported.rglob("*.parquet")}
    assert {shard["file"] for shard in listed["shards"]} == found
    for shard in listed["shards"]:
        data = (exported / shard["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == shard["sha256"] and shard["sha256"][:16] in shard["file"]
        assert pl.read_parquet(data).columns == list(listed["tables"][shard["table"]])
        assert pl.read_parquet(data).height == shard["rows"]


def test_the_same_run_gives_the_same_bytes(run: Path, exported: Path, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    shards.export_run(run, tmp_path / "again")
    one, other = ({p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in (exported, tmp_path / "again"))  # fmt: skip
    assert one == other


def test_what_is_not_known_is_null_and_never_nothing(run: Path, tmp_path: Path) -> None:
    path = tmp_path / run.name
    path.mkdir()
    for file in run.iterdir():
        (path / file.name).write_bytes(file.read_bytes())
    (file,) = block_files(path)["main", 125]
    yearly, monthly, members = read_block(file, 25) or []
    yearly, monthly = yearly.copy(), monthly.copy()
    yearly[..., 4], monthly[..., 4] = -1, -1
    data = block_bytes([yearly, monthly, members])
    file.unlink()
    (path / f"main.000125.{hashlib.sha256(data).hexdigest()[:16]}.npy").write_bytes(data)
    shards.export_run(path, tmp_path / "out")
    for table, value in (("yearly", "count"), ("monthly", "count"), ("members", "members")):
        rows = pl.read_parquet(tmp_path / "out" / table / "main.*.parquet")
        homicides = rows.filter(pl.col("outcome") == "homicides") if "outcome" in rows.columns else rows
        nulls = homicides.filter(pl.col(value).is_null())
        assert nulls["draw"].unique().to_list() == [129]
        assert rows[value].min() >= 0  # pyright: ignore[reportOperatorIssue, reportOptionalOperand]


def test_a_block_with_further_arrays_is_read_past_them(run: Path, tmp_path: Path) -> None:
    path = tmp_path / run.name
    path.mkdir()
    for file in run.iterdir():
        (path / file.name).write_bytes(file.read_bytes())
    for (variant, first), (file,) in block_files(path).items():
        draws = min(125, DRAWS - first)
        arrays = read_block(file, draws) or []
        data = block_bytes([*arrays, np.zeros((2, 40, 2, draws), dtype=np.int64)])
        file.unlink()
        (path / f"{variant}.{first:06d}.{hashlib.sha256(data).hexdigest()[:16]}.npy").write_bytes(data)
    assert np.array_equal(read_run(path).yearly, read_run(run).yearly)
    blocks = zip(open_run(path)["main"].blocks(), open_run(run)["main"].blocks(), strict=True)
    assert all(a == b and np.array_equal(x, y) for (a, x), (b, y) in blocks)


# ── whole or not at all ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_that_holds_something_is_not_touched(run: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds something already"):
        shards.export_run(run, tmp_path)
    with pytest.raises(OutputError):
        shards.export_run(run, tmp_path / "notes.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_damaged_or_unfinished_run_leaves_nothing(run: Path, tmp_path: Path) -> None:
    path = tmp_path / run.name
    path.mkdir()
    for file in run.iterdir():
        (path / file.name).write_bytes(file.read_bytes())
    last = sorted(path.glob("without-D.*"))[-1]
    last.write_bytes(last.read_bytes()[:-1])
    with pytest.raises(CareoError, match="this block is damaged"):
        shards.export_run(path, tmp_path / "out")
    last.unlink()
    with pytest.raises(CareoError, match="not complete"):
        shards.export_run(path, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == [run.name]


FULL = """
import resource, sys
from careo.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.argv = ["careo", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(language: str, run: Path, tmp_path: Path) -> None:
    arguments = ["runs", "export", str(run), "-o", str(tmp_path / "out"), "--lang", language]
    done = subprocess.run(
        [sys.executable, "-c", FULL, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert ("cannot be written" if language == "en" else "no se puede escribir") in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verb_says_what_it_wrote(
    language: str, run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["runs", "export", str(run), "-o", str(tmp_path / "out"), "--lang", language]) == 0
    assert "shards.json" in capfd.readouterr().out
    assert cli.run(["runs", "export", str(run), "--lang", language]) == 2
    assert "-o FOLDER" in capfd.readouterr().err
    assert cli.run(["runs", "export", str(run), "-o", str(tmp_path / "json"), "--json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["shards"]) == len(list(tmp_path.glob("json/*/*.parquet")))


def test_what_a_killed_export_left_is_gone_with_the_next_one_and_nothing_else_is(
    run: Path, tmp_path: Path
) -> None:
    from filelock import FileLock

    left, at_work, notes = (tmp_path / f".careo-export.{mark}" for mark in ("dead", "alive", "notes"))
    for folder in (left, at_work, notes):
        (folder / "yearly").mkdir(parents=True)
        (folder / "yearly" / "main.000000.0123456789abcdef.parquet").write_bytes(b"half")
        (folder / ".lock").touch()
    (notes / "mine.txt").write_text("mine")
    with FileLock(at_work / ".lock"):
        shards.export_run(run, tmp_path / "out")
        assert not left.exists() and (at_work / "yearly").is_dir() and (notes / "mine.txt").is_file()
    assert not (tmp_path / "out" / ".lock").exists()


def test_an_export_killed_in_the_middle_leaves_what_the_next_one_removes(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(shards.shutil, "rmtree", lambda *_, **__: None)  # as a process that is no more
        killed.setattr(shards, "_tables", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shards.export_run(run, tmp_path / "out")
    assert len(list(tmp_path.iterdir())) == 1
    shards.export_run(run, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
