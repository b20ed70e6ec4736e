"""`Team`: what people leave on a server, kept in the database of `tables`. Every public function is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from careo.base.errors import CareoError
from careo.record.ledger import Entry
from careo.views.web.job import Job
from careo.views.web.team.connection import migrate, open_engine, spoken
from careo.views.web.team.records import Asked, Decided, Decision, Given, RunBy, joined
from careo.views.web.team.tables import DecisionRow, DocumentRow, FindingRow, JobRow, RunRow, StatementRow


class Conflict(Exception):  # noqa: N818 - no error: both decisions are kept
    """Somebody else decided first.

    Attributes:
        statement: as it now is, with every decision. mine: what was asked for, kept in the history without counting; None when it only
            settled other decisions and has no words of its own.
    """

    def __init__(self, statement: Decided, mine: Decision | None) -> None:
        self.statement, self.mine = statement, mine
        super().__init__(statement.name)


class Team:
    """The database of a server.

    Raises:
        CareoError: the URL is none, psycopg is missing. TeamError: the database cannot be reached.
    """

    def __init__(self, address: str, home: Path) -> None:
        self.engine = open_engine(address, home)
        try:
            migrate(self.engine, home, address)
        except BaseException:
            self.engine.dispose()
            raise

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with spoken(), Session(self.engine) as session:
            yield session

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """A transaction that writes: all of it, or nothing."""
        with (
            spoken(),
            self.engine.connect().execution_options(careo_writes=True) as connection,
            Session(connection) as session,
            session.begin(),
        ):
            yield session

    # ── documents ────────────────────────────────────────────────────────────────────────────────────────────────

    def add(self, data: bytes, *, sha256: str, name: str, format: str, title: str, person: str) -> Given:
        """Keeps a document. Bytes that were given before are the document they were, under its first name."""
        row = {
            "id": sha256[:16], "sha256": sha256, "name": name, "format": format, "title": title, "size": len(data), "body": data,
            "person": person, "made": datetime.now(UTC),
        }  # fmt: skip
        try:
            with self._writing() as session:
                if session.get(DocumentRow, sha256[:16]) is None:
                    session.execute(insert(DocumentRow).values(row))
        except IntegrityError:  # given twice at the same moment
            pass
        return self.document(sha256[:16])

    def document(self, name: str) -> Given:
        """A document by its id.

        Raises:
            CareoError: `team_no_document`.
        """
        with self._reading() as session:
            found = session.get(DocumentRow, _id(name))
            if found is None:
                raise CareoError("team_no_document", found=repr(name[:60]), fix="team_no_document")
            return _given(found)

    def body(self, name: str) -> bytes:
        """The bytes of a document.

        Raises:
            CareoError: `team_no_document`.
        """
        with self._reading() as session:
            found = session.get(DocumentRow, _id(name), options=[undefer(DocumentRow.body)])
            if found is None:
                raise CareoError("team_no_document", found=repr(name[:60]), fix="team_no_document")
            return found.body

    def documents(self, most: int = 100) -> tuple[Given, ...]:
        """The newest documents first."""
        with self._reading() as session:
            query = select(DocumentRow).order_by(DocumentRow.made.desc(), DocumentRow.id).limit(most)
            return tuple(_given(row) for row in session.scalars(query))

    # ── statements and decisions ─────────────────────────────────────────────────────────────────────────────────

    def note_statements(self, document: str, entries: Sequence[Entry]) -> None:
        """Keeps the statements of a document that were not kept yet; those that are stay as they were."""
        with self._reading() as session:
            query = select(StatementRow.name).where(StatementRow.document == document)
            known = set(session.scalars(query))
        fresh = [
            {
                "document": document, "name": each.id, "kind": each.kind, "quote": each.quote, "start": each.start, "end": each.end,
                "quote_hash": each.quote_hash, "before": each.before, "after": each.after, "read": dict(each.read), "version": 0,
            }
            for each in entries
            if each.id not in known
        ]  # fmt: skip
        if not fresh:
            return
        try:
            with self._writing() as session:
                session.execute(insert(StatementRow), fresh)
        except (
            IntegrityError
        ):  # another request kept some of them at the same moment; what is missing comes now
            if known != (now := {each.name for each in self.statements(document)}) and now:
                self.note_statements(document, entries)

    def statements(self, document: str) -> tuple[Decided, ...]:
        """The statements of a document in the order of its text, each with its history."""
        with self._reading() as session:
            return _decided(session, document)

    def statement(self, document: str, name: str) -> Decided:
        """A statement by its id in the ledger.

        Raises:
            CareoError: `team_no_statement`.
        """
        with self._reading() as session:
            found = _decided(session, document, name)
        if not found:
            raise CareoError("team_no_statement", found=repr(name[:60]), fix="team_no_statement")
        return found[0]

    def decide(
        self,
        document: str,
        name: str,
        *,
        seen: int,
        person: str,
        decision: str,
        correct: Mapping[str, str],
        note: str,
        settles: int | None = None,
    ) -> Decided:
        """Adds a decision, which stands when nobody decided since `seen`.

        Raises:
            CareoError: there is no such statement. Conflict: somebody decided since; the words are kept in the history and wait.
        """
        told = {"decision": decision, "correct": dict(correct), "note": note, "person": person}
        with self._writing() as session:
            row = _row(session, document, name)
            before = _decided(session, document, name)[0]
            same = next(
                (
                    each
                    for each in before.decisions
                    if (each.seen, each.settles) == (seen, settles)
                    and all(getattr(each, key) == value for key, value in told.items())
                ),
                None,
            )
            if same and same.version is not None:  # a form sent twice decides once
                return before
            taken = session.execute(
                update(StatementRow).where(StatementRow.id == row, StatementRow.version == seen).values(version=seen + 1)
            ).rowcount  # fmt: skip  # pyright: ignore[reportAttributeAccessIssue]
            mine = same.id if same else None
            if taken or (same is None and settles is None):
                made = DecisionRow(
                    statement=row, seen=seen, version=seen + 1 if taken else None, settles=settles, made=datetime.now(UTC), **told
                )  # fmt: skip
                session.add(made)
                session.flush()
                mine = made.id
            found = _decided(session, document, name)[0]
        if not taken:
            raise Conflict(found, next((each for each in found.decisions if each.id == mine), None))
        return found

    def settle(
        self, document: str, name: str, *, waiting: int, keep: str, seen: int, person: str, language: str
    ) -> Decided:
        """Answers a decision that came too late.

        Args:
            keep: "mine": it stands now; "theirs": what stands goes on standing; "both": both reasons are kept, and where the two disagree nobody's
                decision stands.

        Raises:
            CareoError: there is no such waiting decision. Conflict: somebody decided since.
        """
        found = self.statement(document, name)
        late = next((each for each in found.waiting if each.id == waiting), None)
        if late is None:
            if any(
                each.settles == waiting for each in found.decisions
            ):  # by a form sent twice, or by somebody else
                return found
            raise CareoError("team_no_decision", found=str(waiting), fix="team_no_statement")
        standing = found.standing
        if keep == "mine" or standing is None:
            words = (late.decision, late.correct, late.note)
        elif keep == "theirs":
            words = (standing.decision, standing.correct, standing.note)
        else:
            words = joined(standing, late, language)
        decision, correct, note = words
        return self.decide(
            document, name, seen=seen, person=person, decision=decision, correct=correct, note=note, settles=late.id
        )  # fmt: skip

    # ── findings, runs, jobs ─────────────────────────────────────────────────────────────────────────────────────

    def keep_findings(
        self,
        document: str,
        said: str,
        language: str,
        question: str,
        findings: Callable[[], Sequence[Mapping[str, Any]]],
    ) -> None:
        """Keeps what the latest check of a document found, in place of what an earlier one did; and nothing when it is there already (then it is not asked for)."""
        here = (FindingRow.document == document, FindingRow.said == said, FindingRow.language == language)
        with self._reading() as session:
            asked = session.scalars(select(FindingRow.question).where(*here).limit(1)).first()
        if asked == question:
            return
        now = datetime.now(UTC)
        rows = [
            {"document": document, "said": said, "language": language, "position": position, "verdict": each["verdict"],
             "body": _storable(each), "question": question, "made": now}
            for position, each in enumerate(findings())
        ]  # fmt: skip
        try:
            with self._writing() as session:
                session.execute(delete(FindingRow).where(*here))
                if rows:
                    session.execute(insert(FindingRow), rows)
        except IntegrityError:  # the same check, kept by another request at the same moment
            return

    def verdicts(self, documents: Sequence[str], language: str) -> dict[str, dict[str, int]]:
        """How often each verdict was given to each document when it was last checked without a date of its own or with one."""
        with self._reading() as session:
            query = (
                select(FindingRow.document, FindingRow.said, FindingRow.verdict, func.count())
                .where(FindingRow.document.in_(documents), FindingRow.language == language)
                .group_by(FindingRow.document, FindingRow.said, FindingRow.verdict)
                .order_by(FindingRow.document, FindingRow.said)
            )
            told: dict[str, dict[str, dict[str, int]]] = {}
            for document, said, verdict, count in session.execute(query):
                told.setdefault(document, {}).setdefault(said, {})[verdict] = count
        return {document: next(iter(by_date.values())) for document, by_date in told.items()}

    def keep_jobs(self, jobs: Sequence[Job]) -> None:
        """Notes who asked for these, what became of them, and the runs they made; what is noted already is brought up to date."""
        told = [(job, made) for job in jobs if (made := _moment(job.asked))]
        if not told:
            return
        try:
            with self._writing() as session:
                for job, made in told:
                    _note_job(session, job, made)
        except IntegrityError:  # another server notes the same at the same moment
            return

    def asked(self, most: int = 40) -> tuple[Asked, ...]:
        """What was asked for, the newest first."""
        with self._reading() as session:
            query = select(JobRow).order_by(JobRow.made.desc(), JobRow.id.desc()).limit(most)
            return tuple(
                Asked(row.job, tuple(row.command), row.language, row.person, row.made, row.state or "", row.ended, row.run or "")
                for row in session.scalars(query)
            )  # fmt: skip

    def runs(self) -> Mapping[str, RunBy]:
        """Who asked for the runs that jobs made, by their ids."""
        with self._reading() as session:
            return {
                row.name: RunBy(row.name, row.person, row.made) for row in session.scalars(select(RunRow))
            }


def _note_job(session: Session, job: Job, made: datetime) -> None:
    row = session.scalars(select(JobRow).where(JobRow.job == job.id, JobRow.made == made)).first()
    if row is None:
        row = JobRow(
            job=job.id, command=list(job.command), language=job.language, person=job.person, made=made
        )
        session.add(row)
    row.state, row.ended, row.run = job.state, _moment(job.ended), job.run
    if job.run and session.get(RunRow, job.run) is None:
        session.add(
            RunRow(name=job.run, command=list(job.command), person=job.person, made=row.ended or made)
        )


def _moment(text: str) -> datetime | None:
    """A moment as jobs write it; None where there is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _storable(finding: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON that every database takes: no nulls in texts, no numbers that are none, dates as text."""
    import json

    from careo.views import contract

    return json.loads(contract.to_json(finding).replace("\\u0000", "\\ufffd"))


def _id(name: str) -> str:
    """A name that can be an id; what comes from an address may be anything."""
    return name[:64] if name.isprintable() else ""


def _given(row: DocumentRow) -> Given:
    return Given(row.id, row.sha256, row.name, row.format, row.title, row.size, row.person, row.made)


def _row(session: Session, document: str, name: str) -> int:
    query = select(StatementRow.id).where(
        StatementRow.document == _id(document), StatementRow.name == _id(name)
    )
    found = session.scalars(query).first()
    if found is None:
        raise CareoError("team_no_statement", found=repr(name[:60]), fix="team_no_statement")
    return found


def _decided(session: Session, document: str, name: str = "") -> tuple[Decided, ...]:
    query = select(StatementRow).where(StatementRow.document == _id(document))
    if name:
        query = query.where(StatementRow.name == _id(name))
    rows = session.scalars(query.order_by(StatementRow.start, StatementRow.end, StatementRow.id).execution_options(populate_existing=True)).all()  # fmt: skip
    told = (
        select(DecisionRow)
        .join(StatementRow, DecisionRow.statement == StatementRow.id)
        .where(StatementRow.document == _id(document))
        .order_by(DecisionRow.id)
    )
    if name:
        told = told.where(StatementRow.name == _id(name))
    history: dict[int, list[Decision]] = {}
    for each in session.scalars(told):
        history.setdefault(each.statement, []).append(
            Decision(
                each.id, each.seen, each.version, each.settles, each.decision,
                {key: str(value) for key, value in each.correct.items()}, each.note, each.person, each.made,
            )
        )  # fmt: skip
    return tuple(_with_entry(row, tuple(history.get(row.id, ()))) for row in rows)


def _with_entry(row: StatementRow, decisions: tuple[Decision, ...]) -> Decided:
    standing = next((each for each in decisions if each.version == row.version), None)
    entry = Entry(
        kind=row.kind,
        quote=row.quote,
        id=row.name,
        start=row.start,
        end=row.end,
        quote_hash=row.quote_hash,
        before=row.before,
        after=row.after,
        read={key: str(value) for key, value in row.read.items()},
        decision=standing.decision if standing else "undecided",
        correct=dict(standing.correct) if standing else {},
        note=standing.note if standing else "",
    )
    return Decided(row.name, entry, row.version, decisions)
