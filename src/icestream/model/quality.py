"""Measured qualities of an exposure: their titles, units and direction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

__all__ = [
    "LEADING",
    "QUALITIES",
    "REPORTED_BY",
    "Measured",
    "Quality",
    "leading_of",
    "qualities_of",
    "quality_of",
]


@runtime_checkable
class Measured(Protocol):
    """An item that says what was measured on it."""

    def qualities(self) -> Mapping[str, float]:
        """Measured qualities by name; one of `QUALITIES`, or a name of the author's own."""


_measured: dict[type[Any], bool] = {}
"""Looked at once for each type: that takes microseconds, and a worker asks for every item."""


def qualities_of(item: Any) -> Mapping[str, float]:
    """What was measured on an item; nothing, where its type does not say."""
    kind = type(item)
    if kind not in _measured:
        _measured[kind] = issubclass(kind, Measured)
    return item.qualities() if _measured[kind] else {}


@dataclass(frozen=True, slots=True)
class Quality:
    """One number per item that screens plot and selections limit."""

    name: str
    title: str
    unit: str
    """Unit of the stored value."""
    shown_unit: str
    """Unit on screens."""
    scale: float
    """Stored value x scale = shown value."""
    better: Literal["low", "high"] | None = None
    period: float | None = None
    """Of an angle: values that differ by so much are the same."""

    def change(self, old: float, new: float) -> float:
        """What a value differs by from an older one; of an angle, the short way around."""
        if self.period is None:
            return new - old
        half = 0.5 * self.period
        return (new - old + half) % self.period - half


_ALL = (
    Quality("motion.total", "Total motion", "Å", "Å", 1.0, "low"),
    Quality("motion.early", "Early motion (first 4 e/Å²)", "Å", "Å", 1.0, "low"),
    Quality("motion.late", "Late motion", "Å", "Å", 1.0, "low"),
    Quality("motion.fastest", "Largest motion in one frame", "Å", "Å", 1.0, "low"),
    Quality("motion.agreement", "Difference of tracks", "Å", "Å", 1.0, "low"),
    Quality("sum.correlation", "Correlation of odd and even frames", "", "", 1.0, "high"),
    Quality("dose.counted", "Counts in a pixel of a frame", "", "", 1.0),
    Quality("ctf.defocus", "Defocus", "Å", "µm", 1e-4),
    Quality("ctf.defocus_error", "Error of the defocus", "Å", "Å", 1.0, "low"),
    Quality("ctf.astigmatism", "Astigmatism", "Å", "Å", 1.0, "low"),
    Quality("ctf.angle", "Astigmatism angle", "°", "°", 1.0, period=180.0),
    Quality("ctf.phase_shift", "Phase shift", "°", "°", 1.0),
    Quality("ctf.resolution", "CTF fit resolution", "Å", "Å", 1.0, "low"),
    Quality("ctf.score", "CTF fit score", "", "", 1.0, "high"),
    Quality("ctf.ice_ring", "Ice ring", "", "", 1.0, "low"),
    Quality("ctf.tilt", "Tilt of the specimen", "°", "°", 1.0, "low"),
    Quality("ctf.thickness", "Ice thickness from the CTF", "Å", "Å", 1.0, "low"),
    Quality("ctf.agreement", "Agreement of CTF estimates", "Å", "Å", 1.0, "low"),
    Quality("micrograph.score", "Quality score", "", "", 1.0, "high"),
    Quality("micrograph.texture", "Texture at particle scale", "", "", 1.0),
    Quality("micrograph.objects", "Area of objects", "", "%", 100.0, "low"),
    Quality("micrograph.stripes", "Stripes of the camera", "", "", 1.0, "low"),
    Quality("picks.count", "Particles picked", "", "", 1.0, "high"),
    Quality("picks.agreement", "Agreement of pickers", "", "%", 100.0, "high"),
    Quality("particles.count", "Particles extracted", "", "", 1.0, "high"),
    Quality("gain.residual", "Residual of the gain", "", "%", 100.0, "low"),
    Quality("classes.particles", "Particles classified", "", "", 1.0, "high"),
    Quality("volume.particles", "Particles in the 3D map", "", "", 1.0, "high"),
    Quality("volume.resolution", "Resolution of the 3D map", "Å", "Å", 1.0, "low"),
    Quality("volume.efficiency", "Evenness of the views", "", "", 1.0, "high"),
)

QUALITIES: dict[str, Quality] = {quality.name: quality for quality in _ALL}
"""Every quality that the shipped items report, by name."""

LEADING = (
    "ctf.resolution",
    "micrograph.score",
    "motion.total",
    "picks.count",
    "particles.count",
    "volume.resolution",
)
"""The quality that says most of an item, of each kind of item that has several."""

REPORTED_BY = {
    "motion": "Micrograph",
    "sum": "Micrograph",
    "dose": "Micrograph",
    "ctf": "Ctf",
    "micrograph": "MicrographQuality",
    "picks": "Picks",
    "particles": "Particles",
    "gain": "Gain",
    "classes": "Classes",
    "volume": "Volume",
}
"""Which item of this package reports the qualities whose names begin so."""


def quality_of(name: str) -> Quality:
    """The quality of a name; that of an author's own has no unit, and is called by its name."""
    return QUALITIES.get(name) or Quality(name, name.replace(".", " "), "", "", 1.0)


def leading_of(names: Iterable[str]) -> str:
    """The quality that says most, of those that were measured on one item; empty where none was.

    It is one of `LEADING`, else one of which it is known which way is better, else the first.
    """
    there = sorted(names)
    order = [*LEADING, *(name for name, one in QUALITIES.items() if one.better), *there]
    return next((name for name in order if name in there), "")
