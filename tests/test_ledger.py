"""The ledger: what a person decided survives reading, writing and a page that changed a little."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.citations import Source
from careo.base.errors import LedgerError
from careo.record.anchoring import apply, quote_hash
from careo.record.ledger import Ledger, check_indicators, read_ledger, write_ledger
from careo.record.statements import Quantity, Statement
from careo.sources.documents import Block, Document

TEXT = (
    "The mayor promised 200 new officers by 2024. In 2018 there were 120 burglaries in Northtown. "
    "The council asked for better street lights. In 2019 there were 120 burglaries in Southtown."
)


def page(text: str, source: str = "page.txt") -> Document:
    block = Block(0, len(text), "body", "prose", language="en")
    where = Source(source, sha256=quote_hash(text))
    return Document(where, text, text, (), (block,), (), "en", "", "", None, None, "text")


def said(document: Document, *quotes: tuple[str, str]) -> tuple[Statement, ...]:
    found, last = [], 0
    for kind, quote in quotes:
        start = document.text.index(quote, last)
        last = start + 1
        quantity = Quantity(120.0, 120.0, 120.0, "count", digits=3, step=1.0) if kind == "figure" else None
        found.append(
            Statement(document.source.key, kind, start, start + len(quote), quote, quantity=quantity)
        )
    return tuple(found)


QUOTES = (
    ("pledge", "promised 200 new officers by 2024"),
    ("figure", "120 burglaries"),
    ("request", "asked for better street lights"),
    ("figure", "120 burglaries"),
)


def decide(
    tmp_path: Path, document: Document, statements: tuple[Statement, ...], **decisions: dict[str, object]
) -> Ledger:
    """A ledger as a person leaves it: `decisions` by the index of the statement (s0, s1 …)."""
    fresh = apply(None, document, statements).page
    entries = [replace(e, **decisions.get(f"s{i}", {})) for i, e in enumerate(fresh.entries)]  # pyright: ignore[reportArgumentType]
    path = tmp_path / "ledger.yaml"
    path.write_text(write_ledger(Ledger((replace(fresh, entries=tuple(entries)),))), encoding="utf-8")
    return read_ledger(path)


def test_a_ledger_that_nobody_edited_changes_nothing(tmp_path: Path) -> None:
    document = page(TEXT)
    statements = said(document, *QUOTES)
    applied = apply(decide(tmp_path, document, statements), document, statements)
    assert applied.statements == statements
    assert applied.decisions == (None,) * 4
    assert applied.rejected == ()


def test_every_decision_and_note_survives_two_rounds(tmp_path: Path) -> None:
    document = page(TEXT)
    statements = said(document, *QUOTES)
    ledger = decide(
        tmp_path,
        document,
        statements,
        s0={"decision": "accept", "note": "sworn in: «sí»"},
        s1={"decision": "correct", "correct": {"value": "125", "period": "2018"}},
        s2={"decision": "reject"},
    )
    first = apply(ledger, document, statements)
    again = tmp_path / "again.yaml"
    again.write_text(write_ledger(Ledger((first.page,)), "es"), encoding="utf-8")
    second = apply(read_ledger(again), document, statements)
    for applied in (first, second):
        assert [e.decision for e in applied.page.entries] == ["accept", "correct", "reject", "undecided"]
        assert applied.page.entries[0].note == "sworn in: «sí»"
        assert [s.quote for s in applied.rejected] == ["asked for better street lights"]
        corrected = applied.statements[1]
        assert corrected.quantity is not None
        assert corrected.quantity.value == 125.0
        assert str(corrected.period) == "2018"


def test_a_correction_says_how_exact_it_is(tmp_path: Path) -> None:
    document = page(TEXT)
    statements = said(document, *QUOTES)
    ledger = decide(tmp_path, document, statements, s1={"decision": "correct", "correct": {"value": "33000"}})
    quantity = apply(ledger, document, statements).statements[1].quantity
    assert quantity is not None
    assert (quantity.digits, quantity.step) == (2, 1000.0)


def test_text_put_in_front_moves_the_entries_along(tmp_path: Path) -> None:
    document = page(TEXT)
    ledger = decide(
        tmp_path, document, said(document, *QUOTES), s1={"decision": "reject"}, s0={"decision": "accept"}
    )
    changed = page("A new first paragraph stands here now.\n\n" + TEXT)
    applied = apply(ledger, changed, said(changed, *QUOTES))
    assert [e.decision for e in applied.page.entries] == ["accept", "reject", "undecided", "undecided"]
    assert applied.rejected[0].start == TEXT.index("120") + 40


def test_of_two_equal_quotes_the_context_tells_which_was_decided(tmp_path: Path) -> None:
    document = page(TEXT)
    ledger = decide(tmp_path, document, said(document, *QUOTES), s3={"decision": "reject"})
    changed = page(TEXT.replace("In 2018 there were 120 burglaries in Northtown. ", ""))
    applied = apply(ledger, changed, said(changed, QUOTES[0], QUOTES[2], QUOTES[3]))
    assert [e.decision for e in applied.page.entries] == ["undecided", "undecided", "reject"]


def test_a_reworded_quote_is_found_by_likeness(tmp_path: Path) -> None:
    document = page(TEXT)
    ledger = decide(tmp_path, document, said(document, *QUOTES), s2={"decision": "accept", "note": "mine"})
    changed = page(TEXT.replace("asked for better street lights", "asked for much better street lights"))
    statements = said(changed, *QUOTES[:2], ("request", "asked for much better street lights"), QUOTES[3])
    applied = apply(ledger, changed, statements)
    assert (applied.page.entries[2].decision, applied.page.entries[2].note) == ("accept", "mine")


def test_another_number_is_another_claim_and_the_decision_is_listed_not_dropped(tmp_path: Path) -> None:
    document = page(TEXT)
    ledger = decide(tmp_path, document, said(document, *QUOTES), s0={"decision": "accept", "note": "kept"})
    changed = page(TEXT.replace("200 new officers", "300 new officers"))
    applied = apply(
        ledger, changed, said(changed, ("pledge", "promised 300 new officers by 2024"), *QUOTES[1:])
    )
    assert applied.page.entries[0].decision == "undecided"
    assert [(e.quote, e.decision, e.note) for e in applied.page.unanchored] == [
        ("promised 200 new officers by 2024", "accept", "kept")
    ]
    back = apply(Ledger((applied.page,)), document, said(document, *QUOTES))
    assert back.page.unanchored == ()
    assert back.page.entries[0].note == "kept"


def test_a_statement_added_by_hand_is_kept_and_checked(tmp_path: Path) -> None:
    document = page(TEXT)
    path = tmp_path / "ledger.yaml"
    path.write_text(
        "pages:\n- source: page.txt\n  statements:\n  - {kind: figure, quote: 200 new officers}\n",
        encoding="utf-8",
    )
    applied = apply(read_ledger(path), document, said(document, QUOTES[1]))
    assert [s.quote for s in applied.statements] == ["200 new officers", "120 burglaries"]
    assert applied.page.entries[0].decision == "accept"
    assert applied.statements[0].quantity is not None
    assert applied.statements[0].quantity.value == 200.0
    again = apply(Ledger((applied.page,)), document, said(document, QUOTES[1]))
    assert [s.quote for s in again.statements] == ["200 new officers", "120 burglaries"]


def test_a_page_that_moved_to_another_folder_keeps_its_decisions(tmp_path: Path) -> None:
    document = page(TEXT, "old/page.txt")
    ledger = decide(tmp_path, document, said(document, *QUOTES), s0={"decision": "reject"})
    moved = page(TEXT, "new/page.txt")
    assert apply(ledger, moved, said(moved, *QUOTES)).page.entries[0].decision == "reject"


def test_ids_are_unique_on_a_page() -> None:
    document = page(TEXT)
    ids = [e.id for e in apply(None, document, said(document, *QUOTES)).page.entries]
    assert len(set(ids)) == 4
    assert ids[3] == f"{ids[1]}-2"


BROKEN = {
    "pages: [": (1, "not valid YAML"),
    "- a\n- b\n": (1, "must be an entry"),
    "careo: ledger\n": (0, "no pages"),
    "pages:\n  source: x\n": (2, "pages must be a list"),
    "pages:\n- title: x\n": (2, "source is missing"),
    "pages:\n- source: p\n  statments: []\n": (3, "did you mean 'statements'"),  # codespell:ignore
    "pages:\n- source: p\n  statements:\n  - {kind: figure}\n": (4, "quote is missing"),
    "pages:\n- source: p\n  statements:\n  - {kind: figur, quote: q}\n": (
        4,
        "did you mean 'figure'",
    ),  # codespell:ignore
    "pages:\n- source: p\n  statements:\n  - kind: figure\n    quote: q\n    decision: acept\n": (  # codespell:ignore
        6,
        "did you mean 'accept'",
    ),
    "pages:\n- source: p\n  statements:\n  - kind: figure\n    quote: q\n    desicion: accept\n": (  # codespell:ignore
        6,
        "did you mean 'decision'",
    ),
    "pages:\n- source: p\n  statements:\n  - {kind: figure, quote: q, decision: correct}\n": (
        4,
        "nothing is corrected",
    ),
    "pages:\n- source: p\n  statements:\n  - {kind: figure, quote: q, correct: {value: 3}}\n": (
        4,
        "decision: correct",
    ),
    "pages:\n- source: p\n  statements:\n  - {kind: figure, quote: q, decision: correct, correct: {value: many}}\n": (
        4,
        "not a number",
    ),
    "pages:\n- source: p\n  statements:\n  - {kind: figure, quote: q, decision: correct, correct: {value: .nan}}\n": (
        4,
        "not a number",
    ),
    "pages:\n- source: p\n  statements:\n  - {kind: figure, quote: q, decision: correct, correct: {hedge: abuot}}\n": (  # codespell:ignore
        4,
        "did you mean 'about'",
    ),
    "pages:\n- source: p\n  statements:\n  - {kind: figure, quote: q, decision: correct, correct: {period: soon}}\n": (
        4,
        "not a period",
    ),
    "pages:\n- source: p\n  statements:\n  - {kind: figure, quote: [a, b]}\n": (4, "quote must be text"),
    "pages:\n- source: p\n  statements:\n  - {id: a, kind: figure, quote: q}\n  - {id: a, kind: figure, quote: r}\n": (
        5,
        "same id",
    ),
    "pages:\n- source: p\n  source: q\n": (3, "stands twice"),
    "pages:\n- source: &x p\n  title: *x\n": (2, "anchors and aliases"),
    "pages:\n- source: p\n  statements: " + "[" * 40 + "]" * 40 + "\n": (3, "nested too deeply"),
    "pages:\n- source: p\n  statements:\n  - {kind: figure, quote: q, start: here}\n": (4, "not a number"),
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_ledger_edited_into_nonsense_says_where_and_what(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.yaml"
    path.write_text(text, encoding="utf-8")
    line, words = BROKEN[text]
    with pytest.raises(LedgerError) as caught:
        read_ledger(path)
    message = str(caught.value)
    assert words in message
    assert message.startswith(f"{path}:{line}: " if line else f"{path}: ")
    spanish = caught.value.render("es")
    assert "{" not in spanish.replace("{value", "").replace("{…}", "")
    assert spanish != message


def test_a_ledger_that_is_no_text_or_not_there_is_one_sentence(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(LedgerError, match="not UTF-8"):
        read_ledger(binary)
    with pytest.raises(LedgerError, match="cannot be read"):
        read_ledger(tmp_path / "missing.yaml")


def test_an_unknown_indicator_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "ledger.yaml"
    path.write_text(
        "pages:\n- source: p\n  statements:\n  - kind: figure\n    quote: q\n    decision: correct\n"
        "    correct:\n      indicator: burglary_casefiles\n",
        encoding="utf-8",
    )
    with pytest.raises(LedgerError) as caught:
        check_indicators(read_ledger(path), ["burglary_case_files", "arrests"])
    assert f"{path}:8:" in str(caught.value)
    assert "did you mean 'burglary_case_files'?" in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_a_ledger_or_a_ledger_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_bytes(text.encode("utf-8", "replace"))
    try:
        assert isinstance(read_ledger(path), Ledger)
    except LedgerError as error:
        assert str(path) in str(error)


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=5), st.text(max_size=40))
def test_quotes_and_notes_of_any_characters_come_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, quotes: list[str], note: str
) -> None:
    text = " | ".join(quotes)
    if "\ud800" <= max(text + note, default="") <= "\udfff":
        return
    document = page(text)
    statements = tuple(
        Statement("page.txt", "position", text.index(q), text.index(q) + len(q), q)
        for q in quotes
        if q.strip()
    )
    fresh = apply(None, document, statements).page
    noted = tuple(replace(e, note=note) for e in fresh.entries)
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(write_ledger(Ledger((replace(fresh, entries=noted),))), encoding="utf-8", newline="")
    back = read_ledger(path)
    assert [(e.quote, e.note) for e in back.pages[0].entries] == [(e.quote, e.note) for e in noted]
