"""Mixes of measures under one budget: shares of money by lever, what a full dose costs, and which dose the money buys.

Rules:

- A mix is planned at the middle cost of each lever, in ten-thousandths of the budget. It never plans more for a lever than its largest
  dose costs, so a mix of cheap levers leaves money over.
- A prevention share is the share of preventive levers in the planned cost, over all levers of the search. It is kept exactly (to a
  ten-thousandth of the budget): where one side cannot take its part, the other side's money is cut, too, and more is left over.
- A mix runs from the first month on, evenly in the whole country: one dose per inhabitant or place, the same everywhere.
- In a world a lever costs what that world says; its dose is what the planned money buys there, up to the largest dose.

Which lever is preventive is careo's own classification (`family` of the lever's file).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from careo.base.errors import CareoError
from careo.base.fields import worded
from careo.evidence.levers import Lever, find_lever, load_levers
from careo.panel import Country
from careo.record.money import convert, load_money
from careo.run.scenario_checks import largest_dose
from careo.run.scenario_costs import Note, Prices, at_prices, unique

GRID = 10_000
"""Parts of a budget: what is printed to a hundredth of a per cent is what was run."""
_WEIGHTS = 1e6
_MOST_BUDGET = 1e18  # beyond it cents cannot be told, and no state has it
_DUST = GRID // 200  # half a per cent of the budget, which nobody would plan apart
FAMILIES = ("prevention", "coercion")
PER = ("year", "horizon")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)(%?)(?:\.\.(\d+(?:\.\d+)?)(%?))?")


@dataclass(frozen=True, slots=True)
class LeverPrice:
    """What the largest dose of a lever costs.

    Attributes:
        lever: of the registry. low, value, high: [currency/year, at the prices of the question] for the largest dose in the whole country.
        most: the largest dose [dose units; of an event lever events a month and place].
    """

    lever: Lever
    low: float
    value: float
    high: float
    most: float

    @property
    def preventive(self) -> bool:
        """Whether careo classes it as prevention."""
        return self.lever.family == "prevention"


@dataclass(frozen=True, slots=True)
class MixQuestion:
    """What is searched over.

    Attributes:
        prices: of the levers, in the registry's order. budget: [currency/year]. currency, price_year: of every amount.
        least, most: bounds of the prevention share. months: of the horizon. asked: the budget as it was given, in its currency.
        passed_over: levers that a search without named levers leaves out, and why ("cost", "money", "nothing"). notes: on money, by language.
    """

    prices: tuple[LeverPrice, ...]
    budget: float
    currency: str
    price_year: int
    least: float
    most: float
    months: int
    asked: tuple[float, str, str]
    passed_over: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def levers(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(price.lever.id for price in self.prices)

    @property
    def caps(self) -> np.ndarray:
        """The most that can be planned for each lever [1/GRID of the budget; lever]."""
        parts = [min(price.value / self.budget, 1.0) * GRID for price in self.prices]
        return np.floor(np.array(parts) + 1e-6).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Mix:
    """Planned money by lever.

    Attributes:
        parts: [1/GRID of the budget; lever of the question]. name: of a mix that the search did not find; "" of one that it did.
    """

    parts: tuple[int, ...]
    name: str = ""

    @property
    def shares(self) -> np.ndarray:
        """Of the budget [share; lever]."""
        return np.array(self.parts) / GRID

    @property
    def planned(self) -> float:
        """What is planned at all [share of the budget]."""
        return sum(self.parts) / GRID


def prevention_share(question: MixQuestion, mix: Mix) -> float | None:
    """The preventive part of the planned cost; None where nothing is planned."""
    whole = sum(mix.parts)
    kept = sum(part for part, price in zip(mix.parts, question.prices, strict=True) if price.preventive)
    return kept / whole if whole else None


def mix_question(
    country: Country,
    *,
    budget: float,
    currency: str = "",
    per: str = "year",
    levers: Sequence[str] = (),
    prevention: str = "0..1",
    months: int = 72,
) -> MixQuestion:
    """A search's money and levers, with every mistake found before a number is drawn.

    Args:
        country: whose levers, prices and rates. budget: [currency a year, or over the horizon; prices of the last year of the index].
        currency: "": that of the country's price index. per: "year" or "horizon". levers: ids or codes; none: all of the families
            prevention and coercion that have a cost and move something. prevention: "0.7", "70%" or "0.5..0.9". months: of the horizon.

    Raises:
        CareoError: an amount, a currency, a lever or a share that cannot be searched with; says which.
    """
    if not 1 <= budget <= _MOST_BUDGET:
        raise CareoError("search_budget", found=f"{budget:g}", expected=f"1 … {_MOST_BUDGET:g}")
    if per not in PER:
        raise CareoError("search_per", found=repr(per), expected=" | ".join(PER))
    least, most = read_share(prevention)
    money = load_money(country.key)
    own = sorted({index.currency for index in money.prices})
    if len(own) != 1:
        raise CareoError("search_prices", where=country.key)
    prices = Prices(money, own[0], max(index.year for index in money.prices))
    notes: list[Note] = []
    chosen, passed = _chosen(country.key, levers)
    priced: list[LeverPrice] = []
    for lever in chosen:
        price = _price(lever, prices, len(country.places.states), notes)
        if price:
            priced.append(price)
        elif levers and lever.cost:
            raise CareoError(
                "search_lever_money", found=lever.id, currency=lever.cost.currency, year=lever.cost.price_year,
                wanted=prices.currency, at=prices.year,
            )  # fmt: skip
        else:
            passed.append((lever.id, "money"))
    if not priced:
        raise CareoError("search_no_levers", where=country.key)
    yearly = budget * (12 / months if per == "horizon" else 1.0)
    question = MixQuestion(
        tuple(priced), _budget(prices, yearly, currency or own[0]), own[0], prices.year, least, most, months,
        (budget, currency or own[0], per), tuple(passed), tuple(unique(notes)),
    )  # fmt: skip
    _feasible(question)
    return question


def read_share(text: str) -> tuple[float, float]:
    """A prevention share: "0.7", "70%", "0..1", "50%..90%".

    Raises:
        CareoError: it is none.
    """
    found = _SHARE.fullmatch(text.strip().replace(" ", ""))
    if found:
        low = float(found[1]) / (100 if found[2] else 1)
        high = float(found[3]) / (100 if found[4] else 1) if found[3] else low
        if 0 <= low <= high <= 1:
            return low, high
    raise CareoError("search_share", found=repr(text[:40]), expected="0..1 | 0.7 | 50%..90%")


def _budget(prices: Prices, amount: float, currency: str) -> float:
    """In the country's own currency, at the prices of its last year [currency/year]."""
    if currency == prices.currency:
        return amount
    known = {prices.currency} | {name for rate in prices.money.rates for name in (rate.quoted, rate.base)}
    if currency not in known:
        raise CareoError("search_currency", found=repr(currency[:20]), expected=" | ".join(sorted(known)))
    converted = convert(prices.money, Decimal(f"{amount:.2f}"), currency, prices.currency, str(prices.year))
    if converted is None:
        raise CareoError("search_rate", currency=currency, wanted=prices.currency, year=prices.year)
    return float(converted.amount)


def _chosen(country: str, names: Sequence[str]) -> tuple[tuple[Lever, ...], list[tuple[str, str]]]:
    """The levers of a search, and those that one without named levers leaves out."""
    known = load_levers(country)
    if names:
        asked = {find_lever(name, country).id for name in names}
        for lever in (known[name] for name in sorted(asked)):
            if not _priced(lever):
                raise CareoError("search_cost", found=lever.id, fix="search_cost")
            if not moves_something(lever):
                raise CareoError("search_nothing", found=lever.id)
        return tuple(lever for lever in known.values() if lever.id in asked), []
    found: list[Lever] = []
    passed: list[tuple[str, str]] = []
    for lever in known.values():
        if lever.family not in FAMILIES:
            continue
        if not _priced(lever):
            passed.append((lever.id, "cost"))
        elif not moves_something(lever):
            passed.append((lever.id, "nothing"))
        else:
            found.append(lever)
    return tuple(found), passed


def moves_something(lever: Lever) -> bool:
    """Whether a run by state moves anything by this lever."""
    here = (None, "nation", "state")
    return any(
        effect.level in here and (effect.law != "structural" or effect.mean is not None)
        for effect in lever.effects
    )


def _priced(lever: Lever) -> bool:
    return lever.cost is not None and lever.cost.value > 0


def _price(lever: Lever, prices: Prices, places: int, notes: list[Note]) -> LeverPrice | None:
    """None where its money cannot be told in the country's own: a rate or a price index is missing."""
    cost, most = lever.cost, largest_dose(lever)
    assert cost is not None  # noqa: S101 - levers without one were refused
    told = [
        at_prices(prices, Decimal(str(end)), cost.currency, cost.price_year, notes)
        for end in (cost.low, cost.value, cost.high)
    ]
    if None in told:
        return None
    whole = most if math.isfinite(most) else 1.0
    scale = whole * (12 * places if cost.per == "event" else 1)
    low, value, high = ((end or 0.0) * scale for end in told)
    return LeverPrice(lever, low, value, high, whole)


def _feasible(question: MixQuestion) -> None:
    """The levers must allow a share within its bounds."""
    for family, needed in (("prevention", question.least > 0), ("other", question.most < 1)):
        if needed and not any(price.preventive == (family == "prevention") for price in question.prices):
            raise CareoError(f"search_no_{family}", expected=f"{question.least:g}..{question.most:g}")
    for name, cap in zip(question.levers, question.caps.tolist(), strict=True):
        if not cap:
            raise CareoError(
                "search_too_large", found=name, expected=f"< {question.budget:g} {question.currency}"
            )


# ── mixes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def no_money(question: MixQuestion) -> Mix:
    """The status quo: nothing is bought."""
    return Mix((0,) * len(question.prices), "status-quo")


def fill(question: MixQuestion, weights: np.ndarray, share: float, name: str = "") -> Mix:
    """The mix of a prevention share, its money given to the levers of a side in proportion to weights, up to their largest doses.

    Args:
        weights: ≥ 0; a lever of weight 0 gets nothing [lever]. share: preventive part of the cost, 0 … 1.
    """
    caps = np.where(weights > 0, question.caps, 0)
    sides = [np.array([price.preventive == side for price in question.prices]) for side in (True, False)]
    wanted = (share, 1.0 - share)
    room = [
        int(caps[side].sum()) / part if part > 0 else math.inf
        for side, part in zip(sides, wanted, strict=True)
    ]
    whole = min(float(GRID), *room)
    parts = np.zeros(len(weights), dtype=np.int64)
    for side, part in zip(sides, wanted, strict=True):
        parts[side] = _poured(int(whole * part + 1e-6), weights[side], caps[side])
    return Mix(tuple(parts.tolist()), name)


def _poured(amount: int, weights: np.ndarray, caps: np.ndarray) -> np.ndarray:
    """An amount in proportion to weights, what is over a lever's cap to the others [1/GRID of the budget; lever of a side]."""
    out = np.zeros(len(weights), dtype=np.int64)
    for _ in range(len(weights) + 1):
        open_ = (weights > 0) & (out < caps)
        left = amount - int(out.sum())
        if left <= 0 or not open_.any():
            break
        given = np.floor(left * np.where(open_, weights, 0.0) / weights[open_].sum() + 1e-9).astype(np.int64)
        out += np.minimum(given, caps - out)
    for row in np.argsort(-weights, kind="stable"):  # what rounding left
        if weights[row] > 0:
            out[row] += min(amount - int(out.sum()), int(caps[row] - out[row]))
    return out


def even_mix(question: MixQuestion, share: float, name: str = "") -> Mix:
    """A prevention share whose money is spread evenly over the levers of either side, up to their largest doses."""
    return fill(question, np.ones(len(question.prices)), share, name)


def mix_of_genes(question: MixQuestion, genes: np.ndarray) -> Mix:
    """The mix that a point of the unit cube stands for: its share, then how far each lever goes before the others [lever + 1].

    A lever below ½ gets nothing, because a mix of everything cannot be read; above, its weight runs from 1 to a million, so that money can
    go to one lever after the other as well as to all of them alike; what would get less than half a per cent of the budget gets nothing.
    """
    weights = np.where(genes[1:] < 0.5, 0.0, _WEIGHTS ** (2 * genes[1:] - 1))
    for side in (True, False):
        mine = np.array([price.preventive == side for price in question.prices])
        if mine.any() and not weights[mine].any():
            weights[int(np.argmax(np.where(mine, genes[1:], -1.0)))] = 1.0
    share = _share(question, float(genes[0]))
    parts = np.array(fill(question, weights, share).parts)
    dust = (parts < _DUST) & (parts < question.caps)
    for side in (True, False):
        mine = np.array([price.preventive == side for price in question.prices]) & (parts > 0)
        if (mine & dust).any() and not (
            mine & ~dust
        ).any():  # a side of dust alone is one lever, or the share were lost
            dust[int(np.argmax(np.where(mine, weights, -1.0)))] = False
    return fill(question, np.where(dust, 0.0, weights), share)


def genes_of(question: MixQuestion, share: float, worth: np.ndarray) -> np.ndarray:
    """A point of the unit cube whose mix pays for levers in the order of their worth, those of no worth never [lever + 1]."""
    width = question.most - question.least
    useful = worth > 0
    order = np.argsort(np.argsort(np.where(useful, worth, -np.inf), kind="stable"), kind="stable")
    ranks = np.where(useful, order - (~useful).sum() + 1, 0) / max(1, int(useful.sum()))
    place = np.where(useful, 0.5 + 0.5 * ranks, 0.0)
    return np.array([(share - question.least) / width if width > 0 else 0.5, *place])


def _share(question: MixQuestion, gene: float) -> float:
    if not any(price.preventive for price in question.prices):
        return 0.0
    if all(price.preventive for price in question.prices):
        return 1.0
    share = round(question.least + gene * (question.most - question.least), 2)
    return min(max(share, question.least), question.most)  # bounds may be finer than what is told apart


def classification(question: MixQuestion, language: str) -> Mapping[str, tuple[str, ...]]:
    """Names of the levers of the search by family."""
    found: dict[str, list[str]] = {}
    for price in question.prices:
        found.setdefault(price.lever.family or "unclassed", []).append(worded(price.lever.name, language))
    return {family: tuple(names) for family, names in found.items()}
