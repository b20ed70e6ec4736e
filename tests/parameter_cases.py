"""Draws of parameters, and Toyland with a table of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from careo.base.shipped import country_folder
from careo.panel import Country, load_country
from careo.run.parameters import Parameters, draw_parameters
from worlds import new_world

MEXICO, TOYLAND = load_country("mexico"), load_country("toyland")
COUNTRIES = {"mexico": MEXICO, "toyland": TOYLAND}


def drawn(country: Country = TOYLAND, places: tuple[str, ...] = (), **asked: Any) -> Parameters:
    """Forty draws of seed 7, unless asked otherwise."""
    return draw_parameters(
        country, places or country.places.states, **{"seed": 7, "first_draw": 0, "draws": 40, **asked}
    )


Change = Callable[[dict[str, Any]], object]
"""What a test does to a table."""


def land_with(folder: Path, change: Change) -> Country:
    """Toyland with its table changed."""
    folder.mkdir()
    world = new_world(folder)
    table = yaml.safe_load((country_folder("toyland") / "parameters.yaml").read_text(encoding="utf-8"))
    change(table)
    world.write("parameters.yaml", table)
    return load_country(str(world.folder))
