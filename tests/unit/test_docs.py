"""The documentation is whole and true: catalogue, commands, words, snippets, examples."""

import ast
import contextlib
import dataclasses
import doctest
import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.app import COMMANDS
from icestream.client import Client
from icestream.engine.graph.document import schema
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import Workflow, load_workflow, shipped_workflows
from icestream.engine.requests.models import VERBS
from icestream.facility.file import FacilityFile
from icestream.facility.messages.documents import ACTIONS, MessageAnswer, SessionNews
from icestream.model import QUALITIES
from icestream.protocol import Registry, unit_of
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.settings import Settings, load
from icestream.store.events import EVENTS
from report_session import SampleSession
from served import served

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "icestream"
GENERATED = {
    f"reference/{name}.md"
    for name in (
        "protocols",
        "cli",
        "facility-file",
        "settings",
        "requests",
        "messages",
        "events",
        "routes",
        "workflow-file",
        "workflows",
    )
}
PAGES = [
    path
    for path in sorted(DOCS.rglob("*.md"))
    if not {"_build", "measured"} & set(path.parts)
    and path.relative_to(DOCS).as_posix() not in GENERATED
]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def generated() -> Any:
    """The module that writes the generated pages."""
    spec = importlib.util.spec_from_file_location("pages", DOCS / "_ext" / "generated_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_catalogue_has_every_protocol_and_parameter(generated: Any) -> None:
    page = generated.protocols_page()
    registry = Registry()
    for name in registry.names():
        package = registry.package(name).split()[0]
        if package != "icestream" and not (ROOT / "plugins" / package).is_dir():
            continue
        section = page.partition(f"### `{name}`:")[2].partition("\n### ")[0]
        assert section, name
        assert (f"pip install {package}`" in section) == (package != "icestream"), name
        for program in registry.get(name)().programs():
            assert f"* Program: {program.words()}" in section, name
        for parameter, field in registry.get(name).parameters_type().model_fields.items():
            row = section.partition(f"| `{parameter}`")[2].partition("\n")[0]
            assert row, f"{name}: {parameter}"
            assert (unit_of(field) or "") in row.split(" | ")[1], f"{name}: {parameter}"


def test_every_command_is_in_the_reference(generated: Any) -> None:
    page = generated.cli_page()
    for name, _, help_text, _ in COMMANDS:
        assert f"## `icestream {name}`" in page
        assert help_text in page
    assert page.count("Usage: icestream ") > len(COMMANDS)


def test_every_setting_is_in_the_reference(generated: Any) -> None:
    page = generated.settings_page()
    for name in Settings.model_fields:
        assert f"| `{name}` | `ICESTREAM_{name.upper()}` |" in page


def test_every_value_of_the_facility_file_is_in_the_reference(generated: Any) -> None:
    page = generated.facility_page()
    for name in FacilityFile.model_fields:
        assert re.search(rf"^## `\[+{name}\b", page, flags=re.M)
    assert '| `mode` | `"2750"` |' in page
    assert not re.search(r"\| \|$", page, flags=re.M), "a value is not explained"


def test_every_request_is_in_the_reference(generated: Any) -> None:
    page = generated.requests_page()
    for verb, model in VERBS.items():
        section = page.partition(f"## `{verb}`\n")[2].partition("\n## ")[0]
        assert set(re.findall(r"^\| `(\w+)`", section, flags=re.M)) == (
            model.model_fields.keys() - {"verb", "who"}
        )
        assert not re.search(r"\| \|$", section, flags=re.M), "a value is not explained"


def test_every_field_of_a_message_is_in_the_reference(generated: Any) -> None:
    page = generated.messages_page()
    for model in (*ACTIONS.values(), MessageAnswer, SessionNews):
        for name, field in model.model_fields.items():
            assert f"| `{name}` |" in page
            assert field.description, f"{model.__name__}.{name} says nothing"
    assert "`accepted` or `refused`" in page


def test_every_shipped_workflow_has_a_page_with_its_drawing(generated: Any) -> None:
    page = generated.workflows_page()
    for name in shipped_workflows():
        section = page.partition(f"## `{name}`\n")[2].partition("\n## ")[0]
        workflow = load_workflow(name)
        assert workflow.about
        assert "<svg" in section
        for step in workflow.steps:
            assert f"| `{step.name}` | `{step.protocol}` |" in section
        for blank in workflow.blanks:
            assert f"| `{blank.name}` |" in section


def test_every_part_of_a_workflow_file_is_in_the_reference(generated: Any) -> None:
    page = generated.workflow_file_page()
    for name, part in {"": schema(), **schema()["$defs"]}.items():
        section = page.partition(f"## {name or 'The workflow'}\n")[2].partition("\n## ")[0]
        assert set(re.findall(r"^\| `(\w+)`", section, flags=re.M)) == part["properties"].keys()
        assert not re.search(r"\| \|$", section, flags=re.M), "a key is not explained"
    assert json.loads(page.partition("```json\n")[2].partition("```")[0]) == schema()


def test_every_event_is_in_the_reference(generated: Any) -> None:
    page = generated.events_page()
    for kind, event in EVENTS.items():
        section = page.partition(f"## `{kind}`\n")[2].partition("\n## ")[0]
        assert set(re.findall(r"^\| `(\w+)`", section, flags=re.M)) == {
            field.name for field in dataclasses.fields(event)
        }
        assert (event.__doc__ or "").strip() in section
    assert "| `result` | integer or null | Number of its result;" in page


def test_every_route_is_in_the_reference(generated: Any) -> None:
    page = generated.routes_page()
    with contextlib.closing(Server([], load())) as server:
        document = create_app(server).openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            section = page.partition(f"### `{method.upper()} {path}`\n")[2].partition("\n### ")[0]
            assert operation["description"].partition("\n")[0].split("<")[0] in section
            for one in operation.get("parameters", []):
                if one["in"] == "query":
                    assert f"| `{one['name']}` |" in section, (path, one["name"])


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    page = (DOCS / "explanation" / "dependencies.md").read_text()
    optional = [name for names in project["optional-dependencies"].values() for name in names]
    for requirement in [*project["dependencies"], *optional]:
        name = re.match(r"[\w-]+", requirement)
        assert name is not None
        assert f"`{name[0]}`" in page


def test_every_quality_of_an_exposure_is_in_the_page_of_selections() -> None:
    page = (DOCS / "how-to" / "select-exposures-and-particles.md").read_text()
    for quality in QUALITIES.values():
        if quality.name.partition(".")[0] not in ("classes", "volume", "gain"):
            assert f"| `{quality.name}` | {quality.title} | {quality.shown_unit} |" in page


AVOIDED_WORDS = (r"\bSetOf", r"\bsampling ?rate", r"\bapix\b", r"\bsimply\b", r"\bobviously\b")
AVOIDED_NAMES = re.compile(r"(Manager|Handler|Helper|Utils|SetOf)$|^(do|process_data)$")


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_pages_use_our_words(path: Path) -> None:
    text = path.read_text()
    if path.name == "glossary.md":
        text = text.partition("## Words we avoid")[0]
    found = [word for word in AVOIDED_WORDS if re.search(word, text, flags=re.I)]
    assert not found


def test_code_uses_our_words() -> None:
    """No class or function has a name that says nothing."""
    found = [
        f"{_name(path)}: {node.name}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and AVOIDED_NAMES.search(node.name)
    ]
    assert not found


def test_glossary_knows_the_nouns_of_the_model() -> None:
    page = (DOCS / "reference" / "glossary.md").read_text().lower()
    for path in (SOURCE / "model").glob("*.py"):
        noun = path.stem.replace("_", " ")
        if path.stem not in (
            "__init__",
            "arrays",
            "document",
            "identity",
            "optics",
            "states",
            "verdict",
        ):
            assert re.search(rf"^{noun}\b", page, flags=re.M), noun


FRONT = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]


def _leads_nowhere(page: Path, target: str) -> bool:
    """Whether a page that `page` names is not there, and is not generated either."""
    place = DOCS / target.lstrip("/") if target.startswith("/") else page.parent / target
    return not place.exists() and os.path.relpath(place, DOCS) not in GENERATED


@pytest.mark.parametrize("path", [*FRONT, *PAGES], ids=_name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    """What roles, links, images and tables of contents name is a file, or is generated."""
    text = re.sub(r"^```(?!\{).*?^```", "", path.read_text(), flags=re.M | re.S)
    pages = re.findall(r"\{doc\}`(?:[^`<]*<)?([^`>]+)>?`", text)
    for block in re.findall(r"^```\{toctree\}\n(.*?)^```", text, flags=re.M | re.S):
        lines = [line.strip() for line in block.splitlines()]
        pages += [line for line in lines if line and not line.startswith(":") and "*" not in line]
    assert not [page for page in pages if _leads_nowhere(path, f"{page}.md")]
    files = re.findall(r"^```\{(?:image|figure)\} (\S+)", text, flags=re.M)
    files += re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", text)
    assert not [file for file in files if _leads_nowhere(path, file)]


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = {DOCS / "index.md"}
    for path in PAGES:
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", path.read_text(), re.M | re.S):
            for line in block.split():
                listed |= set(path.parent.glob(f"{line}.md"))
    assert sorted(set(PAGES) - listed) == []


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_commands_in_pages_exist(path: Path) -> None:
    """Each `icestream ...` that a page shows is a command, with options that it has."""
    names = {name for name, *_ in COMMANDS}
    for line in re.findall(r"^\$ icestream (.+)$", path.read_text(), flags=re.M):
        words = line.split()
        assert words[0] in names or words[0].startswith("--"), line


SNIPPET = re.compile(r"^<!-- run -->\n```console\n(.*?)^```", flags=re.M | re.S)
SNIPPETS = [
    pytest.param(block, id=f"{_name(path)}-{number}")
    for path in [ROOT / "README.md", *PAGES]
    for number, block in enumerate(SNIPPET.findall(path.read_text()), 1)
]


@pytest.mark.parametrize("block", SNIPPETS)
def test_marked_shell_snippets_run(block: str, tmp_path: Path) -> None:
    """A block after `<!-- run -->` is run as it stands; what it shows must be printed."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    shown = [line for line in block.splitlines() if line and not line.startswith("$ ")]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", "\n".join(commands)],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for line in shown:
        assert line in done.stdout


SERVED = re.compile(r"^<!-- run with a server: (\w+) -->\n```\w+\n(.*?)^```", flags=re.M | re.S)
SERVED_SNIPPETS = [
    pytest.param(kind, block, id=f"{_name(path)}-{number}")
    for path in PAGES
    for number, (kind, block) in enumerate(SERVED.findall(path.read_text()), 1)
]


@pytest.fixture(scope="module")
def served_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address of a real server, and the id of the session that it has."""
    folder = tmp_path_factory.mktemp("sessions")
    sample = SampleSession(folder / "grid", start=1_790_000_000.0, documents=False)
    with contextlib.closing(sample.store), served(folder) as address:
        sample.grow(10)
        with Client(address) as client:
            yield address, client.sessions()[0].id


@pytest.mark.parametrize(("kind", "block"), SERVED_SNIPPETS)
def test_snippets_for_a_server_run(
    kind: str, block: str, served_session: tuple[str, str], tmp_path: Path
) -> None:
    """As it stands, but for the address and the session; it prints something, or what it shows."""
    address, session = served_session
    host = address.removeprefix("http://")
    block = block.replace("127.0.0.1:8000", host).replace("SESSION", session)
    shown: list[str] = []
    command = [sys.executable, "-c", block]
    if kind == "console":
        lines = block.splitlines()
        shown = [line for line in lines if line and not line.startswith("$ ")]
        commands = [line[2:] for line in lines if line.startswith("$ ")]
        command = ["bash", "-euc", "\n".join(commands)]
        if shutil.which("curl") is None:
            pytest.skip("curl is not installed")
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
    for line in shown:
        assert line in done.stdout


def test_there_are_snippets_that_run() -> None:
    """The markers have not been lost."""
    assert SNIPPETS
    assert SERVED_SNIPPETS


def test_examples_in_docstrings() -> None:
    """Every `>>>` in the code is run."""
    for path in sorted(SOURCE.rglob("*.py")):
        if ">>> " in path.read_text():
            parts = path.relative_to(SOURCE).with_suffix("").parts
            module = importlib.import_module(".".join(("icestream", *parts)))
            assert doctest.testmod(module).failed == 0, _name(path)


GALLERY = [path for path in sorted((DOCS / "gallery").glob("*.md")) if path.name != "index.md"]


@pytest.mark.parametrize("path", GALLERY, ids=_name)
def test_gallery_page_is_whole(path: Path) -> None:
    """A figure with the script that draws it, an equation, a source, and measured figures."""
    text = path.read_text()
    assert path.with_suffix(".py").exists()
    assert f"{{image}} {path.stem}.png" in text
    assert path.with_suffix(".png").exists()
    assert "$$" in text
    assert "doi.org/" in text
    assert f"{{include}} measured/{path.stem}.md" in text
    assert (path.parent / "measured" / path.name).exists()


@pytest.mark.slow
@pytest.mark.parametrize("path", GALLERY, ids=_name)
def test_gallery_figure_is_drawn(path: Path, tmp_path: Path) -> None:
    """The script beside a page draws its figure, with less data than are shown."""
    drawn = tmp_path / "figure.png"
    script = path.with_suffix(".py")
    done = subprocess.run(
        [sys.executable, script, drawn, "--try"],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    if done.returncode == 77:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    assert drawn.stat().st_size > 20_000


def test_the_picture_of_the_engine_is_that_of_the_code() -> None:
    """Draw it anew: python docs/_ext/engine_rooms.py docs/images/engine-rooms.svg."""
    spec = importlib.util.spec_from_file_location("rooms", DOCS / "_ext" / "engine_rooms.py")
    assert spec is not None
    assert spec.loader is not None
    engine_rooms = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine_rooms)
    picture = ROOT / "docs" / "images" / "engine-rooms.svg"
    assert picture.read_text() == engine_rooms.drawing()
    (low,) = (row for row, rooms in enumerate(engine_rooms.layers()) if "machine" in rooms)
    assert low == len(engine_rooms.layers()) - 1


@pytest.mark.parametrize("name", ["compared", "micrographs", "one for all grids"])
def test_the_workflows_of_the_how_to_can_run(name: str) -> None:
    text = (DOCS / "how-to" / "write-a-workflow.md").read_text()
    found = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    (document,) = [one for one in found if one["name"] == name]
    assert validate(Workflow.from_document(document), Registry(), unfinished=True) == []
