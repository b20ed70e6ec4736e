"""`Job`: a command that somebody asked for, and the folders in which jobs stand with their answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from careo.base.errors import CareoError
from careo.base.files import writing

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
OUT = "{out}"
"""In a command: the folder where it may leave pictures and other files."""
RUNS = "runs"
"""In the home: the folder of all runs."""


@dataclass(frozen=True, slots=True)
class Job:
    """A command that was asked for.

    Attributes:
        id: of the question, the same for whoever asks. command: what was typed after `careo`. language: "es" or "en".
        state: waiting, running, done, failed or cancelled. told: its last line of talk. done, whole: how far it is; 0 of 0 where it does not say.
        asked, ended: when (UTC, ISO). person: who asked first, "" on one's own machine. run: the id of the run that it made.
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
    person: str = ""
    run: str = ""

    @property
    def typed(self) -> tuple[str, ...]:
        """The command as somebody types it: what it leaves comes to where they are, and without a name it leaves nothing."""
        words: list[str] = []
        for word in self.command:
            if word == OUT:
                words.pop()  # the option that names the folder
            else:
                words.append(word.removeprefix(f"{OUT}/"))
        return tuple(words)

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


class JobError(CareoError):
    """What a page needs could not be computed, or was stopped; the server shows why, and how to ask again."""

    def __init__(self, job: Job) -> None:
        self.job = job
        if job.state == CANCELLED:
            super().__init__("web_job_cancelled", where=job.id)
        else:
            super().__init__("web_job_failed", found=job.told)


class JobFolders:
    """A folder a job: `job.json`, its answer, and what else it left under `out`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.unwritten: dict[str, Job] = {}  # for want of room: told as long as the server runs

    def of(self, name: str) -> Path:
        """The folder of a job."""
        return self.folder / name

    def find(self, name: str) -> Job | None:
        """A job by its id."""
        if name in self.unwritten:
            return self.unwritten[name]
        try:
            told = json.loads((self.of(name) / "job.json").read_bytes())
            return Job(**{**told, "command": tuple(told["command"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def all(self) -> tuple[Job, ...]:
        """Every job, the newest first."""
        names = [each.name for each in self.folder.iterdir()] if self.folder.is_dir() else []
        found = [job for name in names if (job := self.find(name))]
        return tuple(sorted(found, key=lambda job: (job.asked, job.id), reverse=True))

    def answer(self, name: str) -> Mapping[str, Any] | None:
        """What a job printed as JSON; None when it is not there, or went to make room."""
        try:
            return json.loads((self.of(name) / "answer.json").read_bytes())
        except (OSError, ValueError):
            return None

    def keep(self, job: Job) -> None:
        """Writes a job down, the whole of it or nothing."""
        home = self.of(job.id)
        home.mkdir(parents=True, exist_ok=True)
        with writing(home / "job.json") as draft:
            draft.write_text(json.dumps(asdict(job), ensure_ascii=False), encoding="utf-8")

    def remove(self, name: str) -> None:
        """Removes a job with all it left."""
        self.unwritten.pop(name, None)
        shutil.rmtree(self.of(name), ignore_errors=True)

    def size(self, name: str) -> int:
        """What a job takes [bytes]."""
        return sum(each.stat().st_size for each in self.of(name).rglob("*") if each.is_file())
