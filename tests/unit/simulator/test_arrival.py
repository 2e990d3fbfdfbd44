"""How a file appears: what a watcher sees between the pieces."""

import pytest

from icestream.simulator.arrival import deliver

CONTENT = bytes(range(256)) * 40


def _deliver(tmp_path, arrival, **settings):
    staged = tmp_path / "staged"
    staged.write_bytes(CONTENT)
    target = tmp_path / "watched" / "movie.tiff"
    seen = []

    def look(seconds):
        seen.append((target.stat().st_size if target.exists() else None, seconds))

    deliver(staged, target, arrival=arrival, pause=look, seconds=4.8, **settings)
    assert not staged.exists()
    return target, seen


@pytest.mark.parametrize("arrival", ["rename", "copy", "extend"])
def test_the_file_arrives_as_it_was(tmp_path, arrival):
    target, seen = _deliver(tmp_path, arrival)
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["movie.tiff"]
    assert sum(seconds for _, seconds in seen) == pytest.approx(4.8, rel=0.05)


def test_renamed_files_appear_whole(tmp_path):
    _, seen = _deliver(tmp_path, "rename")
    assert {size for size, _ in seen} == {None}


def test_copied_files_grow(tmp_path):
    _, seen = _deliver(tmp_path, "copy")
    sizes = [size for size, _ in seen]
    assert sizes == sorted(sizes)
    assert sizes[0] < len(CONTENT) / 10


def test_extended_files_have_their_size_from_the_start(tmp_path):
    _, seen = _deliver(tmp_path, "extend")
    assert {size for size, _ in seen} == {len(CONTENT)}


def test_a_transfer_that_breaks_off_leaves_a_part(tmp_path):
    target, _ = _deliver(tmp_path, "copy", upto=0.5)
    assert target.read_bytes() == CONTENT[: len(CONTENT) // 2]


def test_a_pre_extended_file_that_breaks_off_ends_in_zeros(tmp_path):
    target, _ = _deliver(tmp_path, "extend", upto=0.5)
    half = len(CONTENT) // 2
    assert target.read_bytes() == CONTENT[:half] + bytes(len(CONTENT) - half)
