"""Units: one registry, both languages, no conversion that hides an assumption."""

from __future__ import annotations

import pytest

from careo.base.errors import DataError
from careo.base.shipped import read_yaml, shipped
from careo.base.units import convert, possible, unit, unit_long


def test_every_unit_of_the_shipped_indicators_is_registered_and_has_words_in_both_languages():
    for country in ("mexico", "toyland"):
        file = shipped(country, "indicators.yaml")
        if not file.is_file():
            continue
        names = set(_units(read_yaml(file)))
        assert names
        for name in names:
            assert unit(name)
            assert unit_long(name, "en") and unit_long(name, "es")


def _units(tree: object) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["unit"]] if isinstance(tree.get("unit"), str) else []
        return own + [name for branch in tree.values() for name in _units(branch)]
    return [name for branch in tree for name in _units(branch)] if isinstance(tree, list) else []


@pytest.mark.parametrize(
    ("name", "kind", "spanish"),
    [
        ("case files", "count", "carpetas de investigación"),
        ("persons per year", "count", "personas al año"),
        ("rate_per_100k", "rate", "por cada 100,000 habitantes"),
        ("MXN", "money", "pesos mexicanos"),
        ("MXN of 2023", "money", "pesos mexicanos a precios de 2023"),
    ],
)
def test_a_unit_has_a_kind_and_words(name, kind, spanish):
    assert unit(name).kind == kind
    assert unit_long(name, "es") == spanish


def test_an_unknown_unit_is_refused_with_what_was_expected():
    with pytest.raises(DataError, match="no such unit") as caught:
        unit("bogus")
    assert "deaths" in str(caught.value) and "'bogus'" in str(caught.value)


def test_a_share_above_one_and_a_negative_count_cannot_be():
    assert possible(0.15, "share") and not possible(15, "share")
    assert possible(3, "deaths") and not possible(-3, "deaths")
    assert not possible(float("nan"), "deaths")


def test_only_conversions_without_an_assumption_are_made():
    assert convert(15, "percent", "share") == pytest.approx(0.15)
    assert convert(100, "deaths per month", "deaths per year") == pytest.approx(1200)
    assert convert(7, "rate_per_100k", "per 100,000") == 7
    for given, wanted in (
        ("MXN", "USD"),
        ("MXN", "MXN of 2023"),
        ("deaths", "victims"),
        ("share", "percentage_points"),
    ):
        with pytest.raises(DataError, match="further assumption"):
            convert(1, given, wanted)
