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
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

import careo
from careo.base.errors import CareoError
from careo.views.progress import ASKED, read_progress
from careo.views.web.job import (
    CANCELLED,
    DONE,
    FAILED,
    OUT,
    RUNNING,
    WAITING,
    Job,
    JobError,
    JobFolders,
    Pending,
)

MOST_BYTES = 2 * 10**9
"""Of answers and pictures that are kept; beyond, the oldest answers go. Runs are people's work and stay."""
MOST_WAITING = 64
"""Commands that may wait their turn; whoever comes later is told that there is too much to do."""
_AT_ONCE = 2
_PATIENCE_SECONDS = 0.5
_STEP_SECONDS = 0.2  # between two records of progress


class Jobs:
    """Commands run beside the server, a few at once."""

    def __init__(
        self,
        folder: Path,
        *,
        country: str,
        stamp: Callable[[], str] = str,
        offline: bool = False,
        most_bytes: int = MOST_BYTES,
        note: Callable[[Job], None] = lambda _: None,
    ) -> None:
        """Args:
        stamp: of the imported data, now. note: told of every job when it is asked for and when it is over.
        """
        self.folders = JobFolders(folder)
        self.country, self.offline, self.most_bytes = country, offline, most_bytes
        self._stamp, self._note = stamp, note
        self._queue: SimpleQueue[str] = SimpleQueue()
        self._lock = Lock()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
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
        return self.folders.folder.parent

    def result(
        self, command: Sequence[str], language: str, person: str = ""
    ) -> tuple[Mapping[str, Any], Path]:
        """What a command prints as JSON, and the folder of what else it left; asked for when nobody did before.

        Raises:
            Pending: it is not there yet. JobError: it failed, or was cancelled.
        """
        job = self.ask(command, language, person)
        if job.state == DONE:
            answer = self.folders.answer(job.id)
            if answer is not None:
                return answer, self.folders.of(job.id) / "out"
            self.remove(job.id)  # it went to make room
            job = self.ask(command, language, person)
        if job.state in (FAILED, CANCELLED):
            raise JobError(job)
        raise Pending(job)

    def id_of(self, command: Sequence[str], language: str) -> str:
        """The id of a question."""
        question = json.dumps([careo.__version__, self._stamp(), self.country, language, list(command)])
        return sha256(question.encode()).hexdigest()[:16]

    def found(self, command: Sequence[str], language: str) -> Mapping[str, Any] | None:
        """What a command printed as JSON, where somebody asked before and the answer is there; nothing is asked for."""
        return self.folders.answer(self.id_of(command, language))

    def ask(self, command: Sequence[str], language: str, person: str = "") -> Job:
        """The job of a command; put into the queue when it is new.

        Raises:
            CareoError: too many wait. OutputError: there is no room to keep it.
        """
        name = self.id_of(command, language)
        with self._lock:
            found = self.find(name)
            if found is not None:
                return found
            if self._queue.qsize() >= MOST_WAITING:
                raise CareoError("web_busy", found=str(MOST_WAITING), fix="web_busy")
            found = Job(name, tuple(command), language, asked=_now(), person=person)
            self.folders.keep(found)
        return self._queued(found)

    def again(self, name: str, person: str = "") -> Job:
        """Asks a job that failed or was cancelled once more."""
        job = self.known(name)
        if job.state not in (FAILED, CANCELLED):
            return job
        with self._lock:
            self.folders.unwritten.pop(name, None)
            job = replace(job, state=WAITING, told="", done=0, whole=0, asked=_now(), ended="", person=person)
            self.folders.keep(job)
        return self._queued(job)

    def _queued(self, job: Job) -> Job:
        self._note(job)
        self._queue.put(job.id)
        return job

    def find(self, name: str) -> Job | None:
        """A job by its id."""
        return self.folders.find(name)

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
        return self.folders.all()

    def tell(self, job: Job) -> None:
        """Lets readers follow what is no command of its own, but computed in this server; it is in no folder and not stopped from here."""
        with self._lock:
            self.folders.unwritten[job.id] = job

    def forget(self, name: str) -> None:
        """What was told of is there; whoever followed it looks again."""
        with self._lock:
            self.folders.unwritten.pop(name, None)

    def cancel(self, name: str) -> Job:
        """Stops a job; what it computed so far stays, and it can be asked again. One that is over is left as it is."""
        job = self.known(name)
        if not job.over and name not in self.folders.unwritten:
            job = replace(job, state=CANCELLED, ended=_now())
            self._end(job)
            child = self._children.get(name)
            if child is not None:
                child.terminate()
        return job

    def remove(self, name: str) -> None:
        """Forgets a job and its answer, so that it can be asked again; one that runs is stopped first."""
        job = self.find(name)
        if job and (job.over or name not in self.folders.unwritten):
            self.cancel(name)
            with self._lock:
                self.folders.remove(name)

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
                held = _held(self.folders.of(name) / ".lock")
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
                self.folders.unwritten[name] = job = replace(job, state=FAILED, told=told, ended=_now())
                self._note(job)

    def _run(self, job: Job, held: int) -> None:
        home = self.folders.of(job.id)
        out = home / "out"
        out.mkdir(parents=True, exist_ok=True)
        job = replace(job, state=RUNNING)
        self.folders.keep(job)
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
            run = (self.folders.answer(job.id) or {}).get("run") or {}
            self._end(replace(job, state=DONE, told="", ended=_now(), run=str(run.get("id", ""))))
        else:
            answer.unlink(missing_ok=True)
            words_ = lines[-1] if code not in (0, 1, 2) and lines else "\n".join(lines)
            self._end(replace(job, state=FAILED, told=words_ or str(code), ended=_now()))

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
                    self.folders.keep(job)
            if stopped:
                child.terminate()
        return lines, job

    def _make_room(self) -> None:
        """Removes the oldest answers beyond the limit."""
        sizes = {job.id: self.folders.size(job.id) for job in self.all() if job.over}
        whole = sum(sizes.values())
        for job in reversed(self.all()):
            if whole <= self.most_bytes:
                return
            if job.over:
                whole -= sizes.get(job.id, 0)
                self.remove(job.id)

    def _end(self, job: Job) -> None:
        self.folders.keep(job)
        self._note(job)


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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
