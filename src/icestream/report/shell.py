"""The page itself: one HTML file with its style and its script inside."""

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment
from markupsafe import Markup

import icestream

__all__ = ["page_version", "render_page", "script_hash"]

_SCRIPTS = (
    "dom.js",
    "plots.js",
    "figures.js",
    "overview.js",
    "exposures.js",
    "first.js",
    "map.js",
    "timeline.js",
    "follow.js",
)


def _read(name: str) -> str:
    return (files("icestream.report") / "page" / name).read_text(encoding="utf-8")


def _script() -> str:
    """All scripts as one, closed to the outside but for ``window.icestream``."""
    parts = "\n".join(_read(name) for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


def page_version() -> str:
    """Changes when the page does; an open page that meets another version loads itself again."""
    content = _script() + _read("style.css") + _read("index.html.j2")
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def script_hash() -> str:
    """By what a browser knows the script of the page, and no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()}"


def render_page(title: str) -> str:
    """The HTML of the page for a session called `title`.

    The policy in its head lets the browser run our script alone, known by its hash, and data
    files beside the page; nothing is ever asked of another place.
    """
    script = _script()
    template = Environment(autoescape=True, keep_trailing_newline=True).from_string(
        _read("index.html.j2")
    )
    return template.render(
        title=title,
        style=Markup(_read("style.css")),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own files
        script_hash=script_hash(),
        software=f"icestream {icestream.__version__}",
    )
