"""Letters to staff survive the process that wrote them."""

from pathlib import Path

from icestream.facility.duties.letters import FILE, letters_in
from post_office import MESSAGE


def test_they_are_kept_in_order_until_they_are_taken(tmp_path: Path) -> None:
    with letters_in(tmp_path / "state") as letters:
        letters.keep("post", MESSAGE)
        letters.keep("room", MESSAGE)
        letters.keep("post", MESSAGE)
    assert (tmp_path / "state" / FILE).is_file()
    with letters_in(tmp_path / "state") as letters:
        waiting = letters.waiting()
        assert {channel: len(them) for channel, them in waiting.items()} == {"post": 2, "room": 1}
        first, second = waiting["post"]
        assert first.id < second.id
        assert first.message == MESSAGE
        letters.drop(first)
        assert letters.waiting()["post"] == [second]
