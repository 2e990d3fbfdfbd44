"""What a person says about the movies to import."""

from typing import Annotated, Literal

from annotated_types import Ge, Gt

from icestream.protocol import Advanced, InputFile
from icestream.protocols.folder_parameters import FolderParameters
from icestream.units import ElectronPerAngstrom2, Unit, Usual

__all__ = ["ImportParameters"]


class ImportParameters(FolderParameters):
    """Where the movies are, and what their metadata do not say.

    What the metadata say need not be given; what is given wins, and a difference is reported.
    """

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

    dose_per_frame: (
        Annotated[
            ElectronPerAngstrom2,
            Gt(0),
            Usual(0.001, 20.0, instead="the dose of the whole exposure? Divide it by its frames."),
        ]
        | None
    ) = None
    """Dose of each frame in the file; for EER of each camera frame."""

    pre_exposure: Annotated[ElectronPerAngstrom2, Ge(0), Usual(0.0, 300.0)] = 0.0
    """Dose that the specimen had received before the first frame; 0: what the metadata say."""

    eer_dose: Annotated[ElectronPerAngstrom2, Gt(0), Usual(0.05, 10.0)] = 1.0
    """Dose of the fractions into which the frames of EER movies are added up."""

    eer_upsampling: Annotated[Literal[1, 2], Advanced] = 1
    """Pixels of EER fractions along each side of a pixel of the camera: 2 uses where in its pixel
    an electron was."""

    frames: Annotated[int, Gt(0), Usual(1.0, 10000.0)] | None = None
    """Frames that each movie has in its file, where no metadata say so; 1 for movies of one frame,
    which are taken for pictures otherwise."""
