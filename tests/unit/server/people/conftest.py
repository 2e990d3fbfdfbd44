"""A database of people, and who is in it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from icestream.login import Login
from icestream.server.people.database import Database
from icestream.server.people.visitors import Visitors
from people_of_tests import add_people


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "state")) as made:
        yield made


@pytest.fixture
def visitors(tmp_path: Path) -> Iterator[Visitors]:
    """Visitors of a server: ada is admin, sam staff, oli operator, vic viewer."""
    with closing(Visitors(tmp_path / "state", Login())) as made:
        add_people(made)
        yield made
