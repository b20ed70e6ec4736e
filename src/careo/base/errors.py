"""The errors a user can mend, in one tree; each says where, what, expected, found and fix.

    CareoError
    ├── InputError      a document cannot be read
    ├── DataError       a data file of a country or a language is broken
    │   └── Mistakes    several of them at once
    ├── LedgerError     a ledger edited by hand does not make sense
    ├── NetworkError    a URL cannot be fetched, or --offline forbids it
    └── OutputError     a result cannot be written

The words stand in `data/texts/{en,es}/errors.yaml`, so an error speaks both languages. The command line
prints it and leaves with exit code 2; anything that is not a CareoError keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence

from careo.base.texts import say


class CareoError(Exception):
    """An error that the user can mend.

    Args:
        key: name of the sentence in `errors.yaml`.
        where: file, or file:line, the error is about.
        expected, found, fix: further lines, already worded (`expected`, `found`) or a key under `errors.fix` (`fix`).
        words: values for the placeholders of the sentence and of the fix.
    """

    def __init__(
        self,
        key: str,
        *,
        where: str = "",
        expected: str = "",
        found: str = "",
        fix: str = "",
        **words: object,
    ) -> None:
        self.key, self.where, self.expected, self.found, self.fix, self.words = (
            key,
            where,
            expected,
            found,
            fix,
            words,
        )
        super().__init__(self.render("en"))

    @property
    def mistakes(self) -> tuple[CareoError, ...]:
        """Each mistake by itself; of most errors, the error alone."""
        return (self,)

    def render(self, language: str) -> str:
        """The message in `language`: one sentence after `where`, then the lines that are known."""
        sentence = say(language, f"errors.{self.key}", **self.words)
        lines = [f"{self.where}: {sentence}" if self.where else sentence[:1].upper() + sentence[1:]]
        for label, value in (
            ("expected", self.expected),
            ("found", self.found),
            ("fix", say(language, f"errors.fix.{self.fix}", **self.words) if self.fix else ""),
        ):
            if value:
                lines.append(f"  {say(language, f'errors.label.{label}')} {value}")
        return "\n".join(lines)


class InputError(CareoError):
    """A document cannot be read."""


class DataError(CareoError):
    """A data file of a country or a language is broken."""


class Mistakes(DataError):  # noqa: N818 - several errors, none by itself
    """Every mistake that was found, in the order in which they are to be mended; at least two."""

    def __init__(self, mistakes: Sequence[CareoError]) -> None:
        self._mistakes = tuple(mistakes)
        first = self._mistakes[0]
        super().__init__(
            first.key, where=first.where, expected=first.expected, found=first.found, fix=first.fix, **first.words
        )  # fmt: skip

    @property
    def mistakes(self) -> tuple[CareoError, ...]:
        """Each mistake by itself."""
        return self._mistakes

    def render(self, language: str) -> str:
        """All messages, one after the other, and how many there are."""
        count = say(language, "errors.mistakes", count=len(self._mistakes))
        return "\n".join([*(mistake.render(language) for mistake in self._mistakes), count])


class LedgerError(CareoError):
    """A ledger edited by hand does not make sense."""


class NetworkError(CareoError):
    """A URL cannot be fetched, or `--offline` forbids it."""


class OutputError(CareoError):
    """A result cannot be written."""
