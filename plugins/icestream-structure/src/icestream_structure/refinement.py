"""What refinements of a model against its map have in common, whichever program does them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from icestream.protocol import Figure, ProgramProtocol, Resources, Work
from icestream_structure.fit_model import plot_agreement
from icestream_structure.items import AtomicModel, why_not
from icestream_structure.servalcat import SERVALCAT, Refinement, lacking_monomers

__all__ = ["ModelRefinement"]


class ModelRefinement(ProgramProtocol[Refinement]):
    """A refinement that Servalcat runs: of a model that was laid into a map that is good enough.

    Where there is none, or the map is too coarse, the model goes on as it came, with the reason.
    """

    resources = Resources(cores=1, memory=4 * 2**30)
    program = SERVALCAT

    def lacking(self) -> Sequence[str]:
        """A library of monomers."""
        return lacking_monomers(self.parameters)

    def process(self, *items: AtomicModel, work: Work) -> AtomicModel:
        wanted, known = self.parameters, items[0]
        why = why_not(known, wanted.resolution or known.resolution, wanted.worst)
        if why:
            return replace(known, note=why)
        refined: AtomicModel = super().process(*items, work=work)
        return refined

    def plot(self, items: Sequence[AtomicModel]) -> Iterator[Figure]:
        """Correlation of the map and the model."""
        yield from plot_agreement(items)
