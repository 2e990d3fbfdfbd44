"""Which parameters name files: by their types, and those of sources that are text."""

from pathlib import Path

import pytest

from icestream.protocol import InputFile, Parameters, named_files, names_files


class Some(Parameters):
    """Of several kinds."""

    gain: InputFile | None = None
    """A file."""
    particles: Path | None = None
    """A file or a folder."""
    many: tuple[Path, ...] = ()
    """Several."""
    pattern: str = ""
    """Files of a folder."""
    word: str = ""
    """No file."""


def test_files_are_known_by_the_types_of_their_parameters() -> None:
    named = {name for name in (*Some.model_fields, "unknown") if names_files(Some, name)}
    assert named == {"gain", "particles", "many", "pattern"}


def test_each_file_is_named_with_its_parameter() -> None:
    values = {
        "gain": "/a/gain.mrc",
        "particles": None,
        "many": ["/b/1", "/b/2"],
        "pattern": "/c/**/*_fractions.tiff",
        "word": "/d",
        "unknown": "/e",
    }
    assert list(named_files(Some, values)) == [
        ("gain", Path("/a/gain.mrc")),
        ("many", Path("/b/1")),
        ("many", Path("/b/2")),
        ("pattern", Path("/c")),
    ]


def test_what_is_no_path_is_said() -> None:
    with pytest.raises(ValueError, match="gain: 'a.*' is no path"):
        list(named_files(Some, {"gain": "a\x00b"}))
