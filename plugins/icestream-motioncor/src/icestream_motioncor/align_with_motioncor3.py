"""Align the frames of each movie with MotionCor3."""

from icestream.protocol import Probe, Program
from icestream_motioncor.alignment import CITES, MotionCorAlignment

__all__ = ["AlignWithMotionCor3"]


class AlignWithMotionCor3(MotionCorAlignment):
    """Align the frames of a movie with MotionCor3, and sum them with dose weights."""

    name = "movies.motioncor3"
    title = "MotionCor3"
    estimates_ctf = True
    program = Program(
        "MotionCor3",
        package="github.com/czimaginginstitute/MotionCor3",
        probe=Probe(arguments=("--version",), pattern=r"(?i)version\s+(\d+(?:\.\d+)+)"),
        known=("1.0", "1.1", "1.2"),
        licence="BSD-3-Clause",
        cites=CITES,
    )
