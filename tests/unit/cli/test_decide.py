"""`icestream accept` and `reject`."""

from pathlib import Path
from typing import Any

import pytest

from icestream.cli import decide


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_exposures_and_the_reason_are_sent(
    tmp_path: Path, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []

    def ask(*words: Any, **arguments: Any) -> int:
        sent.append((words, arguments))
        return 0

    monkeypatch.setattr(decide, "ask", ask)
    assert getattr(decide, verb)(tmp_path, "one", "two", why="ice") == 0
    assert sent == [((tmp_path, verb), {"exposures": ["one", "two"], "why": "ice"})]
