"""The last 2D classes and the last map of a session, for steps that join them with others."""

from icestream.model import Classes, Volume
from icestream.protocol import Group, LastProtocol, Parameters

__all__ = ["LastClasses", "LastVolume"]


class LastClasses(LastProtocol[Parameters]):
    """Take the last 2D classes, once all particles are in them, to be joined with other last ones.

    When more particles come later it waits for the end of these, and what follows is done again.
    """

    name = "classes2d.last"
    title = "Last 2D classes"

    def process(self, group: Group[Classes]) -> Classes:
        return group.items[-1]


class LastVolume(LastProtocol[Parameters]):
    """Take the last map, once nothing will make it better, to be joined with other last ones.

    An update without a map is passed over, if there is a map before it.
    """

    name = "volume.last"
    title = "Last map"

    def process(self, group: Group[Volume]) -> Volume:
        made = [volume for volume in group if volume.map is not None]
        return made[-1] if made else group.items[-1]
