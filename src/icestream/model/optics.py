"""The optics that made an image."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

__all__ = ["Optics", "optics_words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Optics:
    """What the contrast transfer function of an image depends on, besides its defocus."""

    pixel_size: float
    """Å on the specimen, of the image that these optics describe (after any binning)."""
    voltage: float
    """Acceleration voltage, kV."""
    spherical_aberration: float = 2.7
    """Cs, mm."""
    amplitude_contrast: float = 0.1
    """Fraction of the contrast that is amplitude contrast, 0 to 1."""

    @property
    def wavelength(self) -> float:
        """Relativistic wavelength of the electrons, Å."""
        volts = self.voltage * 1e3
        return 12.2643247 / math.sqrt(volts * (1.0 + 0.978466e-6 * volts))

    def binned(self, factor: float) -> "Optics":
        """The same optics after an image has been made smaller by `factor`."""
        return replace(self, pixel_size=self.pixel_size * factor)


_SHOWN = (
    ("pixel_size", "", " Å per pixel"),
    ("voltage", "", " kV"),
    ("spherical_aberration", "Cs ", " mm"),
    ("amplitude_contrast", "amplitude contrast ", ""),
)


def optics_words(optics: Optics, assumed: Iterable[tuple[str, str]], *, all_: bool = True) -> str:
    """Optics for people, with where each value is from that nobody said for the session.

    >>> optics_words(Optics(pixel_size=1.5, voltage=300), [("spherical_aberration", "preset k1")])
    '1.5 Å per pixel, 300 kV, Cs 2.7 mm (preset k1), amplitude contrast 0.1'

    Parameters
    ----------
    optics
        The values.
    assumed
        Names of values, and their sources.
    all_
        All values, or only those that are assumed.
    """
    sources = dict(assumed)
    return ", ".join(
        f"{before}{getattr(optics, name):.4g}{unit}"
        + (f" ({sources[name]})" if name in sources else "")
        for name, before, unit in _SHOWN
        if all_ or name in sources
    )
