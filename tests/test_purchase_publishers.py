"""What publishers are known to do to releases, packages, tables and pages: read where it can mean one thing, else named; never taken for a fact."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

import careo
from careo.sources.civil import DAY
from purchase_feeds import contracts_table
from purchase_files import as_lines, packages, release, whole
from test_watch_address import Publisher, look, publisher  # noqa: F401 - a fixture
from watch_worlds import alone, folder_of, lines
from watch_worlds import package as package_of


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setenv("CAREO_HOME", str(tmp_path / "home"))


def civil(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())


def _without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


# ── what a file is ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("document", [False, True])
def test_text_of_two_and_four_bytes_a_character(
    encoding: str, pack: Callable[[bytes], bytes], document: bool
) -> None:
    many = [release(ocid=f"o-{number}", note="ñ" * 200) for number in range(3000)]
    text = json.dumps({"releases": many}, indent=1) if document else as_lines(*many).decode()
    read, refused = whole(pack(text.encode(encoding)))
    assert ([one.process for one in read], refused) == ([one["ocid"] for one in many], [])


def test_lines_of_two_bytes_a_character_are_gone_on_with_at_their_byte() -> None:
    data = as_lines(*(release(ocid=f"o-{number}") for number in range(2500))).decode().encode("utf-16")
    first, *_ = [package for package, _ in packages(data)]
    rest = [one.process for _, many in packages(data, start=(first.next_line, first.next_offset)) for one in many]  # fmt: skip
    assert rest == [f"o-{number}" for number in range(first.next_line - 1, 2500)]


@pytest.mark.parametrize(
    "inner", [gzip.compress(b"{}"), bytes(257) + b"ustar" + bytes(250)], ids=["gzip", "tar"]
)
def test_archives_in_gzip_are_called_so(inner: bytes) -> None:
    assert [one.reason for one in whole(gzip.compress(inner))[1]] == ["archive"]


@pytest.mark.parametrize("held", [1 << 25, 1 << 10])  # at once, and element by element
@pytest.mark.parametrize("name", ["results", "data"])
@pytest.mark.parametrize("indent", [None, 1])
def test_what_interfaces_wrap_packages_and_releases_in(
    name: str, held: int, indent: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("careo.sources.packages._HELD", held)
    compiled = {"records": [{"ocid": "o-1", "compiledRelease": _without(release(), "ocid")}]}
    wrapped = {"pagination": {"page": 1}, name: [compiled, release(ocid="o-2"), {"x": 1}]}
    [(package, found)] = packages(json.dumps(wrapped, indent=indent).encode())
    assert [(one.process, one.pointer) for one in found] == [
        ("o-1", f"/{name}/0/records/0/compiledRelease"),
        ("o-2", f"/{name}/1"),
    ]
    assert [(one.pointer, one.reason) for one in package.refused] == [(f"/{name}/2", "ocid")]


# ── what a release says ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("31/01/2026", civil(2026, 1, 31)),
        ("5-2-2026 09:30", civil(2026, 2, 5, 9, 30)),
        ("2026/02/05", civil(2026, 2, 5)),
        ("01/31/2026", UNSET),
        ("0001-01-01T00:00:00", UNSET),
        ("9999-12-31T23:59:59Z", UNSET),
        ("2109-01-01", UNSET),
    ],
)
def test_days_as_tables_have_them_and_dates_that_are_none(written: str, moment: object) -> None:
    given = release()
    given["contracts"][0]["dateSigned"] = written
    [read], refused = whole(as_lines(given))
    assert read.contracts and read.contracts[0].signed == moment
    assert [(one.pointer, one.reason) for one in refused] == (
        [("/contracts/0/dateSigned", "date")] if moment is UNSET else []
    )


@pytest.mark.parametrize(
    ("code", "words", "method"),
    [
        ("Licitación pública", None, "open"),
        ("ADJUDICACION DIRECTA", None, "direct"),
        (None, "Licitacio\u0301n pu\u0301blica", "open"),
        ("limited", "Excepción a la licitación pública", "invited"),
        ("Excepción a la licitación pública", None, UNSET),
        ("x", None, UNSET),
    ],
)
def test_a_method_in_words_where_its_code_belongs(
    code: str | None, words: str | None, method: object
) -> None:
    tender = {"procurementMethod": code, "procurementMethodDetails": words}
    [read], refused = whole(as_lines(release(tender={name: said for name, said in tender.items() if said})))
    assert read.method == method
    assert [one.reason for one in refused] == (["code"] if method is UNSET else [])


@pytest.mark.parametrize("given", ["absent", None, {}, {"id": "B1"}, {"name": "Secretaría de Juguetes"}])
def test_a_buyer_is_completed_by_the_party_of_its_id_or_of_its_role(given: Any) -> None:
    said = _without(release(), "buyer") if given == "absent" else release(buyer=given)
    [read], _ = whole(as_lines(said))
    assert (read.buyer, read.buyer_name) == ("B1", "Secretaría de Juguetes")


def test_a_buyer_of_another_name_than_the_party_of_the_role_stays_what_it_is() -> None:
    [read], _ = whole(as_lines(release(buyer={"name": "Otra"})))
    assert (read.buyer, read.buyer_name) == (UNSET, "Otra")


@pytest.mark.parametrize("party", [{"roles": ["supplier"]}, {}, {"roles": None}])
@pytest.mark.parametrize(("own", "said"), [(7, "7"), ("7", 7), ("7", "7")])
def test_a_supplier_is_the_party_of_its_id_whatever_the_type_and_the_role(
    party: dict[str, Any], own: object, said: object
) -> None:
    given = release(parties=[{"id": own, "name": "Juguetes SA de CV", "identifier": {"id": "JUG010101AB1"}, **party}])  # fmt: skip
    given["awards"][0]["suppliers"] = [{"id": said}]
    [read], _ = whole(as_lines(_without(given, "bids")))
    assert read.awards and read.awards[0].suppliers == ("JUG010101AB1",)
    assert read.suppliers and [(one.id, one.name) for one in read.suppliers] == [
        ("JUG010101AB1", "Juguetes SA de CV")
    ]


@pytest.mark.parametrize(("said", "count"), [("3.0", 3), (" 3 ", 3), ("3.5", UNSET), ("nan", UNSET), ("inf", UNSET)])  # fmt: skip
def test_bidders_counted_in_text(said: str, count: object) -> None:
    [read], refused = whole(as_lines(release(tender={"numberOfTenderers": said})))
    assert read.tenderers == count
    assert len(refused) == (count is UNSET)


def test_an_empty_amount_is_none_as_an_empty_date_is() -> None:
    given = release()
    given["contracts"][0]["value"]["amount"] = ""
    [read], refused = whole(as_lines(given))
    assert read.contracts and (read.contracts[0].amount, refused) == (None, [])


# ── what is told of it ───────────────────────────────────────────────────────────────────────────────────────────


def _watched(tmp_path: Path, data: bytes, country: str = "toyland") -> dict[str, int]:
    careo.watch(folder_of(tmp_path / "in", a__jsonl=data), country=country, state=tmp_path / "state")
    return dict(careo.watch_status(country=country, state=tmp_path / "state").standing)


@pytest.mark.parametrize("record", [False, True])
def test_a_compiled_release_replaces_the_one_before_and_is_no_edit_in_place(
    tmp_path: Path, record: bool
) -> None:
    """Compiled releases are made anew from those behind them, often under one id."""
    award = {"id": "a", "status": "active", "date": "2024-03-21"}
    first = alone(1) | {"tag": ["compiled"], "id": "c", "awards": [award, award | {"id": "b"}]}
    second = first | {"date": "2024-03-09T10:00:00Z", "awards": [award]}
    both = [{"records": [{"ocid": one["ocid"], "compiledRelease": one}]} if record else one for one in (first, second)]  # fmt: skip
    assert "W10" not in _watched(tmp_path, lines(*both), "mexico")
    (read, again), _ = whole(lines(*both))
    assert (read.whole, again.whole) == (True, True)


def test_a_compiled_release_of_one_date_with_two_contents_is_an_edit_in_place(tmp_path: Path) -> None:
    first = alone(1) | {"tag": ["compiled"]}
    award = {"id": "a", "status": "active", "date": "2024-03-21"}
    assert _watched(tmp_path, lines(first, first | {"awards": [award]}), "mexico")["W10"] == 1


@pytest.mark.parametrize("status", [None, "Adjudicado"])
def test_an_award_whose_status_is_not_known_is_no_data_and_not_nothing_to_find(
    tmp_path: Path, status: str | None
) -> None:
    award = {"id": "a", "date": "2024-03-21", "items": [{"classification": {"id": "12"}}]}
    bids = {"details": [{"id": "1", "status": "valid", "tenderers": [{"id": "S"}]}]}
    given = alone(1) | {"awards": [award | ({"status": status} if status else {})], "bids": bids}
    _watched(tmp_path, lines(given), "mexico")
    status_of = careo.watch_status(country="mexico", state=tmp_path / "state")
    (coverage,) = status_of.coverage.values()
    for rule in ("W05", "W08", "W12-R024", "W12-R030", "W12-R035", "W12-R036"):
        assert coverage[rule].judged == 0, rule
        assert coverage[rule].missing == {("awards/status",): 1} or rule == "W05", (rule, coverage[rule])
    assert any("awards/status" in fields for fields in coverage["W05"].missing)


def test_nothing_is_published_after_it_was_seen(tmp_path: Path) -> None:
    """A slip of the pen in a release's date gave delays of decades, and a package from the future was fresh for ever."""
    given = alone(1) | {"date": "2090-01-01T00:00:00Z"}
    given["awards"] = [{"id": "a", "status": "active", "date": "2024-03-21"}]
    ahead = {"publishedDate": "2091-01-01T00:00:00Z", "releases": [given]}
    _watched(tmp_path, json.dumps(ahead).encode())
    status = careo.watch_status(country="toyland", state=tmp_path / "state")
    assert not any(delay.count for delays in status.delays.values() for delay in delays.values())
    assert status.sources and all((one.newest or 0) < status.now + DAY for one in status.sources)
    for _, told in careo.watch_told(country="toyland", state=tmp_path / "state"):
        assert told.published is None


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────

ROWS = [{"Número de procedimiento": f"AA-50-XYZ-050XYZ001-N-{number}-2026", "rfc": f"AAA0101{number:02d}AA1", "Importe DRC": f"{number}000.50"} for number in range(1, 16)]  # fmt: skip


@pytest.mark.parametrize(
    "above", ["Contratos 2026\n", "Contratos,,,,\r\nCorte: 8 de marzo\r\n\r\n", "sep=,\n"]
)
def test_lines_above_the_header_of_a_table(above: str) -> None:
    plain, titled = contracts_table(ROWS), above + contracts_table(ROWS)
    [(_, expected)], [(package, found)] = packages(plain.encode()), packages(titled.encode())
    shift = above.count("\n")
    assert [(one.data, one.line) for one in found] == [(one.data, one.line + shift) for one in expected]
    assert package.refused == []


def test_lines_that_end_as_on_old_macs() -> None:
    text = contracts_table(ROWS * 300).replace("\r\n", "\n")
    [(_, expected)], [(package, found)] = packages(text.encode()), packages(text.replace("\n", "\r").encode())
    assert [(one.data, one.line) for one in found] == [(one.data, one.line) for one in expected]
    assert (len(found), package.refused) == (len(ROWS) * 300, [])


def test_a_header_that_comes_again_is_no_contract() -> None:
    text = contracts_table(ROWS[:3])
    read, refused = whole((text + contracts_table(ROWS[3:])).encode())
    assert (len(read), refused) == (len(ROWS), [])


@pytest.mark.parametrize("broken", ["3,000.50", '30"00.50'])
def test_a_row_that_cannot_be_read_is_not_gone(tmp_path: Path, broken: str) -> None:
    text = contracts_table(ROWS)
    folder = tmp_path / "in"
    folder.mkdir()
    for day, content in ((8, text), (10, text.replace("3000.50", broken, 1)), (12, text)):
        (folder / f"contratos_2026-03-{day:02}.csv").write_text(content, encoding="utf-8")
        careo.watch(folder, state=tmp_path / "state")
    assert not [told for _, told in careo.watch_told(state=tmp_path / "state") if told.rule == "W10"]
    (folder / "contratos_2026-03-14.csv").write_text(contracts_table(ROWS[1:]), encoding="utf-8")
    careo.watch(folder, state=tmp_path / "state")
    gone = [told.value for _, told in careo.watch_told(state=tmp_path / "state") if told.rule == "W10"]
    assert gone == ["vanished"]


def test_where_as_many_rows_are_broken_as_before_what_is_gone_is_told(tmp_path: Path) -> None:
    torn = contracts_table(ROWS).replace("3000.50", "3,000.50", 1)
    row = next(line for line in torn.splitlines(keepends=True) if "-N-9-2026" in line)
    folder = folder_of(tmp_path / "in")
    (folder / "contratos_2026-03-08.csv").write_text(torn, encoding="utf-8")
    (folder / "contratos_2026-03-10.csv").write_text(torn.replace(row, ""), encoding="utf-8")
    careo.watch(folder, state=tmp_path / "state")
    gone = [told.value for _, told in careo.watch_told(state=tmp_path / "state") if told.rule == "W10"]
    assert gone == ["vanished"]


# ── addresses ────────────────────────────────────────────────────────────────────────────────────────────────────


def _two_pages(server: Publisher, first: bytes) -> None:
    server.says("/data", first)
    server.says("/data?page=2", package_of(alone(2)))


@pytest.mark.parametrize("case", ["NaN", "published", "utf-16", "Windows-1252"])
def test_the_next_page_is_found_in_a_page_that_is_not_as_it_should_be(
    publisher: Publisher,  # noqa: F811
    tmp_path: Path,
    case: str,
) -> None:
    first = package_of(alone(1) | {"note": "señal"}, following="/data?page=2")
    text = json.dumps(json.loads(first), ensure_ascii=False)
    _two_pages(publisher, {
        "NaN": text.replace('"note"', '"x": NaN, "note"').encode(),
        "published": text.replace('"2024-03-06T00:00:00Z"', "1709683200").encode(),
        "utf-16": text.encode("utf-16"),
        "Windows-1252": text.encode("cp1252"),
    }[case])  # fmt: skip
    assert look(publisher, tmp_path).new == 2


@pytest.mark.parametrize(
    ("pagination", "more"),
    [
        ({"page": 1, "pageSize": 10, "total": 25}, True),
        ({"page": 3, "pageSize": 10, "total": 25}, False),
        ({"page": 1, "hasNextPage": True}, True),
        ({"page": 1, "pageSize": 1, "total": 9, "hasNextPage": False}, False),
        ({"page": "1"}, False),
        ([], False),
    ],
)
def test_pages_that_are_counted_and_not_named_are_said(
    publisher: Publisher,  # noqa: F811
    tmp_path: Path,
    pagination: object,
    more: bool,
) -> None:
    publisher.says("/data", json.dumps({"pagination": pagination, "results": [alone(1)]}).encode())
    watched = look(publisher, tmp_path)
    assert watched.new == 1
    assert [key for key, _ in watched.notes] == (["unnamed"] if more else [])
    assert all(str(about["address"]).endswith("/data") for _, about in watched.notes)


def test_an_answer_packed_in_several_members_is_read_to_its_end(
    publisher: Publisher,  # noqa: F811
    tmp_path: Path,
) -> None:
    packed = gzip.compress(lines(alone(1))) + gzip.compress(lines(alone(2), alone(3)))
    publisher.says("/data", packed, Content_Encoding="gzip")
    assert look(publisher, tmp_path).new == 3
