"""`icestream set`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pytest
from annotated_types import Gt
from pydantic import model_validator

import toys
from icestream.cli import change as module
from icestream.cli.change import InvalidChange, change, read_changes
from icestream.engine.graph.workflow import load_workflow
from icestream.engine.machine.lock import hold
from icestream.engine.record.record import Record
from icestream.engine.requests.models import SetParameters
from icestream.protocol import InputFile, Parameters, Registry
from icestream.store import queries
from icestream.store.open import open_store
from icestream.store.records import Counts, StepRecord
from icestream.units import Angstrom, Micrometre
from report_session import SampleSession
from toy_record import Desk


class RingParameters(Parameters):
    """Where to search."""

    defocus_min: Annotated[Micrometre, Gt(0)] = 0.5
    """Smallest."""

    defocus_max: Annotated[Micrometre, Gt(0)] = 4.0
    """Largest."""

    phase_plate: bool = False
    """Fit the phase."""

    mode: Literal["fast", "good"] = "good"
    """How thorough."""

    diameter: Annotated[Angstrom, Gt(0)] | None = 100.0
    """Diameter."""

    limits: tuple[float, float] = (1.0, 2.0)
    """Two."""

    pattern: str = ""
    """Text."""

    gain: InputFile | None = None
    """A file."""

    rules: tuple[str, ...] = ()
    """Texts."""

    @model_validator(mode="after")
    def check_range(self) -> Self:
        if self.defocus_min >= self.defocus_max:
            raise ValueError("defocus_min must be below defocus_max")
        return self


STEP = StepRecord(
    id=3,
    name="ctf",
    protocol="ctf.rings",
    kind="item",
    depth=2,
    state="running",
    reason="",
    revision=1,
    parameters={},
    changed={"defocus_min": 1.0},
    counts=Counts(),
)


def _read(*values: str) -> dict[str, Any]:
    return read_changes(RingParameters, STEP, values)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("defocus_max=3", "defocus_max", 3.0),
        ("defocus-max = 2.5", "defocus_max", 2.5),
        ("phase_plate=yes", "phase_plate", True),
        ("mode=fast", "mode", "fast"),
        ("diameter=none", "diameter", None),
        ("limits=[3, 4]", "limits", [3.0, 4.0]),
        ("pattern=5", "pattern", "5"),
        ("gain=none", "gain", None),
        ("pattern=none", "pattern", "none"),
        ("rules=a < 3 Å; b, c > 4;", "rules", ["a < 3 Å", "b, c > 4"]),
        ('rules=["a;b"]', "rules", ["a;b"]),
        ("rules=none", "rules", []),
        ("pattern=a=b", "pattern", "a=b"),
    ],
)
def test_words_become_values(text: str, name: str, value: object) -> None:
    assert _read(text) == {name: value}


def test_a_path_is_that_of_a_file_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gain.mrc").touch()
    assert _read("gain=gain.mrc") == {"gain": str(tmp_path / "gain.mrc")}
    with pytest.raises(
        InvalidChange, match=r"gain: .*gian.mrc is not there; .* 'none' to do without"
    ):
        _read("gain=gian.mrc")
    with pytest.raises(InvalidChange, match="is no file"):
        _read("gain=.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("defocus_max", "write name=value"),
        ("defocusmax=3", "ctf.rings has no parameter 'defocusmax'; did you mean defocus_max?"),
        ("banana=3", "ctf.rings has no parameter 'banana'; it has defocus_min, defocus_max"),
        ("defocus_max=large", "defocus_max: expected number, found 'large'"),
        ("mode=best", "mode: expected one of fast, good, found 'best'"),
        ("mode=god", "found 'god'; did you mean good?"),
        ("defocus_max=0.9", "defocus_min must be below defocus_max"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    """The last one knows what the step had been set to before."""
    with pytest.raises(InvalidChange, match=message):
        _read(text)


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidChange, match=r"no parameter 'a'.*no parameter 'b'"):
        _read("a=1", "b=2")


def test_nothing_to_set() -> None:
    with pytest.raises(InvalidChange, match="say what to set"):
        _read()


def test_the_change_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(module, "ask", lambda *words: sent.append(words) or 0)
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    with hold(sample.folder):
        assert change(sample.folder, "ctf", "defocus_max=3") == 0
    assert sent == [(sample.folder, SetParameters(step="ctf", changes={"defocus_max": 3.0}))]


def test_a_session_that_nobody_runs_is_changed_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before its files are looked for again: one that is not there can be taken back."""
    folder = tmp_path / "session"
    told = load_workflow("default").changed("import", {"gain": "/typo.mrc"})
    store = open_store(folder)
    Record(store, Registry(), "newest", 60.0).open(told)
    assert change(folder, "import", "gain=none") == 0
    record = queries.step(store, "import")
    assert (record.changed, record.revision) == ({}, 2)
    store.close()
    said = capsys.readouterr().out
    assert "import is at revision 2" in said
    assert "no process runs this session now" in said


def test_what_will_have_no_effect_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "_set_now", lambda *_words: 0)
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    assert change(sample.folder, "align", "patches=5", "local_motion=no") == 0
    assert "patches has no effect: it is used only with local_motion" in (capsys.readouterr().err)
    change(sample.folder, "align", "patches=5", "local_motion=yes")
    assert capsys.readouterr().err == ""


def test_a_step_that_is_not_there(tmp_path: Path) -> None:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    with pytest.raises(LookupError, match="no step 'cft' in this session; it has import"):
        change(sample.folder, "cft", "defocus_max=3")


def test_a_preview_of_a_selection_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Registry", toys.registry)
    select: Any = ("sel", "toy.select", {"below": 3}, {"number": "src"})
    made = Desk(tmp_path / "session", ("src", "toy.count", {}, {}), select)
    made.find(1, 2, 3)
    made.work()
    assert change(made.folder, "sel", "below=2", only_say=True) == 0
    said = capsys.readouterr().out
    assert "sel accepts 1 of 3 exposures, 2 before: 0 gained, 1 lost\n  lost: e2" in said
    made.close()


def test_an_unusual_value_is_refused_unless_it_is_meant() -> None:
    model = Registry().get("ctf.estimate").parameters_type()
    with pytest.raises(InvalidChange, match=r"did you mean 0\.5 µm \(5000 Å\)"):
        read_changes(model, STEP, ("defocus_min=5000", "defocus_max=20"))
    with pytest.raises(InvalidChange, match="resolution_max: 1.2 Å is unusual.*--as-given"):
        read_changes(model, STEP, ("resolution_max=1.2",))
    kept = read_changes(model, STEP, ("resolution_max=1.2",), as_given=True)
    assert kept == {"resolution_max": 1.2}
    told = replace(STEP, parameters={"resolution_max": 1.2})
    assert read_changes(model, told, ("resolution_max=1.2",)) == kept, "it was told before"
