"""Watch the first 3D map: too few particles, or too few sides that they are seen from."""

from collections.abc import Iterator

from icestream.model import Alert, Volume
from icestream.protocol import Monitor, Parameters, Window
from icestream.protocols.map_updates import worse_map

__all__ = ["MonitorVolume"]


_OTHER_VIEWS = (
    "look for classes of other views that were left out, tilt the stage by 20 to 40 degrees, or "
    "try another grid, support film or detergent"
)


class MonitorVolume(Monitor[Parameters]):
    """Warn when the views of the first 3D map are too uneven for it to be believed.

    And when its resolution or the evenness of its views has become worse and stays so, with the
    update at which it did, from five updates on.

    And say when it is preliminary: made of fewer particles than were asked for.

    The same where there is no map because so many particles are in one good class or two.

    Where most particles lie on one side, the halves of the map agree on what is seen from there,
    and on whatever fills the rest; a symmetry may show that is not there. Particles whose symmetry
    was missed lie on few sides of the map as well: in one of its equal parts.
    """

    name = "monitor.volume"
    title = "Map monitor"
    last = 40

    def inspect(self, window: Window[Volume]) -> Iterator[Alert]:
        made = [item for item in window.items if item.map is not None]
        if window.items and window.items[-1].map is None and window.items[-1].alike:
            yield _alike(window.items[-1])
            return
        if not made:
            return
        if (worse := worse_map(made)) is not None:
            yield worse
        newest = made[-1]
        if newest.preliminary:
            yield Alert(
                key="volume.preliminary",
                level="notice",
                message=f"the first 3D map is preliminary: it was made of {newest.particles} "
                f"particles in good classes, {newest.wanted} are asked for (the parameter least). "
                "It becomes better as more come",
            )
        if newest.even:
            return
        yield Alert(
            key="volume.views",
            level="warning",
            message="the first 3D map is seen from few sides (sampling efficiency "
            f"{newest.efficiency:.2f}, 1 is even): a part of it is hardly seen. Its resolution "
            "holds only in the directions that are seen, and its shape and its symmetry "
            f"({newest.symmetry}) may be wrong although its halves agree. The particles lie on few "
            f"sides: {_OTHER_VIEWS}. Or they have a symmetry that "
            "was not found: give it to the step that makes the map, if you know it",
        )


def _alike(none: Volume) -> Alert:
    """There are particles enough, and no map."""
    return Alert(
        key="volume.views",
        level="warning",
        message=f"there is no 3D map of the {none.alike} particles in good classes: {none.note}. "
        f"They are seen from few sides, or look alike from all. If from few: {_OTHER_VIEWS}",
    )
