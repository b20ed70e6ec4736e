"""Boundaries that a user hands over: told by code or name, never forced; broken ones say what is wrong; neighbours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.errors import InputError
from careo.panel.places import Place, load_places, shipped_neighbours
from careo.sources import boundaries, geojson
from careo.sources.boundaries import Boundaries, neighbours, read_boundaries

SHARED = Path(__file__).parents[1] / ".." / "shared"
MAPS = SHARED / "data" / "boundaries"
realdata = pytest.mark.realdata
has_maps = pytest.mark.skipif(not MAPS.is_dir(), reason="../shared is not beside the project")
PLACES = tuple(load_places("mexico").by_code.values())


def _square(x: float, y: float, side: float = 1.0) -> list[list[list[float]]]:
    return [[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]]


def _feature(properties: Mapping[str, Any], x: float, y: float = 20.0, **more: Any) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": _square(x, y)}
    return {"type": "Feature", "properties": dict(properties), "geometry": geometry} | more


def _read(folder: Path, document: object, places: Sequence[Place] = PLACES, **more: Any) -> Boundaries:
    path = folder / "map.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return read_boundaries(path, places, **more)


def _collection(*features: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


# ── telling the place ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([{"CVEGEO": "01"}, {"CVEGEO": "08"}], ["01", "08"]),
        ([{"cve_ent": 1}, {"cve_ent": 8}], ["01", "08"]),
        ([{"Cve_Ent": "1.0"}, {"Cve_Ent": "8.0"}], ["01", "08"]),
        ([{"cvegeo": "01001"}, {"cvegeo": "1002"}], ["01001", "01002"]),
        ([{"CVE_ENT": "01", "CVE_MUN": "001"}, {"CVE_ENT": "01", "CVE_MUN": "002"}], ["01001", "01002"]),
        ([{"ent": 1, "mun": 1}, {"ent": 11, "mun": 1}], ["01001", "11001"]),
        ([{"state_code": 1}, {"state_code": 32}], ["01", "32"]),
        ([{"estado": "01", "municipio": "01002"}, {"estado": "01", "municipio": 3}], ["01002", "01003"]),
        ([{"NOM_ENT": "Michoacán de Ocampo"}, {"NOM_ENT": "JALISCO"}], ["14", "16"]),
        ([{"name": "Querétaro"}, {"name": "queretaro de arteaga"}, {"name": "Puebla"}], ["21", "22"]),
        (
            [{"NOM_ENT": "Aguascalientes", "NOM_MUN": "Asientos"}, {"NOM_ENT": "Colima", "NOM_MUN": "Colima"}],
            ["01002", "06002"],
        ),
        ([{"clave": "01", "OBJECTID": 9}, {"clave": "02", "OBJECTID": 8}], ["01", "02"]),
        # every municipality numbered from 1: the number in its state is no state
        ([{"CVE_ENT": 6, "CVE_MUN": n} for n in range(1, 11)], [f"06{n:03}" for n in range(1, 11)]),
    ],
)  # fmt: skip
def test_codes_are_found_under_many_headings(
    tmp_path: Path, rows: Sequence[Mapping[str, Any]], codes: Sequence[str]
) -> None:
    read = _read(tmp_path, _collection(*(_feature(row, -100 + i) for i, row in enumerate(rows))))
    assert list(read.areas) == codes
    assert not [o for o in read.oddities if o.refused]


def test_the_municipality_of_guerrero_is_not_the_state(tmp_path: Path) -> None:
    rows = [{"NOM_ENT": "Coahuila", "NOM_MUN": "Guerrero"}, {"NOM_ENT": "Chihuahua", "NOM_MUN": "Guerrero"}]
    read = _read(tmp_path, _collection(*(_feature(row, -100 + i) for i, row in enumerate(rows))))
    assert list(read.areas) == ["05012", "08031"]


def test_a_feature_may_bear_its_code_as_its_id(tmp_path: Path) -> None:
    features = [
        _feature({"name": "Colima"}, -103, id="06"),
        _feature({"name": "Jalisco"}, -102, id="14"),
    ]
    assert list(_read(tmp_path, _collection(*features)).areas) == ["06", "14"]


def test_names_as_tables_write_them_are_known_when_handed_over(tmp_path: Path) -> None:
    document = _collection(_feature({"NOM_ENT": "México"}, -99), _feature({"NOM_ENT": "Puebla"}, -98))
    read = _read(tmp_path, document, also={"México": "15"})
    assert list(read.areas) == ["15", "21"]
    without = _read(tmp_path, document)
    assert list(without.areas) == ["21"], "the nation's name is no state's"
    assert [(o.code, o.words["places"], o.refused) for o in without.oddities] == [
        ("boundary_unknown", "México", True)
    ]


def test_unknown_codes_are_named_and_not_forced(tmp_path: Path) -> None:
    features = [_feature({"CVEGEO": c, "NOMGEO": n}, -100 + i) for i, (c, n) in enumerate(
        [("01001", "Aguascalientes"), ("01002", "Asientos"), ("01099", "Nueva Villa")])]  # fmt: skip
    read = _read(tmp_path, _collection(*features))
    assert list(read.areas) == ["01001", "01002"]
    (oddity,) = read.oddities
    assert oddity.code == "boundary_unknown" and oddity.words == {"count": "1", "places": "01099 Nueva Villa"}


def test_a_place_in_several_features_is_one_place(tmp_path: Path) -> None:
    features = [
        _feature({"CVEGEO": "23"}, -87),
        _feature({"CVEGEO": "23"}, -85),
        _feature({"CVEGEO": "31"}, -89),
    ]
    read = _read(tmp_path, _collection(*features))
    assert len(read.areas["23"]) == 2
    assert [o.code for o in read.oddities] == ["boundary_several"]


def test_features_without_an_area_are_reported(tmp_path: Path) -> None:
    point = {
        "type": "Feature",
        "properties": {"CVEGEO": "02"},
        "geometry": {"type": "Point", "coordinates": [1, 2]},
    }
    none = {"type": "Feature", "properties": {"CVEGEO": "03"}, "geometry": None}
    read = _read(tmp_path, _collection(_feature({"CVEGEO": "01"}, -102), point, none))
    assert list(read.areas) == ["01"]
    assert read.oddities[0].words == {"count": "2", "places": "02, 03"}


def test_a_running_number_that_looks_like_codes_is_not_believed(tmp_path: Path) -> None:
    names = ["Yucatán", "Puebla", "Jalisco"]
    rows = [{"code": i, "name": name} for i, name in enumerate(names, 1)]
    read = _read(tmp_path, _collection(*(_feature(row, -100 + i) for i, row in enumerate(rows))))
    assert list(read.areas) == ["14", "21", "31"], "the names tell"
    assert read.told_by == "name"


def test_another_country_is_not_drawn_as_this_one(tmp_path: Path) -> None:
    rows = [{"STATE_CODE": "01", "NAME": "Alabama"}, {"STATE_CODE": "02", "NAME": "Alaska"}]
    with pytest.raises(InputError, match="01 is Aguascalientes in the record and Alabama here") as caught:
        _read(tmp_path, _collection(*(_feature(row, -100 + i) for i, row in enumerate(rows))))
    assert "STATE_CODE" in str(caught.value)


def test_one_county_called_hidalgo_makes_no_map_of_mexico(tmp_path: Path) -> None:
    rows = [{"NAME": name} for name in ("Hidalgo", "Travis", "Harris", "Bexar")]
    with pytest.raises(InputError, match=r"NAME \(1 / 4\)"):
        _read(tmp_path, _collection(*(_feature(row, -100 + i) for i, row in enumerate(rows))))


def test_toyland_is_read_by_the_same_code(tmp_path: Path) -> None:
    toys = tuple(load_places("toyland").by_code.values())
    read = _read(tmp_path, _collection(_feature({"code": "T1"}, 0), _feature({"code": "T2"}, 1)), toys)
    assert read.names == {"T1": "Tinwhistle", "T2": "Marblemere"} and read.parents["T1"] == "TY"


# ── TopoJSON ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _topology(**more: Any) -> dict[str, Any]:
    """Two squares side by side with a border they share, drawn with whole steps of a tenth of a degree."""
    return {
        "type": "Topology",
        "transform": {"scale": [0.1, 0.1], "translate": [-100, 20]},
        "arcs": [
            [[10, 0], [0, 10]],  # the border they share, upwards
            [[10, 10], [-10, 0], [0, -10], [10, 0]],  # the rest of the left one
            [[10, 0], [10, 0], [0, 10], [-10, 0]],  # the rest of the right one
        ],
        "objects": {
            "coast": {"type": "LineString", "arcs": [1], "properties": {"name": "Puebla"}},
            "states": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[0, 1]], "properties": {"CVE_ENT": "21"}},
                    {"type": "MultiPolygon", "arcs": [[[2, -1]]], "properties": {"CVE_ENT": "30"}},
                ],
            },
        },
    } | more


def test_topojson_is_put_together_from_the_object_that_tells_the_places(tmp_path: Path) -> None:
    read = _read(tmp_path, _topology())
    assert list(read.areas) == ["21", "30"] and read.unit == "degrees"
    ((ring,),) = read.areas["30"]
    assert ring[0] == ring[-1] and len(ring) == 5
    assert {(round(x, 9), round(y, 9)) for x, y in ring} == {(-99, 20), (-99, 21), (-98, 20), (-98, 21)}
    assert neighbours(read) == {"21": ("30",), "30": ("21",)}


def test_topojson_without_transform_gives_coordinates_as_they_are(tmp_path: Path) -> None:
    plain = _topology(
        arcs=[
            [[-99, 20], [-99, 21]],
            [[-99, 21], [-100, 21], [-100, 20], [-99, 20]],
            [[-99, 20], [-98, 20], [-98, 21], [-99, 21]],
        ]
    )
    del plain["transform"]
    assert _read(tmp_path, plain).areas["21"][0][0] == (
        (-99, 20),
        (-99, 21),
        (-100, 21),
        (-100, 20),
        (-99, 20),
    )


# ── what is broken says so ───────────────────────────────────────────────────────────────────────────────────────


def _with_ring(*points: object) -> dict[str, Any]:
    feature = _feature({"CVEGEO": "09"}, -99)
    feature["geometry"]["coordinates"] = [list(points)]
    return _collection(feature)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", "not readable as GeoJSON or TopoJSON.*line 1, column 2"),
        ("CVEGEO,x\n01,2\n", "not readable as GeoJSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[1]", "neither a GeoJSON FeatureCollection"),
        ({"type": "Style"}, "neither a GeoJSON FeatureCollection.*Style"),
        (_collection(), "none of its properties tells"),
        (_collection(_feature({"GID": "abc", "pop": 7}, 1)), "none of its properties tells.*GID, pop"),
        (_with_ring([1, 2], ["x", 3], [4, 5], [1, 2]), r"09: these are not coordinates.*\['x', 3\]"),
        (_with_ring([1, 2], [True, 3], [4, 5], [1, 2]), "not coordinates"),
        (_with_ring([1, 2], [3], [4, 5], [1, 2]), r"not coordinates.*\[3\]"),
        (_with_ring([1, 2], None, [4, 5], [1, 2]), "not coordinates"),
        (_with_ring([1, 2], [10**400, 3], [4, 5], [1, 2]), "not (readable|coordinates)"),
        (json.dumps(_with_ring([1, 2], [7, 3], [4, 5], [1, 2])).replace("7", "1e999"), "not coordinates"),
        (json.dumps(_with_ring([1, 2], [7, 3], [4, 5], [1, 2])).replace("7", "NaN"), "not readable.*NaN"),
        (_with_ring(*[[y, x] for x, y in [(-99, 19), (-98, 19), (-98, 20), (-99, 19)]]), "latitude first"),
        (_with_ring([1, 2], [3, 4]), "no areas of known places"),
        (_topology(arcs=[]), "arc 0, which is not in the file"),
        (_topology(transform={"scale": ["a", 1]}), "transform: these are not coordinates"),
        (_topology(transform=7), "transform: these are not coordinates"),
        (_topology(arcs=[[["x", 1]]]), "arcs: these are not coordinates"),
        (_topology(objects={}), "none of its properties tells"),
    ],
)
def test_a_broken_file_says_what_is_wrong(tmp_path: Path, document: object, words: str) -> None:
    with pytest.raises(InputError) as caught:
        _read(tmp_path, document)
    assert re.search(words, str(caught.value), re.DOTALL), str(caught.value)
    assert caught.value.render("es") != caught.value.render("en")


def test_a_collection_in_a_collection_without_end_is_refused(tmp_path: Path) -> None:
    geometry = '{"type":"GeometryCollection","geometries":[' * 900 + "]}" * 900
    text = (
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"CVEGEO":"09"},"geometry":'
        + geometry
    )
    with pytest.raises(InputError, match=r"nested too deeply|no areas"):
        _read(tmp_path, text + "}]}")


def test_too_large_a_file_or_too_many_points_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = _collection(_feature({"CVEGEO": "09"}, -99))
    monkeypatch.setattr(boundaries, "MOST_POINTS", 4)
    with pytest.raises(InputError, match="too large"):
        _read(tmp_path, document)
    monkeypatch.setattr(geojson, "LARGEST", 10)
    with pytest.raises(InputError, match="too large"):
        _read(tmp_path, document)


@pytest.mark.slow
def test_a_long_arc_named_many_times_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geojson, "MOST_POINTS", 10_000)
    bomb = _topology(arcs=[[[n, n % 2] for n in range(2_000)]])
    bomb["objects"]["states"]["geometries"][0]["arcs"] = [[0] * 50] * 1_000_000
    with pytest.raises(InputError, match="too large"):
        _read(tmp_path, bomb)


def test_a_missing_file_and_a_folder_are_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_boundaries(tmp_path / "none.geojson", PLACES)
    with pytest.raises(InputError, match="folder"):
        read_boundaries(tmp_path, PLACES)


def test_a_file_in_latin_1_or_with_a_mark_is_read(tmp_path: Path) -> None:
    text = json.dumps(_collection(_feature({"NOM_ENT": "Michoacán"}, -102)), ensure_ascii=False)
    for data in (text.encode("latin-1"), b"\xef\xbb\xbf" + text.encode()):
        (tmp_path / "m.geojson").write_bytes(data)
        assert list(read_boundaries(tmp_path / "m.geojson", PLACES).areas) == ["16"]


def test_projected_coordinates_are_told_from_degrees(tmp_path: Path) -> None:
    feature = _feature({"CVEGEO": "09"}, 2_800_000, 830_000)
    assert _read(tmp_path, _collection(feature)).unit == "metres"


# ── neighbours ───────────────────────────────────────────────────────────────────────────────────────────────────


def _chequer(columns: int, rows: int, shift: float = 0.0) -> dict[str, Any]:
    """States as squares of one degree, with half-way points on one side only when shifted a little."""
    features: list[dict[str, Any]] = []
    for index in range(columns * rows):
        x, y = -100.0 + index % columns, 20.0 + index // columns
        corners = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]]
        if shift:
            corners.insert(2, [x + 1 + shift, y + 0.37])
        feature = _feature({"CVEGEO": f"{index + 1:02}"}, x, y)
        feature["geometry"]["coordinates"] = [[*corners, corners[0]]]
        features.append(feature)
    return _collection(*features)


@pytest.mark.parametrize("shift", [0.0, 0.0003])
def test_neighbours_share_a_side_and_not_a_corner(tmp_path: Path, shift: float) -> None:
    found = neighbours(_read(tmp_path, _chequer(3, 3, shift)))
    assert found["05"] == ("02", "04", "06", "08")
    assert found["01"] == ("02", "04")


def test_the_minimally_different_world_has_one_pair_less(tmp_path: Path) -> None:
    document = _chequer(3, 1)
    apart = json.loads(json.dumps(document))
    for point in apart["features"][2]["geometry"]["coordinates"][0]:
        point[0] += 0.05
    assert neighbours(_read(tmp_path, document))["02"] == ("01", "03")
    assert neighbours(_read(tmp_path, apart)) == {"01": ("02",), "02": ("01",), "03": ()}


@given(st.integers(2, 5), st.integers(1, 4), st.sampled_from([0.0, 0.0004]))
def test_neighbours_are_mutual_and_nobody_is_their_own(columns: int, rows: int, shift: float) -> None:
    document = _chequer(columns, rows, shift)
    areas = {
        f["properties"]["CVEGEO"]: (
            tuple(tuple((x, y) for x, y in ring) for ring in f["geometry"]["coordinates"]),
        )
        for f in document["features"]
    }
    found = neighbours(Boundaries(areas, {}, {}, "degrees", "CVEGEO"))
    assert all(code in found[other] and code != other for code in found for other in found[code])
    assert sum(map(len, found.values())) // 2 == rows * (columns - 1) + columns * (rows - 1)


def test_an_outline_of_absurd_length_takes_no_longer() -> None:
    far = 9e7
    rings = tuple(((-far, float(n)), (far, float(n)), (far, n + 0.5), (-far, float(n))) for n in range(300))
    found = neighbours(Boundaries({"a": (rings,), "b": ((((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)),),)}, {}, {}, "metres", ""))  # fmt: skip
    assert set(found) == {"a", "b"}


def test_only_what_lies_in_a_state_can_be_taken_out(tmp_path: Path) -> None:
    features = [_feature({"CVEGEO": c}, -100 + i) for i, c in enumerate(("01001", "01002", "11001"))]
    read = _read(tmp_path, _collection(*features))
    assert list(read.within("01").areas) == ["01001", "01002"]
    assert list(read.within("01", "11").areas) == list(read.areas)


@pytest.mark.parametrize("country", ["mexico", "toyland"])
def test_the_shipped_neighbours_are_mutual_and_all_states_are_there(country: str) -> None:
    found = shipped_neighbours(country)
    assert set(found) == set(load_places(country).states)
    assert all(code in found[other] and code != other for code in found for other in found[code])
    assert all(list(others) == sorted(set(others)) for others in found.values())


def test_a_country_without_a_list_has_no_neighbours(tmp_path: Path) -> None:
    (tmp_path / "country.yaml").write_text("code: XX\n", encoding="utf-8")
    assert shipped_neighbours(str(tmp_path)) == {}


# ── the real files ───────────────────────────────────────────────────────────────────────────────────────────────


@realdata
@has_maps
def test_the_real_states_and_their_borders_are_the_shipped_ones() -> None:
    read = read_boundaries(MAPS / "states.topojson", PLACES)
    assert len(read.areas) == 32 and read.told_by == "CVEGEO" and read.oddities == ()
    assert neighbours(read) == shipped_neighbours("mexico")


@realdata
@has_maps
def test_the_real_hexagons_are_told_by_their_state_code() -> None:
    read = read_boundaries(MAPS / "states_hexgrid.topojson", PLACES)
    assert len(read.areas) == 32 and read.told_by == "state_code"


@realdata
@has_maps
def test_the_real_municipalities_and_their_neighbours() -> None:
    read = read_boundaries(MAPS / "municipalities_2020.geojson", PLACES)
    assert len(read.areas) == 2469 and read.unit == "degrees" and read.oddities == ()
    found = neighbours(read)
    assert 6_900 < sum(map(len, found.values())) // 2 < 7_100
    assert all(found.values()), "no municipality is an island without a neighbour"
    between = {(a[:2], b[:2]) for a in found for b in found[a] if a[:2] < b[:2]}
    shipped = shipped_neighbours("mexico")
    assert between == {(a, b) for a, b in combinations(sorted(shipped), 2) if b in shipped[a]}
    # Benito Juárez among the boroughs of Mexico City
    assert found["09014"] == ("09003", "09006", "09007", "09010", "09015", "09016")


# ── whatever comes ───────────────────────────────────────────────────────────────────────────────────────────────

_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["Polygon", "CVEGEO", "01", ""]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["type", "features", "geometry", "properties", "coordinates", "arcs", "objects", "transform", "scale"]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.data())
def test_any_json_is_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A good file with one value of it replaced by anything: boundaries or an InputError, never a traceback."""
    document = data.draw(st.sampled_from([_topology(), _collection(_feature({"CVEGEO": "09"}, -99))]))
    document = json.loads(json.dumps(document))
    holder: Any = document
    while True:
        place = data.draw(
            st.sampled_from(list(holder) if isinstance(holder, dict) else list(range(len(holder))))
        )
        if not holder[place] or not isinstance(holder[place], dict | list) or data.draw(st.booleans()):
            break
        holder = holder[place]
    holder[place] = data.draw(_JUNK)
    try:
        read = _read(tmp_path_factory.getbasetemp(), document)
    except InputError as error:
        assert error.render("es")
    else:
        neighbours(read)
