"""`icestream workflow`: which workflows there are, what is in one, whether it can run; edit one."""

import dataclasses
import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from icestream.cli.terminal import called, print_json, print_table
from icestream.engine.graph.blanks import needed, provisional
from icestream.engine.graph.differences import differences
from icestream.engine.graph.document import schema as document_schema
from icestream.engine.graph.editing import with_replaced, with_step, without_step
from icestream.engine.graph.feedback import listens
from icestream.engine.graph.validation import doubts, validate
from icestream.engine.graph.workflow import (
    InvalidWorkflow,
    Output,
    Step,
    Workflow,
    load_workflow,
    order_of,
    placeholder_of,
    save_workflow,
    shipped_workflows,
)
from icestream.engine.record.set_by_people import workflow_set_by_people
from icestream.engine.record.workflows import session_workflow
from icestream.protocol import Registry, UnknownProtocol
from icestream.protocol.describe import value_words
from icestream.report.difference_words import difference_lines
from icestream.starting.checks import effectless
from icestream.store.open import open_store

__all__ = ["app"]

app = App(name="workflow", help="List, show, check, import, export and edit workflows.")
for _name, _function, _short in (
    ("import", "import_", "Make a workflow of Scipion or RELION one of icestream."),
    ("fetch", "fetch", "Take a workflow from a repository."),
    ("publish", "publish", "Put a workflow into a repository, for others."),
):  # loaded when they are asked for
    app.command(f"icestream.cli.workflow_exchange:{_function}", name=_name, help=_short)


@app.command(name="list")
def list_(*, from_: Annotated[str | None, Parameter(name="--from")] = None) -> None:
    """List the workflows that come with icestream and its plugins, or those of a repository.

    Parameters
    ----------
    from_
        A repository: a folder, or an address such as https://example.org/workflows. One of its
        workflows is fetched with icestream workflow fetch.
    """
    if from_ is not None:
        from icestream.exchange.repository import open_repository

        print_table(
            ("name", "release", "steps", "about"),
            [
                (one.name, str(one.release), str(one.steps), one.about)
                for one in open_repository(from_).entries
            ],
        )
        return
    print_table(("name", "steps", "about"), [_row(name) for name in shipped_workflows()])


def _row(name: str) -> tuple[str, str, str]:
    try:
        workflow = load_workflow(name)
    except InvalidWorkflow as error:
        return name, "", f"broken: {'; '.join(error.problems)}"
    return name, str(len(workflow.steps)), workflow.about


@app.command
def show(workflow: str, /, *, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Show the steps of a workflow, what feeds them, and what is set.

    Parameters
    ----------
    workflow
        Name of a shipped workflow, a workflow file, or a session's folder.
    json
        The workflow file itself.
    """
    path = _find(workflow)
    if json:
        print_json(path.to_document())
        return
    registry = Registry()
    print(f"{path.name}: {path.about}" if path.about else path.name)
    depths = order_of(path)
    rows = []
    for step in sorted(path.steps, key=lambda step: depths[step.name]):
        title = _title(step, registry)
        feeding = [str(source) for sources in step.inputs.values() for source in sources]
        feeding += _heard(step, registry)
        given = [f"{name}={value_words(value)}" for name, value in step.parameters.items()]
        rows.append((step.name, step.protocol, title, " ".join(feeding), " ".join(given)))
    print_table(("step", "protocol", "what it does", "fed by", "set"), rows)
    if path.blanks:
        print()
        must = needed(path)
        print_table(
            ("blank", "what it is", "filled with", "default"),
            [
                (
                    one.name,
                    one.title,
                    one.kind,
                    "must be given" if one in must else value_words(one.default, one.unit),
                )
                for one in path.blanks
            ],
        )


def _title(step: Step, registry: Registry) -> str:
    if held := placeholder_of(step):
        return f"placeholder: {held[1]} of {held[0]}"
    try:
        return registry.get(step.protocol).title
    except UnknownProtocol:
        return "not installed, or broken"


@app.command
def draw(workflow: str, /, *, out: Path) -> None:
    """Draw a workflow as an SVG file.

    Parameters
    ----------
    workflow
        Name of a shipped workflow, a workflow file, or a session's folder.
    out
        File to write.
    """
    from icestream.report.workflow_picture import workflow_svg

    out.write_text(workflow_svg(_find(workflow), Registry()))
    print(out)


@app.command
def schema() -> None:
    """Print the JSON Schema of workflow files, for editors and programs that write them."""
    print_json(document_schema())


def _heard(step: Step, registry: Registry) -> list[str]:
    """What opens and closes a step."""
    try:
        protocol = registry.get(step.protocol)
    except UnknownProtocol:
        return []
    heard = listens(step, protocol)
    return [f"({how} {enough.step})" for how, enough in heard.items()]


@app.command(name="validate")
def check(workflow: str, /) -> int:
    """Say everything that keeps a workflow from running; exit status 1 if anything does.

    Parameters that have no effect, because of what else is set, are named too. What the workflow
    leaves open is taken as its defaults have it.

    Parameters
    ----------
    workflow
        Name of a shipped workflow, a workflow file, or a session's folder.
    """
    whole = _find(workflow)
    path, registry = provisional(whole), Registry()
    problems = validate(path, registry)
    for problem in problems:
        print(problem)
    if not problems:
        for sentence in (*effectless(path, registry), *doubts(path, registry)):
            print(sentence, file=sys.stderr)
        must = [blank.name for blank in needed(whole)]
        first = f" once it is filled in: {', '.join(must)}" if must else ""
        print(f"{path.name}: {len(path.steps)} steps, can run{first}")
    return 1 if problems else 0


@app.command
def export(
    workflow: str,
    file: Path | None = None,
    /,
    *,
    out: Path | None = None,
    to: Literal["icestream", "scipion"] = "icestream",
    as_run: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Write a workflow as a file that runs elsewhere: what people set.

    What a session taught itself, such as templates among its own classes, is of that session: it
    is left out, and found anew where the workflow runs.

    Parameters
    ----------
    workflow
        A session's folder (its workflow as it stands now), a workflow file, or name of a shipped
        workflow.
    file
        File to write.
    out
        The same, as an option.
    to
        Whose file: icestream's, or one that Scipion imports. What came from Scipion is written as
        it was there, with what changed since; what cannot be said there is told.
    as_run
        Everything as the session runs it, its own files and what it taught itself included.
    """
    file = file or out
    if file is None:
        raise LookupError("name the file to write, such as --out W.json")
    session = Path(workflow).is_dir()
    path = _of_session(Path(workflow), as_run=as_run) if session else load_workflow(workflow)
    if to == "scipion":
        from icestream.exchange.scipion_export import export_scipion

        exported = export_scipion(path, Registry())
        file.write_text(exported.text)
        print(*exported.remarks, sep="\n", end="\n" if exported.remarks else "")
        print(f"{file}: {exported.steps} protocols of Scipion")
        return
    save_workflow(path, file)
    command = f"{called()} run {shlex.quote(str(file))} --session"
    print(f"{file}: {len(path.steps)} steps; run it with: {command} DIR")
    if session and not as_run and path != _read_anywhere(_of_session(Path(workflow))):
        print(f"{file}: without what the session taught itself; --as-run keeps that too")


@app.command
def add(
    file: Path,
    step: str,
    protocol: str,
    /,
    *links: str,
    after: str | None = None,
    before: tuple[str, ...] = (),
) -> None:
    """Add a step to a workflow file; it is linked by the types of what it takes.

    Parameters
    ----------
    file
        Workflow file; it is changed.
    step
        Name of the new step.
    protocol
        What it does (icestream protocols list).
    links
        Only where they are not clear: port=step.port, such as micrograph=align.micrograph.
    after
        Step behind which it stands: it takes what that one, or one before it, makes.
    before
        Step that takes what the new one makes, in the place of what it took.
    """
    given = {}
    for link in links:
        port, equals, source = link.partition("=")
        if not equals:
            raise InvalidWorkflow(str(file), [f"link {link!r}: write port=step.port"])
        given[port] = tuple(Output(*one.split(".", 1)) for one in source.split(","))
    old, registry = _file(file), Registry()
    new = with_step(old, registry, step, protocol, inputs=given, after=after, before=before)
    _save(file, old, new, registry)


@app.command
def replace(file: Path, step: str, protocol: str, /) -> None:
    """Put another protocol in the place of a step's, linked as it was as far as types allow.

    Parameters
    ----------
    file
        Workflow file; it is changed.
    step
        Name of the step.
    protocol
        What it is to do (icestream protocols list); its parameters are the defaults.
    """
    old, registry = _file(file), Registry()
    _save(file, old, with_replaced(old, registry, step, protocol), registry)


@app.command
def remove(file: Path, step: str, /) -> None:
    """Take a step out of a workflow file; what it fed is fed by what fed it.

    Parameters
    ----------
    file
        Workflow file; it is changed.
    step
        Name of the step.
    """
    old, registry = _file(file), Registry()
    _save(file, old, without_step(old, registry, step), registry)


def _file(path: Path) -> Workflow:
    """A workflow that can be changed: a file of its own."""
    if path.is_dir():
        command = f"{called()} workflow export {shlex.quote(str(path))} FILE --as-run"
        raise LookupError(f"{path} is a session; write its workflow into a file first: {command}")
    if not path.is_file():
        raise LookupError(f"no workflow file {str(path)!r}")
    return load_workflow(path)


def _save(path: Path, old: Workflow, new: Workflow, registry: Registry) -> None:
    """Write a changed workflow, and say what is otherwise."""
    save_workflow(new, path)
    print(*difference_lines(differences(old, new, registry), new, registry), sep="\n")


def _find(text: str) -> Workflow:
    """A workflow by name, by file, or as a session runs it."""
    return _of_session(Path(text)) if Path(text).is_dir() else load_workflow(text)


def _read_anywhere(workflow: Workflow) -> Workflow:
    """The workflow without the folders of a server, which nobody taught the session."""
    steps = tuple(dataclasses.replace(step, within=None) for step in workflow.steps)
    return dataclasses.replace(workflow, steps=steps)


def _of_session(folder: Path, *, as_run: bool = True) -> Workflow:
    store = open_store(folder, readonly=True)
    try:
        return session_workflow(store) if as_run else workflow_set_by_people(store)
    finally:
        store.close()
