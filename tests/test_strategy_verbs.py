"""The verbs of strategies on the command line, for Mexico and for Toyland with the same code; and ties between pages and pledges."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest

import careo
from careo.base.shipped import country_folder
from careo.base.texts import LANGUAGES
from careo.record.anchoring import quote_hash
from careo.record.ladder import load_ladders
from careo.record.strategy import load_strategy, strategies
from careo.results.tying import TIED, stems, tie
from careo.run.scenario import Level, compile_scenario
from careo.sources.documents import locate
from careo.views.cli import run
from worlds import new_world, pledge, step

SHARED = Path(__file__).parents[2] / "shared"
needs_shared = pytest.mark.skipif(
    not (SHARED / "seeds").is_dir(), reason="../shared is not beside the project"
)
SHIPPED = [(country, slug) for country in ("mexico", "toyland") for slug in strategies(country)]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(arguments)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(("country", "slug"), SHIPPED)
def test_every_shipped_strategy_is_without_a_mistake_in_both_languages(
    country: str, slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = told(capsys, "strategies", "check", slug, "--country", country, "--strict", "--lang", "en")
    assert (code, out) == (0, f"{slug}: no mistake.\n")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("country", "slug"), SHIPPED)
def test_every_shipped_strategy_audits_without_a_warning(
    country: str,
    slug: str,
    language: str,
    capsys: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    code, out, err = told(capsys, "audit", "--strategy", slug, "--country", country, "--lang", language)
    assert code == 0
    assert not recwarn.list
    assert len(err.splitlines()) == 1  # where to write a dossier
    strategy = load_strategy(slug, country)
    assert all(f"({one.id})" in out or one.id in out for one in strategy.pledges)
    assert "Traceback" not in out + err and "{" not in out.replace("{…}", "")


@pytest.mark.parametrize("country", ["mexico", "toyland"])
def test_coverage_labels_everything_and_leaves_with_0(
    country: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = told(capsys, "coverage", "--country", country, "--json")
    data = json.loads(out)
    assert code == 0
    assert data["mistakes"] == data["one_language"] == []
    parts = [
        getattr(load_strategy(s, country), p)
        for s in strategies(country)
        for p in ("pledges", "measures", "budget", "constraints")
    ]
    assert len(data["elements"]) == sum(map(len, parts))
    for element in data["elements"]:
        assert element["label"] in ("answered", "recorded", "later")
        assert bool(element["by"]) == (element["label"] == "answered")
        assert element["by"] or element["why"]


def test_every_command_that_coverage_names_works(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # `careo simulate` keeps its runs where it is called
    _, out, _ = told(capsys, "coverage", "--json")
    commands = sorted({element["by"] for element in json.loads(out)["elements"] if element["by"]})
    for command in commands:
        fewer = ("--draws", "40") if command.startswith("careo simulate") else ()
        code, out, err = told(capsys, *command.split()[1:], *fewer, "--lang", "es")
        assert code == 0, (command, err)
        assert out.strip(), command


@pytest.mark.parametrize(
    ("country", "levels"), [("mexico", ("state", "municipality")), ("toyland", ("state",))]
)
def test_coverage_calls_exactly_the_simulated_measures_answered_by_the_laboratory(
    country: str, levels: tuple[Level, ...]
) -> None:
    places = careo.load_country(country)
    labels = {(e.strategy, e.id): e for e in careo.coverage(country).elements if e.part == "measures"}
    assert labels
    for (slug, measure), element in labels.items():
        strategy = careo.load_strategy(slug, country)
        left = [compile_scenario(strategy, places, months=72, level=level).not_simulated for level in levels]
        simulated = any(measure not in {one.id for one in of_level} for of_level in left)
        assert (element.by == f"careo simulate {slug}") == simulated, (slug, measure)


def test_coverage_fails_on_a_text_in_one_language_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = new_world(tmp_path).ladder([step("act", "2021-01-01", "in_force")])
    world.strategy([pledge(text={"es": "una promesa"})])
    code, out, _ = told(capsys, "coverage", "--country", str(world.folder), "--lang", "en")
    assert code == 1
    assert "one language only: strategies/plan: pledges[0].text" in out


def test_a_broken_strategy_leaves_check_with_1_and_audit_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = (country_folder("mexico") / "strategies" / "congress-2021.yaml").read_text(encoding="utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(
        good.replace("military-policing-deadline", "military-policing-dedline", 1), encoding="utf-8"
    )
    code, out, _ = told(capsys, "strategies", "check", str(path), "--lang", "en")
    assert code == 1
    assert "there is no such ladder" in out and "did you mean 'military-policing-deadline'?" in out
    code, _, err = told(capsys, "audit", "--strategy", str(path), "--lang", "en")
    assert code == 2
    assert f"{path}:" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("strategies", "list"),
        ("strategies", "show", "amlo-2018-plan"),
        ("strategies", "check"),
        ("audit", "--strategy", "pena-nieto-2013"),
        ("ladder", "military-policing-deadline", "pln-12", "--on", "2022-12-31"),
        ("drift", "demilitarisation"),
        ("money", "amlo-2018-plan", "--share", "prevention"),
        ("levers", "L7"),
        ("coverage",),
        ("cite", "pln-14"),
    ],
)
def test_json_follows_the_published_schema(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = told(capsys, *arguments, "--json")
    assert code == 0
    jsonschema.validate(json.loads(out), careo.schema())


def test_the_schema_of_a_strategy_accepts_the_shipped_files_and_refuses_an_unknown_key() -> None:
    from careo.base.yaml_files import read_written

    schema = careo.schema("strategy")
    for country, slug in SHIPPED:
        value = read_written(country_folder(country) / "strategies" / f"{slug}.yaml").value
        jsonschema.validate(value, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**value, "pledgs": []}, schema)


def test_the_deadline_of_2024_reads_changed_once_it_was_amended_and_never_broken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def verdict(day: str) -> str:
        _, out, _ = told(capsys, "ladder", "prc-3", "--on", day, "--json")
        return next(f["verdict"] for f in json.loads(out)["findings"] if f["kind"] == "pledge")

    assert verdict("2022-11-17") == "under way"
    assert verdict("2022-11-18") == "changed"
    assert verdict("2024-03-28") == "changed"
    assert verdict("2026-11-21") == "changed"


# ── pages and pledges ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_is_tied_to_the_pledge_it_speaks_of_in_either_language(tmp_path: Path) -> None:
    strategy, country = load_strategy("amlo-2018-plan"), careo.load_country()
    pages = {
        "en": ("The government promised a national plan of reparations for victims.", "pln-5"),
        "es": ("El gobierno prometió monitorear las compras del gobierno en tiempo real.", "pln-16"),
    }
    for language, (text, wanted) in pages.items():
        (tmp_path / f"{language}.txt").write_text(text, encoding="utf-8")
        found = careo.statements(careo.read(tmp_path / f"{language}.txt"), country)
        ties = tie(found, strategy, load_ladders())
        assert wanted in {one.pledge for one in ties}, (language, ties)


def test_a_page_of_something_else_is_tied_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(
        "The club promised to sign two strikers by July 2023. The coach demanded a new pitch for the youth team.",
        encoding="utf-8",
    )
    found = careo.statements(careo.read(tmp_path / "page.txt"), careo.load_country())
    assert tie(found, load_strategy("amlo-2018-plan"), load_ladders()) == ()


def test_the_same_number_of_another_thing_is_no_tie(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("More than 40,000 people have disappeared.", encoding="utf-8")
    found = careo.statements(careo.read(tmp_path / "page.txt"), careo.load_country())
    assert tie(found, load_strategy("pena-nieto-2013"), load_ladders()) == ()


def test_stems_bring_forms_of_a_word_together_and_leave_function_words_out() -> None:
    assert stems("the prisons", "en") == stems("Prison", "en")
    assert stems("los policías", "es") == stems("policía", "es")


def test_an_audit_of_a_page_beside_a_strategy_shows_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.txt"
    page.write_text(
        "The plan promised a National Guard of 50,000 troops. In 2018, 36,687 people were murdered.",
        encoding="utf-8",
    )
    code, out, _ = told(capsys, "audit", str(page), "--strategy", "amlo-2018-plan", "--json")
    data = json.loads(out)
    assert code == 0
    assert {"pledge", "money", "measure", "outcome", "figure"} <= {
        finding["kind"] for finding in data["findings"]
    }
    assert any(one["pledge"] == "pln-26" for one in data["ties"])


@pytest.mark.realdata
@needs_shared
def test_ties_to_the_labelled_pages_are_found_without_knowing_the_quotes() -> None:
    right = made = wanted = tied = 0
    for slug in strategies():
        strategy = load_strategy(slug)
        blind = replace(strategy, pledges=tuple(replace(p, quoted=()) for p in strategy.pledges))
        for number, path in enumerate(sorted((SHARED / "seeds").glob("*.txt"))):
            spans = [
                (s.start, s.end, p.id)
                for p in strategy.pledges
                for s in p.quoted
                if s.source == f"seed-S{number}"
            ]
            if not spans:
                continue
            document = careo.read(path)
            found = [s for s in careo.statements(document) if s.kind in TIED]
            ties = {id(one.statement): one.pledge for one in tie(found, blind, load_ladders())}
            for statement in found:
                first, last = locate(document, statement.start, statement.end)
                gold = {name for start, end, name in spans if start < last and first < end}
                wanted += bool(gold)
                tied += id(statement) in ties
                made += bool(gold) and id(statement) in ties
                right += ties.get(id(statement)) in gold
    assert right / wanted >= 0.75
    assert right / made >= 0.95  # of the statements that are labelled
    assert right / tied >= 0.70  # the others are mostly headings of the plan that nobody labelled


@pytest.mark.realdata
@needs_shared
def test_every_quoted_span_of_the_shipped_strategies_has_the_words_it_says() -> None:
    pages = [path.read_text(encoding="utf-8") for path in sorted((SHARED / "seeds").glob("*.txt"))]
    spans = [s for slug in strategies() for p in load_strategy(slug).pledges for s in p.quoted]
    assert len(spans) > 80
    for span in spans:
        words = pages[int(span.source.removeprefix("seed-S"))][span.start : span.end]
        assert span.hash == quote_hash(words)


def test_a_verdict_of_another_day_is_the_same_in_every_process() -> None:
    strategy = careo.load_strategy("amlo-2019-practice")
    once = careo.judge_pledges(strategy, on=date(2023, 6, 1))
    again = careo.judge_pledges(strategy, on=date(2023, 6, 1))
    assert once == again


# ── what an adversary found ──────────────────────────────────────────────────────────────────────────────────────


def test_a_term_that_begins_in_december_is_held_against_that_year() -> None:
    result = careo.audit_strategy(careo.load_strategy("amlo-2019-practice"))
    homicides = next(f for f in result.outcomes if f.extra["indicator"] == "homicide_inegi_registered")
    assert (homicides.considered[0].period, homicides.considered[-1].period) == ("2018", "2024")
    assert "−8.6%" in homicides.because


def test_money_that_only_a_user_s_file_has_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flows = [
        {
            "stage": "announced",
            "amount": 4000000,
            "currency": "TYD",
            "period": "2021",
            "sources": ["gazette"],
            "verified": "read",
        }
    ]
    line = {
        "line": "my-own-posts",
        "role": {"en": "posts", "es": "puestos"},
        "coverage": "answered",
        "flows": flows,
    }
    world = new_world(tmp_path).ladder([step("act", "2021-01-01", "in_force")])
    world.strategy([pledge()], budget=[line])
    code, out, err = told(
        capsys, "strategies", "show", "plan", "--country", str(world.folder), "--lang", "en"
    )
    assert (code, err) == (0, "")
    assert "TYD 4 million" in out


def test_thousands_written_the_spanish_way_are_no_number(tmp_path: Path) -> None:
    world = new_world(tmp_path).ladder([step("act", "2021-01-01", "in_force")])
    world.strategy([pledge(test={"indicator": "boats_missing", "at_least": 300, "place": "TY"})])
    path = world.folder / "strategies" / "plan.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"at_least": 300', '"at_least": 300.000'), encoding="utf-8"
    )
    with pytest.raises(careo.CareoError, match=r"read in two ways(.|\n)*write 300000"):
        careo.check_strategy(path, str(world.folder))


def test_a_file_s_source_may_not_take_the_name_of_one_of_the_country(tmp_path: Path) -> None:
    world = new_world(tmp_path).ladder([step("act", "2021-01-01", "in_force")])
    world.write("strategies/other.yaml", {})
    (world.folder / "strategies" / "other.yaml").unlink()
    with pytest.raises(careo.CareoError, match="has a source of this name"):
        world.strategy([pledge()], sources={"gazette": {"producer": "me", "title": "mine"}})


def test_a_file_that_was_completed_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.yaml"
    assert told(capsys, "strategies", "new", "my-plan", "-o", str(mine))[0] == 0
    assert told(capsys, "strategies", "new", "my-plan", "-o", str(mine))[0] == 0, (
        "nothing is lost by the same bytes"
    )
    page = tmp_path / "page.txt"
    page.write_text(
        "The government promised to recruit 21,170 guards by the end of 2020.\n", encoding="utf-8"
    )
    completed = mine.read_text(encoding="utf-8").replace("TODO", "Done", 1)
    mine.write_text(completed, encoding="utf-8")
    for arguments in (("strategies", "new", "my-plan"), ("strategies", "draft", str(page))):
        code, _, err = told(capsys, *arguments, "-o", str(mine))
        assert code == 2 and str(mine) in err and "Traceback" not in err
        assert mine.read_text(encoding="utf-8") == completed


def test_a_study_takes_the_place_of_itself_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.yaml"
    asked = ("--country", "toyland", "--draws", "99", "--to-registry", str(file))
    assert told(capsys, "evaluate", "worst-lots", *asked)[0] == 0
    assert told(capsys, "evaluate", "worst-lots", *asked)[0] == 0
    kept = file.read_bytes()
    code, out, err = told(capsys, "evaluate", "ten-lamps", *asked)
    assert code == 2 and str(file) in err and out, "the answer is shown, the other study kept"
    assert file.read_bytes() == kept


def test_a_lever_named_by_its_code_is_told_its_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shipped = (country_folder("toyland") / "strategies/ten-lamps-2018.yaml").read_text(encoding="utf-8")
    mine = tmp_path / "mine.yaml"
    mine.write_text(shipped.replace("lever: street-lighting", "lever: l1"), encoding="utf-8")
    code, out, _ = told(capsys, "strategies", "check", str(mine), "--country", "toyland")
    assert code == 1 and "'l1'" in out and "did you mean 'street-lighting'?" in out
