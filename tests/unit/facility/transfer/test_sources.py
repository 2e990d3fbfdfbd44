"""Which kind of source an address is of."""

import pytest

from icestream.facility.transfer.address import read_address
from icestream.facility.transfer.sources import source_of


@pytest.mark.parametrize(
    ("address", "kind", "lands_whole"),
    [
        ("/mnt/krios1", "MountedSource", False),
        ("nas::krios1/x", "RemoteSource", False),
        ("s3://movies/krios1", "ObjectSource", True),
    ],
)
def test_each_address_has_its_kind(address: str, kind: str, lands_whole: bool) -> None:
    source = source_of(read_address(address), [], 30.0)
    assert (type(source).__name__, source.lands_whole) == (kind, lands_whole)
