"""When a change that is previewed would be done, if it were made now."""

from icestream.engine.machine.lock import holder
from icestream.engine.record.revisions import Preview
from icestream.model.awaited import Awaited, MoreWork, await_more
from icestream.store.open import Store
from icestream.store.workload import workload

__all__ = ["awaited"]


def awaited(store: Store, told: Preview, now: float) -> Awaited:
    """What a previewed change costs, and when it would be done where the session runs now.

    Parameters
    ----------
    store
        The session's.
    told
        The preview.
    now
        Seconds since the epoch.
    """
    more = [
        MoreWork(step=step.name, tasks=step.tasks, each=step.each)
        for step in told.steps
        if step.tasks
    ]
    runs = bool(holder(store.folder))
    return await_more(workload(store, now), more, told.exposures, runs=runs)
