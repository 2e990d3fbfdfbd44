"""What one server is: the folders that it shows, its settings, and what it keeps while it runs."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from icestream.protocol import Registry
from icestream.server.catalogue import Catalogue
from icestream.server.people.doors import Doors
from icestream.settings import Loaded
from icestream.settings.current import CurrentSettings
from icestream.starting.trial import TRIALS

__all__ = ["Closes", "Server", "ThisServer"]


class Closes(Protocol):
    """Something that is given up when the server ends."""

    def close(self) -> None:
        """Give it up."""


_Kept = TypeVar("_Kept", bound=Closes)


class Server:
    """What routes share.

    Parameters
    ----------
    roots
        Folders below which sessions are looked for, and outside of which no file is served.
    loaded
        The settings with which it starts, with where each comes from.
    host, port
        Where it listens.
    doors
        How it is reached, and whether people have to log in; on this machine alone, without login,
        when not given.
    registry
        Where protocols are found; those of all installed packages by default.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        loaded: Loaded,
        *,
        host: str = "127.0.0.1",
        port: int = 8000,
        doors: Doors | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.roots = tuple(root.resolve() for root in roots)
        self.settings = CurrentSettings(loaded)
        self.host = host
        self.port = port
        self.doors = doors or Doors()
        self.registry = registry or Registry()
        self.catalogue = Catalogue(self.roots, hidden=(loaded.settings.state / TRIALS,))
        self._turn = threading.RLock()
        self._kept: dict[type, Closes] = {}

    @property
    def loaded(self) -> Loaded:
        """The settings as their files say them now, with where each comes from."""
        return self.settings.now()

    def one(self, kind: type[_Kept], make: "Callable[[Server], _Kept]") -> _Kept:
        """The one `kind` that this server keeps, made when it is first asked for.

        What is kept is closed with the server, the newest first.
        """
        with self._turn:
            if kind not in self._kept:
                self._kept[kind] = make(self)
            return cast("_Kept", self._kept[kind])

    def close(self) -> None:
        """Give up everything that is kept, and the stores of the sessions."""
        with self._turn:
            kept, self._kept = list(self._kept.values()), {}
        for each in reversed(kept):
            each.close()
        self.catalogue.close()


async def _this_server(connection: HTTPConnection) -> Any:
    return connection.app.state.server


ThisServer = Annotated[Server, Depends(_this_server)]
"""A parameter of a route: the server that it belongs to."""
