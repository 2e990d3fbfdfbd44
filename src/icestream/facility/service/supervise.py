"""Keeping processes up: one that ends is started again, after a pause that grows."""

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["KeptService", "keep_up"]

_LOOK = 0.1
_FIRST, _LONGEST = 1.0, 60.0
"""Seconds of a pause."""
_WELL = 60.0
"""Seconds after which one that ends counts as one that did well."""
_PATIENCE = 20.0
"""Seconds until one that does not end is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptService:
    """A process that is kept up."""

    name: str
    """As people are told of it."""
    command: Sequence[str]
    """Its standard input is a pipe, which is closed when this process ends, however it does."""
    log: Path
    """What it says; added to what is there."""
    environment: Mapping[str, str] | None = None
    handles: tuple[int, ...] = ()
    """Files that it inherits."""
    again: bool = True
    """Whether it is started again when it has ended."""
    ends: signal.Signals = signal.SIGTERM
    """What tells it to end."""


@dataclass(slots=True)
class _Turn:
    kept: KeptService
    process: "subprocess.Popen[bytes] | None" = None
    began: float = 0.0
    due: float = 0.0
    pause: float = field(default=_FIRST)
    over: bool = False


def keep_up(
    kept: Sequence[KeptService],
    stop: threading.Event,
    say: Callable[[str], None],
    *,
    first_pause: float = _FIRST,
) -> None:
    """Run processes until told to stop, then end them.

    Parameters
    ----------
    stop
        Ends all of them, in the order in which they were given.
    say
        Is told when one has ended, and when one had to be killed.
    first_pause
        Seconds until one that has ended is started again; twice as long each time, up to a minute,
        until it has run for a minute.
    """
    turns = [_Turn(one, pause=first_pause) for one in kept]
    try:
        while not stop.is_set():
            for turn in turns:
                _look(turn, say, first_pause)
            stop.wait(_LOOK)
    finally:
        _end(turns, say)


def _look(turn: _Turn, say: Callable[[str], None], first_pause: float) -> None:
    now, one = time.monotonic(), turn.kept
    if turn.over or (turn.process is None and now < turn.due):
        return
    if turn.process is None:
        turn.process, turn.began = _started(one), now
        return
    status = turn.process.poll()
    if status is None:
        return
    _let_go(turn)
    how = f"was killed by signal {-status}" if status < 0 else f"has ended with status {status}"
    if not one.again:
        turn.over = True
        say(f"{one.name} has ended" if status == 0 else f"{one.name} {how}: {one.log} says why")
        return
    if now - turn.began >= _WELL:
        turn.pause = first_pause
    turn.due = now + turn.pause
    say(f"{one.name} {how}, and is started again in {turn.pause:g} s: {one.log} says why")
    turn.pause = min(2 * turn.pause, _LONGEST)


def _started(one: KeptService) -> "subprocess.Popen[bytes]":
    with one.log.open("ab") as output:
        # A session of its own: Ctrl-C is for us, and each is told to end in its own way.
        return subprocess.Popen(
            list(one.command),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if one.environment is None else dict(one.environment),
            pass_fds=one.handles,
            start_new_session=True,
        )


def _end(turns: list[_Turn], say: Callable[[str], None]) -> None:
    running = [turn for turn in turns if turn.process is not None]
    for turn in running:
        assert turn.process is not None
        with contextlib.suppress(ProcessLookupError):
            turn.process.send_signal(turn.kept.ends)
    until = time.monotonic() + _PATIENCE
    for turn in running:
        assert turn.process is not None
        try:
            turn.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            turn.process.kill()
            turn.process.wait()
            say(f"{turn.kept.name} did not end within {_PATIENCE:g} s, and was killed")
        _let_go(turn)


def _let_go(turn: _Turn) -> None:
    assert turn.process is not None
    assert turn.process.stdin is not None
    turn.process.stdin.close()
    turn.process = None
