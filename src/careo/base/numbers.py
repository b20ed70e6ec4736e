"""Reading numbers as people write them, in English and Spanish."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """One number in a text, with the sign or word that makes its unit.

    Attributes:
        start, end: characters of the text; the expression with its own unit sign or word ("US$2.9 billion", "15%",
            "15 puntos porcentuales", "33 mil", "one in three", "every 15 minutes", "between 20 and 30"), without hedge or noun.
        value: in `unit`. Money in whole currency units; percentages and "one in three" as shares in [0, 1] (0.15);
            percentage points as shares too (15 points = 0.15); "doubled" = 2.0, "halved" = 0.5, "tripled" = 3.0.
        low, high: the ends of a range ("between 20 and 30", "20-30 mil"), else both equal `value` (a range has its middle as value).
        unit: "count", "share", "percentage_points", "rate_per_100k", "factor", "interval_minutes" (every 15 minutes = 15.0),
            "money" (currency not said) or an ISO currency code ("USD", "MXN").
        digits: significant digits as written ("33,000" has 2, "33,341" has 5, "9.2bn" 2); how precise the writer was.
        step: value of one unit in the last significant digit written (33,000 → 1000; 33,341 → 1; $9.2bn → 1e8; 15% → 0.01).
        role: "quantity"; or why it is none: "year", "date", "time", "age", "duration", "ordinal", "enumerator" (list
            marker), "identifier" (Article 19, Resolution 2240, El 85, phone, version, address), "vague" (tens of thousands).
    """

    start: int
    end: int
    value: float
    low: float
    high: float
    unit: str
    digits: int
    step: float
    role: str = "quantity"
