"""Teach the picker what the 2D classes show: how large the particle is, and what it looks like."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt

from icestream.formats.mrc import read_stack
from icestream.model import Alert, Classes, Offer
from icestream.processing.picking import (
    choose_classes,
    session_diameter,
    session_is_cut,
    session_width,
)
from icestream.protocol import Advanced, Monitor, Parameters, Sample, Window

__all__ = ["MonitorPicking", "PickingLessons"]

_ROOMS = (250.0, 400.0, 640.0)
"""Å of room for particles whose diameter is unknown: that of the picker to begin with, and what
follows where they go on beyond it."""
_LONG = 0.6
"""Width over length below which a particle is said to be long."""


class PickingLessons(Parameters):
    """When to teach, and whom."""

    first: Annotated[int, Ge(100)] = 500
    """Particles in the classes from which the picker is taught for the first time."""

    again: Annotated[int, Ge(0)] = 5000
    """Particles in the classes from which it is taught once more, by better classes; 0: never."""

    automatic: bool = True
    """Pick with the classes at once; off, a person decides when to adopt what is offered."""

    fewest: Annotated[float, Gt(0), Advanced] = 0.3
    """Part of the particles that must be in good classes before they teach anything."""

    step: Annotated[str, Advanced] = "pick"
    """Name of the step that picks."""


class MonitorPicking(Monitor[PickingLessons]):
    """Offer the picker a diameter and templates from the session's own 2D classes.

    The picker starts without either, finds most particles, and also what is none. Their classes
    tell the two apart. What is adopted is a change of the picker's parameters: earlier micrographs
    are picked again like those to come. There are two lessons, each with a key of its own, and
    each is adopted by itself once only. When the second is due at once, both are the same.
    Particles that are longer than their boxes are given larger ones before any lesson.
    """

    name = "monitor.picking"
    title = "Picking monitor"
    last = 1

    def inspect(self, window: Window[Classes]) -> Iterator[Alert | Sample]:
        if not window.items:
            return
        classes, wanted = window.items[-1], self.parameters
        if not classes.particles:
            yield Alert(
                key="picking.none",
                level="warning",
                message="there are no particles in the micrographs so far: look at them. Where "
                f"there is nothing but ice, go to another place; lower {wanted.step}.threshold, or "
                f"set {wanted.step}.diameter, where you see particles",
            )
            return
        lessons = [
            key
            for key, due in (("first", wanted.first), ("again", wanted.again))
            if due and classes.particles >= due
        ]
        if not lessons:
            return
        counts = np.asarray(classes.counts, dtype=np.float64)
        selected = None if classes.selected is None else np.asarray(classes.selected)
        chosen = choose_classes(counts, np.asarray(classes.score), selected)
        averages = read_stack(classes.averages)[chosen]
        diameter = session_diameter(averages, counts[chosen], classes.pixel_size)
        if diameter <= 0 or counts[chosen].sum() < wanted.fewest * counts.sum():
            yield Alert(
                key="picking.unclear",
                level="notice",
                message=f"{counts[chosen].sum():.0f} of {classes.particles} particles are in "
                "classes that look like particles: too few to learn from; look at the classes and "
                f"the picks, or set the diameter of the step {wanted.step}",
            )
            return
        room = _next_room(classes.diameter)
        weights = counts[chosen]
        if room and session_is_cut(averages, weights, classes.pixel_size, classes.diameter):
            yield self._room(classes, room)
            return
        width = session_width(averages, counts[chosen], classes.pixel_size)
        yield Sample("picking.diameter", diameter, "Å")
        yield Sample("picking.width", width, "Å")
        for key in lessons:
            yield self._lesson(key, classes, chosen, (diameter, width))

    def _room(self, classes: Classes, room: float) -> Alert:
        """Particles that do not fit into their boxes cannot be measured: larger ones first."""
        wanted = self.parameters
        return Alert(
            key=f"picking.room.{room:.0f}",
            level="notice",
            message=f"the particles of the classes go on beyond the {classes.diameter:.0f} Å that "
            f"are shown of them: the step {wanted.step} makes room for {room:.0f} Å, and the "
            "classes begin again. To set the diameter yourself, which ends this: "
            f"{wanted.step}.diameter",
            offer=Offer(step=wanted.step, changes={"roomy": room}, automatic=wanted.automatic),
        )

    def _lesson(
        self, key: str, classes: Classes, chosen: np.ndarray, size: tuple[float, float]
    ) -> Alert:
        wanted = self.parameters
        diameter, width = size
        shape = f"a diameter of {diameter:.0f} Å"
        if width < _LONG * diameter:
            shape = f"particles {diameter:.0f} Å long and {width:.0f} Å wide"
        return Alert(
            key=f"picking.classes.{key}",
            level="notice",
            message=f"the classes of {classes.particles} particles show {shape}, and "
            f"{len(chosen)} of them can serve as templates of the step {wanted.step}",
            offer=Offer(
                step=wanted.step,
                changes={
                    "measured_diameter": round(diameter, 1),
                    "templates": str(classes.averages),
                    "template_classes": [int(class_) + 1 for class_ in chosen],
                },
                automatic=wanted.automatic,
            ),
        )


def _next_room(diameter: float) -> float | None:
    """More room than particles of unknown diameter have; None for those of a known one."""
    if diameter not in _ROOMS[:-1]:
        return None
    return _ROOMS[_ROOMS.index(diameter) + 1]
