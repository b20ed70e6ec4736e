"""`Judge`: everything that follows from one process by itself, as `Judged`.

It reads nothing but the process, so another program can judge ahead of the one that keeps the state (`run/watch_ahead.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import TypeAlias

import msgspec

from careo.record.purchases.checks import CHECKS
from careo.record.purchases.contributions import measures_of, purchases_of, tallies_of
from careo.record.purchases.process import Process, process
from careo.record.purchases.publishing import publishing_of
from careo.record.purchases.rules import CLEAR, NOT_MEANT, Hit, Missing, Rule, Tally, Waiting
from careo.record.purchases.signals import signal_id
from careo.record.purchases.state import Derived, PurchaseRow, packed_derived, purchase_row
from careo.record.purchases.versions import Version, Versions, of_stream
from careo.sources.releases import Package, Sighting

Sums: TypeAlias = dict[str, dict[str, list[int]]]
"""What tallies come to, by kind and key; four numbers each."""

_AT_ONCE = 1000  # processes of a slice
_JUDGING = 3
"""Raised when the same rules say something else of the same releases: what is kept is judged again."""


class Judged(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What follows from one process.

    derived: the `Derived` that is kept, packed. due: as of it. hits: (id of the signal, id of the rule, the hit). purchases: rows of the state;
    direct: whether they are direct awards, which groups are made of. measures: (population, value, subject). names: (kind, code, name).
    """

    derived: bytes
    due: int | None
    hits: tuple[tuple[str, str, Hit], ...]
    purchases: tuple[PurchaseRow, ...]
    direct: bool
    measures: tuple[tuple[str, float, str], ...]
    names: tuple[tuple[str, str, str], ...]


class Ready(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a package says of one process. sightings: as `process.of_stream` orders them, what is said twice once; releases: how many there were.
    judged: what follows from these alone, unless the process was met before in the file."""

    process: str
    sightings: tuple[Sighting, ...]
    releases: int
    judged: Judged | None = None


class Slice(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Some processes of a package, looked at together. sums: tallies of all of `ready` that was judged."""

    ready: tuple[Ready, ...]
    sums: Sums = {}


@dataclass(frozen=True)
class ReadyPackage(Package):
    """A package of a stream that another program read, and judged where a process was met for the first time.

    Attributes:
        slices: what it holds instead of `sightings`; gone through once, while the other program still judges. Raises `Lost`.
        judged_as: `Judge.as_of` when they were judged: what was judged as of anything else does not count.
    """

    slices: Iterable[Slice] = ()
    judged_as: str = ""


class Lost(Exception):  # noqa: N818 - nobody's mistake, and told to nobody: the rest is read again in place
    """The program that reads ahead ended in the middle of a package."""


def slices_of(sightings: Iterable[Sighting]) -> Iterator[Slice]:
    """What a package of a stream says, process by process, some at a time."""
    of_process: dict[str, list[Sighting]] = {}
    for one in sightings:
        of_process.setdefault(one.process, []).append(one)
    names = iter(of_process.items())
    while some := list(islice(names, _AT_ONCE)):
        yield Slice(tuple([Ready(name, tuple(said), len(said)) for name, said in some]))


class Judge:
    """Rules and currency that processes are judged by.

    Attributes:
        digest: the same for the same rules and currency, judged in the same way.
    """

    def __init__(self, rules: Iterable[Rule], currency: str) -> None:
        rules = tuple(rules)
        self.currency = currency
        self.digest = blake2b(f"{_JUDGING} {rules!r}{currency}".encode(), digest_size=16).hexdigest()
        told = [(rule, CHECKS[rule.check]) for rule in rules]
        self._covers = [
            (rule, check.check if check.kind == "process" else check.covers) for rule, check in told
        ]
        self._patterns: dict[tuple[str, ...], str] = {}

    def as_of(self, clock: int, seen: int) -> str:
        """All that an answer depends on besides the releases of a process: rules, the clock, and when releases were seen."""
        return f"{self.digest} {clock} {seen}"

    def of(self, one: Process, versions: Versions, clock: int) -> tuple[Judged, tuple[Tally, ...]]:
        """What follows from a process, which is as of `versions`, at `clock`; and what it adds to sums."""
        now = one.now
        buyer = now.buyer or ""
        pattern, hits, due = self._rules(one, clock)
        purchases = purchases_of(one, self.currency)
        rows = tuple([purchase_row(each) for each in purchases])
        measures = tuple(
            [(each.population, each.value, each.subject) for each in measures_of(one, clock, self.currency)]
        )
        tallies = (
            Tally("coverage", f"{buyer}\t{pattern}", (1,)),
            *tallies_of(one, purchases),
            *publishing_of(one, versions, purchases),
        )
        names: list[tuple[str, str, str]] = []
        if now.buyer_name:
            names.append(("buyer", buyer, now.buyer_name))
        if now.unit_name:
            names.append(("unit", now.unit or "", now.unit_name))
        derived = Derived(
            tuple([signal for signal, _, _ in hits]),
            tuple([row[:6] for row in rows]),
            tallies,
            measures,
            due,
        )
        judged = Judged(
            packed_derived(derived),
            due,
            tuple(hits),
            rows,
            bool(purchases) and purchases[0].direct,
            measures,
            tuple(names),
        )
        return judged, tallies

    def ready(self, one: Ready, clock: int, seen: int) -> tuple[Ready, tuple[Tally, ...]]:
        """What a package says of a process with what follows from that alone, and what it adds to sums. seen: when that was."""
        versions = of_stream([Version(each.data, 0, each.line, each.pointer, seen) for each in one.sightings])
        sightings = one.sightings
        if len(sightings) > 1:
            first = {each.data: each for each in reversed(sightings)}
            sightings = tuple([first[version.release] for version in versions.stream])
        judged, tallies = self.of(process(one.process, versions, {}), versions, clock)
        return Ready(one.process, sightings, one.releases, judged), tallies

    def _rules(self, one: Process, clock: int) -> tuple[str, list[tuple[str, str, Hit]], int | None]:
        """What rules say of it: the outcome of each as the table of coverage keeps it, hits, and when to look again."""
        outcomes: list[str] = []
        hits: list[tuple[str, str, Hit]] = []
        due: int | None = None
        for rule, check in self._covers:
            outcome = check(one, rule, clock)
            if outcome is NOT_MEANT:
                outcomes.append("-")
            elif outcome is CLEAR:
                outcomes.append("0")
            elif type(outcome) is Missing:
                fields = outcome.fields
                outcomes.append(fields[0] if len(fields) == 1 else "+".join(fields))
            elif type(outcome) is Waiting:
                outcomes.append("?")
                until = max(
                    outcome.until, clock + 1
                )  # a rule that still waits when its time has come waits on
                due = until if due is None else min(due, until)
            elif isinstance(outcome, tuple):
                outcomes.append("1")
                hits += [(signal_id(rule, hit.subject), rule.id, hit) for hit in outcome]
        told = tuple(outcomes)
        pattern = self._patterns.get(told)
        if pattern is None:
            pattern = self._patterns[told] = "\t".join(told)
        return pattern, hits, due


def add(sums: Sums, tallies: Iterable[tuple[str, str, Sequence[int]]], sign: int = 1) -> None:
    """Add tallies to sums, or take them away (`sign` −1)."""
    for kind, key, numbers in tallies:
        of_kind = sums.get(kind)
        if of_kind is None:
            of_kind = sums[kind] = {}
        total = of_kind.get(key)
        if total is None:
            total = of_kind[key] = [0, 0, 0, 0]
        if len(numbers) == 1:  # most of them
            total[0] += sign * numbers[0]
            continue
        for at, number in enumerate(numbers):
            total[at] += sign * number
