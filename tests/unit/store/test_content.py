"""The hash of a file's content is one that others can make too."""

import shutil
import subprocess
from pathlib import Path

import pytest

from icestream.store.content import content_hash


def of(path: Path) -> str:
    with path.open("rb") as file:
        return content_hash(file)


def test_any_other_byte_is_another_hash(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(bytes(10_000_000))
    other.write_bytes(bytes(9_999_999) + b"\1")
    assert of(one) == of(one)
    assert of(one) != of(other)
    assert len(of(one)) == 32


def test_it_is_what_coreutils_say(tmp_path: Path) -> None:
    if shutil.which("b2sum") is None:
        pytest.skip("b2sum of GNU coreutils is not installed")
    file = tmp_path / "file"
    file.write_bytes(b"some content")
    said = subprocess.check_output(["b2sum", "--length", "128", file], text=True)
    assert said.split()[0] == of(file)
