"""What lies in the ice: point scatterers from an atomic model or from a map."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Specimen", "specimen_from_pdb", "specimen_from_volume"]

SCATTERING_LENGTH = {"C": 2.509, "N": 2.211, "O": 1.983, "S": 5.161, "P": 5.488}
"""Electron scattering factor at zero angle, Å."""

HYDROGEN_LENGTH = 0.53
"""Scattering factor of a bonded hydrogen, Å."""

BONDED_HYDROGENS = {"C": 1.2, "N": 1.15, "O": 0.2, "S": 0.3, "P": 0.0}
"""Mean number of hydrogens on a heavy atom of a protein; models seldom hold them."""

HEAVY_ATOMS_PER_CUBIC_ANGSTROM = 0.0535
"""Heavy atoms in 1 Å³ of protein: partial specific volume 0.73 cm³/g, 13.9 Da each."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Specimen:
    """Point scatterers around the centre of one particle."""

    name: str
    positions: NDArray[np.float32]
    """``(n, 3)`` as (x, y, z), Å, relative to the centre."""
    lengths: NDArray[np.float32]
    """``(n,)`` scattering factor at zero angle, Å, hydrogens included."""
    displaced: NDArray[np.float32]
    """``(n,)`` atoms' worth of water that each scatterer displaces."""
    diameter: float
    """Diameter of the sphere that holds 98 % of the scatterers, Å."""

    @classmethod
    def from_points(
        cls,
        name: str,
        positions: NDArray[np.floating],
        lengths: NDArray[np.floating],
        displaced: NDArray[np.floating] | None = None,
    ) -> "Specimen":
        """Centre `positions` on their centre of mass and measure the diameter.

        Raises
        ------
        ValueError
            If there are no points, or their numbers differ.
        """
        points = np.asarray(positions, dtype=np.float64)
        weights = np.asarray(lengths, dtype=np.float64)
        water = np.ones(len(points)) if displaced is None else np.asarray(displaced)
        if not (len(points) == len(weights) == len(water) > 0) or points.ndim != 2:
            raise ValueError(
                f"specimen {name!r}: expected positions (n, 3) with one length each and n > 0, "
                f"found positions {points.shape}, lengths {weights.shape}, water {water.shape}"
            )
        points = points - np.average(points, axis=0, weights=np.abs(weights))
        radius = np.quantile(np.linalg.norm(points, axis=1), 0.98)
        return cls(
            name=name,
            positions=points.astype(np.float32),
            lengths=weights.astype(np.float32),
            displaced=water.astype(np.float32),
            diameter=float(2.0 * radius),
        )


def specimen_from_pdb(text: str, name: str) -> Specimen:
    """Read the heavy atoms of the first model of a PDB file.

    Parameters
    ----------
    text
        Text of the file. Fixed columns, as the format says; ``HETATM`` (waters, ions, ligands) and
        hydrogens are left out, of alternate locations the first is taken. Symmetry is not
        expanded: give the file of the biological assembly.
    name
        What the specimen is called.

    Raises
    ------
    ValueError
        If there is no ``ATOM`` record with an element that is known.
    """
    positions: list[tuple[float, float, float]] = []
    lengths: list[float] = []
    for line in text.splitlines():
        if line.startswith("ENDMDL"):
            break
        if not line.startswith("ATOM  ") or line[16] not in " A1":
            continue
        element = (line[76:78].strip() or line[12:14].strip(" 0123456789")[:1]).upper()
        if element not in SCATTERING_LENGTH:
            continue
        positions.append((float(line[30:38]), float(line[38:46]), float(line[46:54])))
        lengths.append(SCATTERING_LENGTH[element] + HYDROGEN_LENGTH * BONDED_HYDROGENS[element])
    if not positions:
        raise ValueError(
            f"specimen {name!r}: expected ATOM records of {', '.join(SCATTERING_LENGTH)} in PDB "
            f"columns, found none in {len(text.splitlines())} lines; mmCIF is not read"
        )
    return Specimen.from_points(name, np.array(positions), np.array(lengths))


def specimen_from_volume(
    volume: NDArray[np.floating],
    voxel_size: float,
    name: str,
    *,
    molecular_volume: float | None = None,
) -> Specimen:
    """Turn a map into point scatterers, one per voxel of the molecule.

    Parameters
    ----------
    volume
        Density ``(z, y, x)``, protein positive, in any scale.
    voxel_size
        Å.
    name
        What the specimen is called.
    molecular_volume
        Volume of the molecule, Å³. By default the voxels above a tenth of the map's 99.9th
        percentile, at least two standard deviations over the mean.

    Notes
    -----
    The voxels' densities are scaled so that the molecule holds as many atoms as protein of that
    volume does; so the contrast in the images is that of a protein, whatever the map's scale.

    Raises
    ------
    ValueError
        If nothing stands out of the map.
    """
    density = np.asarray(volume, dtype=np.float64)
    if molecular_volume is not None:
        count = min(density.size, max(1, round(molecular_volume / voxel_size**3)))
        threshold = np.partition(density.ravel(), -count)[-count]
    else:
        threshold = max(0.1 * np.quantile(density, 0.999), density.mean() + 2.0 * density.std())
    inside = density >= threshold
    if not inside.any() or density[inside].sum() <= 0:
        raise ValueError(
            f"specimen {name!r}: no voxel of the map {density.shape} stands above {threshold:.3g}; "
            "is the protein negative?"
        )
    z, y, x = np.nonzero(inside)
    weights = density[inside] / density[inside].mean()
    atoms = weights * HEAVY_ATOMS_PER_CUBIC_ANGSTROM * voxel_size**3
    mean_length = 2.9
    points = np.stack([x, y, z], axis=1) * voxel_size
    # The water goes with the volume, the scattering with the density.
    water = np.full(len(points), HEAVY_ATOMS_PER_CUBIC_ANGSTROM * voxel_size**3)
    return Specimen.from_points(name, points, atoms * mean_length, water)
