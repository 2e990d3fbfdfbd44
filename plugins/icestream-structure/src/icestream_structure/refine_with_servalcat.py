"""Refine a model against the map that it was laid into, with Servalcat."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from icestream.protocol import Command, Figure, ProgramProtocol, Resources, Work
from icestream_structure.fit_model import plot_agreement
from icestream_structure.items import AtomicModel, why_not
from icestream_structure.servalcat import (
    CITES,
    FAILURES,
    SERVALCAT,
    Refinement,
    lacking_monomers,
    read_refined,
    refinement_arguments,
)

__all__ = ["RefineWithServalcat"]


class RefineWithServalcat(ProgramProtocol[Refinement]):
    """Refine the atoms of a model and their B factors against the halves of the map."""

    name = "model.servalcat"
    title = "Refinement with Servalcat"
    cites = CITES
    resources = Resources(cores=1, memory=4 * 2**30)
    program = SERVALCAT
    failures = FAILURES

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

    def command(self, atomic_model: AtomicModel, work: Work) -> Command:
        wanted = self.parameters
        argv = ("servalcat", "refine_spa_norefmac", *refinement_arguments(wanted, atomic_model))
        return Command(argv, timeout=wanted.timeout)

    def collect(self, atomic_model: AtomicModel, work: Work) -> AtomicModel:
        return read_refined(atomic_model, work, stats="_stats.json")

    def methods(self) -> str:
        """How the model was refined."""
        cycles = self.parameters.cycles
        return f"The model was refined against the half maps by Servalcat in {cycles} cycles."

    def summarize(self, items: Sequence[AtomicModel]) -> str:
        """Say how well it agrees, and how good its geometry is."""
        if not items:
            return ""
        last = items[-1]
        if last.note or last.bond_deviation is None:
            return last.note
        return (
            f"the refined model of {last.residues} residues agrees with the map (FSC 0.5) to "
            f"{last.agreement:.1f} Å; its bonds deviate by {last.bond_deviation:.3f} Å, its angles "
            f"by {last.angle_deviation:.2f}°"
        )

    def plot(self, items: Sequence[AtomicModel]) -> Iterator[Figure]:
        """Correlation of the map and the model."""
        yield from plot_agreement(items)
