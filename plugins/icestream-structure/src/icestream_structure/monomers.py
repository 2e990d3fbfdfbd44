"""The library of monomers: the ideal bonds and angles of residues, which refinement holds to."""

import os
from importlib.util import find_spec
from pathlib import Path

__all__ = ["find_monomers"]

_LIST = Path("list") / "mon_lib_list.cif"
_IN_COOT = Path("share") / "coot" / "lib" / "data" / "monomers"


def find_monomers(given: Path | None) -> Path | None:
    """Folder of a library of monomers: the one that is given, or one that is installed.

    Without a given one, ``CLIBD_MON`` of CCP4 is looked at, and then the package coot-headless-api,
    which has the usual residues. None where there is none.
    """
    candidates = [] if given is None else [given]
    if given is None:
        if named := os.environ.get("CLIBD_MON"):
            candidates.append(Path(named))
        coot = find_spec("coot_headless_api")
        candidates += (
            [Path(place) / _IN_COOT for place in coot.submodule_search_locations or ()]
            if (coot is not None)
            else []
        )
    return next((folder for folder in candidates if (folder / _LIST).is_file()), None)
