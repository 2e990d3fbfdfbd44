"""Unit types: a number that carries its unit, so that forms, help and docs can show it.

A unit is part of the type and never of a name: ``defocus_max: Micrometre``. Lengths on the
specimen are ångströms in code and files; a person reads and types defocus in micrometres.
"""

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
    "Pixel",
    "Second",
    "Unit",
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
Pixel = Annotated[int, Unit("px")]
Byte = Annotated[int, Unit("B")]
