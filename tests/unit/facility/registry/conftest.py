"""A registry of its own for each test, in a file and in PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from icestream.facility.registry.open import SCHEMA, FacilityRegistry, open_registry


@pytest.fixture
def registry(url: str | None, tmp_path: Path) -> Iterator[FacilityRegistry]:
    if url is not None:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
        engine.dispose()
    opened = open_registry(url or tmp_path / "registry.db")
    yield opened
    opened.close()
