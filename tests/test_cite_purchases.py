"""Citing purchases: a signal leads to its rule, its law and the very lines it rests on; one that was withdrawn says so first."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import careo
from careo.base.errors import CareoError
from careo.base.shipped import country_folder
from careo.base.texts import say
from careo.record.purchases.rule_files import load_rules
from careo.results import citable_purchases
from careo.results.citing import Cited, cite
from careo.run.watch_state import rules_of
from careo.views import cli
from test_watch_verbs import SHORT
from watch_worlds import alone, folder_of, lines, package, release

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A short term on line 2 of one file, a single bidder on line 1 of it who was not alone according to the next, one in a package."""
    folder = folder_of(
        tmp_path / "in",
        lamps_2024_03_05__jsonl=lines(alone(1), release(2, **SHORT)),
        lamps_2024_03_08__jsonl=lines(release(1, version=2, numberOfTenderers=2)),
        other_2024_03_06__json=package(release(8), alone(9)),
    )
    careo.watch_replay(folder, state=tmp_path / "state", country="toyland")
    return folder


def signals(tmp_path: Path) -> dict[str, careo.Signal]:
    """By the end of the process that each is about."""
    found = careo.watch_findings(state=tmp_path / "state", country="toyland", show="all")
    return {one.subject[-1]: one for one in found.signals}


def cited(tmp_path: Path, name: object, language: str = "en") -> Cited:
    return cite(name, "toyland", language=language, state=tmp_path / "state")


def test_a_signal_leads_to_its_rule_its_law_and_the_lines_it_rests_on(tmp_path: Path, files: Path) -> None:
    signal, rule = signals(tmp_path)["2"], rules_of("toyland").by_id["W01"]
    found = cited(tmp_path, signal.id[:6])
    assert (found.kind, found.name) == ("signal", signal.id)
    by_row = {row.what: row for row in found.rows}
    file = files / "lamps-2024-03-05.jsonl"
    for what in ("date of the call: 2024-03-01 09:00 (line 2)", "opening of bids: 2024-03-05 09:00 (line 2)"):
        row = by_row[what]
        assert (row.of, row.source.title) == (signal.subject, file.name)
        assert row.source.sha256 == sha256(file.read_bytes()).hexdigest()
        assert row.source.accessed == "2024-03-05"
    (law,) = (row for row in found.rows if "Lamp Law" in row.what)
    assert (law.of, law.verified, law.source.key) == ("W01", "read", "treasury-account")
    text = "\n".join(row.what for row in found.rows)
    assert "version 1: " + rule.definition["en"] in text and rule.limitation["en"] in text
    assert "How late:" in text
    own = found.sources[0]
    assert f"Signal {signal.id}, revision 1 (raised), rule W01 version 1" in own.title
    assert say("en", "watch.findings.head") in own.note and rule.limitation["en"] in own.note


def test_a_fact_inside_a_document_is_told_by_its_pointer(tmp_path: Path, files: Path) -> None:
    found = cited(tmp_path, signals(tmp_path)["9"].id)
    (row,) = (row for row in found.rows if row.source.title == "other-2024-03-06.json")
    assert "/releases/1" in row.what
    assert row.source.sha256 == sha256((files / "other-2024-03-06.json").read_bytes()).hexdigest()


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.usefixtures("files")
def test_one_that_was_withdrawn_says_so_before_anything_else(tmp_path: Path, language: str) -> None:
    found = cited(tmp_path, signals(tmp_path)["1"].id, language)
    first = {"en": "WITHDRAWN on 2024-03-08", "es": "RETIRADA el 2024-03-08"}[language]
    assert found.title.startswith(first) and found.sources[0].title.startswith(first)
    assert str(found).startswith(first)
    standing = cited(tmp_path, signals(tmp_path)["9"].id, language)
    assert first.partition(" ")[0] not in str(standing)


@pytest.mark.usefixtures("files")
def test_the_verb_prints_it_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signal = signals(tmp_path)["1"]
    command = ["cite", signal.id[:8], "--country", "toyland", "--state", str(tmp_path / "state")]
    assert cli.run(command) == 0
    assert capsys.readouterr().out.startswith("WITHDRAWN on 2024-03-08")
    assert cli.run([*command, "--format", "bibtex"]) == 0
    out = capsys.readouterr().out
    assert f"@misc{{signal-{signal.id}," in out and "title = {{WITHDRAWN" in out
    assert cli.run([*command, "--format", "csl-json"]) == 0
    items = json.loads(capsys.readouterr().out)
    assert items[0]["id"] == f"signal-{signal.id}"
    assert {"lamps-2024-03-05.jsonl"} == {
        item["title"] for item in items if "sha256" in item.get("custom", {})
    }
    assert cli.run([*command, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["cited"]
    assert told["title"].startswith("WITHDRAWN") and told["kind"] == "signal"


@pytest.mark.usefixtures("files")
def test_a_signal_handed_over_says_what_its_name_does_but_for_the_days_of_files(tmp_path: Path) -> None:
    signal = signals(tmp_path)["2"]
    by_name, handed = cited(tmp_path, signal.id), cite(signal, "toyland")
    assert [row.of for row in by_name.rows] == [row.of for row in handed.rows]
    assert {source.key for source in by_name.sources} == {source.key for source in handed.sources}


@pytest.mark.usefixtures("files")
def test_a_rule_that_has_another_version_by_now_does_not_lend_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = signals(tmp_path)["2"]
    newer = replace(rules_of("toyland").by_id["W01"], version=7)
    monkeypatch.setattr(citable_purchases, "_rules", lambda _record: {"W01": newer})
    found = cite(signal, "toyland")
    text = str(found) + found.sources[0].note
    assert newer.definition["en"] not in text and newer.limitation["en"] not in text
    assert "version 1 of rule W01, whose words are not kept; version now: 7" in text
    monkeypatch.setattr(citable_purchases, "_rules", lambda _record: {})
    assert "version now: –" in str(cite(signal, "toyland"))


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("signal:0", "watch_finding_several"), ("signal:ffff", "watch_finding"), ("signal:%", "watch_finding"),
        ("ffff", "watch_finding"), ("0", "cite_unknown"), ("signal:", "cite_unknown"), ("zzzzz", "cite_unknown"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("files")
def test_a_signal_that_is_not_there_is_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, key: str
) -> None:
    from careo.results import watch_findings

    really = watch_findings._named  # pyright: ignore[reportPrivateUsage]
    if asked == "signal:0":  # ids are hashes: ask for what all begin with
        monkeypatch.setattr(watch_findings, "_named", lambda state, _id: really(state, ""))
    with pytest.raises(CareoError) as caught:
        cited(tmp_path, asked)
    assert caught.value.key == key


def test_where_nothing_is_watched_only_who_asks_for_a_signal_is_told_so() -> None:
    for asked, state, key in (
        ("0fce", None, "cite_unknown"),
        ("signal:0fce", None, "watch_no_state"),
        ("0fce", "elsewhere", "watch_no_state"),
    ):
        with pytest.raises(CareoError) as caught:
            cite(asked, "toyland", state=state)
        assert caught.value.key == key


def test_a_law_that_nobody_read_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = tmp_path / "toyland"
    shutil.copytree(country_folder("toyland"), world)
    path = world / "purchases" / "rules.yaml"
    text = path.read_text(encoding="utf-8")
    head, mark, tail = text.partition("- words:")
    path.write_text(head + mark + tail.replace("verified: read", "verified: unverified", 1), "utf-8")
    before, after = cite("W01", "toyland").rows, cite("W01", str(world)).rows
    changed = [new for old, new in zip(before, after, strict=True) if old.verified != new.verified]
    assert [(row.verified, row.unverified) for row in changed] == [("unverified", True)]
    assert not any(row.unverified for row in before)
    assert cli.run(["cite", "W01", "--country", str(world)]) == 0
    assert "!  Law, from 2018" in capsys.readouterr().out


@pytest.mark.parametrize("country", ["mexico", "toyland"])
def test_every_rule_names_its_grounds_and_the_ceilings_it_holds_amounts_against(country: str) -> None:
    rules = load_rules(country)
    assert rules
    for rule in rules.by_id.values():
        keys = {row.source.key for row in cite(f"rule:{rule.id}", country).rows}
        wanted: set[Any] = {source.key for ground in rule.grounds for source in ground.sources}
        if rule.check in ("split", "near_ceiling"):
            wanted |= set(rules.ceilings.sources)
        assert wanted <= keys
        assert keys - wanted == {f"rule-{rule.id}-{rule.version}"}
