"""Purchases as they are published, made up: releases of the Open Contracting Data Standard with bids, as many as asked, for measuring and testing
`careo watch`.

`python -m benchmarks.made_up_purchases FILE 200000` writes the file alone; `--compiled` writes one line a process, as Cardinal reads it.
The same seed and count give the same bytes. Nobody in it exists. It is not calibrated to any country: what is measured on it is time
and memory, and that the result does not depend on order, never how many signals there are.
"""

from __future__ import annotations

import argparse
import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

SEED = 20260308
INSTITUTIONS, UNITS, SUPPLIERS = 60, 400, 8_000
LATER = (0, 0, 0, 1, 1, 2)
"""How many releases follow the first one of a process: each as likely as the others."""

_BEGIN = datetime(2025, 1, 1, 14, tzinfo=UTC)
_DAYS = 420
_METHODS = (
    ("open", "Licitación Pública Nacional"),
    ("open", "Licitación Pública Internacional bajo la Cobertura de Tratados"),
    ("selective", "Licitación Restringida"),
    ("limited", "Invitación a Cuando Menos Tres Personas"),
    ("direct", "Adjudicación Directa por Monto"),
    ("direct", "Adjudicación Directa por Art. 54"),
)
_GROUNDS = ("ART. 54 FR. I", "ART. 54 FR. III", "ART. 54 FR. IV", "ART. 55", "")
_CATEGORIES = ("goods", "services", "works")
_BID_STATUS = ("valid", "valid", "valid", "valid", "disqualified", "withdrawn")
_TAGS = (("tender", "award", "contract"), ("awardUpdate", "contractUpdate"), ("contractAmendment",))


class Luck:
    """Chance at an address: the same numbers for the same words, whatever was asked elsewhere."""

    def __init__(self, address: str) -> None:
        self._address, self._block, self._left = address.encode(), 0, b""

    def below(self, end: int) -> int:
        """A whole number from 0, below `end`."""
        if not self._left:
            self._left = blake2b(self._address, salt=self._block.to_bytes(8, "little")).digest()
            self._block += 1
        number, self._left = int.from_bytes(self._left[:8], "little"), self._left[8:]
        return number % end

    def between(self, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        return low + (high - low) * self.below(1 << 40) / (1 << 40)


def releases(count: int, seed: int = SEED, *, compiled: bool = False) -> Iterator[str]:
    """`count` lines of JSON, in the order in which they are published.

    Args:
        compiled: only the last release of each process, tagged "compiled".
    """
    gap = min(4_000, max(2, count // 5))  # a later release comes within so many others
    step = timedelta(days=_DAYS) / max(count, 1)
    waiting: list[tuple[int, int, int]] = []  # (place in the file, process, which of its releases)
    made = started = 0
    while made < count:
        if waiting and waiting[0][0] <= made:
            _, process, which = heapq.heappop(waiting)
        else:
            process, which, started = started, 0, started + 1
            luck = Luck(f"{seed}/{process}/later")
            if not compiled:
                for later in range(1, 1 + LATER[luck.below(len(LATER))]):
                    heapq.heappush(waiting, (made + later * (1 + luck.below(gap)), process, later))
        last = compiled and LATER[Luck(f"{seed}/{process}/later").below(len(LATER))]
        yield release(process, int(last) or which, _BEGIN + made * step, seed, compiled=compiled)
        made += 1


def more(count: int, after: int, seed: int = SEED) -> Iterator[str]:
    """Releases that are published after the first `after`: a third of them of processes that are known already."""
    for place in range(count):
        known = place % 3 == 0
        date = _BEGIN + timedelta(days=_DAYS, minutes=place)
        yield release(place * 7 if known else after + place, 2 if known else 0, date, seed)


def release(process: int, which: int, date: datetime, seed: int = SEED, *, compiled: bool = False) -> str:
    """One release as a line of JSON.

    Args:
        process: its number. which: 0 for the first of the process; later ones correct the amount, a bid or the status.
        date: when it is published. The dates of the process itself depend on its number alone.
    """
    luck = Luck(f"{seed}/{process}")
    number = luck.below
    unit = number(UNITS)
    institution = unit % INSTITUTIONS
    method, words = _METHODS[number(len(_METHODS))]
    currency = "USD" if number(50) == 0 else "MXN"
    published = _BEGIN + timedelta(days=number(_DAYS), hours=number(9))
    opened = published + timedelta(days=3 + number(27), hours=number(4))
    decided = opened + timedelta(days=number(25))
    amount = round(10 ** luck.between(4.2, 7.2), 2)
    bidders = [_skewed(luck) for _ in range(1 + number(4))]
    codes = [f"{10 + number(89)}{number(100):02d}{1 + number(4):04d}" for _ in range(1 + number(3))]
    bids: list[str] = []
    winner, price = bidders[0], amount
    for at, bidder in enumerate(bidders):
        offer = amount if at == 0 else round(amount * luck.between(1.0, 1.4), 2)
        status = "valid" if at == 0 else _BID_STATUS[number(len(_BID_STATUS))]
        if which and at == 1:
            status = "disqualified" if status == "valid" else "valid"
        bids.append(
            f'{{"id":"B-{process}-{at}","date":"{_iso(opened - timedelta(hours=1 + number(40)))}","status":"{status}",'
            f'"tenderers":[{{"id":"{tax_id(bidder)}","name":"{supplier(bidder)}"}}],"value":{{"amount":{offer},"currency":"{currency}"}}}}'
        )
    if which:
        price = round(amount * (1 + 0.11 * which), 2)
    items = ",".join(
        f'{{"id":"{at + 1}","description":"Partida {at + 1}: suministro según anexo técnico","classification":{{"scheme":"CUCoP",'
        f'"id":"{code}"}},"quantity":{1 + number(899)}}}'
        for at, code in enumerate(codes)
    )
    ground = _GROUNDS[number(len(_GROUNDS))] if method in ("direct", "limited") else ""
    tags = ("compiled",) if compiled else _TAGS[which]
    money = f'{{"amount":{price},"currency":"{currency}"}}'
    won = f'{{"id":"{tax_id(winner)}","name":"{supplier(winner)}"}}'
    return (
        f'{{"ocid":"ocds-07smqs-{process:08d}","id":"ocds-07smqs-{process:08d}-{which}","date":"{_iso(date)}",'
        f'"tag":[{",".join(f"{chr(34)}{tag}{chr(34)}" for tag in tags)}],"initiationType":"tender","language":"es",'
        f'"buyer":{{"id":"{institution:03d}","name":"Instituto inventado {institution}"}},'
        f'"parties":[{{"id":"{institution:03d}","name":"Instituto inventado {institution}","roles":["buyer"]}},'
        f'{{"id":"{institution:03d}{unit:06d}","name":"Unidad compradora {unit}","roles":["procuringEntity"]}},'
        f'{{"id":"{tax_id(winner)}","name":"{supplier(winner)}","roles":["supplier","tenderer"]}}],'
        f'"tender":{{"id":"LA-{institution:03d}-{process:08d}","title":"Adquisición de bienes y servicios, procedimiento {process}",'
        f'"status":"{"complete" if which or number(20) else "active"}","procurementMethod":"{method}","procurementMethodDetails":"{words}",'
        f'"procurementMethodRationale":"{ground}","mainProcurementCategory":"{_CATEGORIES[number(3)]}","awardCriteria":"priceOnly",'
        f'"procuringEntity":{{"id":"{institution:03d}{unit:06d}","name":"Unidad compradora {unit}"}},'
        f'"tenderPeriod":{{"startDate":"{_iso(published)}","endDate":"{_iso(opened)}"}},"numberOfTenderers":{len(bidders)},'
        f'"items":[{items}]}},"bids":{{"details":[{",".join(bids)}]}},'
        f'"awards":[{{"id":"A-{process}","status":"active","date":"{_iso(decided)}","value":{money},"suppliers":[{won}],"items":[{items}]}}],'
        f'"contracts":[{{"id":"C-{process}","awardID":"A-{process}","status":"active","dateSigned":"{_iso(decided + timedelta(days=1 + number(24)))}",'
        f'"period":{{"startDate":"{_iso(decided + timedelta(days=1 + number(39)))}"}},"value":{money}}}]}}'
    )


def tax_id(number: int) -> str:
    """Of one in ten suppliers, a natural person, it has 13 characters."""
    day = f"{number % 60 + 40:02d}{number % 12 + 1:02d}{number % 28 + 1:02d}"
    letters = "".join(chr(65 + number // 26**place % 26) for place in range(4))
    return (
        f"{letters}{day}{number % 1000:03d}" if number % 10 == 0 else f"{letters[:3]}{day}{number % 1000:03d}"
    )


def supplier(number: int) -> str:
    """Its name."""
    return (
        f"PERSONA INVENTADA {number}" if number % 10 == 0 else f"COMERCIALIZADORA INVENTADA {number} SA DE CV"
    )


def _skewed(luck: Luck) -> int:
    """A few suppliers win often, most seldom."""
    return int(SUPPLIERS * luck.between(0, 1) ** 2)


def _iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def write(path: Path, lines: Iterable[str]) -> int:
    """Write lines as they are made; returns how many bytes there are."""
    size = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            size += file.write(line + "\n")
    return size


if __name__ == "__main__":
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("file", type=Path)
    told.add_argument("releases", type=int)
    told.add_argument("--compiled", action="store_true")
    told.add_argument("--seed", type=int, default=SEED)
    asked = told.parse_args()
    write(asked.file, releases(asked.releases, asked.seed, compiled=asked.compiled))
