"""Layouts known by sight: a precise answer, and nothing imported."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest

from careo.base.errors import DataError
from careo.sources.formats import read, recognise
from careo.sources.tables import open_data

SHARED = Path(__file__).resolve().parents[2] / "shared/data"
GRAVES = "state_code,state_name,municipality_code,municipality_name,num_fosas_total,num_cuerpos_total\n07,Chiapas,001,Acacoyagua,2,3\n"
YEARS = "year,num_fosas,num_fosas_change,num_cuerpos,num_cuerpos_change\n2006,2,0,7,0\n"
OBJECTIVES = '"country.code","objective.name","country","total.disbursed","gdp.percapita.ppp","fh.fotp"\n"MX","Peace","Mexico",5,1,2\n'
EXPORT = (
    "Country ID,Country Code,Country Name,Region ID,Region Name,Income Group Name,Managing Agency Name,"
    "Managing Sub-agency or Bureau Name,Implementing Partner Name,International Sector Name,US Category Name,US Sector Name,"
    "Funding Account Name,Foreign Assistance Objective Name,Aid Type Group Name,Activity Name,Activity Start Date,"
    "Transaction Type Name,Fiscal Year,Current Dollar Amount,Constant Dollar Amount\n"
    "1,MEX,Mexico,1,x,x,x,x,x,x,x,x,x,x,x,x,2020-01-01,Obligations,2020,5,5\n"
)
PERIODS = "cvegeo,pob_conapo,V_hist_0018,N_orgs_hist_0018,tasa100k_w2018,WC_calderon_0611\n01001,5,1,2,3,4\n"


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        (GRAVES, "graves_municipal"),
        (YEARS, "graves_national"),
        (OBJECTIVES, "us_assistance_by_objective"),
        (EXPORT, "us_assistance"),
        (PERIODS, "ocved_municipal_periods"),
    ],
)
def test_a_known_layout_is_named_and_not_read(tmp_path: Path, text: str, layout: str) -> None:
    path = tmp_path / "downloaded.csv"
    path.write_text(text, encoding="utf-8")
    with open_data(path) as file:
        found, table = recognise(file)
        with pytest.raises(DataError, match=rf"layout '{layout}', which careo knows and does not read yet"):
            read(found, table)


def workbook(path: Path, title: str) -> Path:
    """An XLSX file of two sheets, the least that a reader of workbooks takes."""
    sheets = {
        "Índice": [[title], [], ["3.1", "Delitos"]],
        "3.1": [[title], [], ["Entidad", "Delitos"], ["Colima", "5"]],
    }
    main, relations = (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://schemas.openxmlformats.org",
    )
    office, kind = (
        f"{relations}/officeDocument/2006/relationships",
        "application/vnd.openxmlformats-officedocument.spreadsheetml",
    )
    names = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
    links = "".join(
        f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    package = f"{relations}/package/2006"
    with ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package'
            f'.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{parts}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" '
            f'Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{names}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships">{links}</Relationships>',
        )
        for n, rows in enumerate(sheets.values(), 1):
            lines = "".join(
                f'<row r="{line}">'
                + "".join(
                    f'<c r="{"ABC"[place]}{line}" t="inlineStr"><is><t>{cell}</t></is></c>'
                    for place, cell in enumerate(row)
                )
                + "</row>"
                for line, row in enumerate(rows, 1)
            )
            archive.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
            )
    return path


def test_a_survey_workbook_is_told_by_its_title(tmp_path: Path) -> None:
    title = "INEGI. Encuesta Nacional de Victimización y Percepción sobre Seguridad Pública 2030 (ENVIPE). Tabulados básicos."
    with open_data(workbook(tmp_path / "b.xlsx", title)) as file:
        found, table = recognise(file)
        with pytest.raises(DataError, match="'envipe_tables'"):
            read(found, table)
    with (
        open_data(workbook(tmp_path / "c.xlsx", "Encuesta Nacional de Ocupación")) as file,
        pytest.raises(DataError),
    ):
        recognise(file)


def test_graves_with_another_column_name_are_told_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text(GRAVES.replace("num_cuerpos_total", "cuerpos"), encoding="utf-8")
    with (
        open_data(path) as file,
        pytest.raises(DataError, match=r"graves_municipal.*lacks: num_cuerpos_total.*cuerpos"),
    ):
        recognise(file)


@pytest.mark.realdata
@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not beside the project")
@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("survey/III_denuncia_delito_2014_est.xlsx", "envipe_tables"),
        ("survey/III_denuncia_delito_2023_est.xlsx", "envipe_tables"),
        ("disappeared/graves_municipal_counts.csv", "graves_municipal"),
        ("disappeared/graves_national_per_year.csv", "graves_national"),
        ("money/us_foreign_assistance_fad_2013.csv", "us_assistance_by_objective"),
        ("cartels/ocved_municipal_periods.parquet", "ocved_municipal_periods"),
    ],
)
def test_the_real_files_are_known_by_sight(name: str, layout: str) -> None:
    with open_data(SHARED / name) as file:
        assert recognise(file)[0].key == layout


def test_a_parquet_file_is_known_like_a_csv(tmp_path: Path) -> None:
    pl.DataFrame({"year": [2006], "num_fosas": [2], "num_cuerpos": [7]}).write_parquet(tmp_path / "g.parquet")
    with open_data(tmp_path / "g.parquet") as file:
        assert recognise(file)[0].key == "graves_national"
