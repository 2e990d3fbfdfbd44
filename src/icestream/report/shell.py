"""The page itself: one HTML file with its style and its script inside.

Both are built from the components of the web application (``frontend/report``); where that was not
done, the page says so.
"""

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment
from markupsafe import Markup

import icestream

__all__ = ["is_built", "page_version", "render_page"]

_HERE = Path(__file__).parent
_BUILT = ("static/report.js", "static/report.css")
"""Written by ``make ui``; in every wheel."""


class _Built(NamedTuple):
    """Text of the script and of the style sheet; empty where they are not built."""

    script: str
    style: str


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _built() -> _Built:
    """What was built last: read anew whenever it is another."""
    try:
        stamps = tuple((_HERE / name).stat().st_mtime_ns for name in _BUILT)
    except OSError:
        stamps = ()
    return _load(stamps)


@lru_cache(maxsize=1)
def _load(_stamps: tuple[int, ...]) -> _Built:
    try:
        return _Built(*(_read(name) for name in _BUILT))
    except OSError:
        return _Built("", "")


def is_built() -> bool:
    """Whether this installation has the page that draws a report's data."""
    return bool(_built().script)


def page_version() -> str:
    """Changes when the page does; an open page that meets another version loads itself again."""
    content = "".join(_built()) + _read("page/index.html.j2")
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def render_page(title: str) -> str:
    """The HTML of the page for a session called `title`.

    The policy in its head lets the browser run our script and use our style alone, both known by
    their hashes, and data files beside the page; nothing is ever asked of another place. Without
    a script that was built, the page tells in words what is missing and what to do.
    """
    script, style = _built()
    template = Environment(autoescape=True, keep_trailing_newline=True).from_string(
        _read("page/index.html.j2")
    )
    return template.render(
        title=title,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=_hash(script),
        style_hash=_hash(style),
        software=f"icestream {icestream.__version__}",
    )
