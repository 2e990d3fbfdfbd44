"""`icestream facility restore-registry`: what only the registry knows, out of a backup of it."""

import os
import tempfile
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.facility.transfer import size_words
from icestream.cli.terminal import print_json, print_table
from icestream.facility.backup.archive import RegistryArchive, opened_archive, read_archive
from icestream.facility.backup.duty import target_of
from icestream.facility.backup.generations import fetched, find_generation, generations
from icestream.facility.file import FacilityFileError, load_facility
from icestream.facility.money.invoices import verify
from icestream.facility.registry.contents import fill
from icestream.facility.registry.open import open_registry
from icestream.facility.transfer.address import Address, read_address
from icestream.shown import printable

__all__ = ["restore_registry"]


def restore_registry(
    origin: str,
    /,
    *,
    generation: str | None = None,
    files: Path | None = None,
    list_: Annotated[bool, Parameter(name="--list", negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Fill an empty registry from a backup: bookings, occasions, holds, invoices, all of it.

    The registry is the one that the facility file names, a file or PostgreSQL, whatever it was in
    the backup. One that has something in it is never written to. On a new machine call it with
    --files first, and put the passwords back that it names. The exit status is 1 where an invoice
    is not what was issued.

    Parameters
    ----------
    origin
        A backup, as the facility file calls it, or its place: a folder, host:/path.
    generation
        Which one, such as day-30 or hour-14; the newest by default.
    files
        Write the facility file and the settings that were backed up with it into this folder,
        where they are not there yet, and end.
    list_
        List what there is, and end.
    json
        For programs, with --list.
    """
    target = _place(origin)
    if list_:
        _list(target, json=json)
        return 0
    one = find_generation(target, generation)
    with tempfile.TemporaryDirectory(prefix="icestream-registry-") as held:
        path = fetched(target, one, Path(held))
        if files is not None:
            return _write_files(read_archive(path), files)
        return _fill(path)


def _place(origin: str) -> Address:
    """A backup by its name in the facility file, or by where it is."""
    if "/" in origin or ":" in origin:
        return read_address(str(Path(origin).absolute()) if ":" not in origin else origin)
    try:
        known = load_facility().file.backup
    except FacilityFileError as error:
        raise LookupError(
            f"there is no facility file that says where the backup {origin!r} is ({error}); give "
            "its place, such as /mnt/backup"
        ) from None
    if origin not in known:
        there = ", ".join(known) or "none"
        raise LookupError(
            f"the facility file has no [backup.{origin}] (it has {there}); give the name of one, "
            "or a place such as /mnt/backup"
        )
    return target_of(known[origin], origin)


def _list(target: Address, *, json: bool) -> None:
    known = generations(target)
    if json:
        print_json([{"name": one.name, "at": one.at, "bytes": one.bytes} for one in known])
        return
    rows = [(one.name, _when(one.at), size_words(one.bytes)) for one in known]
    print_table(("registry", "as of", "size"), rows)


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))


def _write_files(known: RegistryArchive, folder: Path) -> int:
    """Write what configured the facility where nothing is in its way; 1 where something was."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = False
    for one in known.files:
        path = folder / one.name
        if one.trouble:
            print(f"not in the backup: {printable(one.place)}: {printable(one.trouble)}")
            continue
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        except FileExistsError:
            print(f"{printable(str(path))} is there and stays as it is")
            kept = True
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(one.text)
        print(f"{printable(str(path))} (it was {printable(one.place)})")
        for secret in one.left_out:
            print(f"  put back: {printable(secret)}")
    return int(kept)


def _fill(path: Path) -> int:
    with opened_archive(path) as (known, source):
        facility = load_facility()
        registry = open_registry(facility.file.registry_place())
        try:
            done = fill(registry, source)
            with registry.read() as connection:
                faults = list(verify(connection))
        finally:
            registry.close()
    print(
        f"{registry.place} is the registry of {printable(known.facility)} as of {_when(known.at)}"
    )
    print(", ".join(f"{name}: {rows}" for name, rows in done.rows.items()))
    for fault in faults:
        print(f"wrong  {printable(fault)}")
    print(
        "bring sessions back with: icestream facility restore; where their folders are elsewhere "
        "now: icestream facility rebuild"
    )
    return int(bool(faults))
