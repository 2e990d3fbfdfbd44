"""`icestream run`: a workflow file, in a session's folder."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.filling import Open, ready
from icestream.cli.running import Here, run_here
from icestream.engine.graph.workflow import load_workflow
from icestream.protocol import Registry

__all__ = ["run"]


def run(
    workflow: str,
    /,
    *,
    session: Path,
    open_: Annotated[Open | None, Parameter(name="*")] = None,
    here: Annotated[Here | None, Parameter(name="*")] = None,
) -> int:
    """Run a workflow in a session's folder; nothing is asked, so it suits services and clusters.

    Ctrl-C finishes what has begun, a second one ends at once; the same command goes on where it
    was. The exit status is 0 only when every exposure is done or has a stated reason why not.

    Parameters
    ----------
    workflow
        Workflow file, or name of a shipped workflow.
    session
        Folder of the session; made when it does not exist.
    """
    whole = ready(load_workflow(workflow), Registry(), open_ or Open())
    return run_here(whole, session, here or Here())
