"""The evaluation command and the labels it measures against."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
LABELLED = ROOT / "tests" / "labelled"
sys.path.insert(0, str(ROOT))

from benchmarks import evaluate  # noqa: E402 - found beside the tests, not installed

from careo.results.finding import VERDICTS  # noqa: E402 - the same
from careo.sources.documents import LABELS  # noqa: E402 - the same


@dataclass
class Fake:
    """Any of careo's nouns, as far as the evaluation looks at it."""

    start: int = 0
    end: int = 0
    label: str = ""
    page: str = ""
    kind: str = ""
    quote: str = ""
    hedge: str = ""
    place: str = ""
    indicator: str = ""
    verdict: str = ""
    text: str = ""
    blocks: list[Any] = field(default_factory=list)
    quantity: Any = None
    period: Any = None
    statement: Any = None
    findings: list[Any] = field(default_factory=list)


@dataclass
class FakeQuantity:
    value: float
    unit: str
    every: str = ""


@dataclass
class FakePeriod:
    first: date | None
    last: date | None


def _quantity(row: dict[str, Any]) -> FakeQuantity:
    unit, _, every = row["unit"].partition(" per ")
    return FakeQuantity(row["value"], unit, every)


def _period(row: dict[str, Any]) -> FakePeriod | None:
    if row["years"] is None:
        return None
    return FakePeriod(*(date(int(year), 1, 1) if year else None for year in row["years"]))


def _said(row: dict[str, Any], kind: str) -> Fake:
    return Fake(row["start"], row["end"], kind=kind, quote=row["quote"])


class Oracle:
    """A careo that says exactly what the labels of a folder say."""

    def __init__(self, labels: Path) -> None:
        self.blocks = json.loads((labels / "blocks.json").read_text(encoding="utf-8"))
        self.figures = evaluate._jsonl(labels / "figures.jsonl")
        self.acts = evaluate._jsonl(labels / "statements.jsonl")
        self.sentences = {row["text"]: row for row in evaluate._jsonl(LABELLED / "sentences.jsonl")}

    def load_country(self) -> None:
        return None

    def read(self, path: Path) -> Fake:
        text, at, blocks = path.read_text(encoding="utf-8"), 0, []
        labels = dict(self.blocks[path.name])
        for number, line in enumerate(text.split("\n"), 1):
            if number in labels:
                blocks.append(Fake(at, at + len(line), labels[number]))
            at += len(line) + 1
        return Fake(text=text, blocks=blocks, page=path.name)

    def statements(self, document: Fake, _: None) -> list[Fake]:
        found = [
            self._figure(row) for row in self.figures if row["source"] == document.page and "value" in row
        ]
        found += [
            _said(row, row["accept"][0])
            for row in self.acts
            if row["source"] == document.page and row["accept"]
        ]
        return found

    def check(self, text: str, _: None, *, said: date) -> list[Fake]:
        row = self.sentences[text]
        assert str(said) == row["date"]
        findings = [
            Fake(kind="figure", verdict=f["accept"][0], statement=self._figure(f)) for f in row["figures"]
        ]
        if row["compare"]:
            findings.append(Fake(kind="comparison", verdict=row["compare"][0], statement=Fake()))
        return findings

    def _figure(self, row: dict[str, Any]) -> Fake:
        figure = _said(row, "figure")
        figure.quantity, figure.period = _quantity(row), _period(row)
        figure.hedge, figure.place = row["hedge_class"] or "", row.get("place") or ""
        figure.indicator = row.get("indicator_any_of", [""])[0]
        return figure


@pytest.fixture
def labels() -> ModuleType:
    spec = importlib.util.spec_from_file_location("label", LABELLED / "label.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """The second set laid out as the seed pages are."""
    shutil.copytree(LABELLED / "pages", tmp_path / "seeds")
    (tmp_path / "gold").mkdir()
    for name in ("blocks.json", "figures.jsonl", "statements.jsonl", "unscored.json"):
        shutil.copy(LABELLED / name, tmp_path / "gold" / name)
    return tmp_path


def test_the_written_labels_are_those_of_the_marked_pages(labels: ModuleType) -> None:
    for name, content in labels.compile_all().items():
        assert (LABELLED / name).read_text(encoding="utf-8") == content, (
            f"run tests/labelled/label.py: {name} is old"
        )


def test_every_label_quotes_its_page_exactly() -> None:
    rows = evaluate._jsonl(LABELLED / "figures.jsonl") + evaluate._jsonl(LABELLED / "statements.jsonl")
    assert len(rows) > 200
    for row in rows:
        text = (LABELLED / "pages" / row["source"]).read_text(encoding="utf-8")
        assert text[row["start"] : row["end"]] == row["quote"]
        assert row["quote"].strip() == row["quote"]


def test_figures_and_acts_stand_in_the_body_and_foreign_numbers_do_not() -> None:
    blocks = {
        page: dict(lines) for page, lines in json.loads((LABELLED / "blocks.json").read_text("utf-8")).items()
    }
    for row in evaluate._jsonl(LABELLED / "figures.jsonl") + evaluate._jsonl(LABELLED / "statements.jsonl"):
        text = (LABELLED / "pages" / row["source"]).read_text(encoding="utf-8")
        label = blocks[row["source"]][text.count("\n", 0, row["start"]) + 1]
        if row.get("not_a_figure_of_this_article"):
            assert label in ("related", "boilerplate"), row
        elif row.get("accept") != []:
            assert label == "body", row


def test_every_non_empty_line_has_a_label_the_package_knows() -> None:
    blocks = json.loads((LABELLED / "blocks.json").read_text(encoding="utf-8"))
    for path in (LABELLED / "pages").glob("*.txt"):
        lines = path.read_text(encoding="utf-8").split("\n")
        assert [number for number, _ in blocks[path.name]] == [
            i for i, line in enumerate(lines, 1) if line.strip()
        ]
        assert {label for _, label in blocks[path.name]} <= set(LABELS)


def test_the_two_halves_are_of_one_size_and_speak_both_languages() -> None:
    names = [path.name for path in (LABELLED / "pages").glob("*.txt")]
    assert all(name.startswith(tuple(f"{split}_" for split in evaluate.SPLITS)) for name in names)
    halves = [name for name in names if not name.startswith("dev_")]
    assert len([n for n in halves if n.startswith("open_")]) == len(halves) / 2 == 6
    assert len([n for n in halves if "_es_" in n]) == len([n for n in halves if "_en_" in n]) == 6
    sentences = evaluate._jsonl(LABELLED / "sentences.jsonl")
    assert len([s for s in sentences if s["split"] != "dev"]) == 70
    assert [len([s for s in sentences if s["id"].startswith(f"dev-{code}")]) for code in ("en", "es")] == [
        45,
        45,
    ]
    assert {verdict for s in sentences for f in s["figures"] for verdict in f["accept"]} == set(VERDICTS)


def test_an_oracle_reaches_everything_that_is_asked(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main(["--misses", *evaluate.SETS], api=Oracle(LABELLED), shared=shared) == 0
    out = capsys.readouterr().out
    assert "missed\n" not in out
    assert re.search(r"sentences: verdicts\s+–\s+1\.000 ", out)
    assert re.search(r"figures: recall\s+≥ 0\.95\s+1\.000 ", out)


class Blind(Oracle):
    """Takes every number of another article for its own, and every second figure for another value."""

    def statements(self, document: Fake, _: None) -> list[Fake]:
        found = super().statements(document, None)
        for figure in [statement for statement in found if statement.kind == "figure"][::2]:
            figure.quantity.value *= 1.01
        strays = [row for row in self.figures if row["source"] == document.page and "value" not in row]
        return found + [Fake(row["start"], row["end"], kind="figure", quote=row["quote"]) for row in strays]


def test_numbers_of_other_articles_and_wrong_values_fail_the_command(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate.main(["--sets", "seeds", "--misses"], api=Blind(LABELLED), shared=shared) == 1
    out = capsys.readouterr().out
    assert (
        "not reached on the seed pages: figures: precision, figures: value, figures: of other articles" in out
    )
    assert "of another article: '1,200 jobs'" in out


def test_without_the_seed_pages_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate.main([], api=Oracle(LABELLED), shared=tmp_path) == 0
    assert "are not here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "unit", "every", "same"),
    [
        ("persons", "victims", "", True),
        ("persons", "deaths", "year", True),
        ("persons per year", "persons", "year", True),
        ("persons per year", "persons", "", False),
        ("persons per day", "deaths per day", "", True),
        ("persons", "case files", "", False),
        ("share", "percentage points", "", False),
        ("rate", "per 100,000 per year", "", True),
        ("rate", "persons", "", False),
        ("USD", "MXN", "", False),
        ("things", "bicycles", "", True),
        ("persons", "count", "", False),
        ("things", "count", "", True),
    ],
)
def test_units_are_compared_after_the_published_mapping(
    asked: str, unit: str, every: str, same: bool
) -> None:
    assert evaluate.same_unit(asked, unit, every) is same


def test_two_figures_on_one_label_are_one_right_and_one_wrong() -> None:
    score: evaluate.Score = evaluate.defaultdict(evaluate.Tally)
    label = {
        "start": 0,
        "end": 10,
        "quote": "x",
        "value": 1.0,
        "unit": "-",
        "hedge_class": None,
        "years": None,
    }
    twice = [
        Fake(0, 10, quote="a", quantity=FakeQuantity(1.0, "")),
        Fake(4, 8, quote="b", quantity=FakeQuantity(1.0, "")),
    ]
    evaluate.score_figures(score, "page", [label], [], twice)
    assert score["figures: precision"].share == 0.5
    assert score["figures: precision"].misses == ["page: not labelled: 'b'"]
    evaluate.score_figures(score, "page", [], [{"start": 4, "end": 5}], [Fake(4, 8, quote="vague")])
    assert score["figures: precision"].trials == 2


def test_a_persons_reading_decides_the_precision_on_incomplete_labels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {
        ("page", 5, 9, evaluate.quote_hash("will")): True,
        ("page", 20, 29, evaluate.quote_hash("wrong")): False,
    }
    monkeypatch.setattr(evaluate, "read_by_hand", lambda: known)
    score: evaluate.Score = evaluate.defaultdict(evaluate.Tally)
    found = [
        Fake(5, 9, kind="pledge", quote="will"),
        Fake(20, 29, kind="pledge", quote="wrong"),
        Fake(40, 45, kind="request", quote="new"),
    ]
    evaluate.score_statements(score, "page", [], found, complete=False)
    assert score["pledges and requests: precision"].share == 0.5
    assert score["pledges and requests: not read yet"].misses == [
        "page: 40-45 request: 'new'\n- {source: page, start: 40, end: 45, hash: '11507a0e2f5e', right: }"
    ]


def test_an_id_is_found_through_any_of_its_spans_but_only_in_an_accepted_kind() -> None:
    score: evaluate.Score = evaluate.defaultdict(evaluate.Tally)
    rows = [
        {"id": "a", "start": 0, "end": 5, "quote": "one", "accept": ["pledge"]},
        {"id": "a", "start": 10, "end": 15, "quote": "two", "accept": ["pledge"]},
        {"id": "b", "start": 20, "end": 25, "quote": "three", "accept": ["request"]},
        {"id": "c", "start": 30, "end": 35, "quote": "soft", "accept": []},
    ]
    found = [Fake(14, 18, kind="pledge"), Fake(20, 25, kind="pledge"), Fake(30, 35, kind="pledge")]
    evaluate.score_statements(score, "page", rows, found, complete=True)
    assert (score["pledges and requests: recall"].hits, score["pledges and requests: recall"].trials) == (
        1,
        2,
    )
    assert (
        score["pledges and requests: precision"].hits,
        score["pledges and requests: precision"].trials,
    ) == (1, 2)


def test_a_share_of_a_comparison_is_scored_by_its_own_finding() -> None:
    label = {"start": 5, "end": 8, "quote": "91%", "value": 0.91, "unit": "share", "hedge_class": None}
    sentence = {
        "id": "x",
        "text": "from 91% to 96%",
        "why": "",
        "figures": [{**label, "years": None, "accept": ["consistent"]}],
        "compare": ["not comparable"],
    }
    level = Fake(5, 8, quote="91%", quantity=FakeQuantity(0.91, "share"))
    whole = Fake(0, 15, quote="from 91% to 96%", quantity=FakeQuantity(0.96, "share"))
    findings = [
        Fake(kind="comparison", verdict="not comparable", statement=whole),
        Fake(kind="figure", verdict="consistent", statement=level),
    ]
    score: evaluate.Score = evaluate.defaultdict(evaluate.Tally)
    evaluate.score_sentence(score, sentence, findings)
    assert {name: tally.share for name, tally in score.items()} == dict.fromkeys(score, 1.0)
    evaluate.score_sentence(score, {**sentence, "compare": []}, findings)
    assert score["sentences: verdicts"].share == 0.5
