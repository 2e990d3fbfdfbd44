"""Corrections: what people change by hand about what a step found in an exposure.

The step's own result stays as it is. What a person makes of it is a second result, known by the key
of the first and by what was changed; the task has that as its result, and what comes after is
made of that. A correction is about a step and an exposure, as a verdict of a person is: whatever
revision of the step makes another result, in whichever branch, the same is changed about it.
"""

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, select

from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.documents import Documents
from icestream.engine.record.results import results_of
from icestream.model import (
    ITEM_TYPES,
    Micrograph,
    Particles,
    Picks,
    PicksCorrection,
    ResultId,
    StepId,
    SubjectId,
    content_key,
    from_document,
    qualities_of,
    to_document,
)
from icestream.protocol import Port, Protocol, known_types
from icestream.store import tables as t
from icestream.store.corrections import CORRECTED, correction_of
from icestream.store.writing import Writes

__all__ = [
    "Corrected",
    "Corrections",
    "copy_qualities",
    "corrected_port",
    "correction_document",
    "extent_of",
    "picks_in",
]

_LAST = (
    select(t.correction.c.subject_id, t.correction.c.id, t.correction.c.document)
    .where(
        t.correction.c.step_id == bindparam("step"),
        t.correction.c.subject_id.in_(bindparam("subjects", expanding=True)),
    )
    .order_by(t.correction.c.id)
)
_HOST = socket.gethostname()


@dataclass(frozen=True, slots=True)
class Corrected:
    """The result that a task has."""

    result: ResultId
    key: str = ""
    """Of what a person made; empty where it is what the step made."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """The correction that holds for an exposure at a step."""

    id: int
    document: str


class Corrections:
    """The corrections that are met in one transaction."""

    def __init__(self, connection: Connection, writes: Writes, documents: Documents) -> None:
        self._connection = connection
        self._writes = writes
        self._documents = documents

    def standing(self, step: PlannedStep, subjects: Iterable[SubjectId]) -> Mapping[SubjectId, Any]:
        """What holds at a step for those of the exposures for which somebody corrected it."""
        if corrected_port(step) is None:
            return {}
        return _standing(self._connection, step.step, subjects)

    def of(self, step: PlannedStep, subject: SubjectId, key: str, result: ResultId) -> Corrected:
        """What goes on of a step's own result: what a person made of it, or else itself.

        What was measured of that is written down anew for the present revision.
        """
        port = corrected_port(step)
        found = self.standing(step, [subject]).get(subject)
        if port is None or found is None:
            return Corrected(result)
        writes = self._writes
        writes.flush(self._connection)  # the result may be of this transaction
        made = content_key(["by hand", key, port.name, found.document])
        known = results_of(self._connection, [made])
        if made in known:
            copy_qualities(self._connection, writes, step, subject, known[made])
            return Corrected(known[made], made)
        document = json.loads(self._documents.get(self._connection, [result])[result])
        row = self._connection.execute(select(t.result).where(t.result.c.id == result)).one()
        picks = picks_in(step, port, document, json.loads(row.types))
        corrected = correction_of(found.document).apply(picks)
        if corrected is picks:
            return Corrected(result)
        text = json.dumps({**document, port.name: to_document(corrected)})
        number = ResultId(self._insert(row, made, text, found.id, port.name))
        where = {"step_id": step.step, "revision_id": step.id, "subject_id": subject}
        for name, value in qualities_of(corrected).items():
            writes.insert(t.quality, **where, result_id=number, name=name, value=value)
        writes.flush(self._connection)  # another branch may want it in this transaction
        self._documents.remember(number, text)
        return Corrected(number, made)

    def _insert(self, own: Any, key: str, document: str, correction: int, port: str) -> int:
        """Insert what a person made of a result; its number."""
        epoch = self._connection.execute(select(t.session.c.epoch)).scalar_one()
        pictures = [entry for entry in json.loads(own.pictures) if entry[0] != port]
        number = self._writes.insert(
            t.result,
            key=key,
            step_id=own.step_id,
            revision_id=own.revision_id,
            subject_id=own.subject_id,
            document=document,
            types=own.types,
            pictures=json.dumps(pictures),
            checkpoint="",
            epoch=epoch,
            attempt=own.attempt,
            # What tasks of the step take is measured on results: this one took as long as its own.
            started=self._writes.now - own.seconds,
            seconds=own.seconds,
            host=_HOST,
            correction_id=correction,
        )
        self._writes.insert(t.input_, result_id=number, port=CORRECTED, source_id=own.id)
        return number


def corrected_port(step: PlannedStep) -> Port | None:
    """The output whose items people can correct by hand; None where a step has none.

    These are picks of exposures that it has found itself. What is cut from picks in the same step
    would not follow.
    """
    kind = step.protocol
    if not step.per_exposure or kind.passes or kind.brings or kind.gathers:
        return None
    return _picks_port(type(kind))


@cache
def _picks_port(protocol: type[Protocol[Any]]) -> Port | None:
    outputs = protocol.outputs()
    picks = [port for port in outputs if issubclass(port.item, Picks)]
    cut = any(issubclass(port.item, Particles) for port in outputs)
    return picks[0] if len(picks) == 1 and not cut else None


def picks_in(
    step: PlannedStep, port: Port, document: Mapping[str, Any], types: Mapping[str, str]
) -> Picks:
    """The picks in the document of a step's result, of the type that is recorded with it."""
    kind = known_types([type(step.protocol)]).get(types.get(port.name, ""), port.item)
    picks = from_document(kind if issubclass(kind, port.item) else port.item, document[port.name])
    assert isinstance(picks, Picks)  # the port is one of picks
    return picks


def correction_document(correction: PicksCorrection) -> str:
    """A correction as the store has it: the same for the same changes, in whatever order."""
    return json.dumps(
        {
            name: sorted([round(x, 3), round(y, 3)] for x, y in places)
            for name, places in asdict(correction).items()
        }
    )


def extent_of(connection: Connection, result: ResultId) -> tuple[float, float] | None:
    """Width and height, Å, of the micrograph that a result was made from; None: it is not known."""
    wanted, seen = {int(result)}, set[int]()
    while wanted:
        chosen = select(t.result.c.id, t.result.c.types, t.result.c.document).where(
            t.result.c.id.in_(wanted)
        )
        for row in connection.execute(chosen):
            for port, name in json.loads(row.types).items():
                if issubclass(ITEM_TYPES.get(name, object), Micrograph):
                    found = from_document(Micrograph, json.loads(row.document)[port])
                    height, width = found.shape
                    return width * found.optics.pixel_size, height * found.optics.pixel_size
        seen |= wanted
        above = select(t.input_.c.source_id).where(t.input_.c.result_id.in_(wanted))
        wanted = set(connection.execute(above).scalars()) - seen
    return None


def copy_qualities(
    connection: Connection,
    writes: Writes,
    step: PlannedStep,
    subject: SubjectId,
    result: ResultId,
) -> None:
    """Give the qualities of a result that is used again to the present revision."""
    chosen = select(t.quality.c.name, t.quality.c.value).where(t.quality.c.result_id == result)
    for name, value in {row[0]: row[1] for row in connection.execute(chosen)}.items():
        writes.insert(
            t.quality,
            step_id=step.step,
            revision_id=step.id,
            subject_id=subject,
            result_id=result,
            name=name,
            value=value,
        )


def _standing(
    connection: Connection, step: StepId, subjects: Iterable[SubjectId]
) -> dict[SubjectId, _Standing]:
    asked = {"step": step, "subjects": list(subjects)}
    last = {
        SubjectId(subject): _Standing(number, document)
        for subject, number, document in connection.execute(_LAST, asked)
    }
    return {subject: one for subject, one in last.items() if correction_of(one.document)}
