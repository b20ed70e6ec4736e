"""The dossier: one self-contained page for readers, `findings.json` for machines, `ledger.yaml` for whoever decides.

Same input, same bytes. Everything is written into a new folder beside the target and swapped in when complete, so an
interrupt leaves the old dossier as it was.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from careo.base.errors import CareoError, OutputError
from careo.base.texts import say
from careo.panel import Country, country_of
from careo.record.ledger import Ledger, read_ledger, write_ledger
from careo.results.audit import Audit
from careo.sources.documents import Document
from careo.views import parts
from careo.views.i18n import one_line
from careo.views.imprint import findings_json, imprint_of

if TYPE_CHECKING:
    import xarray as xr

    from careo.results.strategy_audit import StrategyAudit

FILES = ("findings.json", "index.html", "ledger.yaml")


def dossier(
    audit: Audit | StrategyAudit,
    panel: Country | xr.Dataset | None = None,
    *,
    to: str | Path,
    language: str = "en",
) -> Path:
    """Writes `index.html`, `findings.json` and `ledger.yaml` into the folder `to` and returns it.

    The dossier of a strategy (`careo.audit_strategy`) answers the five questions; it has a ledger when pages were read beside it.

    An earlier dossier is replaced only when the new one is complete. Files of yours in the folder stay, and a ledger
    whose decisions are not in this audit is kept under a name of its own.

    Raises:
        OutputError: the folder cannot be written, or holds something that is not a dossier.
    """
    folder = Path(to).resolve()
    _refuse_foreign(folder)
    files, ledger = _files(audit, country_of(panel), language)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _swap(folder, {name: text.encode("utf-8", "replace") for name, text in files.items()}, ledger)
    except OSError as error:
        raise OutputError(
            "output_unwritable", where=str(to), found=error.strerror or str(error), fix="output"
        ) from error
    return Path(to)


def _files(audit: Audit | StrategyAudit, country: Country, language: str) -> tuple[dict[str, str], Ledger]:
    """The text of every file of a dossier, and the ledger in it."""
    files = {
        "findings.json": findings_json(audit, language),
        "index.html": html_page(audit, country, language),
    }
    pages = audit if isinstance(audit, Audit) else audit.pages
    if pages is None:
        return files, Ledger()
    return {**files, "ledger.yaml": write_ledger(pages.ledger, language)}, pages.ledger


def html_page(audit: Audit | StrategyAudit, country: Country, language: str) -> str:
    """`index.html` of an audit of pages or of a strategy."""
    if isinstance(audit, Audit):
        return page(audit, country, language)
    from careo.views import strategy_page

    return strategy_page.page(audit, country, language)


def page(audit: Audit, country: Country, language: str = "en") -> str:
    """The dossier's page as HTML text."""
    rows = parts.of_pages(audit, country, language)
    pages = {document.source.key for document in audit.documents}
    sources = [s for f in audit.findings if f.kind != "quality" for s in f.sources if s.key not in pages]
    title = _title(audit.documents, language)
    return parts.render(
        "dossier.html",
        language,
        imprint=imprint_of(audit, language).style(language, title),
        title=title,
        sources=parts.source_rows(sources, language),
        **rows,
    )


def _title(documents: Sequence[Document], language: str) -> str:
    if len(documents) == 1:
        return one_line(documents[0].title or documents[0].source.key, 160)
    return say(language, "dossier.title_many", count=len(documents))


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _refuse_foreign(folder: Path) -> None:
    """A folder with other things in it is not ours to replace."""
    if folder.exists() and not folder.is_dir():
        raise OutputError("output_not_folder", where=str(folder), fix="output")
    try:
        names = {item.name for item in folder.iterdir()} if folder.exists() else set[str]()
    except OSError as error:
        raise OutputError(
            "output_unwritable", where=str(folder), found=error.strerror or "", fix="output"
        ) from error
    if names and not {"index.html", "findings.json"} <= names:
        raise OutputError(
            "output_foreign", where=str(folder), found=", ".join(sorted(names)[:3]), fix="output"
        )


def _swap(folder: Path, files: Mapping[str, bytes], ledger: Ledger) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    old = fresh.with_suffix(".old")
    try:
        for name, data in files.items():
            (fresh / name).write_bytes(data)
        fresh.chmod(folder.stat().st_mode & 0o777 if folder.exists() else 0o755)
        if folder.exists():
            if not os.access(folder, os.W_OK):
                raise PermissionError(13, "Permission denied")
            _keep_decisions(folder / "ledger.yaml", fresh, ledger)
            for item in sorted(folder.iterdir()):
                if item.name not in FILES and not (fresh / item.name).exists():
                    _copy(item, fresh / item.name)
            folder.rename(old)
        fresh.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _copy(item: Path, to: Path) -> None:
    if item.is_dir() and not item.is_symlink():
        shutil.copytree(item, to, symlinks=True)
    else:
        shutil.copy2(item, to, follow_symlinks=False)


def _keep_decisions(path: Path, fresh: Path, ledger: Ledger) -> None:
    """Somebody's decisions that are not in the new ledger stay in the folder, under a name of their own."""
    if not path.is_file():
        return
    data = path.read_bytes()
    try:
        lost = bool(_decisions(read_ledger(path)) - _decisions(ledger))
    except CareoError:
        lost = True
    if lost:
        (fresh / f"ledger-{sha256(data).hexdigest()[:8]}.yaml").write_bytes(data)


def _decisions(ledger: Ledger) -> set[tuple[str, ...]]:
    return {
        (page.source, entry.kind, entry.quote, entry.decision, entry.note, str(sorted(entry.correct.items())))
        for page in ledger.pages
        for entry in (*page.entries, *page.unanchored)
        if entry.decision != "undecided" or entry.note or not entry.quote_hash
    }
