"""Processes for tests of rules on purchases: sound ones, and what is made of them by changing one thing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, TypeVar

from careo.record.purchases.editions import Change
from careo.record.purchases.process import Process
from careo.sources.releases import Award, Bid, Contract, Release

DAY = 86_400
_T = TypeVar("_T")


def at(text: str) -> int:
    """Civil seconds of "2026-01-05" or "2026-01-05T12:30": the clock on the wall, whatever the zone."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


CLOCK = at("2026-12-01")


def process(name: str = "p", **fields: Any) -> Process:
    """A process of these fields; `changes`, `twice` and `conflicts` are its own, the rest its release's."""
    own = {key: tuple(fields.pop(key, ())) for key in ("changes", "twice", "conflicts")}
    said = {key: value for key, value in fields.items() if value is not ...}
    now = Release(process=name, id="r", **said)
    return Process(name, now, own["changes"], None, {}, 0, own["twice"], own["conflicts"])


def call(name: str = "p", **fields: Any) -> Process:
    """An open national call with twenty days to bid, decided ten days after the opening."""
    sound: dict[str, Any] = {
        "method": "open", "scope": "national", "status": "active", "buyer": "007000", "unit": "007000999", "law": "LAASSP",
        "category": "goods", "published": at("2026-01-05T09:00"), "opening": at("2026-01-25T12:00"),
    }  # fmt: skip
    return process(name, **{**sound, **fields})


def direct(name: str = "p", amount: Any = 50_000_00, day: str = "2026-03-02", **fields: Any) -> Process:
    """A direct award with one signed contract; `supplier`, `part`, `currency` and `signed` are the contract's."""
    decided = at(day)
    of_contract: dict[str, Any] = {
        "decided": decided, "signed": fields.pop("signed", decided + 3 * DAY), "currency": fields.pop("currency", "MXN"),
        "amount": amount, "suppliers": (fields.pop("supplier", "AAA010101AA1"),), "parts": (fields.pop("part", "22104"),),
    }  # fmt: skip
    contract = Contract(
        id=f"{name}-1", **{key: value for key, value in of_contract.items() if value is not ...}
    )
    sound: dict[str, Any] = {
        "method": "direct", "status": "complete", "ground": "ART. 55", "buyer": "007000", "unit": "007000999",
        "law": "LAASSP", "category": "goods", "decided": decided, "contracts": (contract,),
    }  # fmt: skip
    return process(name, **{**sound, **fields})


def bid(name: str, tenderer: str, amount: int, status: str = "valid", **fields: Any) -> Bid:
    """A bid of one tenderer, in pesos [cents], a day before the opening of `contest`."""
    sound = {"date": at("2026-01-24T10:00"), "currency": "MXN", "tenderers": (tenderer,), **fields}
    return Bid(id=name, status=status, amount=amount, **{k: v for k, v in sound.items() if v is not ...})


def contest(
    name: str = "p", bids: tuple[Bid, ...] | None = None, winner: str = "T0", **fields: Any
) -> Process:
    """An open call with three bids, the lowest of which won."""
    given = bids or (bid("a", "T0", 100_00), bid("b", "T1", 120_00), bid("c", "T2", 130_00))
    award = Award(
        id="w", status="active", date=at("2026-02-05"), amount=100_00, currency="MXN", suppliers=(winner,), items=("22104",)
    )  # fmt: skip
    sound: dict[str, Any] = {"status": "complete", "tenderers": 3, "bids": given, "awards": (award,)}
    return call(name, **{**sound, **fields})


def edit(field: str, before: object, after: object, **fields: Any) -> Change:
    """A field overwritten between two states of a table."""
    sound: dict[str, Any] = {
        "kind": "edited", "contract": "c1", "filled": before is None, "seen": at("2026-03-10"), "since": at("2026-03-08"),
    }  # fmt: skip
    sound |= fields
    return Change(field=field, before=before, after=after, **sound)


class Dice:
    """Numbers addressed by a name and a count: each test has variations of its own, and always the same."""

    def __init__(self, name: str) -> None:
        self._name, self._count = name, 0

    def randint(self, low: int, high: int) -> int:
        self._count += 1
        drawn = int.from_bytes(blake2b(f"{self._name} {self._count}".encode(), digest_size=8).digest(), "big")
        return low + drawn % (high - low + 1)

    def choice(self, among: Sequence[_T]) -> _T:
        return among[self.randint(0, len(among) - 1)]

    def shuffled(self, among: Sequence[_T]) -> list[_T]:
        """All of them in another order."""
        return [
            one
            for _, one in sorted(((self.randint(0, 2**60), one) for one in among), key=lambda pair: pair[0])
        ]


def dice(name: str) -> Dice:
    """See `Dice`."""
    return Dice(name)
