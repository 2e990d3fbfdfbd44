"""Trouble with storage, told from memory: nothing can be queued while nothing can be written."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from icestream.channels.kinds import Channel, Channels
from icestream.channels.message import Message, Told
from icestream.channels.receipt import Undelivered
from icestream.channels.send import send
from icestream.engine.record.deliveries import Delivery, due_now, pause_after

__all__ = ["Outcry"]

_log = structlog.get_logger("icestream.engine")
LASTS = 5.0
"""Seconds of trouble before it is told: a short one is nobody's matter."""


@dataclass(slots=True)
class _Case:
    """One trouble."""

    reason: str
    since: float
    due: dict[str, float]
    """When each channel is tried; those that were told, or are being told, are not in it."""
    over: float | None = None
    told: list[str] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)


class Outcry:
    """Tells trouble over the channels for critical alerts, and those who were told its end.

    Parameters
    ----------
    compose
        Makes a message of an id and what is told.
    """

    def __init__(
        self, channels: Channels, session: str, compose: Callable[[str, Told], Message]
    ) -> None:
        each = channels.each.items()
        self._channels = {name: one for name, one in each if one.wants("critical", session)}
        self._compose = compose
        self._case: _Case | None = None
        self._change = threading.Lock()

    def hear(self, reason: str) -> None:
        """There is this trouble now; none where it is empty."""
        now, case = time.time(), self._case
        if reason and case is None:
            self._case = _Case(reason, now, dict.fromkeys(self._channels, now + LASTS))
        elif reason and case is not None:
            with self._change:
                due = [name for name, when in case.due.items() if when <= now]
                due = [name for name in due if _is_awake(self._channels[name], now)]
                for name in due:
                    del case.due[name]
            for name in due:
                self._start(self._tell, case, name)
        elif case is not None:
            self._case = None
            with self._change:
                case.over = now
                told = list(case.told)
            for name in told:
                self._start(self._tell_end, case, name)

    def _start(self, run: Callable[[_Case, str], None], case: _Case, name: str) -> None:
        said = f"channel {name}"
        threading.Thread(target=run, args=(case, name), name=said, daemon=True).start()

    def _tell(self, case: _Case, name: str) -> None:
        took = self._send(case, name, over=None)
        with self._change:
            if took:
                case.told.append(name)
            else:
                case.tries[name] = case.tries.get(name, 0) + 1
                case.due[name] = time.time() + pause_after(case.tries[name])
            over = case.over is not None
        if took and over:  # meanwhile
            self._tell_end(case, name)

    def _tell_end(self, case: _Case, name: str) -> None:
        if self._channels[name].over:
            self._send(case, name, over=case.over)

    def _send(self, case: _Case, name: str, *, over: float | None) -> bool:
        told = Told(
            number=0,
            level="critical",
            key="storage",
            message=case.reason,
            raised=case.since,
            over=over,
        )
        mark = f"storage.{case.since:.0f}.{name}{'.over' if over else ''}"
        try:
            send(self._channels[name], self._compose(mark, told))
        except Undelivered as error:
            _log.warning("channel", name=name, reason=str(error))
            return False
        except Exception as error:  # a defect of ours must not be tried without a pause
            _log.error("channel", name=name, exc_info=error)
            return False
        return True


def _is_awake(channel: Channel, now: float) -> bool:
    """Whether critical alerts are sent over a channel now."""
    critical = Delivery(
        id=0,
        alert=0,
        key="storage",
        step=None,
        channel="",
        over=False,
        level="critical",
        due=0.0,
    )
    return bool(due_now([critical], channel, (), now))
