"""Mixes: the money, the doses it buys, and worlds that are the same for every mix. Toyland; few draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import careo
from careo.base.errors import CareoError
from careo.model.mechanisms import OUTCOMES
from careo.run.effects import plan_effects
from careo.run.ensemble import prepare
from careo.run.mix_search import read_limits, shares_kept, spread_out, undominated
from careo.run.mix_worlds import Held, MixWorlds, mix_worlds, other_worlds
from careo.run.mixes import (
    GRID,
    Mix,
    MixQuestion,
    even_mix,
    fill,
    genes_of,
    mix_of_genes,
    mix_question,
    no_money,
    prevention_share,
    read_share,
)
from careo.run.scenario import Scenario

COUNTRY = careo.load_country("toyland")
MEXICO = careo.load_country("mexico")


def asked(**changes: object) -> MixQuestion:
    return mix_question(COUNTRY, **{"budget": 6e6, "months": 24, **changes})  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def worlds() -> MixWorlds:
    return mix_worlds(asked(), COUNTRY, draws=30, threads=2)


# money


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=16, max_size=16))
def test_no_mix_plans_more_than_the_budget_or_than_a_largest_dose_and_its_share_holds(
    genes: list[float],
) -> None:
    question = mix_question(MEXICO, budget=50e9, prevention="0.2..0.9")
    mix = mix_of_genes(question, np.array(genes))
    parts = np.array(mix.parts)
    assert (parts >= 0).all()
    assert parts.sum() <= GRID
    assert (parts <= question.caps).all()
    share = prevention_share(question, mix)
    if not parts.any():  # a side that can take nothing leaves the other nothing
        assert share is None
        return
    assert share is not None
    assert 0.2 - 3 / parts.sum() <= share <= 0.9 + 3 / parts.sum()


def test_what_a_side_cannot_take_is_left_over_and_the_share_is_kept() -> None:
    question = asked()
    mix = even_mix(question, 0.7)
    assert question.levers == ("street-lighting", "night-patrol")
    assert mix.parts[0] == question.caps[0]  # all streets are lit
    assert mix.planned < 0.5
    assert prevention_share(question, mix) == pytest.approx(0.7, abs=1e-3)


def test_money_goes_to_levers_in_proportion_to_their_weights_until_one_is_full() -> None:
    question = mix_question(
        MEXICO, budget=50e9, levers=["youth-employment", "cash-transfers", "targeted-therapy"]
    )
    mix = fill(
        question,
        np.array([{"youth-employment": 1.0, "cash-transfers": 3.0}.get(x, 6.0) for x in question.levers]),
        1.0,
    )
    therapy = question.levers.index("targeted-therapy")
    rest = GRID - question.caps[therapy]
    assert mix.parts[therapy] == question.caps[therapy]
    named = dict(zip(question.levers, mix.parts, strict=True))
    assert named["youth-employment"] == pytest.approx(rest / 4, abs=1)
    assert named["cash-transfers"] == pytest.approx(3 * rest / 4, abs=1)


def test_the_first_points_pay_for_the_worthiest_lever_first_and_never_for_a_worthless_one() -> None:
    question = mix_question(
        MEXICO, budget=1e9, levers=["youth-employment", "cash-transfers", "targeted-therapy"]
    )
    worth = np.array([0.0, 1.0, 2.0])  # youth-employment, targeted-therapy, cash-transfers
    mix = mix_of_genes(question, genes_of(question, 1.0, worth))
    assert mix.parts[0] == 0
    assert mix.parts[2] > 0.99 * GRID  # its largest dose costs more than the budget


@pytest.mark.parametrize("share", [0.01, 0.02, 0.5, 0.98, 0.99])
def test_a_side_that_gets_little_keeps_one_lever_and_the_share(share: float) -> None:
    question = mix_question(MEXICO, budget=50e9)
    genes = np.full(len(question.prices) + 1, 0.9)
    genes[0] = share
    mix = mix_of_genes(question, genes)
    assert mix.planned > 0
    assert prevention_share(question, mix) == pytest.approx(share, abs=2 / sum(mix.parts))


def test_a_share_finer_than_a_hundredth_is_kept() -> None:
    question = mix_question(MEXICO, budget=50e9, prevention="70.5%")
    for gene in (0.0, 0.4, 1.0):
        mix = mix_of_genes(question, np.array([gene, *np.full(len(question.prices), 0.8)]))
        assert prevention_share(question, mix) == pytest.approx(0.705, abs=2 / sum(mix.parts))


def test_a_budget_in_another_currency_and_over_the_horizon_is_the_same_money() -> None:
    whole = mix_question(MEXICO, budget=6e9, per="horizon", months=72)
    yearly = mix_question(MEXICO, budget=1e9)
    assert whole.budget == pytest.approx(yearly.budget)
    dollars = mix_question(MEXICO, budget=1e8, currency="USD")
    assert 15e8 < dollars.budget < 25e8  # 15 to 25 pesos a dollar in 2023


@pytest.mark.parametrize(
    ("text", "share"),
    [("0..1", (0, 1)), ("70%", (0.7, 0.7)), ("0.5 .. 0.9", (0.5, 0.9)), ("50%..0.9", (0.5, 0.9))],
)
def test_a_prevention_share_is_read(text: str, share: tuple[float, float]) -> None:
    assert read_share(text) == share


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"budget": 0.0}, "at least 1"),
        ({"budget": 1e-320}, "at least 1"),
        ({"budget": float("nan")}, "at least 1"),
        ({"budget": 1e30, "currency": "BKC"}, "at least 1"),
        ({"currency": "XXX"}, "not known here"),
        ({"currency": "BKC"}, "no exchange rate of bkc to tyd"),
        ({"per": "week"}, "a year's or the whole horizon's"),
        ({"prevention": "1.2"}, "no share of prevention"),
        ({"prevention": "0.9..0.1"}, "no share of prevention"),
        ({"levers": ["lantern-marking"]}, "has no cost"),
        ({"levers": ["lamps"]}, "no such lever"),
        ({"levers": ["night-patrol"], "prevention": "70%"}, "none of these levers is preventive"),
        ({"levers": ["street-lighting"], "prevention": "0..70%"}, "all of these levers are preventive"),
        ({"budget": 1e14}, "less than a ten-thousandth of the budget"),
    ],
)
def test_what_cannot_be_searched_with_is_refused_in_words(changes: dict[str, object], words: str) -> None:
    with pytest.raises(CareoError) as error:
        asked(**changes)
    assert words in str(error.value).lower().replace("\n", " ")


def test_a_lever_without_an_exchange_rate_is_refused_by_name_and_passed_over_without() -> None:
    with pytest.raises(CareoError, match="exchange rate or a price index is missing"):
        mix_question(MEXICO, budget=50e9, levers=["intelligence-sharing"])
    question = mix_question(MEXICO, budget=50e9)
    assert ("intelligence-sharing", "money") in question.passed_over


def test_every_shipped_lever_has_a_family() -> None:
    for country in ("mexico", "toyland"):
        assert all(lever.family for lever in careo.load_levers(country).values())


# worlds


def test_no_money_is_the_status_quo_bit_for_bit(worlds: MixWorlds) -> None:
    nothing = worlds.totals([no_money(worlds.question)])[0]
    yearly = prepare((), COUNTRY, months=24).run((0, 30))[0]
    known = [row for row, fine in enumerate(worlds.known) if fine]
    assert np.array_equal(nothing[known], yearly[0].sum(axis=(1, 2))[known])


def test_a_mix_does_what_a_strategy_of_its_doses_does(worlds: MixWorlds) -> None:
    """With costs that are certain, the same doses through `Job.run` give the same counts."""
    question = worlds.question
    mix = even_mix(question, 0.4)
    held = Held(cost=("night-patrol", question.prices[1].value))
    doses = worlds.doses(mix, held)
    lighting = doses[0, 4]
    job = prepare((), COUNTRY, months=24)
    shape = (len(job.history.places), 24)
    given = np.stack([np.full(shape, lighting), np.full(shape, doses[1, 4])])
    scenario = Scenario(
        "same", question.levers, given, given, given, (False, False), job.history.places, "state", job.start
    )
    plan = plan_effects([scenario], careo.load_levers("toyland"))
    from careo.run.effects import draw_effects

    effects = draw_effects(plan, seed=7, first_draw=4, draws=1)
    yearly = job.quiet((4, 1)).run(effects, job.companion_rates())[0]
    ours = worlds.totals([mix], held)[0][0, 4]
    assert ours == pytest.approx(
        yearly[0, 0, :, :, 0].sum(), rel=1e-4
    )  # the products are rounded in another order


def test_which_mixes_run_together_and_on_how_many_threads_changes_nothing(worlds: MixWorlds) -> None:
    mixes = [even_mix(worlds.question, share / 10) for share in range(11)]
    together = worlds.totals(mixes)
    alone = mix_worlds(worlds.question, COUNTRY, draws=30, threads=1)
    for row in (3, 7, 10):
        assert np.array_equal(alone.totals([mixes[row]])[0], together[row])


def test_worlds_are_a_slice_of_more_worlds(worlds: MixWorlds) -> None:
    mix = even_mix(worlds.question, 0.4)
    part = other_worlds(worlds, first_draw=10, draws=7)
    assert np.array_equal(part.totals([mix])[0], worlds.totals([mix])[0][:, 10:17])
    assert np.array_equal(part.costs, worlds.costs[:, 10:17])
    for name, values in part.coordinates().items():
        assert np.allclose(values, worlds.coordinates()[name][10:17]), name


def test_costs_stay_in_their_range_with_the_value_in_the_middle() -> None:
    many = mix_worlds(asked(), COUNTRY, draws=2000)
    for row, price in enumerate(many.question.prices):
        assert price.low <= many.costs[row].min()
        assert many.costs[row].max() <= price.high
        below = (many.costs[row] < price.value).mean()
        assert abs(below - 0.5) < 4 * 0.5 / np.sqrt(2000)  # four standard errors


def test_a_dearer_lever_gives_a_smaller_dose_and_never_more_than_the_largest(worlds: MixWorlds) -> None:
    mix = even_mix(worlds.question, 0.4)
    price = worlds.question.prices[0]
    cheap = worlds.doses(mix, Held(cost=("street-lighting", price.low)))[0]
    dear = worlds.doses(mix, Held(cost=("street-lighting", price.high)))[0]
    assert (dear < cheap).all()
    assert cheap.max() <= price.most
    spent = worlds.spent(mix)
    assert (spent <= mix.planned + 1e-12).all()


def test_an_effect_that_is_held_moves_only_mixes_that_pay_for_it(worlds: MixWorlds) -> None:
    lights, patrol = even_mix(worlds.question, 1.0), even_mix(worlds.question, 0.0)
    strong = Held(effect=("street-lighting", 0, -1.0))
    base = worlds.totals([no_money(worlds.question)])[0][0]
    assert (worlds.totals([lights], strong)[0][0] < base).all()
    assert np.array_equal(worlds.totals([patrol], strong), worlds.totals([patrol]))


def test_leaving_out_a_grade_leaves_out_its_effects(worlds: MixWorlds) -> None:
    patrol = even_mix(worlds.question, 0.0)
    row = OUTCOMES.index("rights_complaints")
    base = worlds.totals([no_money(worlds.question)])[0][row]
    assert (worlds.totals([patrol])[0][row] != base).any()
    assert np.array_equal(worlds.totals([patrol], Held(without=frozenset("D")))[0][row], base)


def test_members_are_those_that_are_held(worlds: MixWorlds) -> None:
    lights = even_mix(worlds.question, 1.0)
    few, many = (worlds.totals([lights], Held(members=size))[0][0] for size in (3_000.0, 60_000.0))
    assert not np.array_equal(few, many)


# limits


def test_limits_are_read_and_complaints_are_always_among_them() -> None:
    limits = read_limits(["extortion <= baseline + 5% in 95%"])
    assert [(x.outcome, x.factor, x.share) for x in limits] == [
        ("rights_complaints", 1.0, 0.9),
        ("extortion", 1.05, 0.95),
    ]
    (own,) = read_limits(["rights_complaints<=baseline-10%"])
    assert own.factor == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rights_complaints", "cannot be read"),
        ("rights_complaints>=baseline", "cannot be read"),
        ("rights_complaints<=baseline in 0%", "cannot be read"),
        ("rights_complaints<=baseline in 101%", "cannot be read"),
        ("rights_complaints<=baseline-101%", "cannot be read"),
        ("rights<=baseline", "on an outcome"),
        ("__import__('os')<=baseline", "cannot be read"),
    ],
)
def test_limits_that_are_none_are_refused(text: str, words: str) -> None:
    with pytest.raises(CareoError, match=words):
        read_limits([text])
    with pytest.raises(CareoError, match="two limits"):
        read_limits(["extortion<=baseline", "extortion<=baseline+1%"])


def test_a_world_that_broke_down_keeps_no_limit_and_is_not_counted() -> None:
    limits = read_limits([])
    base = np.full((5, 4), 10)
    base[:, 3] = -1
    totals = np.full((1, 5, 4), 9)
    totals[:, :, 3] = -1
    assert shares_kept(limits, totals, base).tolist() == [[1.0]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=12))
def test_what_nothing_beats_is_what_brute_force_says(rows: list[tuple[int, ...]]) -> None:
    values = np.array(rows, dtype=float)
    expected = [
        not any(
            all(a <= b for a, b in zip(other, mine, strict=True)) and other != mine
            for other in map(tuple, rows)
        )
        for mine in map(tuple, rows)
    ]
    assert undominated(values).tolist() == expected


def test_a_few_rows_show_how_far_all_reach() -> None:
    values = np.stack([np.linspace(0, 1, 21), np.linspace(1, 0, 21)], axis=1)
    assert sorted(spread_out(values, 3)) == [0, 10, 20]
    assert spread_out(values[:2], 3) == [0, 1]


def test_the_same_mix_is_run_once(worlds: MixWorlds) -> None:
    counted: list[int] = []
    fresh = MixWorlds(worlds.question, worlds.job, worlds.plan, 0, 5, 1, counted.append)
    mix = even_mix(worlds.question, 0.4)
    fresh.totals([mix, Mix(mix.parts, "again")])
    fresh.totals([mix])
    assert sum(counted) == 5
