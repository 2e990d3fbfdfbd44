r"""Names of files as bytes, and as rsync writes them.

A name may have any byte but zero and a slash. Ledgers keep them as bytes; in Python they are text
in which bytes that are no text are surrogates, as the system gives them.
"""

import fnmatch
import os
import re
from collections.abc import Iterable, Sequence

__all__ = ["asked_for", "from_rsync", "is_excluded", "those_within", "unnamed"]

_OCTAL = re.compile(rb"\\#([0-7]{3})")


def from_rsync(said: bytes) -> str:
    r"""A name as rsync tells it, with bytes that are no letters written as ``\#012``."""
    return os.fsdecode(_OCTAL.sub(lambda found: bytes([int(found[1], 8)]), said))


def asked_for(names: Iterable[str], below: str = "") -> bytes:
    """A list for ``--files-from=- --from0``: no name in it is an option or a remark.

    Names are relative to a folder `below` the one that rsync is given, and to the target.
    """
    start = b"./" + os.fsencode(below) + b"/./" if below else b"./"
    return b"".join(start + os.fsencode(name) + b"\0" for name in names)


def is_excluded(name: str, patterns: Sequence[str]) -> bool:
    """Whether a relative name is left out: a pattern fits it, its last part or a folder above."""
    parts = name.split("/")
    above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    return any(
        fnmatch.fnmatchcase(part, pattern) for pattern in patterns for part in (*parts, *above)
    )


def those_within(names: Iterable[str], pattern: str) -> list[str]:
    """Names of files in folders that are called so; all where the pattern is empty."""
    return [
        name
        for name in names
        if not pattern or ("/" in name and fnmatch.fnmatchcase(name.partition("/")[0], pattern))
    ]


def unnamed(name: str) -> str:
    """What keeps a relative name from being copied; empty when nothing does.

    A listing comes from another machine: what leads out of the folder is none of its files.
    """
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "" in parts:
        return "its name leads out of the folder"
    return ""
