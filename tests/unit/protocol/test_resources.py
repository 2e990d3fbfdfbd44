"""What a task needs, and where it may write."""

from pathlib import Path

from icestream.protocol import Resources, Work


def test_a_path_lies_in_the_scratch_folder(tmp_path: Path) -> None:
    assert Work(folder=tmp_path).path("a.mrc") == tmp_path / "a.mrc"


def test_a_task_needs_one_core_unless_it_says_more() -> None:
    assert Resources().cores == 1
    assert Resources().gpus == 0


def test_a_file_of_the_session_is_found_where_the_session_is_now(tmp_path: Path) -> None:
    before = Work(folder=tmp_path, session=tmp_path / "before")
    after = Work(folder=tmp_path, session=tmp_path / "after")
    kept = before.to_keep(tmp_path / "before" / "align" / "a.mrc")
    assert kept == Path("align/a.mrc")
    assert after.kept_file(kept) == tmp_path / "after" / "align" / "a.mrc"
    outside = tmp_path / "data" / "a.mrc"
    assert after.kept_file(before.to_keep(outside)) == outside
    assert Work(folder=tmp_path).kept_file(Work(folder=tmp_path).to_keep(outside)) == outside
