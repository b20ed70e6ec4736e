"""Counts split among municipalities: sums exact, the law the promised one, luck the same for every strategy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careo.model import municipal
from careo.model.municipal import CONFLICT, HOMICIDE, LocalEffects, Map, share_paths, split_counts, state_logs

SEED = 7


def a_map(sizes: list[int], class_of: list[int] | None = None, strategies: int = 2) -> Map:
    """States with so many municipalities each; of one class each state, unless classes are given."""
    begin = np.cumsum([0, *sizes])
    state = np.repeat(np.arange(len(sizes)), sizes)
    classes = state if class_of is None else np.array(class_of)
    class_state = np.array([state[classes == c][0] for c in range(classes.max() + 1)])
    steps = np.searchsorted(class_state, np.arange(len(sizes) + 1))
    numbers = np.arange(1000, 1000 + begin[-1])
    return Map(begin, numbers, np.tile(classes, (strategies, 1)), np.tile(steps, (strategies, 1)))


def local(
    doses: Any, beta: float, draws: int, *, moves: tuple[int, ...] = (HOMICIDE,), months: int = 1
) -> LocalEffects:
    """One effect; doses [strategy class], the same in every month."""
    dose = np.repeat(np.asarray(doses, dtype=np.float64)[:, None, :, None], months, axis=3)
    none = np.zeros_like(dose)
    return LocalEffects(
        dose, none, none, np.zeros((1, draws)), np.full((1, draws), beta), np.zeros(len(moves), dtype=np.int64), np.array(moves)
    )  # fmt: skip


def still(where: Map, shares: np.ndarray, draws: int, years: int = 1, drift: float = 0.0) -> np.ndarray:
    states = len(where.begin) - 1
    return share_paths(
        SEED,
        where,
        shares,
        first_draw=0,
        draws=draws,
        years=years,
        drift=drift,
        years_before=np.zeros(states),
    )


def split(
    counts: np.ndarray,
    where: Map,
    inner: LocalEffects,
    paths: np.ndarray,
    *,
    q: float = 0.5,
    psi: float = 40.0,
    **more: Any,
) -> np.ndarray:
    states, draws = counts.shape[1], counts.shape[3]
    shape = (states, draws)
    return split_counts(
        SEED, np.arange(1, states + 1), more.pop("first_draw", 0), counts, where, inner, paths, np.full(shape, q),
        np.full(shape, psi), **more,
    )  # fmt: skip


# ── sums and slices ──────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=40)
@given(st.data())
def test_municipalities_add_up_to_their_state_in_every_draw_year_and_strategy(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    classes: list[int] = []
    for size in sizes:
        base = max(classes, default=-1) + 1
        rest = data.draw(st.lists(st.integers(0, 1), min_size=size, max_size=size))
        classes += [base + (kind if len(set(rest)) > 1 else 0) for kind in rest]
    where = a_map(sizes, classes)
    months, draws, kinds = 14, 3, max(classes) + 1
    counts = np.array(
        data.draw(st.lists(st.integers(0, 30), min_size=2 * len(sizes) * months * draws, max_size=2 * len(sizes) * months * draws))
    ).reshape(2, len(sizes), months, draws)  # fmt: skip
    doses = [[0.0] * kinds, data.draw(st.lists(st.floats(-1, 1), min_size=kinds, max_size=kinds))]
    shares = np.concatenate([np.full(size, 1 / size) for size in sizes])
    inner = local(doses, data.draw(st.floats(-2, 2)), draws, months=months, moves=(HOMICIDE, CONFLICT))
    paths = still(where, shares, draws, years=2, drift=0.4)
    out = split(counts, where, inner, paths)
    whole = np.add.reduceat(out, where.begin[:-1], axis=1)
    assert (out >= 0).all()
    assert np.array_equal(whole[:, :, 0], counts[:, :, :12].sum(axis=2))
    assert np.array_equal(whole[:, :, 1], counts[:, :, 12:].sum(axis=2))


def two_worlds(draws: int = 40) -> tuple[np.ndarray, Map, LocalEffects, np.ndarray]:
    """A state of six and one of four; the strategy reaches two of the first; its counts are a little lower there."""
    where = a_map([6, 4], [0, 1, 1, 0, 0, 0, 2, 2, 2, 2])
    shares = np.array([0.3, 0.2, 0.1, 0.2, 0.15, 0.05, 0.4, 0.3, 0.2, 0.1])
    usual = np.random.default_rng(1).poisson(40, size=(2, 12, draws))
    fewer = usual.copy()
    fewer[0] -= np.random.default_rng(2).random((12, draws)) < 0.5
    inner = local([[0, 0, 0], [0, 1, 0]], -0.3, draws, months=12)
    return np.stack([usual, fewer]), where, inner, still(where, shares, draws, drift=0.2)


def test_a_block_of_draws_is_a_slice_of_the_whole() -> None:
    counts, where, inner, paths = two_worlds()
    whole = split(counts, where, inner, paths)
    states = len(where.begin) - 1
    shares = np.array([0.3, 0.2, 0.1, 0.2, 0.15, 0.05, 0.4, 0.3, 0.2, 0.1])
    later = share_paths(
        SEED, where, shares, first_draw=15, draws=9, years=1, drift=0.2, years_before=np.zeros(states)
    )
    assert np.array_equal(later, paths[15:24])
    some = inner._replace(tilt=inner.tilt[:, 15:24], beta=inner.beta[:, 15:24])
    assert np.array_equal(split(counts[..., 15:24], where, some, later, first_draw=15), whole[..., 15:24])


def test_a_strategy_is_the_same_in_any_company() -> None:
    counts, where, inner, paths = two_worlds()
    alone = split(counts, where, inner, paths)
    third = local([[0, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0.5, 0, 1, 0.2, 0.1]], -0.3, counts.shape[3], months=12)
    other = a_map([6, 4], [0, 1, 2, 0, 0, 0, 3, 4, 3, 3], 1)
    wider = where._replace(
        class_of=np.concatenate([where.class_of, other.class_of]),
        class_begin=np.concatenate([where.class_begin, other.class_begin]),
    )
    company = split(np.concatenate([counts, counts[1:] + 3]), wider, third, paths)
    assert np.array_equal(company[:2], alone)


def test_states_in_another_order_have_the_same_municipalities() -> None:
    counts, where, inner, paths = two_worlds()
    turned = a_map([4, 6], [0, 0, 0, 0, 1, 2, 2, 1, 1, 1])._replace(
        numbers=np.concatenate([where.numbers[6:], where.numbers[:6]])
    )
    doses = local([[0, 0, 0], [0, 0, 1]], -0.3, counts.shape[3], months=12)
    shape = (2, counts.shape[3])
    out = split_counts(
        SEED, np.array([2, 1]), 0, counts[:, ::-1].copy(), turned, doses,
        np.concatenate([paths[..., 6:], paths[..., :6]], axis=-1), np.full(shape, 0.5), np.full(shape, 40.0),
    )  # fmt: skip
    plain = split(counts, where, inner, paths)
    assert np.array_equal(out, np.concatenate([plain[:, 6:], plain[:, :6]], axis=1))


def test_a_draw_that_failed_has_failed_everywhere_and_no_other_has() -> None:
    counts, where, inner, paths = two_worlds(4)
    broken = counts.copy()
    broken[..., 2] = -1
    out, whole = (split(each, where, inner, paths) for each in (broken, counts))
    assert (out[..., 2] == -1).all()
    assert np.array_equal(out[..., [0, 1, 3]], whole[..., [0, 1, 3]])


# ── the same world ───────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_dose_a_strategy_is_the_status_quo_bit_for_bit() -> None:
    counts, where, _, paths = two_worlds()
    same = np.stack([counts[0], counts[0]])
    out = split(same, where, local([[0, 0, 0], [0, 0, 0]], -0.3, counts.shape[3], months=12), paths)
    assert np.array_equal(out[0], out[1])
    nothing = LocalEffects(
        *(np.zeros((2, 0, 3, 12)),) * 3, *(np.zeros((0, 40)),) * 2, *(np.zeros(0, dtype=np.int64),) * 2
    )
    assert np.array_equal(split(same, where, nothing, paths), out)


def test_a_dose_everywhere_in_a_state_moves_the_state_and_no_share() -> None:
    counts, where, _, paths = two_worlds()
    everywhere = local([[0, 0, 0], [0.7, 0.7, 0]], -0.31, counts.shape[3], months=12)
    logs = state_logs(where, everywhere, paths)
    assert (logs[HOMICIDE, 1, 0] == -0.31 * 0.7).all(), "exactly what the kernel of states makes of the dose"
    assert (logs[HOMICIDE, 1, 1] == 0).all() and (logs[CONFLICT] == 0).all() and (logs[:, 0] == 0).all()
    same = np.stack([counts[0], counts[0]])
    out = split(same, where, everywhere, paths)
    assert np.array_equal(out[0], out[1])


def test_more_events_are_the_same_events_and_some_more() -> None:
    counts, where, inner, paths = two_worlds()
    more = np.stack([counts[0], counts[0] + 2])
    out = split(more, where, inner._replace(dose=np.zeros_like(inner.dose)), paths)
    gained = out[1] - out[0]
    assert (gained >= 0).all() and (gained.sum(axis=0) == 2 * 12 * 2).all()


def test_places_that_no_measure_reaches_hardly_move() -> None:
    """The state loses what the measure saves; whoever is not reached differs by no more than the law of the split asks for."""
    draws, months = 400, 12
    where = a_map([20], [1 if j in (3, 11) else 0 for j in range(20)])
    shares = np.linspace(1, 3, 20) / np.linspace(1, 3, 20).sum()
    inner = local([[0, 0], [0, 1]], -0.2, draws, months=months)
    paths = still(where, shares, draws)
    lift = 0.5 * np.exp(state_logs(where, inner, paths)[HOMICIDE, 1, 0, 0, 0]) + 0.5
    u = np.random.default_rng(4).random((months, draws))
    usual = poisson(u, 60.0)
    counts = np.stack([usual, poisson(u, 60.0 * lift)])[:, None]
    out = split(counts, where, inner, paths)
    apart = where.class_of[1] == 1
    difference = (out[1] - out[0])[:, 0]
    saved = -difference[apart].sum(axis=0)
    expected = 720 * shares[apart].sum() * 0.5 * (1 - np.exp(-0.2))
    assert saved.mean() == pytest.approx(expected, abs=4 * saved.std() / np.sqrt(draws))
    elsewhere = difference[~apart].sum(axis=0)
    assert abs(elsewhere.mean()) < 4 * elsewhere.std() / np.sqrt(draws), "not moved twice"
    churn = np.abs(difference[~apart]).sum(axis=0).mean()
    assert churn < 4 * expected, "of some 640 events not reached"


def poisson(u: np.ndarray, mean: float) -> np.ndarray:
    from scipy import stats

    return stats.poisson.ppf(u, mean).astype(np.int64)


# ── the law ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("usual", [25, 30, 36])
def test_the_split_is_dirichlet_multinomial_under_the_status_quo_and_under_a_strategy(usual: int) -> None:
    """Means and variances by closed form; the strategy has 30 events whether the status quo has fewer or more."""
    draws, n, psi, q, beta = 20_000, 30, 12.0, 0.4, -0.6
    where = a_map([4], [0, 1, 0, 1])
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    inner = local([[0, 0], [0, 1]], beta, draws)
    counts = np.empty((2, 1, 1, draws), dtype=np.int64)
    counts[0], counts[1] = usual, n
    out = split(counts, where, inner, still(where, shares, draws), q=q, psi=psi)[:, :, 0]
    lifted = shares * np.where(where.class_of[1] == 1, (1 - q) * np.exp(beta) + q, 1.0)
    for k, (size, share) in enumerate(((usual, shares), (n, lifted / lifted.sum()))):
        variance = size * share * (1 - share) * (size + psi) / (1 + psi)
        error = np.sqrt(variance / draws)
        assert np.abs(out[k].mean(axis=1) - size * share).max() < (4.5 * error).max()
        assert out[k].var(axis=1) == pytest.approx(variance, rel=0.06)
        pair = np.cov(out[k][0], out[k][1])[0, 1]
        assert pair == pytest.approx(-size * share[0] * share[1] * (size + psi) / (1 + psi), rel=0.12)


def test_what_municipalities_expect_adds_up_to_what_the_state_expects() -> None:
    """λ_j = Λ π_j [(1 − q) e^a + q K e^b] against Λ [(1 − q) e^A + q K e^B], for any K."""
    where = a_map([5, 2], [0, 1, 1, 0, 2, 3, 4])
    rng = np.random.default_rng(9)
    draws, months, q, ratio = 3, 4, 0.35, 0.83
    paths = still(where, np.array([0.1, 0.2, 0.3, 0.25, 0.15, 0.6, 0.4]), draws, drift=0.5)
    dose = rng.normal(size=(2, 2, 5, months))
    inner = LocalEffects(
        dose, np.abs(rng.normal(size=dose.shape)), np.abs(rng.normal(size=dose.shape)), rng.uniform(-1, 1, (2, draws)),
        rng.normal(size=(2, draws)), np.array([0, 0, 1]), np.array([HOMICIDE, CONFLICT, HOMICIDE]),
    )  # fmt: skip
    logs = state_logs(where, inner, paths, months_per_year=months)
    for s in range(2):
        for t in range(months):
            for d in range(draws):
                size = dose[s, :, :, t] + inner.tilt[:, d, None] * np.where(
                    inner.tilt[:, d, None] > 0, inner.above[s, :, :, t], inner.below[s, :, :, t]
                )
                effect = inner.beta[:, d, None] * size
                a, b = (effect[0] + effect[1])[where.class_of[s]], effect[0][where.class_of[s]]
                each = paths[d, 0] * ((1 - q) * np.exp(a) + q * ratio * np.exp(b))
                state = (1 - q) * np.exp(logs[HOMICIDE, s, :, t, d]) + q * ratio * np.exp(
                    logs[CONFLICT, s, :, t, d]
                )
                assert np.add.reduceat(each, where.begin[:-1]) == pytest.approx(state, rel=1e-12)


def test_a_great_many_events_are_split_as_the_first_ones_were(monkeypatch: pytest.MonkeyPatch) -> None:
    where = a_map([3])
    shares = np.array([0.5, 0.3, 0.2])
    many = 10 * municipal.MOST_EVENTS + 17
    counts = np.full((1, 1, 1, 1), many)
    out = split(counts, where, local([[0]], 0.0, 1), still(where, shares, 1), psi=1e7)
    assert out.sum() == many
    assert out[0, :, 0, 0] / many == pytest.approx(shares, abs=0.01)


# ── drift ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_shares_drift_as_far_as_they_are_told_and_go_on_since_the_record() -> None:
    where = a_map([2])
    shares = np.array([0.5, 0.5])
    paths = share_paths(
        SEED, where, shares, first_draw=0, draws=8000, years=3, drift=0.3, years_before=np.array([4.0])
    )
    assert paths.sum(axis=2) == pytest.approx(1.0)
    log_odds = np.log(paths[:, :, 0] / paths[:, :, 1])
    wanted = 2 * 0.3**2 * (4.5 + np.arange(3))  # two independent walks
    assert log_odds.var(axis=0) == pytest.approx(wanted, rel=0.06)
    assert np.abs(log_odds.mean(axis=0)).max() < 4.5 * np.sqrt(wanted[-1] / 8000)
    assert np.array_equal(still(where, shares, 5), np.full((5, 1, 2), 0.5)), (
        "without drift nothing is rounded"
    )
