"""Options made from the parameters of a workflow's steps."""

import inspect
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Gt
from cyclopts import App

from icestream.cli.step_options import InvalidOption, StepOptions, hyphens
from icestream.engine.graph.workflow import Output, Step, Workflow, load_workflow
from icestream.model import Ctf, Micrograph, Movie
from icestream.protocol import (
    Advanced,
    Cursor,
    Discovery,
    ItemProtocol,
    Parameters,
    Registry,
    SourceProtocol,
)
from icestream.protocol.registry import GROUP
from icestream.units import Angstrom, Micrometre


class FilesParameters(Parameters):
    """Which files."""

    pattern: str = ""
    """Which files are movies."""

    gain: Path | None = None
    """Gain reference."""

    pixel_size: Annotated[Angstrom, Gt(0)] | None = None
    """Pixel size of the movies."""

    watch: bool = True
    """Wait for new movies."""

    depth: int = 9
    """Folders to go down."""


class TakeFiles(SourceProtocol[FilesParameters]):
    """Take files."""

    name = "movies.files"
    title = "Files"
    item = Movie

    def discover(self, cursor: Cursor) -> Discovery:
        return Discovery()


class RingParameters(Parameters):
    """Where to search."""

    defocus_max: Annotated[Micrometre, Gt(0)] = 4.0
    """Largest underfocus to search."""

    phase_plate: bool = False
    """Fit the phase shift too."""

    mode: Literal["fast", "good"] = "good"
    """How thorough."""

    limits: tuple[float, float] = (1.0, 2.0)
    """Two limits."""

    tile: Annotated[int, Advanced] = 512
    """Side of the tiles."""


class FindRings(ItemProtocol[RingParameters]):
    """Find rings."""

    name = "ctf.rings"
    title = "Rings"

    def process(self, micrograph: Micrograph) -> Ctf: ...


WORKFLOW = Workflow(
    name="two",
    steps=(
        Step(name="import", protocol="movies.files"),
        Step(
            name="ctf",
            protocol="ctf.rings",
            parameters={"defocus_max": 3.0},
            inputs={"micrograph": (Output("import"),)},
        ),
    ),
)


class _Here(EntryPoint):
    """An entry point that leads to a class in this file."""

    def load(self) -> Any:
        return globals()[self.attr]


@pytest.fixture
def options() -> StepOptions:
    """Of the workflow above."""
    points = [
        _Here("movies.files", "here:TakeFiles", GROUP),
        _Here("ctf.rings", "here:FindRings", GROUP),
    ]
    return StepOptions(WORKFLOW, Registry(points))


def _call(options: StepOptions, *tokens: str) -> dict[str, Any]:
    """What the options give to a command for these words."""
    given: dict[str, Any] = {}

    def command(**words: Any) -> None:
        given.update({name: value for name, value in words.items() if value is not None})

    command.__signature__ = inspect.Signature(options.options)  # type: ignore[attr-defined]
    app = App()
    app.default(command)
    app(list(tokens), result_action="return_value", exit_on_error=False)
    return given


def _step(workflow: Workflow, name: str) -> dict[str, Any]:
    return dict(workflow.step(name).parameters)


def test_what_is_given_reaches_its_step(options: StepOptions) -> None:
    given = _call(options, "--ctf.defocus-max", "2.5", "--ctf.phase-plate", "--ctf.mode", "fast")
    changed = options.changed(given)
    assert _step(changed, "ctf") == {"defocus_max": 2.5, "phase_plate": True, "mode": "fast"}
    assert _step(changed, "import") == {}


def test_what_is_not_given_stays_the_workflows_own(options: StepOptions) -> None:
    assert options.changed(_call(options)) == WORKFLOW


def test_the_sources_parameters_have_short_names(options: StepOptions) -> None:
    given = _call(options, "--pixel-size", "0.885", "--no-watch", "--import.depth", "3")
    assert _step(options.changed(given), "import") == {
        "pixel_size": 0.885,
        "watch": False,
        "depth": 3,
    }
    given = _call(options, "--import.pixel-size", "0.9")
    assert _step(options.changed(given), "import") == {"pixel_size": 0.9}


def test_paths_are_made_absolute(
    options: StepOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session may be resumed from another folder."""
    monkeypatch.chdir(tmp_path)
    changed = options.changed(_call(options, "--gain", "gain.mrc"), pattern="movies/*.tiff")
    assert _step(changed, "import") == {
        "gain": str(tmp_path / "gain.mrc"),
        "pattern": str(tmp_path / "movies/*.tiff"),
    }


def test_none_takes_back_what_was_given(options: StepOptions) -> None:
    """For numbers and paths; what cannot do without a value refuses the word."""
    told = {"gain": "/typo.mrc", "pixel_size": 9.0, "depth": 2}
    options.workflow = options.workflow.changed("import", told)
    words = ["none", "--gain", "none", "--import.pixel-size=None", "--ctf.mode", "fast", "--gain"]
    assert options.take_back(words) == ["none", "--ctf.mode", "fast", "--gain"]
    assert _step(options.changed({}), "import") == {"gain": None, "pixel_size": None, "depth": 2}
    with pytest.raises(LookupError, match="--import.depth cannot be none"):
        options.take_back(["--import.depth", "none"])


def test_a_value_out_of_its_limits_is_told_with_option_unit_and_what_was_found(
    options: StepOptions,
) -> None:
    given = _call(options, "--ctf.defocus-max", "-2", "--pixel-size", "0")
    with pytest.raises(InvalidOption) as refused:
        options.changed(given)
    assert str(refused.value) == (
        "--pixel-size: more than 0 Å, found 0; --ctf.defocus-max: more than 0 µm, found -2"
    )


def test_an_unusual_value_is_refused_unless_it_is_meant() -> None:
    workflow = load_workflow("default")
    options = StepOptions(workflow, Registry())
    key = next(key for key, place in options._places.items() if place == ("import", "voltage"))
    with pytest.raises(InvalidOption) as refused:
        options.changed({key: 3e5})
    assert str(refused.value) == (
        "--voltage: 300000 kV is unusual (usual: 60 to 400 kV); did you mean 300 kV (300000 V)? "
        "If that is right all the same, give --as-given, too."
    )
    options.workflow = options.changed({key: 3e5}, as_given=True)
    assert _step(options.workflow, "import")["voltage"] == 3e5
    assert options.changed({key: 3e5}) == options.workflow, "the session was told before"


def test_what_the_workflow_says_is_not_blamed_on_the_command_line(options: StepOptions) -> None:
    options.workflow = WORKFLOW.changed("ctf", {"defocus_max": -1.0})
    changed = options.changed(_call(options, "--ctf.tile", "256"))
    assert _step(changed, "ctf")["tile"] == 256


def test_options_are_written_with_hyphens() -> None:
    assert hyphens("--ctf_monitor.defocus_max=a_b") == "--ctf-monitor.defocus-max=a_b"
    assert hyphens("my_movies") == "my_movies"


def test_pairs_and_advanced_parameters(options: StepOptions) -> None:
    given = _call(options, "--ctf.limits", "3", "4", "--ctf.tile", "256")
    assert _step(options.changed(given), "ctf") == {
        "defocus_max": 3.0,
        "limits": [3.0, 4.0],
        "tile": 256,
    }


def test_help_shows_units_limits_and_the_workflows_default(
    options: StepOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(**words: Any) -> None: ...

    command.__signature__ = inspect.Signature(options.options)  # type: ignore[attr-defined]
    app = App(name="process")
    app.default(command)
    app(["--help"], result_action="return_value")
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "Largest underfocus to search. [> 0 µm] Default: 3 µm." in shown
    assert "Step ctf: Rings (ctf.rings)" in shown
    assert "--pixel-size" in shown
    assert "--import.pixel-size" not in shown
    assert "--ctf.tile" not in shown
    assert "--import.pattern" not in shown


def test_a_workflow_without_files_says_what_to_do_instead() -> None:
    workflow = Workflow(name="none", steps=())
    with pytest.raises(LookupError, match="icestream run WORKFLOW"):
        StepOptions(workflow, Registry([])).changed({}, pattern="*.tiff")


@pytest.mark.parametrize(
    ("words", "pattern", "within"),
    [
        (["--pixel-size", "2"], None, ("/data",)),
        (["--gain", "elsewhere.mrc"], None, None),
        ([], "/elsewhere/*.tif", None),
    ],
)
def test_who_names_files_here_may_name_those_that_a_server_would_not(
    options: StepOptions, words: list[str], pattern: str | None, within: tuple[str, ...] | None
) -> None:
    held = tuple(replace(step, within=("/data",)) for step in WORKFLOW.steps)
    options.workflow = replace(WORKFLOW, steps=held)
    changed = options.changed(_call(options, *words), pattern=pattern)
    assert changed.step("import").within == within
    assert changed.step("ctf").within == ("/data",)
