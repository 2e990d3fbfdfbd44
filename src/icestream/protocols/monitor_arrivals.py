"""Watch the stream of movies: say so when none comes any more."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Gt

from icestream.model import Alert
from icestream.model.arrivals import usual_interval
from icestream.protocol import Monitor, Parameters, Window
from icestream.units import Unit

__all__ = ["ArrivalLimits", "MonitorArrivals"]

Minute = Annotated[float, Unit("min")]


class ArrivalLimits(Parameters):
    """When silence is worth a warning."""

    silence_factor: Annotated[float, Gt(1)] = 2.0
    """Warn when nothing new came for so many times the usual interval between two."""

    silence_min: Annotated[Minute, Ge(0)] = 5.0
    """Never warn before so much time without anything new, however fast it came."""


class MonitorArrivals(Monitor[ArrivalLimits]):
    """Warn when no movie comes any more while a source still waits for some.

    What is usual is the median interval of the last five hundred movies; before five have come one
    after another, nothing is. Sources that have ended, or that a person paused, are not waited for.
    """

    name = "monitor.arrivals"
    title = "Arrivals monitor"
    every = 30.0

    def inspect(self, window: Window) -> Iterator[Alert]:  # type: ignore[type-arg]
        # A bare Window says that this monitor has no input: without movies nothing would call it.
        usual = usual_interval(window.found)
        if usual is None or not window.open:
            return
        limits = self.parameters
        silence = window.now - max(window.found)
        if silence > max(limits.silence_factor * usual, 60.0 * limits.silence_min):
            yield Alert(
                key="arrivals.silent",
                level="warning",
                message=(
                    f"nothing new came for {_time(silence)}; usually an exposure comes every "
                    f"{_time(usual)}. "
                    "Has the acquisition ended or stopped (beam, autoloader, camera, a full disk), "
                    "or the program that copies the files?"
                ),
            )


def _time(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400.0 else f"{seconds / 3600:.1f} h"
