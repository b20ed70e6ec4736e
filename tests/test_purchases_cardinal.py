"""OCP's Cardinal and `careo watch` flag the same, but for differences that are known; where `OCDSCARDINAL` names a binary of it.

How one was built of its published source, and parity on its own fixture of 10,000 processes: benchmarks/NOTES.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from benchmarks.made_up_purchases import releases

from cardinal_worlds import award, bid, lowest_is_tied, of_unit, rough, usual
from purchase_cardinal import BINARY, NAMES, compared, written

pytestmark = pytest.mark.skipif(
    not (BINARY and shutil.which(BINARY)), reason="OCDSCARDINAL names no binary of OCP's Cardinal"
)

NOBODY: frozenset[str] = frozenset()
Said = dict[str, Any]


@pytest.mark.parametrize("seed", range(4))
def test_the_same_is_flagged_where_every_fence_can_be_reached(seed: int, tmp_path: Path) -> None:
    found = compared(written(tmp_path / "usual.jsonl", usual(seed)), tmp_path, currency="MXN")
    assert {name: of[1:] for name, of in found.items()} == dict.fromkeys(NAMES, (NOBODY, NOBODY))
    for name in ("R003", "R018", "R024", "R025", "R028", "R036", "R048", "R058"):
        assert found[name][0], name


@pytest.mark.parametrize("seed", range(6))
def test_the_same_is_flagged_whatever_is_missing_tied_or_joint(seed: int, tmp_path: Path) -> None:
    world = rough(seed)
    found = compared(written(tmp_path / "rough.jsonl", world), tmp_path, currency="MXN")
    tied = {one["ocid"] for one in world if lowest_is_tied(one)}
    for name, (_, own, other) in found.items():
        known = (
            tied if name == "R036" else other if name == "R048" else NOBODY
        )  # R048: at the fence, or all alike
        assert (name, own, other - known) == (name, NOBODY, NOBODY)
    for name in ("R003", "R018", "R028", "R030", "R035", "R036"):
        assert found[name][0], name


def test_the_same_is_flagged_of_the_feed_that_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "feed.jsonl"
    file.write_text("\n".join(releases(6_000, compiled=True)), encoding="utf-8")
    found = compared(file, tmp_path, currency="MXN")
    assert {name: of[1:] for name, of in found.items()} == dict.fromkeys(NAMES, (NOBODY, NOBODY))


# ── differences that are meant ───────────────────────────────────────────────────────────────────────────────────


def _one(bids: Iterable[Said] = (), awards: Iterable[Said] | None = None, **tender: Any) -> Said:
    won = [award("T0", [10])] if awards is None else list(awards)
    return of_unit(0, list(bids), won, **tender)


def _numbered(many: Iterable[Said]) -> list[Said]:
    return [{**one, "ocid": f"o{number}"} for number, one in enumerate(many)]


OUT, IN = bid("T1", 100, "disqualified"), bid("T0", 100)
NOON = {"startDate": "2025-02-01T12:00:00Z", "endDate": "2025-03-10T12:00:00Z"}
DISQUALIFYING = [  # of six buyers; what a seventh does in a single process
    of_unit(unit, [bid("A", 5), bid("B", 6), bid("C", 7), bid("D", 8, "disqualified" if unit > 2 else "valid")], [])
    for unit in range(6)
    for _ in range(2)
]  # fmt: skip

DIFFERENCES: dict[str, tuple[str, list[Said], set[str], set[str]]] = {
    "lowest bids alike, the disqualified one first": ("R036", [_one([OUT, IN])], set(), {"o0"}),
    "lowest bids alike, the disqualified one second": ("R036", [_one([IN, OUT])], set(), set()),
    "price is not all that decides": (
        "R036",
        [_one([bid("T1", 99, "disqualified"), IN], awardCriteria="ratedCriteria")],
        set(),
        {"o0"},
    ),
    "alike to the cent": ("R028", [_one([bid("T0", 800000.000004), bid("T1", 799999.998)])], {"o0"}, set()),
    "a code of the publisher's own": (
        "R028",
        [_one([bid("T0", 5), {**bid("T1", 5), "status": "recibida"}])],
        set(),
        {"o0"},
    ),
    "later on the same day, written without a zone": (
        "R030",
        [_one([{**IN, "date": "2025-03-10 12:30:00"}], tenderPeriod=NOON)],
        {"o0"},
        set(),
    ),
    "in time, written in another zone": (
        "R030",
        [_one([{**IN, "date": "2025-03-10T13:00:00+02:00"}], tenderPeriod=NOON)],
        set(),
        {"o0"},
    ),
    "a buyer of one process with two bids": (
        "R038 buyer",
        [*DISQUALIFYING, of_unit(9, [bid("E", 5, "disqualified"), bid("F", 6, "disqualified")], [])],
        set(),
        {"B9"},
    ),
    "gaps all alike": (
        "R058",
        [_one([bid("T0", 100), bid("T1", 110)])] * 8,
        set(),
        {f"o{number}" for number in range(8)},
    ),
    "suppliers all alike": (
        "R048",
        [_one(awards=[award(f"S{who}", [10 + n % 7])]) for who in range(5) for n in range(20)],
        set(),
        {f"S{who}" for who in range(5)},
    ),
    "at the fence": (  # Q1 = 1, Q3 = 3, fence 6
        "R048",
        [
            _one(awards=[award(f"S{who}", [10 + n % kinds])])
            for who, kinds in enumerate((1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 6))
            for n in range(20)
        ],
        set(),
        {"S10"},
    ),
    "fifteen calendar days, less than fifteen times 24 hours": (
        "R003",
        [_one(tenderPeriod={"startDate": "2025-02-01T18:00:00Z", "endDate": "2025-02-16T15:00:00Z"})],
        set(),
        {"o0"},
    ),
    "it ends before it begins": (
        "R003",
        [_one(tenderPeriod={"startDate": "2025-02-05T18:00:00Z", "endDate": "2025-02-01T15:00:00Z"})],
        set(),
        {"o0"},
    ),
    "words that say more than the code": (
        "R018",
        [
            _one(
                procurementMethodDetails="Adjudicación directa", procurementMethod="open", numberOfTenderers=1
            )
        ],
        set(),
        {"o0"},
    ),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_known_differences(difference: str, tmp_path: Path) -> None:
    name, world, own, other = DIFFERENCES[difference]
    both, only_own, only_other = compared(
        written(tmp_path / "world.jsonl", _numbered(world)), tmp_path, currency="MXN"
    )[name]
    assert (both | only_own, both | only_other) == (own, other)


def test_a_process_that_is_published_twice_is_judged_once(tmp_path: Path) -> None:
    """Cardinal reads compiled releases: of two lines of one process it keeps what either gave."""
    world = [
        {**_one(numberOfTenderers=1, procurementMethod="open"), "ocid": "o"},
        {**_one(numberOfTenderers=3, procurementMethod="open"), "ocid": "o", "id": "2", "date": "2025-07-01T00:00:00Z"},
    ]  # fmt: skip
    _, own, other = compared(written(tmp_path / "world.jsonl", world), tmp_path, currency="MXN")["R018"]
    assert (own, other) == (NOBODY, {"o"})
