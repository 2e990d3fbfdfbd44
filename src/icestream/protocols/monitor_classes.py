"""Watch the 2D classes over their updates: blurred, full of junk, or all particles in few."""

from collections.abc import Iterator

from icestream.model import Alert, Classes
from icestream.protocol import Figure, Monitor, Parameters, Window
from icestream.protocols.class_updates import (
    class_resolution,
    classes_in_use,
    good_share,
    since_begun,
    worse_classes,
)

__all__ = ["MonitorClasses"]


class MonitorClasses(Monitor[Parameters]):
    """Warn when the 2D classes have become worse and stay so, and say since which update.

    Follows the resolution of the good classes, the share of the particles that are in them, and how
    many classes hold the particles. Nothing is said of fewer than five updates. Where the classes
    are begun anew, as when the picker was taught or a parameter was changed, so is this.
    """

    name = "monitor.classes"
    title = "Class monitor"
    last = 40

    def inspect(self, window: Window[Classes]) -> Iterator[Alert | Figure]:
        updates = since_begun(window.items)
        if (worse := worse_classes(updates)) is not None:
            yield worse
        for title, unit, scale, value in (
            ("Resolution of the good classes", "resolution / Å", 1.0, class_resolution),
            ("Particles in good classes", "particles / %", 100.0, good_share),
            ("Effective number of classes", "classes", 1.0, classes_in_use),
        ):
            known = [scale * told for one in updates if (told := value(one)) is not None]
            if len(known) > 1:
                yield Figure(title, "series", known, unit, x_label="updates of the classification")
