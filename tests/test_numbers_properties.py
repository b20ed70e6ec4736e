"""Whatever the text, the numbers read from it are sane; what is written in a style is read back."""

from __future__ import annotations

import math
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from careo.base.dates import Term, read_dates
from careo.base.numbers import read_numbers

LANGUAGES = st.sampled_from(["en", "es", "fr"])
PIECES = [
    "one", "two", "twenty", "hundred", "thousand", "million", "and", "half", "third", "of", "in", "per", "every", "from", "to", "between",
    "mil", "millones", "y", "dos", "veinte", "treinta", "ciento", "medio", "de cada", "cada", "entre", "a", "de", "la mitad", "tercio",
    "1", "33", "2018", "2,500", "1.5", "100,000", "%", "$", "US$", "pesos", "años", "years", "May", "mayo", "el", "El", "art.", "(", ")",
    "-", "–", "/", ":", ",", ".", "\n", "½", "doubled", "duplicó", "several", "varios", "miles", "tens", "mdp", "bn", "k", "B", "por", "puntos",
    "last", "since", "desde", "by", "hasta", "January", "enero", "year", "año", "term", "sexenio", "under", "bajo", "Solano", "este", "this",
]  # fmt: skip
SENTENCES = st.lists(st.sampled_from(PIECES), max_size=24).flatmap(
    lambda words: st.sampled_from([" ", ""]).map(lambda gap: gap.join(words))
)
TEXTS = st.one_of(st.text(), st.text(alphabet="0123456789.,' -/%$\u00a0\n"), SENTENCES)


@given(TEXTS, LANGUAGES)
def test_spans_lie_in_the_text_in_order_and_values_are_finite(text, language):
    last = 0
    for n in read_numbers(text, language):
        assert last <= n.start < n.end <= len(text)
        assert math.isfinite(n.value) and math.isfinite(n.step)
        assert n.low <= n.value <= n.high
        assert n.digits >= 1 and n.step > 0
        assert n.unit not in ("DOLLAR", "PESO")
        last = n.end


@given(st.integers(1, 10**14))
def test_a_whole_number_in_any_style_is_read_back(value):
    plain = f"{value:,}"
    for language in ("en", "es"):
        for style in (plain, plain.replace(",", "."), plain.replace(",", "\u202f"), plain.replace(",", " ")):
            text = f"({style} personas"
            assert [n.value for n in read_numbers(text, language)] == [float(value)], (language, text)


@given(st.integers(0, 10**9), st.integers(1, 99))
def test_a_decimal_number_is_read_back_in_both_languages(whole, cents):
    english = f"{whole:,}.{cents:02d}"
    spanish = english.translate(str.maketrans(",.", ".,"))
    for text in (english, spanish):
        for language in ("en", "es"):
            (only,) = read_numbers(f"$ {text}", language)
            assert only.value == float(f"{whole}.{cents:02d}")


TERMS = (Term(("Solano", "Ana Solano"), "president", date(2012, 12, 1), None),)


@given(TEXTS, LANGUAGES, st.one_of(st.none(), st.dates(), st.dates(date(1990, 1, 1), date(2040, 1, 1))))
def test_dates_lie_in_the_text_in_order_and_never_end_before_they_begin(text, language, said):
    last = 0
    for d in read_dates(text, language, said, TERMS):
        assert last <= d.start < d.end <= len(text)
        if d.period is not None and d.period.first and d.period.last:
            assert d.period.first <= d.period.last
        assert (d.every != "") == (d.form == "every")
        last = d.end
