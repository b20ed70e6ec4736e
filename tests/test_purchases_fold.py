"""A process is a function of the set of what was seen: order, doubling and lateness do not matter; merging is that of the standard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from careo.record.purchases.process import Process, located, merged, process
from careo.record.purchases.versions import TableState, Version, Versions, of_stream, with_release, with_table
from careo.sources.releases import Award, Bid, Contract, Release, Supplier, packed, unpacked

NAME = "ocds-x-1"


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(UNSET), st.none(), values)


_REFERENCES = st.lists(st.sampled_from("ABC"), unique=True, max_size=2).map(tuple)
_MONEY = st.integers(1, 4).map(lambda number: number * 100)
_DAYS = st.integers(1, 5).map(lambda day: day * 86400)
_BIDS = st.lists(
    st.builds(
        Bid,
        id=st.sampled_from("123"),
        status=_maybe(st.sampled_from(["valid", "disqualified"])),
        tenderers=_maybe(_REFERENCES),
        amount=_maybe(_MONEY),
    ),
    max_size=2,
    unique_by=lambda bid: bid.id,
).map(tuple)
_AWARDS = st.lists(
    st.builds(
        Award,
        id=st.sampled_from("12"),
        date=_maybe(_DAYS),
        amount=_maybe(_MONEY),
        suppliers=_maybe(_REFERENCES),
    ),
    max_size=2,
    unique_by=lambda award: award.id,
).map(tuple)
_CONTRACTS = st.lists(
    st.builds(
        Contract,
        id=st.sampled_from("12"),
        signed=_maybe(_DAYS),
        amount=_maybe(_MONEY),
        suppliers=_maybe(_REFERENCES),
    ),
    max_size=2,
    unique_by=lambda contract: contract.id,
).map(tuple)
RELEASES = st.builds(
    Release,
    process=st.just(NAME),
    id=st.sampled_from(["a", "b", "c"]),
    date=_maybe(_DAYS),
    whole=st.integers(0, 9).map(lambda number: number == 0),
    method=_maybe(st.sampled_from(["open", "direct"])),
    opening=_maybe(_DAYS),
    tenderers=_maybe(st.integers(0, 3)),
    bids=_maybe(_BIDS),
    awards=_maybe(_AWARDS),
    contracts=_maybe(_CONTRACTS),
    suppliers=_maybe(st.just((Supplier(id="A", name="ACME SA"),))),
)


def _folded(sightings: Sequence[tuple[Release, int]]) -> Process:
    versions = Versions()
    for at, (release, seen) in enumerate(sightings):
        versions = with_release(versions, Version(packed(release), at, at, "", seen))
    return process(NAME, versions, {})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(RELEASES, st.integers(1, 6)), min_size=1, max_size=6), st.data())
def test_the_order_of_releases_does_not_matter_nor_how_often_they_come(
    sightings: list[tuple[Release, int]], data: st.DataObject
) -> None:
    again = data.draw(
        st.permutations([*sightings, *data.draw(st.lists(st.sampled_from(sightings), max_size=4))])
    )
    assert _folded(again) == _folded(sightings)


@settings(max_examples=40, deadline=None)
@given(st.lists(RELEASES, min_size=1, max_size=5))
def test_nothing_that_is_known_of_a_process_is_none(releases: list[Release]) -> None:
    now = _folded([(release, 1) for release in releases]).now
    for kind in (now, *(now.bids or ()), *(now.awards or ()), *(now.contracts or ())):
        assert all(getattr(kind, name) is not None for name in kind.__struct_fields__)
    assert unpacked(packed(now)) == now


_TWICE = st.tuples(RELEASES, _BIDS, _AWARDS).map(
    lambda parts: msgspec.structs.replace(
        parts[0], bids=(*(parts[0].bids or ()), *parts[1]), awards=(*parts[2], *(parts[0].awards or ()))
    )
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(RELEASES, _TWICE))
def test_one_release_by_itself_is_merged_like_any_other(release: Release) -> None:
    assert _folded([(release, 1)]).now == merged([release])


@settings(max_examples=60, deadline=None)
@given(st.lists(RELEASES, min_size=1, max_size=6))
def test_releases_that_come_together_are_as_if_they_came_one_by_one(releases: list[Release]) -> None:
    versions = [Version(packed(release), 0, at, "", 1) for at, release in enumerate(releases)]
    one_by_one = Versions()
    for version in versions:
        one_by_one = with_release(one_by_one, version)
    assert of_stream(versions) == one_by_one


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────

_ROWS = st.lists(
    st.builds(
        lambda supplier, amount, signed: Release(
            process=NAME,
            id="row",
            whole=True,
            buyer="1",
            contracts=(Contract(id="", amount=amount, signed=signed, suppliers=(supplier,)),),
        ),
        st.sampled_from("AB"),
        _MONEY,
        st.one_of(st.just(UNSET), _DAYS),
    ),
    max_size=4,
)


def _of_tables(editions: Sequence[tuple[int, list[Release]]], order: Sequence[int]) -> Process:
    versions = Versions()
    fed: list[tuple[int, str]] = []
    for place in order:
        seen, rows = editions[place]
        edition = (seen, f"sha{place}")
        if edition in fed:
            continue
        following = min((one for one in fed if one > edition), default=None)
        found = [Version(packed(row), place, line, "", seen) for line, row in enumerate(rows)]
        versions = with_table(versions, "table", edition, found, following)
        fed.append(edition)
    return process(NAME, versions, {"table": min(seen for seen, _ in editions)})


@settings(max_examples=60, deadline=None)
@given(st.lists(_ROWS, min_size=1, max_size=4), st.data())
def test_editions_of_a_table_may_come_in_any_order(tables: list[list[Release]], data: st.DataObject) -> None:
    editions = [(100 + at, rows) for at, rows in enumerate(tables)]
    order = data.draw(st.permutations(range(len(editions))))
    assert _of_tables(editions, order) == _of_tables(editions, range(len(editions)))


@settings(max_examples=40, deadline=None)
@given(st.lists(_ROWS, min_size=2, max_size=4), st.data())
def test_the_order_of_rows_within_a_table_does_not_matter(
    tables: list[list[Release]], data: st.DataObject
) -> None:
    plain = [(100 + at, rows) for at, rows in enumerate(tables)]
    mixed = [(seen, data.draw(st.permutations(rows))) for seen, rows in plain]
    assert _of_tables(mixed, range(len(mixed))) == _of_tables(plain, range(len(plain)))


@settings(max_examples=40, deadline=None)
@given(_ROWS, _ROWS)
def test_every_row_of_a_table_that_says_something_of_its_own_is_one_contract(
    before: list[Release], after: list[Release]
) -> None:
    found = _of_tables([(100, before), (101, after)], range(2))
    names = [contract.id for contract in found.contracts()]
    assert len(names) == len(set(names))
    # Rows that say the same now are one, unless an earlier edition told what they no longer speak of.
    assert len({packed(row) for row in after}) <= len(names) <= len(after)
    assert set(found.contract_seen) >= set(names)


@settings(max_examples=60, deadline=None)
@given(_ROWS, st.data())
def test_rows_that_stand_twice_are_named_and_change_nothing_else(
    rows: list[Release], data: st.DataObject
) -> None:
    plain = list(dict.fromkeys(map(packed, rows)))
    again = data.draw(st.lists(st.sampled_from(plain), max_size=4)) if plain else []
    once, doubled = (_of_tables([(100, list(map(unpacked, those)))], [0]) for those in (plain, plain + again))
    assert doubled.now == once.now
    assert len(doubled.twice) == len(again) + len(set(again))


def _row(supplier: str, amount: int, **more: Any) -> Release:
    contract = Contract(id="", amount=amount, suppliers=(supplier,), **more)
    return Release(process=NAME, id="row", whole=True, contracts=(contract,))


def test_an_amount_edited_in_place_is_one_edit_of_the_amount() -> None:
    before = [_row("A", 965_509_00, start=5), _row("B", 100_00)]
    after = [_row("A", 3_555_952_71, start=5), _row("B", 100_00)]
    (change,) = _of_tables([(100, before), (101, after)], range(2)).changes
    assert (change.kind, change.field, change.filled) == ("edited", "amount", False)
    assert (change.before, change.after, change.since, change.seen) == (965_509_00, 3_555_952_71, 100, 101)


def test_a_row_replaced_by_two_of_its_supplier_is_ambiguous_and_both_are_new() -> None:
    before = [_row("A", 500_00, start=5)]
    after = [_row("A", 200_00, start=6), _row("A", 300_00, start=7)]
    found = _of_tables([(100, before), (101, after)], range(2))
    assert [change.kind for change in found.changes] == ["ambiguous"]
    assert {found.contract_seen[one.id] for one in found.contracts()} == {101}


def test_a_filled_date_changes_nothing_that_was_said() -> None:
    (change,) = _of_tables([(1, [_row("A", 5)]), (2, [_row("A", 5, signed=86400)])], range(2)).changes
    assert (change.field, change.filled, change.before) == ("signed", True, None)


def test_a_column_that_an_edition_lacks_takes_nothing_back() -> None:
    without = _row("A", 5)
    tables = [(1, [_row("A", 5, start=86400)]), (2, [without]), (3, [_row("A", 5, start=2 * 86400)])]
    silent = _of_tables(tables[:2], range(2))
    assert silent.changes == ()
    assert silent.contracts()[0].start == 86400
    (change,) = _of_tables(tables, range(3)).changes
    assert (change.field, change.before, change.after, change.filled) == ("start", 86400, 2 * 86400, False)


def test_an_edit_names_the_last_row_that_said_what_stood_there() -> None:
    """The second edition has no column of starts; the third edits the sum and the start."""
    tables = [(1, [_row("A", 5, start=86400)]), (2, [_row("A", 6)]), (3, [_row("A", 7, start=2 * 86400)])]
    rows = {(one.field, one.seen): one.rows for one in _of_tables(tables, range(3)).changes}
    files = {edit: tuple(version.file for version in both or ()) for edit, both in rows.items()}
    assert files == {("amount", 2): (0, 1), ("amount", 3): (1, 2), ("start", 3): (0, 2)}


def test_a_cell_that_was_emptied_is_a_change() -> None:
    (change,) = _of_tables(
        [(1, [_row("A", 5, start=86400)]), (2, [_row("A", 5, start=None)])], range(2)
    ).changes
    assert (change.field, change.before, change.after) == ("start", 86400, None)


@pytest.mark.parametrize(
    ("before", "after", "edited"),
    [
        (86400 + 41852, 86400, False),
        (86400, 86400 + 41852, False),
        (86400 + 41852, 86400 + 41820, False),
        (86400 + 41852, 86400 + 41853, True),
        (86400 + 41852, 2 * 86400, True),
    ],
)
def test_a_time_told_less_exactly_is_no_edit(before: int, after: int, *, edited: bool) -> None:
    found = _of_tables([(1, [_row("A", 5, signed=before)]), (2, [_row("A", 5, signed=after)])], range(2))
    assert bool(found.changes) == edited


@pytest.mark.parametrize(
    ("before", "after", "edited"),
    [
        ("ART. 55 PÁRRAFO PRIMERO", "Art 55 parrafo primero", False),
        ("ART. 55 FR. I", "ART. 55 FR. II", True),
        ("ART. 55", "", True),
    ],
)
def test_words_written_otherwise_are_no_edit(before: str, after: str, *, edited: bool) -> None:
    tables = [
        (at, [msgspec.structs.replace(_row("A", 5), ground=ground)])
        for at, ground in enumerate((before, after), 1)
    ]
    found = _of_tables(tables, range(2))
    assert bool(found.changes) == edited
    assert found.now.ground == (after if edited else before)


def test_of_times_that_say_the_same_the_exact_one_stands_and_is_cited() -> None:
    day, exact, later = 86400, 86400 + 41852, 86400 + 50000
    tables = [(at, [_row("A", 5, signed=signed)]) for at, signed in enumerate((day, exact, day, later), 1)]
    assert _of_tables(tables[:3], range(3)).contracts()[0].signed == exact
    (change,) = _of_tables(tables, range(4)).changes
    assert (change.before, change.after) == (exact, later)
    assert [version.file for version in change.rows or ()] == [1, 3]
    versions = Versions()
    for place, (seen, rows) in enumerate(tables[:3]):
        found = [Version(packed(row), place, 0, "", seen) for row in rows]
        versions = with_table(versions, "table", (seen, "sha"), found, None)
    (contract,) = process(NAME, versions, {}).contracts()
    where = located(NAME, versions, f"contracts/{contract.id}/signed")
    assert where is not None and where.file == 1


def test_rows_that_were_told_apart_by_what_is_silent_now_are_not_one_row_twice() -> None:
    silent = Release(process=NAME, id="row", whole=True, contracts=(Contract(id="", suppliers=("A",)),))
    tables = [(1, [_row("A", 5), _row("A", 6)]), (2, [silent, silent])]
    assert _of_tables(tables, range(2)).twice == ()
    assert len(_of_tables([(1, [silent, silent])], range(1)).twice) == 2


def test_a_row_without_a_number_does_not_vanish() -> None:
    for name, kinds in (("local-comprasmx-row-5f", []), ("local-comprasmx-LA-1", ["vanished"])):
        states = (TableState(1, "a", (Version(packed(_row("A", 5)), 0, 0, "", 1),)), TableState(2, "b", ()))
        assert [one.kind for one in process(name, Versions((), {"table": states}), {}).changes] == kinds


def test_one_row_of_two_changed_its_sum_and_the_other_its_start() -> None:
    before = [_row("A", 100_00, start=86400), _row("A", 200_00, start=86400)]
    after = [_row("A", 150_00, start=86400), _row("A", 200_00, start=2 * 86400)]
    found = _of_tables([(1, before), (2, after)], range(2)).changes
    assert {(one.field, one.before, one.after) for one in found} == {
        ("amount", 100_00, 150_00),
        ("start", 86400, 2 * 86400),
    }


def test_which_of_two_sums_became_which_is_not_guessed() -> None:
    before, after = [_row("A", 100_00), _row("A", 200_00)], [_row("A", 101_00), _row("A", 900_00)]
    found = _of_tables([(1, before), (2, after)], range(2)).changes
    assert [one.kind for one in found] == ["ambiguous", "ambiguous"]


def test_two_rows_with_nothing_different_that_are_filled_are_told_to_any() -> None:
    found = _of_tables(
        [(1, [_row("A", 5)] * 2), (2, [_row("A", 5, signed=86400), _row("A", 5, signed=2 * 86400)])], range(2)
    )
    assert [(one.field, one.filled) for one in found.changes] == [("signed", True)] * 2


def test_many_rows_of_one_supplier_that_all_change_are_told_in_time() -> None:
    rows = range(1, 121)
    before, after = ([_row("A", 100 * n, start=86400 * (n + later)) for n in rows] for later in (0, 500))
    found = _of_tables([(1, before), (2, after)], range(2)).changes
    assert len(found) == 120
    assert {one.field for one in found} == {"start"}


def test_what_stood_in_the_first_table_was_seen_nobody_knows_when() -> None:
    found = _of_tables([(1, [_row("A", 5)]), (2, [_row("A", 5), _row("B", 6)])], range(2))
    seen = {one.suppliers: found.contract_seen[one.id] for one in found.contracts()}
    assert seen == {("A",): None, ("B",): 2}
    assert found.first_seen is None


# ── merging, with `merged` alone ─────────────────────────────────────────────────────────────────────────────────


def test_null_takes_back_and_what_is_absent_says_nothing() -> None:
    first = Release(
        process=NAME, id="1", opening=5, tenderers=3, bids=(Bid(id="1", amount=5), Bid(id="2", amount=6))
    )
    later = Release(process=NAME, id="2", opening=None, bids=(Bid(id="2", amount=7),))
    now = merged([first, later])
    assert now.opening is UNSET
    assert now.tenderers == 3
    assert now.bids == (Bid(id="1", amount=5), Bid(id="2", amount=7))
    assert merged([first, replace_bids(later)]).bids is UNSET


def replace_bids(release: Release) -> Release:
    return Release(process=release.process, id=release.id, bids=None)


def test_two_contents_under_one_id_are_named() -> None:
    one, other = Release(process=NAME, id="1", opening=5), Release(process=NAME, id="1", opening=6)
    found = _folded([(one, 1), (other, 2)])
    assert found.conflicts == ("1",)
    assert replace(found, conflicts=()).first_seen == 1
