"""Statements: what a page says, who says it, how firmly, by when."""

from __future__ import annotations

import time
from datetime import date

import pytest

import careo
from careo.record.statements import Statement


def _page(text: str, *, published: str = "2019-03-01") -> tuple[Statement, ...]:
    head = f"A title for the page\n\nPublished {date.fromisoformat(published):%-d %B %Y}\n\n"
    return careo.statements(careo.read((head + text).encode()))


def _pagina(text: str, *, day: str = "1 de marzo de 2019") -> tuple[Statement, ...]:
    head = f"Un título para la página\n\n{day}\n\nLa secretaría informó de esto a los medios en la capital del país.\n\n"
    return careo.statements(careo.read((head + text).encode()))


def _kinds(statements: tuple[Statement, ...], kind: str) -> list[Statement]:
    return [s for s in statements if s.kind == kind]


@pytest.mark.parametrize(
    ("text", "value", "unit", "hedge"),
    [
        (
            "The war has left more than 200,000 dead in the country, officials said.",
            200_000,
            "persons",
            "at least",
        ),
        ("Officials counted some 1,100 mass graves in the country last year.", 1_100, "graves", "about"),
        (
            "Prosecutors opened as many as 29,000 case files for homicide, the report said.",
            29_000,
            "case files",
            "at most",
        ),
        ("The government says that 70% of the effort is preventive.", 0.70, "share", "none"),
        ("One in three women in the country reported violence, the survey said.", 1 / 3, "share", "none"),
        ("The plan will cost $9.2bn over the coming years, the ministry said.", 9.2e9, "USD", "none"),
        (
            "There may have been possibly 40 attacks on the press, the group said.",
            40,
            "incidents",
            "possible",
        ),
    ],
)
def test_a_figure_has_value_unit_and_hedge(text: str, value: float, unit: str, hedge: str) -> None:
    (figure,) = _kinds(_page(text), "figure")
    assert figure.quantity is not None
    assert (figure.quantity.value, figure.quantity.unit, figure.hedge) == (pytest.approx(value), unit, hedge)


@pytest.mark.parametrize(
    ("text", "value", "unit", "hedge"),
    [
        (
            "La guerra ha dejado más de 200 mil muertos en el país, dijo el funcionario.",
            200_000,
            "persons",
            "at least",
        ),
        (
            "Se abrieron casi 29 mil carpetas de investigación por homicidio, según la fiscalía.",
            29_000,
            "case files",
            "about",
        ),
        ("El programa costará 2 mil 500 millones de pesos, dijo la secretaria.", 2.5e9, "MXN", "none"),
        (
            "La violencia aumentó 15 puntos porcentuales, según la encuesta.",
            0.15,
            "percentage_points",
            "none",
        ),
        ("Hasta 30 periodistas fueron asesinados, denunció la organización.", 30, "persons", "at most"),
    ],
)
def test_a_spanish_figure_has_value_unit_and_hedge(text: str, value: float, unit: str, hedge: str) -> None:
    (figure,) = _kinds(_pagina(text), "figure")
    assert figure.quantity is not None
    assert (figure.quantity.value, figure.quantity.unit, figure.hedge) == (pytest.approx(value), unit, hedge)


@pytest.mark.parametrize(
    "text",
    [
        "The two presidents met for three hours on 5 May 2018 in room 21 of the palace.",
        "The 43-year-old minister spoke of a 10-year plan with eight key components.",
        "Tens of thousands of people marched under Article 29 of the constitution.",
    ],
)
def test_dates_ages_durations_and_vague_numbers_are_no_figures(text: str) -> None:
    assert _kinds(_page(text), "figure") == []


def test_each_figure_keeps_the_year_of_its_own_clause() -> None:
    figures = _kinds(_page("Murders rose from 31,174 in 2017 to 33,341 in 2018, the agency said."), "figure")
    assert [str(f.period) for f in figures] == ["2017", "2018"]


def test_since_leaves_the_period_open_at_its_end() -> None:
    (figure,) = _kinds(
        _page("More than 80,000 persons went missing since 2006, the register says."), "figure"
    )
    assert str(figure.period) == "2006/.."


def test_a_change_names_the_period_it_is_measured_against() -> None:
    (figure,) = _kinds(_page("Murders in 2018 were up by 15% from 2017, the agency said."), "figure")
    assert figure.quantity is not None
    assert (figure.quantity.change, str(figure.period), str(figure.quantity.against)) == (
        "up",
        "2018",
        "2017",
    )


def test_a_hedge_carries_over_a_list_but_not_over_a_new_phrase() -> None:
    figures = _kinds(
        _page("The war left more than 210,000 dead, 41,000 disappeared, and the army lost 500 soldiers."),
        "figure",
    )
    assert [f.hedge for f in figures] == ["at least", "at least", "none"]


def test_a_pledge_has_actor_hedge_and_deadline() -> None:
    pledges = _kinds(
        _page(
            "“We will withdraw the army from the streets by 2024,” said Olga Sanchez, the interior minister."
        ),
        "pledge",
    )
    assert [(p.actor, p.deadline) for p in pledges] == [("Olga Sanchez", "by 2024")]
    assert str(pledges[0].due).endswith("2024") or "2024" in str(pledges[0].due)


def test_a_condition_is_kept_as_written() -> None:
    (pledge,) = _kinds(
        _page("The government will keep the soldiers deployed as long as the crisis of violence persists."),
        "pledge",
    )
    assert pledge.condition == "as long as the crisis of violence persists"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("El presidente prometió que el Ejército regresará a los cuarteles en 2024.", "pledge"),
        ("Vamos a crear una fiscalía especializada, aseguró la candidata.", "pledge"),
        ("El gobierno se compromete a publicar los contratos en tiempo real.", "pledge"),
        ("Los legisladores exigieron al gobierno que investigue las desapariciones.", "request"),
        ("La organización pidió fortalecer el mecanismo de protección.", "request"),
        ("La Corte debe revisar la ley, dijo el colectivo.", "request"),
        ("La militarización provocó más violencia en el norte del país.", "causal_claim"),
        ("El senador rechazó la estrategia de abrazos.", "position"),
    ],
)
def test_spanish_acts_are_told_apart(text: str, kind: str) -> None:
    assert kind in {s.kind for s in _pagina(text)}


@pytest.mark.parametrize(
    "text",
    [
        "The president did not promise to withdraw the army.",
        "This article will be updated when more is known about the case.",
        "It remains to be seen whether the government will keep its word.",
        "There is a strong demand for drugs in the north.",
        "The weather in the capital was fine on Monday and on Tuesday.",
    ],
)
def test_what_pledges_or_asks_nothing_is_not_listed(text: str) -> None:
    assert [s for s in _page(text) if s.kind in ("pledge", "request")] == []


def test_the_items_of_a_plan_are_pledges_and_those_of_a_complaint_are_not() -> None:
    plan = "The new security plan has three measures:\n\n• Creating a national guard for the states\n• Paying reparations to the victims\n"
    concern = "The letter lists three concerns:\n\n• Killings of journalists in the states\n• Violence against women\n"
    assert len(_kinds(_page(plan), "pledge")) == 2
    assert _kinds(_page(concern), "pledge") == []


def test_the_items_of_a_list_of_demands_are_requests() -> None:
    text = "The families presented their demands:\n\n• Publish the list of the missing in every state\n• Identify the bodies\n"
    assert len(_kinds(_page(text), "request")) == 2


def test_a_plan_in_one_sentence_is_split_into_its_members_with_their_own_hedges() -> None:
    text = "The government's plan includes granting amnesty to farmers, ending raids, and possibly regulating poppy."
    assert [p.hedge for p in _kinds(_page(text), "pledge")] == ["none", "none", "possible"]


def test_a_pull_quote_and_a_teaser_are_no_second_statement() -> None:
    body = "The government will create a new police force of 20,000 members, the minister said on Monday in the capital."
    page = f"{body}\n\nThe government will create a new police force of 20,000 members\n\n[Exclusive: 40 agents leave the agency]\n\nThe plan was presented on Monday before the congress of the country."
    figures = _kinds(_page(page), "figure")
    assert [f.quantity.value for f in figures if f.quantity] == [20_000]


def test_spans_are_exact() -> None:
    document = careo.read(
        "Título\n\nEn 2018 hubo más de 33 mil homicidios, ñandú, informó la secretaría.".encode()
    )
    for statement in careo.statements(document):
        assert document.text[statement.start : statement.end] == statement.quote


def test_a_sentence_that_never_ends_is_cut_at_a_space() -> None:
    document = careo.read(("The ministry counted " + "5,000 homes and " * 400 + "no more.").encode())
    statements = _kinds(careo.statements(document), "figure")
    assert len(statements) == 400
    assert all(document.text[s.start : s.end] == s.quote for s in statements)
    assert max(s.sentence[1] - s.sentence[0] for s in statements) <= 1_500


@pytest.mark.timed
@pytest.mark.parametrize("bit", ["9 ", "$9 ", "will ", "mil ", "word ", "a", ".", "“a", "9,"])
def test_the_cost_of_a_hostile_page_grows_with_its_length(bit: str) -> None:
    def cost(characters: int) -> float:
        document = careo.read(("El gobierno dijo que " + bit * (characters // len(bit))).encode())
        begin = time.process_time()
        careo.statements(document)
        return time.process_time() - begin

    cost(200)  # what is compiled once is not counted
    short, long = cost(4_000), cost(16_000)
    assert long < 0.3 or long < 9 * short, (short, long)  # the square would be sixteen times
