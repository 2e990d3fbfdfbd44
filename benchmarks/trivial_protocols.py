"""Protocols that do nothing, so that only the engine is measured."""

import time
from dataclasses import dataclass
from importlib.metadata import EntryPoint

from icestream.protocol import (
    Cursor,
    Discovery,
    ItemProtocol,
    Parameters,
    Registry,
    SourceProtocol,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A moment, of one exposure."""

    exposure: str
    made: float
    passed: tuple[float, ...] = ()


class Pace(Parameters):
    """What the source brings."""

    count: int = 1000
    """Items in all."""
    at_once: int = 1000
    """Items in one discovery."""
    every: float = 0.0
    """Seconds between discoveries."""
    ahead: int = 10**9
    """Wait while so many items more than `ended` were brought."""


ended = 0
"""Items that have come out at the end, as the benchmark sees it (in the coordinator's process)."""


class Source(SourceProtocol[Pace]):
    """Brings ticks."""

    name = "bench.source"
    title = "Source"
    item = Tick

    def discover(self, cursor: Cursor) -> Discovery:
        first = cursor.state or 0
        last = min(first + self.parameters.at_once, self.parameters.count)
        last = max(first, min(last, ended + self.parameters.ahead))
        now = time.time()
        items = [Tick(exposure=f"e{number:07d}", made=now) for number in range(first, last)]
        return Discovery(items, state=last, closed=last == self.parameters.count)

    def interval(self) -> float:
        return self.parameters.every


class Pass(ItemProtocol[Parameters]):
    """Performer a tick on."""

    name = "bench.pass"
    title = "Pass"

    def process(self, tick: Tick) -> Tick:
        return Tick(exposure=tick.exposure, made=tick.made, passed=(*tick.passed, time.time()))


def registry() -> Registry:
    """A registry of these protocols alone."""
    return Registry(
        EntryPoint(kind.name, f"{kind.__module__}:{kind.__qualname__}", "icestream.protocols")
        for kind in (Source, Pass)
    )
