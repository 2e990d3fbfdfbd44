"""Values of another program, in our units, and back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from icestream.engine.graph.blanks import read_value
from icestream.engine.graph.document import BLANK, Blank, uses
from icestream.protocol import Becomes

__all__ = ["CannotConvert", "Converted", "back", "convert", "nothing", "plain"]

_HOURS = re.compile(r"\s*([\d.]+)\s*([dhms]?)\s*")
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "": 1.0}


class CannotConvert(ValueError):
    """A value that cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A value of ours."""

    value: Any
    remark: str = ""
    """What is not as it was, in words; empty where nothing is."""
    is_off: bool = False
    """It is what their switch means where it is off."""


def nothing(value: Any) -> bool:
    """Whether a value of theirs says nothing."""
    return value is None or value == ""


def plain(value: Any, blanks: Mapping[str, Blank]) -> Any:
    """A value with the defaults of blanks in their places; None where one has none."""
    if not isinstance(value, str) or not any(name in blanks for name in uses(value)):
        return value
    whole = BLANK.fullmatch(value)
    if whole:
        return blanks[whole[1]].default
    if any(blanks[name].default is None for name in uses(value) if name in blanks):
        return None
    return BLANK.sub(
        lambda found: str(blanks[found[1]].default) if found[1] in blanks else found[0], value
    )


def convert(
    taken: Becomes, values: Mapping[str, Any], pixel: float | None, blanks: Mapping[str, Blank]
) -> Converted | None:
    """A parameter of ours from theirs; None where they say nothing about it.

    Parameters
    ----------
    taken
        How it is taken.
    values
        All values of their step.
    pixel
        Pixel size of what comes to the step, Å; None where it is not known.
    blanks
        Those that stand in the values, by name.

    Raises
    ------
    CannotConvert
        If there is a value that cannot be taken.
    """
    if taken.by == "path":
        return _path(taken, values)
    value = values.get(taken.theirs)
    if nothing(value):
        return None
    if taken.only_if and taken.only_if in values and not plain(values[taken.only_if], blanks):
        return None if taken.off is None else Converted(taken.off, is_off=True)
    if isinstance(value, str) and any(name in blanks for name in uses(value)):
        if taken.by == "value" and taken.factor == 1 and not taken.choices:
            return Converted(value)
        known = plain(value, blanks)
        if known is None:
            raise CannotConvert("it is left open, and cannot be converted; set it")
        remark = f"for {taken.theirs} = {known}, its default in the template"
        found = _converted(taken, known, pixel)
        return found and Converted(found.value, remark)
    return _converted(taken, value, pixel)


def back(taken: Becomes, value: Any, pixel: float | None) -> Any:
    """Their value for one of ours; the inverse of `convert`.

    Raises
    ------
    CannotConvert
        If it cannot be said there.
    """
    if isinstance(value, str) and uses_blank(value):
        if taken.by == "value" and taken.factor == 1 and not taken.choices:
            return value
        raise CannotConvert("it is left open, and cannot be converted; fill it in first")
    for theirs, ours in taken.choices.items():
        if ours == value and type(ours) is type(value):
            return theirs
    if taken.by == "several":
        return 5 if value else 1
    if taken.by in ("pixels", "frequency"):
        if pixel is None:
            raise CannotConvert("the pixel size is not known")
        if taken.by == "frequency":
            return round(pixel / float(value), 6)
        return round(float(value) / (pixel * taken.factor))
    if taken.factor != 1:
        return float(f"{float(value) / taken.factor:.10g}")
    return value


def uses_blank(value: str) -> bool:
    """Whether a blank stands in a text."""
    return BLANK.search(value) is not None


def _converted(taken: Becomes, value: Any, pixel: float | None) -> Converted | None:
    if any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in taken.skip):
        return None
    if isinstance(value, int | float | str) and value in taken.choices:
        return Converted(taken.choices[value])
    if taken.by == "value" and taken.factor == 1:
        return Converted(value)
    number = _number(value, taken.by)
    if taken.by == "several":
        return Converted(number > 1)
    if taken.by == "duration":
        return Converted(number)
    if taken.by == "value":
        return Converted(float(f"{number * taken.factor:.10g}"))
    if pixel is None:
        raise CannotConvert("it is in pixels, and the pixel size is not in the file; set it in Å")
    if taken.by == "frequency":
        if number <= 0:
            raise CannotConvert("no resolution belongs to it")
        return Converted(round(pixel / number, 3), f"at {pixel:g} Å per pixel")
    return Converted(round(number * pixel * taken.factor, 3), f"at {pixel:g} Å per pixel")


def _number(value: Any, by: str) -> float:
    if by == "duration" and isinstance(value, str) and (said := _HOURS.fullmatch(value)):
        return float(said[1]) * _SECONDS[said[2]]
    try:
        return float(read_value(Blank(name="value", kind="number"), value) or 0.0)
    except ValueError:
        raise CannotConvert("it is no number") from None


def _path(taken: Becomes, values: Mapping[str, Any]) -> Converted | None:
    folder, name = (str(values.get(key) or "") for key in taken.theirs.split(","))
    if not folder:
        return Converted(name) if name else None
    return Converted(f"{folder.rstrip('/')}/{name}" if name else folder)
