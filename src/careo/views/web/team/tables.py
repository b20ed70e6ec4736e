"""The tables of a team's database. `migrations/` makes them; a test holds the two against each other.

`decisions` is a history: rows are added, never changed and never removed (triggers of the database refuse it). A statement's `version` counts
the decisions that stand or stood; a decision without a version came too late and waits beside the others until somebody settles it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, on databases that know time zones and on those that do not."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """As it is kept: in UTC."""
        if value is None:
            return None
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """As it is read: aware of its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text from outside: what no database takes (nulls, halves of surrogate pairs) is shown as such and not lost with the rest."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002
        """With U+FFFD where a character cannot be kept."""
        if value is None:
            return None
        return (
            value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
        )  # fmt: skip


class Base(DeclarativeBase):
    """All tables, with names for their constraints that are the same on every database."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Moment(),
        str: Words(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
    }


class DocumentRow(Base):
    """A document that somebody gave. `id` begins its sha256: the same bytes are one document, under the name they had first."""

    __tablename__ = "documents"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    format: Mapped[str] = mapped_column(String(16))
    title: Mapped[str]
    size: Mapped[int] = mapped_column(Integer)
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    person: Mapped[str]
    made: Mapped[datetime] = mapped_column(index=True)


class StatementRow(Base):
    """A statement of a document under its id in the ledger; `version` is 0 until somebody decides."""

    __tablename__ = "statements"
    __table_args__ = (UniqueConstraint("document", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    name: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    quote: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    quote_hash: Mapped[str] = mapped_column(String(16))
    before: Mapped[str] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    read: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=0)


class DecisionRow(Base):
    """What somebody decided. `seen`: the version before them; `version`: the one they made, nothing when another came first.

    `settles`: the decision without a version that this one answers.
    """

    __tablename__ = "decisions"
    __table_args__ = (UniqueConstraint("statement", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    statement: Mapped[int] = mapped_column(ForeignKey("statements.id"), index=True)
    seen: Mapped[int]
    version: Mapped[int | None]
    settles: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    decision: Mapped[str] = mapped_column(String(16))
    correct: Mapped[dict[str, Any]]
    note: Mapped[str]
    person: Mapped[str]
    made: Mapped[datetime]


class FindingRow(Base):
    """A finding of the latest check of a document for one date and language, as the JSON contract has it."""

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("document", "said", "language", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    said: Mapped[str] = mapped_column(String(10))
    language: Mapped[str] = mapped_column(String(2))
    position: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(32))
    body: Mapped[dict[str, Any]]
    question: Mapped[str] = mapped_column(String(64))
    made: Mapped[datetime]


class RunRow(Base):
    """A run of the laboratory and who asked for it, by its id in the folder of runs."""

    __tablename__ = "runs"
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    command: Mapped[list[str]]
    person: Mapped[str]
    made: Mapped[datetime] = mapped_column(index=True)


class JobRow(Base):
    """Who asked when for which computation, and what became of it; its answer stands in the folder of jobs. Asked again, it is another row."""

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "made", "job", unique=True),)
    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(16), index=True)
    command: Mapped[list[str]]
    language: Mapped[str] = mapped_column(String(2))
    person: Mapped[str]
    made: Mapped[datetime]
    state: Mapped[str | None] = mapped_column(String(16))
    ended: Mapped[datetime | None]
    run: Mapped[str | None] = mapped_column(String(200))
