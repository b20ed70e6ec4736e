"""Place names in running text: nations, states, municipalities, and what only looks like one."""

from __future__ import annotations

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.panel.places import Places, load_places


@pytest.fixture(scope="module")
def mexico() -> Places:
    return load_places("mexico")


def _codes(places: Places, text: str) -> list[str]:
    return [m.code for m in places.find(text)]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Homicides in Mexico rose.", ["MX"]),
        ("La violencia en México creció en Jalisco.", ["MX", "14"]),
        ("Mexico City is not Mexico State.", ["09", "15"]),
        ("hubo más en el Estado de México que en la Ciudad de México", ["15", "09"]),
        ("Edomex, CDMX y Michoacán", ["15", "09", "16"]),
        ("en Michoacan de Ocampo y Queretaro", ["16", "22"]),
        ("Baja California Sur and Baja California", ["03", "02"]),
        ("New Mexico and the Gulf of Mexico", ["US-NM"]),
        ("homicides in Colombia fell", ["CO"]),
        ("homicidios en Colombia y en Brasil", ["CO", "BR"]),
        ("the US and Mexico", ["US", "MX"]),
        ("give it to us in mexico", ["MX"]),
        ("EE. UU. y Canadá", ["US", "CA"]),
        ("homicidios en jalisco", ["14"]),
        ("MÉXICO: 33 MIL HOMICIDIOS EN GUANAJUATO", ["MX", "11"]),
        ("Monterrey, Nuevo León", ["19039"]),
        ("en Salvatierra, Guanajuato, el domingo", ["11028"]),
        ("Fresnillo (Zacatecas)", ["32010"]),
        ("Ciudad Juárez, Chihuahua", ["08037"]),
        ("Acapulco", ["12001"]),
        ("Tijuana and Cancún", ["02004", "23005"]),
        ("Guanajuato, Mexico", ["11"]),
        ("in Durango", ["10"]),
        ("la ciudad de Puebla", ["21114"]),
        ("el estado de Puebla", ["21"]),
        ("Jalisco, México y Puebla", ["14", "15", "21"]),
    ],
)
def test_a_place_is_found_by_its_code(mexico: Places, text: str, codes: list[str]) -> None:
    assert _codes(mexico, text) == codes


@pytest.mark.parametrize(
    "text",
    [
        "Eduardo Guerrero, an analyst, said",
        "El analista Eduardo Guerrero señaló",
        "Benito Juárez fue presidente",
        "Juárez Hernández no respondió",
        "Miguel Hidalgo y Costilla",
        "según Guadalupe Morelos, vecina",
        "Vicente Guerrero",
        "Guadalupe Victoria",
        "Dr. Hidalgo said",
        "Germán Martínez",
        "Israel Vallarta",
        "the Jalisco New Generation Cartel",
        "el Cártel de Sinaloa y el Cártel de Juárez",
        "La Familia Michoacana",
        "la Iniciativa Mérida",
        "Merida Initiative",
        "México Evalúa presentó un informe",
        "the Gulf of Mexico",
        "el progreso y la paz",
        "con el paso de los años",
        "salsa de chile",
        "according to Reforma",
        "publicó en Reforma que",
        "said to Madera",
        "the centre of the allende square",
    ],
)
def test_people_groups_and_words_are_no_places(mexico: Places, text: str) -> None:
    assert _codes(mexico, text) == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("violence in Guerrero", ["12"]),
        ("el gobernador de Guerrero", ["12"]),
        ("en Michoacán, Guerrero e Hidalgo", ["16", "12", "13"]),
        ("Guerrero, Michoacán and Sinaloa", ["12", "16", "25"]),
        ("the state of Hidalgo", ["13"]),
        ("Morelos state", ["17"]),
        ("en Juárez hubo 1,500", ["08037"]),
        ("in Victoria, Tamaulipas", ["28041"]),
    ],
)
def test_names_that_are_also_surnames_need_a_cue(mexico: Places, text: str, codes: list[str]) -> None:
    assert _codes(mexico, text) == codes


def test_demonyms_are_told_from_places(mexico: Places) -> None:
    found = mexico.find("Colombian gangs and Mexican police in Tamaulipas")
    assert [(m.kind, m.code) for m in found] == [("demonym", "CO"), ("demonym", "MX"), ("state", "28")]


def test_offsets_point_at_the_name_as_written(mexico: Places) -> None:
    text = "Hubo más en el Estado de México, dijo, que en Cancún."
    assert [text[m.start : m.end] for m in mexico.find(text)] == ["Estado de México", "Cancún"]


def test_accents_written_as_separate_characters_change_nothing(mexico: Places) -> None:
    text = unicodedata.normalize("NFD", "En Michoacán y México")
    found = mexico.find(text)
    assert [(m.code, unicodedata.normalize("NFC", text[m.start : m.end])) for m in found] == [
        ("16", "Michoacán"),
        ("MX", "México"),
    ]


def test_all_thirty_two_states_are_found_by_name(mexico: Places) -> None:
    states = mexico.within("MX")
    named = [p for p in states if p.kind == "state"]
    assert len(named) == 32
    for place in named:
        assert _codes(mexico, f"homicides in {place.name}") == [place.code], place.name


def test_every_parent_is_there_and_codes_nest(mexico: Places) -> None:
    for place in mexico.by_code.values():
        if place.kind == "municipality":
            assert place.code.startswith(place.parent) and mexico.by_code[place.parent].kind == "state"
    assert len(mexico.by_code) == 2475 + 32 + 2


def test_a_name_shared_by_many_municipalities_needs_its_state(mexico: Places) -> None:
    assert _codes(mexico, "en Emiliano Zapata") == []
    assert _codes(mexico, "en Emiliano Zapata, Morelos") == ["17008"]


@given(st.text(alphabet=st.sampled_from("México CDMXGuerron, .yen\n'-áé()JuárezUS"), max_size=200))
def test_any_text_gives_ordered_mentions_without_overlap(text: str) -> None:
    found = load_places("mexico").find(text)
    assert all(0 <= m.start < m.end <= len(text) for m in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@pytest.mark.timed
def test_hostile_repetition_takes_linear_time(mexico: Places) -> None:
    for piece in ("in Guerrero, Hidalgo, Morelos and Juárez, ", "México, ", "Guerrero "):
        begun = time.perf_counter()
        mexico.find(piece * (100_000 // len(piece)))
        assert time.perf_counter() - begun < 3
