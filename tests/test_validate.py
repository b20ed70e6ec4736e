"""`careo validate` as a whole, and the files of later months it scores on: an invented future, and every way to get it wrong."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import careo
from careo.base.errors import CareoError, DataError
from careo.base.texts import LANGUAGES
from careo.model.rivals import Rival, Task
from careo.panel.country import load_country
from careo.results.scores import SCORES
from careo.results.validate import Validation, model_named, validate
from careo.results.validate_words import with_words
from careo.run import classics, hindcast
from careo.run.history import homicide_history
from careo.run.later_data import read_later
from careo.views import cli
from worlds import new_world

NAIVE = ["conflictology-12", "last-observation"]
TODAY = date(2026, 11, 22)
HEAD = [
    "year",
    "month",
    "state_code",
    "state",
    "inegi_homicides_reg",
    "sesnsp_hd_victims",
    "sesnsp_feminicide",
]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def found() -> Validation:
    return validate(origins="2015-10/2018-10", models=NAIVE, draws=60, seed=7)


def future(first: int = 2024, months: int = 18) -> Rows:
    """Months that nobody counted: those of two years before, a twentieth more."""
    record = homicide_history(matched=False)
    rows: Rows = []
    for ahead in range(months):
        year, month = first + ahead // 12, ahead % 12 + 1
        at = (year - record.first.year) * 12 + month - 1
        while at >= record.counts.shape[1]:
            at -= 24
        for code, row in zip(record.places, record.counts, strict=True):
            rows.append(dict(zip(HEAD, [year, month, code, "", "", round(row[at] * 1.05), 1], strict=True)))
    return rows


def written(path: Path, rows: Rows, head: list[str] | None = None) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, head or HEAD, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def row_of(rows: Rows, code: str, year: int, month: int) -> dict[str, Any]:
    return next(r for r in rows if (r["state_code"], r["year"], r["month"]) == (code, year, month))


# ── what is computed ─────────────────────────────────────────────────────────────────────────────────────────────


def test_years_belong_to_windows_and_means_are_over_their_months(found: Validation) -> None:
    assert found.years == (2016, 2017, 2018, 2019) and found.windows == ("tuning", "test")
    assert found.models == ("log random walk", "last observation", "conflictology-12")
    assert dict(found.scores.sizes) == {"model": 3, "year": 4, "place": 32, "month": 12}
    for name in SCORES:
        cells = found.scores[name].sel(model="conflictology-12", year=[2018, 2019])
        assert float(found.table[name].sel(model="conflictology-12", window="test")) == pytest.approx(
            float(cells.mean())
        )


def test_the_nation_is_the_sum_of_the_states_draw_by_draw(found: Validation) -> None:
    cast = hindcast.hindcast(None, date(2017, 10, 1), draws=60, seed=7)
    samples = cast.samples(hindcast.RIVALS["log random walk"]).sum(axis=0)
    happened = cast.observed.sum(axis=0)
    apart = np.abs(np.median(samples, axis=-1) - happened)
    assert found.nation["error"].sel(model="log random walk", year=2018).values == pytest.approx(apart)


def test_the_pit_counts_every_month_once(found: Validation) -> None:
    assert found.pit.sum("bin").values == pytest.approx(2 * 12 * 32)


def test_a_forecaster_that_knows_the_future_is_better_and_one_that_is_another_by_name_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A new forecaster is one entry of the table."""
    walk, whole = hindcast.RIVALS["log random walk"], homicide_history(matched=False)

    def oracle(task: Task) -> np.ndarray:
        known = task.counts.shape[1]
        ahead = whole.counts[:, known : known + len(task.ahead)]
        return np.repeat(ahead[..., None], task.draws, axis=2).astype(np.int64)

    table: dict[str, Rival] = {"log random walk": walk, "oracle": oracle, "twin": walk}
    monkeypatch.setattr(hindcast, "RIVALS", table)
    result = validate(origins="2015-10/2018-10", draws=40)
    verdicts = {(d.model, d.window): (d.verdict, round(d.gain, 6)) for d in result.differences}
    assert verdicts["oracle", "test"] == ("better", 1.0)
    assert verdicts["twin", "test"] == ("not distinguishable", 0.0)
    assert "Oracle, test" in result.summary and "better than log random walk by 100.0%" in result.summary
    assert "twin" not in result.summary
    assert float(result.table["inside_90"].sel(model="oracle", window="test")) == 1.0


def test_the_first_sentence_says_in_which_direction_and_who_did_better() -> None:
    """Toyland has one year of test: that decides nothing, but a larger error must not read as a smaller one."""
    found = validate(careo.load_country("toyland"), draws=100, models=["careo", "conflictology-12"])
    mine = next(d for d in found.differences if (d.model, d.window) == ("careo", "test"))
    assert mine.years == 1 and mine.verdict == "not distinguishable" and mine.gain < 0 and mine.high < 0
    assert f"by a single year: {-100 * mine.gain:.1f}% [" in found.summary and "] worse" in found.summary
    crps = found.table["crps"].sel(window="test")
    assert crps.sel(model="conflictology-12") < crps.sel(model="careo")
    assert "smaller mean CRPS there: conflictology-12" in found.summary


def test_a_model_is_found_however_it_is_joined_and_capitalised() -> None:
    for name in ("log random walk", "Log-Random-Walk", "log_random_walk"):
        assert model_named(name) == "log random walk"
    with pytest.raises(CareoError, match=r"AutoETS.*\n.*'prophet'"):
        model_named("prophet")


@pytest.mark.parametrize(
    "text", ["2017-11", "2017-10/2016-10", "2017", "soon", "2017-10/", "2017-10-01", "/2017-10"]
)
def test_origins_are_octobers_in_order(text: str) -> None:
    with pytest.raises(CareoError, match="October"):
        validate(origins=text, models=NAIVE, draws=20)


def test_municipalities_need_a_record_that_was_imported() -> None:
    with pytest.raises(CareoError, match="careo data import"):
        validate(places="municipality")


def test_without_the_extra_package_the_others_run_and_the_page_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classics, "installed", lambda: False)
    result = validate(origins="2018-10", draws=20)
    assert set(result.not_run) == set(classics.NAMES) and "conflictology-12" in result.models
    with pytest.raises(CareoError, match=r"careo\[validate\]"):
        validate(origins="2018-10", models=["SES"], draws=20)


def test_the_second_country_needs_no_code_and_names_its_gap() -> None:
    result = validate(load_country("toyland"), models=NAIVE, draws=30)
    assert result.windows == ("tuning", "test")
    assert any("Spindlewood" in caveat and "2019-04" in caveat for caveat in result.caveats)


@pytest.mark.parametrize(
    ("month", "value", "words"),
    [
        ("2022-07", "", r"Spindlewood, 2022-07"),
        ("2021-10", "", r"Spindlewood, 2021-10"),
        ("", "0", r"Spindlewood, 2018-01.*zero"),
    ],
)
def test_a_gap_to_be_scored_and_a_series_of_zeros_name_place_and_month(
    tmp_path: Path, month: str, value: str, words: str
) -> None:
    world = new_world(tmp_path)
    path = world.folder / "series" / "monthly" / "lantern_thefts_watch.csv"
    head, *rows = path.read_text("utf-8").splitlines()
    column = head.split(",").index("T5")
    for at, row in enumerate(rows):
        cells = row.split(",")
        if month in ("", cells[0]):
            cells[column] = value
            rows[at] = ",".join(cells)
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    with pytest.raises(DataError, match=words):
        validate(load_country(str(world.folder)), models=NAIVE, draws=20)


# ── sentences ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_caveat_of_the_protocol_is_told_in_both_languages(found: Validation) -> None:
    told = {language: with_words(found, language) for language in LANGUAGES}
    assert len(told["en"].caveats) == len(told["es"].caveats) >= 5
    whole = " ".join(told["en"].caveats)
    for words in ("Pseudo-out-of-sample", "publication delay", "2015-10", "2017"):
        assert words in whole
    for language, result in told.items():
        assert all("{" not in f.because + f.claim for f in result.findings), language
        assert "{" not in result.summary + " ".join(result.caveats)
    worse = next(f for f in told["en"].findings if f.extra["model"] == "last observation")
    assert worse.kind == "validation" and worse.verdict == "worse" and worse.sources
    assert "worse than log random walk by" in worse.because and "[" in worse.because


# ── later data ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_new_months_are_scored_from_the_origins_that_reach_them(tmp_path: Path) -> None:
    path = written(tmp_path / "later.csv", future())
    result = validate(data=path, models=NAIVE, draws=30, today=TODAY)
    assert [f"{origin:%Y-%m}" for origin in result.origins] == ["2023-10", "2024-10"]
    assert result.windows == ("later",) and result.years == (2024, 2025)
    months = result.nation["crps"].isel(model=0).notnull().sum("month").values
    assert months.tolist() == [12, 6]
    only = validate(data=path, origins="2023-10", models=NAIVE, draws=30, today=TODAY)
    assert only.years == (2024,) and any("2025-01 to 2025-06" in caveat for caveat in only.caveats)
    one = only.scores["crps"].sel(year=2024).values
    assert np.array_equal(one, result.scores["crps"].sel(year=2024).values), (
        "the other origin changes nothing"
    )


def test_the_second_origin_sees_the_first_file_year_and_the_record_before_it(tmp_path: Path) -> None:
    later = read_later(written(tmp_path / "later.csv", future()), today=TODAY)
    cast = hindcast.hindcast(None, date(2024, 10, 1), draws=20, seed=7, later=later)
    assert cast.task.counts.shape[1] == (2024 - 1990) * 12 + 10
    assert np.array_equal(cast.task.counts[:, -10:], later.counts[:, :10])
    assert np.array_equal(cast.task.counts[:, :-10], homicide_history().counts)
    assert np.array_equal(cast.observed, later.counts[:, 12:18])


def _whole(rows: Rows) -> Rows:
    record = homicide_history(matched=False)
    past = [
        dict(zip(HEAD, [1990 + at // 12, at % 12 + 1, code, "", "", int(row[at]), 0], strict=True))
        for code, row in zip(record.places, record.counts, strict=True)
        for at in range(312, len(row))
    ]
    return past + rows


def _codes_as_numbers(rows: Rows) -> Rows:
    return [{**row, "state_code": int(row["state_code"])} for row in rows]


def _codes_as_decimals(rows: Rows) -> Rows:
    return [{**row, "state_code": f"{row['state_code']}.0", "sesnsp_feminicide": "1.0"} for row in rows]


def _names(rows: Rows) -> Rows:
    places = load_country().places.by_code
    return [{**row, "state": places[row["state_code"]].name, "state_code": ""} for row in rows]


def _turned(rows: Rows) -> Rows:
    return rows[::-1]


def _months_to_come(rows: Rows) -> Rows:
    return rows + [
        {**row, "month": month, "sesnsp_hd_victims": "", "sesnsp_feminicide": ""}
        for row in rows[-32:]
        for month in range(7, 13)
    ]


@pytest.mark.parametrize(
    "change", [_whole, _codes_as_numbers, _codes_as_decimals, _names, _turned, _months_to_come]
)
def test_the_same_months_written_otherwise_are_the_same_months(
    tmp_path: Path, change: Callable[[Rows], Rows]
) -> None:
    plain = read_later(written(tmp_path / "plain.csv", future()), today=TODAY)
    other = read_later(written(tmp_path / "other.csv", change(future())), today=TODAY)
    assert np.array_equal(plain.counts, other.counts) and plain.first == other.first
    assert (other.compared, other.differing) == ((768, 0) if change is _whole else (0, 0))


def test_columns_in_another_order_and_a_semicolon_are_read(tmp_path: Path) -> None:
    plain = read_later(written(tmp_path / "plain.csv", future()), today=TODAY)
    path = written(tmp_path / "other.csv", future(), HEAD[::-1])
    path.write_text("\ufeff" + path.read_text("utf-8").replace(",", ";"), "utf-8")
    assert np.array_equal(read_later(path, today=TODAY).counts, plain.counts)


def test_a_file_that_only_repeats_the_record_adds_nothing_and_can_still_be_asked_for_an_origin(
    tmp_path: Path,
) -> None:
    path = written(tmp_path / "old.csv", _whole([]))
    with pytest.raises(DataError, match="no month after 2023-12"):
        validate(data=path, today=TODAY)
    result = validate(data=path, origins="2022-10", models=NAIVE, draws=20, today=TODAY)
    plain = validate(origins="2022-10", models=NAIVE, draws=20)
    assert result.scores.equals(plain.scores)


def _without(code: str) -> Callable[[Rows], Rows]:
    return lambda rows: [row for row in rows if row["state_code"] != code]


def _at(code: str, in_year: int, in_month: int, /, **cells: Any) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        row_of(rows, code, in_year, in_month).update(cells)
        return rows

    return change


def _all_of(code: str, **cells: Any) -> Callable[[Rows], Rows]:
    return lambda rows: [{**row, **cells} if row["state_code"] == code else row for row in rows]


HD, FEM, INEGI = "sesnsp_hd_victims", "sesnsp_feminicide", "inegi_homicides_reg"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without("20"), r"Oaxaca is missing in 2024-01 … 2025-06"),
        (lambda rows: [r for r in rows if (r["state_code"], r["month"]) != ("20", 5)], r"Oaxaca 2024-05 is missing .*2"),
        (lambda rows: [r for r in rows if (r["year"], r["month"]) != (2024, 2)], r"Aguascalientes 2024-02 is missing"),
        (lambda rows: [r for r in rows if r["year"] == 2025], r"Aguascalientes 2024-01 is missing"),
        (lambda rows: [*rows, rows[3]], r"later\.csv:578: Campeche 2024-01 stands twice; .*later\.csv:5"),
        (_at("09", 2024, 2, **{FEM: ""}), r"Ciudad de México 2024-02: sesnsp_feminicide is empty"),
        (_at("09", 2024, 2, **{HD: "", FEM: ""}), r"Ciudad de México 2024-02 is missing"),
        (_at("09", 2024, 2, **{HD: "", FEM: "", INEGI: 70}), r"2024-02: inegi_homicides_reg has a value .*another source"),
        (_at("20", 2024, 5, **{HD: 0, FEM: 0}), r"Oaxaca 2024-05 is zero, .*missing report"),
        (_all_of("01", **{HD: 0, FEM: 0}), r"Aguascalientes: every month of 2024-01 … 2025-06 is zero"),
        (_all_of("06", **{HD: 1}), r"Colima: 2\.0 a month from 2024-01 on"),
        (lambda rows: [{**r, HD: r[HD] * 12} for r in rows], r"from 2024-01 on, .*another"),
        (_at("09", 2024, 2, **{HD: "1,119"}), r"later\.csv:\d+: .*sesnsp_hd_victims"),
        (_at("09", 2024, 2, **{HD: -3}), r"sesnsp_hd_victims"),
        (_at("09", 2024, 2, **{HD: 3.5}), r"sesnsp_hd_victims"),
        (_at("09", 2024, 2, month=13), r"later\.csv:\d+: this is no month"),
        (_at("09", 2024, 2, state_code="77"), r"later\.csv:\d+: this is not a state"),
        (lambda rows: [{**r, "year": 2028} if r["year"] == 2025 else r for r in rows], r"Aguascalientes 2028-01 is not over"),
        (lambda rows: [{**r, HD: "", FEM: ""} for r in rows], r"no row has a count"),
        (lambda rows: [{**r, HD: r[HD] // 2} if r["state_code"] == "11" else r for r in _whole(rows)], r"Guanajuato: [\d,]+ victims in 2022-01 … 2023-12"),
    ],
)  # fmt: skip
def test_what_cannot_be_scored_on_is_one_sentence_that_names_state_and_month(
    tmp_path: Path, change: Callable[[Rows], Rows], words: str
) -> None:
    path = written(tmp_path / "later.csv", change(future()))
    with pytest.raises(DataError, match=words):
        read_later(path, today=TODAY)


def test_a_month_of_a_small_state_may_be_zero(tmp_path: Path) -> None:
    rows = _at("31", 2024, 2, **{HD: 0, FEM: 0})(future())
    assert read_later(written(tmp_path / "later.csv", rows), today=TODAY).counts[30, 1] == 0


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "later.csv", future(), [name for name in HEAD if name != FEM])
    with pytest.raises(DataError, match="sesnsp_feminicide"):
        read_later(path)


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_blind_test_is_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "later.csv", future())
    asked = ["validate", "--data", str(path), "--models", "conflictology-12", "--draws", "40", "--json"]
    assert cli.run(asked) == 0
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, careo.schema())
    block = data["validation"]
    for model in ("log random walk", "conflictology-12"):
        later = block["models"][model]["later"]
        assert {"CRPS", "MIS90", "IGN", "coverage_50", "coverage_90", "national_CRPS"} <= set(later)
        assert later["months"] == 18 * 32 and 0 <= later["coverage_90"] <= 1
    assert block["origins"] == ["2023-10", "2024-10"] and block["data"]["last"] == "2025-06"
    assert block["by_state"]["conflictology-12"]["09"]["later"]["CRPS"] > 0
    path.write_text("year,month\n2024,1\n", "utf-8")
    assert cli.run(asked) == 2
    out, err = capsys.readouterr()
    assert out == "" and "sesnsp_hd_victims" in err and "Traceback" not in err


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("places", ["state", "national"])
def test_the_page_shows_the_table_and_writes_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, places: str
) -> None:
    folder = tmp_path / "out"
    code = cli.run(["validate", "--origin", "2018-10", "--models", "conflictology-12", "--draws", "40", "--places", places,
                    "--by-state", "--lang", language, "-o", str(folder)])  # fmt: skip
    out = capsys.readouterr().out
    assert code == 0 and "conflictology-12" in out and "2019" in out and "{" not in out
    assert ("Aguascalientes" in out) == (places == "state")
    names = {path.name for path in folder.iterdir()}
    assert {
        "validation.json",
        "scores.csv",
        "pit-log-random-walk-test.svg",
        "coverage-conflictology-12-test.svg",
    } <= names
    rows = list(csv.DictReader((folder / "scores.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 2 * 12 * (32 if places == "state" else 1)
    assert "<title>" in (folder / "pit-log-random-walk-test.svg").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--places", "municipality"], "careo data import FILE"),
        (["--places", "street"], "state | national"),
        (["--models", "prophet"], "prophet"),
        (["--origin", "2018-10/2019-10"], "2023-10"),
        (["--origin", "2018-10", "--origins", "2018-10"], "--origin"),
        (["--data", "nowhere.csv"], "nowhere.csv"),
        (["--origin", "2023-10"], "2023-12"),
    ],
)
def test_what_cannot_be_validated_is_a_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert cli.run(["validate", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and words in err and "Traceback" not in err
