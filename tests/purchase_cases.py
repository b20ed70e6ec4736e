"""What rules of one process are tried on: for each, twenty anomalies and twenty near misses, as processes.

`SETS` gives them by rule; test_purchase_rules.py asks the checks, test_purchase_injections.py the whole engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from careo.record.purchases.checks_process import Listing
from careo.record.purchases.process import Process
from careo.sources.releases import Award, Contract
from purchase_worlds import CLOCK, DAY, at, bid, call, contest, dice, direct, edit, process

LISTS = {"BAD990101BB1": (Listing("69-B", at("2026-01-01") // DAY, at("2026-06-30") // DAY),)}
Worlds = list[Process]


def w01() -> tuple[Worlds, Worlds]:
    luck = dice("W01")
    start = at("2026-02-03T08:00")
    bad = [call(opening=start + n * DAY, published=start) for n in range(15)]
    bad += [call(opening=start + n * DAY, published=start, scope="treaties") for n in (15, 17, 19)]
    bad += [call(published=at("2024-02-20T23:59"), opening=at("2024-03-05T00:01")), call(
        published=at("2026-01-01T00:00"), opening=at("2026-01-15T23:59"))]  # fourteen days, a leap day among them; fourteen  # fmt: skip
    fine = [call(opening=start + n * DAY, published=start) for n in (15, 16, 20, 30)]
    fine += [call(opening=start + n * DAY, published=start, scope="international") for n in (20, 21, 40)]
    fine += [
        call(published=at("2024-02-20T23:59"), opening=at("2024-03-06T00:01"))
    ]  # fifteen by the calendar
    spoken: list[dict[str, Any]] = [
        {"draft": True}, {"status": "cancelled"}, {"status": "withdrawn"}, {"method": "direct"}, {"method": "invited"}]  # fmt: skip
    fine += [call(opening=start + 3 * DAY, published=start, **changed) for changed in spoken]
    fine += [
        call(opening=...),
        call(published=...),
        call(method=...),
        call(opening=start - DAY, published=start),
    ]
    fine += [call(opening=start + 17 * DAY, published=start, scope=...)]
    fine += [call(opening=start + luck.randint(20, 90) * DAY, published=start) for _ in range(2)]
    return bad, fine


def w02() -> tuple[Worlds, Worlds]:
    bad = [direct(ground=g, method=m) for g in ("", " ", None) for m in ("direct", "invited")]
    bad += [direct(ground="", status=s) for s in ("active", "planned", "unsuccessful", ...)]
    bad += [direct(ground=g) for g in (
        "ART. 54 FR. IV", "art. 54 fr. iv", "Art 54 Fr IV", "ART.  54  FR. IV", "ART. 54 FR. IV, PÁRRAFO SEGUNDO",
        "ART. 41 FR. IV", "Art. 41, fr. IV", "ART. 54 FR. IV.", "ART 41 FR IV INCISO A", "art 54 fr iv último párrafo")]  # fmt: skip
    fine = [
        direct(ground=f"ART. 54 FR. {n}")
        for n in ("I", "II", "III", "IX", "V", "VI", "VII", "VIII", "IVA", "XIV", "XVII")
    ]
    fine += [direct(ground=g) for g in ("ART. 55 PÁRRAFO PRIMERO", "ART. 43", "ART. 154 FR. IV", "ART. 54")]
    fine += [
        direct(ground=...),
        call(ground=""),
        direct(ground="", draft=True),
        direct(ground="", status="cancelled"),
    ]
    fine += [direct(ground="", method=...)]
    return bad, fine


def w04() -> tuple[Worlds, Worlds]:
    luck = dice("W04")
    top = 1_145_000_00
    bad = [direct(amount=a) for a in (top, top - 1, top * 9 // 10, top * 9 // 10 + 1)]
    bad += [direct(amount=luck.randint(top * 9 // 10, top)) for _ in range(10)]
    bad += [direct(amount=1_050_000_00, day="2024-12-31"), direct(amount=1_098_000_00, day="2025-01-01"),
            direct(amount=1_050_000_00, day="2024-02-29"), direct(amount=3_893_000_00, law="LOPSRM", category="works"),
            direct(amount=1_975_000_00, law="LOPSRM", category="works services"), direct(amount=top, category="leases")]  # fmt: skip
    fine = [direct(amount=a) for a in (top + 1, top * 9 // 10 - 1, 1, top * 2)]
    fine += [direct(amount=luck.randint(1, top * 9 // 10 - 1)) for _ in range(5)]
    fine += [
        direct(amount=top, day="2025-12-31"),
        direct(amount=top, day="2023-06-01"),
        direct(amount=top, currency="USD"),
    ]
    fine += [
        direct(amount=top, status="cancelled"),
        direct(amount=top, draft=True),
        direct(amount=top, method="invited"),
    ]
    fine += [
        direct(amount=...),
        direct(amount=top, law=...),
        direct(amount=top, category=...),
        direct(amount=top, method=...),
    ]
    fine += [direct(amount=top, category="works")]
    return bad, fine


def w07() -> tuple[Worlds, Worlds]:
    opening = at("2026-01-25T12:00")
    done = {"status": "complete"}
    bad = [call(opening=opening, decided=opening + n * 7 * 3600, **done) for n in range(5)]  # up to 28 hours
    bad += [call(opening=at(a), decided=at(b), **done) for a, b in (
        ("2024-02-28", "2024-02-29"), ("2024-02-29", "2024-03-01"), ("2025-12-31", "2026-01-01"), ("2026-02-28", "2026-03-01"),
        ("2026-03-01T23:59", "2026-03-02T00:00"), ("2026-03-01T00:00", "2026-03-02T23:59"), ("2026-05-05", "2026-05-05"))]  # fmt: skip
    bad += [
        contest(opening=at("2026-02-05") - n * DAY, bids=None) for n in (0, 1)
    ]  # decided as the award is dated
    bad += [call(opening=CLOCK - n * DAY, decided=CLOCK, **done) for n in (0, 1)]
    bad += [call(opening=opening, decided=opening + DAY, unit=..., **done), call(opening=opening, decided=opening, scope=..., **done),
            call(opening=opening, decided=opening, published=..., **done), call(opening=opening, decided=opening, law=..., **done)]  # fmt: skip
    fine = [call(opening=opening, decided=opening + n * DAY, **done) for n in (2, 3, 10, 40)]
    fine += [
        call(opening=at("2024-02-28"), decided=at("2024-03-01"), **done)
    ]  # two days, one of them the leap day
    fine += [call(opening=opening, decided=opening, status=s) for s in (
        "active", "planned", "cancelled", "unsuccessful", "withdrawn", ...)]  # fmt: skip
    fine += [call(opening=opening, decided=opening, draft=True, **done), call(opening=opening, decided=..., **done),
             call(opening=..., decided=opening, **done), call(opening=opening, decided=opening - DAY, **done)]  # fmt: skip
    fine += [
        call(opening=opening, decided=opening, method=m, **done)
        for m in ("direct", "invited", "selective", ...)
    ]
    fine += [call(opening=CLOCK, decided=CLOCK + 1, **done)]  # a plan
    return bad, fine


def w08() -> tuple[Worlds, Worlds]:
    due = CLOCK - 31 * DAY
    days = [f"2026-{month:02d}-{day:02d}" for month in (1, 2, 3, 4) for day in (1, 15, 28)]
    bad = [direct(day=day, signed=None) for day in days]
    bad += [direct(signed=..., decided=due, day="2026-10-31"), direct(day="2024-02-29", signed=None)]
    bad += [contest(status=s) for s in ("complete", "active")]  # an award, and no contract
    bad += [contest(contracts=(Contract(id="k", award="w"),)), contest(contracts=(Contract(id="k", award="w", status="active"),)),
            contest(contracts=(Contract(id="k"),)), direct(signed=None, amount=...)]  # fmt: skip
    fine = [direct(day=day) for day in days[:8]]
    fine += [direct(day="2026-11-01", signed=None), direct(day="2026-11-30", signed=None)]  # not due yet
    fine += [direct(day="2027-01-05", signed=None)]  # a plan
    fine += [contest(contracts=(Contract(id="k", award="w", signed=at("2026-03-01")),)),
             contest(contracts=(Contract(id="k", signed=at("2026-03-01")),)),
             contest(awards=(Award(id="w", status="cancelled", date=at("2026-02-05")),))]  # fmt: skip
    fine += [direct(signed=None, status=s) for s in ("cancelled", "withdrawn", "unsuccessful")]
    fine += [direct(signed=None, draft=True), call(decided=at("2026-02-01")), call()]
    return bad, fine


def w09() -> tuple[Worlds, Worlds]:
    on = [f"2026-{month:02d}-{day:02d}" for month in (1, 2, 3, 4, 5, 6) for day in (1, 15, 28)]
    bad = [direct(supplier="BAD990101BB1", day=day) for day in (*on, "2026-06-30")]
    bad += [contest(winner="BAD990101BB1")]
    fine = [
        direct(supplier="BAD990101BB1", day=day)
        for day in ("2025-12-31", "2026-07-01", "2024-02-29", "2027-01-01")
    ]
    fine += [direct(supplier=f"OK{n:02d}0101AA1") for n in range(8)]
    fine += [
        direct(supplier="P-BAD990101BB1"),
        direct(supplier="BAD990101BB"),
        direct(supplier="bad990101bb1"),
    ]
    fine += [direct(supplier="BAD990101BB1", status=s) for s in ("cancelled", "withdrawn", "unsuccessful")]
    fine += [direct(supplier="BAD990101BB1", draft=True), call()]
    return bad, fine


def w10() -> tuple[Worlds, Worlds]:
    day = at("2026-01-05T10:30:15")  # of midnight a time of day could have been left out
    bad = [direct(changes=[edit("amount", 96550900, 96550900 + n)]) for n in (1, -1, 100, 259044371)]
    bad += [
        direct(changes=[edit(f, day, day + n)])
        for f in ("decided", "signed", "start", "published", "opening")
        for n in (1, DAY)
    ]
    bad += [direct(changes=[edit("suppliers", ("A",), ("B",))]), direct(changes=[edit("ground", "ART. 43", "ART. 55")]),
            direct(changes=[edit("signed", day, None)]), direct(changes=[edit("", None, None, kind="vanished", filled=False)]),
            direct(changes=[edit("", None, None, kind="ambiguous", filled=False)]), direct(conflicts=["r1"])]  # fmt: skip
    fine = [
        direct(changes=[edit(f, None, day)])
        for f in ("decided", "signed", "start", "published", "opening", "amount", "ground")
    ]
    fine += [direct(changes=[edit(f, "a", "b")]) for f in (
        "address", "buyer_name", "unit_name", "status", "method_words", "scope", "items", "parts", "category", "law", "branch")]  # fmt: skip
    fine += [direct(), call(), direct(changes=[edit("ground", "", "ART. 43")])]
    return bad, fine


def w13() -> tuple[Worlds, Worlds]:
    start = at("2026-01-10T12:00")
    bad = [call(published=start, opening=start - n * DAY) for n in (1, 2, 100)]
    bad += [call(opening=start, decided=start - n * DAY) for n in (1, 2, 100)]
    bad += [call(published=at("2024-03-01"), opening=at("2024-02-29T23:59"))]
    bad += [direct(signed=at("2026-03-01T23:59")), direct(signed=at("2025-03-02"))]
    bad += [direct(currency=...), direct(currency=None), direct(currency=..., status="cancelled")]
    bad += [direct(amount=a) for a in (100_000_000_000_00 + 1, 10**16, -1, -500_00)]
    bad += [direct(twice=["c1"]), direct(twice=["c1", "c2"]), contest(bids=(bid("a", "T0", 1, currency=...),)),
            contest(awards=(Award(id="w", amount=5),))]  # fmt: skip
    fine = [
        call(published=start, opening=start),
        call(published=start, opening=start - 3600),
        call(opening=start, decided=start),
    ]
    fine += [direct(signed=at("2026-03-02T00:00")), direct(signed=at("2026-03-02T23:00")), direct(signed=...)]
    fine += [direct(amount=a) for a in (100_000_000_000_00, 0, 1, 99_999_999_999_99)]
    fine += [
        direct(amount=10**16, currency="VND"),
        direct(amount=..., currency=...),
        direct(amount=None, currency=..., law="LOPSRM"),
    ]
    fine += [
        call(opening=...),
        call(published=...),
        call(decided=at("2026-01-25T00:00")),
        call(),
        direct(),
        contest(),
        process("empty"),
    ]
    return bad, fine


def r018() -> tuple[Worlds, Worlds]:
    bad = [contest(tenderers=1, method=m, status=s, scope=c) for m in ("open", "selective") for s in (
        "active", "complete", "planned", "unsuccessful", ...) for c in ("national", "international")]  # fmt: skip
    fine = [contest(tenderers=n) for n in (0, 2, 3, 10, 100)]
    fine += [
        contest(tenderers=1, method=m, status=s)
        for m in ("direct", "invited")
        for s in ("active", "complete", "planned", ...)
    ]
    fine += [
        contest(tenderers=1, status="cancelled"),
        contest(tenderers=1, draft=True),
        contest(tenderers=...),
    ]
    fine += [contest(tenderers=1, method=...), call(), call(tenderers=2), call(tenderers=0)]
    return bad, fine


def r028() -> tuple[Worlds, Worlds]:
    luck = dice("R028")
    bad: Worlds = []
    for n in range(16):
        price = luck.randint(1, 10**9)
        twins = [
            bid("x", "T8", price),
            bid("y", "T9", price, luck.choice(["valid", "pending", "disqualified"])),
        ]
        others = [bid(f"o{k}", f"T{k}", price + 1 + k) for k in range(n % 4)]
        bad.append(contest(bids=tuple(luck.shuffled(twins + others))))
    bad += [contest(bids=(bid("a", "T0", 5), bid("b", "T1", 5), bid("c", "T0", 5))),
            contest(bids=(bid("a", "T0", 5, tenderers=("T0", "T1")), bid("b", "T1", 5))),
            contest(bids=(bid("a", "T0", 5, currency="USD"), bid("b", "T1", 5, currency="USD"))),
            contest(bids=(bid("a", "T0", 5), bid("b", "T1", 5)), awards=...)]  # fmt: skip
    fine = [contest(bids=(bid("a", "T0", n), bid("b", "T1", n + 1))) for n in (1, 99, 10**9)]
    fine += [
        contest(bids=(bid("a", "T0", 5), bid("b", "T0", 5))),
        contest(bids=(bid("a", "T0", 5), bid("b", "T1", 5, currency="USD"))),
    ]
    fine += [contest(bids=(bid("a", "T0", 5), bid("b", "T1", 5, s))) for s in ("invited", "withdrawn")]
    fine += [contest(bids=(bid("a", "T0", 5), bid("b", "T1", 5, currency=...))), contest(bids=(bid("a", "T0", 5), bid("b", "T1", 5, tenderers=()))),
             contest(bids=(bid("a", "T0", 5, tenderers=("T0", "T1")), bid("b", "T0", 5, tenderers=("T1", "T0"))))]  # fmt: skip
    twins = (bid("a", "T0", 5), bid("b", "T1", 5))
    fine += [
        contest(bids=twins, status="cancelled"),
        contest(bids=twins, draft=True),
        contest(),
        call(),
        call(bids=()),
    ]
    fine += [contest(bids=(bid("a", "T0", 5),)), contest(bids=(bid("a", "T0", 0), bid("b", "T1", 1)))]
    fine += [
        contest(bids=tuple(bid(f"b{n}", f"T{n}", luck.randint(1, 99) * 100 + n) for n in range(9)))
        for _ in range(3)
    ]
    return bad, fine


def r030() -> tuple[Worlds, Worlds]:
    end = at("2026-01-25T12:00")
    bad = [contest(bids=(bid("a", "T0", 5, date=end + late), bid("b", "T1", 6))) for late in (
        1, 2, 60, 3600, 43_199, 43_200, DAY, 2 * DAY, 30 * DAY, 365 * DAY)]  # fmt: skip
    bad += [
        contest(bids=(bid("a", "T0", 5, date=end + 1, tenderers=(t, "T0")), bid("b", "T1", 6)))
        for t in ("T1", "T5", "T9", "X")
    ]
    bad += [contest(bids=(bid("a", "T0", 5), bid("z", "T0", 4, date=end + 1))),
            contest(opening=at("2024-02-28T23:59"), bids=(bid("a", "T0", 5, date=at("2024-02-29")),)),
            contest(status="active", bids=(bid("a", "T0", 5, date=end + 9),)), contest(unit=..., bids=(bid("a", "T0", 5, date=end + 9),)),
            contest(scope=..., bids=(bid("a", "T0", 5, date=end + 9),)), contest(law=..., bids=(bid("a", "T0", 5, date=end + 9),))]  # fmt: skip
    late = bid("a", "T0", 5, date=end + 1)
    fine = [
        contest(bids=(bid("a", "T0", 5, date=end - early), bid("b", "T1", 6))) for early in (0, 1, 60, DAY)
    ]
    fine += [
        contest(bids=(replace_status(late, s),)) for s in ("disqualified", "withdrawn", "pending", "invited")
    ]
    fine += [
        contest(bids=(bid("a", "T0", 5), bid("b", "T1", 6, date=end + 1))),
        contest(bids=(late,), winner="T7"),
    ]
    fine += [
        contest(bids=(late,), status="cancelled"),
        contest(bids=(late,), draft=True),
        contest(bids=(late,), opening=...),
    ]
    fine += [
        contest(bids=(late,), awards=(Award(id="w", status=s, suppliers=("T0",)),))
        for s in ("pending", "cancelled", "unsuccessful")
    ]
    fine += [
        contest(bids=(late,), awards=...),
        contest(bids=(bid("a", "T0", 5, date=...),)),
        call(),
        contest(),
    ]
    return bad, fine


def replace_status(one: Any, status: str) -> Any:
    return msgspec.structs.replace(one, status=status)


def r035() -> tuple[Worlds, Worlds]:
    won = bid("a", "T0", 100)
    bad = [
        contest(bids=(won, *(bid(f"d{k}", f"T{k}", 90 + k, "disqualified") for k in range(1, n + 1))))
        for n in range(1, 13)
    ]
    out = bid("b", "T1", 90, "disqualified")
    bad += [contest(bids=(won, bid("a2", "T0", 99), out)), contest(bids=(out, won)), contest(bids=(won, out, bid("c", "T2", 80, "withdrawn"))),
            contest(bids=(won, out, bid("c", "T2", 80, "invited"))), contest(bids=(won, out, bid("c", "T2", 80, "pending"))),
            contest(bids=(won, out, bid("c", "T0", 80, "disqualified"))), contest(bids=(won, bid("b", "T1", 90, "disqualified", currency=...))),
            contest(bids=(won, out), status="active")]  # fmt: skip
    fine = [contest(), contest(bids=(won,)), contest(bids=(won, bid("b", "T0", 90, "disqualified")))]
    fine += [contest(bids=(won, bid("b", "T1", 90, s))) for s in ("valid", "withdrawn", "invited", "pending")]
    fine += [
        contest(bids=(won, out, bid("c", "T2", 80))),
        contest(bids=(won, out), winner="T1"),
        contest(bids=(won, out), winner="T9"),
    ]
    fine += [
        contest(bids=(won, out), status="cancelled"),
        contest(bids=(won, out), draft=True),
        contest(bids=(won, out), awards=...),
    ]
    fine += [
        contest(bids=(won, out), awards=(Award(id="w", status=s, suppliers=("T0",)),))
        for s in ("pending", "cancelled", "unsuccessful")
    ]
    fine += [contest(bids=(won, out), awards=(Award(id="w", status="active", suppliers=("T0", "T5")),))]
    fine += [contest(bids=(out,)), contest(bids=(bid("a", "T0", 5, tenderers=("T0", "T3")), out)), call()]
    return bad, fine


def r036() -> tuple[Worlds, Worlds]:
    luck = dice("R036")
    bad: Worlds = []
    for n in range(14):
        low = luck.randint(1, 10**9)
        bids = [
            bid("d", "T9", low, "disqualified"),
            *(bid(f"b{k}", f"T{k}", low + 1 + k) for k in range(1 + n % 3)),
        ]
        bad.append(contest(bids=tuple(luck.shuffled(bids))))
    out, won = bid("d", "T9", 99, "disqualified"), bid("a", "T0", 100)
    bad += [contest(bids=(out, won), price_only=True), contest(bids=(out, won, bid("x", "T5", 1, currency="USD"))),
            contest(bids=(out, won, bid("x", "T5", 1, "withdrawn"))), contest(bids=(out, won, bid("x", "T5", 1, "invited"))),
            contest(bids=(out, bid("e", "T8", 99, "disqualified"), won)), contest(bids=(out, won), status="active")]  # fmt: skip
    fine = [
        contest(),
        contest(bids=(out, won), price_only=False),
        contest(bids=(out, bid("a", "T0", 99))),
        contest(bids=(bid("a", "T0", 99), out)),
    ]
    fine += [contest(bids=(bid("d", "T9", 100 + n, "disqualified"), won)) for n in (0, 1, 50)]
    fine += [
        contest(bids=(out, won), awards=(Award(id="w", status=s, suppliers=("T0",)),))
        for s in ("pending", "cancelled", "unsuccessful")
    ]
    fine += [
        contest(bids=(out, won), awards=...),
        contest(bids=(out, won), status="cancelled"),
        contest(bids=(out, won), draft=True),
    ]
    fine += [contest(bids=(bid("d", "T9", 1, "disqualified", currency=c), won)) for c in ("USD", "EUR", ...)]
    fine += [
        contest(bids=(bid("p", "T9", 1, "pending"), out, won)),
        call(),
        contest(bids=(won,)),
        contest(bids=(bid("p", "T9", 98), out, won)),
    ]
    return bad, fine


SETS: dict[str, Callable[[], tuple[Worlds, Worlds]]] = {
    "W01": w01, "W02": w02, "W04": w04, "W07": w07, "W08": w08, "W09": w09, "W10": w10, "W13": w13, "W12-R018": r018,
    "W12-R028": r028, "W12-R030": r030, "W12-R035": r035, "W12-R036": r036,
}  # fmt: skip


# ── W03: several purchases ───────────────────────────────────────────────────────────────────────────────────────

TOP = 1_145_000_00  # the ceiling of 2026 for goods, cents


def pieces(amounts: Sequence[int], days: Sequence[str], **fields: Any) -> list[Process]:
    return [
        direct(f"p{n}", amount, day, **fields)
        for n, (amount, day) in enumerate(zip(amounts, days, strict=True))
    ]


def split_worlds() -> tuple[list[list[Process]], list[list[Process]]]:
    luck = dice("W03")
    half = TOP // 2
    bad = [pieces([half, half + 1], ["2026-01-05", f"2026-{month:02d}-20"]) for month in range(1, 12)]
    bad += [pieces([TOP, 1], ["2026-03-01", "2026-03-01"])]  # one cent over
    bad += [pieces([1_050_000_00, 1], ["2024-01-01", "2024-12-30"])]  # the 365th day of a leap year
    bad += [
        pieces([1_098_000_00, half], ["2025-06-01", "2026-05-31"])
    ]  # across two years: the higher ceiling
    bad += [pieces([TOP // 5] * 6, [f"2026-02-{day:02d}" for day in range(1, 7)])]
    bad += [
        pieces(
            [luck.randint(TOP // 3 + 1, TOP // 2) for _ in range(3)],
            ["2026-02-01", "2026-05-01", "2026-08-01"],
        )
        for _ in range(3)
    ]
    bad += [pieces([3_893_000_00, 100], ["2026-02-01", "2026-02-02"], law="LOPSRM", category="works")]
    bad += [[*pieces([half, half + 1], ["2026-01-05", "2026-01-06"]), direct("x", TOP + 1, "2026-01-06")]]
    fine = [
        pieces([half, TOP - half], ["2026-01-05", f"2026-{month:02d}-20"]) for month in (2, 6, 11)
    ]  # exactly the ceiling
    fine += [pieces([1_050_000_00, 1_050_000_00], ["2024-01-01", "2024-12-31"])]  # the 366th day
    fine += [pieces([TOP + 1, TOP + 1], ["2026-01-05", "2026-01-06"])]  # each over it: no split
    fine += [pieces([TOP], ["2026-01-05"])]
    two = ["2026-01-05", "2026-01-06"]
    fine += [pieces([TOP, TOP], two, **changed) for changed in (
        {"status": "cancelled"}, {"draft": True}, {"method": "invited"}, {"method": "open"}, {"method": ...}, {"currency": "USD"},
        {"currency": ...}, {"law": ...}, {"category": ...}, {"law": "LEY DEL ESTADO"}, {"part": ""})]  # fmt: skip
    other = {"supplier": "supplier", "part": "part", "unit": "unit"}
    fine += [[direct("a", TOP, two[0]), direct("b", TOP, two[1], **{key: "other"})] for key in other]
    fine += [pieces([1_098_000_00, 1], ["2025-06-01", "2026-06-01"])]
    return bad, fine
