"""The protocols of the cookbook, imported from the page that shows them."""

import functools
import importlib.util
import re
import sys
import tempfile
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from icestream.protocol import Protocol, Registry

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "cookbook.md"


@functools.cache
def protocols() -> tuple[type[Protocol[Any]], ...]:
    """All of them, in the order of the page; each block of code is a module of its own."""
    folder = Path(tempfile.mkdtemp())
    found: list[type[Protocol[Any]]] = []
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), flags=re.M | re.S)
    for number, block in enumerate(blocks):
        name = f"cookbook_{number}"
        path = folder / f"{name}.py"
        path.write_text(block)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        found += [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Protocol) and value.__module__ == name
        ]
    return tuple(found)


def registry() -> Registry:
    """A registry of these protocols alone."""
    return Registry(
        EntryPoint(kind.name, f"{kind.__module__}:{kind.__qualname__}", "icestream.protocols")
        for kind in protocols()
    )
