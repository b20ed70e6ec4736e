"""YAML files that people write, read with the line of every value, and turned into nouns with every mistake named.

A file becomes plain values (text, numbers, true and false, lists, mappings; a date stays the text that was written).
`build` makes a frozen dataclass of them by its annotations, or a list of errors, each with file, line, field and fix.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import yaml

from careo.base.errors import CareoError, DataError
from careo.base.files import read_text

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_MOST = 50_000  # values; a strategy of a whole government has some 3,000
_DEEPEST = 16
_yaml: Any = yaml  # its parser has no types

Loc = tuple[str | int, ...]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Written:
    """A YAML file as it was written.

    Attributes:
        path: for messages. value: plain values. lines: path of keys and indices → line (from 1).
        kept: list → the places in the file of its items, where broken ones were left out (`build_rest`).
    """

    path: str
    value: Any
    lines: Mapping[Loc, int]
    kept: Mapping[str | int, Sequence[int]] = field(default_factory=dict[str | int, Sequence[int]])

    def stood(self, loc: Loc) -> Loc:
        """Where a value stands in the file."""
        if len(loc) < 2 or loc[0] not in self.kept:
            return loc
        return (loc[0], self.kept[loc[0]][int(loc[1])], *loc[2:])

    def where(self, loc: Loc) -> str:
        """`file:line` of a value, or of the nearest thing around it that is there."""
        loc = self.stood(loc)
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return f"{self.path}:{self.lines.get(loc, 1)}"

    def error(
        self, loc: Loc, key: str, *, known: Iterable[str] = (), found: object = None, **words: object
    ) -> DataError:
        """A mistake at a value: `key` of errors.yaml; with `known` names a close one is suggested, unless `guess` is what was meant."""
        names = sorted(known)
        given = "" if found is None else str(found)
        close = get_close_matches(given, names, n=1, cutoff=0.5) if names and given else []
        guess = str(words.pop("guess", "")) or (close[0] if close else "")
        expected = str(words.pop("expected", "")) or " | ".join(names[:12]) + (
            " | …" if len(names) > 12 else ""
        )
        fix = str(words.pop("fix", "")) or ("did_you_mean" if guess else "")
        return DataError(
            key,
            where=self.where(loc),
            field=name_of(self.stood(loc)),
            expected=expected,
            found="" if found is None else _short(given),
            fix=fix,
            guess=guess,
            **words,
        )


def name_of(loc: Loc) -> str:
    """The path of a value as people write it: `measures[2].lever`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.lstrip(".")


def read_written(path: str | Path) -> Written:
    """Reads a YAML file with the line of every value.

    Raises:
        DataError: it cannot be read, is not YAML, repeats a key, or uses what a plain file does not need (anchors,
            tags, several documents, deep nesting, values without end); says file and line.
    """
    return parse_written(read_text(path), str(path))


@lru_cache(maxsize=32)
def parse_written(text: str, path: str) -> Written:
    """As `read_written`, of a text; `path` is what messages call it. The same text is parsed once, so nobody changes what it holds."""
    lines: dict[Loc, int] = {}
    try:
        events = _events(text, path)
        first = next(events, None)
        value = None if first is None else _plain(first, events, (), lines, path)
        next(events, None)  # what stands after the value, a second document, is a mistake
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{min(mark.line, text.count(chr(10))) + 1}" if mark else path
        raise DataError("not_yaml", where=where, problem=error.problem or "") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise DataError("not_yaml", where=path, problem=str(error).splitlines()[0]) from error
    return Written(path, value, lines)


def _events(text: str, path: str) -> Iterator[Any]:
    """What the parser sees of the one document, with what a plain file does not need refused."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = documents = values = 0
    for event in _yaml.parse(text, Loader=loader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise DataError("file_alias", where=f"{path}:{line}")
        if getattr(event, "tag", None):
            raise DataError("file_tag", where=f"{path}:{line}", found=_short(str(event.tag)))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise DataError("file_deep", where=f"{path}:{line}")
        values += isinstance(event, yaml.NodeEvent)
        if values > _MOST:
            raise DataError("file_many", where=f"{path}:{line}")
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise DataError("not_yaml", where=f"{path}:{line}", problem="but found another document")
        if isinstance(event, (yaml.NodeEvent, yaml.CollectionEndEvent)):
            yield event


def _plain(event: Any, rest: Iterator[Any], loc: Loc, lines: dict[Loc, int], path: str) -> Any:
    """The value that begins with an event and takes what it needs of the rest."""
    lines.setdefault(loc, event.start_mark.line + 1)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Any] = []
        while not isinstance(item := next(rest), yaml.SequenceEndEvent):
            items.append(_plain(item, rest, (*loc, len(items)), lines, path))
        return items
    if isinstance(event, yaml.MappingStartEvent):
        result: dict[str, Any] = {}
        while not isinstance(key := next(rest), yaml.MappingEndEvent):
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarEvent):
                raise DataError("file_key", where=f"{path}:{line}")
            name = str(cast(Any, key).value)
            if name in result:
                raise DataError("file_twice", where=f"{path}:{line}", field=name_of((*loc, name)))
            lines[(*loc, name)] = line
            result[name] = _plain(next(rest), rest, (*loc, name), lines, path)
        return result
    if not event.style and _THOUSANDS.fullmatch(str(event.value)):
        # 300.000 is three hundred in one language and three hundred thousand in the other.
        found, where = str(event.value), f"{path}:{event.start_mark.line + 1}"
        plain = found.replace(".", "")
        raise DataError(
            "file_thousands", where=where, field=name_of(loc), found=found, fix="file_thousands", plain=plain
        )
    return _scalar(event)


_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}\.000")
NUMBER = re.compile(r"[-+]?(\d[\d_]{0,30})(\.\d{0,30})?([eE][-+]?\d{1,3})?", re.ASCII)
"""Text that is read as a number when it stands without quotes; longer than any that is meant as one stays text."""


def _scalar(event: Any) -> Any:
    """YAML 1.2: true, false, null and decimal numbers; everything else, dates too, stays text ("no" and "08" are words)."""
    text = str(event.value)
    if event.style:  # quoted, or a block of text
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "false", "False"):
        return text in ("true", "True")
    if NUMBER.fullmatch(text) and not re.fullmatch(r"[-+]?0\d+", text):
        lean = text.replace("_", "")
        number = int(lean) if re.fullmatch(r"[-+]?\d+", lean) else float(lean)
        return number if math.isfinite(number) else text
    return text


# ── from values to nouns ─────────────────────────────────────────────────────────────────────────────────────────


def build(written: Written, noun: type[_T]) -> tuple[_T | None, tuple[CareoError, ...]]:
    """The noun that a file describes, or every mistake in it, in the order of its lines.

    Args:
        written: the file. noun: a frozen dataclass whose annotations say what each field may be; an unknown key is a mistake.
    """
    from pydantic import ValidationError

    value: object = written.value
    if not isinstance(value, dict):
        return None, (written.error((), "file_mapping", found=_kind(value)),)  # pyright: ignore[reportUnknownArgumentType]
    try:
        return _adapter(noun).validate_python(written.value), ()
    except ValidationError as error:
        return None, _mistakes(written, noun, error.errors(include_url=False))


def build_rest(written: Written, noun: type[_T]) -> tuple[_T, Written] | None:
    """The noun of what is sound in a file with mistakes of form, so that its other mistakes can be told, too.

    Broken fields of items are left out, and whole items that need them; None where too little is left. What is absent then is no mistake.
    """
    from pydantic import ValidationError

    value: Any = deepcopy(written.value)
    if not isinstance(value, dict):
        return None
    value = cast(dict[str, Any], value)
    for _ in range(_CUTS):
        lists = {key: cast(list[Any], items) for key, items in value.items() if isinstance(items, list)}
        kept = {key: [i for i, item in enumerate(items) if item is not _CUT] for key, items in lists.items()}
        lean = {**value, **{key: [lists[key][i] for i in places] for key, places in kept.items()}}
        rest = Written(written.path, lean, written.lines, cast(Any, kept))
        try:
            return _adapter(noun).validate_python(lean), rest
        except ValidationError as error:
            for each in error.errors(include_url=False):
                _cut(value, rest.stood(_place(lean, each)))
    return None


_CUT = object()
_CUTS = 4  # a field, the item that needs it, a list that may not be empty; and once more to look


def _cut(value: Any, loc: Loc) -> None:
    """Leaves out the field of an item, or the item where that field is what it lacks."""
    key, *others = loc or ("",)
    inner = value.get(key)
    if not others or not _has(inner, others[0]):
        value.pop(key, None)
    elif isinstance(inner, dict):
        del inner[others[0]]
    elif isinstance(item := inner[others[0]], dict) and len(others) > 1 and others[1] in item:
        del item[others[1]]
    else:
        inner[others[0]] = _CUT


@cache
def _adapter(noun: type[Any]) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(noun)


def json_schema(noun: type[Any]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a noun's file, for editors."""
    return _adapter(noun).json_schema()


def _mistakes(written: Written, noun: type[Any], errors: Sequence[Any]) -> tuple[CareoError, ...]:
    """One mistake for each place: the ways in which one value fails to be each of several things are one mistake."""
    placed: dict[Loc, Mapping[str, Any]] = {}
    for error in errors:
        placed.setdefault(_place(written.value, error), error)
    found = [
        _mistake(written, noun, loc, error)
        for loc, error in placed.items()
        # A list of one is not too short because its one item is wrong.
        if error["type"] != "too_short"
        or not any(other[: len(loc)] == loc and other != loc for other in placed)
    ]
    return tuple(sorted(found, key=line_of))


def _place(value: Any, error: Mapping[str, Any]) -> Loc:
    """Where an error is in the file: without the names of types and validators that pydantic puts between the keys."""
    loc: list[str | int] = []
    parts = list(error["loc"])
    for place, part in enumerate(parts):
        if isinstance(value, (dict, list)) and _has(value, part):
            value = cast(Any, value)[part]
            loc.append(part)
        elif place == len(parts) - 1 and error["type"] in _ABSENT:
            loc.append(part)
    return tuple(loc)


def _has(value: Any, part: str | int) -> bool:
    return part in value if isinstance(value, dict) else isinstance(part, int) and part < len(value)


_ABSENT = ("missing", "missing_argument", "missing_keyword_only_argument")


def _mistake(written: Written, noun: type[Any], loc: Loc, error: Mapping[str, Any]) -> CareoError:
    kind, words = str(error["type"]), dict(error.get("ctx") or {})
    value: Any = error.get("input")
    shown: Any = _kind(value) if isinstance(value, (dict, list)) else value
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return written.error(loc, "file_unknown_key", known=_keys(noun, loc[:-1]), found=loc[-1])
    if kind in _ABSENT:
        return written.error(loc, "file_missing", fix="file_add")
    if kind in ("literal_error", "enum"):
        return written.error(
            loc, "file_choice", known=re.findall(r"'([^']*)'", str(words.get("expected", ""))), found=shown
        )
    if kind.startswith("careo_"):
        told = {name: word for name, word in words.items() if name not in ("known", "key")}
        return written.error(
            loc, kind[6:], known=cast(Iterable[str], words.get("known", ())), found=shown, **told
        )
    simple = {
        "dataclass_type": "file_want_mapping", "dict_type": "file_want_mapping", "mapping_type": "file_want_mapping",
        "tuple_type": "file_want_list", "list_type": "file_want_list", "string_type": "file_want_text",
        "bool_type": "file_want_boolean", "bool_parsing": "file_want_boolean",
    }  # fmt: skip
    if kind in simple:
        return written.error(loc, simple[kind], found=_kind(value) if shown is None else shown)
    if kind == "string_pattern_mismatch":
        return written.error(loc, "file_pattern", found=shown, expected=str(words.get("pattern", "")))
    if kind == "too_short":
        return written.error(loc, "file_empty", found=shown)
    if "number" in kind or kind.startswith(("int", "float", "decimal", "finite", "greater", "less")):
        bounds = " ".join(
            f"{name} {word}" for name, word in words.items() if name in ("ge", "gt", "le", "lt")
        )
        return written.error(loc, "file_want_number", found=shown, expected=bounds or "0.25 | 1200")
    return written.error(loc, "file_value", found=shown)


def _keys(noun: Any, loc: Loc) -> Sequence[str]:
    """The keys that a mapping at `loc` may have, by the annotations on the way there."""
    hint = noun
    for part in loc:
        hint = next((found for kind in _kinds(hint) if (found := _step(kind, part)) is not None), None)
    return [key for kind in _kinds(hint) if is_dataclass(kind) for key in _hints(kind)]


def _kinds(hint: Any) -> list[Any]:
    """What a value may be, by its annotation: the alternatives of a union, without None and validators."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _kinds(get_args(hint)[0])
    if origin in (Union, UnionType):
        return [kind for choice in get_args(hint) for kind in _kinds(choice)]
    return [] if hint is None or hint is type(None) else [hint]


def _step(kind: Any, part: str | int) -> Any:
    """The annotation of a value inside one of this kind: a field, a value of a mapping, an item of a list."""
    if is_dataclass(kind):
        return _hints(kind).get(str(part))
    arguments = get_args(kind)
    if isinstance(part, int):
        return arguments[0] if arguments else None
    return arguments[1] if len(arguments) == 2 else None


def _hints(noun: Any) -> dict[str, Any]:
    """The keys that a file may have for a noun, with what each may be."""
    hints = get_type_hints(noun, include_extras=True)
    return {_key(field.name, hints[field.name]): hints[field.name] for field in fields(noun)}


def _key(name: str, hint: Any) -> str:
    """The key of a field in files: `from` is a word of Python, so a field of that key has another name and an alias."""
    return next(
        (found for extra in getattr(hint, "__metadata__", ()) if (found := getattr(extra, "alias", None))),
        name,
    )


def line_of(error: CareoError) -> int:
    """The line an error stands at; 0 when it names none."""
    tail = error.where.rpartition(":")[2]
    return int(tail) if tail.isdigit() else 0


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return "[…]" if isinstance(value, list) else "{…}" if isinstance(value, dict) else str(value)


def _short(found: str) -> str:
    return repr(found if len(found) <= 60 else found[:59] + "…")


# ── what fields may be ───────────────────────────────────────────────────────────────────────────────────────────


def refuse(key: str, **words: object) -> Exception:
    """The exception a validator raises: `key` of errors.yaml, with its words (`known`: names to suggest from)."""
    from pydantic_core import PydanticCustomError

    return PydanticCustomError(f"careo_{key}", "{key}", {"key": key, **words})  # pyright: ignore[reportArgumentType]
