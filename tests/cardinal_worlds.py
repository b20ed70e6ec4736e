"""Compiled releases with bids to hold two programs against: usual ones in which every fence can be reached, and rough ones.

Rough: equal prices, missing fields, two currencies, lots, several awards, joint bids and suppliers, bids disqualified or taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from purchase_worlds import Dice, dice

Said = dict[str, Any]

TENDERERS, LOSERS = 50, 3


def usual(seed: int, count: int = 1_500) -> list[Said]:
    """Gaps between bids, shares of wins, shares of disqualified bids and variety of items vary little, and a few lie far out."""
    luck = dice(f"usual {seed}")
    found: list[Said] = []
    for number in range(count):
        winner, second = luck.shuffled(range(TENDERERS))[:2]
        gap = (
            luck.choice((0.0, 0.001, 0.004, 1.5, 3.0)) if _share(luck) < 0.03 else _between(luck, 0.19, 0.23)
        )
        price = round(_between(luck, 1e3, 9e5), 2)
        bids = [bid(f"T{winner}", price), bid(f"T{second}", round(price * (1 + gap), 2))]
        if _share(luck) < 0.35:
            bids.append(bid(f"L{luck.randint(0, LOSERS - 1)}", round(price * 1.6, 2)))
        unit = luck.randint(0, 29)
        if _share(luck) < (0.9 if unit == 7 else 0.12):
            who = luck.choice(("X0", "X1")) if _share(luck) < 0.2 else f"T{luck.randint(0, TENDERERS - 1)}"
            bids.append(bid(who, round(price * luck.choice((0.9, 1.2)), 2), "disqualified"))
            if _share(luck) < 0.4:
                bids.append(bid(f"T{luck.randint(0, TENDERERS - 1)}", round(price * 1.7, 2), "pending"))
        bids = luck.shuffled(bids)
        chapters = range(10, 40) if winner < 2 else range(10, 14 + winner % 3)
        found.append(
            _release(number, luck, bids, [award(f"T{winner}", [luck.choice(chapters) for _ in range(2)])], unit)
        )  # fmt: skip
    return found


def rough(seed: int, count: int = 600) -> list[Said]:
    """Whatever a publisher may leave out or repeat, but no code of its own."""
    luck = dice(f"rough {seed}")
    pool = [f"T{number}" for number in range(luck.choice((6, 30, 90)))]
    found: list[Said] = []
    for number in range(count):
        base = luck.choice((1000, 5000, 250.5, 99.99, 3))
        bids: list[Said] = []
        for _ in range(luck.choice((0, 1, 2, 2, 3, 3, 4, 6))):
            factor = luck.choice((1, 1, 1.05, 1.1, 1.1, 1.25, 2, _between(luck, 1, 1.5)))
            status = luck.choice(
                ("valid",) * 6 + ("disqualified",) * 3 + ("pending", "invited", "withdrawn", None)
            )
            one = bid(
                luck.choice(pool), round(base * factor, 2), status, "USD" if _share(luck) < 0.1 else "MXN"
            )
            if _share(luck) < 0.06:
                one["tenderers"].append({"id": luck.choice(pool)})
            one["date"] = f"2025-03-{luck.randint(1, 28):02d}T{luck.randint(0, 23):02d}:00:00Z"
            _lose(luck, one, "tenderers", "value", "date")
            _lose(luck, one.get("value") or {}, "amount", "currency")
            bids.append(one)
        valid = [
            one["tenderers"][0]["id"] for one in bids if one.get("tenderers") and one.get("status") == "valid"
        ]
        priced = [
            (one["value"]["amount"], one["tenderers"][0]["id"])
            for one in bids
            if one.get("status") == "valid" and one.get("tenderers") and "amount" in one.get("value", {})
        ]
        awards: list[Said] = []
        for at in range(luck.choice((0, 1, 1, 1, 1, 1, 2, 3))):
            who = min(priced)[1] if priced and _share(luck) < 0.7 else luck.choice(valid or pool)
            one = award(
                who, [luck.randint(10, 10 + luck.choice((3, 10, 40))) for _ in range(luck.randint(1, 3))]
            )
            one |= {
                "id": f"A{at}",
                "status": luck.choice(("active",) * 8 + ("cancelled", "unsuccessful", "pending", None)),
            }
            if _share(luck) < 0.05:
                one["suppliers"].append({"id": luck.choice(pool)})
            _lose(luck, one, "suppliers", "items")
            awards.append({key: value for key, value in one.items() if value is not None})
        release = _release(number, luck, bids, awards, luck.randint(0, 29))
        tender = release["tender"]
        tender["status"] = luck.choice(("complete",) * 8 + ("active", "cancelled", "planned", "unsuccessful"))
        tender["lots"] = [{"id": "1"}, {"id": "2"}]
        _lose(luck, tender, "status", "tenderPeriod", "numberOfTenderers", "procuringEntity")
        _lose(luck, tender.get("tenderPeriod") or {}, "startDate", "endDate")
        _lose(luck, release, "bids", "awards")
        found.append(release)
    return found


def lowest_is_tied(release: Mapping[str, Any]) -> bool:
    """Whether bids that were disqualified and others share the lowest price, so that it matters which stands first."""
    prices = [
        (one["value"]["amount"], one["status"] == "disqualified")
        for one in release.get("bids", {}).get("details", ())
        if one.get("status") not in (None, "invited", "withdrawn")
        and one.get("value", {}).get("currency") == "MXN"
        and "amount" in one["value"]
    ]
    return bool(prices) and len({out for amount, out in prices if amount == min(prices)[0]}) > 1


def bid(who: str, amount: float, status: str | None = "valid", currency: str = "MXN") -> Said:
    """A bid of one tenderer."""
    said: Said = {"tenderers": [{"id": who}], "value": {"amount": amount, "currency": currency}}
    return said if status is None else {**said, "status": status}


def award(who: str, chapters: list[int]) -> Said:
    """An award in force to one supplier, of items in these chapters."""
    items = [
        {"id": str(at), "classification": {"id": f"{chapter}100{at}"}} for at, chapter in enumerate(chapters)
    ]
    return {"id": "A", "status": "active", "suppliers": [{"id": who}], "items": items}


def _release(number: int, luck: Dice, bids: list[Said], awards: list[Said], unit: int) -> Said:
    period = {
        "startDate": f"2025-02-{luck.randint(1, 12):02d}T15:00:00Z",
        "endDate": f"2025-{luck.choice((2, 3)):02d}-{luck.randint(12, 28):02d}T15:00:00Z",
    }
    method = luck.choice(("open", "open", "selective", "limited", "direct"))
    made = of_unit(unit, bids, awards, tenderPeriod=period, procurementMethod=method, numberOfTenderers=luck.choice((0, 1, 2, 3)))  # fmt: skip
    return {**made, "ocid": f"ocds-w-{number}", "id": str(number)}


def of_unit(unit: int, bids: list[Said], awards: list[Said], **tender: Any) -> Said:
    """A compiled release of a complete process, by any method unless one is named."""
    return {
        "ocid": "o", "id": "1", "date": "2025-06-01T00:00:00Z", "tag": ["compiled"], "buyer": {"id": f"B{unit % 15}"},
        "tender": {"status": "complete", "procurementMethod": "open", "procuringEntity": {"id": f"U{unit}"}, **tender},
        "bids": {"details": bids}, "awards": awards,
    }  # fmt: skip


def _share(luck: Dice) -> float:
    return luck.randint(0, 2**40) / 2**40


def _between(luck: Dice, low: float, high: float) -> float:
    return low + (high - low) * _share(luck)


def _lose(luck: Dice, of: Said, *names: str) -> None:
    """Leave each field out once in twenty times."""
    for name in names:
        if _share(luck) < 0.05:
            of.pop(name, None)
