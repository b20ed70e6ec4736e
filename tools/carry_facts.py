"""Carry the compiled figures of ../shared/facts over into src/careo/data/mexico, in careo's own layout.

Run it again whenever the tables there change: `python tools/carry_facts.py`. It writes `sources.yaml` and
`series/`; definitions (`indicators.yaml`), places and lexicons are written by hand and are left alone. What it
changes on the way, and why:

* shares stand in percent there and in [0, 1] here;
* Oaxaca's zeros of 2015 and of October 2016 in the SESNSP tables are missing reports, so they become missing,
  and the yearly sums that contain them are not carried;
* publishers, not the copies the figures were read from, are named as producers;
* sums and rates that are cheap and honest are computed and tagged `computed`.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import yaml

from careo.base.dates import parse_period

ROOT = Path(__file__).resolve().parents[1]
FACTS = ROOT / ".." / "shared" / "facts"
MEXICO = ROOT / "src" / "careo" / "data" / "mexico"
HEADER = ("place", "period", "value", "vintage", "source", "verified")
SHARES = ("unreported_share", "prison_unsentenced_share", "homicide_impunity_")
MONTHLY = {
    "inegi_homicides_reg": ("homicide_inegi_registered", "2017-04"),
    "sesnsp_hd_victims": ("homicide_sesnsp_victims", "2025-06"),
    "sesnsp_feminicide": ("feminicide_victims", "2025-06"),
    "sesnsp_hd_firearm": ("homicide_sesnsp_victims.firearm", "2025-06"),
    "sesnsp_kidnap_victims": ("kidnapping_victims", "2025-06"),
    "sesnsp_extortion_victims": ("extortion_victims", "2025-06"),
}
STATES = tuple(f"{n:02d}" for n in range(1, 33))
OAXACA = "20"
# Published repair of intentional homicide and feminicide together (shared/design/DATA.md).
REPAIR = dict(
    zip(
        [f"2015-{m:02d}" for m in range(1, 13)] + ["2016-10"],
        (56, 67, 57, 49, 86, 73, 93, 69, 74, 63, 89, 73, 76),
        strict=True,
    )
)
SESNSP_FIRST_YEARS = ("2015", "2016")
LICENCE_NOTE = """\
# Sources of every value in series/. tier: 1 official table read, 2 research service or study, 3 press excerpt,
# 4 memory (always shown as unverified). Written by tools/carry_facts.py from the project's compiled tables.
#
# On licences. What is embedded are figures, not files. Counts and rates of INEGI, SESNSP, CONAPO, the register of
# the disappeared (RNPDNO), SHCP, SSPC, CNDH, CDC and similar bodies are official public statistics, free to quote with
# their publisher named, which every value here does; where they were read from somebody's copy, the copy is named
# in `note` or `url`. Where the licence of a source is empty it is not established: from such a source only single
# cited values stand here (a newspaper's total, an NGO's yearly count), never its table.
"""

Row = dict[str, str]


def main() -> None:
    """Write sources.yaml and series/ anew."""
    rows = [_carried(row) for row in _read(FACTS / "series.csv") if not _incomplete(row)]
    months = _months()
    rows += _yearly_sums(months, "homicide_sesnsp_victims.firearm")
    rows += _with_feminicide(rows) + _rates(rows)
    by_indicator: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_indicator[row["indicator"]].append(row)
    for old in (MEXICO / "series").rglob("*.csv"):
        old.unlink()
    for indicator, found in sorted(by_indicator.items()):
        found.sort(key=lambda row: (row["place"] != "MX", row["place"], row["period"], row["vintage"]))
        _write(MEXICO / "series" / f"{indicator}.csv", HEADER, found)
    _write_months(months)
    _write_sources({row["source"] for row in rows})


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, header: tuple[str, ...], rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _incomplete(row: Row) -> bool:
    """Yearly sums of Oaxaca that contain months nobody reported."""
    sesnsp = row["source_id"] in ("f_state_month", "f_cf_2023") and not row["indicator"].startswith(
        "homicide_inegi"
    )
    return row["place"] == OAXACA and sesnsp and row["period"] in SESNSP_FIRST_YEARS


def _carried(row: Row) -> Row:
    value = float(row["value"])
    if row["indicator"].startswith(SHARES):
        value /= 100
    period = str(parse_period(row["period"]))
    return _row(
        row["indicator"], row["place"], period, value, row["vintage"], row["source_id"], row["verified"]
    )


def _row(
    indicator: str, place: str, period: str, value: float, vintage: str, source: str, verified: str
) -> Row:
    return {
        "indicator": indicator,
        "place": place,
        "period": period,
        "value": f"{round(value, 6):.15g}",
        "vintage": vintage,
        "source": source,
        "verified": verified,
    }


def _months() -> dict[str, dict[str, Row]]:
    """indicator → month → state → count; what was not reported is absent."""
    months: dict[str, dict[str, Row]] = {indicator: defaultdict(dict) for indicator, _ in MONTHLY.values()}
    for row in _read(FACTS / "state_month.csv"):
        month, state = f"{row['year']}-{int(row['month']):02d}", row["state_code"]
        unreported = state == OAXACA and month in REPAIR and row["sesnsp_hd_victims"] == "0"
        for column, (indicator, _) in MONTHLY.items():
            if row[column] and not (unreported and column.startswith("sesnsp")):
                months[indicator][month][state] = row[column]
    return months


def _yearly_sums(months: dict[str, dict[str, Row]], indicator: str) -> list[Row]:
    """Year totals of a monthly series: states where all twelve months are there, the nation as the sum published."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(list)
    for month, states in months[indicator].items():
        for state, value in states.items():
            sums[state, month[:4]].append(int(value))
            sums["MX", month[:4]].append(int(value))
    vintage = next(v for i, v in MONTHLY.values() if i == indicator)
    return [
        _row(indicator, place, year, sum(values), vintage, "f_state_month", "computed")
        for (place, year), values in sums.items()
        if place == "MX" or len(values) == 12
    ]


def _with_feminicide(rows: list[Row]) -> list[Row]:
    """Intentional homicide plus feminicide, wherever both were published in the same vintage."""
    feminicides = {
        (r["place"], r["period"], r["vintage"]): r for r in rows if r["indicator"] == "feminicide_victims"
    }
    pairs = [
        (row, feminicides[key])
        for row in rows
        if row["indicator"] == "homicide_sesnsp_victims"
        and (key := (row["place"], row["period"], row["vintage"])) in feminicides
    ]
    sums = [
        _row(
            "homicide_sesnsp_victims.plus_feminicide",
            row["place"],
            row["period"],
            float(row["value"]) + float(other["value"]),
            row["vintage"],
            row["source"],
            "computed",
        )
        for row, other in pairs
    ]
    repaired = [
        _row(
            "homicide_sesnsp_victims.plus_feminicide",
            OAXACA,
            month,
            count,
            "2026-11",
            "oaxaca_repair",
            "excerpt",
        )
        for month, count in REPAIR.items()
    ]
    return sums + repaired


def _rates(rows: list[Row]) -> list[Row]:
    """Deaths and victims per 100,000 CONAPO inhabitants, for the states and years that have both."""
    people = {(r["place"], r["period"]): float(r["value"]) for r in rows if r["indicator"] == "population"}
    newest: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = (row["indicator"], row["place"], row["period"])
        if key not in newest or row["vintage"] >= newest[key]["vintage"]:
            newest[key] = row
    bases = {
        "homicide_inegi_registered": "homicide_inegi_rate.computed",
        "homicide_sesnsp_victims": "homicide_sesnsp_rate",
    }
    return [
        _row(
            bases[indicator],
            place,
            period,
            round(float(row["value"]) / people[place, period] * 100_000, 2),
            row["vintage"],
            "computed_rates",
            "computed",
        )
        for (indicator, place, period), row in newest.items()
        if indicator in bases
        and (place, period) in people
        and not (indicator == "homicide_inegi_registered" and place == "MX")  # carried from the facts already
    ]


def _write_months(months: dict[str, dict[str, Row]]) -> None:
    index: dict[str, dict[str, str]] = {}
    for indicator, vintage in MONTHLY.values():
        table = [{"month": month, **states} for month, states in sorted(months[indicator].items())]
        _write(MEXICO / "series" / "monthly" / f"{indicator}.csv", ("month", *STATES), table)
        index[indicator] = {"vintage": vintage, "source": "f_state_month", "verified": "read", "whole": "MX"}
    head = (
        "# What the wide monthly tables beside this file hold: month by row, place by column, empty = not reported.\n"
        "# `whole` is the place whose month is the sum of all columns, given only when every column is filled.\n"
    )
    text = yaml.safe_dump(index, sort_keys=True)
    (MEXICO / "series" / "monthly" / "index.yaml").write_text(head + text, encoding="utf-8")


def _write_sources(used: set[str]) -> None:
    sources: dict[str, dict[str, object]] = {}
    for key, given in yaml.safe_load((FACTS / "sources.yaml").read_text(encoding="utf-8")).items():
        if key not in used:
            continue
        url = given["url"] if str(given["url"]).startswith("http") else ""
        sources[key] = {
            "producer": PRODUCERS.get(key, given["publisher"]),
            "title": given["title"],
            "url": url,
            "published": str(given["published"]),
            "accessed": str(given["accessed"]),
            "licence": given["licence"] or "",
            "tier": given["tier"],
            "note": given["note"] or "",
        }
    sources |= OWN
    unknown = used - sources.keys()
    if unknown:
        raise SystemExit(f"values cite sources that nobody describes: {sorted(unknown)}")
    text = yaml.safe_dump(sources, sort_keys=False, allow_unicode=True, width=110)
    (MEXICO / "sources.yaml").write_text(LICENCE_NOTE + text, encoding="utf-8")


# Who made the figures, where the compiled tables name the copy or nobody.
PRODUCERS = {
    "f_state_month": "INEGI; SESNSP",
    "f_trends_pc": "INEGI; Prieto-Curiel et al.",
    "f_rivalry": "Presidencia de la República",
    "lit_c": "several publishers, as read in excerpts",
    "mem": "from memory, not verified",
    "computed_inegi_registered": "computed by careo from INEGI",
    "gn_2020": "Guardia Nacional, via Animal Político",
    "gn_2020b": "Guardia Nacional, via El Universal",
    "graves_2019": "CNB and Quinto Elemento Lab",
    "rnped_2017": "SESNSP (RNPED), via BuzzFeed",
    "rnped_2018": "SESNSP (RNPED), via press",
    "cndh_2008": "CNDH, via press",
}
OWN: dict[str, dict[str, object]] = {
    "oaxaca_repair": {
        "producer": "published repair of the SESNSP figures for Oaxaca (publisher not recorded)",
        "title": "Intentional homicide and feminicide victims in Oaxaca for months first reported as zero",
        "url": "",
        "published": "",
        "accessed": "2026-11-21",
        "licence": "",
        "tier": 3,
        "note": "both crimes together; the split is not published, so homicide alone stays missing for these months",
    },
    "computed_rates": {
        "producer": "computed by careo from INEGI, SESNSP and CONAPO",
        "title": "Deaths or victims per 100,000 inhabitants (CONAPO mid-year population)",
        "url": "",
        "published": "2026-11-21",
        "accessed": "2026-11-21",
        "licence": "Apache-2.0",
        "tier": 1,
        "note": "newest vintage of the count over the 2023 population revision; published rates differ by up to about 2%",
    },
}

if __name__ == "__main__":
    main()
