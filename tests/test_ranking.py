"""Which parameters turn the order of strategies: known orders in, known thirds, shares and words out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import careo
from careo.base.errors import CareoError, DataError
from careo.results.ranking import LUCK, Ranking, ranking
from careo.run import runs
from careo.run.futures import Futures, futures_of
from careo.run.parameters import RECRUITS, draw_parameters, parameter_draws
from careo.run.run_plan import outside, plan_run
from careo.run.runs import run_parameters, start_run
from careo.views import cli
from test_compare import ensemble, homicides, scenario

TOYLAND = careo.load_country("toyland")
RANDOM = np.random.default_rng(3)
DRAWS = 900
X = RANDOM.normal(0, 1, DRAWS)


def futures(changes: Mapping[str, np.ndarray], base: float = 5000.0) -> Futures:
    """A strategy a change of homicides by draw, beside the status quo; one place and year has it."""
    draws = len(next(iter(changes.values())))
    quiet = ensemble(*homicides(base, np.zeros(draws)))
    rows = [quiet.by_year[0], *(ensemble(*homicides(base, change)).by_year[1] for change in changes.values())]
    scenarios = (quiet.scenarios[0], *(scenario(name) for name in changes))
    return futures_of(replace(quiet, by_year=np.array(rows), scenarios=scenarios))


def found(changes: Mapping[str, np.ndarray], **parameters: np.ndarray) -> Ranking:
    return ranking(futures(changes), parameters)


# ── orders and thirds ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_parameter_that_turns_an_order_is_found_with_both_orders() -> None:
    turning = np.where(X > 0, 300, -300)
    made = found({"lamps": turning, "oil": np.full(DRAWS, -100)}, x=X, other=RANDOM.normal(0, 1, DRAWS))
    assert made.whole.order[1:] == (("status-quo",),) or ("oil",) in made.whole.order
    turn = made.turns["x"]
    assert turn.lower.order == (("lamps",), ("oil",), ("status-quo",))
    assert turn.upper.order == (("oil",), ("status-quo",), ("lamps",))
    assert turn.lower.differences == {"status-quo": 0, "lamps": -300, "oil": -100}
    assert turn.upper.differences["lamps"] == 300
    assert math.isinf(turn.largest) and turn.telling and made.reordered("x")
    assert list(made.turns) == ["x", "other"], "the largest gap first"
    assert not made.turns["other"].telling


def test_thirds_are_those_of_the_parameter() -> None:
    turn = found({"lamps": np.full(DRAWS, -5)}, x=X).turns["x"]
    ordered = np.sort(X)
    assert (turn.lower.bound, turn.upper.bound) == (ordered[299], ordered[600])


def test_shares_count_the_draws_in_which_two_are_the_other_way_round() -> None:
    change = np.full(DRAWS, -10)
    ranks = np.argsort(X)
    change[ranks[:60]] = 10  # a fifth of the lower third
    change[ranks[-30:]] = 0  # a tenth of the upper third are equal: half of them count
    made = found({"lamps": change}, x=X)
    pair = ("lamps", "status-quo")
    assert made.whole.order == (("lamps",), ("status-quo",))
    assert made.turns["x"].lower.turned[pair] == pytest.approx(0.2)
    assert made.turns["x"].upper.turned[pair] == pytest.approx(0.05)
    assert made.whole.turned[pair] == pytest.approx((60 + 15) / 900)
    # shares .2 and .05 of 300 draws each: variances .16 and .1 · ¼ − .0025 = .0225
    error = math.sqrt((0.16 + 0.0225) / 300)
    assert made.turns["x"].gaps[pair] == pytest.approx(-0.15 / error)


def test_strategies_that_do_the_same_stand_together() -> None:
    made = found({"lamps": np.full(DRAWS, -5), "oil": np.full(DRAWS, -5)}, x=X)
    assert made.whole.order == (("lamps", "oil"), ("status-quo",))
    assert made.whole.turned["lamps", "oil"] == 0.5
    assert made.turns["x"].gaps["lamps", "oil"] == 0.0 and not made.reordered("x")


def test_what_has_nothing_to_do_with_the_order_is_not_called_telling() -> None:
    change = RANDOM.normal(-20, 100, DRAWS).round()
    dummies = {f"d{k}": RANDOM.normal(0, 1, DRAWS) for k in range(100)}
    made = found({"lamps": change, "oil": change + RANDOM.normal(0, 50, DRAWS).round()}, **dummies)
    # 300 gaps, each beyond 3.5 standard errors by chance in one of 2,000
    assert sum(turn.telling for turn in made.turns.values()) <= 1
    assert max(turn.largest for turn in made.turns.values()) < LUCK + 1


def test_levels_that_scatter_far_more_than_differences_hide_no_order() -> None:
    base = RANDOM.lognormal(10, 0.5, DRAWS).round()
    made = futures({"lamps": np.full(DRAWS, -3)})
    wild = np.concatenate([block for _, block in made.blocks()], axis=-1) + base.astype(np.int64)
    order = ranking(replace(made, blocks=lambda: iter([(0, wild)])), {"x": X})
    assert order.whole.order == (("lamps",), ("status-quo",)) and not order.reordered("x")


@given(seed=st.integers(0, 1000))
def test_neither_the_order_of_draws_nor_of_blocks_matters(seed: int) -> None:
    random = np.random.default_rng(seed)
    change, x = random.integers(-50, 50, 300), random.normal(0, 1, 300)
    made = ranking(futures({"lamps": change}), {"x": x})
    again = random.permutation(300)
    assert ranking(futures({"lamps": change[again]}), {"x": x[again]}).turns == made.turns
    other = futures({"lamps": change})
    backwards = replace(other, blocks=lambda: reversed(list(other.blocks())))
    assert ranking(backwards, {"x": x}).turns == made.turns


def test_draws_that_broke_down_are_left_out_with_their_parameters() -> None:
    change = np.where(X > 0, 300, -300)
    whole = futures({"lamps": change})
    counts = np.concatenate([block for _, block in whole.blocks()], axis=-1).copy()
    broken = np.argsort(X)[:200]
    counts[1, 0, 1, 0, broken] = -1
    made = ranking(replace(whole, blocks=lambda: iter([(0, counts)])), {"x": X})
    sound = np.setdiff1d(np.arange(DRAWS), broken)
    expected = ranking(futures({"lamps": change[sound]}), {"x": X[sound]})
    assert made.draws == 700 and made.turns == expected.turns


def test_too_few_draws_or_strategies_are_refused() -> None:
    with pytest.raises(CareoError, match="90 draws"):
        ranking(futures({"lamps": np.zeros(89)}), {"x": X[:89]})
    alone = futures({"lamps": np.zeros(100)})
    quiet = replace(
        alone,
        scenarios=alone.scenarios[:1],
        blocks=lambda: ((first, block[:1]) for first, block in alone.blocks()),
    )
    with pytest.raises(CareoError, match="at least two"):
        ranking(quiet, {"x": X[:100]})
    with pytest.raises(ValueError, match="100 draws"):
        ranking(alone, {"x": X})


# ── parameters of a run ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("ranking")
    plan = plan_run(
        [careo.load_strategy("ten-lamps-2018", "toyland")], TOYLAND, draws=150, months=24, sweep=False
    )
    return str(start_run(plan, folder / "runs").path)


def test_parameters_are_those_that_the_draws_had_whatever_the_block() -> None:
    given = {"seed": 7, "first_draw": 0, "draws": 200}
    drawn = parameter_draws(TOYLAND, **given)
    used = draw_parameters(TOYLAND, TOYLAND.places.states, **given)
    assert drawn["members"] == pytest.approx(used.members.sum(axis=0))
    assert np.array_equal(drawn["capture_share"], used.capture_share)
    assert 0.3 < drawn["organised_share"].min() < drawn["organised_share"].max() < 0.7
    assert "groups" not in drawn and "published_members" not in drawn, "the same in all draws"
    part = parameter_draws(TOYLAND, seed=7, first_draw=60, draws=30)
    assert all(np.array_equal(part[name], drawn[name][60:90]) for name in drawn)
    fixed = parameter_draws(TOYLAND, **given, members_nation=10_000.0)
    assert "members" not in fixed and fixed.keys() == drawn.keys() - {"members"}
    assert (drawn[RECRUITS] > 0).all()


def test_parameters_of_a_run_that_have_changed_since_are_refused(
    kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_parameters(kept)["members"].shape == (150,)
    monkeypatch.setattr(runs, "outside", lambda job: {**outside(job), "parameters": "others"})
    with pytest.raises(DataError, match="parameters or the record have changed"):
        run_parameters(kept)


# ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(arguments)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["By homicides the order is A B", "the status quo", "Members of lantern gangs (M₀)", "150 draws", "nobody knows in which third"]),
        ("es", ["Por homicidios el orden es A B", "el statu quo", "Integrantes de bandas", "150 sorteos", "nadie sabe en qué tercio"]),
    ],
)  # fmt: skip
def test_the_table_is_in_both_languages(
    kept: str, language: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "compare", kept, "--sensitivity", "--lang", language)
    assert (code, err) == (0, "")
    flat = " ".join(out.split())
    for word in words:
        assert word in flat
    assert "ν" not in out and "α" not in out, "parameters that move no homicides are not in the table"


def test_json_has_every_pair_and_third(kept: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "compare", kept, "--sensitivity", "--json", "--lang", "en")
    data = json.loads(out)
    jsonschema.Draft202012Validator(careo.schema()).validate(data)
    block = data["ranking"]
    assert code == 0 and block["draws"] == 150 and block["outcome"] == "homicides"
    names = [row["id"] for row in block["parameters"]]
    assert "members" in names and RECRUITS in names and "overdispersion" not in names
    assert not any(row["identified"] for row in block["parameters"])
    row = block["parameters"][0]
    assert {"bound", "order", "differences", "turned"} == row["lower"].keys()
    assert abs(row["gaps"][0]["standard_errors"]) >= abs(
        block["parameters"][-1]["gaps"][0]["standard_errors"]
    )


@pytest.mark.parametrize(
    "option", [("--quantity", "extortion"), ("--against", "ten-lamps-2018"), ("--places", "municipality")]
)
def test_it_goes_with_no_other_question(
    kept: str, option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "compare", kept, "--sensitivity", *option)
    assert (code, out) == (2, "") and option[0] in err


def test_four_strategies_show_neighbours_and_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    from careo.views.cli import Asked
    from careo.views.ranking import show_ranking
    from careo.views.terminal import Screen

    changes = {name: np.full(DRAWS, -k) for k, name in enumerate(("one", "two", "three", "four"), 1)}
    asked = Asked("en", json=False, offline=True, strict=False, country="toyland", out="")
    show_ranking(Screen(), asked, found(changes, members=X), "toyland")
    out = capsys.readouterr().out
    assert "A B C D E" in out and "neighbours in the order only" in out
    assert "A  four: −4 homicides" in out and "E  the status quo" in out
    assert "C before D in all draws together" in out and "A before C" not in out
