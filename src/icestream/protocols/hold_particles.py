"""Hold particles back until there are enough of them."""

from typing import Annotated

from annotated_types import Ge

from icestream.model import Particles
from icestream.protocol import Operational, Parameters
from icestream.protocols.holding import HoldParameters, HoldUntil


class _Particles(Parameters):
    """How many particles are enough."""

    particles: Annotated[int, Ge(1)] = 1000
    """Particles to gather; all that come later pass at once."""

    items: Annotated[int, Operational, Ge(0)] = 0
    """Exposures to gather as well. 0: not counted."""


class HoldParticlesParameters(HoldParameters, _Particles):
    """When to let the particles through."""


class HoldParticles(HoldUntil[HoldParticlesParameters]):
    """Hold particles until enough have come, or until the session ends."""

    name = "particles.trigger"
    title = "Particle trigger"
    item = Particles
    counted = ("items", "particles")
