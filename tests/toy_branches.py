"""Numbers that come as files, and how often each task ran: for tests of branches."""

from collections import Counter
from pathlib import Path
from typing import Any

from icestream.engine.requests.models import Request
from icestream.engine.requests.send import answer_of, send
from icestream.store import queries
from toy_session import Session, Step


def add(name: str, source: str, log: Path, **more: Any) -> Step:
    return (name, "toy.add", {"log": log, **more}, {"number": source})


class Folder:
    """Numbers as files: the source of a session that stays open."""

    def __init__(self, path: Path, count: int = 0) -> None:
        self.path = path
        path.mkdir()
        self._last = 0
        self.bring(count)

    def bring(self, count: int) -> None:
        for _ in range(count):
            whole = self.path.with_name(f"new{self._last:03d}")
            whole.write_text(str(self._last))
            whole.rename(self.path / f"e{self._last:03d}")
            self._last += 1

    def close(self) -> None:
        (self.path / "closed").touch()


def done(session: Session, step: str, branch: str | None = None) -> int:
    return queries.step(session.store(), step, branch=branch).counts.done


def runs(log: Path) -> Counter[str]:
    """How often each line was written: the times that a task ran."""
    return Counter(log.read_text().splitlines()) if log.exists() else Counter()


def ask(session: Session, request: Request) -> str:
    """What is said when a request was carried out."""
    token = send(session.folder, request)
    verdict, said = answer_of(session.folder, token, timeout=60.0)
    assert verdict == "done", said
    return said
