"""The one page of a collector: a map by country, and tables. It has no script."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from icestream.server.collector.tally import UsageFigures
from icestream.usage.countries import world_map

__all__ = ["STYLE", "shade_words", "write_page"]

_FOLDER = Path(__file__).with_name("page")
STYLE = _FOLDER / "style.css"
_CLASSES = (1, 2, 5, 10, 20)
"""Installations at which a shade begins."""
_DOT = 7
"""Radius of what is too small for an outline, in the units of the map."""


def write_page(figures: UsageFigures) -> str:
    """The page, as HTML.

    Parameters
    ----------
    figures
        What it shows.
    """
    page = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page.filters["number"] = lambda value: f"{value:,}"
    page.filters["breakable"] = lambda name: Markup("<wbr>").join(re.split(r"(?<=[._])", name))
    there = {one.country: one for one in figures.countries}
    return page.get_template("page.html").render(
        figures=figures,
        map=world_map(),
        there=there,
        shade=_shade,
        classes=[(shade_words(at), f"n{at}") for at in range(len(_CLASSES))],
        dot=_DOT,
    )


def _shade(installations: int) -> str:
    """The class of style of a country; that of none is empty."""
    reached = [at for at, least in enumerate(_CLASSES) if installations >= least]
    return f"n{reached[-1]}" if reached else ""


def shade_words(at: int) -> str:
    """What a shade means: ``2–4``.

    >>> shade_words(0), shade_words(1), shade_words(4)
    ('1', '2–4', '20 or more')
    """
    least = _CLASSES[at]
    if at + 1 == len(_CLASSES):
        return f"{least} or more"
    most = _CLASSES[at + 1] - 1
    return str(least) if most == least else f"{least}–{most}"
