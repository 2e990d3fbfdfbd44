"""The branches of a session as people list them: what each is, how far, and what it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from icestream.engine.graph.differences import Difference, differences
from icestream.engine.record.cleaning import held_alone
from icestream.engine.record.workflows import session_workflow
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.open import Store
from icestream.store.records import BranchRecord, StepRecord

__all__ = ["ListedBranch", "list_branches", "own_steps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedBranch:
    """One branch."""

    record: BranchRecord
    differences: tuple[Difference, ...]
    """What is otherwise than in the adopted one."""
    tasks: int
    """Tasks of the steps that it does not share with the adopted one."""
    ended: int
    """Those that need nothing more."""
    failed: int
    bytes: int | None
    """That only it holds; None of the adopted one."""

    @property
    def is_through(self) -> bool:
        """Whether all that it has taken in is done."""
        return self.ended >= self.tasks


def list_branches(store: Store, registry: Registry) -> tuple[ListedBranch, ...]:
    """All branches of a session, the oldest first.

    Raises
    ------
    LookupError
        If the session has not been started.
    """
    adopted = session_workflow(store)
    steps = queries.steps(store)
    held = held_alone(store)
    listed = []
    for record in queries.branches(store):
        workflow = adopted if record.adopted else session_workflow(store, record.name)
        own = steps if record.adopted else own_steps(store, record.name, steps)
        counts = [step.counts for step in own if step.kind != "monitor"]
        listed.append(
            ListedBranch(
                record=record,
                differences=differences(adopted, workflow, registry),
                tasks=sum(count.total for count in counts),
                ended=sum(count.ended for count in counts),
                failed=sum(count.failed for count in counts),
                bytes=held.get(record.name),
            )
        )
    return tuple(listed)


def own_steps(store: Store, branch: str, others: Sequence[StepRecord]) -> list[StepRecord]:
    """Steps of a branch that have another revision than others have of them."""
    known = {(step.name, step.revision) for step in others}
    return [s for s in queries.steps(store, branch=branch) if (s.name, s.revision) not in known]
