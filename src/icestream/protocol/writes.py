"""What the methods of a protocol change that outlives the item, by their text.

A global, a value of the module, the class, or the protocol itself: another item, in this process
or in another one, would find it changed or not, by luck.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Set
from typing import Any

from icestream.protocol.constants import KEEPS_NOTHING, own_classes
from icestream.protocol.kinds import Protocol

__all__ = ["kept_writes"]

_CHANGING = frozenset(
    {
        *("add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "fill"),
        *("insert", "pop", "popitem", "popleft", "put", "remove", "reverse", "setdefault"),
        *("setflags", "sort", "update", "write", "writelines"),
    }
)
"""Methods that change what they are called on."""


def kept_writes(protocol: type[Protocol[Any]]) -> Iterator[tuple[str, int, str]]:
    """Places where its methods change what outlives the item: file, line, and a sentence."""
    for klass in own_classes(protocol):
        module = sys.modules.get(klass.__module__)
        try:
            tree = ast.parse(inspect.getsource(module)) if module else None
        except (OSError, TypeError, SyntaxError):
            continue  # without its source, nothing can be said
        if tree is None or module is None:
            continue
        node = _class_named(tree, klass.__qualname__)
        if node is not None:
            reader = _Reader(tree, klass.__module__, keeps_itself=not protocol.runs)
            for line, sentence in reader.writes(node):
                yield module.__file__ or "", line, sentence


def _class_named(tree: ast.Module, name: str) -> ast.ClassDef | None:
    node: ast.AST = tree
    for part in name.split("."):
        inside = [each for each in ast.walk(node) if isinstance(each, ast.ClassDef)]
        klass = next((each for each in inside if each.name == part), None)
        if part == "<locals>" or klass is None:
            continue
        node = klass
    return node if isinstance(node, ast.ClassDef) else None


_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _Reader:
    """Looks for writes in the methods of a class and in the functions that they call.

    Parameters
    ----------
    tree
        The module.
    module
        Its name.
    keeps_itself
        Whether the object may change itself: a source or a monitor, of which there is one.
    """

    def __init__(self, tree: ast.Module, module: str, *, keeps_itself: bool) -> None:
        self._keeps_itself = keeps_itself
        top = module.partition(".")[0]
        self._functions = {node.name: node for node in tree.body if isinstance(node, _Function)}
        self._classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        self._held: set[str] = set()
        for node in _statements(tree.body):
            self._held |= _bound(node, top)

    def writes(self, klass: ast.ClassDef) -> Iterator[tuple[int, str]]:
        """Line and sentence of each write, in the order of the lines."""
        methods = [node for node in klass.body if isinstance(node, _Function)]
        writes: dict[int, str] = {}
        todo: list[tuple[_Function, str]] = [(method, method.name) for method in methods]
        seen: set[str] = set()
        while todo:
            function, through = todo.pop(0)
            for line, what in self._in(function, is_method=function in methods):
                writes.setdefault(line, f"`{through}` {what}; {KEEPS_NOTHING}: {_RETURN}")
            for name in _called(function) & self._functions.keys() - seen:
                seen.add(name)
                todo.append((self._functions[name], name))
        yield from sorted(writes.items())

    def _in(self, function: _Function, *, is_method: bool) -> Iterator[tuple[int, str]]:
        globals_ = {
            name
            for node in ast.walk(function)
            if isinstance(node, ast.Global)
            for name in node.names
        }
        local = _local_names(function) - globals_
        own, is_class = _own_name(function) if is_method else ("", False)
        may_set = self._keeps_itself or function.name in ("__init__", "__setstate__")
        for node in ast.walk(function):
            for target, shown in _targets(node):
                line = target.lineno
                root = _root(target)
                if isinstance(target, ast.Name):
                    if root in globals_:
                        yield line, f"sets the global `{root}`"
                elif root == own != "":
                    if is_class or _of_class(target):
                        yield line, f"changes `{shown}` of its class"
                    elif not may_set:
                        yield line, f"changes `{shown}`"
                elif root not in local and root in self._held | self._classes:
                    yield line, f"changes `{root}`, which outlives the item"


_RETURN = (
    "return what is found, or keep it in the state of a BatchProtocol; what is the same for all "
    "items, such as a model, may come from a function with functools.lru_cache"
)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module's own level, those inside ``if`` and ``try`` too."""
    for node in body:
        yield node
        for name in ("body", "orelse", "finalbody"):
            if not isinstance(node, _Function | ast.ClassDef):
                yield from _statements(getattr(node, name, []))
        for handler in getattr(node, "handlers", []):
            yield from _statements(handler.body)


def _bound(node: ast.stmt, top: str) -> set[str]:
    """Names that a statement gives to values, or takes over from modules of the same package."""
    if isinstance(node, ast.Assign):
        names = [name for target in node.targets for name in ast.walk(target)]
        return {name.id for name in names if isinstance(name, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    if isinstance(node, ast.ImportFrom):
        own = node.level > 0 or (node.module or "").partition(".")[0] == top
        return {alias.asname or alias.name for alias in node.names} if own else set()
    return set()


def _local_names(function: _Function) -> set[str]:
    names = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, _Function | ast.ClassDef) and node is not function:
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names


def _called(function: _Function) -> Set[str]:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {called.id for called in calls if isinstance(called, ast.Name)}


def _own_name(function: _Function) -> tuple[str, bool]:
    """What a method calls its object, and whether that is the class; empty for a static one."""
    marks = {mark.id for mark in function.decorator_list if isinstance(mark, ast.Name)}
    arguments = [*function.args.posonlyargs, *function.args.args]
    if "staticmethod" in marks or not arguments:
        return "", False
    return arguments[0].arg, "classmethod" in marks


def _targets(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """What a statement or a call changes, and how it is written."""
    if isinstance(node, ast.Assign | ast.Delete):
        for target in node.targets:
            for part in target.elts if isinstance(target, ast.Tuple | ast.List) else (target,):
                yield part, ast.unparse(part)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        yield node.target, ast.unparse(node.target)
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _CHANGING
        # A method of the protocol itself may be called like one that changes.
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("self", "cls"))
    ):
        yield node.func, ast.unparse(node.func.value)


def _root(target: ast.expr) -> str | None:
    """The name from which a target is reached: ``a`` of ``a.b[c].d``."""
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    if isinstance(target, ast.Call) and isinstance(target.func, ast.Name):
        first = target.args[0] if target.args else None
        if target.func.id == "type" and isinstance(first, ast.Name):
            return first.id
    return target.id if isinstance(target, ast.Name) else None


def _of_class(target: ast.expr) -> bool:
    """Whether ``type(self).x`` or ``self.__class__.x`` is meant."""
    return any(
        isinstance(node, ast.Call) or (isinstance(node, ast.Attribute) and node.attr == "__class__")
        for node in ast.walk(target)
    )
