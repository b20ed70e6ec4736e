"""`watch`: purchases taken in as they are published, and what the rules say of them told at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import IO

from careo.base.errors import CareoError
from careo.record.purchases.naming import Names
from careo.record.purchases.process import process
from careo.record.purchases.rule_files import Buyers, Rules, load_buyers, read_supplier_list
from careo.record.purchases.signals import Signal
from careo.record.purchases.state import State
from careo.record.purchases.watch import Taken, Watch
from careo.run.watch_state import keep_list, rules_of, rules_with_lists, state_folder, terms_of, writing_state
from careo.sources.civil import DAY
from careo.sources.releases import Package

Told = Callable[[int, Signal, Names], None]
Noted = Callable[[str, dict[str, object]], None]
EVERY_SECONDS = 5.0
_AT_ONCE = 1000  # signals whose names are looked up together


@dataclass
class Watched:
    """What a watch took in, and where it is kept.

    Attributes:
        state: folder of the state. files, releases, new: taken in; new: releases that said something new.
        refused: what could not be read, by reason (words under `watch.refused`).
        signals: how many were told, revisions and withdrawals too; first, last: their numbers in the outbox.
        newest: newest date that a source of this look gave, civil seconds; None if it gave none.
        clock: when the look ended, civil seconds.
        nothing_read: something was there to read, and none of it could be, now or when it was met before.
        notes: what else is to be known: (key under `watch.note`, words).
    """

    state: Path
    files: int = 0
    releases: int = 0
    new: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    signals: int = 0
    first: int = 0
    last: int = 0
    newest: int | None = None
    clock: int = 0
    nothing_read: bool = False
    notes: list[tuple[str, dict[str, object]]] = field(default_factory=list[tuple[str, dict[str, object]]])

    def age_days(self) -> int | None:
        """Whole days between the newest date of the sources and the end of the look; None if there is no date."""
        return None if self.newest is None else max(0, (self.clock - self.newest) // DAY)


def watch(
    source: str | Path | IO[bytes],
    *,
    state: str | Path | None = None,
    country: str = "mexico",
    buyers: str | Path = "all",
    rules: Collection[str] = (),
    follow: bool = False,
    every: float = EVERY_SECONDS,
    seen: date | None = None,
    accept_shrunk: bool = False,
    listed: str | Path | None = None,
    offline: bool = False,
    tell: Told | None = None,
    note: Noted | None = None,
    stop: threading.Event | None = None,
) -> Watched:
    """Take in what a source holds that is new, and tell the signals that follow.

    A source is looked at once, or with `follow` again and again until `stop` is set. Whatever ends it, what was taken in stays
    and nothing else is kept; the next watch of the same state goes on from there.

    Args:
        source: a folder (every readable file in it and below), a file, an address ("https://…"), or "-" or a binary stream of
            JSON Lines.
        state: folder of the state; by default `watch/<country>` in the folder of imported data.
        buyers: whose signals are told: "all", "security", codes separated by commas, or a file with a code on each line.
            All purchases are taken in whatever it says, for rules compare buyers with each other.
        rules: whose signals are told, by id ("W01"; "W12" is all of W12-…); all without it.
        every: seconds between two looks.
        seen: when the source is seen, for one that is older; default now.
        accept_shrunk: take a table that lost many of its rows for what it says.
        listed: a CSV of suppliers on lists (supplier, list, since, until), kept with the state from then on.
        tell: is called with (number, signal, names) as soon as a signal is told; names know whom it speaks of. note: with what else is to be known.
        stop: ends the watch after the package that is being taken in.

    Raises:
        CareoError: no such source, rule or buyer; another watch of the same state; a state that cannot be read or written.
    """
    from careo.run import watch_look

    folder = state_folder(country, state)
    text = source if isinstance(source, str) else ""
    is_address = text.startswith(("http://", "https://"))
    if isinstance(source, str | Path) and text != "-" and not is_address:
        watch_look.must_be_there(Path(source))  # a mistake is told before anything is made
    with session(
        folder, country, buyers=buyers, rules=rules, listed=listed, tell=tell, note=note, stop=stop
    ) as open_session:
        open_session.accept_shrunk = accept_shrunk
        if seen is not None:
            open_session.fixed = civil(seen)
        if not isinstance(source, str | Path):
            watch_look.look_at_stream(open_session, source)
        elif text == "-":
            import sys

            watch_look.look_at_stream(open_session, sys.stdin.buffer)
        elif is_address:
            watch_look.look_at_address(open_session, text, follow=follow, every=every, offline=offline)
        else:
            watch_look.look_at_folder(open_session, Path(source), follow=follow, every=every)
        return open_session.done()


def watch_replay(
    folder: str | Path,
    *,
    state: str | Path | None = None,
    country: str = "mexico",
    buyers: str | Path = "all",
    rules: Collection[str] = (),
    tell: Told | None = None,
    note: Noted | None = None,
    stop: threading.Event | None = None,
) -> Watched:
    """Take a folder in as if it had been watched then: each file seen on the date in its name, else when it was last changed.

    Args:
        state: folder of the state; without it one that is thrown away.

    Raises:
        CareoError: as of `watch`.
    """
    import tempfile

    from careo.run import watch_look

    watch_look.must_be_there(Path(folder))
    with (
        tempfile.TemporaryDirectory(prefix="careo-replay-") as spare,
        session(
            Path(state) if state else Path(spare),
            country,
            buyers=buyers,
            rules=rules,
            tell=tell,
            note=note,
            stop=stop,
        ) as open_session,
    ):
        open_session.replaying = True
        watch_look.look_at_folder(open_session, Path(folder))
        return open_session.done()


class Session:
    """A watch under way: takes packages in and tells what comes of them.

    Attributes:
        fixed: when everything is seen, None for now. replaying: files are seen at their own dates.
        series: what was looked at, new or not.
    """

    def __init__(
        self,
        folder: Path,
        state: State,
        country: str,
        *,
        buyers: str | Path,
        rules: Collection[str],
        tell: Told | None,
        note: Noted | None,
        stop: threading.Event | None,
    ) -> None:
        self.folder, self.state, self.country = folder, state, country
        known = rules_of(country)
        self.only_rules = chosen_rules(known, rules)
        self._shown = buyers_shown(country, buyers)
        self._tell, self._note = tell, note
        self.stop = stop or threading.Event()
        self.terms = terms_of(country, folder)
        self.fixed: int | None = None
        self.replaying = self.accept_shrunk = False
        self._told = max(
            (number for (number,) in state.rows("SELECT MAX(seq) FROM outbox") if number), default=0
        )
        self.watched = Watched(folder, first=self._told + 1, last=self._told)
        self.watch = Watch(state, rules_with_lists(folder, country), known.currency)
        self._found = 0
        self._names = Names()
        self.series: set[str] = set()
        self._read = False
        self._tell_new()

    @property
    def stopped(self) -> bool:
        """Whether it was asked to stop."""
        return self.stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait; True if it was asked to stop."""
        return self.stop.wait(seconds)

    def now(self) -> int:
        """Now, or the moment that it is taken for, in civil seconds."""
        return self.fixed if self.fixed is not None else self.terms.clock.at(int(time.time()))

    def take(self, package: Package) -> Taken:
        """Take a package in and tell what comes of it."""
        taken = self.watch.take(package, accept_shrunk=self.accept_shrunk)
        watched = self.watched
        watched.files += package.part == 0 and bool(taken.releases or taken.refused)
        watched.releases += taken.releases
        watched.new += taken.new
        for one in taken.refused:
            watched.refused[one.reason] += 1
            if one.reason in ("shrunk", "cut_table"):
                self.note(one.reason, name=package.name, detail=one.detail)
        self._tell_new()
        return taken

    def settle(self, clock: int | None = None) -> None:
        """Tell what time alone, or everything together, decides."""
        self.watch.settle(clock)
        self._tell_new()

    def looked(self) -> None:
        """Remember that the source was looked at."""
        now = str(self.watch.clock if self.replaying else self.now())
        with self.state.transaction():
            self.state.remember("looked", now)
            if self.watched.new > self._found:
                self.state.remember("found", now)
        self._found = self.watched.new

    def note(self, key: str, **words: object) -> None:
        """Say something that is no signal."""
        self.watched.notes.append((key, words))
        if self._note:
            self._note(key, words)

    def trouble(self, error: CareoError) -> None:
        """Say what went wrong at one look and may be well at the next."""
        self.note("trouble", error=error)

    def met(self, series: str = "", name: str = "") -> None:
        """Note that a file was there to be read: that of this name, as the state knows it, or one that could not even be opened."""
        self._read = self._read or bool(name and self.watch.readable(series, name))
        self.watched.nothing_read = not self._read

    def done(self) -> Watched:
        """What came of it."""
        self.watched.clock = max(self.now(), self.watch.clock) if not self.replaying else self.watch.clock
        found = (
            self.state.rows("SELECT newest FROM source WHERE series=?", (series,)).fetchone()
            for series in self.series
        )
        self.watched.newest = max((row[0] for row in found if row and row[0] is not None), default=None)
        return self.watched

    def seen_of(self, newest: int | None) -> int:
        """When a file is seen now: later than the newest edition of its series, however fast one follows the other."""
        now = self.now()
        return now if newest is None else max(now, newest + 1)

    def _tell_new(self) -> None:
        told = self.state.told(self._told)
        while some := list(islice(told, _AT_ONCE)):
            if self._tell:
                self._names.learn(self.state, [signal for _, signal in some if self.shows(signal)])
            for number, signal in some:
                self._told = number
                if not self.shows(signal):
                    continue
                self.watched.signals += 1
                self.watched.last = number
                if self._tell:
                    self._tell(number, signal, self._names)

    def shows(self, signal: Signal) -> bool:
        """Whether a signal is of the rules and buyers that were asked for."""
        return (not self.only_rules or signal.rule in self.only_rules) and self._shown(self.state, signal)


@contextmanager
def session(
    folder: Path,
    country: str,
    *,
    buyers: str | Path = "all",
    rules: Collection[str] = (),
    listed: str | Path | None = None,
    tell: Told | None = None,
    note: Noted | None = None,
    stop: threading.Event | None = None,
) -> Generator[Session]:
    """A watch of the state in `folder`; see `watch`."""
    known = rules_of(country)
    chosen_rules(known, rules)
    buyers_shown(country, buyers)  # a mistake is told before anything is made
    if listed:
        read_supplier_list(listed)
    with writing_state(folder, country) as state:
        if listed:
            keep_list(folder, Path(listed))
        yield Session(folder, state, country, buyers=buyers, rules=rules, tell=tell, note=note, stop=stop)


def chosen_rules(known: Rules, names: Collection[str]) -> frozenset[str]:
    """Ids of the rules called so; none for all.

    Raises:
        CareoError: there is no such rule.
    """
    found: set[str] = set()
    for name in names:
        rules = known.named(name.upper())
        if not rules:
            raise CareoError("watch_rule", expected=", ".join(known.by_id), found=name, fix="watch_rule")
        found |= {rule.id for rule in rules}
    return frozenset(found)


def civil(moment: date) -> int:
    """A day, or a moment on the country's clock, in civil seconds."""
    start = datetime(1970, 1, 1)  # noqa: DTZ001 - the clock of the country, whichever
    if isinstance(moment, datetime):
        return int((moment.replace(tzinfo=None) - start).total_seconds())
    return (moment - start.date()).days * DAY


Shown = Callable[[State, Signal], bool]


def buyers_shown(country: str, buyers: str | Path) -> Shown:
    """Whether a signal is of the buyers asked for: see `watch`.

    Raises:
        CareoError: there is no such file, or the country has no register of buyers.
    """
    if buyers in ("", "all"):
        return lambda _state, _signal: True
    if buyers == "security":
        register = load_buyers(country)
        if register is None:
            raise CareoError("watch_no_buyers", where=country, fix="watch_buyers")
        return _Register(register)
    codes = frozenset(buyer_codes(buyers))
    return lambda _state, signal: signal.buyer in codes


def buyer_codes(buyers: str | Path) -> Sequence[str]:
    """Codes of buyers, given one after the other or in a file.

    Raises:
        CareoError: the file cannot be read.
    """
    path = Path(buyers)
    if not path.is_file():
        text = str(buyers)
        if isinstance(buyers, Path) or "/" in text or path.suffix:
            raise CareoError("watch_buyers_file", where=text, fix="watch_buyers")
        return [code.strip() for code in text.split(",") if code.strip()]
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CareoError(
            "watch_buyers_file", where=str(path), found=str(error), fix="watch_buyers"
        ) from error
    return [line.partition("#")[0].strip().lstrip("'") for line in lines if line.partition("#")[0].strip()]


class _Register:
    """Whether a buyer belongs to public security, by the country's register; each buyer is looked up once."""

    def __init__(self, register: Buyers) -> None:
        self._register = register
        self._known: dict[str, bool] = {}

    def __call__(self, state: State, signal: Signal) -> bool:
        code = signal.buyer
        if code not in self._known:
            row = state.rows("SELECT name FROM name WHERE kind='buyer' AND code=?", (code,)).fetchone()
            self._known[code] = self._register.watched(code, _branch(state, signal), row[0] if row else "")
        return self._known[code]


def _branch(state: State, signal: Signal) -> str:
    for name, (versions, _) in state.processes(one.process for one in signal.evidence[:1]).items():
        return process(name, versions, {}).now.branch or ""
    return ""
