"""Citing: everything shipped leads to its sources, what is asked for is found or its neighbours named."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import careo
from bibtex_reading import read_bibtex
from careo.base.citations import Source, load_sources
from careo.base.errors import CareoError
from careo.base.shipped import country_folder
from careo.base.texts import sentences
from careo.evidence.levers import load_levers
from careo.panel import load_country
from careo.record.ladder import load_ladders
from careo.record.strategy import load_strategy, strategies
from careo.results.citable import Named, Record
from careo.results.citable_kinds import KINDS
from careo.results.citing import cite
from careo.run.parameter_table import load_table
from careo.views import cli
from careo.views.references import references
from official_files import case_file

COUNTRIES = ("mexico", "toyland")
EMPTY = ("status-quo",)  # a strategy that promises nothing rests on nothing


def refused(thing: object, country: str = "mexico") -> CareoError:
    with pytest.raises(CareoError) as caught:
        cite(thing, country)
    for language in ("en", "es"):
        assert not re.search(r"\{\w+\}", caught.value.render(language))
    return caught.value


# ── everything leads somewhere ───────────────────────────────────────────────────────────────────────────────────


def shipped(country: str) -> Iterator[Named]:
    record = Record(load_country(country), "en")
    for name, kind in KINDS.items():
        if kind.named and name != "source":
            yield from kind.named(record)


@pytest.mark.parametrize("country", COUNTRIES)
def test_everything_shipped_can_be_asked_for_by_name_and_has_a_described_source(country: str) -> None:
    own = [key for slug in strategies(country) for key in load_strategy(slug, country).own_sources]
    known = {*load_sources(country), *own, *load_table(country).assumptions}
    for named in shipped(country):
        cited = cite(f"{named.kind}:{named.name}", country)
        assert (cited.kind, cited.name) == (named.kind, named.name)
        assert cited.sources or named.name in EMPTY, named.name
        assert all(source.producer and source.title for source in cited.sources), named.name
        assert all(source.key in known or named.kind in ("dataset", "rule") for source in cited.sources), (
            named.name
        )
        assert all(row.what.strip() and row.of for row in cited.rows), named.name


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_source_says_what_rests_on_it_or_that_nothing_does(country: str) -> None:
    for key in list(load_sources(country))[:: 1 if country == "toyland" else 9]:
        cited = cite(f"source:{key}", country)
        assert cited.rows
        assert [source.key for source in cited.sources] == [key]


def test_what_a_thing_rests_on_and_what_rests_on_a_source_are_the_same_rows() -> None:
    record = Record(load_country("toyland"), "en")
    forth = {
        (row.source.key, row.of, row.what, row.verified)
        for name, kind in KINDS.items()
        if kind.named and not kind.whole
        for named in kind.named(record)
        for row in cite(f"{name}:{named.name}", "toyland").rows
        if row.of.startswith(named.name)  # its own, not what it rests on in turn
        and row.source.key in load_sources("toyland")  # not one that only a strategy's file has
    }
    back = {
        (key, row.of, row.what, row.verified)
        for key in load_sources("toyland")
        for row in cite(f"source:{key}", "toyland").rows
    }
    nothing = {row for row in back if row[2] == sentences("en")["cite.unused"]}
    assert back - nothing == forth


def test_a_ladder_shows_the_sources_of_every_step_and_nothing_else() -> None:
    for name, ladder in load_ladders("toyland").items():
        cited = cite(ladder, "toyland")
        steps = {(f"{name}:{step.id}", key) for step in ladder.steps for key in step.sources}
        assert {(row.of, row.source.key) for row in cited.rows} == steps


def test_a_date_less_sure_than_its_fact_is_a_row_of_its_own() -> None:
    ladder = load_ladders("toyland")["harbour-guard"]
    first = replace(ladder.steps[0], verified="read", date_verified="memory")
    rows = cite(replace(ladder, steps=(first, *ladder.steps[1:])), "toyland").rows
    mine = [row for row in rows if row.of == f"harbour-guard:{first.id}"]
    assert [row.unverified for row in mine] == [False, True]
    assert [row for row in rows if row not in mine] == list(cite(ladder, "toyland").rows[1:])


def test_a_pledge_rests_on_its_words_and_on_the_ladder_that_decides_it_but_not_on_other_tracks() -> None:
    strategy = load_strategy("ten-lamps-2018", "toyland")
    pledge = strategy.pledge("tl-01")
    assert pledge and pledge.test
    steps = {
        f"{pledge.test.ladder}:{step.id}"
        for step in load_ladders("toyland")[pledge.test.ladder].steps
        if step.track == pledge.test.track
    }
    found = {row.of for row in cite("tl-01", "toyland").rows}
    assert found == {"ten-lamps-2018:tl-01"} | steps
    assert found < {row.of for row in cite(strategy, "toyland").rows}


def test_a_lever_answers_to_its_code_and_rests_on_its_studies() -> None:
    lever = next(iter(load_levers("mexico").values()))
    cited = cite(lever.code.lower())
    assert cited.name == lever.id
    assert set(lever.studies) <= {row.of for row in cited.rows}
    assert cited == cite(lever)


# ── unverified looks unverified ──────────────────────────────────────────────────────────────────────────────────


def test_one_fact_that_is_only_remembered_changes_its_own_rows_alone(tmp_path: Path) -> None:
    world = tmp_path / "toyland"
    shutil.copytree(country_folder("toyland"), world)
    path = world / "strategies" / "ten-lamps-2018.yaml"
    text = path.read_text(encoding="utf-8")
    head, mark, tail = text.partition("- id: tl-02")
    path.write_text(head + mark + tail.replace("verified: read", "verified: memory", 1), encoding="utf-8")
    before = cite("strategy:ten-lamps-2018", "toyland").rows
    after = cite("strategy:ten-lamps-2018", str(world)).rows
    assert len(before) == len(after)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert {new.of for _, new in changed} == {"ten-lamps-2018:tl-02"}
    assert all(new.unverified and new.verified == "memory" for _, new in changed)


@pytest.mark.parametrize("format", ["text", "bibtex", "csl-json"])
@pytest.mark.parametrize(("language", "word"), [("en", "UNVERIFIED"), ("es", "SIN VERIFICAR")])
def test_a_remembered_source_says_so_in_every_format(format: str, language: str, word: str) -> None:
    remembered = [Source("k", "P", "T", seen="memory"), Source("m", "P", "T", tier=4)]
    assert references(remembered, format, language).count(word) == 2
    assert word not in references([Source("k", "P", "T", seen="excerpt", tier=3)], format, language)


def test_a_fact_from_memory_is_marked_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["cite", "MXN/USD@2017", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^!\s+18\.93 MXN/USD", out, re.MULTILINE)
    assert "unverified  mem" in out


# ── what is asked for ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_period_and_a_place_narrow_an_indicator_in_either_order() -> None:
    whole = cite("homicide_inegi_registered")
    year = cite("homicide_inegi_registered@2010")
    place = cite("homicide_inegi_registered@2010:08")
    assert {s.key for s in place.sources} <= {s.key for s in year.sources} < {s.key for s in whole.sources}
    assert place.rows == cite("homicide_inegi_registered:08@2010").rows
    assert place.rows == cite("homicide_inegi_registered:Chihuahua@2010").rows
    assert place.rows == cite("indicator:homicide_inegi_registered:08@2010").rows
    assert "Chihuahua" in place.title and "2010" in place.title


def test_a_part_of_a_longer_period_is_traced_to_the_value_that_holds_it() -> None:
    (longer,) = cite("cndh_complaints.sedena@2022").rows
    assert longer.source.key == "cndh_2022b"
    assert "2021 to 2022" in longer.what


def test_an_indicator_without_values_of_its_own_gives_those_of_its_variants() -> None:
    found = {row.of for row in cite("cndh_complaints").rows}
    assert {"cndh_complaints.sedena", "cndh_complaints.guard"} <= found
    assert all(name.startswith("cndh_complaints.") for name in found)


def test_a_line_of_money_is_narrowed_by_period_and_stage() -> None:
    rows = cite("jcf@2019:spent").rows
    assert rows and rows == cite("jcf:spent@2019").rows
    assert all("paid" in row.what for row in rows)
    assert len(rows) < len(cite("jcf@2019").rows) <= len(cite("jcf").rows)


def test_a_promised_share_keeps_each_report_with_its_source() -> None:
    rows = {(row.what.partition(":")[0], row.source.key) for row in cite("pln-13").rows}
    assert {("70%", "seed-S1"), ("80%", "usecim-2018")} <= rows


@pytest.mark.parametrize(
    ("asked", "key", "words"),
    [
        ("amnesti-law", "cite_unknown", ["ladder: amnesty-law", "did you mean 'amnesty-law'"]),
        ("homicide_inegi", "cite_unknown", ["indicator: homicide_inegi_rate"]),
        ("amlo-2018-plan:pln-99", "cite_unknown", ["pledge: amlo-2018-plan:pln-9"]),
        ("amnesty-law:publishd", "cite_unknown", ["step: amnesty-law:"]),
        ("zzzzzz", "cite_unknown", ["give a source's key"]),
        ("", "cite_unknown", ["give a source's key"]),
        ("rights-1", "cite_several", ["constraint:amlo-2018-plan:rights-1", "constraint:amlo-2019-practice:rights-1"]),
        ("national-guard", "cite_several", ["ladder:national-guard | lever:national-guard"]),
        ("jcf@last year", "cite_period", ["'last year'", "2018-05"]),
        ("jcf@", "cite_period", []),
        ("jcf:paid", "cite_stage", ["accrued | spent"]),
        ("homicide_inegi_registered:Atlantis", "usage_place", ["'Atlantis'"]),
        ("homicide_inegi_registered@1900", "cite_nothing", ["1900", "values, 1990"]),
        ("jcf@1999", "cite_nothing", ["1999"]),
        ("x" * 5000, "cite_unknown", []),
        ("nul\0byte", "cite_unknown", []),
        ("no/such.yaml", "strategy_unknown", []),
        ("no/such.json", "input_missing", ["no/such.json"]),
    ],
)  # fmt: skip
def test_what_cannot_be_found_is_said_with_its_neighbours(asked: str, key: str, words: list[str]) -> None:
    error = refused(asked)
    assert error.key == key
    for word in words:
        assert word in error.render("en")


def test_a_name_that_stands_for_two_things_is_told_apart_by_its_kind() -> None:
    assert cite("ladder:national-guard").kind == "ladder"
    assert cite("lever:national-guard").kind == "lever"
    assert cite("tl-r1", "toyland").kind == "constraint"  # one thing only ends so


def test_a_study_goes_before_the_source_of_the_same_key() -> None:
    assert cite("dell-2015").kind == "study"
    assert cite("source:dell-2015").kind == "source"


# ── nouns ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nouns_and_their_names_give_the_same() -> None:
    country = load_country("toyland")
    name = "lantern_thefts_watch"
    assert cite(country.indicators[name], "toyland") == cite(name, "toyland")
    assert cite(load_strategy("ten-lamps-2018", "toyland"), "toyland") == cite("ten-lamps-2018", "toyland")
    series = cite(country.series(name), "toyland")
    assert set(series.sources) <= set(cite(name, "toyland").sources)
    assert series.rows


def test_a_panel_says_its_country_and_its_rates_rest_on_the_population_too() -> None:
    name = "lantern_thefts_watch"
    counts, rates = (careo.load_panel("toyland", indicators=[name], rate=rate) for rate in (False, True))
    assert {source.key for source in cite(counts).sources} <= set(load_sources("toyland"))
    more = {source.key for source in cite(rates).sources} - {source.key for source in cite(counts).sources}
    assert more == {"census"}


def test_a_finding_gives_the_source_of_every_value_it_was_held_against() -> None:
    (finding,) = careo.check("33,341 people were murdered in Mexico in 2018.")
    cited = cite(finding)
    assert [row.source.key for row in cited.rows] == [row.source for row in finding.considered]
    assert {source.key for source in cited.sources} == {source.key for source in finding.sources}


def test_a_verdict_on_a_pledge_gives_the_sources_of_each_event() -> None:
    audit = careo.audit_strategy(load_strategy("ten-lamps-2018", "toyland"), load_country("toyland"))
    for finding in audit.pledges:
        cited = cite(finding, "toyland")
        assert {source.key for source in cited.sources} == {source.key for source in finding.sources}
        for row in finding.table:
            keys = set(filter(None, row["sources"].split(", ")))
            assert keys <= {own.source.key for own in cited.rows if row["what"] in own.what}


def test_a_sequence_is_cited_together_and_each_source_once() -> None:
    both = cite(["L7", "jcf", "L7"])
    assert set(both.rows) == {*cite("L7").rows, *cite("jcf").rows}
    assert len(both.rows) == len(set(both.rows))
    assert cite([]).rows == ()


def test_what_is_no_noun_of_careo_is_refused_with_those_that_are() -> None:
    error = refused(3.5)
    assert error.key == "cite_noun"
    assert "Strategy" in error.render("en")


def test_printing_shows_the_title_and_a_line_for_each_row() -> None:
    cited = cite("tl-01", "toyland")
    lines = str(cited).splitlines()
    assert lines[0] == cited.title
    assert len(lines) == 1 + len(cited.rows)


# ── files of one's own ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A strategy of one's own, with a source that only it has."""
    path = tmp_path / "my-plan.yaml"
    path.write_text(
        """schema: careo.strategy/1
slug: my-plan
country: TY
title: {en: My plan}
actor: {en: Me}
announced: '2024-01-05'
period: {start: '2024-01-05'}
summary: {en: Small.}
compiled: '2024-02-01'
pledges:
- id: mine
  text: {en: A boat for every child}
  act: pledge
  kind: delivery
  measurable: partly
  why_not: {en: no number}
  no_series: {en: nothing counts boats of children}
  sources: [my-diary, plan-2018]
  verified: read
  coverage: recorded
  coverage_note: {en: kept}
sources:
  my-diary: {producer: Me, title: My diary, published: '2024-01', seen: memory}
""",
        encoding="utf-8",
    )
    return path


def test_a_strategy_file_of_ones_own_is_cited_with_its_own_sources(own: Path) -> None:
    cited = cite(own, "toyland")
    assert [source.title for source in cited.sources] == ["My diary", "The Ten Lamps Plan, 2018-2030"]
    assert [row.unverified for row in cited.rows] == [True, False]
    assert cite(f"{own}#mine", "toyland").rows == cited.rows
    error = refused(f"{own}#mien", "toyland")
    assert "my-plan:mine" in error.render("en")


def test_a_dossiers_findings_are_cited_as_they_were_when_it_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "dossier"
    assert cli.run(["audit", "--country", "toyland", "-o", str(folder)]) == 0
    capsys.readouterr()
    data = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    keys = {source["key"] for finding in data["findings"] for source in finding["sources"]}
    everything = cite(str(folder), "toyland")
    assert {source.key for source in everything.sources} == keys
    one = next(finding for finding in data["findings"] if finding["considered"])
    cited = cite(f"{folder / 'findings.json'}#{one['id']}", "toyland")
    assert {row.source.key for row in cited.rows} == {source["key"] for source in one["sources"]}
    assert cited.title.startswith(one["claim"])
    assert refused(f"{folder / 'findings.json'}#none", "toyland").key == "cite_unknown"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"findings": 3}', '{"findings": [{}]}', "{" * 50_000, "\x00", '{"findings": [null]}'],
)
def test_a_file_that_is_no_findings_json_is_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "findings.json"
    path.write_text(text, encoding="utf-8")
    error = refused(str(path))
    assert error.key == "cite_findings"
    assert str(path) in error.render("es")


def test_an_imported_edition_is_a_source_and_belongs_to_its_dataset(tmp_path: Path) -> None:
    edition = careo.import_data(str(case_file(tmp_path / "x.csv", years=[2030]))).snapshot
    card = cite("sesnsp_state_cases")
    assert [source.sha256 for source in card.sources] == ["", edition.sha256]
    for name in (
        edition,
        f"{edition.dataset}@{edition.vintage}",
        edition.sha256,
        edition.sha256[:8],
        card.sources[1].key,
    ):
        assert [source.sha256 for source in cite(name).sources] == [edition.sha256]
    year = cite("homicide_sesnsp_case_files@2030:08")
    assert {source.sha256 for source in year.sources} == {edition.sha256}


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("language", "word"), [("en", "Sources"), ("es", "Fuentes")])
def test_the_command_shows_what_rests_on_what_in_both_languages(
    language: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["cite", "tl-01", "night-laws", "--country", "toyland", "--lang", language]) == 0
    out = capsys.readouterr().out
    assert out.count(f"\n{word}\n") == 2
    for cited in (cite(name, "toyland", language=language) for name in ("tl-01", "night-laws")):
        assert cited.title.split(" (")[0][:30] in out
        assert all(f"[{source.key}]" in out for source in cited.sources)
    assert not re.search(r"\{\w+\}", out)


def test_an_address_is_never_folded(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["cite", "jcf", "--lang", "es"]) == 0
    out = capsys.readouterr().out
    for source in cite("jcf").sources:
        assert f"    {source.url}\n" in out


@pytest.mark.parametrize("format", ["bibtex", "csl-json"])
def test_formats_come_alone_on_standard_output_and_name_each_source_once(
    format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["cite", "L7", "dell-2015", "--format", format]) == 0
    out = capsys.readouterr().out
    keys = list(read_bibtex(out)) if format == "bibtex" else [item["id"] for item in json.loads(out)]
    assert keys == [source.key for source in cite("L7").sources]
    path = tmp_path / "sources.out"
    assert cli.run(["cite", "L7", "dell-2015", "--format", format, "-o", str(path)]) == 0
    assert path.read_text(encoding="utf-8") == out
    assert capsys.readouterr().out == ""


def test_json_keeps_to_the_contract_and_every_row_names_a_listed_source(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["cite", "ten-lamps-2018", "--country", "toyland", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, careo.schema())
    (cited,) = data["cited"]
    keys = {source["key"] for source in cited["sources"]}
    assert cited["rows"] and {row["source"] for row in cited["rows"]} == keys


def test_what_rests_on_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["cite", "status-quo", "--lang", "en"]) == 0
    assert "No source stands behind this." in capsys.readouterr().out
    assert cli.run(["cite", "status-quo", "--format", "bibtex", "--lang", "es"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "ninguna fuente" in told.err


@pytest.mark.parametrize(
    "arguments", [["cite"], ["cite", "nothing-of-the-kind"], ["cite", "jcf", "--format", "ris"]]
)
def test_mistakes_leave_with_2_and_a_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*arguments, "--lang", "es"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.strip()


def test_every_kind_has_its_word_in_both_languages() -> None:
    for language in ("en", "es"):
        assert {f"cite.kind.{name}" for name in (*KINDS, "things")} <= set(sentences(language))


# ── the laboratory ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_ensemble_rests_on_its_history_its_parameters_and_the_levers_that_were_moved_alone() -> None:
    plan = careo.load_strategy("pena-nieto-2013")
    found = cite(careo.simulate([plan], months=12, draws=4))
    told = {row.of for row in found.rows}
    assert {"homicides", "rights_complaints", *load_table().parameters} <= told
    moved = {lever for lever in load_levers() if lever in told}
    assert moved and moved < set(load_levers())
    quiet = {row.of for row in cite(careo.simulate([], months=12, draws=4)).rows}
    assert not quiet & set(load_levers())


def test_a_parameter_is_found_by_its_symbol_and_names_its_assumptions() -> None:
    found = cite("q")
    assert found.name == "organised_share"
    assert all(row.source.title for row in found.rows)
