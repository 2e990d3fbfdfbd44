"""`icestream alerts`, `acknowledge`, `mute`, `rearm`: what people do with alerts."""

import dataclasses
import re
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.alerts import alert_lines
from icestream.cli.control import ask
from icestream.cli.terminal import called, print_json
from icestream.engine.requests.commands import mending_command
from icestream.engine.requests.models import Acknowledge, Mute, Rearm
from icestream.store import queries
from icestream.store.deliveries import deliveries
from icestream.store.open import Store, open_store
from icestream.store.records import AlertRecord

__all__ = ["BadTime", "acknowledge", "alerts", "mute", "rearm", "seconds_of"]

_UNITS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class BadTime(ValueError):
    """What was given is no length of time."""


def alerts(
    session: Path,
    /,
    *,
    past: Annotated[bool, Parameter(name="--all", negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """List the alerts that hold, the worst first, each with its number.

    Parameters
    ----------
    session
        The session's folder.
    past
        Also those that are over.
    json
        For programs.
    """
    with closing(open_store(session, readonly=True)) as store:
        found = queries.alerts(store, open_only=not past)
        program = called()
        if json:
            print_json([_document(store, alert, program) for alert in found])
            return
        if not found:
            print("there was no alert" if past else "no alert holds now")
            return
        print(*alert_lines(store, found, program, numbered=True), sep="\n")


def _document(store: Store, alert: AlertRecord, program: str) -> dict[str, Any]:
    return dataclasses.asdict(alert) | {
        "command": mending_command(store, alert, program),
        "deliveries": [dataclasses.asdict(one) for one in deliveries(store, [alert.id])],
    }


def acknowledge(session: Path, /, *numbers: int, why: str = "") -> int:
    """Say that you take care of alerts: they hold, and are not sent any more.

    Parameters
    ----------
    session
        The session's folder.
    numbers
        Of the alerts, as icestream alerts lists them.
    why
        Kept with your name and the time.
    """
    if not numbers:
        print(f"which alerts? {called()} alerts {session} lists them with their numbers")
        return 1
    return max(ask(session, Acknowledge(alert=number, why=why)) for number in numbers)


def mute(
    session: Path,
    alert: str,
    /,
    *,
    length: Annotated[str, Parameter(name="--for")],
    why: str = "",
) -> int:
    """Send nothing of a kind of alerts for a time; they are shown as muted.

    What holds when the time is over is sent then.

    Parameters
    ----------
    session
        The session's folder.
    alert
        Number of an alert, for its kind and its step; or a key such as ctf.astigmatism.high, for
        the kind wherever it comes from.
    length
        For how long: 90s, 30min, 2h, 1d.
    why
        Kept with your name and the time.
    """
    until = time.time() + seconds_of(length)
    return ask(session, Mute(**_which(alert), until=until, why=why))


def rearm(session: Path, alert: str, /, *, why: str = "") -> int:
    """Take back what was muted or acknowledged: what holds is sent again.

    Parameters
    ----------
    session
        The session's folder.
    alert
        Number of an alert, for its kind and its step; or a key, for the kind wherever it comes
        from.
    why
        Kept with your name and the time.
    """
    return ask(session, Rearm(**_which(alert), why=why))


def seconds_of(text: str) -> float:
    """A length of time in seconds: ``90s``, ``30min``, ``1.5h``, ``1d``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) *([a-z]+)", text.strip())
    if found is None or found[2] not in _UNITS or not float(found[1]):
        raise BadTime(f"--for {text!r} is no time such as 90s, 30min, 2h or 1d")
    return float(found[1]) * _UNITS[found[2]]


def _which(alert: str) -> dict[str, Any]:
    return {"alert": int(alert)} if alert.isdecimal() else {"key": alert}
