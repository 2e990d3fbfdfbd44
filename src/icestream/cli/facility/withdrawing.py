"""Taking back what was given out of sessions that become confidential, as far as that can be."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from icestream.facility.opened import Facility
from icestream.facility.people.given_out import given_out
from icestream.facility.registry.records import KnownSession
from icestream.server.people.database import FILE, Database
from icestream.server.people.shares import ShareLinks
from icestream.settings import load

__all__ = ["withdraw"]


def withdraw(facility: Facility, sessions: Sequence[KnownSession]) -> Iterator[str]:
    """End shared links of sessions; says that, and what else others have of them."""
    folder = load().settings.state
    if (folder / FILE).exists():
        with closing(Database(folder)) as database:
            links = ShareLinks(database)
            for one in sessions:
                if count := links.end_all(one.key):
                    ended = f"{count} shared link{'' if count == 1 else 's'} ended"
                    yield f"session {one.name}: {ended}"
    for one in sessions:
        for line in given_out(facility, one):
            yield f"session {one.name}: {line}"
