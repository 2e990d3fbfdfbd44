"""What the memory does over and over."""

import threading
from collections.abc import Iterator
from pathlib import Path

from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.file import FacilityFile
from icestream.facility.memory.pages import write_index, write_pages
from icestream.facility.memory.remember import memory_of, remember_sessions, tell_drift
from icestream.facility.opened import Facility
from icestream.report.upload import BadTarget, Unpublished, read_target, upload

__all__ = ["memory_duties"]


def memory_duties(file: FacilityFile) -> Iterator[Duty]:
    """The duties that the section asks for."""
    memory = file.memory
    if memory is None:
        return
    yield Duty(
        name="memory", what="keeps figures of sessions, and tells what drifts",
        every=memory.every, lasts=3600.0, act=_remember,
    )  # fmt: skip
    if memory.folder is not None:
        yield Duty(
            name="memory.pages", what="writes charts of microscopes and statistics",
            every=memory.every, act=_write_pages,
        )  # fmt: skip
    if memory.reports is not None:
        yield Duty(
            name="memory.reports", what="keeps the index of live reports",
            every=min(60.0, memory.every), act=_write_index,
        )  # fmt: skip


def _remember(facility: Facility, stop: threading.Event) -> str:
    count, unread = remember_sessions(facility, stop)
    drifting = tell_drift(facility)
    said = f"{count} {'session' if count == 1 else 'sessions'} measured, {len(drifting)} drifting"
    if unread:
        name, why = next(iter(unread.items()))
        said += f"; {len(unread)} cannot be read: {name}: {why}"
    return said


def _write_pages(facility: Facility, stop: threading.Event) -> str:
    memory = memory_of(facility)
    assert memory.folder is not None
    changed = write_pages(facility, memory.folder)
    return _published(changed, memory.folder, memory.publish, stop)


def _write_index(facility: Facility, stop: threading.Event) -> str:
    reports = memory_of(facility).reports
    assert reports is not None
    changed = write_index(facility, reports.folder)
    return _published(changed, reports.folder, reports.publish, stop)


def _published(changed: int, folder: Path, target: str | None, stop: threading.Event) -> str:
    said = f"{changed} {'page' if changed == 1 else 'pages'} changed"
    if target is None:
        return said
    try:
        upload(read_target(target), folder, session=folder.name, remove=False, stopped=stop)
    except (BadTarget, Unpublished) as error:
        raise Outage(f"{folder} could not be published: {error}") from None
    return f"{said}, published"
