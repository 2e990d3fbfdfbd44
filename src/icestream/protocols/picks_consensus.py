"""Keep the particles that several pickers agree on."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from icestream.model import Column, PickerAgreement, Picks, column
from icestream.processing.picking import Peaks, agree_on_peaks
from icestream.processing.picking.votes import SAME
from icestream.protocol import ConsensusProtocol, Figure, ItemFailed, Parameters
from icestream.units import Angstrom


class PicksConsensusParameters(Parameters):
    """How many pickers must agree, and how closely."""

    votes: Annotated[int, Ge(0)] = 0
    """Least number of pickers that must have found a particle; 0 means all of them."""

    radius: Annotated[float, Gt(0), Le(2)] = SAME
    """Greatest distance between two picks of the same particle, in particle diameters."""

    distance: Annotated[Angstrom, Ge(0)] = 0.0
    """The same distance as a length, whatever the diameter; 0 means that `radius` says it."""


class AgreeOnPicks(ConsensusProtocol[PicksConsensusParameters, Picks]):
    """Keep particles found by enough pickers, at the mean of their positions.

    Each picker has one vote per particle. Positions may be in pixels of different sizes; the
    result is in the smallest. Its score is the fraction of the pickers that found the particle, and
    the pickers' own scores stay beside it.
    """

    name = "picks.consensus"
    title = "Picking consensus"
    version = 2
    minimum = 1

    def agree(self, candidates: Mapping[str, Picks]) -> Picks:
        names = sorted(candidates)
        if not names:
            raise ItemFailed(
                "no picker gave a result for this exposure",
                advice="see why each of the picking steps failed",
                code="no-picks-to-compare",
            )
        pickers = [candidates[name] for name in names]
        pixel_size = min(picks.pixel_size for picks in pickers)
        diameter = max(picks.diameter for picks in pickers)
        known = all(picks.diameter_known for picks in pickers if picks.diameter == diameter)
        radius = self.parameters.distance or self.parameters.radius * diameter
        agreed = agree_on_peaks(
            [_scaled(picks, pixel_size) for picks in pickers],
            radius / pixel_size,
            self.parameters.votes or len(pickers),
        )
        return Picks(
            exposure=pickers[0].exposure,
            x=column(agreed.x),
            y=column(agreed.y),
            score=column(agreed.share),
            diameter=diameter,
            diameter_known=known,
            pixel_size=pixel_size,
            agreement=PickerAgreement(
                pickers=tuple(names), shared=column(agreed.shared), scores=column(agreed.scores)
            ),
        )

    def methods(self) -> str:
        """How many had to agree, and how closely."""
        wanted = self.parameters
        who = f"at least {wanted.votes} pickers" if wanted.votes else "all pickers"
        apart = f"{wanted.distance:g} Å" if wanted.distance else f"{wanted.radius:g} diameters"
        return f"Particles that {who} found within {apart} of each other were kept."

    def summarize(self, items: Sequence[Picks]) -> str:
        """Count what was agreed on, and say how far each two pickers agree."""
        if not items:
            return ""
        needed = f"{self.parameters.votes} pickers" if self.parameters.votes else "all pickers"
        total = sum(len(item) for item in items)
        sentence = f"{total} particles in {len(items)} micrographs were found by {needed}"
        if not items[-1].diameter_known:
            room = f"{items[-1].diameter:g} Å leave room for it"
            sentence += f"; their diameter is not known yet, {room}"
        session = _session(items)
        if session is None:
            return sentence
        pairs = [
            f"{session.pickers[i]} and {session.pickers[j]} {100 * session.jaccard[i, j]:.0f} %"
            for i, j in combinations(range(len(session.pickers)), 2)
            if not np.isnan(session.jaccard[i, j])
        ]
        return f"{sentence}; of what either found, both found: {', '.join(pairs)}"

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        """How far pickers agree, micrograph by micrograph."""
        told = [item.agreement.mean for item in items if item.agreement is not None]
        values = [100.0 * one for one in told if not np.isnan(one)]
        yield Figure("Agreement of pickers", "series", values, "found by both / %")
        yield Figure("Agreement of pickers", "histogram", values, "found by both / %")


def _scaled(picks: Picks, pixel_size: float) -> Peaks:
    """In pixels of this size."""
    scale = np.float32(picks.pixel_size / pixel_size)
    return Peaks(column(picks.x * scale), column(picks.y * scale), picks.score)


def _session(items: Sequence[Picks]) -> PickerAgreement | None:
    """Of all micrographs in which the same pickers picked as in the last."""
    told = [item.agreement for item in items if item.agreement is not None]
    if not told or len(told[-1].pickers) < 2:
        return None
    same = [one for one in told if one.pickers == told[-1].pickers]
    shared: Column = column(np.sum([one.shared for one in same], axis=0))
    return PickerAgreement(
        pickers=told[-1].pickers,
        shared=shared,
        scores=column(np.zeros((0, len(told[-1].pickers)))),
    )
