"""Whoever asks, as routes know them."""

from dataclasses import dataclass, field

from icestream.login import Role

__all__ = ["Person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whoever asks."""

    name: str
    """As decisions and the history name them."""
    full_name: str = ""
    role: Role = Role.VIEWER
    scopes: frozenset[str] = field(default_factory=frozenset)
    """What a token is limited to; empty: all that the role may."""
    sessions: frozenset[str] = field(default_factory=frozenset)
    """Uids of the sessions whose people they are one of; staff see all but confidential ones."""
    hidden: frozenset[str] | None = frozenset()
    """Uids and folders of confidential sessions, which only their people and administrators see;
    None: it is not known which they are."""
    sees_all: bool = False
    """Whether it is a program of staff, that may less than they and sees what they see."""
    only: frozenset[str] | None = None
    """Uids of the sessions beside which they see none, whatever their role; None: no such limit."""
    shared: bool = False
    """Whether it is somebody with a shared link, to look and no more."""
    only_metrics: bool = False
    """Whether it is a program that reads the figures of this server and no more."""

    def sees(self, key: str, folder: str = "") -> bool:
        """Whether they see the session of that key at all; `folder` where nobody knows its uid."""
        if self.only is not None and key not in self.only:
            return False
        if key in self.sessions or self.role.covers(Role.ADMIN):
            return True
        confidential = self.hidden is None or not self.hidden.isdisjoint((key, folder))
        return not confidential and (self.role.covers(Role.STAFF) or self.sees_all)
