"""The verbs `careo runs …`, and what all verbs about runs share.

`--out` names the folder of runs, and of `runs export` the folder to make.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError, NetworkError, OutputError
from careo.base.texts import say
from careo.results.wording import number, period_words
from careo.views import contract
from careo.views.cli import Asked
from careo.views.progress import end_progress, tell_progress, watched
from careo.views.terminal import Screen

if TYPE_CHECKING:
    from careo.run.run_plan import Variant
    from careo.run.runs import Run

RUNS = "runs"


def runs_list_verb(asked: Asked) -> int:
    """`careo runs list`: what was run, and what is wrong with folders that look like a run."""
    from careo.run.runs import list_runs

    folder = asked.out or RUNS
    found, wrong = list_runs(folder)
    screen, language = Screen(), asked.language
    if asked.json:
        mistakes = [error.render(language) for error in wrong]
        block = {"runs": [run_data(run) for run in found], "mistakes": mistakes}
        screen.write(contract.to_json(contract.envelope("runs list", **block)))
        return int(asked.strict and bool(wrong))
    if not found and not wrong:
        screen.line(view(asked, "none", folder=folder))
    keys = ("id", "strategies", "months", "start_month", "draws", "seed", "state")
    rows = [
        [
            run.id,
            ", ".join(run.question["strategies"][1:]) or "–",
            str(run.question["months"]),
            run.question["start"],
            str(run.question["draws"]),
            str(run.question["seed"]),
            _state(asked, run),
        ]
        for run in found
    ]
    if rows:
        screen.table([view(asked, f"head.{key}") for key in keys], rows, right=(2, 4, 5), whole=(0, 3))
    for error in wrong:
        screen.line(error.render(language))
    return int(asked.strict and bool(wrong))


def runs_show_verb(asked: Asked, *, name: str) -> int:
    """`careo runs show RUN`: what was asked, what it rests on, how far it is."""
    from careo.run.runs import find_run, same_model

    run = find_run(name, asked.out or RUNS)
    screen, question = Screen(), run.question
    if asked.json:
        screen.write(contract.to_json(contract.envelope("runs show", run=run_data(run))))
        return 0
    strategies = ", ".join(question["strategies"])
    words = {key: question[key] for key in ("months", "draws", "seed")}
    start = period_words(question["start"], asked.language)
    screen.line(
        view(asked, "show.question", id=run.id, strategies=strategies, start=start, **words), style="bold"
    )
    screen.line(view(asked, "show.state", state=_state(asked, run), path=run.path))
    given = question["members_nation"]
    screen.line(
        view(asked, "show.members", members=number(given)) if given else view(asked, "show.members_drawn")
    )
    screen.line(_constants(asked, run))
    if question["places"] == "municipality":
        screen.line(view(asked, "show.municipal", id=run.id))
    screen.line(view(asked, "show.ensembles", names="; ".join(_ensemble(asked, v) for v in run.variants)))
    screen.line(view(asked, "show.computed", **run.computed_by), style="dim")
    if not same_model(run):
        screen.line(view(asked, "show.other_model"), style="dim")
    return 0


def runs_resume_verb(asked: Asked, *, name: str, cluster: str) -> int:
    """`careo runs resume RUN`: computes the blocks that are missing or damaged."""
    from careo.run.runs import find_run, resume_run

    online(asked, cluster)
    folder = asked.out or RUNS
    path = find_run(name, folder).path
    run = working(
        asked,
        path,
        lambda told: resume_run(path.name, path.parent, cluster=cluster, progress=told),
    )
    screen = Screen()
    if asked.json:
        screen.write(contract.to_json(contract.envelope("runs resume", run=run_data(run))))
    else:
        screen.line(view(asked, "resumed", id=run.id, blocks=run.blocks, name=named(asked, run.id)))
    return 0


def runs_export_verb(asked: Asked, *, name: str) -> int:
    """`careo runs export RUN -o FOLDER`: every draw as Parquet."""
    from careo.run.shards import export_run

    if not asked.out:
        raise OutputError("output_needed", where="careo runs export", expected="-o FOLDER")
    shards = export_run(name, asked.out, RUNS)
    screen = Screen()
    if asked.json:
        block = {"folder": asked.out, "shards": [asdict(shard) for shard in shards]}
        screen.write(contract.to_json(contract.envelope("runs export", **block)))
    else:
        rows = number(sum(shard.rows for shard in shards))
        screen.line(view(asked, "exported", rows=rows, files=len(shards), folder=asked.out))
    return 0


def runs_remove_verb(asked: Asked, *, names: Sequence[str]) -> int:
    """`careo runs remove RUN…`."""
    from careo.run.runs import remove_run

    screen, removed = Screen(), list[str]()
    for name in names:
        removed.append(remove_run(name, asked.out or RUNS))
        if not asked.json:
            screen.line(view(asked, "removed", id=removed[-1]))
    if asked.json:
        screen.write(contract.to_json(contract.envelope("runs remove", removed=removed)))
    return 0


# ── shared ──────────────────────────────────────────────────────────────────────────────────────────────────────


def run_data(run: Run) -> dict[str, Any]:
    """A run as the JSON contract has it."""
    return {
        "id": run.id,
        "path": str(run.path),
        "question": dict(run.question),
        "ensembles": [{"name": v.name, "draws": v.draws, "members_nation": v.members_nation, "without": list(v.without)}
                      for v in run.variants],
        "constants_sha256": run.constants_key,
        "computed_by": dict(run.computed_by),
        "blocks": run.blocks,
        "done": run.done,
        "complete": run.complete,
    }  # fmt: skip


def _ensemble(asked: Asked, variant: Variant) -> str:
    """The name of an ensemble, as exported files have it, and what it is."""
    from careo.run.run_plan import MAIN, WITHOUT_D

    kind = {MAIN: "main", WITHOUT_D: "without_d"}.get(variant.name, "members")
    return view(
        asked, f"show.ensemble.{kind}", name=variant.name, members=number(variant.members_nation or 0)
    )


def _constants(asked: Asked, run: Run) -> str:
    """Which constants the forecaster of a run has."""
    from careo.run.calibrate import load_calibration

    try:
        shipped = load_calibration(run.question["country"]).key
    except CareoError:  # a country that is no longer there
        shipped = ""
    return view(
        asked,
        "show.constants" if shipped == run.constants_key else "show.constants_other",
        constants=run.constants_key[:12],
    )


def _state(asked: Asked, run: Run) -> str:
    return (
        view(asked, "complete") if run.complete else view(asked, "partial", done=run.done, blocks=run.blocks)
    )


def working(asked: Asked, path: Path, work: Callable[[Callable[[int, int], None] | None], Run]) -> Run:
    """Runs with a line of progress on a terminal; whoever stops it is told how to go on, where there is something to go on with.

    Args:
        path: folder of the run.
    """
    from careo.run.run_manifest import MANIFEST

    def told(done: int, blocks: int) -> None:
        tell_progress(view(asked, "progress", done=done, blocks=blocks), done, blocks)

    try:
        return work(told if watched() else None)
    except KeyboardInterrupt:
        key = "stopped" if (path / MANIFEST).exists() else "stopped_at_once"
        tell(asked, key, name=named(asked, path.name, path))
        raise
    finally:
        end_progress()


def online(asked: Asked, cluster: str) -> None:
    """Refuses a cluster where the network is forbidden."""
    if cluster and asked.offline:
        raise NetworkError("cluster_offline", where=cluster, fix="cluster_offline")


def named(asked: Asked, id_: str, path: Path | None = None) -> str:
    """How the run is named on the command line: by its id, or by its path when it stands in another folder."""
    folder = path.parent if path else Path(asked.out or RUNS)
    return id_ if folder == Path(RUNS) else str(folder / id_)


def tell(asked: Asked, key: str, **words: object) -> None:
    """A sentence on stderr."""
    print(view(asked, key, **words), file=sys.stderr)


def view(asked: Asked, key: str, **words: object) -> str:
    """A sentence of texts/{en,es}/simulate.yaml."""
    return say(asked.language, f"simulate.{key}", **words)
