"""Plots as values: what to draw, never how."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Figure", "Sample"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One plot of a protocol's results.

    Parameters
    ----------
    title
        Shown above the plot.
    kind
        ``series`` (one value per item, in order), ``histogram`` or ``scatter``.
    y
        The values.
    y_label
        With its unit: ``defocus / µm``.
    x
        For ``scatter``: as long as `y`.
    x_label
        With its unit; what a ``series`` is in the order of, where that is not the exposures.
    """

    title: str
    kind: Literal["series", "histogram", "scatter"]
    y: Sequence[float]
    y_label: str
    x: Sequence[float] | None = None
    x_label: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured value at the time of an inspection, kept as a time series."""

    name: str
    """Dotted: ``machine.cpu``."""
    value: float
    unit: str = ""
