"""Small arrays inside items, and the names we give to arrays by their meaning.

An item holds short columns (shifts of the frames, coordinates of the picks), never images:
those stay in files that the item points at. A column is written into a document as its shape
and base64 of little-endian float32, which is exact and short.
"""

import base64
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

__all__ = ["Column", "Image", "Spectrum", "Stack", "column"]

Image = NDArray[np.float32]
"""One image, ``(y, x)``."""

Stack = NDArray[np.float32]
"""Images, ``(n, y, x)``."""

Spectrum = NDArray[np.float32]
"""Power or amplitude in Fourier space, ``(ky, kx)`` with the origin in the centre."""


class _ColumnCodec:
    """Teach pydantic to read and write a small float32 array."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            column,
            serialization=core_schema.plain_serializer_function_ser_schema(
                _encode, when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "object", "x-array": "float32"}


Column = Annotated[NDArray[np.float32], _ColumnCodec()]
"""A small float32 array held inside an item."""


def column(values: Any) -> NDArray[np.float32]:
    """Make a read-only float32 array from numbers, an array, or its form in a document."""
    if isinstance(values, dict):
        raw = base64.b64decode(values["float32"])
        array = np.frombuffer(raw, dtype="<f4").astype(np.float32).reshape(values["shape"])
    else:
        array = np.array(values, dtype=np.float32)
    array.setflags(write=False)
    return array


def _encode(array: NDArray[np.float32]) -> dict[str, Any]:
    raw = np.ascontiguousarray(array, dtype="<f4").tobytes()
    return {"shape": list(array.shape), "float32": base64.b64encode(raw).decode("ascii")}
