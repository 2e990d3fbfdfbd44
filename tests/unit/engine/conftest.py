"""A session's record that tests work through by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from toy_record import Desk, desks


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Makes a desk: an open record, with the steps that are given."""
    yield from desks(tmp_path)
