"""Estimate the CTF of each micrograph, its tilt and the thickness of the ice with CTFFIND5."""

import math
from collections.abc import Sequence
from typing import Annotated, Self

from annotated_types import Gt, Le
from pydantic import model_validator

from icestream.model import Micrograph
from icestream.model.ctf import LEAST_TILT
from icestream.protocol import Advanced, BadOutput, Program, shown_if
from icestream.units import Angstrom
from icestream_ctf.ctffind import PROBE, CtffindEstimation, phase_is_fitted
from icestream_ctf.elsewhere import CTFFIND
from icestream_ctf.parameters import CtffindParameters

__all__ = ["Ctffind5Parameters", "EstimateWithCtffind5"]

_CITES = (
    "Elferich et al. (2024) eLife 13, RP97227, doi:10.7554/eLife.97227",
    "Rohou & Grigorieff (2015) J. Struct. Biol. 192, 216, doi:10.1016/j.jsb.2015.08.008",
)


class Ctffind5Parameters(CtffindParameters):
    """Where CTFFIND5 looks for the rings, and what else it fits."""

    tilt: bool = False
    """Fit a tilt of the specimen (`Determine sample tilt?`), which takes many times as long; not
    together with a phase shift."""

    thickness: bool = False
    """Fit the thickness of the ice to the nodes of the rings (`Determine sample thickness?`)."""

    node_resolution_min: Annotated[Angstrom, Gt(0), Le(50), Advanced, shown_if("thickness")] = 30.0
    """Coarsest rings that are looked at for nodes (`Low resolution limit for nodes`)."""

    node_resolution_max: Annotated[Angstrom, Gt(0), Le(20), Advanced, shown_if("thickness")] = 3.0
    """Finest rings that are looked at for nodes (`High resolution limit for nodes`)."""

    @model_validator(mode="after")
    def check_what_goes_together(self) -> Self:
        """Refuse a tilt with a phase shift, which the program does not fit."""
        if self.tilt and self.phase_plate:
            raise ValueError("tilt and phase_plate are not fitted together: choose one of them")
        if self.node_resolution_max >= self.node_resolution_min:
            raise ValueError(
                f"node_resolution_max ({self.node_resolution_max:g} Å) must be finer than "
                f"node_resolution_min ({self.node_resolution_min:g} Å)"
            )
        return self


class EstimateWithCtffind5(CtffindEstimation[Ctffind5Parameters]):
    """Fit the Thon rings of a micrograph with CTFFIND5, and a tilt and a thickness as asked."""

    name = "ctf.ctffind5"
    title = "CTFFIND5"
    cites = _CITES
    elsewhere = CTFFIND
    program = Program(
        "ctffind5",
        package="cistem.org",
        probe=PROBE,
        known=("5.0",),
        licence="Janelia Research Campus Software License 1.2",
        cites=_CITES,
    )
    columns = 10

    def last_answers(self, micrograph: Micrograph) -> tuple[str, ...]:
        """Tilt, which is asked for without a phase shift only, thickness, no expert options."""
        wanted = self.parameters
        tilt = () if phase_is_fitted(micrograph, wanted) else ("yes" if wanted.tilt else "no",)
        limits = (f"{wanted.node_resolution_min:g}", f"{wanted.node_resolution_max:g}")
        # Searched in one dimension, refined in two, nodes neither rounded nor weighted down.
        nodes = ("yes", "yes", "yes", *limits, "no", "no") if wanted.thickness else ("no",)
        return (*tilt, *nodes, "no")

    def refined(self, values: Sequence[float], micrograph: Micrograph) -> dict[str, object]:
        """The gradient of the defocus and the thickness, where they were asked for and found."""
        wanted, (axis, tilt, thickness) = self.parameters, values[7:10]
        found: dict[str, object] = {}
        if wanted.tilt and not phase_is_fitted(micrograph, wanted):
            if abs(tilt) >= 90.0:
                raise BadOutput(f"its tilt is {tilt:g}°", code="garbage-output")
            if abs(tilt) >= LEAST_TILT:
                found["gradient"] = _gradient(axis, tilt)
        if wanted.thickness:
            if not 0 <= thickness < 1e5:
                raise BadOutput(f"its thickness is {thickness:g} Å", code="garbage-output")
            found["thickness"] = thickness or None
        return found


def _gradient(axis: float, tilt: float) -> tuple[float, float]:
    """Defocus by place along (y, x), of the axis and angle of a tilt in degrees.

    The program adds the height ``tan(tilt) (x sin(axis) + y cos(axis))`` to the defocus of the
    center.
    """
    slope, direction = math.tan(math.radians(tilt)), math.radians(axis)
    return slope * math.cos(direction), slope * math.sin(direction)
