"""Refine a model against the map that it was laid into, with Refmac, which Servalcat runs."""

from collections.abc import Sequence

from icestream.protocol import (
    Command,
    Failure,
    Probe,
    Program,
    Work,
    found_by,
)
from icestream_structure.items import AtomicModel
from icestream_structure.refinement import ModelRefinement
from icestream_structure.servalcat import (
    CITES,
    FAILURES,
    SERVALCAT,
    read_refined,
    refinement_arguments,
)

__all__ = ["RefineWithRefmac"]

_CITES = ("Murshudov et al. (2011) Acta Cryst. D67, 355, doi:10.1107/S0907444911001314",)

_REFMAC = Program(
    "refmac5",
    package="CCP4, www.ccp4.ac.uk",
    probe=Probe(arguments=("-i",), pattern=r"Program: .* version (\S+)"),
    known=("5.8",),
    licence="CCP4: free for academic use",
    cites=_CITES,
)


class RefineWithRefmac(ModelRefinement):
    """Refine with Refmac, for who has to: Servalcat alone (`model.servalcat`) is its successor."""

    name = "model.refmac"
    title = "Refinement with Refmac"
    cites = (*_CITES, *CITES)
    failures = (
        *FAILURES,
        Failure(
            code="refmac-failed",
            when=r"REFMAC5 did not produce|Check Refmac installation|REFMAC5 finished with exit "
            r"code= [1-9-]",
            advice="look into shifted_refined.log, what Refmac printed, and run refmac5 -i by hand",
        ),
    )

    def programs(self) -> Sequence[Program]:
        """Servalcat, and Refmac, which it runs."""
        return (SERVALCAT, _REFMAC)

    def command(self, atomic_model: AtomicModel, work: Work) -> Command:
        wanted = self.parameters
        said = refinement_arguments(wanted, atomic_model, weight="--weight_auto_scale")
        refmac = str(found_by(_REFMAC, work).path)
        argv = ("servalcat", "refine_spa", "--exe", refmac, *said)
        return Command(argv, timeout=wanted.timeout)

    def collect(self, atomic_model: AtomicModel, work: Work) -> AtomicModel:
        return read_refined(atomic_model, work)

    def methods(self) -> str:
        """How the model was refined."""
        cycles = self.parameters.cycles
        return f"The model was refined against the half maps by Refmac in {cycles} cycles."

    def summarize(self, items: Sequence[AtomicModel]) -> str:
        """Say how well it agrees."""
        if not items:
            return ""
        last = items[-1]
        if last.model is None or last.note:
            return last.note
        return (
            f"the model of {last.residues} residues agrees with the map (FSC 0.5) to "
            f"{last.agreement:.1f} Å after refinement with Refmac"
        )
