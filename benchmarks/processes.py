"""careo as a whole process, as a user starts it: how long it takes and how much memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from benchmarks.evaluate import ROOT

_OWN = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
ENVIRONMENT = {**_OWN, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
"""Processes find this careo and these benchmarks, and keep their bytecode as a user's do: else each compiles careo's modules anew."""


WITHOUT_TOOLS = "import sys\nsys.modules['scipy'] = sys.modules['dask'] = None\n"
"""What a process begins with that has only what careo's users need have: numba and xarray load SciPy and Dask where they are."""


class Took(NamedTuple):
    """A process: seconds by the clock, seconds of processor time, peak memory."""

    seconds: float
    processor: float
    peak_mb: float


def cold(arguments: Sequence[str], runs: int) -> float:
    """Median seconds of whole careo processes."""
    return statistics.median(whole_process(["-m", "careo", *arguments]).seconds for _ in range(runs))


def whole_process(arguments: Sequence[str], environment: Mapping[str, str] = ENVIRONMENT) -> Took:
    """What a Python process takes from its start to its end."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} left with {process.returncode}")
    return Took(
        time.perf_counter() - begin,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024),
    )


def seconds_until(arguments: Sequence[str], seen: Callable[[], bool]) -> float:
    """How long after the start of a Python process something can be seen; the process is then let run to its end."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (there := seen()) and process.poll() is None:
        time.sleep(0.002)
    seconds = time.perf_counter() - begin
    if process.wait() or not there:
        raise SystemExit(f"{' '.join(arguments)} left with {process.returncode}")
    return seconds
