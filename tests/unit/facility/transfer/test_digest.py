"""What a file holds."""

import hashlib
import subprocess
import threading
from pathlib import Path

import pytest

from icestream.facility.transfer.digest import Interrupted, digest, from_disk


def test_it_is_what_b2sum_says(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"movie" * 1_000_000)
    said = subprocess.run(
        ["b2sum", "--length", "128", path], capture_output=True, text=True, check=True
    )
    made = from_disk(path)
    assert made.digest == said.stdout.split()[0] == digest(path)
    assert made.md5 == hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def test_reading_ends_when_told_to(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Interrupted):
        from_disk(tmp_path / "x", stopped)
