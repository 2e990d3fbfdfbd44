"""`icestream plugin`: a new package of protocols, and the rules, run on any installed one."""

from importlib.metadata import EntryPoint, PackageNotFoundError, distribution
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from icestream.cli.new_plugin import NoName, write_plugin
from icestream.engine.graph.workflow import PLUGINS, InvalidWorkflow, plugin_workflow
from icestream.protocol import Registry, UnknownProtocol
from icestream.protocol.conformance import class_problems
from icestream.protocol.imports import read_module
from icestream.protocol.package import modules_of
from icestream.protocol.registry import GROUP

__all__ = ["app"]

app = App(name="plugin", help="Begin a plugin; check one against the rules for protocols.")


@app.command
def new(name: str, /, *, program: str | None = None, folder: Path | None = None) -> int:
    """Write the files of a new plugin that runs a program: protocol, tests, docs page.

    It works as it is, and passes its own tests and `icestream plugin check`; change it from there.

    Parameters
    ----------
    name
        Name of the distribution, such as icestream-smooth.
    program
        Name of the executable. Default: the name without icestream-.
    folder
        Where the files go. Default: a folder of that name here.
    """
    target = folder or Path(name)
    try:
        made = write_plugin(target, name, program or name.removeprefix("icestream-"))
    except (NoName, FileExistsError) as error:
        print(error)
        return 2
    print(f"made {target}: {', '.join(map(str, made))}")
    print(f"next: pip install --editable {target} && icestream plugin check {name}")
    return 0


@app.command
def check(package: str, /, *, traceback: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Check every protocol and every module of an installed package.

    Exit status 1 if anything is wrong. Modules that no protocol needs are read without being
    imported.

    Parameters
    ----------
    package
        Name of the installed distribution, such as icestream-relion.
    traceback
        Show the traceback of what cannot be loaded, too.
    """
    try:
        distribution_ = distribution(package)
    except PackageNotFoundError:
        print(f"no package {package!r} is installed; install it with pip first")
        return 2
    points = distribution_.entry_points.select(group=GROUP)
    workflows = distribution_.entry_points.select(group=PLUGINS)
    if not points and not workflows:
        print(
            f"{package} declares no protocol; "
            f'add [project.entry-points."{GROUP}"] to its pyproject.toml'
        )
        return 1
    registry = Registry(points)
    said = {name: _protocol_problems(registry, name, traceback) for name in registry.names()}
    said |= {f"workflow {point.name}": _workflow_problems(point) for point in workflows}
    for name, problems in said.items():
        _print(name, problems, always=True)
    told = " ".join(problem for problems in said.values() for problem in problems)
    modules = modules_of(distribution_, (point.value.partition(":")[0] for point in points))
    wrong = sum(map(len, said.values()))
    for module in modules:
        places = [(f"{module.shown}:{line}: ", text) for line, text in read_module(module, modules)]
        problems = [where + text for where, text in places if where not in told]
        _print(module.shown, problems)
        wrong += len(problems)
    read = [_counted(len(registry.names()), "protocol"), _counted(len(modules), "module")]
    if workflows:
        read.append(_counted(len(workflows), "workflow"))
    found = f"{', '.join(read[:-1])} and {read[-1]}"
    print(
        f"read {found} of {package}: {_counted(wrong, 'problem') if wrong else 'nothing is wrong'}"
    )
    return 1 if wrong else 0


def _protocol_problems(registry: Registry, name: str, traceback: bool) -> list[str]:
    try:
        return class_problems(registry.get(name))
    except UnknownProtocol:
        (broken,) = (broken for broken in registry.broken() if broken.name == name)
        return [broken.reason + (f"\n{broken.traceback}" if traceback else "")]


def _workflow_problems(point: EntryPoint) -> list[str]:
    """What is wrong with a workflow's file; that other plugins are missing is no fault of it."""
    try:
        workflow = plugin_workflow(point)
    except InvalidWorkflow as error:
        return list(error.problems)
    return [] if workflow.name == point.name else [f"its file calls it {workflow.name!r}"]


def _print(what: str, problems: list[str], *, always: bool = False) -> None:
    if always or problems:
        print(f"{what}: {f'{len(problems)} problem(s)' if problems else 'ok'}")
    for problem in problems:
        print(f"  {problem}")


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
