"""What happened in a run, one JSON object a line: written at once, by whoever did it."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

__all__ = ["History", "Line", "of", "read_history"]

Line = dict[str, Any]


class History:
    """Appends lines to a file; each is whole, whoever is killed next."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, what: str, **more: Any) -> None:
        """Say that something happened, by the clock that no fault moves."""
        line = json.dumps({"time": round(time.monotonic(), 3), "what": what, **more})
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, f"{line}\n".encode())
        finally:
            os.close(handle)


def read_history(path: Path) -> list[Line]:
    """All lines, the oldest first."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def of(history: Sequence[Line], *kinds: str) -> Iterator[Line]:
    """The lines of some kinds."""
    return (line for line in history if line["what"] in kinds)
