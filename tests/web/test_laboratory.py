"""The laboratory: what its sliders compose is a strategy file, and what it shows is what `careo simulate` computes from that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from urllib.parse import urlencode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from starlette.testclient import TestClient

import careo
from careo.base.errors import CareoError
from careo.results.strategies import load_strategies
from careo.run.composition import Composition, Line, compose, strategy_text
from careo.run.ensemble import prepare, simulate
from careo.run.scenario import scenario_key
from careo.run.trials import Superseded, Trials
from careo.views import cli
from careo.views.web.desk import Desk, Setting
from careo.views.web.laboratory_query import read_query

COUNTRY = careo.load_country("toyland")
MEXICO = careo.load_country()
HAND = "/en/laboratory{form}?base=none&L2=0.5&L2.places=09,15&L2.start=7&L2.ramp=12&L2.delivered=80&L12=0.3&draws=40&months=24"


@given(
    dose=st.floats(0.01, 1.0),
    ramp=st.integers(1, 30),
    start=st.integers(1, 20),
    delivered=st.sampled_from([0.1, 0.5, 1.0]),
    kept=st.sampled_from([{}, {"tl-m1": 0.35}, {"tl-m1": 0.0, "tl-m2": 0.5}]),
    base=st.booleans(),
    lever=st.sampled_from(sorted(careo.load_levers("toyland"))),
)
@how(max_examples=20)
def test_a_composition_is_its_file_number_for_number(
    tmp_path_factory: pytest.TempPathFactory, dose: float, ramp: int, start: int, delivered: float, kept: Mapping[str, float], base: bool, lever: str,
) -> None:  # fmt: skip
    line = Line(lever, dose, ("T3", "T6"), start, ramp, delivered)
    asked = Composition("ten-lamps-2018" if base else "", kept if base else {}, (line,))
    first = prepare((), COUNTRY).start
    strategy = compose(asked, COUNTRY, months=36, start=first)
    file = tmp_path_factory.mktemp("composed") / f"{strategy.slug}.yaml"
    file.write_text(strategy_text(strategy), encoding="utf-8")
    try:
        read = load_strategies([file], "toyland", months=36, start=first)[0]
    except CareoError as error:
        assert error.key == "scenario_overlap_dose"  # with the base's own measure; the page says the same
        return
    assert read == strategy
    jobs = [prepare((each,), COUNTRY, months=36) for each in (strategy, read)]
    assert scenario_key(jobs[0].scenarios[1]) == scenario_key(jobs[1].scenarios[1])


@pytest.mark.parametrize("name", ["amlo-2018-plan", "pena-nieto-2013"])
def test_quick_runs_are_those_of_simulate_bit_for_bit(name: str) -> None:
    strategy, trials = careo.load_strategy(name), Trials(MEXICO, threads=2)
    try:
        trials.ask(strategy, draws=24, months=24)  # from nothing
        found = trials.ask(strategy, draws=24, months=24).ensembles  # with what was kept
    finally:
        trials.close()
    assert set(found) >= {"main", "members-30000"}
    for variant, ensemble in found.items():
        members = float(variant.removeprefix("members-")) if variant.startswith("members-") else None
        without = frozenset("D") if variant == "without-D" else frozenset[str]()
        same = simulate([strategy], MEXICO, draws=24, months=24, members_nation=members, without=without)
        for part in ("by_year", "by_month", "members_by_year"):
            assert np.array_equal(getattr(ensemble, part), getattr(same, part)), (variant, part)
        assert (ensemble.without, ensemble.members_nation) == (same.without, same.members_nation)


def test_the_page_is_what_the_command_prints_from_the_file(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = client.get(HAND.format(form="/strategy.yaml"))
    name = file.headers["content-disposition"].partition('"')[2].rstrip('"')
    (tmp_path / name).write_bytes(file.content)
    page, twin = client.get(HAND.format(form="")).text, client.get(HAND.format(form=".json")).text
    typed = (
        page.partition("<dt>On a command line</dt>")[2].partition("<code>careo ")[2].partition("</code>")[0]
    )
    assert typed.split()[:2] == ["simulate", name]
    capsys.readouterr()
    assert cli.run([*typed.split(), "--json", "--lang", "en"]) == 0
    assert capsys.readouterr().out == twin
    lines = page.partition("<dt>In Python</dt>")[2].partition("<code>")[2].partition("</code>")[0]
    exec(lines.replace("&#39;", "'").replace("&#34;", '"'), {})  # noqa: S102 - what the page tells people to run
    printed = capsys.readouterr().out.splitlines()
    assert printed == [finding["because"] for finding in json.loads(twin)["findings"]]


def test_what_moves_is_a_piece_of_the_page_with_rights_first(client: TestClient) -> None:
    asked = HAND.format(form="/fans") + "&seed=11"
    piece = client.get(asked)
    assert piece.status_code == 200
    assert "<html" not in piece.text
    assert piece.text.index("Complaints of rights violations") < piece.text.index("<h2>Homicides")
    assert "data-sweep" in piece.text  # other numbers of members come later
    whole = client.get(asked, headers={"x-careo-sweep": "1"})
    assert "data-sweep" not in whole.text
    assert "How well such forecasts did before" in client.get(HAND.format(form="")).text


def test_a_later_question_of_the_same_seat_wins() -> None:
    desk = Desk(COUNTRY, threads=1)
    strategy = careo.load_strategy("ten-lamps-2018", "toyland")
    try:
        desk.ask(lambda: strategy, "new", Setting(draws=20, months=36), sweep=False, seat="a", turn=5)
        with pytest.raises(Superseded):
            desk.ask(
                lambda: strategy, "old", Setting(draws=20, months=36, seed=8), sweep=False, seat="a", turn=4
            )
        desk.ask(lambda: strategy, "old", Setting(draws=20, months=36, seed=8), sweep=False, seat="b", turn=1)
    finally:
        desk.close()


def test_who_comes_when_too_many_wait_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("careo.views.web.desk.MOST_WAITING", 2)
    desk, go = Desk(COUNTRY, threads=1), Event()

    def slow() -> careo.Strategy:
        go.wait(30)
        return careo.load_strategy("ten-lamps-2018", "toyland")

    setting = Setting(draws=20, months=36)
    try:
        with ThreadPoolExecutor(2) as pool:
            first = [
                pool.submit(desk.ask, slow, str(k), replace(setting, seed=k), sweep=False) for k in range(2)
            ]
            while desk._waiting < 2:  # pyright: ignore[reportPrivateUsage]
                pass
            with pytest.raises(CareoError, match="too much to do"):
                desk.ask(slow, "third", setting, sweep=False)
            go.set()
            assert all(each.result() for each in first)
    finally:
        go.set()
        desk.close()


def test_ten_sliders_at_once_are_all_answered(client: TestClient) -> None:
    def ask(k: int) -> int:
        return client.get(f"/en/laboratory/fans?base=none&L2={0.1 + k / 20}&draws=20&months=12").status_code

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(ask, range(10))) == [200] * 10


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("L2=7", "L2"),
        ("L2=x", "L2"),
        ("base=none&L99=1&L99.start=2", "lever"),
        ("base=../x", "strategy"),
        ("base=amlo-2018-plan&keep.no=5", "measure"),
        ("L2=0.5&L2.places=99", "place"),
        ("L2=0.5&L2.start=0", "L2.start"),
        ("draws=100000&L2=1", "draws"),
        ("budget=-1", "budget"),
    ],
)
def test_a_value_that_means_nothing_is_a_sentence(client: TestClient, query: str, word: str) -> None:
    for form in ("", "/fans", "/strategy.yaml"):
        answer = client.get(f"/en/laboratory{form}?{query}")
        assert answer.status_code in (400, 404, 422), (form, query)
        assert word in answer.text
        assert "Traceback" not in answer.text


def test_the_address_holds_everything() -> None:
    told = {
        "base": "amlo-2018-plan",
        "keep.pln-m1": "50",
        "budget": "1e9",
        "prevention": "30",
        "months": "36",
        "seed": "9",
        "L2": "0.25",
    }
    one, other = (read_query(urlencode(pairs), MEXICO) for pairs in (told, list(reversed(told.items()))))
    assert (one.composition.budget, one.composition.prevention, one.setting.months) == (1e9, 0.3, 36)
    assert (other.composition, other.setting, other.name) == (one.composition, one.setting, one.name)
    assert one.name != read_query(urlencode({**told, "L2": "0.26"}), MEXICO).name
