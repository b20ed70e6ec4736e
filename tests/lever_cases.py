"""A small country of one lever and one study, for tests of the registry."""

from __future__ import annotations

from pathlib import Path

from careo.base.citations import load_sources
from careo.base.errors import CareoError
from careo.evidence.levers import read_lever
from careo.evidence.studies import read_studies

LEVER = """\
id: lamps
code: T1
name: {en: Lamps, es: Lámparas}
what: {en: More lamps., es: Más lámparas.}
full_dose: {en: A lamp each., es: Una lámpara por persona.}
dose_unit: {name: {en: lamps a head, es: lámparas por persona}, symbol: l}
effects:
- {mechanisms: [homicide], mean: -0.10, sd: 0.20}
lag: {kernel: gamma, months: 6}
grade: D
evidence_from: none
prior_basis: {en: Our judgement., es: Juicio nuestro.}
unverified: {en: All of it., es: Todo.}
studies: [one-2001]
interactions:
- {with: conflict, note: {en: With conflict., es: Con conflicto.}}
cost:
  value: 20
  low: 10
  high: 40
  currency: TOY
  price_year: 2020
  basis: {en: Guessed., es: Supuesto.}
sources: [one-2001]
verified: memory
"""
STUDIES = """\
studies:
- key: one-2001
  authors: One
  year: '2001'
  about: {en: Lamps, es: Lámparas}
  design: panel
  place: {en: Here, es: Aquí}
  outcome: {en: thefts, es: robos}
  result: {en: Fewer., es: Menos.}
  speaks_to: [homicide]
  verified: excerpt
  estimates:
  - {outcome: {en: thefts, es: robos}, metric: relative_change, value: -0.2, low: -0.3, high: -0.1, speaks_to: homicide, verified: excerpt}
"""
REFERENCES = "one-2001: {producer: One, title: Lamps}\n"
CARD = "key: nowhere\n"


def lever_world(folder: Path, lever: str = LEVER, studies: str = STUDIES, name: str = "lamps") -> Path:
    """The file of a lever in a country that has nothing else."""
    (folder / "levers").mkdir(parents=True, exist_ok=True)
    (folder / "country.yaml").write_text(CARD, encoding="utf-8")
    (folder / "references.yaml").write_text(REFERENCES, encoding="utf-8")
    (folder / "levers" / "studies.yaml").write_text(studies, encoding="utf-8")
    path = folder / "levers" / f"{name}.yaml"
    path.write_text(lever, encoding="utf-8")
    return path


def mistakes_of(folder: Path, lever: str) -> tuple[CareoError, ...]:
    """What is wrong with a lever of this text."""
    path = lever_world(folder, lever)
    sources = load_sources.__wrapped__(str(folder))
    known, _ = read_studies(folder / "levers" / "studies.yaml", sources)
    return read_lever(path, {study.key: study for study in known}, sources)[1]
