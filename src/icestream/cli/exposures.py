"""The options of every command that takes exposures."""

from typing import Annotated

from cyclopts import Parameter

__all__ = ["Square"]

Square = Annotated[str | None, Parameter(name="--square")]
"""Name of a grid square: all of its exposures."""
