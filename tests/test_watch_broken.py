"""Broken and hostile input by way of the command: exit code and words in both languages; and when the mended input comes, nothing is lost or told twice."""

from __future__ import annotations

import gzip
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import careo
from careo.record.purchases.state import State
from careo.views import cli
from test_watch_address import Publisher, publisher  # noqa: F401 - a fixture
from watch_worlds import alone, lines, package

LANGUAGES = ("en", "es")
MANY = [alone(number) for number in range(2_000)]
GOOD, BAD = MANY[0], MANY[1]
DOCUMENT = json.dumps({"releases": MANY[:40]}, indent=1).encode()
_TEXT = json.dumps(BAD)
_WITH_AMOUNT = json.dumps({**BAD, "contracts": [{"id": "k", "value": {"amount": 0, "currency": "MXN"}}]})


pytestmark = pytest.mark.usefixtures("english")


def told(state: Path) -> list[tuple[str, str, str]]:
    """Revisions as they left, whatever their number."""
    return sorted(
        (one.state, one.rule, one.subject) for _, one in careo.watch_told(state=state, country="toyland")
    )


def run(capsys: pytest.CaptureFixture[str], language: str, state: Path, *words: str) -> tuple[int, str]:
    code = cli.run(["watch", *words, "--state", str(state), "--country", "toyland", "--lang", language])
    seen = capsys.readouterr()
    assert "Traceback" not in seen.err
    return code, seen.out + seen.err


def _line(text: str) -> bytes:
    return lines(GOOD) + text.encode() + b"\n" + lines(MANY[2])


def _named(name: str) -> dict[str, Any]:
    return {**BAD, "buyer": {"id": "TY-WATCH", "name": name}}


CASES: dict[str, tuple[str, bytes, bytes, str, str]] = {
    "deep": ("a.jsonl", _line('{"x": ' + "[" * 100_000 + "]" * 100_000 + "}"), _line(_TEXT), "nested too deeply", "anidado demasiado hondo"),
    "no number": ("a.jsonl", _line(_WITH_AMOUNT.replace('"amount": 0', '"amount": NaN')), _line(_WITH_AMOUNT), "no amount of money", "no es una cantidad de dinero"),
    "half a line": ("a.jsonl", _line(_TEXT[:60]), _line(_TEXT), "this is no JSON", "no es JSON"),
    "cut": ("a.jsonl.gz", gzip.compress(lines(*MANY))[:9_000], gzip.compress(lines(*MANY)), "the file is cut off", "el archivo está cortado"),
    "NUL": ("a.jsonl", _line('{"ocid": "a\0b"}'), _line(_TEXT), "NUL bytes", "bytes NUL"),
    "package": ("a.json", DOCUMENT[:-60], DOCUMENT, "broken here", "está roto aquí"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_what_is_broken_is_said_and_its_mending_loses_nothing(
    case: str, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, broken, mended, english, spanish = CASES[case]
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / name).write_bytes(broken)
    code, said = run(capsys, language, tmp_path / "state", "--dir", str(folder))
    assert code == 0
    assert (english if language == "en" else spanish) in said
    assert ("Not readable (1)" if language == "en" else "Ilegible (1)") in said
    assert told(tmp_path / "state")  # what stood around it counts
    (folder / name).write_bytes(mended)
    for _ in range(2):
        assert run(capsys, language, tmp_path / "state", "--dir", str(folder))[0] == 0
    straight = tmp_path / "straight"
    run(capsys, language, straight, "--dir", str(folder))
    assert told(tmp_path / "state") == told(straight)
    assert len(set(told(straight))) == len(told(straight))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_of_a_gigabyte(language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with (folder / "a.jsonl").open("wb") as file:
        file.write(lines(GOOD) + b'{"ocid": "')
        file.truncate(1 << 30)  # a hole: no disk is taken
        file.seek(0, 2)
        file.write(b'"}\n' + lines(MANY[2]))
    code, said = run(capsys, language, tmp_path / "state", "--dir", str(folder))
    assert code == 0
    assert ("the line is longer than" if language == "en" else "la línea mide más de") in said
    assert len(told(tmp_path / "state")) == 2
    (folder / "a.jsonl").write_bytes(_line(_TEXT))
    run(capsys, language, tmp_path / "state", "--dir", str(folder))
    assert len(told(tmp_path / "state")) == 3


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_other_encodings_are_no_breakage_and_the_same_in_utf8_tells_nothing_new(
    encoding: str, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    text = json.dumps(_named("Guardia de la señal"), ensure_ascii=False) + "\n"
    (folder / "a.jsonl").write_bytes(text.encode(encoding))
    code, said = run(capsys, language, tmp_path / "state", "--dir", str(folder))
    assert (code, "Guardia de la señal" in said) == (0, True)
    (folder / "a.jsonl").write_text(text, encoding="utf-8")
    run(capsys, language, tmp_path / "state", "--dir", str(folder))
    assert len(told(tmp_path / "state")) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_full_disk(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(lines(GOOD))
    state = tmp_path / "state"
    run(capsys, language, state, "--dir", str(folder))
    (folder / "b.jsonl").write_bytes(lines(*MANY))
    original = State.__init__

    def small(self: State, *values: Any, **named: Any) -> None:
        original(self, *values, **named)
        (pages,) = self.rows("PRAGMA page_count").fetchone()
        self.rows(f"PRAGMA max_page_count={pages + 25}")

    with monkeypatch.context() as patched:
        patched.setattr(State, "__init__", small)
        code, said = run(capsys, language, state, "--dir", str(folder))
    assert code == 2
    assert ("disk is full" if language == "en" else "disco está lleno") in said
    run(capsys, language, state, "--dir", str(folder))
    run(capsys, language, tmp_path / "straight", "--dir", str(folder))
    assert told(state) == told(tmp_path / "straight")
    assert len(told(state)) == len(MANY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_publisher_that_is_busy_goes_in_a_circle_or_shrinks(
    language: str,
    publisher: Publisher,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    state, asked = tmp_path / "state", ("--url", publisher.address + "/data")
    publisher.says("/data", b"", 429, Retry_After="7200")
    code, said = run(capsys, language, state, *asked)
    assert code == 2
    assert ("left alone for 120 minutes" if language == "en" else "120 minutos") in said
    publisher.says("/data", package(GOOD, following="/data?page=2"))
    publisher.says("/data?page=2", package(BAD, following="/data"))
    code, said = run(capsys, language, state, *asked)
    assert code == 0
    assert ("lead back to one that was read" if language == "en" else "regresan a una ya leída") in said
    assert len(told(state)) == 2
    publisher.says("/data", package(*MANY[:20]))  # mended, then shorter again
    publisher.says("/data?page=2", package(BAD))
    for body in (package(*MANY[:20]), package(GOOD), package(*MANY[:20])):
        publisher.says("/data", body)
        assert run(capsys, language, state, *asked)[0] == 0
    assert told(state) == sorted(("raised", "W12-R018", one["ocid"]) for one in MANY[:20])


# ── nothing that could be read ───────────────────────────────────────────────────────────────────────────────────

_PAGE = b"<!DOCTYPE html><html><body>Try again later</body></html>"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Nothing of what was there could be read"), ("es", "Nada de lo que había se pudo leer")],
)
@pytest.mark.parametrize(
    "files",
    [{"a.xlsx": b"PK\3\4xl/workbook.xml"}, {"a.csv": _PAGE, "b.pdf": b"%PDF-1.7 nothing"}, {"a.jsonl": b'{"half\n'}],
)  # fmt: skip
def test_a_look_that_could_read_nothing_leaves_with_2_until_it_can(
    files: dict[str, bytes], language: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    asked = (language, tmp_path / "state", "--dir", str(folder))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    for _ in range(2):  # what was refused before is no more readable for it
        code, said = run(capsys, *asked)
        assert code == 2
        assert words in said and "`careo watch status`" in said
    assert next(iter(files)) in run(capsys, language, tmp_path / "state", "status")[1]
    (folder / "z.jsonl").write_bytes(lines(GOOD))
    for _ in range(2):
        code, said = run(capsys, *asked)
        assert (code, words in said) == (0, False)
    assert told(tmp_path / "state")


def test_a_file_that_became_unreadable_is_one_and_one_that_grew_by_a_broken_line_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, before, after, expected in (
        ("a.json", package(GOOD), _PAGE, 2),
        ("a.jsonl", lines(GOOD), lines(GOOD) + b'{"half\n', 0),
        ("b.json", package(), package(), 0),  # nothing in it, and nothing wrong with it
    ):
        folder = tmp_path / f"of {name}"
        folder.mkdir()
        codes: list[int] = []
        for content in (before, after, after):
            (folder / name).write_bytes(content)
            codes.append(run(capsys, "en", tmp_path / f"state {name}", "--dir", str(folder))[0])
        assert codes == [0, expected, expected], name


def test_no_file_at_all_is_nothing_that_could_not_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    code, said = run(capsys, "en", tmp_path / "state", "--dir", str(tmp_path / "in"))
    assert code == 0
    assert "nothing new to take in" in said


def test_a_file_that_cannot_be_opened_was_there_to_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.json", "b.json"):
        (folder / name).write_bytes(package(GOOD))
    original, shut = Path.open, {"a.json", "b.json"}

    def locked(self: Path, *how: Any, **named: Any) -> Any:
        if self.name in shut:
            raise PermissionError(13, "Permission denied")
        return original(self, *how, **named)

    monkeypatch.setattr(Path, "open", locked)
    for expected in (2, 0):
        code, said = run(capsys, "en", tmp_path / "state", "--dir", str(folder))
        assert (code, "Permission denied" in said) == (expected, True)
        shut.discard("b.json")


def test_an_address_and_a_replay_and_a_pipe_leave_with_2_too(
    publisher: Publisher,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publisher.says("/data", _PAGE, ETag='"1"')
    for _ in range(2):  # the second time it says that nothing changed
        code, said = run(capsys, "en", tmp_path / "state", "--url", publisher.address + "/data")
        assert (code, "could be read" in said) == (2, True)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a-2024-03-05.pdf").write_bytes(b"%PDF-1.7 nothing")
    code = cli.run(["watch", "replay", str(folder), "--country", "toyland"])
    assert (code, "could be read" in capsys.readouterr().err) == (2, True)
    for sent, expected in ((b'{"half\n', 2), (b'{"half\n' + lines(GOOD), 0), (b"", 0)):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(sent)))
        assert run(capsys, "en", tmp_path / "pipe", "-")[0] == expected, sent


def test_one_who_follows_is_not_stopped_by_what_cannot_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(b'{"half\n')
    command = [sys.executable, "-m", "careo", "watch", "--dir", str(folder), "--follow", "--every", "1", "--country", "toyland"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            time.sleep(3)  # some looks, of which none could read anything
            assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
