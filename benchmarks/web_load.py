"""How a server bears readers: 50 at once on its reading pages, each asking the next page as soon as it has one. `python -m benchmarks.web_load`.

The server is `careo serve` in a process of its own; the readers are one other process that speaks plain HTTP, so that a client library's time
is not taken for the server's. Percentiles are wall clock; processor time of the server stands beside them for machines that are not quiet.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from benchmarks.evaluate import ROOT

USERS = 50
REQUESTS = 2_000
_WARM_SECONDS = 300
_WORSE = 4  # pages, the slowest, that get a line of their own


@dataclass
class Load:
    """What a load was.

    Attributes:
        seconds: of each request, by page. codes: how often each status came. memory: resident set of the server [bytes], in equal steps of
        requests. processor: seconds that the server computed. elapsed: seconds of the whole.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    codes: dict[int, int] = field(default_factory=dict[int, int])
    memory: list[int] = field(default_factory=list[int])
    processor: float = 0.0
    elapsed: float = 0.0

    @property
    def requests(self) -> int:
        return sum(self.codes.values())


def reading_pages() -> list[str]:
    """Every page without parameters, in both languages."""
    from careo.views.web.application import all_routes

    plain = [route.path for route in all_routes() if "{" not in route.path]
    return [f"/{language}{path}" for language in ("es", "en") for path in plain]


@contextmanager
def server(home: Path, command: Sequence[str] = ("-m", "careo")) -> Iterator[tuple[int, int]]:
    """`careo serve` on a free port; its port and process id."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    around = {**os.environ, "CAREO_HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, *command, "serve", "--port", str(port)], env=around, stderr=subprocess.DEVNULL
    )
    try:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> tuple[int, int]:
    """One question on a line that stays open; status and length of the answer."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
    body = await reader.readexactly(int(length))
    return int(head.split()[1]), len(body)


async def _warm(port: int, pages: Sequence[str]) -> None:
    """Asks each page until it is there; some are computed beside the server first."""
    until = time.monotonic() + _WARM_SECONDS
    for page in pages:
        while time.monotonic() < until:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            code, _ = await _ask(reader, writer, page)
            writer.close()
            if code != 202:
                break
            await asyncio.sleep(0.3)


async def _load(port: int, pid: int, pages: Sequence[str], users: int, requests: int) -> Load:
    found = Load(seconds={page: [] for page in pages}, memory=[resident(pid)])
    turn, step = count(), max(1, requests // 8)

    async def reads() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (number := next(turn)) < requests:
            page = pages[number % len(pages)]
            begun = time.perf_counter()
            code, _ = await _ask(reader, writer, page)
            found.seconds[page].append(time.perf_counter() - begun)
            found.codes[code] = found.codes.get(code, 0) + 1
            if number % step == step - 1:
                found.memory.append(resident(pid))
        writer.close()

    before, begun = processor_seconds(pid), time.perf_counter()
    await asyncio.gather(*(reads() for _ in range(users)))
    found.elapsed, found.processor = time.perf_counter() - begun, processor_seconds(pid) - before
    return found


def resident(pid: int) -> int:
    """Memory a process holds [bytes], as Linux counts it."""
    told = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(told.partition("VmRSS:")[2].split()[0]) * 1024


def processor_seconds(pid: int) -> float:
    """What a process computed so far, of its own and of the kernel for it."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measured(
    pages: Sequence[str] = (),
    *,
    users: int = USERS,
    requests: int = REQUESTS,
    command: Sequence[str] = ("-m", "careo"),
) -> Load:
    """A load on a warm server of its own."""
    chosen = list(pages) or reading_pages()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), command) as (port, pid):
        asyncio.run(_warm(port, chosen))
        asyncio.run(
            _load(port, pid, chosen, users, min(requests, 200))
        )  # what the first requests alone make: threads, buffers
        return asyncio.run(_load(port, pid, chosen, users, requests))


def rows(*, quick: bool = False) -> Iterator[tuple[str, float | str]]:
    """Lines for the table of `make bench`."""
    if not Path("/proc/self/status").is_file():
        yield "reading pages under load", "needs Linux"
        return
    found = measured(requests=REQUESTS // 4 if quick else REQUESTS)
    every = [each for seconds in found.seconds.values() for each in seconds]
    for share in (0.5, 0.95, 0.99):
        yield f"reading pages, {USERS} users, p{share * 100:.0f} [ms]", percentile(every, share) * 1000
    slowest = sorted(found.seconds.items(), key=lambda pair: -percentile(pair[1], 0.95))
    for page, seconds in slowest[:_WORSE]:
        told = " / ".join(f"{percentile(seconds, share) * 1000:.0f}" for share in (0.5, 0.95, 0.99))
        yield f"  {page}, p50 / p95 / p99 [ms]", told
    yield "reading pages, requests a second", found.requests / found.elapsed
    yield (
        "reading pages, processor time of the server a request [ms]",
        found.processor / found.requests * 1000,
    )
    yield "reading pages, answers other than 200", float(found.requests - found.codes.get(200, 0))
    yield (
        "memory of the server before and after [MB]",
        f"{found.memory[0] / 1e6:.1f} → {found.memory[-1] / 1e6:.1f}",
    )
    steps = range(len(found.memory))
    slope = statistics.linear_regression(steps, found.memory).slope * (len(found.memory) - 1) / found.requests
    yield "memory of the server, growth a 1,000 requests [MB]", slope * 1000 / 1e6


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "src"))
    for name, value in rows(quick="--quick" in sys.argv):
        shown = value if isinstance(value, str) else f"{value:.3g}"
        sys.stdout.write(f"{name.ljust(74)}  {shown}\n")
