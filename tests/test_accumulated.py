"""Draws that are gone through block by block: exact to a limit, within a stated error beyond it, whatever the order, in bounded memory."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import careo
from careo.base.dates import Period
from careo.base.texts import LANGUAGES
from careo.model.mechanisms import OUTCOMES
from careo.results.accumulated import Accumulated, accumulate
from careo.results.compare import compare
from careo.results.differences import QUANTILES, Differences, differences
from careo.results.finding import Finding
from careo.results.histograms import Histograms, bin_of, bounds_of
from careo.run.ensemble import STATUS_QUO
from careo.run.futures import Futures
from careo.run.history import CompanionLevel, CompanionLevels
from careo.run.run_plan import EXACT_DRAWS
from careo.run.scenario import Scenario

PLACES, YEARS, START = ("T1", "T2"), 2, date(2023, 1, 1)
TOYLAND = careo.load_country("toyland")


def futures(blocks: Sequence[tuple[int, np.ndarray]], *, unknown: tuple[str, ...] = ()) -> Futures:
    """Blocks [strategy outcome place year draw] as an ensemble of the status quo and of "lamps"."""
    names, months = (STATUS_QUO, "lamps"), 12 * YEARS
    doses = np.ones((1, len(PLACES), months))
    scenarios = (
        Scenario(STATUS_QUO, (), *(np.zeros((0, len(PLACES), months)),) * 3, (), PLACES, "state", START),
        Scenario(names[1], ("street-lighting",), doses, doses, doses, (False,), PLACES, "state", START),
    )
    level = Period(date(2022, 1, 1), date(2022, 12, 31))
    levels = {
        name: CompanionLevel(name, np.ones(2), level, (), ("toy-watch",), unverified=False)
        for name in OUTCOMES[1:]
        if name not in unknown
    }
    return Futures(
        scenarios=scenarios, outcomes=OUTCOMES, places=PLACES, months=months, years=YEARS, draws=sum(b.shape[-1] for _, b in blocks),
        baseline_year=np.array([500.0, 0.0]), seed=7, start=START, members_nation=1.0, left_out=(),
        companions=CompanionLevels(levels, unknown), without=frozenset(), blocks=lambda: iter(blocks),
    )  # fmt: skip


def drawn(draws: int, seed: int = 1, scale: float = 400.0) -> np.ndarray:
    """Counts that differ between strategies by more and less than a bin's width."""
    rng = np.random.default_rng(seed)
    base = rng.gamma(4.0, scale / 4.0, (len(OUTCOMES), len(PLACES), YEARS, draws)).astype(np.int64) + 1
    ours = np.maximum(base - rng.normal(0.02 * scale, 0.3 * scale, base.shape).astype(np.int64), 0)
    return np.stack([base, ours])


def cut(counts: np.ndarray, sizes: Sequence[int]) -> list[tuple[int, np.ndarray]]:
    edges = np.concatenate([[0], np.cumsum(sizes)])
    return [
        (int(a), counts[..., a:b])
        for a, b in zip(edges, [*edges[1:], counts.shape[-1]], strict=True)
        if a < b
    ]


def numbers(blocks: Sequence[tuple[int, np.ndarray]], *, limit: int = EXACT_DRAWS) -> Differences:
    return differences(accumulate(futures(blocks), STATUS_QUO, exact_draws=limit), "lamps")


def same(one: Differences, other: Differences) -> bool:
    pairs = zip(one.arrays().items(), other.arrays().values(), strict=True)
    return all(a.tobytes() == b.tobytes() for (_, (_, a)), (_, b) in pairs)


# ── bins ─────────────────────────────────────────────────────────────────────────────────────────────────────────

WHOLE = st.integers(-(2**50), 2**50) | st.integers(-70_000, 70_000)


@given(st.lists(WHOLE, min_size=1, max_size=60))
def test_every_number_lies_in_its_bin_and_bins_are_in_order(values: list[int]) -> None:
    given_ = np.sort(np.array(values))
    bins = bin_of(given_)
    low, high = bounds_of(bins)
    assert ((low <= given_) & (given_ <= high)).all()
    assert (np.diff(bins) >= 0).all()
    assert (high - low <= np.maximum(np.abs(given_) / 128, 0)).all()
    assert (bin_of(-given_) == -bins).all()


def test_neighbouring_bins_touch_and_small_numbers_are_alone() -> None:
    low, high = bounds_of(np.arange(-2000, 2001))
    assert (low[1:] == high[:-1] + 1).all()
    alone = low == high
    assert low[alone].min() == -255 and low[alone].max() == 255


@given(st.lists(st.lists(WHOLE, min_size=5, max_size=5), min_size=1, max_size=40), st.randoms())
def test_a_quantile_is_as_near_to_the_exact_one_as_it_says(rows: list[list[int]], luck: object) -> None:
    values = np.array(rows).T  # five cells
    whole, turned = Histograms(5), Histograms(5)
    whole.add(values)
    luck.shuffle(rows)  # pyright: ignore[reportAttributeAccessIssue]
    for row in rows:
        turned.add(np.array([row]).T)
    levels = np.array([0.0, 0.05, 0.3, 0.5, 0.95, 1.0])
    value, error = whole.quantiles(levels)
    exact = np.quantile(values.astype(float), levels, axis=1).T
    assert (np.abs(value - exact) <= error + 1e-9 * np.abs(exact)).all()
    assert (error <= np.abs(values).max() / 256).all()
    again = turned.quantiles(levels)
    assert value.tobytes() == again[0].tobytes() and error.tobytes() == again[1].tobytes()
    assert whole.held_bytes == turned.held_bytes


@given(st.lists(st.integers(-255, 255), min_size=1, max_size=50))
def test_small_numbers_have_exact_quantiles(values: list[int]) -> None:
    bins = Histograms(1)
    bins.add(np.array([values]))
    value, error = bins.quantiles(np.array(QUANTILES))
    assert value[0] == pytest.approx(np.quantile(values, QUANTILES), abs=1e-12)
    assert not error.any()


def test_a_cell_in_which_nothing_was_counted_has_no_quantile() -> None:
    bins = Histograms(2)
    assert np.isnan(bins.quantiles(np.array([0.5]))[0]).all()
    bins.add(np.array([[3], [4]]), np.array([[True], [False]]))
    assert bins.quantiles(np.array([0.5]))[0][0] == 3
    assert np.isnan(bins.quantiles(np.array([0.5]))[0][1])


# ── order, limit and error ───────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=25)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.randoms(), st.booleans())
def test_neither_the_order_of_blocks_nor_their_size_matters(
    sizes: list[int], luck: object, exact: bool
) -> None:
    counts = drawn(sum(sizes) + 3)
    blocks, limit = cut(counts, sizes), 10_000 if exact else 1
    turned = list(blocks)
    luck.shuffle(turned)  # pyright: ignore[reportAttributeAccessIssue]
    assert same(numbers(blocks, limit=limit), numbers(turned, limit=limit))
    assert same(numbers(blocks, limit=limit), numbers([(0, counts)], limit=limit))


def test_to_ten_thousand_draws_quantiles_are_those_of_numpy() -> None:
    counts = drawn(EXACT_DRAWS)
    found = numbers(cut(counts, [125] * (EXACT_DRAWS // 125)))
    assert found.exact
    base, ours = counts.sum(axis=(2, 3))
    difference = ours - base
    assert np.array_equal(found.difference[:, 0, 0], np.quantile(difference, QUANTILES, axis=-1).T)
    assert np.array_equal(
        found.percent[:, 0, 0], np.quantile(100.0 * difference / base, QUANTILES, axis=-1).T
    )
    assert np.array_equal(found.expected[:, 0, 0], np.median(base, axis=-1))
    assert not found.difference_error.any() and not found.percent_error.any()
    assert not numbers(cut(drawn(EXACT_DRAWS + 1), [9000])).exact


@pytest.mark.parametrize("scale", [40.0, 4000.0, 900_000.0])
def test_beyond_the_limit_every_number_is_within_its_stated_error(scale: float) -> None:
    counts = drawn(600, scale=scale)
    counts[:, 1:3, :, :, 5] = -1  # a draw that broke down
    blocks = cut(counts, [125] * 4)
    exact, binned = numbers(blocks), numbers(blocks, limit=599)
    assert not binned.exact
    for name in ("expected", "difference", "percent"):
        a, b, error = (
            getattr(of, key) for of, key in ((exact, name), (binned, name), (binned, f"{name}_error"))
        )
        assert np.array_equal(np.isnan(a), np.isnan(b))
        there = ~np.isnan(a)
        assert (np.abs(a - b) <= error + 1e-9)[there].all(), name
        size = np.abs(a) / 256 + (0.006 if name == "percent" else 0.5)
        assert (error <= 1.1 * size + np.nanmax(size) * 0.01)[there].all(), name
    assert (np.sign(exact.difference) == np.sign(binned.difference)).all()
    assert np.array_equal(exact.fewer, binned.fewer) and np.array_equal(exact.draws, binned.draws)
    assert np.array_equal(exact.start_fewer, binned.start_fewer) and exact.draws.tolist() == [
        600, 599, 599, 600, 600
    ]  # fmt: skip
    off = np.abs(exact.start_percent - binned.start_percent)[:, :2]
    assert (off <= binned.start_percent_error[:, :2] + 1e-9).all()
    assert np.isnan(exact.start_percent[:, 2]).all()  # nothing was observed there
    assert exact.difference_luck == pytest.approx(
        binned.difference_luck, abs=np.nanmax(binned.difference_error)
    )


def test_what_is_not_known_or_was_nothing_stays_so_beyond_the_limit() -> None:
    counts = drawn(50)
    counts[0, 0, 1, 0, 3] = 0
    kept = accumulate(futures([(0, counts)], unknown=("kidnapping",)), STATUS_QUO, exact_draws=1)
    found = differences(kept, "lamps")
    unknown = OUTCOMES.index("kidnapping")
    assert found.draws[unknown] == 0 and not found.moved[unknown]
    assert np.isnan(found.difference[unknown]).all() and np.isnan(found.fewer[unknown]).all()
    assert np.isnan(found.percent[0, 2, 1]).all() and not np.isnan(found.percent[0, 0]).any()
    still = differences(accumulate(futures([(0, counts[[0, 0]])]), STATUS_QUO, exact_draws=1), "lamps")
    assert not still.moved.any() and (still.fewer == 0.5).all()


def test_the_nation_alone_has_the_same_numbers() -> None:
    blocks = cut(drawn(300), [125, 125])
    for limit in (10_000, 1):
        whole = accumulate(futures(blocks), STATUS_QUO, exact_draws=limit)
        nation = accumulate(futures(blocks), STATUS_QUO, nation_only=True, exact_draws=limit)
        assert nation.held_bytes < whole.held_bytes
        a, b = (differences(kept, "lamps") for kept in (whole, nation))
        for outcome in OUTCOMES:
            assert np.array_equal(a.at(outcome).difference, b.at(outcome).difference)
            assert np.array_equal(a.at(outcome).percent, b.at(outcome).percent)


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────


def streamed(draws: int) -> tuple[Accumulated, int]:
    """An ensemble of which only a block is ever in memory; the most memory that going through it took."""

    def blocks() -> Iterator[tuple[int, np.ndarray]]:
        for first in range(0, draws, 125):
            yield first, drawn(125, seed=first % 1000)

    one = futures([(0, np.zeros((2, len(OUTCOMES), 2, 2, draws), dtype=np.int8))])
    stream = replace(one, blocks=blocks)
    tracemalloc.start()
    kept = accumulate(stream, STATUS_QUO)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return kept, peak


def test_memory_does_not_grow_beyond_ten_thousand_draws() -> None:
    at_limit, _ = streamed(EXACT_DRAWS)
    some, some_peak = streamed(2 * EXACT_DRAWS)
    many, many_peak = streamed(5 * EXACT_DRAWS)
    assert (at_limit.exact, some.exact, many.exact) == (True, False, False)
    assert many.held_bytes == some.held_bytes < at_limit.held_bytes
    assert many_peak < 1.05 * some_peak
    assert many.seen == 50_000 and differences(many, "lamps").draws[0] == 50_000


# ── the luck of the draw ─────────────────────────────────────────────────────────────────────────────────────────


def shifted(change: np.ndarray) -> Futures:
    """A difference by draw in homicides of the nation, the same base in every draw."""
    counts = np.full((2, len(OUTCOMES), 2, YEARS, len(change)), 100_000, dtype=np.int64)
    counts[1, 0, 0, 0] += change
    return futures([(0, counts)])


@pytest.mark.parametrize("draws", [100, 2500])
def test_the_standard_error_of_a_median_is_that_of_its_law(draws: int) -> None:
    law = NormalDist(0.0, 10_000.0)
    change = np.array([round(law.inv_cdf((i + 0.5) / draws)) for i in range(draws)])
    at = differences(accumulate(shifted(change), STATUS_QUO), "lamps").at("homicides")
    assert at.difference_luck == pytest.approx(math.sqrt(math.pi / 2) * 10_000 / math.sqrt(draws), rel=0.03)
    assert at.luck == pytest.approx(at.difference_luck * 100 / 400_000)


def test_the_standard_error_of_a_probability_is_never_nothing() -> None:
    every, half = (
        differences(accumulate(shifted(change), STATUS_QUO), "lamps").fewer_luck[0, 0, 0]
        for change in (np.full(100, -5), np.repeat([-5, 5], 50))
    )
    assert every == pytest.approx(math.sqrt(101 / 102 * 1 / 102 / 103))
    assert half == pytest.approx(0.5 / math.sqrt(103))


def finding(stream: Futures | Accumulated, language: str = "en") -> Finding:
    return compare(stream, quantity="homicides", country=TOYLAND, language=language)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sign_that_other_draws_could_turn_is_named(language: str) -> None:
    spread = np.linspace(-1000, 1000, 101).round().astype(np.int64)
    words = {
        "en": "the sign of the median could turn with other luck",
        "es": "el signo de la mediana podría cambiar",
    }
    doubtful, sure = (finding(shifted(spread + by), language) for by in (100, 700))
    assert any(words[language] in caveat for caveat in doubtful.caveats)
    assert not any(words[language] in caveat for caveat in sure.caveats)
    assert sure.table[0]["luck"] == "0.02%" and sure.table[0]["fewer_luck"].endswith("%")
    assert "bins" not in sure.table[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_that_are_read_from_bins_say_so(language: str) -> None:
    kept = accumulate(futures([(0, drawn(300))]), STATUS_QUO, exact_draws=299)
    one = finding(kept, language)
    words = {"en": "quantiles are not exact but read from bins", "es": "los cuantiles no son exactos"}
    assert any(words[language] in caveat and "300" in caveat for caveat in one.caveats)
    assert all(row["bins"].endswith("%") and row["bins"] != "0.00%" for row in one.table)
