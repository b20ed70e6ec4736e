"""`careo simulate`, `compare` and `runs`: what it will cost, what came out, what may be resumed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import careo
from careo.base.errors import CareoError, OutputError
from careo.base.texts import LANGUAGES
from careo.run import runs
from careo.run.runs import find_run
from careo.views.runs_verbs import runs_list_verb, runs_remove_verb, runs_resume_verb, runs_show_verb
from careo.views.simulate_verbs import compare_verb, simulate_verb
from run_cases import (
    SIMULATED,
    STRATEGY,
    asked,
    blocks,
    copied_run,  # noqa: F401 - a fixture
    whole_run,  # noqa: F401 - a fixture
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_simulate_says_what_it_will_cost_then_what_came_out(
    language: str, tmp_path: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate_verb(asked(language, str(tmp_path)), strategies=[STRATEGY], **SIMULATED) == 0
    out, err = capsys.readouterr()
    assert (" MB of memory" if language == "en" else " MB de memoria") in err
    assert "\r" not in err  # no terminal, no progress
    assert f"careo compare {tmp_path / whole.name}" in out.replace("\n", " ")
    rights, homicides = (
        ("rights complaints", "homicides") if language == "en" else ("quejas de derechos", "homicidios")
    )
    table = out[out.index("P(") :]
    assert table.index(rights) < table.index(f"  {homicides} ")
    assert "Traceback" not in out + err and "{" not in out + err and "simulate." not in out + err
    assert simulate_verb(asked(language, str(tmp_path)), strategies=[STRATEGY], **SIMULATED) == 0
    again = capsys.readouterr()
    assert again.out == out
    assert whole.name in again.err


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_stops_before_anything_was_written_is_not_told_to_resume(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as early:
        early.setattr(runs, "write_manifest", stopped)
        with pytest.raises(KeyboardInterrupt):
            simulate_verb(asked(language, str(tmp_path)), strategies=[STRATEGY], **SIMULATED)
    err = capsys.readouterr().err
    assert "resume" not in err.replace("nothing to resume", "")
    assert ("nothing to resume" if language == "en" else "nada que continuar") in err
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(runs, "_compute", stopped)
    with pytest.raises(KeyboardInterrupt):
        simulate_verb(asked(language, str(tmp_path)), strategies=[STRATEGY], **SIMULATED)
    assert f"careo runs resume {tmp_path}" in capsys.readouterr().err


def test_compare_shows_years_and_places_of_one_outcome(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare_verb(asked(), run=str(whole), quantity="homicides", against="") == 0
    out = capsys.readouterr().out
    assert "Nation, year by year" in out and "Rattleford" in out and "Against the start year" in out


def test_the_json_of_a_comparison_keeps_to_the_contract(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import jsonschema

    compare_verb(asked(json=True), run=str(whole), quantity="", against="")
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, careo.schema())
    assert data["run"]["id"] == whole.name
    (numbers,) = data["comparisons"]
    assert numbers["difference"]["axes"] == ["outcome", "place", "year", "quantile"]
    assert len(numbers["difference"]["values"][0]) == 1 + 9
    assert {f["kind"] for f in data["findings"]} == {"comparison"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_runs_are_listed_shown_resumed_and_removed(
    language: str, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(copied.parent)
    blocks(copied)[0].unlink()
    (copied.parent / "0123456789ab").mkdir()
    assert runs_list_verb(asked(language, folder)) == 0
    out = capsys.readouterr().out
    assert copied.name in out and STRATEGY in out and "13" in out and "0123456789ab" in out
    runs_show_verb(asked(language, folder), name=copied.name)
    assert "members-230000" in capsys.readouterr().out
    runs_resume_verb(asked(language, folder), name=copied.name[:4], cluster="")
    assert "14" in capsys.readouterr().out
    assert find_run(copied).complete
    runs_remove_verb(asked(language, folder), names=[copied.name])
    assert copied.name in capsys.readouterr().out
    assert not copied.exists()
    assert runs_list_verb(asked(language, folder, json=True)) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"months": "0"},
        {"draws": "many"},
        {"seed": "-1"},
        {"start": "soon"},
        {"members": "nan"},
        {"draws": "1e9"},
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_before_anything_is_done(
    wrong: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(CareoError) as caught:
        simulate_verb(asked(out=str(tmp_path)), strategies=[STRATEGY], **{**SIMULATED, **wrong})
    assert caught.value.key in ("usage_value", "usage_date")
    assert not list(tmp_path.iterdir())


def test_a_run_that_does_not_fit_on_the_disk_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "free_bytes", lambda folder: 1000)
    with pytest.raises(OutputError, match="not enough room"):
        simulate_verb(asked(out=str(tmp_path)), strategies=[STRATEGY], **SIMULATED)
    assert not list(tmp_path.iterdir())
