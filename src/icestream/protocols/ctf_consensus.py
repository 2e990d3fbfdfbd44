"""Let several CTF estimates of one micrograph check each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from statistics import median
from typing import Literal

from icestream.model import Ctf
from icestream.processing.ctf import Defocus, agreement_resolution
from icestream.protocol import ConsensusProtocol, Figure, ItemFailed, Parameters


class CtfConsensusParameters(Parameters):
    """How estimates are compared, and which is kept."""

    keep: Literal["resolution", "score"] = "resolution"
    """Of the two estimates that agree best, keep the one with the better fit resolution, or with
    the higher score. Scores can be compared only between estimates of the same program."""

    direction: Literal["mean", "worst"] = "mean"
    """Agreement averaged over directions, or in the direction that differs first."""


class AgreeOnCtf(ConsensusProtocol[CtfConsensusParameters, Ctf]):
    """Keep the better of the two CTF estimates that agree best, up to where they agree."""

    name = "ctf.consensus"
    title = "CTF consensus"
    cites = ("doi:10.1016/j.jsb.2015.09.002",)

    def agree(self, candidates: Mapping[str, Ctf]) -> Ctf:
        if len(candidates) < 2:
            raise ItemFailed(
                f"only {len(candidates)} CTF estimate of this exposure, where two must agree",
                advice="look at why the other estimates failed",
                code="too-few-estimates",
            )
        pairs = [
            (self._agreement(candidates[first], candidates[second]), first, second)
            for first, second in combinations(sorted(candidates), 2)
        ]
        agreed, *names = min(pairs)
        kept = min((candidates[name] for name in names), key=self._quality)
        # Beyond its own last ring an estimate is worth nothing, whoever agrees with it.
        return replace(kept, resolution=max(kept.resolution, agreed))

    def _agreement(self, first: Ctf, second: Ctf) -> float:
        mean, worst = agreement_resolution(
            (Defocus.of(first), first.optics), (Defocus.of(second), second.optics)
        )
        return worst if self.parameters.direction == "worst" else mean

    def _quality(self, ctf: Ctf) -> float:
        """Lower is better."""
        return ctf.resolution if self.parameters.keep == "resolution" else -ctf.score

    def summarize(self, items: Sequence[Ctf]) -> str:
        """Median resolution of the agreement."""
        if not items:
            return ""
        middle = median(ctf.resolution for ctf in items)
        return f"CTF estimates of {len(items)} micrographs agree up to a median of {middle:.1f} Å"

    def plot(self, items: Sequence[Ctf]) -> Iterator[Figure]:
        """Resolution of the agreement."""
        values = [ctf.resolution for ctf in items]
        yield Figure("Agreement of CTF estimates", "series", values, "resolution / Å")
        yield Figure("Agreement of CTF estimates", "histogram", values, "resolution / Å")
