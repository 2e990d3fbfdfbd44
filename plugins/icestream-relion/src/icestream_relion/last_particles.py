"""The last table of particles of a session, for steps that join it with classes or maps."""

from icestream.protocol import Group, LastProtocol, Parameters
from icestream_relion.items import RelionParticles

__all__ = ["LastParticles"]


class LastParticles(LastProtocol[Parameters]):
    """Take the last table, once it has all particles, to be joined with the last classes or map.

    Connect it to `particles.relion_join`. When more particles come later it waits for the end of
    these, and what follows is done again.
    """

    name = "particles.relion_last"
    title = "Last table of particles"

    def process(self, group: Group[RelionParticles]) -> RelionParticles:
        return group.items[-1]
