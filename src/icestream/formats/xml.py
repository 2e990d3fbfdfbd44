"""XML as microscopes write it: elements and text, without definitions of a document of its own.

A document type can define entities, each of ten others, that grow a line of text into gigabytes.
No program of a microscope writes one, so it is refused where it begins.
"""

import os
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from icestream.formats.errors import FormatError, NotRead
from icestream.formats.kinds import open_file

__all__ = ["read_xml"]

_PIECE = 65536
_MOST = 2**26
"""Bytes of a file; those of microscopes have thousands of them."""
_DEEPEST = 200
"""Elements within each other; EPU has ten."""


class _Refused(Exception):
    """Something that no microscope writes; caught in this module."""


def read_xml(path: Path) -> Element:
    """The root of an XML file; tags begin with their namespace and a closing brace.

    Raises
    ------
    NotRead
        If it defines a document type, with or without entities.
    FormatError
        If it is no XML, or cut off.
    """
    try:
        return _parse(path)
    except FormatError:
        raise
    except _Refused as error:
        raise NotRead(
            path,
            expected="XML as a microscope writes it",
            found=str(error),
            advice="give the file that the microscope wrote",
        ) from None
    except expat.ExpatError as error:
        raise FormatError(
            path,
            expected="a whole XML file",
            found=f"{error} in {path.stat().st_size} bytes",
            advice="wait until it is written, or copy it again",
        ) from error
    except (ValueError, LookupError) as error:
        raise FormatError(
            path,
            expected="an XML file in UTF-8",
            found=f"an encoding that cannot be read ({error})",
            advice="copy it again",
        ) from error


def _parse(path: Path) -> Element:
    builder = TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise _Refused(f"more than {_DEEPEST} elements within each other")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_: Any) -> None:
        raise _Refused("a document type (<!DOCTYPE), which may define entities")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > _MOST:
            raise _Refused(f"{size} bytes, more than {_MOST}")
        while piece := file.read(_PIECE):
            parser.Parse(piece)
        parser.Parse(b"", True)
    root: Element = builder.close()
    return root
