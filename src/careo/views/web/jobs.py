"""What takes longer than a page may: commands run beside the server, each once, their answers kept.

A job is a command line of careo and its answer is what that prints with `--json`, so a page made of it cannot differ from the command line.
The same question in the same language on the same data is one job, whoever asks. Jobs stand in folders; what was running when the server died
is run again when it is back, and commands that keep runs go on where they were: they are run in the home of the server, so that all runs stand
in one folder, `runs`, and their answers name no path outside it.

Whoever runs a job holds a lock on its folder, and so does the command itself: two servers on one home never run a job twice, and one that
comes back while a command of its dead predecessor is still at work waits for it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

import careo
from careo.base.errors import CareoError
from careo.base.files import writing
from careo.views.progress import ASKED, read_progress

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
OUT = "{out}"
"""In a command: the folder where it may leave pictures and other files."""
RUNS = "runs"
"""In the home: the folder of all runs."""
MOST_BYTES = 2 * 10**9
"""Of answers and pictures that are kept; beyond, the oldest answers go. Runs are people's work and stay."""
MOST_WAITING = 64
"""Commands that may wait their turn; whoever comes later is told that there is too much to do."""
_AT_ONCE = 2
_PATIENCE_SECONDS = 0.5
_STEP_SECONDS = 0.2  # between two records of progress


@dataclass(frozen=True, slots=True)
class Job:
    """A command that was asked for.

    Attributes:
        id: of the question, the same for whoever asks. command: what was typed after `careo`. language: "es" or "en".
        state: waiting, running, done, failed or cancelled. told: its last line of talk. done, whole: how far it is; 0 of 0 where it does not say.
        asked, ended: when (UTC, ISO).
    """

    id: str
    command: tuple[str, ...]
    language: str
    state: str = WAITING
    told: str = ""
    done: int = 0
    whole: int = 0
    asked: str = ""
    ended: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in (DONE, FAILED, CANCELLED)


def job_data(job: Job) -> dict[str, Any]:
    """A job as the JSON contract has it."""
    return {**asdict(job), "command": list(job.command)}


class Pending(Exception):  # noqa: N818 - no error: the answer is on its way
    """What a page needs is still being computed; the server shows how far it is and asks again."""

    def __init__(self, job: Job) -> None:
        self.job = job
        super().__init__(job.id)


class Jobs:
    """Commands run beside the server, a few at once."""

    def __init__(
        self,
        folder: Path,
        *,
        country: str,
        stamp: str = "",
        offline: bool = False,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.folder = folder.absolute()
        self.country, self.stamp, self.offline, self.most_bytes = country, stamp, offline, most_bytes
        self._queue: SimpleQueue[str] = SimpleQueue()
        self._lock = Lock()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._unwritten: dict[
            str, Job
        ] = {}  # what could not be kept, for want of room: told as long as the server runs
        self._closed = False
        for job in reversed(self.all()):
            if not job.over:
                self._queue.put(job.id)
        self._threads = [
            Thread(target=self._work, name=f"careo-job-{n}", daemon=True) for n in range(_AT_ONCE)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def home(self) -> Path:
        """The folder in which commands are run."""
        return self.folder.parent

    def result(self, command: Sequence[str], language: str) -> tuple[Mapping[str, Any], Path]:
        """What a command prints as JSON, and the folder of what else it left; asked for when nobody did before.

        Raises:
            Pending: it is not there yet. CareoError: it failed, or was cancelled; says why.
        """
        job = self.ask(command, language)
        if job.state == DONE:
            home = self.folder / job.id
            try:
                return json.loads((home / "answer.json").read_bytes()), home / "out"
            except (OSError, ValueError):  # it went to make room
                self.remove(job.id)
                job = self.ask(command, language)
        if job.state == FAILED:
            raise CareoError("web_job_failed", found=job.told)
        if job.state == CANCELLED:
            raise CareoError("web_job_cancelled", where=job.id)
        raise Pending(job)

    def id_of(self, command: Sequence[str], language: str) -> str:
        """The id of a question."""
        question = json.dumps([careo.__version__, self.stamp, self.country, language, list(command)])
        return sha256(question.encode()).hexdigest()[:16]

    def found(self, command: Sequence[str], language: str) -> Mapping[str, Any] | None:
        """What a command printed as JSON, where somebody asked before and the answer is there; nothing is asked for."""
        try:
            return json.loads((self.folder / self.id_of(command, language) / "answer.json").read_bytes())
        except (OSError, ValueError):
            return None

    def ask(self, command: Sequence[str], language: str) -> Job:
        """The job of a command; put into the queue when it is new.

        Raises:
            CareoError: too many wait. OutputError: there is no room to keep it.
        """
        name = self.id_of(command, language)
        with self._lock:
            found = self.find(name)
            if found is None:
                if self._queue.qsize() >= MOST_WAITING:
                    raise CareoError("web_busy", found=str(MOST_WAITING), fix="web_busy")
                found = Job(name, tuple(command), language, asked=_now())
                self._keep(found)
                self._queue.put(name)
        return found

    def again(self, name: str) -> Job:
        """Asks a job that failed or was cancelled once more."""
        job = self.known(name)
        if job.state in (FAILED, CANCELLED):
            with self._lock:
                self._unwritten.pop(name, None)
                job = replace(job, state=WAITING, told="", done=0, whole=0, asked=_now(), ended="")
                self._keep(job)
            self._queue.put(name)
        return job

    def find(self, name: str) -> Job | None:
        """A job by its id."""
        if name in self._unwritten:
            return self._unwritten[name]
        try:
            told = json.loads((self.folder / name / "job.json").read_bytes())
            return Job(**{**told, "command": tuple(told["command"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def known(self, name: str) -> Job:
        """A job by its id.

        Raises:
            CareoError: there is none.
        """
        job = self.find(name) if name.isalnum() else None
        if job is None:
            raise CareoError("web_no_run", found=repr(name[:60]))
        return job

    def all(self) -> tuple[Job, ...]:
        """Every job, the newest first."""
        names = [each.name for each in self.folder.iterdir()] if self.folder.is_dir() else []
        found = [job for name in names if (job := self.find(name))]
        return tuple(sorted(found, key=lambda job: (job.asked, job.id), reverse=True))

    def tell(self, job: Job) -> None:
        """Lets readers follow what is no command of its own, but computed in this server; it is in no folder and not stopped from here."""
        with self._lock:
            self._unwritten[job.id] = job

    def forget(self, name: str) -> None:
        """What was told of is there; whoever followed it looks again."""
        with self._lock:
            self._unwritten.pop(name, None)

    def cancel(self, name: str) -> Job:
        """Stops a job; what it computed so far stays, and it can be asked again. One that is over is left as it is."""
        job = self.known(name)
        if not job.over and name not in self._unwritten:
            job = replace(job, state=CANCELLED, ended=_now())
            self._keep(job)
            child = self._children.get(name)
            if child is not None:
                child.terminate()
        return job

    def remove(self, name: str) -> None:
        """Forgets a job and its answer, so that it can be asked again; one that runs is stopped first."""
        job = self.find(name)
        if job and (job.over or name not in self._unwritten):
            self.cancel(name)
            with self._lock:
                self._unwritten.pop(name, None)
                shutil.rmtree(self.folder / name, ignore_errors=True)

    def close(self) -> None:
        """Stops; what was running is run again at the next start."""
        self._closed = True
        for child in list(self._children.values()):
            child.terminate()
        for thread in self._threads:
            thread.join(timeout=10)

    # ── the workers ──────────────────────────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        while not self._closed:
            try:
                name = self._queue.get(timeout=_PATIENCE_SECONDS)
            except Empty:
                continue
            job = self.find(name)
            if job is None or job.over:
                continue
            try:
                held = _held(self.folder / name / ".lock")
                if held is None:  # another server, or what a dead one began, is at it
                    time.sleep(_PATIENCE_SECONDS)
                    self._queue.put(name)
                    continue
                try:
                    now = self.find(name)
                    if now and not now.over:
                        self._run(now, held)
                finally:
                    os.close(held)
                self._make_room()
            except (OSError, CareoError) as error:  # no room on the disk, most likely
                told = error.render(job.language) if isinstance(error, CareoError) else str(error)
                self._unwritten[name] = replace(job, state=FAILED, told=told, ended=_now())

    def _run(self, job: Job, held: int) -> None:
        home = self.folder / job.id
        out = home / "out"
        out.mkdir(parents=True, exist_ok=True)
        job = replace(job, state=RUNNING)
        self._keep(job)
        words = [f"{out}{word.removeprefix(OUT)}" if word.startswith(OUT) else word for word in job.command]
        typed = [
            sys.executable,
            "-m",
            "careo",
            *words,
            "--json",
            "--lang",
            job.language,
            "--country",
            self.country,
        ]
        if self.offline:
            typed.append("--offline")
        answer = home / "answer.part"
        around = {**os.environ, ASKED: "1"}
        if around.get("CAREO_HOME"):
            around["CAREO_HOME"] = str(Path(around["CAREO_HOME"]).absolute())
        lines: list[str] = []
        with (
            answer.open("wb") as stdout,
            subprocess.Popen(  # noqa: S603 - our own program and arguments, no shell
                typed,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
                env=around,
                cwd=self.home,
                pass_fds=(held,),
            ) as child,
        ):
            self._children[job.id] = child
            try:
                lines, job = self._listen(child, job)
                code = child.wait()
            finally:
                self._children.pop(job.id, None)
        if self._closed:
            return
        now = self.find(job.id)
        if now is None or now.state == CANCELLED:
            answer.unlink(missing_ok=True)
        elif code in (0, 1) and answer.stat().st_size:  # 1: it found something to warn of, and said it
            answer.replace(home / "answer.json")
            self._keep(replace(job, state=DONE, told="", ended=_now()))
        else:
            answer.unlink(missing_ok=True)
            words_ = lines[-1] if code not in (0, 1, 2) and lines else "\n".join(lines)
            self._keep(replace(job, state=FAILED, told=words_ or str(code), ended=_now()))

    def _listen(self, child: subprocess.Popen[bytes], job: Job) -> tuple[list[str], Job]:
        """What a command says while it runs: of a failure the whole sentence counts, of progress the last numbers."""
        assert child.stderr is not None  # noqa: S101 - it was asked for
        lines: list[str] = []
        kept = 0.0
        for line in child.stderr:
            told = line.decode("utf-8", "replace").strip()[:500]
            numbers = read_progress(told)
            if numbers:
                job = replace(job, done=numbers[0], whole=numbers[1])
            elif told:
                lines = [*lines, told][-8:]
                job = replace(job, told=told)
            if time.monotonic() - kept < _STEP_SECONDS:
                continue
            kept = time.monotonic()
            with self._lock:
                now = self.find(job.id)
                stopped = now is None or now.state == CANCELLED
                if not stopped:
                    self._keep(job)
            if stopped:
                child.terminate()
        return lines, job

    def _make_room(self) -> None:
        """Removes the oldest answers beyond the limit."""
        sizes = {job.id: _size(self.folder / job.id) for job in self.all() if job.over}
        whole = sum(sizes.values())
        for job in reversed(self.all()):
            if whole <= self.most_bytes:
                return
            if job.over:
                whole -= sizes.get(job.id, 0)
                self.remove(job.id)

    def _keep(self, job: Job) -> None:
        home = self.folder / job.id
        home.mkdir(parents=True, exist_ok=True)
        with writing(home / "job.json") as draft:
            draft.write_text(json.dumps(asdict(job), ensure_ascii=False), encoding="utf-8")


def _held(path: Path) -> int | None:
    """A lock on a file, held as long as this descriptor, or a copy of it in a child, is open; None: somebody else has it."""
    import fcntl

    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:  # the job was removed
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
