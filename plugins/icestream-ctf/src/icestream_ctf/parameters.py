"""What a person says about CTFFIND, in our units and by the questions that the program asks."""

from typing import Annotated, Self

from annotated_types import Ge, Gt, Le, MultipleOf
from pydantic import model_validator

from icestream.protocol import Advanced, Operational, Parameters, shown_if
from icestream.units import Angstrom, Degree, Micrometre, Pixel, Second, Usual

__all__ = ["CtffindParameters", "check_order"]


def check_order(**ranges: tuple[float, float]) -> None:
    """Refuse ranges that hold nothing: of each name, least and most.

    Raises
    ------
    ValueError
        With the names of the parameters, ``NAME_min`` and ``NAME_max``.
    """
    for name, (least, most) in ranges.items():
        if least >= most:
            raise ValueError(f"{name}_max ({most:g}) must be above {name}_min ({least:g})")


class CtffindParameters(Parameters):
    """Where CTFFIND looks for the rings."""

    defocus_min: Annotated[Micrometre, Ge(0), Usual(0.05, 10.0, also=(0.0,))] = 0.5
    """Least underfocus (`Minimum defocus`)."""

    defocus_max: Annotated[Micrometre, Gt(0), Le(20)] = 5.0
    """Largest underfocus (`Maximum defocus`)."""

    step: Annotated[Micrometre, Ge(0.0001), Le(1), Advanced] = 0.01
    """Steps of the search (`Defocus search step`)."""

    resolution_min: Annotated[Angstrom, Gt(8), Le(50), Advanced] = 30.0
    """Coarsest rings that are fitted (`Minimum resolution`)."""

    resolution_max: Annotated[Angstrom, Gt(0), Le(8), Usual(1.5, 8.0), Advanced] = 5.0
    """Finest rings that are fitted (`Maximum resolution`)."""

    box: Annotated[Pixel, Ge(128), Le(4096), MultipleOf(2), Advanced] = 512
    """Side of the spectrum (`Size of amplitude spectrum to compute`)."""

    exhaustive: Annotated[bool, Advanced] = False
    """Search spectra in two dimensions from the beginning, for large astigmatism
    (`Slower, more exhaustive search?`)."""

    astigmatism: Annotated[Angstrom, Ge(0), Le(20000), Advanced] = 0.0
    """Astigmatism above which a fit is worth less (`Expected (tolerated) astigmatism`); 0: any
    is as good (`Use a restraint on astigmatism?`)."""

    phase_plate: bool = False
    """Fit the phase shift too (`Find additional phase shift?`); this is done anyway where the
    metadata say that a phase plate was in."""

    phase_min: Annotated[Degree, Ge(0), Le(180), Advanced, shown_if("phase_plate")] = 0.0
    """Least phase shift (`Minimum phase shift`)."""

    phase_max: Annotated[Degree, Gt(0), Le(180), Advanced, shown_if("phase_plate")] = 180.0
    """Largest phase shift (`Maximum phase shift`)."""

    phase_step: Annotated[Degree, Gt(0), Le(90), Advanced, shown_if("phase_plate")] = 10.0
    """Steps of that search (`Phase shift search step`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_ranges(self) -> Self:
        """Refuse ranges that hold nothing, and steps that are larger than what they go through."""
        check_order(
            defocus=(self.defocus_min, self.defocus_max), phase=(self.phase_min, self.phase_max)
        )
        if self.phase_step > self.phase_max - self.phase_min:
            raise ValueError(
                f"phase_step ({self.phase_step:g}°) must not be more than phase_max - phase_min "
                f"({self.phase_max - self.phase_min:g}°)"
            )
        return self
