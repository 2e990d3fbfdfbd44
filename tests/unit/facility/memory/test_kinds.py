"""The section of the memory is checked as it is read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.facility.file import FacilityFileError, load_facility


def test_it_is_read(write_facility: Callable[[str], Path]) -> None:
    assert load_facility(write_facility("")).file.memory is None
    more = '[memory]\nevery = "5 min"\nwatched = "resolution"\n[memory.reports]\nfolder = "/x"\n'
    memory = load_facility(write_facility(more)).file.memory
    assert memory is not None
    assert (memory.every, memory.watched, memory.history) == (300.0, ("resolution",), 30)
    assert memory.reports is not None
    assert memory.reports.days == 90.0


@pytest.mark.parametrize(
    ("more", "where", "says"),
    [
        ('watched = ["resolutoin"]', "memory.watched", "did you mean resolution"),
        ("least = 3", "memory.least", "8"),
        ('publish = "s3://x/y"', "memory.publish", "nothing here brings files to s3://x/y"),
        (
            '[memory.reports]\nfolder = "/x"\naddress = "https://x/{sesion}"',
            "memory.reports.address",
            "{session}",
        ),
        (
            '[memory.reports]\nfolder = "/x"\naddress = "javascript:alert(1)"',
            "memory.reports.address",
            "https://",
        ),
    ],
)
def test_what_is_wrong_is_said(
    write_facility: Callable[[str], Path], more: str, where: str, says: str
) -> None:
    with pytest.raises(FacilityFileError) as error:
        load_facility(write_facility(f"[memory]\n{more}\n"))
    flaws = {one.where: one.what for one in error.value.flaws}
    assert says in flaws[where]
