"""Quality flags and the days between which an undated page was written."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from careo.base.errors import DataError
from careo.base.shipped import shipped
from careo.base.texts import say
from careo.sources.documents import Document, Flag, read

SHARED = Path(__file__).parents[1] / ".." / "shared"
FILLER = (
    "The towns of the coast have waited for the officers of the new force since the harvest of last year, and they wait still.\n"
    "Nothing in the plan explains who pays for the boats that the officers need to reach the towns of the coast in winter.\n"
)


def page(*lines: str, day: str = "3 May 2020") -> Document:
    return read("\n".join(["Officers for the coast", day, "", FILLER, *lines]).encode())


def flags(document: Document) -> dict[str, Flag]:
    return {flag.code: flag for flag in document.flags}


def test_a_page_that_quotes_nobody_says_so() -> None:
    assert "no_named_source" in flags(
        page("Critics argue that the plan is late, and officials in Mexico said little about it.")
    )


@pytest.mark.parametrize(
    "line",
    [
        "“We will be there,” said Laura Quiñones, who runs the office.",
        "Durazo said on Monday that the boats would come before the winter.",
        "According to Human Rights Watch, the towns have waited for years.",
        "The boats will come, the head of the office, Pablo Ruiz, told reporters.",
    ],
)
def test_a_page_that_credits_somebody_is_not_flagged(line: str) -> None:
    assert "no_named_source" not in flags(page(line))


def test_spanish_sources_are_seen_too() -> None:
    text = (
        "Los pueblos de la costa esperan a los agentes desde la cosecha del año pasado, y todavía los esperan.\n"
        * 2
    )
    assert "no_named_source" in flags(
        read((text + "Los críticos aseguran que el plan llega tarde.").encode())
    )
    assert "no_named_source" not in flags(
        read((text + "De acuerdo con el INEGI, la población de la costa creció.").encode())
    )
    assert "no_named_source" not in flags(
        read((text + "El plan llega tarde, dijo la alcaldesa Norma Cázares.").encode())
    )


def test_figures_are_looked_for_in_the_article_only() -> None:
    document = page("", "Related articles", "Port sees 187 murders in a single year, most of them at night")
    found = flags(document)
    assert "no_figure_in_body" in found
    (span,) = found["figures_only_in_related"].spans
    assert document.text[slice(*span)].startswith("187")
    assert "no_figure_in_body" not in flags(page("Last year 187 people were killed on the coast."))


def test_small_number_words_are_no_figure() -> None:
    assert "no_figure_in_body" in flags(
        page("The plan strains the friendship between the two nations of the coast.")
    )


def test_a_president_out_of_office_on_the_day_of_publication_is_flagged() -> None:
    document = page("Mexican President Felipe Calderón wants 40 boats for the coast.", day="5 February 2016")
    flag = flags(document)["date_contradicts_office_holders"]
    assert flag.words["last"] == "2012-11-30" and "Felipe Calderón" in flag.words["named"]
    (span,) = flag.spans
    assert document.text[slice(*span)] == flag.words["named"]


@pytest.mark.parametrize(
    "line",
    [
        "Former president Felipe Calderón wanted 40 boats for the coast.",
        "In 2008 President Felipe Calderón bought 40 boats for the coast.",
        "President Enrique Peña Nieto bought more boats than his predecessor, President Felipe Calderón.",
        "President Enrique Peña Nieto wants 40 boats. The war of President Felipe Calderón had left none.",
        "Felipe Calderón wanted 40 boats for the coast.",
    ],
)
def test_who_is_spoken_of_as_out_of_office_is_not_flagged(line: str) -> None:
    assert "date_contradicts_office_holders" not in flags(page(line, day="5 February 2016"))


def test_a_broken_table_of_office_holders_is_named_when_a_page_is_read(tmp_path: Path) -> None:
    folder = shutil.copytree(shipped("toyland"), tmp_path / "toyland")
    table = folder / "office_holders.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("2012-03-01", "once"), encoding="utf-8")
    with pytest.raises(DataError, match=r"office_holders\.csv:2: this is not a period"):
        read(b"The lord mayor, Barnaby Tock, opened a bridge on Monday in the old town.", country=str(folder))


def test_office_holders_date_a_page_that_states_no_date() -> None:
    document = page(
        "US President Joe Biden met Mexican President Andrés Manuel López Obrador on Monday.", day=""
    )
    assert document.published is None
    assert document.dated == (date(2021, 1, 20), date(2024, 9, 30))
    assert "no_date" in flags(document)


def test_a_title_behind_the_name_counts_and_a_president_elect_does_not() -> None:
    assert page("Barack Obama, the US president, visits the coast.", day="").dated == (
        date(2009, 1, 20),
        date(2017, 1, 19),
    )
    assert (
        page("Mexico's president-elect Andrés Manuel López Obrador visits the coast.", day="").dated is None
    )
    assert page("Vice President Joe Biden visits the coast.", day="").dated is None


def test_the_latest_year_spoken_of_as_past_moves_the_earliest_day() -> None:
    line = "El presidente Enrique Peña Nieto visitó los pueblos de la costa y prometió cuarenta lanchas para la temporada.\n"
    years = "En 2016 hubo ahí 187 víctimas, según el gobierno del estado, y para 2030 se esperan menos de la mitad.\n"
    assert read((line + years).encode()).dated == (date(2016, 1, 1), date(2018, 11, 30))
    assert read(line.encode()).dated == (date(2012, 12, 1), date(2018, 11, 30))


def test_near_duplicate_paragraphs_are_shown_together() -> None:
    one = "The harbour office will buy forty boats with the money of the fuel tax, the mayor announced to the council."
    document = page(one, one.replace("forty boats", "boats").replace("announced", "said"))
    flag = flags(document)["near_duplicate_paragraphs"]
    assert [document.text[slice(*span)][:18] for span in flag.spans] == ["The harbour office"] * 2
    assert "near_duplicate_paragraphs" not in flags(page(one))


def test_a_passage_in_another_language_is_shown() -> None:
    document = page(
        "",
        "Los pueblos de la costa esperan a los agentes desde la cosecha del año pasado, y todavía los esperan en vano.",
    )
    flag = flags(document)["passage_in_another_language"]
    assert flag.words["languages"] == "español" and len(flag.spans) == 1


def test_every_flag_has_its_sentence_in_both_languages() -> None:
    document = page("Mexican President Felipe Calderón wants boats for the coast.", day="5 February 2016")
    for flag in document.flags:
        for language in ("en", "es"):
            assert "{" not in say(language, f"flags.{flag.code}", **flag.words)


@pytest.mark.realdata
def test_the_generated_seed_page_is_told_by_its_flags() -> None:
    seeds = sorted((SHARED / "seeds").glob("003_*.txt"))
    if not seeds:
        pytest.skip("../shared is not here")
    assert {"no_named_source", "no_figure_in_body", "date_contradicts_office_holders"} <= set(
        flags(read(seeds[0]))
    )
