"""The kernel: identities, slices, permutations, mass, signs, and the minimally different world."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from careo.model.counts import observe
from careo.model.luck import Luck
from careo.model.mechanisms import MECHANISMS, OUTCOMES, Core, Effects, run_block

PLACES, MONTHS, DRAWS = 4, 24, 150
NUMBERS = np.array([3, 7, 11, 20], dtype=np.int64)


def core(draws: int = DRAWS, **more: Any) -> Core:
    """Four places, plausible numbers, no uncertainty but what a test adds."""
    flat = np.ones((PLACES, draws))
    each = np.ones(draws)
    members = np.array([9_000.0, 3_000.0, 500.0, 1_500.0])[:, None] * flat
    given: dict[str, Any] = {
        "members": members, "prisoners": 0.2 * members, "conflict_rate": 30.0 / (members**2 * 0.9), "organised_share": 0.5 * flat,
        "groups": np.full(PLACES, 10.0), "groups_rest": np.full(PLACES, 10.0), "young_men": np.array([4e5, 2e5, 5e4, 9e4]),
        "arrests": np.array([900.0, 400.0, 60.0, 150.0]), "captures": np.full(PLACES, 0.05), "neighbours": np.full((PLACES, PLACES), 1 / 3) - np.eye(PLACES) / 3,
        "recruitment": 0.011 * each, "recruitment_exponent": each, "recruitment_rent_exponent": 0 * each, "conflict_rent_exponent": 0.3 * each,
        "saturation": 1e-8 * each, "capture_share": 0.05 * each, "exit": 0.001 * each, "recidivism": 0.5 * each, "prison_months": 60 * each,
        "fragmentation": 0.05 * each, "groups_return_months": 24 * each, "migration": 0.01 * each, "extortion_exponent": 0.3 * each,
        "clearance_elasticity": -0.2 * each, "overdispersion": 0 * each, "companion_overdispersion": 0.02 * each,
    }  # fmt: skip
    return Core(**(given | more))


def effects(
    doses: list[tuple[str, float, np.ndarray]], *, strategies: int = 2, draws: int = DRAWS, tilt: float = 0.0
) -> Effects:
    """Effects of the second strategy: (mechanism, log points at a full dose, dose by place and month)."""
    count = len(doses)
    dose = np.zeros((strategies, count, PLACES, MONTHS))
    for e, (_, _, given) in enumerate(doses):
        dose[1, e] = given
    beta = np.array([[b] * draws for _, b, _ in doses]).reshape(count, draws)
    zero = np.zeros_like(dose)
    return Effects(
        dose, zero, zero, np.full((count, draws), tilt), beta, np.arange(count, dtype=np.int64),
        np.array([MECHANISMS.index(name) for name, _, _ in doses], dtype=np.int64), np.zeros(count), np.zeros((count, draws)),
        np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros((0, draws)),
    )  # fmt: skip


def everywhere(from_month: int = 0) -> np.ndarray:
    dose = np.zeros((PLACES, MONTHS))
    dose[:, from_month:] = 1.0
    return dose


def intensity(draws: int = DRAWS, seed: int = 5) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(0, 0.05, (PLACES, MONTHS, DRAWS)).cumsum(axis=1)
    return (np.log([60.0, 20.0, 2.0, 8.0])[:, None, None] + steps)[:, :, :draws].copy()


COMPANIONS = np.array(
    [[20.0, 8.0, 1.0, 3.0], [30.0, 12.0, 2.0, 5.0], [3.0, 1.0, 0.2, 0.5], [5.0, 2.0, 0.3, 1.0]]
)


def run(given: Effects, **more: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lines = more.pop("log_intensity", None)
    return run_block(
        7, more.pop("numbers", NUMBERS), more.pop("first_draw", 0), intensity() if lines is None else lines,
        more.pop("core", core()), given, more.pop("companions", COMPANIONS), **more,
    )  # fmt: skip


def test_levers_at_baseline_are_the_status_quo_and_the_forecast_bit_for_bit() -> None:
    yearly, monthly, _ = run(effects([("conflict", 0.5, np.zeros((PLACES, MONTHS)))]))
    assert np.array_equal(yearly[0], yearly[1])
    assert np.array_equal(monthly[0, 0], observe(intensity(), Luck(7), NUMBERS).sum(axis=0))


def test_strategies_are_identical_before_their_first_lever_moves() -> None:
    _, monthly, _ = run(effects([("homicide", -0.5, everywhere(12)), ("recruitment", -1.0, everywhere(12))]))
    assert np.array_equal(monthly[0, :, :12], monthly[1, :, :12])
    assert not np.array_equal(monthly[0, 0, 12:], monthly[1, 0, 12:])


def test_a_block_of_draws_is_a_slice_of_the_whole() -> None:
    whole = run(effects([("conflict", 0.3, everywhere())]))
    part = run(
        effects([("conflict", 0.3, everywhere())], draws=90), first_draw=20, core=core(90),
        log_intensity=np.ascontiguousarray(intensity()[:, :, 20:110]),
    )  # fmt: skip
    for one, other in zip(whole, part, strict=True):
        assert np.array_equal(one[..., 20:110], other)


def test_permuting_places_permutes_results() -> None:
    order = np.array([2, 0, 3, 1])
    whole = run(effects([("conflict", 0.3, everywhere())]))[0]
    turned = core()
    by_place = {
        name: getattr(turned, name)[order]
        for name in (
            "members",
            "prisoners",
            "conflict_rate",
            "organised_share",
            "groups",
            "groups_rest",
            "young_men",
            "arrests",
            "captures",
        )
    }
    other = run(
        effects([("conflict", 0.3, everywhere())]), numbers=NUMBERS[order], companions=COMPANIONS[:, order].copy(),
        core=turned._replace(**by_place, neighbours=turned.neighbours[order][:, order].copy()), log_intensity=intensity()[order].copy(),
    )[0]  # fmt: skip
    assert np.array_equal(whole[:, :, order], other)


@pytest.mark.parametrize(
    ("mechanism", "sign"),
    [("homicide", 1), ("conflict", 1), ("recruitment", 1), ("incapacitation", -1), ("exit", -1), ("recidivism", 1), ("clearance", -1), ("rent", 1)],
)  # fmt: skip
def test_a_stronger_lever_of_known_sign_never_moves_homicides_the_other_way_under_the_same_luck(
    mechanism: str, sign: int
) -> None:
    results = [
        run(effects([(mechanism, b, everywhere())]))[0][1, 0].sum(axis=(0, 1))
        for b in (-0.6, -0.3, 0.0, 0.3, 0.6)
    ]
    for weaker, stronger in pairwise(results):
        assert (sign * (stronger - weaker) >= 0).all()
    assert sign * (results[-1] - results[0]).sum() > 0


@pytest.mark.parametrize(("mechanism", "outcome"), [("extortion", "extortion"), ("kidnapping", "kidnapping"), ("disappearance", "disappearances"), ("recording", "disappearances"), ("rights_complaints", "rights_complaints")])  # fmt: skip
def test_a_mechanism_of_one_outcome_moves_that_outcome_only(mechanism: str, outcome: str) -> None:
    yearly = run(effects([(mechanism, 0.4, everywhere())]))[0]
    for k, name in enumerate(OUTCOMES):
        same = np.array_equal(yearly[0, k], yearly[1, k])
        assert same == (name != outcome), name


def test_the_minimally_different_world_changes_only_the_place_and_months_it_reaches() -> None:
    dose = np.zeros((PLACES, MONTHS))
    dose[1, 10] = 1.0
    yearly, monthly, _ = run(
        effects([("homicide", 0.7, dose)]), core=core(migration=np.zeros(DRAWS)), months_per_year=1
    )
    changed = np.argwhere((yearly[0, 0] != yearly[1, 0]).any(axis=-1))
    assert {tuple(pair) for pair in changed.tolist()} == {(1, 10)}
    assert np.array_equal(np.delete(monthly[0, 0], 10, axis=0), np.delete(monthly[1, 0], 10, axis=0))


def test_members_balance_to_rounding_without_flows_in_or_out() -> None:
    nothing = np.zeros(DRAWS)
    still = core(
        recruitment=nothing, capture_share=nothing, conflict_rate=np.zeros((PLACES, DRAWS)), saturation=nothing, exit=nothing,
        recidivism=nothing, migration=np.full(DRAWS, 0.05), prison_months=np.full(DRAWS, 1e12),
    )  # fmt: skip
    members = run(effects([]), core=still)[2]
    assert members[0].sum(axis=0) == pytest.approx(np.full((2, DRAWS), 14_000.0), rel=1e-12)


def test_the_monthly_map_comes_near_its_differential_equation_as_rates_shrink() -> None:
    """First order: halving every rate and doubling the months halves the distance to the solution."""

    def distance(step: float) -> float:
        months = round(24 / step)
        one = core(
            1, recruitment=np.array([0.02 * step]), saturation=np.array([1e-6 * step]), exit=np.array([0.002 * step]), migration=np.zeros(1),
            capture_share=np.zeros(1), conflict_rate=np.zeros((PLACES, 1)), recidivism=np.zeros(1), fragmentation=np.zeros(1),
        )  # fmt: skip
        lines = np.zeros((PLACES, months, 1))
        given = Effects(
            *(a[..., :1] if a.ndim and a.shape[-1] == DRAWS else a for a in effects([]))
        )._replace(
            dose=np.zeros((2, 0, PLACES, months)),
            above=np.zeros((2, 0, PLACES, months)),
            below=np.zeros((2, 0, PLACES, months)),
        )
        ours = run(given, core=one, log_intensity=lines, months_per_year=months)[2][0, 0, 0, 0]
        exact = solve_ivp(
            lambda _, m: 0.02 * m - 1e-6 * m * m * 0.1 - 0.002 * m, (0, 24), [9_000.0], rtol=1e-10, atol=1e-6
        ).y[0, -1]
        return abs(ours - exact)

    assert distance(0.5) / distance(1.0) == pytest.approx(0.5, abs=0.03)


def test_what_is_not_known_is_not_counted_and_a_draw_that_breaks_is_marked() -> None:
    unknown = COMPANIONS.copy()
    unknown[1] = np.nan
    yearly = run(effects([]), companions=unknown)[0]
    assert (yearly[:, 2] == 0).all()
    lines = intensity()
    lines[0, 3, 17] = np.nan
    broken = run(effects([]), log_intensity=lines)[0]
    assert (broken[..., 17] == -1).all()
    assert (np.delete(broken, 17, axis=-1) >= 0).all()


@pytest.mark.parametrize(
    "mechanism", ["homicide", "conflict", "disappearance", "extortion", "kidnapping", "rights_complaints"]
)
@pytest.mark.parametrize("size", [np.nan, 90.0])
def test_an_effect_that_is_no_number_or_beyond_all_counting_breaks_its_draw_and_no_other(
    mechanism: str, size: float
) -> None:
    sound = run(effects([(mechanism, -0.3, everywhere(4))]))[0]
    wrong = effects([(mechanism, -0.3, everywhere(4))])
    wrong.beta[0, 17] = size
    yearly, monthly, _ = run(wrong)
    assert (yearly[..., 17] == -1).all()
    assert (monthly[..., 17] == -1).all()
    assert np.array_equal(np.delete(yearly, 17, axis=-1), np.delete(sound, 17, axis=-1))


def test_an_outcome_of_unknown_level_breaks_no_draw_whatever_would_move_it() -> None:
    unknown = COMPANIONS.copy()
    unknown[1] = np.nan
    wild = run(effects([("extortion", 90.0, everywhere())]), companions=unknown)[0]
    assert (wild[:, OUTCOMES.index("extortion")] == 0).all()
    assert (wild >= 0).all()


def test_what_collapsed_in_one_place_has_not_in_the_next_when_its_dose_turns_round() -> None:
    dose = everywhere()
    dose[:, 6:] = -1.0
    given = effects([("homicide", -0.5, dose)])._replace(
        hazard_per_month=np.array([0.1]), rebound=np.full((1, DRAWS), 0.7)
    )
    whole = run(given, core=core(migration=np.zeros(DRAWS)))[0]
    order = np.array([3, 2, 1, 0])
    turned = core(migration=np.zeros(DRAWS))
    by_place = {
        name: value[order] for name, value in turned._asdict().items() if value.shape[:1] == (PLACES,)
    }
    other = run(
        given, numbers=NUMBERS[order], companions=COMPANIONS[:, order].copy(), core=turned._replace(**by_place),
        log_intensity=intensity()[order].copy(),
    )[0]  # fmt: skip
    assert np.array_equal(whole[:, :, order], other)


def test_a_truce_collapses_once_and_rebounds() -> None:
    given = effects([("conflict", -1.0, everywhere())])
    given = given._replace(hazard_per_month=np.array([0.2]), rebound=np.full((1, DRAWS), 1.0))
    monthly = run(given)[1]
    ratio = monthly[1, 0].sum(axis=-1) / monthly[0, 0].sum(axis=-1)
    assert ratio[0] < 1.0 < ratio[-1]
    lasting = run(given._replace(hazard_per_month=np.array([0.0])))[1]
    assert (lasting[1, 0].sum(axis=-1) < lasting[0, 0].sum(axis=-1)).all()


def test_outcomes_that_are_not_asked_for_move_nothing() -> None:
    given = effects([("conflict", 0.3, everywhere()), ("extortion", 0.2, everywhere(6))])
    whole = run(given)
    for names in (("homicides",), ("extortion", "rights_complaints"), OUTCOMES[::-1]):
        part = run(given, outcomes=names)
        rows = [OUTCOMES.index(name) for name in names]
        assert np.array_equal(part[0], whole[0][:, rows])
        assert np.array_equal(part[1], whole[1][:, rows])
        assert np.array_equal(part[2], whole[2])


@pytest.mark.parametrize("draws", [1, 63, 64, 65, 149])
def test_draws_that_do_not_fill_a_group_are_those_of_a_full_one(draws: int) -> None:
    whole = run(effects([("conflict", 0.3, everywhere())]))
    part = run(
        effects([("conflict", 0.3, everywhere())], draws=draws), core=core(draws), log_intensity=intensity()[:, :, :draws].copy(),
    )  # fmt: skip
    for one, other in zip(whole, part, strict=True):
        assert np.array_equal(one[..., :draws], other)


def test_the_same_doses_again_are_the_same_multipliers_as_doses_computed_anew() -> None:
    """A dose that moves by nothing worth mentioning from month to month is computed anew each time; one that stands is not."""
    steady = everywhere()
    moving = steady * (1.0 + 1e-15 * np.arange(PLACES * MONTHS).reshape(PLACES, MONTHS))
    one, other = (run(effects([("conflict", 0.3, dose), ("rent", 0.2, dose)])) for dose in (steady, moving))
    assert np.array_equal(one[0], other[0])
    assert one[2] == pytest.approx(other[2], rel=1e-11)


def test_many_events_are_their_expectation() -> None:
    """The large-number limit: relative to their rate, counts lose their luck, and what is left is the deterministic map."""
    lines = np.full((PLACES, MONTHS, DRAWS), np.log(1e12))
    small = core(organised_share=np.full((PLACES, DRAWS), 0.3))
    yearly, monthly, _ = run(effects([("homicide", -0.4, everywhere(12))]), core=small, log_intensity=lines)
    assert yearly[0, 0] == pytest.approx(np.full(yearly[0, 0].shape, 12e12), rel=2e-6)
    after = monthly[1, 0, 12:] / monthly[0, 0, 12:]
    assert after == pytest.approx(np.full(after.shape, 0.3 + 0.7 * np.exp(-0.4)), rel=1e-5)
