"""Arrivals: items that wait for others, at a batch step or at a trigger."""

import json
from collections.abc import Mapping, Sized
from typing import Any

from sqlalchemy import Connection, delete, select

from icestream.engine.graph.joins import Input, Joined, Missing, Row
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.documents import Documents
from icestream.model import from_document
from icestream.protocol import BatchProtocol
from icestream.store import tables as t
from icestream.store.writing import Writes

__all__ = ["Arrivals"]


class Arrivals:
    """The arrivals of one transaction; `moved` is told the sizes of those that came and left."""

    def __init__(
        self,
        connection: Connection,
        writes: Writes,
        documents: Documents,
        moved: tuple[dict[int, list[int]], dict[int, list[int]]],
    ) -> None:
        self._connection = connection
        self._writes = writes
        self._documents = documents
        self._arrived, self._left = moved

    def gather(self, step: PlannedStep, found: Mapping[int, Joined | Missing | None]) -> None:
        """Bring the items of exposures to a batch step, or take back what is in no batch yet.

        What is in a batch already stays in it: a batch protocol folds its items into a state, and
        cannot give one back. The next revision of the step begins without it.
        """
        chosen = select(t.arrival).where(
            t.arrival.c.revision_id == step.revision_id, t.arrival.c.exposure_id.in_(list(found))
        )
        there = {row.exposure_id: row for row in self._connection.execute(chosen)}
        for exposure, one in found.items():
            old = there.get(exposure)
            if isinstance(one, Joined) and old is None:
                self._arrive(step, exposure, one.inputs[0])
            elif isinstance(one, Missing) and old is not None and old.task_id is None:
                self._connection.execute(delete(t.arrival).where(t.arrival.c.id == old.id))
                self._left.setdefault(step.id, []).append(old.size)

    def at_gate(self, step: PlannedStep, row: Row, one: Input) -> tuple[str, str]:
        """State and reason of an item at a trigger: let through, held, or given up."""
        if step.gate == "open":
            return "done", ""
        if step.gate == "shut":
            return "skipped", f"held back by {step.name} until the stream had ended"
        if not row.id:
            self._arrive(step, row.exposure, one)
        return "held", ""

    def _arrive(self, step: PlannedStep, exposure: int, one: Input) -> None:
        kind = type(step.protocol).inputs()[0].item
        document = json.loads(self._documents.get(self._connection, [one.result])[one.result])
        size = _size(step, from_document(kind, document[one.source_port]))
        self._writes.insert(
            t.arrival,
            step_id=step.id,
            revision_id=step.revision_id,
            exposure_id=exposure,
            result_id=one.result,
            port=one.source_port,
            key=one.key,
            size=size,
        )
        self._arrived.setdefault(step.id, []).append(size)


def _size(step: PlannedStep, item: Any) -> int:
    """What an item counts at a batch or a trigger."""
    if isinstance(step.protocol, BatchProtocol):
        return int(step.protocol.size(item))
    return len(item) if isinstance(item, Sized) else 1
