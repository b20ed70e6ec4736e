"""What a watch keeps: one SQLite file, one writer, one transaction a package.

Whatever happens at whatever point, the file holds the packages that were taken in whole and nothing of others. It keeps no
free text, no official, and no natural person but as a reference under the installation's own key (`sources/persons.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from careo.base.errors import DataError
from careo.record.purchases.rules import Purchase
from careo.record.purchases.signals import Signal
from careo.record.purchases.versions import Versions

LAYOUT = 2  # raised when the tables change

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (
    series TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, published INTEGER, newest INTEGER,
    etag TEXT, modified TEXT
) WITHOUT ROWID;
CREATE TABLE file (
    id INTEGER PRIMARY KEY, series TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, seen INTEGER NOT NULL,
    is_table INTEGER NOT NULL, done INTEGER NOT NULL, parts INTEGER NOT NULL, next_line INTEGER, next_offset INTEGER,
    releases INTEGER NOT NULL
);
CREATE INDEX file_of ON file (series, sha256);
CREATE TABLE process (id TEXT PRIMARY KEY, versions BLOB NOT NULL, derived BLOB NOT NULL);
CREATE TABLE held (series TEXT, process TEXT, content BLOB NOT NULL, PRIMARY KEY (series, process)) WITHOUT ROWID;
CREATE TABLE purchase (
    unit TEXT, supplier TEXT, part TEXT, day INTEGER, process TEXT, contract TEXT, body BLOB NOT NULL,
    PRIMARY KEY (unit, supplier, part, day, process, contract)
) WITHOUT ROWID;
CREATE TABLE tally (
    kind TEXT, key TEXT, n0 INTEGER NOT NULL, n1 INTEGER NOT NULL, n2 INTEGER NOT NULL, n3 INTEGER NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE measure (population TEXT, value REAL, subject TEXT, PRIMARY KEY (population, value, subject)) WITHOUT ROWID;
CREATE TABLE timer (due INTEGER, process TEXT, PRIMARY KEY (due, process)) WITHOUT ROWID;
CREATE TABLE signal (id TEXT PRIMARY KEY, rule TEXT NOT NULL, standing INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX signal_of ON signal (rule, standing);
CREATE TABLE outbox (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, revision INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE name (kind TEXT, code TEXT, name TEXT NOT NULL, PRIMARY KEY (kind, code)) WITHOUT ROWID;
CREATE TABLE refused (
    file INTEGER, line INTEGER, pointer TEXT, reason TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (file, line, pointer)
) WITHOUT ROWID;
CREATE TABLE latency (milliseconds INTEGER PRIMARY KEY, releases INTEGER NOT NULL);
"""


class Derived(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a process adds to everything else, kept to be taken away again when the process changes.

    signals: ids of signals by process rules. purchases: keys of its rows. tallies, measures: what it added. due: when it
    has to be looked at again, None for never.
    """

    signals: tuple[str, ...] = ()
    purchases: tuple[tuple[str, str, str, int, str, str], ...] = ()
    tallies: tuple[tuple[str, str, tuple[int, ...]], ...] = ()
    measures: tuple[tuple[str, float, str], ...] = ()
    due: int | None = None


class PurchaseBody(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The fields of a `Purchase` that are not in the key of its row."""

    buyer: str
    direct: bool
    competitive: bool | None
    amount: int | None
    shared: int
    law: str
    category: str


_BOUGHT = "SELECT process FROM purchase WHERE unit=:unit AND supplier=:supplier LIMIT 1"
_OF_UNIT = "SELECT process FROM purchase WHERE unit=:unit LIMIT 1"
_OF_SUPPLIER = """
WITH RECURSIVE each(unit) AS (
    SELECT MIN(unit) FROM purchase
    UNION ALL SELECT (SELECT MIN(unit) FROM purchase WHERE unit > each.unit) FROM each WHERE each.unit IS NOT NULL
)
SELECT p.process FROM each CROSS JOIN purchase p ON p.unit=each.unit AND p.supplier=:supplier LIMIT 1
"""  # purchases are sorted by unit, so from unit to unit until one is found
_ABOVE = "SELECT subject FROM measure WHERE population=? AND value >= ?"
_BELOW = "SELECT subject FROM measure WHERE population=? AND value <= ?"

NO_DAY = -(1 << 31)  # stands for an unknown day in a key

_VERSIONS, _DERIVED = msgspec.msgpack.Decoder(Versions), msgspec.msgpack.Decoder(Derived)
_SIGNAL, _BODY = msgspec.msgpack.Decoder(Signal), msgspec.msgpack.Decoder(PurchaseBody)
_ENCODE = msgspec.msgpack.Encoder().encode


class State:
    """An open state. Reads see the last transaction; writes happen inside `transaction`.

    Raises:
        DataError: `path` is not a state, or one of another layout.
    """

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        where = path if writable else f"{path.absolute().as_uri()}?mode=ro"
        try:
            self._db = sqlite3.connect(where, uri=not writable, isolation_level=None, timeout=30)
        except sqlite3.DatabaseError as error:
            if writable:
                raise  # of the disk, not of what stands there
            raise DataError(
                "watch_state_broken", where=str(path), found=str(error), fix="watch_state"
            ) from None
        try:
            self._prepare(writable)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, writable: bool) -> None:
        where = str(self.path)
        try:
            if writable:
                # Before the first table: rows of processes are large, and fewer pages change with each package.
                self._db.execute("PRAGMA page_size=16384")
                self._db.execute("PRAGMA journal_mode=WAL")
                # In WAL mode NORMAL can lose the newest transactions of a power cut, never half of one: they are read again.
                self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("PRAGMA cache_size=-8192")
            self._db.execute("PRAGMA temp_store=FILE")
            # A kill may have left the file before anything stood in it.
            if writable and not self._db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
                self._db.executescript(f"BEGIN;{_TABLES}PRAGMA user_version={LAYOUT};COMMIT;")
            layout = self._db.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as error:
            if writable and isinstance(error, sqlite3.OperationalError):
                raise  # of the disk, not of what stands there
            raise DataError("watch_state_broken", where=where, found=str(error), fix="watch_state") from None
        if layout != LAYOUT:
            raise DataError(
                "watch_state_layout", where=where, expected=str(LAYOUT), found=str(layout), fix="watch_state"
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All that is written inside, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")  # can fail too: a disk may be full only then
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def rows(self, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> sqlite3.Cursor:
        """The rows that a query of this package answers."""
        return self._db.execute(query, values)  # pyright: ignore[reportArgumentType]

    def write(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """A statement for each row."""
        self._db.executemany(query, rows)  # pyright: ignore[reportArgumentType]

    # ── facts about the watch itself ──

    def meta(self, name: str) -> str | None:
        """A remembered value."""
        row = self._db.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
        return row[0] if row else None

    def remember(self, name: str, value: str) -> None:
        """Remember a value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # ── processes ──

    def processes(self, names: Iterable[str]) -> dict[str, tuple[Versions, Derived]]:
        """Those of `names` that are known."""
        found = self._db.execute(
            "SELECT p.id, p.versions, p.derived FROM json_each(?) j JOIN process p ON p.id = j.value",
            (_json(list(names)),),
        )
        return {
            name: (_VERSIONS.decode(versions), _DERIVED.decode(derived)) for name, versions, derived in found
        }

    def every_process(self) -> Iterator[tuple[str, Versions, Derived]]:
        """All processes in the order of their ids; bounded memory, and the state may be written meanwhile."""
        last = ""
        while rows := self._db.execute(
            "SELECT id, versions, derived FROM process WHERE id > ? ORDER BY id LIMIT 1000", (last,)
        ).fetchall():
            for name, versions, derived in rows:
                yield name, _VERSIONS.decode(versions), _DERIVED.decode(derived)
            last = rows[-1][0]

    def put_processes(self, rows: Iterable[tuple[str, Versions, bytes]]) -> None:
        """Write processes; what was derived of them is packed already (`packed_derived`)."""
        self.write(
            "INSERT INTO process VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET versions=excluded.versions, derived=excluded.derived",
            [(name, _ENCODE(versions), derived) for name, versions, derived in rows],
        )

    # ── what groups and populations count ──

    def put_purchases(self, gone: Iterable[Sequence[object]], new: Iterable[PurchaseRow]) -> None:
        """Take rows of purchases away, by key, and add others (`purchase_row`)."""
        self.write(
            "DELETE FROM purchase WHERE unit=? AND supplier=? AND part=? AND day=? AND process=? AND contract=?",
            gone,
        )
        self.write("INSERT OR REPLACE INTO purchase VALUES (?, ?, ?, ?, ?, ?, ?)", new)

    def purchases(self, unit: str, supplier: str, part: str | None = None) -> list[Purchase]:
        """Purchases of a unit from a supplier, of one item or of all, by item, day, process and contract."""
        query, values = "SELECT * FROM purchase WHERE unit=? AND supplier=?", [unit, supplier]
        if part is not None:
            query, values = f"{query} AND part=?", [*values, part]
        return [
            _purchase(row)
            for row in self._db.execute(f"{query} ORDER BY part, day, process, contract", values)
        ]

    def groups(self, keys: Sequence[tuple[str, str, str]]) -> dict[int, list[Purchase]]:
        """Purchases of each (unit, supplier, item) of `keys` by its place there; in the order of `purchases`."""
        found: dict[int, list[Purchase]] = {}
        for place, *row in self._db.execute(
            "SELECT j.key, p.* FROM json_each(?) j "
            "JOIN purchase p ON p.unit=json_extract(j.value, '$[0]') AND p.supplier=json_extract(j.value, '$[1]') AND p.part=json_extract(j.value, '$[2]') ORDER BY j.key, p.day, p.process, p.contract",
            (_json(keys),),
        ):
            found.setdefault(place, []).append(_purchase(row))
        return found

    def process_of(self, unit: str, supplier: str) -> str:
        """A process in which a unit bought something from a supplier; of any unit or supplier where that is "". "" if there is none."""
        query = _BOUGHT if unit and supplier else _OF_UNIT if unit else _OF_SUPPLIER
        row = self._db.execute(query, {"unit": unit, "supplier": supplier}).fetchone()
        return row[0] if row else ""

    def names(self, kind: str, codes: Collection[str]) -> dict[str, str]:
        """Names by code, of those that are known."""
        if not codes:
            return {}
        query = "SELECT n.code, n.name FROM json_each(?) j JOIN name n ON n.kind=? AND n.code=j.value"
        return dict(self._db.execute(query, (_json(sorted(codes)), kind)))

    def purchases_of_unit(self, unit: str) -> Iterator[Purchase]:
        """All purchases of a unit."""
        return map(_purchase, self._db.execute("SELECT * FROM purchase WHERE unit=?", (unit,)))

    def add(self, sums: Mapping[str, Mapping[str, Sequence[int]]]) -> None:
        """Add to sums, by kind and key, place by place, of which each has four."""
        self.write(
            "INSERT INTO tally VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "n0=n0+excluded.n0, n1=n1+excluded.n1, n2=n2+excluded.n2, n3=n3+excluded.n3",
            [
                (kind, key, *numbers)
                for kind, of_kind in sorted(sums.items())
                for key in sorted(of_kind)
                if any(numbers := of_kind[key])
            ],
        )

    def tallies(
        self, kind: str, prefix: str = "", *, least: int | None = None
    ) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
        """Sums of a kind by key in the order of keys, not those that came to nothing. least: of the second number."""
        query, values = "SELECT key, n0, n1, n2, n3 FROM tally WHERE kind=? AND key>=? AND key<?", [kind, prefix, f"{prefix}\U0010ffff"]  # fmt: skip
        if least is not None:
            query, values = f"{query} AND n1>=?", [*values, least]
        for key, *numbers in self._db.execute(f"{query} ORDER BY key", values):
            if any(numbers):
                yield key, (numbers[0], numbers[1], numbers[2], numbers[3])

    def tally(self, kind: str, key: str) -> tuple[int, int, int, int]:
        """One sum."""
        row = self._db.execute(
            "SELECT n0, n1, n2, n3 FROM tally WHERE kind=? AND key=?", (kind, key)
        ).fetchone()
        return (row[0], row[1], row[2], row[3]) if row else (0, 0, 0, 0)

    def put_measures(self, gone: Iterable[Sequence[object]], new: Iterable[Sequence[object]]) -> None:
        """Take numbers of process populations away and add others: (population, value, subject)."""
        self.write("DELETE FROM measure WHERE population=? AND value=? AND subject=?", gone)
        self.write("INSERT OR IGNORE INTO measure VALUES (?, ?, ?)", new)

    def populations(self, name: str) -> Iterator[str]:
        """The populations of process measures called `name` or "<name>|…"."""
        last = name
        while row := self._db.execute(
            "SELECT MIN(population) FROM measure WHERE population >= ?", (last,)
        ).fetchone():
            if row[0] is None or row[0].partition("|")[0] != name:
                return
            yield row[0]
            last = f"{row[0]}\0"

    def population_size(self, population: str) -> int:
        """How many it has."""
        return self._db.execute("SELECT COUNT(*) FROM measure WHERE population=?", (population,)).fetchone()[
            0
        ]

    def measure_at(self, population: str, place: int) -> float:
        """The number at a place, from 0, of a population in order."""
        query = "SELECT value FROM measure WHERE population=? ORDER BY value LIMIT 1 OFFSET ?"
        return self._db.execute(query, (population, place)).fetchone()[0]

    def beyond(self, population: str, value: float, *, above: bool) -> Iterator[str]:
        """Subjects whose number is at or beyond `value`."""
        query = _ABOVE if above else _BELOW
        found = self._db.execute(query, (population, value))
        return iter([subject for (subject,) in found.fetchall()])

    # ── signals ──

    def signals(self, ids: Iterable[str]) -> dict[str, Signal]:
        """Signals by id, as told last."""
        found = self._db.execute(
            "SELECT s.id, s.body FROM json_each(?) j JOIN signal s ON s.id = j.value",
            (_json(list(ids)),),
        )
        return {name: _SIGNAL.decode(body) for name, body in found}

    def signals_of(self, rule: str, *, standing: bool = True) -> Iterator[Signal]:
        """The signals of a rule in the order of their ids."""
        found = self._db.execute(
            "SELECT body FROM signal WHERE rule=? AND standing>=? ORDER BY id", (rule, int(standing))
        )
        return (_SIGNAL.decode(body) for (body,) in found.fetchall())

    def tell(self, signals: Sequence[Signal], moved: Sequence[Signal] = ()) -> None:
        """Keep new revisions of signals and put them into the outbox, in the order given; `moved` are kept only."""
        packed = [(one, _ENCODE(one)) for one in signals]
        self.write(
            "INSERT OR REPLACE INTO signal VALUES (?, ?, ?, ?)",
            (
                (one.id, one.rule, int(one.standing), body)
                for one, body in (*packed, *((each, _ENCODE(each)) for each in moved))
            ),
        )
        self.write(
            "INSERT INTO outbox (id, revision, body) VALUES (?, ?, ?)",
            ((one.id, one.revision, body) for one, body in packed),
        )

    def told(self, after: int = 0) -> Iterator[tuple[int, Signal]]:
        """What was told, from number `after` on: (number, revision of a signal)."""
        last = after
        while rows := self._db.execute(
            "SELECT seq, body FROM outbox WHERE seq > ? ORDER BY seq LIMIT 1000", (last,)
        ).fetchall():
            for number, body in rows:
                yield number, _SIGNAL.decode(body)
            last = rows[-1][0]

    # ── waiting ──

    def put_timers(self, gone: Iterable[tuple[int, str]], new: Iterable[tuple[int, str]]) -> None:
        """Take timers away and set others."""
        self.write("DELETE FROM timer WHERE due=? AND process=?", gone)
        self.write("INSERT OR IGNORE INTO timer VALUES (?, ?)", new)

    def due(self, clock: int, most: int) -> list[str]:
        """Processes whose time has come, at most `most`."""
        found = self._db.execute(
            "SELECT process FROM timer WHERE due <= ? ORDER BY due, process LIMIT ?", (clock, most)
        )
        return [name for (name,) in found]


def _json(keys: Sequence[object]) -> str:
    return msgspec.json.encode(keys).decode()


def packed_derived(derived: Derived) -> bytes:
    """What a process adds, as it is kept."""
    return _ENCODE(derived)


def unpacked_derived(data: bytes) -> Derived:
    """What `packed_derived` packed."""
    return _DERIVED.decode(data)


PurchaseKey: TypeAlias = tuple[str, str, str, int, str, str]
PurchaseRow: TypeAlias = tuple[str, str, str, int, str, str, bytes]
"""A row of purchases: its key, and the `PurchaseBody` packed."""


def purchase_row(one: Purchase) -> PurchaseRow:
    """The row of a purchase."""
    body = PurchaseBody(
        one.buyer, one.direct, one.competitive, one.amount, one.shared, one.law, one.category
    )  # fmt: skip
    return (*purchase_key(one), _ENCODE(body))


def purchase_key(purchase: Purchase) -> PurchaseKey:
    """The key of its row."""
    day = NO_DAY if purchase.day is None else purchase.day
    return purchase.unit, purchase.supplier, purchase.part, day, purchase.process, purchase.contract


def _purchase(row: Sequence[Any]) -> Purchase:
    unit, supplier, part, day, process, contract, body = row
    rest: PurchaseBody = _BODY.decode(body)
    return Purchase(
        process=process,
        contract=contract,
        buyer=rest.buyer,
        unit=unit,
        supplier=supplier,
        part=part,
        direct=rest.direct,
        competitive=rest.competitive,
        day=None if day == NO_DAY else day,
        amount=rest.amount,
        shared=rest.shared,
        law=rest.law,
        category=rest.category,
    )
