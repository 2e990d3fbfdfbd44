"""What happens to the work: `icestream pause`, `resume`, `stop`, `abort`, `retry`, `order` ..."""

from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from icestream.cli.terminal import called
from icestream.engine.machine.lock import holder
from icestream.engine.requests import commands
from icestream.engine.requests.models import (
    Abort,
    GiveUp,
    Pause,
    Request,
    Resume,
    Retry,
    Stop,
    TakeFirst,
)
from icestream.engine.requests.named import check_names
from icestream.engine.requests.send import answer_of, send
from icestream.store import queries
from icestream.store.open import NoStore, open_store

__all__ = ["abort", "ask", "give_up", "order", "pause", "resume", "retry", "run_again", "stop"]

_PATIENCE = 10.0
"""Seconds that a running session has for its answer."""

Downstream = Annotated[bool, Parameter(negative="")]


def pause(
    session: Path, step: str | None = None, /, *, downstream: Downstream = False, why: str = ""
) -> int:
    """Hold a session, or one of its steps, until it is resumed. What has begun is finished.

    Parameters
    ----------
    session
        The session's folder.
    step
        Name of the step; the whole session when not given.
    downstream
        All that depends on the step, too.
    why
        Kept with your name and the time.
    """
    return ask(session, Pause(step=step, downstream=downstream, why=why))


def resume(
    session: Path, step: str | None = None, /, *, downstream: Downstream = False, why: str = ""
) -> int:
    """Let a session or a step go on that was paused or stopped.

    A session that no process runs goes on with the command that it was started with.

    Parameters
    ----------
    session
        The session's folder.
    step
        Name of the step; the whole session when not given.
    downstream
        All that depends on the step, too.
    why
        Kept with your name and the time.
    """
    return ask(session, Resume(step=step, downstream=downstream, why=why))


def stop(
    session: Path, step: str | None = None, /, *, downstream: Downstream = False, why: str = ""
) -> int:
    """Take nothing new and finish what has begun.

    Parameters
    ----------
    session
        The session's folder.
    step
        Name of the step; the whole session when not given, which then ends.
    downstream
        All that depends on the step, too.
    why
        Kept with your name and the time.
    """
    return ask(session, Stop(step=step, downstream=downstream, why=why))


def abort(
    session: Path, step: str | None = None, /, *, downstream: Downstream = False, why: str = ""
) -> int:
    """End what is being done within a second; it is done again when resumed.

    Parameters
    ----------
    session
        The session's folder.
    step
        Name of the step; the whole session when not given.
    downstream
        All that depends on the step, too.
    why
        Kept with your name and the time.
    """
    return ask(session, Abort(step=step, downstream=downstream, why=why))


def retry(session: Path, step: str | None = None, /) -> int:
    """Try again what failed, once its cause is fixed; what waited for it follows.

    A session that no process runs tries it again when it is run again. A paused step waits for
    ``resume`` all the same, which also makes a failed batch of 2D classes or of a map again.

    Parameters
    ----------
    session
        The session's folder.
    step
        Name of the step; every step when not given.
    """
    with closing(open_store(session, readonly=True)) as store:
        steps = [record for record in queries.steps(store) if step in (None, record.name)]
    if steps and not any(record.counts.failed for record in steps):
        print("nothing has failed")
        return 0
    return ask(session, Retry(step=step))


def give_up(session: Path, step: str | None = None, /, *, why: str = "") -> int:
    """Wait no more for movies whose folder is gone for good.

    The source brings nothing more, and movies that it brought and that cannot be read any more
    fail with that reason; all others are processed, and the session ends. Running it again tries
    the failed ones again.

    Parameters
    ----------
    session
        The session's folder.
    step
        Name of the source; every source when not given.
    why
        Kept with your name and the time.
    """
    return ask(session, GiveUp(step=step, why=why))


def order(session: Path, first: Literal["newest", "oldest", "both"], /, *, why: str = "") -> int:
    """Say which exposures go first when several wait. Nothing runs again for it.

    What has begun is finished first: among the steps the deepest goes before the others.

    Parameters
    ----------
    session
        The session's folder.
    first
        newest: see what the microscope does now. oldest: work off what waits as it came. both: the
        newest and the oldest in turn.
    why
        Kept with your name and the time.
    """
    return ask(session, TakeFirst(order=first, why=why))


def run_again(session: Path) -> str:
    """The command that makes a session go on, from wherever it is called."""
    with closing(open_store(session, readonly=True)) as store:
        return f"  {commands.run_again(store, called())}"


def _unknown(session: Path, request: Request) -> str:
    """What a request names that the session does not have; NoStore when there is no session."""
    with closing(open_store(session, readonly=True)) as store:
        try:
            check_names(store, request)
        except NoStore:
            raise
        except LookupError as error:
            return str(error)
    return ""


def ask(session: Path, request: Request) -> int:
    """Send a request to a session, wait for the answer, print it; the exit status."""
    unknown = _unknown(session, request)
    if unknown:
        print(unknown)
        return 1
    runs = holder(session)
    if not runs and isinstance(request, Stop | Abort):
        print("no process runs this session: there is nothing to end")
        return 0
    if not runs and isinstance(request, Pause) and request.step is None:
        print("no process runs this session: there is nothing to pause")
        return 0
    token = send(session, request)
    if not runs:
        print("no process runs this session now; it will be done when the session is run again:")
        print(run_again(session))
        return 0
    state, answer = answer_of(session, token, timeout=_PATIENCE)
    if state == "new":
        print(f"the session has not answered within {_PATIENCE:g} s; see icestream status")
        return 1
    print(answer or state)
    return 0 if state == "done" else 1
