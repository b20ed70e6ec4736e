"""Layouts that careo knows by sight and does not read yet: a file of one is answered by its name, and nothing is imported.

ENVIPE tables          workbooks of INEGI's victimisation survey: an index sheet, then a table a sheet under a multi-row header
clandestine graves     prosecutors' counts by municipality, and by year for the nation
US assistance          foreignassistance.gov's export, and an older table of disbursements by objective
OCVED periods          a table by municipality derived from OCVED
"""

from __future__ import annotations

from careo.sources.formats.layout import Layout, Table, key
from careo.sources.tables import DataFile, Sheet

_TITLE_ROWS = 10
_SURVEY = ("envipe", "encuesta_nacional_de_victimizacion")


def _survey(file: DataFile, sheet: Sheet) -> Table | None:
    """A sheet whose title names the survey. It stands in the first rows; the header, of several rows, below it."""
    titles = (key(cell) for row in sheet.head[:_TITLE_ROWS] for cell in row if cell)
    if file.format == "xlsx" and any(name in title for title in titles for name in _SURVEY):
        return Table(file, sheet, -1, {})
    return None


LAYOUTS = (
    Layout("envipe_tables", columns=(), read=None, find=_survey),
    Layout(
        "graves_municipal",
        columns=("state_code", "municipality_code", "num_fosas_total", "num_cuerpos_total"),
        optional=("state_name", "municipality_name"),
        read=None,
    ),
    Layout(
        "graves_national",
        columns=("year", "num_fosas", "num_cuerpos"),
        optional=("num_fosas_change", "num_cuerpos_change"),
        read=None,
    ),
    Layout(
        "us_assistance_by_objective",
        columns=("country_code", "objective_name", "country", "total_disbursed"),
        optional=("gdp_percapita_ppp", "fh_fotp"),
        read=None,
    ),
    Layout(
        "us_assistance",
        columns=(
            "country_code",
            "country_name",
            "transaction_type_name",
            "fiscal_year",
            "current_dollar_amount|current_amount",
        ),
        optional=("constant_dollar_amount|constant_amount", "country_id"),
        # families of columns that describe the giver, the purpose and the activity; the export has some fifty of them
        pattern=r"(region|income_group|managing|implementing|international|us|funding|foreign_assistance|aid_type|activity|submission|transaction_type)_.*",
        read=None,
    ),
    Layout(
        "ocved_municipal_periods",
        columns=("cvegeo",),
        optional=("pob_conapo", "internet_pct", "dist_capital_km"),
        pattern=r"(v|n_orgs|n_celulas|f|p|c|tasa100k|tasa_eb|wc)_(hist_|calderon_|reciente_|w\d).*",
        read=None,
    ),
)
