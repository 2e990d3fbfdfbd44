"""Run by a process of its own, since Coot's licence is GPL: refines a model in a map.

python coot_script.py MODEL MAP OUT CYCLES WEIGHT [DICTIONARY]
"""

import sys
from importlib import import_module
from typing import Any

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Refine and write, or end with what is wrong."""
    model, density, out, cycles, weight, *dictionaries = arguments
    coot: Any = import_module("coot_headless_api")
    molecules = coot.molecules_container_t(False)
    for dictionary in dictionaries:
        molecules.import_cif_dictionary(dictionary, -999999)  # for all molecules
    atoms = molecules.read_coordinates(model)
    map_ = molecules.read_ccp4_map(density, False)
    if atoms < 0 or map_ < 0:
        sys.exit(f"coot cannot read {model if atoms < 0 else density}")
    molecules.set_imol_refinement_map(map_)
    molecules.set_map_weight(float(weight))
    if not molecules.refine_residues_using_atom_cid(atoms, "//", "ALL", int(cycles)):
        sys.exit("coot did not refine the model")
    molecules.write_coordinates(atoms, out)


if __name__ == "__main__":
    main(sys.argv[1:])
