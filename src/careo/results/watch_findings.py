"""What a watch told: signals as they stand, chosen by rule, buyer and time; and every revision in the order it was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

import msgspec

from careo.base.errors import CareoError
from careo.record.purchases.fences import behind
from careo.record.purchases.naming import Names
from careo.record.purchases.rules import Hit, Rule
from careo.record.purchases.signals import Signal
from careo.record.purchases.state import State
from careo.record.purchases.whereabouts import Whereabouts
from careo.run.watch import Shown, buyers_shown, chosen_rules, civil
from careo.run.watch_state import reading_state, rules_of, rules_with_lists, state_folder

STANDING, WITHDRAWN, ALL = "standing", "withdrawn", "all"
SHOWN = (STANDING, WITHDRAWN, ALL)
_AT_ONCE = 1000  # revisions whose names are looked up together


@dataclass(frozen=True)
class Found:
    """Signals with what is needed to put them into words.

    Attributes:
        signals: newest first. rules: by id. buyers: names by code. clock: up to when was watched, civil seconds.
        folder, country: of the state.
        history: where one signal was asked for, its revisions with their numbers, oldest first.
    """

    signals: tuple[Signal, ...]
    rules: Mapping[str, Rule]
    buyers: Mapping[str, str]
    clock: int
    folder: Path
    country: str
    history: tuple[tuple[int, Signal], ...] = ()

    def names_of(self, signals: Iterable[Signal]) -> Names:
        """Names of the buyers, buying units and companies that these signals speak of, looked up in the state.

        Raises:
            DataError: the state cannot be read.
        """
        names = Names()
        with reading_state(self.folder, self.country) as kept:
            names.learn(kept, signals)
        return names


def watch_findings(
    *,
    state: str | Path | None = None,
    country: str = "mexico",
    rules: Collection[str] = (),
    buyers: str | Path = "all",
    show: str = STANDING,
    since: date | None = None,
    id: str = "",
) -> Found:
    """The signals of a watch, as told last.

    Args:
        state, country, rules, buyers: as of `watch`; a buyer's name is understood, too.
        show: "standing", "withdrawn" or "all". since: only those told on that day or later.
        id: only the signal whose id begins so, whatever its state.

    Raises:
        CareoError: no such rule or signal, or several. DataError: there is no state, or it cannot be read.
    """
    folder = state_folder(country, state)
    only = chosen_rules(rules_of(country), rules)
    known = {rule.id: rule for rule in rules_with_lists(folder, country)}
    with reading_state(folder, country) as kept:
        names = dict(kept.rows("SELECT code, name FROM name WHERE kind='buyer'"))
        shows = _of_buyer(buyers) if buyers in names else buyers_shown(country, _code_of(buyers, names))
        if id:
            signals = [_with_rows(kept, _named(kept, id))]
        else:
            earliest = civil(since) if since else None
            signals = [
                signal
                for (name,) in kept.rows("SELECT DISTINCT rule FROM signal ORDER BY rule").fetchall()
                if not only or name in only
                for signal in kept.signals_of(name, standing=show == STANDING)
                if (show != WITHDRAWN or not signal.standing)
                and (earliest is None or signal.told >= earliest)
                and shows(kept, signal)
            ]
        signals.sort(key=lambda one: (-one.told, one.rule, one.subject))
        history = tuple(_revisions(kept, signals[0].id)) if id else ()
        return Found(tuple(signals), known, names, int(kept.meta("clock") or 0), folder, country, history)


class _Whose(msgspec.Struct, gc=False):
    """Of a signal only this; the rest is not read."""

    buyer: str
    rule: str


def watch_counts(*, state: str | Path | None = None, country: str = "mexico") -> Counter[tuple[str, str]]:
    """How many signals stand, by (code of the buyer, rule).

    Raises:
        DataError: there is no state, or it cannot be read.
    """
    read = msgspec.msgpack.Decoder(_Whose).decode
    with reading_state(state_folder(country, state), country) as kept:
        found = (read(body) for (body,) in kept.rows("SELECT body FROM signal WHERE standing"))
        return Counter((one.buyer, one.rule) for one in found)


def watch_names(
    *, state: str | Path | None = None, country: str = "mexico"
) -> tuple[Mapping[str, Rule], Mapping[str, str]]:
    """(rules by id, names of buyers by code) of a watch.

    Raises:
        DataError: there is no state, or it cannot be read.
    """
    folder = state_folder(country, state)
    with reading_state(folder, country) as kept:
        names = dict(kept.rows("SELECT code, name FROM name WHERE kind='buyer'"))
    return {rule.id: rule for rule in rules_with_lists(folder, country)}, names


def watch_file_times(
    checksums: Iterable[str], *, state: str | Path | None = None, country: str = "mexico"
) -> Mapping[str, int]:
    """When files were seen first, civil seconds, by their sha256.

    Raises:
        DataError: there is no state, or it cannot be read.
    """
    with reading_state(state_folder(country, state), country) as kept:
        found = {
            one: kept.rows("SELECT MIN(seen) FROM file WHERE sha256=?", (one,)).fetchone()[0]
            for one in dict.fromkeys(checksums)
            if one
        }
    return {one: seen for one, seen in found.items() if seen is not None}


def watch_told(
    *, state: str | Path | None = None, country: str = "mexico", after: int = 0, names: Names | None = None
) -> Iterator[tuple[int, Signal]]:
    """Every revision in the order it was told, from the number `after` on: (number, signal). Numbers are never used twice.

    Args:
        names: learns whom the signals speak of, before they are given.

    Raises:
        DataError: there is no state, or it cannot be read.
    """
    with reading_state(state_folder(country, state), country) as kept:
        told = kept.told(after)
        while some := list(islice(told, _AT_ONCE)):
            if names is not None:
                names.learn(kept, (signal for _, signal in some))
            yield from some


def watch_newest(
    most: int, *, state: str | Path | None = None, country: str = "mexico", names: Names | None = None
) -> tuple[tuple[int, Signal], ...]:
    """The last revisions told, at most `most`, in the order they were told. names: as of `watch_told`.

    Raises:
        DataError: there is no state, or it cannot be read.
    """
    with reading_state(state_folder(country, state), country) as kept:
        last = kept.rows("SELECT COALESCE(MAX(seq), 0) FROM outbox").fetchone()[0]
        newest = tuple(kept.told(max(0, last - most)))
        if names is not None:
            names.learn(kept, (signal for _, signal in newest))
        return newest


def _with_rows(state: State, signal: Signal) -> Signal:
    """The signal with processes behind it, where it rests on sums alone."""
    if any(one.name for one in signal.evidence):
        return signal
    facts = tuple(behind(state, signal))
    hit = Hit(
        signal.subject,
        signal.buyer,
        signal.unit,
        signal.supplier,
        signal.severity,
        signal.value,
        signal.threshold,
        facts,
    )
    return msgspec.structs.replace(
        signal, evidence=(*signal.evidence, *Whereabouts(state).dated(hit, {}).evidence)
    )


def _revisions(state: State, id: str) -> Iterator[tuple[int, Signal]]:
    for number, body in state.rows("SELECT seq, body FROM outbox WHERE id=? ORDER BY seq", (id,)):
        yield number, msgspec.msgpack.decode(body, type=Signal)


def _of_buyer(code: str | Path) -> Shown:
    """A code of the state is taken as it stands, whatever it looks like: publishers write them, and a list or a file could be meant else."""
    return lambda _state, signal: signal.buyer == code


def _code_of(buyers: str | Path, names: Mapping[str, str]) -> str | Path:
    if isinstance(buyers, Path) or buyers in ("", "all", "security") or buyers in names:
        return buyers
    codes = buyers_named(buyers, names)
    return ",".join(sorted(codes)) if codes else buyers


def buyers_named(asked: str, names: Mapping[str, str]) -> frozenset[str]:
    """Codes of the buyers that are meant: by code or part of the name, several separated by commas; a name may have a comma itself."""
    for wanted in ([asked], asked.split(",")):
        words = [one.strip().casefold() for one in wanted if one.strip()]
        found = frozenset(
            code
            for code, name in names.items()
            if any(one == code.casefold() or one in name.casefold() for one in words)
        )
        if found:
            return found
    return frozenset()


def _named(state: State, id: str) -> Signal:
    found = state.rows(
        "SELECT id, body FROM signal WHERE id >= ? AND id < ? LIMIT 2", (id, f"{id}~")
    ).fetchall()
    if not found:
        raise CareoError("watch_finding", found=id, fix="watch_finding")
    if len(found) > 1:
        raise CareoError(
            "watch_finding_several", found=", ".join(name for name, _ in found), fix="watch_finding"
        )
    return msgspec.msgpack.decode(found[0][1], type=Signal)
