"""Compare the tracks that several alignments found in one movie."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from statistics import median
from typing import Annotated

from annotated_types import Gt

from icestream.model import Micrograph, TrackAgreement
from icestream.processing.motion.distance import track_distance
from icestream.protocol import ConsensusProtocol, Figure, ItemFailed, Parameters
from icestream.protocols.outvoted import outvoted_words
from icestream.units import Angstrom


class MicrographsConsensusParameters(Parameters):
    """How near tracks have to lie."""

    distance: Annotated[Angstrom, Gt(0)] = 3.0
    """Greatest distance, root mean square over the frames, of two tracks that agree."""


class AgreeOnTracks(ConsensusProtocol[MicrographsConsensusParameters, Micrograph]):
    """Keep the micrograph whose track others agree with, and say how far tracks lie apart.

    Images cannot be averaged, so one stays as it is: of those that most agree with, the one whose
    odd and even frames correlate best, or, where that was not measured of all, the first by the
    name of its step.
    """

    name = "micrographs.consensus"
    title = "Alignment consensus"

    def agree(self, candidates: Mapping[str, Micrograph]) -> Micrograph:
        if len(candidates) < 2:
            raise ItemFailed(
                f"only {len(candidates)} alignment of this exposure, where two are compared",
                advice="look at why the other alignments failed",
                code="too-few-alignments",
            )
        apart = {
            frozenset(pair): distance
            for pair in combinations(sorted(candidates), 2)
            if (distance := track_distance(*(candidates[name] for name in pair))) is not None
        }
        near = {
            name: [other for other in candidates if self._agree(apart, name, other)]
            for name in sorted(candidates)
        }
        most = max(len(others) for others in near.values())
        kept = _best({n: candidates[n] for n, others in near.items() if len(others) == most})
        if not apart:
            return candidates[kept]
        agreement = TrackAgreement(
            members=(kept, *sorted(near[kept])),
            outvoted=tuple(n for n in sorted(candidates) if n != kept and n not in near[kept]),
            distance=min(apart.values()),
        )
        return replace(candidates[kept], agreement=agreement)

    def _agree(self, apart: Mapping[frozenset[str], float], name: str, other: str) -> bool:
        distance = apart.get(frozenset((name, other)))
        return name != other and distance is not None and distance <= self.parameters.distance

    def methods(self) -> str:
        """When tracks agree."""
        return (
            "The tracks of several alignments were compared; they agree where their distance is "
            f"below {self.parameters.distance:g} Å (root mean square)."
        )

    def summarize(self, items: Sequence[Micrograph]) -> str:
        """How many tracks agree, how near they lie, and who is outvoted most."""
        told = [item.agreement for item in items if item.agreement is not None]
        if not told:
            return ""
        agreed = sum(len(one.members) > 1 for one in told)
        middle = median(one.distance for one in told)
        sentence = (
            f"tracks of {agreed} of {len(told)} exposures agree within "
            f"{self.parameters.distance:g} Å, with a median distance of {middle:.1f} Å"
        )
        return sentence + outvoted_words(one.outvoted for one in told)

    def plot(self, items: Sequence[Micrograph]) -> Iterator[Figure]:
        """How far tracks lie apart."""
        values = [item.agreement.distance for item in items if item.agreement is not None]
        yield Figure("Difference of the tracks", "series", values, "distance / Å")
        yield Figure("Difference of the tracks", "histogram", values, "distance / Å")


def _best(candidates: Mapping[str, Micrograph]) -> str:
    """The step whose halves correlate best; the first by name where that is not known of all."""
    names = sorted(candidates)
    correlations = [candidates[name].half_correlation for name in names]
    known = [one for one in correlations if one is not None]
    if len(known) < len(names):
        return names[0]
    return names[known.index(max(known))]
