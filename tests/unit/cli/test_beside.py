"""The web application beside a command: it answers at once, and ends with the command."""

import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx2
import psutil

from icestream.cli import beside
from icestream.cli.beside import served_beside
from icestream.cli.serve import listen
from report_session import SampleSession


def test_sessions_are_shown_while_the_block_runs(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with served_beside(tmp_path, log) as address:
        # It may not have started yet, and is asked all the same.
        assert httpx2.get(f"{address}api/sessions", timeout=240).json() == []
        with closing(SampleSession(tmp_path / "grid", start=1e9, documents=False).store):
            deadline = time.monotonic() + 240
            while not (found := httpx2.get(f"{address}api/sessions", timeout=240).json()):
                assert time.monotonic() < deadline
                time.sleep(0.2)
        assert found[0]["folder"] == str(tmp_path / "grid")
        port = int(address.rstrip("/").rpartition(":")[2])
    assert "Traceback" not in log.read_text()
    with closing(listen("127.0.0.1", port)):
        pass  # it has ended


def test_another_port_is_taken_where_the_usual_one_is_not_free(tmp_path: Path) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        before, beside._PORT = beside._PORT, taken
        try:
            with closing(beside._listen()) as free:
                assert free.getsockname()[1] != taken
        finally:
            beside._PORT = before


def test_it_ends_when_the_command_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from icestream.cli.beside import served_beside\n"
        "folder = Path(sys.argv[1])\n"
        "with served_beside(folder, folder / 'log') as address:\n"
        "    print(address, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            httpx2.get(f"{address}api/sessions", timeout=240)
            (server,) = psutil.Process(process.pid).children()
        finally:
            process.kill()
    server.wait(60)
    assert not server.is_running()
