"""Refine a model in the map that it was laid into, with Coot, by its density in space."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from icestream.formats import read_mrc, write_mrc
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Failure,
    Figure,
    InputFile,
    ItemFailed,
    Operational,
    Parameters,
    Probe,
    Program,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Second
from icestream_structure.agreement import compared
from icestream_structure.atoms import density_at, positions, read_model, read_structure
from icestream_structure.fit_model import plot_agreement
from icestream_structure.items import AtomicModel, why_not

__all__ = ["RealSpaceRefinement", "RefineWithCoot"]

_CITES = ("Emsley et al. (2010) Acta Cryst. D66, 486, doi:10.1107/S0907444910007493",)
_ASK = "import coot_headless_api, importlib.metadata as m; print('coot', m.version('{}'))"
_MAP, _OUT = "density.mrc", "coot.cif"


class RealSpaceRefinement(Parameters):
    """How the model is refined."""

    cycles: Annotated[int, Ge(1), Le(100000)] = 1000
    """Most steps of the minimization (`n_cycles`); it ends when nothing gets better."""

    weight: Annotated[float, Gt(0), Le(1000)] = 20.0
    """Weight of the map against the geometry (`set_map_weight`), of a map whose mean density at the
    atoms is 1."""

    worst: Annotated[Angstrom, Gt(0), Le(20), Advanced] = 6.0
    """Resolution of a map beyond which a model is not refined: there is nothing to hold on to."""

    restraints: Annotated[InputFile, Advanced] | None = None
    """Dictionary (.cif) of residues that Coot does not know (`import_cif_dictionary`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 7200.0
    """Time after which the program is ended."""


class RefineWithCoot(ProgramProtocol[RealSpaceRefinement]):
    """Refine all atoms of a model in its map at once; B factors stay as they are.

    Coot is run by the Python that runs icestream, in a process of its own: install the package
    coot-headless-api beside it.
    """

    name = "model.coot"
    title = "Refinement with Coot"
    cites = _CITES
    resources = Resources(cores=1, memory=2 * 2**30)
    program = Program(
        sys.executable,
        package="PyPI: coot-headless-api, for this Python",
        probe=Probe(
            arguments=("-c", _ASK.format("coot-headless-api")),
            pattern=r"(?m)^coot (\S+)",
            timeout=60.0,
        ),
        known=("1.3",),
        licence="GPL-3.0",
        cites=_CITES,
    )
    failures = (
        Failure(
            code="no-coot",
            when=r"No module named 'coot_headless_api'|GLIBC_|error while loading shared libraries",
            advice="pip install coot-headless-api beside icestream; its wheels want glibc 2.34",
        ),
        Failure(
            code="no-place",
            when=r"No space left on device",
            advice="make room on the disk of the session",
        ),
    )

    def process(self, *items: AtomicModel, work: Work) -> AtomicModel:
        known = items[0]
        why = why_not(known, known.resolution, self.parameters.worst)
        if why:
            return replace(known, note=why)
        refined: AtomicModel = super().process(*items, work=work)
        return refined

    def prepare(self, work: Work, atomic_model: AtomicModel) -> None:
        assert atomic_model.model is not None and atomic_model.map is not None
        density = read_mrc(atomic_model.map).astype(np.float32)
        atoms = positions(read_model(atomic_model.model, waters=True))
        mean = density_at(density, atoms / atomic_model.pixel_size)
        if mean <= 0:
            raise ItemFailed(
                "the mean density at the model's atoms is not above that of nothing",
                advice="fit the model first (model.fit)",
                code="outside-map",
            )
        write_mrc(work.path(_MAP), density / mean, atomic_model.pixel_size, volume=True)

    def command(self, atomic_model: AtomicModel, work: Work) -> Command:
        wanted = self.parameters
        script = Path(__file__).with_name("coot_script.py")
        argv = (
            *(self.program.executable, str(script), str(atomic_model.model), _MAP, _OUT),
            *(str(wanted.cycles), f"{wanted.weight:g}"),
            *((str(wanted.restraints.absolute()),) if wanted.restraints is not None else ()),
        )
        return Command(argv, timeout=wanted.timeout)

    def collect(self, atomic_model: AtomicModel, work: Work) -> AtomicModel:
        assert atomic_model.map is not None
        path = work.path(_OUT)
        if not path.is_file():
            raise BadOutput(f"{path.name} was not written", code="no-output")
        try:
            structure = read_structure(path)
            places = positions(structure)
        except (OSError, ValueError, IndexError) as error:
            raise BadOutput(f"{path.name} is no model: {error}", code="half-output") from error
        # It completes the end of a chain.
        if len(places) < atomic_model.atoms or not np.isfinite(places).all():
            raise BadOutput(
                f"{path.name} has {len(places)} atoms, and {atomic_model.atoms} went in",
                code="garbage-output",
            )
        density = read_mrc(atomic_model.map).astype(np.float32)
        stem = work.path(f"coot_{atomic_model.iteration:04d}")
        # What is known of bonds and angles is of the model that went in.
        moved = replace(atomic_model, bond_deviation=None, angle_deviation=None)
        return compared(moved, structure, density, stem)

    def methods(self) -> str:
        """How the model was refined."""
        return "The model was refined in the map by Coot, in real space."

    def summarize(self, items: Sequence[AtomicModel]) -> str:
        """Say how well it agrees."""
        if not items:
            return ""
        last = items[-1]
        if last.model is None or last.note:
            return last.note
        return (
            f"the model of {last.residues} residues agrees with the map (FSC 0.5) to "
            f"{last.agreement:.1f} Å after refinement with Coot"
        )

    def plot(self, items: Sequence[AtomicModel]) -> Iterator[Figure]:
        """Correlation of the map and the model."""
        yield from plot_agreement(items)
