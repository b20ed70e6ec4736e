"""A small strategy file in which everything stands once, to be broken; and nouns as a file has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

from careo.base.errors import CareoError
from careo.record.strategy import read_strategy

SMALL = """\
schema: careo.strategy/1
slug: small-plan
country: TY
title: {en: A small plan, es: Un plan pequeño}
actor: {en: The mayor, es: La alcaldesa}
announced: '2020-01-15'
period: {start: '2020-01-01', end: '2022-12-31'}
summary: {en: One lamp., es: Una lámpara.}
compiled: '2023-01-31'
components:
  light: {en: Light, es: Luz}
pledges:
- id: law
  text: {en: A law on lamps, es: Una ley de lámparas}
  component: light
  act: request
  addressee: {en: The Assembly, es: La Asamblea}
  kind: legal
  deadline: '2021-06-30'
  measurable: yes
  test: {ladder: night-laws, track: lighting, goal: in_force}
  alternatives:
  - name: {en: Lit streets, es: Calles con luz}
    no_series: {en: Nobody counts them., es: Nadie las cuenta.}
  quoted: [{source: plan, start: 10, end: 25, hash: '0123456789abcdef'}]
  sources: [plan]
  verified: read
  coverage: answered
- id: thefts
  text: {en: Fewer thefts, es: Menos robos}
  act: pledge
  kind: outcome
  deadline: '2022'
  measurable: partly
  why_not: {en: Reported thefts only., es: Sólo robos denunciados.}
  test: {indicator: lantern_thefts_watch, at_most: 4000, unit: reports}
  sources: [gazette]
  verified: excerpt
  coverage: answered
- id: money
  text: {en: Money for lamps, es: Dinero para lámparas}
  act: pledge
  kind: money
  measurable: yes
  test: {money: street-lamps, stage: spent, period: '2021', at_least: 100, currency: TYD}
  sources: [plan]
  verified: read
  coverage: answered
- id: kind
  text: {en: Be kind, es: Ser amables}
  act: position
  kind: position
  measurable: no
  why_not: {en: Nothing to count., es: Nada que contar.}
  sources: [plan]
  verified: memory
  coverage: recorded
  coverage_note: {en: Words., es: Palabras.}
- id: wait
  text: {en: Short waits, es: Esperas cortas}
  act: pledge
  kind: outcome
  measurable: yes
  no_series: {en: Not in the books., es: No está en los libros.}
  sources: [plan]
  verified: read
  coverage: answered
measures:
- id: lamps
  name: {en: Lamps, es: Lámparas}
  lever: street-lighting
  direction: -1
  direction_note: {en: Taken down., es: Retiradas.}
  where: [T1, T2]
  start: '2020-06'
  end: '2022'
  announced: {value: 400, unit: {en: lamps, es: lámparas}, date: '2020'}
  delivered:
  - {date: '2021-07', value: 250, unit: {en: lamps taken, es: lámparas retiradas}, sources: [plan], verified: read}
  dose:
    basis: delivered
    divide_by: 1000
    value: 0.25
    low: 0.2
    high: 0.3
    how: {en: 250 ÷ 1000, es: 250 entre 1000}
    grade: C
  cost: {value: 900, low: 800, high: 1000, currency: TYD}
  sources: [plan]
  verified: read
  coverage: later
  coverage_note: {en: For the laboratory., es: Para el laboratorio.}
budget:
- line: street-lamps
  role: {en: Light, es: Luz}
  flows:
  - {stage: spent, amount: 70.25, currency: TYD, period: '2021', sources: [plan], verified: read}
  - {stage: spent, amount: 30, currency: TYD, period: '2022', sources: [plan], verified: read}
  parts: {posts: 60.25, oil: 40}
  coverage: answered
constraints:
- id: homes
  text: {en: No searches, es: Sin registros}
  no_series: {en: Not counted., es: No se cuentan.}
  rule: {en: none, es: ninguno}
  sources: [plan]
  verified: read
  coverage: answered
sources:
  plan: {producer: The mayor, title: A plan, seen: read}
"""


def mistakes(folder: Path, text: str) -> tuple[CareoError, ...]:
    """What is wrong with a strategy file of this text, in order."""
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        return read_strategy(path, "toyland")[1]
    except CareoError as error:
        return (error,)


def line_number(error: CareoError) -> int:
    """The line that a mistake names."""
    return int(error.where.rpartition(":")[2])


def plain(noun: Any) -> Any:
    """A noun as a file has it: keys by their name there, nothing that is its default."""
    if is_dataclass(noun):
        hints = get_type_hints(type(noun), include_extras=True)
        card: dict[str, Any] = {}
        for one in fields(noun):
            value = getattr(noun, one.name)
            default = one.default if one.default_factory is MISSING else one.default_factory()
            extras = getattr(hints[one.name], "__metadata__", ())
            name = next((extra.alias for extra in extras if getattr(extra, "alias", None)), one.name)
            if value != default:
                card[name] = plain(value)
        return card
    if isinstance(noun, Mapping):
        return {key: plain(value) for key, value in noun.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(noun, tuple):
        return [plain(item) for item in noun]  # pyright: ignore[reportUnknownVariableType]
    return float(noun) if isinstance(noun, Decimal) else noun
