"""Runs by municipality: shares from the record, doses once, sums exact from strategy to disk, weak evidence that stays weak."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import careo
from careo.base.errors import CareoError, DataError
from careo.base.texts import LANGUAGES
from careo.evidence.levers import load_levers
from careo.model.municipal import LocalEffects, Map, share_paths, split_counts
from careo.panel import Country, load_country
from careo.results.compare import compare
from careo.results.municipalities import OTHERS, REACHED, compare_municipalities, paired_municipalities
from careo.run import municipal_record
from careo.run.ensemble import Ensemble, prepare, simulate
from careo.run.measure_places import chosen_places
from careo.run.run_plan import estimate_run, plan_run
from careo.run.runs import find_run, read_run, resume_run, start_run
from careo.run.scenario import compile_scenario
from careo.views.cli import run as careo_command
from worlds import World, measured, new_world, with_towns

MONTHS, DRAWS = 24, 60
WHOLE = {"months": MONTHS, "draws": DRAWS, "threads": 1}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return with_towns(new_world(tmp_path_factory.mktemp("towns")))


@pytest.fixture(scope="module")
def country(world: World) -> Country:
    return load_country(str(world.folder))


def calls(world: World, *where: str, slug: str = "plan") -> careo.Strategy:
    return measured(world, {"id": "m1", "lever": "house-calls", "where": list(where)}, slug=slug)


def counted(ensemble: Ensemble) -> np.ndarray:
    assert ensemble.municipal is not None
    return ensemble.municipal.to_numpy().astype(np.int64)


def homicides(ensemble: Ensemble) -> np.ndarray:
    return ensemble.yearly.sel(outcome="homicides").transpose("strategy", "place", "year", "draw").to_numpy()


# ── whole runs ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def two_towns(world: World, country: Country) -> Ensemble:
    return simulate([calls(world, "T1b", "T7a", slug="two-towns")], country, level="municipality", **WHOLE)


def test_towns_add_up_to_their_shires(two_towns: Ensemble) -> None:
    towns, shires = counted(two_towns), homicides(two_towns)
    assert np.array_equal(np.add.reduceat(towns, np.arange(0, 27, 3), axis=1), shires)
    assert np.array_equal(
        shires[1].sum(axis=(0, 1)), two_towns.monthly.sel(outcome="homicides")[1].sum("month")
    )


def test_the_status_quo_is_that_of_a_run_by_state(two_towns: Ensemble, country: Country) -> None:
    plain = simulate([], country, **WHOLE)
    assert np.array_equal(plain.yearly[0], two_towns.yearly[0])
    assert np.array_equal(plain.members[0], two_towns.members[0])


def test_only_shires_with_a_reached_town_change_and_others_not_at_all(two_towns: Ensemble) -> None:
    shires, towns = homicides(two_towns), counted(two_towns)
    reached = [0, 6]
    rest = [place for place in range(9) if place not in reached]
    assert np.array_equal(shires[1][rest], shires[0][rest])
    outside = [j for j in range(27) if j // 3 in rest]
    assert np.array_equal(towns[1][outside], towns[0][outside])
    difference = (towns[1] - towns[0]).sum(axis=1).mean(axis=1)
    assert difference[1] < -20 and difference[18] < -1
    beside = np.abs(difference[[0, 2, 19, 20]])
    assert (beside < 0.25 * abs(difference[1])).all()


def test_a_measure_in_every_town_is_the_measure_in_the_shire(world: World, country: Country) -> None:
    towns = calls(world, *(f"T4{town}" for town in "abc"), slug="towns")
    shire = calls(world, "T4", slug="shire")
    both = simulate([towns, shire], country, level="municipality", **WHOLE)
    by_state = simulate([shire], country, **WHOLE)
    assert np.array_equal(counted(both)[1], counted(both)[2])
    assert np.array_equal(both.yearly[1], both.yearly[2])
    assert np.array_equal(both.yearly[1], by_state.yearly[1]), "bit for bit what a run by state has"
    assert not np.array_equal(both.yearly[1], both.yearly[0])


def test_a_measure_nowhere_is_the_status_quo_bit_for_bit(world: World, country: Country) -> None:
    late = measured(
        world, {"id": "m1", "lever": "house-calls", "where": ["T1a"], "start": "2021-06-01"}, slug="late"
    )
    ensemble = simulate([late, measured(world, slug="empty")], country, level="municipality", **WHOLE)
    towns = counted(ensemble)
    assert np.array_equal(towns[2], towns[0]) and np.array_equal(ensemble.yearly[2], ensemble.yearly[0])
    assert np.array_equal(towns[1, :, 0], towns[0, :, 0]), "identical before the first measure begins"
    assert not np.array_equal(towns[1, :, 1], towns[0, :, 1])


def test_a_strategy_does_not_depend_on_those_beside_it(
    world: World, country: Country, two_towns: Ensemble
) -> None:
    beside = calls(world, "T1a", "T2", slug="beside")
    again = measured(world, {"id": "m1", "lever": "house-calls", "where": ["T1b", "T7a"]}, slug="two-towns")
    both = simulate([beside, again], country, level="municipality", **WHOLE)
    assert np.array_equal(counted(both)[[0, 2]], counted(two_towns))


def test_threads_and_blocks_change_nothing(
    world: World, country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy = calls(world, "T1b")
    asked = {"months": 13, "draws": 30, "level": "municipality"}
    whole = simulate([strategy], country, threads=1, **asked)
    monkeypatch.setattr("careo.run.ensemble.BLOCK", 7)
    blocks = simulate([strategy], country, threads=2, **asked)
    assert np.array_equal(counted(whole), counted(blocks)) and np.array_equal(whole.yearly, blocks.yearly)


# ── doses ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_acts_through_a_shire_gets_the_dose_by_its_people(world: World, country: Country) -> None:
    lamps = measured(world, {"id": "m1", "lever": "street-lighting", "where": ["T1b", "T2"]}, slug="lamps")
    job = prepare([lamps], country, months=6, level="municipality")
    by_state = compile_scenario(lamps, country, months=6, start=job.start)
    assert job.scenarios[1].doses[0, :2, 0] == pytest.approx(by_state.doses[0, :2, 0], rel=1e-3)
    assert job.scenarios[1].doses[0, 0, 0] == pytest.approx(0.15, rel=1e-3)
    assert job.scenarios[1].doses[0, 1, 0] == 0.5
    assert job.local_plan.effects == (), "nothing of it acts within states"


def test_an_event_of_a_town_has_the_prior_of_towns_and_one_of_a_shire_that_of_shires(
    world: World, country: Country
) -> None:
    raid = {"id": "m1", "lever": "raid", "dose": {"basis": "judgement", "value": 1, "low": 1, "high": 1,
            "how": {"en": "so", "es": "así"}, "grade": "D"}}  # fmt: skip
    town = measured(world, {**raid, "where": ["T1b"]}, slug="town")
    shire = measured(world, {**raid, "where": ["T1"]}, slug="shire")
    job = prepare([town, shire], country, months=6, level="municipality")
    by_state, within = job.plan, job.local_plan
    assert [effect.level for _, _, effect in by_state.effects] == ["state"]
    assert [effect.level for _, _, effect in within.effects] == ["municipality"]
    assert not by_state.dose[1].any() and by_state.dose[2, 0, 0].any()
    assert within.dose[1].any() and not within.dose[2].any()
    assert job.plan.left_out == (), "nothing is left out for being of towns"
    assert prepare([town], country, months=6).plan.left_out[0].level == "municipality"


def test_levers_beyond_what_all_have_alike_set_places_apart(world: World, country: Country) -> None:
    strategy = measured(
        world, {"id": "m1", "lever": "house-calls", "where": "nation"},
        {"id": "m2", "lever": "house-calls", "where": ["T5c"]}, {"id": "m3", "lever": "street-lighting", "where": "nation"},
        slug="more",
    )  # fmt: skip
    part = prepare([strategy], country, months=6, level="municipality").municipal
    assert part is not None
    apart = part.apart("more")
    assert list(apart) == ["house-calls"]
    assert [part.record.codes[j] for j in np.flatnonzero(apart["house-calls"])] == ["T5c"]


# ── the record ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_shares_follow_counts_where_there_are_many_and_people_where_there_are_few() -> None:
    counts = np.full((5, 36), np.nan)
    counts[0], counts[1], counts[2] = 20, 1, 0
    counts[3:] = 0
    state = np.array([0, 0, 0, 1, 1])
    shares, people = municipal_record._shares(counts, np.array([100.0, 100.0, 2.0, 30.0, 10.0]), state, 2)
    assert shares[:3].sum() == pytest.approx(1) and shares[3:].sum() == pytest.approx(1)
    assert shares[0] == pytest.approx(720 / 756, rel=0.02)
    assert 0 < shares[2] < people[2], "none was counted, which is less than its people but not none for ever"
    assert shares[3:] == pytest.approx([0.75, 0.25]), "nothing happened: people alone"
    unseen = counts.copy()
    unseen[2] = np.nan
    later, _ = municipal_record._shares(unseen, np.array([100.0, 100.0, 2.0, 30.0, 10.0]), state, 2)
    assert later[2] > 3 * shares[2], "a town younger than the record is at its state's rate"


def test_without_people_what_happened_stands_for_size() -> None:
    counts = np.full((3, 48), 0.0)
    counts[0, :12], counts[1], counts[2] = 40, 10, 5
    shares, people = municipal_record._shares(counts, np.full(3, np.nan), np.zeros(3, dtype=int), 1)
    assert people == pytest.approx(np.array([481, 481, 241]) / 1203)
    assert shares[1] > shares[2] > shares[0] > 0, "the last three years count, older ones are a beginning"


@pytest.mark.parametrize("psi", [15.0, 150.0])
def test_concentration_and_drift_are_found_again_in_a_record_of_known_ones(psi: float) -> None:
    """Twelve states of 25 municipalities and nine years, made with the kernel itself."""
    states, each, years, drift = 12, 25, 9, 0.3
    begin = np.arange(0, states * each + 1, each)
    where = Map(
        begin, np.arange(states * each), np.repeat(np.arange(states), each)[None], np.arange(states + 1)[None]
    )
    shares = np.tile(np.geomspace(8, 1, each) / np.geomspace(8, 1, each).sum(), states)
    paths = share_paths(
        3, where, shares, first_draw=0, draws=1, years=years, drift=drift, years_before=np.zeros(states)
    )
    none = np.zeros((1, 0, states, 12 * years))
    nothing = LocalEffects(none, none, none, *(np.zeros((0, 1)),) * 2, *(np.zeros(0, dtype=np.int64),) * 2)
    months = [
        split_counts(
            3, np.arange(1, states + 1), 0, np.full((1, states, 1, 1), 150), where, nothing._replace(
                dose=none[..., :1], above=none[..., :1], below=none[..., :1]
            ), paths[:, t // 12 : t // 12 + 1], np.full((states, 1), 0.5), np.full((states, 1), psi), first_month=t,
        )[0, :, 0, 0]
        for t in range(12 * years)
    ]  # fmt: skip
    counts = np.array(months, dtype=np.float64).T
    state = np.repeat(np.arange(states), each)
    median, _ = municipal_record._concentration(counts, state)
    assert median == pytest.approx(psi, rel=0.25)
    assert municipal_record._drift(counts, state) == pytest.approx(drift, rel=0.3)


def test_too_short_a_record_leaves_the_published_spread() -> None:
    counts, state = np.full((4, 12), 3.0), np.array([0, 0, 1, 1])
    assert municipal_record._concentration(counts, state) == (
        municipal_record.CONCENTRATION,
        municipal_record.CONCENTRATION_LOG_SD,
    )
    assert municipal_record._drift(counts, state) == municipal_record.DRIFT


def test_without_a_municipal_record_one_sentence_says_what_to_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = with_towns(new_world(tmp_path), record=False)
    calls(bare, "T1a")
    for language, words in (
        ("en", "no municipal record has been imported"),
        ("es", "no se ha importado ningún registro municipal"),
    ):
        told = ["simulate", str(bare.folder / "strategies" / "plan.yaml"), "--country", str(bare.folder)]
        code = careo_command(
            [*told, "--places", "municipality", "--lang", language, "-o", str(tmp_path / "runs")]
        )
        said = capsys.readouterr()
        assert (
            code == 2
            and words in said.err
            and "careo data import" in said.err
            and "Traceback" not in said.err
        )
    assert not (tmp_path / "runs").exists()


def test_a_country_without_municipalities_cannot_be_run_by_them() -> None:
    toyland = load_country("toyland")
    with pytest.raises(DataError, match="no places of this level"):
        prepare([careo.load_strategy("ten-lamps-2018", "toyland")], toyland, level="municipality")
    with pytest.raises(CareoError, match="no places of this level"):
        prepare([], toyland, level="municipality")


# ── on disk and on the screen ────────────────────────────────────────────────────────────────────────────────────


def test_a_run_read_from_disk_is_what_was_simulated(
    world: World, country: Country, two_towns: Ensemble, tmp_path: Path
) -> None:
    strategy = measured(
        world, {"id": "m1", "lever": "house-calls", "where": ["T1b", "T7a"]}, slug="two-towns"
    )
    plan = plan_run([strategy], country, months=MONTHS, draws=DRAWS, level="municipality")
    run = start_run(plan, tmp_path, threads=1)
    assert run.question["places"] == "municipality"
    read = read_run(run.id, tmp_path)
    assert np.array_equal(counted(read), counted(two_towns)) and np.array_equal(read.yearly, two_towns.yearly)
    assert read.municipal is not None and read.municipal.dtype == np.int16, "few in most places: little room"
    assert read_run(run.id, tmp_path, variant="members-30000").municipal is None, (
        "the others are not counted by place"
    )
    main = next(run.path.glob("main.*.npy"))
    before = main.read_bytes()
    main.unlink()
    resume_run(run.id, tmp_path, threads=1)
    assert main.read_bytes() == before
    by_state = plan_run([strategy], country, months=MONTHS, draws=DRAWS)
    assert by_state.id != plan.id and "municipalities" in plan.depends
    estimate, plain = estimate_run(plan, threads=1), estimate_run(by_state, threads=1)
    assert estimate.cells - plain.cells == 2 * 27 * MONTHS * DRAWS
    assert estimate.memory_bytes > plain.memory_bytes


def test_a_manifest_that_says_it_has_municipalities_and_has_none_is_damaged(
    world: World, country: Country, tmp_path: Path
) -> None:
    from careo.run.run_manifest import checksum

    run = start_run(plan_run([], country, months=2, draws=2, sweep=False), tmp_path, threads=1)
    file = run.path / "manifest.json"
    for places in ("municipality", "galaxy"):
        manifest = json.loads(file.read_text("utf-8"))
        manifest["question"]["places"] = places
        manifest["checksum"] = checksum(manifest)
        file.write_text(json.dumps(manifest), "utf-8")
        with pytest.raises(DataError, match="damaged"):
            read_run(run.id, tmp_path)


@pytest.mark.parametrize("damage", ["classes", "states", "numbers", "shares", "doses", "months"])
def test_a_municipal_part_that_does_not_fit_its_run_is_refused_before_a_kernel_sees_it(
    world: World, country: Country, damage: str
) -> None:
    job = prepare([calls(world, "T1b")], country, months=6, level="municipality")
    part = job.municipal
    assert part is not None
    part.refuse_unfit(9, 2, 6)
    record, months = part.record, 6
    if damage == "classes":
        part = replace(part, class_of=part.class_of + 1)
    elif damage == "states":
        part = replace(part, record=replace(record, state=np.full(27, 10**9)))
    elif damage == "numbers":
        part = replace(part, record=replace(record, numbers=record.numbers.astype(np.float64)))
    elif damage == "shares":
        part = replace(part, record=replace(record, shares=np.full(27, np.nan)))
    elif damage == "doses":
        scenario = part.scenarios[1]
        part = replace(part, scenarios=(part.scenarios[0], replace(scenario, doses=scenario.doses[:, :2])))
    else:
        months = 60
    with pytest.raises(ValueError, match=r"municipal part|classes|doses"):
        part.refuse_unfit(9, 2, months)


def test_the_places_reached_stand_against_the_rest(two_towns: Ensemble, country: Country) -> None:
    numbers = paired_municipalities(two_towns, "two-towns")
    towns = counted(two_towns).sum(axis=2)
    apart = np.isin(np.arange(27), [1, 18])
    difference = towns[1] - towns[0]
    for name, mask in ((REACHED, apart), (OTHERS, ~apart), ("house-calls", apart)):
        mine = numbers.sel(place=name)
        assert mine["difference"].to_numpy() == pytest.approx(
            np.quantile(difference[mask].sum(axis=0), [0.05, 0.25, 0.5, 0.75, 0.95])
        )
        assert float(mine["expected"]) == np.median(towns[0][mask].sum(axis=0))
        assert int(mine["municipalities"]) == mask.sum()
    finding = compare_municipalities(
        two_towns, compare(two_towns, quantity="homicides", country=country), country=country, largest=2
    )[0]
    assert [row["place"] for row in finding.table[2:]] == ["Town T1b, Tinwhistle", "Town T7a, Thimbleton"]
    assert finding.extra["reached"] == "2" and finding.grade == "B"
    assert any("the largest" in caveat for caveat in finding.caveats)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_old_record_says_its_age_in_the_first_sentence(
    language: str, two_towns: Ensemble, country: Country
) -> None:
    assert two_towns.part is not None
    whole = compare(two_towns, quantity="homicides", country=country, language=language)

    def sentence(years: float, *months: str) -> str:
        assert two_towns.part is not None
        record = two_towns.part.record
        last = (*months, *[months[-1]] * (len(record.last) - len(months)))
        old = replace(record, years_before=np.full(len(last), years), last=last)
        ensemble = replace(two_towns, part=replace(two_towns.part, record=old))
        return compare_municipalities(ensemble, whole, country=country, language=language)[0].because

    words = {"en": ("December 2010", "13 years before the run begins: in the 2", "between December 2009 and"),
             "es": ("diciembre de 2010", "13 años antes de que empiece la corrida: en los 2", "entre diciembre de 2009 y")}  # fmt: skip
    at_once, age, span = words[language]
    told = sentence(13.0, "2010-12")
    assert at_once in told and age in told and told[0].isupper()
    assert span in sentence(13.0, "2009-12", "2010-12")
    assert not any(word in sentence(1.5, "2010-12") for word in (at_once, span))


def test_a_run_by_state_has_no_municipalities_to_compare(country: Country) -> None:
    plain = simulate([], country, months=2, draws=2)
    with pytest.raises(CareoError, match="by state"):
        paired_municipalities(plain, "status-quo")


def test_evidence_of_grade_d_in_few_towns_decides_nothing(tmp_path: Path) -> None:
    """The same numbers as with a lever of grade B, which says that they fall; with D it cannot be told."""
    verdicts: dict[str, str] = {}
    for grade, deviation in (("B", 0.2), ("D", 0.5)):
        world = with_towns(new_world(tmp_path / grade))
        path = world.folder / "levers" / "house-calls.yaml"
        lever = json.loads(path.read_text("utf-8"))
        lever["grade"] = grade
        lever["effects"][0].update(mean=-0.25, sd=deviation)
        path.write_text(json.dumps(lever), "utf-8")
        country = load_country(str(world.folder))
        assert load_levers(str(world.folder))["house-calls"].grade == grade
        strategy = calls(world, "T1b")
        how = {**WHOLE, "level": "municipality", "seed": 11}
        ensemble = simulate([strategy], country, **how)
        less = simulate([strategy], country, without=frozenset("D"), **how)
        told = compare(ensemble, quantity="homicides", without_d=less, country=country)
        verdicts[grade] = compare_municipalities(ensemble, told, country=country)[0].verdict
    assert verdicts["D"] == "inconclusive"


def test_the_screen_says_it_in_both_languages_and_for_machines(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    calls(world, "T1b", "T7a", slug="two-towns")
    file = str(world.folder / "strategies" / "two-towns.yaml")
    told = [
        "simulate",
        file,
        "--country",
        str(world.folder),
        "--months",
        "12",
        "--draws",
        "20",
        "--places",
        "municipality",
    ]
    assert careo_command([*told, "--lang", "en"]) == 0
    said = capsys.readouterr()
    assert "By municipality: 27 municipalities." in said.err
    assert "In the 2 municipalities where two-towns does more" in " ".join(said.out.split())
    name = next(Path("runs").iterdir()).name
    for language in LANGUAGES:
        assert careo_command(["compare", name, "--places", "municipality", "--lang", language]) == 0
        out = capsys.readouterr().out
        assert "Town T1b" in out and "simulate." not in out
    assert careo_command(["compare", name, "--places", "municipality", "--json", "--lang", "en"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["findings"][0]["extra"]["level"] == "municipality"
    assert data["comparisons"][0]["axes"]["place"][:4] == ["reached", "others", "house-calls", "T1a"]
    assert careo_command(["compare", name, "--places", "state", "--lang", "en"]) == 2
    assert (
        careo_command(
            ["compare", name, "--places", "municipality", "--quantity", "extortion", "--lang", "en"]
        )
        == 2
    )
    assert find_run(name).question["places"] == "municipality"


# ── other places for a measure ───────────────────────────────────────────────────────────────────────────────────


def test_places_of_a_measure_are_codes_a_mask_or_the_worst(
    world: World, country: Country, tmp_path: Path
) -> None:
    strategy = calls(world, "T1b")
    mask = tmp_path / "mask.csv"
    mask.write_text("code\nT3a\nT2c\n", "utf-8")
    assert chosen_places(["m1=T1a,T9c"], [strategy], country) == {"plan": {"m1": ("T1a", "T9c")}}
    assert chosen_places([f"plan:m1={mask}"], [strategy], country) == {"plan": {"m1": ("T2c", "T3a")}}
    worst = chosen_places(["m1=top:3"], [strategy], country)["plan"]["m1"]
    assert len(worst) == 3 and all(code[-1] == "b" for code in worst), (
        "most happens in the second town of each shire"
    )
    job = prepare([strategy], country, months=2, level="municipality", where={"plan": {"m1": worst}})
    assert job.municipal is not None
    reached = np.flatnonzero(job.municipal.apart("plan")["house-calls"])
    assert tuple(job.municipal.record.codes[j] for j in reached) == worst


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("m1", "not MEASURE=PLACES"),
        ("m9=T1a", "no strategy of the run has this measure"),
        ("m1=T1a", "several strategies"),
        ("plan:m1=gone/mask.csv", "no such file"),
        ("plan:m1=top:999", "cannot be ranked"),
        ("plan:m1=T1z", "place"),
    ],
)
def test_other_places_that_mean_nothing_are_refused(
    world: World, country: Country, written: str, words: str
) -> None:
    both = [calls(world, "T1b"), calls(world, "T1b", slug="second")]
    with pytest.raises(CareoError, match=words):
        prepare(both, country, months=2, level="municipality", where=chosen_places([written], both, country))


# ── the record of Mexico ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.realdata
@pytest.mark.slow
def test_mexico_by_municipality_from_the_files_a_user_has() -> None:
    data = Path("../shared/data")
    careo.import_data(data / "inegi" / "municipal_month_2004-2010.csv.bz2")
    careo.import_data(data / "population" / "mun_total.csv")
    mexico = load_country()
    strategy = careo.load_strategy("pena-nieto-2013")
    where = chosen_places(["epn-m1=top:251"], [strategy], mexico)
    assert len(where["pena-nieto-2013"]["epn-m1"]) == 251
    job = prepare([strategy], mexico, months=14, level="municipality", where=where)
    assert job.municipal is not None
    record = job.municipal.record
    assert len(record.codes) == 2475 and record.last == ("2010-12",) * 32
    juarez = record.codes.index("08037")
    assert record.shares[juarez] == pytest.approx(0.606, abs=0.01), "of Chihuahua's homicides 2008–2010"
    assert 50 < record.concentration < 120 and 0.15 < record.drift < 0.35
    yearly, _, _, towns = job.run((0, 6))
    assert np.array_equal(np.add.reduceat(towns, job.municipal.map.begin[:-1], axis=1), yearly[:, 0])
    apart = job.municipal.apart("pena-nieto-2013")["local-prevention"]
    assert apart.sum() == 251 and date(2023, 12, 1) == job.history.last
