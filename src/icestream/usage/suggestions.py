"""What may follow a step: as others do it where a collector is asked, else as ready workflows do.

What a collector says is asked for once a day at most, and kept: without a network, what it said
last holds, and before it ever said anything the ready workflows do.
"""

import contextlib
import functools
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from icestream.documents import read_json
from icestream.engine.graph.workflow import InvalidWorkflow, load_workflow, shipped_workflows
from icestream.protocol import Protocol, Registry, UnknownProtocol
from icestream.protocol.describe import first_line
from icestream.usage.asking import ask
from icestream.usage.counting import chains_of
from icestream.usage.kinds import Usage
from icestream.usage.record import today
from icestream.whole import written_whole

__all__ = ["FIGURES", "Suggestion", "follows_in", "suggest"]

FIGURES = "/usage.json"
"""Of a collector, below its own address: its figures for programs."""
FILE = "usage-figures.json"
"""In the state folder: what the collector said last."""
_PATIENCE = 3.0
_LARGEST = 4 * 1024 * 1024
_WHY = {
    "workflows": "in {count} of the {of} ready workflows with {name}",
    "collector": "at {count} of the {of} installations with {name}",
}
_FEW = 3
"""Installations below which what a collector says is no more than somebody's habit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A protocol that may be next."""

    protocol: str
    title: str
    summary: str
    """What it does, in a sentence."""
    count: int
    """How many workflows, or installations, have it there."""
    of: int
    """Of so many that have the step that it follows."""
    source: Literal["workflows", "collector"]
    why: str
    """The same in words: ``in 7 of the 10 ready workflows with
    ctf.estimate``."""


class _Chain(BaseModel):
    model_config = ConfigDict(extra="ignore")

    protocol: Annotated[str, Field(max_length=60)]
    next: Annotated[str, Field(max_length=60)]
    installations: Annotated[int, Field(ge=0)]


class _Used(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, Field(max_length=60)]
    installations: Annotated[int, Field(ge=0)]


class _Figures(BaseModel):
    """What is read of a collector's figures."""

    model_config = ConfigDict(extra="ignore")

    form: Literal[1]
    protocols: list[_Used] = []
    chains: list[_Chain] = []


def suggest(
    name: str, registry: Registry, usage: Usage, state: Path, *, most: int = 5
) -> tuple[Suggestion, ...]:
    """What may follow a protocol, the most usual first; none where nobody has anything after it.

    Parameters
    ----------
    name
        The protocol.
    registry
        What is not installed here, or broken, is not suggested; nor is what would not take what
        the protocol makes.
    usage
        Says whether there is a collector.
    state
        Folder where its figures are kept.
    most
        At most so many.

    Raises
    ------
    UnknownProtocol
        If the protocol is not installed.
    """
    protocol = registry.get(name)
    figures = _figures(usage.collector, state) if usage.collector else None
    if figures is not None:
        of = next((one.installations for one in figures.protocols if one.name == name), 0)
        there = {
            one.next: min(one.installations, of) for one in figures.chains if one.protocol == name
        }
        if of >= _FEW and (found := _fitting(protocol, there, of, "collector", registry)):
            return found[:most]
    of, after = follows_in(name)
    return _fitting(protocol, after, of, "workflows", registry)[:most]


def follows_in(name: str) -> tuple[int, Mapping[str, int]]:
    """How many ready workflows have a protocol, and in how many of them each other follows it."""
    having = [one for one in _library() if name in one[0]]
    after = Counter(then for _, chains in having for first, then in chains if first == name)
    return len(having), after


@functools.cache
def _library() -> tuple[tuple[frozenset[str], frozenset[tuple[str, str]]], ...]:
    workflows = []
    for name in shipped_workflows():
        with contextlib.suppress(InvalidWorkflow):  # a plugin's, which is shown as broken elsewhere
            workflows.append(load_workflow(name))
    return tuple(
        (frozenset(step.protocol for step in one.steps), chains_of(one)) for one in workflows
    )


def _fitting(
    protocol: type[Protocol[Any]],
    after: Mapping[str, int],
    of: int,
    source: Literal["workflows", "collector"],
    registry: Registry,
) -> tuple[Suggestion, ...]:
    found = []
    for name, count in sorted(after.items(), key=lambda one: (-one[1], one[0])):
        try:
            then = registry.get(name)
        except UnknownProtocol:
            continue
        if count and _takes(then, protocol):
            found.append(
                Suggestion(
                    protocol=name,
                    title=then.title,
                    summary=first_line(then),
                    count=count,
                    of=of,
                    source=source,
                    why=_WHY[source].format(count=count, of=of, name=protocol.name),
                )
            )
    return tuple(found)


def _takes(then: type[Protocol[Any]], protocol: type[Protocol[Any]]) -> bool:
    return any(
        issubclass(made.item, taken.item) for made in protocol.outputs() for taken in then.inputs()
    )


def _figures(collector: str, state: Path) -> _Figures | None:
    """What the collector says, of today or as it said it last; None: it never said anything."""
    file = state / FILE
    kept = _kept(file, collector)
    if kept is not None and kept[0] == today():
        return kept[1]
    text = _asked(collector)
    figures = None if text is None else _read(text)
    old = None if kept is None else kept[1]
    # A collector that is down is not asked again today, either.
    now = figures or old
    said = {"collector": collector, "day": today(), "figures": now and now.model_dump()}
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with written_whole(file) as unfinished:
            unfinished.write_text(json.dumps(said))
    except OSError:
        pass  # a full disk: it is asked again next time
    return now


def _kept(file: Path, collector: str) -> tuple[str, _Figures | None] | None:
    try:
        said = read_json(file.read_bytes())
        if said["collector"] != collector:
            return None
        figures = said["figures"]
        return str(said["day"]), None if figures is None else _Figures.model_validate(figures)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(text: bytes) -> _Figures | None:
    try:
        return _Figures.model_validate_json(text)
    except ValidationError:
        return None


def _asked(collector: str) -> bytes | None:
    try:
        status, text = ask(collector + FIGURES, patience=_PATIENCE, most=_LARGEST)
    except OSError:
        return None
    return text if status == 200 and len(text) <= _LARGEST else None
