"""Which lines of a page are the article."""

from __future__ import annotations

import json
import re
import textwrap
from bisect import bisect_right
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from careo.sources.documents import LABELS, Document, read

DUMPS = Path(__file__).parent / "dumps"
SHARED = Path(__file__).parents[1] / ".." / "shared"
NAMES = {"B": "body", "M": "meta", "R": "repeat", "X": "related", "F": "boilerplate"}


def tokens(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))


def body(document: Document) -> str:
    return "\n".join(document.text[b.start : b.end] for b in document.blocks if b.label == "body")


def f1(found: Counter[str], gold: Counter[str]) -> float:
    return 2 * (found & gold).total() / max(1, found.total() + gold.total())


def labelled(path: Path) -> tuple[str, str, list[tuple[int, str]]]:
    """The page, its body and (offset, label letter) of its lines."""
    lines, gold, starts, at = [], [], [], 0
    for line in path.read_text(encoding="utf-8").split("\n"):
        text = line[2:] if line.strip() else ""
        if text:
            starts.append((at, line[0]))
            if line[0] == "B":
                gold.append(text)
        lines.append(text)
        at += len(text) + 1
    return "\n".join(lines), "\n".join(gold), starts


def scored(path: Path) -> tuple[Counter[str], Counter[str]]:
    """Tokens found and tokens wanted of a dump; lines labelled `N` count neither way."""
    text, wanted, starts = labelled(path)
    document = read(text.encode(), name=path.name)
    lines = [at for at, _ in starts]
    found = Counter[str]()
    for block in document.blocks:
        if block.label == "body" and starts[bisect_right(lines, block.start) - 1][1] != "N":
            found += tokens(text[block.start : block.end])
    return found, tokens(wanted)


@pytest.mark.parametrize("path", sorted(DUMPS.glob("*.txt")), ids=lambda p: p.stem)
def test_the_article_is_found_in_pages_of_many_layouts(path: Path) -> None:
    assert f1(*scored(path)) >= 0.96


def test_body_token_f1_over_all_dumps_is_at_least_099() -> None:
    pairs = [scored(path) for path in sorted(DUMPS.glob("*.txt"))]
    right = sum((found & gold).total() for found, gold in pairs)
    score = 2 * right / sum(found.total() + gold.total() for found, gold in pairs)
    print(f"{len(pairs)} dumps body token F1 {score:.4f}")
    assert score >= 0.99


def test_labels_other_than_body_are_mostly_right_too() -> None:
    right = total = 0
    for path in sorted(DUMPS.glob("*.txt")):
        text, _, starts = labelled(path)
        document = read(text.encode(), name=path.name)
        begins = [b.start for b in document.blocks]
        for at, letter in starts:
            if letter in NAMES:
                total += 1
                right += document.blocks[bisect_right(begins, at + 3) - 1].label == NAMES[letter]
    assert right / total >= 0.85


@pytest.mark.realdata
@pytest.mark.parametrize("number", range(5))
def test_body_token_f1_on_the_seed_pages_is_at_least_098(number: int) -> None:
    if not (SHARED / "gold" / "blocks.json").is_file():
        pytest.skip("../shared is not here")
    name, rows = sorted(json.loads((SHARED / "gold" / "blocks.json").read_text(encoding="utf-8")).items())[
        number
    ]
    gold = {int(line): label for line, label in rows}
    page = SHARED / "seeds" / name
    lines = page.read_text(encoding="utf-8").split("\n")
    wanted = "\n".join(line for at, line in enumerate(lines, 1) if gold.get(at) == "body")
    score = f1(tokens(body(read(page))), tokens(wanted))
    print(f"{name} body token F1 {score:.4f}")
    assert score >= 0.98


def blocks(text: str) -> list[tuple[str, str]]:
    document = read(text.encode())
    return [(b.label, document.text[b.start : b.end]) for b in document.blocks]


PARAGRAPHS = [
    "The ministry of security said on Monday that 1,200 officers will be sent to the coast before the end of the year.",
    "Residents of the coast have asked for the officers since 2019, when eleven fishermen were killed in a single week.",
    "The governor promised that the officers will stay on the coast until the murder rate falls by a third.",
]


def test_a_single_sentence_is_body() -> None:
    assert blocks("In 2018 there were 33,000 murders.") == [("body", "In 2018 there were 33,000 murders.")]


def test_a_title_above_one_sentence_is_meta() -> None:
    labels = [
        label for label, _ in blocks("Murders rise again in the north\n\nIn 2018 there were 33,000 murders.")
    ]
    assert labels == ["meta", "body"]


def test_a_paragraph_repeated_from_a_longer_one_is_a_pull_quote() -> None:
    quote = "when eleven fishermen were killed in a single week"
    found = {
        text: label
        for label, text in blocks("\n\n".join([PARAGRAPHS[0], PARAGRAPHS[1], quote, PARAGRAPHS[2]]))
    }
    assert found[quote] == "repeat" and found[PARAGRAPHS[1]] == "body"


def test_the_block_it_repeats_is_named() -> None:
    text = "\n\n".join(
        [PARAGRAPHS[0], PARAGRAPHS[1], "when eleven fishermen were killed in a single week", PARAGRAPHS[2]]
    )
    block = next(b for b in read(text.encode()).blocks if b.label == "repeat")
    assert block.like is not None and text[slice(*block.like)] == PARAGRAPHS[1]


@pytest.mark.parametrize(
    "teaser",
    [
        "Read more: Who pays for the new stadium",
        "See also | The island that banned cars",
        "[Exclusive: a judge leaves the country after a threat]",
        "Lee también: Quién paga el nuevo estadio",
        "Te puede interesar: La isla que prohibió los coches",
        "Seven Ways to Cook a Pumpkin That Grandmother Never Told You",
        "Las diez mejores recetas de calabaza para preparar en familia",
    ],
)
def test_a_teaser_in_the_middle_is_not_the_article(teaser: str) -> None:
    found = blocks("\n\n".join([PARAGRAPHS[0], PARAGRAPHS[1], teaser, PARAGRAPHS[2]]))
    assert ("related", teaser) in found
    assert [label for label, _ in found].count("body") == 3


@pytest.mark.parametrize(
    "heading", ["What the governor promised", "A coast without officers", "## The plan", "Killed in a week"]
)
def test_a_heading_of_the_article_is_body(heading: str) -> None:
    assert ("body", heading) in blocks("\n\n".join([PARAGRAPHS[0], PARAGRAPHS[1], heading, PARAGRAPHS[2]]))


def test_a_paragraph_that_begins_like_a_marker_stays_in_the_article() -> None:
    spanish = [
        "La secretaría informó el lunes que enviará a mil 200 agentes a la costa antes de que termine el año.",
        "Más de 300 pescadores han sido desplazados desde 2019, según la organización que agrupa a las cooperativas de la costa.",
        "Lo más grave, dicen los pescadores, es que nadie ha explicado qué harán los agentes cuando lleguen a la costa.",
    ]
    assert [label for label, _ in blocks("\n".join(spanish))] == ["body"] * 3


def test_what_follows_a_list_of_related_articles_is_not_body() -> None:
    tail = [
        "Related articles",
        "Seven ways to cook a pumpkin",
        "The island that banned cars",
        "Subscribe to our newsletter",
    ]
    labels = [label for label, _ in blocks("\n".join(PARAGRAPHS + tail))]
    assert labels == ["body"] * 3 + ["related"] * 3 + ["boilerplate"]


def test_wrapped_lines_are_joined_into_paragraphs() -> None:
    text = "\n\n".join(textwrap.fill(p + " " + p.replace("ministry", "office"), 72) for p in PARAGRAPHS)
    document = read(text.encode())
    assert [b.label for b in document.blocks].count("body") == 3 and len(document.blocks) == 3


def test_every_block_has_a_label_and_a_reason_in_both_languages() -> None:
    from careo.base.texts import say

    for path in sorted(DUMPS.glob("*.txt")):
        for block in read(labelled(path)[0].encode()).blocks:
            assert block.label in LABELS
            assert say("en", f"blocks.reason.{block.reason}") and say("es", f"blocks.reason.{block.reason}")


def test_text_wrapped_at_118_columns_is_joined_and_its_first_line_is_no_title() -> None:
    paragraph = (
        "The office of the ombudsman said that complaints had fallen by a tenth between March and July, and that it would go on "
        "publishing daily counts. The figure, drawn from the register of the nine provinces, compares averages of the day, and "
        "critics urged the office to explain why the number of people whom nobody can find keeps growing."
    )
    document = read((textwrap.fill(paragraph, 118) + "\n").encode())
    assert document.title == ""
    assert [block.label for block in document.blocks] == ["body"]


def test_bullets_below_an_intro_are_the_writers_whatever_word_they_begin_with() -> None:
    text = (
        "Letter on the missing\nPublished 1 March 2019\n\nWe ask the new government to:\n"
        "• Search for the missing in all nine provinces.\n• Subscribe to the procedure for urgent action.\n"
        "• Follow the advice of the committee.\n"
    )
    labels = [block.label for block in read(text.encode()).blocks]
    assert labels == ["meta", "meta", "body", "body", "body", "body"]
    menu = "Follow us on:\n• Facebook\n• Twitter\n\n" + text
    assert {block.label for block in read(menu.encode()).blocks[:3]} <= {"boilerplate", "related"}


def test_a_short_first_line_above_a_date_is_the_title() -> None:
    for body in (
        "The National Guard will have 50,000 members by 2021, the president of the council said.",
        "- Nine new posts\n- Two boats",
        "It has 50,000 members.",
    ):
        document = read(f"Guard numbers\nPublished 1 March 2019\n\n{body}\n".encode())
        assert document.title == "Guard numbers", body
        assert document.published == date(2019, 3, 1)


def test_labels_of_letters_and_front_matter_are_no_part_of_the_title() -> None:
    prose = "\n\nThe office counted the dead of the nine provinces again and found fewer of them than in the year before.\n"
    for head, title in (
        ("From: Press <p@x.example>\nDate: Tue, 22 Jan 2019\nSubject: The year closes badly for all", "The year closes badly for all"),
        ('---\ntitle: "Three numbers on theft"\ndate: 2023-09-14\n---', "Three numbers on theft"),
        ("Asunto: Cierra mal el año para todos\nFecha: 22 de enero de 2019", "Cierra mal el año para todos"),
    ):  # fmt: skip
        assert read((head + prose).encode()).title == title


def test_a_month_in_the_date_line_dates_the_page() -> None:
    text = "Counting the dead again\nMarch 2021\n\nThe office counted the dead of the nine provinces again and found fewer of them than in the year before.\n"
    document = read(text.encode())
    assert document.published is None
    assert document.dated == (date(2021, 3, 1), date(2021, 3, 31))
    assert "no_date" not in {flag.code for flag in document.flags}
