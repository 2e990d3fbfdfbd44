"""What is wrong with the sinks of a facility file."""

from collections.abc import Callable
from pathlib import Path

from icestream.facility.file import load_facility
from icestream.facility.sinks.check import problems
from icestream.settings import load

SECTIONS = """
[sinks.lines]
kind = "file"
folder = "{folder}/lines"
microscopes = ["krios1", "kryos2"]
paths = { "data" = "/net/data" }

[sinks.lims]
kind = "ispyb"
url = "mysql+pymysql://u:pw@127.0.0.1:1/ispyb"
"""


def test_all_that_is_wrong_is_said_at_once(write_facility: Callable[[str], Path]) -> None:
    known = load_facility(write_facility(SECTIONS))
    found = {one.where: one.what for one in problems(known, load().settings)}
    assert "no microscope 'kryos2'; did you mean krios1?" in found["sinks.lines.microscopes"]
    assert "write whole folders" in found["sinks.lines.paths"]
    assert "is no folder: make it" in found["sinks.lines"]
    assert "pw" not in found["sinks.lims"] and "127.0.0.1" in found["sinks.lims"]
    (known.path.parent / "lines").mkdir()
    left = {one.where for one in problems(known, load().settings)}
    assert left == {"sinks.lines.microscopes", "sinks.lines.paths", "sinks.lims"}
