"""Watch the first 3D map: particles that are seen from too few sides."""

from collections.abc import Iterator

from icestream.model import Alert, Volume
from icestream.protocol import Monitor, Parameters, Window

__all__ = ["MonitorVolume"]


class MonitorVolume(Monitor[Parameters]):
    """Warn when the views of the first 3D map are too uneven for it to be believed.

    Where most particles lie on one side, the halves of the map agree on what is seen from there,
    and on whatever fills the rest; a symmetry may show that is not there. Particles whose symmetry
    was missed lie on few sides of the map as well: in one of its equal parts.
    """

    name = "monitor.volume"
    title = "Map monitor"
    last = 1

    def inspect(self, window: Window[Volume]) -> Iterator[Alert]:
        made = [item for item in window.items if item.map is not None]
        if not made or made[-1].even:
            return
        newest = made[-1]
        yield Alert(
            key="volume.views",
            level="warning",
            message="the first 3D map is seen from few sides (sampling efficiency "
            f"{newest.efficiency:.2f}, 1 is even): a part of it is hardly seen. Its resolution "
            "holds only in the directions that are seen, and its shape and its symmetry "
            f"({newest.symmetry}) may be wrong although its halves agree. The particles lie on few "
            "sides: look for classes of other views that were left out, tilt the stage by 20 to 40 "
            "degrees, or try another grid, support film or detergent. Or they have a symmetry that "
            "was not found: give it to the step that makes the map, if you know it",
        )
