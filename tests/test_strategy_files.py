"""Strategy files: each mistake is named with its line, in both languages; Toyland's own are whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from careo.base.citations import load_sources
from careo.base.errors import CareoError
from careo.base.fields import last_day
from careo.base.shipped import shipped
from careo.base.yaml_files import read_written
from careo.record.anchoring import quote_hash
from careo.record.strategy import find, load_strategy, read_strategy, sources_of, strategies, strategy_schema
from careo.results.strategies import check_strategy
from careo.sources.documents import read
from strategy_cases import SMALL, line_number, mistakes, plain

LAW, THEFTS, MONEY, KIND, WAIT = (f"- id: {name}" for name in ("law", "thefts", "money", "kind", "wait"))
LAMPS = "- id: lamps"


def shown(found: tuple[CareoError, ...], text: str) -> list[str]:
    return [text.splitlines()[line_number(error) - 1].strip() for error in found]


def test_the_small_file_that_is_broken_below_is_whole(tmp_path: Path) -> None:
    assert mistakes(tmp_path, SMALL) == ()


# name → what is changed, into what, what stands in the line that is named, words of the message
BROKEN: Mapping[str, tuple[str, str, str, tuple[str, ...]]] = {
    # keys and kinds of values
    "an unknown key": ("  kind: legal", "  kinds: legal\n  kind: legal", "kinds:", ("pledges[0].kinds", "did you mean 'kind'?")),
    "an unknown key at the top": ("announced: '2020-01-15'", "anounced: '2020-01-15'", "anounced", ("did you mean 'announced'?",)),
    "an unknown key of a test": ("goal: in_force", "goal: in_force, gaol: in_force", "gaol", ("did you mean 'goal'?",)),
    "an unknown key of a dose": ("divide_by:", "divided_by:", "divided_by", ("did you mean 'divide_by'?",)),
    "a missing key": ("  kind: legal\n", "", LAW, ("pledges[0].kind is missing", "add this key")),
    "another schema": ("careo.strategy/1", "careo.strategy/2", "schema:", ("schema cannot be this", "careo.strategy/1")),
    "a slug that is no name": ("slug: small-plan", "slug: Small Plan", "slug:", ("slug is not written as it must be",)),
    "an unknown choice": ("act: request", "act: ask", "act: ask", ("pledges[0].act cannot be this", "claim | pledge")),
    "a misspelt choice": ("verified: excerpt", "verified: excerp", "excerp", ("did you mean 'excerpt'?",)),
    "a verdict nobody has": ("  coverage: answered\n- id: thefts", "  coverage: answered\n"
                             "  override: {verdict: kep, reason: {en: x}, by: me, on: 2022}\n- id: thefts",
                             "override", ("override.verdict", "did you mean 'kept'?")),
    "an override without a reason": ("  coverage: answered\n- id: thefts", "  coverage: answered\n"
                                     "  override: {verdict: kept, by: me, on: 2022}\n- id: thefts",
                                     "override", ("override.reason is missing",)),
    "a text without language": ("title: {en: A small plan, es: Un plan pequeño}", "title: A small plan", "title:",
                                ("title must be keys and values",)),
    "an empty text": ("{en: Fewer thefts, es: Menos robos}", "{en: '', es: ' '}", "text:", ("text by language",)),
    "a language we do not speak": ("{en: Fewer thefts, es: Menos robos}", "{en: Fewer thefts, fr: Moins}", "text:", ("text by language",)),
    "a list instead of a mapping": ("  test: {ladder: night-laws, track: lighting, goal: in_force}", "  test: [night-laws]", "test:",
                                    ("pledges[0].test must be keys and values",)),
    "a mapping instead of a list": ("  flows:\n  - {stage: spent, amount: 70.25, currency: TYD, period: '2021', sources: [plan], verified: read}\n"
                                    "  - {stage: spent, amount: 30, currency: TYD, period: '2022', sources: [plan], verified: read}\n"
                                    "  parts: {posts: 60.25, oil: 40}\n", "  flows: {stage: spent}\n", "flows:", ("must be a list",)),
    "text where a number belongs": ("value: 250", "value: many", "value: many", ("must be a number", "'many'")),
    "a number with commas": ("amount: 70.25", "amount: '70,25'", "70,25", ("must be a number",)),
    "a currency in words": ("at_least: 100, currency: TYD", "at_least: 100, currency: dollars", "dollars", ("currency is not written as it must be",)),
    "a hash that is none": ("0123456789abcdef", "0123", "quoted:", ("quoted[0].hash",)),
    # sources
    "no source": ("  sources: [plan]\n  verified: memory", "  verified: memory", KIND, ("pledges[3].sources is missing",)),
    "an unknown source": ("[gazette]", "[gazet]", "[gazet]", ("no such source", "did you mean 'gazette'?", "'gazet'")),
    "an unknown source of an amount": ("es: lámparas retiradas}, sources: [plan]", "es: lámparas retiradas}, sources: [plam]", "plam",
                                       ("delivered[0].sources[0]", "did you mean 'plan'?")),
    "an unknown source of money": ("period: '2022', sources: [plan]", "period: '2022', sources: [plam]", "plam",
                                   ("flows[1].sources[0]", "did you mean 'plan'?")),
    "a quotation of an unknown source": ("{source: plan, start", "{source: plam, start", "plam", ("quoted[0].source", "did you mean 'plan'?")),
    "a quotation that ends before it begins": ("start: 10, end: 25", "start: 30, end: 25", "quoted:", ("ends before it begins",)),
    # dates
    "a date that is none": ("deadline: '2021-06-30'", "deadline: '2021-06-31'", "2021-06-31", ("is not a date", "2018-11-14")),
    "a date in words": ("deadline: '2021-06-30'", "deadline: mid 2021", "mid 2021", ("is not a date",)),
    "a deadline before it was said": ("deadline: '2021-06-30'", "deadline: '2019'", "deadline: '2019'",
                                      ("before the day it was said (2020-01-15)",)),
    "a deadline before the pledge's own day": ("deadline: '2021-06-30'", "said: '2021-07'\n  deadline: '2021-06-30'", "deadline:",
                                               ("before the day it was said (2021-07)",)),
    "an end before the start": ("end: '2022-12-31'}", "end: '2019'}", "period:", ("period.end", "ends before it begins")),
    "a measure that ends before it starts": ("  end: '2022'", "  end: '2020-05'", "2020-05", ("ends before it begins",)),
    "a measure after the period": ("  start: '2020-06'\n  end: '2022'", "  start: '2023'\n  end: '2024'", "start: '2023'",
                                   ("outside the strategy's period (2020-01-01 – 2022-12-31)",)),
    "a measure before the period": ("  start: '2020-06'\n  end: '2022'", "  start: '2017'\n  end: '2018'", "end: '2018'",
                                    ("outside the strategy's period",)),
    "a period that is none": ("period: '2022', sources", "period: '2022/2021', sources", "2022/2021", ("is not a period",)),
    "an amount without its date": ("{date: '2021-07', value", "{value", "value: 250", ("needs its date",)),
    # pledges
    "a request to nobody": ("  addressee: {en: The Assembly, es: La Asamblea}\n", "", LAW, ("who must act: `addressee`",)),
    "a component that is not there": ("component: light", "component: lihgt", "lihgt", ("no such component", "did you mean 'light'?")),
    "partly measurable, and not why": ("  why_not: {en: Reported thefts only., es: Sólo robos denunciados.}\n", "", THEFTS, ("says why: `why_not`",)),
    "not measurable, and not why": ("  why_not: {en: Nothing to count., es: Nada que contar.}\n", "", KIND, ("says why: `why_not`",)),
    "a test of what cannot be measured": ("  measurable: no", "  measurable: no\n  test: {ladder: night-laws, goal: in_force}", "test:",
                                          ("what is not measurable has no test",)),
    "an alternative without test or reason": ("    no_series: {en: Nobody counts them., es: Nadie las cuenta.}\n", "", "- name: {en: Lit",
                                              ("alternatives[0]", "`no_series` says what was looked for")),
    "later, and not why": ("  coverage_note: {en: For the laboratory., es: Para el laboratorio.}\n", "", "coverage: later", ("`coverage_note`",)),
    "recorded, and not why": ("  coverage_note: {en: Words., es: Palabras.}\n", "", "coverage: recorded", ("`coverage_note`",)),
    # tests
    "two tests in one": ("{ladder: night-laws,", "{money: street-lamps, ladder: night-laws,", "test:", ("exactly one of these", "ladder | indicator | money")),
    "a test of nothing": ("{ladder: night-laws, track: lighting, goal: in_force}", "{goal: in_force}", "test:", ("exactly one of these",)),
    "a goal that is no stage": ("goal: in_force", "goal: inforce", "inforce", ("goal cannot be this", "did you mean 'in_force'?")),
    "a number of a law": ("goal: in_force", "goal: in_force, at_least: 3", "at_least: 3", ("only the goal `implemented` has a number",)),
    "two bounds": ("at_most: 4000", "at_most: 4000, at_least: 10", "at_least: 10", ("exactly one bound",)),
    "no bound": ("at_most: 4000, ", "", "lantern_thefts_watch", ("exactly one bound", "at_least | at_most")),
    "money without its stage": ("stage: spent, period: '2021', at", "period: '2021', at", "street-lamps", ("test.stage is missing",)),
    "money without its currency": (", at_least: 100, currency: TYD", ", at_least: 100", "street-lamps", ("test.currency is missing",)),
    # measures
    "a dose and no simulation": ("  cost: {value", "  not_simulated: {en: x}\n  cost: {value", LAMPS, ("not both, not neither",)),
    "neither dose nor why": (SMALL[SMALL.index("  dose:\n"):SMALL.index("  cost:")], "", LAMPS, ("dose | not_simulated",)),
    "a conversion that does not give the dose": ("divide_by: 1000", "divide_by: 500", "value: 0.25", ("not what the conversion gives", "250 / 500 = 0.5")),
    "a dose outside its range": ("high: 0.3", "high: 0.22", "value: 0.25", ("must lie between low and high", "0.2 … 0.25 … 0.22")),
    "a divisor of nothing": ("divide_by: 1000", "divide_by: 0", "divide_by: 0", ("must be a number", "gt 0")),
    "a plan's dose graded too well": ("basis: delivered\n    divide_by: 1000", "basis: judgement", "grade: C", ("is graded D", "'C'")),
    "a dose of what was not announced": ("  announced: {value: 400, unit: {en: lamps, es: lámparas}, date: '2020'}\n  delivered:",
                                         "  delivered:", "basis: announced", ("no such amount to convert from",)),
    "a sign turned round, and not why": ("  direction_note: {en: Taken down., es: Retiradas.}\n", "", "direction: -1", ("`direction_note`",)),
    "a direction that is none": ("direction: -1", "direction: 2", "direction: 2", ("direction cannot be this",)),
    "an amount without its unit": ("value: 250, unit: {en: lamps taken, es: lámparas retiradas}", "value: 250", "value: 250",
                                   ("delivered[0].unit is missing",)),
    "a cost of both kinds": ("cost: {value: 900", "cost: {money: street-lamps, value: 900", "cost:", ("one of the two",)),
    "a cost of no kind": ("cost: {value: 900, low", "cost: {low", "cost:", ("money | value",)),
    # money and rights
    "parts that do not add up": ("oil: 40}", "oil: 39.99}", "parts:", ("do not add up", "100.25", "100.24")),
    "parts of two stages": ("{stage: spent, amount: 30", "{stage: accrued, amount: 30", "parts:", ("one stage and one currency",)),
    "parts of two currencies": ("amount: 30, currency: TYD", "amount: 30, currency: BKC", "parts:", ("one stage and one currency",)),
    "an amount not found, and not said": ("amount: 70.25", "amount: null", "amount: null", ("says so in its `note`",)),
    "a right held against nothing": ("  no_series: {en: Not counted., es: No se cuentan.}\n", "", "- id: homes", ("`no_series`",)),
    # ids
    "one id twice": ("- id: thefts", "- id: law", "- id: law", ("pledges[1].id", "stands twice")),
    "one id for a pledge and a measure": ("- id: lamps", "- id: law", "- id: law", ("measures[0].id", "stands twice")),
    "a key twice": ("  kind: legal", "  kind: legal\n  kind: money", "kind: money", ("pledges[0].kind: this key stands twice",)),
    # what a plain file does not need
    "an anchor": ("title: {en", "title: &a {en", "&a", ("anchors and aliases", "write the value out")),
    "an alias": ("  kind: legal", "  kind: *a", "*a", ("anchors and aliases",)),
    "a tab": ("  kind: legal", "\tkind: legal", "kind: legal", ("not valid YAML",)),
    "a bracket left open": ("{en: One lamp., es: Una lámpara.}", "{en: One lamp., es: Una lámpara.", "", ("not valid YAML",)),
    "two documents": ("slug: small-plan", "---\nslug: small-plan", "---", ("not valid YAML",)),
    "a key that is no word": ("  kind: legal", "  [kind]: legal", "[kind]", ("a key must be a word",)),
}  # fmt: skip

# what else has to change so that there is one mistake and not two
ALSO: Mapping[str, Mapping[str, str]] = {
    "an end before the start": {"  start: '2020-06'\n": ""},
    "a dose of what was not announced": {"basis: delivered": "basis: announced", "grade: C": "grade: D"},
    "an amount not found, and not said": {"  parts: {posts: 60.25, oil: 40}\n": ""},
}


def broken(name: str) -> str:
    old, new, *_ = BROKEN[name]
    text = SMALL
    for before, after in {old: new, **ALSO.get(name, {})}.items():
        assert text.count(before) == 1, "the change must be one"
        text = text.replace(before, after)
    return text


@pytest.mark.parametrize("name", BROKEN)
def test_one_mistake_is_one_message_at_its_line(name: str, tmp_path: Path) -> None:
    *_, line, words = BROKEN[name]
    text = broken(name)
    found = mistakes(tmp_path, text)
    assert len(found) == 1, [error.render("en") for error in found]
    assert line in shown(found, text)[0]
    for word in words:
        assert word in found[0].render("en")


@pytest.mark.parametrize("name", BROKEN)
def test_every_message_is_said_in_both_languages(name: str, tmp_path: Path) -> None:
    for error in mistakes(tmp_path, broken(name)):
        english, spanish = error.render("en"), error.render("es")
        assert english != spanish
        assert (
            english.splitlines()[0].split(" ")[0]
            == spanish.splitlines()[0].split(" ")[0]
            == f"{error.where}:"
        )
        assert not re.search(r"\{[a-z]\w*\}", english + spanish), "a placeholder was not filled"


@pytest.mark.parametrize("name", ["a slug that is no name", "a currency in words", "a hash that is none"])
def test_the_spanish_message_is_spanish_to_its_end(name: str, tmp_path: Path) -> None:
    (error,) = mistakes(tmp_path, broken(name))
    assert "should" not in error.render("es") and "String" not in error.render("es")


@pytest.mark.parametrize("deadline", ["2020", "2020-01", "2020-01-15"])
def test_a_deadline_may_lie_in_the_year_in_which_it_was_said(deadline: str, tmp_path: Path) -> None:
    assert mistakes(tmp_path, SMALL.replace("deadline: '2021-06-30'", f"deadline: '{deadline}'")) == ()


@pytest.mark.parametrize(("low", "high"), [("0.25", "0.3"), ("0.2", "0.25"), ("0.25", "0.25")])
def test_a_dose_may_lie_at_the_ends_of_its_range(low: str, high: str, tmp_path: Path) -> None:
    text = SMALL.replace("low: 0.2\n", f"low: {low}\n").replace("high: 0.3", f"high: {high}")
    assert mistakes(tmp_path, text) == ()


def test_one_mistake_does_not_hide_another_and_they_stand_in_order_of_lines(tmp_path: Path) -> None:
    text = SMALL
    for name in (
        "parts that do not add up",
        "a request to nobody",
        "an unknown source",
        "a dose outside its range",
    ):
        text = text.replace(*BROKEN[name][:2])
    assert shown(mistakes(tmp_path, text), text) == [
        "- id: law", "sources: [gazet]", "value: 0.25", "parts: {posts: 60.25, oil: 39.99}",
    ]  # fmt: skip


def test_mistakes_of_form_are_all_listed_too(tmp_path: Path) -> None:
    text = SMALL
    for name in (
        "an unknown choice",
        "a missing key",
        "a number with commas",
        "a misspelt choice",
        "a direction that is none",
    ):
        text = text.replace(*BROKEN[name][:2])
    found = mistakes(tmp_path, text)
    assert len(found) == 5 and [line_number(error) for error in found] == sorted(map(line_number, found))


def test_mistakes_of_form_hide_no_name_that_is_not_there(tmp_path: Path) -> None:
    text = SMALL.replace("lever: street-lighting", "lever: torches").replace("T1, T2", "T1, T99")
    text = text.replace("- line: street-lamps", "- line: street-lumps").replace(
        "    grade: C\n", "    grade: Z\n"
    )
    text = text.replace("  act: request", "  act: wish").replace("sources: [gazette]", "sources: [gazet]")
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    found = check_strategy(path, "toyland")
    told = [(error.key, text.splitlines()[line_number(error) - 1].strip()) for error in found]
    keys = {key for key, _ in told}
    assert {"strategy_lever", "strategy_place", "file_choice", "file_source"} <= keys, told
    for key, words in (("strategy_lever", "torches"), ("strategy_place", "T99"), ("file_source", "gazet]")):
        assert [line for one, line in told if one == key and words in line], told
    assert [line_number(error) for error in found] == sorted(map(line_number, found))


def readable(path: Path) -> bool:
    try:
        read_written(path)
    except CareoError:
        return False
    return True


def test_a_mistake_of_form_brings_no_second_message_with_it(tmp_path: Path) -> None:
    # What is left out because it is broken must not be missed by what refers to it.
    path = tmp_path / "plan.yaml"
    path.write_text(SMALL, encoding="utf-8")
    whole = {error.render("en") for error in check_strategy(path, "toyland")}
    tried = 0
    for name in BROKEN:
        path.write_text(broken(name), encoding="utf-8")
        if not mistakes(tmp_path, broken(name))[0].key.startswith("file_") or not readable(path):
            continue  # not of form, or no YAML at all
        alone = [error for error in check_strategy(path, "toyland") if error.render("en") not in whole]
        assert len(alone) == 1, (name, [error.render("en") for error in alone])
        tried += 1
    assert tried > 30


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "keys and values"),
        ("# nothing\n", "keys and values"),
        ("- a\n- b\n", "keys and values"),
        ("plan", "keys and values"),
        ("%PDF-1.4", "not valid YAML"),
        ("a: \x00", "not valid YAML"),
        ("a: " + "{b: " * 30 + "1" + "}" * 30, "nested too deeply"),
    ],
)
def test_what_is_no_strategy_at_all_is_said_plainly(text: str, words: str, tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, text)
    assert words in found.render("en") and "plan.yaml" in found.where


def test_a_file_that_is_not_utf8_or_not_there_is_said_plainly(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    with pytest.raises(CareoError, match="no such file"):
        read_strategy(path, "toyland")
    path.write_bytes(SMALL.encode("utf-16"))
    with pytest.raises(CareoError, match="not UTF-8"):
        read_strategy(path, "toyland")
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())  # as Windows editors save it
    assert read_strategy(path, "toyland")[1] == ()


def test_words_of_yaml_that_other_readers_turn_round_stay_words(tmp_path: Path) -> None:
    text = SMALL.replace("hash: '0123456789abcdef'", "hash: 0123456789abcdef").replace(
        "'2021-06-30'", "2021-06-30"
    )
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    strategy, found = read_strategy(path, "toyland")
    assert strategy and not found
    assert [pledge.measurable for pledge in strategy.pledges] == ["yes", "partly", "yes", "no", "yes"]
    assert strategy.pledges[0].deadline == "2021-06-30"


# ── what is one mistake, however many ways it fails ────────────────────────────────────────────────────────────────────

ONE_MESSAGE: Mapping[str, tuple[str, str]] = {
    'places in words': ('where: [T1, T2]', 'where: T1'),
    'no reason for no series': ('  no_series: {en: Not in the books., es: No está en los libros.}\n', ''),
    'a mistake in the only source': ('[gazette]', '[5]'),
    'a number of 5,000 digits': ('value: 400', f"value: {'9' * 5000}"),
    'an infinite amount': ('value: 400', 'value: 1e999'),
    'a tag': ('value: 400', 'value: !!str 400'),
    'a number of a law, at most': ('goal: in_force', 'goal: in_force, at_most: 3'),
    'a place of a law': ('goal: in_force', 'goal: in_force, place: T3'),
    'a cost without currency': (', high: 1000, currency: TYD', ', high: 1000'),
    'a cost outside its range': ('low: 800, high: 1000', 'low: 950, high: 1000'),
    'a schedule that ends elsewhere': ('    grade: C', "    grade: C\n    schedule: [{from: '2020-06', value: 0.1}, {from: '2021-07', value: 9}]"),
    'a schedule out of order': ('    grade: C', "    grade: C\n    schedule: [{from: '2021-07', value: 0.2}, {from: '2020-06', value: 0.25}]"),
    'amounts out of order': ('  dose:\n', "  - {date: '2020-07', value: 250, unit: {en: x}, sources: [plan], verified: read}\n  dose:\n"),
    'an id that is no name': ('- id: wait', "- id: 'to wait / a while'"),
    'an override from before the pledge': ('  coverage: answered\n- id: thefts', '  coverage: answered\n  override: {verdict: kept, reason: {en: x}, by: me, on: 2012}\n- id: thefts'),
    'a delivered amount after the record was compiled': ("date: '2021-07'", "date: '2033-07'"),
    'one line twice': ('  parts: {posts: 60.25, oil: 40}\n  coverage: answered\n', '  parts: {posts: 60.25, oil: 40}\n  coverage: answered\n- {line: street-lamps, role: {en: Again}, coverage: answered}\n'),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ONE_MESSAGE))
def test_what_is_one_mistake_is_one_message(name: str, tmp_path: Path) -> None:
    old, new = ONE_MESSAGE[name]
    assert SMALL.count(old) == 1
    assert len(mistakes(tmp_path, SMALL.replace(old, new))) == 1


def test_a_record_looked_through_before_the_announcement_is_refused(tmp_path: Path) -> None:
    found = mistakes(tmp_path, SMALL.replace("compiled: '2023-01-31'", "compiled: '2019-01-01'"))
    assert any("before the strategy was announced" in error.render("en") for error in found)


def test_an_unknown_key_of_a_source_has_a_suggestion(tmp_path: Path) -> None:
    found = mistakes(tmp_path, SMALL.replace("title: A plan, seen", "title: A plan, sen"))
    assert "did you mean 'seen'?" in found[0].render("en")


# ── Toyland's own ────────────────────────────────────────────────────────────────────────────────────────────────


def _texts_of(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    if isinstance(value, dict):
        card: dict[str, Any] = value
        if card and set(card) <= {"en", "es"}:
            yield path, card
        for key, item in card.items():
            yield from _texts_of(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield from _texts_of(item, f"{path}[{index}]")


@pytest.mark.parametrize("name", strategies("toyland"))
def test_toylands_strategies_read_without_a_mistake_and_in_both_languages(name: str) -> None:
    strategy, found = read_strategy(find(name, "toyland"), "toyland")
    assert strategy and not found
    assert [path for path, words in _texts_of(plain(strategy)) if set(words) != {"en", "es"}] == []
    known = sources_of(strategy, "toyland")
    assert {key for pledge in strategy.pledges for key in pledge.sources} <= known.keys()


def test_what_toyland_quotes_stands_in_its_pages() -> None:
    pages = {"lamp-2023": "en_lantern_year.txt", "farol-2023": "es_barcas_y_faroles.txt"}
    pledges = [pledge for name in strategies("toyland") for pledge in load_strategy(name, "toyland").pledges]
    spans = [span for pledge in pledges for span in pledge.quoted]
    assert len(spans) >= 6
    for span in spans:
        text = read(shipped("toyland", "pages", pages[span.source])).text
        assert quote_hash(text[span.start : span.end]) == span.hash


def test_toyland_has_every_kind_of_pledge_test_and_dose() -> None:
    all_of_it = [load_strategy(name, "toyland") for name in strategies("toyland")]
    pledges = [pledge for strategy in all_of_it for pledge in strategy.pledges]
    measures = [measure for strategy in all_of_it for measure in strategy.measures]
    assert {p.act for p in pledges} == {"pledge", "request", "position", "claim"}
    assert {p.hedge for p in pledges} == {"none", "expected", "possible", "conditional"}
    assert {p.measurable for p in pledges} == {"yes", "partly", "no"}
    assert {p.test.kind for p in pledges if p.test} == {"ladder", "indicator", "money"}
    bases = {m.dose.basis if m.dose else "none" for m in measures}
    assert bases == {"delivered", "announced", "judgement", "none"}
    assert any(m.direction == -1 for m in measures) and any(p.override for p in pledges)
    assert any(line.parts for strategy in all_of_it for line in strategy.budget)


def test_an_unknown_strategy_is_said_with_the_nearest_name() -> None:
    with pytest.raises(CareoError, match="did you mean 'ten-lamps-2018'"):
        load_strategy("ten-lamps-2019", "toyland")


def test_the_schema_for_editors_names_the_keys_of_files() -> None:
    schema: Any = strategy_schema()
    assert schema["additionalProperties"] is False and "sources" in schema["properties"]
    assert "own_sources" not in schema["properties"] and "from" in schema["$defs"]["DoseFrom"]["properties"]
    json.dumps(schema)


def test_own_sources_stand_beside_the_countrys() -> None:
    strategy = load_strategy("ten-lamps-2018", "toyland")
    known = sources_of(strategy, "toyland")
    assert known.keys() == {*load_sources("toyland"), "speech-2024"}
    assert known["speech-2024"].seen == "excerpt"
    assert last_day(known["speech-2024"].published).year == 2024
