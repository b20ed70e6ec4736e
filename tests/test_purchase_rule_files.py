"""The files of rules and buyers of a country: what is shipped is whole, and every mistake is named with its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from careo.base.citations import load_sources
from careo.base.errors import DataError
from careo.base.shipped import country_folder
from careo.base.texts import LANGUAGES, sayable
from careo.record.purchases.checks import CHECKS
from careo.record.purchases.rule_files import (
    FIELDS,
    NEEDED,
    Rules,
    RulesFile,
    load_buyers,
    load_rules,
    read_buyers,
    read_rules,
    read_supplier_list,
)

MEXICO = country_folder("mexico") / "purchases"


def rules(country: str = "mexico") -> Rules:
    found = load_rules(country)
    assert found
    return found


def test_every_check_has_its_settings_and_mexico_uses_them_all() -> None:
    assert NEEDED.keys() == CHECKS.keys()
    assert {rule.check for rule in rules().by_id.values()} == set(CHECKS)
    assert {rule.check for rule in rules("toyland").by_id.values()} <= set(CHECKS)
    assert rules("toyland").currency == "TYD"


@pytest.mark.parametrize("country", ["mexico", "toyland"])
def test_rules_speak_both_languages_and_never_of_corruption(country: str) -> None:
    for rule in rules(country).by_id.values():
        for words in (rule.title, rule.definition, rule.limitation):
            for language in LANGUAGES:
                text = words[language]
                assert text
                assert "corrup" not in text.lower()
                assert "fraud" not in text.lower()
        assert rule.severity in ("notice", "signal", "strong")


@pytest.mark.parametrize("language", LANGUAGES)
def test_fields_and_severities_have_words(language: str) -> None:
    for name in FIELDS:
        assert sayable(language, f"watch.field.{name}"), name
    for name in ("notice", "signal", "strong"):
        assert sayable(language, f"watch.severity.{name}")


def test_what_nobody_read_in_the_law_says_so() -> None:
    new = [
        ground for rule in rules().by_id.values() for ground in rule.grounds if ground.since == "2025-04-17"
    ]
    assert new
    assert {ground.verified for ground in new} <= {"unverified", "excerpt"}
    assert rules().ceilings.verified == "unverified"
    assert not [
        g for r in rules().by_id.values() for g in r.grounds if g.verified == "read" and not g.sources
    ]


def test_a_family_of_rules_goes_by_its_first_name() -> None:
    assert [rule.id for rule in rules().named("W07")] == ["W07", "W07-R062"]
    assert len(rules().named("W12")) == 9
    assert rules().named("W1") == ()


def test_a_country_without_the_files_has_no_rules(tmp_path: Path) -> None:
    shutil.copytree(country_folder("toyland"), tmp_path / "own")
    shutil.rmtree(tmp_path / "own" / "purchases")
    assert load_rules(str(tmp_path / "own")) is None
    assert load_buyers(str(tmp_path / "own")) is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("check: short_term", "check: short_tern", ("did you mean", "short_term")),
        ("strong_days: 10, ", "", ("strong_days", "missing")),
        ("strong_days: 10", "strong_days: ten", ("strong_days", "number")),
        ("strong_days: 10", "strong_days: 10, window_days: 3", ("window_days", "no such key")),
        ("methods: [open], strong", "methods: [opened], strong", ("methods", "open")),
        ("severity: signal", "severity: scandal", ("severity", "scandal")),
        ("verified: memory", "verified: surely", ("verified", "surely")),
        ("sources: [laassp-2000]", "sources: [laassp-1999]", ("laassp-1999", "no such source")),
        ("id: W02", "id: W01", ("stands twice",)),
        ("id: W02", "id: Two", ("id",)),
        ("codes: [R010]", "codes: [R10]", ("codes",)),
        ("needs: [method, ground]", "needs: [method, grounds]", ("grounds", "ground")),
        ("currency: MXN", "currency: pesos", ("currency",)),
        ("since: 2009-05-28", "since: some day", ("date",)),
        ("title: {en: Little time to bid, es: Poco tiempo para ofertar}", "title: {en: Little time to bid}", ("en, es",)),
        ("2026: 1145000}", "2026: 1.145.000}", ("ceilings",)),
    ],
)  # fmt: skip
def test_mistakes_in_rules_are_named_with_their_line(
    tmp_path: Path, old: str, new: str, words: tuple[str, ...]
) -> None:
    text = (MEXICO / "rules.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "rules.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    found, mistakes = read_rules(path, load_sources("mexico"))
    assert found is None
    line = text[: text.index(old)].count("\n") + 1
    told = str(mistakes[0]).lower()
    assert f"{path}:".lower() in told
    assert abs(int(mistakes[0].where.rpartition(":")[2]) - line) <= 8
    for word in words:
        assert word in told


def test_all_mistakes_are_told_at_once_in_order(tmp_path: Path) -> None:
    text = (MEXICO / "rules.yaml").read_text(encoding="utf-8")
    path = tmp_path / "rules.yaml"
    path.write_text(
        text.replace("check: split", "check: splits").replace("id: W02", "id: W01"), encoding="utf-8"
    )
    _, mistakes = read_rules(path, load_sources("mexico"))
    assert len(mistakes) == 2
    assert [m.where for m in mistakes] == sorted(
        (m.where for m in mistakes), key=lambda w: int(w.rpartition(":")[2])
    )


def test_the_schema_of_the_files_can_be_written() -> None:
    from careo.base.yaml_files import json_schema

    assert "rules" in json_schema(RulesFile)["properties"]


# ── buyers ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "branch", "name", "group", "watched"),
    [
        ("007000", "07", "\tSECRETARIA DE LA DEFENSA NACIONAL", "core", True),
        ("013000", "13", "SECRETARIA DE MARINA", "core", True),
        ("036D00", "36", "", "core", True),
        ("036Z99", "36", "a body that is new", "core", True),
        ("049000", "49", "", "core", True),
        ("007H0M", "07", "TREN MAYA, S.A. DE C.V.", "companies", False),
        ("013Z99", "13", "a port that is new", "companies", False),
        ("007HXA", "07", "INSTITUTO DE SEGURIDAD SOCIAL PARA LAS FUERZAS ARMADAS", "welfare", False),
        ("GE123", "", "Secretaría de Seguridad Pública del Estado", "states", True),
        ("051GYN", "51", "INSTITUTO DE SEGURIDAD Y SERVICIOS SOCIALES DE LOS TRABAJADORES DEL ESTADO", "", False),
        ("016G00", "16", "AGENCIA NACIONAL DE SEGURIDAD INDUSTRIAL", "", False),
        ("050GYR", "50", "INSTITUTO MEXICANO DEL SEGURO SOCIAL", "", False),
        ("", "", "", "", False),
    ],
)  # fmt: skip
def test_buyers_go_by_their_code(code: str, branch: str, name: str, group: str, watched: bool) -> None:
    buyers = load_buyers("mexico")
    assert buyers
    assert buyers.group_of(code, branch, name) == group
    assert buyers.watched(code, branch, name) is watched


def test_mistakes_in_buyers(tmp_path: Path) -> None:
    path = tmp_path / "buyers.yaml"
    text = (MEXICO / "buyers.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("code: 013000", "code: 007000"), encoding="utf-8")
    found, mistakes = read_buyers(path)
    assert found is None
    assert "stands twice" in str(mistakes[0])
    assert mistakes[0].where.endswith(":11")


@pytest.mark.realdata
def test_every_military_and_security_buyer_of_the_real_tenders_is_listed_by_code() -> None:
    import csv

    path = Path(__file__).parents[2] / "shared" / "data" / "procurement" / "comprasmx_tenders_2026-01_02.csv"
    buyers = load_buyers("mexico")
    assert buyers
    with path.open(encoding="cp1252", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Clave Ramo"] in ("07", "13", "36", "49")]
    assert len(rows) == 199
    codes = {row["Clave Institución"].lstrip("'") for row in rows}
    assert codes <= set(buyers.by_code)
    core = [
        row
        for row in rows
        if buyers.group_of(row["Clave Institución"].lstrip("'"), row["Clave Ramo"]) == "core"
    ]
    assert len(core) == 111 + 6 + 4 + 3 + 1 + 1


# ── lists of suppliers ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_list_of_suppliers_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "supplier,list,since,until\nBAD990101BB1,69-B,2024-02-29,\nBAD990101BB1,debarred,2025-01-01,2025-12-31\n"
    )
    found = read_supplier_list(path)["BAD990101BB1"]
    assert [(each.name, each.since, each.until) for each in found] == [
        ("69-B", 19782, None),
        ("debarred", 20089, 20453),
    ]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("supplier,list,since\n", 1, "until"),
        ("supplier,list,since,until\nA,69-B,2024-13-01,\n", 2, "since"),
        ("supplier,list,since,until\n,69-B,2024-01-01,\n", 2, "supplier"),
        ("supplier,list,since,until\nA,69-B,2024-01-01\n", 2, "until"),
    ],
)
def test_mistakes_in_a_list_of_suppliers(tmp_path: Path, text: str, line: int, word: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_supplier_list(path)
    assert f"{path}:{line}" in str(caught.value)
    assert word in str(caught.value)
