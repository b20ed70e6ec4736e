"""Reading a country's `money/` folder: five files, and everything in them that cannot be or that would be counted twice.

    lines.yaml           the lines            shares.yaml          what a share can mean, and shares promised
    flows.csv            the amounts          exchange_rates.csv   prices.csv

A folder that is not there is a country without money. Every mistake says file and line.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import ClassVar, Literal, TypeVar, get_args

from pydantic import ConfigDict

from careo.base.citations import load_sources
from careo.base.dates import parse_period
from careo.base.errors import DataError
from careo.base.fields import CLOSED, Verified
from careo.base.shipped import country_folder, read_table
from careo.base.texts import LANGUAGES
from careo.base.yaml_files import Written, build, read_written
from careo.record.money import (
    COUNTED,
    STAGES,
    Basis,
    Flow,
    Hedge,
    Money,
    MoneyLine,
    PriceIndex,
    Rate,
    ShareDefinition,
    SharePromise,
)
from careo.record.money_moves import holders

FLOW_COLUMNS = (
    "line", "account", "stage", "amount", "low", "hedge", "currency", "period", "as_of", "basis", "part_of", "source",
    "verified", "note_en", "note_es",
)  # fmt: skip
RATE_COLUMNS = ("period", "pair", "rate", "basis", "source", "verified", "note_en", "note_es")
PRICE_COLUMNS = ("year", "currency", "index", "source", "verified")
_ROUNDING = Decimal(1)  # currency units by which each part of a printed sum may be rounded
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _LinesFile:
    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    schema: Literal["careo.money/1"]
    lines: tuple[MoneyLine, ...]


@dataclass(frozen=True, slots=True)
class _SharesFile:
    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    schema: Literal["careo.money/1"]
    definitions: tuple[ShareDefinition, ...] = ()
    promises: tuple[SharePromise, ...] = ()


def read_money(country: str) -> Money:
    """The money of a country's folder.

    Raises:
        DataError: the first mistake found.
    """
    folder = country_folder(country) / "money"
    if not (folder / "lines.yaml").is_file():
        return Money({}, (), (), (), {}, ())
    sources = load_sources(country).keys()
    lines = _lines(folder / "lines.yaml", sources)
    flows = tuple(_flows(folder / "flows.csv", lines, sources))
    _check_cells(flows)
    definitions, promises = _shares(folder / "shares.yaml", lines, sources)
    return Money(
        lines,
        flows,
        tuple(_rates(folder / "exchange_rates.csv", sources)),
        tuple(_prices(folder / "prices.csv", sources)),
        definitions,
        promises,
    )


# ── lines and shares ─────────────────────────────────────────────────────────────────────────────────────────────


def _built(written: Written, noun: type[_T]) -> _T:
    made, mistakes = build(written, noun)
    if made is None:
        raise mistakes[0]
    return made


def _lines(path: Path, sources: Iterable[str]) -> dict[str, MoneyLine]:
    written = read_written(path)
    lines: dict[str, MoneyLine] = {}
    for index, line in enumerate(_built(written, _LinesFile).lines):
        if line.id in lines:
            raise written.error(("lines", index, "id"), "money_id_twice", found=line.id)
        lines[line.id] = line
    for index, line in enumerate(lines.values()):
        at = ("lines", index)
        for key in ("inside", "not_comparable_with"):
            for other in getattr(line, key):
                if other not in lines or other == line.id:
                    raise written.error(
                        (*at, key, other), "money_line", known=lines.keys() - {line.id}, found=other
                    )
        if line.id in holders(lines, line.id):
            raise written.error((*at, "inside"), "money_inside_itself", found=line.id)
        for key in line.earmark.sources if line.earmark else ():
            if key not in sources:
                raise written.error((*at, "earmark", "sources"), "file_source", known=sources, found=key)
    return lines


def _shares(
    path: Path, lines: Mapping[str, MoneyLine], sources: Iterable[str]
) -> tuple[dict[str, ShareDefinition], tuple[SharePromise, ...]]:
    if not path.is_file():
        return {}, ()
    written = read_written(path)
    made = _built(written, _SharesFile)
    definitions: dict[str, ShareDefinition] = {}
    for index, definition in enumerate(made.definitions):
        at = ("definitions", index)
        if definition.id in definitions:
            raise written.error((*at, "id"), "money_id_twice", found=definition.id)
        definitions[definition.id] = definition
        for key, names in (("share", definition.share), ("of", definition.of)):
            for place, name in enumerate(names):
                if name not in lines:
                    raise written.error((*at, key, place), "money_line", known=lines, found=name)
                again = name in names[:place]
                if again or set(holders(lines, name)) & set(names):
                    raise written.error((*at, key, place), "money_share_twice", found=name)
        for place, name in enumerate(definition.share):
            if name not in definition.of and not set(holders(lines, name)) & set(definition.of):
                raise written.error(
                    (*at, "share", place), "money_share_outside", known=definition.of, found=name
                )
        currencies = sorted({lines[name].currency for name in (*definition.share, *definition.of)})
        if len(currencies) > 1:
            raise written.error((*at, "of"), "money_share_currencies", found=", ".join(currencies))
    for index, promise in enumerate(made.promises):
        at = ("promises", index)
        if promise.of is not None and promise.of not in definitions:
            raise written.error((*at, "of"), "money_share_unknown", known=definitions, found=promise.of)
        if not promise.values:
            raise written.error((*at, "values"), "file_missing", fix="file_add")
        for place, value in enumerate(promise.values):
            for key in value.sources:
                if key not in sources:
                    raise written.error(
                        (*at, "values", place, "sources"), "file_source", known=sources, found=key
                    )
    return definitions, made.promises


# ── amounts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _flows(path: Path, lines: Mapping[str, MoneyLine], sources: Iterable[str]) -> Iterator[Flow]:
    for where, row in _rows(path, FLOW_COLUMNS):
        cell = dict(zip(FLOW_COLUMNS, row, strict=True))
        known = lines.get(cell["line"])
        if known is None:
            raise _wrong(where, "money_line", "line", cell["line"], known=lines)
        flow = Flow(
            line=cell["line"],
            account=cell["account"],
            stage=_choice(where, "stage", cell["stage"], STAGES),
            amount=_amount(where, "amount", cell["amount"]),
            low=_amount(where, "low", cell["low"]),
            hedge=_choice(where, "hedge", cell["hedge"], get_args(Hedge)),
            currency=_currency(where, cell["currency"]),
            period=_period(where, cell["period"]),
            as_of=_period(where, cell["as_of"], "as_of") if cell["as_of"] else "",
            basis=_choice(where, "basis", cell["basis"], get_args(Basis)),
            part_of=cell["part_of"],
            sources=_sources(where, cell["source"], sources),
            verified=_choice(where, "verified", cell["verified"], get_args(Verified)),
            note=_note(where, cell["note_en"], cell["note_es"]),
            where=where,
        )
        if flow.amount is None and not flow.note:
            raise _wrong(where, "money_not_found_note", "note_en", "")
        if flow.low is not None and (flow.amount is None or flow.low > flow.amount):
            raise _wrong(where, "money_low", "low", cell["low"])
        exists = parse_period(known.exists) if known.exists else None
        if exists and flow.basis in COUNTED and not exists.overlaps(parse_period(flow.period)):
            raise _wrong(
                where, "money_exists", "period", flow.period, line=flow.line, expected=known.exists or ""
            )
        if flow.basis in ("addend", "part") and not flow.account:
            raise _wrong(where, "money_account", "account", "")
        yield flow


def _check_cells(flows: Sequence[Flow]) -> None:
    """No amount that a sum may rest on stands twice; parts belong to something and are not more than it."""
    cells: dict[tuple[str, str, str], list[Flow]] = defaultdict(list)
    for flow in flows:
        cells[flow.line, flow.stage, flow.currency].append(flow)
    for rows in cells.values():
        counted = [flow for flow in rows if flow.basis in COUNTED]
        for index, flow in enumerate(counted):
            for other in counted[:index]:
                _check_pair(flow, other)
        for period in dict.fromkeys(flow.period for flow in rows):
            _check_parts([flow for flow in rows if flow.period == period])


def _check_pair(flow: Flow, other: Flow) -> None:
    if flow.period != other.period:
        if parse_period(flow.period).overlaps(parse_period(other.period)):
            raise _wrong(
                flow.where, "money_overlap", "period", flow.period, other=other.period, fix="money_basis"
            )
    elif "whole" in (flow.basis, other.basis) or flow.account == other.account:
        raise _wrong(
            flow.where, "money_twice", "basis", flow.basis, line=flow.line, stage=flow.stage, period=flow.period,
            other=other.where.rpartition(":")[2], fix="money_basis",
        )  # fmt: skip


def _check_parts(rows: Sequence[Flow]) -> None:
    """Parts of one period: of the line's whole, or of one of its accounts."""
    accounts = {flow.account: flow for flow in rows if flow.account}
    sums: dict[str, list[Flow]] = defaultdict(list)
    for flow in rows:
        if flow.part_of and (
            flow.basis != "part" or flow.part_of not in accounts or flow.part_of == flow.account
        ):
            raise _wrong(flow.where, "money_part_of", "part_of", flow.part_of, known=accounts)
        if flow.basis == "part":
            sums[flow.part_of].append(flow)
    for name, parts in sums.items():
        wholes = [accounts[name]] if name else [flow for flow in rows if flow.basis in COUNTED]
        if not wholes or any(flow.amount is None for flow in wholes):
            continue
        whole = sum((flow.amount or Decimal(0) for flow in wholes), Decimal(0))
        added = sum((flow.amount or Decimal(0) for flow in parts), Decimal(0))
        if added > whole + _ROUNDING * len(parts):
            raise _wrong(parts[-1].where, "money_parts", "amount", f"{added:,}", expected=f"≤ {whole:,}")


# ── rates and prices ─────────────────────────────────────────────────────────────────────────────────────────────


def _rates(path: Path, sources: Iterable[str]) -> Iterator[Rate]:
    seen: set[tuple[str, ...]] = set()
    for where, (period, pair, rate, basis, source, verified, note_en, note_es) in _rows(path, RATE_COLUMNS):
        match = re.fullmatch(r"([A-Z]{3})/([A-Z]{3})", pair)
        if not match or match[1] == match[2]:
            raise _wrong(where, "money_pair", "pair", pair, expected="MXN/USD")
        key = (_period(where, period), *sorted(match.groups()))
        if key in seen:
            raise _wrong(where, "panel_twice", "period", f"{period} {pair}")
        seen.add(key)
        yield Rate(
            period, match[1], match[2], _positive(where, "rate", rate), _choice(where, "basis", basis, ("mean", "implied")),
            _sources(where, source, sources), _choice(where, "verified", verified, get_args(Verified)),
            _note(where, note_en, note_es),
        )  # fmt: skip


def _prices(path: Path, sources: Iterable[str]) -> Iterator[PriceIndex]:
    seen: set[tuple[str, str]] = set()
    for where, (year, currency, index, source, verified) in _rows(path, PRICE_COLUMNS):
        if not re.fullmatch(r"[12]\d{3}", year):
            raise _wrong(where, "panel_period", "year", year, expected="2018")
        if (year, currency) in seen:
            raise _wrong(where, "panel_twice", "year", f"{year} {currency}")
        seen.add((year, currency))
        yield PriceIndex(
            int(year), _currency(where, currency), _positive(where, "index", index), _sources(where, source, sources),
            _choice(where, "verified", verified, get_args(Verified)),
        )  # fmt: skip


# ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    return read_table(path, columns) if path.is_file() else iter(())


def _wrong(
    where: str, key: str, column: str, found: str, *, known: Iterable[str] = (), **words: str
) -> DataError:
    names = sorted(known)
    guess = get_close_matches(found, names, n=1, cutoff=0.5) if names and found else []
    expected = words.pop("expected", "") or " | ".join(names[:12]) + (" | …" if len(names) > 12 else "")
    fix = words.pop("fix", "") or ("did_you_mean" if guess else "")
    return DataError(
        key, where=where, field=column, expected=expected, found=repr(found), fix=fix, guess=guess[0] if guess else "",
        **words,
    )  # fmt: skip


def _choice(where: str, column: str, found: str, names: Sequence[str]) -> str:
    if found not in names:
        shown = [name for name in names if name]
        raise _wrong(where, "file_choice", column, found, known=shown, expected=" | ".join(shown))
    return found


def _amount(where: str, column: str, found: str) -> Decimal | None:
    if not found:
        return None
    if not re.fullmatch(r"\d{1,18}(\.\d{1,2})?", found):
        raise _wrong(where, "money_amount", column, found, expected="2500000000 | 2500000000.25")
    return Decimal(found)


def _positive(where: str, column: str, found: str) -> Decimal:
    if not re.fullmatch(r"\d{1,12}(\.\d{1,9})?", found) or not Decimal(found):
        raise _wrong(where, "file_want_number", column, found, expected="> 0")
    return Decimal(found)


def _currency(where: str, found: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", found):
        raise _wrong(where, "file_choice", "currency", found, expected="MXN | USD | …")
    return found


def _period(where: str, found: str, column: str = "period") -> str:
    try:
        period = parse_period(found)
    except ValueError:
        period = None
    if period is None or period.first is None or period.last is None or str(period) != found:
        raise _wrong(where, "file_period", column, found, expected="2019 | 2008/2010 | 2013-02/2016-07")
    return found


def _sources(where: str, found: str, known: Iterable[str]) -> tuple[str, ...]:
    keys = tuple(found.split())
    for key in keys or ("",):
        if key not in known:
            raise _wrong(where, "file_source", "source", key, known=known)
    return keys


def _note(where: str, *texts: str) -> dict[str, str]:
    if any(texts) and not all(texts):
        raise _wrong(where, "money_note", "note_en", "")
    return dict(zip(LANGUAGES, texts, strict=True)) if any(texts) else {}
