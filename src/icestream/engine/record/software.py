"""Which software results depend on, for the record of a session."""

import platform
from collections.abc import Iterable
from importlib.metadata import version

from icestream.protocol import Registry

__all__ = ["software_of"]

_NUMERIC = ("icestream", "numpy", "scipy", "numba")


def software_of(registry: Registry, protocols: Iterable[str]) -> dict[str, str]:
    """Versions of Python, of what our numbers are made with, and of the packages of `protocols`."""
    versions = {"python": platform.python_version()}
    versions |= {name: version(name) for name in _NUMERIC}
    for protocol in protocols:
        package, _, version_ = registry.package(protocol).partition(" ")
        if version_:  # a protocol that no installed package declares has no version
            versions[package] = version_
    return versions
