"""A country of one's own: the folder of the tutorial is whole, is found by its name, and what it lacks is said in a sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from careo.base.errors import DataError
from careo.base.shipped import country_folder, shipped
from careo.base.texts import LANGUAGES
from careo.panel.validation import validate_country
from careo.views import cli

SALTMARSH = Path(__file__).parents[1] / "docs" / "pages" / "saltmarsh"
NEEDED = [
    "country.yaml",
    "places/places.csv",
    "sources.yaml",
    "indicators.yaml",
    "lexicons/concepts.yaml",
    "series/net_thefts.csv",
]


@pytest.fixture
def saltmarsh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "saltmarsh"
    shutil.copytree(SALTMARSH, folder)
    monkeypatch.chdir(tmp_path)
    return folder


def test_the_six_files_of_the_tutorial_are_a_whole_country(saltmarsh: Path) -> None:
    files = [p.relative_to(saltmarsh).as_posix() for p in saltmarsh.rglob("*") if p.is_file()]
    assert sorted(files) == sorted(NEEDED)
    size = validate_country(str(saltmarsh))
    assert (size.indicators, size.observations, size.places, size.sources) == (1, 6, 3, 1)


@pytest.mark.parametrize("name", ["saltmarsh", "./saltmarsh", "saltmarsh/"])
def test_a_folder_beside_the_reader_is_a_country_however_it_is_written(saltmarsh: Path, name: str) -> None:
    assert country_folder(name).resolve() == saltmarsh


def test_a_shipped_name_stays_what_it_is(saltmarsh: Path) -> None:
    saltmarsh.rename(saltmarsh.parent / "toyland")
    assert country_folder("toyland") == shipped("toyland")


@pytest.mark.parametrize("lacking", [name for name in NEEDED if not name.startswith(("country", "series"))])
def test_a_file_that_a_country_lacks_is_named(
    saltmarsh: Path, lacking: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (saltmarsh / lacking).unlink()
    claim = "In 2023, 431 nets were stolen in Saltmarsh."
    code = cli.run(["--lang", "en", "check", claim, "--date", "2024-03-10", "--country", str(saltmarsh)])
    said = capsys.readouterr().err
    assert code == 2
    assert "Traceback" not in said
    assert Path(lacking).name in said
    if lacking != "sources.yaml":
        assert "a country needs this file" in said


def test_a_series_that_a_country_lacks_is_found_by_the_complete_check(saltmarsh: Path) -> None:
    (saltmarsh / "series" / "net_thefts.csv").unlink()
    with pytest.raises(DataError, match="net_thefts"):
        validate_country(str(saltmarsh))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("lacking", "asked"),
    [("forecast.yaml", ["forecast"]), ("forecast.yaml", ["validate"]), ("parameters.yaml", ["parameters"])],
)
def test_a_country_without_a_laboratory_is_told_which_file_makes_one(
    lacking: str, asked: list[str], language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "país"
    shutil.copytree(country_folder("toyland"), home)
    (home / lacking).unlink()
    assert cli.run([*asked, "--country", str(home), "--lang", language]) == 2
    err = capsys.readouterr().err
    assert str(home / lacking) in err
    assert {"en": "Toyland", "es": "Juguetalia"}[language] in err, "what to begin with"
