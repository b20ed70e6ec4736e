"""Put the questions of a country that compare its states to the shipped record once more, and keep the answers as evidence.

`python tools/write_own_evidence.py mexico [NAME …]` writes `levers/own/NAME.yaml`, what `careo evaluate NAME --to-registry` writes, for every
evaluation of state level that compares places and bears on a lever. Run it again when the record, a design or a check changes, and say in
CHANGELOG under *Numbers* which verdict or number is another. Imported data are not looked at. About half a minute for Mexico.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def compared_by_state(country: str) -> list[str]:
    """Names of the evaluations whose answers are kept."""
    from careo.evidence.events import load_evaluations

    return [
        name
        for name, asked in load_evaluations(country).items()
        if asked.level == "state" and asked.design == "by_places" and asked.lever
    ]


def main(country: str, *names: str) -> int:
    """Writes the files; 1 where a name is none of theirs."""
    from careo import evaluate, load_country
    from careo.results.own_evidence import registry_text

    known = compared_by_state(country)
    if unknown := set(names) - set(known):
        print(f"not kept: {', '.join(sorted(unknown))}; kept are {', '.join(known)}", file=sys.stderr)
        return 1
    folder = ROOT / "src" / "careo" / "data" / country / "levers" / "own"
    folder.mkdir(exist_ok=True)
    for name in names or known:
        result = evaluate(name, load_country(country))
        (folder / f"{name}.yaml").write_text(registry_text(result), encoding="utf-8", newline="\n")
        print(f"{name}: {result.verdict.word}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    with tempfile.TemporaryDirectory() as empty:
        os.environ["CAREO_HOME"] = empty
        sys.exit(main(*sys.argv[1:]))
