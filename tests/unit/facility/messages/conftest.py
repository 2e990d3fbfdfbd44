"""What the tests of messages share."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from icestream.facility.messages.ledger import MessageLedger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[MessageLedger]:
    with closing(MessageLedger(tmp_path / "deep" / "messages.db")) as made:
        yield made
