"""`icestream process`: movies from a folder, while they arrive, up to a report.

Its options are made from the parameters of the workflow's steps, so the workflow is found first.
"""

import inspect
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Group, Parameter
from cyclopts.help import (
    AsteriskRenderer,
    ColumnSpec,
    DefaultFormatter,
    DescriptionRenderer,
    HelpEntry,
    NameRenderer,
)
from rich.console import Console, ConsoleOptions

from icestream.cli.filling import Open, open_of, ready
from icestream.cli.here import Here
from icestream.cli.step_options import DIRECT, StepOptions, hyphens
from icestream.engine.graph.blanks import provisional
from icestream.engine.graph.workflow import Workflow, load_workflow
from icestream.protocol import Registry

__all__ = ["process", "process_command"]

DEFAULT = "default"
"""Workflow that is used when none is named."""

_FILES = Group("Files", sort_key=1)


def process(*tokens: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> int:
    """Process movies while they arrive, up to a report."""
    tokens = tuple(map(hyphens, tokens))
    if any("://" in token for token in tokens):
        # Slow to load, as above: --help needs none of it.
        from icestream.cli.buckets import from_bucket

        tokens = from_bucket(tokens, _option(tokens, "--out"), _option(tokens, "--fetch-to"))
    options = StepOptions(_base(tokens), Registry())
    words = options.take_back(tokens)
    command = process_command(options)
    # What is wrong with the words is told by the whole command line, as for every command.
    code: int = (
        command(words, result_action="return_value", print_error=False, exit_on_error=False) or 0
    )
    return code


def _base(tokens: tuple[str, ...]) -> Workflow:
    """The workflow that the options change: the named one, the session's own, or the default.

    A session that goes on keeps what it was told before, also by ``icestream set``; only whether
    it waits for movies is said each time.
    """
    named, out = _option(tokens, "--workflow"), _option(tokens, "--out")
    if named is None and out is not None:
        # Slow to load, as is all that runs a session: --help needs none of it.
        from icestream.engine.record.workflows import session_workflow
        from icestream.engine.session import bring_up_to_date
        from icestream.starting.checks import without_each_time
        from icestream.store.open import NoStore, open_store

        bring_up_to_date(out)
        try:
            store = open_store(out, readonly=True)
        except NoStore:
            return load_workflow(DEFAULT)
        try:
            return without_each_time(session_workflow(store))
        finally:
            store.close()
    whole = load_workflow(named or DEFAULT)
    if {"--help", "-h"} & set(tokens):
        return provisional(whole)  # nothing is begun, so nothing has to be filled in
    registry = Registry()
    return ready(whole, registry, open_of(tokens), pattern=_files(tokens, whole, registry))


def _files(tokens: tuple[str, ...], workflow: Workflow, registry: Registry) -> str | None:
    """The first word that is neither an option nor the value of one."""
    flags = set(_flags(workflow, registry))
    for last, token in zip(("", *tokens), tokens, strict=False):
        alone = last in flags or last.startswith("--no-") or ".no-" in last
        valued = last.startswith("--") and "=" not in last and not alone
        if not (token.startswith("-") or valued):
            return token
    return None


def _flags(workflow: Workflow, registry: Registry) -> Iterator[str]:
    """Options behind which no value stands."""
    for one in (*fields(Here), *fields(Open)):
        if isinstance(one.default, bool):
            yield hyphens(f"--{one.name}")
    for step in workflow.steps:
        for protocol in registry.usable([step.protocol]):
            for name, field in protocol.parameters_type().model_fields.items():
                if field.annotation is bool:
                    yield hyphens(f"--{step.name}.{name}")
                    if protocol.brings and name in DIRECT:
                        yield DIRECT[name]


def _option(tokens: tuple[str, ...], name: str) -> str | None:
    """The value of one option, before the others are known."""
    for index, token in enumerate(tokens):
        if token == name and index + 1 < len(tokens):
            return tokens[index + 1]
        if token.startswith(f"{name}="):
            return token.partition("=")[2]
    return None


def process_command(options: StepOptions) -> App:
    """The command with the options of the steps of a workflow."""

    def command(
        pattern: Annotated[str, Parameter(group=_FILES)],
        /,
        *,
        out: Annotated[Path, Parameter(group=_FILES)],
        fetch_to: Annotated[Path | None, Parameter(group=_FILES)] = None,  # noqa: ARG001 - _option reads it
        workflow: Annotated[str | None, Parameter(group=_FILES)] = None,  # noqa: ARG001 - _option reads it
        open_: Annotated[Open | None, Parameter(name="*")] = None,  # noqa: ARG001 - likewise
        here: Annotated[Here | None, Parameter(name="*")] = None,
        **steps: Any,
    ) -> int:
        from icestream.cli.running import run_here

        here = here or Here()
        changed = options.changed(steps, pattern=pattern, as_given=here.as_given)
        return run_here(changed, out, here)

    fixed = [
        part
        for part in inspect.signature(command).parameters.values()
        if part.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    command.__signature__ = inspect.Signature([*fixed, *options.options])  # type: ignore[attr-defined]
    command.__doc__ = _HELP
    app = App(
        name="icestream process",
        help_epilogue=(
            "The options of the steps are those of the default workflow; with --workflow NAME "
            "--help, those of that one. The value none takes back what a session was told before "
            "(--gain none). Parameters marked advanced are not listed: see icestream "
            "protocols show NAME."
        ),
        version_flags=(),
        help_formatter=DefaultFormatter(column_specs=_columns),
    )
    app.default(command)
    return app


def _columns(
    console: Console,
    options: ConsoleOptions,  # noqa: ARG001 - the formatter names its arguments
    entries: list[HelpEntry],
) -> tuple[ColumnSpec, ...]:
    """Options and what they do, with room for the longest option in one line."""
    width = max(28, console.width * 2 // 5)
    names = ColumnSpec(renderer=NameRenderer(max_width=width), style="cyan", max_width=width)
    described = ColumnSpec(renderer=DescriptionRenderer(), overflow="fold")
    asterisk = ColumnSpec(renderer=AsteriskRenderer(), width=1, style="bold red")
    needed = (asterisk,) if any(entry.required for entry in entries) else ()
    return (*needed, names, described)


_HELP = """Process movies while they arrive, up to a report.

    What the files' metadata say need not be given; what is given wins, and the difference is
    reported. Ctrl-C finishes what has begun, a second one ends at once; the same command on the
    same session goes on where it was. The exit status is 0 only when every exposure is done or
    has a stated reason why not.

    Parameters
    ----------
    pattern
        Which files are movies: a pattern in quotes ('/data/**/*.tiff'), or a folder, also of a
        bucket (s3://bucket/prefix).
    out
        Folder of the session; made when it does not exist.
    fetch_to
        Folder that what lands in a bucket is brought into. Default: beside the session's, with
        -movies behind its name.
    workflow
        Name of a workflow (icestream workflow list) or a workflow file. Default: the session's
        own when it goes on, otherwise the workflow called default.
    """
