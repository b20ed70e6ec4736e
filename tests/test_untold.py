"""What no count can tell is said beside every result that depends on it, with the sweep of members."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from careo.base.texts import LANGUAGES
from careo.run.parameter_table import SLOTS, load_table
from careo.run.parameters import MEMBERSHIP_SWEEP
from careo.views.cli import run

UNTOLD = ("M₀", "ρ", "θ", "(a)", "(q)")
SWEEP = [f"{members:,}: " for members in MEMBERSHIP_SWEEP]


def test_the_sweep_is_that_of_the_design() -> None:
    assert MEMBERSHIP_SWEEP == (30_000, 60_000, 115_000, 230_000)
    table = load_table("mexico").parameters
    untold = ("members", "recruitment_hazard", "recruitment_exponent", "organised_share")
    assert not any(table[name].identified for name in untold)


@pytest.mark.parametrize("given", ["", "60000"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_outcome_that_depends_on_the_untold_says_so_and_shows_the_sweep(
    language: str, given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [
        "ten-lamps-2018",
        "--country",
        "toyland",
        "--draws",
        "12",
        "-o",
        str(tmp_path),
        "--lang",
        language,
    ]
    members = ["--members", given] if given else []
    assert run(["simulate", *asked, *members, "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    simulated = {}
    for finding in findings:
        outcome, reason = finding["extra"]["outcome"], finding["extra"]["reason"]
        told = [caveat for caveat in finding["caveats"] if all(mark in caveat for mark in UNTOLD)]
        assert len(told) == (outcome in SLOTS["members"].moves), outcome
        assert all("careo parameters" in caveat and (not given or "60,000" in caveat) for caveat in told)
        if outcome in SLOTS["members"].moves and reason not in ("unknown", "not_simulated"):
            simulated[outcome] = any(all(mark in caveat for mark in SWEEP) for caveat in finding["caveats"])
    assert simulated and all(simulated.values())


@pytest.mark.parametrize("command", ["simulate", "compare"])
def test_the_terminal_shows_both(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["ten-lamps-2018", "--country", "toyland", "--draws", "12", "--lang", "en"]
    assert run(["simulate", *asked]) == 0
    out = capsys.readouterr().out
    if command == "compare":
        (folder,) = (tmp_path / "runs").iterdir()
        assert run(["compare", folder.name, "--quantity", "homicides", "--lang", "en"]) == 0
        out = capsys.readouterr().out
    out = " ".join(out.split())
    sweep = SWEEP if command == "compare" else [f"{members:,}" for members in MEMBERSHIP_SWEEP]
    assert all(mark in out for mark in (*UNTOLD, *sweep))
