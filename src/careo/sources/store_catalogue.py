"""The catalogue of the store: which snapshots there are, in one SQLite file, through SQLAlchemy.

It is an index: all it says also stands on the cards beside the tables, so it may be lost and is made anew. Whoever writes holds the
lock of the store. Its journal is SQLite's rollback journal: a write-ahead log needs shared memory, which network folders
lack, and cannot be opened in a folder that is read-only.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    NullPool,
    String,
    Table,
    create_engine,
    delete,
    insert,
    select,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from careo.base.errors import DataError

FORMAT = 1
"""Of the tables, as `PRAGMA user_version`. An older one is made anew from the cards, a newer one is left alone."""

_PATIENCE = 30.0  # seconds to wait for whoever else has the file open
_SURROUNDINGS = {  # what SQLite says of the disk and the folder, not of the file
    sqlite3.SQLITE_BUSY: errno.EBUSY,
    sqlite3.SQLITE_LOCKED: errno.EBUSY,
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_NOLFS: errno.EFBIG,
}
_SNAPSHOTS = Table(
    "snapshots",
    MetaData(),
    Column("sha256", String, primary_key=True),
    Column("country", String, nullable=False),
    Column("dataset", String, nullable=False),
    Column("known", String, nullable=False),
    Column("card", String, nullable=False),
    Column("removing", Integer, nullable=False),
)


class DamagedError(Exception):
    """The file is missing, no catalogue, broken, or of an older format: it is to be made anew."""


@dataclass(frozen=True, slots=True)
class Row:
    """A snapshot in the catalogue.

    Attributes:
        country, dataset, known: of its card, for whoever asks SQLite.
        card: the card as it stands in card.json.
        removing: 1 from the moment it was asked to go until its files are gone, else 0.
    """

    sha256: str
    country: str
    dataset: str
    known: str
    card: str
    removing: int = 0


def rows(path: Path) -> tuple[Row, ...]:
    """Every row of the catalogue.

    Raises:
        DamagedError: see there. DataError: written by a later careo. OSError: the file cannot be opened, or is in use.
    """
    if not path.exists():
        raise DamagedError
    with _opened(path) as connection:
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > FORMAT:
            raise DataError("store_newer", where=str(path), fix="store_newer")
        if version < FORMAT:
            raise DamagedError
        found = tuple(Row(**row) for row in connection.execute(select(_SNAPSHOTS)).mappings())
    kinds = tuple(column.type.python_type for column in _SNAPSHOTS.c)
    if any(tuple(map(type, astuple(row))) != kinds for row in found):
        raise DamagedError  # SQLite keeps any type in any column
    return found


def put(path: Path, changed: Iterable[Row]) -> None:
    """Write rows, all or none, over those of the same sha256. Raises as `rows`."""
    values = [asdict(row) for row in changed]
    if values:
        with _opened(path) as connection:
            connection.execute(insert(_SNAPSHOTS).prefix_with("OR REPLACE"), values)


def drop(path: Path, sha256: str) -> None:
    """Take a row out. Raises as `rows`."""
    with _opened(path) as connection:
        connection.execute(delete(_SNAPSHOTS).where(_SNAPSHOTS.c.sha256 == sha256))


def create(path: Path, found: Iterable[Row], draft: Path) -> None:
    """Make the catalogue anew in `draft`, then put it into its place as a whole. Raises as `rows`."""
    with _opened(draft, "rwc") as connection:
        _SNAPSHOTS.create(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {FORMAT:d}")
    put(draft, found)
    for rest in ("-journal", "-wal", "-shm"):  # of the lost one: SQLite would play them into the new file
        path.with_name(path.name + rest).unlink(missing_ok=True)
    draft.replace(path)


@contextmanager
def _opened(path: Path, mode: str = "rw") -> Iterator[Connection]:
    """A transaction. Readers open for writing, too, where they may: SQLite must undo what a killed writer began."""
    try:
        with _engine(f"{path.absolute().as_uri()}?mode={mode}").begin() as connection:
            yield connection
    except (SQLAlchemyError, sqlite3.Error, UnicodeError) as error:
        told = error.orig if isinstance(error, DBAPIError) else error
        code = _SURROUNDINGS.get(getattr(told, "sqlite_errorcode", 0) & 0xFF)
        if code is None:
            raise DamagedError from error
        raise OSError(code, os.strerror(code), str(path)) from error


@lru_cache(maxsize=4)
def _engine(address: str) -> Engine:
    """Remembers how statements are compiled; every transaction opens the file anew."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=_PATIENCE)

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)
