"""Bringing files from here to another place and back, by rsync or to a bucket."""

import threading
from collections.abc import Sequence

from icestream.facility.objects.carrying import carry_objects
from icestream.facility.objects.opened import opened
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.manner import Manner, Told
from icestream.facility.transfer.rsync import Between, RsyncRun, reach, run_rsync

__all__ = ["carry", "compared", "is_reached"]

_PLAIN = Manner()


def carry(
    between: Between,
    names: Sequence[str],
    manner: Manner = _PLAIN,
    *,
    limit: float = 0.0,
    told: Told | None = None,
    stopped: threading.Event | None = None,
) -> RsyncRun:
    """Bring files, or compare them.

    Parameters
    ----------
    between
        Folders, or a folder and a place in a bucket.
    names
        Files, relative to both.
    limit
        Bytes per second; 0 for as fast as it goes.
    told
        Is called when a file has been dealt with.
    stopped
        Ends it early; what was brought so far is kept.

    Raises
    ------
    Outage
        If it failed as a whole; says whose fault it was.
    """
    if between.source.objects is not None or between.target.objects is not None:
        return carry_objects(between, names, manner, limit=limit, told=told, stopped=stopped)
    options = _options(manner)
    return run_rsync(between, names, options, limit=limit, told=told, stopped=stopped)


def compared(
    between: Between, names: Sequence[str], stopped: threading.Event | None = None
) -> dict[str, str]:
    """Let both ends read files whole: what is wrong with the copy of each, empty for nothing.

    Raises
    ------
    Outage
        If they could not be compared at all.
    """
    if not names:
        return {}
    ended = carry(between, names, Manner(compares=True), stopped=stopped)
    said = dict.fromkeys(names, "nothing was said of it when it was compared")
    for name, differs in ended.done.items():
        said[name] = "" if differs is None else "the copy holds something else"
    return said | {name: why for name, why in ended.failed.items() if name in said}


def _options(manner: Manner) -> list[str]:
    """What rsync is told."""
    options = []
    if manner.compares:
        options += ["--dry-run", "--checksum"]
    if manner.resumes:
        options.append("--partial-dir=.partial")
    if manner.anew:
        options.append("--ignore-times")
    if manner.aside:
        options += ["--backup", f"--backup-dir={manner.aside}"]
    if manner.bare:
        options += ["-L", "--chmod=F600,D700"]
    if manner.makes:
        options.append("--mkpath")
    return options


def is_reached(address: Address) -> None:
    """See that a place answers.

    Raises
    ------
    Outage
        If not; says why.
    """
    if address.objects is None:
        reach(address)
        return
    with opened(address.objects) as bucket:
        bucket.reach()
