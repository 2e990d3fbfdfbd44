"""Accidents: parts are killed, and what they need is taken away for a while, in a seeded order."""

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from whole_facility.parts import coordinator, killed, own_children, until
from whole_facility.world import Microscope, World

__all__ = [
    "NAMED",
    "Accident",
    "Outages",
    "all_at_once",
    "befall",
    "kills",
    "outages",
    "told_staff",
]

NAMED = {
    "the broker": "messages.broker", "the LIMS": "sink.lims", "the registry": "registry",
    "the mail server": "staff", "the NAS": "transfer", "the backup disk": "backup.usb",
}  # fmt: skip
"""What an alert of staff has to name for each outage."""


@dataclass(frozen=True)
class Accident:
    """Something that happens at some moment, and is over when its call returns."""

    what: str
    happen: Callable[[], str | None]
    """Does it; says why nothing happened, where it could not."""


@dataclass
class Outages:
    """When what was away, seconds since the epoch."""

    spans: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def note(self, what: str, began: float) -> None:
        self.spans.setdefault(what, []).append((began, time.time()))


def kills(world: World) -> list[Accident]:
    """Each part once."""
    found = [
        Accident("the server is killed", world.server.kill),
        Accident("the duties are killed", world.duties.kill),
        Accident("the broker is killed", lambda: _again(world.broker)),
        Accident("MariaDB is killed", lambda: _again(world.lims)),
        Accident("PostgreSQL is killed", lambda: _kill_database(world)),
        Accident("a copy of rsync is killed", lambda: _kill_copy(world)),
    ]
    for one in world.microscopes:
        found += [
            Accident(f"the process of {one.session} is killed", lambda one=one: _kill(one)),
            Accident(f"a worker of {one.session} is killed", lambda one=one: _kill_worker(one)),
        ]
    return found


def outages(world: World, seconds: float, noted: Outages) -> list[Accident]:
    """Each service and each disk is away for so long."""

    def away(what: str, go: Callable[[], object], come: Callable[[], object]) -> Accident:
        def happen() -> str | None:
            began = time.time()
            go()
            time.sleep(seconds)
            come()
            noted.note(what, began)
            return None

        return Accident(f"{what} is away for {seconds:.0f} s", happen)

    def no_mail() -> None:
        """It is missed when there is something to tell: the LIMS goes away with it."""
        world.post.stop()
        world.lims.kill()

    def mail_again() -> None:
        world.lims.start()
        world.post.start()

    return [
        away("the broker", world.broker.kill, world.broker.start),
        away("the LIMS", world.lims.kill, world.lims.start),
        away("the registry", world.database.stop, world.database.start),
        away("the mail server", no_mail, mail_again),
        away("the NAS", world.nas.take_away, world.nas.bring_back),
        away("the backup disk", world.usb.take_away, world.usb.bring_back),
    ]


def told_staff(world: World) -> list[dict[str, Any]]:
    """Alerts of staff in the file that is one of their channels, the oldest first."""
    log = world.folder / "staff.jsonl"
    lines = log.read_text().splitlines() if log.exists() else []
    return [alert for line in lines for alert in json.loads(line)["alerts"]]


def all_at_once(world: World, seconds: float, noted: Outages) -> list[Accident]:
    """The same in two outages: only of the registry's nothing else can be told meanwhile.

    Each lasts until staff know: a mail server is missed by who has to write, and on a busy machine
    nobody might have had to.
    """
    registry = {"the registry": (world.database.stop, world.database.start)}
    others = {
        "the broker": (world.broker.kill, world.broker.start),
        "the LIMS": (world.lims.kill, world.lims.start),
        "the mail server": (world.post.stop, world.post.start),
        "the NAS": (world.nas.take_away, world.nas.bring_back),
        "the backup disk": (world.usb.take_away, world.usb.bring_back),
    }

    def known(what: str) -> bool:
        return any(NAMED[what] in alert["key"] for alert in told_staff(world))

    def happen(goes: dict[str, tuple[Callable[[], object], Callable[[], object]]]) -> None:
        began = time.time()
        for go, _ in goes.values():
            go()
        time.sleep(seconds)
        with suppress(TimeoutError):  # what staff were not told is said in the end
            until(lambda: all(map(known, goes)), "staff know not all", 180.0)
        for what, (_, come) in goes.items():
            come()
            noted.note(what, began)

    return [
        Accident("all but the registry is away", lambda: happen(others)),
        Accident("the registry is away", lambda: happen(registry)),
    ]


def befall(
    accidents: list[Accident], seconds: float, random: Random, say: Callable[[str], None]
) -> None:
    """Let accidents happen one after another, in a time of their own sum and about so long."""
    order = random.sample(accidents, len(accidents))
    pause = seconds / (len(order) or 1)
    for one in order:
        time.sleep(random.uniform(0.5, 1.5) * pause)
        why_not = one.happen()
        say(f"{one.what}: {why_not}" if why_not else one.what)


def _again(service: object) -> None:
    service.kill()  # type: ignore[attr-defined]
    time.sleep(1.0)
    service.start()  # type: ignore[attr-defined]


def _kill(one: Microscope) -> None:
    """Kill whoever runs a session, as soon as somebody does."""
    until(lambda: coordinator(one.folder), f"nobody runs {one.session}")
    killed(coordinator(one.folder))


def _kill_worker(one: Microscope) -> None:
    def done() -> bool:
        below = [child.pid for child in own_children(coordinator(one.folder) or os.getpid())]
        mine = [pid for pid in below if coordinator(one.folder) and pid != coordinator(one.folder)]
        return bool(mine) and killed(mine[-1])

    until(done, f"{one.session} has no worker")


def _kill_copy(world: World) -> str | None:
    """Kill an rsync that the duties have started, while it copies."""

    def done() -> bool:
        for child in own_children(world.duties.pid):
            with suppress(psutil.Error):
                if child.name() == "rsync" and killed(child.pid):
                    return True
        return False

    try:
        until(done, "nothing was copied", 20.0)
    except TimeoutError as error:
        return str(error)
    return None


def _kill_database(world: World) -> None:
    """End PostgreSQL as a power cut does, and start it again."""
    folder = Path(world.database.control[world.database.control.index("-D") + 1])
    main = int((folder / "postmaster.pid").read_text().split()[0])
    below = list(own_children(main))
    os.kill(main, signal.SIGKILL)
    for one in below:
        killed(one.pid)
    until(lambda: not psutil.pid_exists(main), "PostgreSQL does not end")
    time.sleep(1.0)
    world.database.start()
    engine = create_engine(world.database.url)

    def answers() -> bool:
        with suppress(DBAPIError), engine.connect() as connection:
            return bool(connection.execute(text("SELECT 1")).scalar())
        return False

    until(answers, "PostgreSQL does not answer")
    engine.dispose()
