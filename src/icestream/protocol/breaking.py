"""An exception of a plugin in one sentence: where it happened, what it was, what to do."""

import re
import sys
import traceback
from pathlib import Path

from icestream.alike import meant

__all__ = ["in_a_sentence", "why_not_loaded"]

_MOST = 400
"""Characters of an exception's own words."""


def in_a_sentence(error: BaseException, module: str = "") -> str:
    """``my_package/picking.py:12: ZeroDivisionError: division by zero``.

    The place is the last line of the package that `module` is in, as far as one was reached.
    """
    where = _place(error, module)
    return f"{where}: {_words(error)}" if where else _words(error)


def why_not_loaded(error: BaseException, target: str) -> str:
    """Why the class that an entry point names, ``module:Class``, could not be had."""
    module, _, name = target.partition(":")
    if not re.fullmatch(r"[\w.]+:[\w.]+", target):
        return f"the entry point says {target!r}; write 'module:Class'"
    if isinstance(error, AttributeError) and not _place(error, module):
        near = _near(name, vars(sys.modules[module])) if module in sys.modules else ""
        return f"module {module} has no {name!r}; {near or 'let the entry point name a class'}"
    said = in_a_sentence(error, module)
    if isinstance(error, ImportError):
        return f"{said}; {_import_advice(error, module)}"
    if isinstance(error, SystemExit):
        return f"{said}: a module must not end the program that imports it"
    if isinstance(error, SyntaxError):
        return f"{said}; fix the line"
    return f"{said}, while it was imported; fix the line, or do that when it is needed"


def _import_advice(error: ImportError, module: str) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        if f"{module}.".startswith(f"{error.name}."):
            return "let the entry point name a module that is there"
        if f"{error.name}.".startswith(f"{'.'.join(_roots(module))}."):
            return "write the module's right name"
        return "install it, and name it among the dependencies of the package"
    wanted = re.match(r"cannot import name '(\w+)'", str(error))
    if wanted and error.name in sys.modules:
        return _near(wanted[1], vars(sys.modules[error.name])) or "import what is there"
    return "see whether it is installed rightly"


def _place(error: BaseException, module: str) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_shown(error.filename, module)}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _shown(frame.filename, module) != frame.filename]
    return f"{_shown(own[-1].filename, module)}:{own[-1].lineno}" if own else ""


def _shown(file: str, module: str) -> str:
    """A file of the package that `module` is in, from the package's name on; others as it is."""
    roots, parts = _roots(module), Path(file).parts
    if roots == ("",):
        return file
    if parts and parts[-1] == f"{roots[0]}.py":
        return parts[-1]
    for start in range(len(parts) - len(roots), 0, -1):
        if parts[start : start + len(roots)] == roots:
            return "/".join(parts[start:])
    return file


def _roots(module: str) -> tuple[str, ...]:
    """The package that is one author's: of icestream, the protocols alone."""
    parts = tuple(module.split("."))
    return parts[:2] if parts[0] == "icestream" else parts[:1]


def _words(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    text = " ".join(str(text).split())
    text = text if len(text) <= _MOST else f"{text[:_MOST]} ..."
    if isinstance(error, SystemExit):
        return "calls sys.exit()"
    if isinstance(error, ImportError):
        return re.sub(r" \(unknown location\)| \(/.*\)$", "", text)
    kind = type(error).__name__
    return f"{kind}: {text}" if text else kind


def _near(name: str, known: dict[str, object]) -> str:
    return meant(name, [other for other in known if other[0] != "_"], most=1)
