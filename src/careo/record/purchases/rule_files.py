"""Reading a country's rules of purchases and its register of buyers; every mistake with file and line.

`purchases/rules.yaml`: the currency, the ceilings for direct awards, the rules. `purchases/buyers.yaml`: groups of buyers by code.
A country without these files has no rules, and nothing of it is watched.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, TypeAlias, TypeVar

from pydantic import ConfigDict, Field

from careo.base.citations import Source, load_sources
from careo.base.errors import CareoError, DataError
from careo.base.fields import CLOSED, DateText, Slug, Verified, Words
from careo.base.shipped import country_folder
from careo.base.words import fold
from careo.base.yaml_files import Loc, Written, build, line_of, read_written
from careo.record.purchases.checks import CHECKS
from careo.record.purchases.checks_process import Listing
from careo.record.purchases.rules import Ground, Rule

_Form = TypeVar("_Form")
_Made = TypeVar("_Made")
_Read: TypeAlias = tuple[_Made | None, tuple[CareoError, ...]]

Method = Literal["open", "selective", "invited", "direct"]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Percent = Annotated[int, Field(ge=1, le=1_000)]
Severity = Literal["notice", "signal", "strong"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; which of it a rule needs is in `NEEDED`. Days are calendar days, percentages whole numbers."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    methods: tuple[Method, ...] | None = None
    strong_days: Count | None = None
    national_days: Count | None = None
    international_days: Count | None = None
    military_grounds: tuple[str, ...] | None = None
    window_days: Annotated[int, Field(ge=1, le=3_660)] | None = None
    from_percent: Percent | None = None
    least_percent: Percent | None = None
    strong_percent: Percent | None = None
    least_purchases: Count | None = None
    least_processes: Count | None = None
    least_bids: Count | None = None
    least_population: Annotated[int, Field(ge=4)] | None = None
    least: Count | None = None
    days: Count | None = None
    legal_days: Count | None = None
    grace_days: Count | None = None
    multiplier: Annotated[float, Field(gt=0, le=100)] | None = None
    most: Annotated[int, Field(gt=0)] | None = None
    fields: tuple[str, ...] | None = None
    fixed_price_methods: tuple[str, ...] | None = None


_SETTINGS = tuple(each.name for each in fields(Settings))
_FENCE = ("multiplier", "least_population")
NEEDED: Mapping[str, tuple[str, ...]] = {
    "short_term": ("methods", "strong_days", "national_days", "international_days"),
    "without_ground": ("military_grounds",),
    "split": ("window_days",),
    "near_ceiling": ("from_percent",),
    "without_competition": ("least_purchases", *_FENCE),
    "supplier_share": ("least_purchases", "least_percent", "strong_percent"),
    "hasty_decision": ("methods", "days"),
    "slow_decision": ("methods", *_FENCE),
    "unsigned": ("legal_days", "grace_days"),
    "listed_supplier": (),
    "edited_in_place": ("fields", "strong_percent"),
    "item_variety": ("least_processes", *_FENCE),
    "single_tenderer": ("methods",),
    "close_bids": _FENCE,
    "unsuccessful_tenderer": _FENCE,
    "same_price": ("fixed_price_methods",),
    "late_winner": (),
    "others_disqualified": ("least",),
    "lowest_disqualified": (),
    "many_disqualified": ("least_processes", "least_bids", *_FENCE),
    "heavy_discount": _FENCE,
    "quality": ("most",),
}
"""The settings of each check: all of them, and no others."""


@dataclass(frozen=True, slots=True)
class GroundEntry:
    """A `Ground` as a file writes it. verified: as elsewhere, or "unverified": nobody has seen the law say so."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    words: Words
    since: DateText
    verified: Verified | Literal["unverified"]
    until: DateText | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A `Rule` as a file writes it."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Annotated[str, Field(pattern=r"^[A-Z]\d{2}(-[A-Z]\d{3})?$")]
    version: Annotated[int, Field(ge=1)]
    check: str
    title: Words
    definition: Words
    limitation: Words
    needs: tuple[str, ...]
    severity: Severity
    codes: tuple[Annotated[str, Field(pattern=r"^R\d{3}$")], ...] = ()
    settings: Settings = field(default_factory=Settings)
    grounds: tuple[GroundEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Ceilings for direct awards: law → category → year → whole units of the currency. One bracket of budgets only."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    verified: Verified | Literal["unverified"]
    note: Words
    direct: Mapping[
        str, Mapping[str, Mapping[Annotated[str, Field(pattern=r"^\d{4}$")], Annotated[float, Field(gt=0)]]]
    ]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RulesFile:
    """`purchases/rules.yaml`."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    ceilings: Ceilings
    rules: Annotated[tuple[RuleEntry, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a country by id, in the order of the file; its currency; what is known of its ceilings."""

    currency: str
    ceilings: Ceilings
    by_id: Mapping[str, Rule]

    def named(self, name: str) -> tuple[Rule, ...]:
        """The rule of an id, and those of its family: "W12" is every rule "W12-…"."""
        return tuple(rule for key, rule in self.by_id.items() if key == name or key.startswith(f"{name}-"))


def load_rules(country: str = "mexico") -> Rules | None:
    """The rules of a country; None for one without `purchases/rules.yaml`.

    Raises:
        DataError: the file is broken; says file and line.
    """
    return _load_rules(country)


@cache
def _load_rules(country: str) -> Rules | None:
    return _of_country(country, "rules.yaml", lambda path: read_rules(path, load_sources(country)))


def read_rules(path: Path, sources: Mapping[str, Source]) -> tuple[Rules | None, tuple[CareoError, ...]]:
    """A file of rules, and every mistake in it; `sources` are the keys it may cite."""

    def made(file: RulesFile) -> Rules:
        by_id = {entry.id: _rule(entry, file, sources) for entry in file.rules}
        return Rules(file.currency, file.ceilings, MappingProxyType(by_id))

    return _read(path, RulesFile, lambda written, file: _mistakes(written, file, sources), made)


def _of_country(country: str, name: str, read: Callable[[Path], _Read[_Made]]) -> _Made | None:
    """What a file of the country's purchases holds; None if there is none."""
    path = country_folder(country) / "purchases" / name
    if not path.is_file():
        return None
    made, mistakes = read(path)
    if made is None:
        raise mistakes[0]
    return made


def _read(
    path: Path,
    form: type[_Form],
    mistakes: Callable[[Written, _Form], Iterable[CareoError]],
    make: Callable[[_Form], _Made],
) -> _Read[_Made]:
    """What is made of a file, or every mistake in it: those of its form; else those that `mistakes` finds."""
    written = read_written(path)
    file, wrong = build(written, form)
    if file is not None:
        wrong = tuple(sorted(mistakes(written, file), key=line_of))
    return (None, wrong) if file is None or wrong else (make(file), ())


def _rule(entry: RuleEntry, file: RulesFile, sources: Mapping[str, Source]) -> Rule:
    settings: dict[str, object] = {name: getattr(entry.settings, name) for name in NEEDED[entry.check]}
    settings["currency"] = file.currency
    if entry.check in ("split", "near_ceiling"):
        settings["ceilings"] = file.ceilings.direct
    grounds = tuple(
        Ground(each.words, each.since, each.until, each.verified, tuple(sources[key] for key in each.sources))
        for each in entry.grounds
    )
    return Rule(
        entry.id, entry.version, entry.check, entry.codes, entry.title, entry.definition, entry.limitation, entry.needs,
        MappingProxyType(settings), grounds, entry.severity,
    )  # fmt: skip


def _mistakes(written: Written, file: RulesFile, sources: Mapping[str, Source]) -> Iterator[CareoError]:
    ids: set[str] = set()
    for index, entry in enumerate(file.rules):
        loc: Loc = ("rules", index)
        if entry.id in ids:
            yield written.error((*loc, "id"), "file_id_twice", found=entry.id)
        ids.add(entry.id)
        for name in ("title", "definition", "limitation"):
            yield from _one_language(written, (*loc, name), getattr(entry, name))
        for place, need in enumerate(entry.needs):
            if need not in FIELDS:
                yield written.error((*loc, "needs", place), "file_choice", known=FIELDS, found=need)
        for place, ground in enumerate(entry.grounds):
            yield from _one_language(written, (*loc, "grounds", place, "words"), ground.words)
            yield from _uncited(written, (*loc, "grounds", place, "sources"), ground.sources, sources)
        if entry.check not in CHECKS:
            yield written.error((*loc, "check"), "file_choice", known=CHECKS, found=entry.check)
            continue
        given = {name for name in _SETTINGS if getattr(entry.settings, name) is not None}
        needed = NEEDED[entry.check]
        for name in needed:
            if name not in given:
                yield written.error((*loc, "settings", name), "file_missing", fix="file_add")
        for name in sorted(given.difference(needed)):
            yield written.error((*loc, "settings", name), "file_unknown_key", known=needed, found=name)
    yield from _uncited(written, ("ceilings", "sources"), file.ceilings.sources, sources)


def _one_language(written: Written, loc: Loc, words: Mapping[str, str]) -> Iterator[CareoError]:
    """Rules are read by people of both languages."""
    if not (words.get("en") and words.get("es")):
        yield written.error(loc, "file_missing", expected="en, es", fix="file_add")


def _uncited(
    written: Written, loc: Loc, keys: tuple[str, ...], sources: Mapping[str, Source]
) -> Iterator[CareoError]:
    for place, key in enumerate(keys):
        if key not in sources:
            yield written.error((*loc, place), "file_source", known=sources, found=key)


FIELDS = (
    "method", "ground", "scope", "status", "published", "opening", "decided", "signed", "amount", "currency", "suppliers", "unit",
    "buyer", "parts", "items", "law", "category", "contracts", "awards", "awards/status", "bids", "bids/amount", "bids/date", "tenderers",
    "supplier_list", "ceiling", "changes", "price_only",
)  # fmt: skip
"""What rules need and outcomes miss; each has words under `watch.field`."""


# ── buyers ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Buyer:
    """A buyer by the code of its institution. name: for people; nothing is matched on it."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    code: str
    name: str
    branch: str = ""
    verified: Verified | Literal["unverified"] = "read"


@dataclass(frozen=True, slots=True)
class BuyerGroup:
    """Buyers that are shown together.

    Attributes:
        watched: whether `--buyers security` means them, too.
        buyers: by code. branches: budget branches all of whose other buyers belong here.
        names: folded words that all stand in the name of a buyer without a listed code; unless one of `not_names` does.
        verified: of `names`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Slug
    title: Words
    watched: bool = False
    note: Words | None = None
    buyers: tuple[Buyer, ...] = ()
    branches: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    not_names: tuple[str, ...] = ()
    verified: Verified | Literal["unverified"] = "unverified"


@dataclass(frozen=True, slots=True)
class BuyersFile:
    """`purchases/buyers.yaml`."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    groups: Annotated[tuple[BuyerGroup, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Buyers:
    """The register of buyers: which group a buyer belongs to."""

    groups: tuple[BuyerGroup, ...]
    by_code: Mapping[str, str]
    by_branch: Mapping[str, str]

    def group_of(self, code: str, branch: str = "", name: str = "") -> str:
        """The group of a buyer, "" for none: by its code, else by its branch, else by its name where groups go by names."""
        found = self.by_code.get(code) or self.by_branch.get(branch)
        if found or not name:
            return found or ""
        words = fold(name)
        for group in self.groups:
            if any(each in words for each in group.names) and not any(
                each in words for each in group.not_names
            ):
                return group.id
        return ""

    def watched(self, code: str, branch: str = "", name: str = "") -> bool:
        """Whether `--buyers security` means it."""
        found = self.group_of(code, branch, name)
        return any(group.watched for group in self.groups if group.id == found)


def load_buyers(country: str = "mexico") -> Buyers | None:
    """The register of buyers of a country; None for one without `purchases/buyers.yaml`.

    Raises:
        DataError: the file is broken; says file and line.
    """
    return _load_buyers(country)


@cache
def _load_buyers(country: str) -> Buyers | None:
    return _of_country(country, "buyers.yaml", read_buyers)


def read_buyers(path: Path) -> tuple[Buyers | None, tuple[CareoError, ...]]:
    """A register of buyers, and every mistake in it."""
    return _read(path, BuyersFile, _twice, _register)


def _twice(written: Written, file: BuyersFile) -> Iterator[CareoError]:
    """A group, a code or a branch that stands in the register twice."""
    met: set[tuple[str, str]] = set()
    for index, group in enumerate(file.groups):
        loc: Loc = ("groups", index)
        named = [("group", group.id, (*loc, "id"))]
        named += [
            ("code", one.code, (*loc, "buyers", place, "code")) for place, one in enumerate(group.buyers)
        ]
        named += [("branch", one, (*loc, "branches", place)) for place, one in enumerate(group.branches)]
        for kind, name, place in named:
            if (kind, name) in met:
                yield written.error(place, "file_id_twice", found=name)
            met.add((kind, name))


def _register(file: BuyersFile) -> Buyers:
    by_code = {buyer.code: group.id for group in file.groups for buyer in group.buyers}
    by_branch = {branch: group.id for group in file.groups for branch in group.branches}
    groups = tuple(_folded(group) for group in file.groups)
    return Buyers(groups, MappingProxyType(by_code), MappingProxyType(by_branch))


def _folded(group: BuyerGroup) -> BuyerGroup:
    return replace(group, names=tuple(map(fold, group.names)), not_names=tuple(map(fold, group.not_names)))


# ── lists of suppliers that a user supplies ──────────────────────────────────────────────────────────────────────

LIST_COLUMNS = ("supplier", "list", "since", "until")


def read_supplier_list(path: str | Path) -> Mapping[str, tuple[Listing, ...]]:
    """Companies on lists, from a CSV with the columns of `LIST_COLUMNS`; `until` may be empty. Days are ISO dates.

    Raises:
        DataError: no such file, other columns, or a row that cannot be read; says file and line.
    """
    found: dict[str, list[Listing]] = {}
    for where, (supplier, name, since, until) in _list_rows(Path(path)):
        if not supplier:
            raise DataError("file_missing", where=where, field="supplier", fix="file_add")
        first, last = _day(where, "since", since), _day(where, "until", until) if until else None
        found.setdefault(supplier, []).append(Listing(name, first, last))
    return {supplier: tuple(listings) for supplier, listings in found.items()}


def _list_rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The rows of a list, each with `file:line`; a user's spreadsheet may have put a mark before the first word."""
    if not path.exists():
        raise DataError("input_missing", where=str(path), fix="input_missing")
    expected = ",".join(LIST_COLUMNS)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        reader = csv.reader(lines)
        rows = [(f"{path}:{reader.line_num}", row) for row in reader if row]
    except UnicodeDecodeError as error:
        raise DataError("file_encoding", where=str(path), expected=expected, fix="watch_list") from error
    except (OSError, csv.Error) as error:
        raise DataError("watch_list", where=str(path), expected=expected, fix="watch_list") from error
    first = ",".join(rows[0][1]) if rows else ""
    if first != expected:
        raise DataError(
            "panel_columns", where=f"{path}:1", expected=expected, found=repr(first[:80]), fix="watch_list"
        )
    for where, row in rows[1:]:
        if len(row) != len(LIST_COLUMNS):
            raise DataError(
                "panel_columns", where=where, expected=expected, found=",".join(row)[:80], fix="watch_list"
            )
        yield where, row


def _day(where: str, name: str, text: str) -> int:
    try:
        return (date.fromisoformat(text) - date(1970, 1, 1)).days
    except ValueError:
        raise DataError(
            "file_date", where=where, field=name, found=repr(text[:20]), expected="2018-11-14"
        ) from None
