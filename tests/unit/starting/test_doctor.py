"""What this machine has for sessions."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.executors.cluster import trial
from icestream.engine.executors.cluster.trial import Tried
from icestream.protocol import Probe, Program, Resources
from icestream.protocol.registry import Registry
from icestream.protocols.estimate_ctf import EstimateCtf
from icestream.protocols.pick_by_log import PickByLog
from icestream.starting import doctor as module
from icestream.starting.doctor import Finding, examine


def test_it_looks_at_what_sessions_need(tmp_path: Path) -> None:
    found = {finding.what: finding for finding in examine(tmp_path)}
    for what in ("cores", "memory", "GPUs", "disk", "file system", "shared state", "protocols"):
        assert what in found
    assert found["folder"].mark == "ok"
    assert "compiled kernels" in found


def test_what_is_not_ok_says_what_it_costs(tmp_path: Path) -> None:
    assert all(finding.cost for finding in examine(tmp_path) if finding.mark != "ok")


def test_a_folder_that_does_not_exist_yet(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "session"
    found = {finding.what: finding for finding in examine(folder)}
    assert found["folder"].mark == "ok"
    assert found["folder"].found == f"{folder}, does not exist yet; can be made"
    assert not folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_network_file_system_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_network", lambda folder: True)
    found = {finding.what: finding for finding in examine(tmp_path)}
    assert found["file system"].mark == "missing"
    assert "local disk" in found["file system"].cost


def test_cores_that_others_use_are_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "getloadavg", lambda: (1e6, 0.0, 0.0))
    found = {finding.what: finding for finding in examine(tmp_path)}
    assert found["cores"].mark == "busy"


def test_our_steps_need_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    found = {finding.what: finding for finding in examine(tmp_path)}
    assert found["GPUs"].mark == "ok"
    assert "need none" in found["GPUs"].found
    registry = Registry()
    ours = [name for name in registry.names() if registry.package(name).split()[0] == "icestream"]
    assert ours
    assert not {f"GPUs for {name}" for name in ours} & set(found)


def test_numerics_say_whether_a_gpu_is_used_and_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def numerics(gpus: list[str], answer: tuple[bool, str]) -> module.Finding:
        monkeypatch.setattr(module, "_gpu_names", lambda: gpus)
        monkeypatch.setattr(module, "cuda_available", lambda: answer)
        return next(each for each in examine(tmp_path) if each.what == "numerics")

    plain = numerics([], (False, "CuPy is not installed"))
    assert plain.mark == "ok"
    assert plain.found == "CPU; no GPU: CuPy is not installed"
    idle = numerics(["A100"], (False, "CuPy is not installed"))
    assert idle.mark == "missing"
    assert "CPU only" in idle.cost
    used = numerics(["A100"], (True, "A100, 80 GiB"))
    assert used.mark == "ok"
    assert "A100, 80 GiB" in used.found


def test_a_protocol_that_needs_more_gpus_than_there_are_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    monkeypatch.setattr(EstimateCtf, "need", lambda self: Resources(gpus=1))
    found = {finding.what: finding for finding in examine(tmp_path)}
    assert found["GPUs for ctf.estimate"].mark == "missing"


def test_programs_are_named_with_their_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "fit"
    there.write_text("#!/bin/sh\necho fit 4.1\n")
    there.chmod(0o755)
    programs = (Program(str(there), probe=Probe()), Program("/no/such/fit", package="ask them"))
    monkeypatch.setattr(EstimateCtf, "programs", lambda self: programs)
    monkeypatch.setattr(EstimateCtf, "lacking", lambda self: ("no licence; export LICENCE",))
    found = {finding.what: finding for finding in examine(tmp_path)}
    assert found[f"program {there}"].mark == "ok"
    assert found[f"program {there}"].found == f"{there}, version 4.1"
    assert found["program /no/such/fit"].mark == "missing"
    assert found["program /no/such/fit"].found.endswith("; install it (ask them)")
    assert found["program /no/such/fit"].cost == "ctf.estimate cannot run here"
    assert found["for ctf.estimate"].found == "no licence; export LICENCE"


def test_a_program_that_several_protocols_run_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = (Program("/no/such/fit", package="ask them"),)
    for protocol in (EstimateCtf, PickByLog):
        monkeypatch.setattr(protocol, "programs", lambda self: programs)
    told = [finding for finding in examine(tmp_path) if finding.what == "program /no/such/fit"]
    assert [finding.cost for finding in told] == ["ctf.estimate, picks.log cannot run here"]


def test_a_protocol_that_raises_is_said_and_the_others_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EstimateCtf) -> Resources:
        raise RuntimeError("not today")

    monkeypatch.setattr(EstimateCtf, "need", refuse)
    found = {finding.what: finding for finding in examine(tmp_path)}
    assert found["protocol ctf.estimate"].mark == "wrong"
    assert "cannot be made" in found["protocol ctf.estimate"].found
    assert "not today" in found["protocol ctf.estimate"].found


def test_a_gpu_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho '0, 46068, 3, 0, 30, NVIDIA A40'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = {finding.what: finding for finding in examine(tmp_path)}
    assert found["GPUs"].mark == "ok"
    assert found["GPUs"].found == "NVIDIA A40, 45 GB"


def test_a_cluster_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt(cluster: Any, folder: Path, patience: float) -> Iterator[Tried]:
        assert (cluster.address, folder) == ("tcp://head:1", tmp_path)
        yield Tried("a", "well", "h, cores: 2, GPUs: 0")
        yield Tried("", "wrong", "it has gone")

    monkeypatch.setattr(trial, "try_cluster", attempt)
    settings = tmp_path / "settings.toml"
    settings.write_text(
        'executor = "dask"\n[executors.dask]\nkind = "dask"\naddress = "tcp://head:1"\n'
    )
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(settings))
    found = {one.what: one for one in module._executor(tmp_path / "new")}
    assert found["executor dask, a"] == Finding("ok", "executor dask, a", "h, cores: 2, GPUs: 0")
    assert (found["executor dask"].mark, found["executor dask"].found) == ("wrong", "it has gone")
    assert "Run on a cluster" in found["executor dask"].cost


def test_without_a_cluster_tasks_run_here(tmp_path: Path) -> None:
    assert [one.found for one in module._executor(tmp_path)] == ["local, this machine"]
