"""How messages name what a person can give: as an option, and as a parameter in a workflow."""

__all__ = ["option_words"]

_OPTIONS = {
    "gain": "--gain",
    "pixel_size": "--pixel-size",
    "voltage": "--voltage",
    "spherical_aberration": "--cs",
    "amplitude_contrast": "--amplitude-contrast",
    "dose_per_frame": "--dose-per-frame",
    "microscope": "--microscope",
    "watch": "--watch",
}
"""Parameters of a source for which `icestream process` has a short option."""


def option_words(*parameters: str, value: str = "") -> str:
    """Parameters of the source, so that each way of running a session knows them.

    A workflow file that is run as it is, and `icestream set`, know parameters by their names alone.

    >>> option_words("voltage")
    '--voltage (voltage in a workflow)'
    >>> option_words("frames", value="1")
    'frames=1 in the step that imports'
    """
    if any(name not in _OPTIONS for name in parameters):
        listed = " and ".join(f"{name}={value}" if value else name for name in parameters)
        return f"{listed} in the step that imports"
    options = " and ".join(
        f"{_OPTIONS[name]} {value}" if value else _OPTIONS[name] for name in parameters
    )
    return f"{options} ({' and '.join(parameters)} in a workflow)"
