"""What is wrong for longer than a hiccup: staff are told once, and once more when it is over.

Both are kept in the registry until a channel has taken them, so that a mail server that is away,
or a process that is killed, makes nobody believe that something fails still.
"""

import time
from collections.abc import Mapping

from icestream.channels.message import Told
from icestream.facility.duties.telling import tell_staff
from icestream.facility.opened import Facility
from icestream.facility.registry import troubles as rows
from icestream.facility.registry.records import KnownTrouble

__all__ = ["tell_troubles"]

_AGAIN = 60.0
"""Seconds after which channels that were away are tried again: what waits for them goes on."""


def tell_troubles(
    facility: Facility,
    of: str,
    now_wrong: Mapping[str, tuple[float, str]],
    *,
    level: str = "critical",
    patience: float | None = None,
) -> None:
    """Write down what is wrong by now, and tell staff what they do not know of it yet.

    Parameters
    ----------
    facility
        Whose staff, and whose patience.
    of
        What this is about: the key, or what keys begin with before a slash. What was wrong with it
        and is not any more is over.
    now_wrong
        By key, since when something is wrong, and what to tell of it. Of what was wrong before it
        is known since when.
    level
        How bad it is.
    patience
        Seconds for which it is no more than a hiccup; the facility's own when not given.
    """
    wait = facility.file.facility.patience if patience is None else patience
    with facility.registry.read() as connection:
        known = {one.key: one for one in rows.troubles(connection, of)}
    if not known and not now_wrong:
        return
    with facility.registry.write() as connection:
        for key, (since, message) in now_wrong.items():
            before = known.get(key)
            if before is None or before.message != message or before.over is not None:
                # Where nobody was told that it was over, it has never been.
                rows.keep_trouble(
                    connection, key, level=level, message=message, since=since, over=None
                )
        for key, one in known.items():
            if key in now_wrong:
                continue
            if one.told is None:
                rows.forget_trouble(connection, key)
            elif one.over is None:
                rows.keep_trouble(connection, key, over=time.time(), tried=None)
        asked = rows.troubles(connection, of)
    for one in asked:
        if _is_due(one, wait):
            _tell(facility, one)


def _is_due(one: KnownTrouble, patience: float) -> bool:
    now = time.time()
    if one.tried is not None and 0.0 <= now - one.tried < _AGAIN:
        return False
    if one.over is not None:
        return True
    return one.told is None and now - one.since >= patience


def _tell(facility: Facility, one: KnownTrouble) -> None:
    told = Told(
        number=0,
        level=one.level,
        key=one.key,
        message=one.message,
        raised=one.since,
        over=one.over,
    )
    reached = tell_staff(facility, told)
    with facility.registry.write() as connection:
        if not reached:
            rows.keep_trouble(connection, one.key, tried=time.time())
        elif one.over is not None:
            rows.forget_trouble(connection, one.key)
        else:
            rows.keep_trouble(connection, one.key, told=time.time(), tried=None)
