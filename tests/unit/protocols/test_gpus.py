"""What is known of the GPUs."""

import os
from pathlib import Path

import pytest

from icestream.protocols.gpus import Gpu, parse_gpus, read_gpus

PRINTED = """0, 24564, 1024, 12, 45, NVIDIA RTX A5000
1, 81559, 3, [N/A], 40, NVIDIA H100, divided
2, [N/A], [N/A], [N/A], [GPU is lost], NVIDIA A40
"""


def test_what_is_printed() -> None:
    first, divided, lost = parse_gpus(PRINTED)
    assert first == Gpu(
        number=0, name="NVIDIA RTX A5000", memory=24564, used=1024, load=12, temperature=45
    )
    assert (divided.load, divided.temperature, divided.name) == (None, 40, "NVIDIA H100, divided")
    assert lost == Gpu(number=2, name="NVIDIA A40")


@pytest.mark.parametrize("text", ["", "No devices were found\n", "\n, , , , , \n"])
def test_no_gpu(text: str) -> None:
    assert parse_gpus(text) == []


def _program(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_the_program_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "echo '0, 46068, 3, 0, 30, NVIDIA A40'", monkeypatch)
    assert [gpu.name for gpu in read_gpus()] == ["NVIDIA A40"]


@pytest.mark.parametrize("script", ["echo '0, 1, 1, 1, 1, X'; exit 9", "exec sleep 5"])
def test_a_driver_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    _program(tmp_path, script, monkeypatch)
    assert read_gpus(patience=0.3) == []


def test_no_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_gpus() == []
