"""What pages that nobody had seen showed: one general rule a test, in words of no page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import careo
from careo.record.statements import Statement
from careo.sources.documents import locate
from careo.sources.lines import unhyphenated


def _pagina(text: str, day: str = "1 de marzo de 2023") -> tuple[Statement, ...]:
    head = f"Un título para la página\n\n{day}\n\nLa dependencia habló de esto con los medios en la capital del país.\n\n"
    return careo.statements(careo.read((head + text).encode()))


def _page(text: str, day: str = "1 March 2023") -> tuple[Statement, ...]:
    return careo.statements(careo.read(f"A title for the page\n\nPublished {day}\n\n{text}".encode()))


def _figures(statements: tuple[Statement, ...]) -> dict[float, Statement]:
    return {s.quantity.value: s for s in statements if s.quantity}


def _verdicts(statements: tuple[Statement, ...]) -> dict[float, str]:
    return {
        f.statement.quantity.value: f.verdict
        for f in careo.check_figures(statements)
        if f.kind == "figure" or f.kind == "comparison"
        if f.statement is not None and f.statement.quantity is not None
    }


# --- reading ----------------------------------------------------------------------------------------------------------------


def test_words_cut_at_the_end_of_a_line_are_whole() -> None:
    text = "hubo vícti-\nmas de post-\nconflicto y un millo-\nnes.\nEl post-conflicto si-\ngue"
    whole, runs = unhyphenated(text)
    assert whole == "hubo víctimas\nde post-conflicto\ny un millones.\nEl post-conflicto sigue"
    assert runs[0] == (0, 0) and all(whole[new] == text[old] or whole[new] == "\n" for new, old in runs)
    assert unhyphenated("el índice 2015-\n2019 y la zona Norte-\nSur") == (
        "el índice 2015-\n2019 y la zona Norte-\nSur",
        (),
    )


def test_figures_of_a_page_in_narrow_columns_are_read_and_found_again(tmp_path: Path) -> None:
    page = tmp_path / "columna.txt"
    page.write_text(
        "Informe del instituto\n\n3 de octubre de 2019\n\nEn el año 2017 se registraron 28,866 vícti-\nmas de homicidio doloso y el pro-\n"
        "grama de prevención tuvo 300 millo-\nnes de pesos en 2018, según las ci-\nfras que el instituto publicó ayer.\n"
    )
    document = careo.read(page)
    figures = _figures(careo.statements(document))
    assert figures[28_866].period is not None and str(figures[28_866].period) == "2017"
    assert figures[28_866].concept == "homicide"
    money = figures[3e8].quantity
    assert money is not None and money.unit == "MXN"
    first, last = locate(document, figures[3e8].start, figures[3e8].end)
    assert document.original[first:last].startswith("300 millo-\nnes")


@pytest.mark.parametrize(
    ("opening", "day"),
    [
        ("LAKE CITY, July 26, 2023 (Wire) -- Homicides fell", date(2023, 7, 26)),
        ("LA CAPITAL, 26 de julio de 2023 (Agencia).- Los homicidios bajaron", date(2023, 7, 26)),
        ("Puerto Viejo, Jal., 3 de mayo de 2021.- Los homicidios bajaron", date(2021, 5, 3)),
        ("On July 26, 2023, the president - who was away - said that homicides fell", None),
    ],
)
def test_a_wire_dates_its_page_with_its_first_words(opening: str, day: date | None) -> None:
    english = opening[0] in "LO" and "fell" in opening
    rest = (
        " last year, the institute said in a statement."
        if english
        else " el año pasado, dijo el instituto en un comunicado."
    )
    assert careo.read((opening + rest + "\n\n" + rest.strip().capitalize()).encode()).published == day


# --- of when, and against when ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "against", "period"),
    [
        (
            "There were 33,742 murder victims in 2018 and 30,979 in 2022, an 8.2 percent drop.",
            0.082,
            "2018",
            "2022",
        ),
        ("Kidnappings more than halved, from 1,560 victims in 2018 to 724 in 2022.", 0.5, "2018", "2022"),
        (
            "Murders fell from 34,000 victims in 2019 to 31,000 in 2022, a 30 percent drop.",
            0.3,
            "2019",
            "2022",
        ),
    ],
)
def test_a_change_is_between_the_two_levels_beside_it(
    text: str, value: float, against: str, period: str
) -> None:
    change = next(s for s in _page(text) if s.quantity and s.quantity.change)
    assert change.quantity is not None and change.quantity.value == pytest.approx(value)
    assert (str(change.quantity.against), str(change.period)) == (against, period)


def test_levels_of_other_things_do_not_explain_a_change() -> None:
    text = (
        "There were 1,000 kidnappings in 2019. In 2021 there were 820 murders, and robberies fell 18 percent."
    )
    change = next(s for s in _page(text) if s.quantity and s.quantity.change)
    assert change.quantity is not None and change.quantity.against is None


def test_a_true_change_over_several_years_is_consistent() -> None:
    text = (
        "En secuestro pasamos de mil 629 víctimas en 2019 a 816 en 2021, es decir, una baja de 50 por ciento."
    )
    assert _verdicts(_pagina(text, "21 de julio de 2025"))[0.5] == "consistent"


@pytest.mark.parametrize(
    ("text", "years"),
    [
        (
            "El partido sostiene que en 2018 recibió un país con 36 mil 685 homicidios y que cerró 2022 con 32 mil 223.",
            ["2018", "2022"],
        ),
        (
            "La tasa de homicidios bajó de 27 a 23.8 por cada 100 mil habitantes entre 2020 y 2022.",
            ["2020", "2022"],
        ),
        ("El instituto informó hoy que 60 mil personas fueron asesinadas entre 2010 y 2012.", ["2010/2012"]),
        (
            "Durante 2021 hubo 33 mil 308 homicidios. En el primer semestre de 2021 fueron 16 mil.\n\nEn total murieron 33 mil víctimas.",
            ["2021", "2021-01/2021-06", "2021"],
        ),
        ("Hubo 60 mil homicidios con Calderón.", ["2006-12-01/2012-11-30"]),
    ],
)
def test_a_figure_is_of_the_year_that_is_told_for_it(text: str, years: list[str]) -> None:
    found = [s for s in _pagina(text) if s.quantity]
    told = [str(s.period) for s in found]
    assert told == years or told == [y.replace("2006-12-01/2012-11-30", "2006-12/2012-11") for y in years]


def test_company_is_no_time() -> None:
    (figure,) = [
        s for s in _pagina("El gobernador se reunió con Calderón y lamentó 60 homicidios.") if s.quantity
    ]
    assert str(figure.period) == "2023"


# --- what is counted -------------------------------------------------------------------------------------------------------


def test_all_women_killed_are_not_the_victims_of_feminicide() -> None:
    statements = _pagina(
        "El feminicidio aumentó; van 3 mil mujeres asesinadas al año.", "21 de enero de 2022"
    )
    assert _verdicts(statements)[3000] == "unverifiable"
    kept = _page(
        "Not counted among them are 765 women killed in what the law calls feminicide.", "3 June 2019"
    )
    assert _figures(kept)[765].concept == "feminicide"


def test_both_ends_of_a_pair_count_the_same() -> None:
    text = "En 2009 hubo 19 mil 803 homicidios. La corporación pasó de 6 mil a 34 mil 500 elementos en 2010."
    assert _figures(_pagina(text))[6000].concept == ""


def test_deaths_are_those_spoken_of_before() -> None:
    text = "There were 15,273 deaths linked to organized crime in 2010. In 2009 there were 9,614 deaths."
    assert _figures(_page(text, "13 January 2011"))[9614].concept == "organised_crime_homicide"


def test_a_place_of_the_next_clause_is_another_figures() -> None:
    text = (
        "En 2009 ocurrieron en el país 19 mil 803 homicidios, mientras que en Colombia la tasa supera los 35."
    )
    assert _figures(_pagina(text))[19_803].place == "MX"


def test_the_share_of_a_part_nobody_named_confirms_nothing() -> None:
    statements = _page("The deputy claimed 98.3 percent impunity for homicide in 2016.", "8 March 2018")
    assert not _verdicts(statements)[0.983].startswith("consistent")


def test_a_share_of_them_is_of_what_was_counted() -> None:
    statements = _page("In 2020 more than 90,000 people died of overdoses; opioids killed about 64% of them.")
    assert _verdicts(statements)[0.64] == "unverifiable"


def test_what_an_increase_is_measured_against_is_no_floor() -> None:
    figures = _figures(
        _page("In 2010 there were 15,273 deaths, a 59 percent increase over the 9,614 of 2009.")
    )
    assert figures[9614].hedge == "none"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("¿Y Zacatecas? Ahí hubo mil 625 homicidios en 2021.", "32"),
        ("En 2020 hubo en Guanajuato 4 mil 490 homicidios. El año siguiente fueron mil 625.", "11"),
        ("En 2020 hubo en Guanajuato 4 mil 490 homicidios. En todo el país hubo mil 625 secuestros.", "MX"),
    ],
)
def test_the_place_goes_on_where_what_is_counted_does(text: str, place: str) -> None:
    assert _figures(_pagina(text))[1625].place == place


def test_the_place_of_a_wire_is_where_it_was_written() -> None:
    text = "MEXICO CITY, July 26, 2023 (Wire) -- Homicides fell to 32,223 in 2022. That is a rate of 25 per 100,000."
    assert _figures(careo.statements(careo.read(text.encode())))[25].place == "MX"


def test_the_year_compared_with_is_not_the_one_spoken_of() -> None:
    text = "Homicides totaled 33,308 last year, compared with 34,554 in 2020. Extortion climbed to 9,408 victims."
    assert str(_figures(_page(text, "12 January 2022"))[9408].period) == "2021"


# --- verdicts that refute only with cause ----------------------------------------------------------------------------------


def test_an_edition_of_years_later_does_not_refute_by_a_revision() -> None:
    text = "En 2019 hubo mil 614 víctimas de secuestro en el país."
    (finding,) = careo.check_figures(_pagina(text, "20 de enero de 2020"))
    assert finding.verdict == "unverifiable" and "1,629" in finding.because
    (wrong,) = careo.check_figures(_pagina(text.replace("614", "214"), "20 de enero de 2020"))
    assert wrong.verdict == "inconsistent"


def test_a_total_that_ends_before_the_claim_does_not_refute_a_larger_one() -> None:
    text = "Desde diciembre de 2006 ha habido alrededor de {} homicidios relacionados con la delincuencia organizada."
    (finding,) = careo.check_figures(_pagina(text.format("28 mil"), "12 de agosto de 2010"))
    assert finding.verdict == "unverifiable" and "19,278" in finding.because
    (wrong,) = careo.check_figures(_pagina(text.format("280 mil"), "12 de agosto de 2010"))
    assert wrong.verdict == "inconsistent"


def test_a_change_under_somebody_is_not_that_of_the_last_two_years() -> None:
    statements = _page("Under Calderón homicides tripled.", "12 January 2022")
    (finding,) = careo.check_figures(statements)
    assert finding.verdict == "unverifiable" and "last two years" not in finding.because


# --- who, by when, and whether at all ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (
            "SECRETARIA ANA RUIZ: En 2021 hubo 33 mil 308 homicidios.\n\nPREGUNTA: ¿Y los secuestros?\n\nSECRETARIA ANA RUIZ: Hubo 816 secuestros.",
            {33_308: "SECRETARIA ANA RUIZ", 816: "SECRETARIA ANA RUIZ"},
        ),
        (
            "Mr. ELLISTON. In 2021 there were 33,308 murders.\n\nMs. TORREN. And how many kidnappings?\n\nMr. ELLISTON. There were 816 kidnappings.",
            {33_308: "Mr. ELLISTON", 816: "Mr. ELLISTON"},
        ),
        (
            "NOTA: En 2021 hubo 33 mil 308 homicidios.\n\nFUENTE: Los registros de 816 fiscalías.",
            {33_308: ""},
        ),
    ],
)
def test_in_a_transcript_whoever_has_the_turn_says_it(text: str, who: dict[float, str]) -> None:
    figures = _figures(_page(text) if text.startswith("Mr.") else _pagina(text))
    assert {value: figures[value].actor for value in who} == who


def test_a_title_before_a_name_is_not_the_speaker() -> None:
    text = (
        "El secretario de Seguridad Pública, Genaro Robles Luna, señaló que en 2009 hubo 19 mil homicidios."
    )
    assert _figures(_pagina(text))[19_000].actor == "Genaro Robles Luna"


@pytest.mark.parametrize(
    ("text", "deadline", "due"),
    [
        (
            "A más tardar en diciembre de 2024 tendremos 130 mil guardias, prometió el secretario.",
            "A más tardar en diciembre de 2024",
            "2024",
        ),
        ("En diciembre del 2023 llegaremos a 130 mil guardias.", "En diciembre del 2023", "2023-12"),
        (
            "Antes de que termine mi gobierno vamos a construir 500 cuarteles.",
            "Antes de que termine mi gobierno",
            "2024-09",
        ),
    ],
)
def test_a_deadline_before_the_verb_counts(text: str, deadline: str, due: str) -> None:
    pledge = next(s for s in _pagina(text) if s.kind == "pledge")
    assert pledge.deadline.startswith(deadline)
    assert str(pledge.due).removeprefix("../").startswith(due)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("The president had promised to cut murders by half within three years.", "None"),
        (
            "On 1 December 2018 the president promised to cut murders within three years.",
            "2018-12-01/2021-12-01",
        ),
        ("The president promised to cut murders within three years.", "2023-03-01/2026-03-01"),
    ],
)
def test_an_old_horizon_does_not_run_from_today(text: str, due: str) -> None:
    pledge = next(s for s in _page(text) if s.kind == "pledge")
    assert (pledge.deadline, str(pledge.due)) == ("within three years", due)


def test_a_refusal_is_never_quoted_as_the_opposite() -> None:
    pledge = next(
        s
        for s in _pagina("No aceptaremos que las Fuerzas Armadas sigan en las calles.")
        if s.kind == "pledge"
    )
    assert pledge.quote.startswith("No aceptaremos")


def test_a_general_causes_nothing() -> None:
    assert not [
        s for s in _pagina("El general Ortiz informó que hay 113 mil guardias.") if s.kind == "causal_claim"
    ]
