"""The dossier: complete, safe, the same bytes every time, and never half-written."""

from __future__ import annotations

import itertools
import json
import os
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

import careo
from careo.base.citations import Source
from careo.base.dates import parse_period
from careo.base.errors import OutputError
from careo.panel.indicators import Indicator
from careo.panel.series import Observation, Series
from careo.record.anchoring import apply
from careo.record.ledger import Ledger, read_ledger
from careo.record.statements import Quantity, Statement
from careo.results.audit import Audit
from careo.results.finding import Considered, Finding
from careo.sources.documents import Block, Document, Flag
from careo.views import dossier as module
from careo.views.charts import finding_chart
from careo.views.dossier import dossier, page
from careo.views.drawing import Plot, draw

HOSTILE = (
    '<script>alert(1)</script> <img src=x onerror="alert(2)"> <a href="javascript:alert(3)">x</a> '
    "{{ 7*7 }} {% raw %} </style></title></mark> \x1b[31mred\x1b[0m \u202eevil\u202c &lt;script&gt;"
)


def a_panel() -> Any:
    """Two definitions of one thing, three years each."""

    def indicator(name: str, text: str) -> Indicator:
        return Indicator(
            id=name, parent="", name={"en": text, "es": text}, definition={"en": f"{text}, counted.", "es": f"{text}, contados."},
            kind="flow", unit="victims", concept="burglary", measure="victims", publisher="Registry",
        )  # fmt: skip

    indicators = {"files": indicator("files", "Case files"), "victims": indicator("victims", "Victims")}
    values = {"files": (100, 110, 120), "victims": (130, 140, 150)}

    def series(name: str) -> Series:
        rows = tuple(
            Observation(
                "TL", parse_period(str(2017 + i)), float(v), "2021", date(2021, 12, 31), "registry", "read"
            )
            for i, v in enumerate(values[name])
        )
        return Series(name, rows)

    places = SimpleNamespace(by_code={"TL": SimpleNamespace(name="Toyland")}, foreign=(), codes={"TL"})
    return SimpleNamespace(
        indicators=indicators, series=series, places=places, names={"en": ("Toyland",)}, code="TL", sources={}
    )


def an_audit(*, title: str = "Burglaries fell", body: str = "", source: str = "page.txt") -> Audit:
    text = f"{title}\n\nBreadcrumb\n\nThere were 120 burglaries in 2019, and the mayor promised 200 officers by 2024. {body}"
    start = text.index("There")
    blocks = (
        Block(0, len(title), "meta", "title", role="title", language="en"),
        Block(len(title) + 2, len(title) + 12, "boilerplate", "breadcrumb", language="en"),
        Block(start, len(text), "body", "prose", language="en"),
    )
    document = Document(
        Source(source, title=title, sha256="ab" * 32, url="javascript:alert(4)"), text, text, (), blocks,
        (Flag("no_named_source", {}, ((start, start + 20),)),), "en", title, body[:60], date(2020, 2, 1), None, "text",
    )  # fmt: skip
    sentence = (start, len(text))

    def statement(kind: str, quote: str, **more: Any) -> Statement:
        at = text.index(quote)
        claim = " ".join(text[start:].split())
        return Statement(
            source,
            kind,
            at,
            at + len(quote),
            quote,
            sentence=sentence,
            block=2,
            claim=claim,
            said="2020-02-01",
            **more,
        )

    figure = statement(
        "figure", "120 burglaries", quantity=Quantity(120.0, 120.0, 120.0, "victims", digits=2, step=10.0),
        period=parse_period("2019"), place="TL", indicator="victims",
    )  # fmt: skip
    pledge = statement(
        "pledge",
        "promised 200 officers by 2024",
        actor="the mayor",
        deadline="by 2024",
        due=parse_period("2024"),
    )
    inner = statement(
        "figure", "200 officers", quantity=Quantity(200.0, 200.0, 200.0, "persons"), actor="the mayor"
    )

    def row(name: str, value: float, fits: bool) -> Considered:
        return Considered(
            name, name.title(), f"{name} counted", "2019", "TL", value, "victims", "2021", "registry", "memory", 120 / value, fits,
            not fits, True, "",
        )  # fmt: skip

    finding = Finding(
        "f1", "figure", figure.claim, "consistent under another definition", f"It is the count of case files. {body}", figure,
        (row("victims", 150.0, False), row("files", 120.0, True)), caveats=(f"Mind {body}",),
        sources=(Source("registry", "Registry", f"Table {body}", "javascript:alert(5)", tier=4),), language="en",
    )  # fmt: skip
    open_ = Finding(
        "f2", "figure", inner.claim, "unverifiable", "No series counts officers.", inner, language="en"
    )
    statements = (figure, pledge, inner)
    return Audit((document,), statements, (finding, open_), Ledger((apply(None, document, statements).page,)))


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_folder_holds_the_three_files_and_the_json_follows_its_schema(tmp_path: Path) -> None:
    folder = dossier(an_audit(), a_panel(), to=tmp_path / "out")
    assert sorted(p.name for p in folder.iterdir()) == ["findings.json", "index.html", "ledger.yaml"]
    data = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(careo.schema()).validate(data)
    assert data["findings"][0]["statement"]["value"] == 120.0
    assert data["statements"][1]["deadline"] == "by 2024"
    assert len(read_ledger(folder / "ledger.yaml").pages[0].entries) == 3


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_hostile_page_stays_text(language: str, tmp_path: Path) -> None:
    audit = an_audit(title=f"Title {HOSTILE}".replace("\n", " "), body=HOSTILE)
    text = page(audit, a_panel(), language)
    tags = Tags(text)
    names = {tag for tag, _ in tags.tags}
    assert not names & {"script", "img", "iframe", "object", "embed", "form", "base", "link"}
    for tag, attributes in tags.tags:
        assert not [name for name in attributes if name.startswith("on")], tag
        link = attributes.get("href") or ""
        assert link == "" or link.startswith(("#", "https://", "http://")), link
    assert "<script" not in text
    assert "onerror=&#34;" in text
    assert "49" not in re.findall(r"\{\{.*?\}\}", text)
    assert "{{ 7*7 }}" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_no_network_no_script_and_a_policy_that_says_so() -> None:
    text = page(an_audit(), a_panel())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert not re.search(r"<script|src=\"http|@import|url\(", text)


def test_every_link_inside_the_page_leads_somewhere_and_ids_are_unique() -> None:
    text = page(an_audit(), a_panel())
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]+)"', text):
        assert target in ids, target


def test_headings_descend_one_step_at_a_time() -> None:
    levels = [
        int(tag[1]) for tag, _ in Tags(page(an_audit(), a_panel())).tags if re.fullmatch(r"h[1-6]", tag)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_verdicts_are_words_and_signs_and_never_colour_alone() -> None:
    text = page(an_audit(), a_panel())
    assert re.search(
        r'<span class="icon" aria-hidden="true">≈</span> consistent under another definition', text
    )
    assert '<span class="vh"> (unverifiable)</span>' in text


def test_the_page_shows_statements_in_place_and_folds_what_is_no_body() -> None:
    text = page(an_audit(), a_panel())
    assert re.search(
        r'<mark class="k-figure v-consistent_under_another_definition"><a href="#f1">120 burglaries', text
    )
    assert re.search(r"<details class=\"folded\"><summary[^>]*>[^<]*page furniture", text)
    shown = re.sub(r"<[^>]+>", "", re.sub(r'<span class="tag".*?</span></span>', "", text))
    assert "the mayor promised 200 officers by 2024." in shown


def test_a_spanish_dossier_speaks_spanish_and_marks_english_quotes() -> None:
    text = page(an_audit(), a_panel(), "es")
    assert '<html lang="es">' in text
    assert "consistente con otra definición" in text
    assert '<q lang="en">' in text


def test_the_chart_marks_the_claim_and_says_what_it_shows() -> None:
    audit = an_audit()
    chart = finding_chart(audit.findings[0], a_panel(), "en")
    assert chart is not None
    assert [name for _, name in chart.letters] == ["victims", "files"]  # in the order of the table
    assert 'role="img"' in chart.svg
    assert "The claim is marked at 120 victims, 2019." in chart.svg
    assert chart.svg.count("claimed") == 1
    assert not re.search(r"<script|href|\bid=", chart.svg)
    assert finding_chart(audit.findings[1], a_panel(), "en") is None


def test_the_claim_about_a_day_stands_on_the_reading_of_that_day() -> None:
    (finding,) = careo.check(
        "The National Guard had 128,233 members at the end of 2022.", said=date(2023, 6, 1)
    )
    chart = finding_chart(finding, careo.load_country(), "en")
    assert chart is not None
    (claimed,) = re.findall(r'<path d="M([0-9.]+) [0-9.]+l7 7', chart.svg)
    assert claimed in re.findall(r'<circle cx="([0-9.]+)"', chart.svg)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    one = dossier(an_audit(body=HOSTILE), a_panel(), to=tmp_path / "a")
    two = dossier(an_audit(body=HOSTILE), a_panel(), to=tmp_path / "b")
    for name in module.FILES:
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_a_failure_in_the_middle_leaves_the_old_dossier_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dossier(an_audit(), a_panel(), to=tmp_path / "out")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    for step in (1, 2, 3):
        calls = [0]
        real = Path.write_bytes

        def failing(
            self: Path, data: bytes, calls: list[int] = calls, step: int = step, real: Any = real
        ) -> int:
            calls[0] += 1
            if calls[0] == step:
                raise KeyboardInterrupt
            return real(self, data)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_bytes", failing)
            with pytest.raises(KeyboardInterrupt):
                dossier(an_audit(title="Another"), a_panel(), to=folder)
        assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
        assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_an_interrupt_between_the_two_renames_brings_the_old_dossier_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dossier(an_audit(), a_panel(), to=tmp_path / "out")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    real = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.suffix == ".part":
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(KeyboardInterrupt):
        dossier(an_audit(title="Another"), a_panel(), to=folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_is_no_dossier_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputError, match="not a careo dossier"):
        dossier(an_audit(), a_panel(), to=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.doc"]
    with pytest.raises(OutputError, match="is a file"):
        dossier(an_audit(), a_panel(), to=tmp_path / "thesis.doc")


def test_files_of_the_reader_in_the_dossier_folder_stay(tmp_path: Path) -> None:
    folder = dossier(an_audit(), a_panel(), to=tmp_path / "out")
    (folder / "my notes.txt").write_text("mine", encoding="utf-8")
    dossier(an_audit(title="Another"), a_panel(), to=folder)
    assert (folder / "my notes.txt").read_text(encoding="utf-8") == "mine"
    assert "Another" in (folder / "index.html").read_text(encoding="utf-8")


def test_decisions_that_an_audit_did_not_use_are_kept_under_another_name(tmp_path: Path) -> None:
    folder = dossier(an_audit(), a_panel(), to=tmp_path / "out")
    edited = (
        (folder / "ledger.yaml")
        .read_text(encoding="utf-8")
        .replace("decision: undecided", "decision: reject", 1)
    )
    (folder / "ledger.yaml").write_text(edited, encoding="utf-8")
    dossier(an_audit(), a_panel(), to=folder)
    dossier(an_audit(), a_panel(), to=folder)
    kept = [p for p in folder.iterdir() if re.fullmatch(r"ledger-[0-9a-f]{8}\.yaml", p.name)]
    assert [p.read_text(encoding="utf-8") for p in kept] == [edited]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        dossier(an_audit(), a_panel(), to=tmp_path / "out")
    tmp_path.chmod(0o700)


def test_a_parent_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        dossier(an_audit(), a_panel(), to=tmp_path / "file" / "out")


def test_an_audit_without_figures_says_so() -> None:
    bare = replace(an_audit(), findings=(), statements=())
    assert "No figure was found that could be checked." in page(bare, a_panel())


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_of_text_contrasts_with_its_ground() -> None:
    style = (Path(module.__file__).parent / "templates" / "dossier.css").read_text(encoding="utf-8")
    names = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", style))
    pairs = [(names[name], names[f"{name}-bg"]) for name in names if f"{name}-bg" in names]
    pairs += [
        (names[text], names[ground]) for text in ("ink", "soft", "link") for ground in ("paper", "ground")
    ]
    pairs += [("#ffffff", colour) for colour in re.findall(r"\.l-\w \{ background: (#[0-9a-f]{6})", style)]
    assert len(pairs) >= 15
    for text, ground in pairs:
        low, high = sorted((_luminance(text), _luminance(ground)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)


def test_a_chart_labels_months_and_shares_and_draws_flat_series() -> None:
    def drawn(line: list[tuple[float, float]], **how: Any) -> str:
        return draw(Plot({"A": line}, {"A": "#0072b2"}, **how), "a <title>")

    assert ">2018-05<" in drawn([(2018 + 4 / 12, 5.0), (2018 + 9 / 12, 9.0)])
    assert ">10%<" in drawn([(2018, 0.08), (2020, 0.15)], share=True)
    for line in (
        [(2018.0, 0.0), (2019.0, 0.0)],
        [(2018.0, 7.0), (2018.0, 7.0)],
        [(1990.0, -3.0), (2020.0, -1.0)],
    ):
        text = drawn(line, claims=[(2018.0, line[0][1])], claimed="claimed")
        assert "nan" not in text
        assert "a &lt;title&gt;" in text
