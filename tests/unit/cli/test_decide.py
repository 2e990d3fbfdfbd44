"""`icestream accept` and `reject`."""

from pathlib import Path
from typing import Any

import pytest

from icestream.cli import decide
from icestream.engine.requests.models import Accept, Reject


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_exposures_and_the_reason_are_sent(
    tmp_path: Path, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []

    def ask(*words: Any) -> int:
        sent.append(words)
        return 0

    monkeypatch.setattr(decide, "ask", ask)
    assert getattr(decide, verb)(tmp_path, "one", "two", why="ice") == 0
    asked = {"accept": Accept, "reject": Reject}[verb](exposures=("one", "two"), why="ice")
    assert sent == [(tmp_path, asked)]
