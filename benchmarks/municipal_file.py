"""The yardstick of reading: SESNSP's national municipal file in the official layout, and the usual way to read it.

    python -m benchmarks.municipal_file FILE [--years N]     write the file
    python -m benchmarks.municipal_file FILE --pandas        read it with pandas; prints seconds and megabytes

Names of places and categories are real, every value is invented; only the national sums of the four crimes that careo counts are
those published, so that an import keeps them. The file has what real ones have: Windows-1252, CRLF, codes without their leading
zero, December of one year written as 1.0, and the months to come left blank.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

MONTHS = ("Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio", "Julio", "Agosto", "Septiembre", "Octubre", "Noviembre", "Diciembre")  # fmt: skip
HEADER = (
    "Año",
    "Clave_Ent",
    "Entidad",
    "Cve. Municipio",
    "Municipio",
    "Bien jurídico afectado",
    "Tipo de delito",
    "Subtipo de delito",
    "Modalidad",
    *MONTHS,
)
FIRST_YEAR = 2015
MONTHS_IN_LAST_YEAR = 9
SUBTYPES = {
    "Homicidio doloso": "homicide_sesnsp_case_files",
    "Feminicidio": "feminicide_victims.case_files",
    "Secuestro": "kidnapping_case_files",
    "Extorsión": "extortion_victims.case_files",
}
"""What the dataset's card counts, and the series that has its national sums."""

_DATA = Path(__file__).resolve().parents[1] / "src" / "careo" / "data" / "mexico"
_SEED = 20150101


def write_municipal_file(path: Path, *, years: int = 10) -> int:
    """Write the file; the same bytes whenever it is written. Ten years are 2.4 million rows, about 350 MB.

    Returns:
        The number of rows.
    """
    places, categories = _places(), _table("catalogues/sesnsp_2015.csv")
    written = 0
    with path.open("wb") as out:
        out.write(_line(HEADER))
        for year in range(FIRST_YEAR, FIRST_YEAR + years):
            last = year == FIRST_YEAR + years - 1
            counts = _counts(year, len(places), [category["subtype"] for category in categories])
            heads = [_line((str(year), *place))[:-2] for place in places]
            kinds = [b"," + _line(tuple(category.values()))[:-2] + b"," for category in categories]
            point = b".0" if year == FIRST_YEAR + years // 2 else b""
            blanks = b"," * (len(MONTHS) - MONTHS_IN_LAST_YEAR) if last else b""
            months = MONTHS_IN_LAST_YEAR if last else len(MONTHS)
            for head, by_category in zip(heads, counts[:, :, :months].tolist(), strict=True):
                rows = (
                    head + kind + ",".join(map(str, row)).encode() + (blanks or point) + b"\r\n"
                    for kind, row in zip(kinds, by_category, strict=True)
                )
                out.write(b"".join(rows))
            written += len(places) * len(categories)
    return written


def pandas_way(path: Path) -> pd.DataFrame:
    """What an analyst writes: the whole file into memory, one row a month, dates, sums, and a table of places by months.

    Returns:
        Case files, rows municipality and subtype, columns month.
    """
    import pandas as pd

    table = pd.read_csv(path, encoding="latin-1")
    long: Any = table.melt(
        id_vars=list(HEADER[:9]), value_vars=list(MONTHS), var_name="Mes", value_name="Carpetas"
    )
    number = long["Mes"].map({month: place for place, month in enumerate(MONTHS, start=1)})
    dates: Any = {"year": long["Año"], "month": number, "day": 1}
    long["Fecha"] = pd.to_datetime(dates)
    long["Clave"] = long["Cve. Municipio"].astype(str).str.zfill(5)
    sums = long.groupby(["Clave", "Subtipo de delito", "Fecha"])["Carpetas"].sum(min_count=1).reset_index()
    wanted = sums[sums["Subtipo de delito"].isin(SUBTYPES)]
    return wanted.pivot(index=["Clave", "Subtipo de delito"], columns="Fecha", values="Carpetas")


def pandas_cost(path: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of `pandas_way` in a process of its own (imports are not counted in the seconds)."""
    command = [sys.executable, str(Path(__file__).resolve()), str(path), "--pandas"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return told["seconds"], told["megabytes"]


def _counts(year: int, places: int, subtypes: list[str]) -> np.ndarray:
    """Invented counts [place category month]: many small places, a few large ones, rare and frequent crimes."""
    same = np.random.Generator(np.random.Philox(key=[_SEED, 0]))  # a place stays large, a crime stays rare
    size = same.pareto(1.2, (places, 1, 1)).clip(0, 400)
    rarity = same.gamma(0.25, 1.0, (1, len(subtypes), 1))
    luck = np.random.Generator(np.random.Philox(key=[_SEED, year]))
    counts = luck.poisson(0.3 * size * rarity, (places, len(subtypes), len(MONTHS)))
    for subtype in SUBTYPES:
        at = [place for place, name in enumerate(subtypes) if name == subtype]
        share = np.broadcast_to(size, (places, len(at), len(MONTHS)))
        counts[:, at] = luck.multinomial(_published(subtype, year), share.ravel() / share.sum()).reshape(
            share.shape
        )
    return counts


def _published(subtype: str, year: int) -> int:
    """The national sum of a year, as last published; that of the last year known for later ones."""
    sums = {
        int(row["period"]): int(row["value"])
        for row in _table(f"series/{SUBTYPES[subtype]}.csv")
        if row["place"] == "MX"
    }
    return sums[min(year, max(sums))]


def _places() -> list[tuple[str, str, str, str]]:
    """State's code, state's name, municipality's code, municipality's name; codes without leading zeros."""
    rows = _table("places/places.csv")
    names = {row["code"]: row["name"] for row in rows}
    return [
        (str(int(row["parent"])), names[row["parent"]], str(int(row["code"])), row["name"])
        for row in rows
        if row["kind"] == "municipality"
    ]


def _table(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _line(cells: tuple[str, ...]) -> bytes:
    quoted = (f'"{cell}"' if "," in cell else cell for cell in cells)
    return (",".join(quoted) + "\r\n").encode("cp1252")


def _main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--pandas", action="store_true")
    given = parser.parse_args()
    if not given.pandas:
        print(f"{write_municipal_file(given.path, years=given.years):,} rows")
        return
    import pandas as pd

    del pd  # the import is not what is measured
    begin = time.perf_counter()
    places, months = pandas_way(given.path).shape
    seconds = time.perf_counter() - begin
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": megabytes, "rows": places, "months": months}))


if __name__ == "__main__":
    _main()
