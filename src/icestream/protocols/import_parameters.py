"""What a person says about the movies to import."""

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from icestream.protocol import Advanced, InputFile, Operational, Parameters, shown_if
from icestream.units import Angstrom, ElectronPerAngstrom2, Kilovolt, Millimetre, Second, Unit

__all__ = ["ImportParameters"]


class ImportParameters(Parameters):
    """Where the movies are, and what their metadata do not say.

    What the metadata say need not be given; what is given wins, and a difference is reported.
    """

    pattern: Annotated[str, Operational] = ""
    """Folder of the movies, or a pattern such as /data/session/**/*_fractions.tiff."""

    watch: Annotated[bool, Operational] = False
    """Wait for more movies instead of ending with those that are there."""

    idle_timeout: Annotated[Second, Ge(0), Operational, shown_if("watch")] = 0.0
    """End after so long without a new movie; 0 waits until the step is stopped."""

    gain: InputFile | None = None
    """Gain reference (MRC, TIFF, DM4 or .gain); without it, the one that the metadata name."""

    find_gain: bool = True
    """Look for a gain reference in the watched folders when none is given."""

    gain_rotation: Annotated[Literal[0, 90, 180, 270], Unit("°"), Advanced] = 0
    """Turn the gain reference clockwise as relion_display shows it (RELION's gain_rot x 90)."""

    gain_flip: Annotated[Literal["none", "up-down", "left-right"], Advanced] = "none"
    """Flip the gain reference after turning it (RELION's gain_flip 0, 1 and 2)."""

    gain_inverse: Annotated[bool, Advanced] = False
    """Divide by a gain reference that would be multiplied with, and the reverse."""

    defects: InputFile | None = None
    """List or map of the camera's defects (MotionCor2, SerialEM, MRC or TIFF)."""

    pixel_size: Annotated[Angstrom, Gt(0)] | None = None
    """Pixel size of the movies' frames (of an EER movie: of the camera's pixels)."""

    voltage: Annotated[Kilovolt, Gt(0)] | None = None
    """Acceleration voltage."""

    spherical_aberration: Annotated[Millimetre, Ge(0)] = 2.7
    """Spherical aberration (Cs) of the objective lens; no metadata say it."""

    amplitude_contrast: Annotated[float, Ge(0), Le(1)] = 0.1
    """Fraction of the contrast that is amplitude contrast."""

    dose_per_frame: Annotated[ElectronPerAngstrom2, Gt(0)] | None = None
    """Dose of each frame in the file; for EER of each camera frame."""

    pre_exposure: Annotated[ElectronPerAngstrom2, Ge(0)] = 0.0
    """Dose that the specimen had received before the first frame."""

    eer_dose: Annotated[ElectronPerAngstrom2, Gt(0)] = 1.0
    """Dose of the fractions into which the frames of EER movies are added up."""

    eer_upsampling: Annotated[Literal[1, 2], Advanced] = 1
    """Pixels of EER fractions along each side of a pixel of the camera: 2 uses where in its pixel
    an electron was."""

    frames: Annotated[int, Gt(0)] | None = None
    """Frames that each movie has in its file, where no metadata say so."""

    exclude: Annotated[tuple[str, ...], Operational] = ()
    """Patterns of names or folders to be left out."""

    metadata: Annotated[str, Advanced] = ""
    """Another folder that holds the microscope's XML or mdoc files."""

    metadata_wait: Annotated[Second, Ge(0), Operational, Advanced] = 20.0
    """Wait so long for metadata that arrive after their movie."""

    patience: Annotated[Second, Gt(0), Operational, Advanced] = 300.0
    """Give up a movie that is not whole after so long without a change."""

    scan_every: Annotated[Second, Gt(0), Operational, Advanced] = 600.0
    """List folders again after so long although they seem unchanged."""
