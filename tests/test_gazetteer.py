"""Names and codes of official tables → official codes; what is ambiguous is listed, never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.panel.gazetteer import locate_places
from careo.panel.places import load_places


def code_of(name: str, level: str = "state") -> str:
    return locate_places([(None, name)], level=level).codes["", name]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("México", "15"),
        ("Mexico", "15"),
        ("Estado de México", "15"),
        ("MEXICO", "15"),
        ("Michoacán de Ocampo", "16"),
        ("MichoacÃ¡n de Ocampo", "16"),
        ("michoacan", "16"),
        ("Veracruz de Ignacio de la Llave", "30"),
        ("Coahuila de Zaragoza", "05"),
        ("DISTRITO FEDERAL", "09"),
        ("Ciudad de México", "09"),
        ("NUEVO LEON", "19"),
        ("San  Luis Potosí ", "24"),
        ("Querétaro", "22"),
        ("Baja California", "02"),
        ("Baja California Sur", "03"),
        ("Nacional", "MX"),
        ("Estados Unidos Mexicanos", "MX"),
    ],
)
def test_a_state_is_told_by_any_spelling_of_its_name(name: str, code: str) -> None:
    assert code_of(name) == code


@pytest.mark.parametrize("code", load_places().states)
def test_every_state_is_told_by_its_own_name_in_any_case(code: str) -> None:
    name = load_places().by_code[code].name
    assert code_of(name) == code_of(name.upper()) == code_of(name.lower()) == code


def test_a_name_that_no_place_bears_is_listed_and_fails_the_check() -> None:
    found = locate_places([(None, "Narnia")], level="state")
    assert found.codes["", "Narnia"] == ""
    assert [(o.code, o.grave) for o in found.oddities] == [("names_unknown", True)]
    assert "Narnia" in found.oddities[0].words["places"]


def test_a_name_of_several_municipalities_is_not_guessed() -> None:
    found = locate_places([(None, "Juárez"), ("08037", "Juárez")], level="municipality")
    assert found.codes["", "Juárez"] == ""
    assert found.codes["08037", "Juárez"] == "08037", "with its code there is nothing to guess"
    assert [o.code for o in found.oddities] == ["names_ambiguous"]


def test_a_code_that_contradicts_its_name_fails_the_check() -> None:
    found = locate_places([("05", "Chiapas"), ("07", "Chiapas")], level="state")
    assert [(o.code, o.grave) for o in found.oddities] == [("places_contradicting", True)]
    assert "05 Chiapas" in found.oddities[0].words["places"]


def test_codes_for_not_specified_are_told_from_unknown_ones() -> None:
    written = [("99", "No especificado"), ("33", ""), ("11999", "No especificado"), ("77", "Atlantis")]
    found = locate_places(written, level="state")
    words = {o.code: o.words["places"] for o in found.oddities}
    assert "77 Atlantis" in words["places_unknown"]
    assert "99" in words["places_unspecified"] and "77" not in words["places_unspecified"]


def test_the_nation_is_told_by_zeros() -> None:
    assert locate_places([("00", "Nacional")], level="state").codes["00", "Nacional"] == "MX"


@given(st.lists(st.tuples(st.none() | st.text(max_size=6), st.none() | st.text(max_size=12)), max_size=8))
def test_no_text_of_a_table_breaks_it(written: list[tuple[str | None, str | None]]) -> None:
    found = locate_places(written, level="state")
    known = {*load_places().by_code, ""}
    assert set(found.codes.values()) <= known
