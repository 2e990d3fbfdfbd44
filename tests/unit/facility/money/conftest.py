"""A facility that bills, with its registry in a file and in PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from billing import billing
from icestream.facility.opened import Facility


@pytest.fixture
def lab(url: str | None, tmp_path: Path) -> Iterator[Facility]:
    """In a file, and in PostgreSQL."""
    made = billing(tmp_path, url)
    yield made
    made.registry.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Facility]:
    """In a file."""
    made = billing(tmp_path)
    yield made
    made.registry.close()
