"""A report as a server may hand it out: our own page, and data that hold nothing but data.

A session's folder may come from a stranger, and what a server hands out runs with the rights of
whoever looks at it.
"""

import json
import re
from pathlib import Path

from icestream.formats import FormatError
from icestream.report.shell import render_page, report_sources

__all__ = ["report_data", "report_page", "report_policy"]

_CALL = re.compile(rb"\Aicestream\.[a-zA-Z]+\((.*)\);\n?\Z", re.DOTALL)


def report_page(file: Path, title: str) -> bytes:
    """The page of a report, if it is the one that this version writes.

    Parameters
    ----------
    file
        ``index.html`` of the report.
    title
        Name of the session.

    Raises
    ------
    FormatError
        If another version has written it, or somebody else.
    """
    content = file.read_bytes()
    if content != render_page(title).encode():
        raise FormatError(
            file,
            expected="the page of a report of this version of icestream",
            found="another page",
            advice="write it anew with icestream report, or open the file itself",
        )
    return content


def report_data(file: Path) -> bytes:
    """The data of a report, which its page loads as a script that calls one function.

    Raises
    ------
    FormatError
        If there is anything else in it.
    """
    content = file.read_bytes()
    found = _CALL.match(content)
    try:
        if found is None:
            raise ValueError("no call of one function")
        json.loads(found[1])
    except (ValueError, RecursionError) as error:
        raise FormatError(
            file,
            expected="data of a report",
            found="what could be a program",
            advice="write the report anew with icestream report, or open the file itself",
        ) from error
    return content


def report_policy() -> str:
    """What the page may do in a browser: run our script, and load what is beside it."""
    script, style = report_sources()
    return (
        f"default-src 'none'; script-src 'self' '{script}'; style-src '{style}'; "
        "img-src 'self' data:; frame-ancestors 'self'"
    )
