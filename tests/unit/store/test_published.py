"""What became of publishing a report."""

import json
from pathlib import Path

from icestream.store.published import RECORD, Published, published, published_words


def test_a_record_of_another_version_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / RECORD).write_text(json.dumps({"to": "elsewhere"}))
    assert published(tmp_path) is None


def test_words() -> None:
    day = 86400.0 * 20000
    assert published_words(Published(target="web:/live")) == "not yet published to web:/live"
    assert published_words(Published(target="web:/live", last=day)).startswith(
        "published to web:/live at 20"
    )
    failing = Published(target="up.sh", last=day, failing=day + 60, tries=2, why="no route")
    words = published_words(failing)
    assert words.startswith("not published to up.sh since 20")
    assert "tried 2 times, published last at 20" in words
    assert words.endswith(": no route")
