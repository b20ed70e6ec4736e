"""What the pages of one server share: the country, what people left here, what is being computed."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from careo.panel import Country
from careo.sources.store import data_folder
from careo.views.web.checking import Checks
from careo.views.web.jobs import RUNS, Jobs
from careo.views.web.settings import Settings
from careo.views.web.team.store import Team
from careo.views.web.warming import Warming

if TYPE_CHECKING:
    from careo.views.web.desk import Desk


class Services:
    """Shared by all requests of a server; every part is made when first needed.

    The one object of the application that is not frozen: it holds open connections and queues.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._country: tuple[str, Country] | None = None
        self._desk: Desk | None = None

    @property
    def country(self) -> Country:
        """The record of the country, with what was imported until now."""
        import careo

        stamp = self.stamp
        if self._country is None or self._country[0] != stamp:
            self._country = stamp, careo.load_country(self.settings.country)
        return self._country[1]

    @property
    def jobs(self) -> Jobs:
        """What is computed beside the server."""
        self._jobs.stamp = self.stamp
        return self._jobs

    @cached_property
    def _jobs(self) -> Jobs:
        told = self.settings
        return Jobs(told.home / "jobs", country=told.country, stamp=self.stamp, offline=told.offline)

    @property
    def desk(self) -> Desk:
        """Quick questions of the laboratory; another desk when the record is another."""
        from careo.views.web.desk import Desk

        country = self.country
        if self._desk is None or self._desk.trials.country is not country:
            self._desk = Desk(country)  # whoever asked the old one has its answer from it
        return self._desk

    @cached_property
    def warming(self) -> Warming:
        """The laboratory's kernel being compiled; not begun here."""
        return Warming(self.settings.home, self.settings.country, lambda: self.jobs)

    @property
    def runs(self) -> Path:
        """The folder of all runs that were made here."""
        return self.settings.home / RUNS

    @cached_property
    def team(self) -> Team:
        """What people left here; its tables are made or brought up to date when it is first opened.

        Raises:
            CareoError: the database's address is none, or it cannot be reached; the next request tries again.
        """
        return Team(self.settings.database, self.settings.home)

    @cached_property
    def checks(self) -> Checks:
        """Its documents, held against the record."""
        return Checks(self)

    @property
    def stamp(self) -> str:
        """Changes when the imported data do."""
        catalogue = data_folder() / "catalogue.sqlite"
        return str(catalogue.stat().st_mtime_ns) if catalogue.exists() else ""

    def close(self) -> None:
        """Closes what is open; only what was ever made."""
        if "checks" in self.__dict__:
            self.checks.close()
        if "warming" in self.__dict__:
            self.warming.close()
        if "_jobs" in self.__dict__:
            self._jobs.close()
        if self._desk is not None:
            self._desk.close()
        if "team" in self.__dict__:
            self.team.close()
