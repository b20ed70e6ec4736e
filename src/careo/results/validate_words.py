"""A validation in sentences."""

from __future__ import annotations

from careo.results.validate import Validation


def with_words(found: Validation, language: str) -> Validation:
    """The same with its summary, findings and caveats."""
    return found
