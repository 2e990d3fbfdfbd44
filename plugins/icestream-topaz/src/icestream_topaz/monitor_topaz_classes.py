"""Tell Topaz which classes show particles, once there are enough of them."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from icestream.formats import read_stack
from icestream.model import Alert, Classes, Offer
from icestream.processing.picking import choose_classes, session_diameter
from icestream.protocol import Advanced, Monitor, Parameters, Window

__all__ = ["MonitorTopazClasses", "TopazLessons"]


class TopazLessons(Parameters):
    """When to train, and which step does it."""

    first: Annotated[int, Ge(100)] = 1000
    """Particles in good classes from which Topaz is trained for the first time."""

    again: Annotated[int, Ge(0)] = 10000
    """Particles in good classes from which it is trained once more, on better classes; 0: never."""

    automatic: bool = True
    """Train at once; off, a person decides when to adopt what is offered."""

    fewest: Annotated[float, Gt(0), Le(1), Advanced] = 0.3
    """Part of the particles that must be in good classes before they teach anything."""

    step: Annotated[str, Advanced] = "train"
    """Name of the step that trains."""


class MonitorTopazClasses(Monitor[TopazLessons]):
    """Offer the training of Topaz the good classes of the session, twice at most.

    What is adopted is a change of the training's parameters. There are two lessons, each with a key
    of its own, and each is adopted by itself once only.
    """

    name = "monitor.topaz_classes"
    title = "Lessons for Topaz"
    last = 1

    def inspect(self, window: Window[Classes]) -> Iterator[Alert]:
        if not window.items or not window.items[-1].particles:
            return
        classes, wanted = window.items[-1], self.parameters
        counts = np.asarray(classes.counts, dtype=np.float64)
        selected = None if classes.selected is None else np.asarray(classes.selected)
        numbers = np.arange(1, len(counts) + 1) if classes.numbers is None else classes.numbers
        chosen = choose_classes(counts, np.asarray(classes.score), selected)
        good = int(counts[chosen].sum())
        due = [
            key
            for key, limit in (("first", wanted.first), ("again", wanted.again))
            if limit and good >= limit
        ]
        if not due:
            return
        averages = read_stack(classes.averages)[chosen]
        diameter = session_diameter(averages, counts[chosen], classes.pixel_size)
        if diameter <= 0 or good < wanted.fewest * counts.sum():
            yield Alert(
                key="topaz.unclear",
                level="notice",
                message=f"{good} of {classes.particles} particles are in classes that look like "
                "particles: too few to train Topaz on; look at the classes and the picks",
            )
            return
        for key in due:
            yield Alert(
                key=f"topaz.classes.{key}",
                level="notice",
                message=f"{good} particles in {len(chosen)} good classes, {diameter:.0f} Å large, "
                f"can teach Topaz: the step {wanted.step} learns from them",
                offer=Offer(
                    step=wanted.step,
                    changes={
                        "assignments": str(classes.assignments),
                        "classes": [int(numbers[class_]) for class_ in chosen],
                        "measured_diameter": round(diameter, 1),
                    },
                    automatic=wanted.automatic,
                ),
            )
