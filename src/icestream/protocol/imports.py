"""What a module imports, by its text alone.

A plugin may import the public layers of icestream only, whichever of its modules does it and
however it is written: an import of a layer that is not public would break with any new version.
"""

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec

import icestream
from icestream.alike import meant
from icestream.protocol.package import Module

__all__ = ["PUBLIC", "read_module"]

PUBLIC = frozenset({"formats", "model", "processing", "protocol", "units"})
"""Layers that a plugin may import."""
_LAYERS = frozenset(layer.name for layer in pkgutil.iter_modules(icestream.__path__))

_IMPORTERS = frozenset({"import_module", "__import__", "resolve_name", "run_module"})
"""Functions that import what their first argument names."""
_UNSAID = "?"
"""Stands for what is known only while the program runs."""


def read_module(module: Module, others: Iterable[Module] = ()) -> list[tuple[int, str]]:
    """What is wrong with a module by its text alone: the line, and a sentence.

    `others` are the modules of the same package: an import of one that is not there is told.
    """
    try:
        source = module.path.read_bytes()
        tree = ast.parse(source, filename=str(module.path))
    except SyntaxError as error:
        return [(error.lineno or 1, f"{error.msg}; fix the line")]
    except (OSError, ValueError) as error:
        return [(1, f"cannot be read: {error}")]
    lines: dict[int, str] = {}
    for line, said in (*_private(tree, module), *_absent(tree, module, {o.name for o in others})):
        lines.setdefault(line, said)
    return sorted(lines.items())


def _private(tree: ast.Module, module: Module) -> Iterator[tuple[int, str]]:
    """Imports of layers that are not public."""
    own = f"{module.name}.".startswith("icestream.protocols.")
    allowed = PUBLIC | {"protocols"} if own else PUBLIC
    for line, name, certain in _imported(tree, module):
        first, _, rest = name.partition(".")
        layer = rest.partition(".")[0]
        if first != "icestream" or not layer or layer in allowed:
            continue
        if _UNSAID in layer:
            yield line, "imports a module of icestream by a name that is made up; write the import"
        elif certain or layer in _LAYERS:
            may = f"a plugin may import {_listed(PUBLIC)} of icestream only"
            yield (
                line,
                f"imports {name}; {may}: do without, or ask for what you need to be made public",
            )


def _listed(names: Iterable[str]) -> str:
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}"


def _imported(tree: ast.Module, module: Module) -> Iterator[tuple[int, str, bool]]:
    """Line and name of all that is imported, and whether the name is a module's for certain."""
    calls = _IMPORTERS | _aliases(tree)
    roots = {
        alias.asname or "icestream"
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "icestream" or (alias.asname is None and _top(alias.name) == "icestream")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, True) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node.module or "", node.level, module)
            yield node.lineno, base, True
            yield from ((node.lineno, f"{base}.{alias.name}", False) for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node.func) in calls and node.args:
            name = _text(node.args[0])
            keywords = {word.arg: _text(word.value) for word in node.keywords}
            package = keywords.get("package") or (_text(node.args[1]) if node.args[1:] else "")
            yield node.lineno, _joined(name, package), True
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "sys.modules":
            yield node.lineno, _text(node.slice), True
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in roots:
            yield node.lineno, f"icestream.{node.attr}", False


def _top(name: str) -> str:
    return name.partition(".")[0]


def _aliases(tree: ast.Module) -> set[str]:
    """Other names that importing functions are given."""
    return {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in _IMPORTERS and alias.asname
    }


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _text(node: ast.expr) -> str:
    """The text that an expression has, as far as it is written down; `_UNSAID` for the rest."""
    if isinstance(node, ast.Constant):
        return node.value.replace(":", ".") if isinstance(node.value, str) else _UNSAID
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_text, node.values))
    return _UNSAID


def _joined(name: str, package: str) -> str:
    """What ``import_module(".store", "icestream")`` imports."""
    if not name.startswith("."):
        return name
    level = len(name) - len(name.lstrip("."))
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], name.lstrip(".")])


def _absolute(name: str, level: int, module: Module) -> str:
    """The full name of a relative import."""
    if not level:
        return name
    parts = module.name.split(".")
    parts = parts[: len(parts) - level + module.is_package]
    return ".".join([*parts, name] if name else parts)


def _absent(tree: ast.Module, module: Module, known: set[str]) -> Iterator[tuple[int, str]]:
    """Imports that are made at once when the module is, and of which nothing is there."""
    for node in _at_once(tree.body):
        named: list[tuple[str, tuple[str, ...]]]
        if isinstance(node, ast.Import):
            named = [(alias.name, ()) for alias in node.names]
        else:
            base = _absolute(node.module or "", node.level, module)
            named = [(base, tuple(alias.name for alias in node.names))]
        for name, parts in named:
            if said := _absence(name, parts, known):
                yield node.lineno, said


def _absence(name: str, parts: tuple[str, ...], known: set[str]) -> str:
    top = _top(name)
    if top == "icestream":
        return _absent_here(name, parts)
    if any(_top(other) == top for other in known):
        there = any(f"{other}.".startswith(f"{name}.") for other in known)
        return "" if there else _no_module(name, known)
    if _is_there(top):
        return ""
    advice = "install it, and name it among the dependencies of the package"
    return f"imports {name}, and {top} is not installed; {advice}"


def _no_module(name: str, known: Iterable[str]) -> str:
    hint = meant(name, known, most=1) or "write the right name"
    return f"imports {name}, which is not there; {hint}"


def _is_there(name: str) -> bool:
    """Whether a module is loaded or can be found."""
    try:
        return name in sys.modules or find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _absent_here(name: str, parts: Iterable[str]) -> str:
    """What a module of icestream, if it is a public one, does not have."""
    if name.count(".") == 0 or name.split(".")[1] not in PUBLIC:
        return ""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return _no_module(name, _beside(name.rpartition(".")[0]))
    for part in parts:
        if part != "*" and not hasattr(module, part) and not _is_there(f"{name}.{part}"):
            hint = meant(part, dir(module), most=1) or "see the documentation for what there is"
            return f"imports {part} from {name}, which has none; {hint}"
    return ""


def _beside(package: str) -> list[str]:
    """The modules of a package of icestream."""
    try:
        places = importlib.import_module(package).__path__
    except (ImportError, AttributeError):
        return []
    return [f"{package}.{module.name}" for module in pkgutil.iter_modules(places)]


def _at_once(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that nothing guards: not in a function, an ``if`` or a ``try``."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.ClassDef | ast.With):
            yield from _at_once(node.body)
