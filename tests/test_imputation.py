"""Imputation: against ordinary least squares with dummies, closed forms, did2s, and the published castle-doctrine estimate."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from careo.model import imputation
from careo.model.imputation import effects, many_effects, many_event_studies, prepare, two_way

WINDOWS = [(0, 5), (6, 9)]


def panel(seed: int, places: int = 10, months: int = 36, gaps: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Random walks with gaps, three treated places in two waves."""
    luck = np.random.default_rng(seed)
    outcome = luck.normal(size=(places, months)).cumsum(axis=1)
    outcome[luck.random((places, months)) < gaps] = np.nan
    start = np.full(places, -1)
    start[luck.choice(places, 3, replace=False)] = [18, 22, 22]
    return outcome, start


def by_dummies(
    outcome: np.ndarray, start: np.ndarray, base: int, comparison: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """The same by one least-squares problem with a column for each place and month."""
    places, months = outcome.shape
    treated = start >= 0
    low, high = 0, months
    if base:
        low, high = max(0, start[treated].min() - base), min(months, start[treated].max() + 10)
    month, rows = np.arange(months), []
    for i, t in np.argwhere(~np.isnan(outcome)):
        before = month[t] < start[i] and (not base or t >= start[i] - base)
        if low <= t < high and (before if treated[i] else comparison[i]):
            rows.append((i, t))
    who, when = np.array(rows).T
    root = np.sqrt(weights[who])
    design = np.zeros((len(rows), places + months))
    design[np.arange(len(rows)), who], design[np.arange(len(rows)), places + when] = root, root
    fitted = np.linalg.lstsq(design, root * outcome[who, when], rcond=None)[0]
    rest = outcome - fitted[:places, None] - fitted[places:]
    since = month - start[:, None]
    share = np.broadcast_to(weights[:, None], rest.shape)
    found = []
    for first, last in WINDOWS:
        cells = treated[:, None] & (since >= first) & (since <= last) & ~np.isnan(rest)
        found.append(np.average(rest[cells], weights=share[cells]))
    return np.array(found)


@pytest.mark.parametrize("base", [0, 8])
@pytest.mark.parametrize("seed", range(4))
def test_both_ways_of_solving_are_least_squares_on_untreated_cells(seed: int, base: int) -> None:
    outcome, start = panel(seed)
    comparison, weights = np.arange(10) != 7, np.random.default_rng(seed + 50).uniform(0.2, 3, 10)
    wanted = by_dummies(outcome, start, base, comparison, weights)
    found = effects(outcome, start, WINDOWS, base=base, comparison=comparison, weights=weights)
    assert found[0] == pytest.approx(wanted, abs=1e-9)
    by_month = np.full((1, 1, 2), np.nan)
    made = prepare(outcome, comparison, weights=weights)
    treated = np.flatnonzero(start >= 0)
    imputation._by_month(
        made.values, made.seen, made.comparison, made.weight, treated[None], start[treated][None], np.array(WINDOWS), base, by_month,
    )  # fmt: skip
    assert by_month[0, 0] == pytest.approx(wanted, abs=1e-9)


def test_one_start_and_no_gap_is_the_difference_of_four_means() -> None:
    outcome, start = panel(1, gaps=0)
    start[start >= 0] = 20
    treated = start >= 0
    change = outcome[:, 20:26].mean(axis=1) - outcome[:, :20].mean(axis=1)
    short = outcome[:, 20:26].mean(axis=1) - outcome[:, 8:20].mean(axis=1)
    assert effects(outcome, start, WINDOWS)[0, 0] == pytest.approx(
        change[treated].mean() - change[~treated].mean()
    )
    assert effects(outcome, start, WINDOWS, base=12)[0, 0] == pytest.approx(
        short[treated].mean() - short[~treated].mean()
    )


@given(st.integers(0, 10_000), st.sampled_from([0, 6]))
@profile(max_examples=25)
def test_effects_of_places_and_months_are_taken_out_and_an_added_effect_is_found(
    seed: int, base: int
) -> None:
    outcome, start = panel(seed)
    luck = np.random.default_rng(seed)
    moved = outcome + luck.normal(0, 9, (10, 1)) + luck.normal(0, 9, (1, 36))
    since = np.arange(36) - start[:, None]
    more = moved + 2.5 * ((start[:, None] >= 0) & (since >= 0))
    plain = effects(outcome, start, WINDOWS, base=base)
    assert effects(more, start, WINDOWS, base=base) == pytest.approx(plain + 2.5, abs=1e-8, nan_ok=True)
    order = luck.permutation(10)
    assert effects(outcome[order], start[order], WINDOWS, base=base) == pytest.approx(
        plain, abs=1e-9, nan_ok=True
    )


def test_what_happens_to_treated_places_after_their_start_changes_no_other_window() -> None:
    outcome, start = panel(3)
    changed = outcome.copy()
    first = int(np.flatnonzero(start >= 0)[0])
    changed[first, start[first] + 8] = 1e6  # in the second window
    assert effects(changed, start, WINDOWS)[0, 0] == effects(outcome, start, WINDOWS)[0, 0]


def test_outcomes_and_draws_are_computed_side_by_side_as_alone() -> None:
    outcome, start = panel(4)
    luck = np.random.default_rng(4)
    who = np.argsort(luck.random((30, 10)), axis=1)[:, :3]
    starts = start[start >= 0]
    both = many_effects(prepare(np.stack([outcome, outcome**2])), who, starts, WINDOWS)
    alone = many_effects(prepare(outcome**2), who[10:20], starts, WINDOWS)
    assert np.array_equal(both[10:20, 1], alone[:, 0], equal_nan=True)


def test_what_cannot_be_told_is_nan_and_nothing_else_is() -> None:
    outcome, start = panel(5, gaps=0)
    late = np.where(start >= 0, 33, -1)
    assert np.isnan(effects(outcome, late, [(0, 2), (6, 9)])[0]).tolist() == [False, True]
    before_the_data = np.where(start >= 0, 0, -1)
    assert np.isnan(effects(outcome, before_the_data, WINDOWS)).all()
    everyone = np.full(10, 20)
    assert np.isnan(effects(outcome, everyone, WINDOWS)).all()
    nobody_in_a_month = outcome.copy()
    nobody_in_a_month[start < 0, 25] = np.nan
    staggered = np.where(start >= 0, 20, -1)
    assert np.isnan(effects(nobody_in_a_month, staggered, WINDOWS)[0]).tolist() == [True, False]
    apart = outcome.copy()  # comparison places seen only after the start: nothing ties them to the treated
    apart[start < 0, :20] = np.nan
    assert np.isnan(effects(apart, staggered, WINDOWS)).all()


def test_leads_and_lags_of_a_placed_effect_are_where_it_was_put() -> None:
    quiet = np.add.outer(np.arange(8.0), np.sin(np.arange(80)))
    start = np.where(np.arange(8) < 3, [50, 55, 55, 0, 0, 0, 0, 0], -1)
    since = np.arange(80) - start[:, None]
    quiet += np.where((start[:, None] >= 0) & (since >= 4), 3.0, 0.0)
    treated = np.flatnonzero(start >= 0)
    told = many_event_studies(prepare(quiet), treated[None], start[treated], 12, 12)[0, 0]
    assert told == pytest.approx([0.0] * 16 + [3.0] * 8, abs=1e-9)


def test_three_axes_and_weights_above_zero_are_asked_for() -> None:
    with pytest.raises(ValueError, match="two or three axes, not 1"):
        prepare(np.zeros(4))
    with pytest.raises(ValueError, match="one number above 0 for each place"):
        prepare(np.zeros((3, 4)), weights=[1, 0, 1])


def long_frame(outcome: np.ndarray, start: np.ndarray) -> object:
    import pandas as pd

    place, month = np.nonzero(~np.isnan(outcome))
    on = (start[place] >= 0) & (month >= start[place])
    return pd.DataFrame(
        {"place": place, "month": month, "outcome": outcome[place, month], "treated": on.astype(int)}
    )


@pytest.mark.parametrize("seed", [11, 12])
def test_imputation_is_did2s_and_two_way_is_ordinary_least_squares(seed: int) -> None:
    pytest.importorskip("pyfixest")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from importlib import import_module

        pf = import_module("pyfixest")
        outcome, start = panel(seed, places=12, months=30)
        frame = long_frame(outcome, start)
        second = pf.did2s(
            frame, yname="outcome", first_stage="~ 0 | place + month", second_stage="~ treated", treatment="treated", cluster="place",
        )  # fmt: skip
        ordinary = pf.feols("outcome ~ treated | place + month", frame)
    assert effects(outcome, start, [(0, 29)])[0, 0] == pytest.approx(second.coef()["treated"], abs=1e-6)
    assert two_way(outcome, start, 29)[0] == pytest.approx(ordinary.coef()["treated"], abs=1e-6)


def test_castle_doctrine_as_published() -> None:
    """Cheng & Hoekstra (2013), log homicides of 50 states, 2000–2010; did2s of Cunningham's Mixtape, weighted by population: .075."""
    castle = pytest.importorskip("causaldata").castle
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = castle.load_pandas().data
    table = {name: data.pivot_table(index="sid", columns="year", values=name).to_numpy() for name in ("l_homicide", "post", "popwt")}  # fmt: skip
    law = table["post"] > 0  # a law in force for part of its first year counts as in force
    start = np.where(law.any(axis=1), law.argmax(axis=1), -1)
    assert (start >= 0).sum() == 21
    found = effects(table["l_homicide"], start, [(0, 10)], weights=table["popwt"][:, 0])[0, 0]
    assert found == pytest.approx(0.075142, abs=1e-6)
    assert effects(table["l_homicide"], start, [(0, 10)])[0, 0] == pytest.approx(0.066900, abs=1e-6)
    assert two_way(table["l_homicide"], start, 10)[0] == pytest.approx(0.0694, abs=5e-4)
