"""Removing at the source what a verified copy holds: never by default, and never on trust.

The copy is read again, and the source too: what was right when it was copied may be lost since.
"""

from pathlib import Path

from icestream.facility.transfer.digest import from_disk
from icestream.facility.transfer.ledger import CopyEntry, CopyLedger
from icestream.facility.transfer.source import Looked, Source

__all__ = ["clean_source"]

_MOST = 500
"""Files that are looked at in one round."""
_AGAIN = 3600.0
_KEPT = "not removed: "


def clean_source(ledger: CopyLedger, source: Source, target: Path, after: float, now: float) -> int:
    """Remove files at the source; how many were removed.

    Removed is what was verified, has been so for `after` seconds, is at the source as it was when
    it was copied, and whose copy and original, both read once more, hold the same. Folders stay.
    """
    old = [
        entry
        for entry in ledger.due(("verified",), now, _MOST)
        if entry.at < now - after
        and entry.modified * 1e-9 < now - after
        and (not entry.why or entry.why.startswith(_KEPT))
    ]
    good = [entry for entry in old if _stands(ledger, source, target, entry, now)]
    if not good:
        return 0
    compared = source.digest_is(target, [entry.name for entry in good], None)
    sure = [entry for entry in good if not compared[entry.name]]
    for entry in good:
        if compared[entry.name]:
            ledger.put(entry, why=f"{_KEPT}{compared[entry.name]}", due=now + _AGAIN)
    removed = source.remove(target, [entry.name for entry in sure]) if sure else {}
    for entry in sure:
        why = removed[entry.name]
        if why:
            ledger.put(entry, why=f"{_KEPT}{why}", due=now + _AGAIN)
        else:
            ledger.put(entry, state="cleaned", due=0)
    return sum(not why for why in removed.values())


def _stands(ledger: CopyLedger, source: Source, target: Path, entry: CopyEntry, now: float) -> bool:
    """Whether a file and its copy are what they were; else it is said why it is not removed."""
    looked = source.look(entry.name)
    if looked is None:
        ledger.put(entry, state="cleaned", why="somebody else removed it at the source")
        return False
    known = Looked(entry.size, entry.modified, entry.changed)
    try:
        found = from_disk(target / entry.name).digest
    except OSError as error:
        why = f"the copy cannot be read: {error.strerror or error}"
    else:
        why = "" if found == entry.digest else "the copy holds something else than it did"
    if not why and looked != known:
        why = looked.problem or "it changed at the source since it was copied"
    if why:
        ledger.put(entry, why=f"{_KEPT}{why}", due=now + _AGAIN)
    return not why
