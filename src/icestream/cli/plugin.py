"""`icestream plugin check`: the rules for protocols, run on any installed package."""

from importlib.metadata import PackageNotFoundError, distribution

from cyclopts import App

from icestream.protocol import Registry, UnknownProtocol
from icestream.protocol.conformance import problems
from icestream.protocol.registry import GROUP

__all__ = ["app"]

app = App(name="plugin", help="Check a plugin against the rules for protocols.")


@app.command
def check(package: str, /) -> int:
    """Check every protocol of an installed package; exit status 1 if anything is wrong.

    Parameters
    ----------
    package
        Name of the installed distribution, such as icestream-relion.
    """
    try:
        points = distribution(package).entry_points.select(group=GROUP)
    except PackageNotFoundError:
        print(f"no package {package!r} is installed; install it with pip first")
        return 2
    if not points:
        print(
            f"{package} declares no protocol; "
            f'add [project.entry-points."{GROUP}"] to its pyproject.toml'
        )
        return 1
    registry = Registry(points)
    wrong = 0
    for name in registry.names():
        try:
            found = problems(registry.get(name))
        except UnknownProtocol:
            found = [broken.traceback for broken in registry.broken() if broken.name == name]
        wrong += bool(found)
        print(f"{name}: {'ok' if not found else f'{len(found)} problem(s)'}")
        for problem in found:
            print(f"  {problem}")
    return 1 if wrong else 0
