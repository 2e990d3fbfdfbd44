"""Keep the particles that several pickers agree on."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from icestream.model import Picks
from icestream.processing.picking import Peaks, agree_on_peaks
from icestream.protocol import ConsensusProtocol, ItemFailed, Parameters


class PicksConsensusParameters(Parameters):
    """How many pickers must agree, and how closely."""

    votes: Annotated[int, Ge(0)] = 0
    """Least number of pickers that must have found a particle; 0 means all of them."""

    radius: Annotated[float, Gt(0), Le(2)] = 0.3
    """Greatest distance between two picks of the same particle, in particle diameters."""


class AgreeOnPicks(ConsensusProtocol[PicksConsensusParameters, Picks]):
    """Keep particles found by enough pickers, at the mean of their positions.

    Positions may be in pixels of different sizes; the result is in those of the first picker.
    Its score is the fraction of the pickers that found the particle.
    """

    name = "picks.consensus"
    title = "Picking consensus"
    minimum = 1

    def agree(self, candidates: Mapping[str, Picks]) -> Picks:
        pickers = list(candidates.values())
        if not pickers:
            raise ItemFailed(
                "no picker gave a result for this exposure",
                advice="see why each of the picking steps failed",
                code="no-picks-to-compare",
            )
        first = pickers[0]
        scaled = [
            Peaks(
                np.asarray(picks.x) * np.float32(picks.pixel_size / first.pixel_size),
                np.asarray(picks.y) * np.float32(picks.pixel_size / first.pixel_size),
                picks.score,
            )
            for picks in pickers
        ]
        diameter = max(picks.diameter for picks in pickers)
        votes = self.parameters.votes or len(pickers)
        agreed = agree_on_peaks(scaled, self.parameters.radius * diameter / first.pixel_size, votes)
        return Picks(
            exposure=first.exposure,
            x=agreed.x,
            y=agreed.y,
            score=agreed.score,
            diameter=diameter,
            pixel_size=first.pixel_size,
        )

    def summarize(self, items: Sequence[Picks]) -> str:
        """Count what was agreed on."""
        if not items:
            return ""
        needed = f"{self.parameters.votes} pickers" if self.parameters.votes else "all pickers"
        total = sum(len(item) for item in items)
        return f"{total} particles in {len(items)} micrographs were found by {needed}"
