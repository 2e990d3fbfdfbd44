"""Pointers: where a store is, whole or not at all, and what is said of one that is broken."""

from pathlib import Path

import pytest

from icestream.store.pointer import POINTER, BadPointer, Pointer, read_pointer, write_pointer

LOCAL = Pointer(file="/var/icestream.db", host="scope", folder="/data/s")
SCHEMA = Pointer(url="postgresql+psycopg://host/db", schema="s_1", folder="/data/s")


@pytest.mark.parametrize("pointer", [LOCAL, SCHEMA])
def test_what_was_written_is_read(tmp_path: Path, pointer: Pointer) -> None:
    assert read_pointer(tmp_path) is None
    write_pointer(tmp_path, pointer)
    assert read_pointer(tmp_path) == pointer
    assert [path.name for path in tmp_path.iterdir()] == [POINTER]


def test_pointers_of_earlier_versions_are_read(tmp_path: Path) -> None:
    (tmp_path / POINTER).write_text('{"url": "u", "schema": "s", "more": 1}')
    assert read_pointer(tmp_path) == Pointer(url="u", schema="s")


def test_a_pointer_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pointer(tmp_path, LOCAL)
    monkeypatch.setattr("json.dump", lambda said, file: file.write("{") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_pointer(tmp_path, SCHEMA)
    assert read_pointer(tmp_path) == LOCAL


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "is empty"),
        ("{", "cannot be read"),
        ("[1]", "names neither"),
        ("3", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("{}", "names neither"),
        ('{"url": "u"}', "names neither"),
        ("\0\0\0\0", "cannot be read"),
    ],
)
def test_a_broken_pointer_is_named_with_what_to_do(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / POINTER).write_text(text)
    with pytest.raises(BadPointer, match=wrong) as said:
        read_pointer(tmp_path)
    assert str(tmp_path / POINTER) in str(said.value)
    assert "Delete it" in str(said.value)
