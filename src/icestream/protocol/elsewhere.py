"""How other workflow programs call what a protocol does: data, from which workflows are imported.

A plugin gives its protocols an attribute ``elsewhere``, a tuple of `Counterpart`: an importer takes
the protocol for theirs then, and an exporter theirs for the protocol.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

__all__ = ["ANY", "Becomes", "Counterpart"]

ANY = "*"
"""Any value, of `Counterpart.passed`; any port, of `Counterpart.inputs`."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Becomes:
    """A parameter of theirs that becomes one of ours."""

    theirs: str
    """Their name; of `by` ``path`` two with a comma between, folder and name."""
    ours: str
    by: Literal["value", "pixels", "frequency", "path", "duration", "several"] = "value"
    """``pixels`` of the image at that step become Å; a ``frequency`` per pixel becomes the
    resolution in Å; a ``duration`` may be 12h or 30 and becomes seconds; ``several``: whether it is
    more than one."""
    factor: float = 1.0
    """What a number of theirs is multiplied by."""
    choices: Mapping[Any, Any] = field(default_factory=lambda: _NOTHING)
    """What other values of theirs are in ours; those that are not here are as they are."""
    skip: tuple[Any, ...] = ()
    """Values of theirs that say nothing."""
    only_if: str = ""
    """Their switch, without which the value has no effect."""
    off: Any = None
    """Ours where that switch is off; None: left to the default."""
    at: Literal["step", "source"] = "step"
    """Whose parameter it is with us: of this step, or of the one that takes the movies in."""
    also: str = ""
    """Their name of the same along the other axis, where they have two numbers and we have one."""
    grouped: str = ""
    """Their number of EER frames that they add up, where the value is that of such a sum: with us
    it is that of a frame in the file."""

    def __post_init__(self) -> None:
        """Keep the choices unchangeable."""
        object.__setattr__(self, "choices", MappingProxyType(dict(self.choices)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """What another program calls a protocol, and which of its parameters are which of ours."""

    program: Literal["scipion", "relion"]
    kinds: tuple[str, ...]
    """Their protocols, by the names in their files."""
    same: bool = False
    """It runs the very program, or does the very thing; otherwise it serves the same purpose."""
    inputs: Mapping[str, str]
    """Their inputs, and the port that each is with us; `ANY`: any port of the type."""
    taken: tuple[Becomes, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    """Parameters of ours that follow from it being theirs."""
    when: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    """Values of theirs with which it is this protocol, where theirs does several things."""
    passed: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    """Parameters of theirs that nothing is lost with while they have this value."""
    pixel: str = ""
    """Their parameter that says the pixel size, Å, of a source."""
    bins: str = ""
    """Their parameter that multiplies the pixel size of what goes on."""
    shrinks: str = ""
    """Their parameter that multiplies the pixel size of what the step itself works on."""
    part: bool = False
    """It does a part of what theirs does: all parts are taken together."""

    def __post_init__(self) -> None:
        """Keep what was given unchangeable, as what a protocol's class holds has to be."""
        for name in ("inputs", "fixed", "when", "passed"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
