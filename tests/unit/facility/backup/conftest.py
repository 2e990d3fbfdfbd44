"""A facility that backs up."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from copied_facility import sections
from icestream.facility.opened import Facility, open_facility


@pytest.fixture
def copies(write_facility: Callable[[str], Path], tmp_path: Path) -> Iterator[Facility]:
    with open_facility(write_facility(sections(tmp_path))) as opened:
        yield opened
