"""Values of the optics that files say and that are not the session's."""

from collections.abc import Mapping

__all__ = ["differences"]

_ALLOWED = {
    "micrograph pixel size": (1e-4, 0.0),
    "image pixel size": (1e-4, 0.0),
    "voltage": (1e-4, 0.0),
    "spherical aberration": (1e-4, 1e-4),
    "amplitude contrast": (1e-4, 1e-4),
    "defocus u": (1e-4, 1.0),
    "defocus v": (1e-4, 1.0),
    "phase shift": (1e-4, 0.05),
}
"""Difference that rounding makes: as a part of the value, and in its unit."""
_UNITS = {
    "micrograph pixel size": " Å",
    "image pixel size": " Å",
    "voltage": " kV",
    "spherical aberration": " mm",
    "amplitude contrast": "",
    "defocus u": " Å",
    "defocus v": " Å",
    "defocus angle": "°",
    "phase shift": "°",
}
_DEGREES = 0.1
"""Of the direction of the astigmatism."""
_ROUND = 5.0
"""Å of astigmatism below which its direction means nothing."""


def differences(says: Mapping[str, float], own: Mapping[str, float]) -> list[str]:
    """Which values differ, in words: ``voltage 200 kV, and not 300 kV``."""
    found = []
    for name, value in says.items():
        if name not in own:
            continue
        ours = own[name]
        if name == "defocus angle":
            off = abs((value - ours + 90.0) % 180.0 - 90.0)
            astigmatism = abs(own["defocus u"] - own["defocus v"])
            differs = off > _DEGREES and astigmatism > _ROUND
        else:
            part, least = _ALLOWED[name]
            differs = not abs(value - ours) <= max(part * abs(ours), least)
        if differs:
            unit = _UNITS[name]
            found.append(f"{name} {value:.6g}{unit}, and not {ours:.6g}{unit}")
    return found
