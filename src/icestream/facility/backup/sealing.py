"""What a backup says of itself: whose it is, what it should hold, and a digest of each file."""

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from icestream import __version__
from icestream.facility.backup.ledger import BackupLedger
from icestream.facility.backup.parts import What
from icestream.facility.backup.target import BackupVolume
from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.carry import carry
from icestream.facility.transfer.manner import Manner
from icestream.facility.transfer.rsync import Between
from icestream.store import sqlite

__all__ = [
    "CARD",
    "LEDGER",
    "MANIFEST",
    "manifest_lines",
    "read_manifest",
    "room_for_copies",
    "seal",
]

CARD = "backup.json"
"""Whose backup it is, from where, and as of when."""
LEDGER = "backup.db"
"""A copy of the ledger."""
MANIFEST = "manifest.b2"
"""Digests of all files on this disk, as ``b2sum --check`` reads them."""

_ESCAPED = re.compile(rb"[\\\n\r]")
_WRITTEN = {b"\\": rb"\\", b"\n": rb"\n", b"\r": rb"\r"}
_READ = re.compile(rb"\\([\\nr])")


def manifest_lines(files: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """Lines of a manifest: digest and name of each file, escaped as coreutils do it."""
    for name, digest in files:
        plain = os.fsencode(name)
        escaped = _ESCAPED.sub(lambda found: _WRITTEN[found[0]], plain)
        mark = b"\\" if escaped != plain else b""
        yield mark + digest.encode("ascii") + b"  " + escaped + b"\n"


def read_manifest(path: Path) -> Iterator[tuple[str, str]]:
    """Name and digest of each file of a manifest."""
    back = {b"\\": b"\\", b"n": b"\n", b"r": b"\r"}
    with path.open("rb") as file:
        for line in file:
            digest, _, name = line.rstrip(b"\n").partition(b"  ")
            if digest.startswith(b"\\"):
                digest, name = digest[1:], _READ.sub(lambda found: back[found[1]], name)
            yield os.fsdecode(name), digest.decode("ascii")


@contextlib.contextmanager
def room_for_copies(what: What, name: str) -> Iterator[Path]:
    """A folder beside the ledgers, empty, for copies of stores while a backup is under way.

    Parameters
    ----------
    name
        Of the backup.
    """
    folder = what.ledgers / f"backup-{name}"
    shutil.rmtree(folder, ignore_errors=True)  # what one that was killed has left
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seal(
    ledger: BackupLedger, what: What, folder: Address, volume: BackupVolume, now: float
) -> None:
    """Write what the backup holds beside it; each of the files is replaced whole.

    Raises
    ------
    Outage
        If it cannot be written.
    """
    with room_for_copies(what, volume.name) as held:
        sqlite.copy(ledger.path, held / LEDGER)
        here = (kept for kept in ledger.every() if kept.volume == volume.id and kept.digest)
        with (held / MANIFEST).open("wb") as file:
            file.writelines(manifest_lines((kept.name, kept.digest) for kept in here))
        card = _card(ledger, what, volume, now)
        (held / CARD).write_text(json.dumps(card, indent=1) + "\n")
        manner = Manner(makes=folder.folder is None)
        # What the card says is true once the other two are there.
        for names in ([LEDGER, MANIFEST], [CARD]):
            run = carry(Between(Address(str(held)), folder), names, manner)
            for name in names:
                if name not in run.done:
                    why = run.failed.get(name, "it did not arrive")
                    raise Outage(f"{folder}/{name} cannot be written: {why}")
    ledger.note("sealed", f"{now:.3f}")


def _card(ledger: BackupLedger, what: What, volume: BackupVolume, now: float) -> dict[str, object]:
    sums = ledger.sums()
    return {
        "session": what.session,
        "processing": str(what.processing),
        "movies": None if what.movies is None else str(what.movies),
        "place": None if what.place is None else str(what.place),
        "backup": volume.name,
        "volume": volume.id,
        "volumes": ledger.volumes(),
        "at": now,
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "icestream": __version__,
        "digest": "BLAKE2b-128 (b2sum --check manifest.b2)",
        "files": {part: total.files for part, total in sums.items()},
        "bytes": {part: total.bytes for part, total in sums.items()},
    }
