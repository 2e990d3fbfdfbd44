"""Doing duties, each in a thread of its own, until told to stop."""

import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from icestream.facility.duties.away import RegistryAway
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.duties.troubles import tell_troubles
from icestream.facility.duties.turn import Turn
from icestream.facility.opened import Facility
from icestream.facility.registry import duties as rows
from icestream.facility.registry.records import DutyState

__all__ = ["do_duties", "do_once"]

_LOOK = 2.0
"""Seconds between two looks at how the threads do."""
_LATE = 30.0
"""Seconds after which one that has not come back is looked at again."""
_USUAL = 5.0
"""A time that lasts so many times as long as the longest before is no usual one."""
_ENDS = 60.0
"""Seconds in which duties end when they are told to."""
_FRAMES = 4

_log = structlog.get_logger(__name__)


def do_once(
    facility: Facility,
    duty: Duty,
    stop: threading.Event | None = None,
    away: RegistryAway | None = None,
) -> bool:
    """Do a duty, and write down how it went; whether it went well.

    Parameters
    ----------
    away
        What the duties of this process find of the registry, told to staff.
    """
    began = time.time()
    holder = f"{socket.gethostname()} {os.getpid()}"
    problem = _write(facility, duty.name, began=began, holder=holder)
    if away is not None:
        away.failed(facility, problem) if problem else away.answered(facility)
    try:
        said = duty.act(facility, stop or threading.Event())
    except Exception as error:
        if not isinstance(error, Outage | OSError | SQLAlchemyError):
            _log.error(f"{duty.name}: {traceback.format_exc()}")
        _failed(facility, duty, began, _reason(error))
        return False
    _write(
        facility, duty.name,
        ended=time.time(), said=said, failing_since=None, problem="", failures=0,
    )  # fmt: skip
    _tried(lambda: tell_troubles(facility, _key(duty), {}), duty.name)
    return True


def do_duties(
    facility: Facility, duties: Sequence[Duty], stop: threading.Event, turn: Turn | None = None
) -> None:
    """Do all of them until `stop` is set; one that fails, or does not come back, keeps nobody up.

    Parameters
    ----------
    turn
        That this process does them alone. While it is lost, none begins.
    """
    away = RegistryAway()
    strands = [_Strand(facility, duty, stop, away) for duty in duties]
    for one in strands:
        one.start()
    lost = ""
    while not stop.wait(_LOOK):
        lost = _kept(turn, strands, lost)
        looks = {one.duty.name: one.look for one in strands}
        if lost:
            looks["registry"] = partial(away.look, facility)
        for name, look in looks.items():
            try:
                look()
            except Exception:  # in writing down or telling: it is tried again
                _log.error(f"{name}: {traceback.format_exc()}")
    until = time.monotonic() + _ENDS
    for one in strands:
        one.halt.set()
    for one in strands:
        one.join(max(0.0, until - time.monotonic()))
        if one.is_alive():
            _log.error(f"{one.duty.name} has not come back, and is left where it is: {one.where()}")


def _kept(turn: Turn | None, strands: "Sequence[_Strand]", before: str) -> str:
    """Why the duties may be another's, of which all threads are told."""
    lost = "" if turn is None else turn.lost()
    if lost and lost != before:
        _log.error(f"the duties wait, since another process may do them: {lost}")
    if before and not lost:
        _log.warning("the duties are this process's again, and go on")
    for one in strands:
        if lost:
            one.mine.clear()
            one.halt.set()
        elif not one.mine.is_set():
            one.halt.clear()
            one.mine.set()
    return lost


class _Strand(threading.Thread):
    """A duty, done over and over by a thread of its own, which whoever made it looks after."""

    def __init__(
        self, facility: Facility, duty: Duty, stop: threading.Event, away: RegistryAway
    ) -> None:
        super().__init__(name=duty.name, daemon=True)  # nobody waits for one that hangs
        self.duty = duty
        self.halt = threading.Event()
        """The duty is to return soon."""
        self.mine = threading.Event()
        """No other process does it."""
        self.mine.set()
        self._facility = facility
        self._stop_all = stop
        self._away = away
        self._since: tuple[float, float] | None = None
        """Since when it is at it, on the clocks that go on and that people read."""
        self._longest = 0.0
        self._looked = 0.0

    def run(self) -> None:
        """Do the duty until told to stop."""
        failures = 0
        while not self._stop_all.is_set():
            if not self.mine.wait(_LOOK):
                continue
            self._since = (time.monotonic(), time.time())
            try:
                well = do_once(self._facility, self.duty, self.halt, self._away)
                failures = 0 if well else failures + 1
            except Exception:  # in writing down or telling how it went: the duty goes on
                _log.error(f"{self.duty.name}: {traceback.format_exc()}")
                failures += 1
            self._longest = max(self._longest, time.monotonic() - self._since[0])
            self._since = None
            pause = self.duty.every
            if failures:
                pause = max(pause, min(self.duty.longest, 2.0 ** min(failures, 10)))
            self._stop_all.wait(pause)

    def look(self) -> None:
        """Write down, and tell staff, when it has not come back for far longer than ever."""
        since, now = self._since, time.monotonic()
        if since is None or now - self._looked < _LATE:
            return
        if now - since[0] < max(self.duty.lasts, _USUAL * self._longest):
            return
        first, self._looked = self._looked < since[0], now
        if first:
            _log.error(f"{self.duty.name} has not come back: {self.where()}")
        began = self._facility.local(since[1])
        reason = (
            f"it has been at it since {began:%Y-%m-%d %H:%M} and has not come back; something that "
            "it needs does not answer, or it has more to do than ever (the log says where it is)"
        )
        _failed(self._facility, self.duty, since[1], reason, again=first)

    def where(self) -> str:
        """Where its thread is, for developers."""
        frames = sys._current_frames()  # noqa: SLF001 - documented all the same
        frame = frames.get(self.ident or 0)
        return "" if frame is None else "".join(traceback.format_stack(frame)[-_FRAMES:])


def _state(facility: Facility, name: str) -> DutyState | None:
    """How a duty stands; None where the registry cannot be asked."""
    try:
        with facility.registry.read() as connection:
            return rows.duty(connection, name)
    except SQLAlchemyError:
        return None


def _failed(
    facility: Facility, duty: Duty, began: float, reason: str, *, again: bool = True
) -> None:
    """Write down that a duty failed, and tell staff when it has for long enough.

    Parameters
    ----------
    again
        It is another time that it does.
    """
    state = _state(facility, duty.name)
    if state is None:  # the registry is what is away: whoever reads the log is told
        _log.error(f"{duty.name}: {reason}")
        return
    since, failures = state.failing_since or began, state.failures + int(again)
    if again:
        _log.warning(f"{duty.name}: {reason}", failures=failures)
    _write(facility, duty.name, failing_since=since, problem=reason, failures=failures)
    message = (
        f"{duty.name} ({duty.what}) has failed since {facility.local(since):%Y-%m-%d %H:%M}: "
        f"{reason}. It is tried again all the time, and catches up when this is mended"
    )
    _tried(lambda: tell_troubles(facility, _key(duty), {_key(duty): (since, message)}), duty.name)


def _key(duty: Duty) -> str:
    """Of the trouble of a duty."""
    return f"facility.{duty.name}"


def _reason(error: Exception) -> str:
    if isinstance(error, Outage):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def _write(facility: Facility, name: str, **values: object) -> str:
    """Write down how a duty goes; why that cannot be done, empty where it was."""

    def write() -> None:
        with facility.registry.write() as connection:
            rows.keep_duty(connection, name, **values)

    return _tried(write, name)


def _tried(what: Callable[[], None], name: str) -> str:
    try:
        what()
    except SQLAlchemyError as error:
        problem = _reason(error)
        _log.error(f"{name}: the registry cannot be written now: {problem}")
        return problem
    return ""
