"""Text of any encoding, and its lines."""

from pathlib import Path

import pytest

from icestream.formats.errors import FormatError, NotRead
from icestream.formats.text import METADATA, decode_text, each_line, read_lines, split_lines

TEXT = "Grid = Zelle_ü\r\nPixelSpacing = 1.05\n"


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("cp1252"),
    ],
)
def test_encodings(raw: bytes) -> None:
    assert decode_text(raw) == TEXT


def test_a_cut_character_is_no_other_encoding() -> None:
    assert decode_text("Zelle_ü".encode()[:-1]) == "Zelle_"
    assert decode_text("Zelle".encode("utf-16")[:-1]).startswith("Zell")


def test_only_line_ends_end_lines() -> None:
    assert split_lines("a\r\nb\rc\nd") == ["a", "b", "c", "d"]
    assert split_lines("a\x85b\x0bc\u2028d\n") == ["a\x85b\x0bc\u2028d", ""]


def test_lines_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(TEXT.encode("utf-16"))
    assert read_lines(tmp_path / "a") == ["Grid = Zelle_ü", "PixelSpacing = 1.05", ""]
    with pytest.raises(FormatError, match="found a folder"):
        read_lines(tmp_path)


def test_what_is_too_large_for_a_text_is_not_read(tmp_path: Path) -> None:
    """A file of a copy that has its size before its content, of gigabytes by mistake."""
    path = tmp_path / "a.mdoc"
    with path.open("wb") as file:
        file.truncate(6 * 2**30)
    with pytest.raises(NotRead, match=r"at most 268435456 bytes, found 6442450944 bytes"):
        read_lines(path, METADATA)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_come_one_by_one_as_they_come_together(
    tmp_path: Path, encoding: str, end: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(end.join(["data_", "\x85 5 \u00c5", "", "last"]).encode(encoding))
    assert list(each_line(path)) == read_lines(path)


def test_a_byte_that_is_no_utf_8_is_one_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"a" * 300 + "\nµm 5 Å".encode("cp1252"))
    assert list(each_line(path)) == read_lines(path)
