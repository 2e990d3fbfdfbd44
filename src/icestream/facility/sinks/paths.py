"""Paths as the other side sees them: LIMS and catalogues mount the facility's disks elsewhere."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

__all__ = ["seen_as"]


def seen_as(path: Path, prefixes: Mapping[str, str]) -> str:
    """A path with its beginning replaced; the longest beginning that fits is taken.

    >>> seen_as(Path("/mnt/em/k1/raw/a.tiff"), {"/mnt/em": "/dls/m12", "/mnt": "/net"})
    '/dls/m12/k1/raw/a.tiff'

    Parameters
    ----------
    path
        Absolute.
    prefixes
        Whole folders here, and what they are called there.
    """
    for here in sorted(prefixes, key=len, reverse=True):
        if path.is_relative_to(here):
            return str(PurePosixPath(prefixes[here]) / path.relative_to(here))
    return str(path)
