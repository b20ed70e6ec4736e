"""Privacy at the door: what a release says of a natural person leaves as a reference, before anything is kept or shown.

A reference is "P-" and the first 16 hexadecimal digits of HMAC-SHA256 of the person's id under a key that belongs to one
installation and never leaves it: the same person has the same reference in all files here, and nobody elsewhere can tell who it is by
trying all ids. How persons and companies are told apart is a file of the country (`purchases/persons.yaml`). In doubt it is a person:
a company that states no tax id and no form of company loses its name, which is the cheaper mistake.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import UNSET

from careo.base.errors import DataError, OutputError
from careo.base.shipped import country_data
from careo.sources.releases import Text

KEY_BYTES = 32

_REFERENCE = re.compile(r"P-[0-9a-f]{8,64}", re.ASCII)
_LETTERS = re.compile(r"[^\W\d_]{2,}[\W_]+[^\W\d_]{2,}")  # two words: an id that may be a name
_MARKS = re.compile(r"[.,;:'\"´`()]+")
_SPACE = re.compile(r"\s+")
_LONGEST = 200  # characters of a name or of an id
_REMEMBERED = 50_000


def installation_key(folder: Path) -> bytes:
    """The key of this installation, made at the first call: `folder`/key, 32 random bytes that only their owner can read.

    Raises:
        DataError: others can read it, or it is no key. OutputError: it cannot be made.
    """
    path = folder / "key"
    try:
        about = path.lstat()
    except FileNotFoundError:
        return _new_key(folder, path)
    except OSError as error:
        raise OutputError(
            "watch_key_unreadable", where=str(path), found=error.strerror or str(error)
        ) from error
    if stat.S_ISREG(about.st_mode) and stat.S_IMODE(about.st_mode) & 0o077:
        raise DataError(
            "watch_key_open", where=str(path), found=oct(stat.S_IMODE(about.st_mode)), fix="watch_key_open"
        )
    if not stat.S_ISREG(about.st_mode) or about.st_size != KEY_BYTES:
        raise DataError("watch_key_broken", where=str(path), fix="watch_key_broken")
    try:
        return path.read_bytes()
    except OSError as error:
        raise OutputError(
            "watch_key_unreadable", where=str(path), found=error.strerror or str(error)
        ) from error


def _new_key(folder: Path, path: Path) -> bytes:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".key.")  # 0600 from the start
        draft = Path(name)
        try:
            key = secrets.token_bytes(KEY_BYTES)
            with os.fdopen(handle, "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)  # never over a key that another process made meanwhile
            except FileExistsError:
                return installation_key(folder)
            return key
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            "watch_key_unreadable", where=str(path), found=error.strerror or str(error)
        ) from error


class Door:
    """Tells persons from companies, and gives persons their references.

    Args:
        key: of the installation (`installation_key`). country: whose `purchases/persons.yaml` tells who is a person.
    """

    def __init__(self, key: bytes, country: str) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        told: dict[str, Any] = country_data(country, "purchases", "persons.yaml")
        before = "|".join(sorted(map(str, told["id_prefixes"]), key=len, reverse=True))
        self._key = key
        self._person = _ids(told["person_ids"], before)
        self._likely = _ids(told["likely_person_ids"], before)
        self._company = _ids(told["company_ids"], before)
        self._company_name = re.compile("|".join(told["company_names"]))
        self._digits = re.compile(rf"\d{{{int(told['digits'])}}}")
        self._shortest = int(told["characters"])
        self._nobodys = frozenset(map(str, told["nobodys_ids"]))
        self._known: dict[tuple[str, str, str], tuple[str, Text]] = {}
        self._clean: dict[str, bool] = {}

    def party(self, id: str, name: str = "", other_id: str = "") -> tuple[str, Text]:
        """The reference of a supplier ("" if nothing is said) and the name that may be kept (UNSET for a person's, or where none is given).

        Args:
            id: as the publisher gives it, "" for none. other_id: another id of the same, such as its tax id.
        """
        asked = (id, name, other_id)
        known = self._known.get(asked)
        if known is None:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            known = self._known[asked] = self._told(id, name, other_id)
        return known

    def clean(self, text: str) -> bool:
        """Whether a text that is to be kept (an address, the name of an office) holds no e-mail and no person's id."""
        known = self._clean.get(text)
        if known is None:
            if len(self._clean) > _REMEMBERED:
                self._clean.clear()
            known = self._clean[text] = self._holds_nobody(text)
        return known

    def code(self, id: object) -> str:
        """An id of a process, a release or a contract as text, "" for none: publishers write numbers and texts for the same one.

        One that may name a person is "H-…", the same for the same id.
        """
        if type(id) is not str:
            id = (
                str(id)
                if type(id) is int
                else ""
                if type(id) is not float
                else str(int(id))
                if id.is_integer()
                else repr(id)
            )
        if len(id) < self._shortest and "@" not in id:
            return id.strip()
        return self._long_code(id.strip())

    def _long_code(self, id: str) -> str:
        return id if len(id) <= _LONGEST and self._holds_nobody(id) else "H" + self._reference("code", id)[1:]

    def _holds_nobody(self, text: str) -> bool:
        if "@" in text or "%40" in text:
            return False
        return not self._digits.search(text) or not self._person.search(text.upper())

    def _told(self, id: str, name: str, other_id: str) -> tuple[str, Text]:
        name = _SPACE.sub(" ", name).strip()[:_LONGEST]
        if not name and not id.strip() and not other_id.strip():
            return "", UNSET
        ids = [unicodedata.normalize("NFC", one.strip()) for one in (other_id, id) if one.strip()]
        for one in ids:
            if _REFERENCE.fullmatch(one):
                return one, UNSET
        kept: Text = name if name and self._holds_nobody(name) else UNSET
        nobodys = False
        with_digits = [one.upper() for one in ids if self._digits.search(one)]
        for one in with_digits:
            if found := self._person.search(one):
                tax_id = _joined(found[1])
                if tax_id not in self._nobodys:
                    return self._reference("id", tax_id), UNSET
                nobodys = True
        for one in with_digits:
            if found := self._company.search(one):
                return _joined(found[1]), kept
        said = _bare(name)
        is_company = kept is not UNSET and bool(self._company_name.search(said))
        if nobodys:  # the id says nothing, so the name is all there is
            return (said, kept) if is_company else (self._reference("name", said), UNSET)
        if is_company:
            return next((one[:_LONGEST] for one in reversed(ids) if self._holds_nobody(one)), said), kept
        for one in with_digits:
            if found := self._likely.search(one):
                return self._reference("id", _joined(found[1])), UNSET
        if name:
            return self._reference("given", ids[-1]) if ids else self._reference("name", said), UNSET
        own = ids[-1] if ids else ""
        if not self._holds_nobody(own) or _LETTERS.search(own):
            return self._reference("name", _bare(own)), UNSET
        return own[:_LONGEST], UNSET

    def _reference(self, kind: str, what: str) -> str:
        return "P-" + hmac.digest(self._key, f"{kind}:{what}".encode("utf-8", "replace"), "sha256").hex()[:16]


def _ids(patterns: Iterable[str], before: str) -> re.Pattern[str]:
    """Finds an id that stands by itself, at most behind a known prefix; group 1 is the id."""
    return re.compile(
        rf"(?<![A-ZÑ&0-9])(?:{before})?({'|'.join(f'(?:{one})' for one in patterns)})(?![A-ZÑ0-9])"
    )


def _joined(id: str) -> str:
    return re.sub(r"[^A-ZÑ&0-9]", "", id)


def _bare(name: str) -> str:
    """A name in capitals without accents, points and commas."""
    letters = name.upper()
    if not letters.isascii():
        plain = unicodedata.normalize("NFKD", letters)
        letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _SPACE.sub(" ", _MARKS.sub(" ", letters)).strip()
