"""The printed forms: one page is one page, every number is in findings.json, a letter accuses nobody, a PDF fetches nothing."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

import careo
from careo.base.errors import CareoError, OutputError
from careo.results.decisive import ASKED, UNTOLD, askable, decisive, not_askable, unverified
from careo.results.finding import PLEDGE_VERDICTS, VERDICTS, Finding
from careo.results.strategy_audit import StrategyAudit
from careo.results.wording import value_words
from careo.views import brief, pdf
from careo.views.cli import run
from careo.views.i18n import shortened, verdict_words
from careo.views.imprint import Imprint, findings_json, imprint_of
from careo.views.printed import Printed, print_dossier

DATA = Path(careo.__file__).parent / "data"
HOSTILE = (
    '<script>alert(1)</script> </style><style>body{display:none}</style> "; } @import url(http://evil.test/x.css); {'
    ' <img src=x onerror="alert(2)"> {{ 7*7 }} \\0022 \x1b[31m \u202eevil\u202c </title> &lt;b&gt;'
)
CASES = [(country, slug) for country in ("mexico", "toyland") for slug in (*careo.strategies(country), "")]


def _pdf_works() -> str:
    try:
        pdf.lay_out("<!doctype html><html lang=en><title>t</title><p>x")
    except OutputError as error:
        return error.render("en").replace("\n", " ")
    return ""


WHY_NOT = _pdf_works()
needs_pdf = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@cache
def an_audit(country: str, slug: str, language: str) -> Any:
    """Of a strategy, or of the sample pages where `slug` is empty."""
    panel = careo.load_country(country)
    if slug:
        return careo.audit_strategy(careo.load_strategy(slug, country), panel, language=language)
    pages = [careo.read(path, country=country) for path in sorted((DATA / country / "pages").glob("*.txt"))]
    return careo.audit(pages, panel, language=language)


def a_print(
    country: str = "toyland", slug: str = "ten-lamps-2018", language: str = "en", **asked: str
) -> Printed:
    return print_dossier(
        an_audit(country, slug, language), careo.load_country(country), language=language, **asked
    )


def a_finding(verdict: str, number: int = 0, **fields: Any) -> Finding:
    return Finding(f"f{number}", "pledge", "c", verdict, "b", None, **fields)


class _Words(HTMLParser):
    """The text of a page by the class of the nearest element that has one of the wanted classes."""

    def __init__(self, skipped: tuple[str, ...]) -> None:
        super().__init__()
        self.skipped, self.depth, self.inside, self.text = skipped, 0, 0, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("meta", "br", "img", "link"):
            return
        self.depth += 1
        classes = (dict(attrs).get("class") or "").split()
        if not self.inside and (tag in self.skipped or set(classes) & set(self.skipped)):
            self.inside = self.depth

    def handle_endtag(self, _tag: str) -> None:
        if self.inside == self.depth:
            self.inside = 0
        self.depth -= 1
        self.text += " "

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.text += data


def words_of(page: str, *skipped: str) -> str:
    parser = _Words(("style", "title", *skipped))
    parser.feed(page)
    return parser.text


def numbers_in(text: str) -> set[str]:
    found = re.findall(r"\d+(?:[.,]\d+)*", text)
    return {n.replace(",", "").lstrip("0") or "0" for n in found}


# ── what is chosen ───────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.sampled_from([*VERDICTS, *PLEDGE_VERDICTS, "raised"]), max_size=12))
def test_the_gravest_comes_first_then_the_most_favourable_and_none_is_lost(verdicts: list[str]) -> None:
    findings = [a_finding(verdict, index) for index, verdict in enumerate(verdicts)]
    order = decisive(findings)
    assert sorted(f.id for f in order) == sorted(f.id for f in findings)
    if "broken" in verdicts:
        assert order[0].verdict == "broken"
    if "broken" in verdicts and "kept" in verdicts:
        assert order[1].verdict == "kept"
    first = [f.verdict for f in order[: len(set(verdicts))]]
    assert len(set(first)) == len(first)  # each verdict once before any comes twice


def test_what_was_checked_comes_before_what_was_recalled_and_a_better_grade_before_a_worse() -> None:
    recalled = a_finding("late", 1, extra={"verified": "memory"})
    graded = [a_finding("late", 2, grade="C"), a_finding("late", 3, grade="A")]
    assert [f.id for f in decisive([recalled, *graded])] == ["f3", "f2", "f1"]


@pytest.mark.parametrize(
    ("finding", "reason"),
    [
        (a_finding("kept"), "verdict"),
        (a_finding("changed"), "verdict"),
        (a_finding("not measurable as stated", extra={"act": "position"}), "opinion"),
        (a_finding("late", extra={"verified": "memory"}, sources=(careo.Source("a"),)), "memory"),
        (a_finding("late", sources=(careo.Source("a", tier=4),)), "memory"),
        (a_finding("broken"), "place"),
        (a_finding("broken", sources=(careo.Source("a", tier=3),)), ""),
    ],
)
def test_a_letter_uses_no_weak_finding(finding: Finding, reason: str) -> None:
    assert not_askable(finding) == reason
    assert bool(askable([finding])) == (not reason)


# ── the brief ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("country", "slug"), CASES)
def test_every_number_of_a_brief_stands_in_findings_json(country: str, slug: str, language: str) -> None:
    audit, panel = an_audit(country, slug, language), careo.load_country(country)
    page = brief.brief_page(audit, panel, imprint_of(audit, language), language, room=99, paper="a4")
    data = json.loads(findings_json(audit, language))
    findings = [f for f in data["findings"] if f["kind"] != "quality"]
    told = json.dumps(data, ensure_ascii=False)
    values = [value_words(row["value"], row["unit"], language) for f in findings for row in f["considered"]]
    counts = {str(n) for n in Counter(f["verdict"] for f in findings).values()}
    for kind in ("pledge", "money", "measure", "constraint", "outcome"):
        own = [f for f in findings if f["kind"] == kind]
        counts |= {
            str(len(own)),
            str(sum(not f["table"] for f in own)),
            str(sum(bool(f["table"]) for f in own)),
        }
        counts |= {
            str(sum(bool(f["considered"]) for f in own)),
            str(sum(f["verdict"] == "no evidence found" for f in own)),
        }
    counts |= {str(len(findings)), str(sum(f["verdict"] in UNTOLD for f in findings))}
    counts |= {str(sum(map(unverified, audit.findings)))}
    text = words_of(page.html, "sup", "number", "small")
    if not slug:
        text = text.replace(str(len(audit.documents)), "", 1)  # "2 pages"
    assert numbers_in(text) <= numbers_in(told) | numbers_in(" ".join(values)) | counts
    assert len(page.shown) + page.hidden == len(findings)
    assert str(page.hidden) in page.html


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_brief_shows_every_verdict_with_its_count_and_never_hides_what_cannot_be_told(
    language: str,
) -> None:
    audit = an_audit("mexico", "amlo-2018-plan", language)
    page = brief.brief_page(
        audit, careo.load_country(), imprint_of(audit, language), language, room=0, paper="a4"
    )
    text = re.sub(r"\s+", " ", words_of(page.html))
    for verdict, count in Counter(f.verdict for f in audit.pledges).items():
        assert f"{count} {verdict_words(verdict, language)}" in text
    untold = sum(f.verdict in UNTOLD for f in audit.findings)
    told = {
        "en": f"Of {len(audit.findings)} findings {untold} cannot be decided",
        "es": f"De {len(audit.findings)} hallazgos, {untold} no pueden decidirse",
    }
    assert told[language] in text
    for word in ("words", "money", "delivery", "outcomes", "alternatives"):
        assert careo.base.texts.say(language, f"strategy_page.question.{word}.name") in text


@needs_pdf
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("country", "slug"), CASES)
def test_the_barest_brief_fits_on_a_page_so_every_brief_does(country: str, slug: str, language: str) -> None:
    audit = an_audit(country, slug, language)
    bare = brief.brief_page(
        audit, careo.load_country(country), imprint_of(audit, language), language, room=0, paper="letter"
    )
    assert len(pdf.lay_out(bare.html).pages) == 1


@needs_pdf
@pytest.mark.parametrize(
    ("country", "slug", "language", "paper"),
    [
        ("mexico", "amlo-2019-practice", "es", "letter"),
        ("toyland", "", "en", "a4"),
    ],
)
def test_a_brief_is_one_sheet_and_holds_as_much_as_one_sheet_can(
    country: str, slug: str, language: str, paper: str
) -> None:
    printed = a_print(country, slug, language, paper=paper)
    reader = pypdf.PdfReader(io.BytesIO(printed.data))
    assert len(reader.pages) == printed.sheets == 1
    width = float(reader.pages[0].mediabox.width)
    assert round(width) == {"letter": 612, "a4": 595}[paper]
    audit = an_audit(country, slug, language)
    room = sum(f.kind not in ("outcome",) for f in audit.findings if f.id in printed.shown) + 1
    fuller = brief.brief_page(
        audit, careo.load_country(country), imprint_of(audit, language), language, room=room, paper=paper
    )
    everything = len(fuller.shown) == len(printed.shown)
    assert everything or room > brief.MOST or len(pdf.lay_out(fuller.html).pages) > 1


@needs_pdf
@pytest.mark.slow
def test_a_brief_of_endless_words_is_one_sheet_still() -> None:
    audit = an_audit("mexico", "amlo-2018-plan", "en")
    long = "endless words without any end " * 40
    title = {"en": long, "es": long}
    pledges = tuple(replace(f, claim=long, because=long) for f in audit.pledges)
    outcomes = tuple(replace(f, because=long[:300]) for f in audit.outcomes)
    endless = replace(
        audit, strategy=replace(audit.strategy, title=title, actor=title), pledges=pledges, outcomes=outcomes
    )
    assert print_dossier(endless, language="en").sheets == 1


@given(st.text(alphabet="abc 0123456789,.", max_size=80), st.integers(4, 40))
def test_a_shortened_text_ends_between_two_words(text: str, room: int) -> None:
    short = shortened(text, room)
    assert len(short) <= room + 1
    line = " ".join(text.split())
    assert short == line or all(
        word.rstrip(",.") in [w.rstrip(",.") for w in line.split()] for word in short[:-2].split()
    )


# ── the letter ───────────────────────────────────────────────────────────────────────────────────────────────────

ACCUSING = (
    r"\b(lied|liar|lying|false|falsehood|mislead\w*|deceiv\w*|broken|broke|fraud|guilty|dishonest|mentira|mintió|falso|falsa|engañ\w*|"
    r"incumpli\w*|fraude|culpable|deshonest\w*)\b"
)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("country", "slug"), CASES)
def test_a_letter_accuses_nobody_asks_in_whole_and_says_where_each_point_stands(
    country: str, slug: str, language: str
) -> None:
    audit = an_audit(country, slug, language)
    try:
        letter = a_print(country, slug, language, form="letter", kind="txt")
    except CareoError as nothing:
        assert nothing.key == "letter_nothing"
        assert not [f for f in audit.findings if not not_askable(f)]
        return
    text = letter.data.decode()
    body, _, notes = text.partition({"en": "\nNotes\n", "es": "\nNotas\n"}[language])
    own = re.sub(r"“.*?”|«.*?»", "", body.replace("\n", " "))
    assert not re.search(ACCUSING, own, re.IGNORECASE)
    by_id = {f.id: f for f in audit.findings}
    assert letter.shown
    for number, name in enumerate(letter.shown, 1):
        finding = by_id[name]
        assert finding.verdict in ASKED and not unverified(finding)
        assert not (finding.statement and finding.statement.weak)
        assert f"[{number}]" in body and f"[{number}]" in notes
        for row in [r for r in finding.considered if r.fits or r.named][:2]:
            assert row.indicator in notes and row.vintage in notes
        if finding.statement:
            assert finding.statement.source in notes
    assert all(len(line) <= 78 or "://" in line or "/" in line for line in text.splitlines())
    assert letter.checksum in re.sub(r"\s+", "", text)
    asked = sum(f.verdict in ASKED and f.kind != "quality" for f in audit.findings)
    assert len(letter.shown) + sum(letter.left_out.values()) == asked


def test_a_letter_has_the_same_points_in_every_form_and_lines_to_write_on() -> None:
    one = a_print("mexico", "", "en", form="letter", kind="html").data.decode()
    two = a_print("mexico", "", "en", form="letter", kind="txt").data.decode()
    for name in a_print("mexico", "", "en", form="letter", kind="txt").shown:
        assert name in one and name in two
    assert one.count('class="blank"') == 3 and two.count("_" * 40) == 3
    signed = a_print(
        "mexico", "", "en", form="letter", kind="txt", addressee="Office", signatory="A. B."
    ).data.decode()
    assert "To: Office" in signed and "A. B." in signed and signed.count("_" * 40) == 1


@needs_pdf
def test_notes_of_a_letter_stand_at_the_foot_of_the_sheet_that_calls_them() -> None:
    printed = a_print("mexico", "amlo-2018-plan", "en", form="letter")
    sheets = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(printed.data)).pages]
    assert len(sheets) == printed.sheets > 1
    audit = an_audit("mexico", "amlo-2018-plan", "en")
    by_id = {f.id: f for f in audit.findings}
    for name in printed.shown:
        claim = re.sub(r"\s", "", by_id[name].claim)[:30]
        sheet = next(s for s in sheets if claim in re.sub(r"\s", "", s))
        assert f"Finding{name}" in re.sub(r"\s", "", sheet)


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_letter_is_written_about_nothing(language: str) -> None:
    with pytest.raises(CareoError) as error:
        a_print("mexico", "status-quo", language, form="letter", kind="txt")
    words = {
        "en": "nothing that a letter may ask about",
        "es": "no hay nada por lo que una carta pueda preguntar",
    }
    assert words[language] in error.value.render(language).lower()


# ── hostile words, and nothing fetched ───────────────────────────────────────────────────────────────────────────


def the_hostile() -> StrategyAudit:
    audit = an_audit("mexico", "amlo-2018-plan", "en")
    words = {"en": HOSTILE, "es": HOSTILE}
    pledges = tuple(replace(f, claim=HOSTILE, because=HOSTILE) for f in audit.pledges)
    return replace(
        audit, strategy=replace(audit.strategy, title=words, actor=words, summary=words), pledges=pledges
    )


@pytest.mark.parametrize("form", ["page", "brief", "letter"])
def test_hostile_words_stay_words(form: str) -> None:
    asked = {"addressee": HOSTILE, "signatory": HOSTILE} if form == "letter" else {}
    page = print_dossier(the_hostile(), form=form, kind="html", **asked).data.decode()
    assert page.count("</style>") == 1 and page.count("<style>") == 1
    assert "<script" not in page and "<img" not in page and "\u202e" not in page and "\x1b" not in page
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert "@import" not in style and "http:" not in style


def test_the_head_of_a_sheet_cannot_be_ended_by_a_title() -> None:
    style = Imprint("1", "2020", "ab", "record_day").style("en", '"; } } @import "x"; </style> \\ \n')
    assert style.count("{") == style.count("}") and "</style" not in style and "\n" not in style
    for text in re.findall(r'content: "([^"]*)"', style):
        assert not set(text) & set("{}<>;\n")


@needs_pdf
def test_a_pdf_fetches_no_address_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"the secret")
    opened: list[object] = []
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *a, **k: opened.append(a))
    monkeypatch.setattr("socket.socket.connect", lambda *a: opened.append(a))
    page = f"""<!doctype html><html lang=en><title>t</title><link rel=attachment href="file://{secret}">
    <link rel=stylesheet href="http://127.0.0.1:9/x.css"><style>@import url("http://127.0.0.1:9/y.css");
    @font-face {{ font-family: f; src: url(http://127.0.0.1:9/f.woff) }} p {{ font-family: f; background: url(file://{secret}) }}</style>
    <p>words<img src="file://{secret}"><svg><image href="http://127.0.0.1:9/z.png"/></svg><object data="file://{secret}"></object>"""
    data = pdf.pdf_bytes(pdf.lay_out(page))
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert not opened and not reader.attachments and "words" in reader.pages[0].extract_text()
    assert not reader.pages[0].images


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@needs_pdf
def test_a_pdf_is_tagged_titled_bookmarked_and_carries_its_origin_on_every_sheet() -> None:
    printed = a_print("toyland", "quay-letters-2023", "es", form="page")
    reader = pypdf.PdfReader(io.BytesIO(printed.data))
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "es" and root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root
    title = an_audit("toyland", "quay-letters-2023", "es").strategy.title["es"]
    assert reader.metadata and title in str(reader.metadata.title)
    assert b"pdfuaid" in root["/Metadata"].get_data() or "pdfuaid" in root["/Metadata"].get_data().decode()
    assert len(reader.outline) > 0
    for index, sheet in enumerate(reader.pages, 1):
        text = sheet.extract_text()
        assert f"careo {careo.__version__}" in text and printed.checksum[:16] in text
        assert f"{index} / {printed.sheets}" in text
    text = "".join(sheet.extract_text() for sheet in reader.pages)
    assert re.search(r"\[\d+\]", text)  # sources by number


@needs_pdf
def test_the_same_audit_is_the_same_bytes_also_in_another_process(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "careo",
        "--country",
        "toyland",
        "dossier",
        "--form",
        "letter",
        "-o",
    ]
    for seed in ("1", "2"):
        asked = [*command, str(tmp_path / f"{seed}.pdf")]
        subprocess.run(
            asked,
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": f"UTC{seed}"},
        )
    one, two = ((tmp_path / f"{seed}.pdf").read_bytes() for seed in ("1", "2"))
    assert one == two
    assert b"CreationDate" not in one


@pytest.mark.parametrize("kind", ["html"])
@pytest.mark.parametrize("form", ["page", "brief", "letter"])
def test_forms_speak_to_nobody_and_name_the_checksum_of_findings_json(
    form: str, kind: str, capsys: Any, tmp_path: Path
) -> None:
    audit, panel = an_audit("toyland", "ten-lamps-2018", "en"), careo.load_country("toyland")
    printed = print_dossier(audit, panel, form=form, kind=kind)
    assert capsys.readouterr() == ("", "")
    careo.dossier(audit, panel, to=tmp_path / "d")
    assert printed.checksum == sha256((tmp_path / "d" / "findings.json").read_bytes()).hexdigest()
    assert printed.checksum[:16].encode() in printed.data


def _absent(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "weasyprint":
            print("-----\nWeasyPrint could not import some external libraries.")
            raise error
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImportError("weasyprint"), "pip install 'careo[pdf]'"),
        (OSError("cannot load library 'libpango-1.0-0'"), "apt-get install libpango-1.0-0"),
    ],
)
def test_what_is_missing_is_said_with_its_cure(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path
) -> None:
    _absent(monkeypatch, error)
    target = tmp_path / "b.pdf"
    assert run(["--country", "toyland", "dossier", "--strategy", "ten-lamps-2018", "-o", str(target)]) == 2
    out, err = capsys.readouterr()
    assert said in err and out == "" and not target.exists()


@needs_pdf
def test_a_system_without_fonts_is_told_so(tmp_path: Path) -> None:
    empty = tmp_path / "fonts.conf"
    empty.write_text(
        f"<?xml version='1.0'?><fontconfig><dir>{tmp_path}/none</dir><cachedir>{tmp_path}/c</cachedir></fontconfig>"
    )
    code = "from careo.views.pdf import lay_out\ntry: lay_out('<p>x')\nexcept Exception as e: print(e.key)"
    asked = [sys.executable, "-c", code]
    done = subprocess.run(
        asked, capture_output=True, text=True, env={**os.environ, "FONTCONFIG_FILE": str(empty)}
    )
    assert done.stdout.strip() == "pdf_fonts"


def test_a_page_beyond_all_measure_is_refused() -> None:
    with pytest.raises(OutputError) as error:
        pdf.lay_out("x" * (pdf.LARGEST + 1))
    assert "too large" in str(error.value) and "browser" in str(error.value)


# ── the verb ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--form", "poem", "-o", "x.pdf"], "page | brief | letter"),
        (["-o", "x.docx"], ".pdf | .html"),
        (["--form", "page", "-o", "x.txt"], ".pdf | .html"),
        ([], "-o FILE (.pdf | .html)"),
        (["-o", "x.html", "--paper", "a0"], "letter | a4"),
        (["-o", "nowhere/x.html"], "cannot be written"),
    ],
)
def test_a_mistake_is_a_sentence_and_leaves_nothing(
    arguments: list[str], said: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        run(["--lang", "en", "--country", "toyland", "dossier", "--strategy", "ten-lamps-2018", *arguments])
        == 2
    )
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("language", "word"), [("en", "The letter asks about"), ("es", "La carta pregunta por")]
)
def test_a_letter_is_shown_where_no_file_is_named(language: str, word: str, capsys: Any) -> None:
    assert run(["--lang", language, "dossier", "--strategy", "calderon-2006", "--form", "letter"]) == 0
    out, err = capsys.readouterr()
    assert word in err and {"en": "To whom it may concern", "es": "A quien corresponda"}[language] in out


def test_what_was_printed_is_told_as_json(capsys: Any, tmp_path: Path) -> None:
    target = tmp_path / "b.html"
    assert run(["--json", "--country", "toyland", "dossier", "-o", str(target)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["command"] == "dossier" and data["form"] == "brief" and data["shown"] and data["hidden"] > 0
    assert data["checksum"][:16] in target.read_text(encoding="utf-8")


def test_the_script_of_system_packages_may_be_run_again(tmp_path: Path) -> None:
    script = Path(__file__).parents[1] / "tools" / "system_packages.sh"
    done = subprocess.run(["sh", "-n", str(script)], capture_output=True)
    assert done.returncode == 0
    nothing = subprocess.run([str(script), "no-such-part"], capture_output=True, text=True)
    assert nothing.returncode == 0 and not nothing.stdout and not nothing.stderr
