"""What a rule is: words and thresholds in a country's file, and a small function.

Three kinds, by what they look at:

* `of_process`: one process; told at once, or when a time has come (`Waiting`);
* `of_group`: the purchases that share a key, such as a unit, a supplier and an item;
* `of_population`: a number of each process, supplier or unit, held against the fence of all the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import msgspec

from careo.base.citations import Source
from careo.record.purchases.process import Process
from careo.record.purchases.versions import Version


@dataclass(frozen=True)
class Ground:
    """The legal ground of a threshold: words by language, when it holds (ISO days), and whether anybody read the law for it."""

    words: Mapping[str, str]
    since: str
    until: str | None
    verified: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Rule:
    """A rule as a country's `purchases/rules.yaml` states it.

    Attributes:
        id: "W01"; version: raised whenever a definition or a threshold changes; a signal carries both.
        check: name of the function in `checks.CHECKS`.
        codes: of the Open Contracting guide (2024), such as "R003".
        title, definition, limitation: by language.
        needs: fields of `Release` without which it cannot be computed, in words of `watch.field`.
        settings: thresholds by name, numbers and lists of codes.
        grounds: what law says; empty where none does.
        severity: "notice", "signal" or "strong".
    """

    id: str
    version: int
    check: str
    codes: tuple[str, ...]
    title: Mapping[str, str]
    definition: Mapping[str, str]
    limitation: Mapping[str, str]
    needs: tuple[str, ...]
    settings: Mapping[str, object]
    grounds: tuple[Ground, ...]
    severity: str


class Fact(NamedTuple):
    """A field that a signal rests on. field: "opening", "contracts/<id>/amount", "bids/<id>/amount", "awards/<id>/date".

    Of an edit in place value is (before, after), and rows are those that say them; of all else what stands is looked for when it is told.
    """

    process: str
    field: str
    value: object
    rows: tuple[Version, Version] | None = None


class Hit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A rule met. subject: what it is about, the same however often it is met: "<process>", "<process>/<contract>",
    "<unit>|<supplier>|<part>". value, threshold: what was measured and against what, in the rule's own unit (days, cents,
    shares in [0, 1], counts). window: first and last civil second of a rolling or yearly window."""

    subject: str
    buyer: str
    unit: str
    supplier: str
    severity: str
    value: float | int | str
    threshold: float | int | str
    facts: tuple[Fact, ...]
    window: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Cannot be computed: these fields are not there."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Cannot be told before this civil second."""

    until: int


@dataclass(frozen=True, slots=True)
class NotMeant:
    """The rule does not speak of such a process (a draft, a cancelled call, another method)."""


@dataclass(frozen=True, slots=True)
class Clear:
    """Computed, and not met."""


NOT_MEANT, CLEAR = NotMeant(), Clear()
Outcome: TypeAlias = NotMeant | Clear | Missing | Waiting | tuple[Hit, ...]


class Purchase(NamedTuple):
    """A contract, or an award that has none yet, as groups count it; one for each supplier of a joint one.

    day: civil day (`time // 86400`) of the decision, else of the signature, else of publication; None if none is known.
    amount: in cents of the country's currency; None if unknown or in another one. shared: suppliers that share it.
    competitive: False for direct and invited ones, None if the method is unknown. direct: True for direct awards.
    """

    process: str
    contract: str
    buyer: str
    unit: str
    supplier: str
    part: str
    direct: bool
    competitive: bool | None
    day: int | None
    amount: int | None
    shared: int
    law: str
    category: str


class Tally(NamedTuple):
    """What a process adds to a sum that others add to as well. kind and key name the sum; numbers are added place by place."""

    kind: str
    key: str
    numbers: tuple[int, ...]


class Measure(NamedTuple):
    """A number of an entity, for a population's fence.

    population: "decision_days|open": what is measured, and whom it is measured among. subject, buyer, unit, supplier, facts: as of
    `Hit`, which it becomes when it lies beyond the fence.
    """

    population: str
    subject: str
    value: float
    buyer: str = ""
    unit: str = ""
    supplier: str = ""
    facts: tuple[Fact, ...] = ()


ProcessCheck: TypeAlias = Callable[[Process, Rule, int], Outcome]
"""(process, rule, clock) → outcome; clock is the civil second up to which is watched."""

GroupCheck: TypeAlias = Callable[[Sequence[Purchase], Rule], Iterable[Hit]]
"""(all purchases of one key, by day, process, contract) → hits."""
