"""Long work: runs and other commands beside the server, how far they are, and what is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.run.runs import Run, find_run, list_runs
from careo.views import contract
from careo.views.runs_verbs import run_data
from careo.views.web.jobs import RUNS, Job, Jobs, job_data
from careo.views.web.page import Asking, Page, Table, address, extra, page

_JOB_LETTERS = 16
_STEP_SECONDS, _LONGEST_SECONDS = 0.5, 1800.0
_ASKED = {"validate": ("validate",), "evaluate": ("evaluate", "list")}
"""Commands without a question that can be sent to the queue from the page."""
_COLUMNS = ("id", "strategies", "months", "start", "draws", "seed", "done", "blocks")


@page("/runs", part="runs")
def runs(asking: Asking) -> Page:
    """What is being computed beside the server, and the runs that are kept."""
    found, wrong = list_runs(asking.services.runs)
    told = [at_home(run) for run in found]
    mistakes = [error.render(asking.language) for error in wrong]
    data = contract.envelope("runs list", runs=[run_data(run) for run in told], mistakes=mistakes)
    rows = [
        {
            "id": run.id, "strategies": ", ".join(run.question["strategies"][1:]), "months": run.question["months"],
            "start": run.question["start"], "draws": run.question["draws"], "seed": run.question["seed"], "done": run.done,
            "blocks": run.blocks, "complete": run.complete,
        }
        for run in told
    ]  # fmt: skip
    return Page(
        template="runs.html",
        title=say(asking.language, "web_runs.title"),
        data=data,
        rows={"jobs": asking.services.jobs.all(), "runs": rows, "mistakes": mistakes},
        command=("runs", "list"),
        python='from careo.run.runs import list_runs\n\nfor run in list_runs("runs")[0]:\n    print(run.id, run.done, run.blocks)',
        tables={"runs": Table(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])},
        stable=False,
    )


@page("/runs/{name}", part="runs")
def one_run(asking: Asking, name: str) -> Page:
    """A run that is kept, or something that is being computed."""
    if len(name) == _JOB_LETTERS:
        job = asking.services.jobs.known(name)
        return Page(
            template="job.html",
            title=say(asking.language, "web_runs.job"),
            data=contract.envelope("serve", job=job_data(job)),
            rows={"job": job, "next": _next(job, asking.services.jobs)},
            command=job.command if "{out}" not in job.command else (),
            stable=False,
        )
    run = at_home(known_run(asking, name))
    return Page(
        template="run.html",
        title=say(asking.language, "web_runs.run", id=run.id),
        data=contract.envelope("runs show", run=run_data(run)),
        rows={"run": run, "question": run.question},
        command=("runs", "show", run.id),
        python=f"import careo\n\nfor name, futures in careo.open_run({run.id!r}).items():\n    print(name, futures.draws)",
        stable=False,
    )


@extra("GET", "/jobs/{name}/events")
async def events(asking: Asking, request: Request, name: str) -> Response:
    """How far a job is, told whenever that changes, until it is over."""
    jobs = asking.services.jobs
    jobs.known(name)

    async def told() -> AsyncIterator[str]:
        last, waited = "", 0.0
        while waited < _LONGEST_SECONDS and not await request.is_disconnected():
            job = await asyncio.to_thread(jobs.find, name)
            if job is None:
                yield "event: gone\ndata: {}\n\n"
                return
            now = json.dumps(
                {**job_data(job), "sentence": state_words(job, asking.language)}, ensure_ascii=False
            )
            if now != last:
                last = now
                yield f"event: {'over' if job.over else 'progress'}\ndata: {now}\n\n"
            if job.over:
                return
            await asyncio.sleep(_STEP_SECONDS)
            waited += _STEP_SECONDS

    return StreamingResponse(told(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@extra("POST", "/runs")
async def ask(asking: Asking, request: Request) -> Response:
    """Sends one of the commands without a question to the queue."""
    fields = parse_qs((await request.body())[:4000].decode("utf-8", "replace"))
    kind = fields.get("kind", [""])[0]
    if kind not in _ASKED:
        raise CareoError("web_value", where="kind", found=repr(kind[:60]), expected=" | ".join(_ASKED))
    job = await asyncio.to_thread(asking.services.jobs.ask, _ASKED[kind], asking.language)
    return RedirectResponse(address(asking.language, f"/runs/{job.id}"), 303)


@extra("POST", "/runs/{name}/cancel")
def cancel(asking: Asking, name: str) -> Response:
    """Stops a job; what it computed stays."""
    asking.services.jobs.cancel(name)
    return RedirectResponse(address(asking.language, f"/runs/{name}"), 303)


@extra("POST", "/runs/{name}/again")
def again(asking: Asking, name: str) -> Response:
    """Asks a job once more that failed or was stopped."""
    asking.services.jobs.again(name)
    return RedirectResponse(address(asking.language, f"/runs/{name}"), 303)


@extra("POST", "/runs/{name}/remove")
def remove(asking: Asking, name: str) -> Response:
    """Removes a job and its answer, or a run."""
    from careo.run.runs import remove_run

    if len(name) == _JOB_LETTERS:
        asking.services.jobs.known(name)
        asking.services.jobs.remove(name)
    else:
        remove_run(known_run(asking, name).id, asking.services.runs)
    return RedirectResponse(address(asking.language, "/runs"), 303)


# ── shared ───────────────────────────────────────────────────────────────────────────────────────────────────────


def known_run(asking: Asking, name: str) -> Run:
    """A run of the home by its id; a name is never a path.

    Raises:
        CareoError: there is none.
    """
    if not name.isalnum():
        raise CareoError("web_no_run", found=repr(name[:60]))
    return find_run(name, asking.services.runs)


def state_words(job: Job, language: str) -> str:
    """How far a job is, as a sentence."""
    words: dict[str, Any] = {"done": job.done, "whole": job.whole, "told": job.told}
    key = f"{job.state}_numbers" if job.state == "running" and job.whole else job.state
    return say(language, f"web_runs.state.{key}", **words)


def at_home(run: Run) -> Run:
    """The run as a command in the home sees it."""
    return replace(run, path=Path(RUNS) / run.id)


def _next(job: Job, jobs: Jobs) -> str:
    """Where the answer of a job that is done can be looked at, as a path after the language; "" where only its JSON is."""
    if job.state != "done" or job.command[0] != "simulate":
        return ""
    try:
        told = json.loads((jobs.folder / job.id / "answer.json").read_bytes())
        return f"/compare/{told['run']['id']}"
    except (OSError, ValueError, KeyError):
        return ""
