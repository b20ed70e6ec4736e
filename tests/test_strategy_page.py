"""The page of a strategy's dossier: true to findings.json, safe, in two languages, the same bytes every time."""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import careo
import careo.record.ladder as ladders
from careo.base.texts import say, sentences
from careo.panel import Country
from careo.record.ladder import Ladder, Step
from careo.record.strategy import Reference, Span, Strategy
from careo.results.strategy_audit import StrategyAudit
from careo.views import strategy_page, strategy_view
from careo.views.contract import strategy_audit_data, to_json
from careo.views.dossier import dossier
from careo.views.strategy_page import page
from careo.views.timeline import Mark, draw_timeline

HOSTILE = (
    '<script>alert(1)</script> <img src=x onerror="alert(2)"> {{ 7*7 }} {% raw %} </style></title></article>'
    " \x1b[31mred \u202eevil\u202c 'quoted' &lt;b&gt;"
)
PAGES = Path(careo.__file__).parent / "data" / "toyland" / "pages"


@cache
def toyland() -> Country:
    return careo.load_country("toyland")


def the_strategy() -> Strategy:
    return careo.load_strategy("ten-lamps-2018", "toyland")


@cache
def the_audit(language: str = "en", pages: bool = False, on: date | None = None) -> StrategyAudit:
    read = [careo.read(path) for path in sorted(PAGES.glob("*.txt"))] if pages else []
    beside = careo.audit(read, toyland(), language=language) if pages else None
    return careo.audit_strategy(the_strategy(), toyland(), on=on, pages=beside, language=language)


@cache
def the_page(language: str = "en", pages: bool = False) -> str:
    return page(the_audit(language, pages), toyland(), language)


def the_data(language: str = "en", pages: bool = False) -> dict[str, Any]:
    return json.loads(to_json(strategy_audit_data(the_audit(language, pages), "audit", language)))


def articles(text: str) -> dict[str, str]:
    """The pledges, lines of money, measures and series of a page by their anchors."""
    found = re.finditer(r'<article class="finding[^"]*" id="([^"]+)".*?</article>', text, re.S)
    return {match[1]: match[0] for match in found}


def words_of(text: str) -> str:
    """What a reader sees of it, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def shown(text: str) -> str:
    """The same with every space gone: how much room a tag takes does not matter."""
    return re.sub(r"\s+", "", html.unescape(re.sub(r"<[^>]+>", "", text)))


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


# ── true ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_finding_of_the_json_stands_on_the_page_with_its_reason(language: str) -> None:
    text, data = shown(the_page(language)), the_data(language)
    assert len(data["findings"]) > 30
    for finding in data["findings"]:
        name, _, rest = finding["claim"].partition(": ")
        claim = (
            rest if finding["kind"] == "money" and rest and "line" in finding["extra"] else finding["claim"]
        )
        for words in (claim, finding["because"], name if finding["kind"] == "money" else ""):
            assert shown(html.escape(words)) in text, finding["id"]


def test_every_value_on_the_page_is_the_one_in_the_json_to_the_last_digit() -> None:
    parts = articles(the_page())
    series = 0
    for finding in the_data()["findings"]:
        extra = finding["extra"]
        if finding["kind"] in ("outcome", "constraint"):
            part = parts[
                f"q-outcome-{extra['indicator']}" if finding["kind"] == "outcome" else extra["constraint"]
            ]
            values = [float(value) for value in re.findall(r'<data value="([^"]+)"', part)]
            assert values == [row["value"] for row in finding["considered"]]
            series += len(values)
        if finding["kind"] == "money" and "other" not in extra:
            part = parts[f"q-money-{extra['line']}" if "line" in extra else f"q-share-{extra['purpose']}"]
            for row in finding["table"]:
                told = row["amount"] if "amount" in row else row["share"] if not row["why"] else row["why"]
                assert told in words_of(part), (finding["id"], row)
        if finding["kind"] == "measure":
            for row in finding["table"]:
                assert row["amount"] in words_of(parts[extra["measure"]])
            assert extra["dose"] in words_of(parts[extra["measure"]])
    assert series >= 5


def test_amounts_stand_in_the_column_of_their_own_stage_and_empty_cells_say_why() -> None:
    data = next(f for f in the_data()["findings"] if f["extra"].get("line") == "street-lamps")
    part = articles(the_page())["q-money-street-lamps"]
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', part)[1:]
    rows = dict(re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', part, re.S))
    cells = {
        (period, stage): words_of(cell)
        for period, row in rows.items()
        for stage, cell in zip(heads, re.findall(r"<td.*?</td>", row, re.S), strict=True)
    }
    checked = 0
    for row in data["table"]:
        if "/" not in row["period"]:
            assert row["amount"] in cells[row["period"], row["stage"]]
            others = [cell for (_, stage), cell in cells.items() if stage != row["stage"]]
            assert not any(row["amount"] in cell for cell in others)
            checked += 1
    assert checked > 5
    assert cells["2022", "modified"] == "nothing was found"


def test_a_pledge_shows_its_rule_its_record_and_where_it_was_said() -> None:
    part = articles(the_page())["tl-02"]
    finding = next(f for f in the_data()["findings"] if f["extra"].get("pledge") == "tl-02")
    span = next(p for p in the_strategy().pledges if p.id == "tl-02").quoted[0]
    words = words_of(part)
    assert finding["extra"]["rule"] in words
    assert f"characters {span.start:,} to {span.end:,}" in words
    for row in finding["table"]:
        assert row["what"] in words
        assert row["state"] in words
    assert "March 2024, as promised (read as 31 March 2024)" in words
    assert finding["extra"]["order"] in words_of(the_page())


def test_a_moved_deadline_is_shown_as_first_promised_and_as_amended() -> None:
    words = words_of(articles(the_page())["tl-09"])
    assert "1 April 2023, as promised → 1 April 2026, as amended on 9 November 2022" in words
    assert "→ removed on 1 October 2025" in words
    before = careo.audit_strategy(the_strategy(), toyland(), on=date(2022, 1, 1))
    earlier = words_of(articles(page(before, toyland(), "en"))["tl-09"])
    assert "1 April 2023, as promised" in earlier
    assert "as amended" not in earlier


def test_other_readings_stand_side_by_side_and_are_not_said_twice() -> None:
    part = articles(the_page())["tl-04"]
    assert words_of(part).count("Accrued instead of spent") == 1
    assert re.search(r'<th scope="row">Accrued instead of spent</th>.*?</span> kept</span>', part, re.S)
    assert "no series" in words_of(articles(the_page())["tl-07"])


def test_what_was_only_recalled_is_marked_on_its_pledge_and_in_its_row() -> None:
    recalled = [f for f in the_data()["findings"] if f["extra"].get("verified") == "memory"]
    assert recalled
    parts = articles(the_page())
    for finding in recalled:
        anchor = (
            finding["extra"].get("pledge")
            or finding["extra"].get("measure")
            or f"q-money-{finding['extra']['line']}"
        )
        assert "not verified" in words_of(parts[anchor])


def test_a_turned_lever_and_a_measure_that_is_not_simulated_say_so_and_why() -> None:
    parts = articles(the_page())
    assert "lever turned round" in words_of(parts["tl-m2"])
    assert "here watchmen leave the streets" in words_of(parts["tl-m2"])
    assert "not simulated" in words_of(parts["tl-m4"])
    assert "lever turned round" not in words_of(parts["tl-m1"])


def test_outcomes_are_drawn_with_the_strategys_time_and_attribute_nothing() -> None:
    part = articles(the_page())["q-outcome-lantern_thefts_watch"]
    assert 'role="img"' in part
    assert ">the strategy</text>" in part
    assert say("en", "strategies.outcome.describes") in words_of(part)


def test_a_chart_knows_no_value_published_after_the_day() -> None:
    day = date(2021, 1, 1)
    part = articles(page(the_audit("en", on=day), toyland(), "en"))["q-outcome-lantern_thefts_watch"]
    known = [o for o in toyland().series("lantern_thefts_watch").observations if o.known <= day]
    assert bool(known) == ("<circle" in part)


def unsigned(text: str) -> str:
    """A page without the checksum that its printed sheets carry."""
    return re.sub(r"sha256 [0-9a-f]+", "sha256", text)


def test_one_more_step_changes_only_the_pledge_that_its_ladder_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = dict(ladders.load_ladders("toyland"))
    works = known["lamp-works"]
    step = Step(
        id="one-more", stage="implemented", track="beacons", date="2026-01-10", done=150.0, of=200.0,
        what={"en": "Forty more", "es": "Cuarenta más"}, unit={"en": "beacons", "es": "balizas"},
        sources=("lamp-works",), verified="read",
    )  # fmt: skip
    another: dict[str, Ladder] = {**known, "lamp-works": replace(works, steps=(*works.steps, step))}

    def patched(country: str = "mexico") -> dict[str, Ladder]:
        return another

    before = the_page()
    monkeypatch.setattr(ladders, "load_ladders", patched)
    monkeypatch.setattr(strategy_view, "load_ladders", patched)
    after = page(careo.audit_strategy(the_strategy(), toyland()), toyland(), "en")
    one, other = articles(before), articles(after)
    assert {name for name in one if one[name] != other[name]} == {"tl-05"}
    assert "Forty more (150 of 200 beacons)" in words_of(other["tl-05"])
    assert unsigned(before.replace(one["tl-05"], "")) == unsigned(after.replace(other["tl-05"], ""))


# ── safe ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def hostile(strategy: Strategy) -> Strategy:
    words = {"en": HOSTILE, "es": HOSTILE}
    first = strategy.pledges[0]
    pledges = [
        replace(pledge, text=words, addressee=words, condition=words, deadline_words=words, sources=("mine",),
                alternatives=tuple(replace(other, name=words) for other in pledge.alternatives))
        for pledge in strategy.pledges
    ]  # fmt: skip
    pledges[0] = replace(
        pledges[0], id='"><script>x', quoted=(Span("mine", 0, 5, "0" * 16),), component=first.component
    )
    pledges[1] = replace(pledges[1], id="q-words", act="request")
    pledges[2] = replace(pledges[2], id="src-mine")
    measures = [
        replace(m, name=words, where_note=words, note=words, id=f"{m.id} {HOSTILE}")
        for m in strategy.measures
    ]
    mine = Reference(producer=HOSTILE, title=HOSTILE, url="javascript:alert(5)", note=HOSTILE, seen="memory")
    return replace(
        strategy, title=words, actor=words, summary=words, notes=(words,), pledges=tuple(pledges), measures=tuple(measures),
        components=dict.fromkeys(strategy.components, words), own_sources={"mine": mine},
        constraints=tuple(replace(c, text=words, rule=words) for c in strategy.constraints),
        budget=tuple(replace(line, role=words) for line in strategy.budget),
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_hostile_file_stays_text(language: str) -> None:
    result = careo.audit_strategy(hostile(the_strategy()), toyland(), language=language)
    text = page(result, toyland(), language)
    tags = Tags(text)
    assert not {tag for tag, _ in tags.tags} & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "link",
    }
    for tag, attributes in tags.tags:
        assert not [name for name in attributes if name.startswith("on")], tag
        link = attributes.get("href") or ""
        assert link == "" or link.startswith(("#", "https://", "http://")), link
    assert "<script" not in text
    assert "{{ 7*7 }}" in text
    for character in ("\x1b", "\u202e", "\u202c"):
        assert character not in text
    assert text.count("</article>") == text.count("<article")
    assert text.count("</style>") == 1


@pytest.mark.parametrize("make", [lambda s: s, hostile])
@pytest.mark.parametrize("pages", [False, True])
def test_anchors_are_unique_and_every_link_inside_the_page_leads_to_one(
    make: Callable[[Strategy], Strategy], pages: bool
) -> None:
    beside = the_audit("en", pages).pages
    text = page(careo.audit_strategy(make(the_strategy()), toyland(), pages=beside), toyland(), "en")
    ids = [html.unescape(name) for name in re.findall(r'\bid="([^"]+)"', text)]
    assert len(ids) == len(set(ids))
    assert not [name for name in ids if re.search(r"\s", name)]
    for target in re.findall(r'href="#([^"]+)"', text):
        assert html.unescape(target) in ids, target
    for described in re.findall(r'aria-labelledby="([^"]+)"', text):
        assert html.unescape(described) in ids, described


def test_a_pledge_has_its_id_as_its_permanent_anchor() -> None:
    parts = articles(the_page())
    for pledge in the_strategy().pledges:
        assert pledge.id in parts
        assert f'href="#{pledge.id}"' in parts[pledge.id]
    assert set(articles(the_page("es", pages=True))) >= {p.id for p in the_strategy().pledges}


def test_a_pledge_named_like_a_part_of_the_page_gets_another_anchor() -> None:
    strategy = the_strategy()
    odd = ("q-money", "page-s1", "src-plan-2018", "d-boats_missing")
    renamed = [replace(p, id=name) for p, name in zip(strategy.pledges, odd, strict=False)]
    renamed += strategy.pledges[len(odd) :]
    text = page(careo.audit_strategy(replace(strategy, pledges=tuple(renamed)), toyland()), toyland(), "en")
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert {f"q-{name}" for name in odd} <= set(ids)


@pytest.mark.parametrize("pages", [False, True])
def test_the_page_needs_no_network_and_no_other_file(pages: bool) -> None:
    text = the_page("en", pages)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert not re.search(r"<script|<link|<img|<iframe|\bsrc=|@import|url\(", text)
    elsewhere = text[: text.index('id="sources"')]
    assert not re.search(r'="http(?!://www\.w3\.org/2000/svg")', elsewhere.replace('meta http-equiv="', ""))


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = (
        dossier(careo.audit_strategy(the_strategy(), toyland(), language="es"), toyland(), to=tmp_path / name, language="es")
        for name in ("a", "b")
    )  # fmt: skip
    assert sorted(path.name for path in one.iterdir()) == ["findings.json", "index.html"]
    for name in ("findings.json", "index.html"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


# ── for everybody ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("pages", [False, True])
def test_no_english_sentence_of_ours_is_left_on_the_spanish_page(pages: bool) -> None:
    english, spanish = sentences("en"), sentences("es")
    text = words_of(re.sub(r"<style>.*?</style>", "", the_page("es", pages), flags=re.S))
    attributes = " ".join(re.findall(r'(?:aria-label|title|data-label)="([^"]*)"', the_page("es", pages)))
    whole = f"{text} {html.unescape(attributes)}"
    if pages:  # the read pages are quoted as they are
        whole = whole[: whole.index(spanish["dossier.audited"])]
    names = [
        key for key in english if key.startswith(("strategy_page.", "strategies.", "pledges.", "money."))
    ]
    for key in names:
        pieces = [piece.strip(" .:;,") for piece in re.split(r"\{\w+\}", english[key])]
        for piece in pieces:
            if len(piece) > 12 and piece not in spanish[key]:
                assert piece not in whole, key
    heads = re.findall(r"<(?:h2|th scope=\"col\")[^>]*>([^<]+)<", the_page("es", pages))
    assert heads
    only_english = {english[k] for k in names} - {spanish[k] for k in names}
    assert not [head for head in heads if html.unescape(head).strip() in only_english]


def test_both_languages_have_the_same_sentences_with_the_same_places_to_fill() -> None:
    english, spanish = (
        {k: sorted(re.findall(r"\{(\w+)\}", v)) for k, v in sentences(language).items() if k.startswith("strategy_page.")}
        for language in ("en", "es")
    )  # fmt: skip
    assert english == spanish


@pytest.mark.parametrize("pages", [False, True])
def test_headings_descend_one_step_at_a_time_and_tables_have_heads(pages: bool) -> None:
    text = the_page("en", pages)
    levels = [int(tag[1]) for tag, _ in Tags(text).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for table in re.findall(r"<table.*?</table>", text, re.S):
        assert re.search(r'<th scope="col"', table)
        assert re.search(r'<th scope="row', table)
    for drawing in re.findall(r"<svg[^>]*>", text):
        assert re.search(r'role="img" aria-label="[^"]+"', drawing)


def test_the_bar_of_verdicts_says_each_in_words_and_its_parts_add_up() -> None:
    text = the_page()
    bar = re.search(r'<div class="bar" role="img" aria-label="([^"]+)">(.*?)</div>', text, re.S)
    assert bar
    said = {name: int(count) for name, count in re.findall(r"([^,:]+): (\d+)", bar[1])}
    assert sum(said.values()) == len(the_strategy().pledges)
    grown = [int(n) for n in re.findall(r"flex-grow:(\d+)", bar[2])]
    assert grown == list(said.values())
    assert bar[2].count('class="icon"') == len(said)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_of_text_contrasts_with_its_ground_in_the_light_and_in_the_dark(dark: bool) -> None:
    folder = Path(strategy_page.__file__).parent / "templates"
    light, _, rest = (
        (folder / "dossier.css")
        .read_text(encoding="utf-8")
        .partition("@media screen and (prefers-color-scheme: dark)")
    )
    names = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", rest if dark else light))
    pairs = [(names[name], names[f"{name}-bg"]) for name in names if f"{name}-bg" in names]
    grounds = [names["paper"], names["ground"]]
    pairs += [
        (names[text], ground) for text in ("ink", "soft", "strong", "link", "bad") for ground in grounds
    ]
    assert len(pairs) >= 16
    for text, ground in pairs:
        low, high = sorted((_luminance(text), _luminance(ground)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)


# ── with pages, without parts ────────────────────────────────────────────────────────────────────────────────────


def test_statements_of_read_pages_are_tied_to_their_pledges_and_the_pages_own_verdicts_are_there() -> None:
    result, text = the_audit("en", True), the_page("en", True)
    assert result.ties
    assert result.pages is not None
    parts = articles(text)
    for tie in result.ties:
        assert " ".join(tie.statement.quote.split()) in words_of(parts[tie.pledge])
    rows = re.findall(r'<data value="([0-9.]+)">\d\.\d\d</data>', text[text.index('id="q-pages"') :])
    assert [float(value) for value in rows] == [tie.likeness for tie in result.ties]
    for finding in result.pages.findings:
        if finding.kind != "quality":
            assert html.escape(finding.because, quote=False) in html.unescape(
                text
            ) or finding.because in words_of(text)
    assert "q-pages" not in the_page()


def test_a_strategy_without_anything_says_so_and_still_has_its_five_questions() -> None:
    bare = replace(
        the_strategy(), pledges=(), measures=(), budget=(), constraints=(), components={}, notes=()
    )
    result = careo.audit_strategy(bare, toyland())
    text = page(replace(result, money=(), outcomes=()), toyland(), "en")
    for key in ("no_pledges", "no_money", "no_measures", "no_rights", "no_outcomes"):
        assert say("en", f"strategy_page.{key}") in words_of(text)
    assert [
        f'id="q-{name}"' in text for name in ("words", "money", "delivery", "outcomes", "alternatives")
    ] == [True] * 5


def test_pledges_stand_by_chapter_in_the_order_of_the_plan() -> None:
    strategy = the_strategy()
    heads = re.findall(r'<h3 id="q-part-\d+">([^<]+)<', the_page())
    assert [head.strip() for head in heads][: len(strategy.components)] == [
        c["en"] for c in strategy.components.values()
    ]


# ── timelines ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_timeline_stands_in_time_and_its_words_never_touch() -> None:
    days = [date(2018, 1, 1), date(2018, 2, 1), date(2018, 3, 1), date(2024, 1, 1)]
    marks = [Mark(day, "a rather long stage", "work", "what") for day in days]
    text = draw_timeline(marks, [Mark(date(2024, 6, 1), "the day", "day")], 'a <title> "quoted"')
    spots = [
        (float(x), float(y))
        for x, y, word in re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]+)<', text)
        if "stage" in word
    ]
    assert [x for x, _ in spots] == sorted(x for x, _ in spots)
    for (x, y), (after, level) in itertools.combinations(spots, 2):
        assert y != level or after - x > 6 * len("a rather long stage")
    assert "a &lt;title&gt; &quot;quoted&quot;" in text


def test_a_timeline_of_one_day_is_drawn_and_shapes_tell_what_ended_from_what_was_reached() -> None:
    day = date(2020, 5, 5)
    drawn = {
        kind: draw_timeline([Mark(day, "x", kind)], [Mark(day, "y", "day")], "t")
        for kind in ("work", "reached", "ended", "words")
    }
    assert len({re.sub(r'"#[0-9a-f]+"', "", text) for text in drawn.values()}) == 4  # without their colours
    assert not [text for text in drawn.values() if "nan" in text or "inf" in text]


def test_a_moved_deadline_is_struck_out_and_the_one_in_force_is_not() -> None:
    part = articles(the_page())["tl-10"]
    assert re.search(r'line-through"[^>]*>deadline 2024-12-31<', part)
    assert not re.search(r'line-through"[^>]*>deadline 2027-06-30<', part)
