"""Citing the laboratory: its parameters, and everything an ensemble was computed from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from careo.base.citations import Source
from careo.results import citable_record as entries
from careo.results.citable import Named, Narrowed, Part, Record

if TYPE_CHECKING:
    from careo.run.ensemble import Ensemble


def parameters(record: Record) -> Iterator[Named]:
    """Those of the table, by id; their symbols are other names."""
    from careo.run.parameter_table import load_table

    for name, parameter in load_table(record.country.key).parameters.items():
        yield Named("parameter", name, parameter, (parameter.symbol,))


def of_parameter(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    """Its sources, and each assumption it rests on."""
    from careo.run.parameter_table import load_table

    parameter = named.thing
    if parameter.sources:
        yield Part(named.name, record.say("parameter", grade=parameter.grade), "", parameter.sources)
    assumptions = load_table(record.country.key).assumptions
    for key in parameter.assumptions:
        source = Source(key, "careo", record.word(assumptions[key]))
        yield Part(named.name, record.say("assumption"), "", (source,))


def of_ensemble(record: Record, named: Named, narrowed: Narrowed) -> Iterator[Part]:
    """The history it goes on from, the levels of other outcomes, its parameters and the levers its strategies move."""
    from careo.run.history import homicide_history

    ensemble: Ensemble = named.thing
    history = homicide_history(record.country)
    yield Part("homicides", record.say("history"), "", history.sources)
    for name, level in ensemble.companions.levels.items():
        known = "memory" if level.unverified else ""
        yield Part(name, record.say("level", period=record.day(str(level.period))), known, level.sources)
    for parameter in parameters(record):
        yield from of_parameter(record, parameter, narrowed)
    moved = {lever for scenario in ensemble.scenarios for lever in scenario.levers}
    for lever in entries.levers(record):
        if lever.name in moved:
            yield from entries.of_lever(record, lever, narrowed)
            yield from entries.beyond_lever(record, lever)
