"""Bytes → text: UTF-8, UTF-16, Windows-1252, Latin-1 and Mac Roman, told apart without a statistical library.

A detector such as charset-normalizer changes its mind between versions; the few encodings that Spanish and English
pages come in can be told by what each would make of the bytes that are not ASCII.
"""

from __future__ import annotations

import codecs
import re

from careo.base.errors import InputError

LARGEST = 32 * 1024 * 1024  # bytes of one document; more is a data file, not a page
_BOMS = (  # the longer marks first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_HIGH = re.compile(rb"[\x80-\xff]")
_CHARSET = re.compile(rb"""charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})""", re.IGNORECASE)
_LETTERS = frozenset("áéíóúüñÁÉÍÓÚÜÑ")  # Spanish
_NEAR = frozenset("àâçèêëîïôöùûäãõßøåæœÀÂÇÈÊËÎÏÔÖÙÛÄÃÕ")  # other Western European languages
_SIGNS = frozenset("¿¡“”‘’«»—–…•·°ºª€£§©® \xad™†′″½¼")
_SAMPLE = 4000  # bytes that are not ASCII looked at when telling encodings apart


def decode(data: bytes, *, where: str, declared: str = "") -> str:
    """The text of a file that is not PDF. Newlines stay as they are; a byte order mark is dropped.

    Args:
        data: the whole file.
        where: its name, for messages.
        declared: the encoding that the mark-up or the server states; believed only when the bytes are not UTF-8.

    Raises:
        InputError: empty, binary or in an encoding that cannot be told.
    """
    if not data.strip(b" \t\r\n\0"):
        raise InputError("input_empty", where=where, fix="input_empty")
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], name, where)
    if b"\0" in data:
        return _strict(data, _utf16_without_mark(data, where), where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if _cut_short(data, error):
            text = data.decode("utf-8", errors="replace")
        else:
            text = _single_byte(data, declared, where)
    return _readable(text, where)


def declared_charset(data: bytes) -> str:
    """The encoding that HTML mark-up states in its first 2 kB, or ""."""
    found = _CHARSET.search(data, 0, 2048)
    return found[1].decode("ascii").lower() if found else ""


def _strict(data: bytes, name: str, where: str) -> str:
    try:
        text = data.decode(name)
    except UnicodeDecodeError as error:
        raise InputError("input_encoding", where=where, fix="input_encoding", encoding=name) from error
    if not text.strip():
        raise InputError("input_empty", where=where, fix="input_empty")
    return _readable(text, where)


def _utf16_without_mark(data: bytes, where: str) -> str:
    sample = data[: 1 << 16]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if len(data) % 2 == 0 and half:
        if odd > 0.5 * half and even < 0.05 * half:
            return "utf-16-le"
        if even > 0.5 * half and odd < 0.05 * half:
            return "utf-16-be"
    raise InputError("input_binary", where=where, fix="input_binary")


def _cut_short(data: bytes, error: UnicodeDecodeError) -> bool:
    """UTF-8 but for a few broken bytes: what a cut or a bad copy leaves, not another encoding."""
    if error.start >= len(data) - 3 and error.start > 0 and _HIGH.search(data, 0, error.start):
        return True
    # A page with many good sequences of several bytes and hardly a bad one is damaged UTF-8.
    good = len(data.decode("utf-8", errors="ignore"))
    bad = data.decode("utf-8", errors="replace").count("�")
    several = len(data) - good - bad
    return several > 20 * bad


def _single_byte(data: bytes, declared: str, where: str) -> str:
    names = ["cp1252", "mac_roman", "cp850"]
    if declared:
        try:
            name = codecs.lookup(declared).name
        except (LookupError, ValueError):
            name = ""
        if name in {"iso8859-1", "ascii"}:
            name = "cp1252"  # what the web means by Latin-1
        if name and not name.startswith(("utf", "idna", "puny", "unicode", "raw", "undefined")):
            names.insert(0, name)
    sample = _around_high_bytes(data)
    best, best_score = "", 0.0
    for name in dict.fromkeys(names):
        try:
            score = _plausible(sample.decode(name, errors="replace"))
        except (LookupError, TypeError, ValueError, AssertionError):
            continue  # a codec from bytes to bytes, named by hostile mark-up
        if score > best_score:
            best, best_score = name, score
    if not best:
        raise InputError("input_encoding", where=where, fix="input_encoding", encoding="UTF-8")
    try:
        return data.decode(best)
    except UnicodeDecodeError:
        return data.decode("latin-1") if best == "cp1252" else data.decode(best, errors="replace")


def _around_high_bytes(data: bytes) -> bytes:
    """The first stretches that hold bytes beyond ASCII, each with a neighbour at either side."""
    parts: list[bytes] = []
    end = 0
    for count, match in enumerate(_HIGH.finditer(data)):
        if count == _SAMPLE:
            break
        at = match.start()
        if at >= end:
            parts.append(b" " if at - 1 > end else b"")
            parts.append(data[max(end, at - 1) : at + 2])
        else:
            parts.append(data[end : at + 2])
        end = at + 2
    return b"".join(parts)


def _plausible(text: str) -> float:
    """How much the letters beyond ASCII look like Western European writing; not above 0 when they do not."""
    score = 0.0
    for i, char in enumerate(text):
        if char.isascii():
            continue
        before, after = text[i - 1 : i], text[i + 1 : i + 2]
        inside = before.isalpha() and after.isalpha()
        if char in _LETTERS or char in _NEAR:
            if char.isupper() and before.islower():
                score -= 2  # mAYúScula in the middle of a word: the wrong table
            else:
                score += 2 if char in _LETTERS else 1
        elif char in _SIGNS:
            score += 1 if not inside or (char in "’'\xad–—" and char == "’") else -2
        else:
            score -= 2
    return score


def _readable(text: str, where: str) -> str:
    head = text[: 1 << 18]
    if len(_CONTROL.findall(head)) > 0.01 * len(head) + 1:
        raise InputError("input_binary", where=where, fix="input_binary")
    return text
