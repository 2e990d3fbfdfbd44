"""A session at a glance, also one that cannot be read."""

import time
from dataclasses import replace

from icestream.report.summary import sum_up
from icestream.server.archive import is_archived
from icestream.server.catalogue import UNREADABLE, Entry, UnreadableSession, why_unreadable
from icestream.server.context import Server
from icestream.server.people.gate import visitors_of
from icestream.store.follow import mark_of
from icestream.store.summaries import SessionSummary

__all__ = ["summary_of"]

_MINUTE = 60.0


def summary_of(server: Server, entry: Entry) -> SessionSummary:
    """The summary of a session; of one that cannot be read, why.

    It is made anew when something was written, or a minute has gone by: rates fall meanwhile. Who
    its people are, and whether it was put away, is as it is now.
    """
    return replace(
        _summed_up(server, entry),
        people=tuple(visitors_of(server).members.of(entry.key)),
        archived=is_archived(entry.folder),
    )


def _summed_up(server: Server, entry: Entry) -> SessionSummary:
    catalogue = server.catalogue
    try:
        with catalogue.store(entry) as store, store.held():
            mark = (mark_of(store), int(time.time() // _MINUTE))
            asked = ("summary", entry)
            now = time.time()
            return catalogue.remembered.get(asked, mark, lambda: sum_up(store, entry.id, now))
    except (*UNREADABLE, UnreadableSession) as error:
        return SessionSummary(id=entry.id, folder=str(entry.folder), problem=why_unreadable(error))
