"""Drafts of strategy files: from nothing and from a page; what remains to be written is listed, nothing is invented."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import careo
from careo.base.texts import LANGUAGES
from careo.base.yaml_files import parse_written
from careo.record.anchoring import quote_hash
from careo.results.drafting import TO_WRITE, draft_strategy, new_strategy
from careo.results.strategies import check_strategy
from careo.sources.documents import Document

PAGE = """\
A plan for the harbour

By a reporter, 4 March 2021

The minister promised to hire 120 inspectors by December 2022. Amnesty International urged the government to publish the
register before July 2021. The office said it may build a second lighthouse if money is found. She pledged to spend 40 million
pesos on lamps in 2022.
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_strategy_lists_exactly_what_must_be_written(language: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(new_strategy("my-plan", careo.load_country(), language), encoding="utf-8")
    mistakes = [error.render(language) for error in check_strategy(path)]
    assert mistakes
    wanted = {"en": "still to be written", "es": "por escribirse"}[language]
    allowed = ("measures[0].lever", "period.start", "compiled")
    assert all(wanted in text or any(name in text for name in allowed) for text in mistakes), mistakes


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_draft_cites_every_pledge_and_request_by_its_characters(language: str, tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
    document = careo.read(tmp_path / "page.txt")
    country = careo.load_country()
    text = draft_strategy(document, careo.statements(document, country), country, language=language)
    draft = yaml.safe_load(text)
    acts = [entry["act"] for entry in draft["pledges"]]
    assert acts.count("request") >= 1
    assert acts.count("pledge") >= 2
    for entry in draft["pledges"]:
        (span,) = entry["quoted"]
        assert span["hash"] == quote_hash(PAGE[span["start"] : span["end"]])
    assert any(str(entry["deadline"]).startswith("2022-12") for entry in draft["pledges"])
    (tmp_path / "draft.yaml").write_text(text, encoding="utf-8")
    remaining = check_strategy(tmp_path / "draft.yaml")
    assert remaining
    assert all(TO_WRITE in error.render("en") or "period" in error.render("en") for error in remaining)


def test_a_draft_completed_by_a_person_has_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
    document = careo.read(tmp_path / "page.txt")
    country = careo.load_country()
    text = draft_strategy(document, careo.statements(document, country), country)
    lines = [
        line.replace(TO_WRITE, "written by hand") for line in text.splitlines() if not line.startswith("#")
    ]
    path = tmp_path / "done.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert check_strategy(path) == ()
    findings = careo.judge_pledges(careo.load_strategy(path), country)
    assert {finding.verdict for finding in findings} <= {"no evidence found", "not measurable as stated"}


def _read(folder: Path, text: str) -> Document:
    (folder / "page.txt").write_text(text, encoding="utf-8")
    return careo.read(folder / "page.txt")


def test_a_page_without_promises_gives_a_draft_without_pledges(tmp_path: Path) -> None:
    document = _read(tmp_path, "The sea was calm. Nobody said anything.")
    country = careo.load_country()
    assert (
        yaml.safe_load(draft_strategy(document, careo.statements(document, country), country))["pledges"]
        == []
    )


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=300))
def test_whatever_a_page_says_its_draft_can_be_read_back(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    country = careo.load_country()
    document = _read(tmp_path_factory.mktemp("any"), f"The minister promised to {text} by 2022.")
    drafted = draft_strategy(document, careo.statements(document, country), country)
    assert isinstance(parse_written(drafted, "draft").value, dict)
