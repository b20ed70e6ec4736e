"""`careo data check COUNTRY`: the files of a country read whole, and every mistake in those of purchases with file and line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import careo
from careo.base.shipped import country_folder
from careo.results.finding import Finding
from careo.views import cli


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Toyland elsewhere."""
    monkeypatch.setenv("CAREO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAREO_LANG", "en")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "elsewhere"
    shutil.copytree(country_folder("toyland"), folder)
    return folder


def change(world: Path, name: str, old: str, new: str) -> int:
    """Replace words once; the line they stood in."""
    path = world / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def failed(world: Path, language: str = "en") -> list[Finding]:
    return [one for one in careo.check_data([str(world)], language=language) if one.verdict == "failed"]


@pytest.mark.parametrize("country", ["mexico", "toyland"])
def test_what_is_shipped_is_whole(country: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["data", "check", country, "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "purchases/rules.yaml: no mistake" in out and "purchases/buyers.yaml: no mistake" in out


@pytest.mark.parametrize(
    ("name", "old", "new", "expected", "found"),
    [
        ("rules.yaml", "version: 1", "version: 0", "1", "0"),
        ("rules.yaml", "severity: signal", "severity: crime", "notice", "crime"),
        ("rules.yaml", "needs: [method, published", "needs: [method, publishd", "published", "publishd"),
        ("rules.yaml", "    sources: [treasury-account]", "    sources: [nobody]", "", "nobody"),
        ("buyers.yaml", "watched: true", "watched: perhaps", "", "perhaps"),
    ],
)  # fmt: skip
def test_a_mistake_says_file_line_expected_and_found(
    world: Path, capsys: pytest.CaptureFixture[str], name: str, old: str, new: str, expected: str, found: str
) -> None:
    line = change(world, f"purchases/{name}", old, new)
    (mistake,) = failed(world)
    assert mistake.because.startswith(f"{world / 'purchases' / name}:{line}: ")
    assert expected in " ".join(mistake.caveats) and found in " ".join(mistake.caveats) + mistake.because
    assert cli.run(["data", "check", str(world)]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "1 failed" in out and f"purchases/{name}: no mistake" not in out
    (spanish,) = failed(world, "es")
    assert spanish.because != mistake.because


def test_every_mistake_is_told_and_one_file_does_not_hide_another(world: Path) -> None:
    lines = [
        change(world, "purchases/rules.yaml", "[method, published", "[methd, published"),
        change(world, "purchases/rules.yaml", "[method, tenderers", "[methd, tenderers"),
    ]
    change(world, "purchases/buyers.yaml", "groups:", "groups: [")
    change(world, "indicators.yaml", "kind: flow", "kind: [flow")
    places = [one.because.partition(": ")[0].removeprefix(str(world)) for one in failed(world)]
    assert places[0].startswith("/indicators.yaml:")
    assert places[1:3] == [f"/purchases/rules.yaml:{line}" for line in lines]
    assert places[3].startswith("/purchases/buyers.yaml:")
    assert len({one.id for one in careo.check_data([str(world)])}) == len(careo.check_data([str(world)]))


def _gone(name: str) -> Callable[[Path], object]:
    return lambda world: (world / "purchases" / name).unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_gone("publishers.yaml"), "publishers.yaml: a country needs this file"),
        (_gone("persons.yaml"), "persons.yaml: a country needs this file"),
        (lambda world: change(world, "purchases/publishers.yaml", "Etc/UTC", "Moon/Base"), "publishers.yaml: "),
        (lambda world: change(world, "purchases/persons.yaml", r"'P\d{9}'", r"'P(\d{9}'"), "persons.yaml: "),
        (lambda world: change(world, "purchases/persons.yaml", "digits: 6", "digits: six"), "persons.yaml: "),
    ],
)  # fmt: skip
def test_what_a_watch_needs_beside_its_rules_is_checked_too(
    world: Path, damage: Callable[[Path], object], words: str
) -> None:
    damage(world)
    (mistake,) = failed(world)
    assert words in mistake.because


def test_a_country_without_purchases_is_whole_without_them(world: Path) -> None:
    shutil.rmtree(world / "purchases")
    (only,) = careo.check_data([str(world)])
    assert (only.verdict, only.extra["code"]) == ("passed", "country.yaml")


def test_the_json_has_each_mistake_as_a_finding(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(world, "purchases/rules.yaml", "version: 1", "version: 0")
    assert cli.run(["data", "check", "elsewhere", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [one["verdict"] for one in found] == ["passed", "failed", "passed"]
    assert "purchases/rules.yaml:" in found[1]["because"]
