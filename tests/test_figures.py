"""The figure check: verdicts on claimed figures, with definitions, vintages and hedges."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

import careo
from careo.record.statements import Quantity
from careo.results.agreement import agrees, bounds
from careo.results.finding import VERDICTS, Finding


def _check(sentence: str, said: str = "2025-12-31", language: str = "en") -> tuple[Finding, ...]:
    return careo.check(sentence, said=date.fromisoformat(said), language=language)


def _verdicts(sentence: str, said: str = "2025-12-31") -> list[str]:
    return [f.verdict for f in _check(sentence, said)]


@pytest.mark.parametrize(
    ("sentence", "said", "verdict"),
    [
        # victims, case files and certified deaths are three counts of 2018
        ("In 2018 there were 33,341 victims of intentional homicide in Mexico.", "2019-03-01", "consistent"),
        ("INEGI registered 36,685 homicides in 2018.", "2019-12-01", "consistent"),
        (
            "In 2018 there were 28,816 victims of intentional homicide in Mexico.",
            "2019-03-01",
            "consistent under another definition",
        ),
        ("INEGI registered 33,341 homicides in 2018.", "2019-12-01", "consistent under another definition"),
        ("In 2018 there were 12,000 homicides in Mexico.", "2019-12-01", "inconsistent"),
        # rate and count, rate right and wrong
        ("The homicide rate was 29 per 100,000 inhabitants in 2018.", "2019-12-01", "consistent"),
        ("The homicide rate was 45 per 100,000 inhabitants in 2018.", "2019-12-01", "inconsistent"),
        # stock and flow
        ("There are 113,565 disappeared persons in Mexico.", "2024-01-10", "consistent"),
        # state and nation
        ("In Guanajuato 3,540 people were murdered in 2019.", "2020-03-01", "consistent"),
        ("In Guanajuato 36,685 people were murdered in 2018.", "2020-03-01", "inconsistent"),
        # nothing to hold it against
        ("Brazil recorded 57,358 homicides in 2018.", "2020-03-01", "unverifiable"),
        ("The police seized 512 guitars in 2018.", "2020-03-01", "unverifiable"),
        (
            "He explained that 70% of the strategy will be preventive.",
            "2018-12-01",
            "not measurable as stated",
        ),
        # money announced, not spent
        (
            "The government announced that it will spend $9.2bn on prevention programmes in 2013.",
            "2013-05-01",
            "consistent",
        ),
        # another country's series that is held
        ("Overdose deaths in the United States reached 91,799 in 2020.", "2022-01-10", "consistent"),
    ],
)
def test_one_figure_gets_the_verdict_of_the_record(sentence: str, said: str, verdict: str) -> None:
    assert _verdicts(sentence, said)[0] == verdict


@pytest.mark.parametrize(
    ("sentence", "said", "verdict"),
    [
        ("En 2018 hubo 33 mil 341 víctimas de homicidio doloso.", "2019-03-01", "consistent"),
        (
            "En 2018 se abrieron 33 mil 341 carpetas de investigación por homicidio doloso.",
            "2019-03-01",
            "consistent under another definition",
        ),
        ("El 70 por ciento de la estrategia será preventiva.", "2018-12-01", "not measurable as stated"),
        ("En 2023 la cifra negra fue de 92.9 por ciento.", "2024-12-01", "consistent"),
    ],
)
def test_one_spanish_figure_gets_the_verdict_of_the_record(sentence: str, said: str, verdict: str) -> None:
    assert _verdicts(sentence, said)[0] == verdict


def test_a_change_holds_within_one_definition() -> None:
    assert _verdicts("Murders in 2018 were up by 15% from 2017.", "2019-03-01") == ["consistent"]
    assert _verdicts("Murders in 2018 were up by 60% from 2017.", "2019-03-01") == ["inconsistent"]


def test_two_levels_of_two_definitions_are_not_comparable() -> None:
    findings = _check("Homicides in Mexico fell from 36,685 in 2018 to 34,582 in 2019.", "2020-02-01")
    assert [(f.kind, f.verdict) for f in findings][-1] == ("comparison", "not comparable")


def test_two_levels_of_one_definition_are_compared() -> None:
    findings = _check("INEGI homicides fell from 36,685 in 2018 to 36,661 in 2019.", "2020-12-31")
    assert [(f.kind, f.verdict) for f in findings][-1] == ("comparison", "consistent")


def test_the_value_known_then_decides_and_its_revision_is_told() -> None:
    (finding,) = _check("En 2018 hubo 33 mil 341 víctimas de homicidio doloso.", "2019-03-01")
    vintages = {
        (r.vintage, r.value, r.known) for r in finding.considered if r.indicator == "homicide_sesnsp_victims"
    }
    assert ("2019-01", 33_341.0, True) in vintages
    assert any(not known and value == 33_742.0 for _, value, known in vintages)
    assert any("33,742" in caveat for caveat in finding.caveats)


def test_a_value_published_later_is_said_not_to_have_been_public() -> None:
    (finding,) = _check("INEGI registered 36,685 homicides in 2018.", "2019-03-01")
    assert finding.verdict == "consistent"
    assert any("not public yet" in caveat for caveat in finding.caveats)


def test_every_finding_shows_unit_vintage_and_source_of_every_value() -> None:
    panel = careo.load_country()
    for finding in _check(
        "In 2018 there were more than 33,000 murders, 40,000 disappeared and over 1,100 mass graves."
    ):
        assert finding.verdict in VERDICTS
        for row in finding.considered:
            assert row.unit
            assert row.vintage
            assert row.source in panel.sources
        assert {r.source for r in finding.considered} == {s.key for s in finding.sources}


def test_values_from_memory_are_said_to_be_unverified() -> None:
    (finding,) = _check("In 2012 newspapers counted 9,577 executions, according to Reforma.", "2014-01-01")
    assert finding.verdict == "consistent"
    assert any("unverified" in caveat for caveat in finding.caveats)


def test_findings_speak_spanish() -> None:
    (finding,) = _check("En 2018 hubo 33 mil 341 víctimas de homicidio doloso.", "2019-03-01", "es")
    assert "coincide con" in finding.because
    assert finding.considered[0].name.startswith("Víctimas")


def test_the_minimally_different_world_flips_the_verdict() -> None:
    """The same claim against a panel in which one published value is another."""
    panel = careo.load_country()
    document = careo.read(
        b"In 2018 there were 33,341 victims of intentional homicide in Mexico, the agency said.",
        name="page.txt",
    )
    statements = careo.statements(document, panel)
    series = panel.series("homicide_sesnsp_victims")
    changed = replace(
        series,
        observations=tuple(
            replace(o, value=o.value * 2) if str(o.period) == "2018" else o for o in series.observations
        ),
        index={},
    )
    other = replace(panel)
    other.__dict__["_read"] = {**panel.__dict__.get("_read", {}), "homicide_sesnsp_victims": changed}
    said = date(2019, 3, 1)
    (here,), (there,) = (
        careo.check_figures(statements, panel, said=said),
        careo.check_figures(statements, other, said=said),
    )
    assert here.verdict == "consistent"
    assert there.verdict != "consistent"


@pytest.mark.parametrize(
    ("value", "digits", "step", "hedge", "official", "fits"),
    [
        (33_000, 2, 1_000, "none", 33_742, True),  # cut to thousands
        (33_000, 2, 1_000, "none", 36_687, False),
        (33_341, 5, 1, "none", 33_742, False),  # written exactly, 1.2 % off
        (33_000, 2, 1_000, "at least", 36_687, True),
        (33_000, 2, 1_000, "at least", 28_816, False),
        (33_000, 2, 1_000, "at least", 80_000, False),  # a floor that hides the record is no agreement
        (40_000, 1, 10_000, "none", 40_180, True),
        (40_000, 1, 10_000, "none", 48_000, False),  # one digit is not a licence for 25 %
        (35_000, 2, 1_000, "about", 36_687, True),
        (35_000, 2, 1_000, "at most", 33_341, True),
        (35_000, 2, 1_000, "at most", 36_687, False),
    ],
)
def test_precision_and_hedge_decide_what_agrees(
    value: float, digits: int, step: float, hedge: str, official: float, fits: bool
) -> None:
    quantity = Quantity(value, value, value, "persons", digits=digits, step=step)
    assert agrees(quantity, hedge, official) is fits


def test_bounds_hold_the_claim_itself_under_every_hedge() -> None:
    quantity = Quantity(0.15, 0.15, 0.15, "share", digits=2, step=0.01)
    for hedge in ("none", "about", "at least", "at most", "possible"):
        low, high = bounds(quantity, hedge)
        assert low <= 0.15 <= high
