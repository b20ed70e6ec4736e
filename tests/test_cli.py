"""The command line: both languages, exit codes, the JSON contract, and nothing half-written."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import careo
from careo.base.texts import say
from careo.views import cli, verbs
from careo.views.commands import VERBS

PAGE = "\n\n".join(
    [
        "Prosecutors count fewer burglaries",
        "By A Reporter\n12 March 2020",
        "In 2018 there were 33,341 victims of intentional homicide in Mexico, according to the national public security "
        "system, and the government said that it would publish the figures every month. The president promised that the "
        "strategy would be ready by 2021.",
        '"We demand that the register be published before June," said the spokeswoman of a civil group, who asked for a meeting.',
    ]
)

SENTENCE = "In 2018 there were 33,341 victims of intentional homicide in Mexico."


@pytest.fixture
def page(tmp_path: Path) -> str:
    path = tmp_path / "page.txt"
    path.write_text(PAGE, encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREO_LANG", "en")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def start(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "careo", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        **more,
    )


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_verb_has_help_in_both_languages(
    verb: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, verb, "--help", "--lang", language)
    assert code == 0
    assert out.startswith(say(language, "cli.help.usage"))
    assert " ".join(out.split()).count(say(language, f"cli.verb.{verb}.help")[:40])
    assert say(language, "cli.help.help") in " ".join(out.split())


def test_help_lists_the_verbs_in_the_order_of_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys)
    places = [out.index(f"\n  {verb} ") for verb in VERBS]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("adit",), "did you mean 'audit'?"),
        (("read",), "PAGE is missing"),
        (("read", "missing.txt"), "missing.txt"),
        (("check", "x", "--date", "soon"), "this is not a date"),
        (("audit", "--ldger", "x"), "did you mean '--ledger'?"),
        (("indicators", "homicide_sesnsp_victim"), "did you mean 'homicide_sesnsp_victims'?"),
        (("indicators", "--place", "Atlantis"), "no such place"),
        (("schema", "more"), "does not take this value"),
        (("schema", "findings", "more"), "does not make sense"),
        (("schema", "--lang", "fr"), "--lang"),
        (("schema", "--out"), "needs a value"),
        (("audit", "--ledger", "missing.yaml"), "the ledger cannot be read"),
        (("audit", "--country", "atlantis"), "no country of this name"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert words in err
    assert "Traceback" not in err
    code, out, err = run(capsys, "--lang=es", *arguments)
    assert (code, out) == (2, "")
    assert words not in err or words.startswith(("missing.txt", "--lang"))


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_asked: object, **_more: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(verbs, "schema_verb", broken)
    with pytest.raises(ZeroDivisionError):
        cli.run(["schema"])


def test_an_interrupt_leaves_with_130_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_asked: object, **_more: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(verbs, "schema_verb", interrupted)
    code, _, err = run(capsys, "schema")
    assert (code, err.strip()) == (130, "Interrupted; nothing was left half-written.")


def test_a_real_interrupt_leaves_no_traceback_and_no_dossier(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "careo", "audit", "-", "-o", str(tmp_path / "out")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # who runs us may ignore it
    )  # fmt: skip
    time.sleep(1.5)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 130
    assert b"Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["read", "statements", "check", "audit"])
def test_json_of_every_verb_on_pages_follows_the_schema(
    verb: str, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, verb, page, "--json")
    assert code == 0
    data = json.loads(out)
    jsonschema.Draft202012Validator(careo.schema()).validate(data)
    assert data["command"] == verb
    assert data["careo"] == careo.__version__
    assert [d["source"] for d in data["documents"]] == [page]


@pytest.mark.parametrize("arguments", [("indicators",), ("indicators", "homicide_sesnsp_victims")])
def test_json_of_indicators_follows_the_schema(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(capsys, *arguments, "--json")
    jsonschema.Draft202012Validator(careo.schema()).validate(json.loads(out))


def test_offsets_in_json_count_characters_of_the_file(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "statements", page, "--json")
    rows = json.loads(out)["statements"]
    assert rows
    for row in rows:
        assert PAGE[row["start"] : row["end"]] == row["quote"]
    figure = next(row for row in rows if row["kind"] == "figure")
    assert figure["quantity"]["value"] == 33341.0
    assert figure["period"] == "2018"


def test_offsets_of_a_html_page_count_in_its_mark_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.html"
    paragraphs = "".join(f"<p>{p}</p>\n" for p in PAGE.split("\n\n"))
    html = f"<html><head><title>T &amp; U</title></head><body><article><h1>Title</h1>{paragraphs}</article></body></html>"
    path.write_text(html, encoding="utf-8")
    _, out, _ = run(capsys, "statements", str(path), "--json")
    row = next(r for r in json.loads(out)["statements"] if r["kind"] == "figure")
    assert "33,341" in html[row["start"] : row["end"]]


def test_one_finding_for_each_figure_of_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "In 2018 there were 33,341 victims of intentional homicide and in 2017 there were 28,871 victims of intentional homicide."
    code, out, _ = run(capsys, "check", sentence, "--date", "2019-03-01", "--json")
    assert code == 0
    found = [f for f in json.loads(out)["findings"] if f["kind"] == "figure"]
    assert [f["statement"]["value"] for f in found] == [33341.0, 28871.0]
    for finding in found:
        start_, end = finding["statement"]["start"], finding["statement"]["end"]
        assert sentence[start_:end] == finding["statement"]["quote"]
        assert finding["considered"]


def test_a_spanish_sentence_is_read_in_spanish_whatever_the_language_of_the_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, out, _ = run(
        capsys, "check", "Hubo 33 mil 341 víctimas de homicidio doloso en 2018", "--lang", "en", "--json"
    )
    finding = json.loads(out)["findings"][0]
    assert finding["statement"]["value"] == 33341.0
    assert finding["statement"]["language"] == "es"
    assert finding["language"] == "en"


@pytest.mark.parametrize(
    ("argument", "is_page"),
    [
        (SENTENCE, False),
        ("-", True),
        ("https://example.org/a", True),
        ("notes.txt", True),
        ("folder/notes", True),
        ("33,000 deaths/year", False),
        ("homicidios", False),
        ("x" * 5000, False),
        ("nul\0byte", False),
    ],
)
def test_what_is_a_page_and_what_is_a_sentence(argument: str, is_page: bool) -> None:
    assert verbs._is_page(argument) is is_page  # pyright: ignore[reportPrivateUsage]


def test_global_options_stand_before_or_after_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    after = run(capsys, "check", SENTENCE, "--json", "--lang", "es", "--date", "2019-03-01")
    before = run(capsys, "--json", "--lang", "es", "check", SENTENCE, "--date", "2019-03-01")
    assert before == after
    assert json.loads(before[1])["findings"][0]["language"] == "es"


def test_strict_leaves_with_1_only_when_a_check_did_not_pass(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = "In 2018 there were 99,341 victims of intentional homicide in Mexico."
    assert run(capsys, "check", wrong, "--date", "2019-03-01")[0] == 0
    assert run(capsys, "check", wrong, "--date", "2019-03-01", "--strict")[0] == 1
    assert run(capsys, "check", SENTENCE, "--date", "2019-03-01", "--strict")[0] == 0


def test_audit_without_a_page_opens_with_the_verdicts_of_the_embedded_sample(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "dossier"
    code, out, err = run(capsys, "audit", "-o", str(folder) + "/")
    assert code == 0
    lines = [line for line in out.splitlines() if line.strip()]
    assert lines[0].startswith("Figures and comparisons held against the record: ")
    assert "consistent" in lines[1]
    assert str(folder / "index.html") in err
    assert sorted(p.name for p in folder.iterdir()) == ["findings.json", "index.html", "ledger.yaml"]
    jsonschema.Draft202012Validator(careo.schema()).validate(
        json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    )


def test_the_same_pages_give_the_same_bytes_in_two_processes(tmp_path: Path, page: str) -> None:
    for name, seed in (("a", "1"), ("b", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        assert start("audit", page, "-o", str(tmp_path / name), env=environment).returncode == 0
    for name in ("index.html", "findings.json", "ledger.yaml"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_decisions_in_the_ledger_decide(
    tmp_path: Path, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "dossier"
    run(capsys, "audit", page, "-o", str(folder))
    ledger = folder / "ledger.yaml"
    text = ledger.read_text(encoding="utf-8")
    at = text.index("kind: figure")
    corrected = text[:at] + text[at:].replace(
        "decision: undecided\n    correct: {}\n    note: ''",
        "decision: correct\n    correct: {value: 99000, indicator: homicide_inegi_registered}\n    note: seen on paper",
        1,
    )
    assert corrected != text
    ledger.write_text(corrected, encoding="utf-8")
    run(capsys, "audit", page, "-o", str(folder), "--ledger", str(ledger))
    data = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    finding = next(f for f in data["findings"] if f["decided"])
    assert finding["decided"] == "correct"
    assert finding["statement"]["value"] == 99000.0
    assert {row["indicator"] for row in finding["considered"]} == {"homicide_inegi_registered"}
    assert "seen on paper" in (folder / "index.html").read_text(encoding="utf-8")
    assert "seen on paper" in ledger.read_text(encoding="utf-8")
    rejected = ledger.read_text(encoding="utf-8").replace("decision: correct", "decision: reject")
    ledger.write_text(rejected, encoding="utf-8")
    run(capsys, "audit", page, "-o", str(folder), "--ledger", str(ledger))
    data = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    assert not [
        f
        for f in data["findings"]
        if f["kind"] == "figure" and f["statement"]["quote"] == finding["statement"]["quote"]
    ]
    assert data["rejected"]


def test_escape_sequences_of_a_page_never_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "evil.txt"
    path.write_text(PAGE.replace("victims", "\x1b]0;owned\x07\x1b[31mvictims\u202e"), encoding="utf-8")
    for verb in ("read", "statements", "check", "audit"):
        code, out, err = run(capsys, verb, str(path))
        if code == 0:
            assert not set("\x1b\x07\u202e") & set(out + err), verb


def test_a_hostile_html_page_stays_text_on_the_whole_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "evil.html"
    evil = '<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)></svg><a href="javascript:alert(4)">x</a>'
    shown = "&lt;script&gt;alert(5)&lt;/script&gt; &lt;img src=x onerror=alert(6)&gt; {{ 7 * 7 }}"
    body = "".join(f"<p>{part} {shown} {evil}</p>" for part in PAGE.split("\n\n"))
    title = "&lt;/title&gt;&lt;script&gt;alert(7)&lt;/script&gt;"
    path.write_text(
        f"<html><head><title>{title}</title></head><body><article>{body}</article></body></html>",
        encoding="utf-8",
    )
    code, _, _ = run(capsys, "audit", str(path), "-o", str(tmp_path / "out"))
    assert code == 0
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "alert(5)" in text
    assert "{{ 7 * 7 }}" in text
    assert "<script" not in text
    assert "<img" not in text
    assert not re.search(r"<[^>]+\son\w+=", text)
    assert not re.search(r"href=[\"']?javascript", text)


def test_out_writes_a_file_for_the_other_verbs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "schema.json"
    code, out, _ = run(capsys, "schema", "-o", str(path))
    assert (code, out) == (0, "")
    assert json.loads(path.read_text(encoding="utf-8")) == careo.schema()
    assert run(capsys, "schema", "-o", str(tmp_path / "no" / "such" / "file"))[0] == 2


def test_a_reader_that_hangs_up_makes_no_noise() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "careo", "indicators", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.read(10)
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    child.wait(timeout=20)


def test_output_is_utf_8_whatever_the_locale() -> None:
    environment = {
        **os.environ,
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
        "CAREO_LANG": "es",
    }
    done = start("--help", env=environment)
    assert "pública" in done.stdout


def test_the_locale_chooses_the_language_unless_told_otherwise() -> None:
    base = {k: v for k, v in os.environ.items() if k not in ("CAREO_LANG", "LC_ALL", "LANG", "LC_MESSAGES")}
    assert start("--help", env={**base, "LANG": "es_MX.UTF-8"}).stdout.startswith("Uso:")
    assert start("--help", env={**base, "LANG": "es_MX.UTF-8", "CAREO_LANG": "en"}).stdout.startswith(
        "Usage:"
    )
    assert start("--help", "--lang", "es", env={**base, "LANG": "C"}).stdout.startswith("Uso:")


def test_tables_fold_long_words_and_lose_none(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "statements", page, "--json")
    _, table, _ = run(capsys, "statements", page)
    shown = re.sub(r"\s", "", table)
    for row in json.loads(out)["statements"]:
        for word in (row["quote"] + " " + row["deadline"]).split():
            assert word in shown or len(word) > 14, word


def test_a_page_named_twice_is_one_page(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "audit", page, page, "--json")
    assert len(json.loads(out)["documents"]) == 1


def test_standard_input_is_a_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(PAGE.encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stdin)
    code, out, _ = run(capsys, "statements", "-", "--json")
    assert code == 0
    assert json.loads(out)["documents"][0]["source"] == "-"


def test_help_loads_no_verb_and_no_heavy_library() -> None:
    code = (
        "import sys; from careo.views.cli import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not loaded & {
        "careo.views.verbs",
        "rich",
        "jinja2",
        "vl_convert",
        "pydantic",
        "trafilatura",
        "pypdf",
        "httpx",
    }


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no /dev/full")
def test_a_full_disk_below_standard_output_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "careo", "schema"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"cannot be written" in done.stderr


def test_out_writes_to_a_pipe_and_does_not_replace_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        done = subprocess.run([sys.executable, "-m", "careo", "schema", "-o", str(pipe)], check=False)
        assert done.returncode == 0
        assert reader.communicate(timeout=20)[0].startswith(b"{")
    assert pipe.is_fifo()


def test_the_beginning_of_an_identifier_finds_its_like(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["indicators", "homicde"]) == 2
    assert "did you mean 'homicide_" in capsys.readouterr().err


def test_check_names_its_sources_and_leaves_out_what_the_words_do_not_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["check", "In 2018 there were 33,341 victims of homicide in Mexico"]) == 0
    out = capsys.readouterr().out
    assert "ses_2018: SESNSP" in out
    assert "`--json` lists them" in out


# ── narrow screens ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("columns", [60, 80, 100, 110, 140])
@pytest.mark.parametrize("spare", [(), (2, 1)])
def test_no_screen_is_too_narrow_for_a_number(
    columns: int, spare: tuple[int, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A number that is cut reads as another one: −5,765 to +602 became −5,765 to +60.
    from careo.views.terminal import Screen

    monkeypatch.setenv("COLUMNS", str(columns))
    heads = ["Outcome", "Expected", "Difference", "90%", "Against the start year", "Verdict"]
    row = [
        "rights complaints",
        "126,486",
        "−5,765",
        "−24.5% to +95.5%",
        "+14.4% (−17.6% to +80.7%)",
        "inconclusive: grade D",
    ]
    left = Screen().table(heads, [row], indent=2, right=(1, 2, 3, 4), whole=(0,), spare=spare)
    lines = capsys.readouterr().out.splitlines()
    shown = " ".join(" ".join(lines).split())
    for head, cell in zip(heads[:5], row, strict=False):
        assert (cell in shown) != (head in left)
    assert "inconclusive" in shown
    assert max(map(len, lines)) <= columns
    assert set(left) <= {heads[index] for index in spare}


def test_a_screen_that_is_wide_enough_leaves_nothing_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from careo.views.terminal import Screen

    monkeypatch.setenv("COLUMNS", "80")
    assert Screen().table(["a", "b"], [["x", "1"]], right=(1,), spare=(1,)) == []
    assert capsys.readouterr().out == "a  b\nx  1\n"
