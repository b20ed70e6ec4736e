"""Maps: tiles and shapes as SVG that a person can read and a machine can parse, and the files they are written to."""

from __future__ import annotations

import itertools
import math
import re
import sys
import time
import types
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.errors import CareoError, DataError, OutputError
from careo.panel.places import load_places, shipped_neighbours
from careo.sources.boundaries import Boundaries, read_boundaries
from careo.views import images
from careo.views.classes import RAMP, ink_on, luminance, scale_of
from careo.views.maps import Tile, choropleth, draw_map, load_tiles, tile_map, write_image
from careo.views.shapes import on_grid

SHARED = Path(__file__).parents[1] / ".." / "shared"
MAPS = SHARED / "data" / "boundaries"
has_maps = pytest.mark.skipif(not MAPS.is_dir(), reason="../shared is not beside the project")
SVG = "{http://www.w3.org/2000/svg}"
WORDS = {"title": "Victims", "unit": "victims", "source_line": "Source: nobody, edition 2019-01"}
NAMES = {code: place.name for code, place in load_places("mexico").by_code.items()}


def _parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own text


def _texts(svg: str) -> list[str]:
    return [node.text or "" for node in _parsed(svg).iter(f"{SVG}text")]


def _square(x: float, y: float, side: float = 1.0) -> tuple[tuple[tuple[tuple[float, float], ...], ...], ...]:
    return ((((x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)),),)


def _boundaries(unit: str = "degrees", **squares: tuple[float, float]) -> Boundaries:
    areas = {code.strip("c"): _square(*corner) for code, corner in squares.items()}
    return Boundaries(
        areas, {code: NAMES.get(code, code) for code in areas}, dict.fromkeys(areas, "MX"), unit, "x"
    )


# ── classes ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_classes_hold_about_as_many_places_each_and_print_values_that_occur() -> None:
    scale = scale_of([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    assert [(c.low, c.high, c.count) for c in scale.classes] == [
        (1, 2, 2),
        (3, 4, 2),
        (5, 6, 2),
        (7, 8, 2),
        (9, 10, 2),
    ]


def test_many_zeros_are_a_class_of_their_own() -> None:
    scale = scale_of([0] * 60 + [1] * 20 + [2] * 8 + [3, 4, 5, 9, 9, 12])
    assert [(c.low, c.high) for c in scale.classes] == [(0, 0), (1, 1), (2, 2), (3, 5), (9, 12)]


def test_bounds_are_written_with_as_many_decimals_as_tell_them_apart() -> None:
    assert [scale_of(v).decimals for v in ([1, 2000], [1.5, 2000], [0.25, 12.5], [0.1, 0.2])] == [0, 0, 1, 2]
    close = scale_of([12.341, 12.342, 12.343])
    assert [close.write(c.low) for c in close.classes] == ["12.341", "12.342", "12.343"]
    shares = scale_of([0.1, 0.155], share=True)
    assert [shares.write(c.low) for c in shares.classes] == ["10.0%", "15.5%"]
    assert scale_of([-3, 0, 1234567]).write(-3) == "−3" and scale_of([1234567]).write(1234567) == "1,234,567"
    assert scale_of([0, 0.001, 40]).write(0) == "0", "none at all does not look like a little"


@given(st.lists(st.floats(-1e9, 1e9) | st.integers(0, 5), max_size=80), st.integers(1, 7))
def test_every_value_is_in_exactly_one_class(values: list[float], most: int) -> None:
    scale = scale_of(values, most=most)
    assert len(scale.classes) <= most and sum(c.count for c in scale.classes) == len(values)
    for value in values:
        assert [c for c in scale.classes if c.low <= value <= c.high] == [scale.of(value)]
    assert all(a.high < b.low for a, b in itertools.pairwise(scale.classes))


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_a_value_as_written_lies_between_the_bounds_as_written(values: list[float]) -> None:
    def read(text: str) -> float:
        return float(text.replace(",", "").replace("−", "-"))

    scale = scale_of(values)
    for value in values:
        held = scale.of(value)
        assert read(scale.write(held.low)) <= read(scale.write(value)) <= read(scale.write(held.high))


def _lightness(colour: str) -> float:
    light = luminance(colour)
    return 116 * light ** (1 / 3) - 16


def test_the_colours_darken_in_even_steps() -> None:
    lightness = [_lightness(colour) for colour in RAMP]
    steps = [a - b for a, b in itertools.pairwise(lightness)]
    assert all(6 < step < 12 for step in steps), steps


@pytest.mark.parametrize("count", range(1, 8))
def test_words_stand_out_on_every_colour_and_classes_from_one_another(count: int) -> None:
    classes = scale_of(list(range(count)), most=count).classes
    for held in classes:
        high, low = sorted((luminance(held.colour), luminance(ink_on(held.colour))), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5
    for a, b in itertools.pairwise(classes):
        assert _lightness(a.colour) - _lightness(b.colour) > 9


def _seen_without(colour: str, kind: str) -> tuple[float, float, float]:
    """A colour as the colour-blind see it (Viénot, Brettel and Mollon 1999, linear RGB; tritan after Machado 2009)."""
    matrix = {
        "deutan": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
        "protan": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
        "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
    }[kind]  # fmt: skip
    linear = [(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))]  # fmt: skip
    return tuple(sum(m * c for m, c in zip(row, linear, strict=True)) for row in matrix)  # pyright: ignore[reportReturnType]


@pytest.mark.parametrize("kind", ["deutan", "protan", "tritan"])
def test_the_colour_blind_see_the_classes_darken_too(kind: str) -> None:
    seen = [_seen_without(c.colour, kind) for c in scale_of(list(range(5))).classes]
    light = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in seen]
    assert all((a + 0.05) / (b + 0.05) > 1.25 for a, b in itertools.pairwise(light)), light


# ── tiles ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("country", ["mexico", "toyland"])
def test_every_state_has_a_tile_of_its_own(country: str) -> None:
    tiles = load_tiles(country)
    assert {t.code for t in tiles} == set(load_places(country).states)
    assert len({(t.column, t.row) for t in tiles}) == len({t.label for t in tiles}) == len(tiles)
    assert min(t.column for t in tiles) == min(t.row for t in tiles) == 1


def test_north_is_at_the_top() -> None:
    at = {t.code: t for t in load_tiles()}
    assert at["02"].row < at["03"].row and at["08"].row < at["10"].row < at["18"].row < at["06"].row
    assert at["02"].column < at["08"].column < at["28"].column < at["31"].column


def _layout(tiles: tuple[Tile, ...], beside: Mapping[str, tuple[str, ...]]) -> tuple[float, float]:
    """Share of land neighbours that touch by a side, and at all."""
    at = {t.code: (t.column, t.row) for t in tiles}
    steps = [(abs(at[a][0] - at[b][0]), abs(at[a][1] - at[b][1])) for a in beside for b in beside[a]]
    return sum(sum(s) == 1 for s in steps) / len(steps), sum(max(s) == 1 for s in steps) / len(steps)


def test_land_neighbours_touch_on_the_map() -> None:
    sides, all_ = _layout(load_tiles(), shipped_neighbours())
    assert sides >= 0.53 and all_ >= 0.83
    assert _layout(load_tiles("toyland"), shipped_neighbours("toyland"))[1] == 1.0


@pytest.mark.realdata
@has_maps
def test_the_tiles_lie_in_the_directions_in_which_the_states_lie() -> None:
    real = read_boundaries(MAPS / "states.topojson", load_places("mexico").by_code.values())
    centres: dict[str, tuple[float, float]] = {}
    for code, area in real.areas.items():
        weight = across = up = 0.0
        for polygon in area:
            for (x0, y0), (x1, y1) in itertools.pairwise(polygon[0]):
                cross = x0 * y1 - x1 * y0
                weight, across, up = (
                    weight + cross / 2,
                    across + (x0 + x1) * cross / 6,
                    up + (y0 + y1) * cross / 6,
                )
        centres[code] = across / weight * math.cos(math.radians(24)), up / weight
    at = {t.code: (t.column, -t.row) for t in load_tiles()}
    errors: list[float] = []
    for one, others in shipped_neighbours().items():
        for other in others:
            true, drawn = (
                math.atan2(where[other][1] - where[one][1], where[other][0] - where[one][0])
                for where in (centres, at)
            )
            errors.append(abs((math.degrees(drawn - true) + 180) % 360 - 180))
    assert sum(errors) / len(errors) < 16, "degrees, mean over land neighbours"
    assert max(errors) < 75, "and nobody is on the wrong side of a neighbour"


def test_a_tile_shows_its_label_and_value() -> None:
    svg = tile_map({"06": 12, "14": 1234.0}, load_tiles(), month="2018-05", names=NAMES, **WORDS)
    assert {"COL", "12", "JAL", "1,234", "Victims", "May 2018 · victims", WORDS["source_line"]} <= set(
        _texts(svg)
    )
    titles = [t.text for t in _parsed(svg).iter(f"{SVG}title")]
    assert (
        titles[0] == "Victims, May 2018" and "Jalisco: 1,234" in titles and "Sonora: not observed" in titles
    )


def test_not_observed_is_hatched_and_named_and_is_not_zero() -> None:
    values = dict.fromkeys(NAMES, 0.0) | {"20": None, "21": math.nan}
    svg = tile_map(values, load_tiles(), **WORDS)
    assert svg.count('fill="url(#not-observed)"') == 3, "two tiles and the legend"
    assert "not observed (2)" in _texts(svg)
    oaxaca = svg[svg.index("OAX: not observed") :]
    assert "url(#not-observed)" in oaxaca[: oaxaca.index("</g>")]
    assert "sin dato (2)" in _texts(tile_map(values, load_tiles(), language="es", **WORDS))
    whole = tile_map(dict.fromkeys(NAMES, 0.0), load_tiles(), **WORDS)
    assert "not observed" not in "".join(_texts(whole))
    empty = tile_map({}, load_tiles(), **WORDS)
    assert "not observed (32)" in _texts(empty)


def test_values_of_places_that_are_not_on_the_map_are_named() -> None:
    svg = tile_map({"06": 12, "33": 7, "99": 1}, load_tiles(), **WORDS)
    assert "With a value, but not on this map (2): 33, 99" in _texts(svg)


def test_the_minimally_different_world_changes_one_tile() -> None:
    values = {code: float(index) for index, code in enumerate(load_places("mexico").states)}
    one = tile_map(values, load_tiles(), **WORDS)
    other = tile_map(values | {"15": values["15"] + 0}, load_tiles(), **WORDS)
    assert one == other
    moved = tile_map(values | {"32": 30.5}, load_tiles(), **WORDS)
    assert moved != one
    assert _texts(moved)[0] == _texts(one)[0]


def test_the_same_input_gives_the_same_bytes_in_any_order() -> None:
    values = {code: float(int(code) % 7) for code in load_places("mexico").states}
    turned = dict(reversed(values.items()))
    assert tile_map(values, load_tiles(), **WORDS) == tile_map(turned, load_tiles()[::-1], **WORDS)
    shapes = _boundaries(c01=(-102, 22), c06=(-103, 19))
    assert choropleth({"01": 1, "06": 2}, shapes, **WORDS) == choropleth({"06": 2, "01": 1}, shapes, **WORDS)


_ANY = st.text(st.characters(exclude_categories=()), max_size=40)


@given(_ANY, _ANY, _ANY, st.sampled_from(["en", "es"]))
def test_any_text_is_escaped_and_the_map_is_xml(title: str, source: str, name: str, language: str) -> None:
    hostile = f'<script>alert("1")</script>&{title}'
    svg = tile_map(
        {"T1": 1.0},
        (Tile("T1", 1, 1, name), Tile("T2", 2, 1, f"<b>{name}")),
        title=hostile,
        unit="victims",
        source_line=source,
        names={"T1": name},
        language=language,
    )
    assert "<script" not in svg and "<b>" not in svg
    _parsed(svg)
    svg.encode("utf-8")


def test_a_picture_for_who_cannot_see_it_and_without_anything_active() -> None:
    svg = tile_map({"06": 12, "14": 40}, load_tiles(), month="2018-05", names=NAMES, **WORDS)
    root = _parsed(svg)
    assert root.get("role") == "img" and root.get("aria-label") == "Victims, May 2018"
    told = root.find(f"{SVG}desc")
    assert (
        told is not None
        and told.text == "victims, May 2018. Jalisco 40; Colima 12. Not observed in 30 places."
    )
    assert not re.search(r"<(script|style|image|a|use|foreignObject)\b|href|on\w+=", svg)


def test_long_words_are_wrapped_and_long_values_shrink_into_their_tile() -> None:
    long = {"title": "Very " * 60, "unit": "victims", "source_line": "x" * 400}
    svg = tile_map({"06": 123_456_789_012.0}, load_tiles(), **long)
    for node in _parsed(svg).iter(f"{SVG}text"):
        width = len(node.text or "") * float(node.get("font-size") or 0) * 0.58
        left = float(node.get("x") or 0) - (width / 2 if node.get("text-anchor") == "middle" else 0)
        assert left >= 20 and left + width <= 880.5, node.text


def test_a_country_of_one_tile_is_drawn() -> None:
    svg = tile_map({"A": 1}, (Tile("A", 1, 1, "A"),), **WORDS)
    assert "A" in _texts(svg)


@pytest.mark.parametrize(
    ("row", "words"),
    [("T1,0,1,TIN", ":2.*not a tile.*T1, 0, 1"), ("T1,x,1,TIN", "not a tile"), ("T1,1,99,TIN", "not a tile")],
)
def test_a_broken_tile_says_where(tmp_path: Path, row: str, words: str) -> None:
    _country(tmp_path, row)
    with pytest.raises(DataError) as caught:
        load_tiles(str(tmp_path))
    assert re.search(words, str(caught.value), re.DOTALL)


def _country(folder: Path, *rows: str) -> None:
    (folder / "country.yaml").write_text("code: XX\n", encoding="utf-8")
    (folder / "places").mkdir()
    text = "\n".join(("code,column,row,label", *rows, ""))
    (folder / "places" / "tiles.csv").write_text(text, encoding="utf-8")


def test_two_places_on_one_tile_and_one_place_on_two_are_refused(tmp_path: Path) -> None:
    for number, rows in enumerate((("A,1,1,A", "B,1,1,B"), ("A,1,1,A", "A,2,1,A"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        _country(folder, *rows)
        with pytest.raises(DataError, match=r":3: .*not a tile"):
            load_tiles(str(folder))


def test_a_country_without_tiles_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "country.yaml").write_text("code: XX\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no tile map.*--boundaries"):
        try:
            load_tiles(str(tmp_path))
        except DataError as error:
            raise DataError(error.key, fix=error.fix, where=" ".join(str(error).split())) from error


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_choropleth_shows_classes_names_and_what_was_left_out() -> None:
    svg = choropleth(
        {"01": 5, "06": 9, "14": 3}, _boundaries(c01=(-102, 22), c06=(-104, 19), c32=(-103, 23)), **WORDS
    )
    titles = [t.text for t in _parsed(svg).iter(f"{SVG}title")]
    assert {"Aguascalientes: 5", "Colima: 9", "Zacatecas: not observed"} <= set(titles)
    assert {"5", "9", "not observed (1)", "With a value, but not on this map (1): 14"} <= set(_texts(svg))


def test_values_and_boundaries_that_do_not_meet_are_refused() -> None:
    with pytest.raises(CareoError, match="None of the places with values") as caught:
        choropleth({"01001": 5}, _boundaries(c01=(-102, 22)), **WORDS)
    assert "01001" in str(caught.value)
    _parsed(choropleth({}, _boundaries(c01=(-102, 22)), **WORDS))


def _corners(boundaries: Boundaries) -> dict[str, set[tuple[int, int]]]:
    shapes, _ = on_grid(boundaries, 852, 620)
    return {code: {p for ring in rings for p in ring} for code, rings in shapes.items()}


@pytest.mark.parametrize("unit", ["degrees", "metres"])
def test_north_is_up_and_east_is_right(unit: str) -> None:
    at = _corners(_boundaries(unit, c01=(-102, 20), c02=(-102, 25), c03=(-95, 20)))
    assert min(y for _, y in at["01"]) > max(y for _, y in at["02"])
    assert max(x for x, _ in at["01"]) < min(x for x, _ in at["03"])


def test_areas_keep_their_proportions() -> None:
    """A degree in the north of Mexico is narrower than in the south; the picture says so."""
    shapes, _ = on_grid(_boundaries(c01=(-100, 15), c02=(-100, 31)), 852, 620)

    def size(code: str) -> float:
        ring = shapes[code][0]
        return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise([*ring, ring[0]]))) / 2

    true = (
        math.sin(math.radians(32)) - math.sin(math.radians(31)),
        math.sin(math.radians(16)) - math.sin(math.radians(15)),
    )
    assert size("02") / size("01") == pytest.approx(true[0] / true[1], rel=0.05)


def test_a_country_across_the_date_line_or_the_equator_is_drawn_in_one_piece() -> None:
    at = _corners(_boundaries(c01=(178.5, -17), c02=(-179.5, -17)))
    assert min(x for x, _ in at["02"]) - max(x for x, _ in at["01"]) < max(x for x, _ in at["01"])
    both = _corners(_boundaries(c01=(-60, -2), c02=(-60, 1)))
    assert min(y for _, y in both["01"]) > max(y for _, y in both["02"])


def test_neighbours_part_nowhere_however_coarse_the_picture() -> None:
    """Points that two areas share stand on the same place of the grid, even where thousands fall on a pixel."""
    border = [(0.001 * n, 20 + 0.0007 * math.sin(n)) for n in range(1000)]
    up = (*border, (0.999, 21.0), (0.0, 21.0), border[0])
    down = (*border, (0.999, 19.0), (0.0, 19.0), border[0])
    pair = Boundaries({"01": ((up,),), "02": ((down,),), "03": _square(30, 10)}, {}, {}, "degrees", "")
    at = _corners(pair)
    assert len(at["01"] | at["02"]) < 150, "what cannot be seen is not written"
    middle = sum(y for _, y in at["01"] | at["02"]) / len(at["01"] | at["02"])
    inner = {p for p in at["01"] if abs(p[1] - middle) < 20}
    assert len(inner) > 2 and inner <= at["02"]


def test_a_place_smaller_than_a_pixel_is_there_all_the_same() -> None:
    big, dot = _square(-110, 15, 15), _square(-90, 15, 1e-6)
    both = Boundaries({"01": big, "02": dot}, {"01": "Big", "02": "Dot"}, {}, "degrees", "")
    svg = choropleth({"01": 1, "02": 2}, both, **WORDS)
    path = next(p for p in _parsed(svg).iter(f"{SVG}path") if any(t.text == "Dot: 2" for t in p))
    assert re.fullmatch(r"M\d+ \d+l1 0 0 1-1 0z", path.get("d") or "")


def test_states_are_parted_by_lines_on_a_map_of_municipalities() -> None:
    squares = {
        f"{state}00{n}": (-100.0 + column, 20.0 + n)
        for column, state in enumerate(("01", "02"))
        for n in (1, 2)
    }
    areas = {code: _square(*corner) for code, corner in squares.items()}
    parents = {code: code[:2] for code in areas}
    named = dict.fromkeys(areas, "x")
    parted = choropleth({"01001": 1}, Boundaries(areas, named, parents, "degrees", ""), **WORDS)
    whole = choropleth(
        {"01001": 1}, Boundaries(areas, named, dict.fromkeys(areas, "01"), "degrees", ""), **WORDS
    )
    assert parted.count('fill="none"') == 2 and whole.count('fill="none"') == 0


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_svg_is_written_whole_and_an_earlier_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "map.SVG"
    path.write_text("old", encoding="utf-8")
    write_image("<svg>é</svg>\n", path)
    assert path.read_bytes() == "<svg>é</svg>\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_writing_leaves_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "map.svg"
    path.write_text("old", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_image("<svg/>", path)
    assert path.read_text(encoding="utf-8") == "old" and list(tmp_path.iterdir()) == [path]


def test_another_ending_or_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.svg \| \.png"):
        write_image("<svg/>", tmp_path / "map.jpg")
    with pytest.raises(OutputError, match="cannot be written"):
        write_image("<svg/>", tmp_path / "none" / "map.svg")


def test_without_the_png_writer_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(OutputError, match=re.escape("pip install 'careo[png]'")):
        write_image("<svg/>", tmp_path / "map.png")
    assert list(tmp_path.iterdir()) == []


def test_without_any_font_no_picture_without_words_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = types.SimpleNamespace(svg_to_bytes=lambda **_: b"\x89PNG")
    monkeypatch.setitem(sys.modules, "resvg_py", blind)
    with pytest.raises(OutputError, match="no font"):
        write_image("<svg/>", tmp_path / "map.png")
    assert list(tmp_path.iterdir()) == []


def test_a_png_is_drawn_at_twice_the_size(tmp_path: Path) -> None:
    resvg = pytest.importorskip("resvg_py", reason="the extra careo[png] is not installed")
    probe = resvg.svg_to_bytes(svg_string=images._PROBE.replace("{}", "M"))  # pyright: ignore[reportPrivateUsage]
    if probe == resvg.svg_to_bytes(svg_string=images._PROBE.replace("{}", "")):  # pyright: ignore[reportPrivateUsage]
        pytest.skip("this machine has no fonts")
    path = tmp_path / "map.png"
    write_image(tile_map({"06": 12}, load_tiles(), **WORDS), path)
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and int.from_bytes(data[16:20], "big") == 1800


# ── the verb ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_map_of_the_record_has_the_values_of_the_record(tmp_path: Path) -> None:
    path = draw_map("homicide_sesnsp_victims", tmp_path / "map.svg", month="2018-05")
    svg = path.read_text(encoding="utf-8")
    assert any(text.startswith("Source: ") and "edition" in text for text in _texts(svg))
    spanish = draw_map(
        "homicide_sesnsp_victims", tmp_path / "mapa.svg", month="2018-05", rate=True, language="es"
    )
    words = _texts(spanish.read_text(encoding="utf-8"))
    assert words[0].endswith(", tasa") and "mayo de 2018 · por cada 100,000 habitantes al año" in words


def test_a_map_of_toyland_is_drawn_by_the_same_code(tmp_path: Path) -> None:
    path = draw_map("lantern_thefts_watch", tmp_path / "map.svg", month="2019-04", country="toyland")
    words = _texts(path.read_text(encoding="utf-8"))
    assert {"TIN", "HOBB", "not observed (1)"} <= set(words)


def test_a_map_of_boundaries_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "two.geojson").write_text(
        '{"type":"FeatureCollection","features":['
        '{"type":"Feature","properties":{"code":"T1"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}},'
        '{"type":"Feature","properties":{"code":"T5"},"geometry":{"type":"Polygon","coordinates":[[[2,0],[3,0],[3,1],[2,0]]]}},'
        '{"type":"Feature","properties":{"code":"T99"},"geometry":null}]}',
        encoding="utf-8",
    )
    path = draw_map("lantern_thefts_watch", tmp_path / "map.svg", month="2019-04", country="toyland", boundaries=tmp_path / "two.geojson")  # fmt: skip
    words = _texts(path.read_text(encoding="utf-8"))
    assert "Boundaries: two.geojson" in words and "not observed (1)" in words
    assert any("T99" in text for text in words), "what was left out is said on the map"


@pytest.mark.parametrize(
    ("indicator", "month", "words"),
    [
        ("homicide_sesnsp_victims", "May 2018", "no month"),
        ("homicide_sesnsp_victims", "2018-13", "no month"),
        ("homicide_sesnsp_victims", "1870-01", "no value of homicide_sesnsp_victims in 1870-01"),
        ("no_such_thing", "2018-05", "no such indicator"),
    ],
)
def test_what_cannot_be_mapped_is_said(tmp_path: Path, indicator: str, month: str, words: str) -> None:
    with pytest.raises(CareoError, match=words):
        draw_map(indicator, tmp_path / "map.svg", month=month)
    assert list(tmp_path.iterdir()) == []


# ── the real files ───────────────────────────────────────────────────────────────────────────────────────────────


def _real_municipalities() -> tuple[dict[str, float | None], Boundaries]:
    real = read_boundaries(MAPS / "municipalities_2020.geojson", load_places("mexico").by_code.values())
    return {
        code: (None if index % 17 == 0 else float(index % 23)) for index, code in enumerate(real.areas)
    }, real


@pytest.mark.realdata
@has_maps
def test_the_real_municipalities_draw_small_and_the_same_twice() -> None:
    values, real = _real_municipalities()
    svg = choropleth(values, real, month="2018-05", **WORDS)
    assert len(svg.encode()) < 3_000_000
    titles = [t.text or "" for t in _parsed(svg).iter(f"{SVG}title")]
    assert len(titles) == 2469 + 1
    assert svg == choropleth(values, real, month="2018-05", **WORDS)


@pytest.mark.timed
@pytest.mark.realdata
@has_maps
def test_the_real_municipalities_draw_quickly() -> None:
    values, real = _real_municipalities()
    start = time.process_time()
    choropleth(values, real, month="2018-05", **WORDS)
    assert time.process_time() - start < 2


@pytest.mark.realdata
@has_maps
def test_the_real_states_draw() -> None:
    real = read_boundaries(MAPS / "states.topojson", load_places("mexico").by_code.values())
    svg = choropleth(dict.fromkeys(real.areas, 1.0), real, **WORDS)
    assert len(svg.encode()) < 200_000 and svg.count("<path") == 32
