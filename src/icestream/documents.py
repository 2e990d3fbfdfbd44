"""JSON and TOML that somebody gives: whatever is wrong with it is a `ValueError` with a sentence.

The libraries raise other errors, too, on what is nested thousands deep: nobody writes that by
mistake, and whoever reads a document should not have to think of it.
"""

import json
import tomllib
from typing import Any

__all__ = ["read_json", "read_toml"]

_TOO_DEEP = "its values are nested too deeply"
_MOST_DIGITS = 300
"""Of a whole number: one of more is larger than any number with a decimal point."""


def read_json(given: str | bytes, *, finite: bool = False) -> Any:
    """What a JSON document says; bytes are UTF-8, with or without its mark.

    >>> read_json(b'{"a": 1}')
    {'a': 1}

    Parameters
    ----------
    given
        The document.
    finite
        Refuse ``NaN`` and ``Infinity``, which are no JSON, and which Python's library reads.

    Raises
    ------
    ValueError
        If it is none.
    """
    text = given.decode("utf-8-sig") if isinstance(given, bytes) else given
    constant = _no_number if finite else None
    try:
        return json.loads(text, parse_int=_whole, parse_constant=constant)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"{digits[:20]}… is a number of {len(digits)} digits")
    return int(digits)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def read_toml(given: str | bytes) -> dict[str, Any]:
    """What a TOML document says.

    >>> read_toml("a = 1")
    {'a': 1}

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        return tomllib.loads(given.decode("utf-8") if isinstance(given, bytes) else given)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
