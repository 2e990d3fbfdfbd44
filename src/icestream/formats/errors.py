"""The error that reading a file can end with."""

from pathlib import Path

__all__ = ["FormatError", "NotRead"]


class FormatError(ValueError):
    """A file is not what it should be.

    Parameters
    ----------
    path
        The file.
    expected, found
        What should have been there and what was, with numbers.
    advice
        What to do about it.
    """

    def __init__(self, path: Path | str, *, expected: str, found: str, advice: str) -> None:
        super().__init__(path, expected, found, advice)
        self.path = Path(path)
        self.expected = expected
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, found {self.found}; {self.advice}"

    def at(self, where: str) -> "FormatError":
        """The same, of a place in the file: ``frame 5 of 8``."""
        expected = f"{self.expected} in {where}"
        return type(self)(self.path, expected=expected, found=self.found, advice=self.advice)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.path, self.expected, self.found, self.advice)


class NotRead(FormatError):
    """A file is of a kind that is not read: whole or not, waiting for it does not help."""


def _rebuild(
    kind: type[FormatError], path: Path, expected: str, found: str, advice: str
) -> FormatError:
    """Make the error again in another process; its arguments are keywords."""
    return kind(path, expected=expected, found=found, advice=advice)
