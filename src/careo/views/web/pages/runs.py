"""Long work: runs and other commands beside the server, how far they are, and what is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.run.runs import Run, find_run, list_runs
from careo.views import contract
from careo.views.runs_verbs import run_data
from careo.views.web.actions import Filled, GoTo, action
from careo.views.web.job import RUNS, Job, job_data
from careo.views.web.page import Asking, Page, Table, address, page
from careo.views.web.team.connection import TeamError
from careo.views.web.team.records import Asked, RunBy

_JOB_LETTERS = 16
_MOST = 40  # askings on the page
_STEP_SECONDS, _LONGEST_SECONDS = 0.5, 1800.0
_ASKED = {"validate": ("validate",), "evaluate": ("evaluate", "list")}
"""Commands without a question that can be sent to the queue from the page."""
_COLUMNS = ("id", "strategies", "months", "start", "draws", "seed", "done", "blocks")
_ASKINGS = ("asked", "person", "command", "state", "run")


@page("/runs", part="runs")
def runs(asking: Asking) -> Page:
    """What is being computed beside the server, and the runs that are kept."""
    found, wrong = list_runs(asking.services.runs)
    told = [at_home(run) for run in found]
    mistakes = [error.render(asking.language) for error in wrong]
    data = contract.envelope("runs list", runs=[run_data(run) for run in told], mistakes=mistakes)
    live = asking.services.jobs.all()  # first: at the start of a server it notes them
    try:
        noted, by = asking.services.team.asked(_MOST), asking.services.team.runs()
    except TeamError as error:  # what stands in folders can still be seen
        noted, by = (), {}
        mistakes = [*mistakes, error.render(asking.language)]
    jobs = _askings(asking, live, noted)
    rows = [
        {
            "id": run.id, "strategies": ", ".join(run.question["strategies"][1:]), "months": run.question["months"],
            "start": run.question["start"], "draws": run.question["draws"], "seed": run.question["seed"], "done": run.done,
            "blocks": run.blocks, "complete": run.complete, "who": _who(by.get(run.id), asking.language),
        }
        for run in told
    ]  # fmt: skip
    return Page(
        template="runs.html",
        title=say(asking.language, "web_runs.title"),
        data=data,
        rows={"jobs": jobs, "runs": rows, "mistakes": mistakes, "people": any(row["person"] for row in jobs)},
        command=("runs", "list"),
        python='from careo.run.runs import list_runs\n\nfor run in list_runs("runs")[0]:\n    print(run.id, run.done, run.blocks)',
        tables={
            "runs": Table(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows]),
            "asked": Table(_ASKINGS, [[row[name] for name in _ASKINGS] for row in jobs]),
        },
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
            rows={
                "job": job,
                "next": next_of(job, asking.language),
                "sentence": state_words(job, asking.language),
            },
            stable=False,
        )
    run = at_home(known_run(asking, name))
    return Page(
        template="run.html",
        title=say(asking.language, "web_runs.run", id=run.id),
        data=contract.envelope("runs show", run=run_data(run)),
        rows={"run": run, "question": run.question, "by": _run_by(asking, run.id)},
        command=("runs", "show", run.id),
        python=f"import careo\n\nfor name, futures in careo.open_run({run.id!r}).items():\n    print(name, futures.draws)",
        stable=False,
    )


@action("/jobs/{name}/events", part="runs", method="GET")
def events(asking: Asking, request: Request, name: str) -> Response:
    """How far a job is, as server-sent events whenever that changes, until it is over."""
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


@action("/runs", part="runs", fields=("kind",))
def ask(asking: Asking, form: Filled) -> GoTo:
    """Sends one of the commands without a question, `kind`, to the queue."""
    kind = form.word("kind")
    if kind not in _ASKED:
        raise CareoError("web_value", where="kind", found=repr(kind[:60]), expected=" | ".join(_ASKED))
    return to_job(asking.services.jobs.ask(_ASKED[kind], asking.language, asking.person))


@action("/runs/{name}/cancel", part="runs")
def cancel(asking: Asking, name: str) -> GoTo:
    """Stops a job; what it computed stays."""
    return to_job(asking.services.jobs.cancel(name))


@action("/runs/{name}/again", part="runs")
def again(asking: Asking, name: str) -> GoTo:
    """Asks a job once more that failed or was stopped."""
    return to_job(asking.services.jobs.again(name, asking.person))


@action("/runs/{name}/remove", part="runs")
def remove(asking: Asking, name: str) -> GoTo:
    """Removes a job and its answer, or a run."""
    from careo.run.runs import remove_run

    if len(name) == _JOB_LETTERS:
        asking.services.jobs.known(name)
        asking.services.jobs.remove(name)
    else:
        remove_run(known_run(asking, name).id, asking.services.runs)
    return GoTo("/runs", contract.envelope("serve", removed=name))


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


def to_job(job: Job) -> GoTo:
    """To the page of a job."""
    return GoTo(f"/runs/{job.id}", contract.envelope("serve", job=job_data(job)))


def next_of(job: Job, language: str) -> str:
    """The address where the answer of a job that is done can be looked at; "" where only its JSON is."""
    if job.state != "done":
        return ""
    if job.run:
        return address(language, f"/compare/{job.run}")
    name, *words = job.command
    if name not in ("evaluate", "compare") or not words:
        return ""
    if words == ["list"]:
        return address(language, f"/{name}")
    rest = words[1:]
    options = dict(pairwise(rest))
    asked = {key: options.get(f"--{key}", "") for key in ("outcome", "quantity", "against")}
    return address(language, f"/{name}/{words[0]}", **asked, sensitivity=1 if "--sensitivity" in rest else "")


def _askings(asking: Asking, live: Sequence[Job], noted: Sequence[Asked]) -> list[dict[str, Any]]:
    """Who asked for what, the newest first: what is still there as its folder tells it, the rest as it was noted."""
    language = asking.language
    rows = [_asking_row(asking, job, state_words(job, language), job.id) for job in live]
    there, latest = {job.id for job in live}, {(job.id, job.asked) for job in live}
    for each in noted:
        asked = each.made.isoformat(timespec="milliseconds")
        if (each.job, asked) in latest:
            continue
        state, link = (each.state or "waiting", each.job) if each.job in there else ("gone", "")
        job = Job(each.job, tuple(each.command), each.language, state, asked=asked, person=each.person, run=each.run)  # fmt: skip
        rows.append(_asking_row(asking, job, say(language, f"web_runs.short.{state}"), link))
    return sorted(rows, key=lambda row: row["asked"], reverse=True)[:_MOST]


def _asking_row(asking: Asking, job: Job, sentence: str, link: str) -> dict[str, Any]:
    return {
        "job": link, "command": asking.typed(job.typed), "state": job.state, "sentence": sentence, "asked": job.asked, "person": job.person,
        "run": job.run,
    }  # fmt: skip


def _run_by(asking: Asking, name: str) -> str:
    try:
        return _who(asking.services.team.runs().get(name), asking.language)
    except TeamError:
        return ""


def _who(by: RunBy | None, language: str) -> str:
    """Who asked for a run and when; "" where nobody noted it."""
    if by is None:
        return ""
    at = f"{by.made:%Y-%m-%d %H:%M}"
    return say(language, "web_runs.by" if by.person else "web_runs.since", who=by.person, at=at)
