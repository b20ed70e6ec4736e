"""Privacy at the door: who is a person, what may be kept of them, and the key."""

from __future__ import annotations

import re
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from careo.base.errors import CareoError
from careo.sources.persons import Door, installation_key

DOOR = Door(b"k" * 32, "mexico")
REFERENCE = re.compile(r"P-[0-9a-f]{16}")


@pytest.mark.parametrize(
    "id",
    [
        "GOPA800101AB1",
        "gopa800101ab1",
        "GOPA-800101-AB1",
        "GOPA 800101 AB1",
        "MX-RFC-GOPA800101AB1",
        "MX-RFC-GOPA-800101-AB1",
        "RFCGOPA800101AB1",
        " GOPA800101AB1 ",
        "ÑOPA800101AB1",
        "GOPA991399AB1",  # no date, but no company's name beside it
        "GOPA800101HDFRRN09",  # CURP
        "mx-curp-GOPA800101HDFRRN09",
    ],
)
def test_a_persons_id_becomes_a_reference(id):
    reference, name = DOOR.party(id, "Ana Gómez Pérez")
    assert REFERENCE.fullmatch(reference)
    assert name is UNSET


def test_a_person_is_the_same_however_the_id_is_written():
    written = ("GOPA800101AB1", "gopa-800101-ab1", "MX-RFC-GOPA800101AB1", "GOPA 800101 AB1")
    assert len({DOOR.party(id, name)[0] for id in written for name in ("", "Ana Gómez", "ANA GOMEZ")}) == 1
    assert DOOR.party("GOPA800101AB2", "")[0] != DOOR.party("GOPA800101AB1", "")[0]


def test_another_installation_has_other_references():
    assert Door(b"l" * 32, "mexico").party("GOPA800101AB1")[0] != DOOR.party("GOPA800101AB1")[0]


@pytest.mark.parametrize(
    ("id", "kept"),
    [
        ("ABC010101AB1", "ABC010101AB1"),
        ("MX-RFC-ABC010101AB1", "ABC010101AB1"),
        ("abc-010101-ab1", "ABC010101AB1"),
        ("MXRFCABC010101AB1", "ABC010101AB1"),
        ("Ñ&C010101AB1", "Ñ&C010101AB1"),
    ],
)
def test_a_companys_id_stays_and_so_does_its_name(id, kept):
    assert DOOR.party(id, "Juguetes  del\tNorte") == (kept, "Juguetes del Norte")


def test_what_is_a_reference_already_passes():
    assert DOOR.party("P-7815fa53311d", "(persona fisica)") == ("P-7815fa53311d", UNSET)
    assert REFERENCE.fullmatch(DOOR.party("P-Ana", "Ana Gómez")[0])


@pytest.mark.parametrize(
    "name",
    [
        "JUGUETES DEL NORTE, S.A. DE C.V.",
        "Juguetes del Norte SA de CV",
        "JUGUETES S DE RL DE CV",
        "Juguetes, S.A.P.I. de C.V.",
        "JUGUETES SAS",
        "DESPACHO GOMEZ, S.C.",
        "AYUDA A LOS NIÑOS A.C.",
        "UNIVERSIDAD NACIONAL AUTÓNOMA DE MÉXICO",
        "SECRETARÍA DE MARINA",
        "SIEMENS GMBH",
    ],
)
def test_a_name_with_the_form_of_a_company_is_kept_without_a_tax_id(name):
    reference, kept = DOOR.party("", name)
    assert kept == name
    assert not reference.startswith("P-")
    assert DOOR.party("SUP-17", name) == ("SUP-17", name)


@pytest.mark.parametrize(
    "name", ["Ana Gómez Pérez", "GOMEZ PEREZ ANA", "Comercializadora Ana", "José Sáenz de Acosta"]
)
def test_any_other_name_is_a_persons(name):
    reference, kept = DOOR.party("", name)
    assert REFERENCE.fullmatch(reference)
    assert kept is UNSET
    assert REFERENCE.fullmatch(DOOR.party("17", name)[0])
    assert DOOR.party("17", name)[1] is UNSET


def test_ids_that_everybody_has_do_not_make_one_supplier_of_many():
    one, other = DOOR.party("XEXX010101000", "Siemens GmbH"), DOOR.party("XEXX010101000", "Bayer GmbH")
    assert one != other
    assert one[1] == "Siemens GmbH"
    assert DOOR.party("XAXX010101000", "Ana Gómez")[0] != DOOR.party("XAXX010101000", "Eva Gómez")[0]


@pytest.mark.parametrize(
    ("id", "name"), [("ana@example.org", ""), ("17", "ana@example.org SA DE CV"), ("Ana Gómez", "")]
)
def test_an_e_mail_or_a_name_is_never_kept_for_an_id_or_a_name(id, name):
    assert "ana" not in repr(DOOR.party(id, name)).lower()


def test_an_opaque_id_stays():
    assert DOOR.party("SUP-0017") == ("SUP-0017", UNSET)


def test_codes_that_may_name_a_person_are_hidden_and_stay_the_same():
    assert DOOR.code("LA-50-GYR-050GYR988-N-16-2025") == "LA-50-GYR-050GYR988-N-16-2025"
    assert DOOR.code(17) == DOOR.code(17.0) == DOOR.code("17") == "17"
    hidden = DOOR.code("contract-GOPA800101AB1-1")
    assert re.fullmatch(r"H-[0-9a-f]{16}", hidden)
    assert hidden == DOOR.code("contract-GOPA800101AB1-1") != DOOR.code("contract-GOPA800101AB1-2")
    assert DOOR.code(None) == ""


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_said_gives_a_reference_that_stays(id, name):
    reference, kept = DOOR.party(id, name)
    assert bool(reference) == bool(id.strip() or name.strip())
    assert "@" not in reference
    assert (reference, kept) == Door(b"k" * 32, "mexico").party(id, name)


@given(st.from_regex(r"[A-ZÑ&]{4}[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9])[A-Z0-9]{3}", fullmatch=True))
def test_no_persons_id_ever_passes(id):
    for said in (id, id.lower(), f"MX-RFC-{id}", f"{id[:4]}-{id[4:10]}-{id[10:]}"):
        assert REFERENCE.fullmatch(DOOR.party(said, "Empresa SA de CV")[0]) or id in (
            "XAXX010101000",
            "XEXX010101000",
        )


def test_another_country_tells_persons_in_its_own_way():
    toyland = Door(b"k" * 32, "toyland")
    assert REFERENCE.fullmatch(toyland.party("P123456789", "Teddy")[0])
    assert toyland.party("C123456789", "Teddy") == ("C123456789", "Teddy")


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path):
    key = installation_key(tmp_path / "state")
    assert len(key) == 32
    assert installation_key(tmp_path / "state") == key != installation_key(tmp_path / "other")
    assert stat.S_IMODE((tmp_path / "state" / "key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["key"]


@pytest.mark.parametrize(
    ("mode", "size", "words"), [(0o640, 32, "others"), (0o604, 32, "others"), (0o600, 31, "32 bytes")]
)
def test_a_key_that_others_can_read_or_that_is_none_is_refused(tmp_path, mode, size, words):
    (tmp_path / "key").write_bytes(b"k" * size)
    (tmp_path / "key").chmod(mode)
    with pytest.raises(CareoError, match=words) as caught:
        installation_key(tmp_path)
    assert "key" in caught.value.render("en")
    assert "clave" in caught.value.render("es")


def test_a_link_is_no_key(tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"k" * 32)
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CareoError, match="32 bytes"):
        installation_key(tmp_path)


def test_a_key_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CareoError, match="cannot be read or made"):
        installation_key(tmp_path / "file" / "state")
