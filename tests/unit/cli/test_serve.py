"""`icestream serve`: says where it is, serves, refuses a busy port, ends with Ctrl-C."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from icestream.cli.serve import listen

COMMAND = [sys.executable, "-m", "icestream", "serve"]


def test_it_serves_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, str(tmp_path), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as served:
        try:
            assert served.stdout is not None
            line = served.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/", line)
            assert address is not None
            # It listens already: this waits until the application is there.
            with urllib.request.urlopen(f"{address[0]}api/sessions", timeout=60) as answer:
                assert json.load(answer) == []
            served.send_signal(signal.SIGINT)
            _, said = served.communicate(timeout=30)
        finally:
            served.kill()
    assert served.returncode == 0
    assert "Traceback" not in said


def test_a_busy_port_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, str(tmp_path), "--port", str(port)],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 2
    assert f"port {port}: another program does" in done.stderr
    assert "--port" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [("127.0.0.1", 70000, "0 to 65535"), ("no.such.host.invalid", 0, "no such address")],
)
def test_an_address_that_cannot_be_is_refused(host: str, port: int, words: str) -> None:
    with pytest.raises(OSError, match=words):
        listen(host, port)


def test_a_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, str(tmp_path / "nothing")],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "nothing does not exist" in done.stderr


def test_the_document_is_written_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    done = subprocess.run(
        [*COMMAND, str(tmp_path), "--openapi", str(file)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "/api/sessions" in json.loads(file.read_text())["paths"]
