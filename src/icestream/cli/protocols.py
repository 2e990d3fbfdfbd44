"""`icestream protocols`: what is installed, what is broken, what each can do."""

from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import App, Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.protocol import Protocol, Registry, UnknownProtocol
from icestream.protocol.breaking import in_a_sentence
from icestream.protocol.describe import (
    describe_parameters,
    first_line,
    port_words,
    programs_of,
    sources_of,
)

__all__ = ["app"]

app = App(name="protocols", help="List protocols and show what each can do.")


@app.command(name="list")
def list_(
    *,
    broken: Annotated[bool, Parameter(negative="")] = False,
    traceback: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """List the installed protocols.

    Parameters
    ----------
    broken
        Only those that cannot be used, and why; exit status 1 if there are any.
    traceback
        With --broken: where each went wrong, line by line.
    json
        For programs.
    """
    registry = Registry()
    if broken:
        return _list_broken(registry, traceback, json)
    summaries = [_summary(registry, name) for name in registry.names()]
    if json:
        print_json(summaries)
        return 0
    print_table(
        ("name", "title", "kind", "package"),
        [(row["name"], row["title"], row["kind"], row["package"]) for row in summaries],
    )
    return 0


def _list_broken(registry: Registry, traceback: bool, json: bool) -> int:
    broken = registry.broken()
    if json:
        print_json(
            [
                {
                    "name": plugin.name,
                    "target": plugin.target,
                    "package": plugin.package,
                    "reason": plugin.reason,
                    "traceback": plugin.traceback,
                }
                for plugin in broken
            ]
        )
        return 1 if broken else 0
    if not broken:
        print("no protocol is broken")
        return 0
    for plugin in broken:
        print(f"{plugin.name} ({plugin.target}, {plugin.package}): {plugin.reason}")
        if traceback:
            print(plugin.traceback)
    return 1


def _summary(registry: Registry, name: str) -> dict[str, str]:
    try:
        protocol = registry.get(name)
    except UnknownProtocol:
        return {
            "name": name,
            "title": "broken: see icestream protocols list --broken",
            "kind": "",
            "package": registry.package(name),
        }
    return {
        "name": name,
        "title": protocol.title,
        "kind": protocol.kind,
        "package": registry.package(name),
    }


@app.command
def show(name: str, /, *, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Show one protocol: ports, parameters with units and defaults, sources.

    Parameters
    ----------
    name
        Such as ctf.estimate.
    json
        For programs, with the JSON Schema of the parameters.
    """
    registry = Registry()
    protocol = registry.get(name)
    if json:
        print_json(_document(protocol, registry.package(name)))
        return
    print(f"{protocol.title} ({name}, version {protocol.version}, {registry.package(name)})")
    print(first_line(protocol))
    print(f"\nkind: {protocol.kind}")
    for title, ports in (("input", protocol.inputs()), ("output", protocol.outputs())):
        for port in ports:
            print(f"{title}: {port_words(port)}")
    print(f"needs: {_needs(protocol)}")
    for program in programs_of(protocol):
        print(f"program: {program.words()}")
    for source in sources_of(protocol):
        print(f"cites: {source}")
    print("\nparameters:")
    for parameter in describe_parameters(protocol.parameters_type()):
        mark = " (advanced)" if parameter.advanced else ""
        print(f"  {parameter.name}: {parameter.kind}{mark}")
        print(f"      {parameter.sentence()}")


@app.command
def suggest(name: str, /, *, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Suggest what may follow a protocol, with how many have it there.

    That is what a collector of usage statistics says, where the settings name one
    (usage.collector); else what the workflows that come with icestream have.

    Parameters
    ----------
    name
        Such as ctf.estimate.
    json
        For programs.
    """
    from icestream.settings import load
    from icestream.usage.suggestions import suggest as suggestions

    settings = load().settings
    found = suggestions(name, Registry(), settings.usage, settings.state)
    if json:
        print_json([asdict(one) for one in found])
    elif found:
        print_table(("next", "title", "why"), [(one.protocol, one.title, one.why) for one in found])
    else:
        print(f"nothing is known to follow {name}")


def _needs(protocol: type[Protocol[Any]]) -> str:
    """What a task needs with the default parameters."""
    try:
        made = protocol()
        need, programs = made.need(), [program.executable for program in made.programs()]
    except Exception as error:  # a plugin's own code
        return f"cannot be told: {in_a_sentence(error, protocol.__module__)}"
    words = [f"{need.cores} core(s)", f"{need.memory / 2**20:.0f} MB", f"{need.gpus} GPU(s)"]
    return ", ".join([*words, *(f"program {name}" for name in programs)])


def _document(protocol: type[Protocol[Any]], package: str) -> dict[str, Any]:
    return {
        "name": protocol.name,
        "title": protocol.title,
        "version": protocol.version,
        "package": package,
        "kind": protocol.kind,
        "description": first_line(protocol),
        "inputs": {port.name: port.item.__name__ for port in protocol.inputs()},
        "outputs": {port.name: port.item.__name__ for port in protocol.outputs()},
        "programs": [
            {"name": one.executable, "versions": list(one.known), "licence": one.licence}
            for one in programs_of(protocol)
        ],
        "cites": list(sources_of(protocol)),
        "parameters": protocol.parameters_type().model_json_schema(),
    }
