"""Refine a model against the map that it was laid into, with Servalcat."""

from collections.abc import Sequence

from icestream.protocol import Command, Work
from icestream_structure.items import AtomicModel
from icestream_structure.refinement import ModelRefinement
from icestream_structure.servalcat import (
    CITES,
    FAILURES,
    read_refined,
    refinement_arguments,
)

__all__ = ["RefineWithServalcat"]


class RefineWithServalcat(ModelRefinement):
    """Refine the atoms of a model and their B factors against the halves of the map."""

    name = "model.servalcat"
    title = "Refinement with Servalcat"
    cites = CITES
    failures = FAILURES

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
