"""The duty ``disks``: whether all disks that the facility file names answer."""

import threading
from collections.abc import Iterable

from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.file import FacilityFile
from icestream.facility.opened import Facility

__all__ = ["disk_duties"]

_EVERY = 15.0


def disk_duties(_: FacilityFile) -> Iterable[Duty]:
    """The duty, which every facility has."""
    what = "asks whether all disks answer"
    yield Duty(name="disks", what=what, every=_EVERY, longest=_EVERY, act=_act)


def _act(facility: Facility, _: threading.Event) -> str:
    if silent := facility.disks.silent_roots():
        raise Outage("; ".join(silent))
    count = len(facility.disks.roots)
    return f"{count} {'answers' if count == 1 else 'answer'}"
