"""What a person says of a session, and a finished session to be deposited."""

from pathlib import Path

import mrcfile
import numpy as np

from icestream.exports.deposit.about import ABOUT
from report_session import SampleSession

WHOLE = """\
title = "Apoferritin on a grid of gold"
release = "HP"
licence = "https://creativecommons.org/publicdomain/zero/1.0/"
emdb = ["EMD-12345"]

[[authors]]
first = "Ada Mary"
last = "Lovelace"
orcid = "0000-0002-1825-0097"
email = "ada@example.org"
organization = "University of Somewhere"
organization_type = "Academic"
country = "GB"
corresponding = true
principal_investigator = true

[[authors]]
first = "Conan"
last = "O'Neill"
email = "conan@example.org"
organization_type = "Academic"

[microscope]
model = "TFS KRIOS"
manufacturer = "Thermo Fisher Scientific"
electron_source = "FIELD EMISSION GUN"
illumination = "FLOOD BEAM"
imaging = "BRIGHT FIELD"
detector = "TFS FALCON 4i (4k x 4k)"
detector_mode = "COUNTING"
binning = 1
"""
"""All that can be said, but a citation."""


def finished(root: Path, *, said: bool = True) -> SampleSession:
    """A session with a map; with what people say of it in its folder, or without."""
    session = SampleSession(root / "session", start=1.7e9, name="grid 2")
    session.grow(12)
    session.classify()
    session.reconstruct()
    with mrcfile.new(session.folder / "pool" / "map.mrc") as file:
        file.set_data(np.zeros((64, 64, 64), np.float32))
    if said:
        (session.folder / ABOUT).write_text(WHOLE)
    return session
