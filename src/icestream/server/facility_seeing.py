"""What somebody may know of bookings and projects: of confidential ones their people alone."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from icestream.facility.bookings.offer import BookingChoice, BookingOffer
from icestream.facility.opened import Facility
from icestream.facility.people.unsaid import without_sessions
from icestream.facility.registry.people import projects
from icestream.facility.registry.records import KnownBooking, KnownProject, KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.login import Role
from icestream.server.people.person import Person

__all__ = ["HIDDEN", "Seen"]

HIDDEN = "a confidential project"
"""What is said in the place of the name of something that who asks may not know of."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one person may know of a facility."""

    person: Person
    projects: Mapping[str, KnownProject]
    """All of them, by their codes in small letters."""

    @classmethod
    def by(cls, person: Person, facility: Facility) -> "Seen":
        """What a person may know of a facility now."""
        with facility.registry.read() as connection:
            return cls(person, {one.code.casefold(): one for one in projects(connection)})

    def project(self, one: KnownProject) -> bool:
        """Whether they may know of a project."""
        if self.person.role is Role.ADMIN or self._is_member(one.code):
            return True
        return self._sees_all and not one.confidential

    def booking(self, one: KnownBooking) -> bool:
        """Whether they may know whose a booking is, and what for."""
        if not self._is_confidential(one.project) or self.person.role is Role.ADMIN:
            return True
        return self._is_me(one.who) or self._is_member(one.project)

    def shown(self, one: KnownBooking) -> KnownBooking:
        """A booking, without whose it is and what for where they may not know."""
        if self.booking(one):
            return one
        return replace(one, title="", who="", name=HIDDEN, email="", project="", reference="")

    def offer(self, made: BookingOffer, names: Iterable[str] = ()) -> BookingOffer:
        """An offer, without what they may not know of its bookings.

        Parameters
        ----------
        names
            Of sessions that they may not know of.
        """
        secret = set(names)
        for one in (*(one.booking for one in made.choices), made.blocked, made.next):
            if one is not None and not self.booking(one):
                secret |= {one.title, one.who, one.name, one.email, one.project} - {""}
        return replace(
            made,
            choices=tuple(self._choice(one, secret) for one in made.choices),
            blocked=None if made.blocked is None else self.shown(made.blocked),
            next=None if made.next is None else self.shown(made.next),
            doubts=tuple(_without(said, secret) for said in made.doubts),
        )

    def hidden(self, facility: Facility) -> list[str]:
        """Names of the sessions that they may not know of, the longest first."""
        with facility.registry.read() as connection:
            names = [one.name for one in sessions(connection) if not self.person.sees(one.key)]
        return sorted(names, key=len, reverse=True)

    def unsaid(self, facility: Facility) -> Callable[[str], str]:
        """What makes a text one that says nothing of what they may not know of."""
        with facility.registry.read() as connection:
            found = [one for one in sessions(connection) if not self.person.sees(one.key)]
        codes = [one.code for one in self.projects.values() if not self.project(one)]
        return without_sessions(found, codes)

    def _choice(self, one: BookingChoice, secret: set[str]) -> BookingChoice:
        if self.booking(one.booking):
            return replace(one, sessions=tuple(each for each in one.sessions if each not in secret))
        return replace(one, booking=self.shown(one.booking), project=None, sessions=())

    def sessions(self, facility: Facility, **which: str | None) -> tuple[KnownSession, ...]:
        """Sessions of the registry that they may know of, the newest first."""
        with facility.registry.read() as connection:
            found = sessions(connection, **which)  # type: ignore[arg-type]
        return tuple(one for one in found if self.person.sees(one.key))

    @property
    def _sees_all(self) -> bool:
        return self.person.role.covers(Role.STAFF) or self.person.sees_all

    def _is_me(self, login: str) -> bool:
        return bool(login) and login.casefold() == self.person.name.casefold()

    def _is_member(self, code: str) -> bool:
        known = self.projects.get(code.casefold())
        return known is not None and any(self._is_me(one) for one in known.people)

    def _is_confidential(self, code: str) -> bool:
        known = self.projects.get(code.casefold())
        return known is not None and known.confidential


def _without(said: str, words: Iterable[str]) -> str:
    if any(word in said for word in words):
        return f"there is something about {HIDDEN}, of which its people can say more"
    return said
