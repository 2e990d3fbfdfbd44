"""Pages that are written from the code: protocols, commands, settings, requests, events, routes.

The pages are generated when the documentation is built, so they cannot disagree with the code.
`python docs/_ext/generated_pages.py FOLDER` writes them without Sphinx.
"""

import ast
import inspect
import io
import itertools
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from unittest.mock import patch

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from icestream.channels.secret import Secret
from icestream.cli.app import COMMANDS, build
from icestream.engine.graph.blanks import needed
from icestream.engine.graph.document import VERSION, schema
from icestream.engine.graph.workflow import load_workflow, shipped_workflows
from icestream.engine.requests.models import VERBS
from icestream.facility.file import VARIABLE, FacilityFile
from icestream.facility.kinds import Days, FileMode, Hours, Seconds
from icestream.facility.messages.documents import ACTIONS, MessageAnswer, SessionNews
from icestream.protocol import Protocol, Registry, Resources, unit_of
from icestream.protocol.describe import (
    describe_parameters,
    first_line,
    port_words,
    sources_of,
    value_words,
)
from icestream.report.workflow_picture import workflow_svg
from icestream.settings import PREFIX, Settings
from icestream.store.events import EVENTS, SCHEMA, Event

PLUGINS = Path(__file__).parents[2] / "plugins"
SUBJECTS = {
    "movies": "Movies",
    "gain": "Gain",
    "micrographs": "Micrographs",
    "ctf": "CTF",
    "exposures": "Exposures",
    "picks": "Picking",
    "particles": "Particles",
    "classes2d": "2D classes",
    "volume": "Volumes",
    "model": "Models",
    "monitor": "Monitors",
}
NESTED = {"facility", "session", "export", "workflow", "protocols", "plugin", "settings", "usage"}


def protocols_page() -> str:
    """The catalogue: every protocol, its ports and parameters."""
    registry = Registry()
    lines = [
        "# Protocols",
        "",
        "Every protocol that comes with icestream, and those of the plugins that are released with",
        "it and installed apart, from the protocols themselves. The same on the",
        "command line: `icestream protocols show NAME`. A parameter of a step is set with",
        "`--STEP.PARAMETER VALUE`, for example `--ctf.defocus-max 3`.",
        "",
    ]
    plugins = {path.name for path in PLUGINS.glob("*/")}
    shipped = [
        name
        for name in registry.names()
        if registry.package(name).split()[0] in {"icestream", *plugins}
    ]
    for subject, title in SUBJECTS.items():
        found = [name for name in shipped if name.split(".")[0] == subject]
        if found:
            lines += [f"## {title}", ""]
        for name in found:
            package = registry.package(name).split()[0]
            lines += _protocol(registry.get(name), package if package in plugins else "")
    left = [name for name in shipped if name.split(".")[0] not in SUBJECTS]
    if left:
        raise ValueError(f"give these protocols a subject in {__file__}: {', '.join(left)}")
    return "\n".join(lines)


def _protocol(protocol: type[Protocol[Any]], plugin: str = "") -> Iterator[str]:
    yield from (f"### `{protocol.name}`: {protocol.title}", "")
    yield from (_text(first_line(protocol)), "")
    made = protocol()
    need = made.need()
    facts = [
        *([("Plugin", f"`pip install {plugin}`")] if plugin else []),
        *(("Program", program.words()) for program in made.programs()),
        ("Kind", protocol.kind),
        ("In", ", ".join(f"`{port_words(port)}`" for port in protocol.inputs()) or "nothing"),
        ("Out", ", ".join(f"`{port_words(port)}`" for port in protocol.outputs()) or "nothing"),
        ("Needs", f"{need.cores} core(s), {need.memory / 2**20:.0f} MB of memory" + _gpus(need)),
        ("Version", str(protocol.version)),
    ]
    if sources := sources_of(protocol):
        facts.append(("Cites", "; ".join(map(_citation, sources))))
    yield from (f"* {title}: {text}" for title, text in facts)
    yield ""
    rows = list(describe_parameters(protocol.parameters_type()))
    if not rows:
        yield from ("It has no parameters.", "")
        return
    yield from ("| parameter | type | default | limits | what it does |", "|---|---|---|---|---|")
    for row in rows:
        kind = f"{row.kind}, {row.unit}" if row.unit else row.kind
        only = f" Only {row.condition}." if row.condition else ""
        mark = " *(advanced)*" if row.advanced else ""
        words = (kind, row.default, row.limits, row.help + only)
        yield f"| `{row.name}`{mark} | {' | '.join(map(_cell, words))} |"
    yield ""


def _gpus(need: Resources) -> str:
    return f", {need.gpus} GPU(s)" if need.gpus else ""


def cli_page() -> str:
    """Every command with its own help."""
    lines = [
        "# Command line",
        "",
        "What each command says with `--help`. Exit status: 0 done; 1 the work ended but something",
        "is left to look at; 2 it could not start, because of what was asked; 70 a defect of",
        "icestream; 130 interrupted.",
        "",
    ]
    for name, _, help_text, _ in COMMANDS:
        lines += [f"## `icestream {name}`", "", help_text, ""]
        for words in _forms(name):
            lines += ["```text", _help(*words), "```", ""]
    return "\n".join(lines)


def _forms(name: str) -> Iterator[tuple[str, ...]]:
    if name not in NESTED:
        yield (name,)
        return
    for found in re.findall(r"^│ ([a-z]\S+)", _help(name), flags=re.M):
        yield (name, found)


def _help(*words: str) -> str:
    """What a command prints with --help, 84 columns wide."""
    printed = io.StringIO()
    with patch.dict(os.environ, {"COLUMNS": "84", "TERM": "dumb"}), redirect_stdout(printed):
        build(called=words[0])([*words, "--help"], result_action="return_value")
    text = printed.getvalue().partition("\n\nEach command explains itself")[0]
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def settings_page() -> str:
    """Every setting with its default and how to give it."""
    lines = [
        "# Settings",
        "",
        "What holds for all sessions of a machine. A value is taken from the first of: the command",
        "line, the environment, the person's file (`~/.config/icestream/settings.toml`, or where",
        f"`{PREFIX}SETTINGS` points), the site's file (`/etc/icestream/settings.toml`), the",
        "default. `icestream settings show` says where each value came from, and",
        "`icestream settings set` changes one.",
        "",
        "| setting | environment | default | what it does |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = (
            "a folder of yours"
            if name == "state"
            else value_words(field.get_default(), unit_of(field) or "")
        )
        help_text = " ".join((field.description or "").split())
        lines.append(f"| `{name}` | `{PREFIX}{name.upper()}` | {default} | {_cell(help_text)} |")
    return "\n".join([*lines, ""])


def facility_page() -> str:
    """Every section of the facility file with its values."""
    lines = [
        "# The facility file",
        "",
        "What a facility says of itself, in TOML: `/etc/icestream/facility.toml`, or the file that",
        f"`{VARIABLE}` names. `icestream facility example` prints one to begin with, and",
        "`icestream facility check` says all that is wrong with one. Times are written `30 s`,",
        "`10 min`, `2 h`, `14 d` or `3 w`, rates `100 MB/s` or `1 Gbit/s`; a secret is given as",
        '`{ file = "/path" }` or `{ env = "NAME" }`. A part whose section is left out is off.',
        "",
    ]
    for name, field in FacilityFile.model_fields.items():
        for head, model in _sections(name, field.annotation):
            said = (inspect.getdoc(model) or "").replace("``", "`")
            which = get_args(model.model_fields["kind"].annotation) if _chosen(model) else ()
            lines += [
                f"## `{head}`" + "".join(f", kind `{one}`" for one in which),
                "",
                _text(" ".join(said.split())),
                "",
            ]
            lines += ["| value | default | meaning |", "|---|---|---|"]
            lines += [
                f"| `{inside.alias or value}` | {_default(inside)} | {_cell(_joined(inside))} |"
                for value, inside in model.model_fields.items()
            ]
            lines.append("")
    return "\n".join(lines)


def _sections(name: str, kind: Any) -> Iterator[tuple[str, type[BaseModel]]]:
    """The tables of TOML that a section is written as, with their models."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from _sections(name, inside[0])
    elif kind is Secret:
        return  # told at the top of the page
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield f"[{name}]", kind
        for value, field in kind.model_fields.items():
            yield from _sections(f"{name}.{field.alias or value}", field.annotation)
    elif origin is dict:
        yield from _sections(f"{name}.NAME", inside[1])
    elif origin is tuple:
        for place, (head, model) in enumerate(_sections(name, inside[0])):
            yield (head if place else f"[{head}]"), model
    else:
        for one in inside:
            yield from _sections(name, one)


def _chosen(model: type[BaseModel]) -> bool:
    """Whether a table is one of several that its kind tells apart."""
    kind = model.model_fields.get("kind")
    return kind is not None and get_origin(kind.annotation) is Literal and kind.is_required()


def _joined(field: FieldInfo) -> str:
    """The help of a value in one line."""
    return " ".join((field.description or "").replace("``", "`").split())


def _default(field: FieldInfo) -> str:
    """What a value is where the file does not say it."""
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if value in (None, "", (), {}) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, int) and FileMode.__metadata__[0] in field.metadata:
        return f'`"{value:o}"`'
    for unit, times in ((" s", Seconds), (" h", Hours), (" d", Days)):
        if times.__metadata__[0] in field.metadata:
            return f"`{value:g}{unit}`"
    return f"`{value}`".replace("|", "\\|")


def requests_page() -> str:
    """Every request with its values."""
    lines = [
        "# Requests",
        "",
        "What can be asked of a session, by a person or a program. `icestream pause` and the other",
        "commands send requests; a program does the same with",
        '`icestream.engine.requests.send.send(folder, Pause(step="ctf"))`, where the models are in',
        "`icestream.engine.requests.models`, or writes a row into the table `request` of the",
        "session's store: a `token` of its own, the `time`, the `verb`, the `document` (the values",
        "below as a JSON object), `who` asks, `new` as its `state`, and an empty `answer`. The",
        "session's coordinator carries it out, writes `done` or `refused` and the answer, and says",
        "so with the event `request.answered`.",
        "",
        "`who` says which person or program asks; by default it is the user.",
        "",
    ]
    for verb, model in VERBS.items():
        lines += [f"## `{verb}`", "", _text(first_line(model)), ""]
        fields = {n: f for n, f in model.model_fields.items() if n not in ("verb", "who")}
        lines += ["| value | type | default | meaning |", "|---|---|---|---|"]
        for name, field in fields.items():
            default = (
                ""
                if field.is_required()
                else f"`{json.dumps(field.get_default(call_default_factory=True))}`"
            )
            kind = _json_type(model.model_json_schema()["properties"][name])
            lines.append(f"| `{name}` | {kind} | {default} | {_cell(field.description or '')} |")
        lines.append("")
    return "\n".join(lines)


def messages_page() -> str:
    """Every document of messages with its fields."""
    lines = [
        "# Messages",
        "",
        "What a facility can be asked by message, in a folder or over a broker, and what it says.",
        "Every document is a JSON object with `version` 1. How they come and go is in",
        "{doc}`../how-to/start-sessions-by-messages`.",
        "",
    ]
    titles = {f"Request `{name}`": model for name, model in ACTIONS.items()}
    for title, model in {**titles, "Answer": MessageAnswer, "News": SessionNews}.items():
        lines += [f"## {title}", "", _text(first_line(model)), ""]
        lines += ["| field | type | default | meaning |", "|---|---|---|---|"]
        schema = model.model_json_schema()["properties"]
        for name, field in model.model_fields.items():
            kind = schema[name]
            default = field.get_default(call_default_factory=True)
            said = "" if field.is_required() else f"`{json.dumps(default)}`"
            words = " or ".join(f"`{one}`" for one in kind.get("enum", ())) or _json_type(kind)
            if "const" in kind:
                words = f"`{json.dumps(kind['const'])}`"
            meaning = _cell((field.description or "").replace("``", "`"))
            lines.append(f"| `{name}` | {words} | {said} | {meaning} |")
        lines.append("")
    lines += [
        "A workflow file is a request, too: it begins a session that is called like the file.",
        "The verbs of `ask` are those of {doc}`requests <requests>`.",
        "",
    ]
    return "\n".join(lines)


def events_page() -> str:
    """Every kind of event with its fields."""
    lines = [
        "# Events",
        "",
        "Everything that happens in a session is said by an event: a row of the table `event` of",
        "its store with a number `seq` that only grows, the `time` (seconds since 1970), its",
        "`kind`, the step and the exposure that it is about where it is about one, and a",
        "`document`, a JSON object. Whoever has read the store once, and then all events in order,",
        "knows what it says. `icestream.store.queries.events` gives them, `icestream.store.follow`",
        "waits for new ones, and `icestream.store.event_reading.read_event` makes values of them.",
        "",
        f"This is version {SCHEMA} of the catalogue. The column `events` of the table `session`",
        "has the newest version that has written to it, and `epoch.started` that of each",
        "coordinator. A later version may add kinds and fields: who reads leaves out what it does",
        "not know.",
        "",
        "No event says that a task becomes ready, starts, waits or is tried again: the counts of",
        "the steps have these.",
        "",
    ]
    for kind, event in EVENTS.items():
        lines += [f"## `{kind}`", "", _text(first_line(event)), ""]
        lines.append(f"* Since: version {event.since}" if event.since else "* Since: the beginning")
        lines += [f"* Step: {event.step}"] if event.step else []
        lines += [f"* Exposure: {event.exposure}"] if event.exposure else []
        lines.append("")
        rows = list(_event_fields(event))
        if rows:
            lines += ["| field | type | meaning |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _event_fields(event: type[Event]) -> Iterator[str]:
    """The rows of a table of an event's fields; one that explains itself has no meaning beside."""
    schema = TypeAdapter(event).json_schema().get("properties", {})
    body = ast.parse(inspect.getsource(event)).body[0].body  # type: ignore[attr-defined]
    meanings = {
        field.target.id: " ".join(said.value.value.split())
        for field, said in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(said, ast.Expr)
        and isinstance(said.value, ast.Constant)
    }
    for name, field in schema.items():
        meaning = _cell(meanings.get(name, "").replace("``", "`"))
        yield f"| `{name}` | {_json_type(field)} | {meaning} |"


def _json_type(schema: dict[str, Any]) -> str:
    """A type in JSON's words; another part of the same schema by its name."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "anyOf" in schema:
        return " or ".join(_json_type(one) for one in schema["anyOf"])
    if "prefixItems" in schema:
        parts = [_json_type(one) for one in schema["prefixItems"]]
        return f"{len(parts)} of {parts[0]}" if len(set(parts)) == 1 else " and ".join(parts)
    if schema.get("type") == "array":
        return f"array of {_json_type(schema['items'])}"
    return str(schema.get("type", "any"))


def routes_page() -> str:
    """Everything that the server can be asked, from its own OpenAPI document."""
    from contextlib import closing

    from icestream.server.app import create_app
    from icestream.server.context import Server
    from icestream.settings import load

    with closing(Server([], load())) as server:
        document = create_app(server).openapi()
    lines = [
        "# Routes of the server",
        "",
        "All that `icestream serve` can be asked over HTTP, from the server itself; how to ask,",
        "and how it refuses, is in {doc}`rest`. A running server gives the whole document, with",
        "the form of every answer, at `/openapi.json`; `icestream serve --openapi FILE` writes it.",
        "",
    ]
    by_topic: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            topic = (operation.get("tags") or ["others"])[0]
            by_topic.setdefault(topic, []).extend(_route(method, path, operation))
    for topic in sorted(by_topic):
        lines += [f"## {topic.capitalize()}", "", *by_topic[topic]]
    return "\n".join(lines)


def _route(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield from (f"### `{method.upper()} {path}`", "", _text(operation["description"]), "")
    given = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    if given:
        yield from ("| parameter | meaning |", "|---|---|")
        for one in given:
            default = one["schema"].get("default")
            said = one.get("description", "")
            said += f" Default: `{json.dumps(default)}`." if default not in (None, "") else ""
            yield f"| `{one['name']}` | {_cell(said.strip() or 'see its name')} |"
        yield ""


def workflows_page() -> str:
    """Every shipped workflow: what it is for, its drawing, its steps, and what it asks for."""
    registry = Registry()
    lines = [
        "# Workflows",
        "",
        "Those that come with icestream and its plugins. Each begins a session as it is:",
        "`icestream process MOVIES --out S --workflow NAME`; or it is the beginning of one of your",
        "own: `icestream workflow export NAME --out mine.json`. How they are written is in",
        "{doc}`/how-to/write-a-workflow`.",
        "",
    ]
    for name in shipped_workflows():
        workflow = load_workflow(name)
        lines += [f"## `{name}`", "", _text(workflow.about), ""]
        svg = "\n".join(one for one in workflow_svg(workflow, registry).splitlines() if one)
        lines += ["```{raw} html", f'<div style="overflow-x: auto">{svg}</div>', "```", ""]
        must = needed(workflow)
        if workflow.blanks:
            lines += ["| it asks for | what it is | otherwise |", "|---|---|---|"]
            for one in workflow.blanks:
                otherwise = "must be given" if one in must else value_words(one.default, one.unit)
                what = f"{one.title}, {one.unit}" if one.unit else one.title
                lines.append(f"| `{one.name}` | {_cell(what)} | {_cell(otherwise)} |")
            lines.append("")
        lines += ["| step | protocol | set |", "|---|---|---|"]
        for step in workflow.steps:
            given = (f"`{key}` = {value_words(v)}" for key, v in step.parameters.items())
            lines.append(f"| `{step.name}` | `{step.protocol}` | {_cell(', '.join(given))} |")
        lines.append("")
    return "\n".join(lines)


def workflow_file_page() -> str:
    """The form of a workflow file, part by part, and its JSON Schema."""
    whole = schema()
    lines = [
        "# Workflow files",
        "",
        f"A workflow file is a JSON object of the form below, of version {VERSION}; how to write",
        "one is in {doc}`/how-to/write-a-workflow`. A file without `version` is of version 1: it",
        "had no blanks, no origins and no placeholders, and keys beside its own were passed over;",
        "it is read as it was meant, and written as this version. One of a later version is",
        "refused. `icestream workflow validate FILE` says everything that is wrong with a file,",
        "and `icestream workflow schema` prints the schema at the end of this page.",
        "",
    ]
    for name, part in {"": whole, **whole["$defs"]}.items():
        lines += [f"## {name or 'The workflow'}", "", _text(first_line_of(part)), ""]
        lines += ["| key | type | needed | meaning |", "|---|---|---|---|"]
        for key, value in part["properties"].items():
            kind = _json_type(value)
            must = "yes" if key in part.get("required", ()) else ""
            meaning = " ".join(value.get("description", "").split()).replace("``", "`")
            lines.append(f"| `{key}` | {kind} | {must} | {_cell(meaning)} |")
        lines.append("")
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    return "\n".join([*lines, "## JSON Schema", "", "```json", text, "```", ""])


def first_line_of(part: dict[str, Any]) -> str:
    """The sentence that a part of a schema begins with."""
    return str(part.get("description", "")).partition("\n\n")[0].replace("``", "`")


PAGES = {
    "workflows.md": workflows_page,
    "workflow-file.md": workflow_file_page,
    "protocols.md": protocols_page,
    "cli.md": cli_page,
    "facility-file.md": facility_page,
    "settings.md": settings_page,
    "requests.md": requests_page,
    "messages.md": messages_page,
    "events.md": events_page,
    "routes.md": routes_page,
}


def _citation(source: str) -> str:
    words, _, place = source.rpartition(" ")
    doi = place.removeprefix("doi:")
    link = f"<{place}>" if doi == place else f"[{place}](https://doi.org/{doi})"
    return f"{_text(words)} {link}".strip()


def _text(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*")


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


def write(folder: Path) -> None:
    """Write every page into `folder`; a page that is the same already is left alone."""
    for name, page in PAGES.items():
        text = page()
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def setup(app: Any) -> dict[str, bool]:
    """Write the pages before Sphinx looks for its sources."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "reference"))
    return {"parallel_read_safe": True}


if __name__ == "__main__":
    write(Path(sys.argv[1]))
