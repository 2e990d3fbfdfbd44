"""What a task needs, and where it may write."""

from pathlib import Path

from icestream.protocol import Resources, Work


def test_a_path_lies_in_the_scratch_folder(tmp_path: Path) -> None:
    assert Work(folder=tmp_path).path("a.mrc") == tmp_path / "a.mrc"


def test_a_task_needs_one_core_unless_it_says_more() -> None:
    assert Resources().cores == 1
    assert Resources().gpus == 0
