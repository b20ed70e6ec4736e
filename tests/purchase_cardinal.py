"""OCP's Cardinal and `careo watch` on the same file, with the same settings: which processes and offices each flags, by indicator.

Cardinal is not shipped: `OCDSCARDINAL` names its binary, or one that answers `indicators --settings FILE --no-meta FILE` as it does.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from careo.record.purchases.rules import Rule
from careo.record.purchases.state import State
from careo.record.purchases.watch import Watch
from careo.sources.formats.purchase_table import Terms
from careo.sources.packages import read_packages
from purchase_feeds import TERMS, rules

BINARY = os.environ.get("OCDSCARDINAL", "")

CODES = ("R003", "R018", "R024", "R025", "R028", "R030", "R035", "R036", "R048", "R058")
KINDS = {"Buyer": "buyer", "ProcuringEntity": "unit", "Tenderer": "tenderer"}
NAMES = (*CODES, *(f"R038 {kind}" for kind in KINDS.values()))
"""The indicators that both have, R038 by what it is about."""

Flagged = Mapping[str, frozenset[str]]
"""Indicator → whom it flags, by the ids that careo keeps."""


def theirs(file: Path, folder: Path, *, currency: str) -> Flagged:
    """What Cardinal flags, with its own defaults. folder: for its settings."""
    settings = folder / "cardinal.ini"
    sections = "".join(f"[{code}]\n" for code in sorted({name[:4] for name in NAMES}))
    settings.write_text(f"currency = {currency}\n{sections}", encoding="utf-8")
    told = subprocess.run(
        [BINARY, "indicators", "--settings", str(settings), "--no-meta", str(file)],
        check=True,
        capture_output=True,
        text=True,
    )
    results: dict[str, dict[str, dict[str, Any]]] = json.loads(told.stdout)
    kept = dict(_references(file))
    found: dict[str, set[str]] = {name: set() for name in NAMES}
    for group, by_id in results.items():
        for id, codes in by_id.items():
            for code in codes:
                name = f"R038 {KINDS[group]}" if code == "R038" else code
                if code in ("R025", "R038", "R048") or group == "OCID":
                    found[name].add(kept[group, id])
    return {name: frozenset(those) for name, those in found.items()}


def ours(file: Path, folder: Path, *, currency: str) -> Flagged:
    """What `careo watch` flags, whole engine, with Cardinal's settings. folder: for its state."""
    by = tuple(_as_cardinal(rule, currency) for rule in rules() if _code(rule) in {n[:4] for n in NAMES})
    state = State(folder / "cardinal.sqlite")
    try:
        watch = Watch(state, by, currency)
        for package in read_packages(file, terms=Terms(TERMS.clock, TERMS.door, currency)):
            watch.take(package)
        watch.settle()
        found: dict[str, set[str]] = {name: set() for name in NAMES}
        for rule in by:
            for signal in state.signals_of(rule.id):
                subject, name = signal.subject, _code(rule)
                if name == "R038":
                    kind, _, subject = subject.partition("|")
                    name, subject = f"R038 {kind}", subject.rpartition("|")[2]
                found[name].add(subject)
    finally:
        state.close()
    return {name: frozenset(those) for name, those in found.items()}


def _code(rule: Rule) -> str:
    return "R048" if rule.id == "W11" else rule.codes[0] if rule.id[:3] in ("W01", "W12") else ""


def _as_cardinal(rule: Rule, currency: str) -> Rule:
    """The rule with Cardinal's defaults: 15 days whatever the method, no least size of a population."""
    settings = {**rule.settings, "currency": currency}
    if rule.check == "short_term":
        settings |= {
            "methods": ("open", "selective", "invited", "direct"),
            "national_days": 15,
            "international_days": 15,
        }
    if "least_population" in settings:
        settings["least_population"] = 1
    return replace(rule, settings=settings)


def _references(file: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """(group, id as published) → how careo calls it."""
    door = TERMS.door
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.strip():
                continue
            said = json.loads(line)
            tender = said.get("tender") or {}
            yield ("OCID", said["ocid"]), door.code(said["ocid"])
            for group, office in (
                ("Buyer", said.get("buyer")),
                ("ProcuringEntity", tender.get("procuringEntity")),
            ):
                if office and "id" in office:
                    yield (group, office["id"]), door.code(office["id"])
            parties = [
                one for bid in said.get("bids", {}).get("details", ()) for one in bid.get("tenderers") or ()
            ]
            parties += [one for award in said.get("awards", ()) for one in award.get("suppliers") or ()]
            for one in parties:
                id = one.get("id")
                if isinstance(id, str):
                    other = (one.get("identifier") or {}).get("id") or ""
                    yield ("Tenderer", id), door.party(id, one.get("name") or "", str(other))[0]


def compared(file: Path, folder: Path, *, currency: str) -> dict[str, tuple[frozenset[str], ...]]:
    """Indicator → (flagged by both, only by careo, only by Cardinal)."""
    own, other = ours(file, folder, currency=currency), theirs(file, folder, currency=currency)
    return {
        name: (own[name] & other[name], own[name] - other[name], other[name] - own[name]) for name in NAMES
    }


def written(file: Path, releases: Iterable[Mapping[str, Any]]) -> Path:
    """Releases as JSON Lines."""
    file.write_text("".join(f"{json.dumps(one)}\n" for one in releases), encoding="utf-8")
    return file
