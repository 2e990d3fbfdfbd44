"""Find a specimen by its name or in a file."""

import gzip
from pathlib import Path

from icestream.formats.mrc import read_mrc, read_mrc_header
from icestream.processing.simulate.assembly import GENERATED
from icestream.processing.simulate.specimen import (
    Specimen,
    specimen_from_pdb,
    specimen_from_volume,
)

__all__ = ["load_specimen"]


def load_specimen(named: str) -> Specimen:
    """Make a generated specimen, or read one from a PDB file or a map.

    Raises
    ------
    ValueError
        If there is neither a generated specimen nor a readable file of that name.
    """
    if named in GENERATED:
        return GENERATED[named]()
    path = Path(named)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if not path.is_file():
        raise ValueError(
            f"specimen {named!r}: neither a generated specimen ({', '.join(GENERATED)}) "
            f"nor a file in {path.resolve().parent}"
        )
    name = path.name.split(".")[0]
    if ".pdb" in suffixes or ".ent" in suffixes:
        raw = path.read_bytes()
        text = gzip.decompress(raw) if suffixes[-1] == ".gz" else raw
        return specimen_from_pdb(text.decode("ascii", "replace"), name)
    if suffixes and suffixes[-1] in (".mrc", ".map", ".ccp4"):
        voxel = read_mrc_header(path).pixel_size
        if not voxel:
            raise ValueError(f"specimen {named!r}: the map does not say its voxel size")
        return specimen_from_volume(read_mrc(path), voxel, name)
    raise ValueError(f"specimen {named!r}: expected .pdb, .pdb.gz, .ent, .mrc or .map")
