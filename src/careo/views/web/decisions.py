"""What somebody wrote into the form of a statement → a decision, refused by the same rules as a ledger edited by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from careo.base.errors import CareoError, LedgerError
from careo.base.texts import say
from careo.panel import Country
from careo.record.ledger import CORRECTABLE, DECISIONS, Entry, check_indicators, ledger_of
from careo.views.i18n import clean, one_line
from careo.views.web.team.records import Decision

KEEPING = ("mine", "theirs", "both")
_LONGEST_NOTE = 4000  # characters


def entry_words(words: Mapping[str, str], entry: Entry, country: Country) -> dict[str, Any]:
    """Decision, corrections and note of a form.

    Raises:
        CareoError: it is no decision, or its corrections make no sense; in the words of the ledger.
    """
    decision = words.get("decision", "").strip()
    if decision not in DECISIONS:
        raise CareoError("check_decision", expected=" | ".join(DECISIONS), found=repr(decision[:40]))
    correct = {name: value for name in CORRECTABLE if (value := one_line(words.get(name, ""), 200))}
    if correct and decision != "correct":
        raise CareoError("check_correcting", found=", ".join(correct), fix="check_correcting")
    note = clean(words.get("note", "").replace("\r\n", "\n")).strip()
    if len(note) > _LONGEST_NOTE:
        raise CareoError("check_note", found=str(len(note)), limit=_LONGEST_NOTE)
    told = {"kind": entry.kind, "quote": entry.quote, "decision": decision, "correct": correct, "note": note}
    text = yaml.safe_dump({"careo": "ledger", "pages": [{"source": "form", "statements": [told]}]})
    try:
        read = ledger_of(text)
        check_indicators(read, country.indicators)
    except LedgerError as error:  # its lines are those of a file that nobody sees
        raise LedgerError(
            error.key,
            expected=error.expected,
            found=error.found,
            fix=error.fix,
            **error.words,  # pyright: ignore[reportArgumentType]
        ) from error
    made = read.pages[0].entries[0]
    return {"decision": decision, "correct": dict(made.correct), "note": note}


def decided_by(decision: Decision, language: str) -> str:
    """Who decided."""
    return one_line(decision.person, 80) or say(language, "web_check.this_machine")
