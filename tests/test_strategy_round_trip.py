"""Strategy files: what is whole reads back as it was written, and whatever stands in its place is read or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    load_strategy,
    read_strategy,
)
from strategy_cases import SMALL, line_number, mistakes, plain

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
    for text in ("\n".join(_block(plain(strategy))), json.dumps(plain(strategy), ensure_ascii=False)):
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


_WHOLE = plain(load_strategy("ten-lamps-2018", "toyland"))
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
