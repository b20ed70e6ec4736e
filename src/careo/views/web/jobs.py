"""What takes longer than a page may: commands run beside the server, each once, their answers kept.

A job is a command line of careo and its answer is what that prints with `--json`, so a page made of it cannot differ from the command line.
The same question in the same language on the same data is one job, whoever asks. Jobs stand in folders; what was running when the server died
is run again when it is back, and commands that keep runs go on where they were.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

import careo
from careo.base.errors import CareoError
from careo.base.files import writing

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
OUT = "{out}"
"""In a command: the folder where it may leave pictures and other files."""


@dataclass(frozen=True, slots=True)
class Job:
    """A command that was asked for.

    Attributes:
        id: of the question, the same for whoever asks. command: what was typed after `careo`. language: "es" or "en".
        state: waiting, running, done or failed. told: its last line of talk. asked, ended: when (UTC, ISO).
    """

    id: str
    command: tuple[str, ...]
    language: str
    state: str = WAITING
    told: str = ""
    asked: str = ""
    ended: str = ""


class Pending(Exception):  # noqa: N818 - no error: the answer is on its way
    """What a page needs is still being computed; the server shows how far it is and asks again."""

    def __init__(self, job: Job) -> None:
        self.job = job
        super().__init__(job.id)


class Jobs:
    """Commands run one after another beside the server."""

    def __init__(self, folder: Path, *, country: str, stamp: str = "", offline: bool = False) -> None:
        self.folder, self.country, self.stamp, self.offline = folder, country, stamp, offline
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False
        for job in self.all():
            if job.state in (WAITING, RUNNING):
                self._keep(replace(job, state=WAITING))
                self._queue.put(job.id)
        self._thread = Thread(target=self._work, name="careo-jobs", daemon=True)
        self._thread.start()

    def result(self, command: Sequence[str], language: str) -> tuple[Mapping[str, Any], Path]:
        """What a command prints as JSON, and the folder of what else it left; asked for when nobody did before.

        Raises:
            Pending: it is not there yet. CareoError: it failed; says why.
        """
        job = self.ask(command, language)
        if job.state == FAILED:
            raise CareoError("web_job_failed", found=job.told)
        if job.state != DONE:
            raise Pending(job)
        home = self.folder / job.id
        return json.loads((home / "answer.json").read_bytes()), home / "out"

    def found(self, command: Sequence[str], language: str) -> Mapping[str, Any] | None:
        """What a command printed as JSON, where somebody asked before and the answer is there; nothing is asked for."""
        try:
            return json.loads((self.folder / self.id_of(command, language) / "answer.json").read_bytes())
        except (OSError, ValueError):
            return None

    def id_of(self, command: Sequence[str], language: str) -> str:
        """The id of a question."""
        question = json.dumps([careo.__version__, self.stamp, self.country, language, list(command)])
        return sha256(question.encode()).hexdigest()[:16]

    def ask(self, command: Sequence[str], language: str) -> Job:
        """The job of a command; put into the queue when it is new."""
        name = self.id_of(command, language)
        with self._lock:
            found = self.find(name)
            if found is None:
                found = Job(name, tuple(command), language, asked=_now())
                self._keep(found)
                self._queue.put(name)
        return found

    def find(self, name: str) -> Job | None:
        """A job by its id."""
        try:
            told = json.loads((self.folder / name / "job.json").read_bytes())
            return Job(**{**told, "command": tuple(told["command"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def all(self) -> tuple[Job, ...]:
        """Every job, the newest first."""
        names = [each.name for each in self.folder.iterdir()] if self.folder.is_dir() else []
        found = [job for name in names if (job := self.find(name))]
        return tuple(sorted(found, key=lambda job: (job.asked, job.id), reverse=True))

    def remove(self, name: str) -> None:
        """Forgets a job and its answer, so that it can be asked again."""
        import shutil

        with self._lock:
            if self.find(name):
                shutil.rmtree(self.folder / name, ignore_errors=True)

    def close(self) -> None:
        """Stops; what was running is run again at the next start."""
        self._closed = True
        self._queue.put(None)
        child = self._child
        if child is not None:
            child.terminate()
        self._thread.join(timeout=10)

    # ── the worker ───────────────────────────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        while (name := self._queue.get()) is not None and not self._closed:
            job = self.find(name)
            if job and job.state == WAITING:
                self._run(job)

    def _run(self, job: Job) -> None:
        home = self.folder / job.id
        out = home / "out"
        out.mkdir(parents=True, exist_ok=True)
        self._keep(replace(job, state=RUNNING))
        words = [str(out) if word == OUT else word for word in job.command]
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
        with (
            answer.open("wb") as stdout,
            subprocess.Popen(  # noqa: S603 - our own program and arguments, no shell
                typed, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=dict(os.environ)
            ) as child,
        ):
            self._child = child
            told = ""
            assert child.stderr is not None  # noqa: S101 - it was asked for
            lines: list[str] = []
            for line in child.stderr:  # of a failure the whole sentence counts, of progress the last line
                told = line.decode("utf-8", "replace").strip()[:500] or told
                lines = [*lines, told][-8:]
                self._keep(replace(job, state=RUNNING, told=told))
            code = child.wait()
        self._child = None
        if self._closed:
            return
        if code == 0:
            answer.replace(home / "answer.json")
            self._keep(replace(job, state=DONE, told="", ended=_now()))
        else:
            answer.unlink(missing_ok=True)
            words_ = lines[-1] if code not in (0, 1, 2) and lines else "\n".join(lines)
            self._keep(replace(job, state=FAILED, told=words_ or str(code), ended=_now()))

    def _keep(self, job: Job) -> None:
        home = self.folder / job.id
        home.mkdir(parents=True, exist_ok=True)
        with writing(home / "job.json") as draft:
            draft.write_text(json.dumps(asdict(job), ensure_ascii=False), encoding="utf-8")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
