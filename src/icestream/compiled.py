"""Functions that are compiled when they are first called.

numba takes 60 MB and half a second to load. Whoever shows protocols by their titles, parameters and
limits calls no kernel and does without: the server, and most commands.
"""

from collections.abc import Callable
from functools import cached_property, update_wrapper
from typing import Any

__all__ = ["Kernel", "njit"]


class Kernel:
    """A function that numba compiles when it is first called, by Python or by another kernel.

    It has what numba's own dispatcher has, such as ``signatures``.

    Parameters
    ----------
    function
        What is compiled.
    options
        As `numba.njit` takes them.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        update_wrapper(self, function)
        self.py_func = function
        self._options = options

    @cached_property
    def dispatcher(self) -> Any:
        """What numba makes of it."""
        import numba
        from numba.core import types
        from numba.extending import typeof_impl

        if Kernel not in typeof_impl.registry:

            @typeof_impl.register(Kernel)
            def dispatcher_of(kernel: "Kernel", _context: Any) -> Any:
                """How kernels see each other."""
                return types.Dispatcher(kernel.dispatcher)

        return numba.njit(**self._options)(self.py_func)

    def __call__(self, *given: Any) -> Any:
        return self.dispatcher(*given)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.dispatcher, name)


def njit(**options: Any) -> Callable[[Callable[..., Any]], Kernel]:
    """As `numba.njit`, but that numba is loaded when the function is first called.

    Parameters
    ----------
    **options
        As `numba.njit` takes them.
    """
    return lambda function: Kernel(function, options)
