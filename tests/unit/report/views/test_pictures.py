"""Which pictures a result has."""

from pathlib import Path

import pytest

from icestream.model import ITEM_TYPES
from icestream.report.views.pictures import picture_at, pictures_of_result
from icestream.store import queries
from report_session import SampleSession


def test_marked_pictures_come_before_images_themselves(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(2)
    name = queries.exposures(session.store)[0].name
    results = queries.results_of(session.store, name)
    found = pictures_of_result(session.store, results["align"], ITEM_TYPES)
    assert [(one.index, one.role) for one in found] == [(0, "micrograph"), (1, ""), (2, "image")]
    assert found[2].path == session.folder / "work" / f"{name}.mrc"
    assert found[2].width == 1024 * 1.5
    (spectrum,) = pictures_of_result(session.store, results["ctf"], ITEM_TYPES)
    assert spectrum.role == "spectrum"
    assert picture_at(session.store, results["ctf"], "ctf", 0, ITEM_TYPES) == spectrum
    with pytest.raises(LookupError, match=r"ctf/0 \(Power spectrum\)"):
        picture_at(session.store, results["ctf"], "ctf", 1, ITEM_TYPES)
    with pytest.raises(LookupError, match="of import: none"):
        picture_at(session.store, results["import"], "movie", 0, ITEM_TYPES)
    # Of a type that nobody knows here, those are shown that were recorded with it: here none.
    assert pictures_of_result(session.store, results["ctf"], {}) == ()
