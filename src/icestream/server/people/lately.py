"""Who came a moment ago: a page asks for a dozen things at once, and fifty pages for many more."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from icestream.server.people.come import Coming
from icestream.server.people.secret_words import digest

__all__ = ["Lately"]

_SECONDS = 1.0
"""For which somebody is known: logins and tokens end by the clock, too."""
_MOST = 2000
"""People who are known at once; there may be an attacker among them."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Somebody, and what the database was like before it was asked."""

    coming: Coming
    mark: object
    until: float


class Lately:
    """Those who came within a second, by what they showed.

    Whatever is changed about people, by this process or another, makes all of them unknown.

    Parameters
    ----------
    mark
        Says what is another when something about people was changed.
    """

    def __init__(self, mark: Callable[[], object]) -> None:
        self.mark = mark
        self._known: dict[str, _Known] = {}

    def find(self, connection: HTTPConnection) -> Coming | None:
        """Who comes, if they came a moment ago."""
        shown = _shown(connection)
        known = None if shown is None else self._known.get(shown)
        if known is None or time.monotonic() > known.until or known.mark != self.mark():
            return None
        return known.coming

    def keep(self, connection: HTTPConnection, coming: Coming, mark: object) -> None:
        """Know somebody for a second.

        Parameters
        ----------
        connection
            By which they came.
        coming
            Who it is.
        mark
            What the database was like before it was asked.
        """
        shown = _shown(connection)
        if shown is None:
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[shown] = _Known(coming, mark, time.monotonic() + _SECONDS)

    def close(self) -> None:
        """Know nobody any more."""
        self._known.clear()


def _shown(connection: HTTPConnection) -> str | None:
    """What somebody shows, as a digest; None where who comes depends on where they go."""
    cookie = connection.headers.get("cookie", "")
    if "share=" in cookie:
        return None
    return digest(f"{connection.headers.get('authorization', '')}\n{cookie}")
