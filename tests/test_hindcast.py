"""The protocol of hindcasts: what a forecaster sees at an origin, what it is scored on, and what the naive ones say."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from careo.base.errors import CareoError, DataError
from careo.model import rivals
from careo.model.luck import Luck
from careo.model.rivals import Task
from careo.panel.country import load_country
from careo.run import classics, hindcast
from careo.run.calibrate import load_calibration
from careo.run.history import homicide_history

ANY = {"draws": 20, "seed": 7}


def task(counts: np.ndarray, *, draws: int = 4000, ahead: int = 14) -> Task:
    counts = np.atleast_2d(np.asarray(counts, dtype=float))
    return Task(
        counts,
        np.ones(counts.shape[1]),
        np.ones(ahead),
        np.arange(1, len(counts) + 1),
        draws,
        Luck(7),
        load_calibration().constants,
    )


# ── the protocol ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_origin_sees_nothing_later_and_is_scored_on_months_3_to_14() -> None:
    cast = hindcast.hindcast(None, date(2018, 10, 1), **ANY)
    whole = homicide_history(matched=False)
    assert cast.task.counts.shape == (32, (2018 - 1990) * 12 + 10)
    assert cast.leads.tolist() == list(range(3, 15)) and cast.year == 2019
    january = (2019 - 1990) * 12
    assert np.array_equal(cast.observed, whole.counts[:, january : january + 12])
    assert len(cast.task.ahead) == 14 and cast.task.ahead.sum() * 30.4375 == pytest.approx(30 + 31 + 365)


def test_2015_is_scored_on_deaths_registered_and_2016_on_victims() -> None:
    """Minimally different origins: the last that sees deaths registered alone, and the first that sees them matched."""
    before, after = (hindcast.hindcast(None, date(year, 10, 1), **ANY) for year in (2014, 2015))
    inegi = load_country().months("homicide_inegi_registered").observations
    veracruz = before.places.index("30")
    registered = {o.period.first: o.value for o in inegi if o.place == "30" and o.period.first}
    assert before.observed[veracruz].tolist() == [registered[date(2015, month, 1)] for month in range(1, 13)]
    factor = after.task.counts[veracruz, 0] / before.task.counts[veracruz, 0]
    assert factor == pytest.approx(0.61, abs=0.005)
    assert after.observed[veracruz].sum() != pytest.approx(before.observed[veracruz].sum(), rel=0.02)
    assert (after.observed % 1 == 0).all(), "as counted: whole numbers"


def test_oaxaca_of_2016_is_scored_on_its_repair() -> None:
    cast = hindcast.hindcast(None, date(2015, 10, 1), **ANY)
    assert cast.observed[cast.places.index("20"), 9] == 76, "October 2016, a missing report in the file"


def test_every_origin_has_luck_of_its_own() -> None:
    first, second = (
        hindcast.hindcast(None, date(year, 10, 1), **ANY).task.first_month for year in (2016, 2017)
    )
    assert second - first > 14


@pytest.mark.parametrize(("day", "words"), [(date(2023, 10, 1), "2023-12"), (date(2031, 10, 1), "2023-12")])
def test_an_origin_without_a_target_is_refused_with_the_end_of_the_record(day: date, words: str) -> None:
    with pytest.raises(DataError, match=words):
        hindcast.hindcast(None, day, **ANY)


def test_a_series_too_short_names_state_and_month() -> None:
    with pytest.raises(DataError, match=r"Aguascalientes, 1991-10: .*22 months .*24"):
        hindcast.hindcast(None, date(1991, 10, 1), **ANY)


def test_what_must_be_said_depends_on_the_origins() -> None:
    told = [key for key, _ in hindcast.disclosed(load_country(), [date(2015, 10, 1), date(2016, 10, 1)])]
    assert told == ["revised", "delay", "leak"]
    assert [key for key, _ in hindcast.disclosed(load_country(), [date(2016, 10, 1)])] == ["revised"]


def test_a_country_whose_months_have_a_gap_says_which() -> None:
    assert hindcast.gaps(load_country("toyland"), date(2021, 10, 1)) == (("T5", "2019-04"),)


# ── the naive forecasters ────────────────────────────────────────────────────────────────────────────────────────


def test_the_last_observation_goes_on_as_a_poisson_law() -> None:
    found = rivals.last_observation(task([[90, 90, 16], [5, 4, np.nan], [3, 1, 0]]))
    assert found.shape == (3, 14, 4000)
    assert found[0].mean() == pytest.approx(16, abs=0.1) and found[0].var() == pytest.approx(16, rel=0.05)
    assert found[1].mean() == pytest.approx(4, abs=0.05), "the last one observed"
    assert not found[2].any()


def test_the_own_last_year_is_drawn_month_by_month_and_nothing_older() -> None:
    found = rivals.own_last_year(task([[1000, *range(12)]]))
    values, often = np.unique(found, return_counts=True)
    assert values.tolist() == list(range(12))
    assert often / often.sum() == pytest.approx(1 / 12, abs=0.005)


@pytest.mark.parametrize("name", ["last observation", "conflictology-12", "log random walk"])
def test_a_block_of_fewer_draws_and_other_places_beside_change_nothing(name: str) -> None:
    counts = np.random.default_rng(2).poisson(20, (3, 180))
    rival = hindcast.RIVALS[name]
    many, few = rival(task(counts, draws=50)), rival(task(counts, draws=20))
    assert np.array_equal(many[..., :20], few)
    if name != "log random walk":  # its correlation and season answer to every place
        assert np.array_equal(rival(task(counts[:2], draws=20)), few[:2])


# ── the classics ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", classics.NAMES)
def test_a_classic_learns_the_level_and_the_noise_of_a_steady_series(name: str) -> None:
    pytest.importorskip("statsforecast")
    counts = np.random.default_rng(5).poisson(100, (1, 150))
    rival = hindcast.RIVALS[name]
    found = rival(task(counts, draws=400))
    assert found.shape == (1, 14, 400) and found.dtype == np.int64
    assert np.median(found) == pytest.approx(100, rel=0.12)
    assert 7 < found[0, 0].std() < 16, "a Poisson law of 100 has 10"
    assert np.array_equal(found, rival(task(counts, draws=400))), "the same luck, the same samples"


def test_a_classic_sees_only_what_follows_the_last_gap() -> None:
    pytest.importorskip("statsforecast")
    counts = np.concatenate([np.full(60, 900.0), [np.nan], np.random.default_rng(5).poisson(50, 90)])
    assert np.median(hindcast.RIVALS["SES"](task(counts, draws=200))) == pytest.approx(50, rel=0.2)


def test_without_the_extra_package_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classics, "installed", lambda: False)
    with pytest.raises(CareoError, match=r"careo\[validate\]"):
        classics.rival("SES")(task(np.ones((1, 40))))
