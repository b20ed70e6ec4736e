"""How fast official files are imported and panels loaded, beside the straightforward pandas way."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.municipal_file import pandas_cost, write_municipal_file
from benchmarks.processes import ENVIRONMENT, whole_process


def rows(*, years: int = 10, runs: int = 3) -> list[tuple[str, float]]:
    """Importing the national municipal file and loading the panel of one indicator of it, beside the straightforward pandas way.

    Each import is a whole process with an empty data folder, as somebody types it; medians of the runs.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "municipal.csv"
        lines = write_municipal_file(file, years=years)
        seconds: list[float] = []
        peaks: list[float] = []
        for run in range(runs):
            environment = {**ENVIRONMENT, "CAREO_HOME": f"{folder}/home{run}"}
            took = whole_process(["-m", "careo", "data", "import", str(file)], environment)
            seconds.append(took.seconds)
            peaks.append(took.peak_mb)
        slow, large = pandas_cost(file)
        panel = _panel_seconds({**ENVIRONMENT, "CAREO_HOME": f"{folder}/home0"})
    mine = statistics.median(seconds)
    return [
        ("rows of the municipal file [million]", lines / 1e6),
        ("import of the municipal file, cold [s]", mine),
        ("import of the municipal file, peak [MB]", max(peaks)),
        ("the pandas way [s]", slow),
        ("the pandas way, peak [MB]", large),
        ("the pandas way / import", slow / mine),
        ("municipal panel, warm [s]", panel),
    ]


def _panel_seconds(environment: dict[str, str]) -> float:
    """Seconds to load one indicator of every municipality, libraries already imported; median of five."""
    code = (
        "import statistics, time, careo\n"
        "careo.load_panel(places=['nation'])\n"
        "def once():\n"
        "    begin = time.perf_counter()\n"
        "    panel = careo.load_panel(places=['municipality'], indicators=['homicide_sesnsp_case_files'])\n"
        "    assert panel.sizes['place'] > 2400 and panel.sizes['month'] > 100, dict(panel.sizes)\n"
        "    return time.perf_counter() - begin\n"
        "print(statistics.median(once() for _ in range(5)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    return float(done.stdout)
