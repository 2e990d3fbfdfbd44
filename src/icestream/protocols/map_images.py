"""The images that a first 3D map is made of: averages of good classes, and particles in them."""

import numpy as np
from numpy.typing import NDArray

from icestream.formats.mrc import read_stack
from icestream.model import Classes, Optics
from icestream.processing.classify2d.incoming import ring_contrast
from icestream.processing.volume.refine import Observations, observe
from icestream.processing.volume.starts import StartPlan
from icestream.protocols.class_files import ParticleSample

__all__ = ["good_classes", "observe_averages", "observe_particles"]

_COARSEST = 40.0
"""Å: an average that shows less, when nobody has judged the classes, is not used."""
_LEAST_COUNT = 10
"""Particles in a class whose average is used."""


def good_classes(classes: Classes) -> NDArray[np.bool_]:
    """``(k,)`` classes to use: those selected, or those that show something."""
    if classes.selected is not None:
        return np.asarray(classes.selected) > 0
    resolution = np.asarray(classes.resolution)
    enough = np.asarray(classes.counts) >= _LEAST_COUNT
    return np.asarray((resolution > 0) & (resolution < _COARSEST) & enough)


def observe_averages(
    classes: Classes, good: NDArray[np.bool_], plan: StartPlan, diameter: float
) -> Observations:
    """Read the averages of the `good` classes ``(k,)``, that of a large one counting for more.

    `diameter` is that of the particle, Å.
    """
    images = read_stack(classes.averages, np.flatnonzero(good))
    counts = np.asarray(classes.counts)[good]
    return observe(
        images,
        np.ones((len(images), plan.rings(classes.box)), dtype=np.float32),
        diameter / plan.pixel_size,
        weights=np.clip(counts / counts.mean(), 0.3, 3.0),
        seed=plan.seed,
    )


def observe_particles(
    sample: ParticleSample, optics: Optics, plan: StartPlan, diameter: float
) -> Observations:
    """The particles of a sample, where the classification found them to lie.

    `diameter` is that of the particle, Å.
    """
    box = sample.images.shape[-1]
    rings = plan.rings(box)
    extent = box * plan.pixel_size
    return observe(
        sample.images,
        ring_contrast(sample.defocus, sample.phase_shift, optics, rings, extent),
        diameter / plan.pixel_size,
        centers=(-sample.shift / plan.pixel_size).astype(np.float32),
        seed=plan.seed,
    )
