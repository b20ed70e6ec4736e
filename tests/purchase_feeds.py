"""Files of made-up purchases, and feeding them to a watch as its verbs do: file by file, going on where it was left off."""

from __future__ import annotations

import csv
import io
import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from careo.record.purchases.rule_files import load_rules
from careo.record.purchases.rules import Rule
from careo.record.purchases.signals import Signal
from careo.record.purchases.state import State
from careo.record.purchases.watch import Taken, Watch
from careo.sources.civil import Clock
from careo.sources.formats.purchase_table import Terms
from careo.sources.packages import read_packages, series_of
from careo.sources.persons import Door

TERMS = Terms(Clock("America/Mexico_City"), Door(b"k" * 32, "mexico"), "MXN")


def rules() -> tuple[Rule, ...]:
    """Those of Mexico."""
    found = load_rules("mexico")
    assert found is not None
    return tuple(found.by_id.values())


def feed(
    state: State,
    files: Iterable[Path],
    *,
    by: Sequence[Rule] | None = None,
    seen: int | None = None,
    **options: Any,
) -> list[Taken]:
    """Take files in, one after the other, and settle after each one. What an earlier feeding left unsettled is settled first."""
    watch = Watch(state, rules() if by is None else by, "MXN")
    taken: list[Taken] = []
    if _between_files(state):
        watch.settle()
    for file in files:
        digest = sha256(file.read_bytes()).hexdigest()
        before, done, parts, line, offset = watch.known(series_of(str(file)), file.name) or (
            "",
            False,
            0,
            None,
            None,
        )
        if before != digest:
            done, parts, line, offset = False, 0, None, None
        if done and not options:
            continue
        start = (1, 0) if line is None or offset is None else (line, offset)
        with closing(read_packages(file, terms=TERMS, seen=seen, start=start, part=parts)) as packages:
            taken += (watch.take(package, **options) for package in packages)
        watch.settle()
    return taken


def _between_files(state: State) -> bool:
    row = state.rows("SELECT done FROM file ORDER BY id DESC LIMIT 1").fetchone()
    return bool(row and row[0])


def fed(path: Path, files: Iterable[Path], **options: Any) -> list[Taken]:
    """As `feed`, of the state at `path`, which is closed again."""
    with closing(State(path)) as state:
        return feed(state, files, **options)


def killed(path: Path, files: Sequence[Path], at: int) -> int:
    """Feed files in a process that is killed (SIGKILL) at the `at`-th step of its database; 0 for never.

    Returns:
        How many steps it took, or -1 if it was killed.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        steps = 0

        def step() -> int:
            nonlocal steps
            steps += 1
            if steps == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return 0

        try:
            state = State(path)
            state._db.set_progress_handler(step, 500)  # pyright: ignore[reportPrivateUsage] - of SQLite's virtual machine
            feed(state, files)
            os.write(writing, str(steps).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return int(told) if told else -1


def dumped(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that a state holds, but how long it took."""
    with closing(State(path, writable=False)) as state:
        tables = [name for (name,) in state.rows("SELECT name FROM sqlite_master WHERE type='table'")]
        return {
            name: sorted(state.rows(f"SELECT * FROM {name}").fetchall(), key=repr)  # noqa: S608
            for name in tables
            if name not in ("latency", "sqlite_sequence")
        }


def standing(path: Path) -> list[Signal]:
    """Signals that stand, without what depends on when and where they were seen: file and line, revision and times told."""
    with closing(State(path, writable=False)) as state:
        found = [one for _, one in state.told()]
    last = {one.id: one for one in found}
    return sorted((_bare(one) for one in last.values() if one.standing), key=lambda one: one.id)


def _bare(one: Signal) -> Signal:
    evidence = tuple(
        msgspec.structs.replace(each, name="", sha256="", line=0, pointer="") for each in one.evidence
    )
    return msgspec.structs.replace(one, evidence=evidence, state="raised", revision=1, told=0)


CONTRACT_COLUMNS = {
    "rfc": "AAA010101AA1",
    "Institución": "INSTITUTO INVENTADO",
    "Nombre de la UC": "COORDINACION INVENTADA",
    "Clave de la UC": "050XYZ001",
    "Proveedor o contratista": "ACME DE MEXICO SA DE CV",
    "Número de procedimiento": "AA-50-XYZ-050XYZ001-N-1-2026",
    "Tipo Procedimiento": "ADJUDICACIÓN DIRECTA POR MONTO",
    "Tipo de contratación": "ADQUISICIONES",
    "Ley": "LEY DE ADQUISICIONES, ARRENDAMIENTOS Y SERVICIOS DEL SECTOR PÚBLICO",
    "Artículo de excepción": "ART. 55",
    "Descripción excepción": "",
    "Partida específica": "25301",
    "Importe DRC": "1000.00",
    "Estratificación": "",
    "Compra consolidada": "NO",
    "Fecha de publicación": "2026-01-20 10:00:00",
    "Fecha de fallo": "2026-02-10 12:00:00",
    "Fecha de firma del contrato": "",
    "Fecha de inicio del contrato": "15/02/2026",
    "Descripción del contrato": "BIENES",
    "Dirección del anuncio": "https://example.org/1",
}
"""The columns of the table of contracts of Compras MX, with a row of it."""


def contracts_table(rows: Iterable[Mapping[str, str]]) -> str:
    """A table of contracts; each row says what is other than in `CONTRACT_COLUMNS`."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(CONTRACT_COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**CONTRACT_COLUMNS, **row} for row in rows)
    return text.getvalue()
