"""The modules that a package installs, found without importing any."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution
from importlib.util import find_spec
from pathlib import Path

__all__ = ["Module", "modules_of"]


@dataclass(frozen=True, slots=True, order=True)
class Module:
    """A file of a package, and the name under which it is imported."""

    name: str
    path: Path

    @property
    def is_package(self) -> bool:
        """Whether it is the ``__init__`` of a folder."""
        return self.path.name == "__init__.py"

    @property
    def shown(self) -> str:
        """The file as people read it: from the package's own folder on."""
        parts = self.name.count(".") + 1 + self.is_package
        return "/".join(self.path.parts[-parts:])


def modules_of(distribution: Distribution, named: Iterable[str]) -> list[Module]:
    """Every module that a distribution installs; `named` are those of its entry points.

    What pip has written down is looked at, and the folders of the named modules: an editable
    installation lists no files. Of icestream itself, its protocols are read.
    """
    modules: dict[Path, Module] = {}
    for file in distribution.files or ():
        parts = file.parts
        if file.suffix == ".py" and all(part.isidentifier() for part in (*parts[:-1], file.stem)):
            module = _module(Path(str(distribution.locate_file(file))), parts)
            modules[module.path.resolve()] = module
    for name in named:
        for module in _beside(name):
            modules.setdefault(module.path.resolve(), module)
    kept = (module for module in modules.values() if module.path.is_file())
    return sorted(module for module in kept if _is_plugins(module.name))


def _is_plugins(name: str) -> bool:
    return name.partition(".")[0] != "icestream" or f"{name}.".startswith("icestream.protocols.")


def _module(path: Path, parts: tuple[str, ...]) -> Module:
    names = [*parts[:-1], path.stem]
    if names[-1] == "__init__":
        names.pop()
    return Module(".".join(names), path)


def _beside(name: str) -> Iterator[Module]:
    """The modules of the package that module `name` is in; nothing is imported to know."""
    top, *inner = name.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return
    if spec is None:
        return
    if not spec.submodule_search_locations:
        if spec.origin and spec.origin.endswith(".py"):
            yield Module(top, Path(spec.origin))
        return
    for location in map(Path, spec.submodule_search_locations):
        folder, names = location, [top]
        # A namespace is shared with others: what is the plugin's begins at an __init__.py.
        while inner and not (folder / "__init__.py").exists() and (folder / inner[0]).is_dir():
            folder, names = folder / inner[0], [*names, inner.pop(0)]
        for path in sorted(folder.rglob("*.py")):
            yield _module(path, (*names, *path.relative_to(folder).parts))
