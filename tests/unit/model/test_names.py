"""Names stay apart, whatever is in them, and harm nobody who sees or uses them."""

import os

import pytest

from icestream.model import safe_file_name, shown_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("αβγ_日本 (1) [2]", "αβγ_日本 (1) [2]"),
        ("a\x1b[31m\nb", "a\\x1b[31m\\nb"),
        (os.fsdecode(b"caf\xe9"), "caf\\xe9"),
        ("a\u202eb", "a\\u202eb"),
    ],
)
def test_names_are_shown_as_they_are_unless_they_cannot_be(name: str, shown: str) -> None:
    assert shown_name(name) == shown
    assert shown.encode()


@pytest.mark.parametrize("name", ["FoilHole_1_Data_2-1.mrc", "_a", "14sep05c.frames_DW.mrc"])
def test_a_safe_name_is_its_own_file_name(name: str) -> None:
    assert safe_file_name(name) == name


def test_file_names_of_others_are_safe_short_and_apart() -> None:
    names = [
        *("mov(1).mrc", "mov[1].mrc", "mov 1.mrc", "mov_1.mrc", "α.mrc", "β.mrc", "日本.mrc"),
        *("-rf.mrc", "..", "a" * 161, "a" * 240 + "1.mrc", "a" * 240 + "2.mrc", "é" * 100, "(1)"),
        os.fsdecode(b"\xe9.mrc"),
    ]
    made = [safe_file_name(name) for name in names]
    assert len(set(made)) == len(names)
    assert made[0].startswith("mov_1-")
    for name, file in zip(names, made, strict=True):
        assert len(file) <= 160
        assert file.isascii()
        assert not set(file) & set(" ()[]/\\'\"*?$")
        assert file[0] not in ".-"
        assert file.endswith(".mrc") == name.endswith(".mrc")
