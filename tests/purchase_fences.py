"""What rules on sums, shares, fences and edits are tried on: for each, what is usual, twenty anomalies and twenty near misses.

The usual values are such that quartiles and fences are exact in binary: "at the fence" is at it, not about it. `INJECTIONS` gives all rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from careo.record.purchases.process import Process
from careo.sources.releases import Award, Bid, Contract
from purchase_cases import SETS, split_worlds
from purchase_injections import Injected, alone, apart
from purchase_worlds import CLOCK, DAY, at, bid, call, contest, direct

USUAL = 160  # with twenty on one side and twenty more, the quartiles are of the usual ones
CALLED_OFF = ("cancelled", "unsuccessful", "withdrawn")


def _thirds(*values: int) -> list[int]:
    return [values[place * 3 // USUAL] for place in range(USUAL)]


# ── sums ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _bought(without: int, count: int, year: int = 2026, unit: str = "", **fields: Any) -> list[Process]:
    """A unit's purchases of a year: `without` competition as contracts of one process, the rest of another."""
    day = at(f"{year}-03-02")

    def told(how_many: int) -> dict[str, Any]:
        contracts = tuple(
            Contract(id=f"k{n}", decided=day, amount=100_00 + n, currency="MXN", suppliers=(f"S{n}",), parts=("22104",))
            for n in range(how_many)
        )  # fmt: skip
        return {"unit": unit, "decided": day, "contracts": contracts, "status": "complete", **fields}

    found = [direct("d", **told(without))] if without else []
    return found + ([call("o", **told(count - without))] if count > without else [])


def w05() -> Injected:
    """The fence stands at 18 of 32: the usual are 8, 10 and 12 of 32."""
    bad = [_bought(share, 32) for share in range(19, 33)]
    bad += [
        _bought(share, count) for share, count in ((20, 20), (12, 20), (12, 21), (37, 64), (24, 40), (20, 35))
    ]
    fine = [_bought(18, 32), _bought(36, 64), _bought(11, 20)]  # at the fence, at it, just below
    fine += [_bought(share, 32) for share in (17, 16, 9)] + [_bought(0, 32)]
    fine += [_bought(19, 19), _bought(15, 19), _bought(1, 1)]  # a purchase too few
    fine += [_bought(25, 25, status=status) for status in CALLED_OFF]
    fine += [_bought(25, 25, draft=True), _bought(25, 25, method=...), _bought(30, 30, method="open"), _bought(30, 30, contracts=...)]  # fmt: skip
    fine += [_bought(19, 19, 2024) + _bought(19, 19)]  # nineteen in each of two years
    fine += [[_doubled(one) for one in _bought(19, 19)]]  # nineteen, and nineteen rows that say the same
    fine += [[_doubled(one) if one.now.method == "direct" else one for one in _bought(18, 32)]]
    ended = [Contract(id=f"k{n}", status="cancelled", decided=at("2026-03-02"), amount=5, currency="MXN", suppliers=(f"S{n}",)) for n in range(25)]  # fmt: skip
    undated = [Contract(id=f"k{n}", amount=5 + n, currency="MXN", suppliers=("S",)) for n in range(25)]
    fine += [_bought(25, 25, contracts=tuple(ended)), _bought(25, 25, contracts=tuple(undated), decided=...)]
    usual = [
        one for n, share in enumerate(_thirds(8, 10, 12)) for one in _bought(share, 32, unit=f"U{n:03d}")
    ]
    return _among(usual, apart(bad, fine, lambda worlds: f"007000|{worlds[0].now.unit}|2026"))


def _unit(of_one: int, of_others: int, count: int = 10, **fields: Any) -> list[Process]:
    """`count` purchases: one supplier gets `of_one` cents, the others share the rest."""
    rest, extra = divmod(of_others, count - 1)
    amounts = [of_one, *(rest + (place < extra) for place in range(count - 1))]
    return [
        direct("d", amount, supplier=f"S{n}", **{"unit": "", **fields}) for n, amount in enumerate(amounts)
    ]


def w06() -> Injected:
    bad = [_unit(300 + n * 40, 700 - n * 40) for n in range(16)]  # exactly 30%; exactly 50%
    bad += [_unit(300_000_00, 700_000_00 - n, count=10 + n) for n in range(4)]  # exactly 30%, a cent more
    fine = [_unit(299 - n * 20, 701 + n * 20) for n in range(8)]
    fine += [_unit(900, 100, count=9 - n) for n in range(3)]  # a purchase too few
    fine += [_unit(900, 100, status=status) for status in CALLED_OFF]
    fine += [_unit(900, 100, draft=True), _unit(900, 100, currency="USD"), _unit(900, 100, currency=...)]
    fine += [_unit(0, 0), _unit(29_999_99, 70_000_01)]  # nothing; a cent less than 30%
    fine += [_unit(900, 100, count=5) + _unit(900, 100, count=5, day="2025-12-31")]  # across the new year
    for place in (0, 1):  # the tenth purchase, or a cent to 30%, is a row that stands twice
        nine, ten = _unit(900, 100, count=9), _unit(299, 701)
        nine[place], ten[0] = _doubled(nine[place]), _doubled(ten[0], 2 + place)
        fine += [nine, ten]
    return apart(bad, fine, lambda worlds: f"007000|{worlds[0].now.unit}|2026|S0")


def _sold(supplier: str, chapters: int, count: int = 20) -> list[Award]:
    """Of `count` processes, the award to a supplier who sells from so many chapters."""
    return [
        Award(id=supplier, status="active", date=at("2026-02-05"), amount=100_00, currency="MXN", suppliers=(supplier,), items=(f"{10 + n % chapters}104",))
        for n in range(count)
    ]  # fmt: skip


def w11() -> Injected:
    """The fence stands at 7 chapters: the usual are 2, 3 and 4."""

    def sells(chapters: int, count: int = 20, **changed: Any) -> list[Process]:
        fields = {key: changed.pop(key) for key in ("status", "draft") if key in changed}
        awards = [msgspec.structs.replace(one, **changed) for one in _sold("WHO", chapters, count)]
        return [contest("c", awards=(one,), bids=..., tenderers=..., **fields) for one in awards]

    def of(worlds: Sequence[Process], name: str) -> list[Process]:
        return [
            _with(one, awards=tuple(msgspec.structs.replace(award, suppliers=tuple(who.replace("WHO", name) for who in award.suppliers or ())) for award in one.now.awards or ()))
            for one in worlds
        ]  # fmt: skip

    bad = [sells(chapters) for chapters in range(8, 21)] + [sells(8, count) for count in (21, 24, 30)] + [sells(9, 27), sells(20, 25), sells(13, 22), sells(11, 33)]  # fmt: skip
    fine = [sells(7), sells(7, 40), sells(6), sells(5, 21), sells(2)]
    fine += [sells(chapters, 19) for chapters in (19, 8, 12)] + [
        sells(12, 12),
        sells(1, 1),
    ]  # a process too few
    fine += [sells(15, status=status) for status in CALLED_OFF] + [sells(15, draft=True)]
    fine += [sells(15, suppliers=("WHO", "WHO2")), sells(15, suppliers=())]  # together with another; nobody
    fine += [
        [_with(one, awards=tuple(msgspec.structs.replace(award, status=status) for award in one.now.awards or ())) for one in sells(15)]
        for status in ("cancelled", "pending")
    ]  # fmt: skip
    fine += [
        [_with(one, awards=tuple(msgspec.structs.replace(award, items=items) for award in one.now.awards or ())) for one in sells(15)]
        for items in ((), ("UNSPSC-1", "A1", "1", "x9"))
    ]  # fmt: skip
    usual = [_sold(f"S{n:03d}", chapters) for n, chapters in enumerate(_thirds(2, 3, 4))]
    around = [
        contest(f"u{n}", awards=tuple(each[n] for each in usual), bids=..., tenderers=...) for n in range(20)
    ]
    given = apart(
        [of(one, f"B{place:02d}") for place, one in enumerate(bad)],
        [of(one, f"F{place:02d}") for place, one in enumerate(fine)],
        lambda worlds: ((worlds[0].now.awards or ())[0].suppliers or ("",))[0],
    )
    return _among(around, given)


def _with(one: Process, **fields: Any) -> Process:
    return Process(one.id, msgspec.structs.replace(one.now, **fields), (), None, {}, 0, (), ())


def _among(usual: Iterable[Process], given: Injected) -> Injected:
    """What is tried, among what is usual."""
    given.around = [
        _with(Process(f"local-comprasmx-U{n}", one.now, (), None, {}, 0, (), ()), process=f"local-comprasmx-U{n}")
        for n, one in enumerate(usual)
    ]  # fmt: skip
    return given


# ── measures of a process ────────────────────────────────────────────────────────────────────────────────────────


def w07_r062() -> Injected:
    """The fence stands at 20 days: the usual are 10, 12 and 14."""
    start = at("2026-01-25T12:00")

    def decided(days: int, opening: int = start, **fields: Any) -> Process:
        return call(
            "d", **{"status": "complete", "opening": opening, "decided": opening + days * DAY, **fields}
        )

    bad = [decided(days) for days in (21, 22, 25, 30, 60, 90, 180, 300)]
    bad += [decided(23, at("2024-02-20")), decided(21, at("2024-02-08T23:59")), decided(24, CLOCK - 24 * DAY)]  # a leap day; the day itself  # fmt: skip
    bad += [
        call("d", status="complete", opening=at("2026-03-01T23:59"), decided=at("2026-03-22T00:00"))
    ]  # twenty days and a minute
    bad += [decided(21, **{field: ...}) for field in ("scope", "law", "buyer", "published")]
    bad += [contest("d", bids=..., tenderers=..., opening=at("2026-02-05") - days * DAY) for days in (26, 40)]
    bad += [decided(45, scope="international"), decided(33)]
    fine = [decided(days) for days in (20, 19, 15, 0)] + [decided(20, at("2024-02-20"))]
    fine += [call("d", status="complete", opening=at("2026-03-01T00:00"), decided=at("2026-03-21T23:59"))]
    fine += [decided(60, status=status) for status in (*CALLED_OFF, "active", "planned", ...)]
    fine += [decided(60, method=method) for method in ("direct", ...)] + [decided(60, draft=True)]
    fine += [decided(60, decided=...), call("d", status="complete", opening=..., decided=start), decided(-3)]
    fine += [decided(60, CLOCK - 59 * DAY), decided(21, CLOCK - 20 * DAY)]  # plans
    usual = [decided(days) for days in _thirds(10, 12, 14)]
    usual += [
        decided(days, method="direct") for days in _thirds(10, 12, 14)
    ]  # what rules do not speak of has a fence too
    return _among(usual, alone(bad, fine))


LOW = 1_024_00


def _gap(more: int, **fields: Any) -> Process:
    """The next bid is `more` cents above the winner's; a hundredth of 1,024 pesos is exact."""
    return contest("g", (bid("a", "T0", LOW), bid("b", "T1", LOW + more)), **fields)


_ODD_GAPS: tuple[Callable[[int], Process], ...] = (
    lambda more: _gap(more, status="cancelled"),
    lambda more: _gap(more, draft=True),
    lambda more: _gap(more, awards=...),
    lambda more: _gap(more, winner="T1"),
    lambda more: _gap(more, winner="T9"),
    lambda more: contest("g", (bid("a", "T0", LOW), bid("b", "T1", LOW + more, currency="USD"))),
    lambda more: contest("g", (bid("a", "T0", LOW, currency="USD"), bid("b", "T1", LOW + more, currency="USD"))),
    lambda more: contest("g", (bid("a", "T0", LOW), bid("b", "T1", LOW + more, "disqualified"))),
    lambda more: contest("g", (bid("a", "T0", LOW), bid("b", "T0", LOW + more))),
    lambda more: contest("g", (bid("a", "T0", LOW), bid("b", "T1", LOW + more, tenderers=("T1", "T2")))),
    lambda more: _gap(more, awards=(Award(id="w", status="pending", suppliers=("T0",)),)),
    lambda more: _gap(more, awards=(Award(id="w", status="active", suppliers=("T0", "T1")),)),
)  # fmt: skip


def _gaps(beyond: Sequence[int], within: Sequence[int]) -> Injected:
    """The fences stand at 10/64 and 26/64 of the winning bid: the usual are 16, 18 and 20 of 64."""
    fine = [_gap(more) for more in within] + [odd(beyond[1]) for odd in _ODD_GAPS]
    bad = [_gap(more) for more in beyond]
    return _among([_gap(share * LOW // 64) for share in _thirds(16, 18, 20)], alone(bad, fine))


def w12_r024() -> Injected:
    fence = 10 * LOW // 64
    return _gaps([fence, fence - 1, 1, *range(900, 15_900, 1_000), 7, 0], [fence + n for n in (1, 2, 10, 100, 1000, 1500, 2000, 3000)])  # fmt: skip


def w12_r058() -> Injected:
    fence = 26 * LOW // 64
    return _gaps([fence, fence + 1, *(fence + n * n * 997 for n in range(1, 19))], [fence - n for n in (1, 2, 10, 100, 1000, 1500, 2000, 3000)])  # fmt: skip


# ── tenderers ────────────────────────────────────────────────────────────────────────────────────────────────────


def w12_r025() -> Injected:
    """The fence stands at no win at all: the usual win 3, 4 and 5 of 8; among the quarter that bids most is who bids 8 times."""
    tries: dict[str, tuple[int, int]] = {f"U{n:03d}": (won, 8) for n, won in enumerate(_thirds(3, 4, 5))}
    tries |= {f"B{n:02d}": (0, 8 + n) for n in range(20)}
    tries |= {f"F{n:02d}": (1, 8 + 2 * n) for n in range(10)}  # one win, however often
    tries |= {f"F{10 + n:02d}": (0, 7 - n) for n in range(7)}  # a bid too few
    tries |= {f"F{17 + n}": (0, 7) for n in range(3)}  # and eight with one that does not count, below
    processes = [[name] for name, (won, _) in tries.items() for _ in range(won)]
    place = 0
    for name, (won, tried) in tries.items():
        for _ in range(tried - won):
            while name in processes[place % len(processes)] or len(processes[place % len(processes)]) > 3:
                place += 1
            processes[place % len(processes)].append(name)
            place += 1
    around = [
        contest(f"u{n}", tuple(bid(f"b{k}", who, 100_00 + k) for k, who in enumerate(those)), winner=those[0])
        for n, those in enumerate(processes)
    ]
    odd = [
        contest("x", (bid("a", "ZZ", 5), bid("b", "F17", 6, "withdrawn")), winner="ZZ", status="cancelled"),
        contest("x", (bid("a", "ZZ", 5), bid("b", "F18", 6)), winner="ZZ", status="cancelled"),
        contest("x", (bid("a", "ZZ", 5), bid("b", "F19", 6)), winner="ZZ", draft=True),
    ]
    given = _among([*around, *odd], Injected([], []))
    by_name: dict[str, list[Process]] = {name: [] for name in tries}
    for one in given.around:
        for each in one.now.bids or ():
            for who in each.tenderers or ():
                if who in by_name and who[0] in "BF":
                    by_name[who].append(one)
    return Injected(
        [by_name[f"B{n:02d}"] for n in range(20)],
        [by_name[f"F{n:02d}"] for n in range(20)],
        given.around,
        subject=None,  # pyright: ignore[reportArgumentType]
        subjects=frozenset(f"B{n:02d}" for n in range(20)),
    )


def _handed_in(name: str, out: int, count: int, processes: int = 2, **fields: Any) -> list[Process]:
    """`count` bids for a unit of a buyer of its own by one tenderer of its own, `out` of them disqualified."""
    bids = [
        bid(f"b{n}", f"T-{name}", 100_00 + n, "disqualified" if n < out else "valid") for n in range(count)
    ]
    return [
        contest("h", **{"bids": tuple(bids[part::processes]), "winner": f"T-{name}", "buyer": f"B-{name}", "unit": f"U-{name}", **fields})
        for part in range(processes)
    ]  # fmt: skip


def w12_r038() -> Injected:
    """The fence stands at 7 of 16: the usual are 2, 3 and 4 of 16. Buyer, unit and tenderer are each beyond it."""
    shares = [(out, 16) for out in range(7, 17)] + [(14, 32), (15, 32), (1, 2), (2, 2), (2, 4), (5, 9), (9, 9), (3, 6), (4, 7), (30, 60)]  # fmt: skip
    names = [f"X{n:02d}" for n in range(len(shares))]
    bad = [_handed_in(name, *share) for name, share in zip(names, shares, strict=True)]
    fine = [_handed_in(f"F{n}", *share) for n, share in enumerate(((6, 16), (13, 32), (27, 62), (0, 16), (1, 4), (3, 7), (5, 12)))]  # fmt: skip
    fine += [_handed_in(f"C{n}", 16, 16, status="cancelled") for n in range(1)] + [
        _handed_in("D", 16, 16, draft=True)
    ]

    def changed(name: str, **fields: Any) -> list[Process]:
        """All bids disqualified but that they differ so."""

        def one(number: int, each: Bid) -> Bid:
            return msgspec.structs.replace(
                each, **{key: value(number) if callable(value) else value for key, value in fields.items()}
            )

        return [
            _with(of, bids=tuple(one(n + 8 * part, each) for n, each in enumerate(of.now.bids or ())))
            for part, of in enumerate(_handed_in(name, 16, 16))
        ]  # fmt: skip

    fine += [
        changed(f"S{n}", status=status)
        for n, status in enumerate(("valid", "pending", "withdrawn", "invited"))
    ]
    fine += [changed("M", status=lambda n: "disqualified" if n < 6 else "pending")]

    def single(name: str, count: int) -> list[Process]:
        """One process with bids of tenderers who bid once."""
        (whole,) = _handed_in(name, count, count, processes=1)
        return [
            _with(whole, bids=tuple(msgspec.structs.replace(each, tenderers=(f"T-{name}-{n}",)) for n, each in enumerate(whole.now.bids or ())))
        ]  # fmt: skip

    fine += [
        single(f"O{n}", count) for n, count in enumerate((1, 2, 5, 8, 16, 30))
    ]  # a process, or a bid, too few
    usual = [one for n, out in enumerate(_thirds(2, 3, 4)) for one in _handed_in(f"U{n:03d}", out, 16)]
    subjects = {
        each
        for name in names
        for each in (f"buyer|B-{name}", f"unit|B-{name}|U-{name}", f"tenderer|T-{name}")
    }
    given = _among(usual, apart(bad, fine, lambda worlds: worlds[0].id, keep_units=True))
    given.subjects = frozenset(subjects)
    return given


# ── edits in place ───────────────────────────────────────────────────────────────────────────────────────────────


def w10() -> Injected:
    """A row, and what its publisher overwrote it with; near misses are rows that were filled, or said otherwise what they said."""
    start = at("2026-02-20T08:30:10")
    full = direct(
        "e", 965_509_00, start=..., published=at("2026-01-20T10:00:15"), opening=at("2026-02-01T09:00:20")
    )
    (row,) = full.now.contracts or ()
    row = msgspec.structs.replace(row, start=start, signed=start - DAY)

    def said(contract: Mapping[str, Any] | None = None, **fields: Any) -> Process:
        return _with(full, contracts=(msgspec.structs.replace(row, **(contract or {})),), **fields)

    whole = said()
    after: list[Process | None] = [
        said({"amount": (row.amount or 0) + more}) for more in (1, -1, 100, 193_101_80, 2_590_443_71)  # type: ignore[operator]
    ]  # fmt: skip
    after += [said({field: getattr(row, field) + more}) for field in ("signed", "start") for more in (1, DAY)]
    after += [said({"decided": row.decided + DAY}, decided=row.decided + DAY)]  # type: ignore[operator]
    after += [said(published=full.now.published + more) for more in (1, DAY)]  # type: ignore[operator]
    after += [said(opening=full.now.opening + more) for more in (1, -DAY)]  # type: ignore[operator]
    after += [said({"suppliers": ("BBB010101BB1",)}), said({"currency": "USD"}), said({"signed": None})]
    after += [said(ground="ART. 54 FR. II"), said(ground=""), None]  # the last one is gone
    pairs: list[tuple[Process, Process]] = [
        (said({field: None}), whole) for field in ("signed", "start", "amount", "currency", "suppliers")
    ]
    pairs += [(said({"decided": None}, decided=None), whole), (said(published=None), whole), (said(opening=None), whole), (said(ground=""), whole)]  # fmt: skip
    pairs += [(whole, said(**{field: value})) for field, value in (("category", "services"), ("law", "LOPSRM"), ("status", "unsuccessful"), ("unit_name", "OTRA"), ("scope", "national"), ("buyer_name", "OTRO"))]  # fmt: skip
    pairs += [(whole, said({"parts": ("25301",)})), (whole, said({"status": "active"})), (whole, whole)]
    more = _with(
        full, contracts=(row, msgspec.structs.replace(row, amount=7_00, suppliers=("CCC010101CC1",)))
    )
    pairs += [
        (whole, more),
        (said({"signed": None}), said({"status": "active"})),
    ]  # a second contract; filled with more
    pairs += [
        (whole, said({"start": start // unit * unit})) for unit in (60, DAY)
    ]  # told without seconds, without a time of day
    given = alone([whole] * len(after), [before for before, _ in pairs])
    for worlds, then in zip([*given.bad, *given.fine], [*after, *(each for _, each in pairs)], strict=True):
        (one,) = worlds
        given.edited[one.id] = () if then is None else (msgspec.structs.replace(then.now, process=one.id),)
    return given


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────────


def _doubled(one: Process, times: int = 2) -> Process:
    """The process, each of whose rows its publisher wrote several times: bought was each of them once."""
    return _with(one, contracts=(one.now.contracts or ()) * times)


def w03() -> Injected:
    bad, fine = split_worlds()
    fine += [
        [_doubled(direct("a", 1_145_000_00 // share), times)] for share, times in ((1, 2), (2, 3), (5, 9))
    ]
    fine += [[_doubled(direct("a", 1_145_000_00 // 2)), direct("b", 1_145_000_00 // 2, "2026-03-04")]]
    bad += [[_doubled(direct("a", 1_145_000_00 // 2 + 1)), direct("b", 1_145_000_00 // 2, "2026-03-04")]]
    return apart(bad, fine, _split)


def _split(worlds: Sequence[Process]) -> str:
    contract = (worlds[0].now.contracts or ())[0]
    return f"{worlds[0].now.unit}|{(contract.suppliers or ())[0]}|{(contract.parts or ())[0]}"


def w13() -> Injected:
    """A row that stands twice is two rows of the file."""

    def written(one: Process) -> Process:
        return _doubled(one, 1 + len(one.twice)) if one.twice else one

    bad, fine = SETS["W13"]()
    return alone(map(written, bad), fine)


def _of_one(name: str) -> Callable[[], Injected]:
    return lambda: alone(*SETS[name]())


INJECTIONS: dict[str, Callable[[], Injected]] = {
    **{name: _of_one(name) for name in SETS},
    "W03": w03, "W05": w05, "W06": w06, "W07-R062": w07_r062, "W10": w10, "W11": w11, "W13": w13,
    "W12-R024": w12_r024, "W12-R025": w12_r025, "W12-R038": w12_r038, "W12-R058": w12_r058,
}  # fmt: skip
