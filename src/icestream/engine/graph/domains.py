"""What the tasks of a step are about: exposures, groups of them, or batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from icestream.model import SubjectKind
from icestream.protocol import BatchProtocol, GroupProtocol, Protocol

__all__ = ["EXPOSURES", "Domain", "domain_of"]


@dataclass(frozen=True, slots=True)
class Domain:
    """What the tasks of a step are about; items of one domain can be joined."""

    kind: SubjectKind
    family: str = ""
    """Of groups: what they are. Of batches: the name of the step that makes them."""

    def __str__(self) -> str:
        if self.kind == "batch":
            return f"snapshots of {self.family}"
        return f"groups ({self.family})" if self.kind == "group" else "single exposures"


EXPOSURES = Domain("exposure")


def domain_of(name: str, protocol: type[Protocol[Any]], feeding: Sequence[Domain]) -> Domain:
    """What the tasks of a step called `name` are about, when these domains feed it."""
    if issubclass(protocol, BatchProtocol):
        return Domain("batch", name)
    if issubclass(protocol, GroupProtocol):
        return Domain("group", protocol.family)
    return feeding[0] if feeding else EXPOSURES
