"""Numbers as people write them: what is read, in which unit, over which characters."""

from __future__ import annotations

import time

import pytest

from careo.base.numbers import Number, read_numbers

# (language, text, the expression, value, unit)
QUANTITIES = [
    ("en", "more than 33,000 murders", "33,000", 33000, "count"),
    ("en", "33.000 murders", "33.000", 33000, "count"),
    ("en", "33 000 murders", "33 000", 33000, "count"),
    ("en", "33\u202f000 murders", "33\u202f000", 33000, "count"),
    ("en", "33\u00a0341 murders", "33\u00a0341", 33341, "count"),
    ("en", "a total of 1,234,567 people", "1,234,567", 1234567, "count"),
    ("en", "1.5 million people", "1.5 million", 1.5e6, "count"),
    ("en", "1.234 million people", "1.234 million", 1.234e6, "count"),
    ("en", "costing $9.2bn", "$9.2bn", 9.2e9, "USD"),
    ("en", "costing $9.2 bn", "$9.2 bn", 9.2e9, "USD"),
    ("en", "9.2B dollars", "9.2B dollars", 9.2e9, "USD"),
    ("en", "some 5K people", "5K", 5000, "count"),
    ("en", "US$2.9 billion", "US$2.9 billion", 2.9e9, "USD"),
    ("en", "USD 2.9bn", "USD 2.9bn", 2.9e9, "USD"),
    ("en", "2.9 billion dollars", "2.9 billion dollars", 2.9e9, "USD"),
    ("en", "2.9 billion pesos", "2.9 billion pesos", 2.9e9, "MXN"),
    ("en", "$500 million pesos", "$500 million pesos", 5e8, "MXN"),
    ("en", "MX$40 million", "MX$40 million", 4e7, "MXN"),
    ("en", "€3.5m was spent", "€3.5m", 3.5e6, "EUR"),
    ("en", "£5m was spent", "£5m", 5e6, "GBP"),
    ("en", "15% of them", "15%", 0.15, "share"),
    ("en", "15 % of them", "15 %", 0.15, "share"),
    ("en", "15 per cent of them", "15 per cent", 0.15, "share"),
    ("en", "fifteen percent of them", "fifteen percent", 0.15, "share"),
    ("en", "fell by 15 percentage points", "15 percentage points", 0.15, "percentage_points"),
    ("en", "fell by 3 pp", "3 pp", 0.03, "percentage_points"),
    ("en", "one in three women", "one in three", 1 / 3, "share"),
    ("en", "1 in 3 women", "1 in 3", 1 / 3, "share"),
    ("en", "nine out of ten crimes", "nine out of ten", 0.9, "share"),
    ("en", "94 out of every 100 crimes", "94 out of every 100", 0.94, "share"),
    ("en", "two-thirds of them", "two-thirds", 2 / 3, "share"),
    ("en", "three quarters of them", "three quarters", 0.75, "share"),
    ("en", "a third of the victims", "a third", 1 / 3, "share"),
    ("en", "half of the victims", "half", 0.5, "share"),
    ("en", "more than half were women", "half", 0.5, "share"),
    ("en", "3/4 of the victims", "3/4", 0.75, "share"),
    ("en", "killings doubled", "doubled", 2, "factor"),
    ("en", "killings tripled", "tripled", 3, "factor"),
    ("en", "killings were halved", "halved", 0.5, "factor"),
    ("en", "twice as many killings", "twice", 2, "factor"),
    ("en", "three times as many killings", "three times as", 3, "factor"),
    ("en", "a tenfold rise", "tenfold", 10, "factor"),
    ("en", "one person every 15 minutes", "every 15 minutes", 15, "interval_minutes"),
    ("en", "one person every two hours", "every two hours", 120, "interval_minutes"),
    ("en", "29 per 100,000 inhabitants", "29 per 100,000 inhabitants", 29, "rate_per_100k"),
    ("en", "29.3 homicides per 100k", "29.3 homicides per 100k", 29.3, "rate_per_100k"),
    ("en", "290 per million people", "290 per million people", 29, "rate_per_100k"),
    ("en", "the rate per 100,000 people was 29.3", "29.3", 29.3, "rate_per_100k"),
    ("en", "thirty-three thousand five hundred people", "thirty-three thousand five hundred", 33500, "count"),
    ("en", "two hundred and fifty-three people", "two hundred and fifty-three", 253, "count"),
    ("en", "six million two hundred thousand people", "six million two hundred thousand", 6.2e6, "count"),
    ("en", "a million people", "a million", 1e6, "count"),
    ("en", "half a million people", "half a million", 5e5, "count"),
    ("en", "two and a half million people", "two and a half million", 2.5e6, "count"),
    ("en", "a dozen officers", "a dozen", 12, "count"),
    ("en", "2000 soldiers were sent", "2000", 2000, "count"),
    ("en", "a change of -3.5%", "-3.5%", -0.035, "share"),
    ("en", "1½ million people", "1½ million", 1.5e6, "count"),
    ("en", "1,234.56 tonnes", "1,234.56", 1234.56, "count"),
    ("es", "más de 33 mil homicidios", "33 mil", 33000, "count"),
    ("es", "33mil homicidios", "33mil", 33000, "count"),
    ("es", "33.000 homicidios", "33.000", 33000, "count"),
    ("es", "33,341 homicidios", "33,341", 33341, "count"),
    ("es", "33 mil 341 homicidios", "33 mil 341", 33341, "count"),
    ("es", "1,5 millones de personas", "1,5 millones", 1.5e6, "count"),
    ("es", "1.5 millones de personas", "1.5 millones", 1.5e6, "count"),
    ("es", "1'234,567 personas", "1'234,567", 1234567, "count"),
    ("es", "1.234.567,89 pesos", "1.234.567,89 pesos", 1234567.89, "MXN"),
    ("es", "2 mil 500 millones de pesos", "2 mil 500 millones de pesos", 2.5e9, "MXN"),
    ("es", "118 mil 800 millones de pesos", "118 mil 800 millones de pesos", 1.188e11, "MXN"),
    ("es", "mil millones de dólares", "mil millones de dólares", 1e9, "USD"),
    ("es", "3 billones de pesos", "3 billones de pesos", 3e12, "MXN"),
    ("es", "9.2 miles de millones de dólares", "9.2 miles de millones de dólares", 9.2e9, "USD"),
    ("es", "11 mil 500 mdp", "11 mil 500 mdp", 1.15e10, "MXN"),
    ("es", "1,200 MDP", "1,200 MDP", 1.2e9, "MXN"),
    ("es", "2 mmdp", "2 mmdp", 2e9, "MXN"),
    ("es", "30 mdd", "30 mdd", 3e7, "USD"),
    ("es", "15 por ciento", "15 por ciento", 0.15, "share"),
    ("es", "el 0,5 %", "0,5 %", 0.005, "share"),
    ("es", "cien por ciento", "cien por ciento", 1, "share"),
    ("es", "15 puntos porcentuales", "15 puntos porcentuales", 0.15, "percentage_points"),
    ("es", "uno de cada tres", "uno de cada tres", 1 / 3, "share"),
    ("es", "9 de cada 10 delitos", "9 de cada 10", 0.9, "share"),
    ("es", "dos terceras partes", "dos terceras partes", 2 / 3, "share"),
    ("es", "un tercio de las víctimas", "un tercio", 1 / 3, "share"),
    ("es", "la tercera parte de las víctimas", "la tercera parte", 1 / 3, "share"),
    ("es", "la mitad de las víctimas", "la mitad", 0.5, "share"),
    ("es", "se redujo a la mitad", "la mitad", 0.5, "factor"),
    ("es", "se duplicó", "duplicó", 2, "factor"),
    ("es", "se triplicaron", "triplicaron", 3, "factor"),
    ("es", "el doble", "el doble", 2, "factor"),
    ("es", "cinco veces más", "cinco veces más", 5, "factor"),
    ("es", "se multiplicó por cinco", "cinco", 5, "factor"),
    ("es", "cada 15 minutos", "cada 15 minutos", 15, "interval_minutes"),
    ("es", "29 por cada 100 mil habitantes", "29 por cada 100 mil habitantes", 29, "rate_per_100k"),
    ("es", "19,5 homicidios por 100.000 habitantes", "19,5 homicidios por 100.000 habitantes", 19.5, "rate_per_100k"),
    ("es", "tasa por cada 100 mil habitantes de 29", "29", 29, "rate_per_100k"),
    ("es", "treinta y tres mil quinientas personas", "treinta y tres mil quinientas", 33500, "count"),
    ("es", "ciento cincuenta y tres personas", "ciento cincuenta y tres", 153, "count"),
    ("es", "mil cien personas", "mil cien", 1100, "count"),
    ("es", "un millón de personas", "un millón", 1e6, "count"),
    ("es", "un millón y medio de personas", "un millón y medio", 1.5e6, "count"),
    ("es", "medio millón de personas", "medio millón", 5e5, "count"),
    ("es", "media docena de personas", "media docena", 6, "count"),
    ("en", "nine murders out of a hundred are solved", "nine murders out of a hundred", 0.09, "share"),
    ("en", "of every ten crimes, nine go unpunished", "of every ten crimes, nine", 0.9, "share"),
    ("en", "by then a third had left", "a third", 1 / 3, "share"),
    ("es", "de cada diez delitos, nueve quedan impunes", "de cada diez delitos, nueve", 0.9, "share"),
    ("es", "tres de cada cuatro pesos", "tres de cada cuatro", 0.75, "share"),
    ("es", "93 mil 379.4 millones de pesos", "93 mil 379.4 millones de pesos", 9.33794e10, "MXN"),
    ("es", "100 mil 28.5 mdp", "100 mil 28.5 mdp", 1.000285e11, "MXN"),
    ("es", "dos veces y media", "dos veces y media", 2.5, "factor"),
    ("es", "es decir, la cuarta parte.", "la cuarta parte", 0.25, "share"),
    ("es", "25 de 32 estados", "25", 25, "count"),
]  # fmt: skip


def quantities(text: str, language: str) -> list[Number]:
    return [n for n in read_numbers(text, language) if n.role == "quantity"]


@pytest.mark.parametrize(("language", "text", "written", "value", "unit"), QUANTITIES)
def test_a_quantity_is_read_with_its_span_value_and_unit(language, text, written, value, unit):
    first = quantities(text, language)[0]
    assert (text[first.start : first.end], first.unit) == (written, unit)
    assert first.value == pytest.approx(value, rel=1e-12)
    assert first.low == first.high == first.value


RANGES = [
    ("en", "20,000 to 30,000 people", "20,000 to 30,000", 20000, 30000, "count"),
    ("en", "between 20 and 30 million people", "between 20 and 30 million", 2e7, 3e7, "count"),
    ("en", "20–30% of them", "20–30%", 0.2, 0.3, "share"),
    ("en", "20%-30% of them", "20%-30%", 0.2, 0.3, "share"),
    ("en", "$20 to 30 million", "$20 to 30 million", 2e7, 3e7, "USD"),
    ("en", "between $20 and $30 million", "between $20 and $30 million", 2e7, 3e7, "USD"),
    ("en", "10 to 15 per cent", "10 to 15 per cent", 0.1, 0.15, "share"),
    ("en", "ten or twelve people", "ten or twelve", 10, 12, "count"),
    ("en", "between 20 and 25 per 100,000", "between 20 and 25 per 100,000", 20, 25, "rate_per_100k"),
    ("es", "entre 20 y 30 mil personas", "entre 20 y 30 mil", 20000, 30000, "count"),
    ("es", "de 20 a 30 mil personas", "20 a 30 mil", 20000, 30000, "count"),
    ("es", "entre 15 y 20 por ciento", "entre 15 y 20 por ciento", 0.15, 0.2, "share"),
    ("es", "entre 200 y 300 millones de pesos", "entre 200 y 300 millones de pesos", 2e8, 3e8, "MXN"),
    ("en", "60-70,000 people", "60-70,000", 60000, 70000, "count"),
    ("en", "US$1.6 billion to $2 billion", "US$1.6 billion to $2 billion", 1.6e9, 2e9, "USD"),
    ("es", "entre mil 200 y mil 500 millones de pesos", "entre mil 200 y mil 500 millones de pesos", 1.2e9, 1.5e9, "MXN"),
    ("es", "20 mil o 30 mil personas", "20 mil o 30 mil", 20000, 30000, "count"),
    ("es", "6 a 7 de cada 10", "6 a 7 de cada 10", 0.6, 0.7, "share"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "written", "low", "high", "unit"), RANGES)
def test_a_range_is_one_number_with_both_ends(language, text, written, low, high, unit):
    (only,) = quantities(text, language)
    assert (text[only.start : only.end], only.unit) == (written, unit)
    assert (only.low, only.high) == (pytest.approx(low), pytest.approx(high))
    assert only.value == pytest.approx((low + high) / 2)


CHANGES = [
    ("en", "rose from 22,000 to 33,000", [22000, 33000], "count"),
    ("en", "rose from 5 to 10 percent", [0.05, 0.1], "share"),
    ("en", "fell from 30 to 20 million", [3e7, 2e7], "count"),
    ("en", "went from $3 million to 5 million", [3e6, 5e6], "USD"),
    ("en", "fell from 29 to 27 per 100,000", [29, 27], "rate_per_100k"),
    ("en", "27 homicides per 100,000 people, up from 8.1 in 2007", [27, 8.1], "rate_per_100k"),
    ("es", "brincamos de 9.7 a 22.4 por cada cien mil", [9.7, 22.4], "rate_per_100k"),
    ("es", "pasó de 22 mil a 33 mil", [22000, 33000], "count"),
    ("es", "aumentó de 15 a 20 por ciento", [0.15, 0.2], "share"),
    ("es", "la tasa por cada 100 mil habitantes subió de 17 a 29", [17, 29], "rate_per_100k"),
]


@pytest.mark.parametrize(("language", "text", "values", "unit"), CHANGES)
def test_a_change_is_two_numbers_and_not_a_range(language, text, values, unit):
    found = quantities(text, language)
    assert [n.value for n in found] == pytest.approx(values)
    assert {n.unit for n in found} == {unit}


ROLES = [
    ("en", "in 2018", "2018", "year"),
    ("en", "the 2000s", "2000s", "year"),
    ("en", "mid-2018", "2018", "year"),
    ("en", "2018 murders", "2018", "year"),
    ("en", "on 17 May 2018", "17 May 2018", "date"),
    ("en", "on May 17, 2018", "May 17, 2018", "date"),
    ("en", "2018-05-17", "2018-05-17", "date"),
    ("en", "17/05/2018", "17/05/2018", "date"),
    ("en", "at 10:15", "10:15", "time"),
    ("en", "at 5 pm", "5 pm", "time"),
    ("en", "the 43-year-old", "43-year-old", "age"),
    ("en", "aged 25", "25", "age"),
    ("en", "John Smith, 43, said", "43", "age"),
    ("en", "three years", "three years", "duration"),
    ("en", "a 10-year plan", "10-year", "duration"),
    ("en", "a six-month term", "six-month", "duration"),
    ("en", "the 1st", "1st", "ordinal"),
    ("en", "the 21st century", "21st", "ordinal"),
    ("en", "1. First", "1.", "enumerator"),
    ("en", "see (2)", "2)", "enumerator"),
    ("en", "Article 19", "19", "identifier"),
    ("en", "Resolution 2240", "2240", "identifier"),
    ("en", "page 5", "5", "identifier"),
    ("en", "known as El 85", "85", "identifier"),
    ("en", "an F-16", "F-16", "identifier"),
    ("en", "Covid-19", "Covid-19", "identifier"),
    ("en", "9/11", "9/11", "identifier"),
    ("en", "open 24/7", "24/7", "identifier"),
    ("en", "5 min read", "5 min", "identifier"),
    ("en", "#YoSoy132", "#YoSoy132", "identifier"),
    ("en", "call +52 55 1234 5678", "+52 55 1234 5678", "identifier"),
    ("en", "call (55) 1234-5678", "(55) 1234-5678", "identifier"),
    ("en", "https://a.org/2018/05/x", "https://a.org/2018/05/x", "identifier"),
    ("en", "a two-time winner", "two-time", "identifier"),
    ("en", "version 2.0.1", "2.0.1", "identifier"),
    ("en", "tens of thousands of people", "tens of thousands", "vague"),
    ("en", "billions of dollars", "billions", "vague"),
    ("en", "several million people", "several million", "vague"),
    ("en", "a few hundred people", "a few hundred", "vague"),
    ("en", "dozens of people", "dozens", "vague"),
    ("en", "Washington, DC 20515", "20515", "identifier"),
    ("en", "1200 Lakeside Drive", "1200", "identifier"),
    ("en", "a file of 1.2 MB", "1.2", "identifier"),
    ("en", "[No. 112-00]", "112", "identifier"),
    ("en", "at 10.30am", "10.30am", "time"),
    ("en", "1 2 3 4 next page", "1", "enumerator"),
    ("es", "Comunicado 112/2020", "112/2020", "identifier"),
    ("es", "Av. Constituyentes 947, C.P. 01110", "947", "identifier"),
    ("es", "en 2018", "2018", "year"),
    ("es", "los años 90", "90", "year"),
    ("es", "el 5 de mayo de 2018", "5 de mayo de 2018", "date"),
    ("es", "el 1º de diciembre", "1º de diciembre", "date"),
    ("es", "a las 10 de la mañana", "10 de la mañana", "time"),
    ("es", "73 años de edad", "73 años de edad", "age"),
    ("es", "un joven de 19 años", "19 años", "age"),
    ("es", "el diplomático de 73 años, detenido", "73 años", "age"),
    ("es", "un plan de 10 años", "10 años", "duration"),
    ("es", "seis meses", "seis meses", "duration"),
    ("es", "primero", "primero", "ordinal"),
    ("es", "3er informe", "3er", "ordinal"),
    ("es", "artículo 29", "29", "identifier"),
    ("es", "núm. 5", "5", "identifier"),
    ("es", "11-S", "11-S", "identifier"),
    ('es', 'alias "El 85"', "85", "identifier"),
    ("es", "miles de personas", "miles", "vague"),
    ("es", "decenas de miles de personas", "decenas de miles", "vague"),
    ("es", "varios millones de personas", "varios millones", "vague"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "written", "role"), ROLES)
def test_what_is_no_quantity_says_what_it_is(language, text, written, role):
    first = read_numbers(text, language)[0]
    assert (text[first.start : first.end], first.role) == (written, role)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "one of the reasons"),
        ("en", "World War II and Pope John XXIII"),
        ("en", "he may march on"),
        ("es", "una estrategia, uno de los planes y un mando"),
        ("es", "el siglo XXI"),
        ("es", "por ciento"),
    ],
)
def test_articles_pronouns_and_roman_numerals_are_no_numbers(language, text):
    assert read_numbers(text, language) == ()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Articles 19, 21 and 115 of the Constitution"),
        ("es", "los artículos 19, 21 y 115 de la Constitución"),
    ],
)
def test_a_row_of_articles_holds_no_quantity(language, text):
    assert [n.role for n in read_numbers(text, language)] == ["identifier"] * 3


@pytest.mark.parametrize(
    ("text", "digits", "step"),
    [
        ("33,000 people", 2, 1000),
        ("33,341 people", 5, 1),
        ("200,000 people", 1, 100000),
        ("$9.2bn", 2, 1e8),
        ("15%", 2, 0.01),
        ("20%", 2, 0.01),
        ("1.25%", 3, 0.0001),
        ("30 people", 2, 1),
        ("2.50 million", 3, 10000),
        ("33 thousand", 2, 1000),
    ],
)
def test_the_precision_of_the_writer_is_kept(text, digits, step):
    (only,) = quantities(text, "en")
    assert (only.digits, only.step) == (digits, pytest.approx(step))


def test_the_dollar_sign_and_pesos_mean_what_the_caller_says():
    text = "$500 y 300 pesos y US$20"
    assert [n.unit for n in read_numbers(text, "es", dollar="MXN", peso="COP")] == ["MXN", "COP", "USD"]


@pytest.mark.timed
@pytest.mark.parametrize(
    "hostile",
    ["9" * 100_000, "1," * 50_000, "9 " * 50_000, "-1" * 50_000, "1/" * 50_000, "one hundred and " * 6_250, "mil " * 25_000,
     "entre 2 y " * 10_000, "1 000" * 20_000, "(1) " * 25_000, "a@1." * 25_000, "5 per 100,000 " * 7_000, "$ " * 50_000],
    ids=lambda text: text[:16],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_hundred_kilobytes_of_nonsense_take_linear_time(hostile, language):
    read_numbers("warm", language)
    begin = time.process_time()
    read_numbers(hostile[:10_000], language)
    small = time.process_time() - begin
    begin = time.process_time()
    read_numbers(hostile, language)
    large = time.process_time() - begin
    assert large < 0.5 + 25 * small  # ten times the text; a quadratic reader needs a hundred times as long


def test_a_number_nobody_means_is_left_out():
    assert read_numbers("9" * 400, "en") == ()
