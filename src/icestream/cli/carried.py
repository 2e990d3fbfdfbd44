"""Having a request of branches carried out, and the session run where nobody runs it."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.control import run_again
from icestream.engine.machine.lock import holder
from icestream.engine.requests.at_rest import have_done
from icestream.engine.requests.models import Request
from icestream.store.open import open_store
from icestream.store.waiting import waiting

__all__ = ["Run", "carried"]

Run = Annotated[bool, Parameter(name="--run", negative="")]
"""The option of commands after which something may have to be run."""


def carried(session: Path, request: Request, *, run: bool) -> int:
    """Have a request carried out, say what was answered and what waits; the exit status.

    With `run`, what waits is done here and now, unless a process runs the session.
    """
    state, answer = have_done(session, request)
    if state == "new":
        print("the session has not answered yet; see icestream status")
        return 1
    print(answer or state)
    if state != "done":
        return 1
    if holder(session):
        return 0
    with closing(open_store(session, readonly=True)) as store:
        left = waiting(store)
    if not left:
        print("nothing has to be run")
        return 0
    what = f"{left.tasks} {'task waits' if left.tasks == 1 else 'tasks wait'}" if left.tasks else ""
    said = f"{what or 'work waits'}, at {', '.join(left.steps)}"
    if run:
        print(said)
        return _run_now(session)
    print(f"no process runs this session now: {said}; to have it done:")
    print(run_again(session))
    return 0


def _run_now(session: Path) -> int:
    """Run the session as it is until nothing waits, without waiting for more to come."""
    from icestream.cli.here import Here
    from icestream.cli.running import run_here
    from icestream.engine.record.workflows import session_workflow
    from icestream.starting.checks import without_each_time

    with closing(open_store(session, readonly=True)) as store:
        workflow = without_each_time(session_workflow(store))
    return run_here(workflow, session, Here(as_given=True))
