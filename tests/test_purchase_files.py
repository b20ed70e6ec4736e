"""Files of purchases read as what they are: OCDS in every wrapping, dates, amounts, packages. Tables: `test_purchase_tables.py`."""

from __future__ import annotations

import gzip
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from careo.record.purchases.process import merged
from careo.sources.civil import Clock, cents
from careo.sources.packages import date_in, read_packages, series_of
from careo.sources.releases import Award, Bid, Contract, Release, Supplier, packed, unpacked
from purchase_files import (
    as_lines,
    civil,
    packages,
    release,
    whole,
)

SHARED = Path(__file__).parents[2] / "shared/data/procurement"
EXAMPLES = SHARED / "ocds_standard/examples"


def test_a_release_says_what_rules_read_and_nothing_else():
    [read], refused = whole(as_lines(release()))
    assert refused == []
    person = next(one.id for one in read.suppliers if one.id.startswith("P-"))
    assert read == Release(
        process="ocds-toys-1", id="1", date=civil(2026, 3, 1, 6), tags=("tender", "award"), status="complete", method="open",
        method_words="Licitación pública", category="goods", buyer="B1", buyer_name="Secretaría de Juguetes", unit="7",
        unit_name="Dirección de Trenes", published=civil(2026, 1, 10, 10), opening=civil(2026, 1, 31, 18), tenderers=2, items=("33901",),
        price_only=True,
        bids=(
            Bid(id="1", date=civil(2026, 1, 31, 10), status="valid", tenderers=(person,), amount=1001, currency="MXN"),
            Bid(id="2", status="disqualified", tenderers=("JUG010101AB1",), amount=2050, currency="MXN"),
        ),
        awards=(Award(id="1", status="active", date=civil(2026, 2, 5), amount=1000, currency="MXN", suppliers=(person,)),),
        contracts=(Contract(id="1", award="1", status="active", signed=civil(2026, 2, 6), start=civil(2026, 2, 7), amount=1000, currency="MXN", parts=("5",)),),
        suppliers=(Supplier(id="JUG010101AB1", name="Juguetes SA de CV"), Supplier(id=person)),
    )  # fmt: skip
    assert unpacked(packed(read)) == read


WRAPPINGS = {
    "lines": lambda many: as_lines(*many),
    "one line": lambda many: as_lines(many),
    "array": lambda many: json.dumps(many, indent=1).encode(),
    "package": lambda many: json.dumps({"uri": "x", "releases": many}, indent=2).encode(),
    "package on a line": lambda many: json.dumps({"releases": many}).encode(),
    "lines of packages": lambda many: as_lines(*({"releases": [one]} for one in many)),
    "records": lambda many: json.dumps({"records": [{"ocid": one["ocid"], "releases": [one]} for one in many]}, indent=2).encode(),
    "lines of records": lambda many: as_lines(*({"ocid": one["ocid"], "releases": [one]} for one in many)),
    "gzip": lambda many: gzip.compress(as_lines(*many)),
    "gzip in two members": lambda many: gzip.compress(as_lines(*many[:1])) + gzip.compress(as_lines(*many[1:])),
    "mark": lambda many: b"\xef\xbb\xbf" + as_lines(*many),
    "mark and package": lambda many: b"\xef\xbb\xbf" + json.dumps({"releases": many}, indent=2).encode(),
    "carriage returns": lambda many: as_lines(*many).replace(b"\n", b"\r\n"),
    "blank lines": lambda many: b"\n" + as_lines(*many).replace(b"\n", b"\n\n"),
    "no end of line": lambda many: as_lines(*many).rstrip(),
}  # fmt: skip


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("as_stream", [False, True])
def test_the_same_releases_in_any_wrapping(wrapping, as_stream, monkeypatch):
    many = [release(ocid=f"ocds-toys-{number}") for number in range(3)]
    expected = whole(as_lines(*many))
    data = WRAPPINGS[wrapping](many)
    assert whole(io.BytesIO(data) if as_stream else data) == expected
    monkeypatch.setattr("careo.sources.packages._HELD", 2000)  # now every document is a large one
    assert whole(io.BytesIO(data) if as_stream else data)[0] == expected[0]


def test_null_takes_back_and_absence_says_nothing():
    [read], _ = whole(as_lines({"ocid": "o", "id": "1", "tender": None, "awards": None, "bids": {"details": []}, "contracts": [{"id": "1", "value": None, "dateSigned": None}]}))  # fmt: skip
    assert read.status is None
    assert read.published is None
    assert read.awards is None
    assert read.bids == ()
    assert read.buyer is UNSET
    [contract] = read.contracts
    assert (contract.amount, contract.currency, contract.signed) == (None, None, None)
    assert contract.status is UNSET
    assert read.date is None


def test_a_code_of_an_award_that_the_standard_lacks_does_not_leave_an_earlier_one_standing():
    [read], refused = whole(as_lines(release(awards=[{"id": "1", "status": "revocada"}, {"id": "2"}])))
    assert [one.status for one in read.awards or ()] == ["other", UNSET]
    assert [(one.pointer, one.reason) for one in refused] == [("/awards/0/status", "code")]
    before, _ = whole(as_lines(release(awards=[{"id": "1", "status": "active"}])))
    assert [one.status for one in merged((*before, read)).awards or ()] == ["other", UNSET]


@pytest.mark.parametrize(
    ("until", "came", "kept"),
    [
        ("2026-01-31T18:00:00Z", "2026-01-31T18:30:00Z", (2026, 1, 31, 12, 30)),
        (
            "2026-01-31T18:00:00Z",
            "2026-01-31 17:59:00.3011698",
            (2026, 1, 31, 11, 59),
        ),  # before, on its clock
        ("2026-01-31T18:00:00Z", "2026-01-31T18:01", (2026, 1, 31, 12, 1)),
        ("2026-01-31T18:00:00+09:00", "2026-01-31T18:01:00", (2026, 1, 31, 3, 1)),
        ("2026-01-31T18:00:00-08:00", "2026-01-31T18:01:00", (2026, 1, 31, 18, 1)),  # on the country's
        ("2026-01-31T18:00:00", "2026-01-31T18:01:00", (2026, 1, 31, 18, 1)),  # neither names a zone
        ("2026-01-31", "2026-01-31T18:01:00", (2026, 1, 31, 18, 1)),
        ("2026-01-31T18:00:00Z", "2026-01-31", (2026, 1, 31)),
    ],
)
def test_a_bid_without_a_zone_came_at_the_earlier_of_two_times(until, came, kept):
    given = release()
    given["tender"]["tenderPeriod"]["endDate"] = until
    given["bids"]["details"][0]["date"] = came
    [read], _ = whole(as_lines(given))
    assert read.bids[0].date == civil(*kept)


def test_a_record_gives_its_releases_else_the_compiled_one_and_links_are_named():
    linked = {"url": "https://example.org/1.json", "date": "2026-01-01T00:00:00Z", "tag": ["tender"]}
    compiled = release(id="c", tag=["compiled"])
    del compiled["ocid"]
    record = {"ocid": "ocds-toys-1", "compiledRelease": compiled}
    [read], refused = whole(json.dumps({"records": [{**record, "releases": [release()]}]}).encode())
    assert (read.id, read.whole, refused) == ("1", False, [])
    [read], refused = whole(json.dumps({"records": [{**record, "releases": [linked, linked]}]}).encode())
    assert (read.id, read.whole, read.process) == ("c", True, "ocds-toys-1")
    assert [(one.pointer, one.reason) for one in refused] == [
        ("/records/0/releases/0", "linked"),
        ("/records/0/releases/1", "linked"),
    ]
    [read], refused = whole(
        json.dumps({"records": [{"ocid": "o", "releases": [linked, release()]}]}).encode()
    )
    assert (read.id, [one.reason for one in refused]) == ("1", ["linked"])
    assert [one.reason for one in whole(as_lines({"records": [{"ocid": "o"}]}))[1]] == ["record_empty"]


def test_a_release_without_an_id_is_named_by_what_it_says():
    given = [release(), release(), release(date="2026-03-02T12:00:00Z")]
    for one in given:
        del one["id"]
    first, same, other = whole(as_lines(*given))[0]
    assert first.id == same.id != other.id
    assert len(first.id) == 32


@pytest.mark.parametrize(
    ("code", "words", "method"),
    [
        ("open", None, "open"),
        ("selective", None, "selective"),
        ("limited", None, "invited"),
        ("direct", None, "direct"),
        ("limited", "Adjudicación directa por monto", "direct"),
        ("selective", "INVITACION A CUANDO MENOS TRES PERSONAS", "invited"),
        (None, "Licitación Pública Nacional", "open"),
    ],
)
def test_the_method_by_the_publishers_own_words_before_the_code(code, words, method):
    tender = {"procurementMethod": code, "procurementMethodDetails": words}
    assert whole(as_lines(release(tender={k: v for k, v in tender.items() if v})))[0][0].method == method


def test_of_a_rationale_only_the_article_is_kept():
    for rationale, ground in (
        ("Art. 41 fr. I; a petición de Ana Gómez", "ART. 41 FR. I"),
        ("a petición de Ana Gómez", UNSET),
        ("", None),
    ):
        assert (
            whole(as_lines(release(tender={"procurementMethodRationale": rationale})))[0][0].ground == ground
        )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:00:00Z", civil(2026, 3, 1, 6)),
        ("2026-03-01T12:00:00.987Z", civil(2026, 3, 1, 6)),
        ("2026-03-01T00:30:00+05:30", civil(2026, 2, 28, 13)),
        ("2026-03-01T12:00:00", civil(2026, 3, 1, 12)),
        ("2026-03-01 12:00", civil(2026, 3, 1, 12)),
        ("2026-03-01", civil(2026, 3, 1)),
        ("20260301T120000Z", civil(2026, 3, 1, 6)),
        ("2026-W09-7", civil(2026, 3, 1)),
        ("2021-07-01T12:00:00Z", civil(2021, 7, 1, 7)),  # summer time, until 2022
        ("2022-04-03T07:59:59Z", civil(2022, 4, 3, 1, 59, 59)),
        ("2022-04-03T08:00:00Z", civil(2022, 4, 3, 3)),  # the hour that is not
    ],
)
def test_dates_on_the_clock_of_the_country(text, moment):
    clock = Clock("America/Mexico_City")
    assert [clock.iso(text), clock.iso(text)] == [moment, moment]


@given(st.datetimes(datetime(1980, 1, 3), datetime(2050, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_the_clock_agrees_with_the_zone(moment, minutes):
    clock = Clock("America/Mexico_City")
    zoned = moment.replace(microsecond=0, tzinfo=UTC)
    sign, offset = "-" if minutes < 0 else "+", abs(minutes)
    text = zoned.strftime("%Y-%m-%dT%H:%M:%S") + f"{sign}{offset // 60:02}:{offset % 60:02}"
    there = datetime.fromisoformat(text).astimezone(clock.zone).replace(tzinfo=UTC)
    assert clock.iso(text) == int(there.timestamp()) == clock.iso(text)


NO_YEARS = ["0206-05-01", "0001-01-01", "0001-01-01T00:00:00Z", "1899-12-30T00:00:00", "1900-01-01", "1970-01-01T00:00:00Z", "2109-01-12", "9999-12-31T23:59:59Z"]  # fmt: skip
"""What programs write for no date at all, and slips of the pen."""


@pytest.mark.parametrize("text", ["", "x", "2026", "2026-02-30", "2026-13-01", "2026-01-01T25:00:00Z", "2026-01-01T10:61:00", "10000-01-01", "0000-01-01", "9999-12-31T23:00:00-14:00x", *NO_YEARS])  # fmt: skip
def test_what_is_no_date_is_refused(text):
    clock = Clock("America/Mexico_City")
    clock.iso("2026-01-01T10:00:00Z")
    with pytest.raises(ValueError):
        clock.iso(text)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("34784.619999999995", 3478462),
        (34784.619999999995, 3478462),
        (0.125, 13),
        (0.135, 14),
        (1.005, 101),
        (-1.005, -101),
        ("$ 1,234.50", 123450),
        (965509, 96550900),
        ("1e3", 100000),
        (61486146.14999997, 6148614615),
    ],
)
def test_amounts_in_cents_half_a_cent_up(amount, expected):
    assert cents(amount) == expected


@pytest.mark.parametrize("amount", ["", "x", "NaN", "inf", "1e400", "1,2", "1.234,56", "12 pesos", float("nan"), float("inf"), 10**16, "1" * 5000])  # fmt: skip
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(ValueError):
        cents(amount)


@given(st.integers(-(10**12), 10**12))
def test_cents_come_back(whole_cents):
    text = f"{whole_cents / 100:.2f}"
    assert cents(text) == cents(float(text)) == whole_cents


# --- packages ---------------------------------------------------------------------------------------------------------


def test_packages_of_a_long_file_and_going_on_after_any_of_them(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(as_lines(*({"ocid": f"o{number}", "id": "1"} for number in range(2500))))
    read = packages(path)
    assert [len(many) for _, many in read] == [1000, 1000, 500]
    assert [package.part for package, _ in read] == [0, 1, 2]
    assert [one.line for _, many in read for one in many] == list(range(1, 2501))
    everything = [one for _, many in read for one in many]
    for package, _ in read:
        rest = packages(path, start=(package.next_line, package.next_offset), part=package.part + 1)
        done = 1000 * (package.part + 1)
        assert [one for _, many in rest for one in many] == everything[done:]
        assert rest[0][0].part == package.part + 1
    packed_path = tmp_path / "b.jsonl.gz"
    packed_path.write_bytes(gzip.compress(path.read_bytes()))
    first = read[0][0]
    rest = packages(packed_path, start=(first.next_line, first.next_offset))
    assert [one for _, many in rest for one in many] == everything[1000:]


def test_a_file_that_shrank_is_read_from_its_beginning(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(as_lines({"ocid": "o", "id": "1"}))
    assert [one.release.process for _, many in packages(path, start=(900, 10**6)) for one in many] == ["o"]


def test_a_package_on_one_line_is_taken_in_by_thousands():
    read = packages(
        json.dumps({"releases": [{"ocid": f"o{number}", "id": "1"} for number in range(2500)]}).encode()
    )
    assert [len(many) for _, many in read] == [1000, 1000, 500]
    assert (read[0][0].next_line, read[0][0].next_offset) == (1, 0)
    assert read[2][1][-1].pointer == "/releases/2499"


def test_a_pipe_is_read_as_it_is_written():
    out, into = os.pipe()
    with os.fdopen(out, "rb") as reading, os.fdopen(into, "wb", buffering=0) as writing:
        from purchase_files import TERMS

        writing.write(as_lines({"ocid": "o1", "id": "1"}) + b'{"ocid": "o2"')
        coming = read_packages(reading, terms=TERMS, seen=5)
        first = next(coming)  # though the pipe is open
        assert [one.release.process for one in first.sightings] == ["o1"]
        assert (first.last, first.seen) == (False, 5)
        writing.write(b', "id": "1"}\n')
        assert [(one.release.process, one.line) for one in next(coming).sightings] == [("o2", 2)]
        writing.close()
        assert [package.last for package in coming] == [True]


@given(st.lists(st.integers(1, 400), max_size=12), st.randoms(use_true_random=False))
def test_lines_do_not_depend_on_how_the_bytes_come(sizes, luck):
    from careo.sources.byte_stream import Stream, lines

    data = b"\n".join(b"x" * size for size in sizes)

    class Pieces(io.RawIOBase):
        def __init__(self) -> None:
            self.rest = data

        def read(self, size: int = -1) -> bytes:
            size = min(size, luck.randint(1, 50))
            piece, self.rest = self.rest[:size], self.rest[size:]
            return piece

    found = list(lines(Stream(Pieces()), 200))
    assert [line for _, _, line in found] == [None if size > 200 else b"x" * size for size in sizes]
    assert [number for number, _, _ in found] == list(range(1, len(sizes) + 1))
    assert [after for _, after, _ in found] == [
        min(sum(sizes[:n]) + n, len(data)) for n in range(1, len(sizes) + 1)
    ]


@pytest.mark.parametrize(
    ("name", "series", "day"),
    [
        ("contratos_2026-03-08.csv", "contratos.csv", civil(2026, 3, 8)),
        ("contratos-20260308-imss.csv.gz", "contratos-imss.csv", civil(2026, 3, 8)),
        ("contratos (1).csv", "contratos.csv", None),
        ("contratos(12).csv.gz", "contratos.csv", None),
        ("contratos.csv (1).gz", "contratos.csv", None),
        ("contratos - copia.csv", "contratos.csv", None),
        ("contratos - Copy (2).csv", "contratos.csv", None),
        ("contratos copia 2.csv", "contratos.csv", None),
        ("contratos (copy).csv", "contratos.csv", None),
        ("contratos (1) - copia.csv", "contratos.csv", None),
        ("contratos_2026-03-08 (1).csv", "contratos.csv", civil(2026, 3, 8)),
        ("snapshots/2026-03-08 - copia.csv", "snapshots.csv", civil(2026, 3, 8)),
        ("contratos_v2.csv", "contratos_v2.csv", None),
        ("contratos 2.csv", "contratos 2.csv", None),
        ("contratos (2026).csv", "contratos (2026).csv", None),
        ("contratos (01).csv", "contratos (01).csv", None),
        ("fotocopia.csv", "fotocopia.csv", None),
        ("copia.csv", "copia.csv", None),
        ("2026_03_08 contratos.csv", "contratos.csv", civil(2026, 3, 8)),
        ("snapshots/2026-03-08.csv", "snapshots.csv", civil(2026, 3, 8)),
        ("comprasmx_tenders_2026-01_02.csv", "comprasmx_tenders_2026-01_02.csv", None),
        ("a-12026030812.csv", "a-12026030812.csv", None),
        ("a-2026-02-30.csv", "a.csv", None),
        ("a__b.json", "a__b.json", None),
    ],
)
def test_what_succeeds_itself_and_of_when_it_is(name, series, day):
    assert series_of(name) == series
    assert date_in(name) == day


def test_when_a_replayed_file_was_seen(tmp_path):
    package = json.dumps({"publishedDate": "2026-03-05T12:00:00Z", "releases": []}).encode()
    dated, undated, plain = tmp_path / "a-2026-03-08.json", tmp_path / "a.json", tmp_path / "b.jsonl"
    for path in (dated, undated):
        path.write_bytes(package)
    plain.write_bytes(as_lines({"ocid": "o", "id": "1"}))
    os.utime(plain, (1_700_000_000, 1_700_000_000))
    assert [
        (packages(path)[0][0].seen, packages(path)[0][0].published) for path in (dated, undated, plain)
    ] == [
        (civil(2026, 3, 8), civil(2026, 3, 5, 6)),
        (civil(2026, 3, 5, 6), civil(2026, 3, 5, 6)),
        (1_700_000_000 - 6 * 3600, None),
    ]
    assert packages(dated, seen=7)[0][0].seen == 7
    assert packages(plain, published=9)[0][0].published == 9


def test_a_day_may_stand_first_in_the_name_of_a_file():
    assert date_in("contratos_16-03-2026.csv") == date_in("contratos_2026-03-16.csv")
    assert series_of("x/contratos_16-03-2026.csv") == series_of("x/contratos_12-03-2026.csv")
    assert date_in("acta-32-03-2026.csv") is None


# --- the real files ---------------------------------------------------------------------------------------------------


@pytest.mark.realdata
def test_the_standards_examples_are_read_without_a_loss():
    for path in sorted(EXAMPLES.glob("*.json")):
        releases, refused = whole(path)
        assert releases, path.name
        assert {one.reason for one in refused} <= {"code"}, (path.name, refused)


@pytest.mark.realdata
def test_reading_a_merged_release_gives_what_the_standards_own_merger_says():
    """The fold of releases is held against ocdsmerge elsewhere; here: that what is compiled can be read, and how."""
    from ocdsmerge import Merger

    merger = Merger(json.loads((SHARED / "ocds_standard/release-schema.json").read_text()))
    for path in sorted(EXAMPLES.glob("*record*.json")):
        for record in json.loads(path.read_text())["records"]:
            many = [one for one in record["releases"] if "ocid" in one]
            merged = merger.create_compiled_release(many)
            [read], _ = whole(
                json.dumps({"records": [{"ocid": record["ocid"], "compiledRelease": merged}]}).encode()
            )
            assert read.whole
            assert read.process == record["ocid"]
            assert [one.id for one in read.awards or ()] == [
                str(one["id"]) for one in merged.get("awards", [])
            ]
            assert [one.amount for one in read.contracts or ()] == [
                round(one["value"]["amount"] * 100) if "value" in one else UNSET
                for one in merged.get("contracts", [])
            ]
            tender = merged.get("tender", {})
            assert read.tenderers == tender.get("numberOfTenderers", UNSET)
