"""What is true about a simulated session, as JSON beside it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.processing.simulate.exposure import Truth
from icestream.processing.simulate.tracks import Tracks
from icestream.simulator.schedule import Shot

__all__ = ["ExposureTruth", "read_truth", "truth_folder", "write_truth"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExposureTruth:
    """What is true about one exposure.

    Pixels are those of the movie as `icestream.formats.open_movie` gives it.
    """

    exposure: str
    movie: str
    """Path relative to the session's folder."""
    faults: tuple[str, ...]
    defocus_u: float
    """Å."""
    defocus_v: float
    """Å."""
    angle: float
    """Degrees, as in `icestream.model.Ctf`."""
    b_factor: float
    thickness: float
    """Of the ice, Å."""
    crystalline: float
    dose_per_frame: float
    """e/Å² that did reach the specimen."""
    tracks: Tracks
    """Motion; the sign is that of `icestream.model.Motion`."""
    y: NDArray[np.float64]
    """Centres of the particles in the first frame, pixels."""
    x: NDArray[np.float64]
    particle_defocus: NDArray[np.float64]
    """Mean defocus of each particle, Å."""
    rotations: NDArray[np.float64]
    """``(n, 3, 3)``."""
    diameter: float
    """Of the specimen, Å."""
    pixel_size: float
    """Å."""

    @property
    def defocus(self) -> float:
        """Mean defocus, Å."""
        return 0.5 * (self.defocus_u + self.defocus_v)


def truth_folder(folder: Path) -> Path:
    """Where the truth about the session in `folder` is: beside it, not in it."""
    return folder.with_name(f"{folder.name}_truth")


def write_truth(
    path: Path, shot: Shot, truth: Truth, *, movie: str, specimen: str, diameter: float
) -> None:
    """Write the truth about one exposure."""
    aberrations = truth.conditions.aberrations
    document: dict[str, Any] = {
        "exposure": shot.exposure.name,
        "movie": movie,
        "specimen": specimen,
        "diameter": diameter,
        "faults": sorted(shot.faults),
        "nominal_defocus": shot.exposure.nominal_defocus,
        "optics": asdict(truth.conditions.optics),
        "defocus_u": aberrations.defocus_u,
        "defocus_v": aberrations.defocus_v,
        "angle": aberrations.angle,
        "b_factor": aberrations.b_factor,
        "thickness": truth.conditions.thickness,
        "crystalline": truth.conditions.crystalline,
        "contrast": truth.conditions.contrast,
        "dose_per_frame": truth.conditions.dose_per_frame,
        "shifts": truth.tracks.shifts.round(5).tolist(),
        "local": truth.tracks.local.round(6).tolist(),
        "particles": {
            "y": truth.particles.y.round(3).tolist(),
            "x": truth.particles.x.round(3).tolist(),
            "defocus": truth.particles.defocus.round(1).tolist(),
            "rotations": truth.particles.rotations.astype(float).round(5).tolist(),
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def read_truth(path: Path) -> ExposureTruth:
    """Read what `write_truth` has written."""
    truth = json.loads(path.read_text(encoding="utf-8"))
    particles = truth["particles"]
    return ExposureTruth(
        exposure=truth["exposure"],
        movie=truth["movie"],
        faults=tuple(truth["faults"]),
        defocus_u=truth["defocus_u"],
        defocus_v=truth["defocus_v"],
        angle=truth["angle"],
        b_factor=truth["b_factor"],
        thickness=truth["thickness"],
        crystalline=truth["crystalline"],
        dose_per_frame=truth["dose_per_frame"],
        tracks=Tracks(shifts=np.array(truth["shifts"]), local=np.array(truth["local"])),
        y=np.array(particles["y"]),
        x=np.array(particles["x"]),
        particle_defocus=np.array(particles["defocus"]),
        rotations=np.array(particles["rotations"]).reshape(-1, 3, 3),
        diameter=truth["diameter"],
        pixel_size=truth["optics"]["pixel_size"],
    )
