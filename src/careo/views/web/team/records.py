"""What the database tells: documents, statements, decisions and jobs as plain nouns, and the entry of the ledger that a statement is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from careo.base.texts import say
from careo.record.ledger import Entry


@dataclass(frozen=True, slots=True)
class Given:
    """A document that somebody gave.

    Attributes:
        id: the first 16 characters of its `sha256`. name: a safe file name. size: in bytes. person: "" for this machine. made: when.
    """

    id: str
    sha256: str
    name: str
    format: str
    title: str
    size: int
    person: str
    made: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a statement.

    Attributes:
        seen: the version before them. version: the one they made; None when another came first, and the decision waits to be settled.
        settles: the id of the waiting decision that this one answers.
        decision, correct, note: as in the ledger. person: "" for this machine. made: when.
    """

    id: int
    seen: int
    version: int | None
    settles: int | None
    decision: str
    correct: Mapping[str, str]
    note: str
    person: str
    made: datetime

    def same(self, other: Decision) -> bool:
        """Whether both decide the same, whatever their reasons."""
        return self.decision == other.decision and dict(self.correct) == dict(other.correct)


@dataclass(frozen=True, slots=True)
class Decided:
    """A statement and everything that was decided about it, the oldest first."""

    name: str
    entry: Entry
    version: int
    decisions: Sequence[Decision] = field(default_factory=tuple)

    @property
    def standing(self) -> Decision | None:
        """The decision that counts."""
        return next((each for each in self.decisions if each.version == self.version), None)

    @property
    def waiting(self) -> tuple[Decision, ...]:
        """Decisions that came too late and that nobody has settled."""
        settled = {each.settles for each in self.decisions if each.version is not None}
        return tuple(each for each in self.decisions if each.version is None and each.id not in settled)


@dataclass(frozen=True, slots=True)
class Asked:
    """A computation that somebody asked for.

    Attributes:
        job: its id. person: "" for this machine. made: when. state: the last that was noted, as of `Job`; "" where none was.
        ended: when it was over. run: the id of the run that it made.
    """

    job: str
    command: Sequence[str]
    language: str
    person: str
    made: datetime
    state: str
    ended: datetime | None
    run: str


@dataclass(frozen=True, slots=True)
class RunBy:
    """Who asked for a run. Attributes: name: of the run. person: "" for this machine. made: when it was there."""

    name: str
    person: str
    made: datetime


def joined(first: Decision, second: Decision, language: str) -> tuple[str, Mapping[str, str], str]:
    """Two decisions as one: decision, corrections and note. Where they disagree nobody's stands, and both say why."""

    def told(each: Decision) -> str:
        who = each.person or say(language, "web_check.this_machine")
        values = ", ".join(f"{key}: {value}" for key, value in each.correct.items())
        head = (
            f"{who} ({say(language, f'dossier.decision.{each.decision}')}{': ' + values if values else ''})"
        )
        return f"{head}: {each.note}" if each.note else head

    note = f"{told(first)} · {told(second)}"
    return (first.decision, first.correct, note) if first.same(second) else ("undecided", {}, note)
