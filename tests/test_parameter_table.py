"""The table of parameters: every number with its origin, mistakes with their line, and `careo parameters`."""

from __future__ import annotations

import inspect
import json
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import yaml

import careo
import careo.run.ensemble
import careo.run.parameters
from careo.base.citations import load_sources
from careo.base.errors import CareoError, DataError
from careo.base.shipped import country_folder
from careo.base.texts import LANGUAGES
from careo.panel import load_country
from careo.run.parameter_table import RETIRED_NUMBERS, SLOTS, load_table, parameter_rows, read_table
from careo.run.parameters import MEMBERSHIP_SWEEP
from careo.views.cli import run
from parameter_cases import COUNTRIES, Change, drawn, land_with

# ── the shipped tables ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_number_has_a_source_or_a_numbered_assumption(country: str) -> None:
    table, sources = load_table(country), load_sources(country)
    for name, parameter in table.parameters.items():
        assert parameter.sources or parameter.assumptions, name
        assert set(parameter.sources) <= set(sources), name
        assert set(parameter.assumptions) <= set(table.assumptions), name
    numbers = [int(key.removeprefix("A")) for key in table.assumptions]
    assert numbers == sorted(set(numbers))  # one that is gone leaves its number empty


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_word_of_a_table_stands_in_both_languages(country: str) -> None:
    table = load_table(country)
    worded = [words for p in table.parameters.values() for words in (p.name, p.unit)]
    for words in (*worded, *table.assumptions.values()):
        assert set(words) == set(LANGUAGES)
    english, spanish = (parameter_rows(language, country) for language in LANGUAGES)
    assert [row.id for row in english] == list(table.parameters)
    assert all(a.law != b.law for a, b in zip(english, spanish, strict=True) if "beta" not in a.law)


def test_what_no_count_can_tell_is_marked() -> None:
    untold = {row.id for row in parameter_rows("en") if not row.identified}
    assert {"members", "recruitment_hazard", "recruitment_exponent", "organised_share"} <= untold
    assert "overdispersion" not in untold


def test_a_row_tells_the_law_in_words_and_its_range() -> None:
    row = {row.id: row for row in parameter_rows("en")}["members"]
    assert row.law == "log-normal, median 100,000, standard deviation of the logarithm 0.5"
    assert row.low == pytest.approx(1e5 * np.exp(-0.5 * 1.6448536), rel=1e-6)
    assert row.low < min(MEMBERSHIP_SWEEP[1:]) < MEMBERSHIP_SWEEP[2] < row.high
    assert row.assumptions["A1"].startswith("Nobody has counted")


def test_no_two_parameters_share_a_number_and_those_of_the_gone_stay_theirs() -> None:
    numbers = [slot.number for slot in SLOTS.values()]
    assert len(set(numbers)) == len(numbers)
    assert not RETIRED_NUMBERS & set(numbers)
    assert set(numbers) | RETIRED_NUMBERS == set(range(len(numbers) + len(RETIRED_NUMBERS)))


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_parameter_of_a_table_is_used(country: str) -> None:
    assert set(load_table(country).parameters) == set(SLOTS)
    read = inspect.getsource(careo.run.parameters) + inspect.getsource(careo.run.ensemble)
    for name in SLOTS:
        assert f'"{name}"' in read or f"p.{name}" in read, name


# ── broken files, one mistake each ───────────────────────────────────────────────────────────────────────────────


def _row(name: str, table: dict[str, Any], **numbers: Any) -> None:
    row = table["parameters"][name]
    row.update(numbers)
    for key in [key for key, value in row.items() if value == "gone"]:
        del row[key]


BROKEN: dict[str, tuple[Change, str]] = {
    "missing": (lambda t: t["parameters"].pop("recidivism"), "parameters.recidivism is missing"),
    "unknown": (lambda t: t["parameters"].update(recidivsm=t["parameters"]["recidivism"]), "recidivism"),
    "law": (partial(lambda t: _row("members", t, law="pareto")), "lognormal"),
    "numbers": (lambda t: _row("members", t, log_sd="gone", sd=3), "the law lognormal has other numbers"),
    "too many": (lambda t: _row("members", t, mean=3), "mean, median, log_sd"),
    "no spread": (lambda t: _row("members", t, log_sd=0), "must be a number in its bounds"),
    "not fixed": (lambda t: _row("groups", t, law="lognormal", value="gone", median=9, log_sd=1), "same in every draw"),
    "range": (lambda t: _row("recruitment_exponent", t, low=1, high=0.8), "ends above where it begins"),
    "share": (lambda t: _row("recidivism", t, law="normal", a="gone", b="gone", mean=0.5, sd=0.2), "cannot be"),
    "negative": (lambda t: _row("arrests", t, value=-1), "> 0"),
    "one group": (lambda t: _row("groups_least", t, value=1), "> 1"),
    "week": (lambda t: _row("prison_months", t, per="week"), "is no hazard"),
    "of": (lambda t: _row("recidivism", t, of="population"), "only a number of the whole nation"),
    "series": (lambda t: _row("young_men", t, of="populaton"), "population"),
    "unsourced": (lambda t: _row("fragmentation", t, assumptions="gone"), "come from nowhere"),
    "source": (lambda t: _row("groups", t, sources=["thread-2021"]), "thread-2022"),
    "assumption": (lambda t: _row("migration", t, assumptions=["A33"]), "no such assumption"),
    "unused": (lambda t: t["assumptions"].update(A4={"en": "x", "es": "x"}), "no parameter rests on"),
    "grade": (lambda t: _row("migration", t, grade="E"), "grade cannot be this"),
    "identified": (lambda t: _row("migration", t, identified="gone"), "identified is missing"),
    "key": (lambda t: _row("migration", t, medain=3), "median"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_refused_with_file_line_and_words(tmp_path: Path, name: str) -> None:
    change, words = BROKEN[name]
    table = yaml.safe_load((country_folder("toyland") / "parameters.yaml").read_text(encoding="utf-8"))
    change(table)
    path = tmp_path / "parameters.yaml"
    path.write_text(json.dumps(table, indent=1, ensure_ascii=False), encoding="utf-8")
    _, mistakes = read_table(path, "toyland")
    assert len(mistakes) == 1, [str(mistake) for mistake in mistakes]
    assert words in mistakes[0].render("en")
    assert mistakes[0].where.startswith(f"{path}:")
    assert int(mistakes[0].where.rpartition(":")[2]) >= 1
    assert mistakes[0].render("es") != mistakes[0].render("en")


def test_every_mistake_of_a_table_is_named_in_the_order_of_its_lines(tmp_path: Path) -> None:
    def change(table: dict[str, Any]) -> None:
        _row("overdispersion", table, sources="gone")
        _row("members", table, mean=3)

    land = tmp_path / "two"
    with pytest.raises(DataError, match="other numbers"):
        drawn(land_with(land, change))
    _, mistakes = read_table(land / "land" / "parameters.yaml", "toyland")
    assert [mistake.key for mistake in mistakes] == ["parameters_law", "parameters_unsourced"]


def test_a_country_without_a_table_says_which_file_is_missing(tmp_path: Path) -> None:
    land = land_with(tmp_path / "bare", lambda table: None)
    (land.folder / "parameters.yaml").unlink()
    with pytest.raises(DataError, match=r"parameters\.yaml"):
        drawn(land)


def test_a_series_without_a_national_value_is_refused(tmp_path: Path) -> None:
    land = land_with(tmp_path / "empty", lambda table: _row("arrests", table, of="lamp_budget.spent"))
    (land.folder / "series" / "lamp_budget.spent.csv").write_text(
        "place,period,value,vintage,source,verified\n"
    )
    with pytest.raises(CareoError, match="no value of the nation"):
        drawn(load_country(str(land.folder)))


def test_a_state_without_a_population_is_refused(tmp_path: Path) -> None:
    land = land_with(tmp_path / "empty", lambda table: None)
    path = land.folder / "series" / "population.csv"
    kept = [line for line in path.read_text().splitlines() if not line.startswith("T4,")]
    path.write_text("\n".join(kept) + "\n")
    with pytest.raises(CareoError, match="T4"):
        drawn(load_country(str(land.folder)))


# ── `careo parameters` ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_on_the_screen_names_every_parameter_and_its_origins(
    country: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["parameters", "--country", country, "--lang", language]) == 0
    out = capsys.readouterr().out
    for row in parameter_rows(language, country):
        assert row.symbol in out
        assert row.id in out
        assert next(iter((*row.sources, *(f"assumption:{key}" for key in row.assumptions)))) in out
    assert "30,000, 60,000, 115,000" in " ".join(out.split())


def test_one_parameter_comes_with_its_assumptions_and_whole_sources(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("organised_share", "organised-share", "q"):
        assert run(["parameters", name, "--lang", "en"]) == 0
        out = capsys.readouterr().out
        assert "beta (10, 10)" in out and "A7: Between a third" in out
        assert "No series of counts can tell this number" in out
        assert load_sources("mexico")["evidence-notes"].title[:40] in out
    assert run(["parameters", "young_men", "--lang", "en"]) == 0
    assert "drops out of every result" in " ".join(capsys.readouterr().out.split())


def test_a_name_that_is_no_parameter_is_a_sentence_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["parameters", "recidivsm", "--lang", "en"]) == 2
    assert "did you mean 'recidivism'?" in capsys.readouterr().err


def test_the_table_as_data_follows_the_published_schema(capsys: pytest.CaptureFixture[str]) -> None:
    for asked in (["parameters", "--json"], ["parameters", "members", "--json"]):
        assert run(asked) == 0
        data = json.loads(capsys.readouterr().out)
        jsonschema.validate(data, careo.schema())
    assert [row["id"] for row in data["parameters"]] == ["members"]
    assert {source["key"] for source in data["sources"]} == {"evidence-notes", "scale-sweep-2026"}


def test_the_table_names_the_outcomes_that_the_kernel_counts() -> None:
    """Two lists, so that `careo parameters` need not load the kernel; one order."""
    from careo.model import mechanisms
    from careo.run import parameter_table

    assert parameter_table.OUTCOMES == mechanisms.OUTCOMES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [80, 120])
def test_no_key_or_number_of_the_table_is_broken_across_lines(
    language: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(["parameters", "--lang", language]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    words = {word.strip(",") for line in lines for word in line.split()}
    for row in parameter_rows(language, "mexico"):
        assert {row.id, *row.sources, *(f"assumption:{key}" for key in row.assumptions)} <= words
        first = next(line for line in lines if line.split()[:2] == [row.symbol, row.id])
        assert row.grade in first.split() and first.split()[-1] not in row.id  # down to the last column


def test_outcomes_have_the_same_letters_in_every_language(capsys: pytest.CaptureFixture[str]) -> None:
    columns = []
    for language in LANGUAGES:
        run(["parameters", "--lang", language])
        lines = capsys.readouterr().out.splitlines()
        columns.append([line.split()[-1] for line in lines if {"✓", "✗"} & set(line.split()[2:])][:27])
    assert columns[0] == columns[1] and "HDEK" in columns[0]


def test_careos_own_notes_have_titles_in_both_languages_and_works_keep_theirs() -> None:
    english, spanish = (load_sources("mexico", language) for language in ("en", "es"))
    assert english == load_sources("mexico")
    own = {key for key, source in english.items() if source.producer == "careo"}
    assert {"evidence-notes", "scale-sweep-2026"} <= own
    panel = {"f_state_month"}  # of two publishers, put together and named by us
    assert {key for key in english if english[key].title != spanish[key].title} == own | panel
