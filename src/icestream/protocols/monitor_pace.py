"""Watch whether the processing keeps up with the microscope."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Self

from annotated_types import Ge, Gt, Lt
from pydantic import model_validator

from icestream.model import Alert
from icestream.model.forecast import Forecast, forecast
from icestream.model.outlook import behind_words, cost_words, outlook_words, remedy_words
from icestream.protocol import Advanced, Monitor, Operational, Parameters, Window
from icestream.units import Unit

__all__ = ["MonitorPace", "PaceLimits"]

_DEAREST = 3
"""Steps whose costs are told."""
Percent = Annotated[float, Unit("%")]
Minute = Annotated[float, Unit("min")]


class PaceLimits(Parameters):
    """When to warn, and until when movies come."""

    acquisition_ends: Annotated[str, Operational] = ""
    """When the acquisition is to end, local time, such as 2026-03-14 08:00: the forecast then knows
    until when movies come. Empty: not known."""

    slow_max: Annotated[Percent, Ge(0), Lt(100), Operational] = 5.0
    """Warn when the processing is slower than the microscope by more than this."""

    behind_min: Annotated[Minute, Ge(0), Operational] = 20.0
    """Never warn before so much work waits as would take this long by itself."""

    lasting: Annotated[Minute, Gt(0), Operational, Advanced] = 5.0
    """Warn when it has been so for this long; a burst is no reason."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.acquisition_ends:
            try:
                datetime.fromisoformat(self.acquisition_ends)
            except ValueError:
                raise ValueError(
                    f"acquisition_ends: expected a date and a time such as 2026-03-14 08:00, found "
                    f"{self.acquisition_ends!r}"
                ) from None
        return self


class MonitorPace(Monitor[PaceLimits]):
    """Warn when the processing cannot keep up with the microscope: by how much, what would help.

    What the steps cost and how fast movies come are measured; what would help follows from them. A
    warning holds until the lack is less than half of what it was raised for.
    """

    name = "monitor.pace"
    title = "Pace monitor"
    every = 30.0
    foresees = True

    def __init__(self, parameters: PaceLimits | None = None) -> None:
        super().__init__(parameters)
        self._since: float | None = None
        """Since when it is too slow."""
        self._warned = False

    def inspect(self, window: Window) -> Iterator[Alert]:  # type: ignore[type-arg]
        # A bare Window says that this monitor has no input: it looks at the session itself.
        if window.work is None:
            return
        said = forecast(window.work)
        if not self._is_slow(said):
            self._since, self._warned = None, False
            return
        self._since = window.now if self._since is None else self._since
        self._warned = self._warned or window.now - self._since >= 60.0 * self.parameters.lasting
        if self._warned:
            yield Alert(key="pace.slow", level="warning", message=_message(said, window.now))

    def _is_slow(self, said: Forecast) -> bool:
        if said.slow is None or said.outlook in ("halted", "up to date"):
            return False
        part = 0.5 if self._warned else 1.0
        enough = (said.alone or 0.0) >= part * 60.0 * self.parameters.behind_min
        return enough and 100.0 * said.slow > part * self.parameters.slow_max


def _message(said: Forecast, now: float) -> str:
    """By how much it is too slow, what would help, and what that is told from."""
    when = f"; {outlook_words(said, now)}" if said.outlook == "catching up" else ""
    told = [f"the processing is {100.0 * (said.slow or 0.0):.0f} % too slow to keep up{when}"]
    if helps := "; or ".join(remedy_words(remedy) for remedy in said.remedies):
        told.append(f"What would help: {helps}")
    told.append(
        f"{said.found:.0f} exposures come in an hour, {said.able:.0f} can be processed, and "
        f"{behind_words(said, 'exposures')} wait"
    )
    costs = ", ".join(list(cost_words(said))[:_DEAREST])
    return ". ".join([*told, f"An exposure costs {said.cost:.3g} s of a core: {costs}"])
