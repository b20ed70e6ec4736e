"""Other places for a measure, as written on a command line: codes, a mask file, or those with the highest rates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import CareoError
from careo.base.files import is_file
from careo.panel import Country
from careo.panel.monthly import load_panel
from careo.record.strategy import Strategy
from careo.run.history import municipal_series
from careo.run.place_selection import mask_places, top_places

if TYPE_CHECKING:
    import xarray as xr

_WRITTEN = re.compile(r"(?:(?P<strategy>[^:=]+):)?(?P<measure>[^:=]+)=(?P<places>.+)")
_TOP = re.compile(r"top:(?P<count>\d{1,5})")
_CODES = re.compile(r"[^,./\\]+(,[^,./\\]+)*")


def chosen_places(
    written: Sequence[str], strategies: Sequence[Strategy], country: Country
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Strategy → measure → codes, of "MEASURE=PLACES" or "STRATEGY:MEASURE=PLACES".

    PLACES: codes with commas between, the path of a mask file, or top:N, the N municipalities with the highest rates over the
    last twelve months of the municipal series that knows most of them. What a scenario finds wrong with codes it says itself.

    Raises:
        CareoError: not of that form; no strategy has the measure, or several have; no municipal record to rank by.
        DataError: the mask cannot be read, or fewer than N places can be ranked.
    """
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for text in written:
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise CareoError("run_where", where="--where", found=repr(text), fix="run_where")
        measure, named = match["measure"], match["strategy"]
        owners = [
            s for s in strategies if named in (None, s.slug) and any(m.id == measure for m in s.measures)
        ]
        if len(owners) != 1:
            key = "run_where_several" if owners else "run_where_measure"
            known = ", ".join(m.id for s in strategies for m in s.measures)
            raise CareoError(
                key, where="--where", found=repr(text), expected="" if owners else known,
                fix="run_where_several" if owners else "",
            )  # fmt: skip
        found.setdefault(owners[0].slug, {})[measure] = _places(match["places"], country)
    return found


def _places(text: str, country: Country) -> tuple[str, ...]:
    top = _TOP.fullmatch(text)
    if top:
        return _worst(country, int(top["count"]))
    if is_file(text) or not _CODES.fullmatch(text):
        return mask_places(text, country)
    return tuple(dict.fromkeys(code.strip() for code in text.split(",")))


def _worst(country: Country, count: int) -> tuple[str, ...]:
    """Ranked over the last twelve months of the series that knows most municipalities then."""
    best: tuple[int, str, xr.Dataset] | None = None
    for name in municipal_series(country):
        try:
            panel = load_panel(country, places=["municipality"], indicators=[name])
        except CareoError as error:
            if error.key != "panel_no_months":
                raise
            continue
        known = int((~np.isnan(panel[name].to_numpy()[:, -12:])).all(axis=1).sum())
        if panel.sizes["month"] >= 12 and (best is None or known > best[0]):
            best = known, name, panel
    if best is None:
        expected = ", ".join(municipal_series(country)) or "–"
        raise CareoError("municipal_none", where=country.key, expected=expected, fix="municipal_data")
    _, name, panel = best
    last = date.fromisoformat(str(panel["month"].to_numpy()[-1])[:10])
    return top_places(panel, count, name, last)
