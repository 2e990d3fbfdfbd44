"""Text files as they are written on computers of any age: encodings and ends of lines."""

import codecs
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

from icestream.formats.errors import NotRead
from icestream.formats.kinds import open_file

__all__ = ["METADATA", "decode_text", "each_line", "read_lines", "split_lines"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
METADATA = 2**28
"""Bytes of a text of a microscope, which takes a tenth of it for a day; more is no such text."""
_END = re.compile(r"\r\n|\n|\r")


def decode_text(raw: bytes) -> str:
    """Text in UTF-8, UTF-16 (with or without its mark), or else in Windows' Western encoding.

    Cut off in the middle of a character it still is text.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding, "replace")
    head = raw[:256]
    if len(head) > 3 and not any(head[1::2]) and all(head[0::2]):
        return raw.decode("utf-16-le", "replace")
    if len(head) > 3 and not any(head[0::2]) and all(head[1::2]):
        return raw.decode("utf-16-be", "replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def each_line(path: Path | str) -> Iterator[str]:
    """The lines of a text file of any size, one after another, without their ends.

    Encodings are told apart as by `decode_text`; of one that is no UTF-8 after all, each byte that
    does not fit is read as Windows' Western encoding.

    Raises
    ------
    NotRead
        If it is a folder, a pipe or a device.
    """
    with open_file(path) as file:
        encoding, mark = _encoding(file.read(256))
        file.seek(mark)
        with io.TextIOWrapper(file, encoding, "western", newline=None) as text:
            for line in text:
                yield line.removesuffix("\n")


def _encoding(head: bytes) -> tuple[str, int]:
    """The encoding of a text by its beginning, and the bytes of its mark."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    for encoding, empty in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        other = head[0::2] if encoding == "utf-16-le" else head[1::2]
        if len(head) > 3 and not any(empty) and all(other):
            return encoding, 0
    return "utf-8", 0


def _western(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("western", _western)


def split_lines(text: str) -> list[str]:
    """Lines without their ends; the last may be empty. Only line ends end them.

    `str.splitlines` also splits at characters that occur in names, such as 0x85 of Windows.
    """
    return _END.split(text)


def read_lines(path: Path | str, most: int | None = None) -> list[str]:
    """The lines of a text file of at most so many bytes.

    Raises
    ------
    NotRead
        If it is a folder, a pipe or a device, or larger than `most`.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        if most is not None and size > most:
            raise NotRead(
                path,
                expected=f"a text of at most {most} bytes",
                found=f"{size} bytes",
                advice="give the file that the microscope wrote",
            )
        return split_lines(decode_text(file.read()))
