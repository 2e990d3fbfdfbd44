"""A server, from Python."""

from icestream.client.connection import Connection
from icestream.client.errors import NotThere
from icestream.client.session import ServedSession
from icestream.store.summaries import SessionSummary

__all__ = ["Client"]


class Client(Connection):
    """A server of sessions; what has no method here can be asked for by its path."""

    def __repr__(self) -> str:
        return f"Client({self.address!r})"

    def sessions(self) -> tuple[SessionSummary, ...]:
        """All sessions that may be seen, each at a glance."""
        return self.get("/sessions", tuple[SessionSummary, ...])

    def session(self, called: str) -> ServedSession:
        """The session of that id, or the only one of that name.

        Raises
        ------
        NotThere
            If there is none, or several of that name; it says which there are.
        """
        there = self.sessions()
        if any(one.id == called for one in there):
            return ServedSession(self, called)
        named = [one.id for one in there if one.name == called]
        if len(named) == 1:
            return ServedSession(self, named[0])
        if named:
            several = f"{len(named)} sessions are called {called}"
            raise NotThere(several, f"take one of their ids: {', '.join(named)}")
        known = ", ".join(f"{one.id} ({one.name})" for one in there) or "none"
        raise NotThere(f"{self.address} has no session {called}", f"it has {known}")
