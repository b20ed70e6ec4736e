"""`Process`: what is known of one contracting process, whoever said it in whatever order.

A process is a function of the set of releases seen, never of the order in which they came: the same releases shuffled, doubled or
late give the same process. Releases of a stream are merged in the order of their dates, those of one date in the order of their
bytes; a table that is overwritten is a chain of states, and what differs from one state to the next is a `Change`.
"""

from __future__ import annotations

from dataclasses import dataclass

from careo.sources.releases import Contract, Release


@dataclass(frozen=True, slots=True)
class Change:
    """What a publisher changed in place, without a new release.

    Attributes:
        kind: "edited", "vanished", "ambiguous" (a row gone where several came: which replaced which cannot be told).
        contract: id of the contract (see `Process.contracts`), or "" for the process itself.
        field: what was edited, as named in `Release` and `Contract`; "" for a row that vanished.
        before, after: as kept: cents, civil seconds, codes; None where there is or was nothing.
        filled: True where an empty field was filled, which is no change of anything said.
        seen: when the later state was seen, civil seconds. since: when the earlier one was last seen.
    """

    kind: str
    contract: str
    field: str
    before: object
    after: object
    filled: bool
    seen: int
    since: int


@dataclass(frozen=True, slots=True)
class Process:
    """One process as of all that was seen.

    Attributes:
        id: as of `Release.process`.
        now: its releases merged; nothing in it is None. `contracts` of it carry ids that stay the same through edits.
        changes: edits in place, in the order of time.
        first_seen: the earliest sighting, civil seconds; None if it stood in the first table of its series, when nobody can
            know since when.
        contract_seen: of each contract id, the same.
        newest: date of the newest release, or when the newest table that holds it was seen.
        twice: contract ids that stand in the table more than once with nothing different.
        conflicts: ids of releases that were published under one id with two contents.
    """

    id: str
    now: Release
    changes: tuple[Change, ...]
    first_seen: int | None
    contract_seen: dict[str, int | None]
    newest: int
    twice: tuple[str, ...]
    conflicts: tuple[str, ...]

    def contracts(self) -> tuple[Contract, ...]:
        """Its contracts, none if it has none yet."""
        return self.now.contracts or ()
