"""The sink that writes files: a line of JSON for each parcel, in a file for each session."""

import json
import os
from pathlib import Path

from icestream.facility.sinks.parcels import CONTENTS, Parcel
from icestream.facility.sinks.sink import NO_NUMBER, NotTaken, Received, Shipment, SinkDown
from icestream.model import safe_file_name

__all__ = ["FileSink"]

_TAIL = 1 << 20
"""Bytes in which a line that was cut off begins."""
_HEAD = 64
"""Bytes by which the beginning of what is to be written is looked for."""


class FileSink:
    """Appends parcels to files that others read.

    Parameters
    ----------
    folder
        Of the files; it is not made, since a disk that is not mounted is not to be written beside.
    """

    takes = frozenset(CONTENTS)
    pictures = True
    repeated = True
    at_once = 1000

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reach(self) -> None:
        """Look whether the folder is there, and may be written."""
        if not self._folder.is_dir():
            raise SinkDown(f"{self._folder} is no folder: make it, or mount its disk")
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise SinkDown(f"{self._folder} cannot be written by the user who runs icestream")

    def deliver(self, shipment: Shipment) -> Received:
        """Append a shipment, but for what of it is there already."""
        try:
            lines = [_line(shipment.session, parcel) for parcel in shipment.parcels]
        except ValueError:
            raise NotTaken(NO_NUMBER) from None
        whole = "".join(f"{line}\n" for line in lines).encode(errors="replace")
        path = self._folder / f"{safe_file_name(shipment.name)}.jsonl"
        try:
            with path.open("ab+") as file:
                end = file.seek(0, os.SEEK_END)
                start = max(0, end - max(len(whole), _TAIL))
                file.seek(start)
                tail = file.read()
                keep, there = overlap(tail, whole)
                file.truncate(start + keep)
                file.write(whole[there:])
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise SinkDown(f"{path}: {error.strerror or error}") from None
        return Received({parcel.id: "" for parcel in shipment.parcels})

    def close(self) -> None:
        """Nothing is kept open."""


def _line(session: str, parcel: Parcel) -> str:
    document = {"session": session, **parcel.described()}
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def overlap(tail: bytes, whole: bytes) -> tuple[int, int]:
    r"""How much of a file's end is to be kept, and how much of `whole` is there already.

    A process that was killed may have written a part of `whole`, or a part of a line.

    >>> overlap(b'{"a": 1}\n{"b"', b'{"b": 2}\n')
    (13, 4)
    >>> overlap(b'{"a": 1}\n{"c"', b'{"b": 2}\n')
    (9, 0)
    """
    head = whole[: min(_HEAD, whole.find(b"\n") + 1)]
    at = tail.find(head)
    while at >= 0:
        if whole.startswith(tail[at:]):
            return len(tail), len(tail) - at
        at = tail.find(head, at + 1)
    lines = tail.rfind(b"\n") + 1
    if len(tail) > lines and whole.startswith(tail[lines:]):
        return len(tail), len(tail) - lines
    return lines, 0  # without a line that was cut, of something that is known no more
