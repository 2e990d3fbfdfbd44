"""A session with real files, made once for all tests of this folder."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from handover_session import HandoverSession


@pytest.fixture(scope="package")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its folder."""
    made = HandoverSession(tmp_path_factory.mktemp("verify") / "session")
    made.classify()
    with closing(made.store):
        yield made.folder
