"""The kernel of the laboratory, compiled beside the server's start, so that the first question does not wait for it.

What numba compiles stays on the disk for every later process of this installation; the server itself only loads it. Run as a module this
is the child that compiles: it asks one small question of every kind that a slider asks.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import Event, Thread

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.views.web.job import RUNNING, Job, Pending
from careo.views.web.jobs import Jobs

MOST_SECONDS = 600
"""After which whoever asks no longer waits: their own question then compiles what is not there."""
_COMMAND = ["-m", "careo.views.web.warming"]
_MARK = "compiled"
_MODEL = Path(__file__).parents[2] / "model"


class Warming:
    """Whether the laboratory's kernel is there.

    Args:
        home: of the server; remembers there which kernel was compiled. jobs: where readers follow it.
    """

    def __init__(self, home: Path, country: str, jobs: Callable[[], Jobs]) -> None:
        self.home, self.country, self._jobs = home, country, jobs
        self._done = Event()
        self._done.set()
        self._child: subprocess.Popen[bytes] | None = None
        self._id = sha256(f"warming {os.getpid()}".encode()).hexdigest()[:16]

    @property
    def done(self) -> bool:
        """Whether a question would be answered at once; also where nobody ever began."""
        return self._done.is_set()

    def begin(self) -> None:
        """Begins in a process beside this one, unless this very kernel was compiled before."""
        if self._compiled_before():
            return
        self._done.clear()
        Thread(target=self._watch, name="careo-warming", daemon=True).start()

    def wait(self, language: str) -> None:
        """Raises:
        Pending: the kernel is being compiled.
        """
        if not self.done:
            told = say(language, "web_laboratory.compiling")
            job = Job(self._id, (), language, RUNNING, told=told)
            self._jobs().tell(job)
            if self.done:  # it ended meanwhile, and nobody else would take the job away
                self._jobs().forget(self._id)
            raise Pending(job)

    def close(self) -> None:
        """Stops."""
        if self._child is not None:
            self._child.terminate()

    def _watch(self) -> None:
        try:
            typed = [sys.executable, *_COMMAND, self.country]
            with subprocess.Popen(  # noqa: S603 - our own program, no shell
                typed, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as child:
                self._child = child
                try:
                    code = child.wait(MOST_SECONDS)
                except subprocess.TimeoutExpired:
                    child.kill()
                    code = -1
            if code == 0:
                self.home.mkdir(parents=True, exist_ok=True)
                (self.home / _MARK).write_text(kernel_key(), encoding="utf-8")
        except OSError:  # no process or no room: questions compile for themselves
            pass
        finally:
            self._done.set()
            self._jobs().forget(self._id)

    def _compiled_before(self) -> bool:
        try:
            same = (self.home / _MARK).read_text(encoding="utf-8") == kernel_key()
        except (OSError, ValueError):
            return False
        return same and next(_shelf().rglob("kernel.run_draws-*.nbi"), None) is not None


def _shelf() -> Path:
    """Where numba keeps what it compiled."""
    return Path(os.environ.get("NUMBA_CACHE_DIR") or _MODEL / "__pycache__")


def kernel_key() -> str:
    """Of everything that what is compiled depends on; the same as long as it need not be compiled again."""
    files = [
        (path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(_MODEL.glob("*.py"))
    ]
    where = (
        os.environ.get("NUMBA_CACHE_DIR", ""),
        str(_MODEL),
        sys.version,
        platform.machine(),
        platform.node(),
    )
    return sha256(repr((version("numba"), where, files)).encode()).hexdigest()


def main() -> None:
    """The child: a small question, in no haste."""
    os.nice(5)
    import careo
    from careo.record.strategy import load_strategy, strategies
    from careo.views.web.desk import Desk, Setting

    country = careo.load_country(sys.argv[1])
    desk = Desk(country, threads=1)
    for name in strategies(country.key):
        asked = load_strategy(name, country.key)
        try:
            desk.ask(lambda asked=asked: asked, name, Setting(draws=2))
            break
        except CareoError:  # one that does nothing from here on compiles nothing
            continue
    desk.close()


if __name__ == "__main__":
    main()
