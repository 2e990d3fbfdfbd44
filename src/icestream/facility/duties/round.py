"""Doing duties, each in a thread of its own, until told to stop."""

import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.duties.telling import tell
from icestream.facility.opened import Facility
from icestream.facility.registry import duties as rows
from icestream.facility.registry.records import DutyState

__all__ = ["do_duties", "do_once"]

_log = structlog.get_logger(__name__)


def do_once(facility: Facility, duty: Duty, stop: threading.Event | None = None) -> bool:
    """Do a duty, and write down how it went; whether it went well."""
    began = time.time()
    _write(facility, duty.name, began=began, holder=f"{socket.gethostname()} {os.getpid()}")
    try:
        said = duty.act(facility, stop or threading.Event())
    except Exception as error:
        if not isinstance(error, Outage | OSError | SQLAlchemyError):
            _log.error(f"{duty.name}: {traceback.format_exc()}")
        _failed(facility, duty, began, _reason(error))
        return False
    before = _state(facility, duty.name)
    _write(
        facility, duty.name,
        ended=time.time(), said=said, failing_since=None, problem="", failures=0, told=None,
    )  # fmt: skip
    if before is not None and before.told is not None:
        tell(facility, duty, before, over=True)
    return True


def do_duties(facility: Facility, duties: Sequence[Duty], stop: threading.Event) -> None:
    """Do all of them until `stop` is set; one that fails keeps nobody up."""
    threads = [
        threading.Thread(target=_over_and_over, args=(facility, duty, stop), name=duty.name)
        for duty in duties
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _state(facility: Facility, name: str) -> DutyState | None:
    """How a duty stands; None where the registry cannot be asked."""
    try:
        with facility.registry.read() as connection:
            return rows.duty(connection, name)
    except SQLAlchemyError:
        return None


def _over_and_over(facility: Facility, duty: Duty, stop: threading.Event) -> None:
    failures = 0
    while not stop.is_set():
        try:
            failures = 0 if do_once(facility, duty, stop) else failures + 1
        except Exception:  # in writing down or telling how it went: the duty goes on
            _log.error(f"{duty.name}: {traceback.format_exc()}")
            failures += 1
        pause = duty.every
        if failures:
            pause = max(pause, min(duty.longest, 2.0 ** min(failures, 10)))
        stop.wait(pause)


def _failed(facility: Facility, duty: Duty, began: float, reason: str) -> None:
    """Write down that a duty failed, and tell staff when it has for long enough."""
    state = _state(facility, duty.name)
    if state is None:  # the registry is what is away: whoever reads the log is told
        _log.error(f"{duty.name}: {reason}")
        return
    since = state.failing_since or began
    _log.warning(f"{duty.name}: {reason}", failures=state.failures + 1)
    _write(
        facility, duty.name,
        failing_since=since, problem=reason, failures=state.failures + 1,
    )  # fmt: skip
    if state.told is None and time.time() - since >= facility.file.facility.patience:
        state = _state(facility, duty.name) or state
        if tell(facility, duty, state):
            _write(facility, duty.name, told=time.time())


def _reason(error: Exception) -> str:
    if isinstance(error, Outage):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def _write(facility: Facility, name: str, **values: object) -> None:
    def write() -> None:
        with facility.registry.write() as connection:
            rows.keep_duty(connection, name, **values)

    _tried(write, name)


def _tried(what: Callable[[], None], name: str) -> None:
    try:
        what()
    except SQLAlchemyError as error:
        _log.error(f"{name}: the registry cannot be written now: {_reason(error)}")
