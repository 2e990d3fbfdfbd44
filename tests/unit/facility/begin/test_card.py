"""The card of a session is written whole, and read tolerantly."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from icestream.facility.begin.card import CARD, BadCard, Card, cards_below, read_card, write_card


def card(folder: Path) -> Card:
    return Card(
        session="p-001",
        key="k",
        place=str(folder.parent),
        folder=str(folder),
        microscope="krios1",
        booking=("booked", "17"),
        began=5.0,
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = card(tmp_path)
    write_card(written)
    assert read_card(tmp_path) == written
    assert json.loads((tmp_path / CARD).read_text())["version"] == 1
    assert read_card(tmp_path / "none") is None
    assert read_card(tmp_path / CARD / "x") is None


def test_one_of_a_later_version_may_say_more(tmp_path: Path) -> None:
    write_card(card(tmp_path))
    document = json.loads((tmp_path / CARD).read_text())
    (tmp_path / CARD).write_text(json.dumps({**document, "version": 9, "colour": "blue"}))
    assert read_card(tmp_path) == card(tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": None}, "it has no version"),
        ({"key": ""}, "it names no session"),
        ({"began": "yesterday"}, "began is 'yesterday', and no time"),
        ({"project": 5}, "project is 5, and no text"),
        ({"folder": None}, "folder is None, and no text"),
    ],
)
def test_one_that_is_none_is_refused(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    write_card(card(tmp_path))
    document = json.loads((tmp_path / CARD).read_text())
    (tmp_path / CARD).write_text(json.dumps({**document, **change}))
    with pytest.raises(BadCard, match=says) as error:
        read_card(tmp_path)
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 1}', "\xff"])
def test_garbage_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / CARD).write_bytes(text.encode("latin-1"))
    with pytest.raises(BadCard, match=CARD):
        read_card(tmp_path)


def test_cards_are_found_below_a_folder(tmp_path: Path) -> None:
    for name in ("a/b/s1", "a/s2", "a/s2/inside", ".hidden/s3"):
        (tmp_path / name).mkdir(parents=True)
        write_card(replace(card(tmp_path / name), key=name))
    (tmp_path / "link").symlink_to(tmp_path / "a")
    found = [str(one.relative_to(tmp_path)) for one in cards_below(tmp_path)]
    assert found == ["a/b/s1", "a/s2"]
    assert list(cards_below(tmp_path, deep=1)) == []
    assert list(cards_below(tmp_path / "none")) == []
