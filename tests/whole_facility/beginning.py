"""Sessions are begun in each way that there is, each for who has booked; how long that takes."""

import json
import time
import uuid
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from icestream.facility.bookings.offer import offer
from icestream.facility.messages.broker import BrokerAway, BrokerLink
from icestream.facility.messages.outbox import OutgoingMessage
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.open import NoStore, open_store
from whole_facility.parts import until
from whole_facility.world import LASTS, Microscope, World

__all__ = ["ask_by_message", "begin_all", "counts", "of_visit"]


def begin_all(world: World) -> None:
    """Book, wait until the booking is known, begin, and wait for the first movie of each."""
    world.book(datetime.now(UTC) + LASTS, *world.microscopes)
    booked = time.time()
    for one in world.microscopes:
        one.times["booked"] = booked
    with world.facility() as facility:
        for one in world.microscopes:
            until(lambda one=one: offer(facility, one.name).choices, f"{one.visit} is not known")
            one.times["offered"] = time.time()
        for number, one in enumerate(world.microscopes):
            one.write(world, seed=number + 1)
            one.times["turn"] = time.time()
            _BEGIN[one.how](world, one)
            found = until_known(world, one)
            one.session, one.folder = found.name, Path(found.folder)
            one.times["begun"] = time.time()
    for one in world.microscopes:
        until(lambda one=one: counts(one)["done"], f"{one.session} processes no movie")
        one.times["first"] = _first(one)


def until_known(world: World, one: Microscope) -> KnownSession:
    """The session of a microscope, as soon as the registry has it."""
    until(lambda: of_visit(world, one), f"the session of {one.visit} does not begin")
    return of_visit(world, one)[0]


def of_visit(world: World, one: Microscope) -> tuple[KnownSession, ...]:
    """All sessions that the registry has of a microscope."""
    with world.facility() as facility, facility.registry.read() as connection:
        return sessions(connection, microscope=one.name)


def counts(one: Microscope) -> dict[str, int]:
    """Exposures of a session by their state."""
    try:
        with closing(open_store(one.folder, readonly=True)) as store:
            return queries.count_exposures(store)
    except (NoStore, OSError):
        return {"going": 0, "done": 0, "rejected": 0, "failed": 0}


def _first(one: Microscope) -> float:
    """When the first result of the last step was there."""
    chosen = select(func.min(t.result.c.started + t.result.c.seconds)).where(
        t.result.c.step_id.in_(select(t.step.c.id).where(t.step.c.name == "ctf"))
    )
    with closing(open_store(one.folder, readonly=True)) as store, store.read() as connection:
        return float(connection.execute(chosen).scalar_one())


def _by_command(world: World, one: Microscope) -> None:
    world.command("session", "new", one.name, "--yes")


def _by_browser(world: World, one: Microscope) -> None:
    shown = world.get(f"/api/facility/microscopes/{one.name}/offer")
    booking = shown["choices"][0]["booking"]["id"]
    movies = world.get(f"/api/facility/microscopes/{one.name}/movies")[0]["path"]
    asked = {"microscope": one.name, "booking": booking, "movies": movies}
    answer = httpx.post(f"{world.url}/api/facility/sessions", json=asked, timeout=120.0)
    assert answer.status_code == 201, answer.text


def _by_message(world: World, one: Microscope) -> None:
    ask_by_message(
        world,
        {
            "id": f"start-{one.visit}", "action": "start", "session": f"{one.project}-1",
            "workflow": "small-fields", "microscope": one.name, "movies": str(world.data(one)),
            "project": one.project, "booking": one.visit,
        },
    )  # fmt: skip


def ask_by_message(world: World, document: dict[str, Any], seconds: float = 300.0) -> None:
    """Send a request as a LIMS would: again and again until the broker has confirmed it."""
    message = OutgoingMessage(
        key=uuid.uuid4().hex, queue="icestream.requests", body=json.dumps(document), id=1
    )

    def sent() -> bool:
        link = BrokerLink(world.broker.section(), [])
        with suppress(BrokerAway):
            link.open()
            done = link.publish([message])
            link.close()
            return bool(done.confirmed)
        return False

    until(sent, f"{document['id']} cannot be sent", seconds)


_BEGIN = {"command": _by_command, "browser": _by_browser, "message": _by_message}
