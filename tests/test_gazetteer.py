"""Names and codes of official tables → official codes; what is ambiguous is listed, never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.errors import DataError
from careo.panel.gazetteer import Located, locate_places
from careo.panel.imports import import_file
from careo.panel.places import load_places
from careo.sources import store
from official_files import case_file, categories


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


def graves(found: Located) -> dict[str, bool]:
    return {oddity.code: oddity.grave for oddity in found.oddities}


def told(found: Located) -> dict[str, str]:
    return {oddity.code: oddity.words.get("places", "") for oddity in found.oddities}


def test_a_name_that_no_place_bears_is_listed_and_fails_the_check() -> None:
    found = locate_places([(None, "Narnia"), (None, "Sonora")], level="state")
    assert found.codes["", "Narnia"] == ""
    assert graves(found) == {"names_matched": False, "names_unknown": True}
    assert told(found)["names_unknown"] == "Narnia"


def test_a_name_of_several_municipalities_is_not_guessed() -> None:
    found = locate_places([(None, "Juárez"), ("08037", "Juárez")], level="municipality")
    assert found.codes["", "Juárez"] == "" and {"08037", "09015"} & found.unsure == {"08037"}
    assert found.codes["08037", "Juárez"] == "08037", "with its code there is nothing to guess"
    assert [o.code for o in found.oddities] == ["names_ambiguous"]


@pytest.mark.parametrize(
    ("code", "name", "level"),
    [
        ("05", "Chiapas", "state"),
        ("05", "No especificado", "state"),
        ("00", "Sonora", "state"),
        ("11001", "Celaya", "municipality"),
        ("09009", "Ciudad de México", "municipality"),  # the state, and no municipality of it
    ],
)
def test_of_a_code_and_a_name_that_contradict_each_other_neither_is_believed(
    code: str, name: str, level: str
) -> None:
    found = locate_places([(code, name), ("07", "Chiapas")], level=level)
    assert found.codes[code, name] == ""
    assert graves(found) == {"places_contradicting": True}
    assert told(found)["places_contradicting"] == f"{code} {name}"
    assert not found.totals, "its rows count somewhere"
    assert (code in found.unsure or code == "00") and len(found.unsure) == 2


@pytest.mark.parametrize(
    ("code", "name", "level"),
    [
        ("05", "Coahuila de Zaragoza", "state"),
        ("00", "México", "state"),
        ("01001", "Aguascalientes", "municipality"),  # bears the name of its state
        ("20209", "San Juan Mixtepec", "municipality"),  # two of the state do
        ("24013", "Villa de Nunca Jamás", "municipality"),  # an older name
        ("11001", "Tijuana", "municipality"),  # which only another state has
        ("11001", "", "municipality"),
    ],
)
def test_a_name_that_may_be_meant_contradicts_nothing(code: str, name: str, level: str) -> None:
    found = locate_places([(code, name)], level=level)
    assert found.codes[code, name] == ("MX" if code == "00" else code) and not found.oddities


def shifted(count: int, by: int) -> list[tuple[str, str]]:
    """The municipalities of Guanajuato, names of the first `count` moved on by so many rows."""
    codes = sorted(code for code in load_places().by_code if code.startswith("11") and len(code) == 5)
    names = [load_places().by_code[code].name for code in codes]
    moved = [names[(row + by) % count] if row < count else name for row, name in enumerate(names)]
    return list(zip(codes, moved, strict=True))


def test_names_shifted_against_their_codes_are_refused() -> None:
    assert not locate_places(shifted(46, 0), level="municipality").oddities
    with pytest.raises(DataError) as error:
        locate_places(shifted(46, 1), level="municipality", where="idm.csv")
    assert error.value.key == "places_mismatch"
    for words in ("idm.csv", "46 of 46", "11001 Acámbaro", "nothing was imported"):
        assert words in str(error.value)
    assert "no se importó nada" in error.value.render("es")


def test_a_few_contradictions_are_named_and_not_refused() -> None:
    found = locate_places(shifted(4, 1), level="municipality")
    assert graves(found) == {"places_contradicting": True}
    assert list(found.codes.values()).count("") == 4
    with pytest.raises(DataError):
        locate_places(shifted(5, 1), level="municipality")
    assert locate_places([("05", "Chiapas"), ("07", "Coahuila")], level="state").oddities, "two may be a slip"


def test_a_code_outside_the_list_is_told_by_its_name() -> None:
    states = [(f"MX{code}", load_places().by_code[code].name) for code in load_places().states]
    found = locate_places(states, level="state")
    assert all(found.codes[pair] == pair[0][2:] for pair in states)
    assert graves(found) == {"places_renumbered": False}
    local = [
        ("20913", "San Ildefonso Villa Alta"),
        ("T-1", "Tijuana"),
        ("77001", "Juárez"),
        ("X", "Chihuahua"),
    ]
    local += [("02001", "Ensenada")] * 2
    codes = locate_places(local, level="municipality").codes
    assert list(codes.values()) == ["20156", "02004", "", "", "02001"], "what several bear is not guessed"


def test_no_place_stands_under_two_codes() -> None:
    written = [("11047", "Abasolo"), ("11001", "Abasolo"), ("11002", "Acámbaro")]
    found = locate_places(written, level="municipality")
    assert found.codes["11047", "Abasolo"] == "" and found.codes["11001", "Abasolo"] == "11001"
    assert told(found) == {"places_unknown": "11047 Abasolo"}
    twice = [("11047", "Abasolo"), ("11048", "ABASOLO"), *written[2:], ("11003", "")]
    assert list(locate_places(twice, level="municipality").codes.values()) == ["", "", "11002", "11003"]
    once = [("11047", "Abasolo"), ("11047", "ABASOLO"), ("11002", "")]
    assert list(locate_places(once, level="municipality").codes.values()) == ["11001", "11001", "11002"]


@pytest.mark.parametrize("level", ["state", "municipality"])
@pytest.mark.parametrize("code", [None, "7", "ZZ"])
def test_a_table_of_other_places_is_refused(level: str, code: str | None) -> None:
    written = [(code and f"{code}{n}0{n}", f"Comarca {n}") for n in range(3)]
    known = [("01", ""), ("02", ""), ("03", "")]
    with pytest.raises(DataError) as error:
        locate_places([*written, *known[:2]], level=level, where="a.csv")
    assert error.value.key == "places_none"
    for words in ("a.csv", "3 of its 5", "Comarca 2"):
        assert words in str(error.value)
    assert locate_places([*written, *known], level=level).oddities, "half of them may be new"


def test_rows_not_specified_are_no_unknown_places() -> None:
    written = [
        ("01001", ""),
        *((f"{n:02}999", "No especificado") for n in range(1, 33)),
        ("34", "Extranjero"),
    ]
    found = locate_places(written, level="municipality")
    assert graves(found) == {"places_unspecified": False}


@pytest.mark.parametrize(
    ("code", "name"),
    [("11000", "Guanajuato"), ("11000", ""), ("000", "Total"), ("00000", ""), ("11011", "Total"), ("11", "TOTAL"), (None, "Nacional"), ("99", "Total general")],
)  # fmt: skip
def test_totals_are_no_places_of_a_table_of_municipalities(code: str | None, name: str) -> None:
    found = locate_places([(code, name), ("11011", "Cortazar")], level="municipality")
    assert found.codes[code or "", name] == "" and found.codes["11011", "Cortazar"] == "11011"
    assert found.totals == {(code or "", name)}
    assert graves(found) == {"total_rows": False}
    assert told(found)["total_rows"] == f"{code or ''} {name}".strip()


def test_the_nation_keeps_its_own_row_and_a_total_under_the_code_of_a_state_does_not_count() -> None:
    own = [("00", "Nacional"), ("000", "Total"), ("MX", "Total"), (None, "Estados Unidos Mexicanos")]
    found = locate_places([*own, ("11", "Total"), ("11", "Guanajuato")], level="state")
    assert list(found.codes.values()) == ["MX"] * 4 + ["", "11"]
    assert found.totals == {("11", "Total")}


def test_codes_for_not_specified_are_told_from_unknown_ones() -> None:
    written = [
        ("99", "No especificado"),
        ("33", ""),
        ("11999", "No especificado"),
        ("77", "Atlantis"),
        ("01", ""),
    ]
    found = locate_places(written, level="state")
    words = {o.code: o.words["places"] for o in found.oddities}
    assert "77 Atlantis" in words["places_unknown"]
    assert "99" in words["places_unspecified"] and "77" not in words["places_unspecified"]


def test_the_nation_is_told_by_zeros() -> None:
    assert locate_places([("00", "Nacional")], level="state").codes["00", "Nacional"] == "MX"


@given(st.lists(st.tuples(st.none() | st.text(max_size=6), st.none() | st.text(max_size=12)), max_size=8))
def test_no_text_of_a_table_breaks_it(written: list[tuple[str | None, str | None]]) -> None:
    try:
        found = locate_places(written, level="state")
    except DataError as error:
        assert error.key in ("places_none", "places_mismatch")
        return
    known = {*load_places().by_code, ""}
    assert set(found.codes.values()) <= known


def test_nothing_is_imported_of_a_file_whose_places_are_mixed_up(tmp_path: Path) -> None:
    path = case_file(tmp_path / "cases.csv", years=[2030], named=categories()[:1])
    head, *rows = [line.split(",") for line in path.read_text("cp1252").splitlines()]
    names = [row[2] for row in rows]
    moved = [[*row[:2], name, *row[3:]] for row, name in zip(rows, names[1:] + names[:1], strict=True)]
    path.write_text("\n".join(",".join(row) for row in (head, *moved)), "cp1252")
    with pytest.raises(DataError, match="32 of 32"):
        import_file(path)
    other = [[row[0], str(50 + int(row[1])), "Comarca", *row[3:]] for row in rows]
    path.write_text("\n".join(",".join(row) for row in (head, *other)), "cp1252")
    with pytest.raises(DataError, match="32 of its 32"):
        import_file(path)
    assert not store.snapshots()
