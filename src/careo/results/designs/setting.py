"""Nouns that every design of causal evaluation shares: what it is given (`Setting`), what it finds (`Estimate`), what is held against it (`Check`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from careo.base.texts import say
from careo.run.setting import LOG, NEVER, RATE, SCALES, Setting, on_scale

__all__ = ["LOG", "NEVER", "RATE", "SCALES", "Check", "Estimate", "Setting", "on_scale"]

NAN = float("nan")


@dataclass(frozen=True)
class Estimate:
    """One effect in one window on one scale; NaN where something cannot be told.

    Attributes:
        method: Key of texts.
        window: Months after the start, first and last.
        scale: "rate" (events per 100,000 persons and year) or "log" (log points).
        effect: Mean over treated place-months of what was seen less what would have been.
        low, high: Central interval of `level`, by the method's own inference.
        p: Two-sided, by randomisation or rank. smallest_p: the smallest that the placebos at hand could have given.
        mde: The smallest effect that would have been found four times in five at a level of 5%, in the effect's unit.
        base: Months before the start that it is held against; 0 is all of them.
        draws: Placebo assignments behind `p`. treated: places. months: treated place-months.
        level: Of the interval.
        default: Whether the verdict rests on it; others stand beside it.
    """

    method: str
    window: tuple[int, int]
    scale: str
    effect: float
    low: float = NAN
    high: float = NAN
    p: float = NAN
    smallest_p: float = NAN
    mde: float = NAN
    base: int = 0
    draws: int = 0
    treated: int = 0
    months: int = 0
    level: float = 0.90
    default: bool = False


@dataclass(frozen=True)
class Check:
    """Something that an estimate has to stand up to.

    Attributes:
        name: Of the check, a key of texts without its file.
        passed: None where it is not a test.
        reason: Key of texts. words: what its placeholders are filled with; numbers already rounded.
        figures: What was measured, by name.
        gate: Whether failing it makes the verdict inconclusive; others are told beside it.
    """

    name: str
    passed: bool | None
    reason: str
    words: Mapping[str, object] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    gate: bool = True

    def sentence(self, language: str) -> str:
        """The reason in a language."""
        return say(language, self.reason, **self.words)
