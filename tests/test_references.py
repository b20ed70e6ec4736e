"""Sources as BibTeX, CSL-JSON and text: references survive whatever a title holds, and say all that is known."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bibtex_reading import printed, read_bibtex, straight
from careo.base.citations import Source, load_sources
from careo.views.i18n import one_line
from careo.views.references import references

COUNTRIES = ("mexico", "toyland")


# ── BibTeX ───────────────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = [
    "100% of {them}", "}{", "\\", "a \\% b", "ends in \\", "two\nlines\r\n and\ttabs", "@misc{x, title={y}}", "$5 & #1 _x_ ~y ^z",
    "\\input{/etc/passwd}", 'said "aha"', "año «ñandú» “x”", "\x1b[31mred", "\u202eright to left", "\ud800 lone", "%", "", "  ",
]  # fmt: skip


def sound(text: str) -> str:
    return straight(one_line(text).encode("utf-8", "replace").decode())


@pytest.mark.parametrize("title", HOSTILE)
def test_bibtex_keeps_a_hostile_title_as_it_is_and_the_file_whole(title: str) -> None:
    text = references(
        [Source("one", producer=title, title=title, note=title, url=title), Source("two", "P", "T")], "bibtex"
    )
    entries = read_bibtex(text)
    assert list(entries) == ["one", "two"]
    assert printed(entries["one"]["title"]) == (sound(title) or "one")
    assert entries["two"] == {"author": "{P}", "title": "{T}"}
    text.encode("utf-8")


@given(title=st.text(), note=st.text(), url=st.text(), key=st.text(min_size=1))
@example(title="{", note="}", url="https://a.b/{c", key="{")
def test_bibtex_reads_back_whatever_was_written(title: str, note: str, url: str, key: str) -> None:
    entries = read_bibtex(references([Source(key, title=title, note=note, url=url)], "bibtex"))
    (entry,) = entries.values()
    assert printed(entry["title"]) == (sound(title) or sound(key))
    assert sound(note)[1:] in printed(entry.get("note", ""))
    address = entry.get("url", "")
    assert not re.search(r'[\s{}\\"<>]', address)


@given(
    st.lists(
        st.one_of(st.text(min_size=1), st.sampled_from(["A", "a", "a b", "a-b", "A-B", "ñ", "Ñ"])),
        unique=True,
    )
)
def test_no_key_stands_twice_and_every_key_is_one(keys: list[str]) -> None:
    entries = read_bibtex(references([Source(key, "P", "T") for key in keys], "bibtex"))
    assert len(entries) == len(keys)


def test_a_source_has_the_same_key_in_every_file() -> None:
    odd = Source("página 1.html", "P", "T")
    alone, among = (read_bibtex(references(many, "bibtex")) for many in ([odd], [Source("x", "P", "T"), odd]))
    assert set(alone) < set(among)
    assert list(read_bibtex(references([Source("crs-if10578-21", "P", "T")], "bibtex"))) == ["crs-if10578-21"]


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_shipped_source_stands_in_one_bibtex_file(country: str) -> None:
    sources = load_sources(country)
    entries = read_bibtex(references(sources.values(), "bibtex", "es"))
    assert list(entries) == list(sources)
    for key, entry in entries.items():
        assert printed(entry["title"]) == sound(sources[key].title)
        assert bool(entry.get("url")) == sources[key].url.startswith("http")
        assert [printed(name) for name in entry["author"][1:-1].split("} and {")] == [
            sound(name) for name in sources[key].producer.split(";")
        ]
        printed(entry.get("note", ""))


def test_an_independent_parser_reads_the_same() -> None:
    bibtexparser = pytest.importorskip("bibtexparser", minversion="2")
    sources = [Source(f"k{i}", "INEGI", title, url="https://x.y/a_b%20c") for i, title in enumerate(HOSTILE)]
    text = references([*sources, *load_sources().values()], "bibtex")
    library = bibtexparser.parse_string(text)
    assert not library.failed_blocks
    read = {entry.key: {field.key: field.value for field in entry.fields} for entry in library.entries}
    assert read == read_bibtex(text)


@pytest.mark.parametrize(
    ("published", "date", "year", "parts"),
    [
        ("2018", "2018", "2018", [[2018]]),
        ("2018-11", "2018-11", "2018", [[2018, 11]]),
        ("2018-11-14", "2018-11-14", "2018", [[2018, 11, 14]]),
        ("2012-2025", "2012/2025", "2012", [[2012], [2025]]),
        ("2019/..", None, None, None),
        ("spring 2018", None, None, None),
        ("2018-13", None, None, None),
        ("", None, None, []),
    ],
)
def test_partial_dates_stay_partial(
    published: str, date: str | None, year: str | None, parts: list[list[int]] | None
) -> None:
    source = Source("k", "P", "T", published=published)
    (entry,) = read_bibtex(references([source], "bibtex")).values()
    assert (entry.get("date"), entry.get("year")) == (date, year)
    (item,) = json.loads(references([source], "csl-json"))
    expected = {"date-parts": parts} if parts else {"literal": published} if published else None
    assert item.get("issued") == expected
    if published and not date:
        assert published in printed(entry["note"])


# ── CSL-JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────

TYPES = [
    "article", "article-journal", "article-magazine", "article-newspaper", "bill", "book", "broadcast", "chapter",
    "classic", "collection", "dataset", "document", "entry", "entry-dictionary", "entry-encyclopedia", "event",
    "figure", "graphic", "hearing", "interview", "legal_case", "legislation", "manuscript", "map",
    "motion_picture", "musical_score", "pamphlet", "paper-conference", "patent", "performance", "periodical",
    "personal_communication", "post", "post-weblog", "regulation", "report", "review", "review-book", "software",
    "song", "speech", "standard", "thesis", "treaty", "webpage",
]  # fmt: skip
DATE = {
    "type": "object",
    "properties": {
        "date-parts": {
            "type": "array", "minItems": 1, "maxItems": 2,
            "items": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "integer"}},
        },
        "literal": {"type": "string", "minLength": 1},
    },
    "additionalProperties": False,
    "minProperties": 1,
}  # fmt: skip
CSL = {  # what CSL-JSON 1.0.2 says of the fields that are written here; all others are refused
    "type": "array",
    "items": {
        "type": "object",
        "required": ["type", "id"],
        "properties": {
            "id": {"type": "string"},
            "type": {"enum": TYPES},
            "title": {"type": "string"},
            "author": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"literal": {"type": "string"}},
                    "additionalProperties": False,
                },
            },
            "issued": DATE,
            "accessed": DATE,
            "URL": {"type": "string", "pattern": "^(https?|ftp)://[^\\s]+$"},
            "note": {"type": "string"},
            "custom": {"type": "object"},
        },
        "additionalProperties": False,
    },
}


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_shipped_source_is_a_valid_csl_item(country: str) -> None:
    sources = load_sources(country)
    items = json.loads(references(sources.values(), "csl-json", "es"))
    jsonschema.validate(items, CSL)
    assert [item["id"] for item in items] == list(sources)
    for item in items:
        source = sources[item["id"]]
        assert item["title"] == one_line(source.title)
        assert one_line(source.note)[1:] in item.get("note", "")
        assert item["custom"]["key"] == source.key


@given(
    title=st.text(),
    note=st.text(),
    url=st.text(),
    published=st.text(),
    accessed=st.text(),
    key=st.text(min_size=1),
)
def test_csl_items_are_valid_whatever_a_source_holds(
    title: str, note: str, url: str, published: str, accessed: str, key: str
) -> None:
    source = Source(key, title, title, url, published, accessed, note=note)
    text = references([source], "csl-json")
    text.encode("utf-8")
    jsonschema.validate(json.loads(text), CSL)


def test_several_producers_are_several_authors() -> None:
    source = Source("k", "INEGI; Prieto-Curiel et al.", "T")
    assert "author = {{INEGI} and {Prieto-Curiel et al.}}" in references([source], "bibtex")
    (item,) = json.loads(references([source], "csl-json"))
    assert item["author"] == [{"literal": "INEGI"}, {"literal": "Prieto-Curiel et al."}]


def test_text_says_all_that_is_known_and_leaves_out_what_is_not() -> None:
    full = Source(
        "k",
        "INEGI",
        "Table",
        "https://inegi.org.mx/x",
        "2018-11",
        "2026-11-21",
        "CC BY",
        "ab12",
        1,
        "mind the gap",
        "read",
    )
    text = references([full], language="en")
    for word in (
        "[k] INEGI: Table (November 2018)",
        "    https://inegi.org.mx/x\n",
        "21 November 2026",
        "CC BY",
        "ab12",
        "Mind the gap",
        "in full",
    ):
        assert word in text
    assert references([Source("k", title="T")], language="es") == "[k] T (sin fecha)\n"
