"""Replays: blind to what came after the origin, the same worlds with and without, failure said first, and every mistake of a file named."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import careo
import careo.run.replay as runs
from careo.base.errors import CareoError, DataError, OutputError
from careo.base.shipped import country_folder
from careo.base.texts import say
from careo.record.replay import ReplayCase, load_replay, read_replay
from careo.record.strategy import Strategy
from careo.results.finding import DIFFERENCES
from careo.results.replay import ENDS, FORECASTS, GroupReplay, Replay, Said, Stretch, replay
from careo.results.replay_words import below_words, with_words
from careo.run.ensemble import prepare
from careo.run.parameters import borrowed_later
from careo.run.replay import Rerun, groups_of, measures_alone, rerun
from careo.run.scenario import Scenario, compile_scenario
from careo.views.cli import Asked
from careo.views.replay_picture import draw_fan
from careo.views.replay_verb import replay_verb

NAMES = ("2006-operations", "2008-operations", "2013-prevention", "2019-guard")
DRAWS = 60


@pytest.fixture(scope="module")
def toyland() -> Replay:
    return replay("2020-lamps", careo.load_country("toyland"), draws=DRAWS)


@pytest.fixture(scope="module")
def operations() -> Replay:
    return replay("2008-operations", careo.load_country(), draws=200)


def lamps() -> ReplayCase:
    return load_replay("2020-lamps", "toyland")


def run(case: ReplayCase, **more: object) -> Rerun:
    return rerun(case, careo.load_country("toyland"), **({"draws": DRAWS} | more))  # pyright: ignore[reportArgumentType]


# ── the files ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_replays_of_both_countries_load_and_speak_both_languages() -> None:
    assert careo.replays() == NAMES
    assert careo.replays("toyland") == ("2020-lamps",)
    for country in ("mexico", "toyland"):
        for name in careo.replays(country):
            case = load_replay(name, country)
            assert case.slug == name
            words = [case.title, case.origin_why, case.until_why, *case.notes]
            words += [each for other in case.not_dosed for each in (other.what, other.why)]
            assert all(set(each) == {"en", "es"} for each in words)


def test_months_are_counted_from_the_one_after_the_origin_to_the_last() -> None:
    case = load_replay("2008-operations")
    assert (case.origin_month, case.start, case.months) == (date(2008, 2, 1), date(2008, 3, 1), 34)
    assert replace(case, origin="2008-12", until="2009-01").months == 1


MISTAKES = {
    "a year is no origin": ({"origin": "2019"}, "begins and ends with a month"),
    "it ends before it begins": ({"until": "2019-11"}, "ends before it begins"),
    "no such strategy": ({"strategy": "ten-lamp-2018"}, "ten-lamps-2018"),
    "no such measure": ({"measures": ["tl-m9"]}, "no such measure"),
    "twice the same": ({"measures": ["tl-m3", "tl-m3"]}, "tl-m3"),
    "a measure without a dose": ({"measures": ["tl-m4"]}, "no dose"),
    "one that was there before": ({"measures": ["tl-m2"]}, "belongs to the history"),
    "another country": ({"country": "MX"}, "TY"),
    "counted for a measure that is not in it": (
        {"by_state": {"tl-m1": {"indicator": "boats_missing", "inhabitants": 10}}}, "tl-m1",
    ),
    "a source nobody knows": (
        {"not_dosed": [{"what": {"en": "a"}, "why": {"en": "b"}, "sources": ["lamp-2032"], "verified": "read"}]}, "lamp-2032",
    ),
    "a key too many": ({"weight": 1}, "weight"),
    "no measures": ({"measures": []}, "measures"),
}  # fmt: skip


@pytest.mark.parametrize("change", MISTAKES)
def test_a_mistake_of_a_file_is_named_with_its_line(change: str, tmp_path: Path) -> None:
    changed, words = MISTAKES[change]
    written = yaml.safe_load(
        (country_folder("toyland") / "replays" / "2020-lamps.yaml").read_text(encoding="utf-8")
    )
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(written | changed, allow_unicode=True), encoding="utf-8")
    _, mistakes = read_replay(path, "toyland")
    assert mistakes
    told = " ".join(mistake.render("en") for mistake in mistakes)
    assert words in told
    assert re.search(r"mine\.yaml:\d+", told)
    with pytest.raises(CareoError):
        load_replay(path, "toyland")


def test_a_name_that_is_nearly_one_is_told() -> None:
    with pytest.raises(DataError) as caught:
        load_replay("2019-gard")
    assert "2019-guard" in caught.value.render("en")
    assert "2019-guard" in caught.value.render("es")


# ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_doses_both_forecasts_are_the_same_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = run(lamps())
    assert not np.array_equal(plain.without, plain.with_measure)

    def quiet(case: ReplayCase, country: careo.Country) -> tuple[Strategy, dict[str, tuple[str, ...]]]:
        strategy, cut = measures_alone(case, country)
        none = [
            replace(m, dose=replace(m.dose, value=0.0, low=0.0, high=0.0))
            for m in strategy.measures
            if m.dose
        ]
        return replace(strategy, measures=tuple(none)), cut

    monkeypatch.setattr(runs, "measures_alone", quiet)
    silent = run(lamps())
    assert np.array_equal(silent.without, silent.with_measure)
    assert np.array_equal(silent.without, plain.without)


def test_nothing_after_the_origin_is_seen(tmp_path: Path) -> None:
    """A world that differs in the months after the origin only: what happened changes, what would have been said does not."""
    shutil.copytree(country_folder("toyland"), tmp_path / "other")
    table = tmp_path / "other" / "series" / "monthly" / "lantern_thefts_watch.csv"
    head, *rows = table.read_text(encoding="utf-8").splitlines()
    later = [row if row < "2020" else re.sub(r",(\d+)", lambda m: f",{3 * int(m[1])}", row) for row in rows]
    assert later != rows
    table.write_text("\n".join([head, *later]) + "\n", encoding="utf-8")
    other = str(tmp_path / "other")
    found, changed = (
        run(lamps()),
        rerun(load_replay("2020-lamps", other), careo.load_country(other), draws=DRAWS),
    )
    for forecast in FORECASTS:
        assert np.array_equal(getattr(found, forecast), getattr(changed, forecast))
    assert np.array_equal(3 * found.observed, changed.observed)


def test_a_change_before_the_origin_is_seen(tmp_path: Path) -> None:
    shutil.copytree(country_folder("toyland"), tmp_path / "other")
    table = tmp_path / "other" / "series" / "monthly" / "lantern_thefts_watch.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("2019-12,", "2019-12,9", 1), encoding="utf-8")
    other = str(tmp_path / "other")
    changed = rerun(load_replay("2020-lamps", other), careo.load_country(other), draws=DRAWS)
    assert not np.array_equal(run(lamps()).without, changed.without)


def test_a_small_run_is_a_slice_of_a_large_one_on_any_number_of_threads() -> None:
    small, large = run(lamps(), threads=1), run(lamps(), draws=150, threads=3)
    assert np.array_equal(small.with_measure, large.with_measure[..., :DRAWS])
    assert np.array_equal(small.without, large.without[..., :DRAWS])


def test_by_place_and_month_are_the_worlds_of_the_laboratory() -> None:
    case, country = lamps(), careo.load_country("toyland")
    job = prepare(
        [measures_alone(case, country)[0]], country, months=case.months, origin=case.origin_month, outcomes=()
    )
    _, monthly, *_ = job.run((0, DRAWS))
    found = run(case)
    assert np.array_equal(monthly[0, 0], found.without.sum(axis=0))
    assert np.array_equal(monthly[1, 0], found.with_measure.sum(axis=0))


def test_a_job_of_an_earlier_origin_knows_no_level_from_afterwards() -> None:
    country = careo.load_country()
    strategy, _ = measures_alone(load_replay("2019-guard"), country)
    early = prepare([strategy], country, months=12, origin=date(2018, 12, 31))
    assert (early.history.last, early.start) == (date(2018, 12, 1), date(2019, 1, 1))
    assert all(
        level.period.last and level.period.last <= date(2018, 12, 31)
        for level in early.companions.levels.values()
    )
    assert "kidnapping" in early.companions.levels
    assert early.companions.missing == ("rights_complaints",)
    now = prepare([strategy], country, months=12)
    assert now.history.last > early.history.last
    assert not now.companions.missing


def test_series_first_known_afterwards_are_named() -> None:
    country = careo.load_country()
    assert "prison_population" in borrowed_later(country, date(2008, 2, 1))
    assert borrowed_later(country, date(2023, 12, 1)) == ()


def test_constants_come_from_what_was_known_by_then() -> None:
    country = careo.load_country()
    assert runs.calibration_at(country, date(2018, 12, 1)).until == "2017-12"
    assert runs.calibration_at(country, date(2008, 2, 1)).until == "2008-02"


def test_months_that_change_their_source_are_refused() -> None:
    case = replace(load_replay("2013-prevention"), until="2016-01")
    with pytest.raises(DataError) as caught:
        rerun(case, careo.load_country(), draws=DRAWS)
    assert "2015-12" in caught.value.render("en") and "not counted alike" in caught.value.render("en")


@pytest.mark.parametrize(
    ("origin", "until", "words"), [("2019-12", "2030-01", "ends with"), ("2030-01", "2031-01", "ends with")]
)
def test_a_record_that_does_not_reach_is_refused(origin: str, until: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        run(replace(lamps(), origin=origin, until=until))
    assert words in caught.value.render("en")


def test_a_dose_that_the_record_counts_is_people_over_inhabitants_and_never_above_the_full_one() -> None:
    country, case = careo.load_country(), load_replay("2019-guard")
    strategy, cut = measures_alone(case, country)
    scenario = compile_scenario(strategy, country, months=case.months, start=case.start)
    guard = scenario.doses[scenario.levers.index("national-guard")]
    assert not guard[:, :6].any()  # nobody before July 2019
    assert guard[:, 6].min() > 0 and guard.max() == 1.0
    counted = {
        str(o.period): o.value for o in country.series("guard_deployed").observations if o.place == "01"
    }
    assert guard[0, 6] == pytest.approx(1000 * counted["2019-07"] / 1_437_159, rel=1e-3)
    assert np.array_equal(guard[:, 30], guard[:, 35])  # what was last counted goes on
    assert "06" in cut["prc-m1"] and "01" not in cut["prc-m1"]
    assert all(np.all(guard[int(code) - 1] <= 1.0) for code in cut["prc-m1"])
    wide = scenario.doses_high[scenario.levers.index("national-guard")]
    assert np.all(wide <= 1.0) and np.all(wide >= guard)


def scenario_of(doses: list[list[float]]) -> Scenario:
    array = np.array(doses)[None]
    places = tuple(f"T{i}" for i in range(array.shape[1]))
    return Scenario("x", ("lever",), array, array, array, (False,), places, "state", date(2020, 1, 1))


def test_groups_are_those_with_and_without_or_with_more_and_less() -> None:
    def names(doses: list[list[float]]) -> dict[str, tuple[str, ...]]:
        return {group.name: group.places for group in groups_of(scenario_of(doses))}

    everywhere = ("T0", "T1", "T2")
    assert names([[0, 1], [0, 0], [0, 0]]) == {"treated": ("T0",), "rest": ("T1", "T2"), "nation": everywhere}
    assert names([[0, -1], [0, 0], [0, 0]])["treated"] == ("T0",)
    assert names([[1, 1], [3, 3], [2, 2]]) == {"more": ("T1",), "less": ("T0", "T2"), "nation": everywhere}
    assert names([[1, 1], [1, 1], [1, 1]]) == {"nation": everywhere}
    assert names([[0, 0], [0, 0], [0, 0]]) == {"nation": everywhere}


# ── what is said ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_numbers_are_those_of_the_samples(toyland: Replay) -> None:
    nation, found = toyland.group("nation"), toyland.rerun
    total = found.with_measure.sum(axis=(0, 1)).astype(float)
    said = nation.whole.said["with_measure"]
    assert said.quantiles == pytest.approx(np.quantile(total, ENDS))
    counted = found.observed.sum()
    assert nation.whole.counted == counted
    pairs = np.abs(total[:, None] - total[None]).mean()
    assert said.crps == pytest.approx(np.abs(total - counted).mean() - pairs / 2)
    assert said.below == pytest.approx((total < counted).mean() + (total == counted).mean() / 2)
    assert [each.year for each in nation.stretches] == [2020, 2021, 0]
    assert sum(each.counted for each in nation.stretches[:-1]) == counted
    assert len(nation.counted) == nation.before + found.case.months
    assert nation.fans["without"].shape == (5, found.case.months)


def test_the_prior_s_share_is_none_where_the_miss_is_small_and_signed_where_it_is_not(
    operations: Replay,
) -> None:
    treated = operations.group("treated")
    without, mine = (treated.whole.said[name].median for name in ("without", "with_measure"))
    assert treated.share == pytest.approx((mine - without) / (treated.whole.counted - without))
    assert math.isnan(replay("2020-lamps", careo.load_country("toyland"), draws=DRAWS).group("nation").share)


def test_in_2008_nobody_s_forecast_held_and_that_is_said_first(operations: Replay) -> None:
    treated = operations.group("treated")
    assert treated.places == ("08", "25", "26")
    assert all(not said.holds(treated.whole.counted) for said in treated.whole.said.values())
    assert 0 < treated.share < 0.1
    assert treated.holding == {"without": 0, "with_measure": 0, "walk": 0}
    finding = operations.findings[0]
    assert finding.because.startswith("The laboratory failed here: 18,836 homicides were counted, above")
    assert "the laboratory failed for" in operations.summary
    caveats = " ".join(finding.caveats)
    for words in ("One event decides nothing", "in part of these very events", "our judgement", "Prison population", say("en", "simulate.outcome.disappearances"),
                  "publication delay"):  # fmt: skip
        assert words in caveats
    told = " ".join(operations.not_dosed)
    assert "Ciudad Juárez" in told and "Mérida" in told and "Michoacán" in told
    assert finding.sources and finding.table[-1]["counted"] == "18836"


@given(
    counted=st.integers(0, 400),
    quiet=st.tuples(*[st.floats(0, 300)] * 5).map(sorted),
    moved=st.tuples(*[st.floats(0, 300)] * 5).map(sorted),
)
def test_failure_is_said_first_and_nothing_is_ever_decided(
    toyland: Replay, counted: int, quiet: list[float], moved: list[float]
) -> None:
    first, second = (Said((e[0], e[1], e[2], e[3], e[4]), 1.0, 0.5) for e in (quiet, moved))
    said = {"without": first, "with_measure": second, "walk": first}
    group: GroupReplay = replace(
        toyland.group("nation"), stretches=(Stretch(0, 24, counted, said),), share=0.2
    )
    for language, failed in (("en", "The laboratory failed here"), ("es", "El laboratorio falló aquí")):
        (finding,) = with_words(replace(toyland, groups=(group,)), language).findings
        assert finding.because.startswith(failed) == (not said["with_measure"].holds(counted))
        assert finding.verdict == "inconclusive" and finding.verdict in DIFFERENCES
        assert finding.kind == "validation"
        assert "{" not in finding.because


def test_a_place_in_a_forecast_is_never_certain() -> None:
    assert [below_words(x) for x in (0.0, 0.004, 0.5, 0.996, 1.0)] == ["<1%", "<1%", "50%", ">99%", ">99%"]


@pytest.mark.parametrize("draws", [0, 19, 20_001])
def test_too_few_or_too_many_worlds_are_refused(draws: int) -> None:
    with pytest.raises(CareoError) as caught:
        replay("2020-lamps", careo.load_country("toyland"), draws=draws)
    assert "20 … 20000" in caught.value.render("en")


# ── how it is shown ──────────────────────────────────────────────────────────────────────────────────────────────


def asked(out: str = "", *, language: str = "en", as_json: bool = False) -> Asked:
    return Asked(language, as_json, offline=True, strict=False, country="toyland", out=out)


def test_the_verb_writes_a_fan_of_each_group_and_the_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert replay_verb(asked(str(folder), as_json=True), "2020-lamps", draws="60") == 0
    data = json.loads(capsys.readouterr().out)
    assert data == json.loads((folder / "2020-lamps.json").read_text(encoding="utf-8"))
    assert data["command"] == "validate"
    assert data["replay"]["groups"][0]["share_covered"] is None
    assert data["findings"][0]["verdict"] == "inconclusive"
    assert sorted(path.name for path in folder.iterdir()) == ["2020-lamps-nation.svg", "2020-lamps.json"]


@pytest.mark.parametrize(("language", "words"), [("en", "What is not in it"), ("es", "Lo que no está")])
def test_the_verb_speaks_both_languages(
    language: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay_verb(asked(language=language), "2020-lamps", draws="60") == 0
    shown = capsys.readouterr().out
    assert words in shown
    assert "{" not in shown


def test_a_file_where_the_folder_should_be_is_refused_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError):
        replay_verb(asked(str(tmp_path / "out")), "no such replay")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_a_fan_has_three_lines_and_three_bands_and_says_what_was_found(operations: Replay) -> None:
    svg = draw_fan(operations, operations.group("treated"), "en")
    assert svg.count('stroke-width="2"') == 3
    assert svg.count("rgba(") == 3
    assert "<circle" not in svg
    assert "The laboratory failed here" in svg  # for whoever cannot see it
    ElementTree.fromstring(svg)  # noqa: S314 - ours
