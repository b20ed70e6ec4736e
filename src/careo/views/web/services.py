"""What the pages of one server share: the country, what people left here, what is being computed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from careo.base.errors import CareoError
from careo.panel import Country
from careo.run.watch_state import state_file
from careo.sources.store import data_folder
from careo.views.web.checking import Checks
from careo.views.web.job import RUNS, Job
from careo.views.web.jobs import Jobs
from careo.views.web.settings import Settings
from careo.views.web.team.store import Team
from careo.views.web.warming import Warming

if TYPE_CHECKING:
    from careo.views.web.desk import Desk


class Known:
    """The record of a country at one state of the imported data, and what answers from it in memory."""

    def __init__(self, stamp: str, country: Country) -> None:
        self.stamp, self.country = stamp, country

    @cached_property
    def desk(self) -> Desk:
        """Quick questions of the laboratory; its threads end with the last one who holds it."""
        from careo.views.web.desk import Desk

        return Desk(self.country)


class Services:
    """Shared by all requests of a server; every part is made when first needed.

    The one object of the application that is not frozen: it holds open connections and queues.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._known: Known | None = None
        # Whoever comes while a part is being made waits for that part alone: a database may take its time.
        self._reading, self._starting, self._opening = Lock(), Lock(), Lock()

    @property
    def known(self) -> Known:
        """What is known now; another one as soon as data were imported or removed. Whoever asks twice in one answer keeps the first."""
        import careo

        stamp = self.stamp
        with self._reading:
            if self._known is None or self._known.stamp != stamp:
                self._known = Known(stamp, careo.load_country(self.settings.country))
            return self._known

    @property
    def country(self) -> Country:
        """The record of the country as it is now."""
        return self.known.country

    @property
    def jobs(self) -> Jobs:
        """What is computed beside the server."""
        with self._starting:
            return self._jobs

    @cached_property
    def _jobs(self) -> Jobs:
        told = self.settings
        made = Jobs(
            told.home / "jobs", country=told.country, stamp=lambda: self.stamp, offline=told.offline, note=lambda job: self._note([job]),
        )  # fmt: skip
        self._note(made.all())
        return made

    @cached_property
    def warming(self) -> Warming:
        """The laboratory's kernel being compiled; not begun here."""
        return Warming(self.settings.home, self.settings.country, lambda: self.jobs)

    @property
    def runs(self) -> Path:
        """The folder of all runs that were made here."""
        return self.settings.home / RUNS

    @property
    def team(self) -> Team:
        """What people left here; its tables are made or brought up to date when it is first opened.

        Raises:
            CareoError: the database's address is none, or it cannot be reached; the next request tries again.
        """
        with self._opening:
            return self._team

    @cached_property
    def _team(self) -> Team:
        return Team(self.settings.database, self.settings.home)

    @cached_property
    def checks(self) -> Checks:
        """Its documents, held against the record."""
        return Checks(self)

    @property
    def stamp(self) -> str:
        """Changes when the imported data do; one look at a file, so that it can be asked for with every request."""
        return _state_of(data_folder() / "catalogue.sqlite")

    @property
    def watched(self) -> str:
        """Changes when the watch of purchases took something in; a look at two files."""
        state = state_file(self.settings.country)
        return " ".join(map(_state_of, (state, state.with_name(f"{state.name}-wal"))))

    def close(self) -> None:
        """Closes what is open; only what was ever made."""
        if "checks" in self.__dict__:
            self.checks.close()
        if "warming" in self.__dict__:
            self.warming.close()
        if "_jobs" in self.__dict__:
            self._jobs.close()
        if self._known and "desk" in self._known.__dict__:
            self._known.desk.close()
        if "_team" in self.__dict__:
            self._team.close()

    def _note(self, jobs: Sequence[Job]) -> None:
        """Keeps in the database who asked for what, and what became of it.

        A database that cannot be reached stops no computation: the folders of jobs know the same, and it is noted when the server starts again.
        """
        try:
            self.team.keep_jobs(jobs)
        except CareoError:
            return


def _state_of(file: Path) -> str:
    """When a file was written last, its size and its place; "" where there is none."""
    try:
        told = file.stat()
    except FileNotFoundError:
        return ""
    return f"{told.st_mtime_ns}-{told.st_size}-{told.st_ino}"
