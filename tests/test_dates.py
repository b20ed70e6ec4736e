"""Dates and periods as people write them: form, period and characters, against the day of speaking."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.dates import Period, Term, parse_period, period_of_year, read_dates, read_day

SAID = date(2019, 3, 14)  # a Thursday
TERMS = (
    Term(("Solano", "Ana Solano"), "president", date(2006, 12, 1), date(2012, 11, 30)),
    Term(("Ibarra Luna",), "president", date(2012, 12, 1), date(2018, 11, 30)),
    Term(("Vega", "Tomás Vega"), "president", date(2018, 12, 1), date(2024, 9, 30)),
)

# (language, text, the expression, period, form)
MENTIONS = [
    ("en", "it fell in 2018.", "in 2018", "2018", "at"),
    ("en", "it fell in May 2018.", "in May 2018", "2018-05", "at"),
    ("en", "it fell on 17 May 2018.", "on 17 May 2018", "2018-05-17", "at"),
    ("en", "it fell on May 17th, 2018.", "on May 17th, 2018", "2018-05-17", "at"),
    ("en", "it fell on Monday 4 March 2019.", "on Monday 4 March 2019", "2019-03-04", "at"),
    ("en", "killed since 2006.", "since 2006", "2006/..", "since"),
    ("en", "killed since December 2006.", "since December 2006", "2006-12/..", "since"),
    ("en", "killed after 2012.", "after 2012", "2013/..", "since"),
    ("en", "killed from 2012 onwards.", "from 2012 onwards", "2012/..", "since"),
    ("en", "killed until 2012.", "until 2012", "../2012", "until"),
    ("en", "killed before 2012.", "before 2012", "../2011", "until"),
    ("en", "in the first half of 2019", "in the first half of 2019", "2019-01/2019-06", "at"),
    ("en", "in the third quarter of 2018", "in the third quarter of 2018", "2018-07/2018-09", "at"),
    ("en", "in Q1 2020", "in Q1 2020", "2020-01/2020-03", "at"),
    ("en", "in the first nine months of 2018", "in the first nine months of 2018", "2018-01/2018-09", "at"),
    ("en", "January–June 2020", "January–June 2020", "2020-01/2020-06", "between"),
    ("en", "from January 2018 to March 2019", "from January 2018 to March 2019", "2018-01/2019-03", "between"),
    ("en", "from November to February 2018", "from November to February 2018", "2017-11/2018-02", "between"),
    ("en", "2006-2012", "2006-2012", "2006/2012", "between"),
    ("en", "in 2018-19", "2018-19", "2018/2019", "between"),
    ("en", "between 2007 and 2011", "between 2007 and 2011", "2007/2011", "between"),
    ("en", "from 2006 to 2012", "from 2006 to 2012", "2006/2012", "between"),
    ("en", "from 5 to 10 May 2018", "from 5 to 10 May 2018", "2018-05-05/2018-05-10", "between"),
    ("en", "in the 1990s", "in the 1990s", "1990/1999", "at"),
    ("en", "last year", "last year", "2018", "at"),
    ("en", "this year", "this year", "2019", "at"),
    ("en", "in January", "in January", "2019-01", "at"),
    ("en", "in April", "in April", "2018-04", "at"),
    ("en", "last month", "last month", "2019-02", "at"),
    ("en", "yesterday", "yesterday", "2019-03-13", "at"),
    ("en", "on Thursday", "on Thursday", "2019-03-14", "at"),
    ("en", "on Friday", "on Friday", "2019-03-08", "at"),
    ("en", "five years ago", "five years ago", "2014", "at"),
    ("en", "in the last 12 months", "in the last 12 months", "2018-03-15/2019-03-14", "rolling"),
    ("en", "over the past decade", "over the past decade", "2009-03-15/2019-03-14", "rolling"),
    ("en", "in the 12 months to June 2018", "in the 12 months to June 2018", "2017-07/2018-06", "rolling"),
    ("en", "so far this year", "so far this year", "2019-01-01/2019-03-14", "at"),
    ("en", "so far this term", "so far this term", "2018-12-01/2019-03-14", "term"),
    ("en", "under the current administration", "under the current administration", "2018-12/2024-09", "term"),
    ("en", "under Solano", "under Solano", "2006-12/2012-11", "term"),
    ("en", "during Ibarra Luna's term", "during Ibarra Luna's term", "2012-12/2018-11", "term"),
    ("en", "the Solano administration", "the Solano administration", "2006-12/2012-11", "term"),
    ("en", "since Vega took office", "since Vega took office", "2018-12/..", "since"),
    ("en", "the previous administration", "the previous administration", "2012-12/2018-11", "term"),
    ("en", "deaths in five years", "in five years", None, "over"),
    ("en", "he will halve it in three years", "in three years", "2019-03-14/2022-03-14", "within"),
    ("en", "done by 2024", "by 2024", "../2024", "by"),
    ("en", "done before 2024", "before 2024", "../2023", "by"),
    ("en", "done by the end of 2021", "by the end of 2021", "../2021", "by"),
    ("en", "done by December", "by December", "../2019", "by"),
    ("en", "done within three years", "within three years", "2019-03-14/2022-03-14", "within"),
    ("en", "done in the next six months", "in the next six months", "2019-03-14/2019-09-14", "within"),
    ("en", "in the first 100 days", "in the first 100 days", "2018-12-01/2019-03-11", "within"),
    ("es", "bajó en 2018.", "en 2018", "2018", "at"),
    ("es", "bajó en mayo de 2018.", "en mayo de 2018", "2018-05", "at"),
    ("es", "bajó el 5 de mayo de 2018.", "el 5 de mayo de 2018", "2018-05-05", "at"),
    ("es", "bajó el martes 3 de marzo de 2020.", "el martes 3 de marzo de 2020", "2020-03-03", "at"),
    ("es", "desde 2006", "desde 2006", "2006/..", "since"),
    ("es", "desde diciembre de 2006", "desde diciembre de 2006", "2006-12/..", "since"),
    ("es", "a partir de 2007", "a partir de 2007", "2007/..", "since"),
    ("es", "después de 2012", "después de 2012", "2013/..", "since"),
    ("es", "hasta 2024", "hasta 2024", "../2024", "until"),
    ("es", "en el primer semestre de 2019", "en el primer semestre de 2019", "2019-01/2019-06", "at"),
    ("es", "en el tercer trimestre del año pasado", "en el tercer trimestre del año pasado", "2018-07/2018-09", "at"),
    ("es", "los primeros nueve meses de 2018", "los primeros nueve meses de 2018", "2018-01/2018-09", "at"),
    ("es", "enero-junio de 2020", "enero-junio de 2020", "2020-01/2020-06", "between"),
    ("es", "de enero a septiembre de 2011", "de enero a septiembre de 2011", "2011-01/2011-09", "between"),
    ("es", "entre enero y junio de 2018", "entre enero y junio de 2018", "2018-01/2018-06", "between"),
    ("es", "entre 2006 y 2012", "entre 2006 y 2012", "2006/2012", "between"),
    ("es", "de 2006 a 2012", "de 2006 a 2012", "2006/2012", "between"),
    ("es", "del 5 al 10 de mayo de 2018", "del 5 al 10 de mayo de 2018", "2018-05-05/2018-05-10", "between"),
    ("es", "los años 90", "los años 90", "1990/1999", "at"),
    ("es", "la década de 2010", "la década de 2010", "2010/2019", "at"),
    ("es", "el año pasado", "el año pasado", "2018", "at"),
    ("es", "este año", "este año", "2019", "at"),
    ("es", "en enero", "en enero", "2019-01", "at"),
    ("es", "en enero de este año", "en enero de este año", "2019-01", "at"),
    ("es", "hace tres años", "hace tres años", "2016", "at"),
    ("es", "el viernes pasado", "el viernes pasado", "2019-03-08", "at"),
    ("es", "en los últimos doce meses", "en los últimos doce meses", "2018-03-15/2019-03-14", "rolling"),
    ("es", "en los doce meses previos a junio de 2018", "en los doce meses previos a junio de 2018", "2017-07/2018-06", "rolling"),
    ("es", "de enero a septiembre", "de enero a septiembre", "2018-01/2018-09", "between"),
    ("es", "antes del 31 de diciembre.", "antes del 31 de diciembre", "../2019-12-30", "by"),
    ("es", "a principios de 2019", "a principios de 2019", "2019", "at"),
    ("es", "del 1o. de diciembre de 2018 al 30 de enero de 2019", "del 1o. de diciembre de 2018 al 30 de enero de 2019", "2018-12-01/2019-01-30", "between"),
    ("es", "en lo que va del año", "en lo que va del año", "2019-01-01/2019-03-14", "at"),
    ("es", "en lo que va del sexenio", "en lo que va del sexenio", "2018-12-01/2019-03-14", "term"),
    ("es", "durante el gobierno de Solano", "durante el gobierno de Solano", "2006-12/2012-11", "term"),
    ("es", "en el sexenio de Ibarra Luna", "en el sexenio de Ibarra Luna", "2012-12/2018-11", "term"),
    ("es", "el sexenio pasado", "el sexenio pasado", "2012-12/2018-11", "term"),
    ("es", "desde que asumió Vega", "desde que asumió Vega", "2018-12/..", "since"),
    ("es", "murieron en cinco años", "en cinco años", None, "over"),
    ("es", "prometió bajarlo en tres años", "en tres años", "2019-03-14/2022-03-14", "within"),
    ("es", "antes de 2024", "antes de 2024", "../2023", "by"),
    ("es", "a más tardar en marzo de 2024", "a más tardar en marzo de 2024", "../2024-03", "by"),
    ("es", "para 2024", "para 2024", "../2024", "by"),
    ("es", "a finales de 2021", "a finales de 2021", "../2021", "by"),
    ("es", "en los próximos tres años", "en los próximos tres años", "2019-03-14/2022-03-14", "within"),
    ("es", "en un plazo de seis meses", "en un plazo de seis meses", "2019-03-14/2019-09-14", "within"),
    ("es", "en los primeros 100 días", "en los primeros 100 días", "2018-12-01/2019-03-11", "within"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "written", "period", "form"), MENTIONS)
def test_a_date_is_read_with_its_form_and_period(language, text, written, period, form):
    (only,) = read_dates(text, language, SAID, TERMS)
    assert text[only.start : only.end] == written
    assert (str(only.period) if only.period else None, only.form) == (period, form)


@pytest.mark.parametrize(
    ("language", "text", "every"),
    [
        ("en", "35,000 people every year", "year"),
        ("en", "35,000 people a year", "year"),
        ("en", "eleven women a day", "day"),
        ("en", "3,000 murders per month", "month"),
        ("en", "paid annually", "year"),
        ("es", "35 mil personas al año", "year"),
        ("es", "once mujeres al día", "day"),
        ("es", "100 homicidios diarios", "day"),
        ("es", "3 mil homicidios mensuales", "month"),
        ("es", "cada año", "year"),
    ],
)
def test_a_rhythm_is_read(language, text, every):
    (only,) = read_dates(text, language, SAID)
    assert (only.form, only.every, only.period) == ("every", every, None)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "half a year later"),
        ("en", "he may march on"),
        ("en", "2000 soldiers, Law 2018 and $2018"),
        ("en", "the second half of the match"),
        ("es", "al año siguiente"),
        ("es", "de 2000 soldados"),
        ("es", "la colonia 20 de"),
    ],
)
def test_what_is_no_date_is_left_alone(language, text):
    assert [d for d in read_dates(text, language, SAID) if d.form != "over"] == []


@pytest.mark.parametrize(
    "text", ["last year", "in January", "in the last five years", "within three years", "on Friday", "17 May"]
)
def test_what_needs_the_day_of_speaking_has_no_period_without_it(text):
    (only,) = read_dates(text, "en", None)
    assert only.period is None and not only.exact


@pytest.mark.parametrize(
    ("line", "language", "day"),
    [
        ("Published 7 August 2016", "en", date(2016, 8, 7)),
        ("Updated: 02 June 2014 09:41", "en", date(2014, 6, 2)),
        ("7 min read. Posted Feb 05, 2024", "en", date(2024, 2, 5)),
        ("Dec. 2, 2019", "en", date(2019, 12, 2)),
        ("2019-03-01T10:00:00Z", "en", date(2019, 3, 1)),
        ("05/02/2025", "en", date(2025, 5, 2)),
        ("25/02/2025", "en", date(2025, 2, 25)),
        ("05/02/2025", "es", date(2025, 2, 5)),
        ("5 de febrero de 2025", "es", date(2025, 2, 5)),
        ("martes 3 de marzo de 2020, 10:15", "es", date(2020, 3, 3)),
        ("3 de marzo del 2020", "es", date(2020, 3, 3)),
        ("March 3, 2020", "es", date(2020, 3, 3)),
        ("31/02/2020", "es", None),
        ("Page 5 of 2019", "en", None),
    ],
)
def test_the_date_line_of_a_page_is_read(line, language, day):
    assert read_day(line, language) == day


@pytest.mark.parametrize(
    "text",
    [
        "2018",
        "2018-05",
        "2018-05-17",
        "2019-01/2019-06",
        "2006/2012",
        "2006/..",
        "../2012",
        "undated",
        "2006-12/..",
    ],
)
def test_a_period_survives_being_written_and_read(text):
    assert str(parse_period(text)) == text


DAYS = st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2100, 12, 31)))


@given(DAYS, DAYS)
def test_any_period_survives_being_written_and_read(a, b):
    if a and b and b < a:
        a, b = b, a
    assert parse_period(str(Period(a, b))) == Period(a, b)


@pytest.mark.parametrize(
    "text", ["", "18", "2018-13", "2018-02-30", "2012/2006", "../..", "2018/2019/2020", "soon", "2018-5"]
)
def test_a_broken_period_is_refused_in_a_sentence(text):
    with pytest.raises(ValueError, match="period"):
        parse_period(text)


def test_periods_contain_overlap_and_know_their_years():
    year, half, since = period_of_year(2019), parse_period("2019-01/2019-06"), parse_period("2006/..")
    assert year.contains(half) and not half.contains(year)
    assert since.contains(year) and not year.contains(since)
    assert year.overlaps(half) and not half.overlaps(period_of_year(2018))
    assert since.years() == (2006, None)


@pytest.mark.timed
@pytest.mark.parametrize(
    "hostile",
    ["2006-" * 20_000, "de enero a " * 9_000, "in the last " * 8_000, "a year " * 14_000, "from 2006 to " * 7_000, "May 5 " * 16_000,
     "los primeros 100 " * 5_000, "the " * 25_000, "under " * 16_000],
    ids=lambda text: text[:12],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_hundred_kilobytes_of_nonsense_take_linear_time(hostile, language):
    read_dates("warm", language, SAID, TERMS)
    begin = time.perf_counter()
    read_dates(hostile[:10_000], language, SAID, TERMS)
    small = time.perf_counter() - begin
    begin = time.perf_counter()
    read_dates(hostile, language, SAID, TERMS)
    assert time.perf_counter() - begin < 0.5 + 25 * small
