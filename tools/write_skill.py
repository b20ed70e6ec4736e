"""Writes how well the forecaster did before to a country's skill.yaml, from careo.validate.

Usage: .venv/bin/python tools/write_skill.py [COUNTRY]; the same record and constants give the same bytes.
"""

from __future__ import annotations

import sys

import careo
from careo.base.files import writing
from careo.base.shipped import country_folder
from careo.results.skill_record import measure_skill, skill_text


def main(country: str = "mexico") -> None:
    """Measures and writes."""
    path = country_folder(country) / "skill.yaml"
    text = skill_text(measure_skill(careo.load_country(country)))
    with writing(path) as draft:
        draft.write_text(text, encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main(*sys.argv[1:2])
