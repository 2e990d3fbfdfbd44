"""What comes in is entered into the ledger: from the folder, and from the broker."""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from icestream.facility.messages import zocalo
from icestream.facility.messages.broker import BrokerFrame
from icestream.facility.messages.documents import UnreadableRequest, parsed
from icestream.facility.messages.folder import FolderFile, RequestFolder, write_answers
from icestream.facility.messages.inbox import ArrivedMessage
from icestream.facility.messages.kinds import MessagesSection
from icestream.facility.messages.requests import RequestsCarriedOut, answered_again
from icestream.shown import printable

__all__ = ["arrived_of_frame", "queues_read", "take_files", "take_frames", "write_out_answers"]


def queues_read(section: MessagesSection) -> list[str]:
    """The queues that requests come by."""
    broker, spoken = section.broker, section.zocalo
    found = [] if broker is None else [broker.requests]
    if spoken is not None:
        found += [queue for queue in (spoken.starts, spoken.steps) if queue]
    return list(dict.fromkeys(found))


def take_frames(carrying: RequestsCarriedOut, frames: Sequence[BrokerFrame]) -> None:
    """Enter messages of the broker, which may be acknowledged after that."""
    ledger = carrying.ledger
    with ledger.transaction():
        for frame in frames:
            arrived = arrived_of_frame(frame, carrying.section)
            try:
                received = ledger.inbox.receive(arrived)
            except UnreadableRequest as error:
                _refused(carrying, arrived, error.problems)
                continue
            # The broker's own second delivery was not asked again.
            if received.again and frame.headers.get("redelivered") != "true":
                answered_again(carrying.told, ledger.inbox.entry(received.id))


def arrived_of_frame(frame: BrokerFrame, section: MessagesSection) -> ArrivedMessage:
    """What came, and what makes it the same when it comes again."""
    assert section.broker is not None
    spoken, reply_to = section.zocalo, _queue(frame.said.get("reply-to", ""))
    digest = hashlib.sha256(frame.body).hexdigest()
    try:
        document = parsed(frame.body) if len(frame.body) <= section.largest else None
    except UnreadableRequest:
        document = None  # it is refused with that when it is carried out
    stepwise = spoken is not None and frame.queue == spoken.steps
    wrapped = frame.headers.get(zocalo.RECIPE_HEADER, "").lower() in ("true", "1")
    if stepwise or (wrapped and isinstance(document, Mapping) and "recipe-pointer" in document):
        identity, kind = zocalo.identity_of(document, frame.body), "step"
    elif spoken is not None and frame.queue == spoken.starts:
        identity, kind = zocalo.identity_of(document, frame.body), "zocalo"
    else:
        given = document.get("id") if isinstance(document, Mapping) else None
        identity = f"id:{given}" if isinstance(given, str) and given else f"content:{digest}"
        kind = "request"
        reply_to = reply_to or section.broker.answers
    return ArrivedMessage(
        identity=identity,
        digest=digest,
        kind=kind,
        source=f"queue {frame.queue}",
        body=frame.body[: section.largest + 1],
        headers={name: value for name, value in frame.said.items() if len(value) < 2000},
        reply_to=reply_to,
    )


def _queue(destination: str) -> str:
    """A destination as it is written here: a queue's name alone, all else as it is."""
    return destination.removeprefix("/queue/")


def _refused(
    carrying: RequestsCarriedOut, arrived: ArrivedMessage, problems: Sequence[str]
) -> None:
    """Keep and refuse what comes under the identity of another request."""
    own = replace(arrived, identity=f"content:{arrived.digest}", kind="request")
    received = carrying.ledger.inbox.receive(own)
    if not received.again:
        carrying.refuse(carrying.ledger.inbox.entry(received.id), tuple(problems))


def take_files(carrying: RequestsCarriedOut, folder: RequestFolder) -> int:
    """Enter the files of the folder that are whole, and move them aside; how many there were.

    Raises
    ------
    OSError
        If the folder cannot be read or written.
    """
    count = 0
    for file in folder.look():
        _take_file(carrying, folder, file)
        count += 1
    return count


def _take_file(carrying: RequestsCarriedOut, folder: RequestFolder, file: FolderFile) -> None:
    ledger, broker = carrying.ledger, carrying.section.broker
    if file.arrived is None:
        _refuse_file(folder, file)
        return
    arrived = file.arrived if broker is None else replace(file.arrived, reply_to=broker.answers)
    place = folder.aside(file.path)
    try:
        received = ledger.inbox.receive(arrived, laid=os.fsencode(place))
    except UnreadableRequest as error:
        _refuse_file(folder, replace(file, arrived=None, problems=error.problems))
        return
    if received.again:
        answered_again(carrying.told, ledger.inbox.entry(received.id))
    folder.put(file.path, place)


def _refuse_file(folder: RequestFolder, file: FolderFile) -> None:
    """Move a file aside that is no request, with the reasons beside it; it is kept as it is."""
    place = folder.aside(file.path, refused=True)
    document = {
        "version": 1,
        "id": f"file:{hashlib.sha256(os.fsencode(place)).hexdigest()[:16]}:refused",
        "request": "",
        "state": "refused",
        "time": time.time(),
        "problems": [printable(one) for one in file.problems],
    }
    write_answers(place, [document])  # first: a reason without its file harms nobody
    folder.put(file.path, place)


def write_out_answers(carrying: RequestsCarriedOut) -> None:
    """Write beside each file of a request what was answered since.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    ledger = carrying.ledger
    for path, number, count in ledger.inbox.unwritten():
        place = Path(os.fsdecode(path))
        if place.parent.is_dir():
            write_answers(place, ledger.inbox.answers(number))
        elif place.parent.parent == carrying.section.folder:
            continue  # its disk is away: later
        ledger.inbox.written(path, count)
