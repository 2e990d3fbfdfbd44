"""Watch the first 3D map: particles that are seen from too few sides."""

from collections.abc import Iterator

from icestream.model import Alert, Volume
from icestream.protocol import Monitor, Parameters, Window

__all__ = ["MonitorVolume"]


class MonitorVolume(Monitor[Parameters]):
    """Warn when the views of the first 3D map are too uneven for it to be believed.

    Where most particles lie on one side, the halves of the map agree on what is seen from there,
    and on whatever fills the rest; a symmetry may show that is not there.
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
            message="the particles of the first 3D map lie on few sides (sampling efficiency "
            f"{newest.efficiency:.2f}, 1 is even): a part of the map is hardly seen. Its "
            "resolution holds only in the directions that are seen, and its shape and its symmetry "
            f"({newest.symmetry}) may be wrong although its halves agree. Look for classes of "
            "other views that were left out; tilt the stage by 20 to 40 degrees, or try another "
            "grid, support film or detergent",
        )
