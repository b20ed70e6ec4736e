"""careo brings a public-security strategy face to face with the record.

    import careo

    document = careo.read("speech.html")
    statements = careo.statements(document)
    panel = careo.load_panel()
    for finding in careo.check_figures(statements, panel):
        print(finding)

Every name below is loaded when it is first used, so `import careo` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from careo.base.citations import Source as Source
    from careo.base.errors import CareoError as CareoError
    from careo.panel import Panel as Panel
    from careo.panel import load_panel as load_panel
    from careo.panel.indicators import Indicator as Indicator
    from careo.panel.revisions import compare_editions as compare_editions
    from careo.panel.series import Series as Series
    from careo.record.ledger import Ledger as Ledger
    from careo.record.ledger import read_ledger as read_ledger
    from careo.record.statements import Statement as Statement
    from careo.results.audit import Audit as Audit
    from careo.results.audit import audit as audit
    from careo.results.audit import check as check
    from careo.results.figures import check_figures as check_figures
    from careo.results.finding import Finding as Finding
    from careo.results.linking import statements as statements
    from careo.sources.documents import Document as Document
    from careo.sources.documents import read as read
    from careo.views.contract import schema as schema
    from careo.views.dossier import dossier as dossier

__version__ = "0.1.0"

_HOMES = {
    "Audit": "careo.results.audit",
    "CareoError": "careo.base.errors",
    "Document": "careo.sources.documents",
    "Finding": "careo.results.finding",
    "Indicator": "careo.panel.indicators",
    "Ledger": "careo.record.ledger",
    "Panel": "careo.panel",
    "Series": "careo.panel.series",
    "Source": "careo.base.citations",
    "Statement": "careo.record.statements",
    "audit": "careo.results.audit",
    "check": "careo.results.audit",
    "check_figures": "careo.results.figures",
    "dossier": "careo.views.dossier",
    "load_panel": "careo.panel",
    "read": "careo.sources.documents",
    "read_ledger": "careo.record.ledger",
    "schema": "careo.views.contract",
    "statements": "careo.results.linking",
}

__all__ = [
    "Audit",
    "CareoError",
    "Document",
    "Finding",
    "Indicator",
    "Ledger",
    "Panel",
    "Series",
    "Source",
    "Statement",
    "audit",
    "check",
    "check_figures",
    "dossier",
    "load_panel",
    "read",
    "read_ledger",
    "schema",
    "statements",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'careo' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
