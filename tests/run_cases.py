"""A small run of Toyland on disk, whole and copied to be damaged, and what two runs are compared by."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import careo
from careo.run.run_plan import Plan, plan_run
from careo.run.runs import start_run
from careo.views.cli import Asked

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
"""A process of its own that begins that run: python -c PROGRAM FOLDER SECONDS, so long each block waits."""


def plan(**asked: object) -> Plan:
    """The question of that run, or one that differs from it as asked."""
    how = {"months": MONTHS, "draws": DRAWS, **asked}
    return plan_run([careo.load_strategy(STRATEGY, "toyland")], careo.load_country("toyland"), **how)  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module", name="whole")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing ever stopped."""
    return start_run(plan(), tmp_path_factory.mktemp("runs")).path


@pytest.fixture(name="copied")
def copied_run(whole: Path, tmp_path: Path) -> Path:
    """A copy of it to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / whole.name))


def files(path: Path) -> dict[str, bytes]:
    """What stands in the folder of a run, by name."""
    return {file.name: file.read_bytes() for file in sorted(path.iterdir()) if file.name != ".lock"}


def blocks(path: Path) -> list[Path]:
    """The blocks of draws of a run."""
    return sorted(path.glob("*.[0-9]*.npy"))


def asked(language: str = "en", out: str = "", *, json: bool = False) -> Asked:
    """What every verb is asked."""
    return Asked(language=language, json=json, offline=True, strict=False, country="toyland", out=out)


SIMULATED = {
    "months": str(MONTHS),
    "draws": str(DRAWS),
    "seed": "",
    "start": "",
    "members": "",
    "cluster": "",
}
"""What `careo simulate` is asked for that run."""
