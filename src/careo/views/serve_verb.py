"""The verbs `careo serve` and `careo tokens …`: the web application on this machine, or for a team."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.sources.store import data_folder
from careo.views import contract
from careo.views.arguments import whole
from careo.views.cli import Asked
from careo.views.terminal import Screen


def serve_verb(asked: Asked, *, host: str, port: str, name: tuple[str, ...]) -> int:
    """`careo serve`: pages for people, JSON for programs; runs until it is stopped."""
    try:
        from careo.views.web.application import create_application
        from careo.views.web.listening import listen
    except ImportError as error:
        raise CareoError("web_extra", fix="web_extra") from error
    from careo.views.web.settings import Settings
    from careo.views.web.tokens import tokens

    settings = Settings(
        host=host or "127.0.0.1", port=whole("--port", port, 8000, 65_535, least=0), hosts=frozenset(name), country=asked.country,
        offline=asked.offline, home=_home(), database=os.environ.get("CAREO_DATABASE_URL", ""),
    )  # fmt: skip
    if not settings.private and not tokens(settings.home):
        raise CareoError("web_no_tokens", where="--host", fix="web_no_tokens", host=settings.host)
    gc.set_threshold(700, 10, 10)  # `__main__` raised it for commands that end soon; a server does not
    app = create_application(settings)
    app.state.services.team  # noqa: B018 - opened now, so that a wrong address is told before anybody asks
    app.state.services.warming.begin()
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{shown}:{settings.port}/{asked.language}/"
    print(say(asked.language, "web.serve.at", address=address), file=sys.stderr)
    if not settings.private:
        print(say(asked.language, "web.serve.open", host=settings.host), file=sys.stderr)
    listen(app, settings.host, settings.port)
    return 0


def tokens_add_verb(asked: Asked, *, person: str, role: str) -> int:
    """`careo tokens add NAME`: a token, shown once."""
    from careo.views.web.tokens import add_token

    token = add_token(_home(), person, role or "reader")
    screen = Screen(asked.out)
    if asked.json:
        screen.write(
            contract.to_json(
                contract.envelope("tokens add", token=token, person=person, role=role or "reader")
            )
        )
    else:
        screen.line(token)
        print(say(asked.language, "web.serve.token", person=person), file=sys.stderr)
    screen.close()
    return 0


def tokens_list_verb(asked: Asked) -> int:
    """`careo tokens list`: who has one."""
    from careo.views.web.tokens import tokens

    known = sorted(tokens(_home()).values(), key=lambda each: each.person)
    screen = Screen(asked.out)
    if asked.json:
        rows = [{"person": each.person, "role": each.role, "made": each.made} for each in known]
        screen.write(contract.to_json(contract.envelope("tokens list", tokens=rows)))
    elif known:
        heads = [say(asked.language, f"web.serve.head.{key}") for key in ("person", "role", "made")]
        screen.table(heads, [[each.person, each.role, each.made] for each in known], whole=(0,))
    else:
        screen.line(say(asked.language, "web.serve.nobody"))
    screen.close()
    return 0


def tokens_remove_verb(asked: Asked, *, person: str) -> int:
    """`careo tokens remove NAME`: it stops working at once."""
    from careo.views.web.tokens import remove_token

    remove_token(_home(), person)
    screen = Screen(asked.out)
    if asked.json:
        screen.write(contract.to_json(contract.envelope("tokens remove", person=person)))
    else:
        screen.line(say(asked.language, "web.serve.removed", person=person))
    screen.close()
    return 0


def _home() -> Path:
    """Where a server keeps what people leave."""
    return data_folder() / "web"
