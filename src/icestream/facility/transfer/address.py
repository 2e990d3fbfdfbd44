"""Places that files are copied from and to: a folder here, one that rsync reaches, or a bucket."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from icestream.facility.objects.address import (
    BadObjectAddress,
    ObjectAddress,
    is_object_address,
    read_objects,
)

__all__ = ["Address", "BadAddress", "read_address"]

_REMOTE = re.compile(r"(?:[\w.+-]+@)?(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])::?[^\s:]\S*")
"""``host:path``, ``user@host:path`` or ``host::module/path``, as rsync reads it."""
_DAEMON = re.compile(r"rsync://(?:[^/:@\s]+@)?(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?/[^/\s]\S*")
_MODULE = re.compile(
    r"(rsync://[^/]+/[^/]+|(?:[\w.+-]+@)?(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])::[^/]+)/?(.*)"
)
_PASSWORD = re.compile(r"^([a-z]+://)?[^/:@\s]+:[^/@\s]*@")


class BadAddress(ValueError):
    """A place that cannot be one; says what it may be."""


@dataclass(frozen=True, slots=True)
class Address:
    """A folder, with how to get there."""

    text: str
    """As it was given, without a slash at its end."""
    password: str = field(default="", repr=False)
    """Of a daemon of rsync; never shown."""
    shell: str = ""
    """Command that connects to another host, in the place of plain ssh."""

    @property
    def folder(self) -> Path | None:
        """The folder, if this machine sees it."""
        return Path(self.text) if self.text.startswith("/") else None

    @property
    def objects(self) -> ObjectAddress | None:
        """The place in a bucket, if it is one."""
        return read_objects(self.text) if is_object_address(self.text) else None

    @property
    def module(self) -> tuple[str, str] | None:
        """Module of a daemon of rsync, and the folder in it; None where there is no daemon."""
        found = _MODULE.match(self.text)
        return None if found is None else (found[1], found[2] or "")

    def below(self, name: str) -> "Address":
        """A folder in it."""
        return Address(f"{self.text}/{name}", self.password, self.shell)

    def __str__(self) -> str:
        """What may be said of it."""
        return self.text


def read_address(text: str, password: str = "", shell: str = "") -> Address:
    """Read where files are.

    Parameters
    ----------
    text
        An absolute folder, ``host:path``, ``user@host:path``, ``host::module/path``,
        ``rsync://user@host/module/path`` or ``s3://bucket/prefix``.
    password
        Of a daemon of rsync.
    shell
        Command that connects to another host.

    Raises
    ------
    BadAddress
        If it is none of these.
    """
    text = text.strip()
    if is_object_address(text):
        try:
            return Address(str(read_objects(text)))
        except BadObjectAddress as error:
            raise BadAddress(str(error)) from None
    if _PASSWORD.match(text):
        raise BadAddress(
            "the address has a password in it, which everybody on this machine could read while "
            'rsync runs; leave it out, and give password = { file = "…" }'
        )
    if text.startswith("~"):
        text = os.path.expanduser(text)  # noqa: PTH111 - stays text
    if text.startswith("/"):
        return Address(os.path.normpath(text))
    by_shell = "://" not in text and not text.startswith("-") and _REMOTE.fullmatch(text)
    if by_shell or _DAEMON.fullmatch(text):
        return Address(text.rstrip("/"), password, shell)
    raise BadAddress(
        f"{text!r} is no place that files can be copied from or to; give an absolute folder, "
        "user@host:/path, host::module/path, rsync://user@host/module/path or s3://bucket/prefix"
    )
