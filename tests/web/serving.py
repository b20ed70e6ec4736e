"""`careo serve` as a user starts it: a program of its own, on a port and a home of its own, gone when the tests are."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

COMPUTING = 202


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs.

    Attributes:
        port: on 127.0.0.1. home: its `CAREO_HOME`. process: the program. log: what it says. client: what the tests ask it with.
    """

    port: int
    home: Path
    process: subprocess.Popen[bytes]
    log: Path
    client: httpx.Client

    @property
    def address(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, seconds: float = 120, **headers: str) -> httpx.Response:
        """The answer to a path, once it is there; pages that are being computed are asked for again."""
        until = time.monotonic() + seconds
        while True:
            found = self.client.get(path, headers=headers)
            if found.status_code != COMPUTING or time.monotonic() > until:
                return found
            time.sleep(0.2)

    @property
    def memory_bytes(self) -> int:
        """What it holds of the machine's memory (resident set), as Linux counts it."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    @property
    def said(self) -> str:
        """What it wrote to its terminal so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """At once, with everything that it started, as a machine that loses its power."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(
    home: Path, *options: str, command: Sequence[str] = ("-m", "careo"), seconds: float = 60
) -> Iterator[Served]:
    """A server from when its port answers until the block ends; whatever it started ends with it."""
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    log = home.with_suffix(".log")
    environment = {**os.environ, "CAREO_HOME": str(home)}
    tied = (
        ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
    )  # also when the tests are killed
    typed = [*tied, sys.executable, *command, "serve", "--port", str(port), *options]
    with log.open("ab") as out:
        process = subprocess.Popen(
            typed, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=address, timeout=60, trust_env=False, verify=False) as client:  # noqa: S501 - plain HTTP, no certificates
        found = Served(port, home, process, log, client)
        try:
            _wait(found, time.monotonic() + seconds)
            yield found
        finally:
            found.kill()


def _wait(server: Served, until: float) -> None:
    while time.monotonic() < until:
        if server.process.poll() is not None:
            raise AssertionError(f"the server ended at once: {server.said[-2000:]}")
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nobody listens on {server.port}: {server.said[-2000:]}")
