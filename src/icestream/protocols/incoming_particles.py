"""The particles of an exposure as they come to be classified: refused, or made fit to compare."""

from dataclasses import dataclass

import numpy as np

from icestream.formats.mrc import read_stack
from icestream.model import Particles, Stack
from icestream.processing.classify2d.incoming import reduced_images, ring_contrast
from icestream.processing.classify2d.online import ClassificationPlan
from icestream.protocol import ItemFailed

__all__ = ["IncomingParticles", "check_comparable", "read_incoming"]

_SAME_SIZE = 0.02
"""Relative difference of the boxes' widths, in Å, that particles of one classification may have."""


@dataclass(frozen=True, slots=True, eq=False)
class IncomingParticles:
    """What a classification takes in."""

    images: Stack
    """``(n, box, box)`` in the box of the plan."""
    contrast: Stack
    """``(n, rings)`` with which the bright specimen appears in them."""


def check_comparable(item: Particles, plan: ClassificationPlan) -> None:
    """Refuse particles that cannot be compared with those before them."""
    extent = item.box * item.optics.pixel_size
    wanted = plan.box * plan.pixel_size
    if item.box < plan.box or abs(extent / wanted - 1.0) > _SAME_SIZE:
        raise ItemFailed(
            f"the particles of {item.exposure} are {item.box} pixels of "
            f"{item.optics.pixel_size:.4g} Å ({extent:.0f} Å) wide, those before them were "
            f"{wanted:.0f} Å wide",
            advice="extract all particles with the same box",
            code="boxes-differ",
        )
    if item.phases_flipped:
        raise ItemFailed(
            f"the phases of the particles of {item.exposure} were flipped, and the "
            "classification would correct for the CTF a second time",
            advice="set flip_phases=false in the step that extracts what is classified",
            code="phases-flipped",
        )


def read_incoming(
    item: Particles, plan: ClassificationPlan, *, use_ctf: bool = True
) -> IncomingParticles:
    """Read the images of an exposure; without `use_ctf` their contrast is 1."""
    images = reduced_images(read_stack(item.stack, slice(0, len(item))), plan)
    rings = plan.grid.rings
    if not use_ctf:
        return IncomingParticles(images, np.ones((len(item), rings), dtype=np.float32))
    defocus = 0.5 * (np.asarray(item.defocus_u) + np.asarray(item.defocus_v))
    shift = np.full(len(item), item.phase_shift)
    extent = plan.box * plan.pixel_size
    return IncomingParticles(images, ring_contrast(defocus, shift, item.optics, rings, extent))
