"""What past measures did: the questions that can be asked, and each with its answer."""

from __future__ import annotations

from careo.base.fields import worded
from careo.base.texts import say
from careo.evidence.events import load_evaluations, load_outcomes
from careo.views import contract
from careo.views.evaluate_verb import evaluation_data
from careo.views.web.jobs import OUT
from careo.views.web.page import Asking, Page, Table, page, shipped


@page("/evaluate", part="evaluate")
def evaluations(asking: Asking) -> Page:
    """Every evaluation that can be asked of the record."""
    known = load_evaluations(asking.country)
    data = [evaluation_data(each, asking.country, asking.language) for each in known.values()]
    outcomes = load_outcomes(asking.country)
    rows = [
        {
            "id": each.id,
            "name": worded(each.name, asking.language),
            "question": worded(each.question, asking.language),
            "outcome": worded(outcomes[each.outcome].name, asking.language),
            "first": each.period.partition("/")[0],
            "last": each.period.partition("/")[2],
        }
        for each in known.values()
    ]
    columns = ("id", "name", "question", "outcome", "first", "last")
    return Page(
        template="evaluations.html",
        title=say(asking.language, "web_evaluate.title"),
        data=contract.envelope("evaluate", evaluations=data),
        rows={"evaluations": rows},
        command=("evaluate", "list"),
        python="import careo\n\nfor evaluation in careo.load_evaluations().values():\n    print(evaluation.id, evaluation.question)",
        tables={"evaluations": Table(columns, [[row[name] for name in columns] for row in rows])},
    )


@page("/evaluate/{name}", part="evaluate")
def evaluation(asking: Asking, name: str, outcome: str = "") -> Page:
    """What one measure did, or why nobody can tell."""
    asked = shipped(name, load_evaluations(asking.country), "usage_evaluation")
    if outcome:
        shipped(outcome, load_outcomes(asking.country), "usage_evaluated_outcome")
    command = ("evaluate", asked.id, *(("--outcome", outcome) if outcome else ()))
    data, folder = asking.services.jobs.result((*command, "-o", OUT), asking.language)
    found = data["findings"][0]
    given = repr(asked.id) + (f", outcome={outcome!r}" if outcome else "")
    return Page(
        template="evaluation.html",
        title=worded(asked.name, asking.language),
        data=data,
        rows={"finding": found, "evaluation": data["evaluation"]},
        command=command,
        python=f"import careo\n\nprint(careo.evaluate({given}).verdict)",
        pictures={path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.svg"))},
    )
