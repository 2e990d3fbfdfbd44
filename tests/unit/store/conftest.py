"""A new store for each test, on SQLite and on PostgreSQL."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from icestream.store.open import Store, open_store
from toy_record import Desk, desks


@pytest.fixture
def store(tmp_path: Path, url: str | None) -> Iterator[Store]:
    with contextlib.closing(open_store(tmp_path / "session", url=url)) as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Makes a desk: an open record, with the steps that are given."""
    yield from desks(tmp_path)
