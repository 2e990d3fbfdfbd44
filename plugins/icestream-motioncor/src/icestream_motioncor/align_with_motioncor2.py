"""Align the frames of each movie with MotionCor2."""

import re
from collections.abc import Sequence

from icestream.protocol import Probe, Program
from icestream_motioncor.alignment import CITES, MotionCorAlignment
from icestream_motioncor.elsewhere import ELSEWHERE

__all__ = ["AlignWithMotionCor2"]

_TWO_GROUPS = (1, 5, 4)
"""The version from which frames are grouped apart for patches."""


class AlignWithMotionCor2(MotionCorAlignment):
    """Align the frames of a movie with MotionCor2, and sum them with dose weights."""

    name = "movies.motioncor2"
    title = "MotionCor2"
    elsewhere = ELSEWHERE
    program = Program(
        "MotionCor2",
        package="emcore.ucsf.edu/ucsf-software",
        probe=Probe(arguments=("--version",), pattern=r"(?i)version\s+(\d+(?:\.\d+)+)"),
        known=("1.4", "1.5", "1.6"),
        licence="free for academic use; commercial use by agreement with UCSF",
        cites=CITES,
    )

    def lacking(self) -> Sequence[str]:
        """Parameters that the version on this machine does not have."""
        version = self.program.version()
        numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
        if not numbers or numbers >= _TWO_GROUPS or not self.parameters.group_local:
            return ()
        return (
            f"group_local is {self.parameters.group_local}, and MotionCor2 {version} at "
            f"{self.program.find()} takes one number for -Group: it has two from 1.5.4 on; set "
            "group_local to 0, or install a newer version",
        )
