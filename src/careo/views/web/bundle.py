"""The JavaScript that draws charts for reading values: the bundle that vl-convert ships, put together once and kept in the data folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Lock

from careo.base.errors import CareoError
from careo.base.files import writing

_LOCK = Lock()
_SECONDS = 300
_CODE = "import sys, vl_convert; sys.stdout.buffer.write(vl_convert.javascript_bundle('window.vegaEmbed = vegaEmbed;').encode())"
"""Its own code comes from the wheel; only our one line says what the page may reach."""


def bundle(home: Path) -> Path:
    """The file with Vega, Vega-Lite and vega-embed; made by another process (some seconds of it, holding its interpreter) when it is not there.

    Raises:
        CareoError: it cannot be made; drawings stay drawings.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        path = home / f"vega-{version('vl-convert-python')}.js"
    except PackageNotFoundError as error:
        raise CareoError("web_extra", fix="web_extra") from error
    with _LOCK:
        if not path.is_file():
            made = subprocess.run(  # noqa: S603 - our own interpreter and our own line
                [sys.executable, "-c", _CODE], capture_output=True, timeout=_SECONDS, check=False
            )
            if made.returncode or b"vegaEmbed" not in made.stdout:
                raise CareoError("web_job_failed", found="vl_convert.javascript_bundle")
            home.mkdir(parents=True, exist_ok=True)
            with writing(path) as draft:
                draft.write_bytes(made.stdout)
    return path
