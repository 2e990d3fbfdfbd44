"""Trying again what failed, once somebody may have mended the cause."""

from collections.abc import Iterable

from sqlalchemy import func, select

from icestream.engine.book import Book
from icestream.engine.plan import Bound
from icestream.engine.state import Event
from icestream.store import tables as t

__all__ = ["refused", "retry"]

_MOST = 500
"""Exposures in one transaction."""


def retry(book: Book, steps: Iterable[Bound]) -> tuple[list[Event], int]:
    """Make the failed tasks of steps ready again, with all their attempts.

    What was skipped because of them is done when they have ended well. Batches are left out:
    their items wait already, and resuming the step makes the batch again. So are sources, which
    have to look anew at what they have `refused`.

    Returns
    -------
    What follows, and how many tasks are tried again.
    """
    events: list[Event] = []
    count = 0
    for step in steps:
        if not step.per_exposure or step.kind == "source":
            continue
        while exposures := _failed(book, step):
            with book.settling() as settling:
                settling.load(exposures)
                for one in exposures:
                    row = settling.rows(one)[step.id]
                    settling.change(step, row, "ready", attempt=0, due=0.0, reason="", details="")
            events += book.follow_up(settling.applied)
            count += len(exposures)
    return events, count


def refused(book: Book, steps: Iterable[Bound]) -> tuple[tuple[int, ...], int]:
    """Sources among the steps that refused something, and of how many exposures."""
    counts = {step.id: _refusals(book, step) for step in steps if step.kind == "source"}
    return tuple(step for step, count in counts.items() if count), sum(counts.values())


def _refusals(book: Book, step: Bound) -> int:
    chosen = select(func.count()).where(
        t.task.c.revision_id == step.revision_id, t.task.c.state == "failed"
    )
    with book.store.read() as connection:
        return int(connection.execute(chosen).scalar_one())


def _failed(book: Book, step: Bound) -> list[int]:
    """Exposures that failed at a step, not too many at once."""
    chosen = (
        select(t.task.c.exposure_id)
        .where(t.task.c.revision_id == step.revision_id, t.task.c.state == "failed")
        .limit(_MOST)
    )
    with book.store.read() as connection:
        return list(connection.execute(chosen).scalars())
