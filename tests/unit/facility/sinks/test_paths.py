"""Paths as the other side sees them."""

from pathlib import Path

from icestream.facility.sinks.paths import seen_as


def test_the_longest_beginning_is_replaced_and_whole_names_alone() -> None:
    known = {"/mnt": "/net", "/mnt/em": "/dls/m12", "/data/": "/x"}
    assert seen_as(Path("/mnt/em/a.tiff"), known) == "/dls/m12/a.tiff"
    assert seen_as(Path("/mnt/em2/a.tiff"), known) == "/net/em2/a.tiff"
    assert seen_as(Path("/data/b"), known) == "/x/b"
    assert seen_as(Path("/home/b"), known) == "/home/b"
    assert seen_as(Path("/mnt/em"), known) == "/dls/m12"
