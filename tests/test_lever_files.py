"""Files of levers and studies: no prior is surer than its grade, and every mistake is named with its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careo.base.citations import load_sources
from careo.base.errors import DataError
from careo.evidence import load_levers
from careo.evidence.effects import KAPPA, Effect, chance_below_zero, least_sd
from careo.evidence.studies import read_studies
from lever_cases import LEVER, STUDIES, lever_world, mistakes_of

# ── the floor by grade ───────────────────────────────────────────────────────────────────────────────────────────


def test_no_shipped_prior_is_surer_than_its_grade() -> None:
    for country in ("mexico", "toyland"):
        for lever in load_levers(country).values():
            for effect in lever.effects:
                if effect.law == "normal":
                    least = least_sd(effect.grade or lever.grade, effect.mean or 0)
                    assert effect.sd is not None and effect.sd >= least * (1 - 1e-9), lever.code


_GRADES = st.sampled_from(sorted(KAPPA))
_MEANS = st.floats(-3, 3).map(lambda x: round(x, 4))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grade=_GRADES, mean=_MEANS, below=st.floats(0.01, 0.999))
def test_any_prior_below_the_floor_is_refused_and_the_smallest_that_is_named_is_accepted(
    tmp_path: Path, grade: str, mean: float, below: float
) -> None:
    def lever(sd: str) -> str:
        return LEVER.replace("mean: -0.10, sd: 0.20", f"mean: {mean}, sd: {sd}").replace(
            "grade: D", f"grade: {grade}"
        )

    (refused,) = mistakes_of(tmp_path, lever(f"{least_sd(grade, mean) * below:.9f}"))
    assert refused.key == "lever_floor"
    assert mistakes_of(tmp_path, lever(str(refused.words["least"]))) == ()


def test_the_message_of_the_floor_says_where_which_floor_and_what_would_pass(tmp_path: Path) -> None:
    (error,) = mistakes_of(tmp_path, LEVER.replace("sd: 0.20", "sd: 0.10"))
    told = error.render("en")
    assert told.startswith(f"{tmp_path}/levers/lamps.yaml:8: effects[0].sd")
    assert "grade D keeps sd ≥ 2 × max(|mean|, 0.05)" in told and "≥ 0.2" in told
    assert "'0.1'" in told and "sd: 0.2 or more" in told
    assert "grado D" in error.render("es")


def test_an_effect_may_have_a_worse_grade_than_its_lever_and_is_held_to_it(tmp_path: Path) -> None:
    better = LEVER.replace("\ngrade: D", "\ngrade: A").replace("sd: 0.20", "sd: 0.08")
    assert mistakes_of(tmp_path, better) == ()
    (error,) = mistakes_of(tmp_path, better.replace("sd: 0.08", "sd: 0.08, grade: D"))
    assert error.words["least"] == "0.2"


def test_rebounds_and_links_are_held_to_the_floor_too(tmp_path: Path) -> None:
    rebound = LEVER.replace("sd: 0.20}", "sd: 0.20, rebound: {mean: 0.3, sd: 0.5}}")
    link = LEVER + "links: [{name: e, from: rent, to: {conflict: 1}, mean: 0.3, sd: 0.59}]\n"
    assert [error.words["least"] for text in (rebound, link) for error in mistakes_of(tmp_path, text)] == [
        "0.6",
        "0.6",
    ]


def test_structural_and_share_laws_are_exempt_and_nothing_else(tmp_path: Path) -> None:
    for law in ("law: structural, mean: 0.69", "law: structural", "law: beta_log_share, a: 2, b: 26"):
        assert mistakes_of(tmp_path, LEVER.replace("mean: -0.10, sd: 0.20", law)) == ()


@given(_MEANS)
def test_a_lever_of_grade_d_never_looks_likely_to_work_from_its_prior(mean: float) -> None:
    at_the_floor = Effect(("homicide",), mean=mean, sd=least_sd("D", mean))
    chance = chance_below_zero(at_the_floor)
    assert chance is not None and 0.308 < chance < 0.692  # Φ(±1/2)


# ── broken files, one mistake each ───────────────────────────────────────────────────────────────────────────────

BROKEN: dict[str, tuple[Callable[[str], str], tuple[str, ...]]] = {
    "unknown key": (lambda t: t.replace("studies:", "studeis:"), ("studeis", "did you mean 'studies'", ":14")),
    "no floor without a deviation": (lambda t: t.replace(", sd: 0.20", ""), ("effects[0].law", "mean, sd", ":8")),
    "a law with the numbers of another": (lambda t: t.replace("sd: 0.20", "sd: 0.20, a: 2"), ("law normal", "a, mean, sd")),
    "a share without its second number": (lambda t: t.replace("mean: -0.10, sd: 0.20", "law: beta_log_share, a: 2"), ("a, b",)),
    "a deviation of zero": (lambda t: t.replace("sd: 0.20", "sd: 0"), ("effects[0].sd", "number", "gt 0")),
    "a mean that is no number": (lambda t: t.replace("mean: -0.10", "mean: small"), ("effects[0].mean", "'small'")),
    "an infinite mean": (lambda t: t.replace("mean: -0.10", "mean: 1e999"), ("effects[0].mean",)),
    "unknown mechanism": (lambda t: t.replace("[homicide]", "[homicides]"), ("did you mean 'homicide'",)),
    "unknown grade": (lambda t: t.replace("grade: D", "grade: E"), ("grade", "A | B | C | D", "'E'")),
    "unknown kernel": (lambda t: t.replace("kernel: gamma", "kernel: gama"), ("lag.kernel", "did you mean 'gamma'")),
    "a negative lag": (lambda t: t.replace("months: 6", "months: -6"), ("lag.months", "ge 0")),
    "a window that ends before it begins": (
        lambda t: t.replace("sd: 0.20", "sd: 0.20, from_month: 3, to_month: 3"), ("to_month", "before it begins")),
    "another id than the file": (lambda t: t.replace("id: lamps", "id: lamp"), ("id must be the name of the file", "lamps")),
    "a code that is none": (lambda t: t.replace("code: T1", "code: seven"), ("code", "L1")),
    "unknown study": (lambda t: t.replace("[one-2001]\ni", "[one-2002]\ni"), ("studies[0]", "did you mean 'one-2001'", ":14")),
    "unknown source": (lambda t: t.replace("sources: [one-2001]", "sources: [two]"), ("sources[0]", "no such source")),
    "no source at all": (lambda t: t.replace("sources: [one-2001]", "sources: []"), ("sources",)),
    "unknown partner": (lambda t: t.replace("with: conflict", "with: conflicts"), ("interactions[0].with", "'conflict'")),
    "costs out of order": (lambda t: t.replace("low: 10", "low: 30"), ("cost.low", "30, 20, 40")),
    "a judgement of cost graded better": (lambda t: t.replace("price_year: 2020", "price_year: 2020\n  grade: B"), ("grade D",)),
    "a cost from no source": (
        lambda t: t.replace("price_year: 2020", "price_year: 2020\n  judgement: false"), ("cost.sources", "needs a source")),
    "a text in no language": (lambda t: t.replace("{en: More lamps., es: Más lámparas.}", "{fr: Lampes}"), ("what",)),
    "a prior nobody owns": (lambda t: re.sub(r"prior_basis:.*\n", "", t), ("prior_basis is missing",)),
    "nothing about what is unverified": (lambda t: re.sub(r"unverified:.*\n", "", t), ("unverified is missing",)),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_lever_file_says_where_and_what(tmp_path: Path, name: str) -> None:
    change, words = BROKEN[name]
    broken = change(LEVER)
    assert broken != LEVER
    errors = mistakes_of(tmp_path, broken)
    assert len(errors) == 1, [str(error) for error in errors]
    told = errors[0].render("en")
    assert re.match(rf"{re.escape(str(tmp_path))}/levers/lamps\.yaml:\d+: ", told)
    for word in words:
        assert word in told
    assert errors[0].render("es") != told


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda t: t.replace("value: -0.2, low: -0.3, high: -0.1, ", ""),
            ("estimates[0].value", "needs a value"),
        ),
        (lambda t: t.replace("low: -0.3", "low: -0.1"), ("must rise", "-0.1, -0.2, -0.1")),
        (lambda t: t.replace("low: -0.3", "low: -1"), ("no logarithm",)),
        (lambda t: t + t.partition("studies:\n")[2], ("studies[1].key", "twice")),
        (lambda t: t.replace("key: one-2001", "key: one-2002"), ("studies[0].key", "no such source")),
        (lambda t: t.replace("design: panel", "design: panels"), ("did you mean 'panel'",)),
        (lambda t: t.replace("metric: relative_change", "metric: change"), ("metric",)),
    ],
)
def test_a_broken_file_of_studies_says_where_and_what(
    tmp_path: Path, change: Callable[[str], str], words: tuple[str, ...]
) -> None:
    broken = change(STUDIES)
    assert broken != STUDIES
    lever_world(tmp_path, studies=broken)
    _, errors = read_studies(tmp_path / "levers" / "studies.yaml", load_sources.__wrapped__(str(tmp_path)))
    assert len(errors) == 1, [str(error) for error in errors]
    for word in words:
        assert word in str(errors[0])


def test_a_code_that_two_levers_claim_is_refused(tmp_path: Path) -> None:
    lever_world(tmp_path)
    lever_world(tmp_path, LEVER.replace("id: lamps", "id: locks"), name="locks")
    with pytest.raises(DataError, match=r"locks\.yaml:2: code: .*'lamps'"):
        load_levers(str(tmp_path))


def test_a_file_in_one_language_is_read(tmp_path: Path) -> None:
    lever_world(tmp_path, LEVER.replace("{en: More lamps., es: Más lámparas.}", "{es: Más lámparas.}"))
    assert load_levers(str(tmp_path))["lamps"].what == {"es": "Más lámparas."}
