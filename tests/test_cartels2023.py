"""The published network model: its figures, its closure, its laws; the reader's folder; the verb in both languages."""

from __future__ import annotations

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careo.base.errors import CareoError
from careo.base.shipped import country_folder
from careo.base.texts import sentences
from careo.model import cartels2023 as model
from careo.model.cartels2023 import PUBLISHED, Floats, Network, Parameters, Tie
from careo.results.replication import Replication, replicate
from careo.results.replication_network import network_folder
from careo.results.replication_study import (
    SCENARIOS,
    load_published_model,
    published_models,
    read_published_model,
)
from careo.views import contract
from careo.views.cli import Asked
from careo.views.replicate_verb import replicate_verb

STUDY = "prieto-curiel-2023"
REAL = Path(__file__).resolve().parents[2] / "shared/data/cartels"
FILES = ("BACRIM2020_Nodes.csv", "BACRIM2020_Alliances.csv", "BACRIM2020_Rivals.csv", "Trends2012_2021.csv")
realdata = pytest.mark.skipif(not REAL.is_dir(), reason="../shared is not beside the project")

FAST = Parameters(0.08, 30.0, 4e-5, 2e-5)  # rates at which a week changes something
TIES: tuple[list[Tie], list[Tie]] = ([(0, 1, 3.0), (1, 2, 1.0), (3, 0, 2.0)], [(1, 3, 2.0), (2, 4, 5.0)])


@pytest.fixture(scope="module")
def small() -> Network:
    return model.network(5, *TIES)


def slopes(network: Network, members: Floats, rates: Parameters) -> Floats:
    """The right side of the article, with the whole matrix S, in plain NumPy: an oracle. [persons/week; group]"""
    matrix = exposures(network)
    rho, eta, theta, omega = (
        float(np.asarray(rate))
        for rate in (
            rates.recruitment_hazard_per_week,
            rates.incapacitations_per_week,
            rates.conflict_hazard_per_week,
            rates.saturation_hazard_per_week,
        )
    )
    lost = eta * members / members.sum() + theta * members * (matrix @ members) + omega * members**2
    return rho * members - lost


def exposures(network: Network) -> Floats:
    """S [-; group group]."""
    matrix = np.ones((network.groups, network.groups))
    for group in range(network.groups):
        ties = slice(network.starts[group], network.starts[group + 1])
        matrix[group, network.rivals[ties]] += network.weights[ties]
    matrix *= network.openness[:, None]
    np.fill_diagonal(matrix, 0.0)
    return matrix


# ── the equations ────────────────────────────────────────────────────────────────────────────────────────────────


def test_rivalries_raise_a_row_and_alliances_lower_it_but_not_the_column(small: Network) -> None:
    expected = np.array(
        [
            [0, 4, 1, 3, 1],
            [4 / 3, 0, 2 / 3, 1 / 3, 1 / 3],
            [1 / 6, 2 / 6, 0, 1 / 6, 1 / 6],
            [3 / 3, 1 / 3, 1 / 3, 0, 1 / 3],
            [1 / 6, 1 / 6, 1 / 6, 1 / 6, 0],
        ]
    )
    assert exposures(small) == pytest.approx(expected)
    assert small.strength == pytest.approx([5, 6, 6, 4, 5])


def test_a_tie_told_twice_counts_once_with_its_larger_weight() -> None:
    once = model.network(3, [(0, 1, 4.0)], [(1, 2, 2.0)])
    twice = model.network(3, [(0, 1, 1.0), (1, 0, 4.0), (0, 1, 2.0)], [(2, 1, 2.0), (1, 2, 2.0)])
    assert exposures(once) == pytest.approx(exposures(twice))


@pytest.mark.parametrize("tie", [(0, 0, 1.0), (0, 1, -1.0), (0, 1, float("nan"))])
def test_a_tie_that_makes_no_sense_is_refused(tie: Tie) -> None:
    with pytest.raises(ValueError, match="a tie between"):
        model.network(2, [tie], [])


def test_first_sizes_follow_the_rank_of_strength_and_ties_the_order_of_the_groups(small: Network) -> None:
    shares = model.first_groups(small, [100.0, 200.0])
    ranks = np.array([3, 1, 2, 5, 4])  # strengths 5, 6, 6, 4, 5
    expected = (1 / ranks) / (1 / np.arange(1, 6)).sum()
    assert shares == pytest.approx(np.outer(expected, [100.0, 200.0]))


@pytest.mark.slow
def test_the_kernel_solves_the_equations_of_the_article(small: Network) -> None:
    from scipy.integrate import solve_ivp

    start = model.first_groups(small, 4_000.0)
    run = model.simulate(small, start, FAST, 52)
    exact = solve_ivp(
        lambda _, members: slopes(small, members, FAST), (0, 52), start[:, 0], rtol=1e-11, atol=1e-9
    ).y[:, -1]
    assert abs(exact.sum() / start.sum() - 1) > 0.2  # something happened
    assert run.groups[:, 0] == pytest.approx(exact, rel=1e-7, abs=1e-6)
    assert run.deaths_per_week[-1, 0] == pytest.approx(4e-5 * exact @ exposures(small) @ exact, rel=1e-7)


def test_halving_the_step_divides_the_error_by_sixteen(small: Network) -> None:
    start = model.first_groups(small, 4_000.0)
    quick = Parameters(*(20.0 * np.asarray(rate) for rate in (0.08, 30.0, 4e-5, 2e-5)))
    ends = [
        model.simulate(small, start, quick, 2, steps_a_week=steps).groups[:, 0]
        for steps in (32, 64, 128, 2048)
    ]
    errors = [float(np.abs(end - ends[-1]).max()) for end in ends[:-1]]
    assert errors[0] > 1e-6
    for coarse, fine in pairwise(errors):
        assert 12 < coarse / fine < 22


rates = st.tuples(
    st.floats(0, 0.1), st.floats(0, 60), st.floats(0, 1e-4), st.floats(0, 1e-4)
).map(lambda given: Parameters(*given))  # fmt: skip
sizes = st.lists(st.floats(0, 5_000), min_size=5, max_size=5)


@settings(deadline=None)
@given(given=rates, members=sizes)
def test_members_balance_and_stay_above_zero(given: Parameters, members: list[float]) -> None:
    start = np.array(members)[:, None]
    run = model.simulate(model.network(5, *TIES), start, given, 30)
    lost = run.incapacitated + run.killed + run.saturated
    scale = 1.0 + run.members.max() + run.recruited.max()
    assert np.abs(run.members - (run.members[0] + run.recruited - lost)).max() < 1e-12 * scale
    assert run.members[-1] == pytest.approx(run.groups.sum(axis=0), abs=1e-9)
    assert run.groups.min() >= 0
    for flow in (run.recruited, run.incapacitated, run.killed, run.saturated):
        assert flow[0, 0] == 0 and np.diff(flow[:, 0]).min() >= 0


def test_nobody_is_incapacitated_who_is_not_there(small: Network) -> None:
    run = model.simulate(small, np.full((5, 1), 20.0), Parameters(0.0, 80.0, 0.0, 0.0), 40)
    # a quarter of a week at 80 a week, then at one a week for everybody left
    assert run.incapacitated[1, 0] == pytest.approx(20 + 80 * (1 - np.exp(-0.75)), rel=1e-4)
    assert 0 < run.members[-1, 0] < 1e-9 and run.incapacitated[-1, 0] == pytest.approx(100.0)


def test_without_rates_nothing_moves(small: Network) -> None:
    start = model.first_groups(small, 1_000.0)
    run = model.simulate(small, start, Parameters(0.0, 0.0, 0.0, 0.0), 10)
    assert (run.members == run.members[0]).all() and (run.groups == start).all()
    assert not run.deaths_per_week.any() and not run.killed.any() and not run.incapacitated.any()


@settings(deadline=None)
@given(order=st.permutations(range(5)), members=sizes)
def test_permuting_groups_permutes_results(order: list[int], members: list[float]) -> None:
    places = {group: place for place, group in enumerate(order)}
    moved = ([(places[a], places[b], w) for a, b, w in ties] for ties in TIES)
    start = np.array(members)[:, None]
    here = model.simulate(model.network(5, *TIES), start, FAST, 20)
    there = model.simulate(model.network(5, *moved), start[order], FAST, 20)
    assert there.groups == pytest.approx(here.groups[order], rel=1e-11, abs=1e-9)
    assert there.killed == pytest.approx(here.killed, rel=1e-11, abs=1e-9)


def test_a_draw_is_the_same_alone_among_others_and_on_any_number_of_threads(small: Network) -> None:
    draws = 2 * model.LANES + 3
    spread = np.linspace(0.5, 1.5, draws)
    given = Parameters(0.08 * spread, 30.0, 4e-5 * spread[::-1], 2e-5)
    start = model.first_groups(small, 4_000.0 * spread)
    whole = model.simulate(small, start, given, 30, threads=2)
    single = model.simulate(small, start, given, 30, threads=1)
    assert whole.killed.tobytes() == single.killed.tobytes()
    for draw in (0, model.LANES, draws - 1):
        own = Parameters(0.08 * spread[draw], 30.0, 4e-5 * spread[::-1][draw], 2e-5)
        alone = model.simulate(small, start[:, [draw]], own, 30)
        assert (alone.groups[:, 0] == whole.groups[:, draw]).all()
        assert (alone.killed[:, 0] == whole.killed[:, draw]).all()


def test_two_runs_end_to_end_are_one_run(small: Network) -> None:
    start = model.first_groups(small, 4_000.0)
    whole = model.simulate(small, start, FAST, 30)
    first = model.simulate(small, start, FAST, 12)
    second = model.simulate(small, first.groups, FAST, 18)
    assert (second.groups == whole.groups).all() and (second.members == whole.members[12:]).all()


@pytest.mark.parametrize(
    ("start", "given", "message"),
    [
        (np.ones((4, 1)), FAST, "4 groups for a network of 5"),
        (-np.ones((5, 1)), FAST, "not negative"),
        (np.ones((5, 1)), Parameters(float("nan"), 1.0, 1.0, 1.0), "finite"),
    ],
)
def test_what_cannot_be_run_is_refused(
    small: Network, start: Floats, given: Parameters, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        model.simulate(small, start, given, 1)


# ── the closure ──────────────────────────────────────────────────────────────────────────────────────────────────


@given(members=st.lists(st.floats(1, 5_000), min_size=6, max_size=6))
def test_meetings_of_members_are_those_of_the_closure_when_all_pairs_are_alike(members: list[float]) -> None:
    alike = model.network(6, [], [])
    groups = np.array(members)[:, None]
    met = (groups * (groups.sum(axis=0) - groups)).sum()
    concentration = model.concentration(groups)
    assert met == pytest.approx(float(groups.sum() ** 2 * (1 - concentration[0])), rel=1e-9)
    assert model.exposure(alike, groups) == pytest.approx([1.0], rel=1e-9)


def test_the_closure_is_exact_for_equal_groups() -> None:
    ring = [(group, (group + 1) % 8, 2.0) for group in range(8)]
    network = model.network(8, ring, [])
    start = np.full((8, 1), 500.0)
    closed = model.closure(1 / 8, float(model.exposure(network, start)[0]))
    whole = model.simulate(network, start, FAST, 60)
    single = model.simulate(closed, np.array([[4_000.0]]), FAST, 60)
    assert single.members == pytest.approx(whole.members, rel=1e-10)
    assert single.killed == pytest.approx(whole.killed, rel=1e-10)
    assert single.saturated == pytest.approx(whole.saturated, rel=1e-10)
    assert whole.killed[-1, 0] > 100


@pytest.fixture(scope="module")
def approximation() -> Replication:
    return replicate(STUDY)


@pytest.mark.parametrize(
    ("scenario", "size", "deaths"),
    [("base", 19, 42), ("half", -12, -23), ("double", 2.6, 5.2), ("zero", -36, -59)],
)
def test_the_closure_has_its_own_reference_figures(
    approximation: Replication, scenario: str, size: float, deaths: float
) -> None:
    figures = approximation.numbers["figures"]
    within = 0.1 if scenario == "double" else 0.5
    assert 100 * figures[f"{scenario}_size"] == pytest.approx(size, abs=within)
    assert 100 * figures[f"{scenario}_deaths"] == pytest.approx(deaths, abs=within)


def test_the_closure_is_never_called_the_published_result(approximation: Replication) -> None:
    assert approximation.approximate and approximation.groups == 1
    assert "approximation" in approximation.summary and "not the published result" in approximation.summary
    for finding in approximation.findings:
        assert finding.claim.startswith("Approximation") and finding.id.endswith("-closure")
        assert any("not the published result" in caveat for caveat in finding.caveats)
    first = approximation.findings[0].table
    assert {row["reference"] for row in first if row["figure"].startswith("members, ")} == {"–"}


# ── fitting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_made_a_series_is_found_again(small: Network) -> None:
    start = model.first_groups(small, [3_000.0, 4_000.0])
    truth = Parameters(np.array([0.004, 0.006]), 2.0, np.array([4e-7, 6e-7]), 1e-7)
    run = model.simulate(small, start, truth, 52 * 6)
    series = np.diff(run.killed[::52], axis=0) / 52
    for draw in range(2):
        found = model.refit(
            small, start[:, [draw]], Parameters(0.005, 2.0, 5e-7, 1e-7), list(series[:, draw])
        )
        assert found.settled.all() and found.squared_error[0] < 1e-9
        for name in ("recruitment_hazard_per_week", "conflict_hazard_per_week"):
            expected = np.asarray(getattr(truth, name))[draw]
            assert np.asarray(getattr(found.parameters, name))[0] == pytest.approx(expected, rel=1e-5)


# ── the published model ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def published() -> Replication:
    return replicate(STUDY, network=REAL)


@pytest.mark.realdata
@realdata
@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("members_first", 115_000),
        ("members_now", 173_837),
        ("members_last", 213_745),
        ("recruits", 358.8),
        ("deaths_first", 67.2),
        ("deaths_now", 124.3),
        ("deaths_last", 169.4),
    ],
)
def test_the_network_gives_the_published_counts(published: Replication, figure: str, value: float) -> None:
    assert published.numbers["figures"][figure] == pytest.approx(value, rel=0.005)


@pytest.mark.realdata
@realdata
@pytest.mark.parametrize(
    ("scenario", "size", "deaths"),
    [
        ("base", 23.0, 36.3),
        ("half", -9.9, -25.8),
        ("double", 5.9, 1.7),
        ("zero", -34.8, -60.8),
        ("both", -25.2, -48.5),
        ("none", 39.6, 74.4),
    ],
)
def test_the_network_gives_the_published_changes(
    published: Replication, scenario: str, size: float, deaths: float
) -> None:
    figures = published.numbers["figures"]
    assert 100 * figures[f"{scenario}_size"] == pytest.approx(size, abs=0.1)
    assert 100 * figures[f"{scenario}_deaths"] == pytest.approx(deaths, abs=0.1)


@pytest.mark.realdata
@realdata
def test_the_findings_of_our_own_come_out_of_the_network(published: Replication) -> None:
    numbers = published.numbers
    assert numbers["figures"]["weeks_back"] == 169
    sweep = numbers["scale"]
    assert [row["members"] for row in sweep] == [30_000, 60_000, 115_000, 230_000]
    assert [100 * row["double"] for row in sweep] == pytest.approx([-33, -10, 4, 17], abs=1.0)
    assert [100 * row["half"] for row in sweep] == pytest.approx([-65, -41, -25, -10], abs=1.0)
    assert [row["squared_error"] for row in sweep] == pytest.approx([756, 621, 627, 631], rel=0.005)
    assert 100 * numbers["comparison_year"]["double"]["against_same_year"] == pytest.approx(-25, abs=1)
    assert 100 * numbers["comparison_year"]["double"]["cumulative"] == pytest.approx(-14, abs=1)
    assert 100 * numbers["comparison_year"]["half"]["cumulative"] == pytest.approx(-27, abs=1)
    since = {name: round(100 * change, 1) for name, change in numbers["out_of_sample"].items()}
    assert (since["model"], since["homicides"], since["with_missing"]) == (20.7, -6.7, 17.3)
    assert [finding.verdict for finding in published.findings] == ["passed", *["inconclusive"] * 3]
    assert all(row["agrees"] == "yes" for row in published.findings[0].table)
    assert not published.approximate and published.groups == 150


@pytest.mark.realdata
@realdata
def test_the_network_is_concentrated_and_exposed_as_the_closure_takes_it() -> None:
    study = load_published_model(STUDY)
    told = network_folder(REAL, study)
    network = model.network(told.groups, told.rivalries, told.alliances)
    start = model.first_groups(network, 115_000.0)
    now = model.simulate(network, start, PUBLISHED, 520).groups
    last = model.simulate(network, now, PUBLISHED, 260).groups
    exposed = [float(model.exposure(network, groups)[0]) for groups in (start, now, last)]
    assert exposed == pytest.approx([0.346, 0.280, 0.253], abs=5e-4)
    assert np.mean(exposed[:2]) == pytest.approx(np.mean(study.closure.exposure), abs=1e-4)
    assert float(model.concentration(start)[0]) == pytest.approx(study.closure.concentration, abs=1e-4)


# ── the reader's folder ──────────────────────────────────────────────────────────────────────────────────────────

GROUPS = "Node,Group,State,ShortName\nN1,A,Colima,A\nN2,B,Jalisco,B\nN3,C,Sonora,C\n"
HEAD = "Edge,Node,Group,RNode,RGroup,weight\n"
ALLIED, RIVAL = HEAD + "R1,N1,A,N2,B,2\nR2,N2,B,N1,A,2\n", HEAD + "E1,N2,B,N3,C,3\nE2,N1,A,N3,C,1\n"
YEARS = "YEAR,homicide,missings,arrests\n" + "".join(
    f"{year},{20_000 + 900 * (year - 2012)},{9_000 + 1_100 * (year - 2012)},100000\n"
    for year in range(2012, 2022)
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("a.csv", GROUPS), ("b.csv", ALLIED), ("c.csv", RIVAL), ("d.csv", YEARS)):
        (tmp_path / name).write_text(text, encoding="utf-8-sig")
    return tmp_path


def test_another_network_is_run_and_said_not_to_give_the_published_figures(folder: Path) -> None:
    (folder / "notes.txt").write_text("nothing for the model")
    result = replicate(STUDY, network=folder)
    assert result.groups == 3 and not result.approximate
    assert result.findings[0].verdict == "failed"
    assert "f_trends_pc" in {source.key for source in result.findings[1].sources}


def test_without_trends_the_series_of_the_records_are_fitted_to(folder: Path) -> None:
    (folder / "d.csv").unlink()
    keys = {source.key for source in replicate(STUDY, network=folder).findings[1].sources}
    assert "f_rnpdno" in keys


def test_names_of_files_and_the_order_of_rows_do_not_matter(folder: Path) -> None:
    before = replicate(STUDY, network=folder).numbers["figures"]
    (folder / "c.csv").rename(folder / "0.csv")
    head, *rows = RIVAL.splitlines()
    (folder / "0.csv").write_text("\n".join([head, *reversed(rows)]))
    assert replicate(STUDY, network=folder).numbers["figures"] == before


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("c.csv", None, "groups, its alliances and its rivalries"),
        ("a.csv", None, "groups, its alliances and its rivalries"),
        ("c.csv", HEAD, "no row below the header"),
        ("c.csv", HEAD + "E1,N1,A,N2,B,1\nR2,N1,A,N3,C,1\n", "first letter of Edge"),
        ("c.csv", HEAD + "E1,N1,A,N9,X,1\n", "two different groups of the network"),
        ("c.csv", HEAD + "E1,N1,A,N1,A,1\n", "two different groups of the network"),
        ("c.csv", HEAD + "E1,N1,A,N2,B,-1\n", "weight from 0"),
        ("c.csv", HEAD + "E1,N1,A,N2,B,\n", "weight from 0"),
        ("c.csv", HEAD + "E1,N1,A,N2,B,1e300\n", "weight from 0"),
        ("c.csv", HEAD + "E1,N1,A,N2,B,inf\n", "weight from 0"),
        ("c.csv", "Edge,Node,Group,RNode,RGroup\nE1,N1,A,N2,B\n", "lacks: weight"),
        ("e.csv", RIVAL, "two files"),
        ("a.csv", GROUPS + "N1,D,Colima,D\n", "one row with its own node"),
        ("a.csv", "Node,Group,State\nN1,A,Colima\n", "from 2 to"),
        ("d.csv", YEARS.replace("2015,", "2025,"), "every year"),
        ("d.csv", YEARS.replace("20000", "-90000"), "every year"),
    ],
)
def test_a_folder_that_is_not_the_network_is_one_sentence(
    folder: Path, name: str, text: str | None, told: str
) -> None:
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text)
    with pytest.raises(CareoError, match=re.escape(told)) as caught:
        replicate(STUDY, network=folder)
    for language in ("en", "es"):
        sentence = caught.value.render(language)
        assert "{" not in sentence and (str(folder) in sentence or name in sentence)


def test_no_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(CareoError, match="not a folder"):
            replicate(STUDY, network=path)


def test_heavy_ties_end_in_numbers_or_in_dashes_but_never_in_a_crash(folder: Path) -> None:
    (folder / "b.csv").write_text(HEAD + "R1,N1,A,N2,B,100\nR2,N1,A,N3,C,100\nR3,N2,B,N3,C,100\n")
    (folder / "c.csv").write_text(HEAD + "E1,N1,A,N2,B,0\n")
    mild = replicate(STUDY, network=folder)
    (folder / "c.csv").write_text(HEAD + "E1,N1,A,N2,B,100\nE2,N1,A,N3,C,100\nE3,N2,B,N3,C,100\n")
    (folder / "b.csv").write_text(HEAD + "R1,N1,A,N2,B,0\n")
    wild = replicate(STUDY, network=folder)
    for result in (mild, wild):
        contract.to_json(dict(result.numbers))  # JSON refuses what is no number
        assert all(
            "nan" not in cell for finding in result.findings for row in finding.table for cell in row.values()
        )


@pytest.mark.parametrize("country", ["toyland", "mexico"])
def test_an_unknown_study_is_one_sentence(country: str) -> None:
    name = "nobody-2020" if country == "mexico" else STUDY
    with pytest.raises(CareoError, match="no published model"):
        replicate(name, country=country)


# ── what is known of it ──────────────────────────────────────────────────────────────────────────────────────────


def test_every_published_model_of_a_country_is_read_without_a_mistake() -> None:
    assert published_models("mexico") == (STUDY,)
    assert published_models("toyland") == ()
    study = load_published_model(STUDY)
    assert tuple(study.scenarios) == SCENARIOS
    assert all(bool(figure.published) == bool(figure.seen) for figure in study.figures.values())


BROKEN: dict[str, tuple[str, str, str]] = {
    "source": ("[prieto-curiel-code-2023, evidence-notes]", "[prieto-code]", "prieto-curiel-code-2023"),
    "series": ("homicide_inegi_registered", "homicide_inegi_registred", "homicide_inegi_registered"),
    "years": ("now: 2022", "now: 2032", "order of time"),
    "observed": ("[2021, 2024]", "[2024, 2021]", "order of time"),
    "share": ("deaths_share: 0.10", "deaths_share: 10", "le 1"),
    "base": ("base: {recruitment: 1", "base: {recruitment: 2", "moves no lever"),
    "scenario": ("  none: {rec", "  nothing: {rec", "scenarios.none is missing"),
    "figure": ("  weeks_back:", "  weeks_bak:", "weeks_back"),
    "unit": ("base_size: {unit: percent", "base_size: {unit: persons", "in percent"),
    "unseen": ("published: [125], seen: read", "published: [125]", "deaths_now.seen is missing"),
    "three ends": ("[160_000, 185_000]", "[1, 2, 3]", "members_now"),
    "name": ("study: prieto-curiel-2023", "study: prieto-2023", "prieto-curiel-2023"),
    "key": ("missing_source:", "missing_sorce:", "missing_source"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_of_a_published_model_is_refused_with_file_line_and_words(
    name: str, tmp_path: Path
) -> None:
    good = (country_folder("mexico") / "replications" / f"{STUDY}.yaml").read_text(encoding="utf-8")
    old, new, told = BROKEN[name]
    assert good.count(old) == 1
    path = tmp_path / f"{STUDY}.yaml"
    path.write_text(good.replace(old, new), encoding="utf-8")
    _, mistakes = read_published_model(path)
    assert told in "\n".join(str(mistake) for mistake in mistakes)
    assert all(int(mistake.where.removeprefix(f"{path}:")) > 0 for mistake in mistakes)
    assert all("{" not in mistake.render("es") for mistake in mistakes)


# ── the verb ─────────────────────────────────────────────────────────────────────────────────────────────────────


def asked(language: str, *, json: bool = False, out: str = "", strict: bool = False) -> Asked:
    return Asked(language, json, offline=True, strict=strict, country="mexico", out=out)


@pytest.mark.parametrize(
    ("language", "first", "unverified"), [("en", "approximation", "(unverified)"), ("es", "aproximación", "(sin verificar)")]
)  # fmt: skip
def test_the_verb_says_it_in_one_sentence_first(
    language: str, first: str, unverified: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replicate_verb(asked(language), name=STUDY, network="") == 0
    text = capsys.readouterr().out
    assert first in " ".join(text.split())[:80]
    assert unverified in text and "caulkins-kilmer-reuter-2023" in text and "arxiv-2310-05975" in text
    assert "replicate." not in text and "{" not in text


def test_json_holds_the_findings_and_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert replicate_verb(asked("es", json=True), name=STUDY, network="") == 0
    data = json.loads(capsys.readouterr().out)
    schema = contract.schema()
    one = {**schema["$defs"]["finding"], "$defs": schema["$defs"]}
    for finding in data["findings"]:
        jsonschema.validate(finding, one)
        assert finding["kind"] == "comparison" and finding["grade"] == "D"
    block = data["replication"]
    assert block["approximate"] is True and set(block["numbers"]["comparison_year"]) == set(SCENARIOS)


def test_strict_says_that_the_figures_do_not_come_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replicate_verb(asked("en", strict=True), name=STUDY, network=str(folder)) == 1
    assert "not reproduced" in capsys.readouterr().out


@pytest.mark.realdata
@realdata
def test_three_files_are_enough(tmp_path: Path) -> None:
    for name in FILES[:3]:
        shutil.copy(REAL / name, tmp_path)
    assert replicate(STUDY, network=tmp_path).findings[0].verdict == "passed"


def test_both_languages_have_the_same_sentences_and_placeholders() -> None:
    pattern = re.compile(r"\{\w+\}")
    english, spanish = (
        {
            key: sorted(pattern.findall(text))
            for key, text in sentences(language).items()
            if "replicate" in key
        }
        for language in ("en", "es")
    )
    assert english == spanish and len(english) > 80
