"""The database of a server: an SQLite file, or PostgreSQL by its URL. Opened, brought to the newest tables, and its failures in words.

Whatever happens to the database while the server runs (stopped, unplugged, full) ends the one request that met it, with a sentence and nothing
half-written; the next request tries again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DisconnectionError,
    InterfaceError,
    InvalidRequestError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from careo.base.errors import CareoError

MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE = 10  # seconds until somebody else's lock, or a server that does not answer, is given up
_LOCK = 0x6361_7265_6F  # "careo": of PostgreSQL's advisory locks, so that two servers starting at once do not both migrate


class TeamError(CareoError):
    """The database cannot be used just now; `status` is what HTTP calls it."""

    def __init__(
        self, key: str, *, status: int = 503, where: str = "", found: str = "", fix: str = ""
    ) -> None:
        self.status = status
        super().__init__(key, where=where, found=found, fix=fix)


def open_engine(address: str, home: Path) -> Engine:
    """The engine of a database; nothing is connected yet.

    Args:
        address: URL of SQLAlchemy; "" for the file `careo.sqlite` in `home`.

    Raises:
        CareoError: the URL is none, or names a database that careo does not know; or psycopg is not installed.
    """
    url = _url(address, home)
    if url.get_backend_name() == "sqlite":
        return _sqlite(Path(str(url.database)))
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise CareoError("team_postgresql", fix="team_postgresql") from error
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=15,
        pool_timeout=_PATIENCE,
        connect_args={"connect_timeout": _PATIENCE // 2, "options": f"-c lock_timeout={_PATIENCE}s"},
    )


def _url(address: str, home: Path) -> URL:
    if not address:
        return URL.create("sqlite", database=str(home.absolute() / "careo.sqlite"))
    if address.startswith("postgres://"):  # as many hosts write it
        address = "postgresql" + address.removeprefix("postgres")
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:  # ValueError: a port that is no number
        # Its text may hold a password, so it is not repeated.
        raise CareoError("team_url", expected=_EXPECTED, fix="team_url") from error
    shown = url.render_as_string(hide_password=True)
    known = url.drivername in ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
    if not known or (url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")):
        raise CareoError("team_url", expected=_EXPECTED, found=shown, fix="team_url")
    return url


_EXPECTED = "postgresql://name:password@host/database | sqlite:////folder/file.sqlite"


def _sqlite(path: Path) -> Engine:
    """A file with a write-ahead log: readers and one writer do not wait for each other."""

    def connect() -> sqlite3.Connection:
        # Opened but never made here: a file that is gone must not come back empty.
        made = sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=_PATIENCE, check_same_thread=False)  # fmt: skip
        made.isolation_level = None  # transactions begin where SQLAlchemy says, see `_begin`
        made.execute("PRAGMA foreign_keys=ON")
        made.execute("PRAGMA synchronous=FULL")  # what was answered for is on the disk
        return made

    engine = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_timeout=_PATIENCE, max_overflow=15
    )

    def stamped(_: Any, record: Any) -> None:
        record.info["file"] = _identity(path)

    def same_file(_: Any, record: Any, __: Any) -> None:
        if record.info.get("file") != _identity(path):  # moved away or replaced: what we hold is a ghost
            raise DisconnectionError

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("careo_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", stamped)
    event.listen(engine, "checkout", same_file)
    event.listen(engine, "begin", begin)
    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_dev, told.st_ino


def migrate(engine: Engine, home: Path, address: str = "", *, to: str = "head") -> None:
    """Makes the tables, or brings older ones to today's; all of it or nothing.

    Raises:
        TeamError: the database cannot be reached, or a newer careo made its tables.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError
    from filelock import FileLock

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    url = _url(address, home)
    if engine.dialect.name != "sqlite":
        with spoken(), engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            _upgrade(command, config, connection, to, CommandError)
        return
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=_PATIENCE), spoken():
            fresh = sqlite3.connect(path)
            fresh.execute("PRAGMA journal_mode=WAL")
            fresh.close()
            with engine.connect().execution_options(careo_writes=True) as connection, connection.begin():
                _upgrade(command, config, connection, to, CommandError)
    except (OSError, sqlite3.Error) as error:
        raise _worded(error) from error


def _upgrade(command: Any, config: Any, connection: Connection, to: str, failure: type[Exception]) -> None:
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except failure as error:
        raise TeamError("team_newer", found=str(error)[:200], fix="team_newer") from error


@contextmanager
def spoken() -> Iterator[None]:
    """Failures of the database as sentences.

    Raises:
        TeamError: 503 when it cannot be reached, 507 when its disk is full.
    """
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, DisconnectionError, sqlite3.Error) as error:
        raise _worded(error) from error
    except InvalidRequestError as error:
        if "connection is closed" not in str(error):  # what a pool says when its connections are ghosts
            raise
        raise _worded(error) from error


def _worded(error: BaseException) -> TeamError:
    """What went wrong, without a password or a query."""
    first = getattr(error, "orig", None) or error
    code = getattr(first, "sqlite_errorcode", None)
    state = getattr(first, "sqlstate", None) or ""
    if code is not None and code & 0xFF == sqlite3.SQLITE_FULL:
        return TeamError("team_full", status=507)
    if state.startswith("53") or getattr(first, "errno", None) == 28:
        return TeamError("team_full", status=507, found=state and f"SQLSTATE {state}")
    told = getattr(first, "sqlite_errorname", "") or (f"SQLSTATE {state}" if state else type(first).__name__)
    return TeamError("team_gone", found=told)
