"""Estimate the CTF of each micrograph with CTFFIND4."""

from icestream.model import Micrograph
from icestream.protocol import Program
from icestream_ctf.ctffind import PROBE, CtffindEstimation
from icestream_ctf.elsewhere import CTFFIND
from icestream_ctf.parameters import CtffindParameters

__all__ = ["EstimateWithCtffind4"]

_CITES = ("Rohou & Grigorieff (2015) J. Struct. Biol. 192, 216, doi:10.1016/j.jsb.2015.08.008",)


class EstimateWithCtffind4(CtffindEstimation[CtffindParameters]):
    """Fit defocus, astigmatism and phase shift to the Thon rings of a micrograph with CTFFIND4."""

    name = "ctf.ctffind4"
    title = "CTFFIND4"
    cites = _CITES
    elsewhere = CTFFIND
    program = Program(
        "ctffind",
        package="grigoriefflab.umassmed.edu/ctffind4",
        probe=PROBE,
        known=("4.1",),
        licence="Janelia Research Campus Software License 1.2",
        cites=_CITES,
    )
    columns = 7

    def last_answers(self, micrograph: Micrograph) -> tuple[str, ...]:
        """No expert options; builds of cisTEM ask for a tilt before, others read one line less."""
        return ("no", "no")
