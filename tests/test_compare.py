"""Comparisons follow from the paired differences alone: known differences in, known medians, intervals, verdicts and words out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import careo
from careo.base.dates import Period
from careo.base.errors import CareoError
from careo.base.texts import LANGUAGES, say
from careo.model.mechanisms import OUTCOMES
from careo.results.caveats import MOST_DECIDING, RUN_WIDE, Caveat, arrange
from careo.results.compare import compare
from careo.results.differences import FEWEST_DRAWS, grade_d_share, paired, verdict_of
from careo.results.finding import Finding
from careo.run.ensemble import STATUS_QUO, Ensemble, simulate
from careo.run.history import CompanionLevel, CompanionLevels
from careo.run.scenario import Dosed, NotSimulated, Scenario

TOYLAND = careo.load_country("toyland")
PLACES = ("T1", "T2")
START = date(2023, 1, 1)
Counts = Mapping[str, np.ndarray]


def scenario(name: str, levers: tuple[str, ...] = ("street-lighting",), months: int = 24) -> Scenario:
    doses = np.ones((len(levers), len(PLACES), months))
    return Scenario(
        name, levers, doses, doses, doses, (False,) * len(levers), PLACES, "state", START,
        measures=(
            Dosed("m1", {"en": "Lamps", "es": "Lámparas"}, "street-lighting", 1, 0, months, 2, "judgement", "D", {"en": "", "es": ""}),
            Dosed("m2", {"en": "Oil", "es": "Aceite"}, "street-lighting", 1, 0, months, 2, "delivered", "B", {"en": "", "es": ""}),
        ),
        not_simulated=(NotSimulated("m3", {"en": "Goodwill", "es": "Buena voluntad"}, "street-lighting", {"en": "", "es": ""}),),
        notes=({"en": "A note of the scenario.", "es": "Una nota del escenario."},),
    )  # fmt: skip


def ensemble(
    base: Counts,
    ours: Counts,
    *,
    unknown: tuple[str, ...] = (),
    months: int = 24,
    levers: tuple[str, ...] = ("street-lighting",),
    members: float | None = None,
    baseline: tuple[float, float] = (50.0, 50.0),
    failures: int = 0,
) -> Ensemble:
    """Counts [place year draw] by outcome, under the status quo and under "lamps"; outcomes not given are 1,000 everywhere."""
    shape = next(iter(base.values())).shape
    yearly = np.full((2, len(OUTCOMES), *shape), 1000, dtype=np.int64)
    for row, counts in enumerate((base, {**base, **ours})):
        for outcome, values in counts.items():
            yearly[row, OUTCOMES.index(outcome)] = values
    for outcome in unknown:
        yearly[:, OUTCOMES.index(outcome)] = -1
    known = [name for name in OUTCOMES[1:] if name not in unknown]
    level = Period(date(2022, 1, 1), date(2022, 12, 31))
    levels = {
        name: CompanionLevel(name, np.ones(2), level, (), ("toy-watch",), unverified=False) for name in known
    }
    monthly = np.zeros((2, len(OUTCOMES), months, shape[2]), dtype=np.int64)
    quiet = Scenario(STATUS_QUO, (), *(np.zeros((0, 2, months)),) * 3, (), PLACES, "state", START)
    return Ensemble(
        by_year=yearly, by_month=monthly, members_by_year=np.zeros((2, *shape)), outcomes=OUTCOMES, places=PLACES,
        baseline_year=np.array(baseline), scenarios=(quiet, scenario("lamps", levers, months)), seed=7, start=START,
        members_nation=members, failures=failures, left_out=(), companions=CompanionLevels(levels, unknown),
    )  # fmt: skip


def homicides(base: float, change: np.ndarray) -> tuple[Counts, Counts]:
    """The same base in both places and years, and a change by draw that falls on the first place's first year alone."""
    level = np.full((2, 2, len(change)), base, dtype=np.int64)
    ours = level.copy()
    ours[0, 0] += change.astype(np.int64)
    return {"homicides": level}, {"homicides": ours}


def often(changes: list[int]) -> np.ndarray:
    """As many draws of each change as an interval takes."""
    return np.repeat(changes, FEWEST_DRAWS // 4)


def finding(made: Ensemble, outcome: str = "homicides", **how: object) -> Finding:
    found = compare(made, quantity=outcome, country=TOYLAND, **how)  # pyright: ignore[reportArgumentType]
    assert len(found) == 1
    return found[0]


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_quantiles_are_those_of_the_differences_by_draw_not_of_the_two_sides() -> None:
    draws = np.arange(101)
    base = np.broadcast_to(100 + draws, (2, 2, 101)).copy()
    ours = base.copy()
    ours[0, 0] -= draws[::-1] // 10  # from −10 to 0 against the run of the levels
    numbers = paired(ensemble({"homicides": base}, {"homicides": ours}), "lamps")
    at = numbers.sel(outcome="homicides", place="nation", year=0)
    expected = np.quantile(-(draws[::-1] // 10), [0.05, 0.25, 0.5, 0.75, 0.95])
    assert at["difference"].to_numpy().tolist() == expected.tolist() == [-9.0, -7.0, -5.0, -2.0, 0.0]
    assert float(at["expected"]) == 4 * 150
    percent = np.quantile(-100 * (draws[::-1] // 10) / (4 * (100 + draws)), [0.05, 0.5])
    assert at["percent"].sel(quantile=[0.05, 0.5]).to_numpy() == pytest.approx(percent)


def test_places_and_years_add_up_in_every_draw_before_a_quantile_is_taken() -> None:
    base = np.full((2, 2, 3), 100)
    ours = base + np.array([[[-9, 0, 9], [9, 0, -9]], [[1, 1, 1], [0, 0, 0]]])
    numbers = paired(ensemble({"homicides": base}, {"homicides": ours}), "lamps").sel(outcome="homicides")
    assert numbers["difference"].sel(place="nation", year=0).to_numpy().tolist() == [1.0] * 5
    assert numbers["difference"].sel(place="T1", year=0).to_numpy().tolist() == [0.0] * 5
    assert float(numbers["fewer"].sel(place="T1", year=1)) == 0.5
    assert list(numbers["place"].values) == ["nation", "T1", "T2"]


@pytest.mark.parametrize(
    ("change", "fewer"),
    [([-1, -1, -1, -1], 1.0), ([0, 0, 0, 0], 0.5), ([-1, 0, 0, 1], 0.5), ([-1, -1, 0, 1], 0.625), ([2, 2, 2, 0], 0.125)],
)  # fmt: skip
def test_a_tie_counts_half(change: list[int], fewer: float) -> None:
    numbers = paired(ensemble(*homicides(100, np.array(change))), "lamps")
    assert float(numbers["fewer"].sel(outcome="homicides", place="nation", year=0)) == fewer


def test_the_start_year_is_compared_with_full_years_only_and_for_both_sides() -> None:
    base = np.full((2, 2, 4), 60)
    ours = base.copy()
    ours[:, :, :] = 45
    made = ensemble({"homicides": base}, {"homicides": ours}, months=18, baseline=(50.0, 50.0))
    numbers = paired(made, "lamps")
    assert list(numbers["full_year"].values) == [1]
    at = numbers.sel(place="nation", full_year=1)
    assert at["start_percent"].sel(side="strategy").to_numpy().tolist() == [-10.0] * 5
    assert at["start_percent"].sel(side="against").to_numpy().tolist() == [20.0] * 5
    assert at["start_fewer"].to_numpy().tolist() == [1.0, 0.0]
    shorter = replace(made, by_month=made.by_month[:, :, :6])
    assert finding(shorter).extra["start"] == ""


def test_a_strategy_may_be_better_than_the_start_year_and_no_better_than_doing_nothing() -> None:
    level = np.full((2, 2, 25), 40)
    ours = level + np.array([-1, *[0] * 23, 1])
    one = finding(ensemble({"homicides": level}, {"homicides": ours}))
    assert one.verdict == "no detectable effect"
    assert "the status quo −20.0%" in one.extra["start"]
    assert one.caveats[0] == one.extra["start"]


def test_draws_that_broke_down_are_left_out_and_counted() -> None:
    base, ours = homicides(100, np.array([-4, -4, -4, 9]))
    made = ensemble(base, ours, failures=1)
    made.yearly[..., 3] = -1
    numbers = paired(made, "lamps")
    assert int(numbers["draws"].sel(outcome="homicides")) == 3
    assert (
        numbers["difference"].sel(outcome="homicides", place="nation", year=0).to_numpy().tolist()
        == [-4.0] * 5
    )
    assert any(caveat.startswith("1 of 4 draws") for caveat in finding(made).caveats)


def test_percent_is_not_told_where_nothing_was_expected_in_some_draw() -> None:
    level = np.full((2, 2, 3), 10)
    level[1, :, 0] = 0
    numbers = paired(ensemble({"homicides": level}, {"homicides": level + 1}), "lamps").sel(
        outcome="homicides", year=1
    )
    assert np.isnan(numbers["percent"].sel(place="T2").to_numpy()).all()
    assert numbers["percent"].sel(place="T1").to_numpy().tolist() == [10.0] * 5


# ── verdicts ─────────────────────────────────────────────────────────────────────────────────────────────────────

NONE = np.full(5, np.nan)


@pytest.mark.parametrize(
    ("difference", "percent", "verdict"),
    [
        ([-9, -6, -5, -3, -1], [-9, -6, -5, -3, -1], "decreased"),
        ([1, 3, 5, 6, 9], [1, 3, 5, 6, 9], "increased"),
        ([-9, -6, -5, -3, 0], [-9, -6, -5, -3, 0], "inconclusive"),
        ([-2, -1, 0, 1, 2], [-2, -1, 0, 1, 2], "no detectable effect"),
        ([-2, -1, 0, 1, 2.1], [-2, -1, 0, 1, 2.1], "inconclusive"),
        ([-1.9, -1.5, -1, -0.5, -0.1], [-1.9, -1.5, -1, -0.5, -0.1], "decreased"),
        ([0, 0, 0, 0, 0], NONE, "no detectable effect"),
        ([-2, 0, 0, 0, 2], NONE, "no detectable effect"),
        ([-3, 0, 0, 0, 2], NONE, "inconclusive"),
        (NONE, NONE, "inconclusive"),
    ],
)  # fmt: skip
def test_the_verdict_follows_from_the_interval(difference: object, percent: object, verdict: str) -> None:
    assert verdict_of(np.asarray(difference, float), np.asarray(percent, float), 100.0) == verdict


@given(st.lists(st.integers(-200, 200), min_size=FEWEST_DRAWS, max_size=40))
def test_with_the_signs_turned_a_fall_is_a_rise(changes: list[int]) -> None:
    change = np.array(changes)
    one, other = (finding(ensemble(*homicides(1000, c)), without_d=None) for c in (change, -change))
    turned = {"decreased": "increased", "increased": "decreased"}
    assert other.verdict == turned.get(one.verdict, one.verdict)
    low, high = np.quantile(change, [0.05, 0.95])
    assert (one.verdict == "decreased") == (high < 0)
    assert (one.verdict == "increased") == (low > 0)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("draws", [1, 3, FEWEST_DRAWS - 1, FEWEST_DRAWS])
@pytest.mark.parametrize("change", [-30, -1])
def test_too_few_draws_for_an_interval_decide_nothing(draws: int, change: int, language: str) -> None:
    one = finding(ensemble(*homicides(100, np.full(draws, change))), language=language)
    few = draws < FEWEST_DRAWS
    assert (one.verdict == "inconclusive", one.extra["reason"] == "draws") == (few, few)
    said = {row["verdict"] for row in one.table if row["difference"] != "0"}
    assert (said == {say(language, "simulate.verdict.inconclusive")}) == few
    words = say(language, "simulate.end.draws", fewest=FEWEST_DRAWS)
    assert (words in one.because) == few
    decides = arrange([one], language)[0]["lamps"].decides
    assert any(f" {FEWEST_DRAWS} " in sentence for sentence in decides) == few


def test_one_draw_does_not_tell_its_own_luck() -> None:
    one = finding(ensemble(*homicides(100, np.array([-30]))))
    assert one.table[0]["luck"] == "–", "0.00% would be certainty"
    two = finding(ensemble(*homicides(100, np.array([-30, -20]))))
    assert two.table[0]["luck"] != "–"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_counted_as_homicides_is_said_once_of_the_run(language: str) -> None:
    found = compare(ensemble(*homicides(100, often([-3, 4, -5, 1]))), country=TOYLAND, language=language)
    whole = arrange(found, language)[1]
    name = TOYLAND.indicators["lantern_thefts_watch"].name[language]
    assert len([sentence for sentence in whole if name in sentence and isinstance(sentence, Caveat)]) == 1


def test_what_is_the_same_in_every_draw_is_no_finding_of_no_effect() -> None:
    one = finding(ensemble(*homicides(100, np.zeros(4))))
    assert (one.verdict, one.extra["reason"]) == ("inconclusive", "not_simulated")
    assert one.because == "Nothing that was simulated moves homicides: that is no finding of no effect."


def test_a_place_that_is_not_reached_is_the_same_and_not_without_effect() -> None:
    one = finding(ensemble(*homicides(100, often([-50, -40, -30, -20]))))
    rows = {(row["place"], row["period"]): row["verdict"] for row in one.table}
    assert rows["Tinwhistle", "2023"] == "decreased"
    assert rows["Tinwhistle", "2024"] == "same in every draw"
    assert rows["Marblemere", "2023 to 2024"] == "same in every draw"
    assert [row["place"] for row in one.table[:4]] == ["nation", "nation", "nation", "Tinwhistle"]


# ── grade D ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("whole", "less", "share"),
    [
        (-10, -10, 0.0),
        (-10, -4, 0.6),
        (-10, 0, 1.0),
        (-10, 5, 1.5),
        (-10, -12, -0.2),
        (0, -3, None),
        (float("nan"), 0, None),
    ],
)
def test_the_share_on_grade_d_is_what_goes_without_it(whole: float, less: float, share: float | None) -> None:
    assert grade_d_share(whole, less) == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize(
    ("less", "verdict", "reason"),
    [(-20, "decreased", ""), (-10, "decreased", ""), (-9, "inconclusive", "grade_d"), (4, "inconclusive", "grade_d")],
)  # fmt: skip
def test_an_effect_that_rests_on_grade_d_for_more_than_half_tells_nothing(
    less: int, verdict: str, reason: str
) -> None:
    levers = ("lantern-marking",)
    whole = ensemble(*homicides(100, np.full(20, -20)), levers=levers)
    without = ensemble(*homicides(100, np.full(20, less)), levers=levers)
    one = finding(whole, without_d=without)
    assert (one.verdict, one.extra["reason"]) == (verdict, reason)
    assert float(one.extra["grade_d_share"]) == pytest.approx(1 - less / -20)
    assert ("rests on evidence of grade D" in one.because) == (reason == "grade_d")
    assert (one.grade, {row["verdict"] for row in one.table if row["difference"] != "0"}) == ("D", {verdict})


def test_grade_d_that_nobody_took_away_decides_nothing_either() -> None:
    whole = ensemble(*homicides(100, np.full(20, -20)), levers=("lantern-marking",))
    assert finding(whole).extra["reason"] == "grade_d_unknown"
    assert finding(whole).verdict == "inconclusive"
    assert finding(ensemble(*homicides(100, np.full(20, -20)))).verdict == "decreased"  # no lever of grade D


# ── rights, and what is not known ────────────────────────────────────────────────────────────────────────────────


def rights(rise: list[int]) -> Ensemble:
    level = np.full((2, 2, 20), 100)
    more = level.copy()
    more[0, 0] += often(rise)
    fewer = level.copy()
    fewer[0, 0] -= 50
    return ensemble(
        {"homicides": level, "rights_complaints": level}, {"homicides": fewer, "rights_complaints": more}
    )


@pytest.mark.parametrize(
    ("rise", "said"),
    [([1, 1, 1, -1], True), ([1, 1, 0, -1], True), ([1, 1, -1, -1], False), ([0, 0, 0, 0], False)],
)
def test_the_sentence_begins_with_rights_when_they_are_more_likely_than_not_to_suffer(
    rise: list[int], said: bool
) -> None:
    one = finding(rights(rise))
    assert one.because.startswith("Complaints of rights violations rise in") == said
    assert ("futures (" in one.because) == said
    assert one.verdict == "decreased"  # never netted: the one outcome does not change the other's verdict


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_rise_in_complaints_says_what_it_rests_on(language: str) -> None:
    words = {
        "en": ("(no finding: the 90% interval holds fewer, too; weakest evidence: grade B)", "(weakest evidence: grade B)", "all of it rests on evidence of grade D"),
        "es": ("(no es un hallazgo: en el intervalo de 90% caben también menos; evidencia más débil: grado B)", "(evidencia más débil: grado B)", "el 100% descansa en evidencia de grado D"),
    }[language]  # fmt: skip
    assert words[0] in finding(rights([9, 9, 9, -9]), language=language).because
    assert words[1] in finding(rights([9, 9, 9, 9]), language=language).because
    base, ours = homicides(100, np.full(20, -20))
    level = np.full((2, 2, 20), 40)
    by_d = ensemble(
        {**base, "rights_complaints": level},
        {**ours, "rights_complaints": level + 9},
        levers=("night-patrol",),
    )
    without = ensemble({**base, "rights_complaints": level}, ours, levers=("night-patrol",))
    assert words[2] in finding(by_d, language=language, without_d=without).because


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_say_that_reports_are_counted_and_not_what_is_reported(language: str) -> None:
    counted = {
        "en": ("report", "recorded", "recorded", "complaint"),
        "es": ("reporte", "registrad", "registrad", "queja"),
    }
    for kind in ("outcome", "short_outcome"):
        for outcome, word in zip(OUTCOMES[1:], counted[language], strict=True):
            assert word in say(language, f"simulate.{kind}.{outcome}")


def test_rights_come_first_and_outcomes_are_never_added_up() -> None:
    found = compare(rights([1, 1, 1, -1]), country=TOYLAND)
    assert [f.extra["outcome"] for f in found] == [
        "rights_complaints", "homicides", "disappearances", "extortion", "kidnapping"
    ]  # fmt: skip
    assert all(
        "Outcomes are never added up: fewer homicides do not pay for more complaints of rights violations." in f.caveats
        for f in found
    )  # fmt: skip


def test_unknown_companions_are_not_known_and_never_none() -> None:
    base, ours = homicides(100, often([-5, -5, -5, -5]))
    made = ensemble(base, ours, unknown=("rights_complaints", "kidnapping"))
    numbers = paired(made, "lamps").sel(outcome="rights_complaints")
    assert int(numbers["draws"]) == 0
    assert np.isnan(numbers["expected"].to_numpy()).all()
    one = finding(made, "rights_complaints")
    assert (one.verdict, one.extra["reason"], one.table) == ("inconclusive", "unknown", ())
    assert "not known" in one.because
    told = finding(made)
    assert sum(caveat.startswith("Not known") for caveat in told.caveats) == 2
    assert told.verdict == "decreased"


def test_an_outcome_without_a_level_is_unknown_even_where_its_counts_are_zero() -> None:
    base, ours = homicides(100, np.array([-5, -5]))
    made = ensemble({**base, "extortion": np.zeros((2, 2, 2), dtype=np.int64)}, ours)
    levels = {name: level for name, level in made.companions.levels.items() if name != "extortion"}
    one = finding(replace(made, companions=CompanionLevels(levels, ())), "extortion")
    assert one.extra["reason"] == "unknown"


# ── caveats and words ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_sweep_of_members_is_shown_and_a_sign_that_turns_is_named() -> None:
    made = ensemble(*homicides(100, np.full(20, -20)))
    few = ensemble(*homicides(100, np.full(20, -40)), members=30_000.0)
    many = ensemble(*homicides(100, np.full(20, 8)), members=230_000.0)
    turning = finding(made, scales=[many, few])
    told = turning.caveats
    assert (turning.verdict, turning.extra["reason"]) == ("inconclusive", "members")
    assert {row["verdict"] for row in turning.table} <= {"inconclusive", "same in every draw"}
    assert "the sign turns with the number of members" in turning.because
    given = finding(replace(made, members_nation=60_000.0), scales=[many, few])
    assert given.verdict == "decreased", "who gives the number has asked under that number"
    assert "Homicides: the sign of the difference turns with the number of members." in told
    assert any("30,000: −10.0% (−10.0% to −10.0%); 230,000: +2.0%" in caveat for caveat in told)
    steady = finding(made, scales=[few, replace(made, members_nation=60_000.0)])
    assert steady.verdict == "decreased" and not any("turns" in caveat for caveat in steady.caveats)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_finding_says_what_it_rests_on_in_both_languages(language: str) -> None:
    base, ours = homicides(100, np.array([-30, -20, -10, -5]))
    made = ensemble(base, ours, unknown=("kidnapping",))
    for one in compare(made, country=TOYLAND, language=language):
        words = " ".join(
            (one.claim, one.because, *one.caveats, *(v for row in one.table for v in row.values()))
        )
        assert not re.search(r"\{\w+\}|simulate\.|nan|–0", words)
        assert one.language == language and one.kind == "comparison" and one.because.endswith(".")
    told = finding(made, language=language)
    names = {"en": ("Lamps", "Goodwill", "A note of"), "es": ("Lámparas", "Buena voluntad", "Una nota")}
    assert all(any(name in caveat for caveat in told.caveats) for name in names[language])
    assert not any("Oil" in c or "Aceite" in c for c in told.caveats)  # its dose is not ours


def test_a_sentence_gives_median_interval_and_probability() -> None:
    one = finding(ensemble(*homicides(100, often([-30, -20, -20, -10]))))
    assert one.because == (
        "Homicides differ by −5.0% (90% interval −7.5% to −2.5%) from the status quo (2023 to 2024) and are fewer in more than "
        "99 of 100 simulated futures: they fall."
    )  # fmt: skip


def test_a_finding_has_an_id_of_its_own_that_stays() -> None:
    made = ensemble(*homicides(100, np.array([-3, 4])))
    ids = [one.id for one in compare(made, country=TOYLAND)]
    assert len(set(ids)) == len(ids)
    assert ids == [one.id for one in compare(made, country=TOYLAND, language="es")]


def test_strategies_can_be_compared_with_each_other() -> None:
    made = ensemble(*homicides(100, often([-3, -4, -3, -4])))
    counts = np.concatenate([made.by_year, made.by_year[1:] - 10])
    both = replace(made, by_year=counts, scenarios=(*made.scenarios, scenario("oil")))
    found = compare(both, against="lamps", quantity="homicides", country=TOYLAND)
    assert [(one.extra["strategy"], one.verdict) for one in found] == [("oil", "decreased")]
    assert "from lamps" in found[0].because


@pytest.mark.parametrize(
    ("how", "words"), [({"quantity": "burglary"}, "no such outcome"), ({"against": "hope"}, "no such strategy")]
)  # fmt: skip
def test_what_is_not_there_is_refused_with_what_there_is(how: dict[str, str], words: str) -> None:
    with pytest.raises(CareoError, match=words) as caught:
        compare(ensemble(*homicides(100, np.array([1, 2]))), country=TOYLAND, **how)  # pyright: ignore[reportArgumentType]
    assert "homicides" in caught.value.expected or "lamps" in caught.value.expected


def test_ensembles_that_counted_fewer_outcomes_are_refused_beside_one_that_counted_all() -> None:
    home = careo.load_country("toyland")
    strategies = [careo.load_strategy("ten-lamps-2018", "toyland")]
    whole = simulate(strategies, home, months=72, draws=10)
    few = simulate(strategies, home, months=72, draws=10, outcomes=["homicides"])
    with pytest.raises(CareoError, match="extortion"):
        compare(whole, without_d=few, country=home)
    with pytest.raises(CareoError, match="extortion"):
        compare(whole, scales=[few], country=home)
    assert {f.extra["outcome"] for f in compare(few, without_d=whole, scales=[whole], country=home)} == {
        "homicides", "rights_complaints",
    }  # fmt: skip


# ── caveats as a screen shows them ───────────────────────────────────────────────────────────────────────────────


def two_strategies() -> tuple[Finding, ...]:
    base, ours = homicides(100, np.array([-30, -20, -20, 25]))
    base, ours = {**base, "extortion": base["homicides"]}, {**ours, "extortion": ours["homicides"]}
    made = ensemble(base, ours, unknown=("kidnapping",))
    other = replace(scenario("oil"), notes=made.scenarios[1].notes)
    twice = replace(
        made,
        scenarios=(*made.scenarios, other),
        by_year=made.by_year[[0, 1, 1]],
        by_month=made.by_month[[0, 1, 1]],
        members_by_year=made.members_by_year[[0, 1, 1]],
    )
    few = replace(twice, members_nation=30_000.0)
    return compare(
        twice, country=TOYLAND, without_d=twice, scales=[few, replace(few, members_nation=60_000.0)]
    )


def test_every_caveat_is_shown_once_and_none_is_lost() -> None:
    found = two_strategies()
    arranged, whole = arrange(found, "en")
    assert list(arranged) == ["lamps", "oil"] and len(set(whole)) == len(whole)
    for name, told in arranged.items():
        mine = [f for f in found if f.extra["strategy"] == name]
        every = {caveat for f in mine for caveat in f.caveats}
        shown = {*whole, *told.own}
        said = {caveat.kind for caveat in every - shown if isinstance(caveat, Caveat)}
        assert said <= {"luck", "sweep_turns", "unknown", "share_none", "sweep_same", "sweep"}
        assert not {*whole} & {*told.own, *told.decides}
        assert {row[0] for row in told.rows} == {"homicides", "recorded extortions"}, (
            "what nothing moves rests on nothing"
        )
    assert "A note of the scenario." in whole, "what several strategies all say is said once"
    rule = [caveat for caveat in whole if isinstance(caveat, Caveat) and caveat.kind == "rule"]
    assert len(rule) == 1


def test_a_caveat_of_one_strategy_alone_stays_with_it() -> None:
    found = [f for f in two_strategies() if f.extra["strategy"] == "oil"]
    arranged, whole = arrange(found, "en")
    assert "A note of the scenario." in arranged["oil"].own
    assert {one.kind for one in whole if isinstance(one, Caveat)} <= set(RUN_WIDE)
    assert arranged["oil"].own[0].startswith("Against the last twelve observed months")


def test_what_more_draws_cannot_mend_stands_before_what_they_can() -> None:
    made = ensemble(*homicides(100, np.array([-9, -1, 0, 9])), unknown=("kidnapping",))
    few = ensemble(*homicides(100, np.full(4, -40)), members=30_000.0)
    many = ensemble(*homicides(100, np.full(4, 9)), members=230_000.0)
    found = compare(made, country=TOYLAND, scales=[few, many])
    decides = arrange(found, "en")[0]["lamps"].decides
    assert len(decides) <= MOST_DECIDING
    assert decides[0] == "Recorded kidnappings: not known, for their present level is not known."
    order = [
        next(i for i, one in enumerate(decides) if words in one)
        for words in ("nothing that was simulated", "turns with the number of members", "other luck")
    ]
    assert order == sorted(order)
    assert decides[-1].startswith("Homicides: with 4 draws")


def test_one_outcome_keeps_its_sentences_instead_of_a_table() -> None:
    made = ensemble(*homicides(100, np.full(4, -20)))
    few = ensemble(*homicides(100, np.full(4, -40)), members=30_000.0)
    told = arrange([finding(made, scales=[few])], "en")[0]["lamps"]
    assert not told.rows and any("30,000: −10.0%" in caveat for caveat in told.own)
