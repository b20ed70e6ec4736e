"""How fast the laboratory is: careo's kernel against the same equations in other tools, and whole processes as a user starts them.

The rival that counts is `numpy_laboratory`: one thread against one thread by processor time, in turn, in one process; two threads against two processes
by the clock, in turn. Making the invented world is outside every clock, and so are starting processes and compiling kernels, unless a row says "process".
Each comparison is a process of its own with one thread for linear algebra, so that nothing before it counts.

    python -m benchmarks.laboratory duel '{"draws": 1000}'      one comparison alone, as JSON
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.processes import ENVIRONMENT, WITHOUT_TOOLS, Took, seconds_until, whole_process

if TYPE_CHECKING:
    from benchmarks.synthetic import World

Row = tuple[str, float | str]

THREADS = 2
PYSD_RUNS, EXPERIMENTS = 20, 5
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def rows(*, quick: bool = False) -> Iterator[Row]:
    """What is measured, in the order it is printed, each when it is known."""
    size = (
        {"months": 24, "draws": 250, "strategies": 3, "rounds": 3} if quick else {"draws": 1000, "rounds": 3}
    )
    whole = measured("duel", size)
    yield from _duel_rows(whole, size)
    for name in ("careo", "numpy"):
        peak = measured("memory", {**_without_rounds(size), "engine": name})["peak_mb"]
        yield f"{_SAID[name]}, one thread, peak [MB]", peak
    small = {"months": 24, "strategies": 3, "rounds": 3}
    for draws in (100, 300) if quick else (100, 300, 1000, 3000):
        yield from _scaling(f"{draws:,} draws", {**small, "draws": draws})
    for places in (8, 32) if quick else (8, 32, 96):
        yield from _scaling(f"{places} places", {**small, "draws": 250, "places": places})
    for name, (ours, theirs) in measured("luck", {}).items():
        yield f"careo's {name} [ns]", ours
        yield f"NumPy's {name} / careo's", theirs / ours
    yield from _others(whole["careo"])
    yield from _processes(quick)


def measured(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What one of `MEASURES` finds in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.laboratory", name, json.dumps(given)],
        env={**ENVIRONMENT, **ONE_THREAD},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"benchmarks.laboratory {name}: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


_SAID = {"careo": "careo", "numpy": "NumPy"}


def _without_rounds(size: Mapping[str, int]) -> dict[str, int]:
    return {key: value for key, value in size.items() if key != "rounds"}


def _duel_rows(found: Mapping[str, float], size: Mapping[str, int]) -> list[Row]:
    strategies, months, draws = size.get("strategies", 7), size.get("months", 72), size["draws"]
    return [
        ("cells: strategies × places × months × draws [million]", strategies * 32 * months * draws / 1e6),
        ("careo, one thread [ns/cell]", found["careo"]),
        ("NumPy, one thread [ns/cell]", found["numpy"]),
        ("NumPy / careo, one thread", found["numpy"] / found["careo"]),
        ("careo, two threads [ns/cell]", found["careo_two"]),
        ("NumPy, two processes [ns/cell]", found["numpy_two"]),
        ("NumPy / careo, two cores", found["numpy_two"] / found["careo_two"]),
        ("careo, two threads / one", found["careo_wall"] / found["careo_two"]),
        ("share of careo's time in counting", 1.0 - found["careo_uncounted"] / found["careo"]),
        ("share of NumPy's time in its generator", found["numpy_sampling"]),
    ]


def _scaling(name: str, size: Mapping[str, int]) -> list[Row]:
    found = measured("duel", {**size, "two": False})
    return [
        (f"careo, {name} [ns/cell]", found["careo"]),
        (f"NumPy / careo, {name}", found["numpy"] / found["careo"]),
    ]


def _others(careo: float) -> Iterator[Row]:
    """The optional tools, by a few draws."""
    for name, label in (
        ("mesa", "Mesa"),
        ("pysd", "PySD, core of one place only"),
        ("ema", "EMA Workbench around NumPy"),
    ):
        found = measured(name, {})
        if "absent" in found:
            yield label, f"skipped: {found['absent']}"
            continue
        yield f"{label} [µs/cell, from {found['draws']} draws]", found["ns"] / 1000
        yield f"{label} / careo", found["ns"] / careo


def _processes(quick: bool) -> Iterator[Row]:
    runs = 3 if quick else 5
    _simulating(1, 1)  # kernels are compiled, if they never were
    yield f"{FIRST} [s]", statistics.median(_first_draws() for _ in range(runs))
    yield from _took("the library, imported and asked for one draw", [_simulating(1, 1) for _ in range(runs)])
    if not quick:
        yield from _took(SIX, [_simulating(6, 1000) for _ in range(3)])
    yield from _took("careo simulate, one strategy, 200 draws", [_command(1, 200) for _ in range(runs)])
    if not quick:
        yield from _took("careo simulate, six strategies, 1,000 draws, all ensembles", [_command(6, 1000)])
    found = measured("slider", {"rounds": 3 if quick else 7})
    yield "two strategies, 200 draws, warm [ms]", found["ms"]
    yield "two strategies, 200 draws, warm, processor time [ms]", found["processor_ms"]
    yield "network model, 1,000 draws, two threads, warm [s]", measured("network", {})["seconds"]


FIRST = "careo simulate from nothing to its first draws on disk"
SIX = "six strategies, 1,000 draws, a whole process"


def _took(name: str, runs: Sequence[Took]) -> list[Row]:
    return [
        (f"{name} [s]", statistics.median(took.seconds for took in runs)),
        (f"{name}, processor time [s]", statistics.median(took.processor for took in runs)),
        (f"{name}, peak [MB]", max(took.peak_mb for took in runs)),
    ]


def _shipped() -> list[str]:
    import careo

    return [name for name in careo.strategies("mexico") if name != "status-quo"]


def _simulating(strategies: int, draws: int) -> Took:
    """A process that imports careo and simulates shipped strategies."""
    code = (
        f"{WITHOUT_TOOLS}import careo\n"
        f"given = [careo.load_strategy(name, 'mexico') for name in {_shipped()[:strategies]!r}]\n"
        f"assert careo.simulate(given, draws={draws}, months=72).failures == 0\n"
    )
    return whole_process(["-c", code])


def _command(strategies: int, draws: int) -> Took:
    """`careo simulate` with an empty folder of runs."""
    with tempfile.TemporaryDirectory() as folder:
        return whole_process(_simulate(_shipped()[:strategies], draws, folder))


def _first_draws() -> float:
    """Seconds from the start of `careo simulate` until a block of the main ensemble stands in its folder, the trial for the estimate before it."""
    with tempfile.TemporaryDirectory() as folder:
        return seconds_until(
            _simulate(["pena-nieto-2013"], 1, folder), lambda: any(Path(folder).glob("*/main.*.npy"))
        )


def _simulate(strategies: Sequence[str], draws: int, folder: str) -> list[str]:
    arguments = ["simulate", *strategies, "--draws", str(draws), "-o", folder]
    return ["-c", f"{WITHOUT_TOOLS}sys.argv[1:] = {arguments!r}\nfrom careo.__main__ import main\nmain()"]


# ── one comparison, in a process of its own ──────────────────────────────────────────────────────────────────────


def duel(*, rounds: int = 3, two: bool = True, **size: int) -> dict[str, float]:
    """careo and NumPy in turn on one world [ns/cell], medians of the rounds; and how much of each is counting."""
    from benchmarks.numpy_laboratory import in_blocks
    from benchmarks.synthetic import world

    given = world(**size)
    blocks = _blocks(given)
    silent = [(first, block.uncounted()) for first, block in blocks]
    sampling: list[float] = []
    seconds: dict[str, list[float]] = {}

    def numpy_run() -> None:
        sampling.append(in_blocks(given, 1)[1])

    in_turn: dict[str, tuple[Callable[[], object], Callable[[], float]]] = {
        "careo": (lambda: _by_careo(blocks), time.process_time),
        "careo_uncounted": (lambda: _by_careo(silent), time.process_time),
        "numpy": (numpy_run, time.process_time),
    }
    blocks[0][1].block(0, 1).by_careo()
    if two:
        threads = ThreadPoolExecutor(THREADS)
        processes = ProcessPoolExecutor(THREADS, get_context("spawn"), _prepare, (size,))
        pieces = [(first, min(_PIECE, given.size[3] - first)) for first in range(0, given.size[3], _PIECE)]
        list(
            processes.map(_piece, [(0, 1)] * 4 * THREADS)
        )  # both have imported everything and made their world
        in_turn |= {
            "careo_wall": (lambda: _by_careo(blocks), time.perf_counter),
            "careo_two": (lambda: list(threads.map(_one, blocks)), time.perf_counter),
            "numpy_two": (lambda: list(processes.map(_piece, pieces)), time.perf_counter),
        }
    for _ in range(rounds):
        for name, (work, clock) in in_turn.items():
            begin = clock()
            work()
            seconds.setdefault(name, []).append(clock() - begin)
    if two:
        threads.shutdown()
        processes.shutdown()
    found = {name: statistics.median(took) / given.cells * 1e9 for name, took in seconds.items()}
    found["numpy_sampling"] = statistics.median(
        drawn / took for drawn, took in zip(sampling, seconds["numpy"], strict=True)
    )
    return found


_PIECE = 125
"""Draws a process takes at a time: smaller than its best block, so that both have as much to do."""


def _blocks(given: World) -> list[tuple[int, World]]:
    from careo.run.ensemble import BLOCK

    return [(first, given.block(first, BLOCK)) for first in range(0, given.size[3], BLOCK)]


def _one(block: tuple[int, World]) -> object:
    return block[1].by_careo(block[0])


def _by_careo(blocks: Sequence[tuple[int, World]]) -> None:
    for block in blocks:
        _one(block)


_world: list[World] = []


def _prepare(size: Mapping[str, int]) -> None:
    """In each of the processes: the same world, before the clock starts."""
    from benchmarks.synthetic import world

    _world.append(world(**size))


def _piece(piece: tuple[int, int]) -> object:
    from benchmarks.numpy_laboratory import Consumed, run

    return run(_world[0].block(*piece), Consumed(1 + piece[0]))


def memory(*, engine: str, **size: int) -> dict[str, float]:
    """Peak memory [MB] of one engine on one thread, the invented world, the libraries and the results of all draws included."""
    from benchmarks.numpy_laboratory import BLOCK as NUMPY_BLOCK
    from benchmarks.numpy_laboratory import Consumed, run
    from benchmarks.synthetic import world
    from careo.run.ensemble import BLOCK

    given = world(**size)
    block = BLOCK if engine == "careo" else NUMPY_BLOCK
    kept = []
    for first in range(0, given.size[3], block):
        part = given.block(first, block)
        kept.append(part.by_careo(first) if engine == "careo" else run(part, Consumed(1 + first)))
    return {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _RSS_UNIT}


_RSS_UNIT = 1024 * 1024 if sys.platform == "darwin" else 1024


def slider(*, rounds: int) -> dict[str, float]:
    """A warm process answers for two strategies and the status quo by 200 draws [ms by the clock, and of processor time]."""
    import careo

    given = [careo.load_strategy(name, "mexico") for name in _shipped()[:2]]
    country = careo.load_country("mexico")
    clock, processor = [], []
    for _ in range(rounds + 1):
        begin, busy = time.perf_counter(), time.process_time()
        careo.simulate(given, country, draws=200, months=72)
        clock.append(time.perf_counter() - begin)
        processor.append(time.process_time() - busy)
    # the first round loads kernels
    return {
        "ms": statistics.median(clock[1:]) * 1000,
        "processor_ms": statistics.median(processor[1:]) * 1000,
    }


def network() -> dict[str, float]:
    """The published network model on an invented network of its size: 150 groups, 130 ties of each kind, 15 years."""
    import numpy as np

    from careo.model import cartels2023

    rng = np.random.Generator(np.random.Philox(1))
    rivalries, alliances = (
        [
            (int(one), int(other), float(weight))
            for one, other, weight in zip(
                rng.integers(0, 75, 130), rng.integers(75, 150, 130), rng.integers(1, 4, 130), strict=True
            )
        ]
        for _ in range(2)
    )
    given = cartels2023.network(150, rivalries, alliances)
    factors = rng.lognormal(0.0, 0.2, (2, 1000))
    parameters = cartels2023.with_levers(
        cartels2023.PUBLISHED, recruitment=factors[0], incapacitation=factors[1]
    )
    first = cartels2023.first_groups(given, cartels2023.PUBLISHED_MEMBERS)
    took = []
    for weeks in (52, 780, 780, 780):
        begin = time.perf_counter()
        cartels2023.simulate(given, first, parameters, weeks, threads=THREADS)
        took.append(time.perf_counter() - begin)
    return {"seconds": statistics.median(took[1:])}


def _optional(draws: int, work: Callable[[Any], float]) -> dict[str, float | str]:
    """What an optional tool takes, or why it was not asked."""
    from benchmarks import other_tools

    try:
        return {"ns": work(other_tools), "draws": draws}
    except ImportError as missing:
        return {"absent": f"{missing.name} is not installed; {other_tools.INSTALL}"}


def mesa() -> dict[str, float | str]:
    """Mesa on 32 places, 72 months and seven strategies, one draw."""
    from benchmarks.synthetic import world

    return _optional(1, lambda tools: tools.mesa_cost(world(draws=1)))


def pysd() -> dict[str, float | str]:
    """PySD on one place, a run of 72 months a draw."""
    return _optional(PYSD_RUNS, lambda tools: tools.pysd_cost(PYSD_RUNS))


def ema() -> dict[str, float | str]:
    """The EMA Workbench around NumPy, a draw of seven strategies an experiment."""
    from benchmarks.synthetic import world

    return _optional(EXPERIMENTS, lambda tools: tools.ema_cost(world(draws=1), EXPERIMENTS))


def luck() -> dict[str, tuple[float, float]]:
    """One draw of careo's and of NumPy's luck, outside any model."""
    from benchmarks.luck import counting

    return counting()


MEASURES: dict[str, Callable[..., dict[str, Any]]] = {
    "duel": duel, "luck": luck, "memory": memory, "slider": slider, "network": network, "mesa": mesa, "pysd": pysd, "ema": ema,
}  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    name, *given = arguments
    sys.stdout.write(json.dumps(MEASURES[name](**json.loads(given[0] if given else "{}"))) + "\n")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main(sys.argv[1:]))
