"""What leaves of purchases - print, exports, feeds, pages, logs, refusals - names nobody, whatever field a publisher put somebody into."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.made_up_purchases import releases
from starlette.testclient import TestClient

import careo
from careo.views import cli
from purchase_files import table
from test_purchases_privacy import ANYWHERE, LAYOUTS, PRIVATE, TEXT_COLUMNS, TEXTS, injected


@pytest.fixture
def fed(tmp_path: Path) -> Path:
    """A folder of every layout and of the standard: somebody stands in every field in turn, on lines of their own."""
    folder = tmp_path / "in"
    folder.mkdir()
    layouts: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for columns, row, name in LAYOUTS:
        layouts.setdefault(columns, []).extend(
            {**row, name: cell} for word in (PRIVATE if name in TEXT_COLUMNS else ANYWHERE) for cell in (word, f"informes {word}")
        )  # fmt: skip
    for place, (columns, rows) in enumerate(layouts.items()):
        (folder / f"table{place}x.csv").write_bytes(table(columns, rows))
    document = json.loads(next(iter(releases(1))))
    lines = [
        json.dumps(other, ensure_ascii=False)
        for word in PRIVATE
        for where, other in injected(document, word)
        if word in ANYWHERE or where.rpartition("/")[2] in TEXTS
    ]
    lines += [f'{{"ocid": "{PRIVATE[0]}", "{PRIVATE[1]}": ', json.dumps([PRIVATE[3]]), PRIVATE[1]]
    (folder / "calls.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "page.html").write_text(f"<!doctype html><p>{PRIVATE[1]}", encoding="utf-8")
    (folder / "other.csv").write_text(f"{PRIVATE[3]},{PRIVATE[1]}\n1,2\n", encoding="utf-8")
    return folder


def _spoken(capsys: pytest.CaptureFixture[str], folder: Path, made: Path) -> Iterator[tuple[str, str]]:
    """Everything that the command line says: (how it was asked, what came)."""
    for language in ("en", "es"):
        asked = [
            ["watch", "--dir", str(folder), "--state", str(made / language)],
            ["watch", "replay", str(folder), "--json"],
            ["watch", "--dir", str(folder)],
            *(["watch", *words] for words in (
                ["findings", "--show", "all"], ["findings", "--show", "all", "--json"], ["status"], ["status", "--json"], ["export"],
                ["export", "--csv"], ["export", "--atom"])),
        ]  # fmt: skip
        for words in asked:
            assert cli.run([*words, "--lang", language]) == 0
            seen = capsys.readouterr()
            yield " ".join((language, *words)), seen.out + seen.err


def _told(text: str) -> set[str]:
    return {word for word in PRIVATE if word.upper() in text.upper()}


def test_nothing_that_leaves_names_anybody(
    fed: Path,
    tmp_path: Path,
    client: TestClient,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    said = dict(_spoken(capsys, fed, tmp_path))
    assert all(said[f"{language} watch export"] for language in ("en", "es"))
    assert {asked: _told(text) for asked, text in said.items() if _told(text)} == {}
    ids = {one.id for one in careo.watch_findings(show="all").signals}
    assert len(ids) > 20
    pages = ["/purchases", "/purchases/signals?show=all", "/purchases/rules", "/purchases/delays", *(f"/purchases/{one}" for one in sorted(ids)[:12])]  # fmt: skip
    for language in ("en", "es"):
        for path in (*pages, "/purchases.json", "/purchases/signals.json?show=all", "/purchases/feed.atom", "/purchases/told.jsonl"):  # fmt: skip
            answer = client.get(f"/{language}{path}")
            assert answer.status_code == 200, path
            assert _told(answer.text) == set(), path
    assert _told(caplog.text) == set()
    assert (
        _told("".join(path.read_text("utf-8", "replace") for path in Path(tmp_path).rglob("*.log"))) == set()
    )
