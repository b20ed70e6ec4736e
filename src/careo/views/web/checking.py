"""A kept document held against the record with what was decided about it: the same audit as `careo audit FILE --ledger`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any

import careo
from careo.base.texts import say
from careo.panel import Country
from careo.record.ledger import Ledger, Page
from careo.record.statements import Statement
from careo.results.audit import Audit
from careo.sources.documents import Document
from careo.views import contract, parts
from careo.views.web.job import RUNNING, Job, Pending
from careo.views.web.paging import Paged
from careo.views.web.reading import read_bytes
from careo.views.web.team.connection import TeamError
from careo.views.web.team.records import Decided, Given

if TYPE_CHECKING:
    from careo.views.web.services import Services

_SHORT_BYTES = 20_000
"""A document up to this size is held against the record within the request; a longer one beside it, and readers are told how far it is."""
_PATIENCE_SECONDS = 1.0  # that a request waits all the same: most are there by then
_STEPS = 3
_KEPT = 24  # audits in memory; one of a long plan takes some 10 MB


class _Shown:
    """An audit with the rows of its page, which are made when a page is first asked for."""

    def __init__(self, audit: Audit, country: Country, language: str) -> None:
        self.audit, self._country, self._language = audit, country, language

    @cached_property
    def rows(self) -> Mapping[str, Any]:
        """As `parts.of_pages` has them."""
        return parts.of_pages(self.audit, self._country, self._language)

    @cached_property
    def paged(self) -> Paged:
        """The same by page."""
        return Paged(self.audit, self.rows)

    @cached_property
    def names(self) -> Mapping[tuple[int, int, str], str]:
        """The id of the statement at (start, end, kind); kind "" where a person corrected it."""
        told: dict[tuple[int, int, str], str] = {}
        for each in self.audit.ledger.pages[0].entries:
            told.setdefault((each.start, each.end, each.kind), each.id)
            told.setdefault((each.start, each.end, ""), each.id)
        return told


_READ = 16  # documents remembered as they were read; one of a hundred pages is some 2 MB


@dataclass(frozen=True, slots=True)
class Checked:
    """A document, what was found in it, and what was decided.

    Attributes:
        given: as it was handed in. said: the date of the claims, None when the page's own counts. statements: each with its history, by id.
    """

    given: Given
    document: Document
    shown: _Shown
    statements: Mapping[str, Decided]
    said: date | None

    @property
    def audit(self) -> Audit:
        """What was found."""
        return self.shown.audit

    @property
    def rows(self) -> Mapping[str, Any]:
        """For templates; shared by all requests, never changed."""
        return self.shown.rows

    @property
    def paged(self) -> Paged:
        """The same by page."""
        return self.shown.paged

    def name_of(self, statement: Statement) -> str:
        """The id of a statement; "" when it is none of this document's (a comparison of two figures has none of its own)."""
        names, place = self.shown.names, (statement.start, statement.end)
        return names.get((*place, statement.kind)) or names.get((*place, ""), "")


class Checks:
    """The audits of a server's documents, the last ones kept in memory until somebody decides or the day or the record change."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._audits: OrderedDict[tuple[object, ...], _Shown] = OrderedDict()
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._lock = Lock()
        self._coming: dict[str, Future[_Shown]] = {}
        self._beside = ThreadPoolExecutor(2, thread_name_prefix="careo-check")

    def document(self, given: Given) -> Document:
        """A kept document, read again; the last ones are remembered, for what was read of bytes does not change with what is decided."""
        with self._lock:
            if given.id in self._documents:
                self._documents.move_to_end(given.id)
                return self._documents[given.id]
        body = self.services.team.body(given.id)
        document = read_bytes(body, given.name, country=self.services.settings.country)
        with self._lock:
            self._documents[given.id] = document
            while len(self._documents) > _READ:
                self._documents.popitem(last=False)
        return document

    def of(self, name: str, said: date | None, language: str, *, wait: bool = False) -> Checked:
        """A document held against the record.

        Args:
            wait: for an action, whose form would be lost with the page that says how far it is.

        Raises:
            CareoError: there is no such document, or the database cannot be reached.
            Pending: the document is long and being held against the record beside the server's answers.
        """
        team, known = self.services.team, self.services.known
        given = team.document(name)
        decided = team.statements(given.id)
        standing = tuple((each.name, each.version) for each in decided if each.version)
        key = (given.id, said, language, standing, date.today(), known.stamp)  # noqa: DTZ011 - as the command line
        shown = self._shown(key, known.country, given, decided, said, language, wait=wait)
        audit = shown.audit
        fresh = audit.ledger.pages[0].entries
        if {each.id for each in fresh} - {each.name for each in decided}:
            team.note_statements(given.id, fresh)
            decided = team.statements(given.id)
        pages = contract.by_key(audit.documents)
        question = sha256(repr((careo.__version__, *key)).encode()).hexdigest()
        try:
            team.keep_findings(
                given.id,
                said.isoformat() if said else "",
                language,
                question,
                lambda: [contract.finding_data(finding, pages) for finding in audit.findings],
            )
        except TeamError as error:
            if error.status != 507:  # on a full disk what is there can still be read
                raise
        return Checked(given, audit.documents[0], shown, {each.name: each for each in decided}, said)

    def _shown(
        self,
        key: tuple[object, ...],
        country: Country,
        given: Given,
        decided: Sequence[Decided],
        said: date | None,
        language: str,
        *,
        wait: bool,
    ) -> _Shown:
        with self._lock:
            if key in self._audits:
                self._audits.move_to_end(key)
                return self._audits[key]
        if given.size <= _SHORT_BYTES:
            return self._audited(key, country, given, decided, said, language, lambda _: None)
        name = sha256(repr(key).encode()).hexdigest()[:16]
        with self._lock:
            coming = self._coming.get(name)
            if coming is None:
                job = Job(name, ("audit", given.name), language, RUNNING, whole=_STEPS)
                self.services.jobs.tell(job)

                def tell(step: int) -> None:
                    told = say(language, f"web_check.step.{step}")
                    self.services.jobs.tell(replace(job, told=told, done=step))

                coming = self._coming[name] = self._beside.submit(
                    self._audited, key, country, given, decided, said, language, tell
                )
                coming.add_done_callback(lambda _: self.services.jobs.forget(name))
        try:
            shown = coming.result(None if wait else _PATIENCE_SECONDS)
        except TimeoutError:
            if not coming.done():
                raise Pending(
                    self.services.jobs.find(name) or Job(name, ("audit", given.name), language)
                ) from None
            shown = coming.result()
        finally:
            if coming.done():
                with self._lock:
                    self._coming.pop(name, None)
        return shown

    def _audited(
        self,
        key: tuple[object, ...],
        country: Country,
        given: Given,
        decided: Sequence[Decided],
        said: date | None,
        language: str,
        tell: Callable[[int], None],
    ) -> _Shown:
        tell(0)
        document = self.document(given)
        tell(1)
        entries = tuple(each.entry for each in decided)
        page = Page(given.name, given.sha256, given.title, entries) if entries else None
        found = careo.audit(
            [document],
            country,
            ledger=Ledger((page,)) if page else None,
            said=said,
            today=date.today(),  # noqa: DTZ011 - the reader's own day is the one that counts
            language=language,
        )
        tell(2)
        made = _Shown(found, country, language)
        _ = made.paged.begins  # and with it everything that a page shows
        with self._lock:
            self._audits[key] = made
            while len(self._audits) > _KEPT:
                self._audits.popitem(last=False)
        return made

    def close(self) -> None:
        """Ends its threads."""
        self._beside.shutdown(wait=False, cancel_futures=True)
