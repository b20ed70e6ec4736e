"""Style sheets, scripts and icons: under an address that holds a hash of the content a browser may keep them for good."""

from __future__ import annotations

import os
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_HERE = Path(__file__).parent
_SHARED = {"dossier.css": _HERE.parent / "templates" / "dossier.css"}
"""What dossiers carry too: one typographic scale for both."""


def static(name: str) -> str:
    """The address of a file of `static/`; another one when its content changes."""
    return f"/static/{name}?v={_hash(name)}"


class Files(StaticFiles):
    """The files of `static/`, and those shared with dossiers."""

    def __init__(self) -> None:
        super().__init__(directory=_HERE / "static")

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Where a file is."""
        if path in _SHARED:
            return str(_SHARED[path]), _SHARED[path].stat()
        return super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file; for good when it was asked for by the hash it has."""
        found = await super().get_response(path, scope)
        if found.status_code == 200 and scope["query_string"] == f"v={_hash(path)}".encode():
            found.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return found


@cache
def _hash(name: str) -> str:
    path = _SHARED.get(name, _HERE / "static" / name)
    return sha256(path.read_bytes()).hexdigest()[:12]
