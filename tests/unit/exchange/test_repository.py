"""Repositories of workflows, kind and hostile, in folders and over HTTP."""

import functools
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.graph.workflow import InvalidWorkflow, load_workflow
from icestream.exchange import repository as module
from icestream.exchange.repository import (
    INDEX,
    RepositoryError,
    fetch,
    open_repository,
    publish,
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def serving(handler: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "repository"
    publish(made, "screening", load_workflow("screening"))
    publish(made, "relion", load_workflow("relion"))
    return made


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    yield from serving(functools.partial(_Quiet, directory=str(folder)))


def change(folder: Path, **more: Any) -> None:
    """Make the first entry of the index say something else."""
    index = json.loads((folder / INDEX).read_text())
    index["workflows"][0].update(more)
    (folder / INDEX).write_text(json.dumps(index))


def test_what_is_published_is_fetched_from_the_folder_and_over_http(
    folder: Path, address: str
) -> None:
    for place in (str(folder), f"{folder}/", address, f"{address}/", f"{address}/{INDEX}"):
        found = open_repository(place)
        assert [(one.name, one.release) for one in found.entries] == [
            ("relion", 1),
            ("screening", 1),
        ]
        assert fetch(found, "screening") == load_workflow("screening")
    with pytest.raises(LookupError, match="did you mean relion"):
        fetch(open_repository(address), "relon")


def test_another_file_is_another_release(folder: Path) -> None:
    again = publish(folder, "screening", load_workflow("screening"))
    assert again.release == 1
    assert publish(folder, "screening", load_workflow("eer")).release == 2
    assert fetch(open_repository(str(folder)), "screening") == load_workflow("eer")
    with pytest.raises(RepositoryError, match="is no name"):
        publish(folder, "../x", load_workflow("eer"))
    assert sorted(path.name for path in folder.iterdir()) == [
        "index.json", "relion.json", "screening.json",
    ]  # fmt: skip


def test_a_file_that_was_changed_or_is_too_large_is_not_used(folder: Path) -> None:
    path = folder / "relion.json"
    whole = path.read_text()
    path.write_text(whole.replace("picks.log", "picks.bad"))
    with pytest.raises(RepositoryError, match="not the file that its index says"):
        fetch(open_repository(str(folder)), "relion")
    path.write_text(whole + " " * 2_000_000)
    with pytest.raises(RepositoryError, match=r"has more than \d+ bytes"):
        fetch(open_repository(str(folder)), "relion")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RepositoryError, match="there is no file"):
        fetch(open_repository(str(folder)), "relion")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"name": "../../etc/passwd"}, "workflows.0.name"),
        ({"name": "/etc/passwd"}, "workflows.0.name"),
        ({"name": "a\x1b[31m"}, "workflows.0.name"),
        ({"name": "screening"}, "names screening twice"),
        ({"sha256": "x"}, "workflows.0.sha256"),
        ({"bytes": 10**12}, "workflows.0.bytes"),
        ({"about": "x" * 10_000}, "workflows.0.about"),
    ],
)
def test_an_index_that_says_what_it_should_not(folder: Path, more: Any, said: str) -> None:
    change(folder, **more)
    with pytest.raises(RepositoryError) as error:
        open_repository(str(folder))
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"workflows": 3}', "1" * 5000])
def test_an_index_that_is_none(text: str, folder: Path) -> None:
    (folder / INDEX).write_text(text)
    with pytest.raises(RepositoryError, match="is not what it should be"):
        open_repository(str(folder))


def test_newer_versions_are_refused_with_what_to_do(folder: Path) -> None:
    change(folder, form=9)
    with pytest.raises(RepositoryError, match="of version 9.*upgrade"):
        fetch(open_repository(str(folder)), "relion")
    (folder / INDEX).write_text('{"version": 7, "workflows": []}')
    with pytest.raises(RepositoryError, match="index is of version 7.*upgrade"):
        open_repository(str(folder))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "is not JSON"),
        ("{}", "expected an object"),
        (json.dumps({"version": 2, "steps": [{"name": "a", "protocol": "x"}] * 600}), "500"),
    ],
)
def test_a_file_that_is_no_workflow_harms_nothing(text: str, said: str, folder: Path) -> None:
    (folder / "relion.json").write_text(text)
    change(folder, sha256=hashlib.sha256(text.encode()).hexdigest(), bytes=len(text))
    with pytest.raises(InvalidWorkflow, match=said):
        fetch(open_repository(str(folder)), "relion")


class _Hostile(BaseHTTPRequestHandler):
    """Leads elsewhere, never ends, or drips."""

    def do_GET(self) -> None:
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
            return
        try:
            if self.path.startswith("/headers"):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            else:
                self.send_response(200)
                self.end_headers()
            while True:
                drips = self.path.startswith(("/drip", "/headers"))
                self.wfile.write(b" " if drips else b" " * 65536)
                self.wfile.flush()
                if drips:
                    threading.Event().wait(0.05)
        except OSError:
            pass

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hostile() -> Iterator[str]:
    yield from serving(_Hostile)


def test_a_server_that_is_hostile_is_left_soon(
    hostile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RepositoryError, match="answers 302; it leads to file:///etc/passwd"):
        open_repository(f"{hostile}/away")
    with pytest.raises(RepositoryError, match="has more than 2000000 bytes"):
        open_repository(f"{hostile}/endless")
    monkeypatch.setattr(module, "_PATIENCE", 0.5)
    for drips in ("drip", "headers"):
        before = time.monotonic()
        with pytest.raises(RepositoryError, match="takes longer than 0.5 s"):
            open_repository(f"{hostile}/{drips}")
        assert time.monotonic() - before < 20


@pytest.mark.parametrize("place", ["ftp://x/y", "file:///etc", "http://127.0.0.1:9/x", "/nowhere"])
def test_places_that_are_none(place: str) -> None:
    with pytest.raises(RepositoryError):
        open_repository(place)
