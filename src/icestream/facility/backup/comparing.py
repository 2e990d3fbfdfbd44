"""Whether copies that were just made hold what they are copies of."""

import threading

from icestream.facility.transfer.carry import compared
from icestream.facility.transfer.digest import Hashes, digest, from_disk
from icestream.facility.transfer.rsync import Between, RsyncRun

__all__ = ["compare_copies"]


def compare_copies(
    between: Between, run: RsyncRun, names: list[str], stopped: threading.Event
) -> dict[str, Hashes | str]:
    """Read copies back: what each holds, or what is wrong with it.

    Where another machine has them, it reads them, and this one its own files.
    """
    found: dict[str, Hashes | str] = {}
    source, target = between.source.folder, between.target.folder
    assert source is not None
    there = [name for name in names if name in run.done]
    differs = compared(between, there, stopped) if target is None else {}
    for name in there:
        if differs.get(name):
            found[name] = differs[name]
            continue
        try:
            hashes = from_disk((target or source) / name, stopped)
            sent = run.done[name]
            if sent and hashes.md5 != sent:
                found[name] = "the copy, read back, holds something else than was sent"
            elif not sent and target is not None and digest(source / name) != hashes.digest:
                found[name] = "the copy holds something else"
            else:
                found[name] = hashes
        except OSError as error:
            found[name] = f"it cannot be read back: {error.strerror or error}"
    return found
