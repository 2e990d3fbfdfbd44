"""Sessions whose results are delivered, and what takes them, for tests of sinks."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from icestream.facility.opened import Facility
from icestream.facility.registry.sessions import Whose, keep_session
from icestream.facility.sinks.deliver import SessionDelivery, SinkSession
from icestream.facility.sinks.ledger import SinkLedger
from icestream.facility.sinks.parcels import CONTENTS, Parcel
from icestream.facility.sinks.sink import NotTaken, Received, Shipment, Sink, SinkDown
from icestream.model import to_document
from icestream.protocol import Registry
from icestream.store import tables as t
from icestream.store.events import TaskDone
from icestream.store.writing import Writes
from report_session import SampleSession


class DeliveredSession(SampleSession):
    """A session with a uid, whose results can be made anew."""

    def __init__(self, folder: Path, uid: str = "u1", **more: Any) -> None:
        super().__init__(folder, start=1.79e9, name=folder.name, **more)
        self.now = 1.79e9
        with self.store.write() as connection:
            connection.execute(t.session.update().values(uid=uid))

    def remake(self, step: str, number: int, **outputs: Any) -> None:
        """Let another attempt at an exposure's task have made something else."""
        with self.store.write() as connection:
            writes = Writes(self.numbers, self.now)
            chosen = t.subject.select().where(
                t.subject.c.kind == "exposure", t.subject.c.number == number
            )
            subject = connection.execute(chosen).one().id
            own = self.step_ids[step]
            documents = {port: to_document(item) for port, item in outputs.items()}
            result = writes.insert(
                t.result, key=f"again-{step}-{number}-{self.numbers.last('result')}", step_id=own,
                revision_id=own, subject_id=subject, document=json.dumps(documents), epoch=1,
                attempt=2, started=self.now, seconds=1.0, host="scope",
                types=json.dumps({port: f"icestream.model:{type(item).__name__}"
                                  for port, item in outputs.items()}),
            )  # fmt: skip
            writes.event(TaskDone(result=result), step_id=own, subject_id=subject)
            writes.flush(connection)
            connection.execute(
                t.task.update()
                .where(t.task.c.revision_id == own, t.task.c.subject_id == subject)
                .values(result_id=result)
            )


class Collecting:
    """A sink that keeps what it is given in memory, and fails as it is told."""

    pictures = False
    repeated = False
    at_once = 1000

    def __init__(self, takes: frozenset[str] = frozenset(CONTENTS)) -> None:
        self.takes = takes
        self.there: dict[str, Parcel] = {}
        self.shipments: list[list[str]] = []
        self.down = ""
        self.wait: float | None = None
        self.asked: list[str] = []
        self.refuses: dict[str, str] = {}
        """Why parcels are refused, by id."""
        self.chokes: set[str] = set()
        """Ids with which a whole shipment is refused."""
        self.closed = 0

    def reach(self) -> None:
        self.asked.append(self.down)
        if self.down:
            raise SinkDown(self.down, wait=self.wait)

    def deliver(self, shipment: Shipment) -> Received:
        self.reach()
        ids = [parcel.id for parcel in shipment.parcels]
        if self.chokes.intersection(ids):
            raise NotTaken("that is too much")
        self.shipments.append(ids)
        refused = {one: why for one, why in self.refuses.items() if one in ids}
        lost = set(refused)
        for one in shipment.parcels:
            if lost.intersection(one.after):
                lost.add(one.id)
        taken = {one.id: one for one in shipment.parcels if one.id not in lost}
        self.there |= taken
        return Received({one: one.upper() for one in taken}, refused, ("it was said",))

    def close(self) -> None:
        self.closed += 1


@contextmanager
def delivery(
    session: SampleSession, sink: Sink, name: str = "lims", **more: Any
) -> Iterator[SessionDelivery]:
    """A delivery of a session to a sink."""
    paths = more.pop("seen_as", {})
    made = SessionDelivery(
        SinkSession(folder=session.folder, name=session.folder.name, **more),
        name, sink, Registry(), paths,
    )  # fmt: skip
    try:
        yield made
    finally:
        made.close()


def register(
    facility: Facility, session: SampleSession, whose: Whose | None = None, **more: Any
) -> None:
    """Write a session down in the registry of a facility."""
    values = {"state": "running", "began": session.now, "confidential": False} | more
    with facility.registry.write() as connection:
        keep_session(
            connection, f"key-{session.folder.name}", whose or Whose(microscope="krios1"),
            name=session.folder.name, folder=str(session.folder), place=str(session.folder.parent),
            **values,
        )  # fmt: skip


def ledger_of(session: SampleSession, name: str = "lims") -> SinkLedger:
    return SinkLedger(session.folder, name)


def kinds(there: Mapping[str, Parcel]) -> dict[str, int]:
    """How many parcels of each kind."""
    count: dict[str, int] = {}
    for parcel in there.values():
        count[parcel.kind] = count.get(parcel.kind, 0) + 1
    return count
