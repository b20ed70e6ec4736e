"""`careo search` as a whole: no winner, limits that are never relaxed, every number again from the worlds. Toyland; few draws."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import careo
from careo.base.errors import CareoError
from careo.base.texts import LANGUAGES
from careo.model.luck import Luck
from careo.model.mechanisms import OUTCOMES
from careo.results.flips import find_flips
from careo.results.search import Search, search
from careo.results.search_words import with_words
from careo.results.sensitivity import sensitivity
from careo.run.mix_worlds import Held, MixWorlds, mix_worlds
from careo.run.mixes import even_mix, mix_question, no_money
from careo.views import cli
from careo.views.search_verbs import search_data

COUNTRY = careo.load_country("toyland")
SMALL = {"budget": 3e6, "months": 24, "draws": 20, "worlds": 40}


@pytest.fixture(scope="module")
def loose() -> Search:
    """Complaints are limited in so few worlds that mixes with watchmen keep it."""
    return search(COUNTRY, keep=["rights_complaints<=baseline in 10%"], **SMALL)  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def strict() -> Search:
    return search(COUNTRY, **SMALL)  # pyright: ignore[reportArgumentType]


def test_the_status_quo_is_always_compared_first_and_differs_from_itself_in_nothing(
    loose: Search, strict: Search
) -> None:
    for result in (loose, strict):
        first = result.candidates[0]
        assert (first.name, first.kind, first.spent) == ("status-quo", "status-quo", 0.0)
        assert (result.numbers["difference"].sel(mix="status-quo", outcome="homicides") == 0).all()


def test_differences_regret_and_limits_are_those_of_the_worlds(loose: Search) -> None:
    """Everything again from the worlds themselves: those after the ones of the search."""
    worlds = mix_worlds(loose.question, COUNTRY, first_draw=20, draws=40)
    compared = [each.mix for each in loose.candidates if each.kind in ("status-quo", "mix")]
    totals = worlds.totals(compared)[:, 0]
    for number, each in enumerate(each for each in loose.candidates if each.kind in ("status-quo", "mix")):
        at = loose.numbers.sel(mix=each.name, outcome="homicides")
        change = totals[number] - totals[0]
        assert at["difference"].sel(quantile=0.5) == np.median(change)
        assert at["difference"].sel(quantile=0.95) == np.quantile(change, 0.95)
        assert at["fewer"] == (change < 0).mean() + 0.5 * (change == 0).mean()
        regret = totals[number] - totals.min(axis=0)
        assert at["regret_most"] == regret.max()
        assert at["regret_90"] == pytest.approx(np.quantile(regret, 0.9))
    rights = OUTCOMES.index("rights_complaints")
    for each in loose.candidates:
        whole = worlds.totals([each.mix, no_money(loose.question)])[:, rights]
        assert each.kept[0] == (whole[0] <= whole[1]).mean()
        assert each.sound == (each.kept[0] >= 0.1)


def test_no_mix_is_beaten_by_another_and_what_is_beaten_says_by_whom(loose: Search) -> None:
    def aims(name: str) -> tuple[float, float]:
        at = loose.numbers["difference"].sel(mix=name, outcome="homicides")
        return float(at.sel(quantile=0.5)), float(at.sel(quantile=0.95))

    names = [each.name for each in loose.mixes]
    assert len(names) > 1
    for one in names:
        for other in names:
            a, b = aims(one), aims(other)
            assert not (a[0] <= b[0] and a[1] <= b[1] and a != b)
    beaten = [each for each in loose.candidates if each.beaten_by]
    for each in beaten:
        assert each.kind != "mix"
        assert all(x <= y for x, y in zip(aims(each.beaten_by), aims(each.name), strict=True))


def test_a_limit_is_not_traded(strict: Search) -> None:
    """More watchmen raise complaints in two of three worlds: no mix with any of them is among those that nothing beats."""
    assert "night-patrol" in strict.breaking
    patrol = strict.question.levers.index("night-patrol")
    assert strict.mixes
    assert all(each.mix.parts[patrol] == 0 and each.sound for each in strict.mixes)
    promised = strict.candidate("70/30 all")
    assert not promised.sound
    assert any("does not keep the limits" in text for text in strict.promise)


def test_a_limit_that_no_mix_keeps_is_said_and_not_relaxed() -> None:
    result = search(COUNTRY, keep=["homicides<=baseline-90%"], **SMALL)  # pyright: ignore[reportArgumentType]
    assert result.mixes == ()
    assert "No limit was relaxed" in result.summary
    assert result.candidates[0].name == "status-quo"
    assert not any(each.sound for each in result.candidates)


def test_a_mix_that_changes_nothing_is_beaten_by_the_status_quo() -> None:
    result = search(COUNTRY, **{**SMALL, "budget": 1.0})  # pyright: ignore[reportArgumentType]
    assert result.mixes == ()
    assert all(each.beaten_by == "status-quo" for each in result.candidates[1:])
    assert "as good in everything that was looked at" in result.summary


def test_the_same_seed_gives_the_same_search_and_numpys_own_luck_is_left_alone(loose: Search) -> None:
    before = np.random.get_state()[1].copy()
    again = search(COUNTRY, keep=["rights_complaints<=baseline in 10%"], threads=1, **SMALL)  # pyright: ignore[reportArgumentType]
    assert np.array_equal(before, np.random.get_state()[1])
    assert json.dumps(search_data(again), default=str) == json.dumps(search_data(loose), default=str)


def test_the_order_turns_at_the_flip_point_and_not_before_it() -> None:
    question = mix_question(COUNTRY, budget=6e6, months=24)
    worlds = mix_worlds(question, COUNTRY, draws=30)
    lights = even_mix(question, 1.0)
    flips, looked = find_flips(worlds, {"A": lights})
    first = next(flip for flip in flips if flip.kind == "effect" and flip.about == "first")
    assert looked >= 3
    assert first.lever == "street-lighting"
    assert {first.before, first.after} == {"A", "status-quo"}
    nothing = worlds.totals([no_money(question)])[0][0]

    def median(value: float) -> float:
        return float(
            np.median(
                worlds.totals([lights], Held(effect=("street-lighting", first.slot, value)))[0][0] - nothing
            )
        )

    assert (median(first.below) < 0) == (first.before == "A")
    assert (median(first.above) < 0) == (first.after == "A")
    assert first.above - first.below < 0.05


def test_a_result_depends_on_what_moves_it_and_on_nothing_else() -> None:
    values = Luck(5).uniform(60_000, 0, range(6), range(400))
    dummies = Luck(5).uniform(60_001, 0, range(20), range(400))
    inputs = {f"x{number}": row for number, row in enumerate(values)}
    found = sensitivity(inputs, 3 * values[2] + values[4] ** 2, dummies)
    assert found is not None
    assert found.telling[0] == "x2"
    assert set(found.telling) <= {"x2", "x4"}
    assert sensitivity(inputs, np.zeros(400), dummies) is None


def test_a_mix_on_grade_d_says_so_and_decides_nothing() -> None:
    result = search(
        careo.load_country("mexico"), budget=20e9, levers=["longer-sentences", "targeted-therapy"], prevention="0..0.05",
        months=12, draws=20, worlds=20,
    )  # fmt: skip
    weak = [each for each in result.candidates if each.grade_d is not None and each.grade_d > 0.5]
    assert weak
    assert all((each.verdict, each.reason) == ("inconclusive", "grade_d") for each in weak)


def test_a_search_speaks_both_languages(loose: Search) -> None:
    spoken = {language: with_words(loose, language) for language in LANGUAGES}
    for language, result in spoken.items():
        texts = [result.summary, result.question_words, *result.promise, *result.turns, *result.rests]
        texts += [text for finding in result.findings for text in (finding.because, *finding.caveats)]
        assert all(text and "{" not in text and text[0] in text[0].upper() + "x" for text in texts), language
        assert {finding.language for finding in result.findings} == {language}
    assert spoken["en"].summary.startswith("No mix is best")
    assert spoken["es"].summary.startswith("Ninguna mezcla es la mejor")


# the command


def run(arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = cli.run(arguments.split())
    said = capsys.readouterr()
    return code, said.out, said.err


_QUICK = "--months 12 --draws 20 --worlds 20"


def test_the_command_prints_writes_and_estimates(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = run(f"search --country toyland --budget 6e6 {_QUICK} --lang en", capsys)
    assert code == 0
    assert "No mix" in out.splitlines()[0]
    assert "status quo" in out
    assert "The search will take" in err
    assert "% done" not in err  # nobody watches
    file = tmp_path / "search.json"
    assert run(f"search --country toyland --budget 6e6 {_QUICK} --lang es --json -o {file}", capsys)[0] == 0
    data = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(data, careo.schema())
    assert data["command"] == "search"
    assert data["search"]["candidates"][0]["name"] == "status-quo"
    assert data["search"]["numbers"]["difference"]["axes"] == ["mix", "outcome", "quantile"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--budget 0", "al menos 1"),
        ("--budget mucho", "al menos 1"),
        ("", "necesita un presupuesto"),
        ("--budget 6e6 --currency XXX", "no se conoce esta moneda"),
        ("--budget 6e6 --levers lantern-marking", "no tiene costo"),
        ("--budget 6e6 --prevention-share mitad", "no es una proporción"),
        ("--budget 6e6 --keep rights_complaints", "no puede leerse"),
        ("--budget 6e6 --draws 5", "--draws"),
    ],
)
def test_the_command_refuses_with_a_sentence(
    arguments: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(f"search --country toyland --lang es {arguments}", capsys)
    assert (code, out) == (2, "")
    assert words in err.lower() or words in err
    assert "Traceback" not in err


def test_without_the_extra_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "pymoo"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pymoo", None)
    code, _, err = run(f"search --country toyland --budget 6e6 {_QUICK} --lang en", capsys)
    assert code == 2
    assert "pip install 'careo[search]'" in err
    with pytest.raises(CareoError):
        search(COUNTRY, **SMALL)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_search_in_which_every_world_broke_down_is_a_sentence_and_no_table(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        MixWorlds, "_run", lambda self, mixes, block, held: np.full((len(mixes), len(OUTCOMES), block[1]), -1)
    )
    asked = [
        "search",
        "--budget",
        "1000000",
        "--country",
        "toyland",
        "--draws",
        "20",
        "--worlds",
        "20",
        "--months",
        "12",
    ]
    assert cli.run([*asked, "--lang", language]) == 2
    out, err = capsys.readouterr()
    assert ("every world broke down" if language == "en" else "todos los mundos fallaron") in err.lower()
    assert "nan" not in out.lower() and "Traceback" not in err
