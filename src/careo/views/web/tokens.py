"""Who may ask: tokens of people, kept as hashes in one file of the server's home.

A token is 256 random bits, so a plain SHA-256 of it tells nobody anything; it is shown once, when it is made.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from careo.base.errors import CareoError, DataError
from careo.base.files import writing

ROLES = ("reader", "editor")
_NAME = re.compile(r"[\w.@-]{1,64}")
_FILE = "tokens.json"


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token.

    Attributes:
        person: whom it was made for. role: "reader" or "editor". hash: SHA-256 of the token. made: the day (UTC).
    """

    person: str
    role: str
    hash: str
    made: str


def add_token(home: Path, person: str, role: str = "reader") -> str:
    """A new token for a person; an older one of theirs stops working.

    Returns:
        The token, which stands nowhere else.

    Raises:
        CareoError: the name or the role is none. OutputError: the file cannot be written.
    """
    if not _NAME.fullmatch(person):
        raise CareoError("token_person", expected="A-Z a-z 0-9 . _ @ -", found=repr(person[:80]))
    if role not in ROLES:
        raise CareoError("usage_value", expected=" | ".join(ROLES), found=repr(role), option="--role")
    token = secrets.token_urlsafe(32)
    made = datetime.now(UTC).date().isoformat()
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "tokens.lock"):
        kept = [each for each in tokens(home).values() if each.person != person]
        _write(home, [*kept, Token(person, role, hashed(token), made)])
    return token


def remove_token(home: Path, person: str) -> None:
    """Forgets a person's token.

    Raises:
        CareoError: there is none of theirs.
    """
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "tokens.lock"):
        known = tokens(home).values()
        if person not in {each.person for each in known}:
            names = " | ".join(sorted(each.person for each in known))
            raise CareoError("token_unknown", expected=names or "–", found=repr(person[:80]))
        _write(home, [each for each in known if each.person != person])


def tokens(home: Path) -> Mapping[str, Token]:
    """Every token by its hash.

    Raises:
        DataError: the file is broken.
    """
    path = home / _FILE
    try:
        found = [Token(**each) for each in json.loads(path.read_bytes())]
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, OSError) as error:
        raise DataError("token_file", where=str(path)) from error
    return {each.hash: each for each in found}


def hashed(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _write(home: Path, kept: list[Token]) -> None:
    path = home / _FILE
    with writing(path) as draft:
        draft.write_text(
            json.dumps([asdict(each) for each in kept], ensure_ascii=False, indent=1), encoding="utf-8"
        )
    path.chmod(0o600)
