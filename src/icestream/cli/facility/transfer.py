"""`icestream facility transfer`: how far copies are, and copying once by hand."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.facility.duties.turn import alone
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import session as find_session
from icestream.facility.registry.sessions import sessions
from icestream.facility.transfer.duty import Copies
from icestream.facility.transfer.ledger import CopyLedger
from icestream.facility.transfer.progress import CopyProgress, progress
from icestream.facility.transfer.session import ledger_of
from icestream.shown import printable

__all__ = ["asked_sessions", "size_words", "span_words", "transfer"]

_UNITS = ("B", "kB", "MB", "GB", "TB")


def transfer(
    *names: str,
    once: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Say how far copies from the microscopes are: files, bytes, rate, what waits and why.

    The exit status is 1 where something keeps a session from being copied.

    Parameters
    ----------
    names
        Sessions; those that are not over by default.
    once
        Copy what is new first, as the duty does over and over.
    json
        For programs.
    """
    with open_facility() as facility:
        asked = asked_sessions(facility, names)
        if once:
            _once(facility, asked)
        found = [(one, progress(ledger_of(Path(one.folder)))) for one in asked]
    known = [(one, how) for one, how in found if how is not None]
    if json:
        print_json([_document(one, how) for one, how in known])
    elif not known:
        print("no session is copied")
    else:
        print_table(
            ("session", "copied", "left", "rate", "time left", "how it goes"),
            [_row(one, how) for one, how in known],
        )
        for one, how in known:
            for line in _lines(how):
                print(f"{printable(one.name)}: {line}")
    return int(any(how.outage for _, how in known))


def asked_sessions(facility: Facility, names: Sequence[str]) -> list[KnownSession]:
    """The sessions that are named, or all that have not gone."""
    with facility.registry.read() as connection:
        if names:
            return [find_session(connection, name) for name in names]
        return [one for one in sessions(connection) if one.state not in ("archived", "gone")]


def _once(facility: Facility, asked: Sequence[KnownSession]) -> None:
    section = facility.file.transfer
    if section is None:
        raise LookupError("the facility file has no section [transfer]: nothing is copied")
    copies = Copies(section)
    with facility.registry.read() as connection:
        known = sessions(connection)
    with alone(facility, ["transfer"]):
        for one in asked:
            copying = copies.copy(one)
            copies.bound(one, known)
            while copying is not None:
                done = copying.round()
                tallies = copying.ledger.tallies()
                waits = any(state in tallies for state in ("seen", "settling", "ready"))
                if done.outage or not (waits or done.copied) or _only_waits(copying.ledger):
                    copying.close()
                    break
                time.sleep(min(1.0, section.settle / 4 + 0.05))


def _only_waits(ledger: CopyLedger) -> bool:
    """Whether all that is left is not whole, which may take as long as the microscope does."""
    left = [entry for state in ("seen", "settling", "ready") for entry in ledger.of_state(state)]
    return bool(left) and all(entry.why.startswith("it is not whole") for entry in left)


def _row(one: KnownSession, how: CopyProgress) -> tuple[str, ...]:
    done = how.files - how.left_files
    left = f"{how.left_files} ({size_words(how.left_bytes)})" if how.left_files else "-"
    state = "over" if how.ended else "goes on"
    return (
        printable(one.name),
        f"{done} of {how.files} ({size_words(how.bytes - how.left_bytes)})",
        left,
        f"{size_words(how.rate)}/s" if how.rate else "-",
        span_words(how.seconds_left) if how.seconds_left and how.left_bytes else "-",
        printable(f"STANDS STILL: {how.outage}" if how.outage else state),
    )


def _lines(how: CopyProgress) -> Iterator[str]:
    for each in how.waiting:
        one = printable(each.example, lines=False)
        files = f"{each.files} files" if each.files > 1 else "1 file"
        yield f"{files} {each.state}: {printable(each.why)} ({one})"
    for folder, why in how.unreadable.items():
        yield printable(f"{folder}: {why}")


def _document(one: KnownSession, how: CopyProgress) -> dict[str, Any]:
    return {
        "session": one.name,
        "files": how.files,
        "bytes": how.bytes,
        "left_files": how.left_files,
        "left_bytes": how.left_bytes,
        "rate": how.rate,
        "seconds_left": how.seconds_left,
        "outage": how.outage,
        "ended": how.ended,
        "states": {s: {"files": t.files, "bytes": t.bytes} for s, t in how.states.items()},
        "waiting": [
            {"state": w.state, "why": w.why, "files": w.files, "example": printable(w.example)}
            for w in how.waiting
        ],
        "unreadable": dict(how.unreadable),
    }


def size_words(size: float) -> str:
    """Bytes in words."""
    for unit in _UNITS[:-1]:
        if size < 1000.0:
            return f"{size:.3g} {unit}"
        size /= 1000.0
    return f"{size:.3g} {_UNITS[-1]}"


def span_words(seconds: float) -> str:
    """A time in words."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
