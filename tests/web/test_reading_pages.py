"""Overview, data, evidence and method: forms, choices in the address, charts that can be pointed at."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the web application is an extra: careo[web]")
from starlette.testclient import TestClient

from careo.views import cli
from careo.views.drawing import Plot
from careo.views.web import bundle as bundled
from careo.views.web.application import create_application
from careo.views.web.forms import HERE
from careo.views.web.settings import Settings
from careo.views.web.vega import vega

PLOT = Plot(
    lines={"A": [(2018.04, 1.0), (2018.12, 4.0)], "B": [(2018.04, 2.0)]},
    colours={"A": "#0072b2", "B": "#d55e00"},
    claims=[(2018.12, 3.0)],
    unit="victims",
    span=(2018.0, 2018.1),
    bands=[("#d7e6f2", [(2018.04, 0.5, 1.5), (2018.12, 3.0, 5.0)])],
)


def test_the_address_holds_the_whole_choice(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = "indicator=extortion_victims&month=2020-05&rate=no&states=08&states=14"
    page = client.get(f"/en/overview?{chosen}").text
    assert '<option value="extortion_victims" selected>' in page
    assert '<option value="2020-05" selected>' in page
    assert '<option value="no" selected>' in page
    assert len(re.findall(r'name="states" value="\d\d" checked', page)) == 2
    typed = page.partition("<code>careo ")[2].partition("</code>")[0]
    assert cli.run([*typed.split(), "--json", "--lang", "en"]) == 0
    assert client.get(f"/en/overview.json?{chosen}").text == capsys.readouterr().out


@pytest.mark.parametrize("path", ["/en/", "/en/overview?rate=no", "/en/data/indicator/cndh_complaints.sedena?place=MX",
    "/en/evidence/hot-spot-patrol", "/en/method", "/en/data"])  # fmt: skip
def test_the_python_lines_run(client: TestClient, path: str) -> None:
    answer = client.get(path)
    lines = re.findall(r'<pre class="typed" tabindex="0"><code>(.*?)</code>', answer.text, re.DOTALL)[-1]
    exec(compile(html.unescape(lines), path, "exec"), {})  # noqa: S102 - what the page tells people to run


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/es/overview?indicator=nope", 400), ("/es/overview?month=2019-13", 400), ("/es/overview?month=1999-01", 400),
        ("/es/overview?rate=maybe", 422), ("/es/overview?states=..%2F", 400), ("/es/overview?map=shapes&month=2019-05", 200),
        ("/es/data/nope", 404), ("/es/data/..%2Fx", 404), ("/es/data/indicator/nope", 404),
        ("/es/data/indicator/homicide_sesnsp_victims?place=%2Fetc", 400), ("/es/evidence/nope", 404),
        ("/es/overview.vega?of=map", 404), ("/es/data.vega", 404),
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_sentence(client: TestClient, path: str, code: int) -> None:
    answer = client.get(path)
    assert answer.status_code == code
    assert "Traceback" not in answer.text


def test_every_indicator_dataset_and_lever_has_its_page(client: TestClient) -> None:
    for language in ("es", "en"):
        for index in ("/data/indicators", "/data", "/evidence"):
            page = client.get(f"/{language}{index}").text
            found = set(re.findall(rf'<a href="(/{language}/(?:data|evidence)/[^"#?]+)"', page))
            assert len(found) > 20
            for address in sorted(each for each in found if not each.endswith((".json", ".csv", ".parquet"))):
                answer = client.get(address)
                assert answer.status_code == 200, address
                assert "<h1>" in answer.text


def test_nothing_inline_and_nothing_from_elsewhere(client: TestClient) -> None:
    for path in (
        "/",
        "/data",
        "/data/indicator/homicide_sesnsp_victims",
        "/evidence",
        "/evidence/amnesty",
        "/method",
    ):
        page = client.get(f"/es{path}").text
        assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?![^>]* src=\"/static/)|<style", page), path
        assert not re.search(r'(?:src|href)="https?://[^"]*\.(?:js|css|woff2?|png)"', page), path


def test_boundaries_put_into_the_data_folder_are_drawn(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from careo.views.web.pages import overview

    square = {
        "type": "Polygon",
        "coordinates": [[[-106, 28], [-105, 28], [-105, 29], [-106, 29], [-106, 28]]],
    }
    feature = {"type": "Feature", "properties": {"CVE_ENT": "08", "NOMGEO": "Chihuahua"}, "geometry": square}
    (tmp_path / "boundaries").mkdir()
    (tmp_path / "boundaries" / "mexico.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]})
    )
    monkeypatch.setattr(overview, "data_folder", lambda: tmp_path)
    page = client.get("/en/overview?map=shapes&month=2018-03").text
    assert '<option value="shapes" selected>' in page
    assert "mexico.geojson" in page


def test_a_plot_and_its_twin_hold_the_same_numbers(client: TestClient) -> None:
    spec = vega(PLOT, "Title", "en")
    strips = spec["layer"][-1]["data"]["values"]
    assert strips == [
        {"time": 2018.04, "when": "2018-01", "v0": 1.0, "v1": 2.0, "from": 0.5, "to": 1.5},
        {"time": 2018.12, "when": "2018-02", "v0": 4.0, "from": 3.0, "to": 5.0},
    ]
    assert spec["description"] == "Title"
    assert "http" not in json.dumps(spec)
    assert vega(PLOT, "Title", "en") == spec


def test_a_twin_fits_the_schema_of_vega_lite() -> None:
    import altair

    altair.LayerChart.from_dict(vega(PLOT, "Title", "es"), validate=True)


def test_a_chart_names_where_its_twin_is_and_that_holds_every_point(client: TestClient) -> None:
    page = client.get("/es/data/indicator/homicide_sesnsp_victims").text
    address = re.findall(r'data-chart="([^"]+)"', page)[0].replace("&amp;", "&")
    answer = client.get(address)
    assert answer.headers["content-type"] == "application/json"
    values = [row["v0"] for row in answer.json()["layer"][-1]["data"]["values"]]
    assert len(values) == 10 and values[-1] == 30046


def test_the_bundle_is_made_once_by_another_process_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, b"window.vegaEmbed = 1;", b"")

    monkeypatch.setattr(bundled.subprocess, "run", run)
    first, second = bundled.bundle(tmp_path), bundled.bundle(tmp_path)
    assert first == second and first.read_bytes() == b"window.vegaEmbed = 1;"
    assert [command[0] for command in asked] == [sys.executable]


def test_a_bundle_that_fails_leaves_nothing_and_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        bundled.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, b"", b"no")
    )
    with pytest.raises(bundled.CareoError, match=r"web_job_failed|could not be computed"):
        bundled.bundle(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_scripts_of_ours_compile_no_text() -> None:
    for script in (HERE / "static").glob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|new Function|innerHTML|document\.write", text), script.name


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_method_page_tells_every_equation_assumption_and_parameter(
    client: TestClient, language: str
) -> None:
    page = client.get(f"/{language}/method").text
    told = client.get(f"/{language}/method.json").json()["parameters"]
    assert page.count("<math ") >= 18
    for row in told:
        assert f'id="p-{row["id"]}"' in page
        for key in row["assumptions"]:
            assert f'id="a-{key}"' in page


def test_another_country_has_the_same_pages(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, country="toyland")
    with TestClient(create_application(settings), base_url="http://127.0.0.1:8000") as toyland:
        for path in (
            "/overview",
            "/data",
            "/data/indicators",
            "/data/indicator/boats_missing",
            "/evidence",
            "/method",
        ):
            answer = toyland.get(f"/en{path}")
            assert answer.status_code == 200, path
        assert "Tinwhistle" in toyland.get("/en/overview").text


@pytest.mark.parametrize(("shift", "sentence"), [(0.0, "The two meet"), (5.0, "THEY DISAGREE")])
def test_our_own_evaluations_stand_beside_the_priors(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, shift: float, sentence: str
) -> None:
    from careo.evidence.levers import load_levers
    from careo.evidence.studies import load_studies
    from careo.views import lever_verb
    from careo.views.web.pages import evidence

    lever = load_levers()["hot-spot-patrol"]
    study = load_studies()[lever.studies[0]]
    estimate = replace(
        study.estimates[0], metric="log_points", value=shift, low=shift - 0.1, high=shift + 0.1, speaks_to=lever.effects[0].mechanisms[0], level=None,
    )  # fmt: skip
    ours = replace(study, key="own", lever=lever.id, grade="C", estimates=(estimate,))
    for module in (evidence, lever_verb):
        monkeypatch.setattr(module, "load_own_studies", lambda _: {lever.id: (ours,)})
    page = client.get("/en/evidence/hot-spot-patrol?fresh=" + str(shift)).text
    assert sentence in page
    assert sentence in client.get("/en/evidence?fresh=" + str(shift)).text
    told = client.get(f"/en/evidence/hot-spot-patrol.json?fresh={shift}").json()["own"]
    assert [row["meet"] for row in told] == [shift == 0.0]
