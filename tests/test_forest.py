"""Forest plots of levers: every prior with the studies that speak to it; weak looks weak, hostile text stays text."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careo.base.texts import LANGUAGES, say
from careo.evidence import Lever, find_lever, load_levers, load_studies
from careo.evidence.studies import Study
from careo.views.cli import run
from careo.views.forest import Row, draw_forest, forest_rows, percent, prior_rows, text_forest, written
from lever_cases import lever_world

SVG = "{http://www.w3.org/2000/svg}"


def _parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own text


def _svg(lever: Lever, studies: Mapping[str, Study] | None = None, language: str = "en") -> str:
    return draw_forest(
        forest_rows(lever, studies or load_studies(), language), title=lever.code, language=language
    )


def test_each_prior_is_followed_by_the_studies_that_speak_to_it() -> None:
    rows = forest_rows(find_lever("L5"), load_studies(), "en")
    kinds = [(row.kind, row.label.partition(" ")[0]) for row in rows]
    assert kinds[0] == ("prior", "prior,") and kinds[1][0] == "prior", "no number for states is on this scale"
    assert [row.value for row in rows if row.kind == "study"] == pytest.approx(
        [math.log(x) for x in (1.8, 1.3, 1.365)]
    )


def test_a_study_of_another_outcome_is_hollow_and_one_from_memory_starred() -> None:
    rows = {row.label: row for row in forest_rows(find_lever("L7"), load_studies(), "en")}
    assert rows["Dell 2015*"].recalled and rows["Dell 2015*"].hollow
    katz = [row for row in forest_rows(find_lever("L17"), load_studies(), "en") if row.kind == "study"]
    assert not any(row.recalled or row.hollow for row in katz)


def test_links_are_elasticities_and_are_not_drawn() -> None:
    rows = forest_rows(find_lever("L22"), load_studies(), "en")
    assert [row.kind for row in rows] == ["prior", "study"]


@pytest.mark.parametrize("code", [f"L{n}" for n in range(1, 29)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_a_forest_plot_stay_inside_it_and_do_not_touch(code: str, language: str) -> None:
    root = _parsed(_svg(find_lever(code), language=language))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    boxes: list[tuple[float, float, float, float]] = []
    for node in root.iter(f"{SVG}text"):
        size, x, y = (float(node.get(name, 0)) for name in ("font-size", "x", "y"))
        long = len(node.text or "") * size * 0.5
        left = x - long / 2 if node.get("text-anchor") == "middle" else x
        assert left >= 0 and left + long <= width and size <= y <= height, node.text
        boxes.append((left, left + long, y - size * 0.75, y + size * 0.2))
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            apart = one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2]
            assert apart, (one, other)


def test_a_weak_prior_is_paler_than_a_strong_one_and_dashed() -> None:
    row = Row("prior", "x", "", -0.1, (-0.3, 0.1), (-0.2, 0.0))
    strengths = {}
    for grade in "ABCD":
        svg = draw_forest([replace(row, grade=grade)], title="x")
        strengths[grade] = float(re.findall(r'fill-opacity="([\d.]+)"', svg)[0])
        plot = svg.partition("prior: median")[0]
        assert ("stroke-dasharray" in plot) == (grade == "D")
    assert strengths["A"] > strengths["B"] > strengths["C"] > strengths["D"]


HOSTILE = "</text><script>alert(1)</script> & \" ' \x00\x1b[31m \u202e \ud800 ]]>"


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    lever_world(tmp_path)
    lever, study = load_levers(str(tmp_path))["lamps"], load_studies(str(tmp_path))["one-2001"]
    estimate = replace(study.estimates[0], outcome={"en": HOSTILE})
    studies = {study.key: replace(study, authors=HOSTILE, estimates=(estimate,))}
    rows = forest_rows(lever, studies, "en")
    svg = draw_forest(rows, title=HOSTILE, notes=[HOSTILE])
    root = _parsed(svg)
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {
        "svg", "title", "desc", "rect", "g", "path", "text", "circle",
    }  # fmt: skip
    assert "<script" not in svg and "alert(1)" in (root.get("aria-label") or "")
    svg.encode("utf-8")


@given(st.lists(st.builds(
    Row, st.sampled_from(["prior", "study", "fixed", "head"]), st.text(max_size=80), st.text(max_size=80),
    st.none() | st.floats(-6, 6), st.none() | st.tuples(st.floats(-6, 0), st.floats(0, 6)), grade=st.sampled_from("ABCD"),
), max_size=6))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_rows_make_a_picture_and_lines_of_one_width(rows: list[Row]) -> None:
    _parsed(draw_forest(rows, title="x"))
    lines = text_forest(rows, 40)
    assert len(lines) == len(rows)
    assert all(len(line) == (0 if row.kind == "head" else 40) for row, line in zip(rows, lines, strict=True))


def test_the_same_lever_makes_the_same_bytes() -> None:
    assert _svg(find_lever("L17")) == _svg(find_lever("L17"))


def test_the_terminal_shows_the_same_marks_in_the_same_order() -> None:
    rows = [
        Row("prior", "p", "", -0.5, (-1.0, 0.0), (-0.7, -0.3), "B"),
        Row("study", "s", "", 0.9),
        Row("study", "h", "", 0.9, hollow=True),
    ]
    prior, study, hollow = text_forest(rows, 41)
    zero = study.index("│")
    assert prior.index("◆") < zero < study.index("●") and hollow.index("○") == study.index("●")
    assert prior.count("━") < prior.count("─") + prior.count("━")


def test_rows_are_written_with_a_true_minus_and_percent_as_changes() -> None:
    assert written(Row("prior", "", "", -0.25, (-0.74, 0.24)), "en") == "−0.25 (−0.74 to 0.24)"
    assert written(Row("study", "", "", None, (-0.14, -0.13)), "es") == "−0.14 a −0.13"
    assert written(Row("study", "", "", -0.001), "en") == "0.00"
    assert [percent(x) for x in (math.log(1.8), -0.001, math.log(0.5))] == ["+80%", "0%", "−50%"]


def test_the_plot_of_all_levers_names_each_by_its_code() -> None:
    rows = prior_rows(list(load_levers().values()), "es")
    numbered = {row.label.partition(" ")[0] for row in rows}
    assert numbered == {f"L{n}" for n in range(1, 29)}


def test_a_picture_can_be_made_of_pixels(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    path = tmp_path / "forest.png"
    assert run(["levers", "L17", "-o", str(path), "--lang", "es"]) == 0
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG") and int.from_bytes(head[16:20], "big") == 2 * 940
    assert say("es", "levers.drawn", path=path)
