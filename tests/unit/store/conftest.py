"""A new store for each test, on SQLite and on PostgreSQL."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.store.open import Store, open_store


@pytest.fixture
def store(tmp_path: Path, url: str | None) -> Iterator[Store]:
    with contextlib.closing(open_store(tmp_path / "session", url=url)) as made:
        yield made
