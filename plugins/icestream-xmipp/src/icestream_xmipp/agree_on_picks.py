"""Keep the particles that several pickers agree on, by Xmipp's own counting."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray

from icestream.model import Picks, column
from icestream.protocol import (
    Command,
    ConsensusProtocol,
    Operational,
    Parameters,
    Program,
    Resources,
    Work,
    run_program,
)
from icestream.units import Second
from icestream_xmipp.metadata import read_block, read_column, write_block
from icestream_xmipp.picks import summarize_picks
from icestream_xmipp.suite import CITE, FAILURES, lacking_options, number, software, xmipp

__all__ = ["AgreeOnPicksWithXmipp", "XmippAgreement"]

_PROGRAM = xmipp("xmipp_coordinates_consensus", "-i", "-s", "-c", "-d", "-o")
_LIST, _OUT, _NAME = "pickers.txt", "agreed", "mic.pos"
_WORDS = {"all": "by_all", "two": "by_at_least_two", "one": "by_at_least_one"}


class XmippAgreement(Parameters):
    """How many pickers must agree, and how closely."""

    votes: Literal["all", "two", "one"] = "all"
    """Pickers that must have found a particle: all of them, two, or one (`-c`)."""

    radius: Annotated[float, Gt(0), Le(2)] = 0.1
    """Greatest distance between two picks of the same particle, in particle diameters (`-d`)."""

    timeout: Annotated[Second, Ge(1), Operational] = 600.0
    """Time after which the program is ended."""


class AgreeOnPicksWithXmipp(ConsensusProtocol[XmippAgreement, Picks]):
    """Keep particles found by enough pickers, at the mean of their positions in whole pixels.

    The score of a particle is the fraction of the pickers that found it: Xmipp writes none.
    """

    name = "picks.xmipp_consensus"
    title = "Xmipp picking consensus"
    cites = (CITE,)
    resources = Resources(cores=1, memory=512 * 2**20)

    def programs(self) -> Sequence[Program]:
        """The one."""
        return (_PROGRAM,)

    def software(self) -> Mapping[str, str]:
        """What tells the program from one with other options."""
        return software(self.programs())

    def lacking(self) -> Sequence[str]:
        """That the program on this machine is of a release with other options."""
        return lacking_options(_PROGRAM, "Xmipp 3.25.06 has them, in the environment of Scipion")

    def agree(self, candidates: Mapping[str, Picks], work: Work) -> Picks:
        names = sorted(candidates)
        pickers = [candidates[name] for name in names]
        pixel_size = min(picks.pixel_size for picks in pickers)
        diameter = max(picks.diameter for picks in pickers)
        places = [_places(picks, pixel_size) for picks in pickers]
        # A picker that found nothing leaves no vote, and the program would not count it.
        if self.parameters.votes == "all" and not all(map(len, places)):
            return _picks(pickers, np.zeros((0, 2)), np.zeros(0), diameter, pixel_size)
        files = []
        for number_, found in enumerate(places):
            folder = work.path(f"picker_{number_}")
            folder.mkdir(exist_ok=True)
            rows = [(str(x), str(y), "1") for x, y in found]
            labels = ("xcoor", "ycoor", "micrographId")
            path = write_block(folder / _NAME, labels, rows, block="particles")
            files.append(str(path.relative_to(work.folder)))
        work.path(_OUT).mkdir(exist_ok=True)
        (work.path(_OUT) / _NAME).unlink(missing_ok=True)
        work.path(_LIST).write_text(f"#pos_i\n{' '.join(files)}\n", encoding="ascii")
        command = Command(self._command(diameter / pixel_size), timeout=self.parameters.timeout)
        run_program(_PROGRAM, command, work, FAILURES)
        path = work.path(_OUT) / _NAME
        agreed = np.zeros((0, 2))
        if path.is_file():  # without a particle it ends well and writes no file
            table = read_block(path, "particles")
            agreed = np.stack([read_column(table, label, path) for label in ("xcoor", "ycoor")], 1)
        reach = self.parameters.radius * diameter / pixel_size
        share = np.mean([_is_near(agreed, found, reach) for found in places], axis=0)
        return _picks(pickers, agreed, share, diameter, pixel_size)

    def _command(self, size: float) -> tuple[str, ...]:
        wanted = self.parameters
        return (
            *(_PROGRAM.executable, "-i", _LIST, "-s", str(round(size))),
            *("-c", _WORDS[wanted.votes], "-d", number(wanted.radius), "-o", _OUT, "-t", "1"),
        )

    def methods(self) -> str:
        """How many had to agree, and how closely."""
        who = {"all": "all pickers", "two": "two pickers", "one": "any picker"}
        return (
            f"Particles that {who[self.parameters.votes]} found within "
            f"{self.parameters.radius:g} diameters were kept by Xmipp."
        )

    def summarize(self, items: Sequence[Picks]) -> str:
        return summarize_picks(items, "agreement of pickers in Xmipp")


def _places(picks: Picks, pixel_size: float) -> NDArray[np.int64]:
    """``(n, 2)`` x and y in whole pixels of this size."""
    scale = picks.pixel_size / pixel_size
    both = np.stack([np.asarray(picks.x), np.asarray(picks.y)], axis=1).astype(np.float64)
    return np.rint(both * scale).astype(np.int64)


def _is_near(
    agreed: NDArray[np.float64], found: NDArray[np.int64], reach: float
) -> NDArray[np.bool_]:
    """Whether a picker found each of the particles; a mean may lie a pixel away."""
    if not len(found):
        return np.zeros(len(agreed), dtype=np.bool_)
    away = np.hypot(*(agreed[:, None, :] - found[None, :, :]).transpose(2, 0, 1))
    return np.asarray(away.min(axis=1, initial=np.inf) <= reach + 1.0)


def _picks(
    pickers: Sequence[Picks], agreed: NDArray[np.float64], share: NDArray[np.float64],
    diameter: float, pixel_size: float,
) -> Picks:  # fmt: skip
    best = np.argsort(-share, kind="stable")
    return Picks(
        exposure=pickers[0].exposure,
        x=column(agreed[best, 0]),
        y=column(agreed[best, 1]),
        score=column(share[best]),
        diameter=diameter,
        diameter_known=all(one.diameter_known for one in pickers if one.diameter == diameter),
        pixel_size=pixel_size,
    )
