"""Where people may look and write: folders below the server's roots, wherever links lead."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from icestream.server.context import Server
from icestream.server.errors import Refused

__all__ = ["Places", "places_of"]


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that may be looked into.

    What is asked for is followed to where it leads before it is compared: a link inside a root that
    leads out of it is outside.
    """

    roots: tuple[Path, ...]
    """All of them, resolved."""
    sessions: tuple[Path, ...]
    """Those below which sessions may be made."""

    def allows(self, path: Path) -> bool:
        """Whether a path leads to something below a root."""
        return _below(path, self.roots) is not None

    def folder(self, text: str) -> Path:
        """The folder that is asked for, as it is.

        Raises
        ------
        Refused
            If it is outside, or no folder.
        """
        found = self._inside(text, self.roots)
        if not found.is_dir():
            # Whoever may look here may know what is here.
            raise Refused(404, f"{text} is no folder", "choose one from the list")
        return found

    def pattern(self, text: str, root: Path) -> None:
        """Refuse a pattern of movies whose fixed folder, `root`, is outside."""
        if _below(root, self.roots) is None:
            raise _outside(text, self.roots)

    def new_session(self, text: str) -> Path:
        """The folder of a session that is to be made, resolved.

        Raises
        ------
        Refused
            If it is not below a folder whose sessions are shown.
        """
        found = self._inside(text, self.sessions)
        if found in self.sessions:
            raise Refused(422, f"{text} is a folder of sessions itself", "name a folder inside it")
        return found

    def _inside(self, text: str, roots: Sequence[Path]) -> Path:
        if "\x00" in text or not Path(text).is_absolute():
            raise Refused(422, "a folder is given by its whole path, from / on")
        found = _below(Path(text), roots)
        if found is None:
            raise _outside(text, roots)
        return found


def places_of(server: Server) -> Places:
    """Where people of a server may look and write."""
    more = (root.expanduser().resolve() for root in server.loaded.settings.roots)
    return Places(tuple(dict.fromkeys((*server.roots, *more))), server.roots)


def _below(path: Path, roots: Sequence[Path]) -> Path | None:
    """Where a path leads, if that is below a root."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # a link to itself
        return None
    return real if any(real.is_relative_to(root) for root in roots) else None


def _outside(text: str, roots: Sequence[Path]) -> Refused:
    # The same for what is there and what is not: nobody learns what is outside.
    listed = ", ".join(map(str, roots))
    return Refused(403, f"{text} is not below a folder that may be shown", f"those are: {listed}")
