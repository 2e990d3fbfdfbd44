"""The source of movies at an address, whatever kind it is of."""

from collections.abc import Sequence

from icestream.facility.transfer.address import Address
from icestream.facility.transfer.mounted_source import MountedSource
from icestream.facility.transfer.object_source import ObjectSource
from icestream.facility.transfer.remote_source import RemoteSource
from icestream.facility.transfer.source import Source

__all__ = ["source_of"]


def source_of(address: Address, exclude: Sequence[str], every: float) -> Source:
    """The source at an address.

    Parameters
    ----------
    exclude
        Patterns of what is left out.
    every
        Seconds between listings of another machine's folder, or of a bucket.
    """
    if address.objects is not None:
        return ObjectSource(address, address.objects, exclude, every)
    if address.folder is not None:
        return MountedSource(address, exclude)
    return RemoteSource(address, exclude, every)
