"""Hold particles back until there are enough of them."""

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge

from icestream.model import Particles
from icestream.protocol import Parameters, TriggerProtocol


class HoldParticlesParameters(Parameters):
    """When to let the particles through."""

    particles: Annotated[int, Ge(1)] = 1000
    """Particles to gather; all that come later pass at once."""


class HoldParticles(TriggerProtocol[HoldParticlesParameters]):
    """Hold particles until enough have come, or until the session ends."""

    name = "particles.trigger"
    title = "Particle trigger"
    item = Particles

    def ready(self, counts: Mapping[str, int]) -> bool:
        return bool(counts["closed"]) or counts["size"] >= self.parameters.particles
