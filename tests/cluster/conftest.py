"""A scheduler of Dask and a session for each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dask_cluster import Dask
from toy_session import Session


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    made = Dask(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path / f"S{os.getpid()}", workers=True)
    yield made
    made.close()
