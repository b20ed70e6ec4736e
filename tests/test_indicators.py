"""Definitions are complete, and the words people use lead to the right concept."""

from __future__ import annotations

import pytest

from careo.panel import load_country
from careo.panel.concepts import load_concepts
from careo.panel.indicators import load_indicators

MEASURES = {
    "deaths", "victims", "case_files", "persons", "persons_planned", "bodies", "graves", "records", "cases",
    "incidents", "complaints", "convictions", "arrests", "rate", "share",
    "money_announced", "money_voted", "money_appropriated", "money_spent", "money_delivered",
}  # fmt: skip


def test_every_indicator_has_a_concept_a_measure_and_a_timing() -> None:
    for indicator in load_indicators("mexico").values():
        assert indicator.measure in MEASURES, indicator.id
        assert indicator.timing and indicator.frequency and indicator.since and indicator.publisher, (
            indicator.id
        )
        assert indicator.measure.startswith("money") == (indicator.kind == "money"), indicator.id
        assert (indicator.unit == "share") == (indicator.kind == "share"), indicator.id


def test_definitions_stand_in_both_languages_and_differ() -> None:
    for indicator in load_indicators("mexico").values():
        for words in (indicator.name, indicator.definition, indicator.breaks, indicator.revisions):
            assert set(words) <= {"en", "es"} and all(words.values())
        assert indicator.name["en"] != indicator.name["es"]
        assert indicator.definition["en"] != indicator.definition["es"]


def test_the_same_concept_gathers_the_counts_a_reader_may_confuse() -> None:
    homicide = {i.id for i in load_country("mexico").by_concept["homicide"]}
    assert {
        "homicide_inegi_registered",
        "homicide_sesnsp_victims",
        "homicide_sesnsp_case_files",
        "homicide_inegi_rate",
        "homicide_cumulative_since_2006",
    } <= homicide
    assert "oc_homicides_press.milenio" not in homicide


def test_damaged_reasons_were_repaired() -> None:
    indicators = load_indicators("mexico")
    assert (
        "3,000 to 4,000"
        in indicators["feminicide_victims"].not_comparable_with["homicide_inegi_registered"]["en"]
    )
    assert "1,280" in indicators["extortion_victims"].not_comparable_with["extortion_survey_crimes"]["es"]
    assert all(not key.strip().isdigit() for i in indicators.values() for key in i.not_comparable_with)


def test_every_concept_has_words_in_both_languages() -> None:
    concepts = load_concepts("mexico")
    counted = {i.concept for i in load_indicators("mexico").values()}
    assert counted <= concepts.by_id.keys()
    for concept in concepts.by_id.values():
        assert concept.terms.get("en") and concept.terms.get("es"), concept.id
        assert set(concept.name) == {"en", "es"}


ENGLISH = [
    ("More than 33,000 people were murdered.", "homicide"),
    ("the country's murder rate", "homicide"),
    ("29,000 case files for intentional homicide", "homicide"),
    ("some 60,000 killed in the drug war", "organised_crime_homicide"),
    ("organized-crime related deaths", "organised_crime_homicide"),
    ("The drug war has left over 200,000 people dead", "organised_crime_homicide"),
    ("nearly 1,000 femicides", "feminicide"),
    ("3,800 women were murdered", "other"),
    ("more than 110,000 missing persons", "disappeared"),
    ("52,000 unidentified bodies", "unidentified_bodies"),
    ("over 3,000 clandestine graves", "graves"),
    ("1,834 kidnappings", "kidnapping"),
    ("five million extortions", "extortion"),
    ("93% of crimes go unreported", "unreported_crime"),
    ("95% of murders go unpunished", "impunity"),
    ("nine journalists were killed", "journalists_killed"),
    ("30 environmental defenders were killed", "defenders_killed"),
    ("complaints against the army", "rights_complaints"),
    ("220,000 inmates", "prison"),
    ("39% of prisoners are awaiting trial", "unsentenced"),
    ("100,000 National Guard troops", "guard"),
    ("50,000 soldiers deployed across the country", "army_deployment"),
    ("119,000 people arrested", "arrests"),
    ("the army's budget", "defence_budget"),
    ("spending on public security", "security_budget"),
    ("$1.3 billion under the Merida Initiative", "us_aid"),
    ("the government's crime prevention program", "prevention_budget"),
    ("107,000 people died of an overdose", "overdose"),
    ("71,000 asylum seekers", "asylum_wait"),
    ("a population of 128 million", "population"),
    ("charged with attempted murder", "other"),
    ("the Covid deaths of 2020", "other"),
]
SPANISH = [
    ("33,341 víctimas de homicidio doloso", "homicide"),
    ("fueron asesinadas 95 personas al día", "homicide"),
    ("se abrieron 28 mil carpetas de investigación por homicidio doloso", "homicide"),
    ("la tasa de homicidios", "homicide"),
    ("60 mil muertos por la guerra contra el narcotráfico", "organised_crime_homicide"),
    ("las ejecuciones del crimen organizado", "organised_crime_homicide"),
    ("casi mil feminicidios", "feminicide"),
    ("3 mil 800 mujeres asesinadas", "other"),
    ("suman 110 mil personas desaparecidas y no localizadas", "disappeared"),
    ("52 mil cuerpos sin identificar", "unidentified_bodies"),
    ("más de 3 mil fosas clandestinas", "graves"),
    ("1,834 secuestros", "kidnapping"),
    ("el cobro de piso", "extortion"),
    ("la cifra negra llegó a 93%", "unreported_crime"),
    ("el 95% de los homicidios queda impune", "impunity"),
    ("nueve periodistas fueron asesinados", "journalists_killed"),
    ("25 personas defensoras de derechos humanos asesinadas", "defenders_killed"),
    ("las quejas contra el Ejército", "rights_complaints"),
    ("220 mil personas privadas de la libertad", "prison"),
    ("39% no tiene sentencia", "unsentenced"),
    ("100 mil elementos de la Guardia Nacional", "guard"),
    ("50 mil militares desplegados", "army_deployment"),
    ("119 mil detenidos", "arrests"),
    ("el presupuesto de la Sedena", "defence_budget"),
    ("el gasto en seguridad pública", "security_budget"),
    ("la Iniciativa Mérida", "us_aid"),
    ("el Programa Nacional de Prevención del Delito", "prevention_budget"),
    ("murieron 107 mil personas por sobredosis", "overdose"),
    ("71 mil solicitantes de asilo", "asylum_wait"),
    ("una población de 128 millones", "population"),
    ("por homicidio culposo", "other"),
]


@pytest.mark.parametrize(
    ("text", "concept", "language"),
    [(t, c, "en") for t, c in ENGLISH] + [(t, c, "es") for t, c in SPANISH],
)
def test_words_lead_to_their_concept(text: str, concept: str, language: str) -> None:
    found = load_concepts("mexico").find(text, language)
    assert found and {name for m in found if not m.weak for name in m.names} == {concept}, found


def test_the_longer_phrase_wins_and_accents_do_not_matter() -> None:
    concepts = load_concepts("mexico")
    (found,) = concepts.find("victimas de homicidio doloso", "es")
    assert found.term == "victima* de homicidio* doloso*"
    assert [m.names for m in concepts.find("murdered journalists", "en")] == [("journalists_killed",)]


def test_a_weak_word_counts_only_where_nothing_else_does() -> None:
    concepts = load_concepts("mexico")
    (alone,) = concepts.find("more than 60,000 deaths in five years", "en")
    assert alone.weak and alone.names == ("homicide",)
    (overdose,) = concepts.find("overdose deaths", "en")
    assert not overdose.weak and overdose.names == ("overdose",)


def test_a_phrase_does_not_reach_over_the_end_of_a_sentence() -> None:
    found = load_concepts("mexico").find("The drug war has left scars. People are dead", "en")
    assert all("organised_crime_homicide" not in m.names for m in found)


@pytest.mark.parametrize(
    ("text", "measure", "language"),
    [
        ("prosecutors opened 2,000 case files", "case_files", "en"),
        ("25 per 100,000 inhabitants", "rate", "en"),
        ("29 por cada 100 mil habitantes", "rate", "es"),
        ("se iniciaron 28 mil carpetas de investigación", "case_files", "es"),
        ("certificados de defunción", "deaths", "es"),
        ("cifras preliminares", "preliminary", "es"),
        ("the government will invest", "money_announced", "en"),
        ("el monto ejercido", "money_spent", "es"),
    ],
)
def test_words_say_what_one_unit_of_a_count_is(text: str, measure: str, language: str) -> None:
    found = load_concepts("mexico").find_measures(text, language)
    assert measure in {name for m in found for name in m.names}
