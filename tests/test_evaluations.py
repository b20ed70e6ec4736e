"""Evaluations: judged by the stated rules, said in words, kept as evidence beside the priors."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import careo
from careo.base.citations import load_sources
from careo.base.shipped import country_folder
from careo.base.texts import LANGUAGES, say
from careo.evidence.events import load_evaluations, load_outcomes
from careo.evidence.levers import load_levers
from careo.evidence.own import held_against, load_own_studies
from careo.evidence.studies import Estimate as Published
from careo.evidence.studies import Study, read_studies
from careo.panel import load_country
from careo.record.strategy import load_strategy
from careo.results.designs.setting import Check, Estimate
from careo.results.evaluate import Evaluated, evaluate, judge, leading
from careo.results.evaluate_words import because, besides, holm, percent
from careo.results.own_evidence import registry_text
from careo.results.strategy_audit import audit_strategy
from careo.views.cli import run
from careo.views.evaluate_pictures import draw_evaluation
from careo.views.lever_words import own_words

# ── the verdict ──────────────────────────────────────────────────────────────────────────────────────────────────


def estimate_(effect: float, p: float, scale: str = "rate", **more: Any) -> Estimate:
    given_ = {
        "low": effect - 1,
        "high": effect + 1,
        "smallest_p": 0.0005,
        "mde": 2.0,
        "default": True,
        **more,
    }
    return Estimate("imputation", (0, 11), scale, effect, p=p, **given_)


FAILED = Check("size", False, "evaluate.why.scale")


def test_the_rules_give_each_verdict_and_in_their_order() -> None:
    up = (estimate_(3, 0.001), estimate_(0.2, 0.01, "log"))
    down = (estimate_(-3, 0.001), estimate_(-0.2, 0.01, "log"))
    assert judge(up, ()).word == "increased"
    assert judge(down, ()).word == "decreased"
    assert judge((estimate_(3, 0.4), estimate_(0.2, 0.3, "log")), ()).word == "no detectable effect"
    assert judge((estimate_(3, 0.04), estimate_(0.2, 0.3, "log")), ()).reason == "evaluate.why.scale"
    assert judge((*up, replace(estimate_(-1, 0.9), method="other")), ()).reason == "evaluate.why.method"
    assert judge(up, (FAILED,)).reason == FAILED.reason
    assert judge(up, (replace(FAILED, gate=False),)).word == "increased"
    assert judge(up, (replace(FAILED, passed=None),)).word == "increased"
    assert judge(up, (), only_recalled=True).reason == "evaluate.why.recalled"
    assert judge(up, (FAILED,), capped="national").reason == "evaluate.why.national"
    assert judge((estimate_(3, 0.1, smallest_p=0.1),), ()).reason == "evaluate.why.few_placebos"
    assert judge((), ()).reason == "evaluate.why.nothing"


@given(
    st.lists(st.tuples(st.floats(-9, 9), st.floats(0.0005, 1.0)), min_size=2, max_size=2),
    st.lists(st.sampled_from([True, False, None]), max_size=4),
)
def test_a_failed_gate_is_never_a_supported_verdict(
    numbers: list[tuple[float, float]], passed: list[bool | None]
) -> None:
    estimates = [
        estimate_(effect, p, scale) for (effect, p), scale in zip(numbers, ("rate", "log"), strict=True)
    ]
    checks = [Check(f"c{i}", one, "evaluate.why.scale") for i, one in enumerate(passed)]
    verdict = judge(estimates, checks)
    if False in passed:
        assert verdict.word == "inconclusive"
    elif all(p > 0.05 for _, p in numbers):
        assert verdict.word == "no detectable effect"
    elif verdict.word != "inconclusive":
        assert verdict.word == ("increased" if numbers[0][0] > 0 else "decreased")
        assert numbers[0][0] * numbers[1][0] >= 0


def test_the_leading_estimates_are_one_a_scale_of_the_first_window() -> None:
    second = replace(estimate_(9, 0.001), window=(12, 23))
    found = leading(
        (second, estimate_(0.1, 0.5, "log"), estimate_(2, 0.5), replace(estimate_(5, 0.1), default=False))
    )
    assert [(one.scale, one.effect) for one in found] == [("rate", 2), ("log", 0.1)]
    assert leading(()) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_is_one_sentence_with_its_numbers(language: str) -> None:
    estimates = (estimate_(3, 0.001), estimate_(math.log(1.25), 0.01, "log", low=0.0, high=0.5))
    evaluation = load_evaluations("toyland")["night-patrols"]
    country = load_country("toyland")
    base = Evaluated(
        evaluation,
        load_outcomes("toyland")["thefts"],
        country,
        "difference",
        judge(estimates, ()),
        estimates,
        (),
    )
    told = because(base, language)
    assert "+3.0" in told
    assert "+25%" in told
    none = tuple(replace(one, p=0.5) for one in estimates)
    told = because(replace(base, estimates=none, verdict=judge(none, ())), language)
    assert "2.0" in told
    failed = judge(estimates, (FAILED, FAILED))
    told = because(replace(base, verdict=failed), language)
    assert say(language, "evaluate.why.scale") in told
    assert "{" not in told


# ── the verb ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_and_a_described_series_are_printed(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "list", "--country", "toyland", "--lang", language]) == 0
    assert "night-patrols" in capsys.readouterr().out
    assert run(["evaluate", "ten-lamps", "--country", "toyland", "--lang", language]) == 0
    out = capsys.readouterr().out
    assert say(language, "evaluate.why.national")[:40] in " ".join(out.split())


@pytest.mark.parametrize("name", ["list", "ten-lamps", "worst-lots"])
def test_what_is_printed_as_json_keeps_the_contract(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", name, "--country", "toyland", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, careo.schema())


@pytest.mark.parametrize(("name", "word"), [("nobody", "evaluate list"), ("missing.yaml", "missing.yaml")])
def test_what_a_user_can_cause_is_a_sentence_and_exit_code_two(
    name: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", name, "--country", "toyland", "--lang", "en"]) == 2
    err = capsys.readouterr().err
    assert word in err
    assert "Traceback" not in err


def test_no_change_at_all_has_a_sign_like_every_change() -> None:
    assert percent(0.0) == "+0%"


# ── beside the priors ────────────────────────────────────────────────────────────────────────────────────────────


def own_study(low: float, high: float, **more: Any) -> Study:
    words = {"en": "x", "es": "x"}
    number = Published(
        words, "log_points", "homicide", "computed", value=(low + high) / 2, low=low, high=high, **more
    )
    return Study(
        "careo-x",
        "careo",
        words,
        "differences",
        words,
        words,
        words,
        ("homicide",),
        "computed",
        estimates=(number,),
        grade="B",
    )


def test_an_own_estimate_meets_a_prior_or_disagrees_in_words() -> None:
    lever = load_levers("mexico")["local-prevention"]  # −0.03 ± 0.12 on homicide
    (meets,) = held_against(lever, (own_study(-0.1, 0.1),))
    (apart,) = held_against(lever, (own_study(0.5, 0.9),))
    assert (meets.meet, apart.meet) == (True, False)
    for language in LANGUAGES:
        assert say(language, "levers.own.apart").split(". ")[-1][:8] in own_words(apart, language)


def test_an_estimate_of_another_mechanism_or_level_is_not_held_against_a_prior() -> None:
    lever = load_levers("mexico")["leader-removal"]
    assert held_against(lever, (own_study(0.0, 0.2),)) == ()
    told = replace(own_study(0.0, 0.2).estimates[0], speaks_to="fragmentation", level="state")
    (held,) = held_against(lever, (replace(own_study(0.0, 0.2), estimates=(told,)),))
    assert held.effect.level == "state"


# ── from the question to the verdict, with the designs that compare places ───────────────────────────────────────


@pytest.fixture(scope="module")
def compared() -> Evaluated:
    return evaluate("snatcher-kitehaven", load_country("toyland"), draws=99)


def test_one_treated_place_among_nine_can_never_tell(compared: Evaluated) -> None:
    assert compared.design == "synthetic_control"
    assert compared.verdict.word == "inconclusive"
    assert compared.verdict.reason == "evaluate.why.few_placebos"
    assert {"actual-synthetic", "placebos"} <= set(draw_evaluation(compared, "en"))


def test_an_evaluation_writes_pictures_and_the_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert (
        run(
            [
                "evaluate",
                "snatcher-kitehaven",
                "--country",
                "toyland",
                "--json",
                "--draws",
                "99",
                "-o",
                str(out),
            ]
        )
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert told["findings"][0]["verdict"] == "inconclusive"
    assert told["findings"][0]["kind"] == "evaluation"
    assert [each["place"] for each in told["evaluation"]["places"]["treated"]] == ["T3"]
    assert sorted(path.suffix for path in out.iterdir()) == [".json", ".svg", ".svg"]


def test_the_same_seed_gives_the_same_evaluation(compared: Evaluated) -> None:
    again = evaluate("snatcher-kitehaven", load_country("toyland"), draws=99)
    assert [replace(one, low=0, high=0, mde=0) for one in again.estimates if one.p == one.p] == [
        replace(one, low=0, high=0, mde=0) for one in compared.estimates if one.p == one.p
    ]


def test_operations_that_were_sent_to_a_peak_are_refused() -> None:
    result = evaluate("joint-operations-2006", load_country("mexico"))
    assert result.design == "difference"
    assert result.verdict.word == "inconclusive"
    assert any(check.passed is False and check.gate for check in result.checks)
    (beside,) = [one for one in besides(result) if one.reads != "apart"]
    assert beside.study.key == "espinosa-rubin-2015"
    assert registry_text(result).count("grade: C") == 1
    # What is shipped is what the command writes now; else run tools/write_own_evidence.py.
    kept = country_folder("mexico") / "levers" / "own" / "joint-operations-2006.yaml"
    assert kept.read_text(encoding="utf-8") == registry_text(result)


def test_our_own_estimate_is_evidence_that_the_registry_reads(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(registry_text(evaluate("ten-lamps", load_country("toyland"))), encoding="utf-8")
    studies, mistakes = read_studies(path, load_sources("toyland"))
    assert not mistakes
    assert studies[0].grade == "D"
    assert studies[0].key == "careo-ten-lamps"


def test_every_question_that_compares_states_is_kept_as_evidence_and_shown_beside_its_prior() -> None:
    kept = [study for studies in load_own_studies("mexico").values() for study in studies]
    asked = [
        name
        for name, one in load_evaluations("mexico").items()
        if one.level == "state" and one.design == "by_places"
    ]
    assert {study.key for study in kept} == {f"careo-{name}" for name in asked}
    assert {study.grade for study in kept} <= {"B", "C"}
    levers = load_levers("mexico")
    for lever, studies in load_own_studies("mexico").items():
        held = held_against(levers[lever], studies)
        assert {one.study.key for one in held} == {study.key for study in studies}, lever
    for language in LANGUAGES:
        result = audit_strategy(load_strategy("amlo-2019-practice"), language=language)
        told = [caveat for one in result.findings if one.kind == "measure" for caveat in one.caveats]
        assert any("careo levers national-guard" in caveat for caveat in told)


def test_holm_is_never_below_p_nor_above_bonferroni_and_keeps_the_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    for seed in range(20):
        p = np.random.default_rng(seed).uniform(size=6).tolist()
        told = holm(p)
        assert all(one <= other <= min(1, 6 * one) for one, other in zip(p, told, strict=True))
        in_order = [told[k] for k in np.argsort(p)]
        assert in_order == sorted(in_order)
