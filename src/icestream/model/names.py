"""Names: shown as they are, and made into file names that are safe, short and never shared."""

import hashlib
import re

__all__ = ["safe_file_name", "shown_name"]

_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_LONGEST = 160
"""Characters; programs and we add endings, and file systems take 255 bytes."""
_KEPT = 80
"""Of those of a name that is cut."""


def shown_name(name: str) -> str:
    r"""The name of a file as people can see it, which may be that of an exposure.

    A file name of Linux may hold any byte. Those that are no UTF-8 become ``\xe9``, and a control
    character that would reach a terminal becomes ``\x1b``.
    """
    if name.isprintable():
        return name
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def safe_file_name(name: str) -> str:
    """A file name that every program takes; of two names that differ, two that differ.

    A name of Latin letters, digits and ``. _ + -`` that is not too long is its own file name. Of
    others these characters are kept, with a hash of the whole before the suffix.
    """
    if len(name) <= _LONGEST and _SAFE.fullmatch(name):
        return name
    found = _SUFFIX.search(name)
    suffix = found.group() if found else ""
    kept = _UNSAFE.sub("_", name.removesuffix(suffix)).strip("_.-+")[:_KEPT] or "file"
    whole = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=4)
    return f"{kept}-{whole.hexdigest()}{suffix}"
