"""What the session itself has of a particle that an export hands over."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from icestream.exports.chain import Items, Makers, read_exposure
from icestream.exports.verify.handed import HandedParticle
from icestream.formats.image import read_image
from icestream.formats.mrc import read_stack
from icestream.model import Image, Particles, safe_file_name
from icestream.processing.particles import cut_particles
from icestream.store import queries
from icestream.store.open import Store
from icestream.store.records import ExposureRecord

__all__ = ["Own", "OwnParticle"]

PAGE = 500
_PICK = 128
"""Most pixels of the image that is cut around a pick where nothing was extracted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnParticle:
    """One particle of the session."""

    exposure: str
    micrograph: Path
    image: Image
    """``(n, n)``."""
    scale: float
    """Pixels of the micrograph in one of the image."""
    bright: bool
    """The image is of the session's stack, where particles are bright; else it is as the
    micrograph is."""
    flipped: bool
    """Its phases were flipped, which the micrograph's were not."""
    values: dict[str, float]
    """The optics, by the names of `HandedParticle.says`."""


class Own:
    """The particles and picks of a session, by what the files of an export are called."""

    def __init__(self, store: Store, chain: Makers) -> None:
        self._store, self._chain = store, chain
        self._records: dict[str, ExposureRecord] = {}
        after = 0
        while page := queries.exposures(store, after=after, limit=PAGE):
            self._records.update((safe_file_name(one.name), one) for one in page)
            after = page[-1].id
        self._items = lru_cache(maxsize=4)(self._read)

    def has(self, handed: HandedParticle, of: str) -> bool:
        """Whether the session has such a particle, or pick."""
        items = self._items(_name(handed))
        if items is None or not items.accepted:
            return False
        listed = items.particles if of == "particles" else items.picks
        return listed is not None and 0 <= handed.number < len(listed)

    def expected(self, handed: HandedParticle, of: str) -> OwnParticle | None:
        """What the session has in its place; None for a pick whose box reaches over the rim.

        It must be one that the session has.
        """
        items = self._items(_name(handed))
        assert items is not None
        return self._particle(items, handed) if of == "particles" else self._pick(items, handed)

    def _read(self, name: str) -> Items | None:
        record = self._records.get(name)
        return None if record is None else read_exposure(self._store, self._chain, record)

    @staticmethod
    def _particle(items: Items, handed: HandedParticle) -> OwnParticle:
        particles = items.particles
        assert particles is not None
        return OwnParticle(
            exposure=items.exposure.name,
            micrograph=particles.micrograph,
            image=read_stack(particles.stack, [handed.number])[0].astype(np.float32),
            scale=particles.optics.pixel_size / particles.micrograph_pixel_size,
            bright=True,
            flipped=particles.phases_flipped,
            values=_values(particles, handed.number),
        )

    @staticmethod
    def _pick(items: Items, handed: HandedParticle) -> OwnParticle | None:
        picks, micrograph = items.picks, items.micrograph
        assert picks is not None and micrograph is not None
        pixel_size = micrograph.optics.pixel_size
        scale = picks.pixel_size / pixel_size
        one = slice(handed.number, handed.number + 1)
        x, y = np.asarray(picks.x)[one] * scale, np.asarray(picks.y)[one] * scale
        # No larger than a particle: pickers leave room for one to the rim, and not for a box.
        side = min(max(8, 2 * int(0.5 * picks.diameter / pixel_size)), _PICK)
        cut = cut_particles(_field(micrograph.path), x, y, side)
        if not len(cut.kept):
            return None
        return OwnParticle(
            exposure=items.exposure.name,
            micrograph=micrograph.path,
            image=cut.images[0],
            scale=1.0,
            bright=False,
            flipped=False,
            values={"micrograph pixel size": pixel_size},
        )


def _values(particles: Particles, number: int) -> dict[str, float]:
    optics = particles.optics
    return {
        "micrograph pixel size": particles.micrograph_pixel_size,
        "image pixel size": optics.pixel_size,
        "voltage": optics.voltage,
        "spherical aberration": optics.spherical_aberration,
        "amplitude contrast": optics.amplitude_contrast,
        "defocus u": float(particles.defocus_u[number]),
        "defocus v": float(particles.defocus_v[number]),
        "defocus angle": float(particles.defocus_angle[number]),
        "phase shift": particles.phase_shift,
    }


@lru_cache(maxsize=2)
def _field(path: Path) -> Image:
    return read_image(path)


def _name(handed: HandedParticle) -> str:
    """What the exposure of a micrograph is called; a bare name may have dots of its own."""
    return handed.micrograph.name if handed.elsewhere else handed.micrograph.stem
