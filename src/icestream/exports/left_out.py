"""Picks that are no particles of a project, and why."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from icestream.exports.chain import Items
from icestream.model import Micrograph, Particles, Picks, SelectedParticles
from icestream.processing.particles import whole_boxes

__all__ = ["LeftOut", "count_over_rim"]


@dataclass(slots=True)
class LeftOut:
    """Counts of picks, and of those that are no particles."""

    picks: int = 0
    over_rim: int = 0
    """Their box reaches over the rim of the micrograph."""
    unexplained: int = 0
    """Other ones that the step that cut the particles left out."""
    unselected: Counter[str] = field(default_factory=Counter)
    """Particles that a selection left out, by its limits."""
    waiting: int = 0
    """Of micrographs without particles, which were not cut out yet."""
    rejected: int = 0
    """Exposures."""

    def count(self, items: Items) -> None:
        """Add an exposure."""
        if not items.accepted:
            self.rejected += 1
            return
        picks, particles, micrograph = items.picks, items.particles, items.micrograph
        if picks is None or micrograph is None:
            return
        self.picks += len(picks)
        if particles is None:
            self.waiting += len(picks)
            return
        cut = len(particles)
        if isinstance(particles, SelectedParticles):
            cut = particles.found
            self.unselected.update(dict(zip(particles.limits, particles.left_out, strict=True)))
        missing = max(len(picks) - cut, 0)
        over = min(count_over_rim(picks, micrograph, particles), missing)
        self.over_rim += over
        self.unexplained += missing - over


def count_over_rim(picks: Picks, micrograph: Micrograph, particles: Particles) -> int:
    """Picks whose box, as that of `particles`, is not wholly inside the micrograph."""
    scale = particles.optics.pixel_size / particles.micrograph_pixel_size
    box = 2 * round(particles.box * scale / 2)
    # The type of `extract_particles`: its fractions decide for which pixel a box begins.
    to_micrograph = np.float32(picks.pixel_size / particles.micrograph_pixel_size)
    x, y = np.asarray(picks.x) * to_micrograph, np.asarray(picks.y) * to_micrograph
    return len(picks) - len(whole_boxes(micrograph.shape, x, y, box))
