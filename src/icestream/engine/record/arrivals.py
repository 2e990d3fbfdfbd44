"""Items that wait for others: at a batch step or in a group."""

import json
from collections.abc import Mapping, Sized
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from icestream.engine.graph.joins import Input, Joined, Missing
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.applied import Applied
from icestream.engine.record.documents import Documents
from icestream.model import SubjectId, from_document
from icestream.protocol import BatchProtocol
from icestream.store import tables as t
from icestream.store.writing import Writes

__all__ = ["Arrivals", "Outcomes", "size_at"]

Outcomes = Mapping[SubjectId, Joined | Missing | None]
"""What a step can do for subjects: None where it has to wait."""


class Arrivals:
    """The arrivals of one transaction."""

    def __init__(
        self, connection: Connection, writes: Writes, documents: Documents, applied: Applied
    ) -> None:
        self._connection = connection
        self._writes = writes
        self._documents = documents
        self._applied = applied

    def gather(self, step: PlannedStep, outcomes: Outcomes) -> None:
        """Bring items to a batch step, or take back what is in no batch yet.

        What is in a batch already stays in it: a batch protocol folds its items into a state, and
        cannot give one back. The next revision of the step begins without it. What waits while it
        is made anew is taken back, and comes again.
        """
        there = self.there(step, outcomes)
        for subject, outcome in outcomes.items():
            old = there.get(subject)
            new = outcome.inputs[0] if isinstance(outcome, Joined) else None
            if old is not None and old.task_id is not None:
                continue
            if old is not None and (new is None or new.key != old.key):
                self.take_back(step, old)
                old = None
            if new is not None and old is None:
                self.arrive(step, subject, new)

    def there(self, step: PlannedStep, outcomes: Outcomes) -> dict[SubjectId, Any]:
        """The rows of subjects that have come to a step."""
        chosen = select(t.arrival).where(
            t.arrival.c.revision_id == step.id, t.arrival.c.subject_id.in_(list(outcomes))
        )
        return {SubjectId(row.subject_id): row for row in self._connection.execute(chosen)}

    def arrive(
        self, step: PlannedStep, subject: SubjectId, input_: Input, group: SubjectId | None = None
    ) -> None:
        """Write down that an item has come to a step."""
        size = 1 if group is not None else size_at(step, self.item(step, input_))
        self.write_down(step, subject, input_, size, group_id=group)
        self._applied.arrived.setdefault(step.id, []).append(size)

    def write_down(
        self, step: PlannedStep, subject: SubjectId, input_: Input, size: int, **values: Any
    ) -> None:
        """Insert the row of an item that has come to a step."""
        row = {
            "id": self._writes.numbers.next("arrival"),
            "step_id": step.step,
            "revision_id": step.id,
            "subject_id": subject,
            "result_id": input_.result,
            "port": input_.source_port,
            "key": input_.key,
            "size": size,
            **values,
        }
        self._connection.execute(insert(t.arrival), [row])

    def take_back(self, step: PlannedStep, old: Any) -> None:
        """An item that has come goes no further after all."""
        self._connection.execute(delete(t.arrival).where(t.arrival.c.id == old.id))
        if old.task_id is None:
            self._applied.left.setdefault(step.id, []).append(old.size)

    def replace(self, old: Any, input_: Input) -> None:
        """Another result has come in the place of an earlier one."""
        values = {"result_id": input_.result, "port": input_.source_port, "key": input_.key}
        ours = t.arrival.c.id == old.id
        self._connection.execute(update(t.arrival).where(ours).values(**values))

    def item(self, step: PlannedStep, input_: Input) -> Any:
        """The item itself, with the paths that it has in the store."""
        return self.read(type(step.protocol).inputs()[0].item, input_)

    def read(self, kind: type[Any], input_: Input) -> Any:
        """An item of a type, with the paths that it has in the store."""
        document = json.loads(self._documents.get(self._connection, [input_.result])[input_.result])
        return from_document(kind, document[input_.source_port])


def size_at(step: PlannedStep, item: Any) -> int:
    """What an item counts at a batch or a trigger."""
    if isinstance(step.protocol, BatchProtocol):
        return int(step.protocol.size(item))
    return len(item) if isinstance(item, Sized) else 1
