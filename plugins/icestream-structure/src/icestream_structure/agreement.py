"""What is made of a model that lies in a map: how well they agree, and a picture of both."""

from dataclasses import replace
from pathlib import Path

import gemmi
import numpy as np

from icestream.formats import write_picture
from icestream.model import column
from icestream.processing.volume.fsc import fourier_shell_correlation, resolution_at
from icestream.processing.volume.picture import draw_volume
from icestream_structure.atoms import Map, density_of, write_model
from icestream_structure.items import AtomicModel

__all__ = ["BELIEVED", "compared"]

BELIEVED = 0.5
"""Correlation of a map and a model down to which they agree
(https://doi.org/10.1016/j.jmb.2003.07.013)."""
_POOR = 20.0
"""Å: what agrees no better may lie anywhere."""


def compared(
    known: AtomicModel, structure: gemmi.Structure, density: Map, stem: Path
) -> AtomicModel:
    """Write a model that lies in a map, and tell how well it agrees with it.

    Parameters
    ----------
    known
        What is known of the map, whose files are written already.
    structure
        The model.
    density
        The map, ``(box, box, box)``.
    stem
        What the names of the files begin with.
    """
    box, pixel_size = len(density), known.pixel_size
    modelled = density_of(structure, box, pixel_size)
    fsc = fourier_shell_correlation(density, modelled)
    agreement = resolution_at(fsc, BELIEVED, box * pixel_size)
    note = ""
    if agreement <= 0 or agreement > _POOR:
        found = f"to {agreement:.0f} Å only" if agreement > 0 else "nowhere"
        note = (
            f"the map and the model agree {found}: they may be of different particles, or the map "
            "may be wrong"
        )
    picture = np.concatenate([draw_volume(density), draw_volume(modelled)], axis=1)
    return replace(
        known,
        note=note,
        model=write_model(stem.with_name(f"{stem.name}.cif"), structure, box * pixel_size),
        atoms=structure[0].count_atom_sites(),
        residues=sum(len(chain) for chain in structure[0]),
        fsc=column(fsc),
        agreement=agreement,
        picture=write_picture(stem.with_name(f"{stem.name}.png"), picture),
    )
