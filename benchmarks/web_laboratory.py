"""The laboratory over HTTP: how long a slider waits, page to page on this machine, and ten of them at once.

A server process as `careo serve` starts it, asked by this one; every question is another dose, so nothing is an answer that was kept.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

_CLOCK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PATIENCE_SECONDS = 240.0


def rows(*, quick: bool) -> Iterator[tuple[str, float | str]]:
    """What `make bench` prints."""
    asked = 10 if quick else 50
    with tempfile.TemporaryDirectory() as home:
        port = 8190 + os.getpid() % 1000
        around = {**os.environ, "CAREO_HOME": home}
        typed = [sys.executable, "-m", "careo", "serve", "--port", str(port)]
        server = subprocess.Popen(typed, env=around, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(port)
            for first in range(3):
                _slider(port, first, "L2")
            before = _processor(server.pid)
            times = sorted(_slider(port, 10 + k, "L2") for k in range(asked))
            used = (_processor(server.pid) - before) / asked
            yield (
                "slider on two levers, page to page, median [ms]",
                1000 * statistics.median(times),
            )
            yield "slider on two levers, 95% [ms]", 1000 * times[int(0.95 * (len(times) - 1))]
            yield "slider on two levers, processor time [ms]", 1000 * used
            before = _processor(server.pid)
            whole = sorted(_slider(port, 10 + k, "L2", base="amlo-2018-plan") for k in range(asked))
            yield "slider on a whole strategy, median [ms]", 1000 * statistics.median(whole)
            yield "slider on a whole strategy, 95% [ms]", 1000 * whole[int(0.95 * (len(whole) - 1))]
            yield (
                "slider on a whole strategy, processor time [ms]",
                1000 * (_processor(server.pid) - before) / asked,
            )
            with ThreadPoolExecutor(10) as pool:
                start = time.perf_counter()
                many = sorted(pool.map(lambda k: _slider(port, 100 + k, "L1"), range(10 if quick else 100)))
                each = (time.perf_counter() - start) / len(many)
            yield "ten sliders at once, median [ms]", 1000 * statistics.median(many)
            yield "ten sliders at once, 95% [ms]", 1000 * many[int(0.95 * (len(many) - 1))]
            yield "ten sliders at once, answers a second", 1 / each
        finally:
            server.terminate()
            server.wait()


def _slider(port: int, turn: int, lever: str, base: str = "none") -> float:
    """One question and its whole answer [s]; another dose every time.

    Raises:
        BlockingIOError: the kernel is being compiled. RuntimeError: it was not answered.
    """
    path = f"/en/laboratory/fans?base={base}&L12=0.3&{lever}={0.1 + turn / 500:.4f}"
    start = time.perf_counter()
    line = HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", path, headers={"X-Careo-Seat": f"{lever}{turn}", "X-Careo-Turn": "1"})
    answer = line.getresponse()
    body = answer.read()
    line.close()
    if answer.status == 503 and answer.headers.get("Retry-After"):
        raise BlockingIOError("the kernel is being compiled")
    if answer.status != 200 or b"<svg" not in body:
        raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
    return time.perf_counter() - start


def _wait(port: int) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            _slider(port, 0, "L2")
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server did not come")


def _processor(pid: int) -> float:
    """Processor time of a process so far [s]; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _CLOCK


if __name__ == "__main__":
    for name, value in rows(quick="--quick" in sys.argv):
        print(f"{name:60s} {value:10.1f}")
