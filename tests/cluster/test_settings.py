"""Sessions that others begin run where the settings say, as those of a terminal do."""

from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from dask_cluster import wait_until
from icestream.engine.executors.cluster.present import read_nodes
from icestream.engine.machine.lock import holder
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.settings import load
from microscope_folder import movies_in

SETTINGS = """
executor = "here"

[executors.here]
kind = "dask"

[executors.here.nodes.small]
cores = 1
memory = "2GB"
least = 1
"""


def test_a_session_that_a_server_begins_has_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "settings.toml"
    mine.write_text(SETTINGS)
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(mine))
    for name in ("sessions", "data"):
        (tmp_path / name).mkdir()
    movies_in(tmp_path / "data")
    loaded = load(roots=(tmp_path / "data",), state=tmp_path / "state")
    with (
        closing(Server([tmp_path / "sessions"], loaded)) as server,
        TestClient(create_app(server), base_url="http://127.0.0.1:8000") as client,
    ):
        folder = tmp_path / "sessions" / "new"
        asked = {
            "pattern": str(tmp_path / "data" / "microscope"), "folder": str(folder),
            "parameters": {"import": {"watch": True}},
        }  # fmt: skip
        begun = client.post("/api/sessions", json=asked)
        assert begun.status_code == 201, begun.text
        there = wait_until(lambda: (said := read_nodes(folder / ".scratch")) and said.nodes)
        assert [(node.kind, node.cores) for node in there] == [("small", 1)]
        client.post(f"/api/sessions/{begun.json()['id']}/requests", json={"verb": "abort"})
        wait_until(lambda: not holder(folder))
