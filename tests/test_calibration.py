"""The forecaster's constants: fitted to a record, written to a file, read back, used by runs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from scipy import optimize, stats

import careo
from careo.base.errors import CareoError, DataError, OutputError
from careo.base.shipped import country_folder
from careo.model.calibration import (
    Cases,
    cases_of,
    correlation_by_lead,
    dependence_of,
    dispersion_of,
    fit_constants,
)
from careo.model.counts import observe
from careo.model.forecast import (
    CONSTANTS,
    Baseline,
    Constants,
    Features,
    dependence_by_lead,
    features_of,
    log_intensities,
)
from careo.model.luck import Luck
from careo.run.calibrate import calibration_text, constants_key, record_key
from careo.run.history import homicide_history
from careo.views import cli
from worlds import new_world

EMBEDDED = country_folder("mexico") / "calibration.yaml"
PRIOR_MEAN = np.array([4.185, 0.45, 0.05, -1.7726, 0.59, 0.82, -0.38, 1.28])
PRIOR_SD = np.array([0.3, 0.1, 0.05, 0.15, 0.15, 0.1, 0.08, 0.4])
ALPHA = 0.001


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREO_LANG", "en")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(arguments)
    out, err = capsys.readouterr()
    return code, out, err


# ── recovery ─────────────────────────────────────────────────────────────────────────────────────────────────────

LEADS = np.array([3, 8, 14])
PLACES, ORIGINS = 24, 25


def _histories() -> list[Features]:
    """What is known at 25 origins of 24 restless places each, with so many events that counting them adds little noise (the fit is good to
    first order in that noise)."""
    random = np.random.default_rng(11)
    found: list[Features] = []
    for _ in range(ORIGINS):
        steps = random.normal(0, 1, (PLACES, 100)) * np.exp(random.normal(-2.4, 0.5, (PLACES, 1)))
        walk, nation = steps.cumsum(axis=1), random.normal(0, 0.03, 100).cumsum()
        levels = random.uniform(6.0, 7.0, (PLACES, 1)) + walk - 0.8 * walk[:, -1:] + nation
        counts = random.poisson(np.exp(np.clip(levels, 1.5, 8.0))).astype(float)
        found.append(features_of(counts, np.ones(100), np.zeros(12)))
    return found


def _world(known: Sequence[Features], truth: np.ndarray, seed: int) -> Cases:
    """What comes after each origin, drawn by the forecaster itself; each lead with luck of its own, so that outcomes are independent."""
    constants = Constants(truth, np.zeros((8, 8)), ALPHA, 0.0, 36.0)
    ahead: list[tuple[np.ndarray, np.ndarray]] = []
    for k, features in enumerate(known):
        baseline = Baseline(features, constants, np.full(PLACES, 1e9), np.arange(PLACES))
        came = np.empty((PLACES, len(LEADS)))
        for j, lead in enumerate(LEADS.tolist()):
            luck = Luck(1000 * seed + j)
            paths = log_intensities(baseline, luck, np.ones(lead), draws=1, first_draw=k)
            came[:, j] = observe(paths, luck, baseline.places, dispersion=ALPHA, first_draw=k)[:, -1, 0]
        ahead.append((np.ones(int(LEADS[-1])), came))
    return cases_of(known, ahead, LEADS)


def test_constants_that_made_a_record_are_found_again_and_intervals_hold_them_as_often_as_they_say() -> None:
    """Truths are drawn from the prior, so a 90% interval should hold 90% of them: 20 worlds of 8 constants, one of which nothing tells."""
    random, known = np.random.default_rng(12), _histories()
    z, learnt = [], []
    for world in range(20):
        truth = PRIOR_MEAN + PRIOR_SD * random.standard_normal(8)
        cases = _world(known, truth, world)
        independent = (
            cases.observed.size / (cases.weights**2).mean()
        )  # heavy ones count for more: as many as Kish has it
        found = fit_constants(cases, PRIOR_MEAN, PRIOR_SD, effective=independent, dispersion=ALPHA)
        z.append((found.mean - truth) / np.sqrt(np.diag(found.covariance)))
        learnt.append(found.learnt)
    inside = (np.abs(np.array(z)) < stats.norm.ppf(0.95)).mean()
    assert inside > 0.9 - 2.5 * np.sqrt(0.9 * 0.1 / 160), (
        "160 answers, of which a world's own are nearly independent"
    )
    assert inside < 0.97, "nor are they too wide"
    share = dict(zip(CONSTANTS, np.mean(learnt, axis=0), strict=True))
    assert share["spread_by_far_lead"] < 1e-12
    assert (
        min(
            share[name] for name in ("reversion", "national_momentum", "own_momentum", "spread_by_volatility")
        )
        > 0.8
    )


# ── the mode ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def cases() -> Cases:
    return _world(_histories(), PRIOR_MEAN + 0.7 * PRIOR_SD, 99)


def _objective(at: np.ndarray, cases: Cases, effective: float) -> float:
    """That of the module's docstring, written down again for leads to 14."""
    level, distance, momentum, height, restless = cases.features[:, :, :, None]
    leads = cases.leads.astype(float)
    kept = (1 / (1 + np.exp(-at[0]))) ** leads
    centre = level + (1 - kept) * distance
    centre = centre + np.sqrt(leads / 8) * (at[1] * cases.national[:, None, None] + at[2] * momentum)
    spread = at[3] + at[4] * np.log(leads / 8) + at[6] * height + at[7] * restless
    m = np.exp(centre) * cases.exposure[:, None, :]
    q = m / (m + 0.5)
    deviation = np.sqrt(np.exp(spread) * q**2 + 1 / (m + 0.5) + ALPHA * q**2)
    residual = np.log(cases.observed + 0.5) - np.log(m + 0.5)
    density = stats.t(4).logpdf(residual / deviation) - np.log(deviation)
    weights = np.broadcast_to(np.exp(level), density.shape)
    prior = (((at - PRIOR_MEAN) / PRIOR_SD) ** 2).sum() / (2 * effective)
    return float(-(weights * density).sum() / weights.sum() + prior)


@pytest.mark.parametrize("effective", [4.0, 400.0])
def test_the_search_ends_where_scipy_ends(cases: Cases, effective: float) -> None:
    found = fit_constants(cases, PRIOR_MEAN, PRIOR_SD, effective=effective, dispersion=ALPHA)
    other = optimize.minimize(
        lambda at: _objective(PRIOR_MEAN + PRIOR_SD * at, cases, effective),
        np.zeros(8),
        method="BFGS",
        options={"gtol": 1e-7},
    )
    assert (found.mean - PRIOR_MEAN) / PRIOR_SD == pytest.approx(other.x, abs=1e-3)
    assert found.steepest < 1e-8 and found.steps < 20
    assert np.linalg.eigvalsh(found.covariance).min() > 0


def test_what_no_case_tells_keeps_its_prior_and_fewer_observations_tell_less(cases: Cases) -> None:
    few, many = (
        fit_constants(cases, PRIOR_MEAN, PRIOR_SD, effective=e, dispersion=ALPHA) for e in (1e-6, 400.0)
    )
    assert few.mean == pytest.approx(PRIOR_MEAN, abs=1e-5)
    assert np.sqrt(np.diag(few.covariance)) == pytest.approx(PRIOR_SD, rel=1e-4)
    far = CONSTANTS.index("spread_by_far_lead")
    assert many.mean[far] == PRIOR_MEAN[far] and many.learnt[far] < 1e-12
    assert np.sqrt(many.covariance[far, far]) == pytest.approx(PRIOR_SD[far])
    assert (many.learnt >= few.learnt).all() and many.learnt.max() > 0.7


def test_outcomes_not_observed_weigh_nothing(cases: Cases) -> None:
    holed = cases.observed.copy()
    holed[:, ::3] = np.nan
    kept = np.ones(PLACES, dtype=bool)
    kept[::3] = False
    less = replace(cases, observed=holed)
    fewer = replace(cases, features=cases.features[:, :, kept], observed=cases.observed[:, kept])
    one, other = (
        fit_constants(c, PRIOR_MEAN, PRIOR_SD, effective=100.0, dispersion=ALPHA) for c in (less, fewer)
    )
    assert one.mean == pytest.approx(other.mean, abs=1e-10)
    with pytest.raises(ValueError, match="outcome"):
        fit_constants(
            replace(cases, observed=np.full_like(holed, np.nan)),
            PRIOR_MEAN,
            PRIOR_SD,
            effective=1.0,
            dispersion=0.0,
        )
    with pytest.raises(ValueError, match="sd"):
        fit_constants(cases, PRIOR_MEAN, 0 * PRIOR_SD, effective=1.0, dispersion=0.0)


# ── dispersion and dependence ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("alpha", [0.0, 0.02, 0.1])
def test_dispersion_is_that_of_negative_binomial_counts_about_a_walking_level(alpha: float) -> None:
    random = np.random.default_rng(4)
    level = np.exp(6 + random.normal(0, np.sqrt(0.012), (400, 60)).cumsum(axis=1))
    mixed = level * random.gamma(1 / alpha, alpha, level.shape) if alpha else level
    found = dispersion_of(random.poisson(mixed).astype(float), np.ones(60))
    assert found == pytest.approx(alpha, rel=0.15, abs=0.003)


def test_dispersion_of_nothing_is_none_and_gaps_are_passed_over() -> None:
    assert dispersion_of(np.zeros((3, 50)), np.ones(50)) == 0.0
    assert dispersion_of(np.full((3, 50), np.nan), np.ones(50)) == 0.0
    counts = np.random.default_rng(4).negative_binomial(10, 10 / 510, (50, 200)).astype(float)
    holed = counts.copy()
    holed[:, 100] = np.nan
    assert dispersion_of(holed, np.ones(200)) == pytest.approx(dispersion_of(counts, np.ones(200)), rel=0.05)


@pytest.mark.parametrize(("limit", "months"), [(0.6, 36.0), (0.1, 6.0), (1.0, 120.0), (0.0, 6.0)])
def test_dependence_of_its_own_curve_is_itself(limit: float, months: float) -> None:
    leads = np.array([3, 6, 12, 24, 48, 72])
    curve = dependence_by_lead(Constants(PRIOR_MEAN, np.zeros((8, 8)), 0.0, limit, months), 72)[leads - 1]
    found = dependence_of(curve, leads)
    assert found[0] == pytest.approx(limit, abs=1e-9)
    assert found[1] == months
    curve[[1, 4]] = np.nan
    assert dependence_of(curve, leads)[0] == pytest.approx(limit, abs=1e-9)
    with pytest.raises(ValueError, match="two leads"):
        dependence_of(np.where(np.arange(6) == 2, curve, np.nan), leads)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.8])
def test_the_correlation_of_errors_is_the_one_they_were_made_with(rho: float) -> None:
    random = np.random.default_rng(8)
    origins, places = 4000, 12
    flat = np.zeros((5, origins, places))
    flat[0] = 9.0  # so many events that the noise of counting is nothing
    truth = PRIOR_MEAN.copy()
    truth[[3, 4, 6, 7]] = [2 * np.log(0.2), 0.0, 0.0, 0.0]
    nation, own = random.normal(0, 1, (origins, 1, 2)), random.normal(0, 1, (origins, places, 2))
    errors = 0.2 * (np.sqrt(rho) * nation + np.sqrt(1 - rho) * own)
    made = Cases(flat, np.zeros(origins), np.ones((origins, 2)), np.exp(9.0 + errors), np.array([3, 12]))
    # the correlation of an intraclass estimate over n origins has an error of about √(2/n)
    assert correlation_by_lead(made, truth) == pytest.approx(rho, abs=4 * np.sqrt(2 / origins))


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_embedded_constants_are_rebuilt_by_one_command_bit_for_bit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "calibration.yaml"
    code, out, err = run(capsys, "calibrate", "-o", str(file))
    assert code == 0
    assert file.read_bytes() == EMBEDDED.read_bytes(), (
        "renew it: careo calibrate -o src/careo/data/mexico/calibration.yaml"
    )
    assert f"--calibration {file}" in err
    assert "to 2017-12" in out and "107 origins" in out and "The search ended after 4 steps" in out
    assert re.search(r"Veracruz .* 0\.61", out)
    assert re.search(r"Nothing, so the prior stands: growth of the spread beyond 14 months", out)


def test_the_embedded_constants_are_of_the_embedded_record_and_look_at_no_test_year() -> None:
    shipped = careo.load_calibration()
    assert shipped.until == "2017-12" and shipped.last_origin < "2016-11"
    assert shipped.record == record_key(homicide_history(last=date(2017, 12, 1)))
    assert shipped.key == constants_key(shipped.constants)
    # what is believed beforehand moved a little, and no constant of it left its prior
    assert (np.abs(shipped.constants.mean - shipped.prior_mean) < shipped.prior_sd).all()


def test_a_calibration_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    made, diagnostics = careo.calibrate(careo.load_country("toyland"))
    file = tmp_path / "toyland.yaml"
    careo.write_calibration(made, file)
    found = careo.read_calibration(file)
    assert calibration_text(found) == file.read_text("utf-8") == calibration_text(made)
    assert found.constants.factor.tolist() == made.constants.factor.tolist()
    assert (found.key, found.record, found.origins) == (made.key, made.record, made.origins)
    assert diagnostics.cases == made.origins * 9 * 12
    assert all(np.isnan(value) for value in diagnostics.correlation.values()), (
        "six years ahead need a longer record"
    )
    assert made.constants.dependence == 0.6, "that of forecast.yaml"


def test_a_country_without_a_calibration_has_its_prior_which_is_no_file(tmp_path: Path) -> None:
    prior = careo.load_calibration("toyland")
    assert prior.constants.mean.tolist() == PRIOR_MEAN.tolist()
    assert np.diag(prior.constants.factor).tolist() == PRIOR_SD.tolist()
    assert not prior.learnt.any()
    with pytest.raises(CareoError, match="only a prior"):
        careo.write_calibration(prior, tmp_path / "prior.yaml")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("mean: 4.138207", "mean: 4.138208", r":4.*their sum is another one"),
        ("factor: [0.282908]", "factor: [0.282909]", r":4.*their sum"),
        ("dispersion: 0.010405", "dispersion: 0.010406", r":4.*their sum"),
        ("dependence_months: 49.0", "dependence_months: 48.0", r":4.*their sum"),
        ("factor: [0.282908]", "factor: [0.28, 0.1]", r":15.*factor"),
        ("mean: 4.138207", "mean: .nan", r":14.*mean"),
        ("mean: 4.138207", "mean: 1e9", r":12.*cannot be constants"),
        ("mean: 4.138207", "mean: high", r":14.*mean"),
        ("dispersion: 0.010405", "dispersion: .inf", r":9.*dispersion"),
        ("dispersion: 0.010405", "dispersion: -1", r":9.*dispersion"),
        ("dependence: 0.592011", "dependence: 1.5", r":10.*dependence"),
        ("  reversion:", "  reversal:", r":13.*revers"),
        ("until: 2017-12", "until: soon", r":6.*until"),
        ("schema: careo.calibration/1", "schema: careo.calibration/9", r":3.*schema"),
        ("effective: 40.0", "effective: 40.0\nmagic: 1", r":9.*magic"),
        ("sha256: c", "sha256: !!python/object/apply:os.system c", r"not.*|tag"),
        ("constants:", "constants: &a", r"anchor|alias|Anchor"),
    ],
)
def test_a_file_that_careo_did_not_write_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = EMBEDDED.read_text("utf-8")
    assert old in text
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(DataError, match=rf"(?s)mine\.yaml.*{words}"):
        careo.read_calibration(file)
    code, out, err = run(capsys, "simulate", "calderon-2006", "--calibration", str(file))
    assert (code, out) == (2, "") and "mine.yaml" in err and "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml"]


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe\x00", b"constants: {}", b"a" * 5_000_000])
def test_what_is_no_calibration_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.yaml"
    file.write_bytes(content)
    with pytest.raises(CareoError, match=r"other\.yaml"):
        careo.read_calibration(file)
    with pytest.raises(CareoError, match="missing"):
        careo.read_calibration(tmp_path / "missing.yaml")


def test_a_calibration_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        careo.write_calibration(careo.load_calibration(), tmp_path / "no" / "where.yaml")
    assert not list(tmp_path.iterdir())


def test_a_record_too_short_for_an_origin_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "calibrate", "--until", "1999-01")
    assert (code, out) == (2, "")
    assert "no origin with 14 months after it" in err and "1999-01" in err
    assert run(capsys, "calibrate", "--until", "soon")[0] == 2


def test_an_earlier_end_sees_less_and_a_later_one_says_what_it_spoils(
    capsys: pytest.CaptureFixture[str],
) -> None:
    early, _ = careo.calibrate(careo.load_country("toyland"), until=date(2021, 6, 30))
    whole, _ = careo.calibrate(careo.load_country("toyland"))
    assert early.origins == whole.origins - 6 and early.key != whole.key
    _, out, _ = run(capsys, "calibrate", "--country", "toyland", "--until", "2150-01")
    assert "Beyond 2021-12 the years are for judging" in out
    assert "to 2022-12" in out, "the record ends there, whatever was asked for"


def test_a_place_that_appears_later_is_learnt_from_as_soon_as_it_is_there(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    file = world.folder / "series" / "monthly" / "lantern_thefts_watch.csv"
    lines = file.read_text("utf-8").splitlines()
    row = lines[0].split(",").index("T3")
    young = [
        line
        if k == 0 or line[:7] >= "2020-06"
        else ",".join("" if i == row else cell for i, cell in enumerate(line.split(",")))
        for k, line in enumerate(lines)
    ]
    file.write_text("\n".join(young) + "\n", "utf-8")
    _, whole = careo.calibrate(careo.load_country("toyland"))
    made, found = careo.calibrate(careo.load_country(str(world.folder)))
    assert made.origins == 10
    assert found.cases == whole.cases - 5 * 12, "origins of January to May do not know it"


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_shipped_constants_are_cited_by_the_record_they_were_learnt_from(language: str) -> None:
    cited = careo.cite("calibration", language=language)
    assert {source.key for source in cited.sources} == set(homicide_history(last=date(2017, 12, 1)).sources)
    assert "107" in cited.rows[0].what
    again = careo.cite(careo.load_calibration(), language=language)
    assert [row.source.key for row in again.rows] == [row.source.key for row in cited.rows]
    with pytest.raises(CareoError, match="calibration"):
        careo.cite("calibration", "toyland")


# ── what is shown, and runs that use it ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("language", "words"), [("en", "What the counts do not tell"), ("es", "Lo que los conteos no dicen")]
)
def test_the_table_is_in_both_languages(
    language: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "calibrate", "--country", "toyland", "--lang", language)
    assert code == 0 and words in out and err == ""
    assert "Hobbyvale" in out and "Buttonbury" in out
    everything = run(capsys, "calibrate", "--country", "toyland", "--lang", language, "--states")[1]
    assert everything.count("%\n") == out.count("%\n") + 1, "nine shires instead of eight"


def test_json_has_the_whole_law(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "calibrate", "--country", "toyland", "--json")
    data = json.loads(out)
    assert code == 0
    jsonschema.Draft202012Validator(careo.schema()).validate(data)
    block = data["calibration"]
    made, _ = careo.calibrate(careo.load_country("toyland"))
    assert [row["id"] for row in block["constants"]] == list(CONSTANTS)
    assert block["sha256"] == made.key and len(block["states"]) == 9
    for k, row in enumerate(block["constants"]):
        assert row["sd"] ** 2 == pytest.approx(block["covariance"][k][k])
    assert all(row["found"] is None for row in block["correlation"])


def test_a_run_uses_the_constants_it_is_given_and_keeps_their_sum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    made, _ = careo.calibrate(careo.load_country("toyland"))
    careo.write_calibration(made, "mine.yaml")
    asked = (
        "simulate",
        "ten-lamps-2018",
        "--country",
        "toyland",
        "--draws",
        "20",
        "--months",
        "24",
        "--json",
    )
    plain = json.loads(run(capsys, *asked)[1])["run"]
    given = json.loads(run(capsys, *asked, "--calibration", "mine.yaml")[1])["run"]
    again = json.loads(run(capsys, *asked, "--calibration", "mine.yaml")[1])["run"]
    assert given["constants_sha256"] == made.key and given["id"] == again["id"] != plain["id"]
    assert plain["constants_sha256"] == careo.load_calibration("toyland").key
    shown = {name["id"]: run(capsys, "runs", "show", name["id"])[1] for name in (plain, given)}
    assert "those that careo ships" in shown[plain["id"]] and "others than those" in shown[given["id"]]
    one, other = (careo.read_run(name["id"]).by_year for name in (plain, given))
    assert one.shape == other.shape and (one[:, 0] != other[:, 0]).any()
    strategies = [careo.load_strategy("ten-lamps-2018", "toyland")]
    here = careo.simulate(strategies, careo.load_country("toyland"), draws=20, months=24, calibration=made)
    assert np.array_equal(here.by_year, other)
