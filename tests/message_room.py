"""The room of messages with real ledgers and real sessions, whose processes are not started."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from icestream.facility.messages.broker import BrokerFrame
from icestream.facility.messages.kinds import MessagesSection
from icestream.facility.messages.ledger import MessageLedger
from icestream.facility.messages.requests import RequestsCarriedOut
from icestream.facility.messages.sessions import OwnSessions, PlannedSession
from icestream.settings import load
from icestream.starting.begin import enter

MONITOR = {"name": "watch", "steps": [{"name": "machine", "protocol": "monitor.system"}]}
"""A workflow that needs no movies."""


@dataclass(frozen=True, slots=True)
class EnteredSessions(OwnSessions):
    """Sessions that are made, and that nobody runs."""

    begun: list[str] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    """What keeps the next ones from beginning."""

    def begin(self, planned: PlannedSession, options: Sequence[str] = ()) -> None:
        if planned.workflow is None:
            return
        self.begun.append(planned.name)
        if self.troubles:
            raise self.troubles.pop(0)
        enter(planned.folder, planned.workflow, self.registry)


def entered(root: Path, **more: Any) -> EnteredSessions:
    """Sessions below a folder."""
    return EnteredSessions(root, load().settings, **more)


@dataclass
class Room:
    """A ledger and what carries out its requests."""

    folder: Path
    section: MessagesSection
    sessions: EnteredSessions
    carrying: RequestsCarriedOut
    ledger: MessageLedger

    def killed(self) -> "Room":
        """What the next process finds: the file of the ledger alone."""
        self.ledger.close()
        return room(self.folder, self.section, self.sessions)

    def out(self, queue: str) -> list[dict[str, Any]]:
        """What waits to be published on a queue."""
        return [
            json.loads(one.body)
            for one in self.ledger.outbox.unsent(1e12, 10_000)
            if one.queue == queue
        ]

    def states(self, queue: str = "icestream.answers") -> list[str]:
        return [one["state"] for one in self.out(queue)]


def room(
    folder: Path, section: MessagesSection, sessions: EnteredSessions | None = None, **more: Any
) -> Room:
    """A room with its ledger in a folder."""
    ledger = MessageLedger(folder / "messages.db")
    known = entered(folder / "sessions") if sessions is None else sessions
    return Room(folder, section, known, RequestsCarriedOut(section, ledger, known, **more), ledger)


def section(folder: Path, **more: Any) -> MessagesSection:
    """A section with a broker, at a port where there may be none."""
    broker = {"kind": "activemq", "servers": "127.0.0.1:1", **more.pop("broker", {})}
    return MessagesSection.model_validate(
        {"folder": str(folder / "requests"), "settle": 0, "broker": broker, **more}
    )


def frame(document: Any, queue: str = "icestream.requests", **headers: str) -> BrokerFrame:
    """A message as it comes from the broker."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return BrokerFrame(queue=queue, headers=said, body=body, ack="1", link=object())


def start(name: str = "night", **more: Any) -> dict[str, Any]:
    """A request that begins a session."""
    return {"id": f"start-{name}", "action": "start", "session": name, "workflow": MONITOR, **more}
