"""Servalcat: what it is told, and what it leaves."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le

from icestream.formats import read_mrc
from icestream.protocol import (
    Advanced,
    BadOutput,
    Failure,
    InputFile,
    ItemFailed,
    Operational,
    Parameters,
    Probe,
    Program,
    Work,
)
from icestream.units import Angstrom, Second, Unit, Usual
from icestream_structure.agreement import compared
from icestream_structure.atoms import heavy_atoms, positions, read_model, read_structure
from icestream_structure.items import AtomicModel
from icestream_structure.monomers import find_monomers

__all__ = ["CITES", "FAILURES", "SERVALCAT", "Refinement", "read_refined", "refinement_arguments"]

CITES = (
    "Yamashita et al. (2021) Acta Cryst. D77, 1282, doi:10.1107/S2059798321009475",
    "Yamashita et al. (2023) Acta Cryst. D79, 368, doi:10.1107/S2059798323002413",
)

SERVALCAT = Program(
    "servalcat",
    package="PyPI: servalcat",
    probe=Probe(arguments=("--version",), pattern=r"Servalcat (\d+\.\d+[\w.]*)", timeout=60.0),
    known=("0.4",),
    licence="MPL-2.0",
    cites=CITES,
)

FAILURES = (
    Failure(
        code="no-restraints",
        when=r"Provide restraint cif file|Monomer not in the library",
        advice="its log names the residues that the library of monomers does not have: give their "
        "dictionaries (restraints), or the library of CCP4 (monomers)",
    ),
    Failure(
        code="no-monomers",
        when=r"mon_lib_list|ener_lib\.cif|CLIBD_MON",
        advice="set monomers to the folder of a library of monomers, or install coot-headless-api",
    ),
    Failure(
        code="outside-map",
        when=r"outside (of )?(the )?(box|map)|out of the box",
        advice="the model does not lie in the map: fit it first (model.fit)",
    ),
    Failure(
        code="no-memory",
        when=r"MemoryError|Cannot allocate memory",
        advice="let fewer tasks run at once",
        retry=True,
    ),
    Failure(
        code="no-place",
        when=r"No space left on device",
        advice="make room on the disk of the session",
    ),
)
"""By what it prints."""

_OUT = "refined"


class Refinement(Parameters):
    """How the model is refined."""

    resolution: Annotated[Angstrom, Gt(0), Le(20), Usual(1.0, 12.0)] | None = None
    """Finest detail that is refined against (`--resolution`); that of the map by its halves when
    empty."""

    cycles: Annotated[int, Ge(1), Le(200)] = 10
    """Cycles (`--ncycle`)."""

    weight: Annotated[float, Gt(0), Advanced] | None = None
    """Weight of the map against the geometry (`--weight`); found by the program when empty."""

    jellybody: bool = True
    """Hold neighbours at their distances (`--jellybody`), as is wise below 3 Å."""

    hydrogens: Annotated[bool, Advanced] = False
    """Write the hydrogens that it has added, too (`--hout`)."""

    mask_radius: Annotated[Angstrom, Gt(0), Le(20), Advanced] = 3.0
    """Distance from an atom up to which the map counts (`--mask_radius`)."""

    symmetry: Annotated[str, Advanced] = ""
    """Point group (`--pg`) by which the program completes a model of one asymmetric unit; nothing
    for a model of the whole particle."""

    worst: Annotated[Angstrom, Gt(0), Le(20), Advanced] = 6.0
    """Resolution of a map beyond which a model is not refined: there is nothing to hold on to."""

    restraints: Annotated[InputFile, Advanced] | None = None
    """Dictionary (.cif) of residues that the library does not have (`--ligand`)."""

    monomers: Annotated[Path, Advanced] | None = None
    """Folder of a library of monomers (`--monlib`); that of CCP4 (CLIBD_MON) or of the package
    coot-headless-api when empty."""

    bfactor: Annotated[float, Unit("Å²"), Ge(0), Advanced] | None = None
    """B factor that all atoms begin with (`--bfactor`); their own when empty."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 14400.0
    """Time after which the program is ended."""


def refinement_arguments(
    wanted: Refinement, known: AtomicModel, weight: str = "--weight"
) -> tuple[str, ...]:
    """What it is told of a model in a map, but for the name of its command.

    `weight` is the flag that takes the weight of the map.

    Raises
    ------
    ItemFailed
        If there is no library of monomers.
    """
    library = find_monomers(wanted.monomers)
    if library is None:
        raise ItemFailed(
            "there is no library of monomers",
            advice="set monomers to its folder, or install coot-headless-api",
            code="no-monomers",
        )
    halves = known.half1 is not None and known.half2 is not None
    data = (
        ("--halfmaps", str(known.half1), str(known.half2))
        if halves
        else (
            "--map",
            str(known.map),
        )
    )
    return (
        *data,
        *(
            "--model",
            str(known.model),
            "--resolution",
            f"{wanted.resolution or known.resolution:.2f}",
        ),
        *("--pixel_size", f"{known.pixel_size:.6g}"),
        *("--ncycle", str(wanted.cycles), "--mask_radius", f"{wanted.mask_radius:g}"),
        *((weight, f"{wanted.weight:g}") if wanted.weight is not None else ()),
        *(("--jellybody",) if wanted.jellybody else ()),
        *(("--hout",) if wanted.hydrogens else ()),
        *(("--pg", wanted.symmetry) if wanted.symmetry else ()),
        *(("--bfactor", f"{wanted.bfactor:g}") if wanted.bfactor is not None else ()),
        # It runs in a folder of its own.
        *(("--ligand", str(wanted.restraints.absolute())) if wanted.restraints is not None else ()),
        *("--monlib", str(library.absolute()), "--output_prefix", _OUT),
    )


def lacking_monomers(wanted: Refinement) -> Sequence[str]:
    """A sentence where there is no library of monomers."""
    if find_monomers(wanted.monomers) is not None:
        return ()
    where = wanted.monomers or "CLIBD_MON and the package coot-headless-api"
    return (
        f"no library of monomers was found in {where}: set monomers to the folder that has "
        "list/mon_lib_list.cif, or pip install coot-headless-api",
    )


def read_refined(known: AtomicModel, work: Work, *, stats: str = "") -> AtomicModel:
    """The refined model, and how far its bonds and angles are from the ideal.

    `stats` is the end of the name of the file that tells the latter; nothing where none does.

    Raises
    ------
    BadOutput
        If the model or the table of its geometry is missing, cut off or garbage.
    """
    assert known.map is not None
    path = work.path(f"{_OUT}.mmcif")
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    try:
        structure = read_structure(path)
    except (OSError, ValueError) as error:
        raise BadOutput(f"{path.name} is no model: {error}", code="half-output") from error
    places = positions(structure) if len(structure) else np.zeros((0, 3))
    if not len(places) or not np.isfinite(places).all():
        raise BadOutput(
            f"{path.name} has no atoms, or some that are nowhere", code="garbage-output"
        )
    assert known.model is not None
    went_in = heavy_atoms(read_model(known.model, waters=True))
    came_out = heavy_atoms(structure)
    if came_out < went_in:
        raise BadOutput(
            f"{path.name} has {came_out} atoms besides hydrogens, and {went_in} went in",
            code="half-output",
        )
    bonds, angles = _geometry(work.path(f"{_OUT}{stats}")) if stats else (None, None)
    density = read_mrc(known.map).astype(np.float32)
    refined = replace(known, bond_deviation=bonds, angle_deviation=angles)
    return compared(refined, structure, density, work.path(f"refined_{known.iteration:04d}"))


def _geometry(path: Path) -> tuple[float, float]:
    """Deviations of bonds (Å) and angles (degrees) after the last cycle."""
    try:
        last: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))[-1]
        told = last["geom"]["summary"]["r.m.s.d."]
        found = float(told["Bond distances, non H"]), float(told["Bond angles, non H"])
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadOutput(
            f"{path.name} does not tell the geometry: {error!r}", code="garbage-output"
        ) from error
    if not np.isfinite(found).all():
        raise BadOutput(f"{path.name} tells no numbers of the geometry", code="garbage-output")
    return found
