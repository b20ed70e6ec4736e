"""Strategy files: each mistake is named with its line, in both languages; what is whole reads back as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careo.base.citations import load_sources
from careo.base.errors import CareoError
from careo.base.fields import last_day
from careo.base.shipped import shipped
from careo.base.yaml_files import read_written
from careo.record.anchoring import quote_hash
from careo.record.strategy import (
    Alternative,
    Amount,
    BudgetLine,
    Constraint,
    Cost,
    Dose,
    DoseFrom,
    Measure,
    Override,
    OwnFlow,
    Pledge,
    Reference,
    Span,
    Strategy,
    StrategyPeriod,
    Test,
    find,
    load_strategy,
    read_strategy,
    sources_of,
    strategies,
    strategy_schema,
)
from careo.results.strategies import check_strategy
from careo.sources.documents import read

SMALL = """\
schema: careo.strategy/1
slug: small-plan
country: TY
title: {en: A small plan, es: Un plan pequeño}
actor: {en: The mayor, es: La alcaldesa}
announced: '2020-01-15'
period: {start: '2020-01-01', end: '2022-12-31'}
summary: {en: One lamp., es: Una lámpara.}
compiled: '2023-01-31'
components:
  light: {en: Light, es: Luz}
pledges:
- id: law
  text: {en: A law on lamps, es: Una ley de lámparas}
  component: light
  act: request
  addressee: {en: The Assembly, es: La Asamblea}
  kind: legal
  deadline: '2021-06-30'
  measurable: yes
  test: {ladder: night-laws, track: lighting, goal: in_force}
  alternatives:
  - name: {en: Lit streets, es: Calles con luz}
    no_series: {en: Nobody counts them., es: Nadie las cuenta.}
  quoted: [{source: plan, start: 10, end: 25, hash: '0123456789abcdef'}]
  sources: [plan]
  verified: read
  coverage: answered
- id: thefts
  text: {en: Fewer thefts, es: Menos robos}
  act: pledge
  kind: outcome
  deadline: '2022'
  measurable: partly
  why_not: {en: Reported thefts only., es: Sólo robos denunciados.}
  test: {indicator: lantern_thefts_watch, at_most: 4000, unit: reports}
  sources: [gazette]
  verified: excerpt
  coverage: answered
- id: money
  text: {en: Money for lamps, es: Dinero para lámparas}
  act: pledge
  kind: money
  measurable: yes
  test: {money: street-lamps, stage: spent, period: '2021', at_least: 100, currency: TYD}
  sources: [plan]
  verified: read
  coverage: answered
- id: kind
  text: {en: Be kind, es: Ser amables}
  act: position
  kind: position
  measurable: no
  why_not: {en: Nothing to count., es: Nada que contar.}
  sources: [plan]
  verified: memory
  coverage: recorded
  coverage_note: {en: Words., es: Palabras.}
- id: wait
  text: {en: Short waits, es: Esperas cortas}
  act: pledge
  kind: outcome
  measurable: yes
  no_series: {en: Not in the books., es: No está en los libros.}
  sources: [plan]
  verified: read
  coverage: answered
measures:
- id: lamps
  name: {en: Lamps, es: Lámparas}
  lever: street-lighting
  direction: -1
  direction_note: {en: Taken down., es: Retiradas.}
  where: [T1, T2]
  start: '2020-06'
  end: '2022'
  announced: {value: 400, unit: {en: lamps, es: lámparas}, date: '2020'}
  delivered:
  - {date: '2021-07', value: 250, unit: {en: lamps taken, es: lámparas retiradas}, sources: [plan], verified: read}
  dose:
    basis: delivered
    divide_by: 1000
    value: 0.25
    low: 0.2
    high: 0.3
    how: {en: 250 ÷ 1000, es: 250 entre 1000}
    grade: C
  cost: {value: 900, low: 800, high: 1000, currency: TYD}
  sources: [plan]
  verified: read
  coverage: later
  coverage_note: {en: For the laboratory., es: Para el laboratorio.}
budget:
- line: street-lamps
  role: {en: Light, es: Luz}
  flows:
  - {stage: spent, amount: 70.25, currency: TYD, period: '2021', sources: [plan], verified: read}
  - {stage: spent, amount: 30, currency: TYD, period: '2022', sources: [plan], verified: read}
  parts: {posts: 60.25, oil: 40}
  coverage: answered
constraints:
- id: homes
  text: {en: No searches, es: Sin registros}
  no_series: {en: Not counted., es: No se cuentan.}
  rule: {en: none, es: ninguno}
  sources: [plan]
  verified: read
  coverage: answered
sources:
  plan: {producer: The mayor, title: A plan, seen: read}
"""

LAW, THEFTS, MONEY, KIND, WAIT = (f"- id: {name}" for name in ("law", "thefts", "money", "kind", "wait"))
LAMPS = "- id: lamps"


def mistakes(folder: Path, text: str) -> tuple[CareoError, ...]:
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        return read_strategy(path, "toyland")[1]
    except CareoError as error:
        return (error,)


def line_number(error: CareoError) -> int:
    return int(error.where.rpartition(":")[2])


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


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_of_form_brings_no_second_message_with_it(name: str, tmp_path: Path) -> None:
    # What is left out because it is broken must not be missed by what refers to it.
    path = tmp_path / "plan.yaml"
    path.write_text(SMALL, encoding="utf-8")
    whole = {error.render("en") for error in check_strategy(path, "toyland")}
    path.write_text(broken(name), encoding="utf-8")
    if not mistakes(tmp_path, broken(name))[0].key.startswith("file_") or not readable(path):
        return  # not of form, or no YAML at all
    alone = [error for error in check_strategy(path, "toyland") if error.render("en") not in whole]
    assert len(alone) == 1, [error.render("en") for error in alone]


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


# ── what is whole reads back ─────────────────────────────────────────────────────────────────────────────────────

_texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\u2028\u2029\ufeff"), min_size=1, max_size=12)  # fmt: skip
_said = _texts.filter(str.strip)
_words = st.one_of(
    st.fixed_dictionaries({"en": _said}), st.fixed_dictionaries({"es": _said}),
    st.fixed_dictionaries({"en": _said, "es": _said}),
)  # fmt: skip
_maybe = st.one_of(st.none(), _words)
_money = st.decimals(0, 10**12, places=2)
_float = st.floats(-1e9, 1e9).map(lambda x: round(x, 6))
_day = st.one_of(st.dates().filter(lambda d: d.year > 999).map(str), st.just("2021"), st.just("2021-02"))
_cited = st.lists(st.sampled_from(["plan", "gazette", "harbour"]), min_size=1, max_size=3).map(tuple)
_seen = st.sampled_from(["read", "excerpt", "memory"])
_covered = st.fixed_dictionaries(
    {"coverage": st.sampled_from(["answered", "recorded", "later"]), "coverage_note": _words}
)
_tests = st.one_of(
    st.builds(Test, ladder=_said, goal=st.just("in_force"), track=_texts, differs=_maybe),
    st.builds(Test, ladder=_said, goal=st.just("implemented"), at_least=st.integers(0, 9**9).map(Decimal)),
    st.builds(Test, indicator=_said, at_most=_money, unit=_texts, place=_texts),
    st.builds(Test, money=_said, stage=st.just("spent"), period=st.just("2019/2021"), currency=st.just("TYD"), at_least=_money),
)  # fmt: skip


@st.composite
def _pledges(draw: st.DrawFn, name: str) -> Pledge:
    alternatives = st.builds(Alternative, name=_words, test=_tests, no_series=_maybe)
    spans = st.builds(
        lambda start, more, text: Span("plan", start, start + more, quote_hash(text)),
        st.integers(0, 10**6), st.integers(1, 900), _texts,
    )  # fmt: skip
    given: dict[str, Any] = draw(_covered)
    measurable: Any = draw(st.sampled_from(["yes", "partly", "no"]))
    seen: Any = draw(_seen)
    return Pledge(
        id=name, text=draw(_words), act=draw(st.sampled_from(["pledge", "request", "position", "claim"])),
        kind=draw(st.sampled_from(["legal", "delivery", "money", "outcome", "position"])), measurable=measurable,
        sources=draw(_cited), verified=seen, component=draw(st.sampled_from(["", "light"])), addressee=draw(_words),
        hedge=draw(st.sampled_from(["none", "expected", "possible", "conditional"])), condition=draw(_maybe),
        deadline=draw(st.sampled_from([None, "2020", "2021-02", "2021-02-28"])), why_not=draw(_words), no_series=draw(_words),
        test=None if measurable == "no" else draw(st.one_of(st.none(), _tests)), alternatives=tuple(draw(st.lists(alternatives, max_size=2))),
        quoted=tuple(draw(st.lists(spans, max_size=2))), **given,
        override=draw(st.one_of(st.none(), st.builds(Override, st.just("late"), _words, _said, st.just("2031")))),
    )  # fmt: skip


@st.composite
def small_strategies(draw: st.DrawFn) -> Strategy:
    value = draw(_float)
    flows = draw(
        st.lists(st.builds(OwnFlow, st.just("spent"), _money, st.just("TYD"), st.just("2021"), _cited, _seen, _maybe), max_size=3)
    )  # fmt: skip
    total = sum((flow.amount or Decimal(0) for flow in flows), Decimal(0))
    measure = {
        "name": draw(_words), "lever": draw(_said), "sources": draw(_cited), "verified": draw(_seen), **draw(_covered),
        "where": draw(st.one_of(st.just("nation"), st.lists(_said, max_size=3).map(tuple))), "note": draw(_maybe),
        "announced": draw(st.one_of(st.none(), st.builds(Amount, _float, _words, _day, _cited, _seen, _maybe))),
    }  # fmt: skip
    dose = Dose(
        "judgement", value, value - 1, value + 1, draw(_words), "D", schedule=(DoseFrom(draw(_day), value),)
    )
    return Strategy(
        schema="careo.strategy/1", slug="small-plan", country=draw(_texts), title=draw(_words), actor=draw(_words),
        period=StrategyPeriod("2019-01", draw(st.sampled_from([None, "2022", "2022-06-30"]))), summary=draw(_words), compiled=draw(st.sampled_from(["2026", "2030-12-31"])),
        announced=draw(st.sampled_from([None, "2019-01-15"])), notes=tuple(draw(st.lists(_words, max_size=2))),
        components={"light": draw(_words)}, pledges=tuple(draw(_pledges(f"p{n}")) for n in range(draw(st.integers(0, 3)))),
        measures=(Measure(id="m", dose=dose, cost=Cost(value=draw(_money), currency="TYD", basis=draw(_maybe)), **measure),),
        budget=(BudgetLine("lamps", draw(_words), "answered", "2019/..", tuple(flows), {draw(_said): total} if flows else {}),),
        constraints=(Constraint("c", draw(_words), draw(_words), draw(_cited), "read", "answered", draw(_texts), draw(_words)),),
        own_sources={"plan": Reference(draw(_texts), draw(_texts), draw(_texts), draw(_day), "memory", draw(_texts))},
    )  # fmt: skip


def _plain(noun: Any) -> Any:
    """A noun as a file has it: keys by their name there, nothing that is its default."""
    if is_dataclass(noun):
        hints = get_type_hints(type(noun), include_extras=True)
        card: dict[str, Any] = {}
        for one in fields(noun):
            value = getattr(noun, one.name)
            default = one.default if one.default_factory is MISSING else one.default_factory()
            extras = getattr(hints[one.name], "__metadata__", ())
            name = next((extra.alias for extra in extras if getattr(extra, "alias", None)), one.name)
            if value != default:
                card[name] = _plain(value)
        return card
    if isinstance(noun, Mapping):
        return {key: _plain(value) for key, value in noun.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(noun, tuple):
        return [_plain(item) for item in noun]  # pyright: ignore[reportUnknownVariableType]
    return float(noun) if isinstance(noun, Decimal) else noun


def _block(value: Any, depth: int = 0) -> Iterator[str]:
    """YAML in blocks, every text in quotes: a hash such as 12e5 would otherwise be a number."""
    lead = "  " * depth
    if isinstance(value, dict) and value:
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            scalar = not isinstance(item, (dict, list)) or not item
            yield f"{lead}{json.dumps(key, ensure_ascii=False)}:" + (f" {_scalar(item)}" if scalar else "")
            if not scalar:
                yield from _block(item, depth + 1)
    elif isinstance(value, list) and value:
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            scalar = not isinstance(item, (dict, list)) or not item
            yield f"{lead}-" + (f" {_scalar(item)}" if scalar else "")
            if not scalar:
                yield from _block(item, depth + 1)
    else:
        yield lead + _scalar(value)


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@settings(max_examples=60, deadline=None)
@given(small_strategies())
def test_a_strategy_written_as_yaml_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, strategy: Strategy
) -> None:
    path = tmp_path_factory.mktemp("written") / "plan.yaml"
    for text in ("\n".join(_block(_plain(strategy))), json.dumps(_plain(strategy), ensure_ascii=False)):
        path.write_text(text + "\n", encoding="utf-8")
        again, found = read_strategy(path, "toyland")
        assert not found, [error.render("en") for error in found]
        assert again == strategy


@settings(deadline=None)
@given(st.integers(0, len(SMALL)))
def test_a_strategy_cut_short_is_whole_or_says_why_not(
    tmp_path_factory: pytest.TempPathFactory, end: int
) -> None:
    text = SMALL[:end]
    found = mistakes(tmp_path_factory.mktemp("cut"), text)
    assert found or end > SMALL.index("compiled: ")
    assert all(1 <= line_number(error) <= len(text.splitlines()) + 1 for error in found)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of a value and of everything in it."""
    yield path
    inner: dict[Any, Any] = value if isinstance(value, dict) else {}
    if isinstance(value, list):
        inner = dict(enumerate(value))  # pyright: ignore[reportUnknownArgumentType]
    for key, item in inner.items():
        yield from _places(item, (*path, key))


def _put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _put(value[path[0]], path[1:], new)
    return copy


_WHOLE = _plain(load_strategy("ten-lamps-2018", "toyland"))
_JUNK = [None, True, 0, -1, 10**30, 1e308, -0.5, "", " ", "x", "no", "2020-13-45", "9999-12-31", "0001", [], {}, [None], [[]], [{}], {"": None},
         {"en": None}, {"en": "x", "x": "x"}, {"start": "9999", "end": "0001"}]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*_places(_WHOLE)]), st.sampled_from(_JUNK))
def test_whatever_stands_in_the_place_of_a_value_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[Any, ...], junk: Any
) -> None:
    text = "\n".join(_block(_put(_WHOLE, path, junk))) + "\n"
    for error in mistakes(tmp_path_factory.mktemp("junk"), text):
        assert 1 <= line_number(error) <= len(text.splitlines())
        assert error.render("es") and error.render("en")


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
    assert [path for path, words in _texts_of(_plain(strategy)) if set(words) != {"en", "es"}] == []
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
