"""Unit types: a number that carries its unit, so that forms, help and docs can show it.

A unit is part of the type and never of a name: ``defocus_max: Micrometre``. Lengths on the
specimen are ångströms in code and files; a person reads and types defocus in micrometres. A type
may say what is usual, too: ``Annotated[Kilovolt, Usual(60, 400)]``, so that 300000 is asked about.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

__all__ = [
    "Angstrom",
    "Byte",
    "Degree",
    "Electron",
    "ElectronPerAngstrom2",
    "Kilovolt",
    "Micrometre",
    "Millimetre",
    "Minute",
    "Pixel",
    "Second",
    "Unit",
    "Usual",
    "converted",
    "doubt",
    "may_be_meant",
]


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a number, kept in its type and written into its JSON Schema."""

    symbol: str

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        described["x-unit"] = self.symbol
        return described


Angstrom = Annotated[float, Unit("Å")]
Micrometre = Annotated[float, Unit("µm")]
Millimetre = Annotated[float, Unit("mm")]
Degree = Annotated[float, Unit("°")]
Kilovolt = Annotated[float, Unit("kV")]
ElectronPerAngstrom2 = Annotated[float, Unit("e/Å²")]
Electron = Annotated[float, Unit("e")]
Second = Annotated[float, Unit("s")]
Minute = Annotated[float, Unit("min")]
Pixel = Annotated[int, Unit("px")]
Byte = Annotated[int, Unit("B")]


@dataclass(frozen=True, slots=True)
class Usual:
    """Between what a number usually is, in its own unit; a value beyond is no mistake for sure.

    Where nothing beyond is physical, a limit (`annotated_types.Le`) is the right thing.
    """

    low: float
    high: float
    also: tuple[float, ...] = ()
    """Values outside that are usual as well, such as a 0 that means something of its own."""
    instead: str = ""
    """What else a value above may be, as a question: ``the dose of the whole exposure?``"""

    def holds(self, value: float) -> bool:
        """Whether a value is a usual one; both ends are."""
        return value in self.also or self.low <= value <= self.high

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        described["x-usual"] = [self.low, self.high]
        return described


_OTHERS: dict[str, tuple[tuple[str, float], ...]] = {
    "Å": (("nm", 10.0), ("µm", 1e4), ("pm", 0.01), ("m", 1e10)),
    "Å²": (("nm²", 100.0),),
    "µm": (("Å", 1e-4), ("nm", 1e-3), ("m", 1e6)),
    "mm": (("µm", 1e-3), ("m", 1e3)),
    "kV": (("V", 1e-3), ("MV", 1e3)),
    "e/Å²": (("e/nm²", 0.01),),
    "s": (("ms", 1e-3), ("min", 60.0), ("h", 3600.0)),
    "°": (("rad", 57.29577951308232),),
    "B": (("GB", 1e9), ("MB", 1e6)),
    "": (("%", 0.01),),
}
"""What people and files also give a quantity in, by its unit here, and the factor to it."""


def doubt(value: float, unit: str, usual: Usual) -> str:
    """What is odd about a value, what is usual, and what may be meant; empty for a usual one.

    >>> doubt(300000.0, "kV", Usual(60.0, 400.0))
    '300000 kV is unusual (usual: 60 to 400 kV); did you mean 300 kV (300000 V)?'
    """
    if usual.holds(value):
        return ""
    low = _with(usual.low, unit) if unit == "B" else f"{usual.low:g}"
    range_ = f"{low} to {_with(usual.high, unit)}"
    also = "".join(f", or {one:g}" for one in usual.also)
    asked = may_be_meant(value, unit, usual.holds)
    if usual.instead and value > usual.high:
        asked = f"did you mean {usual.instead}"
    said = f"{_with(value, unit)} is unusual (usual: {range_}{also})"
    return f"{said}; {asked}" if asked else f"{said}."


def converted(value: float, given: str, wanted: str) -> float | None:
    """A value in another unit than it was given in; None where people do not convert so.

    >>> converted(25000.0, "Å", "µm")
    2.5
    """
    factor = dict(_OTHERS.get(wanted, ())).get(given)
    # As many digits as were given: without the last bits that the factor brings.
    return None if factor is None else float(f"{value * factor:.9g}")


def may_be_meant(value: float, unit: str, holds: Callable[[float], bool]) -> str:
    """A question about values in other units, or of other sign, that would do; or nothing.

    Parameters
    ----------
    value
        As it was given.
    unit
        In which it was asked for; empty for a fraction.
    holds
        Whether a value in `unit` is a sensible one.
    """
    found = list(_readings(value, unit, holds))
    return f"did you mean {' or '.join(found[:2])}?" if found else ""


def _readings(value: float, unit: str, holds: Callable[[float], bool]) -> Iterator[str]:
    if value < 0 and holds(-value):
        yield f"{_with(-value, unit)} (without the minus)"
        return
    for other, factor in _OTHERS.get(unit, ()):
        # As many digits as were given: without the last bits that the factor brings.
        read = float(f"{value * factor:.9g}")
        if value and holds(read):
            here, there = _with(read, unit), _with(value, other)
            yield here if here == there else f"{here} ({there})"


def _with(value: float, unit: str) -> str:
    if unit == "B" and abs(value) >= 1e8:
        return f"{value / 1e9:.9g} GB"
    space = "" if unit in ("", "°") else " "
    return f"{value:.9g}{space}{unit}"
