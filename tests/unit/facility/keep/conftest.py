"""A facility that removes movies three weeks after a session, and micrographs without a copy."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from icestream.facility.opened import Facility, open_facility
from kept_session import KeptPlace

RULES = """
[keep]
act = true
[keep.raw]
after = "21 d"
warn = []
[keep.micrographs]
after = "21 d"
needs = "nothing"
warn = []
"""


@pytest.fixture
def keeping(write_facility: Callable[[str], Path]) -> Iterator[Facility]:
    with open_facility(write_facility(RULES)) as opened:
        yield opened


@pytest.fixture
def kept(keeping: Facility) -> KeptPlace:
    return KeptPlace(keeping)
