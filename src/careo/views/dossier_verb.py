"""The verb `careo dossier`: an audit on paper."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from careo.base.errors import CareoError, OutputError
from careo.base.files import writing
from careo.base.texts import say
from careo.views import contract
from careo.views.cli import Asked
from careo.views.i18n import one_line
from careo.views.letter import usage, verdicts_asked
from careo.views.printed import FORMS, KINDS, Printed
from careo.views.verbs import audited


def dossier_verb(
    asked: Asked,
    *,
    pages: Sequence[str],
    form: str,
    strategy: str,
    on: str,
    ledger: str,
    date: str,
    paper: str,
    addressee: str,
    signatory: str,
) -> int:
    """`careo dossier [PAGE…] --form page|brief|letter -o FILE`."""
    import careo

    form = form or "brief"
    kind = _kind(asked.out, form)
    result = audited(asked, pages, ledger, date, strategy, on)
    printed = careo.print_dossier(
        result,
        careo.load_country(asked.country),
        form=form,
        kind=kind,
        paper=paper.lower() or "letter",
        language=asked.language,
        addressee=addressee,
        signatory=signatory,
    )
    if asked.out:
        with writing(Path(asked.out)) as draft:
            draft.write_bytes(printed.data)
    elif not asked.json:
        sys.stdout.write(printed.data.decode("utf-8"))
    if asked.json:
        sys.stdout.write(contract.to_json(_data(printed, asked.out)))
    _tell(asked, printed)
    return 0


def _kind(out: str, form: str) -> str:
    """The kind of file that is wanted, looked at before anything is computed."""
    if form not in FORMS:
        raise CareoError("usage_value", expected=" | ".join(FORMS), found=repr(form), option="--form")
    kinds = " | ".join(f".{kind}" for kind in KINDS[form])
    if not out:
        if "txt" in KINDS[form]:
            return "txt"
        raise OutputError("output_needed", where="careo dossier", expected=f"-o FILE ({kinds})")
    suffix = Path(out).suffix.lower()
    if suffix.removeprefix(".") not in KINDS[form]:
        raise OutputError("output_suffix", where=out, expected=kinds, found=suffix or "–")
    return suffix.removeprefix(".")


def _data(printed: Printed, out: str) -> dict[str, object]:
    return contract.envelope(
        "dossier",
        form=printed.form,
        file=out,
        sheets=printed.sheets,
        shown=list(printed.shown),
        hidden=printed.hidden,
        left_out=dict(printed.left_out),
        checksum=printed.checksum,
    )


def _tell(asked: Asked, printed: Printed) -> None:
    key = "letter_shown" if not asked.out else printed.form
    if asked.out and printed.kind == "html" and printed.form != "letter":
        key += "_html"
    shown = len(printed.shown)
    words = {"path": asked.out, "sheets": printed.sheets, "shown": shown, "count": shown + printed.hidden}
    _line(say(asked.language, f"cli.dossier.{key}", **words))
    if printed.left_out:
        why, verdicts = usage(printed.left_out, asked.language), verdicts_asked(asked.language)
        _line(say(asked.language, "cli.dossier.unused", verdicts=verdicts, why=why))


def _line(text: str) -> None:
    print(one_line(text), file=sys.stderr)
