"""The verb `careo serve`: the web application on this machine, or for a team."""

from __future__ import annotations

import gc
import os
import sys

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.views.arguments import whole
from careo.views.cli import Asked


def serve_verb(asked: Asked, *, host: str, port: str) -> int:
    """`careo serve`: pages for people, JSON for programs; runs until it is stopped."""
    try:
        import uvicorn

        from careo.views.web.application import create_application
        from careo.views.web.settings import settings_of
    except ImportError as error:
        raise CareoError("web_extra", fix="web_extra") from error
    gc.set_threshold(700, 10, 10)  # `__main__` raised it for commands that end soon; a server does not
    settings = settings_of(
        os.environ, host=host, port=whole("--port", port, 8000, 65_535, least=0), country=asked.country, offline=asked.offline,
    )  # fmt: skip
    app = create_application(settings)
    app.state.services.team  # noqa: B018 - opened now, so that a wrong address is told before anybody asks
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(
        say(asked.language, "web.serve.at", address=f"http://{shown}:{settings.port}/{asked.language}/"),
        file=sys.stderr,
    )
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    return 0
