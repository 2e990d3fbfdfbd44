"""What is wrong with a command line, in plain words."""

from collections.abc import Iterable
from pathlib import Path

from cyclopts import CycloptsError, MissingArgumentError
from cyclopts.exceptions import CoercionError, UnusedCliTokensError

from icestream.alike import hint
from icestream.protocol.describe import choices_of, type_words

__all__ = ["mistake_words"]


def mistake_words(error: CycloptsError) -> str:
    """What was asked, what was found and what to do, in one line."""
    words = None
    if isinstance(error, MissingArgumentError):
        words = _missing(error)
    elif isinstance(error, CoercionError):
        words = _unreadable(error)
    elif isinstance(error, UnusedCliTokensError):
        words = _too_much(error.unused_tokens or ())
    if words is None:
        error.verbose = False
        words = str(error)
    return words


def _missing(error: MissingArgumentError) -> str | None:
    argument = error.argument
    if argument is None:
        return None
    given = bool(argument.tokens) or bool(getattr(error, "keyword", None))
    lack = "needs a value" if given else "is missing"
    helps = error.app.assemble_argument_collection(parse_docstring=True) if error.app else ()
    said = next((help_.parameter.help for help_ in helps if help_.name == argument.name), None)
    what = " ".join((said or "").split()).rstrip(".")
    words = f"{argument.name} {lack}"
    return f"{words}: {what[0].lower()}{what[1:]}" if what else words


def _unreadable(error: CoercionError) -> str | None:
    token, kind = error.token, error.target_type
    if error.msg is not None or token is None or token.keyword is None:
        return None
    choices = list(choices_of(kind))
    if not choices:
        return f"{token.keyword}: expected {_article(type_words(kind))}, found {token.value!r}"
    near = hint(token.value, choices)
    return f"{token.keyword}: no {token.value!r}; choose from {', '.join(choices)}{near}"


def _article(words: str) -> str:
    return f"a {words}" if words in ("number", "whole number") else words


def _too_much(tokens: Iterable[str]) -> str:
    listed = list(tokens)
    shown = ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
    if any(Path(token).exists() for token in listed):
        return f"one word too many: {shown}; put a pattern in quotes, so that the shell leaves it"
    return f"not understood: {shown}"
