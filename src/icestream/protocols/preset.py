"""What is known of a microscope beforehand, where its files do not say it."""

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from icestream.protocol import Parameters
from icestream.units import Kilovolt, Millimetre, Unit, Usual

__all__ = ["Preset"]


class Preset(Parameters):
    """What is known of one microscope; a person and the metadata of a movie come before it."""

    instruments: tuple[str, ...] = ()
    """What the metadata call the microscope (EPU's InstrumentModel), by which it is recognized."""

    voltage: Annotated[Kilovolt, Gt(0), Usual(60.0, 400.0)] | None = None
    """Acceleration voltage."""

    spherical_aberration: Annotated[Millimetre, Ge(0), Usual(0.005, 5.0, also=(0.0,))] | None = None
    """Spherical aberration (Cs) of the objective lens."""

    amplitude_contrast: Annotated[float, Ge(0), Le(1), Usual(0.0, 0.5)] | None = None
    """Fraction of the contrast that is amplitude contrast."""

    camera: str | None = None
    """Name of the camera."""

    gain_rotation: Annotated[Literal[0, 90, 180, 270], Unit("°")] | None = None
    """As of `movies.import`."""

    gain_flip: Literal["none", "up-down", "left-right"] | None = None
    """As of `movies.import`."""

    gain_inverse: bool | None = None
    """As of `movies.import`."""
