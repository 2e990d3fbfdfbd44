"""`icestream facility backup` and `restore`: what is backed up, and how it comes back."""

import shlex
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.alike import meant
from icestream.cli.facility.transfer import asked_sessions, size_words, span_words
from icestream.cli.terminal import print_json, print_table
from icestream.engine.requests.commands import run_again_words
from icestream.facility.backup.account import BackupAccount, account, backup_ledgers
from icestream.facility.backup.backing import Backing
from icestream.facility.backup.duty import backup_of, target_of, what_of
from icestream.facility.backup.generations import keep_generation, wrong_generations
from icestream.facility.backup.kinds import BackupPlace
from icestream.facility.backup.ledger import BackupLedger
from icestream.facility.backup.restoring import restore as bring_back
from icestream.facility.backup.target import prepare as prepare_place
from icestream.facility.backup.target import volume_of
from icestream.facility.backup.verifying import verify as read_again
from icestream.facility.duties.duty import Outage
from icestream.facility.duties.turn import alone
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.facility.transfer.address import Address, read_address
from icestream.shown import printable
from icestream.store.open import NoStore, open_store

__all__ = ["backup", "lost_disk", "restore"]

_SHOWN = 20


def backup(
    *names: str,
    to: str | None = None,
    once: Annotated[bool, Parameter(negative="")] = False,
    verify: Annotated[bool, Parameter(negative="")] = False,
    prepare: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Say what of sessions is backed up where; back up or verify them, and the registry.

    The exit status is 1 where something could not be backed up, or is not what it was.

    Parameters
    ----------
    names
        Sessions; all that are here, and the registry, by default.
    to
        The backup, as the facility file calls it; all by default.
    once
        Back them up first, as the duties do over and over.
    verify
        Read all that was backed up again, and compare it.
    prepare
        Mark the place of this backup as one that it goes to, once for each disk, and end.
    json
        For programs.
    """
    with open_facility() as facility:
        if prepare is not None:
            made = prepare_place(prepare, target_of(_section(facility, prepare), prepare))
            print(f"{facility.file.backup[prepare].to} is the backup {prepare} now ({made.id})")
            return 0
        places = [to] if to is not None else list(facility.file.backup)
        for place in places:
            _section(facility, place)
        asked = [one for one in asked_sessions(facility, names) if Path(one.folder).is_dir()]
        well = True
        for place in places:
            if once or verify:
                with alone(facility, [f"backup.{place}"]):
                    well &= bool(names) or _work_on_registry(facility, place, (once, verify))
                    for one in asked:
                        well &= _work(facility, place, one, (once, verify))
        rows = [
            (one, each)
            for one in asked
            for each in account(Path(one.folder)).backups
            if each.backup in places
        ]
    if json:
        print_json([{"session": one.name, **_document(each)} for one, each in rows])
    else:
        columns = ("session", "backup", "part", "files", "size", "whole", "verified", "wrong")
        print_table(columns, [_row(one, each) for one, each in rows])
    return int(not well)


def restore(
    session: str,
    /,
    place: Path,
    *,
    origin: Annotated[str, Parameter(name="--from")],
    parts: Annotated[tuple[str, ...], Parameter(negative="")] = ("movies", "processing"),
) -> int:
    """Bring a session back from a backup, into a folder that is empty or not there.

    Each file is compared with its digest. The session goes on from there as the original would
    have: icestream resume shows the folder. It may be interrupted and called again.

    Parameters
    ----------
    session
        Its name.
    place
        The folder that becomes its place.
    origin
        The backup, as the facility file calls it, or where it is: s3://bucket/prefix, a folder.
    parts
        What is brought back: movies, processing.
    """
    done = bring_back(_place_of(origin), session, place, parts=parts, told=_telling())
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{done.files} files ({size_words(done.bytes)}) are in {printable(str(done.place))}")
    for name, why in list(done.wrong.items())[:_SHOWN]:
        print(f"wrong  {printable(name, lines=False)}: {why}")
    for volume, files in done.elsewhere.items():
        print(f"{files} files are on disk {volume}: put it in, and give the same command again")
    if not done.wrong and not done.elsewhere and (words := _go_on(done.processing)):
        print(f"go on with: {printable(shlex.join(['icestream', *words]))}")
    return int(bool(done.wrong or done.elsewhere))


def _place_of(origin: str) -> Address:
    """Where a backup is, by its name or by its address."""
    if "/" in origin:
        return read_address(origin)
    with open_facility() as facility:
        return target_of(_section(facility, origin), origin)


def _go_on(folder: Path) -> list[str]:
    """The command with which a session goes on, and takes what is new; none where there is none."""
    try:
        with closing(open_store(folder, readonly=True)) as store:
            return run_again_words(store) or []
    except (NoStore, LookupError):
        return []


def lost_disk(disk: str, /) -> int:
    """Give up what was on a disk of a backup that is lost, so that it is backed up again.

    The exit status is 1 where no backup of a session is on it.

    Parameters
    ----------
    disk
        As it was called when it was prepared; icestream facility backup --json lists them.
    """
    files = gone = 0
    with open_facility() as facility:
        with facility.registry.read() as connection:
            known = sessions(connection)
        for path in (path for one in known for path in backup_ledgers(Path(one.folder)).values()):
            with closing(BackupLedger(path)) as ledger:
                lost, only = ledger.lose(disk)
            files, gone = files + lost, gone + only
    print(f"{files} files were on disk {disk}; what sessions still have is backed up again")
    if gone:
        print(f"{gone} of them are gone from their sessions, and lost")
    return int(not files)


def _section(facility: Facility, name: str) -> BackupPlace:
    known = facility.file.backup
    if name not in known:
        hint = meant(name, known) or f"it has {', '.join(known) or 'none'}"
        raise LookupError(f"the facility file has no [backup.{name}]; {hint}")
    return known[name]


def _work_on_registry(facility: Facility, place: str, asked: tuple[bool, bool]) -> bool:
    section, (once, verify) = facility.file.backup[place], asked
    if "registry" not in section.what:
        return True
    wrong: list[str] = []
    try:
        target = target_of(section, place)
        volume_of(place, target)
        if once:
            wrong += keep_generation(facility, target)
        if verify:
            wrong += wrong_generations(target)
    except Outage as error:
        wrong.append(str(error))
    for said in wrong:
        print(f"registry: {printable(said)}")
    return not wrong


def _work(facility: Facility, place: str, one: KnownSession, asked: tuple[bool, bool]) -> bool:
    backing = Backing(
        what_of(one, facility.file.tree.raw), backup_of(place, facility.file.backup[place])
    )
    try:
        well, (once, verify) = True, asked
        if once:
            done = backing.round(stopped=threading.Event())
            well = not (done.outage or done.failed)
            if done.outage:
                print(f"{printable(one.name)}: {printable(done.outage)}")
            for name, why in list(done.failed.items())[:_SHOWN]:
                print(f"{printable(one.name)}: {printable(name, lines=False)}: {printable(why)}")
        if verify and well:
            found = read_again(backing.ledger, backing.backup.target, backing.folder)
            well = not found.wrong
            for name, why in list(found.wrong.items())[:_SHOWN]:
                print(f"{printable(one.name)}: {printable(name, lines=False)}: {why}")
            if found.elsewhere:
                print(f"{printable(one.name)}: {found.elsewhere} files are on disks that are away")
        return well
    finally:
        backing.close()


def _telling() -> Callable[[int, int], None]:
    last = time.monotonic()
    began = last

    def told(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if sys.stderr.isatty() and now - last > 0.5:
            last = now
            rate = done / max(1e-3, now - began)
            left = span_words((total - done) / rate) if rate else "?"
            words = f"{size_words(done)} of {size_words(total)}, {size_words(rate)}/s, {left} left"
            print(f"\r{words:<70}", end="", file=sys.stderr, flush=True)

    return told


def _row(one: KnownSession, each: BackupAccount) -> tuple[str, ...]:
    now = time.time()
    gone = f" ({each.gone_files} gone here)" if each.gone_files else ""
    return (
        printable(one.name),
        each.backup,
        each.part,
        f"{each.files}{gone}",
        size_words(each.bytes),
        f"{span_words(now - each.whole)} ago" if each.whole else "never",
        f"{span_words(now - each.verified)} ago" if each.verified else "never",
        str(each.wrong) if each.wrong else "-",
    )


def _document(each: BackupAccount) -> dict[str, object]:
    return {name: getattr(each, name) for name in BackupAccount.__slots__}
