"""What a result was made from, as a graph: how each was made, with which software, where."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from icestream.protocol.program import COMMAND_LOG
from icestream.store import queries
from icestream.store.lineage import lineages_of
from icestream.store.open import Store
from icestream.store.records import CorrectionRecord, LineageRecord

__all__ = ["Ancestor", "Ancestry", "AncestryEdge", "LeftOutInputs", "MadeFile", "ancestry"]

MOST = 300
"""Results in a graph, where nobody says."""
_CHARACTERS = 4000
"""Of a command line that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFile:
    """A file that a result has made."""

    path: str
    """Relative to the session's folder, where it is inside."""
    bytes: int
    """When it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestor:
    """A result, and how it was made."""

    result: int
    step: str
    title: str
    """Of the protocol; its name where it is not installed here."""
    protocol: str
    version: int
    revision: int
    subject: str
    """Name of the exposure, group or batch that it is about."""
    exposure: str
    """Empty where it is about a group or a batch."""
    distance: int
    """Results between it and the one that was asked for, and one more; 0 for that itself."""
    parameters: Mapping[str, Any]
    epoch: int
    """Number of the coordinator that ran it: its software is in `Ancestry.software`."""
    host: str
    seconds: float
    cpu: float | None
    """Processor time, with the programs that were run, seconds; null where it was not measured."""
    memory: float | None
    """Of the largest of its processes at its peak, bytes; null where it is not known."""
    finished: float
    """Seconds since the epoch."""
    files: tuple[MadeFile, ...]
    command: str = ""
    """Of an external program; empty where none was run, or its log is gone."""
    by_hand: CorrectionRecord | None = None
    """What a person changed about the result that it was made of; null where the step made it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AncestryEdge:
    """A result that came in at a port of another."""

    source: int
    target: int
    port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutInputs:
    """Results that came in and are not in the graph."""

    target: int
    port: str
    count: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestry:
    """A result with what it was made from, the nearest first."""

    result: int
    nodes: tuple[Ancestor, ...]
    edges: tuple[AncestryEdge, ...]
    left_out: tuple[LeftOutInputs, ...]
    """Empty: the graph is whole."""
    software: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """Versions of programs, by the number of the coordinator that had them."""


def ancestry(
    store: Store,
    number: int,
    titles: Mapping[str, str],
    *,
    most: int = MOST,
    each: int = 12,
) -> Ancestry:
    """The graph of a result.

    Parameters
    ----------
    store
        The session's.
    number
        Of the result.
    titles
        Of protocols, by their names.
    most
        Results in the graph; of those that are farther away, only how many come in is said.
    each
        Results that are followed at one port of a result: a classification takes in thousands.

    Raises
    ------
    LookupError
        If there is no such result.
    """
    records: dict[int, LineageRecord] = {}
    distances = {number: 0}
    edges: list[AncestryEdge] = []
    left_out: list[LeftOutInputs] = []
    level = [number]
    while level:
        found = lineages_of(store, level)
        records |= {record.id: record for record in found}
        following: list[int] = []
        for record in found:
            for port, sources in _by_port(record).items():
                room = max(0, most - len(distances))
                taken = _taken(sources, distances, min(each, room))
                edges += [
                    AncestryEdge(source=source, target=record.id, port=port) for source in taken
                ]
                if len(taken) < len(sources):
                    left_out.append(_left_out(record, port, len(sources) - len(taken)))
                for source in taken:
                    if source not in distances:
                        distances[source] = distances[record.id] + 1
                        following.append(source)
        level = following
    if number not in records:
        raise LookupError(f"no result {number} in {store.folder}")
    ran = {record.epoch for record in records.values()}
    return Ancestry(
        result=number,
        nodes=tuple(
            _node(store, records[one], distance, titles)
            for one, distance in distances.items()
            if one in records
        ),
        edges=tuple(edges),
        left_out=tuple(left_out),
        software={
            epoch.number: epoch.software for epoch in queries.epochs(store) if epoch.number in ran
        },
    )


def _by_port(record: LineageRecord) -> dict[str, list[int]]:
    """Results that came in by port, the newest first."""
    ports: dict[str, list[int]] = {}
    for port, source in record.inputs:
        ports.setdefault(port, []).append(source)
    return {port: sorted(sources, reverse=True) for port, sources in ports.items()}


def _taken(sources: Sequence[int], known: Iterable[int], room: int) -> list[int]:
    """Those that are in the graph already, and of the others as many as there is room for."""
    there = set(known)
    new = [source for source in sources if source not in there][:room]
    return [source for source in sources if source in there or source in new]


def _left_out(record: LineageRecord, port: str, count: int) -> LeftOutInputs:
    many = "result" if count == 1 else "results"
    return LeftOutInputs(
        target=record.id,
        port=port,
        count=count,
        words=f"{count:,} more {many} came in at {port} of {record.step} ({record.subject})",
    )


def _node(
    store: Store, record: LineageRecord, distance: int, titles: Mapping[str, str]
) -> Ancestor:
    return Ancestor(
        result=record.id,
        step=record.step,
        title=titles.get(record.protocol, record.protocol),
        protocol=record.protocol,
        version=record.version,
        revision=record.revision,
        subject=record.subject,
        exposure=record.exposure,
        distance=distance,
        parameters=record.parameters,
        epoch=record.epoch,
        host=record.host,
        seconds=record.seconds,
        cpu=record.cpu,
        memory=record.memory,
        finished=record.finished,
        files=tuple(MadeFile(path=path, bytes=size) for path, size in record.files),
        command=_command(store.folder, record.files),
        by_hand=record.by_hand,
    )


def _command(folder: Path, files: Iterable[tuple[str, int]]) -> str:
    """The command line that the log of a program holds; only inside of the session."""
    for name, _ in files:
        path = (folder / name).resolve()
        if path.name.endswith(COMMAND_LOG) and path.is_relative_to(folder.resolve()):
            with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
                return file.read(_CHARACTERS).strip()
    return ""
