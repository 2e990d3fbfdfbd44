"""What is wrong with the section of the memory."""

import os
from collections.abc import Iterator
from pathlib import Path

from icestream.facility.file import LoadedFacility
from icestream.facility.kinds import Flaw
from icestream.settings import Settings

__all__ = ["memory_flaws"]


def memory_flaws(known: LoadedFacility, _: Settings) -> Iterator[Flaw]:
    """All that is wrong with it."""
    memory = known.file.memory
    if memory is None:
        return
    places = {"memory.folder": memory.folder}
    if memory.reports is not None:
        places["memory.reports.folder"] = memory.reports.folder
        if not memory.reports.address:
            what = "the index will not lead to any report: say where they are read"
            yield Flaw("memory.reports.address", what, stops=False)
    if memory.publish is not None and memory.folder is None:
        yield Flaw("memory.publish", "there is nothing to publish: name memory.folder")
    if memory.reports is not None and memory.reports.folder == memory.folder:
        what = (
            f"{memory.folder} is memory.folder, whose pages are for staff: name another folder, "
            "which people may see"
        )
        yield Flaw("memory.reports.folder", what)
    for where, folder in places.items():
        if folder is not None:
            yield from _folder(where, folder)


def _folder(where: str, folder: Path) -> Iterator[Flaw]:
    """What keeps pages from being written into a folder, which is made where it is missing."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir():
        yield Flaw(where, f"{folder} cannot be made: {there} is no folder")
    elif not os.access(there, os.W_OK | os.X_OK):
        yield Flaw(where, f"{there} cannot be written by the user who runs icestream")
