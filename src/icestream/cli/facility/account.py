"""`icestream facility account` and `forecast`: where every byte is, and when the disk is full."""

import csv as tables
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.facility.keep import size_words
from icestream.cli.terminal import print_json, print_table
from icestream.facility.keep.account import PlaceAccount, StorageAccount, age_words
from icestream.facility.keep.account import account as take_account
from icestream.facility.keep.inventory import FOLDERS, LINKS, Inventory
from icestream.facility.keep.kinds import CLASSES
from icestream.facility.keep.known import OTHER, RECORDS, TRASH
from icestream.facility.keep.storage import forecast as ask_forecast
from icestream.facility.opened import open_facility
from icestream.facility.registry.sessions import UnknownPlace
from icestream.shown import printable

__all__ = ["account", "forecast"]

Flag = Annotated[bool, Parameter(negative="")]
_KINDS = (*CLASSES, RECORDS, OTHER, TRASH, LINKS, FOLDERS)


def account(
    *,
    session: str | None = None,
    project: str | None = None,
    microscope: str | None = None,
    fresh: Flag = False,
    json: Flag = False,
    csv: Flag = False,
) -> int:
    """Say where every byte of the sessions is, and what nobody accounts for.

    Sizes are what files take of the disk, as du counts them. Each session is shown as it was at
    the last look of the facility's duty.

    Parameters
    ----------
    session
        Only this one.
    project
        Only those of a project.
    microscope
        Only those of a microscope.
    fresh
        Look at every file now.
    json
        For programs.
    csv
        For tables: a row for each session and class.
    """
    with open_facility() as facility:
        found = take_account(
            facility, session=session, project=project, microscope=microscope, fresh=fresh
        )
    if session is not None and not found.sessions:
        raise UnknownPlace(
            f"the registry has no session {session!r}: icestream session list shows those it has"
        )
    if json:
        print_json(_document(found))
    elif csv:
        _write_csv(found)
    else:
        _print(found)
    return 0


def forecast(*, json: Flag = False) -> int:
    """Say when the disk of the sessions will be full, and how sure that is.

    Parameters
    ----------
    json
        For programs.
    """
    with open_facility() as facility:
        found = ask_forecast(facility)
        if json:
            print_json(asdict(found))
            return 0
        if found.days is None and found.note:
            print(f"no forecast: {found.note}")
            return 0
        now = time.time()
        words = {
            name: "not within two years"
            if days is None
            else f"{facility.local(now + days * 86400):%Y-%m-%d} (in {days:.0f} days)"
            for name, days in asdict(found).items()
            if name in ("days", "early", "late")
        }
    print(f"the disk of the sessions will be full: {words['days']}")
    print(f"one future of ten is full by: {words['early']}")
    print(f"nine of ten are full by: {words['late']}")
    print(
        f"{size_words(found.daily)} a day came in the last {found.past} days; the rules will "
        f"remove {size_words(found.leaving)} of what is here"
    )
    print(
        "method: 400 futures, whose weeks are drawn from the past; days that are booked have the "
        "booked hours at the rate of a past session"
    )
    if found.note:
        print(f"doubtful: {found.note}")
    return 0


def _print(found: StorageAccount) -> None:
    if found.sessions:
        kinds = [kind for kind in _KINDS if any(_disk(one.here, kind) for one in found.sessions)]
        print_table(
            ("session", "looked at", *(_called(kind) for kind in kinds), "all", "backups"),
            [
                (
                    one.session.name, age_words(one.here),
                    *(size_words(_disk(one.here, kind)) for kind in kinds),
                    "unknown" if one.here is None else size_words(one.here.total.disk),
                    _backups(one),
                )
                for one in found.sessions
            ],
        )  # fmt: skip
    for line in _remarks(found):
        print(printable(line))


def _remarks(found: StorageAccount) -> Iterator[str]:
    for one in found.sessions:
        name = one.session.name
        if one.problem:
            yield f"{name}: not looked at: {one.problem}"
        if one.here is not None:
            for folder in one.here.unread:
                yield f"{name}: {folder} cannot be read, and is not in the sums"
            for folder in one.here.elsewhere:
                yield f"{name}: {folder} is on another disk, and is not in the sums"
            if one.here.unknown:
                yield f"{name}: nobody knows {', '.join(one.here.unknown[:3])}: it is never removed"
            if one.here.problem:
                yield f"{name}: its store cannot be asked: {one.here.problem}"
        for state, tally in one.source.items():
            yield (
                f"{name}: at the microscope: {tally.files} files {state}, {size_words(tally.bytes)}"
            )
    if found.unclaimed is not None:
        size = size_words(found.unclaimed.tally.disk)
        names = ", ".join(found.unclaimed.names[:5]) or "folders alone"
        yield f"in no session's place: {size} ({names})"
        yield f"all that was looked at: {size_words(found.total.disk)}"
    yield f"the disk: {size_words(found.disk)}, free {size_words(found.free)}"


def _backups(one: PlaceAccount) -> str:
    return ", ".join(
        f"{each.backup}: {each.verified} of {each.files} verified"
        + (f", {each.wrong} WRONG" if each.wrong else "")
        for each in one.backups
    )


def _disk(here: Inventory | None, kind: str) -> int:
    return 0 if here is None or kind not in here.tallies else here.tallies[kind].disk


def _called(kind: str) -> str:
    return "put aside" if kind == TRASH else kind


def _document(found: StorageAccount) -> dict[str, Any]:
    return {
        "sessions": [
            {
                "session": one.session.name,
                "microscope": one.session.microscope,
                "project": one.session.project,
                "here": None if one.here is None else asdict(one.here),
                "source": {state: asdict(tally) for state, tally in one.source.items()},
                "backups": [asdict(each) for each in one.backups],
                "problem": one.problem,
            }
            for one in found.sessions
        ],
        "unclaimed": None if found.unclaimed is None else asdict(found.unclaimed),
        "total": asdict(found.total),
        "disk": found.disk,
        "free": found.free,
    }


def _write_csv(found: StorageAccount) -> None:
    table = tables.writer(sys.stdout, lineterminator="\n")
    table.writerow(("session", "microscope", "project", "class", "files", "bytes", "disk", "at"))
    for one in found.sessions:
        whose = (one.session.name, one.session.microscope, one.session.project)
        if one.here is None:
            continue
        for kind, tally in one.here.tallies.items():
            table.writerow((*whose, kind, tally.files, tally.bytes, tally.disk, int(one.here.at)))
    if found.unclaimed is not None:
        rest = found.unclaimed.tally
        table.writerow(("", "", "", "unclaimed", rest.files, rest.bytes, rest.disk, ""))
