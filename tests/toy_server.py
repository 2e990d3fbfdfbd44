"""A server over one session of toy protocols, which tests run, or leave at rest."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

import toys
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.settings import load
from toy_session import Session, Step

SRC: Step = ("src", "toy.count", {"count": 6}, {})
SEL: Step = ("sel", "toy.select", {"below": 4}, {"number": "src"})
A: Step = ("a", "toy.add", {"add": 1}, {"number": "sel.number"})


class ToyServer:
    """A session, and a client of the server that shows it."""

    def __init__(self, session: Session, client: TestClient) -> None:
        self.session = session
        self.client = client

    @property
    def at(self) -> str:
        """Address of the session."""
        (one,) = self.client.get("/api/sessions").json()
        return f"/api/sessions/{one['id']}"

    def ask(self, status: int = 202, /, **request: Any) -> dict[str, Any]:
        """Ask something of the session, and wait for its answer."""
        said = self.client.post(f"{self.at}/requests", json=request)
        assert said.status_code == status, said.text
        found: dict[str, Any] = said.json()
        if status == 202:
            answer = self.client.get(f"{self.at}/requests/{found['token']}?wait=10")
            assert answer.status_code == 200, answer.text
            found = answer.json()
        return found

    def get(self, path: str, status: int = 200) -> Any:
        """What the server answers about the session."""
        said = self.client.get(f"{self.at}{path}")
        assert said.status_code == status, said.text
        return said.json()

    def post(self, path: str, status: int = 200, /, **body: Any) -> Any:
        """What the server answers to a question with a body about the session."""
        said = self.client.post(f"{self.at}{path}", json=body)
        assert said.status_code == status, said.text
        return said.json()


@contextmanager
def served(folder: Path, *steps: Step) -> Iterator[ToyServer]:
    """A session at rest that has run `steps`, below `folder`, and its server."""
    with closing(Session(folder / "sessions" / "toy")) as session:
        if steps:
            session.run(*steps)
        with (
            closing(Server([folder / "sessions"], load(), registry=toys.registry())) as server,
            TestClient(create_app(server), base_url="http://127.0.0.1:8000") as client,
        ):
            yield ToyServer(session, client)
