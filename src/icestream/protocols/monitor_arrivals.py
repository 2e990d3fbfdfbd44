"""Watch the stream of movies: say so when none comes any more, or squares give few."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Gt, Le

from icestream.model import Alert
from icestream.model.arrivals import usual_interval
from icestream.model.squares import Square, UsualSquare, usual_square
from icestream.protocol import Figure, Monitor, Parameters, Window
from icestream.units import Unit

__all__ = ["ArrivalLimits", "MonitorArrivals"]

Minute = Annotated[float, Unit("min")]
Percent = Annotated[float, Unit("%")]

_IN_A_ROW = 3
"""Squares of few exposures, one after another, that are worth a warning."""


class ArrivalLimits(Parameters):
    """When silence is worth a warning."""

    silence_factor: Annotated[float, Gt(1)] = 2.0
    """Warn when nothing new came for so many times the usual interval between two."""

    silence_min: Annotated[Minute, Ge(0)] = 5.0
    """Never warn before so much time without anything new, however fast it came."""

    square_min: Annotated[Percent, Ge(0), Le(100)] = 50.0
    """Say so when a grid square was left after less than this part of the exposures that squares
    of the session give usually, the median of the last twenty; 0: never."""


class MonitorArrivals(Monitor[ArrivalLimits]):
    """Warn when no movie comes any more while a source still waits for some.

    And say when a grid square was left after few exposures, and warn when three in a row were:
    fewer than half of what is usual in the session, and than its squares differ by. That needs four
    squares that were left before, and metadata that tell the square. The one that is being
    recorded is not judged.

    What is usual is the median interval of the last five hundred movies; before five have come one
    after another, nothing is. Sources that have ended, or that a person paused, are not waited for,
    and the time for which a session was stopped or paused does not count.
    """

    name = "monitor.arrivals"
    title = "Arrivals monitor"
    every = 30.0
    surveys = True

    def inspect(self, window: Window) -> Iterator[Alert | Figure]:  # type: ignore[type-arg]
        # A bare Window says that this monitor has no input: without movies nothing would call it.
        yield from self._squares(window.squares)
        yield from self._silence(window)

    def _squares(self, squares: tuple[Square, ...]) -> Iterator[Alert | Figure]:
        """What each grid square gave, and those that gave few."""
        if len(squares) > 1:
            yield Figure(
                "Exposures of each grid square, the newest last",
                "series",
                [float(square.count) for square in squares],
                "exposures",
            )
        left = [square for square in squares if square.left]
        few = 0
        while few < len(left) and self._is_few(left[-1 - few], left[: len(left) - 1 - few]):
            few += 1
        if not few:
            return
        usual = usual_square(left[:-few])
        if usual is not None:
            yield _few_alert(left[-few:], usual)

    def _is_few(self, square: Square, others: list[Square]) -> bool:
        usual = usual_square(others)
        if usual is None:
            return False
        return square.count < min(usual.fewest, 0.01 * self.parameters.square_min * usual.count)

    def _silence(self, window: Window) -> Iterator[Alert]:  # type: ignore[type-arg]
        usual = usual_interval(window.found)
        if usual is None or not window.open:
            return
        limits = self.parameters
        silence = window.now - max(*window.found, window.since)
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


def _few_alert(few: list[Square], usual: UsualSquare) -> Alert:
    """Squares that were left after few exposures, the last last."""
    last = few[-1]
    exposures = "exposure" if last.count == 1 else "exposures"
    told = f"grid square {last.name} was left after {last.count} {exposures}"
    if len(few) > 1:
        told += f", the last of {len(few)} in a row that gave few"
    return Alert(
        key="arrivals.square",
        level="warning" if len(few) >= _IN_A_ROW else "notice",
        message=f"{told}; a square of this session gives {usual.count:.0f} usually. Were holes "
        "left out or broken, was it stopped by hand, or do files not come?",
    )


def _time(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400.0 else f"{seconds / 3600:.1f} h"
