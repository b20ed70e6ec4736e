"""Opening the state of a watch: where it is, one writer at a time, and what is wrong with it in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from careo.base.errors import CareoError, DataError, OutputError
from careo.base.files import writing
from careo.base.shipped import country_data
from careo.record.purchases.checks_process import with_lists
from careo.record.purchases.rule_files import Rules, load_rules, read_supplier_list
from careo.record.purchases.rules import Rule
from careo.record.purchases.state import State
from careo.sources.civil import Clock
from careo.sources.packages import Terms
from careo.sources.persons import Door, installation_key
from careo.sources.store import data_folder

_STATE, _LOCK, _LIST = "state.sqlite", "lock", "suppliers.csv"
_FULL = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
)
_HELD = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def state_folder(country: str, state: str | Path | None = None) -> Path:
    """The folder of a state: the one named, else `watch/<country>` in the folder of imported data (`$CAREO_HOME`)."""
    return Path(state) if state else data_folder() / "watch" / Path(country).name


def state_file(country: str, state: str | Path | None = None) -> Path:
    """The file in that folder."""
    return state_folder(country, state) / _STATE


def rules_of(country: str) -> Rules:
    """The rules by which purchases of a country are watched.

    Raises:
        DataError: the country has none, or they are broken.
    """
    rules = load_rules(country)
    if rules is None:
        raise DataError("watch_no_rules", where=country, fix="watch_no_rules")
    return rules


def rules_with_lists(folder: Path, country: str) -> tuple[Rule, ...]:
    """The rules by which the state in `folder` is watched: the country's, with the list of suppliers that was given to it."""
    rules = tuple(rules_of(country).by_id.values())
    path = folder / _LIST
    if not path.is_file():
        return rules
    lists = read_supplier_list(path)
    return tuple(with_lists(rule, lists) if rule.check == "listed_supplier" else rule for rule in rules)


def keep_list(folder: Path, path: Path) -> None:
    """Keep a list of suppliers with the state, from now on."""
    with writing(folder / _LIST) as draft:
        draft.write_bytes(path.read_bytes())


def clock_of(country: str) -> Clock:
    """The clock of a country's publishers.

    Raises:
        DataError: `purchases/publishers.yaml` is not there.
    """
    return Clock(country_data(country, "purchases", "publishers.yaml")["zone"])


def terms_of(country: str, folder: Path) -> Terms:
    """How purchases of a country are read into the state in `folder`, whose key hides natural persons.

    Raises:
        DataError, OutputError: the key is open to others, broken, or cannot be made.
    """
    return Terms(clock_of(country), Door(installation_key(folder), country), rules_of(country).currency)


def _must_be_of(country: str, state: State, folder: Path) -> None:
    """Rules of another country would withdraw everything that was told.

    Raises:
        CareoError: what the state holds was taken in for another country.
    """
    kept, asked = state.meta("country"), Path(country).name
    if kept is not None and kept != asked:
        raise CareoError(
            "watch_other_country", where=str(folder), expected=kept, found=asked, fix="watch_other_country"
        )


@contextmanager
def writing_state(folder: Path, country: str) -> Generator[State]:
    """The state in `folder`, made where there is none; nobody else writes to it meanwhile.

    Raises:
        CareoError: another watch writes to it, or it is another country's. DataError: it is no state, or one of another layout.
        OutputError: it cannot be written; what was taken in before stays.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK, timeout=0)
        lock.acquire()
    except Timeout as error:
        raise CareoError("watch_taken", where=str(folder), fix="watch_taken") from error
    except OSError as error:
        raise OutputError(
            "watch_full", where=str(folder), found=error.strerror or "", fix="watch_full"
        ) from error
    try:
        with mended(folder):
            state = State(folder / _STATE)
            try:
                _must_be_of(country, state, folder)
                if state.meta("country") is None:
                    with state.transaction():
                        state.remember("country", Path(country).name)
                yield state
            finally:
                state.close()
    finally:
        lock.release()


@contextmanager
def reading_state(folder: Path, country: str) -> Generator[State]:
    """The state in `folder`, to read only; somebody may write to it meanwhile.

    Raises:
        CareoError: it is another country's. DataError: there is none, or it cannot be read.
    """
    if not (folder / _STATE).is_file():
        raise DataError("watch_no_state", where=str(folder), fix="watch_no_state")
    with mended(folder):
        state = State(folder / _STATE, writable=False)
        try:
            _must_be_of(country, state, folder)
            yield state
        finally:
            state.close()


@contextmanager
def mended(folder: Path) -> Generator[None]:
    """What SQLite says, in our words. A transaction that fails leaves nothing behind."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = error.sqlite_errorcode & 0xFF if hasattr(error, "sqlite_errorcode") else 0
        if code in _HELD:
            raise CareoError("watch_taken", where=str(folder), fix="watch_taken") from error
        if code not in _FULL:
            raise
        raise OutputError("watch_full", where=str(folder), found=str(error), fix="watch_full") from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
            raise
        raise DataError(
            "watch_state_broken", where=str(folder / _STATE), found=str(error), fix="watch_state"
        ) from error
